#version 450
// Writes the 128 bytes of push constants that every device has, at a slot that they name.
layout(local_size_x = 32) in;
layout(std430, binding = 0) writeonly buffer Out { uint outs[]; };
layout(push_constant) uniform Push { uint slot; uint words[31]; };

void main() {
    uint i = gl_LocalInvocationID.x;
    outs[slot * 32u + i] = i == 0u ? slot : words[i - 1u];
}
