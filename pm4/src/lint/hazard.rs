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
use core::ops::Range;

/// Caches between waves and the GL2, and the GL2's own invalidation, as bits.
pub(super) const GLK: u8 = 1;
pub(super) const GLV: u8 = 2;
pub(super) const GL1: u8 = 4;
const GLI: u8 = 8;
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

/// Something that nothing has waited for.
#[derive(Debug)]
struct Pending {
    range: Range<u64>,
    write: bool,
    /// Which dispatch; none for the command processor.
    dispatch: Option<usize>,
    order: u32,
}

/// A range that was written.
#[derive(Debug)]
struct Written {
    range: Range<u64>,
    dispatch: Option<usize>,
    at: At,
    order: u32,
    waited: bool,
    /// Caches that were invalidated after the writer's end; before it; and for other ranges.
    clean: u8,
    early: u8,
    missed: u8,
    written_back: bool,
}

/// What the stream has under way.
#[derive(Debug, Default)]
pub(super) struct Hazards {
    pending: Vec<Pending>,
    written: Vec<Written>,
    /// Where RELEASE_MEM has written, and what came before it.
    releases: Vec<(u64, u32)>,
    order: u32,
    /// Dispatches that nothing has waited for, whatever they use.
    running: usize,
    last_dispatch: u32,
    /// Caches that were invalidated and that no dispatch has filled since.
    clean: u8,
    dispatched: bool,
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

fn who(dispatch: Option<usize>) -> String {
    dispatch.map_or_else(|| String::from("the command processor"), |n| format!("dispatch {n}"))
}

/// Makes room by forgetting the older half.
fn trim<T>(list: &mut Vec<T>) {
    if list.len() >= RECORDS_MAX {
        list.drain(..RECORDS_MAX / 2);
    }
}

impl Hazards {
    /// CS_PARTIAL_FLUSH.
    pub(super) fn wait_for_waves(&mut self) {
        self.pending.clear();
        self.running = 0;
        for w in &mut self.written {
            w.waited = true;
        }
    }

    /// A wait for a value in memory: if a RELEASE_MEM writes there, everything before that has ended.
    pub(super) fn wait_for_memory(&mut self, va: u64) {
        let Some(&(_, order)) = self.releases.iter().rev().find(|r| r.0 == va) else { return };
        if self.last_dispatch <= order {
            self.running = 0;
        }
        self.pending.retain(|p| p.order > order);
        for w in self.written.iter_mut().filter(|w| w.order <= order) {
            w.waited = true;
        }
    }

    /// RELEASE_MEM: its cache operations come after all that was before it.
    pub(super) fn release(&mut self, p: &ReleaseMem, va: Option<u64>) {
        let all = p.gl2_range == GcrGl2Range::GL2_ALL;
        for w in &mut self.written {
            w.clean |= u8::from(p.glk_inv) * GLK | u8::from(p.glv_inv) * GLV | u8::from(p.gl1_inv) * GL1;
            w.written_back |= p.gl2_wb && all;
        }
        if let Some(va) = va {
            trim(&mut self.releases);
            self.releases.push((va, self.order));
        }
    }

    /// ACQUIRE_MEM: caches as they are at this moment.
    pub(super) fn acquire(&mut self, p: &AcquireMem) {
        let get = |field| p.gcr_cntl.get(field);
        let flag = |field, bit| if get(field) != 0 { bit } else { 0 };
        if p.pws_ena && p.pws_ena2 {
            self.wait_for_waves();
        }
        let near = flag(GcrCntl::GLK_INV, GLK) | flag(GcrCntl::GLV_INV, GLV) | flag(GcrCntl::GL1_INV, GL1);
        let gli = if get(GcrCntl::GLI_INV) == GcrGliInv::GLI_ALL.0 { GLI } else { 0 };
        let gl2_all = get(GcrCntl::GL2_RANGE) == GcrGl2Range::GL2_ALL.0;
        let gl1_all = get(GcrCntl::GL1_RANGE) == GcrGl1Range::GL1_ALL.0;
        let start = canonical(p.coher_base << 8);
        let end =
            start.saturating_add(p.coher_size.checked_shl(8).filter(|s| s >> 8 == p.coher_size).unwrap_or(u64::MAX));
        let covers = |r: &Range<u64>| start <= r.start && r.end <= end;
        for w in &mut self.written {
            match (gl1_all || covers(&w.range), w.waited) {
                (false, _) => w.missed |= near,
                (true, false) => w.early |= near,
                (true, true) => w.clean |= near,
            }
            w.written_back |= get(GcrCntl::GL2_WB) != 0 && w.waited && (gl2_all || covers(&w.range));
        }
        if self.running == 0 {
            self.clean |= gli;
            self.clean |= if gl1_all { near } else { 0 };
            self.clean |= if gl2_all { flag(GcrCntl::GL2_INV, GL2) } else { 0 };
        }
    }

    /// A range that the command processor writes; `ended` where the write comes after all waves.
    pub(super) fn written(&mut self, va: u64, bytes: u64, at: At, ended: bool) {
        let range = va..va.saturating_add(bytes);
        self.order += 1;
        let clean = if self.running == 0 { self.clean & ANY_LOAD } else { 0 };
        if self.running > 0 && !ended {
            trim(&mut self.pending);
            self.pending.push(Pending { range: range.clone(), write: true, dispatch: None, order: self.order });
        }
        trim(&mut self.written);
        self.written.push(Written {
            range,
            dispatch: None,
            at,
            order: self.order,
            waited: self.running == 0 || ended,
            clean,
            early: 0,
            missed: 0,
            written_back: false,
        });
    }

    /// Who else is at a range now.
    fn conflict(&self, range: &Range<u64>, write: bool) -> Option<(Range<u64>, Option<usize>)> {
        let found = self.pending.iter().find(|p| (p.write || write) && overlap(&p.range, range));
        found.map(|p| (p.range.clone(), p.dispatch))
    }
}

impl Linter<'_> {
    /// The command processor reads.
    pub(super) fn read_by_cp(&mut self, va: u64, bytes: u64) {
        let range = va..va.saturating_add(bytes);
        let running = self.hazards.conflict(&range, false).filter(|c| c.1.is_some());
        if let Some((other, dispatch)) = running {
            let message = format!("the packet reads {va:#x}, and {} writes {:#x}", who(dispatch), other.start);
            self.find(&rules::RACE, message);
        }
    }

    /// The command processor writes.
    pub(super) fn write_by_cp(&mut self, va: u64, bytes: u64) {
        let range = va..va.saturating_add(bytes);
        if let Some((other, dispatch)) = self.hazards.conflict(&range, true).filter(|c| c.1.is_some()) {
            let message = format!("the packet writes {va:#x}, and {} uses {:#x}", who(dispatch), other.start);
            self.find(&rules::RACE, message);
        }
        self.hazards.written(va, bytes, self.at, false);
        self.check_host_reads(va);
    }

    /// A dispatch begins that uses this memory; `None` where nobody knows.
    pub(super) fn used_by_dispatch(&mut self, number: usize, touches: &[Touch], known: bool) {
        let first = !core::mem::replace(&mut self.hazards.dispatched, true);
        let dirty = FIRST & !self.hazards.clean;
        if first && known && dirty != 0 {
            let message = format!("dispatch {number} comes before any ACQUIRE_MEM with {}", names(dirty));
            self.find(&rules::NO_FIRST_INVALIDATE, message);
        }
        let mut raced = false;
        for t in touches {
            if let Some((other, dispatch)) = self.hazards.conflict(&t.range, t.access.write) {
                let message = format!(
                    "dispatch {number} uses {:#x}, and {} uses {:#x}; nothing waits between",
                    t.range.start,
                    who(dispatch),
                    other.start
                );
                if !core::mem::replace(&mut raced, true) {
                    self.find(&rules::RACE, message);
                }
            }
        }
        if !raced {
            self.check_stale(number, touches);
        }
        self.hazards.running += 1;
        self.hazards.order += 1;
        let order = self.hazards.order;
        self.hazards.last_dispatch = order;
        self.hazards.clean = 0;
        for t in touches {
            let (range, write, dispatch) = (t.range.clone(), t.access.write, Some(number));
            trim(&mut self.hazards.pending);
            self.hazards.pending.push(Pending { range: range.clone(), write, dispatch, order });
            if write {
                let at = self.at;
                trim(&mut self.hazards.written);
                self.hazards.written.push(Written {
                    range,
                    dispatch,
                    at,
                    order,
                    waited: false,
                    clean: 0,
                    early: 0,
                    missed: 0,
                    written_back: false,
                });
            }
        }
    }

    /// Reads through caches that may hold what was before a write.
    fn check_stale(&mut self, number: usize, touches: &[Touch]) {
        for t in touches.iter().filter(|t| t.access.read) {
            // The newest write of a place counts, and the ones before it have the same fate or a better one.
            let stale =
                self.hazards.written.iter().rev().find(|w| overlap(&w.range, &t.range) && t.through & !w.clean != 0);
            let Some(w) = stale else { continue };
            let missing = t.through & !w.clean;
            let what = format!(
                "dispatch {number} reads {:#x}, which {} wrote (IB {} dword {})",
                t.range.start.max(w.range.start),
                who(w.dispatch),
                w.at.ib.unwrap_or(0),
                w.at.offset
            );
            let bits = names(missing);
            let (rule, message) = if missing & !w.missed == 0 {
                (&rules::RANGE, format!("{what}; {bits} between covers another range"))
            } else if missing & !w.early == 0 {
                (&rules::EARLY_ACQUIRE, format!("{what}; {bits} comes before the wait for the writer"))
            } else if missing == GLK && t.through != GLK | GL1 {
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
        let late = self
            .hazards
            .written
            .iter()
            .find(|w| !w.written_back && !(w.range.start == va) && reads.iter().any(|r| overlap(r, &w.range)));
        if let Some(w) = late {
            let message = format!(
                "the host reads {:#x}, which {} wrote (IB {} dword {}), without GL2_WB before the completion value",
                w.range.start,
                who(w.dispatch),
                w.at.ib.unwrap_or(0),
                w.at.offset
            );
            self.find(&rules::NOT_WRITTEN_BACK, message);
        }
    }
}
