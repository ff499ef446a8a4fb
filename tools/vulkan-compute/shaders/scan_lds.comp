#version 450
// The running sums of each block of 256 words, in shared memory.
layout(local_size_x = 256) in;
layout(std430, binding = 0) readonly buffer In { uint ins[]; };
layout(std430, binding = 1) writeonly buffer Out { uint outs[]; };
shared uint sums[256];

void main() {
    uint i = gl_LocalInvocationID.x;
    uint sum = ins[gl_GlobalInvocationID.x];
    for (uint step_size = 1u; step_size < 256u; step_size <<= 1) {
        sums[i] = sum;
        barrier();
        if (i >= step_size) sum += sums[i - step_size];
        barrier();
    }
    outs[gl_GlobalInvocationID.x] = sum;
}
