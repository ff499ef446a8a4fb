#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
kernel void v2(global half2 *a, global half *b) { a[0] = a[1] * a[2] + a[3]; b[0] = b[1] / b[2]; }
kernel void v4(global float4 *a, global int4 *b, global uchar4 *c) {
    int i = get_global_id(0);
    a[i] = a[i] * a[i + 1] + convert_float4(b[i]);
    b[i] = convert_int4(c[i]) << 3;
}
kernel void v8(global float8 *a, global double2 *d) { a[0] = a[1].s76543210 + a[2]; d[0] = d[1] * d[2] + 0.5; }
kernel void v16(global char16 *a, global short8 *b) { a[0] = a[1] + a[2]; b[0] = b[1] * b[2]; }
kernel __attribute__((reqd_work_group_size(64, 2, 1))) void sized(global int *a) {
    a[get_global_id(1) * get_global_size(0) + get_global_id(0)] = get_num_groups(2);
}
kernel __attribute__((amdgpu_flat_work_group_size(1, 256), amdgpu_waves_per_eu(2, 4))) void tuned(global int *a) { a[0]++; }
