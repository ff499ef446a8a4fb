// The distance to a symbol that another object may replace.
    .text
    .globl code
code:
    s_endpgm
    .data
    .quad code@rel64
