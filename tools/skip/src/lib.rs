//! A test that can't run here says so: `skip!("no LLVM 19")` prints `skipped: no LLVM 19`.
//!
//! The harness keeps what passing tests print to itself, so this writes to the process's standard error directly.
#![forbid(unsafe_code)]

/// Prints `skipped: ` and the formatted reason on standard error, whatever the harness captures.
#[macro_export]
macro_rules! skip {
    ($($reason:tt)*) => {
        $crate::say(format_args!($($reason)*))
    };
}

#[doc(hidden)]
pub fn say(reason: std::fmt::Arguments<'_>) {
    use std::io::Write;
    let line = format!("skipped: {reason}\n");
    // A test without a standard error has nobody to tell.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
