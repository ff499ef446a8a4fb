// The common part of the subgroup shaders: each invocation says where it is, and those whose data has all bits of the
// mask go on to write RESULTS words each.
layout(local_size_x_id = 0) in;
layout(local_size_x = 128) in;
layout(std430, binding = 0) readonly buffer In { uint ins[]; };
layout(std430, binding = 1) writeonly buffer Ids { uvec4 ids[]; };
layout(std430, binding = 2) writeonly buffer Out { uint outs[]; };
layout(push_constant) uniform Push { uint mask; };

void results(uint v, uint at);

void main() {
    uint i = gl_GlobalInvocationID.x;
    uint v = ins[i];
    ids[i] = uvec4(gl_SubgroupSize, gl_SubgroupID, gl_SubgroupInvocationID, gl_NumSubgroups);
    if ((v & mask) == mask) results(v, i * RESULTS);
}
