//! `bench conv2d`: the convolutions of published networks on the CPU, beside what the machine can do.

mod roofline;
mod svg;

use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use serde_json::{Value, json};
use sparkle_pm4::Error;
use sparkle_pm4::cpu::{Accuracy, Activation, Aligned, Conv2d, Engine, Packed, Tuning};
use sparkle_pm4::ops::{Conv2dShape, NAMED_SHAPES, NamedShape, named_shape};

use super::super::conv2d::problem::{available_memory, unwritable};
use super::super::conv2d::report::shape_members;
use super::super::{Style, conv2d, environment, tuning, wrap};
use super::machine::{Machine, Memory};
use super::{Failure, Output, Row, exit, nanoseconds, random};
use roofline::{Point, Roofline};

/// Arguments of `bench conv2d`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The network whose convolutions are timed.
    #[arg(long, value_enum, default_value = "resnet50")]
    suite: Suite,
    /// Single layers instead, by name (`run conv2d --list-shapes` has them all).
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', conflicts_with = "suite")]
    shape: Vec<String>,
    /// Images at a time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: u32,
    /// Host threads: each count is measured [default: all cores].
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = conv2d::threads)]
    threads: Vec<NonZeroUsize>,
    /// Which algorithms may be chosen.
    #[arg(long, value_name = "exact|default|fast", value_parser = str::parse::<Accuracy>, default_value = "default")]
    accuracy: Accuracy,
    /// What is applied to each output before it is stored.
    #[arg(long, value_name = "none|relu|relu6", value_parser = str::parse::<Activation>, default_value = "none")]
    activation: Activation,
    #[command(flatten)]
    tuning: tuning::Args,
    /// Turns of each layer.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Milliseconds of one turn; one timed run at the least.
    #[arg(long, value_name = "MS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=60_000))]
    ms: u32,
    /// Draw the roofline into this file, too.
    #[arg(long, value_name = "FILE.svg")]
    svg: Option<PathBuf>,
}

/// A network of [`NAMED_SHAPES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// ResNet-50 v1.5.
    Resnet50,
    /// VGG-16.
    Vgg16,
    /// MobileNetV2 1.0.
    Mobilenetv2,
}

impl Suite {
    fn name(self) -> &'static str {
        match self {
            Self::Resnet50 => "resnet50",
            Self::Vgg16 => "vgg16",
            Self::Mobilenetv2 => "mobilenetv2",
        }
    }

    /// Its convolutions.
    pub fn shapes(self) -> impl Iterator<Item = &'static NamedShape> {
        let network = move |name: &str| name.split_once('-').is_some_and(|(network, _)| network == self.name());
        NAMED_SHAPES.iter().filter(move |s| network(s.name))
    }
}

/// A distinct convolution.
struct Layer {
    /// What the picture calls it.
    mark: char,
    /// Its name among all.
    name: &'static str,
    /// How often one pass of the network runs it.
    times: u32,
    shape: Conv2dShape,
    weights: Aligned,
}

impl Layer {
    /// The name without its network's.
    fn short_name(&self) -> &'static str {
        self.name.split_once('-').map_or(self.name, |(_, layer)| layer)
    }

    /// `64x56x56 128 3x3/2`: input, output channels, kernel, stride; the depthwise ones say so.
    fn short_shape(&self) -> String {
        let s = &self.shape;
        let mut text = format!("{}x{}x{} {} {}x{}", s.c, s.h, s.w, s.k, s.r, s.s);
        if s.stride != [1, 1] {
            text += &format!("/{}", s.stride[0]);
        }
        match s.groups {
            1 => {}
            groups if groups == s.c && groups == s.k => text += " dw",
            groups => text += &format!(" g{groups}"),
        }
        text
    }

    /// Bytes of input, weights and output, each once.
    fn bytes(&self) -> u64 {
        4 * [self.shape.input_len(), self.shape.weight_len(), self.shape.output_len()]
            .map(|n| n as u64)
            .iter()
            .sum::<u64>()
    }

    fn flops_per_byte(&self) -> f64 {
        self.shape.flops() as f64 / self.bytes() as f64
    }
}

/// A layer on one machine.
struct Case {
    conv: Conv2d,
    packed: Packed,
    row: Row,
}

impl Case {
    fn new(machine: &Machine, layer: &Layer, args: &Args, tuning: &Tuning) -> Result<Self, Error> {
        let conv = Conv2d::tuned(&machine.engine, layer.shape, args.accuracy, tuning)?.activation(args.activation);
        let packed = conv.pack(&machine.engine, &layer.weights)?;
        Ok(Self { conv, packed, row: Row::new("cpu") })
    }

    /// One turn: a run that counts for nothing, since other layers have used the caches, then timed ones.
    fn turn(&mut self, engine: &Engine, x: &[f32], y: &mut [f32], duration: Duration) -> Result<(), Error> {
        let shape = *self.conv.shape();
        let (x, y) = (&x[..shape.input_len()], &mut y[..shape.output_len()]);
        self.conv.run_packed(engine, x, &self.packed, None, y)?;
        let turn = Instant::now();
        loop {
            let start = Instant::now();
            self.conv.run_packed(engine, x, &self.packed, None, y)?;
            self.row.times.push(nanoseconds(start).max(1));
            if turn.elapsed() >= duration {
                return Ok(());
            }
        }
    }

    fn gflops(&self) -> f64 {
        self.conv.shape().flops() as f64 / self.row.median() as f64
    }

    fn kernel(&self) -> String {
        format!("conv2d_{}_{}", self.conv.algorithm(), self.conv.isa())
    }
}

/// A machine with all layers.
struct Bench {
    machine: Machine,
    cases: Vec<Case>,
}

/// All of a network's convolutions, one after the other, at their medians.
struct Total {
    convolutions: u64,
    flops: u64,
    time_ns: u64,
    /// At the roof.
    least_ns: f64,
}

impl Bench {
    fn layers<'a>(&'a self, layers: &'a [Layer]) -> impl Iterator<Item = (&'a Layer, &'a Case)> {
        layers.iter().zip(&self.cases)
    }

    fn total(&self, layers: &[Layer]) -> Total {
        let mut total = Total { convolutions: 0, flops: 0, time_ns: 0, least_ns: 0.0 };
        for (layer, case) in self.layers(layers) {
            let times = u64::from(layer.times);
            total.convolutions += times;
            total.flops += times * layer.shape.flops();
            total.time_ns += times * case.row.median();
            let roof = self.machine.roof_gflops(layer.flops_per_byte());
            total.least_ns += times as f64 * layer.shape.flops() as f64 / roof;
        }
        total
    }

    fn roofline(&self, layers: &[Layer]) -> Roofline {
        let point = |(layer, case): (&Layer, &Case)| Point {
            mark: layer.mark,
            name: layer.short_name(),
            times: layer.times,
            algorithm: case.conv.algorithm().name(),
            flops_per_byte: layer.flops_per_byte(),
            gflops: case.gflops(),
        };
        Roofline {
            machine: self.machine.name(),
            peak_gflops: self.machine.fma_gflops(),
            read_gb_per_s: self.machine.read_gb_per_s(),
            points: self.layers(layers).map(point).collect(),
        }
    }
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    if let Some(path) = &args.svg {
        check_writable(path)?;
    }
    let mut threads = args.threads.clone();
    if threads.is_empty() {
        threads.extend(environment::flag_or(None, environment::THREADS, conv2d::threads)?);
    }
    let threads: Vec<_> = if threads.is_empty() { vec![None] } else { threads.into_iter().map(Some).collect() };
    let mut layers = layers(&args)?;
    let largest = |len: fn(&Conv2dShape) -> usize| layers.iter().map(|l| len(&l.shape)).max().unwrap_or(0);
    let (x_len, y_len) = (largest(Conv2dShape::input_len), largest(Conv2dShape::output_len));
    check_memory(&layers, threads.len(), x_len, y_len)?;

    let progress = out.progress("filling the tensors");
    let memory = Memory::new(out)?;
    let x = random(x_len, 1)?;
    let mut y = random(y_len, 2)?;
    for (layer, stream) in layers.iter_mut().zip(3..) {
        layer.weights = random(layer.shape.weight_len(), stream)?;
    }
    let tuning = args.tuning.load(out);
    let mut benches = Vec::new();
    for threads in threads {
        let machine = Machine::new(Engine::new(threads, None).map_err(Error::from)?);
        progress.say(format!("packing the weights for {}", machine.name()));
        let cases: Result<_, _> = layers.iter().map(|layer| Case::new(&machine, layer, &args, &tuning)).collect();
        benches.push(Bench { machine, cases: cases? });
    }
    // In turns, so that a change of the machine's load or clock hits all of them.
    for round in 0..args.rounds {
        for Bench { machine, cases } in &mut benches {
            machine.measure(&memory)?;
            for (case, layer) in cases.iter_mut().zip(&layers) {
                progress.say(format!("round {} of {}: {}, {}", round + 1, args.rounds, layer.name, machine.name()));
                case.turn(&machine.engine, &x, &mut y, Duration::from_millis(args.ms.into()))?;
            }
        }
    }
    drop(progress);

    let title = title(&args);
    if let Some(path) = &args.svg {
        let rooflines: Vec<_> = benches.iter().map(|bench| bench.roofline(&layers)).collect();
        std::fs::write(path, svg::picture(&title, &rooflines)).map_err(|e| unwritable(path, &e))?;
    }
    if out.json {
        out.document(&document(&args, &benches, &layers, &memory))?;
        return Ok(());
    }
    for line in wrap(&title, out.width, "  ").lines() {
        out.line(out.paint(Style::Head, line))?;
    }
    for bench in &benches {
        out.text(&table(bench, &layers, out))?;
        for line in bench.roofline(&layers).text(out.width) {
            out.line(line)?;
        }
    }
    out.text(&wrap(LEGEND, out.width, ""))?;
    Ok(())
}

const LEGEND: &str = "\
us: median of the runs, iqr: half of them lie this close together; peak: share of the FMA peak; roof: share of the \
roofline, the lower one of that peak and of FLOPs per byte (of x, w and y, each once) times the rate of reading memory. \
FLOPs are the definition's: Winograd, which needs fewer, and sums that skip padding can pass 100 %; so can, of the roof, \
layers that stay in the caches.";

fn title(args: &Args) -> String {
    let what = if args.shape.is_empty() { args.suite.name() } else { "layers" };
    let activation = match args.activation {
        Activation::IDENTITY => String::new(),
        activation => format!(", {activation}"),
    };
    format!("conv2d {what}, batch {}, f32, accuracy {}{activation}", args.batch, args.accuracy.name())
}

/// Refuses a picture that could not be written in the end, before the work.
fn check_writable(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match std::fs::metadata(folder) {
        Err(e) => Err(unwritable(path, &e)),
        Ok(meta) if !meta.is_dir() => Err(unwritable(path, &ErrorKind::NotADirectory.into())),
        Ok(_) if path.is_dir() => Err(unwritable(path, &ErrorKind::IsADirectory.into())),
        Ok(_) => Ok(()),
    }
}

/// A name that no shape has.
pub fn unknown_shape(name: &str) -> Failure {
    Failure::usage(
        format!("no shape has the name `{name}`"),
        "names are spelt in full, as in resnet50-conv2",
        "`sparkle-pm4 run conv2d --list-shapes` lists them",
    )
}

/// The layers that the arguments name, without weights.
fn layers(args: &Args) -> Result<Vec<Layer>, Failure> {
    let mut named = Vec::new();
    if args.shape.is_empty() {
        named.extend(args.suite.shapes());
    }
    for name in &args.shape {
        named.push(named_shape(name).ok_or_else(|| unknown_shape(name))?);
    }
    let marks = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(std::iter::repeat('#'));
    let layer = |(named, mark): (&NamedShape, char)| {
        let shape = Conv2dShape { n: args.batch as usize, ..named.shape };
        shape.validate().map_err(|e| Failure::from(&Error::Shape(e)))?;
        let times = if args.shape.is_empty() { named.times } else { 1 };
        Ok(Layer { mark, name: named.name, times, shape, weights: Aligned::default() })
    };
    named.into_iter().zip(marks).map(layer).collect()
}

/// Refuses a batch that this machine's free memory cannot hold, before anything is allocated for it.
fn check_memory(layers: &[Layer], machines: usize, x_len: usize, y_len: usize) -> Result<(), Failure> {
    let weights: u128 = layers.iter().map(|l| l.shape.weight_len() as u128).sum();
    // Winograd's weights are four times as large, and its scratch as x and y.
    let needed = 4 * (2 * (x_len as u128 + y_len as u128) + weights * (1 + 4 * machines as u128));
    match available_memory() {
        Some(free) if needed > u128::from(free) => {
            let gib = |bytes: f64| bytes / (1u64 << 30) as f64;
            Err(Failure {
                exit: exit::FAILED,
                code: "out-of-memory".into(),
                what: "these layers are too large for this machine".into(),
                evidence: format!(
                    "they need about {:.1} GiB, and {:.1} GiB are free",
                    gib(needed as f64),
                    gib(free as f64)
                ),
                next: "take a smaller batch".into(),
            })
        }
        _ => Ok(()),
    }
}

/// A column of the table, and which of them go first where there is no room.
struct Column {
    title: &'static str,
    left: bool,
    /// The least goes first.
    worth: u8,
}

const COLUMNS: [Column; 10] = [
    Column { title: "", left: true, worth: 5 },
    Column { title: "layer", left: true, worth: 9 },
    Column { title: "x", left: false, worth: 3 },
    Column { title: "C x H x W, K, kernel", left: true, worth: 1 },
    Column { title: "us", left: false, worth: 8 },
    Column { title: "iqr", left: false, worth: 0 },
    Column { title: "GFLOPS", left: false, worth: 7 },
    Column { title: "peak", left: false, worth: 6 },
    Column { title: "roof", left: false, worth: 4 },
    Column { title: "algorithm", left: true, worth: 2 },
];

fn percent(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}

fn microseconds(ns: f64) -> String {
    let us = ns / 1e3;
    if us < 1e5 { format!("{us:.1}") } else { format!("{us:.0}") }
}

fn rate(gflops: f64) -> String {
    if gflops < 9.995 { format!("{gflops:.2}") } else { format!("{gflops:.1}") }
}

fn table(bench: &Bench, layers: &[Layer], out: &Output) -> String {
    let machine = &bench.machine;
    let total = bench.total(layers);
    let mut rows: Vec<[String; COLUMNS.len()]> = vec![COLUMNS.map(|c| c.title.to_owned())];
    for (layer, case) in bench.layers(layers) {
        let (median, [low, high]) = (case.row.median() as f64, case.row.quartiles());
        rows.push([
            layer.mark.to_string(),
            layer.short_name().to_owned(),
            layer.times.to_string(),
            layer.short_shape(),
            microseconds(median),
            percent((high - low) as f64 / median),
            rate(case.gflops()),
            percent(case.gflops() / machine.fma_gflops()),
            percent(case.gflops() / machine.roof_gflops(layer.flops_per_byte())),
            case.conv.algorithm().to_string(),
        ]);
    }
    let gflops = total.flops as f64 / total.time_ns as f64;
    rows.push([
        String::new(),
        "total".into(),
        total.convolutions.to_string(),
        String::new(),
        microseconds(total.time_ns as f64),
        String::new(),
        rate(gflops),
        percent(gflops / machine.fma_gflops()),
        percent(total.least_ns / total.time_ns as f64),
        String::new(),
    ]);
    let widths: [usize; COLUMNS.len()] =
        std::array::from_fn(|i| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0));
    let mut shown: Vec<usize> = (0..COLUMNS.len()).collect();
    while shown.len() > 1 && shown.iter().map(|&i| widths[i] + 1).sum::<usize>() > out.width + 1 {
        shown.retain({
            let least = shown.iter().copied().min_by_key(|&i| COLUMNS[i].worth);
            move |&i| Some(i) != least
        });
    }
    let heading = format!(
        "{}: FMA peak {} GFLOPS, memory read {} GB/s (this run)",
        machine.name(),
        rate(machine.fma_gflops()),
        rate(machine.read_gb_per_s())
    );
    let mut text = wrap(&heading, out.width, "  ");
    for row in rows {
        let cell = |&i: &usize| match COLUMNS[i].left {
            true => format!("{:<1$}", row[i], widths[i]),
            false => format!("{:>1$}", row[i], widths[i]),
        };
        text += shown.iter().map(cell).collect::<Vec<_>>().join(" ").trim_end();
        text.push('\n');
    }
    text
}

fn document(args: &Args, benches: &[Bench], layers: &[Layer], memory: &Memory) -> Value {
    let row = |bench: &Bench, layer: &Layer, case: &Case| {
        let roof = bench.machine.roof_gflops(layer.flops_per_byte());
        let [low, high] = case.row.quartiles();
        let more = json!({
            "shape": layer.name,
            "threads": bench.machine.engine.threads(),
            "flops": layer.shape.flops(),
            "gflops": case.gflops(),
            "kernel": case.kernel(),
            "algorithm": case.conv.algorithm().name(),
            "isa": case.conv.isa().to_string(),
            "error_bound": case.conv.algorithm().error_bound(&layer.shape),
            "times": layer.times,
            "quartiles_ns": [low, high],
            "flops_per_byte": layer.flops_per_byte(),
            "peak_share": case.gflops() / bench.machine.fma_gflops(),
            "roofline_gflops": roof,
            "roofline_share": case.gflops() / roof,
            "dimensions": shape_members(&layer.shape, Some(layer.name), conv2d::Dtype::F32),
        });
        case.row.document("conv2d", more)
    };
    let total = |bench: &Bench| {
        let total = bench.total(layers);
        let gflops = total.flops as f64 / total.time_ns as f64;
        json!({
            "threads": bench.machine.engine.threads(),
            "convolutions": total.convolutions,
            "flops": total.flops,
            "time_ns": total.time_ns,
            "gflops": gflops,
            "peak_share": gflops / bench.machine.fma_gflops(),
            "roofline_share": total.least_ns / total.time_ns as f64,
        })
    };
    json!({
        "schema": "sparkle-pm4/bench/1",
        "suite": args.shape.is_empty().then(|| args.suite.name()),
        "batch": args.batch,
        "accuracy": args.accuracy.name(),
        "activation": args.activation.to_string(),
        "machines": benches.iter().map(|b| b.machine.document(memory)).collect::<Vec<_>>(),
        "rows": benches.iter().flat_map(|b| b.layers(layers).map(move |(l, c)| row(b, l, c))).collect::<Vec<_>>(),
        "totals": benches.iter().map(total).collect::<Vec<_>>(),
    })
}
