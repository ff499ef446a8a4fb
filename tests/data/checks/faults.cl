// Kernels with one fault each.
#define BARRIER                                            \
    do {                                                   \
        __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup"); \
        __builtin_amdgcn_s_barrier();                      \
        __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup"); \
    } while (0)

uint item(void) { return __builtin_amdgcn_workitem_id_x(); }
uint gid(void) { return __builtin_amdgcn_workgroup_id_x() * __builtin_amdgcn_workgroup_size_x() + item(); }

kernel void past_the_end(global const int *in, global int *out, uint n) { out[gid()] = in[gid() + n]; }

kernel void before_the_start(global const int *in, global int *out, uint n) { out[(long)gid() - n] = in[gid()]; }

kernel void a_variable(global const int *in, global int *out, uint n) {
    uint i = gid();
    int r;
    if (in[i] > (int)n) r = 1;
    out[i] = r + in[i];
}

kernel void an_element(global const int *in, global int *out, uint n) {
    uint i = gid();
    int a[8];
    for (int k = 0; k < 7; k++) a[k] = k * in[i];
    out[i] = a[(i + n) & 7];
}

kernel void a_condition(global const int *in, global int *out, uint n) {
    int a[4];
    a[0] = in[gid()];
    out[gid()] = a[n & 3] == 3 ? 1 : 2;
}

kernel void an_index(global const int *in, global int *out, uint n) {
    uint a[4];
    a[1] = n;
    out[gid()] = in[(a[2] & 1) + gid()];
}

kernel void lds_not_written(global const int *in, global int *out, uint n) {
    local int t[128];
    uint l = item();
    if (l < n) t[l] = in[l];
    BARRIER;
    out[gid()] = t[l ^ 1];
}

kernel void past_the_lds(global const int *in, global int *out, uint n) {
    local int t[100];
    uint l = item();
    if (l < 100) t[l] = in[l];
    BARRIER;
    if (l == 0) t[n] = 7;
    BARRIER;
    out[gid()] = l < 100 ? t[l] : 0;
}

kernel void no_barrier(global const int *in, global int *out, uint n) {
    local int t[128];
    uint l = item();
    t[l] = in[l];
    BARRIER;
    int x = t[127 - l];
    t[l] = x + n;
    BARRIER;
    out[gid()] = t[l];
}

kernel void groups_meet(global const int *in, global int *out, uint n) { out[item()] = in[item()] + gid() + n; }
