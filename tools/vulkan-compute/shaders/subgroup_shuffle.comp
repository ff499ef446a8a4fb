#version 450
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_GOOGLE_include_directive : require
#define RESULTS 4u
#include "subgroup.glsl"

void results(uint v, uint at) {
    outs[at + 0u] = subgroupShuffle(v, (v >> 8) & (gl_SubgroupSize - 1u));
    outs[at + 1u] = subgroupShuffleXor(v, 1u);
    outs[at + 2u] = subgroupShuffleXor(v, gl_SubgroupSize >> 1);
    outs[at + 3u] = floatBitsToUint(subgroupShuffle(uintBitsToFloat(v & 0x3fffffffu | 0x20000000u), gl_SubgroupSize - 1u - gl_SubgroupInvocationID));
}
