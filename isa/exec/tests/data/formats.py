#!/usr/bin/env python3
"""Expected values of the gfx11 buffer and image formats, from their names and the Direct3D conversion rules alone.

Writes lines to standard output, the columns in hex:
    load  NUMBER NAME element -> x y z w   16-bit x y z w
    store NUMBER NAME x y z w -> element   16-bit x y z w -> element
Needs numpy. Fractions are exact; every result is rounded once.
"""
import random
from fractions import Fraction

import numpy as np

NAMES = """INVALID 8_UNORM 8_SNORM 8_USCALED 8_SSCALED 8_UINT 8_SINT 16_UNORM 16_SNORM 16_USCALED 16_SSCALED 16_UINT
16_SINT 16_FLOAT 8_8_UNORM 8_8_SNORM 8_8_USCALED 8_8_SSCALED 8_8_UINT 8_8_SINT 32_UINT 32_SINT 32_FLOAT 16_16_UNORM
16_16_SNORM 16_16_USCALED 16_16_SSCALED 16_16_UINT 16_16_SINT 16_16_FLOAT 10_11_11_FLOAT 11_11_10_FLOAT
10_10_10_2_UNORM 10_10_10_2_SNORM 10_10_10_2_UINT 10_10_10_2_SINT 2_10_10_10_UNORM 2_10_10_10_SNORM
2_10_10_10_USCALED 2_10_10_10_SSCALED 2_10_10_10_UINT 2_10_10_10_SINT 8_8_8_8_UNORM 8_8_8_8_SNORM 8_8_8_8_USCALED
8_8_8_8_SSCALED 8_8_8_8_UINT 8_8_8_8_SINT 32_32_UINT 32_32_SINT 32_32_FLOAT 16_16_16_16_UNORM 16_16_16_16_SNORM
16_16_16_16_USCALED 16_16_16_16_SSCALED 16_16_16_16_UINT 16_16_16_16_SINT 16_16_16_16_FLOAT 32_32_32_UINT
32_32_32_SINT 32_32_32_FLOAT 32_32_32_32_UINT 32_32_32_32_SINT 32_32_32_32_FLOAT 8_SRGB 8_8_SRGB 8_8_8_8_SRGB
5_9_9_9_FLOAT 5_6_5_UNORM 1_5_5_5_UNORM 5_5_5_1_UNORM 4_4_4_4_UNORM 4_4_UNORM""".split()


def f32(bits):
    return np.array(bits, np.uint32).view(np.float32)[()]


def exact(bits):
    return Fraction(float(f32(bits)))


def nearest(value, kind, bits):
    """A Fraction rounded to nearest even in a numpy float type; as bits."""
    f = kind(float(value))
    near = [f, np.nextafter(f, kind(-np.inf)), np.nextafter(f, kind(np.inf))]
    near = [x for x in near if np.isfinite(x)]
    near = sorted(near, key=lambda x: (abs(Fraction(float(x)) - value), int(x.view(bits)) & 1))
    return int(near[0].view(bits))


def truncated(value, exponent_bits, mantissa_bits, sign):
    """A Fraction toward zero in a small float; as bits. Never infinite."""
    bias = (1 << (exponent_bits - 1)) - 1
    negative, value = value < 0, abs(value)
    if negative and not sign:
        return 0
    top = (1 << (exponent_bits + mantissa_bits)) - (1 << mantissa_bits) - 1
    e = 1 - bias
    while e < bias and value >= Fraction(2) ** (e + 1):
        e += 1
    m = int(value / Fraction(2) ** (e - mantissa_bits))
    code = m if m < 1 << mantissa_bits else ((e + bias - 1) << mantissa_bits) + m
    return min(code, top) | (1 << (exponent_bits + mantissa_bits) if negative else 0)


def small_to_f32(v, n):
    """A float of 16 bits with sign, or of 11 or 10 without; as f32 bits."""
    mantissa = {16: 10, 11: 6, 10: 5}[n]
    sign = v >> 15 << 31 if n == 16 else 0
    v &= 0x7FFF if n == 16 else (1 << n) - 1
    e, m = v >> mantissa, v & ((1 << mantissa) - 1)
    if e == 31:
        return sign | 0x7F800000 | m << (23 - mantissa)
    value = Fraction(m, 1 << mantissa) * Fraction(2) ** -14 if e == 0 else (1 + Fraction(m, 1 << mantissa)) * Fraction(2) ** (e - 15)
    return sign | nearest(value, np.float32, np.uint32)


def signed(v, n):
    return v - (1 << n) if v >> (n - 1) else v


def round_even(x):
    return round(x)  # Python rounds Fractions half to even.


class Format:
    def __init__(self, name):
        parts = name.split("_")
        self.kind = parts[-1]
        self.bits = [int(p) for p in reversed(parts[:-1])]  # X first
        self.size = sum(self.bits) // 8
        self.shared = name == "5_9_9_9_FLOAT"

    def integer(self):
        return self.kind in ("UINT", "SINT")

    def split(self, element):
        out = []
        for n in self.bits:
            out.append(element & ((1 << n) - 1))
            element >>= n
        return out

    def join(self, parts):
        all, at = 0, 0
        for v, n in zip(parts, self.bits):
            all |= (v & ((1 << n) - 1)) << at
            at += n
        return all

    def load(self, element):
        raw = self.split(element)
        if self.shared:
            values = [nearest(Fraction(m) * Fraction(2) ** (raw[3] - 24), np.float32, np.uint32) for m in raw[:3]]
            return values + [0], [None] * 3
        values = []
        for k, (v, n) in enumerate(zip(raw, self.bits)):
            if self.kind == "UINT":
                x = v
            elif self.kind == "SINT":
                x = signed(v, n) & 0xFFFFFFFF
            elif self.kind == "USCALED":
                x = nearest(Fraction(v), np.float32, np.uint32)
            elif self.kind == "SSCALED":
                x = nearest(Fraction(signed(v, n)), np.float32, np.uint32)
            elif self.kind == "SNORM":
                x = nearest(max(Fraction(signed(v, n), (1 << (n - 1)) - 1), Fraction(-1)), np.float32, np.uint32)
            elif self.kind == "UNORM" or (self.kind == "SRGB" and k == 3):
                x = nearest(Fraction(v, (1 << n) - 1), np.float32, np.uint32)
            elif self.kind == "SRGB":
                c = v / 255
                y = c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
                x = int(np.float32(y).view(np.uint32))
            else:
                x = v if n == 32 else small_to_f32(v, n)
            values.append(x)
        return values + [0] * (4 - len(values)), raw

    def load16(self, element):
        values, raw = self.load(element)
        out = []
        for k, v in enumerate(values):
            if self.integer():
                out.append(v & 0xFFFF)
            elif k >= len(self.bits) or self.shared and k == 3:
                out.append(0)
            elif self.kind == "FLOAT" and self.bits[k] == 16:
                out.append(raw[k])
            elif np.isnan(f32(v)):
                out.append((v >> 16 & 0x8000) | 0x7E00 | (v >> 13 & 0x3FF))
            elif np.isinf(f32(v)):
                out.append((v >> 16 & 0x8000) | 0x7C00)
            elif self.kind == "FLOAT" and self.bits[k] == 32:
                out.append(truncated(exact(v), 5, 10, True) | (v >> 16 & 0x8000))
            else:
                out.append(nearest_half(v))
        return out

    def store(self, regs):
        parts = []
        for v, n in zip(regs, self.bits):
            if self.kind == "UINT":
                parts.append(min(v, (1 << n) - 1))
                continue
            if self.kind == "SINT":
                parts.append(max(-(1 << (n - 1)), min(signed(v, 32), (1 << (n - 1)) - 1)))
                continue
            nan, inf = bool(np.isnan(f32(v))), bool(np.isinf(f32(v)))
            negative = v >> 31
            if self.kind == "FLOAT":
                if n == 32:
                    parts.append(v)
                elif n == 16:
                    if nan:
                        parts.append(negative << 15 | 0x7E00 | (v >> 13 & 0x3FF))
                    elif inf:
                        parts.append(negative << 15 | 0x7C00)
                    else:
                        parts.append(truncated(exact(v), 5, 10, True) | negative << 15)
                elif nan:
                    parts.append((1 << n) - 1)
                elif inf:
                    parts.append(0 if negative else 31 << (n - 5))
                else:
                    parts.append(truncated(exact(v), 5, n - 5, False))
                continue
            low, high, scale = {
                "UNORM": (0, 1, (1 << n) - 1),
                "SNORM": (-1, 1, (1 << (n - 1)) - 1),
                "USCALED": (0, (1 << n) - 1, 1),
                "SSCALED": (-(1 << (n - 1)), (1 << (n - 1)) - 1, 1),
            }[self.kind]
            if nan:
                parts.append(0)
            elif inf:
                parts.append((low if negative else high) * scale)
            else:
                parts.append(round_even(max(Fraction(low), min(exact(v), Fraction(high))) * scale))
        return self.join(parts)

    def store16(self, regs):
        if self.kind == "FLOAT" and self.bits[0] == 16:
            return self.join(regs)
        if self.kind == "UINT":
            return self.store(regs)
        if self.kind == "SINT":
            return self.store([signed(v, 16) & 0xFFFFFFFF for v in regs])
        return self.store([small_to_f32(v, 16) for v in regs])


def nearest_half(v):
    """f32 bits to f16 bits, nearest even, by numpy."""
    with np.errstate(all="ignore"):
        return int(np.float16(f32(v)).view(np.uint16))


EDGES = [0x00000000, 0x80000000, 0x3F800000, 0xBF800000, 0x3F000000, 0xBF000000, 0x7F800000, 0xFF800000, 0x7FC12345,
         0x7F812345, 0x00000001, 0x477FE000, 0x477FF000, 0x47800000, 0x4B000000, 0x43FF8000, 0x3E99999A, 0x3DCCCCCD,
         0x33800000, 0x387FE000, 0x42FF0000, 0xC3000000, 0x40200000, 0x40600000, 0x7F7FFFFF, 0x3F7FFFFF]
HALVES = [0, 0x8000, 0x3C00, 0xBC00, 0x3800, 0x7C00, 0xFC00, 0x7E01, 0x7C01, 0x0001, 0x83FF, 0x7BFF, 0x5BF8, 0xFFFF, 0x7FFF]


def row(values):
    return " ".join(f"{v:x}" for v in values)


def main():
    random.seed(11)
    for number, name in enumerate(NAMES):
        if name == "INVALID":
            continue
        f = Format(name)
        most = (1 << (8 * f.size)) - 1
        elements = [0, most, most >> 1, sum(1 << (sum(f.bits[: k + 1]) - 1) for k in range(len(f.bits)))]
        elements += [random.getrandbits(8 * f.size) for _ in range(8)]
        for e in elements:
            print(f"load {number} {name} {e:x} -> {row(f.load(e)[0])} {row(f.load16(e))}")
        if f.kind == "SRGB" or f.shared:
            continue
        for k in range(9):
            if f.integer():
                regs = [random.choice([0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x3FF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
                                       random.getrandbits(32), random.getrandbits(9)]) for _ in range(4)]
            else:
                regs = [random.choice(EDGES + [int(np.float32(random.uniform(-1.2, 1.2)).view(np.uint32)),
                                               int(np.float32(random.uniform(-300, 300)).view(np.uint32))]) for _ in range(4)]
            halves = [random.choice(HALVES + [random.getrandbits(16)]) for _ in range(4)]
            print(f"store {number} {name} {row(regs)} -> {f.store(regs):x} {row(halves)} -> {f.store16(halves):x}")


main()
