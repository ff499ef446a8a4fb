#version 450
// Four sets of four storage buffers each; every one is written, and the one before it in the ring is read.
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer B00 { uint v[]; } b00;
layout(std430, set = 0, binding = 1) buffer B01 { uint v[]; } b01;
layout(std430, set = 0, binding = 2) buffer B02 { uint v[]; } b02;
layout(std430, set = 0, binding = 3) buffer B03 { uint v[]; } b03;
layout(std430, set = 1, binding = 0) buffer B10 { uint v[]; } b10;
layout(std430, set = 1, binding = 1) buffer B11 { uint v[]; } b11;
layout(std430, set = 1, binding = 2) buffer B12 { uint v[]; } b12;
layout(std430, set = 1, binding = 3) buffer B13 { uint v[]; } b13;
layout(std430, set = 2, binding = 0) buffer B20 { uint v[]; } b20;
layout(std430, set = 2, binding = 1) buffer B21 { uint v[]; } b21;
layout(std430, set = 2, binding = 2) buffer B22 { uint v[]; } b22;
layout(std430, set = 2, binding = 3) buffer B23 { uint v[]; } b23;
layout(std430, set = 3, binding = 0) buffer B30 { uint v[]; } b30;
layout(std430, set = 3, binding = 1) buffer B31 { uint v[]; } b31;
layout(std430, set = 3, binding = 2) buffer B32 { uint v[]; } b32;
layout(std430, set = 3, binding = 3) buffer B33 { uint v[]; } b33;
layout(push_constant) uniform Push { uint n; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i >= n) return;
    uint last = b33.v[i];
    b33.v[i] = b32.v[i] + 15u;
    b32.v[i] = b31.v[i] + 14u;
    b31.v[i] = b30.v[i] + 13u;
    b30.v[i] = b23.v[i] + 12u;
    b23.v[i] = b22.v[i] + 11u;
    b22.v[i] = b21.v[i] + 10u;
    b21.v[i] = b20.v[i] + 9u;
    b20.v[i] = b13.v[i] + 8u;
    b13.v[i] = b12.v[i] + 7u;
    b12.v[i] = b11.v[i] + 6u;
    b11.v[i] = b10.v[i] + 5u;
    b10.v[i] = b03.v[i] + 4u;
    b03.v[i] = b02.v[i] + 3u;
    b02.v[i] = b01.v[i] + 2u;
    b01.v[i] = b00.v[i] + 1u;
    b00.v[i] = last;
}
