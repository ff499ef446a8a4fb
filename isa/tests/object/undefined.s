// Symbols of other objects.
    .text
    .globl code
    .p2align 8
code:
    s_getpc_b64 s[2:3]
    s_add_u32 s2, s2, elsewhere@gotpcrel32@lo+4
    s_addc_u32 s3, s3, elsewhere@gotpcrel32@hi+12
    s_endpgm
    .data
    .quad elsewhere
    .quad elsewhere2+8
    .quad code
    .globl not_used
    .globl exported
    .p2align 4
exported:
    .long 3
    .comm shared, 4096, 8
    .quad shared
