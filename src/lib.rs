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
//! A kernel may be assembled when the program runs, here from text of its own:
//!
//! ```
//! use std::time::Duration;
//! use sparkle_pm4::isa::{asm, object};
//! use sparkle_pm4::{Arg, Deadline, Device, Kernel};
//!
//! let source = r#"
//!     .amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
//!     .text
//!     .globl triple
//!     .p2align 8
//!     .type triple,@function
//! triple:
//!     s_load_b64 s[2:3], s[0:1], null
//!     v_lshlrev_b32 v0, 2, v0
//!     s_waitcnt lgkmcnt(0)
//!     global_load_b32 v1, v0, s[2:3]
//!     s_waitcnt vmcnt(0)
//!     v_mul_u32_u24 v1, FACTOR, v1
//!     global_store_b32 v0, v1, s[2:3]
//!     s_endpgm
//! .Lend:
//!     .size triple, .Lend-triple
//!     .section .rodata,"a",@progbits
//!     .p2align 6
//!     .amdhsa_kernel triple
//!         .amdhsa_next_free_vgpr 2
//!         .amdhsa_next_free_sgpr 16
//!         .amdhsa_kernarg_size 8
//!         .amdhsa_user_sgpr_count 15
//!         .amdhsa_user_sgpr_kernarg_segment_ptr 1
//!     .end_amdhsa_kernel
//!     .amdgpu_metadata
//! amdhsa.version:
//!   - 1
//!   - 2
//! amdhsa.kernels:
//!   - .name: triple
//!     .symbol: triple.kd
//!     .args:
//!       - .size: 8
//!         .offset: 0
//!         .value_kind: global_buffer
//!         .address_space: global
//!     .kernarg_segment_size: 8
//!     .kernarg_segment_align: 8
//!     .group_segment_fixed_size: 0
//!     .private_segment_fixed_size: 0
//!     .wavefront_size: 32
//!     .sgpr_count: 16
//!     .vgpr_count: 2
//!     .max_flat_workgroup_size: 32
//!     .end_amdgpu_metadata
//! "#;
//! let options = asm::Options { symbols: &[("FACTOR", 3)], ..Default::default() };
//! let assembled = asm::assemble(source, "triple.s", &options).map_err(|errors| errors[0].to_string())?;
//! let code = object::link(&assembled.unit, &object::LinkOptions::default())?;
//!
//! let device = Device::emulated()?;
//! let kernel = Kernel::from_code_object(&device, &code, "triple")?;
//! let mut data = device.upload(&std::array::from_fn::<u32, 32, _>(|i| i as u32))?;
//! let fence = device.queue()?.launch(&kernel.over([1, 1, 1], [32, 1, 1]), [Arg::Out(&mut data)])?;
//! fence.wait(Deadline::after(Duration::from_secs(10)))?;
//! assert_eq!(data.read()?[31], 93);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`ops`] has the operators. [`Kernel`] runs one of your own from a code object, [`Module`] several that share
//!   variables, [`Queue::submit`] a stream built with [`pm4`], and [`Queue::record`] shows the stream that a launch would submit.
//! - [`kmd`] is the amdgpu interface beneath, usable alone; [`object`] reads code objects; [`cpu`] is the SIMD engine
//!   and the f64 reference.
//! - A wait ends: at its [`Deadline`], with [`Error::TimedOut`], or with [`Error::DeviceLost`] and the reason.
#![deny(unsafe_code)]

mod error;
mod exec;

pub mod capture;
pub mod emulate;
#[allow(unsafe_code)]
pub mod kmd;
pub mod object;
pub mod ops;
pub mod soft;

pub use error::Error;
pub use exec::{
    AnyBuffer, Arg, Buffer, Device, Engine, Fence, Hang, HangDevice, HangKind, Kernel, Launch, Launched, Lint, Module,
    Queue, Recording, Replayed, Retained, Select, replay,
};
pub use kmd::Deadline;
pub use sparkle_cpu as cpu;
pub use {isa, kernels, pm4};

/// The README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
