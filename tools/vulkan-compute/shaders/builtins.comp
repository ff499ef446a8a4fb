#version 450
// What an invocation knows about its place: 16 words each, at its global index among all that are dispatched.
layout(local_size_x = 4, local_size_y = 3, local_size_z = 5) in;
layout(std430, binding = 0) writeonly buffer Out { uint outs[]; };
layout(push_constant) uniform Push { uvec3 base; uint pad; uvec3 groups; };

void main() {
    uvec3 g = gl_WorkGroupID - base;
    uint at = ((g.z * groups.y + g.y) * groups.x + g.x) * 60u + gl_LocalInvocationIndex;
    at *= 16u;
    for (uint k = 0u; k < 3u; ++k) {
        outs[at + k] = gl_WorkGroupID[k];
        outs[at + 3u + k] = gl_LocalInvocationID[k];
        outs[at + 6u + k] = gl_GlobalInvocationID[k];
        outs[at + 9u + k] = gl_NumWorkGroups[k];
        outs[at + 12u + k] = gl_WorkGroupSize[k];
    }
    outs[at + 15u] = gl_LocalInvocationIndex;
}
