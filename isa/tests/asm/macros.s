.macro m a, b=3, c:req, d:vararg
.long \a,\b,\c
.ascii "\d \@ \()x"
.endm
m 1,,2,3,4 5
m 1, c=4
m c=3, a=9
.macro k x y
.long (\x)*10+\y
.endm
k 1 2
k 1, 2
k (1 + 2), 3
k 1+2 3
k "5", 6
k 1 + 2, 3
k 1 - 2 , 3
.macro rec a
.if \a
.long \a
rec \a-1
.endif
.endm
rec 3
.macro outer a
.macro inner b
.long \a+\b
.endm
.endm
outer 1
inner 2
.purgem inner
outer 3
inner 4
.macro early a
.ifc \a,3
.exitm
.endif
.long \a
.endm
early 3
early 4
.macro s_nop2 x
s_nop \x
lbl\@: s_branch lbl\@
.endm
s_nop2 3
s_nop2 4
.macro name x
foo_\x\()_b: .long foo_\x\()_b - 4
.endmacro
name 1
.macro regs first, last
v_mov_b32 v\first, v[\last]
.endm
regs 1, 2
//---
.rept 2
.long 1
.rept 2
.long 2
.endr
.endr
.rep 3
s_nop 0
.endr
.rept 0
garbage
.endr
.irp x,1,2 3,(4 + 5)
.long \x
.irp y, 1, 2
.byte \x*\y
.endr
.endr
.irpc x,123
.long \x
.endr
.rept 3
.long \+
.endr
.irp r, v0, v1
v_mov_b32 \r, 1
.endr
//---
.MACRO M a
.LONG \a
.endm
M 1
.Rept 2
.Byte 1
.endr
.IF 1
.byte 2
.ELSE
.byte 3
.ENDIF
