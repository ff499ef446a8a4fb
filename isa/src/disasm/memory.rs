//! Operands and modifiers of the memory, export and parameter formats.
use super::text::{dec, hex, put, signed};
use super::{Printer, emit, scalar, vgpr};
use crate::image;
use crate::names::BUF_FMT;
use crate::row::*;
use crate::{Ext, Image, Op};

/// Registers of an image instruction, as LLVM prints them.
struct Shape {
    data: u8,
    /// Address registers that follow one another.
    address: u8,
    /// Address operands of the non-sequential form, and the registers of each.
    parts: u8,
    part: [u8; 5],
}

/// What the fields ask for; where LLVM has no instruction of these widths (a multisampled image sampled, an atomic on
/// three components, registers past v255), the widths of the first that it has.
fn shape(row: &Row, x: &Image, data0: u8, tfe: bool, regs: &[u8; 5]) -> Shape {
    let mut s = Shape { data: image::data_dwords(row, x, tfe), address: 0, parts: 0, part: [1; 5] };
    s.address = image::address_dwords(row, x);
    for n in image::nsa_parts(row, x) {
        s.part[s.parts as usize] = n;
        s.parts += 1;
    }
    if row.has(I_BVH) {
        return s;
    }
    // Loads and atomics reach multisampled images, dimensions 6 and 7; samples don't.
    let plain = row.operand(Slot::Ssamp).is_none() && !row.has(I_LOD);
    let of = |dim: u8, a16: bool| image::address_dwords(row, &Image { dim, a16, ..*x });
    let dims = 0..if plain { 8 } else { 6 };
    let widest = dims.map(|dim| of(dim, false)).max().unwrap_or(1);
    let pair = row.operand(Slot::Vdata).is_some_and(|o| o.ty.dwords(false) == 2);
    let data = if row.has(I_GATHER4) {
        s.data != 3
    } else if row.has(I_ATOMIC) {
        // Four components and the status, whether or not it is asked for.
        s.data += (!pair && s.data == 4) as u8;
        if pair { matches!(s.data, 2 | 4) } else { matches!(s.data, 1 | 2 | 5) }
    } else {
        s.data <= 5
    };
    let fits = |first: u8, n: u8| first as u16 + n as u16 <= 256;
    // Ranges of four and eight stand in for those of three and seven.
    let longest = widest + matches!(widest, 3 | 7) as u8;
    let address = if x.nsa {
        s.address <= widest
            && s.address > 1
            && s.parts > 0
            && fits(regs[s.parts as usize - 1], s.part[s.parts as usize - 1])
    } else {
        s.address <= longest && fits(regs[0], s.address)
    };
    if !(data && address && fits(data0, s.data)) {
        let dmask = Image { dmask: 1 + 2 * (pair as u8), d16: false, ..*x };
        s.data = image::data_dwords(row, &dmask, false);
        s.address = of(0, true).saturating_sub(row.has(I_GRAD) as u8);
        s.parts = widest.min(5);
        s.part = [1; 5];
    }
    s
}

/// Scalar offset of a buffer instruction.
const SOFFSET: Operand = i(Slot::Src2, Class::Ssrc, Ty::B32);

impl Printer<'_> {
    pub(super) fn cpol(&mut self) {
        let m = &self.inst.mem;
        self.flag(m.glc, " glc");
        self.flag(m.slc, " slc");
        self.flag(m.dlc, " dlc");
    }

    pub(super) fn buffer(&mut self) {
        let i = self.inst;
        let m = &i.mem;
        let row = i.row();
        if !row.has(ADDR) {
            return;
        }
        self.put(" ");
        for o in row.operands {
            vgpr(self.s, m.data0 as u16, o.ty.dwords(self.wave64) + m.tfe as u8);
            self.put(", ");
        }
        match m.offen as u8 + m.idxen as u8 {
            0 => self.put("off"),
            n => vgpr(self.s, m.addr as u16, n),
        }
        self.put(", ");
        scalar(self.s, m.sbase as u16, 4);
        self.put(", ");
        // No literal follows these formats.
        match m.soffset {
            255 => self.put("src_255"),
            code => self.source(row, 3, code as u16, &SOFFSET),
        }
        if row.format == Format::Mtbuf {
            match m.format {
                1 => {}
                f @ 0..64 => {
                    emit!(self.s; put " format:[BUF_FMT_", put BUF_FMT[f as usize], put "]");
                }
                f => {
                    emit!(self.s; put " format:", dec f);
                }
            }
        }
        self.flag(m.idxen, " idxen");
        self.flag(m.offen, " offen");
        if i.imm != 0 {
            emit!(self.s; put " offset:", signed i.imm);
        }
        self.cpol();
        self.flag(m.tfe, " tfe");
    }

    pub(super) fn flat(&mut self) {
        let i = self.inst;
        let m = &i.mem;
        let row = i.row();
        let mut sep = " ";
        let data = row.operand(Slot::Vdata);
        if let Some(o) = row.operand(Slot::Vdst)
            && (data.is_none() || m.glc || row.implicit & STORES == 0)
        {
            self.put(sep);
            vgpr(self.s, i.vdst as u16, o.ty.dwords(self.wave64));
            sep = ", ";
        }
        let off = m.sbase == 124;
        if row.has(ADDR) {
            self.put(sep);
            sep = ", ";
            match row.format {
                Format::Scratch if !m.sve => self.put("off"),
                Format::Scratch => vgpr(self.s, m.addr as u16, 1),
                Format::Global if !off => vgpr(self.s, m.addr as u16, 1),
                _ => vgpr(self.s, m.addr as u16, 2),
            }
        }
        if let Some(o) = data {
            self.put(sep);
            sep = ", ";
            vgpr(self.s, m.data0 as u16, o.ty.dwords(self.wave64));
        }
        if row.format != Format::Flat {
            self.put(sep);
            match (off, row.format) {
                (true, _) => self.put("off"),
                (false, Format::Scratch) => {
                    scalar(self.s, m.sbase as u16, 1);
                    if m.sbase == 127 {
                        self.invalid("SReg_32_XEXEC_HI");
                    }
                }
                _ => scalar(self.s, m.sbase as u16, 2),
            }
        }
        if i.imm != 0 {
            emit!(self.s; put " offset:", signed i.imm);
        }
        self.cpol();
    }

    pub(super) fn exp(&mut self) {
        let Ext::Export(x) = self.inst.ext else { return };
        let t = x.target;
        match t {
            0..=7 => emit!(self.s; put " mrt", dec t),
            8 => emit!(self.s; put " mrtz"),
            12..=16 => emit!(self.s; put " pos", dec t - 12),
            20 => emit!(self.s; put " prim"),
            21 | 22 => emit!(self.s; put " dual_src_blend", dec t - 21),
            _ => emit!(self.s; put " invalid_target_", dec t),
        };
        for (k, v) in x.src.into_iter().enumerate() {
            self.put(if k == 0 { " " } else { ", " });
            if x.enable >> k & 1 != 0 {
                vgpr(self.s, v as u16, 1);
            } else {
                self.put("off");
            }
        }
        self.flag(x.done, " done");
        self.flag(x.row, " row_en");
    }

    pub(super) fn image(&mut self) {
        let Ext::Image(x) = self.inst.ext else { return };
        let m = &self.inst.mem;
        let row = self.inst.row();
        let regs = [m.addr, x.more[0], x.more[1], x.more[2], x.more[3]];
        let shape = shape(row, &x, m.data0, m.tfe, &regs);
        self.put(" ");
        vgpr(self.s, m.data0 as u16, shape.data);
        self.put(", ");
        if x.nsa {
            self.put("[");
            for (k, v) in regs.into_iter().enumerate().take(shape.parts as usize) {
                self.flag(k > 0, ", ");
                vgpr(self.s, v as u16, shape.part[k]);
            }
            self.put("]");
        } else {
            vgpr(self.s, m.addr as u16, shape.address);
        }
        self.put(", ");
        scalar(self.s, m.sbase as u16, row.operand(Slot::Sbase).map_or(8, |o| o.ty.dwords(false)));
        if row.operand(Slot::Ssamp).is_some() {
            self.put(", ");
            scalar(self.s, x.ssamp as u16, 4);
        }
        if row.has(I_BVH) {
            return self.flag(x.a16, " a16");
        }
        if x.dmask != 0 {
            emit!(self.s; put " dmask:", hex x.dmask);
        }
        emit!(self.s; put " dim:", put image::DIMS[x.dim as usize & 7]);
        self.flag(x.unorm, " unorm");
        self.cpol();
        self.flag(x.r128, " r128");
        self.flag(x.a16, " a16");
        self.flag(m.tfe, " tfe");
        self.flag(x.lwe, " lwe");
        self.flag(x.d16, " d16");
    }

    pub(super) fn ldsdir(&mut self) {
        let Ext::Interp { attr, chan, wait } = self.inst.ext else { return };
        self.put(" ");
        vgpr(self.s, self.inst.vdst as u16, 1);
        if self.inst.op == Op::LDS_PARAM_LOAD {
            emit!(self.s; put ", attr", dec attr, put ".", put ["x", "y", "z", "w"][chan as usize & 3]);
        }
        emit!(self.s; put " wait_vdst:", dec wait);
    }
}
