//! Partially resident ranges: addresses of which parts have memory, and the rest read as zero.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::bo::{Bo, VmFlags};
use super::device::Device;
use super::error::KmdError;
use super::ioctls;
use super::sync::Syncobj;
use super::uapi::*;
use super::va::GPU_PAGE;

/// When a change of the address space happens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Update<'a> {
    /// With the next submission, which may come cheaper; else at once.
    pub delayed: bool,
    /// After these sync objects' fences. Needs a kernel with user-mode queues; an older one doesn't wait, and doesn't say so.
    pub after: &'a [&'a Syncobj],
    /// A timeline point to signal when it is done; as for `after`.
    pub signal: Option<(&'a Syncobj, u64)>,
}

/// A run of GPU addresses without memory of its own. Unmapped with its owner.
pub struct SparseRange {
    device: Arc<Device>,
    va: u64,
    size: u64,
    /// What is bound where, by its start and end: held until it is replaced.
    bound: Mutex<Vec<(u64, u64, Bo)>>,
}

impl fmt::Debug for SparseRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SparseRange({:#x}+{:#x})", self.va, self.size)
    }
}

impl Device {
    /// Reserves addresses of which nothing is resident yet. `GEM_VA` with PRT, any node.
    ///
    /// # Errors
    /// [`KmdError::BadSize`] for 0 and what overflows, [`KmdError::VaExhausted`], or the failed ioctl.
    pub fn reserve_sparse(self: &Arc<Self>, size: u64) -> Result<SparseRange, KmdError> {
        let size = size.checked_next_multiple_of(GPU_PAGE).filter(|&size| size > 0);
        let size = size.ok_or(KmdError::BadSize { what: "the size of a sparse range", value: 0 })?;
        let va = {
            let mut space = self.va();
            let (start, end) = (space.start(), space.end());
            space.alloc(size).ok_or(KmdError::VaExhausted { size, start, end })?
        };
        let input =
            GemVa { operation: VA_OP_MAP, flags: VM_PAGE_PRT, va_address: va, map_size: size, ..Default::default() };
        let args = || format!("sparse, GPU address {va:#x}, {size:#x} bytes");
        // SAFETY: the structure holds no addresses of this process.
        if let Err(error) = unsafe { self.issue(&ioctls::GEM_VA, &input, args) } {
            self.va().free(va, size);
            return Err(error);
        }
        Ok(SparseRange { device: Arc::clone(self), va, size, bound: Mutex::default() })
    }
}

impl SparseRange {
    /// First address.
    pub fn va(&self) -> u64 {
        self.va
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of the structure")]
    fn change(
        &self,
        operation: u32,
        flags: u32,
        bo: Option<&Bo>,
        offset_in_bo: u64,
        at: u64,
        size: u64,
        update: Update<'_>,
    ) -> Result<(), KmdError> {
        let handles: Vec<u32> = update.after.iter().map(|sync| sync.handle()).collect();
        let input = GemVaTimeline {
            handle: bo.map_or(0, Bo::handle),
            _pad: 0,
            operation,
            flags: flags | if update.delayed { VM_DELAY_UPDATE } else { 0 },
            va_address: self.va + at,
            offset_in_bo,
            map_size: size,
            vm_timeline_point: update.signal.map_or(0, |s| s.1),
            vm_timeline_syncobj_out: update.signal.map_or(0, |s| s.0.handle()),
            num_syncobj_handles: handles.len() as u32,
            input_fence_syncobj_handles: if handles.is_empty() {
                0
            } else {
                handles.as_ptr().expose_provenance() as u64
            },
        };
        let args = || {
            let GemVaTimeline { handle, va_address, flags, .. } = input;
            format!(
                "operation {operation}, handle {handle:#x}, GPU address {va_address:#x}, {size:#x} bytes, flags {flags:#x}"
            )
        };
        // SAFETY: the kernel reads `num_syncobj_handles` handles, which live until the end of this function. What the GPU
        // may touch through the mapping is the buffer's own memory, of which nobody holds a reference.
        unsafe { self.device.issue(&ioctls::GEM_VA_TIMELINE, &input, args) }.map(|_| ())
    }

    fn check(&self, at: u64, size: u64) -> Result<(), KmdError> {
        for (what, value) in [("the start of a binding", at), ("the size of a binding", size)] {
            if !value.is_multiple_of(GPU_PAGE) {
                return Err(KmdError::Misaligned { what, value, alignment: GPU_PAGE });
            }
        }
        if size == 0 {
            return Err(KmdError::BadSize { what: "the size of a binding", value: 0 });
        }
        match at.checked_add(size) {
            Some(end) if end <= self.size => Ok(()),
            _ => Err(KmdError::OutOfRange { offset: at, len: size, size: self.size }),
        }
    }

    /// What the range held in `at..at+size` before is owned by it no more; buffers that reach beyond stay for the rest.
    fn forget(bound: &mut Vec<(u64, u64, Bo)>, at: u64, size: u64) -> Vec<Bo> {
        let end = at + size;
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        for (start, stop, bo) in bound.drain(..) {
            if stop <= at || end <= start {
                kept.push((start, stop, bo));
                continue;
            }
            if start < at {
                kept.push((start, at, bo.clone()));
            }
            if end < stop {
                kept.push((end, stop, bo.clone()));
            }
            gone.push(bo);
        }
        *bound = kept;
        gone
    }

    /// Gives `size` bytes at `at` from the range's start the memory of `bo` from `offset` on, in place of what they had.
    /// `GEM_VA` REPLACE, any node.
    ///
    /// # Errors
    /// [`KmdError::Misaligned`], [`KmdError::OutOfRange`], [`KmdError::OtherDevice`], or the failed ioctl.
    pub fn bind(
        &self,
        at: u64,
        size: u64,
        bo: &Bo,
        offset: u64,
        flags: VmFlags,
        update: Update<'_>,
    ) -> Result<(), KmdError> {
        self.check(at, size)?;
        self.device.same(bo.device(), "a buffer")?;
        if offset.checked_add(size).is_none_or(|end| end > bo.size()) {
            return Err(KmdError::OutOfRange { offset, len: size, size: bo.size() });
        }
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        self.change(VA_OP_REPLACE, flags.bits(), Some(bo), offset, at, size, update)?;
        let gone = Self::forget(&mut bound, at, size);
        bound.push((at, at + size, bo.clone()));
        drop(bound);
        drop(gone);
        Ok(())
    }

    /// Takes the memory of `size` bytes at `at` away. `GEM_VA` REPLACE with PRT, any node.
    ///
    /// # Errors
    /// As [`SparseRange::bind`].
    pub fn unbind(&self, at: u64, size: u64, update: Update<'_>) -> Result<(), KmdError> {
        self.check(at, size)?;
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        self.change(VA_OP_REPLACE, VM_PAGE_PRT, None, 0, at, size, update)?;
        let gone = Self::forget(&mut bound, at, size);
        drop(bound);
        drop(gone);
        Ok(())
    }
}

impl Drop for SparseRange {
    fn drop(&mut self) {
        // A range that the kernel does not give back is never handed out again.
        if self.change(VA_OP_CLEAR, 0, None, 0, 0, self.size, Update::default()).is_ok() {
            self.device.va().free(self.va, self.size);
        }
    }
}
