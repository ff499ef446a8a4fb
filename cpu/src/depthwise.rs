//! Convolutions of one input channel a group: depthwise, with any number of output channels for each input.
//!
//! A matrix product would have one row, and its packing would cost more than its sums. So the input is read where it lies:
//! a vector is a run of output columns, and what a tap adds to it is a run of an input row.
//!
//! ```text
//! tasks, in parallel     some planes (image, output channel), or some bands of a large one
//!   bands                  output rows whose input fits a first level cache
//!     vectors                1 or 2 runs of output columns; the last one ends with the row, and overlaps the one before
//!       input rows             loaded once for each kernel column
//!         output rows            sums of the R / stride rows that read it, which stay in registers as the weights do
//! ```
//!
//! Three ways, all with the same sums in the same order: bias, then taps by r and s.
//!
//! * [`window`]: kernels of 3×3, 5×5 and 7×7, some at stride 2, 3×3 at any dilation, as above. At stride 2 two vectors of
//!   the input are taken apart. Columns outside the input are masked out of the loads, which puts zeros there; rows outside
//!   are left out, for which weights have to be finite.
//! * [`window`] with two planes in one vector, where an output row fills half of one at most. A permutation of their two
//!   input rows makes what a kernel column reads.
//! * [`taps`]: any kernel, and weights that aren't finite. Each tap loads anew, and multiplies the padding too.
//!
//! At 3×3 and stride 1 an output vector takes nine FMAs, three loads and a store, most of which straddle two cache lines:
//! 4.5 cycles against 4. What is beyond the second level cache costs more than that, so that it is fetched ahead.
#![allow(unsafe_code)]

use super::activation::{Activation, AtLeast, Between, Kind, Plain};
use super::denormal;
use super::engine::{Lane, Scratch};
use super::matrix::{Shared, Split, Turns};
use super::simd::{MAX_LANES, Simd};
use crate::Conv2dShape;

mod taps;
#[cfg(test)]
mod tests;
mod window;

use taps::Taps;
use window::Window;

/// Work that is worth a task of its own: some 5 to 10 µs.
const TASK_FLOPS: usize = 256 << 10;
/// Work that is done before a pool wakes up, in some 10 µs.
const INLINE_FLOPS: u64 = 384 << 10;
/// Floats of a band's input rows: of a first level cache of 32 KiB.
const BAND_FLOATS: usize = 3 << 10;
/// Floats that a second level cache of 1 MiB holds beside what else is in it: those beyond are worth fetching ahead.
const NEAR_FLOATS: usize = 192 << 10;

/// The plan of one shape.
#[derive(Debug, Clone)]
pub(super) struct Depthwise {
    shape: Conv2dShape,
    /// Pixels P·Q and columns Q of an output plane.
    pixels: usize,
    q: usize,
    /// Output channels of an input channel.
    multiplier: usize,
    form: Option<Form>,
    /// Input and output are larger than [`NEAR_FLOATS`].
    far: bool,
    /// An output row is at most half a vector.
    narrow: bool,
    /// Runs of output columns.
    vectors: Vec<Vector>,
    /// Runs of output rows.
    bands: Vec<Band>,
    /// For each kernel column the lanes of two input rows, for `narrow`.
    lanes: Vec<[u32; MAX_LANES]>,
    activation: Activation,
}

/// Kernels whose taps are unrolled: rows and columns of the kernel, and the stride.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    K3S1,
    K3Dilated,
    K3S2,
    K5S1,
    K5S2,
    K7S1,
}

/// Most loads of a [`Vector`] from an input row: two for each kernel column at stride 1 or pair of them at stride 2.
const LOADS: usize = 8;

/// A run of output columns, a vector long or to the end of the row.
#[derive(Debug, Clone, Copy)]
struct Vector {
    column: usize,
    /// Every load is within the input row.
    whole: bool,
    /// The lanes that are, for each load.
    masks: [u32; LOADS],
}

/// A run of output rows that read input rows of one distance: adjacent ones, at a dilation of d every d-th.
#[derive(Debug, Clone, Copy)]
struct Band {
    /// How many rows.
    height: usize,
    /// The first of them, and the input row that its first tap reads, which may be outside.
    out: usize,
    row: isize,
    /// Which of the input rows from there on are inside.
    inside: (usize, usize),
    /// Steps of [`window`] before those whose rows are inside and that end an output row, and how many turns of those.
    head: usize,
    turns: usize,
}

impl Form {
    fn of(shape: &Conv2dShape) -> Option<Self> {
        // At stride 2 a dilation would take other columns and rows together.
        match (shape.r, shape.s, shape.stride, shape.dilation) {
            (3, 3, [1, 1], [1, 1]) => Some(Self::K3S1),
            (3, 3, [1, 1], _) => Some(Self::K3Dilated),
            (5, 5, [1, 1], [1, 1]) => Some(Self::K5S1),
            (7, 7, [1, 1], [1, 1]) => Some(Self::K7S1),
            (3, 3, [2, 2], [1, 1]) => Some(Self::K3S2),
            (5, 5, [2, 2], [1, 1]) => Some(Self::K5S2),
            _ => None,
        }
    }
}

/// Whether a shape has one input channel a group.
pub(super) fn fits(shape: &Conv2dShape) -> bool {
    shape.c == shape.groups
}

/// Whether the kernel's taps are unrolled.
pub(super) fn is_window(shape: &Conv2dShape) -> bool {
    Form::of(shape).is_some()
}

/// The error that it may make, relative to max|y|: that of one sum in order.
pub(super) fn error_bound(shape: &Conv2dShape) -> f64 {
    1.2e-7 * ((shape.r * shape.s) as f64).sqrt().max(8.0)
}

/// Some planes, or some bands of one.
struct Task<'a> {
    plane: usize,
    bands: std::ops::Range<usize>,
    /// The first output row of `y`.
    row: usize,
    y: &'a mut [f32],
}

/// What all tasks read.
#[derive(Clone, Copy)]
struct Tensors<'a> {
    /// From input plane `first` on.
    x: &'a [f32],
    first: usize,
    w: &'a [f32],
    bias: Option<&'a [f32]>,
    /// Every weight is.
    finite: bool,
}

impl Depthwise {
    /// The plan of a valid shape that [`fits`], for vectors of `l` lanes.
    pub(super) fn new(shape: Conv2dShape, l: usize) -> Self {
        let (p, q) = (shape.p(), shape.q());
        let form = Form::of(&shape);
        let column = |i: usize| if q < l { 0 } else { (i * l).min(q - l) };
        let vectors: Vec<_> = (0..q.div_ceil(l)).map(|i| Vector::new(&shape, l, column(i), form.is_some())).collect();
        // The last lane of a row is a zero: the one that padding is taken from.
        let narrow = form.is_some() && 2 * q <= l && shape.w < l;
        let lanes = (0..if narrow { shape.s } else { 0 }).map(|s| narrow_lanes(&shape, l, s)).collect();
        let far = shape.input_len() + shape.output_len() > NEAR_FLOATS;
        // What is fetched ahead takes its part of the cache.
        let band_floats = if far { BAND_FLOATS / 3 * 2 } else { BAND_FLOATS };
        let bands = bands(&shape, form, p, (band_floats / shape.w).max(14));
        Self {
            shape,
            far,
            pixels: p * q,
            q,
            multiplier: shape.k / shape.c,
            form,
            narrow,
            vectors,
            bands,
            lanes,
            activation: Activation::IDENTITY,
        }
    }

    pub(super) fn set_activation(&mut self, activation: Activation) {
        self.activation = activation;
    }

    /// Convolves all planes.
    pub(super) fn run<T: Simd>(
        &self,
        simd: T,
        lane: Lane<'_>,
        x: &[f32],
        w: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) {
        let finite = simd.vectorize(
            #[inline(always)]
            || w.iter().fold(0, |most, w| most.max(w.to_bits() & 0x7fff_ffff)) < f32::INFINITY.to_bits(),
        );
        let tensors = Tensors { x, first: 0, w, bias, finite };
        let shape = &self.shape;
        let (pixels, q) = (self.pixels, self.q);
        let flops = (2 * pixels).saturating_mul(shape.r * shape.s);
        let planes = (TASK_FLOPS / flops).max(1);
        // Bands of a dilated convolution are interleaved.
        let parts = if planes > 1 || shape.dilation[0] > 1 { 1 } else { flops / TASK_FLOPS };
        let bands = if parts > 1 { self.bands.len().div_ceil(parts).max(1) } else { self.bands.len().max(1) };
        let of_planes = self.bands.len().div_ceil(bands).max(1);
        let count = y.len().div_ceil(planes * pixels).saturating_mul(of_planes);
        let parallel = if shape.flops() > INLINE_FLOPS { count } else { 1 };
        let (len, y) = (y.len(), Shared::new(y));
        let turns = Turns::new(count, lane.threads().min(parallel));
        lane.share(parallel, |lane| {
            while let Some(i) = turns.take(lane.thread()) {
                let (plane, first) = (i / of_planes * planes, i % of_planes * bands);
                let end = (first + bands).min(self.bands.len());
                let row = |band: usize| if band == 0 { 0 } else { self.bands[band].out };
                let last = if end == self.bands.len() { planes * pixels } else { row(end) * q };
                let own = plane * pixels + row(first) * q..(plane * pixels + last).min(len);
                // SAFETY: they lie within the output, as `at` asserts; no two tasks have one in common, and each is taken once.
                let y = unsafe { std::slice::from_raw_parts_mut(y.at(own.start, own.len()), own.len()) };
                self.compute(simd, lane, tensors, Task { plane, bands: first..end, row: row(first), y });
            }
        });
    }

    fn compute<T: Simd>(&self, simd: T, lane: Lane<'_>, tensors: Tensors<'_>, mut task: Task<'_>) {
        // To look for denormals takes a sixth of the time, so that it is done once the processor has met one. A task's result is
        // the same either way.
        if !lane.met_denormals() {
            denormal::forget();
            self.planes(simd, tensors, &mut task);
            if !denormal::met() {
                return;
            }
            lane.meet_denormals();
        }
        match self.flushed(simd, lane, &tensors, &task) {
            Some((first, mut clean)) => {
                self.planes(simd, Tensors { x: clean.floats(), first, ..tensors }, &mut task);
            }
            None => self.planes(simd, tensors, &mut task),
        }
    }

    fn planes<T: Simd>(&self, simd: T, tensors: Tensors<'_>, task: &mut Task<'_>) {
        let bands = &self.bands[task.bands.clone()];
        if let Some(form) = self.form.filter(|_| tensors.finite) {
            let (plane, row, y) = (task.plane, task.row, &mut *task.y);
            return form.run(simd, &mut Window { depthwise: self, tensors, plane, row, bands, y });
        }
        let taps = Taps::new(self, tensors);
        for (i, y) in task.y.chunks_mut(self.pixels).enumerate() {
            taps.plane(simd, task.plane + i, task.row, y);
        }
    }

    /// The input planes of a task without denormals, and which is the first, where what it reads of them has some.
    fn flushed<'e, T: Simd>(
        &self,
        simd: T,
        lane: Lane<'e>,
        tensors: &Tensors<'_>,
        task: &Task<'_>,
    ) -> Option<(usize, Scratch<'e>)> {
        let shape = &self.shape;
        let planes = self.source(task.plane)..self.source(task.plane + (task.y.len() - 1) / self.pixels) + 1;
        // Those of the rows that none of the bands reads are none of its business.
        let row = |band: Option<&Band>, reach: usize, none: usize| {
            band.map_or(none, |band| (band.row.max(0) as usize + reach).min(shape.h))
        };
        let rows = match task.bands.start {
            0 => 0,
            start => row(self.bands.get(start), 0, 0),
        }..row(self.bands.get(task.bands.end), (shape.r - 1) * shape.dilation[0], shape.h);
        let size = shape.h * shape.w;
        let read = |plane: usize| &tensors.x[plane * size..][rows.start * shape.w..rows.end * shape.w];
        if !planes.clone().any(|plane| denormal::any(simd, read(plane))) {
            return None;
        }
        let mut scratch = lane.scratch(planes.len() * size);
        denormal::flush(&tensors.x[planes.start * size..planes.end * size], scratch.floats());
        Some((planes.start, scratch))
    }

    /// The input plane that an output plane reads, as its index among those of all images.
    #[inline(always)]
    fn source(&self, plane: usize) -> usize {
        if self.multiplier == 1 { plane } else { plane / self.multiplier }
    }
}

impl Form {
    /// Computes a window with the kernel's size, the stride and the kind of activation made constants.
    fn run<T: Simd>(self, simd: T, window: &mut Window<'_>) {
        macro_rules! finish {
            ($r:literal, $stride:literal, $rows:literal, $dilated:literal, $finish:expr) => {
                if window.depthwise.narrow {
                    simd.vectorize(
                        #[inline(always)]
                        || window.narrow::<T, _, $r, $stride, $rows>(simd, $finish),
                    )
                } else if let [_] = window.depthwise.vectors[..] {
                    simd.vectorize(
                        #[inline(always)]
                        || window.single::<T, _, $r, $stride, $rows, $dilated>(simd, $finish),
                    )
                } else {
                    simd.vectorize(
                        #[inline(always)]
                        || window.wide::<T, _, $r, $stride, $rows, $dilated>(simd, $finish),
                    )
                }
            };
        }
        macro_rules! call {
            ($r:literal, $stride:literal, $rows:literal, $dilated:literal) => {
                match window.depthwise.activation.kind() {
                    Kind::Identity => finish!($r, $stride, $rows, $dilated, Plain),
                    Kind::AtLeast(low) => finish!($r, $stride, $rows, $dilated, AtLeast(simd.splat(low))),
                    Kind::Between(low, high) => {
                        finish!($r, $stride, $rows, $dilated, Between(simd.splat(low), simd.splat(high)))
                    }
                }
            };
        }
        match self {
            Self::K3S1 => call!(3, 1, 3, false),
            Self::K3Dilated => call!(3, 1, 3, true),
            Self::K3S2 => call!(3, 2, 2, false),
            Self::K5S1 => call!(5, 1, 5, false),
            Self::K5S2 => call!(5, 2, 3, false),
            Self::K7S1 => call!(7, 1, 7, false),
        }
    }

    /// Rows and columns of the kernel, its stride, and whether it may be dilated.
    fn kernel(self) -> (usize, usize, bool) {
        match self {
            Self::K3S1 => (3, 1, false),
            Self::K3Dilated => (3, 1, true),
            Self::K3S2 => (3, 2, false),
            Self::K5S1 => (5, 1, false),
            Self::K5S2 => (5, 2, false),
            Self::K7S1 => (7, 1, false),
        }
    }
}

impl Vector {
    fn new(shape: &Conv2dShape, lanes: usize, column: usize, unrolled: bool) -> Self {
        let mut vector = Self { column, whole: true, masks: [0; LOADS] };
        if unrolled {
            let first = (column * shape.stride[1]) as isize - shape.pad[1] as isize;
            let loads = if shape.stride[1] == 1 { shape.s } else { shape.s.div_ceil(2) * 2 };
            for (i, mask) in vector.masks[..loads].iter_mut().enumerate() {
                // At stride 2 loads 2h and 2h + 1 are of the two vectors from tap 2h on, or for a last tap from the one before.
                let at = match shape.stride[1] {
                    1 => i * shape.dilation[1],
                    _ => (i / 2 * 2).min(shape.s - 2) + i % 2 * lanes,
                };
                *mask = inside(first + at as isize, 1, shape.w, lanes);
                vector.whole &= *mask == u32::MAX >> (32 - lanes);
            }
        }
        vector
    }
}

/// Which lanes of a vector whose lane i is column `first + i·step` are in a row of `width`.
#[inline(always)]
fn inside(first: isize, step: usize, width: usize, lanes: usize) -> u32 {
    // Columns are below 2^32 in size, steps below 2^31.
    let before = usize::try_from(-first).unwrap_or(0);
    let end = usize::try_from(width as isize - first).unwrap_or(0);
    let (before, end) = if step == 1 { (before, end) } else { (before.div_ceil(step), end.div_ceil(step)) };
    let low = |n: usize| ((1u64 << n.min(lanes)) - 1) as u32;
    low(end) & !low(before)
}

/// For two planes in one vector of `l` lanes: where kernel column `s` finds its columns in two loaded rows.
fn narrow_lanes(shape: &Conv2dShape, l: usize, s: usize) -> [u32; MAX_LANES] {
    std::array::from_fn(|lane| {
        let (half, q) = (lane / (l / 2), lane % (l / 2));
        let column = (q * shape.stride[1] + s * shape.dilation[1]).checked_sub(shape.pad[1]);
        // What lies behind the output row, and behind the vector, may be anything.
        match column.filter(|&column| column < shape.w && half < 2) {
            Some(column) => (half * l + column) as u32,
            None => l as u32 - 1,
        }
    })
}

/// The `p` output rows in bands of nearly the same height, at most `most`.
fn bands(shape: &Conv2dShape, form: Option<Form>, p: usize, most: usize) -> Vec<Band> {
    let dilation = shape.dilation[0];
    let mut bands = Vec::new();
    // Output rows that read input rows of one residue.
    for class in 0..dilation.min(p) {
        let rows = Split::at_most((p - class).div_ceil(dilation), most);
        for part in (0..rows.parts).map(|i| rows.part(i)) {
            let out = class + part.start * dilation;
            let row = (out * shape.stride[0]) as isize - shape.pad[0] as isize;
            let reads = (part.len() - 1) * shape.stride[0] + shape.r;
            // 0 ≤ row + i·dilation < H
            let first = usize::try_from(-row).unwrap_or(0).div_ceil(dilation).min(reads);
            let end = usize::try_from(shape.h as isize - row).unwrap_or(0).div_ceil(dilation).min(reads).max(first);
            let (mut head, mut turns) = (part.len(), 0);
            if let Some((r, stride, _)) = form.map(Form::kernel) {
                let begun = r.div_ceil(stride) - 1;
                head = first.div_ceil(stride).max(begun);
                turns = (end / stride).min(part.len() + begun).saturating_sub(head) / window::turn(r, stride);
                if turns == 0 {
                    head = part.len() + begun;
                }
            }
            bands.push(Band { height: part.len(), out, row, inside: (first, end), head, turns });
        }
    }
    bands
}
