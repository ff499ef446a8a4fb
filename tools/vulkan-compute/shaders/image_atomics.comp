#version 450
// Atomics on the texels of a r32ui image of 16 x 16.
layout(local_size_x = 64) in;
layout(binding = 0, r32ui) uniform uimage2D cells;
layout(std430, binding = 1) readonly buffer In { uint ins[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    uint v = ins[i];
    ivec2 at = ivec2(v & 15u, (v >> 4) & 7u);
    imageAtomicAdd(cells, at, v);
    imageAtomicMax(cells, at + ivec2(0, 8), v);
}
