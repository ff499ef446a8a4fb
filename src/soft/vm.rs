//! One GPU address space: which addresses reach which buffer object, with which permissions.
//!
//! gfx11 translates 48-bit addresses, sign-extended; a mapping's granule is the 4 KiB page.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use nix::errno::Errno;

use super::arena::{PAGE, Storage};

/// First address that a client may map (what lies below belongs to the kernel).
pub const VA_START: u64 = 0x20_0000;
/// First address after the low half.
pub const HOLE_START: u64 = 0x8000_0000_0000;
/// First address of the high half.
pub const HOLE_END: u64 = 0xffff_8000_0000_0000;
/// First address above the high half's last 2 MiB, which belong to the kernel.
pub const HIGH_MAX: u64 = 0xffff_ffff_ffe0_0000;

bitflags::bitflags! {
    /// What the device may do with a page.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Permissions: u8 {
        /// Loads.
        const READ = 1;
        /// Stores and atomics.
        const WRITE = 2;
        /// Instruction fetch.
        const EXECUTE = 4;
    }
}

/// A run of pages that one `GEM_VA` call mapped.
#[derive(Debug)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// First address after it.
    pub end: u64,
    /// What it reaches.
    pub storage: Arc<Storage>,
    /// Offset of `start` in the storage.
    pub offset: u64,
    /// What is allowed.
    pub permissions: Permissions,
    /// The GEM handle by which it was mapped.
    pub handle: u32,
}

impl Mapping {
    /// The offset in the arena of an address inside this mapping.
    pub fn arena_offset(&self, va: u64) -> u64 {
        self.storage.start() + self.offset + (va - self.start)
    }
}

/// An address space. Shared by the file that owns it and by the jobs that run in it.
#[derive(Debug, Default)]
pub struct Vm {
    maps: RwLock<BTreeMap<u64, Arc<Mapping>>>,
    generation: AtomicU64,
}

/// Extends bit 47, as the hardware's address path does.
pub const fn canonical(va: u64) -> u64 {
    ((va << 16) as i64 >> 16) as u64
}

/// Whether `start..start+size` is page-aligned, not empty, and inside one of the two client halves.
fn check_range(start: u64, size: u64) -> Result<u64, Errno> {
    if !start.is_multiple_of(PAGE) || !size.is_multiple_of(PAGE) || size == 0 {
        return Err(Errno::EINVAL);
    }
    let end = start.checked_add(size).ok_or(Errno::EINVAL)?;
    let low = start >= VA_START && end <= HOLE_START;
    let high = start >= HOLE_END && end <= HIGH_MAX;
    if low || high { Ok(end) } else { Err(Errno::EINVAL) }
}

impl Vm {
    /// Maps; EINVAL for a bad range, an offset outside the buffer object, or an overlap.
    pub fn map(
        &self,
        start: u64,
        size: u64,
        storage: &Arc<Storage>,
        offset: u64,
        permissions: Permissions,
        handle: u32,
    ) -> Result<(), Errno> {
        let end = check_range(start, size)?;
        if !offset.is_multiple_of(PAGE) || offset.checked_add(size).is_none_or(|e| e > storage.len()) {
            return Err(Errno::EINVAL);
        }
        let mut maps = self.maps.write().unwrap_or_else(PoisonError::into_inner);
        if maps.range(..end).next_back().is_some_and(|(_, m)| m.end > start) {
            return Err(Errno::EINVAL);
        }
        let storage = Arc::clone(storage);
        maps.insert(start, Arc::new(Mapping { start, end, storage, offset, permissions, handle }));
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Unmaps what `handle` mapped at exactly `start`; ENOENT where it mapped nothing.
    pub fn unmap(&self, start: u64, handle: u32) -> Result<(), Errno> {
        let mut maps = self.maps.write().unwrap_or_else(PoisonError::into_inner);
        match maps.get(&start) {
            Some(m) if m.handle == handle => maps.remove(&start),
            _ => return Err(Errno::ENOENT),
        };
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Unmaps whatever lies in a range; mappings that reach beyond it keep their other parts.
    pub fn clear(&self, start: u64, size: u64) -> Result<(), Errno> {
        let end = check_range(start, size)?;
        let mut maps = self.maps.write().unwrap_or_else(PoisonError::into_inner);
        let hit: Vec<Arc<Mapping>> =
            maps.range(..end).rev().take_while(|(_, m)| m.end > start).map(|(_, m)| Arc::clone(m)).collect();
        for m in hit {
            maps.remove(&m.start);
            for (s, e) in [(m.start, start), (end, m.end)] {
                if s < e {
                    let part = Mapping {
                        start: s,
                        end: e,
                        storage: Arc::clone(&m.storage),
                        offset: m.offset + (s - m.start),
                        permissions: m.permissions,
                        handle: m.handle,
                    };
                    maps.insert(s, Arc::new(part));
                }
            }
        }
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Unmaps everything that came by a handle, as closing it does.
    pub fn forget(&self, handle: u32) {
        self.maps.write().unwrap_or_else(PoisonError::into_inner).retain(|_, m| m.handle != handle);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// The mapping that covers an address (already canonical).
    pub fn lookup(&self, va: u64) -> Option<Arc<Mapping>> {
        let maps = self.maps.read().unwrap_or_else(PoisonError::into_inner);
        maps.range(..=va).next_back().map(|(_, m)| m).filter(|m| va < m.end).cloned()
    }

    /// The mappings just below and just above an address that no mapping covers: the best hint about an overrun.
    pub fn neighbours(&self, va: u64) -> (Option<Arc<Mapping>>, Option<Arc<Mapping>>) {
        let maps = self.maps.read().unwrap_or_else(PoisonError::into_inner);
        (maps.range(..=va).next_back().map(|m| Arc::clone(m.1)), maps.range(va..).next().map(|m| Arc::clone(m.1)))
    }

    /// Changes whenever a mapping does.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// How many mappings there are.
    pub fn len(&self) -> usize {
        self.maps.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soft::arena::{Arena, Heap};

    const RW: Permissions = Permissions::READ.union(Permissions::WRITE);

    fn storage(pages: u64) -> Arc<Storage> {
        Arena::new(1 << 20, 1 << 20).unwrap().allocate(Heap::Gtt, pages * PAGE, PAGE).unwrap()
    }

    #[test]
    fn the_drivers_rules_for_ranges() {
        let (vm, s) = (Vm::default(), storage(4));
        let map = |va, size, offset| vm.map(va, size, &s, offset, RW, 1);
        assert_eq!(map(VA_START + 0x800, PAGE, 0), Err(Errno::EINVAL), "unaligned address");
        assert_eq!(map(VA_START, 100, 0), Err(Errno::EINVAL), "unaligned size");
        assert_eq!(map(VA_START, 0, 0), Err(Errno::EINVAL), "empty");
        assert_eq!(map(VA_START, PAGE, 12), Err(Errno::EINVAL), "unaligned offset");
        assert_eq!(map(VA_START, 2 * PAGE, 3 * PAGE), Err(Errno::EINVAL), "beyond the buffer");
        assert_eq!(map(0, PAGE, 0), Err(Errno::EINVAL), "the kernel's first pages");
        assert_eq!(map(HOLE_START - PAGE, 2 * PAGE, 0), Err(Errno::EINVAL), "into the hole");
        assert_eq!(map(HOLE_START, PAGE, 0), Err(Errno::EINVAL), "the hole");
        assert_eq!(map(HIGH_MAX, PAGE, 0), Err(Errno::EINVAL), "the kernel's last pages");
        assert_eq!(map(u64::MAX - PAGE + 1, PAGE, 0), Err(Errno::EINVAL), "wraps");
        assert_eq!(map(HOLE_END, PAGE, 0), Ok(()));
        assert_eq!(map(VA_START, 4 * PAGE, 0), Ok(()));
        assert_eq!(map(VA_START + 3 * PAGE, PAGE, 0), Err(Errno::EINVAL), "overlap");
        assert_eq!(vm.unmap(VA_START + PAGE, 1), Err(Errno::ENOENT));
        assert_eq!(vm.unmap(VA_START, 2), Err(Errno::ENOENT), "another handle's");
        assert_eq!(vm.unmap(VA_START, 1), Ok(()));
        assert_eq!(vm.len(), 1);
    }

    #[test]
    fn clearing_the_middle_keeps_both_ends() {
        let (vm, s) = (Vm::default(), storage(4));
        vm.map(VA_START, 4 * PAGE, &s, 0, RW, 1).unwrap();
        vm.clear(VA_START + PAGE, PAGE).unwrap();
        assert!(vm.lookup(VA_START + PAGE).is_none());
        assert_eq!(vm.lookup(VA_START).unwrap().arena_offset(VA_START + 5), s.start() + 5);
        let va = VA_START + 3 * PAGE + 7;
        assert_eq!(vm.lookup(va).unwrap().arena_offset(va), s.start() + 3 * PAGE + 7);
        let (below, above) = vm.neighbours(VA_START + PAGE + 9);
        assert_eq!((below.unwrap().end, above.unwrap().start), (VA_START + PAGE, VA_START + 2 * PAGE));
        vm.forget(1);
        assert_eq!(vm.len(), 0);
    }

    #[test]
    fn addresses_are_sign_extended_from_bit_47() {
        assert_eq!(canonical(0x8001_0000_1000), 0xffff_8001_0000_1000);
        assert_eq!(canonical(0x7fff_ffff_f000), 0x7fff_ffff_f000);
    }
}
