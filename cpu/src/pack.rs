//! Packing: weights into A panels, input patches straight into B panels.

#![allow(unsafe_code)]

use std::ops::Range;

use super::simd::{self, Simd};
use crate::Conv2dShape;

/// Copies the weights of `rows` output channels, taps `depth.start..depth.end`, into a panel: all rows of the first tap,
/// then all rows of the next.
///
/// `weights` holds the group's weights, `taps` to a row.
pub(super) fn weights<T: Simd>(
    kernel: T,
    weights: &[f32],
    taps: usize,
    rows: Range<usize>,
    depth: Range<usize>,
    panel: &mut [f32],
) {
    let height = rows.len();
    let weights = &weights[rows.start * taps..rows.end * taps];
    let vectors = depth.len() / T::LANES;
    let done = match height {
        8 => interleaved::<T, 8>(kernel, weights, taps, depth.start, vectors, panel),
        4 => interleaved::<T, 4>(kernel, weights, taps, depth.start, vectors, panel),
        2 => interleaved::<T, 2>(kernel, weights, taps, depth.start, vectors, panel),
        _ => 0,
    };
    let (first, panel) = (depth.start + done, &mut panel[done * height..]);
    // A block of taps at a time: it reads one cache line of each row and writes `height` lines, all within L1.
    for (i, block) in panel.chunks_mut(BLOCK * height).enumerate() {
        for (r, row) in weights.chunks_exact(taps).enumerate() {
            let row = &row[first + i * BLOCK..][..block.len() / height];
            for (&tap, out) in row.iter().zip(block.chunks_exact_mut(height)) {
                out[r] = tap;
            }
        }
    }
}

/// The same of some vectors of taps from `first` on, for a power of two of rows; how many taps these were.
fn interleaved<T: Simd, const ROWS: usize>(
    kernel: T,
    weights: &[f32],
    taps: usize,
    first: usize,
    vectors: usize,
    panel: &mut [f32],
) -> usize {
    let len = vectors * T::LANES;
    assert!(weights.len() == ROWS * taps && first + len <= taps && ROWS * len <= panel.len());
    kernel.vectorize(
        #[inline(always)]
        || {
            for (i, out) in panel[..ROWS * len].chunks_exact_mut(ROWS * T::LANES).enumerate() {
                let from = weights.as_ptr().wrapping_add(first + i * T::LANES);
                // SAFETY: a vector of each row, as was asserted.
                let v: [T::V; ROWS] = std::array::from_fn(|r| unsafe { kernel.load(from.wrapping_add(r * taps)) });
                for (v, out) in simd::transpose(kernel, v, ROWS).into_iter().zip(out.chunks_exact_mut(T::LANES)) {
                    // SAFETY: a vector.
                    unsafe { kernel.store(out.as_mut_ptr(), v) };
                }
            }
        },
    );
    len
}

/// Copies `columns` of a matrix whose rows lie `stride` floats apart, from its rows `depth`, into panels of `NR` columns, the last
/// of them filled up with zeros.
#[inline(always)]
pub(super) fn rows<T: Simd, const NR: usize>(
    kernel: T,
    matrix: &[f32],
    stride: usize,
    columns: Range<usize>,
    depth: Range<usize>,
    panels: &mut [f32],
) {
    let size = depth.len() * NR;
    for (i, row) in depth.enumerate() {
        let row = &matrix[row * stride..][columns.clone()];
        for (row, panel) in row.chunks(NR).zip(panels.chunks_exact_mut(size)) {
            let out = &mut panel[i * NR..][..NR];
            simd::copy(kernel, row, &mut out[..row.len()]);
            out[row.len()..].fill(0.0);
        }
    }
}

/// Copies `columns` of a matrix whose columns lie `stride` floats apart, from their elements `depth`, into a panel of `NR`
/// columns, the last of them zero where there are fewer.
pub(super) fn columns<const NR: usize>(
    matrix: &[f32],
    stride: usize,
    columns: Range<usize>,
    depth: Range<usize>,
    panel: &mut [f32],
) {
    for (i, block) in panel.chunks_mut(BLOCK * NR).enumerate() {
        let from = depth.start + i * BLOCK;
        for (j, column) in columns.clone().enumerate() {
            let column = &matrix[column * stride + from..][..block.len() / NR];
            column.iter().zip(block.chunks_exact_mut(NR)).for_each(|(&value, row)| row[j] = value);
        }
        block.chunks_exact_mut(NR).for_each(|row| row[columns.len()..].fill(0.0));
    }
}

/// Floats of a block copy: one 64-byte vector, or a few smaller ones.
const BLOCK: usize = 16;

/// The im2col geometry of one image and group: which input element each (tap, output pixel) reads.
///
/// What a tap (c, r, s) reads for a run of pixels in one output row is a run of the input row with the stride's step and
/// the padding's zeros at its ends. So each input row is *staged* first, once for all s of a (c, r): padded, and taken
/// apart into the residues of the column modulo the stride. Every run is then contiguous, without a branch for the
/// padding, and is copied in whole blocks; the overhang is overwritten by the run that follows.
#[derive(Debug, Clone)]
pub(super) struct Patches {
    shape: Conv2dShape,
    /// Output width Q.
    q: usize,
    residues: Vec<Residue>,
    /// Floats of one residue of a staged row, for the longest run and a block's overhang.
    residue_len: usize,
    /// For each kernel column s, where the first output column of a run finds its tap in the staged row.
    taps: Vec<usize>,
}

/// The padded input columns `offset`, `offset + stride`, …: element i is the one that output column i reads.
#[derive(Debug, Clone, Copy)]
struct Residue {
    offset: usize,
    /// The elements that come from the input, `inside.0..inside.1`; the others are padding.
    inside: (usize, usize),
}

impl Patches {
    /// The geometry of a valid shape, for tiles of at most `columns` output pixels.
    pub(super) fn new(shape: Conv2dShape, columns: usize) -> Self {
        let (stride, pad, q) = (shape.stride[1], shape.pad[1], shape.q());
        // Kernel columns of one residue share its elements, unless they lie so far apart that most would be idle.
        let reach = (shape.s - 1) * shape.dilation[1] / stride;
        let run = q.min(columns) - 1 + BLOCK;
        let shared = shape.s.min(stride) * (reach + run) <= 2 * shape.s * run;
        let residue_len = if shared { reach + run } else { run };
        let (mut residues, mut taps) = (Vec::<Residue>::new(), Vec::new());
        for at in (0..shape.s).map(|s| s * shape.dilation[1]) {
            let (offset, skipped) = if shared { (at % stride, at / stride) } else { (at, 0) };
            let slot = residues.iter().position(|known| known.offset == offset).unwrap_or_else(|| {
                // 0 ≤ i·stride + offset − pad < W
                let first = pad.saturating_sub(offset).div_ceil(stride);
                let end = (shape.w + pad).saturating_sub(offset).div_ceil(stride).max(first);
                residues.push(Residue { offset, inside: (first, end) });
                residues.len() - 1
            });
            taps.push(slot * residue_len + skipped);
        }
        Self { shape, q, residues, residue_len, taps }
    }

    /// Floats that [`pack`](Self::pack) needs for `columns` columns beside its output.
    pub(super) fn scratch_len(&self, columns: usize) -> usize {
        let rows = (columns / self.q + 2).min(self.shape.p());
        columns + BLOCK + rows * self.row_len()
    }

    /// Floats of a staged row.
    fn row_len(&self) -> usize {
        self.residues.len() * self.residue_len
    }

    /// Packs taps `depth` of output pixels `columns` into panels of `NR` columns: for each panel, for each tap, NR
    /// pixels. The last panel is filled up with zeros.
    ///
    /// `x` is the group's part of one image, `scratch` has [`scratch_len`](Self::scratch_len) floats.
    #[inline(always)]
    pub(super) fn pack<const NR: usize>(
        &self,
        x: &[f32],
        depth: Range<usize>,
        columns: Range<usize>,
        scratch: &mut [f32],
        panels: &mut [f32],
    ) {
        let shape = &self.shape;
        let (p, q) = (columns.start / self.q, columns.start % self.q);
        // Pixels of one output row at stride 1 and without padding lie side by side in the input already.
        let in_place = q + columns.len() <= self.q && shape.stride[1] == 1 && shape.pad == [0, 0];
        let (line, staged) = scratch.split_at_mut(columns.len() + BLOCK);
        let rows = p..(columns.end - 1) / self.q + 1;
        let staged = &mut staged[..rows.len() * self.row_len()];
        if !in_place {
            // The padding left and right: the same for every row, so written once.
            staged.fill(0.0);
        }
        let (mut c, rs) = (depth.start / (shape.r * shape.s), depth.start % (shape.r * shape.s));
        let (mut r, mut s) = (rs / shape.s, rs % shape.s);
        for i in 0..depth.len() {
            let plane = &x[c * shape.h * shape.w..][..shape.h * shape.w];
            let source = if in_place {
                let row = p * shape.stride[0] + r * shape.dilation[0];
                &plane[row * shape.w + q + s * shape.dilation[1]..][..columns.len()]
            } else {
                if i == 0 || s == 0 {
                    self.stage(plane, rows.clone(), q, r, staged);
                }
                self.gather(staged, s, q, columns.len(), line);
                &line[..columns.len()]
            };
            let step = depth.len() * NR;
            for (pixels, out) in source.chunks(NR).zip(panels[i * NR..].chunks_mut(step)) {
                match <&[f32; NR]>::try_from(pixels) {
                    Ok(pixels) => out[..NR].copy_from_slice(pixels),
                    Err(_) => {
                        out[..pixels.len()].copy_from_slice(pixels);
                        out[pixels.len()..NR].fill(0.0);
                    }
                }
            }
            s += 1;
            if s == shape.s {
                (s, r) = (0, r + 1);
                if r == shape.r {
                    (r, c) = (0, c + 1);
                }
            }
        }
    }

    /// Stages what kernel row `r` reads for the output rows `rows`, the first of them from column `q` on; leaves the
    /// padding left and right as it is.
    #[inline(always)]
    fn stage(&self, plane: &[f32], rows: Range<usize>, mut q: usize, r: usize, staged: &mut [f32]) {
        let (shape, stride) = (&self.shape, self.shape.stride[1]);
        for (p, staged) in rows.zip(staged.chunks_exact_mut(self.row_len())) {
            let row = (p * shape.stride[0] + r * shape.dilation[0])
                .checked_sub(shape.pad[0])
                .filter(|&y| y < shape.h)
                .map(|y| &plane[y * shape.w..][..shape.w]);
            for (residue, out) in self.residues.iter().zip(staged.chunks_exact_mut(self.residue_len)) {
                let (first, end) = (residue.inside.0.max(q), residue.inside.1.min(q + self.residue_len));
                if first >= end {
                    continue;
                }
                let out = &mut out[first - q..end - q];
                let Some(row) = row else {
                    out.fill(0.0);
                    continue;
                };
                let row = &row[first * stride + residue.offset - shape.pad[1]..];
                match stride {
                    1 => out.copy_from_slice(&row[..out.len()]),
                    2 => out.iter_mut().zip(row.chunks(2)).for_each(|(o, pair)| *o = pair[0]),
                    _ => out.iter_mut().zip(row.iter().step_by(stride)).for_each(|(o, &v)| *o = v),
                }
            }
            q = 0;
        }
    }

    /// Writes what kernel column `s` reads from the staged rows for `len` output pixels, the first in column `q`.
    #[inline(always)]
    fn gather(&self, staged: &[f32], s: usize, mut q: usize, len: usize, line: &mut [f32]) {
        let mut done = 0;
        for row in staged.chunks_exact(self.row_len()) {
            let run = (self.q - q).min(len - done);
            let blocks = run.next_multiple_of(BLOCK);
            let from = row[self.taps[s]..][..blocks].as_chunks::<BLOCK>().0;
            let to = line[done..][..blocks].as_chunks_mut::<BLOCK>().0;
            from.iter().zip(to).for_each(|(from, to)| *to = *from);
            (q, done) = (0, done + run);
        }
    }
}
