// Variables of a code object: initialised, zero, constant, and tables of addresses. No device library.
#define GLOBAL __attribute__((global))
#define DEVICE __attribute__((device))
#define CONSTANT __attribute__((constant))
typedef unsigned u32;

DEVICE u32 counter = 7;
DEVICE u32 zeros[3000];
CONSTANT u32 scale[4] = {2, 3, 5, 7};
DEVICE const u32 small[4] = {10, 20, 30, 40};
DEVICE const u32 large[4] = {1000, 2000, 3000, 4000};
// Addresses in data: one of a variable, one of the middle of it.
DEVICE const u32 *tables[3] = {small, large, large + 2};

// Adds to the counter once a work-item, and leaves a trace in .bss.
extern "C" GLOBAL void count() {
    u32 i = __builtin_amdgcn_workitem_id_x();
    __atomic_fetch_add(&counter, 1u, __ATOMIC_RELAXED);
    zeros[2999 - i] = i + 1;
}

// What the tables lead to, scaled.
extern "C" GLOBAL void look(u32 *out) {
    u32 i = __builtin_amdgcn_workitem_id_x();
    out[i] = i < 12 ? (i / 4 == 2 && i % 4 > 1 ? 0 : tables[i / 4][i % 4]) * scale[i % 4] : counter + zeros[i];
}

// LDS whose size the launch decides, behind 64 bytes that the kernel has itself.
extern __attribute__((shared)) u32 dynamic[];
extern "C" GLOBAL void rotate(u32 *data, u32 by) {
    __attribute__((shared)) static u32 own[16];
    u32 l = __builtin_amdgcn_workitem_id_x(), n = __builtin_amdgcn_workgroup_size_x();
    u32 *at = data + __builtin_amdgcn_workgroup_id_x() * n;
    if (l < 16) own[l] = l * 100;
    dynamic[l] = at[l];
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
    at[l] = dynamic[(l + by) % n] + own[l % 16];
}
