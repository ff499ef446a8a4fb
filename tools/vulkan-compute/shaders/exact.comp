#version 450
// 32-bit floating-point instructions that have one right answer, as bits; 20 results for each pair of operands.
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer A { float as[]; };
layout(std430, binding = 1) readonly buffer B { float bs[]; };
layout(std430, binding = 2) writeonly buffer Out { uint outs[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    float a = as[i], b = bs[i];
    precise float sum = a + b, difference = a - b, product = a * b;
    uint at = i * 20u;
    int exponent;
    float significand = frexp(a, exponent);
    outs[at + 0u] = floatBitsToUint(sum);
    outs[at + 1u] = floatBitsToUint(difference);
    outs[at + 2u] = floatBitsToUint(product);
    outs[at + 3u] = floatBitsToUint(floor(a));
    outs[at + 4u] = floatBitsToUint(ceil(a));
    outs[at + 5u] = floatBitsToUint(trunc(a));
    outs[at + 6u] = floatBitsToUint(roundEven(a));
    outs[at + 7u] = floatBitsToUint(abs(a));
    outs[at + 8u] = floatBitsToUint(min(a, b));
    outs[at + 9u] = floatBitsToUint(max(a, b));
    outs[at + 10u] = floatBitsToUint(clamp(a, -2.0, 2.0));
    outs[at + 11u] = uint(int(a));
    outs[at + 12u] = uint(abs(b));
    outs[at + 13u] = floatBitsToUint(float(int(floatBitsToUint(a))));
    outs[at + 14u] = floatBitsToUint(float(floatBitsToUint(b)));
    outs[at + 15u] = floatBitsToUint(significand);
    outs[at + 16u] = uint(exponent);
    outs[at + 17u] = floatBitsToUint(ldexp(a, 3));
    outs[at + 18u] = floatBitsToUint(unpackHalf2x16(floatBitsToUint(a) & 0x7bff7bffu).y);
    outs[at + 19u] = (a < b ? 1u : 0u) | (a == b ? 2u : 0u) | (a >= b ? 4u : 0u) | (isnan(a) ? 8u : 0u) | (isinf(a) ? 16u : 0u);
}
