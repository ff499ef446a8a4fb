"""WMMA: 16x16x16 products, with numbers whose sums are exact in any order."""
import fp
import vec
from fp import BF16, F16, F32, Mode
from valu_ops import s

TITLE = "WMMA"
# A lane below 16 holds a row of A (16 elements) and a column of B; the other lanes of 16 repeat it: pools of 16 elements.


def pack16(values):
    return [values[2 * k] | values[2 * k + 1] << 16 for k in range(len(values) // 2)]


def number(f, q):
    """q / 4 in the format, exactly."""
    return fp.signed(Mode(0x3F0), f, q, -2)


def pools_of(out, rng, name, make):
    return [out.pool("%s%d" % (name, k), 1, [make() for _ in range(16)]) for k in range(4)]


def elements(t, base, count, width, lane):
    """The elements that a lane holds: `count` of `width` bits from VGPR `base` on."""
    per = 32 // width
    return [t.reg(base + k // per)[lane] >> (width * (k % per)) & ((1 << width) - 1) for k in range(count)]


def run(out, rng, name, src_pools, acc_pool, wave, fmt_in, fmt_out, neg_lo=0, neg_hi=0, clamp=0, high=0, const=None,
        exec_mask=None, same_dst=True, mode=0x3F0):
    t = vec.Test(wave=wave, exec_mask=exec_mask, mode=mode)
    width = {"iu8": 8, "iu4": 4}.get(fmt_in, 16)
    n = 16 * width // 32
    regs = wave // 32 and (8 if wave == 32 else 4)
    a, b, c = 0, 8, 16
    d = c if same_dst else 28
    for base in (a, b):
        for k in range(n):
            t.vgpr(base + k, rng.choice(src_pools), rng.randrange(16), 1)
    for k in range(regs):
        if const is None:
            t.vgpr(c + k, acc_pool, rng.randrange(len(acc_pool)), rng.choice((1, 3)))
    f = {"f16": F16, "bf16": BF16}.get(fmt_in)
    M = Mode(mode)
    t.start()
    A = [elements(t, a, 16, width, r) for r in range(16)]
    B = [elements(t, b, 16, width, col) for col in range(16)]
    for k in range(regs):
        for lane in range(wave):
            row, col = k * (wave // 16) + lane // 16, lane % 16
            raw = const[1] if const else t.reg(c + k)[lane]
            if f is None:
                acc = s(raw, 32)
                for x, y in zip(A[row], B[col]):
                    acc += (s(x, width) if neg_lo & 1 else x) * (s(y, width) if neg_lo & 2 else y)
                r = min(max(acc, -2**31), 2**31 - 1) if clamp else acc
                t.set_v(d + k, lane, r)
                continue
            o = {"f32": F32, "f16": F16, "bf16": BF16}[fmt_out]
            if o is not F32:
                raw = raw >> 16 if high and not const else raw & 0xFFFF
            if neg_hi & 4:
                raw &= ~o.sign
            if neg_lo & 4:
                raw ^= o.sign
            cv, ce = o.value(raw)
            total = cv << (ce + 300)
            for j, (x, y) in enumerate(zip(A[row], B[col])):
                half = neg_hi if j & 1 else neg_lo
                x ^= f.sign if half & 1 else 0
                y ^= f.sign if half & 2 else 0
                (vx, ex), (vy, ey) = f.value(x), f.value(y)
                total += vx * vy << (ex + ey + 300)
            r = fp.signed(M, o, total, -300)
            # Exact, or the numbers of the pools are too wide.
            rv, re = o.value(r)
            assert rv << (re + 300) == total, name
            if o is not F32:
                old = t.reg(d + k)[lane]
                r = r << 16 | old & 0xFFFF if high else old & 0xFFFF0000 | r
            t.set_v(d + k, lane, r)
    span = lambda base, n: "v[%d:%d]" % (base, base + n - 1)  # noqa: E731
    words = [span(d, regs), span(a, n), span(b, n), const[0] if const else span(c, regs)]
    mods = ""
    if high:
        mods += " op_sel:[0,0,1]"
    bits = lambda m: "[%d,%d,%d]" % (m & 1, m >> 1 & 1, m >> 2)  # noqa: E731
    if neg_lo:
        mods += " neg_lo:" + bits(neg_lo)
    if neg_hi:
        mods += " neg_hi:" + bits(neg_hi)
    if clamp:
        mods += " clamp"
    out.add(name, "%s %s%s" % (name, ", ".join(words), mods), t)


def generate(out, rng, factor):
    q = lambda f, top: number(f, rng.randrange(-top, top + 1))  # noqa: E731
    pair = lambda f, top: q(f, top) | q(f, top) << 16  # noqa: E731
    src = {"f16": pools_of(out, rng, "wh", lambda: pair(F16, 60)), "bf16": pools_of(out, rng, "wb", lambda: pair(BF16, 60)),
           # Whole numbers so small that 16-bit sums stay exact.
           "f16s": pools_of(out, rng, "whs", lambda: number(F16, 4 * rng.randrange(-6, 7)) | number(F16, 4 * rng.randrange(-6, 7)) << 16),
           "bf16s": pools_of(out, rng, "wbs", lambda: number(BF16, 4 * rng.randrange(-2, 3)) | number(BF16, 4 * rng.randrange(-2, 3)) << 16),
           "int": pools_of(out, rng, "wi", lambda: rng.getrandbits(32))}
    acc32 = out.pool("wc32", 1, [number(F32, rng.randrange(-4000, 4000)) for _ in range(31)])
    acc16 = out.pool("wc16", 1, [number(F16, 4 * rng.randrange(-400, 400)) | number(F16, 4 * rng.randrange(-400, 400)) << 16 for _ in range(31)])
    accb = out.pool("wcb", 1, [number(BF16, 4 * rng.randrange(-60, 60)) | number(BF16, 4 * rng.randrange(-60, 60)) << 16 for _ in range(31)])
    acci = out.pool("wci", 1, [rng.getrandbits(32) for _ in range(23)] + [0x7FFFFFFF, 0x80000000, 0x7FFFFF00, 0x80000100])
    for _ in range(factor):
        for wave in (32, 64):
            part = 0x0F0F3355 if wave == 32 else 0xF0F0FFFF12340FF1
            for fmt in ("f16", "bf16"):
                name = "v_wmma_f32_16x16x16_" + fmt
                go = lambda **kw: run(out, rng, name, src[fmt], acc32, wave, fmt, "f32", **kw)  # noqa: E731,B023
                go()
                go(exec_mask=part, same_dst=False)
                go(neg_lo=1, neg_hi=1)
                go(neg_lo=6, neg_hi=2)
                go(neg_hi=4, exec_mask=0)
                go(const=("0", 0), same_dst=False)
                go(const=("1.0", 0x3F800000), mode=0x3FF)
            name = "v_wmma_f16_16x16x16_f16"
            go = lambda **kw: run(out, rng, name, src["f16s"], acc16, wave, "f16", "f16", **kw)  # noqa: E731,B023
            go()
            go(high=1)
            go(neg_lo=3, neg_hi=2, exec_mask=part)
            go(neg_lo=4, high=1)
            name = "v_wmma_bf16_16x16x16_bf16"
            go = lambda **kw: run(out, rng, name, src["bf16s"], accb, wave, "bf16", "bf16", **kw)  # noqa: E731,B023
            go()
            go(high=1)
            go(neg_lo=1, neg_hi=1, exec_mask=part)
            for fmt in ("iu8", "iu4"):
                name = "v_wmma_i32_16x16x16_" + fmt
                for neg in range(4):
                    run(out, rng, name, src["int"], acci, wave, fmt, "i32", neg_lo=neg, exec_mask=None if neg else part)
                run(out, rng, name, src["int"], acci, wave, fmt, "i32", neg_lo=3, clamp=1, same_dst=False)
                run(out, rng, name, src["int"], acci, wave, fmt, "i32", clamp=1)
                run(out, rng, name, src["int"], acci, wave, fmt, "i32", const=("-3", 0xFFFFFFFD), neg_lo=1, same_dst=False)
