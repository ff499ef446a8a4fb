#!/usr/bin/env bash
# llama.cpp's Vulkan backend on the software device: test-backend-ops, which compares each operation with the CPU's answer,
# over operations and shapes that take seconds.
#
#   llama.sh [--or-skip] [--program FILE] [--op NAME]… [--shape REGEX] [FOLDER]
#
#   --op NAME       only this operation, such as MUL_MAT, with all its shapes or those of --shape
#   --shape REGEX   of --op's, those whose description matches
#   The rest is common.sh's. Debian has the program in sid: wants root (debootstrap, chroot), and the network at the first
#   run; about 1.4 GB. Five minutes on two cores.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

ops=()
shape=''
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --op | --shape)
      [ $# -gt 1 ] || die "$1 wants a value" 2
      if [ "$1" = --op ]; then ops+=("$2"); else shape=$2; fi
      shift
      ;;
    *) options+=("$1") ;;
  esac
  shift
done
arguments "${options[@]}"

# Operation, and the shapes, as a regular expression.
table='
ADD .
NORM .
RMS_NORM .
SOFT_MAX ne=\[(16|32),
SUM_ROWS .
SOFT_MAX_BACK .
POOL_2D .
CPY .
SET_ROWS .
GET_ROWS n=256,m=5,r=4,be1=1,
MUL_MAT m=16,n=1,k=256,bs=.1,1.,nr=.1,1.
MUL_MAT m=16,n=16,k=256,bs=.1,1.,nr=.1,1.
'
if [ ${#ops[@]} -gt 0 ]; then
  table=$(printf "%s ${shape:-.}\n" "${ops[@]}")
fi

suite sid "${mesa_packages[@]}"
suite_packages llama.cpp-tests libggml0-backend-vulkan
radv_only
while read -r op shapes; do
  [ -n "$op" ] || continue
  log=$folder/llama-$op.log
  status=0
  limited 600 /usr/libexec/x86_64-linux-gnu/llama.cpp-tests/test-backend-ops test -b Vulkan0 -o "$op" -p "$shapes" \
    >"$log" 2>&1 || status=$?
  # `N/M tests passed`; without a device there is no such line.
  passed=$(sed -n 's:^ *\([0-9]*\)/\([0-9]*\) tests passed.*:\1 \2:p' "$log" | head -n 1)
  verdict "$op $shapes: $passed" right "$([ -n "$passed" ] && [ "${passed% *}" = "${passed#* }" ] &&
    [ "${passed% *}" -gt 0 ] && [ "$status" = 0 ] && echo right || echo "exit $status")"
  grep -m 3 FAIL "$log" | cut -c 1-200 >&2 || true
done <<<"$table"
finish
