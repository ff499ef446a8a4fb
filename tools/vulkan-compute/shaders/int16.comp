#version 450
#extension GL_EXT_shader_explicit_arithmetic_types_int16 : require
#extension GL_EXT_shader_16bit_storage : require
// 16-bit integer instructions; 16 results for each pair of operands.
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer A { uint16_t as[]; };
layout(std430, binding = 1) readonly buffer B { uint16_t bs[]; };
layout(std430, binding = 2) writeonly buffer Out { uint16_t outs[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    uint16_t a = as[i], b = bs[i], c = b | uint16_t(1);
    int16_t sa = int16_t(a), sb = int16_t(b);
    int16_t divisor = sb == int16_t(0) || sb == int16_t(-1) ? int16_t(3) : sb;
    uint16_t shift = b & uint16_t(15);
    uint at = i * 16u;
    outs[at + 0u] = a + b;
    outs[at + 1u] = a - b;
    outs[at + 2u] = a * b;
    outs[at + 3u] = a / c;
    outs[at + 4u] = a % c;
    outs[at + 5u] = uint16_t(sa / divisor);
    outs[at + 6u] = a << shift;
    outs[at + 7u] = a >> shift;
    outs[at + 8u] = uint16_t(sa >> shift);
    outs[at + 9u] = min(a, b);
    outs[at + 10u] = uint16_t(max(sa, sb));
    outs[at + 11u] = uint16_t(abs(sa));
    outs[at + 12u] = uint16_t((uint(a) * uint(b)) >> 16);
    outs[at + 13u] = uint16_t((int(sa) * int(sb)) >> 16);
    outs[at + 14u] = a ^ ~b;
    outs[at + 15u] = uint16_t((a < b ? 1 : 0) | (sa < sb ? 2 : 0));
}
