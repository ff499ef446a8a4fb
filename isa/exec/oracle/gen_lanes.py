"""Instructions that look beyond their lane or write masks: carries, selects, lane moves, relative moves, division steps."""
import fp
import pools as P
import vec
from emit import random_dpp
from fp import F16, F32, F64, Mode, Unknown
from valu_ops import s

TITLE = "Carries, selects, lane and relative moves, interpolation, division steps"
EXECS = [0x0F0F3355, 0x80000001, 0xFFFF0000, 0x12345678]
EXECS64 = [0xF0F0FFFF12340FF1, 0x8000000000000000, 0xFFFFFFFF, 0xFFFFFFFF00000000, 0x00000001]
M32 = vec.M32


def state(rng, wave=32, partial=False, **kw):
    if partial and "exec_mask" not in kw:
        kw["exec_mask"] = rng.choice(EXECS if wave == 32 else EXECS64)
    return vec.Test(wave=wave, **kw)


def mask_name(t, n):
    if n == 106:
        return "vcc_lo" if t.wave == 32 else "vcc"
    if n == 124:
        return "null"
    return "s%d" % n if t.wave == 32 else "s[%d:%d]" % (n, n + 1)


def mask_of(t, n):
    full = (1 << t.wave) - 1
    return (t.vcc if n == 106 else t.s[n] | t.s[n + 1] << 32) & full


def lanes(t):
    return [k for k in range(t.wave) if t.lane_on(k)]


def carries(out, rng, pools):
    pool = pools.edge["32"]
    table = {
        "v_add_co_ci_u32": lambda a, b, c: (a + b + c, a + b + c > M32),
        "v_sub_co_ci_u32": lambda a, b, c: (a - b - c, b + c > a),
        "v_subrev_co_ci_u32": lambda a, b, c: (b - a - c, a + c > b),
    }
    for name, fn in list(table.items()) + [(n.replace("_ci", ""), f) for n, f in table.items()]:
        ci = "_ci" in name
        for k in range(10):
            wave = 64 if k in (1, 4) else 32
            short = ci and k < 4
            clamp = k in (7, 8)
            t = state(rng, wave, partial=k % 2 == 1, vcc=rng.getrandbits(64))
            t.vgpr(1, pool, rng.randrange(43), rng.choice((1, 2, 3)))
            t.vgpr(4, pool, rng.randrange(43), rng.choice((1, 5, 7)))
            a, atext = t.reg(1), "v1"
            if k in (2, 6):
                x = rng.choice(pool.values)
                t.sgpr(8, x)
                a, atext = [x] * wave, "s8"
            elif k == 3:
                a, atext = [0xFFFFFFF0] * wave, "-16"
            dst = 106 if short else rng.choice((12, 20, 106, 124) if k != 9 else (124,))
            src = 106 if short or k % 3 == 0 else 14
            if src == 14:
                t.sgpr(14, rng.getrandbits(32), rng.getrandbits(32))
            dpp = random_dpp(rng, masks=False) if k in (0, 5) else None
            if dpp:
                dpp.bc = 1
            t.start()
            cin = mask_of(t, src) if ci else 0
            cout = 0
            for lane in lanes(t):
                x = a[lane]
                if dpp:
                    _, at = dpp.source(t, lane)
                    x = 0 if at is None else a[at]
                r, c = fn(x, t.reg(4)[lane], cin >> lane & 1)
                if clamp:
                    r = min(max(r, 0), M32)
                cout |= int(c) << lane
                t.set_v(30, lane, r)
            t.set_mask(dst, cout)
            enc = ("_e32" if short else "_e64") if ci else ""
            if dpp:
                enc = "_dpp" if short else "_e64_dpp"
            words = ["v30", mask_name(t, dst), atext, "v4"] + ([mask_name(t, src)] if ci else [])
            text = "%s%s %s%s%s" % (name, enc, ", ".join(words), " clamp" if clamp else "", " " + dpp.text() if dpp else "")
            out.add(name, text, t)
    # 64-bit products with carry out.
    for name, signed in (("v_mad_u64_u32", 0), ("v_mad_i64_i32", 1)):
        for k in range(6):
            t = state(rng, 64 if k == 1 else 32, partial=k % 2 == 1)
            t.vgpr(1, pool, rng.randrange(43), 3)
            t.vgpr(4, pool, rng.randrange(43), 2)
            t.vgpr(6, pools.edge["64"], rng.randrange(43), 1)
            dst = (12, 106, 124, 12, 20, 106)[k]
            t.start()
            cout = 0
            for lane in lanes(t):
                a, b = t.reg(1)[lane], t.reg(4)[lane]
                c = t.reg(6)[lane] | t.reg(7)[lane] << 32
                if signed:
                    r = s(a, 32) * s(b, 32) + s(c, 64)
                else:
                    r = a * b + c
                cout |= (r >> 64 & 1) << lane
                t.set_v(30, lane, r)
                t.set_v(31, lane, r >> 32)
            t.set_mask(dst, cout)
            out.add(name, "%s v[30:31], %s, v1, v4, v[6:7]" % (name, mask_name(t, dst)), t)


def selects(out, rng, pools):
    for k in range(12):
        wave = 64 if k in (2, 7) else 32
        t = state(rng, wave, partial=k % 3 == 1, vcc=rng.getrandbits(64))
        f32 = k in (4, 5, 6)
        pool = pools.edge["f32" if f32 else "32"]
        t.vgpr(1, pool, rng.randrange(43), 1)
        t.vgpr(4, pool, rng.randrange(43), 3)
        t.sgpr(14, rng.getrandbits(32), rng.getrandbits(32))
        short = k < 4
        src = 106 if short or k == 9 else 14
        neg, absolute = (rng.randrange(4), rng.randrange(4)) if f32 else (0, 0)
        dpp = random_dpp(rng) if k in (3, 8) else None
        a, atext = t.reg(1), "v1"
        if k == 1:
            a, atext = [0x3F800000] * wave, "1.0"
        if k == 10:
            a, atext = [0xDEADBEEF] * wave, "0xdeadbeef"
        t.start()
        for lane in lanes(t):
            at = lane
            if dpp:
                ok, at = dpp.source(t, lane)
                if not ok:
                    continue
            x = [0 if at is None else a[at], t.reg(4)[lane]]
            for j in range(2):
                x[j] = x[j] & 0x7FFFFFFF if absolute >> j & 1 else x[j]
                x[j] ^= 0x80000000 if neg >> j & 1 else 0
            t.set_v(30, lane, x[mask_of(t, src) >> lane & 1])
        words = []
        for j, w in enumerate((atext, "v4")):
            w = "|%s|" % w if absolute >> j & 1 else w
            words.append("-" + w if neg >> j & 1 else w)
        enc = ("_e32" if short else "_e64") if not dpp else "_dpp" if short else "_e64_dpp"
        out.add("v_cndmask_b32", "v_cndmask_b32%s v30, %s, %s%s" % (
            enc, ", ".join(words), mask_name(t, src), " " + dpp.text() if dpp else ""), t)
    for k in range(6):
        t = state(rng, 64 if k == 2 else 32, partial=k % 2 == 1)
        t.vgpr(1, pools.edge["16"], rng.randrange(43), 1)
        t.vgpr(4, pools.edge["16"], rng.randrange(43), 3)
        t.sgpr(14, rng.getrandbits(32), rng.getrandbits(32))
        h = (0, 1, 2, 8, 11, 0)[k]
        t.start()
        for lane in lanes(t):
            x = [t.reg(r)[lane] >> (16 * (h >> j & 1)) & 0xFFFF for j, r in enumerate((1, 4))]
            r, old = x[mask_of(t, 14) >> lane & 1], t.reg(30)[lane]
            t.set_v(30, lane, r << 16 | old & 0xFFFF if h & 8 else old & 0xFFFF0000 | r)
        out.add("v_cndmask_b16", "v_cndmask_b16 v30, v1, v4, %s" % mask_name(t, 14), t, h << 11)


def lane_moves(out, rng, pools):
    pool = pools.edge["32"]
    for wave in (32, 64):
        execs = [None, 0] + (EXECS if wave == 32 else EXECS64)[:4]
        for e in execs:
            t = state(rng, wave, exec_mask=e)
            t.vgpr(1, pool, rng.randrange(43))
            t.start()
            first = next(iter(lanes(t)), 0)
            t.set_s(10, t.reg(1)[first])
            out.add("v_readfirstlane_b32", "v_readfirstlane_b32 s10, v1", t)
        for sel, e in (("5", None), ("31", 0), ("s6", 0xF0), ("s6", None), ("s6", 0)):
            t = state(rng, wave, exec_mask=e)
            t.vgpr(1, pool, rng.randrange(43))
            n = rng.choice((35, 0xFFFFFFFF, 63, 17, 64)) if sel == "s6" else int(sel)
            if sel == "s6":
                t.sgpr(6, n)
            t.start()
            t.set_s(10, t.reg(1)[n % wave])
            out.add("v_readlane_b32", "v_readlane_b32 s10, v1, %s" % sel, t)
            t = state(rng, wave, exec_mask=e)
            if sel == "s6":
                t.sgpr(6, n)
            value = rng.choice(("s9", "-5", "1.0"))
            x = {"s9": 0xCAFE0123, "-5": -5, "1.0": 0x3F800000}[value]
            if value == "s9":
                t.sgpr(9, x)
            t.start()
            t.set_v(7, n % wave, x)
            out.add("v_writelane_b32", "v_writelane_b32 v7, %s, %s" % (value, sel), t)
        for name, cross in (("v_permlane16_b32", 0), ("v_permlanex16_b32", 1)):
            for k in range(10):
                fi, bc = (k >> 1) & 1, k & 1
                partial = k in (2, 3, 4, 5, 7)
                t = state(rng, wave, partial=partial)
                t.vgpr(1, pool, rng.randrange(43), 1)
                sel = rng.getrandbits(64) if k else 0xFEDCBA9876543210
                t.sgpr(6, sel)
                t.sgpr(8, sel >> 32)
                dst = 1 if k in (6, 7) else 30
                t.start()
                for lane in lanes(t):
                    row = lane // 16 ^ cross
                    at = 16 * row + (sel >> (4 * (lane % 16)) & 15)
                    if t.lane_on(at) or fi:
                        t.set_v(dst, lane, t.reg(1)[at])
                    elif bc:
                        t.set_v(dst, lane, 0)
                op_sel = " op_sel:[%d,%d]" % (fi, bc) if fi or bc else ""
                out.add(name, "%s v%d, v1, s6, s8%s" % (name, dst, op_sel), t)
        for k in range(3):
            t = state(rng, wave, partial=k == 1)
            t.vgpr(1, pool, rng.randrange(43), 1)
            dst = 1 if k == 2 else 30
            t.start()
            if wave == 64:
                for lane in lanes(t):
                    t.set_v(dst, lane, t.reg(1)[lane ^ 32])
            out.add("v_permlane64_b32", "v_permlane64_b32 v%d, v1" % dst, t)
        for half in ("lo", "hi"):
            name = "v_mbcnt_%s_u32_b32" % half
            for k in range(4):
                t = state(rng, wave, partial=k == 2)
                t.vgpr(4, pool, rng.randrange(43), 1)
                t.vgpr(1, pool, rng.randrange(43), 3)
                t.sgpr(6, rng.getrandbits(32))
                a, text = [([M32] * wave, "-1"), ([t.s[6]] * wave, "s6"), (t.reg(1), "v1"), (t.reg(1), "v1")][k]
                t.start()
                for lane in lanes(t):
                    below = (1 << lane) - 1
                    below = below & M32 if half == "lo" else below >> 32
                    t.set_v(30, lane, bin(a[lane] & below).count("1") + t.reg(4)[lane])
                out.add(name, "%s v30, %s, v4" % (name, text), t)
        for name in ("v_nop", "v_pipeflush"):
            t = state(rng, wave, partial=True)
            t.start()
            out.add(name, name, t)


def relative(out, rng, pools):
    pool = pools.edge["32"]
    for k in range(5):
        wave = 64 if k == 1 else 32
        a, b = rng.randrange(1, 9), rng.randrange(1, 9)
        for name, m0 in (("v_movreld_b32", a), ("v_movrels_b32", a), ("v_movrelsd_b32", a),
                         ("v_movrelsd_2_b32", a | b << 16), ("v_swaprel_b32", a | b << 16)):
            t = state(rng, wave, partial=k in (2, 3), m0=m0)
            src, dst = 3, 20
            rs = src + (a if name != "v_movreld_b32" else 0)
            rd = dst + (b if "_2_" in name or "swap" in name else 0 if name == "v_movrels_b32" else a)
            t.vgpr(rs, pool, rng.randrange(43), 1)
            t.vgpr(rd, pool, rng.randrange(43), 2)
            text = "v3"
            x = t.reg(rs)
            if name == "v_movreld_b32" and k == 4:
                t.sgpr(11, 0x1234ABCD)
                text, x = "s11", [0x1234ABCD] * wave
            t.start()
            for lane in lanes(t):
                t.set_v(rd, lane, x[lane])
                if "swap" in name:
                    t.set_v(rs, lane, t.reg(rd)[lane])
            enc = "" if "swap" in name else "_e64" if k == 2 else "_e32"
            out.add(name, "%s%s v20, %s" % (name, enc, text), t)
        t = state(rng, wave, partial=k in (2, 3))
        t.vgpr(3, pool, rng.randrange(43), 1)
        t.vgpr(20, pool, rng.randrange(43), 2)
        t.start()
        for lane in lanes(t):
            t.set_v(3, lane, t.reg(20)[lane])
            t.set_v(20, lane, t.reg(3)[lane])
        out.add("v_swap_b32", "v_swap_b32 v20, v3", t)


def constants_fma(out, rng, pools):
    """FMAMK and FMAAK: a literal in the middle or at the end."""
    for n, f in (("f32", F32), ("f16", F16)):
        ks = {"f32": (0x40490FDB, 0xBF99999A, 0x00000007, 0x7F800000), "f16": (0x4248, 0xBCCC, 0x0007, 0x7C00)}[n]
        for name in ("v_fmamk_" + n, "v_fmaak_" + n):
            for j in range(9):
                mode = (0x3F0, 0x300, 0x3F5, 0x3FA, 0x3FF, 0x3F0, 0x3F0, 0x3F0, 0x0F0)[j]
                t = state(rng, 64 if j == 5 else 32, partial=j == 6, mode=mode)
                pool = pools.get(n, "edge" if j in (0, 1, 7, 8) else "near")
                t.vgpr(1, pool, rng.randrange(43), 1)
                t.vgpr(4, pool, rng.randrange(43), 3)
                k = ks[j % 4]
                h = (1, 2, 8)[j % 3] if n == "f16" and j > 5 else 0
                a, text = t.reg(1), "v1"
                if j == 3:
                    t.sgpr(6, pool.values[5])
                    a, text = [pool.values[5]] * t.wave, "s6"
                t.start()
                for lane in lanes(t):
                    x, y = a[lane], t.reg(4)[lane]
                    if n == "f16":
                        x, y = x >> (16 * (h & 1)) & 0xFFFF, y >> (8 * (h & 2)) & 0xFFFF
                    r = fp.fma(Mode(mode), f, x, k, y) if "mk" in name else fp.fma(Mode(mode), f, x, y, k)
                    old = t.reg(30)[lane]
                    if n == "f16":
                        r = r << 16 | old & 0xFFFF if h & 8 else old & 0xFFFF0000 | r
                    t.set_v(30, lane, r)
                words = ["v30", text] + (["0x%x" % k, "v4"] if "mk" in name else ["v4", "0x%x" % k])
                out.add(name, "%s %s" % (name, ", ".join(words)), t,
                        (h & 1) << 7 | (h >> 1 & 1) << 16 | (h >> 3 & 1) << 24)


def division(out, rng, pools):
    """DIV_SCALE where the guide's pseudo-code and measurements on hardware agree, and DIV_FMAS."""
    for n, f, wide, step in (("f32", F32, 1, 64), ("f64", F64, 2, 128)):
        name = "v_div_scale_" + n
        b = f.bias
        num = lambda e: e << f.m | rng.getrandbits(f.m)  # noqa: E731
        far = 96 if n == "f32" else 768
        # (numerator exponent, denominator exponent): nothing to do; far apart; 1/denominator denormal.
        kinds = {
            "plain": [(b + rng.randrange(-far // 4, far // 4), b + rng.randrange(-far // 4, far // 4)) for _ in range(16)],
            "far": [(b + far // 2 + 3 + k, b - far // 2 + k) for k in range(-5, 5)],
            "big": [(b + b - 3 - k, b + b) for k in range(4)],
        }
        for kind, exps in kinds.items():
            ns = out.pool("dn_%s_%s" % (n, kind), wide, [num(x) | rng.getrandbits(1) << (f.bits - 1) for x, _ in exps])
            ds = out.pool("dd_%s_%s" % (n, kind), wide, [num(y) | 1 for _, y in exps])
            for which in (1, 2):
                for k in range(2):
                    t = state(rng, 64 if k and n == "f32" else 32, partial=bool(k))
                    off = rng.randrange(len(ns))
                    t.vgpr(4, ds, off, 1)
                    t.vgpr(8, ns, off, 1)
                    dst = rng.choice((106, 12, 124))
                    t.start()
                    flag = 0
                    for lane in lanes(t):
                        at = (off + lane) % len(ns)
                        x = (ds if which == 1 else ns).values[at]
                        if kind == "far":
                            flag |= 1 << lane
                            x = x + (step << f.m) if which == 1 else x
                        elif kind == "big":
                            # Both are scaled down, the quotient stays.
                            x = x - (step << f.m)
                        for d in range(wide):
                            t.set_v(30 + d, lane, x >> (32 * d))
                    t.set_mask(dst, flag)
                    r = lambda k: "v%d" % k if wide == 1 else "v[%d:%d]" % (k, k + 1)  # noqa: E731
                    words = [r(30), mask_name(t, dst), r(4 if which == 1 else 8), r(4), r(8)]
                    out.add(name, "%s %s" % (name, ", ".join(words)), t)
        name = "v_div_fmas_" + n
        for j in range(9):
            mode = (0x3F0, 0x3F0, 0x300, 0x3F5, 0x3FA, 0x3FF, 0x0F0, 0x3F0, 0x3F0)[j]
            t = state(rng, 64 if j == 1 and n == "f32" else 32, partial=j == 7, mode=mode,
                      vcc=(rng.getrandbits(64), 0, rng.getrandbits(64))[j % 3])
            pool = pools.get(n, "special" if j in (1, 6) else "near" if j else "edge")
            for r in (1, 4, 8):
                t.vgpr(r, pool, rng.randrange(61), rng.choice((1, 3, 5)))
            M = Mode(mode)
            t.start()
            for lane in lanes(t):
                x = [sum(t.reg(r + d)[lane] << (32 * d) for d in range(wide)) for r in (1, 4, 8)]
                v = fp.fma(M, f, *x)
                finite = all(not f.is_inf(y) for y in x)
                if t.vcc >> lane & 1 and not f.is_nan(v) and finite:
                    c = fp.flush_in(M, f, x[2])
                    k = step if f.exponent(c) > f.bias else -step
                    once = fp.fma(M, f, *x, scale=k)
                    # Rounded once or twice: compared where that is the same.
                    v = once if once == fp.ldexp(M, f, fp.fma(M, f, *x, keep=1), k) == fp.ldexp(M, f, v, k) else None
                for d in range(wide):
                    if v is None:
                        t.set_unknown(30 + d, lane)
                    else:
                        t.set_v(30 + d, lane, v >> (32 * d))
            r = lambda k: "v%d" % k if wide == 1 else "v[%d:%d]" % (k, k + 1)  # noqa: E731
            out.add(name, "%s %s" % (name, ", ".join(r(k) for k in (30, 1, 4, 8))), t)


def interpolation(out, rng, pools):
    n32 = pools.near["f32"]
    small = out.pool("i32", 1, [0x3F800000, 0x40000000, 0xC0400000, 0x3F000000, 0x40A00000, 0, 0xBE800000, 0x41100000])
    half = out.pool("i16", 1, [0x40003C00, 0xC2003800, 0x45004200, 0x3C00B400, 0x00004900, 0xBC00C000, 0x3E004400])

    def same(*x):
        if len(set(x)) != 1:
            raise Unknown
        return x[0]

    for name in ("v_interp_p10_f32", "v_interp_p2_f32", "v_interp_p10_f16_f32", "v_interp_p2_f16_f32",
                 "v_interp_p10_rtz_f16_f32", "v_interp_p2_rtz_f16_f32"):
        f16, p10, rtz = "f16" in name, "p10" in name, "rtz" in name
        for k in range(8):
            mode = (0x3F0, 0x3F0, 0x3F0, 0x300, 0x3F5, 0x3F0, 0x3F0, 0x3FF)[k]
            t = state(rng, 64 if k == 2 else 32, mode=mode)
            sel = rng.randrange(16) & (0xD if p10 else 9) if f16 and k > 2 else 0
            if p10 and sel & 8:
                sel ^= 8
            neg = rng.randrange(8) if k in (1, 5) else 0
            clamp = k == 6
            t.vgpr(1, half if f16 else (n32 if k != 3 else small), rng.randrange(7), 1)
            t.vgpr(4, small if f16 else n32, rng.randrange(7), 1)
            t.vgpr(8, half if f16 and p10 else small if f16 else n32, rng.randrange(7), 3)
            M = Mode(mode)
            t.start()
            for lane in lanes(t):
                q = lane & ~3
                x = [t.reg(1)[q + (1 if p10 else 2)], t.reg(4)[lane], t.reg(8)[q if p10 else lane]]
                for j in ((0, 2) if p10 else (0,)) if f16 else ():
                    h = x[j] >> (16 * (sel >> j & 1)) & 0xFFFF
                    x[j] = fp.convert(M, F16, F32, h)
                for j in range(3):
                    x[j] ^= 0x80000000 if neg >> j & 1 else 0
                try:
                    r = fp.fma(M, F32, *x)
                    if rtz:
                        # How far the truncation reaches isn't written: exact results only.
                        r = same(*[fp.fma(M, F32, *x, rnd=m) for m in range(4)])
                    if f16 and not p10:
                        ways = [fp.convert(M, F32, F16, r), fp.fma(M, F32, *x, out=F16)]
                        if rtz:
                            ways += [fp.convert(M, F32, F16, r, rnd=m) for m in range(4)]
                        r = same(*ways)
                        r = fp.clamp(M, F16, r) if clamp else r
                        old = t.reg(30)[lane]
                        r = r << 16 | old & 0xFFFF if sel & 8 else old & 0xFFFF0000 | r
                    else:
                        r = fp.clamp(M, F32, r) if clamp else r
                    t.set_v(30, lane, r)
                except Unknown:
                    t.set_unknown(30, lane)
            words = ["-v%d" % r if neg >> j & 1 else "v%d" % r for j, r in enumerate((1, 4, 8))]
            mods = " clamp" if clamp else ""
            if sel:
                mods += " op_sel:[%s]" % ",".join(str(sel >> j & 1) for j in range(4))
            out.add(name, "%s v30, %s%s wait_exp:0" % (name, ", ".join(words), mods), t)


def generate(out, rng, factor):
    pools = P.Pools(out, rng)
    for _ in range(factor):
        for part in (carries, selects, lane_moves, relative, constants_fma, division, interpolation):
            part(out, rng, pools)
