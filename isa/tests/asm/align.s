s_nop 0
.p2align 4
s_nop 1
.p2align 4,0
s_nop 2
.balign 32
s_nop 3
.align 64
s_nop 1
.p2align 4, ,5
.p2align 3
s_nop 1
.p2align 4,0xff
.p2alignl 7, 3214868480
.fill 4, 4, 3214868480
.p2align 8,,300
//---
.data
.byte 1
.align 8
.byte 2
.p2align 2
.byte 3
.byte 4
.balignw 8,0x1234
.long 9
.p2alignl 4,0x12345678
.p2align 4,0,3
.byte 1
.p2align 2,,1
.byte 2
.align 0
.align 1
.p2align 3,7
//---
.rodata
.byte 1
.subsection 1
.byte 2
.p2align 4
.byte 3
.subsection 0
.byte 4
.p2align 3, 5
