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

/// The im2col geometry of one image and group: which input element each (tap, output pixel) reads.
#[derive(Debug, Clone)]
pub(super) struct Patches {
    shape: Conv2dShape,
    /// Output width Q.
    q: usize,
    /// For each kernel column s, the output columns whose tap lies inside the input.
    inside: Vec<(usize, usize)>,
}

/// A run of output pixels in one output row.
#[derive(Clone, Copy)]
struct Run {
    p: usize,
    q: usize,
    len: usize,
}

impl Patches {
    /// The geometry of a valid shape.
    pub(super) fn new(mut shape: Conv2dShape) -> Self {
        if shape.r == 1 && shape.s == 1 && shape.stride == [1, 1] && shape.pad == [0, 0] {
            // A 1×1 convolution reads its input in order: one long row.
            (shape.h, shape.w) = (1, shape.h * shape.w);
        }
        let q = shape.q();
        let inside = (0..shape.s)
            .map(|s| {
                // 0 ≤ q·stride + s·dilation − pad < W
                let at = s * shape.dilation[1];
                let first = shape.pad[1].saturating_sub(at).div_ceil(shape.stride[1]);
                let end = (shape.w + shape.pad[1]).saturating_sub(at).div_ceil(shape.stride[1]);
                (first.min(q), end.min(q))
            })
            .collect();
        Self { shape, q, inside }
    }

    /// Floats that [`pack`](Self::pack) needs for `columns` columns beside its output.
    pub(super) fn line_len(columns: usize) -> usize {
        columns
    }

    /// Packs taps `depth` of output pixels `columns` into panels of `NR` columns: for each panel, for each tap, NR
    /// pixels. The last panel is filled up with zeros.
    ///
    /// `x` is the group's part of one image, `line` is scratch of [`line_len`](Self::line_len) floats.
    #[inline(always)]
    pub(super) fn pack<const NR: usize>(
        &self,
        x: &[f32],
        depth: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
        line: &mut [f32],
        panels: &mut [f32],
    ) {
        let shape = &self.shape;
        let first = Run { p: columns.start / self.q, q: columns.start % self.q, len: columns.len() };
        let one_run = first.q + first.len <= self.q;
        let (mut c, rs) = (depth.start / (shape.r * shape.s), depth.start % (shape.r * shape.s));
        let (mut r, mut s) = (rs / shape.s, rs % shape.s);
        for i in 0..depth.len() {
            let plane = &x[c * shape.h * shape.w..][..shape.h * shape.w];
            let (lo, hi) = self.inside[s];
            let source = match self.row(plane, first.p, r) {
                // The pixels lie side by side in the input already.
                Some(row) if one_run && shape.stride[1] == 1 && lo <= first.q && first.q + first.len <= hi => {
                    &row[first.q + s * shape.dilation[1] - shape.pad[1]..][..first.len]
                }
                _ => {
                    self.gather(plane, r, s, first, line);
                    &line[..columns.len()]
                }
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

    /// The input row that kernel row `r` reads for output row `p`; `None` in the padding.
    #[inline(always)]
    fn row<'x>(&self, plane: &'x [f32], p: usize, r: usize) -> Option<&'x [f32]> {
        let shape = &self.shape;
        let y = (p * shape.stride[0] + r * shape.dilation[0]).checked_sub(shape.pad[0])?;
        (y < shape.h).then(|| &plane[y * shape.w..][..shape.w])
    }

    /// Writes what tap (r, s) reads for `first.len` output pixels from (first.p, first.q) on, row after row.
    #[inline(always)]
    fn gather(&self, plane: &[f32], r: usize, s: usize, first: Run, line: &mut [f32]) {
        let shape = &self.shape;
        let (lo, hi) = self.inside[s];
        let (mut p, mut q, mut rest) = (first.p, first.q, &mut line[..first.len]);
        while !rest.is_empty() {
            let (out, later) = rest.split_at_mut((self.q - q).min(rest.len()));
            let (from, to) = (lo.max(q), hi.min(q + out.len()));
            match self.row(plane, p, r) {
                Some(row) if from < to => {
                    let (left, inner) = out.split_at_mut(from - q);
                    let (inner, right) = inner.split_at_mut(to - from);
                    left.fill(0.0);
                    right.fill(0.0);
                    let row = &row[from * shape.stride[1] + s * shape.dilation[1] - shape.pad[1]..];
                    match shape.stride[1] {
                        1 => inner.copy_from_slice(&row[..inner.len()]),
                        2 => inner.iter_mut().zip(row.chunks(2)).for_each(|(o, pair)| *o = pair[0]),
                        stride => inner.iter_mut().zip(row.iter().step_by(stride)).for_each(|(o, &v)| *o = v),
                    }
                }
                _ => out.fill(0.0),
            }
            (p, q, rest) = (p + 1, 0, later);
        }
    }
}
