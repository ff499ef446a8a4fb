//! Repository chores.
//!
//! `cargo run --release -p xtask -- kernels` assembles `kernels/src/asm/*.s` into `kernels/objects/*.hsaco`;
//! `kernels --check` assembles beside them and compares byte for byte.
//!
//! `cargo run --release -p xtask -- isa-reference` writes `docs/isa/*.md` from the instruction rows; `--check` compares.
//!
//! Exit codes: 0 done, or nothing differs; 1 a source doesn't assemble, or a file differs; 2 wrong usage;
//! 3 there is no LLVM of version 19 or later.
#![forbid(unsafe_code)]

mod kernels;
mod layout;
mod llvm;
mod reference;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo run --release -p xtask -- kernels|isa-reference [--check]

  kernels                 assemble kernels/src/asm/*.s into kernels/objects/*.hsaco
  kernels --check         compare the objects with what the sources assemble to
  isa-reference           write docs/isa/*.md from the instruction rows
  isa-reference --check   compare them with what the rows say

LLVM's llvm-mc, ld.lld and llvm-objcopy, version 19 or later, are looked for in $SPARKLE_LLVM (a folder),
/usr/lib/llvm-19/bin and later versions, and on PATH.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let check = match args[..] {
        ["kernels"] => false,
        ["kernels", "--check"] => true,
        ["isa-reference"] => return done(reference::run(false)),
        ["isa-reference", "--check"] => return done(reference::run(true)),
        ["--help" | "-h" | "help"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let llvm = match llvm::Llvm::find() {
        Ok(llvm) => llvm,
        Err(what) => {
            eprintln!(
                "error: {what}\nhint: install LLVM 19 (Debian: llvm-19, lld-19), or name its bin folder in SPARKLE_LLVM"
            );
            return ExitCode::from(3);
        }
    };
    done(kernels::run(&llvm, check))
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
