// conv2d_direct_f32: direct 2-D convolution, NCHW f32, any shape
//
// op         conv2d: y[n][k][p][q] = bias[k] + sum x[n][g*C/G + c][p*stride_h - pad_h + r*dil_h][q*stride_w - pad_w + s*dil_w]
//            * w[k][c][r][s], weights and bias as conv2d_pack_weights_f32 lays them out
// shapes     any N, C, H, W, K, R, S, stride, pad, dilation, groups; the channels of one image and group are at most 2^31
//            bytes of input (counted for ceil((C/G)/4)*4 + 4 channels), P*Q at most 2^29, a block of packed weights at most 2^31 bytes
// tile       a lane is one output pixel (p*Q + q) of one image, a thread 8 output channels of one group:
//            grid (ceil(P*Q/64), G*KB, N), KB = ceil((K/G)/8)
// workgroup  64 x 1 x 1, wave32 (2 waves)
// resources  VGPR 24, SGPR 104 + VCC, LDS 0, scratch 0: 16 waves a SIMD
// arguments   0 x: const f32*   8 packed: const f32*   16 out = y: f32*   24 pq = P*Q: u32   28 q = Q: u32
//            32 q_div: magic divisor of Q (u32 multiplier, u32 shift)   40 h   44 w   48 stride_h   52 stride_w
//            56 pad_h   60 pad_w   64 dil_h   68 dil_w   72 s   76 c4 = ceil((C/G)/4)   80 trips = R*S*c4
//            84 plane = H*W*4   88 slab = C/G*H*W*4   92 k_per_group   96 k_blocks = KB   100 groups
//            104 kb_div: magic divisor of KB
// loop       one trip = 4 channels of one tap (r, s): 4 x buffer_load_b32, 2 x s_load_b512, 32 multiply-adds. The tap's
//            offset is computed once a tap; a lane whose pixel falls into the padding takes offset 2^31, for which the V#
//            returns 0, so EXEC never changes. Channels past C/G are read there too, and have zero weights.
//            Trips alternate between buffers A and B; a trip's loads are issued one trip ahead.
// VOPD       both halves of one instruction may not read one input register, so the odd output channels run one input
//            channel behind the even ones: X = even acc += w(c)*x(c), Y = odd acc += w(c-1)*x(c-1), order kept.
// registers  scalar, before the loop: s[16:39], s[0:3] of the kernarg as loaded; in the loop:
//            s[0:3] the four channel offsets     s[4:7] V# of x           s[8:9] next weights   s10 trips left
//            s11 quads of channels left in tap   s12 channel offset       s13 s    s14 s*dil_w  s15 r*dil_h
//            s16 tap offset   s17 row offset     s18 4*plane  s19 dil_h*W*4  s20:21 y           s22 pq
//            s23 dil_w*4      s24 channels left to store  s26 H  s27 W  s32 dil_h  s33 dil_w  s34 S  s35 c4
//            s37 plane  s38 slab                 s[40:71] weights A [4][8]        s[72:103] weights B [4][8]
//            vector: v0 pixel  v1 ih0  v2 iw0  v3 offset of (ih0, iw0)  v4 offset of the tap  v5 2^31  v6, v7 scratch
//            v[8:15] accumulators: even in X, odd in Y (opposite parity)
//            v[16:19] inputs A, v[20:23] inputs B: x(c) and x(c-1) are neighbours, so never in one bank
// numeric    f32 fused multiply-adds from the bias up, in the order r, s, c for every output, round to nearest even,
//            denormals kept. Padding and missing channels enter as +0 products: an infinite weight under padding gives NaN,
//            a sum of only negative zeros may give +0.
    .amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
    .amdhsa_code_object_version 5
    .text
    .protected conv2d_direct_f32
    .globl conv2d_direct_f32
    .p2align 8
    .type conv2d_direct_f32,@function

// One channel: even accumulators take weights \ew.. with input \ei, odd ones \ow.. with \oi.
.macro STEP ew, ei, ow, oi
    s_delay_alu instid0(VALU_DEP_4)
    v_dual_fmac_f32 v8, s[\ew+0], v[\ei] :: v_dual_fmac_f32 v9, s[\ow+1], v[\oi]
    v_dual_fmac_f32 v10, s[\ew+2], v[\ei] :: v_dual_fmac_f32 v11, s[\ow+3], v[\oi]
    v_dual_fmac_f32 v12, s[\ew+4], v[\ei] :: v_dual_fmac_f32 v13, s[\ow+5], v[\oi]
    v_dual_fmac_f32 v14, s[\ew+6], v[\ei] :: v_dual_fmac_f32 v15, s[\ow+7], v[\oi]
.endm

// Loads of the trip that s8, s12 and v4 describe; weights to s[\w:..], inputs to v[\x:..].
.macro FETCH n, w, x
    s_clause 0x1
    s_load_b512 s[\w:\w+15], s[8:9], 0x0
    s_load_b512 s[\w+16:\w+31], s[8:9], 0x40
    s_add_u32 s1, s12, s37
    s_add_u32 s2, s1, s37
    s_add_u32 s3, s2, s37
    s_cmp_ge_u32 s3, s38
    s_cbranch_scc1 .Lpart_\n
    s_clause 0x3
    buffer_load_b32 v[\x+0], v4, s[4:7], s12 offen
    buffer_load_b32 v[\x+1], v4, s[4:7], s1 offen
    buffer_load_b32 v[\x+2], v4, s[4:7], s2 offen
    buffer_load_b32 v[\x+3], v4, s[4:7], s3 offen
.Lfetched_\n:
.endm

// The same where the fourth channel, and perhaps the second and third, are past C/G: those lanes read at 2^31. The
// range check of the others doesn't depend on whether soffset counts, and num_records less soffset never wraps.
.macro PART n, x
.Lpart_\n:
    s_cmp_lt_u32 s1, s38
    s_cselect_b32 vcc_lo, -1, 0
    s_cselect_b32 s1, s1, 0
    s_delay_alu instid0(SALU_CYCLE_2)
    v_cndmask_b32_e32 v6, v5, v4, vcc_lo
    s_cmp_lt_u32 s2, s38
    s_cselect_b32 vcc_lo, -1, 0
    s_cselect_b32 s2, s2, 0
    s_delay_alu instid0(SALU_CYCLE_2)
    v_cndmask_b32_e32 v7, v5, v4, vcc_lo
    s_clause 0x3
    buffer_load_b32 v[\x+0], v4, s[4:7], s12 offen
    buffer_load_b32 v[\x+1], v6, s[4:7], s1 offen
    buffer_load_b32 v[\x+2], v7, s[4:7], s2 offen
    buffer_load_b32 v[\x+3], v5, s[4:7], 0 offen
    s_branch .Lfetched_\n
.endm

// v4 = the byte offset of tap (r, s) for this lane, or 2^31 in the padding.
.macro TAP
    v_add_nc_u32_e32 v6, s15, v1
    v_add_nc_u32_e32 v7, s14, v2
    v_add_nc_u32_e32 v4, s16, v3
    s_delay_alu instid0(VALU_DEP_3) | instskip(NEXT) | instid1(VALU_DEP_3)
    v_cmp_gt_u32_e32 vcc_lo, s26, v6
    v_cmp_gt_u32_e64 s0, s27, v7
    s_and_b32 vcc_lo, vcc_lo, s0
    s_delay_alu instid0(SALU_CYCLE_1)
    v_cndmask_b32_e32 v4, v5, v4, vcc_lo
.endm

// A trip on buffer \w, \x while the other (\pw, \px) still holds the channel before.
.macro TRIP n, w, x, pw, px
    s_waitcnt vmcnt(3) lgkmcnt(0)
    STEP \w, \x, \pw+24, \px+3
    s_sub_u32 s10, s10, 1
    s_cmp_eq_u32 s10, 0
    s_cbranch_scc1 .Llast_\n
    s_sub_u32 s11, s11, 1
    s_add_u32 s8, s8, 0x80
    s_addc_u32 s9, s9, 0
    s_cmp_eq_u32 s11, 0
    s_cbranch_scc1 .Ltap_\n
    s_add_u32 s12, s12, s18
.Lfetch_\n:
    FETCH \n, \pw, \px
    s_waitcnt vmcnt(6)
    STEP \w+8, \x+1, \w, \x
    s_waitcnt vmcnt(5)
    STEP \w+16, \x+2, \w+8, \x+1
    s_waitcnt vmcnt(4)
    STEP \w+24, \x+3, \w+16, \x+2
.endm

// The next tap: s + 1, or row r + 1; by selects, as a taken branch costs more.
.macro NEXT_TAP n
.Ltap_\n:
    s_add_u32 s13, s13, 1
    s_add_u32 s14, s14, s33
    s_add_u32 s16, s16, s23
    s_add_u32 s2, s17, s19
    s_mov_b32 s11, s35
    s_mov_b32 s12, 0
    s_cmp_eq_u32 s13, s34
    s_cselect_b32 s13, 0, s13
    s_cselect_b32 s14, 0, s14
    s_cselect_b32 s16, s2, s16
    s_cselect_b32 s17, s2, s17
    s_cselect_b32 s0, s32, 0
    s_delay_alu instid0(SALU_CYCLE_1)
    s_add_u32 s15, s15, s0
    TAP
    s_branch .Lfetch_\n
.endm

// The last trip: nothing to fetch, and the odd output channels catch up.
.macro LAST n, w, x
.Llast_\n:
    s_waitcnt vmcnt(2)
    STEP \w+8, \x+1, \w, \x
    s_waitcnt vmcnt(1)
    STEP \w+16, \x+2, \w+8, \x+1
    s_waitcnt vmcnt(0)
    STEP \w+24, \x+3, \w+16, \x+2
    s_delay_alu instid0(VALU_DEP_4)
    v_fmac_f32_e32 v9, s[\w+25], v[\x+3]
    v_fmac_f32_e32 v11, s[\w+27], v[\x+3]
    v_fmac_f32_e32 v13, s[\w+29], v[\x+3]
    v_fmac_f32_e32 v15, s[\w+31], v[\x+3]
.endm

conv2d_direct_f32:
    s_clause 0x2
    s_load_b256 s[16:23], s[0:1], 0x0
    s_load_b512 s[24:39], s[0:1], 0x20
    s_load_b128 s[40:43], s[0:1], 0x60
    v_and_b32_e32 v0, 0x3ff, v0
    s_delay_alu instid0(VALU_DEP_1)
    v_lshl_add_u32 v0, s13, 6, v0
    s_delay_alu instid0(VALU_DEP_1)
    v_readfirstlane_b32 s2, v0
    s_waitcnt lgkmcnt(0)
    // A wave without a pixel ends here.
    s_cmp_ge_u32 s2, s22
    s_cbranch_scc1 .Lend
    // p = pixel / Q by the multiplier: (2*pixel * m) >> 32 >> shift, exact below 2^31; q = pixel - p*Q.
    v_lshlrev_b32_e32 v1, 1, v0
    s_delay_alu instid0(VALU_DEP_1)
    v_mul_hi_u32 v1, v1, s24
    s_delay_alu instid0(VALU_DEP_1)
    v_lshrrev_b32_e32 v1, s25, v1
    s_delay_alu instid0(VALU_DEP_1)
    v_mul_lo_u32 v2, v1, s23
    v_mul_lo_u32 v1, v1, s28
    s_delay_alu instid0(VALU_DEP_2) | instskip(NEXT) | instid1(VALU_DEP_2)
    v_sub_nc_u32_e32 v2, v0, v2
    v_subrev_nc_u32_e32 v1, s30, v1
    s_delay_alu instid0(VALU_DEP_2) | instskip(NEXT) | instid1(VALU_DEP_2)
    v_mul_lo_u32 v2, v2, s29
    v_mul_lo_u32 v3, v1, s27
    s_delay_alu instid0(VALU_DEP_2)
    v_subrev_nc_u32_e32 v2, s31, v2
    v_bfrev_b32_e32 v5, 1
    s_delay_alu instid0(VALU_DEP_2)
    v_add_lshl_u32 v3, v3, v2, 2
    // g = block / KB, kb = block - g*KB; s3 = image*G + g.
    s_load_b64 s[4:5], s[0:1], 0x68
    s_mul_i32 s3, s15, s41
    s_lshl_b32 s2, s14, 1
    s_waitcnt lgkmcnt(0)
    s_mul_hi_u32 s2, s2, s4
    s_delay_alu instid0(SALU_CYCLE_1)
    s_lshr_b32 s2, s2, s5
    s_delay_alu instid0(SALU_CYCLE_1)
    s_mul_i32 s4, s2, s40
    s_add_u32 s3, s3, s2
    s_sub_u32 s10, s14, s4
    // Weights of this block: packed + block*(trips + 1)*128; its first row is the bias.
    s_lshl_b32 s11, s36, 7
    s_delay_alu instid0(SALU_CYCLE_1)
    s_add_u32 s11, s11, 0x80
    s_delay_alu instid0(SALU_CYCLE_1)
    s_mul_i32 s12, s14, s11
    s_mul_hi_u32 s11, s14, s11
    s_add_u32 s8, s18, s12
    s_addc_u32 s9, s19, s11
    s_load_b256 s[40:47], s[8:9], 0x0
    // V# of x: the channels of this image and group.
    s_mul_i32 s12, s3, s38
    s_mul_hi_u32 s11, s3, s38
    s_add_u32 s4, s16, s12
    s_addc_u32 s5, s17, s11
    s_mov_b32 s6, s38
    s_and_b32 s5, s5, 0xffff
    s_mov_b32 s7, 0x30016fac
    // y + (s3*K/G + 8*kb)*P*Q*4, and the output channels from there on.
    s_lshl_b32 s10, s10, 3
    s_mul_i32 s3, s3, s39
    s_sub_u32 s24, s39, s10
    s_add_u32 s3, s3, s10
    s_lshl_b32 s11, s22, 2
    s_delay_alu instid0(SALU_CYCLE_1)
    s_mul_i32 s12, s3, s11
    s_mul_hi_u32 s3, s3, s11
    s_add_u32 s20, s20, s12
    s_addc_u32 s21, s21, s3
    // Strides of the loop, and tap (0, 0).
    s_lshl_b32 s23, s33, 2
    s_mul_i32 s19, s32, s27
    s_lshl_b32 s18, s37, 2
    s_lshl_b32 s19, s19, 2
    s_mov_b32 s10, s36
    s_mov_b32 s11, s35
    s_mov_b32 s12, 0
    s_mov_b32 s13, 0
    s_mov_b32 s14, 0
    s_mov_b32 s15, 0
    s_mov_b32 s16, 0
    s_mov_b32 s17, 0
    TAP
    s_waitcnt lgkmcnt(0)
    v_dual_mov_b32 v8, s40 :: v_dual_mov_b32 v9, s41
    v_dual_mov_b32 v10, s42 :: v_dual_mov_b32 v11, s43
    v_dual_mov_b32 v12, s44 :: v_dual_mov_b32 v13, s45
    v_dual_mov_b32 v14, s46 :: v_dual_mov_b32 v15, s47
    s_add_u32 s8, s8, 0x80
    s_addc_u32 s9, s9, 0
    // The channel before the first: zeros.
    v_mov_b32_e32 v23, 0
    s_mov_b32 s97, 0
    s_mov_b32 s99, 0
    s_mov_b32 s101, 0
    s_mov_b32 s103, 0
    FETCH first, 40, 16
.Lloop:
    TRIP a, 40, 16, 72, 20
    TRIP b, 72, 20, 40, 16
    s_branch .Lloop

    NEXT_TAP a
    NEXT_TAP b
    PART first, 16
    PART a, 20
    PART b, 16

    LAST a, 40, 16
    s_branch .Lstore
    LAST b, 72, 20
.Lstore:
    // V# of one output channel, P*Q*4 bytes: lanes past the last pixel store nothing.
    s_and_b32 s5, s21, 0xffff
    s_mov_b32 s4, s20
    s_lshl_b32 s6, s22, 2
    v_lshlrev_b32_e32 v0, 2, v0
    buffer_store_b32 v8, v0, s[4:7], 0 offen
    s_cmp_le_u32 s24, 1
    s_cbranch_scc1 .Ldone
    s_add_u32 s4, s4, s6
    s_addc_u32 s5, s5, 0
    buffer_store_b32 v9, v0, s[4:7], 0 offen
    s_cmp_le_u32 s24, 2
    s_cbranch_scc1 .Ldone
    s_add_u32 s4, s4, s6
    s_addc_u32 s5, s5, 0
    buffer_store_b32 v10, v0, s[4:7], 0 offen
    s_cmp_le_u32 s24, 3
    s_cbranch_scc1 .Ldone
    s_add_u32 s4, s4, s6
    s_addc_u32 s5, s5, 0
    buffer_store_b32 v11, v0, s[4:7], 0 offen
    s_cmp_le_u32 s24, 4
    s_cbranch_scc1 .Ldone
    s_add_u32 s4, s4, s6
    s_addc_u32 s5, s5, 0
    buffer_store_b32 v12, v0, s[4:7], 0 offen
    s_cmp_le_u32 s24, 5
    s_cbranch_scc1 .Ldone
    s_add_u32 s4, s4, s6
    s_addc_u32 s5, s5, 0
    buffer_store_b32 v13, v0, s[4:7], 0 offen
    s_cmp_le_u32 s24, 6
    s_cbranch_scc1 .Ldone
    s_add_u32 s4, s4, s6
    s_addc_u32 s5, s5, 0
    buffer_store_b32 v14, v0, s[4:7], 0 offen
    s_cmp_le_u32 s24, 7
    s_cbranch_scc1 .Ldone
    s_add_u32 s4, s4, s6
    s_addc_u32 s5, s5, 0
    buffer_store_b32 v15, v0, s[4:7], 0 offen
.Ldone:
    s_nop 0
    s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
.Lend:
    s_endpgm
.Lconv2d_direct_f32_size:
    .size conv2d_direct_f32, .Lconv2d_direct_f32_size-conv2d_direct_f32
    // s_code_end up to a cache line and beyond, for the instruction prefetch.
    .p2alignl 7, 0xbf9f0000
    .fill 48, 4, 0xbf9f0000

    .section .rodata,"a",@progbits
    .p2align 6, 0x0
    .amdhsa_kernel conv2d_direct_f32
        .amdhsa_kernarg_size 112
        .amdhsa_user_sgpr_count 13
        .amdhsa_user_sgpr_kernarg_segment_ptr 1
        .amdhsa_wavefront_size32 1
        .amdhsa_system_sgpr_workgroup_id_x 1
        .amdhsa_system_sgpr_workgroup_id_y 1
        .amdhsa_system_sgpr_workgroup_id_z 1
        .amdhsa_system_vgpr_workitem_id 0
        .amdhsa_next_free_vgpr 24
        .amdhsa_next_free_sgpr 104
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
  - .name: conv2d_direct_f32
    .symbol: conv2d_direct_f32.kd
    .args:
      - .name: x
        .offset: 0
        .size: 8
        .value_kind: global_buffer
        .address_space: global
        .access: read_only
        .actual_access: read_only
        .is_const: true
      - .name: packed
        .offset: 8
        .size: 8
        .value_kind: global_buffer
        .address_space: global
        .access: read_only
        .actual_access: read_only
        .is_const: true
      - .name: out
        .offset: 16
        .size: 8
        .value_kind: global_buffer
        .address_space: global
        .access: write_only
        .actual_access: write_only
      - .name: pq
        .offset: 24
        .size: 4
        .value_kind: by_value
      - .name: q
        .offset: 28
        .size: 4
        .value_kind: by_value
      - .name: q_div
        .offset: 32
        .size: 8
        .value_kind: by_value
      - .name: h
        .offset: 40
        .size: 4
        .value_kind: by_value
      - .name: w
        .offset: 44
        .size: 4
        .value_kind: by_value
      - .name: stride_h
        .offset: 48
        .size: 4
        .value_kind: by_value
      - .name: stride_w
        .offset: 52
        .size: 4
        .value_kind: by_value
      - .name: pad_h
        .offset: 56
        .size: 4
        .value_kind: by_value
      - .name: pad_w
        .offset: 60
        .size: 4
        .value_kind: by_value
      - .name: dil_h
        .offset: 64
        .size: 4
        .value_kind: by_value
      - .name: dil_w
        .offset: 68
        .size: 4
        .value_kind: by_value
      - .name: s
        .offset: 72
        .size: 4
        .value_kind: by_value
      - .name: c4
        .offset: 76
        .size: 4
        .value_kind: by_value
      - .name: trips
        .offset: 80
        .size: 4
        .value_kind: by_value
      - .name: plane
        .offset: 84
        .size: 4
        .value_kind: by_value
      - .name: slab
        .offset: 88
        .size: 4
        .value_kind: by_value
      - .name: k_per_group
        .offset: 92
        .size: 4
        .value_kind: by_value
      - .name: k_blocks
        .offset: 96
        .size: 4
        .value_kind: by_value
      - .name: groups
        .offset: 100
        .size: 4
        .value_kind: by_value
      - .name: kb_div
        .offset: 104
        .size: 8
        .value_kind: by_value
    .kernarg_segment_size: 112
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 106
    .vgpr_count: 24
    .max_flat_workgroup_size: 64
    .reqd_workgroup_size:
      - 64
      - 1
      - 1
    .workgroup_processor_mode: 1
...
    .end_amdgpu_metadata
