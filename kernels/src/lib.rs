//! In-tree RDNA3 kernels: sources (`src/asm/*.s`), assembled code objects (`objects/*.hsaco`), a manifest with their
//! signatures, and the plans that turn a shape into dispatches.
//!
//! The objects are what `cargo run --release -p xtask -- kernels` makes of the sources, and LLVM 19 makes the same;
//! `--check` compares. How to add a kernel is told in `docs/add-a-kernel.md`.
#![forbid(unsafe_code)]

pub mod conv2d;
pub mod elementwise;
mod magic;
mod manifest;
mod plan;

pub use magic::MagicDivisor;
pub use manifest::{
    Access, Arg, ArgKind, CONV2D_DIRECT_F32, CONV2D_PACK_WEIGHTS_F32, Element, FILL_U32, KERNELS, Kernel,
    LADDER_ATOMICS, LADDER_END, LADDER_LDS, LADDER_SCRATCH, LADDER_STORE, TARGET, VADD_F32, kernel,
};
pub use plan::{Dispatch, PlanArg, PlanError, Role};
