//! Floating-point helpers: half precision in software, denormal flushing, NaN rules of min and max.

/// f16 bits to f32; exact.
#[inline(always)]
pub(crate) fn h2f(h: u16) -> f32 {
    let sign = ((h & 0x8000) as u32) << 16;
    let mag = (h & 0x7fff) as u32;
    let bits = if mag >= 0x7c00 {
        0x7f80_0000 | (mag & 0x3ff) << 13
    } else if mag >= 0x400 {
        (mag << 13) + (112 << 23)
    } else {
        // A denormal half is mag * 2^-24, exact in f32.
        (mag as f32 * f32::from_bits(0x3380_0000)).to_bits()
    };
    f32::from_bits(sign | bits)
}

/// f32 to f16, nearest even.
#[inline(always)]
pub(crate) fn f2h(x: f32) -> u16 {
    let b = x.to_bits();
    let sign = (b >> 16 & 0x8000) as u16;
    let mag = b & 0x7fff_ffff;
    if mag > 0x7f80_0000 {
        return sign | 0x7e00 | (mag >> 13 & 0x3ff) as u16;
    }
    if mag >= 0x4780_0000 {
        return sign | 0x7c00;
    }
    if mag < 0x3880_0000 {
        // Below the normal halves: adding 0.5 rounds at 2^-24, nearest even.
        let d = f32::from_bits(mag) + 0.5;
        return sign | (d.to_bits() - 0x3f00_0000) as u16;
    }
    let r = mag - (112 << 23);
    sign | ((r + 0xfff + (r >> 13 & 1)) >> 13) as u16
}

/// f32 to f16 toward zero.
pub(crate) fn f2h_rtz(x: f32) -> u16 {
    let h = f2h(x);
    if x.is_nan() || x.is_infinite() {
        return h;
    }
    if h2f(h).abs() > x.abs() { h - 1 } else { h }
}

/// f64 to f16, nearest even, one rounding.
pub(crate) fn d2h(x: f64) -> u16 {
    // Rounding to odd on the way keeps the sticky bit: f32 has 13 bits more than f16 needs.
    let f = x as f32;
    if f as f64 == x || !f.is_finite() {
        return f2h(f);
    }
    let b = f.to_bits();
    let toward = if (f as f64).abs() > x.abs() { b - 1 } else { b };
    f2h(f32::from_bits(toward | 1))
}

/// x + y rounded to odd: a second rounding to a narrower format then sees every lost bit.
pub(crate) fn add_odd(x: f64, y: f64) -> f64 {
    let s = x + y;
    if !s.is_finite() {
        return s;
    }
    let t = s - x;
    let err = (x - (s - t)) + (y - t);
    if err == 0.0 || s.to_bits() & 1 == 1 {
        return s;
    }
    let up = (err > 0.0) == (s > 0.0);
    f64::from_bits(if up { s.to_bits() + 1 } else { s.to_bits() - 1 })
}

/// a * b + c in f16 with one rounding; the product is exact in f64.
pub(crate) fn fma16(a: u16, b: u16, c: u16) -> u16 {
    d2h(add_odd(h2f(a) as f64 * h2f(b) as f64, h2f(c) as f64))
}

/// (a * b + c) * 2^n in f32 with one rounding.
pub(crate) fn fma32_scaled(a: f32, b: f32, c: f32, n: i32) -> f32 {
    (add_odd(a as f64 * b as f64, c as f64) * 2f64.powi(n)) as f32
}

/// bf16 bits to f32; exact.
pub(crate) fn bf2f(h: u16) -> f32 {
    f32::from_bits((h as u32) << 16)
}

/// f32 to bf16, nearest even.
pub(crate) fn f2bf(x: f32) -> u16 {
    let b = x.to_bits();
    if x.is_nan() { (b >> 16) as u16 | 0x40 } else { ((b + 0x7fff + (b >> 16 & 1)) >> 16) as u16 }
}

/// f32 denormals to zero of the same sign.
#[inline(always)]
pub(crate) fn flush32(x: u32) -> u32 {
    if x & 0x7f80_0000 == 0 { x & 0x8000_0000 } else { x }
}

/// f16 denormals to zero of the same sign.
pub(crate) fn flush16(x: u32) -> u32 {
    if x & 0x7c00 == 0 { x & !0x3ff } else { x }
}

/// f64 denormals to zero of the same sign.
pub(crate) fn flush64(x: u64) -> u64 {
    if x & 0x7ff0_0000_0000_0000 == 0 { x & 1 << 63 } else { x }
}

/// IEEE minNum with -0 below +0.
#[inline(always)]
pub(crate) fn min32(a: u32, b: u32) -> u32 {
    let (x, y) = (f32::from_bits(a), f32::from_bits(b));
    let eq = if x == y { a | b } else { b };
    let r = if x < y { a } else { eq };
    let r = if x.is_nan() { b } else { r };
    let r = if y.is_nan() { a } else { r };
    if x.is_nan() && y.is_nan() { a | 0x40_0000 } else { r }
}

/// IEEE maxNum with +0 above -0.
#[inline(always)]
pub(crate) fn max32(a: u32, b: u32) -> u32 {
    let (x, y) = (f32::from_bits(a), f32::from_bits(b));
    let eq = if x == y { a & b } else { b };
    let r = if x > y { a } else { eq };
    let r = if x.is_nan() { b } else { r };
    let r = if y.is_nan() { a } else { r };
    if x.is_nan() && y.is_nan() { a | 0x40_0000 } else { r }
}

/// [`min32`] for f64.
pub(crate) fn min64(a: u64, b: u64) -> u64 {
    let (x, y) = (f64::from_bits(a), f64::from_bits(b));
    if x.is_nan() {
        b
    } else if y.is_nan() || x < y {
        a
    } else if x == y {
        a | b
    } else {
        b
    }
}

/// [`max32`] for f64.
pub(crate) fn max64(a: u64, b: u64) -> u64 {
    let (x, y) = (f64::from_bits(a), f64::from_bits(b));
    if x.is_nan() {
        b
    } else if y.is_nan() || x > y {
        a
    } else if x == y {
        a & b
    } else {
        b
    }
}

/// [`min32`] for f16.
pub(crate) fn min16(a: u16, b: u16) -> u16 {
    f2h(f32::from_bits(min32(h2f(a).to_bits(), h2f(b).to_bits())))
}

/// [`max32`] for f16.
pub(crate) fn max16(a: u16, b: u16) -> u16 {
    f2h(f32::from_bits(max32(h2f(a).to_bits(), h2f(b).to_bits())))
}
