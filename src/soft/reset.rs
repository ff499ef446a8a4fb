//! How the card recovers from a hang, and whom that costs what.
//!
//! As the driver does it: a job whose waves don't end has them killed, which costs that job alone. A ring that hangs in its
//! commands is reset. Where rings can't be reset by themselves the whole card is, and with [`Recovery::Card`] video memory
//! loses its content: every job submitted before is cancelled, and the contexts that there were are innocent but lost.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, Weak};

use super::arena::{Arena, Heap};
use super::sched::Shared;

/// What is reset when a ring hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Recovery {
    /// That ring: other work goes on.
    #[default]
    Ring,
    /// Everything, and video memory is lost.
    Card,
}

/// Resets so far, and what one needs.
#[derive(Debug)]
pub struct Resets {
    recovery: Recovery,
    arena: Arc<Arena>,
    count: AtomicU32,
    lost: AtomicU32,
    in_progress: AtomicBool,
    /// Held for reading while a ring executes.
    gate: RwLock<()>,
    rings: Mutex<Vec<Weak<Shared>>>,
}

impl Resets {
    /// None so far.
    pub fn new(recovery: Recovery, arena: &Arc<Arena>) -> Arc<Self> {
        Arc::new(Self {
            recovery,
            arena: Arc::clone(arena),
            count: AtomicU32::new(0),
            lost: AtomicU32::new(0),
            in_progress: AtomicBool::new(false),
            gate: RwLock::default(),
            rings: Mutex::default(),
        })
    }

    /// How often a ring or the card was reset.
    pub fn count(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }

    /// How often video memory was lost.
    pub fn lost(&self) -> u32 {
        self.lost.load(Ordering::Acquire)
    }

    /// Whether one is under way.
    pub fn in_progress(&self) -> bool {
        self.in_progress.load(Ordering::Acquire)
    }

    /// Notes a ring that a reset of everything stops.
    pub fn add(&self, ring: &Arc<Shared>) {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(ring));
    }

    /// What a ring holds while it executes: no reset goes on meanwhile.
    pub fn enter(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Recovers from a hang of a ring, which holds nothing of [`enter`](Self::enter) any more.
    pub fn recover(&self) {
        self.count.fetch_add(1, Ordering::AcqRel);
        if self.recovery == Recovery::Ring {
            return;
        }
        self.in_progress.store(true, Ordering::Release);
        self.lost.fetch_add(1, Ordering::AcqRel);
        for ring in self.rings.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade) {
            ring.stop(|_| true);
        }
        let gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        self.arena.lose(Heap::Vram);
        drop(gate);
        self.in_progress.store(false, Ordering::Release);
    }
}

/// Jobs that start together, on several rings: the card has one such gang at a time, so that two never wait for each
/// other's rings.
#[derive(Debug)]
pub struct Gang {
    id: u64,
    slot: Arc<Mutex<u64>>,
}

impl Gang {
    /// Another gang for that slot, which holds 0 or the number of the gang that runs.
    pub fn new(slot: &Arc<Mutex<u64>>) -> Arc<Self> {
        use std::sync::atomic::AtomicU64;
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Arc::new(Self { id: NEXT.fetch_add(1, Ordering::Relaxed), slot: Arc::clone(slot) })
    }

    /// Whether it may run, and then does until its last job is gone.
    pub fn enter(&self) -> bool {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if *slot == 0 {
            *slot = self.id;
        }
        *slot == self.id
    }
}

impl Drop for Gang {
    fn drop(&mut self) {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if *slot == self.id {
            *slot = 0;
        }
    }
}
