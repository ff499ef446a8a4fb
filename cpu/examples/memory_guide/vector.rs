//! Vectors of the widest instruction set that the host has, for loops that are written once.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// A vector of floats. What uses one is inlined into [`widest`], which is compiled for the instruction set.
pub trait Vector: Copy {
    /// Floats of a vector.
    const LANES: usize;

    /// `x` in every lane.
    fn splat(x: f32) -> Self;

    /// The first floats of `from`, which has enough of them.
    fn load(from: &[f32]) -> Self;

    /// Into the first floats of `to`, which has enough of them.
    fn store(self, to: &mut [f32]);

    /// `self·b + c`; in the portable implementation with two roundings.
    fn fma(self, b: Self, c: Self) -> Self;

    /// The larger one, lane by lane.
    fn max(self, other: Self) -> Self;
}

/// Four lanes, as SSE2 and NEON have them.
#[derive(Debug, Clone, Copy)]
pub struct Plain([f32; 4]);

impl Vector for Plain {
    const LANES: usize = 4;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; 4])
    }

    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        Self([from[0], from[1], from[2], from[3]])
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        to[..4].copy_from_slice(&self.0);
    }

    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * b.0[i] + c.0[i]))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| if self.0[i] > other.0[i] { self.0[i] } else { other.0[i] }))
    }
}

/// A [`Vector`] of intrinsics, and the function that compiles what it is given for them.
#[cfg(target_arch = "x86_64")]
macro_rules! vector {
    ($type:ident, $run:ident, $lanes:literal, $features:literal, [$($feature:tt),*],
     $splat:ident, $load:ident, $store:ident, $fma:ident, $max:ident) => {
        // SAFETY, of every intrinsic: `widest` uses the type where the host has its instructions, and nothing else does.
        impl Vector for $type {
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(x: f32) -> Self {
                // SAFETY: the host has the instruction.
                unsafe { $splat(x) }
            }

            #[inline(always)]
            fn load(from: &[f32]) -> Self {
                // SAFETY: the host has the instruction, and as many floats are there.
                unsafe { $load(from[..$lanes].as_ptr()) }
            }

            #[inline(always)]
            fn store(self, to: &mut [f32]) {
                // SAFETY: the host has the instruction, and as many floats are there.
                unsafe { $store(to[..$lanes].as_mut_ptr(), self) }
            }

            #[inline(always)]
            fn fma(self, b: Self, c: Self) -> Self {
                // SAFETY: the host has the instruction.
                unsafe { $fma(self, b, c) }
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // SAFETY: the host has the instruction.
                unsafe { $max(self, other) }
            }
        }

        /// Calls `f`, compiled for the instruction set. Panics on a host without it.
        pub fn $run<R>(f: impl FnOnce() -> R) -> R {
            #[target_feature(enable = $features)]
            fn inner<R>(f: impl FnOnce() -> R) -> R {
                f()
            }
            assert!($(is_x86_feature_detected!($feature))&&*);
            // SAFETY: the host has the features.
            unsafe { inner(f) }
        }
    };
}

#[cfg(target_arch = "x86_64")]
vector!(
    __m256,
    avx2,
    8,
    "avx2,fma",
    ["avx2", "fma"],
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_fmadd_ps,
    _mm256_max_ps
);
#[cfg(target_arch = "x86_64")]
vector!(
    __m512,
    avx512,
    16,
    "avx512f,avx2,fma",
    ["avx512f", "avx2", "fma"],
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_fmadd_ps,
    _mm512_max_ps
);

/// Evaluates an expression with `$V` as the vectors of an [`Isa`](sparkle_cpu::Isa), compiled for it.
macro_rules! widest {
    ($isa:expr, |$V:ident| $call:expr) => {
        match $isa {
            #[cfg(target_arch = "x86_64")]
            sparkle_cpu::Isa::Avx512 => {
                type $V = std::arch::x86_64::__m512;
                $crate::vector::avx512(
                    // Into the function that has the features.
                    #[inline(always)]
                    || $call,
                )
            }
            #[cfg(target_arch = "x86_64")]
            sparkle_cpu::Isa::Avx2 => {
                type $V = std::arch::x86_64::__m256;
                $crate::vector::avx2(
                    // Into the function that has the features.
                    #[inline(always)]
                    || $call,
                )
            }
            _ => {
                type $V = $crate::vector::Plain;
                $call
            }
        }
    };
}
pub(crate) use widest;

/// Asks for the line of `data[at]`; nothing where there is no such element, or no such instruction.
#[inline(always)]
pub fn prefetch(data: &[f32], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = data.get(at) {
        // SAFETY: SSE, which every x86-64 has; a prefetch reads nothing that the program sees.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(element).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (data, at);
}
