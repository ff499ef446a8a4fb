#version 450
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle_relative : require
#extension GL_GOOGLE_include_directive : require
#define RESULTS 4u
#include "subgroup.glsl"

void results(uint v, uint at) {
    outs[at + 0u] = subgroupShuffleUp(v, 1u);
    outs[at + 1u] = subgroupShuffleUp(v, 3u);
    outs[at + 2u] = subgroupShuffleDown(v, 1u);
    outs[at + 3u] = subgroupShuffleDown(v, 2u);
}
