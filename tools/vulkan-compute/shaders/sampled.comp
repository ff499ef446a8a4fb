#version 450
// A sampled image with nearest filtering, and one of single floats: a sample for each pair of coordinates, texels
// fetched by number, and the size.
layout(local_size_x = 64) in;
layout(binding = 0) uniform sampler2D colours;
layout(binding = 1) uniform sampler2D depths;
layout(binding = 2) uniform usampler2D words;
layout(std430, binding = 3) readonly buffer At { vec2 at[]; };
layout(std430, binding = 4) writeonly buffer Out { vec4 outs[]; };
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    ivec2 size = textureSize(colours, 0);
    outs[i * 4u + 0u] = textureLod(colours, at[i], 0.0);
    outs[i * 4u + 1u] = vec4(textureLod(depths, at[i], 0.0).x, vec2(size), 0.0);
    ivec2 texel = ivec2(int(i) % size.x, (int(i) / size.x) % size.y);
    outs[i * 4u + 2u] = vec4(uintBitsToFloat(texelFetch(words, texel, 0).x & 0x3fffffffu | 0x20000000u), texelFetch(depths, texel, 0).x, 0.0, 0.0);
    outs[i * 4u + 3u] = texelFetch(colours, texel, 0);
}
