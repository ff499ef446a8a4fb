#version 450
// A uniform buffer and two storage buffers whose offsets are given when they are bound.
layout(local_size_x = 64) in;
layout(std140, binding = 0) uniform Factor { uint factor; };
layout(std430, binding = 1) readonly buffer In { uint ins[]; };
layout(std430, binding = 2) writeonly buffer Out { uint outs[]; };

void main() {
    uint i = gl_LocalInvocationID.x;
    outs[i] = ins[i] * factor + i;
}
