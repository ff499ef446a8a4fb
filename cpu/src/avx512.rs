//! The AVX-512 micro-kernel: 14 × 32, see [`kernel`](super::kernel).
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::kernel::{Kernel, Start, with_rows};

/// Proof that the host has AVX-512F.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx512(());

const LANES: usize = 16;
const NR: usize = 2 * LANES;
/// Steps of the depth that a prefetch runs ahead. Hardware prefetchers stop at the page that they are in.
const AHEAD: usize = 16;

impl Avx512 {
    /// `None` on a processor, or under an operating system, without it.
    pub(super) fn new() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Self(()))
    }
}

impl Kernel for Avx512 {
    const MR: usize = 14;
    const NR: usize = NR;

    #[inline]
    fn tile(self, a: &[f32], b: &[f32], rows: &mut [&mut [f32]], column: usize, columns: usize, start: Start<'_>) {
        // SAFETY: `self` exists only where `new` found AVX-512F.
        unsafe {
            if columns > LANES {
                with_rows!(rows.len(), [1 2 3 4 5 6 7 8 9 10 11 12 13 14], |ROWS| tile::<ROWS, 2>(a, b, rows, column, columns, start));
            } else {
                with_rows!(rows.len(), [1 2 3 4 5 6 7 8 9 10 11 12 13 14], |ROWS| tile::<ROWS, 1>(a, b, rows, column, columns, start));
            }
        }
    }

    #[inline]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx512f")]
        fn inner<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: `self` exists only where `new` found AVX-512F.
        unsafe { inner(f) }
    }
}

/// A tile of `ROWS` rows and `VECS` vectors of columns, the last of them masked.
#[target_feature(enable = "avx512f")]
fn tile<const ROWS: usize, const VECS: usize>(
    a: &[f32],
    b: &[f32],
    rows: &mut [&mut [f32]],
    column: usize,
    columns: usize,
    start: Start<'_>,
) {
    let depth = a.len() / ROWS;
    assert!(a.len() == depth * ROWS && b.len() == depth * NR && rows.len() == ROWS);
    assert!((VECS - 1) * LANES < columns && columns <= VECS * LANES);

    let mut acc = [[_mm512_setzero_ps(); VECS]; ROWS];
    let (mut pa, mut pb) = (a.as_ptr(), b.as_ptr());
    for _ in 0..depth {
        // SAFETY: step i of `depth` reads a[i·ROWS ..][..ROWS] and b[i·NR ..][..VECS·16] with VECS·16 ≤ NR, which the
        // lengths asserted above hold; the pointers end at most one past the slices. A prefetch may name any address.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(pa.wrapping_add(AHEAD * ROWS).cast());
            for v in 0..VECS {
                _mm_prefetch::<_MM_HINT_T0>(pb.wrapping_add(AHEAD * NR + v * LANES).cast());
            }
            let mut bv = [_mm512_setzero_ps(); VECS];
            for (v, bv) in bv.iter_mut().enumerate() {
                *bv = _mm512_loadu_ps(pb.add(v * LANES));
            }
            for (r, acc) in acc.iter_mut().enumerate() {
                let av = _mm512_set1_ps(*pa.add(r));
                for v in 0..VECS {
                    acc[v] = _mm512_fmadd_ps(av, bv[v], acc[v]);
                }
            }
            pa = pa.add(ROWS);
            pb = pb.add(NR);
        }
    }

    for (r, (row, acc)) in rows.iter_mut().zip(acc).enumerate() {
        let out = row[column..column + columns].as_mut_ptr();
        for (v, acc) in acc.into_iter().enumerate() {
            let lanes = (columns - v * LANES).min(LANES);
            let mask = (u32::MAX >> (32 - lanes)) as __mmask16;
            // SAFETY: `out` points at `columns` floats that the slicing above checked; vector v touches the `lanes`
            // floats from v·16 on, which end at `columns` or before; masked-off lanes are not accessed.
            unsafe {
                let out = out.add(v * LANES);
                let sum = match start {
                    Start::Zero => acc,
                    Start::Bias(bias) => _mm512_add_ps(_mm512_set1_ps(bias[r]), acc),
                    Start::Accumulate => _mm512_add_ps(_mm512_maskz_loadu_ps(mask, out), acc),
                };
                _mm512_mask_storeu_ps(out, mask, sum);
            }
        }
    }
}
