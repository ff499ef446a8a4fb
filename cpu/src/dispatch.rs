//! From an [`Isa`] to its kernel.

use super::kernel::Kernel;
use super::{CpuError, Isa, portable::Portable, simd};

/// Rows and columns of the kernel's tile, and its lanes.
pub(super) fn sizes(isa: Isa) -> Result<(usize, usize, usize), CpuError> {
    let (mr, nr) = match isa {
        Isa::Portable => (Portable::MR, Portable::NR),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => (super::avx2::Avx2::MR, super::avx2::Avx2::NR),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => (super::avx512::Avx512::MR, super::avx512::Avx512::NR),
        #[cfg(not(target_arch = "x86_64"))]
        Isa::Avx2 | Isa::Avx512 => return Err(unavailable(isa)),
        #[cfg(target_arch = "aarch64")]
        Isa::Neon => (super::neon::Neon::MR, super::neon::Neon::NR),
        #[cfg(not(target_arch = "aarch64"))]
        Isa::Neon => return Err(unavailable(isa)),
    };
    Ok((mr, nr, simd::lanes(isa)))
}

/// That this host or build has no kernel for `isa`.
pub(super) fn unavailable(isa: Isa) -> CpuError {
    CpuError::IsaUnavailable { isa, available: super::available() }
}

/// Evaluates an expression with the kernel of an [`Isa`], and with its columns as a constant, which an associated constant
/// cannot be where it is an argument. `Err` where the host has no such kernel.
macro_rules! with_kernel {
    ($isa:expr, |$kernel:ident, $nr:ident| $call:expr) => {
        match $isa {
            $crate::Isa::Portable => {
                const $nr: usize = <$crate::portable::Portable as $crate::kernel::Kernel>::NR;
                let $kernel = $crate::portable::Portable;
                Ok($call)
            }
            #[cfg(target_arch = "x86_64")]
            $crate::Isa::Avx2 => {
                const $nr: usize = <$crate::avx2::Avx2 as $crate::kernel::Kernel>::NR;
                $crate::avx2::Avx2::new().map(|$kernel| $call).ok_or_else(|| $crate::dispatch::unavailable($isa))
            }
            #[cfg(target_arch = "x86_64")]
            $crate::Isa::Avx512 => {
                const $nr: usize = <$crate::avx512::Avx512 as $crate::kernel::Kernel>::NR;
                $crate::avx512::Avx512::new().map(|$kernel| $call).ok_or_else(|| $crate::dispatch::unavailable($isa))
            }
            #[cfg(not(target_arch = "x86_64"))]
            $crate::Isa::Avx2 | $crate::Isa::Avx512 => Err($crate::dispatch::unavailable($isa)),
            #[cfg(target_arch = "aarch64")]
            $crate::Isa::Neon => {
                const $nr: usize = <$crate::neon::Neon as $crate::kernel::Kernel>::NR;
                $crate::neon::Neon::new().map(|$kernel| $call).ok_or_else(|| $crate::dispatch::unavailable($isa))
            }
            #[cfg(not(target_arch = "aarch64"))]
            $crate::Isa::Neon => Err($crate::dispatch::unavailable($isa)),
        }
    };
}
pub(super) use with_kernel;
