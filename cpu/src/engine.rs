//! The engine: worker threads, scratch memory and the instruction set.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
};

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use super::{CpuError, ISA_VARIABLE, Isa};

/// Worker threads, scratch memory and an instruction set; operators run on it.
///
/// Create one and keep it: its threads start once, and its scratch buffers stay warm from call to call (they are freed
/// with the engine). It may be shared between threads.
#[derive(Debug)]
pub struct Engine {
    isa: Isa,
    threads: NonZeroUsize,
    /// `None` for one thread: the caller's.
    pool: Option<rayon::ThreadPool>,
    free: Mutex<Vec<Vec<CacheLine>>>,
}

/// 64 bytes: the cache line, and the widest vector, which then never straddles two lines.
#[derive(Debug, Clone, Copy, bytemuck::Zeroable, bytemuck::Pod)]
#[repr(C, align(64))]
struct CacheLine([f32; 16]);

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
        let pool = (threads.get() > 1)
            .then(|| {
                rayon::ThreadPoolBuilder::new()
                    .num_threads(threads.get())
                    .thread_name(|i| format!("sparkle-cpu-{i}"))
                    .build()
                    .map_err(|source| CpuError::Threads { threads: threads.get(), source })
            })
            .transpose()?;
        Ok(Self { isa, threads, pool, free: Mutex::default() })
    }

    /// The instruction set that operators planned on this engine use.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// The number of threads that share the work of a large operator.
    pub fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// Runs `work` on the pool when `parallel` is set and there is one, else right here.
    pub(super) fn enter(&self, parallel: bool, work: impl FnOnce(Lane<'_>) + Send) {
        match &self.pool {
            Some(pool) if parallel => pool.install(|| work(Lane { engine: self, parallel: true })),
            _ => work(Lane { engine: self, parallel: false }),
        }
    }
}

/// A place inside [`Engine::enter`], where work can be spread and scratch memory borrowed.
#[derive(Clone, Copy)]
pub(super) struct Lane<'e> {
    engine: &'e Engine,
    parallel: bool,
}

impl<'e> Lane<'e> {
    /// Calls `f` for every item, `batch` of them at a time on one thread, in no fixed order.
    pub(super) fn spread<T: Send>(self, items: Vec<T>, batch: usize, f: impl Fn(T) + Send + Sync) {
        if self.parallel && items.len() > batch {
            items.into_par_iter().with_min_len(batch).with_max_len(batch).for_each(f);
        } else {
            items.into_iter().for_each(f);
        }
    }

    /// Borrows at least `len` floats, 64-byte aligned, of unspecified content.
    pub(super) fn scratch(self, len: usize) -> Scratch<'e> {
        let lines = len.div_ceil(16);
        let mut free = self.engine.free.lock().unwrap_or_else(PoisonError::into_inner);
        // The tightest buffer that is large enough, else the largest, which then grows.
        let fit = (0..free.len()).min_by_key(|&i| match free[i].len() {
            have if have >= lines => (0, have),
            have => (1, usize::MAX - have),
        });
        let mut buffer = fit.map(|i| free.swap_remove(i)).unwrap_or_default();
        drop(free);
        if buffer.len() < lines {
            buffer.resize(lines, CacheLine([0.0; 16]));
        }
        Scratch { engine: self.engine, buffer }
    }
}

/// A scratch buffer; goes back to its engine when dropped.
pub(super) struct Scratch<'e> {
    engine: &'e Engine,
    buffer: Vec<CacheLine>,
}

impl Scratch<'_> {
    pub(super) fn floats(&mut self) -> &mut [f32] {
        bytemuck::cast_slice_mut(&mut self.buffer)
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.engine.free.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}
