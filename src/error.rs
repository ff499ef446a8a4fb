//! What the library's own surface can fail with; each room keeps its own errors.

use std::sync::Arc;

use crate::cpu::CpuError;
use crate::exec::Hang;
use crate::kmd::KmdError;
use crate::object::ObjectError;
use crate::ops::ShapeError;

/// An error of the library.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An impossible shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The kernel interface failed.
    #[error(transparent)]
    Kmd(#[from] KmdError),
    /// A code object, or the arguments for its kernel.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The CPU engine.
    #[error(transparent)]
    Cpu(#[from] CpuError),
    /// A packet that can't be written.
    #[error("PM4: {0}")]
    Encode(#[from] pm4::EncodeError),
    /// A shape beyond a kernel's limits.
    #[error("kernel limits: {0}")]
    Plan(#[from] kernels::PlanError),
    /// No usable GPU.
    #[error("no usable GPU: {reason}")]
    NoDevice {
        /// What was found instead.
        reason: String,
        /// What to do next.
        next: String,
        /// A GPU is there, and this user may not open its node.
        permission: bool,
    },
    /// The card's instruction set has no kernels here.
    #[error("the device is a {found}, and the kernels here are for {supported}")]
    UnsupportedGfx {
        /// The device's target.
        found: String,
        /// The supported ones.
        supported: String,
    },
    /// The software device could not be built.
    #[error("the software device could not be set up: {0}")]
    Soft(std::io::Error),
    /// A buffer of another length than the operator needs.
    #[error("{tensor} has {got} elements, and the shape needs {want}")]
    Length {
        /// Which one.
        tensor: &'static str,
        /// Elements needed.
        want: usize,
        /// Elements given.
        got: usize,
    },
    /// A buffer that a submission still uses.
    #[error("the buffer is still {used} by a submission that has not ended: wait for its fence first")]
    Busy {
        /// `written` or `read`.
        used: &'static str,
    },
    /// Work that can't be taken to another device.
    #[error("the stream can't be moved to another device: {why}")]
    NotMovable {
        /// Why.
        why: &'static str,
    },
    /// The device could not be opened another time.
    #[error("the device could not be opened again: {0}")]
    Reopen(std::io::Error),
    /// A submission that can't be set up on the software device.
    #[error("the submission can't be run again: {why}")]
    Replay {
        /// Why.
        why: String,
    },
    /// Objects of two devices in one call.
    #[error("{what} belongs to another device than the queue")]
    OtherDevice {
        /// Which one.
        what: &'static str,
    },
    /// Something that only a GPU, or its software twin, can do.
    #[error("{what} needs the gpu or emu engine, and this device is the cpu engine")]
    NeedsGpu {
        /// What was asked for.
        what: &'static str,
    },
    /// Something that only the cpu engine can do.
    #[error("{what} needs the cpu engine: {why}")]
    NeedsCpu {
        /// What was asked for.
        what: &'static str,
        /// What the GPU's kernels lack.
        why: &'static str,
    },
    /// A kernel that needs what this version does not provide.
    #[error("kernel `{kernel}`: {what}")]
    Kernel {
        /// The kernel.
        kernel: String,
        /// What is wrong with the launch or the kernel.
        what: String,
    },
    /// A stream in which the linter found errors; it was not submitted.
    #[error("the stream was not submitted: {findings}")]
    Lint {
        /// The findings, each with its rule.
        findings: String,
    },
    /// The deadline came before the fence.
    #[error("the work was not done by the deadline")]
    TimedOut,
    /// The work will never be done.
    #[error("the device gave the work up: {}", .0.reason())]
    DeviceLost(Arc<Hang>),
}

impl Error {
    /// A stable name for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shape(e) => e.code(),
            Self::Kmd(e) => e.code(),
            Self::Object(e) => e.code(),
            Self::Cpu(e) => e.code(),
            Self::Encode(e) => e.code(),
            Self::Plan(e) => e.code(),
            Self::NoDevice { permission: false, .. } => "no-device",
            Self::NoDevice { permission: true, .. } => "permission-denied",
            Self::UnsupportedGfx { .. } => "unsupported-gfx",
            Self::Soft(_) => "soft-setup",
            Self::Length { .. } => "wrong-length",
            Self::Busy { .. } => "buffer-busy",
            Self::NotMovable { .. } => "not-movable",
            Self::Replay { .. } => "replay",
            Self::Reopen(_) => "device-reopen",
            Self::OtherDevice { .. } => "other-device",
            Self::NeedsGpu { .. } => "needs-gpu",
            Self::NeedsCpu { .. } => "needs-cpu",
            Self::Kernel { .. } => "kernel",
            Self::Lint { .. } => "pm4-lint",
            Self::TimedOut => "timeout",
            Self::DeviceLost(_) => "device-lost",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        let text = match self {
            Self::Shape(e) => e.hint(),
            Self::Kmd(e) => e.hint().unwrap_or("run `sparkle-pm4 probe` to see what the node answers"),
            Self::Object(e) => e.hint(),
            Self::Cpu(e) => e.hint(),
            Self::Encode(e) => e.hint(),
            Self::Plan(e) => e.hint(),
            Self::NoDevice { next, .. } => return next.clone(),
            Self::UnsupportedGfx { .. } => "use `--device emu` or `--device cpu`",
            Self::Soft(_) => "raise `ulimit -v`, or use `--device cpu`",
            Self::Length { .. } => "give a buffer of the length that the shape needs",
            Self::Busy { .. } => "call `Fence::wait` and look at its result before touching the buffer",
            Self::OtherDevice { .. } => "allocate all buffers of a launch on the queue's device",
            Self::NotMovable { .. } => "record the work again, with buffers of the new device",
            Self::Replay { .. } => "look at the bundle with `sparkle-pm4 pm4 lint`",
            Self::Reopen(_) => "run `sparkle-pm4 probe`: the card may be gone, or its node may have another number",
            Self::NeedsGpu { .. } => "use `--device gpu` or `--device emu`",
            Self::NeedsCpu { .. } => "use `--device cpu`, or `Device::cpu`",
            Self::Kernel { .. } => "see what the kernel takes: `sparkle-pm4 run kernel FILE --list`",
            Self::Lint { .. } => "`sparkle-pm4 pm4 lint --explain RULE` says what a rule is about and what to do",
            Self::TimedOut => "give more time, or look for a loop that does not end",
            Self::DeviceLost(hang) if hang.vram_lost() => {
                "`Device::recreate` opens the device again; every buffer lost its content, and has to be filled again"
            }
            Self::DeviceLost(_) => "a new queue of the same device works; this one's context refuses further work",
        };
        text.to_owned()
    }
}
