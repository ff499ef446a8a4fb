//! Work that other threads may help with, and that does not wait for those that come too late.
//!
//! A scope of rayon's ends when every job spawned in it has run, so that a call would wait for a thread that a busy
//! neighbour keeps from running, although all work is done. Here a helper enters a gate; who comes after the caller has
//! closed it finds it closed and touches nothing of the call's.
#![allow(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Thread};

/// How often a caller that has no work left looks whether the helpers are done, before it goes to sleep: about 20 µs, a
/// little more than waking it takes.
const LOOKS: usize = 1000;
/// Set in [`Gate::state`] once the caller lets nobody in.
const CLOSED: usize = 1;
/// A helper inside, as [`Gate::state`] counts them.
const INSIDE: usize = 2;

/// What helpers hold of a call.
struct Gate {
    /// [`CLOSED`], and [`INSIDE`] times the helpers inside.
    state: AtomicUsize,
    /// The call's work, which lives as long as the gate is open or somebody is inside.
    work: *const (dyn Fn() + Sync),
    caller: Thread,
}

// SAFETY: `work` is `Sync`, and is reached only inside, while the caller keeps it alive.
unsafe impl Send for Gate {}
// SAFETY: as above.
unsafe impl Sync for Gate {}

impl Gate {
    /// Does the work, unless the gate is closed.
    fn help(&self) {
        let enter = |state: usize| (state & CLOSED == 0).then_some(state + INSIDE);
        if self.state.fetch_update(Ordering::Acquire, Ordering::Relaxed, enter).is_err() {
            return;
        }
        // A panic of the work goes on through `rayon`'s pool, which ends the process: the caller is not left waiting.
        // SAFETY: inside, and the caller waits until nobody is.
        unsafe { (*self.work)() };
        if self.state.fetch_sub(INSIDE, Ordering::Release) == INSIDE | CLOSED {
            self.caller.unpark();
        }
    }
}

/// Closes a gate when dropped, and waits for those inside.
struct Closing<'a>(&'a Gate);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        let gate = self.0;
        gate.state.fetch_or(CLOSED, Ordering::Relaxed);
        let mut looks = 0;
        while gate.state.load(Ordering::Acquire) != CLOSED {
            looks += 1;
            if looks < LOOKS { std::hint::spin_loop() } else { thread::park() }
        }
    }
}

/// Calls `work` on this thread and offers it to `others` threads of the pool. Each call is to take parts of the work as long
/// as there are any, so that it does not matter how many find some.
pub(super) fn share(pool: &rayon::ThreadPool, others: usize, work: &(dyn Fn() + Sync)) {
    // SAFETY: only the lifetime changes; `Closing` ends all use before this function returns or unwinds.
    let lasting = unsafe { std::mem::transmute::<&(dyn Fn() + Sync), &'static (dyn Fn() + Sync)>(work) };
    let gate = Arc::new(Gate { state: AtomicUsize::new(0), work: lasting, caller: thread::current() });
    let closing = Closing(&gate);
    for _ in 0..others {
        let gate = gate.clone();
        pool.spawn(move || gate.help());
    }
    work();
    drop(closing);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Barrier, Mutex};

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn all_work_is_done_once() {
        let pool = pool(3);
        for round in 0..2000usize {
            let next = AtomicUsize::new(0);
            let done = Mutex::new(vec![0; round % 50]);
            share(&pool, 3, &|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    match done.lock().unwrap().get_mut(i) {
                        Some(done) => *done += 1,
                        None => return,
                    }
                }
            });
            assert!(done.into_inner().unwrap().iter().all(|&n| n == 1));
        }
    }

    #[test]
    fn a_helper_that_comes_too_late_is_not_waited_for() {
        let pool = pool(1);
        let (begun, end) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let (b, e) = (begun.clone(), end.clone());
        pool.spawn(move || {
            b.wait();
            e.wait();
        });
        begun.wait();
        // The pool's only thread is busy until this call has returned.
        let calls = AtomicUsize::new(0);
        share(&pool, 1, &|| {
            calls.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        end.wait();
        drop(pool);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn helpers_are_waited_for_though_the_caller_panics() {
        let pool = pool(1);
        let helping = AtomicUsize::new(0);
        let caller = thread::current().id();
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            share(&pool, 1, &|| {
                if thread::current().id() == caller {
                    while helping.load(Ordering::Relaxed) == 0 {
                        thread::yield_now();
                    }
                    panic!("the caller's part");
                }
                helping.store(1, Ordering::Relaxed);
                thread::sleep(std::time::Duration::from_millis(20));
                helping.store(2, Ordering::Relaxed);
            });
        }));
        assert!(result.is_err());
        assert_eq!(helping.load(Ordering::Relaxed), 2);
    }
}
