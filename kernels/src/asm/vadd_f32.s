// vadd_f32: y[i] = a[i] + b[i], i < n
//
// op         element-wise addition of two f32 arrays
// shapes     n elements, 0 < n < 2^32
// tile       one element a thread; grid (ceil(n/256), 1, 1)
// workgroup  256 x 1 x 1, wave32 (8 waves)
// resources  VGPR 3, SGPR 16 + VCC, LDS 0, scratch 0
// arguments  0 a: const f32*    8 b: const f32*    16 dst = y: f32*    24 count = n: u32
// registers  s[0:1] kernarg, s15 workgroup id x (15 user SGPRs: gfx1100 wants user + system SGPRs >= 16 in wave32)
//            s[4:7] a, b   s[8:9] y   s10 n
//            v0 byte offset inside the workgroup's slice   v1 a, then the sum   v2 b: banks 0, 1, 2
// numeric    one IEEE-754 f32 addition an element, round to nearest even, denormals kept; NaN payloads unspecified
    .amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
    .amdhsa_code_object_version 5
    .text
    .protected vadd_f32
    .globl vadd_f32
    .p2align 8
    .type vadd_f32,@function
vadd_f32:
    s_clause 0x2
    s_load_b128 s[4:7], s[0:1], 0x0
    s_load_b64 s[8:9], s[0:1], 0x10
    s_load_b32 s10, s[0:1], 0x18
    v_and_b32_e32 v0, 0x3ff, v0
    s_lshl_b32 s2, s15, 8
    s_delay_alu instid0(VALU_DEP_1) | instid1(SALU_CYCLE_1)
    v_add_nc_u32_e32 v1, s2, v0
    s_waitcnt lgkmcnt(0)
    v_cmpx_gt_u32_e64 s10, v1
    s_cbranch_execz .Lvadd_end
    // The slice's base in 64 bits, so that n·4 may pass 4 GiB: workgroup · 1024 bytes.
    s_lshl_b32 s2, s15, 10
    s_lshr_b32 s3, s15, 22
    v_lshlrev_b32_e32 v0, 2, v0
    s_add_u32 s4, s4, s2
    s_addc_u32 s5, s5, s3
    s_add_u32 s6, s6, s2
    s_addc_u32 s7, s7, s3
    s_clause 0x1
    global_load_b32 v1, v0, s[4:5]
    global_load_b32 v2, v0, s[6:7]
    s_add_u32 s8, s8, s2
    s_addc_u32 s9, s9, s3
    s_waitcnt vmcnt(0)
    v_add_f32_e32 v1, v1, v2
    global_store_b32 v0, v1, s[8:9]
    s_nop 0
    s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
.Lvadd_end:
    s_endpgm
.Lvadd_size:
    .size vadd_f32, .Lvadd_size-vadd_f32
    // s_code_end up to a cache line and beyond, for the instruction prefetch.
    .p2alignl 7, 0xbf9f0000
    .fill 48, 4, 0xbf9f0000

    .section .rodata,"a",@progbits
    .p2align 6, 0x0
    .amdhsa_kernel vadd_f32
        .amdhsa_kernarg_size 28
        .amdhsa_user_sgpr_count 15
        .amdhsa_user_sgpr_kernarg_segment_ptr 1
        .amdhsa_wavefront_size32 1
        .amdhsa_system_sgpr_workgroup_id_x 1
        .amdhsa_system_sgpr_workgroup_id_y 0
        .amdhsa_system_sgpr_workgroup_id_z 0
        .amdhsa_system_vgpr_workitem_id 0
        .amdhsa_next_free_vgpr 3
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
  - .name: vadd_f32
    .symbol: vadd_f32.kd
    .args:
      - .name: a
        .offset: 0
        .size: 8
        .value_kind: global_buffer
        .address_space: global
        .access: read_only
        .actual_access: read_only
        .is_const: true
      - .name: b
        .offset: 8
        .size: 8
        .value_kind: global_buffer
        .address_space: global
        .access: read_only
        .actual_access: read_only
        .is_const: true
      - .name: dst
        .offset: 16
        .size: 8
        .value_kind: global_buffer
        .address_space: global
        .access: write_only
        .actual_access: write_only
      - .name: count
        .offset: 24
        .size: 4
        .value_kind: by_value
    .kernarg_segment_size: 28
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 18
    .vgpr_count: 3
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size:
      - 256
      - 1
      - 1
    .workgroup_processor_mode: 1
...
    .end_amdgpu_metadata
