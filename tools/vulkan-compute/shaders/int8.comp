#version 450
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#extension GL_EXT_shader_8bit_storage : require
// 8-bit integer instructions; 12 results for each pair of operands.
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer A { uint8_t as[]; };
layout(std430, binding = 1) readonly buffer B { uint8_t bs[]; };
layout(std430, binding = 2) writeonly buffer Out { uint8_t outs[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    uint8_t a = as[i], b = bs[i], c = b | uint8_t(1);
    int8_t sa = int8_t(a), sb = int8_t(b);
    int8_t divisor = sb == int8_t(0) || sb == int8_t(-1) ? int8_t(3) : sb;
    uint at = i * 12u;
    outs[at + 0u] = a + b;
    outs[at + 1u] = a - b;
    outs[at + 2u] = a * b;
    outs[at + 3u] = a / c;
    outs[at + 4u] = a % c;
    outs[at + 5u] = uint8_t(sa / divisor);
    outs[at + 6u] = a << (b & uint8_t(7));
    outs[at + 7u] = uint8_t(sa >> (b & uint8_t(7)));
    outs[at + 8u] = max(a, b);
    outs[at + 9u] = uint8_t(min(sa, sb));
    outs[at + 10u] = uint8_t((int(sa) * int(sb)) >> 8);
    outs[at + 11u] = uint8_t((a < b ? 1 : 0) | (sa < sb ? 2 : 0));
}
