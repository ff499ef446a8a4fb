//! Floating-point arithmetic of one lane: NaN rules, rounding, denormals.
//!
//! [`Fp`] is what the ops are written in. [`Near`] does it on the host's units, which round to nearest even, in loops that
//! vectorise; [`Exact`] does it in integers for every rounding mode. Both give the same bits where both can.
//!
//! NaN results do not follow the host: of several NaN operands the first is returned, quiet; without one an invalid
//! operation gives the default NaN, which is negative.
use crate::soft::{self, F16, F32, F64, Rounding};

/// Default NaNs.
pub(crate) const NAN16: u32 = 0xfe00;
pub(crate) const NAN32: u32 = 0xffc0_0000;
pub(crate) const NAN64: u64 = 0xfff8_0000_0000_0000;

#[inline(always)]
pub(crate) fn f(x: u32) -> f32 {
    f32::from_bits(x)
}

#[inline(always)]
pub(crate) fn d(x: u64) -> f64 {
    f64::from_bits(x)
}

#[inline(always)]
pub(crate) fn nan16(x: u32) -> bool {
    x & 0x7fff > 0x7c00
}

/// f16 bits to f32; exact, a NaN keeps its digits and stays signalling.
#[inline(always)]
pub(crate) fn h2f(h: impl Into<u32>) -> f32 {
    let h = h.into();
    let sign = (h & 0x8000) << 16;
    let mag = h & 0x7fff;
    // A denormal half is mag * 2^-24, exact in f32.
    let small = (mag as i32 as f32 * f(0x3380_0000)).to_bits();
    let bits = (mag << 13) + (112 << 23);
    let bits = if mag < 0x400 { small } else { bits };
    let bits = if mag >= 0x7c00 { 0x7f80_0000 | (mag & 0x3ff) << 13 } else { bits };
    f(sign | bits)
}

/// f32 to f16, nearest even.
#[inline(always)]
pub(crate) fn half_bits(x: f32) -> u32 {
    let b = x.to_bits();
    let sign = b >> 16 & 0x8000;
    let mag = b & 0x7fff_ffff;
    // Below the normal halves: adding 0.5 rounds at 2^-24, nearest even.
    let small = (f(mag) + 0.5).to_bits().wrapping_sub(0x3f00_0000);
    let r = mag.wrapping_sub(112 << 23);
    let r = r.wrapping_add(0xfff + (r >> 13 & 1)) >> 13;
    let r = if mag < 0x3880_0000 { small } else { r };
    let r = if mag >= 0x4780_0000 { 0x7c00 } else { r };
    let r = if mag > 0x7f80_0000 { 0x7e00 | (mag >> 13 & 0x3ff) } else { r };
    sign | r
}

/// f64 to f32 rounded to odd: that keeps the sticky bit for a second rounding to f16, which needs 13 bits less.
#[inline(always)]
pub(crate) fn odd(x: f64) -> f32 {
    let n = x as f32;
    let b = n.to_bits();
    let toward = if (n as f64).abs() > x.abs() { b.wrapping_sub(1) } else { b };
    let exact = n as f64 == x || n.is_infinite() || x.is_nan();
    f(if exact { b } else { toward | 1 })
}

/// f64 to f16, nearest even, one rounding.
#[inline(always)]
pub(crate) fn d2h(x: f64) -> u32 {
    half_bits(odd(x))
}

/// The exact sum of two f32 rounded to odd: a second rounding to f16 then sees every lost bit. Operands and sum are far
/// from the limits of f32, or not finite.
#[inline(always)]
pub(crate) fn add_odd(x: f32, y: f32) -> f32 {
    let s = x + y;
    let t = s - x;
    let err = (x - (s - t)) + (y - t);
    let b = s.to_bits();
    let up = (err > 0.0) == (s > 0.0);
    let odd = if up { b.wrapping_add(1) } else { b.wrapping_sub(1) };
    // With an infinite or NaN sum the error is NaN, which is no loss.
    let lost = err.abs() > 0.0 && b & 1 == 0;
    f(if lost { odd } else { b })
}

/// bf16 bits to f32; exact.
#[inline(always)]
pub(crate) fn bf2f(h: u32) -> f32 {
    f(h << 16)
}

/// f32 to bf16, nearest even.
#[inline(always)]
pub(crate) fn f2bf(x: f32) -> u32 {
    let b = x.to_bits();
    let r = b.wrapping_add(0x7fff + (b >> 16 & 1)) >> 16;
    if b & 0x7fff_ffff > 0x7f80_0000 { b >> 16 | 0x40 } else { r }
}

/// f32 denormals to zero of the same sign.
#[inline(always)]
pub(crate) fn flush32(x: u32) -> u32 {
    if x & 0x7f80_0000 == 0 { x & 0x8000_0000 } else { x }
}

/// f16 denormals to zero of the same sign.
#[inline(always)]
pub(crate) fn flush16(x: u32) -> u32 {
    if x & 0x7c00 == 0 { x & !0x3ff } else { x }
}

/// f64 denormals to zero of the same sign.
#[inline(always)]
pub(crate) fn flush64(x: u64) -> u64 {
    if x & 0x7ff0_0000_0000_0000 == 0 { x & 1 << 63 } else { x }
}

/// Minimum and maximum of a width: the guide's `v_min` and `v_max`, where -0 is below +0. With MODE.IEEE a signalling NaN
/// is returned quiet, a quiet one loses to a number; without, any NaN loses and nothing becomes quiet.
macro_rules! extremes {
    ($u:ty, $i:ty, $bits:expr, $inf:expr, $quiet:expr, $min:ident, $max:ident) => {
        #[doc = "Minimum by the guide."]
        #[inline(always)]
        pub(crate) fn $min(ieee: bool, a: $u, b: $u) -> $u {
            const SIGN: $u = 1 << ($bits - 1);
            let key = |x: $u| (if x & SIGN != 0 { x ^ (SIGN - 1) } else { x }) << (<$u>::BITS - $bits);
            let nan = |x: $u| x & (SIGN - 1) > $inf;
            let signals = |x: $u| nan(x) && x & $quiet == 0;
            let r = if (key(a) as $i) < key(b) as $i { a } else { b };
            let r = if nan(a) { b } else { r };
            let r = if nan(b) { a } else { r };
            let r = if ieee && signals(b) { b | $quiet } else { r };
            if ieee && signals(a) { a | $quiet } else { r }
        }

        #[doc = "Maximum by the guide."]
        #[inline(always)]
        pub(crate) fn $max(ieee: bool, a: $u, b: $u) -> $u {
            const SIGN: $u = 1 << ($bits - 1);
            let key = |x: $u| (if x & SIGN != 0 { x ^ (SIGN - 1) } else { x }) << (<$u>::BITS - $bits);
            let nan = |x: $u| x & (SIGN - 1) > $inf;
            let signals = |x: $u| nan(x) && x & $quiet == 0;
            let r = if key(a) as $i > key(b) as $i { a } else { b };
            let r = if nan(a) { b } else { r };
            let r = if nan(b) { a } else { r };
            let r = if ieee && signals(b) { b | $quiet } else { r };
            if ieee && signals(a) { a | $quiet } else { r }
        }
    };
}
extremes!(u32, i32, 32, 0x7f80_0000, 0x40_0000, min_f32, max_f32);
extremes!(u32, i32, 16, 0x7c00, 0x200, min_f16, max_f16);
extremes!(u64, i64, 64, 0x7ff0_0000_0000_0000, 1 << 51, min_f64, max_f64);

/// `r`, or where it is NaN what the NaN rule says.
#[inline(always)]
fn rule32(r: f32, a: u32, b: u32, c: u32) -> u32 {
    let q = if f(c).is_nan() { c | 0x40_0000 } else { NAN32 };
    let q = if f(b).is_nan() { b | 0x40_0000 } else { q };
    let q = if f(a).is_nan() { a | 0x40_0000 } else { q };
    if r.is_nan() { q } else { r.to_bits() }
}

#[inline(always)]
fn rule16(r: u32, a: u32, b: u32, c: u32) -> u32 {
    let q = if nan16(c) { c & 0xffff | 0x200 } else { NAN16 };
    let q = if nan16(b) { b & 0xffff | 0x200 } else { q };
    let q = if nan16(a) { a & 0xffff | 0x200 } else { q };
    if nan16(r) { q } else { r }
}

#[inline(always)]
fn rule64(r: f64, a: u64, b: u64, c: u64) -> u64 {
    let q = if d(c).is_nan() { c | 1 << 51 } else { NAN64 };
    let q = if d(b).is_nan() { b | 1 << 51 } else { q };
    let q = if d(a).is_nan() { a | 1 << 51 } else { q };
    if r.is_nan() { q } else { r.to_bits() }
}

/// Arithmetic of one lane under a MODE register. Half-precision values stand in the low 16 bits; what is above is ignored
/// and results have zeros there.
pub(crate) trait Fp: Copy {
    /// MODE.
    fn mode(self) -> u32;
    /// What else the instruction says: NEG in bits 0 to 2, CLAMP in bit 3.
    fn aux(self) -> u32;
    fn add32(self, a: u32, b: u32) -> u32;
    fn mul32(self, a: u32, b: u32) -> u32;
    fn fma32(self, a: u32, b: u32, c: u32) -> u32;
    fn add16(self, a: u32, b: u32) -> u32;
    fn mul16(self, a: u32, b: u32) -> u32;
    fn fma16(self, a: u32, b: u32, c: u32) -> u32;
    fn add64(self, a: u64, b: u64) -> u64;
    fn mul64(self, a: u64, b: u64) -> u64;
    fn fma64(self, a: u64, b: u64, c: u64) -> u64;
    fn ldexp32(self, a: u32, n: i32) -> u32;
    fn ldexp16(self, a: u32, n: i32) -> u32;
    /// f32 to f16.
    fn half(self, a: u32) -> u32;
    /// f64 to f32.
    fn single(self, a: u64) -> u32;
    fn i32_to_f32(self, a: i32) -> u32;
    fn u32_to_f32(self, a: u32) -> u32;
    /// A 16-bit integer, extended, to f16.
    fn int_to_f16(self, a: i32) -> u32;

    /// MODE.IEEE.
    #[inline(always)]
    fn ieee(self) -> bool {
        self.mode() >> 9 & 1 != 0
    }
    /// MODE.FP16_OVFL.
    #[inline(always)]
    fn saturate16(self) -> bool {
        self.mode() >> 23 & 1 != 0
    }
    #[inline(always)]
    fn sub32(self, a: u32, b: u32) -> u32 {
        // A NaN keeps its sign through a subtraction.
        self.add32(a, if f(b).is_nan() { b } else { b ^ 0x8000_0000 })
    }
    #[inline(always)]
    fn sub16(self, a: u32, b: u32) -> u32 {
        self.add16(a, if nan16(b) { b } else { b ^ 0x8000 })
    }
    #[inline(always)]
    fn rsub32(self, a: u32, b: u32) -> u32 {
        // b - a; the NaN order stays that of the operands.
        self.add32(if f(a).is_nan() { a } else { a ^ 0x8000_0000 }, b)
    }
    #[inline(always)]
    fn rsub16(self, a: u32, b: u32) -> u32 {
        self.add16(if nan16(a) { a } else { a ^ 0x8000 }, b)
    }
    /// DX9 rules: 0 times anything is +0.
    #[inline(always)]
    fn mul_dx9(self, a: u32, b: u32) -> u32 {
        if a << 1 == 0 || b << 1 == 0 { 0 } else { self.mul32(a, b) }
    }
    /// The same with an addend, which then is the result.
    #[inline(always)]
    fn fma_dx9(self, a: u32, b: u32, c: u32) -> u32 {
        let addend = if f(c).is_nan() { c | 0x40_0000 } else { c };
        if a << 1 == 0 || b << 1 == 0 { addend } else { self.fma32(a, b, c) }
    }
    /// a.lo * b.lo + a.hi * b.hi + c, two fused steps, low first.
    #[inline(always)]
    fn dot2_f32_f16(self, a: u32, b: u32, c: u32) -> u32 {
        let lo = self.fma32(h2f(a).to_bits(), h2f(b).to_bits(), c);
        self.fma32(h2f(a >> 16).to_bits(), h2f(b >> 16).to_bits(), lo)
    }
    #[inline(always)]
    fn dot2_f32_bf16(self, a: u32, b: u32, c: u32) -> u32 {
        let lo = self.fma32(a << 16, b << 16, c);
        self.fma32(a & 0xffff_0000, b & 0xffff_0000, lo)
    }
    #[inline(always)]
    fn dot2_f16(self, a: u32, b: u32, c: u32) -> u32 {
        self.fma16(a >> 16, b >> 16, self.fma16(a, b, c))
    }
    /// Fraction, below 1 even where the subtraction rounds up.
    #[inline(always)]
    fn fract32(self, a: u32) -> u32 {
        let r = self.add32(a, (-f(a).floor()).to_bits());
        let r = if f(r) >= 1.0 { 0x3f7f_ffff } else { r };
        if f(a).is_nan() { a | 0x40_0000 } else { r }
    }
    #[inline(always)]
    fn fract16(self, a: u32) -> u32 {
        let r = self.add16(a, half_bits(-h2f(a).floor()));
        let r = if (0x3c00..0x7c00).contains(&r) { 0x3bff } else { r };
        if nan16(a) { a & 0xffff | 0x200 } else { r }
    }
    #[inline(always)]
    fn fract64(self, a: u64) -> u64 {
        let r = self.add64(a, (-d(a).floor()).to_bits());
        let r = if d(r) >= 1.0 { 0x3fef_ffff_ffff_ffff } else { r };
        if d(a).is_nan() { a | 1 << 51 } else { r }
    }
    /// Median of three by the guide: without NaN drop the largest and take the larger of the rest.
    #[inline(always)]
    fn med32(self, a: u32, b: u32, c: u32) -> u32 {
        let i = self.ieee();
        let m = f(max_f32(i, max_f32(i, a, b), c));
        let r = if m == f(b) { max_f32(i, a, c) } else { max_f32(i, a, b) };
        let r = if m == f(a) { max_f32(i, b, c) } else { r };
        let nan = f(a).is_nan() || f(b).is_nan() || f(c).is_nan();
        if nan { min_f32(i, min_f32(i, a, b), c) } else { r }
    }
    #[inline(always)]
    fn med16(self, a: u32, b: u32, c: u32) -> u32 {
        let (a, b, c) = (a & 0xffff, b & 0xffff, c & 0xffff);
        let i = self.ieee();
        let m = h2f(max_f16(i, max_f16(i, a, b), c));
        let r = if m == h2f(b) { max_f16(i, a, c) } else { max_f16(i, a, b) };
        let r = if m == h2f(a) { max_f16(i, b, c) } else { r };
        let nan = nan16(a) || nan16(b) || nan16(c);
        if nan { min_f16(i, min_f16(i, a, b), c) } else { r }
    }
}

/// Nearest even, on the host's units.
#[derive(Clone, Copy)]
pub(crate) struct Near(pub u32, pub u32);

impl Near {
    /// f16 of an f32 that is infinite only where the result is.
    #[inline(always)]
    fn narrow(self, x: f32) -> u32 {
        let h = half_bits(x);
        let over = self.saturate16() && h & 0x7fff == 0x7c00 && x.is_finite();
        if over { h - 1 } else { h }
    }

    /// A function of one f16 in double precision.
    #[inline(always)]
    pub(crate) fn unary16(self, a: u32, g: impl Fn(f64) -> f64) -> u32 {
        let x = g(h2f(a) as f64);
        let h = d2h(x);
        let over = self.saturate16() && h & 0x7fff == 0x7c00 && x.is_finite();
        rule16(if over { h - 1 } else { h }, a, 0, 0)
    }

    /// The same of an f32 on the transcendental unit, which knows no denormals.
    #[inline(always)]
    pub(crate) fn unary32(self, a: u32, g: impl Fn(f64) -> f64) -> u32 {
        let a = flush32(a);
        flush32(rule32(g(f(a) as f64) as f32, a, 0, 0))
    }

    /// An exact function of one f32.
    #[inline(always)]
    pub(crate) fn exact32(self, a: u32, g: impl Fn(f32) -> f32) -> u32 {
        rule32(g(f(a)), a, 0, 0)
    }

    /// An exact function of one f16.
    #[inline(always)]
    pub(crate) fn exact16(self, a: u32, g: impl Fn(f32) -> f32) -> u32 {
        rule16(half_bits(g(h2f(a))), a, 0, 0)
    }

    /// A function of one f64.
    #[inline(always)]
    pub(crate) fn unary64(self, a: u64, g: impl Fn(f64) -> f64) -> u64 {
        rule64(g(d(a)), a, 0, 0)
    }
}

impl Fp for Near {
    #[inline(always)]
    fn mode(self) -> u32 {
        self.0
    }
    #[inline(always)]
    fn aux(self) -> u32 {
        self.1
    }
    #[inline(always)]
    fn add32(self, a: u32, b: u32) -> u32 {
        rule32(f(a) + f(b), a, b, 0)
    }
    #[inline(always)]
    fn mul32(self, a: u32, b: u32) -> u32 {
        rule32(f(a) * f(b), a, b, 0)
    }
    #[inline(always)]
    fn fma32(self, a: u32, b: u32, c: u32) -> u32 {
        rule32(f(a).mul_add(f(b), f(c)), a, b, c)
    }
    #[inline(always)]
    fn add16(self, a: u32, b: u32) -> u32 {
        rule16(self.narrow(h2f(a) + h2f(b)), a, b, 0)
    }
    #[inline(always)]
    fn mul16(self, a: u32, b: u32) -> u32 {
        rule16(self.narrow(h2f(a) * h2f(b)), a, b, 0)
    }
    #[inline(always)]
    fn fma16(self, a: u32, b: u32, c: u32) -> u32 {
        rule16(self.narrow(add_odd(h2f(a) * h2f(b), h2f(c))), a, b, c)
    }
    #[inline(always)]
    fn add64(self, a: u64, b: u64) -> u64 {
        rule64(d(a) + d(b), a, b, 0)
    }
    #[inline(always)]
    fn mul64(self, a: u64, b: u64) -> u64 {
        rule64(d(a) * d(b), a, b, 0)
    }
    #[inline(always)]
    fn fma64(self, a: u64, b: u64, c: u64) -> u64 {
        rule64(d(a).mul_add(d(b), d(c)), a, b, c)
    }
    #[inline(always)]
    fn ldexp32(self, a: u32, n: i32) -> u32 {
        let scale = d(((1023 + n.clamp(-400, 400)) as u64) << 52);
        rule32((f(a) as f64 * scale) as f32, a, 0, 0)
    }
    #[inline(always)]
    fn ldexp16(self, a: u32, n: i32) -> u32 {
        let scale = f(((127 + n.clamp(-70, 70)) as u32) << 23);
        rule16(self.narrow(h2f(a) * scale), a, 0, 0)
    }
    #[inline(always)]
    fn half(self, a: u32) -> u32 {
        self.narrow(f(a))
    }
    #[inline(always)]
    fn single(self, a: u64) -> u32 {
        let nan = ((a >> 32) as u32 & 0x8000_0000) | 0x7fc0_0000 | (a >> 29) as u32 & 0x7f_ffff;
        if d(a).is_nan() { nan } else { (d(a) as f32).to_bits() }
    }
    #[inline(always)]
    fn i32_to_f32(self, a: i32) -> u32 {
        (a as f32).to_bits()
    }
    #[inline(always)]
    fn u32_to_f32(self, a: u32) -> u32 {
        (a as f32).to_bits()
    }
    #[inline(always)]
    fn int_to_f16(self, a: i32) -> u32 {
        self.narrow(a as f32)
    }
}

/// Any rounding mode, in integers.
#[derive(Clone, Copy)]
pub(crate) struct Exact(pub u32, pub u32);

impl Exact {
    /// The mode of f32 results.
    pub(crate) fn r32(self) -> Rounding {
        Rounding { mode: self.0 & 3, saturate: false }
    }
    /// The mode of f64 results.
    pub(crate) fn r64(self) -> Rounding {
        Rounding { mode: self.0 >> 2 & 3, saturate: false }
    }
    fn r16(self) -> Rounding {
        Rounding { mode: self.0 >> 2 & 3, saturate: self.saturate16() }
    }
}

impl Fp for Exact {
    fn mode(self) -> u32 {
        self.0
    }
    fn aux(self) -> u32 {
        self.1
    }
    fn add32(self, a: u32, b: u32) -> u32 {
        soft::add(F32, self.r32(), a as u64, b as u64) as u32
    }
    fn mul32(self, a: u32, b: u32) -> u32 {
        soft::mul(F32, self.r32(), a as u64, b as u64) as u32
    }
    fn fma32(self, a: u32, b: u32, c: u32) -> u32 {
        soft::fma(F32, self.r32(), a as u64, b as u64, c as u64, 0) as u32
    }
    fn add16(self, a: u32, b: u32) -> u32 {
        soft::add(F16, self.r16(), a as u64 & 0xffff, b as u64 & 0xffff) as u32
    }
    fn mul16(self, a: u32, b: u32) -> u32 {
        soft::mul(F16, self.r16(), a as u64 & 0xffff, b as u64 & 0xffff) as u32
    }
    fn fma16(self, a: u32, b: u32, c: u32) -> u32 {
        soft::fma(F16, self.r16(), a as u64 & 0xffff, b as u64 & 0xffff, c as u64 & 0xffff, 0) as u32
    }
    fn add64(self, a: u64, b: u64) -> u64 {
        soft::add(F64, self.r64(), a, b)
    }
    fn mul64(self, a: u64, b: u64) -> u64 {
        soft::mul(F64, self.r64(), a, b)
    }
    fn fma64(self, a: u64, b: u64, c: u64) -> u64 {
        soft::fma(F64, self.r64(), a, b, c, 0)
    }
    fn ldexp32(self, a: u32, n: i32) -> u32 {
        soft::ldexp(F32, self.r32(), a as u64, n) as u32
    }
    fn ldexp16(self, a: u32, n: i32) -> u32 {
        soft::ldexp(F16, self.r16(), a as u64 & 0xffff, n) as u32
    }
    fn half(self, a: u32) -> u32 {
        soft::convert(F32, F16, self.r16(), a as u64) as u32
    }
    fn single(self, a: u64) -> u32 {
        soft::convert(F64, F32, self.r32(), a) as u32
    }
    fn i32_to_f32(self, a: i32) -> u32 {
        soft::int(F32, self.r32(), a as i64) as u32
    }
    fn u32_to_f32(self, a: u32) -> u32 {
        soft::int(F32, self.r32(), a as i64) as u32
    }
    fn int_to_f16(self, a: i32) -> u32 {
        soft::int(F16, self.r16(), a as i64) as u32
    }
}

/// f32 to f16 toward zero whatever MODE says, as `v_cvt_pk_rtz_f16_f32` rounds.
#[inline(always)]
pub(crate) fn half_rtz(a: u32) -> u32 {
    let mag = a & 0x7fff_ffff;
    // Below the normal halves: multiples of 2^-24, of which the nearest may be the one
    // above. The product is exact.
    const MAGIC: f32 = 8_388_608.0;
    let y = f(mag.min(0x3880_0000)) * 16_777_216.0;
    let t = y + MAGIC;
    let small = t.to_bits().wrapping_sub(MAGIC.to_bits() + (t - MAGIC > y) as u32);
    let r = mag.wrapping_sub(112 << 23) >> 13;
    let r = if mag < 0x3880_0000 { small } else { r };
    let r = if mag >= 0x4780_0000 { 0x7bff } else { r };
    let r = if mag == 0x7f80_0000 { 0x7c00 } else { r };
    let r = if mag > 0x7f80_0000 { 0x7e00 | (mag >> 13 & 0x3ff) } else { r };
    a >> 16 & 0x8000 | r
}

/// x * 2^n in f32, nearest even; `n` between -126 and 127.
#[inline(always)]
pub(crate) fn scale32(x: u32, n: i32) -> u32 {
    let r = (f(x) * f(((127 + n) as u32) << 23)).to_bits();
    if f(x).is_nan() { x | 0x40_0000 } else { r }
}

/// x * 2^n in f64, nearest even; `n` between -1022 and 1023.
#[inline(always)]
pub(crate) fn scale64(x: u64, n: i32) -> u64 {
    let r = (d(x) * d(((1023 + n) as u64) << 52)).to_bits();
    if d(x).is_nan() { x | 1 << 51 } else { r }
}

/// [`frexp`] of an f32: the digits of the mantissa below its first one, and the exponent.
#[inline(always)]
pub(crate) fn frexp32(x: u32) -> (u32, i32) {
    let mag = x & 0x7fff_ffff;
    let tiny = mag < 0x0080_0000;
    let y = if tiny { (f(mag) * f((127 + 32) << 23)).to_bits() } else { mag };
    let e = (y >> 23) as i32 - if tiny { 126 + 32 } else { 126 };
    let special = mag == 0 || mag >= 0x7f80_0000;
    (y & 0x7f_ffff, if special { 0 } else { e })
}

/// Mantissa in [0.5, 1) and exponent; what is not finite or zero comes back with exponent 0.
#[inline(always)]
pub(crate) fn frexp(x: f64) -> (f64, i32) {
    let tiny = x.abs() < f64::MIN_POSITIVE;
    let y = if tiny { x * f64::from_bits((1023 + 64) << 52) } else { x };
    let b = y.to_bits();
    let e = (b >> 52 & 0x7ff) as i32 - 1022 - if tiny { 64 } else { 0 };
    let special = x == 0.0 || !x.is_finite();
    let m = f64::from_bits(b & !(0x7ff << 52) | 1022 << 52);
    (if special { x } else { m }, if special { 0 } else { e })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bit patterns of a width with many zeros, denormals, infinities, NaN and near-cancellations among them.
    struct Bits(u64);

    impl Bits {
        fn next(&mut self, width: u32) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let x = (self.0 >> 11).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.0 >> 29;
            let (mask, man) = match width {
                16 => (0xffff, 10),
                32 => (0xffff_ffff, 23),
                _ => (!0, 52),
            };
            let exponents = (mask >> 1) & !((1u64 << man) - 1);
            match self.0 >> 58 {
                0 => x & mask & !exponents,
                1 => (x | exponents) & mask,
                2 => x & mask & !((1 << man) - 1),
                3 | 4 => x & mask & !((1 << (man - 4)) - 1),
                // Exponents near one another.
                5..=20 => (x & mask & !exponents) + ((1 << (width - 3)) & exponents) + (x >> 13 & 3 << man),
                _ => x & mask,
            }
        }
    }

    #[test]
    fn the_hosts_units_and_exact_arithmetic_agree_where_both_round_to_nearest() {
        for mode in [0xf0, 0x3f0, 0x80_03f0] {
            let (n, e) = (Near(mode, 0), Exact(mode, 0));
            let mut bits = Bits(mode as u64);
            for _ in 0..400_000 {
                let [a, b, c] = [0; 3].map(|_| bits.next(32) as u32);
                let say = |what| format!("{what} {a:08x} {b:08x} {c:08x}");
                assert_eq!(n.add32(a, b), e.add32(a, b), "{}", say("add32"));
                assert_eq!(n.sub32(a, b), e.sub32(a, b), "{}", say("sub32"));
                assert_eq!(n.mul32(a, b), e.mul32(a, b), "{}", say("mul32"));
                assert_eq!(n.fma32(a, b, c), e.fma32(a, b, c), "{}", say("fma32"));
                assert_eq!(n.half(a), e.half(a), "{}", say("half"));
                assert_eq!(n.fract32(a), e.fract32(a), "{}", say("fract32"));
                let k = c as i32 % 300;
                assert_eq!(n.ldexp32(a, k), e.ldexp32(a, k), "{} by {k}", say("ldexp32"));
                assert_eq!(n.i32_to_f32(a as i32), e.i32_to_f32(a as i32), "{}", say("i32_to_f32"));
                assert_eq!(n.u32_to_f32(a), e.u32_to_f32(a), "{}", say("u32_to_f32"));
                assert_eq!(n.dot2_f32_f16(a, b, c), e.dot2_f32_f16(a, b, c), "{}", say("dot2_f32_f16"));
                let [a, b, c] = [0; 3].map(|_| bits.next(16) as u32);
                let say = |what| format!("{what} {a:04x} {b:04x} {c:04x}");
                assert_eq!(n.add16(a, b), e.add16(a, b), "{}", say("add16"));
                assert_eq!(n.mul16(a, b), e.mul16(a, b), "{}", say("mul16"));
                assert_eq!(n.fma16(a, b, c), e.fma16(a, b, c), "{}", say("fma16"));
                assert_eq!(n.fract16(a), e.fract16(a), "{}", say("fract16"));
                assert_eq!(n.ldexp16(a, k % 60), e.ldexp16(a, k % 60), "{} by {k}", say("ldexp16"));
                assert_eq!(n.int_to_f16(a as i32), e.int_to_f16(a as i32), "{}", say("int_to_f16"));
                let [a, b, c] = [0; 3].map(|_| bits.next(64));
                let say = |what| format!("{what} {a:016x} {b:016x} {c:016x}");
                assert_eq!(n.add64(a, b), e.add64(a, b), "{}", say("add64"));
                assert_eq!(n.mul64(a, b), e.mul64(a, b), "{}", say("mul64"));
                assert_eq!(n.fma64(a, b, c), e.fma64(a, b, c), "{}", say("fma64"));
                assert_eq!(n.single(a), e.single(a), "{}", say("single"));
            }
        }
    }

    #[test]
    fn conversions_and_scalings_agree_with_exact_arithmetic() {
        let near = Rounding { mode: 0, saturate: false };
        let mut bits = Bits(11);
        for n in 0..2_000_000u64 {
            // Every exponent, and random digits.
            let x =
                if n % 2 == 0 { bits.next(32) as u32 } else { ((n >> 1) as u32) << 20 ^ bits.next(32) as u32 >> 12 };
            let want = soft::convert(F32, F16, Rounding { mode: 3, saturate: false }, x as u64) as u32;
            assert_eq!(half_rtz(x), want, "half_rtz {x:08x}");
            for n in [64, -64] {
                assert_eq!(scale32(x, n), soft::ldexp(F32, near, x as u64, n) as u32, "{x:08x} by {n}");
            }
            let (m, e) = frexp(f(x) as f64);
            assert_eq!(frexp32(x).1, e, "frexp {x:08x}");
            if f(x).is_finite() && x << 1 != 0 {
                assert_eq!(frexp32(x).0, (m as f32).to_bits() & 0x7f_ffff, "frexp {x:08x}");
            }
            let x = bits.next(64);
            for n in [128, -128, 1023, -1022] {
                assert_eq!(scale64(x, n), soft::ldexp(F64, near, x, n), "{x:016x} by {n}");
            }
        }
    }

    #[test]
    fn directed_results_enclose_the_exact_one() {
        // In double precision the product of two singles is exact.
        let mut bits = Bits(7);
        for _ in 0..200_000 {
            let (a, b) = (bits.next(32) as u32, bits.next(32) as u32);
            let exact = f(a) as f64 * f(b) as f64;
            if !exact.is_finite() {
                continue;
            }
            let [up, down, zero] = [1, 2, 3].map(|m| f(Exact(m, 0).mul32(a, b)));
            assert!(up as f64 >= exact && down as f64 <= exact, "{a:08x} * {b:08x}: {up:e} {down:e}");
            assert!(up == down || f(down.to_bits()).next_up() == up, "{a:08x} * {b:08x}: {up:e} {down:e}");
            assert_eq!(zero.to_bits(), if exact.is_sign_negative() { up } else { down }.to_bits());
        }
    }
}
