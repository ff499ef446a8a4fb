//! What can be wrong with an instruction or a kernel.
use crate::check::{Place, Violation};
use crate::encode::EncodeError;
use crate::row::Ty;
use alloc::vec::Vec;
use core::fmt;
use core::panic::Location;

/// Why an instruction, or a label, cannot be had.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// Too many or too few operands.
    Operands {
        /// How many the instruction takes.
        want: u8,
        /// How many there were.
        got: u8,
    },
    /// The instruction has no such encoding (`e32`, `e64` or a half of a pair).
    NoForm {
        /// The encoding.
        form: &'static str,
    },
    /// Something else must stand there.
    Kind {
        /// The operand.
        at: Place,
        /// What must.
        want: &'static str,
    },
    /// A register of this number does not exist.
    NoRegister {
        /// The operand.
        at: Place,
        /// `s` or `ttmp`.
        prefix: char,
        /// The number.
        number: u8,
    },
    /// The register range has another size.
    Width {
        /// The operand.
        at: Place,
        /// Dwords the operand takes.
        want: u8,
        /// Dwords of the range.
        got: u8,
    },
    /// The number has no form in the operand's type.
    Number {
        /// The operand.
        at: Place,
        /// The operand's type.
        ty: Ty,
    },
    /// Two different literals; an instruction has room for one.
    Literals {
        /// One.
        a: u32,
        /// The other.
        b: u32,
    },
    /// A modifier that the instruction does not have.
    Modifier {
        /// Its name.
        modifier: &'static str,
    },
    /// A rule of the instruction set is broken.
    Rule(Violation),
    /// A field does not hold its value.
    Field(EncodeError),
    /// The last VALU instruction before a `v_permlane` is a `v_cmpx`.
    PermlaneAfterCmpx,
    /// A branch goes to a label that is never bound.
    Unbound,
    /// The label is bound twice.
    BoundTwice,
    /// The label belongs to another kernel.
    ForeignLabel,
    /// The branch is too far.
    Distance {
        /// Dwords from the instruction after it.
        dwords: i64,
    },
    /// An alignment that is no power of two of at least four bytes.
    Alignment {
        /// In bytes.
        bytes: usize,
    },
}

impl BuildError {
    /// Stable name of the rule.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            BuildError::Operands { .. } => "isa-operand-count",
            BuildError::NoForm { .. } => "isa-no-form",
            BuildError::Kind { .. } => "isa-operand-kind",
            BuildError::NoRegister { .. } => "isa-no-register",
            BuildError::Width { .. } => "isa-operand-width",
            BuildError::Number { .. } => "isa-number",
            BuildError::Literals { .. } => "isa-literals",
            BuildError::Modifier { .. } => "isa-modifier",
            BuildError::Rule(v) => v.code(),
            BuildError::Field(_) => "isa-field",
            BuildError::PermlaneAfterCmpx => "isa-permlane-after-cmpx",
            BuildError::Unbound => "isa-label-unbound",
            BuildError::BoundTwice => "isa-label-twice",
            BuildError::ForeignLabel => "isa-label-foreign",
            BuildError::Distance { .. } => "isa-branch-distance",
            BuildError::Alignment { .. } => "isa-alignment",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            BuildError::Operands { .. } => "operands stand in the assembler's order, destinations first",
            BuildError::NoForm { .. } => "leave the choice of the encoding open",
            BuildError::Kind { .. } => "operands stand in the assembler's order, destinations first",
            BuildError::NoRegister { .. } => "SGPRs end at s105, trap registers at ttmp15",
            BuildError::Width { .. } => "name the range with vs::<N>(first) or ss::<N>(first)",
            BuildError::Number { .. } => "give the bits as an integer, or load the number into registers",
            BuildError::Literals { .. } => "move one of them into a register first",
            BuildError::Modifier { .. } => "leave it out",
            BuildError::Rule(v) => v.hint(),
            BuildError::Field(_) => "use a smaller number",
            BuildError::PermlaneAfterCmpx => "put a v_nop or another VALU instruction between them",
            BuildError::Unbound => "bind the label where the branch is to go",
            BuildError::BoundTwice => "make a label for each place",
            BuildError::ForeignLabel => "make the label with the kernel that it is used in",
            BuildError::Distance { .. } => "branch over an s_setpc_b64, which reaches everywhere",
            BuildError::Alignment { .. } => "use a power of two of at least four bytes",
        }
    }

    /// Section of the RDNA3 guide in which the rule stands, where it stands in one.
    #[must_use]
    pub fn section(&self) -> Option<&'static str> {
        match self {
            BuildError::Rule(v) => Some(v.section()),
            BuildError::Literals { .. } => Some("7.2.2.3 Source Operand Restrictions"),
            BuildError::PermlaneAfterCmpx => Some("7.2.8 PERMLANE Specific Rules"),
            BuildError::Distance { .. } => Some("5.4 Branching"),
            BuildError::NoRegister { .. } => Some("3.3.1 SGPRs"),
            _ => None,
        }
    }
}

impl From<Violation> for BuildError {
    fn from(v: Violation) -> Self {
        BuildError::Rule(v)
    }
}

impl From<EncodeError> for BuildError {
    fn from(e: EncodeError) -> Self {
        BuildError::Field(e)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            BuildError::Operands { want, got } => write!(f, "{got} operands, {want} are taken"),
            BuildError::NoForm { form } => write!(f, "there is no {form} encoding"),
            BuildError::Kind { at, want } => write!(f, "{at} takes {want}"),
            BuildError::NoRegister { at, prefix, number } => write!(f, "{at}: there is no {prefix}{number}"),
            BuildError::Width { at, want, got } => write!(f, "{at} takes {want} dwords, the range has {got}"),
            BuildError::Number { at, ty } => write!(f, "{at} has the type {ty:?} and no form for this number"),
            BuildError::Literals { a, b } => write!(f, "0x{a:x} and 0x{b:x} are two literals, there is room for one"),
            BuildError::Modifier { modifier } => write!(f, "the instruction has no {modifier}"),
            BuildError::Rule(v) => v.fmt(f),
            BuildError::Field(e) => e.fmt(f),
            BuildError::PermlaneAfterCmpx => f.write_str("v_permlane must not follow v_cmpx"),
            BuildError::Unbound => f.write_str("the label is bound nowhere"),
            BuildError::BoundTwice => f.write_str("the label is bound already"),
            BuildError::ForeignLabel => f.write_str("the label belongs to another kernel"),
            BuildError::Distance { dwords } => {
                write!(f, "{dwords} dwords to the label, branches reach from -32768 to 32767")
            }
            BuildError::Alignment { bytes } => write!(f, "{bytes} bytes are no alignment for code"),
        }
    }
}

impl core::error::Error for BuildError {}

/// An error and the line of the kernel's Rust source that it is about.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Fault {
    /// Mnemonic of the instruction; empty where it is about a label or data.
    pub name: &'static str,
    /// Where the builder was called.
    pub caller: &'static Location<'static>,
    /// What is wrong.
    pub error: BuildError,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.caller)?;
        if !self.name.is_empty() {
            write!(f, "{}: ", self.name)?;
        }
        write!(f, "{}", self.error)?;
        match self.error.section() {
            Some(s) => write!(f, " (RDNA3 guide, {s})"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Fault {}

/// Everything that is wrong with a kernel; at least one fault.
#[derive(Clone, PartialEq, Debug)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, fault) in self.0.iter().enumerate() {
            if k > 0 {
                writeln!(f)?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl core::error::Error for Faults {}
