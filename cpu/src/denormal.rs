//! Denormals: floats below 2⁻¹²⁶, which an x86 processor multiplies a hundred times slower than others.
//!
//! The micro-kernels' loops in assembly take them for zero, those of their products and sums too. What computes with inputs by
//! other means (transforms, depthwise convolution, portable code) takes them for zero as well, where there are any: it
//! computes with a copy without them. An output differs by as many times 2⁻¹²⁶ as it has taps, times the largest weight.

use std::sync::atomic::{AtomicBool, Ordering};

use super::engine::{Lane, Scratch};
use super::matrix::Turns;
use super::simd::Simd;

/// Floats that are looked at together.
const CHUNK: usize = 1 << 14;

/// Whether there are any; by all threads where there is much to look at.
fn any<T: Simd>(kernel: T, lane: Lane<'_>, floats: &[f32]) -> bool {
    let (turns, found) = (Turns::new(floats.len().div_ceil(CHUNK)), AtomicBool::new(false));
    let look = |_: Lane<'_>| {
        while let Some(i) = turns.take() {
            let chunk = &floats[i * CHUNK..floats.len().min((i + 1) * CHUNK)];
            let denormal = kernel.vectorize(
                #[inline(always)]
                || {
                    // Exponent zero and a fraction that is not.
                    let is = |v: &f32| u32::from((v.to_bits() & !(1 << 31)).wrapping_sub(1) < 0x007f_ffff);
                    chunk.iter().fold(0, |any, v| any | is(v)) != 0
                },
            );
            if denormal {
                found.store(true, Ordering::Relaxed);
            }
        }
    };
    // A few microseconds for a thread's share of the work are not worth waking it.
    lane.share(floats.len().div_ceil(16 * CHUNK), look);
    found.load(Ordering::Relaxed)
}

/// A copy with zeros instead of them, where there are any.
pub(super) fn flushed<'e, T: Simd>(kernel: T, lane: Lane<'e>, floats: &[f32]) -> Option<Scratch<'e>> {
    if !any(kernel, lane, floats) {
        return None;
    }
    let mut scratch = lane.scratch(floats.len());
    let to = &mut scratch.floats()[..floats.len()];
    to.copy_from_slice(floats);
    flush(to);
    Some(scratch)
}

/// Writes zeros in their place.
pub(super) fn flush(floats: &mut [f32]) {
    for v in floats {
        *v = if v.to_bits() & 0x7f80_0000 == 0 { 0.0 } else { *v };
    }
}
