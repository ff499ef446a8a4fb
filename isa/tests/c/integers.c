#define KERNEL __attribute__((amdgpu_kernel))
typedef long long i64;
typedef unsigned long long u64;
KERNEL void wide(i64 *p, u64 *q) {
    p[0] = p[1] * p[2];
    p[3] = p[4] / (p[5] | 1);
    q[0] = q[1] % (q[2] | 1);
    p[6] = p[7] << (q[3] & 63);
    p[8] = p[9] >> (q[4] & 63);
    q[5] = q[6] >> 7 | q[6] << 57;
    p[10] = (__int128)p[11] * p[12] >> 64;
    q[7] = __builtin_popcountll(q[8]) + __builtin_clzll(q[9] | 1) + __builtin_ctzll(q[10] | 1);
}
KERNEL void narrow(signed char *c, short *s, unsigned char *u) {
    c[0] = c[1] * s[0] + u[0];
    s[1] = s[2] / (short)(c[2] | 1);
    u[3] = u[4] >> (s[3] & 7);
    s[4] = __builtin_bswap16(s[5]);
}
