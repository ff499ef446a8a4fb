//! Ends the program when a call into the driver does not come back.
//!
//! Every wait of this program has a timeout of its own; this is for the driver that sleeps or spins inside a call.

use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

struct State {
    check: &'static str,
    call: &'static str,
    since: Instant,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);

fn with<R>(f: impl FnOnce(&mut Option<State>) -> R) -> R {
    // A poisoned lock holds a plain value all the same.
    f(&mut STATE.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

/// Starts watching: a call that takes longer than `limit` ends the process with a `FAIL` line and exit code 1.
pub fn start(limit: Duration) {
    let watch = move || {
        loop {
            std::thread::sleep(Duration::from_millis(200));
            let late = with(|state| {
                state.as_ref().filter(|state| state.since.elapsed() > limit).map(|state| (state.check, state.call))
            });
            if let Some((check, call)) = late {
                let mut out = std::io::stdout();
                let _ = writeln!(out, "FAIL {check}: {call} did not come back within {} s", limit.as_secs());
                let _ = out.flush();
                exit_now(1);
            }
        }
    };
    // Without a thread to watch, the waits' own timeouts are what is left.
    let _ = std::thread::Builder::new().name("watchdog".into()).spawn(watch);
}

/// Says that `check` begins.
pub fn check(check: &'static str) {
    with(|state| *state = Some(State { check, call: "the check", since: Instant::now() }));
}

/// Says that `call` begins, and that the one before came back.
pub fn call(call: &'static str) {
    with(|state| {
        if let Some(state) = state {
            state.call = call;
            state.since = Instant::now();
        }
    });
}

/// Says that nothing is watched any more.
pub fn stop() {
    with(|state| *state = None);
}

/// Ends the process without the exit handlers, in which a driver with unfinished work may wait for ever.
pub fn exit_now(code: i32) -> ! {
    unsafe extern "C" {
        fn _exit(code: i32) -> !;
    }
    // SAFETY: POSIX's `_exit` takes any code and does not return.
    unsafe { _exit(code) }
}
