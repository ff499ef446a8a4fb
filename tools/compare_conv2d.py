#!/usr/bin/env python3
"""Compares `sparkle-pm4 run conv2d` with PyTorch or SciPy, through .npy files.

    cargo build --release
    python3 tools/compare_conv2d.py [--binary PATH] [--device LIST] [--tolerance T] [--seed N]
    python3 tools/compare_conv2d.py --random N [--binary PATH] [--isa LIST] [--seed N]

Inputs are made with numpy, written to .npy, convolved on each engine (emu and cpu by default), read back with
numpy.load and compared with torch.nn.functional.conv2d in float64, or, without PyTorch, with
scipy.signal.correlate. The error is max|got - want| / max|want|, the tolerance 1e-5.

With --random the cases are N random shapes of a dozen kinds, on the cpu engine with each instruction set that the
host has, forced; each result is held to the bound of the algorithm that was chosen.

Exit codes: 0 all agree, or skipped because numpy, PyTorch and SciPy, or the binary, are missing (it says which);
1 a result disagrees or a run failed.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

# n c h w, k r s, stride, pad, dilation, groups, bias, fortran order
CASES = [
    ("classic 3x3", (1, 64, 56, 56), (64, 3, 3), (1, 1), (1, 1), (1, 1), 1, False, False),
    ("resnet50 conv1", (1, 3, 224, 224), (64, 7, 7), (2, 2), (3, 3), (1, 1), 1, True, False),
    ("strided", (1, 16, 31, 29), (24, 3, 3), (2, 2), (1, 1), (1, 1), 1, False, False),
    ("dilated", (2, 8, 21, 17), (8, 3, 3), (1, 1), (3, 3), (3, 3), 1, False, False),
    ("grouped", (1, 32, 14, 14), (48, 3, 3), (1, 1), (1, 1), (1, 1), 4, True, False),
    ("depthwise", (1, 24, 19, 19), (24, 5, 5), (1, 1), (2, 2), (1, 1), 24, False, False),
    ("pointwise 1x1", (1, 256, 14, 14), (64, 1, 1), (1, 1), (0, 0), (1, 1), 1, False, False),
    ("batch of 4", (4, 16, 12, 12), (16, 3, 3), (1, 1), (1, 1), (1, 1), 1, True, False),
    ("uneven steps", (2, 6, 13, 11), (10, 2, 4), (2, 1), (0, 2), (1, 2), 2, True, False),
    ("Fortran order", (1, 5, 9, 10), (7, 3, 2), (1, 1), (1, 0), (1, 1), 1, True, True),
]


ISAS = ["portable", "neon", "avx2", "avx512"]

# Multiplications of a random case: the reference has them in double precision.
MOST = 20_000_000


def random_case(random, i):
    """The i-th of the random shapes: the name of its kind, and what a row of CASES has."""
    pick = lambda low, high: int(random.integers(low, high + 1))
    n, c, k, h, w, r, s = 1, pick(1, 80), pick(1, 80), pick(1, 40), pick(1, 60), pick(1, 7), pick(1, 7)
    stride, dilation, groups = (1, 1), (1, 1), 1
    kind = ["any", "3x3", "pointwise", "1xN", "Nx1", "strided", "dilated", "grouped", "depthwise", "batch",
            "first layer", "small map"][i % 12]  # fmt: skip
    any_steps = lambda: (pick(1, 3), pick(1, 3))
    pad = (pick(0, 3), pick(0, 3))
    if kind == "any":
        n, groups, stride, dilation = pick(1, 3), pick(1, 6), any_steps(), any_steps()
        c, k = groups * pick(1, 12), groups * pick(1, 12)
    elif kind == "3x3":
        c, k, h, w, r, s, pad = pick(16, 160), pick(16, 160), pick(6, 40), pick(6, 40), 3, 3, (pick(0, 1),) * 2
    elif kind == "pointwise":
        c, k, r, s, pad = pick(1, 600), pick(1, 300), 1, 1, (0, 0)
    elif kind == "1xN":
        h, w, r, s = pick(1, 12), pick(20, 2000), 1, pick(2, 15)
    elif kind == "Nx1":
        h, w, r, s = pick(20, 2000), pick(1, 12), pick(2, 15), 1
    elif kind == "strided":
        stride = (pick(1, 4), pick(2, 4))
    elif kind == "dilated":
        dilation = (pick(1, 5), pick(2, 5))
    elif kind == "grouped":
        groups = pick(2, 12)
        c, k = groups * pick(1, 16), groups * pick(1, 16)
    elif kind == "depthwise":
        groups, n, r, stride = pick(1, 100), pick(1, 3), random.choice([3, 3, 5, 7, pick(1, 9)]), (pick(1, 2),) * 2
        c, k, s, r = groups, groups * random.choice([1, 1, 1, 2, 3]), int(r), int(r)
    elif kind == "batch":
        n, h, w = pick(2, 16), pick(1, 20), pick(1, 20)
    elif kind == "first layer":
        c, k, h, w, stride = pick(1, 4), pick(8, 64), pick(20, 120), pick(20, 120), (pick(1, 2),) * 2
    else:
        c, k, h, w, r, s, pad = pick(60, 500), pick(16, 200), pick(2, 9), pick(2, 9), 3, 3, (1, 1)
    # A kernel is at most as large as the padded input.
    fit = lambda size, pad, dilation, length: min(size, (length + 2 * pad - 1) // dilation + 1)
    r, s = fit(r, pad[0], dilation[0], h), fit(s, pad[1], dilation[1], w)
    while n * k * h * w * c // groups * r * s // (stride[0] * stride[1]) > MOST and k > groups:
        k = max(k // 2 // groups * groups, groups)
    return kind, (n, c, h, w), (int(k), r, s), stride, pad, dilation, groups, pick(0, 1) == 1, False


def bound(algorithm, xs, ws, outputs):
    """The error that an algorithm states for a shape, relative to max|y|: Algorithm::error_bound."""
    taps, depth = ws[1] * ws[2] * ws[3], 256
    # Of few sums the largest may have cancelled out.
    if outputs < 200:
        return 1e-5
    if algorithm == "winograd4":
        return 1.5e-6 + 2e-7 * ws[1] ** 0.5
    if algorithm == "depthwise":
        return 1.2e-7 * max(8, (ws[2] * ws[3]) ** 0.5)
    if algorithm in ("gemm", "direct"):
        return 1.2e-7 * max(8, min(taps, depth) ** 0.5 + (taps / depth) ** 0.5)
    return 1e-5


def skip(why):
    print(f"skipped: {why}")
    sys.exit(0)


def with_torch(np, torch):
    def conv(x, w, b, stride, pad, dilation, groups):
        t = lambda a: None if a is None else torch.from_numpy(np.ascontiguousarray(a).astype("f8"))
        return torch.nn.functional.conv2d(t(x), t(w), t(b), stride, pad, dilation, groups).numpy()

    return f"PyTorch {torch.__version__}", conv


def with_scipy(np, scipy, correlate):
    def conv(x, w, b, stride, pad, dilation, groups):
        x = np.pad(x.astype("f8"), ((0, 0), (0, 0), (pad[0],) * 2, (pad[1],) * 2))
        k, cg, r, s = w.shape
        # A dilated kernel is the kernel with zeros between its taps.
        wide = np.zeros((k, cg, (r - 1) * dilation[0] + 1, (s - 1) * dilation[1] + 1))
        wide[:, :, :: dilation[0], :: dilation[1]] = w
        planes = []
        for image in x:
            for ki in range(k):
                g = ki // (k // groups)
                full = correlate(image[g * cg : (g + 1) * cg], wide[ki], mode="valid")[0]
                planes.append(full[:: stride[0], :: stride[1]] + (0 if b is None else float(b[ki])))
        return np.stack(planes).reshape(len(x), k, *planes[0].shape)

    return f"SciPy {scipy.__version__}", conv


def reference(np):
    try:
        import torch

        return with_torch(np, torch)
    except ImportError:
        pass
    try:
        import scipy
        from scipy.signal import correlate

        return with_scipy(np, scipy, correlate)
    except ImportError:
        skip("neither torch nor scipy can be imported")


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--binary", type=pathlib.Path, default=root / "target/release/sparkle-pm4")
    options.add_argument("--device", default="emu,cpu", help="a comma list [emu,cpu]")
    options.add_argument("--tolerance", type=float, default=1e-5)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--random", type=int, metavar="N", help="N random shapes on the cpu engine instead")
    options.add_argument("--isa", metavar="LIST", help="with --random: of portable, neon, avx2, avx512 [those there are]")
    options.add_argument("--reference", choices=["auto", "scipy"], default="auto", help="scipy: even where torch is")
    options = options.parse_args()
    try:
        import numpy as np
    except ImportError:
        skip("numpy cannot be imported")
    if options.reference == "scipy":
        try:
            import scipy
            from scipy.signal import correlate
        except ImportError:
            skip("scipy cannot be imported")
        name, conv = with_scipy(np, scipy, correlate)
    else:
        name, conv = reference(np)
    if not options.binary.exists():
        skip(f"{options.binary} does not exist; build it with `cargo build --release`")

    random = np.random.default_rng(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        compare = Comparison(np, conv, random, options.binary, pathlib.Path(folder))
        if options.random is None:
            print(f"against {name} in float64, numpy {np.__version__}; error / max|y|, allowed {options.tolerance:g}")
            good = fixed_cases(compare, options)
        else:
            print(f"against {name} in float64, numpy {np.__version__}; seed {options.seed}")
            good = random_cases(compare, options)
    print("all agree" if good else "MISMATCH")
    sys.exit(0 if good else 1)


def by(shape):
    return "x".join(map(str, shape))


class Comparison:
    """One case after the other: its files, its result as it should be, and runs that are compared with that."""

    def __init__(self, np, conv, random, binary, folder):
        self.np, self.conv, self.random, self.binary, self.folder = np, conv, random, binary, folder

    def case(self, xs, kernel, stride, pad, dilation, groups, biased, fortran):
        np, (k, r, s) = self.np, kernel
        x = self.random.standard_normal(xs).astype("<f4")
        w = self.random.standard_normal((k, xs[1] // groups, r, s)).astype("<f4")
        b = self.random.standard_normal(k).astype("<f4") if biased else None
        order = np.asfortranarray if fortran else np.ascontiguousarray
        files = {"input": order(x), "weight": order(w), "bias": b}
        self.command = [self.binary, "run", "conv2d"]
        for flag, array in files.items():
            if array is not None:
                np.save(self.folder / f"{flag}.npy", array)
                self.command += [f"--{flag}", self.folder / f"{flag}.npy"]
        pair = lambda v: f"{v[0]},{v[1]}"
        self.command += ["--stride", pair(stride), "--pad", pair(pad), "--dilation", pair(dilation)]
        self.command += ["--groups", str(groups)]
        self.want = self.conv(x, w, b, stride, pad, dilation, groups)
        return w.shape

    def run(self, device, isa=None):
        """The error and the kernel; or None and what is wrong."""
        y = self.folder / f"{device}.npy"
        y.unlink(missing_ok=True)
        command = [*self.command, "--device", device, "--output", y, "--json"]
        environment = None if isa is None else {**os.environ, "SPARKLE_CPU_ISA": isa}
        run = subprocess.run(command, capture_output=True, text=True, env=environment)
        if run.returncode != 0:
            print(run.stdout, run.stderr, file=sys.stderr)
            return None, f"exit {run.returncode}"
        got = self.np.load(y)
        if got.shape != self.want.shape or got.dtype != self.np.dtype("<f4"):
            return None, f"{got.shape} {got.dtype}"
        error, largest = self.np.abs(got - self.want).max(), self.np.abs(self.want).max()
        # A sum of nothing but padding is zero.
        return error / largest if largest > 0 else error, json.loads(run.stdout)["results"][0]["kernel"]


def fixed_cases(compare, options):
    devices = options.device.split(",")
    print(f"{'case':<16}{'x':<16}{'w':<14}" + "".join(f"{d:>11}" for d in devices))
    good = True
    for case, xs, *rest in CASES:
        ws = compare.case(xs, *rest)
        cells = []
        for device in devices:
            error, what = compare.run(device)
            # Written so that NaN fails.
            agrees = error is not None and error <= options.tolerance
            good &= agrees
            cells.append(what if error is None else f"{error:.1e}" + ("" if agrees else " BAD"))
        print(f"{case:<16}{by(xs):<16}{by(ws):<14}" + "".join(f"{c:>11}" for c in cells))
    return good


def instruction_sets(binary):
    """Those that this host has."""
    command = [binary, *"run conv2d --c 1 --h 1 --w 1 --k 1 --r 1 --device cpu".split()]
    has = lambda isa: subprocess.run(command, capture_output=True, env={**os.environ, "SPARKLE_CPU_ISA": isa})
    return [isa for isa in ISAS if has(isa).returncode == 0]


def random_cases(compare, options):
    isas = options.isa.split(",") if options.isa else instruction_sets(options.binary)
    print("the largest error as a part of the algorithm's bound, of " + ", ".join(isas))
    good, seen = bool(isas), {}
    for i in range(options.random):
        kind, xs, kernel, stride, pad, dilation, groups, biased, fortran = random_case(compare.random, i)
        ws = compare.case(xs, kernel, stride, pad, dilation, groups, biased, fortran)
        cells, faults = [], []
        for isa in isas:
            error, what = compare.run("cpu", isa)
            if error is None:
                faults.append(f"{isa}: {what}")
                continue
            # conv2d_gemm_avx2
            algorithm, used = what.removeprefix("conv2d_").rsplit("_", 1)
            part = error / bound(algorithm, xs, ws, compare.want.size)
            cells.append(part)
            count, most = seen.get((algorithm, used), (0, 0))
            seen[algorithm, used] = count + 1, max(most, part)
            # Written so that NaN fails.
            if not part <= 1:
                faults.append(f"{isa}: {error:.1e} by {algorithm}, {part:.2f} of its bound")
            if used != isa:
                faults.append(f"{isa}: ran on {used}")
        good &= not faults
        steps = f"s{by(stride)} p{by(pad)} d{by(dilation)} g{groups}" + (" bias" if biased else "")
        worst = f"{max(cells):.2f}" if cells else ""
        print(f"{kind:<12}{by(xs):<16}{by(ws):<15}{steps:<27}{worst:>5}")
        for fault in faults:
            print(f"  BAD {fault}")
    print(f"\n{'algorithm':<12}{'isa':<10}{'shapes':>6}  largest error, of the bound")
    for (algorithm, isa), (count, most) in sorted(seen.items()):
        print(f"{algorithm:<12}{isa:<10}{count:>6}  {most:.2f}")
    return good


if __name__ == "__main__":
    main()
