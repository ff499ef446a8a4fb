// e[i] = m·|v|²/2 of particles, f32: four kernels that differ in where the particles' floats lie and in how they are loaded.
//
// shapes     a multiple of 256 particles, of 1024 in energy_arrays_b128, at most 2^26; the grid is the size
// workgroup  256 x 1 x 1, wave32 (8 waves)
// registers  s[0:1] kernarg, s15 workgroup id x (15 user SGPRs: gfx1100 wants user + system SGPRs >= 16 in wave32)
//            v0 offset of the energy   v5 of the structure   v[1:4] speed and mass
// numeric    x² + y² + z² by fused multiply-adds in this order, times m/2; round to nearest even, denormals kept
//
// energy_structures       0 particles: const f32[8]* {place[3], speed[3], mass, charge}   8 energies: f32*; a thread a particle
// energy_structures_b128  the same, speed and mass in one load
// energy_arrays           0 vx  8 vy  16 vz  24 mass: const f32*   32 energies: f32*; a thread a particle
// energy_arrays_b128      the same, a thread four neighbours
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

// x = m·(x² + y² + z²)/2, of VGPR numbers.
.macro ENERGY x, y, z, m
    v_mul_f32_e32 v[\x], v[\x], v[\x]
    v_fmac_f32_e32 v[\x], v[\y], v[\y]
    v_fmac_f32_e32 v[\x], v[\z], v[\z]
    v_mul_f32_e32 v[\m], 0.5, v[\m]
    v_mul_f32_e32 v[\x], v[\m], v[\x]
.endm

    KERNEL energy_structures
    s_load_b128 s[4:7], s[0:1], 0x0
    v_and_b32_e32 v0, 0x3ff, v0
    v_lshl_add_u32 v0, s15, 8, v0
    v_lshlrev_b32_e32 v5, 5, v0
    v_lshlrev_b32_e32 v0, 2, v0
    s_waitcnt lgkmcnt(0)

    global_load_b32 v1, v5, s[4:5] offset:12
    global_load_b32 v2, v5, s[4:5] offset:16
    global_load_b32 v3, v5, s[4:5] offset:20
    global_load_b32 v4, v5, s[4:5] offset:24
    s_waitcnt vmcnt(0)
    ENERGY 1, 2, 3, 4
    global_store_b32 v0, v1, s[6:7]
    END energy_structures, 16, 6, 0, 15, 0

    KERNEL energy_structures_b128
    s_load_b128 s[4:7], s[0:1], 0x0
    v_and_b32_e32 v0, 0x3ff, v0
    v_lshl_add_u32 v0, s15, 8, v0
    v_lshlrev_b32_e32 v5, 5, v0
    v_lshlrev_b32_e32 v0, 2, v0
    s_waitcnt lgkmcnt(0)

    global_load_b128 v[1:4], v5, s[4:5] offset:12
    s_waitcnt vmcnt(0)
    ENERGY 1, 2, 3, 4
    global_store_b32 v0, v1, s[6:7]
    END energy_structures_b128, 16, 6, 0, 15, 0

    KERNEL energy_arrays
    s_load_b256 s[4:11], s[0:1], 0x0
    s_load_b64 s[12:13], s[0:1], 0x20
    v_and_b32_e32 v0, 0x3ff, v0
    v_lshl_add_u32 v0, s15, 8, v0
    v_lshlrev_b32_e32 v0, 2, v0
    s_waitcnt lgkmcnt(0)
    global_load_b32 v1, v0, s[4:5]
    global_load_b32 v2, v0, s[6:7]
    global_load_b32 v3, v0, s[8:9]
    global_load_b32 v4, v0, s[10:11]
    s_waitcnt vmcnt(0)
    ENERGY 1, 2, 3, 4
    global_store_b32 v0, v1, s[12:13]
    END energy_arrays, 40, 6, 0, 15, 0

    KERNEL energy_arrays_b128
    s_load_b256 s[4:11], s[0:1], 0x0
    s_load_b64 s[12:13], s[0:1], 0x20
    v_and_b32_e32 v0, 0x3ff, v0
    v_lshl_add_u32 v0, s15, 8, v0
    v_lshlrev_b32_e32 v0, 4, v0
    s_waitcnt lgkmcnt(0)
    global_load_b128 v[2:5], v0, s[4:5]
    global_load_b128 v[6:9], v0, s[6:7]
    global_load_b128 v[10:13], v0, s[8:9]
    global_load_b128 v[14:17], v0, s[10:11]
    s_waitcnt vmcnt(0)
    ENERGY 2, 6, 10, 14
    ENERGY 3, 7, 11, 15
    ENERGY 4, 8, 12, 16
    ENERGY 5, 9, 13, 17
    global_store_b128 v0, v[2:5], s[12:13]
    END energy_arrays_b128, 40, 18, 0, 15, 0

    .amdgpu_metadata
---
amdhsa.version:
  - 1
  - 2
amdhsa.target: amdgcn-amd-amdhsa--gfx1100
amdhsa.kernels:
  - .name: energy_structures
    .symbol: energy_structures.kd
    .args:
      - {.name: particles, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: energies, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
    .kernarg_segment_size: 16
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 6
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size: [256, 1, 1]
  - .name: energy_structures_b128
    .symbol: energy_structures_b128.kd
    .args:
      - {.name: particles, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: energies, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
    .kernarg_segment_size: 16
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 6
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size: [256, 1, 1]
  - .name: energy_arrays
    .symbol: energy_arrays.kd
    .args:
      - {.name: vx, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: vy, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: vz, .offset: 16, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: mass, .offset: 24, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: energies, .offset: 32, .size: 8, .value_kind: global_buffer, .address_space: global}
    .kernarg_segment_size: 40
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 6
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size: [256, 1, 1]
  - .name: energy_arrays_b128
    .symbol: energy_arrays_b128.kd
    .args:
      - {.name: vx, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: vy, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: vz, .offset: 16, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: mass, .offset: 24, .size: 8, .value_kind: global_buffer, .address_space: global}
      - {.name: energies, .offset: 32, .size: 8, .value_kind: global_buffer, .address_space: global}
    .kernarg_segment_size: 40
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 34
    .vgpr_count: 18
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size: [256, 1, 1]
...
    .end_amdgpu_metadata
