"""Oracle vectors: the state a test starts from, the writer of `.vec` files, and llvm-mc.

A generator fills a `Test` (registers before, then what the model says about them after); `File` writes it. FORMAT.md
says what the lines mean. Standard library only.
"""
import os
import re
import shutil
import subprocess

M32 = 0xFFFFFFFF
MODE_DEFAULT = 0x3F0
VCC_DEFAULT = 0x5A5A5A5AA5A5A5A5
V_REGS, S_REGS = 56, 80
# Spelled halves, `v1.l`: another dialect of llvm-mc's.
HALVES = re.compile(r"\bv\d+\.[lh]\b")


def background_s(i):
    return (0x5E000000 + 0x10101 * i) & M32


def background_v(r, lane):
    return (0x76000000 + 0x10000 * r + lane) & M32


def background_byte(offset, kind):
    return (offset * 7 + (offset >> 8) * 13 + (3 if kind == "g" else 91)) & 0xFF


class Pool:
    """A named list of elements, each `width` dwords."""

    def __init__(self, name, width, values):
        self.name, self.width, self.values = name, width, list(values)

    def __len__(self):
        return len(self.values)

    def line(self):
        return "pool %s %d %s" % (self.name, self.width, " ".join("%x" % v for v in self.values))


class Test:
    """One instruction (or a few) from a state to a state."""

    def __init__(self, wave=32, mode=MODE_DEFAULT, exec_mask=None, vcc=VCC_DEFAULT, scc=0, m0=0, ulp=None, pc=None,
                 lds=0, scratch=0):
        self.wave, self.mode = wave, mode
        full = (1 << wave) - 1
        self.exec = full if exec_mask is None else exec_mask & full
        self.vcc, self.scc, self.m0, self.ulp, self.pc = vcc, scc, m0, ulp, pc
        self.lds, self.scratch = lds, scratch
        self.s = [background_s(i) for i in range(S_REGS)]
        self.v = {}
        self.fields = []
        self.mem = {}
        self.after = None
        self.unknown = set()
        self.trap = None

    # ---- before
    def reg(self, r):
        """The lanes of VGPR `r` before."""
        if r not in self.v:
            self.v[r] = [background_v(r, lane) for lane in range(self.wave)]
        return self.v[r]

    def vgpr(self, r, pool, off, step=1, div=1):
        lanes = [pool.values[(off + step * (lane // div)) % len(pool)] for lane in range(self.wave)]
        for d in range(pool.width):
            self.v[r + d] = [x >> (32 * d) & M32 for x in lanes]
        self.fields.append("v%d=%s:%d:%d%s" % (r, pool.name, off % len(pool), step, ":%d" % div if div != 1 else ""))
        return lanes

    def vgpr_const(self, r, value):
        self.v[r] = [value & M32] * self.wave
        self.fields.append("v%d=%08x" % (r, value & M32))

    def sgpr(self, n, *values):
        for k, v in enumerate(values):
            self.s[n + k] = v & M32
        self.fields.append("s%d=%s" % (n, ",".join("%x" % (v & M32) for v in values)))

    def bytes(self, kind, offset, data):
        """Memory before: kind g (global), l (LDS) or p (scratch)."""
        for k, b in enumerate(data):
            self.mem[kind, offset + k] = b
        self.fields.append("%s+%x=%s" % (kind, offset, bytes(data).hex()))

    def byte(self, kind, offset):
        return self.mem.get((kind, offset), background_byte(offset, kind))

    def lane_on(self, lane):
        return self.exec >> lane & 1

    # ---- after
    def start(self):
        """Ends the state before; what follows is the state after."""
        self.after = {"s": {}, "v": {}, "mem": {}, "vcc": self.vcc, "exec": self.exec, "scc": self.scc, "m0": self.m0,
                      "mode": self.mode}

    def set_v(self, r, lane, value):
        lanes = self.after["v"].setdefault(r, list(self.reg(r)))
        lanes[lane] = value & M32

    def set_unknown(self, r, lane):
        self.unknown.add((r, lane))
        self.after["v"].setdefault(r, list(self.reg(r)))

    def set_s(self, n, value):
        if n == 106:
            self.after["vcc"] = self.after["vcc"] & ~M32 | value & M32
        elif n == 107:
            self.after["vcc"] = self.after["vcc"] & M32 | (value & M32) << 32
        elif n == 124:
            pass
        elif n == 125:
            self.after["m0"] = value & M32
        elif n == 126:
            self.after["exec"] = self.after["exec"] & ~M32 | value & M32
        elif n == 127:
            self.after["exec"] = self.after["exec"] & M32 | (value & M32) << 32
        else:
            self.after["s"][n] = value & M32

    def set_mask(self, n, value):
        """A lane mask into an SGPR (wave32) or a pair; 124 is NULL."""
        if n == 124:
            return
        self.set_s(n, value & M32)
        if self.wave == 64:
            self.set_s(n + 1, value >> 32 & M32)

    def set_byte(self, kind, offset, value):
        self.after["mem"][kind, offset] = value & 0xFF

    # ---- text
    def head(self, names, code, text):
        f = []
        if self.wave != 32:
            f.append("w=%d" % self.wave)
        if self.mode != MODE_DEFAULT:
            f.append("m=%x" % self.mode)
        if self.exec != (1 << self.wave) - 1:
            f.append("x=%x" % self.exec)
        if self.vcc != VCC_DEFAULT:
            f.append("vcc=%x" % self.vcc)
        if self.scc:
            f.append("scc=1")
        if self.m0:
            f.append("m0=%x" % self.m0)
        if self.lds:
            f.append("lds=%d" % self.lds)
        if self.scratch:
            f.append("scratch=%d" % self.scratch)
        if self.pc is not None:
            f.append("pc=%x" % self.pc)
        if self.ulp:
            f.append("u=" + self.ulp)
        words = ".".join("%08x" % w for w in code)
        return " ".join(["t", names, words] + f + self.fields) + " ; " + text

    def tail(self):
        if self.trap:
            return "= trap=" + self.trap
        out = []
        a = self.after
        for n in sorted(a["s"]):
            if a["s"][n] != self.s[n]:
                out.append("s%d=%x" % (n, a["s"][n]))
        for k in ("vcc", "exec", "scc", "m0", "mode"):
            if a[k] != getattr(self, k):
                out.append("%s=%x" % (k, a[k]))
        for r in sorted(a["v"]):
            tok = self.tokens(r, a["v"][r])
            if tok.strip("."):
                out.append("v%d=%s" % (r, tok))
        changed = sorted((k, o) for (k, o), b in a["mem"].items() if b != self.byte(k, o))
        run = []
        for k, o in changed + [(None, 0)]:
            if run and (k != run[0] or o != run[1] + len(run[2])):
                out.append("%s+%x=%s" % (run[0], run[1], bytes(run[2]).hex()))
                run = []
            if k is not None:
                if not run:
                    run = [k, o, []]
                run[2].append(a["mem"][k, o])
        return " ".join(["="] + out)

    def tokens(self, r, new):
        old = self.reg(r)
        out = []
        last = None
        for lane in range(self.wave):
            n, o = new[lane], old[lane]
            if (r, lane) in self.unknown:
                t = "?"
            elif n == o:
                t = "."
            elif n == 0:
                t = "z"
            elif n == M32:
                t = "o"
            elif n == last:
                t = "r"
            elif n >> 16 == o >> 16:
                t = "l%04x" % (n & 0xFFFF)
            elif n & 0xFFFF == o & 0xFFFF:
                t = "h%04x" % (n >> 16)
            else:
                t = "%08x" % n
            if t not in ".?":
                last = n
            out.append(t)
        return "".join(out)


def find_mc():
    """llvm-mc 19; None where it is absent (a distribution's plain llvm-mc may be too old for gfx1100)."""
    for p in ("/usr/lib/llvm-19/bin/llvm-mc", shutil.which("llvm-mc-19")):
        if p and os.path.exists(p):
            return p
    return None


def assemble(texts, wave, mc, halves=False):
    """The dwords of each text (several instructions are separated by `;`), disassembled back and compared."""
    attr = "-mattr=+wavefrontsize%d%s" % (wave, ",+real-true16" if halves else "")
    args = [mc, "-triple=amdgcn", "-mcpu=gfx1100", attr]
    lines, owner = [], []
    for k, t in enumerate(texts):
        for part in t.split(";"):
            lines.append(part.strip())
            owner.append(k)
    p = subprocess.run(args + ["-show-encoding"], input="\n".join(lines) + "\n", capture_output=True, text=True)
    if p.returncode:
        raise SystemExit("llvm-mc rejects:\n" + p.stderr[:4000])
    printed, codes = [], []
    for line in p.stdout.splitlines():
        if "encoding: [" in line:
            e = line.split("encoding: [")[1].split("]")[0]
            b = bytes(int(x, 16) for x in e.split(","))
            codes.append([int.from_bytes(b[i:i + 4], "little") for i in range(0, len(b), 4)])
            printed.append(" ".join(line.split("; encoding")[0].split()))
    if len(codes) != len(lines):
        raise SystemExit("llvm-mc gave %d encodings for %d lines" % (len(codes), len(lines)))
    hexes = "\n".join(" ".join("0x%02x" % b for w in c for b in w.to_bytes(4, "little")) for c in codes)
    d = subprocess.run(args + ["-disassemble"], input=hexes + "\n", capture_output=True, text=True)
    back = [" ".join(x.split()) for x in d.stdout.splitlines() if x.strip() and not x.strip().startswith(".text")]
    # The disassembler of LLVM 19 spells `.h` with OPSEL in VOP3 as `.l`.
    same = lambda a, b: a == b or halves and "op_sel" in b and a.replace(".h", ".l") == b  # noqa: E731
    if len(back) == len(printed):
        for a, b in zip(printed, back):
            if not same(a, b):
                raise SystemExit("llvm-mc assembles %r and disassembles %r" % (a, b))
    else:
        raise SystemExit("llvm-mc's disassembly has %d lines for %d" % (len(back), len(printed)))
    out = [[] for _ in texts]
    for k, c in zip(owner, codes):
        out[k] += c
    return out


class File:
    """A `.vec` file in the making."""

    def __init__(self, title):
        self.title, self.pools, self.tests = title, {}, []

    def pool(self, name, width, values):
        if name not in self.pools:
            self.pools[name] = Pool(name, width, values)
        return self.pools[name]

    def add(self, names, text, test, patch=0):
        """`patch` is or-ed into the first dword: bits that LLVM's text can't say (high halves in VOP1, VOP2, VOPC)."""
        if isinstance(names, (list, tuple)):
            names = "+".join(names)
        self.tests.append((names, text, test, patch))

    def render(self, old=None):
        """The file's text. Codes come from llvm-mc, or without it from `old`, an earlier text of the file."""
        mc = find_mc()
        codes = {}
        if mc:
            for wave in (32, 64):
                every = sorted({t for _, t, x, _ in self.tests if x.wave == wave})
                for halves in (False, True):
                    texts = [t for t in every if bool(HALVES.search(t)) == halves]
                    if texts:
                        codes.update(((wave, t), c) for t, c in zip(texts, assemble(texts, wave, mc, halves)))
        elif old:
            for line in old.splitlines():
                if line.startswith("t "):
                    head, text = line.split(" ; ", 1)
                    words = [int(w, 16) for w in head.split()[2].split(".")]
                    codes[64 if " w=64" in head else 32, text] = words
        else:
            raise SystemExit("llvm-mc 19 is needed to make the vectors")
        out = ["# %s. Made by isa/exec/oracle/make.py; FORMAT.md says how to read it." % self.title]
        out += [p.line() for p in self.pools.values()]
        for names, text, test, patch in self.tests:
            label = text + (" ; halves %08x" % patch if patch else "")
            code = codes.get((test.wave, text)) if mc else codes.get((test.wave, label))
            if code is None:
                raise SystemExit("no code for %r: llvm-mc 19 is needed" % label)
            if mc and patch:
                code = [code[0] | patch] + code[1:]
            out.append(test.head(names, code, label))
            out.append(test.tail())
        return "\n".join(out) + "\n"
