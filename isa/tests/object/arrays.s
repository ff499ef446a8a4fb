// Constructors, destructors, several sections of one output section, common symbols only.
    .text
    .hidden ctor
    .globl ctor
ctor:
    s_setpc_b64 s[30:31]
    .section .init_array.200,"aw",@init_array
    .p2align 3
    .quad ctor
    .section .init_array,"aw",@init_array
    .p2align 3
    .quad ctor+4
    .section .init_array.100,"aw",@init_array
    .p2align 3
    .quad ctor+8
    .section .fini_array,"aw",@fini_array
    .p2align 3
    .quad ctor
    .section .data.a,"aw",@progbits
    .globl da
da:
    .long 1
    .section .data.b,"aw",@progbits
    .p2align 7
    .globl db
db:
    .quad da
    .section .bss.a,"aw",@nobits
    .globl ba
ba:
    .zero 3
    .section .bss.rel.ro,"aw",@nobits
    .zero 5
