// No code, no relocation, one local symbol; a hundred exported ones for the hash tables.
.rodata
here: .long 1
.altmacro
.macro export n
.globl sym_\n
sym_\n: .long \n
.endm
.set k, 0
.rept 100
export %k
.set k, k+1
.endr
