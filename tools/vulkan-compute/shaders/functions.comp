#version 450
// 32-bit functions with an error bound in the Vulkan specification; 12 results for each pair of operands.
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer A { float as[]; };
layout(std430, binding = 1) readonly buffer B { float bs[]; };
layout(std430, binding = 2) writeonly buffer Out { float outs[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    float a = as[i], b = bs[i];
    uint at = i * 12u;
    outs[at + 0u] = sqrt(a);
    outs[at + 1u] = inversesqrt(a);
    outs[at + 2u] = b / a;
    outs[at + 3u] = 1.0 / a;
    outs[at + 4u] = exp2(b);
    outs[at + 5u] = exp(b);
    outs[at + 6u] = log2(a);
    outs[at + 7u] = log(a);
    outs[at + 8u] = sin(b);
    outs[at + 9u] = cos(b);
    outs[at + 10u] = fma(a, b, 1.0);
    outs[at + 11u] = pow(a, 1.5);
}
