//! The dump bundle: one JSON document with a submission and its surroundings.

mod error;
mod member;
mod read;
mod write;

use pm4::submission::Submission;

pub use error::CaptureError;
pub(super) use member::Member;
pub(super) use read::parse;
pub use read::{is_bundle, read};
pub(super) use write::print;
pub use write::write;

/// The document's `schema`.
pub const SCHEMA: &str = "sparkle-pm4/bundle/1";
/// The longest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 1 << 30;
/// Dwords of all indirect buffers and all plans of a bundle, at most.
pub const MAX_DWORDS: usize = 1 << 24;
/// Bytes of content of all buffers of a bundle, at most.
pub const MAX_CONTENT_BYTES: usize = 1 << 28;
/// Indirect buffers, buffers, kernels and effects, of each at most.
const MAX_ENTRIES: usize = 1 << 16;
/// Characters of a name at most.
const MAX_NAME: usize = 120;
/// Members whose names begin so are passed over, wherever they stand.
const EXTENSION: &str = "x-";

/// A submission, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    /// What wrote it: name and version.
    pub tool: Option<String>,
    /// What it was recorded for: `hw` a card, `emu` the software device.
    pub engine: Option<String>,
    /// What it is, in a line.
    pub title: Option<String>,
    /// The submission.
    pub submission: Submission,
}

impl Bundle {
    /// A bundle by this version of the toolkit.
    #[must_use]
    pub fn new(submission: Submission) -> Self {
        let tool = Some(concat!("sparkle-pm4 ", env!("CARGO_PKG_VERSION")).to_owned());
        Self { tool, engine: None, title: None, submission }
    }
}
