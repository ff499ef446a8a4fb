kernel void histogram(global const uchar *in, volatile global uint *bins, uint n) {
    local uint s[64];
    s[get_local_id(0) & 63] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint k = get_global_id(0); k < n; k += get_global_size(0))
        atomic_inc(&s[in[k] >> 2]);
    barrier(CLK_LOCAL_MEM_FENCE);
    atomic_add(&bins[get_local_id(0) & 63], s[get_local_id(0) & 63]);
}
kernel void all(volatile global int *p, volatile global uint *u, global int *out) {
    out[0] = atomic_xchg(p, 3);
    out[1] = atomic_cmpxchg(p + 1, 4, 5);
    out[2] = atomic_max(p + 2, 6);
    out[3] = atomic_min(u + 3, 7);
    out[4] = atomic_and(p + 4, 8);
    out[5] = atomic_or(p + 5, 9);
    out[6] = atomic_xor(p + 6, 10);
    out[7] = atomic_dec(p + 7);
    atomic_sub(p + 8, 1);
}
