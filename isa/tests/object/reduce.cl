__constant int lut[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

__attribute__((reqd_work_group_size(64, 1, 1))) kernel void reduce(global int *out, global const int *in, int n) {
  local int sums[64];
  uint l = __builtin_amdgcn_workitem_id_x();
  int s = 0;
  for (uint i = l; i < (uint)n; i += 64)
    s += in[i] * lut[i & 15];
  sums[l] = s;
  __builtin_amdgcn_s_barrier();
  for (uint step = 32; step > 0; step >>= 1) {
    if (l < step)
      sums[l] += sums[l + step];
    __builtin_amdgcn_s_barrier();
  }
  if (l == 0)
    *out = sums[0];
}

typedef struct { float4 a; int b[3]; char c; } record;
kernel void structs(global record *r, constant record *c, local float *scratch, read_only image2d_t im, sampler_t sm) {
  uint i = __builtin_amdgcn_workitem_id_x();
  scratch[i] = r[i].a.x;
  r[i].a += c[i & 3].a * scratch[i ^ 1];
  r[i].b[i % 3] = c[0].b[1];
}
