//! Floating-point instructions: those with one right answer, and those with an error bound.

use std::f32::consts::PI;

use super::{Check, Outcome, groups, passed, skipped, spirv};
use crate::compare::{Random, close, one_of};
use crate::error::Result;
use crate::vk::Scope;

pub const CHECKS: &[Check] = &[
    Check { name: "float32", about: "f32 instructions with one right answer, conversions", run: float32 },
    Check { name: "functions", about: "sqrt, exp, log, sin, pow… within Vulkan's precision table", run: functions },
    Check { name: "float16", about: "16-bit floats and storage (shaderFloat16)", run: float16 },
    Check { name: "float64", about: "64-bit floats (shaderFloat64)", run: float64 },
];

/// The value of a half's bits.
fn from_half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 0 { size } else { -size }
}

/// The half nearest to a value, to even between two. The value's f64 must be exact.
fn to_half(value: f64) -> u16 {
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    let size = value.abs();
    if size.is_nan() {
        return sign | 0x7e00;
    }
    // Halves of one exponent are multiples of this step; those below 2^-14 share the step of 2^-14.
    let exponent = if size == 0.0 { -14 } else { (((size.to_bits() >> 52) as i32) - 1023).max(-14) };
    let steps = (size / 2f64.powi(exponent - 10)).round_ties_even();
    if exponent > 15 || (exponent == 15 && steps >= 2048.0) {
        return sign | 0x7c00;
    }
    // A number of 2048 steps carries into the exponent, as the addition does.
    sign | ((((exponent + 14) as u16) << 10) + steps as u16)
}

/// A result, and its flushed form when it is too small for a normal number, and both signs of a zero.
fn half_choices(value: f64) -> [u16; 2] {
    let half = to_half(value);
    if half & 0x7c00 == 0 { [half, if half & 0x3ff == 0 { half ^ 0x8000 } else { half & 0x8000 }] } else { [half; 2] }
}

fn float16(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.features.float16 || !scope.gpu.features.storage16 {
        return skipped("no shaderFloat16 or no storageBuffer16BitAccess");
    }
    let mut random = Random::new(11);
    // Exponents of -8 to 7: products neither overflow nor vanish.
    let mut half = || (random.word() as u16 & 0x83ff) | ((7 + random.below(16) as u16) << 10);
    let count = 4096usize;
    let (a, b): (Vec<u16>, Vec<u16>) = (0..count).map(|_| (half(), half())).unzip();
    let mut want = Vec::with_capacity(8 * count);
    for (&ha, &hb) in a.iter().zip(&b) {
        let (a, b) = (from_half(ha), from_half(hb));
        want.extend([
            half_choices(a + b),
            half_choices(a - b),
            half_choices(a * b),
            [to_half(a.min(b)); 2],
            [to_half(a.max(b)); 2],
            half_choices(a * 0.5),
            [if a < b { ha } else { hb ^ 0x8000 }; 2],
            half_choices(a.floor()),
        ]);
    }
    let (ba, bb) = (scope.host(&a)?, scope.host(&b)?);
    let kernel = scope.kernel(spirv!("float16"), 3, 4)?;
    let out = scope.filled(0u16, want.len())?;
    let set = scope.bind_buffers(&kernel, &[&ba, &bb, &out])?;
    scope.run(|c| c.call(&kernel, &set, &[count as u32], groups(count, 64)))?;
    one_of("results (8 a pair)", &out.read()?, &want)?;

    let kernel = scope.kernel(spirv!("float16vec"), 3, 4)?;
    let out = scope.filled(0u16, count)?;
    let set = scope.bind_buffers(&kernel, &[&ba, &bb, &out])?;
    scope.run(|c| c.call(&kernel, &set, &[count as u32 / 4], groups(count / 4, 64)))?;
    let mut want = Vec::with_capacity(count);
    for at in (0..count).step_by(4) {
        for (lane, other) in [1usize, 0, 3, 2].into_iter().enumerate() {
            let product = from_half(to_half(from_half(a[at + lane]) * from_half(b[at + 3 - lane])));
            want.push(half_choices(product + from_half(a[at + other])));
        }
    }
    one_of("vectors", &out.read()?, &want)?;
    passed(format!("{count} pairs, 8 results each, and vectors of 4"))
}

/// Numbers of many sizes and both signs, with some special ones in front.
fn spread(random: &mut Random, count: usize) -> Vec<f32> {
    let special = [1.0f32, -1.0, 0.5, 1.5, 2.5, -2.5, 3.5, -0.5, 0.499_999_97, 8_388_607.5, 16_777_215.0, -7.0];
    let number = |at: usize| {
        let size = f32::from_bits(random.word() & 0x7f_ffff | (107 + random.below(44)) << 23);
        special.get(at).copied().unwrap_or(if random.word() & 1 == 0 { size } else { -size })
    };
    (0..count).map(number).collect()
}

fn float32(scope: &Scope<'_>) -> Result<Outcome> {
    let mut random = Random::new(12);
    let count = 4096usize;
    let (a, mut b) = (spread(&mut random, count), spread(&mut random, count));
    b.rotate_left(5);
    // Pairs that cancel nearly or fully.
    for at in (0..count).step_by(9) {
        b[at] = f32::from_bits(a[at].to_bits() ^ (random.word() & 3));
    }
    let mut want = Vec::with_capacity(20 * count);
    let float = |value: f32| {
        let bits = value.to_bits();
        if value == 0.0 { [bits, bits ^ 0x8000_0000] } else { [bits; 2] }
    };
    for (&a, &b) in a.iter().zip(&b) {
        let bits = a.to_bits();
        let (significand, exponent) = (f32::from_bits(bits & 0x807f_ffff | 126 << 23), (bits >> 23 & 255) as i32 - 126);
        want.extend([
            float(a + b),
            float(a - b),
            float(a * b),
            float(a.floor()),
            float(a.ceil()),
            float(a.trunc()),
            float(a.round_ties_even()),
            float(a.abs()),
            float(a.min(b)),
            float(a.max(b)),
            float(a.clamp(-2.0, 2.0)),
            [a as i32 as u32; 2],
            [b.abs() as u32; 2],
            float(bits as i32 as f32),
            float(b.to_bits() as f32),
            float(significand),
            [exponent as u32; 2],
            float(a * 8.0),
            float(from_half((bits >> 16) as u16 & 0x7bff) as f32),
            [u32::from(a < b) | u32::from(a == b) << 1 | u32::from(a >= b) << 2; 2],
        ]);
    }
    let kernel = scope.kernel(spirv!("exact"), 3, 4)?;
    let out = scope.filled(0u32, want.len())?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&a)?, &scope.host(&b)?, &out])?;
    scope.run(|c| c.call(&kernel, &set, &[count as u32], groups(count, 64)))?;
    one_of("results (20 a pair)", &out.read()?, &want)?;
    passed(format!("{count} pairs, 20 results each"))
}

/// One unit in the last place of an f32 of this size.
fn ulp(value: f64) -> f64 {
    let exponent = (((value.abs().to_bits() >> 52) as i32) - 1023).max(-126);
    2f64.powi(exponent - 23)
}

fn functions(scope: &Scope<'_>) -> Result<Outcome> {
    let mut random = Random::new(13);
    let count = 4096usize;
    let a: Vec<f32> = (0..count)
        .map(|at| if at % 3 == 0 { random.range(0.5, 2.0) } else { random.range(-10.0, 10.0).exp2() })
        .collect();
    let b = random.ranges(count, -PI, PI);
    let (mut want, mut bounds) = (Vec::new(), Vec::new());
    for (&a, &b) in a.iter().zip(&b) {
        let (a, b) = (f64::from(a), f64::from(b));
        // From the table "Precision of core SPIR-V instructions / GLSL.std.450" of the Vulkan specification; `sqrt` and
        // `pow` are inherited from 1 / inversesqrt and exp2(y log2 x).
        let log_bound = |value: f64| if (0.5..=2.0).contains(&a) { 2f64.powi(-21) } else { 3.0 * ulp(value) };
        let power = 1.5 * a.log2();
        let power_bound = 1.5 * log_bound(a.log2()) + ulp(power);
        let pow = a.powf(1.5);
        let rows = [
            (a.sqrt(), 5.0 * ulp(a.sqrt())),
            (1.0 / a.sqrt(), 2.0 * ulp(1.0 / a.sqrt())),
            (b / a, 2.5 * ulp(b / a)),
            (1.0 / a, 2.5 * ulp(1.0 / a)),
            (b.exp2(), (3.0 + 2.0 * b.abs()) * ulp(b.exp2())),
            (b.exp(), (3.0 + 2.0 * b.abs()) * ulp(b.exp())),
            (a.log2(), log_bound(a.log2())),
            (a.ln(), log_bound(a.ln())),
            (b.sin(), 2f64.powi(-11)),
            (b.cos(), 2f64.powi(-11)),
            (a * b + 1.0, ulp(a * b) + ulp(a * b + 1.0)),
            (pow, (power_bound.exp2() - 1.0) * pow + (3.0 + 2.0 * power.abs() + 1.0) * ulp(pow)),
        ];
        want.extend(rows.map(|row| row.0));
        bounds.extend(rows.map(|row| row.1));
    }
    let kernel = scope.kernel(spirv!("functions"), 3, 4)?;
    let out = scope.filled(0f32, want.len())?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&a)?, &scope.host(&b)?, &out])?;
    scope.run(|c| c.call(&kernel, &set, &[count as u32], groups(count, 64)))?;
    close("results (12 a pair)", &out.read::<f32>()?, &want, |index| bounds[index])?;
    passed(format!("{count} pairs, 12 results each, within the specification's precision"))
}

fn float64(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.features.float64 {
        return skipped("no shaderFloat64");
    }
    let mut random = Random::new(14);
    let count = 4096usize;
    let mut number = || {
        let bits = random.bits();
        f64::from_bits(bits & 0x800f_ffff_ffff_ffff | u64::from(1000 + random.below(50)) << 52)
    };
    let (a, b): (Vec<f64>, Vec<f64>) = (0..count).map(|_| (number(), number())).unzip();
    let mut want = Vec::with_capacity(8 * count);
    let double = |value: f64| {
        let bits = value.to_bits();
        if value == 0.0 { [bits, bits ^ (1 << 63)] } else { [bits; 2] }
    };
    for (&a, &b) in a.iter().zip(&b) {
        let less = if a < b { 1.0 } else { -1.0 };
        want.extend([a + b, a - b, a * b, a.min(b), a.max(b), a.floor(), b.abs(), less].map(double));
    }
    let kernel = scope.kernel(spirv!("float64"), 3, 4)?;
    let out = scope.filled(0u64, want.len())?;
    let set = scope.bind_buffers(&kernel, &[&scope.host(&a)?, &scope.host(&b)?, &out])?;
    scope.run(|c| c.call(&kernel, &set, &[count as u32], groups(count, 64)))?;
    one_of("results (8 a pair)", &out.read()?, &want)?;
    passed(format!("{count} pairs, 8 results each"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_convert_there_and_back() {
        for bits in 0..=u16::MAX {
            let value = from_half(bits);
            if !value.is_nan() {
                assert_eq!(to_half(value), bits, "{bits:#x} is {value}");
            }
        }
    }

    #[test]
    fn halves_round_to_nearest_even() {
        // 2049 lies between 2048 and 2050, 2051 between 2050 and 2052; 65520 is the first that rounds to infinity.
        let cases = [(2049.0, 0x6800), (2051.0, 0x6802), (65519.0, 0x7bff), (65520.0, 0x7c00), (2f64.powi(-25), 0)];
        for (value, half) in cases {
            assert_eq!(to_half(value), half, "{value}");
            assert_eq!(to_half(-value), half | 0x8000, "-{value}");
        }
        assert_eq!(to_half(2f64.powi(-25) * 1.01), 1);
    }
}
