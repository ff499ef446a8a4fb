//! Winograd's F(4×4, 3×3): sixteen outputs of a 3×3 convolution with 36 products in the place of 144.
//!
//! ```text
//! y (4×4) = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ d B) ] A        d: 6×6 inputs, w: 3×3 weights, ⊙: product by elements
//! ```
//!
//! Summed over channels, the products at each of the 36 places are a matrix product: weights K×C times tiles C×T. So there
//! are 36 of them, of a 36th of the direct one's depth and a sixteenth of its columns: 4 times fewer multiplications,
//! less what tiles at the edges compute in vain. (A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural
//! Networks", 2015. The matrices are those of the points 0, ±1/√2, ±√2 and ∞, whose errors are half of those of 0, ±1, ±2 and ∞.)
//!
//! ```text
//! once      weights: G w Gᵀ, in panels                         36 × C × K
//! chunks of 48 tiles
//!   blocks of ≤ DEPTH channels
//!     Bᵀ d B of a vector of tiles at a time                    V: 36 × C × 48
//!   bands of ≤ BAND output channels
//!     36 products                                              M: 36 × BAND × 48, in L2
//!     Aᵀ m A, bias, rows of the output
//! ```
//!
//! * **Quads**: four tiles side by side read 16 columns of the input and the four behind them, and write 16 columns of the
//!   output. A vector of tiles is made of whole quads, from any rows and images, so that small maps fill it too. Two rounds
//!   of taking even and odd lanes apart turn columns into the tiles' elements; the way back is the inverse.
//! * **Bands**: V is read once for each band, a place and block of channels (24 KiB) at a time, the weights once for each
//!   chunk, in the order in which they lie. M stays in the second level between product and transform.
//! * **Few tiles**: where chunks alone don't keep the threads busy, all transform the inputs first, by blocks of channels,
//!   and then share the bands.
//! * **Error**: the transforms add terms of both signs, so that the error is about eight times a direct sum's: see
//!   [`error_bound`].
//! * **NaN and infinity** of one input reach all sixteen outputs of the tiles that it is in, where the definition has fewer.
//! * The sum over channels is in order, in blocks that the shape decides; no result depends on the number of threads.
#![allow(unsafe_code)]

use std::ops::Range;

use super::Conv2dShape;
use super::activation::Activation;
use super::engine::Lane;
use super::kernel::{Column, Rows, Start};
use super::matrix::{Shared, Split, Tile, Turns};
use super::product::DEPTH;
use super::simd::Simd;

/// Outputs of a tile's edge, inputs of it, and products of a tile.
const M: usize = 4;
const N: usize = 6;
const PLACES: usize = N * N;
/// Tiles of a quad, and columns that they read or write.
const QUAD: usize = 4;
const WIDTH: usize = QUAD * M;
/// Tiles of a chunk: a whole panel of every kernel.
const CHUNK: usize = 48;
/// Most output channels of a band.
const BAND: usize = 64;
/// Multiplications that are not worth waking threads for.
const INLINE: usize = 1 << 20;
/// The points ±A and ±B with their squares.
const A: f32 = std::f32::consts::FRAC_1_SQRT_2;
const B: f32 = std::f32::consts::SQRT_2;
const A2: f32 = 0.5;
const B2: f32 = 2.0;
/// Channels that the prefetches of inputs and outputs run ahead: their lines are a plane apart, which no hardware foresees.
const AHEAD: usize = 2;
/// Between the planes of V and M: planes a power of two apart would fall into the same sets of a cache.
const PLANE_GAP: usize = 16;

/// The blocking of one shape.
#[derive(Debug, Clone)]
pub(super) struct Winograd {
    shape: Conv2dShape,
    /// Quads of a row of tiles, and rows of tiles of an image.
    across: usize,
    down: usize,
    /// Input channels of a group, in blocks.
    blocks: Split,
    /// Output channels of a group, in panels.
    panels: Split,
    /// The panels, in bands.
    bands: Split,
    activation: Activation,
}

/// The error that F(4×4, 3×3) may make, relative to max|y|, for sums over `channels` inputs. Of several hundred shapes with
/// uniform data the largest was 0.7e-6 at 1 channel, 1.6e-6 at 16 to 64, and 1.8e-6 at 256 and more.
pub(super) fn error_bound(channels: usize) -> f64 {
    1.5e-6 + 2e-7 * (channels as f64).sqrt()
}

/// Whether the transforms are those of a shape.
pub(super) fn fits(shape: &Conv2dShape) -> bool {
    (shape.r, shape.s, shape.stride, shape.dilation) == (3, 3, [1, 1], [1, 1])
}

/// Products of a group's channel pair, edges and idle lanes included, over those of the direct sum.
pub(super) fn cost(shape: &Conv2dShape) -> f64 {
    let quads = shape.n * shape.p().div_ceil(M) * shape.q().div_ceil(WIDTH);
    let tiles = (quads * QUAD).next_multiple_of(16);
    let (c, k) = ((shape.c / shape.groups) as f64, (shape.k / shape.groups) as f64);
    let direct = (9 * shape.n * shape.p() * shape.q()) as f64;
    // What the transforms of a tile's inputs and outputs take in time, in terms of products.
    let transforms = 350.0 / k + 300.0 / c;
    (tiles * PLACES) as f64 * (1.0 + transforms / PLACES as f64) / direct
}

impl Winograd {
    pub(super) fn new(shape: Conv2dShape, mr: usize) -> Self {
        let panels = Split::at_most(shape.k / shape.groups, mr);
        Self {
            across: shape.q().div_ceil(WIDTH),
            down: shape.p().div_ceil(M),
            blocks: Split::at_most(shape.c / shape.groups, DEPTH),
            panels,
            bands: Split::at_most(panels.parts, BAND / mr),
            activation: Activation::IDENTITY,
            shape,
        }
    }

    pub(super) fn set_activation(&mut self, activation: Activation) {
        self.activation = activation;
    }

    /// Floats of the transformed weights.
    pub(super) fn packed_len(&self) -> usize {
        PLACES * self.shape.k * self.blocks.total
    }

    /// Rows of a band.
    fn rows(&self, band: usize) -> Range<usize> {
        let panels = self.bands.part(band);
        self.panels.start(panels.start)..self.panels.start(panels.end)
    }

    /// Where the panels of a band, a block and a place lie in a group's packed weights.
    fn weights_at(&self, band: usize, block: usize, place: usize) -> usize {
        let (rows, depth) = (self.rows(band), self.blocks.part(block));
        PLACES * (rows.start * self.blocks.total + rows.len() * depth.start) + place * rows.len() * depth.len()
    }

    /// Transforms the weights of all groups: band by band, block by block and place by place the panels, in which all rows
    /// of a channel are followed by those of the next.
    pub(super) fn pack(&self, lane: Lane<'_>, w: &[f32], packed: &mut [f32]) {
        let (c, k) = (self.blocks.total, self.panels.total);
        let mut jobs = Vec::new();
        let mut packed = packed;
        for w in w.chunks_exact(k * c * 9) {
            for band in 0..self.bands.parts {
                for block in 0..self.blocks.parts {
                    let len = PLACES * self.rows(band).len() * self.blocks.part(block).len();
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
                        let places = transform_weights(&filters[row * c + channel]);
                        places.into_iter().enumerate().for_each(|(place, value)| packed[place * plane + at] = value);
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
        let shape = &self.shape;
        let (c, k) = (self.blocks.total, self.panels.total);
        let vectors = (shape.n * self.down * self.across * QUAD).div_ceil(T::LANES);
        let chunks = Split::at_most(vectors, CHUNK / T::LANES);
        let tasks = chunks.parts * shape.groups;
        let multiplications = PLACES * c * k * chunks.parts * CHUNK * shape.groups;
        let threads = if multiplications > INLINE { lane.threads() } else { 1 };
        let y = Shared::new(y);
        let v_len = self.v_start(self.blocks.parts);
        let m_len = PLACES * (self.rows(0).len() * CHUNK + PLANE_GAP);
        let job = |task: usize| Job { group: task / chunks.parts, vectors: chunks.part(task % chunks.parts) };
        if tasks >= 2 * threads {
            let turns = Turns::new(tasks);
            lane.share(threads.min(tasks), |lane| {
                let mut scratch = lane.scratch(v_len + m_len);
                let (v, m) = scratch.floats().split_at_mut(v_len);
                while let Some(task) = turns.take() {
                    let job = job(task);
                    for block in 0..self.blocks.parts {
                        self.inputs::<T, NR>(kernel, x, &job, block, &mut v[self.v_start(block)..]);
                    }
                    for band in 0..self.bands.parts {
                        // SAFETY: each task is taken once, and no two of them have an output in common.
                        unsafe { self.outputs::<T, NR>(kernel, packed, bias, &job, band, v, m, &y) };
                    }
                }
            });
            return;
        }
        let mut whole = lane.scratch(tasks * v_len);
        let whole = &mut whole.floats()[..tasks * v_len];
        let mut parts = Vec::with_capacity(tasks * self.blocks.parts * 4);
        for (task, mut v) in whole.chunks_exact_mut(v_len).enumerate() {
            for block in 0..self.blocks.parts {
                let (own, rest) = v.split_at_mut(self.v_start(block + 1) - self.v_start(block));
                parts.push((job(task), block, own));
                v = rest;
            }
        }
        let parallel = threads.min(parts.len());
        lane.spread(parts.into_iter(), parallel, |(job, block, v)| self.inputs::<T, NR>(kernel, x, &job, block, v));
        let whole = &*whole;
        let parts = tasks * self.bands.parts;
        let turns = Turns::new(parts);
        lane.share(threads.min(parts), |lane| {
            let mut scratch = lane.scratch(m_len);
            while let Some(part) = turns.take() {
                let (task, band) = (part / self.bands.parts, part % self.bands.parts);
                let (v, m) = (&whole[task * v_len..][..v_len], scratch.floats());
                // SAFETY: each part is taken once, and no two of them have an output in common.
                unsafe { self.outputs::<T, NR>(kernel, packed, bias, &job(task), band, v, m, &y) };
            }
        });
    }

    /// Where a block's part of V starts.
    fn v_start(&self, block: usize) -> usize {
        PLACES * (self.blocks.start(block) * CHUNK + block * PLANE_GAP)
    }

    /// The quad of a vector's lane: image, row of tiles, column of the output. `None` behind the last.
    #[inline(always)]
    fn quad(&self, i: usize) -> Option<(usize, usize, usize)> {
        let (rest, at) = (i / self.across, i % self.across);
        let (n, row) = (rest / self.down, rest % self.down);
        (n < self.shape.n).then_some((n, row, at * WIDTH))
    }

    /// Bᵀ d B of a job's tiles for a block of channels: V has, place by place, panels of NR tiles.
    fn inputs<T: Simd, const NR: usize>(&self, kernel: T, x: &[f32], job: &Job, block: usize, v: &mut [f32]) {
        let (shape, depth) = (&self.shape, self.blocks.part(block));
        let plane = depth.len() * CHUNK + PLANE_GAP;
        let v = &mut v[..PLACES * plane];
        let size = shape.h * shape.w;
        for vector in job.vectors.clone() {
            // What the four pieces of a vector's columns are: an image's offset, the row of their first input, the columns.
            let pieces: [Piece<T>; 4] = std::array::from_fn(|i| {
                let at = vector * T::LANES * M + i * T::LANES;
                let Some((n, row, column)) = self.quad(at / WIDTH) else {
                    let none = kernel.mask(0);
                    return Piece { image: 0, row: isize::MIN / 2, column: 0, masks: [none; 2] };
                };
                let column = (column + at % WIDTH) as isize - shape.pad[1] as isize;
                let mask = |from: isize| {
                    let bits = (0..T::LANES as isize).filter(|l| (0..shape.w as isize).contains(&(from + l)));
                    kernel.mask(bits.fold(0, |mask, l| mask | 1 << l))
                };
                Piece {
                    image: (n * shape.c + job.group * self.blocks.total) * size,
                    row: (row * M) as isize - shape.pad[0] as isize,
                    column,
                    masks: [mask(column), mask(column + M as isize)],
                }
            });
            let tile = (vector - job.vectors.start) * T::LANES;
            let at = tile / NR * depth.len() * NR + tile % NR;
            kernel.vectorize(
                #[inline(always)]
                || {
                    for (i, channel) in depth.clone().enumerate() {
                        // SAFETY: the last vector of the last place ends with its panel, within the planes; the lanes of
                        // the masks are those columns of row y that lie within the image.
                        unsafe {
                            let out = v[at + i * NR..].as_mut_ptr();
                            debug_assert!((PLACES - 1) * plane + at + i * NR + T::LANES <= v.len());
                            transform_inputs(
                                kernel,
                                #[inline(always)]
                                |row: usize| {
                                    let ahead = (channel + AHEAD).min(depth.end - 1);
                                    let mut lines = [[kernel.splat(0.0); 4]; 2];
                                    for (p, piece) in pieces.iter().enumerate() {
                                        let y = piece.row + row as isize;
                                        if !(0..shape.h as isize).contains(&y) {
                                            continue;
                                        }
                                        let at = (piece.image + channel * size + y as usize * shape.w) as isize
                                            + piece.column;
                                        let from = x.as_ptr().wrapping_offset(at);
                                        kernel.prefetch(from.wrapping_add((ahead - channel) * size));
                                        lines[0][p] = kernel.load_masked(from, piece.masks[0]);
                                        lines[1][p] = kernel.load_masked(from.wrapping_add(M), piece.masks[1]);
                                    }
                                    lines
                                },
                                out,
                                plane,
                            );
                        }
                    }
                },
            );
        }
    }

    /// The products of a band, and the outputs that they make.
    ///
    /// # Safety
    /// Nobody else touches the outputs of the job's tiles and the band's channels meanwhile.
    #[allow(clippy::too_many_arguments)]
    unsafe fn outputs<T: Simd, const NR: usize>(
        &self,
        kernel: T,
        packed: &[f32],
        bias: Option<&[f32]>,
        job: &Job,
        band: usize,
        v: &[f32],
        m: &mut [f32],
        y: &Shared<'_>,
    ) {
        let shape = &self.shape;
        let (c, k) = (self.blocks.total, self.panels.total);
        let packed = &packed[job.group * PLACES * k * c..][..PLACES * k * c];
        let rows = self.rows(band);
        let m_plane = rows.len() * CHUNK + PLANE_GAP;
        let columns = job.vectors.len() * T::LANES;
        for block in 0..self.blocks.parts {
            let depth = self.blocks.part(block);
            let v = &v[self.v_start(block)..];
            let v_plane = depth.len() * CHUNK + PLANE_GAP;
            let start = if block == 0 { Start::Zero } else { Start::Accumulate };
            for place in 0..PLACES {
                let a = &packed[self.weights_at(band, block, place)..][..rows.len() * depth.len()];
                let mut m = Tile::new(&mut m[place * m_plane..][..rows.len() * CHUNK], rows.len(), CHUNK);
                for (i, b) in v[place * v_plane..][..depth.len() * CHUNK].chunks_exact(depth.len() * NR).enumerate() {
                    if i * NR >= columns {
                        break;
                    }
                    let own = i * NR..((i + 1) * NR).min(columns);
                    for run in self.panels.runs(self.bands.part(band)) {
                        let part = self.panels.start(run.start) - rows.start..self.panels.start(run.end) - rows.start;
                        let (height, b) = (self.panels.part(run.start).len(), Rows::packed::<T>(b));
                        let a = &a[part.start * depth.len()..part.end * depth.len()];
                        let c = m.part(part, own.clone());
                        kernel.column(Column {
                            height,
                            a,
                            b,
                            copy: None,
                            c,
                            start,
                            end: Activation::IDENTITY,
                            ahead: None,
                        });
                    }
                }
            }
        }
        let (p, q) = (shape.p(), shape.q());
        for (at, vector) in job.vectors.clone().enumerate() {
            let pieces: [Option<OutPiece<T>>; 4] = std::array::from_fn(|i| {
                let from = vector * T::LANES * M + i * T::LANES;
                let (n, row, column) = self.quad(from / WIDTH)?;
                let column = column + from % WIDTH;
                let count = q.saturating_sub(column).min(T::LANES);
                let plane = n * shape.k + job.group * k + rows.start;
                (count > 0).then(|| OutPiece {
                    start: plane * p * q + row * M * q + column,
                    height: (p - row * M).min(M),
                    count,
                    mask: kernel.mask((1u32 << count) - 1),
                })
            });
            kernel.vectorize(
                #[inline(always)]
                || {
                    for row in 0..rows.len() {
                        for piece in pieces.iter().flatten() {
                            let ahead = piece.start + (row + AHEAD).min(rows.len() - 1) * p * q;
                            for i in 0..piece.height {
                                kernel.prefetch_to_write(y.at(ahead + i * q, piece.count));
                            }
                        }
                        let bias = kernel.splat(bias.map_or(0.0, |b| b[job.group * k + rows.start + row]));
                        let m = &m[row * CHUNK + at * T::LANES..];
                        debug_assert!((PLACES - 1) * m_plane + T::LANES <= m.len());
                        // SAFETY: a vector of each of the planes of M, whose last ends within it.
                        let outs = unsafe { transform_outputs(kernel, m.as_ptr(), m_plane, bias, self.activation) };
                        for (i, line) in outs.into_iter().enumerate() {
                            for (piece, v) in pieces.iter().zip(line) {
                                if let Some(piece) = piece
                                    && i < piece.height
                                {
                                    let out = y.at(piece.start + row * p * q + i * q, piece.count);
                                    // SAFETY: `count` floats of the output, which the mask has; the caller's promise.
                                    unsafe { kernel.store_masked(out, piece.mask, v) };
                                }
                            }
                        }
                    }
                },
            );
        }
    }
}

/// Tiles of one group.
struct Job {
    group: usize,
    /// Counted through all images.
    vectors: Range<usize>,
}

/// [`Simd::LANES`] columns of the output of one row of tiles, in the first channel of a band.
#[derive(Clone, Copy)]
struct OutPiece<T: Simd> {
    start: usize,
    /// Rows and columns that there are.
    height: usize,
    count: usize,
    mask: T::Mask,
}

/// [`Simd::LANES`] columns of the input of one row of tiles.
#[derive(Clone, Copy)]
struct Piece<T: Simd> {
    /// Where the image's channels start.
    image: usize,
    row: isize,
    column: isize,
    /// Those within the image, and those four columns further.
    masks: [T::Mask; 2],
}

/// G w Gᵀ, in double precision.
fn transform_weights(w: &[f32; 9]) -> [f32; PLACES] {
    // Row j has the powers of point j over ∏(pⱼ − pₗ).
    const ROOT: f64 = std::f64::consts::SQRT_2;
    const G: [[f64; 3]; N] = [
        [1.0, 0.0, 0.0],
        [-2.0 / 3.0, -ROOT / 3.0, -1.0 / 3.0],
        [-2.0 / 3.0, ROOT / 3.0, -1.0 / 3.0],
        [1.0 / 6.0, ROOT / 6.0, 1.0 / 3.0],
        [1.0 / 6.0, -ROOT / 6.0, 1.0 / 3.0],
        [0.0, 0.0, 1.0],
    ];
    let mut half = [[0.0f64; 3]; N];
    for (row, g) in half.iter_mut().zip(&G) {
        for (s, out) in row.iter_mut().enumerate() {
            *out = (0..3).map(|r| g[r] * f64::from(w[3 * r + s])).sum();
        }
    }
    let mut out = [0.0; PLACES];
    for (i, row) in half.iter().enumerate() {
        for (j, g) in G.iter().enumerate() {
            out[N * i + j] = (0..3).map(|s| row[s] * g[s]).sum::<f64>() as f32;
        }
    }
    out
}

/// Bᵀ d: the rows are the coefficients of ∏(x − pⱼ) over all points but one, or over all.
#[inline(always)]
fn inputs<T: Simd>(k: T, d: &[T::V; N]) -> [T::V; N] {
    let [d0, d1, d2, d3, d4, d5] = *d;
    let (near_even, near_odd) = (k.fma(d2, k.splat(-B2), d4), k.fma(d1, k.splat(-B2), d3));
    let (far_even, far_odd) = (k.fma(d2, k.splat(-A2), d4), k.fma(d1, k.splat(-A2), d3));
    [
        k.fma(d2, k.splat(-(A2 + B2)), k.add(d0, d4)),
        k.fma(near_odd, k.splat(A), near_even),
        k.fma(near_odd, k.splat(-A), near_even),
        k.fma(far_odd, k.splat(B), far_even),
        k.fma(far_odd, k.splat(-B), far_even),
        k.fma(d3, k.splat(-(A2 + B2)), k.add(d1, d5)),
    ]
}

/// Aᵀ m: row i has the points to the power of i.
#[inline(always)]
fn outputs<T: Simd>(k: T, m: &[T::V; N]) -> [T::V; M] {
    let [m0, m1, m2, m3, m4, m5] = *m;
    let (near_sum, near_difference) = (k.add(m1, m2), k.sub(m1, m2));
    let (far_sum, far_difference) = (k.add(m3, m4), k.sub(m3, m4));
    let zero = k.splat(0.0);
    [
        k.add(k.add(m0, near_sum), far_sum),
        k.fma(near_difference, k.splat(A), k.fma(far_difference, k.splat(B), zero)),
        k.fma(near_sum, k.splat(A2), k.fma(far_sum, k.splat(B2), zero)),
        k.fma(near_difference, k.splat(A * A2), k.fma(far_difference, k.splat(B * B2), m5)),
    ]
}

/// Every fourth float of four vectors: of those from the first, the second, the third and the fourth on.
#[inline(always)]
fn apart<T: Simd>(k: T, v: [T::V; 4]) -> [T::V; M] {
    let ((e0, o0), (e1, o1)) = (k.deinterleave(v[0], v[1]), k.deinterleave(v[2], v[3]));
    let ((v0, v2), (v1, v3)) = (k.deinterleave(e0, e1), k.deinterleave(o0, o1));
    [v0, v1, v2, v3]
}

/// The inverse of [`apart`].
#[inline(always)]
fn together<T: Simd>(k: T, v: [T::V; M]) -> [T::V; 4] {
    let ((e0, e1), (o0, o1)) = (k.interleave(v[0], v[2]), k.interleave(v[1], v[3]));
    let ((v0, v1), (v2, v3)) = (k.interleave(e0, o0), k.interleave(e1, o1));
    [v0, v1, v2, v3]
}

/// Bᵀ d B of a vector of tiles, whose six lines `load` has: the columns of the four tiles of each quad, and those four
/// further.
///
/// # Safety
/// At `out`, a vector can be written in each of the planes that lie `plane` floats apart.
#[inline(always)]
unsafe fn transform_inputs<T: Simd>(k: T, load: impl Fn(usize) -> [[T::V; 4]; 2], out: *mut f32, plane: usize) {
    macro_rules! row {
        ($row:expr) => {{
            let [near, far] = load($row);
            let ([d0, d1, d2, d3], [d4, d5, ..]) = (apart(k, near), apart(k, far));
            inputs(k, &[d0, d1, d2, d3, d4, d5])
        }};
    }
    let [h0, h1, h2, h3, h4, h5] = [row!(0), row!(1), row!(2), row!(3), row!(4), row!(5)];
    for j in 0..N {
        let column = [h0[j], h1[j], h2[j], h3[j], h4[j], h5[j]];
        for (i, v) in inputs(k, &column).into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { k.store(out.add((i * N + j) * plane), v) };
        }
    }
}

/// Aᵀ m A plus the bias of a vector of tiles, activated: four lines of the output.
///
/// # Safety
/// At `m`, a vector can be read in each of the planes that lie `plane` floats apart.
#[inline(always)]
unsafe fn transform_outputs<T: Simd>(
    k: T,
    m: *const f32,
    plane: usize,
    bias: T::V,
    activation: Activation,
) -> [[T::V; 4]; M] {
    macro_rules! column {
        ($s:expr) => {{
            let [v0, v1, v2, v3, v4, v5] = [0, 1, 2, 3, 4, 5].map(|i| m.wrapping_add((i * N + $s) * plane));
            // SAFETY: the caller's promise.
            let column = unsafe { [k.load(v0), k.load(v1), k.load(v2), k.load(v3), k.load(v4), k.load(v5)] };
            outputs(k, &column)
        }};
    }
    let [h0, h1, h2, h3, h4, h5] = [column!(0), column!(1), column!(2), column!(3), column!(4), column!(5)];
    macro_rules! line {
        ($i:expr) => {{
            let [v0, v1, v2, v3] = outputs(k, &[h0[$i], h1[$i], h2[$i], h3[$i], h4[$i], h5[$i]]);
            let line = [k.add(v0, bias), k.add(v1, bias), k.add(v2, bias), k.add(v3, bias)];
            together(k, activation.vectors(k, line))
        }};
    }
    [line!(0), line!(1), line!(2), line!(3)]
}
