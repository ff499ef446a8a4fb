//! Contexts: whom a job is charged to, and what became of its jobs.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;

use super::fence::Fence;
use super::sched::Engine;
use crate::kmd::Explanation;

/// How many fences a context remembers for each ring; older ones count as signalled (as in the driver).
const REMEMBERED: usize = 64;

/// A GPU context.
#[derive(Debug)]
pub struct Context {
    /// Its number among all contexts.
    pub serial: u64,
    state: Mutex<State>,
    /// Resets, and losses of video memory, before it was made.
    before: (u32, u32),
    /// Resets that the last query without flags knew of.
    asked: AtomicU32,
    /// Held from a submission's numbers to its place in the queues.
    pub order: Mutex<()>,
    priority: AtomicI32,
}

#[derive(Debug, Default)]
struct State {
    entities: HashMap<(Engine, u32), Entity>,
    lost: Option<(Errno, Arc<Explanation>)>,
}

#[derive(Debug, Default)]
struct Entity {
    last: u64,
    recent: VecDeque<Arc<Fence>>,
}

/// What is known about a sequence number.
#[derive(Debug)]
pub enum Known {
    /// Not handed out yet.
    Future,
    /// So old that it is signalled for certain.
    Past,
    /// Its fence.
    Fence(Arc<Fence>),
}

impl Context {
    /// A context made after that many resets and losses of video memory, of this priority.
    pub fn new(resets: u32, lost: u32, priority: i32) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            serial: NEXT.fetch_add(1, Ordering::Relaxed),
            state: Mutex::default(),
            before: (resets, lost),
            asked: AtomicU32::new(resets),
            order: Mutex::default(),
            priority: AtomicI32::new(priority),
        }
    }

    /// Whether there was a reset since it was made.
    pub fn seen_reset(&self, resets: u32) -> bool {
        resets != self.before.0
    }

    /// Whether there was a reset since this was asked last.
    pub fn news(&self, resets: u32) -> bool {
        self.asked.swap(resets, Ordering::Relaxed) != resets
    }

    /// Whether video memory was lost since it was made.
    pub fn seen_loss(&self, lost: u32) -> bool {
        lost != self.before.1
    }

    /// Its priority: who has the higher one goes first.
    pub fn priority(&self) -> i32 {
        self.priority.load(Ordering::Relaxed)
    }

    /// Changes its priority.
    pub fn set_priority(&self, priority: i32) {
        self.priority.store(priority, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a job's fence; its sequence number.
    pub fn push(&self, ring: (Engine, u32), fence: &Arc<Fence>) -> u64 {
        let mut state = self.lock();
        let entity = state.entities.entry(ring).or_default();
        entity.last += 1;
        entity.recent.push_back(Arc::clone(fence));
        while entity.recent.len() > REMEMBERED && entity.recent.front().is_some_and(|f| f.is_signaled()) {
            entity.recent.pop_front();
        }
        entity.last
    }

    /// The fence of a sequence number; `u64::MAX` means the latest.
    pub fn fence(&self, ring: (Engine, u32), sequence: u64) -> Known {
        let state = self.lock();
        let Some(entity) = state.entities.get(&ring) else {
            return if sequence == u64::MAX || sequence == 0 { Known::Past } else { Known::Future };
        };
        let sequence = if sequence == u64::MAX { entity.last } else { sequence };
        if sequence > entity.last {
            return Known::Future;
        }
        let age = (entity.last - sequence) as usize;
        match entity.recent.len().checked_sub(age + 1) {
            Some(at) => Known::Fence(Arc::clone(&entity.recent[at])),
            None => Known::Past,
        }
    }

    /// Whether one of its jobs failed: every later one is refused.
    pub fn is_lost(&self) -> bool {
        self.lock().lost.is_some()
    }

    /// Marks it lost; the first reason counts.
    pub fn lose(&self, errno: Errno, what: Explanation) {
        self.lock().lost.get_or_insert_with(|| (errno, Arc::new(what)));
    }

    /// Why it was lost.
    pub fn loss(&self) -> Option<(Errno, Arc<Explanation>)> {
        self.lock().lost.clone()
    }
}
