#define KERNEL __attribute__((amdgpu_kernel))
struct particle {
    float x, y, z, mass;
    int id;
    char tag[12];
    double energy;
};
struct big {
    int v[64];
};
__attribute__((noinline)) struct big fill(int k) {
    struct big b;
    for (int i = 0; i < 64; i++)
        b.v[i] = i * k;
    return b;
}
KERNEL void step(struct particle *p, int n, float dt) {
    for (int i = 0; i < n; i++) {
        p[i].x += dt * p[i].mass;
        p[i].energy = p[i].energy * 0.99 + p[i].x;
        p[i].tag[i % 12] = (char)p[i].id;
    }
}
KERNEL void stack(int *out, int k) {
    struct big b = fill(k);
    int s = 0;
    for (int i = 0; i < k; i++)
        s += b.v[(i * 7) & 63];
    *out = s;
}
