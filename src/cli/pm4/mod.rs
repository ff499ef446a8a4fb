//! `pm4`: command streams as text, looked over, and written to files.

mod decode;
mod input;

use super::Output;

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
}

/// Runs it.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    match args.command {
        Command::Decode(args) => decode::run(&args, out),
    }
}
