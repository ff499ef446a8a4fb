#version 450
// One word.
layout(local_size_x = 1) in;
layout(std430, binding = 0) buffer Out { uint outs[]; };
layout(push_constant) uniform Push { uint at; uint value; };

void main() {
    outs[at] += value;
}
