//! Denormals: floats below 2⁻¹²⁶, which an x86 processor multiplies a hundred times slower than others.
//!
//! The micro-kernels' loops in assembly take them for zero, those of their products and sums too. What computes with inputs by
//! other means (transforms, depthwise convolution, portable code) takes them for zero as well, where there are any: it
//! computes with a copy without them. An output differs by as many times 2⁻¹²⁶ as it has taps, times the largest weight.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};

use super::engine::{Lane, Scratch};
use super::matrix::Turns;
use super::simd::Simd;

/// Forgets what this thread has [`met`].
#[inline]
pub(super) fn forget() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: of MXCSR it changes exception flags, which assembly may.
    unsafe {
        let mut mode = 0u32;
        std::arch::asm!(
            "stmxcsr [{mode}]",
            "and dword ptr [{mode}], -64",
            "ldmxcsr [{mode}]",
            mode = in(reg) &raw mut mode,
            options(nostack)
        );
    }
}

/// Whether an operand of this thread was a denormal since it last forgot, as far as the processor tells.
#[inline]
pub(super) fn met() -> bool {
    let mut mode = 0u32;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: it writes MXCSR to `mode`.
    unsafe {
        std::arch::asm!("stmxcsr [{mode}]", mode = in(reg) &raw mut mode, options(nostack));
    }
    // DE, the denormal flag.
    mode & 2 != 0
}

/// Floats that are looked at together.
const CHUNK: usize = 1 << 14;

/// Whether there are any.
#[inline]
pub(super) fn any<T: Simd>(kernel: T, floats: &[f32]) -> bool {
    kernel.vectorize(
        #[inline(always)]
        || {
            // Exponent zero and a fraction that is not.
            let is = |v: &f32| u32::from((v.to_bits() & !(1 << 31)).wrapping_sub(1) < 0x007f_ffff);
            floats.iter().fold(0, |any, v| any | is(v)) != 0
        },
    )
}

/// A copy with zeros in their place, where there are any. All threads look where there is much to look at.
pub(super) fn flushed<'e, T: Simd>(kernel: T, lane: Lane<'e>, floats: &[f32]) -> Option<Scratch<'e>> {
    let (turns, found) = (Turns::new(floats.len().div_ceil(CHUNK), lane.threads()), AtomicBool::new(false));
    // A few microseconds for a thread's share of the work are not worth waking it.
    lane.share(floats.len().div_ceil(16 * CHUNK), |lane| {
        while let Some(i) = turns.take(lane.thread()) {
            if any(kernel, &floats[i * CHUNK..floats.len().min((i + 1) * CHUNK)]) {
                found.store(true, Ordering::Relaxed);
            }
        }
    });
    found.into_inner().then(|| {
        let mut scratch = lane.scratch(floats.len());
        flush(floats, scratch.floats());
        scratch
    })
}

/// Copies floats with zeros in their place.
pub(super) fn flush(from: &[f32], to: &mut [f32]) {
    for (from, to) in from.iter().zip(to) {
        *to = normal(*from);
    }
}

/// Writes zeros in their place.
pub(super) fn flush_in_place(floats: &mut [f32]) {
    floats.iter_mut().for_each(|v| *v = normal(*v));
}

fn normal(v: f32) -> f32 {
    if v.to_bits() & 0x7f80_0000 == 0 { 0.0 } else { v }
}
