#!/bin/sh
# Compiles every shader to SPIR-V beside it, or beside its name in the folder given as the argument.
# The checked-in files are made by glslang 12.0.0 (Debian bookworm: glslang-tools 12.0.0-2); another version writes
# another generator number at least.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
for source in "$here"/*.comp; do
  name=$(basename "$source" .comp)
  glslangValidator --quiet -V -g0 --target-env vulkan1.2 -o "$out/$name.spv" "$source"
done
