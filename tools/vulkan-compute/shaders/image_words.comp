#version 450
// Each texel of a r32ui image from its neighbour and its place.
layout(local_size_x = 8, local_size_y = 8) in;
layout(binding = 0, r32ui) uniform readonly uimage2D from;
layout(binding = 1, r32ui) uniform writeonly uimage2D to;

void main() {
    ivec2 at = ivec2(gl_GlobalInvocationID.xy), size = imageSize(from);
    if (at.x >= size.x || at.y >= size.y) return;
    uint v = imageLoad(from, ivec2((at.x + 1) % size.x, (at.y + size.y - 1) % size.y)).x;
    imageStore(to, at, uvec4(v * 3u + uint(at.x) + 1000u * uint(at.y), 0u, 0u, 0u));
}
