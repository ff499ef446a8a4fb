#version 450
// An array of 96 words for each invocation, indexed by data: more than stays in registers.
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer In { uint ins[]; };
layout(std430, binding = 1) writeonly buffer Out { uint outs[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    uint state = ins[i];
    uint cells[96];
    for (uint k = 0u; k < 96u; ++k) cells[k] = k * 0x01000193u ^ state;
    for (uint k = 0u; k < 200u; ++k) {
        state = state * 1664525u + 1013904223u;
        uint a = (state >> 16) % 96u, b = (state >> 8) % 96u;
        uint held = cells[a];
        cells[a] = cells[b] + k;
        cells[b] = held ^ state;
    }
    uint sum = 0u;
    for (uint k = 0u; k < 96u; ++k) sum = sum * 31u + cells[k];
    outs[i] = sum;
}
