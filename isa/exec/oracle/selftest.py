#!/usr/bin/env python3
"""Holds the models against others' arithmetic: LLVM 19's constant folding, and the host's IEEE double.

    selftest.py [N]    N random rounds (default 3)

LLVM folds intrinsics and IR by APFloat and by what its developers know of the hardware. Needs opt 19; without it the
host's part alone runs.
"""
import math
import os
import random
import re
import shutil
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fp  # noqa: E402
import pools as P  # noqa: E402
from fp import BF16, F16, F32, F64, Mode  # noqa: E402
from valu_ops import OPS, s  # noqa: E402

TYPES = {"f16": ("half", F16), "f32": ("float", F32), "f64": ("double", F64)}
ROUND = ["tonearest", "upward", "downward", "towardzero"]


def constant(ty, x):
    """A constant in LLVM's spelling."""
    if ty in TYPES:
        name, f = TYPES[ty]
        if f is F16:
            return "half 0xH%04X" % x
        # LLVM writes floats as the double of the same value; NaN payloads at the top.
        if f is F32:
            x = fp.convert(Mode(0x3F0), F32, F64, x) if not F32.is_nan(x) else (
                (x >> 31) << 63 | 0x7FF << 52 | (x & F32.frac) << 29)
        return "%s 0x%016X" % (name, x)
    return "i%s %d" % (ty[1:], s(x, int(ty[1:])))


def parse(ty, text):
    text = text.strip()
    if ty in TYPES:
        name, f = TYPES[ty]
        v = text.removeprefix(name).strip()
        if v.startswith("0xH"):
            return int(v[3:], 16)
        if v.startswith("0x"):
            x = int(v, 16)
        else:
            x = struct.unpack("<Q", struct.pack("<d", float(v)))[0]
        if f is F64:
            return x
        if F64.is_nan(x):
            m = f.m
            return (x >> 63) << (f.bits - 1) | f.inf | (x & F64.frac) >> (52 - m)
        return fp.convert(Mode(0x3F0), F64, f, x)
    v = text.split()[-1]
    n = int(ty[1:])
    return {"true": 1, "false": 0}.get(v, None) if v in ("true", "false") else int(v) & ((1 << n) - 1)


class Folder:
    """Functions that return one folded expression each."""

    def __init__(self):
        self.decls, self.body, self.want = {}, [], []

    def call(self, fn, ret, args, want, what, strict=None):
        """`strict`: (rounding mode) for constrained intrinsics."""
        n = len(self.want)
        types = {"f16": "half", "f32": "float", "f64": "double"}
        sig = [types.get(t, "i" + t[1:]) for t, _ in args]
        r = types.get(ret, "i" + ret[1:])
        a = ", ".join(constant(t, x) for t, x in args)
        meta = ""
        if strict is not None:
            meta = ', metadata !"round.%s", metadata !"fpexcept.ignore"' % strict
        self.decls[fn] = "declare %s @%s(%s)" % (r, fn, ", ".join(sig + ["metadata"] * meta.count("metadata")))
        self.body.append("define %s @t%d() %s{\n %%r = call %s @%s(%s%s)%s\n ret %s %%r\n}" % (
            r, n, "strictfp " if meta else "", r, fn, a, meta, " strictfp" if meta else "", r))
        self.want.append((ret, want, what))

    def run(self, opt):
        src = "target triple = \"amdgcn-amd-amdhsa\"\n" + "\n".join(self.decls.values()) + "\n" + "\n".join(self.body)
        # One rounding mode and no denormal flushing: the default of a function.
        p = subprocess.run([opt, "-S", "-passes=instcombine", "-mcpu=gfx1100", "-"], input=src, capture_output=True, text=True)
        if p.returncode:
            raise SystemExit(p.stderr[:2000])
        folded = dict(re.findall(r"define .*? @t(\d+)\(\).*?\{\n\s*ret ([^\n]*)\n\}", p.stdout))
        bad = unfolded = 0
        for n, (ty, want, what) in enumerate(self.want):
            if str(n) not in folded or want is None:
                unfolded += 1
                continue
            got = parse(ty, folded[str(n)])
            nan = ty in TYPES and TYPES[ty][1].is_nan(got) and TYPES[ty][1].is_nan(want)
            if got != want and not nan:
                bad += 1
                if bad < 20:
                    print("%s: LLVM %x, model %x" % (what, got, want))
        print("LLVM: %d expressions folded, %d not, %d differ" % (len(self.want) - unfolded, unfolded, bad))
        return bad


def model(name, M, *xs):
    try:
        return OPS[name].fn(M, *xs)
    except fp.Unknown:
        return None


def llvm(opt, rng, rounds):
    f = Folder()
    M = Mode(0x3F0)
    pick = {"f16": P.float_edges(F16), "f32": P.f32_edges(), "f64": P.f64_edges(), "i32": P.int_edges(32, rng)}
    near = {"f16": P.float_near(F16, rng), "f32": P.float_near(F32, rng), "f64": P.float_near(F64, rng)}
    number = lambda t: rng.choice(pick[t] if rng.random() < 0.5 else near[t])  # noqa: E731
    finite = lambda t: next(x for x in iter(lambda: number(t), None) if x & TYPES[t][1].mag < TYPES[t][1].inf)  # noqa: E731
    for _ in range(rounds):
        for t, (_, fmt) in TYPES.items():
            for op in ("add", "mul"):
                for r, name in enumerate(ROUND):
                    for _ in range(25):
                        a, b = finite(t), finite(t)
                        want = model("v_%s_%s" % (op, t), Mode(0x3F0 | r | r << 2), a, b)
                        f.call("llvm.experimental.constrained.f%s.%s" % (op, t), t, [(t, a), (t, b)], want,
                               "f%s %s %x %x %s" % (op, t, a, b, name), name)
            for r, name in enumerate(ROUND):
                for _ in range(40):
                    a, b, c = finite(t), finite(t), finite(t)
                    f.call("llvm.experimental.constrained.fma." + t, t, [(t, a), (t, b), (t, c)],
                           model("v_fma_" + t, Mode(0x3F0 | r | r << 2), a, b, c), "fma %s %x %x %x %s" % (t, a, b, c, name), name)
            for _ in range(40):
                a, b, c = number(t), number(t), number(t)
                f.call("llvm.fma." + t, t, [(t, a), (t, b), (t, c)], model("v_fma_" + t, M, a, b, c), "fma %s %x %x %x" % (t, a, b, c))
                for how, op in (("floor", "floor"), ("ceil", "ceil"), ("trunc", "trunc"), ("rint", "rndne")):
                    f.call("llvm.%s.%s" % (how, t), t, [(t, a)], model("v_%s_%s" % (op, t), M, a), "%s %s %x" % (how, t, a))
                f.call("llvm.amdgcn.fract." + t, t, [(t, a)], model("v_fract_" + t, M, a), "fract %s %x" % (t, a))
                f.call("llvm.amdgcn.frexp.mant." + t, t, [(t, a)], model("v_frexp_mant_" + t, M, a), "frexp_mant %s %x" % (t, a))
                e = {"f16": "v_frexp_exp_i16_f16", "f32": "v_frexp_exp_i32_f32", "f64": "v_frexp_exp_i32_f64"}[t]
                w = "i16" if t == "f16" else "i32"
                f.call("llvm.amdgcn.frexp.exp.%s.%s" % (w, t), w, [(t, a)], model(e, M, a) & (0xFFFF if w == "i16" else 0xFFFFFFFF),
                       "frexp_exp %s %x" % (t, a))
                mask = rng.getrandbits(10)
                f.call("llvm.amdgcn.class." + t, "i1", [(t, a), ("i32", mask)], mask >> fp.classify(fmt, a) & 1,
                       "class %s %x %x" % (t, a, mask))
                n = rng.choice((0, 1, -1, 5, -20, 130, -150, 2000))
                f.call("llvm.ldexp.%s.i32" % t, t, [(t, a), ("i32", n & 0xFFFFFFFF)], fp.ldexp(M, fmt, a, n), "ldexp %s %x %d" % (t, a, n))
                f.call("llvm.minnum." + t, t, [(t, a), (t, b)], None if any(fmt.is_nan(x) for x in (a, b)) or
                       (fmt.is_zero(a) and fmt.is_zero(b)) else fp.fmin(M, fmt, a, b), "min %s %x %x" % (t, a, b))
                if not any(fmt.is_nan(x) for x in (a, b, c)) and t != "f64":
                    f.call("llvm.amdgcn.fmed3." + t, t, [(t, a), (t, b), (t, c)], None if sum(map(fmt.is_zero, (a, b, c))) > 1 else
                           fp.med3(M, fmt, a, b, c), "med3 %s %x %x %x" % (t, a, b, c))
                if fmt.is_inf(a) or fmt.is_nan(a):
                    continue
                f.call("llvm.amdgcn.rcp." + t, t, [(t, a)], None if fmt.is_denorm(a) or fmt.is_zero(a) else
                       exact_or_none(fmt, model("v_rcp_" + t, M, a)), "rcp %s %x" % (t, a))
        for _ in range(80):
            a, b, c = number("f32"), number("f32"), number("f32")
            f.call("llvm.amdgcn.fmul.legacy", "f32", [("f32", a), ("f32", b)], model("v_mul_dx9_zero_f32", M, a, b), "mul_dx9 %x %x" % (a, b))
            f.call("llvm.amdgcn.fma.legacy", "f32", [("f32", a), ("f32", b), ("f32", c)], model("v_fma_dx9_zero_f32", M, a, b, c),
                   "fma_dx9 %x %x %x" % (a, b, c))
            for k in ("id", "sc", "tc", "ma"):
                f.call("llvm.amdgcn.cube" + k, "f32", [("f32", a), ("f32", b), ("f32", c)], model("v_cube%s_f32" % k, M, a, b, c),
                       "cube%s %x %x %x" % (k, a, b, c))
            d = number("f64")
            i, j, k = (rng.choice(pick["i32"]) for _ in range(3))
            f.call("llvm.amdgcn.ubfe.i32", "i32", [("i32", i), ("i32", j & 31), ("i32", k & 31)], OPS["v_bfe_u32"].fn(M, i, j, k) if k & 31 else None, "ubfe %x %x %x" % (i, j, k))
            f.call("llvm.amdgcn.sbfe.i32", "i32", [("i32", i), ("i32", j & 31), ("i32", k & 31)],
                   OPS["v_bfe_i32"].fn(M, i, j, k) & 0xFFFFFFFF if k & 31 else None, "sbfe %x %x %x" % (i, j, k))
            f.call("llvm.amdgcn.perm", "i32", [("i32", i), ("i32", j), ("i32", k)], OPS["v_perm_b32"].fn(M, i, j, k), "perm %x %x %x" % (i, j, k))
            f.call("llvm.fshr.i32", "i32", [("i32", i), ("i32", j), ("i32", k)], OPS["v_alignbit_b32"].fn(M, i, j, k) & 0xFFFFFFFF,
                   "alignbit %x %x %x" % (i, j, k))
            seg = rng.randrange(0, 22)
            f.call("llvm.amdgcn.trig.preop.f64", "f64", [("f64", d), ("i32", seg)], model("v_trig_preop_f64", M, d, seg),
                   "trig_preop %x %d" % (d, seg))
            x = number("f32")
            for ty, op in (("i32", "v_cvt_i32_f32"), ("u32", "v_cvt_u32_f32")):
                f.call("llvm.fpto%si.sat.i32.f32" % ("s" if ty[0] == "i" else "u"), ty, [("f32", x)],
                       model(op, M, x) & 0xFFFFFFFF, "%s %x" % (op, x))
                f.call("llvm.fpto%si.sat.i32.f64" % ("s" if ty[0] == "i" else "u"), ty, [("f64", d)],
                       model(op.replace("f32", "f64"), M, d) & 0xFFFFFFFF, "%s %x" % (op, d))
    return f.run(opt)


def exact_or_none(fmt, x):
    """LLVM folds RCP to the nearest; ours is the nearest too, but f32 denormals are flushed."""
    return None if fmt is F32 and fmt.is_zero(x) else x


def host(rng, rounds):
    """Double arithmetic of the host, and its libm within two units of f32's last place."""
    M, bad = Mode(0x3F0), 0
    bits = lambda x: struct.unpack("<Q", struct.pack("<d", x))[0]  # noqa: E731
    num = lambda x: struct.unpack("<d", struct.pack("<Q", x))[0]  # noqa: E731
    n = 2000 * rounds
    for _ in range(n):
        a, b = rng.choice(P.f64_edges() + [rng.getrandbits(64)] * 60), rng.getrandbits(64)
        for got, want in ((fp.add(M, F64, a, b), num(a) + num(b)), (fp.mul(M, F64, a, b), num(a) * num(b))):
            if got != bits(want) and not (F64.is_nan(got) and math.isnan(want)):
                bad += 1
                print("host double %x %x: %x %x" % (a, b, got, bits(want)))
        x = rng.randrange(0x00800000, 0x7F800000)
        v = struct.unpack("<f", struct.pack("<I", x))[0]
        for name, want in (("v_rcp_f32", 1 / v), ("v_sqrt_f32", math.sqrt(v)), ("v_rsq_f32", 1 / math.sqrt(v)),
                           ("v_log_f32", math.log2(v)), ("v_exp_f32", 2.0 ** v if v < 127 else None)):
            if want is None or (want != 0 and abs(want) < 2e-38):
                continue
            w = struct.unpack("<I", struct.pack("<f", want))[0]
            got = OPS[name].fn(M, x)
            if abs(got - w) > 1:
                bad += 1
                print("%s %x: %x, libm %x" % (name, x, got, w))
        t = rng.uniform(-300, 300)
        x = struct.unpack("<I", struct.pack("<f", t))[0]
        t = struct.unpack("<f", struct.pack("<I", x))[0]
        for name, fn in (("v_sin_f32", math.sin), ("v_cos_f32", math.cos)):
            got = struct.unpack("<f", struct.pack("<I", OPS[name].fn(M, x)))[0]
            if abs(got - fn(2 * math.pi * math.fmod(t, 1))) > 1e-7:
                bad += 1
                print("%s %x: %g" % (name, x, got))
        h = rng.getrandbits(16)
        if not F16.is_nan(h) and num(fp.convert(M, F16, F64, h)) != struct.unpack("<e", struct.pack("<H", h))[0]:
            bad += 1
        q = rng.getrandbits(16)
        if not BF16.is_nan(q) and fp.convert(M, BF16, F32, q) != q << 16:
            bad += 1
    print("host: %d rounds, %d differ" % (n, bad))
    return bad


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    rng = random.Random(7)
    bad = host(rng, rounds)
    opt = next((p for p in ("/usr/lib/llvm-19/bin/opt", shutil.which("opt-19")) if p and os.path.exists(p)), None)
    if opt:
        bad += llvm(opt, rng, rounds)
    else:
        print("skipped: opt 19 is not installed")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
