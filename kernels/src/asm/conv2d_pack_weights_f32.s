// conv2d_pack_weights_f32: w[K][C/G][R][S], bias[K] -> the stream of blocks that conv2d_direct_f32 reads
//
// op         conv2d, once a set of weights
// shapes     any K, C/G, R, S, G; a group's weights at most 2^31 bytes, a block at most 2^31 bytes
// output     wp[G][KB = ceil((K/G)/8)] blocks of rows = 1 + R*S*C4 rows of 32 dwords, C4 = ceil((C/G)/4):
//              row 0          8 bias values (zeros without a bias), then 24 zeros
//              row 1 + (r*S + s)*C4 + cq   w[k0 .. k0+8][4cq .. 4cq+4][r][s] as [4 channels][8 output channels];
//            zeros where the channel or the output channel does not exist
// tile       one dword a thread; grid (ceil(rows*32/64), KB, G)
// workgroup  64 x 1 x 1, wave32 (2 waves)
// resources  VGPR 10, SGPR 32 + VCC, LDS 0, scratch 0
// arguments   0 w: const f32*     8 bias: const f32* (null when has_bias = 0)     16 packed: f32*
//            24 has_bias: u32 0/1  28 k_per_group: u32  32 c4_div: magic divisor of c4 (u32 multiplier, u32 shift)
//            40 c4: u32  44 c_per_group: u32  48 taps = R*S: u32  52 rows: u32  56 k_blocks = KB: u32
// registers  s[0:1] kernarg   s13 x, s14 kb, s15 g (13 user SGPRs: gfx1100 wants user + system SGPRs >= 16 in wave32)
//            s[4:5] w  s[6:7] bias  s[8:9] packed  s[16:19] has_bias, k_per_group, magic  s[20:23] c4, c, taps, rows  s24 KB
//            s[4:7], s[8:11], s[24:27] then become the V#s of w, packed, bias
//            v0 element e   v1 row   v2 tap   v3 channel   v4 k   v5 source offset   v6 bias offset   v7 w   v8 bias   v9 e*4
//            one-shot address code, no dual issue: banks do not matter here
// numeric    bits are copied
    .amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
    .amdhsa_code_object_version 5
    .text
    .protected conv2d_pack_weights_f32
    .globl conv2d_pack_weights_f32
    .p2align 8
    .type conv2d_pack_weights_f32,@function
conv2d_pack_weights_f32:
    s_clause 0x4
    s_load_b128 s[4:7], s[0:1], 0x0
    s_load_b64 s[8:9], s[0:1], 0x10
    s_load_b128 s[16:19], s[0:1], 0x18
    s_load_b128 s[20:23], s[0:1], 0x28
    s_load_b32 s24, s[0:1], 0x38
    v_and_b32_e32 v0, 0x3ff, v0
    s_delay_alu instid0(VALU_DEP_1)
    v_lshl_add_u32 v0, s13, 6, v0
    v_lshrrev_b32_e32 v1, 5, v0
    v_bfe_u32 v3, v0, 3, 2
    v_and_b32_e32 v4, 7, v0
    v_lshlrev_b32_e32 v9, 2, v0
    // Row 0 is the bias: row - 1 wraps there, and its weight offset is replaced below.
    v_add_nc_u32_e32 v2, -1, v1
    v_lshl_add_u32 v4, s14, 3, v4
    s_waitcnt lgkmcnt(0)
    // tap = t / c4 by the multiplier: (2t * m) >> 32 >> shift, exact below 2^31.
    v_lshlrev_b32_e32 v5, 1, v2
    s_delay_alu instid0(VALU_DEP_1)
    v_mul_hi_u32 v5, v5, s18
    s_delay_alu instid0(VALU_DEP_1)
    v_lshrrev_b32_e32 v5, s19, v5
    s_delay_alu instid0(VALU_DEP_1)
    v_mul_lo_u32 v6, v5, s20
    v_sub_nc_u32_e32 v6, v2, v6
    s_delay_alu instid0(VALU_DEP_1)
    v_lshl_add_u32 v3, v6, 2, v3
    // offset = ((k * C/G + c) * taps + tap) * 4 inside the group
    v_mul_lo_u32 v6, v4, s21
    s_delay_alu instid0(VALU_DEP_1)
    v_add_nc_u32_e32 v6, v6, v3
    s_delay_alu instid0(VALU_DEP_1)
    v_mul_lo_u32 v6, v6, s22
    s_delay_alu instid0(VALU_DEP_1)
    v_add_nc_u32_e32 v5, v6, v5
    v_lshlrev_b32_e32 v5, 2, v5
    // What does not exist is read from 2^31, beyond every V#: the load returns 0.
    v_bfrev_b32_e32 v2, 1
    v_cmp_gt_u32_e32 vcc_lo, s21, v3
    v_cmp_gt_u32_e64 s2, s17, v4
    v_cmp_ne_u32_e64 s3, 0, v1
    s_and_b32 s2, s2, vcc_lo
    s_delay_alu instid0(SALU_CYCLE_1)
    s_and_b32 vcc_lo, s2, s3
    v_cndmask_b32_e32 v5, v2, v5, vcc_lo
    // The bias is taken by elements 0..7 of the block.
    v_cmp_gt_u32_e32 vcc_lo, 8, v0
    v_lshlrev_b32_e32 v6, 2, v4
    s_delay_alu instid0(VALU_DEP_1)
    v_cndmask_b32_e32 v6, v2, v6, vcc_lo
    // Blocks before this one, times the bytes of a block.
    s_mul_i32 s2, s15, s24
    s_lshl_b32 s10, s23, 7
    s_add_i32 s2, s2, s14
    s_delay_alu instid0(SALU_CYCLE_1)
    s_mul_i32 s3, s2, s10
    s_mul_hi_u32 s2, s2, s10
    s_add_u32 s8, s8, s3
    s_addc_u32 s9, s9, s2
    // V# of packed: this block; lanes past its end store nothing.
    s_and_b32 s9, s9, 0xffff
    s_mov_b32 s11, 0x30016fac
    // V# of bias: this group's, empty without one.
    s_mov_b32 s27, s11
    s_lshl_b32 s2, s17, 2
    s_delay_alu instid0(SALU_CYCLE_1)
    s_mul_i32 s26, s2, s16
    s_mul_i32 s3, s15, s2
    s_mul_hi_u32 s2, s15, s2
    s_add_u32 s24, s6, s3
    s_addc_u32 s25, s7, s2
    s_delay_alu instid0(SALU_CYCLE_1)
    s_and_b32 s25, s25, 0xffff
    // V# of w: this group's weights.
    s_mul_i32 s2, s17, s21
    s_delay_alu instid0(SALU_CYCLE_1)
    s_mul_i32 s2, s2, s22
    s_delay_alu instid0(SALU_CYCLE_1)
    s_lshl_b32 s6, s2, 2
    s_delay_alu instid0(SALU_CYCLE_1)
    s_mul_i32 s3, s15, s6
    s_mul_hi_u32 s2, s15, s6
    s_add_u32 s4, s4, s3
    s_addc_u32 s5, s5, s2
    s_mov_b32 s7, s11
    s_and_b32 s5, s5, 0xffff
    s_clause 0x1
    buffer_load_b32 v7, v5, s[4:7], 0 offen
    buffer_load_b32 v8, v6, s[24:27], 0 offen
    s_waitcnt vmcnt(0)
    // At most one of the two is not zero.
    v_or_b32_e32 v7, v7, v8
    buffer_store_b32 v7, v9, s[8:11], 0 offen
    s_nop 0
    s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
    s_endpgm
.Lconv2d_pack_weights_f32_size:
    .size conv2d_pack_weights_f32, .Lconv2d_pack_weights_f32_size-conv2d_pack_weights_f32
    // s_code_end up to a cache line and beyond, for the instruction prefetch.
    .p2alignl 7, 0xbf9f0000
    .fill 48, 4, 0xbf9f0000

    .section .rodata,"a",@progbits
    .p2align 6, 0x0
    .amdhsa_kernel conv2d_pack_weights_f32
        .amdhsa_kernarg_size 60
        .amdhsa_user_sgpr_count 13
        .amdhsa_user_sgpr_kernarg_segment_ptr 1
        .amdhsa_wavefront_size32 1
        .amdhsa_system_sgpr_workgroup_id_x 1
        .amdhsa_system_sgpr_workgroup_id_y 1
        .amdhsa_system_sgpr_workgroup_id_z 1
        .amdhsa_system_vgpr_workitem_id 0
        .amdhsa_next_free_vgpr 10
        .amdhsa_next_free_sgpr 32
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
  - .name: conv2d_pack_weights_f32
    .symbol: conv2d_pack_weights_f32.kd
    .args:
      - .name: w
        .offset: 0
        .size: 8
        .value_kind: global_buffer
        .address_space: global
        .access: read_only
        .actual_access: read_only
        .is_const: true
      - .name: bias
        .offset: 8
        .size: 8
        .value_kind: global_buffer
        .address_space: global
        .access: read_only
        .actual_access: read_only
        .is_const: true
      - .name: packed
        .offset: 16
        .size: 8
        .value_kind: global_buffer
        .address_space: global
        .access: write_only
        .actual_access: write_only
      - .name: has_bias
        .offset: 24
        .size: 4
        .value_kind: by_value
      - .name: k_per_group
        .offset: 28
        .size: 4
        .value_kind: by_value
      - .name: c4_div
        .offset: 32
        .size: 8
        .value_kind: by_value
      - .name: c4
        .offset: 40
        .size: 4
        .value_kind: by_value
      - .name: c_per_group
        .offset: 44
        .size: 4
        .value_kind: by_value
      - .name: taps
        .offset: 48
        .size: 4
        .value_kind: by_value
      - .name: rows
        .offset: 52
        .size: 4
        .value_kind: by_value
      - .name: k_blocks
        .offset: 56
        .size: 4
        .value_kind: by_value
    .kernarg_segment_size: 60
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 10
    .max_flat_workgroup_size: 64
    .reqd_workgroup_size:
      - 64
      - 1
      - 1
    .workgroup_processor_mode: 1
...
    .end_amdgpu_metadata
