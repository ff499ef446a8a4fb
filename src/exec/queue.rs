//! Queues and fences: giving work to a device, and waiting for it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use pm4::Stream;

use super::buffer::{AnyBuffer, RawBuffer};
use super::device::{Device, Inner};
use super::gpu::{Commands, Gpu, GpuMemory, Usage};
use super::hang::Hang;
use super::lint::Author;
use super::recording::{Job, Recording, Retained};
use super::step::{Step, StepArg};
use crate::error::Error;
use crate::kmd::{self, Context, CsFence, Deadline, GpuMap, Lost, LostReason, Priority, Ring, Submission, Wait};

/// Command memory of ended submissions that a queue keeps, and the size of a piece at least.
const COMMANDS_KEPT: usize = 4;
const COMMANDS_BYTES: u64 = 16 << 10;
/// Submissions in flight from which on the queue looks whether some have ended.
const FLIGHT_LOOK: usize = 64;

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
    flight: Arc<Mutex<Flight>>,
    /// Scratch memory, as much as a launch has needed so far.
    scratch: Mutex<Option<Arc<RawBuffer>>>,
}

/// What a queue has submitted and nobody has seen the end of, oldest first, and command memory of what has ended.
#[derive(Debug, Default)]
struct Flight {
    submitted: VecDeque<Submitted>,
    commands: Vec<Commands>,
}

/// A submission.
#[derive(Debug)]
struct Submitted {
    cs: CsFence,
    job: Arc<Job>,
    /// Its command memory, for use again; none where that is somebody's to keep.
    commands: Option<Commands>,
    /// What its buffers held before, each by its address, where that was asked for.
    data: Vec<(u64, Vec<u8>)>,
}

impl Flight {
    /// Forgets the submissions up to `seq`, which have ended well.
    fn ended(&mut self, seq: u64) {
        while self.submitted.front().is_some_and(|oldest| oldest.cs.seq() <= seq) {
            let done = self.submitted.pop_front().and_then(|done| done.commands);
            self.commands.extend(done.filter(|_| self.commands.len() < COMMANDS_KEPT));
        }
    }

    /// Looks, without waiting, which submissions have ended well: a ring executes a context's in order. What was given up
    /// stays, to be told of.
    fn retire(&mut self) -> Result<(), Error> {
        while let Some(oldest) = self.submitted.front() {
            let seq = oldest.cs.seq();
            match oldest.cs.wait(Deadline::PAST)? {
                Wait::Signaled => self.ended(seq),
                Wait::TimedOut | Wait::DeviceLost(_) => break,
            }
        }
        Ok(())
    }

    /// What is known of a loss that a fence of this queue told of: the submission that caused it comes first among those
    /// that have not ended well.
    fn explain(&self, gpu: &Gpu, fence: &CsFence, lost: &Lost) -> Hang {
        let own = self.submitted.iter().position(|s| s.cs.seq() == fence.seq());
        let blamed = |s: &Submitted| match s.cs.wait(Deadline::PAST) {
            Ok(Wait::DeviceLost(lost)) => {
                // After a reset the kernel gives the job that hung the same error as those behind it.
                (lost.reason != LostReason::Innocent).then_some(lost)
            }
            _ => None,
        };
        let first = self.submitted.iter().enumerate().find_map(|(at, s)| Some((at, blamed(s)?)));
        let (at, lost) = match (first, own) {
            (Some((at, blamed)), _) => (at, blamed),
            (None, Some(own)) => (own, *lost),
            (None, None) => return Hang::lost(gpu, fence, lost, None),
        };
        let Submitted { cs, job, data, .. } = &self.submitted[at];
        let hang = Hang::of_fence(gpu.kmd(), gpu.engine(), cs, &lost, Some(job.capture(data)));
        hang.with_behind(self.submitted.len() - 1 - at)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GpuQueue {
    /// Command memory with room for `bytes`: an ended submission's, or new.
    fn commands(&self, bytes: u64) -> Result<Commands, Error> {
        let mut flight = lock(&self.flight);
        flight.retire()?;
        let again = flight.commands.iter().position(|commands| commands.room() >= bytes);
        match again {
            Some(at) => Ok(flight.commands.swap_remove(at)),
            None => self.gpu.commands(bytes.max(COMMANDS_BYTES)),
        }
    }
}

/// Granule of the scratch memory that a queue keeps.
const SCRATCH_BYTES: u64 = 2 << 20;

impl GpuQueue {
    /// Scratch memory of at least `bytes`: the queue's, or more. What earlier streams were recorded with stays theirs.
    fn scratch(&self, device: &Device, bytes: u64) -> Result<Arc<RawBuffer>, Error> {
        let mut scratch = lock(&self.scratch);
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
                flight: Arc::default(),
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
        for (buffer, _) in recording.job.used() {
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
        let buffers = buffers.iter().map(|b| (Arc::clone(b.raw()), Usage::Write)).collect();
        let job = Job::new(&queue.gpu, queue.ring, padded, &commands.map, Author::Caller);
        Ok(Recording::new(Job { buffers, ..job }, commands))
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
        self.gpu()?;
        recording.write_ib()?;
        recording.lint()?;
        let Recording { job, commands } = recording;
        self.submit_job(&job, Some(commands))
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

    /// Work that was retained for another device, such as one that was lost, for this queue's: kernels are loaded again,
    /// with their variables as the code object has them, workspaces are new, and `buffers` says which buffer of this device
    /// stands for which one of the other. Arguments that were set keep their values.
    ///
    /// After a loss without [`Hang::vram_lost`] it is not needed: a new queue of the same device takes what was retained.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sparkle_pm4::{Deadline, Device, ops};
    ///
    /// let soon = Deadline::after(Duration::from_secs(10));
    /// let old = Device::emulated()?;
    /// let (a, b, mut y) = (old.upload(&[1.0f32; 64])?, old.upload(&[2.0f32; 64])?, old.zeros::<f32>(64)?);
    /// let queue = old.queue()?;
    /// let sum = queue.retain(queue.record(&ops::VectorAdd, (&a, &b, &mut y))?)?;
    ///
    /// let new = old.recreate()?;
    /// let (a2, b2, y2) = (new.upload(&[1.0f32; 64])?, new.upload(&[2.0f32; 64])?, new.zeros::<f32>(64)?);
    /// let queue = new.queue()?;
    /// let mut sum = queue.adopt(&sum, &[(&a, &a2), (&b, &b2), (&y, &y2)])?;
    /// queue.submit_retained(&mut sum)?.wait(soon)?;
    /// assert_eq!(y2.read()?, [3.0; 64]);
    /// # Ok::<(), sparkle_pm4::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotMovable`] for a stream of the caller's own, whose dwords have addresses in them, and where a buffer has
    /// no other; [`Error::OtherDevice`] and [`Error::Length`] for one that can't stand for it; as [`Queue::record`] and
    /// [`Queue::retain`].
    pub fn adopt(&self, retained: &Retained, buffers: &[(&dyn AnyBuffer, &dyn AnyBuffer)]) -> Result<Retained, Error> {
        let queue = self.gpu()?;
        let job = &retained.recording.job;
        if job.author == Author::Caller || job.steps.is_empty() {
            return Err(Error::NotMovable { why: "its dwords have addresses of the other device in them" });
        }
        let mut moved = Moved::default();
        let steps = job.steps.iter().map(|(step, _)| moved.step(&self.device, &queue.gpu, step, buffers));
        let steps = steps.collect::<Result<Vec<_>, Error>>()?;
        let scratch = |bytes| queue.scratch(&self.device, bytes);
        self.retain(queue.gpu.record(steps, queue.ring, |bytes| queue.commands(bytes), scratch)?)
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
        let fence = self.submit_job(&retained.recording.job, None)?;
        retained.running.push(fence.clone());
        Ok(fence)
    }

    /// Submits what is written in its command memory and was linted. `commands` is that memory, where it is the queue's to
    /// use again.
    fn submit_job(&self, job: &Arc<Job>, commands: Option<Commands>) -> Result<Fence, Error> {
        let GpuQueue { gpu, context, ring, flight, .. } = self.gpu()?;
        let bytes = 4 * job.stream.len_dw() as u32;
        let mut submission = Submission::new().ib(job.va(), bytes, *ring).mapping(&job.map);
        for map in job.mapped() {
            submission = submission.mapping(map);
        }
        let data = if gpu.keeps_data() { job.data() } else { Vec::new() };
        for (buffer, usage) in job.used() {
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
            kmd::KmdError::ContextLost(lost) => {
                let flight = lock(flight);
                // Whatever was submitted last has the context's fate.
                let last = flight.submitted.back().map(|last| flight.explain(gpu, &last.cs, &lost));
                last.unwrap_or_else(|| Hang::refused(gpu.kmd(), gpu.engine(), context.id(), &lost)).into()
            }
            other => Error::from(other),
        })?;
        let fence = Fence(FenceKind::Gpu { cs: cs.clone(), gpu: Arc::clone(gpu), flight: Arc::downgrade(flight) });
        let mut flight = lock(flight);
        if flight.submitted.len() >= FLIGHT_LOOK {
            flight.retire()?;
        }
        flight.submitted.push_back(Submitted { cs, job: Arc::clone(job), commands, data });
        drop(flight);
        for (buffer, usage) in job.used() {
            buffer.used(usage, &fence)?;
        }
        Ok(fence)
    }
}

/// What was made on another device already, by the address that it stands for.
#[derive(Debug, Default)]
struct Moved {
    images: HashMap<u64, (GpuMap, Arc<RawBuffer>)>,
    workspaces: HashMap<u64, GpuMap>,
}

impl Moved {
    /// The same step for another device.
    fn step(
        &mut self,
        device: &Device,
        gpu: &Arc<Gpu>,
        step: &Step,
        buffers: &[(&dyn AnyBuffer, &dyn AnyBuffer)],
    ) -> Result<Step, Error> {
        let kernel = &step.kernel;
        let object = &kernel.object;
        let (image, data) = match self.images.entry(kernel.image.va()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => {
                let (image, cpu) = gpu.load_image(object)?;
                let data = RawBuffer::of_memory(device, GpuMemory::new(gpu, image.clone(), cpu));
                free.insert((image, Arc::new(data)))
            }
        };
        let data = kernel.data().map(|_| &*data);
        let kernel = Arc::new(gpu.load_kernel(object, &kernel.info.name, image.clone(), data)?);
        let args = step.args.iter().map(|arg| {
            Ok(match arg {
                StepArg::Buffer(old, usage) => {
                    let other = buffers.iter().find(|(from, _)| Arc::ptr_eq(from.raw(), old)).map(|(_, to)| to.raw());
                    let other = other
                        .ok_or(Error::NotMovable { why: "no buffer of the new device stands for one of its own" })?;
                    if !other.device().inner.same(&device.inner) {
                        return Err(Error::OtherDevice { what: "a buffer" });
                    }
                    if other.bytes() < old.bytes() {
                        let (want, got) = (old.bytes(), other.bytes());
                        return Err(Error::Length { tensor: "a buffer, in bytes,", want, got });
                    }
                    StepArg::Buffer(Arc::clone(other), *usage)
                }
                StepArg::Workspace(old, usage) => {
                    let map = match self.workspaces.entry(old.va()) {
                        Entry::Occupied(known) => known.get().clone(),
                        Entry::Vacant(free) => free.insert(gpu.workspace(old.size())?).clone(),
                    };
                    StepArg::Workspace(map, *usage)
                }
                other => other.clone(),
            })
        });
        let args = args.collect::<Result<Vec<_>, Error>>()?;
        Ok(Step { kernel, args, ..step.clone() })
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
        gpu: Arc<Gpu>,
        /// Its queue's, as long as that is there: what is in it has buffers, which have fences.
        flight: Weak<Mutex<Flight>>,
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
            FenceKind::Gpu { cs, gpu, flight } => match cs.wait(deadline)? {
                Wait::Signaled => {
                    if let Some(flight) = flight.upgrade() {
                        lock(&flight).ended(cs.seq());
                    }
                    Ok(())
                }
                Wait::TimedOut => Err(Error::TimedOut),
                Wait::DeviceLost(lost) => Err(match flight.upgrade() {
                    Some(flight) => lock(&flight).explain(gpu, cs, &lost).into(),
                    None => Hang::lost(gpu, cs, &lost, None).into(),
                }),
            },
        }
    }

    /// What is known of the work while it has not ended, or after the device gave it up; `None` where it was done. Of
    /// several submissions of one queue that have not ended, it is the oldest, behind which the others wait.
    ///
    /// # Errors
    /// A failed look at the fence.
    pub fn hang(&self) -> Result<Option<Hang>, Error> {
        let FenceKind::Gpu { cs, gpu, flight } = &self.0 else { return Ok(None) };
        let state = cs.wait(Deadline::PAST)?;
        let flight = flight.upgrade();
        let flight = flight.as_deref().map(lock);
        Ok(match (state, flight) {
            (Wait::Signaled, _) => None,
            (Wait::DeviceLost(lost), Some(flight)) => Some(flight.explain(gpu, cs, &lost)),
            (Wait::DeviceLost(lost), None) => Some(Hang::lost(gpu, cs, &lost, None)),
            (Wait::TimedOut, None) => Some(Hang::unfinished(gpu, cs, None)),
            (Wait::TimedOut, Some(mut flight)) => {
                flight.retire()?;
                let oldest = flight.submitted.front();
                let (cs, submission) = match oldest {
                    Some(oldest) => (&oldest.cs, Some(oldest.job.capture(&oldest.data))),
                    None => (cs, None),
                };
                Some(Hang::unfinished(gpu, cs, submission).with_behind(flight.submitted.len().saturating_sub(1)))
            }
        })
    }

    /// Whether `other` ends no earlier than this: a later submission of the same context and ring.
    pub(crate) fn is_covered_by(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (FenceKind::Done, _) => true,
            (FenceKind::Gpu { cs: a, .. }, FenceKind::Gpu { cs: b, .. }) => {
                a.context_id() == b.context_id() && a.ring() == b.ring() && a.seq() <= b.seq()
            }
            _ => false,
        }
    }

    /// Looks without waiting: whether the device is through with the work, done or given up.
    pub(crate) fn is_done(&self) -> Result<bool, Error> {
        match &self.0 {
            FenceKind::Done => Ok(true),
            FenceKind::Gpu { cs, .. } => Ok(cs.is_signaled()?),
        }
    }
}
