#!/usr/bin/env python3
"""Writes conv2d.bin: convolutions computed by scipy, for the tests of the CPU engine.

    python3 src/cpu/testdata/conv2d.py [--torch]

Needs numpy and scipy. The output depends on nothing else and is checked in. --torch compares with torch as well.

The file is a sequence of cases, little-endian, until its end:
    u32[15]  n c h w k r s stride_h stride_w pad_h pad_w dilation_h dilation_w groups has_bias
    f32[]    x (n,c,h,w), w (k,c/groups,r,s), bias (k, if has_bias)
    f64[]    y (n,k,p,q)
"""
import pathlib
import sys

import numpy as np
from scipy.signal import correlate2d

#        n  c   h   w   k  r  s  stride   pad  dilation groups bias
CASES = [
    (1, 3, 9, 10, 5, 3, 3, (1, 1), (1, 1), (1, 1), 1, True),
    (2, 4, 11, 7, 6, 3, 2, (2, 1), (0, 2), (1, 1), 2, False),
    (1, 6, 8, 8, 6, 3, 3, (1, 1), (1, 1), (1, 1), 6, True),
    (1, 3, 20, 19, 4, 7, 7, (2, 2), (3, 3), (1, 1), 1, False),
    (3, 5, 6, 7, 17, 1, 1, (1, 1), (0, 0), (1, 1), 1, True),
    (1, 2, 13, 12, 3, 3, 3, (1, 2), (4, 3), (3, 2), 1, True),
    (1, 4, 5, 33, 8, 1, 5, (3, 1), (2, 5), (1, 4), 4, False),
    (1, 40, 4, 5, 3, 3, 3, (1, 1), (1, 1), (1, 1), 1, True),
]


def convolve(x, w, bias, stride, pad, dilation, groups):
    """Correlates with a dilated kernel by scipy, then keeps each stride-th row and column."""
    n, _, h, width = x.shape
    k, group_c, r, s = w.shape
    x = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (pad[0],) * 2, (pad[1],) * 2))
    dilated = np.zeros((k, group_c, (r - 1) * dilation[0] + 1, (s - 1) * dilation[1] + 1))
    dilated[:, :, :: dilation[0], :: dilation[1]] = w
    out = []
    for image in x:
        for ko in range(k):
            first = ko // (k // groups) * group_c
            planes = [correlate2d(image[first + c], dilated[ko, c], mode="valid") for c in range(group_c)]
            out.append(np.sum(planes, axis=0)[:: stride[0], :: stride[1]] + (0 if bias is None else float(bias[ko])))
    return np.array(out).reshape(n, k, *out[0].shape)


def main():
    rng = np.random.default_rng(20240607)
    blob = b""
    for n, c, h, w, k, r, s, stride, pad, dilation, groups, has_bias in CASES:
        x = rng.standard_normal((n, c, h, w), dtype=np.float32)
        weights = rng.standard_normal((k, c // groups, r, s), dtype=np.float32)
        bias = rng.standard_normal(k, dtype=np.float32) if has_bias else None
        y = convolve(x, weights, bias, stride, pad, dilation, groups)
        if "--torch" in sys.argv:
            import torch

            t = [None if a is None else torch.from_numpy(a.astype(np.float64)) for a in (x, weights, bias)]
            other = torch.nn.functional.conv2d(*t, stride, pad, dilation, groups).numpy()
            print(y.shape, "scipy and torch differ by", np.abs(y - other).max())
        header = np.array([n, c, h, w, k, r, s, *stride, *pad, *dilation, groups, has_bias], dtype="<u4")
        parts = [header, x.astype("<f4"), weights.astype("<f4")]
        parts += [] if bias is None else [bias.astype("<f4")]
        blob += b"".join(part.tobytes() for part in [*parts, y.astype("<f8")])
    pathlib.Path(__file__).with_name("conv2d.bin").write_bytes(blob)


if __name__ == "__main__":
    main()
