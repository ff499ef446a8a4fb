.section .rodata
.byte 1
.section foo
.byte 2
.section bar,"aw",@nobits
.zero 8
.section .rodata.str1.1,"aMS",@progbits,1
.asciz "hi"
.section .debug_x,"",@progbits
.byte 1
.section .text.u,"ax",@progbits,unique,1
.byte 1
.section .text.u,"ax",@progbits,unique,2
.byte 2
.section .AMDGPU.csdata,"",@progbits
.section ".note.GNU-stack","",@progbits
.section x,"a",%note
.section y,"a",@0x7
.section .note.x
.section .init_array
.section .fini_array.3
.section .bss.x
.section .rodata.y
.section .text.z
.section .data.q
.section .tbss
.section "a b"
.section z,"axe"
.text
s_nop 0
.bss
.long 0
.zero 4
.data
.byte 1
//---
.data
.subsection 1
.byte 1
.previous
.byte 0
.subsection 2
.byte 2
.data 1
.byte 4
.text 1
s_nop 1
.text
s_nop 0
.pushsection .rodata
.byte 5
.pushsection .data
.byte 6
.popsection
.byte 7
.popsection
s_nop 2
.section .rodata
.previous
s_nop 3
.data
a: .long a-b
.data 1
b: .long b-a
.long .
//---
.ident "a"
.ident "b"
.file "x.c"
s_nop 0
.section .AMDGPU.gpr_maximums
.comm c1,8,8
.lcomm c4,5
.local c3
.comm c3,4
.comm c5,4
.amdgpu_lds l, 512, 16
.amdgpu_lds l2, 12
.globl l2
//---
.section .rodata
.section .rodata
.previous
.byte 3
.data
.previous
.byte 4
.comm c1,8,8
.comm c1,8,8
//---
.addrsig
.addrsig_sym b
.addrsig_sym undefined
.section .other,"ax",@progbits
s_nop 0
b: s_nop 1
.quad b, .
