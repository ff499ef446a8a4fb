#!/usr/bin/env bash
# ncnn from PyPI on the software device: ncnn_conv.py's convolutions through its Vulkan backend have to be right.
#
#   ncnn.sh [--or-skip] [--program FILE] [--suite NAME]… [FOLDER]
#
#   --suite NAME   whose RADV: `host` (this machine's), or a Debian suite, made in FOLDER by debootstrap, which wants root
#                  (default: host)
#   The rest is common.sh's. Wants Python 3 with venv and mesa-vulkan-drivers, which root gets installed, and the network
#   at the first run. NCNN_VERSION is the package's version (default: the newest when the environment is made).
#   Half a minute.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
suite_options "$@"
arguments "${options[@]}"
[ ${#suites[@]} -gt 0 ] || suites=(host)

for suite in "${suites[@]}"; do
  radv "$suite"
  python_environment ncnn "ncnn${NCNN_VERSION:+==$NCNN_VERSION}" numpy
  log=$folder/ncnn-$suite.log
  status=0
  python_program 300 ncnn_conv.py >"$log" 2>&1 || status=$?
  device=$(sed -n 's/^device: //p' "$log")
  case $device in
    *RADV* | *NAVI31*) found=shown ;;
    *) found=missing ;;
  esac
  verdict "$suite: device (${device:-none})" shown "$found"
  while IFS=: read -r what answer; do
    verdict "$suite: $what" right "$(printf '%s' "$answer" | sed 's/^ //; s/, largest.*//')"
  done < <(grep '^conv ' "$log")
  verdict "$suite: how many convolutions" 8 "$(grep -c '^conv ' "$log")"
  verdict "$suite: exit code" 0 "$status"
  [ "$status" = 0 ] || tail -n 5 "$log" >&2
done
finish
