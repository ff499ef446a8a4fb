#!/usr/bin/env bash
# taichi from PyPI on the software device: taichi_run.py's kernels through its Vulkan backend have to be right.
#
#   taichi.sh [--or-skip] [--program FILE] [--suite NAME]… [FOLDER]
#
#   --suite NAME   whose RADV: `host` (this machine's), or a Debian suite, made in FOLDER by debootstrap, which wants root
#                  (default: host)
#   The rest is common.sh's. Wants Python 3 with venv (a version that taichi has a package for: 3.9 to 3.13) and
#   mesa-vulkan-drivers, which root gets installed, and the network at the first run. TAICHI_VERSION is the package's
#   version (default: the newest when the environment is made). Half a minute.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
suite_options "$@"
arguments "${options[@]}"
[ ${#suites[@]} -gt 0 ] || suites=(host)

for suite in "${suites[@]}"; do
  radv "$suite"
  python_environment taichi "taichi${TAICHI_VERSION:+==$TAICHI_VERSION}" numpy
  log=$folder/taichi-$suite.log
  status=0
  python_program 300 taichi_run.py >"$log" 2>&1 || status=$?
  verdict "$suite: backend" vulkan "$(sed -n 's/^backend: //p' "$log")"
  for what in saxpy sum 'matrix product' mandelbrot; do
    got=$(sed -n "s/^$what: \([a-z]*\).*/\1/p" "$log")
    verdict "$suite: $what" right "${got:-none}"
  done
  verdict "$suite: exit code" 0 "$status"
  [ "$status" = 0 ] || tail -n 5 "$log" >&2
done
finish
