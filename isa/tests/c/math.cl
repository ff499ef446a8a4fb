kernel void builtins(global float *p, global uint *u) {
    p[0] = __builtin_amdgcn_rcpf(p[1]) + __builtin_amdgcn_sinf(p[2]) + __builtin_amdgcn_fmed3f(p[3], p[4], p[5]);
    p[6] = __builtin_fmaf(p[7], p[8], p[9]);
    p[10] = __builtin_fabsf(p[11]) - __builtin_floorf(p[12]) + __builtin_rintf(p[13]);
    u[0] = __builtin_amdgcn_mbcnt_hi(~0u, __builtin_amdgcn_mbcnt_lo(~0u, u[1]));
    u[2] = __builtin_amdgcn_readfirstlane(u[3]);
    u[4] = __builtin_amdgcn_ds_bpermute(u[5], u[6]);
    u[7] = __builtin_amdgcn_update_dpp(u[8], u[9], 0x111, 0xf, 0xf, false);
    u[10] = __builtin_amdgcn_perm(u[11], u[12], u[13]);
    u[14] = __builtin_amdgcn_ubfe(u[15], 3, 5) + __builtin_amdgcn_sbfe(u[16], 2, 9);
    __builtin_amdgcn_s_sleep(2);
    __builtin_amdgcn_s_sendmsg(1, 0);
    u[17] = __builtin_amdgcn_s_getreg(0x1801);
}
