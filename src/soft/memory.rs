//! Memory as waves and the command processor see it: virtual addresses, translated and checked.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use isa_exec::{
    Access, FaultCause, MemFault, Memory, Object, Window, load_each_lane, load_words_each_lane, store_each_lane,
    store_words_each_lane,
};

use super::arena::{Arena, PAGE, Windows};
use super::vm::{HOLE_START, Mapping, Permissions, Vm, canonical};

/// Translations kept at hand.
const WAYS: usize = 8;

/// One address space as one client of it sees it. Translations are cached until [`VmMemory::refresh`]: a mapping that
/// is removed meanwhile stays reachable, and its memory alive, until then (as with a TLB that was not flushed).
pub struct VmMemory<'a> {
    vm: &'a Vm,
    ways: [Option<Arc<Mapping>>; WAYS],
    /// The way that hit last.
    last: usize,
    /// The way to replace next.
    next: usize,
    generation: u64,
    windows: Windows,
    log: Option<AccessLog>,
    /// Addresses that aren't noted.
    private: Range<u64>,
}

impl<'a> VmMemory<'a> {
    /// A view without cached translations.
    pub fn new(vm: &'a Vm) -> Self {
        let generation = vm.generation();
        Self {
            vm,
            ways: Default::default(),
            last: 0,
            next: 0,
            generation,
            windows: Windows::default(),
            log: None,
            private: 0..0,
        }
    }

    /// A view that notes every access, but those to a range whose parts belong to one wave each.
    pub fn logged(vm: &'a Vm, private: Range<u64>) -> Self {
        Self { log: Some(AccessLog::default()), private, ..Self::new(vm) }
    }

    /// What was accessed, where it was noted.
    pub fn into_log(self) -> Option<AccessLog> {
        self.log
    }

    /// Drops cached translations if a mapping changed.
    pub fn refresh(&mut self) {
        let generation = self.vm.generation();
        if generation != self.generation {
            self.ways = Default::default();
            self.windows.close();
            self.generation = generation;
        }
    }

    /// The mapping that covers `va`.
    #[inline]
    fn mapping(&mut self, va: u64) -> Option<&Arc<Mapping>> {
        let covers = |way: &Option<Arc<Mapping>>| way.as_ref().is_some_and(|m| m.start <= va && va < m.end);
        if !covers(&self.ways[self.last]) {
            self.last = match self.ways.iter().position(covers) {
                Some(way) => way,
                None => {
                    let found = self.vm.lookup(va)?;
                    self.next = (self.next + 1) % WAYS;
                    self.ways[self.next] = Some(found);
                    self.next
                }
            };
        }
        self.ways[self.last].as_ref()
    }

    /// Where `len` bytes at `va` lie in the arena: the offset, and how many of them lie in the same mapping.
    #[inline]
    fn translate(&mut self, va: u64, len: u64, access: Access) -> Result<(&Arc<Mapping>, u64, u64), MemFault> {
        let va = canonical(va);
        let fault = |cause| MemFault { va, access, cause };
        let (needed, missing) = match access {
            Access::Read => (Permissions::READ, FaultCause::NotReadable),
            Access::Write => (Permissions::WRITE, FaultCause::NotWritable),
            Access::Atomic => (Permissions::READ.union(Permissions::WRITE), FaultCause::NotWritable),
            Access::Fetch => (Permissions::EXECUTE, FaultCause::NotExecutable),
        };
        let Some(mapping) = self.mapping(va) else { return Err(fault(FaultCause::Unmapped)) };
        if !mapping.permissions.contains(needed) {
            return Err(fault(missing));
        }
        if mapping.sparse {
            // No memory to point to: see `sparse`.
            return Err(fault(FaultCause::Unmapped));
        }
        Ok((mapping, mapping.arena_offset(va), len.min(mapping.end - va)))
    }

    /// How many of `len` bytes at `va` are sparse pages, which read as zero and forget what is written, or are let go as if
    /// they were; the fault where none are.
    #[cold]
    fn sparse(&mut self, va: u64, len: u64, fault: MemFault) -> Result<u64, MemFault> {
        let (va, vm) = (canonical(va), self.vm);
        match self.mapping(va) {
            Some(mapping) if mapping.sparse && fault.access != Access::Fetch => Ok(len.min(mapping.end - va)),
            _ if fault.access != Access::Fetch && vm.lets_go(&fault) => Ok(len.min(PAGE - va % PAGE)),
            _ => Err(fault),
        }
    }

    /// Where the `bytes` of all live lanes lie in one mapping that allows the access. `None` where they don't, where
    /// somebody takes notes, or where no lane is live.
    fn span(&mut self, vas: &[u64], live: u64, bytes: u64, access: Access) -> Option<Span<'_>> {
        if self.log.is_some() {
            return None;
        }
        let (mut low, mut high) = (u64::MAX, 0);
        if live.count_ones() as usize == vas.len() {
            // Most often: without a branch a lane.
            for &va in vas {
                (low, high) = (low.min(va), high.max(va));
            }
        } else {
            for (_, &va) in vas.iter().enumerate().filter(|(lane, _)| live >> lane & 1 != 0) {
                (low, high) = (low.min(va), high.max(va));
            }
        }
        // The lowest and the highest address in one mapping: so are those between them.
        let len = high.checked_sub(low)?.checked_add(bytes)?;
        if canonical(low) != low || canonical(high) != high {
            return None;
        }
        let (mapping, offset, n) = self.translate(low, len, access).ok()?;
        (n == len).then(|| Span { arena: mapping.storage.arena(), offset, low, len })
    }

    #[inline]
    fn note(&mut self, va: u64, len: u64, kind: Kind) {
        if let Some(log) = self.log.as_mut().filter(|_| !self.private.contains(&canonical(va))) {
            log.note(canonical(va), len, kind);
        }
    }
}

/// A range of the arena that an instruction's lanes lie in.
struct Span<'a> {
    arena: &'a Arena,
    offset: u64,
    /// The address of its first byte.
    low: u64,
    len: u64,
}

impl Memory for VmMemory<'_> {
    fn load(&mut self, va: u64, out: &mut [u8]) -> Result<(), MemFault> {
        let mut done = 0;
        while done < out.len() {
            let rest = (out.len() - done) as u64;
            let at = va.wrapping_add(done as u64);
            let (mapping, offset, n) = match self.translate(at, rest, Access::Read) {
                Ok(found) => found,
                Err(fault) => {
                    let n = self.sparse(at, rest, fault)?;
                    out[done..done + n as usize].fill(0);
                    done += n as usize;
                    continue;
                }
            };
            mapping.storage.arena().read(offset, &mut out[done..done + n as usize]);
            done += n as usize;
        }
        self.note(va, out.len() as u64, Kind::Read);
        Ok(())
    }

    fn store(&mut self, va: u64, data: &[u8]) -> Result<(), MemFault> {
        let mut done = 0;
        while done < data.len() {
            let rest = (data.len() - done) as u64;
            let at = va.wrapping_add(done as u64);
            let (mapping, offset, n) = match self.translate(at, rest, Access::Write) {
                Ok(found) => found,
                Err(fault) => {
                    done += self.sparse(at, rest, fault)? as usize;
                    continue;
                }
            };
            mapping.storage.arena().write(offset, &data[done..done + n as usize]);
            done += n as usize;
        }
        self.note(va, data.len() as u64, Kind::Write);
        Ok(())
    }

    #[inline]
    fn load_u32(&mut self, va: u64) -> Result<u32, MemFault> {
        let (mapping, offset, n) = match self.translate(va, 4, Access::Read) {
            Ok(found) => found,
            Err(_) => {
                let mut bytes = [0; 4];
                self.load(va, &mut bytes)?;
                return Ok(u32::from_le_bytes(bytes));
            }
        };
        if n < 4 {
            let mut bytes = [0; 4];
            self.load(va, &mut bytes)?;
            return Ok(u32::from_le_bytes(bytes));
        }
        let value = mapping.storage.arena().load_u32(offset);
        self.note(va, 4, Kind::Read);
        Ok(value)
    }

    #[inline]
    fn store_u32(&mut self, va: u64, value: u32) -> Result<(), MemFault> {
        let (mapping, offset, n) = match self.translate(va, 4, Access::Write) {
            Ok(found) => found,
            Err(_) => return self.store(va, &value.to_le_bytes()),
        };
        if n < 4 {
            return self.store(va, &value.to_le_bytes());
        }
        mapping.storage.arena().store_u32(offset, value);
        self.note(va, 4, Kind::Write);
        Ok(())
    }

    fn load_lanes(&mut self, vas: &[u64], live: u64, out: &mut [u32]) -> Result<(), (usize, MemFault)> {
        if let Some(span) = self.span(vas, live, 4, Access::Read) {
            span.arena.load_lanes(span.offset, span.len, span.low, vas, live, out);
            return Ok(());
        }
        load_each_lane(self, vas, live, out)
    }

    fn store_lanes(&mut self, vas: &[u64], live: u64, data: &[u32]) -> Result<(), (usize, MemFault)> {
        if let Some(span) = self.span(vas, live, 4, Access::Write) {
            span.arena.store_lanes(span.offset, span.len, span.low, vas, live, data);
            return Ok(());
        }
        store_each_lane(self, vas, live, data)
    }

    fn load_words(&mut self, vas: &[u64], live: u64, n: usize, out: &mut [u32]) -> Result<(), (usize, MemFault)> {
        if let Some(span) = self.span(vas, live, 4 * n as u64, Access::Read) {
            for (k, out) in out.chunks_exact_mut(vas.len()).take(n).enumerate() {
                let base = span.low.wrapping_sub(4 * k as u64);
                span.arena.load_lanes(span.offset, span.len, base, vas, live, out);
            }
            return Ok(());
        }
        load_words_each_lane(self, vas, live, n, out)
    }

    fn store_words(&mut self, vas: &[u64], live: u64, n: usize, data: &[u32]) -> Result<(), (usize, MemFault)> {
        // Lane by lane where lanes overlap: the last one's dwords stay.
        if n == 1
            && let Some(span) = self.span(vas, live, 4, Access::Write)
        {
            span.arena.store_lanes(span.offset, span.len, span.low, vas, live, data);
            return Ok(());
        }
        if let Some(span) = self.span(vas, live, 4 * n as u64, Access::Write) {
            let lanes = vas.len();
            for (lane, &va) in vas.iter().enumerate().filter(|(lane, _)| live >> lane & 1 != 0) {
                let at = span.offset + (va - span.low);
                for k in 0..n {
                    span.arena.store_u32(at + 4 * k as u64, data[k * lanes + lane]);
                }
            }
            return Ok(());
        }
        store_words_each_lane(self, vas, live, n, data)
    }

    fn atomic_u32(&mut self, va: u64, f: &mut dyn FnMut(u32) -> u32) -> Result<u32, MemFault> {
        if !va.is_multiple_of(4) {
            return Err(MemFault { va, access: Access::Atomic, cause: FaultCause::Misaligned });
        }
        let (mapping, offset, _) = match self.translate(va, 4, Access::Atomic) {
            Ok(found) => found,
            Err(fault) => return self.sparse(va, 4, fault).map(|_| 0),
        };
        let old = mapping.storage.arena().update_u32(offset, f);
        self.note(va, 4, Kind::Atomic);
        Ok(old)
    }

    fn atomic_u64(&mut self, va: u64, f: &mut dyn FnMut(u64) -> u64) -> Result<u64, MemFault> {
        if !va.is_multiple_of(8) {
            return Err(MemFault { va, access: Access::Atomic, cause: FaultCause::Misaligned });
        }
        let (mapping, offset, _) = match self.translate(va, 8, Access::Atomic) {
            Ok(found) => found,
            Err(fault) => return self.sparse(va, 8, fault).map(|_| 0),
        };
        let old = mapping.storage.arena().update_u64(offset, f);
        self.note(va, 8, Kind::Atomic);
        Ok(old)
    }

    fn fetch(&mut self, va: u64, out: &mut [u32]) -> Result<usize, MemFault> {
        if !va.is_multiple_of(4) {
            return Err(MemFault { va, access: Access::Fetch, cause: FaultCause::Misaligned });
        }
        let (mapping, offset, n) = self.translate(va, 4 * out.len() as u64, Access::Fetch)?;
        let count = (n / 4) as usize;
        let arena = mapping.storage.arena();
        for (i, word) in out[..count].iter_mut().enumerate() {
            *word = arena.load_u32(offset + 4 * i as u64);
        }
        if self.log.is_some() {
            // What is executed, not what was fetched ahead: the instruction's own length, the same in both wave sizes.
            let own = isa::decode(&out[..count], isa::WaveSize::W32).map_or(1, |inst| inst.len_dw.max(1));
            self.note(va, 4 * u64::from(own), Kind::Fetch);
        }
        Ok(count)
    }

    fn window(&mut self, va: u64, access: Access) -> Option<Window> {
        // Addresses of the low half need no sign extension, so that comparing them as they are is enough.
        if self.log.is_some() || va >= HOLE_START {
            return None;
        }
        let (mapping, _, _) = self.translate(va, 1, access).ok()?;
        let mapping = Arc::clone(mapping);
        let len = mapping.end - mapping.start;
        Some(self.windows.open(&mapping.storage, mapping.offset, mapping.start, len))
    }

    fn addr_config(&self) -> u32 {
        self.vm.arch().part().addr_config
    }

    /// The mapping: how much of its last page was asked for, the kernel is not told.
    fn object_at(&mut self, va: u64) -> Option<Object> {
        self.mapping(canonical(va)).map(|m| Object { va: m.start, bytes: m.end - m.start })
    }

    fn windows_epoch(&self) -> Option<u64> {
        self.log.is_none().then(|| self.windows.epoch())
    }
}

/// What an access does to memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Atomic,
    Fetch,
    /// A read of what the same program had not written before.
    FirstRead,
}

/// Which dwords were touched, by page.
#[derive(Debug, Default)]
pub struct AccessLog {
    pages: HashMap<u64, Box<PageLog>>,
}

/// A bit a dword of the page, for each kind of access.
#[derive(Debug, Default)]
struct PageLog {
    kinds: [[u64; 16]; 5],
}

impl AccessLog {
    fn note(&mut self, va: u64, len: u64, kind: Kind) {
        if len == 0 {
            return;
        }
        for dword in va / 4..=(va + (len - 1)) / 4 {
            let page = self.pages.entry(dword / 1024).or_default();
            let (word, bit) = ((dword % 1024 / 64) as usize, 1 << (dword % 64));
            if kind == Kind::Read && page.kinds[Kind::Write as usize][word] & bit == 0 {
                page.kinds[Kind::FirstRead as usize][word] |= bit;
            }
            page.kinds[kind as usize][word] |= bit;
        }
    }

    /// Notes an atomic operation of the command processor.
    pub fn atomic(&mut self, va: u64, len: u64) {
        self.note(canonical(va), len, Kind::Atomic);
    }

    /// The lowest dword that this log reads before writing it, or executes where `code` is set; that `writer` wrote,
    /// where there is one; and that `covered` doesn't say to be in order.
    pub fn reads(&self, code: bool, writer: Option<&Self>, covered: impl Fn(u64) -> bool) -> Option<u64> {
        let kind = if code { Kind::Fetch } else { Kind::FirstRead } as usize;
        let at = |number: u64, mine: &PageLog| {
            let theirs = match writer {
                Some(writer) => Some(writer.pages.get(&number)?),
                None => None,
            };
            (0..16).find_map(|word| {
                let written =
                    theirs.map_or(!0, |t| t.kinds[Kind::Write as usize][word] | t.kinds[Kind::Atomic as usize][word]);
                let mut hit = mine.kinds[kind][word] & written;
                while hit != 0 {
                    let va = 4 * (number * 1024 + 64 * word as u64 + u64::from(hit.trailing_zeros()));
                    if !covered(va) {
                        return Some(va);
                    }
                    hit &= hit - 1;
                }
                None
            })
        };
        self.pages.iter().filter_map(|(&number, page)| at(number, page)).min()
    }

    /// Whether anything was written.
    pub fn writes(&self) -> bool {
        let kinds = [Kind::Write as usize, Kind::Atomic as usize];
        self.pages.values().any(|page| kinds.iter().any(|&kind| page.kinds[kind].iter().any(|&bits| bits != 0)))
    }

    /// Notes a read of a range by the command processor.
    pub fn read(&mut self, va: u64, len: u64) {
        self.note(canonical(va), len, Kind::Read);
    }

    /// Notes a write of a range by the command processor.
    pub fn write(&mut self, va: u64, len: u64) {
        self.note(canonical(va), len, Kind::Write);
    }

    /// The lowest address that both touched where not both only read, and not both only by atomics.
    pub fn conflict(&self, other: &Self) -> Option<u64> {
        let at = |number: u64, mine: &PageLog| {
            let theirs = other.pages.get(&number)?;
            (0..16).find_map(|word| {
                let [r1, w1, a1, f1, _] = mine.kinds.map(|k| k[word]);
                let [r2, w2, a2, f2, _] = theirs.kinds.map(|k| k[word]);
                let (r1, r2) = (r1 | f1, r2 | f2);
                let hit = w1 & (r2 | w2 | a2) | w2 & (r1 | a1) | a1 & r2 | r1 & a2;
                (hit != 0).then(|| 4 * (number * 1024 + 64 * word as u64 + u64::from(hit.trailing_zeros())))
            })
        };
        self.pages.iter().filter_map(|(&number, page)| at(number, page)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soft::arena::{Arena, Heap};
    use crate::soft::vm::{HOLE_END, VA_START};

    const READ: Permissions = Permissions::READ;

    #[test]
    fn accesses_cross_mappings_and_stop_at_permissions() {
        let arena = Arena::new(1 << 20, 1 << 20).unwrap();
        let vm = Vm::default();
        let first = arena.allocate(Heap::Vram, PAGE, PAGE).unwrap();
        let second = arena.allocate(Heap::Gtt, PAGE, PAGE).unwrap();
        let all = Permissions::all();
        vm.map(VA_START, PAGE, &first, 0, all, 1).unwrap();
        vm.map(VA_START + PAGE, PAGE, &second, 0, READ | Permissions::WRITE, 2).unwrap();
        vm.map(VA_START + 2 * PAGE, PAGE, &second, 0, READ, 2).unwrap();
        let mut memory = VmMemory::new(&vm);
        let seam = VA_START + PAGE - 2;
        memory.store_u32(seam, 0xa1b2_c3d4).unwrap();
        assert_eq!(memory.load_u32(seam), Ok(0xa1b2_c3d4));
        let mut low = [0; 2];
        arena.read(first.start() + PAGE - 2, &mut low);
        assert_eq!(low, [0xd4, 0xc3]);
        // The third mapping is the second's buffer again, but read-only.
        assert_eq!(memory.load_u32(VA_START + 2 * PAGE).unwrap() & 0xffff, 0xa1b2);
        let cause = |r: Result<(), MemFault>| r.unwrap_err().cause;
        assert_eq!(cause(memory.store_u32(VA_START + 2 * PAGE, 0)), FaultCause::NotWritable);
        assert_eq!(cause(memory.fetch(VA_START + PAGE, &mut [0]).map(drop)), FaultCause::NotExecutable);
        assert_eq!(cause(memory.fetch(VA_START + 2, &mut [0]).map(drop)), FaultCause::Misaligned);
        assert_eq!(cause(memory.load(VA_START + 3 * PAGE - 2, &mut [0; 4])), FaultCause::Unmapped);
        assert_eq!(cause(memory.atomic_u32(VA_START + 1, &mut |v| v).map(drop)), FaultCause::Misaligned);
        // Instruction fetch ends at the mapping.
        assert_eq!(memory.fetch(VA_START + PAGE - 8, &mut [0; 16]), Ok(2));
        let object = memory.object_at(VA_START + PAGE + 5);
        assert_eq!(object, Some(Object { va: VA_START + PAGE, bytes: PAGE }));
        assert_eq!(memory.object_at(VA_START + 3 * PAGE), None);
    }

    #[test]
    fn windows_reach_what_a_mapping_allows_until_it_changes() {
        let arena = Arena::new(1 << 20, 1 << 20).unwrap();
        let vm = Vm::default();
        let storage = arena.allocate(Heap::Vram, 4 * PAGE, PAGE).unwrap();
        vm.map(VA_START, 2 * PAGE, &storage, PAGE, READ, 1).unwrap();
        vm.map(HOLE_END, PAGE, &storage, 0, Permissions::all(), 1).unwrap();
        let mut memory = VmMemory::new(&vm);
        let window = memory.window(VA_START + PAGE + 3, Access::Read).unwrap();
        assert_eq!((window.start(), window.end()), (VA_START, VA_START + 2 * PAGE));
        arena.write(storage.start() + PAGE, &[0xab]);
        let host = window.host() as u64;
        let mut byte = [0];
        crate::soft::client::Client::default().read(host, &mut byte).unwrap();
        assert_eq!(byte, [0xab]);
        assert!(memory.window(VA_START, Access::Write).is_none(), "not writable");
        assert!(memory.window(VA_START + 2 * PAGE, Access::Read).is_none(), "not mapped");
        assert!(memory.window(HOLE_END, Access::Read).is_none(), "an address whose bits 63:48 don't count");
        let mut logged = VmMemory::logged(&vm, 0..0);
        assert!(logged.window(VA_START, Access::Read).is_none() && logged.windows_epoch().is_none());

        let (epoch, other) = (memory.windows_epoch(), VmMemory::new(&vm).windows_epoch());
        assert!(epoch.is_some() && epoch != other);
        memory.refresh();
        assert_eq!(memory.windows_epoch(), epoch, "nothing changed");
        // The buffer stays for as long as the window does.
        let uses = Arc::strong_count(&storage);
        vm.unmap(VA_START, 1).unwrap();
        vm.unmap(HOLE_END, 1).unwrap();
        assert!(Arc::strong_count(&storage) > 1, "{uses}");
        memory.refresh();
        assert_ne!(memory.windows_epoch(), epoch);
        drop((memory, logged));
        assert_eq!(Arc::strong_count(&storage), 1);
    }

    #[test]
    fn conflicts_are_those_that_order_matters_for() {
        let log = |kind, va| {
            let mut log = AccessLog::default();
            log.note(va, 4, kind);
            log
        };
        use Kind::{Atomic, Read, Write};
        for (a, b, expected) in [
            (Read, Read, false),
            (Read, Write, true),
            (Write, Write, true),
            (Atomic, Atomic, false),
            (Atomic, Read, true),
            (Atomic, Write, true),
        ] {
            let hit = |x, y| log(x, 0x20_1000).conflict(&log(y, 0x20_1000));
            let want = expected.then_some(0x20_1000);
            assert_eq!((hit(a, b), hit(b, a)), (want, want), "{a:?} {b:?}");
            assert_eq!(log(a, 0x20_1000).conflict(&log(b, 0x20_1004)), None);
        }
    }
}
