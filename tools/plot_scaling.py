#!/usr/bin/env python3
"""Draws the speed of convolutions over the number of threads, from documents of `sparkle-pm4 bench conv2d --json`.

    sparkle-pm4 bench conv2d --suite resnet50 --threads 1,2,4,8,16 --json > ours.json
    python3 tools/bench_torch.py ours.json > torch.json
    python3 tools/plot_scaling.py ours.json [ours2.json …] [torch.json …] --out docs/scaling.svg [--machine NAME] [--table]

Of several documents of one program each layer's time is the median of theirs. A thin line is a layer, a thick one the
geometric mean of all layers. The first part is GFLOPS, with the FMA peak of the same run; the second one the speed-up over
the least number of threads; and with a second program's documents, the third one is the quotient of both programs' rates,
layer by layer. --table prints the numbers behind it in Markdown. The name of the machine is --machine, else what a document
has, else this machine's.

Exit codes: 0; 1 a document cannot be used; 2 usage.
"""
import argparse
import html
import json
import math
import re
import statistics
import sys

WIDTH = 1000
PANEL = 560
TOP = 120
LEFT, RIGHT = 120, 190
# Of a panel: above and below the plot.
ABOVE, BELOW = 70, 96
# Half the width has to be readable.
FONT = 22
SMALL = 19
# Colours that stay apart for colour-blind readers (Okabe and Ito, 2008).
OURS, THEIRS, INK, GRID = "#0072b2", "#d55e00", "#222222", "#dddddd"


def refuse(why):
    print(f"error: {why}", file=sys.stderr)
    sys.exit(1)


def machine_name():
    try:
        lines = open("/proc/cpuinfo", encoding="utf-8").read().splitlines()
    except OSError:
        return "unknown machine"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} processors" if names else "unknown machine"


class Program:
    """All documents of one program: GFLOPS by layer and number of threads."""

    def __init__(self, name):
        self.name = name
        self.times = {}
        self.flops = {}
        self.isas = []
        self.peaks = {}

    def add(self, path, document):
        for row in document.get("rows", []):
            if row.get("op") != "conv2d":
                continue
            if row.get("engine") != "cpu":
                refuse(f"{path}: the engine of {row.get('shape')} is {row.get('engine')}, not cpu")
            flops = self.flops.setdefault(row["shape"], row["flops"])
            if flops != row["flops"]:
                refuse(f"{path}: {row['shape']} has {row['flops']} FLOPs, and {flops} before: another batch?")
            self.times.setdefault((row["shape"], row["threads"]), []).append(row["median_ns"])
            if row["isa"].lower() not in self.isas:
                self.isas.append(row["isa"].lower())
        for machine in document.get("machines", []):
            if "fma_gflops" in machine:
                peak = self.peaks.get(machine["threads"], 0.0)
                self.peaks[machine["threads"]] = max(peak, machine["fma_gflops"])

    def threads(self):
        return {threads for _, threads in self.times}

    def gflops(self, layer, threads):
        return self.flops[layer] / statistics.median(self.times[layer, threads])

    def mean(self, layers, threads):
        return statistics.geometric_mean(self.gflops(layer, threads) for layer in layers)


def short(layer):
    return layer.split("-", 1)[1] if "-" in layer else layer


class Axis:
    """A logarithmic axis from one power of two to another."""

    def __init__(self, values, start, end):
        low, high = math.log2(min(values)), math.log2(max(values))
        # A value that is almost the tick's does not ask for another one.
        self.low, self.high = math.floor(low + 0.02), max(math.ceil(high - 0.02), math.floor(low + 0.02) + 1)
        self.start, self.end = start, end

    def at(self, value):
        part = (math.log2(value) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self):
        octaves = self.high - self.low
        step = max(1, math.ceil(octaves / 8))
        between = {1: (1, 1.25, 1.5, 1.75), 2: (1, 1.5)}.get(octaves, (1,))
        ticks = [part * 2.0**i for i in range(self.low, self.high + 1, step) for part in between]
        return [tick for tick in ticks if tick <= 2.0**self.high]


class Threads:
    """The counts that were measured, at their logarithms."""

    def __init__(self, counts):
        self.counts = counts
        self.low, self.high = math.log2(counts[0]), math.log2(counts[-1])

    def at(self, count):
        return LEFT + (math.log2(count) - self.low) / (self.high - self.low) * (WIDTH - LEFT - RIGHT)


def number(value):
    return f"{value:g}" if value >= 0.01 else f"{value:.3g}"


class Picture:
    def __init__(self, title, subtitle, panels):
        self.height = TOP + PANEL * panels
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.height}" viewBox="0 0 {WIDTH} {self.height}" '
            f'role="img" font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="{FONT}" fill="{INK}">',
            f"<title>{html.escape(title)}</title>",
            # A background of its own, for pages of any colour.
            f'<rect width="{WIDTH}" height="{self.height}" fill="#ffffff"/>',
        ]
        self.text(WIDTH / 2, 42, title, 'text-anchor="middle" font-size="26" font-weight="bold"')
        # About 0.6 of the size a letter.
        size = min(FONT, (WIDTH - 40) / 0.56 / max(1, len(subtitle)))
        self.text(WIDTH / 2, 80, subtitle, f'text-anchor="middle" font-size="{size:.1f}"')

    def text(self, x, y, text, more=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" {more}>{html.escape(text)}</text>')

    def line(self, points, more):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{points}" fill="none" {more}/>')

    def panel(self, i, heading, unit, threads, series, marks=()):
        """`series`: (name at the right end or None, colour, thick, dashes, {threads: value}); `marks`: values with a line."""
        top, bottom = TOP + PANEL * i + ABOVE, TOP + PANEL * (i + 1) - BELOW
        values = [v for *_, line in series for v in line.values()] + list(marks)
        axis = Axis(values, bottom, top)
        right = WIDTH - RIGHT
        self.text(LEFT, top - 26, heading, 'font-weight="bold"')
        for tick in axis.ticks():
            y = axis.at(tick)
            self.line([(LEFT, y), (right, y)], f'stroke="{GRID}"')
            self.text(LEFT - 12, y + 8, number(tick), 'text-anchor="end"')
        for count in threads.counts:
            x = threads.at(count)
            self.line([(x, top), (x, bottom)], f'stroke="{GRID}"')
            self.text(x, bottom + 30, str(count), 'text-anchor="middle"')
        self.text((LEFT + right) / 2, bottom + 64, "threads", 'text-anchor="middle"')
        y = (top + bottom) / 2
        self.text(34, y, unit, f'text-anchor="middle" transform="rotate(-90 34 {y:.1f})"')
        for mark in marks:
            self.line([(LEFT, axis.at(mark)), (right, axis.at(mark))], f'stroke="{INK}" stroke-width="2"')
        ends = []
        # Thick ones over thin ones.
        for name, colour, thick, dashes, line in sorted(series, key=lambda s: s[2]):
            points = [(threads.at(count), axis.at(value)) for count, value in sorted(line.items())]
            dash = f' stroke-dasharray="{dashes}"' if dashes else ""
            style = 'stroke-width="5"' if thick else 'stroke-width="1.5" stroke-opacity="0.45"'
            self.line(points, f'stroke="{colour}" {style}{dash} stroke-linejoin="round"')
            if thick:
                for x, y in points:
                    self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}"/>')
            if name:
                ends.append((points[-1][1], name, colour, thick))
        # Names at the right, pushed apart from above to below, then back into the panel.
        ends.sort()
        ys = []
        for y, *_ in ends:
            ys.append(max(y, ys[-1] + FONT + 2) if ys else max(y, top))
        limit = bottom
        for k in reversed(range(len(ys))):
            ys[k] = min(ys[k], limit)
            limit = ys[k] - FONT - 2
        for (_, name, colour, thick), y in zip(ends, ys):
            weight = ' font-weight="bold"' if thick else ""
            size = min(SMALL, (RIGHT - 20) / 0.66 / len(name))
            self.text(right + 14, y + 7, name, f'font-size="{size:.1f}" fill="{colour}"{weight}')

    def svg(self):
        return "\n".join([*self.parts, "</svg>", ""])


def extremes(lines):
    """Names for the lowest and the highest line at their ends, none for the others."""
    ends = sorted((line[max(line)], layer) for layer, line in lines.items())
    chosen = {ends[0][1], ends[-1][1]} if len(ends) > 2 else {layer for _, layer in ends}
    return {layer: short(layer) if layer in chosen else None for layer in lines}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("documents", nargs="+", help="documents of bench conv2d --json and of bench_torch.py")
    options.add_argument("--out", required=True, help="the picture")
    options.add_argument("--machine", help="the machine's name")
    options.add_argument("--table", action="store_true", help="print the numbers")
    options = options.parse_args()

    programs, suites, machine = {}, set(), options.machine
    for path in options.documents:
        try:
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
        except (OSError, ValueError) as why:
            refuse(f"{path}: {why}")
        if not isinstance(document, dict) or document.get("schema") != "sparkle-pm4/bench/1":
            refuse(f"{path} is no document of the schema sparkle-pm4/bench/1")
        name = document.get("library", "sparkle-pm4")
        try:
            programs.setdefault(name, Program(name)).add(path, document)
        except (KeyError, TypeError, AttributeError) as why:
            refuse(f"{path}: a row lacks {why}")
        suites.add((document.get("suite"), document.get("batch")))
        machine = machine or document.get("machine")
    if "sparkle-pm4" not in programs or len(programs) > 2:
        refuse(f"there are documents of {', '.join(programs)}; it takes sparkle-pm4's, and one other program's")
    if len(suites) > 1:
        refuse(f"the documents are of different suites or batches: {sorted(map(str, suites))}")
    ours = programs.pop("sparkle-pm4")
    other = next(iter(programs.values()), None)
    everyone = [ours] + ([other] if other else [])
    counts = sorted(set.intersection(*(program.threads() for program in everyone)))
    layers = [
        layer for layer in ours.flops if all((layer, count) in p.times for p in everyone for count in counts)
    ]
    if len(counts) < 2 or not layers:
        refuse("a curve wants two numbers of threads at the least, with the same layers")
    if other and any(other.flops[layer] != ours.flops[layer] for layer in layers):
        refuse("the programs' layers differ in FLOPs")

    suite, batch = suites.pop()
    title = f"conv2d {suite or 'layers'}, batch {batch}, f32: speed over threads"
    subtitle = f"engine cpu, {' and '.join(ours.isas)}, {machine or machine_name()}"
    picture = Picture(title, subtitle, 3 if other else 2)
    threads = Threads(counts)
    means = {program.name: {count: program.mean(layers, count) for count in counts} for program in everyone}
    rates = {layer: {count: ours.gflops(layer, count) for count in counts} for layer in layers}
    colour = {ours.name: OURS, **({other.name: THEIRS} if other else {})}

    # Without the build's own part of a version.
    label = {program.name: re.sub(r"\+\S*", "", program.name) for program in everyone}
    thick = [(label[p.name], colour[p.name], True, None, means[p.name]) for p in everyone]
    names = extremes(rates)
    thin = [(names[layer], OURS, False, None, line) for layer, line in rates.items()]
    if all(count in ours.peaks for count in counts):
        peak = {count: ours.peaks[count] for count in counts}
        thin.append(("FMA peak", INK, False, "10 6", peak))
    heading = f"rate: each of {len(layers)} layers, and geometric mean"
    picture.panel(0, heading, "GFLOPS", threads, thin + thick)

    first = counts[0]
    ups = {layer: {count: line[count] / line[first] for count in counts} for layer, line in rates.items()}
    names = extremes(ups)
    series = [(names[layer], OURS, False, None, line) for layer, line in ups.items()]
    for p in everyone:
        mean = means[p.name]
        series.append((label[p.name], colour[p.name], True, None, {count: mean[count] / mean[first] for count in counts}))
    series.append(("ideal", INK, False, "10 6", {count: count / first for count in counts}))
    one = "one thread" if first == 1 else f"{first} threads"
    picture.panel(1, f"speed-up over {one}", f"times the rate of {one}", threads, series)

    if other:
        quotients = {
            layer: {count: rates[layer][count] / other.gflops(layer, count) for count in counts} for layer in layers
        }
        names = extremes(quotients)
        series = [(names[layer], OURS, False, None, line) for layer, line in quotients.items()]
        mean = {count: means[ours.name][count] / means[other.name][count] for count in counts}
        series.append(("mean", OURS, True, None, mean))
        picture.panel(2, f"sparkle-pm4's rate over {label[other.name]}'s", "quotient", threads, series, marks=[1.0])

    try:
        with open(options.out, "w", encoding="utf-8") as file:
            file.write(picture.svg())
    except OSError as why:
        refuse(f"{options.out}: {why}")

    if options.table:
        print("| layer | " + " | ".join(f"{p.name}, {count}" for count in counts for p in everyone) + " |")
        print("|---" * (1 + len(counts) * len(everyone)) + "|")
        for layer in layers:
            cells = [f"{p.gflops(layer, count):.1f}" for count in counts for p in everyone]
            print(f"| {short(layer)} | " + " | ".join(cells) + " |")
        cells = [f"{means[p.name][count]:.1f}" for count in counts for p in everyone]
        print("| geometric mean | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
