//! Any kernel: a tile of output rows and vectors in registers, and one load for each tap.
#![allow(unsafe_code)]

use super::{Depthwise, Tensors, Vector, inside};
use crate::Conv2dShape;
use crate::activation::Activation;
use crate::simd::{MAX_LANES, Simd};

/// What a row outside the input reads as.
static ZEROS: [f32; 2 * MAX_LANES] = [0.0; 2 * MAX_LANES];

pub(super) struct Taps<'a> {
    depthwise: &'a Depthwise,
    tensors: Tensors<'a>,
}

/// One plane, and how it is read.
struct Plane<'a> {
    shape: &'a Conv2dShape,
    x: &'a [f32],
    w: &'a [f32],
    bias: f32,
    /// Output columns Q.
    q: usize,
    activation: Activation,
    /// Its weights are: what is multiplied by the padding's zeros can be left out.
    finite: bool,
}

impl<'a> Taps<'a> {
    pub(super) fn new(depthwise: &'a Depthwise, tensors: Tensors<'a>) -> Self {
        Self { depthwise, tensors }
    }

    /// Computes `y`: rows of an output plane, from `row` on.
    pub(super) fn plane<T: Simd>(&self, simd: T, plane: usize, row: usize, y: &mut [f32]) {
        let Depthwise { shape, vectors, .. } = self.depthwise;
        let k = plane % shape.k;
        let size = shape.h * shape.w;
        let w = &self.tensors.w[k * shape.r * shape.s..][..shape.r * shape.s];
        let plane = Plane {
            shape,
            x: &self.tensors.x[(self.depthwise.source(plane) - self.tensors.first) * size..][..size],
            w,
            bias: self.tensors.bias.map_or(0.0, |bias| bias[k]),
            q: self.depthwise.q,
            activation: self.depthwise.activation,
            finite: self.tensors.finite || w.iter().all(|w| w.is_finite()),
        };
        match shape.stride[1] {
            1 => plane.rows::<T, 1>(simd, vectors, row, y),
            2 => plane.rows::<T, 2>(simd, vectors, row, y),
            _ => plane.rows::<T, 0>(simd, vectors, row, y),
        }
    }
}

impl Plane<'_> {
    /// `STRIDE` is the horizontal stride if it is 1 or 2, else 0.
    fn rows<T: Simd, const STRIDE: usize>(&self, simd: T, vectors: &[Vector], row: usize, y: &mut [f32]) {
        let (pairs, last) = vectors.as_chunks::<2>();
        simd.vectorize(
            #[inline(always)]
            || {
                let mut row = row;
                let (blocks, rest) = y.split_at_mut(y.len() / self.q / 4 * 4 * self.q);
                for y in blocks.chunks_exact_mut(4 * self.q) {
                    pairs.iter().for_each(
                        #[inline(always)]
                        |v| self.tile::<T, STRIDE, 4, 2>(simd, v, row, y),
                    );
                    last.iter().for_each(
                        #[inline(always)]
                        |v| self.tile::<T, STRIDE, 4, 1>(simd, &[*v], row, y),
                    );
                    row += 4;
                }
                for y in rest.chunks_exact_mut(self.q) {
                    pairs.iter().for_each(
                        #[inline(always)]
                        |v| self.tile::<T, STRIDE, 1, 2>(simd, v, row, y),
                    );
                    last.iter().for_each(
                        #[inline(always)]
                        |v| self.tile::<T, STRIDE, 1, 1>(simd, &[*v], row, y),
                    );
                    row += 1;
                }
            },
        );
    }

    /// `B` output rows from `p` on, which are `y`, of `VECS` vectors.
    #[inline(always)]
    fn tile<T: Simd, const STRIDE: usize, const B: usize, const VECS: usize>(
        &self,
        simd: T,
        vectors: &[Vector; VECS],
        p: usize,
        y: &mut [f32],
    ) {
        let (shape, width) = (self.shape, self.shape.w);
        assert!(y.len() == B * self.q);
        let step = shape.stride[1];
        let mut sums = [[simd.splat(self.bias); VECS]; B];
        for (r, w) in self.w.chunks_exact(shape.s).enumerate() {
            // Where each row starts; a row of zeros is read at its start whatever the column.
            let mut rows = [(ZEROS.as_ptr(), 0); B];
            for (b, row) in rows.iter_mut().enumerate() {
                let at = ((p + b) * shape.stride[0] + r * shape.dilation[0]).wrapping_sub(shape.pad[0]);
                if at < shape.h {
                    *row = (self.x[at * width..][..width].as_ptr(), -1);
                }
            }
            if self.finite && rows.iter().all(|row| row.1 == 0) {
                continue;
            }
            for (s, &w) in w.iter().enumerate() {
                let w = simd.splat(w);
                for (v, vector) in vectors.iter().enumerate() {
                    let first = (vector.column * step + s * shape.dilation[1]) as isize - shape.pad[1] as isize;
                    let within = |n: usize| first >= 0 && first as usize + n <= width;
                    let mask = |at: usize| inside(first + at as isize, 1, width, T::LANES);
                    macro_rules! add {
                        (|$at:ident, $keep:ident| $load:expr) => {
                            for (b, &(row, $keep)) in rows.iter().enumerate() {
                                let $at = row.wrapping_offset(first & $keep);
                                // SAFETY: lanes outside the row of the input are masked; of the zeros there are enough for
                                // all lanes at strides 1 and 2, and at others no lane is read.
                                let x = unsafe { $load };
                                sums[b][v] = simd.fma(x, w, sums[b][v]);
                            }
                        };
                    }
                    match STRIDE {
                        1 if within(T::LANES) => add!(|at, _keep| simd.load(at)),
                        1 => {
                            let mask = simd.mask(mask(0));
                            add!(|at, _keep| simd.load_masked(at, mask));
                        }
                        2 => {
                            let (low, high) = (simd.mask(mask(0)), simd.mask(mask(T::LANES)));
                            add!(|at, _keep| {
                                let high = simd.load_masked(at.wrapping_add(T::LANES), high);
                                simd.deinterleave(simd.load_masked(at, low), high).0
                            });
                        }
                        _ => {
                            let mask = inside(first, step, width, T::LANES);
                            add!(|at, keep| simd.load_strided(at, step, mask & keep as u32));
                        }
                    }
                }
            }
        }
        for (sums, y) in sums.into_iter().zip(y.chunks_exact_mut(self.q)) {
            for (vector, sum) in vectors.iter().zip(self.activation.vectors(simd, sums)) {
                let y = &mut y[vector.column..];
                // SAFETY: the slice has all lanes of the vector, or those of the mask.
                unsafe {
                    if y.len() >= T::LANES {
                        simd.store(y.as_mut_ptr(), sum);
                    } else {
                        simd.store_masked(y.as_mut_ptr(), simd.mask((1 << y.len()) - 1), sum);
                    }
                }
            }
        }
    }
}
