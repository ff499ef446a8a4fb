//! The assembler: LLVM's syntax for gfx11 to machine code and code objects.
use crate::WaveSize;
use alloc::string::String;

pub mod expr;
mod inst;

pub use crate::object::Target as Gfx;
use expr::Expr;

/// What one instruction's text becomes: the answer of `inst::assemble(text, target, symbols)`.
#[derive(Clone, PartialEq, Debug)]
pub struct Encoded {
    /// The words, in memory order; those from `len_dw` on are 0.
    pub words: [u32; 8],
    /// Number of words.
    pub len_dw: u8,
    /// What the words lack until the addresses of symbols are known. One instruction has at most one: a branch target or the
    /// literal.
    pub fixup: Option<Fixup>,
    /// Highest VGPR named in the text + 1; 0 without any.
    pub vgprs: u16,
    /// Highest SGPR named in the text + 1; 0 without any. VCC, ttmp and the like don't count.
    pub sgprs: u16,
}

/// A field that is filled in when the symbols are known.
#[derive(Clone, PartialEq, Debug)]
pub struct Fixup {
    /// How.
    pub kind: FixupKind,
    /// The word in which the field lies; it is 0 in [`Encoded::words`].
    pub dw: u8,
    /// The value; never [`Expr::Value`].
    pub expr: Expr,
    /// Byte offset of the expression in the instruction's text, for errors.
    pub at: u16,
    /// Length of the expression in bytes.
    pub len: u16,
}

/// Kinds of [`Fixup`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FixupKind {
    /// Bits 15:0 of the word: the distance in words from the next instruction, signed (SOPP branches, `s_call_b64`).
    /// A branch to a number, as in `s_branch 4`, has no fixup: the number is the field.
    Branch,
    /// The whole word: a number that isn't known yet, a difference of labels, or a 32-bit relocation. As in LLVM a plain
    /// address is the distance from the field (`R_AMDGPU_REL32`) and `@abs32@lo` the address itself; code that adds to
    /// `s_getpc_b64`'s result writes `sym@rel32@lo+4`.
    Literal,
}

/// What is assembled for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    /// The processor.
    pub gfx: Gfx,
    /// Lanes of a wave: `-mattr=+wavefrontsize32` or `64`.
    pub wave: WaveSize,
    /// Are 16-bit operands spelled `v0.l`, `v0.h` (`-mattr=+real-true16`).
    pub true16: bool,
}

impl Default for Target {
    /// gfx1100, wave32, without true16 spellings.
    fn default() -> Self {
        Self { gfx: Gfx::Gfx1100, wave: WaveSize::W32, true16: false }
    }
}

impl Target {
    /// Major, minor and stepping number: 11, 0, 0 for gfx1100.
    pub const fn version(&self) -> (u8, u8, u8) {
        match self.gfx {
            Gfx::Gfx1100 => (11, 0, 0),
            Gfx::Gfx1101 => (11, 0, 1),
            Gfx::Gfx1102 => (11, 0, 2),
            Gfx::Gfx1103 | Gfx::Gfx11Generic => (11, 0, 3),
            Gfx::Gfx1150 => (11, 5, 0),
            Gfx::Gfx1151 => (11, 5, 1),
            Gfx::Gfx1152 => (11, 5, 2),
        }
    }

    /// RDNA3.5: has the scalar float instructions and their like.
    pub const fn is_rdna35(&self) -> bool {
        self.version().1 == 5
    }
}

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
