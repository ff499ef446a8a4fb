//! Devices, queues, buffers and fences: one surface over three engines.

mod buffer;
mod device;
mod gpu;
mod kernel;
pub mod ladder;
mod lint;
mod module;
mod queue;
mod recording;
mod step;

pub use buffer::{AnyBuffer, Buffer};
pub use device::{Device, Engine, Select};
pub use kernel::{Arg, Kernel, Launched};
pub use lint::Lint;
pub use module::Module;
pub use queue::{Fence, Launch, Queue};
pub use recording::{Recording, Retained};

pub(crate) use buffer::RawBuffer;
pub(crate) use device::Inner;
pub(crate) use gpu::Usage;
pub(crate) use module::LoadedKernel;
pub(crate) use step::{Grid, Step, StepArg};
