#version 450
// A transposed matrix of words by tiles of 32 x 32 in shared memory, eight rows of a tile at a time.
layout(local_size_x = 32, local_size_y = 8) in;
layout(std430, binding = 0) readonly buffer In { uint ins[]; };
layout(std430, binding = 1) writeonly buffer Out { uint outs[]; };
layout(push_constant) uniform Push { uint width, height; };
shared uint tile[32][33];

void main() {
    uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
    uint left = gl_WorkGroupID.x * 32u, top = gl_WorkGroupID.y * 32u;
    for (uint k = y; k < 32u; k += 8u)
        if (left + x < width && top + k < height) tile[k][x] = ins[(top + k) * width + left + x];
    barrier();
    for (uint k = y; k < 32u; k += 8u)
        if (left + k < width && top + x < height) outs[(left + k) * height + top + x] = tile[x][k];
}
