// Every atomic on a buffer's cells, of the types U (without sign) and I (with).
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer In { U ins[]; };
layout(std430, binding = 1) buffer Cells { U cells[16]; };
layout(std430, binding = 2) buffer Signed { I signed_cells[4]; };
layout(std430, binding = 3) writeonly buffer Out { U outs[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    U v = ins[i];
    outs[i * 4u + 0u] = atomicAdd(cells[0], U(1));
    atomicAdd(cells[1], v);
    atomicMin(cells[2], v);
    atomicMax(cells[3], v);
    atomicAnd(cells[4], v | (v << 1) | (v >> 1) | (v << 2));
    atomicOr(cells[5], v & (v << 1) & (v >> 1) & (v << 2) & (v << 3));
    outs[i * 4u + 1u] = atomicXor(cells[6], v);
    outs[i * 4u + 2u] = atomicExchange(cells[7], U(i + 1u));
    // A product, by compare and swap. Somebody always succeeds, so as many rounds as invocations are enough.
    U old = cells[8];
    for (uint k = 0u; k < 1000000u; ++k) {
        U seen = atomicCompSwap(cells[8], old, old * (v | U(1)));
        if (seen == old) break;
        old = seen;
    }
    outs[i * 4u + 3u] = old;
    atomicMin(signed_cells[0], I(v));
    atomicMax(signed_cells[1], I(v));
    // Invocations with the same low bits share a cell: some neighbours, not all.
    atomicAdd(cells[9u + uint(v & U(3))], v >> 3);
}
