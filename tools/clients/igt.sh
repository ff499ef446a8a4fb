#!/usr/bin/env bash
# The amdgpu tests of IGT (igt-gpu-tools) on the software device: each subtest by itself, with a time limit, and a table
# of what was expected and what came out.
#
#   igt.sh [--or-skip] [--program FILE] [--source FOLDER] [--test PROGRAM@SUBTEST]… [--all] [FOLDER]
#
#   --source FOLDER          IGT's sources (default: a shallow clone of
#                            https://gitlab.freedesktop.org/drm/igt-gpu-tools.git)
#   --test PROGRAM@SUBTEST   only this one, such as amd_basic@memory-alloc, with its output
#   --all                    also those for which nothing is expected: machine code of GFX9, interfaces for debugging the
#                            kernel, and what IGT itself skips on gfx11
#   The rest is common.sh's. Wants a C compiler, meson, ninja and a dozen libraries, which root gets installed, and the
#   network at the first run. Ten minutes to build on two cores, ten to run.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

source=''
only=()
all=''
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --source | --test)
      [ $# -gt 1 ] || die "$1 wants a value" 2
      if [ "$1" = --source ]; then source=$(cd "$2" && pwd); else only+=("$2"); fi
      shift
      ;;
    --all) all=yes ;;
    *) options+=("$1") ;;
  esac
  shift
done
arguments "${options[@]}"

# Expectation (`-`: none), program, subtest.
table='
passed amd_basic memory-alloc
passed amd_basic userptr-with-IP-DMA
passed amd_basic cs-gfx-with-IP-GFX
passed amd_basic cs-compute-with-IP-COMPUTE
passed amd_basic cs-sdma-with-IP-DMA
passed amd_basic semaphore-with-IP-GFX-and-IP-DMA
passed amd_basic eviction-test-with-IP-DMA
-      amd_basic cs-multi-fence-with-IP-GFX
-      amd_basic sync-dependency-test-with-IP-GFX
passed amd_bo amdgpu_bo_export_import
passed amd_bo amdgpu_bo_metadata
passed amd_bo amdgpu_bo_map_unmap
passed amd_bo amdgpu_memory_alloc
passed amd_bo amdgpu_mem_fail_alloc
passed amd_bo amdgpu_bo_find_by_cpu_mapping
passed amd_cp_dma_misc GTT_to_VRAM-AMDGPU_HW_IP_GFX0
passed amd_cp_dma_misc GTT_to_VRAM-AMDGPU_HW_IP_COMPUTE0
passed amd_cp_dma_misc VRAM_to_GTT-AMDGPU_HW_IP_GFX0
passed amd_cp_dma_misc VRAM_to_GTT-AMDGPU_HW_IP_COMPUTE0
passed amd_cp_dma_misc VRAM_to_VRAM-AMDGPU_HW_IP_GFX0
passed amd_cp_dma_misc VRAM_to_VRAM-AMDGPU_HW_IP_COMPUTE0
passed amd_cs_nop cs-nops-with-nop-compute0
passed amd_cs_nop cs-nops-with-nop-gfx0
passed amd_cs_nop cs-nops-with-sync-compute0
passed amd_cs_nop cs-nops-with-sync-gfx0
passed amd_cs_nop cs-nops-with-fork-compute0
passed amd_cs_nop cs-nops-with-fork-gfx0
passed amd_cs_nop cs-nops-with-sync-fork-compute0
passed amd_cs_nop cs-nops-with-sync-fork-gfx0
-      amd_deadlock amdgpu-gfx-illegal-reg-access
-      amd_deadlock amdgpu-gfx-illegal-mem-access
passed amd_deadlock amdgpu-deadlock-gfx
passed amd_deadlock amdgpu-compute-illegal-mem-access
passed amd_deadlock amdgpu-deadlock-compute
passed amd_deadlock amdgpu-deadlock-sdma
-      amd_deadlock amdgpu-deadlock-sdma-corrupted-header-test
-      amd_deadlock amdgpu-deadlock-sdma-slow-linear-copy
-      amd_deadlock amdgpu-deadlock-sdma-badop-test
-      amd_deadlock amdgpu-deadlock-sdma-bad-mem-test
-      amd_deadlock amdgpu-deadlock-sdma-bad-reg-test
-      amd_deadlock amdgpu-deadlock-sdma-bad-length-test
passed amd_dispatch amdgpu-dispatch-test-compute-with-IP-COMPUTE
passed amd_dispatch amdgpu-dispatch-test-gfx-with-IP-GFX
passed amd_dispatch amdgpu-dispatch-hang-test-gfx-with-IP-GFX
passed amd_dispatch amdgpu-dispatch-hang-test-compute-with-IP-COMPUTE
passed amd_dispatch amdgpu-dispatch-invalid-program-addr-test-compute-with-IP-COMPUTE
passed amd_dispatch amdgpu-dispatch-invalid-setting-test-compute-with-IP-COMPUTE
passed amd_dispatch amdgpu-dispatch-invalid-user-data-test-compute-with-IP-COMPUTE
-      amd_dispatch amdgpu-reset-test-gfx-with-IP-GFX-and-COMPUTE
passed amd_fuzzing userptr-fuzzing
passed amd_fuzzing cs-wait-fuzzing
-      amd_fuzzing gem-create-fuzzing
passed amd_gang_cs amdgpu-cs-gang
passed amd_gang_cs amdgpu-cs-gang-vmid
passed amd_info query-firmware-version
passed amd_info query-timestamp
passed amd_info query-timestamp-while-idle
passed amd_pstate amdgpu_pstate
passed amd_queue_reset amdgpu-COMPUTE-CMD_STREAM_EXEC_INVALID_PACKET_LENGTH
passed amd_queue_reset amdgpu-COMPUTE-CMD_STREAM_EXEC_INVALID_OPCODE
passed amd_queue_reset amdgpu-COMPUTE-BACKEND_SE_GC_SHADER_INVALID_PROGRAM_ADDR
passed amd_queue_reset amdgpu-COMPUTE-BACKEND_SE_GC_SHADER_INVALID_USER_DATA
passed amd_queue_reset amdgpu-COMPUTE-BACKEND_SE_GC_SHADER_INVALID_SHADER
passed amd_queue_reset amdgpu-GFX-CMD_STREAM_EXEC_INVALID_PACKET_LENGTH
passed amd_queue_reset amdgpu-GFX-CMD_STREAM_EXEC_INVALID_OPCODE
passed amd_queue_reset amdgpu-GFX-BACKEND_SE_GC_SHADER_INVALID_PROGRAM_ADDR
passed amd_queue_reset amdgpu-GFX-BACKEND_SE_GC_SHADER_INVALID_USER_DATA
passed amd_queue_reset amdgpu-GFX-BACKEND_SE_GC_SHADER_INVALID_SHADER
-      amd_queue_reset amdgpu-SDMA-CMD_STREAM_EXEC_INVALID_PACKET_LENGTH
-      amd_queue_reset amdgpu-SDMA-CMD_STREAM_EXEC_INVALID_OPCODE
passed amd_syncobj amdgpu_syncobj_timeline
passed amd_vm vmid-reserve-test
passed amd_vm amdgpu-vm-unaligned-map
passed amd_vm amdgpu-vm-mapping-test
'

[ -n "$source" ] || source=$folder/igt
build=$folder/igt-build
log=$folder/igt.log
mapfile -t programs < <(awk 'NF { print $2 }' <<<"$table" | sort -u)
if [ ! -f "$build/.complete" ]; then
  tools cc=gcc meson=meson ninja=ninja-build pkg-config=pkg-config flex=flex bison=bison git=git
  install_packages libc6-dev libdrm-dev libpciaccess-dev libkmod-dev libproc2-dev libudev-dev libcairo2-dev \
    libpixman-1-dev libglib2.0-dev libdw-dev zlib1g-dev
  if [ ! -f "$source/meson.build" ]; then
    git clone -q --depth 1 https://gitlab.freedesktop.org/drm/igt-gpu-tools.git "$source" >"$log" 2>&1 ||
      lacking "IGT's sources can't be had: see $log, or give --source"
  fi
  rm -rf "$build"
  {
    meson setup "$build" "$source" -Dlibdrm_drivers=amdgpu -Dtests=enabled -Doverlay=disabled -Dchamelium=disabled \
      -Dvalgrind=disabled -Dman=disabled -Dtestplan=disabled -Ddocs=disabled -Dxe_driver=disabled -Dlibunwind=disabled \
      -Drunner=disabled && ninja -C "$build" "${programs[@]/#/tests/amdgpu/}"
  } >>"$log" 2>&1 || die "IGT doesn't build: see $log"
  touch "$build/.complete"
fi

# IGT reads which resets a ring has through sudo, which drops LD_PRELOAD.
mkdir "$scratch/bin"
printf '#!/bin/sh\nexec "$@"\n' >"$scratch/bin/sudo"
chmod +x "$scratch/bin/sudo"
export PATH=$scratch/bin:$PATH

# What hangs shall be found hung before the test loses patience.
emulate_options=(--timeout-ms 3000)
while read -r expected program subtest; do
  [ -n "$program" ] || continue
  if [ ${#only[@]} -gt 0 ]; then
    [[ " ${only[*]} " == *" $program@$subtest "* ]] || continue
  elif [ "$expected" = - ] && [ -z "$all" ]; then
    continue
  fi
  status=0
  limited 90 "$build/tests/amdgpu/$program" --run-subtest "$subtest" >"$scratch/output" 2>&1 || status=$?
  case $status in
    0) got=passed ;;
    77) got=skipped ;;
    98) got=failed ;;
    124 | 137) got='no end' ;;
    *) got="exit $status" ;;
  esac
  if [ "$expected" = - ]; then
    printf '%-58s %-10s %-14s\n' "$program $subtest" - "$got"
  else
    verdict "$program $subtest" "$expected" "$got"
  fi
  if [ ${#only[@]} -gt 0 ]; then
    cat "$scratch/output"
  elif [ "$got" != passed ]; then
    cp "$scratch/output" "$folder/igt-$program@$subtest.log"
    { grep -m 2 -E 'CRITICAL|requirement|Test requirement|Received signal' "$scratch/output" || tail -n 2 "$scratch/output"; } |
      sed 's/^ */    /'
  fi
done <<<"$table"
finish
