/* OpenCL on a device: a vector addition, a matrix product with local memory, and a reduction with barriers and atomics,
 * each compared with this machine's answer. Prints a line each; the exit code is 0 only when every line says `right`.
 *
 *   cc -O2 -o opencl opencl.c -lOpenCL && ./opencl
 */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *source =
    "kernel void add(global const float *a, global const float *b, global float *c, uint n) {\n"
    "  size_t i = get_global_id(0);\n"
    "  if (i < n) c[i] = a[i] + b[i];\n"
    "}\n"
    "#define T 16\n"
    "kernel void matmul(global const float *a, global const float *b, global float *c, int m, int n, int k) {\n"
    "  local float ta[T][T], tb[T][T];\n"
    "  int x = get_local_id(0), y = get_local_id(1), col = get_global_id(0), row = get_global_id(1);\n"
    "  float sum = 0.0f;\n"
    "  for (int p = 0; p < k; p += T) {\n"
    "    ta[y][x] = row < m && p + x < k ? a[row * k + p + x] : 0.0f;\n"
    "    tb[y][x] = col < n && p + y < k ? b[(p + y) * n + col] : 0.0f;\n"
    "    barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    for (int q = 0; q < T; q++) sum = fma(ta[y][q], tb[q][x], sum);\n"
    "    barrier(CLK_LOCAL_MEM_FENCE);\n"
    "  }\n"
    "  if (row < m && col < n) c[row * n + col] = sum;\n"
    "}\n"
    "kernel void reduce(global const int *in, global int *out, uint n, local int *part) {\n"
    "  uint l = get_local_id(0), size = get_local_size(0);\n"
    "  int sum = 0;\n"
    "  for (uint i = get_global_id(0); i < n; i += get_global_size(0)) sum += in[i];\n"
    "  part[l] = sum;\n"
    "  barrier(CLK_LOCAL_MEM_FENCE);\n"
    "  for (uint half_ = size / 2; half_ > 0; half_ /= 2) {\n"
    "    if (l < half_) part[l] += part[l + half_];\n"
    "    barrier(CLK_LOCAL_MEM_FENCE);\n"
    "  }\n"
    "  if (l == 0) { atomic_add(&out[0], part[0]); atomic_max(&out[1], part[0]); }\n"
    "}\n";

static cl_context context;
static cl_command_queue queue;
static cl_program program;
static int wrong;

#define CHECK(call) check((call), #call, __LINE__)
static void check(cl_int status, const char *what, int line) {
  if (status != CL_SUCCESS) {
    fprintf(stderr, "opencl.c:%d: %s: error %d\n", line, what, status);
    exit(1);
  }
}

static cl_mem buffer(size_t bytes, const void *content) {
  cl_int status;
  cl_mem made = clCreateBuffer(context, CL_MEM_READ_WRITE | (content ? CL_MEM_COPY_HOST_PTR : 0), bytes,
                               (void *)content, &status);
  CHECK(status);
  return made;
}

static cl_kernel kernel(const char *name) {
  cl_int status;
  cl_kernel made = clCreateKernel(program, name, &status);
  CHECK(status);
  return made;
}

static void verdict(const char *name, size_t bad, size_t of) {
  if (bad)
    printf("%s: %zu of %zu wrong\n", name, bad, of);
  else
    printf("%s: right\n", name);
  fflush(stdout);
  wrong += bad != 0;
}

/* The same on every run. */
static unsigned state = 1;
static unsigned next(void) { return (state = state * 1664525u + 1013904223u) >> 8; }

static void add(void) {
  enum { N = 100003 };
  static float a[N], b[N], c[N];
  for (int i = 0; i < N; i++) a[i] = (float)(int)next(), b[i] = (float)(int)next() / 7.0f;
  cl_mem ma = buffer(sizeof a, a), mb = buffer(sizeof b, b), mc = buffer(sizeof c, NULL);
  cl_kernel k = kernel("add");
  cl_uint n = N;
  CHECK(clSetKernelArg(k, 0, sizeof ma, &ma));
  CHECK(clSetKernelArg(k, 1, sizeof mb, &mb));
  CHECK(clSetKernelArg(k, 2, sizeof mc, &mc));
  CHECK(clSetKernelArg(k, 3, sizeof n, &n));
  size_t global = (N + 255) / 256 * 256, local = 256;
  CHECK(clEnqueueNDRangeKernel(queue, k, 1, NULL, &global, &local, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, mc, CL_TRUE, 0, sizeof c, c, 0, NULL, NULL));
  size_t bad = 0;
  for (int i = 0; i < N; i++) bad += c[i] != a[i] + b[i];
  verdict("vector addition", bad, N);
}

static void matmul(void) {
  enum { M = 131, N = 70, K = 93 };
  static float a[M * K], b[K * N], c[M * N];
  for (int i = 0; i < M * K; i++) a[i] = (float)(next() % 2001) / 1000.0f - 1.0f;
  for (int i = 0; i < K * N; i++) b[i] = (float)(next() % 2001) / 1000.0f - 1.0f;
  cl_mem ma = buffer(sizeof a, a), mb = buffer(sizeof b, b), mc = buffer(sizeof c, NULL);
  cl_kernel k = kernel("matmul");
  cl_int m = M, n = N, kk = K;
  CHECK(clSetKernelArg(k, 0, sizeof ma, &ma));
  CHECK(clSetKernelArg(k, 1, sizeof mb, &mb));
  CHECK(clSetKernelArg(k, 2, sizeof mc, &mc));
  CHECK(clSetKernelArg(k, 3, sizeof m, &m));
  CHECK(clSetKernelArg(k, 4, sizeof n, &n));
  CHECK(clSetKernelArg(k, 5, sizeof kk, &kk));
  size_t global[2] = {(N + 15) / 16 * 16, (M + 15) / 16 * 16}, local[2] = {16, 16};
  CHECK(clEnqueueNDRangeKernel(queue, k, 2, NULL, global, local, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, mc, CL_TRUE, 0, sizeof c, c, 0, NULL, NULL));
  size_t bad = 0;
  for (int row = 0; row < M; row++)
    for (int col = 0; col < N; col++) {
      double want = 0;
      for (int p = 0; p < K; p++) want += (double)a[row * K + p] * b[p * N + col];
      bad += !(fabs(c[row * N + col] - want) <= 1e-5 * (1 + fabs(want)));
    }
  verdict("matrix product", bad, (size_t)M * N);
}

static void reduce(void) {
  enum { N = 50021, LOCAL = 128, GROUPS = 24 };
  static int in[N];
  int out[2] = {0, -2147483647}, want[2] = {0, -2147483647}, part[GROUPS] = {0};
  for (int i = 0; i < N; i++) in[i] = (int)(next() % 20001) - 10000;
  for (int i = 0; i < N; i++) want[0] += in[i], part[i / LOCAL % GROUPS] += in[i];
  for (int g = 0; g < GROUPS; g++) want[1] = part[g] > want[1] ? part[g] : want[1];
  cl_mem min = buffer(sizeof in, in), mout = buffer(sizeof out, out);
  cl_kernel k = kernel("reduce");
  cl_uint n = N;
  CHECK(clSetKernelArg(k, 0, sizeof min, &min));
  CHECK(clSetKernelArg(k, 1, sizeof mout, &mout));
  CHECK(clSetKernelArg(k, 2, sizeof n, &n));
  CHECK(clSetKernelArg(k, 3, LOCAL * sizeof(int), NULL));
  size_t global = LOCAL * GROUPS, local = LOCAL;
  CHECK(clEnqueueNDRangeKernel(queue, k, 1, NULL, &global, &local, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, mout, CL_TRUE, 0, sizeof out, out, 0, NULL, NULL));
  verdict("reduction", (size_t)(out[0] != want[0]) + (out[1] != want[1]), 2);
}

int main(void) {
  cl_platform_id platforms[8];
  cl_uint count = 0;
  CHECK(clGetPlatformIDs(8, platforms, &count));
  cl_device_id device = NULL;
  for (cl_uint i = 0; i < count && i < 8 && !device; i++)
    if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_GPU, 1, &device, NULL) != CL_SUCCESS) device = NULL;
  if (!device) {
    fprintf(stderr, "no platform (of %u) has a GPU\n", count);
    return 1;
  }
  char name[256] = "", version[256] = "";
  CHECK(clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof name, name, NULL));
  CHECK(clGetDeviceInfo(device, CL_DRIVER_VERSION, sizeof version, version, NULL));
  printf("device: %s, driver %s\n", name, version);
  fflush(stdout);
  cl_int status;
  context = clCreateContext(NULL, 1, &device, NULL, NULL, &status);
  CHECK(status);
  queue = clCreateCommandQueue(context, device, 0, &status);
  CHECK(status);
  program = clCreateProgramWithSource(context, 1, &source, NULL, &status);
  CHECK(status);
  if (clBuildProgram(program, 1, &device, "", NULL, NULL) != CL_SUCCESS) {
    static char log[65536];
    clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof log - 1, log, NULL);
    fprintf(stderr, "the kernels don't compile: %s\n", log);
    return 1;
  }
  add();
  matmul();
  reduce();
  return wrong != 0;
}
