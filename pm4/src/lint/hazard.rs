//! What runs at the same time, and what caches still hold: conflicts between dispatches, the command processor and
//! the host.
//!
//! A dispatch begins when its packet is read and ends whenever it does; CS_PARTIAL_FLUSH, or a wait for what a
//! RELEASE_MEM behind it writes, is what the stream knows of its end. Vector and scalar caches and the GL1 do not
//! see writes that others make; they hold what was read since they were invalidated.

use super::{At, Linter, rules};
use crate::packet::values::{GcrGl1Range, GcrGl2Range, GcrGliInv};
use crate::packet::{AcquireMem, GcrCntl, ReleaseMem};
use crate::submission::{Access, Completion, canonical};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

/// Caches between waves and the GL2, and the GL2 itself, as bits.
const GLK: u8 = 1;
const GLV: u8 = 2;
const GL1: u8 = 4;
pub(super) const GLI: u8 = 8;
const GL2: u8 = 16;
/// What a load of unknown kind goes through.
pub(super) const ANY_LOAD: u8 = GLK | GLV | GL1;
/// What the first dispatch needs clean.
const FIRST: u8 = ANY_LOAD | GLI | GL2;

/// Accesses and writes that are kept in mind.
const RECORDS_MAX: usize = 256;

/// The names of cache operations.
fn names(bits: u8) -> String {
    let all = [(GLI, "GLI_INV"), (GLK, "GLK_INV"), (GLV, "GLV_INV"), (GL1, "GL1_INV"), (GL2, "GL2_INV")];
    let set: Vec<&str> = all.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect();
    set.join(" and ")
}

/// Memory that a dispatch uses, and the caches between.
#[derive(Debug, Clone)]
pub(super) struct Touch {
    pub(super) range: Range<u64>,
    pub(super) access: Access,
    pub(super) through: u8,
}

/// What uses memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// Waves, of this dispatch.
    Dispatch(usize),
    /// DMA_DATA, which runs beside the packets behind it.
    Dma,
    /// RELEASE_MEM, whenever what came before has ended.
    Release,
    /// A packet that ends before the next begins.
    Packet,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dispatch(number) => write!(f, "dispatch {number}"),
            Self::Dma => f.write_str("a DMA_DATA"),
            Self::Release => f.write_str("a RELEASE_MEM"),
            Self::Packet => f.write_str("a packet"),
        }
    }
}

/// Something that nothing has waited for.
#[derive(Debug)]
struct Pending {
    range: Range<u64>,
    write: bool,
    by: By,
    order: u32,
}

/// A range that was written.
#[derive(Debug)]
struct Written {
    range: Range<u64>,
    by: By,
    at: At,
    order: u32,
    waited: bool,
    /// Caches that were invalidated after the writer's end; before it; and for other ranges.
    clean: u8,
    early: u8,
    missed: u8,
    written_back: bool,
    /// `since` of the condition under which it was written back, if that may be skipped.
    perhaps_back: Option<u32>,
}

/// What the stream has under way.
#[derive(Debug, Default)]
pub(super) struct Hazards {
    pending: Vec<Pending>,
    written: Vec<Written>,
    /// Where RELEASE_MEM has written, and what came before it.
    releases: Vec<(u64, u32)>,
    order: u32,
    /// Caches that were invalidated since the submission began, and those of which ranges were.
    fresh: u8,
    fresh_ranges: Vec<(u8, Range<u64>)>,
    dispatched: bool,
    /// Uses from this one on have been executed if the present packet is: no condition stands between. A
    /// synchronisation that may be skipped reaches no others.
    since: u32,
}

/// What holds where a condition begins, and again behind it.
#[derive(Debug)]
pub(super) struct Outside {
    since: u32,
    fresh: u8,
    fresh_ranges: Vec<(u8, Range<u64>)>,
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

fn covers(outer: &Range<u64>, inner: &Range<u64>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Makes room by forgetting the older half.
fn trim<T>(list: &mut Vec<T>) {
    if list.len() >= RECORDS_MAX {
        list.drain(..RECORDS_MAX / 2);
    }
}

impl Hazards {
    /// What a condition has to leave as it is.
    pub(super) fn condition(&self) -> Outside {
        Outside { since: self.since, fresh: self.fresh, fresh_ranges: self.fresh_ranges.clone() }
    }

    /// A condition begins whose value is unknown.
    pub(super) fn enter(&mut self) {
        // A number that no other condition has.
        self.order += 1;
        self.since = self.order + 1;
    }

    /// It ends.
    pub(super) fn leave(&mut self, outside: Outside) {
        self.since = outside.since;
        self.fresh = outside.fresh;
        self.fresh_ranges = outside.fresh_ranges;
    }

    /// CS_PARTIAL_FLUSH.
    pub(super) fn wait_for_waves(&mut self) {
        self.wait(|by| matches!(by, By::Dispatch(_)));
    }

    /// A DMA_DATA that waits for those before it.
    pub(super) fn wait_for_dma(&mut self) {
        self.wait(|by| by == By::Dma);
    }

    fn wait(&mut self, which: impl Fn(By) -> bool) {
        let since = self.since;
        self.pending.retain(|p| p.order < since || !which(p.by));
        for w in self.written.iter_mut().filter(|w| w.order >= since && which(w.by)) {
            w.waited = true;
        }
    }

    /// A wait for a value in memory: if a RELEASE_MEM writes there, everything before that has ended.
    pub(super) fn wait_for_memory(&mut self, va: u64) {
        let Some(&(_, order)) = self.releases.iter().rev().find(|r| r.0 == va) else { return };
        let since = self.since;
        self.pending.retain(|p| p.order > order || p.order < since);
        for w in self.written.iter_mut().filter(|w| (since..=order).contains(&w.order)) {
            w.waited = true;
        }
    }

    /// RELEASE_MEM: its cache operations come after all that was before it.
    pub(super) fn release(&mut self, p: &ReleaseMem) {
        let bits = [(p.glk_inv, GLK), (p.glv_inv, GLV), (p.gl1_inv, GL1)];
        let bits = bits.iter().filter(|b| b.0).fold(0, |all, b| all | b.1);
        let since = self.since;
        let back = p.gl2_wb && p.gl2_range == GcrGl2Range::GL2_ALL;
        for w in &mut self.written {
            if w.order >= since {
                w.clean |= bits;
                w.written_back |= back;
            } else if back {
                w.perhaps_back = Some(since);
            }
        }
    }

    /// ACQUIRE_MEM: caches as they are at this moment.
    pub(super) fn acquire(&mut self, p: &AcquireMem) {
        let get = |field| p.gcr_cntl.get(field);
        if p.pws_ena && p.pws_ena2 {
            self.wait(|_| true);
        }
        let start = canonical(p.coher_base << 8);
        let bytes = u128::from(p.coher_size) << 8;
        // The greatest size ends a unit short of the address space, and means all of it.
        let all = p.coher_base == 0 && p.coher_size == (1 << 56) - 1;
        let end = if all { u64::MAX } else { (u128::from(start) + bytes).min(u128::from(u64::MAX)) as u64 };
        let range = start..end;
        // The scalar cache and the vector L0 know no ranges.
        let mut whole = [(GcrCntl::GLK_INV, GLK), (GcrCntl::GLV_INV, GLV)]
            .iter()
            .fold(0, |all, (field, bit)| if get(*field) != 0 { all | bit } else { all });
        let mut ranged = 0;
        let mut add = |wanted: bool, everything: bool, bit: u8| {
            if wanted && (everything || all) {
                whole |= bit;
            } else if wanted {
                ranged |= bit;
            }
        };
        let gli = get(GcrCntl::GLI_INV);
        add(gli != GcrGliInv::GLI_NOP.0, gli == GcrGliInv::GLI_ALL.0, GLI);
        add(get(GcrCntl::GL1_INV) != 0, get(GcrCntl::GL1_RANGE) == GcrGl1Range::GL1_ALL.0, GL1);
        let gl2 = get(GcrCntl::GL2_RANGE);
        // Volatile lines alone: none that a client of this interface can make.
        add(get(GcrCntl::GL2_INV) != 0 && gl2 != GcrGl2Range::GL2_VOL.0, gl2 == GcrGl2Range::GL2_ALL.0, GL2);
        let since = self.since;
        for w in self.written.iter_mut().filter(|w| w.order >= since) {
            let (near, other) = if covers(&range, &w.range) { (whole | ranged, 0) } else { (whole, ranged) };
            if w.waited {
                w.clean |= near;
            } else {
                w.early |= near;
            }
            w.missed |= other;
            let all = gl2 == GcrGl2Range::GL2_ALL.0 || gl2 != GcrGl2Range::GL2_VOL.0 && covers(&range, &w.range);
            w.written_back |= get(GcrCntl::GL2_WB) != 0 && w.waited && all;
        }
        self.fresh |= whole;
        if ranged != 0 {
            trim(&mut self.fresh_ranges);
            self.fresh_ranges.push((ranged, range));
        }
    }

    /// Caches that nothing has invalidated before the first dispatch, which uses this memory.
    fn dirty(&self, touches: &[Touch]) -> u8 {
        let dirty = FIRST & !self.fresh;
        let bits = (0..8).map(|i| dirty & 1 << i).filter(|bit| *bit != 0);
        let uncovered = |bit: &u8| {
            let ranges = || self.fresh_ranges.iter().filter(|(bits, _)| bits & bit != 0);
            let mut concerned = touches.iter().filter(|t| t.access.read && (*bit == GL2 || t.through & bit != 0));
            ranges().next().is_none() || concerned.any(|t| !ranges().any(|(_, r)| covers(r, &t.range)))
        };
        bits.filter(uncovered).fold(0, |all, bit| all | bit)
    }

    /// Who else is at a range now.
    fn conflict(&self, range: &Range<u64>, write: bool, by: By) -> Option<(u64, By)> {
        let found = self.pending.iter().find(|p| {
            // One engine writes in order, but reads ahead.
            let harms = if p.by == By::Dma && by == By::Dma { p.write && !write } else { p.write || write };
            harms && overlap(&p.range, range)
        });
        found.map(|p| (p.range.start.max(range.start), p.by))
    }

    /// A range is in use from now on; `ended` where the next packet finds it done.
    fn uses(&mut self, range: Range<u64>, write: bool, by: By, at: At, ended: bool) {
        if !ended {
            trim(&mut self.pending);
            self.pending.push(Pending { range: range.clone(), write, by, order: self.order });
        }
        if write {
            trim(&mut self.written);
            let (order, waited) = (self.order, ended);
            self.written.push(Written {
                range,
                by,
                at,
                order,
                waited,
                clean: 0,
                early: 0,
                missed: 0,
                written_back: false,
                perhaps_back: None,
            });
        }
    }
}

impl Linter<'_> {
    /// The command processor uses memory; `ended` where the next packet finds it done.
    pub(super) fn used_by_cp(&mut self, va: u64, bytes: u64, write: bool, by: By, ended: bool) {
        let range = va..va.saturating_add(bytes);
        self.hazards.order += 1;
        // What RELEASE_MEM writes comes after everything before it.
        let running = if by == By::Release { None } else { self.hazards.conflict(&range, write, by) };
        if let Some((other, running)) = running {
            let verb = if write { "writes" } else { "reads" };
            let message = format!("the packet {verb} {other:#x}, and {running} before it uses that and may still run");
            self.find(&rules::RACE, message);
        }
        self.hazards.uses(range, write, by, self.at, ended);
        if write {
            self.check_host_reads(va);
        }
        if by == By::Release {
            trim(&mut self.hazards.releases);
            let order = self.hazards.order;
            self.hazards.releases.push((va, order));
        }
    }

    /// A dispatch begins that uses this memory; `known` where that is all of it.
    pub(super) fn used_by_dispatch(&mut self, number: usize, touches: &[Touch], known: bool) {
        let first = !core::mem::replace(&mut self.hazards.dispatched, true);
        if first && known {
            let dirty = self.hazards.dirty(touches);
            if dirty != 0 {
                let message = format!("dispatch {number} comes before any ACQUIRE_MEM with {}", names(dirty));
                self.find(&rules::NO_FIRST_INVALIDATE, message);
            }
        }
        let by = By::Dispatch(number);
        let raced = touches.iter().find_map(|t| self.hazards.conflict(&t.range, t.access.write, by));
        if let Some((va, other)) = raced {
            let message = format!("dispatch {number} uses {va:#x}, and so does {other} before it, which may still run");
            self.find(&rules::RACE, message);
        } else {
            self.check_stale(number, touches);
        }
        self.hazards.order += 1;
        for t in touches {
            self.hazards.uses(t.range.clone(), t.access.write, by, self.at, false);
        }
    }

    /// Reads through caches that may hold what was before a write.
    fn check_stale(&mut self, number: usize, touches: &[Touch]) {
        for t in touches.iter().filter(|t| t.access.read) {
            let stale =
                self.hazards.written.iter().rev().find(|w| overlap(&w.range, &t.range) && t.through & !w.clean != 0);
            let Some(w) = stale else { continue };
            let missing = t.through & !w.clean;
            let what = format!(
                "dispatch {number} reads {:#x}, which {} wrote (IB {} dword {})",
                t.range.start.max(w.range.start),
                w.by,
                w.at.ib.unwrap_or(0),
                w.at.offset
            );
            let bits = names(missing);
            let (rule, message) = if missing & !w.missed == 0 {
                (&rules::RANGE, format!("{what}; {bits} between covers another range"))
            } else if missing & !w.early == 0 {
                (&rules::EARLY_ACQUIRE, format!("{what}; {bits} comes before the wait for the writer"))
            } else if missing == GLK {
                (&rules::STALE_SCALAR, format!("{what}; {bits} is missing after it"))
            } else {
                (&rules::STALE_CACHE, format!("{what}; {bits} is missing after it"))
            };
            return self.find(rule, message);
        }
    }

    /// The host reads behind a value at `va`: what was written has to be in memory by then.
    pub(super) fn check_host_reads(&mut self, va: u64) {
        let Completion::Memory { va: watched, reads, .. } = &self.submission.completion else { return };
        if canonical(*watched) != va {
            return;
        }
        let late = self.hazards.written.iter().find(|w| {
            !w.written_back
                && w.perhaps_back != Some(self.hazards.since)
                && w.range.start != va
                && reads.iter().any(|r| overlap(r, &w.range))
        });
        if let Some(w) = late {
            let message = format!(
                "the host reads {:#x}, which {} wrote (IB {} dword {}), without GL2_WB before the completion value",
                w.range.start,
                w.by,
                w.at.ib.unwrap_or(0),
                w.at.offset
            );
            self.find(&rules::NOT_WRITTEN_BACK, message);
        }
    }
}
