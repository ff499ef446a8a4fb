//! The steps of a division in full precision: `v_div_scale` and `v_div_fmas`.
use crate::fp::*;
use crate::host::{Host, any_nan, signs};
use crate::program::Code;
use crate::soft::{self, F32, F64};
use crate::valu::{Lines, WideLines, finish, finish_wide, operand, source_wide};
use crate::wave::{VCC, Wave};
use isa::Op;

/// Scaled operand and, all ones, whether the quotient needs scaling back. `x` is the operand, `b` the divisor, `a` the
/// dividend.
#[inline(always)]
fn scale_single(x: u32, b: u32, a: u32) -> (u32, u32) {
    const INF: u32 = 0x7f80_0000;
    let (ma, mb) = (a & 0x7fff_ffff, b & 0x7fff_ffff);
    let ((da, ea), (db, eb)) = (frexp32(a), frexp32(b));
    let gap = ea - eb;
    let (up, down) = (scale32(x, 64), scale32(x, -64));
    let denormal = mb != 0 && mb < 0x0080_0000;
    // The reciprocal is a denormal: the divisor is finite and above 2^126.
    let far = mb > 253 << 23 && mb < INF;
    // So is the quotient.
    let tiny = ma < INF && mb < INF && (gap < -126 || gap == -126 && da < db);
    let of = |same: bool, scaled: u32| if same { scaled } else { x };
    let r = if ea <= -103 { up } else { x };
    let r = if tiny { of(x == a, up) } else { r };
    let r = if far { down } else { r };
    // The reciprocal would be flushed: only a smaller divisor gives the quotient times 2^64 that FMAS scales back.
    let r = if far && tiny { of(x == b, down) } else { r };
    let r = if denormal { up } else { r };
    let r = if gap >= 96 { of(x == b, up) } else { r };
    let zero = ma == 0 || mb == 0;
    let back = !zero && (gap >= 96 || !denormal && tiny);
    (if zero { NAN32 } else { r }, if back { !0 } else { 0 })
}

/// The same in double precision.
#[inline(always)]
fn scale_double(x: u64, b: u64, a: u64) -> (u64, u32) {
    const INF: u64 = 0x7ff0_0000_0000_0000;
    let (ma, mb) = (a & !(1 << 63), b & !(1 << 63));
    let gap = frexp(d(a)).1 - frexp(d(b)).1;
    let (up, down) = (scale64(x, 128), scale64(x, -128));
    let denormal = mb != 0 && mb < 1 << 52;
    // The reciprocal is a denormal: the divisor is finite and above 2^1022.
    let far = mb > 2045 << 52 && mb < INF;
    let tiny = gap < -1021;
    let of = |same: bool, scaled: u64| if same { scaled } else { x };
    let r = if frexp(d(a)).1 <= -970 { up } else { x };
    let r = if tiny { of(x == a, up) } else { r };
    let r = if far { down } else { r };
    let r = if far && tiny { of(x == b, down) } else { r };
    let r = if denormal { up } else { r };
    let r = if gap >= 768 { of(x == b, up) } else { r };
    let zero = ma == 0 || mb == 0;
    let back = !zero && (gap >= 768 || !denormal && tiny);
    (if zero { NAN64 } else { r }, if back { !0 } else { 0 })
}

#[inline(always)]
pub(crate) fn scale<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let single = c.inst.op == Op::V_DIV_SCALE_F32;
    // Without its vector destination the instruction does nothing at all.
    if c.inst.vdst as usize + !single as usize >= w.v.len() {
        return;
    }
    let exec = w.exec();
    let mut flag = Lines([0; L]);
    if single {
        let [mut p, mut q, mut r, mut out] = [const { Lines([0; L]) }; 4];
        let x = operand(h, w, c, 0, &mut p);
        let (b, a) = (operand(h, w, c, 1, &mut q), operand(h, w, c, 2, &mut r));
        for l in 0..L {
            (out.0[l], flag.0[l]) = scale_single(x[l], b[l], a[l]);
        }
        finish(w.mode, c, &mut out.0);
        w.write32(c.inst.vdst as usize, &out.0, exec);
    } else {
        let x = WideLines(source_wide(h, w, c, 0));
        let b = WideLines(source_wide(h, w, c, 1));
        let a = WideLines(source_wide(h, w, c, 2));
        let mut out = WideLines([0; L]);
        for l in 0..L {
            (out.0[l], flag.0[l]) = scale_double(x.0[l], b.0[l], a.0[l]);
        }
        finish_wide(w.mode, c, &mut out.0);
        w.write64(c.inst.vdst as usize, &out.0, 2, exec);
    }
    w.set_mask(c.inst.sdst as usize, signs(h, &flag.0) & exec);
}

/// Lanes whose bit is set.
fn set(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let l = mask.trailing_zeros() as usize;
        mask &= mask.wrapping_sub(1);
        (l < 64).then_some(l)
    })
}

/// The last step of a division: where VCC says so the result is scaled by 2^64 or back, by the size of the addend, and
/// rounded once.
#[inline(always)]
pub(crate) fn fmas32<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let [mut x, mut y, mut z, mut o] = [const { Lines([0; L]) }; 4];
    let (a, b, k) = (operand(h, w, c, 0, &mut x), operand(h, w, c, 1, &mut y), operand(h, w, c, 2, &mut z));
    let (exec, mode) = (w.exec(), w.mode);
    let out = &mut o.0;
    if mode & 3 == 0 {
        for l in 0..L {
            out[l] = f(a[l]).mul_add(f(b[l]), f(k[l])).to_bits();
        }
        if any_nan(out) {
            for l in 0..L {
                out[l] = Near(mode, 0).fma32(a[l], b[l], k[l]);
            }
        }
    } else {
        for l in set(exec) {
            out[l] = Exact(mode, 0).fma32(a[l], b[l], k[l]);
        }
    }
    for l in set(w.mask(VCC) & exec) {
        let n = if f(k[l]).abs() >= 2.0 { 64 } else { -64 };
        let r = Exact(mode, 0).r32();
        out[l] = soft::fma(F32, r, a[l] as u64, b[l] as u64, k[l] as u64, n) as u32;
    }
    finish(mode, c, out);
    w.write32(c.inst.vdst as usize, out, exec);
}

#[inline(always)]
pub(crate) fn fmas64<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let x = WideLines(source_wide(h, w, c, 0));
    let y = WideLines(source_wide(h, w, c, 1));
    let z = WideLines(source_wide(h, w, c, 2));
    let (a, b, k) = (&x.0, &y.0, &z.0);
    let (exec, mode) = (w.exec(), w.mode);
    let mut o = WideLines([0; L]);
    let out = &mut o.0;
    if mode & 12 == 0 {
        for l in 0..L {
            out[l] = Near(mode, 0).fma64(a[l], b[l], k[l]);
        }
    } else {
        for l in set(exec) {
            out[l] = Exact(mode, 0).fma64(a[l], b[l], k[l]);
        }
    }
    for l in set(w.mask(VCC) & exec) {
        let n = if d(k[l]).abs() >= 2.0 { 128 } else { -128 };
        out[l] = soft::fma(F64, Exact(mode, 0).r64(), a[l], b[l], k[l], n);
    }
    finish_wide(mode, c, out);
    w.write64(c.inst.vdst as usize, out, 2, exec);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The manual's steps, one after the other, on the value of the quotient.
    fn steps(x: u32, b: u32, a: u32) -> (u32, bool) {
        let (fb, fa) = (f(b) as f64, f(a) as f64);
        let (eb, ea) = (frexp(fb).1, frexp(fa).1);
        let denorm = |v: f64| v != 0.0 && v.abs() < f32::MIN_POSITIVE as f64;
        if fa == 0.0 || fb == 0.0 {
            (NAN32, false)
        } else if ea - eb >= 96 {
            (if x == b { scale32(x, 64) } else { x }, true)
        } else if denorm(fb) {
            (scale32(x, 64), false)
        } else if denorm(1.0 / fb) && denorm(fa / fb) {
            (if x == b { scale32(x, -64) } else { x }, true)
        } else if denorm(1.0 / fb) {
            (scale32(x, -64), false)
        } else if denorm(fa / fb) {
            (if x == a { scale32(x, 64) } else { x }, true)
        } else if ea <= -103 {
            (scale32(x, 64), false)
        } else {
            (x, false)
        }
    }

    #[test]
    fn quotients_are_judged_by_exponents_as_by_value() {
        let mut s = 1u64;
        let mut next = || {
            s = s.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let x = (s >> 32) as u32;
            // Exponents at both ends, mantissas near one another.
            match s >> 29 & 7 {
                0 => x & 0x80ff_ffff,
                1 => x & 0x80ff_ffff | 0x7f00_0000,
                2 => x & 0xff80_0001,
                3 => x & 0xff80_0000 | 0x7f_ffff,
                4 => [0, 1 << 31, 0x7f80_0000, 0x7f80_0001, 0xffc0_0000, 0x7e80_0000, 1][x as usize % 7],
                _ => x,
            }
        };
        for _ in 0..2_000_000 {
            let (a, b) = (next(), next());
            for x in [a, b] {
                let (r, back) = steps(x, b, a);
                assert_eq!(scale_single(x, b, a), (r, if back { !0 } else { 0 }), "{a:08x} / {b:08x} of {x:08x}");
            }
        }
    }
}
