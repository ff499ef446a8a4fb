//! Words to [`Inst`].
use crate::encode::takes_literal;
use crate::row::{DATA0_AT_ADDR, Format, Row, SD, find};
use crate::rows::{Op, ROWS};
use crate::{Target, WaveSize};

/// Why words are not an instruction of gfx1100.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DecodeError {
    /// No words were given.
    Empty,
    /// The instruction goes on past the end of the words.
    Truncated {
        /// Dwords the instruction takes.
        need: usize,
        /// Dwords there are.
        have: usize,
    },
    /// No instruction has this opcode.
    Unknown {
        /// First dword.
        word: u32,
    },
    /// The instruction exists only in wave32 (VOPD).
    WaveSize {
        /// First dword.
        word: u32,
    },
}

impl core::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            DecodeError::Empty => write!(f, "no words to decode"),
            DecodeError::Truncated { need, have } => {
                write!(f, "the instruction takes {need} dwords, {have} are left")
            }
            DecodeError::Unknown { word } => write!(f, "0x{word:08x} is no gfx1100 instruction"),
            DecodeError::WaveSize { word } => write!(f, "0x{word:08x} is an instruction of wave32 only"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// Data parallel primitive of `src0`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Dpp {
    /// None.
    #[default]
    None,
    /// Eight 3-bit selectors in each group of eight lanes.
    Dpp8 {
        /// 24 bits of selectors, lane 0 lowest.
        sel: u32,
        /// Fetch from inactive lanes.
        fi: bool,
    },
    /// `DPP_CTRL` within rows of sixteen lanes.
    Dpp16 {
        /// 9-bit control.
        ctrl: u16,
        /// Rows written, one bit a row.
        row_mask: u8,
        /// Banks written, one bit for four lanes of each row.
        bank_mask: u8,
        /// Invalid lanes read 0 instead of disabling the write.
        bound_ctrl: bool,
        /// Fetch from inactive lanes.
        fi: bool,
    },
}

/// Modifiers of the vector formats; bit i of a mask belongs to source i.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mods {
    /// Negate; for VOP3P the low half (`neg_lo`).
    pub neg: u8,
    /// Absolute value; for VOP3P the negation of the high half (`neg_hi`).
    pub abs: u8,
    /// Half selectors; bit 3 the destination's.
    pub opsel: u8,
    /// VOP3P: half read for the high result.
    pub opsel_hi: u8,
    pub clamp: bool,
    /// 0 none, 1 times two, 2 times four, 3 half.
    pub omod: u8,
}

/// Fields of the memory formats.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mem {
    /// Address VGPR.
    pub addr: u8,
    /// Data VGPR (`vdata`, `data0`).
    pub data0: u8,
    /// Second data VGPR of DS.
    pub data1: u8,
    /// First SGPR of base pair or resource (a source code: 0-127); for FLAT forms 124 stands for off.
    pub sbase: u8,
    /// Scalar offset (a source code).
    pub soffset: u8,
    pub glc: bool,
    pub slc: bool,
    pub dlc: bool,
    pub offen: bool,
    pub idxen: bool,
    pub tfe: bool,
    pub gds: bool,
    /// SCRATCH: the address VGPR is used.
    pub sve: bool,
    /// MTBUF format.
    pub format: u8,
}

/// Fields of MIMG beside those of [`Mem`].
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Image {
    /// Components read or written, lowest bit first.
    pub dmask: u8,
    /// `SQ_RSRC_IMG` dimension, 0 to 7.
    pub dim: u8,
    pub unorm: bool,
    pub r128: bool,
    pub a16: bool,
    pub d16: bool,
    pub lwe: bool,
    /// Addresses in VGPRs that need not follow one another.
    pub nsa: bool,
    /// Address VGPRs after the first ([`Mem::addr`]).
    pub more: [u8; 4],
    /// First SGPR of the sampler.
    pub ssamp: u8,
}

/// Fields of EXP.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Export {
    /// 0-7 mrt, 8 mrtz, 12-16 pos, 20 prim, 21-22 dual source blend.
    pub target: u8,
    /// Components exported, one bit each.
    pub enable: u8,
    pub done: bool,
    pub row: bool,
    /// VGPRs of the components.
    pub src: [u8; 4],
}

/// What one format has and no other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Ext {
    /// Nothing.
    #[default]
    None,
    /// MIMG.
    Image(Image),
    /// EXP.
    Export(Export),
    /// LDSDIR and VINTERP.
    Interp {
        /// Attribute, 0 to 32.
        attr: u8,
        /// Channel, 0 to 3.
        chan: u8,
        /// `wait_vdst` (LDSDIR) or `wait_exp` (VINTERP).
        wait: u8,
    },
}

/// The second operation of a VOPD pair.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Half {
    /// What it does.
    pub op: Op,
    pub(crate) row: u16,
    /// Destination VGPR.
    pub vdst: u8,
    /// Source codes.
    pub src: [u16; 2],
}

impl Half {
    /// The row it was decoded by.
    pub fn row(&self) -> &'static Row {
        &ROWS[self.row as usize]
    }
}

/// A decoded instruction.
///
/// Source codes are the manual's 9-bit ones: 0-127 scalar registers, 128-254 constants, 255 the literal,
/// 256 and above VGPRs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Inst {
    /// What it does; of a VOPD pair the X half.
    pub op: Op,
    pub(crate) row: u16,
    /// Length in dwords, literal and DPP word included.
    pub len_dw: u8,
    /// Destination VGPR (a scalar register for `v_readlane_b32` and `v_readfirstlane_b32`).
    pub vdst: u8,
    /// Scalar destination (a source code; 128 and above is no register and writes nothing).
    pub sdst: u8,
    /// Source codes.
    pub src: [u16; 3],
    /// Literal or constant word; the raw 32 bits.
    pub literal: u32,
    /// SIMM16 sign-extended, or the offset of a memory instruction (DS: both offsets as encoded).
    pub imm: i32,
    /// Modifiers.
    pub mods: Mods,
    /// Lane crossing of `src0`.
    pub dpp: Dpp,
    /// Memory fields.
    pub mem: Mem,
    /// Y half of a VOPD pair.
    pub y: Option<Half>,
    /// Fields of the formats that fit none of these.
    pub ext: Ext,
}

impl Inst {
    /// The encoding of a row with every field 0, for the assembler to fill.
    pub(crate) fn zeroed(row: usize) -> Inst {
        Inst {
            op: ROWS[row].op,
            row: row as u16,
            len_dw: 0,
            vdst: 0,
            sdst: 0,
            src: [0; 3],
            literal: 0,
            imm: 0,
            mods: Mods::default(),
            dpp: Dpp::None,
            mem: Mem::default(),
            y: None,
            ext: Ext::None,
        }
    }

    /// The row it was decoded by.
    pub fn row(&self) -> &'static Row {
        &ROWS[self.row as usize]
    }

    /// Encoding format.
    pub fn format(&self) -> Format {
        self.row().format
    }
}

const fn field(w: u32, lo: u32, n: u32) -> u32 {
    w >> lo & ((1 << n) - 1)
}

/// Where a 32-bit word starting an instruction belongs: format and opcode.
fn classify(w: u32) -> Option<(Format, u32)> {
    Some(match w >> 26 {
        0..=0x1f => match field(w, 25, 6) {
            0x3f => (Format::Vop1, field(w, 9, 8)),
            0x3e => (Format::Vopc, field(w, 17, 8)),
            op => (Format::Vop2, op),
        },
        0x20..=0x2f => match w >> 23 {
            0x17f => (Format::Sopp, field(w, 16, 7)),
            0x17e => (Format::Sopc, field(w, 16, 7)),
            0x17d => (Format::Sop1, field(w, 8, 8)),
            _ if w >> 28 == 0xb => (Format::Sopk, field(w, 23, 5)),
            _ => (Format::Sop2, field(w, 23, 7)),
        },
        0x32 => (Format::VopdX, field(w, 22, 4)),
        0x33 => match w >> 24 & 3 {
            // The encoding of VOP3P is nine bits, 110011000.
            0 if w & 1 << 23 == 0 => (Format::Vop3p, field(w, 16, 7)),
            1 => (Format::Vinterp, field(w, 16, 7)),
            2 => (Format::Ldsdir, field(w, 20, 2)),
            _ => return None,
        },
        0x35 => (Format::Vop3, field(w, 16, 10)),
        0x36 => (Format::Ds, field(w, 18, 8)),
        0x37 => match field(w, 16, 2) {
            0 => (Format::Flat, field(w, 18, 7)),
            1 => (Format::Scratch, field(w, 18, 7)),
            2 => (Format::Global, field(w, 18, 7)),
            _ => return None,
        },
        0x38 => (Format::Mubuf, field(w, 18, 8)),
        0x3a => (Format::Mtbuf, field(w, 15, 4)),
        0x3c => (Format::Mimg, field(w, 18, 8)),
        0x3d => (Format::Smem, field(w, 18, 8)),
        0x3e => (Format::Exp, 0),
        _ => return None,
    })
}

const DPP8: u16 = 233;
const DPP8_FI: u16 = 234;
const DPP16: u16 = 250;

/// What MUBUF, MTBUF and MIMG have in the same places.
fn resource_fields(inst: &mut Inst, w: u32, w1: u32) {
    inst.mem.slc = w & 1 << 12 != 0;
    inst.mem.dlc = w & 1 << 13 != 0;
    inst.mem.glc = w & 1 << 14 != 0;
    inst.mem.addr = w1 as u8;
    inst.mem.data0 = (w1 >> 8) as u8;
    inst.vdst = inst.mem.data0;
    inst.mem.sbase = (field(w1, 16, 5) << 2) as u8;
    inst.mem.tfe = w1 & 1 << 21 != 0;
}

/// Decodes the instruction that starts at `words[0]`.
///
/// `words` holds at least the dwords that remain; unused fields are ignored. Never panics, whatever the words.
pub fn decode(words: &[u32], target: impl Into<Target>) -> Result<Inst, DecodeError> {
    decode_for(words, target.into())
}

fn decode_for(words: &[u32], target: Target) -> Result<Inst, DecodeError> {
    let wave = target.wave;
    let &w = words.first().ok_or(DecodeError::Empty)?;
    let unknown = DecodeError::Unknown { word: w };
    let (format, opcode) = classify(w).ok_or(unknown)?;
    let row_no = find(format, opcode).ok_or(unknown)?;
    let row = &ROWS[row_no as usize];
    if !row.is_on(target.arch) {
        return Err(unknown);
    }
    let base = match format {
        Format::Sop1
        | Format::Sop2
        | Format::Sopc
        | Format::Sopk
        | Format::Sopp
        | Format::Vop1
        | Format::Vop2
        | Format::Vopc
        | Format::Ldsdir => 1,
        Format::Mimg => 2 + (w & 1) as usize,
        _ => 2,
    };
    let at = |k: usize| words.get(k).copied().ok_or(DecodeError::Truncated { need: k + 1, have: words.len() });
    let w1 = if base >= 2 { at(1)? } else { 0 };
    let mut inst = Inst {
        op: row.op,
        row: row_no,
        len_dw: base as u8,
        vdst: 0,
        sdst: 0,
        src: [128; 3],
        literal: 0,
        imm: 0,
        mods: Mods::default(),
        dpp: Dpp::None,
        mem: Mem::default(),
        y: None,
        ext: Ext::None,
    };
    let mut len = base;
    let vgpr = |x: u32| 256 + x as u16;
    match format {
        Format::Sop1 => {
            inst.sdst = field(w, 16, 7) as u8;
            inst.src[0] = field(w, 0, 8) as u16;
        }
        Format::Sop2 => {
            inst.sdst = field(w, 16, 7) as u8;
            inst.src[0] = field(w, 0, 8) as u16;
            inst.src[1] = field(w, 8, 8) as u16;
        }
        Format::Sopc => {
            inst.src[0] = field(w, 0, 8) as u16;
            inst.src[1] = field(w, 8, 8) as u16;
        }
        Format::Sopk => {
            inst.sdst = field(w, 16, 7) as u8;
            inst.imm = w as i16 as i32;
        }
        Format::Sopp => inst.imm = w as i16 as i32,
        Format::Vop1 => {
            inst.vdst = field(w, 17, 8) as u8;
            inst.src[0] = field(w, 0, 9) as u16;
        }
        Format::Vop2 | Format::Vopc => {
            inst.vdst = field(w, 17, 8) as u8;
            inst.src[0] = field(w, 0, 9) as u16;
            inst.src[1] = vgpr(field(w, 9, 8));
        }
        Format::Vop3 | Format::Vop3p | Format::Vinterp => {
            inst.vdst = w as u8;
            inst.sdst = if row.has(SD) { field(w, 8, 7) } else { w & 0xff } as u8;
            for (k, s) in inst.src.iter_mut().enumerate() {
                *s = field(w1, 9 * k as u32, 9) as u16;
            }
            inst.mods.clamp = w & 1 << 15 != 0;
            inst.mods.neg = (w1 >> 29) as u8;
            if format == Format::Vop3 {
                inst.mods.omod = field(w1, 27, 2) as u8;
                if !row.has(SD) {
                    inst.mods.abs = field(w, 8, 3) as u8;
                    inst.mods.opsel = field(w, 11, 4) as u8;
                }
            } else if format == Format::Vop3p {
                inst.mods.abs = field(w, 8, 3) as u8;
                inst.mods.opsel = field(w, 11, 3) as u8;
                inst.mods.opsel_hi = (field(w1, 27, 2) | field(w, 14, 1) << 2) as u8;
            } else {
                inst.mods.opsel = field(w, 11, 4) as u8;
                inst.ext = Ext::Interp { attr: 0, chan: 0, wait: field(w, 8, 3) as u8 };
            }
        }
        Format::VopdX => {
            if wave == WaveSize::W64 {
                return Err(DecodeError::WaveSize { word: w });
            }
            let yrow = find(Format::VopdY, field(w, 17, 5)).ok_or(unknown)?;
            inst.vdst = field(w1, 24, 8) as u8;
            inst.src[0] = field(w, 0, 9) as u16;
            inst.src[1] = vgpr(field(w, 9, 8));
            inst.y = Some(Half {
                op: ROWS[yrow as usize].op,
                row: yrow,
                vdst: (field(w1, 17, 7) << 1) as u8 | (!inst.vdst & 1),
                src: [field(w1, 0, 9) as u16, vgpr(field(w1, 9, 8))],
            });
        }
        Format::VopdY => return Err(unknown),
        Format::Smem => {
            inst.sdst = field(w, 6, 7) as u8;
            inst.mem.sbase = (field(w, 0, 6) << 1) as u8;
            inst.mem.dlc = w & 1 << 13 != 0;
            inst.mem.glc = w & 1 << 14 != 0;
            inst.mem.soffset = (w1 >> 25) as u8;
            inst.imm = ((w1 << 11) as i32) >> 11;
        }
        Format::Ldsdir => {
            inst.vdst = w as u8;
            inst.ext =
                Ext::Interp { attr: field(w, 10, 6) as u8, chan: field(w, 8, 2) as u8, wait: field(w, 16, 4) as u8 };
        }
        Format::Ds => {
            inst.imm = (w & 0xffff) as i32;
            inst.mem.gds = w & 1 << 17 != 0;
            inst.mem.addr = w1 as u8;
            inst.mem.data0 = if row.has(DATA0_AT_ADDR) { w1 as u8 } else { (w1 >> 8) as u8 };
            inst.mem.data1 = (w1 >> 16) as u8;
            inst.vdst = (w1 >> 24) as u8;
        }
        Format::Mubuf | Format::Mtbuf => {
            inst.imm = (w & 0xfff) as i32;
            resource_fields(&mut inst, w, w1);
            inst.mem.offen = w1 & 1 << 22 != 0;
            inst.mem.idxen = w1 & 1 << 23 != 0;
            inst.mem.soffset = (w1 >> 24) as u8;
            inst.mem.format = if format == Format::Mtbuf { field(w, 19, 7) as u8 } else { 0 };
        }
        Format::Flat | Format::Global | Format::Scratch => {
            let off = ((w << 19) as i32) >> 19;
            inst.imm = if format == Format::Flat { off & 0xfff } else { off };
            inst.mem.dlc = w & 1 << 13 != 0;
            inst.mem.glc = w & 1 << 14 != 0;
            inst.mem.slc = w & 1 << 15 != 0;
            inst.mem.addr = w1 as u8;
            inst.mem.data0 = (w1 >> 8) as u8;
            inst.mem.sbase = field(w1, 16, 7) as u8;
            inst.mem.sve = w1 & 1 << 23 != 0;
            inst.vdst = (w1 >> 24) as u8;
        }
        Format::Exp => {
            inst.ext = Ext::Export(Export {
                target: field(w, 4, 6) as u8,
                enable: field(w, 0, 4) as u8,
                done: w & 1 << 11 != 0,
                row: w & 1 << 13 != 0,
                src: w1.to_le_bytes(),
            });
        }
        Format::Mimg => {
            resource_fields(&mut inst, w, w1);
            let nsa = w & 1 != 0;
            inst.ext = Ext::Image(Image {
                dmask: field(w, 8, 4) as u8,
                dim: field(w, 2, 3) as u8,
                unorm: w & 1 << 7 != 0,
                r128: w & 1 << 15 != 0,
                a16: w & 1 << 16 != 0,
                d16: w & 1 << 17 != 0,
                lwe: w1 & 1 << 22 != 0,
                nsa,
                more: if nsa { at(2)?.to_le_bytes() } else { [0; 4] },
                ssamp: (field(w1, 26, 5) << 2) as u8,
            });
        }
    }
    // The lane-crossing word and the literal share the place after the instruction.
    let dpp_here = matches!(format, Format::Vop1 | Format::Vop2 | Format::Vopc | Format::Vop3 | Format::Vop3p);
    if dpp_here && matches!(inst.src[0], DPP8 | DPP8_FI | DPP16) && !row.operands.is_empty() {
        if !row.has(crate::row::DPP) {
            return Err(unknown);
        }
        let d = at(len)?;
        len += 1;
        inst.dpp = if inst.src[0] == DPP16 {
            if !matches!(format, Format::Vop3 | Format::Vop3p) {
                inst.mods.neg = (field(d, 20, 1) | field(d, 22, 1) << 1) as u8;
                inst.mods.abs = (field(d, 21, 1) | field(d, 23, 1) << 1) as u8;
            }
            Dpp::Dpp16 {
                ctrl: field(d, 8, 9) as u16,
                row_mask: (d >> 28) as u8,
                bank_mask: field(d, 24, 4) as u8,
                bound_ctrl: d & 1 << 19 != 0,
                fi: d & 1 << 18 != 0,
            }
        } else {
            Dpp::Dpp8 { sel: d >> 8, fi: inst.src[0] == DPP8_FI }
        };
        inst.src[0] = vgpr(d & 0xff);
    } else {
        let y = inst.y;
        // Most instructions have no source that could be the literal, and no constant that always follows.
        let fixed = matches!(format, Format::Sop2 | Format::Sopk | Format::Vop2 | Format::VopdX);
        let named = inst.src.contains(&255) || y.is_some_and(|y| y.src.contains(&255));
        if (fixed || named) && (takes_literal(row, &inst.src) || y.is_some_and(|y| takes_literal(y.row(), &y.src))) {
            inst.literal = at(len)?;
            len += 1;
        }
    }
    inst.len_dw = len as u8;
    // What follows an NSA image instruction is part of it.
    if len > words.len() {
        return Err(DecodeError::Truncated { need: len, have: words.len() });
    }
    Ok(inst)
}
