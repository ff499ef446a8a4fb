//! Which halves of which registers an instruction needs, in which lanes, and what it only passes on.
//!
//! `isa::analysis::effects` gives whole registers, with those of which a part survives among the reads. Whether a value
//! was ever written asks for more: 16-bit operands need one half, a destination's surviving half is not needed, moves need
//! nothing but hand on, a select needs one of two.
use isa::analysis::Effects;
use isa::row::{Class, Format, LOADS, Operand, STORES, Slot, Ty};
use isa::{Dpp, Inst, Op, Row, WaveSize};

/// Lower half of a register.
pub(super) const LO: u8 = 1;
/// Upper half.
pub(super) const HI: u8 = 2;
/// Both.
pub(super) const BOTH: u8 = 3;

/// Lanes that an operand concerns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lanes {
    /// Active ones.
    Exec,
    /// Those that active ones fetch from through DPP.
    Source,
    /// All, whatever EXEC says.
    All,
    /// Active ones whose bit of a mask is as given.
    Masked { code: u8, set: bool },
    /// The lane that src1 names.
    Named,
    /// The first active one.
    First,
}

/// A VGPR that is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Need {
    pub reg: u8,
    pub halves: u8,
    pub lanes: Lanes,
}

/// A register, or a value that is always there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reg {
    V(u8),
    S(u8),
    Value,
}

/// A value handed on: the destination is written exactly as far as the source is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Move {
    pub to: Reg,
    pub to_halves: u8,
    pub from: Reg,
    /// Half that is taken, of 16-bit moves.
    pub from_halves: u8,
    pub lanes: Lanes,
    /// Scalar selects: only if SCC is so.
    pub scc: Option<bool>,
}

/// What an instruction needs and gives, register by register.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    pub needs: Vec<Need>,
    /// Scalar registers needed, by operand code.
    pub scalars: u128,
    pub scc: bool,
    pub moves: Vec<Move>,
    /// VGPRs written with values of their own.
    pub gives: Vec<Need>,
    /// Scalar registers written with values of their own.
    pub gives_scalars: u128,
    pub gives_scc: bool,
    /// The destination is at M0: nothing is known of it.
    pub indirect: bool,
    /// Lanes that are written and read are the active ones, each for itself.
    pub lanewise: bool,
    /// VGPRs named, for the question whether they exist: highest + 1.
    pub top_vgpr: u16,
}

fn half_of(ty: Ty) -> bool {
    matches!(ty, Ty::B16 | Ty::F16 | Ty::BF16)
}

/// Halves of a 32-bit source `k` that matter, as far as the other sources are constants.
fn narrow(op: Op, k: usize, c: [Option<u32>; 3]) -> u8 {
    let of = |mask: u32| ((mask & 0xffff != 0) as u8 * LO) | ((mask >> 16 != 0) as u8 * HI);
    match (op, k, c) {
        (Op::V_AND_B32, 0, [_, Some(c), _]) | (Op::V_AND_B32, 1, [Some(c), ..]) => of(c),
        (Op::V_OR_B32, 0, [_, Some(c), _]) | (Op::V_OR_B32, 1, [Some(c), ..]) => of(!c),
        (Op::V_LSHLREV_B32, 1, [Some(c), ..]) => of(!0u32 >> (c & 31)),
        (Op::V_LSHRREV_B32 | Op::V_ASHRREV_I32, 1, [Some(c), ..]) => of(!0u32 << (c & 31)),
        (Op::V_LSHL_OR_B32 | Op::V_LSHL_ADD_U32, 0, [_, Some(c), _]) => of(!0u32 >> (c & 31)),
        (Op::V_AND_OR_B32, 0, [_, Some(c), _]) | (Op::V_AND_OR_B32, 1, [Some(c), ..]) => of(c),
        (Op::V_BFI_B32, 1, [Some(c), ..]) => of(c),
        (Op::V_BFI_B32, 2, [Some(c), ..]) => of(!c),
        (Op::V_BFE_U32 | Op::V_BFE_I32, 0, [_, Some(at), Some(n)]) => of(((1u32 << (n & 31)) - 1) << (at & 31)),
        (Op::V_ALIGNBIT_B32, 0, [.., Some(c)]) => of(((1u64 << (c & 31)) - 1) as u32),
        (Op::V_ALIGNBIT_B32, 1, [.., Some(c)]) => of(!0u32 << (c & 31)),
        (Op::V_CVT_F32_UBYTE0 | Op::V_CVT_F32_UBYTE1, ..) => LO,
        (Op::V_CVT_F32_UBYTE2 | Op::V_CVT_F32_UBYTE3, ..) => HI,
        _ => BOTH,
    }
}

/// The value of a source code that is a constant.
fn constant(code: u16, literal: u32) -> Option<u32> {
    match code {
        128..=192 => Some(code as u32 - 128),
        193..=208 => Some((192 - code as i32) as u32),
        255 => Some(literal),
        _ => None,
    }
}

/// Bytes of each source that `v_perm_b32` takes, as halves.
fn perm(selector: u32) -> [u8; 2] {
    let mut halves = [0; 2];
    for k in 0..4 {
        // 0 to 3 are bytes of src1, 4 to 7 of src0, 8 to 11 signs of their halves, the rest constants.
        let (src, half) = match selector >> (8 * k) & 255 {
            s @ 0..=3 => (1, s / 2),
            s @ 4..=7 => (0, (s - 4) / 2),
            s @ 8..=9 => (1, s - 8),
            s @ 10..=11 => (0, s - 10),
            _ => continue,
        };
        halves[src] |= 1 << half;
    }
    halves
}

struct Builder<'a> {
    u: Uses,
    e: &'a Effects,
    wave: WaveSize,
}

/// The uses of an instruction.
pub(super) fn uses(inst: &Inst, e: &Effects, wave: WaveSize) -> Uses {
    let row = inst.row();
    // EXEC is always set, NULL and trap registers read as something.
    let mut scalars = e.reads.s & !(3 << 126) & !(0xffff << 108);
    if matches!(inst.op, Op::S_SENDMSG | Op::S_SENDMSGHALT | Op::S_TTRACEDATA) {
        scalars &= !(1 << 125);
    }
    let u = Uses {
        scalars,
        scc: e.reads.scc,
        gives_scalars: e.writes.s,
        gives_scc: e.writes.scc,
        lanewise: inst.dpp == Dpp::None,
        ..Uses::default()
    };
    let mut b = Builder { u, e, wave };
    match row.format {
        Format::Vop1 | Format::Vop2 | Format::Vopc | Format::Vop3 | Format::Vop3p | Format::Vinterp => {
            b.vector(inst, row)
        }
        Format::VopdX | Format::VopdY => {
            b.dual(row, inst.vdst, &inst.src[..2]);
            if let Some(y) = inst.y {
                b.dual(y.row(), y.vdst, &y.src);
            }
        }
        Format::Sop1 | Format::Sop2 => b.scalar(inst),
        Format::Ds | Format::Mubuf | Format::Mtbuf | Format::Flat | Format::Global | Format::Scratch => {
            b.memory(inst, row)
        }
        Format::Exp | Format::Mimg | Format::Ldsdir => b.whole(),
        _ => {}
    }
    let top = |v: [u64; 4]| (0..256u16).rev().find(|k| v[*k as usize / 64] >> (k % 64) & 1 != 0).map_or(0, |k| k + 1);
    b.u.top_vgpr = top(e.reads.v).max(top(e.writes.v));
    b.u
}

impl Builder<'_> {
    fn need(&mut self, reg: u8, halves: u8, lanes: Lanes) {
        if halves != 0 {
            self.u.needs.push(Need { reg, halves, lanes });
        }
    }

    fn give(&mut self, reg: u8, halves: u8, lanes: Lanes) {
        self.u.gives.push(Need { reg, halves, lanes });
    }

    fn hand(&mut self, to: u8, from: u16, lanes: Lanes) {
        let from = self.from(from);
        self.u.moves.push(Move { to: Reg::V(to), to_halves: BOTH, from, from_halves: BOTH, lanes, scc: None });
    }

    /// A source that is handed on; a scalar is not needed then.
    fn from(&mut self, code: u16) -> Reg {
        match code {
            256.. => Reg::V((code - 256) as u8),
            0..=107 | 125 => {
                self.u.scalars &= !(1 << code);
                Reg::S(code as u8)
            }
            _ => Reg::Value,
        }
    }

    /// Registers as the effects have them, every lane that is active.
    fn whole(&mut self) {
        for k in 0..=255 {
            if self.e.reads.has_vgpr(k) {
                self.need(k, BOTH, Lanes::Exec);
            }
            if self.e.writes.has_vgpr(k) {
                self.give(k, BOTH, Lanes::Exec);
            }
        }
    }

    fn dual(&mut self, row: &Row, vdst: u8, src: &[u16]) {
        if matches!(row.op, Op::V_MOV_B32) {
            self.hand(vdst, src[0], Lanes::Exec);
            return;
        }
        if matches!(row.op, Op::V_CNDMASK_B32) {
            self.hand(vdst, src[0], Lanes::Masked { code: 106, set: false });
            self.hand(vdst, src[1], Lanes::Masked { code: 106, set: true });
            return;
        }
        let has = |slot| row.operand(slot).is_some();
        for (slot, &code) in [Slot::Src0, Slot::Src1].into_iter().zip(src) {
            if code >= 256 && has(slot) && !(is_self(row.op) && src[0] == src[1]) {
                self.need((code - 256) as u8, BOTH, Lanes::Exec);
            }
        }
        if row.operand(Slot::Vdst).is_some_and(|o| o.input)
            || row.name.starts_with("v_dual_fmac")
            || row.name.starts_with("v_dual_dot2acc")
        {
            self.need(vdst, BOTH, Lanes::Exec);
        }
        self.give(vdst, BOTH, Lanes::Exec);
    }

    fn scalar(&mut self, inst: &Inst) {
        let d = inst.sdst as u16;
        let [a, b, _] = inst.src;
        let hand = |u: &mut Self, n: u16, from: u16, scc| {
            for k in 0..n {
                let from = match from {
                    0..=127 => u.from(from + k),
                    other => u.from(other),
                };
                if d + k < 128 {
                    let to = Reg::S((d + k) as u8);
                    u.u.moves.push(Move { to, to_halves: BOTH, from, from_halves: BOTH, lanes: Lanes::All, scc });
                }
            }
        };
        // A conditional move needs no old value, but its destination is only as good as that is.
        let keep = |u: &mut Self, n: u16| {
            for k in (d..d + n).filter(|&k| k < 128) {
                u.u.scalars &= !(1 << k);
            }
        };
        match inst.op {
            Op::S_MOV_B32 => hand(self, 1, a, None),
            Op::S_MOV_B64 => hand(self, 2, a, None),
            Op::S_CMOV_B32 => {
                keep(self, 1);
                self.u.gives_scalars = 0;
                hand(self, 1, a, Some(true));
            }
            Op::S_CMOV_B64 => {
                keep(self, 2);
                self.u.gives_scalars = 0;
                hand(self, 2, a, Some(true));
            }
            Op::S_CSELECT_B32 => {
                hand(self, 1, a, Some(true));
                hand(self, 1, b, Some(false));
            }
            Op::S_CSELECT_B64 => {
                hand(self, 2, a, Some(true));
                hand(self, 2, b, Some(false));
            }
            Op::S_XOR_B32 | Op::S_SUB_U32 | Op::S_SUB_I32 | Op::S_AND_NOT1_B32 if a == b && a < 108 => {
                self.u.scalars &= !(1 << a);
            }
            Op::S_XOR_B64 | Op::S_AND_NOT1_B64 if a == b && a < 107 => self.u.scalars &= !(3 << a),
            Op::S_MOVRELD_B32 | Op::S_MOVRELD_B64 | Op::S_MOVRELSD_2_B32 => self.u.indirect = true,
            Op::S_MOVRELS_B32 | Op::S_MOVRELS_B64 => self.u.scalars &= 1 << 125,
            _ => {}
        }
    }

    fn vector(&mut self, inst: &Inst, row: &Row) {
        let lanes = 1 + self.wave.is64() as u8;
        match inst.op {
            Op::V_READLANE_B32 | Op::V_READFIRSTLANE_B32 => {
                let from = self.from(inst.src[0]);
                let first = inst.op == Op::V_READFIRSTLANE_B32;
                let lanes = if first { Lanes::First } else { Lanes::Named };
                if inst.vdst < 128 {
                    let to = Reg::S(inst.vdst);
                    self.u.moves.push(Move { to, to_halves: BOTH, from, from_halves: BOTH, lanes, scc: None });
                }
                self.u.lanewise = false;
                return;
            }
            Op::V_WRITELANE_B32 => {
                let select = inst.src[1];
                self.hand(inst.vdst, inst.src[0], Lanes::Named);
                // The lane number is needed even if it is the register that is moved.
                if select < 106 {
                    self.u.scalars |= 1 << select;
                }
                self.u.lanewise = false;
                return;
            }
            Op::V_SWAP_B32 if inst.src[0] >= 256 => {
                let other = (inst.src[0] - 256) as u8;
                self.hand(inst.vdst, inst.src[0], Lanes::Exec);
                self.hand(other, 256 + inst.vdst as u16, Lanes::Exec);
                return;
            }
            Op::V_MOV_B32 => {
                self.hand(inst.vdst, inst.src[0], if inst.dpp == Dpp::None { Lanes::Exec } else { Lanes::Source });
                return;
            }
            Op::V_CNDMASK_B32 if inst.dpp == Dpp::None => {
                let code = if row.format == Format::Vop2 { 106 } else { inst.src[2] };
                if let Ok(code @ 0..=127) = u8::try_from(code) {
                    // Each lane takes one of the two; the mask is needed.
                    self.hand(inst.vdst, inst.src[0], Lanes::Masked { code, set: false });
                    self.hand(inst.vdst, inst.src[1], Lanes::Masked { code, set: true });
                    self.u.scalars |= (((1u128 << lanes) - 1) << code) & !(3 << 126) & !(1 << 124);
                    return;
                }
            }
            Op::V_MOVRELD_B32 | Op::V_MOVRELSD_B32 | Op::V_MOVRELSD_2_B32 | Op::V_SWAPREL_B32 => {
                self.u.indirect = true;
                return;
            }
            Op::V_MOVRELS_B32 => {
                self.give(inst.vdst, BOTH, Lanes::Exec);
                return;
            }
            _ => {}
        }
        let wmma = row.operands.iter().any(|o| o.ty == Ty::Acc);
        if wmma {
            self.u.lanewise = false;
        }
        let at = |source: bool| match (wmma, inst.dpp) {
            (true, _) => Lanes::All,
            (_, Dpp::None) => Lanes::Exec,
            _ if source => Lanes::Source,
            _ => Lanes::Exec,
        };
        let short = matches!(row.format, Format::Vop1 | Format::Vop2 | Format::Vopc) && row.has(isa::row::T16);
        let mix = matches!(inst.op, Op::V_FMA_MIX_F32 | Op::V_FMA_MIXLO_F16 | Op::V_FMA_MIXHI_F16);
        let same = is_self(inst.op) && inst.src[0] == inst.src[1] && inst.dpp == Dpp::None;
        let constants = inst.src.map(|c| constant(c, inst.literal));
        // Compilers multiply and add 32 bits with it, and leave the upper half of the addend as it is.
        let mad = matches!(inst.op, Op::V_MAD_U64_U32 | Op::V_MAD_I64_I32);
        let permlane = matches!(inst.op, Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32);
        for o in row.operands {
            let n = o.ty.dwords(self.wave.is64());
            let k = match o.slot {
                Slot::Src0 => 0,
                Slot::Src1 => 1,
                Slot::Src2 => 2,
                Slot::Vdst if o.class != Class::S => {
                    self.destination(inst, row, o, n, short, wmma, permlane);
                    continue;
                }
                _ => continue,
            };
            let code = inst.src[k];
            if code < 256 || same && k < 2 {
                continue;
            }
            let field = (code - 256) as u8;
            let halves = if mix {
                if inst.mods.opsel_hi >> k & 1 == 0 { BOTH } else { LO << (inst.mods.opsel >> k & 1) }
            } else if half_of(o.ty) && short {
                if field > 127 { HI } else { LO }
            } else if half_of(o.ty) {
                LO << (inst.mods.opsel >> k & 1)
            } else if matches!(o.ty, Ty::V2B16 | Ty::V2F16 | Ty::V2BF16) && row.format == Format::Vop3p {
                LO << (inst.mods.opsel >> k & 1) | LO << (inst.mods.opsel_hi >> k & 1)
            } else if inst.op == Op::V_PERM_B32 {
                match constants[2] {
                    Some(s) if k < 2 => perm(s)[k],
                    _ => BOTH,
                }
            } else {
                narrow(inst.op, k, constants)
            };
            let reg = if half_of(o.ty) && short { field & 127 } else { field };
            for d in 0..n {
                if mad && k == 2 && d == 1 {
                    self.hand(inst.vdst.wrapping_add(1), code + 1, Lanes::Exec);
                } else {
                    self.need(reg.wrapping_add(d), halves, at(k == 0));
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn destination(&mut self, inst: &Inst, row: &Row, o: &Operand, n: u8, short: bool, wmma: bool, permlane: bool) {
        let half = half_of(o.ty);
        let reg = if half && short { inst.vdst & 127 } else { inst.vdst };
        let halves = match inst.op {
            Op::V_FMA_MIXLO_F16 => LO,
            Op::V_FMA_MIXHI_F16 => HI,
            _ if half && short => {
                if inst.vdst > 127 {
                    HI
                } else {
                    LO
                }
            }
            _ if half => LO << (inst.mods.opsel >> 3 & 1),
            _ => BOTH,
        };
        let lanes = match inst.dpp {
            _ if wmma => Lanes::All,
            Dpp::None => Lanes::Exec,
            _ => Lanes::Source,
        };
        let mixed = matches!(inst.op, Op::V_FMA_MIXLO_F16 | Op::V_FMA_MIXHI_F16);
        let accumulates = (o.input || inst.op == Op::V_PK_FMAC_F16) && !permlane && !mixed;
        for d in 0..n {
            if accumulates {
                self.need(reg.wrapping_add(d), halves, if wmma { Lanes::All } else { Lanes::Exec });
            }
            self.give(reg.wrapping_add(d), halves, lanes);
        }
        let _ = row;
    }

    fn memory(&mut self, inst: &Inst, row: &Row) {
        let name = row.name;
        let d16 = name.contains("d16");
        let high = name.contains("d16_hi");
        let load = row.implicit & LOADS != 0;
        let store = row.implicit & STORES != 0;
        let small = name.ends_with("_b8") || name.ends_with("_b16") || d16 && !name.contains("xy");
        let m = inst.mem;
        let atomic = load && store;
        let cross = matches!(inst.op, Op::DS_BPERMUTE_B32 | Op::DS_PERMUTE_B32 | Op::DS_SWIZZLE_B32);
        self.u.lanewise &= !cross;
        // Data registers, as far as they are sources; the rest of the reads are addresses.
        let mut data = isa::analysis::Regs::NONE;
        for o in row.operands {
            let n = o.ty.dwords(self.wave.is64());
            match o.slot {
                Slot::Data0 | Slot::Vdata if store => data.add_vgprs(m.data0, n),
                Slot::Data1 if store => data.add_vgprs(m.data1, n),
                _ => {}
            }
        }
        let mut address = isa::analysis::Regs::NONE;
        address.add_vgprs(m.addr, super::waits::address_vgprs(inst));
        // Data of permutes.
        if row.format == Format::Ds
            && !store
            && let Some(o) = row.operand(Slot::Data0)
        {
            data.add_vgprs(m.data0, o.ty.dwords(false));
        }
        for k in 0..=255u8 {
            if address.has_vgpr(k) && self.e.reads.has_vgpr(k) {
                self.need(k, BOTH, Lanes::Exec);
            }
            if data.has_vgpr(k) && self.e.reads.has_vgpr(k) {
                let halves = match (atomic, small, high) {
                    (true, ..) | (_, false, _) => BOTH,
                    (_, _, true) => HI,
                    _ => LO,
                };
                // Stores to scratch are spills: what is not written is handed on.
                if row.format != Format::Scratch {
                    self.need(k, halves, Lanes::Exec);
                }
            }
            if self.e.writes.has_vgpr(k) {
                let halves = match (load && d16 && !name.contains("xy"), high) {
                    (false, _) => BOTH,
                    (true, true) => HI,
                    (true, false) => LO,
                };
                self.give(k, halves, Lanes::Exec);
            }
        }
    }
}

/// Whether the result of `x op x` does not depend on x.
fn is_self(op: Op) -> bool {
    matches!(op, Op::V_XOR_B32 | Op::V_SUB_NC_U32 | Op::V_SUBREV_NC_U32 | Op::V_XNOR_B32)
}
