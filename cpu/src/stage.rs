//! Strips of images, laid out so that every tap of a kernel reads its row of the patch matrix in place.
//!
//! Output rows p₀ … are computed as one long row of `pitch` columns each: the Q that there are and, behind them, as many as
//! a kernel row reaches further, whose sums are dropped. A tap (c, r, s) reads, for all of them, one run of floats: of
//! channel c, of the input rows and columns that its stride leaves, from row ⌊r·dh/sh⌋ and column ⌊s·dw/sw⌋ on. So a strip
//! holds for each channel a plane for each residue of row and column modulo the stride, with the padding's zeros: as many
//! floats as the image has, where the patch matrix has R·S times that.

use super::kernel::{Kernel, OffsetTable};
use crate::Conv2dShape;

/// The layout of a shape's strips.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    shape: Conv2dShape,
    /// Residues of rows and columns modulo the stride that taps have.
    residues: [Vec<usize>; 2],
    /// Rows and columns that a kernel reaches beyond the first of its residue.
    reach: [usize; 2],
    /// Output rows of a strip.
    rows: usize,
    /// Where in a strip each tap of each channel begins.
    table: OffsetTable,
}

impl Stage {
    /// Columns of an output row as strips have it.
    pub(super) fn pitch(shape: &Conv2dShape) -> usize {
        shape.q() + reach(shape.s, shape.dilation[1], shape.stride[1])
    }

    /// For strips of at most `rows` output rows. `None` where a strip has more floats than offsets can tell.
    pub(super) fn new(shape: Conv2dShape, rows: usize) -> Option<Self> {
        let residues = [0, 1].map(|i| {
            let taps = [shape.r, shape.s][i];
            let mut found: Vec<_> = (0..taps).map(|t| t * shape.dilation[i] % shape.stride[i]).collect();
            found.sort_unstable();
            found.dedup();
            found
        });
        let reach = [0, 1].map(|i| reach([shape.r, shape.s][i], shape.dilation[i], shape.stride[i]));
        let mut stage = Self { shape, residues, reach, rows, table: OffsetTable::new(vec![]) };
        u32::try_from(stage.len(usize::MAX)).ok()?;
        let (plane, pitch) = (stage.plane(), stage.width());
        let mut at = Vec::with_capacity(shape.c / shape.groups * shape.r * shape.s);
        for c in 0..shape.c / shape.groups {
            for r in 0..shape.r {
                for s in 0..shape.s {
                    let [row, column] = [(r, 0), (s, 1)].map(|(t, i)| {
                        let far = t * shape.dilation[i];
                        let which = stage.residues[i].iter().position(|&known| known == far % shape.stride[i]);
                        (which.unwrap_or(0), far / shape.stride[i])
                    });
                    let plane =
                        (c * stage.residues[0].len() + row.0) * stage.residues[1].len() * plane + column.0 * plane;
                    at.push((plane + row.1 * pitch + column.1) as u32);
                }
            }
        }
        stage.table = OffsetTable::new(at);
        Some(stage)
    }

    /// Columns of an output row.
    pub(super) fn q(&self) -> usize {
        self.shape.q()
    }

    /// Columns from an output row to the next.
    pub(super) fn width(&self) -> usize {
        self.shape.q() + self.reach[1]
    }

    /// Floats of a plane.
    fn plane(&self) -> usize {
        (self.rows + self.reach[0]) * self.width()
    }

    /// Floats of a strip, and of what is read behind it when the last of so many columns at most is a vector's first.
    pub(super) fn len(&self, slack: usize) -> usize {
        let planes = (self.shape.c / self.shape.groups) * self.residues[0].len() * self.residues[1].len();
        planes.saturating_mul(self.plane()).saturating_add(slack.min(1 << 20))
    }

    pub(super) fn table(&self) -> &OffsetTable {
        &self.table
    }

    /// Lays out what output rows `first`… of an image's group read. `x` is the group's part of the image.
    #[inline(always)]
    pub(super) fn fill(&self, x: &[f32], first: usize, strip: &mut [f32]) {
        let shape = &self.shape;
        let (width, size) = (self.width(), shape.h * shape.w);
        let channel = self.residues[0].len() * self.residues[1].len() * self.plane();
        for (x, planes) in x.chunks_exact(size).zip(strip.chunks_exact_mut(channel)) {
            let mut planes = planes.chunks_exact_mut(self.plane());
            for &row in &self.residues[0] {
                for &column in &self.residues[1] {
                    let Some(plane) = planes.next() else { return };
                    for (i, out) in plane.chunks_exact_mut(width).enumerate() {
                        let y =
                            ((first + i) * shape.stride[0] + row).checked_sub(shape.pad[0]).filter(|&y| y < shape.h);
                        match y {
                            Some(y) => self.line(&x[y * shape.w..][..shape.w], column, out),
                            None => out.fill(0.0),
                        }
                    }
                }
            }
        }
    }

    /// Every stride-th float of an input row, from column `residue` of the padded row on.
    #[inline(always)]
    fn line(&self, row: &[f32], residue: usize, out: &mut [f32]) {
        let (stride, pad) = (self.shape.stride[1], self.shape.pad[1]);
        // 0 ≤ i·stride + residue − pad < W
        let first = pad.saturating_sub(residue).div_ceil(stride).min(out.len());
        let end = (row.len() + pad).saturating_sub(residue).div_ceil(stride).clamp(first, out.len());
        out[..first].fill(0.0);
        out[end..].fill(0.0);
        let out = &mut out[first..end];
        if out.is_empty() {
            return;
        }
        let row = &row[first * stride + residue - pad..];
        match stride {
            1 => out.copy_from_slice(&row[..out.len()]),
            2 => {
                let (pairs, rest) = row.as_chunks::<2>();
                out.iter_mut().zip(pairs).for_each(|(out, pair)| *out = pair[0]);
                if out.len() > pairs.len() {
                    out[pairs.len()] = rest[0];
                }
            }
            _ => out.iter_mut().zip(row.iter().step_by(stride)).for_each(|(out, &v)| *out = v),
        }
    }
}

/// How far the last tap lies from the first of its residue.
fn reach(taps: usize, dilation: usize, stride: usize) -> usize {
    (taps - 1) * dilation / stride
}

/// Lays a strip out with a kernel's instructions.
pub(super) fn fill<T: Kernel>(kernel: T, stage: &Stage, x: &[f32], first: usize, strip: &mut [f32]) {
    kernel.vectorize(
        #[inline(always)]
        || stage.fill(x, first, strip),
    );
}
