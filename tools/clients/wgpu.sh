#!/usr/bin/env bash
# wgpu from PyPI on the software device: wgpu_compute.py's shaders have to give the right answers, on an adapter that is
# this machine's RADV and no software rasterizer.
#
#   wgpu.sh [--or-skip] [--program FILE] [--suite NAME]… [FOLDER]
#
#   --suite NAME   whose RADV: `host` (this machine's), or a Debian suite, made in FOLDER by debootstrap, which wants root
#                  (default: host)
#   The rest is common.sh's. Wants Python 3 with venv and mesa-vulkan-drivers, which root gets installed, and the network
#   at the first run. WGPU_VERSION is the package's version (default: the newest when the environment is made).
#   Half a minute.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
suite_options "$@"
arguments "${options[@]}"
export WGPU_BACKEND_TYPE=Vulkan
[ ${#suites[@]} -gt 0 ] || suites=(host)

for suite in "${suites[@]}"; do
  radv "$suite"
  python_environment wgpu "wgpu${WGPU_VERSION:+==$WGPU_VERSION}" numpy
  log=$folder/wgpu-$suite.log
  status=0
  python_program 300 wgpu_compute.py >"$log" 2>&1 || status=$?
  adapter=$(sed -n 's/^adapter: //p' "$log")
  case $adapter in
    *llvmpipe* | '') found=missing ;;
    *RADV* | *NAVI31* | *AMD*) found=shown ;;
    *) found=missing ;;
  esac
  verdict "$suite: adapter (${adapter:-none})" shown "$found"
  for what in saxpy histogram; do
    got=$(sed -n "s/^$what: //p" "$log")
    verdict "$suite: $what" right "${got:-none}"
  done
  verdict "$suite: exit code" 0 "$status"
  [ "$status" = 0 ] || tail -n 5 "$log" >&2
done
finish
