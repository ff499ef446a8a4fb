//! Submissions on file, and what is known of their programs.
//!
//! | to | see |
//! |---|---|
//! | write a submission to a file, or read one | [`Bundle`], [`read`], [`write`](fn@write) (feature `capture`) |
//! | write a hang bundle, or read one | [`write_hang`], [`read_hang`] (feature `capture`) |
//! | know what a kernel needs | [`facts`] |
//!
//! The form of the file is told in `docs/pm4-bundle.md`.
//!
//! ```
//! # #[cfg(feature = "capture")] {
//! use pm4::submission::{Ring, Submission};
//! use sparkle_pm4::capture::{self, Bundle};
//!
//! let submission = Submission::of_words(pm4::Gfx::Gfx1100, Ring::Compute, [0xffff_1000; 8]);
//! let text = capture::write(&Bundle::new(submission));
//! assert_eq!(capture::read(text.as_bytes())?.submission.ibs[0].words.len(), 8);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "capture")]
mod bundle;
pub mod facts;
#[cfg(feature = "capture")]
mod hang;

#[cfg(feature = "capture")]
pub use bundle::{Bundle, CaptureError, MAX_CONTENT_BYTES, MAX_DWORDS, MAX_FILE_BYTES, SCHEMA, is_bundle, read, write};
#[cfg(feature = "capture")]
pub use hang::{HANG_SCHEMA, HangError, HangPlace, HangRecord, read_hang, write_hang};
