// Kernels that go wrong, each in one way.

kernel void outside(global uint *out) { out[(ulong)1 << 36] = 1; }

kernel void endless(global uint *out) {
    for (;;) __builtin_amdgcn_s_sleep(1);
}

kernel void poke(ulong address) { *(global uint *)address = 0xbfb00000; }
