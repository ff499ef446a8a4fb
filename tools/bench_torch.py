#!/usr/bin/env python3
"""Times PyTorch's conv2d on the layers of a `sparkle-pm4 bench conv2d` document, and prints a document with the same fields.

    sparkle-pm4 bench conv2d --suite resnet50 --threads 1,2 --json > ours.json
    python3 tools/bench_torch.py ours.json [--threads 1,2] [--rounds N] [--ms MS] [--memory-format …] > torch.json
    python3 tools/plot_scaling.py ours.json torch.json --out docs/scaling.svg

Shapes, batch and, without --threads, the numbers of threads are those of the document. Layers take turns, as in
`bench conv2d`: in each round each layer runs once uncounted, then for MS milliseconds, once at the least. Tensors are f32 and
NCHW and lie where they are; the call is torch.nn.functional.conv2d in inference mode, which allocates its result.
With --memory-format channels_last, inputs and weights lie as NHWC.

Whoever compares two programs runs both in turns, several times on an otherwise idle machine: plot_scaling.py takes any number
of documents of each.

Exit codes: 0, also where torch cannot be imported (it says so, and prints nothing); 1 the document has no layers; 2 usage.
"""
import argparse
import json
import statistics
import sys
import time


def machine_name():
    """The processor's name and the number of processors, as Linux tells them."""
    try:
        lines = open("/proc/cpuinfo", encoding="utf-8").read().splitlines()
    except OSError:
        return None
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} processors" if names else None


def layers_of(document):
    """The distinct layers: name, times and dimensions, in the document's order."""
    layers = {}
    for row in document.get("rows", []):
        if row.get("op") == "conv2d" and "dimensions" in row:
            layers.setdefault(row["shape"], (row.get("times", 1), row["dimensions"], row["flops"]))
    return layers


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("document", help="a document of bench conv2d --json; - is standard input")
    options.add_argument("--threads", help="a comma list [the document's]")
    options.add_argument("--rounds", type=int, default=7, help="turns of each layer [7]")
    options.add_argument("--ms", type=float, default=10.0, help="milliseconds of one turn [10]")
    options.add_argument("--memory-format", choices=["contiguous", "channels_last"], default="contiguous")
    options = options.parse_args()
    with sys.stdin if options.document == "-" else open(options.document, encoding="utf-8") as file:
        document = json.load(file)
    layers = layers_of(document)
    if not layers:
        sys.exit(f"{options.document} has no rows of conv2d")
    try:
        import torch
    except ImportError as why:
        print(f"skipped: {why}", file=sys.stderr)
        return
    threads = [int(n) for n in options.threads.split(",")] if options.threads else None
    if threads is None:
        threads = list(dict.fromkeys(machine["threads"] for machine in document["machines"]))

    form = torch.channels_last if options.memory_format == "channels_last" else torch.contiguous_format
    torch.manual_seed(1)
    calls = {}
    for name, (_, d, _) in layers.items():
        x = torch.rand(d["n"], d["c"], d["h"], d["w"]).contiguous(memory_format=form)
        w = torch.rand(d["k"], d["c"] // d["groups"], d["r"], d["s"]).contiguous(memory_format=form)
        more = (None, tuple(d["stride"]), tuple(d["pad"]), tuple(d["dilation"]), d["groups"])
        calls[name] = lambda x=x, w=w, more=more: torch.nn.functional.conv2d(x, w, *more)

    times = {(count, name): [] for count in threads for name in layers}
    with torch.inference_mode():
        for name, (_, d, _) in layers.items():
            y = tuple(calls[name]().shape)
            if y != (d["n"], d["k"], d["p"], d["q"]):
                sys.exit(f"{name}: PyTorch's result is {y}")
        for _ in range(options.rounds):
            for count in threads:
                torch.set_num_threads(count)
                for name, call in calls.items():
                    call()
                    turn = time.perf_counter_ns()
                    while True:
                        start = time.perf_counter_ns()
                        call()
                        end = time.perf_counter_ns()
                        times[count, name].append(max(1, end - start))
                        if end - turn >= options.ms * 1e6:
                            break

    capability = getattr(torch.backends.cpu, "get_cpu_capability", lambda: "unknown")()
    rows, totals = [], []
    for count in threads:
        total, flops, runs = 0, 0, 0
        for name, (often, d, layer_flops) in layers.items():
            ns = sorted(times[count, name])
            median = statistics.median_low(ns)
            total, flops, runs = total + often * median, flops + often * layer_flops, runs + often
            rows.append(
                {
                    "op": "conv2d",
                    "device": "cpu",
                    "engine": "cpu",
                    "iters": len(ns),
                    "median_ns": median,
                    "min_ns": ns[0],
                    "shape": name,
                    "threads": count,
                    "flops": layer_flops,
                    "gflops": layer_flops / median,
                    "kernel": "torch.nn.functional.conv2d",
                    "isa": capability,
                    "times": often,
                    "quartiles_ns": [ns[len(ns) // 4], ns[3 * len(ns) // 4]],
                    "dimensions": d,
                }
            )
        totals.append({"threads": count, "convolutions": runs, "flops": flops, "time_ns": total, "gflops": flops / total})
    json.dump(
        {
            "schema": "sparkle-pm4/bench/1",
            "library": f"PyTorch {torch.__version__}" + ("" if options.memory_format == "contiguous" else " NHWC"),
            "machine": machine_name(),
            "suite": document.get("suite"),
            "batch": document.get("batch"),
            "machines": [{"threads": count, "isa": capability} for count in threads],
            "rows": rows,
            "totals": totals,
        },
        sys.stdout,
        indent=1,
    )
    print()


if __name__ == "__main__":
    main()
