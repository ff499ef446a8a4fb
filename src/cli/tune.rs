//! `tune`: times the ways to compute a shape by turns, and remembers the fastest.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sparkle_pm4::Error;
use sparkle_pm4::cpu::cost::Candidate;
use sparkle_pm4::cpu::{Accuracy, Conv2d, Engine, Packed, Tuning, peak};
use sparkle_pm4::ops::{Conv2dShape, named_shape};

use super::bench::{self, Row, Suite, nanoseconds, random};
use super::conv2d::problem::available_memory;
use super::conv2d::report::{self, shape_members};
use super::{Failure, Output, Style, conv2d, environment, exit, tuning, wrap};

/// Shown below `--help`.
pub const AFTER_HELP: &str = "\
  sparkle-pm4 tune conv2d --suite resnet50 --threads 1
  sparkle-pm4 tune conv2d --c 64 --h 30 --w 40 --k 64 --r 3 --pad 1

What is remembered is for this processor, instruction set, number of threads,
shape and accuracy. Environment: SPARKLE_TUNING, SPARKLE_CACHE_DIR,
SPARKLE_THREADS, SPARKLE_CPU_ISA.";

/// Looks at the peak of multiply-adds before each round.
const LOOKS: usize = 16;
/// How long one look is.
const LOOK: Duration = Duration::from_micros(500);
/// An algorithm that takes so many times the fastest one's time in its first turn gets no further ones.
const HOPELESS: u64 = 3;

/// Arguments of `tune`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Time the cpu engine's algorithms for 2-D convolutions, and remember the fastest.
    #[command(after_help = AFTER_HELP)]
    Conv2d(Box<ConvArgs>),
}

#[derive(Debug, clap::Args)]
struct ConvArgs {
    /// The convolutions of a network.
    #[arg(long, value_enum, help_heading = "Shape")]
    suite: Option<Suite>,
    /// Single ones by name (`run conv2d --list-shapes` has them all).
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', conflicts_with = "suite", help_heading = "Shape")]
    shape: Vec<String>,
    #[command(flatten)]
    dimensions: Dimensions,
    /// Images at a time.
    #[arg(long, visible_alias = "n", value_name = "N", default_value_t = 1, help_heading = "Shape",
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: u32,

    /// Where: the cpu engine is the one that has algorithms to choose from.
    #[arg(long, value_enum, default_value = "cpu", help_heading = "Run")]
    device: conv2d::Choice,
    /// Host threads [default: all cores].
    #[arg(long, value_name = "N", value_parser = conv2d::threads, help_heading = "Run")]
    threads: Option<NonZeroUsize>,
    /// Which algorithms are tried, and for which accuracy the fastest is remembered.
    #[arg(long, value_name = "exact|default|fast", value_parser = str::parse::<Accuracy>, default_value = "default",
        help_heading = "Run")]
    accuracy: Accuracy,
    /// Turns of each algorithm.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000),
        help_heading = "Run")]
    rounds: u32,
    /// Milliseconds of one turn; one timed run at the least.
    #[arg(long, value_name = "MS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=60_000),
        help_heading = "Run")]
    ms: u32,

    #[command(flatten)]
    memory: tuning::Memory,
    /// Drop what is remembered of the shapes instead, or the whole file where no shape is given.
    #[arg(long, help_heading = "Tuning")]
    forget: bool,
}

/// A shape by its dimensions.
#[derive(Debug, clap::Args)]
struct Dimensions {
    /// Input channels.
    #[arg(long, requires_all = ["h", "k", "r"], conflicts_with_all = ["suite", "shape"], help_heading = "Shape")]
    c: Option<usize>,
    /// Input height.
    #[arg(long, requires = "c", help_heading = "Shape")]
    h: Option<usize>,
    /// Input width [default: the height].
    #[arg(long, requires = "c", help_heading = "Shape")]
    w: Option<usize>,
    /// Output channels.
    #[arg(long, requires = "c", help_heading = "Shape")]
    k: Option<usize>,
    /// Kernel height.
    #[arg(long, requires = "c", help_heading = "Shape")]
    r: Option<usize>,
    /// Kernel width [default: the height].
    #[arg(long, requires = "c", help_heading = "Shape")]
    s: Option<usize>,
    /// Step of the window [default: 1].
    #[arg(long, value_name = "V[,H]", value_parser = conv2d::pair, requires = "c", help_heading = "Shape")]
    stride: Option<[usize; 2]>,
    /// Zero rows and columns on each side [default: 0].
    #[arg(long, value_name = "V[,H]", value_parser = conv2d::pair, requires = "c", help_heading = "Shape")]
    pad: Option<[usize; 2]>,
    /// Step between the kernel's taps [default: 1].
    #[arg(long, value_name = "V[,H]", value_parser = conv2d::pair, requires = "c", help_heading = "Shape")]
    dilation: Option<[usize; 2]>,
    /// Groups [default: 1].
    #[arg(long, requires = "c", help_heading = "Shape")]
    groups: Option<usize>,
}

impl Dimensions {
    fn shape(&self) -> Option<Conv2dShape> {
        let (c, h, k, r) = (self.c?, self.h?, self.k?, self.r?);
        let dense = Conv2dShape::new(1, c, h, self.w.unwrap_or(h), k, r, self.s.unwrap_or(r));
        Some(Conv2dShape {
            stride: self.stride.unwrap_or([1, 1]),
            pad: self.pad.unwrap_or([0, 0]),
            dilation: self.dilation.unwrap_or([1, 1]),
            groups: self.groups.unwrap_or(1),
            ..dense
        })
    }
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    let What::Conv2d(args) = args.what;
    if !matches!(args.device, conv2d::Choice::Cpu | conv2d::Choice::Auto) {
        return Err(Failure::usage(
            "tune conv2d knows the cpu engine only",
            "the GPU's kernel has no variants to choose from, and the emulator's time is no measure of a card",
            "leave --device out, or give `--device cpu`",
        )
        .into());
    }
    let layers = layers(&args)?;
    let threads = environment::flag_or(args.threads, environment::THREADS, conv2d::threads)?;
    let engine = Engine::new(threads, None).map_err(Error::from)?;
    let path = args.memory.path();
    if args.forget {
        return forget(&args, &engine, &layers, out);
    }
    if layers.is_empty() {
        return Err(Failure::usage(
            "what to tune is missing",
            "neither a suite nor a shape is given",
            "try `sparkle-pm4 tune conv2d --suite resnet50`",
        )
        .into());
    }
    check_memory(&layers)?;
    if let Some(path) = &path {
        // Before the work: a file that can't be read or written in the end makes it vain.
        Tuning::update(path, |_| {}).map_err(|error| tuning::failure(path, &error))?;
    }

    let progress = out.progress("filling the tensors");
    let mut tuned = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        let say = |round| {
            let name = layer.name.unwrap_or("the shape");
            progress.say(format!("round {round} of {}: {name}, {} of {}", args.rounds, at + 1, layers.len()));
        };
        tuned.push(Tuned::measure(&engine, *layer, &args, say)?);
    }
    drop(progress);
    if let Some(path) = &path {
        let remember = |tuning: &mut Tuning| {
            for layer in &tuned {
                let best = layer.best();
                let time = Duration::from_nanos(best.row.median());
                let shape = &layer.layer.shape;
                tuning.remember(&engine, shape, args.accuracy, best.candidate.algorithm, time);
            }
        };
        Tuning::update(path, remember).map_err(|error| tuning::failure(path, &error))?;
    }
    let remembered = path.as_ref().map(|path| path.display().to_string());
    if out.json {
        return Ok(out.document(&document(&args, &engine, &tuned, remembered.as_deref()))?);
    }
    let threads = engine.threads();
    let many = if threads.get() == 1 { "" } else { "s" };
    let title = format!("tune conv2d, {}, {threads} thread{many}, accuracy {}", engine.isa(), args.accuracy.name());
    out.line(out.paint(Style::Head, &title))?;
    for layer in &tuned {
        out.text(&layer.table(out))?;
    }
    let choices = if tuned.len() == 1 { "choice" } else { "choices" };
    let end = match remembered {
        Some(path) => format!("{} {choices} remembered in {path}", tuned.len()),
        None => "nothing is remembered (--tuning off)".to_owned(),
    };
    Ok(out.text(&wrap(&end, out.width, "  "))?)
}

/// A shape and, where it has one, its name.
#[derive(Debug, Clone, Copy)]
struct Layer {
    name: Option<&'static str>,
    shape: Conv2dShape,
}

/// What the arguments name; none where they name nothing.
fn layers(args: &ConvArgs) -> Result<Vec<Layer>, Failure> {
    let mut layers = Vec::new();
    let mut named = |found: &sparkle_pm4::ops::NamedShape| {
        layers.push(Layer { name: Some(found.name), shape: found.shape });
    };
    args.suite.iter().flat_map(|suite| suite.shapes()).for_each(&mut named);
    for name in &args.shape {
        named(named_shape(name).ok_or_else(|| bench::unknown_shape(name))?);
    }
    layers.extend(args.dimensions.shape().map(|shape| Layer { name: None, shape }));
    for layer in &mut layers {
        layer.shape.n = args.batch as usize;
        layer.shape.validate().map_err(|e| Failure::from(&Error::Shape(e)))?;
    }
    Ok(layers)
}

fn forget(args: &ConvArgs, engine: &Engine, layers: &[Layer], out: &Output) -> anyhow::Result<()> {
    let Some(path) = args.memory.path() else {
        return Err(Failure::usage(
            "there is nothing to forget",
            "--tuning off: no file is named",
            "leave it out, or name the file",
        )
        .into());
    };
    let failed = |error: &sparkle_pm4::cpu::CpuError| tuning::failure(&path, error);
    let mut forgotten = 0;
    if !path.exists() {
        // Nothing is remembered.
    } else if layers.is_empty() {
        forgotten = Tuning::load(&path).map_or(0, |tuning| tuning.len());
        std::fs::remove_file(&path)
            .map_err(|source| failed(&sparkle_pm4::cpu::CpuError::TuningFile { path: path.clone(), source }))?;
    } else {
        let drop = |tuning: &mut Tuning| {
            let known = layers.iter().filter(|layer| tuning.forget(engine, &layer.shape, args.accuracy));
            forgotten = known.count();
        };
        Tuning::update(&path, drop).map_err(|error| failed(&error))?;
    }
    if out.json {
        let document = json!({
            "schema": "sparkle-pm4/tune/1", "rows": [], "forgotten": forgotten, "file": path.display().to_string(),
        });
        return Ok(out.document(&document)?);
    }
    let choices = if forgotten == 1 { "choice" } else { "choices" };
    Ok(out.text(&wrap(&format!("{forgotten} {choices} forgotten in {}", path.display()), out.width, "  "))?)
}

/// Refuses what this machine's free memory cannot hold, before anything is allocated for it.
fn check_memory(layers: &[Layer]) -> Result<(), Failure> {
    for Layer { shape, .. } in layers {
        let [x, w, y] = [shape.input_len(), shape.weight_len(), shape.output_len()].map(|len| len as u128);
        // Each algorithm's packed weights, Winograd's four times as large, and its scratch as x and y.
        let needed = 4 * (2 * x + 2 * y + 9 * w);
        if let Some(free) = available_memory().filter(|&free| needed > u128::from(free)) {
            let gib = |bytes: f64| bytes / (1u64 << 30) as f64;
            return Err(Failure {
                exit: exit::FAILED,
                code: "out-of-memory".into(),
                what: "this shape is too large for this machine".into(),
                evidence: format!(
                    "about {:.1} GiB are needed, and {:.1} GiB are free",
                    gib(needed as f64),
                    gib(free as f64)
                ),
                next: "take a smaller batch or fewer channels".into(),
            });
        }
    }
    Ok(())
}

/// An algorithm with its times.
struct Timed {
    candidate: Candidate,
    conv: Conv2d,
    packed: Packed,
    row: Row,
}

/// A shape with its algorithms, the cheapest by the model first.
struct Tuned {
    layer: Layer,
    /// Of all threads together, in GFLOPS, the best of all looks.
    peak: f64,
    timed: Vec<Timed>,
}

impl Tuned {
    fn measure(engine: &Engine, layer: Layer, args: &ConvArgs, say: impl Fn(u32)) -> anyhow::Result<Self> {
        let shape = layer.shape;
        let (x, w) = (random(shape.input_len(), 1)?, random(shape.weight_len(), 2)?);
        let mut y = random(shape.output_len(), 3)?;
        let candidates = Conv2d::candidates(engine, shape, args.accuracy).map_err(Error::from)?;
        let timed = candidates.into_iter().map(|candidate| {
            let conv = Conv2d::with(engine, shape, candidate.algorithm)?;
            let packed = conv.pack(engine, &w)?;
            Ok(Timed { candidate, conv, packed, row: Row::new("cpu") })
        });
        let mut timed: Vec<Timed> = timed.collect::<Result<_, Error>>()?;
        let mut peak = 0.0f64;
        let duration = Duration::from_millis(args.ms.into());
        // In turns, so that a change of the machine's load or clock hits all of them.
        for round in 0..args.rounds {
            say(round + 1);
            for _ in 0..LOOKS {
                peak = peak.max(peak::fma_gflops(engine, LOOK)?);
            }
            let fastest = timed.iter().map(|t| t.row.min()).min().unwrap_or(0);
            for t in timed.iter_mut().filter(|t| round == 0 || t.row.min() <= fastest.saturating_mul(HOPELESS)) {
                // A run that counts for nothing: others have used the caches.
                t.conv.run_packed(engine, &x, &t.packed, None, &mut y).map_err(Error::from)?;
                let turn = Instant::now();
                loop {
                    let start = Instant::now();
                    t.conv.run_packed(engine, &x, &t.packed, None, &mut y).map_err(Error::from)?;
                    t.row.times.push(nanoseconds(start).max(1));
                    if turn.elapsed() >= duration {
                        break;
                    }
                }
            }
        }
        Ok(Self { layer, peak, timed })
    }

    /// The fastest; of equals the one that the model prefers.
    fn best(&self) -> &Timed {
        let best = self.timed.iter().min_by_key(|t| t.row.median());
        // Gemm does every shape.
        best.unwrap_or(&self.timed[0])
    }

    fn is_best(&self, timed: &Timed) -> bool {
        std::ptr::eq(self.best(), timed)
    }

    fn predicted_ns(&self, timed: &Timed) -> f64 {
        1e9 * timed.candidate.seconds(self.peak)
    }

    fn table(&self, out: &Output) -> String {
        let shape = report::short(&self.layer.shape);
        let shape = shape.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = self.layer.name.map_or_else(String::new, |name| format!("{name}: "));
        let mut text = wrap(&format!("{name}{shape}"), out.width, "  ");
        text += &format!(
            "  {:<10} {:>12} {:>12} {:>5} {:>7} {:>8}\n",
            "algorithm", "predicted us", "measured us", "iqr", "GFLOPS", "error"
        );
        for t in &self.timed {
            let (median, [low, high]) = (t.row.median() as f64, t.row.quartiles());
            let chosen = if self.is_best(t) { "  chosen" } else { "" };
            text += &format!(
                "  {:<10} {:>12.1} {:>12.1} {:>4.0}% {:>7.1} {:>8}{chosen}\n",
                t.candidate.algorithm,
                self.predicted_ns(t) / 1e3,
                median / 1e3,
                100.0 * (high - low) as f64 / median,
                self.layer.shape.flops() as f64 / median,
                format!("{:.1e}", t.candidate.error_bound),
            );
        }
        text
    }
}

fn document(args: &ConvArgs, engine: &Engine, tuned: &[Tuned], remembered: Option<&str>) -> Value {
    let row = |layer: &Tuned, t: &Timed| {
        let more = json!({
            "shape": layer.layer.name,
            "threads": engine.threads(),
            "isa": engine.isa().to_string(),
            "accuracy": args.accuracy.name(),
            "algorithm": t.candidate.algorithm.name(),
            "method": t.candidate.method.name(),
            "work": t.candidate.work.counts(),
            "cost": t.candidate.cost,
            "peak_gflops": layer.peak,
            "predicted_ns": layer.predicted_ns(t),
            "quartiles_ns": t.row.quartiles(),
            "flops": layer.layer.shape.flops(),
            "gflops": layer.layer.shape.flops() as f64 / t.row.median() as f64,
            "error_bound": t.candidate.error_bound,
            "chosen": layer.is_best(t),
            "dimensions": shape_members(&layer.layer.shape, layer.layer.name, conv2d::Dtype::F32),
        });
        t.row.document("conv2d", more)
    };
    json!({
        "schema": "sparkle-pm4/tune/1",
        "rows": tuned.iter().flat_map(|l| l.timed.iter().map(move |t| row(l, t))).collect::<Vec<_>>(),
        "file": remembered,
    })
}
