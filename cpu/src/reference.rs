//! The reference convolution: f64 sums in a fixed order, for checking every engine.
//!
//! A product of two f32 values is exact in f64, and each sum runs over (c, r, s) in that order, starting from the bias:
//! an output element is the work of one thread, so the result does not depend on how many there are, nor on the host.
//! The code follows the [equation](super) and shares nothing with the SIMD path.

use rayon::{iter::ParallelIterator, prelude::*};

use super::{CpuError, error::check_lengths};
use crate::Conv2dShape;

/// Convolves as [`conv2d_f64`] does and rounds each sum once, to f32, into `y` (N×K×P×Q).
///
/// # Errors
///
/// Those of [`conv2d_f64`], and [`CpuError::Length`] when `y` is not of the shape's length.
pub fn conv2d(shape: Conv2dShape, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) -> Result<(), CpuError> {
    shape.validate()?;
    check_lengths(&shape, x, w, bias, y.len())?;
    rows(&shape, x, w, bias, y, |sum| sum as f32);
    Ok(())
}

/// Convolves `x` (N×C×H×W) with `w` (K×C/G×R×S), adds `bias` (K), and returns the f64 sums (N×K×P×Q).
///
/// Runs on the current rayon pool.
///
/// # Errors
///
/// [`CpuError::Shape`] when the shape breaks a rule, [`CpuError::Length`] when a slice is not of the shape's length.
pub fn conv2d_f64(shape: Conv2dShape, x: &[f32], w: &[f32], bias: Option<&[f32]>) -> Result<Vec<f64>, CpuError> {
    shape.validate()?;
    check_lengths(&shape, x, w, bias, shape.output_len())?;
    let mut y = vec![0.0; shape.output_len()];
    rows(&shape, x, w, bias, &mut y, |sum| sum);
    Ok(y)
}

/// Computes every row of the output and stores it through `round`.
fn rows<T: Send>(
    shape: &Conv2dShape,
    x: &[f32],
    w: &[f32],
    bias: Option<&[f32]>,
    y: &mut [T],
    round: impl Fn(f64) -> T + Sync,
) {
    let (p, q) = (shape.p(), shape.q());
    // A few rows to a job where rows are short.
    let jobs = (4096 / q).max(1);
    y.par_chunks_mut(q).with_min_len(jobs).enumerate().for_each_init(
        || vec![0.0; q],
        |sums, (i, out)| {
            let (n, k, p) = (i / p / shape.k, i / p % shape.k, i % p);
            sums.fill(bias.map_or(0.0, |b| f64::from(b[k])));
            add_row(shape, x, w, [n, k, p], sums);
            out.iter_mut().zip(sums).for_each(|(o, &mut sum)| *o = round(sum));
        },
    );
}

/// Adds to `sums` the products of output row `p` of channel `k` of image `n`.
fn add_row(shape: &Conv2dShape, x: &[f32], w: &[f32], [n, k, p]: [usize; 3], sums: &mut [f64]) {
    let (group_c, group_k) = (shape.c / shape.groups, shape.k / shape.groups);
    for c in 0..group_c {
        let plane = (n * shape.c + k / group_k * group_c + c) * shape.h * shape.w;
        for r in 0..shape.r {
            let row = (p * shape.stride[0] + r * shape.dilation[0])
                .checked_sub(shape.pad[0])
                .filter(|&y| y < shape.h)
                .map(|y| &x[plane + y * shape.w..][..shape.w]);
            for s in 0..shape.s {
                let weight = f64::from(w[((k * group_c + c) * shape.r + r) * shape.s + s]);
                let (first, end) = match row {
                    Some(_) => inside(shape, s, sums.len()),
                    None => (0, 0),
                };
                if let Some(row) = row
                    && first < end
                {
                    let row = &row[first * shape.stride[1] + s * shape.dilation[1] - shape.pad[1]..];
                    let sums = &mut sums[first..end];
                    if shape.stride[1] == 1 {
                        sums.iter_mut().zip(row).for_each(|(sum, &v)| *sum += f64::from(v) * weight);
                    } else {
                        let row = row.iter().step_by(shape.stride[1]);
                        sums.iter_mut().zip(row).for_each(|(sum, &v)| *sum += f64::from(v) * weight);
                    }
                }
                if !weight.is_finite() {
                    // The zeros of the padding, which only such a weight turns into something else: NaN.
                    let outside = sums.iter_mut().enumerate().filter(|(q, _)| *q < first || *q >= end);
                    outside.for_each(|(_, sum)| *sum += 0.0 * weight);
                }
            }
        }
    }
}

/// The output columns `first..end` for which kernel column `s` reads inside the input: those with
/// 0 ≤ q·stride + s·dilation − pad < W. `(0, 0)` if there are none.
fn inside(shape: &Conv2dShape, s: usize, q: usize) -> (usize, usize) {
    let (stride, pad, at) = (shape.stride[1], shape.pad[1], s * shape.dilation[1]);
    let first = pad.saturating_sub(at).div_ceil(stride);
    let end = (shape.w + pad).saturating_sub(at).div_ceil(stride).min(q);
    if first < end { (first, end) } else { (0, 0) }
}
