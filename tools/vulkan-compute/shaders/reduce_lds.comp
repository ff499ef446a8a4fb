#version 450
// Each workgroup of 256 adds 512 words, and 512 numbers, by a tree in shared memory.
layout(local_size_x = 256) in;
layout(std430, binding = 0) readonly buffer In { uint ins[]; };
layout(std430, binding = 1) writeonly buffer Words { uint words[]; };
layout(std430, binding = 2) writeonly buffer Numbers { float numbers[]; };
layout(push_constant) uniform Push { uint n; };
shared uint word[256];
shared float number[256];

void main() {
    uint i = gl_LocalInvocationID.x, at = gl_WorkGroupID.x * 512u + i;
    uint a = at < n ? ins[at] : 0u, b = at + 256u < n ? ins[at + 256u] : 0u;
    word[i] = a + b;
    number[i] = float(a) + float(b);
    barrier();
    for (uint half_size = 128u; half_size > 0u; half_size >>= 1) {
        if (i < half_size) {
            word[i] += word[i + half_size];
            number[i] += number[i + half_size];
        }
        barrier();
    }
    if (i == 0u) {
        words[gl_WorkGroupID.x] = word[0];
        numbers[gl_WorkGroupID.x] = number[0];
    }
}
