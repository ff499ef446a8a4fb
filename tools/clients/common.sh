# shellcheck shell=bash
# What the scripts beside this one share; they source it.
#
# Every script takes the same arguments:
#   --or-skip        where root, the network or a package is missing, say `skipped: why` and succeed
#   --program FILE   the sparkle-pm4 to use (default: $SPARKLE_PM4, else target/release/sparkle-pm4, else PATH)
#   --help           the comment at the script's head
#   FOLDER           where things are kept between runs
#                    (default: ${XDG_CACHE_HOME:-~/.cache}/sparkle-pm4-clients)
# and judges by its exit code: 0 all as expected, 1 something not, 2 usage.
#
# SPARKLE_MIRROR is the Debian mirror (default: the machine's own, else http://deb.debian.org/debian).

set -euo pipefail

or_skip=''
folder=${XDG_CACHE_HOME:-$HOME/.cache}/sparkle-pm4-clients
spk=${SPARKLE_PM4:-}
# Arguments that a script has beside the common ones.
rest=()
# What a suite needs for Mesa's Vulkan and OpenCL, and for compiling a program there.
# shellcheck disable=SC2034
mesa_packages=(mesa-vulkan-drivers vulkan-tools mesa-opencl-icd clinfo ocl-icd-libopencl1 ocl-icd-opencl-dev gcc libc6-dev
  python3)
# Options of `emulate`.
emulate_options=()
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
failures=0
root=''

die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit "${2:-1}"
}

# Without what the script needs.
lacking() {
  if [ -n "$or_skip" ]; then
    printf 'skipped: %s\n' "$1"
    # What was seen wrong before stays wrong.
    exit "$((failures > 0))"
  fi
  die "$1"
}

# Reads the arguments. Options that a script knows by itself are left in `rest`.
arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --or-skip) or_skip=yes ;;
      --program)
        [ $# -gt 1 ] || die '--program wants a file' 2
        spk=$2
        shift
        ;;
      --help | -h)
        sed -n '2,/^# shellcheck/{/^# shellcheck/d;s/^# \{0,1\}//p;}' "$0"
        exit 0
        ;;
      -*) rest+=("$1") ;;
      *) folder=$1 ;;
    esac
    shift
  done
  mkdir -p "$folder"
  folder=$(cd "$folder" && pwd -P)
  if [ -z "$spk" ]; then
    spk=$here/../../target/release/sparkle-pm4
    [ -x "$spk" ] || spk=$(command -v sparkle-pm4) || die 'build it first: cargo build --release, or give --program'
  fi
  [ -x "$spk" ] || die "$spk is no program"
  spk=$(realpath "$spk")
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/sparkle-clients-XXXXXX")
  scratch=$(cd "$scratch" && pwd -P)
  trap 'rm -rf "$scratch"' EXIT
  # What the programs print and keep shall not depend on who runs this.
  export LC_ALL=C XDG_RUNTIME_DIR=$scratch MESA_SHADER_CACHE_DISABLE=true
  unset DISPLAY WAYLAND_DISPLAY
}

# Programs that have to be there: `tools COMMAND=PACKAGE …`. Root on Debian gets them installed.
tools() {
  local pair packages=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || packages+=("${pair#*=}")
  done
  install_packages "${packages[@]}"
}

# Installs what is missing of these Debian packages.
install_packages() {
  local package missing=()
  for package in "$@"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || lacking "this is no Debian, and these are missing: ${missing[*]}"
  [ "$(id -u)" = 0 ] || lacking "not root, and these packages are missing: ${missing[*]}"
  {
    apt-get update -qq &&
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  } >"$scratch/apt.log" 2>&1 || {
    tail -n 5 "$scratch/apt.log" >&2
    lacking "these packages could not be installed: ${missing[*]}"
  }
}

mirror() {
  local found=${SPARKLE_MIRROR:-}
  if [ -z "$found" ]; then
    found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
      grep -Eo '(http|https)://[^ ]*/debian/?( |$)' | head -n 1 | tr -d ' ') || true
  fi
  found=${found:-http://deb.debian.org/debian}
  printf '%s\n' "${found%/}"
}

# `debian_source PACKAGE SUITE`: fetches a source package into $folder/sources, with a list of its own, so that the
# machine's stays as it is.
debian_source() {
  local sources=$folder/sources apt
  mkdir -p "$sources/lists/partial"
  printf 'deb-src %s %s main\n' "$(mirror)" "$2" >"$sources/$2.list"
  apt=(-o "Dir::Etc::sourcelist=$sources/$2.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$sources/lists"
    -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= -o APT::Sandbox::User=root)
  (cd "$sources" && apt-get "${apt[@]}" update && apt-get "${apt[@]}" source --download-only "$1/$2")
}

# `suite NAME PACKAGE…`: a Debian suite in its own folder, with these packages; its path is in `root` afterwards.
suite() {
  local name=$1 log=$folder/suite-$1.log
  shift
  root=$folder/suite-$name
  if [ -f "$root/.complete" ] && [ "$(cat "$root/.complete")" = "$*" ]; then
    return
  fi
  [ "$(id -u)" = 0 ] || lacking "not root, which debootstrap and chroot want"
  tools debootstrap=debootstrap
  unshare --mount true 2>/dev/null || lacking 'a mount namespace is not allowed here'
  local from
  from=$(mirror)
  if [ ! -f "$root/.complete" ]; then
    echo "making Debian $name in $root (log: $log)" >&2
    rm -rf "$root"
    debootstrap --variant=minbase "--include=$(IFS=,; printf '%s' "$*")" "$name" "$root" "$from" >"$log" 2>&1 || {
      tail -n 3 "$log" >&2
      lacking "debootstrap of $name from $from failed: see $log"
    }
  else
    echo "more packages for Debian $name" >&2
    {
      inside sh -c 'apt-get -o Acquire::Check-Valid-Until=false update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"' \
        sh "$@"
    } >>"$log" 2>&1 || lacking "packages for $name could not be installed: see $log"
  fi
  rm -f "$root"/var/cache/apt/archives/*.deb
  printf '%s' "$*" >"$root/.complete"
}

# `suite_packages PACKAGE…`: these as well, in the suite `root`.
suite_packages() {
  local package missing=()
  for package in "$@"; do
    inside dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "more packages for ${root##*/}: ${missing[*]}" >&2
  inside sh -c 'apt-get -o Acquire::Check-Valid-Until=false update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"' \
    sh "${missing[@]}" >>"$root.log" 2>&1 || lacking "${missing[*]} could not be installed: see $root.log"
  rm -f "$root"/var/cache/apt/archives/*.deb
}

# `python_environment NAME PACKAGE…`: these packages from PyPI, for this machine's Python or, with `root` set, for that
# suite's. `python_program` runs with them.
python_environment() {
  local log=$folder/python-$1.log name=$1 version
  venv=$folder/python-$1
  shift
  if [ ! -f "$venv/.complete" ] || [ "$(cat "$venv/.complete")" != "$*" ]; then
    tools python3=python3
    rm -rf "$venv"
    python3 -m venv "$venv" >"$log" 2>&1 || {
      rm -rf "$venv"
      install_packages python3-venv
      python3 -m venv "$venv" >"$log" 2>&1 || lacking "python3 -m venv fails: see $log"
    }
    "$venv/bin/pip" install -q "$@" >>"$log" 2>&1 || lacking "pip can't install $*: see $log"
    printf '%s' "$*" >"$venv/.complete"
  fi
  python_path=''
  [ -n "$root" ] || return 0
  python_path=/opt/python-$name
  if [ ! -f "$root$python_path/.complete" ] || [ "$(cat "$root$python_path/.complete")" != "$*" ]; then
    rm -rf "${root:?}$python_path"
    version=$(inside python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    # By this machine's pip, so that the suite needs no network.
    "$venv/bin/pip" install -q --target "$root$python_path" --python-version "$version" --only-binary=:all: \
      --platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux_2_27_x86_64 \
      --platform manylinux_2_28_x86_64 "$@" >>"$log" 2>&1 || lacking "pip can't install $* for Python $version: see $log"
    printf '%s' "$*" >"$root$python_path/.complete"
  fi
}

# `python_program SECONDS FILE`: runs a program of this folder with those packages on the software device.
python_program() {
  if [ -n "$root" ]; then
    cp "$here/$2" "$root/opt/$2"
    limited "$1" env "PYTHONPATH=$python_path" PYTHONDONTWRITEBYTECODE=1 python3 "/opt/$2"
  else
    limited "$1" "$venv/bin/python" "$here/$2"
  fi
}

# The machine's RADV, or that of the suite NAME in its folder; for a script that takes `--suite NAME`.
radv() {
  if [ "$1" = host ]; then
    root=''
    install_packages mesa-vulkan-drivers libvulkan1
  else
    suite "$1" "${mesa_packages[@]}"
  fi
  radv_only
}

# Takes `--suite NAME`, which may be given several times, out of the arguments; `suites` and `options` are what there is.
suite_options() {
  suites=()
  options=()
  while [ $# -gt 0 ]; do
    if [ "$1" = --suite ]; then
      [ $# -gt 1 ] || die '--suite wants a name' 2
      suites+=("$2")
      shift
    else
      options+=("$1")
    fi
    shift
  done
}

# Leaves the Vulkan loader AMD's driver only: Mesa's software rasterizer, installed beside it, would be a device as well.
radv_only() {
  local icd=/usr/share/vulkan/icd.d/radeon_icd.x86_64.json
  [ -e "${root:-}$icd" ] || icd=/usr/share/vulkan/icd.d/radeon_icd.json
  export VK_ICD_FILENAMES=$icd VK_DRIVER_FILES=$icd
}

# Runs a program in the suite `root`. The server's folder has the same path inside, so that the preloaded library is
# found there; the mounts end with the program.
inside() {
  unshare --mount --propagation private "$here/enter" "$root" "$scratch" "$@"
}

# `limited SECONDS PROGRAM…`: the same on the machine itself or, with `root` set, in that suite, on the software device.
# The program's exit code, or 124.
limited() {
  local seconds=$1 way=()
  shift
  [ -z "${root:-}" ] || way=(unshare --mount --propagation private "$here/enter" "$root" "$scratch")
  TMPDIR=$scratch timeout --kill-after=10 "$seconds" "$spk" emulate "${emulate_options[@]}" -- "${way[@]}" "$@"
}

# `verdict WHAT EXPECTED GOT`: a row of the table; what isn't as expected is counted.
verdict() {
  local mark=ok
  if [ "$2" != "$3" ]; then
    mark=WRONG
    failures=$((failures + 1))
  fi
  printf '%-58s %-10s %-14s %s\n' "$1" "$2" "$3" "$mark"
}

# The exit code.
finish() {
  if [ "$failures" -gt 0 ]; then
    printf '%d not as expected\n' "$failures"
    exit 1
  fi
  echo 'all as expected'
  exit 0
}
