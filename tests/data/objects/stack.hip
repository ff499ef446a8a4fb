// Scratch: private arrays, spilled registers, recursion, calls through pointers. No device library.
#define GLOBAL __attribute__((global))
#define DEVICE __attribute__((device))
#define NOINLINE __attribute__((noinline))
typedef unsigned u32;
DEVICE static u32 item() { return __builtin_amdgcn_workgroup_id_x() * __builtin_amdgcn_workgroup_size_x() + __builtin_amdgcn_workitem_id_x(); }

// An array that is indexed by what is only known when it runs: a permutation by steps of `stride`, hashed.
extern "C" GLOBAL void array(u32 *out, u32 stride) {
    u32 i = item(), a[64], h = 0;
    for (u32 k = 0; k < 64; k++) a[k * stride + i & 63] = k * k + i;
    for (u32 k = 0; k < 64; k++) h = h * 31 + a[k];
    out[i] = h;
}

// More values alive than registers.
extern "C" GLOBAL __attribute__((amdgpu_num_vgpr(24))) void spill(u32 *out, const u32 *in) {
    u32 i = item(), v[48], h = 0;
#pragma unroll
    for (u32 k = 0; k < 48; k++) {
        v[k] = in[k] * (i + k);
        asm volatile("" : "+v"(v[k])); // computed here, once
    }
#pragma unroll
    for (u32 k = 0; k < 48; k++) h = (h ^ v[47 - k]) * 16777619u;
    out[i] = h;
}

// Ackermann's function of 2 and its argument, which is 2n + 3: the compiler can't know how deep.
DEVICE NOINLINE u32 ackermann(u32 m, u32 n) {
    if (m == 0) return n + 1;
    if (n == 0) return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}
extern "C" GLOBAL void recursion(u32 *out) {
    u32 i = item();
    out[i] = ackermann(2, i & 7);
}

DEVICE NOINLINE u32 plus(u32 a, u32 b) { return a + b; }
DEVICE NOINLINE u32 minus(u32 a, u32 b) { return a - b; }
DEVICE NOINLINE u32 times(u32 a, u32 b) { return a * b; }
typedef u32 (*Op)(u32, u32);
// Addresses of functions in data: relocated by the loader.
DEVICE Op ops[3] = {plus, minus, times};
// Each lane calls the function that it picks.
extern "C" GLOBAL void indirect(u32 *out, u32 b) {
    u32 i = item();
    out[i] = ops[i % 3](i * 5 + 1, b);
}
