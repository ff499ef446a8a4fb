//! Instruction sets: their names, what the host has, and a forced choice.

use std::{fmt, str::FromStr};

use super::CpuError;

/// The environment variable that forces an instruction set where [`Engine::new`](super::Engine::new) is given none:
/// `portable`, `neon`, `avx2` or `avx512`; empty counts as unset.
pub const ISA_VARIABLE: &str = "SPARKLE_CPU_ISA";

/// An instruction set that a micro-kernel is written for, narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Isa {
    /// Plain Rust, on every host; the compiler vectorises it for the build's target.
    Portable,
    /// AArch64 Advanced SIMD: 4 lanes, 32 registers.
    Neon,
    /// x86-64 AVX2 with FMA: 8 lanes, 16 registers.
    Avx2,
    /// x86-64 AVX-512F: 16 lanes, 32 registers, masked tails.
    Avx512,
}

impl Isa {
    const ALL: [Self; 4] = [Self::Portable, Self::Neon, Self::Avx2, Self::Avx512];

    /// Whether this host can run it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => super::avx2::Avx2::new().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => super::avx512::Avx512::new().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => super::neon::Neon::new().is_some(),
            #[cfg(not(target_arch = "aarch64"))]
            Self::Neon => false,
        }
    }

    /// The one asked for, else the one named by `variable`, else the widest.
    pub(super) fn choose(asked: Option<Self>, variable: Option<&str>) -> Result<Self, CpuError> {
        let isa = match (asked, variable) {
            (Some(isa), _) => isa,
            (None, Some(name)) if !name.is_empty() => name.parse()?,
            _ => return Ok(detect()),
        };
        if isa.is_available() { Ok(isa) } else { Err(CpuError::IsaUnavailable { isa, available: available() }) }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Portable => "portable",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        })
    }
}

impl FromStr for Isa {
    type Err = CpuError;

    /// Takes the names that [`Display`](fmt::Display) prints, in any case.
    fn from_str(name: &str) -> Result<Self, CpuError> {
        Self::ALL
            .into_iter()
            .find(|isa| isa.to_string().eq_ignore_ascii_case(name))
            .ok_or_else(|| CpuError::UnknownIsa { name: name.to_owned() })
    }
}

/// The widest instruction set that this host can run.
pub fn detect() -> Isa {
    Isa::ALL.into_iter().rfind(|isa| isa.is_available()).unwrap_or(Isa::Portable)
}

/// Every instruction set that this host can run, narrowest first.
pub fn available() -> Vec<Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.is_available()).collect()
}
