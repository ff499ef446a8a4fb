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

tools python3=python3
install_packages mesa-vulkan-drivers libvulkan1
venv=$folder/wgpu
log=$folder/wgpu.log
if [ ! -f "$venv/.complete" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" >"$log" 2>&1 || {
    rm -rf "$venv"
    install_packages python3-venv
    python3 -m venv "$venv" >"$log" 2>&1 || lacking "python3 -m venv fails: see $log"
  }
  "$venv/bin/pip" install -q "wgpu${WGPU_VERSION:+==$WGPU_VERSION}" numpy >>"$log" 2>&1 ||
    lacking "wgpu can't be installed: see $log"
  touch "$venv/.complete"
fi

icd=/usr/share/vulkan/icd.d/radeon_icd.x86_64.json
[ -e "$icd" ] || icd=/usr/share/vulkan/icd.d/radeon_icd.json
status=0
limited 300 env "VK_ICD_FILENAMES=$icd" "VK_DRIVER_FILES=$icd" WGPU_BACKEND_TYPE=Vulkan \
  "$venv/bin/python" "$here/wgpu_compute.py" >"$folder/wgpu.log" 2>&1 || status=$?
adapter=$(sed -n 's/^adapter: //p' "$folder/wgpu.log")
case $adapter in
  *llvmpipe* | '') found=missing ;;
  *RADV* | *NAVI31* | *AMD*) found=shown ;;
  *) found=missing ;;
esac
verdict "adapter (${adapter:-none})" shown "$found"
for what in saxpy histogram; do
  got=$(sed -n "s/^$what: //p" "$folder/wgpu.log")
  verdict "$what" right "${got:-none}"
done
verdict 'exit code' 0 "$status"
[ "$status" = 0 ] || tail -n 5 "$folder/wgpu.log" >&2
finish
