//! Failures: three parts for people, one document for scripts, and the exit code.

use std::borrow::Cow;
use std::fmt;
use std::io;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::json;
use sparkle_pm4::kmd::KmdError;
use sparkle_pm4::object::ObjectError;
use sparkle_pm4::{Error, HangKind};

use super::{Output, Style, wrap};

/// Exit codes; `docs/CLI.md` has the table.
pub mod exit {
    /// The operation failed: an unreadable or malformed file too.
    pub const FAILED: u8 = 1;
    /// Usage: an argument that cannot be, an impossible shape too.
    pub const USAGE: u8 = 2;
    /// No supported device, where a GPU was demanded.
    pub const NO_DEVICE: u8 = 3;
    /// A device was found, and this user may not open it.
    pub const PERMISSION: u8 = 4;
    /// A result disagrees with the reference, or engines with each other.
    pub const MISMATCH: u8 = 5;
    /// The deadline passed, or the work hung.
    pub const TIMEOUT: u8 = 6;
    /// The device was lost or reset.
    pub const DEVICE_LOST: u8 = 7;
    /// The linter found errors.
    pub const LINT: u8 = 8;
    /// SIGINT.
    pub const INTERRUPTED: u8 = 130;
}

/// A failure as it is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The process's exit code, from [`exit`].
    pub exit: u8,
    /// A stable name for scripts.
    pub code: Cow<'static, str>,
    /// What failed.
    pub what: String,
    /// What was seen.
    pub evidence: String,
    /// What to do next.
    pub next: String,
}

impl Failure {
    /// An argument that cannot be.
    pub fn usage(what: impl Into<String>, evidence: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            exit: exit::USAGE,
            code: "usage".into(),
            what: what.into(),
            evidence: evidence.into(),
            next: next.into(),
        }
    }

    /// A file that cannot be used.
    pub fn file(
        code: &'static str,
        what: impl Into<String>,
        evidence: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { exit: exit::FAILED, code: code.into(), what: what.into(), evidence: evidence.into(), next: next.into() }
    }

    /// As the document's members.
    pub fn document(&self) -> serde_json::Value {
        let message = if self.evidence.is_empty() {
            self.what.clone()
        } else {
            format!("{}: {}", self.what, self.evidence.replace('\n', " "))
        };
        json!({ "code": self.code, "message": message, "hint": self.next })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.evidence)
    }
}

impl std::error::Error for Failure {}

/// A failure whose document has been printed already, as a part of the results.
#[derive(Debug)]
pub struct Reported(pub Failure);

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Reported {}

/// The library's errors as failures. What an operation was about is said by the context around them.
impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let (exit, what) = match error {
            Error::Shape(_) => (exit::USAGE, "this shape cannot be computed"),
            Error::Plan(_) => (exit::USAGE, "this shape is beyond the GPU kernel's limits"),
            Error::NoDevice { permission: true, .. } => (exit::PERMISSION, "the GPU may not be opened"),
            Error::NoDevice { .. } => (exit::NO_DEVICE, "there is no GPU to run on"),
            Error::UnsupportedGfx { .. } => (exit::NO_DEVICE, "the GPU is not supported"),
            Error::NeedsGpu { .. } => (exit::USAGE, "the cpu engine cannot do this"),
            Error::NeedsCpu { .. } => (exit::USAGE, "the gpu and emu engines cannot do this"),
            Error::TimedOut => (exit::TIMEOUT, "the device did not finish in time"),
            Error::DeviceLost(hang) if hang.kind() == HangKind::Hung => (exit::TIMEOUT, "the work hung"),
            Error::DeviceLost(_) => (exit::DEVICE_LOST, "the device was lost"),
            Error::Kmd(KmdError::PermissionDenied { .. }) => (exit::PERMISSION, "the GPU may not be opened"),
            Error::Kmd(
                KmdError::NotFound { .. }
                | KmdError::NotAmdgpu { .. }
                | KmdError::TooOld { .. }
                | KmdError::MissingCapability { .. }
                | KmdError::UnsupportedGfx { .. },
            ) => (exit::NO_DEVICE, "there is no supported GPU to run on"),
            Error::Kmd(KmdError::ContextLost(_)) => (exit::DEVICE_LOST, "the device was lost"),
            Error::Kmd(KmdError::OutOfMemory { .. }) => (exit::FAILED, "the device has too little memory"),
            Error::Kmd(_) => (exit::FAILED, "the kernel's amdgpu interface failed"),
            Error::Object(
                ObjectError::UnknownKernel { .. }
                | ObjectError::UnknownGlobal { .. }
                | ObjectError::ArgumentCount { .. }
                | ObjectError::Argument { .. },
            ) => (exit::USAGE, "the code object has nothing like that"),
            Error::Object(_) => (exit::FAILED, "the code object cannot be used"),
            Error::Kernel { .. } => (exit::USAGE, "the kernel cannot be launched like this"),
            Error::Lint { .. } => (exit::LINT, "the linter refuses the stream"),
            Error::Soft(_) => (exit::FAILED, "the software device cannot be set up"),
            Error::Cpu(sparkle_pm4::cpu::CpuError::Shape(_)) => (exit::USAGE, "this shape cannot be computed"),
            Error::Cpu(_) => (exit::FAILED, "the cpu engine failed"),
            _ => (exit::FAILED, "the operation failed"),
        };
        let evidence = match error {
            Error::NoDevice { reason, .. } => reason.clone(),
            Error::DeviceLost(hang) => hang.reason().to_owned(),
            other => other.to_string(),
        };
        let next = match error {
            Error::TimedOut => "give more time with `--timeout-ms`, or take a smaller shape".into(),
            other => other.hint(),
        };
        Self { exit, code: error.code().into(), what: what.into(), evidence, next }
    }
}

/// Any error as a failure.
fn classify(error: &anyhow::Error) -> Failure {
    let mut failure = match error.downcast_ref::<Failure>() {
        Some(failure) => return failure.clone(),
        None => match error.downcast_ref::<Error>() {
            Some(error) => Failure::from(error),
            None => match error.downcast_ref::<Reported>() {
                Some(reported) => return reported.0.clone(),
                None if error.is::<io::Error>() => Failure::file(
                    "output",
                    "the result could not be written to standard output",
                    error.to_string(),
                    "check where standard output goes: a full disk, a closed descriptor",
                ),
                None => Failure {
                    exit: exit::FAILED,
                    code: "failed".into(),
                    what: error.to_string(),
                    evidence: error.chain().skip(1).map(ToString::to_string).collect::<Vec<_>>().join(": "),
                    next: "see the message; `--help` lists what can be given".into(),
                },
            },
        },
    };
    // Context that was put around a library error says where it happened.
    let outer = error.to_string();
    if error.chain().len() > 1 && error.downcast_ref::<Error>().is_some_and(|e| e.to_string() != outer) {
        failure.what = format!("{outer}: {}", failure.what);
    }
    failure
}

/// Nobody reads what is written: the reader had enough, which is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|e| e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

/// Prints the failure where it belongs and gives the exit code.
pub fn report(error: &anyhow::Error, out: &Output) -> u8 {
    if is_broken_pipe(error) {
        return 0;
    }
    let failure = classify(error);
    if out.json {
        if error.downcast_ref::<Reported>().is_none() {
            let mut document = json!({ "schema": "sparkle-pm4/error/1" });
            if let (Some(document), Some(members)) = (document.as_object_mut(), failure.document().as_object()) {
                document.extend(members.clone());
            }
            // There is nowhere left to report to if this fails.
            _ = out.document(&document).and_then(|()| out.flush());
        }
        return failure.exit;
    }
    _ = out.flush();
    let mut text = wrap(&format!("error: {}", failure.what), out.width, "  ");
    for line in failure.evidence.lines() {
        text += &wrap(&format!("  {line}"), out.width, "  ");
    }
    text += &wrap(&format!("next: {}", failure.next), out.width, "  ");
    let painted = text.replacen("error:", &out.paint_err(Style::Bad, "error:"), 1);
    out.error_text(&painted);
    failure.exit
}

/// What clap could not parse; help and version are no errors.
pub fn usage(error: clap::Error, out: &Output) -> anyhow::Result<()> {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let text = error.render();
        let text = if out.colour { text.ansi().to_string() } else { text.to_string() };
        out.text(&text)?;
        return Ok(out.flush()?);
    }
    let rendered = error.render().to_string();
    let mut lines = rendered.lines().map(str::trim_end).filter(|l| !l.is_empty());
    let first = lines.next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    // clap's usage line and lists are the evidence; its tip and its pointer to `--help` are what to do next.
    // A value that its parser refused carries the reason on the same line.
    let (first, reason) = match first.split_once("': ").filter(|_| error.kind() == ErrorKind::ValueValidation) {
        Some((what, reason)) => (format!("{what}'"), Some(reason.to_owned())),
        None => (first.to_owned(), None),
    };
    let mut evidence: Vec<String> = reason.into_iter().collect();
    for line in lines.filter(|l| !l.starts_with("For more information") && !l.contains("tip: ")) {
        evidence.push(line.trim_start().to_owned());
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Err(Failure::usage(
            "a subcommand is missing",
            "the command line ends before one",
            "`sparkle-pm4 --help` lists the subcommands; try `sparkle-pm4 run conv2d --shape resnet50-conv2 --verify`",
        )
        .into());
    }
    let suggestion = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| match error.get(kind) {
            Some(ContextValue::String(s)) => Some(s.clone()),
            Some(ContextValue::Strings(s)) => s.first().cloned(),
            _ => None,
        });
    let next = match suggestion {
        Some(s) => format!("did you mean `{s}`? `--help` lists everything"),
        None => "`--help` lists everything that can be given".to_owned(),
    };
    Err(Failure::usage(first, evidence.join("\n"), next).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sparkle_pm4::Hang;
    use sparkle_pm4::kmd::Errno;
    use sparkle_pm4::ops::ShapeError;

    #[test]
    fn every_class_of_error_has_its_exit_code() {
        let no_device = |permission| Error::NoDevice { reason: "r".into(), next: "n".into(), permission };
        let lost = |kind| Error::from(Hang::of_reason(kind, "it waits for what never comes"));
        let cases = [
            (Error::Shape(ShapeError::Zero { name: "n" }), exit::USAGE),
            (no_device(false), exit::NO_DEVICE),
            (no_device(true), exit::PERMISSION),
            (Error::UnsupportedGfx { found: "gfx906".into(), supported: "gfx1100".into() }, exit::NO_DEVICE),
            (Error::Kmd(KmdError::PermissionDenied { path: "/dev/dri/renderD128".into(), errno: Errno::EACCES }), 4),
            (Error::Kmd(KmdError::NotAmdgpu { driver: "i915".into() }), exit::NO_DEVICE),
            (Error::TimedOut, exit::TIMEOUT),
            (lost(HangKind::Hung), exit::TIMEOUT),
            (lost(HangKind::Faulted), exit::DEVICE_LOST),
            (lost(HangKind::Cancelled), exit::DEVICE_LOST),
            (Error::Kmd(KmdError::NoIb), exit::FAILED),
        ];
        for (error, exit) in cases {
            let text = error.to_string();
            let failure = classify(&error.into());
            assert_eq!(failure.exit, exit, "{text}");
            assert!(!failure.evidence.is_empty() && !failure.next.is_empty() && !failure.code.is_empty(), "{text}");
        }
    }

    #[test]
    fn context_around_a_library_error_is_kept() {
        let error = anyhow::Error::new(Error::TimedOut).context("conv2d on emu");
        let failure = classify(&error);
        assert_eq!(failure.what, "conv2d on emu: the device did not finish in time");
        assert_eq!((failure.exit, &*failure.code), (exit::TIMEOUT, "timeout"));
    }

    #[test]
    fn a_broken_pipe_is_success() {
        let error = anyhow::Error::new(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(report(&error, &Output::new(true)), 0);
    }
}
