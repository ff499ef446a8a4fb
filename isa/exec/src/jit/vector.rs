//! Vector ALU instructions on sixteen lanes at a time.
use super::asm::{O, mem};
use super::emit::{Emit, NO_SITE, Z};
use super::masks::{Masks, load_mask, mask_at};
use super::{sgpr, wide};
use crate::program::{Cmp, CmpKind, Code, Src, Unit};
use crate::wave::{EXEC, NULL, VCC};
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
fn nearest(e: &Emit<'_>) -> bool {
    e.req.key.mode & 3 == 0
}

/// Are f32 denormals flushed on the way in, on the way out.
fn flushes(e: &Emit<'_>) -> (bool, bool) {
    (e.req.key.mode >> 4 & 1 == 0, e.req.key.mode >> 5 & 1 == 0)
}

pub(super) fn plain(s: Src) -> bool {
    !matches!(s, Src::X(_))
}

/// Emits the instruction; false, with nothing emitted, where the interpreter is to run it.
pub(super) fn lower(e: &mut Emit<'_>, c: &Code) -> bool {
    let i = &c.inst;
    if matches!(c.unit, Unit::Other | Unit::Mem) || i.dpp != Dpp::None || !c.s.iter().all(|s| plain(*s)) {
        return false;
    }
    if i.mods.opsel != 0 || i.mods.omod != 0 || i.format() == Format::Vop3p {
        return false;
    }
    if i.y.is_some() {
        return pair(e, c);
    }
    if let Some(cmp) = c.cmp {
        return compare(e, c, cmp);
    }
    single(e, c) || mask_select(e, c) || carry(e, c) || lane_access(e, c) || wide::lower(e, c)
}

/// Sixteen lanes of a source.
pub(super) fn operand(e: &mut Emit<'_>, s: Src, part: u8) -> Z {
    match s {
        Src::V(v) => e.v(v, part),
        Src::S(k) => e.s(k),
        Src::K(v) => e.k(v as u32),
        Src::X(_) => {
            e.a.failed = true;
            e.k(0)
        }
    }
}

/// Denormals to zero of the same sign.
fn flush(e: &mut Emit<'_>, z: Z) -> Z {
    let (exp, sign, d) = (e.k(0x7f80_0000), e.k(0x8000_0000), e.fresh());
    e.a.e(X::EVEX_Vptestnmd_kr_k1_zmm_zmmm512b32, &[R::K7.into(), z.into(), exp.into()]);
    e.a.e(X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, &[d.into(), z.into()]);
    e.a.masked(X::EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32, Some(R::K7), &[d.into(), z.into(), sign.into()]);
    d
}

/// A float source with its modifiers.
fn float_operand(e: &mut Emit<'_>, c: &Code, k: usize, s: Src, part: u8, flushed: bool) -> Z {
    let m = &c.inst.mods;
    let (neg, abs) = (m.neg >> k & 1 != 0, m.abs >> k & 1 != 0);
    let apply = |x: u32| {
        let x = if abs { x & 0x7fff_ffff } else { x };
        if neg { x ^ 0x8000_0000 } else { x }
    };
    if let Src::K(v) = s {
        let x = apply(v as u32);
        return e.k(if flushed { crate::fp::flush32(x) } else { x });
    }
    let mut z = operand(e, s, part);
    if abs || neg {
        let d = e.fresh();
        if abs {
            let rest = e.k(0x7fff_ffff);
            e.a.e(X::EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32, &[d.into(), z.into(), rest.into()]);
            z = d;
        }
        if neg {
            let sign = e.k(0x8000_0000);
            e.a.e(X::EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32, &[d.into(), z.into(), sign.into()]);
        }
        z = d;
    }
    if flushed { flush(e, z) } else { z }
}

/// Where a result goes: a register, and the mask to write under.
#[derive(Clone, Copy)]
pub(super) struct Out {
    z: Z,
    mask: Option<R>,
}

impl Out {
    /// Only the last instruction may write it; it may be one of the sources.
    pub(super) fn new(e: &mut Emit<'_>, v: u8, part: u8) -> Out {
        match e.exec(part) {
            None => Out { z: e.fresh(), mask: None },
            mask => Out { z: e.change(v, part), mask },
        }
    }

    pub(super) fn done(self, e: &mut Emit<'_>, v: u8, part: u8) {
        if self.mask.is_none() {
            e.bind(v, part, self.z);
        }
    }
}

fn op2(e: &mut Emit<'_>, x: X, o: Out, a: Z) {
    e.a.masked(x, o.mask, &[o.z.into(), a.into()]);
}

pub(super) fn op3(e: &mut Emit<'_>, x: X, o: Out, a: Z, b: Z) {
    e.a.masked(x, o.mask, &[o.z.into(), a.into(), b.into()]);
}

/// A step on the way, into a register of its own.
pub(super) fn step(e: &mut Emit<'_>, x: X, a: Z, b: Z) -> Z {
    let d = e.fresh();
    e.a.e(x, &[d.into(), a.into(), b.into()]);
    d
}

pub(super) fn step_imm(e: &mut Emit<'_>, x: X, a: Z, k: u8) -> Z {
    let d = e.fresh();
    e.a.e(x, &[d.into(), a.into(), O::I8(k)]);
    d
}

fn copy(e: &mut Emit<'_>, a: Z) -> Z {
    let d = e.fresh();
    e.a.e(X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, &[d.into(), a.into()]);
    d
}

const ADD: X = X::EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32;
const SUB: X = X::EVEX_Vpsubd_zmm_k1z_zmm_zmmm512b32;
pub(super) const AND: X = X::EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32;
const OR: X = X::EVEX_Vpord_zmm_k1z_zmm_zmmm512b32;
const XOR: X = X::EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32;
const MUL: X = X::EVEX_Vpmulld_zmm_k1z_zmm_zmmm512b32;
const TERN: X = X::EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8;
const MINS: X = X::EVEX_Vpminsd_zmm_k1z_zmm_zmmm512b32;
const MAXS: X = X::EVEX_Vpmaxsd_zmm_k1z_zmm_zmmm512b32;
const MINU: X = X::EVEX_Vpminud_zmm_k1z_zmm_zmmm512b32;
const MAXU: X = X::EVEX_Vpmaxud_zmm_k1z_zmm_zmmm512b32;
const SLLV: X = X::EVEX_Vpsllvd_zmm_k1z_zmm_zmmm512b32;
const SRLV: X = X::EVEX_Vpsrlvd_zmm_k1z_zmm_zmmm512b32;
const SRAV: X = X::EVEX_Vpsravd_zmm_k1z_zmm_zmmm512b32;
const SLLI: X = X::EVEX_Vpslld_zmm_k1z_zmmm512b32_imm8;
const SRLI: X = X::EVEX_Vpsrld_zmm_k1z_zmmm512b32_imm8;
const SRAI: X = X::EVEX_Vpsrad_zmm_k1z_zmmm512b32_imm8;

/// Sources and what is known of them.
struct Args {
    a: Z,
    b: Z,
    d: Z,
    s: [Src; 3],
}

/// A shift by the low five bits of a source, `x` of variable and `xi` of fixed distance.
fn shift(e: &mut Emit<'_>, x: X, xi: X, value: Z, by: Src, by_z: Z, o: Out) {
    if let Src::K(k) = by {
        e.a.masked(xi, o.mask, &[o.z.into(), value.into(), O::I8(k as u8 & 31)]);
    } else {
        let low = e.k(31);
        let n = step(e, AND, by_z, low);
        op3(e, x, o, value, n);
    }
}

fn shifted(e: &mut Emit<'_>, x: X, xi: X, value: Z, by: Src, by_z: Z) -> Z {
    let o = Out { z: e.fresh(), mask: None };
    shift(e, x, xi, value, by, by_z, o);
    o.z
}

/// a ? b : c logic of three, `table` as `vpternlog` has it, with the first source copied.
fn ternary(e: &mut Emit<'_>, o: Out, a: Z, b: Z, c: Z, table: u8) {
    let t = begin(e, o, a);
    e.a.e(TERN, &[t.into(), b.into(), c.into(), O::I8(table)]);
    settle(e, o, t);
}

/// Where to build a result from a copy of `a` in place: the output itself, where all its lanes are written.
fn begin(e: &mut Emit<'_>, o: Out, a: Z) -> Z {
    if o.mask.is_some() {
        return copy(e, a);
    }
    e.a.e(X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, &[o.z.into(), a.into()]);
    o.z
}

fn settle(e: &mut Emit<'_>, o: Out, t: Z) {
    if o.mask.is_some() {
        op2(e, X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, o, t);
    }
}

/// Low 24 bits, sign-extended or not.
fn low24(e: &mut Emit<'_>, z: Z, signed: bool) -> Z {
    if signed {
        let t = step_imm(e, SLLI, z, 8);
        step_imm(e, SRAI, t, 8)
    } else {
        let k = e.k(0xff_ffff);
        step(e, AND, z, k)
    }
}

/// One 32-bit op on sixteen lanes; the last instruction writes `o`. False where NaNs need the interpreter.
fn compute(e: &mut Emit<'_>, op: Op, x: &Args, o: Out) {
    let Args { a, b, d, s } = *x;
    let fma = |e: &mut Emit<'_>, a: Z, b: Z, c: Z| {
        // vfmadd213 multiplies its second operand by the first, and returns the first NaN in that order: as on the device
        // that of a, b, c.
        let t = begin(e, o, b);
        e.a.e(X::EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er, &[t.into(), a.into(), c.into()]);
        settle(e, o, t);
    };
    match op {
        Op::V_MOV_B32 => op2(e, X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, o, a),
        Op::V_ADD_F32 => op3(e, X::EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er, o, a, b),
        Op::V_SUB_F32 => op3(e, X::EVEX_Vsubps_zmm_k1z_zmm_zmmm512b32_er, o, a, b),
        Op::V_SUBREV_F32 => {
            // The first source's NaN goes before the second's.
            let t = step(e, X::EVEX_Vsubps_zmm_k1z_zmm_zmmm512b32_er, b, a);
            e.a.e(X::EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae, &[R::K7.into(), a.into(), a.into(), O::I8(3)]);
            let own = Out { z: t, mask: Some(R::K7) };
            op3(e, X::EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er, own, a, a);
            op2(e, X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, o, t);
        }
        Op::V_MUL_F32 => op3(e, X::EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, o, a, b),
        Op::V_FMA_F32 | Op::V_FMAC_F32 | Op::V_FMAAK_F32 => fma(e, a, b, d),
        Op::V_FMAMK_F32 => fma(e, a, d, b),
        Op::V_MIN_F32 => {
            e.a.masked(
                X::EVEX_Vrangeps_zmm_k1z_zmm_zmmm512b32_imm8_sae,
                o.mask,
                &[
                    o.z.into(),
                    a.into(),
                    b.into(),
                    // Minimum, sign of the result kept.
                    O::I8(0b0100),
                ],
            );
        }
        Op::V_MAX_F32 => {
            e.a.masked(
                X::EVEX_Vrangeps_zmm_k1z_zmm_zmmm512b32_imm8_sae,
                o.mask,
                &[o.z.into(), a.into(), b.into(), O::I8(0b0101)],
            );
        }
        Op::V_TRUNC_F32 | Op::V_CEIL_F32 | Op::V_FLOOR_F32 | Op::V_RNDNE_F32 => {
            let how = match op {
                Op::V_TRUNC_F32 => 3,
                Op::V_CEIL_F32 => 2,
                Op::V_FLOOR_F32 => 1,
                _ => 0,
            };
            e.a.masked(X::EVEX_Vrndscaleps_zmm_k1z_zmmm512b32_imm8_sae, o.mask, &[o.z.into(), a.into(), O::I8(how)]);
        }
        Op::V_CVT_F32_I32 => op2(e, X::EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er, o, a),
        Op::V_CVT_F32_U32 => op2(e, X::EVEX_Vcvtudq2ps_zmm_k1z_zmmm512b32_er, o, a),
        Op::V_CVT_I32_F32 => {
            // Out of range the host gives 0x80000000, right for what is too low.
            let (top, most) = (e.k(0x4f00_0000), e.k(0x7fff_ffff));
            let t = e.fresh();
            e.a.e(X::EVEX_Vcvttps2dq_zmm_k1z_zmmm512b32_sae, &[t.into(), a.into()]);
            e.a.e(X::EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae, &[R::K7.into(), a.into(), top.into(), O::I8(13)]);
            e.a.masked(X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, Some(R::K7), &[t.into(), most.into()]);
            e.a.e(X::EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae, &[R::K7.into(), a.into(), a.into(), O::I8(7)]);
            e.a.zeroed(X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, R::K7, &[t.into(), t.into()]);
            op2(e, X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, o, t);
        }
        Op::V_CVT_U32_F32 => {
            // The maximum of NaN and 0 is 0; what is too large gives all ones.
            let zero = e.k(0);
            let t = step(e, X::EVEX_Vmaxps_zmm_k1z_zmm_zmmm512b32_sae, a, zero);
            op2(e, X::EVEX_Vcvttps2udq_zmm_k1z_zmmm512b32_sae, o, t);
        }
        Op::V_ADD_NC_U32 | Op::V_ADD_NC_I32 => op3(e, ADD, o, a, b),
        Op::V_SUB_NC_U32 | Op::V_SUB_NC_I32 => op3(e, SUB, o, a, b),
        Op::V_SUBREV_NC_U32 => op3(e, SUB, o, b, a),
        Op::V_AND_B32 => op3(e, AND, o, a, b),
        Op::V_OR_B32 => op3(e, OR, o, a, b),
        Op::V_XOR_B32 => op3(e, XOR, o, a, b),
        Op::V_XNOR_B32 => ternary(e, o, a, b, b, 0xc3),
        Op::V_NOT_B32 => {
            let ones = e.k(!0);
            op3(e, XOR, o, a, ones);
        }
        Op::V_LSHLREV_B32 => shift(e, SLLV, SLLI, b, s[0], a, o),
        Op::V_LSHRREV_B32 => shift(e, SRLV, SRLI, b, s[0], a, o),
        Op::V_ASHRREV_I32 => shift(e, SRAV, SRAI, b, s[0], a, o),
        Op::V_MIN_I32 => op3(e, MINS, o, a, b),
        Op::V_MAX_I32 => op3(e, MAXS, o, a, b),
        Op::V_MIN_U32 => op3(e, MINU, o, a, b),
        Op::V_MAX_U32 => op3(e, MAXU, o, a, b),
        Op::V_MIN3_I32 | Op::V_MAX3_I32 | Op::V_MIN3_U32 | Op::V_MAX3_U32 => {
            let x = match op {
                Op::V_MIN3_I32 => MINS,
                Op::V_MAX3_I32 => MAXS,
                Op::V_MIN3_U32 => MINU,
                _ => MAXU,
            };
            let t = step(e, x, a, b);
            op3(e, x, o, t, d);
        }
        Op::V_MED3_I32 | Op::V_MED3_U32 => {
            let (min, max) = if op == Op::V_MED3_I32 { (MINS, MAXS) } else { (MINU, MAXU) };
            let (low, high) = (step(e, min, a, b), step(e, max, a, b));
            let low = step(e, max, low, d);
            op3(e, min, o, high, low);
        }
        Op::V_MUL_LO_U32 => op3(e, MUL, o, a, b),
        Op::V_MUL_HI_U32 | Op::V_MUL_HI_I32 => {
            let x = if op == Op::V_MUL_HI_U32 {
                X::EVEX_Vpmuludq_zmm_k1z_zmm_zmmm512b64
            } else {
                X::EVEX_Vpmuldq_zmm_k1z_zmm_zmmm512b64
            };
            let even = step(e, x, a, b);
            let (ao, bo) = (wide::odd(e, a), wide::odd(e, b));
            let odd = step(e, x, ao, bo);
            let t = wide::high(e, even, odd);
            op2(e, X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, o, t);
        }
        Op::V_MUL_U32_U24 | Op::V_MUL_I32_I24 => {
            let signed = op == Op::V_MUL_I32_I24;
            let (a, b) = (low24(e, a, signed), low24(e, b, signed));
            op3(e, MUL, o, a, b);
        }
        Op::V_MAD_U32_U24 | Op::V_MAD_I32_I24 => {
            let signed = op == Op::V_MAD_I32_I24;
            let (a, b) = (low24(e, a, signed), low24(e, b, signed));
            let t = step(e, MUL, a, b);
            op3(e, ADD, o, t, d);
        }
        Op::V_ADD3_U32 => {
            let t = step(e, ADD, a, b);
            op3(e, ADD, o, t, d);
        }
        Op::V_LSHL_ADD_U32 => {
            let t = shifted(e, SLLV, SLLI, a, s[1], b);
            op3(e, ADD, o, t, d);
        }
        Op::V_ADD_LSHL_U32 => {
            let t = step(e, ADD, a, b);
            shift(e, SLLV, SLLI, t, s[2], d, o);
        }
        Op::V_LSHL_OR_B32 => {
            let t = shifted(e, SLLV, SLLI, a, s[1], b);
            op3(e, OR, o, t, d);
        }
        Op::V_AND_OR_B32 => ternary(e, o, a, b, d, 0xea),
        Op::V_OR3_B32 => ternary(e, o, a, b, d, 0xfe),
        Op::V_XOR3_B32 => ternary(e, o, a, b, d, 0x96),
        Op::V_XAD_U32 => {
            let t = step(e, XOR, a, b);
            op3(e, ADD, o, t, d);
        }
        Op::V_BFI_B32 => ternary(e, o, a, b, d, 0xca),
        Op::V_BFE_U32 => {
            let t = shifted(e, SRLV, SRLI, a, s[1], b);
            // Ones above the field: all ones shifted left by its width.
            let ones = e.k(!0);
            let above = shifted(e, SLLV, SLLI, ones, s[2], d);
            op3(e, X::EVEX_Vpandnd_zmm_k1z_zmm_zmmm512b32, o, above, t);
        }
        Op::V_BFE_I32 => {
            // Shifting left by 32 - width and back; a width of 0 shifts everything out on the way left.
            let t = shifted(e, SRAV, SRAI, a, s[1], b);
            let (low, full) = (e.k(31), e.k(32));
            let n = step(e, AND, d, low);
            let n = step(e, SUB, full, n);
            let t = step(e, SLLV, t, n);
            op3(e, SRAV, o, t, n);
        }
        Op::V_ALIGNBIT_B32 => match s[2] {
            Src::K(k) if k & 31 == 0 => op2(e, X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, o, b),
            Src::K(k) if a == b => {
                e.a.masked(
                    X::EVEX_Vprord_zmm_k1z_zmmm512b32_imm8,
                    o.mask,
                    &[o.z.into(), a.into(), O::I8(k as u8 & 31)],
                );
            }
            Src::K(k) => {
                let low = step_imm(e, SRLI, b, k as u8 & 31);
                let high = step_imm(e, SLLI, a, 32 - (k as u8 & 31));
                op3(e, OR, o, low, high);
            }
            _ => {
                let (five, full) = (e.k(31), e.k(32));
                let n = step(e, AND, d, five);
                let low = step(e, SRLV, b, n);
                let n = step(e, SUB, full, n);
                let high = step(e, SLLV, a, n);
                op3(e, OR, o, low, high);
            }
        },
        _ => e.a.failed = true,
    }
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
    if careful {
        if clamp {
            return false;
        }
        return min_max(e, c, fin, fout);
    }
    for p in 0..e.parts() {
        let [a, b, d] = args(e, c, s, used, p, float_in, fin);
        let x = Args { a, b, d, s };
        if fout || clamp {
            let t = Out { z: e.fresh(), mask: None };
            compute(e, i.op, &x, t);
            let mut z = t.z;
            if fout {
                z = flush(e, z);
            }
            if clamp {
                // The host's maximum gives its second operand for NaN and for equal zeros.
                let (zero, one) = (e.k(0), e.k(0x3f80_0000));
                z = step(e, X::EVEX_Vmaxps_zmm_k1z_zmm_zmmm512b32_sae, z, zero);
                z = step(e, X::EVEX_Vminps_zmm_k1z_zmm_zmmm512b32_sae, z, one);
            }
            e.write(i.vdst, p, z);
        } else if fused(e, i.op, c, &x, p) {
        } else {
            let o = Out::new(e, i.vdst, p);
            compute(e, i.op, &x, o);
            o.done(e, i.vdst, p);
        }
        e.release();
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
    if fin {
        return false;
    }
    let d = e.change(i.vdst, part);
    let mask = e.exec(part);
    e.a.masked(X::EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, mask, &[d.into(), x.a.into(), x.b.into()]);
    true
}

/// How many sources an instruction reads: the result that it accumulates to, or its constant, stands for the third.
fn sources(row: &Row) -> usize {
    if row.has(TIED) || row.operand(Slot::Src2).is_some() || row.operand(Slot::Imm).is_some() {
        return 3;
    }
    1 + row.operand(Slot::Src1).is_some() as usize
}

fn args(e: &mut Emit<'_>, c: &Code, s: [Src; 3], used: usize, part: u8, float: bool, fin: bool) -> [Z; 3] {
    let mut z = [None; 3];
    for k in 0..used {
        z[k] = Some(if float { float_operand(e, c, k, s[k], part, fin) } else { operand(e, s[k], part) });
    }
    let first = z[0].unwrap_or_else(|| e.k(0));
    z.map(|z| z.unwrap_or(first))
}

/// f32 minimum and maximum of numbers; with a NaN in an active lane the interpreter runs the instruction.
fn min_max(e: &mut Emit<'_>, c: &Code, fin: bool, fout: bool) -> bool {
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
    e.a.jcc(super::asm::Cc::Ne, from);
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

/// 32-bit compares.
fn compare(e: &mut Emit<'_>, c: &Code, cmp: Cmp) -> bool {
    let i = &c.inst;
    let to = if cmp.to_exec {
        EXEC
    } else if i.format() == Format::Vopc {
        VCC
    } else {
        i.sdst as usize
    };
    if !mask_at(e, to) || i.mods.clamp {
        return false;
    }
    let float = matches!(cmp.kind, CmpKind::F(4));
    let (x, predicate) = match cmp.kind {
        CmpKind::F(4) => {
            // Bit 0 less, 1 equal, 2 greater, 3 unordered, as the host's quiet predicates.
            let p = [11, 17, 0, 18, 30, 12, 29, 7, 3, 25, 8, 26, 22, 4, 21, 15][cmp.truth as usize & 15];
            (X::EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae, p)
        }
        CmpKind::I(4) | CmpKind::U(4) => {
            let p = [3, 1, 0, 2, 6, 4, 5, 7][cmp.truth as usize & 7];
            let x = if cmp.kind == CmpKind::I(4) {
                X::EVEX_Vpcmpd_kr_k1_zmm_zmmm512b32_imm8
            } else {
                X::EVEX_Vpcmpud_kr_k1_zmm_zmmm512b32_imm8
            };
            (x, p)
        }
        _ => return wide::compare(e, c, cmp, to),
    };
    if !float && i.mods.neg | i.mods.abs != 0 || float && !nearest(e) {
        return false;
    }
    let fin = float && flushes(e).0;
    let mut masks = Masks::new(to);
    for p in 0..e.parts() {
        let [a, b, _] = args(e, c, c.s, 2, p, float, fin);
        let k = masks.next(e);
        let exec = e.exec(p);
        e.a.masked(x, exec, &[k.into(), a.into(), b.into(), O::I8(predicate)]);
        masks.push(e);
        e.release();
    }
    masks.done(e);
    true
}

/// `v_cndmask_b32`.
fn mask_select(e: &mut Emit<'_>, c: &Code) -> bool {
    let i = &c.inst;
    if i.op != Op::V_CNDMASK_B32 || i.mods.clamp {
        return false;
    }
    let mask = if i.format() == Format::Vop2 { VCC } else { i.src[2] as usize };
    if !mask_at(e, mask) {
        return false;
    }
    if !e.exists(i.vdst as usize) {
        return true;
    }
    for p in 0..e.parts() {
        let [a, b, _] = args(e, c, c.s, 2, p, true, false);
        select(e, i.vdst, mask, a, b, p);
        e.release();
    }
    true
}

fn select(e: &mut Emit<'_>, vdst: u8, mask: usize, a: Z, b: Z, part: u8) {
    load_mask(e, R::K7, mask, part);
    let z = e.fresh();
    e.a.masked(X::EVEX_Vpblendmd_zmm_k1z_zmm_zmmm512b32, Some(R::K7), &[z.into(), a.into(), b.into()]);
    e.write(vdst, part, z);
}

/// Additions and subtractions with a carry.
fn carry(e: &mut Emit<'_>, c: &Code) -> bool {
    let i = &c.inst;
    let (sub, rev, ci) = match i.op {
        Op::V_ADD_CO_U32 => (false, false, false),
        Op::V_SUB_CO_U32 => (true, false, false),
        Op::V_SUBREV_CO_U32 => (true, true, false),
        Op::V_ADD_CO_CI_U32 => (false, false, true),
        Op::V_SUB_CO_CI_U32 => (true, false, true),
        Op::V_SUBREV_CO_CI_U32 => (true, true, true),
        _ => return false,
    };
    // With a destination beyond the allocation nothing happens, to the carry either: the interpreter's case.
    if !e.exists(i.vdst as usize) {
        return false;
    }
    let vop3 = i.format() == Format::Vop3;
    let to = if vop3 { i.sdst as usize } else { VCC };
    let from = if vop3 { i.src[2] as usize } else { VCC };
    let drop = to == NULL;
    if !drop && !mask_at(e, to) || ci && !mask_at(e, from) || i.mods.neg | i.mods.abs != 0 || i.mods.clamp {
        return false;
    }
    let mut masks = Masks::new(to);
    for p in 0..e.parts() {
        let mut a = operand(e, c.s[0], p);
        let mut b = operand(e, c.s[1], p);
        if rev {
            std::mem::swap(&mut a, &mut b);
        }
        if ci {
            load_mask(e, R::K7, from, p);
        }
        let k = masks.next(e);
        let exec = e.exec(p);
        let mut z = step(e, if sub { SUB } else { ADD }, a, b);
        let cmp = X::EVEX_Vpcmpud_kr_k1_zmm_zmmm512b32_imm8;
        if !drop {
            // Sums below an addend overflowed; differences of a smaller number borrow.
            let (l, r) = if sub { (a, b) } else { (z, a) };
            e.a.masked(cmp, exec, &[k.into(), l.into(), r.into(), O::I8(1)]);
        }
        if ci {
            let ones = e.k(!0);
            let t = copy(e, z);
            e.a.masked(if sub { ADD } else { SUB }, Some(R::K7), &[t.into(), z.into(), ones.into()]);
            if !drop {
                // With the carry in, all ones (or a difference of nothing) carries on.
                let edge = if sub { e.k(0) } else { ones };
                e.a.masked(cmp, Some(R::K7), &[R::K7.into(), z.into(), edge.into(), O::I8(0)]);
                if let Some(m) = exec {
                    e.a.e(X::VEX_Kandw_kr_kr_kr, &[R::K7.into(), R::K7.into(), m.into()]);
                }
                e.a.e(X::VEX_Korw_kr_kr_kr, &[k.into(), k.into(), R::K7.into()]);
            }
            z = t;
        }
        e.write(i.vdst, p, z);
        if !drop {
            masks.push(e);
        }
        e.release();
    }
    if !drop {
        masks.done(e);
    }
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
                load_mask(e, R::K7, VCC, p);
                let z = e.fresh();
                e.a.masked(X::EVEX_Vpblendmd_zmm_k1z_zmm_zmmm512b32, Some(R::K7), &[z.into(), a.into(), b.into()]);
                out.push(z);
                continue;
            }
            let b = if used > 1 { source(e, s[1], p, fin) } else { a };
            let d = if used > 2 { source(e, s[2], p, fin) } else { a };
            let o = Out { z: e.fresh(), mask: None };
            if matches!(op, Op::V_FMAC_F32) {
                e.a.e(X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, &[o.z.into(), d.into()]);
                e.a.e(X::EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, &[o.z.into(), a.into(), b.into()]);
            } else {
                compute(e, op, &Args { a, b, d, s }, o);
            }
            out.push(if fout { flush(e, o.z) } else { o.z });
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
            let d = e.change(vdst, p);
            let mask = e.exec(p);
            e.a.masked(X::EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, mask, &[d.into(), a.into(), b.into()]);
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
    if fin { flush(e, z) } else { z }
}
