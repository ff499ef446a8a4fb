//! The transcendental unit, in double precision polynomials: the same bits on every host, and within the manual's error
//! of 1 ULP (table of section 7 of the RDNA3 guide) because a double has 29 digits to spare.
//!
//! Everything is written without branches on the operand, so that loops over lanes vectorise. Nothing is fused that the
//! text does not fuse: only the IEEE operations and `f64::sqrt`, which is exact, are used.
use std::f64::consts::{LN_2, LOG2_E, TAU};

/// Default NaN of an invalid operation.
const NAN: f64 = f64::from_bits(0xfff8_0000_0000_0000);

#[inline(always)]
fn poly<const N: usize>(x: f64, c: [f64; N]) -> f64 {
    let mut s = c[N - 1];
    let mut k = N - 1;
    while k > 0 {
        k -= 1;
        s = s * x + c[k];
    }
    s
}

/// Nearest integer, for |x| below 2^51.
#[inline(always)]
fn nearest(x: f64) -> f64 {
    const MAGIC: f64 = 6_755_399_441_055_744.0;
    (x + MAGIC) - MAGIC
}

/// 2^x.
#[inline(always)]
pub(crate) fn exp2(x: f64) -> f64 {
    const C: [f64; 12] = {
        let mut c = [1.0; 12];
        let mut k = 1;
        while k < 12 {
            c[k] = c[k - 1] * LN_2 / k as f64;
            k += 1;
        }
        c
    };
    // Far beyond the range of f32 and f16 on both sides; keeps the integer part small.
    let t = if x > 300.0 { 300.0 } else { x };
    let t = if t < -300.0 { -300.0 } else { t };
    let t = if x.is_nan() { 0.0 } else { t };
    let n = nearest(t);
    let scale = f64::from_bits(((n + 1023.0 + 4_503_599_627_370_496.0).to_bits() & 0xfff) << 52);
    let r = poly(t - n, C) * scale;
    let r = if x == f64::NEG_INFINITY { 0.0 } else { r };
    let r = if x == f64::INFINITY { x } else { r };
    if x.is_nan() { x } else { r }
}

/// log2(x); x is zero or a number no smaller than the smallest f32.
#[inline(always)]
pub(crate) fn log2(x: f64) -> f64 {
    const C: [f64; 9] = {
        let mut c = [0.0; 9];
        let mut k = 0;
        while k < 9 {
            c[k] = 2.0 * LOG2_E / (2 * k + 1) as f64;
            k += 1;
        }
        c
    };
    let b = x.to_bits();
    // Mantissa between sqrt(1/2) and sqrt(2), so that the exponent vanishes around 1.
    let high = (b & 0x000f_ffff_ffff_ffff > 0x0006_a09e_667f_3bcd) as u64;
    let e = (b >> 52 & 0x7ff) + high;
    let m = f64::from_bits(b & 0x000f_ffff_ffff_ffff | (1023 - high) << 52);
    let s = (m - 1.0) / (m + 1.0);
    // An integer below 2^52 in the mantissa of 2^52.
    let e = f64::from_bits(e | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    let r = e + s * poly(s * s, C);
    let r = if x == f64::INFINITY { x } else { r };
    let r = if x == 0.0 { f64::NEG_INFINITY } else { r };
    let r = if x < 0.0 { NAN } else { r };
    if x.is_nan() { x } else { r }
}

/// sin(tau * r) for r between -1/4 and 1/4.
#[inline(always)]
fn quarter(r: f64) -> f64 {
    const C: [f64; 10] = {
        let mut c = [1.0; 10];
        let mut k = 1;
        while k < 10 {
            c[k] = -c[k - 1] / (2 * k * (2 * k + 1)) as f64;
            k += 1;
        }
        c
    };
    let t = r * TAU;
    t * poly(t * t, C)
}

/// Sine of `x` revolutions.
#[inline(always)]
pub(crate) fn sin(x: f64) -> f64 {
    // An f32 as large as this has no fraction.
    let y = if x.abs() < 16_777_216.0 { x } else { 0.0 };
    let r = y - nearest(y);
    // Fold what lies beyond a quarter: sin(pi - t) = sin(t). Exact.
    let half = if r < 0.0 { -0.5 } else { 0.5 };
    let r = if r.abs() > 0.25 { half - r } else { r };
    // The sign of a zero operand stays.
    let v = if x == 0.0 { x } else { quarter(r) };
    let v = if x.is_infinite() { NAN } else { v };
    if x.is_nan() { x } else { v }
}

/// Cosine of `x` revolutions.
#[inline(always)]
pub(crate) fn cos(x: f64) -> f64 {
    // An f32 as large as this has no fraction.
    let y = if x.abs() < 16_777_216.0 { x } else { 0.0 };
    let r = (y - nearest(y)).abs();
    let v = quarter(0.25 - r);
    let v = if x.is_infinite() { NAN } else { v };
    if x.is_nan() { x } else { v }
}

/// 1 / x.
#[inline(always)]
pub(crate) fn rcp(x: f64) -> f64 {
    if x.is_nan() { x } else { 1.0 / x }
}

/// Square root; of a negative number the default NaN.
#[inline(always)]
pub(crate) fn sqrt(x: f64) -> f64 {
    let r = x.sqrt();
    let r = if x < 0.0 { NAN } else { r };
    if x.is_nan() { x } else { r }
}

/// 1 / sqrt(x).
#[inline(always)]
pub(crate) fn rsq(x: f64) -> f64 {
    let r = 1.0 / x.sqrt();
    let r = if x < 0.0 { NAN } else { r };
    if x.is_nan() { x } else { r }
}

/// Digits of 2/pi after the point, highest first: what `v_trig_preop_f64` looks up.
pub(crate) const TWO_OVER_PI: [u64; 19] = [
    0xa2f9_836e_4e44_1529,
    0xfc27_57d1_f534_ddc0,
    0xdb62_9599_3c43_9041,
    0xfe51_63ab_debb_c561,
    0xb724_6e3a_424d_d2e0,
    0x0649_2eea_09d1_921c,
    0xfe1d_eb1c_b129_a73e,
    0xe882_35f5_2ebb_4484,
    0xe99c_7026_b45f_7e41,
    0x3991_d639_8353_39f4,
    0x9c84_5f8b_bdf9_283b,
    0x1ff8_97ff_de05_980f,
    0xef2f_118b_5a0a_6d1f,
    0x6d36_7ecf_27cb_09b7,
    0x4f46_3f66_9e5f_ea2d,
    0x7527_bac7_ebe5_f17b,
    0x3d07_39f7_8a52_92ea,
    0x6bfb_5fb1_1f8d_5d08,
    0x5603_3046_fc7b_0000,
];

/// A 53-digit piece of 2/pi, chosen by the exponent of `x` and the number of the piece.
pub(crate) fn preop(x: u64, piece: u32) -> u64 {
    let exponent = (x >> 52 & 0x7ff) as i32;
    let shift = (piece & 31) as i32 * 53 + (exponent - 1077).max(0);
    // Digits `shift` to `shift + 52`; the table has 1201, zeros follow.
    let digit = |k: i32| {
        if k > 1200 { 0 } else { TWO_OVER_PI[k as usize / 64] >> (63 - k % 64) & 1 }
    };
    let bits = (0..53).fold(0u64, |v, k| v << 1 | digit(shift + k));
    let scale = -53 - shift + if exponent >= 1968 { 128 } else { 0 };
    let mut v = bits as f64;
    let mut left = scale;
    // In steps, exact: a piece this small is a denormal at most after the last one.
    while left < -1000 {
        v *= f64::from_bits(23 << 52);
        left += 1000;
    }
    (v * f64::from_bits(((1023 + left) as u64) << 52)).to_bits()
}
