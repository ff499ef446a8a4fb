//! The amdgpu kernel interface: uapi structures, ioctls, and safe owners of what they create.

pub mod discover;
mod node;

pub use node::{Errno, Node, Protection};
