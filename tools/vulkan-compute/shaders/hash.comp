#version 450
// A hash of each index, one word an invocation.
layout(local_size_x = 256) in;
layout(std430, binding = 0) writeonly buffer Out { uint outs[]; };
layout(push_constant) uniform Push { uint n; uint seed; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    uint h = i ^ seed;
    h = (h ^ (h >> 16)) * 0x7feb352du;
    h = (h ^ (h >> 15)) * 0x846ca68bu;
    outs[i] = h ^ (h >> 16);
}
