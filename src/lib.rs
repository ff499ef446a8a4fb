//! Direct amdgpu compute for RDNA3: ioctls, PM4, and a software Navi31 to run it on.
//!
//! One surface over three engines: a card behind the amdgpu driver, the software Navi31 of [`soft`], and native SIMD
//! code. A [`Device`] is one of them, a [`Queue`] takes work for it, a [`Buffer`] is its memory, and a [`Fence`] tells
//! when the work is done.
//!
//! ```
//! use std::time::Duration;
//! use sparkle_pm4::{Deadline, Device, ops};
//!
//! let device = Device::emulated()?; // or Device::open(Select::auto()), or Device::cpu()
//! let queue = device.queue()?;
//! let x = device.upload(&[1.0f32; 100])?;
//! let w = device.upload(&[0.25f32; 4])?;
//! let conv = ops::Conv2d::new(ops::Conv2dShape::new(1, 1, 10, 10, 1, 2, 2)).prepare(&device)?;
//! let mut y = device.zeros::<f32>(81)?;
//! // `&` is read, `&mut` is written: queues that share a buffer run in order.
//! let fence = queue.launch(&conv, (&x, &w, &mut y))?;
//! // Reading now would be an error: nobody has waited.
//! fence.wait(Deadline::after(Duration::from_secs(10)))?;
//! assert_eq!(y.read()?, [1.0; 81]);
//! # Ok::<(), sparkle_pm4::Error>(())
//! ```
//!
//! - [`ops`] has the operators. [`Kernel`] runs one of your own from a code object, [`Queue::submit`] a stream built
//!   with [`pm4`], and [`Queue::record`] shows the stream that a launch would submit.
//! - [`kmd`] is the amdgpu interface beneath, usable alone; [`object`] reads code objects; [`cpu`] is the SIMD engine
//!   and the f64 reference.
//! - A wait ends: at its [`Deadline`], with [`Error::TimedOut`], or with [`Error::DeviceLost`] and the reason.
#![deny(unsafe_code)]

mod error;
mod exec;

pub mod cpu;
#[allow(unsafe_code)]
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
