//! Which registers of a wave were written, lane by lane and half by half.
use super::uses::{BOTH, HI, LO, Lanes, Move, Need, Reg, Uses};
use super::{Begin, Space, Touch, WaveView};
use crate::Access;
use crate::host::Portable;
use crate::lanes::DppMap;
use isa::Inst;
use std::collections::HashMap;

/// A register read that nothing was written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Miss {
    /// [`Reg::Value`] stands for SCC.
    pub reg: Reg,
    /// Halves that lack.
    pub halves: u8,
    /// Lanes that lack.
    pub lanes: u64,
    /// Last write to any part of it.
    pub written: Option<u64>,
}

/// Where DPP has each lane read, and the lanes it writes.
struct Crossing {
    from: [Option<usize>; 64],
    write: u64,
}

fn crossing(inst: &Inst, w: &WaveView<'_>) -> Crossing {
    let Some(map) = DppMap::new(inst.dpp, w.lanes as usize) else {
        return Crossing { from: std::array::from_fn(Some), write: w.exec };
    };
    let write = if w.lanes == 64 { map.write::<_, 64>(Portable, w.exec) } else { map.write::<_, 32>(Portable, w.exec) };
    Crossing { from: map.sources(w.exec), write }
}

/// The registers of one wave.
#[derive(Clone, Debug)]
pub(super) struct Registers {
    /// Lanes in which the lower and the upper half of each VGPR were written.
    v: Vec<[u64; 2]>,
    v_by: Vec<u64>,
    s: u128,
    s_by: [u64; 128],
    scc: bool,
    /// Bytes of scratch that were written, by dword address.
    scratch: HashMap<u64, u8>,
}

impl Registers {
    pub fn new(begin: &Begin) -> Registers {
        let mut v = vec![[0; 2]; begin.vgprs.max(1) as usize];
        v[0] = [!0; 2];
        let n = begin.sgprs.min(106);
        Registers { v_by: vec![0; v.len()], v, s: (1 << n) - 1, s_by: [0; 128], scc: false, scratch: HashMap::new() }
    }

    fn v(&self, k: u8) -> [u64; 2] {
        self.v.get(k as usize).copied().unwrap_or([!0; 2])
    }

    fn has_scalar(&self, k: u8) -> bool {
        // EXEC is set, NULL is 0, trap registers are not the kernel's.
        k >= 126 || (108..125).contains(&k) || self.s >> k & 1 != 0
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

    fn lanes(lanes: Lanes, inst: &Inst, w: &WaveView<'_>) -> u64 {
        match lanes {
            Lanes::Exec => w.exec,
            Lanes::All => w.all(),
            Lanes::Masked { code, set } => w.exec & if set { w.mask(code as usize) } else { !w.mask(code as usize) },
            Lanes::Named => 1 << Self::named(inst, w),
            Lanes::First => 1 << if w.exec == 0 { 0 } else { w.exec.trailing_zeros() },
            Lanes::Source => {
                let c = crossing(inst, w);
                (0..w.lanes as usize)
                    .filter(|i| c.write >> i & 1 != 0)
                    .filter_map(|i| c.from[i])
                    .fold(0, |m, s| m | 1 << s)
            }
        }
    }

    fn lacks(&self, need: &Need, inst: &Inst, w: &WaveView<'_>) -> (u8, u64) {
        let have = self.v(need.reg);
        let wanted = |half: u8, k: usize| if need.halves & half != 0 { !have[k] } else { 0 };
        let (lo, hi) = (wanted(LO, 0), wanted(HI, 1));
        if lo | hi == 0 {
            return (0, 0);
        }
        let lanes = Self::lanes(need.lanes, inst, w);
        let (lo, hi) = (lo & lanes, hi & lanes);
        (((lo != 0) as u8 * LO) | ((hi != 0) as u8 * HI), lo | hi)
    }

    /// Reads of what was never written: the first VGPR and the first scalar.
    pub fn misses(&self, uses: &Uses, inst: &Inst, w: &WaveView<'_>) -> [Option<Miss>; 2] {
        let by = |pc: u64| (pc != 0).then_some(pc);
        let mut out = [None; 2];
        for need in &uses.needs {
            let (halves, lanes) = self.lacks(need, inst, w);
            if lanes != 0 {
                let written = by(self.v_by.get(need.reg as usize).copied().unwrap_or(0));
                out[0] = Some(Miss { reg: Reg::V(need.reg), halves, lanes, written });
                break;
            }
        }
        let lacking = (0..126u8).find(|&k| uses.scalars >> k & 1 != 0 && !self.has_scalar(k));
        // What is moved to EXEC decides about lanes at once.
        let to_exec = uses.moves.iter().find_map(|m| match (m.to, m.from) {
            (Reg::S(126 | 127), Reg::S(k)) if !self.has_scalar(k) => Some(k),
            _ => None,
        });
        if let Some(k) = lacking.or(to_exec) {
            out[1] = Some(Miss { reg: Reg::S(k), halves: BOTH, lanes: 0, written: by(self.s_by[k as usize]) });
        } else if uses.scc && !self.scc {
            out[1] = Some(Miss { reg: Reg::Value, halves: BOTH, lanes: 0, written: None });
        }
        out
    }

    /// The instruction writes its registers; `w` is the wave before it.
    pub fn write(&mut self, uses: &Uses, inst: &Inst, w: &WaveView<'_>, pc: u64) {
        // All moves read before any of them writes: swaps and pairs.
        let moved: Vec<(Move, [u64; 2])> = uses
            .moves
            .iter()
            .filter(|m| m.scc.is_none_or(|scc| scc == w.scc))
            .map(|m| (*m, self.source(m, inst, w)))
            .collect();
        if uses.indirect {
            // Any register may be the one.
            self.v.iter_mut().for_each(|v| {
                v[0] |= w.exec;
                v[1] |= w.exec;
            });
            self.s = !0;
        }
        for give in &uses.gives {
            let lanes = match give.lanes {
                Lanes::Source => crossing(inst, w).write,
                other => Self::lanes(other, inst, w),
            };
            if let Some(v) = self.v.get_mut(give.reg as usize) {
                v[0] |= if give.halves & LO != 0 { lanes } else { 0 };
                v[1] |= if give.halves & HI != 0 { lanes } else { 0 };
                if lanes != 0 {
                    self.v_by[give.reg as usize] = pc;
                }
            }
        }
        self.s |= uses.gives_scalars;
        let mut given = uses.gives_scalars;
        while given != 0 {
            self.s_by[given.trailing_zeros() as usize] = pc;
            given &= given - 1;
        }
        self.scc |= uses.gives_scc;
        for (m, have) in moved {
            match m.to {
                Reg::V(d) => {
                    let lanes = match m.lanes {
                        Lanes::Source => crossing(inst, w).write,
                        other => Self::lanes(other, inst, w),
                    };
                    if let Some(v) = self.v.get_mut(d as usize) {
                        for (v, have) in v.iter_mut().zip(have) {
                            *v = *v & !lanes | have & lanes;
                        }
                        self.v_by[d as usize] = pc;
                    }
                }
                Reg::S(d) => {
                    if have[0] & have[1] != 0 {
                        self.s |= 1 << d;
                    } else {
                        self.s &= !(1 << d);
                    }
                    self.s_by[d as usize] = pc;
                }
                Reg::Value => {}
            }
        }
    }

    /// Lanes of the destination that a move fills with something written; of a scalar destination all or none.
    fn source(&self, m: &Move, inst: &Inst, w: &WaveView<'_>) -> [u64; 2] {
        match m.from {
            Reg::Value => [!0; 2],
            Reg::S(k) => [if self.has_scalar(k) { !0 } else { 0 }; 2],
            Reg::V(k) => {
                let have = self.v(k);
                match (m.to, m.lanes) {
                    (Reg::S(_), lanes) => {
                        let lane = Self::lanes(lanes, inst, w);
                        have.map(|h| if h & lane != 0 { !0 } else { 0 })
                    }
                    (_, Lanes::Source) => {
                        let c = crossing(inst, w);
                        have.map(|h| {
                            (0..w.lanes as usize)
                                .fold(0, |m, i| m | (c.from[i].is_none_or(|s| h >> s & 1 != 0) as u64) << i)
                        })
                    }
                    _ => have,
                }
            }
        }
    }

    /// Spills and their loads: scratch is as good as what was stored there.
    pub fn spill(&mut self, inst: &Inst, touches: &[Touch]) {
        // Bytes of each lane so far: its dwords come in order.
        let mut so_far = [0u32; 64];
        for t in touches.iter().filter(|t| t.space == Space::Scratch) {
            let Some(lane) = t.lane else { continue };
            let before = &mut so_far[lane as usize & 63];
            let k = *before as usize / 4;
            *before += t.len;
            let bytes = (0..t.len as u64).map(|k| t.at.wrapping_add(k)).map(|b| (b & !3, 1u8 << (b & 3)));
            match t.kind {
                Access::Read => {
                    let ok =
                        bytes.fold(true, |ok, (at, bit)| ok && self.scratch.get(&at).is_some_and(|m| m & bit != 0));
                    let first = inst.vdst as usize + k;
                    for reg in first..first + (t.len as usize).div_ceil(4) {
                        if let (false, Some(v)) = (ok, self.v.get_mut(reg)) {
                            v[0] &= !(1 << lane);
                            v[1] &= !(1 << lane);
                        }
                    }
                }
                _ => {
                    let have = self.v(inst.mem.data0.wrapping_add(k as u8));
                    let ok = have[0] >> lane & 1 != 0;
                    for (at, bit) in bytes {
                        let m = self.scratch.entry(at).or_default();
                        *m = if ok { *m | bit } else { *m & !bit };
                    }
                }
            }
        }
    }
}
