//! Workgroups over the host's cores.
//!
//! Each ring's thread runs its own dispatches and is helped by a pool that all rings share: a ring goes on however busy
//! the others keep the pool. Whoever is free takes the next workgroup from one counter, so that they start in order and
//! one that waits for an earlier one finds it running or done.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use isa_exec::{Control, Program, Trap, TrapKind, run_group};

use super::dispatch::Dispatch;
use super::memory::{AccessLog, VmMemory};
use super::sched::Watch;
use super::vm::Vm;

/// The threads that run waves beside the rings' own.
pub struct Crew {
    pool: Option<rayon::ThreadPool>,
    threads: usize,
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew").field("threads", &self.threads).finish_non_exhaustive()
    }
}

impl Crew {
    /// A crew by which a dispatch runs on `threads` threads; on as many as the host has cores without a number.
    pub fn new(threads: Option<usize>) -> io::Result<Self> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.filter(|&n| n != 0).unwrap_or_else(cores);
        let pool = match threads - 1 {
            0 => None,
            helpers => Some(
                rayon::ThreadPoolBuilder::new()
                    .num_threads(helpers)
                    .thread_name(|i| format!("soft-cu-{i}"))
                    .build()
                    .map_err(io::Error::other)?,
            ),
        };
        Ok(Self { pool, threads })
    }

    /// Runs all workgroups; how many wave instructions they had.
    pub fn run(&self, dispatch: &Dispatch, vm: &Arc<Vm>, watch: &Arc<Watch>) -> Result<u64, Trap> {
        let work = Work::new(dispatch.clone(), Arc::clone(vm), Arc::clone(watch));
        let most = work.count.min(work.dispatch.residency().into());
        let helpers = (self.threads - 1).min(most.saturating_sub(1) as usize);
        if let Some(pool) = self.pool.as_ref().filter(|_| helpers != 0) {
            let work = Arc::new(work);
            for _ in 0..helpers {
                let work = Arc::clone(&work);
                pool.spawn(move || work.help());
            }
            work.lead();
            return work.result();
        }
        work.take_part(&mut VmMemory::new(&work.vm));
        work.result()
    }

    /// Runs all workgroups on this thread and notes what they touch.
    pub fn run_logged(&self, dispatch: &Dispatch, vm: &Arc<Vm>, watch: &Arc<Watch>) -> Result<AccessLog, Trap> {
        let work = Work::new(dispatch.clone(), Arc::clone(vm), Arc::clone(watch));
        let mut memory = VmMemory::logged(&work.vm, dispatch.scratch_range());
        work.take_part(&mut memory);
        let log = memory.into_log().unwrap_or_default();
        work.result().map(|_| log)
    }
}

/// One dispatch under way.
struct Work {
    dispatch: Dispatch,
    vm: Arc<Vm>,
    watch: Arc<Watch>,
    count: u64,
    /// The workgroup to start next.
    next: AtomicU64,
    instructions: AtomicU64,
    /// A workgroup failed: the others stop.
    stop: AtomicBool,
    failed: Mutex<Option<(u64, Trap)>>,
    /// Free places of the scratch ring.
    slots: Mutex<Vec<u32>>,
    helpers: Mutex<Helpers>,
    left: Condvar,
}

#[derive(Default)]
struct Helpers {
    at_work: usize,
    /// No work is left: who comes now goes again.
    closed: bool,
    panicked: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Work {
    fn new(dispatch: Dispatch, vm: Arc<Vm>, watch: Arc<Watch>) -> Self {
        let slots = match dispatch.has_scratch() {
            true => (0..dispatch.residency()).rev().collect(),
            false => Vec::new(),
        };
        Self {
            count: dispatch.count(),
            dispatch,
            vm,
            watch,
            next: AtomicU64::new(0),
            instructions: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            failed: Mutex::default(),
            slots: Mutex::new(slots),
            helpers: Mutex::default(),
            left: Condvar::new(),
        }
    }

    /// The ring's own thread: works, then waits for those who still do.
    fn lead(&self) {
        let done = catch_unwind(AssertUnwindSafe(|| self.take_part(&mut VmMemory::new(&self.vm))));
        if done.is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
        let mut helpers = lock(&self.helpers);
        helpers.closed = true;
        while helpers.at_work != 0 {
            helpers = self.left.wait(helpers).unwrap_or_else(PoisonError::into_inner);
        }
        let panicked = helpers.panicked;
        drop(helpers);
        // The ring answers a panic with a lost context.
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
        assert!(!panicked, "a thread that runs waves panicked");
    }

    fn help(&self) {
        {
            let mut helpers = lock(&self.helpers);
            if helpers.closed {
                return;
            }
            helpers.at_work += 1;
        }
        let done = catch_unwind(AssertUnwindSafe(|| self.take_part(&mut VmMemory::new(&self.vm))));
        if done.is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
        let mut helpers = lock(&self.helpers);
        helpers.panicked |= done.is_err();
        helpers.at_work -= 1;
        self.left.notify_all();
    }

    /// Runs workgroups until none is left to start.
    fn take_part(&self, memory: &mut VmMemory<'_>) {
        let mut program = Program::new(self.dispatch.entry(), self.dispatch.wave_size());
        let stopped = || self.stopped();
        while !stopped() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.count {
                break;
            }
            // No more threads take part than there are places.
            let slot = lock(&self.slots).pop();
            let control = Control { stop: &stopped, max_instructions: None };
            let ran = self
                .dispatch
                .with_setup(index, slot.unwrap_or(0), |setup| run_group(setup, &mut program, memory, &control));
            lock(&self.slots).extend(slot);
            match ran {
                Ok(stats) => _ = self.instructions.fetch_add(stats.wave_instructions, Ordering::Relaxed),
                Err(trap) => self.fail(index, trap),
            }
        }
    }

    fn fail(&self, index: u64, trap: Trap) {
        self.stop.store(true, Ordering::Relaxed);
        let mut failed = lock(&self.failed);
        // The first workgroup's fault is the one to tell, unless it was only stopped by another's.
        let weight = |t: &Trap| matches!(t.kind, TrapKind::Killed);
        if failed.as_ref().is_none_or(|(i, t)| (weight(&trap), index) < (weight(t), *i)) {
            *failed = Some((index, trap));
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
            || self.watch.stop.load(Ordering::Relaxed)
            || Instant::now() >= self.watch.deadline
    }

    fn result(&self) -> Result<u64, Trap> {
        match lock(&self.failed).take() {
            Some((_, trap)) => Err(trap),
            None => Ok(self.instructions.load(Ordering::Relaxed)),
        }
    }
}
