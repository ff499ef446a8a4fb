"""A convolution through ncnn's Vulkan backend, compared with NumPy's answer.

Prints a line each; the exit code is 0 only when every line says `right`, and the device is a card of AMD's.
"""
import os
import sys
import tempfile

import ncnn
import numpy as np

PARAM = """7767517
2 2
Input input 0 1 data
Convolution conv 1 1 data out 0={k} 1={r} 2=1 3=1 4={pad} 5=1 6={count}
"""


def reference(x, w, bias, pad):
    c, h, width = x.shape
    k, _, r, s = w.shape
    padded = np.zeros((c, h + 2 * pad, width + 2 * pad))
    padded[:, pad : pad + h, pad : pad + width] = x
    out = np.zeros((k, h + 2 * pad - r + 1, width + 2 * pad - s + 1))
    for i in range(r):
        for j in range(s):
            part = padded[:, i : i + out.shape[1], j : j + out.shape[2]]
            out += np.einsum("kc,chw->khw", w[:, :, i, j].astype(np.float64), part)
    return out + bias[:, None, None]


def convolution(folder, x, w, bias, pad, half):
    k, _, r, _ = w.shape
    param, weights = os.path.join(folder, "net.param"), os.path.join(folder, "net.bin")
    with open(param, "w", encoding="ascii") as file:
        file.write(PARAM.format(k=k, r=r, pad=pad, count=w.size))
    with open(weights, "wb") as file:
        # Four zero bytes: the weights are plain float32.
        file.write(bytes(4) + w.astype(np.float32).tobytes() + bias.astype(np.float32).tobytes())
    net = ncnn.Net()
    net.opt.use_vulkan_compute = True
    for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic"):
        setattr(net.opt, name, half)
    net.set_vulkan_device(0)
    if net.load_param(param) != 0 or net.load_model(weights) != 0:
        raise RuntimeError("ncnn refuses the network")
    extractor = net.create_extractor()
    extractor.input("data", ncnn.Mat(np.ascontiguousarray(x)).clone())
    status, out = extractor.extract("out")
    if status != 0:
        raise RuntimeError(f"extract returned {status}")
    return np.array(out)


def main():
    ncnn.create_gpu_instance()
    if ncnn.get_gpu_count() == 0:
        print("there is no Vulkan device")
        return 1
    name = ncnn.get_gpu_info(0).device_name()
    print(f"device: {name}", flush=True)
    if not any(part in name for part in ("RADV", "NAVI31", "AMD")):
        print("this is not the card")
        return 1
    rng = np.random.default_rng(1)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for c, k, size, r, pad in ((3, 16, 32, 3, 1), (16, 32, 28, 3, 1), (32, 24, 17, 1, 0), (5, 7, 19, 5, 2)):
            for half in (False, True):
                x = rng.standard_normal((c, size, size)).astype(np.float32)
                w = (rng.standard_normal((k, c, r, r)) / np.sqrt(c * r * r)).astype(np.float32)
                bias = rng.standard_normal(k).astype(np.float32)
                got = convolution(folder, x, w, bias, pad, half)
                want = reference(x, w, bias, pad)
                # Winograd's transforms cost a few bits; half precision leaves eleven.
                allowed = 0.05 if half else 2e-4
                same = got.shape == want.shape
                error = float(np.abs(got - want).max()) if same else float("inf")
                right = error <= allowed
                wrong += not right
                what = f"conv {c}x{size}x{size} to {k}, {r}x{r}, {'f16' if half else 'f32'}"
                print(f"{what}: {'right' if right else 'wrong'}, largest error {error:.2g}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    # Not through the interpreter's end: ncnn's instance is destroyed before what refers to it.
    status = main()
    sys.stdout.flush()
    os._exit(status)
