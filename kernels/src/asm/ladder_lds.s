// ladder_lds: dst[256·g + t] = seed + 256·g + (255 − t) in workgroup g
//
// op         mirrors a workgroup's values through LDS, so that every wave reads what another one stored
// shapes     256 dwords a workgroup, 1 to 2^22 workgroups; there is no tail: the grid is the size
// workgroup  256 x 1 x 1, wave32 (8 waves)
// resources  VGPR 4, SGPR 16 + VCC, LDS 1024 bytes, scratch 0
// arguments  0 dst: u32*    8 seed: u32
// registers  s[0:1] kernarg, s15 workgroup id x
//            s[4:5] dst   s6 seed   v1 index, then byte offset   v2 LDS byte address   v3 value
// numeric    32-bit integers that wrap around
    .amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
    .amdhsa_code_object_version 5
    .text
    .protected ladder_lds
    .globl ladder_lds
    .p2align 8
    .type ladder_lds,@function
ladder_lds:
    s_load_b64 s[4:5], s[0:1], 0x0
    s_load_b32 s6, s[0:1], 0x8
    v_and_b32_e32 v0, 0x3ff, v0
    s_delay_alu instid0(VALU_DEP_1)
    v_lshl_or_b32 v1, s15, 8, v0
    v_lshlrev_b32_e32 v2, 2, v0
    s_waitcnt lgkmcnt(0)
    v_add_nc_u32_e32 v3, s6, v1
    ds_store_b32 v2, v3
    // The store has to be in LDS before others are told so.
    s_waitcnt lgkmcnt(0)
    s_barrier
    // 4·(255 − t) = 4·t ^ 0x3fc: thread 0 reads what thread 255 stored.
    v_xor_b32_e32 v2, 0x3fc, v2
    ds_load_b32 v3, v2
    v_lshlrev_b32_e32 v1, 2, v1
    s_waitcnt lgkmcnt(0)
    global_store_b32 v1, v3, s[4:5]
    s_nop 0
    s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
    s_endpgm
.Lladder_lds_size:
    .size ladder_lds, .Lladder_lds_size-ladder_lds
    // s_code_end up to a cache line and beyond, for the instruction prefetch.
    .p2alignl 7, 0xbf9f0000
    .fill 48, 4, 0xbf9f0000

    .section .rodata,"a",@progbits
    .p2align 6, 0x0
    .amdhsa_kernel ladder_lds
        .amdhsa_group_segment_fixed_size 1024
        .amdhsa_kernarg_size 12
        .amdhsa_user_sgpr_count 15
        .amdhsa_user_sgpr_kernarg_segment_ptr 1
        .amdhsa_wavefront_size32 1
        .amdhsa_system_sgpr_workgroup_id_x 1
        .amdhsa_system_sgpr_workgroup_id_y 0
        .amdhsa_system_sgpr_workgroup_id_z 0
        .amdhsa_system_vgpr_workitem_id 0
        .amdhsa_next_free_vgpr 4
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
  - .name: ladder_lds
    .symbol: ladder_lds.kd
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
    .group_segment_fixed_size: 1024
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 18
    .vgpr_count: 4
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size:
      - 256
      - 1
      - 1
    .workgroup_processor_mode: 1
...
    .end_amdgpu_metadata
