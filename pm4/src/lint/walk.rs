//! From buffer to buffer: packets in the order in which they are executed.

use super::hazard::{By, Outside};
use super::state::Registers;
use super::{At, Linter, rules};
use crate::packet::{CondExec, IndirectBuffer};
use crate::submission::{Located, Ring, Submission, canonical};
use crate::{Packet, decode};
use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

/// What a dword costs: when its buffer is entered, and when its packet is looked at.
const DWORD_WORK: usize = 2;
/// What is spent beyond the submission's own dwords, where buffers call one another.
const EXTRA_WORK: usize = DWORD_WORK << 18;
/// Calls that may be open at a time.
const DEPTH_MAX: usize = 2;

/// How much is still looked at, and what is under way.
pub(super) struct Work {
    left: usize,
    /// Addresses of the buffers that are being executed: callers, and those that chained here.
    active: BTreeSet<u64>,
    /// The submission's buffers by their addresses; the first of those that share one.
    ibs: BTreeMap<u64, usize>,
}

impl Work {
    pub(super) fn of(submission: &Submission) -> Self {
        let own: usize = submission.ibs.iter().map(|ib| ib.words.len()).sum();
        let mut ibs = BTreeMap::new();
        for (number, ib) in submission.ibs.iter().enumerate() {
            if let Some(va) = ib.va {
                ibs.entry(canonical(va)).or_insert(number);
            }
        }
        let left = own.saturating_mul(DWORD_WORK).saturating_add(EXTRA_WORK);
        Self { left, active: BTreeSet::new(), ibs }
    }

    /// Something is looked at that the budget does not count by itself.
    pub(super) fn spend(&mut self, dwords: usize) {
        self.left = self.left.saturating_sub(dwords);
    }
}

/// Packets, and where they are.
struct Piece<'a> {
    words: Cow<'a, [u32]>,
    /// Of the first dword; `offset` counts within the buffer, or is the caller's.
    at: At,
    va: Option<u64>,
}

/// Dwords of a buffer that are executed only under a condition whose value is unknown.
struct Condition {
    until: usize,
    before: Registers,
    hazards: Outside,
}

impl<'a> Linter<'a> {
    /// Every buffer that the ring is given, and what they call.
    pub(super) fn walk(&mut self) {
        let submission = self.submission;
        let called = self.called();
        for (number, ib) in submission.ibs.iter().enumerate() {
            if called.get(number) == Some(&true) {
                continue;
            }
            let at = At { ib: Some(number), ..At::default() };
            self.execute(Piece { words: Cow::Borrowed(&ib.words), at, va: ib.va }, 0);
        }
    }

    /// The buffers that others call or chain to.
    fn called(&self) -> Vec<bool> {
        let ibs = &self.submission.ibs;
        let mut called = vec![false; ibs.len()];
        if self.work.ibs.is_empty() || ibs.len() < 2 {
            return called;
        }
        for (number, ib) in ibs.iter().enumerate() {
            for item in decode(&ib.words) {
                let Ok(Packet::IndirectBuffer(call)) = item.packet else { continue };
                let target = self.work.ibs.get(&canonical(call.ib_base)).filter(|&&i| i != number);
                if let Some(target) = target.and_then(|&i| called.get_mut(i)) {
                    *target = true;
                }
            }
        }
        // Buffers that only reach one another would never be looked at.
        if called.iter().all(|&c| c)
            && let Some(first) = called.first_mut()
        {
            *first = false;
        }
        called
    }

    /// A buffer and those it chains to.
    fn execute(&mut self, first: Piece<'a>, depth: usize) {
        let mut entered = Vec::new();
        let mut piece = first;
        loop {
            self.work.spend(piece.words.len());
            entered.extend(piece.va.map(canonical).filter(|&va| self.work.active.insert(va)));
            match self.packets(&piece, depth) {
                Some(next) => piece = next,
                None => break,
            }
        }
        for va in entered {
            self.work.active.remove(&va);
        }
    }

    /// The packets of one buffer; what it chains to.
    fn packets(&mut self, piece: &Piece<'a>, depth: usize) -> Option<Piece<'a>> {
        let outer = self.conditional;
        let mut skip_until = 0;
        let mut condition: Option<Condition> = None;
        let mut next = None;
        let mut lost = false;
        let mut items = decode(&piece.words);
        for item in items.by_ref() {
            if self.work.left == 0 {
                self.find(&rules::WORK_LIMIT, format!("stopped after {} steps", self.steps.len()));
                break;
            }
            self.work.spend(item.words.len());
            self.at = match piece.at.inside {
                Some((va, base)) => At { inside: Some((va, base + item.offset)), ..piece.at },
                None => At { offset: piece.at.offset + item.offset, ..piece.at },
            };
            if let Some(over) = condition.take_if(|c| item.offset >= c.until) {
                self.registers.merge(&over.before);
                self.conditional = outer;
                self.hazards.leave(over.hazards);
            }
            if item.offset < skip_until {
                continue;
            }
            let packet = match item.packet {
                Ok(ref packet) => packet,
                Err(error) => {
                    self.check_error(error, &piece.words[item.offset..], &mut lost);
                    continue;
                }
            };
            self.check_item(packet, &item, &mut lost);
            let range = match packet {
                Packet::IndirectBuffer(call) => {
                    next = self.call(call, depth);
                    if call.chain {
                        break;
                    }
                    if let Some(called) = next.take() {
                        let at = self.at;
                        self.execute(called, depth + 1);
                        self.at = at;
                    }
                    None
                }
                Packet::CondExec(p) => {
                    self.check_addresses(packet);
                    Some((p.exec_count, self.condition(p)))
                }
                Packet::PredExec(p) => Some((p.exec_count, Some(p.device_select & 1 != 0))),
                _ => {
                    if let Ok(packet) = item.packet {
                        self.packet(packet);
                    }
                    None
                }
            };
            let Some((count, executed)) = range else { continue };
            let until = item.offset + item.words.len() + count as usize;
            if executed != Some(true) {
                // Ranges in one another are looked at again and again.
                if condition.is_some() {
                    self.work.spend(count as usize);
                }
                self.check_range(&piece.words, item.offset + item.words.len(), until);
            }
            match executed {
                Some(true) => {}
                // What lies beyond the outer range is executed where that is skipped as a whole.
                Some(false) => match &mut condition {
                    Some(c) => {
                        skip_until = until.min(c.until);
                        c.until = c.until.max(until);
                    }
                    None => skip_until = until,
                },
                None => {
                    match &mut condition {
                        Some(c) => c.until = c.until.max(until),
                        None => {
                            condition = Some(Condition {
                                until,
                                before: self.registers.clone(),
                                hazards: self.hazards.condition(),
                            })
                        }
                    }
                    self.conditional = true;
                    self.hazards.enter();
                }
            }
        }
        if let Some(over) = condition {
            self.registers.merge(&over.before);
            self.hazards.leave(over.hazards);
        }
        self.conditional = outer;
        if next.is_some() || self.work.left == 0 {
            let behind = items.filter(|i| !matches!(i.packet, Ok(Packet::Nop(_)))).count();
            if behind > 0 {
                let message = format!("{behind} packets that are no NOPs follow the chain in its buffer");
                self.find(&rules::CHAIN_NOT_LAST, message);
            }
        }
        next
    }

    /// The condition's value, where it can be told.
    fn condition(&mut self, p: &CondExec) -> Option<bool> {
        let va = canonical(p.address);
        self.used_by_cp(va, 4, false, By::Packet, true);
        self.dword_now(va).map(|value| value != 0)
    }

    /// Whether a conditional range ends where a packet does.
    fn check_range(&mut self, words: &[u32], start: usize, until: usize) {
        let rest = words.get(start..).unwrap_or(&[]);
        let mut end = start;
        for item in decode(rest) {
            if end >= until {
                break;
            }
            end = start + item.offset + item.words.len();
        }
        if end != until {
            let message = format!("the range ends at dword {until}, and packets end at {end}");
            self.find(&rules::COND_RANGE, message);
        }
    }

    /// What an INDIRECT_BUFFER packet goes on with.
    fn call(&mut self, call: &IndirectBuffer, depth: usize) -> Option<Piece<'a>> {
        let submission = self.submission;
        let va = canonical(call.ib_base);
        let dwords = call.ib_size as usize;
        let word = if call.chain { "chain" } else { "call" };
        if call.vmid != 0 || submission.ring == Ring::Compute && !call.valid {
            self.find(
                &rules::IB_FIELDS,
                format!("a {word} to {va:#x} with VALID {}, VMID {}", u8::from(call.valid), call.vmid),
            );
        }
        if dwords == 0 {
            self.find(&rules::IB_EMPTY, format!("a {word} to a buffer of no dwords at {va:#x}"));
            return None;
        }
        if !dwords.is_multiple_of(submission.ring.ib_size_align_dw()) {
            let unit = submission.ring.ib_size_align_dw();
            self.find(&rules::IB_SIZE, format!("a {word} to {dwords} dwords at {va:#x}, not a multiple of {unit}"));
        }
        if !va.is_multiple_of(submission.ring.ib_start_align()) {
            let unit = submission.ring.ib_start_align();
            self.find(&rules::IB_START, format!("a {word} to {va:#x}, which is not a multiple of {unit} bytes"));
        }
        if !call.chain && submission.ring == Ring::Compute {
            self.find(&rules::CALL_ON_COMPUTE, format!("a call of {va:#x} that returns"));
        }
        if self.work.active.contains(&va) {
            self.find(&rules::IB_LOOP, format!("a {word} to {va:#x}, which is being executed"));
            return None;
        }
        if !call.chain && depth >= DEPTH_MAX {
            self.find(&rules::IB_DEPTH, format!("a call of {va:#x} inside {DEPTH_MAX} others"));
            return None;
        }
        let found = self.work.ibs.get(&va).and_then(|&number| Some((number, submission.ibs.get(number)?)));
        if let Some((number, ib)) = found {
            let have = ib.words.len();
            if dwords > have {
                let message = format!("a {word} to {dwords} dwords at {va:#x}, where {} has {have}", ib.name);
                self.find(&rules::IB_TARGET, message);
            }
            let words = Cow::Borrowed(&ib.words[..dwords.min(have)]);
            return Some(Piece { words, at: At { ib: Some(number), ..At::default() }, va: Some(va) });
        }
        if submission.buffers.is_empty() {
            return None;
        }
        let Located::In(buffer, offset) = submission.buffers.locate(va) else {
            self.find(&rules::IB_TARGET, format!("a {word} to {va:#x}, where no buffer is"));
            return None;
        };
        let name = &buffer.name;
        if !buffer.residency.is_usable() || 4 * dwords as u64 > buffer.bytes - offset {
            let state = buffer.residency.name();
            let message =
                format!("a {word} to {dwords} dwords at {va:#x}, in {name} ({state}, {:#x} bytes)", buffer.bytes);
            self.find(&rules::IB_TARGET, message);
            return None;
        }
        let words: Vec<u32> =
            (0..dwords.min(self.work.left) as u64).map_while(|i| buffer.dword(offset + 4 * i)).collect();
        let at = At { inside: Some((va, 0)), ..self.at };
        (!words.is_empty()).then_some(Piece { words: Cow::Owned(words), at, va: Some(va) })
    }
}
