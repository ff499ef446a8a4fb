#version 450
// Counts of bytes: atomics in shared memory, then in the buffer.
layout(local_size_x = 256) in;
layout(std430, binding = 0) readonly buffer In { uint ins[]; };
layout(std430, binding = 1) buffer Out { uint counts[256]; };
layout(push_constant) uniform Push { uint n; };
shared uint local_counts[256];

void main() {
    uint i = gl_LocalInvocationID.x;
    local_counts[i] = 0u;
    barrier();
    uint at = gl_GlobalInvocationID.x;
    if (at < n) {
        uint v = ins[at];
        for (uint k = 0u; k < 32u; k += 8u) atomicAdd(local_counts[(v >> k) & 255u], 1u);
    }
    barrier();
    if (local_counts[i] != 0u) atomicAdd(counts[i], local_counts[i]);
}
