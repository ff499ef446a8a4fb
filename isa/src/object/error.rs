//! What can be wrong with an object.

use alloc::string::String;
use core::fmt;

/// Why a unit cannot be written or linked.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ObjectError {
    /// A target id that names no gfx11 processor.
    Target {
        /// The id as written.
        id: String,
        /// What is wrong with it.
        what: String,
    },
    /// A code object version that LLVM 19 does not write.
    CodeObjectVersion {
        /// The number as written.
        number: i64,
    },
    /// An index, offset or alignment of the unit that points outside or makes no sense.
    Malformed {
        /// What is wrong and where.
        what: String,
    },
    /// A section that this linker does not know how to place.
    Section {
        /// Its name.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// A symbol that nothing defines.
    Undefined {
        /// Its name.
        symbol: String,
        /// The section that refers to it first.
        section: String,
        /// Where in the section, in bytes.
        offset: u64,
    },
    /// A symbol that cannot be linked.
    Symbol {
        /// Its name.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// A relocation that the linked file cannot hold.
    Relocation {
        /// Its name, such as `R_AMDGPU_REL32`.
        kind: &'static str,
        /// The symbol or section that it refers to.
        symbol: String,
        /// The section that holds it.
        section: String,
        /// Where in the section, in bytes.
        offset: u64,
        /// What is wrong with it.
        what: String,
    },
}

impl ObjectError {
    /// A stable word for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Target { .. } => "target",
            Self::CodeObjectVersion { .. } => "code-object-version",
            Self::Malformed { .. } => "malformed-unit",
            Self::Section { .. } => "section",
            Self::Undefined { .. } => "undefined-symbol",
            Self::Symbol { .. } => "symbol",
            Self::Relocation { .. } => "relocation",
        }
    }

    /// What to do about it, where that can be said.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Target { .. } => Some("name one of gfx1100 to gfx1103, gfx1150 to gfx1152 or gfx11-generic"),
            Self::CodeObjectVersion { .. } => Some("write 4, 5 or 6"),
            Self::Undefined { .. } => Some("define it in the same file, or allow undefined symbols when linking"),
            Self::Relocation { .. } => {
                Some("make the symbol .hidden or .protected, or reach it through @gotpcrel32 or a .quad")
            }
            Self::Malformed { .. } | Self::Section { .. } | Self::Symbol { .. } => None,
        }
    }
}

impl fmt::Display for ObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target { id, what } => write!(f, "target id {id:?}: {what}"),
            Self::CodeObjectVersion { number } => write!(f, "code object version {number} is not 4, 5 or 6"),
            Self::Malformed { what } => write!(f, "{what}"),
            Self::Section { name, what } => write!(f, "section {name}: {what}"),
            Self::Undefined { symbol, section, offset } => {
                write!(f, "undefined symbol {symbol}, referred to at {section}+{offset:#x}")
            }
            Self::Symbol { name, what } => write!(f, "symbol {name}: {what}"),
            Self::Relocation { kind, symbol, section, offset, what } => {
                write!(f, "{kind} against {symbol} at {section}+{offset:#x}: {what}")
            }
        }
    }
}

impl core::error::Error for ObjectError {}

/// Why a directive of an `.amdhsa_kernel` block, or the block as a whole, is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DirectiveError {
    /// No LLVM 19 directive has this name.
    Unknown {
        /// The name as written.
        name: String,
    },
    /// The directive stands twice in the block.
    Repeated {
        /// Its name.
        name: &'static str,
    },
    /// The directive is for other processors.
    Unsupported {
        /// Its name.
        name: &'static str,
        /// Which processors have it, or why gfx11 doesn't.
        why: &'static str,
    },
    /// The value doesn't fit the field.
    Range {
        /// Its name.
        name: &'static str,
        /// The value as given.
        value: i64,
        /// The largest value that fits; the smallest is 0.
        max: u64,
    },
    /// The block ends without the directive.
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// The directive's value contradicts another one.
    Conflict {
        /// Its name.
        name: &'static str,
        /// What contradicts it.
        why: String,
    },
}

impl DirectiveError {
    /// The directive at fault.
    pub fn name(&self) -> &str {
        match self {
            Self::Unknown { name } => name,
            Self::Repeated { name }
            | Self::Unsupported { name, .. }
            | Self::Range { name, .. }
            | Self::Missing { name }
            | Self::Conflict { name, .. } => name,
        }
    }

    /// A stable word for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown-directive",
            Self::Repeated { .. } => "repeated-directive",
            Self::Unsupported { .. } => "unsupported-directive",
            Self::Range { .. } => "directive-range",
            Self::Missing { .. } => "missing-directive",
            Self::Conflict { .. } => "directive-conflict",
        }
    }

    /// What to do about it, where that can be said.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing { .. } => Some("write the number of registers that the kernel uses"),
            Self::Unsupported { .. } => Some("remove the directive"),
            Self::Repeated { .. } => Some("keep one of them"),
            Self::Unknown { .. } | Self::Range { .. } | Self::Conflict { .. } => None,
        }
    }
}

impl fmt::Display for DirectiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name } => write!(f, "unknown directive {name} in an .amdhsa_kernel block"),
            Self::Repeated { name } => write!(f, "{name} is repeated"),
            Self::Unsupported { name, why } => write!(f, "{name}: {why}"),
            Self::Range { name, value, max } => write!(f, "{name}: value {value} is out of range 0..={max}"),
            Self::Missing { name } => write!(f, "{name} is required"),
            Self::Conflict { name, why } => write!(f, "{name}: {why}"),
        }
    }
}

impl core::error::Error for DirectiveError {}

/// What is wrong in an `.amdgpu_metadata` block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetadataError {
    /// Line inside the block, from 1; 0 for the block as a whole.
    pub line: usize,
    /// What is wrong, naming the key and the rule.
    pub message: String,
}

impl MetadataError {
    /// A stable word for scripts.
    pub fn code(&self) -> &'static str {
        "metadata"
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some("keys and types are those of LLVM's User Guide for AMDGPU Backend, Code Object Metadata")
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "metadata: {}", self.message),
            line => write!(f, "metadata line {line}: {}", self.message),
        }
    }
}

impl core::error::Error for MetadataError {}
