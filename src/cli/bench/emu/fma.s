// fma: 32 independent chains of fused multiply-adds, for the speed of the vector ALU
//
// op         a lane's result: the sum of v2..v33 after `count` rounds, each of which adds 1 four times by v_fma_f32 x, 1.0, x, 1.0
// workgroup  256 x 1 x 1, wave32; grid any x
// resources  VGPR 34, SGPR 16, LDS 0, scratch 0
// arguments  0 out: f32*, one element a work-item   8 count: u32
// registers  s[0:1] kernarg, s2 workgroup, s[4:5] out, s6 count; v0 work-item, v1 1.0, v2..v33 chains
// numeric    f32 denormals kept; exact: whole numbers below 2^24
    .amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
    .amdhsa_code_object_version 5
    .text
    .protected fma
    .globl fma
    .p2align 8
    .type fma,@function
fma:
    s_clause 0x1
    s_load_b64 s[4:5], s[0:1], 0x0
    s_load_b32 s6, s[0:1], 0x8
    s_lshl_b32 s2, s2, 10
    v_lshl_add_u32 v0, v0, 2, s2
    v_mov_b32 v1, 1.0
.irp r, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33
    v_mov_b32 v\r, 0
.endr
    s_waitcnt lgkmcnt(0)
.Lround:
.rept 4
.irp r, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33
    v_fma_f32 v\r, v\r, v1, 1.0
.endr
.endr
    s_sub_u32 s6, s6, 1
    s_cmp_lg_u32 s6, 0
    s_cbranch_scc1 .Lround
.irp r, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33
    v_add_f32 v2, v2, v\r
.endr
    global_store_b32 v0, v2, s[4:5]
    s_endpgm
.Lend:
    .size fma, .Lend-fma

    .section .rodata,"a",@progbits
    .p2align 6
    .amdhsa_kernel fma
        .amdhsa_user_sgpr_kernarg_segment_ptr 1
        .amdhsa_wavefront_size32 1
        .amdhsa_system_sgpr_workgroup_id_x 1
        .amdhsa_float_denorm_mode_32 3
        .amdhsa_next_free_vgpr 34
        .amdhsa_next_free_sgpr 16
        .amdhsa_kernarg_size 12
    .end_amdhsa_kernel

    .amdgpu_metadata
---
amdhsa.version: [ 1, 2 ]
amdhsa.target: amdgcn-amd-amdhsa--gfx1100
amdhsa.kernels:
  - .name: fma
    .symbol: fma.kd
    .kernarg_segment_size: 12
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 18
    .vgpr_count: 34
    .max_flat_workgroup_size: 1024
    .args:
      - { .name: out, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global }
      - { .name: count, .offset: 8, .size: 4, .value_kind: by_value }
...
    .end_amdgpu_metadata
