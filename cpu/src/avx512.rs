//! The AVX-512 micro-kernel: 8 × 48, see [`kernel`](super::kernel).
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::kernel::{Kernel, Rows, Start, with_rows};
use super::matrix::Tile;

/// Proof that the host has AVX-512F.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx512(());

const LANES: usize = 16;
const NR: usize = 3 * LANES;
/// Floats of `a` that a prefetch runs ahead: `a` comes from the second level, `b` is in the first.
const AHEAD: usize = 256;

impl Avx512 {
    /// `None` on a processor, or under an operating system, without it.
    pub(super) fn new() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Self(()))
    }
}

impl Kernel for Avx512 {
    const MR: usize = 8;
    const NR: usize = NR;

    #[inline]
    fn tile(self, a: &[f32], b: Rows<'_>, copy: Option<&mut [f32]>, c: Tile<'_>, start: Start<'_>) {
        // SAFETY: `self` exists only where `new` found AVX-512F.
        unsafe {
            match c.columns().div_ceil(LANES) {
                1 => with_rows!(c.rows(), [1 2 3 4 5 6 7 8], |ROWS| tile::<ROWS, 1>(a, b, copy, c, start)),
                2 => with_rows!(c.rows(), [1 2 3 4 5 6 7 8], |ROWS| tile::<ROWS, 2>(a, b, copy, c, start)),
                _ => with_rows!(c.rows(), [1 2 3 4 5 6 7 8], |ROWS| tile::<ROWS, 3>(a, b, copy, c, start)),
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
    b: Rows<'_>,
    copy: Option<&mut [f32]>,
    mut c: Tile<'_>,
    start: Start<'_>,
) {
    let (depth, columns) = (a.len() / ROWS, c.columns());
    assert!(a.len() == depth * ROWS && c.rows() == ROWS);
    assert!((VECS - 1) * LANES < columns && columns <= VECS * LANES);
    b.check(depth, columns);
    let mask = (u32::MAX >> (32 - (columns - (VECS - 1) * LANES))) as __mmask16;

    // The tile's lines come while the sum is made: stores would wait for them one after the other.
    for r in 0..ROWS {
        let out = c.row(r).as_ptr();
        for v in 0..VECS {
            _mm_prefetch::<_MM_HINT_ET0>(out.wrapping_add(v * LANES).cast());
        }
    }
    // SAFETY: what both loops need was asserted above and here.
    let acc = unsafe {
        match copy {
            Some(copy) => {
                assert!(copy.len() >= depth * NR);
                sum::<ROWS, VECS, true>(a.as_ptr(), b, copy.as_mut_ptr(), depth, mask)
            }
            None => sum::<ROWS, VECS, false>(a.as_ptr(), b, std::ptr::null_mut(), depth, mask),
        }
    };

    match start {
        Start::Zero => {
            for r in 0..ROWS {
                let out = c.row(r).as_mut_ptr();
                for v in 0..VECS {
                    // SAFETY: a row of c is `columns` floats; vector v touches those from v·16 on, the last the masked.
                    unsafe { _mm512_mask_storeu_ps(out.add(v * LANES), mask_of::<VECS>(v, mask), acc[r][v]) };
                }
            }
        }
        Start::Bias(bias) => {
            for r in 0..ROWS {
                let (out, bias) = (c.row(r).as_mut_ptr(), _mm512_set1_ps(bias[r]));
                for v in 0..VECS {
                    let sum = _mm512_add_ps(bias, acc[r][v]);
                    // SAFETY: as above.
                    unsafe { _mm512_mask_storeu_ps(out.add(v * LANES), mask_of::<VECS>(v, mask), sum) };
                }
            }
        }
        Start::Accumulate => {
            for r in 0..ROWS {
                let out = c.row(r).as_mut_ptr();
                for v in 0..VECS {
                    let mask = mask_of::<VECS>(v, mask);
                    // SAFETY: as above.
                    unsafe {
                        let out = out.add(v * LANES);
                        _mm512_mask_storeu_ps(out, mask, _mm512_add_ps(_mm512_maskz_loadu_ps(mask, out), acc[r][v]));
                    }
                }
            }
        }
    }
}

/// The lanes of vector `v` of `VECS`, of which the last has those of `mask`.
#[inline(always)]
fn mask_of<const VECS: usize>(v: usize, mask: __mmask16) -> __mmask16 {
    if v == VECS - 1 { mask } else { !0 }
}

/// The sum over the depth; with `COPY`, what it read of b goes to `copy`.
///
/// # Safety
/// `a` has `depth·ROWS` floats, each of `depth` steps of b (VECS − 1)·16 and those of `mask` behind them, `copy` as many
/// steps of NR.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn sum<const ROWS: usize, const VECS: usize, const COPY: bool>(
    a: *const f32,
    b: Rows<'_>,
    copy: *mut f32,
    depth: usize,
    mask: __mmask16,
) -> [[__m512; VECS]; ROWS] {
    let mut acc = [[_mm512_setzero_ps(); VECS]; ROWS];
    let mut step = |a: *const f32, b: *const f32, copy: *mut f32| {
        let mut bv = [_mm512_setzero_ps(); VECS];
        for (v, bv) in bv.iter_mut().enumerate() {
            // SAFETY: the caller's promise: the step has these floats.
            *bv = unsafe { _mm512_maskz_loadu_ps(mask_of::<VECS>(v, mask), b.add(v * LANES)) };
            if COPY {
                // SAFETY: the caller's promise: a step of the copy has NR floats.
                unsafe { _mm512_storeu_ps(copy.add(v * LANES), *bv) };
            }
        }
        for (r, acc) in acc.iter_mut().enumerate() {
            // SAFETY: the caller's promise: a step of a has ROWS floats.
            let av = _mm512_set1_ps(unsafe { *a.add(r) });
            for v in 0..VECS {
                acc[v] = _mm512_fmadd_ps(av, bv[v], acc[v]);
            }
        }
    };
    let (mut pa, mut pb, mut pc) = (a, b.data.as_ptr(), copy);
    for _ in 0..depth / 2 {
        // A prefetch may name any address.
        _mm_prefetch::<_MM_HINT_T0>(pa.wrapping_add(AHEAD).cast());
        step(pa, pb, pc);
        step(pa.wrapping_add(ROWS), pb.wrapping_add(b.stride), pc.wrapping_add(NR));
        pa = pa.wrapping_add(2 * ROWS);
        pb = pb.wrapping_add(2 * b.stride);
        pc = pc.wrapping_add(2 * NR);
    }
    if depth % 2 == 1 {
        step(pa, pb, pc);
    }
    acc
}
