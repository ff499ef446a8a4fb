#!/bin/sh
# Builds the objects of this folder from clean.cl and faults.cl with clang 19 and lld 19 (LLVM=/usr/lib/llvm-19/bin).
set -e
cd "$(dirname "$0")"
llvm=${LLVM:-/usr/lib/llvm-19/bin}
build() {
    source=$1 object=$2
    shift 2
    "$llvm/clang" -x cl -cl-std=CL2.0 -Xclang -finclude-default-header -target amdgcn-amd-amdhsa -mcpu=gfx1100 -nogpulib \
        -Wno-everything "$@" -c "$source" -o "$object.o"
    "$llvm/ld.lld" -shared "$object.o" -o "$object.hsaco"
    "$llvm/llvm-strip" "$object.hsaco"
    rm "$object.o"
}
for level in 0 1 3; do
    build clean.cl "clean_O${level}_w32" "-O$level"
    build clean.cl "clean_O${level}_w64" "-O$level" -mwavefrontsize64
done
build faults.cl faults -O0
