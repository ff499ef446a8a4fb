//! `vulkan-compute`: checks a Vulkan driver's compute against the CPU.
//!
//! Every check prints one line, `ok NAME what`, `FAIL NAME: why` or `skipped NAME: why`; the exit code is 0 when nothing
//! failed. Integers are compared bit for bit, floating-point numbers with the error that the shader's arithmetic and the
//! Vulkan specification's precision table allow. A device that does not answer ends in a `FAIL` line: waits have a
//! timeout, calls a watchdog.

mod checks;
mod compare;
mod error;
mod options;
mod vk;
mod watchdog;

use std::io::Write;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use checks::{Check, Outcome};
use error::{Error, Result};
use options::{Options, Request};
use vk::{Gpu, Host, Physical, Scope};

/// Prints a line; nobody is told when nobody listens.
fn say(line: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// The physical device whose name contains `wanted`, in any case; the first one when nothing is wanted.
fn choose(host: &Host, wanted: Option<&str>) -> Result<Physical> {
    let devices = host.physical_devices()?;
    let lines: Vec<String> = devices.iter().map(|device| format!("  {}", device.line())).collect();
    let fits =
        |device: &Physical| wanted.is_none_or(|wanted| device.name.to_lowercase().contains(&wanted.to_lowercase()));
    let found = devices.into_iter().find(fits);
    found.ok_or_else(|| match (wanted, lines.is_empty()) {
        (Some(wanted), false) => {
            Error::Missing(format!("no device has {wanted:?} in its name; there are:\n{}", lines.join("\n")))
        }
        _ => Error::Missing("the Vulkan loader has no devices".into()),
    })
}

/// Runs one check on a device.
fn run_check(gpu: &Gpu, check: &Check) -> Result<Outcome> {
    let scope = Scope::new(gpu);
    let result = (check.run)(&scope);
    scope.end(&result);
    result
}

#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
    skipped: u32,
    abandoned: bool,
}

fn run(options: &Options) -> Result<Tally> {
    let checks = checks::select(&options.only)?;
    // A wait may take `timeout`; compiling a shader or creating a device on an emulated GPU may take a while more.
    watchdog::start(options.timeout * 2 + Duration::from_secs(30));
    watchdog::check("device");
    let host = Host::new()?;
    let physical = choose(&host, options.device.as_deref())?;
    let new_gpu = |host: &Rc<Host>| Gpu::new(host, &physical, options.graphics, options.timeout);
    let mut gpu = Some(new_gpu(&host)?);
    if let Some(gpu) = &gpu {
        let queues: Vec<String> = gpu.queues.iter().map(|queue| format!("{}.{}", queue.family, queue.index)).collect();
        let (line, default) = (physical.line(), &queues[gpu.default_queue]);
        say(format_args!("device {line}, queues {}, checks run on {default}", queues.join(" ")));
    }
    let mut tally = Tally::default();
    for check in &checks {
        watchdog::check(check.name);
        let result = match gpu.as_ref() {
            Some(gpu) => run_check(gpu, check),
            // The one before was given up.
            None => new_gpu(&host).and_then(|fresh| run_check(gpu.insert(fresh), check)),
        };
        let name = check.name;
        match result {
            Ok(Outcome::Passed(what)) => {
                tally.passed += 1;
                say(format_args!("ok {name} {what}"));
            }
            Ok(Outcome::Skipped(why)) => {
                tally.skipped += 1;
                say(format_args!("skipped {name}: {why}"));
            }
            Err(why) => {
                tally.failed += 1;
                say(format_args!("FAIL {name}: {why}"));
            }
        }
        if gpu.as_ref().is_some_and(Gpu::abandoned) {
            tally.abandoned = true;
            gpu = None;
        }
    }
    watchdog::check("the end");
    drop(gpu);
    watchdog::stop();
    let Tally { passed, failed, skipped, .. } = tally;
    say(format_args!("{passed} ok, {failed} failed, {skipped} skipped"));
    Ok(tally)
}

fn main() -> ExitCode {
    let options = match options::parse(std::env::args().skip(1)) {
        Ok(Request::Run(options)) => options,
        Ok(Request::List) => {
            for check in checks::all() {
                say(format_args!("{:24} {}", check.name, check.about));
            }
            return ExitCode::SUCCESS;
        }
        Ok(Request::Help) => {
            say(format_args!("{}", options::HELP.trim_end()));
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("error: {why}\n\n{}", options::HELP.trim_end());
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(tally) => {
            let code = u8::from(tally.failed > 0);
            if tally.abandoned {
                // Unfinished work: the driver's exit handlers might wait for it.
                watchdog::exit_now(code.into());
            }
            ExitCode::from(code)
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::from(2)
        }
    }
}
