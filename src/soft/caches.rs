//! What caches would do to a job: [`Config::check_caches`](super::Config::check_caches).
//!
//! Data here is always coherent; this model only notes, beside it, what a card's caches may still hold. A dispatch reads
//! through the instruction cache (GLI), the scalar data cache (GLK), the vector L0 (GLV) and the GL1, of which none sees
//! what others write until it is invalidated. Any read counts as one that may go through GLK, GLV and GL1. The GL2 is
//! shared by waves and the command processor, so it needs one invalidation a submission, for what the host wrote.

use pm4::packet::values::{GcrGl1Range, GcrGl2Range, GcrGliInv};
use pm4::packet::{AcquireMem, GcrCntl, ReleaseMem};

use super::memory::AccessLog;
use super::vm::canonical;

bitflags::bitflags! {
    /// Caches that may hold old lines.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Set: u8 {
        const GLI = 1;
        const GLK = 2;
        const GLV = 4;
        const GL1 = 8;
        const GL2 = 16;
    }
}

impl Set {
    /// Those that data is read through.
    const DATA: Self = Self::GLK.union(Self::GLV).union(Self::GL1);

    /// The names of the bits that invalidate them.
    fn names(self) -> String {
        let name = |set: Self| format!("{}_INV", set.iter_names().next().map_or("", |(name, _)| name));
        self.iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

/// What wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Waves.
    Dispatch,
    /// DMA_DATA.
    Dma,
    /// RELEASE_MEM, when everything before it has ended.
    Release,
    /// Any other packet.
    Packet,
}

/// What a packet waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Waves: CS_PARTIAL_FLUSH.
    Waves,
    /// Earlier DMA_DATA: one with CP_SYNC.
    Dma,
    /// A value in memory, which everything before may have led to.
    Memory,
}

/// Lines of an origin that caches may hold in an older state.
#[derive(Debug)]
struct Stale {
    missing: Set,
    /// What was invalidated of a cache that is still among the missing.
    ranges: Vec<(Set, u64, u64)>,
}

impl Stale {
    fn new(missing: Set) -> Self {
        Self { missing, ranges: Vec::new() }
    }

    fn invalidate(&mut self, what: &Invalidation) {
        self.missing &= !what.whole;
        if !what.ranged.is_empty() {
            self.ranges.push((what.ranged, what.start, what.end));
        }
    }

    /// The lowest address that `reader` reads (or executes) through a missing cache of `through`, and those caches.
    fn find(&self, reader: &AccessLog, writer: Option<&AccessLog>, through: Set) -> Option<(u64, Set)> {
        let one = |cache: Set| {
            let covered = |va: u64| self.ranges.iter().any(|r| r.0.contains(cache) && r.1 <= va && va < r.2);
            Some((reader.reads(cache == Set::GLI, writer, covered)?, cache))
        };
        let missing = self.missing & through;
        let found: Vec<(u64, Set)> = missing.iter().filter_map(one).collect();
        let va = found.iter().map(|f| f.0).min()?;
        Some((va, found.iter().fold(Set::empty(), |all, f| all | f.1)))
    }
}

/// What one packet invalidates.
#[derive(Debug)]
struct Invalidation {
    whole: Set,
    ranged: Set,
    start: u64,
    end: u64,
}

impl Invalidation {
    fn of(p: &AcquireMem) -> Self {
        let gcr = p.gcr_cntl;
        let (mut whole, mut ranged) = (Set::empty(), Set::empty());
        if gcr.get(GcrCntl::GLK_INV) != 0 {
            whole |= Set::GLK;
        }
        if gcr.get(GcrCntl::GLV_INV) != 0 {
            whole |= Set::GLV;
        }
        match GcrGliInv(gcr.get(GcrCntl::GLI_INV)) {
            GcrGliInv::GLI_NOP => {}
            GcrGliInv::GLI_ALL => whole |= Set::GLI,
            _ => ranged |= Set::GLI,
        }
        if gcr.get(GcrCntl::GL1_INV) != 0 {
            match GcrGl1Range(gcr.get(GcrCntl::GL1_RANGE)) {
                GcrGl1Range::GL1_ALL => whole |= Set::GL1,
                _ => ranged |= Set::GL1,
            }
        }
        if gcr.get(GcrCntl::GL2_INV) != 0 {
            match GcrGl2Range(gcr.get(GcrCntl::GL2_RANGE)) {
                GcrGl2Range::GL2_ALL => whole |= Set::GL2,
                // Volatile lines alone: none that a client of this interface can make.
                GcrGl2Range::GL2_VOL => {}
                _ => ranged |= Set::GL2,
            }
        }
        let bytes = u128::from(p.coher_size) << 8;
        let start = canonical(p.coher_base << 8);
        let end = (u128::from(start) + bytes).min(u128::from(u64::MAX)) as u64;
        Self { whole, ranged, start, end }
    }
}

#[derive(Debug)]
struct Written {
    who: String,
    writer: Writer,
    log: AccessLog,
    waited: bool,
    stale: Stale,
}

/// What the caches may hold, from the start of a submission.
#[derive(Debug)]
pub struct Caches {
    /// What earlier submissions and the host wrote.
    before: Stale,
    written: Vec<Written>,
    check_hazards: bool,
}

impl Caches {
    /// At the start of a submission; `synced` where the kernel was asked to invalidate everything first.
    pub fn new(check_hazards: bool, synced: bool) -> Self {
        let missing = if synced { Set::empty() } else { Set::all() };
        Self { before: Stale::new(missing), written: Vec::new(), check_hazards }
    }

    /// A dispatch starts: something has to have been invalidated.
    pub fn start(&self, who: &str) -> Result<(), String> {
        let untouched = self.before.missing.iter().filter(|&c| !self.before.ranges.iter().any(|r| r.0.contains(c)));
        let untouched = untouched.fold(Set::empty(), |all, c| all | c);
        if untouched.is_empty() {
            return Ok(());
        }
        Err(format!(
            "stale caches: {who} starts, and no ACQUIRE_MEM before it in this submission invalidates what earlier work left in them (missing: {})",
            untouched.names()
        ))
    }

    /// Something has run, and touched this.
    pub fn ran(&mut self, who: String, writer: Writer, waited: bool, log: AccessLog) -> Result<(), String> {
        for other in self.written.iter().filter(|w| !w.waited && self.check_hazards) {
            let conflict = match (writer, other.writer) {
                // The end of everything before.
                (Writer::Release, _) => None,
                // One engine writes in order, but reads ahead.
                (Writer::Dma, Writer::Dma) => log.reads(false, Some(&other.log), |_| false),
                _ => log.conflict(&other.log),
            };
            if let Some(va) = conflict {
                return Err(race(&who, &other.who, va));
            }
        }
        if writer == Writer::Dispatch {
            self.read(&who, &log)?;
        }
        // What only read matters for as long as nobody has waited for it.
        if log.writes() || !waited {
            let stale = Stale::new(Set::DATA | Set::GLI);
            self.written.push(Written { who, writer, log, waited, stale });
        }
        Ok(())
    }

    fn read(&self, who: &str, log: &AccessLog) -> Result<(), String> {
        if let Some((va, missing)) = self.before.find(log, None, Set::all()) {
            return Err(format!(
                "stale caches: {who} reads {va:#x}, and no ACQUIRE_MEM before it in this submission invalidates what earlier work left of that (missing: {})",
                missing.names()
            ));
        }
        for w in &self.written {
            if let Some((va, missing)) = w.stale.find(log, Some(&w.log), Set::DATA) {
                return Err(format!(
                    "stale read: {who} reads {va:#x}, which {} wrote, and no ACQUIRE_MEM with GLK_INV, GLV_INV, GL1_INV lies between them (missing: {})",
                    w.who,
                    missing.names()
                ));
            }
            if let Some((va, _)) = w.stale.find(log, Some(&w.log), Set::GLI) {
                return Err(format!(
                    "stale code: {who} executes {va:#x}, which {} wrote, and no ACQUIRE_MEM with GLI_INV lies between them",
                    w.who
                ));
            }
        }
        Ok(())
    }

    /// The command processor reads: what is still being written may not be there yet.
    pub fn packet_reads(&self, who: &str, va: u64, len: u64) -> Result<(), String> {
        let mut log = AccessLog::default();
        log.read(va, len);
        for w in self.written.iter().filter(|w| !w.waited && self.check_hazards) {
            if let Some(va) = log.conflict(&w.log) {
                return Err(race(who, &w.who, va));
            }
        }
        Ok(())
    }

    /// Something was waited for.
    pub fn wait(&mut self, wait: Wait) {
        for w in &mut self.written {
            w.waited |= match wait {
                Wait::Waves => w.writer == Writer::Dispatch,
                Wait::Dma => w.writer == Writer::Dma,
                Wait::Memory => true,
            };
        }
        self.forget();
    }

    /// ACQUIRE_MEM: what is still being written may come into the caches' view after it.
    pub fn acquire(&mut self, p: &AcquireMem) {
        let what = Invalidation::of(p);
        self.before.invalidate(&what);
        self.written.iter_mut().filter(|w| w.waited).for_each(|w| w.stale.invalidate(&what));
        self.forget();
    }

    /// RELEASE_MEM: invalidates once everything before it has ended.
    pub fn release(&mut self, p: &ReleaseMem) {
        let bits = [(p.glk_inv, Set::GLK), (p.glv_inv, Set::GLV), (p.gl1_inv, Set::GL1)];
        let whole = bits.iter().filter(|b| b.0).fold(Set::empty(), |all, b| all | b.1);
        let what = Invalidation { whole, ranged: Set::empty(), start: 0, end: 0 };
        self.written.iter_mut().for_each(|w| w.stale.invalidate(&what));
        self.forget();
    }

    fn forget(&mut self) {
        self.written.retain(|w| !w.waited || !w.stale.missing.is_empty() && w.log.writes());
    }
}

/// The error for two that ran without order.
pub fn race(who: &str, other: &str, va: u64) -> String {
    format!(
        "race: {who} and {other} both use {va:#x}, one of them writing, and no CS_PARTIAL_FLUSH or other wait lies between them"
    )
}
