//! The CPU engine: 2-D convolution on the host's SIMD units, and the reference that every engine is checked against.
//!
//! # The equation and its traps
//!
//! On NCHW tensors, with `g = k / (K/G)`:
//!
//! ```text
//! y[n,k,p,q] = bias[k] + Σ_{c<C/G, r<R, s<S}  x[n, g·C/G + c, p·sh − ph + r·dh, q·sw − pw + s·dw] · w[k,c,r,s]
//! ```
//!
//! * It is a cross-correlation: the kernel is not flipped.
//! * `c` of the weights counts within the group, `c` of the input over all groups.
//! * Outside the input `x` is zero, and that zero *is* multiplied: a NaN or an infinite weight makes NaN of every output
//!   whose window reaches into the padding with it, here and in the [`reference`](mod@reference). For finite weights it is
//!   the same as leaving the tap out.
//! * An [`Activation`], where the plan has one, is applied to that in registers, before the only store. NaN stays NaN.
//! * The output is written, never accumulated into: what `y` held before does not matter, not even NaN.
//! * [`Algorithm::Winograd2`] and [`Algorithm::Winograd4`] add and subtract inputs before they multiply, so that a NaN or an
//!   infinity reaches the outputs of whole tiles. They are what [`Conv2d::new`] takes where they are cheaper;
//!   [`Accuracy::Exact`] rules them out.
//! * f32 sums depend on their order. Each [`Algorithm`] fixes it: taps in the order (c, r, s) within blocks of a length that
//!   only the shape decides, then the blocks in order; for [`Algorithm::Depthwise`] the bias and then taps in the order
//!   (r, s). The result is the same bit for bit whatever the number of threads, and for one algorithm the same on NEON, AVX2
//!   and AVX-512, which differ in width only; the portable kernel rounds the product as well.
//! * Denormal inputs and weights, and on x86 denormal products and sums of a matrix product, count as zero or as themselves: an
//!   output may differ by as many times 2⁻¹²⁶ as it has taps, times the largest weight or input. They don't slow a call down
//!   a hundredfold, except denormal products of normal numbers in [`Algorithm::Depthwise`] and in the portable kernel.
//!
//! # How it is computed
//!
//! Per image and group the sum is a matrix product: weights `M×D` (M = K/G, D = C/G·R·S) times patches `D×(P·Q)`. The
//! patches are never stored: a 1×1 kernel reads the image in place, others read strips of it in which every tap finds its
//! row of the patch matrix (module `stage`), or copy panels of it where strips would be mostly padding (`pack`). The module
//! `product` derives the blocking, `kernel` draws the register tile, and `winograd` has the transforms.
//! [`Gemm`] is the same product as an operator.
//!
//! Threads take parts of the output from a common grid, each from a run of its own first and then from others'. The caller is one
//! of them; a helper that comes too late, because another process keeps its core, is not waited for. Helpers look for the next
//! call for a tenth of a millisecond before they sleep.
//!
//! With one input channel a group the product has one row, or few. [`Algorithm::Depthwise`] then goes over the input where
//! it lies, with the weights in registers: module `depthwise`.
//!
//! # Tensors of 16 bits
//!
//! Input, weights and output may be stored as IEEE binary16, [`F16`]: [`Conv2d::pack_f16`] and [`Conv2d::run_packed_f16`].
//! Products and sums are those of f32, of the widened inputs, in the same order; each output is then rounded once, to the
//! nearest. That adds half of the last of 11 bits to the error: [`Algorithm::f16_error_bound`]. Some images
//! at a time are widened into scratch memory of the engine, and their results rounded out of it, by all threads.
//!
//! # Choosing the algorithm
//!
//! [`Conv2d::new`] takes the one that should cost least within an [`Accuracy`]: module [`cost`] has the model,
//! [`Conv2d::candidates`] what it says of a shape. [`Conv2d::with`] takes the caller's. What was measured on a machine can be
//! kept in a [`Tuning`], which [`Conv2d::tuned`] asks first.
//!
//! # Choosing the instruction set
//!
//! [`detect`] picks the widest that this processor has. A test or a comparison forces one with the `isa` argument of
//! [`Engine::new`], or, where that is `None`, with the environment variable `SPARKLE_CPU_ISA` = `portable`, `neon`,
//! `avx2` or `avx512`. Asking for one that the processor lacks is an error, never a silent fallback.
//!
//! # Example
//!
//! ```
//! use sparkle_cpu::{Conv2d, Conv2dShape, CpuError, Engine, compare, reference};
//!
//! let shape = Conv2dShape::new(1, 3, 8, 8, 4, 3, 3).pad(1);
//! let x = vec![0.5; shape.input_len()];
//! let w = vec![0.25; shape.weight_len()];
//! let mut y = vec![0.0; shape.output_len()];
//!
//! let engine = Engine::new(None, None)?;
//! Conv2d::new(&engine, shape)?.run(&engine, &x, &w, None, &mut y)?;
//!
//! let want = reference::conv2d_f64(shape, &x, &w, None)?;
//! assert!(compare(&y, &want).within(1e-5));
//! # Ok::<(), CpuError>(())
//! ```
#![deny(unsafe_code)]

mod activation;
mod aligned;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod caches;
mod compare;
mod conv2d;
pub mod cost;
mod denormal;
mod depthwise;
mod direct;
mod dispatch;
mod engine;
mod error;
mod f16;
mod gemm;
mod isa;
mod kernel;
mod matrix;
#[cfg(target_arch = "aarch64")]
mod neon;
mod pack;
pub mod peak;
mod portable;
mod product;
pub mod reference;
mod shape;
mod share;
mod simd;
mod stage;
#[cfg(test)]
mod tests;
mod tuning;
mod winograd;

pub use activation::Activation;
pub use aligned::Aligned;
pub use compare::{Agreement, compare};
pub use conv2d::{Accuracy, Algorithm, Conv2d, Packed};
pub use engine::Engine;
pub use error::CpuError;
pub use f16::F16;
pub use gemm::{Gemm, GemmShape, PackedMatrix};
pub use isa::{ISA_VARIABLE, Isa, available, detect};
pub use shape::{Conv2dShape, ShapeError};
pub use tuning::{Tuning, processor};
