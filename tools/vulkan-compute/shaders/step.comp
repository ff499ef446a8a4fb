#version 450
// v[i] = v[i] mul + add.
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer V { uint v[]; };
layout(push_constant) uniform Push { uint n; uint mul; uint add; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i < n) v[i] = v[i] * mul + add;
}
