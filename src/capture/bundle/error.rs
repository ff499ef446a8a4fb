//! What can be wrong with a bundle.

use super::MAX_FILE_BYTES;

/// Bytes that are no bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The file is longer than any bundle.
    #[error("it has {bytes} bytes, and a bundle has at most {MAX_FILE_BYTES}")]
    FileTooLong {
        /// Its length.
        bytes: usize,
    },
    /// The text is no JSON document.
    #[error("line {line}, column {column}: {what}")]
    Json {
        /// Line, from 1; 0 where it is not known.
        line: usize,
        /// Column, from 1; 0 where it is not known.
        column: usize,
        /// What the parser wanted.
        what: String,
    },
    /// A JSON document of another kind.
    #[error("its schema is {found:?}, and {wanted:?} is read")]
    Schema {
        /// The document's `schema`, or what stands in its place.
        found: String,
        /// The schema of what was to be read.
        wanted: &'static str,
    },
    /// A member that breaks a rule of the format.
    #[error("{path} {rule}")]
    Member {
        /// The member, such as `buffers[2].va`.
        path: String,
        /// The rule, and what stands there.
        rule: String,
    },
}

impl CaptureError {
    /// A stable identifier of the kind of error, for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::FileTooLong { .. } => "bundle-too-long",
            Self::Json { .. } => "bundle-json",
            Self::Schema { .. } => "bundle-schema",
            Self::Member { .. } => "bundle-member",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::FileTooLong { .. } => "leave out the buffers' content, or cut it",
            Self::Json { .. } => "a bundle is one JSON document; was the file cut?",
            Self::Schema { .. } => "dump the submission again with this version of sparkle-pm4",
            Self::Member { .. } => "docs/pm4-bundle.md has the members and their rules",
        }
    }
}
