// An address in a section that is not writable.
    .rodata
    .quad here
here:
    .long 1
