#version 450
// Texel buffers: r32ui and rgba8 in, r32ui and rgba8 out.
layout(local_size_x = 64) in;
layout(binding = 0) uniform usamplerBuffer words;
layout(binding = 1) uniform samplerBuffer colours;
layout(binding = 2, r32ui) uniform writeonly uimageBuffer out_words;
layout(binding = 3, rgba8) uniform writeonly imageBuffer out_colours;
layout(push_constant) uniform Push { uint n; };

void main() {
    int i = int(gl_GlobalInvocationID.x), count = int(n);
    if (i >= count) return;
    uint size = uint(textureSize(words));
    imageStore(out_words, i, uvec4(texelFetch(words, count - 1 - i).x + size, 0u, 0u, 0u));
    imageStore(out_colours, i, texelFetch(colours, (i + 7) % count).wzxy);
}
