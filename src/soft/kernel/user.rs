//! Buffers over the caller's own pages.
//!
//! The device's memory is its arena, so such pages become a part of that: the call copies their content into a range of
//! the arena, and whoever speaks for the caller maps that range over them before the caller goes on
//! ([`SoftNode::user_range`](crate::soft::SoftNode::user_range)). From then on both sides see the same memory. The range
//! belongs to the caller's pages, not to the handle: closing the handle changes nothing for the caller, another handle of
//! the same pages gets the same range, and it goes when the caller has unmapped it, or with the file.

use std::sync::{Arc, PoisonError};

use nix::errno::Errno;

use super::{Bo, Call, File, get, put};
use crate::kmd::uapi;
use crate::soft::arena::{Heap, PAGE, Storage};
use crate::soft::client::{Client, Region};

/// Pages of a caller that are a range of the arena.
#[derive(Debug)]
pub struct UserRange {
    /// Whose.
    pid: i32,
    /// The first one's address there.
    addr: u64,
    storage: Arc<Storage>,
}

/// Copied at a time.
const STEP: u64 = 1 << 20;

impl Call<'_> {
    pub(super) fn gem_userptr(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        const FLAGS: u32 = uapi::GEM_USERPTR_READONLY
            | uapi::GEM_USERPTR_ANONONLY
            | uapi::GEM_USERPTR_VALIDATE
            | uapi::GEM_USERPTR_REGISTER;
        let mut user: uapi::GemUserptr = get(arg);
        if !(user.addr | user.size).is_multiple_of(PAGE) || user.flags & !FLAGS != 0 || user.size == 0 {
            return Err(Errno::EINVAL);
        }
        // Writing needs to follow the page tables.
        if user.flags & (uapi::GEM_USERPTR_READONLY | uapi::GEM_USERPTR_REGISTER) == 0 {
            return Err(Errno::EACCES);
        }
        let end = user.addr.checked_add(user.size).ok_or(Errno::EFAULT)?;
        let regions = self.client.regions(user.addr, end)?;
        let mut at = user.addr;
        for region in &regions {
            if region.start > at || !region.readable {
                return Err(Errno::EFAULT);
            }
            at = region.end;
        }
        if at < end {
            return Err(Errno::EFAULT);
        }
        let writes = user.flags & uapi::GEM_USERPTR_READONLY == 0;
        if writes && regions.iter().any(|r| !r.writable) {
            return Err(Errno::EFAULT);
        }
        let ours = self.card.arena.file();
        let foreign = |r: &Region| r.file != ours && r.file.1 != 0;
        if user.flags & uapi::GEM_USERPTR_ANONONLY != 0 && regions.iter().any(foreign) {
            return Err(Errno::EPERM);
        }
        self.file.sweep_user(self.client);
        let storage = match self.known(&user, &regions)? {
            Some(storage) => storage,
            None => self.adopt(&user)?,
        };
        let create = uapi::GemCreateIn {
            bo_size: user.size,
            alignment: PAGE,
            domains: uapi::GEM_DOMAIN_GTT.into(),
            domain_flags: 0,
        };
        let mut bo = Bo::new(storage, create);
        bo.user = Some(user);
        user.handle = self.file.add_object(Arc::new(bo));
        put(arg, &user);
        Ok(0)
    }

    /// The range that these pages are already, where they are all of one. A range of which they are only a part with
    /// others can't grow: EFAULT while somebody uses it.
    fn known(&self, user: &uapi::GemUserptr, regions: &[Region]) -> Result<Option<Arc<Storage>>, Errno> {
        let ours = self.card.arena.file();
        if regions.iter().all(|r| r.file != ours) {
            return Ok(None);
        }
        let ranges = self.file.user.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = self.client.pid().as_raw();
        let end = user.addr + user.size;
        for range in ranges.iter().filter(|r| r.pid == pid) {
            let (from, to) = (range.addr, range.addr + range.storage.len());
            if from <= user.addr && end <= to {
                let offset = user.addr - from;
                let maps_it = |r: &Region| {
                    r.file == ours && r.offset.wrapping_sub(r.start) == range.storage.start().wrapping_sub(from)
                };
                if regions.iter().all(maps_it) {
                    return Ok(Some(range.storage.part(offset, user.size)));
                }
            }
            if from < end && user.addr < to && Arc::strong_count(&range.storage) > 1 {
                return Err(Errno::EFAULT);
            }
        }
        // A buffer's mapping by GEM_MMAP: no pages of the caller's own.
        let own = |r: &Region| {
            ranges
                .iter()
                .any(|range| range.pid == pid && range.addr < r.end && r.start < range.addr + range.storage.len())
        };
        if regions.iter().any(|r| r.file == ours && !own(r)) { Err(Errno::EFAULT) } else { Ok(None) }
    }

    /// Copies the pages into a new range.
    fn adopt(&self, user: &uapi::GemUserptr) -> Result<Arc<Storage>, Errno> {
        let storage = self.card.arena.allocate(Heap::Gtt, user.size, PAGE).ok_or(Errno::ENOMEM)?;
        let mut buffer = vec![0; user.size.min(STEP) as usize];
        for done in (0..user.size).step_by(STEP as usize) {
            let part = &mut buffer[..(user.size - done).min(STEP) as usize];
            self.client.read(user.addr + done, part)?;
            storage.arena().write(storage.start() + done, part);
        }
        let range = UserRange { pid: self.client.pid().as_raw(), addr: user.addr, storage: Arc::clone(&storage) };
        self.file.user.lock().unwrap_or_else(PoisonError::into_inner).push(range);
        // A part of it from the start, so that the range's own count tells whether a buffer uses it.
        Ok(storage.part(0, user.size))
    }
}

impl File {
    /// Where in the arena the pages of a buffer over the caller's memory are; `None` for other handles.
    pub fn user_range(&self, handle: u32) -> Option<(u64, u64)> {
        let bo = self.objects.get(handle).filter(|bo| bo.user.is_some())?;
        Some((bo.storage.start(), bo.storage.len()))
    }

    /// Gives back the ranges that no buffer uses and that the caller has no mapping of any more.
    pub fn sweep_user(&self, client: &Client) {
        let ours = self.card.arena.file();
        let pid = client.pid().as_raw();
        let mut ranges = self.user.lock().unwrap_or_else(PoisonError::into_inner);
        ranges.retain(|range| {
            if range.pid != pid || Arc::strong_count(&range.storage) > 1 {
                return true;
            }
            let (from, len) = (range.storage.start(), range.storage.len());
            let mapped = client.regions(range.addr, range.addr + len).unwrap_or_default();
            mapped.iter().any(|r| r.file == ours && r.offset < from + len && from < r.offset + (r.end - r.start))
        });
    }
}
