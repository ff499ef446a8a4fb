kernel void reduce(global const float *in, global float *out, local float *s, uint n) {
    uint l = get_local_id(0), g = get_global_id(0);
    s[l] = g < n ? in[g] : 0.0f;
    for (uint k = get_local_size(0) / 2; k; k /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (l < k)
            s[l] += s[l + k];
    }
    if (l == 0)
        out[get_group_id(0)] = s[0];
}
kernel void scan(global int *p) {
    local int s[256];
    uint l = get_local_id(0);
    s[l] = p[l];
    for (uint k = 1; k < 256; k <<= 1) {
        barrier(CLK_LOCAL_MEM_FENCE);
        int v = l >= k ? s[l - k] : 0;
        barrier(CLK_LOCAL_MEM_FENCE);
        s[l] += v;
    }
    p[l] = s[l];
}
