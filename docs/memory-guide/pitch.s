// to[j][i] = from[i][j], n×n f32: three kernels that differ in the way through LDS.
//
// shapes     n a multiple of 32, at most 16384
// arguments  0 from: const f32*    8 to: f32*    16 size = n: u32
// workgroup  256 x 1 x 1, wave32 (8 waves): a tile of 32x32, a thread four elements; grid (n/32, n/32, 1)
// registers  s[0:1] kernarg, s14 and s15 workgroup ids x and y (14 user SGPRs: gfx1100 wants user + system SGPRs >= 16)
//            v[8:11] the thread's elements
// numeric    none: bits are copied
//
// transpose_direct  stores columns: 32 lines an instruction
// transpose_32      a tile in LDS, rows 32 dwords apart: a column is one bank
// transpose_33      rows 33 dwords apart: a column is 32 banks
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

// Of the thread v0 of 256: v1 its row in the tile, v2 its column. s[4:5] from, s[6:7] to, s8 n, s9 the offset of eight rows.
// v3 the offset of its element in the tile of `from`, s2 and s3 the first row and column of that.
.macro PLACE
    s_load_b128 s[4:7], s[0:1], 0x0
    s_load_b32 s8, s[0:1], 0x10
    v_and_b32_e32 v0, 0x3ff, v0
    v_lshrrev_b32_e32 v1, 5, v0
    v_and_b32_e32 v2, 31, v0
    s_lshl_b32 s2, s15, 5
    s_lshl_b32 s3, s14, 5
    v_add_nc_u32_e32 v3, s2, v1
    s_waitcnt lgkmcnt(0)
    v_mul_lo_u32 v3, v3, s8
    v_add3_u32 v3, v3, v2, s3
    v_lshlrev_b32_e32 v3, 2, v3
    s_lshl_b32 s9, s8, 5
.endm

// Four rows of the tile, eight apart.
.macro FETCH
.irp i, 8, 9, 10, 11
    global_load_b32 v[\i], v3, s[4:5]
    v_add_nc_u32_e32 v3, s9, v3
.endr
.endm

// Through LDS, rows `pitch` bytes apart: rows in, columns out.
.macro THROUGH_LDS pitch
    v_lshlrev_b32_e32 v4, 2, v2
    v_mul_u32_u24_e32 v5, \pitch, v1
    v_add_nc_u32_e32 v4, v4, v5
    v_mul_u32_u24_e32 v5, \pitch, v2
    v_lshl_add_u32 v5, v1, 2, v5
    s_waitcnt vmcnt(0)
    ds_store_b32 v4, v8
    ds_store_b32 v4, v9 offset:8*\pitch
    ds_store_b32 v4, v10 offset:16*\pitch
    ds_store_b32 v4, v11 offset:24*\pitch
    s_waitcnt lgkmcnt(0)
    s_barrier
    ds_load_b32 v8, v5
    ds_load_b32 v9, v5 offset:32
    ds_load_b32 v10, v5 offset:64
    ds_load_b32 v11, v5 offset:96
    v_add_nc_u32_e32 v3, s3, v1
    v_mul_lo_u32 v3, v3, s8
    v_add3_u32 v3, v3, v2, s2
    v_lshlrev_b32_e32 v3, 2, v3
    s_waitcnt lgkmcnt(0)
.irp i, 8, 9, 10, 11
    global_store_b32 v3, v[\i], s[6:7]
    v_add_nc_u32_e32 v3, s9, v3
.endr
.endm

    KERNEL transpose_direct
    PLACE
    FETCH
    v_add_nc_u32_e32 v4, s3, v2
    v_mul_lo_u32 v4, v4, s8
    v_add3_u32 v4, v4, v1, s2
    v_lshlrev_b32_e32 v4, 2, v4
    s_waitcnt vmcnt(0)
    global_store_b32 v4, v8, s[6:7]
    global_store_b32 v4, v9, s[6:7] offset:32
    global_store_b32 v4, v10, s[6:7] offset:64
    global_store_b32 v4, v11, s[6:7] offset:96
    END transpose_direct, 20, 12, 0, 14, 1

    KERNEL transpose_32
    PLACE
    FETCH
    THROUGH_LDS 128
    END transpose_32, 20, 12, 4096, 14, 1

    KERNEL transpose_33
    PLACE
    FETCH
    THROUGH_LDS 132
    END transpose_33, 20, 12, 4224, 14, 1

    .amdgpu_metadata
---
amdhsa.version:
  - 1
  - 2
amdhsa.target: amdgcn-amd-amdhsa--gfx1100
amdhsa.kernels:
  - .name: transpose_direct
    .symbol: transpose_direct.kd
    .args:
      - {.name: from, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: to, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: size, .offset: 16, .size: 4, .value_kind: by_value}
    .kernarg_segment_size: 20
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 12
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size: [256, 1, 1]
  - .name: transpose_32
    .symbol: transpose_32.kd
    .args:
      - {.name: from, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: to, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: size, .offset: 16, .size: 4, .value_kind: by_value}
    .kernarg_segment_size: 20
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 4096
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 12
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size: [256, 1, 1]
  - .name: transpose_33
    .symbol: transpose_33.kd
    .args:
      - {.name: from, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: to, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: size, .offset: 16, .size: 4, .value_kind: by_value}
    .kernarg_segment_size: 20
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 4224
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 12
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size: [256, 1, 1]
...
    .end_amdgpu_metadata
