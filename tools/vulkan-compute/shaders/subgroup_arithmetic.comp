#version 450
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_GOOGLE_include_directive : require
#define RESULTS 16u
#include "subgroup.glsl"

void results(uint v, uint at) {
    float f = float(v & 0xfffu);
    outs[at + 0u] = subgroupAdd(v);
    outs[at + 1u] = subgroupMul(v | 1u);
    outs[at + 2u] = subgroupMin(v);
    outs[at + 3u] = subgroupMax(v);
    outs[at + 4u] = uint(subgroupMin(int(v)));
    outs[at + 5u] = uint(subgroupMax(int(v)));
    outs[at + 6u] = subgroupAnd(v | 0xffu);
    outs[at + 7u] = subgroupOr(v & 0x11111111u);
    outs[at + 8u] = subgroupXor(v);
    outs[at + 9u] = subgroupInclusiveAdd(v);
    outs[at + 10u] = subgroupExclusiveAdd(v);
    outs[at + 11u] = subgroupInclusiveMax(v);
    outs[at + 12u] = subgroupExclusiveMin(v);
    outs[at + 13u] = subgroupExclusiveXor(v);
    outs[at + 14u] = floatBitsToUint(subgroupAdd(f));
    outs[at + 15u] = floatBitsToUint(subgroupInclusiveMax(f));
}
