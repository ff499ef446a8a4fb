//! Queues and fences: giving work to a device, and waiting for it.

use std::sync::{Arc, Mutex, PoisonError};

use pm4::Stream;

use super::buffer::{AnyBuffer, RawBuffer};
use super::device::{Device, Inner};
use super::gpu::{Commands, Gpu, Usage};
use super::lint::Author;
use super::recording::{Recording, Retained};
use super::step::Step;
use crate::error::Error;
use crate::kmd::{self, Context, CsFence, Deadline, Lost, LostReason, Priority, Ring, Submission, Wait};

/// Command memory of ended submissions that a queue keeps, and the size of a piece at least.
const COMMANDS_KEPT: usize = 4;
const COMMANDS_BYTES: u64 = 16 << 10;

/// Work given to one queue runs in order. Work of several queues is ordered where it shares buffers.
#[derive(Debug)]
pub struct Queue {
    device: Device,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Gpu(GpuQueue),
    Cpu(Arc<crate::cpu::Engine>),
}

/// A context on one ring.
#[derive(Debug)]
struct GpuQueue {
    gpu: Arc<Gpu>,
    context: Context,
    ring: Ring,
    /// Command memory of earlier submissions, for use again when they have ended.
    retired: Mutex<Vec<(CsFence, Commands)>>,
    /// Scratch memory, as much as a launch has needed so far.
    scratch: Mutex<Option<Arc<RawBuffer>>>,
}

impl GpuQueue {
    /// Command memory with room for `bytes`: an ended submission's, or new. Other ended ones are let go, but for a few.
    fn commands(&self, bytes: u64) -> Result<Commands, Error> {
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut again, mut kept, mut i) = (None, 0, 0);
        while i < retired.len() {
            if !retired[i].0.is_signaled()? {
                i += 1;
            } else if again.is_none() && retired[i].1.room() >= bytes {
                again = Some(retired.swap_remove(i).1);
            } else if kept < COMMANDS_KEPT {
                kept += 1;
                i += 1;
            } else {
                retired.swap_remove(i);
            }
        }
        match again {
            Some(commands) => Ok(commands),
            None => self.gpu.commands(bytes.max(COMMANDS_BYTES)),
        }
    }
}

/// Granule of the scratch memory that a queue keeps.
const SCRATCH_BYTES: u64 = 2 << 20;

impl GpuQueue {
    /// Scratch memory of at least `bytes`: the queue's, or more. What earlier streams were recorded with stays theirs.
    fn scratch(&self, device: &Device, bytes: u64) -> Result<Arc<RawBuffer>, Error> {
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        match &*scratch {
            Some(kept) if kept.gpu().is_some_and(|memory| memory.map().size() >= bytes) => Ok(Arc::clone(kept)),
            _ => {
                let memory = self.gpu.scratch(bytes.next_multiple_of(SCRATCH_BYTES))?;
                Ok(Arc::clone(scratch.insert(Arc::new(RawBuffer::of_memory(device, memory)))))
            }
        }
    }
}

/// Something that can be launched with arguments `A`.
pub trait Launch<A> {
    /// Runs it on the cpu engine.
    #[doc(hidden)]
    fn run_on_cpu(&self, engine: &crate::cpu::Engine, args: &A) -> Result<(), Error>;

    /// Its dispatches on a GPU.
    #[doc(hidden)]
    fn steps(&self, device: &Device, args: &A) -> Result<Vec<Step>, Error>;
}

impl Queue {
    pub(crate) fn new(device: &Device) -> Result<Self, Error> {
        let kind = match &device.inner {
            Inner::Gpu(gpu) => Kind::Gpu(GpuQueue {
                gpu: Arc::clone(gpu),
                context: Context::new(gpu.kmd(), Priority::Normal)?,
                ring: gpu.ring()?,
                retired: Mutex::default(),
                scratch: Mutex::default(),
            }),
            Inner::Cpu(cpu) => Kind::Cpu(Arc::clone(cpu)),
        };
        Ok(Self { device: device.clone(), kind })
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Launches an operator. Buffers behind `&` are read, those behind `&mut` written; the fence says when.
    ///
    /// On the cpu engine the work is done when this returns.
    ///
    /// # Errors
    /// Arguments that don't fit the operator, or a submission that the kernel refused.
    pub fn launch<A, L: Launch<A>>(&self, op: &L, args: A) -> Result<Fence, Error> {
        match &self.kind {
            Kind::Cpu(engine) => {
                op.run_on_cpu(engine, &args)?;
                Ok(Fence(FenceKind::Done))
            }
            Kind::Gpu(_) => self.submit_recording(self.record(op, args)?),
        }
    }

    /// Writes an operator's stream without submitting it: to look at it, or to submit it later.
    ///
    /// # Errors
    /// [`Error::NeedsGpu`] on the cpu engine; arguments that don't fit the operator.
    pub fn record<A, L: Launch<A>>(&self, op: &L, args: A) -> Result<Recording, Error> {
        let queue = self.gpu()?;
        let steps = op.steps(&self.device, &args)?;
        let scratch = |bytes| queue.scratch(&self.device, bytes);
        let recording = queue.gpu.record(steps, queue.ring, |bytes| queue.commands(bytes), scratch)?;
        for (buffer, _) in recording.used() {
            if !buffer.device().inner.same(&self.device.inner) {
                return Err(Error::OtherDevice { what: "a buffer" });
            }
        }
        Ok(recording)
    }

    /// Submits a stream of the caller's own; `buffers` is what it touches (all of it is taken to be written).
    ///
    /// Streams run in an address space of this process's own, which holds nothing but buffers: a wrong one can spoil
    /// their content or hang the GPU, and cannot reach other memory.
    ///
    /// # Errors
    /// [`Error::NeedsGpu`] on the cpu engine; a submission that the kernel refused; [`Error::Lint`] under
    /// [`Lint::All`](crate::Lint::All).
    pub fn submit(&self, stream: &Stream, buffers: &[&dyn AnyBuffer]) -> Result<Fence, Error> {
        self.submit_recording(self.record_stream(stream, buffers)?)
    }

    /// Takes a stream of the caller's own for a later submission; `buffers` as in [`Queue::submit`].
    ///
    /// # Errors
    /// [`Error::NeedsGpu`] on the cpu engine; a stream that can't be padded.
    pub fn record_stream(&self, stream: &Stream, buffers: &[&dyn AnyBuffer]) -> Result<Recording, Error> {
        let queue = self.gpu()?;
        let mut padded = stream.clone();
        padded.pad()?;
        let commands = queue.commands(4 * padded.len_dw() as u64)?;
        let mut recording = Recording::new(&queue.gpu, queue.ring, padded, commands, Author::Caller);
        recording.buffers = buffers.iter().map(|b| (Arc::clone(b.raw()), Usage::Write)).collect();
        Ok(recording)
    }

    fn gpu(&self) -> Result<&GpuQueue, Error> {
        match &self.kind {
            Kind::Gpu(queue) => Ok(queue),
            Kind::Cpu(_) => Err(Error::NeedsGpu { what: "a PM4 stream" }),
        }
    }

    /// Submits a recorded stream.
    ///
    /// # Errors
    /// A submission that the kernel refused; [`Error::Lint`] for a stream in which the linter found an error.
    pub fn submit_recording(&self, recording: Recording) -> Result<Fence, Error> {
        let queue = self.gpu()?;
        recording.write_ib()?;
        let (cs, fence) = self.submit_written(&recording)?;
        queue.retired.lock().unwrap_or_else(PoisonError::into_inner).push((cs, recording.commands));
        Ok(fence)
    }

    /// Keeps a recorded stream to be submitted any number of times.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sparkle_pm4::{Arg, Deadline, Device, ops};
    ///
    /// let device = Device::emulated()?;
    /// let queue = device.queue()?;
    /// let (a, b, c) = (device.upload(&[1.0f32; 64])?, device.upload(&[2.0f32; 64])?, device.upload(&[5.0f32; 64])?);
    /// let mut y = device.zeros::<f32>(64)?;
    /// let mut sum = queue.retain(queue.record(&ops::VectorAdd, (&a, &b, &mut y))?)?;
    /// let soon = Deadline::after(Duration::from_secs(10));
    /// queue.submit_retained(&mut sum)?.wait(soon)?;
    /// assert_eq!(y.read()?[63], 3.0);
    /// sum.set_arg(0, 1, Arg::In(&c))?; // of step 0 the second argument: a store of eight bytes
    /// queue.submit_retained(&mut sum)?.wait(soon)?;
    /// assert_eq!(y.read()?[63], 6.0);
    /// # Ok::<(), sparkle_pm4::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Queue::submit_recording`].
    pub fn retain(&self, recording: Recording) -> Result<Retained, Error> {
        self.gpu()?;
        recording.lint()?;
        recording.write_ib()?;
        Ok(Retained { recording, running: Vec::new(), changed: false })
    }

    /// Submits what was retained, with its arguments as they are now.
    ///
    /// # Errors
    /// As [`Queue::submit_recording`].
    pub fn submit_retained(&self, retained: &mut Retained) -> Result<Fence, Error> {
        if std::mem::take(&mut retained.changed) {
            retained.recording.lint().inspect_err(|_| retained.changed = true)?;
        }
        retained.retire()?;
        let (_, fence) = self.submit_unchecked(&retained.recording)?;
        retained.running.push(fence.clone());
        Ok(fence)
    }

    fn submit_written(&self, recording: &Recording) -> Result<(CsFence, Fence), Error> {
        recording.lint()?;
        self.submit_unchecked(recording)
    }

    fn submit_unchecked(&self, recording: &Recording) -> Result<(CsFence, Fence), Error> {
        let GpuQueue { gpu, context, ring, .. } = self.gpu()?;
        let bytes = 4 * recording.stream.len_dw() as u32;
        let commands = &recording.commands.map;
        let mut submission = Submission::new().ib(recording.va(), bytes, *ring).mapping(commands);
        for map in recording.mapped() {
            submission = submission.mapping(map);
        }
        for (buffer, usage) in recording.used() {
            let memory = buffer.gpu().filter(|_| buffer.device().inner.same(&self.device.inner));
            submission = submission.mapping(memory.ok_or(Error::OtherDevice { what: "a buffer" })?.map());
            for before in buffer.conflicts(usage)? {
                // This queue's own work is ordered by the ring.
                if let FenceKind::Gpu { cs, .. } = &before.0
                    && cs.context_id() != context.id()
                {
                    submission = submission.depends_on(cs);
                }
            }
        }
        let cs = submission.submit(context).map_err(|error| match error {
            kmd::KmdError::ContextLost(lost) => explain_loss(gpu.kmd(), context.id(), &lost),
            other => other.into(),
        })?;
        let fence = Fence(FenceKind::Gpu { cs: cs.clone() });
        for (buffer, usage) in recording.used() {
            buffer.used(usage, &fence)?;
        }
        Ok((cs, fence))
    }
}

/// The end of a launch.
#[derive(Debug, Clone)]
#[must_use = "results are there only after a wait that succeeded"]
pub struct Fence(FenceKind);

#[derive(Debug, Clone)]
enum FenceKind {
    /// Over already.
    Done,
    Gpu {
        cs: CsFence,
    },
}

impl Fence {
    /// Waits until the work is done.
    ///
    /// # Errors
    /// [`Error::TimedOut`] when the deadline came first, [`Error::DeviceLost`] with the reason when it never will.
    pub fn wait(&self, deadline: Deadline) -> Result<(), Error> {
        match &self.0 {
            FenceKind::Done => Ok(()),
            FenceKind::Gpu { cs } => match cs.wait(deadline)? {
                Wait::Signaled => Ok(()),
                Wait::TimedOut => Err(Error::TimedOut),
                Wait::DeviceLost(lost) => Err(explain_loss(cs.device(), cs.context_id(), &lost)),
            },
        }
    }

    /// Whether `other` ends no earlier than this: a later submission of the same context and ring.
    pub(crate) fn is_covered_by(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (FenceKind::Done, _) => true,
            (FenceKind::Gpu { cs: a }, FenceKind::Gpu { cs: b }) => {
                a.context_id() == b.context_id() && a.ring() == b.ring() && a.seq() <= b.seq()
            }
            _ => false,
        }
    }

    /// Looks without waiting: whether the device is through with the work, done or given up.
    pub(crate) fn is_done(&self) -> Result<bool, Error> {
        match &self.0 {
            FenceKind::Done => Ok(true),
            FenceKind::Gpu { cs } => Ok(cs.is_signaled()?),
        }
    }
}

/// A lost context as an error, with what the device can say about it.
pub(crate) fn explain_loss(kmd: &kmd::Device, context: u32, lost: &Lost) -> Error {
    let reason = match kmd.node().explain(context) {
        // The device says what happened: a fault is no hang, by which a driver's error would name both.
        Some(detail) if matches!(lost.reason, LostReason::GuiltySoft | LostReason::GuiltyHard) => detail,
        Some(detail) => format!("{lost}: {detail}"),
        None => format!("{lost}; the kernel log (dmesg) may say more"),
    };
    Error::DeviceLost { reason }
}
