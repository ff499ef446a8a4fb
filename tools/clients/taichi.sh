#!/usr/bin/env bash
# taichi from PyPI on the software device: taichi_run.py's kernels through its Vulkan backend have to be right.
#
#   taichi.sh [--or-skip] [--program FILE] [FOLDER]
#
#   The rest is common.sh's. Wants Python 3 with venv (a version that taichi has a package for: 3.9 to 3.13) and
#   mesa-vulkan-drivers, which root gets installed, and the network at the first run. TAICHI_VERSION is the package's
#   version (default: the newest when the environment is made). Half a minute.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
arguments "$@"

install_packages mesa-vulkan-drivers libvulkan1
python_environment taichi "taichi${TAICHI_VERSION:+==$TAICHI_VERSION}" numpy
radv_only
log=$folder/taichi.log
status=0
limited 300 "$venv/bin/python" "$here/taichi_run.py" >"$log" 2>&1 || status=$?
verdict backend vulkan "$(sed -n 's/^backend: //p' "$log")"
for what in saxpy sum 'matrix product' mandelbrot; do
  got=$(sed -n "s/^$what: \([a-z]*\).*/\1/p" "$log")
  verdict "$what" right "${got:-none}"
done
verdict 'exit code' 0 "$status"
[ "$status" = 0 ] || tail -n 5 "$log" >&2
finish
