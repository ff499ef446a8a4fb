// Every atomic on shared memory, of the types U (without sign) and I (with), by one workgroup of 256 a block.
layout(local_size_x = 256) in;
layout(std430, binding = 0) readonly buffer In { U ins[]; };
layout(std430, binding = 1) writeonly buffer Cells { U blocks[][12]; };
layout(std430, binding = 2) writeonly buffer Out { U outs[]; };
shared U cells[8];
shared I signed_cells[2];

void main() {
    uint i = gl_LocalInvocationID.x;
    if (i == 0u) {
        for (uint k = 0u; k < 8u; ++k) cells[k] = U(0);
        cells[2] = ~U(0);
        cells[4] = ~U(0);
        signed_cells[0] = signed_cells[1] = I(0);
    }
    barrier();
    U v = ins[gl_GlobalInvocationID.x];
    outs[gl_GlobalInvocationID.x] = atomicAdd(cells[0], U(1));
    atomicAdd(cells[1], v);
    atomicMin(cells[2], v);
    atomicMax(cells[3], v);
    atomicAnd(cells[4], v | (v << 1) | (v >> 1) | (v << 2));
    atomicOr(cells[5], v & (v << 1) & (v >> 1) & (v << 2));
    atomicXor(cells[6], v);
    if (i == 77u) atomicExchange(cells[7], v);
    atomicMin(signed_cells[0], I(v));
    atomicMax(signed_cells[1], I(v));
    barrier();
    U seen = U(0);
    if (i == 5u) seen = atomicCompSwap(cells[7], ins[gl_WorkGroupID.x * 256u + 77u], U(123));
    barrier();
    uint block = gl_WorkGroupID.x;
    if (i < 8u) blocks[block][i] = cells[i];
    else if (i < 10u) blocks[block][i] = U(signed_cells[i - 8u]);
    if (i == 5u) blocks[block][10] = seen;
}
