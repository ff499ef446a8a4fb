#version 450
// 32-bit integer instructions; 32 results for each pair of operands.
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer A { uint as[]; };
layout(std430, binding = 1) readonly buffer B { uint bs[]; };
layout(std430, binding = 2) writeonly buffer Out { uint outs[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    uint a = as[i], b = bs[i], c = b | 1u;
    int sa = int(a), sb = int(b);
    int divisor = sb == 0 || sb == -1 ? 3 : sb;
    int first = int(b & 15u), bits = int((b >> 8) & 15u);
    uint high, low, carry, borrow;
    int shigh, slow;
    umulExtended(a, b, high, low);
    imulExtended(sa, sb, shigh, slow);
    uint sum = uaddCarry(a, b, carry);
    uint difference = usubBorrow(a, b, borrow);
    uint at = i * 32u;
    outs[at + 0u] = a + b;
    outs[at + 1u] = a - b;
    outs[at + 2u] = a * b;
    outs[at + 3u] = a / c;
    outs[at + 4u] = a % c;
    outs[at + 5u] = uint(sa / divisor);
    outs[at + 6u] = a << (b & 31u);
    outs[at + 7u] = a >> (b & 31u);
    outs[at + 8u] = uint(sa >> (b & 31u));
    outs[at + 9u] = high;
    outs[at + 10u] = low;
    outs[at + 11u] = uint(shigh);
    outs[at + 12u] = uint(slow);
    outs[at + 13u] = sum;
    outs[at + 14u] = carry;
    outs[at + 15u] = difference;
    outs[at + 16u] = borrow;
    outs[at + 17u] = min(a, b);
    outs[at + 18u] = max(a, b);
    outs[at + 19u] = uint(min(sa, sb));
    outs[at + 20u] = uint(max(sa, sb));
    outs[at + 21u] = uint(abs(sa));
    outs[at + 22u] = uint(sign(sa));
    outs[at + 23u] = bitfieldExtract(a, first, bits);
    outs[at + 24u] = uint(bitfieldExtract(sa, first, bits));
    outs[at + 25u] = bitfieldInsert(a, b, first, bits);
    outs[at + 26u] = bitfieldReverse(a);
    outs[at + 27u] = uint(bitCount(a));
    outs[at + 28u] = uint(findLSB(a));
    outs[at + 29u] = uint(findMSB(a));
    outs[at + 30u] = uint(findMSB(sa));
    outs[at + 31u] = (a < b ? 1u : 0u) | (sa < sb ? 2u : 0u) | (a == b ? 4u : 0u) | ((a & ~b) >= (a ^ b) ? 8u : 0u);
}
