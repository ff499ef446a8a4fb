//! The SIMD convolution: which algorithm, and the product that im2col makes of it.
//!
//! Per image and group, `Y (M × P·Q) = A (M × D) · B (D × P·Q)`, where A holds the weights (M = K/G rows, D = C/G·R·S
//! taps) and B the input patches. B is never stored whole: a part of the product copies what it needs of it. For a 1×1
//! kernel at stride 1 without padding B is the image itself, and is read in place.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::sync::OnceLock;

use super::{
    Activation, CpuError, Engine, F16, Isa, Tuning,
    aligned::Aligned,
    caches,
    cost::{self, Candidate},
    denormal,
    depthwise::{self, Depthwise},
    direct::{self, Direct},
    dispatch::{Sizes, sizes, with_kernel},
    engine::Lane,
    error::{check_tensors, check_weights},
    f16,
    pack::Patches,
    product::{self, DEPTH, Initial, Kind, Matrices, Operand, Product},
    simd::Simd,
    stage::Stage,
    winograd::{self, Edge, Winograd},
};
use crate::Conv2dShape;

/// The error of `Accuracy::Default`, relative to max|y|.
const DEFAULT_ERROR: f64 = 1e-5;
/// Columns that strips may have for each column of the output: those of a 7×7 map and a 3×3 kernel, which fill as many vectors
/// as the map's alone.
const MOST_PITCH: f64 = 1.3;

/// How many second levels inputs are larger than that no cache is taken to hold.
const FAR_INPUTS: usize = 8;

/// Floats of input and output that are worth widening together: those that a second level cache or a part of the last one holds.
const WIDE_FLOATS: usize = 1 << 19;

/// A planned 2-D convolution in f32: see the [module](super) for the equation and the order of summation.
#[derive(Debug, Clone)]
pub struct Conv2d {
    shape: Conv2dShape,
    isa: Isa,
    activation: Activation,
    method: Method,
    /// The same for those images of a batch that are widened together, where they are not all.
    few: OnceLock<Box<Self>>,
}

#[derive(Debug, Clone)]
enum Method {
    Gemm(Plan),
    Winograd(Winograd),
    Depthwise(Depthwise),
    Direct(Box<Direct>),
}

/// How a convolution is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// Products and sums as the definition has them, as a blocked matrix product. The error is a sum's: about 3e-7 of
    /// max|y|, and 3e-6 at the worst.
    Gemm,
    /// Winograd's F(2×2, 3×3), for 3×3 kernels at stride and dilation 1: 4 in 9 of the multiplications. The error is
    /// that of `Gemm`: 0.6e-6 of max|y| at 64 channels, 0.9e-6 at 512. A NaN or an infinity may reach all four outputs of the tiles that it is in.
    Winograd2,
    /// Winograd's F(4×4, 3×3), for the same kernels: a quarter of the multiplications. The error
    /// grows as the root of the channels: 1.4e-6 of max|y| at 64, 4e-6 at 512. A NaN or an infinity may reach all sixteen
    /// outputs of the tiles that it is in.
    Winograd4,
    /// Products and sums as the definition has them, straight from the input, for one input channel a group. The error is
    /// that of one sum over the kernel's R·S taps.
    Depthwise,
    /// Products and sums as the definition has them, with output channels in the vectors, for maps of few pixels. The error is
    /// that of `Gemm`.
    Direct,
}

impl Algorithm {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Gemm, Self::Winograd2, Self::Winograd4, Self::Depthwise, Self::Direct];

    /// `gemm`, `winograd2`, `winograd4`, `depthwise` or `direct`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gemm => "gemm",
            Self::Winograd2 => "winograd2",
            Self::Winograd4 => "winograd4",
            Self::Depthwise => "depthwise",
            Self::Direct => "direct",
        }
    }

    /// Whether it computes what the definition says, NaN and infinity included, up to the order of the sums.
    pub const fn is_exact(self) -> bool {
        !matches!(self, Self::Winograd2 | Self::Winograd4)
    }

    /// Whether it can do a shape.
    pub(super) fn check(self, shape: &Conv2dShape) -> Result<(), CpuError> {
        let (fits, rule) = match self {
            Self::Gemm => (true, ""),
            Self::Winograd2 | Self::Winograd4 => {
                (winograd::fits(shape), "it does 3×3 kernels at stride 1 and dilation 1")
            }
            Self::Depthwise => (depthwise::fits(shape), "it does one input channel a group"),
            Self::Direct => (direct::fits(shape), "it does kernels of at most 4096 taps"),
        };
        if fits { Ok(()) } else { Err(CpuError::Algorithm { algorithm: self, rule }) }
    }

    /// The error that it may make for a shape, relative to max|y|.
    pub fn error_bound(self, shape: &Conv2dShape) -> f64 {
        let channels = shape.c / shape.groups.max(1);
        match self {
            // Blocks of products, each summed in order, then the blocks: the error grows as the roots of both lengths.
            Self::Gemm | Self::Direct => {
                let taps = (channels * shape.r * shape.s) as f64;
                let block = if self == Self::Direct { direct::TAPS.max(shape.r * shape.s) } else { DEPTH } as f64;
                1.2e-7 * (taps.min(block).sqrt() + (taps / block).sqrt()).max(8.0)
            }
            Self::Winograd2 => winograd::error_bound(Edge::Two, channels),
            Self::Winograd4 => winograd::error_bound(Edge::Four, channels),
            Self::Depthwise => depthwise::error_bound(shape),
        }
    }

    /// The error that it may make where outputs are stored in 16 bits: that of the sums and half of the last place, as long as
    /// max|y| is at least 2⁻¹⁴. Where it is less, the last place is 2⁻²⁴ whatever the size; from 65520 on an output is infinite.
    /// The inputs are taken as they are stored: what their own rounding did is not in it.
    pub fn f16_error_bound(self, shape: &Conv2dShape) -> f64 {
        let sums = self.error_bound(shape);
        sums + F16::HALF_ULP * (1.0 + sums)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Accuracy {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Exact, Self::Default, Self::Fast];

    /// `exact`, `default` or `fast`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Default => "default",
            Self::Fast => "fast",
        }
    }

    /// Whether an algorithm may be chosen for a shape. [`Algorithm::Gemm`] always may.
    pub fn allows(self, algorithm: Algorithm, shape: &Conv2dShape) -> bool {
        let close = algorithm == Algorithm::Gemm || algorithm.error_bound(shape) <= DEFAULT_ERROR;
        match self {
            Self::Exact => close && algorithm.is_exact(),
            Self::Default => close,
            Self::Fast => true,
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
    /// Those whose [`error_bound`](Algorithm::error_bound) is within 1e-5 of max|y|. That of `Winograd4` is up to 1406
    /// input channels of a group.
    #[default]
    Default,
    /// All, each within its own bound.
    Fast,
}

/// Weights as an algorithm wants them: made once by [`Conv2d::pack`], used any number of times.
#[derive(Debug, Clone)]
pub struct Packed {
    floats: Aligned,
    shape: Conv2dShape,
    isa: Isa,
    algorithm: Algorithm,
}

/// The product of one (image, group), and where its patches are found.
#[derive(Debug, Clone)]
struct Plan {
    product: Product,
    source: Source,
}

/// Where a product's patches are found.
#[derive(Debug, Clone)]
enum Source {
    /// They are the image.
    Image,
    /// The same, rows of which are copied together.
    Rows,
    Stage(Box<Stage>),
    Patches(Box<Patches>),
}

/// How the product reads a shape's patches.
pub(super) fn kind(shape: &Conv2dShape) -> Kind {
    let (q, pitch) = (shape.q(), Stage::pitch(shape));
    match (shape.r, shape.s, shape.stride, shape.pad) {
        (1, 1, [1, 1], [0, 0]) => Kind::InPlace,
        _ if (pitch as f64) < MOST_PITCH * q as f64 => {
            let (row, reach) = (Stage::row_len(shape), Stage::reach(shape));
            Kind::Staged { q, pitch, row, reach }
        }
        _ => Kind::Packed,
    }
}

impl Plan {
    fn new(shape: Conv2dShape, kernel: Sizes, threads: NonZeroUsize) -> Self {
        let (rows, taps) = (shape.k / shape.groups, shape.c / shape.groups * shape.r * shape.s);
        let (pixels, count) = (shape.p() * shape.q(), shape.n * shape.groups);
        let product = |kind| Product::new(count, rows, taps, pixels, kernel, kind, threads);
        let kind = kind(&shape);
        match kind {
            // Rows far apart that come from memory: whole runs of them, which the hardware foresees.
            Kind::InPlace if shape.input_len() > FAR_INPUTS * caches::second_level() / size_of::<f32>() => {
                return Self { product: product(Kind::Packed), source: Source::Rows };
            }
            Kind::InPlace => return Self { product: product(kind), source: Source::Image },
            Kind::Staged { q, .. } => {
                let product = product(kind);
                if let Some(stage) = Stage::new(shape, shape.c / shape.groups, [product.step() / q, q]) {
                    return Self { product, source: Source::Stage(Box::new(stage)) };
                }
            }
            Kind::Packed => {}
        }
        Self { product: product(Kind::Packed), source: Source::Patches(Box::new(Patches::new(shape, pixels))) }
    }
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

    /// Plans `shape` with the algorithm that costs least among those that `accuracy` allows: the first of the
    /// [`candidates`](Self::candidates).
    ///
    /// # Errors
    ///
    /// As [`Conv2d::new`].
    pub fn within(engine: &Engine, shape: Conv2dShape, accuracy: Accuracy) -> Result<Self, CpuError> {
        let best = Self::candidates(engine, shape, accuracy)?.first().map(|best| best.algorithm);
        Self::with(engine, shape, best.unwrap_or(Algorithm::Gemm))
    }

    /// Plans `shape` with the algorithm that was measured to be the fastest, else as [`Conv2d::within`].
    ///
    /// # Errors
    ///
    /// As [`Conv2d::new`].
    pub fn tuned(engine: &Engine, shape: Conv2dShape, accuracy: Accuracy, tuning: &Tuning) -> Result<Self, CpuError> {
        match tuning.find(engine, &shape, accuracy) {
            Some(algorithm) => Self::with(engine, shape, algorithm),
            None => Self::within(engine, shape, accuracy),
        }
    }

    /// The algorithms that can do `shape` within `accuracy`, with what they should cost on the engine's instruction set
    /// ([`cost`]), the cheapest first.
    ///
    /// # Errors
    ///
    /// As [`Conv2d::new`].
    pub fn candidates(engine: &Engine, shape: Conv2dShape, accuracy: Accuracy) -> Result<Vec<Candidate>, CpuError> {
        shape.validate()?;
        let able = |algorithm: &Algorithm| algorithm.check(&shape).is_ok() && accuracy.allows(*algorithm, &shape);
        let all = Algorithm::ALL.into_iter().filter(able);
        let mut all: Vec<_> =
            all.map(|algorithm| cost::candidate(engine.isa(), &shape, algorithm)).collect::<Result<_, _>>()?;
        all.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        Ok(all)
    }

    /// Plans `shape` for an algorithm.
    ///
    /// # Errors
    ///
    /// [`CpuError::Algorithm`] for one that can't do the shape, and as [`Conv2d::new`].
    pub fn with(engine: &Engine, shape: Conv2dShape, algorithm: Algorithm) -> Result<Self, CpuError> {
        shape.validate()?;
        algorithm.check(&shape)?;
        Self::planned(shape, algorithm, engine.isa(), engine.threads())
    }

    /// The plan of a shape that the algorithm can do.
    fn planned(shape: Conv2dShape, algorithm: Algorithm, isa: Isa, threads: NonZeroUsize) -> Result<Self, CpuError> {
        let sizes = sizes(isa)?;
        let method = match algorithm {
            Algorithm::Gemm => Method::Gemm(Plan::new(shape, sizes, threads)),
            Algorithm::Winograd2 => Method::Winograd(Winograd::new(Edge::Two, shape, sizes, threads)),
            Algorithm::Winograd4 => Method::Winograd(Winograd::new(Edge::Four, shape, sizes, threads)),
            Algorithm::Depthwise => Method::Depthwise(Depthwise::new(shape, sizes.lanes)),
            Algorithm::Direct => Method::Direct(Box::new(Direct::new(shape, sizes, threads))),
        };
        Ok(Self { shape, isa, activation: Activation::IDENTITY, method, few: OnceLock::new() })
    }

    /// Has each output activated in registers, before it is stored.
    #[must_use]
    pub fn activation(mut self, activation: Activation) -> Self {
        (self.activation, self.few) = (activation, OnceLock::new());
        match &mut self.method {
            Method::Gemm(plan) => plan.product.set_activation(activation),
            Method::Winograd(winograd) => winograd.set_activation(activation),
            Method::Depthwise(depthwise) => depthwise.set_activation(activation),
            Method::Direct(direct) => direct.set_activation(activation),
        }
        self
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
        match &self.method {
            Method::Gemm(_) => Algorithm::Gemm,
            Method::Winograd(winograd) => match winograd.edge() {
                Edge::Two => Algorithm::Winograd2,
                Edge::Four => Algorithm::Winograd4,
            },
            Method::Depthwise(_) => Algorithm::Depthwise,
            Method::Direct(_) => Algorithm::Direct,
        }
    }

    /// Packs or transforms weights (K×C/G×R×S) once, for [`run_packed`](Self::run_packed).
    ///
    /// # Errors
    ///
    /// [`CpuError::Length`] when the slice is not of the shape's length, [`CpuError::Memory`] where there is none.
    pub fn pack(&self, engine: &Engine, w: &[f32]) -> Result<Packed, CpuError> {
        check_weights(&self.shape, w)?;
        let mut floats = Aligned::zeroed(self.packed_len())?;
        with_kernel!(self.isa, |kernel, _NR| {
            self.pack_into(kernel, engine.lane(), w, &mut floats);
        })?;
        Ok(Packed { floats, shape: self.shape, isa: self.isa, algorithm: self.algorithm() })
    }

    /// As [`pack`](Self::pack), of weights in 16 bits; what is packed are f32.
    ///
    /// # Errors
    ///
    /// As [`pack`](Self::pack).
    pub fn pack_f16(&self, engine: &Engine, w: &[F16]) -> Result<Packed, CpuError> {
        check_weights(&self.shape, w)?;
        let lane = engine.lane();
        let mut wide = lane.scratch(w.len());
        let wide = &mut wide.floats()[..w.len()];
        f16::widen(lane, self.isa, w, wide);
        self.pack(engine, wide)
    }

    fn packed_len(&self) -> usize {
        match &self.method {
            Method::Gemm(_) | Method::Depthwise(_) => self.shape.weight_len(),
            Method::Winograd(winograd) => winograd.packed_len(),
            Method::Direct(direct) => direct.packed_len(),
        }
    }

    fn pack_into<T: Simd>(&self, kernel: T, lane: Lane<'_>, w: &[f32], packed: &mut [f32]) {
        match &self.method {
            Method::Gemm(plan) => {
                let stride = plan.product.packed_len() / (self.shape.k / self.shape.groups);
                plan.product.pack(kernel, lane, w, product::Weights::Rows { stride }, packed);
            }
            Method::Winograd(winograd) => winograd.pack(lane, w, packed),
            Method::Depthwise(_) => packed.copy_from_slice(w),
            Method::Direct(direct) => direct.pack(kernel, lane, w, packed),
        }
        if self.meets_denormals()[1] {
            denormal::flush_in_place(packed);
        }
    }

    /// Whether it computes with inputs beside the loops that take denormals for zero, and with weights.
    fn meets_denormals(&self) -> [bool; 2] {
        let portable = self.isa == Isa::Portable;
        match self.method {
            // It looks at the inputs plane by plane, while the cache has them.
            Method::Depthwise(_) => [false, true],
            Method::Winograd(_) => [true; 2],
            Method::Gemm(_) | Method::Direct(_) => [portable; 2],
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
        self.check_packed(packed)?;
        check_tensors(&self.shape, x, bias, y.len())?;
        self.dispatch(engine, x, Weights::Packed(&packed.floats), bias, y)
    }

    /// As [`run_packed`](Self::run_packed), with input and output in 16 bits. Sums are of f32; each output is rounded to the nearest,
    /// behind bias and activation, and is infinite from 65520 on.
    ///
    /// ```
    /// use sparkle_cpu::{Conv2d, Conv2dShape, CpuError, Engine, F16};
    ///
    /// let engine = Engine::new(None, None)?;
    /// let conv = Conv2d::new(&engine, Conv2dShape::new(1, 2, 1, 2, 1, 1, 1))?;
    /// let packed = conv.pack_f16(&engine, &[1.0, 0.5].map(F16::from_f32))?;
    /// let mut y = [F16::default(); 2];
    /// // 2049 lies between 2048 and 2050.
    /// conv.run_packed_f16(&engine, &[1.0, 2048.0, 3.0, 2.0].map(F16::from_f32), &packed, None, &mut y)?;
    /// assert_eq!(y.map(F16::to_f32), [2.5, 2048.0]);
    /// # Ok::<(), CpuError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run_packed`](Self::run_packed).
    pub fn run_packed_f16(
        &self,
        engine: &Engine,
        x: &[F16],
        packed: &Packed,
        bias: Option<&[f32]>,
        y: &mut [F16],
    ) -> Result<(), CpuError> {
        self.check_packed(packed)?;
        check_tensors(&self.shape, x, bias, y.len())?;
        let n = self.shape.n;
        let image = x.len() / n + y.len() / n;
        let images = (1..=n).rev().find(|images| n.is_multiple_of(*images) && images * image <= WIDE_FLOATS);
        let images = images.unwrap_or(1);
        let plan = if images == n { self } else { self.of_images(engine, images)? };
        let lane = engine.lane();
        let (x_len, y_len) = (x.len() / n * images, y.len() / n * images);
        let (mut wide_x, mut wide_y) = (lane.scratch(x_len), lane.scratch(y_len));
        let (wide_x, wide_y) = (&mut wide_x.floats()[..x_len], &mut wide_y.floats()[..y_len]);
        for (x, y) in x.chunks_exact(x_len).zip(y.chunks_exact_mut(y_len)) {
            f16::widen(lane, self.isa, x, wide_x);
            plan.dispatch(engine, wide_x, Weights::Packed(&packed.floats), bias, wide_y)?;
            f16::narrow(lane, self.isa, wide_y, y);
        }
        Ok(())
    }

    /// The plan for some images of the batch, whose weights are packed in the same way.
    fn of_images(&self, engine: &Engine, n: usize) -> Result<&Self, CpuError> {
        if let Some(few) = self.few.get() {
            return Ok(few);
        }
        let shape = Conv2dShape { n, ..self.shape };
        let few = Self::planned(shape, self.algorithm(), self.isa, engine.threads())?.activation(self.activation);
        Ok(self.few.get_or_init(|| Box::new(few)))
    }

    fn check_packed(&self, packed: &Packed) -> Result<(), CpuError> {
        match (packed.shape, packed.isa, packed.algorithm) == (self.shape, self.isa, self.algorithm()) {
            true => Ok(()),
            false => Err(CpuError::Packed),
        }
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
        with_kernel!(self.isa, |kernel, NR| self.run_with::<_, NR>(kernel, engine, x, w, bias, y))
    }

    fn run_with<T: Simd, const NR: usize>(
        &self,
        kernel: T,
        engine: &Engine,
        x: &[f32],
        w: Weights<'_>,
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) {
        let (shape, lane) = (&self.shape, engine.lane());
        // Depthwise weights stay as they are.
        let packs = matches!(w, Weights::Plain(_)) && !matches!(self.method, Method::Depthwise(_));
        let mut packed = packs.then(|| lane.scratch(self.packed_len()));
        let a = match (w, &mut packed) {
            (Weights::Plain(w), Some(packed)) => {
                let packed = &mut packed.floats()[..self.packed_len()];
                self.pack_into(kernel, lane, w, packed);
                &*packed
            }
            (Weights::Plain(w) | Weights::Packed(w), _) => w,
        };
        let flushed = |meets: bool, floats| meets.then(|| denormal::flushed(kernel, lane, floats)).flatten();
        let [inputs, weights] = self.meets_denormals();
        let plain = matches!(w, Weights::Plain(_)) && !packs;
        let mut clean = (flushed(inputs, x), flushed(weights && plain, a));
        let x = clean.0.as_mut().map_or(x, |clean| &clean.floats()[..x.len()]);
        let a = clean.1.as_mut().map_or(a, |clean| &clean.floats()[..a.len()]);
        match &self.method {
            Method::Gemm(plan) => {
                let each = shape.c / shape.groups * shape.h * shape.w;
                let b = match &plan.source {
                    Source::Image => Operand::InPlace { data: x, stride: shape.h * shape.w, each },
                    Source::Rows => Operand::Rows { data: x, stride: shape.h * shape.w, each },
                    Source::Stage(stage) => Operand::Staged { stage, x, each },
                    Source::Patches(patches) => Operand::Patches { patches, x, each },
                };
                let initial = bias.map_or(Initial::Zero, Initial::Bias);
                plan.product.run::<T, NR>(kernel, lane, Matrices::Packed(a), b, initial, y);
            }
            Method::Winograd(winograd) => winograd.run::<T, NR>(kernel, lane, x, a, bias, y),
            Method::Depthwise(depthwise) => depthwise.run(kernel, lane, x, a, bias, y),
            Method::Direct(direct) => direct.run(kernel, lane, x, a, bias, y),
        }
    }
}

/// Weights as they come, or packed.
#[derive(Clone, Copy)]
enum Weights<'a> {
    Plain(&'a [f32]),
    Packed(&'a [f32]),
}
