__constant float weights[9] = {1, 2, 1, 2, 4, 2, 1, 2, 1};
kernel void reduce(global const float *in, global float *out, local float *tmp) {
    int l = get_local_id(0), g = get_global_id(0);
    tmp[l] = in[g];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int s = get_local_size(0) / 2; s > 0; s >>= 1) {
        if (l < s) tmp[l] += tmp[l + s];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (l == 0) out[get_group_id(0)] = tmp[0];
}
kernel void tile(global const float4 *in, global float4 *out, int w) {
    local float4 block[16][17];
    int x = get_local_id(0), y = get_local_id(1);
    block[y][x] = in[get_global_id(1) * w + get_global_id(0)];
    barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0) * w + get_global_id(1)] = block[x][y] * weights[x % 9];
}
kernel void atomics(global int *p, global long *q, local int *l) {
    atomic_add(p, 3);
    atomic_cmpxchg(p + 1, 4, 5);
    atom_max(q, 7L);
    atomic_inc(l);
    p[2] = atomic_xchg(p + 3, l[0]);
}
kernel void scratch(global int *p, int n) {
    int a[64];
    for (int i = 0; i < 64; i++) a[i] = p[i] * i;
    for (int i = 0; i < 64; i++) p[i] = a[(i * n) & 63];
}
