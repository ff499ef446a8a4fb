#!/usr/bin/env python3
"""Writes isa/tests/data/vectors.tsv: instructions that LLVM 19 decodes, prints, and assembles to the same bytes.

usage: make_vectors.py > isa/tests/data/vectors.tsv

For every encoding of isa/src/rows.rs, words with random fields are given to llvm-mc ($SPARKLE_LLVM, a folder, or
/usr/lib/llvm-19/bin); those that come back from its assembler as they went in are kept, PER of each encoding. Text and
bytes are therefore LLVM's; from the rows come format and opcode alone. The seeds are fixed.
"""
import os, pathlib, random, re, subprocess, sys

sys.dont_write_bytecode = True
import check_rows  # beside this file

PER = 2
ROUNDS = 60
LLVM = pathlib.Path(os.environ.get("SPARKLE_LLVM", "/usr/lib/llvm-19/bin"))
# First word without opcode, where the opcode starts, bits that are free to be random (two words).
LAYOUT = {
    "Sop1": (0x17D << 23, 8, 0x7F00FF, 0), "Sop2": (2 << 30, 23, 0x7FFFFF, 0), "Sopc": (0x17E << 23, 16, 0xFFFF, 0),
    "Sopk": (0xB << 28, 23, 0x7FFFFF, 0), "Sopp": (0x17F << 23, 16, 0xFFFF, 0),
    "Smem": (0x3D << 26, 18, 0x7FFF, 0xFE1FFFFF), "Vop1": (0x3F << 25, 9, 0x1FE01FF, 0), "Vop2": (0, 25, 0x1FFFFFF, 0),
    "Vopc": (0x3E << 25, 17, 0x1FFFF, 0), "Vop3": (0x35 << 26, 16, 0xFFFF, 0xFFFFFFFF),
    "Vop3p": (0x198 << 23, 16, 0xFFFF, 0xFFFFFFFF), "VopdX": (0x32 << 26, 22, 0x3FFFFF, 0xFFFFFFFF),
    "VopdY": (0x32 << 26, 17, 0x3C1FFFF, 0xFFFFFFFF), "Vinterp": (0xCD << 24, 16, 0xFFFF, 0xE7FFFFFF),
    "Ldsdir": (0xCE << 24, 20, 0xFFFFF, 0), "Ds": (0x36 << 26, 18, 0x2FFFF, 0xFFFFFFFF),
    "Mubuf": (0x38 << 26, 18, 0x7FFF, 0xFFDFFFFF), "Mtbuf": (0x3A << 26, 15, 0x3F87FFF, 0xFFDFFFFF),
    "Flat": (0x37 << 26, 18, 0xEFFF, 0xFF7FFFFF), "Scratch": (0x37 << 26 | 1 << 16, 18, 0xFFFF, 0xFFFFFFFF),
    "Global": (0x37 << 26 | 2 << 16, 18, 0xFFFF, 0xFF7FFFFF), "Exp": (0x3E << 26, 0, 0x2BFF, 0xFFFFFFFF),
    "Mimg": (0x3C << 26, 18, 0x3FF9D, 0x7C7FFFFF),
}
ONE = {"Sop1", "Sop2", "Sopc", "Sopk", "Sopp", "Vop1", "Vop2", "Vopc", "Ldsdir"}
SCALAR = [106, 124, 125, 126, 128, 129, 130, 140, 192, 193, 208, 240, 241, 242, 243, 244, 245, 246, 247, 248, 253, 255]


def put(w, at, bits, value):
    return w & ~((1 << bits) - 1 << at) | (value & (1 << bits) - 1) << at


def words(rng, form, opcode, slots):
    """Three words that start with an instruction of this encoding; operands such as software writes."""
    head, at, free, free1 = LAYOUT[form]
    w = [head | opcode << at | rng.getrandbits(32) & free, rng.getrandbits(32) & free1, rng.getrandbits(32)]
    scalar = lambda: rng.choice(SCALAR) if rng.random() < 0.3 else 4 * rng.randrange(25)
    source = lambda: rng.choice(SCALAR) if rng.random() < 0.3 else 4 * rng.randrange(25) if rng.random() < 0.2 else 256 + rng.randrange(240)
    thin = lambda n, p: rng.getrandbits(n) if rng.random() < p else 0
    if form in ("Sop1", "Sop2", "Sopc"):
        w[0] = put(w[0], 0, 8, scalar())
        if form != "Sop1": w[0] = put(w[0], 8, 8, scalar())
        if form != "Sopc": w[0] = put(w[0], 16, 7, 4 * rng.randrange(25))
        if "Src0" not in slots: w[0] = put(w[0], 0, 8, 0)
        if "Sdst" not in slots and form != "Sopc": w[0] = put(w[0], 16, 7, 0)
    if form == "Sopk": w[0] = put(w[0], 16, 7, rng.choice([124, 4 * rng.randrange(25)]) if "Sdst" in slots else 0)
    if form == "Sopp" and not slots: w[0] = put(w[0], 0, 16, 0)
    if form == "Sopp" and rng.random() < 0.7: w[0] = put(w[0], 8, 8, 0)
    if form == "Smem":
        w[0] = put(w[0], 0, 6, 2 * rng.randrange(50)); w[0] = put(w[0], 6, 7, 4 * rng.randrange(22))
        w[1] = put(w[1], 25, 7, rng.choice([124, 5, 106, 125]))
        if not slots: w = [w[0] & ~0x7FFF, 0, 0]
    if form in ("Vop1", "Vop2", "Vopc", "VopdX", "VopdY"):
        dpp = rng.random() < 0.3 and form[:4] != "Vopd"
        w[0] = put(w[0], 0, 9, rng.choice([233, 234, 250]) if dpp else source())
        if dpp and w[0] & 0x1FF == 250:
            w[2] = put(w[2], 8, 9, rng.choice([0xE4, 0x1B, 0x101, 0x112, 0x123, 0x140, 0x141, 0x155, 0x16F])); w[2] = put(w[2], 17, 1, 0)
        if not slots: w[0] = put(put(w[0], 0, 9, 0), 17, 8, 0)
        if form in ("VopdX", "VopdY"):
            other = 17 if form == "VopdX" else 22
            w[0] = put(w[0], other, 5 if other == 17 else 4, rng.choice([0, 3, 4, 5, 6, 8, 9, 10]))
            w[1] = put(w[1], 0, 9, source())
            if rng.random() < 0.5: w[0] = put(w[0], 9, 8, 0)
            if rng.random() < 0.5: w[1] = put(w[1], 9, 8, 0)
        else: w[0] = put(w[0], 16, 1, rng.random() < 0.4)
    if form in ("Vop3", "Vop3p"):
        sd = {"Vdst", "Sdst"} <= set(slots)
        w[0] &= 0xFFFF0000 | 0xFF | rng.choice([0, 0, 0xFFFF])
        if sd: w[0] = put(w[0], 8, 7, 4 * rng.randrange(25))
        elif "Sdst" in slots: w[0] = put(w[0], 0, 8, 4 * rng.randrange(25))
        elif "Vdst" not in slots: w[0] = put(w[0], 0, 8, 126 if slots else 0)
        for k in range(3):
            there = "Src%d" % k in slots
            w[1] = put(w[1], 9 * k, 9, 0 if not there else source() if rng.random() < 0.8 else 256 + rng.randrange(240))
        if rng.random() < 0.2: w[1] = put(w[1], 9, 9, 4 * rng.randrange(25)) & ~(0x1FF << 18 if "Src2" not in slots else 0)
        if rng.random() < 0.4: w[1] &= 0x07FFFFFF
        if form == "Vop3p" and rng.random() < 0.6: w[0] |= 1 << 14; w[1] |= 3 << 27
        if rng.random() < 0.25:
            w[1] = put(w[1], 0, 9, rng.choice([233, 250]))
            if w[1] & 0x1FF == 250: w[2] = put(w[2] & ~0xF20000, 8, 9, rng.choice([0xE4, 0x101, 0x123, 0x140, 0x155]))
    if form in ("Flat", "Global", "Scratch"):
        w[1] = put(w[1], 16, 7, 124 if form == "Flat" or rng.random() < 0.5 else 2 * rng.randrange(50))
        if "Vdst" not in slots: w[1] = put(w[1], 24, 8, 0)
        if "Vdata" not in slots: w[1] = put(w[1], 8, 8, 0)
        if "Vdst" in slots and "Vdata" in slots and rng.random() < 0.5: w = [w[0] & ~(1 << 14), put(w[1], 24, 8, 0), 0]
        if form == "Scratch" and not w[1] >> 23 & 1: w[1] = put(w[1], 0, 8, 0)
    if form == "Ds":
        for slot, at in (("Addr", 0), ("Data0", 8), ("Data1", 16), ("Vdst", 24)):
            if slot not in slots and not (slot == "Addr" and "Data0" in slots and rng.random() < 0.5): w[1] = put(w[1], at, 8, 0)
        if rng.random() < 0.5: w[0] = put(w[0], 0, 16, 0)
        if rng.random() < 0.5: w[0] = put(w[0], 17, 1, 0)
        if "Addr" not in slots and rng.random() < 0.5: w[1] &= 0xFF
    if form in ("Mubuf", "Mtbuf"):
        w[1] = put(w[1], 16, 5, rng.randrange(25)); w[1] = put(w[1], 24, 8, rng.choice(SCALAR[:-2] + [5, 9]))
        if not w[1] >> 22 & 3: w[1] = put(w[1], 0, 8, 0)
        if not slots: w = [w[0] & ~0x7FFF, 0, 0]
    if form == "Mimg":
        w[1] = put(w[1], 16, 5, 2 * rng.randrange(12)); w[1] = put(w[1], 26, 5, rng.randrange(25) if "Ssamp" in slots else 0)
        w[0] &= ~(thin(32, 0.7) & 0x38080); w[1] &= ~(3 << 21)
        w[0] = put(w[0], 8, 4, rng.choice([1, 2, 3, 7, 8, 15])) if rng.random() < 0.8 else w[0]
        if opcode in (0x19, 0x1A): w[0] = w[0] & ~0x2019C | 0x8F80  # rays have these fields fixed
    if form == "Exp":
        w[0] = put(w[0], 4, 6, rng.choice([0, 3, 7, 8, 12, 16, 20, 21, 22]))
        for k in range(4):
            if not w[0] >> k & 1: w[1] = put(w[1], 8 * k, 8, 0)
    if (form, opcode) == ("Vop3", 0x360): w[0] = put(w[0], 0, 8, 4 * rng.randrange(25))  # v_readlane_b32 writes an SGPR
    if "Imm" in slots and rng.random() < 0.5: w[2] &= 0xFFFF
    if not slots and form == "Vop3": w = [w[0] & 0xFFFF0000, 0, 0]
    if form == "Vinterp":
        for k in range(3): w[1] = put(w[1], 9 * k, 9, 256 + rng.randrange(250))
        if rng.random() < 0.5: w[0] = put(w[0], 11, 4, 0)
    # The word after an instruction of one word is its literal or DPP word.
    return [w[0], w[2], 0] if form in ONE else w


def mc(cpu, wave, arguments, text):
    other = {32: "+wavefrontsize32,-wavefrontsize64", 64: "-wavefrontsize32,+wavefrontsize64"}[wave]
    command = [LLVM / "llvm-mc", "-triple=amdgcn-amd-amdhsa", "-mcpu=" + cpu, "-mattr=" + other, "--show-encoding"]
    done = subprocess.run(command + arguments, input=text, capture_output=True, text=True)
    return done.stdout


def known(cpu, wave, cases):
    """(text, bytes) of each case that LLVM decodes and assembles to the same bytes; the length is LLVM's."""
    line = re.compile(r"^\s*(\S.*?)\s*(?:;|//)\s*encoding: \[(.*?)\]", re.M)
    hexed = ["[" + ",".join("0x%02x" % (x >> s & 255) for x in w for s in (0, 8, 16, 24)) + "]" for w in cases]
    # One instruction is taken from each case: what follows it in the words is cut off by trying the lengths.
    found = {}
    for n in (1, 2, 3):
        marks, text = [], ""
        for k, h in enumerate(hexed):
            text += "[" + ",".join(h[1:-1].split(",")[: 4 * n]) + "]\n[0x%02x,0x%02x,0x80,0xbf]\n" % (k & 255, k >> 8 & 255)
        since, k = [], 0
        for m in line.finditer(mc(cpu, wave, ["--disassemble"], text)):
            code = bytes(int(b, 16) for b in m[2].split(","))
            if code == bytes([k & 255, k >> 8 & 255, 0x80, 0xBF]):
                if len(since) == 1 and len(since[0][1]) == 4 * n: found.setdefault(k, since[0])
                since, k = [], k + 1
            else: since.append((m[1], code))
    keys = [k for k in sorted(found) if "/*" not in found[k][0]]
    # Texts that LLVM does not take back leave no line: sentinels tell them apart.
    text = "".join("%s\ns_nop 0x%x\n" % (found[k][0], j & 0xFFFF) for j, k in enumerate(keys))
    since, j, good = [], 0, {}
    for m in line.finditer(mc(cpu, wave, [], text)):
        code = bytes(int(b, 16) for b in m[2].split(","))
        if code == bytes([j & 255, j >> 8 & 255, 0x80, 0xBF]) and j < len(keys):
            if [c for _, c in since] == [found[keys[j]][1]]: good[keys[j]] = found[keys[j]]
            since, j = [], j + 1
        elif all(re.fullmatch(r"0x[0-9a-f]+", b) for b in m[2].split(",")): since.append((m[1], code))
    return good


def main():
    rows = check_rows.written(pathlib.Path(__file__).parent.parent / "src/rows.rs")
    encodings = [(f, o, [q[2:].split(",")[0] for q in opd], "RDNA35" in fl) for r in rows.values() for m, f, o, opd, fl, _ in r]
    encodings.sort(key=lambda e: (list(LAYOUT).index(e[0]), e[1]))
    kept = {}
    for number in range(ROUNDS):
        for cpu, wave in (("gfx1100", 32), ("gfx1100", 64), ("gfx1150", 32)):
            todo = [k for k, e in enumerate(encodings) if len(kept.get(k, [])) < PER and (e[3] == (cpu == "gfx1150")) and (wave == 32 or number % 2)]
            if not todo: continue
            # Seeded by encoding, so that a new row leaves the lines of the others alone.
            seed = lambda k: random.Random("%s %d %s %d %d" % (*encodings[k][:2], cpu, wave, number))
            cases = [words(seed(k), *encodings[k][:3]) for k in todo]
            for at, (text, code) in sorted(known(cpu, wave, cases).items()):
                text = " ".join(text.split())
                if len(kept.get(todo[at], [])) < PER: kept.setdefault(todo[at], []).append((cpu, wave, text, code.hex()))
    print("# arch\twave\ttext\tbytes in memory order; written by isa/tools/make_vectors.py from what LLVM 19 prints")
    for k, (f, o, _, _) in enumerate(encodings):
        for cpu, wave, text, code in kept.get(k, []): print("%s\t%d\t%s\t%s" % (cpu, wave, text, code))
        if len(kept.get(k, [])) < PER: print("%s 0x%02x %s: %d found" % (f, o, [m for r in rows.values() for m, *e in r if e[:2] == [f, o]][0], len(kept.get(k, []))), file=sys.stderr)


main()
