//! The card's memory: one sparse memfd, of which every buffer object is a range.
//!
//! The software device reads and writes it through a mapping of its own while host programs do the same through
//! theirs, so nothing here ever forms a reference into it: each access is a volatile or atomic one, checked against
//! the arena's bounds. All unsafe code of the memory path is in this file.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use isa_exec::Window;
use memmap2::{MmapOptions, MmapRaw};
use nix::fcntl::{FallocateFlags, fallocate};
use nix::sys::memfd::{MFdFlags, memfd_create};

/// The page of GPU and CPU alike.
pub const PAGE: u64 = 4096;

/// Where a buffer object lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Heap {
    /// The card's own memory.
    Vram,
    /// System memory that the card reaches through the GART.
    Gtt,
}

/// The memory behind every buffer object of one device.
pub struct Arena {
    fd: OwnedFd,
    /// Device and inode of the memfd.
    file: (u64, u64),
    map: MmapRaw,
    vram: Mutex<Ranges>,
    gtt: Mutex<Ranges>,
}

impl fmt::Debug for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").field("bytes", &self.map.len()).finish_non_exhaustive()
    }
}

impl Arena {
    /// As [`overcommitted`](Self::overcommitted), once.
    #[cfg(test)]
    pub fn new(vram: u64, gtt: u64) -> io::Result<Arc<Self>> {
        Self::overcommitted(vram, gtt, 1)
    }

    /// Reserves (but does not touch) heaps of `vram` and `gtt` bytes, both multiples of the page. Each takes so many times
    /// as much in all: what a driver would evict to make room stays where it is, since only touched pages take memory of
    /// the host.
    pub fn overcommitted(vram: u64, gtt: u64, times: u64) -> io::Result<Arc<Self>> {
        let (all_vram, all_gtt) = (vram.saturating_mul(times), gtt.saturating_mul(times));
        let fd = memfd_create("software-navi31", MFdFlags::MFD_CLOEXEC)?;
        let total = all_vram.saturating_add(all_gtt);
        nix::unistd::ftruncate(&fd, total as i64)?;
        let map = MmapOptions::new().len(total as usize).no_reserve_swap().map_raw(&fd)?;
        let stat = nix::sys::stat::fstat(&fd)?;
        Ok(Arc::new(Self {
            fd,
            file: (stat.st_dev, stat.st_ino),
            map,
            vram: Mutex::new(Ranges::new(0, all_vram, vram)),
            gtt: Mutex::new(Ranges::new(all_vram, total, gtt)),
        }))
    }

    /// The descriptor that clients map.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.map.len() as u64
    }

    /// That file by device and inode, as `/proc/PID/maps` names it.
    pub fn file(&self) -> (u64, u64) {
        self.file
    }

    fn ranges(&self, heap: Heap) -> MutexGuard<'_, Ranges> {
        let ranges = match heap {
            Heap::Vram => &self.vram,
            Heap::Gtt => &self.gtt,
        };
        ranges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of a heap: in all, and in use, which may be more.
    pub fn usage(&self, heap: Heap) -> (u64, u64) {
        let ranges = self.ranges(heap);
        (ranges.total, ranges.used)
    }

    /// Takes `len` bytes (a multiple of the page) of zeroed memory; `None` when the heap is exhausted.
    pub fn allocate(self: &Arc<Self>, heap: Heap, len: u64, align: u64) -> Option<Arc<Storage>> {
        let start = self.ranges(heap).take(len, align.max(PAGE))?;
        Some(Arc::new(Storage { arena: Arc::clone(self), heap, start, len, whole: None }))
    }

    /// Takes memory of the part of video memory below `visible`, which the CPU reaches; or, without need for that, rather of
    /// the rest.
    pub fn allocate_vram(self: &Arc<Self>, len: u64, align: u64, visible: u64, needed: bool) -> Option<Arc<Storage>> {
        let align = align.max(PAGE);
        let start = {
            let mut ranges = self.ranges(Heap::Vram);
            match needed {
                true => ranges.take_within(0..visible, len, align)?,
                false => ranges.take_within(visible..u64::MAX, len, align).or_else(|| ranges.take(len, align))?,
            }
        };
        Some(Arc::new(Storage { arena: Arc::clone(self), heap: Heap::Vram, start, len, whole: None }))
    }

    /// Bytes in use of the part of video memory below `visible`.
    pub fn visible_usage(&self, visible: u64) -> u64 {
        let ranges = self.ranges(Heap::Vram);
        let visible = visible.min(ranges.total);
        visible - ranges.free.range(..visible).map(|(&start, &end)| end.min(visible) - start).sum::<u64>()
    }

    /// Loses what a heap holds: all of it reads as zero.
    pub fn lose(&self, heap: Heap) {
        let all = self.ranges(heap).all.clone();
        self.clear(all.start, all.end - all.start);
    }

    /// Makes a range read as zero, and gives its pages back.
    fn clear(&self, start: u64, len: u64) {
        let hole = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
        if fallocate(&self.fd, hole, start as i64, len as i64).is_err() {
            let zeros = [0; PAGE as usize];
            for page in (start..start + len).step_by(PAGE as usize) {
                self.write(page, &zeros);
            }
        }
    }

    /// Memory of no bytes.
    pub fn nothing(self: &Arc<Self>) -> Arc<Storage> {
        Arc::new(Storage { arena: Arc::clone(self), heap: Heap::Gtt, start: 0, len: 0, whole: None })
    }

    /// Where `len` bytes at `offset` lie in this process.
    ///
    /// Leaving the arena is a fault of this crate (the page table never hands such an offset out), so it panics.
    #[inline]
    fn at(&self, offset: u64, len: usize) -> *mut u8 {
        assert!(
            offset.checked_add(len as u64).is_some_and(|end| end <= self.map.len() as u64),
            "arena access at {offset:#x}+{len:#x} out of bounds"
        );
        // SAFETY: the assertion keeps offset..offset+len inside the mapping, which lives as long as `self`.
        unsafe { self.map.as_mut_ptr().add(offset as usize) }
    }

    /// Copies out. Aligned words are read whole.
    pub fn read(&self, offset: u64, out: &mut [u8]) {
        let p = self.at(offset, out.len());
        let head = p.align_offset(8).min(out.len());
        let (first, rest) = out.split_at_mut(head);
        for (i, b) in first.iter_mut().enumerate() {
            // SAFETY: `at` checked the range; an atomic byte access cannot race.
            *b = unsafe { AtomicU8::from_ptr(p.add(i)) }.load(Ordering::Relaxed);
        }
        let (words, tail) = rest.as_chunks_mut::<8>();
        for (i, w) in words.iter_mut().enumerate() {
            // SAFETY: inside the checked range; `head` made it 8-byte aligned; atomic, so no data race.
            *w = unsafe { AtomicU64::from_ptr(p.add(head + 8 * i).cast()) }.load(Ordering::Relaxed).to_ne_bytes();
        }
        let done = head + 8 * words.len();
        for (i, b) in tail.iter_mut().enumerate() {
            // SAFETY: as for the head.
            *b = unsafe { AtomicU8::from_ptr(p.add(done + i)) }.load(Ordering::Relaxed);
        }
    }

    /// Copies in. Aligned words are written whole.
    pub fn write(&self, offset: u64, data: &[u8]) {
        let p = self.at(offset, data.len());
        let head = p.align_offset(8).min(data.len());
        let (first, rest) = data.split_at(head);
        for (i, b) in first.iter().enumerate() {
            // SAFETY: `at` checked the range; an atomic byte access cannot race.
            unsafe { AtomicU8::from_ptr(p.add(i)) }.store(*b, Ordering::Relaxed);
        }
        let (words, tail) = rest.as_chunks::<8>();
        for (i, w) in words.iter().enumerate() {
            // SAFETY: inside the checked range; `head` made it 8-byte aligned; atomic, so no data race.
            unsafe { AtomicU64::from_ptr(p.add(head + 8 * i).cast()) }.store(u64::from_ne_bytes(*w), Ordering::Relaxed);
        }
        let done = head + 8 * words.len();
        for (i, b) in tail.iter().enumerate() {
            // SAFETY: as for the head.
            unsafe { AtomicU8::from_ptr(p.add(done + i)) }.store(*b, Ordering::Relaxed);
        }
    }

    /// Loads a little-endian dword, whole where it is aligned.
    #[inline]
    pub fn load_u32(&self, offset: u64) -> u32 {
        if offset.is_multiple_of(4) {
            let p = self.at(offset, 4).cast();
            // SAFETY: checked and aligned (the mapping itself is page-aligned); atomic, so no data race.
            u32::from_le(unsafe { AtomicU32::from_ptr(p) }.load(Ordering::Relaxed))
        } else {
            let mut b = [0; 4];
            self.read(offset, &mut b);
            u32::from_le_bytes(b)
        }
    }

    /// Stores a little-endian dword, whole where it is aligned.
    #[inline]
    pub fn store_u32(&self, offset: u64, value: u32) {
        if offset.is_multiple_of(4) {
            let p = self.at(offset, 4).cast();
            // SAFETY: as in `load_u32`.
            unsafe { AtomicU32::from_ptr(p) }.store(value.to_le(), Ordering::Relaxed);
        } else {
            self.write(offset, &value.to_le_bytes());
        }
    }

    /// Loads a little-endian dword for each lane in `live` from `len` bytes at `offset`; `base` is the address in `vas`
    /// that stands for the first of them. Whole where they are aligned.
    pub fn load_lanes(&self, offset: u64, len: u64, base: u64, vas: &[u64], live: u64, out: &mut [u32]) {
        let (p, last) = (self.at(offset, len as usize), len.checked_sub(4));
        for (lane, (&va, out)) in vas.iter().zip(out).enumerate() {
            if live >> lane & 1 == 0 {
                continue;
            }
            let at = va.wrapping_sub(base);
            assert!(Some(at) <= last, "lane {lane} leaves its range");
            *out = if (offset + at).is_multiple_of(4) {
                // SAFETY: inside the range that `at` checked, and aligned; atomic, so no data race.
                u32::from_le(unsafe { AtomicU32::from_ptr(p.add(at as usize).cast()) }.load(Ordering::Relaxed))
            } else {
                self.load_u32(offset + at)
            };
        }
    }

    /// Stores a little-endian dword of each lane in `live`, in ascending order, as [`load_lanes`](Self::load_lanes) loads.
    pub fn store_lanes(&self, offset: u64, len: u64, base: u64, vas: &[u64], live: u64, data: &[u32]) {
        let (p, last) = (self.at(offset, len as usize), len.checked_sub(4));
        for (lane, (&va, &data)) in vas.iter().zip(data).enumerate() {
            if live >> lane & 1 == 0 {
                continue;
            }
            let at = va.wrapping_sub(base);
            assert!(Some(at) <= last, "lane {lane} leaves its range");
            if (offset + at).is_multiple_of(4) {
                // SAFETY: as in `load_lanes`.
                unsafe { AtomicU32::from_ptr(p.add(at as usize).cast()) }.store(data.to_le(), Ordering::Relaxed);
            } else {
                self.store_u32(offset + at, data);
            }
        }
    }

    /// Replaces an aligned dword by `f` of it in one atomic step; returns the old one.
    pub fn update_u32(&self, offset: u64, f: &mut dyn FnMut(u32) -> u32) -> u32 {
        assert!(offset.is_multiple_of(4), "atomic dword at unaligned {offset:#x}");
        let p = self.at(offset, 4).cast();
        // SAFETY: checked and aligned.
        let cell = unsafe { AtomicU32::from_ptr(p) };
        let mut old = cell.load(Ordering::Relaxed);
        loop {
            match cell.compare_exchange_weak(old, f(u32::from_le(old)).to_le(), Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => return u32::from_le(old),
                Err(now) => old = now,
            }
        }
    }

    /// Replaces an aligned quadword by `f` of it in one atomic step; returns the old one.
    pub fn update_u64(&self, offset: u64, f: &mut dyn FnMut(u64) -> u64) -> u64 {
        assert!(offset.is_multiple_of(8), "atomic quadword at unaligned {offset:#x}");
        let p = self.at(offset, 8).cast();
        // SAFETY: checked and aligned.
        let cell = unsafe { AtomicU64::from_ptr(p) };
        let mut old = cell.load(Ordering::Relaxed);
        loop {
            match cell.compare_exchange_weak(old, f(u64::from_le(old)).to_le(), Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => return u64::from_le(old),
                Err(now) => old = now,
            }
        }
    }
}

/// A range of the arena; given back, and its pages released, when the last owner drops it.
pub struct Storage {
    arena: Arc<Arena>,
    heap: Heap,
    start: u64,
    len: u64,
    /// What it is a part of, where it isn't its own.
    whole: Option<Arc<Storage>>,
}

impl Storage {
    /// A part of it, which keeps all of it. Panics where that is none.
    pub fn part(self: &Arc<Self>, offset: u64, len: u64) -> Arc<Self> {
        assert!(offset.checked_add(len).is_some_and(|end| end <= self.len), "a part beyond its whole");
        let (arena, start, whole) = (Arc::clone(&self.arena), self.start + offset, Some(Arc::clone(self)));
        Arc::new(Self { arena, heap: self.heap, start, len, whole })
    }

    /// The arena that it is a part of.
    pub fn arena(&self) -> &Arc<Arena> {
        &self.arena
    }

    /// The heap that it was taken from.
    pub fn heap(&self) -> Heap {
        self.heap
    }

    /// Its first byte's offset in the arena.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Its size in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Storage({:?} {:#x}+{:#x})", self.heap, self.start, self.len)
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        if self.len == 0 || self.whole.is_some() {
            return;
        }
        self.arena.clear(self.start, self.len);
        self.arena.ranges(self.heap).give(self.start, self.len);
    }
}

/// Windows onto the arena that were handed out, and what keeps their memory.
#[derive(Debug)]
pub struct Windows {
    held: Vec<Arc<Storage>>,
    epoch: u64,
}

impl Default for Windows {
    fn default() -> Self {
        Self { held: Vec::new(), epoch: Self::fresh() }
    }
}

impl Windows {
    fn fresh() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    /// The GPU addresses from `va` on that reach `len` bytes of `storage` from `offset` on.
    pub fn open(&mut self, storage: &Arc<Storage>, offset: u64, va: u64, len: u64) -> Window {
        assert!(offset.checked_add(len).is_some_and(|end| end <= storage.len), "a window beyond its buffer");
        if !self.held.iter().any(|held| Arc::ptr_eq(held, storage)) {
            self.held.push(Arc::clone(storage));
        }
        let host = storage.arena.at(storage.start + offset, len as usize);
        // SAFETY: `at` checked that the bytes lie in the arena's own readable and writable mapping, which lives as long as
        // the storage does. That is held here until `close`, which makes the number of `epoch` another one for good; and
        // nothing in this process has a reference into the mapping.
        unsafe { Window::new(va, va + len, host) }
    }

    /// A number that no other value of this type ever gives, and this one only until it closes its windows.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Forgets the windows.
    pub fn close(&mut self) {
        self.held.clear();
        self.epoch = Self::fresh();
    }
}

/// First-fit allocator of disjoint ranges; free neighbours coalesce.
#[derive(Debug)]
struct Ranges {
    /// start → end of each free range.
    free: BTreeMap<u64, u64>,
    all: Range<u64>,
    /// The heap's size: a range is no larger.
    total: u64,
    used: u64,
}

impl Ranges {
    fn new(start: u64, end: u64, total: u64) -> Self {
        Self { free: BTreeMap::from([(start, end)]), all: start..end, total, used: 0 }
    }

    fn take(&mut self, len: u64, align: u64) -> Option<u64> {
        self.take_within(0..u64::MAX, len, align)
    }

    fn take_within(&mut self, limits: Range<u64>, len: u64, align: u64) -> Option<u64> {
        if len > self.total {
            return None;
        }
        let (start, end, at) = self.free.iter().find_map(|(&start, &end)| {
            let at = start.max(limits.start).checked_next_multiple_of(align)?;
            (at.checked_add(len)? <= end.min(limits.end)).then_some((start, end, at))
        })?;
        self.free.remove(&start);
        if start < at {
            self.free.insert(start, at);
        }
        if at + len < end {
            self.free.insert(at + len, end);
        }
        self.used += len;
        Some(at)
    }

    fn give(&mut self, mut start: u64, len: u64) {
        let mut end = start + len;
        self.used -= len;
        if let Some((&before, &before_end)) = self.free.range(..start).next_back()
            && before_end == start
        {
            self.free.remove(&before);
            start = before;
        }
        if let Some(after_end) = self.free.remove(&end) {
            end = after_end;
        }
        self.free.insert(start, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn freed_memory_reads_as_zero_again() {
        let arena = Arena::new(1 << 20, 1 << 20).unwrap();
        let a = arena.allocate(Heap::Vram, 2 * PAGE, PAGE).unwrap();
        let at = a.start();
        arena.write(at + 3, &[7; 5000]);
        assert_eq!(arena.load_u32(at + 4), 0x0707_0707);
        drop(a);
        let b = arena.allocate(Heap::Vram, 2 * PAGE, PAGE).unwrap();
        assert_eq!(b.start(), at);
        let mut out = [1; 5010];
        arena.read(at, &mut out);
        assert_eq!(out, [0; 5010]);
        assert_eq!(arena.usage(Heap::Vram), (1 << 20, 2 * PAGE));
        assert_eq!(arena.usage(Heap::Gtt), (1 << 20, 0));
    }

    #[test]
    fn a_small_window_is_for_what_needs_it() {
        let arena = Arena::new(8 * PAGE, PAGE).unwrap();
        let visible = 2 * PAGE;
        let take = |pages, needed| arena.allocate_vram(pages * PAGE, PAGE, visible, needed);
        let hidden = take(6, false).unwrap();
        assert_eq!((hidden.start(), arena.visible_usage(visible)), (visible, 0));
        let seen = take(1, true).unwrap();
        assert_eq!((seen.start(), arena.visible_usage(visible)), (0, PAGE));
        assert!(take(2, true).is_none(), "beyond the window");
        assert_eq!(take(1, false).unwrap().start(), PAGE, "where else is nothing left");
        assert_eq!(arena.visible_usage(u64::MAX), 7 * PAGE);
    }

    #[test]
    fn unaligned_access_agrees_with_bytes() {
        let arena = Arena::new(PAGE, PAGE).unwrap();
        for offset in 0..9 {
            arena.write(16, &[0; 32]);
            arena.store_u32(16 + offset, 0x0403_0201);
            let mut out = [0; 4];
            arena.read(16 + offset, &mut out);
            assert_eq!(out, [1, 2, 3, 4]);
            assert_eq!(arena.load_u32(16 + offset), 0x0403_0201);
        }
    }

    #[test]
    #[should_panic(expected = "out of bounds")]
    fn leaving_the_arena_is_caught() {
        Arena::new(PAGE, PAGE).unwrap().load_u32(2 * PAGE - 2);
    }

    proptest! {
        #[test]
        fn ranges_never_overlap_and_all_come_back(ops in prop::collection::vec((1u64..9, 0usize..64, 0u32..4), 1..200)) {
            let mut ranges = Ranges::new(0, 256, 256);
            let mut live: Vec<(u64, u64)> = Vec::new();
            for (len, pick, align) in ops {
                if pick % 2 == 0 || live.is_empty() {
                    if let Some(at) = ranges.take(len, 1 << align) {
                        prop_assert_eq!(at % (1 << align), 0);
                        prop_assert!(live.iter().all(|&(s, l)| at + len <= s || s + l <= at));
                        live.push((at, len));
                    }
                } else {
                    let (s, l) = live.swap_remove(pick % live.len());
                    ranges.give(s, l);
                }
                prop_assert_eq!(ranges.used, live.iter().map(|r| r.1).sum::<u64>());
            }
            for (s, l) in live {
                ranges.give(s, l);
            }
            prop_assert_eq!(ranges.free, BTreeMap::from([(0, 256)]));
        }
    }
}
