#!/usr/bin/env python3
"""Writes pm4/tools/gc_11_0_0.tsv from AMD's register headers.

    pm4/tools/extract_gc.py gfx11.json OFFSET.h DEFAULT.h SH_MASK.h...

OFFSET and DEFAULT are gc_11_0_0_offset.h and gc_11_0_0_default.h of the amdgpu
driver (MIT), the others headers with field masks, the first that has a register
counts: gc_11_0_0_sh_mask.h, then gc_11_5_0_sh_mask.h. gfx11.json is Mesa's.

One line a register: name, byte address, value after reset (`-` where none is
published), fields as NAME:low:high. Fields are given only for registers that
Mesa's description lacks: status and configuration of GRBM, CP, SPI and SQ that
buffers can read, and the SDMA engines with their first queue.
"""
import json
import os
import re
import sys

# Byte addresses of the two apertures that gc_11_0_0_offset.h counts dwords from.
BASE = {0: 0x1260 * 4, 1: 0xA000 * 4}
WANTED = re.compile(r"(GRBM|CP|SPI|SQ|CC)_|SDMA[01]_(?!QUEUE[1-7]_)")


def offsets(path):
    text = open(path).read()
    base = {n: int(v) for n, v in re.findall(r"#define reg(\w+)_BASE_IDX\s+(\d+)", text)}
    pairs = re.findall(r"#define reg(\w+)\s+(0x[0-9a-fA-F]+)", text)
    return {n: BASE[base[n]] + int(v, 16) * 4 for n, v in pairs if base.get(n) in BASE}


def fields(paths):
    known = {}
    for path in paths:
        here = {}
        for reg, field, mask in re.findall(r"#define (\w+?)__(\w+?)_MASK\s+(0x[0-9A-Fa-f]+)L?", open(path).read()):
            mask = int(mask, 16)
            here.setdefault(reg, []).append(((mask & -mask).bit_length() - 1, mask.bit_length() - 1, field))
        for reg, parts in here.items():
            known.setdefault(reg, sorted(parts))
    return known


def main(mesa, offset, default, *masks):
    mesa = {r["map"]["at"]: r["name"] for r in json.load(open(mesa))["register_mappings"]}
    at, known = offsets(offset), fields(masks)
    reset = {n: int(v, 16) for n, v in re.findall(r"#define reg(\w+)_DEFAULT\s+(0x[0-9a-fA-F]+)", open(default).read())}
    lines, seen = [], set()
    for name, address in sorted(at.items(), key=lambda pair: (pair[1], mesa.get(pair[1]) != pair[0])):
        described = mesa.get(address) == name
        # Registers at 0x8000 and above, the SDMA engines' below; microcode in the UCONFIG range is the kernel's alone.
        config = address not in mesa and WANTED.match(name) and (0 if name.startswith("SDMA") else 0x8000) <= address < 0xB000
        if address in seen or not described and not config:
            continue
        seen.add(address)
        # SDMA1 is SDMA0 once more.
        parts = known.get(name) or known.get(re.sub("^SDMA1_", "SDMA0_", name), [])
        text = "" if described else " ".join(f"{f}:{lo}:{hi}" for lo, hi, f in parts if not f.startswith("RESERVED"))
        # One register with two names; the value stands at the newer one.
        newer = name.replace("DESTINATION_EN", "STATIC_THREAD_MGMT")
        value = f"{reset[newer]:#x}" if newer in reset else "-"
        lines.append((address, f"{name}\t{address:#07x}\t{value}\t{text}".rstrip() + "\n"))
    out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gc_11_0_0.tsv")
    head = "# name, byte address, value after reset, fields. Written by extract_gc.py from AMD's gc_11_0_0 headers (MIT).\n"
    open(out, "w").write(head + "".join(line for _, line in sorted(lines)))


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
