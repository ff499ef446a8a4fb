//! Who touched which byte, and what is ordered before what.
//!
//! Every byte has its last write and its last reads by two different waves. Two accesses of different waves race unless
//! one is ordered before the other: by a barrier that both waves passed, if the earlier access was waited for before it,
//! or by atomics: what a wave did and waited for before an atomic on some address is ordered before what another wave does
//! after an atomic that returns a value, or a load with GLC, on the same address.
use std::collections::HashMap;

/// Bytes of a page of records.
const PAGE: u64 = 1024;

/// Most waves known by name before an order becomes "everything until now".
const KNOWN: usize = 4096;

/// Bits of [`Record::what`].
pub(super) const ATOMIC: u8 = 1;
/// A load with GLC.
pub(super) const COHERENT: u8 = 2;
/// Behind these two: the kind of traffic.
pub(super) const TRAFFIC: u8 = 4;

/// One access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Record {
    /// Group times 64 plus wave.
    pub agent: u32,
    pub time: u32,
    /// Number of the instruction.
    pub code: u32,
    pub what: u8,
}

impl Record {
    const NONE: Record = Record { agent: u32::MAX, time: 0, code: 0, what: 0 };

    pub fn is_atomic(&self) -> bool {
        self.what & ATOMIC != 0
    }

    pub fn is_coherent(&self) -> bool {
        self.what & COHERENT != 0
    }

    /// Index of the kind of traffic.
    pub fn traffic(&self) -> usize {
        (self.what / TRAFFIC) as usize & 3
    }
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    write: Record,
    reads: [Record; 2],
}

#[derive(Clone, Debug)]
struct Page {
    /// Bytes of a cell: four until something smaller or unaligned is seen.
    grain: u64,
    cells: Vec<Cell>,
}

impl Page {
    fn new() -> Page {
        let none = Cell { write: Record::NONE, reads: [Record::NONE; 2] };
        Page { grain: 4, cells: vec![none; PAGE as usize / 4] }
    }

    fn split(&mut self) {
        self.cells = self.cells.iter().flat_map(|c| [*c; 4]).collect();
        self.grain = 1;
    }
}

/// Records of one memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Shadow {
    pages: HashMap<u64, Page>,
    /// Bytes that the records take.
    pub bytes: u64,
    /// Accesses to some pages were not recorded.
    pub full: bool,
}

/// Whether the access reads or writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    Read,
    Write,
}

impl Shadow {
    /// Records an access and shows every older one of another kind to `seen`: the record, its way, first byte and length of
    /// what both touched.
    pub fn access(
        &mut self,
        at: u64,
        len: u64,
        way: Way,
        new: Record,
        limit: u64,
        seen: &mut dyn FnMut(Record, Way, u64, u64),
    ) {
        let mut a = at;
        let end = at.saturating_add(len);
        while a < end {
            let number = a / PAGE;
            let stop = end.min((number + 1).saturating_mul(PAGE));
            let page = match self.pages.entry(number) {
                std::collections::hash_map::Entry::Occupied(e) => e.into_mut(),
                std::collections::hash_map::Entry::Vacant(e) => {
                    let size = PAGE / 4 * size_of::<Cell>() as u64;
                    if self.bytes + size > limit {
                        self.full = true;
                        a = stop;
                        continue;
                    }
                    self.bytes += size;
                    e.insert(Page::new())
                }
            };
            if page.grain == 4 && (!a.is_multiple_of(4) || !stop.is_multiple_of(4)) {
                page.split();
                self.bytes += 3 * PAGE / 4 * size_of::<Cell>() as u64;
            }
            let grain = page.grain;
            let first = (a % PAGE / grain) as usize;
            let n = ((stop - a) / grain) as usize;
            for (k, cell) in page.cells[first..first + n].iter_mut().enumerate() {
                let here = a + k as u64 * grain;
                if cell.write.agent != u32::MAX {
                    seen(cell.write, Way::Write, here, grain);
                }
                if way == Way::Write {
                    for r in cell.reads.iter().filter(|r| r.agent != u32::MAX) {
                        seen(*r, Way::Read, here, grain);
                    }
                    // Reads before this write matter no more: who races with them races with the write too.
                    *cell = Cell { write: new, reads: [Record::NONE; 2] };
                } else {
                    // The latest of two different waves.
                    if cell.reads[0].agent != new.agent {
                        cell.reads[1] = cell.reads[0];
                    }
                    cell.reads[0] = new;
                }
            }
            a = stop;
        }
    }
}

/// What of other waves is ordered before a wave.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Everything before this time.
    all: u32,
    /// Of some waves everything before a later time.
    of: HashMap<u32, u32>,
}

impl Known {
    pub fn has(&self, r: &Record) -> bool {
        r.time < self.all || self.of.get(&r.agent).is_some_and(|&time| r.time < time)
    }

    pub fn learn(&mut self, agent: u32, time: u32) {
        if self.of.len() >= KNOWN && !self.of.contains_key(&agent) {
            // Too many to name: rather miss a race than report one that is none.
            self.all = self.of.drain().fold(self.all.max(time), |t, k| t.max(k.1));
            return;
        }
        let t = self.of.entry(agent).or_default();
        *t = time.max(*t);
    }

    pub fn join(&mut self, other: &Known) {
        self.all = self.all.max(other.all);
        for (&agent, &time) in &other.of {
            self.learn(agent, time);
        }
    }
}

/// Addresses on which waves meet.
#[derive(Clone, Debug, Default)]
pub(super) struct Meetings {
    at: HashMap<(u32, u64), Known>,
}

impl Meetings {
    /// Most addresses.
    const MOST: usize = 1 << 16;

    /// What was released at an address.
    pub fn acquire(&self, space: u32, at: u64, into: &mut Known) {
        if let Some(k) = self.at.get(&(space, at)) {
            into.join(k);
        }
    }

    /// A wave leaves there what it knows, and until when it and those that it passed a barrier with were done.
    pub fn release(&mut self, space: u32, at: u64, known: &Known, done: impl Iterator<Item = (u32, u32)>) {
        if self.at.len() >= Self::MOST && !self.at.contains_key(&(space, at)) {
            return;
        }
        let k = self.at.entry((space, at)).or_default();
        k.join(known);
        done.for_each(|(agent, time)| k.learn(agent, time));
    }
}
