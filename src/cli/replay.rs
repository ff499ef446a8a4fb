//! `replay`.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use sparkle_pm4::capture::{self, HangError, HangRecord};
use sparkle_pm4::pm4::submission::{Located, Submission};
use sparkle_pm4::soft::Config;
use sparkle_pm4::{Error, Hang, HangKind, Replayed};

use super::conv2d::report::row;
use super::failure::Reported;
use super::kernel::inspect;
use super::pm4::read_bundle;
use super::{Failure, Output, Style, conv2d, environment, exit, signals, wrap};

/// Shown below `--help`.
pub const AFTER_HELP: &str = "\
BUNDLE is a folder that a hang left (see `run conv2d --help`, Hangs), or a file
of `pm4 dump` or `--dump-pm4 FILE.json`. The exit code is that of the run: 0 when
the submission ends, 6 when it hangs, 7 when it faults.

  sparkle-pm4 replay ~/.cache/sparkle-pm4/hangs/hang-1790000000
  sparkle-pm4 replay hang-1790000000 --trace waves.txt --check

Environment, where the flag is absent: SPARKLE_THREADS, SPARKLE_TIMEOUT_MS.";

/// Name of the document.
const SCHEMA: &str = "sparkle-pm4/replay/1";
/// How long the work may take, unless told otherwise.
const TIMEOUT_MS: u64 = 10_000;
/// Names of buffers that a line has room for.
const SHOWN: usize = 6;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A hang bundle, or a dump of a submission.
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// Refuse what a card would hang on or ignore: on or off; off for streams of drivers, which a card forgives.
    #[arg(long, value_name = "on|off", value_parser = switch, default_value = "on")]
    strict: bool,
    /// How long the work may take, in milliseconds [default: 10000].
    #[arg(long, value_name = "MS", value_parser = conv2d::timeout)]
    timeout_ms: Option<u64>,
    /// Host threads [default: all cores].
    #[arg(long, value_name = "N", value_parser = conv2d::threads)]
    threads: Option<NonZeroUsize>,

    #[command(flatten)]
    inside: inspect::Args,
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("on or off".into()),
    }
}

/// Runs the subcommand.
pub fn run(args: Args, out: &Output) -> anyhow::Result<()> {
    signals::install(out);
    conv2d::takes_stdout("--profile", args.inside.to_stdout(), out)?;
    let timeout_ms = environment::flag_or(args.timeout_ms, environment::TIMEOUT_MS, conv2d::timeout)?;
    let threads = environment::flag_or(args.threads, environment::THREADS, conv2d::threads)?;
    let (record, submission) = load(&args.bundle)?;
    let inside = args.inside.open()?;
    let config = Config {
        strict: args.strict,
        job_timeout: Duration::from_millis(timeout_ms.unwrap_or(TIMEOUT_MS)),
        threads: threads.map(NonZeroUsize::get),
        inspection: inside.as_ref().map(inspect::Inside::inspection),
        ..Config::default()
    };
    let progress = out.progress("replaying");
    let done = sparkle_pm4::replay(&submission, config);
    drop(progress);
    signals::check()?;
    let replayed = done?;
    let seen = inside.as_ref().map(|inside| inside.finish(0, out)).transpose()?;
    let same = match (&record, &replayed.hang) {
        (Some(record), Some(now)) => record.is_same(now),
        _ => None,
    };
    let mut failure = replayed.hang.as_ref().map(|hang| failure(hang, &submission));
    if failure.is_none() {
        failure = seen.as_ref().and_then(|seen| seen.failure(&args.bundle));
    }
    if out.json {
        let hang = replayed.hang.as_ref();
        let recorded =
            record.as_ref().map(|r| json!({ "kind": r.kind.name(), "reason": r.reason, "engine": r.engine }));
        let mut document = json!({
            "schema": SCHEMA,
            "bundle": args.bundle.display().to_string(),
            "recorded": recorded,
            "engine": "emu",
            "outcome": hang.map_or("done", |hang| hang.kind().name()),
            "reason": hang.map(Hang::reason),
            "where": hang.and_then(|hang| place(hang, &submission)),
            "same": same,
            "blank": replayed.blank,
            "error": failure.as_ref().map(Failure::document),
        });
        if let Some(seen) = &seen {
            document["inside"] = seen.members();
        }
        out.document(&document)?;
        return failure.map_or(Ok(()), |failure| Err(Reported(failure).into()));
    }
    let mut text = text(record.as_ref(), &submission, &replayed, same, out);
    text += &seen.as_ref().map(inspect::Seen::text).unwrap_or_default();
    match args.inside.to_stdout() {
        true => out.error_text(&text),
        false => out.text(&text)?,
    }
    failure.map_or(Ok(()), |failure| Err(failure.into()))
}

/// A hang's folder, or a submission alone.
fn load(path: &Path) -> Result<(Option<HangRecord>, Submission), Failure> {
    if !fs::metadata(path).is_ok_and(|found| found.is_dir()) {
        return Ok((None, read_bundle(path)?.submission));
    }
    let mut record = capture::read_hang(path).map_err(|error| unusable(path, &error))?;
    let bundle = record.bundle.take().ok_or_else(|| Failure {
        exit: exit::FAILED,
        code: "hang-file".into(),
        what: format!("{} has nothing to run", path.display()),
        evidence: "its submission.json is absent: what was submitted was not known any more".into(),
        next: "report.txt in it says what is known".into(),
    })?;
    Ok((Some(record), bundle.submission))
}

fn unusable(path: &Path, error: &HangError) -> Failure {
    Failure {
        exit: exit::FAILED,
        code: error.code().into(),
        what: format!("{} is no usable hang bundle", path.display()),
        evidence: error.to_string(),
        next: error.hint().into(),
    }
}

/// Where it stopped: a wave and its instruction.
fn place(hang: &Hang, submission: &Submission) -> Option<String> {
    let wave = hang.explanation()?.waves.first()?;
    let at = match submission.buffers.locate(wave.pc) {
        Located::In(buffer, offset) => format!("{}+{offset:#x}", buffer.name),
        Located::Nowhere { .. } => format!("{:#x}", wave.pc),
    };
    let [x, y, z] = wave.workgroup;
    let inst = wave.instruction.as_deref().unwrap_or("no instruction");
    Some(format!("dispatch {}, workgroup ({x}, {y}, {z}), wave {}, {at}: {inst}", wave.dispatch, wave.wave))
}

fn failure(hang: &Hang, submission: &Submission) -> Failure {
    let failure = Failure::from(&Error::DeviceLost(hang.clone().into()));
    let what = match hang.kind() {
        HangKind::Hung => "the submission hangs on the software device",
        _ => "the submission faults on the software device",
    };
    let next = match place(hang, submission) {
        Some(_) => {
            "`--trace FILE` writes what its waves execute on the way there, `--check` looks for what leads there"
        }
        None => "`sparkle-pm4 pm4 lint` on its submission.json may say what is wrong with the stream",
    };
    Failure { what: what.into(), evidence: hang.reason().replace("; ", ";\n"), next: next.into(), ..failure }
}

fn text(
    record: Option<&HangRecord>,
    submission: &Submission,
    replayed: &Replayed,
    same: Option<bool>,
    out: &Output,
) -> String {
    let title = record.and_then(|record| record.title.as_deref()).unwrap_or("submission");
    let mut text = wrap(&out.paint(Style::Head, &format!("replay: {title}")), out.width, "  ");
    let line = |name: &str, what: &str| row(name, what, out.width);
    if let Some(record) = record {
        let engine = record.engine.as_deref().unwrap_or("an unknown engine");
        let first = record.reason.split("; ").next().unwrap_or_default();
        text += &line("then", &format!("{} on {engine}: {first}", record.kind));
    }
    let dwords: usize = submission.ibs.iter().map(|ib| ib.words.len()).sum();
    let buffers = submission.buffers.buffers().len();
    text += &line(
        "stream",
        &format!("{dwords} dwords on a {} ring of a {}, {buffers} buffers", submission.ring, submission.gfx),
    );
    if !replayed.blank.is_empty() {
        let more = replayed.blank.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let names = replayed.blank.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
        text += &line("zeros", &format!("{names}{more}: what they held is not in the bundle"));
    }
    match &replayed.hang {
        None => {
            text += &line("now", "done on emu: it ran to its end");
            let then = record.is_some_and(|record| matches!(record.kind, HangKind::Hung | HangKind::Faulted));
            if then && !replayed.blank.is_empty() {
                text += &line("", "it may depend on what buffers held: `--hang-data` keeps that in a bundle");
            }
        }
        Some(hang) => {
            let first = hang.reason().split("; ").next().unwrap_or_default();
            text += &line("now", &format!("{} on emu: {first}", hang.kind()));
            if let Some(place) = place(hang, submission) {
                text += &line("where", &place);
            }
        }
    }
    match same {
        Some(true) => text += &line("same", "yes"),
        Some(false) => text += &line("same", "no: it ended in another way, or in another place"),
        None => {}
    }
    text
}
