//! 64-bit lanes: those of one part are two host registers, the even ones and the odd ones.
use super::asm::{O, mem};
use super::compute::{operand, step, step_imm};
use super::emit::Emit;
use super::masks::{IntTests, Masks, float_predicate, int_predicate, int_test, mask_at};
use super::sgpr;
use super::simd::*;
use crate::program::{Cmp, CmpKind, Code, Src};
use crate::wave::NULL;
use iced_x86::{Code as X, Register as R};
use isa::Op;

/// Odd dwords moved to even places, zeros above.
pub(super) fn odd(e: &mut Emit<'_>, z: Z) -> Z {
    step_imm(e, SRLQ, z, 32)
}

/// k7 of AVX-512 marks the odd dwords. Clobbers eax.
fn odd_mask(e: &mut Emit<'_>) {
    if e.avx2() {
        return;
    }
    e.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(0xaaaa)]);
    e.a.e(X::VEX_Kmovw_kr_r32, &[R::K7.into(), R::EAX.into()]);
}

/// Even dwords of `a` and odd dwords of `b`; k7 marks the odd ones.
fn blend(e: &mut Emit<'_>, a: Z, b: Z) -> Z {
    let d = e.fresh();
    if e.avx2() {
        e.a.e(X::VEX_Vpblendd_ymm_ymm_ymmm256_imm8, &[d.into(), a.into(), b.into(), O::I8(0xaa)]);
    } else {
        e.a.masked(X::EVEX_Vpblendmd_zmm_k1z_zmm_zmmm512b32, Some(R::K7), &[d.into(), a.into(), b.into()]);
    }
    d
}

/// Upper halves of a part's 64-bit results.
pub(super) fn high(e: &mut Emit<'_>, even: Z, odd_lanes: Z) -> Z {
    odd_mask(e);
    let t = odd(e, even);
    blend(e, t, odd_lanes)
}

/// Can the source be read as 64 bits a lane.
fn readable(s: Src) -> bool {
    match s {
        Src::V(_) | Src::K(_) => true,
        Src::S(k) => (k as usize) < 127 && k as usize != NULL && k as usize + 1 != NULL,
        Src::X(_) => false,
    }
}

/// Even and odd lanes of a 64-bit source; k7 marks the odd dwords.
fn load(e: &mut Emit<'_>, s: Src, part: u8) -> (Z, Z) {
    match s {
        Src::V(v) => {
            let (lo, hi) = (e.v(v, part), e.v(v.wrapping_add(1), part));
            let up = step_imm(e, SLLQ, hi, 32);
            let even = blend(e, lo, up);
            e.unpin(up);
            let down = odd(e, lo);
            let odd_lanes = blend(e, down, hi);
            for z in [down, lo, hi] {
                e.unpin(z);
            }
            (even, odd_lanes)
        }
        Src::S(k) => {
            let z = e.fresh();
            let m = mem(R::RBX, sgpr(k as usize));
            e.a.v(SPREADQ, &[z.into(), m.into()]);
            (z, z)
        }
        Src::K(v) => {
            let z = constant(e, v);
            (z, z)
        }
        Src::X(_) => {
            e.a.failed = true;
            let z = e.fresh();
            (z, z)
        }
    }
}

fn constant(e: &mut Emit<'_>, v: u64) -> Z {
    let z = e.fresh();
    if e.avx2() {
        let k = e.a.constant(std::array::from_fn(|l| (v >> (32 * (l & 1))) as u32));
        e.a.v(MOVE, &[z.into(), k]);
        return z;
    }
    e.a.e(X::Mov_r64_imm64, &[R::RAX.into(), O::I64(v)]);
    e.a.e(X::EVEX_Vpbroadcastq_zmm_k1z_r64, &[z.into(), R::RAX.into()]);
    z
}

/// Writes even and odd lanes to a register pair; k7 marks the odd dwords.
fn store(e: &mut Emit<'_>, v: u8, part: u8, (even, odd_lanes): (Z, Z)) {
    let up = step_imm(e, SLLQ, odd_lanes, 32);
    let lo = blend(e, even, up);
    e.unpin(up);
    let down = odd(e, even);
    let hi = blend(e, down, odd_lanes);
    for z in [down, even, odd_lanes] {
        e.unpin(z);
    }
    e.write(v, part, lo);
    if v < 255 {
        e.write(v + 1, part, hi);
    }
}

fn both(e: &mut Emit<'_>, x: V, a: (Z, Z), b: (Z, Z)) -> (Z, Z) {
    (step(e, x, a.0, b.0), step(e, x, a.1, b.1))
}

/// Changes the signs of a source by a constant; both are done with.
fn signs(e: &mut Emit<'_>, x: V, z: (Z, Z), k: Z) -> (Z, Z) {
    let r = both(e, x, z, (k, k));
    for z in [z.0, z.1, k] {
        e.unpin(z);
    }
    r
}

/// An f64 source with its modifiers.
fn float(e: &mut Emit<'_>, c: &Code, k: usize, part: u8) -> (Z, Z) {
    let m = &c.inst.mods;
    let mut z = load(e, c.s[k], part);
    if m.abs >> k & 1 != 0 {
        let rest = constant(e, !(1 << 63));
        z = signs(e, AND, z, rest);
    }
    if m.neg >> k & 1 != 0 {
        let sign = constant(e, 1 << 63);
        z = signs(e, XOR, z, sign);
    }
    z
}

/// MODE keeps f64 denormals and rounds to nearest even.
fn ieee(e: &Emit<'_>) -> bool {
    e.req.key.mode & 0xcc == 0xc0
}

/// Shifts right with the sign.
fn shift_signed(e: &mut Emit<'_>, v: Z, n: Z) -> Z {
    if !e.avx2() {
        let d = e.fresh();
        e.a.e(X::EVEX_Vpsravq_zmm_k1z_zmm_zmmm512b64, &[d.into(), v.into(), n.into()]);
        return d;
    }
    // The sign's new place, changed and taken off, fills what lies above it.
    let sign = constant(e, 1 << 63);
    e.a.v(SRLVQ, &[sign.into(), sign.into(), n.into()]);
    let d = step(e, SRLVQ, v, n);
    e.a.v(XOR, &[d.into(), d.into(), sign.into()]);
    e.a.e(X::VEX_Vpsubq_ymm_ymm_ymmm256, &[d.into(), d.into(), sign.into()]);
    e.unpin(sign);
    d
}

/// 64-bit arithmetic and shifts.
pub(super) fn lower(e: &mut Emit<'_>, c: &Code) -> bool {
    let i = &c.inst;
    let m = &i.mods;
    let is_float = matches!(i.op, Op::V_ADD_F64 | Op::V_MUL_F64 | Op::V_FMA_F64);
    let is_shift = matches!(i.op, Op::V_LSHLREV_B64 | Op::V_LSHRREV_B64 | Op::V_ASHRREV_I64);
    let is_mad = i.op == Op::V_MAD_U64_U32 && i.sdst as usize == NULL;
    if !is_float && !is_shift && !is_mad || m.clamp || !e.exists(i.vdst as usize + 1) {
        return false;
    }
    if is_float && !ieee(e) || !is_float && m.neg | m.abs != 0 {
        return false;
    }
    let used = if is_mad || i.op == Op::V_FMA_F64 { 3 } else { 2 };
    let pairs: &[usize] = match (is_shift, is_mad) {
        (true, _) => &[1],
        (_, true) => &[2],
        _ => &[0, 1, 2],
    };
    if pairs.iter().any(|&k| k < used && !readable(c.s[k])) {
        return false;
    }
    for p in 0..e.parts() {
        odd_mask(e);
        let r = if is_float {
            let a = float(e, c, 0, p);
            let b = float(e, c, 1, p);
            match i.op {
                Op::V_ADD_F64 => both(e, ADDD, a, b),
                Op::V_MUL_F64 => both(e, MULD, a, b),
                _ => {
                    let d = float(e, c, 2, p);
                    let mut fma = |a: Z, b: Z, d: Z| {
                        let t = e.fresh();
                        e.a.v(MOVE, &[t.into(), b.into()]);
                        e.a.v(FMA213D, &[t.into(), a.into(), d.into()]);
                        t
                    };
                    (fma(a.0, b.0, d.0), fma(a.1, b.1, d.1))
                }
            }
        } else if is_shift {
            let n = operand(e, c.s[0], p);
            let low = e.k(63);
            odd_mask(e);
            let n = step(e, AND, n, low);
            // Even counts stand below a dword that is not part of them.
            let even = e.fresh();
            e.a.v(SLLQ, &[even.into(), n.into(), O::I8(32)]);
            let n = (odd(e, even), odd(e, n));
            let v = load(e, c.s[1], p);
            match i.op {
                Op::V_LSHLREV_B64 => both(e, SLLVQ, v, n),
                Op::V_LSHRREV_B64 => both(e, SRLVQ, v, n),
                _ => (shift_signed(e, v.0, n.0), shift_signed(e, v.1, n.1)),
            }
        } else {
            let (a, b) = (operand(e, c.s[0], p), operand(e, c.s[1], p));
            odd_mask(e);
            let even = step(e, MULU, a, b);
            let (a, b) = (odd(e, a), odd(e, b));
            let odd_lanes = step(e, MULU, a, b);
            if c.s[2] == Src::K(0) {
                (even, odd_lanes)
            } else {
                let k = load(e, c.s[2], p);
                both(e, ADDQ, (even, odd_lanes), k)
            }
        };
        store(e, i.vdst, p, r);
        e.release();
    }
    true
}

/// 64-bit compares.
pub(super) fn compare(e: &mut Emit<'_>, c: &Code, cmp: Cmp, to: usize) -> bool {
    let (x, predicate) = match cmp.kind {
        CmpKind::F(8) if ieee(e) => (X::EVEX_Vcmppd_kr_k1_zmm_zmmm512b64_imm8_sae, float_predicate(cmp.truth)),
        CmpKind::I(8) => (X::EVEX_Vpcmpq_kr_k1_zmm_zmmm512b64_imm8, int_predicate(cmp.truth)),
        CmpKind::U(8) => (X::EVEX_Vpcmpuq_kr_k1_zmm_zmmm512b64_imm8, int_predicate(cmp.truth)),
        _ => return false,
    };
    let m = &c.inst.mods;
    let is_float = matches!(cmp.kind, CmpKind::F(_));
    if !mask_at(e, to) || m.clamp || !is_float && m.neg | m.abs != 0 || !readable(c.s[0]) || !readable(c.s[1]) {
        return false;
    }
    let mut masks = Masks::new(to);
    for p in 0..e.parts() {
        odd_mask(e);
        let (a, b) =
            if is_float { (float(e, c, 0, p), float(e, c, 1, p)) } else { (load(e, c.s[0], p), load(e, c.s[1], p)) };
        if e.avx2() {
            let (even, _) = test_narrow(e, cmp, a.0, b.0);
            let (odd_lanes, inverted) = test_narrow(e, cmp, a.1, b.1);
            masks.inverted = inverted;
            let z = blend(e, even, odd_lanes);
            masks.signs(e, z, p);
            e.release();
            continue;
        }
        let k = masks.next(e);
        for (n, (a, b)) in [(a.0, b.0), (a.1, b.1)].into_iter().enumerate() {
            e.a.e(x, &[k.into(), a.into(), b.into(), O::I8(predicate)]);
            let (r, places) = if n == 0 { (R::EAX, 0x5555) } else { (R::ECX, 0xaaaa) };
            e.a.e(X::VEX_Kmovb_r32_kr, &[r.into(), k.into()]);
            e.a.e(X::Mov_r32_imm32, &[R::EDX.into(), O::I32(places)]);
            e.a.e(X::VEX_Pdep_r32_r32_rm32, &[r.into(), r.into(), R::EDX.into()]);
        }
        e.a.e(X::Or_r32_rm32, &[R::EAX.into(), R::ECX.into()]);
        e.a.e(X::VEX_Kmovw_kr_r32, &[k.into(), R::EAX.into()]);
        if let Some(m) = e.exec(p) {
            e.a.e(X::VEX_Kandw_kr_kr_kr, &[k.into(), k.into(), m.into()]);
        }
        masks.push(e);
        e.release();
    }
    masks.done(e);
    true
}

/// AVX2: where 64-bit lanes compare, or with true where they do not.
fn test_narrow(e: &mut Emit<'_>, cmp: Cmp, a: Z, b: Z) -> (Z, bool) {
    let x = IntTests { equal: X::VEX_Vpcmpeqq_ymm_ymm_ymmm256, greater: X::VEX_Vpcmpgtq_ymm_ymm_ymmm256 };
    match cmp.kind {
        CmpKind::I(_) => int_test(e, &x, cmp.truth, a, b),
        CmpKind::U(_) => {
            // Signed numbers with the sign changed are ordered like unsigned ones.
            let sign = constant(e, 1 << 63);
            let (a, b) = (step(e, XOR, a, sign), step(e, XOR, b, sign));
            int_test(e, &x, cmp.truth, a, b)
        }
        CmpKind::F(_) => {
            let d = e.fresh();
            let p = O::I8(float_predicate(cmp.truth));
            e.a.e(X::VEX_Vcmppd_ymm_ymm_ymmm256_imm8, &[d.into(), a.into(), b.into(), p]);
            (d, false)
        }
        CmpKind::Class(_) => {
            e.a.failed = true;
            (a, false)
        }
    }
}
