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

use crate::submission::{Effect, Ring, Submission};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::fmt::Write as _;

mod effects;
mod hazard;
mod ib;
pub mod kernel_call;
mod plan;
mod program;
mod rules;
mod sdma;
mod state;
mod structure;
mod sync;
mod walk;

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

    /// Whether nothing at all was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Report {
    /// A finding a line, each with its rule's fix behind it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.findings.iter().try_for_each(|found| writeln!(f, "{found}\n    fix: {}", found.rule.fix))
    }
}

/// Findings of one submission at most; a stream of noise has one an every few dwords.
const FINDINGS_MAX: usize = 1000;

/// Checks a submission against every rule.
///
/// What is unknown about it, as empty [`buffers`](Submission::buffers) or no [`plan`](Submission::plan), silences the
/// rules that need it. The time taken is bounded by the length of the buffers, also where they call one another.
///
/// An indirect buffer of [`Submission::ibs`] that another one of them calls or chains to, by its address, is followed
/// from there and not executed a second time by itself.
#[must_use]
pub fn lint(submission: &Submission) -> Report {
    let mut linter = Linter::new(submission);
    linter.check_buffers();
    if submission.ring == Ring::Sdma {
        linter.walk_sdma();
    } else {
        linter.walk();
        linter.check_waits();
        linter.check_completion();
        linter.check_plan();
    }
    let mut findings = linter.findings;
    findings.sort_by_key(|f| (f.ib.is_none(), f.ib, f.offset.is_none(), f.offset, f.rule.id));
    findings.dedup();
    Report { findings }
}

/// Every rule with its severity, explanation and fix, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = String::from(
        "# PM4 lint rules\n\nGenerated from the table of the linter. An error is ignored by hardware, hangs, faults or \
         computes something else;\na warning is a likely mistake, or right only under conditions that the linter cannot \
         see; a note is worth knowing.\n",
    );
    for (digit, group) in GROUPS {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n## {group}\n");
        for rule in RULES.iter().filter(|r| r.id.as_bytes().get(4) == Some(digit)) {
            let _ = write!(
                text,
                "\n### {}: {}\n\n*{}.* {}\n\n**Fix:** {}\n",
                rule.id, rule.title, rule.severity, rule.explanation, rule.fix
            );
        }
    }
    text
}

/// The groups of rules, by the first digit of their ids.
const GROUPS: &[(u8, &str)] = &[
    (b'0', "0xx: structure"),
    (b'1', "1xx: registers"),
    (b'2', "2xx: program"),
    (b'3', "3xx: memory and caches"),
    (b'4', "4xx: synchronisation"),
    (b'5', "5xx: indirect buffers"),
    (b'6', "6xx: kernel interface"),
    (b'7', "7xx: plan"),
];

/// Where in the submission something stands.
#[derive(Debug, Clone, Copy, Default)]
struct At {
    ib: Option<usize>,
    /// The dword in that buffer.
    offset: usize,
    /// Where the packet is in memory, if that is no buffer of the submission; `ib` and `offset` are then the caller's.
    inside: Option<(u64, usize)>,
}

/// What a packet does, in the order in which packets are executed.
#[derive(Debug)]
struct Step {
    at: At,
    /// May be skipped, by a condition whose value is unknown.
    conditional: bool,
    does: Does,
}

/// What a step is.
#[derive(Debug)]
enum Does {
    /// Something that plans can state.
    Effect(Effect),
    /// A dispatch; of its user SGPRs, those whose bit is set hold what was loaded from memory.
    Launch(Effect, u32),
    /// A dispatch that cannot start, or of which not everything is known.
    Unclear,
    /// Memory changes, and nobody can say to what.
    Scribble {
        /// Where from.
        va: u64,
        /// How much.
        bytes: u64,
    },
}

/// The linter at work.
struct Linter<'a> {
    submission: &'a Submission,
    findings: Vec<Finding>,
    /// The packet that is looked at.
    at: At,
    /// It may be skipped.
    conditional: bool,
    /// A header was wrong: what follows is not what was meant.
    broken: bool,
    registers: state::Registers,
    steps: Vec<Step>,
    hazards: hazard::Hazards,
    dispatches: usize,
    /// How far dispatches have been matched with the plan's.
    plan_cursor: usize,
    /// What the graphics ring's indirect dispatches count from.
    indirect_base: Option<u64>,
    /// The first step that is never reached, because of a wait before it.
    blocked: Option<usize>,
    work: walk::Work,
}

impl<'a> Linter<'a> {
    fn new(submission: &'a Submission) -> Self {
        Self {
            submission,
            findings: Vec::new(),
            at: At::default(),
            conditional: false,
            broken: false,
            registers: state::Registers::default(),
            steps: Vec::new(),
            hazards: hazard::Hazards::default(),
            dispatches: 0,
            plan_cursor: 0,
            indirect_base: None,
            blocked: None,
            work: walk::Work::of(submission),
        }
    }

    /// A finding at the packet that is looked at.
    fn find(&mut self, rule: &'static Rule, message: String) {
        self.find_at(self.at, rule, message);
    }

    fn find_at(&mut self, at: At, rule: &'static Rule, message: String) {
        if self.findings.len() >= FINDINGS_MAX {
            return;
        }
        let message = match at.inside {
            Some((va, dword)) => format!("in the buffer at {va:#x}, dword {dword}: {message}"),
            None => message,
        };
        self.findings.push(Finding { rule, ib: at.ib, offset: at.ib.map(|_| at.offset), message });
    }

    fn step(&mut self, does: Does) {
        self.steps.push(Step { at: self.at, conditional: self.conditional, does });
    }
}
