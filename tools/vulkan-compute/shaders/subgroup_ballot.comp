#version 450
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_GOOGLE_include_directive : require
#define RESULTS 24u
#include "subgroup.glsl"

void results(uint v, uint at) {
    bool yes = (v & 4u) != 0u;
    uvec4 ballot = subgroupBallot(yes);
    outs[at + 0u] = ballot.x;
    outs[at + 1u] = ballot.y;
    outs[at + 2u] = ballot.z | ballot.w;
    outs[at + 3u] = subgroupBallotBitCount(ballot);
    outs[at + 4u] = subgroupBallotInclusiveBitCount(ballot);
    outs[at + 5u] = subgroupBallotExclusiveBitCount(ballot);
    uvec4 here = subgroupBallot(true);
    outs[at + 6u] = subgroupBallotFindLSB(here);
    outs[at + 7u] = subgroupBallotFindMSB(here);
    outs[at + 8u] = subgroupInverseBallot(ballot) ? 1u : 0u;
    outs[at + 9u] = subgroupBallotBitExtract(ballot, (v >> 8) & (gl_SubgroupSize - 1u)) ? 1u : 0u;
    outs[at + 10u] = subgroupElect() ? 1u : 0u;
    outs[at + 11u] = subgroupBroadcastFirst(v);
    outs[at + 12u] = subgroupBroadcast(v, 3u);
    outs[at + 13u] = subgroupAll(yes) ? 1u : 0u;
    outs[at + 14u] = subgroupAny(yes) ? 1u : 0u;
    outs[at + 15u] = subgroupAllEqual(v & 0x80000000u) ? 1u : 0u;
    outs[at + 16u] = gl_SubgroupEqMask.x;
    outs[at + 17u] = gl_SubgroupEqMask.y;
    outs[at + 18u] = gl_SubgroupLtMask.x;
    outs[at + 19u] = gl_SubgroupLtMask.y;
    outs[at + 20u] = gl_SubgroupLeMask.x;
    outs[at + 21u] = gl_SubgroupLeMask.y;
    outs[at + 22u] = gl_SubgroupGtMask.x;
    outs[at + 23u] = gl_SubgroupGeMask.x;
}
