#!/usr/bin/env bash
# Where texels of swizzled images lie, by AMD's address library out of Mesa's source: `addresses.cpp` asks it, and the
# answers have to be those that isa/exec/tests/data/addresses.tsv keeps for the tests.
#
#   addresses.sh [--or-skip] [--cases N] [--seed N] [--write FILE] [FOLDER]
#
#   --cases N      surfaces to ask about (default: 720, those of the file)
#   --seed N       others than those (default: 1)
#   --write FILE   writes the answers there instead of comparing; `SPARKLE_ADDRESSES=FILE cargo test -p isa-exec layout`
#                  then judges by them
#   The rest is common.sh's. Wants a C++ compiler, which root gets installed, and the network at the first run: 47 MB.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

cases=720
seed=1
write=''
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --cases | --seed | --write)
      [ $# -gt 1 ] || die "$1 wants a value" 2
      declare "${1#--}=$2"
      shift
      ;;
    *) options+=("$1") ;;
  esac
  shift
done
# No program runs on the software device here.
spk=/bin/true
arguments "${options[@]}"

version=25.0.7
sources=$folder/sources
mesa=$folder/mesa-$version
log=$folder/addresses.log
if [ ! -x "$mesa/addresses" ] || [ "$here/addresses.cpp" -nt "$mesa/addresses" ]; then
  tools c++=g++ xz=xz-utils
  if [ ! -f "$sources/mesa_$version.orig.tar.xz" ]; then
    debian_source mesa trixie >"$log" 2>&1 || true
    [ -f "$sources/mesa_$version.orig.tar.xz" ] || lacking "the source of Mesa $version can't be fetched: see $log"
  fi
  rm -rf "$mesa"
  mkdir -p "$mesa"
  tar -xf "$sources/mesa_$version.orig.tar.xz" -C "$mesa" --strip-components=1 --wildcards '*/src/amd/*' '*/src/util/*' \
    '*/include/*'
  library=$mesa/src/amd/addrlib
  {
    cd "$library"
    for file in src/*.cpp src/core/*.cpp src/gfx*/*.cpp src/r800/*.cpp; do
      c++ -O1 -std=c++17 -w -DADDR_FASTCALL= -DLITTLEENDIAN_CPU -DDEBUG=0 -Iinc -Isrc -Isrc/core -Isrc/chip/gfx9 \
        -Isrc/chip/r800 -Isrc/chip/gfx10 -Isrc/chip/gfx11 -Isrc/chip/gfx12 -I../common -I../../../include -I../.. \
        -c "$file" -o "$mesa/$(basename "$file" .cpp).o"
    done
    c++ -O1 -std=c++17 -Wall -Iinc "$here/addresses.cpp" "$mesa"/*.o -o "$mesa/addresses"
    cd "$here"
  } >>"$log" 2>&1 || die "the address library doesn't build: see $log"
fi

"$mesa/addresses" "$cases" "$seed" >"$scratch/addresses"
if [ -n "$write" ]; then
  cp "$scratch/addresses" "$write"
  exit
fi
same=no
cmp -s "$scratch/addresses" "$here/../../isa/exec/tests/data/addresses.tsv" && same=yes
verdict "addresses.tsv is what Mesa $version's address library says" yes "$same"
finish
