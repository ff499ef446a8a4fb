//! The processors of the gfx11 family as an ELF header names them.

use alloc::format;
use alloc::string::String;

use super::ObjectError;

/// A processor that this crate assembles for.
///
/// No member of the family has XNACK or SRAMECC settings, so a target id is the processor's name alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
#[non_exhaustive]
pub enum Target {
    /// Navi31, RDNA3.
    #[default]
    Gfx1100,
    /// Navi32, RDNA3.
    Gfx1101,
    /// Navi33, RDNA3.
    Gfx1102,
    /// Phoenix, RDNA3.
    Gfx1103,
    /// Strix Point, RDNA3.5.
    Gfx1150,
    /// Strix Halo, RDNA3.5.
    Gfx1151,
    /// Krackan Point, RDNA3.5.
    Gfx1152,
    /// Code that runs on every gfx11 processor.
    Gfx11Generic,
}

/// The triple in front of a target id, with the dashes of its empty environment.
pub const TRIPLE: &str = "amdgcn-amd-amdhsa--";

/// Target, name, `EF_AMDGPU_MACH_AMDGCN_*` (LLVM "User Guide for AMDGPU Backend", ELF header).
const TARGETS: [(Target, &str, u32); 8] = [
    (Target::Gfx1100, "gfx1100", 0x41),
    (Target::Gfx1101, "gfx1101", 0x46),
    (Target::Gfx1102, "gfx1102", 0x47),
    (Target::Gfx1103, "gfx1103", 0x44),
    (Target::Gfx1150, "gfx1150", 0x43),
    (Target::Gfx1151, "gfx1151", 0x4a),
    (Target::Gfx1152, "gfx1152", 0x55),
    (Target::Gfx11Generic, "gfx11-generic", 0x54),
];

impl Target {
    /// All targets, by name.
    pub fn all() -> impl Iterator<Item = Target> {
        TARGETS.iter().map(|t| t.0)
    }

    /// The target of a processor name such as `gfx1100`.
    pub fn from_name(name: &str) -> Option<Self> {
        TARGETS.iter().find(|t| t.1 == name).map(|t| t.0)
    }

    /// Parses the string of `.amdgcn_target`, such as `amdgcn-amd-amdhsa--gfx1100`.
    ///
    /// Features (`:xnack-`, `:sramecc+`) are refused: no gfx11 processor has them, and LLVM refuses them too.
    pub fn parse(id: &str) -> Result<Self, ObjectError> {
        let bad = |what: String| Err(ObjectError::Target { id: id.into(), what });
        let Some(rest) = id.strip_prefix(TRIPLE) else {
            return bad(format!("it does not start with {TRIPLE}"));
        };
        let (name, features) = rest.split_once(':').unwrap_or((rest, ""));
        let Some(target) = Self::from_name(name) else {
            return bad(format!("{name:?} is not a gfx11 processor"));
        };
        if rest.contains(':') {
            return bad(format!("{name} has no target feature {features:?}"));
        }
        Ok(target)
    }

    /// The processor's name, such as `gfx1100`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// `EF_AMDGPU_MACH`, the low byte of `e_flags`.
    pub fn mach(self) -> u32 {
        self.row().2
    }

    /// Runs on every processor of the family.
    pub fn is_generic(self) -> bool {
        self == Self::Gfx11Generic
    }

    fn row(self) -> &'static (Target, &'static str, u32) {
        TARGETS.iter().find(|t| t.0 == self).unwrap_or(&TARGETS[0])
    }
}

/// Prints the target id, such as `amdgcn-amd-amdhsa--gfx1100`.
impl core::fmt::Display for Target {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{TRIPLE}{}", self.name())
    }
}

/// The code object version, which the ELF header stores as the ABI version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default)]
pub enum CodeObjectVersion {
    /// ABI version 2.
    V4,
    /// ABI version 3, what LLVM 19 writes when the source doesn't say.
    #[default]
    V5,
    /// ABI version 4: generic targets get a version of their own.
    V6,
}

impl CodeObjectVersion {
    /// The version that `.amdhsa_code_object_version` names.
    pub fn from_number(number: i64) -> Result<Self, ObjectError> {
        match number {
            4 => Ok(Self::V4),
            5 => Ok(Self::V5),
            6 => Ok(Self::V6),
            _ => Err(ObjectError::CodeObjectVersion { number }),
        }
    }

    /// 4, 5 or 6.
    pub fn number(self) -> u8 {
        match self {
            Self::V4 => 4,
            Self::V5 => 5,
            Self::V6 => 6,
        }
    }

    /// `e_ident[EI_ABIVERSION]`.
    pub fn abi_version(self) -> u8 {
        self.number() - 2
    }

    /// `e_flags` of an object of this version for `target`.
    pub fn e_flags(self, target: Target) -> u32 {
        // EF_AMDGPU_GENERIC_VERSION: gfx11-generic is at version 1; only version 6 has the field.
        let generic = if self == Self::V6 && target.is_generic() { 1 << 24 } else { 0 };
        target.mach() | generic
    }
}
