#version 450
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
// Walks a list of nodes in several buffers by their addresses.
layout(local_size_x = 64) in;
layout(buffer_reference, std430, buffer_reference_align = 16) buffer Node;
layout(buffer_reference, std430, buffer_reference_align = 16) buffer Node { Node next; uint value; uint visits; };
layout(std430, binding = 0) readonly buffer Heads { Node heads[]; };
layout(std430, binding = 1) writeonly buffer Out { uint outs[]; };
layout(push_constant) uniform Push { uint n; uint steps; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    Node node = heads[i];
    uint sum = 0u;
    for (uint k = 0u; k < steps; ++k) {
        sum = sum * 3u + node.value;
        atomicAdd(node.visits, 1u);
        node = node.next;
    }
    outs[i] = sum;
}
