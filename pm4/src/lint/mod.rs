//! The linter: what is wrong with a submission before hardware shows it.
//!
//! ```
//! use pm4::submission::{Ring, Submission};
//! use pm4::{Gfx, lint};
//!
//! // SET_SH_REG with a count one short: the value left over is read as a header.
//! let words = [0xc001_7600, 0x212, 0x602c_0002, 0x8a, 0xc000_4600, 0x407, 0xffff_1000, 0xffff_1000];
//! let report = lint::lint(&Submission::of_words(Gfx::Gfx1100, Ring::Compute, words));
//! let first = report.findings().first().expect("a finding");
//! assert_eq!((first.rule.id, first.offset), ("PM4-001", Some(3)));
//! assert!(report.has_errors());
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

mod rules;

pub use rules::*;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing goes wrong by it.
    Note,
    /// Likely a mistake, or right only under conditions that the linter cannot see.
    Warning,
    /// Wrong: hardware ignores it, hangs, faults, or computes something else.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rule: one row of the table in `rules.rs`.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// `PM4-nnn`, stable: never given to another rule.
    pub id: &'static str,
    /// How bad a violation is.
    pub severity: Severity,
    /// The rule in a line.
    pub title: &'static str,
    /// What hardware does otherwise, and why.
    pub explanation: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// A violation of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Which of the submission's indirect buffers, or `None` for the submission as a whole.
    pub ib: Option<usize>,
    /// The dword in that buffer.
    pub offset: Option<usize>,
    /// What was found: values in hexadecimal, names in the field's terms.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rule.severity, self.rule.id)?;
        if let Some(ib) = self.ib {
            write!(f, " IB {ib}")?;
        }
        if let Some(offset) = self.offset {
            write!(f, " dword {offset}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// What the linter found, in order of place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    findings: Vec<Finding>,
}

impl Report {
    /// The findings.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether an error is among them.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|f| f.rule.severity == Severity::Error)
    }
}

/// stub
#[must_use]
pub fn lint(_: &crate::submission::Submission) -> Report {
    Report::default()
}
