.if 1
.long 1
.elseif 1
.long 2
.else
.long 3
.endif
.if 0
.if 1
.long 9
.else
.long 8
.endif
  garbage here
.elseif 0
.long 2
.else
.long 3
.endif
.ifdef a
.long 1
.endif
.ifndef a
.long 2
.endif
a:
.ifdef a
.long 3
.endif
.ifnotdef a
.long 4
.endif
.ifb
.long 1
.endif
.ifnb x
.long 2
.endif
.ifc a b , a b
.long 3
.endif
.ifnc a,b
.long 4
.endif
.ifeqs "a","a"
.long 5
.endif
.ifnes "a","b"
.long 6
.endif
.iflt -1
.long 7
.endif
.ifle 0
.long 8
.endif
.ifgt 1
.long 9
.endif
.ifge 0
.long 10
.endif
.ifeq 0
.long 11
.endif
.ifne 4
.long 12
.endif
.if 0
.else
.if 1
.long 13
.endif
.endif
//---
# a comment
 # another
s_nop /* x */ 1 // y
s_nop /* x

*/ 2 ; z
.long 1 /* a */ , /* b */ 2
.ascii "/* no */"
# 12 "file.c"
s_nop 3
.warning "careful"
.end
garbage
