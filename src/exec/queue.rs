//! Queues and fences: giving work to a device, and waiting for it.

use std::sync::{Arc, Mutex, PoisonError};

use pm4::Stream;

use super::buffer::{AnyBuffer, RawBuffer};
use super::device::{Device, Inner};
use super::gpu::{Commands, Gpu, IB_ALIGN_DW, Step, StepArg, Usage};
use crate::error::Error;
use crate::kmd::{self, Context, CsFence, Deadline, GpuMap, Lost, Priority, Ring, Submission, Wait};

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
        let (stream, commands, ib_offset) = queue.gpu.record(&steps, |bytes| queue.commands(bytes))?;
        let mut recording = Recording { stream, commands, ib_offset, buffers: Vec::new(), maps: Vec::new() };
        for step in steps {
            recording.maps.push(step.kernel.image.clone());
            for arg in step.args {
                match arg {
                    StepArg::Buffer(buffer, usage) => {
                        if !buffer.device().inner.same(&self.device.inner) {
                            return Err(Error::OtherDevice { what: "a buffer" });
                        }
                        recording.buffers.push((buffer, usage));
                    }
                    StepArg::Workspace(map) => recording.maps.push(map),
                    _ => {}
                }
            }
        }
        Ok(recording)
    }

    /// Submits a recorded stream.
    ///
    /// # Errors
    /// A submission that the kernel refused.
    pub fn submit_recording(&self, recording: Recording) -> Result<Fence, Error> {
        let Recording { stream, commands, ib_offset, buffers, maps } = recording;
        self.submit_dwords(stream.dwords(), commands, ib_offset, &buffers, &maps)
    }

    /// Submits a stream of the caller's own; `buffers` is what it touches (all of it is taken to be written).
    ///
    /// Streams run in an address space of this process's own, which holds nothing but buffers: a wrong one can spoil
    /// their content or hang the GPU, and cannot reach other memory.
    ///
    /// # Errors
    /// [`Error::NeedsGpu`] on the cpu engine; a submission that the kernel refused.
    pub fn submit(&self, stream: &Stream, buffers: &[&dyn AnyBuffer]) -> Result<Fence, Error> {
        let queue = self.gpu()?;
        let mut padded = stream.clone();
        padded.pad_to(IB_ALIGN_DW)?;
        let commands = queue.commands(4 * padded.len_dw() as u64)?;
        let buffers: Vec<_> = buffers.iter().map(|b| (Arc::clone(b.raw()), Usage::Write)).collect();
        self.submit_dwords(padded.dwords(), commands, 0, &buffers, &[])
    }

    fn gpu(&self) -> Result<&GpuQueue, Error> {
        match &self.kind {
            Kind::Gpu(queue) => Ok(queue),
            Kind::Cpu(_) => Err(Error::NeedsGpu { what: "a PM4 stream" }),
        }
    }

    fn submit_dwords(
        &self,
        dwords: &[u32],
        commands: Commands,
        ib_offset: u64,
        buffers: &[(Arc<RawBuffer>, Usage)],
        maps: &[GpuMap],
    ) -> Result<Fence, Error> {
        let GpuQueue { gpu, context, ring, retired } = self.gpu()?;
        commands.write_ib(ib_offset, dwords)?;
        let bytes = 4 * dwords.len() as u32;
        let mut submission = Submission::new().ib(commands.map.va() + ib_offset, bytes, *ring).mapping(&commands.map);
        for map in maps {
            submission = submission.mapping(map);
        }
        for (buffer, usage) in buffers {
            let memory = buffer.gpu().filter(|_| buffer.device().inner.same(&self.device.inner));
            submission = submission.mapping(memory.ok_or(Error::OtherDevice { what: "a buffer" })?.map());
            for before in buffer.conflicts(*usage)? {
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
        retired.lock().unwrap_or_else(PoisonError::into_inner).push((cs.clone(), commands));
        let fence = Fence(FenceKind::Gpu { cs });
        for (buffer, usage) in buffers {
            buffer.used(*usage, &fence)?;
        }
        Ok(fence)
    }
}

/// A written stream with all that it needs: the command memory, the kernels, and the buffers that it names.
#[derive(Debug)]
pub struct Recording {
    stream: Stream,
    commands: Commands,
    ib_offset: u64,
    buffers: Vec<(Arc<RawBuffer>, Usage)>,
    maps: Vec<GpuMap>,
}

impl Recording {
    /// The dwords of the indirect buffer.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Where the indirect buffer will lie.
    pub fn va(&self) -> u64 {
        self.commands.map.va() + self.ib_offset
    }

    /// The same with another stream, as long as it is not longer: for tests, and for those who know better.
    ///
    /// # Errors
    /// A stream that can't be padded or does not fit.
    pub fn with_stream(mut self, mut stream: Stream) -> Result<Self, Error> {
        stream.pad_to(IB_ALIGN_DW)?;
        let room = self.commands.room() - self.ib_offset;
        if 4 * stream.len_dw() as u64 > room {
            return Err(Error::Length { tensor: "the stream", want: room as usize / 4, got: stream.len_dw() });
        }
        self.stream = stream;
        Ok(self)
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
        Some(detail) => format!("{lost}: {detail}"),
        None => format!("{lost}; the kernel log (dmesg) may say more"),
    };
    Error::DeviceLost { reason }
}
