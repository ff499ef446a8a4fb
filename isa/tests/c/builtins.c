#define KERNEL __attribute__((amdgpu_kernel))
KERNEL void lanes(int *p, float *f) {
    int t = __builtin_amdgcn_workitem_id_x();
    p[t] = __builtin_amdgcn_readfirstlane(p[t + 64]);
    p[t + 128] = __builtin_amdgcn_ds_bpermute(t * 4 ^ 4, p[t]);
    p[t + 192] = __builtin_amdgcn_update_dpp(0, p[t], 0x111, 0xf, 0xf, 1);
    p[t + 256] = __builtin_amdgcn_mov_dpp8(p[t], 0x53977);
    f[t] = __builtin_amdgcn_rcpf(f[t]) + __builtin_amdgcn_rsqf(f[t + 1]) + __builtin_amdgcn_sinf(f[t + 2]);
    f[t + 64] = __builtin_amdgcn_fmed3f(f[t], 0.0f, 1.0f) + __builtin_amdgcn_ldexpf(f[t], p[t]);
    p[t + 384] = __builtin_amdgcn_perm(p[t], p[t + 1], 0x03020100) + __builtin_amdgcn_ubfe(p[t], 3, 7);
    __builtin_amdgcn_s_barrier();
    p[t + 448] = __builtin_amdgcn_s_getreg(0xf801) + (int)__builtin_readcyclecounter();
    __builtin_amdgcn_s_sleep(2);
    __builtin_amdgcn_s_setprio(1);
#if __AMDGCN_WAVEFRONT_SIZE == 64
    p[t + 512] = (int)__builtin_amdgcn_ballot_w64(f[t] > 1.0f);
#else
    p[t + 512] = __builtin_amdgcn_ballot_w32(f[t] > 1.0f);
#endif
}
