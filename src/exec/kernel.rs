//! Kernels of the caller's own, from code objects.

use std::sync::Arc;

use super::buffer::AnyBuffer;
use super::device::{Device, Inner};
use super::gpu::{LoadedKernel, Step, StepArg, Usage};
use super::queue::Launch;
use crate::error::Error;
use crate::object::{CodeObject, KernelInfo};

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
    /// By value, of any size, little-endian.
    Bytes(&'a [u8]),
}

impl From<&Arg<'_>> for StepArg {
    fn from(arg: &Arg<'_>) -> Self {
        match arg {
            Arg::In(buffer) => Self::Buffer(Arc::clone(buffer.raw()), Usage::Read),
            Arg::Out(buffer) => Self::Buffer(Arc::clone(buffer.raw()), Usage::Write),
            Arg::U32(v) => Self::U32(*v),
            Arg::I32(v) => Self::I32(*v),
            Arg::F32(v) => Self::F32(*v),
            Arg::U64(v) => Self::U64(*v),
            Arg::Bytes(v) => Self::Bytes(v.to_vec()),
        }
    }
}

impl Kernel {
    /// Loads the kernel `name` of a code object.
    ///
    /// # Errors
    /// A malformed object, one for another target, an unknown name; [`Error::NeedsGpu`] on the cpu engine.
    pub fn from_code_object(device: &Device, bytes: &[u8], name: &str) -> Result<Self, Error> {
        let Inner::Gpu(gpu) = &device.inner else {
            return Err(Error::NeedsGpu { what: "a code object" });
        };
        Ok(Self { loaded: Arc::new(gpu.load(&CodeObject::parse(bytes)?, name)?) })
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
        Launched { kernel: self, grid, block, dynamic_lds: 0 }
    }
}

/// A kernel with its launch dimensions.
#[derive(Debug, Clone, Copy)]
pub struct Launched<'a> {
    kernel: &'a Kernel,
    grid: [u32; 3],
    block: [u32; 3],
    dynamic_lds: u32,
}

impl Launched<'_> {
    /// With that many bytes of LDS beyond what the kernel declares.
    #[must_use]
    pub fn dynamic_lds(self, bytes: u32) -> Self {
        Self { dynamic_lds: bytes, ..self }
    }
}

impl<'a, const N: usize> Launch<[Arg<'a>; N]> for Launched<'_> {
    fn run_on_cpu(&self, _: &crate::cpu::Engine, _: &[Arg<'a>; N]) -> Result<(), Error> {
        Err(Error::NeedsGpu { what: "a code object" })
    }

    fn steps(&self, _: &Device, args: &[Arg<'a>; N]) -> Result<Vec<Step>, Error> {
        Ok(vec![Step {
            kernel: Arc::clone(&self.kernel.loaded),
            grid: self.grid,
            block: self.block,
            dynamic_lds: self.dynamic_lds,
            args: args.iter().map(StepArg::from).collect(),
        }])
    }
}
