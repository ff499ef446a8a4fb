//! Devices, queues, buffers and fences: one surface over three engines.

mod buffer;
mod device;
mod gpu;
mod kernel;
mod lint;
mod queue;
mod recording;

pub use buffer::{AnyBuffer, Buffer};
pub use device::{Device, Engine, Select};
pub use kernel::{Arg, Kernel, Launched};
pub use lint::Lint;
pub use queue::{Fence, Launch, Queue};
pub use recording::{Recording, Retained};

pub(crate) use buffer::RawBuffer;
pub(crate) use device::Inner;
pub(crate) use gpu::{LoadedKernel, Step, StepArg, Usage};
