//! What the assembler has to say about a source.
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// How bad it is.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    Error,
    Warning,
    /// `.print`
    Message,
}

/// A place in a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// The file's name as given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line's text; in a macro or a loop with its arguments put in.
    pub text: String,
}

/// One error, warning or message.
///
/// Its display is clang's: `file:line:column: error: …`, the line, a caret, then the macros and files on the way there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Where. Inside a macro: the line of its definition.
    pub place: Place,
    /// The offending token, empty at the end of a line.
    pub token: String,
    /// What is wrong.
    pub message: String,
    /// What would have been right, where that can be said.
    pub expected: Option<String>,
    /// How assembly came there, innermost first: what was expanded or included (``macro `m` ``, `.rept`), and where.
    pub backtrace: Vec<(String, Place)>,
}

impl Diagnostic {
    /// A stable word for scripts.
    pub fn code(&self) -> &'static str {
        match self.severity {
            Severity::Error => "asm-error",
            Severity::Warning => "asm-warning",
            Severity::Message => "asm-message",
        }
    }
}

/// `text` with a caret under `column` and a tilde under each further one of `width` columns.
fn caret(f: &mut fmt::Formatter<'_>, place: &Place, width: usize) -> fmt::Result {
    // Long lines are cut: a caret far off the terminal's edge helps nobody.
    const MAX: usize = 400;
    let text = place.text.trim_end();
    if text.is_empty() || place.column > MAX {
        return Ok(());
    }
    f.write_str("\n")?;
    for c in text.chars().take(MAX) {
        write!(f, "{}", if c.is_control() && c != '\t' { ' ' } else { c })?;
    }
    f.write_str("\n")?;
    for c in text.chars().chain(core::iter::repeat(' ')).take(place.column - 1) {
        f.write_str(if c == '\t' { "\t" } else { " " })?;
    }
    f.write_str("^")?;
    (1..width.min(MAX)).try_for_each(|_| f.write_str("~"))
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Message => "note",
        };
        let Place { file, line, column, .. } = &self.place;
        write!(f, "{file}:{line}:{column}: {severity}: {}", self.message)?;
        if let Some(expected) = &self.expected {
            write!(f, ", expected {expected}")?;
        }
        caret(f, &self.place, self.token.chars().count())?;
        for (what, place) in &self.backtrace {
            write!(f, "\n{}:{}:{}: note: while in {what}", place.file, place.line, place.column)?;
            caret(f, place, 1)?;
        }
        Ok(())
    }
}

/// The place of byte `at` of `text`, which starts at line `first_line` of `file`.
pub(super) fn place(file: &str, first_line: usize, text: &str, at: usize) -> Place {
    let at = at.min(text.len());
    let before = &text.as_bytes()[..at];
    let start = before.iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
    let end = text.as_bytes()[at..].iter().position(|&b| b == b'\n').map_or(text.len(), |n| at + n);
    Place {
        file: file.to_string(),
        line: first_line + before.iter().filter(|&&b| b == b'\n').count(),
        column: text.get(start..at).map_or(at - start, |t| t.chars().count()) + 1,
        text: text.get(start..end).unwrap_or_default().trim_end_matches('\r').to_string(),
    }
}
