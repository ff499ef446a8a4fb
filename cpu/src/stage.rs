//! Strips of images, laid out so that every tap of a kernel reads its row of the patch matrix in place.
//!
//! Output rows p₀ … are computed as one long row of `pitch` columns each: the Q that there are and, behind them, as many as
//! a kernel row reaches further, whose sums are dropped. A tap (c, r, s) reads, for all of them, one run of floats: of
//! channel c, of the input rows and columns that its stride leaves, from row ⌊r·dh/sh⌋ and column ⌊s·dw/sw⌋ on. So a strip
//! holds for each channel a plane for each residue of row and column modulo the stride, with the padding's zeros: as many
//! floats as the image has, where the patch matrix has R·S times that.

#![allow(unsafe_code)]

use super::kernel::OffsetTable;
use super::simd::Simd;
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
    pub(super) fn fill<T: Simd>(&self, kernel: T, x: &[f32], first: usize, strip: &mut [f32]) {
        let shape = &self.shape;
        let (width, size) = (self.width(), shape.h * shape.w);
        let channel = self.residues[0].len() * self.residues[1].len() * self.plane();
        // The rows that are read, which no hardware foresees from channel to channel.
        let start = (first * shape.stride[0]).saturating_sub(shape.pad[0]).min(shape.h);
        let end =
            start + ((self.rows - 1) * shape.stride[0] + (shape.r - 1) * shape.dilation[0] + 1).min(shape.h - start);
        for (x, planes) in x.chunks_exact(size).zip(strip.chunks_exact_mut(channel)) {
            kernel.vectorize(
                #[inline(always)]
                || {
                    for at in (start * shape.w..end * shape.w).step_by(16) {
                        kernel.prefetch(x.as_ptr().wrapping_add(size + at));
                    }
                    let mut planes = planes.chunks_exact_mut(self.plane());
                    for &row in &self.residues[0] {
                        for &column in &self.residues[1] {
                            let Some(plane) = planes.next() else { return };
                            for (i, out) in plane.chunks_exact_mut(width).enumerate() {
                                let y = ((first + i) * shape.stride[0] + row).checked_sub(shape.pad[0]);
                                match y.filter(|&y| y < shape.h) {
                                    Some(y) => self.line(kernel, &x[y * shape.w..][..shape.w], column, out),
                                    None => out.fill(0.0),
                                }
                            }
                        }
                    }
                },
            );
        }
    }

    /// Every stride-th float of an input row, from column `residue` of the padded row on.
    #[inline(always)]
    fn line<T: Simd>(&self, kernel: T, row: &[f32], residue: usize, out: &mut [f32]) {
        let (stride, pad) = (self.shape.stride[1], self.shape.pad[1]);
        if stride > 2 {
            for (i, out) in out.iter_mut().enumerate() {
                *out = (i * stride + residue).checked_sub(pad).and_then(|at| row.get(at)).copied().unwrap_or(0.0);
            }
            return;
        }
        let width = row.len() as isize;
        for at in (0..out.len()).step_by(T::LANES) {
            let count = (out.len() - at).min(T::LANES);
            // The floats that the vector's lanes come from: those within the row.
            let from = (at * stride + residue) as isize - pad as isize;
            let within = |from: isize, count: isize| -> u32 {
                let (low, high) = ((-from).clamp(0, count), (width - from).clamp(0, count));
                if low < high { (u32::MAX >> (32 - (high - low))) << low } else { 0 }
            };
            let lanes = T::LANES as isize;
            let start = row.as_ptr().wrapping_offset(from);
            // SAFETY: the masks' lanes lie within the row and within `out`.
            unsafe {
                let near = kernel.load_masked(start, kernel.mask(within(from, lanes)));
                let v = if stride == 1 {
                    near
                } else {
                    let mask = kernel.mask(within(from + lanes, lanes));
                    kernel.deinterleave(near, kernel.load_masked(start.wrapping_offset(lanes), mask)).0
                };
                let mask = kernel.mask(u32::MAX >> (32 - count));
                kernel.store_masked(out.as_mut_ptr().wrapping_add(at), mask, v);
            }
        }
    }
}

/// How far the last tap lies from the first of its residue.
fn reach(taps: usize, dilation: usize, stride: usize) -> usize {
    (taps - 1) * dilation / stride
}
