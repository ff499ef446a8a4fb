#!/usr/bin/env bash
# The tests of sparkle-cpu where every access is watched: under valgrind's memcheck, and with AddressSanitizer and
# ThreadSanitizer compiled in.
#
#   sanitize.sh [--or-skip] [--full] [TOOL…]
#
#   --or-skip  where a tool is missing, say `skipped: why` and go on with the next
#   --full     all tests, once with each instruction set forced; without it those that take seconds, once: they go through
#              every instruction set by themselves, and the forced one is that of what is not told which
#   --help     this
#   TOOL       valgrind, address, thread (default: all)
#
# What each can see:
#   valgrind   every instruction, those of libraries and of inline assembly too. It has no AVX-512, so that its processor is
#              one with AVX2: the tests run the portable code and AVX2.
#   address    every instruction set of this machine; what the Rust compiler compiled, without the standard library
#              and inline assembly. Whole vectors that reach behind a slice are found.
#   thread     as `address`; two threads that touch the same float unordered.
# The sanitizers are not in a stable compiler's options: RUSTC_BOOTSTRAP=1 opens them, and their libraries come with it.
#
# PROPTEST_CASES is the number of random shapes a property (default: 4 for valgrind, 16 for the others). Exit code: 0 nothing
# found, 1 something found, 2 usage. Each tool's log is in target/sanitize-TOOL.log.
set -euo pipefail
cd "$(dirname "$0")/.."

or_skip='' full='' tools=()
while [ $# -gt 0 ]; do
  case $1 in
    --or-skip) or_skip=yes ;;
    --full) full=yes ;;
    --help | -h)
      sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p;}' "$0"
      exit 0
      ;;
    valgrind | address | thread) tools+=("$1") ;;
    *)
      printf 'sanitize.sh: %s is no tool or option of this\n' "$1" >&2
      exit 2
      ;;
  esac
  shift
done
[ ${#tools[@]} -gt 0 ] || tools=(valgrind address thread)

failures=0
# Some of the tests are large layers, whose reference in double precision takes most of the time: the shapes that reach
# the edges are among the others.
slow=()
[ -n "$full" ] || slow=(--exact
  --skip tests::the_number_of_threads_changes_no_bit
  --skip tests::extreme_proportions_agree_with_the_reference
  --skip tests::winograd_is_within_its_bound
  --skip depthwise::tests::layers_agree)
common=(--locked --release -p sparkle-cpu --lib)

lacking() {
  if [ -n "$or_skip" ]; then
    printf '%-10s skipped: %s\n' "$tool" "$1"
  else
    printf '%-10s %s\n' "$tool" "$1" >&2
    failures=$((failures + 1))
  fi
}

# `verdict ISA STATUS`: a row of the table, the log where it is not 0.
verdict() {
  local passed
  passed=$(sed -n 's/^test result: [^.]*\. \([0-9]* passed\).*/\1/p' "$log" | tail -n 1)
  if [ "$2" = 0 ]; then
    printf '%-10s %-10s clean, %s\n' "$tool" "$1" "$passed"
  else
    grep -nE 'ERROR|WARNING|==[0-9]+== [A-Z]|panicked|FAILED' "$log" | head -n 20 >&2 || true
    printf '%-10s %-10s FOUND SOMETHING: see %s\n' "$tool" "$1" "$log"
    failures=$((failures + 1))
  fi
}

# `program OPTION…`: builds the tests; `binary` is their program.
program() {
  cargo test --no-run --message-format=json "${common[@]}" "$@" 2>"$log" |
    sed -n 's/.*"executable":"\([^"]*sparkle_cpu-[^"]*\)".*/\1/p' >"$log.binary" || return 1
  binary=$(tail -n 1 "$log.binary")
  rm -f "$log.binary"
  [ -n "$binary" ]
}

# The instruction sets that this machine runs, those that the tests' program takes; without --full one of them.
instruction_sets() {
  local isa
  for isa in avx512 avx2 neon portable; do
    SPARKLE_CPU_ISA=$isa "$binary" --exact tests::the_environment_variable_chooses >/dev/null 2>&1 || continue
    echo "$isa"
    [ -n "$full" ] || break
  done
}

# `sees PROGRAM…`: whether the tool finds what is wrong with the canary.
sees() {
  local status=0
  "$@" "$tool" >"$log" 2>&1 || status=$?
  rm -f "$log.canary"
  [ "$status" != 0 ] || lacking "it finds nothing in a program that is wrong: see $log"
  [ "$status" != 0 ]
}

under_valgrind() {
  command -v valgrind >/dev/null || { lacking 'there is no valgrind'; return; }
  rustc -O -o "$log.canary" tools/canary.rs 2>"$log" || { lacking "it does not build: see $log"; return; }
  sees valgrind -q --error-exitcode=1 "$log.canary" || return 0
  program || { lacking "it does not build: see $log"; return; }
  local isa status
  for isa in portable ${full:+avx2}; do
    status=0
    (cd cpu && SPARKLE_CPU_ISA=$isa PROPTEST_CASES=${PROPTEST_CASES:-4} valgrind -q --error-exitcode=1 --leak-check=full \
      --show-leak-kinds=definite --errors-for-leak-kinds=definite --suppressions=../tools/valgrind.supp "$binary" --test-threads 1 "${slow[@]}") \
      >"$log" 2>&1 || status=$?
    verdict "$isa" "$status"
  done
}

# `compiled_in NAME`: a sanitizer.
compiled_in() {
  local host isa status ran=''
  host=$(rustc -vV | sed -n 's/^host: //p')
  local -x RUSTC_BOOTSTRAP=1
  # The standard library is not compiled anew: ThreadSanitizer's builds want that to be said.
  local flags="-Zsanitizer=$1 -Cunsafe-allow-abi-mismatch=sanitizer"
  # shellcheck disable=SC2086
  rustc -O $flags --target "$host" -o "$log.canary" tools/canary.rs 2>"$log" || { lacking "it does not build: see $log"; return; }
  sees "$log.canary" || return 0
  # Accesses that the optimiser would leave out are watched as well, and what the tests are written with need not be fast.
  RUSTFLAGS=$flags program --target "$host" --target-dir "target/sanitize-$1" \
    --config profile.release.opt-level=1 --config 'profile.release.package."*".opt-level=0' ||
    { lacking "it does not build: see $log"; return; }
  for isa in $(instruction_sets); do
    status=0
    (cd cpu && SPARKLE_CPU_ISA=$isa PROPTEST_CASES=${PROPTEST_CASES:-16} "$binary" "${slow[@]}") >"$log" 2>&1 || status=$?
    verdict "$isa" "$status"
    ran=yes
  done
  [ -n "$ran" ] || lacking "the tests' program runs with no instruction set: with ThreadSanitizer because locks of a standard \
library that was not compiled with it look like races"
}

mkdir -p target
for tool in "${tools[@]}"; do
  log=$PWD/target/sanitize-$tool.log
  case $tool in
    valgrind) under_valgrind ;;
    *) compiled_in "$tool" ;;
  esac
done
exit "$((failures > 0))"
