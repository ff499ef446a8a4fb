//! Rules that an instruction must keep beyond what its fields can hold.
//!
//! [`check`] judges an [`Inst`] for the assembler and for the builder. A field that an instruction does not use is not
//! looked at, a modifier that it does not have must be off. Sections are those of the "RDNA3 Instruction Set
//! Architecture Reference Guide"; what is accepted is what LLVM 19 accepts, but for a few cases that the tests name.
use crate::decode::{Dpp, Ext, Image, Inst};
use crate::encode::is_mix;
use crate::image;
use crate::row::*;
use crate::{Op, Target};

mod violation;

pub use violation::{Place, Violation};

type Result<T = ()> = core::result::Result<T, Violation>;

const NULL: u16 = 124;
const M0: u16 = 125;
const LITERAL: u16 = 255;

fn inline(code: u16) -> bool {
    matches!(code, 128..=208 | 240..=248)
}

/// SGPRs, VCC, trap registers, NULL, M0 and EXEC, by class, width and alignment.
fn scalar(at: Place, code: u16, class: Class, dwords: u8) -> Result {
    let kind = Violation::Kind { at, code, class, dwords };
    let n = dwords as u16;
    let (first, end) = match code {
        0..=105 => (code, 106),
        108..=123 => (code - 108, 16),
        106 if n <= 2 => return Ok(()),
        107 if n == 1 => return Ok(()),
        NULL if n <= 2 => return Ok(()),
        M0 | 127 if n == 1 && class != Class::SNoExec => return Ok(()),
        126 if n <= 2 && class != Class::SNoExec => return Ok(()),
        _ => return Err(kind),
    };
    let align = match n {
        1 => 1,
        2 => 2,
        _ => 4,
    };
    if first & (align - 1) != 0 {
        return Err(Violation::SgprAlign { at, code, align: align as u8 });
    }
    if first + n > end {
        return Err(Violation::SgprEnd { at, code, dwords });
    }
    Ok(())
}

fn vgpr(at: Place, first: u8, dwords: u8) -> Result {
    if first as u32 + dwords as u32 > 256 {
        return Err(Violation::VgprEnd { at, first, dwords });
    }
    Ok(())
}

/// One source by its class.
fn source(at: Place, code: u16, o: &Operand, wave64: bool) -> Result {
    let dwords = o.ty.dwords(wave64);
    let kind = Violation::Kind { at, code, class: o.class, dwords };
    let (v, s, constant, literal) = match o.class {
        Class::V => (true, false, false, false),
        Class::Src => (true, true, true, true),
        // Mixed fma takes scalars and literals like the others, WMMA has neither.
        Class::Const => (true, o.ty != Ty::Acc, true, o.ty != Ty::Acc),
        Class::Ssrc => (false, true, true, true),
        Class::Sconst => (false, true, true, false),
        Class::S | Class::SNoExec => (false, true, false, false),
        _ => return Ok(()),
    };
    match code {
        256..512 if v => vgpr(at, (code - 256) as u8, dwords),
        0..=127 if s => scalar(at, code, o.class, dwords),
        // Memory apertures, and SCC as a number, count as registers.
        NULL | 235..=238 | 253 if o.ty == Ty::Acc => Ok(()),
        235..=238 if s && !(o.class == Class::S && o.ty == Ty::B32) => Ok(()),
        253 if s && !(o.class == Class::S && o.ty == Ty::B64) => Ok(()),
        LITERAL if literal => Ok(()),
        _ if inline(code) && constant => Ok(()),
        _ => Err(kind),
    }
}

/// Scalar values read so far.
struct Bus {
    used: [(u16, u8); 4],
    n: u8,
    limit: u8,
}

impl Bus {
    fn read(&mut self, at: Option<Place>, code: u16, dwords: u8) -> Result {
        // For LLVM s2 and s[2:3] are two values, as are VCC and its low half; the guide takes them for one.
        let key = (code, if code < 128 || code == LITERAL { dwords } else { 0 });
        if self.used[..self.n as usize].contains(&key) {
            return Ok(());
        }
        if self.n >= self.limit {
            return Err(Violation::ConstantBus { at, limit: self.limit });
        }
        self.used[self.n as usize] = key;
        self.n += 1;
        Ok(())
    }

    /// Reads a source, where it comes over the bus.
    fn source(&mut self, at: Place, code: u16, dwords: u8) -> Result {
        match code {
            // LLVM takes one number in 32 and in 64 bits for two.
            LITERAL => self.read(Some(at), code, dwords),
            NULL => Ok(()),
            0..=127 | 235..=239 | 251..=254 => self.read(Some(at), code, dwords),
            _ => Ok(()),
        }
    }
}

/// Finds the first rule that `inst` breaks.
///
/// Accepts what LLVM 19 accepts as text for the same part and wave size. Wave64 halves the accumulators of WMMA and
/// doubles lane masks; nothing else depends on the wave size, VOPD apart.
pub fn check(inst: &Inst, target: impl Into<Target>) -> Result {
    let target: Target = target.into();
    let row = inst.row();
    if !row.is_on(target.arch) {
        return Err(Violation::Arch { name: row.name });
    }
    match row.format {
        Format::Sop1 | Format::Sop2 | Format::Sopc | Format::Sopk => salu(inst, row, target),
        Format::Sopp => Ok(()),
        Format::Vop1 | Format::Vop2 | Format::Vopc | Format::Vop3 | Format::Vop3p | Format::Vinterp => {
            valu(inst, row, target)
        }
        Format::VopdX | Format::VopdY => dual(inst, row, target),
        Format::Smem => smem(inst, row),
        Format::Ldsdir => ldsdir(inst),
        Format::Ds => ds(inst, row),
        Format::Mubuf | Format::Mtbuf => buffer(inst, row),
        Format::Flat | Format::Global | Format::Scratch => flat(inst, row),
        Format::Exp => export(inst),
        Format::Mimg => mimg(inst, row),
    }
}

const fn x(slot: Slot) -> Place {
    Place { y: false, slot }
}

fn salu(inst: &Inst, row: &Row, target: Target) -> Result {
    let wave64 = target.wave.is64();
    for o in row.operands {
        let at = x(o.slot);
        match o.slot {
            Slot::Sdst if matches!(o.class, Class::S | Class::SNoExec) => {
                scalar(at, inst.sdst as u16, o.class, o.ty.dwords(wave64))?;
            }
            Slot::Src0 => source(at, inst.src[0], o, wave64)?,
            Slot::Src1 => source(at, inst.src[1], o, wave64)?,
            _ => {}
        }
    }
    let counter =
        matches!(inst.op, Op::S_WAITCNT_VSCNT | Op::S_WAITCNT_VMCNT | Op::S_WAITCNT_EXPCNT | Op::S_WAITCNT_LGKMCNT);
    if counter && inst.sdst as u16 != NULL {
        return Err(Violation::NullOnly { at: x(Slot::Sdst) });
    }
    Ok(())
}

/// Instructions that take one scalar value only: shifts of 64 bits.
fn bus_limit(op: Op) -> u8 {
    2 - matches!(op, Op::V_LSHLREV_B64 | Op::V_LSHRREV_B64 | Op::V_ASHRREV_I64) as u8
}

fn valu(inst: &Inst, row: &Row, target: Target) -> Result {
    let wave64 = target.wave.is64();
    let mut bus = Bus { used: [(0, 0); 4], n: 0, limit: bus_limit(inst.op) };
    if row.implicit & R_VCC != 0 && row.operand(Slot::Vcc).is_none() {
        bus.read(None, 106, 2)?;
    }
    // LLVM 19 has this one in true16 mode only.
    if inst.op == Op::V_MOV_B16 && row.format == Format::Vop3 && !target.true16 {
        return Err(Violation::Arch { name: row.name });
    }
    let dpp = inst.dpp != Dpp::None;
    let long = matches!(row.format, Format::Vop3 | Format::Vop3p) && !is_mix(inst.op);
    if dpp && !row.has(DPP) {
        return Err(Violation::NoDpp { name: row.name });
    }
    // A half above v127 is the high half of a lower register, where that can be said.
    let halves = row.has(T16) && !(target.true16 && row.has(REAL16)) && inst.op != Op::V_MOV_B16;
    let half = |o: &Operand, k: u8| {
        if halves && k > 127 && o.ty.is_half() {
            return Err(Violation::HalfVgpr { at: x(o.slot), vgpr: k });
        }
        Ok(())
    };
    for o in row.operands {
        let at = x(o.slot);
        let dwords = o.ty.dwords(wave64);
        let k = match o.slot {
            Slot::Vdst if o.class == Class::S => {
                scalar(at, inst.vdst as u16, o.class, dwords)?;
                continue;
            }
            Slot::Vdst => {
                vgpr(at, inst.vdst, dwords)?;
                half(o, inst.vdst)?;
                continue;
            }
            // LLVM's lane masks may be any scalar that can be read as one.
            Slot::Sdst if !row.has(SD) && matches!(inst.sdst, 235..=238 | 253) => continue,
            Slot::Sdst => {
                scalar(at, inst.sdst as u16, o.class, dwords)?;
                continue;
            }
            Slot::Src0 => 0,
            Slot::Src1 => 1,
            Slot::Src2 => 2,
            Slot::Imm => {
                bus.read(Some(at), LITERAL, 1)?;
                continue;
            }
            _ => continue,
        };
        let code = inst.src[k];
        if dpp {
            if code == LITERAL {
                return Err(Violation::LiteralDpp { at });
            }
            // RDNA 3.5 reads src1 over the constant bus in VOP3 forms.
            let vector = k == 0 || k == 1 && !(target.arch.is_rdna35() && long);
            if vector && code < 256 {
                return Err(Violation::DppSource { at });
            }
        }
        source(at, code, o, wave64)?;
        if code >= 256 {
            half(o, (code & 255) as u8)?;
        }
        bus.source(at, code, dwords)?;
    }
    if let Dpp::Dpp16 { ctrl, .. } = inst.dpp {
        let n = ctrl & 15;
        let good = match ctrl >> 4 {
            0..=15 | 21 | 22 => true,
            16..=18 => n != 0,
            20 => n <= 1,
            _ => false,
        };
        if !good {
            return Err(Violation::DppControl { ctrl });
        }
    }
    modifiers(inst, row, target)?;
    if let Ext::Interp { wait, .. } = inst.ext
        && wait > 7
    {
        return Err(Violation::Range { field: "wait_exp", value: wait as i32, min: 0, max: 7 });
    }
    Ok(())
}

/// Modifiers that the row does not have must be off.
fn modifiers(inst: &Inst, row: &Row, target: Target) -> Result {
    let m = &inst.mods;
    let dpp = inst.dpp != Dpp::None;
    let packed = row.format == Format::Vop3p;
    let signs = m.neg | m.abs;
    let sources = match signs {
        0 => 0,
        _ => row.operands.iter().filter(|o| matches!(o.slot, Slot::Src0 | Slot::Src1 | Slot::Src2)).count(),
    };
    for k in 0..if signs == 0 { 0 } else { 3u8 } {
        let at = Some(x([Slot::Src0, Slot::Src1, Slot::Src2][k as usize]));
        let (neg, abs) = (m.neg >> k & 1 != 0, m.abs >> k & 1 != 0);
        if !neg && !abs {
            continue;
        }
        let there = (k as usize) < sources;
        if packed && row.has(NEG_LOHI) && there {
            continue;
        }
        let (takes, sext) = match row.format {
            Format::Vop3 | Format::Vop3p | Format::Vinterp => {
                (row.has(MOD0 << k), row.has(SEXT0 << k) || dpp && row.has(DSEXT0 << k))
            }
            // The DPP16 word has the bits for both sources of the short formats.
            _ => (matches!(inst.dpp, Dpp::Dpp16 { .. }) && k < 2, false),
        };
        if neg && !(there && (takes || sext)) {
            return Err(Violation::Modifier { modifier: "neg", at });
        }
        if abs && !(there && takes && row.format != Format::Vinterp && !row.has(SD)) {
            return Err(Violation::Modifier { modifier: "abs", at });
        }
    }
    let no = |modifier| Err(Violation::Modifier { modifier, at: None });
    if m.clamp && !row.has(CLAMP) {
        return no("clamp");
    }
    if m.omod != 0 && !row.has(OMOD) {
        return no("omod");
    }
    // Halves of registers are written as op_sel in the long form of every 16-bit operation.
    let halves = || target.true16 && row.format == Format::Vop3 && row.operands.iter().any(|o| o.ty.is_half());
    if m.opsel != 0 && !row.has(OPSEL) && !halves() {
        return no("op_sel");
    }
    Ok(())
}

impl Ty {
    /// Sixteen bits of a VGPR.
    pub(crate) const fn is_half(self) -> bool {
        matches!(self, Ty::B16 | Ty::F16 | Ty::BF16)
    }
}

/// Which port reads what of one half of a pair, as VGPRs: src0, src1, src2.
fn ports(op: Op, vdst: u8, src: &[u16], has_src1: bool) -> [Option<u8>; 3] {
    let v = |k: u16| (k >= 256).then_some((k & 255) as u8);
    let (s0, s1) = (v(src[0]), if has_src1 { v(src[1]) } else { None });
    match op {
        // The added VGPR comes through the third port.
        Op::V_FMAMK_F32 => [s0, None, s1],
        Op::V_FMAC_F32 | Op::V_DOT2ACC_F32_F16 => [s0, s1, Some(vdst)],
        _ => [s0, s1, None],
    }
}

fn dual(inst: &Inst, row: &Row, target: Target) -> Result {
    let Some(yh) = inst.y else { return Err(Violation::Modifier { modifier: "second half", at: None }) };
    if target.wave.is64() {
        return Err(Violation::Wave32Only { name: row.name });
    }
    let mut bus = Bus { used: [(0, 0); 4], n: 0, limit: 2 };
    if (row.implicit | yh.row().implicit) & R_VCC != 0 {
        bus.read(None, 106, 2)?;
    }
    let halves = [(false, row, inst.vdst, &inst.src[..2]), (true, yh.row(), yh.vdst, &yh.src[..])];
    for (y, row, _, src) in halves {
        for o in row.operands {
            let at = Place { y, slot: o.slot };
            let code = match o.slot {
                Slot::Src0 => src[0],
                Slot::Src1 => src[1],
                Slot::Imm => {
                    bus.read(Some(at), LITERAL, 1)?;
                    continue;
                }
                _ => continue,
            };
            source(at, code, o, false)?;
            bus.source(at, code, 1)?;
        }
    }
    if (inst.vdst ^ yh.vdst) & 1 == 0 {
        return Err(Violation::Parity { x: inst.vdst, y: yh.vdst });
    }
    let [a, b] = halves.map(|(y, row, vdst, src)| {
        ports(if y { yh.op } else { inst.op }, vdst, src, row.operand(Slot::Src1).is_some())
    });
    for (k, (slot, mask)) in [(Slot::Src0, 3), (Slot::Src1, 3), (Slot::Src2, 1)].into_iter().enumerate() {
        if let (Some(p), Some(q)) = (a[k], b[k])
            && (p ^ q) & mask == 0
        {
            return Err(Violation::Bank { slot, x: p, y: q });
        }
    }
    Ok(())
}

fn range(field: &'static str, value: i32, min: i32, max: i32) -> Result {
    if value < min || value > max {
        return Err(Violation::Range { field, value, min, max });
    }
    Ok(())
}

fn smem(inst: &Inst, row: &Row) -> Result {
    for o in row.operands {
        let at = x(o.slot);
        match o.slot {
            Slot::Sdst if o.class == Class::Num => range("sdata", inst.sdst as i32, 0, 127)?,
            Slot::Sdst => scalar(at, inst.sdst as u16, o.class, o.ty.dwords(false))?,
            Slot::Sbase => scalar(at, inst.mem.sbase as u16, o.class, o.ty.dwords(false))?,
            _ => {}
        }
    }
    if row.has(ADDR) {
        let soffset = inst.mem.soffset as u16;
        if soffset > 127 {
            return Err(Violation::Kind { at: x(Slot::Addr), code: soffset, class: Class::S, dwords: 1 });
        }
        // A buffer's offset is never negative.
        let buffer = row.operand(Slot::Sbase).is_some_and(|o| o.ty == Ty::B128);
        range("offset", inst.imm, if buffer { 0 } else { -(1 << 20) }, (1 << 20) - 1)?;
    }
    Ok(())
}

fn ldsdir(inst: &Inst) -> Result {
    let Ext::Interp { attr, chan, wait } = inst.ext else { return Ok(()) };
    if inst.op == Op::LDS_PARAM_LOAD {
        range("attr", attr as i32, 0, 32)?;
        range("attr_chan", chan as i32, 0, 3)?;
    }
    range("wait_vdst", wait as i32, 0, 15)
}

fn ds(inst: &Inst, row: &Row) -> Result {
    for o in row.operands {
        let first = match o.slot {
            Slot::Vdst => inst.vdst,
            Slot::Addr => inst.mem.addr,
            Slot::Data0 => inst.mem.data0,
            _ => inst.mem.data1,
        };
        vgpr(x(o.slot), first, o.ty.dwords(false))?;
    }
    if inst.mem.gds && row.has(NOGDS) {
        return Err(Violation::Modifier { modifier: "gds", at: None });
    }
    range("offset", inst.imm, 0, if row.has(NOOFFSET) { 0 } else { 0xffff })
}

fn buffer(inst: &Inst, row: &Row) -> Result {
    let m = &inst.mem;
    if !row.has(ADDR) {
        return Ok(());
    }
    for o in row.operands {
        vgpr(x(o.slot), m.data0, o.ty.dwords(false) + m.tfe as u8)?;
    }
    if m.tfe && (row.implicit & STORES != 0 || row.format == Format::Mtbuf || row.operands.is_empty()) {
        return Err(Violation::NoTfe { name: row.name });
    }
    vgpr(x(Slot::Addr), m.addr, m.offen as u8 + m.idxen as u8)?;
    scalar(x(Slot::Sbase), m.sbase as u16, Class::S, 4)?;
    let so = m.soffset as u16;
    if so > 127 && !inline(so) && !matches!(so, 235..=238 | 253) {
        return Err(Violation::Kind { at: x(Slot::Src0), code: so, class: Class::Sconst, dwords: 1 });
    }
    range("offset", inst.imm, 0, 4095)?;
    Ok(())
}

fn flat(inst: &Inst, row: &Row) -> Result {
    let m = &inst.mem;
    let off = m.sbase as u16 == NULL;
    for o in row.operands {
        match o.slot {
            Slot::Vdst if row.operand(Slot::Vdata).is_some() && row.implicit & STORES != 0 && !m.glc => {}
            Slot::Vdst => vgpr(x(o.slot), inst.vdst, o.ty.dwords(false))?,
            _ => vgpr(x(o.slot), m.data0, o.ty.dwords(false))?,
        }
    }
    let (address, base) = match row.format {
        Format::Flat => (2, 0),
        Format::Global => (1 + off as u8, 2),
        _ => (m.sve as u8, 1),
    };
    if row.has(ADDR) {
        vgpr(x(Slot::Addr), m.addr, address)?;
    }
    if row.format == Format::Scratch && m.sbase == 127 {
        return Err(Violation::Kind { at: x(Slot::Sbase), code: 127, class: Class::S, dwords: 1 });
    }
    if base != 0 && !off {
        scalar(x(Slot::Sbase), m.sbase as u16, Class::S, base)?;
    }
    let min = if row.format == Format::Flat { 0 } else { -4096 };
    range("offset", inst.imm, min, 4095)?;
    Ok(())
}

fn export(inst: &Inst) -> Result {
    let Ext::Export(e) = inst.ext else { return Ok(()) };
    match e.target {
        0..=8 | 12..=16 | 20..=22 => Ok(()),
        t => Err(Violation::Range { field: "target", value: t as i32, min: 0, max: 22 }),
    }
}

fn mimg(inst: &Inst, row: &Row) -> Result {
    let Ext::Image(i) = inst.ext else { return Ok(()) };
    let m = &inst.mem;
    dmask(row, &i, m.tfe)?;
    let whole = matches!(
        row.op,
        Op::IMAGE_GET_LOD
            | Op::IMAGE_GET_RESINFO
            | Op::IMAGE_LOAD_PCK
            | Op::IMAGE_LOAD_PCK_SGN
            | Op::IMAGE_LOAD_MIP_PCK
            | Op::IMAGE_LOAD_MIP_PCK_SGN
            | Op::IMAGE_STORE_PCK
            | Op::IMAGE_STORE_MIP_PCK
    );
    if i.d16 && (whole || row.flags & (I_ATOMIC | I_BVH) != 0) {
        return Err(Violation::Modifier { modifier: "d16", at: None });
    }
    // Four halves and a status word would be three registers.
    if i.d16 && m.tfe && row.has(I_GATHER4) {
        return Err(Violation::NoTfe { name: row.name });
    }
    let samples = row.operand(Slot::Ssamp).is_some() || row.has(I_LOD);
    // Samplers take three coordinates; LLVM's sequential forms come in sizes of four and eight.
    let (n, most) = (image::address_dwords(row, &i), image::address_dwords(row, &Image { dim: 2, a16: false, ..i }));
    if samples && n > most && (i.nsa || !matches!(n, 4 | 8)) {
        return Err(Violation::Dim { dim: i.dim });
    }
    vgpr(x(Slot::Vdata), m.data0, image::data_dwords(row, &i, m.tfe))?;
    if i.nsa {
        let regs = [m.addr, i.more[0], i.more[1], i.more[2], i.more[3]];
        for (n, first) in image::nsa_parts(row, &i).zip(regs) {
            vgpr(x(Slot::Addr), first, n)?;
        }
    } else {
        vgpr(x(Slot::Addr), m.addr, image::address_dwords(row, &i))?;
    }
    for o in row.operands {
        match o.slot {
            Slot::Sbase => scalar(x(o.slot), m.sbase as u16, o.class, o.ty.dwords(false))?,
            Slot::Ssamp => scalar(x(o.slot), i.ssamp as u16, o.class, 4)?,
            _ => {}
        }
    }
    Ok(())
}

fn dmask(row: &Row, i: &Image, tfe: bool) -> Result {
    let bad = |rule| Err(Violation::Dmask { dmask: i.dmask, rule });
    if row.has(I_MSAA) && i.dim < 6 {
        return Err(Violation::Dim { dim: i.dim });
    }
    if row.flags & (I_GATHER4 | I_MSAA) != 0 && i.dmask.count_ones() != 1 {
        return bad("one component is gathered, so one bit must be set");
    }
    if row.has(I_ATOMIC) {
        let wide = row.operand(Slot::Vdata).is_some_and(|o| o.ty == Ty::B64);
        // LLVM matches the mask with the status word's register counted in or not.
        let good = match i.dmask {
            1 => !wide || tfe,
            3 => true,
            15 => wide || tfe,
            _ => false,
        };
        if !good {
            return bad("an atomic takes one value of 32 or 64 bits");
        }
    }
    Ok(())
}
