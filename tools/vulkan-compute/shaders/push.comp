#version 450
// Writes the 128 bytes of push constants that every device has, at a slot that they name. Indices are the same for the
// whole workgroup: drivers take that for granted.
layout(local_size_x = 32) in;
layout(std430, binding = 0) writeonly buffer Out { uint outs[]; };
layout(push_constant) uniform Push { uint slot; uint words[31]; };

void main() {
    uint i = gl_LocalInvocationID.x;
    uint mine = slot;
    for (uint k = 0u; k < 31u; ++k)
        if (i == k + 1u) mine = words[k];
    outs[slot * 32u + i] = mine;
}
