//! Which bits of a wave's registers were written, lane by lane, and where undefined ones came from.
use super::bits::{self, Bits, Rule, Scc};
use super::uses::{BOTH, Lanes, Need, Part, REAL, Reg, Uses};
use super::{Begin, WaveView};
use crate::host::Portable;
use crate::lanes::{DppMap, swizzle};
use crate::program::INLINE32;
use isa::analysis::Effects;
use isa::row::{Class, Format, Slot};
use isa::{Inst, Op, Unit};

/// Lanes of the largest wave.
pub(super) const LANES: usize = 64;

/// What nothing was written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    Register(Reg),
    /// Bytes of a lane's scratch, by address.
    Scratch(u64),
    /// Bytes of LDS.
    Lds(u64),
}

/// Where an undefined value came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Origin {
    pub what: Source,
    /// The first instruction that took it in; 0 for none yet.
    pub pc: u64,
    /// The last one that wrote to other lanes or bits of the register; 0 for none.
    pub written: u64,
}

/// A consequential use of something undefined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Miss {
    pub reg: Reg,
    /// Bits that lack, in any of the lanes.
    pub bits: u32,
    pub lanes: u64,
    pub from: Origin,
    /// It looks like the padding of a structure or of a vector of three.
    pub padding: bool,
}

/// Where DPP has each lane read, and the lanes it writes.
struct Crossing {
    from: [Option<usize>; LANES],
    write: u64,
}

fn crossing(inst: &Inst, w: &WaveView<'_>) -> Option<Crossing> {
    let map = DppMap::new(inst.dpp, w.lanes as usize)?;
    let write = if w.lanes == 64 { map.write::<_, 64>(Portable, w.exec) } else { map.write::<_, 32>(Portable, w.exec) };
    Some(Crossing { from: map.sources(w.exec), write })
}

/// A VGPR's new bits in some lanes.
struct Out {
    reg: usize,
    lanes: u64,
    /// Bits that are replaced.
    bits: u32,
    u: [u32; LANES],
    from: Option<Origin>,
}

/// The registers of one wave.
#[derive(Clone, Debug)]
pub(super) struct Registers {
    /// Undefined bits of each VGPR.
    v: Vec<[u32; LANES]>,
    /// VGPRs with any.
    any: [u64; 4],
    v_from: Vec<Origin>,
    v_by: Vec<u64>,
    /// Undefined bits of scalar registers.
    s: [u32; 128],
    s_from: [Origin; 128],
    s_by: [u64; 128],
    scc: Option<Origin>,
    lanes: u64,
}

impl Registers {
    pub fn new(begin: &Begin) -> Registers {
        let n = begin.vgprs.clamp(1, 256) as usize;
        let of = |reg| Origin { what: Source::Register(reg), pc: 0, written: 0 };
        let mut any = [0u64; 4];
        (1..n).for_each(|k| any[k / 64] |= 1 << (k % 64));
        let lanes = begin.wave_size.lanes() as usize;
        let mut v = vec![std::array::from_fn(|l| if l < lanes { !0 } else { 0 }); n];
        v[0] = [0; LANES];
        let set = begin.sgprs.min(106) as usize;
        let s = std::array::from_fn(|k| if k >= set && REAL >> k & 1 != 0 { !0 } else { 0 });
        Registers {
            v,
            any,
            v_from: (0..n).map(|k| of(Reg::V(k as u8))).collect(),
            v_by: vec![0; n],
            s,
            s_from: std::array::from_fn(|k| of(Reg::S(k as u8))),
            s_by: [0; 128],
            scc: Some(of(Reg::Scc)),
            lanes: if begin.wave_size.lanes() == 64 { !0 } else { 0xffff_ffff },
        }
    }

    pub fn vgpr(&self, reg: usize, lane: usize) -> u32 {
        self.v.get(reg).map_or(0, |v| v[lane & 63])
    }

    pub fn origin(&self, reg: usize) -> Option<Origin> {
        self.v_from.get(reg).copied()
    }

    /// Whether anything among these is undefined, in any lane.
    pub fn dirty(&self, reads: &isa::analysis::Regs) -> bool {
        let mut s = reads.s & REAL;
        let mut scalar = false;
        while s != 0 {
            scalar |= self.s[s.trailing_zeros() as usize] != 0;
            s &= s - 1;
        }
        scalar || reads.scc && self.scc.is_some() || reads.v.iter().zip(&self.any).any(|(a, b)| a & b != 0)
    }

    /// Replaces bits of a VGPR in some lanes.
    pub fn set(&mut self, reg: usize, lanes: u64, bits: u32, u: &[u32; LANES], from: Option<Origin>) {
        let Some(v) = self.v.get_mut(reg) else { return };
        let (mut any, mut new) = (0, 0);
        for (lane, v) in v.iter_mut().enumerate() {
            if lanes >> lane & 1 != 0 {
                *v = *v & !bits | u[lane] & bits;
                new |= u[lane] & bits;
            }
            any |= if self.lanes >> lane & 1 != 0 { *v } else { 0 };
        }
        let bit = 1 << (reg % 64);
        if any != 0 {
            self.any[reg / 64] |= bit;
        } else {
            self.any[reg / 64] &= !bit;
        }
        if let (true, Some(from)) = (new != 0, from) {
            self.v_from[reg] = from;
        }
    }

    fn set_scalar(&mut self, reg: u8, u: u32, from: Option<Origin>, pc: u64) {
        if reg >= 128 || REAL >> reg & 1 == 0 {
            return;
        }
        let k = reg as usize;
        (self.s[k], self.s_by[k]) = (u, pc);
        if let (true, Some(from)) = (u != 0, from) {
            self.s_from[k] = from;
        }
    }

    /// The origin of a register's undefined bits, taken in by the instruction at `pc`.
    pub fn origin_of(&self, reg: Reg, pc: u64) -> Origin {
        let (mut o, by) = match reg {
            Reg::V(k) => (self.v_from[(k as usize).min(self.v_from.len() - 1)], self.v_by.get(k as usize).copied()),
            Reg::S(k) => (self.s_from[k as usize & 127], Some(self.s_by[k as usize & 127])),
            Reg::Scc => (self.scc.unwrap_or(Origin { what: Source::Register(Reg::Scc), pc: 0, written: 0 }), None),
        };
        if o.pc == 0 {
            o.pc = pc;
            if o.what == Source::Register(reg) {
                o.written = by.unwrap_or(0);
            }
        }
        o
    }

    /// The number of the lane that a readlane or writelane names.
    fn named(inst: &Inst, w: &WaveView<'_>) -> u32 {
        let n = match inst.src[1] {
            k @ 0..=127 => w.scalar(k as usize),
            k @ 128..=192 => k as u32 - 128,
            _ => 0,
        };
        n % w.lanes
    }

    fn mask(lanes: Lanes, inst: &Inst, w: &WaveView<'_>) -> u64 {
        match lanes {
            Lanes::Exec => w.exec,
            Lanes::All => w.all(),
            Lanes::Named => 1 << Self::named(inst, w),
            Lanes::First => 1 << if w.exec == 0 { 0 } else { w.exec.trailing_zeros() },
            Lanes::Source => crossing(inst, w).map_or(w.exec, |c| c.write),
        }
    }

    /// A source of one or two dwords in one lane.
    fn read(&self, code: u16, dwords: u8, inst: &Inst, w: &WaveView<'_>, lane: usize) -> Bits {
        let mut r = Bits::default();
        for d in 0..dwords.min(2) as u16 {
            let (v, u) = match code {
                256.. => {
                    let reg = (code - 256 + d) as usize & 255;
                    (w.vgpr(reg, lane), self.vgpr(reg, lane))
                }
                124 => (0, 0),
                0..=127 => {
                    let k = (code + d) as usize & 127;
                    (w.scalar(k), self.s[k])
                }
                253 => (w.scc as u32, self.scc.is_some() as u32),
                _ => constant(code, inst.literal, d, dwords),
            };
            r.v |= (v as u64) << (32 * d);
            r.u |= (u as u64) << (32 * d);
        }
        r
    }

    /// The first undefined one among sources.
    fn blame(&self, codes: &[(u16, u8)], pc: u64) -> Option<Origin> {
        for &(code, n) in codes {
            for d in 0..n as u16 {
                match code {
                    256.. if self.v.get((code - 256 + d) as usize).is_some_and(|v| v.iter().any(|u| *u != 0)) => {
                        return Some(self.origin_of(Reg::V((code - 256 + d) as u8), pc));
                    }
                    0..=127 if self.s[(code + d) as usize & 127] != 0 => {
                        return Some(self.origin_of(Reg::S((code + d) as u8), pc));
                    }
                    253 if self.scc.is_some() => return Some(self.origin_of(Reg::Scc, pc)),
                    _ => {}
                }
            }
        }
        None
    }

    /// Runs an instruction: `w` is the wave before it. Gives the consequential uses of undefined values.
    pub fn step(&mut self, uses: &Uses, e: &Effects, inst: &Inst, w: &WaveView<'_>, pc: u64) -> Vec<Miss> {
        let mut misses = Vec::new();
        if !uses.indirect && !self.dirty(&e.reads) {
            for g in &uses.gives {
                if self.any[g.reg as usize / 64] >> (g.reg % 64) & 1 != 0 {
                    self.set(g.reg as usize, Self::mask(g.lanes, inst, w), g.bits, &[0; LANES], None);
                }
            }
            self.wrote(uses, inst, w, pc);
            let mut s = e.writes.s & REAL;
            while s != 0 {
                let k = s.trailing_zeros() as usize;
                (self.s[k], self.s_by[k]) = (0, pc);
                s &= s - 1;
            }
            if e.writes.scc {
                self.scc = None;
            }
            return misses;
        }
        self.sinks(uses, inst, w, pc, &mut misses);
        if uses.scalar {
            self.scalar(inst, e, w, pc, &mut misses);
        } else if uses.parts.is_empty() {
            self.branch(inst, w, pc, &mut misses);
            for g in &uses.gives {
                self.set(g.reg as usize, Self::mask(g.lanes, inst, w), g.bits, &[0; LANES], None);
            }
            (0..128u8).filter(|&k| e.writes.has_scalar(k)).for_each(|k| self.set_scalar(k, 0, None, pc));
            if e.writes.scc {
                self.scc = None;
            }
        } else {
            let (mut outs, mut scalars) = (Vec::new(), Vec::new());
            for part in &uses.parts {
                self.part(part, inst, w, pc, &mut outs, &mut scalars, &mut misses);
            }
            for o in outs {
                self.set(o.reg, o.lanes, o.bits, &o.u, o.from);
            }
            for (reg, u, from) in scalars {
                self.set_scalar(reg, u, from, pc);
            }
        }
        self.wrote(uses, inst, w, pc);
        misses
    }

    fn wrote(&mut self, uses: &Uses, inst: &Inst, w: &WaveView<'_>, pc: u64) {
        for g in &uses.gives {
            if (w.exec != 0 || Self::mask(g.lanes, inst, w) != 0)
                && let Some(by) = self.v_by.get_mut(g.reg as usize)
            {
                *by = pc;
            }
        }
    }

    /// What decides at once. It counts as defined from here on: what follows from it is no fault of its own.
    fn sinks(&mut self, uses: &Uses, inst: &Inst, w: &WaveView<'_>, pc: u64, misses: &mut Vec<Miss>) {
        let mut vector = false;
        for need in &uses.sinks {
            if let Some(m) = self.lacks(need, Self::mask(need.lanes, inst, w), pc) {
                self.set(need.reg as usize, m.lanes, BOTH, &[0; LANES], None);
                if !vector {
                    misses.push(m);
                }
                vector = true;
            }
        }
        // Without an active lane there is no access.
        let idle = w.exec == 0 && matches!(inst.row().unit(), Unit::Vmem | Unit::Lds | Unit::Export);
        if idle {
            return;
        }
        let mut first = true;
        for k in (0..128u8).filter(|&k| uses.sink_scalars >> k & 1 != 0) {
            if self.s[k as usize] != 0 {
                if first {
                    misses.push(self.scalar_miss(Reg::S(k), pc));
                }
                self.s[k as usize] = 0;
                first = false;
            }
        }
        if uses.sink_scc && self.scc.is_some() {
            misses.push(self.scalar_miss(Reg::Scc, pc));
            self.scc = None;
        }
    }

    fn scalar_miss(&self, reg: Reg, pc: u64) -> Miss {
        let bits = match reg {
            Reg::S(k) => self.s[k as usize & 127],
            _ => BOTH,
        };
        Miss { reg, bits, lanes: 0, from: self.origin_of(reg, pc), padding: false }
    }

    fn lacks(&self, need: &Need, lanes: u64, pc: u64) -> Option<Miss> {
        let v = self.v.get(need.reg as usize)?;
        let (mut bits, mut hit) = (0, 0);
        for (lane, u) in v.iter().enumerate().filter(|(lane, _)| lanes >> lane & 1 != 0) {
            if u & need.bits != 0 {
                bits |= u & need.bits;
                hit |= 1u64 << lane;
            }
        }
        let reg = Reg::V(need.reg);
        (hit != 0).then(|| Miss { reg, bits, lanes: hit, from: self.origin_of(reg, pc), padding: false })
    }

    /// A branch on VCC depends on it only if no defined bit decides.
    fn branch(&mut self, inst: &Inst, w: &WaveView<'_>, pc: u64, misses: &mut Vec<Miss>) {
        if !matches!(inst.op, Op::S_CBRANCH_VCCZ | Op::S_CBRANCH_VCCNZ) {
            return;
        }
        let regs: &[u8] = if w.lanes == 64 { &[106, 107] } else { &[106] };
        let decided = regs.iter().any(|&k| w.scalar(k as usize) & !self.s[k as usize] != 0);
        if let (false, Some(&k)) = (decided, regs.iter().find(|&&k| self.s[k as usize] != 0)) {
            misses.push(self.scalar_miss(Reg::S(k), pc));
            regs.iter().for_each(|&k| self.s[k as usize] = 0);
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn part(
        &self,
        part: &Part,
        inst: &Inst,
        w: &WaveView<'_>,
        pc: u64,
        outs: &mut Vec<Out>,
        scalars: &mut Vec<(u8, u32, Option<Origin>)>,
        misses: &mut Vec<Miss>,
    ) {
        let cross = crossing(inst, w);
        let written = cross.as_ref().map_or(w.exec, |c| c.write);
        // The lane that a lane reads its first source from; none for a 0.
        let first = |lane: usize| cross.as_ref().map_or(Some(lane), |c| c.from[lane]);
        let mut mask_out = |to: u8, bits: u64, from: Option<Origin>| {
            scalars.push((to, bits as u32, from));
            if w.lanes == 64 && to < 127 {
                scalars.push((to + 1, (bits >> 32) as u32, from));
            }
        };
        // A bit a lane of a mask in scalar registers.
        let undefined_mask = |code: u8| {
            if REAL >> (code & 127) & 1 == 0 {
                return 0;
            }
            let k = code as usize & 127;
            let high = if w.lanes == 64 { self.s[(k + 1) & 127] as u64 } else { 0 };
            self.s[k] as u64 | high << 32
        };
        match part {
            Part::Move { to, from, lanes, bits } => {
                let write = Self::mask(*lanes, inst, w);
                let mut u = [0; LANES];
                for (lane, u) in u.iter_mut().enumerate().filter(|(l, _)| write >> l & 1 != 0) {
                    let from_lane = if *lanes == Lanes::Source { first(lane) } else { Some(lane) };
                    *u = from_lane.map_or(0, |l| self.read(*from, 1, inst, w, l).u as u32);
                }
                outs.push(Out { reg: *to as usize, lanes: write, bits: *bits, u, from: self.blame(&[(*from, 1)], 0) });
            }
            Part::ToScalar { to, from, lanes } => {
                let lane = Self::mask(*lanes, inst, w).trailing_zeros() as usize;
                scalars.push((*to, self.read(*from, 1, inst, w, lane).u as u32, self.blame(&[(*from, 1)], 0)));
            }
            Part::Select { to, from, mask, bits } => {
                let (unknown, mask_now) = (undefined_mask(*mask), w.mask(*mask as usize));
                let mut u = [0; LANES];
                for (lane, u) in u.iter_mut().enumerate().filter(|(l, _)| written >> l & 1 != 0) {
                    let a = first(lane).map_or(Bits::default(), |l| self.read(from[0], 1, inst, w, l));
                    let b = self.read(from[1], 1, inst, w, lane);
                    *u = match (unknown >> lane & 1 != 0, mask_now >> lane & 1 != 0) {
                        (true, _) => (a.u | b.u | a.v ^ b.v) as u32,
                        (_, true) => b.u as u32,
                        _ => a.u as u32,
                    };
                }
                let n = if w.lanes == 64 { 2 } else { 1 };
                let mask_first = unknown & written != 0;
                let codes = [(*mask as u16, n), (from[0], 1), (from[1], 1)];
                let from = self.blame(if mask_first { &codes } else { &codes[1..] }, pc);
                outs.push(Out { reg: *to as usize, lanes: written, bits: *bits, u, from });
            }
            Part::Exact { rule, to, dwords, from, mask_to, carry } => {
                let unknown = carry.map_or(0, undefined_mask);
                let mut u = [[0; LANES]; 2];
                let mut flags = 0u64;
                for lane in (0..w.lanes as usize).filter(|l| written >> l & 1 != 0) {
                    let s: [Bits; 3] = std::array::from_fn(|k| {
                        let lane = if k == 0 { first(lane) } else { Some(lane) };
                        match (from[k], lane) {
                            (Some((code, n)), Some(lane)) => self.read(code, n, inst, w, lane),
                            _ => Bits::default(),
                        }
                    });
                    let carried = unknown >> lane & 1 != 0;
                    let r = if carried { !0 } else { bits::apply(*rule, 32 * *dwords as u32, s).u };
                    let any = carried || s.iter().any(|s| s.u != 0);
                    flags |= (if *rule == Rule::Equal { r & 1 != 0 } else { any } as u64) << lane;
                    (u[0][lane], u[1][lane]) = (r as u32, (r >> 32) as u32);
                }
                let mut codes: Vec<(u16, u8)> = from.iter().flatten().copied().collect();
                codes.extend(carry.map(|c| (c as u16, 1 + (w.lanes == 64) as u8)));
                let from = self.blame(&codes, pc);
                for (d, u) in u.into_iter().enumerate().take(*dwords as usize) {
                    if let Some(to) = to {
                        outs.push(Out { reg: *to as usize + d, lanes: written, bits: BOTH, u, from });
                    }
                }
                if let Some(to) = mask_to {
                    mask_out(*to, flags, from);
                }
            }
            Part::Whole { needs, scalars: s, mask, to, mask_to, cmpx } => {
                let mut lacking = mask.map_or(0, undefined_mask);
                let mut from = mask.filter(|_| lacking & w.exec != 0).and_then(|m| self.blame(&[(m as u16, 2)], pc));
                let mut reg = mask.map(Reg::S);
                for need in needs {
                    let Some(v) = self.v.get(need.reg as usize) else { continue };
                    let mut hit = 0u64;
                    for lane in (0..w.lanes as usize).filter(|l| written >> l & 1 != 0) {
                        let at = if need.lanes == Lanes::Source { first(lane) } else { Some(lane) };
                        hit |= (at.is_some_and(|at| v[at] & need.bits != 0) as u64) << lane;
                    }
                    if hit != 0 && from.is_none() {
                        (from, reg) = (Some(self.origin_of(Reg::V(need.reg), pc)), Some(Reg::V(need.reg)));
                    }
                    lacking |= hit;
                }
                if let Some(k) = (0..128u8).find(|&k| s >> k & 1 != 0 && self.s[k as usize] != 0) {
                    lacking = !0;
                    if from.is_none() {
                        (from, reg) = (Some(self.origin_of(Reg::S(k), pc)), Some(Reg::S(k)));
                    }
                }
                let lacking = lacking & written;
                for t in to {
                    let u = std::array::from_fn(|l| if lacking >> l & 1 != 0 { !0 } else { 0 });
                    outs.push(Out { reg: t.reg as usize, lanes: written, bits: t.bits, u, from });
                }
                if let Some(to) = mask_to {
                    mask_out(*to, lacking, from);
                }
                if let (true, Some(reg), Some(from)) = (*cmpx && lacking != 0, reg, from) {
                    misses.push(Miss { reg, bits: BOTH, lanes: lacking, from, padding: false });
                }
            }
            Part::Wmma { ab, c, to, n } => {
                let mut bad = ab
                    .iter()
                    .filter(|&&k| self.v.get(k as usize).is_some_and(|v| (0..w.lanes as usize).any(|l| v[l] != 0)));
                let bad = bad.next().map(|&k| self.origin_of(Reg::V(k), pc));
                for d in 0..*n {
                    let c = c.map(|c| c.wrapping_add(d)).filter(|&c| (c as usize) < self.v.len());
                    let u = match (bad, c) {
                        (Some(_), _) => [!0; LANES],
                        (None, Some(c)) => self.v[c as usize].map(|u| if u != 0 { !0 } else { 0 }),
                        _ => [0; LANES],
                    };
                    let from = bad.or_else(|| c.map(|c| self.origin_of(Reg::V(c), pc)));
                    outs.push(Out { reg: to.wrapping_add(d) as usize, lanes: w.all(), bits: BOTH, u, from });
                }
            }
            Part::Permlane | Part::Cross | Part::Relative => self.moved(part, inst, w, outs),
        }
    }

    /// Values that go from lane to lane, or to a register that M0 names.
    fn moved(&self, part: &Part, inst: &Inst, w: &WaveView<'_>, outs: &mut Vec<Out>) {
        let lanes = w.lanes as usize;
        let zero = [0; LANES];
        let vgpr = |k: usize| self.v.get(k).unwrap_or(&zero);
        let origin = |k: usize| self.v_from.get(k).copied();
        let on = |lane: usize| w.exec >> lane & 1 != 0;
        let mut u = [0; LANES];
        match part {
            Part::Permlane => {
                let Some(src) = inst.src[0].checked_sub(256).map(usize::from) else { return };
                let sel = |k: usize| self.read(inst.src[k], 1, inst, w, 0).v;
                let select = sel(1) | sel(2) << 32;
                let (fi, bound) = (inst.mods.opsel & 1 != 0, inst.mods.opsel & 2 != 0);
                let x = if inst.op == Op::V_PERMLANEX16_B32 { 16 } else { 0 };
                let old = vgpr(inst.vdst as usize);
                for (l, u) in u.iter_mut().enumerate().take(lanes) {
                    if inst.op == Op::V_PERMLANE64_B32 {
                        *u = if lanes == 64 { vgpr(src)[l ^ 32] } else { old[l] };
                        continue;
                    }
                    let from = ((l & !15) ^ x) + (select >> (4 * (l & 15)) & 15) as usize;
                    *u = if fi || on(from) {
                        vgpr(src)[from]
                    } else if bound {
                        0
                    } else {
                        old[l]
                    };
                }
                outs.push(Out { reg: inst.vdst as usize, lanes: w.exec, bits: BOTH, u, from: origin(src) });
            }
            Part::Cross => {
                let m = &inst.mem;
                let offset = inst.imm as u32;
                let at = |l: usize| w.vgpr(m.addr as usize, l).wrapping_add(offset) >> 2 & 31;
                let pick = |l: usize| l & !31 | at(l) as usize;
                let data = if inst.op == Op::DS_SWIZZLE_B32 { m.addr } else { m.data0 } as usize;
                for l in 0..lanes {
                    match inst.op {
                        Op::DS_PERMUTE_B32 if on(l) => u[pick(l)] = vgpr(data)[l],
                        Op::DS_PERMUTE_B32 => {}
                        Op::DS_BPERMUTE_B32 => u[l] = if on(pick(l)) { vgpr(data)[pick(l)] } else { 0 },
                        // The order of a Fourier transform: whichever lane of the half it is.
                        _ if offset >= 0xe000 => {
                            u[l] = (0..32).map(|k| l & !31 | k).filter(|&k| on(k)).fold(0, |u, k| u | vgpr(data)[k]);
                        }
                        _ => {
                            let from = swizzle(offset, l);
                            u[l] = if on(from) { vgpr(data)[from] } else { 0 };
                        }
                    }
                }
                outs.push(Out { reg: inst.vdst as usize, lanes: w.exec, bits: BOTH, u, from: origin(data) });
            }
            _ => {
                let Some((to, from, swap)) = relative(inst, w.scalar(125)) else { return };
                if swap {
                    let (a, b) = (to, from as usize - 256);
                    for (to, from) in [(a, b), (b, a)] {
                        outs.push(Out { reg: to, lanes: w.exec, bits: BOTH, u: *vgpr(from), from: origin(from) });
                    }
                    return;
                }
                let cross = crossing(inst, w);
                for (l, u) in u.iter_mut().enumerate().take(lanes) {
                    let at = cross.as_ref().map_or(Some(l), |c| c.from[l]);
                    *u = at.map_or(0, |at| match from.checked_sub(256) {
                        Some(k) => vgpr(k as usize)[at],
                        None => self.read(from as u16, 1, inst, w, at).u as u32,
                    });
                }
                let from = from.checked_sub(256).and_then(|k| origin(k as usize));
                outs.push(Out { reg: to, lanes: cross.map_or(w.exec, |c| c.write), bits: BOTH, u, from });
            }
        }
    }

    fn scalar(&mut self, inst: &Inst, e: &Effects, w: &WaveView<'_>, pc: u64, misses: &mut Vec<Miss>) {
        let row = inst.row();
        let size = |slot| row.operand(slot).map_or(1, |o| o.ty.dwords(w.lanes == 64));
        let [a, b, _] = inst.src;
        let read = |this: &Self, code: u16, n: u8| this.read(code, n, inst, w, 0);
        let (na, nb, nd) = (size(Slot::Src0), size(Slot::Src1), size(Slot::Sdst));
        let d = inst.sdst as u16;
        let sopk = row.format == Format::Sopk;
        let imm = Bits::known(inst.imm as i64 as u64);
        let blame = self.blame(&[(a, na), (b, nb)], pc);
        let old = |this: &Self| read(this, d, nd);
        // The new value, and whether SCC is undefined where it is written.
        let mut scc = self.scc;
        let mut exec = 0u64;
        let result = match inst.op {
            Op::S_CSELECT_B32 | Op::S_CSELECT_B64 => {
                let (x, y) = (read(self, a, na), read(self, b, nb));
                self.choose(x, y, w.scc, pc)
            }
            Op::S_CMOV_B32 | Op::S_CMOV_B64 => {
                let (x, y) = (read(self, a, na), old(self));
                self.choose(x, y, w.scc, pc)
            }
            Op::S_CMOVK_I32 => self.choose(imm, old(self), w.scc, pc),
            Op::S_BITSET0_B32 | Op::S_BITSET1_B32 | Op::S_BITSET0_B64 | Op::S_BITSET1_B64 => {
                let (n, x) = (read(self, a, 1), old(self));
                let u = if n.u & 63 != 0 { !0 } else { x.u & !(1u64 << (n.v & (32 * nd as u64 - 1))) };
                (Bits { v: 0, u }, if n.u != 0 { blame } else { self.blame(&[(d, nd)], pc) })
            }
            Op::S_MOVRELS_B32 | Op::S_MOVRELS_B64 | Op::S_MOVRELD_B32 | Op::S_MOVRELD_B64 | Op::S_MOVRELSD_2_B32 => {
                let m0 = w.scalar(125);
                let wide = matches!(inst.op, Op::S_MOVRELS_B64 | Op::S_MOVRELD_B64);
                let (from, to) = match inst.op {
                    Op::S_MOVRELS_B32 | Op::S_MOVRELS_B64 => (m0, 0),
                    Op::S_MOVRELSD_2_B32 => (m0 & 0x3ff, m0 >> 16 & 0x3ff),
                    _ => (0, m0),
                };
                let even = if wide { !1 } else { !0 };
                let (from, to) = ((a as u32).saturating_add(from) & even, (d as u32).saturating_add(to) & even);
                let n = 1 + wide as u8;
                // Constants are no registers, and neither is what lies beyond them.
                let x = if a < 128 && from < 128 { read(self, from as u16, n) } else { Bits::default() };
                let from = self.blame(&[(from.min(128) as u16, n)], 0);
                for k in 0..n as u32 {
                    if to + k < 128 {
                        self.set_scalar((to + k) as u8, (x.u >> (32 * k)) as u32, from, pc);
                    }
                }
                return;
            }
            op => {
                if let Some(rule) = bits::exec(op) {
                    let now = Bits::known(w.exec);
                    let r = bits::apply(rule, 32 * na as u32, [read(self, a, na), now, Bits::default()]);
                    exec = r.u;
                    scc = None;
                    (Bits::default(), blame)
                } else if let Some((rule, how)) = bits::scalar(op) {
                    let s = match (sopk, op) {
                        (true, _) => [old(self), imm, Bits::default()],
                        _ if is_self(op) && a == b => [Bits::default(); 3],
                        _ => [read(self, a, na), read(self, b, nb), Bits::default()],
                    };
                    let blame = if sopk { self.blame(&[(d, nd)], pc) } else { blame };
                    let width = if how == Scc::Result { na } else { nd };
                    let r = bits::apply(rule, 32 * width as u32, s);
                    let open = match how {
                        Scc::Kept => None,
                        Scc::NotZero => (r.u != 0 && r.v & !r.u == 0).then_some(blame),
                        Scc::Any => s.iter().any(|s| s.u != 0).then_some(blame),
                        Scc::Result => (r.u & 1 != 0).then_some(blame),
                    };
                    if how != Scc::Kept {
                        scc = open.flatten();
                    }
                    (r, blame)
                } else {
                    // All of it, as soon as a bit is.
                    let mut codes: Vec<(u16, u8)> =
                        (0..126).filter(|&k| e.reads.has_scalar(k)).map(|k| (k as u16, 1)).collect();
                    if e.reads.scc {
                        codes.push((253, 1));
                    }
                    let blame = self.blame(&codes, pc);
                    if e.writes.scc {
                        scc = blame;
                    }
                    (Bits { v: 0, u: if blame.is_some() { !0 } else { 0 } }, blame)
                }
            }
        };
        let (bits, from) = result;
        let from = from.or(blame).or_else(|| self.blame(&[(d, nd)], pc));
        let moved = matches!(inst.op, Op::S_MOV_B32 | Op::S_MOV_B64 | Op::S_CSELECT_B32 | Op::S_CSELECT_B64);
        let from = if moved { self.unmoved(from, pc) } else { from };
        let writes = row.operands.iter().any(|o| o.slot == Slot::Sdst && o.output && o.class != Class::Num);
        for k in 0..nd as u16 {
            let u = (bits.u >> (32 * k)) as u32;
            match d + k {
                _ if !writes => {}
                126 | 127 => exec |= (u as u64) << (32 * (d + k - 126)),
                to @ 0..128 => self.set_scalar(to as u8, u, from, pc),
                _ => {}
            }
        }
        self.scc = scc;
        let exec = exec & w.all();
        if exec != 0 {
            // Which of the operands it is; the lanes are those that it decides about.
            let from_scalar = |k: u8| e.reads.has_scalar(k) && self.s[k as usize] != 0;
            let reg = (0..126u8).find(|&k| from_scalar(k)).map_or(Reg::Scc, Reg::S);
            let from = from.or(blame).unwrap_or(self.origin_of(reg, pc));
            misses.push(Miss { reg, bits: BOTH, lanes: exec, from, padding: false });
        }
    }

    /// A move is not the one that takes a value in.
    fn unmoved(&self, from: Option<Origin>, pc: u64) -> Option<Origin> {
        from.map(|o| if o.pc == pc { Origin { pc: 0, ..o } } else { o })
    }

    /// One of two by SCC.
    fn choose(&self, x: Bits, y: Bits, scc: bool, pc: u64) -> (Bits, Option<Origin>) {
        if self.scc.is_some() {
            return (Bits { v: 0, u: x.u | y.u | x.v ^ y.v }, Some(self.origin_of(Reg::Scc, pc)));
        }
        let r = if scc { x } else { y };
        (r, None)
    }
}

/// Whether the result of `x op x` does not depend on x.
fn is_self(op: Op) -> bool {
    matches!(
        op,
        Op::S_XOR_B32
            | Op::S_XOR_B64
            | Op::S_XNOR_B32
            | Op::S_XNOR_B64
            | Op::S_SUB_U32
            | Op::S_SUB_I32
            | Op::S_AND_NOT1_B32
            | Op::S_AND_NOT1_B64
            | Op::S_CMP_EQ_U32
            | Op::S_CMP_LG_U32
    )
}

/// Registers that `v_movrel*` and `v_swaprel` reach with this M0: the one written, the source code (256 and above for a
/// VGPR, however high), and whether both are written.
pub(super) fn relative(inst: &Inst, m0: u32) -> Option<(usize, u32, bool)> {
    let (from, to) = match inst.op {
        Op::V_MOVRELS_B32 => (m0, 0),
        Op::V_MOVRELD_B32 => (0, m0),
        Op::V_MOVRELSD_B32 => (m0, m0),
        Op::V_MOVRELSD_2_B32 | Op::V_SWAPREL_B32 => (m0 & 0x3ff, m0 >> 16 & 0x3ff),
        _ => return None,
    };
    let code = inst.src[0] as u32;
    let code = if code >= 256 { code.saturating_add(from) } else { code };
    let to = (inst.vdst as usize).saturating_add(to as usize);
    (inst.op != Op::V_SWAPREL_B32 || code >= 256).then_some((to, code, inst.op == Op::V_SWAPREL_B32))
}

/// A dword of a constant. Floats are as good as unknown ones without undefined bits, except to `and` and `or`: of them all
/// bits count.
fn constant(code: u16, literal: u32, d: u16, dwords: u8) -> (u32, u32) {
    let int = match code {
        128..=192 => code as i64 - 128,
        193..=208 => 192 - code as i64,
        255 if dwords == 2 => literal as i32 as i64,
        255 => literal as i64,
        240..=248 => INLINE32[code as usize - 240] as i64,
        _ => 0,
    };
    ((int >> (32 * d)) as u32, 0)
}
