#!/bin/sh
# Builds the code objects of this folder with LLVM 19 (SPARKLE_LLVM names its bin folder), for tests/object_cases.rs
# and tests/cli_kernel.rs. The sources need no device library.
set -e
cd "$(dirname "$0")"
llvm=${SPARKLE_LLVM:-/usr/lib/llvm-19/bin}
cl() { # OUT CPU VERSION SOURCE FLAGS…
    out=$1 cpu=$2 version=$3 source=$4
    shift 4
    "$llvm/clang" -x cl -cl-std=CL2.0 -target amdgcn-amd-amdhsa -mcpu="$cpu" -mcode-object-version="$version" \
        -nogpulib -O2 -Xclang -finclude-default-header -Wl,--strip-all "$@" "$source" -o "$out"
}
hip() { # OUT SOURCE FLAGS…
    out=$1 source=$2
    shift 2
    "$llvm/clang" -x hip -nogpuinc -nogpulib --cuda-device-only -fuse-cuid=none -O2 -std=c++17 "$@" "$source" -o "$out"
}
cl launch_v4.hsaco gfx1100 4 launch.cl
cl launch_v5.hsaco gfx1100 5 launch.cl
cl launch_v6.hsaco gfx1100 6 launch.cl
cl launch_v5_w64.hsaco gfx1100 5 launch.cl -mwavefrontsize64
cl launch_generic.hsaco gfx11-generic 6 launch.cl
cl launch_gfx1030.hsaco gfx1030 5 launch.cl
cl faults.hsaco gfx1100 5 faults.cl
hip stack_v5.hsaco stack.hip --offload-arch=gfx1100 --no-gpu-bundle-output
hip stack_v5_w64.hsaco stack.hip --offload-arch=gfx1100 --no-gpu-bundle-output -mwavefrontsize64
hip globals_v5.hsaco globals.hip --offload-arch=gfx1100 --no-gpu-bundle-output
hip globals.bundle globals.hip --offload-arch=gfx1030 --offload-arch=gfx1100 --gpu-bundle-output
hip foreign.bundle globals.hip --offload-arch=gfx1030 --offload-arch=gfx90a --gpu-bundle-output
"$llvm/clang" -x cl -target amdgcn-amd-amdhsa -mcpu=gfx1100 -nogpulib -O2 -c faults.cl -o relocatable.o
