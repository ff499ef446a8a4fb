//! Rules of waits and of the value that tells the end.

use super::{Does, Linter, Step, rules};
use crate::packet::values::WaitFunction;
use crate::submission::{Completion, Effect, canonical};
use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;

/// Steps that are looked at for the writer of a value, to either side.
const REACH: usize = 2048;

/// What a step leaves at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// What was there.
    Same,
    /// A value.
    Value(u64),
    /// Something.
    Unknown,
}

/// A read of 4 or 8 bytes.
#[derive(Debug, Clone, Copy)]
struct Read {
    va: u64,
    bytes: u64,
}

impl Read {
    fn touches(self, range: Range<u64>) -> bool {
        self.va < range.end && range.start < self.va.saturating_add(self.bytes)
    }

    /// The value where `dword(i)` gives the dword at `start + 4 * i`, for the `count` dwords from `start` on.
    fn of(self, start: u64, count: u64, dword: impl Fn(u64) -> u32) -> Left {
        if !self.touches(start..start.saturating_add(4 * count)) {
            return Left::Same;
        }
        let Some(skip) = self.va.checked_sub(start).filter(|s| s.is_multiple_of(4)) else { return Left::Unknown };
        if skip / 4 + self.bytes / 4 > count {
            return Left::Unknown;
        }
        let low = u64::from(dword(skip / 4));
        Left::Value(if self.bytes == 8 { low | u64::from(dword(skip / 4 + 1)) << 32 } else { low })
    }
}

impl Step {
    /// What the step leaves at an address, if it is executed.
    fn leaves_if_executed(&self, read: Read) -> Left {
        let any = |va: u64, bytes: u64| match read.touches(va..va.saturating_add(bytes)) {
            true => Left::Unknown,
            false => Left::Same,
        };
        match &self.does {
            Does::Unclear => Left::Unknown,
            Does::Scribble { va, bytes } => any(*va, *bytes),
            Does::Launch(effect, _) | Does::Effect(effect) => match effect {
                Effect::Write { va, data } => {
                    read.of(*va, data.len() as u64, |i| data.get(i as usize).copied().unwrap_or(0))
                }
                Effect::Fill { va, value, bytes } => read.of(*va, bytes / 4, |_| *value),
                Effect::Fence { va, value, bytes } => {
                    read.of(*va, u64::from(*bytes) / 4, |i| (value >> (32 * i)) as u32)
                }
                Effect::Copy { dst, bytes, .. } => any(*dst, *bytes),
                Effect::Atomic { va, op, .. } => any(*va, op.bytes()),
                Effect::Timestamp { va, .. } => any(*va, 8),
                Effect::Wait { .. } => Left::Same,
                Effect::Dispatch(launch) if launch.uses.is_empty() => Left::Unknown,
                Effect::Dispatch(launch) => {
                    // They are in order and do not overlap.
                    let end = read.va.saturating_add(read.bytes);
                    let behind = launch.uses.partition_point(|u| u.range.start < end);
                    let last = launch.uses[..behind].last();
                    let hit = last.is_some_and(|u| u.access.write && read.touches(u.range.clone()));
                    if hit { Left::Unknown } else { Left::Same }
                }
            },
        }
    }

    /// Whether nothing is known of what it writes.
    fn may_write_anywhere(&self) -> bool {
        match &self.does {
            Does::Unclear => true,
            Does::Launch(Effect::Dispatch(launch), _) => launch.uses.is_empty(),
            _ => false,
        }
    }

    /// What the step leaves at an address.
    fn leaves(&self, read: Read) -> Left {
        match self.leaves_if_executed(read) {
            Left::Value(_) if self.conditional => Left::Unknown,
            other => other,
        }
    }
}

/// Whether a value ends a wait.
fn met(function: WaitFunction, value: u64, reference: u64) -> bool {
    match function {
        WaitFunction::LESS => value < reference,
        WaitFunction::LESS_OR_EQUAL => value <= reference,
        WaitFunction::EQUAL => value == reference,
        WaitFunction::NOT_EQUAL => value != reference,
        WaitFunction::GREATER_OR_EQUAL => value >= reference,
        WaitFunction::GREATER => value > reference,
        _ => true,
    }
}

/// Whether no value at all ends a wait: what is compared is any subset of the mask's bits.
fn impossible(function: WaitFunction, reference: u64, mask: u64) -> bool {
    match function {
        WaitFunction::LESS => reference == 0,
        WaitFunction::EQUAL => reference & !mask != 0,
        WaitFunction::NOT_EQUAL => mask == 0 && reference == 0,
        WaitFunction::GREATER_OR_EQUAL => mask < reference,
        WaitFunction::GREATER => mask <= reference,
        _ => false,
    }
}

impl Linter<'_> {
    /// What the steps before `index` leave at an address.
    fn before(&self, index: usize, read: Read) -> Left {
        let from = index.saturating_sub(REACH);
        let left = self.steps[from..index].iter().rev().map(|s| s.leaves(read)).find(|l| *l != Left::Same);
        left.unwrap_or(if from == 0 { Left::Same } else { Left::Unknown })
    }

    /// The dword at an address, as it is when the present packet is executed.
    pub(super) fn dword_now(&self, va: u64) -> Option<u32> {
        match self.before(self.steps.len(), Read { va, bytes: 4 }) {
            Left::Same => self.submission.buffers.dword(va),
            Left::Value(value) => Some(value as u32),
            Left::Unknown => None,
        }
    }

    /// The steps that decide what some dwords hold, for [`dword_of`](Self::dword_of): last first.
    pub(super) fn writers(&self, va: u64, dwords: u64) -> Vec<usize> {
        let read = Read { va, bytes: 4 * dwords };
        let steps = (self.steps.len().saturating_sub(REACH)..self.steps.len()).rev();
        let mut writers = Vec::new();
        for index in steps.filter(|&i| self.steps[i].leaves_if_executed(read) != Left::Same) {
            writers.push(index);
            if self.steps[index].may_write_anywhere() {
                break;
            }
        }
        writers
    }

    /// The dword at an address now, one of those that `writers` was made for.
    pub(super) fn dword_of(&self, writers: &[usize], va: u64) -> Option<u32> {
        let read = Read { va, bytes: 4 };
        match writers.iter().map(|&i| self.steps[i].leaves(read)).find(|l| *l != Left::Same) {
            Some(Left::Value(value)) => Some(value as u32),
            Some(_) => None,
            None if self.steps.len() > REACH => None,
            None => self.submission.buffers.dword(va),
        }
    }

    /// Every wait: whether something ends it.
    pub(super) fn check_waits(&mut self) {
        for index in 0..self.steps.len() {
            let step = &self.steps[index];
            let Does::Effect(Effect::Wait { va, bytes, function, reference, mask }) = step.does else { continue };
            let (at, conditional) = (step.at, step.conditional);
            let name = function_name(function);
            if impossible(function, reference, mask) {
                let message = format!("a value & {mask:#x} is never {name} {reference:#x}");
                self.find_at(at, &rules::WAIT_IMPOSSIBLE, message);
                self.block(index, conditional);
                continue;
            }
            let read = Read { va, bytes: u64::from(bytes) };
            let ends = |value: u64| met(function, value & mask, reference);
            let initial = || {
                let low = self.submission.buffers.dword(va).map(u64::from)?;
                if bytes == 4 {
                    return Some(low);
                }
                Some(low | u64::from(self.submission.buffers.dword(va.wrapping_add(4))?) << 32)
            };
            let (value, written) = match self.before(index, read) {
                Left::Unknown => continue,
                Left::Value(value) => (Some(value), true),
                Left::Same => (initial(), false),
            };
            if value.is_some_and(ends) {
                continue;
            }
            let behind = self.steps[index + 1..].iter().take(REACH);
            let later = behind.clone().find(|s| matches!(s.leaves(read), Left::Value(v) if ends(v)));
            if let Some(later) = later {
                let message = format!(
                    "the wait for {va:#x} {name} {reference:#x} stands before the packet that writes it (IB {} dword {})",
                    later.at.ib.unwrap_or(0),
                    later.at.offset
                );
                if value.is_none() {
                    // An earlier submission, or another queue, may have met it: a timeline waits for one value and
                    // writes the next to the same place.
                    self.find_at(at, &rules::WAIT_UNMET, message);
                    continue;
                }
                self.find_at(at, &rules::WAIT_ORDER, message);
                self.block(index, conditional);
            } else if let Some(value) = value {
                let source = if written { "a packet before leaves" } else { "the memory holds" };
                let message = format!("the wait is for {va:#x} {name} {reference:#x}, and {source} {value:#x}");
                self.find_at(at, &rules::WAIT_UNMET, message);
                if written {
                    self.block(index, conditional);
                }
            }
        }
    }

    /// Nothing behind a step is reached.
    fn block(&mut self, index: usize, conditional: bool) {
        if !conditional && self.blocked.is_none() {
            self.blocked = Some(index);
        }
    }

    /// The value that tells the end: whether it is written.
    pub(super) fn check_completion(&mut self) {
        let Completion::Memory { va, value, .. } = &self.submission.completion else { return };
        // Where the stream was misread, what is missing is what was misread.
        if self.broken {
            return;
        }
        let (va, value) = (canonical(*va), *value);
        let narrow = Read { va, bytes: 4 };
        let wide = Read { va, bytes: 8 };
        let wants_wide = value > u64::from(u32::MAX);
        let hit = |s: &Step| match (s.leaves_if_executed(wide), s.leaves_if_executed(narrow)) {
            (Left::Value(v), _) if v == value => Some(true),
            (Left::Unknown, Left::Value(v)) if v == value & 0xffff_ffff => Some(!wants_wide),
            _ => None,
        };
        let mut found: Option<(usize, bool)> = None;
        for (index, step) in self.steps.iter().enumerate() {
            if let Some(whole) = hit(step) {
                // An unconditional write of the whole value is as good as it gets.
                let better = |old: (usize, bool)| (whole, !step.conditional) > (old.1, !self.steps[old.0].conditional);
                if found.is_none_or(better) {
                    found = Some((index, whole));
                }
            }
        }
        let Some((index, whole)) = found else {
            let last = self.steps.iter().rev().map(|s| s.leaves(narrow)).find(|l| *l != Left::Same);
            let other = match last {
                Some(Left::Value(v)) => format!("; the last packet that writes there leaves {v:#x}"),
                Some(Left::Unknown) if self.may_write(narrow) => return,
                _ => alloc::string::String::new(),
            };
            let at = super::At::default();
            return self.find_at(at, &rules::FENCE_MISSING, format!("no packet writes {value:#x} to {va:#x}{other}"));
        };
        let (at, conditional) = (self.steps[index].at, self.steps[index].conditional);
        if !whole {
            let message = format!("{value:#x} needs 64 bits, and the packet writes 32 at {va:#x}");
            self.find_at(at, &rules::FENCE_WIDTH, message);
        }
        if conditional {
            self.find_at(at, &rules::FENCE_CONDITIONAL, format!("{value:#x} at {va:#x}"));
        }
        if self.blocked.is_some_and(|wait| wait < index) {
            self.find_at(at, &rules::FENCE_UNREACHABLE, format!("{value:#x} at {va:#x}"));
        }
    }

    /// Whether something that is stated, as a copy or an atomic, changes the place to what cannot be told.
    fn may_write(&self, read: Read) -> bool {
        self.steps.iter().any(|s| match &s.does {
            Does::Effect(Effect::Copy { .. } | Effect::Atomic { .. }) | Does::Scribble { .. } => {
                s.leaves(read) == Left::Unknown
            }
            Does::Launch(Effect::Dispatch(launch), _) => !launch.uses.is_empty() && s.leaves(read) == Left::Unknown,
            _ => false,
        })
    }
}

fn function_name(function: WaitFunction) -> &'static str {
    match function {
        WaitFunction::LESS => "<",
        WaitFunction::LESS_OR_EQUAL => "<=",
        WaitFunction::EQUAL => "==",
        WaitFunction::NOT_EQUAL => "!=",
        WaitFunction::GREATER_OR_EQUAL => ">=",
        WaitFunction::GREATER => ">",
        _ => "?",
    }
}
