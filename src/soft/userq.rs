//! User-mode queues: rings in the client's memory, each with a thread that looks at its doorbell.
//!
//! A doorbell is memory here. A thread looks at it less and less often while nothing comes, and takes what lies between the
//! place where it stopped and the doorbell's value at once, as packets of one stream: registers keep their values from then on.
//! What was started ends before the thread looks again. PROTECTED_FENCE_SIGNAL moves the queue's counter, which lies on a page
//! that every address space with such queues has for reading, and signals the fences of what was put before it.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use isa_exec::Memory;
use nix::errno::Errno;

use super::arena::{PAGE, Storage};
use super::card::Card;
use super::context::Context;
use super::cp::{QueueState, Span};
use super::fence::Fence;
use super::memory::VmMemory;
use super::sched::{Engine, Job, Watch};
use super::vm::{FENCES_VA, Vm};

/// Between two looks at a doorbell: right after work, and after long without.
const NAP: (Duration, Duration) = (Duration::from_micros(50), Duration::from_millis(2));

/// The page of the queues' counters.
#[derive(Debug)]
pub struct FencePage {
    storage: Arc<Storage>,
    used: Mutex<BTreeSet<u64>>,
}

impl FencePage {
    /// Over this page.
    pub fn new(storage: Arc<Storage>) -> Arc<Self> {
        Arc::new(Self { storage, used: Mutex::default() })
    }

    /// A counter that nobody has; `None` when all are taken.
    pub fn take(self: &Arc<Self>) -> Option<Arc<Slot>> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let index = (0..PAGE / 8).find(|index| !used.contains(index))?;
        used.insert(index);
        drop(used);
        let slot = Arc::new(Slot { page: Arc::clone(self), index });
        slot.set(0);
        Some(slot)
    }
}

/// The counter of a queue: the place in its ring up to which work has ended, in dwords. Who waits for it keeps it.
#[derive(Debug)]
pub struct Slot {
    page: Arc<FencePage>,
    index: u64,
}

impl Slot {
    /// Where packets find it.
    pub fn va(&self) -> u64 {
        FENCES_VA + 8 * self.index
    }

    fn at(&self) -> u64 {
        self.page.storage.start() + 8 * self.index
    }

    fn set(&self, value: u64) {
        self.page.storage.arena().write(self.at(), &value.to_le_bytes());
    }

    fn value(&self) -> u64 {
        let mut bytes = [0; 8];
        self.page.storage.arena().read(self.at(), &mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Lets an address space read the counters.
    pub fn map(&self, vm: &Vm) {
        vm.map_fences(&self.page.storage);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.page.used.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.index);
    }
}

/// What a queue is made of.
#[derive(Debug)]
pub struct Setup {
    /// The file that it came by.
    pub file: u32,
    /// Graphics or compute.
    pub engine: Engine,
    /// Its priority, as contexts count it.
    pub priority: i32,
    /// The file's address space.
    pub vm: Arc<Vm>,
    /// Address of the ring.
    pub ring_va: u64,
    /// Dwords of the ring.
    pub ring_dw: u64,
    /// Address of the read pointer.
    pub rptr_va: u64,
    /// Address of the write pointer.
    pub wptr_va: u64,
    /// The doorbell: its buffer, and where in it.
    pub doorbell: (Arc<Storage>, u64),
    /// Its counter.
    pub slot: Arc<Slot>,
}

/// A fence that the counter hasn't reached.
type Pending = (u64, Instant, Arc<Fence>);

struct Shared {
    card: Arc<Card>,
    setup: Setup,
    context: Arc<Context>,
    /// Losses of video memory before it was made.
    generation: u32,
    end: AtomicBool,
    watch: Mutex<Option<Arc<Watch>>>,
    fences: Mutex<Fences>,
}

#[derive(Default)]
struct Fences {
    pending: Vec<Pending>,
    last: Option<Arc<Fence>>,
    /// It was given up: nothing is executed any more.
    hung: bool,
    /// Counters that its packets wait for.
    awaited: Vec<Arc<Slot>>,
}

/// A user-mode queue.
pub struct UserQueue {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for UserQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserQueue").field("setup", &self.shared.setup).finish_non_exhaustive()
    }
}

impl UserQueue {
    /// Starts its thread.
    pub fn new(card: &Arc<Card>, setup: Setup) -> std::io::Result<Self> {
        let (resets, lost) = (card.resets().count(), card.resets().lost());
        // A doorbell is no memory on a card: what was stored there before means nothing.
        let (page, offset) = &setup.doorbell;
        page.arena().write(page.start() + offset, &[0; 8]);
        let shared = Arc::new(Shared {
            card: Arc::clone(card),
            context: Arc::new(Context::new(resets, lost, setup.priority)),
            setup,
            generation: lost,
            end: AtomicBool::new(false),
            watch: Mutex::default(),
            fences: Mutex::default(),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("soft-userq".to_owned()).spawn(move || theirs.serve())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// The doorbell that it listens to.
    pub fn doorbell(&self) -> (&Arc<Storage>, u64) {
        (&self.shared.setup.doorbell.0, self.shared.setup.doorbell.1)
    }

    /// A fence of what was put so far, by the write pointer in memory; `None` where that is mapped no more.
    pub fn fence(&self) -> Option<Arc<Fence>> {
        let Setup { vm, wptr_va, slot, .. } = &self.shared.setup;
        let mapping = vm.lookup(*wptr_va)?;
        let mut bytes = [0; 8];
        mapping.storage.arena().read(mapping.arena_offset(*wptr_va), &mut bytes);
        let value = u64::from_le_bytes(bytes);
        let fence = Fence::of_queue(&self.shared.card.events, slot, value);
        let result = {
            let mut fences = self.shared.fences();
            fences.last = Some(Arc::clone(&fence));
            match (fences.hung, slot.value() >= value) {
                (_, true) => Some(Ok(())),
                (true, false) => Some(Err(Errno::ECANCELED)),
                (false, false) => {
                    fences.pending.push((value, Instant::now(), Arc::clone(&fence)));
                    None
                }
            }
        };
        if let Some(result) = result {
            fence.signal(result);
        }
        Some(fence)
    }

    /// The fence that was made last.
    pub fn last(&self) -> Option<Arc<Fence>> {
        self.shared.fences().last.clone()
    }

    /// Keeps a counter that its packets wait for.
    pub fn awaits(&self, slot: Arc<Slot>) {
        let mut fences = self.shared.fences();
        if !fences.awaited.iter().any(|known| Arc::ptr_eq(known, &slot)) {
            fences.awaited.push(slot);
        }
    }

    /// Ends it soon, whatever it executes.
    pub fn stop(&self) {
        self.shared.end.store(true, Ordering::Release);
        if let Some(watch) = &*self.shared.watch.lock().unwrap_or_else(PoisonError::into_inner) {
            watch.stop.store(true, Ordering::Release);
        }
    }
}

impl Drop for UserQueue {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            // A panic there was reported by that thread; the queue is gone either way.
            let _ = thread.join();
        }
        self.shared.give_up();
    }
}

impl Shared {
    fn fences(&self) -> MutexGuard<'_, Fences> {
        self.fences.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn doorbell(&self) -> u64 {
        let (page, offset) = &self.setup.doorbell;
        let mut bytes = [0; 8];
        page.arena().read(page.start() + offset, &mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn serve(&self) {
        let (mut state, mut done, mut nap) = (QueueState::default(), 0, NAP.0);
        while !self.end.load(Ordering::Acquire) {
            let put = self.doorbell();
            let ended = if put != done {
                nap = NAP.0;
                self.batch(&mut state, done, put)
            } else if self.is_overdue() && self.doorbell() == put {
                // Nothing came while this was looked at, either.
                self.card.say(|| {
                    let (engine, value) = (self.setup.engine, self.setup.slot.value());
                    format!("{engine:?} user queue: no PROTECTED_FENCE_SIGNAL beyond dword {value} of its ring in time")
                });
                Err(Errno::ETIME)
            } else {
                std::thread::sleep(nap);
                nap = NAP.1.min(2 * nap);
                Ok(())
            };
            done = put;
            if let Err(errno) = ended {
                if errno == Errno::ETIME && !self.end.load(Ordering::Acquire) {
                    self.card.resets().recover();
                }
                break;
            }
        }
        self.give_up();
    }

    /// Whether a fence waits for longer than work may take.
    fn is_overdue(&self) -> bool {
        let timeout = self.card.config().job_timeout;
        self.fences().pending.iter().any(|(_, since, _)| since.elapsed() > timeout)
    }

    /// Executes what lies between two places of the ring.
    fn batch(&self, state: &mut QueueState, start: u64, end: u64) -> Result<(), Errno> {
        let Setup { file, engine, vm, ring_va, ring_dw, rptr_va, .. } = &self.setup;
        if end.wrapping_sub(start) > *ring_dw {
            self.card.say(|| {
                format!("{engine:?} user queue: the write pointer {end} is not within the ring's {ring_dw} dwords of {start}")
            });
            return Err(Errno::ETIME);
        }
        let watch =
            Arc::new(Watch { stop: AtomicBool::new(false), deadline: Instant::now() + self.card.config().job_timeout });
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&watch));
        // Whoever stopped it before could not see this watch.
        if self.end.load(Ordering::Acquire) {
            return Err(Errno::ECANCELED);
        }
        let job = Job {
            file: *file,
            generation: self.generation,
            gang: None,
            context: Arc::clone(&self.context),
            vm: Arc::new(vm.view(self.card.lenient())),
            ring: (*engine, 0),
            ibs: Vec::new(),
            mem_sync: false,
            dependencies: Vec::new(),
            fence: Fence::new(&self.card.events),
            sequence: 0,
            user_fence: None,
            resident: Vec::new(),
        };
        let span = Span { va: *ring_va, size_dw: *ring_dw, start, end };
        // What the read pointer can't be written to is the client's loss.
        let read_up_to = |place: u64| _ = VmMemory::new(&job.vm).store(*rptr_va, &place.to_le_bytes());
        let reached = |place: u64| {
            read_up_to(place);
            self.reached(place);
        };
        let result = {
            let _gate = self.card.resets().enter();
            if self.generation != self.card.resets().lost() {
                return Err(Errno::ECANCELED);
            }
            let run = AssertUnwindSafe(|| self.card.executor().execute_ring(&job, &watch, state, &span, &reached));
            catch_unwind(run).map_or(Err(Errno::ETIME), |done| done.map_err(|failure| failure.errno))
        };
        if result.is_ok() {
            read_up_to(end);
        }
        result
    }

    /// Moves the counter, and signals what waited for that.
    fn reached(&self, place: u64) {
        self.setup.slot.set(place);
        let ready: Vec<Pending> = {
            let mut fences = self.fences();
            let (ready, rest) = std::mem::take(&mut fences.pending).into_iter().partition(|p| p.0 <= place);
            fences.pending = rest;
            ready
        };
        ready.into_iter().for_each(|(_, _, fence)| fence.signal(Ok(())));
    }

    /// Nothing is executed any more; what waits for it is cancelled, as the driver completes a queue's fences after a reset.
    fn give_up(&self) {
        let pending = {
            let mut fences = self.fences();
            fences.hung = true;
            std::mem::take(&mut fences.pending)
        };
        pending.into_iter().for_each(|(_, _, fence)| fence.signal(Err(Errno::ECANCELED)));
    }
}
