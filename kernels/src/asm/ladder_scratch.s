// ladder_scratch: dst[4·i + k] = seed + 4·i + (3 − k), k < 4
//
// op         every thread stores four dwords to scratch memory and, when all of its workgroup have, loads them in
//            reverse: waves whose scratch overlaps read each other's values
// shapes     256 threads a workgroup, 1 to 2^20 workgroups; there is no tail: the grid is the size
// workgroup  256 x 1 x 1, wave32 (8 waves)
// resources  VGPR 7, SGPR 16 + VCC, LDS 0, scratch 16 bytes a lane
// arguments  0 dst: u32*    8 seed: u32
// registers  s[0:1] kernarg, s15 workgroup id x
//            s[4:5] dst   s6 seed   v0 i   v1 4·i, then byte offset   v[2:5] values   v6 scratch address 0
// numeric    32-bit integers that wrap around
    .amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
    .amdhsa_code_object_version 5
    .text
    .protected ladder_scratch
    .globl ladder_scratch
    .p2align 8
    .type ladder_scratch,@function
ladder_scratch:
    s_load_b64 s[4:5], s[0:1], 0x0
    s_load_b32 s6, s[0:1], 0x8
    v_and_b32_e32 v0, 0x3ff, v0
    v_mov_b32_e32 v6, 0
    s_delay_alu instid0(VALU_DEP_2)
    v_lshl_or_b32 v0, s15, 8, v0
    s_delay_alu instid0(VALU_DEP_1)
    v_lshlrev_b32_e32 v1, 2, v0
    s_waitcnt lgkmcnt(0)
    v_add_nc_u32_e32 v2, s6, v1
    s_delay_alu instid0(VALU_DEP_1)
    v_add_nc_u32_e32 v3, 1, v2
    v_add_nc_u32_e32 v4, 2, v2
    v_add_nc_u32_e32 v5, 3, v2
    // The address is the offset alone, relative to the lane's own scratch.
    scratch_store_b32 off, v2, off
    scratch_store_b32 off, v3, off offset:4
    scratch_store_b32 off, v4, off offset:8
    scratch_store_b32 off, v5, off offset:12
    s_waitcnt_vscnt null, 0x0
    s_barrier
    // The address comes from a VGPR.
    scratch_load_b32 v2, v6, off offset:12
    scratch_load_b32 v3, v6, off offset:8
    scratch_load_b32 v4, v6, off offset:4
    scratch_load_b32 v5, v6, off
    v_lshlrev_b32_e32 v1, 2, v1
    s_waitcnt vmcnt(0)
    global_store_b128 v1, v[2:5], s[4:5]
    s_nop 0
    s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
    s_endpgm
.Lladder_scratch_size:
    .size ladder_scratch, .Lladder_scratch_size-ladder_scratch
    // s_code_end up to a cache line and beyond, for the instruction prefetch.
    .p2alignl 7, 0xbf9f0000
    .fill 48, 4, 0xbf9f0000

    .section .rodata,"a",@progbits
    .p2align 6, 0x0
    .amdhsa_kernel ladder_scratch
        .amdhsa_private_segment_fixed_size 16
        .amdhsa_enable_private_segment 1
        .amdhsa_kernarg_size 12
        .amdhsa_user_sgpr_count 15
        .amdhsa_user_sgpr_kernarg_segment_ptr 1
        .amdhsa_wavefront_size32 1
        .amdhsa_system_sgpr_workgroup_id_x 1
        .amdhsa_system_sgpr_workgroup_id_y 0
        .amdhsa_system_sgpr_workgroup_id_z 0
        .amdhsa_system_vgpr_workitem_id 0
        .amdhsa_next_free_vgpr 7
        .amdhsa_next_free_sgpr 16
        .amdhsa_reserve_vcc 1
        .amdhsa_float_round_mode_32 0
        .amdhsa_float_round_mode_16_64 0
        .amdhsa_float_denorm_mode_32 3
        .amdhsa_float_denorm_mode_16_64 3
        .amdhsa_dx10_clamp 1
        .amdhsa_ieee_mode 1
        .amdhsa_workgroup_processor_mode 1
        .amdhsa_memory_ordered 1
        .amdhsa_forward_progress 0
    .end_amdhsa_kernel

    .amdgpu_metadata
---
amdhsa.version:
  - 1
  - 2
amdhsa.target: amdgcn-amd-amdhsa--gfx1100
amdhsa.kernels:
  - .name: ladder_scratch
    .symbol: ladder_scratch.kd
    .args:
      - .name: dst
        .offset: 0
        .size: 8
        .value_kind: global_buffer
        .address_space: global
        .access: write_only
        .actual_access: write_only
      - .name: seed
        .offset: 8
        .size: 4
        .value_kind: by_value
    .kernarg_segment_size: 12
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 16
    .wavefront_size: 32
    .sgpr_count: 18
    .vgpr_count: 7
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size:
      - 256
      - 1
      - 1
    .workgroup_processor_mode: 1
...
    .end_amdgpu_metadata
