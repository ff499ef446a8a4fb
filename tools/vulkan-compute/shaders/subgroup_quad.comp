#version 450
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_quad : require
#extension GL_GOOGLE_include_directive : require
#define RESULTS 5u
#include "subgroup.glsl"

void results(uint v, uint at) {
    outs[at + 0u] = subgroupQuadBroadcast(v, 0u);
    outs[at + 1u] = subgroupQuadBroadcast(v, 3u);
    outs[at + 2u] = subgroupQuadSwapHorizontal(v);
    outs[at + 3u] = subgroupQuadSwapVertical(v);
    outs[at + 4u] = subgroupQuadSwapDiagonal(v);
}
