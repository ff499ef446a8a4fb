#!/usr/bin/env bash
# libdrm's own test of amdgpu, built from Debian's source packages, on the software device: each test by itself, with a
# time limit, and a table of what was expected and what came out. (The program succeeds whatever its tests do, so its
# output is read.)
#
#   libdrm.sh [--or-skip] [--program FILE] [--version V]… [--test SUITE.TEST]… [--all] [FOLDER]
#
#   --version V          2.4.114 (bookworm), 2.4.124 (trixie) (default: both)
#   --test SUITE.TEST    only this one, such as 1.5, with its output
#   --all                also the one for which nothing is expected: it holds machine code of an older generation. (Tests
#                        of video engines, displays and a second card are not in the table.)
#   The rest is common.sh's. Wants a C compiler, meson, ninja, CUnit and pkg-config, which root gets installed, and the
#   network at the first run. Two minutes.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

versions=()
only=()
all=''
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --version | --test)
      [ $# -gt 1 ] || die "$1 wants a value" 2
      if [ "$1" = --version ]; then versions+=("$2"); else only+=("$2"); fi
      shift
      ;;
    --all) all=yes ;;
    *) options+=("$1") ;;
  esac
  shift
done
arguments "${options[@]}"
[ ${#versions[@]} -gt 0 ] || versions=(2.4.114 2.4.124)

# Suite, test, options, expectation (`-`: none), name. `-f` runs what the program holds back for cards that its authors
# didn't try.
table='
1.1   .  passed  Query Info
1.2   .  passed  Userptr
1.3   -f passed  bo eviction
1.4   .  passed  Command submission (GFX)
1.5   .  passed  Command submission (Compute)
1.6   .  passed  Command submission (Multi-Fence)
1.7   .  passed  Command submission (SDMA)
1.8   .  passed  SW semaphore
1.9   -f -       Sync dependency (GFX9 code)
1.10  -f passed  Dispatch (Compute)
1.11  -f passed  Dispatch (GFX)
1.14  .  passed  Stable pstate
2.1   .  passed  Export/Import
2.2   .  passed  Metadata
2.3   .  passed  CPU map/unmap
2.4   .  passed  Memory alloc
2.5   .  passed  Memory fail alloc
2.6   .  passed  Find bo by CPU mapping
8.1   .  passed  gfx ring block
8.2   -f passed  compute ring block
8.3   -f passed  sdma ring block
8.4   .  passed  illegal reg access
8.5   .  passed  illegal mem access
8.6   -f passed  gfx ring bad dispatch
8.7   -f passed  compute ring bad dispatch
8.8   -f passed  gfx ring bad slow dispatch
8.9   -f passed  compute ring bad slow dispatch
8.12  -f passed  sdma ring corrupted header
8.13  -f passed  sdma ring slow linear copy
9.1   .  passed  reserve vmid
9.2   .  passed  unaligned map
9.3   .  passed  vm mapping
11.1  .  passed  syncobj timeline
14.1  -f passed  CP DMA write Host to VRAM
14.2  -f passed  CP DMA write VRAM to Host
'

# Fetches and builds one version; the program is in `tester` afterwards.
build() {
  local version=$1 source=$folder/libdrm-$1 suite sources=$folder/sources
  tester=$source/build/tests/amdgpu/amdgpu_test
  [ ! -x "$tester" ] || return 0
  case $version in
    2.4.114) suite=bookworm ;;
    2.4.124) suite=trixie ;;
    *) die "no suite is known that has libdrm $version" 2 ;;
  esac
  tools cc=gcc meson=meson ninja=ninja-build pkg-config=pkg-config xz=xz-utils
  install_packages libc6-dev libcunit1-dev libpciaccess-dev
  if [ ! -f "$sources/libdrm_$version.orig.tar.xz" ]; then
    debian_source libdrm "$suite" >"$folder/libdrm-$version.log" 2>&1 || true
    [ -f "$sources/libdrm_$version.orig.tar.xz" ] ||
      lacking "the source of libdrm $version can't be fetched: see $folder/libdrm-$version.log"
  fi
  rm -rf "$source"
  mkdir -p "$source"
  tar -xf "$sources/libdrm_$version.orig.tar.xz" -C "$source" --strip-components=1
  {
    (cd "$source" && meson setup build --prefix=/usr -Dtests=true -Damdgpu=enabled -Dintel=disabled -Dradeon=disabled \
      -Dnouveau=disabled -Dvmwgfx=disabled -Dcairo-tests=disabled -Dman-pages=disabled -Dvalgrind=disabled &&
      ninja -C build tests/amdgpu/amdgpu_test)
  } >>"$folder/libdrm-$version.log" 2>&1 || die "libdrm $version doesn't build: see $folder/libdrm-$version.log"
}

# Runs one test; how it ended is in `got`.
run() {
  local number=$1 flags=() status=0 line
  [ "$2" = . ] || flags=("$2")
  limited 90 "$tester" -s "${number%.*}" -t "${number#*.}" "${flags[@]}" >"$scratch/output" 2>&1 || status=$?
  # The verdict follows the test's name, but what the test prints may stand between.
  line=$(grep -Eo '^ *tests +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+' "$scratch/output" | tail -n 1) || true
  case $status in
    0)
      # shellcheck disable=SC2086
      set -- $line
      if [ $# -lt 5 ] || [ "$3" = 0 ]; then
        got='not run'
      elif [ "$4" = 1 ] && [ "$5" = 0 ]; then
        got=passed
      else
        got=failed
      fi
      ;;
    124 | 137) got='no end' ;;
    *) got="exit $status" ;;
  esac
}

# What hangs shall be found hung before the test loses patience.
emulate_options=(--timeout-ms 3000)
for version in "${versions[@]}"; do
  build "$version"
  while read -r number flag expected name; do
    [ -n "$number" ] || continue
    if [ ${#only[@]} -gt 0 ]; then
      [[ " ${only[*]} " == *" $number "* ]] || continue
    elif [ "$expected" = - ] && [ -z "$all" ]; then
      continue
    fi
    run "$number" "$flag"
    if [ "$expected" = - ]; then
      printf '%-58s %-10s %-14s\n' "$version $number $name" - "$got"
    else
      verdict "$version $number $name" "$expected" "$got"
    fi
    if [ ${#only[@]} -gt 0 ]; then
      cat "$scratch/output"
    elif [ "$got" != passed ]; then
      cp "$scratch/output" "$folder/libdrm-$version-$number.log"
      # The first assertion that failed, or the last words.
      { grep -m 2 -E '^ +[0-9]+\. .*:[0-9]+' "$scratch/output" || tail -n 2 "$scratch/output"; } | sed 's/^ */    /'
    fi
  done <<<"$table"
done
finish
