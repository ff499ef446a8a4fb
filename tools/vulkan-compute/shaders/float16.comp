#version 450
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_EXT_shader_16bit_storage : require
// 16-bit floating-point instructions; 8 results for each pair of operands.
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer A { float16_t as[]; };
layout(std430, binding = 1) readonly buffer B { float16_t bs[]; };
layout(std430, binding = 2) writeonly buffer Out { float16_t outs[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    float16_t a = as[i], b = bs[i];
    uint at = i * 8u;
    precise float16_t sum = a + b, product = a * b, difference = a - b;
    outs[at + 0u] = sum;
    outs[at + 1u] = difference;
    outs[at + 2u] = product;
    outs[at + 3u] = min(a, b);
    outs[at + 4u] = max(a, b);
    outs[at + 5u] = float16_t(float(a) * 0.5);
    outs[at + 6u] = a < b ? a : -b;
    outs[at + 7u] = floor(a);
}
