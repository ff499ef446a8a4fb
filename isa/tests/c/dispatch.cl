kernel void ids(global uint *p) {
    size_t k = get_global_linear_id();
    p[k] = get_global_id(0) + get_global_id(1) * 3 + get_global_id(2) * 5;
    p[k + 1] = get_num_groups(1) + get_local_size(2) + get_work_dim() + get_global_offset(0);
}
kernel void many(global int *a, global int *b, global int *c, global int *d, int4 v, float8 f, long n, char x, short2 y) {
    a[0] = v.x + v.w;
    b[n] = (int)f.s7 + x;
    c[n] = y.x * y.y;
    d[n] = (int)(f.s0 * v.y);
}
kernel __attribute__((reqd_work_group_size(64, 1, 1))) void nothing(void) {}
