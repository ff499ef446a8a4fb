// An address in 32 bits.
    .data
here:
    .long here
