//! What an instruction needs, what it decides at once, and how undefined bits go on into its results.
//!
//! `isa::analysis::effects` gives whole registers, with those of which a part survives among the reads. Whether a value
//! was ever written asks for more: 16-bit operands need one half, a destination's surviving half is not needed, moves hand
//! on, a select needs one of two, and bitwise operations go bit by bit ([`super::bits`]).
use super::bits::{self, Rule};
use isa::analysis::Effects;
use isa::row::{Class, Format, LOADS, Operand, STORES, Slot, Ty};
use isa::{Dpp, Inst, Op, Row, WaveSize};

/// Lower half of a register.
pub(super) const LO: u32 = 0xffff;
/// Upper half.
pub(super) const HI: u32 = 0xffff_0000;
/// Both.
pub(super) const BOTH: u32 = !0;

/// Lanes that an operand concerns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lanes {
    /// Active ones.
    Exec,
    /// Those that active ones fetch from through DPP; of a destination, those that DPP lets be written.
    Source,
    /// All, whatever EXEC says.
    All,
    /// The lane that src1 names.
    Named,
    /// The first active one.
    First,
}

/// Bits of a VGPR in some lanes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Need {
    pub reg: u8,
    pub bits: u32,
    pub lanes: Lanes,
}

/// A register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reg {
    V(u8),
    S(u8),
    Scc,
}

/// One result and what it follows from. Codes are source codes of the encoding.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// A VGPR is as defined as a source.
    Move { to: u8, from: u16, lanes: Lanes, bits: u32 },
    /// A scalar register is as defined as a VGPR in one lane.
    ToScalar { to: u8, from: u16, lanes: Lanes },
    /// Lane by lane one of two sources.
    Select { to: u8, from: [u16; 2], mask: u8, bits: u32 },
    /// A bit rule over sources of one or two dwords. `mask_to` is a mask of lanes that is written beside the result,
    /// `carry` one that is read.
    Exact {
        rule: Rule,
        to: Option<u8>,
        dwords: u8,
        from: [Option<(u16, u8)>; 3],
        mask_to: Option<u8>,
        carry: Option<u8>,
    },
    /// Undefined in every lane in which anything needed is.
    Whole { needs: Vec<Need>, scalars: u128, mask: Option<u8>, to: Vec<Need>, mask_to: Option<u8>, cmpx: bool },
    /// A and B of a WMMA count for everything, the accumulator element by element.
    Wmma { ab: Vec<u8>, c: Option<u8>, to: u8, n: u8 },
    /// `v_permlane16`, `v_permlanex16`, `v_permlane64`.
    Permlane,
    /// `ds_permute`, `ds_bpermute`, `ds_swizzle`.
    Cross,
    /// `v_movrel*` and `v_swaprel`.
    Relative,
}

/// How the data of a memory instruction lies in registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Data {
    /// First register of what is stored, and of the second half of a pair.
    pub stored: Option<[u8; 2]>,
    /// Bit of the first register at which it begins.
    pub stored_at: u32,
    /// First register of what is loaded.
    pub loaded: Option<u8>,
    /// The half that a load of 16 bits leaves; none of it is touched.
    pub loaded_bits: u32,
    /// Sign-extended from what is loaded.
    pub signed: bool,
    /// Two addresses of one lane.
    pub pair: bool,
    pub atomic: bool,
    /// Dwords of an atomic's data.
    pub dwords: u8,
}

/// What an instruction needs and gives.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    /// Registers that decide at once: addresses, stored data, the choice of a lane.
    pub sinks: Vec<Need>,
    /// The same of scalar registers.
    pub sink_scalars: u128,
    pub sink_scc: bool,
    /// How the VALU's results follow.
    pub parts: Vec<Part>,
    /// VGPRs written, as far as they are known.
    pub gives: Vec<Need>,
    /// Data of a memory instruction.
    pub data: Option<Data>,
    /// SOP1, SOP2, SOPC, SOPK.
    pub scalar: bool,
    /// Registers are named by M0.
    pub indirect: bool,
    /// Lanes that are written and read are the active ones, each for itself.
    pub lanewise: bool,
    /// VGPRs named, for the question whether they exist: highest + 1.
    pub top_vgpr: u16,
}

fn half_of(ty: Ty) -> bool {
    matches!(ty, Ty::B16 | Ty::F16 | Ty::BF16)
}

/// The half that an operand selector means.
fn half(up: u8) -> u32 {
    if up & 1 != 0 { HI } else { LO }
}

struct Builder<'a> {
    u: Uses,
    e: &'a Effects,
    wave: WaveSize,
}

/// The uses of an instruction.
pub(super) fn uses(inst: &Inst, e: &Effects, wave: WaveSize) -> Uses {
    let row = inst.row();
    let u = Uses { lanewise: inst.dpp == Dpp::None, ..Uses::default() };
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
        Format::Sop1 | Format::Sop2 | Format::Sopc | Format::Sopk => b.scalar(inst),
        Format::Ds | Format::Mubuf | Format::Mtbuf | Format::Flat | Format::Global | Format::Scratch => {
            b.memory(inst, row)
        }
        Format::Exp | Format::Mimg | Format::Ldsdir => b.whole(),
        _ => {}
    }
    // EXEC is always set, NULL and trap registers read as something. What is sent with a message is its own business.
    let message = matches!(inst.op, Op::S_SENDMSG | Op::S_SENDMSGHALT | Op::S_TTRACEDATA);
    let vcc = matches!(inst.op, Op::S_CBRANCH_VCCZ | Op::S_CBRANCH_VCCNZ);
    if !b.u.scalar && b.u.parts.is_empty() && !message && !vcc {
        b.u.sink_scalars |= e.reads.s & REAL;
        b.u.sink_scc |= e.reads.scc;
    }
    let top = |v: [u64; 4]| (0..256u16).rev().find(|k| v[*k as usize / 64] >> (k % 64) & 1 != 0).map_or(0, |k| k + 1);
    b.u.top_vgpr = top(e.reads.v).max(top(e.writes.v));
    b.u
}

/// Scalar registers that may be undefined.
pub(super) const REAL: u128 = ((1 << 108) - 1) | 1 << 125;

impl Builder<'_> {
    fn sink(&mut self, reg: u8, bits: u32) {
        self.u.sinks.push(Need { reg, bits, lanes: Lanes::Exec });
    }

    fn give(&mut self, reg: u8, bits: u32, lanes: Lanes) {
        self.u.gives.push(Need { reg, bits, lanes });
    }

    fn hand(&mut self, to: u8, from: u16, lanes: Lanes) {
        self.u.parts.push(Part::Move { to, from, lanes, bits: BOTH });
        self.give(to, BOTH, lanes);
    }

    /// Registers as the effects have them, every lane that is active.
    fn whole(&mut self) {
        for k in 0..=255 {
            if self.e.reads.has_vgpr(k) && (self.e.stores || !self.e.writes.has_vgpr(k)) {
                self.sink(k, BOTH);
            }
            if self.e.writes.has_vgpr(k) {
                self.give(k, BOTH, Lanes::Exec);
            }
        }
    }

    /// A bit rule: sources in the row's order.
    #[allow(clippy::too_many_arguments)]
    fn exact(&mut self, rule: Rule, row: &Row, vdst: u8, src: &[u16], mask_to: Option<u8>, carry: Option<u8>) {
        let mut from = [None; 3];
        for o in row.operands.iter().filter(|o| o.input && o.ty != Ty::Mask) {
            let k = match o.slot {
                Slot::Src0 => 0,
                Slot::Src1 => 1,
                Slot::Src2 => 2,
                _ => continue,
            };
            from[k] = src.get(k).map(|&code| (code, o.ty.dwords(false)));
        }
        let o = row.operand(Slot::Vdst).filter(|o| o.class != Class::S);
        let dwords = o.map_or(1, |o| o.ty.dwords(false));
        if rule != Rule::Equal {
            for d in 0..dwords {
                self.give(vdst.wrapping_add(d), BOTH, Lanes::Exec);
            }
        }
        let wide = from.iter().flatten().any(|f| f.1 == 2);
        let dwords = if rule == Rule::Equal && wide { 2 } else { dwords };
        let to = o.map(|_| vdst);
        // `x xor x` and `x - x` read nothing.
        if is_self(row.op) && src[0] == src[1] {
            from = [None; 3];
        }
        self.u.parts.push(Part::Exact { rule, to, dwords, from, mask_to, carry });
    }

    fn dual(&mut self, row: &Row, vdst: u8, src: &[u16]) {
        if matches!(row.op, Op::V_MOV_B32) {
            self.hand(vdst, src[0], Lanes::Exec);
            return;
        }
        if matches!(row.op, Op::V_CNDMASK_B32) {
            self.u.parts.push(Part::Select { to: vdst, from: [src[0], src[1]], mask: 106, bits: BOTH });
            self.give(vdst, BOTH, Lanes::Exec);
            return;
        }
        if let Some(rule) = bits::vector(row.op) {
            self.exact(rule, row, vdst, src, None, None);
            return;
        }
        let (mut needs, mut scalars) = (Vec::new(), 0u128);
        for (slot, &code) in [Slot::Src0, Slot::Src1].into_iter().zip(src) {
            match code {
                _ if row.operand(slot).is_none() => {}
                256.. => needs.push(Need { reg: (code - 256) as u8, bits: BOTH, lanes: Lanes::Exec }),
                0..=127 => scalars |= 1 << code,
                _ => {}
            }
        }
        if row.operand(Slot::Vdst).is_some_and(|o| o.input)
            || row.name.starts_with("v_dual_fmac")
            || row.name.starts_with("v_dual_dot2acc")
        {
            needs.push(Need { reg: vdst, bits: BOTH, lanes: Lanes::Exec });
        }
        let to = vec![Need { reg: vdst, bits: BOTH, lanes: Lanes::Exec }];
        self.give(vdst, BOTH, Lanes::Exec);
        self.u.parts.push(Part::Whole { needs, scalars: scalars & REAL, mask: None, to, mask_to: None, cmpx: false });
    }

    fn scalar(&mut self, inst: &Inst) {
        self.u.scalar = true;
        match inst.op {
            Op::S_SETPC_B64 | Op::S_SWAPPC_B64 | Op::S_RFE_B64 | Op::S_SETREG_B32 => {
                self.u.sink_scalars = self.e.reads.s & REAL;
            }
            Op::S_MOVRELD_B32 | Op::S_MOVRELD_B64 | Op::S_MOVRELSD_2_B32 | Op::S_MOVRELS_B32 | Op::S_MOVRELS_B64 => {
                self.u.indirect = true;
                self.u.sink_scalars = 1 << 125;
            }
            _ => {}
        }
    }

    fn vector(&mut self, inst: &Inst, row: &Row) {
        let [a, b, _] = inst.src;
        let dpp = inst.dpp != Dpp::None;
        let to_lanes = if dpp { Lanes::Source } else { Lanes::Exec };
        match inst.op {
            Op::V_READLANE_B32 | Op::V_READFIRSTLANE_B32 => {
                let first = inst.op == Op::V_READFIRSTLANE_B32;
                let lanes = if first { Lanes::First } else { Lanes::Named };
                if !first && b < 128 {
                    self.u.sink_scalars |= (1 << b) & REAL;
                }
                self.u.parts.push(Part::ToScalar { to: inst.vdst, from: a, lanes });
                self.u.lanewise = false;
                return;
            }
            Op::V_WRITELANE_B32 => {
                // The lane number is needed even if it is the register that is moved.
                if b < 128 {
                    self.u.sink_scalars |= (1 << b) & REAL;
                }
                self.hand(inst.vdst, a, Lanes::Named);
                self.u.lanewise = false;
                return;
            }
            Op::V_SWAP_B32 if a >= 256 => {
                self.hand(inst.vdst, a, Lanes::Exec);
                self.hand((a - 256) as u8, 256 + inst.vdst as u16, Lanes::Exec);
                return;
            }
            Op::V_MOV_B32 => {
                self.hand(inst.vdst, a, to_lanes);
                return;
            }
            Op::V_CNDMASK_B32 => {
                let mask = if row.format == Format::Vop2 { 106 } else { inst.src[2].min(124) as u8 };
                self.u.parts.push(Part::Select { to: inst.vdst, from: [a, b], mask, bits: BOTH });
                self.give(inst.vdst, BOTH, to_lanes);
                return;
            }
            Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32 | Op::V_PERMLANE64_B32 => {
                self.u.sink_scalars |= self.e.reads.s & REAL;
                self.u.parts.push(Part::Permlane);
                self.give(inst.vdst, BOTH, Lanes::Exec);
                self.u.lanewise = false;
                return;
            }
            Op::V_MOVRELS_B32 | Op::V_MOVRELD_B32 | Op::V_MOVRELSD_B32 | Op::V_MOVRELSD_2_B32 | Op::V_SWAPREL_B32 => {
                self.u.indirect = true;
                self.u.sink_scalars |= 1 << 125;
                self.u.parts.push(Part::Relative);
                return;
            }
            _ => {}
        }
        if row.operands.iter().any(|o| o.ty == Ty::Acc) {
            self.wmma(inst, row);
            return;
        }
        let cmpx = self.e.writes.s >> 126 != 0;
        let mask_to = self.e.writes.s & REAL;
        let mask_to = (mask_to != 0).then(|| mask_to.trailing_zeros() as u8);
        // A mask of lanes among the sources: carries, and VCC of a division.
        let mask = if row.operands.iter().any(|o| o.ty == Ty::Mask && o.input && o.slot == Slot::Src2) {
            (inst.src[2] < 128).then_some(inst.src[2] as u8)
        } else if self.e.reads.s >> 106 & 1 != 0 && ![a, b, inst.src[2]].contains(&106) {
            Some(106)
        } else {
            None
        };
        let wide = 1 + self.wave.is64() as u32;
        let masked = mask.map_or(0, |m| ((1u128 << wide) - 1).checked_shl(m as u32).unwrap_or(0));
        if let Some(rule) = bits::vector(inst.op)
            && !inst.mods.clamp
            && !cmpx
        {
            self.exact(rule, row, inst.vdst, &inst.src, mask_to, mask);
            if dpp {
                self.u.gives.iter_mut().for_each(|g| g.lanes = Lanes::Source);
            }
            return;
        }
        let same = is_self(inst.op) && a == b && !dpp;
        let scalars = if same { 0 } else { self.e.reads.s & REAL & !masked };
        // Two results in one register, each of its own halves.
        let packed = row.name.starts_with("v_pk_") && !row.name.ends_with("f32");
        let pack = inst.op == Op::V_PACK_B32_F16;
        let passes: &[Option<usize>] = if packed || pack { &[Some(0), Some(1)] } else { &[None] };
        for &pass in passes {
            let needs = self.needs(inst, row, pass, pack);
            let mut to = self.destination(inst, row);
            let mut needs = if same { Vec::new() } else { needs };
            if let Some(k) = pass {
                to.iter_mut().for_each(|t| t.bits = half(k as u8));
            }
            if inst.op == Op::V_PK_FMAC_F16 {
                needs.push(Need { reg: inst.vdst, bits: half(pass.unwrap_or(0) as u8), lanes: Lanes::Exec });
            }
            self.u.gives.extend(&to);
            self.u.parts.push(Part::Whole { needs, scalars, mask, to, mask_to, cmpx });
        }
    }

    /// VGPRs that a VALU instruction reads; of a packed one for one of its halves.
    fn needs(&self, inst: &Inst, row: &Row, pass: Option<usize>, pack: bool) -> Vec<Need> {
        let short = matches!(row.format, Format::Vop1 | Format::Vop2 | Format::Vopc) && row.has(isa::row::T16);
        let mix = matches!(inst.op, Op::V_FMA_MIX_F32 | Op::V_FMA_MIXLO_F16 | Op::V_FMA_MIXHI_F16);
        let m = &inst.mods;
        let mut needs = Vec::new();
        for o in row.operands {
            let n = o.ty.dwords(self.wave.is64());
            let k = match o.slot {
                Slot::Src0 => 0,
                Slot::Src1 => 1,
                Slot::Src2 => 2,
                Slot::Vdst if o.class != Class::S && o.input && !mix => {
                    let (reg, bits) = self.written_half(inst, row, o);
                    needs.extend((0..n).map(|d| Need { reg: reg.wrapping_add(d), bits, lanes: Lanes::Exec }));
                    continue;
                }
                _ => continue,
            };
            let code = inst.src[k];
            if code < 256 || pack && pass.is_some_and(|p| p != k) {
                continue;
            }
            let field = (code - 256) as u8;
            let bits = if mix {
                if m.opsel_hi >> k & 1 == 0 { BOTH } else { half(m.opsel >> k) }
            } else if half_of(o.ty) && short {
                half(field >> 7)
            } else if half_of(o.ty) {
                half(m.opsel >> k)
            } else if matches!(o.ty, Ty::V2B16 | Ty::V2F16 | Ty::V2BF16) && row.format == Format::Vop3p {
                match pass {
                    Some(0) => half(m.opsel >> k),
                    Some(_) => half(m.opsel_hi >> k),
                    None => half(m.opsel >> k) | half(m.opsel_hi >> k),
                }
            } else if matches!(o.ty, Ty::V2F16 | Ty::V2BF16 | Ty::V2B16) {
                pass.map_or(BOTH, |p| half(p as u8))
            } else {
                BOTH
            };
            let reg = if half_of(o.ty) && short { field & 127 } else { field };
            let lanes = if k == 0 && inst.dpp != Dpp::None { Lanes::Source } else { Lanes::Exec };
            needs.extend((0..n).map(|d| Need { reg: reg.wrapping_add(d), bits, lanes }));
        }
        needs
    }

    /// The register and the half of it that a 16-bit result goes to.
    fn written_half(&self, inst: &Inst, row: &Row, o: &Operand) -> (u8, u32) {
        let short = matches!(row.format, Format::Vop1 | Format::Vop2 | Format::Vopc) && row.has(isa::row::T16);
        let is_half = half_of(o.ty);
        let reg = if is_half && short { inst.vdst & 127 } else { inst.vdst };
        let bits = match inst.op {
            Op::V_FMA_MIXLO_F16 => LO,
            Op::V_FMA_MIXHI_F16 => HI,
            _ if is_half && short => half(inst.vdst >> 7),
            _ if is_half => half(inst.mods.opsel >> 3),
            _ => BOTH,
        };
        (reg, bits)
    }

    /// VGPRs that a VALU instruction writes.
    fn destination(&self, inst: &Inst, row: &Row) -> Vec<Need> {
        let Some(o) = row.operand(Slot::Vdst).filter(|o| o.class != Class::S) else { return Vec::new() };
        let (reg, bits) = self.written_half(inst, row, o);
        let lanes = if inst.dpp == Dpp::None { Lanes::Exec } else { Lanes::Source };
        (0..o.ty.dwords(self.wave.is64())).map(|d| Need { reg: reg.wrapping_add(d), bits, lanes }).collect()
    }

    fn wmma(&mut self, inst: &Inst, row: &Row) {
        self.u.lanewise = false;
        let n = |slot| row.operand(slot).map_or(0, |o| o.ty.dwords(self.wave.is64()));
        let first = |k: usize| (inst.src[k] >= 256).then(|| (inst.src[k] - 256) as u8);
        let mut ab = Vec::new();
        for (k, slot) in [Slot::Src0, Slot::Src1].into_iter().enumerate() {
            if let Some(v) = first(k) {
                ab.extend((0..n(slot)).map(|d| v.wrapping_add(d)));
            }
        }
        let n = n(Slot::Vdst);
        (0..n).for_each(|d| self.give(inst.vdst.wrapping_add(d), BOTH, Lanes::All));
        self.u.parts.push(Part::Wmma { ab, c: first(2), to: inst.vdst, n });
    }

    fn memory(&mut self, inst: &Inst, row: &Row) {
        let name = row.name;
        let d16 = name.contains("d16") && !name.contains("xy");
        let high = name.contains("d16_hi");
        let load = row.implicit & LOADS != 0;
        let store = row.implicit & STORES != 0;
        let m = inst.mem;
        let atomic = load && store;
        if inst.op == Op::DS_BVH_STACK_RTN_B32 {
            self.whole();
            return;
        }
        if matches!(inst.op, Op::DS_BPERMUTE_B32 | Op::DS_PERMUTE_B32 | Op::DS_SWIZZLE_B32) {
            self.u.lanewise = false;
            self.u.parts.push(Part::Cross);
            if inst.op != Op::DS_SWIZZLE_B32 {
                self.sink(m.addr, BOTH);
            }
            self.give(inst.vdst, BOTH, Lanes::Exec);
            return;
        }
        let mut address = isa::analysis::Regs::NONE;
        address.add_vgprs(m.addr, super::waits::address_vgprs(inst));
        let typed = row.format == Format::Mtbuf || name.contains("format");
        // What is stored to global memory with its bytes as they are is judged byte by byte, when its place is known.
        let bytes = !(typed || atomic && row.format == Format::Mubuf);
        let mut dwords = 0;
        for k in 0..=255u8 {
            if address.has_vgpr(k) && self.e.reads.has_vgpr(k) {
                self.sink(k, BOTH);
            } else if self.e.reads.has_vgpr(k) && !bytes && store {
                let bits = match (atomic, d16, high) {
                    (true, ..) | (_, false, _) => BOTH,
                    (_, _, true) => HI,
                    _ => LO,
                };
                self.sink(k, bits);
            }
            if self.e.writes.has_vgpr(k) {
                let bits = match (load && d16, high) {
                    (false, _) => BOTH,
                    (true, true) => HI,
                    (true, false) => LO,
                };
                self.give(k, bits, Lanes::Exec);
            }
        }
        for o in row.operands {
            if let (true, Slot::Data0 | Slot::Vdata) = (store, o.slot) {
                dwords = o.ty.dwords(self.wave.is64());
            }
        }
        let stored = (store && bytes).then_some([m.data0, m.data1]);
        let loads = self.e.writes.v != [0; 4];
        let buffer = matches!(row.format, Format::Mubuf | Format::Mtbuf);
        self.u.data = Some(Data {
            stored,
            stored_at: if store && high { 16 } else { 0 },
            loaded: (loads && !typed).then_some(if buffer { m.data0 } else { inst.vdst }),
            loaded_bits: match (load && d16, high) {
                (false, _) => BOTH,
                (true, true) => HI,
                (true, false) => LO,
            },
            signed: load && (name.contains("_i8") || name.contains("_i16") || name.contains("sbyte")),
            pair: name.contains("2addr"),
            atomic,
            dwords,
        });
    }
}

/// Whether the result of `x op x` does not depend on x.
fn is_self(op: Op) -> bool {
    matches!(op, Op::V_XOR_B32 | Op::V_SUB_NC_U32 | Op::V_SUBREV_NC_U32 | Op::V_XNOR_B32)
}
