#!/usr/bin/env python3
"""Differential test of the assembler: random changes to instruction texts, assembled by sparkle-pm4 and by LLVM 19.

usage: compare_asm.py [VECTORS] [--seed N] [--count N] [--wave 32|64] [--arch gfx1100] [--show N] [--tool PATH]

VECTORS is a tab-separated file that has the texts to start from in one column, the third unless --column says another;
by default isa/tests/data/vectors.tsv. The tool is target/release/sparkle-pm4 (`cargo build --release`); llvm-mc comes
from $SPARKLE_LLVM (a folder) or /usr/lib/llvm-19/bin. Prints the differences by kind and exits with 1 where there is one
that ODDITIES does not name.
"""
import argparse, collections, os, pathlib, random, re, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LLVM = pathlib.Path(os.environ.get("SPARKLE_LLVM", "/usr/lib/llvm-19/bin"))

REGISTERS = """v0 v1 v127 v128 v255 v[0:1] v[1:2] v[254:255] v[0:2] v[0:3] v[4:11] s0 s1 s105 s[0:1] s[2:3] s[4:7] s[8:15]
s[1:2] vcc vcc_lo vcc_hi exec exec_lo m0 null src_scc ttmp0 ttmp[0:1] off src_shared_base scc""".split()
NUMBERS = """0 1 64 65 -16 -17 0.5 1.0 -4.0 0.15915494 1.5 0x1234 0x12345678 0xffffffff 0x100000000 -1 0x3c00 0x3f800000 65535
65536 -32768 lit(5)""".split()
MODIFIED = "|v1| -v1 -|v2| neg(1) abs(s1) sext(v1)".split()
OPERANDS = REGISTERS + NUMBERS + MODIFIED
MODIFIERS = """clamp mul:2 mul:4 div:2 glc slc dlc offset:4 offset:4095 offset:4096 offset:-1 offset:65535 gds op_sel:[1,0]
op_sel:[0,0,1] op_sel:[1,1,1,1] op_sel_hi:[0,0] neg_lo:[1,0] neg_hi:[0,1] quad_perm:[0,1,2,3] row_shl:1 row_mirror
row_share:3 dpp8:[7,6,5,4,3,2,1,0] row_mask:0xf bank_mask:0x1 bound_ctrl:1 bound_ctrl:0 fi:1 idxen offen tfe lwe d16 a16
dmask:0x3 unorm r128 offset0:1 offset1:255""".split()
SUFFIXES = ["", "_e32", "_e64", "_dpp", "_e64_dpp"]
MODIFIER = re.compile(r"\w+:(?!:)|(clamp|glc|slc|dlc|gds|idxen|offen|tfe|lwe|d16|a16|unorm|r128|row_mirror|row_half_mirror|done|row_en)$")
# What LLVM 19 does and this assembler does not, on purpose: (verdict, pattern of the text, pattern of the complaint, why).
# The verdict is "lax" where LLVM alone takes the text, "strict" where it alone refuses it, "bytes" where it makes others.
ODDITIES = [
    ("lax", r"\b(src_\w+|scc|pops_exiting_wave_id)\b", r"expected (one|\d+ consecutive) scalar register|neither a scalar register",
     "LLVM puts sources that are no registers (scc, apertures) into destinations and bases, cutting off their high bits"),
    ("lax", r"^t?buffer_.* offset:\d+", r"`offset:\d+` is out of range, expected 0 to 4095",
     "LLVM cuts off what an offset has above 12 bits"),
    ("lax", r"^s_setreg_imm32_b32 .*\d\.\d", r"can't be encoded as a constant",
     "LLVM cuts a float that stands for a raw 32-bit word off to the low half of its double, which is 0"),
    ("strict", r"^s_\w+ lit\(", r"invalid operand", "LLVM refuses lit() where a 16-bit immediate of SOPP stands"),
    ("strict", r"^v_dot2c_f32_f16.* lit\(", r"failed parsing", "LLVM refuses lit() in the second name of an instruction"),
    ("strict", r"^v_cmp_\w+_f(16|32)(_dpp)? (?!vcc).* (row_|quad_perm)", r"invalid operand",
     "LLVM lets vcc be left out in every compare but those of floats with DPP"),
    ("lax", r"^v_div_scale_.*\|", r"does not take abs",
     "LLVM takes |x| of v_div_scale, which has no such bit, and sets a bit of its scalar destination"),
    ("lax", r"^v_interp_.*\|", r"does not take abs",
     "LLVM takes |x| of v_interp, which has no such bit, and sets a bit of its wait count"),
    ("lax", r"^v_ldexp_f16(_e64)? .*sext\(", r"takes no such modifier",
     "LLVM takes the DPP form's sext() for the sign of the long form, and prints it as one"),
]


def mutate(rng, text, texts, pool):
    """One change: an operand, a modifier, the size suffix, or the mnemonic."""
    head, _, rest = text.partition(" ")
    parts = [p for p in re.findall(r"(?:[^\s,\[\]]|\[[^\]]*\])+", rest) if p]
    k = rng.random()
    if parts and k < 0.55: parts[rng.randrange(len(parts))] = rng.choice(OPERANDS)
    elif k < 0.7: parts.append(rng.choice(MODIFIERS))
    elif k < 0.76 and parts: parts.pop(rng.randrange(len(parts)))
    elif k < 0.84: head = re.sub(r"_(e64_dpp|e32|e64|dpp)$", "", head) + rng.choice(SUFFIXES)
    elif k < 0.92: head = rng.choice(texts).split(" ")[0]
    elif parts: parts[rng.randrange(len(parts))] = rng.choice(pool)
    operands = [p for p in parts if not MODIFIER.match(p)]
    modifiers = [p for p in parts if MODIFIER.match(p)]
    return " ".join([head, ", ".join(operands)] + modifiers).replace("  ", " ").strip()


def lines(rng, texts, count):
    pool = set()
    for t in rng.sample(texts, min(len(texts), 8000)):
        pool.update(p.strip(",") for p in re.findall(r"-?\|?[\w.\[\]:]+\|?|\S+", t.partition(" ")[2]))
    pool = sorted(pool)
    out = []
    while len(out) < count:
        line = mutate(rng, rng.choice(texts), texts, pool)
        if rng.random() < 0.3: line = mutate(rng, line, texts, pool)
        out.append(line)
    return out


def by_llvm(texts, arch, wave):
    """Of each line its bytes in hexadecimal, or "error: …". A label before each tells the lines apart."""
    source = "".join("L%d:\n%s\n" % kv for kv in enumerate(texts))
    wave = "-wavefrontsize%d,+wavefrontsize%d" % (96 - wave, wave)
    run = subprocess.run([LLVM / "llvm-mc", "-triple=amdgcn", "-mcpu=" + arch, "-mattr=" + wave, "-show-encoding"],
                         input=source, text=True, capture_output=True)
    said = {}
    for m in re.finditer(r"^<stdin>:(\d+):\d+: error: (.*)$", run.stderr, re.M):
        said.setdefault((int(m[1]) - 1) // 2, "error: " + m[2])
    at = None
    for line in run.stdout.split("\n"):
        m = re.match(r"L(\d+):", line)
        if m: at = int(m[1])
        m = re.search(r"encoding: \[(.*?)\]", line)
        if m and at is not None:
            said.setdefault(at, "".join(q[2:] if q.startswith("0x") else "??" for q in m[1].split(",")))
    return [said.get(k, "no instruction") for k in range(len(texts))]


def by_ours(tool, texts, arch, wave):
    run = subprocess.run([tool, "asm", "--batch", "--arch", arch, "--wave", str(wave), "-"],
                         input="\n".join(texts) + "\n", text=True, capture_output=True)
    out = run.stdout.split("\n")[:-1]
    if run.returncode or len(out) != len(texts):
        raise SystemExit("%s answered %d of %d lines: %s" % (tool, len(out), len(texts), run.stderr[:300]))
    return out


def main():
    p = argparse.ArgumentParser()
    p.add_argument("vectors", nargs="?", default=ROOT / "isa/tests/data/vectors.tsv")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--count", type=int, default=20000)
    p.add_argument("--wave", type=int, choices=(32, 64), default=32)
    p.add_argument("--arch", default="gfx1100")
    p.add_argument("--column", type=int, default=3, help="of the vectors file, from 1")
    p.add_argument("--show", type=int, default=4, help="differences shown of each kind")
    p.add_argument("--tool", default=ROOT / "target/release/sparkle-pm4")
    a = p.parse_args()
    rows = [q.rstrip("\n").split("\t") for q in open(a.vectors) if q.strip() and q[0] != "#"]
    texts = [r[a.column - 1] for r in rows]
    # Pairs have operands of two instructions; a comment stands where LLVM has no text.
    texts = [t for t in texts if "::" not in t and "/*" not in t]
    every = lines(random.Random(a.seed), texts, a.count)
    theirs, ours = by_llvm(every, a.arch, a.wave), by_ours(a.tool, every, a.arch, a.wave)
    accepted, known, kinds = 0, 0, collections.defaultdict(list)
    for text, want, got in zip(every, theirs, ours):
        bad, ill = want.startswith("error"), got.startswith("error")
        accepted += not bad
        if bad and ill or got == want or "?" in want: continue
        verdict = "strict" if bad else "lax" if ill else "bytes"
        complaint = {"strict": want, "lax": got, "bytes": ""}[verdict]
        if any(v == verdict and re.search(q, text) and re.search(c, complaint) for v, q, c, _ in ODDITIES):
            known += 1
            continue
        what = {"strict": want, "lax": "refused here: " + re.sub(r"^error: column \d+: |`[^`]*`", "", got), "bytes": "other bytes"}
        kinds[(verdict, what[verdict][:80])].append((text, want, got))
    for (verdict, what), found in sorted(kinds.items(), key=lambda kv: -len(kv[1])):
        print("%d %s: %s" % (len(found), verdict, what))
        for text, want, got in found[:a.show]: print("    %s\n        LLVM %s\n        ours %s" % (text, want, got))
    print("%d lines, LLVM takes %d, %d known oddities, %d differences" % (len(every), accepted, known, sum(map(len, kinds.values()))))
    sys.exit(bool(kinds))


if __name__ == "__main__":
    main()
