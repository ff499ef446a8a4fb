#!/usr/bin/env bash
# wgpu from PyPI on the software device: wgpu_compute.py's shaders have to give the right answers, on an adapter that is
# this machine's RADV and no software rasterizer.
#
#   wgpu.sh [--or-skip] [--program FILE] [FOLDER]
#
#   The rest is common.sh's. Wants Python 3 with venv and mesa-vulkan-drivers, which root gets installed, and the network
#   at the first run. WGPU_VERSION is the package's version (default: the newest when the environment is made).
#   Half a minute.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
arguments "$@"

install_packages mesa-vulkan-drivers libvulkan1
python_environment wgpu "wgpu${WGPU_VERSION:+==$WGPU_VERSION}" numpy
radv_only
export WGPU_BACKEND_TYPE=Vulkan
log=$folder/wgpu.log
status=0
limited 300 "$venv/bin/python" "$here/wgpu_compute.py" >"$log" 2>&1 || status=$?
adapter=$(sed -n 's/^adapter: //p' "$log")
case $adapter in
  *llvmpipe* | '') found=missing ;;
  *RADV* | *NAVI31* | *AMD*) found=shown ;;
  *) found=missing ;;
esac
verdict "adapter (${adapter:-none})" shown "$found"
for what in saxpy histogram; do
  got=$(sed -n "s/^$what: //p" "$log")
  verdict "$what" right "${got:-none}"
done
verdict 'exit code' 0 "$status"
[ "$status" = 0 ] || tail -n 5 "$log" >&2
finish
