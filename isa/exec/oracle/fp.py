"""Binary floating point in integers: exact values, one rounding, the four modes, denormal flushing, NaN rules.

A finite number is (sign, mantissa, exponent) with value (-1)^sign * mantissa * 2^exponent. The rules are those of the
RDNA3 guide (MODE.round, MODE.denorm, IEEE, DX10_CLAMP, FP16_OVFL); where it is silent on which NaN comes out: the
first NaN among the inputs, quiet, and the default NaN (negative) where no input is one.
"""


class Fmt:
    def __init__(self, name, bits, e, m):
        self.name, self.bits, self.e, self.m = name, bits, e, m
        self.bias = (1 << (e - 1)) - 1
        self.sign = 1 << (bits - 1)
        self.inf = ((1 << e) - 1) << m
        self.quiet = 1 << (m - 1)
        self.default_nan = self.sign | self.inf | self.quiet
        self.max = self.inf - 1
        self.frac = (1 << m) - 1
        self.mag = self.sign - 1
        self.one = self.bias << m
        self.min_normal = 1 << m

    def is_nan(self, x):
        return x & self.mag > self.inf

    def is_snan(self, x):
        return self.is_nan(x) and not x & self.quiet

    def is_qnan(self, x):
        return self.is_nan(x) and bool(x & self.quiet)

    def is_inf(self, x):
        return x & self.mag == self.inf

    def is_zero(self, x):
        return x & self.mag == 0

    def is_denorm(self, x):
        return 0 < x & self.mag < self.min_normal

    def exponent(self, x):
        """The biased exponent field."""
        return (x & self.mag) >> self.m

    def sgn(self, x):
        return x >> (self.bits - 1) & 1

    def unpack(self, x):
        """(sign, mantissa, exponent) of a finite number."""
        e = self.exponent(x)
        f = x & self.frac
        if e == 0:
            return self.sgn(x), f, 1 - self.bias - self.m
        return self.sgn(x), f | 1 << self.m, e - self.bias - self.m

    def value(self, x):
        """Signed integer and exponent of a finite number."""
        s, m, e = self.unpack(x)
        return (-m if s else m), e

    def less(self, a, b):
        """a < b of numbers that are not NaN."""
        return self.key(a) < self.key(b)

    def key(self, x):
        mag = x & self.mag
        return -mag if x & self.sign else mag


F16 = Fmt("f16", 16, 5, 10)
BF16 = Fmt("bf16", 16, 8, 7)
F32 = Fmt("f32", 32, 8, 23)
F64 = Fmt("f64", 64, 11, 52)
RNE, RUP, RDOWN, RZ = 0, 1, 2, 3


class Mode:
    """The MODE register as arithmetic sees it."""

    def __init__(self, bits):
        self.bits = bits
        self.r32, self.r64 = bits & 3, bits >> 2 & 3
        self.d32, self.d64 = bits >> 4 & 3, bits >> 6 & 3
        self.dx10, self.ieee, self.ovfl = bits >> 8 & 1, bits >> 9 & 1, bits >> 23 & 1

    def round(self, f):
        return self.r32 if f in (F32, BF16) else self.r64

    def keeps_in(self, f):
        return (self.d32 if f in (F32, BF16) else self.d64) & 1

    def keeps_out(self, f):
        return (self.d32 if f in (F32, BF16) else self.d64) >> 1 & 1

    def with_round(self, r):
        return Mode(self.bits & ~15 | r | r << 2)


class Unknown(Exception):
    """The result isn't specified; the vector doesn't compare it."""


def flush_in(M, f, x):
    if f.is_denorm(x) and not M.keeps_in(f):
        return x & f.sign
    return x


def flush_out(M, f, x):
    if f.is_denorm(x) and not M.keeps_out(f):
        return x & f.sign
    return x


def pack(M, f, sign, mant, exp, sticky=False, rnd=None, keep=None):
    """Rounds mant * 2^exp (a bit more than that with `sticky`) to the format."""
    rnd = M.round(f) if rnd is None else rnd
    keep = M.keeps_out(f) if keep is None else keep
    s = f.sign if sign else 0
    if mant == 0 and not sticky:
        return s
    if sticky:
        mant, exp = mant << 2 | 1, exp - 2
    top = exp + mant.bit_length() - 1
    q = max(top, 1 - f.bias) - f.m
    shift = q - exp
    if shift > 0:
        n, rem, half = mant >> shift, mant & ((1 << shift) - 1), 1 << (shift - 1)
    else:
        assert not sticky, "more bits are needed"
        n, rem, half = mant << -shift, 0, 1
    if rem:
        if rnd == RNE:
            n += rem > half or (rem == half and n & 1)
        elif rnd == RUP:
            n += not sign
        elif rnd == RDOWN:
            n += bool(sign)
    if n >> (f.m + 1):
        n >>= 1
        q += 1
    if n >> f.m == 0:
        return s | (n if keep else 0)
    biased = q + f.m + f.bias
    if biased >= (1 << f.e) - 1:
        to_max = rnd == RZ or (rnd == RUP and sign) or (rnd == RDOWN and not sign) or (f is F16 and M.ovfl)
        return s | (f.max if to_max else f.inf)
    return s | biased << f.m | n & f.frac


def signed(M, f, v, exp, zero_sign=0, **kw):
    """Rounds v * 2^exp, v an integer; an exact zero takes `zero_sign`."""
    if v == 0:
        return f.sign if zero_sign else 0
    return pack(M, f, int(v < 0), abs(v), exp, **kw)


def first_nan(f, *xs):
    for x in xs:
        if f.is_nan(x):
            return x | f.quiet
    return None


def zero_sum_sign(M, f, sa, sb):
    """Sign of an exact zero sum of terms of these signs."""
    if sa == sb:
        return sa
    return int(M.round(f) == RDOWN)


def add(M, f, a, b, **kw):
    a, b = flush_in(M, f, a), flush_in(M, f, b)
    n = first_nan(f, a, b)
    if n is not None:
        return n
    if f.is_inf(a):
        return f.default_nan if f.is_inf(b) and a != b else a
    if f.is_inf(b):
        return b
    (va, ea), (vb, eb) = f.value(a), f.value(b)
    e = min(ea, eb)
    return signed(M, f, (va << (ea - e)) + (vb << (eb - e)), e, zero_sum_sign(M, f, f.sgn(a), f.sgn(b)), **kw)


def neg(f, x):
    return x ^ f.sign


def sub(M, f, a, b):
    n = first_nan(f, flush_in(M, f, a), flush_in(M, f, b))
    return n if n is not None else add(M, f, a, neg(f, b))


def mul(M, f, a, b, **kw):
    a, b = flush_in(M, f, a), flush_in(M, f, b)
    n = first_nan(f, a, b)
    if n is not None:
        return n
    s = f.sgn(a) ^ f.sgn(b)
    if f.is_inf(a) or f.is_inf(b):
        return f.default_nan if f.is_zero(a) or f.is_zero(b) else f.inf | (f.sign if s else 0)
    (va, ea), (vb, eb) = f.value(a), f.value(b)
    return signed(M, f, va * vb, ea + eb, s, **kw)


def fma(M, f, a, b, c, out=None, flushed=False, scale=0, **kw):
    """a * b + c with one rounding, into `out` where that differs from the inputs' format, times 2^scale."""
    o = out or f
    if not flushed:
        a, b, c = (flush_in(M, f, x) for x in (a, b, c))
    n = first_nan(f, a, b, c)
    if n is not None:
        return n if o is f else convert_nan(f, o, n)
    sp = f.sgn(a) ^ f.sgn(b)
    if f.is_inf(a) or f.is_inf(b):
        if f.is_zero(a) or f.is_zero(b) or (f.is_inf(c) and f.sgn(c) != sp):
            return o.default_nan
        return o.inf | (o.sign if sp else 0)
    if f.is_inf(c):
        return o.inf | (o.sign if f.sgn(c) else 0)
    (va, ea), (vb, eb), (vc, ec) = f.value(a), f.value(b), f.value(c)
    ep = ea + eb
    e = min(ep, ec)
    v = (va * vb << (ep - e)) + (vc << (ec - e))
    return signed(M, o, v, e + scale, zero_sum_sign(M, o, sp, f.sgn(c)), **kw)


def convert_nan(f, o, x):
    """A NaN in another format: sign, and the payload's leading bits; quiet."""
    frac = x & f.frac
    frac = frac << (o.m - f.m) if o.m >= f.m else frac >> (f.m - o.m)
    return (o.sign if x & f.sign else 0) | o.inf | frac | o.quiet


def convert(M, f, o, x, **kw):
    x = flush_in(M, f, x)
    if f.is_nan(x):
        return convert_nan(f, o, x)
    if f.is_inf(x):
        return o.inf | (o.sign if f.sgn(x) else 0)
    s, m, e = f.unpack(x)
    return pack(M, o, s, m, e, **kw)


def from_int(M, o, v, **kw):
    return signed(M, o, v, 0, 0, **kw)


def floor_int(f, x, how):
    """The integer of a finite number: how is floor, ceil, trunc, rne, or nearest (floor of x + 0.5)."""
    v, e = f.value(x)
    if e >= 0:
        return v << e
    d = 1 << -e
    if how == "floor":
        return v // d
    if how == "ceil":
        return -(-v // d)
    if how == "trunc":
        return abs(v) // d * (-1 if v < 0 else 1)
    if how == "nearest":
        return (2 * v + d) // (2 * d)
    q, r = divmod(v, d)
    return q + (2 * r > d or (2 * r == d and q & 1))


def to_int(M, f, x, bits, is_signed, how="trunc"):
    """Float to integer, saturating; NaN gives 0."""
    x = flush_in(M, f, x)
    lo, hi = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if is_signed else (0, (1 << bits) - 1)
    if f.is_nan(x):
        return 0
    if f.is_inf(x):
        return lo if f.sgn(x) else hi
    return min(max(floor_int(f, x, how), lo), hi)


def round_to(M, f, x, how):
    x = flush_in(M, f, x)
    if f.is_nan(x):
        return x | f.quiet
    if f.is_inf(x):
        return x
    return signed(M, f, floor_int(f, x, how), 0, f.sgn(x))


def fract(M, f, x):
    """x - floor(x), below 1: llvm.amdgcn.fract's constant folding gives the same."""
    x = flush_in(M, f, x)
    if f.is_nan(x):
        return x | f.quiet
    if f.is_inf(x):
        return f.default_nan
    v, e = f.value(x)
    n = floor_int(f, x, "floor")
    if e >= 0:
        rest = 0
    else:
        rest = v - (n << -e)
    r = signed(M, f, rest, e, int(M.round(f) == RDOWN) if n != 0 or f.sgn(x) else 0)
    if f.is_zero(r):
        # The sum of x and -floor(x) is an exact zero; -0 - -0 is +0, and so is 0 - 0.
        r = f.sign if M.round(f) == RDOWN else 0
    return min(r, f.one - 1) if not f.sgn(r) else r


def less_zero(f, a, b):
    """a < b with -0 below +0."""
    return f.less(a, b) or (f.is_zero(a) and f.is_zero(b) and f.sgn(a) and not f.sgn(b))


def minmax(M, f, a, b, want_max):
    a, b = flush_in(M, f, a), flush_in(M, f, b)
    if M.ieee:
        if f.is_snan(a):
            return a | f.quiet
        if f.is_snan(b):
            return b | f.quiet
    if f.is_nan(b):
        return flush_out(M, f, a)
    if f.is_nan(a):
        return flush_out(M, f, b)
    first = less_zero(f, b, a) if want_max else less_zero(f, a, b)
    return flush_out(M, f, a if first else b)


def fmin(M, f, a, b):
    return minmax(M, f, a, b, False)


def fmax(M, f, a, b):
    return minmax(M, f, a, b, True)


def equal(f, a, b):
    if f.is_nan(a) or f.is_nan(b):
        return False
    return a == b or (f.is_zero(a) and f.is_zero(b))


def med3(M, f, a, b, c):
    a, b, c = (flush_in(M, f, x) for x in (a, b, c))
    if first_nan(f, a, b, c) is not None:
        return fmin(M, f, fmin(M, f, a, b), c)
    # The largest is only compared: no flushing of results before the one that is written.
    whole = Mode(M.bits | 0xF0)
    top = fmax(whole, f, fmax(whole, f, a, b), c)
    if equal(f, top, a):
        return fmax(M, f, b, c)
    if equal(f, top, b):
        return fmax(M, f, a, c)
    return fmax(M, f, a, b)


def ldexp(M, f, x, n, **kw):
    x = flush_in(M, f, x)
    if f.is_nan(x):
        return x | f.quiet
    if f.is_inf(x) or f.is_zero(x):
        return x
    s, m, e = f.unpack(x)
    # Far beyond either end every exponent means the same.
    return pack(M, f, s, m, e + max(-6000, min(6000, n)), **kw)


def frexp_exp(M, f, x):
    x = flush_in(M, f, x)
    if f.is_nan(x) or f.is_inf(x) or f.is_zero(x):
        return 0
    _, m, e = f.unpack(x)
    return e + m.bit_length()


def frexp_mant(M, f, x):
    x = flush_in(M, f, x)
    if f.is_nan(x):
        return x | f.quiet
    if f.is_inf(x) or f.is_zero(x):
        return x
    s, m, _ = f.unpack(x)
    return pack(M, f, s, m, -m.bit_length())


def clamp(M, f, x):
    """CLAMP of a float: to [0, 1]; NaN by DX10_CLAMP."""
    if f.is_nan(x):
        return 0 if M.dx10 else x
    if f.sgn(x) or f.is_zero(x):
        return 0
    return f.one if f.less(f.one, x) else x


def omod(M, f, x, code):
    """Output multiplier: ignored with output denormals or IEEE mode (LLVM's SIFoldOperands says so too)."""
    if not code or M.keeps_out(f) or M.ieee:
        return x
    if f.is_nan(x) or f.is_inf(x):
        return x
    if f.is_zero(x):
        return 0
    s, m, e = f.unpack(x)
    x = pack(M, f, s, m, e + {1: 1, 2: 2, 3: -1}[code])
    return 0 if f.is_zero(x) else x


def compare(M, f, a, b, cond):
    a, b = flush_in(M, f, a), flush_in(M, f, b)
    nan = f.is_nan(a) or f.is_nan(b)
    lt = not nan and f.less(a, b)
    gt = not nan and f.less(b, a)
    eq = not nan and not lt and not gt
    return {
        "f": False, "lt": lt, "eq": eq, "le": lt or eq, "gt": gt, "lg": lt or gt, "ge": gt or eq, "o": not nan,
        "u": nan, "nge": not (gt or eq), "nlg": not (lt or gt), "ngt": not gt, "nle": not (lt or eq), "neq": not eq,
        "nlt": not lt, "t": True,
    }[cond]


def classify(f, x):
    """The bit of V_CMP_CLASS that a number has."""
    if f.is_snan(x):
        return 0
    if f.is_qnan(x):
        return 1
    s = f.sgn(x)
    if f.is_inf(x):
        return 2 if s else 9
    if f.is_zero(x):
        return 5 if s else 6
    if f.is_denorm(x):
        return 4 if s else 7
    return 3 if s else 8


def div_exact(M, f, num, den, sn, **kw):
    """num / den of positive integers with exponents, rounded once: (mantissa, exponent) pairs."""
    (mn, en), (md, ed) = num, den
    k = max(0, f.m + 4 - mn.bit_length() + md.bit_length())
    q, r = divmod(mn << k, md)
    return pack(M, f, sn, q, en - ed - k, sticky=bool(r), **kw)


def rcp(M, f, x, **kw):
    s, m, e = f.unpack(x)
    return div_exact(M, f, (1, 0), (m, e), s, **kw)


def isqrt(n):
    """Floor of the square root."""
    if n == 0:
        return 0
    x = 1 << ((n.bit_length() + 1) // 2)
    while True:
        y = (x + n // x) // 2
        if y >= x:
            return x
        x = y


def sqrt(M, f, x, **kw):
    _, m, e = f.unpack(x)
    k = 2 * (f.m + 4)
    if (e - k) & 1:
        k += 1
    m <<= k
    r = isqrt(m)
    return pack(M, f, 0, r, (e - k) // 2, sticky=r * r != m, **kw)


def rsq(M, f, x, **kw):
    """1 / sqrt(x): the square root of 1/x in integers with enough bits."""
    _, m, e = f.unpack(x)
    k = 2 * (f.m + 8) + 2 * m.bit_length()
    if (k + e) & 1:
        k += 1
    # 1/x = 2^-e / m = (2^k / m) * 2^(-e-k)
    q, rem = divmod(1 << k, m)
    r = isqrt(q)
    return pack(M, f, 0, r, (-e - k) // 2, sticky=rem != 0 or r * r != q, **kw)


# Fixed point with P fraction bits for exp2, log2 and the sine of revolutions.
P = 160
ONE = 1 << P


def _ln2():
    # ln 2 = sum of 1 / (k 2^k)
    s, k, t = 0, 1, ONE
    while t:
        t >>= 1
        s += t // k
        k += 1
    return s


LN2 = _ln2()


def _atan_inv(n):
    t = ONE // n
    s, k, sign = t, 3, -1
    while t:
        t //= n * n
        s += sign * (t // k)
        k, sign = k + 2, -sign
    return s


PI = 4 * (4 * _atan_inv(5) - _atan_inv(239))


def _exp_fixed(x):
    """e^x of a fixed point number in [0, 1)."""
    s, t, k = ONE, ONE, 1
    while t:
        t = t * x // (k << P)
        s += t
        k += 1
    return s


def exp2(M, f, x, **kw):
    """2^x of a finite number."""
    v, e = f.value(x)
    fixed = v << (P + e) if P + e >= 0 else v >> -(P + e)
    n, r = fixed >> P, fixed & (ONE - 1)
    n = max(-6000, min(6000, n))
    return pack(M, f, 0, _exp_fixed(r * LN2 >> P), n - P, sticky=r != 0, **kw)


def log2(M, f, x, **kw):
    """log2 of a positive finite number."""
    _, m, e = f.unpack(x)
    n = e + m.bit_length() - 1
    y = m << (P - (m.bit_length() - 1))
    # ln y by the series of atanh((y - 1) / (y + 1)), y in [1, 2).
    z = ((y - ONE) << P) // (y + ONE)
    z2 = z * z >> P
    s, t, k = 0, z, 1
    while t:
        s += t // k
        t = t * z2 >> P
        k += 2
    total = (n << P) + (2 * s << P) // LN2
    return signed(M, f, total, -P, 0, sticky=y != ONE, **kw)


def sin_revolutions(M, f, x, quarter=0, **kw):
    """sin(2 pi (x + quarter / 4)) of a finite number."""
    v, e = f.value(x)
    if e >= 0:
        turn = 0
    else:
        turn = v & ((1 << -e) - 1)
        turn = turn << (P + e) if P + e >= 0 else turn >> -(P + e)
    turn = (turn + quarter * (ONE >> 2)) & (ONE - 1)
    half, turn = turn >> (P - 1), turn & (ONE // 2 - 1)
    if turn > ONE // 4:
        turn = ONE // 2 - turn
    angle = 2 * turn * PI >> P
    s, t, k = 0, angle, 1
    while t:
        s += t
        t = -(t * angle >> P) * angle // ((k + 1) * (k + 2) << P) if t else 0
        if abs(t) <= 1:
            break
        k += 2
    return signed(M, f, -s if half else s, -P, 0, **kw)
