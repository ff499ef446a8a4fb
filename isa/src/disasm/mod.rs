//! [`Inst`] to the text LLVM 19 prints.
mod fields;
mod listing;
mod memory;
mod strict;
mod text;

pub use listing::{Listed, Section, Symbol, branch_target};

use crate::decode::{DecodeError, Dpp, Inst, decode};
use crate::encode::is_mix;
use crate::names::special;
use crate::row::*;
use crate::{Ext, Op, Target};
use alloc::string::String;
use alloc::vec::Vec;
use text::{Text, dec, hex, put, range, signed};

/// Appends pieces: `put` a string, `dec`, `signed` or `hex` a number.
macro_rules! emit {
    ($s:expr; $($how:ident $what:expr),* $(,)?) => {{ $($how($s, $what);)* }};
}
use emit;

/// One line of a listing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Offset of the first dword, in bytes.
    pub offset: usize,
    /// The dwords.
    pub words: Vec<u32>,
    /// The text, or why there is none (one dword is then skipped).
    pub text: Result<String, DecodeError>,
}

/// Lists everything in `words` from the start; an undecodable dword takes one line.
pub fn disassemble_all(words: &[u32], target: impl Into<Target>) -> Vec<Line> {
    let target = target.into();
    let mut out = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let (len, text) = match decode(&words[at..], target) {
            Ok(i) => (i.len_dw as usize, Ok(disassemble(&i, target))),
            Err(e) => (1, Err(e)),
        };
        out.push(Line { offset: at * 4, words: words[at..at + len].to_vec(), text });
        at += len;
    }
    out
}

/// The text of one instruction, one space after the mnemonic.
pub fn disassemble(inst: &Inst, target: impl Into<Target>) -> String {
    let mut text = Vec::with_capacity(64);
    disassemble_into(inst, target, &mut text);
    // Printed text is ASCII.
    String::from_utf8(text).unwrap_or_default()
}

/// Appends what [`disassemble`] prints, in ASCII; allocates only where `text` has to grow.
pub fn disassemble_into(inst: &Inst, target: impl Into<Target>, text: &mut Vec<u8>) {
    let target = target.into();
    Printer { s: text, inst, wave64: target.wave.is64(), true16: target.true16 }.inst();
}

struct Printer<'a> {
    s: &'a mut Text,
    inst: &'a Inst,
    wave64: bool,
    true16: bool,
}

/// Ranges of scalar registers start at multiples of two, those of three and more at multiples of four; LLVM drops the
/// bits that say otherwise.
fn aligned(k: u16, n: u8) -> u16 {
    match n {
        0 | 1 => k,
        2 => k & !1,
        _ => k & !3,
    }
}

/// Mask of the sources that a row has.
fn sources(row: &Row) -> u8 {
    row.operands.iter().fold(0, |mask, o| match o.slot {
        Slot::Src0 => mask | 1,
        Slot::Src1 => mask | 2,
        Slot::Src2 => mask | 4,
        _ => mask,
    })
}

fn is16(ty: Ty) -> bool {
    matches!(ty, Ty::B16 | Ty::F16 | Ty::BF16)
}

/// Name of a scalar register or special source that takes `n` dwords.
fn scalar(s: &mut Text, code: u16, n: u8) {
    match code {
        0..=105 => range(s, "s", aligned(code, n), n),
        108..=123 => range(s, "ttmp", aligned(code - 108, n), n),
        // A destination that is no register.
        128..=192 => emit!(s; dec code - 128, put "/*Invalid immediate*/"),
        193..=208 => emit!(s; put "-", dec code - 192, put "/*Invalid immediate*/"),
        240..=248 => emit!(s; put FLOATS[code as usize - 240], put "/*Invalid immediate*/"),
        _ => match special(code, n) {
            Some(name) => put(s, name),
            None => emit!(s; put "src_", dec code),
        },
    }
}

#[inline]
fn vgpr(s: &mut Text, k: u16, n: u8) {
    range(s, "v", k, n);
}

const FLOATS: [&str; 9] = ["0.5", "-0.5", "1.0", "-1.0", "2.0", "-2.0", "4.0", "-4.0", "0.15915494"];

/// The same as IEEE half bits, which is how 16-bit integer operands print them.
const HALVES: [u16; 9] = [0x3800, 0xb800, 0x3c00, 0xbc00, 0x4000, 0xc000, 0x4400, 0xc400, 0x3118];

fn is_const(code: u16) -> bool {
    matches!(code, 128..=208 | 240..=248 | 255)
}

impl Printer<'_> {
    /// Source `k` of the row, or the `k`th of a VOPD half.
    fn source(&mut self, row: &Row, k: u8, code: u16, o: &Operand) {
        self.value(row, k, code, o.ty);
        if matches!((code, o.class), (256..=383, Class::V | Class::Src | Class::Const) | (0..=105 | 128..=208, Class::Src))
            && !matches!(row.format, Format::Vop3p)
            && o.ty != Ty::Acc
        {
            return;
        }
        if let Some(class) = self.out_of_class(row, code, o) {
            self.invalid(class);
        } else if is_const(code)
            && (matches!(o.class, Class::V | Class::S | Class::SNoExec)
                || is_mix(row.op) && k == 1 && self.inst.dpp != Dpp::None)
        {
            self.put("/*Invalid immediate*/");
        }
    }

    /// The register class that LLVM names where a field holds a register that the operand does not take.
    fn out_of_class(&self, row: &Row, code: u16, o: &Operand) -> Option<&'static str> {
        let dwords = o.ty.dwords(self.wave64);
        let vector = match o.class {
            Class::V => true,
            // The accumulator may be an inline constant, not scalar registers.
            _ => o.ty == Ty::Acc || is_mix(row.op) && o.slot == Slot::Src1 && self.inst.dpp != Dpp::None,
        };
        match code {
            384.. if row.has(T16) && is16(o.ty) && !self.has_halves(row) => {
                Some(if o.class == Class::V || self.inst.dpp != Dpp::None { "VGPR_32_Lo128" } else { "VS_32_Lo128" })
            }
            256.. if vector || o.class == Class::Src || o.class == Class::Const => None,
            256.. if o.ty == Ty::Mask => Some("SReg_1_XEXEC"),
            256.. if row.op == Op::V_WRITELANE_B32 && o.slot == Slot::Src0 => Some("SRegOrLds_32"),
            256.. if dwords == 1 => Some("SReg_32"),
            254 if matches!(o.class, Class::Ssrc | Class::Sconst) && dwords == 1 => Some("SReg_32"),
            124 => None,
            126 | 127 if o.ty == Ty::Mask && o.slot == Slot::Src2 => Some("SReg_1_XEXEC"),
            0..=127 | 254 if vector => Some(match dwords {
                _ if matches!(row.op, Op::V_READFIRSTLANE_B32 | Op::V_READLANE_B32) && o.slot == Slot::Src0 => {
                    return (code != 254).then_some("VRegOrLds_32");
                }
                1 => "VGPR_32",
                2 => "VReg_64",
                3 => "VReg_96",
                4 => "VReg_128",
                _ => "VReg_256",
            }),
            _ => None,
        }
    }

    fn invalid(&mut self, class: &str) {
        emit!(self.s; put "/*Invalid register, operand has '", put class, put "' register class*/");
    }

    fn vdst(&mut self, row: &Row, v: u8, o: &Operand) {
        if self.has_halves(row) {
            return self.half(v as u16, 3);
        }
        vgpr(self.s, v as u16, o.ty.dwords(self.wave64));
        if v > 127
            && let Some(class) = self.out_of_class(row, 256 + v as u16, o)
        {
            self.invalid(class);
        }
    }

    /// Are the halves of its registers spelled out: those of `v_mov_b16`'s VOP1 form always in LLVM 19, others on
    /// demand. A VOP3 form with `op_sel` of a source that it does not have falls back to the other spelling.
    fn has_halves(&self, row: &Row) -> bool {
        let demanded = row.has(REAL16) && self.true16;
        if row.format != Format::Vop3 {
            return demanded || row.op == Op::V_MOV_B16;
        }
        demanded && self.inst.mods.opsel & 7 & !sources(row) == 0
    }

    fn value(&mut self, row: &Row, k: u8, code: u16, ty: Ty) {
        let n = ty.dwords(self.wave64);
        match code {
            256.. if self.has_halves(row) => self.half(code - 256, k),
            256.. => vgpr(self.s, code - 256, n),
            128..=192 => dec(self.s, code - 128),
            193..=208 => {
                emit!(self.s; put "-", dec code - 192);
            }
            // LLVM's class of the accumulator is one of doubles in wave32.
            248 if matches!(ty, Ty::B64 | Ty::F64) || ty == Ty::Acc && n == 8 => self.put("0.15915494309189532"),
            240..=248 if ty == Ty::B16 => hex(self.s, HALVES[code as usize - 240]),
            240..=248 => self.put(FLOATS[code as usize - 240]),
            255 => self.literal(ty),
            _ => scalar(self.s, code, n),
        }
    }

    /// A literal prints like the inline constant of its value where there is one.
    fn literal(&mut self, ty: Ty) {
        let v = self.inst.literal;
        let text = match ty {
            Ty::B64 if v <= 64 => return self.dec(v),
            Ty::F64 | Ty::B64 => return self.hex(v),
            Ty::B16 => return self.hex(v & 0xffff),
            Ty::F16 | Ty::BF16 => match v as u16 {
                _ if (-16..=64).contains(&(v as i16)) => return signed(self.s, v as i16 as i32),
                x if HALVES.contains(&x) => HALVES.iter().position(|&h| h == x).unwrap_or(0),
                x => return self.hex(x as u32),
            },
            _ => match v {
                _ if (-16..=64).contains(&(v as i32)) => return signed(self.s, v as i32),
                0x3f000000 => 0,
                0xbf000000 => 1,
                0x3f800000 => 2,
                0xbf800000 => 3,
                0x40000000 => 4,
                0xc0000000 => 5,
                0x40800000 => 6,
                0xc0800000 => 7,
                0x3e22f983 => 8,
                _ => return self.hex(v),
            },
        };
        self.put(FLOATS[text]);
    }

    /// A half register. The field's bit 7 selects it in the 32-bit encodings. In VOP3 it is `op_sel` (bit `k`), which
    /// LLVM 19 writes out and spells `.h` in DPP forms alone, for the destination and the first source.
    fn half(&mut self, v: u16, k: u8) {
        let i = self.inst;
        let vop3 = i.format() == Format::Vop3;
        let dpp = i.dpp != Dpp::None;
        if vop3 && dpp && matches!(k, 1 | 2) {
            return vgpr(self.s, v, 1);
        }
        vgpr(self.s, if vop3 { v } else { v & 127 }, 1);
        let high = if vop3 { dpp && i.mods.opsel >> k & 1 != 0 } else { v > 127 };
        self.put(if high { ".h" } else { ".l" });
    }

    fn hex(&mut self, v: u32) {
        hex(self.s, v);
    }

    fn dec(&mut self, v: u32) {
        dec(self.s, v);
    }

    fn put(&mut self, text: &str) {
        put(self.s, text);
    }

    fn flag(&mut self, on: bool, s: &str) {
        if on {
            self.put(s);
        }
    }

    fn inst(&mut self) {
        let i = self.inst;
        let row = i.row();
        self.put(row.name);
        let dpp = i.dpp != Dpp::None;
        match row.format {
            Format::Vop3 | Format::Vop3p if dpp => self.put("_e64_dpp"),
            Format::Vop3 if row.has(SUFFIX) => self.put("_e64"),
            Format::Vop1 | Format::Vop2 if dpp => self.put("_dpp"),
            Format::Vop1 | Format::Vop2 | Format::Vopc if row.has(SUFFIX) && !dpp => self.put("_e32"),
            _ => {}
        }
        match row.format {
            Format::Mubuf | Format::Mtbuf => self.buffer(),
            Format::Flat | Format::Global | Format::Scratch => self.flat(),
            Format::Exp => self.exp(),
            Format::Mimg => self.image(),
            Format::Ldsdir => self.ldsdir(),
            _ => {
                self.operands(row, i.vdst, &i.src);
                self.modifiers(row);
            }
        }
        if let Some(y) = i.y {
            self.put(" :: ");
            self.put(y.row().name);
            self.operands(y.row(), y.vdst, &y.src);
        }
    }

    fn operands(&mut self, row: &Row, vdst: u8, src: &[u16]) {
        let i = self.inst;
        let mut first = true;
        for o in row.operands {
            if o.class == Class::Endpgm && i.imm == 0 {
                continue;
            }
            self.put(if first { " " } else { ", " });
            first = false;
            let n = o.ty.dwords(self.wave64);
            match o.slot {
                Slot::Vdst if o.class == Class::S => scalar(self.s, vdst as u16, n),
                Slot::Vdst => self.vdst(row, vdst, o),
                Slot::Sdst if o.class == Class::Num && i.sdst <= 64 => self.dec(i.sdst as u32),
                Slot::Sdst if o.class == Class::Num => self.hex(i.sdst as u32),
                Slot::Sdst => {
                    scalar(self.s, i.sdst as u16, n);
                    if row.format == Format::Smem && (matches!(i.sdst, 125..=127) || i.sdst == 106 && n >= 4) {
                        self.invalid(match n {
                            1 => "SReg_32_XM0_XEXEC",
                            2 => "SReg_64_XEXEC",
                            4 => "SReg_128",
                            8 => "SReg_256",
                            _ => "SReg_512",
                        });
                    }
                }
                Slot::Src0 if o.class == Class::Msg => self.msg(i.src[0] as u32),
                Slot::Src0 => self.modified(row, 0, src[0], o),
                Slot::Src1 => self.modified(row, 1, src[1], o),
                Slot::Src2 => self.modified(row, 2, src.get(2).copied().unwrap_or(128), o),
                Slot::Vcc => scalar(self.s, 106, n),
                Slot::Imm if o.ty == Ty::B32 => self.literal(Ty::B32),
                Slot::Imm => self.hex(i.literal),
                Slot::Simm => self.simm(o.class),
                Slot::Sbase => {
                    scalar(self.s, i.mem.sbase as u16, n);
                    if n == 4 && matches!(i.mem.sbase, 106 | 126) {
                        self.invalid("SReg_128");
                    }
                }
                Slot::Addr => vgpr(self.s, i.mem.addr as u16, n),
                Slot::Data0 | Slot::Vdata => vgpr(self.s, i.mem.data0 as u16, n),
                // Images print their own.
                Slot::Ssamp => {}
                Slot::Data1 => vgpr(self.s, i.mem.data1 as u16, n),
            }
        }
    }

    fn modified(&mut self, row: &Row, k: u8, code: u16, o: &Operand) {
        let m = self.inst.mods;
        let dpp = self.inst.dpp != Dpp::None;
        if m.neg >> k & 1 != 0 && (row.has(SEXT0 << k) || dpp && row.has(DSEXT0 << k)) {
            self.put("sext(");
            self.source(row, k, code, o);
            return self.put(")");
        }
        let takes = row.has(MOD0 << k) || dpp && row.format != Format::Vop3p;
        let integer = row.has(SEXT0 << k) || row.has(DSEXT0 << k);
        let takes = takes && (k < 2 || row.has(MOD2));
        let (neg, abs) =
            (takes && m.neg >> k & 1 != 0, takes && !integer && row.op != Op::V_MOV_B16 && m.abs >> k & 1 != 0);
        let wrap = neg && !abs && is_const(code);
        self.flag(neg, if wrap { "neg(" } else { "-" });
        self.flag(abs, "|");
        self.source(row, k, code, o);
        self.flag(abs, "|");
        self.flag(wrap, ")");
    }

    fn bits(&mut self, name: &str, v: u8, n: u32) {
        emit!(self.s; put " ", put name, put ":[");
        for k in 0..n {
            self.flag(k > 0, ",");
            self.put(if v >> k & 1 != 0 { "1" } else { "0" });
        }
        self.put("]");
    }

    fn modifiers(&mut self, row: &Row) {
        let i = self.inst;
        let m = &i.mods;
        let low = sources(row);
        let sources = low.count_ones();
        match row.format {
            Format::Vop3 | Format::Vop3p => {
                if row.has(OPSEL) || self.has_halves(row) {
                    if matches!(i.op, Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32) {
                        if m.opsel & 3 != 0 {
                            self.bits("op_sel", m.opsel, 2);
                        }
                    } else if row.format == Format::Vop3 {
                        // The destination's bit prints after those of the sources.
                        let n = sources + row.has(TIED) as u32;
                        // Dot products take their pairs whole.
                        let pairs = matches!(row.op, Op::V_DOT2_F16_F16 | Op::V_DOT2_BF16_BF16);
                        let low = if pairs { low & 4 } else { low };
                        let v = m.opsel & low | (m.opsel >> 3 & 1) << n;
                        if v != 0 {
                            self.bits("op_sel", v, n + 1);
                        }
                    } else if m.opsel & low != 0 {
                        self.bits("op_sel", m.opsel, sources);
                    }
                }
                if row.has(OPSEL_HI) && m.opsel_hi & low != if is_mix(i.op) { 0 } else { low } {
                    self.bits("op_sel_hi", m.opsel_hi, sources);
                }
                if row.has(NEG_LOHI) {
                    if m.neg & low != 0 {
                        self.bits("neg_lo", m.neg, sources);
                    }
                    if m.abs & low != 0 {
                        self.bits("neg_hi", m.abs, sources);
                    }
                }
                self.flag(m.clamp && row.has(CLAMP), " clamp");
                if row.has(OMOD) {
                    self.put(["", " mul:2", " mul:4", " div:2"][m.omod as usize & 3]);
                }
            }
            Format::Vinterp => {
                self.flag(m.clamp, " clamp");
                if row.has(OPSEL) && m.opsel != 0 {
                    self.bits("op_sel", m.opsel, 4);
                }
                if let Ext::Interp { wait, .. } = i.ext {
                    emit!(self.s; put " wait_exp:", dec wait);
                }
            }
            Format::Smem if row.has(ADDR) => {
                self.put(", ");
                let imm = |p: &mut Self| {
                    p.flag(i.imm < 0, "-");
                    hex(p.s, i.imm.unsigned_abs());
                };
                // LLVM reads the form without offset as the one with a register that is null.
                if i.mem.soffset == 124 && i.imm != 0 {
                    imm(self);
                } else {
                    scalar(self.s, i.mem.soffset as u16, 1);
                    if i.imm != 0 {
                        self.put(" offset:");
                        imm(self);
                    }
                }
                if !row.has(NOCPOL) {
                    self.cpol();
                }
            }
            Format::Ds => {
                let off = i.imm as u32;
                if i.op == Op::DS_SWIZZLE_B32 {
                    self.swizzle(off);
                } else if row.has(OFFSET01) {
                    if off & 0xff != 0 {
                        emit!(self.s; put " offset0:", dec off & 0xff);
                    }
                    if off >> 8 != 0 {
                        emit!(self.s; put " offset1:", dec off >> 8);
                    }
                } else if off != 0 && !row.has(NOOFFSET) {
                    emit!(self.s; put " offset:", dec off);
                }
                self.flag(row.has(GDS) || i.mem.gds && !row.has(NOGDS) && !row.has(NOOFFSET), " gds");
            }
            _ => {}
        }
        match i.dpp {
            Dpp::None => {}
            Dpp::Dpp8 { sel, fi } => {
                self.put(" dpp8:[");
                for k in 0..8 {
                    self.flag(k > 0, ",");
                    self.dec(sel >> (3 * k) & 7);
                }
                self.put("]");
                self.flag(fi, " fi:1");
            }
            Dpp::Dpp16 { ctrl, row_mask, bank_mask, bound_ctrl, fi } => {
                let n = ctrl & 15;
                match ctrl >> 4 {
                    0..=15 => {
                        self.put(" quad_perm:[");
                        for k in 0..4 {
                            self.flag(k > 0, ",");
                            self.dec(ctrl as u32 >> (2 * k) & 3);
                        }
                        self.put("]");
                    }
                    16 if n > 0 => emit!(self.s; put " row_shl:", dec n),
                    17 if n > 0 => emit!(self.s; put " row_shr:", dec n),
                    18 if n > 0 => emit!(self.s; put " row_ror:", dec n),
                    20 if n == 0 => self.put(" row_mirror"),
                    20 if n == 1 => self.put(" row_half_mirror"),
                    21 => emit!(self.s; put " row_share:", dec n),
                    22 => emit!(self.s; put " row_xmask:", dec n),
                    _ => {
                        // Lane crossings of earlier generations.
                        let gone = match ctrl {
                            0x130 => "wave_shl",
                            0x134 => "wave_rol",
                            0x138 => "wave_shr",
                            0x13c => "wave_ror",
                            0x142 | 0x143 => "row_bcast",
                            _ => "",
                        };
                        if gone.is_empty() {
                            self.put(" /* Invalid dpp_ctrl value */");
                        } else {
                            emit!(self.s; put " /* ", put gone, put " is not supported starting from GFX10 */");
                        }
                    }
                }
                emit!(self.s; put " row_mask:", hex row_mask, put " bank_mask:", hex bank_mask);
                self.flag(bound_ctrl, " bound_ctrl:1");
                self.flag(fi, " fi:1");
            }
        }
    }
}
