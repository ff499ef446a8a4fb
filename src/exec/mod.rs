//! Devices, queues, buffers and fences: one surface over three engines.

mod buffer;
mod device;
mod gpu;
mod hang;
mod kernel;
pub mod ladder;
mod lint;
mod module;
mod queue;
mod recording;
mod replay;
mod step;

pub use buffer::{AnyBuffer, Buffer};
pub use device::{Device, Engine, Select};
pub use hang::{Hang, HangDevice, HangKind};
pub use kernel::{Arg, Kernel, Launched};
pub use lint::Lint;
pub use module::Module;
pub use queue::{Fence, Launch, Queue};
pub use recording::{Recording, Retained};
pub use replay::{Replayed, replay};

pub(crate) use buffer::RawBuffer;
pub(crate) use device::Inner;
pub(crate) use gpu::Usage;
pub(crate) use module::LoadedKernel;
pub(crate) use step::{Grid, Step, StepArg};
