"""Operand values: the edges of each type, and numbers near each other that make roundings interesting."""
import random

from fp import F16, F32, F64


def float_edges(f):
    """64 numbers: zeros, denormals, the ends of the range, infinities, NaNs of both kinds, halves, powers, integers."""
    one, ulp, s = f.one, 1, f.sign
    half, two = one - f.min_normal, one + f.min_normal
    e = lambda n, frac=0: (f.bias + n) << f.m | frac  # noqa: E731
    top = f.bias
    pos = [
        0, 1, f.min_normal - 1, f.min_normal // 2 + 3, f.min_normal, f.min_normal + 1, one, one + ulp, one - ulp, half,
        half - ulp, half + ulp, two, two + f.min_normal // 2, e(1, f.frac), e(2, f.min_normal // 4), e(3), e(f.m - 1, 1),
        e(f.m, 3), e(f.m + 1, 5) if f.m + 1 <= top else f.max, f.max, f.max - f.min_normal, f.inf, f.inf | f.quiet | 5,
        f.inf | 9, e(-1, f.frac // 3), e(-2), e(-f.m - 1), e(-top // 2, 7), e(top // 2, 11),
        e(min(15, top)), e(min(16, top)) if f is not F16 else e(14, f.frac),
    ]
    out = []
    for k, x in enumerate(pos):
        out += [x, x | s] if k % 2 else [x | s, x]
    return out


def float_near(f, rng, n=61):
    """Numbers within a few binades of 1 and of the smallest normal number, all mantissa bits in use."""
    out = []
    for k in range(n):
        frac = rng.getrandbits(f.m)
        if k % 5 == 4:
            exp = rng.randrange(0, 5)
        elif k % 5 == 3:
            exp = f.bias + rng.randrange(-f.m, f.m) * 5 // 6
        else:
            exp = f.bias + rng.randrange(-3, 4)
        out.append(rng.getrandbits(1) << (f.bits - 1) | exp << f.m | frac)
    return out


def specials(f):
    """Eight numbers whose pairs meet every special rule."""
    return [0, f.sign, f.inf, f.inf | f.sign, f.inf | f.quiet | f.sign | 3, f.inf | 6, f.one, f.sign | f.min_normal - 1]


def int_edges(bits, rng):
    m = (1 << bits) - 1
    out = [0, 1, m, m >> 1, (m >> 1) + 1, 2, m - 1, 0x7F & m, 0x80, 0xFF, 0x5A5A5A5A5A5A5A5A & m, 0xA5A5A5A5A5A5A5A5 & m,
           m // 3, (m >> 1) - 1, 31, 32, 33, m >> (bits // 2), (m >> (bits // 2)) + 1, (1 << (bits - 1)) + 1]
    while len(out) < 43:
        out.append(rng.getrandbits(bits) >> rng.choice((0, 0, 0, bits // 2, bits // 4)))
    return out


def packed(values, rng):
    """Two 16-bit values an element, each value once in the low half."""
    high = list(values)
    rng.shuffle(high)
    return [h << 16 | v for v, h in zip(values, high)]


def f32_edges():
    """The edges, and what conversions to integers and to f16 turn on."""
    more = [0x4EFFFFFF, 0x4F000000, 0xCF000000, 0xCF000001, 0x4F7FFFFF, 0x4F800000, 0x477FE000, 0x477FEFFF, 0x477FF000,
            0x33000000, 0x33000001, 0x38800000, 0x387FFFFF, 0x387FE000, 0x42FE0000, 0x437F0000, 0x437F8000, 0xBF000000,
            0x3EFFFFFF, 0x46FFFE00, 0x47000000, 0xC7000000, 0xC7000100, 0x477FFF00, 0x47800000, 0x40200000, 0x40600000]
    return float_edges(F32) + more


def f64_edges():
    more = [0x41DFFFFFFFC00000, 0x41E0000000000000, 0xC1E0000000000000, 0xC1E0000000200000, 0x41EFFFFFFFE00000,
            0x41F0000000000000, 0x47EFFFFFE0000000, 0x47EFFFFFF0000000, 0x3810000000000000, 0x380FFFFFFFFFFFFF,
            0x36A0000000000000, 0x3690000000000000, 0x3690000000000001, 0x3FE0000000000000, 0xBFE0000000000001]
    return float_edges(F64) + more


class Pools:
    """The pools of a file, by operand type."""

    def __init__(self, out, rng):
        r = random.Random(rng.random())
        mk = out.pool
        self.edge = {
            "f32": mk("f32", 1, f32_edges()), "f64": mk("f64", 2, f64_edges()),
            "f16": mk("f16", 1, packed(float_edges(F16), r)),
            "32": mk("u32", 1, int_edges(32, r)), "64": mk("u64", 2, int_edges(64, r)),
            "16": mk("u16", 1, packed(int_edges(16, r), r)),
            "128": mk("u128", 4, [r.getrandbits(128) | (r.getrandbits(64) << 64) for _ in range(11)]),
        }
        self.near = {
            "f32": mk("n32", 1, float_near(F32, r)), "f64": mk("n64", 2, float_near(F64, r)),
            "f16": mk("n16", 1, packed(float_near(F16, r), r)),
        }
        self.special = {
            "f32": mk("s32", 1, specials(F32)), "f64": mk("s64", 2, specials(F64)),
            "f16": mk("s16", 1, packed(specials(F16), r)),
        }

    def get(self, ty, kind):
        if ty in ("f16", "f32", "f64"):
            return getattr(self, kind)[ty]
        return self.edge[ty[1:]]
