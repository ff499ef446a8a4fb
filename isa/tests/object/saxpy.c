typedef __attribute__((address_space(1))) float gfloat;
typedef __attribute__((address_space(3))) float lfloat;
__attribute__((address_space(4))) const float weights[8] = {1, 2, 3, 4, 5, 6, 7, 8};
__attribute__((address_space(1))) int counter = 3;
static __attribute__((address_space(1))) int hidden_counter;
__attribute__((address_space(1))) int *pointer = &counter;
static __attribute__((loader_uninitialized)) lfloat scratch[64];

__attribute__((noinline)) float helper(float x) { return x * x + 1.0f; }

__attribute__((amdgpu_kernel)) void saxpy(gfloat *y, gfloat *x, float a, int n) {
  int i = __builtin_amdgcn_workgroup_id_x() * 256 + __builtin_amdgcn_workitem_id_x();
  if (i < n)
    y[i] = helper(a * x[i] + y[i]) * weights[i & 7];
}

__attribute__((amdgpu_kernel)) void shuffle(gfloat *y, int n) {
  int i = __builtin_amdgcn_workitem_id_x();
  scratch[i & 63] = y[i];
  __builtin_amdgcn_s_barrier();
  hidden_counter += n;
  counter += 1;
  y[i] = scratch[(i * 7) & 63] + (float)hidden_counter;
}
