//! Rings and jobs: what runs when.
//!
//! As in the kernel's scheduler, jobs of one entity (a context's use of one ring) run in order, a job starts when its
//! dependencies are signalled, and one that waits doesn't hold up other entities' jobs on the same ring.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::arena::Storage;
use super::context::Context;
use super::fence::{Events, Fence};
use super::reset::{Gang, Resets};
use super::vm::Vm;
use crate::kmd::Explanation;

/// An engine of the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Engine {
    /// The graphics ring.
    Gfx,
    /// A compute ring.
    Compute,
    /// A copy engine's ring.
    Sdma,
}

/// An indirect buffer of a job.
#[derive(Debug, Clone, Copy)]
pub struct Ib {
    /// Its address, canonical.
    pub va: u64,
    /// Its length.
    pub bytes: u32,
}

/// One submission.
#[derive(Debug)]
pub struct Job {
    /// The file that it came by.
    pub file: u32,
    /// How often video memory had been lost when it was submitted.
    pub generation: u32,
    /// The jobs that start with it, where there are any.
    pub gang: Option<Arc<Gang>>,
    /// The context that it is charged to.
    pub context: Arc<Context>,
    /// The address space that it runs in.
    pub vm: Arc<Vm>,
    /// Its ring.
    pub ring: (Engine, u32),
    /// What the ring executes, in order, with one register state.
    pub ibs: Vec<Ib>,
    /// Whether the kernel invalidates every cache before the first IB, as its flag asked.
    pub mem_sync: bool,
    /// What it waits for.
    pub dependencies: Vec<Arc<Fence>>,
    /// What it signals.
    pub fence: Arc<Fence>,
    /// Its number in its entity.
    pub sequence: u64,
    /// Where the kernel writes that number when the job ends.
    pub user_fence: Option<(Arc<Storage>, u64)>,
    /// Buffer objects of its list, which live until it ends.
    #[expect(dead_code, reason = "held for its drop")]
    pub resident: Vec<Arc<Storage>>,
}

/// What ended a job early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What the fence reports.
    pub errno: Errno,
    /// What happened.
    pub what: Explanation,
}

/// Tells a running job to stop.
#[derive(Debug)]
pub struct Watch {
    /// Set by the watchdog or by the device's end.
    pub stop: AtomicBool,
    /// When the job counts as hung.
    pub deadline: Instant,
}

/// Runs a job's commands.
pub trait Execute: Send + Sync {
    /// Executes all of the job's IBs.
    fn execute(&self, job: &Job, watch: &Arc<Watch>) -> Result<(), Failure>;
}

/// One ring: a queue and the thread that drains it.
#[derive(Debug)]
pub struct Ring {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// The job under way.
struct Running {
    watch: Arc<Watch>,
    /// The file that it came by.
    file: u32,
    /// Whether it was stopped for a reason that isn't its own.
    stopped: bool,
}

/// What a ring's thread and its owner have in common.
pub struct Shared {
    events: Arc<Events>,
    queue: Mutex<VecDeque<Job>>,
    running: Mutex<Option<Running>>,
    end: AtomicBool,
    timeout: Duration,
    executor: Arc<dyn Execute>,
    resets: Arc<Resets>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Ring {
    /// Starts a ring whose jobs may take `timeout` each; one that takes longer hangs it, from which `resets` recovers.
    pub fn new(
        name: String,
        executor: Arc<dyn Execute>,
        events: &Arc<Events>,
        timeout: Duration,
        resets: Arc<Resets>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            events: Arc::clone(events),
            queue: Mutex::default(),
            running: Mutex::default(),
            end: AtomicBool::new(false),
            timeout,
            executor,
            resets,
        });
        shared.resets.add(&shared);
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(name).spawn(move || theirs.drain())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Whether it executes something now.
    pub fn is_busy(&self) -> bool {
        self.shared.running().is_some()
    }

    /// Queues a job; whoever calls notifies.
    pub fn push(&self, job: Job) {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(job);
    }

    /// Drops the jobs of a file: cancels those that wait, and stops the one that runs.
    pub fn abandon(&self, file: u32) {
        let dropped: VecDeque<Job> = {
            let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let (theirs, rest) = queue.drain(..).partition(|job: &Job| job.file == file);
            *queue = rest;
            theirs
        };
        for job in dropped {
            let fence = Arc::clone(&job.fence);
            drop(job);
            fence.signal(Err(Errno::ECANCELED));
        }
        self.shared.stop(|owner| owner == file);
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.shared.end.store(true, Ordering::Release);
        self.shared.stop(|_| true);
        self.shared.events.notify();
        if let Some(thread) = self.thread.take() {
            // A panic there was reported by that thread; the ring is gone either way.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// Stops what runs, where it came by a file of which `whose` says so.
    pub fn stop(&self, whose: impl Fn(u32) -> bool) {
        if let Some(running) = self.running().as_mut().filter(|running| whose(running.file)) {
            running.stopped = true;
            running.watch.stop.store(true, Ordering::Release);
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the first job of the highest priority that may start: its dependencies are signalled, and no earlier job is of
    /// its entity.
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = (0..queue.len()).filter(|&i| {
            let job = &queue[i];
            job.dependencies.iter().all(|f| f.is_signaled())
                && !queue.iter().take(i).any(|earlier| Arc::ptr_eq(&earlier.context, &job.context))
        });
        let mut ready: Vec<usize> = ready.collect();
        ready.sort_by_key(|&i| std::cmp::Reverse(queue[i].context.priority()));
        let at = ready.into_iter().find(|&i| queue[i].gang.as_ref().is_none_or(|gang| gang.enter()))?;
        queue.remove(at)
    }

    fn drain(&self) {
        loop {
            let step = self.events.wait_until(i64::MAX, || {
                if self.end.load(Ordering::Acquire) { Some(None) } else { self.next().map(Some) }
            });
            match step.flatten() {
                Some(job) => self.run(job),
                None => break,
            }
        }
        for job in self.queue.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            job.fence.signal(Err(Errno::ECANCELED));
        }
    }

    /// Runs the commands. A panic in there is a fault of ours: it must not leave whoever waits for the fence waiting.
    fn execute(&self, job: &Job, watch: &Arc<Watch>) -> Result<(), Failure> {
        let run = AssertUnwindSafe(|| self.executor.execute(job, watch));
        catch_unwind(run).unwrap_or_else(|_| {
            let reason = "the software device failed inside (a bug of its own; the panic is on stderr)".to_owned();
            Err(Failure { errno: Errno::ETIME, what: Explanation::of_reason(reason) })
        })
    }

    fn run(&self, job: Job) {
        let watch = Arc::new(Watch { stop: AtomicBool::new(false), deadline: Instant::now() + self.timeout });
        *self.running() = Some(Running { watch: Arc::clone(&watch), file: job.file, stopped: false });
        if self.end.load(Ordering::Acquire) {
            watch.stop.store(true, Ordering::Release);
        }
        // Whether what relies on the content of video memory relies on what is lost.
        let outdated = || job.generation != self.resets.lost();
        let result = {
            let _gate = self.resets.enter();
            match job.context.is_lost() || outdated() {
                // What follows a failed job of its context is refused with the same fate.
                true => Err(None),
                false => self.execute(&job, &watch).map_err(Some),
            }
        };
        let stopped = self.running().take().is_some_and(|r| r.stopped);
        let result = result.map_err(|failure| match failure {
            Some(failure) if !stopped && !outdated() => {
                let Failure { errno, what } = failure;
                // The scheduler's restart after a reset ends all that the ring had with ECANCELED, the job that hung among it
                // (drm_sched_start, whatever error its fence had before).
                let hard = errno == Errno::ETIME;
                let errno = if hard { Errno::ECANCELED } else { errno };
                job.context.lose(errno, what);
                if hard {
                    self.resets.recover();
                }
                errno
            }
            _ => Errno::ECANCELED,
        });
        if let (Ok(()), Some((storage, offset))) = (result, &job.user_fence) {
            storage.arena().write(storage.start() + offset, &job.sequence.to_le_bytes());
        }
        let fence = Arc::clone(&job.fence);
        // Buffers go before the fence is signalled, so that whoever waited finds them gone.
        drop(job);
        fence.signal(result);
    }
}
