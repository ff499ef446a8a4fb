#!/usr/bin/env python3
"""Makes the files beside it: small images and tensors, good and bad. Needs numpy.

    python3 tests/data/make.py [FOLDER]

Deterministic: the same files, byte for byte, whatever the numpy version (format 1.0 headers are written here).
"""
import pathlib
import struct
import sys
import zlib

import numpy as np

OUT = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(name, pixels):
    """pixels: H x W x samples, uint8 or uint16; 1 grey, 2 grey+alpha, 3 RGB, 4 RGBA."""
    h, w, samples = pixels.shape
    depth = 8 * pixels.dtype.itemsize
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[samples]
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).reshape(h, -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    # Stored, not compressed: the bytes then do not depend on zlib's version.
    body = chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, 0))
    body += chunk(b"IDAT", zlib.compress(raw, 0)) + chunk(b"IEND", b"")
    (OUT / name).write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def header(text, version=1):
    size = 10 if version == 1 else 12
    text = text.encode()
    text += b" " * (-(size + len(text) + 1) % 64) + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text


def npy(name, array, fortran=False, descr=None, shape=None):
    descr = descr or array.dtype.str
    shape = shape or array.shape
    text = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (descr, fortran, shape)
    (OUT / name).write_bytes(header(text) + array.tobytes("F" if fortran else "C"))


def scene(h, w):
    """A sky, a sun, a house and stripes, in [0, 1]: edges in every direction, and smooth parts."""
    y, x = np.mgrid[0:h, 0:w].astype(float)
    y, x = y / h, x / w
    rgb = np.stack([0.35 + 0.3 * y, 0.55 + 0.25 * y, 0.95 - 0.1 * y], -1)
    rgb[(x - 0.75) ** 2 + ((y - 0.25) * h / w) ** 2 < 0.012] = (1.0, 0.9, 0.3)
    rgb[y > 0.75] = (0.25, 0.6, 0.2)
    rgb[(abs(x - 0.35) < 0.15) & (y > 0.5) & (y < 0.85)] = (0.8, 0.4, 0.3)
    rgb[(abs(x - 0.35) < (y - 0.3)) & (y > 0.3) & (y < 0.5)] = (0.5, 0.15, 0.1)
    rgb[(abs(x - 0.35) < 0.04) & (y > 0.62) & (y < 0.85)] = (0.25, 0.15, 0.1)
    rgb[(x > 0.65) & (y > 0.6) & ((x * 40).astype(int) % 2 == 0) & (y < 0.8)] = (0.95, 0.95, 0.95)
    return rgb


def main():
    h, w = 24, 32
    rgb = scene(h, w)
    eight = np.round(rgb * 255).astype(np.uint8)
    grey = np.round(rgb.mean(-1, keepdims=True) * 255).astype(np.uint8)
    alpha = np.tile(np.linspace(0, 255, w).round().astype(np.uint8), (h, 1))[:, :, None]
    png("rgb.png", eight)
    png("grey.png", grey)
    png("grey_alpha.png", np.concatenate([grey, alpha], -1))
    png("rgba.png", np.concatenate([eight, alpha], -1))
    png("rgb16.png", np.round(rgb * 65535).astype(np.uint16))

    # A convolution: 1x4x6x5 with 6x4x3x3 and a bias. Small integers, so that every sum is exact in float32.
    x = (np.arange(4 * 6 * 5).reshape(1, 4, 6, 5) % 11 - 5).astype("<f4")
    k = (np.arange(6 * 4 * 3 * 3).reshape(6, 4, 3, 3) % 7 - 3).astype("<f4")
    b = np.arange(6).astype("<f4")
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
    y = np.einsum("ncpqrs,kcrs->nkpq", windows.astype(float), k.astype(float)) + b[None, :, None, None]
    npy("x.npy", x)
    npy("x_fortran.npy", x, fortran=True)
    npy("x_chw.npy", x[0])
    npy("w.npy", k)
    npy("w_fortran.npy", k, fortran=True)
    npy("b.npy", b)
    npy("y.npy", y.astype("<f4"))

    # Finite in f64, and beyond float32 on the way: 3e38 + 3e38 - 3e38.
    npy("huge_x.npy", np.array([3e38, 3e38, -3e38], "<f4").reshape(1, 3, 1, 1))
    npy("ones_w.npy", np.ones((1, 3, 1, 1), "<f4"))

    # Other element types, ranks, and files that are not what they say.
    for descr in ("<f8", "<f2", "<i4", ">f4", "|u1"):
        npy("dtype_%s.npy" % descr.strip("<>|").replace("f4", "f4_big_endian"), x.astype(descr))
    npy("rank2.npy", x[0, 0])
    npy("rank5.npy", x[None])
    npy("bias_of_5.npy", b[:5])
    npy("empty_dimension.npy", np.zeros((1, 0, 6, 5), "<f4"))
    whole = (OUT / "x.npy").read_bytes()
    (OUT / "truncated_data.npy").write_bytes(whole[:-7])
    (OUT / "truncated_header.npy").write_bytes(whole[:40])
    (OUT / "empty.npy").write_bytes(b"")
    (OUT / "garbage.npy").write_bytes(bytes(range(200)))
    (OUT / "header_garbage.npy").write_bytes(header("{'descr': <<<, ") + bytes(480))
    (OUT / "header_no_dict.npy").write_bytes(header("[1, 2]") + bytes(480))
    (OUT / "header_no_shape.npy").write_bytes(header("{'descr': '<f4', 'fortran_order': False}") + bytes(480))
    (OUT / "header_negative.npy").write_bytes(
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, -4, 6, 5)}") + bytes(480))
    (OUT / "header_nested.npy").write_bytes(header("{'descr': %s, }" % ("(" * 3000 + ")" * 3000)) + bytes(480))
    (OUT / "header_length.npy").write_bytes(b"\x93NUMPY\x02\0" + struct.pack("<I", 0xFFFFFFF0) + bytes(100))
    (OUT / "version9.npy").write_bytes(b"\x93NUMPY\x09\0" + bytes(100))
    npy("claims_huge.npy", np.zeros(4, "<f4"), shape=(1, 1 << 20, 1 << 16, 1 << 10))
    npy("claims_overflow.npy", np.zeros(4, "<f4"), shape=(1 << 62, 1 << 62, 1 << 62, 1 << 62))
    npy("claims_zero.npy", np.zeros(0, "<f4"), shape=(0, 1 << 63, 1 << 63, 1 << 63))
    npy("structured.npy", np.zeros(480, "u1"), shape=(1, 4, 6, 5), descr="|V4")

    image = (OUT / "rgb.png").read_bytes()
    (OUT / "truncated.png").write_bytes(image[: len(image) // 2])
    (OUT / "no_png.png").write_bytes(b"this is a text file\n")
    huge = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 0x7FFFFFFF, 0x7FFFFFFF, 16, 6, 0, 0, 0))
    (OUT / "claims_huge.png").write_bytes(huge + chunk(b"IDAT", zlib.compress(b"", 0)) + chunk(b"IEND", b""))


if __name__ == "__main__":
    main()
