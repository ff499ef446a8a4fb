//! Streams that are written and not yet submitted, or submitted again and again.

use std::sync::Arc;

use pm4::Stream;

use super::buffer::RawBuffer;
use super::gpu::{Commands, Gpu, Usage};
use super::kernel::{Arg, Kernel};
use super::lint::Author;
use super::module::LoadedKernel;
use super::queue::Fence;
use super::step::{Step, StepArg};
use crate::error::Error;
use crate::kmd::{GpuMap, Ring};

/// A written stream with all that it needs: the command memory, the kernels, and the buffers that it names.
#[derive(Debug)]
pub struct Recording {
    pub(super) job: Arc<Job>,
    pub(super) commands: Commands,
}

/// A stream and what it names: what is left to tell of a submission whose command memory serves another one.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) gpu: Arc<Gpu>,
    pub(super) ring: Ring,
    pub(super) author: Author,
    pub(super) stream: Stream,
    /// Where the command memory lies.
    pub(super) map: GpuMap,
    pub(super) ib_offset: u64,
    /// The dispatches of an operator, and where in the command memory the arguments of each begin.
    pub(super) steps: Vec<(Step, u64)>,
    /// The arguments, from the start of the command memory.
    pub(super) args: Vec<u8>,
    /// What a stream without steps uses.
    pub(super) kernels: Vec<Arc<LoadedKernel>>,
    pub(super) buffers: Vec<(Arc<RawBuffer>, Usage)>,
    pub(super) maps: Vec<GpuMap>,
    /// Scratch memory of its waves, which the queue's streams share one after the other.
    pub(super) scratch: Option<Arc<RawBuffer>>,
}

impl Job {
    pub(super) fn new(gpu: &Arc<Gpu>, ring: Ring, stream: Stream, map: &GpuMap, author: Author) -> Self {
        Self {
            gpu: Arc::clone(gpu),
            ring,
            author,
            stream,
            map: map.clone(),
            ib_offset: 0,
            steps: Vec::new(),
            args: Vec::new(),
            kernels: Vec::new(),
            buffers: Vec::new(),
            maps: Vec::new(),
            scratch: None,
        }
    }

    /// Where the indirect buffer lies.
    pub(super) fn va(&self) -> u64 {
        self.map.va() + self.ib_offset
    }

    /// The kernels that it dispatches.
    pub(super) fn loaded(&self) -> impl Iterator<Item = &Arc<LoadedKernel>> {
        self.steps.iter().map(|(step, _)| &step.kernel).chain(&self.kernels)
    }

    /// The buffers, and what is done with each.
    pub(super) fn used(&self) -> impl Iterator<Item = (&Arc<RawBuffer>, Usage)> {
        let of_steps = self.steps.iter().flat_map(|(step, _)| &step.args).filter_map(|arg| match arg {
            StepArg::Buffer(buffer, usage) => Some((buffer, *usage)),
            _ => None,
        });
        let of_modules = self.loaded().filter_map(|kernel| kernel.data());
        let scratch = self.scratch.iter().map(|scratch| (scratch, Usage::Write));
        of_steps.chain(self.buffers.iter().map(|(buffer, usage)| (buffer, *usage))).chain(of_modules).chain(scratch)
    }

    /// What the buffers hold now, each by its address. One that earlier work still writes, or that can't be read, is left
    /// out.
    pub(super) fn data(&self) -> Vec<(u64, Vec<u8>)> {
        let mut found: Vec<(u64, Vec<u8>)> = Vec::new();
        for memory in self.used().filter_map(|(raw, _)| Some((raw.gpu()?.va(), raw))) {
            let (va, raw) = memory;
            let mut bytes = vec![0; raw.bytes()];
            if found.iter().all(|(known, _)| *known != va) && raw.read(&mut bytes).is_ok() {
                found.push((va, bytes));
            }
        }
        found
    }

    /// What is mapped beside them: code and workspaces.
    pub(super) fn mapped(&self) -> impl Iterator<Item = &GpuMap> {
        let workspaces = self.steps.iter().flat_map(|(step, _)| &step.args).filter_map(|arg| match arg {
            StepArg::Workspace(map, _) => Some(map),
            _ => None,
        });
        self.loaded().map(|kernel| &kernel.image).chain(workspaces).chain(&self.maps)
    }
}

impl Recording {
    pub(super) fn new(job: Job, commands: Commands) -> Self {
        Self { job: Arc::new(job), commands }
    }

    /// What is recorded, to be changed before anybody has seen it.
    fn job_mut(&mut self) -> &mut Job {
        Arc::make_mut(&mut self.job)
    }

    /// The dwords of the indirect buffer.
    pub fn stream(&self) -> &Stream {
        &self.job.stream
    }

    /// Where the indirect buffer will lie.
    pub fn va(&self) -> u64 {
        self.job.va()
    }

    /// The same with another stream, as long as it is not longer: for tests, and for those who know better.
    ///
    /// # Errors
    /// A stream that can't be padded or does not fit.
    pub fn with_stream(mut self, mut stream: Stream) -> Result<Self, Error> {
        stream.pad()?;
        let room = self.commands.room() - self.job.ib_offset;
        if 4 * stream.len_dw() as u64 > room {
            return Err(Error::Length { tensor: "the stream", want: room as usize / 4, got: stream.len_dw() });
        }
        let job = self.job_mut();
        job.stream = stream;
        job.author = Author::Caller;
        Ok(self)
    }

    /// The same, for a stream of the caller's own that dispatches this kernel: its code stays in place until the work
    /// has ended, and the linter knows it.
    ///
    /// # Errors
    /// [`Error::OtherDevice`].
    pub fn with_kernel(mut self, kernel: &Kernel) -> Result<Self, Error> {
        let loaded = kernel.loaded();
        if !Arc::ptr_eq(loaded.image.bo().device(), self.job.gpu.kmd()) {
            return Err(Error::OtherDevice { what: "a kernel" });
        }
        self.job_mut().kernels.push(Arc::clone(loaded));
        Ok(self)
    }

    pub(super) fn write_ib(&self) -> Result<(), Error> {
        self.commands.write_ib(self.job.ib_offset, self.job.stream.dwords())
    }
}

/// A recording that can be submitted any number of times, and whose arguments can change between two submissions.
#[derive(Debug)]
pub struct Retained {
    pub(super) recording: Recording,
    /// Submissions that may still be reading the arguments.
    pub(super) running: Vec<Fence>,
    /// Whether an argument has changed since the linter looked.
    pub(super) changed: bool,
}

impl Retained {
    /// What is submitted.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Gives an argument of a step another value: the dwords from the first to the last change are stored. Steps and explicit arguments
    /// count from 0; kind and size are checked against the kernel's metadata.
    ///
    /// # Errors
    /// [`Error::Busy`] while a submission still reads the arguments; an argument that the kernel doesn't have, or of
    /// another kind; [`Error::OtherDevice`].
    pub fn set_arg(&mut self, step: usize, index: usize, value: Arg<'_>) -> Result<(), Error> {
        self.retire()?;
        if !self.running.is_empty() {
            return Err(Error::Busy { used: "read" });
        }
        let job = &self.recording.job;
        let steps = job.steps.len();
        let Some((old, offset)) = job.steps.get(step) else {
            return Err(Error::Length { tensor: "the list of steps", want: steps, got: step.saturating_add(1) });
        };
        let mut changed = old.clone();
        let Some(slot) = changed.args.get_mut(index) else {
            let got = index.saturating_add(1);
            return Err(Error::Length { tensor: "the list of arguments", want: old.args.len(), got });
        };
        *slot = StepArg::from(&value);
        if let StepArg::Buffer(buffer, _) = slot
            && buffer.gpu().is_none_or(|memory| !memory.is_of(&job.gpu))
        {
            return Err(Error::OtherDevice { what: "a buffer" });
        }
        let start = *offset as usize;
        let packed = changed.pack()?;
        // What was submitted keeps its own.
        let Recording { job, commands } = &mut self.recording;
        let job = Arc::make_mut(job);
        let before = &mut job.args[start..start + packed.len()];
        let differ = |(i, (new, old)): (usize, (&u8, &u8))| (new != old).then_some(i);
        let mut changes = packed.iter().zip(before.iter()).enumerate().filter_map(differ);
        if let Some(first) = changes.next() {
            let last = changes.next_back().unwrap_or(first);
            // Whole dwords, as write-combined memory takes them at once.
            let (first, end) = (first & !3, ((last + 4) & !3).min(packed.len()));
            commands.write_at((start + first) as u64, &packed[first..end])?;
            before.copy_from_slice(&packed);
        }
        job.steps[step].0 = changed;
        self.changed = true;
        Ok(())
    }

    /// Forgets the submissions that have ended.
    pub(super) fn retire(&mut self) -> Result<(), Error> {
        let mut kept = Vec::new();
        for fence in &self.running {
            if !fence.is_done()? {
                kept.push(fence.clone());
            }
        }
        self.running = kept;
        Ok(())
    }
}
