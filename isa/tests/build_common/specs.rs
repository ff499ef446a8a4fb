//! From a finished instruction back to what one would write.
use isa::build::*;
use isa::row::*;
use isa::*;

/// `n` VGPRs from `first` on.
pub fn vregs(first: u8, n: u8) -> Arg {
    match n {
        1 => v(first).arg(),
        2 => vs::<2>(first).arg(),
        3 => vs::<3>(first).arg(),
        4 => vs::<4>(first).arg(),
        5 => vs::<5>(first).arg(),
        6 => vs::<6>(first).arg(),
        7 => vs::<7>(first).arg(),
        8 => vs::<8>(first).arg(),
        9 => vs::<9>(first).arg(),
        10 => vs::<10>(first).arg(),
        11 => vs::<11>(first).arg(),
        12 => vs::<12>(first).arg(),
        _ => vs::<16>(first).arg(),
    }
}

/// The scalar register or special source of a code, `n` dwords of it.
pub fn sregs(code: u16, n: u8) -> Arg {
    match code {
        0..=105 => match n {
            1 => s(code as u8).arg(),
            2 => ss::<2>(code as u8).arg(),
            4 => ss::<4>(code as u8).arg(),
            8 => ss::<8>(code as u8).arg(),
            _ => ss::<16>(code as u8).arg(),
        },
        106 => VCC.arg(),
        107 => VCC_HI.arg(),
        124 => NULL.arg(),
        125 => M0.arg(),
        126 => EXEC.arg(),
        127 => EXEC_HI.arg(),
        235 => SHARED_BASE.arg(),
        236 => SHARED_LIMIT.arg(),
        237 => PRIVATE_BASE.arg(),
        238 => PRIVATE_LIMIT.arg(),
        253 => SCC.arg(),
        k => ttmp((k - 108) as u8).arg(),
    }
}

const FLOATS: [f64; 9] = [0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 4.0, -4.0, 0.15915494309189532];

fn src(i: &Inst, k: usize, o: &Operand, wave64: bool) -> Arg {
    let n = o.ty.dwords(wave64);
    let a = match i.src[k] {
        c @ 128..=192 => (c as i32 - 128).arg(),
        c @ 193..=208 => (192 - c as i32).arg(),
        248 if !matches!(o.ty, Ty::B64 | Ty::F64) => 0.15915494.arg(),
        c @ 240..=248 => FLOATS[c as usize - 240].arg(),
        255 => i.literal.arg(),
        c @ 256.. => vregs((c - 256) as u8, n),
        c => sregs(c, n),
    };
    let row = i.row();
    if row.has(NEG_LOHI) {
        return a;
    }
    let (neg, abs) = (i.mods.neg >> k & 1 != 0, i.mods.abs >> k & 1 != 0);
    let dpp = i.dpp != Dpp::None;
    if neg && (row.has(SEXT0 << k) || dpp && row.has(DSEXT0 << k)) {
        return a.sext();
    }
    let a = if abs { a.abs() } else { a };
    if neg { -a } else { a }
}

fn flags(v: u8, n: usize) -> Vec<bool> {
    (0..n).map(|k| v >> k & 1 != 0).collect()
}

/// What one would write for it; None for trap registers in ranges, which have no type.
pub fn spec(i: &Inst, target: Target) -> Option<Spec> {
    let (row, m, wave64) = (i.row(), &i.mem, target.wave.is64());
    let mut args: Vec<Arg> = Vec::new();
    let mut spec_after: Vec<Box<dyn Fn(Spec) -> Spec>> = Vec::new();
    // Codes of no register, registers of other widths than their own, and ranges that have no type.
    let ranged_trap = |c: u16, n: u8| {
        (108..=123).contains(&c) && n > 1
            || matches!(c, 209..=234 | 239 | 249..=252 | 254)
            || matches!(c, 107 | 125 | 127) && n > 1
    };
    let mut bad = false;
    let atomic = row.operand(Slot::Vdst).is_some() && row.operand(Slot::Vdata).is_some() && row.implicit & STORES != 0;
    match row.format {
        Format::Mubuf | Format::Mtbuf if row.has(ADDR) => {
            for o in row.operands {
                args.push(vregs(m.data0, o.ty.dwords(false) + m.tfe as u8));
            }
            match m.offen as u8 + m.idxen as u8 {
                0 => args.push(Off.arg()),
                n => args.push(vregs(m.addr, n)),
            }
            bad |= ranged_trap(m.sbase as u16, 4);
            args.push(sregs(m.sbase as u16, 4));
            args.push(match m.soffset as u16 {
                c @ 128..=192 => (c as i32 - 128).arg(),
                c @ 193..=208 => (192 - c as i32).arg(),
                c @ 240..=248 => FLOATS[c as usize - 240].arg(),
                c => sregs(c, 1),
            });
        }
        Format::Mubuf => {}
        Format::Flat | Format::Global | Format::Scratch => {
            if let Some(o) = row.operand(Slot::Vdst)
                && (!atomic || m.glc)
            {
                args.push(vregs(i.vdst, o.ty.dwords(false)));
            }
            let off = m.sbase == 124;
            if row.has(ADDR) {
                args.push(match row.format {
                    Format::Scratch if !m.sve => Off.arg(),
                    Format::Scratch => vregs(m.addr, 1),
                    Format::Global if !off => vregs(m.addr, 1),
                    _ => vregs(m.addr, 2),
                });
            }
            if let Some(o) = row.operand(Slot::Vdata) {
                args.push(vregs(m.data0, o.ty.dwords(false)));
            }
            let n = if row.format == Format::Global { 2 } else { 1 };
            bad |= ranged_trap(m.sbase as u16, n);
            match row.format {
                Format::Flat => {}
                _ if off => args.push(Off.arg()),
                _ => args.push(sregs(m.sbase as u16, n)),
            }
        }
        Format::Exp => {
            let Ext::Export(x) = i.ext else { return None };
            args.push((x.target as i32).arg());
            for k in 0..4 {
                args.push(if x.enable >> k & 1 != 0 { v(x.src[k]).arg() } else { Off.arg() });
            }
            if x.done {
                spec_after.push(Box::new(|s| s.done()));
            }
            if x.row {
                spec_after.push(Box::new(|s| s.row_en()));
            }
        }
        Format::Mimg => {
            let Ext::Image(x) = i.ext else { return None };
            // Sizes as the text has them.
            let text = disassemble(i, target);
            let reg = |t: &str| -> Arg {
                let t = t.trim().trim_start_matches('v');
                match t.strip_prefix('[').and_then(|t| t.strip_suffix(']')).and_then(|t| t.split_once(':')) {
                    Some((a, b)) => {
                        let (a, b): (u8, u16) = (a.parse().unwrap(), b.parse().unwrap());
                        vregs(a, (b - a as u16 + 1) as u8)
                    }
                    None => v(t.parse().unwrap()).arg(),
                }
            };
            let end = |t: &str| {
                t.match_indices("], ")
                    .find(|(k, _)| t.as_bytes()[k + 3] != b'v' || t.as_bytes()[k + 4] == b'c')
                    .unwrap()
                    .0
            };
            let rest = text.split_once(' ').unwrap().1;
            let (data, rest) = rest.split_once(", ").unwrap();
            args.push(reg(data));
            if let Some(inner) = rest.strip_prefix('[') {
                let parts: Vec<Arg> = inner[..end(inner)].split(", ").map(reg).collect();
                args.push(nsa(&parts));
            } else {
                args.push(reg(rest.split_once(", ").unwrap().0));
            }
            for o in row.operands {
                let (c, n) = match o.slot {
                    Slot::Sbase => (m.sbase as u16, o.ty.dwords(false)),
                    Slot::Ssamp => (x.ssamp as u16, 4),
                    _ => continue,
                };
                bad |= ranged_trap(c, n);
                args.push(sregs(c, n));
            }
            spec_after.push(Box::new(move |s| {
                let s = if row.has(I_BVH) { s } else { s.dmask(x.dmask).dim(x.dim) };
                let s = if x.unorm && !row.has(I_BVH) { s.unorm() } else { s };
                let s = if x.r128 && !row.has(I_BVH) { s.r128() } else { s };
                let s = if x.a16 { s.a16() } else { s };
                let s = if x.d16 { s.d16() } else { s };
                if x.lwe { s.lwe() } else { s }
            }));
        }
        _ => {
            for o in row.operands {
                let n = o.ty.dwords(wave64);
                args.push(match o.slot {
                    Slot::Vdst if o.class == Class::S => sregs(i.vdst as u16, n),
                    Slot::Vdst => vregs(i.vdst, n),
                    Slot::Sdst if o.class == Class::Num => (i.sdst as i32).arg(),
                    Slot::Sdst => {
                        bad |= ranged_trap(i.sdst as u16, n);
                        sregs(i.sdst as u16, n)
                    }
                    Slot::Src0 if o.class == Class::Msg => (i.src[0] as i32).arg(),
                    Slot::Src0 | Slot::Src1 | Slot::Src2 => {
                        let k = [Slot::Src0, Slot::Src1, Slot::Src2].iter().position(|s| *s == o.slot).unwrap();
                        bad |= ranged_trap(i.src[k], n);
                        src(i, k, o, wave64)
                    }
                    Slot::Vcc => VCC.arg(),
                    Slot::Imm => i.literal.arg(),
                    Slot::Simm => (i.imm as u16).arg(),
                    Slot::Sbase => {
                        bad |= ranged_trap(m.sbase as u16, n);
                        sregs(m.sbase as u16, n)
                    }
                    Slot::Addr => vregs(m.addr, n),
                    Slot::Data0 | Slot::Vdata => vregs(m.data0, n),
                    Slot::Data1 => vregs(m.data1, n),
                    Slot::Ssamp => return None,
                });
            }
            if row.format == Format::Smem && row.has(ADDR) {
                args.push(sregs(m.soffset as u16, 1));
            }
            if let Ext::Interp { attr, chan, wait } = i.ext {
                if row.op == Op::LDS_PARAM_LOAD {
                    args.push(attribute(attr, chan));
                }
                spec_after.push(Box::new(move |s| s.wait(wait)));
            }
        }
    }
    if bad {
        return None;
    }
    let mut s = i.op.on(&args[..]);
    let sources = row.operands.iter().filter(|o| matches!(o.slot, Slot::Src0 | Slot::Src1 | Slot::Src2)).count();
    if row.has(NEG_LOHI) {
        s = s.neg_lo(&flags(i.mods.neg, sources)).neg_hi(&flags(i.mods.abs, sources));
    }
    if row.has(OPSEL_HI) {
        s = s.op_sel_hi(&flags(i.mods.opsel_hi, sources));
    }
    if i.mods.clamp {
        s = s.clamp();
    }
    s = match i.mods.omod {
        0 => s,
        1 => s.omod(Omod::Mul2),
        2 => s.omod(Omod::Mul4),
        _ => s.omod(Omod::Div2),
    };
    if i.dpp != Dpp::None {
        s = s.dpp(i.dpp);
    }
    if !matches!(row.format, Format::Sopp | Format::Sopk) {
        s = s.offset(i.imm);
    }
    if m.glc && !(atomic && row.format != Format::Mubuf) {
        s = s.glc();
    }
    if m.slc {
        s = s.slc();
    }
    if m.dlc {
        s = s.dlc();
    }
    if m.offen {
        s = s.offen();
    }
    if m.idxen {
        s = s.idxen();
    }
    if m.tfe {
        s = s.tfe();
    }
    if m.gds {
        s = s.gds();
    }
    if row.format == Format::Mtbuf {
        s = s.format(m.format);
    }
    Some(spec_after.into_iter().fold(s, |s, f| f(s)))
}
