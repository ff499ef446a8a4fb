//! Running a convolution on a device, timed.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use anyhow::Context;
use sparkle_pm4::cpu::{Agreement, Algorithm, F16};
use sparkle_pm4::ops::PreparedConv2d;
use sparkle_pm4::pm4::submission::Submission;
use sparkle_pm4::soft::Config;
use sparkle_pm4::{Buffer, Deadline, Device, Engine, Error, Fence, Queue, Recording, Select};

use super::problem::Problem;
use super::{Choice, Dtype, Settings, TOLERANCE};
use crate::cli::hangs::{self, OnHang};
use crate::cli::{Output, signals};

/// How often a wait looks whether SIGINT has come.
const SLICE: Duration = Duration::from_millis(100);

/// What was recorded for a device.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The stream and all that it uses.
    pub submission: Submission,
    /// The device's engine.
    pub engine: Engine,
}

impl Recorded {
    pub(in crate::cli) fn new(recording: &Recording, engine: Engine) -> Self {
        Self { submission: recording.captured(), engine }
    }

    /// Length of the stream in dwords.
    pub fn len_dw(&self) -> usize {
        self.submission.ibs.iter().map(|ib| ib.words.len()).sum()
    }
}

/// How a result compares.
pub struct Checked {
    /// The errors.
    pub agreement: Agreement,
    /// With what.
    pub against: String,
    /// The largest error that counts as agreement, relative to max|y|.
    pub tolerance: f64,
    /// They are within it.
    pub good: bool,
}

/// A device's result.
pub struct Run {
    /// The device.
    pub device: Device,
    /// The kernel that did it.
    pub kernel: String,
    /// Runs before the timed ones.
    pub warmup: u32,
    /// From launch to fence, sorted.
    pub times: Vec<Duration>,
    /// N×K×P×Q.
    pub y: Vec<f32>,
    /// The first stream as it was submitted, where it was asked for and there is one.
    pub stream: Option<Recorded>,
    /// How it compares, where it was compared.
    pub agreement: Option<Checked>,
    /// The largest error of the sums that counts as agreement, relative to max|y|: that of all engines, or an algorithm's own
    /// where it is larger.
    pub tolerance: f64,
    /// The cpu engine's algorithm, and the error that it may make, relative to max|y|.
    pub bound: Option<(Algorithm, f64)>,
    /// Why it is not the first attempt.
    pub after_hang: Option<String>,
}

impl Run {
    /// The median time; of an even number of runs the mean of the middle two.
    pub fn median(&self) -> Duration {
        let (n, t) = (self.times.len(), &self.times);
        match n {
            0 => Duration::ZERO,
            _ if n % 2 == 1 => t[n / 2],
            _ => (t[n / 2 - 1] + t[n / 2]) / 2,
        }
    }
}

/// Opens a device, and says on standard error where `auto` found no GPU.
pub fn open(choice: Choice, settings: &Settings, out: &Output) -> anyhow::Result<Device> {
    let with = |mut select: Select| {
        if let Some(threads) = settings.threads {
            select = select.threads(threads);
        }
        match &settings.hint {
            Some(hint) => select.hint(hint.clone()),
            None => select,
        }
    };
    let device = match choice {
        Choice::Auto => Device::open(with(Select::auto()))?,
        Choice::Gpu => Device::open(with(Select::engine(Engine::Gpu)))?,
        Choice::Cpu => Device::open(with(Select::engine(Engine::Cpu)))?,
        Choice::Emu => emulated(settings)?,
    };
    if let Some(error) = settings.needs_cpu().filter(|_| device.engine() != Engine::Cpu) {
        return Err(error.into());
    }
    if let Some(lint) = settings.lint {
        device.set_lint(lint);
    }
    device.keep_data(settings.hangs.hang_data);
    if let Some(reason) = device.fallback() {
        // What was found, without the evidence: three lines at most, and `probe` has the rest.
        let what = reason.strip_prefix("no usable GPU: ").unwrap_or(reason);
        let what = what.split(" (").next().unwrap_or(what);
        out.note(&format!("no usable GPU, so the CPU runs this: {what}; `sparkle-pm4 probe` says more"));
    }
    Ok(device)
}

fn emulated(settings: &Settings) -> Result<Device, Error> {
    let default = Config::strict();
    // The software device's own watchdog must not end what the user has given more time.
    let job_timeout = default.job_timeout.max(settings.timeout);
    Device::emulated_with(Config { threads: settings.threads.map(NonZeroUsize::get), job_timeout, ..default })
}

/// The tensors on a device.
struct Tensors {
    elements: Elements,
    bias: Option<Buffer<f32>>,
}

/// x, w and y, as they are stored.
enum Elements {
    F32([Buffer<f32>; 3]),
    F16([Buffer<F16>; 3]),
}

/// Numbers as they are stored in 16 bits.
fn halves(floats: &[f32]) -> Vec<F16> {
    floats.iter().map(|v| F16::from_f32(*v)).collect()
}

impl Tensors {
    fn upload(device: &Device, problem: &Problem) -> Result<Self, Error> {
        let (x, w, y) = (&problem.x, &problem.w, problem.shape.output_len());
        let elements = match problem.dtype {
            Dtype::F32 => Elements::F32([device.upload(x)?, device.upload(w)?, device.zeros(y)?]),
            Dtype::F16 => Elements::F16([device.upload(&halves(x))?, device.upload(&halves(w))?, device.zeros(y)?]),
        };
        Ok(Self { elements, bias: problem.bias.as_ref().map(|b| device.upload(b)).transpose()? })
    }

    /// Zeros of the problem's sizes, for a stream that is not going to run.
    fn blank(device: &Device, problem: &Problem) -> Result<Self, Error> {
        let s = &problem.shape;
        let [x, w, y] = [s.input_len(), s.weight_len(), s.output_len()];
        let elements = match problem.dtype {
            Dtype::F32 => Elements::F32([device.zeros(x)?, device.zeros(w)?, device.zeros(y)?]),
            Dtype::F16 => Elements::F16([device.zeros(x)?, device.zeros(w)?, device.zeros(y)?]),
        };
        Ok(Self { elements, bias: problem.bias.as_ref().map(|b| device.zeros(b.len())).transpose()? })
    }

    /// The result, widened.
    fn result(&self) -> Result<Vec<f32>, Error> {
        match &self.elements {
            Elements::F32([_, _, y]) => y.read(),
            Elements::F16([_, _, y]) => Ok(y.read()?.into_iter().map(F16::to_f32).collect()),
        }
    }

    fn launch(&mut self, queue: &Queue, conv: &PreparedConv2d) -> Result<Fence, Error> {
        match (&mut self.elements, &self.bias) {
            (Elements::F32([x, w, y]), Some(bias)) => queue.launch(conv, (&*x, &*w, bias, y)),
            (Elements::F32([x, w, y]), None) => queue.launch(conv, (&*x, &*w, y)),
            (Elements::F16([x, w, y]), Some(bias)) => queue.launch(conv, (&*x, &*w, bias, y)),
            (Elements::F16([x, w, y]), None) => queue.launch(conv, (&*x, &*w, y)),
        }
    }

    fn record(&mut self, queue: &Queue, conv: &PreparedConv2d) -> Result<Recording, Error> {
        match (&mut self.elements, &self.bias) {
            (Elements::F32([x, w, y]), Some(bias)) => queue.record(conv, (&*x, &*w, bias, y)),
            (Elements::F32([x, w, y]), None) => queue.record(conv, (&*x, &*w, y)),
            (Elements::F16([x, w, y]), Some(bias)) => queue.record(conv, (&*x, &*w, bias, y)),
            (Elements::F16([x, w, y]), None) => queue.record(conv, (&*x, &*w, y)),
        }
    }
}

/// Runs the problem on one device; after a hang once more, where that is asked for.
pub fn run(problem: &Problem, choice: Choice, settings: &Settings, record: bool, out: &Output) -> anyhow::Result<Run> {
    let error = match attempt(problem, choice, settings, record, out) {
        Err(error) if hangs::Args::concerns(&error) => error,
        done => return done,
    };
    let (then, how) = match settings.hangs.on_hang {
        OnHang::Fail => return Err(error),
        OnHang::Retry => (choice, "a hang: once more, on the device opened again"),
        OnHang::Cpu => (Choice::Cpu, "a hang: the cpu engine does it instead"),
    };
    let reason = format!("{error:#}");
    out.note(&format!("{how}; {reason}"));
    Ok(Run { after_hang: Some(reason), ..attempt(problem, then, settings, record, out)? })
}

fn attempt(problem: &Problem, choice: Choice, settings: &Settings, record: bool, out: &Output) -> anyhow::Result<Run> {
    let device = open(choice, settings, out)?;
    let engine = device.engine();
    let progress = out.progress(format!("{engine}: preparing"));
    let doing = || format!("conv2d on {engine}");
    let conv = settings.operator(problem).prepare_tuned(&device, &settings.tuning).with_context(doing)?;
    let queue = device.queue().with_context(doing)?;
    let mut tensors = Tensors::upload(&device, problem).with_context(doing)?;

    let (warmup, iters) = settings.iters.map_or((0, 1), |n| (1, n));
    let mut times = Vec::new();
    let mut stream = None;
    for i in 0..warmup + iters {
        signals::check()?;
        progress.say(match i.checked_sub(warmup) {
            None => format!("{engine}: warm-up"),
            Some(i) => format!("{engine}: run {} of {iters}", i + 1),
        });
        let start = Instant::now();
        let fence = if i == 0 && record && engine != Engine::Cpu {
            let recording = tensors.record(&queue, &conv).with_context(doing)?;
            stream = Some(Recorded::new(&recording, engine));
            queue.submit_recording(recording)
        } else {
            tensors.launch(&queue, &conv)
        };
        let fence = fence.with_context(doing)?;
        if let Err(error) = wait(&fence, settings.timeout) {
            settings.hangs.record(&error, &fence, &super::title(problem), out);
            return Err(error.context(doing()));
        }
        if i >= warmup {
            times.push(start.elapsed());
        }
    }
    signals::check()?;
    let y = tensors.result().with_context(doing)?;
    times.sort_unstable();
    let algorithm = conv.algorithm();
    let tolerance = algorithm.map_or(TOLERANCE, |algorithm| algorithm.error_bound(conv.shape()).max(TOLERANCE));
    let bound = algorithm.map(|algorithm| match problem.dtype {
        Dtype::F32 => (algorithm, algorithm.error_bound(conv.shape())),
        Dtype::F16 => (algorithm, algorithm.f16_error_bound(conv.shape())),
    });
    let kernel = conv.kernel();
    Ok(Run { kernel, device, warmup, times, y, stream, agreement: None, tolerance, bound, after_hang: None })
}

/// Waits in slices, so that SIGINT is noticed; after it the fence gets a bounded time more.
pub(in crate::cli) fn wait(fence: &Fence, timeout: Duration) -> anyhow::Result<()> {
    let start = Instant::now();
    loop {
        let left = timeout.saturating_sub(start.elapsed());
        match fence.wait(Deadline::after(left.min(SLICE))) {
            Err(Error::TimedOut) if signals::interrupted() => {
                // Its result doesn't matter any more, only that the device lets the memory go.
                _ = fence.wait(Deadline::after(signals::FENCE_GRACE));
                return Err(signals::failure().into());
            }
            Err(Error::TimedOut) if !left.is_zero() => {}
            other => return Ok(other?),
        }
    }
}

/// Records the problem's stream, with no data behind it, and submits nothing; none on the cpu engine.
pub fn record(device: &Device, conv: &PreparedConv2d, problem: &Problem) -> anyhow::Result<Option<Recorded>> {
    if device.engine() == Engine::Cpu {
        return Ok(None);
    }
    let queue = device.queue()?;
    let recording = Tensors::blank(device, problem)?.record(&queue, conv)?;
    Ok(Some(Recorded::new(&recording, device.engine())))
}

/// The stream that a software device would get.
pub fn record_on_emu(problem: &Problem, settings: &Settings) -> anyhow::Result<Option<Recorded>> {
    let device = emulated(settings)?;
    let conv = settings.operator(problem).prepare_tuned(&device, &settings.tuning)?;
    record(&device, &conv, problem)
}
