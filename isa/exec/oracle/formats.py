"""Memory formats of buffers and images (RDNA3 guide, Table 52) and what they are in registers (9.2, 9.3.1, 10.4.1).

A format's name lists its components from the highest bits down, X lies lowest. Numbers are kept as fractions, so that
every conversion rounds once.
"""
from fractions import Fraction

from state import M32, f16bits, f32bits, sext

NAMES = {
    1: "8_UNORM", 2: "8_SNORM", 3: "8_USCALED", 4: "8_SSCALED", 5: "8_UINT", 6: "8_SINT", 7: "16_UNORM", 8: "16_SNORM",
    9: "16_USCALED", 10: "16_SSCALED", 11: "16_UINT", 12: "16_SINT", 13: "16_FLOAT", 14: "8_8_UNORM", 15: "8_8_SNORM",
    16: "8_8_USCALED", 17: "8_8_SSCALED", 18: "8_8_UINT", 19: "8_8_SINT", 20: "32_UINT", 21: "32_SINT", 22: "32_FLOAT",
    23: "16_16_UNORM", 24: "16_16_SNORM", 25: "16_16_USCALED", 26: "16_16_SSCALED", 27: "16_16_UINT", 28: "16_16_SINT",
    29: "16_16_FLOAT", 30: "10_11_11_FLOAT", 31: "11_11_10_FLOAT", 32: "10_10_10_2_UNORM", 33: "10_10_10_2_SNORM",
    34: "10_10_10_2_UINT", 35: "10_10_10_2_SINT", 36: "2_10_10_10_UNORM", 37: "2_10_10_10_SNORM", 38: "2_10_10_10_USCALED",
    39: "2_10_10_10_SSCALED", 40: "2_10_10_10_UINT", 41: "2_10_10_10_SINT", 42: "8_8_8_8_UNORM", 43: "8_8_8_8_SNORM",
    44: "8_8_8_8_USCALED", 45: "8_8_8_8_SSCALED", 46: "8_8_8_8_UINT", 47: "8_8_8_8_SINT", 48: "32_32_UINT", 49: "32_32_SINT",
    50: "32_32_FLOAT", 51: "16_16_16_16_UNORM", 52: "16_16_16_16_SNORM", 53: "16_16_16_16_USCALED", 54: "16_16_16_16_SSCALED",
    55: "16_16_16_16_UINT", 56: "16_16_16_16_SINT", 57: "16_16_16_16_FLOAT", 58: "32_32_32_UINT", 59: "32_32_32_SINT",
    60: "32_32_32_FLOAT", 61: "32_32_32_32_UINT", 62: "32_32_32_32_SINT", 63: "32_32_32_32_FLOAT", 68: "5_6_5_UNORM",
    69: "1_5_5_5_UNORM", 70: "5_5_5_1_UNORM", 71: "4_4_4_4_UNORM", 72: "4_4_UNORM",
}


class Small:
    """A float of few bits; 10 and 11 bits have no sign."""

    def __init__(self, bits):
        self.exp = 5 if bits < 32 else 8
        self.signed = bits not in (10, 11)
        self.frac = bits - self.exp - self.signed
        self.bits = bits
        self.bias = (1 << self.exp - 1) - 1

    def split(self, x):
        """Sign, exponent and fraction."""
        return x >> self.exp + self.frac, x >> self.frac & (1 << self.exp) - 1, x & (1 << self.frac) - 1

    def value(self, x):
        """A finite number, else None."""
        s, e, f = self.split(x)
        if e == (1 << self.exp) - 1:
            return None
        v = Fraction(f if e == 0 else f | 1 << self.frac) * Fraction(2) ** (max(e, 1) - self.bias - self.frac)
        return -v if s else v

    def round(self, v, nearest):
        """A pattern without its sign, from a number that isn't negative; None where it overflows."""
        unit = Fraction(2) ** (1 - self.bias - self.frac)
        q = v / unit
        shift = max(0, int(q).bit_length() - self.frac - 1)
        q /= 1 << shift
        n = int(q)
        rest = q - n
        if nearest and (rest > Fraction(1, 2) or rest == Fraction(1, 2) and n & 1):
            n += 1
        x = n if shift == 0 else (shift << self.frac) + n
        return None if x >= (1 << self.exp) - 1 << self.frac else x


FLOATS = {n: Small(n) for n in (10, 11, 16, 32)}


def widen(bits, x):
    """A small float's pattern as an f32."""
    if bits == 32:
        return x
    f = FLOATS[bits]
    s, e, m = f.split(x)
    if e == (1 << f.exp) - 1:
        return s << 31 | 0x7F800000 | m << 23 - f.frac
    v = abs(f.value(x))
    return s << 31 | FLOATS[32].round(v, True)


def half(sign, v, nearest):
    """An f16 of a number's size."""
    x = FLOATS[16].round(v, nearest)
    assert x is not None
    return sign << 15 | x


class Format:
    """One memory format."""

    def __init__(self, number):
        self.number = number
        self.name = NAMES[number]
        *widths, self.kind = self.name.split("_")
        self.widths = [int(w) for w in widths][::-1]
        self.bits = sum(self.widths)
        self.bytes = self.bits // 8
        self.count = len(self.widths)
        self.integer = self.kind in ("UINT", "SINT")

    def fields(self, raw):
        """Patterns of the components, X first."""
        out = []
        for w in self.widths:
            out.append(raw & (1 << w) - 1)
            raw >>= w
        return out

    def number_of(self, w, x):
        """A component that isn't float as a fraction."""
        if self.kind == "UNORM":
            return Fraction(x, (1 << w) - 1)
        if self.kind == "SNORM":
            return max(Fraction(-1), Fraction(sext(x, w), (1 << w - 1) - 1))
        return Fraction(x if self.kind in ("USCALED", "UINT") else sext(x, w))

    def load(self, raw):
        """Registers of the components."""
        out = []
        for w, x in zip(self.widths, self.fields(raw)):
            if self.integer:
                out.append((x if self.kind == "UINT" else sext(x, w)) & M32)
            elif self.kind == "FLOAT":
                out.append(widen(w, x))
            else:
                v = self.number_of(w, x)
                out.append((0x80000000 if v < 0 else 0) | FLOATS[32].round(abs(v), True))
        return out

    def load16(self, raw):
        """The same in 16 bits: f32 is cut off, everything else rounds to nearest even; None where that is not published."""
        out = []
        for w, x in zip(self.widths, self.fields(raw)):
            if self.integer:
                v = x if self.kind == "UINT" else sext(x, w)
                out.append(v & 0xFFFF if -0x8000 <= v <= (0xFFFF if self.kind == "UINT" else 0x7FFF) else None)
            elif self.kind == "FLOAT":
                f = FLOATS[w]
                v = f.value(x)
                if v is None:
                    out.append(x if w == 16 else None)
                elif f.signed and w == 16:
                    out.append(x)
                else:
                    y = FLOATS[16].round(abs(v), w != 32)
                    out.append(None if y is None else (f.split(x)[0] << 15 if f.signed else 0) | y)
            else:
                v = self.number_of(w, x)
                y = FLOATS[16].round(abs(v), True)
                # By way of f32 it might round twice.
                z = FLOATS[16].round(FLOATS[32].value(FLOATS[32].round(abs(v), True)), True)
                out.append(None if y is None or y != z else (0x8000 if v < 0 else 0) | y)
        return out

    def store_component(self, w, v):
        """The pattern of a number; None where rounding or saturation is not published."""
        if self.integer:
            low, high = (0, (1 << w) - 1) if self.kind == "UINT" else (-(1 << w - 1), (1 << w - 1) - 1)
            return int(v) & (1 << w) - 1 if low <= v <= high else None
        if self.kind == "FLOAT":
            f = FLOATS[w]
            if v < 0 and not f.signed:
                return None
            x = f.round(abs(v), False)
            if x is None or f.value(x) != abs(v):
                return None
            return (1 << w - 1 if v < 0 else 0) | x
        if self.kind in ("UNORM", "SNORM"):
            top = (1 << w) - 1 if self.kind == "UNORM" else (1 << w - 1) - 1
            q = min(max(v, Fraction(0 if self.kind == "UNORM" else -1)), Fraction(1)) * top
            n = int(abs(q) + Fraction(1, 2))
            # Ties, and what lies so close that an f32 product may reach one.
            if abs(abs(q) + Fraction(1, 2) - n) < Fraction(1, 1000) or n + 1 - (abs(q) + Fraction(1, 2)) < Fraction(1, 1000):
                if q != n and -q != n:
                    return None
            return (-n if q < 0 else n) & (1 << w) - 1
        low, high = (0, (1 << w) - 1) if self.kind == "USCALED" else (-(1 << w - 1), (1 << w - 1) - 1)
        if v.denominator != 1:
            return None
        return min(max(int(v), low), high) & (1 << w) - 1

    def store(self, values):
        """Raw bits of as many numbers as there are components; None where one of them is not published."""
        raw, at = 0, 0
        for w, v in zip(self.widths, values):
            x = self.store_component(w, v)
            if x is None:
                return None
            raw |= x << at
            at += w
        return raw


FORMATS = {n: Format(n) for n in NAMES}


def register(v, integer, wide=True):
    """A number as it stands in a register: 32 or 16 bits."""
    if integer:
        return int(v) & (M32 if wide else 0xFFFF)
    return f32bits(float(v)) if wide else f16bits(float(v))


def samples(fmt, n, seed):
    """Raw elements that meet the ends of every component."""
    edges = []
    for w in fmt.widths:
        top = (1 << w) - 1
        mid = 1 << w - 1
        if fmt.kind == "FLOAT":
            f = FLOATS[w]
            one = f.bias << f.frac
            e = [0, one, 1, one + 1, f.bias + 3 << f.frac, (1 << f.frac) - 1, ((1 << f.exp) - 1) << f.frac, (1 << f.frac) + 1, f.bias - 2 << f.frac | 5]
            if f.signed:
                e += [mid, mid | one, mid | 7, mid | ((1 << f.exp) - 1) << f.frac]
            if w == 32:
                e += [0x3EAAAAAB, 0xC2F6E979, 0x38000000, 0x33FFFFFF]
        else:
            e = [0, top, mid, mid - 1, 1, mid + 1, top - 1, top // 3, 5 & top]
            if w == 32:
                e += [0x1234, 0xFFFF8000, 0xFFFF]
        edges.append(e)
    out = []
    for k in range(n):
        raw, at = 0, 0
        for c, (w, e) in enumerate(zip(fmt.widths, edges)):
            raw |= (e[(k * (1, 2, 3, 5)[c] + c * 3 + seed) % len(e)] & (1 << w) - 1) << at
            at += w
        out.append(raw)
    return out


def numbers(fmt):
    """Numbers to store, as one list; not every component takes each of them."""
    if fmt.integer:
        return [Fraction(x) for x in (0, 1, 3, 2, 0x7F, 0x80, 0xFF, 0x123, 0x3FF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, -1, -2, -0x80, -0x200, -0x8000, -0x80000000)]
    if fmt.kind == "FLOAT":
        return [Fraction(x) for x in (0, 1, 2, 0.5, 1.5, 0.25, 3, 48, 0.0625, 1.75, 1.875, 65024, 2**-14, 2**-19, 2**-20, -1, -2.5, -0.375)]
    if fmt.kind in ("UNORM", "SNORM"):
        return [Fraction(x) for x in (0, 1, 2, -1, -2, 0.25, 0.75, 0.125, 0.9375, 0.0078125, -0.25, -0.75, 0.375, -0.6875, 0.3125)]
    return [Fraction(x) for x in (0, 1, 2, 3, -1, -2, 100, -100, 127, 128, 255, 256, -128, -129, 511, 1000, 40000, -40000, 70000)]


def rows_to_store(fmt, n, seed, d16=False):
    """Lists of four numbers, each of which its component takes in a published way."""
    lists = []
    for c in range(4):
        w = fmt.widths[c] if c < fmt.count else fmt.widths[0]
        fits = []
        for v in numbers(fmt):
            if d16 and fmt.integer and not -0x8000 <= v <= (0xFFFF if fmt.kind == "UINT" else 0x7FFF):
                continue
            if d16 and not fmt.integer and (abs(v) > 2048 or v * 2**24 % 1):
                continue
            if fmt.store_component(w, v) is not None:
                fits.append(v)
        lists.append(fits)
    return [[e[(k * (1, 3, 2, 1)[c] + c * 2 + seed) % len(e)] for c, e in enumerate(lists)] for k in range(n)]
