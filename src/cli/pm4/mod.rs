//! `pm4`: command streams as text, looked over, and written to files.

mod decode;
mod dump;
mod input;
mod lint;

use std::path::Path;

use sparkle_pm4::capture::{self, Bundle};

use super::{Failure, Output, wrap};

pub use input::{is_text, read_input};

/// Arguments of `pm4`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print a stream: raw dwords, packets, registers, fields, and what its addresses are.
    Decode(decode::Args),
    /// Say what is wrong with a stream, before hardware does; exit code 8 for errors.
    Lint(lint::Args),
    /// Write a stream, and what is known of its surroundings, as a bundle.
    #[command(after_help = dump::AFTER_HELP)]
    Dump(dump::Args),
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    match args.command {
        Command::Decode(args) => decode::run(&args, out),
        Command::Lint(args) => lint::run(&args, out),
        Command::Dump(args) => dump::run(&args, out),
    }
}

/// The bundle of a file.
pub(super) fn read_bundle(file: &Path) -> Result<Bundle, Failure> {
    let (name, bytes) = input::read_input(file)?;
    bundle(&name, &bytes)
}

fn bundle(name: &str, bytes: &[u8]) -> Result<Bundle, Failure> {
    capture::read(bytes).map_err(|error| Failure {
        exit: super::exit::FAILED,
        code: error.code().into(),
        what: format!("{name} is no usable bundle"),
        evidence: error.to_string(),
        next: error.hint().into(),
    })
}

/// `text` behind `lead`, wrapped below itself.
fn hanging(lead: &str, text: &str, width: usize) -> String {
    let columns = lead.chars().count();
    let wrapped = wrap(text, width.saturating_sub(columns).max(20), "");
    let mut lines = wrapped.lines();
    let mut all = format!("{lead}{}\n", lines.next().unwrap_or_default());
    for line in lines {
        all += &format!("{:columns$}{line}\n", "");
    }
    all
}
