constant sampler_t s = CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP | CLK_FILTER_NEAREST;
struct big { int a[20]; float4 b; long c; };
kernel void by_value(struct big b, global int *out, float3 v, char c, short2 d) {
    out[0] = b.a[get_global_id(0) % 20] + (int)b.b.y + b.c + v.z + c + d.y;
}
kernel void pointers(global int *a, constant int *b, local int *c, global void *d, private int e, ulong f) {
    c[f] = a[f] + b[f] + e;
    ((global char *)d)[0] = c[f + 1];
}
kernel void flat(global int *a, local int *b, int which) {
    int mine[4] = {which, 2, 3, 4};
    int *p = which == 0 ? (int *)a : which == 1 ? (int *)b : mine;
    p[which] = p[0] + 1;
    a[5] = mine[which & 3];
}
