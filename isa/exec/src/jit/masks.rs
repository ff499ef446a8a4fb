//! Lane masks: compares, selection, carries. Between scalar registers and the host's vectors they are mask registers with
//! AVX-512, and the signs of lanes with AVX2.
use super::asm::{O, mem};
use super::compute::{below, copy, operand, step, step_imm};
use super::emit::Emit;
use super::simd::*;
use super::vector::{args, flushes, nearest};
use super::{EXEC_AT, sgpr, wide};
use crate::program::{Cmp, CmpKind, Code};
use crate::wave::{EXEC, NULL, VCC};
use iced_x86::{Code as X, Register as R};
use isa::{Format, Op};

/// AVX-512: sixteen lanes of a lane mask from scalar registers.
fn load_mask(e: &mut Emit<'_>, k: R, code: usize, part: u8) {
    e.a.e(X::VEX_Kmovw_kr_km16, &[k.into(), mem(R::RBX, sgpr(code) + 2 * part as i32).into()]);
}

/// Do a wave's mask registers at this code lie where memory accesses find them.
pub(super) fn mask_at(e: &Emit<'_>, code: usize) -> bool {
    let n = e.req.lanes / 32;
    code + n <= 128 && !(code..code + n).contains(&NULL)
}

/// Gathers the masks of the parts, one a k register from `first` down, into scalar registers.
fn store_mask(e: &mut Emit<'_>, ks: &[R], code: usize) {
    match ks {
        [a, b] => {
            e.a.e(X::VEX_Kunpckwd_kr_kr_kr, &[(*a).into(), (*b).into(), (*a).into()]);
            e.a.e(X::VEX_Kmovd_m32_kr, &[mem(R::RBX, sgpr(code)).into(), (*a).into()]);
            e.forget_s(code);
        }
        [a, b, c, d] => {
            e.a.e(X::VEX_Kunpckwd_kr_kr_kr, &[(*a).into(), (*b).into(), (*a).into()]);
            e.a.e(X::VEX_Kunpckwd_kr_kr_kr, &[(*c).into(), (*d).into(), (*c).into()]);
            e.a.e(X::VEX_Kunpckdq_kr_kr_kr, &[(*a).into(), (*c).into(), (*a).into()]);
            e.a.e(X::VEX_Kmovq_m64_kr, &[mem(R::RBX, sgpr(code)).into(), (*a).into()]);
            e.forget_s(code);
            e.forget_s(code + 1);
        }
        _ => e.a.failed = true,
    }
}

/// A lane mask under way. It is stored when all parts are done, as the instruction may read the registers it goes to. Of
/// AVX-512 full variants keep it in k registers and partial ones have two of these for it; halves wait in r8 and r9, as
/// do those of AVX2.
pub(super) struct Masks {
    code: usize,
    ks: Vec<R>,
    halves: Vec<R>,
    /// AVX2: lanes are in the mask where their bit is clear.
    pub inverted: bool,
}

impl Masks {
    pub(super) fn new(code: usize) -> Masks {
        Masks { code, ks: Vec::new(), halves: Vec::new(), inverted: false }
    }

    /// AVX-512: the register for a part's bits; k7 stays free.
    pub(super) fn next(&mut self, e: &Emit<'_>) -> R {
        // Full variants do not use k1 to k4.
        let free: &[R] = if e.req.key.full { &[R::K1, R::K2, R::K3, R::K4] } else { &[R::K5, R::K6] };
        let k = free[self.ks.len() % free.len()];
        self.ks.push(k);
        k
    }

    /// AVX-512, after every part: two parts make one scalar register.
    pub(super) fn push(&mut self, e: &mut Emit<'_>) {
        if !e.req.key.full && self.ks.len() == 2 {
            let r = [R::R8D, R::R9D][self.halves.len() & 1];
            e.a.e(X::VEX_Kunpckwd_kr_kr_kr, &[R::K5.into(), R::K6.into(), R::K5.into()]);
            e.a.e(X::VEX_Kmovd_r32_kr, &[r.into(), R::K5.into()]);
            self.halves.push(r);
            self.ks.clear();
        }
    }

    /// AVX2: takes the next part's bits from the signs of lanes, active or not. Clobbers eax.
    pub(super) fn signs(&mut self, e: &mut Emit<'_>, z: Z, part: u8) {
        let r = [R::R8D, R::R9D][(part as usize / 4) & 1];
        if part.is_multiple_of(4) {
            e.a.e(X::VEX_Vmovmskps_r32_ymm, &[r.into(), z.y().into()]);
            self.halves.push(r);
        } else {
            e.a.e(X::VEX_Vmovmskps_r32_ymm, &[R::EAX.into(), z.y().into()]);
            e.a.e(X::Shl_rm32_imm8, &[R::EAX.into(), O::I8(8 * (part % 4))]);
            e.a.e(X::Or_r32_rm32, &[r.into(), R::EAX.into()]);
        }
    }

    pub(super) fn done(self, e: &mut Emit<'_>) {
        if e.req.key.full && !e.avx2() {
            return store_mask(e, &self.ks, self.code);
        }
        for (n, r) in self.halves.into_iter().enumerate() {
            if e.avx2() {
                if self.inverted {
                    e.a.e(X::Not_rm32, &[r.into()]);
                }
                if !e.req.key.full {
                    e.a.e(X::And_r32_rm32, &[r.into(), mem(R::RBX, EXEC_AT + 4 * n as i32).into()]);
                }
            }
            e.a.e(X::Mov_rm32_r32, &[mem(R::RBX, sgpr(self.code + n)).into(), r.into()]);
        }
        for n in 0..e.req.lanes / 32 {
            e.forget_s(self.code + n);
        }
    }
}

/// Predicates of the host for float compares: bit 0 less, 1 equal, 2 greater, 3 unordered, none of them signalling.
pub(super) fn float_predicate(truth: u8) -> u8 {
    [11, 17, 0, 18, 30, 12, 29, 7, 3, 25, 8, 26, 22, 4, 21, 15][truth as usize & 15]
}

/// AVX-512's predicates for integers: bit 0 less, 1 equal, 2 greater.
pub(super) fn int_predicate(truth: u8) -> u8 {
    [3, 1, 0, 2, 6, 4, 5, 7][truth as usize & 7]
}

/// AVX2's two compares of integers: all ones for equal, or for greater.
pub(super) struct IntTests {
    pub equal: X,
    pub greater: X,
}

/// AVX2: where integers compare, or with true where they do not.
pub(super) fn int_test(e: &mut Emit<'_>, tests: &IntTests, truth: u8, a: Z, b: Z) -> (Z, bool) {
    let d = e.fresh();
    let (x, l, r, inverted) = match truth & 7 {
        0 | 7 => {
            e.a.v(XOR, &[O::from(d); 3]);
            return (d, truth & 7 == 7);
        }
        1 => (tests.greater, b, a, false),
        2 => (tests.equal, a, b, false),
        3 => (tests.greater, a, b, true),
        4 => (tests.greater, a, b, false),
        5 => (tests.equal, a, b, true),
        _ => (tests.greater, b, a, true),
    };
    e.a.e(x, &[d.into(), l.into(), r.into()]);
    (d, inverted)
}

/// 32-bit compares.
pub(super) fn compare(e: &mut Emit<'_>, c: &Code, cmp: Cmp) -> bool {
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
        CmpKind::F(4) => (X::EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae, float_predicate(cmp.truth)),
        CmpKind::I(4) => (X::EVEX_Vpcmpd_kr_k1_zmm_zmmm512b32_imm8, int_predicate(cmp.truth)),
        CmpKind::U(4) => (X::EVEX_Vpcmpud_kr_k1_zmm_zmmm512b32_imm8, int_predicate(cmp.truth)),
        _ => return wide::compare(e, c, cmp, to),
    };
    if !float && i.mods.neg | i.mods.abs != 0 || float && !nearest(e) {
        return false;
    }
    let fin = float && flushes(e).0;
    let mut masks = Masks::new(to);
    for p in 0..e.parts() {
        let [a, b, _] = args(e, c, c.s, 2, p, float, fin);
        if e.avx2() {
            let z = match cmp.kind {
                CmpKind::F(_) => super::compute::test(e, a, b, predicate),
                CmpKind::U(_) if !matches!(cmp.truth & 7, 0 | 2 | 5 | 7) => {
                    // Less or equal: the minimum is the first.
                    let (x, inverted) = match cmp.truth & 7 {
                        1 => (MAXU, true),
                        3 => (MINU, false),
                        4 => (MINU, true),
                        _ => (MAXU, false),
                    };
                    masks.inverted = inverted;
                    let t = step(e, x, a, b);
                    e.a.e(X::VEX_Vpcmpeqd_ymm_ymm_ymmm256, &[t.into(), t.into(), a.into()]);
                    t
                }
                _ => {
                    let x =
                        IntTests { equal: X::VEX_Vpcmpeqd_ymm_ymm_ymmm256, greater: X::VEX_Vpcmpgtd_ymm_ymm_ymmm256 };
                    let (z, inverted) = int_test(e, &x, cmp.truth, a, b);
                    masks.inverted = inverted;
                    z
                }
            };
            masks.signs(e, z, p);
        } else {
            let k = masks.next(e);
            let exec = e.exec(p);
            e.a.masked(x, exec, &[k.into(), a.into(), b.into(), O::I8(predicate)]);
            masks.push(e);
        }
        e.release();
    }
    masks.done(e);
    true
}

/// `v_cndmask_b32`.
pub(super) fn mask_select(e: &mut Emit<'_>, c: &Code) -> bool {
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

/// Lanes of `b` where the mask says so, of `a` elsewhere.
pub(super) fn selected(e: &mut Emit<'_>, mask: usize, a: Z, b: Z, part: u8) -> Z {
    if e.avx2() {
        let (m, z) = (e.bits(mask, part), e.fresh());
        e.a.e(X::VEX_Vblendvps_ymm_ymm_ymmm256_ymm, &[z.into(), a.into(), b.into(), m.into()]);
        return z;
    }
    load_mask(e, R::K7, mask, part);
    let z = e.fresh();
    e.a.masked(X::EVEX_Vpblendmd_zmm_k1z_zmm_zmmm512b32, Some(R::K7), &[z.into(), a.into(), b.into()]);
    z
}

pub(super) fn select(e: &mut Emit<'_>, vdst: u8, mask: usize, a: Z, b: Z, part: u8) {
    let z = selected(e, mask, a, b, part);
    e.write(vdst, part, z);
}

/// Additions and subtractions with a carry.
pub(super) fn carry(e: &mut Emit<'_>, c: &Code) -> bool {
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
        let out = (!drop).then_some(&mut masks);
        let carry_in = ci.then_some(from);
        let z = if e.avx2() {
            carry_narrow(e, out, carry_in, sub, a, b, p)
        } else {
            carry_wide(e, out, carry_in, sub, a, b, p)
        };
        e.write(i.vdst, p, z);
        if !drop && !e.avx2() {
            masks.push(e);
        }
        e.release();
    }
    if !drop {
        masks.done(e);
    }
    true
}

/// One part on AVX-512: the result; its carries go to the masks.
fn carry_wide(e: &mut Emit<'_>, out: Option<&mut Masks>, from: Option<usize>, sub: bool, a: Z, b: Z, p: u8) -> Z {
    if let Some(from) = from {
        load_mask(e, R::K7, from, p);
    }
    let exec = e.exec(p);
    let cmp = X::EVEX_Vpcmpud_kr_k1_zmm_zmmm512b32_imm8;
    let z = step(e, if sub { SUB } else { ADD }, a, b);
    let k = out.map(|m| m.next(e));
    if let Some(k) = k {
        // Sums below an addend overflowed; differences of a smaller number borrow.
        let (l, r) = if sub { (a, b) } else { (z, a) };
        e.a.masked(cmp, exec, &[k.into(), l.into(), r.into(), O::I8(1)]);
    }
    if from.is_none() {
        return z;
    }
    let ones = e.k(!0);
    let t = copy(e, z);
    let x = if sub { ADD } else { SUB }.form(Simd::Avx512);
    e.a.masked(x, Some(R::K7), &[t.into(), z.into(), ones.into()]);
    if let Some(k) = k {
        // With the carry in, all ones (or a difference of nothing) carries on.
        let edge = if sub { e.k(0) } else { ones };
        e.a.masked(cmp, Some(R::K7), &[R::K7.into(), z.into(), edge.into(), O::I8(0)]);
        if let Some(m) = exec {
            e.a.e(X::VEX_Kandw_kr_kr_kr, &[R::K7.into(), R::K7.into(), m.into()]);
        }
        e.a.e(X::VEX_Korw_kr_kr_kr, &[k.into(), k.into(), R::K7.into()]);
    }
    t
}

/// The same on AVX2.
fn carry_narrow(e: &mut Emit<'_>, out: Option<&mut Masks>, from: Option<usize>, sub: bool, a: Z, b: Z, p: u8) -> Z {
    let z = step(e, if sub { SUB } else { ADD }, a, b);
    let carried = out.is_some().then(|| if sub { below(e, a, b) } else { below(e, z, a) });
    let Some(from) = from else {
        if let (Some(m), Some(c)) = (out, carried) {
            m.signs(e, c, p);
        }
        return z;
    };
    let bits = e.bits(from, p);
    let one = step_imm(e, SRAI, bits, 31);
    // All ones stand for one less.
    let t = step(e, if sub { ADD } else { SUB }, z, one);
    if let (Some(m), Some(c)) = (out, carried) {
        let edge = e.same(if sub { 0 } else { !0 });
        let on = e.fresh();
        e.a.e(X::VEX_Vpcmpeqd_ymm_ymm_ymmm256, &[on.into(), z.into(), edge]);
        e.a.v(AND, &[on.into(), on.into(), one.into()]);
        e.a.v(OR, &[c.into(), c.into(), on.into()]);
        m.signs(e, c, p);
    }
    t
}
