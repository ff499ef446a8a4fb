#!/usr/bin/env python3
"""Prints the sums that the test of the CPU engine's 16-bit numbers compares with: numpy's conversions.

    python3 cpu/src/testdata/f16.py

The sum of numbers n₀, n₁, … is ((n₀ · P + n₁) · P + …) modulo 2⁶⁴, P = 0x9e3779b97f4a7c15. Every NaN counts as the one
with its sign and nothing but the quiet bit, since numpy's payloads depend on its version and on the processor.
"""
import numpy as np

P = 0x9E3779B97F4A7C15


def total(numbers):
    sum = 0
    for n in numbers.tolist():
        sum = (sum * P + n) & (1 << 64) - 1
    return f"{sum:#018x}"


def floats(halves):
    bits = halves.view(np.float16).astype(np.float32).view(np.uint32)
    nan = (bits & 0x7FFFFFFF) > 0x7F800000
    return np.where(nan, bits & 0x80000000 | 0x7FC00000, bits)


def halves(floats):
    with np.errstate(over="ignore", under="ignore"):
        bits = floats.view(np.float32).astype(np.float16).view(np.uint16)
    nan = (bits & 0x7FFF) > 0x7C00
    return np.where(nan, bits & 0x8000 | 0x7E00, bits)


everything = np.arange(1 << 16, dtype=np.uint16)
print("half to float, every one:   ", total(floats(everything)))

# Each half as a float, the float in the middle between it and the next, and the neighbours of both.
bits = np.where((everything & 0x7FFF) > 0x7C00, everything & 0x8000 | 0x7E00, everything).view(np.float16)
exact = bits.astype(np.float32).view(np.uint32)
step = np.where((everything & 0x7FFF) < 0x400, 0, 0x1000).astype(np.uint32)
small = (everything & 0x7FFF) < 0x400
with np.errstate(invalid="ignore"):
    middle = (bits.astype(np.float32) + np.copysign(np.float32(2.0**-25), bits.astype(np.float32))).view(np.uint32)
middle = np.where(small, middle, exact + step)
around = np.stack([exact - 1, exact, exact + 1, middle - 1, middle, middle + 1], axis=1).astype(np.uint32)
print("float to half, around each: ", total(halves(around.ravel())))

# Every 40,503rd float, counted as bits.
spread = (np.arange(1 << 17, dtype=np.uint64) * 40503).astype(np.uint32)
print("float to half, spread:      ", total(halves(spread)))
