// ladder_atomics: tickets[i] = state[0]++, state[1 + i/32] |= 1 << i%32
//
// op         every thread takes a number from one counter, and sets a bit of its own
// shapes     256 threads a workgroup, 1 to 2^22 workgroups; state has 1 + threads/32 dwords
// workgroup  256 x 1 x 1, wave32 (8 waves)
// resources  VGPR 5, SGPR 16 + VCC, LDS 0, scratch 0
// arguments  0 state: u32*    8 tickets: u32*
// registers  s[0:1] kernarg, s15 workgroup id x
//            s[4:5] state   s[6:7] tickets   v0 i, then byte offset   v1 one, then the ticket   v2 zero
//            v3 byte offset of the bit's dword   v4 the bit
// numeric    which thread gets which ticket is not defined; each is given once
    .amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
    .amdhsa_code_object_version 5
    .text
    .protected ladder_atomics
    .globl ladder_atomics
    .p2align 8
    .type ladder_atomics,@function
ladder_atomics:
    s_load_b128 s[4:7], s[0:1], 0x0
    v_and_b32_e32 v0, 0x3ff, v0
    v_mov_b32_e32 v1, 1
    v_mov_b32_e32 v2, 0
    s_delay_alu instid0(VALU_DEP_3)
    v_lshl_or_b32 v0, s15, 8, v0
    s_delay_alu instid0(VALU_DEP_1)
    v_lshrrev_b32_e32 v3, 5, v0
    // The shift takes the low five bits of i.
    v_lshlrev_b32_e32 v4, v0, v1
    v_lshlrev_b32_e32 v0, 2, v0
    v_lshlrev_b32_e32 v3, 2, v3
    s_waitcnt lgkmcnt(0)
    global_atomic_add_u32 v1, v2, v1, s[4:5] glc
    global_atomic_or_b32 v3, v4, s[4:5] offset:4
    s_waitcnt vmcnt(0)
    global_store_b32 v0, v1, s[6:7]
    s_nop 0
    s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
    s_endpgm
.Lladder_atomics_size:
    .size ladder_atomics, .Lladder_atomics_size-ladder_atomics
    // s_code_end up to a cache line and beyond, for the instruction prefetch.
    .p2alignl 7, 0xbf9f0000
    .fill 48, 4, 0xbf9f0000

    .section .rodata,"a",@progbits
    .p2align 6, 0x0
    .amdhsa_kernel ladder_atomics
        .amdhsa_kernarg_size 16
        .amdhsa_user_sgpr_count 15
        .amdhsa_user_sgpr_kernarg_segment_ptr 1
        .amdhsa_wavefront_size32 1
        .amdhsa_system_sgpr_workgroup_id_x 1
        .amdhsa_system_sgpr_workgroup_id_y 0
        .amdhsa_system_sgpr_workgroup_id_z 0
        .amdhsa_system_vgpr_workitem_id 0
        .amdhsa_next_free_vgpr 5
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
  - .name: ladder_atomics
    .symbol: ladder_atomics.kd
    .args:
      - .name: state
        .offset: 0
        .size: 8
        .value_kind: global_buffer
        .address_space: global
        .access: read_write
        .actual_access: read_write
      - .name: tickets
        .offset: 8
        .size: 8
        .value_kind: global_buffer
        .address_space: global
        .access: write_only
        .actual_access: write_only
    .kernarg_segment_size: 16
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 18
    .vgpr_count: 5
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size:
      - 256
      - 1
      - 1
    .workgroup_processor_mode: 1
...
    .end_amdgpu_metadata
