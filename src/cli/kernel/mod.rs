//! `run kernel`.

mod args;
mod array;
mod inspect;
mod report;
mod value;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use sparkle_pm4::object::{CodeObject, KernelInfo, unbundle};
use sparkle_pm4::soft::{Config, check};
use sparkle_pm4::{Arg, Buffer, Device, Engine, Error, Lint, Module, Select};

use super::conv2d::{self, Choice, execute, is_stdout};
use super::failure::Reported;
use super::{Failure, Output, environment, signals};
use args::{Given, Spec};
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

Environment, where the flag is absent: SPARKLE_DEVICE, SPARKLE_DEVICE_HINT,
SPARKLE_THREADS, SPARKLE_TIMEOUT_MS, SPARKLE_LINT.";

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
    #[arg(long, value_name = "X[,Y[,Z]]", value_parser = triple, required_unless_present = "list",
        help_heading = "Kernel")]
    grid: Option<[u32; 3]>,
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
    /// Stack of a lane, for a kernel whose stack the compiler does not know [default: 16384].
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
        })
    }

    /// The software Navi31, whose watchdog says more about a hang than a deadline can.
    fn emulated(&self) -> Result<Device, Error> {
        let threads = self.threads.map(NonZeroUsize::get);
        let inspection = self.inside.as_ref().map(inspect::Inside::inspection);
        Device::emulated_with(Config { threads, job_timeout: self.timeout, inspection, ..Config::strict() })
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

/// Runs the subcommand.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    let bytes = fs::read(&args.file).map_err(|e| array::unreadable(&args.file, &e))?;
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
    let settings = Settings::new(&args)?;
    let to_stdout = args.dump_pm4.as_deref().is_some_and(is_stdout);
    if to_stdout && out.json {
        return Err(Failure::usage(
            "--dump-pm4 - and --json both want standard output",
            "a document and a listing cannot share it",
            "name a file for the listing",
        )
        .into());
    }
    let (device, fallback) = settings.open(&bytes, out)?;
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
    let (given, lds) = args::load(&args.args, info)?;
    let (grid, dynamic_lds) = (args.grid.unwrap_or([1; 3]), args.lds.saturating_add(lds));

    let doing = || format!("kernel {} on {}", info.name, device.engine());
    let mut launched = kernel.over(grid, block).dynamic_lds(dynamic_lds);
    if let Some(bytes) = args.stack {
        launched = launched.stack(bytes);
    }
    let queue = device.queue().with_context(doing)?;
    let mut buffers = upload(&device, &given).with_context(doing)?;
    let base = kernel.prepared().spec().code_va.wrapping_sub(info.entry_offset);
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
    for i in 0..warmup + iters {
        signals::check()?;
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
            return Err(lost(error, &args.file, kernel.prepared().spec().code_va, info, doing()));
        }
        if i >= warmup {
            times.push(start.elapsed());
        }
    }
    drop(progress);
    signals::check()?;
    times.sort_unstable();
    let mut outputs = Vec::new();
    for (index, (given, buffer)) in given.iter().zip(&buffers).enumerate() {
        if let (Given::Buffer { output: Some(target), .. }, Some(buffer)) = (given, buffer) {
            let data = buffer.read().with_context(doing)?;
            let size = data.len();
            target.write(data)?;
            outputs.push((index, target.clone(), size));
        }
    }
    let fallback = fallback.as_deref();
    let object = module.object();
    let seen = settings.inside.as_ref().map(|inside| inside.finish(base, out)).transpose()?;
    let failure = seen.as_ref().and_then(|seen| seen.failure(&args.file));
    let ran = Ran { device: &device, fallback, object, kernel: info, grid, block, dynamic_lds, times, warmup, outputs };
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

/// What a fault's addresses are in the file, for an error of a device that gave up.
fn lost(error: anyhow::Error, file: &Path, code_va: u64, info: &KernelInfo, doing: String) -> anyhow::Error {
    let Some(lost @ Error::DeviceLost { .. }) = error.downcast_ref() else { return error.context(doing) };
    let failure = Failure::from(lost);
    let base = code_va.wrapping_sub(info.entry_offset);
    let file = file.display();
    let next = format!("find the instruction with `sparkle-pm4 disasm {file}`, whose address 0 was at {base:#x}");
    Failure { what: format!("{doing}: {}", failure.what), next, ..failure }.into()
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
        Given::Buffer { data, .. } => device.upload(data).map(Some),
        _ => Ok(None),
    };
    given.iter().map(upload).collect()
}

/// The buffers as they were given: what a run wrote is undone.
fn refill(buffers: &mut [Option<Buffer<u8>>], given: &[Given]) -> Result<(), Error> {
    for (buffer, given) in buffers.iter_mut().zip(given) {
        if let (Some(buffer), Given::Buffer { data, writes: true, .. }) = (buffer, given) {
            buffer.write(data)?;
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
    use super::triple;

    #[test]
    fn what_is_not_given_of_a_grid_is_1() {
        assert_eq!(triple("4"), Ok([4, 1, 1]));
        assert_eq!(triple("4, 2,3"), Ok([4, 2, 3]));
        for bad in ["", "0", "1,0", "1,2,3,4", "-1", "4294967296", "x"] {
            assert!(triple(bad).is_err(), "{bad}");
        }
    }
}
