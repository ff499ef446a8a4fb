//! `run kernel`.

mod args;
pub(super) mod array;
pub(super) mod inspect;
mod report;
mod value;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use sparkle_pm4::object::{CodeObject, KernelInfo, unbundle};
use sparkle_pm4::soft::{Config, Counters, check};
use sparkle_pm4::{Arg, Buffer, Device, Engine, Error, Lint, Module, Select};

use super::conv2d::{self, Choice, execute, is_stdout, takes_stdout};
use super::failure::{Reported, exit};
use super::hangs::OnHang;
use super::{Failure, Output, environment, hangs, signals};
use args::{Content, Given, Spec};
use report::Ran;

/// Shown below `--help`.
pub const AFTER_HELP: &str = "\
One --arg for each explicit argument, in the order of the object's metadata;
hidden arguments are filled in.

  f32:1.5  i32:-7  u64:0x10     a value: f16 bf16 f32 f64, i8 to i64, u8 to u64
  hex:00002040                  a value's bytes, as they lie in memory
  in:X.npy                      a buffer that is read
  out:f32:1024:Y.npy            a buffer of zeros, written to Y.npy afterwards
  inout:X.npy:Y.npy             a buffer from X.npy, written to Y.npy
  buf:X.bin[:Y.bin]             the same with raw bytes
  null                          a pointer to nothing
  lds:1024                      for a pointer to LDS: that much dynamic LDS

  sparkle-pm4 run kernel k.hsaco --list
  sparkle-pm4 run kernel k.hsaco --kernel saxpy --grid 4 --block 256 \\
    --arg f32:2 --arg in:x.npy --arg inout:y.npy:z.npy --arg i32:1000
  sparkle-pm4 run kernel k.hsaco --kernel fill --items 1000 --block 256 \\
    --arg out:u32:1000:y.npy

Environment, where the flag is absent: SPARKLE_DEVICE, SPARKLE_DEVICE_HINT,
SPARKLE_THREADS, SPARKLE_TIMEOUT_MS, SPARKLE_LINT.";

/// Bytes of an object or a bundle at most.
const OBJECT_MAX: u64 = 1 << 30;
/// What the software device is.
const EMULATED: &str = "gfx1100";
/// How long after its deadline the software device's watchdog has to tell what hangs.
const WATCHDOG_GRACE: Duration = Duration::from_secs(10);

/// Arguments of `run kernel`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code object: a linked .hsaco of version 4, 5 or 6, or an offload bundle that has one.
    #[arg(value_name = "FILE.hsaco")]
    file: PathBuf,
    /// Print the object's kernels with their arguments and resources, and run nothing.
    #[arg(long, help_heading = "Kernel")]
    list: bool,
    /// The kernel, by its name in the metadata; not needed where there is one.
    #[arg(long, value_name = "NAME", help_heading = "Kernel")]
    kernel: Option<String>,
    /// Workgroups.
    #[arg(long, value_name = "X[,Y[,Z]]", value_parser = triple, required_unless_present_any = ["list", "items"],
        help_heading = "Kernel")]
    grid: Option<[u32; 3]>,
    /// Work-items of the whole grid, instead of --grid: where they are no multiple of --block, the last workgroup along
    /// that axis is smaller.
    #[arg(long, value_name = "X[,Y[,Z]]", value_parser = triple, conflicts_with = "grid", help_heading = "Kernel")]
    items: Option<[u32; 3]>,
    /// Work-items of a workgroup [default: what the kernel requires].
    #[arg(long, value_name = "X[,Y[,Z]]", value_parser = triple, help_heading = "Kernel")]
    block: Option<[u32; 3]>,
    /// An explicit argument; repeat it for each, in the metadata's order.
    #[arg(long = "arg", value_name = "KIND:…", value_parser = args::parse, allow_hyphen_values = true,
        help_heading = "Kernel")]
    args: Vec<Spec>,
    /// Dynamic LDS, beyond what the kernel declares.
    #[arg(long, value_name = "BYTES", default_value_t = 0, help_heading = "Kernel")]
    lds: u32,
    /// Stack of a lane: where the compiler does not know it, beyond what the kernel declares [default: 16384]; else
    /// where it is larger than that.
    #[arg(long, value_name = "BYTES", help_heading = "Kernel")]
    stack: Option<u32>,

    /// Where to run [default: auto].
    #[arg(long, value_enum, help_heading = "Run")]
    device: Option<Choice>,
    /// Among several cards: node path, PCI address or gfx target.
    #[arg(long, value_name = "HINT", help_heading = "Run")]
    device_hint: Option<String>,
    /// Timed runs after a warm-up, each with the buffers as given; without it one run, cold.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "Run",
        conflicts_with_all = ["check", "stats", "profile", "trace"])]
    iters: Option<u32>,
    /// Host threads of the emu engine [default: all cores].
    #[arg(long, value_name = "N", value_parser = conv2d::threads, help_heading = "Run")]
    threads: Option<NonZeroUsize>,
    /// How long to wait for the kernel, in milliseconds [default: 30000].
    #[arg(long, value_name = "MS", value_parser = conv2d::timeout, help_heading = "Run")]
    timeout_ms: Option<u64>,
    /// Lint the PM4 stream before it is submitted: on or off [default: on with emu and in debug builds, else off].
    #[arg(long, value_name = "on|off", value_parser = conv2d::lint, help_heading = "Run")]
    lint: Option<Lint>,
    /// Write the PM4 stream: decoded, raw into .bin and .hex, with its surroundings into .json (see `pm4 dump`); `-` is
    /// stdout.
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    dump_pm4: Option<PathBuf>,

    #[command(flatten)]
    hangs: hangs::Args,

    #[command(flatten)]
    inside: inspect::Args,
}

/// `4`, `4,2` or `4,2,1`: at least 1 each.
fn triple(text: &str) -> Result<[u32; 3], String> {
    let mut triple = [1; 3];
    let parts: Vec<&str> = text.split(',').collect();
    if parts.len() > 3 {
        return Err("three numbers at the most: X,Y,Z".into());
    }
    for (place, part) in triple.iter_mut().zip(parts) {
        *place = match part.trim().parse::<u32>() {
            Ok(0) => return Err("at least 1 in each direction".into()),
            Ok(n) => n,
            Err(e) => return Err(format!("`{part}`: {e}")),
        };
    }
    Ok(triple)
}

/// What the flags and the environment say about the run itself.
pub struct Settings {
    device: Choice,
    hint: Option<String>,
    threads: Option<NonZeroUsize>,
    /// How long the kernel may take.
    pub timeout: Duration,
    lint: Option<Lint>,
    /// What is watched of the waves.
    inside: Option<inspect::Inside>,
    /// What the software device's waves have done.
    counters: Arc<Counters>,
}

impl Settings {
    fn new(args: &Args) -> Result<Self, Failure> {
        let flag = args.device.map(|device| vec![device]);
        let devices = environment::flag_or(flag, environment::DEVICE, conv2d::choices)?.unwrap_or(vec![Choice::Auto]);
        let &[device] = &devices[..] else {
            return Err(Failure::usage(
                "a kernel runs on one device",
                format!("{} names {}", environment::DEVICE, devices.len()),
                "give one of them with --device",
            ));
        };
        if args.inside.wanted() && matches!(device, Choice::Gpu) {
            return Err(Failure::usage(
                "only the software device can be looked into",
                "--check, --stats, --profile and --trace watch every instruction, and a card does not show them",
                "use `--device emu`",
            ));
        }
        let device = if args.inside.wanted() && matches!(device, Choice::Auto) { Choice::Emu } else { device };
        let timeout_ms = environment::flag_or(args.timeout_ms, environment::TIMEOUT_MS, conv2d::timeout)?;
        Ok(Self {
            device,
            hint: environment::flag_or(args.device_hint.clone(), environment::DEVICE_HINT, |t| Ok(t.to_owned()))?,
            threads: environment::flag_or(args.threads, environment::THREADS, conv2d::threads)?,
            timeout: Duration::from_millis(timeout_ms.unwrap_or(conv2d::TIMEOUT_MS)),
            lint: environment::flag_or(args.lint, environment::LINT, conv2d::lint)?,
            inside: args.inside.open()?,
            counters: Arc::default(),
        })
    }

    /// The software Navi31, whose watchdog says more about a hang than a deadline can.
    fn emulated(&self) -> Result<Device, Error> {
        let counters = Some(Arc::clone(&self.counters));
        let threads = self.threads.map(NonZeroUsize::get);
        let inspection = self.inside.as_ref().map(inspect::Inside::inspection);
        Device::emulated_with(Config { threads, job_timeout: self.timeout, inspection, counters, ..Config::strict() })
    }

    /// The device, and why `auto` took the software one.
    fn open(&self, bytes: &[u8], out: &Output) -> anyhow::Result<(Device, Option<String>)> {
        let gpu = || {
            let select = Select::engine(Engine::Gpu);
            Device::open(match &self.hint {
                Some(hint) => select.hint(hint.clone()),
                None => select,
            })
        };
        let runs_on = |gfx: &str| CodeObject::parse_for(bytes, gfx).is_ok();
        let (device, fallback) = match self.device {
            Choice::Emu => (self.emulated()?, None),
            Choice::Gpu => (gpu()?, None),
            Choice::Cpu => {
                return Err(Failure::usage(
                    "a code object cannot run on the cpu engine",
                    "it holds RDNA3 instructions, and the cpu engine has native twins of its own operators only",
                    "use `--device emu`, which executes them in software, or `--device gpu`",
                )
                .into());
            }
            Choice::Auto => match gpu() {
                Ok(card) if runs_on(card.gfx_target().unwrap_or_default()) || !runs_on(EMULATED) => (card, None),
                Ok(card) => {
                    let found = card.gfx_target().unwrap_or_default();
                    (self.emulated()?, Some(format!("the card is a {found}, and the code object is for {EMULATED}")))
                }
                Err(error) => (self.emulated()?, Some(error.to_string())),
            },
        };
        if let Some(reason) = &fallback {
            let what = reason.strip_prefix("no usable GPU: ").unwrap_or(reason);
            let what = what.split(" (").next().unwrap_or(what);
            out.note(&format!(
                "no usable GPU, so the software device runs this: {what}; `sparkle-pm4 probe` says more"
            ));
        }
        if let Some(lint) = self.lint {
            device.set_lint(lint);
        }
        Ok((device, fallback))
    }
}

/// Runs the subcommand; after a hang once more, where that is asked for.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    let how = match args.hangs.on_hang {
        OnHang::Fail => return attempt(&args, out).map_err(|stop| stop.error),
        OnHang::Retry => "a hang: once more, on the device opened again",
        OnHang::Cpu => {
            return Err(Failure::usage(
                "a code object cannot run on the cpu engine",
                "it holds RDNA3 instructions, so that there is nothing for `--on-hang cpu` to fall back to",
                "use `--on-hang retry`, or `fail`",
            )
            .into());
        }
    };
    match attempt(&args, out) {
        Err(Stop { error, hung: true }) => {
            out.note(&format!("{how}; {error:#}"));
            attempt(&args, out).map_err(|stop| stop.error)
        }
        done => done.map_err(|stop| stop.error),
    }
}

/// Why an attempt ended.
struct Stop {
    error: anyhow::Error,
    /// Whether the device gave the work up, or it didn't end in time.
    hung: bool,
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self { error: error.into(), hung: false }
    }
}

fn attempt(args: &Args, out: &Output) -> Result<(), Stop> {
    let bytes = array::whole(&args.file, OBJECT_MAX)?;
    let about = || args.file.display().to_string();
    if args.list {
        let object = unbundle(&bytes, EMULATED).and_then(CodeObject::parse).map_err(Error::from);
        let object = object.with_context(about)?;
        return match out.json {
            true => Ok(out.document(&report::list_document(&args.file, &object))?),
            false => Ok(out.text(&report::list_text(&args.file, &object, out))?),
        };
    }
    signals::install(out);
    let to_stdout = takes_stdout("--dump-pm4", args.dump_pm4.as_deref().is_some_and(is_stdout), out)?;
    takes_stdout("--profile", args.inside.to_stdout(), out)?;
    let settings = Settings::new(args)?;
    let (device, fallback) = settings.open(&bytes, out)?;
    device.keep_data(args.hangs.hang_data);
    let module = Module::load(&device, &bytes).with_context(about)?;
    let info = choose(module.object(), args.kernel.as_deref(), &args.file)?;
    let kernel = module.kernel(&info.name).with_context(about)?;
    let block = args.block.or(info.required_workgroup_size).ok_or_else(|| {
        Failure::usage(
            "the size of a workgroup is missing",
            format!("kernel {} takes any of up to {} work-items", info.name, info.max_workgroup_size),
            "give --block X,Y,Z",
        )
    })?;
    let grid = Extent { grid: args.grid.unwrap_or([1; 3]), items: args.items, block }.complete();
    args.inside.check_launch(grid.grid, grid.waves_of_group(info.wave_size))?;
    let (given, lds) = args::load(&args.args, info)?;
    let dynamic_lds = args.lds.saturating_add(lds);

    let doing = || format!("kernel {} on {}", info.name, device.engine());
    let mut launched = match args.items {
        Some(items) => kernel.over_items(items, block),
        None => kernel.over(grid.grid, block),
    }
    .dynamic_lds(dynamic_lds);
    if let Some(bytes) = args.stack {
        launched = launched.stack(bytes);
        if launched.lane_scratch_bytes() == 0 {
            out.note(&format!("kernel {} uses no scratch, so that --stack changes nothing", info.name));
        }
    }
    let queue = device.queue().with_context(doing)?;
    let mut buffers = upload(&device, &given).with_context(doing)?;
    let base = kernel.prepared().spec().code_va.wrapping_sub(info.entry_offset);
    let image = base..base + module.object().image().len() as u64;
    if let Some(inside) = &settings.inside {
        let named = |(i, (arg, buffer)): (usize, (_, &Option<Buffer<u8>>))| {
            let buffer = buffer.as_ref()?;
            let object = check::Object { va: buffer.va()?, bytes: buffer.len() as u64 };
            Some((object, args::named(i, arg)))
        };
        let lds = info.lds_bytes.saturating_add(dynamic_lds);
        inside.place(base, lds, info.explicit_args().zip(&buffers).enumerate().filter_map(named));
    }
    let progress = out.progress(format!("{}: {}", device.engine(), info.name));
    let (warmup, iters) = args.iters.map_or((0, 1), |n| (1, n));
    let mut times = Vec::new();
    let mut before = settings.counters.work();
    for i in 0..warmup + iters {
        signals::check()?;
        if i == warmup {
            before = settings.counters.work();
        }
        if i > 0 {
            refill(&mut buffers, &given).with_context(doing)?;
        }
        let values = arguments(&given, &mut buffers);
        let start = Instant::now();
        let recording = queue.record(&launched, values).with_context(doing)?;
        if let Some(file) = args.dump_pm4.as_ref().filter(|_| i == 0) {
            let recorded = execute::Recorded::new(&recording, device.engine());
            conv2d::dump(file, &recorded, format!("kernel {}", info.name), out)?;
        }
        let fence = queue.submit_recording(recording).with_context(doing)?;
        let limit = match device.engine() {
            Engine::Emu => settings.timeout.saturating_add(WATCHDOG_GRACE),
            _ => settings.timeout,
        };
        if let Err(error) = execute::wait(&fence, limit) {
            if let Some(inside) = &settings.inside {
                // What was found until then may say why.
                out.error_text(&inside.finish(base, out)?.text());
            }
            args.hangs.record(&error, &fence, &format!("kernel {}", info.name), out);
            let hung = hangs::Args::concerns(&error);
            return Err(Stop { error: lost(error, &args.file, image, settings.timeout, doing()), hung });
        }
        if i >= warmup {
            times.push(start.elapsed());
        }
    }
    drop(progress);
    signals::check()?;
    times.sort_unstable();
    let done = settings.counters.work().wave_instructions - before.wave_instructions;
    // Nothing is counted where the software device is another process's.
    let instructions = (done > 0).then(|| done / u64::from(iters));
    let mut outputs = Vec::new();
    for (index, (given, buffer)) in given.iter().zip(&buffers).enumerate() {
        if let (Given::Buffer { output: Some(target), .. }, Some(buffer)) = (given, buffer) {
            let written = target.write(buffer);
            written.map_err(|e| lost(e, &args.file, image.clone(), settings.timeout, doing()))?;
            outputs.push((index, target.clone(), buffer.len()));
        }
    }
    let fallback = fallback.as_deref();
    let object = module.object();
    let seen = settings.inside.as_ref().map(|inside| inside.finish(base, out)).transpose()?;
    let failure = seen.as_ref().and_then(|seen| seen.failure(&args.file));
    let lane_scratch = launched.lane_scratch_bytes();
    let ran = Ran {
        device: &device,
        fallback,
        object,
        kernel: info,
        extent: grid,
        dynamic_lds,
        lane_scratch,
        times,
        warmup,
        instructions,
        outputs,
    };
    if out.json {
        let mut document = report::document(&args.file, &ran, &settings);
        if let Some(seen) = &seen {
            document["inside"] = seen.members();
        }
        if let Some(failure) = &failure {
            document["error"] = failure.document();
        }
        out.document(&document)?;
    } else {
        let mut text = report::text(&args.file, &ran, out);
        text += &seen.as_ref().map(inspect::Seen::text).unwrap_or_default();
        if to_stdout || args.inside.to_stdout() {
            // The listing alone goes to standard output then.
            out.error_text(&text);
        } else {
            out.text(&text)?;
        }
    }
    match failure {
        None => Ok(()),
        Some(failure) if out.json => Err(Reported(failure).into()),
        Some(failure) => Err(failure.into()),
    }
}

/// What a launch covers.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Workgroups, incomplete ones included.
    pub grid: [u32; 3],
    /// Work-items, where they were given instead.
    pub items: Option<[u32; 3]>,
    /// Work-items of a complete workgroup.
    pub block: [u32; 3],
}

impl Extent {
    /// With the workgroups that the items make.
    fn complete(self) -> Self {
        let groups = |items: [u32; 3]| [0, 1, 2].map(|i| items[i].div_ceil(self.block[i].max(1)));
        Self { grid: self.items.map_or(self.grid, groups), ..self }
    }

    /// Workgroups.
    pub fn workgroups(&self) -> u64 {
        self.grid.iter().fold(1u64, |a, &b| a.saturating_mul(b.into()))
    }

    fn waves_of_group(&self, lanes: u32) -> u32 {
        let threads = self.block.iter().fold(1u32, |a, &b| a.saturating_mul(b));
        threads.div_ceil(lanes.max(1))
    }

    /// Waves of so many lanes.
    pub fn waves(&self, lanes: u32) -> u64 {
        // Along an axis: complete workgroups of a block's items, and perhaps one of the rest.
        let axis = |i: usize| match self.items {
            None => [(self.grid[i], self.block[i]), (0, 0)],
            Some(items) => {
                let (block, rest) = (self.block[i].max(1), items[i] % self.block[i].max(1));
                [(items[i] / block, block), (u32::from(rest != 0), rest)]
            }
        };
        let mut waves = 0u64;
        for (nx, x) in axis(0) {
            for (ny, y) in axis(1) {
                for (nz, z) in axis(2) {
                    let of_group = (u64::from(x) * u64::from(y)).saturating_mul(z.into()).div_ceil(lanes.max(1).into());
                    let groups = (u64::from(nx) * u64::from(ny)).saturating_mul(nz.into());
                    waves = waves.saturating_add(groups.saturating_mul(of_group));
                }
            }
        }
        waves
    }
}

/// An error of a device that gave up, in its parts: what happened, where and how things stood, and what to look at.
/// `image` is where the file's addresses lie.
fn lost(error: anyhow::Error, file: &Path, image: Range<u64>, timeout: Duration, doing: String) -> anyhow::Error {
    let more_time = format!("give more time with a larger `--timeout-ms` (it was {})", timeout.as_millis());
    let Some(lost) = error.downcast_ref::<Error>() else { return error.context(doing) };
    let failure = Failure::from(lost);
    let Error::DeviceLost(hang) = lost else {
        if !matches!(lost, Error::TimedOut) {
            return error.context(doing);
        }
        let next = format!("{more_time}, or look for a loop that does not end");
        return Failure { what: format!("{doing}: {}", failure.what), next, ..failure }.into();
    };
    let reason = hang.reason();
    let (first, rest) = reason.split_once("; ").unwrap_or((reason, ""));
    let what = match first.strip_prefix("hang: ") {
        Some(hang) if hang.ends_with("time limit") => format!("{doing} hung: {hang} of {} ms", timeout.as_millis()),
        Some(hang) => format!("{doing} hung: {hang}"),
        None => format!("{doing}: {first}"),
    };
    // A clause a line.
    let evidence = if rest.is_empty() {
        failure.evidence.clone()
    } else {
        rest.replace("; ", ";\n").replace("under way: ", "under way:\n")
    };
    let file = file.display();
    let at = reason.split_once("pc 0x").and_then(|(_, text)| {
        let end = text.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(text.len());
        u64::from_str_radix(&text[..end], 16).ok().filter(|pc| image.contains(pc))
    });
    let base = image.start;
    let look = match at {
        Some(pc) => format!("see {:#x} in `sparkle-pm4 disasm {file}`, whose address 0 was at {base:#x}", pc - base),
        None => format!("find the instruction with `sparkle-pm4 disasm {file}`, whose address 0 was at {base:#x}"),
    };
    let next = match failure.exit {
        exit::TIMEOUT => format!("{more_time}, or look for a loop that does not end: {look}"),
        _ => look,
    };
    Failure { what, evidence, next, ..failure }.into()
}

/// The kernel of this name, or the only one.
fn choose<'a>(object: &'a CodeObject, name: Option<&str>, file: &Path) -> Result<&'a KernelInfo, Failure> {
    let names: Vec<&str> = object.kernels().iter().map(|k| k.name.as_str()).collect();
    let found = match (name, object.kernels()) {
        (Some(name), kernels) => kernels.iter().find(|k| k.name == name),
        (None, [one]) => Some(one),
        (None, _) => None,
    };
    found.ok_or_else(|| {
        let what = match name {
            Some(name) => format!("{} has no kernel `{name}`", file.display()),
            None if names.is_empty() => format!("{} has no kernel", file.display()),
            None => format!("{} has several kernels, and none was chosen", file.display()),
        };
        let evidence = if names.is_empty() { "its metadata lists none".into() } else { names.join(", ") };
        Failure::usage(what, evidence, "name one of them with --kernel; --list shows what each takes")
    })
}

fn upload(device: &Device, given: &[Given]) -> Result<Vec<Option<Buffer<u8>>>, Error> {
    let upload = |given: &Given| match given {
        Given::Buffer { content: Content::Bytes(data), .. } => device.upload(data).map(Some),
        Given::Buffer { content: Content::Zeros(bytes), .. } => device.zeros(*bytes).map(Some),
        _ => Ok(None),
    };
    given.iter().map(upload).collect()
}

/// The buffers as they were given: what a run wrote is undone.
fn refill(buffers: &mut [Option<Buffer<u8>>], given: &[Given]) -> Result<(), Error> {
    for (buffer, given) in buffers.iter_mut().zip(given) {
        let (Some(buffer), Given::Buffer { content, writes: true, .. }) = (buffer, given) else { continue };
        match content {
            Content::Bytes(data) => buffer.write(data)?,
            Content::Zeros(bytes) => buffer.write(&vec![0; *bytes])?,
        }
    }
    Ok(())
}

fn arguments<'a>(given: &'a [Given], buffers: &'a mut [Option<Buffer<u8>>]) -> Vec<Arg<'a>> {
    let argument = |(given, buffer): (&'a Given, &'a mut Option<Buffer<u8>>)| match (given, buffer) {
        (Given::Buffer { writes: true, .. }, Some(buffer)) => Arg::Out(buffer),
        (Given::Buffer { .. }, Some(buffer)) => Arg::In(buffer),
        (Given::Value(bytes), _) => Arg::Bytes(bytes),
        _ => Arg::Null,
    };
    given.iter().zip(buffers).map(argument).collect()
}

#[cfg(test)]
mod tests {
    use super::{Extent, triple};

    #[test]
    fn waves_are_those_of_complete_and_of_smaller_workgroups() {
        let over = |items, block| Extent { grid: [1; 3], items: Some(items), block }.complete();
        let even = over([1024, 1, 1], [256, 1, 1]);
        assert_eq!((even.grid, even.workgroups(), even.waves(32)), ([4, 1, 1], 4, 32));
        // Three of eight waves, and one of 1000 - 768 = 232 items.
        let odd = over([1000, 1, 1], [256, 1, 1]);
        assert_eq!((odd.grid, odd.waves(32), odd.waves(64)), ([4, 1, 1], 32, 16));
        // 8x4, 8x2, 2x4 and 2x2 items: one wave each, and 8x8 has two.
        let corner = over([10, 6, 1], [8, 4, 1]);
        assert_eq!((corner.grid, corner.waves(32)), ([2, 2, 1], 4));
        assert_eq!(over([10, 8, 1], [8, 8, 1]).waves(32), 3);
        assert_eq!(over([5, 1, 1], [64, 1, 1]).waves(32), 1);
        let grid = Extent { grid: [3, 2, 1], items: None, block: [40, 1, 1] }.complete();
        assert_eq!((grid.workgroups(), grid.waves(32), grid.waves_of_group(32)), (6, 12, 2));
    }

    #[test]
    fn what_is_not_given_of_a_grid_is_1() {
        assert_eq!(triple("4"), Ok([4, 1, 1]));
        assert_eq!(triple("4, 2,3"), Ok([4, 2, 3]));
        for bad in ["", "0", "1,0", "1,2,3,4", "-1", "4294967296", "x"] {
            assert!(triple(bad).is_err(), "{bad}");
        }
    }
}
