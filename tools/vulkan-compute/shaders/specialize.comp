#version 450
// Specialisation constants of each kind, the workgroup's size and the length of shared memory among them.
layout(local_size_x_id = 4) in;
layout(local_size_x = 32) in;
layout(constant_id = 0) const uint U = 7u;
layout(constant_id = 1) const int I = -3;
layout(constant_id = 2) const float F = 1.5;
layout(constant_id = 3) const bool B = false;
layout(constant_id = 5) const uint N = 16u;
layout(std430, binding = 0) writeonly buffer Out { uint outs[]; };
shared uint table[N];

void main() {
    uint i = gl_LocalInvocationID.x;
    for (uint k = i; k < N; k += gl_WorkGroupSize.x) table[k] = k * U + uint(I);
    barrier();
    uint sum = 0u;
    for (uint k = 0u; k < N; ++k) sum = sum * 5u + table[(i + k) % N];
    outs[8u + gl_GlobalInvocationID.x] = sum;
    if (gl_GlobalInvocationID.x == 0u) {
        outs[0] = U;
        outs[1] = uint(I);
        outs[2] = floatBitsToUint(F);
        outs[3] = B ? 1u : 0u;
        outs[4] = gl_WorkGroupSize.x;
        outs[5] = N;
        outs[6] = U * 2u + N;
        outs[7] = B ? U : N;
    }
}
