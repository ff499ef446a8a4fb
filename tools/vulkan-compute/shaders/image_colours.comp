#version 450
// Each texel of a rgba8 image from the mirrored one of another, with its components in another order.
layout(local_size_x = 8, local_size_y = 8) in;
layout(binding = 0, rgba8) uniform readonly image2D from;
layout(binding = 1, rgba8) uniform writeonly image2D to;

void main() {
    ivec2 at = ivec2(gl_GlobalInvocationID.xy), size = imageSize(from);
    if (at.x >= size.x || at.y >= size.y) return;
    vec4 v = imageLoad(from, size - 1 - at);
    imageStore(to, at, vec4(v.y, v.x, 1.0 - v.w, v.z));
}
