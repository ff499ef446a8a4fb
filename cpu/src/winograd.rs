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
//! once      weights: G w Gᵀ in double precision, rounded, in panels      36 × panels × C × rows
//! a task    rows of tiles of one group
//!   input     six rows apart by columns, then Bᵀ d B for a vector of tiles at a time      V: 36 × C × tiles, in L2
//!   panels of ≤ MR output channels
//!     36 products into M: 36 × rows × tiles
//!     output    Aᵀ m A, bias, and the tiles' rows put together again
//! ```
//!
//! * **Tiles of a task**: the tile's transformed inputs are read once for each panel of rows, the weights once for each
//!   task. A task has as many rows of tiles as V has room for in [`V_FLOATS`], and of those numbers the one that leaves the
//!   fewest lanes of the last vector idle.
//! * **Error**: the transforms add terms of both signs, so that the error is about eight times a direct sum's: see
//!   [`error_bound`].
//! * **NaN and infinity** of one input reach all sixteen outputs of the tiles that it is in, where the definition has fewer.
//! * The sum over channels is in order, in blocks that the shape decides; no result depends on the number of threads.

use super::Conv2dShape;
use super::conv2d::{DEPTH, Split};
use super::engine::Lane;
use super::kernel::{Kernel, Start};

/// Outputs of a tile's edge, inputs of it, and products of a tile.
const M: usize = 4;
const N: usize = 6;
const PLACES: usize = N * N;
/// Tiles that the transforms take at a time.
const L: usize = 16;
/// Most floats of a task's transformed inputs: 2.25 MiB would be a whole L2 of today's server cores; 1.2 MB leaves room in
/// one of 2 MiB, and streams through one of 1 MiB once a panel.
const V_FLOATS: usize = 300 << 10;
/// The points ±A and ±B with their squares.
const A: f32 = std::f32::consts::FRAC_1_SQRT_2;
const B: f32 = std::f32::consts::SQRT_2;
const A2: f32 = 0.5;
const B2: f32 = 2.0;
/// Between the planes of V and M: planes a power of two apart would fall into the same sets of a cache.
const PLANE_GAP: usize = 16;
/// Most rows of a panel of any kernel.
const MR_MAX: usize = 32;

/// The blocking of one shape.
#[derive(Debug, Clone)]
pub(super) struct Winograd {
    shape: Conv2dShape,
    /// Tiles of a row of tiles, and rows of tiles of an image.
    across: usize,
    down: usize,
    /// Input channels of a group, in blocks.
    blocks: Split,
    /// Output channels of a group, in panels.
    panels: Split,
    /// Rows of tiles of a task.
    rows: usize,
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
    let tiles = (shape.n * shape.p().div_ceil(M) * shape.q().div_ceil(M)).next_multiple_of(L);
    let (c, k) = ((shape.c / shape.groups) as f64, (shape.k / shape.groups) as f64);
    let direct = (9 * shape.n * shape.p() * shape.q()) as f64;
    // What the transforms of a tile's inputs and outputs take in time, in terms of products.
    let transforms = 700.0 / k + 700.0 / c;
    (tiles * PLACES) as f64 * (1.0 + transforms / PLACES as f64) / direct
}

impl Winograd {
    pub(super) fn new(shape: Conv2dShape, mr: usize, nr: usize) -> Self {
        debug_assert!(mr <= MR_MAX && nr.is_multiple_of(8));
        let (across, down) = (shape.q().div_ceil(M), shape.p().div_ceil(M));
        let channels = shape.c / shape.groups;
        let most = (V_FLOATS / (PLACES * channels) / across).clamp(1, shape.n * down);
        // Whole vectors at the end: half a panel is the least that a kernel computes.
        let vector = (nr / 2).max(1);
        let waste = |rows: usize| {
            let tiles = rows * across;
            tiles.next_multiple_of(vector) as f64 / tiles as f64
        };
        let rows = (most.div_ceil(2)..=most).rev().min_by(|&a, &b| waste(a).total_cmp(&waste(b))).unwrap_or(1);
        Self {
            across,
            down,
            blocks: Split::at_most(channels, DEPTH),
            panels: Split::at_most(shape.k / shape.groups, mr),
            rows,
            shape,
        }
    }

    /// Floats of the transformed weights.
    pub(super) fn packed_len(&self) -> usize {
        PLACES * self.shape.k * (self.shape.c / self.shape.groups)
    }

    fn channels(&self) -> usize {
        self.blocks.total
    }

    /// Transforms the weights of all groups: for each group, place, block of channels and panel all rows of a channel, then
    /// those of the next.
    pub(super) fn pack(&self, lane: Lane<'_>, w: &[f32], packed: &mut [f32]) {
        let (c, k) = (self.channels(), self.panels.total);
        let groups: Vec<_> = w.chunks_exact(k * c * 9).zip(packed.chunks_exact_mut(PLACES * k * c)).collect();
        lane.spread(groups, 1, |(w, packed)| {
            let rows = (0..self.panels.parts).flat_map(|panel| self.panels.part(panel).map(move |row| (panel, row)));
            let (filters, _) = w.as_chunks::<9>();
            for (panel, row) in rows {
                let rows = self.panels.part(panel);
                for block in 0..self.blocks.parts {
                    let depth = self.blocks.part(block);
                    let start = self.panel(0, block, panel).start + (row - rows.start);
                    for channel in depth.clone() {
                        let at = start + (channel - depth.start) * rows.len();
                        for (place, value) in transform_weights(&filters[row * c + channel]).into_iter().enumerate() {
                            packed[place * k * c + at] = value;
                        }
                    }
                }
            }
        });
    }

    /// Where the panel of a place, a block and a panel of rows lies in a group's packed weights.
    fn panel(&self, place: usize, block: usize, panel: usize) -> std::ops::Range<usize> {
        let (depth, rows) = (self.blocks.part(block), self.panels.part(panel));
        let start =
            place * self.panels.total * self.channels() + depth.start * self.panels.total + rows.start * depth.len();
        start..start + rows.len() * depth.len()
    }

    /// Convolves with packed weights.
    pub(super) fn run<T: Kernel, const NR: usize>(
        &self,
        kernel: T,
        lane: Lane<'_>,
        x: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) {
        let tasks = self.tasks(y);
        lane.spread(tasks, 1, |task| self.compute::<T, NR>(kernel, lane, x, packed, bias, task));
    }

    /// Cuts the work into tasks that own their rows of `y`.
    fn tasks<'a>(&self, y: &'a mut [f32]) -> Vec<Task<'a>> {
        let shape = &self.shape;
        let (p, q, k) = (shape.p(), shape.q(), self.panels.total);
        let split = Split::at_most(shape.n * self.down, self.rows);
        let mut tasks: Vec<Task<'a>> = Vec::with_capacity(split.parts * shape.groups);
        for group in 0..shape.groups {
            for part in 0..split.parts {
                tasks.push(Task { group, rows: split.part(part), planes: Vec::new() });
            }
        }
        for (plane, mut rest) in y.chunks_exact_mut(p * q).enumerate() {
            let (n, group) = (plane / shape.k, plane % shape.k / k);
            let own = n * self.down..(n + 1) * self.down;
            for task in &mut tasks[group * split.parts..][..split.parts] {
                let (from, to) = (task.rows.start.max(own.start), task.rows.end.min(own.end));
                if from < to {
                    let rows = (M * (to - own.start)).min(p) - M * (from - own.start);
                    let (mine, others) = rest.split_at_mut(rows * q);
                    rest = others;
                    task.planes.push(mine);
                }
            }
        }
        tasks
    }

    fn compute<T: Kernel, const NR: usize>(
        &self,
        kernel: T,
        lane: Lane<'_>,
        x: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        mut task: Task<'_>,
    ) {
        let (c, k) = (self.channels(), self.panels.total);
        let tiles = task.rows.len() * self.across;
        let columns = tiles.next_multiple_of(NR.max(L));
        let v_plane = c * columns + PLANE_GAP;
        let m_plane = self.panels.longest() * columns + PLANE_GAP;
        let staged = PLACES * columns + M * self.across + M;
        let mut scratch = lane.scratch(PLACES * (v_plane + m_plane) + staged);
        let (v, rest) = scratch.floats().split_at_mut(PLACES * v_plane);
        let (m, staged) = rest.split_at_mut(PLACES * m_plane);

        // Lanes without a tile, which the stages of all channels leave as they are.
        staged[..PLACES * columns].chunks_exact_mut(columns).for_each(|place| place[tiles..].fill(0.0));
        for channel in 0..c {
            kernel.vectorize(
                #[inline(always)]
                || {
                    self.stage(x, task.group * c + channel, &task.rows, columns, staged);
                    transform_inputs::<NR>(staged, columns, &mut v[channel * NR..], v_plane, c);
                },
            );
        }
        let packed = &packed[task.group * PLACES * k * c..][..PLACES * k * c];
        for panel in 0..self.panels.parts {
            let rows = self.panels.part(panel);
            for place in 0..PLACES {
                let plane = &mut m[place * m_plane..][..rows.len() * columns];
                for block in 0..self.blocks.parts {
                    let depth = self.blocks.part(block);
                    let a = &packed[self.panel(place, block, panel)];
                    let start = if block == 0 { Start::Zero } else { Start::Accumulate };
                    let mut parts = plane.chunks_exact_mut(columns);
                    let mut slices: [&mut [f32]; MR_MAX] = Default::default();
                    slices.iter_mut().for_each(|slice| *slice = parts.next().unwrap_or_default());
                    for (i, b) in
                        v[place * v_plane..][..c * columns].chunks_exact(c * NR).take(tiles.div_ceil(NR)).enumerate()
                    {
                        let b = &b[depth.start * NR..depth.end * NR];
                        let valid = NR.min(tiles - i * NR);
                        kernel.tile(a, b, &mut slices[..rows.len()], i * NR, valid, start);
                    }
                }
            }
            for (r, row) in rows.clone().enumerate() {
                let bias = bias.map_or(0.0, |b| b[task.group * k + row]);
                kernel.vectorize(
                    #[inline(always)]
                    || {
                        transform_outputs(&m[r * columns..], m_plane, columns, bias, staged);
                        self.unstage(staged, columns, row, &mut task);
                    },
                );
            }
        }
    }

    /// Takes the six rows of each row of tiles apart: for each of the 36 inputs of a tile, those of all tiles.
    #[inline(always)]
    fn stage(&self, x: &[f32], channel: usize, rows: &std::ops::Range<usize>, columns: usize, staged: &mut [f32]) {
        let (shape, across) = (&self.shape, self.across);
        let (places, line) = staged.split_at_mut(PLACES * columns);
        let line = &mut line[..M * across + M];
        // Where in a line the input's columns begin, and how many it has.
        let left = shape.pad[1].min(line.len());
        let inside = shape.w.min(line.len() - left);
        for (at, row) in rows.clone().enumerate() {
            let (n, down) = (row / self.down, row % self.down);
            let plane = &x[(n * shape.c + channel) * shape.h * shape.w..][..shape.h * shape.w];
            for i in 0..N {
                let from = (M * down + i).checked_sub(shape.pad[0]).filter(|&y| y < shape.h);
                let outs = &mut places[i * N * columns..][..N * columns];
                let Some(y) = from else {
                    for s in 0..N {
                        outs[s * columns + at * across..][..across].fill(0.0);
                    }
                    continue;
                };
                line[..left].fill(0.0);
                line[left..left + inside].copy_from_slice(&plane[y * shape.w..][..inside]);
                line[left + inside..].fill(0.0);
                let (quads, _) = line.as_chunks::<M>();
                let (first, rest) = outs.split_at_mut(columns);
                let (second, rest) = rest.split_at_mut(columns);
                let (third, rest) = rest.split_at_mut(columns);
                let (fourth, rest) = rest.split_at_mut(columns);
                let (fifth, sixth) = rest.split_at_mut(columns);
                let own = at * across..(at + 1) * across;
                let (first, second) = (&mut first[own.clone()], &mut second[own.clone()]);
                let (third, fourth) = (&mut third[own.clone()], &mut fourth[own.clone()]);
                let (fifth, sixth) = (&mut fifth[own.clone()], &mut sixth[own]);
                for t in 0..across {
                    first[t] = quads[t][0];
                    second[t] = quads[t][1];
                    third[t] = quads[t][2];
                    fourth[t] = quads[t][3];
                }
                // The fifth and sixth column of a tile are the first two of the next.
                fifth[..across - 1].copy_from_slice(&first[1..]);
                sixth[..across - 1].copy_from_slice(&second[1..]);
                fifth[across - 1] = quads[across][0];
                sixth[across - 1] = quads[across][1];
            }
        }
    }

    /// Puts the sixteen outputs of the tiles together to rows of an output channel.
    #[inline(always)]
    fn unstage(&self, staged: &mut [f32], columns: usize, row: usize, task: &mut Task<'_>) {
        let (shape, k) = (&self.shape, self.panels.total);
        let (p, q, across) = (shape.p(), shape.q(), self.across);
        let (places, line) = staged.split_at_mut(PLACES * columns);
        let line = &mut line[..M * across];
        let first = task.rows.start / self.down;
        let mut begun = 0;
        let mut image = first;
        for (at, tile_row) in task.rows.clone().enumerate() {
            let (n, down) = (tile_row / self.down, tile_row % self.down);
            if n != image {
                (image, begun) = (n, 0);
            }
            let plane = &mut task.planes[(n - first) * k + row];
            for i in 0..M.min(p - M * down) {
                let ins = &places[i * M * columns..][..M * columns];
                let part = |j: usize| &ins[j * columns + at * across..][..across];
                let (a, b, c, d) = (part(0), part(1), part(2), part(3));
                let (quads, _) = line.as_chunks_mut::<M>();
                for t in 0..across {
                    quads[t] = [a[t], b[t], c[t], d[t]];
                }
                plane[(begun + i) * q..][..q].copy_from_slice(&line[..q]);
            }
            begun += M;
        }
    }
}

/// A task: the rows of tiles of one group, and the rows of each of its output channels in each image.
struct Task<'a> {
    group: usize,
    /// Counted through all images.
    rows: std::ops::Range<usize>,
    /// Image by image, in each all output channels of the group.
    planes: Vec<&'a mut [f32]>,
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

/// A value of each of [`L`] tiles. Plain loops, which become vector instructions where they are compiled for them.
#[derive(Clone, Copy)]
struct Lanes([f32; L]);

const ZERO: Lanes = Lanes([0.0; L]);

impl Lanes {
    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        match from.first_chunk::<L>() {
            Some(lanes) => Self(*lanes),
            None => ZERO,
        }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        if let Some(lanes) = to.first_chunk_mut::<L>() {
            *lanes = self.0;
        }
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = ZERO;
        for i in 0..L {
            out.0[i] = f(self.0[i], other.0[i]);
        }
        out
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |x, y| x + y)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |x, y| x - y)
    }
}

/// Bᵀ d: the rows are the coefficients of ∏(x − pⱼ) over all points but one, or over all.
#[inline(always)]
fn inputs(d: &[Lanes; N]) -> [Lanes; N] {
    let [d0, d1, d2, d3, d4, d5] = *d;
    let (near_even, near_odd) = (d4.zip(d2, |x, y| x - B2 * y), d3.zip(d1, |x, y| A * (x - B2 * y)));
    let (far_even, far_odd) = (d4.zip(d2, |x, y| x - A2 * y), d3.zip(d1, |x, y| B * (x - A2 * y)));
    [
        d0.add(d4).zip(d2, |x, y| x - (A2 + B2) * y),
        near_even.add(near_odd),
        near_even.sub(near_odd),
        far_even.add(far_odd),
        far_even.sub(far_odd),
        d1.add(d5).zip(d3, |x, y| x - (A2 + B2) * y),
    ]
}

/// Aᵀ m: row i has the points to the power of i.
#[inline(always)]
fn outputs(m: &[Lanes; N]) -> [Lanes; M] {
    let [m0, m1, m2, m3, m4, m5] = *m;
    let (near_sum, near_difference) = (m1.add(m2), m1.sub(m2));
    let (far_sum, far_difference) = (m3.add(m4), m3.sub(m4));
    [
        m0.add(near_sum).add(far_sum),
        near_difference.zip(far_difference, |x, y| A * x + B * y),
        near_sum.zip(far_sum, |x, y| A2 * x + B2 * y),
        near_difference.zip(far_difference, |x, y| A * A2 * x + B * B2 * y).add(m5),
    ]
}

/// Column `s` of the 36 planes, of the tiles from `t` on.
#[inline(always)]
fn column(planes: &[f32], plane: usize, s: usize, t: usize) -> [Lanes; N] {
    let mut column = [ZERO; N];
    for (i, lanes) in column.iter_mut().enumerate() {
        *lanes = Lanes::load(&planes[(i * N + s) * plane + t..]);
    }
    column
}

/// Bᵀ d B for every tile of one channel, into its row of each panel of V: `v` begins at the channel in the first panel.
#[inline(always)]
fn transform_inputs<const NR: usize>(staged: &[f32], columns: usize, v: &mut [f32], v_plane: usize, channels: usize) {
    for t in (0..columns).step_by(L) {
        let mut half = [[ZERO; N]; N];
        for s in 0..N {
            let column = inputs(&column(staged, columns, s, t));
            for (row, lanes) in half.iter_mut().zip(column) {
                row[s] = lanes;
            }
        }
        // Where the vector's first tile lies in its panel; a panel may be shorter than a vector.
        let at = t / NR * channels * NR + t % NR;
        for (i, row) in half.iter().enumerate() {
            for (j, lanes) in inputs(row).into_iter().enumerate() {
                let to = &mut v[(i * N + j) * v_plane + at..];
                if NR >= L {
                    lanes.store(to);
                } else {
                    for (part, values) in lanes.0.chunks_exact(NR).enumerate() {
                        to[part * channels * NR..][..NR].copy_from_slice(values);
                    }
                }
            }
        }
    }
}

/// Aᵀ m A plus the bias for every tile of one output channel: for each of a tile's outputs, those of all tiles.
#[inline(always)]
fn transform_outputs(m: &[f32], m_plane: usize, columns: usize, bias: f32, staged: &mut [f32]) {
    let bias = Lanes([bias; L]);
    for t in (0..columns).step_by(L) {
        let mut half = [[ZERO; N]; M];
        for s in 0..N {
            let column = outputs(&column(m, m_plane, s, t));
            for (row, lanes) in half.iter_mut().zip(column) {
                row[s] = lanes;
            }
        }
        for (i, row) in half.iter().enumerate() {
            for (j, lanes) in outputs(row).into_iter().enumerate() {
                lanes.add(bias).store(&mut staged[(i * M + j) * columns + t..]);
            }
        }
    }
}
