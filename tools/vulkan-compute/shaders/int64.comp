#version 450
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
// 64-bit integer instructions; 24 results for each pair of operands.
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer A { uint64_t as[]; };
layout(std430, binding = 1) readonly buffer B { uint64_t bs[]; };
layout(std430, binding = 2) writeonly buffer Out { uint64_t outs[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    uint64_t a = as[i], b = bs[i], c = b | 1ul;
    int64_t sa = int64_t(a), sb = int64_t(b);
    int64_t divisor = sb == 0l || sb == -1l ? 3l : sb;
    int shift = int(uint(b) & 63u);
    uint at = i * 24u;
    outs[at + 0u] = a + b;
    outs[at + 1u] = a - b;
    outs[at + 2u] = a * b;
    outs[at + 3u] = a / c;
    outs[at + 4u] = a % c;
    outs[at + 5u] = uint64_t(sa / divisor);
    outs[at + 6u] = a << shift;
    outs[at + 7u] = a >> shift;
    outs[at + 8u] = uint64_t(sa >> shift);
    outs[at + 9u] = a & b;
    outs[at + 10u] = a | b;
    outs[at + 11u] = a ^ b;
    outs[at + 12u] = ~a;
    outs[at + 13u] = min(a, b);
    outs[at + 14u] = max(a, b);
    outs[at + 15u] = uint64_t(min(sa, sb));
    outs[at + 16u] = uint64_t(max(sa, sb));
    outs[at + 17u] = uint64_t(abs(sa));
    outs[at + 18u] = uint64_t(sign(sa));
    outs[at + 19u] = (a < b ? 1ul : 0ul) | (sa < sb ? 2ul : 0ul) | (a == b ? 4ul : 0ul) | (sa >= sb ? 8ul : 0ul);
    outs[at + 20u] = uint64_t(uint(a));
    outs[at + 21u] = uint64_t(int64_t(int(uint(a))));
    outs[at + 22u] = uint64_t(uint(a)) * uint64_t(uint(b)) + (a >> 32);
    outs[at + 23u] = uint64_t(int64_t(int(uint(a))) * int64_t(int(uint(b))) - sb);
}
