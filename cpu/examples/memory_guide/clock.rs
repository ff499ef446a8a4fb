//! The time that a thread has computed.
#![allow(unsafe_code)]

use std::time::Duration;

/// The processor time of the calling thread: what other programs have of the processor in between doesn't count, though
/// what they do to its caches does. Elsewhere than on 64-bit Linux the time that passes.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub fn thread_time() -> Duration {
    use std::ffi::{c_int, c_long};

    /// The C library's `struct timespec` where `time_t` is a `long`: on every 64-bit Linux.
    #[repr(C)]
    struct Timespec {
        seconds: c_long,
        nanoseconds: c_long,
    }
    const CLOCK_THREAD_CPUTIME_ID: c_int = 3;
    unsafe extern "C" {
        fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int;
    }
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: clock_gettime(2) writes one timespec.
    let failed = unsafe { clock_gettime(CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "Linux has this clock since 2.6.12");
    Duration::new(time.seconds as u64, time.nanoseconds as u32)
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub fn thread_time() -> Duration {
    use std::sync::OnceLock;
    use std::time::Instant;

    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
