.amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
.amdhsa_code_object_version 5
.text
.globl k
.p2align 8
.type k,@function
k: v_mov_b32 v7, s9
 s_endpgm
.Lend: .size k, .Lend-k
.rodata
.p2align 6
.amdhsa_kernel k
 .amdhsa_next_free_vgpr .amdgcn.next_free_vgpr
 .amdhsa_next_free_sgpr late
 .amdhsa_group_segment_fixed_size max(1024, late*4)
.end_amdhsa_kernel
late=5
.long .amdgcn.next_free_vgpr, .amdgcn.next_free_sgpr, .amdgcn.gfx_generation_number,.amdgcn.gfx_generation_minor,.amdgcn.gfx_generation_stepping
.amdgpu_metadata
---
amdhsa.version: [1, 2]
amdhsa.kernels:
  - .name: k
    .symbol: k.kd
    .kernarg_segment_size: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .kernarg_segment_align: 8
    .wavefront_size: 32
    .sgpr_count: 4
    .vgpr_count: 8
    .max_flat_workgroup_size: 64
...
.end_amdgpu_metadata
//---
.set .amdgcn.next_free_vgpr, 0
k: v_mov_b32 v2, v3
.set .amdgcn.next_free_vgpr, 0
.set .amdgcn.next_free_sgpr, 0
h: v_mov_b32 v1, s6
.long .amdgcn.next_free_vgpr, .amdgcn.next_free_sgpr
.hidden k
.weak h
.p2align 6
.amdhsa_kernel k
 .amdhsa_next_free_vgpr 4
 .amdhsa_next_free_sgpr 5
.end_amdhsa_kernel
.amdhsa_kernel h
 .amdhsa_next_free_vgpr 40
 .amdhsa_next_free_sgpr 5
 .amdhsa_wavefront_size32 0
.end_amdhsa_kernel
.amdhsa_code_object_version 6
//---
.rodata
.p2align 6
.amdhsa_kernel k
 .amdhsa_next_free_vgpr 4
 .amdhsa_next_free_sgpr 5
.end_amdhsa_kernel
.text
k: s_endpgm
//---
.rodata
.p2align 6
.amdhsa_kernel elsewhere
 .amdhsa_next_free_vgpr late
 .amdhsa_next_free_sgpr 5
.end_amdhsa_kernel
late = 9
.amdgpu_lds l2, 12
.comm c1, 8, 3
.globl l2
.amdgpu_lds l2, 12
