//! The `sparkle-pm4` command line; `docs/CLI.md` is its reference.
#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
