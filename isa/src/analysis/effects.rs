//! Registers and counters of one instruction.
use crate::decode::{Dpp, Ext, Inst};
use crate::row::*;
use crate::rows::Op;
use crate::{WaveSize, image};

/// A set of registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct Regs {
    /// VGPRs, one bit each, v0 lowest of the first word.
    pub v: [u64; 4],
    /// Scalar registers by their source code: 0 to 105 SGPRs, 106 and 107 VCC, 108 to 123 trap registers, 125 M0, 126
    /// and 127 EXEC.
    pub s: u128,
    /// The scalar condition code.
    pub scc: bool,
}

impl Regs {
    /// No register.
    pub const NONE: Regs = Regs { v: [0; 4], s: 0, scc: false };

    /// Adds `n` VGPRs from `first` on; those past v255 are none.
    pub fn add_vgprs(&mut self, first: u8, n: u8) {
        for k in first as u16..(first as u16 + n as u16).min(256) {
            self.v[k as usize / 64] |= 1 << (k % 64);
        }
    }

    /// Adds `n` scalar registers from the source code `first` on; NULL and codes of 128 and above are none.
    pub fn add_scalars(&mut self, first: u16, n: u8) {
        // Pairs start at even numbers, longer ranges at multiples of four.
        let first = first
            & !(match n {
                0 | 1 => 0,
                2 => 1,
                _ => 3,
            });
        for k in (first..first.saturating_add(n as u16)).take_while(|&k| k < 128) {
            if k != 124 {
                self.s |= 1 << k;
            }
        }
    }

    /// Whether a VGPR is in it.
    pub fn has_vgpr(&self, k: u8) -> bool {
        self.v[k as usize / 64] >> (k % 64) & 1 != 0
    }

    /// Whether the scalar register of a source code is in it.
    pub fn has_scalar(&self, code: u8) -> bool {
        code < 128 && self.s >> code & 1 != 0
    }

    /// Number of VGPRs.
    pub fn vgprs(&self) -> u32 {
        self.v.iter().map(|w| w.count_ones()).sum()
    }

    /// Number of SGPRs, VCC included.
    pub fn sgprs(&self) -> u32 {
        (self.s & ((1 << 108) - 1)).count_ones()
    }

    /// All of both.
    #[must_use]
    pub fn union(&self, o: &Regs) -> Regs {
        Regs { v: core::array::from_fn(|k| self.v[k] | o.v[k]), s: self.s | o.s, scc: self.scc | o.scc }
    }

    /// Those that are not in `o`.
    #[must_use]
    pub fn without(&self, o: &Regs) -> Regs {
        Regs { v: core::array::from_fn(|k| self.v[k] & !o.v[k]), s: self.s & !o.s, scc: self.scc & !o.scc }
    }

    /// Whether one is in both.
    pub fn meets(&self, o: &Regs) -> bool {
        self.v.iter().zip(&o.v).any(|(a, b)| a & b != 0) || self.s & o.s != 0 || self.scc && o.scc
    }
}

/// What an instruction does to registers and counters.
///
/// Registers reached through M0 (`v_movrel*`, `s_movrel*`) and through addresses are not known from the words: of them
/// only the register that the instruction names is listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Effects {
    /// Registers read, EXEC where it decides about lanes included. A destination of which a part survives counts as
    /// read: a 16-bit half, lanes or rows that DPP leaves out, an accumulator.
    pub reads: Regs,
    /// Registers written, VGPRs in active lanes.
    pub writes: Regs,
    /// Counters that it counts up until it is done: [`C_VM`], [`C_VS`], [`C_LGKM`] and [`C_EXP`] of [`crate::row`].
    pub counters: u32,
    /// Reads memory.
    pub loads: bool,
    /// Writes memory.
    pub stores: bool,
}

/// Registers and counters of an instruction.
///
/// They follow from its row: operands with their widths, [`TIED`] and implicit registers; for memory formats from the
/// address fields, for images from dimension and mask. Both halves of a VOPD pair are in.
pub fn effects(inst: &Inst, wave: WaveSize) -> Effects {
    let row = inst.row();
    let mut e = Effects { counters: row.implicit & (C_VM | C_VS | C_LGKM | C_EXP), ..Effects::default() };
    e.loads = row.implicit & LOADS != 0;
    e.stores = row.implicit & STORES != 0;
    // An atomic counts as a load where it returns a value, as a store where not.
    if e.counters & (C_VM | C_VS) == C_VM | C_VS {
        e.counters &= if inst.mem.glc { !C_VS } else { !C_VM };
    }
    match row.format {
        Format::Mubuf | Format::Mtbuf => buffer(inst, row, &mut e),
        Format::Flat | Format::Global | Format::Scratch => flat(inst, row, wave, &mut e),
        Format::Mimg => image_regs(inst, row, &mut e),
        Format::Exp => {
            if let Ext::Export(x) = inst.ext {
                for (k, v) in x.src.into_iter().enumerate().filter(|&(k, _)| x.enable >> k & 1 != 0) {
                    let _ = k;
                    e.reads.add_vgprs(v, 1);
                }
            }
        }
        Format::Ldsdir => {
            e.writes.add_vgprs(inst.vdst, 1);
            e.reads.add_scalars(125, 1);
        }
        _ => {
            operands(inst, row, inst.vdst, &inst.src, wave, &mut e);
            if row.format == Format::Smem && row.has(ADDR) {
                e.reads.add_scalars(inst.mem.soffset as u16, 1);
            }
        }
    }
    if let Some(y) = inst.y {
        operands(inst, y.row(), y.vdst, &y.src, wave, &mut e);
    }
    let both = row.implicit | inst.y.map_or(0, |y| y.row().implicit);
    let lanes = 1 + wave.is64() as u8;
    for (bit, code, n) in [(R_VCC, 106, lanes), (R_M0, 125, 1), (R_EXEC, 126, lanes)] {
        if both & bit != 0 {
            e.reads.add_scalars(code, n);
        }
    }
    for (bit, code, n) in [(W_VCC, 106, lanes), (W_M0, 125, 1), (W_EXEC, 126, lanes)] {
        if both & bit != 0 {
            e.writes.add_scalars(code, n);
        }
    }
    e.reads.scc |= both & R_SCC != 0;
    e.writes.scc |= both & W_SCC != 0;
    e
}

fn source(regs: &mut Regs, code: u16, n: u8, wave: WaveSize) {
    match code {
        256.. => regs.add_vgprs((code - 256) as u8, n),
        0..=127 => regs.add_scalars(code, n),
        251 => regs.add_scalars(106, 1 + wave.is64() as u8),
        252 => regs.add_scalars(126, 1 + wave.is64() as u8),
        253 => regs.scc = true,
        _ => {}
    }
}

fn operands(inst: &Inst, row: &Row, vdst: u8, src: &[u16], wave: WaveSize, e: &mut Effects) {
    let short = matches!(row.format, Format::Vop1 | Format::Vop2 | Format::Vopc) && row.has(T16);
    let swap = matches!(row.op, Op::V_SWAP_B32 | Op::V_SWAPREL_B32);
    let left = match inst.dpp {
        Dpp::Dpp16 { row_mask, bank_mask, bound_ctrl, .. } => row_mask != 15 || bank_mask != 15 || !bound_ctrl,
        _ => false,
    };
    for o in row.operands {
        let half = matches!(o.ty, Ty::B16 | Ty::F16 | Ty::BF16);
        let n = o.ty.dwords(wave.is64());
        // In the 32-bit encodings bit 7 of a 16-bit operand's field is the half.
        let fold = |v: u8| if short && half { v & 127 } else { v };
        let code = |c: u16| if c >= 256 { 256 + fold((c - 256) as u8) as u16 } else { c };
        let mut set = Regs::NONE;
        match o.slot {
            Slot::Vdst if o.class == Class::S => set.add_scalars(vdst as u16, n),
            Slot::Vdst => set.add_vgprs(fold(vdst), n),
            Slot::Sdst if o.class == Class::Num => {}
            Slot::Sdst => set.add_scalars(inst.sdst as u16, n),
            Slot::Src0 if o.class == Class::Msg => {}
            Slot::Src0 => source(&mut set, code(src[0]), n, wave),
            Slot::Src1 => source(&mut set, code(src[1]), n, wave),
            Slot::Src2 => source(&mut set, code(src.get(2).copied().unwrap_or(128)), n, wave),
            Slot::Vcc => set.add_scalars(106, n),
            Slot::Sbase => set.add_scalars(inst.mem.sbase as u16, n),
            Slot::Addr => set.add_vgprs(inst.mem.addr, n),
            Slot::Data0 | Slot::Vdata => set.add_vgprs(inst.mem.data0, n),
            Slot::Data1 => set.add_vgprs(inst.mem.data1, n),
            Slot::Imm | Slot::Simm | Slot::Ssamp => {}
        }
        let vector = o.slot == Slot::Vdst && o.class != Class::S;
        if o.output {
            e.writes = e.writes.union(&set);
            let half_result = half || row.format == Format::Ds && d16(row);
            if keeps(row) || vector && (left || half_result) {
                e.reads = e.reads.union(&set);
            }
        } else {
            e.reads = e.reads.union(&set);
        }
        if swap {
            e.reads = e.reads.union(&set);
            e.writes = e.writes.union(&set);
        }
    }
}

/// Does the destination's old value go into the result: an accumulator, a bit field, a move that may not happen.
fn keeps(row: &Row) -> bool {
    let dual = matches!(row.format, Format::VopdX | Format::VopdY);
    row.has(TIED)
        || dual && (row.name.starts_with("v_dual_fmac") || row.name.starts_with("v_dual_dot2acc"))
        || matches!(row.op, Op::S_CMOV_B32 | Op::S_CMOV_B64 | Op::S_CMOVK_I32 | Op::V_PK_FMAC_F16)
}

/// A load of 16 bits into one half of a register.
fn d16(row: &Row) -> bool {
    row.implicit & LOADS != 0 && (row.name.contains("_d16_") && !row.name.contains("format_xy"))
}

/// Data of a buffer or image instruction: a load writes it, a store reads it, an atomic both where it returns.
fn data(e: &mut Effects, inst: &Inst, row: &Row, n: u8, status: u8) {
    let mut set = Regs::NONE;
    set.add_vgprs(inst.mem.data0, n);
    let atomic = e.loads && e.stores;
    if e.stores || d16(row) || inst.mem.tfe {
        e.reads = e.reads.union(&set);
    }
    if e.loads && (!atomic || inst.mem.glc) {
        set.add_vgprs(inst.mem.data0, n.saturating_add(status));
        e.writes = e.writes.union(&set);
    }
}

fn buffer(inst: &Inst, row: &Row, e: &mut Effects) {
    let m = &inst.mem;
    if !row.has(ADDR) {
        return;
    }
    if let Some(o) = row.operands.first() {
        data(e, inst, row, o.ty.dwords(false), m.tfe as u8);
    }
    e.reads.add_vgprs(m.addr, m.offen as u8 + m.idxen as u8);
    e.reads.add_scalars(m.sbase as u16, 4);
    e.reads.add_scalars(m.soffset as u16, 1);
}

fn flat(inst: &Inst, row: &Row, wave: WaveSize, e: &mut Effects) {
    let m = &inst.mem;
    let atomic = e.loads && e.stores;
    if let Some(o) = row.operand(Slot::Vdst)
        && (!atomic || m.glc)
    {
        let mut set = Regs::NONE;
        set.add_vgprs(inst.vdst, o.ty.dwords(wave.is64()));
        e.writes = e.writes.union(&set);
        if d16(row) {
            e.reads = e.reads.union(&set);
        }
    }
    if let Some(o) = row.operand(Slot::Vdata) {
        e.reads.add_vgprs(m.data0, o.ty.dwords(wave.is64()));
    }
    let off = m.sbase == 124;
    if row.has(ADDR) {
        match row.format {
            Format::Scratch => e.reads.add_vgprs(m.addr, m.sve as u8),
            Format::Global if !off => e.reads.add_vgprs(m.addr, 1),
            _ => e.reads.add_vgprs(m.addr, 2),
        }
    }
    if row.format != Format::Flat && !off {
        e.reads.add_scalars(m.sbase as u16, 1 + (row.format == Format::Global) as u8);
    }
}

fn image_regs(inst: &Inst, row: &Row, e: &mut Effects) {
    let Ext::Image(x) = inst.ext else { return };
    let m = &inst.mem;
    let n = image::data_dwords(row, &x, false);
    data(e, inst, row, n, m.tfe as u8);
    if x.nsa {
        let regs = [m.addr, x.more[0], x.more[1], x.more[2], x.more[3]];
        for (n, v) in image::nsa_parts(row, &x).zip(regs) {
            e.reads.add_vgprs(v, n);
        }
    } else {
        e.reads.add_vgprs(m.addr, image::address_dwords(row, &x));
    }
    e.reads.add_scalars(m.sbase as u16, row.operand(Slot::Sbase).map_or(8, |o| o.ty.dwords(false)));
    if row.operand(Slot::Ssamp).is_some() {
        e.reads.add_scalars(x.ssamp as u16, 4);
    }
}
