"""What atomics leave in memory (RDNA3 guide 13 and 16.15 to 16.20), for LDS, buffers, images and flat addresses alike."""
from state import M32, M64, s32, s64

Q32, Q64 = 0x00400000, 0x0008000000000000
EDGE32 = [0, 1, 2, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF, 0xFFFFFFFE, 0x12345678, 0xDEADBEEF, 0x0000FFFF]
EDGE64 = [
    0, 1, 2, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0x8000000000000001, M64, M64 - 1, 0x00000000FFFFFFFF,
    0x0000000100000000, 0xDEADBEEF12345678,
]
# Zeros, ones, largest, smallest normal, denormals, infinities; NaN stands in memory or in the data, never in both.
FLOAT32 = [
    0, 0x80000000, 0x3F800000, 0xBF800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x00800000, 0x80800000, 0x7F800000, 0xFF800000, 0x40490FDB,
    0x33800000, 0x3F800001,
]
FLOAT64 = [
    0, 1 << 63, 0x3FF0000000000000, 0xBFF0000000000000, 0x7FEFFFFFFFFFFFFF, 0xFFEFFFFFFFFFFFFF, 0x0010000000000000,
    0x8010000000000000, 0x7FF0000000000000, 0xFFF0000000000000, 0x400921FB54442D18,
]
DENORMAL32 = [0x00000001, 0x80000001, 0x007FFFFF, 0x807FFFFF, 0x00400000]
DENORMAL64 = [1, 1 << 63 | 1, 0x000FFFFFFFFFFFFF]
NAN32 = [0x7FC00001, 0xFFC12345, 0x7F800001, 0xFFA00000]
NAN64 = [0x7FF8000000000001, 0xFFF8123456789ABC, 0x7FF0000000000001, 0xFFF4000000000000]


class Form:
    """An IEEE format: width, exponent and fraction bits."""

    def __init__(self, width, frac):
        self.width, self.frac = width, frac
        self.sign = 1 << width - 1
        self.inf = self.sign - (1 << frac)
        self.quiet = 1 << frac - 1
        self.bias = (1 << width - frac - 2) - 1

    def nan(self, x):
        """Either NaN."""
        return x & self.sign - 1 > self.inf

    def snan(self, x):
        """A signalling NaN."""
        return self.nan(x) and not x & self.quiet

    def denormal(self, x):
        """A nonzero number without an exponent."""
        return 0 < x & self.sign - 1 < 1 << self.frac

    def flush(self, x):
        """A denormal as the zero of its sign."""
        return x & self.sign if self.denormal(x) else x

    def order(self, x):
        """Numbers on a line; -0 below +0."""
        m = x & self.sign - 1
        return -m - 1 if x & self.sign else m

    def fixed(self, x):
        """A finite number in units of the smallest denormal."""
        m = x & self.sign - 1
        e = m >> self.frac
        f = m & (1 << self.frac) - 1
        v = f if e == 0 else (f | 1 << self.frac) << e - 1
        return -v if x & self.sign else v

    def round(self, v):
        """The nearest number, to even, of a count of smallest denormals."""
        sign, m = (self.sign, -v) if v < 0 else (0, v)
        shift = max(0, m.bit_length() - self.frac - 1)
        q, rest = m >> shift, m & (1 << shift) - 1
        half = 1 << shift >> 1
        if shift and (rest > half or rest == half and q & 1):
            q += 1
        # A carry out of the fraction steps the exponent by itself.
        x = q if shift == 0 else (shift << self.frac) + q
        return sign | min(x, self.inf)


F32, F64 = Form(32, 23), Form(64, 52)


def fmin(f, mem, data, flush):
    """FP Min Selection Rules of 13.3."""
    for x in (mem, data):
        if f.snan(x):
            return x | f.quiet
    if f.nan(mem):
        return data
    if f.nan(data):
        return mem
    a, b = (f.flush(mem), f.flush(data)) if flush else (mem, data)
    return data if f.order(b) < f.order(a) else mem


def fmax(f, mem, data, flush):
    """FP Max Selection Rules of 13.3."""
    for x in (mem, data):
        if f.snan(x):
            return x | f.quiet
    if f.nan(mem):
        return data
    if f.nan(data):
        return mem
    a, b = (f.flush(mem), f.flush(data)) if flush else (mem, data)
    return data if f.order(b) > f.order(a) else mem


def fadd(f, mem, data, flush_in, flush_out):
    """The sum, to nearest even whatever the mode says (13.1); infinities of both signs make the negative quiet NaN."""
    for x in (mem, data):
        if f.nan(x):
            return x | f.quiet
    a, b = (f.flush(mem), f.flush(data)) if flush_in else (mem, data)
    inf = [x for x in (a, b) if x & f.sign - 1 == f.inf]
    if len(inf) == 2 and inf[0] != inf[1]:
        return f.sign | f.inf | f.quiet
    if inf:
        return inf[0]
    v = f.fixed(a) + f.fixed(b)
    if v == 0:
        return f.sign if a & b & f.sign else 0
    r = f.round(v)
    return f.flush(r) if flush_out else r


def fcmp(f, mem, data, compare, flush):
    """Stores where the comparison holds; zeros of both signs are equal, NaN equals nothing."""
    a, c = (f.flush(mem), f.flush(compare)) if flush else (mem, compare)
    same = not f.nan(a) and not f.nan(c) and (a == c or not (a | c) & f.sign - 1)
    return (f.flush(data) if flush else data) if same else mem


def integer(op, bits):
    """f(memory, data, second data) -> memory after."""
    m = M64 if bits == 64 else M32
    s = s64 if bits == 64 else s32
    return {
        "add": lambda t, d, e: t + d & m,
        "sub": lambda t, d, e: t - d & m,
        "rsub": lambda t, d, e: d - t & m,
        "inc": lambda t, d, e: 0 if t >= d else t + 1,
        "dec": lambda t, d, e: d if t == 0 or t > d else t - 1,
        "min_i": lambda t, d, e: d if s(d) < s(t) else t,
        "max_i": lambda t, d, e: d if s(d) > s(t) else t,
        "min_u": lambda t, d, e: min(t, d),
        "max_u": lambda t, d, e: max(t, d),
        "and": lambda t, d, e: t & d,
        "or": lambda t, d, e: t | d,
        "xor": lambda t, d, e: t ^ d,
        "mskor": lambda t, d, e: t & ~d | e,
        "swap": lambda t, d, e: d,
        "cmp": lambda t, d, e: d if t == e else t,
        "wrap": lambda t, d, e: t - d & m if t >= d else t + e & m,
        "csub": lambda t, d, e: 0 if t < d else t - d,
    }[op]
