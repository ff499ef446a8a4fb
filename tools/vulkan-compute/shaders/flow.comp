#version 450
// Loops, branches and switches in which neighbouring invocations part ways.
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer In { uint ins[]; };
layout(std430, binding = 1) writeonly buffer Out { uint outs[]; };
layout(push_constant) uniform Push { uint n; };

uint collatz(uint v) {
    uint steps = 0u;
    while (v > 1u && steps < 500u) {
        v = (v & 1u) == 0u ? v >> 1 : 3u * v + 1u;
        ++steps;
    }
    return steps;
}

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    uint v = ins[i];
    if ((v & 15u) == 9u) {
        outs[i] = 0xffffffffu;
        return;
    }
    uint r = collatz(v & 0xffffu);
    for (uint k = 0u; k < (v & 31u); ++k) {
        if (((v >> k) & 3u) == 2u) continue;
        if (((v >> k) & 63u) == 63u) break;
        for (uint j = k; j < 40u; j += 1u + (v >> 29)) r = r * 3u + j;
    }
    switch ((v >> 5) & 7u) {
        case 0u: r += 11u; break;
        case 1u: r ^= v; // falls through
        case 2u: r = (r << 3) | (r >> 29); break;
        case 3u: r = r * r; break;
        case 6u: r = ~r; break;
        default: r -= v;
    }
    outs[i] = r;
}
