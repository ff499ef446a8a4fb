#!/usr/bin/env python3
"""Makes the oracle's vectors: expected results of instructions from models written after AMD's RDNA3 guide.

    make.py            writes vectors/*.vec
    make.py --check    makes them again and fails where a file differs
    make.py --random N --seed S --out DIR    N times as many tests from another seed, for long runs

Deterministic; the standard library only. llvm-mc 19 encodes; without it --check takes the codes of the files.
"""
import argparse
import importlib
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import vec  # noqa: E402

# Module, file it makes. A module has TITLE and generate(out, rng, factor).
MODULES = [
    (m[:-3], m[:-3])
    for m in sorted(os.listdir(HERE))
    if m.endswith(".py") and m.startswith(("gen_",))
]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--check", action="store_true")
    p.add_argument("--random", type=int, default=0)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--out", default=os.path.join(HERE, "vectors"))
    p.add_argument("only", nargs="*")
    a = p.parse_args()
    bad = 0
    os.makedirs(a.out, exist_ok=True)
    for module, name in MODULES:
        if a.only and module not in a.only:
            continue
        m = importlib.import_module(module)
        out = vec.File(m.TITLE)
        m.generate(out, random.Random("%s %d" % (module, a.seed)), max(1, a.random))
        path = os.path.join(a.out, name.removeprefix("gen_") + ".vec")
        old = open(path).read() if os.path.exists(path) else None
        text = out.render(old)
        if a.check:
            if text != old:
                print("%s differs from what %s.py makes" % (path, module))
                bad = 1
        else:
            with open(path, "w") as f:
                f.write(text)
            print("%s: %d tests, %d bytes" % (path, len(out.tests), len(text)))
    return bad


if __name__ == "__main__":
    sys.exit(main())
