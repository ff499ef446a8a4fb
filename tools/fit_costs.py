#!/usr/bin/env python3
"""Fits the cost model of the cpu engine (cpu/src/cost.rs) to measurements.

    for isa in avx512 avx2 portable; do
        for suite in resnet50 vgg16 mobilenetv2; do
            SPARKLE_CPU_ISA=$isa sparkle-pm4 tune conv2d --suite $suite --threads 1 --accuracy fast \\
                --tuning off --json > $isa-$suite.json
        done
    done
    tools/fit_costs.py *.json

Prints, for each instruction set, the table that cost.rs has: for each method what an FMA, a float of the input, of the
output and of the weights, a tile and a call take, in FMAs of one lane at the peak. All lie within bounds that make sense,
and the sum of the squared relative errors of the predicted times is the least. Below stand the errors, and how much longer the algorithm
that the model would choose takes than the fastest. Needs NumPy and SciPy.
"""
import collections
import json
import sys

import numpy
from scipy.optimize import lsq_linear

METHODS = ["gemm-in-place", "gemm-staged", "gemm-packed", "winograd2", "winograd4", "depthwise-window",
           "depthwise-taps", "direct"]

# FMA, input, output, weight, moved, tile, call. An FMA takes its time at least; the others are kept from explaining, with a few
# shapes of one kind, what they have no part in.
BOUNDS = ([1, 0, 0, 0, 0, 0, 1e3], [4, 300, 300, 40, 100, 2e4, 1e5])

rows = collections.defaultdict(list)
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    for row in document["rows"]:
        # Times in FMAs of one lane.
        row["fmas"] = row["median_ns"] * row["peak_gflops"] / 2
        rows[row["isa"]].append(row)

for isa, all_rows in rows.items():
    print(f"const {isa.upper()}: [[f64; 7]; 8] = [")
    for method in METHODS:
        own = [row for row in all_rows if row["method"] == method]
        if not own:
            print(f"    // No measurement of {method}.")
            continue
        counts = numpy.array([row["work"] + [1.0] for row in own])
        times = numpy.array([row["fmas"] for row in own])
        each = lsq_linear(counts / times[:, None], numpy.ones(len(own)), BOUNDS).x
        each[each < 0.05] = 0
        for row, predicted in zip(own, counts @ each):
            row["predicted"] = predicted
        print(f"    // {method}")
        print("    [%s]," % ", ".join(repr(float(f"{v:.3g}")) for v in each))
    print("];")
    errors = [row["predicted"] / row["fmas"] for row in all_rows]
    print(f"// predicted over measured: quartiles {numpy.percentile(errors, [0, 25, 50, 75, 100]).round(2)}")
    shapes = collections.defaultdict(list)
    for row in all_rows:
        shapes[(json.dumps(row["dimensions"]), row["threads"])].append(row)
    losses = []
    for shape, candidates in shapes.items():
        best = min(candidates, key=lambda row: row["fmas"])
        chosen = min(candidates, key=lambda row: row["predicted"])
        losses.append(chosen["fmas"] / best["fmas"])
        if losses[-1] > 1.05:
            print(f"// {shape[0]}: {chosen['algorithm']} takes {losses[-1]:.2f} times {best['algorithm']}'s time")
    print(f"// chosen over fastest, geometric mean {numpy.exp(numpy.mean(numpy.log(losses))):.4f}")
