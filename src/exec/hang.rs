//! Work that the device gave up, or that doesn't end: what is known of it.

use std::fmt;
use std::sync::Arc;

use pm4::reg;
use pm4::submission::Submission;

use super::device::Engine;
use super::gpu::Gpu;
use super::recording::Job;
use crate::error::Error;
use crate::kmd::uapi::InfoGpuvmFault;
use crate::kmd::{
    self, CsFence, DeviceInfo, Explanation, Firmware, Lost, LostReason, Memory, ResetFlags, Ring, Version,
};

/// What became of work that was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HangKind {
    /// It did not end by itself, and the driver stopped it: a loop without end, a wait for what never comes, a packet that
    /// the ring can't execute.
    Hung,
    /// It did what is not allowed, such as an access to what is not mapped, and was stopped there. Only the software
    /// device tells this apart from a hang.
    Faulted,
    /// A reset that other work caused cancelled it.
    Cancelled,
    /// It still runs.
    Unfinished,
}

impl HangKind {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Hung, Self::Faulted, Self::Cancelled, Self::Unfinished];

    /// `hung`, `faulted`, `cancelled` or `unfinished`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hung => "hung",
            Self::Faulted => "faulted",
            Self::Cancelled => "cancelled",
            Self::Unfinished => "unfinished",
        }
    }
}

impl fmt::Display for HangKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The device that it happened on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HangDevice {
    /// What computes.
    pub engine: Engine,
    /// Driver name and version.
    pub driver: Version,
    /// What the device is.
    pub info: DeviceInfo,
    /// Firmware versions.
    pub firmware: Vec<Firmware>,
    /// The heaps when it was noticed, where the driver still answered.
    pub memory: Option<Memory>,
    /// How often video memory lost its content since the driver was loaded.
    pub vram_lost: Option<u32>,
    /// The last page fault, of any process: a card's driver says no more than this of it (DRM 3.55).
    pub page_fault: Option<InfoGpuvmFault>,
    /// Status registers that the driver lets be read, by name, when it was noticed.
    pub status: Vec<(&'static str, u32)>,
}

/// What is known of work that the device gave up, or that doesn't end. [`capture::write_hang`](crate::capture::write_hang)
/// makes a folder of it, which [`replay`](crate::replay) and `sparkle-pm4 replay` run again on the software device.
///
/// Nothing in it tells of the machine beyond its GPU and driver: no names, paths, environment or process. The content of
/// buffers is in it only after [`Device::keep_data`](crate::Device::keep_data).
#[derive(Debug, Clone, PartialEq)]
pub struct Hang {
    kind: HangKind,
    reason: String,
    fence: Option<(Ring, u64)>,
    flags: ResetFlags,
    errno: Option<kmd::Errno>,
    behind: usize,
    explanation: Option<Explanation>,
    device: Option<Box<HangDevice>>,
    submission: Option<Box<Submission>>,
}

impl HangDevice {
    fn of(kmd: &kmd::Device, engine: Engine) -> Self {
        let read = |&address| Some((reg::by_address(address)?.name, kmd.register(address / 4).ok()??));
        let status = kmd::STATUS_REGISTERS.iter().filter_map(read);
        Self {
            engine,
            driver: kmd.version().clone(),
            info: kmd.info().clone(),
            firmware: kmd.firmware().to_vec(),
            memory: kmd.memory().ok(),
            vram_lost: kmd.vram_lost_counter().ok(),
            page_fault: kmd.last_fault().ok().flatten(),
            status: status.collect(),
        }
    }
}

impl Hang {
    /// One of which nothing is known but this.
    pub fn of_reason(kind: HangKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
            fence: None,
            flags: ResetFlags::empty(),
            errno: None,
            behind: 0,
            explanation: None,
            device: None,
            submission: None,
        }
    }

    /// A fence that will never be signalled as it should, and the submission that is to blame, where it is known.
    pub(super) fn lost(gpu: &Gpu, fence: &CsFence, lost: &Lost, job: Option<&Job>) -> Self {
        let submission = job.map(|job| job.capture(&[]));
        Self::of_fence(gpu.kmd(), gpu.engine(), fence, lost, submission)
    }

    /// The same with the submission itself.
    pub(super) fn of_fence(
        kmd: &kmd::Device,
        engine: Engine,
        fence: &CsFence,
        lost: &Lost,
        submission: Option<Submission>,
    ) -> Self {
        Self {
            fence: Some((fence.ring(), fence.seq())),
            submission: submission.map(Box::new),
            ..Self::refused(kmd, engine, fence.context_id(), lost)
        }
    }

    /// A submission that the kernel refused because its context is lost already.
    pub(super) fn refused(kmd: &kmd::Device, engine: Engine, context: u32, lost: &Lost) -> Self {
        let explanation = kmd.node().explain(context);
        let (kind, reason) = tell(lost, explanation.as_ref());
        Self {
            flags: lost.flags,
            errno: lost.errno,
            explanation,
            device: Some(Box::new(HangDevice::of(kmd, engine))),
            ..Self::of_reason(kind, reason)
        }
    }

    /// Work that still runs.
    pub(super) fn unfinished(gpu: &Gpu, fence: &CsFence, submission: Option<Submission>) -> Self {
        let reason = "it has not ended, and the driver has not given it up";
        Self {
            fence: Some((fence.ring(), fence.seq())),
            device: Some(Box::new(HangDevice::of(gpu.kmd(), gpu.engine()))),
            submission: submission.map(Box::new),
            ..Self::of_reason(HangKind::Unfinished, reason)
        }
    }

    /// The same with so many submissions of its queue behind it.
    pub(super) fn with_behind(self, behind: usize) -> Self {
        Self { behind, ..self }
    }

    /// What became of the work.
    pub fn kind(&self) -> HangKind {
        self.kind
    }

    /// What the device says, in a sentence.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The ring and the sequence number there of the submission that is to blame.
    pub fn fence(&self) -> Option<(Ring, u64)> {
        self.fence
    }

    /// What the kernel's state of the context says.
    pub fn flags(&self) -> ResetFlags {
        self.flags
    }

    /// Whether video memory lost its content: then every buffer did, and code with them.
    pub fn vram_lost(&self) -> bool {
        self.flags.contains(ResetFlags::VRAM_LOST)
    }

    /// The error that the fence or the submission carried.
    pub fn errno(&self) -> Option<kmd::Errno> {
        self.errno
    }

    /// How many submissions of the same queue were waiting behind it.
    pub fn behind(&self) -> usize {
        self.behind
    }

    /// What the device itself tells: waves, registers.
    pub fn explanation(&self) -> Option<&Explanation> {
        self.explanation.as_ref()
    }

    /// The device.
    pub fn device(&self) -> Option<&HangDevice> {
        self.device.as_deref()
    }

    /// What was submitted; `None` once its queue is gone.
    pub fn submission(&self) -> Option<&Submission> {
        self.submission.as_deref()
    }
}

/// What a lost context means, with what the device can say about it.
fn tell(lost: &Lost, explanation: Option<&Explanation>) -> (HangKind, String) {
    let kind = match (lost.reason, explanation) {
        (LostReason::Innocent, _) => HangKind::Cancelled,
        (_, Some(told)) if !told.hung => HangKind::Faulted,
        _ => HangKind::Hung,
    };
    let reason = match explanation {
        // The device says what happened: a fault is no hang, by which a driver's error would name both.
        Some(told) if lost.reason != LostReason::Innocent => told.reason.clone(),
        Some(told) => format!("{lost}: {}", told.reason),
        None => format!("{lost}; the kernel log (dmesg) may say more"),
    };
    (kind, reason)
}

impl From<Hang> for Error {
    fn from(hang: Hang) -> Self {
        Self::DeviceLost(Arc::new(hang))
    }
}
