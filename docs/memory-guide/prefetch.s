// sums[g] = the sum of `count` rows of a table that index[g] names, f32: two kernels that differ in when they load a row.
//
// shapes     rows of 32 floats, a cache line; less than 2^25 of them; count a multiple of 8, at least 8; any number of sums
// arguments  0 table: const f32[32]*    8 index: const u32[count]*    16 sums: f32[32]*    24 count: u32
// workgroup  32 x 1 x 1, one wave32: a lane a column; grid (sums, 1, 1)
// registers  s[0:1] kernarg, s15 workgroup id x (15 user SGPRs: gfx1100 wants user + system SGPRs >= 16 in wave32)
//            s[16:23] eight indices   s[24:31] the next eight   v1 the sum   v2 offset of a row   v[8:15] rows
// numeric    f32 additions in the order of the index, round to nearest even, denormals kept
//
// gather_wait   loads a row, waits for it, adds it
// gather_ahead  has eight rows under way, and the indices of eight more; vmcnt counts down in the order of issue, so that
//               vmcnt(7) waits for the oldest
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

// s[4:5] table, s[6:7] this bag's index, s[8:9] sums, s10 count, v0 offset of the lane's column, v1 = 0.
.macro BAG
    s_load_b128 s[4:7], s[0:1], 0x0
    s_load_b64 s[8:9], s[0:1], 0x10
    s_load_b32 s10, s[0:1], 0x18
    v_and_b32_e32 v0, 0x3ff, v0
    v_lshlrev_b32_e32 v0, 2, v0
    v_mov_b32_e32 v1, 0
    s_waitcnt lgkmcnt(0)
    s_lshl_b32 s2, s10, 2
    s_mul_hi_u32 s3, s2, s15
    s_mul_i32 s2, s2, s15
    s_add_u32 s6, s6, s2
    s_addc_u32 s7, s7, s3
.endm

// The wave's line of the row in s[\s], on its way to v[\v].
.macro ROW v, s
    v_lshl_add_u32 v2, s[\s], 7, v0
    global_load_b32 v[\v], v2, s[4:5]
.endm

    KERNEL gather_wait
    BAG
.Lwait:
    s_load_b256 s[16:23], s[6:7], 0x0
    s_add_u32 s6, s6, 32
    s_addc_u32 s7, s7, 0
    s_sub_u32 s10, s10, 8
    s_waitcnt lgkmcnt(0)
.irp i, 0, 1, 2, 3, 4, 5, 6, 7
    ROW 8+\i, 16+\i
    s_waitcnt vmcnt(0)
    v_add_f32_e32 v1, v1, v[8+\i]
.endr
    s_cmp_lg_u32 s10, 0
    s_cbranch_scc1 .Lwait
    v_lshl_add_u32 v2, s15, 7, v0
    global_store_b32 v2, v1, s[8:9]
    END gather_wait, 28, 16, 0, 15, 0

    KERNEL gather_ahead
    BAG
    s_load_b256 s[16:23], s[6:7], 0x0
    s_waitcnt lgkmcnt(0)
.irp i, 0, 1, 2, 3, 4, 5, 6, 7
    ROW 8+\i, 16+\i
.endr
    s_cmp_eq_u32 s10, 8
    s_cbranch_scc1 .Ldrain
    s_load_b256 s[24:31], s[6:7], 0x20
.Lahead:
    s_waitcnt lgkmcnt(0)
    s_mov_b64 s[16:17], s[24:25]
    s_mov_b64 s[18:19], s[26:27]
    s_mov_b64 s[20:21], s[28:29]
    s_mov_b64 s[22:23], s[30:31]
    s_sub_u32 s10, s10, 8
    s_cmp_eq_u32 s10, 8
    s_cbranch_scc1 .Lrows
    s_add_u32 s6, s6, 32
    s_addc_u32 s7, s7, 0
    s_load_b256 s[24:31], s[6:7], 0x20
.Lrows:
.irp i, 0, 1, 2, 3, 4, 5, 6, 7
    s_waitcnt vmcnt(7)
    v_add_f32_e32 v1, v1, v[8+\i]
    ROW 8+\i, 16+\i
.endr
    s_cmp_lg_u32 s10, 8
    s_cbranch_scc1 .Lahead
.Ldrain:
.irp i, 0, 1, 2, 3, 4, 5, 6, 7
    s_waitcnt vmcnt(7-\i)
    v_add_f32_e32 v1, v1, v[8+\i]
.endr
    v_lshl_add_u32 v2, s15, 7, v0
    global_store_b32 v2, v1, s[8:9]
    END gather_ahead, 28, 16, 0, 15, 0

    .amdgpu_metadata
---
amdhsa.version:
  - 1
  - 2
amdhsa.target: amdgcn-amd-amdhsa--gfx1100
amdhsa.kernels:
  - .name: gather_wait
    .symbol: gather_wait.kd
    .args:
      - {.name: table, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: index, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: sums, .offset: 16, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: count, .offset: 24, .size: 4, .value_kind: by_value}
    .kernarg_segment_size: 28
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 16
    .max_flat_workgroup_size: 32
    .reqd_workgroup_size: [32, 1, 1]
  - .name: gather_ahead
    .symbol: gather_ahead.kd
    .args:
      - {.name: table, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: index, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: sums, .offset: 16, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: count, .offset: 24, .size: 4, .value_kind: by_value}
    .kernarg_segment_size: 28
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 16
    .max_flat_workgroup_size: 32
    .reqd_workgroup_size: [32, 1, 1]
...
    .end_amdgpu_metadata
