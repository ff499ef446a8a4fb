#!/usr/bin/env python3
"""Holds isa/src/asm/inst/alias.rs against llvm-mc 19.

usage: check_aliases.py $SPARKLE_TEST_DATA/isa/vectors.tsv [llvm-mc [libLLVM.so]]
Three things are asked, and the exit status is 1 if one fails:
- old and new spelling encode alike, with the operands of every vector of the new one, in both wave sizes and for every
  processor of gfx11, and with the operands of other instructions too, which both have to refuse or take alike;
- every mnemonic of LLVM's own table that a processor of gfx11 takes is a row or an alias (where libLLVM is given);
- the table has its order.
"""
import collections, re, subprocess, sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
CPUS = ["gfx1100", "gfx1101", "gfx1102", "gfx1103", "gfx1150", "gfx1151", "gfx1152", "gfx11-generic"]
SUFFIXES = ("_e64_dpp", "_e32", "_e64", "_dpp")
# Neither a row nor an alias: the word 0, which no format has.
ODD = {"v_illegal"}


def assemble(mc, lines, cpu, wave):
    """Encoding of each line, or None with the message."""
    source = "".join(f"zz{i}:\n{line}\n" for i, line in enumerate(lines))
    args = [mc, "-triple=amdgcn-amd-amdhsa", f"-mcpu={cpu}", f"-mattr=+wavefrontsize{wave}", "-show-encoding"]
    run = subprocess.run(args, input=source, capture_output=True, text=True, timeout=600)
    errors = {}
    for m in re.finditer(r"<stdin>:(\d+):\d+: error: (.*)", run.stderr):
        errors.setdefault((int(m[1]) - 1) // 2, m[2])
    out, at = [(None, errors.get(i, "")) for i in range(len(lines))], None
    for line in run.stdout.splitlines():
        if m := re.match(r"zz(\d+):", line):
            at = int(m[1])
        elif (m := re.search(r"; encoding: \[(.*?)\]", line)) and at is not None:
            out[at] = (m[1], None)
    return out


def split(mnemonic):
    for s in SUFFIXES:
        if mnemonic.endswith(s):
            return mnemonic[: -len(s)], s
    return mnemonic, ""


def llvm_mnemonics(library):
    """The length-prefixed mnemonics of the AMDGPU assembler."""
    data = Path(library).read_bytes()
    word = re.compile(rb"[a-z][a-z0-9_]*$")
    at = data.index(b"\x11buffer_atomic_add\x15buffer_atomic_add_f32")
    names = []
    while data[at] > 1 and word.match(data[at + 1 : at + 1 + data[at]]):
        names.append(data[at + 1 : at + 1 + data[at]].decode())
        at += 1 + data[at]
    return names


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    mc = sys.argv[2] if len(sys.argv) > 2 else "llvm-mc-19"
    table = re.findall(r'^    \("(\w+)", "(\w+)"\),$', (HERE / "src/asm/inst/alias.rs").read_text(), re.M)
    rows = set(re.findall(r'\be\("(\w+)"', (HERE / "src/rows.rs").read_text()))
    bad = 0

    def complain(*what):
        nonlocal bad
        bad += 1
        if bad <= 40:
            print(*what)

    if [a for a, _ in table] != sorted({a for a, _ in table}):
        complain("the table isn't sorted, or names one twice")
    operands, shapes = collections.defaultdict(list), collections.defaultdict(dict)
    for line in Path(sys.argv[1]).read_text().splitlines()[1:]:
        mnemonic, _, rest = line.split("\t")[1].partition(" ")
        name, suffix = split(mnemonic)
        operands[name].append((suffix, rest))
        shapes[name.split("_")[0]].setdefault(re.sub(r"\d+", "0", rest), rest)
    for cpu in CPUS:
        tried = []
        for old, new in table:
            if new not in rows or old in rows:
                complain(old, "->", new, "isn't a way to a row from outside")
            mine = [(suffix, rest) for suffix, rest in operands[new]]
            if not mine:
                complain("no vector of", new)
            if cpu == "gfx1100":
                mine += [("", rest) for rest in sorted(shapes[new.split("_")[0]].values(), key=len)[:150]]
            else:
                mine = mine[:6]
            tried += [(old, new, f"{suffix} {rest}") for suffix, rest in mine]
        for wave in (32, 64):
            a = assemble(mc, [o + rest for o, _, rest in tried], cpu, wave)
            b = assemble(mc, [n + rest for _, n, rest in tried], cpu, wave)
            taken = {o for (o, _, _), x in zip(tried, a) if x[0]}
            for (old, new, rest), x, y in zip(tried, a, b):
                if x[0] != y[0]:
                    complain(cpu, wave, old + rest, x, "but", new, y)
            if wave == 32:
                for old, _ in table:
                    if old not in taken:
                        complain(cpu, "takes nothing with", old)
        print(f"{cpu}: {len(table)} aliases, {2 * len(tried)} statements each way, {bad} differ so far", flush=True)
    if len(sys.argv) > 3:
        known = rows | {a for a, _ in table} | ODD
        names = [n for n in llvm_mnemonics(sys.argv[3]) if n not in known and split(n)[0] not in known]
        for cpu in CPUS:
            for wave in (32, 64):
                for name, (hex_, error) in zip(names, assemble(mc, names, cpu, wave)):
                    if hex_ or not re.search("not supported on this GPU|invalid instruction", error):
                        complain(cpu, wave, name, "is taken by LLVM and in no table:", hex_ or error)
        print(f"{len(names)} other mnemonics of LLVM refused by gfx11")
    print("differences:", bad)
    sys.exit(bad != 0)


main()
