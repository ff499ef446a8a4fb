//! The matrices of F(2×2, 3×3) and F(4×4, 3×3), and what they make of vectors of tiles.
//!
//! F(2×2) has the points 0, ±1 and ∞, whose transforms only add; F(4×4) 0, ±1/√2, ±√2 and ∞, whose errors are half of those
//! of 0, ±1, ±2 and ∞.

use crate::activation::Activation;
use crate::simd::Simd;

/// F(M×M, 3×3) on N×N inputs.
pub(super) struct F;

/// The one-dimensional transforms of F(M, 3), N = M + 2.
pub(super) trait Transforms<const M: usize, const N: usize> {
    /// Row j has the powers of point j over ∏(pⱼ − pₗ).
    const G: [[f64; 3]; N];

    /// Bᵀ d: the rows are the coefficients of ∏(x − pⱼ) over all points but one, or over all.
    fn inputs<T: Simd>(k: T, d: [T::V; N]) -> [T::V; N];

    /// Aᵀ m: row i has the points to the power of i.
    fn outputs<T: Simd>(k: T, m: [T::V; N]) -> [T::V; M];

    /// Every M-th float of M vectors: of those from the first on, from the second on, and so forth.
    fn apart<T: Simd>(k: T, v: [T::V; M]) -> [T::V; M];

    /// The inverse of [`apart`](Self::apart).
    fn together<T: Simd>(k: T, v: [T::V; M]) -> [T::V; M];

    /// `f` of 0 to N − 1, without a loop, so that vectors stay in registers.
    fn each_input<R>(f: impl FnMut(usize) -> R) -> [R; N];

    /// `f` of 0 to M − 1, likewise.
    fn each_output<R>(f: impl FnMut(usize) -> R) -> [R; M];
}

impl Transforms<2, 4> for F {
    const G: [[f64; 3]; 4] = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]];

    #[inline(always)]
    fn inputs<T: Simd>(k: T, [d0, d1, d2, d3]: [T::V; 4]) -> [T::V; 4] {
        [k.sub(d0, d2), k.add(d1, d2), k.sub(d2, d1), k.sub(d3, d1)]
    }

    #[inline(always)]
    fn outputs<T: Simd>(k: T, [m0, m1, m2, m3]: [T::V; 4]) -> [T::V; 2] {
        [k.add(m0, k.add(m1, m2)), k.add(k.sub(m1, m2), m3)]
    }

    #[inline(always)]
    fn apart<T: Simd>(k: T, [a, b]: [T::V; 2]) -> [T::V; 2] {
        let (even, odd) = k.deinterleave(a, b);
        [even, odd]
    }

    #[inline(always)]
    fn together<T: Simd>(k: T, [a, b]: [T::V; 2]) -> [T::V; 2] {
        let (low, high) = k.interleave(a, b);
        [low, high]
    }

    #[inline(always)]
    fn each_input<R>(mut f: impl FnMut(usize) -> R) -> [R; 4] {
        [f(0), f(1), f(2), f(3)]
    }

    #[inline(always)]
    fn each_output<R>(mut f: impl FnMut(usize) -> R) -> [R; 2] {
        [f(0), f(1)]
    }
}

/// The points ±A and ±B with their squares.
const A: f32 = std::f32::consts::FRAC_1_SQRT_2;
const B: f32 = std::f32::consts::SQRT_2;
const A2: f32 = 0.5;
const B2: f32 = 2.0;
const ROOT: f64 = std::f64::consts::SQRT_2;

impl Transforms<4, 6> for F {
    const G: [[f64; 3]; 6] = [
        [1.0, 0.0, 0.0],
        [-2.0 / 3.0, -ROOT / 3.0, -1.0 / 3.0],
        [-2.0 / 3.0, ROOT / 3.0, -1.0 / 3.0],
        [1.0 / 6.0, ROOT / 6.0, 1.0 / 3.0],
        [1.0 / 6.0, -ROOT / 6.0, 1.0 / 3.0],
        [0.0, 0.0, 1.0],
    ];

    #[inline(always)]
    fn inputs<T: Simd>(k: T, [d0, d1, d2, d3, d4, d5]: [T::V; 6]) -> [T::V; 6] {
        let (near_even, near_odd) = (k.fma(d2, k.splat(-B2), d4), k.fma(d1, k.splat(-B2), d3));
        let (far_even, far_odd) = (k.fma(d2, k.splat(-A2), d4), k.fma(d1, k.splat(-A2), d3));
        [
            k.fma(d2, k.splat(-(A2 + B2)), k.add(d0, d4)),
            k.fma(near_odd, k.splat(A), near_even),
            k.fma(near_odd, k.splat(-A), near_even),
            k.fma(far_odd, k.splat(B), far_even),
            k.fma(far_odd, k.splat(-B), far_even),
            k.fma(d3, k.splat(-(A2 + B2)), k.add(d1, d5)),
        ]
    }

    #[inline(always)]
    fn outputs<T: Simd>(k: T, [m0, m1, m2, m3, m4, m5]: [T::V; 6]) -> [T::V; 4] {
        let (near_sum, near_difference) = (k.add(m1, m2), k.sub(m1, m2));
        let (far_sum, far_difference) = (k.add(m3, m4), k.sub(m3, m4));
        let zero = k.splat(0.0);
        [
            k.add(k.add(m0, near_sum), far_sum),
            k.fma(near_difference, k.splat(A), k.fma(far_difference, k.splat(B), zero)),
            k.fma(near_sum, k.splat(A2), k.fma(far_sum, k.splat(B2), zero)),
            k.fma(near_difference, k.splat(A * A2), k.fma(far_difference, k.splat(B * B2), m5)),
        ]
    }

    #[inline(always)]
    fn apart<T: Simd>(k: T, [a, b, c, d]: [T::V; 4]) -> [T::V; 4] {
        let ((e0, o0), (e1, o1)) = (k.deinterleave(a, b), k.deinterleave(c, d));
        let ((v0, v2), (v1, v3)) = (k.deinterleave(e0, e1), k.deinterleave(o0, o1));
        [v0, v1, v2, v3]
    }

    #[inline(always)]
    fn together<T: Simd>(k: T, [a, b, c, d]: [T::V; 4]) -> [T::V; 4] {
        let ((e0, e1), (o0, o1)) = (k.interleave(a, c), k.interleave(b, d));
        let ((v0, v1), (v2, v3)) = (k.interleave(e0, o0), k.interleave(e1, o1));
        [v0, v1, v2, v3]
    }

    #[inline(always)]
    fn each_input<R>(mut f: impl FnMut(usize) -> R) -> [R; 6] {
        [f(0), f(1), f(2), f(3), f(4), f(5)]
    }

    #[inline(always)]
    fn each_output<R>(mut f: impl FnMut(usize) -> R) -> [R; 4] {
        [f(0), f(1), f(2), f(3)]
    }
}

/// G w Gᵀ, in double precision.
pub(super) fn transform_weights<const M: usize, const N: usize>(w: &[f32; 9]) -> [[f32; N]; N]
where
    F: Transforms<M, N>,
{
    let mut half = [[0.0f64; 3]; N];
    for (row, g) in half.iter_mut().zip(&F::G) {
        for (s, out) in row.iter_mut().enumerate() {
            *out = (0..3).map(|r| g[r] * f64::from(w[3 * r + s])).sum();
        }
    }
    half.map(|row| F::G.map(|g| (0..3).map(|s| row[s] * g[s]).sum::<f64>() as f32))
}

/// Bᵀ d B of a vector of tiles, whose N lines `load` has: the columns of the tiles, and those M further.
///
/// Those `next` floats further are asked for: planes are too far apart, and too many, for the hardware to foresee them.
///
/// # Safety
/// At `out`, a vector can be written in each of the planes that lie `plane` floats apart.
#[inline(always)]
pub(super) unsafe fn transform_inputs<T: Simd, const M: usize, const N: usize>(
    k: T,
    load: impl Fn(usize) -> [[T::V; M]; 2],
    out: *mut f32,
    (plane, next): (usize, usize),
) where
    F: Transforms<M, N>,
{
    let rows = F::each_input(
        #[inline(always)]
        |row| {
            let [near, far] = load(row);
            let (near, far) = (F::apart(k, near), F::apart(k, far));
            let line = F::each_input(
                #[inline(always)]
                |i| if i < M { near[i] } else { far[i - M] },
            );
            F::inputs(k, line)
        },
    );
    #[allow(clippy::needless_range_loop)]
    for j in 0..N {
        let column = F::each_input(
            #[inline(always)]
            |i| rows[i][j],
        );
        for (i, v) in F::inputs(k, column).into_iter().enumerate() {
            let out = out.wrapping_add((i * N + j) * plane);
            k.prefetch_to_write(out.wrapping_add(next));
            // SAFETY: the caller's promise.
            unsafe { k.store(out, v) };
        }
    }
}

/// Aᵀ m A plus the bias of a vector of tiles, activated: M lines of the output, each of M vectors of columns. The vectors `next`
/// floats further are asked for.
///
/// # Safety
/// At `m`, a vector can be read in each of the planes that lie `plane` floats apart.
#[inline(always)]
pub(super) unsafe fn transform_outputs<T: Simd, const M: usize, const N: usize>(
    k: T,
    m: *const f32,
    (plane, next): (usize, usize),
    bias: T::V,
    activation: Activation,
) -> [[T::V; M]; M]
where
    F: Transforms<M, N>,
{
    let columns = F::each_input(
        #[inline(always)]
        |s| {
            let column = F::each_input(
                #[inline(always)]
                |i| {
                    let m = m.wrapping_add((i * N + s) * plane);
                    k.prefetch(m.wrapping_add(next));
                    // SAFETY: the caller's promise.
                    unsafe { k.load(m) }
                },
            );
            F::outputs(k, column)
        },
    );
    F::each_output(
        #[inline(always)]
        |i| {
            let row = F::each_input(
                #[inline(always)]
                |s| columns[s][i],
            );
            let line = F::outputs(k, row);
            let biased = F::each_output(
                #[inline(always)]
                |j| k.add(line[j], bias),
            );
            F::together(k, activation.vectors(k, biased))
        },
    )
}
