//! `emulate`: any program on the software device.

use std::ffi::OsString;
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use sparkle_pm4::emulate::{Server, Settings};
use sparkle_pm4::soft::{Arch, Config};

use super::{Failure, Output, conv2d, environment, exit};

/// Printed behind the options.
pub const AFTER_HELP: &str = "\
The program sees /dev/dri, sysfs and the amdgpu ioctls of the software device
through a preloaded library; so do the programs that it starts. The machine's
own cards are hidden from it. Statically linked programs can't be reached.

The exit code is the program's; 128 and the signal's number where one ended it.

  sparkle-pm4 emulate -- vulkaninfo --summary";

/// Arguments of `emulate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What the cards are.
    #[arg(long, value_name = "TARGET", default_value = "gfx1100", value_parser = arch)]
    arch: Arch,
    /// How many cards there are.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=16))]
    devices: u32,
    /// Host threads of each card's waves [default: all cores].
    #[arg(long, value_name = "N", value_parser = conv2d::threads)]
    threads: Option<NonZeroUsize>,
    /// How long a submission may run before it counts as hung [default: 60000].
    #[arg(long, value_name = "MS", value_parser = conv2d::timeout)]
    timeout_ms: Option<u64>,
    /// End a submission with what a card would hang on or ignore: reserved bits, unknown registers, and more.
    #[arg(long)]
    strict: bool,
    /// The program, and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "PROGRAM")]
    program: Vec<OsString>,
}

fn arch(text: &str) -> Result<Arch, String> {
    Arch::from_target(text).ok_or_else(|| "gfx1100, gfx1101, gfx1102 or gfx1103".into())
}

fn setup(error: io::Error) -> Failure {
    Failure {
        exit: exit::FAILED,
        code: "emulate-setup".into(),
        what: "the software device can't be offered to programs".into(),
        evidence: error.to_string(),
        next: "it needs memfds, Unix sockets and a writable temporary folder (TMPDIR)".into(),
    }
}

/// Runs it. Doesn't return where the program ran: the process ends with the program's exit code.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    let timeout_ms = environment::flag_or(args.timeout_ms, environment::TIMEOUT_MS, conv2d::timeout)?;
    let job_timeout = Duration::from_millis(timeout_ms.unwrap_or(60_000));
    let threads = args.threads.map(NonZeroUsize::get);
    // Programs of others may let dispatches overlap, with atomics for example: a card allows it.
    let (log, said) = std::sync::mpsc::channel();
    let card = Config {
        log: Some(log),
        strict: args.strict,
        check_hazards: false,
        job_timeout,
        threads,
        ..Config::of(args.arch)
    };
    // The terminal sends its signals to the program as well, which decides what they mean; those that only this process
    // gets are passed on. Blocked before threads start, so that all inherit it.
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGHUP] {
        signals.add(signal);
    }
    signals.thread_block()?;
    let server = Server::start(&Settings { card, devices: args.devices }).map_err(setup)?;
    let (variable, value) = server.variable();
    let mut preload = server.library().into_os_string();
    if let Some(others) = std::env::var_os("LD_PRELOAD").filter(|v| !v.is_empty()) {
        preload.push(":");
        preload.push(others);
    }
    let [program, arguments @ ..] = args.program.as_slice() else { unreachable!("clap wants one") };
    let child = Command::new(program).args(arguments).env("LD_PRELOAD", preload).env(variable, value).spawn();
    let mut child = child.map_err(|error| Failure {
        exit: if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 },
        code: "emulate-program".into(),
        what: format!("{} can't be started", program.display()),
        evidence: error.to_string(),
        next: "give the program's path, or a name that PATH has".into(),
    })?;
    let pid = Pid::from_raw(child.id() as i32);
    std::thread::Builder::new().name("sparkle-signals".into()).spawn(move || {
        while let Ok(signal) = signals.wait() {
            if matches!(signal, Signal::SIGTERM | Signal::SIGHUP) {
                _ = kill(pid, signal);
            }
        }
    })?;
    // What a card's kernel would write to its log.
    let printer = std::thread::Builder::new().name("sparkle-log".into());
    let out_too = out.clone();
    let printer = printer.spawn(move || said.iter().for_each(|text| out_too.note(&format!("card: {text}"))))?;
    let status = child.wait()?;
    drop(server);
    // It ends when the cards are gone; a job that doesn't end isn't waited for.
    let end = std::time::Instant::now() + Duration::from_millis(500);
    while !printer.is_finished() && std::time::Instant::now() < end {
        std::thread::sleep(Duration::from_millis(1));
    }
    out.flush()?;
    std::process::exit(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)));
}
