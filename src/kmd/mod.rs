//! The amdgpu kernel interface: uapi structures, ioctls, and safe owners of what they create.

pub mod ioctls;
mod node;
pub mod uapi;

pub use node::{Errno, Node, Protection};
