//! Convolution with the output channels in the vectors: for maps too small to fill vectors with their pixels.
//!
//! ```text
//!                     b: taps × 48 output channels, packed once
//!   a: taps × pixels  ┌──────────┬──────────┬──────────┐
//!   ┌─┐ broadcast ──▶ │  sums of up to MR pixels side by side in a row
//! ```
//!
//! The same micro-kernel as the product's, with the parts exchanged: its rows are pixels of an output row, its columns
//! output channels. 49 pixels are 7 panels of 7, without an idle lane, and channels come in sixteens anyway.
//!
//! * **Few output channels**, those of small groups, are one panel of one vector. Its tiles have as many pixels as the kernel has
//!   registers for ([`Kernel::TALL`](super::kernel::Kernel::TALL)).
//! * **Taps in the padding** are left out: a tile sums only over the kernel rows that its output row has, and the kernel
//!   columns that one of its pixels has. At 7×7 and 3×3 that is a tenth of the work, at a dilation of a third of the map
//!   two fifths. It needs finite weights; with others every tap is multiplied, as the definition has it.
//! * **Taps are read in place** from [strips](super::stage) of the input, where pixels side by side are floats side by side
//!   whatever the stride: a table has for each tap of a block where it lies behind a panel's first pixel. Of pointwise kernels
//!   each panel has a strip of its own, whose channels then follow each other; else the rows of a part have one.
//! * **Parts** are runs of panels × ranges of channels, as many as threads are soonest done with. A part lays out its strips, uses
//!   them for all its output channels, sums beside the output, and transposes the sums. Where half of the second level has
//!   all channels of its strips, it does a panel of output channels after the other, so that the weights are read in the order
//!   in which they lie; else block after block of input channels.
//! * **Blocks** have as many input channels as make about [`TAPS`] taps; which, depends on the shape alone.
#![allow(unsafe_code)]

use std::num::NonZeroUsize;
use std::ops::Range;

use super::Conv2dShape;
use super::activation::Activation;
use super::caches;
use super::dispatch::Sizes;
use super::engine::Lane;
use super::kernel::{Ahead, Column, Left, OffsetTable, Rows, Start, Steps};
use super::matrix::{Shared, Split, Tile, Turns};
use super::product::{INLINE_FLOPS, LINE};
use super::simd::{self, MAX_LANES, Simd};
use super::stage::Stage;

/// Pixels of a part.
pub(super) const PIXELS: usize = 256;
/// Most panels of a part: the portable kernel's have 4 pixels.
const PANELS: usize = PIXELS / 4;
/// Taps of a block: 36 KiB of a panel's weights, which the first level has, most of them, while the pixels of a part pass.
pub(super) const TAPS: usize = 192;
/// Most panels of output channels of a part: what laying out strips costs is shared by as many.
pub(super) const CHANNEL_PANELS: usize = 16;
/// Panels of pixels that are too few to be dealt out evenly.
const FEW_PIXELS: usize = 24;
/// Ranges and runs more than are needed that are thought of for each thread.
const PARTS: usize = 3;
/// The same of any number of threads, and the most whose turns are followed one by one.
const WAYS: usize = 48;
const FEW_THREADS: usize = 16;
/// What a panel of pixels takes to lay out and to store, and a panel of channels to read, in the time of a tile.
const LAY_OUT: f64 = 0.15;
const READ: f64 = 0.7;
/// Most taps of a channel.
const MOST_TAPS: usize = 1 << 12;
/// Offsets of all tables, where taps in the padding are left out.
const MOST_OFFSETS: usize = 1 << 20;

/// The blocking of one shape.
#[derive(Debug, Clone)]
pub(super) struct Direct {
    shape: Conv2dShape,
    /// Input channels of a group, in blocks.
    blocks: Split,
    /// Vectors of output channels of a group, in panels: part `i` is the `i`-th of [`Split::spread`].
    vectors: Split,
    /// The panels, in ranges.
    ranges: Split,
    /// Pixels of an output row, in panels.
    across: Split,
    /// All panels of all images, in runs.
    runs: Split,
    /// The offsets of a block's taps, for each range of kernel rows and columns.
    tables: Vec<Table>,
    /// Whether taps in the padding are left out.
    skips: bool,
    /// The layout of the input's rows.
    stage: Stage,
    /// Most strips of a part.
    strips: usize,
    /// Panels that have a strip in common, those of an image or of one of its rows, where a part has them all.
    of_strip: usize,
    /// Whether a part lays all its channels out at once, and then computes a panel of channels after another, whose sums the
    /// first level has; else it does so block after block.
    whole: bool,
    lanes: usize,
    activation: Activation,
}

#[derive(Debug, Clone)]
struct Table {
    window: Window,
    /// Of a block's taps in strips, and in the weights of panels of each width, the narrowest first.
    pixels: OffsetTable,
    weights: Vec<OffsetTable>,
}

/// The pixels of a part: those of a run, whatever the group.
struct Pixels {
    run: usize,
    /// Counted through all images.
    panels: Range<usize>,
    /// Where each panel begins in the strips.
    starts: [u32; PANELS],
    columns: [PixelColumn; PANELS],
    /// Of the columns, those that there are.
    count: usize,
}

/// What is laid out for panels of one image, or of one of its output rows.
struct Strip {
    /// Counted from the part's first.
    at: usize,
    panels: Range<usize>,
    n: usize,
    /// The first output.
    row: usize,
    column: usize,
}

/// Panels of pixels with the same taps and height.
#[derive(Clone, Copy, Default)]
struct PixelColumn {
    /// The first panel and its first pixel, counted from the part's first.
    panel: usize,
    pixel: usize,
    panels: usize,
    /// Pixels of each.
    height: usize,
    /// The place of their table.
    table: usize,
}

/// Of an axis, the taps that outputs from `first` to `last` have within the image between them.
fn inside(shape: &Conv2dShape, axis: usize, first: usize, last: usize) -> Range<usize> {
    let (size, taps) = ([shape.h, shape.w][axis], [shape.r, shape.s][axis]);
    let (stride, pad, dilation) = (shape.stride[axis], shape.pad[axis], shape.dilation[axis]);
    let from = pad.saturating_sub(last * stride).div_ceil(dilation).min(taps);
    let end = (size + pad).saturating_sub(first * stride).div_ceil(dilation).clamp(from, taps);
    from..end
}

/// Kernel rows and columns that are not in the padding.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Window {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Window {
    /// Those of pixels of an output row.
    fn new(shape: &Conv2dShape, row: usize, pixels: &Range<usize>) -> Self {
        Self { rows: inside(shape, 0, row, row), columns: inside(shape, 1, pixels.start, pixels.end - 1) }
    }

    /// The whole kernel.
    fn whole(shape: &Conv2dShape) -> Self {
        Self { rows: 0..shape.r, columns: 0..shape.s }
    }

    fn taps(&self) -> usize {
        self.rows.len() * self.columns.len()
    }
}

/// Whether it does a shape: the offsets of a block are bounded.
pub(super) fn fits(shape: &Conv2dShape) -> bool {
    shape.r * shape.s <= MOST_TAPS
}

/// Most pixels of a panel.
pub(super) fn most_pixels(shape: &Conv2dShape, Sizes { mr, lanes, tall, .. }: Sizes) -> usize {
    if shape.k / shape.groups > lanes { mr } else { tall }
}

/// Of an axis, the taps within the image, summed over all outputs.
pub(super) fn taps_of_all(shape: &Conv2dShape, axis: usize) -> usize {
    let (size, taps) = ([shape.h, shape.w][axis], [shape.r, shape.s][axis]);
    let (outputs, pad, stride) = ([shape.p(), shape.q()][axis], shape.pad[axis], shape.stride[axis]);
    let of_tap = |tap: usize| {
        let at = tap * shape.dilation[axis];
        let first = pad.saturating_sub(at).div_ceil(stride);
        (size + pad).saturating_sub(at).div_ceil(stride).min(outputs).saturating_sub(first)
    };
    (0..taps).map(of_tap).sum()
}

impl Direct {
    pub(super) fn new(shape: Conv2dShape, sizes: Sizes, threads: NonZeroUsize) -> Self {
        let Sizes { nr, lanes, .. } = sizes;
        // The rows of an image whose outputs are its pixels are one.
        let in_place = (shape.r, shape.s, shape.stride, shape.pad) == (1, 1, [1, 1], [0, 0]);
        let shape = if in_place { Conv2dShape { h: 1, w: shape.h * shape.w, ..shape } } else { shape };
        let taps = shape.r * shape.s;
        let mr = most_pixels(&shape, sizes);
        let across = Split::at_most(shape.q(), mr);
        let panels = shape.n * shape.p() * across.parts;
        // Where pixels are few an even number of panels of channels, for two threads to have as many: whatever the threads, since
        // weights are packed for any.
        let fewest = Split::at_most((shape.k / shape.groups).div_ceil(lanes), nr / lanes);
        let even = fewest.parts.next_multiple_of(2);
        let vectors =
            if panels < FEW_PIXELS && 2 * even <= fewest.total { Split { parts: even, ..fewest } } else { fewest };
        let blocks = Split::at_most(shape.c / shape.groups, (TAPS / taps).max(1));
        let fewest = [Split::at_most(vectors.parts, CHANNEL_PANELS).parts, Split::at_most(panels, PIXELS / mr).parts];
        let threads = if shape.flops() > INLINE_FLOPS { threads.get() } else { 1 };
        let [ranges, runs] = deal(vectors, panels, fewest, shape.groups, threads);
        // Strips have whole rows, or parts of one where runs are shorter, or a panel where no other reads what it reads.
        let most = |each: usize| match runs.longest() {
            len if runs.total.is_multiple_of(runs.parts) && len.is_multiple_of(each) => len / each,
            len if runs.total.is_multiple_of(runs.parts) && each.is_multiple_of(len) => 1,
            len => (len + each - 2) / each + 1,
        };
        let (of_strip, outputs) = match runs.longest() < across.parts {
            _ if taps == 1 => (1, [1, across.longest()]),
            true => (across.parts, [1, runs.longest() * across.longest()]),
            false => (shape.p() * across.parts, [most(across.parts).min(shape.p()), shape.q()]),
        };
        let stage = Stage::new(shape, blocks.longest(), outputs).expect("few outputs, channels and taps");
        let strips = most(of_strip).min(panels / of_strip);
        let whole = strips * stage.channel_len() * blocks.total <= caches::near_floats();
        let mut tables: Vec<Table> = Vec::new();
        let distinct = |ranges: &mut dyn Iterator<Item = Range<usize>>| {
            let mut found = Vec::new();
            for range in ranges {
                if found.last() != Some(&range) && !found.contains(&range) {
                    found.push(range);
                }
            }
            found
        };
        let of_rows = distinct(&mut (0..shape.p()).map(|row| inside(&shape, 0, row, row)));
        let pixels = (0..across.parts).map(|i| across.part(i));
        let of_columns = distinct(&mut pixels.map(|pixels| inside(&shape, 1, pixels.start, pixels.end - 1)));
        let skips = of_rows.len() * of_columns.len() * blocks.longest() * taps <= MOST_OFFSETS;
        let of_rows = if skips { of_rows } else { vec![] };
        let windows = of_rows
            .iter()
            .flat_map(|rows| of_columns.iter().map(|columns| Window { rows: rows.clone(), columns: columns.clone() }));
        for window in windows.chain(std::iter::once(Window::whole(&shape))) {
            if tables.iter().any(|known| known.window == window) {
                continue;
            }
            let (rows, columns) = (&window.rows, &window.columns);
            let of_channel = |c| {
                let taps = rows.clone().flat_map(|r| columns.clone().map(move |s| r * shape.s + s));
                taps.map(move |tap| c * shape.r * shape.s + tap)
            };
            let all = || (0..blocks.longest()).flat_map(of_channel);
            let pixels = stage.table().part(0..blocks.longest() * taps).get();
            let pixels = OffsetTable::new(all().map(|tap| pixels[tap]).collect());
            let widths = vectors.total / vectors.parts..=vectors.longest();
            let of_width = |width| OffsetTable::new(all().map(|tap| (tap * width * lanes) as u32).collect());
            let weights = widths.map(of_width).collect();
            tables.push(Table { window, pixels, weights });
        }
        Self {
            whole,
            stage,
            strips,
            of_strip,
            blocks,
            ranges,
            vectors,
            runs,
            across,
            tables,
            skips,
            lanes,
            activation: Activation::IDENTITY,
            shape,
        }
    }

    /// The place of a window's table.
    fn table(&self, window: &Window) -> usize {
        self.tables.iter().position(|table| table.window == *window).expect("a table for each window")
    }

    pub(super) fn set_activation(&mut self, activation: Activation) {
        self.activation = activation;
    }

    /// Floats of a group's packed weights.
    fn group_len(&self) -> usize {
        self.taps() * self.vectors.total * self.lanes
    }

    /// Taps of an output of a group.
    fn taps(&self) -> usize {
        self.blocks.total * self.shape.r * self.shape.s
    }

    /// Floats of the packed weights: those of the groups, and one that tells whether all are finite.
    pub(super) fn packed_len(&self) -> usize {
        self.shape.groups * self.group_len() + 1
    }

    /// Packs the weights: for each panel of output channels, for each tap, those of the panel.
    pub(super) fn pack<T: Simd>(&self, kernel: T, lane: Lane<'_>, w: &[f32], packed: &mut [f32]) {
        let (k, taps) = (self.shape.k / self.shape.groups, self.taps());
        let (finite, mut rest) = packed.split_last_mut().expect("a float more than the groups'");
        *finite = if w.iter().all(|v| v.is_finite()) { 1.0 } else { 0.0 };
        let parallel = w.len().div_ceil(1 << 16);
        let jobs = (0..self.shape.groups * self.vectors.parts).map(move |i| {
            let vectors = self.vectors.spread(i % self.vectors.parts);
            let (own, others) = std::mem::take(&mut rest).split_at_mut(taps * vectors.len() * self.lanes);
            rest = others;
            (i / self.vectors.parts, vectors, own)
        });
        lane.spread(jobs, parallel, |(group, vectors, out)| {
            let (first, width) = (vectors.start * self.lanes, vectors.len() * self.lanes);
            let w = &w[group * k * taps..][..k * taps];
            for vector in (0..width).step_by(T::LANES) {
                // Whole vectors of taps of as many channels; the rest one by one.
                let rows = w.get((first + vector) * taps..(first + vector + T::LANES) * taps);
                let done = rows.map_or(0, |rows| transpose(kernel, rows, taps, &mut out[vector..], width));
                for column in vector..vector + T::LANES {
                    let row = w.get((first + column) * taps..(first + column + 1) * taps);
                    let rest = out[column..].iter_mut().step_by(width).skip(done);
                    match row {
                        Some(row) => rest.zip(&row[done..]).for_each(|(out, &v)| *out = v),
                        None => rest.for_each(|out| *out = 0.0),
                    }
                }
            }
        });
    }

    /// Convolves with packed weights.
    pub(super) fn run<T: Simd>(
        &self,
        kernel: T,
        lane: Lane<'_>,
        x: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) {
        assert_eq!(T::LANES, self.lanes);
        let parts = self.shape.groups * self.ranges.parts * self.runs.parts;
        let y = Shared::new(y);
        let most = if self.shape.flops() > INLINE_FLOPS { parts } else { 1 };
        let turns = Turns::new(parts, lane.threads().min(most));
        let pixels = self.runs.longest() * self.across.longest();
        let pitch = if self.whole { self.width() } else { self.ranges.longest() * self.width() };
        let skips = self.skips && packed.last() == Some(&1.0);
        // Whole vectors of pixels are read behind the last.
        let lens = [self.strips * self.strip_len(), (pixels + T::LANES) * pitch];
        lane.share(most, |lane| {
            let mut scratch = lane.scratch(lens[0] + lens[1]);
            let (a, sums) = scratch.floats().split_at_mut(lens[0]);
            let mut pixels: Option<Pixels> = None;
            while let Some(part) = turns.take(lane.thread()) {
                let (rest, run) = (part / self.runs.parts, part % self.runs.parts);
                let (group, range) = (rest / self.ranges.parts, rest % self.ranges.parts);
                let pixels = match &mut pixels {
                    Some(pixels) if pixels.run == run => pixels,
                    pixels => pixels.insert(self.pixels(run, skips)),
                };
                let range = self.ranges.part(range);
                // SAFETY: each part is taken once, and no two of them have an output in common.
                unsafe { self.compute(kernel, x, packed, bias, &y, (group, range), pixels, a, sums) };
            }
        });
    }

    /// Channels of a strip.
    fn channels(&self) -> usize {
        if self.whole { self.blocks.total } else { self.blocks.longest() }
    }

    fn strip_len(&self) -> usize {
        self.channels() * self.stage.channel_len()
    }

    /// Floats of a row of sums of a panel of channels.
    fn width(&self) -> usize {
        self.vectors.longest() * self.lanes
    }

    /// Image, output row and pixels of a panel.
    fn panel(&self, i: usize) -> (usize, usize, Range<usize>) {
        let (rest, at) = (i / self.across.parts, i % self.across.parts);
        (rest / self.shape.p(), rest % self.shape.p(), self.across.part(at))
    }

    /// Those of a run; whether taps in the padding are left out.
    fn pixels(&self, run: usize, skips: bool) -> Pixels {
        let panels = self.runs.part(run);
        let (mut starts, mut columns) = ([0; PANELS], [PixelColumn::default(); PANELS]);
        for strip in self.strips(panels.clone()) {
            for (panel, start) in strip.panels.clone().zip(&mut starts[strip.panels.start - panels.start..]) {
                let (_, row, pixels) = self.panel(panel);
                let at = (row - strip.row) * self.stage.width() + pixels.start - strip.column;
                *start = (strip.at * self.strip_len() + at) as u32;
            }
        }
        let whole = self.table(&Window::whole(&self.shape));
        let (mut count, mut pixel) = (0, 0);
        for (i, panel) in panels.clone().enumerate() {
            let (_, row, pixels) = self.panel(panel);
            let table = if skips { self.table(&Window::new(&self.shape, row, &pixels)) } else { whole };
            let height = pixels.len();
            match columns[..count].last_mut() {
                Some(last) if (last.table, last.height) == (table, height) => last.panels += 1,
                _ => {
                    columns[count] = PixelColumn { panel: i, pixel, panels: 1, height, table };
                    count += 1;
                }
            }
            pixel += height;
        }
        Pixels { run, panels, starts, columns, count }
    }

    /// # Safety
    /// Nobody else touches the outputs of the run's pixels and the range's channels meanwhile.
    #[allow(clippy::too_many_arguments)]
    unsafe fn compute<T: Simd>(
        &self,
        kernel: T,
        x: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        y: &Shared<'_>,
        (group, range): (usize, Range<usize>),
        pixels: &Pixels,
        a: &mut [f32],
        sums: &mut [f32],
    ) {
        let panels = &pixels.panels;
        let weights = &packed[group * self.group_len()..][..self.group_len()];
        if self.whole {
            self.fill(kernel, x, (group, panels), 0..self.blocks.total, a);
        }
        let step = if self.whole { 1 } else { range.len() };
        for first in range.clone().step_by(step) {
            let own = first..(first + step).min(range.end);
            for block in 0..self.blocks.parts {
                let channels = self.blocks.part(block);
                if !self.whole {
                    self.fill(kernel, x, (group, panels), channels.clone(), a);
                }
                let a = &a[if self.whole { channels.start * self.stage.channel_len() } else { 0 }..];
                for panel in own.clone() {
                    let next = match (panel + 1 < own.end, block + 1 < self.blocks.parts) {
                        (true, _) => Some((block, panel + 1)),
                        (false, true) => Some((block + 1, own.start)),
                        (false, false) => (own.end < range.end).then_some((0, own.end)),
                    };
                    let next = next.map_or(&[][..], |(block, panel)| self.weights(weights, block, panel));
                    let b = self.weights(weights, block, panel);
                    self.multiply(kernel, pixels, (block, panel), (a, b, next), own.clone(), sums);
                }
            }
            // SAFETY: the caller's promise.
            unsafe { self.outputs(kernel, bias, y, (group, own), panels.clone(), sums) };
        }
    }

    /// Of a group's packed weights those of a block and a panel of channels.
    fn weights<'x>(&self, weights: &'x [f32], block: usize, panel: usize) -> &'x [f32] {
        let (channels, vectors) = (self.blocks.part(block), self.vectors.spread(panel));
        let (taps, width) = (self.shape.r * self.shape.s, vectors.len() * self.lanes);
        let from = vectors.start * self.lanes * self.taps() + channels.start * taps * width;
        &weights[from..][..channels.len() * taps * width]
    }

    /// The sums of a block and a panel of channels, one of `own`, for a part's pixels in the strips `a` and the weights `b`, while
    /// those that are `next` are asked for.
    fn multiply<T: Simd>(
        &self,
        kernel: T,
        pixels: &Pixels,
        (block, panel): (usize, usize),
        (a, b, mut next): (&[f32], &[f32], &[f32]),
        own: Range<usize>,
        sums: &mut [f32],
    ) {
        let (pitch, first) = (own.len() * self.width(), (panel - own.start) * self.width());
        let (channels, vectors) = (self.blocks.part(block).len(), self.vectors.spread(panel).len());
        for &PixelColumn { panel, pixel, panels: tiles, height, table } in &pixels.columns[..pixels.count] {
            let Table { window, pixels: at, weights } = &self.tables[table];
            let weights = &weights[vectors - self.vectors.total / self.vectors.parts];
            let (depth, rows) = (channels * window.taps(), tiles * height);
            let starts = &pixels.starts[panel..][..tiles];
            let mut sums = Tile::new(&mut sums[pixel * pitch..][..rows * pitch], rows, pitch);
            // A line each step: by as many tiles as it takes, those of the next column too.
            let asked = (depth * LINE * tiles).min(next.len());
            let ahead = Ahead {
                from: next.as_ptr(),
                stride: LINE,
                next: LINE * depth,
                tiles: asked.div_ceil(LINE * depth.max(1)),
            };
            next = &next[asked..];
            kernel.column(Column {
                height,
                a: Left::InPlace { data: a, tiles: starts, steps: at.part(0..depth) },
                b: Rows { data: b, steps: Steps::Offsets(weights.part(0..depth)) },
                extra: None,
                copy: None,
                c: sums.part(0..rows, first..first + vectors * T::LANES),
                start: if block == 0 { Start::Zero } else { Start::Accumulate },
                end: Activation::IDENTITY,
                far: false,
                ahead: (asked > 0).then_some(ahead),
            });
        }
    }

    /// Writes the sums of a part, which have a row for each pixel, to the output, which has a row for each channel.
    ///
    /// # Safety
    /// As of [`compute`](Self::compute). The sums have as many rows more as a vector has lanes.
    unsafe fn outputs<T: Simd>(
        &self,
        kernel: T,
        bias: Option<&[f32]>,
        y: &Shared<'_>,
        (group, range): (usize, Range<usize>),
        panels: Range<usize>,
        sums: &[f32],
    ) {
        let shape = &self.shape;
        let (plane, k) = (shape.p() * shape.q(), shape.k / shape.groups);
        let pitch = range.len() * self.width();
        // A panel's pixels, counted through all images.
        let pixel = |panel: usize| match panel == self.runs.total {
            true => shape.n * plane,
            false => {
                let (n, row, pixels) = self.panel(panel);
                n * plane + row * shape.q() + pixels.start
            }
        };
        let (start, end) = (pixel(panels.start), pixel(panels.end));
        assert!(sums.len() >= (end - start + T::LANES) * pitch);
        for (panel, vector) in range.clone().flat_map(|panel| self.vectors.spread(panel).map(move |v| (panel, v))) {
            let first = vector * T::LANES;
            let at = (panel - range.start) * self.width() + (vector - self.vectors.spread(panel).start) * T::LANES;
            let channels = T::LANES.min(k - first);
            let channel = group * k + first;
            let mut biases = [0.0; MAX_LANES];
            if let Some(bias) = bias {
                biases[..channels].copy_from_slice(&bias[channel..][..channels]);
            }
            kernel.vectorize(
                #[inline(always)]
                || {
                    // SAFETY: as many lanes as a vector has at most.
                    let biases = unsafe { kernel.load(biases.as_ptr()) };
                    let mut pixel = start;
                    while pixel < end {
                        // Those of one image lie side by side.
                        let (n, from) = (pixel / plane, pixel % plane);
                        let count = T::LANES.min(end - pixel).min(plane - from);
                        let lanes = u32::MAX >> (32 - count);
                        let out = y.at((n * shape.k + channel) * plane + from, (channels - 1) * plane + count);
                        let sums = &sums[(pixel - start) * pitch + at..];
                        // Of few pixels a vector has several channels.
                        macro_rules! store {
                            ($rows:expr) => {{
                                // SAFETY: as many rows of sums as asserted above, of which this vector is a part.
                                let mut rows = unsafe { rows(kernel, sums.as_ptr(), pitch, $rows) };
                                for row in rows.iter_mut().take($rows) {
                                    *row = kernel.add(biases, *row);
                                }
                                let columns = simd::transpose(kernel, self.activation.vectors(kernel, rows), $rows);
                                for i in 0..T::LANES {
                                    if i < channels {
                                        let (column, lane) = (i * $rows / T::LANES, i * $rows % T::LANES);
                                        let out = out.wrapping_add(i * plane).wrapping_sub(lane);
                                        // SAFETY: `count` floats of the output, which the mask has; the caller's promise.
                                        unsafe { kernel.store_masked(out, kernel.mask(lanes << lane), columns[column]) };
                                    }
                                }
                            }};
                        }
                        match count {
                            _ if 4 * count <= T::LANES => store!(T::LANES / 4),
                            _ if 2 * count <= T::LANES => store!(T::LANES / 2),
                            _ => store!(T::LANES),
                        }
                        pixel += count;
                    }
                },
            );
        }
    }

    /// The strips of panels.
    fn strips(&self, panels: Range<usize>) -> impl Iterator<Item = Strip> {
        let each = self.of_strip;
        let mut left = panels;
        let strips = std::iter::from_fn(move || {
            let end = ((left.start / each + 1) * each).min(left.end);
            let own = left.start..end;
            left.start = end;
            Some(own).filter(|own| !own.is_empty())
        });
        strips.enumerate().map(move |(at, panels)| {
            let (n, row, pixels) = self.panel(panels.start);
            Strip { at, panels, n, row, column: if each > self.across.parts { 0 } else { pixels.start } }
        })
    }

    /// Lays out what a part's pixels read of some channels.
    fn fill<T: Simd>(
        &self,
        kernel: T,
        x: &[f32],
        (group, panels): (usize, &Range<usize>),
        channels: Range<usize>,
        a: &mut [f32],
    ) {
        let (size, len) = (self.shape.h * self.shape.w, channels.len() * self.stage.channel_len());
        for strip in self.strips(panels.clone()) {
            let first = strip.n * self.shape.c + group * self.blocks.total + channels.start;
            let x = &x[first * size..][..channels.len() * size];
            self.stage.fill(kernel, x, [strip.row, strip.column], &mut a[strip.at * self.strip_len()..][..len]);
        }
    }
}

/// Panels of channels and of pixels in ranges and runs, with which all threads are done first: of those that are tried the ones
/// whose parts, the largest first to the thread that has least, take least time.
fn deal(vectors: Split, panels: usize, fewest: [usize; 2], groups: usize, threads: usize) -> [Split; 2] {
    let panels = [vectors.parts, panels];
    let split = |i: usize, parts: usize| Split { total: panels[i], parts };
    let least = [0, 1].map(|i| split(i, fewest[i]));
    if threads == 1 {
        return least;
    }
    let more = |i: usize| fewest[i]..=(fewest[i] + PARTS.saturating_mul(threads).min(WAYS)).min(panels[i]);
    let time = |ranges: Split, runs: Split| {
        let part = |channels: usize, pixels: usize| {
            let (channels, pixels) = (ranges.part(channels), runs.part(pixels).len() as f64);
            // In the widest panels.
            let own = vectors.spread(channels.end).start - vectors.spread(channels.start).start;
            let channels = own as f64 / vectors.longest() as f64;
            pixels * (channels + LAY_OUT) + READ * channels
        };
        // Many parts are as good as any number, and among many threads the largest part tells.
        let parts = ranges.parts * runs.parts * groups;
        if parts > 8 * threads || threads > FEW_THREADS {
            let longest = (0..ranges.parts).map(|i| part(i, 0)).fold(0.0, f64::max);
            return longest * parts.div_ceil(threads) as f64;
        }
        let of_group = (0..ranges.parts).flat_map(|i| (0..runs.parts).map(move |j| part(i, j)));
        let mut parts: Vec<f64> = (0..groups).flat_map(|_| of_group.clone()).collect();
        parts.sort_by(|a, b| b.total_cmp(a));
        let mut busy = vec![0.0f64; threads];
        for part in parts {
            if let Some(least) = busy.iter_mut().min_by(|a, b| a.total_cmp(b)) {
                *least += part;
            }
        }
        busy.into_iter().fold(0.0, f64::max)
    };
    let all = more(0).flat_map(|ranges| more(1).map(move |runs| (split(0, ranges), split(1, runs))));
    let times = all.map(|(ranges, runs)| (time(ranges, runs), [ranges, runs]));
    times.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(least, |best| best.1)
}

/// Writes whole vectors of the columns of a matrix of as many rows as a vector has lanes, `taps` floats each, as rows `pitch`
/// floats apart; how many.
fn transpose<T: Simd>(kernel: T, matrix: &[f32], taps: usize, out: &mut [f32], pitch: usize) -> usize {
    let done = taps / T::LANES * T::LANES;
    assert!(matrix.len() == T::LANES * taps && (done == 0 || (done - 1) * pitch + T::LANES <= out.len()));
    kernel.vectorize(
        #[inline(always)]
        || {
            for tap in (0..done).step_by(T::LANES) {
                // SAFETY: each row has a vector from `tap` on; a vector of each of the rows of `out`, as was asserted.
                unsafe {
                    let columns =
                        simd::transpose(kernel, rows(kernel, matrix.as_ptr().add(tap), taps, T::LANES), T::LANES);
                    for (i, &column) in columns.iter().enumerate().take(T::LANES) {
                        kernel.store(out.as_mut_ptr().add((tap + i) * pitch), column);
                    }
                }
            }
        },
    );
    done
}

/// Vectors `pitch` floats apart, `count` of them; the others are zero.
///
/// # Safety
/// They can be read.
#[inline(always)]
unsafe fn rows<T: Simd>(kernel: T, first: *const f32, pitch: usize, count: usize) -> [T::V; MAX_LANES] {
    let mut v = [kernel.splat(0.0); MAX_LANES];
    for (i, v) in v.iter_mut().enumerate().take(count) {
        // SAFETY: the caller's promise.
        *v = unsafe { kernel.load(first.add(i * pitch)) };
    }
    v
}
