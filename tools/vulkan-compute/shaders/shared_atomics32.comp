#version 450
#extension GL_GOOGLE_include_directive : require
#define U uint
#define I int
#include "shared_atomics.glsl"
