#!/usr/bin/env bash
# The tests of sparkle-cpu on AArch64, on a machine that has none: built by the Rust of Debian sid, run by QEMU, with NEON
# and with the portable code forced.
#
#   aarch64.sh [--or-skip] [FOLDER] [-- ARGUMENT…]
#
#   --or-skip  where root, the network or a package is missing, say `skipped: why` and succeed
#   --help     this
#   FOLDER     where Debian and what is built there are kept between runs, 2 GB
#              (default: ${XDG_CACHE_HOME:-~/.cache}/sparkle-pm4-clients)
#   ARGUMENT   for the test program, as a part of a test's name
#
# Wants root for debootstrap and chroot. PROPTEST_CASES is the number of random shapes a property (default: 16), SPARKLE_MIRROR
# the Debian mirror. Exit code: 0 all passed, 1 something did not, 2 usage.
# Five minutes the first time, then some ten, since QEMU is about fifty times slower than a processor.
# shellcheck source-path=SCRIPTDIR source=clients/common.sh
. "$(dirname "$0")/clients/common.sh"

while [ $# -gt 0 ]; do
  case $1 in
    --or-skip) or_skip=yes ;;
    --help | -h)
      sed -n '2,/^# shellcheck/{/^# shellcheck/d;s/^# \{0,1\}//p;}' "$0"
      exit 0
      ;;
    --)
      shift
      break
      ;;
    -*) die "$1 is no option of this" 2 ;;
    *) folder=$1 ;;
  esac
  shift
done
tests=("$@")
mkdir -p "$folder"
folder=$(cd "$folder" && pwd -P)
repository=$(cd "$here/../.." && pwd -P)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sparkle-aarch64-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
export LC_ALL=C
cases=${PROPTEST_CASES:-16}

command -v cargo >/dev/null || lacking 'there is no cargo, which fetches the crates'
suite sid cargo rustc gcc libc6-dev
inside sh -c 'dpkg --print-foreign-architectures | grep -qx arm64 || {
  dpkg --add-architecture arm64 && apt-get -o Acquire::Check-Valid-Until=false update -qq; }' >>"$root.log" 2>&1 ||
  lacking "the lists of arm64 packages could not be had: see $root.log"
suite_packages libstd-rust-dev:arm64 gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user

# A program in the suite, with the repository at the path that it has here.
build() {
  unshare --mount --propagation private "$here/enter" "$root" "$repository" env --chdir="$repository" \
    CARGO_TARGET_DIR=/root/target \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER='qemu-aarch64 -L /usr/aarch64-linux-gnu' \
    "PROPTEST_CASES=$cases" "$@"
}
# What the tests are written with need not be fast.
run=(cargo test --locked --offline --release --config 'profile.release.package."*".opt-level=0'
  --config profile.release.debug=false --target aarch64-unknown-linux-gnu -p sparkle-cpu --lib)

printf 'Debian sid: %s, %s\n' "$(build rustc --version)" "$(build qemu-aarch64 --version | head -n 1)"
log=$folder/aarch64-build.log
# By this machine's cargo, which knows its proxies and certificates.
(cd "$repository" && CARGO_HOME=$root/root/.cargo cargo fetch --locked) >"$log" 2>&1 ||
  lacking "the crates could not be fetched: see $log"
build "${run[@]}" --no-run >"$log" 2>&1 || {
  tail -n 20 "$log" >&2
  die "it does not build: see $log"
}
for isa in neon portable; do
  log=$folder/aarch64-$isa.log
  status=0
  build env "SPARKLE_CPU_ISA=$isa" "${run[@]}" -- "${tests[@]}" >"$log" 2>&1 || status=$?
  [ "$status" = 0 ] || tail -n 40 "$log" >&2
  verdict "$isa: $(sed -n 's/^test result: [^.]*\. //p' "$log"), $cases cases" 0 "$status"
done
finish
