//! Ranges of GPU addresses that translated code reaches without asking.

/// A host-contiguous range `[start, end)` of GPU addresses: a promise about host memory, which [`Window::new`] is given and
/// copies of the window repeat.
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
    /// Translated code reads the bytes `host .. host + (end - start)`, and writes them where the window was asked for with
    /// [`Access::Write`](crate::Access::Write): with plain machine instructions, not through a Rust reference, on whatever
    /// thread runs the group, and possibly while others access the same bytes. The caller of this function answers for
    /// every copy of the window, as `Window` is `Copy` and both [`Memory::window`](crate::Memory::window) and
    /// [`Memory::windows_epoch`](crate::Memory::windows_epoch) are safe to implement and to call: whoever makes windows
    /// also decides which memories get them. Such accesses must be allowed
    ///
    /// - from the moment a [`Memory`](crate::Memory) returns a copy until the [`Group::run`](crate::Group::run) during
    ///   which it did returns, and
    /// - in every later run on any memory whose `windows_epoch` gives, when that run begins, the same number that the
    ///   first memory gave when its run began.
    ///
    /// So the bytes must stay mapped, where they are and with their permissions, until nobody can hand out a copy any more,
    /// no memory gives that number any more, *and* no group is running on a memory that gave it: a new number alone does
    /// not stop a run that has begun. A memory that gives windows does this by owning the mappings behind them (or
    /// borrowing them for its own lifetime), by keeping copies to itself, and by letting go of a mapping only in methods
    /// that take `&mut self`, which no run has while it goes on, and that change the number for good: numbers are never
    /// used twice, by any memory of the process.
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
