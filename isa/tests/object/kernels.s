// Several kernels, a device function, code between them, empty sections.
    .amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
    .amdhsa_code_object_version 6
    .text
    .p2align 2
    .type helper,@function
helper:
    s_setpc_b64 s[30:31]
    .size helper, .-helper
    .protected first
    .globl first
    .p2align 8
    .type first,@function
first:
    s_getpc_b64 s[0:1]
    s_add_u32 s0, s0, helper@rel32@lo+4
    s_addc_u32 s1, s1, helper@rel32@hi+12
    s_branch second
    s_endpgm
    .size first, .-first
    .hidden second
    .globl second
    .p2align 8
second:
    s_endpgm
    .weak third
    .protected third
    .p2align 8
third:
    s_endpgm
    .rodata
    .p2align 6
    .amdhsa_kernel first
        .amdhsa_next_free_vgpr 24
        .amdhsa_next_free_sgpr 6
    .end_amdhsa_kernel
    .amdhsa_kernel second
        .amdhsa_next_free_vgpr 1
        .amdhsa_next_free_sgpr 6
    .end_amdhsa_kernel
    .amdhsa_kernel third
        .amdhsa_next_free_vgpr 1
        .amdhsa_next_free_sgpr 6
        .amdhsa_wavefront_size32 0
    .end_amdhsa_kernel
    .section .AMDGPU.csdata,"",@progbits
    .section .empty,"a",@progbits
    .section .note.GNU-stack,"",@progbits
    .section extra,"aw",@progbits
    .long 1
    .section extra_code,"ax",@progbits
    .p2align 2
    s_nop 0
    .section .text.cold,"ax",@progbits
    .p2align 4
    s_nop 1
    .section .custom,"",@progbits
    .long 3
    .quad first
