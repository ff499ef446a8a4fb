//! Hazards of gfx11 that hardware does not interlock, along the path that a wave took.
//!
//! The list is that of LLVM's hazard recognizer for gfx1100, which puts waits or `v_nop` between such pairs:
//! transcendental results, partial forwarding across a change of EXEC, lane masks written by the scalar unit, WMMA chains and
//! `v_permlane` behind `v_cmpx`.
use super::Kind;
use isa::analysis::{Effects, Regs};
use isa::row::{Slot, TRANS};
use isa::{Format, Inst, Op, Unit};
use std::collections::VecDeque;

/// Instructions remembered: more than the longest distance that matters.
const DEPTH: usize = 24;

#[derive(Clone, Copy, Debug)]
struct Past {
    pc: u64,
    op: Op,
    valu: bool,
    trans: bool,
    salu: bool,
    /// Instructions that wait until all VALU results are written.
    drains: bool,
    /// `s_waitcnt_depctr` with sa_sdst 0.
    scalar_wait: bool,
    reads: Regs,
    writes: Regs,
    /// Scalar registers read as lane mask by a VALU instruction.
    mask: u128,
    /// VALU that reads any scalar register but EXEC, or a literal.
    scalar_source: bool,
}

/// One wave's recent past.
#[derive(Clone, Debug, Default)]
pub(super) struct Hazards {
    past: VecDeque<Past>,
    /// Scalar registers in danger of [`Kind::HazardMask`]: written by the scalar unit after a VALU read them as mask.
    armed: u128,
    armed_by: u64,
    /// Masks read by VALU instructions with nothing since that ends the danger.
    masks: u128,
}

fn both(a: &Regs, b: &Regs) -> Regs {
    let not = a.without(b);
    a.without(&not)
}

fn is_valu(i: &Inst) -> bool {
    matches!(i.row().unit(), Unit::Valu | Unit::Trans)
}

fn is_wmma(op: Op) -> bool {
    matches!(
        op,
        Op::V_WMMA_F32_16X16X16_F16
            | Op::V_WMMA_F32_16X16X16_BF16
            | Op::V_WMMA_F16_16X16X16_F16
            | Op::V_WMMA_BF16_16X16X16_BF16
            | Op::V_WMMA_I32_16X16X16_IU8
            | Op::V_WMMA_I32_16X16X16_IU4
    )
}

/// The VGPR operands that a VALU instruction reads, each once.
fn sources(i: &Inst) -> Vec<Regs> {
    let mut all: Vec<Regs> = Vec::new();
    let mut add = |first: u8, n: u8| {
        let mut r = Regs::NONE;
        r.add_vgprs(first, n);
        if !all.contains(&r) {
            all.push(r);
        }
    };
    for o in i.row().operands {
        let code = match o.slot {
            Slot::Src0 => i.src[0],
            Slot::Src1 => i.src[1],
            Slot::Src2 => i.src[2],
            Slot::Vdst if o.input => 256 + i.vdst as u16,
            _ => continue,
        };
        if code >= 256 {
            add((code - 256) as u8, o.ty.dwords(true));
        }
    }
    all
}

/// Scalar registers that a VALU instruction reads as a mask of lanes.
fn mask_of(i: &Inst) -> u128 {
    let wide = |code: u16| if code < 107 { 3u128 << code } else { 0 };
    match i.op {
        Op::V_DIV_FMAS_F32 | Op::V_DIV_FMAS_F64 => wide(106),
        Op::V_CNDMASK_B32 | Op::V_CNDMASK_B16 | Op::V_ADD_CO_CI_U32 | Op::V_SUB_CO_CI_U32 | Op::V_SUBREV_CO_CI_U32 => {
            if i.format() == Format::Vop3 {
                wide(i.src[2])
            } else {
                wide(106)
            }
        }
        _ => 0,
    }
}

impl Hazards {
    /// The hazard that the next instruction falls into, the register, and where the other instruction is.
    pub fn next(&mut self, pc: u64, i: &Inst, e: &Effects, wave64: bool) -> Option<(Kind, Regs, u64)> {
        let row = i.row();
        let valu = is_valu(i);
        let salu = matches!(row.unit(), Unit::Salu | Unit::Branch);
        let drains = matches!(row.unit(), Unit::Vmem | Unit::Lds | Unit::Export)
            || i.op == Op::S_WAITCNT_DEPCTR && i.imm as u32 >> 12 & 15 == 0;
        let mask = if valu { mask_of(i) } else { 0 };
        let exec = 3u128 << 126;
        let literal = valu && (i.src.contains(&255) || row.operand(Slot::Imm).is_some());
        let new = Past {
            pc,
            op: i.op,
            valu,
            trans: row.implicit & TRANS != 0,
            salu,
            drains,
            scalar_wait: i.op == Op::S_WAITCNT_DEPCTR && i.imm & 1 == 0,
            reads: e.reads,
            writes: e.writes,
            mask,
            scalar_source: valu && (e.reads.s & !exec != 0 || literal),
        };
        let mut found = None;
        if valu {
            found = self.transcendental(&new);
            if wave64 {
                found = found.or_else(|| self.forward(&sources(i)));
            }
            if is_wmma(i.op) {
                found = found.or_else(|| self.wmma(i));
            }
            if matches!(i.op, Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32 | Op::V_PERMLANE64_B32) {
                found = found.or_else(|| self.permlane());
            }
        }
        if wave64 {
            found = found.or_else(|| self.mask(&new));
        }
        if self.past.len() == DEPTH {
            self.past.pop_back();
        }
        self.past.push_front(new);
        found
    }

    fn transcendental(&self, new: &Past) -> Option<(Kind, Regs, u64)> {
        // Gone with six VALU instructions, or a second transcendental one, in between.
        let (mut valus, mut trans) = (0, 0);
        for p in &self.past {
            if valus > 5 || trans > 1 || p.drains {
                return None;
            }
            if p.trans {
                let r = Regs { v: both(&new.reads, &p.writes).v, s: 0, scc: false };
                if r != Regs::NONE {
                    return Some((Kind::HazardTrans, r, p.pc));
                }
            }
            valus += p.valu as u32;
            trans += p.trans as u32;
        }
        None
    }

    fn forward(&self, sources: &[Regs]) -> Option<(Kind, Regs, u64)> {
        if sources.len() < 2 {
            return None;
        }
        // Backwards: up to four VALU instructions, the one that wrote Vb, the scalar write of EXEC, the one that wrote Va;
        // no more than two VALU instructions between the last two of them. A tuple is one operand.
        let (mut valus, mut exec_at) = (0u32, None);
        let mut written: [Option<u32>; 4] = [None; 4];
        for p in &self.past {
            let none = written.iter().all(Option::is_none);
            if valus > 8 || p.drains || valus > 4 && none {
                return None;
            }
            if p.salu && p.writes.s >> 126 != 0 && exec_at.is_none() && !none {
                exec_at = Some(valus);
            }
            if p.valu {
                for (k, source) in sources.iter().enumerate() {
                    if written[k].is_some() || !source.meets(&p.writes) {
                        continue;
                    }
                    written[k] = Some(valus);
                    let Some(exec) = exec_at else { continue };
                    let after = written.iter().flatten().copied().filter(|&at| at < exec).min()?;
                    let between = (exec - after - 1) + (valus - exec);
                    let close = after <= 4 && between <= 2;
                    return close.then_some((Kind::HazardForward, both(source, &p.writes), p.pc));
                }
                valus += 1;
            }
        }
        None
    }

    fn wmma(&self, i: &Inst) -> Option<(Kind, Regs, u64)> {
        let p = self.past.iter().find(|p| p.valu)?;
        if !is_wmma(p.op) {
            return None;
        }
        let mut ab = Regs::NONE;
        for (slot, code) in [Slot::Src0, Slot::Src1].into_iter().zip(i.src) {
            if let (Some(o), 256..) = (i.row().operand(slot), code) {
                ab.add_vgprs((code - 256) as u8, o.ty.dwords(true));
            }
        }
        let r = both(&ab, &p.writes);
        (r != Regs::NONE).then_some((Kind::HazardWmma, r, p.pc))
    }

    fn permlane(&self) -> Option<(Kind, Regs, u64)> {
        // v_nop does not reach the VALU.
        let p = self.past.iter().find(|p| p.valu && p.op != Op::V_NOP)?;
        let exec = Regs { s: p.writes.s & 3 << 126, ..Regs::NONE };
        (exec.s != 0).then_some((Kind::HazardPermlane, exec, p.pc))
    }

    fn mask(&mut self, new: &Past) -> Option<(Kind, Regs, u64)> {
        if new.scalar_wait {
            (self.armed, self.masks) = (0, 0);
            return None;
        }
        let hit = self.armed & new.reads.s;
        let by = self.armed_by;
        // A later write by another unit is its own value.
        self.armed &= !new.writes.s;
        if new.valu {
            // Any scalar operand or literal of a VALU instruction, another mask included, lets the scalar unit catch up:
            // only masks that this one reads are in danger from here on.
            if new.scalar_source {
                self.masks = 0;
            }
            self.masks |= new.mask;
        } else if new.salu {
            let written = new.writes.s & self.masks & !(3 << 126) & !(1 << 125);
            if written != 0 {
                self.armed |= written;
                self.armed_by = new.pc;
            }
        }
        if hit != 0 && (new.salu || new.valu) {
            self.armed &= !hit;
            return Some((Kind::HazardMask, Regs { s: hit, ..Regs::NONE }, by));
        }
        None
    }
}
