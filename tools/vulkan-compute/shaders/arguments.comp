#version 450
// Writes the arguments of indirect dispatches: three words each, at byte 16 k.
layout(local_size_x = 1) in;
layout(std430, binding = 0) writeonly buffer Out { uvec4 arguments[]; };
layout(push_constant) uniform Push { uvec3 groups; };

void main() {
    uint k = gl_WorkGroupID.x;
    arguments[k] = uvec4(k == 1u ? uvec3(0u, 1u, 1u) : groups + k, 0xdeadbeefu);
}
