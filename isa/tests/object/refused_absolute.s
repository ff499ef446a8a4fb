// The parts of an address, which are not known before loading.
    .text
    s_mov_b32 s0, here@abs32@lo
    s_mov_b32 s1, here@abs32@hi
    .data
here:
    .long 1
