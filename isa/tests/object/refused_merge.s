// Mergeable and writable.
    .section .merge,"awM",@progbits,8
    .quad 1
