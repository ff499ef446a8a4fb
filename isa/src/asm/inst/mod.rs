//! One instruction's text to words.
//!
//! The mnemonic finds the encodings in the row table; operands and modifiers are read once and offered to each encoding,
//! the shortest first, until one takes them.
mod alias;
mod args;
mod constant;
mod memory;
mod misfit;
mod value;

use super::{Encoded, Fixup, FixupKind, Symbols, SyntaxError, expr};
use crate::check::{Violation, check};
use crate::constant::Code;
use crate::decode::{Half, Inst};
use crate::row::*;
use crate::rows::{Op, ROWS};
use crate::{Target, WaveSize, encode};
use alloc::format;
use alloc::string::String;
use args::{Arg, Args, Cursor, Kind, Mod};
use misfit::{Misfit, Why};

/// Slots of the mnemonic table: a power of two well above the number of names.
const SLOTS: usize = 4096;

const fn hash(name: &[u8]) -> usize {
    let mut h = 0x811c_9dc5u32;
    let mut k = 0;
    while k < name.len() {
        h = (h ^ name[k] as u32).wrapping_mul(0x0100_0193);
        k += 1;
    }
    (h ^ h >> 15) as usize & (SLOTS - 1)
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut k = 0;
    while k < a.len() {
        if a[k] != b[k] {
            return false;
        }
        k += 1;
    }
    true
}

/// First row of each name, plus one; open addressing.
static NAMES: [u16; SLOTS] = {
    let mut table = [0u16; SLOTS];
    let mut k = 0;
    while k < ROWS.len() {
        if k == 0 || !same(ROWS[k].name, ROWS[k - 1].name) {
            let mut at = hash(ROWS[k].name.as_bytes());
            while table[at] != 0 {
                at = (at + 1) & (SLOTS - 1);
            }
            table[at] = k as u16 + 1;
        }
        k += 1;
    }
    table
};

/// Rows of a mnemonic without size suffix.
fn rows_of(name: &str) -> Option<core::ops::Range<usize>> {
    let mut at = hash(name.as_bytes());
    loop {
        let first = (*NAMES.get(at)? as usize).checked_sub(1)?;
        if ROWS[first].name == name {
            let n = ROWS[first..].iter().take_while(|r| r.name == name).count();
            return Some(first..first + n);
        }
        at = (at + 1) & (SLOTS - 1);
    }
}

/// Encoding that the mnemonic's suffix asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Forced {
    No,
    E32,
    E64,
    Dpp,
    E64Dpp,
}

fn split_suffix(name: &str) -> (&str, Forced) {
    for (suffix, forced) in
        [("_e64_dpp", Forced::E64Dpp), ("_e64", Forced::E64), ("_e32", Forced::E32), ("_dpp", Forced::Dpp)]
    {
        if let Some(rest) = name.strip_suffix(suffix) {
            return (rest, forced);
        }
    }
    (name, Forced::No)
}

/// Assembles one instruction: a mnemonic and its operands, without label, comment or separator.
pub fn assemble(text: &str, target: &Target, symbols: &dyn Symbols) -> Result<Encoded, SyntaxError> {
    let mut c = Cursor { text, at: 0, symbols, target: *target, row: &ROWS[0] };
    c.blanks();
    if text.len() > u16::MAX as usize {
        return Err(SyntaxError::new(0, 0, "a statement of more than 65535 bytes"));
    }
    let start = c.at;
    let written = c.word();
    c.at += written.len();
    if written.is_empty() || c.at == start {
        return Err(expr::unexpected(text, start, "a mnemonic"));
    }
    let mut lower = [0u8; 64];
    let name = if written.bytes().any(|b| b.is_ascii_uppercase()) {
        let n = written.len().min(lower.len());
        lower[..n].copy_from_slice(&written.as_bytes()[..n]);
        lower[..n].make_ascii_lowercase();
        core::str::from_utf8(&lower[..n]).unwrap_or(written)
    } else {
        written
    };
    let at_name = |message: String| SyntaxError::new(start, written.len(), message);
    let unknown = || at_name(format!("`{written}` is no instruction of {}", target.arch.name()));
    let (stem, forced) = split_suffix(name);
    let (rows, forced) = match rows_of(stem).map(|r| (r, forced)).or_else(|| rows_of(name).map(|r| (r, Forced::No))) {
        Some(found) => found,
        None => match alias::canonical(stem).and_then(rows_of) {
            Some(r) => (r, forced),
            None => match alias::canonical(name).and_then(rows_of) {
                Some(r) => (r, Forced::No),
                None if stem == "v_illegal" && matches!(forced, Forced::No | Forced::E32) => return illegal(&mut c),
                None => return Err(unknown()),
            },
        },
    };
    let first = &ROWS[rows.start];
    c.row = first;
    if !first.is_on(target.arch) {
        return Err(at_name(format!("`{written}` is an instruction of RDNA 3.5, not of {}", target.arch.name())));
    }
    let mut args = Args::new();
    let listed = !matches!(first.format, Format::VopdX | Format::VopdY | Format::Exp | Format::Ldsdir | Format::Mimg);
    if !listed && !matches!(forced, Forced::No | Forced::E32) {
        return Err(at_name(format!("`{written}` has no encoding of this size")));
    }
    let inst = match first.format {
        Format::VopdX | Format::VopdY => return dual(&mut c, &rows, args),
        Format::Exp | Format::Ldsdir | Format::Mimg => memory::special(&mut c, rows.start, &mut args)?,
        _ => {
            operands(&mut c, first, &mut args)?;
            choose(&c, rows, forced, &args, start, written)?
        }
    };
    finish(text, inst, args, target)
}

/// The word 0, which no instruction has and LLVM has a name for: it stops the wave.
fn illegal(c: &mut Cursor<'_>) -> Result<Encoded, SyntaxError> {
    c.blanks();
    if !c.done() {
        return Err(SyntaxError::new(c.at, c.text.len() - c.at, "`v_illegal` has no operands"));
    }
    Ok(Encoded { words: [0; 8], len_dw: 1, fixup: None, vgprs: 0, sgprs: 0 })
}

/// `text` with blanks in place of its comments (`//…`, `;…` and `/*…*/`), so that columns stay.
pub fn without_comments(text: &str) -> alloc::borrow::Cow<'_, str> {
    if !text.contains(';') && !text.contains("//") && !text.contains("/*") {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut quoted = false;
    while let Some(c) = rest.chars().next() {
        if quoted || !(rest.starts_with("/*") || rest.starts_with("//") || c == ';') {
            quoted ^= c == '"';
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        if !rest.starts_with("/*") {
            break;
        }
        let end = rest[2..].find("*/").map_or(rest.len(), |n| n + 4);
        out.extend(rest[..end].chars().map(|_| ' '));
        rest = &rest[end..];
    }
    out.into()
}

/// Checks what only the whole instruction shows, and encodes it.
fn finish(text: &str, inst: Inst, args: Args, target: &Target) -> Result<Encoded, SyntaxError> {
    // Kinds of operands were matched above, and LLVM takes special sources in more places than the hardware.
    if let Err(v) = check(&inst, *target)
        && !matches!(v, Violation::Kind { .. })
    {
        // The operand it is about, where it is one of the text's.
        let operands = inst.row().operands;
        let slot = v.place().filter(|p| !p.y).map(|p| p.slot);
        let at = slot.and_then(|s| operands.iter().position(|o| o.slot == s)).and_then(|k| args.list().get(k));
        let (at, end) = at.map_or((0, text.len()), |a| (a.at as usize, a.end as usize));
        return Err(SyntaxError::new(at, end - at, format!("{v}")));
    }
    let words = encode(&inst).map_err(|e| SyntaxError::new(0, text.len(), format!("{e}")))?;
    let mut out =
        Encoded { words: [0; 8], len_dw: words.len() as u8, fixup: None, vgprs: args.vgprs, sgprs: args.sgprs };
    out.words[..words.len()].copy_from_slice(&words);
    if let Some((expr, at, end)) = args.expr {
        let branch = inst.row().operands.iter().any(|o| o.class == Class::Branch);
        let (kind, dw) = if branch { (FixupKind::Branch, 0) } else { (FixupKind::Literal, words.len() as u8 - 1) };
        out.fixup = Some(Fixup { kind, dw, expr, at: at as u16, len: (end - at) as u16 });
    }
    Ok(out)
}

/// Reads operands and modifiers to the end of the statement.
fn operands(c: &mut Cursor<'_>, row: &Row, args: &mut Args) -> Result<(), SyntaxError> {
    loop {
        c.blanks();
        if c.done() {
            return Ok(());
        }
        let class = row.operands.get(args.list().len()).map(|o| o.class);
        let numeric = matches!(
            class,
            Some(
                Class::Msg
                    | Class::Hwreg
                    | Class::Delay
                    | Class::Waitcnt
                    | Class::Depctr
                    | Class::Version
                    | Class::Endpgm
                    | Class::U16
                    | Class::S16
                    | Class::Dec
                    | Class::Num
            )
        );
        if let (Some(class), true) = (class, numeric) {
            let at = c.at;
            let (v, end) = value::value(class, c.text, at, c.symbols, c.target)?;
            c.at = end;
            let kind = Kind::Int(v as i64);
            args.push(Arg { at: at as u32, end: end as u32, kind, neg: false, abs: false, sext: false })?;
        } else if !c.modifier(args)? {
            let arg = c.operand(args)?;
            if args.mods.seen & !Mod::Format.bit() != 0 {
                return Err(arg.misfit(Why::Say("an operand after the modifiers")).error(c.text));
            }
            args.push(arg)?;
        }
        c.blanks();
        if c.peek() == b',' {
            c.at += 1;
            c.blanks();
        }
    }
}

/// The first encoding that takes the operands.
fn choose(
    c: &Cursor<'_>,
    rows: core::ops::Range<usize>,
    forced: Forced,
    args: &Args,
    start: usize,
    written: &str,
) -> Result<Inst, SyntaxError> {
    let mut worst: Option<Misfit> = None;
    let dpp = args.mods.has(Mod::Dpp);
    for k in rows {
        let row = &ROWS[k];
        // LLVM calls the long form of these two the short one.
        let lane = matches!(row.op, Op::V_READLANE_B32 | Op::V_WRITELANE_B32);
        let long = matches!(row.format, Format::Vop3 | Format::Vop3p | Format::Vinterp) && !lane;
        let short = matches!(row.format, Format::Vop1 | Format::Vop2 | Format::Vopc);
        let fits = match forced {
            Forced::No => true,
            Forced::E32 => !long && !dpp,
            Forced::E64 => long && !dpp,
            Forced::Dpp => short && dpp,
            Forced::E64Dpp => long && dpp,
        };
        if !fits {
            continue;
        }
        let inst = match row.format {
            Format::Smem
            | Format::Ds
            | Format::Mubuf
            | Format::Mtbuf
            | Format::Flat
            | Format::Global
            | Format::Scratch => memory::fit(k, args, c.target, (start as u32, written.len() as u32)),
            _ => fit(k, args, c.target, (start as u32, c.text.len() as u32 - start as u32)),
        };
        match inst {
            Ok(inst) => return Ok(inst),
            Err(m) => {
                if worst.is_none_or(|w| m.at >= w.at) {
                    worst = Some(m);
                }
            }
        }
    }
    Err(match worst {
        Some(m) => m.error(c.text),
        None => SyntaxError::new(start, written.len(), format!("`{written}` has no encoding of this size")),
    })
}

/// A scalar register as `class` and width want it.
fn scalar(arg: &Arg, o: &Operand, dwords: u8) -> Result<u16, Misfit> {
    match arg.kind {
        Kind::Scalar { code, n } if !arg.modified() && (n == dwords || n == 0) => {
            let allowed = code < 128 && (o.class != Class::SNoExec || !(125..=127).contains(&code));
            if allowed && !(n == 0 && dwords > 2) { Ok(code) } else { Err(arg.misfit(Why::Scalar(dwords))) }
        }
        _ => Err(arg.misfit(Why::Scalar(dwords))),
    }
}

/// First VGPR of a range.
fn vgpr(arg: &Arg, dwords: u8) -> Result<u8, Misfit> {
    match arg.kind {
        Kind::Vgpr { first, n, half: 0 } if n == dwords && !arg.modified() => Ok(first as u8),
        _ => Err(arg.misfit(Why::Vgpr(dwords))),
    }
}

/// Code of a source and the literal it needs. `fold`: `-` and `||` change a constant itself.
fn source(arg: &Arg, class: Class, ty: Ty, wave64: bool, fold: bool, literal: &mut Option<u32>) -> Result<u16, Misfit> {
    let n = ty.dwords(wave64);
    match arg.kind {
        Kind::Vgpr { first, n: have, .. } => {
            if matches!(class, Class::Ssrc | Class::Sconst) {
                Err(arg.misfit(Why::ScalarSource(n)))
            } else if have == n {
                Ok(256 + first)
            } else {
                Err(arg.misfit(if class == Class::V { Why::Vgpr(n) } else { Why::Source(n) }))
            }
        }
        _ if class == Class::V => Err(arg.misfit(Why::Vgpr(n))),
        Kind::Scalar { code, n: have } => {
            // Accumulators are no scalar ranges, but the special sources pass.
            if have == n && ty != Ty::Acc || have == 0 { Ok(code) } else { Err(arg.misfit(Why::Source(n))) }
        }
        // LLVM reads the constants of an accumulator as doubles in wave32.
        Kind::Int(_) | Kind::Float(_) => {
            match constant::number(arg, if ty == Ty::Acc && n == 8 { Ty::B64 } else { ty }, fold)? {
                Code::Inline(code) => Ok(code),
                Code::Literal(_) if matches!(class, Class::Const | Class::Sconst) => Err(arg.misfit(Why::Literal)),
                Code::Literal(v) => {
                    if literal.is_some_and(|old| old != v) {
                        return Err(arg.misfit(Why::Literals));
                    }
                    *literal = Some(v);
                    Ok(255)
                }
            }
        }
        Kind::Expr if n == 1 && !arg.modified() && matches!(class, Class::Src | Class::Ssrc) => {
            if literal.is_some() {
                return Err(arg.misfit(Why::Literals));
            }
            *literal = Some(0);
            Ok(255)
        }
        _ => Err(arg.misfit(Why::Source(n))),
    }
}

/// Modifiers of sources that the long form of an instruction takes: its DPP form takes them too.
fn long_mods(row: &Row, number: usize) -> u64 {
    let mask = MOD0 | MOD1 | MOD2;
    let near = ROWS[number..].iter().take(4).take_while(|r| r.op == row.op);
    near.filter(|r| r.format == Format::Vop3).fold(row.flags & mask, |m, r| m | r.flags & mask)
}

/// Tries one VALU or SALU encoding.
fn fit(number: usize, args: &Args, target: Target, whole: (u32, u32)) -> Result<Inst, Misfit> {
    let row = &ROWS[number];
    let wave64 = target.wave == WaveSize::W64;
    let m = &args.mods;
    let list = args.list();
    let mut inst = Inst::zeroed(number);
    let short = matches!(row.format, Format::Vop1 | Format::Vop2 | Format::Vopc);
    let long = matches!(row.format, Format::Vop3 | Format::Vop3p);
    let dpp = m.has(Mod::Dpp);
    if row.op == Op::V_MOV_B16 && long && !target.true16 {
        return Err(Misfit { at: whole.0, len: whole.1, why: Why::Say("the long form is not spelled on this target") });
    }
    if dpp && !row.has(DPP) {
        return Err(m.misfit(Mod::Dpp, Why::NoDpp));
    }
    let operands = row.operands;
    // All or none of the implied ones are written.
    let implied = operands.iter().filter(|o| o.slot == Slot::Vcc).count();
    let skip = implied > 0 && list.len() + implied == operands.len();
    let optional = operands.last().is_some_and(|o| o.class == Class::Endpgm) as usize;
    let wanted = if skip { operands.len() - implied } else { operands.len() };
    if list.len() > wanted || list.len() + optional < wanted {
        let (at, len) = match list.get(wanted) {
            Some(extra) => (extra.at, extra.end - extra.at),
            None => (whole.0 + whole.1, 0),
        };
        return Err(Misfit { at, len, why: Why::Count(operands.len() as u8) });
    }
    let mods = match (short, dpp) {
        // The word of DPP8 has no room for them.
        (true, true) if !m.dpp8 => long_mods(row, number),
        (true, true) => 0,
        (true, false) => 0,
        _ => row.flags,
    };
    let mut literal = None;
    let mut next = list.iter();
    for o in operands {
        if skip && o.slot == Slot::Vcc {
            continue;
        }
        let Some(arg) = next.next() else { break };
        let n = o.ty.dwords(wave64);
        let half16 = matches!(o.ty, Ty::B16 | Ty::F16 | Ty::BF16);
        // 16-bit operands: the short form reaches the lower half of the file, and the field's top bit is the register's half.
        let spelled = row.op == Op::V_MOV_B16 || target.true16 && row.has(REAL16);
        let mut arg = *arg;
        if let Kind::Vgpr { first, n: 1, half } = arg.kind {
            let halved = spelled && (half16 || o.slot == Slot::Vdst && long && short_result_is_16(number));
            if halved != (half != 0) {
                return Err(arg.misfit(Why::Half(halved)));
            }
            if short && first > 127 && (row.has(T16) && half16 || half != 0) {
                return Err(arg.misfit(Why::Low128));
            }
            let high = half == 2;
            arg.kind = Kind::Vgpr { first: first + if high && short { 128 } else { 0 }, n: 1, half: 0 };
            if high && long {
                inst.mods.opsel |= match o.slot {
                    Slot::Src0 => 1,
                    Slot::Src1 => 2,
                    Slot::Src2 => 4,
                    _ => 8,
                };
            }
        }
        let arg = &arg;
        match o.slot {
            Slot::Vdst | Slot::Sdst if o.class == Class::S && row.format == Format::Vop3 && !row.has(SD) => {
                // The field is wide enough for the special sources, and LLVM takes them as destinations.
                let code = match arg.kind {
                    Kind::Scalar { code: code @ 128..=255, .. } if !arg.modified() => code,
                    _ => scalar(arg, o, n)?,
                };
                (inst.vdst, inst.sdst) = (code as u8, code as u8);
            }
            Slot::Vdst if o.class != Class::V => inst.vdst = scalar(arg, o, n)? as u8,
            Slot::Vdst => inst.vdst = vgpr(arg, n)?,
            Slot::Sdst if o.class == Class::Num => inst.sdst = number_of(arg)? as u8,
            Slot::Sdst => {
                inst.sdst = scalar(arg, o, n)? as u8;
                if !o.output && inst.sdst != 124 && row.name.starts_with("s_waitcnt_") {
                    return Err(arg.misfit(Why::Say("src0 must be null")));
                }
            }
            Slot::Vcc => {
                let vcc = Kind::Scalar { code: 106, n };
                if arg.kind != vcc || arg.modified() {
                    return Err(arg.misfit(Why::Vcc));
                }
            }
            Slot::Imm => match arg.kind {
                Kind::Expr => literal = Some(0),
                _ => {
                    let w = constant::word(arg, o.ty)?;
                    if literal.is_some_and(|old| old != w) {
                        return Err(arg.misfit(Why::Literals));
                    }
                    literal = Some(w);
                }
            },
            Slot::Simm => match (o.class, arg.kind) {
                (Class::Branch, _) if arg.modified() => return Err(arg.misfit(Why::InputModifier)),
                (Class::Branch, Kind::Expr) => {}
                (Class::Branch, Kind::Int(v)) if (-32768..=65535).contains(&v) => inst.imm = v as i16 as i32,
                (Class::Branch, Kind::Int(_)) => return Err(arg.misfit(Why::Range { low: -32768, high: 65535 })),
                (_, Kind::Int(v)) => inst.imm = v as i16 as i32,
                _ => return Err(arg.misfit(Why::Number)),
            },
            Slot::Src0 if o.class == Class::Msg => match arg.kind {
                Kind::Int(v) => inst.src[0] = v as u16,
                _ => return Err(arg.misfit(Why::Number)),
            },
            Slot::Src0 | Slot::Src1 | Slot::Src2 => {
                let s = match o.slot {
                    Slot::Src0 => 0,
                    Slot::Src1 => 1,
                    _ => 2,
                };
                let mut class = o.class;
                if dpp {
                    // LLVM: src1 is a scalar or a constant on RDNA 3.5 alone.
                    if s == 0 || s == 1 && (!target.arch.is_rdna35() || crate::encode::is_mix(row.op)) {
                        if !matches!(arg.kind, Kind::Vgpr { .. }) {
                            return Err(arg.misfit(Why::DppSource));
                        }
                    } else if class == Class::Src {
                        class = Class::Const;
                    }
                }
                let takes = mods & (MOD0 << s) != 0;
                let sext = row.has(SEXT0 << s) || dpp && row.has(DSEXT0 << s);
                let is_constant = matches!(arg.kind, Kind::Int(_) | Kind::Float(_));
                // Where the long form has the modifier, the short one has it for constants, which it changes.
                let folds = is_constant && short && long_mods(row, number) & (MOD0 << s) != 0;
                if arg.sext && !sext || (arg.neg || arg.abs) && !takes && !folds {
                    return Err(arg.misfit(Why::InputModifier));
                }
                if arg.kind == Kind::Expr && takes && long {
                    return Err(arg.misfit(Why::Source(n)));
                }
                if class == Class::S {
                    // A mask also comes from the special sources.
                    inst.src[s] = match arg.kind {
                        Kind::Scalar { code: code @ 128.., .. } if o.ty == Ty::Mask => code,
                        _ => scalar(arg, o, n)?,
                    };
                } else {
                    inst.src[s] = source(arg, class, o.ty, wave64, !takes, &mut literal)?;
                }
                if takes && (arg.neg || arg.abs) || arg.sext {
                    inst.mods.neg |= ((arg.neg || arg.sext) as u8) << s;
                    inst.mods.abs |= (arg.abs as u8) << s;
                }
            }
            Slot::Sbase | Slot::Addr | Slot::Data0 | Slot::Data1 | Slot::Vdata | Slot::Ssamp => {
                return Err(arg.misfit(Why::Number));
            }
        }
    }
    inst.literal = literal.unwrap_or(0);
    modifiers(row, args, &mut inst, dpp, target.true16 && row.has(REAL16))?;
    Ok(inst)
}

/// Is the result of a long encoding 16 bits wide: the short one says so.
fn short_result_is_16(number: usize) -> bool {
    let near = ROWS[number.saturating_sub(2)..number].iter().filter(|r| r.op == ROWS[number].op);
    let mut result = near.filter_map(|r| r.operand(Slot::Vdst));
    result.any(|o| matches!(o.ty, Ty::B16 | Ty::F16))
}

fn number_of(arg: &Arg) -> Result<i64, Misfit> {
    match arg.kind {
        Kind::Int(v) => Ok(v),
        _ => Err(arg.misfit(Why::Number)),
    }
}

/// Output modifiers, halves and lane crossing of the vector formats.
fn modifiers(row: &Row, args: &Args, inst: &mut Inst, dpp: bool, halves: bool) -> Result<(), Misfit> {
    let m = &args.mods;
    let long = matches!(row.format, Format::Vop3 | Format::Vop3p);
    let mut allowed = 0;
    if dpp {
        allowed |= Mod::Dpp.bit() | Mod::Fi.bit();
        if !m.dpp8 {
            allowed |= Mod::RowMask.bit() | Mod::BankMask.bit() | Mod::BoundCtrl.bit();
        }
    }
    if long || row.format == Format::Vinterp {
        let per_flag = [
            (OPSEL, Mod::OpSel.bit()),
            (OPSEL_HI, Mod::OpSelHi.bit()),
            (NEG_LOHI, Mod::NegLo.bit() | Mod::NegHi.bit()),
            (CLAMP, Mod::Clamp.bit()),
            (OMOD, Mod::Omod.bit()),
        ];
        allowed |= per_flag.iter().filter(|(f, _)| row.has(*f)).fold(0, |a, (_, b)| a | b);
        if halves {
            allowed |= Mod::OpSel.bit();
        }
    }
    if row.format == Format::Vinterp {
        allowed |= Mod::WaitExp.bit() | Mod::Clamp.bit();
    }
    m.only(allowed)?;
    let sources = row.operands.iter().filter(|o| matches!(o.slot, Slot::Src0 | Slot::Src1 | Slot::Src2)).count();
    let low = (1u8 << sources) - 1;
    let out = &mut inst.mods;
    match row.format {
        Format::Vop3 => {
            if permlane(row.op) && m.op_sel.bits > 3 || dot2(row.op) && m.op_sel.bits & 3 != 0 {
                return Err(m.misfit(Mod::OpSel, Why::Say("invalid op_sel operand")));
            }
            out.opsel |= m.op_sel.bits & low;
            // The bit after those of the sources is the destination's.
            let n = sources + (row.has(TIED) && !permlane(row.op)) as usize;
            if !permlane(row.op) {
                out.opsel |= (m.op_sel.bits >> n & 1) << 3;
            }
            // Compares to EXEC name it as their destination.
            if row.operands.iter().all(|o| !o.output) && row.implicit & W_EXEC != 0 {
                inst.vdst = 126;
                inst.sdst = 126;
            }
        }
        Format::Vop3p => {
            out.opsel = m.op_sel.bits & low;
            out.opsel_hi = match (m.has(Mod::OpSelHi), crate::encode::is_mix(row.op)) {
                (true, _) => m.op_sel_hi.bits & low | 7 & !low,
                (false, true) => 0,
                (false, false) => 7,
            };
            if row.has(NEG_LOHI) {
                out.neg |= m.neg_lo.bits & 7;
                out.abs |= m.neg_hi.bits & 7;
            }
        }
        Format::Vinterp => {
            if !(0..=7).contains(&m.wait) {
                return Err(m.misfit(Mod::WaitExp, Why::Range { low: 0, high: 7 }));
            }
            out.opsel = m.op_sel.bits;
            inst.ext = crate::Ext::Interp { attr: 0, chan: 0, wait: m.wait as u8 };
        }
        _ => {}
    }
    inst.mods.clamp = m.on(Mod::Clamp);
    inst.mods.omod = m.omod;
    inst.dpp = m.lanes();
    Ok(())
}

/// The halves of their first two sources cannot be chosen.
fn dot2(op: Op) -> bool {
    matches!(op, Op::V_DOT2_F16_F16 | Op::V_DOT2_BF16_BF16)
}

fn permlane(op: Op) -> bool {
    matches!(op, Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32)
}

/// A VOPD pair: two halves around `::`.
fn dual(c: &mut Cursor<'_>, rows: &core::ops::Range<usize>, mut args: Args) -> Result<Encoded, SyntaxError> {
    let text = c.text;
    let Some(middle) = text.get(c.at..).and_then(|t| t.find("::")).map(|k| k + c.at) else {
        return Err(SyntaxError::new(text.len(), 0, "a dual instruction has two halves").expected("`::`"));
    };
    if c.target.wave == WaveSize::W64 {
        return Err(SyntaxError::new(0, middle, "dual instructions exist in wave32 only"));
    }
    let half = |rows: core::ops::Range<usize>, format: Format, at: usize| {
        rows.into_iter().find(|&k| ROWS[k].format == format).ok_or_else(|| {
            let which = if format == Format::VopdX { "first" } else { "second" };
            SyntaxError::new(
                at,
                text.get(at..).map_or(0, |t| t.find(' ').unwrap_or(t.len())),
                "this operation cannot stand here",
            )
            .expected(format!("an operation of the {which} half"))
        })
    };
    let x = half(rows.clone(), Format::VopdX, 0)?;
    let mut cx = Cursor { text: &text[..middle], at: c.at, symbols: c.symbols, target: c.target, row: &ROWS[x] };
    operands(&mut cx, &ROWS[x], &mut args)?;
    let mut cy = Cursor { text, at: middle + 2, symbols: c.symbols, target: c.target, row: &ROWS[x] };
    cy.blanks();
    let at = cy.at;
    let name = cy.word();
    cy.at += name.len();
    let lower = name.to_ascii_lowercase();
    let y = rows_of(&lower)
        .or_else(|| alias::canonical(&lower).and_then(rows_of))
        .filter(|r| matches!(ROWS[r.start].format, Format::VopdX | Format::VopdY))
        .ok_or_else(|| SyntaxError::new(at, name.len(), format!("`{name}` is no operation of a dual instruction")))?;
    let y = half(y, Format::VopdY, at)?;
    let mut more = Args::new();
    operands(&mut cy, &ROWS[y], &mut more)?;
    let mut literal = None;
    let mut inst = Inst::zeroed(x);
    let fail = |m: Misfit| m.error(text);
    let (vdst, src) = dual_half(&ROWS[x], &args, middle, &mut literal).map_err(fail)?;
    (inst.vdst, inst.src[0], inst.src[1]) = (vdst, src[0], src[1]);
    let (vdst, src) = dual_half(&ROWS[y], &more, text.len(), &mut literal).map_err(fail)?;
    if (vdst ^ inst.vdst) & 1 == 0 {
        return Err(SyntaxError::new(at, text.len() - at, "one dst register must be even and the other odd"));
    }
    inst.y = Some(Half { op: ROWS[y].op, row: y as u16, vdst, src });
    inst.literal = literal.unwrap_or(0);
    args.vgprs = args.vgprs.max(more.vgprs);
    args.sgprs = args.sgprs.max(more.sgprs);
    let target = c.target;
    finish(text, inst, args, &target)
}

/// Destination and sources of one half.
fn dual_half(row: &Row, args: &Args, end: usize, literal: &mut Option<u32>) -> Result<(u8, [u16; 2]), Misfit> {
    args.mods.only(0)?;
    let list = args.list();
    // The select's mask is VCC, and need not be written.
    let implied = row.operands.last().is_some_and(|o| o.slot == Slot::Vcc) as usize;
    if list.len() != row.operands.len() && list.len() + implied != row.operands.len() {
        return Err(Misfit { at: end as u32, len: 0, why: Why::Count(row.operands.len() as u8) });
    }
    let mut vdst = 0;
    let mut src = [0, 256];
    for (o, arg) in row.operands.iter().zip(list) {
        if arg.modified() {
            return Err(arg.misfit(Why::InputModifier));
        }
        if arg.kind == Kind::Expr {
            return Err(arg.misfit(Why::Say("a symbol without a known value cannot stand in a dual instruction")));
        }
        match o.slot {
            Slot::Vdst => vdst = vgpr(arg, 1)?,
            Slot::Src0 => src[0] = source(arg, o.class, o.ty, false, false, literal)?,
            Slot::Src1 => src[1] = source(arg, o.class, o.ty, false, false, literal)?,
            Slot::Imm => {
                let w = constant::word(arg, o.ty)?;
                if literal.is_some_and(|old| old != w) {
                    return Err(arg.misfit(Why::Literals));
                }
                *literal = Some(w);
            }
            _ => {
                if arg.kind != (Kind::Scalar { code: 106, n: 1 }) {
                    return Err(arg.misfit(Why::Vcc));
                }
            }
        }
    }
    Ok((vdst, src))
}
