//! `run conv2d`.

pub(super) mod execute;
mod filters;
pub(super) mod npy;
mod picture;
mod plan;
pub(super) mod problem;
pub(super) mod report;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use serde_json::json;
use sparkle_pm4::capture::{self, Bundle};
use sparkle_pm4::cpu::Agreement;
use sparkle_pm4::ops::{Conv2d, Conv2dShape, NAMED_SHAPES};
use sparkle_pm4::pm4::submission::Ib;
use sparkle_pm4::{Lint, cpu, pm4};

use super::failure::Reported;
use super::{Failure, Output, environment, exit, hangs, signals, tuning};
use execute::{Checked, Recorded, Run};
use problem::Problem;

/// Largest error that `--verify` accepts, as a part of max|y|.
const TOLERANCE: f64 = 1e-5;
/// How long a fence is waited for, unless told otherwise.
pub(super) const TIMEOUT_MS: u64 = 30_000;

/// Shown below `--help`.
pub const AFTER_HELP: &str = "\
Give a shape by name (`--shape`, see `--list-shapes`), by its dimensions, or by
files; `--stride 2` is both directions, `--stride 2,1` vertical and horizontal.

  sparkle-pm4 run conv2d --shape resnet50-conv2 --device emu,cpu --verify
  sparkle-pm4 run conv2d --c 8 --h 32 --w 32 --k 16 --r 3 --pad 1 --dry-run
  sparkle-pm4 run conv2d --input photo.png --filter sobel --output edges.png

Environment, where the flag is absent: SPARKLE_DEVICE, SPARKLE_DEVICE_HINT,
SPARKLE_THREADS, SPARKLE_TIMEOUT_MS, SPARKLE_LINT, SPARKLE_TUNING.";

/// Where a convolution can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// A card if one can be opened, else the CPU, with the reason on standard error.
    Auto,
    /// A card, or an error.
    Gpu,
    /// The software Navi31.
    Emu,
    /// Native SIMD code.
    Cpu,
}

/// What tensors are stored as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dtype {
    /// float32.
    F32,
    /// float16, IEEE binary16.
    F16,
}

impl Dtype {
    /// `f32` or `f16`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }

    /// Of an element.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }

    /// The largest error, as a part of max|y|, that is accepted of results of which `rounded` were rounded to the elements: that
    /// of the `sums`, and half of the last place.
    fn tolerance(self, sums: f64, max_abs: f64, rounded: f64) -> f64 {
        match self {
            Self::F32 => sums,
            Self::F16 => {
                let subnormal = if max_abs > 0.0 { cpu::F16::HALF_SUBNORMAL / max_abs } else { 0.0 };
                sums + rounded * (cpu::F16::HALF_ULP * (1.0 + sums) + subnormal)
            }
        }
    }

    /// The same in words.
    fn allowed(self, sums: f64) -> String {
        let text = report::bound(sums);
        match self {
            Self::F32 => text,
            Self::F16 => format!("5e-4: {text} of the sums, and f16's half of the last place"),
        }
    }
}

/// Arguments of `run conv2d`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A shape by name; the dimensions below override single ones of it.
    #[arg(long, value_name = "NAME", help_heading = "Shape")]
    shape: Option<String>,
    /// Print the named shapes, and run nothing.
    #[arg(long, help_heading = "Shape")]
    list_shapes: bool,
    /// Batch size [default: 1].
    #[arg(long, help_heading = "Shape")]
    n: Option<usize>,
    /// Input channels.
    #[arg(long, help_heading = "Shape")]
    c: Option<usize>,
    /// Input height.
    #[arg(long, help_heading = "Shape")]
    h: Option<usize>,
    /// Input width.
    #[arg(long, help_heading = "Shape")]
    w: Option<usize>,
    /// Output channels.
    #[arg(long, help_heading = "Shape")]
    k: Option<usize>,
    /// Kernel height.
    #[arg(long, help_heading = "Shape")]
    r: Option<usize>,
    /// Kernel width [default: the height].
    #[arg(long, help_heading = "Shape")]
    s: Option<usize>,
    /// Step of the window [default: 1].
    #[arg(long, value_name = "V[,H]", value_parser = pair, help_heading = "Shape")]
    stride: Option<[usize; 2]>,
    /// Zero rows and columns on each side [default: 0].
    #[arg(long, value_name = "V[,H]", value_parser = pair, help_heading = "Shape")]
    pad: Option<[usize; 2]>,
    /// Step between the kernel's taps [default: 1].
    #[arg(long, value_name = "V[,H]", value_parser = pair, help_heading = "Shape")]
    dilation: Option<[usize; 2]>,
    /// Groups; as many as input channels for a depthwise convolution [default: 1].
    #[arg(long, help_heading = "Shape")]
    groups: Option<usize>,

    /// Input: an NCHW (or CHW) .npy, or a .png image.
    #[arg(long, value_name = "X.npy|X.png", help_heading = "Data")]
    input: Option<PathBuf>,
    /// Weights: a KCRS .npy.
    #[arg(long, value_name = "W.npy", help_heading = "Data")]
    weight: Option<PathBuf>,
    /// Bias: an .npy of K values.
    #[arg(long, value_name = "B.npy", help_heading = "Data")]
    bias: Option<PathBuf>,
    /// What x, w and y are stored as; sums are of float32. f16 needs the cpu engine.
    #[arg(long, value_enum, default_value = "f32", help_heading = "Data")]
    dtype: Dtype,
    /// Where the result goes; of several devices, the first one's.
    #[arg(long, value_name = "Y.npy|Y.png", help_heading = "Data")]
    output: Option<PathBuf>,
    /// Weights by name: a filter on each channel of the input.
    #[arg(long, value_name = "NAME", requires = "input", help_heading = "Data",
        value_parser = PossibleValuesParser::new(filters::FILTERS.iter().map(
            |f| clap::builder::PossibleValue::new(f.name).help(f.about))),
        conflicts_with_all = ["shape", "n", "c", "h", "w", "k", "r", "s", "stride", "pad", "dilation", "groups",
            "weight", "bias"])]
    filter: Option<String>,
    /// Seed of the random tensors, where no file gives them.
    #[arg(long, default_value_t = 1, help_heading = "Data")]
    seed: u64,

    /// Where to run; a list runs on each and compares [default: auto].
    #[arg(long, value_enum, value_delimiter = ',', help_heading = "Run")]
    device: Vec<Choice>,
    /// Among several cards: node path, PCI address or gfx target.
    #[arg(long, value_name = "HINT", help_heading = "Run")]
    device_hint: Option<String>,
    /// Check against the f64 reference; exit code 5 beyond 1e-5 of max|y|, with f16 and half of its last place.
    #[arg(long, help_heading = "Run")]
    verify: bool,
    /// Timed runs after a warm-up; without it one run, cold.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "Run")]
    iters: Option<u32>,
    /// Host threads of the cpu and emu engines [default: all cores].
    #[arg(long, value_name = "N", value_parser = threads, help_heading = "Run")]
    threads: Option<NonZeroUsize>,
    /// Which algorithms of the cpu engine may be chosen: `exact` sums as the definition does, `default` takes what is
    /// within 1e-5 of max|y|, Winograd too, `fast` all, each within its own bound.
    #[arg(long, value_name = "exact|default|fast", value_parser = str::parse::<cpu::Accuracy>, default_value = "default",
        help_heading = "Run")]
    accuracy: cpu::Accuracy,
    /// What is applied to each output, on the cpu engine alone: `relu` is max(y, 0), `relu6` min(max(y, 0), 6).
    #[arg(long, value_name = "none|relu|relu6", value_parser = str::parse::<cpu::Activation>, default_value = "none",
        help_heading = "Run")]
    activation: cpu::Activation,
    /// How long to wait for a device, in milliseconds [default: 30000].
    #[arg(long, value_name = "MS", value_parser = timeout, help_heading = "Run")]
    timeout_ms: Option<u64>,
    /// Lint each PM4 stream before it is submitted: on or off [default: on with emu and in debug builds, else off].
    #[arg(long, value_name = "on|off", value_parser = lint, help_heading = "Run")]
    lint: Option<Lint>,
    /// Print shape, kernels, grids, bytes and PM4 size, and execute nothing.
    #[arg(long, help_heading = "Run")]
    dry_run: bool,
    /// Write the PM4 stream: decoded, raw into .bin and .hex, with its surroundings into .json (see `pm4 dump`); `-` is
    /// stdout.
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    dump_pm4: Option<PathBuf>,

    #[command(flatten)]
    tuning: tuning::Args,
    #[command(flatten)]
    hangs: hangs::Args,
}

/// `2` or `2,1`.
pub(super) fn pair(text: &str) -> Result<[usize; 2], String> {
    let number = |t: &str| t.trim().parse::<usize>().map_err(|e| format!("`{t}`: {e}"));
    match text.split(',').collect::<Vec<_>>()[..] {
        [both] => number(both).map(|v| [v, v]),
        [v, h] => Ok([number(v)?, number(h)?]),
        _ => Err("one number, or two: vertical,horizontal".into()),
    }
}

pub(super) fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let n = text.parse::<NonZeroUsize>().map_err(|e| e.to_string())?;
    if n.get() > 1024 { Err("1024 threads at the most".into()) } else { Ok(n) }
}

pub(super) fn timeout(text: &str) -> Result<u64, String> {
    match text.parse::<u64>() {
        Ok(0) => Err("at least 1 ms: nothing ends in no time".into()),
        Ok(ms) => Ok(ms),
        Err(e) => Err(e.to_string()),
    }
}

pub(super) fn lint(text: &str) -> Result<Lint, String> {
    match text {
        "on" => Ok(Lint::Own),
        "off" => Ok(Lint::Off),
        _ => Err("`on` or `off`".into()),
    }
}

pub(super) fn choices(text: &str) -> Result<Vec<Choice>, String> {
    text.split(',').map(|t| Choice::from_str(t.trim(), false)).collect()
}

/// What the flags and the environment say about the run itself.
pub(super) struct Settings {
    devices: Vec<Choice>,
    hint: Option<String>,
    threads: Option<NonZeroUsize>,
    timeout: Duration,
    iters: Option<u32>,
    lint: Option<Lint>,
    accuracy: cpu::Accuracy,
    tuning: cpu::Tuning,
    activation: cpu::Activation,
    dtype: Dtype,
    hangs: hangs::Args,
}

impl Settings {
    fn new(args: &Args, out: &Output) -> Result<Self, Failure> {
        let flag = (!args.device.is_empty()).then(|| args.device.clone());
        let devices = environment::flag_or(flag, environment::DEVICE, choices)?;
        let timeout_ms = environment::flag_or(args.timeout_ms, environment::TIMEOUT_MS, timeout)?;
        let devices = devices.unwrap_or_else(|| vec![Choice::Auto]);
        let on_cpu = devices.iter().any(|device| matches!(device, Choice::Auto | Choice::Cpu));
        Ok(Self {
            tuning: if on_cpu { args.tuning.load(out) } else { cpu::Tuning::default() },
            devices,
            hint: environment::flag_or(args.device_hint.clone(), environment::DEVICE_HINT, |t| Ok(t.to_owned()))?,
            threads: environment::flag_or(args.threads, environment::THREADS, threads)?,
            timeout: Duration::from_millis(timeout_ms.unwrap_or(TIMEOUT_MS)),
            iters: args.iters,
            lint: environment::flag_or(args.lint, environment::LINT, lint)?,
            accuracy: args.accuracy,
            activation: args.activation,
            dtype: args.dtype,
            hangs: args.hangs.clone(),
        })
    }

    /// That something was asked for that only the cpu engine has.
    fn needs_cpu(&self) -> Option<sparkle_pm4::Error> {
        let (what, why) = match (self.dtype, self.activation) {
            (Dtype::F16, _) => ("f16 storage of conv2d", "the GPU's kernel loads and stores f32"),
            (_, cpu::Activation::IDENTITY) => return None,
            _ => ("an activation of conv2d", "the GPU's kernel stores the sums as they are"),
        };
        Some(sparkle_pm4::Error::NeedsCpu { what, why })
    }

    /// The operator as the flags want it.
    fn operator(&self, problem: &Problem) -> Conv2d {
        Conv2d::new(problem.shape).accuracy(self.accuracy).activation(self.activation)
    }
}

/// Runs the subcommand.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    if args.list_shapes {
        return list_shapes(out);
    }
    signals::install(out);
    let settings = Settings::new(&args, out)?;
    let to_stdout = takes_stdout("--dump-pm4", args.dump_pm4.as_deref().is_some_and(is_stdout), out)?;
    let mut problem = Problem::new(&args)?;
    problem.shape.validate().map_err(sparkle_pm4::Error::from)?;
    problem.check_output(args.output.as_deref())?;
    if let Some(error) = settings.needs_cpu() {
        // Before another device has done its work in vain.
        if settings.devices.iter().any(|choice| matches!(choice, Choice::Gpu | Choice::Emu)) {
            return Err(error.into());
        }
        if args.dump_pm4.is_some() {
            return Err(no_stream().into());
        }
    }
    // The listing alone goes to standard output then; what people read beside it goes to standard error.
    let say = |text: &str| {
        if to_stdout {
            out.error_text(text);
            Ok(())
        } else {
            out.text(text)
        }
    };

    if args.dry_run {
        let plans = plan::make(&problem, &settings, out)?;
        if let Some(file) = &args.dump_pm4 {
            let stream = plans.iter().find_map(|p| p.stream.as_ref());
            dump(file, stream.ok_or_else(no_stream)?, title(&problem), out)?;
        }
        if out.json {
            return Ok(out.document(&report::plan_document(&problem, &settings, &plans))?);
        }
        return Ok(say(&report::plan_text(&problem, &settings, &plans, out))?);
    }

    problem.check_memory(&settings.devices, args.verify)?;
    problem.fill(args.seed)?;
    let mut recorded = None;
    let mut runs: Vec<Run> = Vec::new();
    for choice in &settings.devices {
        signals::check()?;
        let run = execute::run(&problem, *choice, &settings, args.dump_pm4.is_some(), out)?;
        if recorded.is_none() {
            recorded = run.stream.clone();
        }
        runs.push(run);
    }
    if let Some(file) = &args.dump_pm4 {
        if recorded.is_none() {
            recorded = execute::record_on_emu(&problem, &settings)?;
            out.note("no stream was submitted; --dump-pm4 shows the one that the emu engine would get");
        }
        dump(file, &recorded.ok_or_else(no_stream)?, title(&problem), out)?;
    }

    signals::check()?;
    let failure = check(&problem, &settings, &mut runs, args.verify, out)?;
    if let Some(path) = &args.output {
        problem.write(path, &runs[0].y)?;
    }
    signals::check()?;
    if out.json {
        out.document(&report::document(&problem, &args, &settings, &runs, failure.as_ref()))?;
        return match failure {
            Some(failure) => Err(Reported(failure).into()),
            None => Ok(()),
        };
    }
    say(&report::text(&problem, &settings, &runs, args.output.as_deref(), out))?;
    match failure {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

/// Compares with the reference, or the engines with each other; a failure for the first that disagrees.
fn check(
    problem: &Problem,
    settings: &Settings,
    runs: &mut [Run],
    verify: bool,
    out: &Output,
) -> anyhow::Result<Option<Failure>> {
    let activated = settings.activation != cpu::Activation::IDENTITY;
    let largest = |want: &[f64]| want.iter().filter(|v| v.is_finite()).fold(0.0, |most: f64, v| most.max(v.abs()));
    let (mut max_abs, mut rounded) = (None, 1.0);
    let (want, against): (Vec<f64>, _) = if verify {
        let _progress = out.progress("computing the f64 reference");
        let bias = problem.bias.as_deref();
        let want = cpu::reference::conv2d_f64(problem.shape, &problem.x, &problem.w, bias);
        let mut want = want.map_err(sparkle_pm4::Error::from)?;
        if activated || settings.dtype == Dtype::F16 {
            max_abs = Some(largest(&want));
        }
        if activated {
            want.iter_mut().for_each(|v| *v = settings.activation.apply_f64(*v));
        }
        if settings.dtype == Dtype::F16 {
            // What has no place in 16 bits is infinite.
            let beyond = |v: &&mut f64| v.abs() >= 65520.0;
            want.iter_mut().filter(beyond).for_each(|v| *v = f64::INFINITY.copysign(*v));
        }
        (want, "the f64 reference".to_owned())
    } else if runs.len() > 1 {
        let first: Vec<_> = runs[0].y.iter().map(|&v| f64::from(v)).collect();
        (max_abs, rounded) = (Some(largest(&first)), 2.0);
        (first, format!("the {} engine", runs[0].device.engine()))
    } else {
        return Ok(None);
    };
    // Both may err, where one is compared with the other.
    let other = if verify { 0.0 } else { runs[0].tolerance };
    let mut failure = None;
    for (i, run) in runs.iter_mut().enumerate() {
        if i == 0 && !verify {
            continue;
        }
        let agreement = cpu::compare(&run.y, &want);
        let agreement = max_abs.map_or(agreement, |max_abs| agreement.relative_to(max_abs));
        run.tolerance = run.tolerance.max(other);
        let tolerance = settings.dtype.tolerance(run.tolerance, max_abs.unwrap_or(0.0), rounded);
        if !agreement.within(tolerance) && failure.is_none() {
            let engine = run.device.engine();
            let at = index(&problem.shape, agreement.worst_index);
            let (got, wanted) = (run.y.get(agreement.worst_index), want.get(agreement.worst_index));
            failure = Some(Failure {
                exit: exit::MISMATCH,
                code: "verification-mismatch".into(),
                what: format!("the result of {engine} disagrees with {against}"),
                evidence: format!(
                    "{} at {at}: got {:e}, wanted {:e}",
                    describe(&agreement),
                    got.copied().unwrap_or(f32::NAN),
                    wanted.copied().unwrap_or(f64::NAN)
                ),
                next: format!(
                    "compare with another engine (`--device cpu,emu --verify`); inputs beyond float32's \
                     range overflow; the tolerance is {} of max|y|",
                    settings.dtype.allowed(run.tolerance)
                ),
            });
        }
        run.agreement =
            Some(Checked { agreement, against: against.clone(), tolerance, good: agreement.within(tolerance) });
    }
    Ok(failure)
}

/// An agreement in words.
fn describe(a: &Agreement) -> String {
    match a.mismatches {
        0 => format!("max error {:.1e}, {:.1e} of max|y|", a.max_abs_error, a.relative),
        1 => "1 element is NaN or infinite on one side only".to_owned(),
        n => format!("{n} elements are NaN or infinite on one side only"),
    }
}

/// `y[n,k,p,q]` of a flat index.
fn index(shape: &Conv2dShape, flat: usize) -> String {
    let [n, k, p, q] = indices(shape, flat);
    format!("y[{n},{k},{p},{q}]")
}

fn indices(shape: &Conv2dShape, flat: usize) -> [usize; 4] {
    let (p, q) = (shape.p(), shape.q());
    [flat / q / p / shape.k, flat / q / p % shape.k, flat / q % p, flat % q]
}

pub(super) fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether a listing goes to standard output by `FLAG -`, which a document then can't have.
pub(super) fn takes_stdout(flag: &str, takes: bool, out: &Output) -> Result<bool, Failure> {
    match takes && out.json {
        true => Err(Failure::usage(
            format!("{flag} - and --json both want standard output"),
            "a document and a listing cannot share it",
            "name a file for the listing",
        )),
        false => Ok(takes),
    }
}

fn no_stream() -> Failure {
    Failure::usage(
        "there is no PM4 stream to dump",
        "the cpu engine executes native code and gets no packets",
        "use `--device emu` or `--device gpu`",
    )
}

/// What a dump's title says.
fn title(problem: &Problem) -> String {
    let shape = report::short(&problem.shape);
    format!("conv2d {}", shape.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Writes a stream in the form that the file's extension asks for.
pub(super) fn dump(path: &Path, recorded: &Recorded, title: String, out: &Output) -> anyhow::Result<()> {
    let submission = &recorded.submission;
    let extension = path.extension().map(|e| e.to_ascii_lowercase());
    let dwords = || submission.ibs.iter().flat_map(|ib| &ib.words);
    let bytes = match extension.as_ref().and_then(|e| e.to_str()) {
        Some("bin") => dwords().flat_map(|d| d.to_le_bytes()).collect(),
        Some("hex") => dwords().map(|d| format!("{d:08x}\n")).collect::<String>().into_bytes(),
        Some("json") => {
            let mut bundle = Bundle::new(submission.clone());
            bundle.engine = Some(recorded.engine.label().to_owned());
            bundle.title = Some(title);
            capture::write(&bundle).into_bytes()
        }
        _ => {
            let listing = |ib: &Ib| {
                let listing = pm4::Listing::new(&ib.words, ib.va);
                listing.with_buffers(&submission.buffers).with_kernels(&submission.kernels).to_string()
            };
            submission.ibs.iter().map(listing).collect::<String>().into_bytes()
        }
    };
    if is_stdout(path) {
        return Ok(out.bytes(&bytes)?);
    }
    std::fs::write(path, bytes).map_err(|e| problem::unwritable(path, &e).into())
}

fn list_shapes(out: &Output) -> anyhow::Result<()> {
    if out.json {
        let shapes: Vec<_> = NAMED_SHAPES
            .iter()
            .map(|s| {
                let mut members = report::shape_members(&s.shape, Some(s.name), Dtype::F32);
                if let Some(members) = members.as_object_mut() {
                    members.insert("times".into(), json!(s.times));
                    members.insert("source".into(), json!(s.source));
                }
                members
            })
            .collect();
        return Ok(out.document(&json!({ "schema": "sparkle-pm4/shapes/1", "shapes": shapes }))?);
    }
    let mut source = "";
    for s in NAMED_SHAPES {
        if s.source != source {
            out.line(format!(
                "{}{}",
                if source.is_empty() { "" } else { "\n" },
                out.paint(super::Style::Head, s.source)
            ))?;
            source = s.source;
        }
        out.line(format!("  {:<22} {}", s.name, report::short(&s.shape)))?;
    }
    Ok(())
}
