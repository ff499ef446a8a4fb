//! Processors and code object versions as an ELF header names them.

use alloc::format;
use alloc::string::String;

use super::ObjectError;
use crate::Arch;

/// The triple in front of a target id, with the dashes of its empty environment.
pub const TRIPLE: &str = "amdgcn-amd-amdhsa--";

impl Arch {
    /// Parses the string of `.amdgcn_target`, such as `amdgcn-amd-amdhsa--gfx1100`.
    ///
    /// Features (`:xnack-`, `:sramecc+`) are refused: no gfx11 processor has them, and LLVM refuses them too.
    pub fn from_target_id(id: &str) -> Result<Self, ObjectError> {
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

    /// The target id, such as `amdgcn-amd-amdhsa--gfx1100`.
    ///
    /// No member of the family has XNACK or SRAMECC settings, so it is the processor's name behind the triple.
    pub fn target_id(self) -> String {
        format!("{TRIPLE}{}", self.name())
    }

    /// `EF_AMDGPU_MACH_AMDGCN_*`, the low byte of `e_flags` (LLVM "User Guide for AMDGPU Backend", ELF header).
    pub const fn mach(self) -> u32 {
        match self {
            Arch::Gfx1100 => 0x41,
            Arch::Gfx1101 => 0x46,
            Arch::Gfx1102 => 0x47,
            Arch::Gfx1103 => 0x44,
            Arch::Gfx1150 => 0x43,
            Arch::Gfx1151 => 0x4a,
            Arch::Gfx1152 => 0x55,
            Arch::Gfx11Generic => 0x54,
        }
    }

    /// Runs on every processor of the family.
    pub const fn is_generic(self) -> bool {
        matches!(self, Arch::Gfx11Generic)
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
    pub fn e_flags(self, target: Arch) -> u32 {
        // EF_AMDGPU_GENERIC_VERSION: gfx11-generic is at version 1; only version 6 has the field.
        let generic = if self == Self::V6 && target.is_generic() { 1 << 24 } else { 0 };
        target.mach() | generic
    }
}
