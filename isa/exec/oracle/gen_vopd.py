"""Pairs of VOPD: every X with every Y."""
import fp
import pools as P
import vec
from fp import F32, Mode, Unknown
from gen_vop3p import dot2_f32
from fp import F16
from valu_ops import mul_dx9

TITLE = "VOPD pairs"


def cnd(M, a, b, old, bit):
    return b if bit else a


# Function of mode, src0, src1, old destination, VCC bit, literal.
F = {
    "v_dual_fmac_f32": lambda M, a, b, d, c, k: fp.fma(M, F32, a, b, d),
    "v_dual_fmaak_f32": lambda M, a, b, d, c, k: fp.fma(M, F32, a, b, k),
    "v_dual_fmamk_f32": lambda M, a, b, d, c, k: fp.fma(M, F32, a, k, b),
    "v_dual_mul_f32": lambda M, a, b, d, c, k: fp.mul(M, F32, a, b),
    "v_dual_add_f32": lambda M, a, b, d, c, k: fp.add(M, F32, a, b),
    "v_dual_sub_f32": lambda M, a, b, d, c, k: fp.sub(M, F32, a, b),
    "v_dual_subrev_f32": lambda M, a, b, d, c, k: same_order(M, a, b),
    "v_dual_mul_dx9_zero_f32": lambda M, a, b, d, c, k: mul_dx9(M, a, b),
    "v_dual_mov_b32": lambda M, a, b, d, c, k: a,
    "v_dual_cndmask_b32": lambda M, a, b, d, c, k: b if c else a,
    "v_dual_max_f32": lambda M, a, b, d, c, k: fp.fmax(M, F32, a, b),
    "v_dual_min_f32": lambda M, a, b, d, c, k: fp.fmin(M, F32, a, b),
    "v_dual_dot2acc_f32_f16": lambda M, a, b, d, c, k: dot2_f32(M, F16, a, b, d),
}
Y_ONLY = {
    "v_dual_add_nc_u32": lambda M, a, b, d, c, k: a + b & vec.M32,
    "v_dual_lshlrev_b32": lambda M, a, b, d, c, k: b << (a & 31) & vec.M32,
    "v_dual_and_b32": lambda M, a, b, d, c, k: a & b,
}
FLOATS = [n for n in F if n.endswith("f32")]


def same_order(M, a, b):
    n = fp.first_nan(F32, fp.flush_in(M, F32, a), fp.flush_in(M, F32, b))
    return n if n is not None else fp.sub(M, F32, b, a)


def reads_mode(n):
    return n in FLOATS


def generate(out, rng, factor):
    pools = P.Pools(out, rng)
    halves = out.pool("h_int", 1, [rng.choice((0x3C00, 0xBC00, 0x4000, 0x4200, 0xC500, 0x3800)) << 16
                                   | rng.choice((0x3C00, 0xC000, 0x4100, 0x3E00, 0xB800)) for _ in range(31)])
    ones = out.pool("one32", 1, [0x3F800000, 0, 0xC1200000, 0x44800000, 0x3E000000, 0xBF400000, 0x42C80000])
    ys = dict(F, **Y_ONLY)
    for _ in range(factor):
        for i, (xn, xf) in enumerate(F.items()):
            for j, (yn, yf) in enumerate(ys.items()):
                for k in range(2 if (i + j) % 3 == 0 else 1):
                    pair(out, rng, pools, halves, ones, (xn, xf), (yn, yf), i * 16 + j + 5 * k)


def pair(out, rng, pools, halves, ones, x, y, k):
    mode = (0x3F0, 0x300, 0x3F1, 0x3F0, 0x3F2, 0x0F0, 0x303)[k % 7]
    t = vec.Test(mode=mode, vcc=rng.getrandbits(64), exec_mask=(None, 0x0F0F3355, None, 0xFFFF7FFE)[k % 4])
    literal = rng.choice((0x40490FDB, 0xBF99999A, 0x3F000001))
    K = "fmaak" in x[0] or "fmamk" in x[0] or "fmaak" in y[0] or "fmamk" in y[0]
    # Banks are the register number mod 4, and must differ between the pairs' sources; destinations and third sources
    # are one even, one odd.
    regs = [(4 * rng.randrange(4), 18 + 4 * rng.randrange(3), 30), (2 + 4 * rng.randrange(4), 19 + 4 * rng.randrange(3), 33)]
    if k % 5 == 1:
        # Y reads what X writes: both read first.
        regs[0] = (regs[0][0], regs[0][1], regs[1][0])
    if k % 5 == 3:
        regs[1] = (regs[1][0], regs[1][1], regs[1][1])
    # Two scalar operands at most; VCC and the literal are such.
    scalar = int(K) + int("cndmask" in x[0] or "cndmask" in y[0])
    used = {}
    for (name, _), (a, b, d) in zip((x, y), regs):
        dot = "dot2" in name
        for r in (a, b):
            if r not in used:
                pool = halves if dot else pools.get("f32" if name in FLOATS else "u32", rng.choice(("edge", "near")))
                used[r] = pool
                t.vgpr(r, pool, rng.randrange(len(pool)), rng.choice((1, 2, 3)))
        if d not in used:
            used[d] = 1
            t.vgpr(d, ones if dot else pools.get("f32", "near"), rng.randrange(7), 1)
    texts = []
    t.start()
    M = Mode(mode)
    results = []
    for h, ((name, fn), (a, b, d)) in enumerate(zip((x, y), regs)):
        av, text = t.reg(a), "v%d" % a
        if k % 6 == 2 + h and scalar < 2 and "dot2" not in name:
            t_value = rng.choice(pools.edge["f32"].values)
            t.sgpr(6 + h, t_value)
            av, text = [t_value] * 32, "s%d" % (6 + h)
        elif k % 11 == 4 + h and "dot2" not in name:
            text = rng.choice(("1.0", "-4.0", "5", "-3"))
            av = [{"1.0": 0x3F800000, "-4.0": 0xC0800000, "5": 5, "-3": 0xFFFFFFFD}[text]] * 32
        elif k % 13 == 7 + h and not scalar and "dot2" not in name:
            text, av = "0x%x" % literal, [literal] * 32
        for lane in range(32):
            if not t.lane_on(lane):
                continue
            try:
                r = fn(M, av[lane], t.reg(b)[lane], t.reg(d)[lane], t.vcc >> lane & 1, literal)
            except Unknown:
                r = None
            results.append((d, lane, r))
        words = ["v%d" % d, text]
        if "fmamk" in name:
            words += ["0x%x" % literal, "v%d" % b]
        elif "mov" not in name:
            words += ["v%d" % b] + (["0x%x" % literal] if "fmaak" in name else [])
        texts.append("%s %s" % (name, ", ".join(words)))
    for d, lane, r in results:
        if r is None:
            t.set_unknown(d, lane)
        else:
            t.set_v(d, lane, r)
    names = [x[0]] if x[0] == y[0] else [x[0], y[0]]
    out.add(names, "%s :: %s" % tuple(texts), t)
