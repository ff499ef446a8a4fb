//! Repository chores.
//!
//! `cargo run --release -p xtask -- kernels` assembles `kernels/src/asm/*.s` into `kernels/objects/*.hsaco` with the
//! assembler of this repository; `kernels --check` assembles beside them and compares byte for byte. Where LLVM is
//! installed, its assembler and linker must make the same bytes.
//!
//! `cargo run --release -p xtask -- isa-reference` writes `docs/isa/*.md` from the instruction rows; `--check` compares.
//! `pm4-reference` does the same for `docs/pm4/*.md`: packets, registers and the linter's rules.
//!
//! Exit codes: 0 done, or nothing differs; 1 a source doesn't assemble, or a file differs; 2 wrong usage.
#![forbid(unsafe_code)]

mod kernels;
mod layout;
mod llvm;
mod pages;
mod pm4_pages;
mod reference;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo run --release -p xtask -- kernels|isa-reference|pm4-reference [--check]

  kernels                 assemble kernels/src/asm/*.s into kernels/objects/*.hsaco
  kernels --check         compare the objects with what the sources assemble to
  isa-reference           write docs/isa/*.md from the instruction rows
  isa-reference --check   compare them with what the rows say
  pm4-reference           write docs/pm4/*.md from the rows of packets, registers and lint rules
  pm4-reference --check   compare them with what the rows say

LLVM's llvm-mc, ld.lld and llvm-objcopy, version 19 or later, are looked for in $SPARKLE_LLVM (a folder),
/usr/lib/llvm-19/bin and later versions, and on PATH; without them the comparison is skipped, and says so.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let check = match args[..] {
        ["kernels"] => false,
        ["kernels", "--check"] => true,
        ["isa-reference"] => return done(reference::run(false)),
        ["isa-reference", "--check"] => return done(reference::run(true)),
        ["pm4-reference"] => return done(pm4_pages::run(false)),
        ["pm4-reference", "--check"] => return done(pm4_pages::run(true)),
        ["--help" | "-h" | "help"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    done(kernels::run(check))
}

fn done(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
    }
}
