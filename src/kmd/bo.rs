//! Buffer objects, and their mappings for the CPU and for the GPU.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, Weak};

use drm_sys::drm_gem_close;
use memmap2::{MmapOptions, MmapRaw};

use super::device::Device;
use super::error::KmdError;
use super::ioctls;
use super::node::{Errno, Protection};
use super::uapi::*;
use super::va::GPU_PAGE;

/// Where a buffer lives, and how the CPU sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Placement {
    /// Video memory that the CPU never maps.
    Vram,
    /// Video memory inside the part that the CPU can map.
    VramCpu,
    /// System memory, cached by the CPU: for reading back.
    Gtt,
    /// System memory, write-combined by the CPU: for writing only.
    GttWc,
    /// Pages of the card's doorbells, which user-mode queues are told by; no memory. Since DRM 3.64.
    Doorbell,
}

impl Placement {
    fn domains(self) -> u64 {
        u64::from(match self {
            Self::Vram | Self::VramCpu => GEM_DOMAIN_VRAM,
            Self::Gtt | Self::GttWc => GEM_DOMAIN_GTT,
            Self::Doorbell => GEM_DOMAIN_DOORBELL,
        })
    }

    fn flags(self) -> u64 {
        match self {
            Self::Vram => GEM_CREATE_NO_CPU_ACCESS,
            Self::VramCpu => GEM_CREATE_CPU_ACCESS_REQUIRED,
            Self::Gtt | Self::Doorbell => 0,
            Self::GttWc => GEM_CREATE_CPU_GTT_USWC,
        }
    }
}

bitflags::bitflags! {
    /// Further wishes for an allocation.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct AllocFlags: u64 {
        /// The GPU does not cache it.
        const UNCACHED = GEM_CREATE_UNCACHED;
        /// Coherent with CPU threads and other devices, with explicit flushes.
        const COHERENT = GEM_CREATE_COHERENT;
        /// Video memory full of zeros; system memory always is.
        const CLEARED = GEM_CREATE_VRAM_CLEARED;
        /// Physically contiguous video memory.
        const CONTIGUOUS = GEM_CREATE_VRAM_CONTIGUOUS;
        /// Not synchronised by the kernel when it is shared.
        const EXPLICIT_SYNC = GEM_CREATE_EXPLICIT_SYNC;
        /// Wiped before the memory goes to others.
        const WIPE_ON_RELEASE = GEM_CREATE_VRAM_WIPE_ON_RELEASE;
    }
}

/// The GEM handle; closed once, when the last owner goes.
#[derive(Debug)]
pub(super) struct BoInner {
    device: Arc<Device>,
    handle: u32,
    size: u64,
    placement: Placement,
    /// The process's pages that it was made of; they go after the handle.
    pages: Option<Arc<MmapRaw>>,
    /// Left to the file's end.
    abandoned: AtomicBool,
}

impl Drop for BoInner {
    fn drop(&mut self) {
        if self.abandoned.load(Ordering::Relaxed) {
            return;
        }
        // The table is locked over the request: an import meanwhile finds the handle either open or closed.
        let mut known = self.device.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(&self.handle) {
            Some(owner) if std::ptr::eq(owner.as_ptr(), self) => known.remove(&self.handle),
            // Imported again while the last owner was going: the handle is the new owner's.
            Some(_) => return,
            None => None,
        };
        let input = drm_gem_close { handle: self.handle, pad: 0 };
        // Nothing can be done about a failure: the handle is gone with the file at the latest.
        // SAFETY: the structure holds no addresses.
        let _ = unsafe { ioctls::GEM_CLOSE.call(&**self.device.node(), &input) };
    }
}

/// A buffer object. Clones share it; mappings, lists and submissions in flight keep it alive.
#[derive(Debug, Clone)]
pub struct Bo {
    inner: Arc<BoInner>,
}

impl Bo {
    pub(super) fn new(
        device: &Arc<Device>,
        size: u64,
        placement: Placement,
        flags: AllocFlags,
    ) -> Result<Self, KmdError> {
        let bad = KmdError::BadSize { what: "the size of a buffer", value: size };
        let size = match size.checked_next_multiple_of(GPU_PAGE) {
            Some(size) if size > 0 => size,
            _ => return Err(bad),
        };
        let input = GemCreateIn {
            bo_size: size,
            alignment: 0,
            domains: placement.domains(),
            domain_flags: placement.flags() | flags.bits(),
        };
        let GemCreateIn { domains, domain_flags: flags, .. } = input;
        // SAFETY: the structure holds no addresses.
        let answer = unsafe {
            device.issue(&ioctls::GEM_CREATE, &input, || {
                format!("{size:#x} bytes, domains {domains:#x}, flags {flags:#x}")
            })
        };
        match answer {
            Ok(GemCreateOut { handle, .. }) => Ok(Self::own(device, handle, size, placement, None)),
            Err(KmdError::Ioctl { errno: Errno::ENOMEM, .. }) => Err(KmdError::OutOfMemory { size, domains, flags }),
            Err(error) => Err(error),
        }
    }

    /// Owns a handle that the kernel just made.
    fn own(device: &Arc<Device>, handle: u32, size: u64, placement: Placement, pages: Option<Arc<MmapRaw>>) -> Self {
        let inner = Arc::new(BoInner {
            device: device.clone(),
            handle,
            size,
            placement,
            pages,
            abandoned: AtomicBool::new(false),
        });
        let mut known = device.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(handle, Arc::downgrade(&inner));
        drop(known);
        Self { inner }
    }

    /// Owns a handle that `open` gives, or shares it with who has it already; else `facts` tells size and placement. The
    /// handle is closed where they can't be had.
    pub(super) fn adopt(
        device: &Arc<Device>,
        open: impl FnOnce() -> Result<u32, KmdError>,
        facts: impl FnOnce(u32) -> Result<(u64, Placement), KmdError>,
    ) -> Result<Self, KmdError> {
        let mut known = device.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = open()?;
        if let Some(inner) = known.get(&handle).and_then(Weak::upgrade) {
            drop(known);
            return Ok(Self { inner });
        }
        let (size, placement) = match facts(handle) {
            Ok(facts) => facts,
            Err(error) => {
                // The owner's end closes the handle, without the lock.
                let device = device.clone();
                let owner = BoInner {
                    device,
                    handle,
                    size: 0,
                    placement: Placement::Vram,
                    pages: None,
                    abandoned: AtomicBool::new(false),
                };
                known.remove(&handle);
                drop(known);
                drop(owner);
                return Err(error);
            }
        };
        let inner = Arc::new(BoInner {
            device: device.clone(),
            handle,
            size,
            placement,
            pages: None,
            abandoned: AtomicBool::new(false),
        });
        known.insert(handle, Arc::downgrade(&inner));
        drop(known);
        Ok(Self { inner })
    }

    /// A buffer over new pages of this process.
    pub(super) fn over_pages(device: &Arc<Device>, size: u64, read_only: bool) -> Result<Self, KmdError> {
        let bad = KmdError::BadSize { what: "the size of a buffer", value: size };
        let size = match size.checked_next_multiple_of(GPU_PAGE) {
            Some(size) if size > 0 => size,
            _ => return Err(bad),
        };
        let len = usize::try_from(size).map_err(|_| bad)?;
        let failed = |source| KmdError::Map { handle: 0, offset: 0, len: size, source };
        let pages: MmapRaw = MmapOptions::new().len(len).map_anon().map_err(failed)?.into();
        let access = if read_only { GEM_USERPTR_READONLY } else { 0 };
        let flags = access | GEM_USERPTR_ANONONLY | GEM_USERPTR_VALIDATE | GEM_USERPTR_REGISTER;
        let input = GemUserptr { addr: pages.as_mut_ptr().expose_provenance() as u64, size, flags, handle: 0 };
        let args = || format!("{size:#x} bytes at {:#x}, flags {flags:#x}", input.addr);
        // SAFETY: the pages are ours, nobody has references into them, and they live until the handle is closed.
        let answer = unsafe { device.issue(&ioctls::GEM_USERPTR, &input, args) }?;
        let bo = Self::own(device, answer.handle, size, Placement::Gtt, Some(Arc::new(pages)));
        let at = bo.inner.pages.as_ref().map_or(std::ptr::null_mut(), |pages| pages.as_mut_ptr());
        // SAFETY: as above.
        unsafe { device.node().adopt_pages(bo.handle(), at, len) }.map_err(failed)?;
        Ok(bo)
    }

    /// The device.
    pub fn device(&self) -> &Arc<Device> {
        &self.inner.device
    }

    /// GEM handle.
    pub fn handle(&self) -> u32 {
        self.inner.handle
    }

    /// Size in bytes, whole pages.
    pub fn size(&self) -> u64 {
        self.inner.size
    }

    /// Where it lives.
    pub fn placement(&self) -> Placement {
        self.inner.placement
    }

    /// Whether both are one object. Handles alone do not tell: another device has the same numbers.
    pub(super) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    pub(super) fn shared(&self) -> Arc<BoInner> {
        self.inner.clone()
    }

    /// Leaves the handle open until the file is closed: something may still use the buffer that this process can't stop.
    pub(super) fn abandon(&self) {
        self.inner.abandoned.store(true, Ordering::Relaxed);
    }

    /// Maps all of it for loads and stores of the CPU.
    ///
    /// # Errors
    /// [`KmdError::NotCpuVisible`] for [`Placement::Vram`], [`KmdError::Map`], or the failed ioctl.
    pub fn map_cpu(&self) -> Result<CpuMap, KmdError> {
        self.map(Protection::ReadWrite)
    }

    /// Maps all of it for loads of the CPU.
    ///
    /// # Errors
    /// As [`Bo::map_cpu`].
    pub fn map_cpu_read(&self) -> Result<CpuMap, KmdError> {
        self.map(Protection::Read)
    }

    fn map(&self, protection: Protection) -> Result<CpuMap, KmdError> {
        let BoInner { device, handle, size, placement, pages, .. } = &*self.inner;
        if let Some(pages) = pages {
            return Ok(CpuMap { map: Arc::clone(pages), protection, bo: self.clone() });
        }
        let (handle, size) = (*handle, *size);
        if *placement == Placement::Vram {
            return Err(KmdError::NotCpuVisible { handle });
        }
        let input = GemMmapIn { handle, _pad: 0 };
        // SAFETY: the structure holds no addresses.
        let offset = unsafe { device.issue(&ioctls::GEM_MMAP, &input, || format!("handle {handle:#x}")) }?.addr_ptr;
        let len = usize::try_from(size)
            .map_err(|_| KmdError::BadSize { what: "the length of a CPU mapping", value: size })?;
        let map = device.node().mmap(offset, len, protection).map_err(|source| KmdError::Map {
            handle,
            offset,
            len: size,
            source,
        })?;
        // Every access below relies on this length and alignment.
        if map.len() < len || !map.as_ptr().addr().is_multiple_of(GPU_PAGE as usize) {
            let source = std::io::Error::other(format!("the node mapped {:#x} bytes at {:p}", map.len(), map.as_ptr()));
            return Err(KmdError::Map { handle, offset, len: size, source });
        }
        Ok(CpuMap { map: Arc::new(map), protection, bo: self.clone() })
    }

    /// Maps all of it for the GPU, at an address that the device's allocator chooses.
    ///
    /// # Errors
    /// [`KmdError::VaExhausted`], or the failed ioctl.
    pub fn map_gpu(&self, flags: VmFlags) -> Result<GpuMap, KmdError> {
        self.map_range(self.take_va()?, flags)
    }

    /// Maps all of it for the GPU at `va`.
    ///
    /// # Errors
    /// [`KmdError::Misaligned`], [`KmdError::VaUnavailable`], or the failed ioctl.
    pub fn map_gpu_at(&self, va: u64, flags: VmFlags) -> Result<GpuMap, KmdError> {
        if !va.is_multiple_of(GPU_PAGE) {
            return Err(KmdError::Misaligned { what: "the GPU address of a mapping", value: va, alignment: GPU_PAGE });
        }
        {
            let mut space = self.inner.device.va();
            if !space.alloc_at(va, self.size()) {
                let (start, end) = (space.start(), space.end());
                return Err(KmdError::VaUnavailable { va, size: self.size(), start, end });
            }
        }
        self.map_range(va, flags)
    }

    /// Maps all of it for the GPU, at one run of addresses that the device's allocator chooses, with permissions that
    /// differ from page to page: each entry says where in the buffer its flags begin to hold. The first one begins at
    /// 0, each further one at a higher multiple of [`GPU_PAGE`].
    ///
    /// # Errors
    /// [`KmdError::BadSize`] for no entries or one beyond the buffer, [`KmdError::Misaligned`] for one that does not
    /// follow the rule, [`KmdError::VaExhausted`], or the failed ioctl.
    pub fn map_gpu_parts(&self, parts: &[(u64, VmFlags)]) -> Result<GpuMap, KmdError> {
        let mut from = 0;
        for (i, &(start, _)) in parts.iter().enumerate() {
            if !start.is_multiple_of(GPU_PAGE) || (i == 0) != (start == 0) || start < from {
                let what = "the start of a part of a mapping";
                return Err(KmdError::Misaligned { what, value: start, alignment: GPU_PAGE });
            }
            from = start + GPU_PAGE;
        }
        if parts.is_empty() || from > self.size() {
            return Err(KmdError::BadSize { what: "the parts of a mapping", value: from });
        }
        let ends = parts.iter().skip(1).map(|p| p.0).chain([self.size()]);
        let parts =
            parts.iter().zip(ends).map(|(&(start, flags), end)| Part { offset: start, size: end - start, flags });
        self.map_parts(self.take_va()?, parts.collect())
    }

    /// A range of the buffer's size from the device's allocator.
    fn take_va(&self) -> Result<u64, KmdError> {
        let mut space = self.inner.device.va();
        let (start, end) = (space.start(), space.end());
        space.alloc(self.size()).ok_or(KmdError::VaExhausted { size: self.size(), start, end })
    }

    /// Maps at `va`, a range already taken from the allocator.
    fn map_range(&self, va: u64, flags: VmFlags) -> Result<GpuMap, KmdError> {
        self.map_parts(va, vec![Part { offset: 0, size: self.size(), flags }])
    }

    /// Maps the parts at `va`, a range already taken from the allocator, which gets it back if the kernel refuses.
    fn map_parts(&self, va: u64, parts: Vec<Part>) -> Result<GpuMap, KmdError> {
        for (done, part) in parts.iter().enumerate() {
            if let Err(error) = self.gem_va(VA_OP_MAP, va, part, part.flags.bits()) {
                let undone = parts[..done].iter().all(|part| self.gem_va(VA_OP_UNMAP, va, part, 0).is_ok());
                if undone {
                    self.inner.device.va().free(va, self.size());
                }
                return Err(error);
            }
        }
        Ok(GpuMap { inner: Arc::new(GpuMapInner { bo: self.clone(), va, parts }) })
    }

    fn gem_va(&self, operation: u32, base: u64, part: &Part, flags: u32) -> Result<(), KmdError> {
        let va = base + part.offset;
        let input = GemVa {
            handle: self.handle(),
            _pad: 0,
            operation,
            flags,
            va_address: va,
            offset_in_bo: part.offset,
            map_size: part.size,
        };
        // SAFETY: the structure holds no addresses of this process. What the GPU may touch through the mapping is
        // the buffer's own memory, of which nobody holds a reference: `CpuMap` only copies.
        unsafe {
            self.inner.device.issue(&ioctls::GEM_VA, &input, || {
                let GemVa { handle, map_size, .. } = input;
                format!("operation {operation}, handle {handle:#x}, GPU address {va:#x}, {map_size:#x} bytes, flags {flags:#x}")
            })
        }
        .map(|_| ())
    }
}

/// How the GPU's caches treat a mapping (`VM_MTYPE_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u32)]
pub enum Mtype {
    /// The driver's choice.
    #[default]
    Default = VM_MTYPE_DEFAULT,
    /// Non-coherent.
    NonCoherent = VM_MTYPE_NC,
    /// Write-combined.
    WriteCombined = VM_MTYPE_WC,
    /// Cache-coherent.
    Coherent = VM_MTYPE_CC,
    /// Uncached.
    Uncached = VM_MTYPE_UC,
    /// Read-write cached.
    ReadWrite = VM_MTYPE_RW,
}

/// What the GPU may do through a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VmFlags {
    /// Loads.
    pub read: bool,
    /// Stores and atomics.
    pub write: bool,
    /// Instruction fetch.
    pub exec: bool,
    /// Caching.
    pub mtype: Mtype,
}

impl VmFlags {
    /// Loads only.
    pub const R: Self = Self { read: true, write: false, exec: false, mtype: Mtype::Default };
    /// Loads and stores.
    pub const RW: Self = Self { write: true, ..Self::R };
    /// Loads and instruction fetch.
    pub const RX: Self = Self { exec: true, ..Self::R };
    /// Everything.
    pub const RWX: Self = Self { write: true, ..Self::RX };

    /// The same with another memory type.
    pub const fn with_mtype(self, mtype: Mtype) -> Self {
        Self { mtype, ..self }
    }

    pub(super) fn bits(self) -> u32 {
        let bit = |on: bool, bit: u32| if on { bit } else { 0 };
        bit(self.read, VM_PAGE_READABLE)
            | bit(self.write, VM_PAGE_WRITEABLE)
            | bit(self.exec, VM_PAGE_EXECUTABLE)
            | self.mtype as u32
    }
}

/// Pages of a mapping with the same permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Bytes from the buffer's and the mapping's start.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
    /// What the GPU may do there.
    pub flags: VmFlags,
}

#[derive(Debug)]
pub(super) struct GpuMapInner {
    /// Dropped after the range is unmapped: fields go after `drop` has run, and the GEM handle closes with the last
    /// of them.
    bo: Bo,
    va: u64,
    parts: Vec<Part>,
}

impl Drop for GpuMapInner {
    fn drop(&mut self) {
        if self.bo.inner.abandoned.load(Ordering::Relaxed) {
            return;
        }
        // First the page table, then the allocator: the other way round another thread could be given the range
        // while the kernel still holds it. A range that the kernel does not give back is never handed out again.
        let unmapped = self.parts.iter().filter(|part| self.bo.gem_va(VA_OP_UNMAP, self.va, part, 0).is_ok()).count();
        if unmapped == self.parts.len() {
            self.bo.device().va().free(self.va, self.bo.size());
        }
    }
}

/// A buffer mapped for the GPU. Clones share the mapping; it keeps the buffer alive, and is undone with its last
/// owner.
#[derive(Debug, Clone)]
pub struct GpuMap {
    inner: Arc<GpuMapInner>,
}

impl GpuMap {
    /// First GPU virtual address.
    pub fn va(&self) -> u64 {
        self.inner.va
    }

    /// Bytes mapped.
    pub fn size(&self) -> u64 {
        self.inner.bo.size()
    }

    /// The buffer.
    pub fn bo(&self) -> &Bo {
        &self.inner.bo
    }

    /// What the GPU may do, page by page: at least one part, in ascending order.
    pub fn parts(&self) -> &[Part] {
        &self.inner.parts
    }

    /// What the GPU may do on the first page; everywhere, where the buffer was not mapped in parts.
    pub fn flags(&self) -> VmFlags {
        self.inner.parts.first().map_or(VmFlags::R, |part| part.flags)
    }

    pub(super) fn shared(&self) -> Arc<GpuMapInner> {
        self.inner.clone()
    }
}

/// A buffer mapped for the CPU; it keeps the buffer alive.
///
/// The device may write at any time, so there are no references into it: accesses copy, and each load or store is
/// volatile. Nothing here waits for the device or orders accesses beyond what a fence does.
#[derive(Debug)]
pub struct CpuMap {
    map: Arc<MmapRaw>,
    protection: Protection,
    bo: Bo,
}

impl CpuMap {
    /// Bytes mapped.
    pub fn size(&self) -> u64 {
        self.bo.size()
    }

    /// The buffer.
    pub fn bo(&self) -> &Bo {
        &self.bo
    }

    /// Address of `len` bytes at `offset`, if all of them exist.
    fn at(&self, offset: u64, len: u64) -> Result<*mut u8, KmdError> {
        let size = self.bo.size();
        if offset.checked_add(len).is_none_or(|end| end > size) {
            return Err(KmdError::OutOfRange { offset, len, size });
        }
        // Inside the mapping, whose length is a usize and at least `size`.
        Ok(self.map.as_mut_ptr().wrapping_add(offset as usize))
    }

    fn writable(&self) -> Result<(), KmdError> {
        match self.protection {
            Protection::ReadWrite => Ok(()),
            Protection::Read => Err(KmdError::ReadOnly { handle: self.bo.handle() }),
        }
    }

    fn aligned(&self, offset: u64, alignment: u64) -> Result<(), KmdError> {
        if offset.is_multiple_of(alignment) {
            return Ok(());
        }
        Err(KmdError::Misaligned { what: "the offset of an access", value: offset, alignment })
    }

    /// Copies `out.len()` bytes out, starting at `offset`.
    ///
    /// # Errors
    /// [`KmdError::OutOfRange`].
    pub fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<(), KmdError> {
        let mut at = self.at(offset, out.len() as u64)?;
        let head = at.align_offset(8).min(out.len());
        let (head, rest) = out.split_at_mut(head);
        let (words, tail) = rest.as_chunks_mut::<8>();
        for byte in head {
            // SAFETY: `at` counts up through the range checked above, inside a live mapping.
            *byte = unsafe { at.read_volatile() };
            at = at.wrapping_add(1);
        }
        for word in words {
            // SAFETY: as above; the head ends where the address is a multiple of 8.
            *word = unsafe { at.cast::<u64>().read_volatile() }.to_ne_bytes();
            at = at.wrapping_add(8);
        }
        for byte in tail {
            // SAFETY: as above.
            *byte = unsafe { at.read_volatile() };
            at = at.wrapping_add(1);
        }
        Ok(())
    }

    /// Copies `bytes` in, starting at `offset`.
    ///
    /// # Errors
    /// [`KmdError::OutOfRange`], [`KmdError::ReadOnly`].
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), KmdError> {
        self.writable()?;
        let mut at = self.at(offset, bytes.len() as u64)?;
        let (head, rest) = bytes.split_at(at.align_offset(8).min(bytes.len()));
        let (words, tail) = rest.as_chunks::<8>();
        for byte in head {
            // SAFETY: `at` counts up through the range checked above, inside a live and writable mapping.
            unsafe { at.write_volatile(*byte) };
            at = at.wrapping_add(1);
        }
        for word in words {
            // SAFETY: as above; the head ends where the address is a multiple of 8.
            unsafe { at.cast::<u64>().write_volatile(u64::from_ne_bytes(*word)) };
            at = at.wrapping_add(8);
        }
        for byte in tail {
            // SAFETY: as above.
            unsafe { at.write_volatile(*byte) };
            at = at.wrapping_add(1);
        }
        Ok(())
    }

    /// Stores `byte` into `len` bytes starting at `offset`.
    ///
    /// # Errors
    /// [`KmdError::OutOfRange`], [`KmdError::ReadOnly`].
    pub fn fill_at(&self, offset: u64, len: u64, byte: u8) -> Result<(), KmdError> {
        self.writable()?;
        self.at(offset, len)?;
        let page = [byte; GPU_PAGE as usize];
        let mut done = 0;
        while done < len {
            let part = (len - done).min(GPU_PAGE);
            self.write_at(offset + done, &page[..part as usize])?;
            done += part;
        }
        Ok(())
    }

    /// One volatile 32-bit load; `offset` is a multiple of 4.
    ///
    /// # Errors
    /// [`KmdError::OutOfRange`], [`KmdError::Misaligned`].
    pub fn load_u32(&self, offset: u64) -> Result<u32, KmdError> {
        self.aligned(offset, 4)?;
        let at = self.at(offset, 4)?.cast::<u32>();
        // SAFETY: inside a live mapping, and aligned because mappings start on a page.
        Ok(unsafe { at.read_volatile() })
    }

    /// One volatile 32-bit store; `offset` is a multiple of 4.
    ///
    /// # Errors
    /// [`KmdError::OutOfRange`], [`KmdError::Misaligned`], [`KmdError::ReadOnly`].
    pub fn store_u32(&self, offset: u64, value: u32) -> Result<(), KmdError> {
        self.writable()?;
        self.aligned(offset, 4)?;
        let at = self.at(offset, 4)?.cast::<u32>();
        // SAFETY: inside a live and writable mapping, and aligned because mappings start on a page.
        unsafe { at.write_volatile(value) };
        Ok(())
    }

    /// One volatile 64-bit load; `offset` is a multiple of 8.
    ///
    /// # Errors
    /// [`KmdError::OutOfRange`], [`KmdError::Misaligned`].
    pub fn load_u64(&self, offset: u64) -> Result<u64, KmdError> {
        self.aligned(offset, 8)?;
        let at = self.at(offset, 8)?.cast::<u64>();
        // SAFETY: inside a live mapping, and aligned because mappings start on a page.
        Ok(unsafe { at.read_volatile() })
    }

    /// One volatile 64-bit store; `offset` is a multiple of 8.
    ///
    /// # Errors
    /// [`KmdError::OutOfRange`], [`KmdError::Misaligned`], [`KmdError::ReadOnly`].
    pub fn store_u64(&self, offset: u64, value: u64) -> Result<(), KmdError> {
        self.writable()?;
        self.aligned(offset, 8)?;
        let at = self.at(offset, 8)?.cast::<u64>();
        // SAFETY: inside a live and writable mapping, and aligned because mappings start on a page.
        unsafe { at.write_volatile(value) };
        Ok(())
    }
}
