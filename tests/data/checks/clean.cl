// Kernels without faults, as compilers emit them: loops whose conditions merge over lanes, spills, private arrays, padding,
// vectors of three, calls, LDS, atomics, arithmetic of all widths.
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

#define BARRIER                                            \
    do {                                                   \
        __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup"); \
        __builtin_amdgcn_s_barrier();                      \
        __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup"); \
    } while (0)

uint item(void) { return __builtin_amdgcn_workitem_id_x(); }
uint gid(void) { return __builtin_amdgcn_workgroup_id_x() * __builtin_amdgcn_workgroup_size_x() + item(); }

kernel void collatz(global const int *in, global int *out, uint n) {
    uint i = gid();
    if (i >= n) return;
    uint v = in[i], c = 0;
    while (v != 1 && c < 60) {
        if (v & 1) v = 3 * v + 1; else v >>= 1;
        c++;
        if (c == 50) break;
    }
    out[i] = c;
}

kernel void masks(global const int *in, global int *out, uint n) {
    uint i = gid();
    bool p = in[i & 63] > 3, q = false;
    int a = 0;
    for (int k = 0; k < 12; k++) {
        if (in[(i + k) & 63] == k) { q = true; break; }
        if (p && (k & 1)) a += k;
        bool r = q || p;
        if (r && a > 10) a -= 3;
    }
    if (i < n) out[i] = a + (q ? 100 : 0) + (p ? 1000 : 0);
}

kernel void private_array(global const int *in, global int *out, uint n) {
    uint i = gid();
    int a[16];
    for (int k = 0; k < 16; k++) a[(k * 5 + in[i]) & 15] = k * in[i];
    int s = 0;
    for (int k = 0; k < 16; k++) s += a[(k + i) & 15] ^ k;
    if (i < n) out[i] = s;
}

typedef struct { char c; int v; short s; double d; } S;

kernel void structures(global const int *in, global S *out, uint n) {
    uint i = gid();
    if (i >= n) return;
    S s, t;
    s.c = in[i]; s.v = in[i] * 3; s.s = in[i] >> 1; s.d = in[i] * 0.5 + s.v;
    t = s;
    if (i & 1) t.s = -t.s;
    out[i] = t;
}

kernel void of_three(global const int *in, global float3 *out, uint n) {
    uint i = gid();
    if (i >= n) return;
    float3 a;
    a.x = in[i]; a.y = in[i] * 2; a.z = a.x + a.y;
    out[i] = a;
}

kernel void narrow(global const uchar *in, global ushort *out, uint n) {
    uint i = gid();
    if (i >= n) return;
    uchar a = in[i], b = in[(i + 1) % n];
    half h = (half)a;
    half2 p;
    p.x = h; p.y = h * h;
    p = p * p + p;
    out[i] = (ushort)((ushort)(a * b) << 3 | b >> 2) + (ushort)p.x + (ushort)p.y;
}

kernel void through_lds(global const int *in, global int *out, uint n) {
    local int t[128];
    local char3 c[128];
    uint l = item(), i = gid();
    t[l] = in[i];
    char3 z;
    z.x = l; z.y = l * 2; z.z = 3;
    c[l] = z;
    BARRIER;
    char3 q = c[l ^ 1];
    for (int s = 64; s > 0; s >>= 1) {
        if (l < s) t[l] += t[l + s];
        BARRIER;
    }
    if (i < n) out[i] = t[0] + q.x + q.y * q.z;
}

__attribute__((noinline)) int called(int *a, int k) {
    int s = 0;
    for (int j = 0; j < 4; j++) s += a[(j + k) & 3] * j;
    return s;
}

kernel void calls(global const int *in, global int *out, uint n) {
    uint i = gid();
    if (i >= n) return;
    int a[4];
    for (int j = 0; j < 4; j++) a[j] = in[i] + j;
    out[i] = called(a, i) + called(a, in[i]);
}

kernel void arithmetic(global const int *in, global int *out, uint n) {
    uint i = gid();
    if (i >= n) return;
    int v = in[i], r;
    switch (v & 7) {
    case 0: r = v * 3; break;
    case 1: r = v / 7; break;
    case 2: r = v % 5; break;
    case 3: r = v << 3; break;
    case 4: r = __builtin_popcount(v); break;
    default: r = i; if (v & 16) r = v; else r -= v;
    }
    long w = (long)v * r;
    w = w / ((long)i + 3);
    double d = (double)w / 3.0;
    float f = (float)v / (float)(r | 1);
    out[i] = r + (int)w + (int)d + (int)f;
}

kernel void atomics(global const int *in, global int *out, uint n) {
    uint i = gid();
    volatile global atomic_int *a = (volatile global atomic_int *)out;
    if (i >= n) return;
    int k = __opencl_atomic_fetch_add(a, in[i], memory_order_relaxed, memory_scope_device);
    if (k >= 0) __opencl_atomic_fetch_max(a + 1 + (i & 15), (int)i, memory_order_relaxed, memory_scope_device);
}
