//! One GPU address space: which addresses reach which buffer object, with which permissions.
//!
//! gfx11 translates 48-bit addresses, sign-extended; a mapping's granule is the 4 KiB page.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use isa_exec::MemFault;
use nix::errno::Errno;

use super::arena::{PAGE, Storage};
use super::identity::Arch;

/// First address that a client may map (what lies below belongs to the kernel).
pub const VA_START: u64 = 0x20_0000;
/// First address after the low half.
pub const HOLE_START: u64 = 0x8000_0000_0000;
/// First address of the high half.
pub const HOLE_END: u64 = 0xffff_8000_0000_0000;
/// First address above the high half's last 2 MiB, which belong to the kernel.
pub const HIGH_MAX: u64 = 0xffff_ffff_ffe0_0000;
/// Where the counters of user-mode queues are, in the kernel's last pages.
pub const FENCES_VA: u64 = HIGH_MAX;

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
    /// The GEM handle by which it was mapped; 0 for one of sparse pages.
    pub handle: u32,
    /// Partially resident pages without memory: reads give zero, writes go nowhere.
    pub sparse: bool,
    /// The number of the change that made it.
    since: u64,
}

impl Mapping {
    /// The offset in the arena of an address inside this mapping.
    pub fn arena_offset(&self, va: u64) -> u64 {
        self.storage.start() + self.offset + (va - self.start)
    }
}

/// An address space as its owner sees it, or as it was when a job was submitted.
///
/// The driver changes page tables behind the work that was submitted before: a job goes on reaching what was unmapped, or
/// replaced, after its submission. What was mapped since then it reaches, too, where nothing was in the way.
#[derive(Debug, Default)]
pub struct Vm {
    space: Arc<Space>,
    /// The last change that a job knows of; all of them, for the owner.
    at: Option<u64>,
    /// What is let go, where accesses that find nothing are.
    lenient: Option<LetGo>,
    /// The card's part, whose channels images spread over.
    arch: Arch,
}

/// The page of the card's last fault. As in the driver, what becomes known of a fault is its page.
#[derive(Debug, Default)]
pub struct LastFault(AtomicU64);

impl LastFault {
    /// There was one.
    pub fn note(&self, va: u64) {
        // The page is a multiple of 4096: the lowest bit says that there is one.
        self.0.store((va & !0xfff) | 1, Ordering::Relaxed);
    }

    /// The page's address, once there was a fault.
    pub fn page(&self) -> Option<u64> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            noted => Some(noted & !0xfff),
        }
    }
}

/// Accesses of a job that found nothing and were let go.
#[derive(Debug)]
struct LetGo {
    /// Where the card's last one was.
    last: Arc<LastFault>,
    count: AtomicU64,
    first: OnceLock<MemFault>,
}

/// The pages, then and now. Every [`Vm`] of it has the same one.
#[derive(Debug, Default)]
pub struct Space {
    maps: RwLock<Maps>,
    generation: AtomicU64,
}

#[derive(Debug, Default)]
struct Maps {
    now: BTreeMap<u64, Arc<Mapping>>,
    /// Changes so far.
    changes: u64,
    /// What jobs may still reach, with the number of the change that removed it.
    gone: Vec<(Arc<Mapping>, u64)>,
    /// Jobs by the last change that they know of.
    jobs: BTreeMap<u64, usize>,
}

impl Maps {
    /// Takes a mapping out of the present.
    fn remove(&mut self, start: u64) {
        let Some(mapping) = self.now.remove(&start) else { return };
        if self.jobs.range(mapping.since..).next().is_some() {
            self.gone.push((mapping, self.changes));
        }
    }

    /// The mapping at an address, as of a change.
    fn find(&self, va: u64, at: Option<u64>) -> Option<&Arc<Mapping>> {
        if let Some(at) = at {
            let mut then =
                self.gone.iter().filter(|(m, until)| m.start <= va && va < m.end && m.since <= at && at < *until);
            if let Some((mapping, _)) = then.next() {
                return Some(mapping);
            }
        }
        self.now.range(..=va).next_back().map(|(_, m)| m).filter(|m| va < m.end)
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        let Some(at) = self.at else { return };
        let mut maps = self.space.maps.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(jobs) = maps.jobs.get_mut(&at) {
            *jobs -= 1;
            if *jobs == 0 {
                maps.jobs.remove(&at);
            }
        }
        let oldest = maps.jobs.keys().next().copied().unwrap_or(u64::MAX);
        let gone = std::mem::take(&mut maps.gone);
        let (kept, dropped) = gone.into_iter().partition(|(_, until)| *until > oldest);
        maps.gone = kept;
        drop(maps);
        // Memory goes here, without the lock.
        drop::<Vec<_>>(dropped);
    }
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
    /// The space as it is now, for a job; with `lenient`, accesses that find nothing are noted there and let go.
    pub fn view(&self, lenient: Option<Arc<LastFault>>) -> Self {
        let mut maps = self.space.maps.write().unwrap_or_else(PoisonError::into_inner);
        let at = maps.changes;
        *maps.jobs.entry(at).or_default() += 1;
        drop(maps);
        let lenient = lenient.map(|last| LetGo { last, count: AtomicU64::new(0), first: OnceLock::new() });
        Self { space: Arc::clone(&self.space), at: Some(at), lenient, arch: self.arch }
    }

    /// An empty space on a card.
    pub fn new(arch: Arch) -> Self {
        Self { space: Arc::default(), at: None, lenient: None, arch }
    }

    /// The card's part.
    pub fn arch(&self) -> Arch {
        self.arch
    }

    /// Whether a fault is let go: the access reads zero, or goes nowhere.
    pub fn lets_go(&self, fault: &MemFault) -> bool {
        if let Some(seen) = &self.lenient {
            seen.last.note(fault.va);
            seen.count.fetch_add(1, Ordering::Relaxed);
            seen.first.get_or_init(|| *fault);
        }
        self.lenient.is_some()
    }

    /// How many faults of the job were let go, and the first one.
    pub fn let_go(&self) -> Option<(u64, MemFault)> {
        let seen = self.lenient.as_ref()?;
        Some((seen.count.load(Ordering::Relaxed), *seen.first.get()?))
    }

    /// What every view of it has in common.
    pub fn space(&self) -> &Arc<Space> {
        &self.space
    }

    fn change<T>(&self, change: impl FnOnce(&mut Maps) -> Result<T, Errno>) -> Result<T, Errno> {
        let mut maps = self.space.maps.write().unwrap_or_else(PoisonError::into_inner);
        maps.changes += 1;
        let done = change(&mut maps);
        self.space.generation.fetch_add(1, Ordering::Release);
        done
    }

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
        if !offset.is_multiple_of(PAGE) || offset.checked_add(size).is_none_or(|e| e > storage.len()) {
            return Err(Errno::EINVAL);
        }
        self.insert(start, size, Arc::clone(storage), offset, permissions, handle)
    }

    /// Maps sparse pages, by handle 0. `nothing` is memory of no bytes.
    pub fn map_sparse(&self, start: u64, size: u64, nothing: Arc<Storage>) -> Result<(), Errno> {
        self.insert(start, size, nothing, 0, Permissions::READ | Permissions::WRITE, 0)
    }

    fn insert(
        &self,
        start: u64,
        size: u64,
        storage: Arc<Storage>,
        offset: u64,
        permissions: Permissions,
        handle: u32,
    ) -> Result<(), Errno> {
        let end = check_range(start, size)?;
        self.change(|maps| {
            if maps.now.range(..end).next_back().is_some_and(|(_, m)| m.end > start) {
                return Err(Errno::EINVAL);
            }
            let sparse = storage.len() == 0;
            let since = maps.changes;
            let mapping = Mapping { start, end, storage, offset, permissions, handle, sparse, since };
            maps.now.insert(start, Arc::new(mapping));
            Ok(())
        })
    }

    /// Maps the page of the queues' counters for reading, in the kernel's own range, once.
    pub fn map_fences(&self, page: &Arc<Storage>) {
        // This change always succeeds.
        let _ = self.change(|maps| {
            if maps.now.get(&FENCES_VA).is_none_or(|known| !Arc::ptr_eq(&known.storage, page)) {
                maps.remove(FENCES_VA);
                let (start, end, since) = (FENCES_VA, FENCES_VA + PAGE, maps.changes);
                let (storage, permissions) = (Arc::clone(page), Permissions::READ);
                // No client has this handle.
                let handle = u32::MAX;
                let mapping = Mapping { start, end, storage, offset: 0, permissions, handle, sparse: false, since };
                maps.now.insert(start, Arc::new(mapping));
            }
            Ok(())
        });
    }

    /// Unmaps what `handle` mapped at exactly `start`; ENOENT where it mapped nothing.
    pub fn unmap(&self, start: u64, handle: u32) -> Result<(), Errno> {
        self.change(|maps| match maps.now.get(&start) {
            Some(m) if m.handle == handle => {
                maps.remove(start);
                Ok(())
            }
            _ => Err(Errno::ENOENT),
        })
    }

    /// Unmaps whatever lies in a range; mappings that reach beyond it keep their other parts.
    pub fn clear(&self, start: u64, size: u64) -> Result<(), Errno> {
        let end = check_range(start, size)?;
        self.change(|maps| {
            let hit: Vec<Arc<Mapping>> =
                maps.now.range(..end).rev().take_while(|(_, m)| m.end > start).map(|(_, m)| Arc::clone(m)).collect();
            for m in hit {
                maps.remove(m.start);
                for (s, e) in [(m.start, start), (end, m.end)] {
                    if s < e {
                        let part = Mapping {
                            start: s,
                            end: e,
                            storage: Arc::clone(&m.storage),
                            offset: m.offset + (s - m.start),
                            permissions: m.permissions,
                            handle: m.handle,
                            sparse: m.sparse,
                            since: maps.changes,
                        };
                        maps.now.insert(s, Arc::new(part));
                    }
                }
            }
            Ok(())
        })
    }

    /// Unmaps everything that came by a handle, as closing it does.
    pub fn forget(&self, handle: u32) {
        // This change always succeeds.
        let _ = self.change(|maps| {
            let hit: Vec<u64> = maps.now.values().filter(|m| m.handle == handle).map(|m| m.start).collect();
            hit.into_iter().for_each(|start| maps.remove(start));
            Ok(())
        });
    }

    /// The mapping that covers an address (already canonical).
    pub fn lookup(&self, va: u64) -> Option<Arc<Mapping>> {
        self.space.maps.read().unwrap_or_else(PoisonError::into_inner).find(va, self.at).cloned()
    }

    /// The mappings just below and just above an address that no mapping covers: the best hint about an overrun.
    pub fn neighbours(&self, va: u64) -> (Option<Arc<Mapping>>, Option<Arc<Mapping>>) {
        let maps = &self.space.maps.read().unwrap_or_else(PoisonError::into_inner).now;
        (maps.range(..=va).next_back().map(|m| Arc::clone(m.1)), maps.range(va..).next().map(|m| Arc::clone(m.1)))
    }

    /// Changes whenever a mapping does.
    pub fn generation(&self) -> u64 {
        self.space.generation()
    }

    /// How many mappings there are.
    pub fn len(&self) -> usize {
        self.space.maps.read().unwrap_or_else(PoisonError::into_inner).now.len()
    }
}

impl Space {
    /// Changes whenever a mapping does.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether something is mapped at an address (already canonical) now.
    pub fn is_mapped(&self, va: u64) -> bool {
        self.maps.read().unwrap_or_else(PoisonError::into_inner).find(va, None).is_some()
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

    #[test]
    fn a_job_reaches_what_was_unmapped_after_its_submission() {
        let (vm, old, new) = (Vm::default(), storage(2), storage(2));
        vm.map(VA_START, 2 * PAGE, &old, 0, RW, 1).unwrap();
        let job = vm.view(None);
        let reached = |vm: &Vm, va: u64| vm.lookup(va).map(|m| Arc::as_ptr(&m.storage));
        vm.clear(VA_START + PAGE, PAGE).unwrap();
        vm.map(VA_START + PAGE, PAGE, &new, 0, RW, 2).unwrap();
        vm.map(VA_START + 4 * PAGE, PAGE, &new, 0, RW, 2).unwrap();
        assert_eq!(reached(&vm, VA_START + PAGE), Some(Arc::as_ptr(&new)));
        assert_eq!(reached(&job, VA_START + PAGE), Some(Arc::as_ptr(&old)));
        assert_eq!(
            reached(&job, VA_START + 4 * PAGE),
            Some(Arc::as_ptr(&new)),
            "mapped since, with nothing in the way"
        );
        let later = vm.view(None);
        vm.forget(1);
        vm.forget(2);
        assert_eq!(reached(&later, VA_START + PAGE), Some(Arc::as_ptr(&new)));
        assert_eq!((reached(&vm, VA_START), vm.len()), (None, 0));
        let held = Arc::strong_count(&old);
        drop(job);
        assert!(Arc::strong_count(&old) < held, "what only that job knew is gone");
        assert_eq!(reached(&later, VA_START), Some(Arc::as_ptr(&old)));
        drop(later);
        assert_eq!((Arc::strong_count(&old), Arc::strong_count(&new)), (1, 1));
    }
}
