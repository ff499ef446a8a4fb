//! Undefined bits in scratch and LDS, and on their way between memory and registers.
use super::registers::{LANES, Miss, Origin, Registers, Source};
use super::uses::{HI, Reg, Uses};
use super::{Space, Touch};
use crate::Access;
use isa::analysis::Effects;
use isa::{Format, Inst};
use std::collections::HashMap;

/// Dwords of a page of scratch.
const PAGE: u64 = 256;

/// Scratch of the waves, by address: what was never written is undefined.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    pages: HashMap<u64, Box<[u32; PAGE as usize]>>,
    /// Origins of dwords that something undefined was stored to.
    from: HashMap<u64, Origin>,
}

impl Scratch {
    /// Undefined bits of the bytes from `at` on, as far as its dword goes.
    fn word(&self, at: u64) -> u32 {
        let dword = at / 4;
        let u = self.pages.get(&(dword / PAGE)).map_or(!0, |p| p[(dword % PAGE) as usize]);
        u >> (8 * (at % 4))
    }

    fn origin(&self, at: u64) -> Option<Origin> {
        self.from.get(&(at / 4)).copied()
    }

    /// Bytes from `at` on within its dword.
    fn set(&mut self, at: u64, bytes: u32, u: u32, from: Option<Origin>) {
        let dword = at / 4;
        let page = self.pages.entry(dword / PAGE).or_insert_with(|| Box::new([!0; PAGE as usize]));
        let word = &mut page[(dword % PAGE) as usize];
        let shift = 8 * (at % 4) as u32;
        let touched = (u32::MAX >> (32 - 8 * bytes.clamp(1, 4))) << shift;
        *word = *word & !touched | u << shift & touched;
        match from {
            Some(from) if u != 0 => {
                self.from.insert(dword, from);
            }
            _ if *word == 0 && !self.from.is_empty() => {
                self.from.remove(&dword);
            }
            _ => {}
        }
    }
}

/// LDS of a group.
#[derive(Clone, Debug)]
pub(super) struct Lds {
    /// Undefined bits of each byte.
    u: Vec<u8>,
    from: HashMap<u64, Origin>,
}

impl Lds {
    pub fn new(bytes: usize) -> Lds {
        Lds { u: vec![!0; bytes], from: HashMap::new() }
    }

    fn byte(&self, at: u64) -> u8 {
        usize::try_from(at).ok().and_then(|at| self.u.get(at)).copied().unwrap_or(0)
    }

    fn origin(&self, at: u64) -> Option<Origin> {
        self.from.get(&(at / 4)).copied()
    }

    fn set(&mut self, at: u64, u: u8, from: Option<Origin>) {
        if let Some(byte) = usize::try_from(at).ok().and_then(|at| self.u.get_mut(at)) {
            *byte = u;
            if let (true, Some(from)) = (u != 0, from) {
                self.from.insert(at / 4, from);
            }
        }
    }
}

/// What a store of one lane looks like.
#[derive(Clone, Copy, Default)]
struct Stored {
    /// Undefined bits of each byte.
    u: [u8; 16],
    bytes: usize,
}

impl Stored {
    /// Undefined as a structure's padding, or the fourth element of a vector of three, is: whole bytes, with others that
    /// are defined. Of registers it must be the last quarter, or the half of 16 bytes.
    fn is_padding(&self, scratch: bool) -> bool {
        let u = &self.u[..self.bytes];
        let whole = u.iter().all(|&b| b == 0 || b == 0xff) && u.contains(&0);
        let n = self.bytes;
        let from = u.iter().position(|&b| b != 0).unwrap_or(n);
        let tail = u[from..].iter().all(|&b| b == 0xff);
        let quarter = matches!(n, 4 | 8 | 16) && from == n / 4 * 3 || n == 16 && from == 8;
        whole && (scratch || tail && quarter)
    }
}

/// Takes the accesses of an instruction that ran: loads bring what memory has, stores take it there. Undefined values
/// stored to memory that others see are the misses.
#[allow(clippy::too_many_arguments)]
pub(super) fn transfer(
    regs: &mut Registers,
    scratch: &mut Scratch,
    lds: &mut Lds,
    inst: &Inst,
    uses: &Uses,
    e: &Effects,
    touches: &[Touch],
    pc: u64,
) -> Option<Miss> {
    if inst.format() == Format::Ldsdir {
        direct(regs, lds, inst, touches, pc);
        return None;
    }
    let data = uses.data?;
    if touches.iter().all(|t| t.space == Space::Global) && !regs.dirty(&e.reads) {
        return None;
    }
    let mut done = [0usize; LANES];
    let mut bad = [Stored::default(); LANES];
    let (mut faulty, mut padded) = (0u64, 0u64);
    let mut blamed: Option<(u8, u32, Origin)> = None;
    let mut loads: Vec<(usize, usize, u32, u32, Option<Origin>)> = Vec::new();
    for t in touches {
        let Some(lane) = t.lane.map(|l| l as usize & 63) else { continue };
        let so_far = done[lane];
        done[lane] += t.len as usize;
        if !t.inside {
            continue;
        }
        let (is_scratch, is_lds) = (t.space == Space::Scratch, t.space == Space::Lds);
        if t.kind != Access::Write && data.loaded.is_some() && (is_scratch || is_lds) {
            let Some(first) = data.loaded else { continue };
            let mut word = 0u32;
            let mut from = None;
            // Scratch is touched dword by dword.
            let piece = if is_scratch { scratch.word(t.at) } else { 0 };
            for k in 0..t.len as u64 {
                let at = t.at.wrapping_add(k);
                let u = if is_lds { lds.byte(at) } else { (piece >> (8 * (k % 4))) as u8 };
                let position = so_far + k as usize;
                word |= (u as u32) << (8 * (position % 4));
                if u != 0 && from.is_none() {
                    let stored = if is_lds { lds.origin(at) } else { scratch.origin(at) };
                    let what = if is_lds { Source::Lds(at) } else { Source::Scratch(at) };
                    from = Some(stored.unwrap_or(Origin { what, pc, written: 0 }));
                }
                if position % 4 == 3 || k + 1 == t.len as u64 {
                    let touched = u32::MAX >> (31 - (8 * (position as u32 % 4) + 7));
                    loads.push((first as usize + position / 4, lane, word, touched, from));
                    word = 0;
                }
            }
        }
        if t.kind == Access::Read {
            continue;
        }
        let Some(regs_of) = data.stored else {
            // What goes from memory to LDS.
            if is_lds {
                (0..t.len as u64).for_each(|k| lds.set(t.at.wrapping_add(k), 0, None));
            }
            continue;
        };
        // The second half of a pair has a register of its own; an atomic's operands count as one.
        let (first, offset) = match data.pair && so_far > 0 {
            true => (regs_of[1] as usize, so_far - t.len as usize),
            false => (regs_of[0] as usize, so_far),
        };
        let shift = data.stored_at;
        let mut atomic = 0;
        let (mut piece, mut piece_from) = (0u32, None);
        if data.atomic {
            let pair = matches!(inst.format(), Format::Ds) && inst.row().operand(isa::row::Slot::Data1).is_some();
            for from in regs_of.into_iter().take(1 + pair as usize) {
                (0..data.dwords as usize).for_each(|d| atomic |= regs.vgpr(from as usize + d, lane));
            }
        }
        // What an atomic leaves depends on what it found, but for an exchange.
        let mut found = None;
        if data.atomic && t.space == Space::Lds && !inst.row().name.contains("storexchg") {
            let at = (0..t.len as u64).map(|k| t.at.wrapping_add(k)).find(|&at| lds.byte(at) != 0);
            found = at.map(|at| lds.origin(at).unwrap_or(Origin { what: Source::Lds(at), pc, written: 0 }));
        }
        for k in 0..t.len as u64 {
            let position = offset + k as usize;
            let reg = first + (position + shift as usize / 8) / 4;
            let word = if data.atomic { if atomic != 0 { !0 } else { 0 } } else { regs.vgpr(reg, lane) };
            let u = (word >> (8 * ((position + shift as usize / 8) % 4))) as u8;
            let from = if u != 0 { regs.origin(reg) } else { None };
            let at = t.at.wrapping_add(k);
            match t.space {
                Space::Scratch => {
                    piece |= (u as u32) << (8 * (k % 4));
                    piece_from = piece_from.or(from);
                }
                Space::Lds if found.is_some() => lds.set(at, !0, found),
                Space::Lds => lds.set(at, u, from),
                _ => {
                    let s = &mut bad[lane];
                    if let Some(byte) = s.u.get_mut(position) {
                        *byte = u;
                        s.bytes = s.bytes.max(position + 1);
                    }
                    if u != 0 && blamed.is_none() {
                        let name = reg.min(255) as u8;
                        blamed = Some((name, word, regs.origin_of(Reg::V(name), pc)));
                    }
                }
            }
        }
        if t.space == Space::Scratch {
            scratch.set(t.at, t.len, piece, piece_from);
        }
    }
    for (lane, s) in bad.iter().enumerate().filter(|(_, s)| s.u.iter().any(|&u| u != 0)) {
        let from_scratch = blamed.is_some_and(|b| matches!(b.2.what, Source::Scratch(_)));
        if !data.atomic && s.is_padding(from_scratch) {
            padded |= 1 << lane;
        } else {
            faulty |= 1 << lane;
        }
    }
    // The first lane's origin stays.
    for (reg, lane, word, touched, from) in loads.into_iter().rev() {
        // A load of less than a dword extends it, or keeps the other half.
        let sub = done[lane] < 4;
        let mut u = word;
        if sub && data.signed && word & (touched ^ touched >> 1) != 0 {
            u |= !touched;
        }
        let mut new = [0; LANES];
        new[lane] = if data.loaded_bits == HI { u << 16 } else { u };
        regs.set(reg, 1 << lane, data.loaded_bits, &new, from);
    }
    let (reg, bits, from) = blamed?;
    let lanes = if faulty != 0 { faulty } else { padded };
    (lanes != 0).then_some(Miss { reg: Reg::V(reg), bits, lanes, from, padding: faulty == 0 })
}

/// `lds_direct_load`: the bytes go to all lanes that it writes.
fn direct(regs: &mut Registers, lds: &Lds, inst: &Inst, touches: &[Touch], pc: u64) {
    let Some(t) = touches.first() else { return };
    let u = (0..t.len as u64).any(|k| lds.byte(t.at + k) != 0);
    if u {
        let from = lds.origin(t.at).unwrap_or(Origin { what: Source::Lds(t.at), pc, written: 0 });
        regs.set(inst.vdst as usize, !0, !0, &[!0; LANES], Some(from));
    }
}
