//! The AVX2 + FMA micro-kernel: 6 × 16, see [`kernel`](super::kernel).
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::activation::{Activation, Kind};
use super::kernel::{Column, Kernel, Rows, Start, with_rows};
use super::matrix::Tile;

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
    fn column(self, column: Column<'_>) {
        column.each::<Self>(LANES, |a, b, copy, c, start, end| {
            // SAFETY: `self` exists only where `new` found AVX2 and FMA.
            unsafe {
                match c.columns() {
                    NR => with_rows!(c.rows(), [1 2 3 4 5 6], |ROWS| tile::<ROWS, 2, false>(a, b, copy, c, start, end)),
                    0..=LANES => {
                        with_rows!(c.rows(), [1 2 3 4 5 6], |ROWS| tile::<ROWS, 1, true>(a, b, copy, c, start, end))
                    }
                    _ => with_rows!(c.rows(), [1 2 3 4 5 6], |ROWS| tile::<ROWS, 2, true>(a, b, copy, c, start, end)),
                }
            }
        });
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

/// A tile of `ROWS` rows and `VECS` vectors of columns; the last of them is masked where `MASKED`.
#[target_feature(enable = "avx2,fma")]
fn tile<const ROWS: usize, const VECS: usize, const MASKED: bool>(
    a: &[f32],
    b: Rows<'_>,
    copy: Option<&mut [f32]>,
    mut c: Tile<'_>,
    start: Start<'_>,
    end: Activation,
) {
    let (depth, columns) = (a.len() / ROWS, c.columns());
    assert!(a.len() == depth * ROWS && c.rows() == ROWS);
    assert!((VECS - 1) * LANES < columns && columns <= VECS * LANES && (MASKED || columns == VECS * LANES));
    b.check(depth, columns, LANES);
    let last = (columns - (VECS - 1) * LANES) as i32;
    let mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(last), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));

    // SAFETY: what both loops need was asserted above and here.
    let mut acc = unsafe {
        match copy {
            Some(copy) => {
                assert!(copy.len() >= depth * NR);
                sum::<ROWS, VECS, MASKED, true>(a.as_ptr(), b, copy.as_mut_ptr(), depth, mask)
            }
            None => sum::<ROWS, VECS, MASKED, false>(a.as_ptr(), b, std::ptr::null_mut(), depth, mask),
        }
    };
    for (r, acc) in acc.iter_mut().enumerate() {
        let out = c.row(r).as_ptr();
        for (v, acc) in acc.iter_mut().enumerate() {
            // SAFETY: a row of c is `columns` floats; vector v touches those from v·8 on, the last the masked ones.
            *acc = unsafe {
                let out = out.add(v * LANES);
                match start {
                    Start::Zero => *acc,
                    Start::Bias(bias) => _mm256_add_ps(_mm256_set1_ps(bias[r]), *acc),
                    Start::Accumulate if MASKED && v == VECS - 1 => _mm256_add_ps(_mm256_maskload_ps(out, mask), *acc),
                    Start::Accumulate => _mm256_add_ps(_mm256_loadu_ps(out), *acc),
                }
            };
        }
    }
    // MAXPS and MINPS give their second operand where it is NaN or both are zeros.
    match end.kind() {
        Kind::Identity => {}
        Kind::AtLeast(low) => {
            let low = _mm256_set1_ps(low);
            acc.iter_mut().flatten().for_each(|acc| *acc = _mm256_max_ps(low, *acc));
        }
        Kind::Between(low, high) => {
            let (low, high) = (_mm256_set1_ps(low), _mm256_set1_ps(high));
            acc.iter_mut().flatten().for_each(|acc| *acc = _mm256_min_ps(high, _mm256_max_ps(low, *acc)));
        }
    }
    for (r, acc) in acc.iter().enumerate() {
        let out = c.row(r).as_mut_ptr();
        for (v, &acc) in acc.iter().enumerate() {
            // SAFETY: as above.
            unsafe {
                let out = out.add(v * LANES);
                if MASKED && v == VECS - 1 {
                    _mm256_maskstore_ps(out, mask, acc);
                } else {
                    _mm256_storeu_ps(out, acc);
                }
            }
        }
    }
}

/// The sum over the depth; with `COPY`, what it read of b goes to `copy`.
///
/// # Safety
/// `a` has `depth·ROWS` floats, each of `depth` steps of b (VECS − 1)·8 and those of `mask` behind them, or VECS·8
/// where not `MASKED`, `copy` as many steps of NR.
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn sum<const ROWS: usize, const VECS: usize, const MASKED: bool, const COPY: bool>(
    a: *const f32,
    b: Rows<'_>,
    copy: *mut f32,
    depth: usize,
    mask: __m256i,
) -> [[__m256; VECS]; ROWS] {
    let mut acc = [[_mm256_setzero_ps(); VECS]; ROWS];
    let (mut pa, mut pc) = (a, copy);
    for i in 0..depth {
        let pb = b.data.as_ptr().wrapping_add(b.start(i));
        let mut bv = [_mm256_setzero_ps(); VECS];
        for (v, bv) in bv.iter_mut().enumerate() {
            // SAFETY: the caller's promise: the step has these floats.
            unsafe {
                let from = pb.add(v * LANES);
                *bv = if MASKED && v == VECS - 1 { _mm256_maskload_ps(from, mask) } else { _mm256_loadu_ps(from) };
                if COPY {
                    _mm256_storeu_ps(pc.add(v * LANES), *bv);
                }
            }
        }
        for (r, acc) in acc.iter_mut().enumerate() {
            // SAFETY: the caller's promise: a step of a has ROWS floats.
            let av = _mm256_set1_ps(unsafe { *pa.add(r) });
            for v in 0..VECS {
                acc[v] = _mm256_fmadd_ps(av, bv[v], acc[v]);
            }
        }
        pa = pa.wrapping_add(ROWS);
        pc = pc.wrapping_add(NR);
    }
    acc
}
