//! The assembler: LLVM's syntax for gfx11 to machine code and code objects.
use crate::Target;
use alloc::string::String;

mod diag;
pub mod expr;
mod file;
pub mod inst;

use alloc::vec::Vec;
pub use diag::{Diagnostic, Place, Severity};
use expr::Expr;
pub use file::Assembled;

/// Reads the file that `.include` or `.incbin` names, or says why it can't.
pub type Loader<'a> = dyn Fn(&str) -> Result<Vec<u8>, String> + 'a;

/// How a file is assembled.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// What for; `.amdgcn_target` must say the same.
    pub target: Target,
    /// Reads included files; without it `.include` and `.incbin` are errors.
    pub loader: Option<&'a Loader<'a>>,
    /// Absolute symbols that are set before the first line.
    pub symbols: &'a [(&'a str, i64)],
    /// Where it stops.
    pub limits: Limits,
}

/// Bounds of one run, so that any source ends with a result or a stated error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of all sections together.
    pub output_bytes: u64,
    /// Nesting of macros, loops and included files.
    pub depth: usize,
    /// Statements, counted each time that they are expanded.
    pub statements: u64,
    /// Bytes of text that expansions and included files make together.
    pub expansion_bytes: u64,
    /// Errors after which no more is read.
    pub errors: usize,
}

impl Default for Limits {
    /// 256 MiB of output, 64 levels, 10 million statements, 256 MiB of expansions, 100 errors.
    fn default() -> Self {
        Self { output_bytes: 256 << 20, depth: 64, statements: 10_000_000, expansion_bytes: 256 << 20, errors: 100 }
    }
}

/// Assembles a whole file in LLVM's syntax.
///
/// `name` is the file's in diagnostics. All errors of the text are reported in one run, up to [`Limits::errors`]; those
/// of places and values (undefined labels, branches out of range, fields too small) when the text has none.
///
/// ```
/// use isa::asm::{Options, assemble};
/// use isa::object::{LinkOptions, link, write_relocatable};
///
/// let assembled = assemble("half:\n s_lshr_b32 s0, s0, SHIFT\n s_setpc_b64 s[30:31]\n", "half.s", &Options {
///     symbols: &[("SHIFT", 1)],
///     ..Options::default()
/// })
/// .unwrap();
/// assert_eq!(assembled.text(), [0x00, 0x81, 0x00, 0x85, 0x1e, 0x48, 0x80, 0xbe]);
/// let object = write_relocatable(&assembled.unit).unwrap(); // what `llvm-mc -filetype=obj` makes
/// let loadable = link(&assembled.unit, &LinkOptions::default()).unwrap(); // what ld.lld makes of that
/// assert!(object.starts_with(b"\x7fELF") && loadable.starts_with(b"\x7fELF"));
///
/// let errors = assemble("v_mov_b32 v0, v256\nv_add_f32 v0", "bad.s", &Options::default()).unwrap_err();
/// assert_eq!(errors.len(), 2);
/// assert!(errors[0].to_string().starts_with("bad.s:1:15: error: "));
/// ```
///
/// Where it departs from llvm-mc 19:
/// - Debug information (`.loc`, numbered `.file`, `.cfi_*`) is accepted and dropped.
/// - Section groups (`G`) are accepted; the group itself isn't written, which matters only when objects are merged.
/// - A value that doesn't fit its field is an error, also where LLVM cuts it off (symbols set later).
/// - A number defined behind its use in an instruction's literal is that number; LLVM makes a relocation of it that no
///   linker can resolve.
/// - Conditionals, loops and assignments may stand in an `.amdhsa_kernel` block.
/// - Branches to labels that are not on a dword, and addresses in fields of one or two bytes, are errors.
/// - `.altmacro`, `.reloc`, `.symver`, `.weakref`, `.bundle_*`, `.nops`, and directives of code objects before version 4
///   are refused.
pub fn assemble(source: &str, name: &str, options: &Options<'_>) -> Result<Assembled, Vec<Diagnostic>> {
    file::assemble(source, name, options)
}

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
