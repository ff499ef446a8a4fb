//! The software device for other programs: a server of its ioctls and memory, and the file tree in which they find it.
//!
//! ```text
//! program ── libc entry ──► preloaded library ══ channel ══► server ──► SoftNode
//!    │                         │ paths                         │
//!    └── mmap ◄── the memory's file ◄──────────────────────────┘
//! ```
//!
//! The library (`tools/preload`) is compiled by the build script and carried in the executable. An open node is one end of
//! a pair of sockets, so that it behaves as a descriptor in every way that a process can treat one; when the last copy of
//! it is closed, by whatever means, the server sees that the other end hung up, and gives back what the file held.
//! A thread of a client has a connection of its own, so that calls that wait don't hold up others. Structures are read and
//! written in the client's memory, as a kernel does.

pub mod protocol;
#[cfg(feature = "emulate")]
#[allow(unsafe_code, reason = "descriptors that arrive as numbers")]
mod server;
#[cfg(feature = "emulate")]
mod tree;

#[cfg(feature = "emulate")]
pub use server::{Server, Settings};

/// The library that is loaded into programs.
#[cfg(feature = "emulate")]
pub const LIBRARY: &[u8] = include_bytes!(env!("SPARKLE_PM4_PRELOAD"));
