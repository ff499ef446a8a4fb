//! Strips of images, laid out so that every tap of a kernel reads its row of the patch matrix in place.
//!
//! Output rows p₀ … are computed as one long row of `pitch` columns each: the Q that there are and, behind them, as many as
//! a kernel row reaches further, whose sums are dropped. A tap (c, r, s) reads, for all of them, one run of floats: of
//! channel c, of the input rows and columns that its stride leaves, from that of its tap on. So a strip holds for each
//! channel a plane for each residue of row and column modulo the stride, with the padding's zeros: as many floats as the image
//! has, where the patch matrix has R·S times that. Or columns of it are copied together, those alone that the output has:
//! [`Stage::pack`]. Of rows and columns that only dilated taps far apart skip, a strip has none.

#![allow(unsafe_code)]

use std::ops::Range;

use super::kernel::{OffsetTable, Rows, Steps};
use super::simd::Simd;
use crate::Conv2dShape;

/// Most rows of the output whose floats a vector has.
const MOST_PIECES: usize = 4;
/// Vectors of a line that are copied in one go through the channels.
const BATCH: usize = 16;

/// How a strip lays out one axis: for each residue modulo the stride that taps have, a line of positions.
///
/// Output `i` reads position `i + place(tap)` of its tap's residue. Where taps of a residue lie no further apart than there are
/// outputs, the line is every stride-th row or column from the first tap's on; else those in between, that nobody reads, are
/// left out.
#[derive(Debug, Clone, Copy)]
struct Axis {
    outputs: usize,
    taps: usize,
    stride: usize,
    dilation: usize,
    /// Taps from one to the next of the same residue.
    gap: usize,
    /// Positions from one to the next of the same residue.
    step: usize,
}

/// Positions of a line that are every stride-th of an image with its padding.
struct Run {
    at: usize,
    first: usize,
    len: usize,
}

impl Axis {
    /// Rows for 0, columns for 1.
    fn new(shape: &Conv2dShape, axis: usize, outputs: usize) -> Self {
        let (taps, stride, dilation) = ([shape.r, shape.s][axis], shape.stride[axis], shape.dilation[axis]);
        let (mut common, mut rest) = (stride, dilation);
        while rest > 0 {
            (common, rest) = (rest, common % rest);
        }
        Self { outputs, taps, stride, dilation, gap: stride / common, step: (dilation / common).min(outputs) }
    }

    fn residues(&self) -> usize {
        self.gap.min(self.taps)
    }

    /// Positions of a line beyond one for each output.
    fn reach(&self) -> usize {
        (self.taps.div_ceil(self.gap) - 1) * self.step
    }

    fn len(&self) -> usize {
        self.outputs + self.reach()
    }

    /// Residue and position of what the first output reads for a tap.
    fn place(&self, tap: usize) -> [usize; 2] {
        [tap % self.gap, tap / self.gap * self.step]
    }

    /// What the line of a residue holds.
    fn runs(&self, residue: usize) -> impl Iterator<Item = Run> + use<> {
        let axis = *self;
        let whole = self.step * self.stride == self.gap * self.dilation;
        let (count, len) = if whole { (1, self.len()) } else { (self.taps.div_ceil(self.gap), self.outputs) };
        (0..count).map(move |i| Run { at: i * len, first: (residue + i * axis.gap) * axis.dilation, len })
    }
}

/// The layout of a shape's strips.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    shape: Conv2dShape,
    channels: usize,
    rows: Axis,
    columns: Axis,
    /// Where in a strip each tap of each channel begins.
    table: OffsetTable,
}

impl Stage {
    /// Columns of an output row as strips have it.
    pub(super) fn pitch(shape: &Conv2dShape) -> usize {
        Axis::new(shape, 1, shape.q()).len()
    }

    /// Rows that a strip has beside those of its output, at most.
    pub(super) fn reach(shape: &Conv2dShape) -> usize {
        Axis::new(shape, 0, shape.p()).reach()
    }

    /// Floats of all channels that a strip has for each of its rows, about.
    pub(super) fn row_len(shape: &Conv2dShape) -> usize {
        let [rows, columns] = [(0, shape.p()), (1, shape.q())].map(|(axis, outputs)| Axis::new(shape, axis, outputs));
        (shape.c / shape.groups).saturating_mul(rows.residues() * columns.residues()).saturating_mul(columns.len())
    }

    /// For strips of so many channels of a group and at most so many rows and columns of the output. `None` where a strip has more
    /// floats than offsets can tell.
    pub(super) fn new(shape: Conv2dShape, channels: usize, [rows, columns]: [usize; 2]) -> Option<Self> {
        let (rows, columns) = (Axis::new(&shape, 0, rows), Axis::new(&shape, 1, columns));
        let mut stage = Self { shape, channels, rows, columns, table: OffsetTable::new(vec![]) };
        u32::try_from(stage.len(usize::MAX)).ok()?;
        let (plane, channel, width) = (stage.plane(), stage.channel_len(), stage.width());
        let all = (0..channels).flat_map(|c| (0..shape.r).flat_map(move |r| (0..shape.s).map(move |s| (c, r, s))));
        let at = all.map(|(c, r, s)| {
            let ([across, row], [residue, column]) = (rows.place(r), columns.place(s));
            (c * channel + (across * columns.residues() + residue) * plane + row * width + column) as u32
        });
        stage.table = OffsetTable::new(at.collect());
        Some(stage)
    }

    /// Columns of an output row.
    pub(super) fn q(&self) -> usize {
        self.columns.outputs
    }

    /// Columns from an output row to the next.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Floats of a plane.
    fn plane(&self) -> usize {
        self.rows.len().saturating_mul(self.width())
    }

    /// Floats of a channel.
    pub(super) fn channel_len(&self) -> usize {
        (self.rows.residues() * self.columns.residues()).saturating_mul(self.plane())
    }

    /// Floats of a strip, and of what is read behind it when the last of so many columns at most is a vector's first.
    pub(super) fn len(&self, slack: usize) -> usize {
        self.channels.saturating_mul(self.channel_len()).saturating_add(slack.min(1 << 20))
    }

    pub(super) fn table(&self) -> &OffsetTable {
        &self.table
    }

    /// Lays out what outputs from this row and column on read of as many channels as `x` has.
    pub(super) fn fill<T: Simd>(&self, kernel: T, x: &[f32], [row, column]: [usize; 2], strip: &mut [f32]) {
        let shape = &self.shape;
        let channels = x.len() / (shape.h * shape.w);
        let strip = &mut strip[..channels * self.channel_len()];
        let left = (column * shape.stride[1]) as isize - shape.pad[1] as isize;
        let mut pieces = (0..self.columns.residues()).flat_map(|residue| {
            self.columns.runs(residue).flat_map(move |run| {
                let all = (0..run.len).step_by(T::LANES);
                all.map(move |i| {
                    let from = left + (run.first + i * shape.stride[1]) as isize;
                    let to = residue * self.plane() + run.at + i;
                    Piece::new(kernel, [from, to as isize], shape.stride[1], shape.w, run.len - i)
                })
            })
        });
        loop {
            let mut batch: [Piece<T>; BATCH] = [Piece::new(kernel, [0, 0], 1, 0, 0); BATCH];
            let mut count = 0;
            for (piece, next) in batch.iter_mut().zip(&mut pieces) {
                (*piece, count) = (next, count + 1);
            }
            if count == 0 {
                return;
            }
            kernel.vectorize(
                #[inline(always)]
                || self.copy(kernel, x, row, &batch[..count], strip),
            );
        }
    }

    /// Copies some vectors of all lines.
    #[inline(always)]
    fn copy<T: Simd>(&self, kernel: T, x: &[f32], row: usize, pieces: &[Piece<T>], strip: &mut [f32]) {
        let shape = &self.shape;
        let ([down, across], size, width) = (shape.stride, shape.h * shape.w, self.width());
        let (channel, residues) = (self.channel_len(), self.columns.residues() * self.plane());
        let channels = x.len() / size;
        assert!(x.len() == channels * size && strip.len() == channels * channel);
        for (residue, run) in (0..self.rows.residues()).flat_map(|r| self.rows.runs(r).map(move |run| (r, run))) {
            // The lines that lie within the image.
            let top = row * down + run.first;
            let from = shape.pad[0].saturating_sub(top).div_ceil(down).min(run.len);
            let to = (shape.h + shape.pad[0]).saturating_sub(top).div_ceil(down).clamp(from, run.len);
            let first = (top + from * down).wrapping_sub(shape.pad[0]).wrapping_mul(shape.w);
            let start = residue * residues + run.at * width;
            // Each line of each channel; where one line is all, the channels are the inner loop.
            let (of_channel, of_line) = ((channels, size, channel), down * shape.w);
            macro_rules! each {
                ($lines:expr, $line:ident, $piece:ident => $load:expr) => {{
                    let (outer, inner) = match $lines.len() {
                        1 => ((1, 0, 0), of_channel),
                        count => (of_channel, (count, of_line, width)),
                    };
                    let out = strip.as_mut_ptr().wrapping_add(start + $lines.start * width);
                    for i in 0..outer.0 {
                        for $piece in pieces {
                            let mut out = out.wrapping_add(i * outer.2 + $piece.to);
                            let mut $line = x.as_ptr().wrapping_add((i * outer.1).wrapping_add(first)).wrapping_offset($piece.from);
                            for _ in 0..inner.0 {
                                // SAFETY: rows from `from` to `to` lie within the image, and the masks' lanes within the row; the
                                // piece lies within a line of the plane, which has `run.at + run.len` lines at least.
                                unsafe { kernel.store_masked(out, $piece.out, $load) };
                                out = out.wrapping_add(inner.2);
                                $line = $line.wrapping_add(inner.1);
                            }
                        }
                    }
                }};
            }
            let zero = kernel.splat(0.0);
            for lines in [0..from, to..run.len] {
                each!(lines, _line, piece => zero);
            }
            let lines = from..to;
            match across {
                1 => each!(lines, line, piece => {
                    kernel.prefetch(line.wrapping_add(size));
                    kernel.load_masked(line, piece.near)
                }),
                2 => each!(lines, line, piece => {
                    let next = line.wrapping_add(T::LANES);
                    kernel.prefetch(line.wrapping_add(size));
                    kernel.prefetch(next.wrapping_add(size));
                    kernel.deinterleave(kernel.load_masked(line, piece.near), kernel.load_masked(next, piece.far)).0
                }),
                _ => each!(lines, line, piece => kernel.load_strided(line, across, piece.lanes)),
            }
        }
    }

    /// Copies what taps `depth` read for some columns of the output together: for each tap a row of a panel of `NR` columns, each
    /// float of it where a strip of `strip` has it. Columns are counted from the strip's first row on, and those behind the
    /// last one are undefined.
    #[inline(always)]
    pub(super) fn pack<T: Simd, const NR: usize>(
        &self,
        kernel: T,
        strip: &[f32],
        depth: Range<usize>,
        columns: Range<usize>,
        panel: &mut [f32],
    ) {
        let (q, width) = (self.q(), self.width());
        let offsets = self.table.part(depth);
        let vectors = columns.len().div_ceil(T::LANES);
        assert!(vectors * T::LANES <= NR && panel.len() == offsets.get().len() * NR);
        for vector in 0..vectors {
            let first = columns.start + vector * T::LANES;
            // Where the floats of each output row begin, less the lanes before them, and the lanes from there on.
            let mut pieces = [(0, 0); MOST_PIECES];
            let (mut lane, mut count) = (0, 0);
            while lane < T::LANES {
                let (row, column) = ((first + lane) / q, (first + lane) % q);
                pieces[count] = (row * width + column - lane, u32::MAX << lane);
                (lane, count) = (lane + q - column, count + 1);
            }
            let furthest = pieces[count - 1].0 + T::LANES;
            assert!(Rows { data: strip, steps: Steps::Offsets(offsets) }.hold(offsets.get().len(), furthest));
            macro_rules! copy {
                ($pieces:literal) => {
                    kernel.vectorize(
                        #[inline(always)]
                        || {
                            let starts: [_; $pieces] =
                                std::array::from_fn(|i| strip.as_ptr().wrapping_add(pieces[i].0));
                            let lanes: [_; $pieces] = std::array::from_fn(|i| kernel.mask(pieces[i].1));
                            for (&offset, out) in offsets.get().iter().zip(panel.chunks_exact_mut(NR)) {
                                // SAFETY: vectors from all of these within the strip, as was asserted; the panel's rows
                                // have as many vectors.
                                unsafe {
                                    let mut v = kernel.load(starts[0].wrapping_add(offset as usize));
                                    for (start, &lanes) in starts.iter().zip(&lanes).skip(1) {
                                        let next = kernel.load(start.wrapping_add(offset as usize));
                                        v = kernel.select(lanes, v, next);
                                    }
                                    kernel.store(out.as_mut_ptr().add(vector * T::LANES), v);
                                }
                            }
                        },
                    )
                };
            }
            match count {
                1 => copy!(1),
                2 => copy!(2),
                3 => copy!(3),
                _ => copy!(4),
            }
        }
    }

    /// Whether [`pack`](Self::pack) does a shape: few rows of the output share a vector.
    pub(super) fn packs(q: usize, lanes: usize) -> bool {
        (lanes - 1).div_ceil(q) < MOST_PIECES
    }
}

/// A vector of a line.
#[derive(Clone, Copy)]
struct Piece<T: Simd> {
    /// Where in the input row the first lane comes from, and where in the planes of a row's residue it goes.
    from: isize,
    to: usize,
    /// The lanes of a load from there that lie within the row; those of the next one, at a stride of 2. At larger ones
    /// `lanes` are those of the vector whose floats do.
    near: T::Mask,
    far: T::Mask,
    lanes: u32,
    /// The lanes that the line has.
    out: T::Mask,
}

impl<T: Simd> Piece<T> {
    /// That of a line with `left` floats from it on, each `stride` floats of a row of `width` apart, from the first of these
    /// places to the second.
    fn new(kernel: T, [from, to]: [isize; 2], stride: usize, width: usize, left: usize) -> Self {
        let below = |lanes: isize| !u32::MAX.checked_shl(lanes.clamp(0, 32) as u32).unwrap_or(0);
        // Lanes of `step` floats each from `from` on that lie within the row.
        let within = |from: isize, step: isize| {
            let [first, end] = [-from, width as isize - from].map(|far| (far + step - 1).div_euclid(step));
            below(end.min(T::LANES as isize)) & !below(first)
        };
        let step = if stride > 2 { stride } else { 1 } as isize;
        let lanes = within(from, step);
        Self {
            from,
            to: to as usize,
            near: kernel.mask(lanes),
            far: kernel.mask(within(from + T::LANES as isize, 1)),
            lanes,
            out: kernel.mask(below(left.min(T::LANES) as isize)),
        }
    }
}
