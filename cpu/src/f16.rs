//! Numbers of 16 bits: how tensors may be stored, never how they are summed.
//!
//! | | half to float | float to half |
//! |---|---|---|
//! | AVX-512 | VCVTPH2PS, 16 at a time | VCVTPS2PH |
//! | AVX2, where F16C is there too | VCVTPH2PS, 8 at a time | VCVTPS2PH |
//! | others | integer operations | integer operations |
//!
//! All three give the same bits, of NaN too.
#![allow(unsafe_code)]

use std::fmt;

use super::Isa;
use super::engine::Lane;

/// Numbers that are worth a thread's turn.
const TURN: usize = 1 << 15;

/// IEEE 754's binary16: a sign, 5 bits of exponent, 10 of fraction. 65504 at most, 2⁻¹⁴ at least with full precision, 2⁻²⁴ at
/// least.
///
/// ```
/// use sparkle_cpu::F16;
///
/// assert_eq!(F16::from_f32(1.0).to_bits(), 0x3c00);
/// assert_eq!(F16::from_f32(0.1).to_f32(), 0.099975586);
/// assert_eq!(F16::from_f32(65520.0).to_f32(), f32::INFINITY);
/// ```
#[derive(Clone, Copy, Default, bytemuck::Zeroable, bytemuck::Pod)]
#[repr(transparent)]
pub struct F16(u16);

impl F16 {
    /// The largest part of a number that rounding to 11 significant bits changes: 2⁻¹¹. Results below 2⁻¹⁴ are changed by up to
    /// 2⁻²⁵ instead.
    pub const HALF_ULP: f64 = 1.0 / 2048.0;
    /// What a result below 2⁻¹⁴ is changed by at most: 2⁻²⁵.
    pub const HALF_SUBNORMAL: f64 = 1.0 / 33_554_432.0;

    /// The number that has these bits.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Its bits.
    pub const fn to_bits(self) -> u16 {
        self.0
    }

    /// The nearest number to `v`, of two the one whose last bit is 0: infinity from 65520 on. NaN keeps its sign and the upper
    /// bits of its payload, and becomes quiet.
    #[inline]
    pub const fn from_f32(v: f32) -> Self {
        const INFINITY: u32 = 0x7f80_0000;
        /// 65520 and 2⁻¹⁴.
        const OVERFLOW: u32 = 0x477f_f000;
        const NORMAL: u32 = 0x3880_0000;
        let (sign, magnitude) = ((v.to_bits() >> 16 & 0x8000) as u16, v.to_bits() & 0x7fff_ffff);
        let rounded = if magnitude > INFINITY {
            0x7e00 | (magnitude >> 13 & 0x3ff)
        } else if magnitude >= OVERFLOW {
            0x7c00
        } else if magnitude >= NORMAL {
            // The exponents' biases differ by 112. Just below half of the last place, and one more where that is odd.
            (magnitude - (112 << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13
        } else {
            // A multiple of 2⁻²⁴, the last place of 0.5: the sum is rounded to it as asked.
            (f32::from_bits(magnitude) + 0.5).to_bits() - 0.5f32.to_bits()
        };
        Self(sign | rounded as u16)
    }

    /// The same number; a NaN becomes quiet.
    #[inline]
    pub const fn to_f32(self) -> f32 {
        let (sign, magnitude) = ((self.0 as u32 & 0x8000) << 16, self.0 as u32 & 0x7fff);
        let bits = if magnitude > 0x7c00 {
            0x7fc0_0000 | magnitude << 13
        } else if magnitude == 0x7c00 {
            0x7f80_0000
        } else if magnitude >= 0x400 {
            (magnitude << 13) + (112 << 23)
        } else {
            // A multiple of 2⁻²⁴: exact.
            (magnitude as f32 * (1.0 / 16_777_216.0)).to_bits()
        };
        f32::from_bits(sign | bits)
    }
}

impl From<F16> for f32 {
    fn from(v: F16) -> Self {
        v.to_f32()
    }
}

impl PartialEq for F16 {
    /// As numbers: zeros are equal, NaN equals nothing.
    fn eq(&self, other: &Self) -> bool {
        self.to_f32() == other.to_f32()
    }
}

impl fmt::Debug for F16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_f32(), f)
    }
}

impl fmt::Display for F16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_f32(), f)
    }
}

/// Widens `from`, by all threads where that is worth it.
///
/// Panics where the lengths differ.
pub(super) fn widen(lane: Lane<'_>, isa: Isa, from: &[F16], to: &mut [f32]) {
    assert_eq!(from.len(), to.len());
    let turns = from.chunks(TURN).zip(to.chunks_mut(TURN));
    lane.spread(turns, from.len() / TURN, |(from, to)| widen_run(isa, from, to));
}

/// Rounds `from`, by all threads where that is worth it.
///
/// Panics where the lengths differ.
pub(super) fn narrow(lane: Lane<'_>, isa: Isa, from: &[f32], to: &mut [F16]) {
    assert_eq!(from.len(), to.len());
    let turns = from.chunks(TURN).zip(to.chunks_mut(TURN));
    lane.spread(turns, from.len() / TURN, |(from, to)| narrow_run(isa, from, to));
}

fn widen_run(isa: Isa, from: &[F16], to: &mut [f32]) {
    let done = match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: AVX-512F was found.
        Isa::Avx512 if is_x86_feature_detected!("avx512f") => unsafe { x86::widen_16(from, to) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: AVX and F16C were found.
        Isa::Avx2 if is_x86_feature_detected!("avx") && is_x86_feature_detected!("f16c") => unsafe {
            x86::widen_8(from, to)
        },
        _ => 0,
    };
    from[done..].iter().zip(&mut to[done..]).for_each(|(from, to)| *to = from.to_f32());
}

fn narrow_run(isa: Isa, from: &[f32], to: &mut [F16]) {
    let done = match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: AVX-512F was found.
        Isa::Avx512 if is_x86_feature_detected!("avx512f") => unsafe { x86::narrow_16(from, to) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: AVX and F16C were found.
        Isa::Avx2 if is_x86_feature_detected!("avx") && is_x86_feature_detected!("f16c") => unsafe {
            x86::narrow_8(from, to)
        },
        _ => 0,
    };
    from[done..].iter().zip(&mut to[done..]).for_each(|(from, to)| *to = F16::from_f32(*from));
}

/// Whole vectors; each function says how many numbers those were.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::F16;

    /// To the nearest, whatever the control register says, and without setting flags.
    const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

    #[target_feature(enable = "avx512f")]
    pub(super) fn widen_16(from: &[F16], to: &mut [f32]) -> usize {
        let ((from, _), (to, _)) = (from.as_chunks::<16>(), to.as_chunks_mut::<16>());
        for (from, to) in from.iter().zip(&mut *to) {
            // SAFETY: the arrays have 32 and 64 bytes.
            unsafe { _mm512_storeu_ps(to.as_mut_ptr(), _mm512_cvtph_ps(_mm256_loadu_si256(from.as_ptr().cast()))) };
        }
        16 * from.len().min(to.len())
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn narrow_16(from: &[f32], to: &mut [F16]) -> usize {
        let ((from, _), (to, _)) = (from.as_chunks::<16>(), to.as_chunks_mut::<16>());
        for (from, to) in from.iter().zip(&mut *to) {
            // SAFETY: the arrays have 64 and 32 bytes.
            unsafe {
                let halves = _mm512_cvtps_ph::<NEAREST>(_mm512_loadu_ps(from.as_ptr()));
                _mm256_storeu_si256(to.as_mut_ptr().cast(), halves);
            }
        }
        16 * from.len().min(to.len())
    }

    #[target_feature(enable = "avx,f16c")]
    pub(super) fn widen_8(from: &[F16], to: &mut [f32]) -> usize {
        let ((from, _), (to, _)) = (from.as_chunks::<8>(), to.as_chunks_mut::<8>());
        for (from, to) in from.iter().zip(&mut *to) {
            // SAFETY: the arrays have 16 and 32 bytes.
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), _mm256_cvtph_ps(_mm_loadu_si128(from.as_ptr().cast()))) };
        }
        8 * from.len().min(to.len())
    }

    #[target_feature(enable = "avx,f16c")]
    pub(super) fn narrow_8(from: &[f32], to: &mut [F16]) -> usize {
        let ((from, _), (to, _)) = (from.as_chunks::<8>(), to.as_chunks_mut::<8>());
        for (from, to) in from.iter().zip(&mut *to) {
            // SAFETY: the arrays have 32 and 16 bytes.
            unsafe {
                let halves = _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(_mm256_loadu_ps(from.as_ptr()));
                _mm_storeu_si128(to.as_mut_ptr().cast(), halves);
            }
        }
        8 * from.len().min(to.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{engine, random, shapes};
    use super::super::{Activation, Algorithm, Conv2d, Conv2dShape, Isa, available, compare, reference};
    use super::*;

    /// Of testdata/f16.py.
    fn total(numbers: impl Iterator<Item = u32>) -> u64 {
        numbers.fold(0, |sum: u64, n| sum.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(n.into()))
    }

    fn every_half() -> impl Iterator<Item = F16> {
        (0..=u16::MAX).map(F16::from_bits)
    }

    fn is_nan(v: F16) -> bool {
        v.to_bits() & 0x7fff > 0x7c00
    }

    /// Each half, the number in the middle between it and the next, and the neighbours of both.
    fn around_each_half() -> impl Iterator<Item = f32> {
        every_half().flat_map(|v| {
            let v = if is_nan(v) { F16::from_bits(v.to_bits() & 0x8000 | 0x7e00) } else { v };
            let exact = v.to_f32();
            let middle = match v.to_bits() & 0x7fff {
                0..0x400 => (exact + f32::copysign(F16::HALF_SUBNORMAL as f32, exact)).to_bits(),
                _ => exact.to_bits().wrapping_add(0x1000),
            };
            [exact.to_bits(), middle]
                .into_iter()
                .flat_map(|bits| [bits.wrapping_sub(1), bits, bits.wrapping_add(1)])
                .map(f32::from_bits)
        })
    }

    fn spread() -> impl Iterator<Item = f32> {
        (0..1u64 << 17).map(|i| f32::from_bits((i * 40_503) as u32))
    }

    #[test]
    fn numpy_converts_every_half_and_the_floats_between_them_to_the_same() {
        let widened = every_half().map(|v| match (is_nan(v), v.to_f32().to_bits()) {
            (true, bits) => bits & 0x8000_0000 | 0x7fc0_0000,
            (false, bits) => bits,
        });
        assert_eq!(total(widened), 0xad7f_2adb_8000_0000);
        let narrowed = |v: f32| {
            let half = F16::from_f32(v);
            u32::from(if is_nan(half) { half.to_bits() & 0x8000 | 0x7e00 } else { half.to_bits() })
        };
        assert_eq!(total(around_each_half().map(narrowed)), 0x322b_853b_f1ed_a000);
        assert_eq!(total(spread().map(narrowed)), 0xdabe_3182_a8fb_26bb);
    }

    #[test]
    fn nan_becomes_quiet_and_keeps_its_sign_and_payload() {
        assert_eq!(F16::from_bits(0x7c01).to_f32().to_bits(), 0x7fc0_2000);
        assert_eq!(F16::from_bits(0xfdff).to_f32().to_bits(), 0xffff_e000);
        assert_eq!(F16::from_f32(f32::from_bits(0x7f80_0001)).to_bits(), 0x7e00);
        assert_eq!(F16::from_f32(f32::from_bits(0xffbf_ffff)).to_bits(), 0xffff);
        for v in every_half().filter(|v| is_nan(*v)) {
            assert_eq!(F16::from_f32(v.to_f32()).to_bits(), v.to_bits() | 0x200);
        }
        assert!(F16::from_bits(0x7e00) != F16::from_bits(0x7e00));
        assert!(F16::from_bits(0x8000) == F16::from_bits(0));
    }

    /// Also the processor's own instructions as judges of the integer operations.
    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let halves: Vec<F16> = every_half().collect();
        // Odd lengths: vectors and what is left of them.
        let floats: Vec<f32> = around_each_half().chain(spread()).skip(5).collect();
        let wide: Vec<u32> = halves.iter().map(|v| v.to_f32().to_bits()).collect();
        let narrow_bits: Vec<u16> = floats.iter().map(|v| F16::from_f32(*v).to_bits()).collect();
        for isa in available() {
            for threads in [1, 3] {
                let engine = engine(threads, isa);
                let mut to = vec![0.0; halves.len()];
                widen(engine.lane(), isa, &halves, &mut to);
                assert!(to.iter().map(|v| v.to_bits()).eq(wide.iter().copied()), "{isa}, {threads}");
                let mut to = vec![F16::default(); floats.len()];
                narrow(engine.lane(), isa, &floats, &mut to);
                assert!(to.iter().map(|v| v.to_bits()).eq(narrow_bits.iter().copied()), "{isa}, {threads}");
            }
        }
        let mut few = [0.0; 3];
        widen(engine(1, Isa::Portable).lane(), Isa::Portable, &halves[0x3c00..0x3c03], &mut few);
        assert_eq!(few, [1.0, 1.0 + 1.0 / 1024.0, 1.0 + 2.0 / 1024.0]);
    }

    #[test]
    fn rounding_changes_no_more_than_said() {
        for v in around_each_half().chain(spread()).filter(|v| v.abs() < 65520.0) {
            let error = (f64::from(F16::from_f32(v).to_f32()) - f64::from(v)).abs();
            let bound = (F16::HALF_ULP * f64::from(v.abs())).max(F16::HALF_SUBNORMAL);
            assert!(error <= bound, "{v:e}: {error:e}");
        }
        assert_eq!(F16::from_f32(65519.996).to_f32(), 65504.0);
        assert_eq!(F16::from_f32(-65520.0).to_f32(), f32::NEG_INFINITY);
    }

    fn halves(floats: &[f32]) -> Vec<F16> {
        floats.iter().map(|v| F16::from_f32(*v)).collect()
    }

    fn floats(halves: &[F16]) -> Vec<f32> {
        halves.iter().map(|v| v.to_f32()).collect()
    }

    fn bits(halves: &[F16]) -> Vec<u16> {
        halves.iter().map(|v| if is_nan(*v) { 0x7e00 } else { v.to_bits() }).collect()
    }

    /// The result is the one of widened inputs, rounded once, and within its bound of the definition in double precision.
    fn agrees(shape: Conv2dShape, x: &[F16], w: &[F16], bias: Option<&[f32]>, threads: usize, activation: Activation) {
        let (wide_x, wide_w) = (floats(x), floats(w));
        let sums = reference::conv2d_f64(shape, &wide_x, &wide_w, bias).unwrap();
        let largest = sums.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        let want: Vec<f64> = sums.iter().map(|v| activation.apply_f64(*v)).collect();
        for isa in available() {
            let engine = engine(threads, isa);
            for algorithm in Algorithm::ALL {
                let Ok(plan) = Conv2d::with(&engine, shape, algorithm) else { continue };
                let plan = plan.activation(activation);
                let packed = plan.pack_f16(&engine, w).unwrap();
                let mut y = vec![F16::from_bits(0x7e00); shape.output_len()];
                plan.run_packed_f16(&engine, x, &packed, bias, &mut y).unwrap();
                let mut wide = vec![f32::NAN; shape.output_len()];
                plan.run(&engine, &wide_x, &wide_w, bias, &mut wide).unwrap();
                assert!(bits(&y) == bits(&halves(&wide)), "{isa}, {algorithm}: not the rounded result on {shape:?}");
                if (1e-3..60_000.0).contains(&largest) && y.len() >= 200 {
                    let agreement = compare(&floats(&y), &want).relative_to(largest);
                    let bound = algorithm.f16_error_bound(&shape) + F16::HALF_SUBNORMAL / largest;
                    assert!(agreement.within(bound), "{isa}, {algorithm}: {agreement:?}, bound {bound:e} on {shape:?}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        /// Sums of any size: some overflow, some are subnormal.
        #[test]
        fn results_are_those_of_f32_rounded_once(shape in shapes(5_000_000), seed: u64, exponent in -14..14i32, biased: bool) {
            let scale = 2f32.powi(exponent);
            let x: Vec<f32> = random(shape.input_len(), seed).iter().map(|v| v * scale).collect();
            let w: Vec<f32> = random(shape.weight_len(), seed ^ 1).iter().map(|v| v * scale).collect();
            let bias = random(shape.k, seed ^ 2);
            let activation = if seed & 1 == 0 { Activation::IDENTITY } else { Activation::RELU };
            agrees(shape, &halves(&x), &halves(&w), biased.then_some(&bias), 1 + (seed % 2) as usize, activation);
        }
    }

    #[test]
    fn layers_of_every_algorithm_and_special_values_agree() {
        for (seed, shape) in [
            // Widened by two images, and one by one.
            Conv2dShape::new(6, 32, 60, 60, 40, 3, 3).pad(1),
            Conv2dShape::new(3, 30, 130, 150, 8, 1, 1),
            Conv2dShape::new(2, 40, 28, 28, 48, 3, 3).pad(1),
            Conv2dShape::new(1, 100, 14, 14, 65, 1, 1),
            Conv2dShape::new(1, 128, 7, 7, 64, 3, 3).pad(1),
            Conv2dShape::new(1, 33, 28, 28, 33, 3, 3).pad(1).groups(33),
        ]
        .into_iter()
        .enumerate()
        {
            let seed = seed as u64;
            let (mut x, w) = (halves(&random(shape.input_len(), seed)), halves(&random(shape.weight_len(), seed + 9)));
            agrees(shape, &x, &w, None, 2, Activation::RELU6);
            x[5] = F16::from_bits(0x7c00);
            x[300] = F16::from_bits(0x7e01);
            x[70] = F16::from_bits(0xfbff);
            agrees(shape, &x, &w, None, 1, Activation::IDENTITY);
        }
    }

    #[test]
    fn wrong_lengths_and_other_plans_weights_are_refused() {
        let engine = engine(1, Isa::Portable);
        let shape = Conv2dShape::new(1, 2, 4, 4, 3, 3, 3);
        let plan = Conv2d::new(&engine, shape).unwrap();
        let half = [F16::from_f32(1.0); 54];
        let packed = plan.pack_f16(&engine, &half).unwrap();
        let mut y = [F16::from_f32(7.0); 12];
        assert_eq!(
            plan.pack_f16(&engine, &half[1..]).unwrap_err().to_string(),
            "w has 53 elements, the shape wants 54"
        );
        let error = plan.run_packed_f16(&engine, &half[..31], &packed, None, &mut y).unwrap_err();
        assert_eq!(error.to_string(), "x has 31 elements, the shape wants 32");
        let other = Conv2d::new(&engine, shape.pad(1)).unwrap().pack_f16(&engine, &half).unwrap();
        assert_eq!(plan.run_packed_f16(&engine, &half[..32], &other, None, &mut y).unwrap_err().code(), "cpu-packed");
        assert!(y.iter().all(|v| v.to_f32() == 7.0));
        plan.run_packed_f16(&engine, &half[..32], &packed, Some(&[0.5; 3]), &mut y).unwrap();
        assert!(y.iter().all(|v| v.to_f32() == 18.5));
    }
}
