#version 450
// Every texel of a level of a 3D image, in the order of rows and slices.
layout(local_size_x = 64) in;
layout(binding = 0) uniform usampler3D image;
layout(std430, binding = 1) writeonly buffer Out { uvec4 outs[]; };
layout(push_constant) uniform Push { int level; uint first; };

void main() {
    ivec3 size = textureSize(image, level);
    int i = int(gl_GlobalInvocationID.x);
    if (i >= size.x * size.y * size.z) return;
    ivec3 at = ivec3(i % size.x, i / size.x % size.y, i / (size.x * size.y));
    outs[first + uint(i)] = texelFetch(image, at, level);
}
