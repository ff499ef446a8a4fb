//! From an [`Isa`] to its kernel.

use super::simd::Simd;
use super::{CpuError, Isa, portable::Portable};

/// What plans know of a kernel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Rows and columns of its tile.
    pub(super) mr: usize,
    pub(super) nr: usize,
    pub(super) lanes: usize,
    /// Rows of a tile of one vector whose left operand lies in place.
    pub(super) tall: usize,
    /// Whether tiles may have a column more.
    pub(super) extra: bool,
}

impl Sizes {
    pub(super) fn of<T: Simd>() -> Self {
        Self { mr: T::MR, nr: T::NR, lanes: T::LANES, tall: T::TALL, extra: T::EXTRA }
    }
}

/// Those of an instruction set's.
pub(super) fn sizes(isa: Isa) -> Result<Sizes, CpuError> {
    Ok(match isa {
        Isa::Portable => Sizes::of::<Portable>(),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => Sizes::of::<super::avx2::Avx2>(),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => Sizes::of::<super::avx512::Avx512>(),
        #[cfg(not(target_arch = "x86_64"))]
        Isa::Avx2 | Isa::Avx512 => return Err(unavailable(isa)),
        #[cfg(target_arch = "aarch64")]
        Isa::Neon => Sizes::of::<super::neon::Neon>(),
        #[cfg(not(target_arch = "aarch64"))]
        Isa::Neon => return Err(unavailable(isa)),
    })
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
