#!/usr/bin/env bash
# OpenCL on the software device, through Mesa's rusticl on radeonsi: clinfo has to list the device, and opencl.c (a vector
# addition, a matrix product, a reduction) has to get every answer right.
#
#   opencl.sh [--or-skip] [--program FILE] [--suite NAME]… [--aco] [FOLDER]
#
#   --suite NAME   a Debian suite whose Mesa is used, made in FOLDER by debootstrap (default: trixie)
#   --aco          shaders by ACO where Mesa would take LLVM
#   The rest is common.sh's. Wants root (debootstrap, chroot), and the network at the first run; about 1.2 GB a suite.
#   Each suite's run takes half a minute.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

suites=()
options=()
environment=(RUSTICL_ENABLE=radeonsi)
while [ $# -gt 0 ]; do
  case $1 in
    --suite)
      [ $# -gt 1 ] || die '--suite wants a name' 2
      suites+=("$2")
      shift
      ;;
    --aco) environment+=(AMD_DEBUG=useaco) ;;
    *) options+=("$1") ;;
  esac
  shift
done
arguments "${options[@]}"
[ ${#suites[@]} -gt 0 ] || suites=(trixie)

for suite in "${suites[@]}"; do
  suite "$suite" "${mesa_packages[@]}"
  cp "$here/opencl.c" "$root/root/opencl.c"
  inside cc -O2 -Wall -Wno-deprecated-declarations -o /root/opencl /root/opencl.c -lOpenCL -lm

  log=$folder/opencl-$suite.log
  status=0
  limited 120 env "${environment[@]}" clinfo >"$log" 2>&1 || status=$?
  verdict "$suite: clinfo's exit code" 0 "$status"
  name=$(sed -n 's/^ *Device Name  *\(.*\)$/\1/p' "$log" | head -n 1)
  case $name in
    *navi31* | *NAVI31* | *"RX 7900"*) found=listed ;;
    *) found=missing ;;
  esac
  verdict "$suite: clinfo's device (${name:-none})" listed "$found"

  status=0
  limited 300 env "${environment[@]}" /root/opencl >"$log.program" 2>&1 || status=$?
  verdict "$suite: exit code of our program" 0 "$status"
  for what in 'vector addition' 'matrix product' reduction; do
    got=$(sed -n "s/^$what: //p" "$log.program")
    verdict "$suite: $what" right "${got:-none}"
  done
  if [ "$status" != 0 ]; then
    tail -n 5 "$log.program" >&2
  fi
done
finish
