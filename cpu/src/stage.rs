//! Strips of images, laid out so that every tap of a kernel reads its row of the patch matrix in place.
//!
//! Output rows p₀ … are computed as one long row of `pitch` columns each: the Q that there are and, behind them, as many as
//! a kernel row reaches further, whose sums are dropped. A tap (c, r, s) reads, for all of them, one run of floats: of
//! channel c, of the input rows and columns that its stride leaves, from row ⌊r·dh/sh⌋ and column ⌊s·dw/sw⌋ on. So a strip
//! holds for each channel a plane for each residue of row and column modulo the stride, with the padding's zeros: as many
//! floats as the image has, where the patch matrix has R·S times that. Or columns of it are copied together, those alone that the
//! output has: [`Stage::pack`].

#![allow(unsafe_code)]

use std::ops::Range;

use super::kernel::{OffsetTable, Rows, Steps};
use super::simd::Simd;
use crate::Conv2dShape;

/// Most rows of the output whose floats a vector has.
const MOST_PIECES: usize = 4;

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
    /// For each residue of columns the vectors of a line.
    pieces: Vec<Vec<Piece>>,
    /// The lanes that those have.
    lanes: usize,
    /// Where in a strip each tap of each channel begins.
    table: OffsetTable,
}

impl Stage {
    /// Columns of an output row as strips have it.
    pub(super) fn pitch(shape: &Conv2dShape) -> usize {
        shape.q() + reach(shape.s, shape.dilation[1], shape.stride[1])
    }

    /// Rows that a strip has beside those of its output, about.
    pub(super) fn reach(shape: &Conv2dShape) -> usize {
        reach(shape.r, shape.dilation[0], shape.stride[0])
    }

    /// Floats of all channels that a strip has for each of its rows, about.
    pub(super) fn row_len(shape: &Conv2dShape) -> usize {
        let residues = shape.stride[0].min(shape.r) * shape.stride[1].min(shape.s);
        (shape.c / shape.groups).saturating_mul(residues).saturating_mul(Self::pitch(shape))
    }

    /// For strips of at most `rows` output rows. `None` where a strip has more floats than offsets can tell.
    pub(super) fn new(shape: Conv2dShape, rows: usize, lanes: usize) -> Option<Self> {
        let residues = [0, 1].map(|i| {
            let taps = [shape.r, shape.s][i];
            let mut found: Vec<_> = (0..taps).map(|t| t * shape.dilation[i] % shape.stride[i]).collect();
            found.sort_unstable();
            found.dedup();
            found
        });
        let reach = [0, 1].map(|i| reach([shape.r, shape.s][i], shape.dilation[i], shape.stride[i]));
        let mut stage = Self { shape, residues, reach, rows, pieces: vec![], lanes, table: OffsetTable::new(vec![]) };
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
        let (stride, pad) = (shape.stride[1], shape.pad[1] as isize);
        let pieces = |&residue: &usize| Piece::all(residue as isize - pad, stride, shape.w, pitch, lanes);
        stage.pieces = stage.residues[1].iter().map(pieces).collect();
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
        assert_eq!(T::LANES, self.lanes);
        let channel = self.residues[0].len() * self.residues[1].len() * self.plane();
        // The rows that are read, which no hardware foresees from channel to channel.
        let start = (first * shape.stride[0]).saturating_sub(shape.pad[0]).min(shape.h);
        let end =
            start + ((self.rows - 1) * shape.stride[0] + (shape.r - 1) * shape.dilation[0] + 1).min(shape.h - start);
        for (x, planes) in x.chunks_exact(size).zip(strip.chunks_exact_mut(channel)) {
            kernel.vectorize(
                #[inline(always)]
                || {
                    let mut at = start * shape.w;
                    while at < end * shape.w {
                        kernel.prefetch(x.as_ptr().wrapping_add(size + at));
                        at += 16;
                    }
                    let mut planes = planes.chunks_exact_mut(self.plane());
                    for &row in &self.residues[0] {
                        // The lines that lie within the image.
                        let lines = self.plane() / width;
                        let (stride, top) = (shape.stride[0], first * shape.stride[0] + row);
                        let from = shape.pad[0].saturating_sub(top).div_ceil(stride).min(lines);
                        let to = (shape.h + shape.pad[0]).saturating_sub(top).div_ceil(stride).clamp(from, lines);
                        for pieces in &self.pieces {
                            let Some(plane) = planes.next() else { return };
                            plane[..from * width].fill(0.0);
                            plane[to * width..].fill(0.0);
                            if from < to {
                                let x = &x[(top + from * stride - shape.pad[0]) * shape.w..];
                                self.lines(kernel, x, pieces, &mut plane[from * width..to * width]);
                            }
                        }
                    }
                },
            );
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

    /// Every stride-th float of every stride-th input row from the first of `x` on, from that of the padded row on that `pieces`
    /// begin with.
    #[inline(always)]
    fn lines<T: Simd>(&self, kernel: T, x: &[f32], pieces: &[Piece], out: &mut [f32]) {
        let ([down, across], w, width) = (self.shape.stride, self.shape.w, self.width());
        let count = out.len() / width;
        assert!(count * width == out.len() && count > 0 && (count - 1) * down * w + w <= x.len());
        for (i, piece) in pieces.iter().enumerate() {
            let (near, far, own) = (kernel.mask(piece.near), kernel.mask(piece.far), kernel.mask(piece.out));
            let mut from = x.as_ptr().wrapping_offset(piece.from);
            let mut to = out.as_mut_ptr().wrapping_add(i * T::LANES);
            macro_rules! each {
                ($load:expr) => {
                    for _ in 0..count {
                        // SAFETY: the masks' lanes lie within the row and within the line, as `Piece::all` has made them for
                        // rows of `w` and lines of `width` floats, of which there are `count`, as was asserted.
                        unsafe {
                            let v = $load;
                            kernel.store_masked(to, own, v);
                        }
                        from = from.wrapping_add(down * w);
                        to = to.wrapping_add(width);
                    }
                };
            }
            match across {
                1 => each!(kernel.load_masked(from, near)),
                2 => each! {{
                    let next = from.wrapping_add(T::LANES);
                    kernel.deinterleave(kernel.load_masked(from, near), kernel.load_masked(next, far)).0
                }},
                _ => each!(kernel.load_strided(from, across, piece.near)),
            }
        }
    }
}

/// A vector of a line.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Where in the input row the first lane comes from.
    from: isize,
    /// The lanes of a load from there that lie within the row; those of the next one, at a stride of 2. At larger ones
    /// the lanes of the vector whose floats do.
    near: u32,
    far: u32,
    /// The lanes that the line has.
    out: u32,
}

impl Piece {
    /// Those of a line of `len` floats, each `stride` floats of a row of `width` apart, the first at `first`.
    fn all(first: isize, stride: usize, width: usize, len: usize, lanes: usize) -> Vec<Self> {
        let bits = |hold: &dyn Fn(usize) -> bool| (0..lanes).filter(|&l| hold(l)).fold(0, |mask, l| mask | 1 << l);
        let within = |at: isize| (0..width as isize).contains(&at);
        let step = if stride > 2 { stride } else { 1 } as isize;
        (0..len)
            .step_by(lanes)
            .map(|at| {
                let from = first + (at * stride) as isize;
                Self {
                    from,
                    near: bits(&|lane| within(from + lane as isize * step)),
                    far: bits(&|lane| within(from + (lanes + lane) as isize)),
                    out: bits(&|lane| at + lane < len),
                }
            })
            .collect()
    }
}

/// How far the last tap lies from the first of its residue.
fn reach(taps: usize, dilation: usize, stride: usize) -> usize {
    (taps - 1) * dilation / stride
}
