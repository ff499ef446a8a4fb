#version 450
// 64-bit floating-point instructions; 8 results for each pair of operands.
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer A { double as[]; };
layout(std430, binding = 1) readonly buffer B { double bs[]; };
layout(std430, binding = 2) writeonly buffer Out { double outs[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    double a = as[i], b = bs[i];
    uint at = i * 8u;
    precise double sum = a + b, difference = a - b, product = a * b;
    outs[at + 0u] = sum;
    outs[at + 1u] = difference;
    outs[at + 2u] = product;
    outs[at + 3u] = min(a, b);
    outs[at + 4u] = max(a, b);
    outs[at + 5u] = floor(a);
    outs[at + 6u] = abs(b);
    outs[at + 7u] = a < b ? 1.0lf : -1.0lf;
}
