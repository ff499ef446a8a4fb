//! [`Inst`] to words.
use crate::decode::{Dpp, Ext, Inst};
use crate::row::{Class, DATA0_AT_ADDR, Format, Row, SD, Slot};
use crate::rows::Op;
use core::fmt;

/// Longest instruction: two words, and a literal, a DPP word or more addresses.
pub const MAX_DWORDS: usize = 3;

/// The dwords of one instruction.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Words {
    w: [u32; MAX_DWORDS],
    len: u8,
}

impl Words {
    fn push(&mut self, w: u32) {
        if let Some(slot) = self.w.get_mut(self.len as usize) {
            *slot = w;
            self.len += 1;
        }
    }
}

impl core::ops::Deref for Words {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.w[..self.len as usize]
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x?}", &self[..])
    }
}

/// Why an [`Inst`] has no encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EncodeError {
    /// A field does not hold this value.
    Range {
        /// The manual's name of the field.
        field: &'static str,
        /// What was to go into it.
        value: i64,
        /// Bits of the field.
        bits: u32,
    },
    /// A range of scalar registers starts where its field, which drops the low bits of the number, cannot say.
    Alignment {
        /// The manual's name of the field.
        field: &'static str,
        /// Number of the first register.
        register: u8,
        /// What it is a multiple of.
        align: u8,
    },
    /// The format has no place for DPP.
    Dpp {
        /// Mnemonic.
        name: &'static str,
    },
    /// A literal and DPP together.
    DppLiteral,
    /// The fields of another format are given.
    Fields {
        /// Mnemonic.
        name: &'static str,
    },
    /// The halves of a VOPD pair write VGPRs of the same parity.
    Parity {
        /// Destination of the X half.
        x: u8,
        /// Destination of the Y half.
        y: u8,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            EncodeError::Range { field, value, bits } => {
                write!(f, "{value} does not fit the {bits} bits of {field}")
            }
            EncodeError::Alignment { field, register, align } => {
                write!(f, "{register} in {field} is no multiple of {align}")
            }
            EncodeError::Dpp { name } => write!(f, "{name} has no DPP form"),
            EncodeError::DppLiteral => write!(f, "a literal and DPP exclude each other"),
            EncodeError::Fields { name } => write!(f, "{name} lacks the fields of its format"),
            EncodeError::Parity { x, y } => {
                write!(f, "the halves write v{x} and v{y}, one must be even and one odd")
            }
        }
    }
}

impl core::error::Error for EncodeError {}

/// `value` in `bits` bits at `at`, or an error that names the field.
fn put(w: &mut u32, field: &'static str, at: u32, bits: u32, value: u32) -> Result<(), EncodeError> {
    if bits < 32 && value >> bits != 0 {
        return Err(EncodeError::Range { field, value: value as i64, bits });
    }
    *w |= value << at;
    Ok(())
}

/// Number of a scalar range's first register without the `low` bits that its field of `bits` bits leaves out.
fn put_range(w: &mut u32, field: &'static str, at: u32, bits: u32, register: u8, low: u32) -> Result<(), EncodeError> {
    let align = 1u8 << low;
    if !register.is_multiple_of(align) {
        return Err(EncodeError::Alignment { field, register, align });
    }
    put(w, field, at, bits, register as u32 >> low)
}

/// `value` in two's complement.
fn put_signed(w: &mut u32, field: &'static str, at: u32, bits: u32, value: i32) -> Result<(), EncodeError> {
    let half = 1i32 << (bits - 1);
    if value < -half || value >= half {
        return Err(EncodeError::Range { field, value: value as i64, bits });
    }
    *w |= (value as u32 & ((1 << bits) - 1)) << at;
    Ok(())
}

/// Does the row take a literal with these source codes.
pub(crate) fn takes_literal(row: &Row, src: &[u16]) -> bool {
    let is = |k: usize| src.get(k) == Some(&255);
    row.operands.iter().any(|o| match o.slot {
        Slot::Imm => true,
        Slot::Src0 => o.class != Class::Msg && is(0),
        Slot::Src1 => is(1),
        Slot::Src2 => is(2),
        _ => false,
    })
}

/// First word of a format with nothing but the opcode in it.
fn head(row: &Row) -> u32 {
    let op = row.opcode as u32;
    match row.format {
        Format::Sop1 => 0x17d << 23 | op << 8,
        Format::Sop2 => 2 << 30 | op << 23,
        Format::Sopc => 0x17e << 23 | op << 16,
        Format::Sopk => 0xb << 28 | op << 23,
        Format::Sopp => 0x17f << 23 | op << 16,
        Format::Smem => 0x3d << 26 | op << 18,
        Format::Vop1 => 0x3f << 25 | op << 9,
        Format::Vop2 => op << 25,
        Format::Vopc => 0x3e << 25 | op << 17,
        Format::Vop3 => 0x35 << 26 | op << 16,
        Format::Vop3p => 0xcc << 24 | op << 16,
        Format::VopdX => 0x32 << 26 | op << 22,
        Format::VopdY => op << 17,
        Format::Vinterp => 0xcd << 24 | op << 16,
        Format::Ldsdir => 0xce << 24 | op << 20,
        Format::Ds => 0x36 << 26 | op << 18,
        Format::Flat => 0x37 << 26 | op << 18,
        Format::Scratch => 0x37 << 26 | op << 18 | 1 << 16,
        Format::Global => 0x37 << 26 | op << 18 | 2 << 16,
        Format::Mubuf => 0x38 << 26 | op << 18,
        Format::Mtbuf => 0x3a << 26 | op << 15,
        Format::Mimg => 0x3c << 26 | op << 18,
        Format::Exp => 0x3e << 26,
    }
}

/// VGPR number of a source field that holds nothing else.
fn vgpr(field: &'static str, code: u16) -> Result<u32, EncodeError> {
    match code {
        256..=511 => Ok(code as u32 - 256),
        _ => Err(EncodeError::Range { field, value: code as i64, bits: 8 }),
    }
}

/// The words of an instruction; the inverse of [`crate::decode`].
///
/// A value that its field does not hold is an error, never truncated. Operand rules beyond the fields' widths are the
/// parser's and the builder's.
pub fn encode(inst: &Inst) -> Result<Words, EncodeError> {
    let row = inst.row();
    let mut w = head(row);
    let mut w1 = 0;
    let m = &inst.mods;
    let mem = &inst.mem;
    let flag = |on: bool, at: u32| (on as u32) << at;
    let fields = EncodeError::Fields { name: row.name };
    // DPP takes the place of src0 and names the register in a word of its own.
    let (src0, dpp) = match inst.dpp {
        Dpp::None => (inst.src[0] as u32, None),
        Dpp::Dpp8 { sel, fi } => {
            let mut d = vgpr("src0", inst.src[0])?;
            put(&mut d, "dpp8", 8, 24, sel)?;
            (233 + fi as u32, Some(d))
        }
        Dpp::Dpp16 { ctrl, row_mask, bank_mask, bound_ctrl, fi } => {
            let mut d = vgpr("src0", inst.src[0])?;
            put(&mut d, "dpp_ctrl", 8, 9, ctrl as u32)?;
            put(&mut d, "row_mask", 28, 4, row_mask as u32)?;
            put(&mut d, "bank_mask", 24, 4, bank_mask as u32)?;
            d |= flag(bound_ctrl, 19) | flag(fi, 18);
            if !matches!(row.format, Format::Vop3 | Format::Vop3p) {
                for k in 0..2 {
                    d |= (m.neg as u32 >> k & 1) << (20 + 2 * k) | (m.abs as u32 >> k & 1) << (21 + 2 * k);
                }
            }
            (250, Some(d))
        }
    };
    if dpp.is_some() && !row.has(crate::row::DPP) {
        return Err(EncodeError::Dpp { name: row.name });
    }
    let mut two = true;
    match row.format {
        Format::Sop1 | Format::Sop2 | Format::Sopc => {
            two = false;
            put(&mut w, "ssrc0", 0, 8, src0)?;
            if row.format != Format::Sop1 {
                put(&mut w, "ssrc1", 8, 8, inst.src[1] as u32)?;
            }
            if row.format != Format::Sopc {
                put(&mut w, "sdst", 16, 7, inst.sdst as u32)?;
            }
        }
        Format::Sopk => {
            two = false;
            put(&mut w, "sdst", 16, 7, inst.sdst as u32)?;
            put_signed(&mut w, "simm16", 0, 16, inst.imm)?;
        }
        Format::Sopp => {
            two = false;
            put_signed(&mut w, "simm16", 0, 16, inst.imm)?;
        }
        Format::Vop1 | Format::Vop2 | Format::Vopc => {
            two = false;
            put(&mut w, "src0", 0, 9, src0)?;
            if row.format != Format::Vopc {
                w |= (inst.vdst as u32) << 17;
            }
            if row.format != Format::Vop1 {
                w |= vgpr("vsrc1", inst.src[1])? << 9;
            }
        }
        Format::Vop3 | Format::Vop3p | Format::Vinterp => {
            let scalar = !row.has(SD) && row.operand(Slot::Sdst).is_some();
            w |= if scalar { inst.sdst } else { inst.vdst } as u32;
            put(&mut w1, "src0", 0, 9, src0)?;
            put(&mut w1, "src1", 9, 9, inst.src[1] as u32)?;
            put(&mut w1, "src2", 18, 9, inst.src[2] as u32)?;
            w |= flag(m.clamp, 15);
            put(&mut w1, "neg", 29, 3, m.neg as u32)?;
            match row.format {
                Format::Vop3 => {
                    put(&mut w1, "omod", 27, 2, m.omod as u32)?;
                    if row.has(SD) {
                        put(&mut w, "sdst", 8, 7, inst.sdst as u32)?;
                    } else {
                        put(&mut w, "abs", 8, 3, m.abs as u32)?;
                        put(&mut w, "op_sel", 11, 4, m.opsel as u32)?;
                    }
                }
                Format::Vop3p => {
                    put(&mut w, "neg_hi", 8, 3, m.abs as u32)?;
                    put(&mut w, "op_sel", 11, 3, m.opsel as u32)?;
                    put(&mut w1, "op_sel_hi", 27, 2, m.opsel_hi as u32 & 3)?;
                    put(&mut w, "op_sel_hi", 14, 1, m.opsel_hi as u32 >> 2)?;
                }
                _ => {
                    let Ext::Interp { wait, .. } = inst.ext else { return Err(fields) };
                    put(&mut w, "wait_exp", 8, 3, wait as u32)?;
                    put(&mut w, "op_sel", 11, 4, m.opsel as u32)?;
                }
            }
        }
        Format::VopdX => {
            let Some(y) = inst.y else { return Err(fields) };
            if (inst.vdst ^ y.vdst) & 1 == 0 {
                return Err(EncodeError::Parity { x: inst.vdst, y: y.vdst });
            }
            put(&mut w, "opy", 17, 5, y.row().opcode as u32)?;
            put(&mut w, "srcx0", 0, 9, src0)?;
            w |= vgpr("vsrcx1", inst.src[1])? << 9;
            w1 = (inst.vdst as u32) << 24 | (y.vdst as u32 >> 1) << 17;
            put(&mut w1, "srcy0", 0, 9, y.src[0] as u32)?;
            w1 |= vgpr("vsrcy1", y.src[1])? << 9;
        }
        Format::VopdY => return Err(fields),
        Format::Smem => {
            put(&mut w, "sdata", 6, 7, inst.sdst as u32)?;
            put_range(&mut w, "sbase", 0, 6, mem.sbase, 1)?;
            w |= flag(mem.dlc, 13) | flag(mem.glc, 14);
            put(&mut w1, "soffset", 25, 7, mem.soffset as u32)?;
            put_signed(&mut w1, "offset", 0, 21, inst.imm)?;
        }
        Format::Ldsdir => {
            two = false;
            let Ext::Interp { attr, chan, wait } = inst.ext else { return Err(fields) };
            w |= inst.vdst as u32;
            put(&mut w, "attr", 10, 6, attr as u32)?;
            put(&mut w, "attr_chan", 8, 2, chan as u32)?;
            put(&mut w, "wait_vdst", 16, 4, wait as u32)?;
        }
        Format::Ds => {
            put(&mut w, "offset", 0, 16, inst.imm as u32)?;
            w |= flag(mem.gds, 17);
            let (addr, data0) = if row.has(DATA0_AT_ADDR) { (mem.data0, 0) } else { (mem.addr, mem.data0) };
            w1 = u32::from_le_bytes([addr, data0, mem.data1, inst.vdst]);
        }
        Format::Mubuf | Format::Mtbuf => {
            put(&mut w, "offset", 0, 12, inst.imm as u32)?;
            w |= flag(mem.slc, 12) | flag(mem.dlc, 13) | flag(mem.glc, 14);
            if row.format == Format::Mtbuf {
                put(&mut w, "format", 19, 7, mem.format as u32)?;
            }
            w1 = mem.addr as u32 | (mem.data0 as u32) << 8;
            put_range(&mut w1, "srsrc", 16, 5, mem.sbase, 2)?;
            w1 |= flag(mem.tfe, 21) | flag(mem.offen, 22) | flag(mem.idxen, 23) | (mem.soffset as u32) << 24;
        }
        Format::Flat | Format::Global | Format::Scratch => {
            put_signed(&mut w, "offset", 0, 13, inst.imm)?;
            w |= flag(mem.dlc, 13) | flag(mem.glc, 14) | flag(mem.slc, 15);
            w1 = mem.addr as u32 | (mem.data0 as u32) << 8 | (inst.vdst as u32) << 24 | flag(mem.sve, 23);
            put(&mut w1, "saddr", 16, 7, mem.sbase as u32)?;
        }
        Format::Exp => {
            let Ext::Export(x) = inst.ext else { return Err(fields) };
            put(&mut w, "target", 4, 6, x.target as u32)?;
            put(&mut w, "en", 0, 4, x.enable as u32)?;
            w |= flag(x.done, 11) | flag(x.row, 13);
            w1 = u32::from_le_bytes(x.src);
        }
        Format::Mimg => {
            let Ext::Image(x) = inst.ext else { return Err(fields) };
            w |= flag(x.nsa, 0) | flag(x.unorm, 7) | flag(x.r128, 15) | flag(x.a16, 16) | flag(x.d16, 17);
            w |= flag(mem.slc, 12) | flag(mem.dlc, 13) | flag(mem.glc, 14);
            put(&mut w, "dim", 2, 3, x.dim as u32)?;
            put(&mut w, "dmask", 8, 4, x.dmask as u32)?;
            w1 = mem.addr as u32 | (mem.data0 as u32) << 8 | flag(mem.tfe, 21) | flag(x.lwe, 22);
            put_range(&mut w1, "srsrc", 16, 5, mem.sbase, 2)?;
            put_range(&mut w1, "ssamp", 26, 5, x.ssamp, 2)?;
        }
    }
    let mut out = Words::default();
    out.push(w);
    if two {
        out.push(w1);
    }
    if let Ext::Image(x) = inst.ext
        && x.nsa
    {
        out.push(u32::from_le_bytes(x.more));
    }
    let literal = inst.dpp == Dpp::None && takes_literal(row, &inst.src)
        || inst.y.is_some_and(|y| takes_literal(y.row(), &y.src));
    match dpp {
        Some(_) if row.operands.iter().any(|o| o.slot == Slot::Imm) => return Err(EncodeError::DppLiteral),
        Some(d) => out.push(d),
        None if literal => out.push(inst.literal),
        None => {}
    }
    Ok(out)
}

/// Instructions whose name alone decides something in several rooms.
pub(crate) fn is_mix(op: Op) -> bool {
    matches!(op, Op::V_FMA_MIX_F32 | Op::V_FMA_MIXLO_F16 | Op::V_FMA_MIXHI_F16)
}
