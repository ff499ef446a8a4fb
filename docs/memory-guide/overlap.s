// sums = partial sums of x·y, f32: three kernels that differ in what goes on at the same time.
//
// shapes     256 floats of x and of y a trip; a workgroup makes `trips` trips, at least 1, in dot_ahead an even number, and
//            leaves 32 sums; the grid is the number of workgroups, with at most 2^21 trips in all
// arguments  0 left = x: const f32*    8 right = y: const f32*    16 sums: f32[32]*    24 trips: u32
// workgroup  32 x 1 x 1, one wave32
// registers  s[0:1] kernarg, s15 workgroup id x (15 user SGPRs: gfx1100 wants user + system SGPRs >= 16 in wave32)
//            v[8:15] sums   v[16:23] x   v[24:31] y   v[32:39], v[40:47] those of the next trip
//            X and Y of a pair are neighbours in all three, so that no two of their sources share a bank
// numeric    f32 fused multiply-adds, round to nearest even, denormals kept; the order is the kernel's
//
// dot_one    one sum: each multiply-add waits for the one before
// dot_eight  eight sums, two an instruction (VOPD)
// dot_ahead  the same, with the loads of the next trip under way during the multiply-adds of this
    .amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
    .amdhsa_code_object_version 5

// What begins and ends each kernel.
.macro KERNEL name
    .text
    .protected \name
    .globl \name
    .p2align 8
    .type \name,@function
\name:
.endm

.macro END name, kernarg, vgprs, lds, user, y
    s_nop 0
    s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
    s_endpgm
.L\name\()_size:
    .size \name, .L\name\()_size-\name
    // s_code_end up to a cache line and beyond, for the instruction prefetch.
    .p2alignl 7, 0xbf9f0000
    .fill 48, 4, 0xbf9f0000
    .section .rodata,"a",@progbits
    .p2align 6, 0x0
    .amdhsa_kernel \name
        .amdhsa_group_segment_fixed_size \lds
        .amdhsa_kernarg_size \kernarg
        .amdhsa_user_sgpr_count \user
        .amdhsa_user_sgpr_kernarg_segment_ptr 1
        .amdhsa_wavefront_size32 1
        .amdhsa_system_sgpr_workgroup_id_x 1
        .amdhsa_system_sgpr_workgroup_id_y \y
        .amdhsa_system_sgpr_workgroup_id_z 0
        .amdhsa_next_free_vgpr \vgprs
        .amdhsa_next_free_sgpr 32
        .amdhsa_float_denorm_mode_32 3
        .amdhsa_float_denorm_mode_16_64 3
    .end_amdhsa_kernel
.endm

// s[4:5] x, s[6:7] y, s[8:9] sums, s10 trips; v0 offset in x and y, v1 in the sums; no sum yet in v[8:15].
.macro BEGIN
    s_load_b128 s[4:7], s[0:1], 0x0
    s_load_b64 s[8:9], s[0:1], 0x10
    s_load_b32 s10, s[0:1], 0x18
    v_and_b32_e32 v0, 0x3ff, v0
    s_waitcnt lgkmcnt(0)
    s_mul_i32 s2, s10, s15
    v_lshlrev_b32_e32 v1, 2, v0
    v_lshlrev_b32_e32 v0, 4, v0
    v_lshl_add_u32 v1, s15, 7, v1
    v_lshl_add_u32 v0, s2, 10, v0
.irp i, 8, 9, 10, 11, 12, 13, 14, 15
    v_mov_b32_e32 v[\i], 0
.endr
.endm

// Eight floats of x and of y a lane, on their way to v[\x...] and v[\y...].
.macro FETCH x, y
    global_load_b128 v[\x:\x+3], v0, s[4:5]
    global_load_b128 v[\x+4:\x+7], v0, s[4:5] offset:512
    global_load_b128 v[\y:\y+3], v0, s[6:7]
    global_load_b128 v[\y+4:\y+7], v0, s[6:7] offset:512
    v_add_nc_u32_e32 v0, 0x400, v0
.endm

// Their products, two an instruction.
.macro EIGHT x, y
.irp i, 0, 2, 4, 6
    v_dual_fmac_f32 v[8+\i], v[\x+\i], v[\y+\i] :: v_dual_fmac_f32 v[9+\i], v[\x+1+\i], v[\y+1+\i]
.endr
.endm

.macro SUM
    v_dual_add_f32 v8, v8, v12 :: v_dual_add_f32 v9, v9, v13
    v_dual_add_f32 v10, v10, v14 :: v_dual_add_f32 v11, v11, v15
    v_dual_add_f32 v8, v8, v10 :: v_dual_add_f32 v9, v9, v11
    v_add_f32_e32 v8, v8, v9
    global_store_b32 v1, v8, s[8:9]
.endm

    KERNEL dot_one
    BEGIN
.Lone:
    FETCH 16, 24
    s_sub_u32 s10, s10, 1
    s_cmp_lg_u32 s10, 0
    s_waitcnt vmcnt(0)
.irp i, 0, 1, 2, 3, 4, 5, 6, 7
    v_fmac_f32_e32 v8, v[16+\i], v[24+\i]
.endr
    s_cbranch_scc1 .Lone
    global_store_b32 v1, v8, s[8:9]
    END dot_one, 28, 48, 0, 15, 0

    KERNEL dot_eight
    BEGIN
.Leight:
    FETCH 16, 24
    s_sub_u32 s10, s10, 1
    s_cmp_lg_u32 s10, 0
    s_waitcnt vmcnt(0)
    EIGHT 16, 24
    s_cbranch_scc1 .Leight
    SUM
    END dot_eight, 28, 48, 0, 15, 0

    KERNEL dot_ahead
    BEGIN
    FETCH 16, 24
.Lahead:
    FETCH 32, 40
    s_sub_u32 s10, s10, 2
    s_cmp_eq_u32 s10, 0
    // The four loads of the other trip may be under way.
    s_waitcnt vmcnt(4)
    EIGHT 16, 24
    s_cbranch_scc1 .Lsum
    FETCH 16, 24
    s_waitcnt vmcnt(4)
    EIGHT 32, 40
    s_branch .Lahead
.Lsum:
    s_waitcnt vmcnt(0)
    EIGHT 32, 40
    SUM
    END dot_ahead, 28, 48, 0, 15, 0

    .amdgpu_metadata
---
amdhsa.version:
  - 1
  - 2
amdhsa.target: amdgcn-amd-amdhsa--gfx1100
amdhsa.kernels:
  - .name: dot_one
    .symbol: dot_one.kd
    .args:
      - {.name: left, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: right, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: sums, .offset: 16, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: trips, .offset: 24, .size: 4, .value_kind: by_value}
    .kernarg_segment_size: 28
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 48
    .max_flat_workgroup_size: 32
    .reqd_workgroup_size: [32, 1, 1]
  - .name: dot_eight
    .symbol: dot_eight.kd
    .args:
      - {.name: left, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: right, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: sums, .offset: 16, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: trips, .offset: 24, .size: 4, .value_kind: by_value}
    .kernarg_segment_size: 28
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 48
    .max_flat_workgroup_size: 32
    .reqd_workgroup_size: [32, 1, 1]
  - .name: dot_ahead
    .symbol: dot_ahead.kd
    .args:
      - {.name: left, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: right, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: sums, .offset: 16, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: trips, .offset: 24, .size: 4, .value_kind: by_value}
    .kernarg_segment_size: 28
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 48
    .max_flat_workgroup_size: 32
    .reqd_workgroup_size: [32, 1, 1]
...
    .end_amdgpu_metadata
