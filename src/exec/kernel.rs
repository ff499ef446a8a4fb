//! Kernels of the caller's own, from code objects.

use std::sync::Arc;

use super::buffer::AnyBuffer;
use super::device::Device;
use super::gpu::Usage;
use super::module::{LoadedKernel, Module};
use super::queue::Launch;
use super::step::{Grid, Step, StepArg, lane_scratch};
use crate::error::Error;
use crate::object::{ArgValue, KernelInfo};

/// A kernel from a code object, in GPU memory.
///
/// Its arguments are checked against the object's metadata. It may still do anything within the address space of
/// this process's buffers.
#[derive(Debug, Clone)]
pub struct Kernel {
    loaded: Arc<LoadedKernel>,
}

/// One explicit argument, in the metadata's order.
pub enum Arg<'a> {
    /// A buffer that is read.
    In(&'a dyn AnyBuffer),
    /// A buffer that is written.
    Out(&'a mut dyn AnyBuffer),
    /// By value.
    U32(u32),
    /// By value.
    I32(i32),
    /// By value.
    F32(f32),
    /// By value.
    U64(u64),
    /// By value.
    U8(u8),
    /// By value; also the bits of an f16 or bf16.
    U16(u16),
    /// By value.
    I64(i64),
    /// By value.
    F64(f64),
    /// An address that is null.
    Null,
    /// By value, of any size, little-endian.
    Bytes(&'a [u8]),
}

impl From<&Arg<'_>> for StepArg {
    fn from(arg: &Arg<'_>) -> Self {
        match arg {
            Arg::In(buffer) => Self::Buffer(Arc::clone(buffer.raw()), Usage::Read),
            Arg::Out(buffer) => Self::Buffer(Arc::clone(buffer.raw()), Usage::Write),
            Arg::U32(v) => Self::Value(ArgValue::U32(*v)),
            Arg::I32(v) => Self::Value(ArgValue::I32(*v)),
            Arg::F32(v) => Self::Value(ArgValue::F32(*v)),
            Arg::U64(v) => Self::Value(ArgValue::U64(*v)),
            Arg::U8(v) => Self::Value(ArgValue::U8(*v)),
            Arg::U16(v) => Self::Value(ArgValue::U16(*v)),
            Arg::I64(v) => Self::Value(ArgValue::I64(*v)),
            Arg::F64(v) => Self::Value(ArgValue::F64(*v)),
            Arg::Null => Self::Null,
            Arg::Bytes(v) => Self::Bytes(v.to_vec()),
        }
    }
}

impl Kernel {
    /// Loads the kernel `name` of a code object, with variables of its own; [`Module`] loads several that share them.
    ///
    /// # Errors
    /// A malformed object, one for another target, an unknown name; [`Error::NeedsGpu`] on the cpu engine.
    pub fn from_code_object(device: &Device, bytes: &[u8], name: &str) -> Result<Self, Error> {
        Module::load(device, bytes)?.kernel(name)
    }

    pub(super) fn new(loaded: Arc<LoadedKernel>) -> Self {
        Self { loaded }
    }

    /// What the object says about it.
    pub fn info(&self) -> &KernelInfo {
        &self.loaded.info
    }

    pub(super) fn loaded(&self) -> &Arc<LoadedKernel> {
        &self.loaded
    }

    /// It, for [`pm4::Stream::dispatch`] in a stream of one's own: checked, with the address of its first instruction.
    /// The stream goes through [`Queue::record_stream`](crate::Queue::record_stream) and
    /// [`Recording::with_kernel`](crate::Recording::with_kernel).
    pub fn prepared(&self) -> &pm4::dispatch::Kernel {
        self.loaded.prepared()
    }

    /// It, to be launched with `grid` workgroups of `block` work-items.
    pub fn over(&self, grid: [u32; 3], block: [u32; 3]) -> Launched<'_> {
        self.launched(Grid::Groups(grid), block)
    }

    /// It, to be launched over `items` work-items in workgroups of `block`. Where they are no multiple of it, the
    /// last workgroup along that axis is smaller.
    pub fn over_items(&self, items: [u32; 3], block: [u32; 3]) -> Launched<'_> {
        self.launched(Grid::Items(items), block)
    }

    fn launched(&self, grid: Grid, block: [u32; 3]) -> Launched<'_> {
        Launched { kernel: self, grid, block, dynamic_lds: 0, stack_bytes: None, offset: [0; 3] }
    }
}

/// A kernel with its launch dimensions.
#[derive(Debug, Clone, Copy)]
pub struct Launched<'a> {
    kernel: &'a Kernel,
    grid: Grid,
    block: [u32; 3],
    dynamic_lds: u32,
    stack_bytes: Option<u32>,
    offset: [u64; 3],
}

impl Launched<'_> {
    /// With that many bytes of LDS beyond what the kernel declares.
    #[must_use]
    pub fn dynamic_lds(self, bytes: u32) -> Self {
        Self { dynamic_lds: bytes, ..self }
    }

    /// With that much stack a lane, in bytes. A kernel whose stack the compiler does not know (recursion, calls through
    /// pointers) has it beyond what it declares, 16 KiB by default; one that declares all of its scratch has the larger
    /// of both; one without scratch has no use for it.
    #[must_use]
    pub fn stack(self, bytes: u32) -> Self {
        Self { stack_bytes: Some(bytes), ..self }
    }

    /// Scratch memory of a lane in bytes, its stack included; 0 where the kernel uses none.
    pub fn lane_scratch_bytes(&self) -> u32 {
        lane_scratch(self.kernel.info(), self.stack_bytes)
    }

    /// With global ids that begin there, as OpenCL's global work offset has it.
    #[must_use]
    pub fn global_offset(self, offset: [u64; 3]) -> Self {
        Self { offset, ..self }
    }

    fn step(&self, args: &[Arg<'_>]) -> Vec<Step> {
        let args = args.iter().map(StepArg::from).collect();
        let step = Step::new(Arc::clone(&self.kernel.loaded), self.grid, self.block, args);
        let (dynamic_lds, stack_bytes, offset) = (self.dynamic_lds, self.stack_bytes, self.offset);
        vec![Step { dynamic_lds, stack_bytes, offset, ..step }]
    }
}

impl<'a, const N: usize> Launch<[Arg<'a>; N]> for Launched<'_> {
    fn run_on_cpu(&self, _: &crate::cpu::Engine, _: &[Arg<'a>; N]) -> Result<(), Error> {
        Err(Error::NeedsGpu { what: "a code object" })
    }

    fn steps(&self, _: &Device, args: &[Arg<'a>; N]) -> Result<Vec<Step>, Error> {
        Ok(self.step(args))
    }
}

impl<'a> Launch<Vec<Arg<'a>>> for Launched<'_> {
    fn run_on_cpu(&self, _: &crate::cpu::Engine, _: &Vec<Arg<'a>>) -> Result<(), Error> {
        Err(Error::NeedsGpu { what: "a code object" })
    }

    fn steps(&self, _: &Device, args: &Vec<Arg<'a>>) -> Result<Vec<Step>, Error> {
        Ok(self.step(args))
    }
}
