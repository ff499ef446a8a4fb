//! A small layer over `ash`: every unsafe call of the program is in here.
//!
//! A [`Gpu`] is the instance, the device and its queues. A [`Scope`] owns everything that one check creates. Handles are
//! never destroyed one by one: when a scope ends it first waits for all that was submitted through it, and when that
//! does not finish in time, the objects and the device are left alone instead of being destroyed under a running GPU.

mod buffer;
mod commands;
mod gpu;
mod image;
mod kernel;
mod scope;
mod sync;

pub use buffer::{Buffer, Place};
pub use commands::{Commands, Stage};
pub use gpu::{Gpu, Host, Physical, Queue};
pub use image::{Image, ImageInfo, Sampler, Texels};
pub use kernel::{Bind, Kernel, KernelInfo, Set};
pub use scope::Scope;
pub use sync::{Event, Fence, Queries, Submit};
