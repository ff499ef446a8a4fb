#define T 16
kernel __attribute__((reqd_work_group_size(T, T, 1))) void matmul(global const float *a, global const float *b,
                                                                  global float *c, uint n) {
    local float sa[T][T + 1], sb[T][T + 1];
    uint x = get_local_id(0), y = get_local_id(1), col = get_global_id(0), row = get_global_id(1);
    float sum = 0;
    for (uint t = 0; t < n; t += T) {
        sa[y][x] = a[row * n + t + x];
        sb[y][x] = b[(t + y) * n + col];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint k = 0; k < T; k++)
            sum = fma(sa[y][k], sb[k][x], sum);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + col] = sum;
}
