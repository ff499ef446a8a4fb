.data
.byte 1, 2,-128 , 255
.short 65535,-32768
.2byte 3
.value 4
.long 1,-1,0xffffffff
.int 5
.4byte 6
.quad 7,-1,0xffffffffffffffff
.8byte 8
.octa 0x112233445566778899aabbccddeeff00
.octa 1, 2
.float 1.0,-2.5e3,inf,nan,1,infinity,-inf,0x1p3,+4, 1e-45, 3.4e38, .5
.single 2
.double 1.5, -0.0, 1e308
.ascii "a;b//c", "d" "e"
.asciz "x\ty\n\101\x41\"\\"
.string "q","r"
.sleb128 -129,5,63,64,-64,-65
.uleb128 300,0,127,128
.dc.b 1
.dc.w 2
.dc.l 3
.ds.b 3
.dcb.b 2,7
.byte 'a', ';', '\n', '\\'
//---
.data
.byte 1
.fill 3
.fill 2,2,5
.fill 2,4,0x12345678
.fill 2,4,0x123456789
.fill 1,8,-1
.fill 1,12,3
.fill -1,1,1
.fill 2,0,1
.space 3
.skip 2,5
.zero 4
.zero 2,9
//---
.data
.fill b-a,1,7
.space b-a, 3
.zero b-a
a: .long 1
b:
.fill d-c, 4, 0x11223344
.byte 9
c: .byte 1,2,3
d:
.byte b-a, a-b
.long c-a
.if b-a==4
.byte 0xaa
.endif
//---
.data
.sleb128 b-a, a-b
.uleb128 b-a
a: .zero 200
b: .byte 1
.uleb128 c-a
c:
//---
.data
.org 8
.byte 1
.org 12,3
. = 20
.byte 2
x:
. = x + 4
.byte 3
.org .+2
//---
.data
.byte a-b
a:.long 1
b:
.byte x
x=255
.long y+4
y=x+1
