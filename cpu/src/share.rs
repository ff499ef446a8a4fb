//! Work that other threads may help with, and that does not wait for those that come too late.
//!
//! A scope of rayon's ends when every job spawned in it has run, so that a call would wait for a thread that a busy
//! neighbour keeps from running, although all work is done. Here a call opens a gate on a board, and helpers enter it; who
//! comes after the caller has taken it down finds nothing, and touches nothing of the call's.
//!
//! To wake a thread takes 5 to 50 µs, as long as many a call. So a helper that has no work left looks at the board for
//! [`LINGER`] before it goes back to its pool, where it sleeps: calls that follow one another closely, as the layers of a
//! network do, wake nobody, and allocate nothing.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a helper waits for the next call.
const LINGER: Duration = Duration::from_micros(100);
/// Looks at the board between two of the clock, in which the processor is offered to other threads: about 2 µs.
const GLANCES: usize = 50;
/// How often a caller that has no work left looks whether the helpers are done, before it goes to sleep: about 20 µs, a
/// little more than waking it takes.
const LOOKS: usize = 1000;
/// Set in [`Gate::state`] once the caller sleeps until nobody is inside.
const ASLEEP: usize = 1;
/// A helper inside, as [`Gate::state`] counts them.
const INSIDE: usize = 2;
/// Calls at the same time that the board has room for from the start.
const CALLS: usize = 8;

/// A call's work, on its caller's stack.
struct Gate<'a> {
    /// [`ASLEEP`], and [`INSIDE`] times the helpers inside.
    state: AtomicUsize,
    work: &'a (dyn Fn(usize) + Sync),
}

/// A gate that helpers may enter.
struct Open {
    /// It lives until it is no longer on the board and nobody is inside.
    gate: *const Gate<'static>,
    caller: Thread,
    /// Helpers that there is work for.
    wanted: usize,
}

// SAFETY: the gate's work is `Sync` and its state atomic; both live as `Open::gate` says.
unsafe impl Send for Open {}

/// Where callers and helpers meet.
struct Desk {
    board: Mutex<Board>,
    /// Gates that were opened; changes with the board locked.
    opened: AtomicUsize,
}

struct Board {
    open: Vec<Open>,
    /// Helpers that look at [`Desk::opened`].
    waiting: usize,
}

impl Desk {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A helper's turn: helps with all gates that want it, and goes when there was none for a while.
    fn attend(&self) {
        let number = 1 + rayon::current_thread_index().unwrap_or(0);
        let mut board = self.board();
        loop {
            while let Some(open) = board.open.iter_mut().find(|open| open.wanted > 0) {
                open.wanted -= 1;
                let (gate, caller) = (open.gate, open.caller.clone());
                // SAFETY: it is on the board, which is locked; from here on somebody is inside.
                let gate = unsafe { &*gate };
                gate.state.fetch_add(INSIDE, Ordering::Relaxed);
                drop(board);
                // A panic of the work goes on through `rayon`'s pool, which ends the process: the caller is not left waiting.
                (gate.work)(number);
                // The gate may be gone behind this.
                if gate.state.fetch_sub(INSIDE, Ordering::Release) == INSIDE | ASLEEP {
                    caller.unpark();
                }
                board = self.board();
            }
            let opened = self.opened.load(Ordering::Relaxed);
            board.waiting += 1;
            drop(board);
            let until = Instant::now() + LINGER;
            while self.opened.load(Ordering::Relaxed) == opened && Instant::now() < until {
                let glances = (0..GLANCES).take_while(|_| self.opened.load(Ordering::Relaxed) == opened);
                glances.for_each(|_| std::hint::spin_loop());
                thread::yield_now();
            }
            board = self.board();
            board.waiting -= 1;
            if self.opened.load(Ordering::Relaxed) == opened {
                return;
            }
        }
    }
}

/// Takes a gate down when dropped, and waits for those inside.
struct Closing<'a> {
    desk: &'a Desk,
    gate: &'a Gate<'a>,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        let own = std::ptr::from_ref(self.gate).cast();
        self.desk.board().open.retain(|open| !std::ptr::eq(open.gate, own));
        let state = &self.gate.state;
        for _ in 0..LOOKS {
            if state.load(Ordering::Acquire) == 0 {
                return;
            }
            std::hint::spin_loop();
        }
        state.fetch_or(ASLEEP, Ordering::Relaxed);
        while state.load(Ordering::Acquire) != ASLEEP {
            thread::park();
        }
    }
}

/// Threads that help.
pub(super) struct Crew {
    pool: rayon::ThreadPool,
    desk: Arc<Desk>,
}

impl Crew {
    /// The threads of a pool.
    pub(super) fn new(pool: rayon::ThreadPool) -> Self {
        let board = Mutex::new(Board { open: Vec::with_capacity(CALLS), waiting: 0 });
        Self { pool, desk: Arc::new(Desk { board, opened: AtomicUsize::new(0) }) }
    }

    /// Calls `work` on this thread and offers it to `others` of the crew. Each call is to take parts of the work as long as there
    /// are any, so that it does not matter how many find some. It is told a number of its thread: 0 on this one.
    pub(super) fn share(&self, others: usize, work: &(dyn Fn(usize) + Sync)) {
        let gate = Gate { state: AtomicUsize::new(0), work };
        let closing = Closing { desk: &self.desk, gate: &gate };
        let asleep = {
            let mut board = self.desk.board();
            let awaited: usize = board.open.iter().map(|open| open.wanted).sum();
            let gate = std::ptr::from_ref(&gate).cast();
            board.open.push(Open { gate, caller: thread::current(), wanted: others });
            self.desk.opened.fetch_add(1, Ordering::Relaxed);
            others.saturating_sub(board.waiting.saturating_sub(awaited))
        };
        for _ in 0..asleep {
            let desk = self.desk.clone();
            self.pool.spawn(move || desk.attend());
        }
        work(0);
        drop(closing);
    }
}

impl std::fmt::Debug for Crew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crew").field("threads", &self.pool.current_num_threads()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    fn crew(threads: usize) -> Crew {
        Crew::new(rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap())
    }

    #[test]
    fn all_work_is_done_once() {
        let crew = crew(3);
        for round in 0..2000usize {
            let next = AtomicUsize::new(0);
            let done = Mutex::new(vec![0; round % 50]);
            crew.share(3, &|_| {
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
        let crew = crew(1);
        let (begun, end) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let (b, e) = (begun.clone(), end.clone());
        crew.pool.spawn(move || {
            b.wait();
            e.wait();
        });
        begun.wait();
        // The pool's only thread is busy until this call has returned.
        let calls = AtomicUsize::new(0);
        crew.share(1, &|_| {
            calls.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        end.wait();
        drop(crew);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn helpers_are_waited_for_though_the_caller_panics() {
        let crew = crew(1);
        let helping = AtomicUsize::new(0);
        let caller = thread::current().id();
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            crew.share(1, &|_| {
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
