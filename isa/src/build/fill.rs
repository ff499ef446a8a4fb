//! Operands into the fields of a row.
use super::error::BuildError;
use super::number::{float, signed};
use super::reg::{Arg, Half as Part, What};
use super::spec::{After, Size, Spec};
use crate::check::{Place, Violation, check};
use crate::constant::{Code, int};
use crate::decode::{Dpp, Export, Ext, Half, Image, Inst};
use crate::encode::{Words, encode};
use crate::image;
use crate::row::*;
use crate::{Op, Target};

type Result<T = ()> = core::result::Result<T, BuildError>;

const LITERAL: u16 = 255;

/// An instruction with its dwords, and the label that its branch goes to.
pub(super) struct Made {
    pub inst: Inst,
    pub words: Words,
    pub label: Option<super::reg::Label>,
}

fn finish(mut inst: Inst, label: Option<super::reg::Label>, target: Target) -> Result<Made> {
    check(&inst, target)?;
    let words = encode(&inst)?;
    inst.len_dw = words.len() as u8;
    Ok(Made { inst, words, label })
}

/// The first of the instruction's encodings, shortest first, that holds the operands.
pub(super) fn make(spec: &Spec, target: Target) -> Result<Made> {
    let mut last = BuildError::NoForm {
        form: match spec.size {
            Size::Short => "e32",
            Size::Long => "e64",
            Size::Shortest => "stand-alone",
        },
    };
    for row in spec.op.rows() {
        let short = matches!(row.format, Format::Vop1 | Format::Vop2 | Format::Vopc);
        let skip = match (row.format, spec.size) {
            (Format::VopdX | Format::VopdY, _) => true,
            (_, Size::Short) => !short,
            (_, Size::Long) => short,
            _ => false,
        };
        if skip {
            continue;
        }
        match fill(row, spec, target, false).and_then(|(inst, label)| finish(inst, label, target)) {
            Ok(made) => return Ok(made),
            Err(e) => last = e,
        }
    }
    Err(last)
}

/// Both halves of a pair.
pub(super) fn pair(x: &Spec, y: &Spec, target: Target) -> Result<Made> {
    let row =
        |s: &Spec, format, form| s.op.rows().iter().find(|r| r.format == format).ok_or(BuildError::NoForm { form });
    let (mut inst, _) = fill(row(x, Format::VopdX, "v_dual X")?, x, target, false)?;
    let yrow = row(y, Format::VopdY, "v_dual Y")?;
    let (half, _) = fill(yrow, y, target, true)?;
    let uses = |i: &Inst| i.row().operand(Slot::Imm).is_some() || i.src[0] == LITERAL;
    if uses(&inst) && uses(&half) && inst.literal != half.literal {
        return Err(BuildError::Literals { a: inst.literal, b: half.literal });
    }
    if !uses(&inst) {
        inst.literal = half.literal;
    }
    inst.y = Some(Half::new(yrow, half.vdst, [half.src[0], half.src[1]]));
    finish(inst, None, target)
}

struct Filler<'a> {
    inst: Inst,
    row: &'static Row,
    literal: Option<u32>,
    label: Option<super::reg::Label>,
    args: core::slice::Iter<'a, Arg>,
    target: Target,
    y: bool,
}

fn fill(row: &'static Row, spec: &Spec, target: Target, y: bool) -> Result<(Inst, Option<super::reg::Label>)> {
    let got = spec.args.len;
    let given = spec.args.as_slice();
    let want = count(row, got);
    if got != want {
        return Err(BuildError::Operands { want, got });
    }
    let mut f = Filler { inst: Inst::blank(row), row, literal: None, label: None, args: given.iter(), target, y };
    f.modifiers(&spec.m)?;
    match row.format {
        Format::Mubuf | Format::Mtbuf => f.buffer()?,
        Format::Flat | Format::Global | Format::Scratch => f.flat()?,
        Format::Exp => f.export(&spec.m)?,
        Format::Mimg => f.image(&spec.m)?,
        _ => f.plain()?,
    }
    if let Some(l) = f.literal {
        f.inst.literal = l;
    }
    Ok((f.inst, f.label))
}

/// Operands that the assembler writes for the row, of `got` where some may be left out.
fn count(row: &Row, got: u8) -> u8 {
    let n = row.operands.len() as u8;
    let address = row.has(ADDR) as u8;
    match row.format {
        Format::Smem => n + address,
        Format::Mubuf | Format::Mtbuf => n + 3 * address,
        // An atomic without destination does not return the old value.
        Format::Flat | Format::Global | Format::Scratch => {
            let scalar = (row.format != Format::Flat) as u8;
            let optional = returns(row) && got == n + address + scalar - 1;
            n + address + scalar - optional as u8
        }
        Format::Exp => 5,
        Format::Ldsdir => n + (row.op == Op::LDS_PARAM_LOAD) as u8,
        Format::Sopp if row.operands.iter().any(|o| o.class == Class::Endpgm) => got.min(1),
        _ => n,
    }
}

/// An atomic that may return the old value.
fn returns(row: &Row) -> bool {
    row.operand(Slot::Vdst).is_some() && row.operand(Slot::Vdata).is_some() && row.implicit & STORES != 0
}

impl Filler<'_> {
    fn at(&self, slot: Slot) -> Place {
        Place { y: self.y, slot }
    }

    fn next(&mut self) -> Arg {
        self.args.next().copied().unwrap_or(Arg::new(What::Off))
    }

    fn vgpr(&self, slot: Slot, a: Arg, dwords: u8) -> Result<u8> {
        let at = self.at(slot);
        self.plainly(at, a)?;
        match a.what {
            What::V { first, width } if width == dwords => Ok(first),
            What::V { width, .. } => Err(BuildError::Width { at, want: dwords, got: width }),
            _ => Err(BuildError::Kind { at, want: "a VGPR" }),
        }
    }

    fn scalar(&self, slot: Slot, a: Arg, dwords: u8) -> Result<u8> {
        let at = self.at(slot);
        self.plainly(at, a)?;
        let code = self.scalar_code(at, a.what, dwords)?;
        // What can only be read is no register here, though LLVM takes it for a lane mask.
        code.filter(|c| *c < 128 || slot == Slot::Src0).ok_or(BuildError::Kind { at, want: "a scalar register" })
    }

    /// No modifiers on an operand that has none.
    fn plainly(&self, at: Place, a: Arg) -> Result {
        if a.neg || a.abs || a.sext || a.half != Part::Whole {
            return Err(BuildError::Kind { at, want: "a whole register without modifiers" });
        }
        Ok(())
    }

    /// The number of the register whose half is meant, and the selector's bit noted, of an operand or destination.
    fn half(&mut self, at: Place, a: Arg, first: u8, sixteen: bool, bit: u8) -> Result<u8> {
        let high = match a.half {
            Part::Whole => return Ok(first),
            part => part == Part::High,
        };
        match self.row.format {
            Format::Vop1 | Format::Vop2 | Format::Vopc if sixteen && self.row.has(T16) => match first {
                0..128 => Ok(first | (high as u8) << 7),
                _ => Err(Violation::HalfVgpr { at, vgpr: first }.into()),
            },
            Format::Vop3 if sixteen && (self.target.true16 || self.row.has(OPSEL)) => {
                self.inst.mods.opsel |= (high as u8) << bit;
                Ok(first)
            }
            _ => Err(BuildError::Kind { at, want: "a whole register" }),
        }
    }

    fn scalar_code(&self, at: Place, what: What, dwords: u8) -> Result<Option<u8>> {
        let (code, width) = match what {
            What::S { first, .. } if first > 105 => {
                return Err(BuildError::NoRegister { at, prefix: 's', number: first });
            }
            What::S { first, width } => (first, width),
            What::Special(r) if r.code == 249 => {
                return Err(BuildError::Kind { at, want: "a trap register from ttmp0 to ttmp15" });
            }
            What::Special(r) => (r.code, if r.width == 0 { dwords } else { r.width }),
            _ => return Ok(None),
        };
        if width != dwords {
            return Err(BuildError::Width { at, want: dwords, got: width });
        }
        Ok(Some(code))
    }

    fn take_literal(&mut self, l: u32) -> Result {
        match self.literal {
            Some(a) if a != l => Err(BuildError::Literals { a, b: l }),
            _ => {
                self.literal = Some(l);
                Ok(())
            }
        }
    }

    fn number(&self, at: Place, what: What, ty: Ty) -> Result<Option<Code>> {
        let n = match what {
            What::Int(x) => int(x, ty),
            What::Float(x) => float(x, ty),
            _ => return Ok(None),
        };
        n.map(Some).ok_or(BuildError::Number { at, ty })
    }

    /// A source as its code, with its modifiers noted.
    fn source(&mut self, k: usize, o: &Operand, a: Arg) -> Result {
        let at = self.at(o.slot);
        let dwords = o.ty.dwords(self.target.wave.is64());
        let short = matches!(self.row.format, Format::Vop1 | Format::Vop2 | Format::Vopc) && self.inst.dpp == Dpp::None;
        let folded = if short && (a.neg || a.abs) { signed(a.what, a.neg, a.abs, o.ty) } else { None };
        let a = folded.map_or(a, Arg::new);
        let code = match a.what {
            What::V { first, width } if width == dwords => {
                256 + self.half(at, a, first, o.ty.is_half(), k as u8)? as u16
            }
            What::V { width, .. } => return Err(BuildError::Width { at, want: dwords, got: width }),
            what => match (self.scalar_code(at, what, dwords)?, self.number(at, what, o.ty)?) {
                (Some(c), _) => c as u16,
                (_, Some(Code::Inline(c))) => c,
                (_, Some(Code::Literal(l))) => {
                    self.take_literal(l)?;
                    LITERAL
                }
                _ => return Err(BuildError::Kind { at, want: "a register or a number" }),
            },
        };
        if o.ty == Ty::Acc && (code < 128 || (235..=238).contains(&code) || code == 253) {
            return Err(BuildError::Kind { at, want: "VGPRs or an inline constant" });
        }
        self.inst.src[k] = code;
        let bit = 1u8 << k;
        let dpp = self.inst.dpp != Dpp::None;
        let extends = self.row.has(SEXT0 << k) || dpp && self.row.has(DSEXT0 << k);
        if a.sext && !extends || a.neg && extends {
            return Err(BuildError::Modifier { modifier: if a.sext { "sext" } else { "neg" } });
        }
        if (a.neg || a.abs) && self.row.has(NEG_LOHI) {
            return Err(BuildError::Modifier { modifier: "neg and abs, but neg_lo and neg_hi" });
        }
        self.inst.mods.neg |= if a.neg || a.sext { bit } else { 0 };
        self.inst.mods.abs |= if a.abs { bit } else { 0 };
        Ok(())
    }

    /// Modifiers after the operands; those of other formats must not be there.
    fn modifiers(&mut self, m: &After) -> Result {
        let row = self.row;
        let f = row.format;
        let memory =
            matches!(f, Format::Mubuf | Format::Mtbuf | Format::Flat | Format::Global | Format::Scratch | Format::Mimg);
        let buffer = matches!(f, Format::Mubuf | Format::Mtbuf);
        let no = |modifier| Err(BuildError::Modifier { modifier });
        let image = f == Format::Mimg;
        let flat = matches!(f, Format::Flat | Format::Global | Format::Scratch);
        let addressed = flat || row.has(ADDR) && !image || f == Format::Ds && !row.has(NOOFFSET);
        if m.offset != 0 && (!addressed || f == Format::Smem && self.row.operands.is_empty()) {
            return no("offset");
        }
        if (m.glc || m.dlc) && !(memory || f == Format::Smem && row.has(ADDR) && !row.has(NOCPOL)) || m.slc && !memory {
            return no("cache policy");
        }
        if (m.offen || m.idxen) && !buffer {
            return no("offen or idxen");
        }
        if m.tfe && !buffer && !image {
            return no("tfe");
        }
        if m.gds && f != Format::Ds {
            return no("gds");
        }
        if m.format != 1 && f != Format::Mtbuf {
            return no("format");
        }
        if m.wait != 0 && !matches!(f, Format::Ldsdir | Format::Vinterp) {
            return no("wait");
        }
        if (m.unorm || m.r128 || m.a16 || m.d16 || m.lwe || m.dmask != 0 || m.dim != 0) && !image {
            return no("image modifiers");
        }
        if (m.done || m.row_en) && f != Format::Exp {
            return no("done or row_en");
        }
        let i = &mut self.inst;
        i.dpp = m.dpp;
        i.mods.clamp = m.clamp;
        i.mods.omod = m.omod;
        i.imm = m.offset;
        if let Some(sel) = m.op_sel {
            let sources = row.operands.iter().filter(|o| is_source(o.slot)).count() as u32;
            // The destination's bit stands after those of the sources, a tied destination counting as one.
            let n = sources + row.has(TIED) as u32;
            let low = ((1u32 << sources) - 1) as u8;
            let permute = matches!(row.op, Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32);
            i.mods.opsel = if f == Format::Vop3 && !permute {
                if sel as u32 >> (n + 1) != 0 {
                    return no("op_sel of so many bits");
                }
                sel & low | ((sel as u32 >> n & 1) << 3) as u8
            } else {
                sel
            };
        }
        if let Some(hi) = m.op_sel_hi {
            if !row.has(OPSEL_HI) {
                return no("op_sel_hi");
            }
            let sources = row.operands.iter().filter(|o| is_source(o.slot)).count() as u32;
            let low = ((1u32 << sources) - 1) as u8;
            i.mods.opsel_hi = i.mods.opsel_hi & !low | hi & low;
        }
        if (m.neg_lo | m.neg_hi) != 0 {
            if !row.has(NEG_LOHI) {
                return no("neg_lo or neg_hi");
            }
            (i.mods.neg, i.mods.abs) = (m.neg_lo, m.neg_hi);
        }
        (i.mem.glc, i.mem.slc, i.mem.dlc) = (m.glc, m.slc, m.dlc);
        (i.mem.offen, i.mem.idxen, i.mem.tfe) = (m.offen, m.idxen, m.tfe);
        i.mem.gds = m.gds || row.has(GDS);
        if f == Format::Mtbuf {
            i.mem.format = m.format;
        }
        if matches!(f, Format::Vinterp | Format::Ldsdir) {
            i.ext = Ext::Interp { attr: 0, chan: 0, wait: m.wait };
        }
        if !matches!(f, Format::Vop1 | Format::Vop2 | Format::Vopc | Format::Vop3 | Format::Vop3p | Format::Vinterp) {
            for (on, name) in
                [(m.clamp, "clamp"), (m.omod != 0, "omod"), (m.op_sel.is_some(), "op_sel"), (m.dpp != Dpp::None, "DPP")]
            {
                if on {
                    return no(name);
                }
            }
        }
        Ok(())
    }

    /// Operands in the row's order.
    fn plain(&mut self) -> Result {
        let wave64 = self.target.wave.is64();
        for o in self.row.operands {
            if o.class == Class::Endpgm && self.args.len() == 0 {
                continue;
            }
            let a = self.next();
            let n = o.ty.dwords(wave64);
            match o.slot {
                Slot::Vdst if o.class == Class::S => self.inst.vdst = self.scalar(o.slot, a, n)?,
                Slot::Vdst => {
                    // Long forms have results of 16 bits in the table's 32.
                    let sixteen = n == 1 && self.row.operands.iter().any(|o| o.ty.is_half());
                    let short = self.row.format != Format::Vop3;
                    let first = self.vgpr(o.slot, Arg { half: Part::Whole, ..a }, n)?;
                    self.inst.vdst =
                        self.half(self.at(o.slot), a, first, if short { o.ty.is_half() } else { sixteen }, 3)?;
                }
                Slot::Sdst if o.class == Class::Num => self.inst.sdst = self.small(o.slot, a, 0, 127)? as u8,
                Slot::Sdst => self.inst.sdst = self.scalar(o.slot, a, n)?,
                Slot::Src0 if o.class == Class::Msg => self.inst.src[0] = self.small(o.slot, a, 0, 255)? as u16,
                Slot::Src0 => self.source(0, o, a)?,
                Slot::Src1 => self.source(1, o, a)?,
                Slot::Src2 => self.source(2, o, a)?,
                Slot::Vcc => {
                    let want = BuildError::Kind { at: self.at(o.slot), want: "VCC" };
                    if self.scalar(o.slot, a, n) != Ok(106) {
                        return Err(want);
                    }
                }
                Slot::Imm => {
                    let at = self.at(o.slot);
                    let l = match a.what {
                        What::Float(x) if o.ty == Ty::F16 => super::number::half(x) as u32,
                        What::Float(x) => (x as f32).to_bits(),
                        What::Int(_) if o.ty == Ty::F16 => self.small(o.slot, a, -0x8000, 0xffff)? as u16 as u32,
                        What::Int(x) if (-1 << 31..1 << 32).contains(&x) => x as u32,
                        _ => return Err(BuildError::Number { at, ty: o.ty }),
                    };
                    self.take_literal(l)?;
                }
                Slot::Simm => match a.what {
                    What::Label(l) if o.class == Class::Branch => self.label = Some(l),
                    _ => {
                        let min = if o.class == Class::U16 { 0 } else { -0x8000 };
                        self.inst.imm = self.small(o.slot, a, min, 0xffff)? as i16 as i32;
                    }
                },
                Slot::Sbase => self.inst.mem.sbase = self.scalar(o.slot, a, n)?,
                Slot::Addr => self.inst.mem.addr = self.vgpr(o.slot, a, n)?,
                Slot::Data0 | Slot::Vdata => self.inst.mem.data0 = self.vgpr(o.slot, a, n)?,
                Slot::Data1 => self.inst.mem.data1 = self.vgpr(o.slot, a, n)?,
                Slot::Ssamp => {}
            }
        }
        match self.row.format {
            Format::Smem if self.row.has(ADDR) => {
                let a = self.next();
                self.inst.mem.soffset = 124;
                match a.what {
                    // Both a register and an offset: the offset is a modifier.
                    What::Int(x) if self.inst.imm == 0 => {
                        self.inst.imm = i32::try_from(x)
                            .map_err(|_| BuildError::Number { at: self.at(Slot::Addr), ty: Ty::B32 })?;
                    }
                    What::Int(_) => return Err(BuildError::Modifier { modifier: "second offset" }),
                    _ => self.inst.mem.soffset = self.scalar(Slot::Addr, a, 1)?,
                }
            }
            Format::Ldsdir if self.row.op == Op::LDS_PARAM_LOAD => {
                let What::Attr { attr, chan } = self.next().what else {
                    return Err(BuildError::Kind { at: self.at(Slot::Src0), want: "an attribute" });
                };
                if let Ext::Interp { wait, .. } = self.inst.ext {
                    self.inst.ext = Ext::Interp { attr, chan, wait };
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// An integer of a field of its own.
    fn small(&self, slot: Slot, a: Arg, min: i64, max: i64) -> Result<i64> {
        let at = self.at(slot);
        self.plainly(at, a)?;
        match a.what {
            What::Int(x) if (min..=max).contains(&x) => Ok(x),
            What::Int(_) => Err(BuildError::Number { at, ty: Ty::B16 }),
            _ => Err(BuildError::Kind { at, want: "an integer" }),
        }
    }

    fn off(a: Arg) -> bool {
        matches!(a.what, What::Off)
    }

    fn buffer(&mut self) -> Result {
        if !self.row.has(ADDR) {
            return Ok(());
        }
        for o in self.row.operands {
            let a = self.next();
            let data = self.vgpr(o.slot, a, o.ty.dwords(false) + self.inst.mem.tfe as u8)?;
            (self.inst.mem.data0, self.inst.vdst) = (data, data);
        }
        let (a, want) = (self.next(), self.inst.mem.offen as u8 + self.inst.mem.idxen as u8);
        match want {
            0 if Self::off(a) => {}
            0 => return Err(BuildError::Kind { at: self.at(Slot::Addr), want: "off without offen and idxen" }),
            n => self.inst.mem.addr = self.vgpr(Slot::Addr, a, n)?,
        }
        let a = self.next();
        self.inst.mem.sbase = self.scalar(Slot::Sbase, a, 4)?;
        let a = self.next();
        let at = self.at(Slot::Src0);
        self.inst.mem.soffset = match self.number(at, a.what, Ty::B32)? {
            Some(Code::Inline(c)) => c as u8,
            Some(Code::Literal(_)) => return Err(BuildError::Kind { at, want: "a register or an inline constant" }),
            None => self.scalar(Slot::Src0, a, 1)?,
        };
        Ok(())
    }

    fn flat(&mut self) -> Result {
        let row = self.row;
        let scalar = row.format != Format::Flat;
        let full = row.operands.len() + row.has(ADDR) as usize + scalar as usize;
        if let Some(o) = row.operand(Slot::Vdst)
            && self.args.len() == full
        {
            let a = self.next();
            self.inst.vdst = self.vgpr(o.slot, a, o.ty.dwords(false))?;
            self.inst.mem.glc |= returns(row);
        } else if returns(row) && self.inst.mem.glc {
            return Err(BuildError::Modifier { modifier: "glc without a destination" });
        }
        let address = if row.has(ADDR) { Some(self.next()) } else { None };
        if let Some(o) = row.operand(Slot::Vdata) {
            let a = self.next();
            self.inst.mem.data0 = self.vgpr(o.slot, a, o.ty.dwords(false))?;
        }
        self.inst.mem.sbase = 124;
        let mut base = false;
        if scalar {
            let a = self.next();
            if !Self::off(a) {
                let dwords = if row.format == Format::Global { 2 } else { 1 };
                self.inst.mem.sbase = self.scalar(Slot::Sbase, a, dwords)?;
                base = self.inst.mem.sbase != 124;
            }
        }
        if let Some(a) = address {
            match row.format {
                Format::Scratch if Self::off(a) => {}
                Format::Scratch => {
                    self.inst.mem.addr = self.vgpr(Slot::Addr, a, 1)?;
                    self.inst.mem.sve = true;
                }
                Format::Global if base => self.inst.mem.addr = self.vgpr(Slot::Addr, a, 1)?,
                _ => self.inst.mem.addr = self.vgpr(Slot::Addr, a, 2)?,
            }
        }
        Ok(())
    }

    fn export(&mut self, m: &After) -> Result {
        let a = self.next();
        let target = self.small(Slot::Vdst, a, 0, 63)? as u8;
        let mut x = Export { target, enable: 0, done: m.done, row: m.row_en, src: [0; 4] };
        for k in 0..4 {
            let a = self.next();
            if !Self::off(a) {
                x.enable |= 1 << k;
                x.src[k] = self.vgpr(Slot::Src0, a, 1)?;
            }
        }
        self.inst.ext = Ext::Export(x);
        Ok(())
    }

    fn image(&mut self, m: &After) -> Result {
        let row = self.row;
        let bvh = row.has(I_BVH);
        let mut x = Image {
            dmask: if bvh { 15 } else { m.dmask },
            dim: m.dim,
            unorm: m.unorm || bvh,
            r128: m.r128 || bvh,
            a16: m.a16,
            d16: m.d16,
            lwe: m.lwe,
            nsa: false,
            more: [0; 4],
            ssamp: 0,
        };
        let a = self.next();
        let data = self.vgpr(Slot::Vdata, a, image::data_dwords(row, &x, m.tfe))?;
        (self.inst.mem.data0, self.inst.vdst) = (data, data);
        let a = self.next();
        if let What::Vgprs { regs, widths, n } = a.what {
            x.nsa = n > 1;
            let parts = image::nsa_parts(row, &x);
            let want = parts.clone().count() as u8;
            if n != want {
                return Err(BuildError::Width { at: self.at(Slot::Addr), want, got: n });
            }
            for (want, got) in parts.zip(widths) {
                if want != got {
                    return Err(BuildError::Width { at: self.at(Slot::Addr), want, got });
                }
            }
            self.inst.mem.addr = regs[0];
            x.more.copy_from_slice(&regs[1..]);
        } else {
            self.inst.mem.addr = self.vgpr(Slot::Addr, a, image::address_dwords(row, &x))?;
        }
        for o in row.operands {
            let a = match o.slot {
                Slot::Sbase | Slot::Ssamp => self.next(),
                _ => continue,
            };
            let r = self.scalar(o.slot, a, o.ty.dwords(false))?;
            if o.slot == Slot::Sbase {
                self.inst.mem.sbase = r;
            } else {
                x.ssamp = r;
            }
        }
        self.inst.ext = Ext::Image(x);
        Ok(())
    }
}

fn is_source(slot: Slot) -> bool {
    matches!(slot, Slot::Src0 | Slot::Src1 | Slot::Src2)
}
