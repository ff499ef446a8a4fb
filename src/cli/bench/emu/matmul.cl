// C = A B for row-major n x n matrices of f32, n a multiple of 64, as a compiler makes it: a workgroup of 16 x 16
// work-items makes a tile of 64 x 64, four by four results a work-item, from tiles of A and B in LDS.
//
// matmul.hsaco is made of it by clang 19:
//   clang -x cl -cl-std=CL2.0 -target amdgcn-amd-amdhsa -mcpu=gfx1100 -O3 -nogpulib -Xclang -finclude-default-header
//     matmul.cl -o matmul.hsaco

static void sync(void)
{
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
}

#define T 64
#define K 16

__attribute__((reqd_work_group_size(16, 16, 1)))
kernel void matmul(global const float *restrict a, global const float *restrict b, global float *restrict c, uint n)
{
    local float __attribute__((aligned(16))) ta[K][T];
    local float __attribute__((aligned(16))) tb[K][T];
    uint x = __builtin_amdgcn_workitem_id_x(), y = __builtin_amdgcn_workitem_id_y(), t = y * 16 + x;
    uint row = __builtin_amdgcn_workgroup_id_y() * T, col = __builtin_amdgcn_workgroup_id_x() * T;
    float acc[4][4] = {{0}};
    for (uint k = 0; k < n; k += K) {
        float4 va = *(global const float4 *)&a[(row + t / 4) * n + k + t % 4 * 4];
        float4 vb = *(global const float4 *)&b[(k + t / 16) * n + col + t % 16 * 4];
        for (int i = 0; i < 4; i++)
            ta[t % 4 * 4 + i][t / 4] = va[i];
        *(local float4 *)&tb[t / 16][t % 16 * 4] = vb;
        sync();
#pragma unroll
        for (int i = 0; i < K; i++) {
            float4 p = *(local float4 *)&ta[i][y * 4];
            float4 q = *(local float4 *)&tb[i][x * 4];
            for (int r = 0; r < 4; r++)
                for (int s = 0; s < 4; s++)
                    acc[r][s] = __builtin_fmaf(p[r], q[s], acc[r][s]);
        }
        sync();
    }
    for (int r = 0; r < 4; r++)
        *(global float4 *)&c[(row + y * 4 + r) * n + col + x * 4] = (float4)(acc[r][0], acc[r][1], acc[r][2], acc[r][3]);
}
