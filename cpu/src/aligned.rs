//! Floats that begin with a cache line, or with a huge page where they are many.
#![allow(unsafe_code)]

use std::alloc::{self, Layout};
use std::collections::TryReserveError;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// 64 bytes: the cache line, and the widest vector, which then never straddles two lines.
const LINE: usize = 64;
/// A huge page, and the bytes from which on memory is had in such pages. A product reads rows that lie pages apart, more of them
/// than a processor keeps addresses of small pages for, and in a virtual machine each that is missing takes two walks.
const HUGE_PAGE: usize = 2 << 20;
const MANY: usize = HUGE_PAGE / 2;

/// Floats whose first is at a multiple of 64 bytes. Tensors may lie anywhere, but vectors of one that lies here do not straddle
/// two cache lines, where its rows are multiples of 16 floats. A mebibyte and more lies in huge pages, where Linux has them to give.
///
/// ```
/// let mut x = sparkle_cpu::Aligned::zeroed(100)?;
/// x[99] = 1.0;
/// assert_eq!((x.len(), x.as_ptr() as usize % 64), (100, 0));
/// # Ok::<(), std::collections::TryReserveError>(())
/// ```
pub struct Aligned {
    /// Of as many bytes as [`layout`] tells; dangling where there are none.
    floats: NonNull<f32>,
    len: usize,
}

// SAFETY: the floats are owned, as those of a `Vec` are.
unsafe impl Send for Aligned {}
// SAFETY: as above.
unsafe impl Sync for Aligned {}

/// What is allocated for so many floats. Their bytes, rounded up to huge pages, are at most `isize::MAX`.
fn layout(len: usize) -> Layout {
    let bytes = len * size_of::<f32>();
    let align = if bytes >= MANY { HUGE_PAGE } else { LINE };
    Layout::from_size_align(bytes.next_multiple_of(align), align).expect("a size that was checked")
}

impl Aligned {
    /// `len` zeros.
    ///
    /// # Errors
    ///
    /// [`TryReserveError`] where there is no memory for them.
    pub fn zeroed(len: usize) -> Result<Self, TryReserveError> {
        if len == 0 {
            return Ok(Self::default());
        }
        // An error, where so much and the rest of a huge page is not to be had.
        Vec::<f32>::new().try_reserve_exact(len.saturating_add(HUGE_PAGE))?;
        let layout = layout(len);
        // SAFETY: the size is not zero.
        let Some(floats) = NonNull::new(unsafe { alloc::alloc(layout) }.cast::<f32>()) else {
            alloc::handle_alloc_error(layout)
        };
        // Before they are touched.
        #[cfg(target_os = "linux")]
        if layout.align() == HUGE_PAGE {
            // SAFETY: whole pages of the allocation, whose content does not change. Where there are no huge pages, small ones do.
            unsafe { libc::madvise(floats.as_ptr().cast(), layout.size(), libc::MADV_HUGEPAGE) };
        }
        // SAFETY: as many floats were allocated; zeros are floats.
        unsafe { floats.write_bytes(0, len) };
        Ok(Self { floats, len })
    }
}

impl Default for Aligned {
    fn default() -> Self {
        Self { floats: NonNull::dangling(), len: 0 }
    }
}

impl Drop for Aligned {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: allocated with this layout.
            unsafe { alloc::dealloc(self.floats.as_ptr().cast(), layout(self.len)) };
        }
    }
}

impl Clone for Aligned {
    fn clone(&self) -> Self {
        let mut new = Self::zeroed(self.len).unwrap_or_else(|_| alloc::handle_alloc_error(layout(self.len)));
        new.copy_from_slice(self);
        new
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: as many floats, borrowed as this is.
        unsafe { std::slice::from_raw_parts(self.floats.as_ptr(), self.len) }
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.floats.as_ptr(), self.len) }
    }
}

impl fmt::Debug for Aligned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_zero_and_begin_with_a_line_or_a_page() {
        for (len, align) in
            [(0, 1), (1, LINE), (MANY / 4 - 1, LINE), (MANY / 4, HUGE_PAGE), (HUGE_PAGE / 2 + 1, HUGE_PAGE)]
        {
            let mut floats = Aligned::zeroed(len).unwrap();
            assert_eq!((floats.len(), floats.as_ptr() as usize % align), (len, 0));
            assert!(floats.iter().all(|&v| v == 0.0));
            if let Some(last) = floats.last_mut() {
                *last = 1.0;
            }
            assert_eq!(*floats.clone(), *floats);
        }
        assert!(Aligned::zeroed(usize::MAX).is_err());
        assert!(Aligned::zeroed(isize::MAX as usize / 4).is_err());
    }
}
