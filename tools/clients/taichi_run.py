"""Kernels through taichi's Vulkan backend, compared with NumPy's answers.

Prints a line each; the exit code is 0 only when every line says `right` and taichi runs on Vulkan.
"""
import sys

import numpy as np
import taichi as ti

N = 5000


@ti.kernel
def saxpy(a: ti.f32, x: ti.types.ndarray(), y: ti.types.ndarray()):
    for i in x:
        y[i] = a * x[i] + y[i]


@ti.kernel
def total(x: ti.types.ndarray()) -> ti.i32:
    s = 0
    for i in x:
        s += x[i]
    return s


@ti.kernel
def matmul(a: ti.types.ndarray(), b: ti.types.ndarray(), c: ti.types.ndarray()):
    for i, j in c:
        s = 0.0
        for k in range(a.shape[1]):
            s += a[i, k] * b[k, j]
        c[i, j] = s


@ti.kernel
def mandelbrot(out: ti.types.ndarray()):
    for i, j in out:
        re, im = -2.0 + i * 0.02, -1.0 + j * 0.02
        x, y, n = 0.0, 0.0, 0
        while x * x + y * y < 4.0 and n < 50:
            x, y = x * x - y * y + re, 2.0 * x * y + im
            n += 1
        out[i, j] = n


def counts():
    got = np.zeros((150, 100), np.int32)
    for i in range(150):
        for j in range(100):
            re, im, x, y, n = -2.0 + i * 0.02, -1.0 + j * 0.02, 0.0, 0.0, 0
            while x * x + y * y < 4.0 and n < 50:
                x, y = x * x - y * y + re, 2.0 * x * y + im
                n += 1
            got[i, j] = n
    return got


def main():
    ti.init(arch=ti.vulkan, enable_fallback=False, offline_cache=False)
    arch = ti.lang.impl.current_cfg().arch
    print(f"backend: {arch.name if hasattr(arch, 'name') else arch}", flush=True)
    rng = np.random.default_rng(1)
    wrong = 0

    def verdict(name, right, note=""):
        nonlocal wrong
        print(f"{name}: {'right' if right else 'wrong'}{note}", flush=True)
        wrong += not right

    x = rng.integers(-1000, 1000, N).astype(np.float32)
    y = rng.integers(-1000, 1000, N).astype(np.float32)
    want = 3 * x + y
    saxpy(3.0, x, y)
    verdict("saxpy", bool((y == want).all()))

    x = rng.integers(-1000, 1000, N).astype(np.int32)
    verdict("sum", total(x) == int(x.sum()))

    a, b = rng.standard_normal((40, 70)).astype(np.float32), rng.standard_normal((70, 50)).astype(np.float32)
    c = np.zeros((40, 50), np.float32)
    matmul(a, b, c)
    error = float(np.abs(c - a.astype(np.float64) @ b).max())
    verdict("matrix product", error < 1e-4, f", largest error {error:.2g}")

    out = np.zeros((150, 100), np.int32)
    mandelbrot(out)
    # Points on the set's edge turn with the last bit.
    share = float((out == counts()).mean())
    verdict("mandelbrot", share > 0.99, f", {share:.2%} of the points alike")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
