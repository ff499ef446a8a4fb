//! Rings and jobs: what runs when.
//!
//! As in the kernel's scheduler, jobs of one entity (a context's use of one ring) run in order, a job starts when its
//! dependencies are signalled, and one that waits doesn't hold up other entities' jobs on the same ring.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::arena::Storage;
use super::context::Context;
use super::fence::{Events, Fence};
use super::vm::Vm;

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
    /// The reason, in a sentence.
    pub reason: String,
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

struct Shared {
    events: Arc<Events>,
    queue: Mutex<VecDeque<Job>>,
    running: Mutex<Option<Arc<Watch>>>,
    end: AtomicBool,
    timeout: Duration,
    executor: Arc<dyn Execute>,
    resets: Arc<AtomicU32>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Ring {
    /// Starts a ring whose jobs may take `timeout` each; a job that takes longer resets the ring, which `resets` counts.
    pub fn new(
        name: String,
        executor: Arc<dyn Execute>,
        events: &Arc<Events>,
        timeout: Duration,
        resets: Arc<AtomicU32>,
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
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(name).spawn(move || theirs.drain())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Whether it executes something now.
    pub fn is_busy(&self) -> bool {
        self.shared.running.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Queues a job.
    pub fn push(&self, job: Job) {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(job);
        self.shared.events.notify();
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.shared.end.store(true, Ordering::Release);
        if let Some(watch) = &*self.shared.running.lock().unwrap_or_else(PoisonError::into_inner) {
            watch.stop.store(true, Ordering::Release);
        }
        self.shared.events.notify();
        if let Some(thread) = self.thread.take() {
            // A panic there was reported by that thread; the ring is gone either way.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// Takes the first job that may start: its dependencies are signalled, and no earlier job is of its entity.
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (0..queue.len()).find(|&i| {
            let job = &queue[i];
            job.dependencies.iter().all(|f| f.is_signaled())
                && !queue.iter().take(i).any(|earlier| Arc::ptr_eq(&earlier.context, &job.context))
        })?;
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
            Err(Failure { errno: Errno::ETIME, reason })
        })
    }

    fn run(&self, job: Job) {
        let watch = Arc::new(Watch { stop: AtomicBool::new(false), deadline: Instant::now() + self.timeout });
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&watch));
        if self.end.load(Ordering::Acquire) {
            watch.stop.store(true, Ordering::Release);
        }
        let result = match job.context.is_lost() {
            // What follows a failed job of its context is refused with the same fate.
            true => Err(Errno::ECANCELED),
            false => self.execute(&job, &watch).map_err(|failure| {
                if failure.errno == Errno::ETIME {
                    self.resets.fetch_add(1, Ordering::AcqRel);
                }
                job.context.lose(failure.errno, failure.reason);
                failure.errno
            }),
        };
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let (Ok(()), Some((storage, offset))) = (result, &job.user_fence) {
            storage.arena().write(storage.start() + offset, &job.sequence.to_le_bytes());
        }
        let fence = Arc::clone(&job.fence);
        // Buffers go before the fence is signalled, so that whoever waited finds them gone.
        drop(job);
        fence.signal(result);
    }
}
