#!/usr/bin/env bash
# Vulkan on the software device, through several versions of Mesa's RADV: `vulkaninfo --summary` has to show the card, and
# a test program, where one is given, has to succeed.
#
#   vulkan.sh [--or-skip] [--program FILE] [--suite NAME]… [--run FILE] [FOLDER]
#
#   --suite NAME   whose RADV: `host` (this machine's mesa-vulkan-drivers), or a Debian suite, made in FOLDER by debootstrap
#                  (default: host, trixie and sid: Mesa 22.3 on bookworm, 25.0, 26)
#   --run FILE     a Vulkan program for this machine that checks its own answers; it is run on each
#   The rest is common.sh's. Wants root (debootstrap, chroot, apt-get), and the network at the first run; about 1.2 GB a
#   suite.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

suites=()
options=()
program=''
while [ $# -gt 0 ]; do
  case $1 in
    --suite | --run)
      [ $# -gt 1 ] || die "$1 wants a value" 2
      if [ "$1" = --run ]; then program=$2; else suites+=("$2"); fi
      shift
      ;;
    *) options+=("$1") ;;
  esac
  shift
done
arguments "${options[@]}"
[ ${#suites[@]} -gt 0 ] || suites=(host trixie sid)
if [ -n "$program" ]; then
  [ -x "$program" ] || die "$program is no program"
  # Where every suite sees it.
  cp "$program" "$scratch/program"
fi

for suite in "${suites[@]}"; do
  root=''
  if [ "$suite" = host ]; then
    install_packages mesa-vulkan-drivers vulkan-tools
  else
    suite "$suite" "${mesa_packages[@]}"
  fi
  radv_only

  log=$folder/vulkan-$suite.log
  status=0
  limited 120 vulkaninfo --summary >"$log" 2>&1 || status=$?
  verdict "$suite: vulkaninfo's exit code" 0 "$status"
  name=$(sed -n 's/^\tdeviceName *= //p' "$log")
  driver=$(sed -n 's/^\tdriverInfo *= //p' "$log")
  case $name in
    *GFX1100* | *NAVI31*) found=shown ;;
    *) found=missing ;;
  esac
  verdict "$suite: ${driver:-no driver}, ${name:-no device}" shown "$found"
  [ "$status$found" = 0shown ] || tail -n 5 "$log" >&2

  if [ -n "$program" ]; then
    status=0
    limited 600 "$scratch/program" >"$log.program" 2>&1 || status=$?
    verdict "$suite: exit code of ${program##*/}" 0 "$status"
    [ "$status" = 0 ] || tail -n 12 "$log.program" >&2
  fi
done
finish
