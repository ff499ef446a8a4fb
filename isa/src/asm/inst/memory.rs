//! Memory, image, export and parameter-load instructions.
use super::args::{Arg, Args, Cursor, Kind, Mod};
use super::misfit::{Misfit, Why};
use super::{number_of, scalar, source, vgpr};
use crate::asm::{SyntaxError, expr};
use crate::decode::{Export, Ext, Image, Inst};
use crate::row::*;
use crate::rows::{Op, ROWS};
use crate::{Target, WaveSize, image};

/// Value of the offset modifier within bounds.
fn offset(args: &Args, m: Mod, low: i64, high: i64) -> Result<i32, Misfit> {
    let v = if m == Mod::Offset1 { args.mods.offset1 } else { args.mods.offset };
    if args.mods.has(m) && !(low..=high).contains(&v) {
        return Err(args.mods.misfit(m, Why::Range { low, high }));
    }
    Ok(if args.mods.has(m) { v as i32 } else { 0 })
}

fn count(list: &[Arg], wanted: usize, name: (u32, u32)) -> Result<(), Misfit> {
    if list.len() == wanted {
        return Ok(());
    }
    let (at, len) = match (list.get(wanted), list.last()) {
        (Some(extra), _) => (extra.at, extra.end - extra.at),
        (None, Some(last)) => (last.end, 0),
        (None, None) => (name.0 + name.1, 0),
    };
    Err(Misfit { at, len, why: Why::Count(wanted as u8) })
}

/// Tries the encoding of one memory row. `name` is where the mnemonic stands.
pub(super) fn fit(number: usize, args: &Args, target: Target, name: (u32, u32)) -> Result<Inst, Misfit> {
    let row = &ROWS[number];
    let mut inst = Inst::zeroed(number);
    inst.mem.glc = args.mods.glc;
    inst.mem.slc = args.mods.slc;
    inst.mem.dlc = args.mods.dlc;
    match row.format {
        Format::Smem => smem(row, args, &mut inst, name)?,
        Format::Ds => ds(row, args, &mut inst, name)?,
        Format::Mubuf | Format::Mtbuf => buffer(row, args, &mut inst, target, name)?,
        _ => flat(row, args, &mut inst, name)?,
    }
    Ok(inst)
}

fn smem(row: &Row, args: &Args, inst: &mut Inst, name: (u32, u32)) -> Result<(), Misfit> {
    let list = args.list();
    inst.mem.soffset = 124;
    let policy = if row.has(NOCPOL) || !row.has(ADDR) { 0 } else { Mod::Cpol.bit() };
    if !row.has(ADDR) {
        count(list, row.operands.len(), name)?;
        inst.mem.soffset = 0;
    } else {
        // The offset may be left out.
        count(list, list.len().clamp(row.operands.len(), row.operands.len() + 1), name)?;
    }
    for (o, arg) in row.operands.iter().zip(list) {
        let n = o.ty.dwords(false);
        match o.slot {
            Slot::Sdst if o.class == Class::Num => inst.sdst = number_of(arg)? as u8,
            Slot::Sdst => inst.sdst = scalar(arg, o, n)? as u8,
            _ => inst.mem.sbase = scalar(arg, o, n)? as u8,
        }
    }
    let mut allowed = policy;
    if let Some(arg) = list.get(row.operands.len()) {
        match arg.kind {
            Kind::Int(v) if !arg.modified() => {
                let (low, high) = if row.name.starts_with("s_buffer") { (0, 0xf_ffff) } else { (-0x10_0000, 0xf_ffff) };
                if !(low..=high).contains(&v) {
                    return Err(arg.misfit(Why::Range { low, high }));
                }
                inst.imm = v as i32;
            }
            Kind::Scalar { code: code @ 0..128, n: 0 | 1 } if !arg.modified() => {
                inst.mem.soffset = code as u8;
                allowed |= Mod::Offset.bit();
                let low = if row.name.starts_with("s_buffer") { 0 } else { -0x10_0000 };
                inst.imm = offset(args, Mod::Offset, low, 0xf_ffff)?;
            }
            _ => return Err(arg.misfit(Why::Say("neither a scalar register nor a byte offset"))),
        }
    }
    args.mods.only(allowed)?;
    if args.mods.slc {
        return Err(args.mods.misfit(Mod::Cpol, Why::Say("scalar loads have no slc")));
    }
    Ok(())
}

fn ds(row: &Row, args: &Args, inst: &mut Inst, name: (u32, u32)) -> Result<(), Misfit> {
    let list = args.list();
    count(list, row.operands.len(), name)?;
    for (o, arg) in row.operands.iter().zip(list) {
        let v = vgpr(arg, o.ty.dwords(false))?;
        match o.slot {
            Slot::Vdst => inst.vdst = v,
            Slot::Addr => inst.mem.addr = v,
            Slot::Data1 => inst.mem.data1 = v,
            _ => {
                inst.mem.data0 = v;
                if row.has(DATA0_AT_ADDR) {
                    inst.mem.addr = v;
                }
            }
        }
    }
    let mut allowed = 0;
    if row.has(OFFSET01) {
        allowed |= Mod::Offset0.bit() | Mod::Offset1.bit();
        inst.imm = offset(args, Mod::Offset0, 0, 255)? | offset(args, Mod::Offset1, 0, 255)? << 8;
    } else if !row.has(NOOFFSET) {
        allowed |= Mod::Offset.bit();
        inst.imm = offset(args, Mod::Offset, 0, 65535)?;
    }
    if !row.has(NOGDS) {
        allowed |= Mod::Gds.bit();
    }
    args.mods.only(allowed)?;
    inst.mem.gds = args.mods.on(Mod::Gds);
    if row.has(GDS) && !inst.mem.gds {
        return Err(Misfit { at: name.0, len: name.1, why: Why::Say("this instruction works on GDS alone: add gds") });
    }
    Ok(())
}

fn buffer(row: &Row, args: &Args, inst: &mut Inst, target: Target, name: (u32, u32)) -> Result<(), Misfit> {
    let list = args.list();
    if !row.has(ADDR) {
        count(list, 0, name)?;
        return args.mods.only(0);
    }
    count(list, row.operands.len() + 3, name)?;
    let m = &args.mods;
    let mut allowed = Mod::Idxen.bit() | Mod::Offen.bit() | Mod::Offset.bit() | Mod::Cpol.bit();
    if row.format == Format::Mtbuf {
        allowed |= Mod::Format.bit();
    } else if row.implicit & STORES == 0 {
        allowed |= Mod::Tfe.bit();
    }
    m.only(allowed)?;
    inst.mem.tfe = m.on(Mod::Tfe);
    inst.mem.idxen = m.on(Mod::Idxen);
    inst.mem.offen = m.on(Mod::Offen);
    inst.imm = offset(args, Mod::Offset, 0, 4095)?;
    inst.mem.format = if m.has(Mod::Format) { m.format as u8 } else { 1 };
    let mut next = list;
    if let Some(o) = row.operands.first() {
        inst.mem.data0 = vgpr(&list[0], o.ty.dwords(false) + inst.mem.tfe as u8)?;
        inst.vdst = inst.mem.data0;
        next = &list[1..];
    }
    match inst.mem.offen as u8 + inst.mem.idxen as u8 {
        0 if next[0].kind == Kind::Off => {}
        0 => return Err(next[0].misfit(Why::Say("an address register wants offen or idxen"))),
        n => inst.mem.addr = vgpr(&next[0], n)?,
    }
    let resource = i(Slot::Sbase, Class::S, Ty::B128);
    inst.mem.sbase = scalar(&next[1], &resource, 4)? as u8;
    let mut none = None;
    if next[2].modified() {
        return Err(next[2].misfit(Why::InputModifier));
    }
    inst.mem.soffset = source(&next[2], Class::Sconst, Ty::B32, target.wave == WaveSize::W64, false, &mut none)? as u8;
    Ok(())
}

fn flat(row: &Row, args: &Args, inst: &mut Inst, name: (u32, u32)) -> Result<(), Misfit> {
    let list = args.list();
    args.mods.only(Mod::Offset.bit() | Mod::Cpol.bit())?;
    let vdst = row.operand(Slot::Vdst);
    let vdata = row.operand(Slot::Vdata);
    let tail = row.has(ADDR) as usize + vdata.is_some() as usize + (row.format != Format::Flat) as usize;
    // Atomics give the old value back where glc is set, and only then.
    let either = vdst.is_some() && vdata.is_some();
    let returns = vdst.is_some() && (!either || list.len() > tail);
    count(list, tail + returns as usize, name)?;
    if either && returns != args.mods.glc {
        let why = if returns { "instruction must use glc" } else { "instruction must not use glc" };
        let whole = Misfit { at: name.0, len: name.1, why: Why::Say(why) };
        return Err(if returns { whole } else { args.mods.misfit(Mod::Cpol, Why::Say(why)) });
    }
    let mut next = list.iter();
    let mut take = || next.next().copied().unwrap_or(list[0]);
    if let (Some(o), true) = (vdst, returns) {
        inst.vdst = vgpr(&take(), o.ty.dwords(false))?;
    }
    let addr = row.has(ADDR).then(&mut take);
    if let Some(o) = vdata {
        inst.mem.data0 = vgpr(&take(), o.ty.dwords(false))?;
    }
    inst.mem.sbase = 124;
    let mut off = true;
    if row.format != Format::Flat {
        let saddr = take();
        let n = if row.format == Format::Scratch { 1 } else { 2 };
        match saddr.kind {
            Kind::Off => {}
            Kind::Scalar { code: 127, .. } => return Err(saddr.misfit(Why::Scalar(n))),
            _ => {
                let o = i(Slot::Sbase, Class::S, Ty::B32);
                inst.mem.sbase = scalar(&saddr, &o, n)? as u8;
                off = false;
            }
        }
    }
    if let Some(addr) = addr {
        if row.format == Format::Scratch {
            if addr.kind != Kind::Off {
                inst.mem.addr = vgpr(&addr, 1)?;
                inst.mem.sve = true;
            }
        } else {
            inst.mem.addr = vgpr(&addr, if row.format == Format::Global && !off { 1 } else { 2 })?;
        }
    }
    let (low, high) = if row.format == Format::Flat { (0, 4095) } else { (-4096, 4095) };
    inst.imm = offset(args, Mod::Offset, low, high)?;
    Ok(())
}

/// Instructions whose operands aren't a plain list: images, exports, parameter loads.
pub(super) fn special(c: &mut Cursor<'_>, number: usize, args: &mut Args) -> Result<Inst, SyntaxError> {
    let row = &ROWS[number];
    let mut inst = Inst::zeroed(number);
    let text = c.text;
    let fail = |m: Misfit| m.error(text);
    match row.format {
        Format::Ldsdir => {
            let dst = c.operand(args)?;
            inst.vdst = vgpr(&dst, 1).map_err(fail)?;
            let (mut attr, mut chan) = (0, 0);
            if row.op == Op::LDS_PARAM_LOAD {
                c.expect(b',', "a comma")?;
                c.blanks();
                (attr, chan) = attribute(c)?;
            }
            c.eat(b',');
            rest(c, args)?;
            args.mods.only(Mod::WaitVdst.bit()).map_err(fail)?;
            if !(0..=15).contains(&args.mods.wait) {
                return Err(fail(args.mods.misfit(Mod::WaitVdst, Why::Range { low: 0, high: 15 })));
            }
            inst.ext = Ext::Interp { attr, chan, wait: args.mods.wait as u8 };
        }
        Format::Exp => {
            c.blanks();
            let target = export_target(c)?;
            let mut x = Export { target, ..Export::default() };
            for k in 0..4 {
                c.eat(b',');
                let arg = c.operand(args)?;
                if arg.kind != Kind::Off {
                    x.src[k] = vgpr(&arg, 1).map_err(fail)?;
                    x.enable |= 1 << k;
                }
            }
            c.eat(b',');
            rest(c, args)?;
            args.mods.only(Mod::Done.bit() | Mod::RowEn.bit()).map_err(fail)?;
            x.done = args.mods.on(Mod::Done);
            x.row = args.mods.on(Mod::RowEn);
            inst.ext = Ext::Export(x);
        }
        _ => images(c, row, args, &mut inst)?,
    }
    Ok(inst)
}

/// Modifiers up to the end.
fn rest(c: &mut Cursor<'_>, args: &mut Args) -> Result<(), SyntaxError> {
    loop {
        c.blanks();
        if c.done() {
            return Ok(());
        }
        if !c.modifier(args)? {
            return Err(expr::unexpected(c.text, c.at, "a modifier or the end of the statement"));
        }
        c.eat(b',');
    }
}

/// `attr7.x`
fn attribute(c: &mut Cursor<'_>) -> Result<(u8, u8), SyntaxError> {
    let at = c.at;
    let word = c.word();
    c.at += word.len();
    let parts = word.strip_prefix("attr").and_then(|w| w.split_once('.'));
    let Some((number, channel)) = parts else {
        return Err(c.error(at, "invalid attribute").expected("attr0.x to attr32.w"));
    };
    let chan = ["x", "y", "z", "w"].iter().position(|x| *x == channel);
    match (number.parse::<u8>().ok(), chan) {
        (Some(attr @ 0..=32), Some(chan)) if number.bytes().all(|b| b.is_ascii_digit()) => Ok((attr, chan as u8)),
        (Some(_), Some(_)) => Err(c.error(at, "out of bounds attribute number").expected("attr0.x to attr32.w")),
        _ => Err(c.error(at, "invalid attribute").expected("attr0.x to attr32.w")),
    }
}

fn export_target(c: &mut Cursor<'_>) -> Result<u8, SyntaxError> {
    let at = c.at;
    let word = c.word();
    c.at += word.len();
    let indexed = |prefix: &str, n: u8| {
        let digits = word.strip_prefix(prefix)?;
        let plain = digits.len() == 1 || digits.len() == 2 && !digits.starts_with('0');
        digits.parse::<u8>().ok().filter(|&k| k < n && plain)
    };
    let target = match word {
        "mrtz" => Some(8),
        "prim" => Some(20),
        _ => indexed("mrt", 8)
            .or_else(|| indexed("pos", 5).map(|k| 12 + k))
            .or_else(|| indexed("dual_src_blend", 2).map(|k| 21 + k)),
    };
    target.ok_or_else(|| {
        c.error(at, "invalid exp target").expected("mrt0 to mrt7, mrtz, pos0 to pos4, prim or dual_src_blend0 and 1")
    })
}

fn images(c: &mut Cursor<'_>, row: &Row, args: &mut Args, inst: &mut Inst) -> Result<(), SyntaxError> {
    let text = c.text;
    let fail = |m: Misfit| m.error(text);
    let data = c.operand(args)?;
    c.eat(b',');
    c.blanks();
    // Addresses in brackets are registers that need not follow one another.
    let at = c.at;
    let mut parts = [data; 5];
    let mut n = 0;
    let bracket = c.eat(b'[');
    loop {
        let arg = c.operand(args)?;
        let Some(slot) = parts.get_mut(n) else {
            return Err(fail(arg.misfit(Why::Say("too many address registers"))));
        };
        *slot = arg;
        n += 1;
        if !bracket || c.eat(b']') {
            break;
        }
        c.expect(b',', "a comma or a closing square bracket")?;
    }
    let end = c.at;
    c.eat(b',');
    let resource = c.operand(args)?;
    let width = row.operand(Slot::Sbase).map_or(8, |o| o.ty.dwords(false));
    let o = i(Slot::Sbase, Class::S, Ty::B256);
    inst.mem.sbase = scalar(&resource, &o, width).map_err(fail)? as u8;
    let mut x = Image::default();
    if row.operand(Slot::Ssamp).is_some() {
        c.eat(b',');
        let sampler = c.operand(args)?;
        x.ssamp = scalar(&sampler, &o, 4).map_err(fail)? as u8;
    }
    c.eat(b',');
    rest(c, args)?;
    let m = &args.mods;
    let mut allowed = Mod::A16.bit();
    if !row.has(I_BVH) {
        allowed |= Mod::Dmask.bit() | Mod::Dim.bit() | Mod::Unorm.bit() | Mod::Cpol.bit() | Mod::R128.bit();
        allowed |= Mod::Tfe.bit() | Mod::Lwe.bit();
        if !row.has(I_ATOMIC) && !row.has(I_SIZE) && !row.name.contains("_pck") {
            allowed |= Mod::D16.bit();
        }
    }
    m.only(allowed).map_err(fail)?;
    let whole = |why: &'static str| SyntaxError::new(0, text.len(), why);
    if !row.has(I_BVH) && !m.has(Mod::Dim) {
        return Err(SyntaxError::new(text.len(), 0, "dim modifier is required on this target"));
    }
    x.a16 = m.on(Mod::A16);
    if row.has(I_BVH) {
        // Fixed by the hardware's definition of the instruction.
        (x.dmask, x.unorm, x.r128) = (15, true, true);
    } else {
        x.dmask = m.dmask as u8;
        x.dim = m.dim as u8;
        x.unorm = m.on(Mod::Unorm);
        x.r128 = m.on(Mod::R128);
        x.lwe = m.on(Mod::Lwe);
        x.d16 = m.on(Mod::D16);
        inst.mem.glc = m.glc;
        inst.mem.slc = m.slc;
        inst.mem.dlc = m.dlc;
        inst.mem.tfe = m.on(Mod::Tfe);
    }
    x.nsa = bracket && n > 1;
    let one_bit = x.dmask.count_ones() == 1;
    if row.has(I_GATHER4) && !one_bit {
        return Err(whole("invalid image_gather dmask: only one bit must be set"));
    }
    if row.has(I_ATOMIC) && !matches!(x.dmask, 1 | 3 | 15) {
        return Err(whole("invalid atomic image dmask"));
    }
    if row.has(I_MSAA) && !matches!(x.dim, 6 | 7) {
        return Err(whole("invalid dim; must be MSAA type"));
    }
    let want = image::data_dwords(row, &x, inst.mem.tfe);
    inst.mem.data0 = match data.kind {
        Kind::Vgpr { first, n, half: 0 } if n == want && !data.modified() => first as u8,
        Kind::Vgpr { .. } if !data.modified() => {
            return Err(fail(data.misfit(Why::Say("image data size does not match dmask, d16 and tfe"))));
        }
        _ => return Err(fail(data.misfit(Why::Vgpr(want)))),
    };
    inst.vdst = inst.mem.data0;
    let wrong = SyntaxError::new(at, end - at, "image address size does not match dim and a16");
    if x.nsa {
        let want = image::nsa_parts(row, &x);
        if want.clone().count() != n {
            return Err(wrong);
        }
        let mut regs = [0; 5];
        for ((want, arg), reg) in want.zip(&parts).zip(&mut regs) {
            *reg = vgpr(arg, want).map_err(fail)?;
        }
        inst.mem.addr = regs[0];
        x.more.copy_from_slice(&regs[1..]);
    } else {
        let address = image::address_dwords(row, &x);
        match parts[0].kind {
            _ if parts[0].modified() => return Err(fail(parts[0].misfit(Why::InputModifier))),
            // Eight registers may stand where five to seven are read.
            Kind::Vgpr { first, n, half: 0 }
                if n == address || n == 8 && (5..8).contains(&address) && !row.has(I_BVH) =>
            {
                inst.mem.addr = first as u8;
            }
            Kind::Vgpr { .. } => return Err(wrong),
            _ => return Err(fail(parts[0].misfit(Why::Vgpr(address)))),
        }
    }
    inst.ext = Ext::Image(x);
    Ok(())
}
