#define KERNEL __attribute__((amdgpu_kernel))
KERNEL void add(int *p, int n) {
    for (int i = 0; i < n; i++)
        p[i] += i;
}
KERNEL void divide(unsigned *p, unsigned long *q, int *r, long *s) {
    p[0] = p[1] / p[2];
    p[3] = p[1] % p[2];
    q[0] = q[1] / q[2];
    r[0] = r[1] / r[2];
    s[0] = s[1] % s[2];
}
KERNEL void floats(float *p, double *q) {
    p[0] = p[1] / p[2] + __builtin_sqrtf(p[3]);
    q[0] = q[1] / q[2] * 3.25 + 1e-300;
}
KERNEL void bits(unsigned *p) {
    p[0] = __builtin_popcount(p[1]) + __builtin_ctz(p[2]) + __builtin_clz(p[3]);
    p[4] = __builtin_bswap32(p[5]) ^ (p[6] << 7 | p[6] >> 25);
}
KERNEL void narrow(unsigned char *a, short *b, long *c) {
    a[0] += b[1];
    b[0] = a[2] * b[3];
    c[0] = (long)b[4] << a[5];
}
