//! [`Inst`] to the text LLVM 19 prints for gfx1100.
use crate::decode::{DecodeError, Dpp, Inst, decode};
use crate::encode::is_mix;
use crate::image;
use crate::names::{BUF_FMT, DELAY_ID, DELAY_SKIP, DEPCTR, HWREG, UC_VERSIONS, WAITCNT, message};
use crate::row::*;
use crate::{Ext, Op, Target};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

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
    let target = target.into();
    let mut p = Printer { s: String::new(), inst, wave64: target.wave.is64() };
    p.inst();
    p.s
}

struct Printer<'a> {
    s: String,
    inst: &'a Inst,
    wave64: bool,
}

/// Name of a scalar register or special source that takes `n` dwords.
fn scalar(s: &mut String, code: u16, n: u8) {
    let range = |s: &mut String, p: &str, k: u16| {
        let _ = if n == 1 { write!(s, "{p}{k}") } else { write!(s, "{p}[{k}:{}]", k + n as u16 - 1) };
    };
    let special = |one: &'static str, two: &'static str| if n == 1 { one } else { two };
    let name = match code {
        0..=105 => return range(s, "s", code),
        106 => special("vcc_lo", "vcc"),
        107 => "vcc_hi",
        108..=123 => return range(s, "ttmp", code - 108),
        124 => "null",
        125 => "m0",
        126 => special("exec_lo", "exec"),
        127 => "exec_hi",
        235 => "src_shared_base",
        236 => "src_shared_limit",
        237 => "src_private_base",
        238 => "src_private_limit",
        239 => "src_pops_exiting_wave_id",
        251 => "src_vccz",
        252 => "src_execz",
        253 => "src_scc",
        254 => "src_lds_direct",
        _ => {
            let _ = write!(s, "src_{code}");
            return;
        }
    };
    s.push_str(name);
}

fn vgpr(s: &mut String, k: u16, n: u8) {
    let _ = if n == 1 { write!(s, "v{k}") } else { write!(s, "v[{k}:{}]", k + n as u16 - 1) };
}

const FLOATS: [&str; 9] = ["0.5", "-0.5", "1.0", "-1.0", "2.0", "-2.0", "4.0", "-4.0", "0.15915494"];

fn is_const(code: u16) -> bool {
    matches!(code, 128..=208 | 240..=248 | 255)
}

impl Printer<'_> {
    fn source(&mut self, code: u16, ty: Ty) {
        let n = ty.dwords(self.wave64);
        match code {
            256.. if self.inst.op == Op::V_MOV_B16 => self.half(code - 256),
            256.. => vgpr(&mut self.s, code - 256, n),
            128..=192 => {
                let _ = write!(self.s, "{}", code - 128);
            }
            193..=208 => {
                let _ = write!(self.s, "-{}", code - 192);
            }
            248 if matches!(ty, Ty::B64 | Ty::F64) => self.s.push_str("0.15915494309189532"),
            240..=248 => self.s.push_str(FLOATS[code as usize - 240]),
            255 => self.literal(ty),
            _ => scalar(&mut self.s, code, n),
        }
    }

    /// A literal prints like the inline constant of its value where there is one.
    fn literal(&mut self, ty: Ty) {
        let v = self.inst.literal;
        let text = match ty {
            Ty::F64 | Ty::B64 => return self.hex(v),
            Ty::B16 | Ty::F16 | Ty::BF16 => match v as u16 {
                _ if (-16..=64).contains(&(v as i16)) => return self.dec(v as i16 as i64),
                0x3800 => 0,
                0xb800 => 1,
                0x3c00 => 2,
                0xbc00 => 3,
                0x4000 => 4,
                0xc000 => 5,
                0x4400 => 6,
                0xc400 => 7,
                0x3118 => 8,
                x => return self.hex(x as u32),
            },
            _ => match v {
                _ if (-16..=64).contains(&(v as i32)) => return self.dec(v as i32 as i64),
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
        self.s.push_str(FLOATS[text]);
    }

    /// A half register of `v_mov_b16`, the one instruction LLVM 19 prints in true16 spelling.
    fn half(&mut self, k: u16) {
        let i = self.inst;
        if i.format() == Format::Vop3 {
            return vgpr(&mut self.s, k, 1);
        }
        vgpr(&mut self.s, k & 127, 1);
        self.put(if k > 127 { ".h" } else { ".l" });
    }

    fn hex(&mut self, v: u32) {
        let _ = write!(self.s, "0x{v:x}");
    }

    fn dec(&mut self, v: i64) {
        let _ = write!(self.s, "{v}");
    }

    fn put(&mut self, s: &str) {
        self.s.push_str(s);
    }

    fn flag(&mut self, on: bool, s: &str) {
        if on {
            self.s.push_str(s);
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
                Slot::Vdst if o.class == Class::S => scalar(&mut self.s, vdst as u16, n),
                Slot::Vdst if i.op == Op::V_MOV_B16 => self.half(vdst as u16),
                Slot::Vdst => vgpr(&mut self.s, vdst as u16, n),
                Slot::Sdst if o.class == Class::Num && i.sdst <= 64 => self.dec(i.sdst as i64),
                Slot::Sdst if o.class == Class::Num => self.hex(i.sdst as u32),
                Slot::Sdst => scalar(&mut self.s, i.sdst as u16, n),
                Slot::Src0 if o.class == Class::Msg => self.msg(i.src[0] as u32),
                Slot::Src0 => self.modified(row, 0, src[0], o.ty),
                Slot::Src1 => self.modified(row, 1, src[1], o.ty),
                Slot::Src2 => self.modified(row, 2, src.get(2).copied().unwrap_or(128), o.ty),
                Slot::Vcc => scalar(&mut self.s, 106, n),
                Slot::Imm if o.ty == Ty::F16 => self.hex(i.literal & 0xffff),
                Slot::Imm if o.ty == Ty::B32 => self.literal(Ty::B32),
                Slot::Imm => self.hex(i.literal),
                Slot::Simm => self.simm(o.class),
                Slot::Sbase => scalar(&mut self.s, i.mem.sbase as u16, n),
                Slot::Addr => vgpr(&mut self.s, i.mem.addr as u16, n),
                Slot::Data0 | Slot::Vdata => vgpr(&mut self.s, i.mem.data0 as u16, n),
                // Images print their own.
                Slot::Ssamp => {}
                Slot::Data1 => vgpr(&mut self.s, i.mem.data1 as u16, n),
            }
        }
    }

    fn modified(&mut self, row: &Row, k: u8, code: u16, ty: Ty) {
        let m = self.inst.mods;
        let dpp = self.inst.dpp != Dpp::None;
        if m.neg >> k & 1 != 0 && (row.has(SEXT0 << k) || dpp && row.has(DSEXT0 << k)) {
            self.put("sext(");
            self.source(code, ty);
            return self.put(")");
        }
        let takes = row.has(MOD0 << k) || dpp && row.format != Format::Vop3p;
        let (neg, abs) = (takes && m.neg >> k & 1 != 0, takes && m.abs >> k & 1 != 0);
        let wrap = neg && !abs && is_const(code);
        self.flag(neg, if wrap { "neg(" } else { "-" });
        self.flag(abs, "|");
        self.source(code, ty);
        self.flag(abs, "|");
        self.flag(wrap, ")");
    }

    fn bits(&mut self, name: &str, v: u8, n: u32) {
        let _ = write!(self.s, " {name}:[");
        for k in 0..n {
            self.flag(k > 0, ",");
            self.put(if v >> k & 1 != 0 { "1" } else { "0" });
        }
        self.put("]");
    }

    fn modifiers(&mut self, row: &Row) {
        let i = self.inst;
        let m = &i.mods;
        let sources =
            row.operands.iter().filter(|o| matches!(o.slot, Slot::Src0 | Slot::Src1 | Slot::Src2)).count() as u32;
        let low = ((1u32 << sources) - 1) as u8;
        match row.format {
            Format::Vop3 | Format::Vop3p => {
                if row.has(OPSEL) {
                    if matches!(i.op, Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32) {
                        if m.opsel & 3 != 0 {
                            self.bits("op_sel", m.opsel, 2);
                        }
                    } else if row.format == Format::Vop3 {
                        // The destination's bit prints after those of the sources.
                        let n = sources + row.has(TIED) as u32;
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
                    let _ = write!(self.s, " wait_exp:{wait}");
                }
            }
            Format::Smem if row.has(ADDR) => {
                self.put(", ");
                let imm = |p: &mut Self| {
                    let _ = write!(p.s, "{}0x{:x}", if i.imm < 0 { "-" } else { "" }, i.imm.unsigned_abs());
                };
                // LLVM reads the form without offset as the one with a register that is null.
                if i.mem.soffset == 124 && i.imm != 0 {
                    imm(self);
                } else {
                    scalar(&mut self.s, i.mem.soffset as u16, 1);
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
                        let _ = write!(self.s, " offset0:{}", off & 0xff);
                    }
                    if off >> 8 != 0 {
                        let _ = write!(self.s, " offset1:{}", off >> 8);
                    }
                } else if off != 0 && !row.has(NOOFFSET) {
                    let _ = write!(self.s, " offset:{off}");
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
                    self.dec((sel >> (3 * k) & 7) as i64);
                }
                self.put("]");
                self.flag(fi, " fi:1");
            }
            Dpp::Dpp16 { ctrl, row_mask, bank_mask, bound_ctrl, fi } => {
                let n = ctrl & 15;
                let _ = match ctrl >> 4 {
                    0..=15 => {
                        write!(
                            self.s,
                            " quad_perm:[{},{},{},{}]",
                            ctrl & 3,
                            ctrl >> 2 & 3,
                            ctrl >> 4 & 3,
                            ctrl >> 6 & 3
                        )
                    }
                    16 => write!(self.s, " row_shl:{n}"),
                    17 => write!(self.s, " row_shr:{n}"),
                    18 => write!(self.s, " row_ror:{n}"),
                    20 if n == 0 => write!(self.s, " row_mirror"),
                    20 if n == 1 => write!(self.s, " row_half_mirror"),
                    21 => write!(self.s, " row_share:{n}"),
                    22 => write!(self.s, " row_xmask:{n}"),
                    _ => write!(self.s, " /* Invalid dpp_ctrl value */"),
                };
                let _ = write!(self.s, " row_mask:0x{row_mask:x} bank_mask:0x{bank_mask:x}");
                self.flag(bound_ctrl, " bound_ctrl:1");
                self.flag(fi, " fi:1");
            }
        }
    }

    fn cpol(&mut self) {
        let m = &self.inst.mem;
        self.flag(m.glc, " glc");
        self.flag(m.slc, " slc");
        self.flag(m.dlc, " dlc");
    }

    fn buffer(&mut self) {
        let i = self.inst;
        let m = &i.mem;
        let row = i.row();
        if !row.has(ADDR) {
            return;
        }
        self.put(" ");
        for o in row.operands {
            vgpr(&mut self.s, m.data0 as u16, o.ty.dwords(self.wave64) + m.tfe as u8);
            self.put(", ");
        }
        match m.offen as u8 + m.idxen as u8 {
            0 => self.put("off"),
            n => vgpr(&mut self.s, m.addr as u16, n),
        }
        self.put(", ");
        scalar(&mut self.s, m.sbase as u16, 4);
        self.put(", ");
        self.source(m.soffset as u16, Ty::B32);
        if row.format == Format::Mtbuf {
            match m.format {
                1 => {}
                f @ 0..64 => {
                    let _ = write!(self.s, " format:[BUF_FMT_{}]", BUF_FMT[f as usize]);
                }
                f => {
                    let _ = write!(self.s, " format:{f}");
                }
            }
        }
        self.flag(m.idxen, " idxen");
        self.flag(m.offen, " offen");
        if i.imm != 0 {
            let _ = write!(self.s, " offset:{}", i.imm);
        }
        self.cpol();
        self.flag(m.tfe, " tfe");
    }

    fn flat(&mut self) {
        let i = self.inst;
        let m = &i.mem;
        let row = i.row();
        let mut sep = " ";
        let data = row.operand(Slot::Vdata);
        if let Some(o) = row.operand(Slot::Vdst)
            && (data.is_none() || m.glc || row.implicit & STORES == 0)
        {
            self.put(sep);
            vgpr(&mut self.s, i.vdst as u16, o.ty.dwords(self.wave64));
            sep = ", ";
        }
        let off = m.sbase == 124;
        if row.has(ADDR) {
            self.put(sep);
            sep = ", ";
            match row.format {
                Format::Scratch if !m.sve => self.put("off"),
                Format::Scratch => vgpr(&mut self.s, m.addr as u16, 1),
                Format::Global if !off => vgpr(&mut self.s, m.addr as u16, 1),
                _ => vgpr(&mut self.s, m.addr as u16, 2),
            }
        }
        if let Some(o) = data {
            self.put(sep);
            sep = ", ";
            vgpr(&mut self.s, m.data0 as u16, o.ty.dwords(self.wave64));
        }
        if row.format != Format::Flat {
            self.put(sep);
            match (off, row.format) {
                (true, _) => self.put("off"),
                (false, Format::Scratch) => scalar(&mut self.s, m.sbase as u16, 1),
                _ => scalar(&mut self.s, m.sbase as u16, 2),
            }
        }
        if i.imm != 0 {
            let _ = write!(self.s, " offset:{}", i.imm);
        }
        self.cpol();
    }

    fn exp(&mut self) {
        let Ext::Export(x) = self.inst.ext else { return };
        let t = x.target;
        let _ = match t {
            0..=7 => write!(self.s, " mrt{t}"),
            8 => write!(self.s, " mrtz"),
            12..=16 => write!(self.s, " pos{}", t - 12),
            20 => write!(self.s, " prim"),
            21 | 22 => write!(self.s, " dual_src_blend{}", t - 21),
            _ => write!(self.s, " invalid_target_{t}"),
        };
        for (k, v) in x.src.into_iter().enumerate() {
            self.put(if k == 0 { " " } else { ", " });
            if x.enable >> k & 1 != 0 {
                vgpr(&mut self.s, v as u16, 1);
            } else {
                self.put("off");
            }
        }
        self.flag(x.done, " done");
        self.flag(x.row, " row_en");
    }

    fn image(&mut self) {
        let Ext::Image(x) = self.inst.ext else { return };
        let m = &self.inst.mem;
        let row = self.inst.row();
        let data = image::data_dwords(row, &x, m.tfe);
        let address = image::address_dwords(row, &x);
        self.put(" ");
        vgpr(&mut self.s, m.data0 as u16, data);
        self.put(", ");
        if x.nsa {
            self.put("[");
            let parts = image::nsa_parts(row, &x);
            let regs = [m.addr, x.more[0], x.more[1], x.more[2], x.more[3]];
            for (k, (n, v)) in parts.zip(regs).enumerate() {
                self.flag(k > 0, ", ");
                vgpr(&mut self.s, v as u16, n);
            }
            self.put("]");
        } else {
            vgpr(&mut self.s, m.addr as u16, address);
        }
        self.put(", ");
        scalar(&mut self.s, m.sbase as u16, row.operand(Slot::Sbase).map_or(8, |o| o.ty.dwords(false)));
        if row.operand(Slot::Ssamp).is_some() {
            self.put(", ");
            scalar(&mut self.s, x.ssamp as u16, 4);
        }
        if row.has(I_BVH) {
            return self.flag(x.a16, " a16");
        }
        if x.dmask != 0 {
            let _ = write!(self.s, " dmask:0x{:x}", x.dmask);
        }
        let _ = write!(self.s, " dim:{}", image::DIMS[x.dim as usize & 7]);
        self.flag(x.unorm, " unorm");
        self.cpol();
        self.flag(x.r128, " r128");
        self.flag(x.a16, " a16");
        self.flag(m.tfe, " tfe");
        self.flag(x.lwe, " lwe");
        self.flag(x.d16, " d16");
    }

    fn ldsdir(&mut self) {
        let Ext::Interp { attr, chan, wait } = self.inst.ext else { return };
        self.put(" ");
        vgpr(&mut self.s, self.inst.vdst as u16, 1);
        if self.inst.op == Op::LDS_PARAM_LOAD {
            let _ = write!(self.s, ", attr{attr}.{}", ["x", "y", "z", "w"][chan as usize & 3]);
        }
        let _ = write!(self.s, " wait_vdst:{wait}");
    }

    fn msg(&mut self, v: u32) {
        match message(v & 0xff) {
            Some(n) => {
                let _ = write!(self.s, "sendmsg({n})");
            }
            None if v > 0xff => self.dec(v as i64),
            None => {
                let _ = write!(self.s, "sendmsg({v}, 0, 0)");
            }
        }
    }

    fn simm(&mut self, class: Class) {
        let v = self.inst.imm as u32 & 0xffff;
        match class {
            Class::Branch | Class::Endpgm => self.dec(v as i64),
            Class::Dec if (v as i16) < -16 || (v as i16) > 64 => self.hex(v),
            Class::Dec => self.dec(v as i16 as i64),
            Class::Msg => self.msg(v),
            Class::Hwreg => {
                let (id, off, size) = (v & 63, v >> 6 & 31, (v >> 11) + 1);
                match HWREG.get(id as usize) {
                    Some(n) if !n.is_empty() => {
                        let _ = write!(self.s, "hwreg({n}");
                    }
                    _ => {
                        let _ = write!(self.s, "hwreg({id}");
                    }
                }
                if off != 0 || size != 32 {
                    let _ = write!(self.s, ", {off}, {size}");
                }
                self.put(")");
            }
            Class::Delay => self.delay(v),
            Class::Waitcnt => self.fields(&WAITCNT, v),
            Class::Depctr if v & 0x60 == 0 => self.fields(&DEPCTR, v),
            Class::Version => self.version(v),
            _ => self.hex(v),
        }
    }

    /// Counters that differ from their default, or all where none does.
    fn fields(&mut self, all: &[(&str, u32, u32)], v: u32) {
        let every = all.iter().all(|&(_, shift, mask)| v >> shift & mask == mask);
        let mut first = true;
        for &(n, shift, mask) in all {
            let v = v >> shift & mask;
            if every || v != mask {
                self.flag(!first, " ");
                first = false;
                let _ = write!(self.s, "{n}({v})");
            }
        }
    }

    fn delay(&mut self, v: u32) {
        let parts: [(&str, u32, &[&str], &str); 3] = [
            ("instid0", v & 15, &DELAY_ID, "/* invalid instid value */"),
            ("instskip", v >> 4 & 7, &DELAY_SKIP, "/* invalid instskip value */"),
            ("instid1", v >> 7 & 15, &DELAY_ID, "/* invalid instid value */"),
        ];
        let mut first = true;
        for (n, x, names, bad) in parts {
            if x != 0 {
                self.flag(!first, " | ");
                first = false;
                let _ = write!(self.s, "{n}({})", names.get(x as usize).unwrap_or(&bad));
            }
        }
        self.flag(first, "0");
    }

    fn version(&mut self, v: u32) {
        let mut t = match UC_VERSIONS.iter().find(|u| u.1 == v & 0xff) {
            Some(u) => String::from(u.0),
            None => format!("{}", v & 0xff),
        };
        if v & 0x1f00 != 0 {
            return self.hex(v);
        }
        let mut nested = false;
        for &(n, bit) in UC_VERSIONS.iter().filter(|u| u.1 > 0xff) {
            if v & bit != 0 {
                t = if nested { format!("({t})|{n}") } else { format!("{t}|{n}") };
                nested = true;
            }
        }
        self.put(&t);
    }

    fn swizzle(&mut self, v: u32) {
        if v == 0 {
            return;
        }
        if v >> 8 == 0x80 {
            let _ = write!(self.s, " offset:swizzle(QUAD_PERM,{},{},{},{})", v & 3, v >> 2 & 3, v >> 4 & 3, v >> 6 & 3);
            return;
        }
        if v & 0x8000 != 0 {
            let _ = write!(self.s, " offset:{v}");
            return;
        }
        let (and, or, xor) = (v & 31, v >> 5 & 31, v >> 10 & 31);
        self.put(" offset:swizzle(");
        let _ = if and == 31 && or == 0 && xor.count_ones() == 1 {
            write!(self.s, "SWAP,{xor})")
        } else if and == 31 && or == 0 && xor > 0 && (xor + 1).is_power_of_two() {
            write!(self.s, "REVERSE,{})", xor + 1)
        } else if let Some(size) = broadcast(and, or, xor) {
            write!(self.s, "BROADCAST,{size},{or})")
        } else {
            let mut p = String::new();
            for k in (0..5).rev() {
                // What a lane-number bit becomes, tried with 0 and with 1.
                let f = |x: u32| ((x & and >> k & 1) | or >> k & 1) ^ xor >> k & 1;
                p.push(match (f(0), f(1)) {
                    (0, 0) => '0',
                    (1, 1) => '1',
                    (0, _) => 'p',
                    _ => 'i',
                });
            }
            write!(self.s, "BITMASK_PERM,\"{p}\")")
        };
    }
}

/// Group size of a swizzle in which every lane of a group reads one lane.
fn broadcast(and: u32, or: u32, xor: u32) -> Option<u32> {
    let size = 32 - and;
    (and <= 30 && size.is_power_of_two() && or < size && xor == 0).then_some(size)
}
