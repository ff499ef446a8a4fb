#version 450
// All the shared memory that a workgroup may have: written, then read by other invocations.
layout(local_size_x_id = 0) in;
layout(local_size_x = 64) in;
layout(constant_id = 1) const uint N = 4096u;
layout(std430, binding = 0) writeonly buffer Out { uint outs[]; };
shared uint cells[N];

void main() {
    uint i = gl_LocalInvocationID.x;
    for (uint k = i; k < N; k += gl_WorkGroupSize.x) cells[k] = (k + 1u) * 0x9e3779b1u ^ gl_WorkGroupID.x;
    barrier();
    for (uint k = i; k < N; k += gl_WorkGroupSize.x)
        outs[gl_WorkGroupID.x * N + k] = cells[(k * 61u + 17u) % N] + cells[N - 1u - k];
}
