// fill_u32: y[i] = value, i < n
//
// op         fills an array of dwords (u32, or f32 by its bits)
// shapes     n dwords, 0 < n < 2^32
// tile       one dword a thread; grid (ceil(n/256), 1, 1)
// workgroup  256 x 1 x 1, wave32 (8 waves)
// resources  VGPR 2, SGPR 16 + VCC, LDS 0, scratch 0
// arguments  0 dst = y: u32*    8 count = n: u32    12 value: u32
// registers  s[0:1] kernarg, s15 workgroup id x (15 user SGPRs: gfx1100 wants user + system SGPRs >= 16 in wave32)
//            s[4:5] y   s6 n   s7 value   v0 byte offset inside the workgroup's slice   v1 value
// numeric    bits are copied
    .amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
    .amdhsa_code_object_version 5
    .text
    .protected fill_u32
    .globl fill_u32
    .p2align 8
    .type fill_u32,@function
fill_u32:
    s_load_b128 s[4:7], s[0:1], 0x0
    v_and_b32_e32 v0, 0x3ff, v0
    s_lshl_b32 s2, s15, 8
    s_delay_alu instid0(VALU_DEP_1) | instid1(SALU_CYCLE_1)
    v_add_nc_u32_e32 v1, s2, v0
    s_waitcnt lgkmcnt(0)
    v_cmpx_gt_u32_e64 s6, v1
    s_cbranch_execz .Lfill_end
    // The slice's base in 64 bits, so that n·4 may pass 4 GiB: workgroup · 1024 bytes.
    s_lshl_b32 s2, s15, 10
    s_lshr_b32 s3, s15, 22
    v_dual_mov_b32 v1, s7 :: v_dual_lshlrev_b32 v0, 2, v0
    s_add_u32 s4, s4, s2
    s_addc_u32 s5, s5, s3
    global_store_b32 v0, v1, s[4:5]
    s_nop 0
    s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
.Lfill_end:
    s_endpgm
.Lfill_size:
    .size fill_u32, .Lfill_size-fill_u32
    // s_code_end up to a cache line and beyond, for the instruction prefetch.
    .p2alignl 7, 0xbf9f0000
    .fill 48, 4, 0xbf9f0000

    .section .rodata,"a",@progbits
    .p2align 6, 0x0
    .amdhsa_kernel fill_u32
        .amdhsa_kernarg_size 16
        .amdhsa_user_sgpr_count 15
        .amdhsa_user_sgpr_kernarg_segment_ptr 1
        .amdhsa_wavefront_size32 1
        .amdhsa_system_sgpr_workgroup_id_x 1
        .amdhsa_system_sgpr_workgroup_id_y 0
        .amdhsa_system_sgpr_workgroup_id_z 0
        .amdhsa_system_vgpr_workitem_id 0
        .amdhsa_next_free_vgpr 2
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
  - .name: fill_u32
    .symbol: fill_u32.kd
    .args:
      - .name: dst
        .offset: 0
        .size: 8
        .value_kind: global_buffer
        .address_space: global
        .access: write_only
        .actual_access: write_only
      - .name: count
        .offset: 8
        .size: 4
        .value_kind: by_value
      - .name: value
        .offset: 12
        .size: 4
        .value_kind: by_value
    .kernarg_segment_size: 16
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 18
    .vgpr_count: 2
    .max_flat_workgroup_size: 256
    .reqd_workgroup_size:
      - 256
      - 1
      - 1
    .workgroup_processor_mode: 1
...
    .end_amdgpu_metadata
