.data
.size a,b-a
.type a,@object
a: .long 1
b:
.type c,STT_FUNC
.type d,"function"
.type e,%object
.type g,@notype
.type h,@tls_object
.size q, 4
//---
.protected a
.internal b
.hidden c,d
.weak e
.weak f
f:
g:
.globl g
.local h
h:
.globl a
a:
.type f, @function
.size f, g-f+8
//---
x=1
y=x+2
.set z,y
.equ w,5
.equiv v,6
.long x,y,z,w,v
x=9
.long x
a: s_nop 0
l2 = a+4
.quad l2, l2+4
.globl l2
l3 = l2 + 8
.long l3 - a
.globl und
l4 = und+4
.long l4
l5 = 7
"q r" = 8
.long "q r"
//---
a: b: s_nop 0
c : s_nop 1
"a b": s_nop 2
.long "a b"
.Lx: .long .Lx
$d: .long $d
1: s_branch 1b
 s_branch 1f
1: s_branch 1b
2:
 s_branch 1b
 s_branch 2b
1:
//---
.text
a: s_nop 0
b:
.globl g
g: s_nop 0
.weak w
w: s_nop 0
v_mov_b32 v0, a
v_mov_b32 v0, g
v_mov_b32 v0, g@abs32@lo
v_mov_b32 v0, und@rel32@lo+4
v_mov_b32 v0, a@rel32@lo+4
v_mov_b32 v0, b-a
v_mov_b32 v0, fwd-a
v_mov_b32 v0, und+8
s_branch g
s_branch w
s_branch a
s_branch fwd
fwd:
.data
.long a, g, w, und, a-g, b-a, g-a, fwd-a, a-.
.quad a, g, a-., und-.
.hidden h
h: .long h
.Lloc: .long .Lloc
.quad a@gotpcrel
.long a@gotpcrel32@lo, a@gotpcrel32@hi, a@rel32@lo, a@rel32@hi, a@abs32@lo, a@abs32@hi
.quad a@rel64
.long und - h
//---
.addrsig
.addrsig_sym a
.addrsig_sym b
.globl a
a: s_nop 0
b: s_nop 0
.section .other,"ax",@progbits
s_branch a
s_branch .Lhere
.Lhere:
s_getpc_b64 s[0:1]
s_add_u32 s0, s0, ext@rel32@lo+4
s_addc_u32 s1, s1, ext@rel32@hi+12
s_add_u32 s0, s0, a@gotpcrel32@lo+4
s_addc_u32 s1, s1, a@gotpcrel32@hi+12
.quad a, b, .
