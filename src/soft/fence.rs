//! Fences: what a wait waits for.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use nix::errno::Errno;

use super::userq::Slot;
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

/// What runs when a fence is signalled.
type Hook = Box<dyn FnOnce(Result<(), Errno>) + Send>;

/// Completion of a job: unsignalled, then for ever signalled with success or an error.
pub struct Fence {
    events: Arc<Events>,
    /// The result, and when it came.
    status: OnceLock<(Result<(), Errno>, i64)>,
    hooks: Mutex<Vec<Hook>>,
    /// The counter of a user-mode queue that it follows, and the value that signals it.
    counter: Option<(Arc<Slot>, u64)>,
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fence").field(&self.status.get()).finish()
    }
}

impl Fence {
    /// A fence that is not signalled yet.
    pub fn new(events: &Arc<Events>) -> Arc<Self> {
        Arc::new(Self { events: Arc::clone(events), status: OnceLock::new(), hooks: Mutex::default(), counter: None })
    }

    /// A fence that a user-mode queue signals when its counter reaches a value.
    pub fn of_queue(events: &Arc<Events>, slot: &Arc<Slot>, value: u64) -> Arc<Self> {
        let counter = Some((Arc::clone(slot), value));
        Arc::new(Self { events: Arc::clone(events), status: OnceLock::new(), hooks: Mutex::default(), counter })
    }

    /// The counter that it follows, and the value that signals it, where it is a user-mode queue's.
    pub fn counter(&self) -> Option<(&Arc<Slot>, u64)> {
        self.counter.as_ref().map(|(slot, value)| (slot, *value))
    }

    /// A fence that is signalled already.
    pub fn signaled(events: &Arc<Events>) -> Arc<Self> {
        let fence = Self::new(events);
        fence.signal(Ok(()));
        fence
    }

    /// A fence that is signalled when all of these are; with the error of the first that has one.
    pub fn all(events: &Arc<Events>, fences: &[Arc<Self>]) -> Arc<Self> {
        if let [only] = fences {
            return Arc::clone(only);
        }
        let whole = Self::new(events);
        // What is still awaited, the call itself included, and the first error.
        let state = Arc::new(Mutex::new((fences.len() + 1, Ok(()))));
        let step = |whole: Arc<Self>, state: Arc<Mutex<(usize, Result<(), Errno>)>>| {
            move |result: Result<(), Errno>| {
                let (left, total) = {
                    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                    state.0 -= 1;
                    state.1 = state.1.and(result);
                    *state
                };
                if left == 0 {
                    whole.signal(total);
                }
            }
        };
        for fence in fences {
            fence.on_signal(step(Arc::clone(&whole), Arc::clone(&state)));
        }
        step(Arc::clone(&whole), state)(Ok(()));
        whole
    }

    /// Signals; the first call counts.
    pub fn signal(&self, result: Result<(), Errno>) {
        if self.status.set((result, monotonic_ns())).is_ok() {
            let hooks = std::mem::take(&mut *self.hooks.lock().unwrap_or_else(PoisonError::into_inner));
            hooks.into_iter().for_each(|hook| hook(result));
            self.events.notify();
        }
    }

    /// Runs `hook` when the fence is signalled: here and now where it is, else on the thread that signals it, which holds
    /// no lock. A fence that is dropped unsignalled never runs it.
    pub fn on_signal(&self, hook: impl FnOnce(Result<(), Errno>) + Send + 'static) {
        {
            // `signal` sets the status before it takes the hooks: what is added under the lock isn't missed.
            let mut hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
            if self.status.get().is_none() {
                hooks.push(Box::new(hook));
                return;
            }
        }
        if let Some(&(result, _)) = self.status.get() {
            hook(result);
        }
    }

    /// `None` while unsignalled.
    pub fn status(&self) -> Option<Result<(), Errno>> {
        self.status.get().map(|s| s.0)
    }

    /// When it was signalled, in ns of CLOCK_MONOTONIC; 0 while it isn't.
    pub fn signaled_at(&self) -> i64 {
        self.status.get().map_or(0, |s| s.1)
    }

    /// Whether it is signalled, with success or with an error.
    pub fn is_signaled(&self) -> bool {
        self.status.get().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn hooks_run_once_with_the_result_before_and_after_the_signal() {
        let (events, runs) = (Arc::default(), Arc::new(AtomicU32::new(0)));
        let fence = Fence::new(&events);
        let hook = |expected| {
            let runs = Arc::clone(&runs);
            move |result| {
                assert_eq!(result, expected);
                runs.fetch_add(1, Ordering::Relaxed);
            }
        };
        fence.on_signal(hook(Err(Errno::ETIME)));
        assert_eq!(runs.load(Ordering::Relaxed), 0);
        fence.signal(Err(Errno::ETIME));
        fence.signal(Ok(()));
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        fence.on_signal(hook(Err(Errno::ETIME)));
        assert_eq!(runs.load(Ordering::Relaxed), 2);
        assert!(fence.signaled_at() > 0);
    }

    #[test]
    fn a_fence_of_several_waits_for_all_and_keeps_the_error() {
        let events = Arc::default();
        let (one, two) = (Fence::new(&events), Fence::new(&events));
        let both = Fence::all(&events, &[Arc::clone(&one), Arc::clone(&two)]);
        two.signal(Err(Errno::ENODATA));
        assert_eq!(both.status(), None);
        one.signal(Ok(()));
        assert_eq!(both.status(), Some(Err(Errno::ENODATA)));
        assert_eq!(Fence::all(&events, &[]).status(), Some(Ok(())));
    }
}
