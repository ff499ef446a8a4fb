#version 450
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_EXT_shader_16bit_storage : require
// Pairs of 16-bit numbers, as packed instructions compute them: a multiply-add of 4-vectors.
layout(local_size_x = 64) in;
layout(std430, binding = 0) readonly buffer A { f16vec4 as[]; };
layout(std430, binding = 1) readonly buffer B { f16vec4 bs[]; };
layout(std430, binding = 2) writeonly buffer Out { f16vec4 outs[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    precise f16vec4 product = as[i] * bs[i].wzyx;
    precise f16vec4 sum = product + as[i].yxwz;
    outs[i] = sum;
}
