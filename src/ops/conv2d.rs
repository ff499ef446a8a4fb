//! 2-D convolution.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytemuck::Pod;
use kernels::conv2d::{Dims, Plan};
use kernels::{Dispatch, PlanArg, Role};

use super::Conv2dShape;
use crate::cpu;
use crate::error::Error;
use crate::exec::{AnyBuffer, Buffer, Device, Grid, Inner, Launch, LoadedKernel, RawBuffer, Step, StepArg, Usage};

/// 2-D convolution of NCHW f32 tensors with KCRS weights; see [`Conv2dShape`] for the equation.
///
/// ```
/// use std::time::Duration;
/// use sparkle_pm4::{Deadline, Device, ops};
///
/// let device = Device::emulated()?;
/// let queue = device.queue()?;
/// // A 3x3 box filter over one 4x4 image.
/// let shape = ops::Conv2dShape::new(1, 1, 4, 4, 1, 3, 3);
/// let x = device.upload(&[1.0f32; 16])?;
/// let w = device.upload(&[1.0f32; 9])?;
/// let mut y = device.zeros::<f32>(shape.output_len())?;
/// let conv = ops::Conv2d::new(shape).prepare(&device)?;
/// let fence = queue.launch(&conv, (&x, &w, &mut y))?;
/// fence.wait(Deadline::after(Duration::from_secs(10)))?;
/// assert_eq!(y.read()?, [9.0; 4]);
/// # Ok::<(), sparkle_pm4::Error>(())
/// ```
///
/// On the cpu engine x, w and y may be [`F16`](super::F16), all three, with sums, and a bias, in f32:
///
/// ```
/// use std::time::Duration;
/// use sparkle_pm4::{Deadline, Device, ops};
///
/// let device = Device::cpu()?;
/// let conv = ops::Conv2d::new(ops::Conv2dShape::new(1, 1, 1, 2, 1, 1, 1)).prepare(&device)?;
/// let (x, w) = (device.upload(&[0.5, 2048.0].map(ops::F16::from_f32))?, device.upload(&[ops::F16::from_f32(1.0)])?);
/// let (bias, mut y) = (device.upload(&[1.0f32])?, device.zeros::<ops::F16>(2)?);
/// let fence = device.queue()?.launch(&conv, (&x, &w, &bias, &mut y))?;
/// fence.wait(Deadline::after(Duration::from_secs(10)))?;
/// // 2049 is rounded to the nearest that 16 bits have.
/// assert_eq!(y.read()?, [1.5, 2048.0].map(ops::F16::from_f32));
/// # Ok::<(), sparkle_pm4::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2d {
    shape: Conv2dShape,
    accuracy: cpu::Accuracy,
    activation: cpu::Activation,
}

impl Conv2d {
    /// A convolution of this shape.
    pub const fn new(shape: Conv2dShape) -> Self {
        Self { shape, accuracy: cpu::Accuracy::Default, activation: cpu::Activation::IDENTITY }
    }

    /// Which of the cpu engine's algorithms may be chosen. The GPU's kernel sums as the definition has it.
    #[must_use]
    pub const fn accuracy(self, accuracy: cpu::Accuracy) -> Self {
        Self { accuracy, ..self }
    }

    /// What is applied to each output before it is stored, on the cpu engine. The GPU's kernel has no activation, so that
    /// [`prepare`](Self::prepare) refuses any but [`Activation::IDENTITY`](cpu::Activation::IDENTITY) there.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sparkle_pm4::{Deadline, Device, cpu, ops};
    ///
    /// let device = Device::cpu()?;
    /// let conv = ops::Conv2d::new(ops::Conv2dShape::new(1, 1, 1, 3, 1, 1, 1)).activation(cpu::Activation::RELU);
    /// let (x, w) = (device.upload(&[-1.0f32, 0.5, 2.0])?, device.upload(&[4.0f32])?);
    /// let mut y = device.zeros::<f32>(3)?;
    /// let fence = device.queue()?.launch(&conv.prepare(&device)?, (&x, &w, &mut y))?;
    /// fence.wait(Deadline::after(Duration::from_secs(10)))?;
    /// assert_eq!(y.read()?, [0.0, 2.0, 8.0]);
    /// # Ok::<(), sparkle_pm4::Error>(())
    /// ```
    #[must_use]
    pub const fn activation(self, activation: cpu::Activation) -> Self {
        Self { activation, ..self }
    }

    /// Checks the shape and loads what the device needs for it, once for any number of launches.
    ///
    /// # Errors
    /// [`Error::Shape`] for an impossible shape, [`Error::Plan`] for one beyond the kernel's limits, [`Error::NeedsCpu`] for an
    /// activation on a GPU.
    pub fn prepare(self, device: &Device) -> Result<PreparedConv2d, Error> {
        self.prepare_tuned(device, &cpu::Tuning::default())
    }

    /// As [`prepare`](Self::prepare), with the cpu engine's algorithm that was measured to be the fastest for the shape, where
    /// `tuning` has one.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    pub fn prepare_tuned(self, device: &Device, tuning: &cpu::Tuning) -> Result<PreparedConv2d, Error> {
        self.shape.validate()?;
        let kind = match &device.inner {
            Inner::Gpu(_) if self.activation != cpu::Activation::IDENTITY => {
                return Err(Error::NeedsCpu {
                    what: "an activation of conv2d",
                    why: "the GPU's kernel stores the sums as they are",
                });
            }
            Inner::Gpu(gpu) => {
                let s = self.shape;
                let dims = |bias| Dims {
                    n: s.n,
                    c: s.c,
                    h: s.h,
                    w: s.w,
                    k: s.k,
                    r: s.r,
                    s: s.s,
                    stride: s.stride,
                    pad: s.pad,
                    dilation: s.dilation,
                    groups: s.groups,
                    bias,
                };
                let (plain, biased) = (Plan::new(&dims(false))?, Plan::new(&dims(true))?);
                let (pack, conv) = (gpu.in_tree(plain.pack.kernel)?, gpu.in_tree(plain.conv.kernel)?);
                Kind::Gpu { plain: Box::new(plain), biased: Box::new(biased), pack, conv }
            }
            Inner::Cpu(engine) => Kind::Cpu(Box::new(OnCpu {
                plan: cpu::Conv2d::tuned(engine, self.shape, self.accuracy, tuning)?.activation(self.activation),
                weights: Mutex::default(),
            })),
        };
        Ok(PreparedConv2d { shape: self.shape, device: device.clone(), kind })
    }
}

/// A convolution that is ready to be launched on its device, with `(&x, &w, &mut y)` or `(&x, &w, &bias, &mut y)`, where x, w
/// and y are buffers of f32, or on the cpu engine of [`F16`](super::F16), and the bias of f32.
#[derive(Debug)]
pub struct PreparedConv2d {
    shape: Conv2dShape,
    device: Device,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Gpu { plain: Box<Plan>, biased: Box<Plan>, pack: Arc<LoadedKernel>, conv: Arc<LoadedKernel> },
    Cpu(Box<OnCpu>),
}

/// A convolution on the cpu engine, with the weights of its last launch as it wants them.
#[derive(Debug)]
struct OnCpu {
    plan: cpu::Conv2d,
    weights: Mutex<Option<Kept>>,
}

/// Packed weights, and the content that they were made of: a buffer at a version.
#[derive(Debug)]
struct Kept {
    of: Weak<RawBuffer>,
    version: u64,
    packed: Arc<cpu::Packed>,
}

impl OnCpu {
    /// The weights as the plan wants them: those of the last launch, where the buffer has not changed since.
    fn packed<T: Element>(&self, engine: &cpu::Engine, w: &Arc<RawBuffer>) -> Result<Arc<cpu::Packed>, Error> {
        // Before the content is read: one that changes meanwhile is packed again the next time.
        let version = w.version();
        let mut weights = self.weights.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |kept: &&Kept| kept.version == version && kept.of.upgrade().is_some_and(|of| Arc::ptr_eq(&of, w));
        if let Some(kept) = weights.as_ref().filter(same) {
            return Ok(Arc::clone(&kept.packed));
        }
        let packed = w.with_host(|w: &[T]| T::pack(&self.plan, engine, w));
        let packed = Arc::new(packed.ok_or(Error::OtherDevice { what: "w" })??);
        *weights = Some(Kept { of: Arc::downgrade(w), version, packed: Arc::clone(&packed) });
        Ok(packed)
    }
}

/// What tensors are stored as on the cpu engine.
trait Element: Pod {
    fn pack(plan: &cpu::Conv2d, engine: &cpu::Engine, w: &[Self]) -> Result<cpu::Packed, cpu::CpuError>;

    fn run(
        plan: &cpu::Conv2d,
        engine: &cpu::Engine,
        x: &[Self],
        w: &cpu::Packed,
        bias: Option<&[f32]>,
        y: &mut [Self],
    ) -> Result<(), cpu::CpuError>;
}

impl Element for f32 {
    fn pack(plan: &cpu::Conv2d, engine: &cpu::Engine, w: &[Self]) -> Result<cpu::Packed, cpu::CpuError> {
        plan.pack(engine, w)
    }

    fn run(
        plan: &cpu::Conv2d,
        engine: &cpu::Engine,
        x: &[Self],
        w: &cpu::Packed,
        bias: Option<&[f32]>,
        y: &mut [Self],
    ) -> Result<(), cpu::CpuError> {
        plan.run_packed(engine, x, w, bias, y)
    }
}

impl Element for cpu::F16 {
    fn pack(plan: &cpu::Conv2d, engine: &cpu::Engine, w: &[Self]) -> Result<cpu::Packed, cpu::CpuError> {
        plan.pack_f16(engine, w)
    }

    fn run(
        plan: &cpu::Conv2d,
        engine: &cpu::Engine,
        x: &[Self],
        w: &cpu::Packed,
        bias: Option<&[f32]>,
        y: &mut [Self],
    ) -> Result<(), cpu::CpuError> {
        plan.run_packed_f16(engine, x, w, bias, y)
    }
}

/// The tensors of a launch.
#[derive(Clone, Copy)]
struct Tensors<'a, T> {
    x: &'a Buffer<T>,
    w: &'a Buffer<T>,
    bias: Option<&'a Buffer<f32>>,
    y: &'a Buffer<T>,
}

impl PreparedConv2d {
    /// The shape.
    pub fn shape(&self) -> &Conv2dShape {
        &self.shape
    }

    /// What computes it: the kernel's name, or the CPU's algorithm and instruction set.
    pub fn kernel(&self) -> String {
        match &self.kind {
            Kind::Gpu { plain, .. } => plain.conv.kernel.name.to_owned(),
            Kind::Cpu(conv) => format!("conv2d_{}_{}", conv.plan.algorithm(), conv.plan.isa()),
        }
    }

    /// The cpu engine's algorithm; none elsewhere.
    pub fn algorithm(&self) -> Option<cpu::Algorithm> {
        match &self.kind {
            Kind::Gpu { .. } => None,
            Kind::Cpu(conv) => Some(conv.plan.algorithm()),
        }
    }

    /// The dispatches of a launch without bias, in order; none on the cpu engine.
    pub fn dispatches(&self) -> Vec<&Dispatch> {
        match &self.kind {
            Kind::Gpu { plain, .. } => vec![&plain.pack, &plain.conv],
            Kind::Cpu(_) => Vec::new(),
        }
    }

    fn check<T: Pod>(&self, t: Tensors<'_, T>) -> Result<(), Error> {
        let s = &self.shape;
        let one = |tensor, buffer: &Buffer<T>, want| (tensor, buffer.len(), want, buffer.device().clone());
        let mut tensors =
            vec![one("x", t.x, s.input_len()), one("w", t.w, s.weight_len()), one("y", t.y, s.output_len())];
        tensors.extend(t.bias.map(|b| ("bias", b.len(), s.k, b.device().clone())));
        for (tensor, got, want, device) in tensors {
            if got != want {
                return Err(Error::Length { tensor, want, got });
            }
            if !device.inner.same(&self.device.inner) {
                return Err(Error::OtherDevice { what: tensor });
            }
        }
        Ok(())
    }

    fn cpu<T: Element>(&self, engine: &cpu::Engine, t: Tensors<'_, T>) -> Result<(), Error> {
        self.check(t)?;
        let Kind::Cpu(conv) = &self.kind else { return Err(Error::OtherDevice { what: "the convolution" }) };
        let w = conv.packed::<T>(engine, t.w.raw())?;
        let ran = t.x.raw().with_host(|x: &[T]| {
            let run = |bias: Option<&[f32]>| {
                t.y.raw().with_host_mut(|y: &mut [T]| T::run(&conv.plan, engine, x, &w, bias, y))
            };
            match t.bias {
                Some(bias) => bias.raw().with_host(|b: &[f32]| run(Some(b))).flatten(),
                None => run(None),
            }
        });
        let ran = ran.flatten();
        Ok(ran.ok_or(Error::OtherDevice { what: "a buffer" })??)
    }

    fn gpu(&self, device: &Device, t: Tensors<'_, f32>) -> Result<Vec<Step>, Error> {
        self.check(t)?;
        let (Kind::Gpu { plain, biased, pack, conv }, Inner::Gpu(gpu)) = (&self.kind, &device.inner) else {
            return Err(Error::OtherDevice { what: "the convolution" });
        };
        let plan = if t.bias.is_some() { biased } else { plain };
        let packed = gpu.workspace(plan.workspace_bytes)?;
        let buffer = |b: &Buffer<f32>, usage| StepArg::Buffer(Arc::clone(b.raw()), usage);
        let step = |kernel: &Arc<LoadedKernel>, dispatch: &Dispatch, packed_usage: Usage| -> Result<Step, Error> {
            let args = dispatch.args.iter().map(|arg| {
                Ok(match *arg {
                    PlanArg::Buffer(Role::Input) => buffer(t.x, Usage::Read),
                    PlanArg::Buffer(Role::Weights) => buffer(t.w, Usage::Read),
                    PlanArg::Buffer(Role::Output) => buffer(t.y, Usage::Write),
                    PlanArg::Buffer(Role::PackedWeights) => StepArg::Workspace(packed.clone(), packed_usage),
                    PlanArg::Buffer(Role::Bias) => match t.bias {
                        Some(bias) => buffer(bias, Usage::Read),
                        None => StepArg::Null,
                    },
                    _ => return super::plain_arg(dispatch.kernel, arg),
                })
            });
            let args = args.collect::<Result<_, Error>>()?;
            Ok(Step::new(Arc::clone(kernel), Grid::Groups(dispatch.grid), dispatch.kernel.workgroup, args))
        };
        Ok(vec![step(pack, &plan.pack, Usage::Write)?, step(conv, &plan.conv, Usage::Read)?])
    }
}

impl Launch<(&Buffer<f32>, &Buffer<f32>, &mut Buffer<f32>)> for PreparedConv2d {
    fn run_on_cpu(
        &self,
        engine: &cpu::Engine,
        a: &(&Buffer<f32>, &Buffer<f32>, &mut Buffer<f32>),
    ) -> Result<(), Error> {
        self.cpu(engine, Tensors { x: a.0, w: a.1, bias: None, y: a.2 })
    }

    fn steps(&self, device: &Device, a: &(&Buffer<f32>, &Buffer<f32>, &mut Buffer<f32>)) -> Result<Vec<Step>, Error> {
        self.gpu(device, Tensors { x: a.0, w: a.1, bias: None, y: a.2 })
    }
}

/// The arguments of a convolution with bias.
type Biased<'a> = (&'a Buffer<f32>, &'a Buffer<f32>, &'a Buffer<f32>, &'a mut Buffer<f32>);

impl<'a> Launch<Biased<'a>> for PreparedConv2d {
    fn run_on_cpu(&self, engine: &cpu::Engine, a: &Biased<'a>) -> Result<(), Error> {
        self.cpu(engine, Tensors { x: a.0, w: a.1, bias: Some(a.2), y: a.3 })
    }

    fn steps(&self, device: &Device, a: &Biased<'a>) -> Result<Vec<Step>, Error> {
        self.gpu(device, Tensors { x: a.0, w: a.1, bias: Some(a.2), y: a.3 })
    }
}

/// That the GPU's kernel takes no tensors of 16 bits.
fn f32_alone() -> Error {
    Error::NeedsCpu { what: "f16 storage of conv2d", why: "the GPU's kernel loads and stores f32" }
}

/// The arguments of a convolution of 16-bit tensors.
type Halves<'a> = (&'a Buffer<cpu::F16>, &'a Buffer<cpu::F16>, &'a mut Buffer<cpu::F16>);

impl<'a> Launch<Halves<'a>> for PreparedConv2d {
    fn run_on_cpu(&self, engine: &cpu::Engine, a: &Halves<'a>) -> Result<(), Error> {
        self.cpu(engine, Tensors { x: a.0, w: a.1, bias: None, y: a.2 })
    }

    fn steps(&self, _: &Device, _: &Halves<'a>) -> Result<Vec<Step>, Error> {
        Err(f32_alone())
    }
}

/// The same with bias.
type BiasedHalves<'a> = (&'a Buffer<cpu::F16>, &'a Buffer<cpu::F16>, &'a Buffer<f32>, &'a mut Buffer<cpu::F16>);

impl<'a> Launch<BiasedHalves<'a>> for PreparedConv2d {
    fn run_on_cpu(&self, engine: &cpu::Engine, a: &BiasedHalves<'a>) -> Result<(), Error> {
        self.cpu(engine, Tensors { x: a.0, w: a.1, bias: Some(a.2), y: a.3 })
    }

    fn steps(&self, _: &Device, _: &BiasedHalves<'a>) -> Result<Vec<Step>, Error> {
        Err(f32_alone())
    }
}
