//! Vector ALU instructions, one host register's lanes at a time.
use super::asm::{Cc, O, mem};
use super::compute::{Args, Out, compute, constant, float_operand, flush, modified, operand, step};
use super::dpp::Reads;
use super::emit::{Emit, NO_SITE};
use super::masks::{carry, compare, mask_at, mask_select, select, selected};
use super::simd::*;
use super::{sgpr, wide};
use crate::program::{Code, Src, Unit};
use crate::wave::VCC;
use iced_x86::{Code as X, Register as R};
use isa::row::{R_MODE, Slot, TIED};
use isa::{Dpp, Format, Op, Row};

/// Numbers an op works on, for its modifiers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// f32 in and out.
    Float,
    /// f32 out of integers.
    FromInt,
    /// Integers out of f32.
    ToInt,
    Int,
}

fn kind(op: Op) -> Option<Kind> {
    Some(match op {
        Op::V_ADD_F32
        | Op::V_SUB_F32
        | Op::V_SUBREV_F32
        | Op::V_MUL_F32
        | Op::V_FMA_F32
        | Op::V_FMAC_F32
        | Op::V_FMAAK_F32
        | Op::V_FMAMK_F32
        | Op::V_MIN_F32
        | Op::V_MAX_F32
        | Op::V_TRUNC_F32
        | Op::V_CEIL_F32
        | Op::V_FLOOR_F32
        | Op::V_RNDNE_F32 => Kind::Float,
        Op::V_CVT_F32_I32 | Op::V_CVT_F32_U32 => Kind::FromInt,
        Op::V_CVT_I32_F32 | Op::V_CVT_U32_F32 => Kind::ToInt,
        Op::V_MOV_B32
        | Op::V_ADD_NC_U32
        | Op::V_SUB_NC_U32
        | Op::V_SUBREV_NC_U32
        | Op::V_ADD_NC_I32
        | Op::V_SUB_NC_I32
        | Op::V_AND_B32
        | Op::V_OR_B32
        | Op::V_XOR_B32
        | Op::V_XNOR_B32
        | Op::V_NOT_B32
        | Op::V_LSHLREV_B32
        | Op::V_LSHRREV_B32
        | Op::V_ASHRREV_I32
        | Op::V_MIN_I32
        | Op::V_MAX_I32
        | Op::V_MIN_U32
        | Op::V_MAX_U32
        | Op::V_MUL_LO_U32
        | Op::V_MUL_HI_U32
        | Op::V_MUL_HI_I32
        | Op::V_MUL_U32_U24
        | Op::V_MUL_I32_I24
        | Op::V_MAD_U32_U24
        | Op::V_MAD_I32_I24
        | Op::V_ADD3_U32
        | Op::V_LSHL_ADD_U32
        | Op::V_ADD_LSHL_U32
        | Op::V_LSHL_OR_B32
        | Op::V_AND_OR_B32
        | Op::V_OR3_B32
        | Op::V_XOR3_B32
        | Op::V_XAD_U32
        | Op::V_BFI_B32
        | Op::V_BFE_U32
        | Op::V_BFE_I32
        | Op::V_ALIGNBIT_B32
        | Op::V_MIN3_I32
        | Op::V_MAX3_I32
        | Op::V_MIN3_U32
        | Op::V_MAX3_U32
        | Op::V_MED3_I32
        | Op::V_MED3_U32 => Kind::Int,
        _ => return None,
    })
}

/// MODE rounds f32 to nearest even.
pub(super) fn nearest(e: &Emit<'_>) -> bool {
    e.req.key.mode & 3 == 0
}

/// Are f32 denormals flushed on the way in, on the way out.
pub(super) fn flushes(e: &Emit<'_>) -> (bool, bool) {
    (e.req.key.mode >> 4 & 1 == 0, e.req.key.mode >> 5 & 1 == 0)
}

pub(super) fn plain(s: Src) -> bool {
    !matches!(s, Src::X(_))
}

/// Emits the instruction; false, with nothing emitted, where the interpreter is to run it.
pub(super) fn lower(e: &mut Emit<'_>, c: &Code) -> bool {
    let i = &c.inst;
    if matches!(c.unit, Unit::Other | Unit::Mem) || !c.s.iter().all(|s| plain(*s)) {
        return false;
    }
    if i.mods.opsel != 0 || i.mods.omod != 0 || i.format() == Format::Vop3p {
        return false;
    }
    if i.dpp != Dpp::None {
        return c.cmp.is_none() && i.y.is_none() && matches!(c.s[0], Src::V(_)) && single(e, c);
    }
    if i.y.is_some() {
        return pair(e, c);
    }
    if let Some(cmp) = c.cmp {
        return compare(e, c, cmp);
    }
    single(e, c) || mask_select(e, c) || carry(e, c) || lane_access(e, c) || wide::lower(e, c)
}

/// Ops whose result is one expression on 32-bit lanes.
fn single(e: &mut Emit<'_>, c: &Code) -> bool {
    let i = &c.inst;
    let row = i.row();
    let Some(kind) = kind(i.op) else { return false };
    let mode = row.implicit & R_MODE != 0;
    let clamp = i.mods.clamp;
    let modified = i.mods.neg | i.mods.abs != 0;
    if mode && !nearest(e)
        || clamp && (kind != Kind::Float || e.req.key.mode >> 8 & 1 == 0)
        || modified && !matches!(kind, Kind::Float | Kind::ToInt)
    {
        return false;
    }
    let (fin, fout) = flushes(e);
    let float_in = matches!(kind, Kind::Float | Kind::ToInt);
    let fin = fin && mode && float_in;
    let fout = fout && mode && matches!(kind, Kind::Float | Kind::FromInt);
    if !e.exists(i.vdst as usize) {
        return true;
    }
    let mut s = c.s;
    if row.has(TIED) {
        s[2] = Src::V(i.vdst);
    }
    let used = sources(row);
    // NaNs of minimum and maximum follow MODE: the interpreter sees to those lanes.
    let careful = matches!(i.op, Op::V_MIN_F32 | Op::V_MAX_F32);
    let reads = Reads::new(i.dpp, e.req.lanes);
    if careful {
        if clamp || reads.is_some() {
            return false;
        }
        return min_max(e, c, fin, fout);
    }
    // What the second half of a row reads of the first, before that is written.
    let mut second = None;
    for p in 0..e.parts() {
        let first = match (&reads, c.s[0]) {
            (Some(r), Src::V(v)) => second.take().or_else(|| {
                let first = r.read(e, v, p);
                second = e.avx2().then(|| r.read(e, v, p + 1));
                Some(first)
            }),
            _ => None,
        };
        let [a, b, d] = args_from(e, c, s, used, p, (float_in, fin), first);
        let x = Args { a, b, d, s };
        if fout || clamp || reads.is_some() {
            let t = Out::whole(e);
            compute(e, i.op, &x, t);
            let mut z = t.z;
            if fout {
                z = flush(e, z);
            }
            if clamp {
                // The host's maximum gives its second operand for NaN and for equal zeros.
                let (zero, one) = (constant(e, 0), constant(e, 0x3f80_0000));
                z = step(e, MAXF, z, zero);
                z = step(e, MINF, z, one);
            }
            match &reads {
                Some(r) => r.write(e, i.vdst, p, z),
                None => e.write(i.vdst, p, z),
            }
        } else if fused(e, i.op, c, &x, p) {
        } else {
            let o = Out::new(e, i.vdst, p);
            compute(e, i.op, &x, o);
            o.done(e, i.vdst, p);
        }
        e.release();
        e.keep(second.as_slice());
    }
    true
}

/// Multiply-adds without a copy: into the accumulator where the destination is the addend.
fn fused(e: &mut Emit<'_>, op: Op, c: &Code, x: &Args, part: u8) -> bool {
    let i = &c.inst;
    let addend = matches!(op, Op::V_FMA_F32 | Op::V_FMAC_F32) && x.s[2] == Src::V(i.vdst) && i.mods.neg & 4 == 0;
    if !addend || i.mods.abs & 4 != 0 {
        return false;
    }
    let (fin, _) = flushes(e);
    if fin || e.avx2() && !e.req.key.full {
        return false;
    }
    accumulate(e, i.vdst, part, x.a, x.b);
    true
}

/// Adds a product to the active lanes of a VGPR's part.
fn accumulate(e: &mut Emit<'_>, v: u8, part: u8, a: Z, b: Z) {
    if e.avx2() && !e.req.key.full {
        let old = e.v(v, part);
        let t = super::compute::copy(e, old);
        e.a.v(FMA231, &[t.into(), a.into(), b.into()]);
        return e.write(v, part, t);
    }
    let d = e.change(v, part);
    let mask = e.exec(part);
    e.a.masked(FMA231.form(e.req.simd), mask, &[d.into(), a.into(), b.into()]);
}

/// How many sources an instruction reads: the result that it accumulates to, or its constant, stands for the third.
fn sources(row: &Row) -> usize {
    if row.has(TIED) || row.operand(Slot::Src2).is_some() || row.operand(Slot::Imm).is_some() {
        return 3;
    }
    1 + row.operand(Slot::Src1).is_some() as usize
}

pub(super) fn args(e: &mut Emit<'_>, c: &Code, s: [Src; 3], used: usize, part: u8, float: bool, fin: bool) -> [Z; 3] {
    args_from(e, c, s, used, part, (float, fin), None)
}

/// The same where the first source may be read already.
fn args_from(
    e: &mut Emit<'_>,
    c: &Code,
    s: [Src; 3],
    used: usize,
    part: u8,
    (float, fin): (bool, bool),
    first: Option<Z>,
) -> [Z; 3] {
    let mut z = [None; 3];
    for k in 0..used {
        z[k] = Some(match (k, first) {
            (0, Some(z)) if float => modified(e, c, 0, z, fin),
            (0, Some(z)) => z,
            _ if float => float_operand(e, c, k, s[k], part, fin),
            _ => operand(e, s[k], part),
        });
    }
    let first = z[0].unwrap_or_else(|| e.k(0));
    z.map(|z| z.unwrap_or(first))
}

/// f32 minimum and maximum of numbers; with a NaN in an active lane the interpreter runs the instruction.
fn min_max(e: &mut Emit<'_>, c: &Code, fin: bool, fout: bool) -> bool {
    if e.avx2() {
        return min_max_narrow(e, c, fin, fout);
    }
    let i = &c.inst;
    let parts = e.parts();
    // All parts are held at once.
    if parts > 2 && (fin || i.mods.neg | i.mods.abs != 0) {
        return false;
    }
    let mut z = Vec::new();
    let mut outs = Vec::new();
    for p in 0..parts {
        z.push(args(e, c, c.s, 2, p, true, fin));
        outs.push(e.fresh());
    }
    let (from, slow) = e.detour(NO_SITE);
    for (p, [a, b, _]) in z.iter().enumerate() {
        let mask = e.exec(p as u8);
        let k = if p == 0 { R::K7 } else { R::K6 };
        e.a.masked(X::EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae, mask, &[k.into(), (*a).into(), (*b).into(), O::I8(3)]);
        if p > 0 {
            e.a.e(X::VEX_Korw_kr_kr_kr, &[R::K7.into(), R::K7.into(), R::K6.into()]);
        }
    }
    e.a.e(X::VEX_Kortestw_kr_kr, &[R::K7.into(), R::K7.into()]);
    e.a.jcc(Cc::Ne, from);
    for (p, [a, b, _]) in z.iter().enumerate() {
        let (a, b) = (*a, *b);
        let s = c.s;
        compute(e, i.op, &Args { a, b, d: a, s }, Out { z: outs[p], mask: None });
    }
    for (p, &o) in outs.iter().enumerate() {
        let o = if fout { flush(e, o) } else { o };
        e.write(i.vdst, p as u8, o);
    }
    e.rejoin(slow);
    true
}

/// The same with few registers: first all parts are searched for NaNs, then computed.
fn min_max_narrow(e: &mut Emit<'_>, c: &Code, fin: bool, fout: bool) -> bool {
    let i = &c.inst;
    e.flush();
    let (from, slow) = e.detour(NO_SITE);
    let nan = e.fresh();
    for p in 0..e.parts() {
        let [a, b, _] = args(e, c, c.s, 2, p, true, fin);
        let t = if p == 0 { nan } else { e.fresh() };
        e.a.e(X::VEX_Vcmpps_ymm_ymm_ymmm256_imm8, &[t.into(), a.into(), b.into(), O::I8(3)]);
        if let Some(m) = e.active(p) {
            e.a.v(AND, &[t.into(), t.into(), m.into()]);
        }
        if p > 0 {
            e.a.v(OR, &[nan.into(), nan.into(), t.into()]);
        }
        e.release();
        e.keep(&[nan]);
    }
    e.a.e(X::VEX_Vtestps_ymm_ymmm256, &[nan.into(), nan.into()]);
    e.a.jcc(Cc::Ne, from);
    e.release();
    for p in 0..e.parts() {
        let [a, b, _] = args(e, c, c.s, 2, p, true, fin);
        let o = Out::whole(e);
        compute(e, i.op, &Args { a, b, d: a, s: c.s }, o);
        let z = if fout { flush(e, o.z) } else { o.z };
        e.write(i.vdst, p, z);
        e.release();
    }
    e.rejoin(slow);
    true
}

/// Lanes to scalar registers and back.
fn lane_access(e: &mut Emit<'_>, c: &Code) -> bool {
    let i = &c.inst;
    let lanes = e.req.lanes as u64;
    let lane = |s: Src| if let Src::K(k) = s { Some(k % lanes) } else { None };
    match i.op {
        Op::V_READFIRSTLANE_B32 | Op::V_READLANE_B32 => {
            let d = i.vdst as usize;
            let Src::V(v) = c.s[0] else { return false };
            if d >= 124 {
                return false;
            }
            e.settle(v);
            if i.op == Op::V_READLANE_B32 {
                let m = e.home(v, 0);
                match lane(c.s[1]) {
                    Some(l) => {
                        e.a.e(X::Mov_r32_rm32, &[R::EAX.into(), mem(R::R12, m.disp + 4 * l as i32).into()]);
                    }
                    None => {
                        let Src::S(s) = c.s[1] else { return false };
                        e.a.e(X::Mov_r32_rm32, &[R::ECX.into(), mem(R::RBX, sgpr(s as usize)).into()]);
                        e.a.e(X::And_rm32_imm32, &[R::ECX.into(), O::I32(lanes as i32 - 1)]);
                        e.lane_of(v, R::RCX);
                    }
                }
            } else if e.req.key.full {
                let m = e.home(v, 0);
                e.a.e(X::Mov_r32_rm32, &[R::EAX.into(), m.into()]);
            } else {
                e.first_lane();
                e.lane_of(v, R::RCX);
            }
            e.a.e(X::Mov_rm32_r32, &[mem(R::RBX, sgpr(d)).into(), R::EAX.into()]);
            e.forget_s(d);
            true
        }
        Op::V_WRITELANE_B32 => {
            let (Some(l), false) = (lane(c.s[1]), matches!(c.s[0], Src::V(_))) else { return false };
            if !e.exists(i.vdst as usize) {
                return true;
            }
            e.settle(i.vdst);
            match c.s[0] {
                Src::S(s) => e.a.e(X::Mov_r32_rm32, &[R::EAX.into(), mem(R::RBX, sgpr(s as usize)).into()]),
                Src::K(k) => e.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(k as i32)]),
                _ => return false,
            }
            let m = e.home(i.vdst, 0);
            e.a.e(X::Mov_rm32_r32, &[mem(R::R12, m.disp + 4 * l as i32).into(), R::EAX.into()]);
            e.forget_v(i.vdst);
            true
        }
        _ => false,
    }
}

/// One instruction of a pair.
#[derive(Clone, Copy)]
struct Half {
    op: Op,
    /// Sources that it reads.
    used: usize,
    s: [Src; 2],
    vdst: u8,
}

/// A VOPD pair: both halves read before either writes.
fn pair(e: &mut Emit<'_>, c: &Code) -> bool {
    let i = &c.inst;
    let Some(y) = i.y else { return false };
    if !nearest(e) || !c.y.iter().all(|s| plain(*s)) {
        return false;
    }
    let halves = [
        Half { op: i.op, used: sources(i.row()), s: [c.s[0], c.s[1]], vdst: i.vdst },
        Half { op: y.op, used: sources(y.row()), s: c.y, vdst: y.vdst },
    ];
    for Half { op, s, vdst, .. } in halves {
        let known = match op {
            Op::V_CNDMASK_B32 => mask_at(e, VCC),
            Op::V_MIN_F32 | Op::V_MAX_F32 => false,
            _ => matches!(kind(op), Some(Kind::Float | Kind::Int)),
        };
        // Beyond the allocation VOPD has a rule of its own.
        let beyond = s.iter().any(|s| matches!(s, Src::V(v) if !e.exists(*v as usize))) || !e.exists(vdst as usize);
        if !known || beyond {
            return false;
        }
    }
    let (fin, fout) = flushes(e);
    // A half that does not read what the other writes may come second.
    let reads = |h: usize, v: u8| halves[h].s.contains(&Src::V(v)) || halves[h].vdst == v;
    let order = match (reads(1, halves[0].vdst), reads(0, halves[1].vdst)) {
        (false, _) => Some([0, 1]),
        (_, false) => Some([1, 0]),
        _ => None,
    };
    if let Some(order) = order
        && !fin
        && !fout
    {
        for h in order {
            for p in 0..e.parts() {
                half(e, halves[h], i.literal, p);
                e.release();
            }
        }
        return true;
    }
    for p in 0..e.parts() {
        let mut out = Vec::new();
        for Half { op, used, s, vdst } in halves {
            let float = kind(op) == Some(Kind::Float);
            let s = [s[0], s[1], if op == Op::V_FMAC_F32 { Src::V(vdst) } else { Src::K(i.literal as u64) }];
            let (fin, fout) = (fin && float, fout && float);
            let a = source(e, s[0], p, fin);
            if op == Op::V_CNDMASK_B32 {
                let b = source(e, s[1], p, fin);
                out.push(selected(e, VCC, a, b, p));
                continue;
            }
            let b = if used > 1 { source(e, s[1], p, fin) } else { a };
            let d = if used > 2 { source(e, s[2], p, fin) } else { a };
            let o = Out::whole(e);
            if matches!(op, Op::V_FMAC_F32) {
                e.a.v(MOVE, &[o.z.into(), d.into()]);
                e.a.v(FMA231, &[o.z.into(), a.into(), b.into()]);
            } else {
                compute(e, op, &Args { a, b, d, s }, o);
            }
            e.unpin(a);
            if used > 1 {
                e.unpin(b);
            }
            if used > 2 {
                e.unpin(d);
            }
            let mut z = o.z;
            if fout {
                z = flush(e, o.z);
                e.unpin(o.z);
            }
            out.push(z);
        }
        e.write(i.vdst, p, out[0]);
        e.write(y.vdst, p, out[1]);
        e.release();
    }
    true
}

/// One half of a pair by itself, where MODE keeps denormals.
fn half(e: &mut Emit<'_>, Half { op, used, s, vdst }: Half, literal: u32, p: u8) {
    let a = operand(e, s[0], p);
    match op {
        Op::V_CNDMASK_B32 => {
            let b = operand(e, s[1], p);
            select(e, vdst, VCC, a, b, p);
        }
        Op::V_FMAC_F32 => {
            let b = operand(e, s[1], p);
            accumulate(e, vdst, p, a, b);
        }
        _ => {
            let s = [s[0], s[1], Src::K(literal as u64)];
            let b = if used > 1 { operand(e, s[1], p) } else { a };
            let d = if used > 2 { operand(e, s[2], p) } else { a };
            let o = Out::new(e, vdst, p);
            compute(e, op, &Args { a, b, d, s }, o);
            o.done(e, vdst, p);
        }
    }
}

fn source(e: &mut Emit<'_>, s: Src, part: u8, fin: bool) -> Z {
    let z = operand(e, s, part);
    if !fin {
        return z;
    }
    let d = flush(e, z);
    e.unpin(z);
    d
}
