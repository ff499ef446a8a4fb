#version 450
// C = A B, row-major f32, in tiles of 16 x 16 in shared memory. A is m x k, B is k x n.
layout(local_size_x = 16, local_size_y = 16) in;
layout(std430, binding = 0) readonly buffer A { float as[]; };
layout(std430, binding = 1) readonly buffer B { float bs[]; };
layout(std430, binding = 2) writeonly buffer C { float cs[]; };
layout(push_constant) uniform Push { uint m, n, k; };
shared float left[16][17];
shared float right[16][17];

void main() {
    uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
    uint row = gl_GlobalInvocationID.y, column = gl_GlobalInvocationID.x;
    float sum = 0.0;
    for (uint tile = 0u; tile < k; tile += 16u) {
        left[y][x] = row < m && tile + x < k ? as[row * k + tile + x] : 0.0;
        right[y][x] = column < n && tile + y < k ? bs[(tile + y) * n + column] : 0.0;
        barrier();
        for (uint at = 0u; at < 16u; ++at) sum += left[y][at] * right[at][x];
        barrier();
    }
    if (row < m && column < n) cs[row * n + column] = sum;
}
