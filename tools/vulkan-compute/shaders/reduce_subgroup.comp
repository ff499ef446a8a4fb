#version 450
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
// All words added: over a subgroup, over a workgroup in shared memory, over all with an atomic.
layout(local_size_x = 256) in;
layout(std430, binding = 0) readonly buffer In { uint ins[]; };
layout(std430, binding = 1) buffer Sum { uint sum; uint most; };
layout(push_constant) uniform Push { uint n; };
shared uint sums[256];
shared uint mosts[256];

void main() {
    uint i = gl_GlobalInvocationID.x;
    uint v = i < n ? ins[i] : 0u;
    uint part = subgroupAdd(v), most_here = subgroupMax(v);
    if (subgroupElect()) {
        sums[gl_SubgroupID] = part;
        mosts[gl_SubgroupID] = most_here;
    }
    barrier();
    if (gl_LocalInvocationIndex == 0u) {
        uint total = 0u, top = 0u;
        for (uint k = 0u; k < gl_NumSubgroups; ++k) {
            total += sums[k];
            top = max(top, mosts[k]);
        }
        atomicAdd(sum, total);
        atomicMax(most, top);
    }
}
