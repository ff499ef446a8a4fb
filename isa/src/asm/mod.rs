//! The assembler: LLVM's syntax for gfx11 to machine code and code objects.
use alloc::string::String;

pub mod expr;

/// What is wrong at one place of a statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// Byte offset of the offending token in the statement's text.
    pub at: usize,
    /// Length of the token in bytes; 0 at the end of the statement.
    pub len: usize,
    /// What is wrong, naming the token and the rule.
    pub message: String,
    /// What would have been right there, where that can be said.
    pub expected: Option<String>,
}

impl SyntaxError {
    /// An error at `at`, over `len` bytes.
    pub fn new(at: usize, len: usize, message: impl Into<String>) -> Self {
        Self { at, len, message: message.into(), expected: None }
    }

    /// Says what was expected.
    #[must_use]
    pub fn expected(mut self, what: impl Into<String>) -> Self {
        self.expected = Some(what.into());
        self
    }
}

impl core::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}", self.message)?;
        match &self.expected {
            Some(what) => write!(f, ", expected {what}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for SyntaxError {}

/// Absolute values of symbols, as far as they are known at a statement.
pub trait Symbols {
    /// The value of `name`, if it is an absolute symbol that is already defined.
    fn absolute(&self, name: &str) -> Option<i64>;
}

/// No symbols: for single instructions.
impl Symbols for () {
    fn absolute(&self, _: &str) -> Option<i64> {
        None
    }
}
