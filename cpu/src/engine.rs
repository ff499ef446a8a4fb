//! The engine: worker threads, scratch memory and the instruction set.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, Ordering},
    sync::{Mutex, PoisonError},
};

use super::aligned::Aligned;
use super::share::Crew;
use super::{CpuError, ISA_VARIABLE, Isa};

/// Worker threads, scratch memory and an instruction set; operators run on it.
///
/// Create one and keep it: its threads start once, and its scratch buffers stay warm from call to call (they are freed
/// with the engine). It may be shared between threads.
#[derive(Debug)]
pub struct Engine {
    isa: Isa,
    threads: NonZeroUsize,
    /// The threads beside the caller's; `None` where that is the only one.
    crew: Option<Crew>,
    /// Scratch buffers that nobody has, by the thread that had them: its caches may still hold them.
    free: Box<[Mutex<Vec<Aligned>>]>,
    /// Whether the processor has met a denormal.
    denormals: AtomicBool,
}

impl Engine {
    /// An engine of `threads` threads (`None`: as many as the process may use) for `isa` (`None`: what the environment
    /// variable `SPARKLE_CPU_ISA` names, else [`detect`](super::detect)).
    ///
    /// # Errors
    ///
    /// [`CpuError::IsaUnavailable`] and [`CpuError::UnknownIsa`] for an instruction set that cannot be had, and
    /// [`CpuError::Threads`] where the operating system starts no threads.
    pub fn new(threads: Option<NonZeroUsize>, isa: Option<Isa>) -> Result<Self, CpuError> {
        let variable = std::env::var_os(ISA_VARIABLE).map(|v| v.to_string_lossy().into_owned());
        let isa = Isa::choose(isa, variable.as_deref())?;
        let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
        let crew = (threads.get() > 1)
            .then(|| {
                rayon::ThreadPoolBuilder::new()
                    .num_threads(threads.get() - 1)
                    .thread_name(|i| format!("sparkle-cpu-{i}"))
                    .build()
                    .map_err(|source| CpuError::Threads { threads: threads.get(), source })
            })
            .transpose()?
            .map(Crew::new);
        Ok(Self {
            isa,
            threads,
            crew,
            free: (0..threads.get()).map(|_| Mutex::default()).collect(),
            denormals: AtomicBool::new(false),
        })
    }

    /// The instruction set that operators planned on this engine use.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// The number of threads that share the work of a large operator.
    pub fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// The engine, as work on its threads sees it.
    pub(super) fn lane(&self) -> Lane<'_> {
        Lane { engine: self, thread: 0 }
    }
}

/// An engine at work: work can be shared with its threads, and scratch memory borrowed.
#[derive(Clone, Copy)]
pub(super) struct Lane<'e> {
    engine: &'e Engine,
    thread: usize,
}

impl<'e> Lane<'e> {
    /// The number of threads, this one included.
    pub(super) fn threads(self) -> usize {
        self.engine.threads.get()
    }

    /// A number of this thread, among those that share work.
    pub(super) fn thread(self) -> usize {
        self.thread
    }

    /// Whether [`meet_denormals`](Self::meet_denormals) was called on the engine.
    pub(super) fn met_denormals(self) -> bool {
        self.engine.denormals.load(Ordering::Relaxed)
    }

    pub(super) fn meet_denormals(self) {
        self.engine.denormals.store(true, Ordering::Relaxed);
    }

    /// Calls `f` on this thread and on others, at most `parts` of them, at the same time. Each call is to take parts of
    /// the work as long as there are any, so that it does not matter how many calls find some.
    pub(super) fn share(self, parts: usize, f: impl Fn(Lane<'e>) + Sync) {
        let others = self.engine.threads.get().min(parts).saturating_sub(1);
        let Some(crew) = self.engine.crew.as_ref().filter(|_| others > 0) else { return f(self) };
        crew.share(others, &|thread| f(Lane { thread, ..self }));
    }

    /// Calls `f` for every item, in no fixed order, at most `parallel` of them at the same time.
    pub(super) fn spread<T: Send>(self, items: impl Iterator<Item = T> + Send, parallel: usize, f: impl Fn(T) + Sync) {
        let items = Mutex::new(items);
        self.share(parallel, |_| {
            let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
            while let Some(item) = next() {
                f(item);
            }
        });
    }

    /// Borrows at least `len` floats, 64-byte aligned, of unspecified content.
    pub(super) fn scratch(self, len: usize) -> Scratch<'e> {
        let mut free = self.free().lock().unwrap_or_else(PoisonError::into_inner);
        // The tightest buffer that is large enough, else the largest, which then goes for a larger one.
        let fit = (0..free.len()).min_by_key(|&i| match free[i].len() {
            have if have >= len => (0, have),
            have => (1, usize::MAX - have),
        });
        let mut buffer = fit.map(|i| free.swap_remove(i)).unwrap_or_default();
        drop(free);
        if buffer.len() < len {
            drop(buffer);
            buffer = Aligned::zeroed(len).unwrap_or_else(|error| panic!("scratch memory of {len} floats: {error}"));
        }
        Scratch { lane: self, buffer }
    }

    fn free(self) -> &'e Mutex<Vec<Aligned>> {
        &self.engine.free[self.thread % self.engine.free.len()]
    }
}

/// A scratch buffer; goes back to its engine when dropped.
pub(super) struct Scratch<'e> {
    lane: Lane<'e>,
    buffer: Aligned,
}

impl Scratch<'_> {
    pub(super) fn floats(&mut self) -> &mut [f32] {
        &mut self.buffer
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.lane.free().lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}
