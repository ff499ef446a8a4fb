//! The SIMD convolution: im2col fused with a blocked, packed matrix product.
//!
//! Per image and group, `Y (M × P·Q) = A (M × D) · B (D × P·Q)`, where A holds the weights (M = K/G rows, D = C/G·R·S
//! taps) and B the input patches.
//!
//! ```text
//! tasks, in parallel       (image, group) × ranges of rows × tiles of columns
//!   blocks of depth          pack B: depth × columns of the tile          lives in L2
//!     panels of ≤ MR rows      A panel: depth × MR                        lives in L1
//!       panels of NR columns     micro-kernel                             B panel passes through L1
//! ```
//!
//! * **Depth** [`DEPTH`] = 320: an A panel of 14 rows then takes 17.5 KiB, about half of a 32 KiB L1, beside the stream
//!   of the B panels. Shorter blocks would read and write Y more often: 576 taps (64 channels, 3×3) are two blocks. The
//!   blocks of one shape are of nearly the same length, which depends on D alone, so that the order of summation does too.
//! * **Columns** of a tile: depth × columns × 4 bytes of packed B within [`B_FLOATS`], 320 KiB, of an L2 of 512 KiB (Zen)
//!   to 2 MiB (server cores); the rest is for A and Y. At the full depth that is 8 panels of the widest kernel: an A panel
//!   that comes from L2 or L3 should be used that often.
//! * **Tasks** of about [`TASK_FLOPS`]: some 100 µs at 150 GFLOP/s, long beside the microsecond of stealing one, short
//!   enough for a thread that is interrupted to lose little. Where one tile of columns is more than that, the rows are
//!   cut too, though not below 8 panels, because each range of rows packs its B anew.
//! * Below [`INLINE_FLOPS`] the work is done before a pool wakes up (5 to 12 µs), so it runs on the calling thread.

use std::fmt;
use std::str::FromStr;

use super::{
    CpuError, Engine, Isa,
    depthwise::{self, Depthwise},
    engine::{CacheLine, Lane},
    error::{check_tensors, check_weights},
    kernel::{Kernel, Start},
    pack::{self, Patches},
    portable::Portable,
    simd::Simd,
    winograd::{self, Winograd},
};
use crate::Conv2dShape;

/// Most taps of a block of the depth.
pub(super) const DEPTH: usize = 320;
/// Most floats of packed B.
const B_FLOATS: usize = 8 * 32 * DEPTH;
/// Work that is worth a task of its own.
const TASK_FLOPS: usize = 16 << 20;
/// Work that is not worth waking threads for.
const INLINE_FLOPS: u64 = 2 << 20;
/// The cost of Winograd, as a part of the direct sum's, from which on it is not worth it: its products run below the speed
/// of one long sum's.
const WINOGRAD_COST: f64 = 0.75;
/// Weights that one thread packs at a time.
const PACK_FLOATS: usize = 32 * 1024;

/// A planned 2-D convolution in f32: see the [module](super) for the equation and the order of summation.
#[derive(Debug, Clone)]
pub struct Conv2d {
    shape: Conv2dShape,
    isa: Isa,
    method: Method,
}

#[derive(Debug, Clone)]
enum Method {
    Gemm(Plan),
    Winograd(Winograd),
    Depthwise(Depthwise),
}

/// How a convolution is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// Products and sums as the definition has them, as a blocked matrix product. The error is a sum's: about 3e-7 of
    /// max|y|, and 3e-6 at the worst.
    Gemm,
    /// Winograd's F(4×4, 3×3), for 3×3 kernels at stride and dilation 1: a quarter of the multiplications. The error
    /// grows as the root of the channels: 1.4e-6 of max|y| at 64, 4e-6 at 512. A NaN or an infinity reaches all sixteen outputs of the
    /// tiles that it is in.
    Winograd4,
    /// Products and sums as the definition has them, straight from the input, for one input channel a group. The error is
    /// that of one sum over the kernel's R·S taps.
    Depthwise,
}

impl Algorithm {
    /// `gemm`, `winograd4` or `depthwise`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gemm => "gemm",
            Self::Winograd4 => "winograd4",
            Self::Depthwise => "depthwise",
        }
    }

    /// The error that it may make for a shape, relative to max|y|.
    pub fn error_bound(self, shape: &Conv2dShape) -> f64 {
        let channels = shape.c / shape.groups.max(1);
        match self {
            // Blocks of DEPTH products, each summed in order: its error grows as the root of the sum's length.
            Self::Gemm => 1.2e-7 * ((channels * shape.r * shape.s).min(DEPTH) as f64).sqrt().max(8.0),
            Self::Winograd4 => winograd::error_bound(channels),
            Self::Depthwise => depthwise::error_bound(shape),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Accuracy {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Exact, Self::Default];

    /// `exact` or `default`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Default => "default",
        }
    }
}

impl FromStr for Accuracy {
    type Err = CpuError;

    fn from_str(name: &str) -> Result<Self, CpuError> {
        let found = Self::ALL.into_iter().find(|accuracy| accuracy.name() == name);
        found.ok_or_else(|| CpuError::UnknownAccuracy { name: name.to_owned() })
    }
}

/// Which algorithms may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Accuracy {
    /// Those that compute what the definition says, NaN and infinity included: no Winograd.
    Exact,
    /// Those within 1e-5 of max|y|.
    #[default]
    Default,
}

/// Weights as an algorithm wants them: made once by [`Conv2d::pack`], used any number of times.
#[derive(Debug, Clone)]
pub struct Packed {
    floats: Vec<CacheLine>,
    len: usize,
    shape: Conv2dShape,
    isa: Isa,
    algorithm: Algorithm,
}

/// The blocking of one (image, group): the same for all.
#[derive(Debug, Clone)]
struct Plan {
    patches: Patches,
    /// Output pixels P·Q.
    pixels: usize,
    /// Taps D = C/G·R·S.
    taps: usize,
    /// M = K/G rows in panels of at most MR.
    panels: Split,
    /// The panels in ranges, one to a task.
    ranges: Split,
    /// The taps in blocks of at most [`DEPTH`].
    blocks: Split,
    /// Columns of a tile, a multiple of NR.
    columns: usize,
}

/// `total` things dealt out into `parts` runs whose lengths differ by one at most, the longer ones first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Split {
    pub(super) total: usize,
    pub(super) parts: usize,
}

impl Split {
    /// As few parts as `most` allows.
    pub(super) fn at_most(total: usize, most: usize) -> Self {
        Self { total, parts: total.div_ceil(most) }
    }

    /// Where part `i` starts; `total` for `i == parts`.
    pub(super) fn start(self, i: usize) -> usize {
        i * (self.total / self.parts) + i.min(self.total % self.parts)
    }

    pub(super) fn part(self, i: usize) -> std::ops::Range<usize> {
        self.start(i)..self.start(i + 1)
    }

    pub(super) fn longest(self) -> usize {
        self.total.div_ceil(self.parts)
    }
}

impl Plan {
    fn new(shape: Conv2dShape, mr: usize, nr: usize) -> Self {
        let pixels = shape.p() * shape.q();
        let rows = shape.k / shape.groups;
        let taps = shape.c / shape.groups * shape.r * shape.s;
        let panels = Split::at_most(rows, mr);
        let blocks = Split::at_most(taps, DEPTH);

        let flops_per_column = (2 * rows).saturating_mul(taps);
        let by_task = (TASK_FLOPS / flops_per_column).max(8 * nr);
        let most = (B_FLOATS / blocks.longest()).min(by_task) / nr * nr;
        let columns = Split::at_most(pixels, most.max(nr)).longest().next_multiple_of(nr);

        let flops_per_panel = (2 * panels.longest() * columns.min(pixels)).saturating_mul(taps);
        let ranges = Split::at_most(panels.parts, (TASK_FLOPS / flops_per_panel).max(8));
        Self { patches: Patches::new(shape, columns), pixels, taps, panels, ranges, blocks, columns }
    }

    /// Output channels of range `i` of panels.
    fn range_rows(&self, i: usize) -> std::ops::Range<usize> {
        let panels = self.ranges.part(i);
        self.panels.start(panels.start)..self.panels.start(panels.end)
    }

    /// Where the A panel (block, panel) lies within a group's packed weights: blocks of the depth one after the other,
    /// in each the panels one after the other.
    fn a_panel(&self, block: usize, panel: usize) -> std::ops::Range<usize> {
        let (depth, rows) = (self.blocks.part(block), self.panels.part(panel));
        let start = depth.start * self.panels.total + rows.start * depth.len();
        start..start + rows.len() * depth.len()
    }
}

/// One task: some output channels of one image and group, some output pixels.
struct Task<'a> {
    /// The group's part of the image.
    x: &'a [f32],
    /// The group's packed weights.
    a: &'a [f32],
    /// The biases of `rows`.
    bias: Option<&'a [f32]>,
    panels: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
    /// One slice of `columns` output pixels for each output channel.
    rows: Vec<&'a mut [f32]>,
}

impl Conv2d {
    /// Plans `shape` for the engine's instruction set, with [`Accuracy::Default`].
    ///
    /// # Errors
    ///
    /// [`CpuError::Shape`] when the shape breaks a rule of [`Conv2dShape::validate`].
    pub fn new(engine: &Engine, shape: Conv2dShape) -> Result<Self, CpuError> {
        Self::within(engine, shape, Accuracy::Default)
    }

    /// Plans `shape` with the algorithm that costs least among those that `accuracy` allows.
    ///
    /// # Errors
    ///
    /// As [`Conv2d::new`].
    pub fn within(engine: &Engine, shape: Conv2dShape, accuracy: Accuracy) -> Result<Self, CpuError> {
        shape.validate()?;
        let algorithm = match accuracy {
            _ if depthwise::fits(&shape) && depthwise::pays(&shape) => Algorithm::Depthwise,
            Accuracy::Default if winograd::fits(&shape) && winograd::cost(&shape) < WINOGRAD_COST => {
                Algorithm::Winograd4
            }
            _ => Algorithm::Gemm,
        };
        Self::with(engine, shape, algorithm)
    }

    /// Plans `shape` for an algorithm.
    ///
    /// # Errors
    ///
    /// [`CpuError::Algorithm`] for one that can't do the shape, and as [`Conv2d::new`].
    pub fn with(engine: &Engine, shape: Conv2dShape, algorithm: Algorithm) -> Result<Self, CpuError> {
        shape.validate()?;
        if algorithm == Algorithm::Winograd4 && !winograd::fits(&shape) {
            return Err(CpuError::Algorithm { algorithm, rule: "it does 3×3 kernels at stride 1 and dilation 1" });
        }
        if algorithm == Algorithm::Depthwise && !depthwise::fits(&shape) {
            return Err(CpuError::Algorithm { algorithm, rule: "it does one input channel a group" });
        }
        let isa = engine.isa();
        let (mr, nr) = match isa {
            Isa::Portable => (Portable::MR, Portable::NR),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => (super::avx2::Avx2::MR, super::avx2::Avx2::NR),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => (super::avx512::Avx512::MR, super::avx512::Avx512::NR),
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 => return Err(CpuError::IsaUnavailable { isa, available: super::available() }),
        };
        let method = match algorithm {
            Algorithm::Gemm => Method::Gemm(Plan::new(shape, mr, nr)),
            Algorithm::Winograd4 => Method::Winograd(Winograd::new(shape, mr, nr)),
            Algorithm::Depthwise => Method::Depthwise(Depthwise::new(shape, isa)),
        };
        Ok(Self { shape, isa, method })
    }

    /// The shape that was planned.
    pub fn shape(&self) -> &Conv2dShape {
        &self.shape
    }

    /// The instruction set that was planned for.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// The algorithm that was chosen.
    pub fn algorithm(&self) -> Algorithm {
        match self.method {
            Method::Gemm(_) => Algorithm::Gemm,
            Method::Winograd(_) => Algorithm::Winograd4,
            Method::Depthwise(_) => Algorithm::Depthwise,
        }
    }

    /// Packs or transforms weights (K×C/G×R×S) once, for [`run_packed`](Self::run_packed).
    ///
    /// # Errors
    ///
    /// [`CpuError::Length`] when the slice is not of the shape's length.
    pub fn pack(&self, engine: &Engine, w: &[f32]) -> Result<Packed, CpuError> {
        check_weights(&self.shape, w)?;
        let len = self.packed_len();
        let mut floats = vec![CacheLine::default(); len.div_ceil(16)];
        let out = &mut bytemuck::cast_slice_mut(&mut floats)[..len];
        engine.enter(len > PACK_FLOATS, |lane| self.pack_into(lane, w, out));
        Ok(Packed { floats, len, shape: self.shape, isa: self.isa, algorithm: self.algorithm() })
    }

    fn packed_len(&self) -> usize {
        match &self.method {
            Method::Gemm(_) | Method::Depthwise(_) => self.shape.weight_len(),
            Method::Winograd(winograd) => winograd.packed_len(),
        }
    }

    fn pack_into(&self, lane: Lane<'_>, w: &[f32], packed: &mut [f32]) {
        match &self.method {
            // One row: a packed panel is the weights as they are.
            Method::Gemm(plan) if plan.panels.total == 1 => packed.copy_from_slice(w),
            Method::Gemm(plan) => plan.pack_weights(self.shape.groups, lane, w, packed),
            Method::Winograd(winograd) => winograd.pack(lane, w, packed),
            Method::Depthwise(_) => packed.copy_from_slice(w),
        }
    }

    /// Convolves with weights that were packed by this plan, or by one of the same shape, instruction set and algorithm.
    ///
    /// # Errors
    ///
    /// [`CpuError::Length`] when a slice is not of the shape's length, [`CpuError::Packed`] for another plan's weights;
    /// `y` is then untouched.
    pub fn run_packed(
        &self,
        engine: &Engine,
        x: &[f32],
        packed: &Packed,
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) -> Result<(), CpuError> {
        if (packed.shape, packed.isa, packed.algorithm) != (self.shape, self.isa, self.algorithm()) {
            return Err(CpuError::Packed);
        }
        check_tensors(&self.shape, x, bias, y.len())?;
        self.dispatch(engine, x, Weights::Packed(&bytemuck::cast_slice(&packed.floats)[..packed.len]), bias, y)
    }

    /// Convolves `x` (N×C×H×W) with `w` (K×C/G×R×S), adds `bias` (K), and writes `y` (N×K×P×Q).
    ///
    /// The instruction set is the one planned for; the threads and the scratch memory are those of `engine`.
    ///
    /// # Errors
    ///
    /// [`CpuError::Length`] when a slice is not of the shape's length; `y` is then untouched.
    pub fn run(
        &self,
        engine: &Engine,
        x: &[f32],
        w: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) -> Result<(), CpuError> {
        check_weights(&self.shape, w)?;
        check_tensors(&self.shape, x, bias, y.len())?;
        self.dispatch(engine, x, Weights::Plain(w), bias, y)
    }

    fn dispatch(
        &self,
        engine: &Engine,
        x: &[f32],
        w: Weights<'_>,
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) -> Result<(), CpuError> {
        let unavailable = || CpuError::IsaUnavailable { isa: self.isa, available: super::available() };
        match self.isa {
            Isa::Portable => self.run_with::<_, 8>(Portable, engine, x, w, bias, y),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => {
                let kernel = super::avx2::Avx2::new().ok_or_else(unavailable)?;
                self.run_with::<_, 16>(kernel, engine, x, w, bias, y);
            }
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => {
                let kernel = super::avx512::Avx512::new().ok_or_else(unavailable)?;
                self.run_with::<_, 32>(kernel, engine, x, w, bias, y);
            }
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 => return Err(unavailable()),
        }
        Ok(())
    }

    /// `NR` repeats `T::NR`, because an associated constant cannot be a const argument.
    fn run_with<T: Kernel + Simd, const NR: usize>(
        &self,
        kernel: T,
        engine: &Engine,
        x: &[f32],
        w: Weights<'_>,
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) {
        const { assert!(NR == T::NR) };
        let shape = &self.shape;
        if let (Method::Depthwise(depthwise), Weights::Plain(w) | Weights::Packed(w)) = (&self.method, w) {
            // Its weights stay as they are.
            return engine.enter(shape.flops() > INLINE_FLOPS / 2, |lane| depthwise.run(kernel, lane, x, w, bias, y));
        }
        let x_group = shape.c / shape.groups * shape.h * shape.w;
        let flops = shape.flops();
        engine.enter(flops > INLINE_FLOPS, |lane| {
            let mut packed = matches!(w, Weights::Plain(_)).then(|| lane.scratch(self.packed_len()));
            let a = match (w, &mut packed) {
                (Weights::Plain(w), Some(packed)) => {
                    let packed = &mut packed.floats()[..self.packed_len()];
                    self.pack_into(lane, w, packed);
                    &*packed
                }
                (Weights::Plain(w) | Weights::Packed(w), _) => w,
            };
            let plan = match &self.method {
                Method::Gemm(plan) => plan,
                Method::Winograd(winograd) => return winograd.run::<T, NR>(kernel, lane, x, a, bias, y),
                Method::Depthwise(depthwise) => return depthwise.run(kernel, lane, x, a, bias, y),
            };
            let rows = plan.panels.total;
            let parts: Vec<_> = y.chunks_mut(rows * plan.pixels).zip(x.chunks(x_group)).enumerate().collect();
            let batch = batch(TASK_FLOPS / 8, flops as usize / parts.len());
            lane.spread(parts, batch, |(i, (y, x))| {
                let group = i % shape.groups;
                let a = &a[group * rows * plan.taps..][..rows * plan.taps];
                let bias = bias.map(|b| &b[group * rows..][..rows]);
                lane.spread(plan.tasks(x, a, bias, y), 1, |task| plan.compute::<T, NR>(kernel, lane, task));
            });
        });
    }
}

/// Weights as they come, or packed.
#[derive(Clone, Copy)]
enum Weights<'a> {
    Plain(&'a [f32]),
    Packed(&'a [f32]),
}

impl Plan {
    fn pack_weights(&self, groups: usize, lane: Lane<'_>, w: &[f32], mut packed: &mut [f32]) {
        let plan = self;
        let mut jobs = Vec::with_capacity(groups * plan.blocks.parts * plan.panels.parts);
        for w in w.chunks_exact(plan.panels.total * plan.taps) {
            for block in 0..plan.blocks.parts {
                for panel in 0..plan.panels.parts {
                    let (out, rest) = packed.split_at_mut(plan.a_panel(block, panel).len());
                    jobs.push((w, block, panel, out));
                    packed = rest;
                }
            }
        }
        let batch = batch(PACK_FLOATS, plan.a_panel(0, 0).len());
        lane.spread(jobs, batch, |(w, block, panel, out)| {
            pack::weights(w, plan.taps, plan.panels.part(panel), plan.blocks.part(block), out);
        });
    }
}

/// How many items of `each` make about `wanted`; at least one.
fn batch(wanted: usize, each: usize) -> usize {
    (wanted / each.max(1)).max(1)
}

impl Plan {
    /// Cuts one (image, group) into tasks that own their part of `y`.
    fn tasks<'a>(&self, x: &'a [f32], a: &'a [f32], bias: Option<&'a [f32]>, y: &'a mut [f32]) -> Vec<Task<'a>> {
        let tiles = self.pixels.div_ceil(self.columns);
        let mut tasks = Vec::with_capacity(self.ranges.parts * tiles);
        let mut y = y;
        for range in 0..self.ranges.parts {
            let rows = self.range_rows(range);
            let first = tasks.len();
            for tile in 0..tiles {
                let start = tile * self.columns;
                tasks.push(Task {
                    x,
                    a,
                    bias: bias.map(|b| &b[rows.clone()]),
                    panels: self.ranges.part(range),
                    columns: start..(start + self.columns).min(self.pixels),
                    rows: Vec::with_capacity(rows.len()),
                });
            }
            let (own, rest) = y.split_at_mut(rows.len() * self.pixels);
            y = rest;
            for row in own.chunks_exact_mut(self.pixels) {
                for (task, part) in tasks[first..].iter_mut().zip(row.chunks_mut(self.columns)) {
                    task.rows.push(part);
                }
            }
        }
        tasks
    }

    fn compute<T: Kernel, const NR: usize>(&self, kernel: T, lane: Lane<'_>, mut task: Task<'_>) {
        let columns = task.columns.len();
        let b_len = self.blocks.longest() * columns.next_multiple_of(NR);
        let mut scratch = lane.scratch(b_len + self.patches.scratch_len(columns));
        let (b, rest) = scratch.floats().split_at_mut(b_len);
        let first_row = self.panels.start(task.panels.start);
        for block in 0..self.blocks.parts {
            let depth = self.blocks.part(block);
            let b_panel = depth.len() * NR;
            let b = &mut b[..depth.len() * columns.next_multiple_of(NR)];
            kernel.vectorize(
                #[inline(always)]
                || self.patches.pack::<NR>(task.x, depth.clone(), task.columns.clone(), rest, b),
            );
            for panel in task.panels.clone() {
                let rows = self.panels.part(panel);
                let rows = rows.start - first_row..rows.end - first_row;
                let start = match task.bias {
                    _ if block > 0 => Start::Accumulate,
                    Some(bias) => Start::Bias(&bias[rows.clone()]),
                    None => Start::Zero,
                };
                let a = &task.a[self.a_panel(block, panel)];
                let rows = &mut task.rows[rows];
                for (i, b) in b.chunks_exact(b_panel).enumerate() {
                    kernel.tile(a, b, rows, i * NR, NR.min(columns - i * NR), start);
                }
            }
        }
    }
}
