//! Packing: weights into A panels, input patches straight into B panels.

use crate::ops::Conv2dShape;

/// Copies the weights of `rows` output channels, taps `depth.start..depth.end`, into a panel: all rows of the first tap,
/// then all rows of the next.
///
/// `weights` holds the group's weights, `taps` to a row.
pub(super) fn weights(
    weights: &[f32],
    taps: usize,
    rows: std::ops::Range<usize>,
    depth: std::ops::Range<usize>,
    panel: &mut [f32],
) {
    let height = rows.len();
    for (r, row) in weights[rows.start * taps..rows.end * taps].chunks_exact(taps).enumerate() {
        for (&tap, out) in row[depth.clone()].iter().zip(panel[r..].iter_mut().step_by(height)) {
            *out = tap;
        }
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
    /// Floats of one residue of a staged row, with room for a block's overhang.
    residue_len: usize,
    /// For each kernel column s, where output column 0 finds its tap in a staged row.
    taps: Vec<usize>,
}

/// One residue of the padded columns modulo the stride.
#[derive(Debug, Clone, Copy)]
struct Residue {
    /// The staged elements that come from the input; the others are padding.
    inside: (usize, usize),
    /// The input column of the first of them.
    column: usize,
}

impl Patches {
    /// The geometry of a valid shape.
    pub(super) fn new(mut shape: Conv2dShape) -> Self {
        if shape.r == 1 && shape.s == 1 && shape.stride == [1, 1] && shape.pad == [0, 0] {
            // A 1×1 convolution reads its input in order: one long row.
            (shape.h, shape.w) = (1, shape.h * shape.w);
        }
        let (stride, pad) = (shape.stride[1], shape.pad[1]);
        let residue_len = (shape.w + 2 * pad - 1) / stride + BLOCK;
        let (mut known, mut residues, mut taps) = (Vec::new(), Vec::new(), Vec::new());
        for at in (0..shape.s).map(|s| s * shape.dilation[1]) {
            let residue = at % stride;
            let slot = known.iter().position(|&k| k == residue).unwrap_or_else(|| {
                // 0 ≤ i·stride + residue − pad < W
                let first = pad.saturating_sub(residue).div_ceil(stride);
                let end = (shape.w + pad).saturating_sub(residue).div_ceil(stride).max(first);
                residues.push(Residue {
                    inside: (first, end),
                    column: first * stride + residue - pad.min(first * stride + residue),
                });
                known.push(residue);
                known.len() - 1
            });
            taps.push(slot * residue_len + at / stride);
        }
        Self { shape, q: shape.q(), residues, residue_len, taps }
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
        depth: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
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
                    self.stage(plane, rows.clone(), r, staged);
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

    /// Stages what kernel row `r` reads for the output rows `rows`; leaves the padding left and right as it is.
    #[inline(always)]
    fn stage(&self, plane: &[f32], rows: std::ops::Range<usize>, r: usize, staged: &mut [f32]) {
        let shape = &self.shape;
        for (p, staged) in rows.zip(staged.chunks_exact_mut(self.row_len())) {
            let row = (p * shape.stride[0] + r * shape.dilation[0])
                .checked_sub(shape.pad[0])
                .filter(|&y| y < shape.h)
                .map(|y| &plane[y * shape.w..][..shape.w]);
            for (residue, out) in self.residues.iter().zip(staged.chunks_exact_mut(self.residue_len)) {
                let out = &mut out[residue.inside.0..residue.inside.1];
                match (row, shape.stride[1]) {
                    (None, _) => out.fill(0.0),
                    (Some(row), 1) => out.copy_from_slice(&row[residue.column..][..out.len()]),
                    (Some(row), 2) => {
                        let pairs = row[residue.column.min(row.len())..].chunks(2);
                        out.iter_mut().zip(pairs).for_each(|(o, pair)| *o = pair[0]);
                    }
                    (Some(row), stride) => {
                        let taken = row.iter().skip(residue.column).step_by(stride);
                        out.iter_mut().zip(taken).for_each(|(o, &v)| *o = v);
                    }
                }
            }
        }
    }

    /// Writes what kernel column `s` reads from the staged rows for `len` output pixels, the first in column `q`.
    #[inline(always)]
    fn gather(&self, staged: &[f32], s: usize, q: usize, len: usize, line: &mut [f32]) {
        let (mut q, mut done) = (q, 0);
        for row in staged.chunks_exact(self.row_len()) {
            let run = (self.q - q).min(len - done);
            let blocks = run.next_multiple_of(BLOCK);
            let from = row[self.taps[s] + q..][..blocks].as_chunks::<BLOCK>().0;
            let to = line[done..][..blocks].as_chunks_mut::<BLOCK>().0;
            from.iter().zip(to).for_each(|(from, to)| *to = *from);
            (q, done) = (0, done + run);
        }
    }
}
