"""Packed 16-bit instructions, dot products and mixed-precision FMA (VOP3P), and the VOP2 and VOP3 ones like them."""
import fp
import pools as P
import vec
from emit import INLINE_F
from fp import BF16, F16, F32, Mode, Unknown
from valu_ops import s

TITLE = "Packed arithmetic, dot products and mixed FMA"
EXECS = [0x0F0F3355, 0x80000001, 0xFFFF0000, 0x12345678]


def u(x):
    return x & 0xFFFF


# name: (float?, number of sources, signed?, function of mode and halves)
PACKED = {
    "v_pk_mad_i16": (0, 3, 1, lambda a, b, c: a * b + c), "v_pk_mul_lo_u16": (0, 2, 0, lambda a, b: a * b),
    "v_pk_add_i16": (0, 2, 1, lambda a, b: a + b), "v_pk_sub_i16": (0, 2, 1, lambda a, b: a - b),
    "v_pk_lshlrev_b16": (0, 2, 0, lambda a, b: u(b << (a & 15))), "v_pk_lshrrev_b16": (0, 2, 0, lambda a, b: b >> (a & 15)),
    "v_pk_ashrrev_i16": (0, 2, 1, lambda a, b: b >> (a & 15)), "v_pk_max_i16": (0, 2, 1, max),
    "v_pk_min_i16": (0, 2, 1, min), "v_pk_mad_u16": (0, 3, 0, lambda a, b, c: a * b + c),
    "v_pk_add_u16": (0, 2, 0, lambda a, b: a + b), "v_pk_sub_u16": (0, 2, 0, lambda a, b: a - b),
    "v_pk_max_u16": (0, 2, 0, max), "v_pk_min_u16": (0, 2, 0, min),
    "v_pk_fma_f16": (1, 3, 0, lambda M, a, b, c: fp.fma(M, F16, a, b, c)),
    "v_pk_add_f16": (1, 2, 0, lambda M, a, b: fp.add(M, F16, a, b)),
    "v_pk_mul_f16": (1, 2, 0, lambda M, a, b: fp.mul(M, F16, a, b)),
    "v_pk_min_f16": (1, 2, 0, lambda M, a, b: fp.fmin(M, F16, a, b)),
    "v_pk_max_f16": (1, 2, 0, lambda M, a, b: fp.fmax(M, F16, a, b)),
}
# With CLAMP these saturate; for the others the guide doesn't say.
SATURATE = ("v_pk_mad_i16", "v_pk_add_i16", "v_pk_sub_i16", "v_pk_mad_u16", "v_pk_add_u16", "v_pk_sub_u16")


class Make:
    """Builds one test: sources as 32-bit values a lane."""

    def __init__(self, out, rng, pools, **kw):
        self.out, self.rng, self.pools = out, rng, pools
        self.t = vec.Test(**kw)
        self.words = []
        self.src = []

    def v(self, pool, reg=None, step=None):
        reg = self.rng.randrange(0, 4) + 6 * len(self.src) if reg is None else reg
        lanes = self.t.vgpr(reg, pool, self.rng.randrange(len(pool)), step or self.rng.choice((1, 2, 3, 5, 7)))
        self.words.append("v%d" % reg)
        self.src.append(lanes)
        return reg

    def s(self, value):
        reg = 4 + 3 * len(self.src)
        self.t.sgpr(reg, value)
        self.const("s%d" % reg, value)

    def const(self, text, value):
        self.words.append(text)
        self.src.append([value] * self.t.wave)

    def run(self, names, text, dst, fn, patch=0):
        """`fn(lane, values, old)` gives the new value of the destination."""
        t = self.t
        t.start()
        for lane in range(t.wave):
            if t.lane_on(lane):
                try:
                    t.set_v(dst, lane, fn(lane, [x[lane] for x in self.src], t.reg(dst)[lane]))
                except Unknown:
                    t.set_unknown(dst, lane)
        self.out.add(names, text, t, patch)


def bits(mask, n):
    return "[%s]" % ",".join(str(mask >> k & 1) for k in range(n))


def packed(out, rng, pools, name, mode=vec.MODE_DEFAULT, sel=0, sel_hi=7, neg_lo=0, neg_hi=0, clamp=0, kinds="vvv",
           data="edge", exec_mask=None, wave=32):
    fl, n, signed, fn = PACKED[name]
    k = Make(out, rng, pools, mode=mode, exec_mask=exec_mask, wave=wave)
    pool = pools.get("f16" if fl else "u16", data if fl else "edge")
    for kind in kinds[:n]:
        if kind == "v":
            k.v(pool)
        elif kind == "s":
            k.s(rng.choice(pool.values))
        elif kind == "i" and rng.random() < 0.5:
            text = rng.choice(sorted(INLINE_F))
            q = int(INLINE_F[text] * 2)
            # f16 in the low half for floats; for integers the f32 pattern.
            k.const(text, fp.signed(Mode(0x3F0), F16 if fl else F32, q, -1))
        elif kind == "i":
            x = rng.choice((0, 1, -1, 64, -16, 33))
            k.const(str(x), x & vec.M32)
        else:
            x = rng.choice((0x3555, 0x1234, 0x7BFE))
            k.const("0x%x" % x, x)
    M = Mode(mode)

    def half(values, hi):
        select, neg = (sel_hi, neg_hi) if hi else (sel, neg_lo)
        x = [v >> 16 if select >> j & 1 else v & 0xFFFF for j, v in enumerate(values)]
        if fl:
            x = [v ^ (0x8000 if neg >> j & 1 else 0) for j, v in enumerate(x)]
            r = fn(M, *x)
            return fp.clamp(M, F16, r) if clamp else r
        r = fn(*[s(v, 16) if signed else v for v in x])
        if clamp:
            r = min(max(r, -32768), 32767) if signed else min(max(r, 0), 65535)
        return u(r)

    dst = 30
    mods = ""
    full = (1 << n) - 1
    if sel & full:
        mods += " op_sel:" + bits(sel, n)
    if sel_hi & full != full:
        mods += " op_sel_hi:" + bits(sel_hi, n)
    if neg_lo & full:
        mods += " neg_lo:" + bits(neg_lo, n)
    if neg_hi & full:
        mods += " neg_hi:" + bits(neg_hi, n)
    if clamp:
        mods += " clamp"
    k.run(name, "%s v%d, %s%s" % (name, dst, ", ".join(k.words), mods), dst,
          lambda lane, x, old: half(x, 1) << 16 | half(x, 0))


def gen_packed(out, rng, pools):
    for name, (fl, n, _, _) in PACKED.items():
        go = lambda **kw: packed(out, rng, pools, name, **kw)  # noqa: E731
        r = lambda: rng.randrange(1 << n)  # noqa: E731
        go(wave=64)
        go(exec_mask=rng.choice(EXECS))
        for _ in range(3):
            go(sel=r(), sel_hi=r())
        go(kinds=rng.choice(("vsv", "svv")), sel=r(), sel_hi=r())
        go(kinds="ivv")
        go(kinds="viv", sel_hi=r())
        go(kinds="vlv", sel_hi=5)
        go(kinds="lvv", sel_hi=6)
        if name in SATURATE:
            go(clamp=1)
            go(clamp=1, sel=r(), sel_hi=r())
        if fl:
            go(data="special", wave=64)
            go(data="special", mode=0x1F0)
            go(neg_lo=r(), neg_hi=r())
            go(neg_lo=r(), neg_hi=r(), sel=r(), sel_hi=r())
            go(clamp=1)
            go(clamp=1, mode=0x0F0)
            go(mode=0x300)
            go(mode=0x350, data="near")
            go(mode=0x3A0, data="near")
            go(mode=0x8003F0)
            for m in (1, 2, 3):
                go(mode=0x3F0 | m | m << 2, data="near")
                go(mode=0x3F0 | m << 2)


def same(*xs):
    if len(set(xs)) != 1:
        raise Unknown
    return xs[0]


def tame(f, x):
    """A number for which no flushing rule matters."""
    if f.is_denorm(x):
        raise Unknown
    return x


def dot2_f32(M, f, a, b, c):
    """c + a0 b0, then + a1 b1, each rounded to f32; the products are exact in f32 unless they leave its range."""
    acc = tame(F32, c)
    for k in (0, 16):
        x, y = tame(f, a >> k & 0xFFFF), tame(f, b >> k & 0xFFFF)
        x, y = fp.convert(M, f, F32, x), fp.convert(M, f, F32, y)
        p = fp.mul(M, F32, x, y)
        tame(F32, p)
        nan = fp.first_nan(F32, x, y, acc)
        if nan is not None or F32.is_nan(p):
            raise Unknown
        acc = same(fp.add(M, F32, p, acc), fp.fma(M, F32, x, y, acc))
        tame(F32, acc)
    return acc


def dot2_16(M, f, a, b, c):
    """The same in the 16-bit format; compared where a rounded and an exact product give the same."""
    acc = tame(f, c)
    for k in (0, 16):
        x, y = tame(f, a >> k & 0xFFFF), tame(f, b >> k & 0xFFFF)
        p = tame(f, fp.mul(M, f, x, y))
        if fp.first_nan(f, x, y, acc, p) is not None:
            raise Unknown
        acc = same(fp.add(M, f, p, acc), fp.fma(M, f, x, y, acc))
        tame(f, acc)
    exact = 0
    for x, y in ((a & 0xFFFF, b & 0xFFFF), (a >> 16, b >> 16)):
        if f.is_inf(x) or f.is_inf(y):
            return acc
        (vx, ex), (vy, ey) = f.value(x), f.value(y)
        exact += vx * vy << (ex + ey + 300)
    if not f.is_inf(c):
        v, e = f.value(c)
        exact += v << (e + 300)
        if exact:
            same(acc, fp.signed(M, f, exact, -300))
    return acc


def dot_int(width, sa, sb):
    def run(a, b, c):
        r = 0
        for k in range(0, 32, width):
            x, y = a >> k & ((1 << width) - 1), b >> k & ((1 << width) - 1)
            r += (s(x, width) if sa else x) * (s(y, width) if sb else y)
        return r + c
    return run


def gen_dots(out, rng, pools):
    near16 = pools.near["f16"]
    ints = out.pool("h_int", 1, [rng.choice((0x3C00, 0xBC00, 0x4000, 0x4200, 0xC500, 0x3800, 0, 0x8000, 0x4880))
                                 << 16 | rng.choice((0x3C00, 0xC000, 0x4100, 0x3E00, 0xB800, 0x4700)) for _ in range(31)])
    b_ints = out.pool("b_int", 1, [rng.choice((0x3F80, 0xBF80, 0x4000, 0x4040, 0xC0A0, 0x3F00, 0x0000, 0x40E0)) << 16
                                   | rng.choice((0x3F80, 0xC000, 0x4040, 0x3FC0, 0xBF00, 0x4080)) for _ in range(31)])
    b_near = out.pool("b_near", 1, [rng.getrandbits(1) << 31 | rng.randrange(120, 134) << 23 | rng.getrandbits(7) << 16
                                    | rng.getrandbits(1) << 15 | rng.randrange(120, 134) << 7 | rng.getrandbits(7)
                                    for _ in range(61)])
    n32, bytes_ = pools.near["f32"], pools.edge["32"]
    one32 = out.pool("one32", 1, [0x3F800000, 0, 0xC1200000, 0x44800000, 0x3E000000, 0xBF400000, 0x42C80000])
    one16 = out.pool("one16", 1, [0x3C00, 0x0000, 0xC900, 0x5640, 0x3000, 0xBA00, 0x54003C00 & 0xFFFF])
    oneb = out.pool("oneb", 1, [0x3F80, 0x0000, 0xC120, 0x4280, 0x3E00, 0xBF40])
    for name, f, near, exact in (("v_dot2_f32_f16", F16, near16, ints), ("v_dot2_f32_bf16", BF16, b_near, b_ints)):
        for pool, acc, mode, neg_lo, neg_hi, wave in (
                (exact, one32, 0x3F0, 0, 0, 64), (exact, one32, 0x300, 1, 2, 32), (exact, one32, 0x3F5, 2, 3, 32),
                (near, n32, 0x3F0, 0, 0, 32), (near, n32, 0x3F0, 3, 1, 32), (near, one32, 0x300, 0, 0, 32)):
            k = Make(out, rng, pools, mode=mode, wave=wave, exec_mask=None if wave == 64 else rng.choice(EXECS + [None]))
            k.v(pool), k.v(pool), k.v(acc)
            M = Mode(mode)

            def fn(lane, x, old, M=M, f=f, lo=neg_lo, hi=neg_hi):
                a, b = (v ^ (0x8000 * (lo >> j & 1)) ^ (0x80000000 * (hi >> j & 1)) for j, v in enumerate(x[:2]))
                return dot2_f32(M, f, a, b, x[2])
            mods = (" neg_lo:%s" % bits(neg_lo, 3) if neg_lo else "") + (" neg_hi:%s" % bits(neg_hi, 3) if neg_hi else "")
            k.run(name, "%s v30, %s%s" % (name, ", ".join(k.words), mods), 30, fn)
    for pool, acc, mode in ((ints, one32, 0x3F0), (ints, one32, 0x300), (near16, n32, 0x3F0)):
        k = Make(out, rng, pools, mode=mode)
        k.v(pool), k.v(pool)
        k.t.vgpr(33, acc, rng.randrange(len(acc)))
        k.run("v_dot2acc_f32_f16", "v_dot2acc_f32_f16 v33, %s" % ", ".join(k.words), 33,
              lambda lane, x, old, M=Mode(mode): dot2_f32(M, F16, x[0], x[1], old))
    for name, f, exact, near, acc in (("v_dot2_f16_f16", F16, ints, near16, one16),
                                      ("v_dot2_bf16_bf16", BF16, b_ints, b_near, oneb)):
        for pool, mode, high in ((exact, 0x3F0, 0), (exact, 0x3F0, 1), (exact, 0x300, 0), (near, 0x3F0, 0), (exact, 0x3F0, 0)):
            k = Make(out, rng, pools, mode=mode, exec_mask=rng.choice(EXECS + [None]))
            k.v(pool), k.v(pool), k.v(acc)

            def fn(lane, x, old, M=Mode(mode), f=f, high=high):
                r = dot2_16(M, f, x[0], x[1], x[2] & 0xFFFF)
                return r << 16 | old & 0xFFFF if high else old & 0xFFFF0000 | r
            k.run(name, "%s v30, %s%s" % (name, ", ".join(k.words), " op_sel:[0,0,0,1]" if high else ""), 30, fn)
    for name, width in (("v_dot4_i32_iu8", 8), ("v_dot8_i32_iu4", 4), ("v_dot4_u32_u8", 8), ("v_dot8_u32_u4", 4)):
        mixed = "_i32_" in name
        for neg in range(4) if mixed else (0, 0):
            for clamp in (0, 1):
                k = Make(out, rng, pools, wave=64 if neg == 3 and clamp else 32, exec_mask=None if clamp else rng.choice(EXECS))
                k.v(bytes_), k.v(bytes_)
                if neg == 2:
                    k.s(rng.choice((0x7FFFFFF0, 0x80000005, 1234567)))
                else:
                    k.v(bytes_)

                def fn(lane, x, old, neg=neg, clamp=clamp, width=width, mixed=mixed):
                    r = dot_int(width, neg & 1, neg >> 1)(x[0], x[1], s(x[2], 32) if mixed else x[2])
                    if clamp:
                        r = min(max(r, -2**31), 2**31 - 1) if mixed else min(r, vec.M32)
                    return r & vec.M32
                mods = (" neg_lo:%s" % bits(neg, 3) if neg else "") + (" clamp" if clamp else "")
                k.run(name, "%s v30, %s%s" % (name, ", ".join(k.words), mods), 30, fn)


def gen_mix(out, rng, pools):
    f32, h = pools.edge["f32"], pools.edge["f16"]
    for name in ("v_fma_mix_f32", "v_fma_mixlo_f16", "v_fma_mixhi_f16"):
        for k_ in range(14):
            sel_hi = k_ & 7
            sel = rng.randrange(8) & sel_hi
            neg, absolute = (rng.randrange(8), rng.randrange(8)) if k_ > 5 else (0, 0)
            clamp = k_ in (9, 12)
            mode = (0x3F0, 0x3F5, 0x3FA, 0x3FF)[k_ % 4] if 2 < k_ < 12 else 0x3F0
            data = "near" if k_ % 3 else "edge"
            k = Make(out, rng, pools, mode=mode, wave=64 if k_ == 13 else 32, exec_mask=rng.choice(EXECS) if k_ == 4 else None)
            for j in range(3):
                if k_ == 7 and j == 1:
                    k.s(rng.choice(f32.values))
                else:
                    k.v(pools.get("f16" if sel_hi >> j & 1 else "f32", data))

            def fn(lane, x, old, M=Mode(mode), sel=sel, sel_hi=sel_hi, neg=neg, absolute=absolute, clamp=clamp, name=name):
                ins = []
                for j, v in enumerate(x):
                    if sel_hi >> j & 1:
                        v = v >> 16 if sel >> j & 1 else v & 0xFFFF
                        f = F16
                    else:
                        f = F32
                    if absolute >> j & 1:
                        v &= ~f.sign
                    if neg >> j & 1:
                        v ^= f.sign
                    ins.append(fp.convert(M, F16, F32, v) if f is F16 else v)
                whole = fp.fma(M, F32, *ins)
                if name == "v_fma_mix_f32":
                    return fp.clamp(M, F32, whole) if clamp else whole
                # Once or twice rounded, the guide says both: where it matters nothing is compared.
                r = same(fp.convert(M, F32, F16, whole), fp.fma(M, F32, *ins, out=F16))
                r = fp.clamp(M, F16, r) if clamp else r
                return r << 16 | old & 0xFFFF if name == "v_fma_mixhi_f16" else old & 0xFFFF0000 | r
            words = []
            for j, w in enumerate(k.words):
                w = "|%s|" % w if absolute >> j & 1 else w
                words.append("-" + w if neg >> j & 1 else w)
            mods = " op_sel:%s op_sel_hi:%s%s" % (bits(sel, 3), bits(sel_hi, 3), " clamp" if clamp else "")
            k.run(name, "%s v30, %s%s" % (name, ", ".join(words), mods), 30, fn)
    # VOP2's packed FMA.
    for mode, data in ((0x3F0, "edge"), (0x3F0, "near"), (0x300, "near"), (0x3FC, "near")):
        k = Make(out, rng, pools, mode=mode, exec_mask=rng.choice(EXECS))
        k.v(pools.get("f16", data)), k.v(pools.get("f16", data))
        k.t.vgpr(33, pools.get("f16", data), 3)

        def fn(lane, x, old, M=Mode(mode)):
            parts = [fp.fma(M, F16, x[0] >> j & 0xFFFF, x[1] >> j & 0xFFFF, old >> j & 0xFFFF) for j in (0, 16)]
            return parts[1] << 16 | parts[0]
        k.run("v_pk_fmac_f16", "v_pk_fmac_f16 v33, %s" % ", ".join(k.words), 33, fn)


def gen_mix_constants(out, rng, pools):
    """Inline constants of sources that are f32 by OP_SEL_HI: values of f32."""
    for name in ("v_fma_mix_f32", "v_fma_mixlo_f16", "v_fma_mixhi_f16"):
        for at, text, value in ((0, "1.0", 0x3F800000), (1, "-4.0", 0xC0800000), (2, "0.5", 0x3F000000)):
            k = Make(out, rng, pools)
            for j in range(3):
                if j == at:
                    k.const(text, value)
                else:
                    k.v(pools.get("f16", "near"))

            def fn(lane, x, old, at=at, name=name):
                M = Mode(vec.MODE_DEFAULT)
                ins = [v if j == at else fp.convert(M, F16, F32, v & 0xFFFF) for j, v in enumerate(x)]
                whole = fp.fma(M, F32, *ins)
                if name == "v_fma_mix_f32":
                    return whole
                r = same(fp.convert(M, F32, F16, whole), fp.fma(M, F32, *ins, out=F16))
                return r << 16 | old & 0xFFFF if name == "v_fma_mixhi_f16" else old & 0xFFFF0000 | r
            mods = " op_sel_hi:%s" % bits(7 & ~(1 << at), 3)
            k.run(name, "%s v30, %s%s" % (name, ", ".join(k.words), mods), 30, fn)
    # VOP2's packed FMA has no OP_SEL_HI: from gfx11 on (Mesa's compiler relies on it) a constant stands for both halves.
    for text, value in (("2.0", 0x4000), ("-0.5", 0xB800), ("3", 0x3)):
        k = Make(out, rng, pools)
        k.const(text, value), k.v(pools.get("f16", "near"))
        k.t.vgpr(33, pools.get("f16", "near"), 3)

        def both(lane, x, old):
            M = Mode(vec.MODE_DEFAULT)
            parts = [fp.fma(M, F16, x[0], x[1] >> j & 0xFFFF, old >> j & 0xFFFF) for j in (0, 16)]
            return parts[1] << 16 | parts[0]
        k.run("v_pk_fmac_f16", "v_pk_fmac_f16 v33, %s" % ", ".join(k.words), 33, both)


def generate(out, rng, factor):
    pools = P.Pools(out, rng)
    for _ in range(factor):
        gen_packed(out, rng, pools)
        gen_dots(out, rng, pools)
        gen_mix(out, rng, pools)
        gen_mix_constants(out, rng, pools)
