//! The command line: one file a subcommand, and what they share.
//!
//! # A subcommand
//! A module with `pub struct Args` (deriving `clap::Args`) and
//!
//! ```text
//! pub fn run(args: Args, out: &Output) -> anyhow::Result<()>
//! ```
//!
//! and a line each in [`Command`] and [`dispatch`].
//!
//! - Results go to standard output through [`Output::line`] or, under `--json`, as the one document of
//!   [`Output::document`]. `--json` is a flag of the root and stands in [`Output::json`]: a subcommand has none of its
//!   own. Notes, progress and hints go to standard error through [`Output::note`] and [`Output::progress`].
//! - Colour comes from [`Output::paint`], which knows about terminals and `NO_COLOR`; text keeps to [`Output::width`].
//! - A failure is the library's error as it is, or a [`Failure`] with its three parts and exit code; `?` does for both.
//!   [`failure`] turns either into text, a document and an exit code. An error of writing because nobody reads any
//!   more (a broken pipe) counts as success.
//! - A subcommand that gives work to a device calls [`signals::install`] before anything starts a thread, and
//!   [`signals::check`] between its steps. Elsewhere SIGINT ends the process as it does by default.
//! - A variable is read with [`environment::flag_or`]: the flag goes first, and an empty variable is none.

mod asm;
mod batch;
mod bench;
mod conv2d;
mod disasm;
mod emulate;
mod environment;
mod failure;
mod generate;
mod hangs;
mod kernel;
mod output;
mod pm4;
mod probe;
mod replay;
mod signals;
mod tune;
mod tuning;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

pub use failure::{Failure, exit};
pub use output::{Output, Style, wrap};

/// Direct amdgpu compute for RDNA3: ioctls, PM4, and a software Navi31 to run it on.
#[derive(Debug, Parser)]
#[command(name = "sparkle-pm4", version, max_term_width = 80, propagate_version = true)]
#[command(after_help = "\
Exit codes: 0 done, 1 failed, 2 usage, 3 no supported device, 4 permission
denied, 5 verification mismatch, 6 timeout or hang, 7 device lost, 8 lint found
errors, 130 interrupted.

  sparkle-pm4 run conv2d --shape resnet50-conv2 --device emu,cpu --verify")]
struct Cli {
    /// Print exactly one JSON document on standard output, errors included.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run an operator, and check its result.
    Run {
        #[command(subcommand)]
        operator: Operator,
    },
    /// Show the DRM nodes, what they are good for here, and the engine that `auto` takes.
    Probe(probe::Args),
    /// Read PM4 streams, and look them over.
    Pm4(pm4::Args),
    /// Assemble RDNA3 source in LLVM's syntax.
    Asm(asm::Args),
    /// Disassemble RDNA3 machine code, as LLVM prints it.
    Disasm(disasm::Args),
    /// Run a program on the software device, unmodified.
    #[command(after_help = emulate::AFTER_HELP)]
    Emulate(emulate::Args),
    /// Run a hang bundle, or a dumped submission, on the software device.
    #[command(after_help = replay::AFTER_HELP)]
    Replay(replay::Args),
    /// Time this toolkit beside others.
    Bench(bench::Args),
    /// Time the variants of an operator, and remember the fastest.
    Tune(tune::Args),
    /// Print a completion script for a shell.
    Completions(generate::CompletionsArgs),
    /// Print the manual page, in roff.
    Man(generate::ManArgs),
}

#[derive(Debug, Subcommand)]
enum Operator {
    /// 2-D convolution of NCHW float32 tensors with KCRS weights.
    #[command(after_help = conv2d::AFTER_HELP)]
    Conv2d(Box<conv2d::Args>),
    /// A kernel of a code object, with arguments from the command line and from files.
    #[command(after_help = kernel::AFTER_HELP)]
    Kernel(Box<kernel::Args>),
}

fn dispatch(command: Command, out: &Output) -> anyhow::Result<()> {
    match command {
        Command::Run { operator: Operator::Conv2d(args) } => conv2d::run(*args, out),
        Command::Run { operator: Operator::Kernel(args) } => kernel::run(*args, out),
        Command::Probe(args) => probe::run(args, out),
        Command::Pm4(args) => pm4::run(args, out),
        Command::Asm(args) => asm::run(args, out),
        Command::Disasm(args) => disasm::run(args, out),
        Command::Emulate(args) => emulate::run(args, out),
        Command::Replay(args) => replay::run(args, out),
        Command::Bench(args) => bench::run(args, out),
        Command::Tune(args) => tune::run(args, out),
        Command::Completions(args) => generate::completions(args, &mut Cli::command(), out),
        Command::Man(args) => generate::man(args, &Cli::command(), out),
    }
}

/// Parses the process's arguments, runs the subcommand and reports what went wrong.
pub fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    // Known before clap has parsed anything, because a usage error is a document too.
    let json = args.iter().skip(1).take_while(|a| *a != "--").any(|a| a == "--json");
    let out = Output::new(json);
    let result = match Cli::try_parse_from(args) {
        Ok(cli) => dispatch(cli.command, &out).and_then(|()| Ok(out.flush()?)),
        Err(error) => failure::usage(error, &out),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ExitCode::from(failure::report(&error, &out)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_tree_is_consistent() {
        Cli::command().debug_assert();
    }
}
