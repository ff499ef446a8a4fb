// What the other sources don't have: weak and undefined symbols, branches between sections, notes, zeros before bytes.
    .file "edges.s"
    .text
    .globl _init
    .hidden _init
_init:
    s_branch far
    s_branch near
near:
    s_nop 0
    .globl _fini
_fini:
    s_endpgm
    .hidden far
    .globl far
    .section other_code,"ax",@progbits
    .zero 16
far:
    s_nop 0
    .section both,"awx",@progbits
    s_nop 1
    .weak missing
    .weak missing_hidden
    .hidden missing_hidden
    .data
    .p2align 13
    .quad missing
    .quad missing_hidden
    .long missing_hidden-.
    .long missing_hidden@gotpcrel32@lo
    .long missing@gotpcrel32@lo+4
    .long number@gotpcrel32@lo
    .long hidden_number@gotpcrel32@lo
    .long hidden_number@gotpcrel32@hi
    .quad hidden_number
    .quad number
    .quad file_local@rel64+8
    .quad end_of_strings
    .globl number
    .globl hidden_number
    .hidden hidden_number
number = 0x77
hidden_number = 0x123456789
    .section zeros,"aw",@nobits
    .zero 33
    .section bytes,"aw",@progbits
    .local file_local
file_local:
    .long 1
    .section mixed.a,"aw",@progbits
    .long 2
    .section .data.zero,"aw",@nobits
    .zero 9
    .section .bss.more,"aw",@nobits
    .p2align 4
    .zero 20
    .section .note.one,"a",@note
    .p2align 2
    .long 4, 4, 1
    .asciz "one"
    .long 1
    .section .note.two,"a",@note
    .p2align 2
    .long 4, 4, 2
    .asciz "two"
    .long 1
    .section .note.wide,"a",@note
    .p2align 3
    .long 4, 4, 3
    .asciz "wid"
    .long 1
    .section .rodata.str4.4,"aMS",@progbits,4
    .p2align 2
    .long 1, 2, 0
    .long 2, 0
    .long 1, 2, 0
    .section .rodata.str1.8,"aMS",@progbits,1
    .p2align 3
    .asciz "aligned"
    .p2align 3
end_of_strings:
    .asciz "x"
    .asciz "aligned"
    .section .rodata.cst8,"aM",@progbits,8
    .quad 1, 2, 1
    .section .rodata.cst8.wide,"aM",@progbits,8
    .p2align 3
    .quad 3, 2, 1
    .section .merge_with_relocs,"M",@progbits,8
    .quad near
    .quad near
    .section .preinit_array,"aw",@preinit_array
    .quad 0
    .section dropped,"e",@progbits
    .long 1
    .section .debug_something,"",@progbits
    .quad near
    .long far
    .quad missing
    .section .gnu.warning.x,"",@progbits
    .asciz "y"
    .addrsig
    .addrsig_sym far
    .addrsig_sym _fini
