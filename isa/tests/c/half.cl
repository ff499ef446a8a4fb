#pragma OPENCL EXTENSION cl_khr_fp16 : enable
kernel void axpy(global const half *x, global half *y, half a) {
    size_t k = get_global_id(0);
    y[k] = a * x[k] + y[k];
}
kernel void pairs(global const half2 *x, global half2 *y) {
    size_t k = get_global_id(0);
    half2 v = x[k];
    y[k] = v * v + (half2)(1.0h, 2.5h) - v.yx;
}
kernel void convert(global const half *x, global float *f, global int *n, global short *s) {
    size_t k = get_global_id(0);
    f[k] = x[k];
    n[k] = x[k];
    s[k] = x[k] > 0.5h ? 3 : -4;
}
