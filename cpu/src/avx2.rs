//! The AVX2 + FMA micro-kernel: 6 × 16, see [`kernel`](super::kernel).
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::kernel::{Kernel, Start, with_rows};

/// Proof that the host has AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx2(());

const LANES: usize = 8;
const NR: usize = 2 * LANES;

impl Avx2 {
    /// `None` on a processor, or under an operating system, without them.
    pub(super) fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

impl Kernel for Avx2 {
    const MR: usize = 6;
    const NR: usize = NR;

    #[inline]
    fn tile(self, a: &[f32], b: &[f32], rows: &mut [&mut [f32]], column: usize, columns: usize, start: Start<'_>) {
        // SAFETY: `self` exists only where `new` found AVX2 and FMA.
        unsafe {
            if columns > LANES {
                with_rows!(rows.len(), [1 2 3 4 5 6], |ROWS| tile::<ROWS, 2>(a, b, rows, column, columns, start));
            } else {
                with_rows!(rows.len(), [1 2 3 4 5 6], |ROWS| tile::<ROWS, 1>(a, b, rows, column, columns, start));
            }
        }
    }

    #[inline]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx2,fma")]
        fn inner<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: `self` exists only where `new` found AVX2 and FMA.
        unsafe { inner(f) }
    }
}

/// A tile of `ROWS` rows and `VECS` vectors of columns, the last of them masked.
#[target_feature(enable = "avx2,fma")]
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

    let mut acc = [[_mm256_setzero_ps(); VECS]; ROWS];
    let (mut pa, mut pb) = (a.as_ptr(), b.as_ptr());
    for _ in 0..depth {
        // SAFETY: step i of `depth` reads a[i·ROWS ..][..ROWS] and b[i·NR ..][..VECS·8] with VECS·8 ≤ NR, which the
        // lengths asserted above hold; the pointers end at most one past the slices.
        unsafe {
            let mut bv = [_mm256_setzero_ps(); VECS];
            for (v, bv) in bv.iter_mut().enumerate() {
                *bv = _mm256_loadu_ps(pb.add(v * LANES));
            }
            for (r, acc) in acc.iter_mut().enumerate() {
                let av = _mm256_set1_ps(*pa.add(r));
                for v in 0..VECS {
                    acc[v] = _mm256_fmadd_ps(av, bv[v], acc[v]);
                }
            }
            pa = pa.add(ROWS);
            pb = pb.add(NR);
        }
    }

    let lane_numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    for (r, (row, acc)) in rows.iter_mut().zip(acc).enumerate() {
        let out = row[column..column + columns].as_mut_ptr();
        for (v, acc) in acc.into_iter().enumerate() {
            let lanes = (columns - v * LANES).min(LANES);
            let mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes as i32), lane_numbers);
            // SAFETY: `out` points at `columns` floats that the slicing above checked; vector v touches the `lanes`
            // floats from v·8 on, which end at `columns` or before; masked-off lanes are not accessed.
            unsafe {
                let out = out.add(v * LANES);
                let sum = match start {
                    Start::Zero => acc,
                    Start::Bias(bias) => _mm256_add_ps(_mm256_set1_ps(bias[r]), acc),
                    Start::Accumulate => _mm256_add_ps(_mm256_maskload_ps(out, mask), acc),
                };
                _mm256_maskstore_ps(out, mask, sum);
            }
        }
    }
}
