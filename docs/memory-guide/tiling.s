// C = A·B, n×n matrices of f32 in row order: three kernels that differ in how they get at memory.
//
// shapes     n a multiple of 32, at most 16384
// arguments  0 a: const f32*    8 b: const f32*    16 c: f32*    24 size = n: u32
// workgroup  256 x 1 x 1, wave32 (8 waves)
// registers  s[0:1] kernarg, s14 and s15 workgroup ids x and y (14 user SGPRs: gfx1100 wants user + system SGPRs >= 16)
//            s[4:5] a   s[6:7] b   s[8:9] c   s10 n, then what is left of the depth   s11 n·4
//            v[8:11] sums of the four rows   v[12:27] their floats of A   v[28:31] of B   v[32:39] the next tile's
// numeric    f32 fused multiply-adds in the order of the depth, round to nearest even, denormals kept
//
// matmul_direct  a thread one element, grid (n/32, n/8); all from memory
// matmul_tile    a workgroup 32x32, a thread four rows of a column, grid (n/32, n/32); 32x32 of A and of B in 8 KiB of LDS
// matmul_ahead   the same with two tiles in 16 KiB of LDS: the next one comes from memory during the multiply-adds of this
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

    KERNEL matmul_direct
    s_load_b128 s[4:7], s[0:1], 0x0
    s_load_b64 s[8:9], s[0:1], 0x10
    s_load_b32 s10, s[0:1], 0x18
    v_and_b32_e32 v0, 0x3ff, v0
    v_lshrrev_b32_e32 v1, 5, v0
    v_and_b32_e32 v2, 31, v0
    s_lshl_b32 s2, s15, 3
    s_lshl_b32 s3, s14, 5
    v_add_nc_u32_e32 v1, s2, v1
    v_add_nc_u32_e32 v2, s3, v2
    s_waitcnt lgkmcnt(0)
    v_mul_lo_u32 v1, v1, s10
    v_add_lshl_u32 v3, v1, v2, 2
    v_lshlrev_b32_e32 v1, 2, v1
    v_lshlrev_b32_e32 v2, 2, v2
    s_lshl_b32 s11, s10, 2
    v_mov_b32_e32 v4, 0
.Ldirect:
    global_load_b32 v5, v1, s[4:5]
    global_load_b32 v6, v2, s[6:7]
    v_add_nc_u32_e32 v1, 4, v1
    v_add_nc_u32_e32 v2, s11, v2
    s_sub_u32 s10, s10, 1
    s_cmp_lg_u32 s10, 0
    s_waitcnt vmcnt(0)
    v_fmac_f32_e32 v4, v5, v6
    s_cbranch_scc1 .Ldirect
    global_store_b32 v3, v4, s[8:9]
    END matmul_direct, 28, 8, 0, 14, 1


// For the thread v0 of 256: v2 and v3 offsets of its four floats of the first tiles of A and B, v4 of its first element of
// C, v5 where those floats go in LDS, v6 and v7 where its rows of A and its column of B begin there. s10 n, s11 the pitch.
.macro PLACE
    s_load_b128 s[4:7], s[0:1], 0x0
    s_load_b64 s[8:9], s[0:1], 0x10
    s_load_b32 s10, s[0:1], 0x18
    v_and_b32_e32 v0, 0x3ff, v0
    v_lshrrev_b32_e32 v1, 3, v0
    v_and_b32_e32 v2, 7, v0
    v_lshlrev_b32_e32 v2, 2, v2
    s_lshl_b32 s2, s15, 5
    s_lshl_b32 s3, s14, 5
    v_add_nc_u32_e32 v4, s2, v1
    s_waitcnt lgkmcnt(0)
    s_lshl_b32 s11, s10, 2
    v_mul_lo_u32 v3, v1, s10
    v_mul_lo_u32 v1, v4, s10
    v_add3_u32 v3, v3, v2, s3
    v_add_lshl_u32 v2, v1, v2, 2
    v_lshlrev_b32_e32 v3, 2, v3
    // The wave's four rows of C, the lane's column.
    v_lshrrev_b32_e32 v6, 5, v0
    v_and_b32_e32 v7, 31, v0
    v_lshl_add_u32 v4, v6, 2, s2
    v_mul_lo_u32 v4, v4, s10
    v_add3_u32 v4, v4, v7, s3
    v_lshlrev_b32_e32 v4, 2, v4
    v_lshlrev_b32_e32 v5, 4, v0
    v_lshlrev_b32_e32 v6, 9, v6
    v_lshl_add_u32 v7, v7, 2, 0x1000
    v_mov_b32_e32 v8, 0
    v_mov_b32_e32 v9, 0
    v_mov_b32_e32 v10, 0
    v_mov_b32_e32 v11, 0
.endm

// Four of the depth: four rows of A, the same for all lanes of a wave, and four rows of B; 16 multiply-adds.
.macro QUAD q
    ds_load_b128 v[12:15], v6 offset:16*\q
    ds_load_b128 v[16:19], v6 offset:16*\q+128
    ds_load_b128 v[20:23], v6 offset:16*\q+256
    ds_load_b128 v[24:27], v6 offset:16*\q+384
    ds_load_b32 v28, v7 offset:512*\q
    ds_load_b32 v29, v7 offset:512*\q+128
    ds_load_b32 v30, v7 offset:512*\q+256
    ds_load_b32 v31, v7 offset:512*\q+384
    s_waitcnt lgkmcnt(0)
.irp i, 0, 1, 2, 3
    v_fmac_f32_e32 v8, v[12+\i], v[28+\i]
    v_fmac_f32_e32 v9, v[16+\i], v[28+\i]
    v_fmac_f32_e32 v10, v[20+\i], v[28+\i]
    v_fmac_f32_e32 v11, v[24+\i], v[28+\i]
.endr
.endm

.macro QUADS
.irp q, 0, 1, 2, 3, 4, 5, 6, 7
    QUAD \q
.endr
.endm

// The next tile's floats of A and B, on their way to v[32:35] and v[36:39].
.macro FETCH
    global_load_b128 v[32:35], v2, s[4:5]
    global_load_b128 v[36:39], v3, s[6:7]
    v_add_nc_u32_e32 v2, 0x80, v2
    v_lshl_add_u32 v3, s11, 5, v3
.endm

.macro STORE
.irp i, 8, 9, 10, 11
    global_store_b32 v4, v[\i], s[8:9]
    v_add_nc_u32_e32 v4, s11, v4
.endr
.endm

    KERNEL matmul_tile
    PLACE
.Ltile:
    FETCH
    s_sub_u32 s10, s10, 32
    // All waves are done with the tile before.
    s_barrier
    s_waitcnt vmcnt(0)
    ds_store_b128 v5, v[32:35]
    ds_store_b128 v5, v[36:39] offset:4096
    s_waitcnt lgkmcnt(0)
    s_barrier
    QUADS
    s_cmp_lg_u32 s10, 0
    s_cbranch_scc1 .Ltile
    STORE
    END matmul_tile, 28, 40, 8192, 14, 1

    KERNEL matmul_ahead
    PLACE
    FETCH
    s_waitcnt vmcnt(0)
    ds_store_b128 v5, v[32:35]
    ds_store_b128 v5, v[36:39] offset:4096
.Lahead:
    s_waitcnt lgkmcnt(0)
    // This tile is there, and all waves are done with the one before, whose place the next one takes.
    s_barrier
    s_sub_u32 s10, s10, 32
    s_cmp_eq_u32 s10, 0
    s_cbranch_scc1 .Llast
    FETCH
    QUADS
    v_xor_b32_e32 v5, 0x2000, v5
    v_xor_b32_e32 v6, 0x2000, v6
    v_xor_b32_e32 v7, 0x2000, v7
    s_waitcnt vmcnt(0)
    ds_store_b128 v5, v[32:35]
    ds_store_b128 v5, v[36:39] offset:4096
    s_branch .Lahead
.Llast:
    QUADS
    STORE
    END matmul_ahead, 28, 40, 16384, 14, 1

    .amdgpu_metadata
---
amdhsa.version:
  - 1
  - 2
amdhsa.target: amdgcn-amd-amdhsa--gfx1100
amdhsa.kernels:
  - .name: matmul_direct
    .symbol: matmul_direct.kd
    .args:
      - {.name: a, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: b, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: c, .offset: 16, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: size, .offset: 24, .size: 4, .value_kind: by_value}
    .kernarg_segment_size: 28
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 8
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size: [256, 1, 1]
  - .name: matmul_tile
    .symbol: matmul_tile.kd
    .args:
      - {.name: a, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: b, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: c, .offset: 16, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: size, .offset: 24, .size: 4, .value_kind: by_value}
    .kernarg_segment_size: 28
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 8192
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 40
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size: [256, 1, 1]
  - .name: matmul_ahead
    .symbol: matmul_ahead.kd
    .args:
      - {.name: a, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: b, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: c, .offset: 16, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: size, .offset: 24, .size: 4, .value_kind: by_value}
    .kernarg_segment_size: 28
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 16384
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 40
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size: [256, 1, 1]
...
    .end_amdgpu_metadata
