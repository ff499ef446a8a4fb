#version 450
// A uniform buffer with std140's gaps, a part of another, and the lengths of storage buffers.
layout(local_size_x = 64) in;
layout(std140, binding = 0) uniform Table { uvec3 a; uint b; uvec2 c; uint table[16]; mat3x2 m; } u;
layout(std430, binding = 1) readonly buffer Part { uint part[]; };
layout(std430, binding = 2) buffer Out { uint outs[]; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i < 16u) outs[i] = u.table[i] * u.b + part[i % uint(part.length())];
    if (i == 16u) outs[16] = u.a.x ^ u.a.y ^ u.a.z ^ u.c.x ^ u.c.y;
    if (i == 17u) outs[17] = uint(part.length());
    if (i == 18u) outs[18] = uint(outs.length());
    if (i >= 20u && i < 26u) outs[i] = floatBitsToUint(u.m[(i - 20u) / 2u][(i - 20u) % 2u]);
}
