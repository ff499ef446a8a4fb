#version 450
// Adds one to a counter, and to the cell of this workgroup.
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer Cells { uint cells[]; };

void main() {
    atomicAdd(cells[0], 1u);
    uint group = (gl_WorkGroupID.z * gl_NumWorkGroups.y + gl_WorkGroupID.y) * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    if (gl_LocalInvocationIndex == 0u) atomicAdd(cells[1u + group], group + 1u);
}
