//! The seam: the file descriptor of a render node, or something that behaves like one.
//!
//! Everything above [`Node`] is the same code for a card and for the software device, so every structure that the
//! real kernel would get is laid out, submitted and checked in every test run. What stays untested without hardware
//! is `RenderNode`: a handful of lines.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use memmap2::MmapRaw;
pub use nix::errno::Errno;

use super::explain::Explanation;

/// What a caller may do with a mapping of device memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Loads only.
    Read,
    /// Loads and stores.
    ReadWrite,
}

/// A DRM file descriptor, or its software twin.
pub trait Node: Send + Sync + fmt::Debug {
    /// One `ioctl(2)`: `request` is the full request code (direction, size, type, number), `arg` the structure's
    /// bytes, read and written in place. The kernel's non-negative answer is returned.
    ///
    /// `EINTR` and `EAGAIN` reach the caller, who restarts the call as libdrm does.
    ///
    /// # Safety
    /// Addresses inside `arg` that this request makes the driver read or write must be valid for that access, for as
    /// long as the request keeps using them (for user pointers: until the buffer object is closed).
    unsafe fn ioctl(&self, request: u32, arg: &mut [u8]) -> Result<i32, Errno>;

    /// Maps `len` bytes at the fake offset that `GEM_MMAP` gave, shared with the device.
    fn mmap(&self, offset: u64, len: usize, protection: Protection) -> io::Result<MmapRaw>;

    /// Waits until the descriptor has an event to read; `false` after `timeout` without one.
    fn poll(&self, timeout: Duration) -> io::Result<bool>;

    /// Makes pages of this process the memory of a buffer that `GEM_USERPTR` made of them, where the request itself didn't:
    /// a kernel's did. Afterwards `addr` still holds what it held.
    ///
    /// # Safety
    /// `len` bytes at `addr` are whole pages of this process, the buffer's, and nobody has references into them.
    unsafe fn adopt_pages(&self, handle: u32, addr: *mut u8, len: usize) -> io::Result<()> {
        let _ = (handle, addr, len);
        Ok(())
    }

    /// Why a context was lost, where the device can say more than the interface does. A card can't: its kernel writes to
    /// the system log.
    fn explain(&self, context: u32) -> Option<Explanation> {
        let _ = context;
        None
    }

    /// Another file of the same device, with an address space and contexts of its own.
    ///
    /// # Errors
    /// What opening it says; `Unsupported` for a node that can't.
    fn open_another(&self) -> io::Result<Arc<dyn Node>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
