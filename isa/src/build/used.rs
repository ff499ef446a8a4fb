//! How many registers the code needs.
use crate::decode::{Ext, Inst};
use crate::row::*;
use crate::{Target, image};

/// Counts as a kernel descriptor wants them.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Used {
    pub vgprs: u32,
    pub sgprs: u32,
    pub vcc: bool,
}

impl Used {
    fn v(&mut self, first: u8, dwords: u8) {
        if dwords > 0 {
            self.vgprs = self.vgprs.max(first as u32 + dwords as u32);
        }
    }

    fn s(&mut self, code: u16, dwords: u8) {
        match code {
            0..=105 => self.sgprs = self.sgprs.max(code as u32 + dwords as u32),
            106 | 107 => self.vcc = true,
            256.. => self.v((code - 256) as u8, dwords),
            _ => {}
        }
    }

    /// Counts the registers of one instruction.
    pub fn add(&mut self, i: &Inst, target: Target) {
        let wave64 = target.wave.is64();
        let row = i.row();
        let m = &i.mem;
        self.vcc |= row.implicit & (R_VCC | W_VCC) != 0;
        for o in row.operands {
            let n = o.ty.dwords(wave64);
            // Bit 7 of a short encoding's 16-bit operand is the half.
            let mask = if row.has(T16) && o.ty.is_half() { 0x7f } else { 0xff };
            let source = |code: u16| if code >= 256 { code & (0x100 | mask as u16) } else { code };
            match o.slot {
                Slot::Vdst if o.class == Class::S => self.s(i.vdst as u16, n),
                Slot::Vdst => {
                    let silent = row.operand(Slot::Vdata).is_some() && row.implicit & STORES != 0 && !m.glc;
                    self.v(i.vdst & mask, if silent { 0 } else { n });
                }
                Slot::Sdst if o.class != Class::Num => self.s(i.sdst as u16, n),
                Slot::Src0 if o.class != Class::Msg => self.s(source(i.src[0]), n),
                Slot::Src1 => self.s(source(i.src[1]), n),
                Slot::Src2 => self.s(i.src[2], n),
                Slot::Vcc => self.vcc = true,
                Slot::Sbase => self.s(m.sbase as u16, n),
                Slot::Addr if row.format == Format::Ds => self.v(m.addr, n),
                Slot::Data0 => self.v(m.data0, n),
                Slot::Vdata if row.format == Format::Mimg => {}
                Slot::Vdata => self.v(m.data0, n + m.tfe as u8),
                Slot::Data1 => self.v(m.data1, n),
                _ => {}
            }
        }
        if let Some(y) = i.y {
            self.vcc |= y.row().implicit & R_VCC != 0;
            self.v(y.vdst, 1);
            self.s(y.src[0], 1);
            if y.row().operand(Slot::Src1).is_some() {
                self.s(y.src[1], 1);
            }
        }
        match row.format {
            Format::Smem if row.has(ADDR) => self.s(m.soffset as u16, 1),
            Format::Mubuf | Format::Mtbuf if row.has(ADDR) => {
                self.v(m.addr, m.offen as u8 + m.idxen as u8);
                self.s(m.sbase as u16, 4);
                self.s(m.soffset as u16, 1);
            }
            Format::Flat if row.has(ADDR) => self.v(m.addr, 2),
            Format::Global => {
                let off = m.sbase == 124;
                self.v(m.addr, if row.has(ADDR) { 1 + off as u8 } else { 0 });
                self.s(m.sbase as u16, 2);
            }
            Format::Scratch => {
                self.v(m.addr, m.sve as u8);
                self.s(m.sbase as u16, 1);
            }
            _ => {}
        }
        match i.ext {
            Ext::Export(x) => {
                for (k, first) in x.src.into_iter().enumerate() {
                    self.v(first, x.enable >> k & 1);
                }
            }
            Ext::Image(x) => {
                self.v(m.data0, image::data_dwords(row, &x, m.tfe));
                self.s(x.ssamp as u16, if row.operand(Slot::Ssamp).is_some() { 4 } else { 0 });
                if x.nsa {
                    let regs = [m.addr, x.more[0], x.more[1], x.more[2], x.more[3]];
                    for (n, first) in image::nsa_parts(row, &x).zip(regs) {
                        self.v(first, n);
                    }
                } else {
                    self.v(m.addr, image::address_dwords(row, &x));
                }
            }
            _ => {}
        }
    }
}
