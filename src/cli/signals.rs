//! Ctrl-C: work on a device is given a bounded time to end, because memory must not be freed under it.
//!
//! SIGINT is blocked in every thread but taken by one that waits for it (sigwait(3)): no code runs in a handler.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};

use super::{Failure, Output, exit, failure};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How long a fence is still waited for after SIGINT.
pub const FENCE_GRACE: Duration = Duration::from_secs(2);
/// When the process ends whatever it is doing: the fence's time, the context's at its drop, and some more.
const HARD_LIMIT: Duration = Duration::from_secs(5);

/// Starts to listen. Call it once, before any other thread starts, so that all inherit the mask; a child process would
/// inherit it too.
pub fn install(out: &Output) {
    let mut set = SigSet::empty();
    set.add(Signal::SIGINT);
    if set.thread_block().is_err() {
        return;
    }
    let out = out.clone();
    let listener = std::thread::Builder::new().name("sparkle-sigint".into()).spawn(move || {
        if set.wait().is_err() {
            return;
        }
        INTERRUPTED.store(true, Ordering::SeqCst);
        // A second one ends the process at once.
        _ = std::thread::Builder::new().name("sparkle-sigint-2".into()).spawn(move || {
            if set.wait().is_ok() {
                std::process::exit(exit::INTERRUPTED.into());
            }
        });
        std::thread::sleep(HARD_LIMIT);
        std::process::exit(failure::report(&failure().into(), &out).into());
    });
    if listener.is_err() {
        // Nobody would take it: let it end the process as it does by default.
        _ = set.thread_unblock();
    }
}

/// Whether SIGINT has come.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Fails once SIGINT has come.
pub fn check() -> Result<(), Failure> {
    if interrupted() { Err(failure()) } else { Ok(()) }
}

/// The failure to end with after SIGINT.
pub fn failure() -> Failure {
    Failure {
        exit: exit::INTERRUPTED,
        code: "interrupted".into(),
        what: "interrupted".into(),
        evidence: "SIGINT came before the work was done".into(),
        next: "run it again; `--timeout-ms` bounds the wait for a device".into(),
    }
}
