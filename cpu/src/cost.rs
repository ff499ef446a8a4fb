//! What an algorithm costs for a shape: counts of what it does, times what each of them takes on an instruction set.
//!
//! The unit of a cost is the time that one thread takes for one FMA of one lane at its peak; twice a cost over the peak of
//! [`peak::fma_gflops`](crate::peak::fma_gflops) is a time. Costs are linear in [`Work`], with coefficients a method and an
//! instruction set ([`Coefficients`]), which come from measurements: `tune conv2d --json` has each algorithm's work and its
//! measured time, and `tools/fit_costs.py` finds the coefficients, within bounds that make sense, whose predictions have the
//! least squared relative error over them. Those below are of the layers of three networks on a Sapphire Rapids server core of
//! 2 MiB of second level cache (those of ways that none of them takes are of a Skylake's): half of the predictions were within a
//! fifteenth of the time, and the algorithms chosen by them took up to 1 % longer than the fastest, in the geometric mean.
//!
//! What the counts know and a rule of thumb does not: lanes that are idle in the last vector of a map, tiles of too few
//! accumulators for two pipes of four cycles or too few FMAs for their loads, taps in the padding, the weights' way from
//! beyond the second level (which for maps of few pixels is all that counts, and where F(2×2) has 16 for F(4×4)'s 36).
//!
//! Costs are of one thread: the share of the work that several can take differs little from algorithm to algorithm.

use super::conv2d::{Algorithm, kind};
use super::dispatch::{Sizes, sizes};
use super::product::{DEPTH, Kind, PACK, PART_FLOPS, most_rows, with_extra};
use super::stage::Stage;
use super::winograd::Edge;
use super::{Conv2dShape, CpuError, Isa, depthwise, direct, winograd};

/// Floats that stay in a second level cache of 1 MiB beside what else is in it.
const NEAR_FLOATS: usize = 128 << 10;
/// Floats of such a cache.
const CACHE_FLOATS: usize = 256 << 10;
/// Most times that columns apart cost what columns side by side do: a line each.
const APART: usize = 4;

/// What an algorithm does for a shape, in counts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Work {
    /// FMAs of lanes, idle ones included, and as many more as could have been done while a tile waited for its own
    /// accumulators or loads.
    pub fmas: f64,
    /// Floats of the input that are laid out, gathered, or made by a transform.
    pub inputs: f64,
    /// Floats that sums or transforms of outputs write or read again.
    pub outputs: f64,
    /// Floats of the weights that come from beyond the second level cache, each time that they do.
    pub weights: f64,
    /// Floats of input and output, where they are more than a second level cache has.
    pub moved: f64,
    /// Calls of the micro-kernel, or vectors of outputs where there is none.
    pub tiles: f64,
}

impl Work {
    /// As an array, in the order of the fields.
    pub fn counts(&self) -> [f64; 6] {
        [self.fmas, self.inputs, self.outputs, self.weights, self.moved, self.tiles]
    }
}

/// What one of each of [`Work`]'s counts takes, and a call by itself, in FMAs of one lane at the peak.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Coefficients {
    /// For each of [`Work::counts`].
    pub each: [f64; 6],
    /// A call.
    pub call: f64,
}

/// An algorithm's way to do a shape, where ways differ in what their counts take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `Gemm` on an image in place.
    InPlace,
    /// `Gemm` on strips.
    Staged,
    /// `Gemm` on panels of patches.
    Packed,
    /// `Winograd2`.
    Winograd2,
    /// `Winograd4`.
    Winograd4,
    /// `Depthwise` with a kernel whose taps are unrolled.
    Window,
    /// `Depthwise` with any other.
    Taps,
    /// `Direct`.
    Direct,
}

impl Method {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::InPlace,
        Self::Staged,
        Self::Packed,
        Self::Winograd2,
        Self::Winograd4,
        Self::Window,
        Self::Taps,
        Self::Direct,
    ];

    /// The name: `gemm-in-place`, `gemm-staged`, `gemm-packed`, `winograd2`, `winograd4`, `depthwise-window`,
    /// `depthwise-taps` or `direct`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InPlace => "gemm-in-place",
            Self::Staged => "gemm-staged",
            Self::Packed => "gemm-packed",
            Self::Winograd2 => "winograd2",
            Self::Winograd4 => "winograd4",
            Self::Window => "depthwise-window",
            Self::Taps => "depthwise-taps",
            Self::Direct => "direct",
        }
    }
}

/// An algorithm that can do a shape, with what it would cost.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Candidate {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Its way to do the shape.
    pub method: Method,
    /// What it does.
    pub work: Work,
    /// In FMAs of one lane at a thread's peak.
    pub cost: f64,
    /// [`Algorithm::error_bound`].
    pub error_bound: f64,
}

impl Candidate {
    /// The seconds that it should take on one thread with this peak of multiply-adds, in GFLOPS.
    pub fn seconds(&self, peak_gflops: f64) -> f64 {
        2e-9 * self.cost / peak_gflops
    }
}

/// The coefficients of a method on an instruction set.
pub fn coefficients(isa: Isa, method: Method) -> Coefficients {
    let table = match isa {
        Isa::Avx512 => &AVX512,
        // NEON's and the portable kernels weren't measured: what they do beside multiplying is taken to cost as much as with
        // AVX2.
        Isa::Avx2 | Isa::Neon | Isa::Portable => &AVX2,
    };
    let [each @ .., call] = table[method as usize];
    Coefficients { each, call }
}

/// By [`Method`]: FMA, input, output, weight, moved, tile, call.
const AVX512: [[f64; 7]; 8] = [
    // gemm-in-place
    [1.21, 1.93, 4.45, 0.319, 2.85, 0.0, 1000.0],
    // gemm-staged
    [1.21, 10.3, 3.81, 0.0, 0.0, 2250.0, 1000.0],
    // gemm-packed
    [1.46, 20.9, 0.0, 0.524, 0.0, 20000.0, 100000.0],
    // winograd2
    [1.15, 29.1, 0.0, 9.52, 0.0, 8300.0, 1000.0],
    // winograd4
    [1.0, 26.5, 0.0, 17.0, 6.93, 8600.0, 1000.0],
    // depthwise-window
    [1.0, 6.96, 5.75, 0.1, 2.44, 0.0, 100000.0],
    // depthwise-taps
    [4.0, 210.0, 51.6, 0.1, 0.1, 0.0, 1000.0],
    // direct, less 4 %: where the fit is in doubt, it is the faster one
    [1.17, 24.6, 9.2, 2.86, 13.6, 4980.0, 1000.0],
];

/// By [`Method`]: FMA, input, output, weight, moved, tile, call.
const AVX2: [[f64; 7]; 8] = [
    // gemm-in-place
    [1.12, 0.0, 27.8, 0.276, 3.99, 0.0, 1000.0],
    // gemm-staged
    [1.0, 7.97, 22.5, 0.347, 0.0, 0.0, 100000.0],
    // gemm-packed
    [2.0, 0.0, 0.0, 1.47, 0.0, 0.0, 1000.0],
    // winograd2
    [1.11, 33.6, 0.0, 3.83, 0.0, 3310.0, 100000.0],
    // winograd4
    [1.0, 31.2, 0.0, 15.3, 9.27, 3200.0, 1000.0],
    // depthwise-window
    [1.39, 5.49, 0.0, 0.1, 0.0, 18.1, 100000.0],
    // depthwise-taps
    [4.0, 49.7, 300.0, 0.1, 0.1, 3090.0, 1000.0],
    // direct
    [1.06, 17.9, 1.92, 0.0, 23.5, 2940.0, 1000.0],
];

/// How many times the FMAs' own time a tile of so many rows and vectors takes: two pipes of four cycles want eight
/// accumulators, and two loads a cycle bring a vector or a row's float each.
fn pace(rows: f64, vectors: f64) -> f64 {
    let fmas = rows * vectors;
    (8.0 / fmas).max((rows + vectors) / fmas).max(1.0)
}

/// Things dealt out evenly into the fewest parts of at most `most`: how many parts, and how much one has.
fn dealt(total: usize, most: usize) -> (f64, f64) {
    let parts = total.div_ceil(most.max(1)).max(1) as f64;
    (parts, total as f64 / parts)
}

/// `floats` of weights that are gone through so many times: those that stay near cost nothing.
fn far(floats: f64, times: f64) -> f64 {
    if floats > NEAR_FLOATS as f64 { floats * times } else { 0.0 }
}

/// How many lines of the input a line of columns comes from.
fn apart(shape: &Conv2dShape) -> usize {
    shape.stride[1].min(APART)
}

fn gemm(shape: &Conv2dShape, sizes: Sizes) -> (Method, Work) {
    let Sizes { mr, nr, lanes, extra, .. } = sizes;
    let (rows, channels) = (shape.k / shape.groups, shape.c / shape.groups);
    let (taps, pixels) = (channels * shape.r * shape.s, shape.p() * shape.q());
    let (method, columns, laid_out) = match kind(shape) {
        Kind::InPlace => (Method::InPlace, pixels, (taps * pixels) as f64),
        Kind::Packed => (Method::Packed, pixels, (taps * pixels) as f64),
        Kind::Staged { q, pitch, .. } => {
            let residues = shape.stride[0].min(shape.r) * shape.stride[1].min(shape.s);
            let plane = (shape.p() * pitch) as f64;
            (Method::Staged, (shape.p() - 1) * pitch + q, channels as f64 * plane * (residues * apart(shape)) as f64)
        }
    };
    let count = (shape.n * shape.groups) as f64;
    let (panels, height) = dealt(rows, mr);
    let vectors = columns.div_ceil(lanes);
    let in_place = matches!(method, Method::InPlace);
    let (column_panels, width, computed) = match with_extra(columns, Sizes { extra: extra && in_place, ..sizes }) {
        // An extra column takes a vector for all its rows, as two columns do.
        Some(panels) => (panels as f64, (nr / lanes) as f64, (panels * (nr + 2)) as f64),
        None => {
            let (panels, width) = dealt(vectors, nr / lanes);
            (panels, width, (vectors * lanes) as f64)
        }
    };
    let (ranges, _) = dealt(rows, most_rows());
    let (blocks, _) = dealt(taps, DEPTH);
    let a = (rows * taps) as f64;
    let parts = (2.0 * a * columns as f64 / PART_FLOPS as f64).ceil();
    // Columns of strips are copied together, or most of them.
    let copied = if matches!(method, Method::Staged) { PACK * (mr * taps) as f64 } else { 0.0 };
    let work = Work {
        fmas: count * (a + copied * ranges) * computed * pace(height, width),
        inputs: count * laid_out * ranges,
        outputs: count * (rows * columns) as f64 * blocks,
        weights: far(a * shape.groups as f64, shape.n as f64 * parts),
        tiles: count * panels * column_panels * blocks,
        ..Work::default()
    };
    (method, work)
}

fn of_winograd(edge: Edge, shape: &Conv2dShape, Sizes { mr, nr, lanes, .. }: Sizes) -> Work {
    let (c, k, groups) = (shape.c / shape.groups, shape.k / shape.groups, shape.groups as f64);
    let places = edge.places() as f64;
    let vectors = winograd::tiles(edge, shape).div_ceil(lanes);
    let (chunks, of_chunk) = dealt(vectors, edge.chunk() / lanes);
    let (column_panels, width) = dealt(of_chunk.ceil() as usize, nr / lanes);
    let (panels, height) = dealt(k, mr);
    let (blocks, _) = dealt(c, DEPTH);
    let tiles = (vectors * lanes) as f64;
    let weights = places * (c * k) as f64;
    Work {
        fmas: groups * tiles * weights * pace(height, width),
        inputs: groups * tiles * places * c as f64,
        outputs: groups * tiles * places * k as f64 * blocks,
        weights: far(weights * groups, chunks),
        tiles: groups * chunks * column_panels * places * panels * blocks,
        ..Work::default()
    }
}

fn of_direct(shape: &Conv2dShape, sizes: Sizes) -> Work {
    let Sizes { mr, nr, lanes, .. } = sizes;
    let most = direct::most_pixels(shape, sizes);
    let (c, k) = (shape.c / shape.groups, shape.k / shape.groups);
    let count = (shape.n * shape.groups) as f64;
    let vectors = k.div_ceil(lanes);
    let (channel_panels, width) = dealt(vectors, nr / lanes);
    let (across, height) = dealt(shape.q(), most);
    // Tiles of one vector are computed two at a time where they are higher than others.
    let paced = if most > mr { 2.0 * height } else { height };
    let (ranges, _) = dealt(channel_panels as usize, direct::CHANNEL_PANELS);
    let (blocks, _) = dealt(c, (direct::TAPS / (shape.r * shape.s)).max(1));
    // Without those in the padding; a panel has some more.
    let [down, over] = [0, 1].map(|axis| direct::taps_of_all(shape, axis) as f64);
    let taps = c as f64 * down * over / shape.q() as f64;
    let panels = (shape.p() as f64) * across;
    let (runs, _) = dealt((panels * shape.n as f64) as usize, direct::PIXELS / mr);
    // Strips of as many rows as a run has pixels for.
    let (strips, rows) = dealt(shape.p(), (direct::PIXELS / shape.q()).max(1));
    let laid_out = strips * (rows + Stage::reach(shape) as f64) * Stage::row_len(shape) as f64;
    Work {
        fmas: count * taps * (shape.q() * vectors * lanes) as f64 * pace(paced, width),
        inputs: count * laid_out * ranges,
        outputs: count * (shape.p() * shape.q() * k) as f64,
        weights: far((shape.groups * vectors * lanes * c * shape.r * shape.s) as f64, runs),
        tiles: count * panels * channel_panels * blocks,
        ..Work::default()
    }
}

fn of_depthwise(shape: &Conv2dShape, lanes: usize) -> (Method, Work) {
    let planes = (shape.n * shape.k) as f64;
    let (p, q) = (shape.p(), shape.q());
    let (method, halves) = match depthwise::is_window(shape) {
        true if 2 * q <= lanes && shape.w < lanes => (Method::Window, 0.5),
        true => (Method::Window, 1.0),
        false => (Method::Taps, 1.0),
    };
    let loads = if method == Method::Taps { apart(shape) } else { 1 };
    let vectors = (p * q.div_ceil(lanes)) as f64 * halves;
    let work = Work {
        fmas: planes * vectors * (lanes * shape.r * shape.s * loads) as f64,
        inputs: planes * (shape.h * shape.w) as f64,
        outputs: planes * (p * q) as f64,
        weights: 0.0,
        tiles: planes * vectors,
        ..Work::default()
    };
    (method, work)
}

/// An algorithm that can do a valid shape, with its cost on an instruction set.
pub(super) fn candidate(isa: Isa, shape: &Conv2dShape, algorithm: Algorithm) -> Result<Candidate, CpuError> {
    let sizes = sizes(isa)?;
    let (method, mut work) = match algorithm {
        Algorithm::Gemm => gemm(shape, sizes),
        Algorithm::Winograd2 => (Method::Winograd2, of_winograd(Edge::Two, shape, sizes)),
        Algorithm::Winograd4 => (Method::Winograd4, of_winograd(Edge::Four, shape, sizes)),
        Algorithm::Depthwise => of_depthwise(shape, sizes.lanes),
        Algorithm::Direct => (Method::Direct, of_direct(shape, sizes)),
    };
    let moved = shape.input_len() + shape.output_len();
    work.moved = if moved > CACHE_FLOATS { moved as f64 } else { 0.0 };
    let Coefficients { each, call } = coefficients(isa, method);
    let cost = call + work.counts().iter().zip(each).map(|(count, each)| count * each).sum::<f64>();
    Ok(Candidate { algorithm, method, work, cost, error_bound: algorithm.error_bound(shape) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Accuracy, Conv2d, tests::engine};

    /// Counted one by one, where [`direct::taps_of_all`] computes.
    #[test]
    fn taps_in_the_padding_are_not_counted() {
        for (h, r, stride, pad, dilation) in [(7, 3, 1, 1, 1), (33, 3, 1, 12, 12), (9, 4, 2, 5, 3), (5, 2, 3, 20, 1)] {
            let shape = Conv2dShape::new(1, 1, h, h + 4, 1, r, r).stride(stride).pad(pad).dilation(dilation);
            shape.validate().unwrap();
            for (axis, size, outputs) in [(0, h, shape.p()), (1, h + 4, shape.q())] {
                let inside = |at: usize, tap: usize| (pad..size + pad).contains(&(at * stride + tap * dilation));
                let all = (0..outputs).flat_map(|at| (0..r).map(move |tap| (at, tap)));
                let taps = all.filter(|&(at, tap)| inside(at, tap)).count();
                assert_eq!(direct::taps_of_all(&shape, axis), taps, "{shape:?}");
            }
        }
    }

    #[test]
    fn candidates_are_those_that_can_and_may() {
        let wide = Conv2dShape::new(1, 2048, 14, 14, 64, 3, 3).pad(1);
        let depthwise = Conv2dShape::new(2, 32, 28, 28, 32, 5, 5).pad(2).groups(32);
        for isa in crate::available() {
            let engine = engine(1, isa);
            let names = |shape, accuracy| {
                let all = Conv2d::candidates(&engine, shape, accuracy).unwrap();
                assert!(all.windows(2).all(|pair| pair[0].cost <= pair[1].cost), "the cheapest goes first");
                assert!(all.iter().all(|c| c.cost.is_finite() && c.cost > 0.0 && c.error_bound > 0.0));
                let chosen = Conv2d::within(&engine, shape, accuracy).unwrap().algorithm();
                assert_eq!(chosen, all[0].algorithm, "{isa}");
                let mut names: Vec<_> = all.iter().map(|c| c.algorithm.name()).collect();
                names.sort_unstable();
                names.join(" ")
            };
            assert_eq!(names(wide, Accuracy::Exact), "direct gemm");
            // The bound of F(4×4) goes beyond 1e-5 with so many channels.
            assert_eq!(names(wide, Accuracy::Default), "direct gemm winograd2");
            assert_eq!(names(wide, Accuracy::Fast), "direct gemm winograd2 winograd4");
            assert_eq!(names(depthwise, Accuracy::Default), "depthwise direct gemm");
        }
    }

    #[test]
    fn shapes_near_overflow_have_a_cost() {
        let shapes = [
            Conv2dShape::new(1, 1, 2_000_000_000, 1, 1, 3, 1).pad(1),
            Conv2dShape::new(1, 1, 400_000_000, 400_000_000, 1, 3, 3),
            Conv2dShape {
                dilation: [1, 1_000_000_000],
                pad: [0, 1_000_000_000],
                ..Conv2dShape::new(1, 3, 2, 5, 4, 1, 2)
            },
        ];
        let engine = engine(1, Isa::Portable);
        for shape in shapes {
            shape.validate().unwrap();
            let all = Conv2d::candidates(&engine, shape, Accuracy::Fast).unwrap();
            assert!(all.iter().all(|c| c.cost.is_finite()), "{all:?}");
        }
    }
}
