//! Ranges of GPU addresses that translated code reaches without asking.

/// A host-contiguous range `[start, end)` of GPU addresses.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    start: u64,
    end: u64,
    host: *mut u8,
}

// SAFETY: a window is an address range; what its host memory may be used for is the contract of `Window::new`, which
// holds on every thread that the memory it came from is used on.
#[allow(unsafe_code)]
unsafe impl Send for Window {}

impl Window {
    /// `host` is where the byte at GPU address `start` lies.
    ///
    /// # Safety
    /// The bytes `host .. host + (end - start)` are mapped, and may be read (and written, where the window was asked for
    /// writing) by this thread without going through a Rust reference, until the [`Group::run`](crate::Group::run) that
    /// asked for the window returns; or, where [`Memory::windows_epoch`](crate::Memory::windows_epoch) gives a number, as
    /// long as any memory gives that number. Others may access them at the same time: translated code does so with plain
    /// machine loads and stores.
    #[allow(unsafe_code)]
    pub const unsafe fn new(start: u64, end: u64, host: *mut u8) -> Window {
        Window { start, end, host }
    }

    /// First GPU address.
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// GPU address behind the last byte.
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// Host address of the first byte.
    pub const fn host(&self) -> *mut u8 {
        self.host
    }
}
