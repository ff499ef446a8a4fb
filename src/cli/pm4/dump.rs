//! `pm4 dump`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use sparkle_pm4::capture::{self, Bundle};

use super::input::Source;
use crate::cli::{Failure, Output};

/// Name of the form of `pm4 dump --json -o FILE`.
const SCHEMA: &str = "sparkle-pm4/pm4-dump/1";

/// Shown below `--help`.
pub const AFTER_HELP: &str = "\
Streams of this toolkit become bundles with `run conv2d --dump-pm4 FILE.json`.

  sparkle-pm4 pm4 dump ib.bin --map buffers.txt --kernel k.hsaco@0x800000000 \\
    -o ib.json";

/// Arguments of `pm4 dump`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// Where the bundle goes; `-` is standard output.
    #[arg(short, value_name = "FILE|-", default_value = "-")]
    out: PathBuf,
    /// What the submission is, in a line.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
}

/// Runs it.
pub fn run(args: &Args, out: &Output) -> anyhow::Result<()> {
    let input = args.source.read()?;
    let mut bundle = input.bundle.unwrap_or_else(|| Bundle::new(input.submission.clone()));
    bundle.submission = input.submission;
    if args.title.is_some() {
        bundle.title.clone_from(&args.title);
    }
    let text = capture::write(&bundle);
    if args.out == Path::new("-") {
        return Ok(out.text(&text)?);
    }
    fs::write(&args.out, &text).map_err(|error| {
        Failure::file(
            "unwritable-file",
            format!("{} cannot be written", args.out.display()),
            error.to_string(),
            "give -o a path in a folder that exists and can be written",
        )
    })?;
    if out.json {
        let submission = &bundle.submission;
        out.document(&json!({
            "schema": SCHEMA,
            "file": args.out.display().to_string(),
            "bytes": text.len(),
            "ibs": submission.ibs.len(),
            "dwords": submission.ibs.iter().map(|ib| ib.words.len()).sum::<usize>(),
            "buffers": submission.buffers.buffers().len(),
            "kernels": submission.kernels.len(),
        }))?;
    }
    Ok(())
}
