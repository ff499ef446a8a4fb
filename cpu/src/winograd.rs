//! Winograd's F(m×m, 3×3): m² outputs of a 3×3 convolution with (m + 2)² products in the place of 9·m².
//!
//! ```text
//! y (m×m) = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ d B) ] A        d: n×n inputs, n = m + 2, w: 3×3 weights, ⊙: product by elements
//! ```
//!
//! Summed over channels, the products at each of the n² places are a matrix product: weights K×C times tiles C×T. So there
//! are n² of them: for m = 4 36, each of a ninth of the direct one's depth and a sixteenth of its columns, 4 times fewer
//! multiplications; for m = 2 16, a fourth of its columns each, 2.25 times fewer; less what tiles at the edges compute in
//! vain. (A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015.) Module [`transforms`] has the
//! matrices.
//!
//! ```text
//! once      weights: G w Gᵀ, in panels                         n² × C × K
//! chunks of 48 tiles, or 96 smaller ones
//!   blocks of ≤ DEPTH channels
//!     Bᵀ d B of a vector of tiles at a time                    V: n² × C × chunk
//!   bands of ≤ BAND output channels
//!     n² products                                              M: n² × BAND × chunk, in L2
//!     Aᵀ m A, bias, rows of the output
//! ```
//!
//! * **Runs**: tiles side by side that write 8 columns of the output, two of them at m = 4 and four at m = 2. A vector of
//!   tiles is made of whole runs, from any rows and images, so that small maps fill it too. Loads and stores move a vector
//!   of columns: two runs with 16 lanes, in one go where they lie side by side. Rounds of taking even and odd lanes apart
//!   turn columns into the tiles' elements; the way back is the inverse.
//! * **Bands**: V is read once for each band, a place and block of channels at a time, the weights once for each
//!   chunk, in the order in which they lie. M stays in the second level between product and transform.
//! * **Few tiles**: where chunks alone don't keep the threads busy, several threads do the outputs of a chunk, some channels
//!   each, and each of them transforms its inputs: to read what another core has just written takes longer. See [`Deal`].
//! * **m = 2 or 4**: where there are fewer tiles than make some vectors, the weights are what is read, and m = 2 has 16 in
//!   the place of 36. Elsewhere m = 4 multiplies less.
//! * **Error**: the transforms add terms of both signs, so that the error is larger than a direct sum's, eight times at
//!   m = 4: see [`error_bound`].
//! * **NaN and infinity** of one input may reach all outputs of the tiles that it is in, where the definition has fewer.
//! * The sum over channels is in order, in blocks that the shape decides; no result depends on the number of threads.
#![allow(unsafe_code)]

mod transforms;

use std::num::NonZeroUsize;
use std::ops::Range;

use super::Conv2dShape;
use super::activation::Activation;
use super::dispatch::Sizes;
use super::engine::Lane;
use super::kernel::{Column, Left, Rows, Start};
use super::matrix::{Shared, Split, Tile, Turns};
use super::product::DEPTH;
use super::simd::Simd;
use transforms::{F, Transforms, transform_inputs, transform_outputs, transform_weights};

/// Columns of a run.
const RUN: usize = 8;
/// Most output channels of a band.
const BAND: usize = 64;
/// Cycles that a transform takes for each place of a vector of tiles.
const TRANSFORM: f64 = 3.4;
/// What a panel of tiles takes beside its vectors, as so many of these: weights are read and sums stored.
const PANEL: f64 = 0.4;
/// Parts of a chunk, and chunks more than are needed, that are thought of for each thread.
const PARTS: usize = 4;
/// The same of any number of threads.
const WAYS: usize = 128;
/// Multiplications that are not worth waking threads for.
const INLINE: usize = 1 << 20;
/// Channels that the prefetches of inputs and outputs run ahead: their lines are a plane apart, which no hardware foresees.
const AHEAD: usize = 2;
/// The same for V and M, which come from the second level.
const NEXT: usize = 1;
/// Between the planes of V and M: planes a power of two apart would fall into the same sets of a cache.
const PLANE_GAP: usize = 16;

/// The edge of a tile's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Two,
    Four,
}

impl Edge {
    /// Outputs of the edge.
    pub(super) const fn outputs(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// Products of a tile.
    pub(super) const fn places(self) -> usize {
        (self.outputs() + 2) * (self.outputs() + 2)
    }

    /// Tiles of a chunk: whole panels of every kernel, and as many as leave M in the second level.
    pub(super) const fn chunk(self) -> usize {
        match self {
            Self::Two => 96,
            Self::Four => 48,
        }
    }
}

/// The blocking of one shape.
#[derive(Debug, Clone)]
pub(super) struct Winograd {
    shape: Conv2dShape,
    edge: Edge,
    /// Runs of a row of tiles, and rows of tiles of an image.
    across: usize,
    down: usize,
    /// Input channels of a group, in blocks.
    blocks: Split,
    /// Output channels of a group, in panels.
    panels: Split,
    /// The panels, in bands.
    bands: Split,
    deal: Deal,
    activation: Activation,
}

/// How the work is dealt out to threads.
#[derive(Debug, Clone, Copy)]
struct Deal {
    /// Vectors of a group's tiles, in chunks.
    chunks: Split,
    /// The bands, in ranges.
    ranges: Split,
    /// Parts of the panels of a band, where its range is that band alone.
    slices: usize,
}

impl Deal {
    /// The one that so many threads should be done with first. A task takes its outputs' time, and that of its chunk's inputs
    /// unless its thread has them already; threads take one after the other.
    fn new(
        edge: Edge,
        shape: &Conv2dShape,
        [panels, bands]: [Split; 2],
        (nr, lanes): (usize, usize),
        threads: usize,
    ) -> Self {
        let (groups, vectors) = (shape.groups, tiles(edge, shape).div_ceil(lanes));
        let fewest = vectors.div_ceil(edge.chunk() / lanes);
        let [c, k] = [shape.c, shape.k].map(|channels| (channels / groups) as f64);
        let time = |(chunks, parts): (usize, usize)| {
            let of_chunk = vectors as f64 / chunks as f64;
            let tile_panels = vectors.div_ceil(chunks).div_ceil(nr / lanes) as f64;
            let inputs = TRANSFORM * c * of_chunk;
            let outputs = k * (c / 2.0 * (of_chunk + PANEL * tile_panels) + TRANSFORM * of_chunk);
            let (all, turns) = (chunks * groups, (chunks * groups * parts).div_ceil(threads));
            turns as f64 * outputs / parts as f64 + turns.min(all) as f64 * inputs
        };
        let multiplications = (edge.places() * vectors * lanes * groups) as f64 * c * k;
        let more =
            if threads > 1 && multiplications > INLINE as f64 { PARTS.saturating_mul(threads).min(WAYS) } else { 0 };
        let chunks = fewest..=vectors.min(fewest + more);
        let all = chunks.flat_map(|chunks| (1..=(more + 1).min(panels.parts)).map(move |parts| (chunks, parts)));
        let (chunks, parts) = all.min_by(|&a, &b| time(a).total_cmp(&time(b))).unwrap_or((fewest, 1));
        Self {
            chunks: Split { total: vectors, parts: chunks },
            ranges: Split { total: bands.parts, parts: parts.min(bands.parts) },
            slices: parts.div_ceil(bands.parts).min(bands.longest()),
        }
    }

    /// Tasks of a chunk.
    fn parts(self) -> usize {
        self.ranges.parts * self.slices
    }
}

/// The error that it may make, relative to max|y|, for sums over `channels` inputs. Of two thousand shapes with uniform
/// data, positive or of both signs, the largest at up to 8, 64, 256 and 655 channels were 0.3e-6, 0.6e-6, 0.9e-6 and 0.9e-6
/// for m = 2, and 1.2e-6, 1.8e-6, 3.1e-6 and 3.0e-6 for m = 4. Of fifty thousand more, images of one column among them, whose few
/// outputs are small beside what their tiles add, the largest was 3.0e-6 at 22 channels.
pub(super) fn error_bound(edge: Edge, channels: usize) -> f64 {
    match edge {
        Edge::Two => 8e-7 + 4e-8 * (channels as f64).sqrt(),
        Edge::Four => 2.5e-6 + 2e-7 * (channels as f64).sqrt(),
    }
}

/// Whether the transforms are those of a shape.
pub(super) fn fits(shape: &Conv2dShape) -> bool {
    (shape.r, shape.s, shape.stride, shape.dilation) == (3, 3, [1, 1], [1, 1])
}

/// Tiles, idle lanes of the last vector not counted.
pub(super) fn tiles(edge: Edge, shape: &Conv2dShape) -> usize {
    shape.n * shape.p().div_ceil(edge.outputs()) * shape.q().div_ceil(RUN) * (RUN / edge.outputs())
}

impl Winograd {
    pub(super) fn new(
        edge: Edge,
        shape: Conv2dShape,
        Sizes { mr, nr, lanes, .. }: Sizes,
        threads: NonZeroUsize,
    ) -> Self {
        let panels = Split::at_most(shape.k / shape.groups, mr);
        let bands = Split::at_most(panels.parts, BAND / mr);
        Self {
            across: shape.q().div_ceil(RUN),
            down: shape.p().div_ceil(edge.outputs()),
            blocks: Split::at_most(shape.c / shape.groups, DEPTH),
            panels,
            bands,
            deal: Deal::new(edge, &shape, [panels, bands], (nr, lanes), threads.get()),
            edge,
            activation: Activation::IDENTITY,
            shape,
        }
    }

    pub(super) fn edge(&self) -> Edge {
        self.edge
    }

    pub(super) fn set_activation(&mut self, activation: Activation) {
        self.activation = activation;
    }

    /// Floats of the transformed weights.
    pub(super) fn packed_len(&self) -> usize {
        self.edge.places() * self.shape.k * self.blocks.total
    }

    /// Rows of a band.
    fn rows(&self, band: usize) -> Range<usize> {
        let panels = self.bands.part(band);
        self.panels.start(panels.start)..self.panels.start(panels.end)
    }

    /// Where the panels of a band, a block and a place lie in a group's packed weights.
    fn weights_at(&self, band: usize, block: usize, place: usize) -> usize {
        let (rows, depth) = (self.rows(band), self.blocks.part(block));
        let first = rows.start * self.blocks.total + rows.len() * depth.start;
        self.edge.places() * first + place * rows.len() * depth.len()
    }

    /// Transforms the weights of all groups: band by band, block by block and place by place the panels, in which all rows
    /// of a channel are followed by those of the next.
    pub(super) fn pack(&self, lane: Lane<'_>, w: &[f32], packed: &mut [f32]) {
        match self.edge {
            Edge::Two => self.pack_tiles::<2, 4>(lane, w, packed),
            Edge::Four => self.pack_tiles::<4, 6>(lane, w, packed),
        }
    }

    fn pack_tiles<const M: usize, const N: usize>(&self, lane: Lane<'_>, w: &[f32], packed: &mut [f32])
    where
        F: Transforms<M, N>,
    {
        let (c, k) = (self.blocks.total, self.panels.total);
        let mut jobs = Vec::new();
        let mut packed = packed;
        for w in w.chunks_exact(k * c * 9) {
            for band in 0..self.bands.parts {
                for block in 0..self.blocks.parts {
                    let len = N * N * self.rows(band).len() * self.blocks.part(block).len();
                    let (own, rest) = packed.split_at_mut(len);
                    jobs.push((w, band, block, own));
                    packed = rest;
                }
            }
        }
        let parallel = if w.len() > 1 << 14 { jobs.len() } else { 1 };
        lane.spread(jobs.into_iter(), parallel, |(w, band, block, packed)| {
            let (filters, _) = w.as_chunks::<9>();
            let (band_rows, depth) = (self.rows(band), self.blocks.part(block));
            let plane = band_rows.len() * depth.len();
            for panel in self.bands.part(band) {
                let rows = self.panels.part(panel);
                let first = (rows.start - band_rows.start) * depth.len();
                for row in rows.clone() {
                    for channel in depth.clone() {
                        let at = first + (channel - depth.start) * rows.len() + (row - rows.start);
                        let places = transform_weights::<M, N>(&filters[row * c + channel]);
                        for (place, value) in places.into_iter().flatten().enumerate() {
                            packed[place * plane + at] = value;
                        }
                    }
                }
            }
        });
    }

    /// Convolves with packed weights.
    pub(super) fn run<T: Simd, const NR: usize>(
        &self,
        kernel: T,
        lane: Lane<'_>,
        x: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) {
        match self.edge {
            Edge::Two => self.run_tiles::<T, NR, 2, 4>(kernel, lane, x, packed, bias, y),
            Edge::Four => self.run_tiles::<T, NR, 4, 6>(kernel, lane, x, packed, bias, y),
        }
    }

    fn run_tiles<T: Simd, const NR: usize, const M: usize, const N: usize>(
        &self,
        kernel: T,
        lane: Lane<'_>,
        x: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) where
        F: Transforms<M, N>,
    {
        let Deal { chunks, ranges, slices } = self.deal;
        let parts = self.deal.parts();
        let tasks = chunks.parts * self.shape.groups * parts;
        let y = Shared::new(y);
        let v_len = self.v_start(self.blocks.parts);
        let m_len = N * N * (self.rows(0).len() * self.edge.chunk() + PLANE_GAP);
        let turns = Turns::new(tasks, lane.threads());
        lane.share(tasks, |lane| {
            let mut scratch = lane.scratch(v_len + m_len);
            let (v, m) = scratch.floats().split_at_mut(v_len);
            let mut transformed = None;
            while let Some(task) = turns.take(lane.thread()) {
                let (all, part) = (task / parts, task % parts);
                let job = Job { group: all / chunks.parts, vectors: chunks.part(all % chunks.parts) };
                if transformed.replace(all) != Some(all) {
                    self.inputs::<T, NR, M, N>(kernel, x, &job, v);
                }
                for band in ranges.part(part / slices) {
                    let panels = Split::slice(self.bands.part(band), slices, part % slices);
                    if !panels.is_empty() {
                        // SAFETY: each task is taken once, and no two of them have an output in common.
                        unsafe { self.outputs::<T, NR, M, N>(kernel, packed, bias, &job, (band, panels), v, m, &y) };
                    }
                }
            }
        });
    }

    /// Where a block's part of V starts.
    fn v_start(&self, block: usize) -> usize {
        self.edge.places() * (self.blocks.start(block) * self.edge.chunk() + block * PLANE_GAP)
    }

    /// The run of such a number: image, row of tiles, column of the output. `None` behind the last.
    #[inline(always)]
    fn run_at(&self, i: usize) -> Option<(usize, usize, usize)> {
        let (rest, at) = (i / self.across, i % self.across);
        let (n, row) = (rest / self.down, rest % self.down);
        (n < self.shape.n).then_some((n, row, at * RUN))
    }

    /// The columns of the output that a vector has whose first is column `at`, counted through all runs: those of one row
    /// of tiles and, where other lanes have other rows', those of a second one.
    #[inline(always)]
    fn spans<T: Simd>(&self, at: usize) -> [Option<Span>; 2] {
        let span = |run: usize, lanes: Range<usize>| {
            let (n, row, column) = self.run_at(run)?;
            Some(Span { n, row, column: column + at % RUN, lanes })
        };
        let run = at / RUN;
        if T::LANES <= RUN {
            return [span(run, 0..T::LANES), None];
        }
        // Runs begin with vectors here.
        match (self.run_at(run), self.run_at(run + 1)) {
            (Some((n, row, _)), Some((next_n, next_row, _))) if (n, row) == (next_n, next_row) => {
                [span(run, 0..T::LANES), None]
            }
            _ => [span(run, 0..RUN), span(run + 1, RUN..T::LANES)],
        }
    }

    /// Bᵀ d B of a job's tiles: V has block by block, place by place, panels of NR tiles.
    fn inputs<T: Simd, const NR: usize, const M: usize, const N: usize>(
        &self,
        kernel: T,
        x: &[f32],
        job: &Job,
        v: &mut [f32],
    ) where
        F: Transforms<M, N>,
    {
        let shape = &self.shape;
        let size = shape.h * shape.w;
        let piece = |span: &Option<Span>| {
            let Some(span) = span else {
                return Piece { image: 0, row: isize::MIN / 2, column: 0, masks: [kernel.mask(0); 2] };
            };
            // Of lane 0, which may be left of the image and not a lane of the span.
            let column = span.column as isize - (shape.pad[1] + span.lanes.start) as isize;
            let mask = |from: isize| {
                let inside = span.lanes.clone().filter(|&l| (0..shape.w as isize).contains(&(from + l as isize)));
                kernel.mask(inside.fold(0, |mask, l| mask | 1 << l))
            };
            Piece {
                image: (span.n * shape.c + job.group * self.blocks.total) * size,
                row: (span.row * M) as isize - shape.pad[0] as isize,
                column,
                masks: [mask(column), mask(column + M as isize)],
            }
        };
        for block in 0..self.blocks.parts {
            let depth = self.blocks.part(block);
            let plane = depth.len() * self.edge.chunk() + PLANE_GAP;
            let v = &mut v[self.v_start(block)..];
            for vector in job.vectors.clone() {
                let spans: [_; M] = std::array::from_fn(|i| self.spans::<T>((vector * M + i) * T::LANES));
                let pieces: [[_; M]; 2] = [0, 1].map(|half| std::array::from_fn(|i| piece(&spans[i][half])));
                let tile = (vector - job.vectors.start) * T::LANES;
                let v = &mut v[tile / NR * depth.len() * NR + tile % NR..];
                if spans.iter().any(|[_, second]| second.is_some()) {
                    self.input_vector::<T, NR, M, N, true>(kernel, x, &pieces, depth.clone(), v, plane);
                } else {
                    self.input_vector::<T, NR, M, N, false>(kernel, x, &pieces, depth.clone(), v, plane);
                }
            }
        }
    }

    /// The same of a vector of tiles, with which `v` begins; `SPLIT` if it has second spans.
    fn input_vector<T: Simd, const NR: usize, const M: usize, const N: usize, const SPLIT: bool>(
        &self,
        kernel: T,
        x: &[f32],
        pieces: &[[Piece<T>; M]; 2],
        channels: Range<usize>,
        v: &mut [f32],
        plane: usize,
    ) where
        F: Transforms<M, N>,
    {
        let (shape, size) = (&self.shape, self.shape.h * self.shape.w);
        kernel.vectorize(
            #[inline(always)]
            || {
                for (i, channel) in channels.clone().enumerate() {
                    let ahead = ((channel + AHEAD).min(channels.end - 1) - channel) * size;
                    let out = v[i * NR..][..(N * N - 1) * plane + T::LANES].as_mut_ptr();
                    let line = |piece: &Piece<T>, row: usize| {
                        let y = piece.row + row as isize;
                        let at = (piece.image + channel * size).wrapping_add((y as usize).wrapping_mul(shape.w));
                        let from = x.as_ptr().wrapping_add(at).wrapping_offset(piece.column);
                        (0..shape.h as isize).contains(&y).then_some(from)
                    };
                    // SAFETY: the lanes of the masks are those columns of row y that lie within the image; at `out` is a
                    // vector of each of the planes.
                    unsafe {
                        transform_inputs::<T, M, N>(
                            kernel,
                            #[inline(always)]
                            |row: usize| {
                                let mut lines = [[kernel.splat(0.0); M]; 2];
                                for (p, piece) in pieces[0].iter().enumerate() {
                                    let Some(from) = line(piece, row) else { continue };
                                    kernel.prefetch(from.wrapping_add(ahead));
                                    lines[0][p] = kernel.load_masked(from, piece.masks[0]);
                                    lines[1][p] = kernel.load_masked(from.wrapping_add(M), piece.masks[1]);
                                }
                                for (p, piece) in pieces[1].iter().enumerate().filter(|_| SPLIT) {
                                    let Some(from) = line(piece, row) else { continue };
                                    kernel.prefetch(from.wrapping_add(ahead + RUN));
                                    let near = kernel.load_masked(from, piece.masks[0]);
                                    let far = kernel.load_masked(from.wrapping_add(M), piece.masks[1]);
                                    // Either has zeros in the other's lanes.
                                    lines[0][p] = kernel.add(lines[0][p], near);
                                    lines[1][p] = kernel.add(lines[1][p], far);
                                }
                                lines
                            },
                            out,
                            (plane, NEXT * NR),
                        );
                    }
                }
            },
        );
    }

    /// The products of some panels of a band, and the outputs that they make.
    ///
    /// # Safety
    /// Nobody else touches the outputs of the job's tiles and the panels' channels meanwhile.
    #[allow(clippy::too_many_arguments)]
    unsafe fn outputs<T: Simd, const NR: usize, const M: usize, const N: usize>(
        &self,
        kernel: T,
        packed: &[f32],
        bias: Option<&[f32]>,
        job: &Job,
        (band, panels): (usize, Range<usize>),
        v: &[f32],
        m: &mut [f32],
        y: &Shared<'_>,
    ) where
        F: Transforms<M, N>,
    {
        let (shape, chunk, places) = (&self.shape, self.edge.chunk(), N * N);
        let (c, k) = (self.blocks.total, self.panels.total);
        let packed = &packed[job.group * places * k * c..][..places * k * c];
        let rows = self.panels.start(panels.start)..self.panels.start(panels.end);
        let before = rows.start - self.rows(band).start;
        let m_plane = rows.len() * chunk + PLANE_GAP;
        let columns = job.vectors.len() * T::LANES;
        for block in 0..self.blocks.parts {
            let depth = self.blocks.part(block);
            let v = &v[self.v_start(block)..];
            let v_plane = depth.len() * chunk + PLANE_GAP;
            let start = if block == 0 { Start::Zero } else { Start::Accumulate };
            for place in 0..places {
                let a =
                    &packed[self.weights_at(band, block, place)..][before * depth.len()..][..rows.len() * depth.len()];
                let mut m = Tile::new(&mut m[place * m_plane..][..rows.len() * chunk], rows.len(), chunk);
                for (i, b) in v[place * v_plane..][..depth.len() * chunk].chunks_exact(depth.len() * NR).enumerate() {
                    if i * NR >= columns {
                        break;
                    }
                    let own = i * NR..((i + 1) * NR).min(columns);
                    for run in self.panels.runs(panels.clone()) {
                        let part = self.panels.start(run.start) - rows.start..self.panels.start(run.end) - rows.start;
                        let (height, b) = (self.panels.part(run.start).len(), Rows::packed::<T>(b));
                        let a = Left::Packed(&a[part.start * depth.len()..part.end * depth.len()]);
                        let c = m.part(part, own.clone());
                        kernel.column(Column {
                            height,
                            a,
                            b,
                            extra: None,
                            copy: None,
                            c,
                            start,
                            end: Activation::IDENTITY,
                            far: false,
                            ahead: None,
                        });
                    }
                }
            }
        }
        let (p, q) = (shape.p(), shape.q());
        let piece = |span: &Option<Span>| {
            let none = OutPiece { start: 0, height: 0, count: 0, lane: 0, mask: kernel.mask(0) };
            let Some(span) = span else { return none };
            let count = q.saturating_sub(span.column).min(span.lanes.len());
            if count == 0 {
                return none;
            }
            let plane = span.n * shape.k + job.group * k + rows.start;
            OutPiece {
                start: plane * p * q + span.row * M * q + span.column,
                height: (p - span.row * M).min(M),
                count,
                lane: span.lanes.start,
                mask: kernel.mask(((1u32 << count) - 1) << span.lanes.start),
            }
        };
        let bias = bias.map(|bias| &bias[job.group * k + rows.start..][..rows.len()]);
        for (at, vector) in job.vectors.clone().enumerate() {
            let spans: [_; M] = std::array::from_fn(|i| self.spans::<T>((vector * M + i) * T::LANES));
            let pieces: [[_; M]; 2] = [0, 1].map(|half| std::array::from_fn(|i| piece(&spans[i][half])));
            let m = &m[at * T::LANES..];
            // SAFETY: the caller's promise.
            unsafe {
                if spans.iter().any(|[_, second]| second.is_some()) {
                    self.output_vector::<T, M, N, true>(kernel, &pieces, rows.len(), m, m_plane, bias, y);
                } else {
                    self.output_vector::<T, M, N, false>(kernel, &pieces, rows.len(), m, m_plane, bias, y);
                }
            }
        }
    }

    /// Aᵀ m A of a vector of tiles, the first of `m`, in so many output channels; `SPLIT` if it has second spans.
    ///
    /// # Safety
    /// Nobody else touches the outputs of the pieces meanwhile.
    #[allow(clippy::too_many_arguments)]
    unsafe fn output_vector<T: Simd, const M: usize, const N: usize, const SPLIT: bool>(
        &self,
        kernel: T,
        pieces: &[[OutPiece<T>; M]; 2],
        rows: usize,
        m: &[f32],
        m_plane: usize,
        bias: Option<&[f32]>,
        y: &Shared<'_>,
    ) where
        F: Transforms<M, N>,
    {
        let (q, size, chunk) = (self.shape.q(), self.shape.p() * self.shape.q(), self.edge.chunk());
        kernel.vectorize(
            #[inline(always)]
            || {
                for row in 0..rows {
                    for piece in pieces[..if SPLIT { 2 } else { 1 }].iter().flatten() {
                        let ahead = piece.start + (row + AHEAD).min(rows - 1) * size;
                        for i in 0..piece.height {
                            kernel.prefetch_to_write(y.at(ahead + i * q, piece.count));
                        }
                    }
                    let bias = kernel.splat(bias.map_or(0.0, |b| b[row]));
                    let m = &m[row * chunk..][..(N * N - 1) * m_plane + T::LANES];
                    // SAFETY: a vector of each of the planes of M, whose last ends within it.
                    let outs = unsafe {
                        transform_outputs::<T, M, N>(kernel, m.as_ptr(), (m_plane, NEXT * chunk), bias, self.activation)
                    };
                    for (i, line) in outs.into_iter().enumerate() {
                        for (p, v) in line.into_iter().enumerate() {
                            let piece = &pieces[0][p];
                            if i < piece.height {
                                let out = y.at(piece.start + row * size + i * q, piece.count);
                                // SAFETY: `count` floats of the output, which the mask has; the caller's promise.
                                unsafe { kernel.store_masked(out, piece.mask, v) };
                            }
                            let piece = &pieces[1][p];
                            if SPLIT && i < piece.height {
                                let out = y.at(piece.start + row * size + i * q, piece.count);
                                // SAFETY: as above; the mask's first lane is the first of those floats.
                                unsafe { kernel.store_masked(out.wrapping_sub(piece.lane), piece.mask, v) };
                            }
                        }
                    }
                }
            },
        );
    }
}

/// Tiles of one group.
struct Job {
    group: usize,
    /// Counted through all images.
    vectors: Range<usize>,
}

/// Columns of the output of one row of tiles, in lanes of a vector.
struct Span {
    n: usize,
    row: usize,
    /// Of the first of the lanes.
    column: usize,
    lanes: Range<usize>,
}

/// A [`Span`] of the output, in the first channel of a band.
#[derive(Clone, Copy)]
struct OutPiece<T: Simd> {
    start: usize,
    /// Rows and columns that there are.
    height: usize,
    count: usize,
    /// The lane of its first column.
    lane: usize,
    mask: T::Mask,
}

/// The input of a [`Span`].
#[derive(Clone, Copy)]
struct Piece<T: Simd> {
    /// Where the image's channels start.
    image: usize,
    row: isize,
    /// Of lane 0.
    column: isize,
    /// The span's lanes within the image, and those a tile's edge further.
    masks: [T::Mask; 2],
}
