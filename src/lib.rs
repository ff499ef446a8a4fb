//! Direct amdgpu compute for RDNA3: ioctls, PM4, and a software Navi31 to run it on.

mod error;
mod exec;

pub mod cpu;
pub mod kmd;
pub mod object;
pub mod ops;
pub mod soft;

pub use error::Error;
pub use exec::{AnyBuffer, Arg, Buffer, Device, Engine, Fence, Kernel, Launch, Launched, Queue, Recording, Select};
pub use kmd::Deadline;
pub use {isa, kernels, pm4};

/// The README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
