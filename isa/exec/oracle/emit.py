"""From an instruction and a choice of operands, modifiers and state to a test."""
import fp
import vec
from fp import F16, F32, F64, Mode, Unknown
from valu_ops import FLOATS, WIDTH, s

INLINE_F = {"0.5": 0.5, "-0.5": -0.5, "1.0": 1.0, "-1.0": -1.0, "2.0": 2.0, "-2.0": -2.0, "4.0": 4.0, "-4.0": -4.0}
# 1 / (2 pi), by width, as the guide's table of operands gives it.
INV_2PI = {16: 0x3118, 32: 0x3E22F983, 64: 0x3FC45F306DC9C882}
INV_TEXT, INV_TEXT_64 = "0.15915494", "0.15915494309189532"
# Instructions that llvm-mc 19 takes with the halves spelled, and only so.
TRUE16 = ("v_mov_b16",)
FMT = {16: F16, 32: F32, 64: F64}


def inline_value(text, ty):
    """Bits of an inline constant as an operand of this type."""
    w = 64 if WIDTH[ty] == 128 else WIDTH[ty]
    if text == INV_TEXT:
        return INV_2PI[w]
    if text in INLINE_F:
        v = INLINE_F[text]
        f = FMT[w]
        q = int(v * 2)
        return fp.signed(Mode(0x3F0), f, q, -1)
    return int(text) & ((1 << w) - 1)


def literal_value(x, ty):
    if ty == "f64":
        return x << 32
    if WIDTH[ty] == 16:
        return x & 0xFFFF
    return x


class Src:
    """An operand: kind v, s, inline or lit."""

    def __init__(self, kind, ty, reg=0, text="", value=0):
        self.kind, self.ty, self.reg, self.text, self.value = kind, ty, reg, text, value

    def spelled(self):
        n = (WIDTH[self.ty] + 31) // 32
        if self.kind in "vs":
            return "%s%d" % (self.kind, self.reg) if n == 1 else "%s[%d:%d]" % (self.kind, self.reg, self.reg + n - 1)
        return self.text


def read(t, src, lane, high=False):
    """The operand's bits in a lane, before modifiers."""
    w = WIDTH[src.ty]
    if src.kind == "v":
        x = 0
        for d in range((w + 31) // 32):
            x |= t.reg(src.reg + d)[lane] << (32 * d)
    elif src.kind == "s":
        x = 0
        for d in range((w + 31) // 32):
            x |= t.s[src.reg + d] << (32 * d)
    else:
        return src.value
    if w == 16:
        return x >> 16 if high else x & 0xFFFF
    return x


def modify(x, ty, neg, absolute):
    f = FLOATS.get(ty)
    sign = f.sign if f else 1 << (WIDTH[ty] - 1)
    if absolute:
        x &= ~sign
    if neg:
        x ^= sign
    return x


def operand(x, ty):
    return s(x, WIDTH[ty]) if ty[0] == "i" else x


def finish(M, op, x, clamp=0, omod=0):
    """OMOD, CLAMP, and the width of the result."""
    f = FLOATS.get(op.dst)
    if f:
        if op.omod:
            x = fp.omod(M, f, x, omod)
        if clamp:
            x = fp.clamp(M, f, x)
        return x
    w = WIDTH[op.dst]
    if clamp and op.clamp == "i":
        lo, hi = (-(1 << (w - 1)), (1 << (w - 1)) - 1) if op.dst[0] == "i" else (0, (1 << w) - 1)
        x = min(max(x, lo), hi)
    return x & ((1 << w) - 1)


def write(t, ty, reg, lane, x, high=False):
    w = WIDTH[ty]
    if w == 16:
        old = t.reg(reg)[lane]
        t.set_v(reg, lane, x << 16 | old & 0xFFFF if high else old & 0xFFFF0000 | x)
        return
    for d in range(w // 32):
        t.set_v(reg + d, lane, x >> (32 * d))


def unknown(t, ty, reg, lane):
    for d in range((WIDTH[ty] + 31) // 32):
        t.set_unknown(reg + d, lane)


class Dpp:
    """A lane selection of src0; `lane(l)` is the source lane, None outside the row."""

    def __init__(self, text, lane, row=15, bank=15, bc=0, fi=0, eight=False):
        self.sel, self.lane, self.row, self.bank, self.bc, self.fi, self.eight = text, lane, row, bank, bc, fi, eight

    def text(self):
        if self.eight:
            return self.sel + (" fi:1" if self.fi else "")
        return "%s row_mask:0x%x bank_mask:0x%x%s%s" % (
            self.sel, self.row, self.bank, " bound_ctrl:1" if self.bc else "", " fi:1" if self.fi else "")

    def source(self, t, lane):
        """(written, source lane or None for 0)."""
        if not (self.row >> (lane // 16) & 1 and self.bank >> (lane % 16 // 4) & 1):
            return False, None
        k = self.lane(lane)
        if k is not None and (t.lane_on(k) or self.fi):
            return True, k
        return (True, None) if self.eight or self.bc else (False, None)


def dpp_controls():
    """Every DPP16 control, as text and source lane."""
    out = []
    for a in range(256):
        p = [a & 3, a >> 2 & 3, a >> 4 & 3, a >> 6]
        out.append(("quad_perm:[%d,%d,%d,%d]" % tuple(p), lambda lane, p=p: lane & ~3 | p[lane & 3]))
    for n in range(1, 16):
        out.append(("row_shl:%d" % n, lambda lane, n=n: lane + n if lane % 16 + n < 16 else None))
        out.append(("row_shr:%d" % n, lambda lane, n=n: lane - n if lane % 16 >= n else None))
        out.append(("row_ror:%d" % n, lambda lane, n=n: lane & ~15 | (lane - n) & 15))
    out.append(("row_mirror", lambda lane: lane ^ 15))
    out.append(("row_half_mirror", lambda lane: lane ^ 7))
    for n in range(16):
        out.append(("row_share:%d" % n, lambda lane, n=n: lane & ~15 | n))
        out.append(("row_xmask:%d" % n, lambda lane, n=n: lane ^ n))
    return out


CONTROLS = dpp_controls()


def random_dpp(rng, masks=True):
    if rng.random() < 0.3:
        p = [rng.randrange(8) for _ in range(8)]
        return Dpp("dpp8:[%s]" % ",".join(map(str, p)), lambda lane: lane & ~7 | p[lane & 7], fi=rng.randrange(2),
                   eight=True)
    text, fn = rng.choice(CONTROLS[256:]) if rng.random() < 0.7 else rng.choice(CONTROLS[:256])
    m = masks and rng.random() < 0.4
    return Dpp(text, fn, rng.randrange(16) if m else 15, rng.randrange(16) if m else 15, rng.randrange(2), rng.randrange(2))


class Form:
    """One test's choices; the defaults are the plain VOP3 form on VGPRs."""

    def __init__(self, enc="e64", kinds=None, data="edge", mode=vec.MODE_DEFAULT, wave=32, exec_mask=None, neg=0, abs=0,
                 clamp=0, omod=0, halves=0, dpp=None, alias=False, step=None, div=None):
        self.enc, self.kinds, self.data, self.mode, self.wave = enc, kinds, data, mode, wave
        self.exec_mask, self.neg, self.abs, self.clamp, self.omod = exec_mask, neg, abs, clamp, omod
        self.halves, self.dpp, self.alias, self.step, self.div = halves, dpp, alias, step, div


INLINE_INTS = ["0", "1", "-1", "64", "-16", "17", "33", "2"]


def sources(rng, pools, op, form, t):
    """Operands by the form's kinds (v, s, i, l), with their contents put into the state."""
    out = []
    base = rng.randrange(0, 3)
    for k, ty in enumerate(op.srcs):
        tied = op.tied and k == len(op.srcs) - 1
        kind = "v" if tied or not form.kinds or k >= len(form.kinds) else form.kinds[k]
        if kind == "v":
            reg = base + 5 * k
            pool = pools.get(ty, op.data[k] if op.data else form.data)
            off = rng.randrange(len(pool))
            step, div = rng.choice((1, 2, 3, 5, 7)), 1
            if form.step is not None:
                off, step, div = 0, form.step, form.div[k] if form.div else 1
            t.vgpr(reg, pool, off, step, div)
            out.append(Src("v", ty, reg))
        elif kind == "s":
            reg = 4 + 4 * k
            pool = pools.get(ty, form.data)
            x = rng.choice(pool.values)
            t.sgpr(reg, *[x >> (32 * d) & vec.M32 for d in range((WIDTH[ty] + 31) // 32)])
            out.append(Src("s", ty, reg))
        elif kind == "i":
            # A float's bits for a 16-bit integer operand aren't written down anywhere.
            floats = ty in FLOATS or WIDTH[ty] == 32
            text = rng.choice(sorted(INLINE_F) + [INV_TEXT] + INLINE_INTS if floats else INLINE_INTS)
            value = inline_value(text, ty)
            if text == INV_TEXT and WIDTH[ty] == 64:
                text = INV_TEXT_64
            out.append(Src("inline", ty, text=text, value=value))
        else:
            if ty == "f64":
                x = rng.choice((0x40091EB8, 0xC0F12345, 0x3FE00001, 0x7FF00000))
            elif ty == "f16":
                x = rng.choice((0x3555, 0xC123, 0x7BFF, 0x0123, 0x7C01))
            elif WIDTH[ty] == 16:
                x = rng.choice((0x1234, 0x7FF0, 0x0333))
            elif ty == "f32":
                x = rng.choice((0x40490FDB, 0xC2F6E979, 0x00000321, 0x7F7FFFFF, 0x7FA00000, 0x3EAAAAAB))
            else:
                x = rng.choice((0x12345678, 0x00010001, 0x7FFFFFFF if WIDTH[ty] == 64 else 0xFEDCBA98, 0x65))
            out.append(Src("lit", ty, text="0x%x" % x, value=literal_value(x, ty)))
    return out


def simulate(t, op, form, srcs, dst, fn=None):
    """Fills the state after."""
    M = Mode(form.mode)
    t.start()
    for lane in range(t.wave):
        if not t.lane_on(lane):
            continue
        vals = []
        skip = False
        for k, src in enumerate(srcs):
            at = lane
            if form.dpp and k == 0:
                ok, at = form.dpp.source(t, lane)
                if not ok:
                    skip = True
                    break
            dst_half = op.tied and k == len(srcs) - 1
            high = form.halves >> (3 if dst_half else k) & 1
            x = 0 if at is None else read(t, src, at, high)
            x = modify(x, src.ty, form.neg >> k & 1, form.abs >> k & 1)
            vals.append(operand(x, src.ty))
        if skip:
            continue
        try:
            x = finish(M, op, op.fn(M, *vals), form.clamp, form.omod)
        except Unknown:
            unknown(t, op.dst, dst, lane)
            continue
        write(t, op.dst, dst, lane, x, form.halves >> 3 & 1)


def text_of(op, form, srcs, dst):
    n = (WIDTH[op.dst] + 31) // 32
    d = "v%d" % dst if n == 1 else "v[%d:%d]" % (dst, dst + n - 1)
    if op.name in TRUE16:
        d += ".h" if form.halves & 8 else ".l"
    words = []
    shown = srcs[:-1] if op.tied else srcs
    for k, src in enumerate(shown):
        w = src.spelled()
        if op.name in TRUE16 and src.kind == "v":
            w += ".h" if form.halves >> k & 1 else ".l"
        if form.abs >> k & 1:
            w = "|%s|" % w
        if form.neg >> k & 1:
            w = "-" + w
        words.append(w)
    name = op.name
    if form.dpp:
        name += "_dpp" if form.enc == "e32" else "_e64_dpp"
    elif op.e32 and op.e64:
        name += "_" + form.enc
    out = "%s %s" % (name, ", ".join([d] + words))
    if form.clamp:
        out += " clamp"
    if form.omod:
        out += " " + {1: "mul:2", 2: "mul:4", 3: "div:2"}[form.omod]
    if form.dpp:
        out += " " + form.dpp.text()
    return out


def patch_of(op, form, srcs):
    """Bits of the halves: OPSEL in VOP3; bit 7 of the registers' fields in VOP1 and VOP2 (bits 7, 16 and 24)."""
    if not form.halves or op.name in TRUE16:
        return 0
    if form.enc == "e64":
        return form.halves << 11
    h = form.halves
    patch = (h >> 3 & 1) << (24 if op.e32 != "vopc" else 31)
    if h & 1:
        patch |= 1 << 7
    if h & 2:
        patch |= 1 << 16
    return patch


def test(out, rng, pools, op, form):
    """Makes and adds a test of an element-wise instruction."""
    t = vec.Test(wave=form.wave, mode=form.mode, exec_mask=form.exec_mask, ulp=op.ulp)
    srcs = sources(rng, pools, op, form, t)
    dst = 30 + rng.randrange(4)
    if op.tied:
        dst = srcs[-1].reg
    elif form.alias and srcs[0].kind == "v":
        dst = srcs[0].reg
    simulate(t, op, form, srcs, dst)
    out.add(op.name, text_of(op, form, srcs, dst), t, patch_of(op, form, srcs))
