// Data, zeros, mergeable strings and constants, locals and globals, absolute symbols.
    .text
    .protected kern
    .globl kern
    .p2align 8
    .type kern,@function
kern:
    s_getpc_b64 s[0:1]
    s_add_u32 s0, s0, table@rel32@lo+4
    s_addc_u32 s1, s1, table@rel32@hi+12
    s_getpc_b64 s[2:3]
    s_add_u32 s2, s2, exported@gotpcrel32@lo+4
    s_addc_u32 s3, s3, exported@gotpcrel32@hi+12
    s_getpc_b64 s[4:5]
    s_add_u32 s4, s4, local_data@gotpcrel32@lo+4
    s_addc_u32 s5, s5, local_data@gotpcrel32@hi+12
    s_endpgm
    .size kern, .-kern

    .section .rodata,"a",@progbits
    .p2align 6
    .amdhsa_kernel kern
        .amdhsa_next_free_vgpr 1
        .amdhsa_next_free_sgpr 6
    .end_amdhsa_kernel

    .section .rodata.str1.1,"aMS",@progbits,1
.Lhello:
    .asciz "hello"
.Lworld:
    .asciz "world"
.Lhello_again:
    .asciz "hello"
    .asciz ""
    .asciz "a longer string that is over sixteen bytes, to take another path of the hash"
    .asciz "a string of more than one hundred and twenty-eight bytes: 0123456789 abcdefghijklmnopqrstuvwxyz 0123456789 abcdefghijklmnopqrstuvwxyz 0123456789"
    .asciz "a string of more than two hundred and forty bytes: 0123456789 abcdefghijklmnopqrstuvwxyz 0123456789 abcdefghijklmnopqrstuvwxyz 0123456789 0123456789 abcdefghijklmnopqrstuvwxyz 0123456789 abcdefghijklmnopqrstuvwxyz 0123456789 0123456789 abcdefghijklmnopqrstuvwxyz 0123456789 abcdefghijklmnopqrstuvwxyz 0123456789"
    .asciz "abc"
    .asciz "abcd"
    .asciz "abcdefgh"
    .asciz "abcdefghi"
    .asciz "abcdefghijklmnop"
    .section .rodata.cst16,"aM",@progbits,16
    .p2align 4
.Lcst0:
    .quad 1, 2
.Lcst1:
    .quad 3, 4
.Lcst2:
    .quad 1, 2

    .data
    .p2align 3
    .type exported,@object
    .globl exported
exported:
    .quad .Lhello
    .quad .Lworld
    .quad .Lhello_again
    .quad .Lhello+1
    .quad .Lcst2
    .quad .Lcst1+8
    .quad kern
    .quad exported
    .quad local_data
    .quad table
    .quad absolute
    .quad other
    .size exported, .-exported
local_data:
    .long 7
    .long local_data-exported
    .long local_bss@rel32@lo
    .long local_bss@rel32@hi
    .long table@rel32@lo+4

    .section .data.rel.ro,"aw",@progbits
    .p2align 4
relro:
    .quad local_data
    .quad local_bss
    .quad other+16

    .bss
    .p2align 6
local_bss:
    .zero 100
    .globl other
    .type other,@object
other:
    .zero 4
    .size other, 4

    .section .rodata.tables,"a",@progbits
    .hidden table
    .globl table
    .p2align 8
table:
    .long 1, 2, 3
    .weak weak_table
weak_table:
    .long 4
    .set absolute, 12
    .globl absolute
    .globl hidden_abs
    .hidden hidden_abs
hidden_abs = 0x123456789
local_abs = 5
    .comm common_sym, 24, 3
    .comm common_two, 4, 2
    .ident "an assembler"
    .ident "another one"
