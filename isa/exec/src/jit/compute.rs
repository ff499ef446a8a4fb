//! Ops on 32-bit lanes, one host register at a time, and the operands that they read and write.
use super::asm::O;
use super::emit::Emit;
use super::simd::*;
use super::wide;
use crate::program::{Code, Src};
use iced_x86::{Code as X, Register as R};
use isa::Op;

/// One part of a source.
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

/// A constant to compute with: a register, or with AVX2 an operand in memory.
pub(super) fn constant(e: &mut Emit<'_>, v: u32) -> O {
    if e.avx2() { e.same(v) } else { e.k(v).into() }
}

/// Denormals to zero of the same sign.
pub(super) fn flush(e: &mut Emit<'_>, z: Z) -> Z {
    if e.avx2() {
        let (exp, zero, d) = (e.same(0x7f80_0000), e.same(0), e.fresh());
        e.a.v(AND, &[d.into(), z.into(), exp]);
        e.a.e(X::VEX_Vpcmpeqd_ymm_ymm_ymmm256, &[d.into(), d.into(), zero]);
        e.a.v(SRLI, &[d.into(), d.into(), O::I8(1)]);
        e.a.v(ANDN, &[d.into(), d.into(), z.into()]);
        return d;
    }
    let (exp, sign, d) = (e.k(0x7f80_0000), e.k(0x8000_0000), e.fresh());
    e.a.e(X::EVEX_Vptestnmd_kr_k1_zmm_zmmm512b32, &[R::K7.into(), z.into(), exp.into()]);
    e.a.v(MOVE, &[d.into(), z.into()]);
    e.a.masked(X::EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32, Some(R::K7), &[d.into(), z.into(), sign.into()]);
    d
}

/// A float source with its modifiers.
pub(super) fn float_operand(e: &mut Emit<'_>, c: &Code, k: usize, s: Src, part: u8, flushed: bool) -> Z {
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
    let z = operand(e, s, part);
    modified(e, c, k, z, flushed)
}

/// What was read for a float source, with its modifiers; it is done with where it has any.
pub(super) fn modified(e: &mut Emit<'_>, c: &Code, k: usize, z: Z, flushed: bool) -> Z {
    let m = &c.inst.mods;
    let (neg, abs) = (m.neg >> k & 1 != 0, m.abs >> k & 1 != 0);
    let mut z = z;
    if abs || neg {
        let (d, source) = (e.fresh(), z);
        if abs {
            let rest = constant(e, 0x7fff_ffff);
            e.a.v(AND, &[d.into(), z.into(), rest]);
            z = d;
        }
        if neg {
            let sign = constant(e, 0x8000_0000);
            e.a.v(XOR, &[d.into(), z.into(), sign]);
        }
        e.unpin(source);
        z = d;
    }
    if flushed {
        let d = flush(e, z);
        e.unpin(z);
        z = d;
    }
    z
}

/// Where a result goes: a register, and with AVX-512 the mask to write under.
#[derive(Clone, Copy)]
pub(super) struct Out {
    pub z: Z,
    pub mask: Option<R>,
}

impl Out {
    /// Only the last instruction may write it; it may be one of the sources.
    pub(super) fn new(e: &mut Emit<'_>, v: u8, part: u8) -> Out {
        match e.exec(part) {
            Some(mask) if !e.avx2() => Out { z: e.change(v, part), mask: Some(mask) },
            _ => Out::whole(e),
        }
    }

    /// A register whose lanes are all written.
    pub(super) fn whole(e: &mut Emit<'_>) -> Out {
        Out { z: e.fresh(), mask: None }
    }

    pub(super) fn done(self, e: &mut Emit<'_>, v: u8, part: u8) {
        if self.mask.is_none() {
            e.write(v, part, self.z);
        }
    }
}

fn put(e: &mut Emit<'_>, x: V, o: Out, ops: &[O]) {
    match o.mask {
        Some(k) => e.a.masked(x.form(Simd::Avx512), Some(k), ops),
        None => e.a.v(x, ops),
    }
}

fn op2(e: &mut Emit<'_>, x: V, o: Out, a: Z) {
    put(e, x, o, &[o.z.into(), a.into()]);
}

fn op3(e: &mut Emit<'_>, x: V, o: Out, a: Z, b: impl Into<O>) {
    put(e, x, o, &[o.z.into(), a.into(), b.into()]);
}

fn op_imm(e: &mut Emit<'_>, x: V, o: Out, a: Z, k: u8) {
    put(e, x, o, &[o.z.into(), a.into(), O::I8(k)]);
}

/// A step on the way, into a register of its own.
pub(super) fn step(e: &mut Emit<'_>, x: V, a: Z, b: impl Into<O>) -> Z {
    let d = e.fresh();
    e.a.v(x, &[d.into(), a.into(), b.into()]);
    d
}

pub(super) fn step_imm(e: &mut Emit<'_>, x: V, a: Z, k: u8) -> Z {
    let d = e.fresh();
    e.a.v(x, &[d.into(), a.into(), O::I8(k)]);
    d
}

pub(super) fn copy(e: &mut Emit<'_>, a: Z) -> Z {
    let d = e.fresh();
    e.a.v(MOVE, &[d.into(), a.into()]);
    d
}

/// AVX2: compares floats by a predicate, all ones where it holds.
pub(super) fn test(e: &mut Emit<'_>, a: Z, b: impl Into<O>, predicate: u8) -> Z {
    let d = e.fresh();
    e.a.e(X::VEX_Vcmpps_ymm_ymm_ymmm256_imm8, &[d.into(), a.into(), b.into(), O::I8(predicate)]);
    d
}

/// AVX2: all ones where a is below b as unsigned numbers.
pub(super) fn below(e: &mut Emit<'_>, a: Z, b: Z) -> Z {
    let t = step(e, MAXU, a, b);
    e.a.e(X::VEX_Vpcmpeqd_ymm_ymm_ymmm256, &[t.into(), t.into(), a.into()]);
    let ones = e.same(!0);
    e.a.v(XOR, &[t.into(), t.into(), ones]);
    t
}

/// Sources and what is known of them.
pub(super) struct Args {
    pub a: Z,
    pub b: Z,
    pub d: Z,
    pub s: [Src; 3],
}

/// A shift by the low five bits of a source, `x` of variable and `xi` of fixed distance.
fn shift(e: &mut Emit<'_>, (x, xi): (V, V), value: Z, by: Src, by_z: Z, o: Out) {
    if let Src::K(k) = by {
        op_imm(e, xi, o, value, k as u8 & 31);
    } else {
        let low = constant(e, 31);
        let n = step(e, AND, by_z, low);
        op3(e, x, o, value, n);
    }
}

fn shifted(e: &mut Emit<'_>, x: (V, V), value: Z, by: Src, by_z: Z) -> Z {
    let o = Out::whole(e);
    shift(e, x, value, by, by_z, o);
    o.z
}

const LEFT: (V, V) = (SLLV, SLLI);
const RIGHT: (V, V) = (SRLV, SRLI);
const RIGHT_SIGNED: (V, V) = (SRAV, SRAI);

/// Logic of three on AVX-512, `table` as `vpternlog` has it, with the first source copied.
fn ternary(e: &mut Emit<'_>, o: Out, a: Z, b: Z, c: Z, table: u8) {
    let t = begin(e, o, a);
    e.a.e(X::EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8, &[t.into(), b.into(), c.into(), O::I8(table)]);
    settle(e, o, t);
}

/// Where to build a result from a copy of `a` in place: the output itself, where all its lanes are written.
fn begin(e: &mut Emit<'_>, o: Out, a: Z) -> Z {
    if o.mask.is_some() {
        return copy(e, a);
    }
    e.a.v(MOVE, &[o.z.into(), a.into()]);
    o.z
}

fn settle(e: &mut Emit<'_>, o: Out, t: Z) {
    if o.mask.is_some() {
        op2(e, MOVE, o, t);
    }
}

/// Low 24 bits, sign-extended or not.
fn low24(e: &mut Emit<'_>, z: Z, signed: bool) -> Z {
    if signed {
        let t = step_imm(e, SLLI, z, 8);
        step_imm(e, SRAI, t, 8)
    } else {
        let k = constant(e, 0xff_ffff);
        step(e, AND, z, k)
    }
}

/// One 32-bit op on a register's lanes; the last instruction writes `o`.
pub(super) fn compute(e: &mut Emit<'_>, op: Op, x: &Args, o: Out) {
    let Args { a, b, d, s } = *x;
    let narrow = e.avx2();
    let fma = |e: &mut Emit<'_>, a: Z, b: Z, c: Z| {
        // vfmadd213 multiplies its second operand by the first, and returns the first NaN in that order: as on the device
        // that of a, b, c.
        let t = begin(e, o, b);
        e.a.v(FMA213, &[t.into(), a.into(), c.into()]);
        settle(e, o, t);
    };
    match op {
        Op::V_MOV_B32 => op2(e, MOVE, o, a),
        Op::V_ADD_F32 => op3(e, ADDF, o, a, b),
        Op::V_SUB_F32 => op3(e, SUBF, o, a, b),
        Op::V_SUBREV_F32 => {
            // The first source's NaN goes before the second's.
            let t = step(e, SUBF, b, a);
            if narrow {
                let (nan, own) = (test(e, a, a, 3), step(e, ADDF, a, a));
                e.a.e(X::VEX_Vblendvps_ymm_ymm_ymmm256_ymm, &[o.z.into(), t.into(), own.into(), nan.into()]);
                return;
            }
            e.a.e(X::EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae, &[R::K7.into(), a.into(), a.into(), O::I8(3)]);
            let own = Out { z: t, mask: Some(R::K7) };
            op3(e, ADDF, own, a, a);
            op2(e, MOVE, o, t);
        }
        Op::V_MUL_F32 => op3(e, MULF, o, a, b),
        Op::V_FMA_F32 | Op::V_FMAC_F32 | Op::V_FMAAK_F32 => fma(e, a, b, d),
        Op::V_FMAMK_F32 => fma(e, a, d, b),
        Op::V_MIN_F32 | Op::V_MAX_F32 if narrow => {
            // Of equal numbers, which are zeros, the host gives the second: both ways together they have both signs.
            let (x, both) = if op == Op::V_MIN_F32 { (MINF, OR) } else { (MAXF, AND) };
            let (l, r) = (step(e, x, a, b), step(e, x, b, a));
            op3(e, both, o, l, r);
        }
        Op::V_MIN_F32 | Op::V_MAX_F32 => {
            // Minimum or maximum, sign of the result kept.
            let how = O::I8(0b0100 | (op == Op::V_MAX_F32) as u8);
            let x = X::EVEX_Vrangeps_zmm_k1z_zmm_zmmm512b32_imm8_sae;
            e.a.masked(x, o.mask, &[o.z.into(), a.into(), b.into(), how]);
        }
        Op::V_TRUNC_F32 => op_imm(e, ROUNDF, o, a, 3),
        Op::V_CEIL_F32 => op_imm(e, ROUNDF, o, a, 2),
        Op::V_FLOOR_F32 => op_imm(e, ROUNDF, o, a, 1),
        Op::V_RNDNE_F32 => op_imm(e, ROUNDF, o, a, 0),
        Op::V_CVT_F32_I32 => op2(e, FROM_INT, o, a),
        Op::V_CVT_F32_U32 if narrow => {
            // Both halves are exact, so that only their sum rounds.
            let (low, scale) = (e.same(0xffff), e.same(0x4780_0000));
            let (l, h) = (step(e, AND, a, low), step_imm(e, SRLI, a, 16));
            e.a.v(FROM_INT, &[l.into(), l.into()]);
            e.a.v(FROM_INT, &[h.into(), h.into()]);
            e.a.v(MULF, &[h.into(), h.into(), scale]);
            op3(e, ADDF, o, h, l);
        }
        Op::V_CVT_F32_U32 => {
            e.a.masked(X::EVEX_Vcvtudq2ps_zmm_k1z_zmmm512b32_er, o.mask, &[o.z.into(), a.into()]);
        }
        Op::V_CVT_I32_F32 if narrow => {
            // Out of range the host gives 0x80000000, right for what is too low.
            let (top, t) = (e.same(0x4f00_0000), e.fresh());
            e.a.v(TO_INT, &[t.into(), a.into()]);
            let above = test(e, a, top, 13);
            e.a.v(XOR, &[t.into(), t.into(), above.into()]);
            let number = test(e, a, a, 7);
            op3(e, AND, o, t, number);
        }
        Op::V_CVT_I32_F32 => {
            let (top, most) = (e.k(0x4f00_0000), e.k(0x7fff_ffff));
            let t = e.fresh();
            e.a.v(TO_INT, &[t.into(), a.into()]);
            e.a.e(X::EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae, &[R::K7.into(), a.into(), top.into(), O::I8(13)]);
            op2(e, MOVE, Out { z: t, mask: Some(R::K7) }, most);
            e.a.e(X::EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae, &[R::K7.into(), a.into(), a.into(), O::I8(7)]);
            e.a.zeroed(X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, R::K7, &[t.into(), t.into()]);
            op2(e, MOVE, o, t);
        }
        Op::V_CVT_U32_F32 => {
            // The maximum of NaN and 0 is 0; what is too large gives all ones.
            let zero = constant(e, 0);
            let t = step(e, MAXF, a, zero);
            if !narrow {
                return e.a.masked(X::EVEX_Vcvttps2udq_zmm_k1z_zmmm512b32_sae, o.mask, &[o.z.into(), t.into()]);
            }
            // From 2^31 on less that much, which comes back as the highest bit.
            let (top, end) = (e.same(0x4f00_0000), e.same(0x4f80_0000));
            let (upper, above) = (test(e, t, top, 13), test(e, t, end, 13));
            let less = step(e, AND, upper, top);
            e.a.v(SUBF, &[t.into(), t.into(), less.into()]);
            e.a.v(TO_INT, &[t.into(), t.into()]);
            e.a.v(SLLI, &[upper.into(), upper.into(), O::I8(31)]);
            e.a.v(XOR, &[t.into(), t.into(), upper.into()]);
            op3(e, OR, o, t, above);
        }
        Op::V_ADD_NC_U32 | Op::V_ADD_NC_I32 => op3(e, ADD, o, a, b),
        Op::V_SUB_NC_U32 | Op::V_SUB_NC_I32 => op3(e, SUB, o, a, b),
        Op::V_SUBREV_NC_U32 => op3(e, SUB, o, b, a),
        Op::V_AND_B32 => op3(e, AND, o, a, b),
        Op::V_OR_B32 => op3(e, OR, o, a, b),
        Op::V_XOR_B32 => op3(e, XOR, o, a, b),
        Op::V_XNOR_B32 if narrow => {
            let ones = e.same(!0);
            let t = step(e, XOR, a, b);
            op3(e, XOR, o, t, ones);
        }
        Op::V_XNOR_B32 => ternary(e, o, a, b, b, 0xc3),
        Op::V_NOT_B32 => {
            let ones = constant(e, !0);
            op3(e, XOR, o, a, ones);
        }
        Op::V_LSHLREV_B32 => shift(e, LEFT, b, s[0], a, o),
        Op::V_LSHRREV_B32 => shift(e, RIGHT, b, s[0], a, o),
        Op::V_ASHRREV_I32 => shift(e, RIGHT_SIGNED, b, s[0], a, o),
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
            let x = if op == Op::V_MUL_HI_U32 { MULU } else { MULS };
            let even = step(e, x, a, b);
            let (ao, bo) = (wide::odd(e, a), wide::odd(e, b));
            let odd = step(e, x, ao, bo);
            let t = wide::high(e, even, odd);
            op2(e, MOVE, o, t);
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
            let t = shifted(e, LEFT, a, s[1], b);
            op3(e, ADD, o, t, d);
        }
        Op::V_ADD_LSHL_U32 => {
            let t = step(e, ADD, a, b);
            shift(e, LEFT, t, s[2], d, o);
        }
        Op::V_LSHL_OR_B32 => {
            let t = shifted(e, LEFT, a, s[1], b);
            op3(e, OR, o, t, d);
        }
        Op::V_AND_OR_B32 if narrow => {
            let t = step(e, AND, a, b);
            op3(e, OR, o, t, d);
        }
        Op::V_OR3_B32 | Op::V_XOR3_B32 if narrow => {
            let x = if op == Op::V_OR3_B32 { OR } else { XOR };
            let t = step(e, x, a, b);
            op3(e, x, o, t, d);
        }
        Op::V_BFI_B32 if narrow => {
            let (l, r) = (step(e, AND, a, b), step(e, ANDN, a, d));
            op3(e, OR, o, l, r);
        }
        Op::V_AND_OR_B32 => ternary(e, o, a, b, d, 0xea),
        Op::V_OR3_B32 => ternary(e, o, a, b, d, 0xfe),
        Op::V_XOR3_B32 => ternary(e, o, a, b, d, 0x96),
        Op::V_BFI_B32 => ternary(e, o, a, b, d, 0xca),
        Op::V_XAD_U32 => {
            let t = step(e, XOR, a, b);
            op3(e, ADD, o, t, d);
        }
        Op::V_BFE_U32 => {
            let t = shifted(e, RIGHT, a, s[1], b);
            // Ones above the field: all ones shifted left by its width.
            let ones = e.k(!0);
            let above = shifted(e, LEFT, ones, s[2], d);
            op3(e, ANDN, o, above, t);
        }
        Op::V_BFE_I32 => {
            // Shifting left by 32 - width and back; a width of 0 shifts everything out on the way left.
            let t = shifted(e, RIGHT_SIGNED, a, s[1], b);
            let (low, full) = (constant(e, 31), e.k(32));
            let n = step(e, AND, d, low);
            let n = step(e, SUB, full, n);
            let t = step(e, SLLV, t, n);
            op3(e, SRAV, o, t, n);
        }
        Op::V_ALIGNBIT_B32 => match s[2] {
            Src::K(k) if k & 31 == 0 => op2(e, MOVE, o, b),
            Src::K(k) if a == b && !narrow => {
                let k = O::I8(k as u8 & 31);
                e.a.masked(X::EVEX_Vprord_zmm_k1z_zmmm512b32_imm8, o.mask, &[o.z.into(), a.into(), k]);
            }
            Src::K(k) => {
                let low = step_imm(e, SRLI, b, k as u8 & 31);
                let high = step_imm(e, SLLI, a, 32 - (k as u8 & 31));
                op3(e, OR, o, low, high);
            }
            _ => {
                let (five, full) = (constant(e, 31), e.k(32));
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
