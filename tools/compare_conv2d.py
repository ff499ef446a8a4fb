#!/usr/bin/env python3
"""Compares `sparkle-pm4 run conv2d` with PyTorch or SciPy, through .npy files.

    cargo build --release
    python3 tools/compare_conv2d.py [--binary PATH] [--device LIST] [--tolerance T] [--seed N]

Inputs are made with numpy, written to .npy, convolved on each engine (emu and cpu by default), read back with
numpy.load and compared with torch.nn.functional.conv2d in float64, or, without PyTorch, with
scipy.signal.correlate. The error is max|got - want| / max|want|, the tolerance 1e-5.

Exit codes: 0 all agree, or skipped because numpy, PyTorch and SciPy, or the binary, are missing (it says which);
1 a result disagrees or a run failed.
"""
import argparse
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
    print(f"against {name} in float64, numpy {np.__version__}; error / max|y|, allowed {options.tolerance:g}")
    devices = options.device.split(",")
    print(f"{'case':<16}{'x':<16}{'w':<14}" + "".join(f"{d:>11}" for d in devices))
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for case, xs, (k, r, s), stride, pad, dilation, groups, biased, fortran in CASES:
            x = random.standard_normal(xs).astype("<f4")
            w = random.standard_normal((k, xs[1] // groups, r, s)).astype("<f4")
            b = random.standard_normal(k).astype("<f4") if biased else None
            order = np.asfortranarray if fortran else np.ascontiguousarray
            files = {"input": order(x), "weight": order(w), "bias": b}
            command = [options.binary, "run", "conv2d"]
            for flag, array in files.items():
                if array is not None:
                    np.save(folder / f"{flag}.npy", array)
                    command += [f"--{flag}", folder / f"{flag}.npy"]
            pair = lambda v: f"{v[0]},{v[1]}"
            command += ["--stride", pair(stride), "--pad", pair(pad), "--dilation", pair(dilation)]
            command += ["--groups", str(groups)]
            want = conv(x, w, b, stride, pad, dilation, groups)
            cells = []
            for device in devices:
                y = folder / f"{device}.npy"
                y.unlink(missing_ok=True)
                run = subprocess.run([*command, "--device", device, "--output", y], capture_output=True, text=True)
                if run.returncode != 0:
                    failed = True
                    cells.append(f"exit {run.returncode}")
                    print(run.stderr, file=sys.stderr)
                    continue
                got = np.load(y)
                if got.shape != want.shape or got.dtype != np.dtype("<f4"):
                    failed = True
                    cells.append(f"{got.shape} {got.dtype}")
                    continue
                error = np.abs(got - want).max() / np.abs(want).max()
                # Written so that NaN fails.
                good = error <= options.tolerance
                failed |= not good
                cells.append(f"{error:.1e}" + ("" if good else " BAD"))
            by = lambda shape: "x".join(map(str, shape))
            print(f"{case:<16}{by(xs):<16}{by(w.shape):<14}" + "".join(f"{c:>11}" for c in cells))
    print("MISMATCH" if failed else "all agree")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
