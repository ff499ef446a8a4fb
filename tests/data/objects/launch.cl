// What a work-item knows of its launch, without a device library. Built for code object versions 4, 5 and 6.

typedef uint u32;
#define UP(x, n) ((u32)(x) << (n))
#pragma OPENCL EXTENSION cl_khr_fp16 : enable

// For each work-item of the grid: its global id, the size of its workgroup, the grid's size and the local id.
kernel void where(global u32 *out) {
    u32 sx = __builtin_amdgcn_workgroup_size_x(), sy = __builtin_amdgcn_workgroup_size_y(), sz = __builtin_amdgcn_workgroup_size_z();
    u32 nx = __builtin_amdgcn_grid_size_x(), ny = __builtin_amdgcn_grid_size_y(), nz = __builtin_amdgcn_grid_size_z();
    u32 lx = __builtin_amdgcn_workitem_id_x(), ly = __builtin_amdgcn_workitem_id_y(), lz = __builtin_amdgcn_workitem_id_z();
    u32 gx = __builtin_amdgcn_workgroup_id_x(), gy = __builtin_amdgcn_workgroup_id_y(), gz = __builtin_amdgcn_workgroup_id_z();
    // The packet holds the full size; a partial workgroup is told by the grid's.
    constant ushort *packet = __builtin_amdgcn_dispatch_ptr();
    u32 x = gx * packet[2] + lx, y = gy * packet[3] + ly, z = gz * packet[4] + lz;
    global u32 *to = out + 4 * ((z * ny + y) * nx + x);
    to[0] = UP(x, 0) | UP(y, 10) | UP(z, 20);
    to[1] = UP(sx, 0) | UP(sy, 10) | UP(sz, 20);
    to[2] = UP(nx, 0) | UP(ny, 10) | UP(nz, 20);
    to[3] = UP(lx, 0) | UP(ly, 10) | UP(lz, 20);
}

// The first dwords of the hidden arguments, as they lie.
kernel void hidden(global u32 *out, u32 count) {
    if (__builtin_amdgcn_workitem_id_x() == 0)
        for (u32 i = 0; i < count; i++)
            out[i] = ((constant u32 *)__builtin_amdgcn_implicitarg_ptr())[i];
}

// A value of each size, in the order of the arguments.
kernel void values(global ulong *out, char a, ushort b, int c, half d, float e, double f, ulong g, uint4 h) {
    out[0] = a;
    out[1] = b;
    out[2] = c;
    out[3] = as_ushort(d);
    out[4] = as_uint(e);
    out[5] = as_ulong(f);
    out[6] = g;
    out[7] = h.x ^ h.y ^ h.z ^ h.w;
}

// Reverses each workgroup through LDS that the launch brings.
kernel void reverse(global u32 *data, local u32 *tmp) {
    u32 l = __builtin_amdgcn_workitem_id_x(), n = __builtin_amdgcn_workgroup_size_x();
    u32 at = __builtin_amdgcn_workgroup_id_x() * n;
    tmp[l] = data[at + l];
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
    data[at + l] = tmp[n - 1 - l];
}

// It takes workgroups of 8x4x1 only.
kernel __attribute__((reqd_work_group_size(8, 4, 1))) void required(global u32 *out) {
    u32 l = __builtin_amdgcn_workitem_id_y() * 8 + __builtin_amdgcn_workitem_id_x();
    out[__builtin_amdgcn_workgroup_id_x() * 32 + l] = l;
}
