//! `probe --ladder`: bring-up in steps.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sparkle_pm4::kmd::Node;
use sparkle_pm4::ladder::{self, Cause, Climb, Fall, Ladder, Mismatch, Outcome, Rung, RungReport, Sign};
use sparkle_pm4::soft::{Config, SoftNode};
use sparkle_pm4::{Engine, Error};

use super::{Args, Target};
use crate::cli::conv2d::report::time;
use crate::cli::failure::Reported;
use crate::cli::{Failure, Output, Style, conv2d, environment, exit, signals, wrap};

/// Name of the document's form.
const SCHEMA: &str = "sparkle-pm4/ladder/1";
/// Wait for a fence unless something else is said: far beyond what any rung takes, and a time that a person waits.
const TIMEOUT_MS: u64 = 10_000;
/// How much longer than the software device's watchdog a wait takes, so that the watchdog's reason arrives.
const GRACE: Duration = Duration::from_secs(2);

/// Climbs. The exit code is that of the rung that failed.
pub fn run(args: &Args, out: &Output) -> anyhow::Result<()> {
    signals::install(out);
    let target = environment::flag_or(args.device, environment::DEVICE, Target::parse)?.unwrap_or(Target::Auto);
    let hint = environment::flag_or(args.device_hint.clone(), environment::DEVICE_HINT, |t| Ok(t.to_owned()))?;
    let ms = environment::flag_or(args.timeout_ms, environment::TIMEOUT_MS, conv2d::timeout)?.unwrap_or(TIMEOUT_MS);
    let timeout = Duration::from_millis(ms);
    let (node, engine, wait): (Arc<dyn Node>, _, _) = match target {
        Target::Emu => {
            let config = Config { job_timeout: timeout, ..Config::strict() };
            (Arc::new(SoftNode::new(config).map_err(Error::Soft)?), Engine::Emu, timeout + GRACE)
        }
        // No fallback: another engine's rungs would say nothing about the card.
        Target::Auto | Target::Gpu => {
            let node = ladder::find(hint.as_deref())?;
            let engine = if node.is_emulated() { Engine::Emu } else { Engine::Gpu };
            (node, engine, timeout)
        }
    };
    let ladder = Ladder::new(engine).timeout(wait);
    let ladder = match args.ring {
        Some(index) => ladder.ring(index),
        None => ladder,
    };
    let progress = out.progress("climbing");
    let climb = ladder.climb_while(node, |rung| {
        progress.say(format!("{engine}: {rung}"));
        if signals::interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    drop(progress);
    signals::check()?;
    let failure = climb.failure().map(|(rung, fall)| failure(rung, fall));
    if out.json {
        let error = failure.as_ref().map(Failure::document);
        out.document(&document(&climb, engine, ms, error))?;
        return match failure {
            Some(failure) => Err(anyhow::Error::new(Reported(failure))),
            None => Ok(()),
        };
    }
    out.text(&text(&climb, engine, out))?;
    match failure {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

/// The table: a line a rung.
fn text(climb: &Climb, engine: Engine, out: &Output) -> String {
    let mut text = String::new();
    let title = match climb.card() {
        Some(card) => {
            let ring = card.ring.map_or_else(|| "no ring".to_owned(), |ring| format!("ring {ring}"));
            format!("ladder on {}, {ring}, DRM {}", card.name, card.drm_version)
        }
        None => "ladder on a card that does not answer".to_owned(),
    };
    text += &out.paint(Style::Head, &title);
    text.push('\n');
    for report in climb.rungs() {
        let name = report.rung.name();
        let (state, style, rest) = match &report.outcome {
            Outcome::Held(_) => ("held", Style::Good, time(report.duration)),
            Outcome::Failed(_) => ("FAILED", Style::Bad, time(report.duration)),
            Outcome::NotRun => ("not run", Style::Faint, String::new()),
        };
        let state = out.paint(style, &format!("{state:<7}"));
        let line = format!("  {name:<14} {state}  {rest:>8}  ");
        // What a rung proves is said of those that were tried.
        if matches!(report.outcome, Outcome::NotRun) {
            text += &format!("{}\n", line.trim_end());
            continue;
        }
        let lead = 2 + 14 + 1 + 7 + 2 + 8 + 2;
        let indent = " ".repeat(lead);
        let proves = wrap(report.rung.proves(), out.width.saturating_sub(lead).max(20), "");
        for (i, part) in proves.lines().enumerate() {
            text += &format!("{}{part}\n", if i == 0 { &line } else { &indent });
        }
        if let Outcome::Held(seen) = &report.outcome {
            for note in seen {
                text += &wrap(&format!("    note: {note}"), out.width, "      ");
            }
        }
    }
    text += &wrap(&format!("  times are {}'s, a rung's runs together", meaning(engine)), out.width, "  ");
    if climb.reached_top() {
        text += "every rung holds\n";
    }
    text
}

fn meaning(engine: Engine) -> &'static str {
    match engine {
        Engine::Emu => "the emulator's host time, not a card",
        _ => "the host",
    }
}

/// The rung that failed, in three parts.
fn failure(rung: Rung, fall: &Fall) -> Failure {
    let cause = fall.cause();
    let mut evidence = fall.evidence.clone();
    let likely = |(i, cause): (usize, &&'static Cause)| {
        format!("{}: {} [{}]", if i == 0 { "likely" } else { "or" }, cause.text, cause.code)
    };
    evidence.extend(fall.causes.iter().enumerate().map(likely));
    Failure {
        exit: exit_code(fall),
        code: format!("ladder-{}-{}", rung.slug(), fall.sign.code()).into(),
        what: format!("the rung {rung} {}", fall.sign.says()),
        evidence: evidence.join("\n"),
        next: cause.next.into(),
    }
}

fn exit_code(fall: &Fall) -> u8 {
    use sparkle_pm4::kmd::Errno;

    match (fall.sign, &fall.error) {
        (Sign::TimedOut | Sign::Hung, _) => exit::TIMEOUT,
        (Sign::Faulted | Sign::Cancelled, _) => exit::DEVICE_LOST,
        (Sign::Refused, Some(error)) => match fall.errno() {
            Some(Errno::EACCES | Errno::EPERM) => exit::PERMISSION,
            Some(Errno::ENODEV) => exit::DEVICE_LOST,
            _ => Failure::from(error).exit,
        },
        (Sign::Refused, None) if fall.cause().code == "no-ring" => exit::NO_DEVICE,
        _ => exit::FAILED,
    }
}

fn document(climb: &Climb, engine: Engine, timeout_ms: u64, error: Option<Value>) -> Value {
    let card = climb.card();
    json!({
        "schema": SCHEMA,
        "device": engine.name(),
        "device_name": card.map(|card| &card.name),
        "engine": engine.label(),
        "gfx_target": card.map(|card| &card.gfx_target),
        "drm_version": card.map(|card| &card.drm_version),
        "ring": card.and_then(|card| card.ring).map(|ring| ring.to_string()),
        "timeout_ms": timeout_ms,
        "reached_top": climb.reached_top(),
        "rungs": climb.rungs().iter().map(rung).collect::<Vec<_>>(),
        "error": error,
    })
}

fn rung(report: &RungReport) -> Value {
    let (state, notes, failure) = match &report.outcome {
        Outcome::Held(notes) => ("held", notes.clone(), None),
        Outcome::Failed(fall) => ("failed", Vec::new(), Some(fall_document(fall))),
        Outcome::NotRun => ("not-run", Vec::new(), None),
    };
    let ran = !matches!(report.outcome, Outcome::NotRun);
    json!({
        "rung": report.rung.slug(),
        "name": report.rung.name(),
        "state": state,
        "duration_ns": ran.then(|| u64::try_from(report.duration.as_nanos()).unwrap_or(u64::MAX)),
        "proves": report.rung.proves(),
        "leaves_open": report.rung.leaves_open(),
        "notes": notes,
        "failure": failure,
    })
}

fn hex(value: u64) -> String {
    format!("{value:#x}")
}

fn fall_document(fall: &Fall) -> Value {
    json!({
        "sign": fall.sign.code(),
        "evidence": fall.evidence,
        "causes": fall.causes.iter().map(|c| json!({ "code": c.code, "text": c.text, "next": c.next })).collect::<Vec<_>>(),
        "errno": fall.errno().map(|errno| format!("{errno:?}")),
        "mismatch": fall.mismatch.as_ref().map(mismatch),
        "reset": fall.reset.map(|state| json!({
            "status": format!("{:?}", state.status).to_lowercase(),
            "flags": hex(state.flags.bits()),
        })),
        "page_fault": fall.page_fault.map(|(address, status)| json!({
            "address": hex(address),
            "status": hex(status.into()),
        })),
    })
}

fn mismatch(m: &Mismatch) -> Value {
    json!({
        "area": m.area,
        "placement": format!("{:?}", m.placement).to_lowercase(),
        "run": m.run,
        "dword": m.dword,
        "address": hex(m.va),
        "expected": hex(m.expected.into()),
        "got": hex(m.got.into()),
        "wrong_dwords": m.wrong,
        "written_dwords": m.written,
        "strayed_dwords": m.strayed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sparkle_pm4::kmd::{Errno, KmdError};

    fn fall(sign: Sign, error: Option<Error>) -> Fall {
        let evidence = vec!["dword 5 expects 1".into(), "and holds 2".into()];
        let causes = Rung::Store.causes(sign).collect();
        Fall { sign, evidence, causes, error, mismatch: None, reset: None, page_fault: None }
    }

    fn refused(errno: Errno) -> Fall {
        let error = KmdError::Ioctl { name: "AMDGPU_CS", errno, args: String::new() };
        fall(Sign::Refused, Some(error.into()))
    }

    #[test]
    fn the_exit_code_follows_the_way_of_failing() {
        let cases = [
            (fall(Sign::Untouched, None), exit::FAILED),
            (fall(Sign::Neighbour, None), exit::FAILED),
            (fall(Sign::NoSequence, None), exit::FAILED),
            (refused(Errno::EINVAL), exit::FAILED),
            (refused(Errno::EACCES), exit::PERMISSION),
            (refused(Errno::ENODEV), exit::DEVICE_LOST),
            (fall(Sign::Refused, Some(KmdError::NotAmdgpu { driver: "i915".into() }.into())), exit::NO_DEVICE),
            (fall(Sign::Refused, Some(KmdError::TooOld { major: 3, minor: 20 }.into())), exit::NO_DEVICE),
            (fall(Sign::TimedOut, None), exit::TIMEOUT),
            (fall(Sign::Hung, None), exit::TIMEOUT),
            (fall(Sign::Faulted, None), exit::DEVICE_LOST),
            (fall(Sign::Cancelled, None), exit::DEVICE_LOST),
        ];
        for (fall, code) in cases {
            assert_eq!(exit_code(&fall), code, "{:?} {:?}", fall.sign, fall.error);
        }
    }

    #[test]
    fn a_failure_has_what_was_seen_then_the_causes_and_what_to_do() {
        let failure = failure(Rung::Store, &fall(Sign::Partial, None));
        assert_eq!(failure.code, "ladder-store-partial");
        assert_eq!(failure.what, "the rung store ended, and only a part was written");
        let lines: Vec<&str> = failure.evidence.lines().collect();
        assert_eq!(lines[..2], ["dword 5 expects 1", "and holds 2"]);
        assert!(lines[2].starts_with("likely: ") && lines[2].ends_with("[group-size]"), "{lines:?}");
        assert!(lines[3].starts_with("or: ") && !failure.next.is_empty(), "{lines:?}");
    }
}
