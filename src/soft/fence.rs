//! Fences: what a wait waits for.

use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use nix::errno::Errno;

use crate::kmd;

/// Now on CLOCK_MONOTONIC, in ns: the clock of every timeout in the interface, which counts in signed numbers.
pub fn monotonic_ns() -> i64 {
    kmd::now_ns() as i64
}

/// Wakes whoever waits when anything on the device changes: a fence, a synchronisation object, a new job.
#[derive(Debug, Default)]
pub struct Events {
    count: Mutex<u64>,
    changed: Condvar,
}

impl Events {
    /// Something changed.
    pub fn notify(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// Waits until `ready` answers something, or until the absolute time has passed (then `None`).
    ///
    /// `ready` is called with the event lock held: it may take object locks, and nobody notifies under one of those.
    pub fn wait_until<T>(&self, deadline_ns: i64, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(answer) = ready() {
                return Some(answer);
            }
            let left = deadline_ns.saturating_sub(monotonic_ns());
            if left <= 0 {
                return None;
            }
            // A bounded nap also covers a clock that was stopped (a suspended machine).
            let nap = Duration::from_nanos(left as u64).min(Duration::from_secs(5));
            count = self.changed.wait_timeout(count, nap).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Completion of a job: unsignalled, then for ever signalled with success or an error.
#[derive(Debug)]
pub struct Fence {
    events: Arc<Events>,
    status: OnceLock<Result<(), Errno>>,
}

impl Fence {
    /// A fence that is not signalled yet.
    pub fn new(events: &Arc<Events>) -> Arc<Self> {
        Arc::new(Self { events: Arc::clone(events), status: OnceLock::new() })
    }

    /// A fence that is signalled already.
    pub fn signaled(events: &Arc<Events>) -> Arc<Self> {
        let fence = Self::new(events);
        fence.signal(Ok(()));
        fence
    }

    /// Signals; the first call counts.
    pub fn signal(&self, result: Result<(), Errno>) {
        if self.status.set(result).is_ok() {
            self.events.notify();
        }
    }

    /// `None` while unsignalled.
    pub fn status(&self) -> Option<Result<(), Errno>> {
        self.status.get().copied()
    }

    /// Whether it is signalled, with success or with an error.
    pub fn is_signaled(&self) -> bool {
        self.status.get().is_some()
    }
}
