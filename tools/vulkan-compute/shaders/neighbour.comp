#version 450
// Each word from two words that other workgroups wrote.
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer From { uint from[]; };
layout(std430, binding = 1) writeonly buffer To { uint to[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i < n) to[i] = from[(i + 1u) % n] * 3u + from[(i + n / 2u) % n] + i;
}
