//! What is done to an output before it is stored.

use std::fmt;
use std::str::FromStr;

use super::CpuError;
use super::simd::Simd;

/// What a convolution applies to each output, after the bias and before the store: `y = min(max(sum, low), high)`.
///
/// NaN stays NaN, as PyTorch's relu and clamp have it. A zero that equals a bound keeps its sign: ReLU of −0.0 is −0.0, again
/// as in PyTorch. Infinities are clamped as any number.
///
/// It makes no error of its own: outputs are as far from the exact ones as the sums are, or nearer.
///
/// ```
/// use sparkle_cpu::{Activation, CpuError};
///
/// assert_eq!(Activation::RELU.apply(-2.0), 0.0);
/// assert_eq!(Activation::RELU6.apply(7.0), 6.0);
/// assert_eq!(Activation::clamp(-1.0, 0.5)?.apply(-3.0), -1.0);
/// assert!(Activation::RELU.apply(f32::NAN).is_nan());
/// # Ok::<(), CpuError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Activation(Kind);

// Bounds are never NaN, so that each activation equals itself.
impl Eq for Activation {}

/// The bounds that do anything.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) enum Kind {
    #[default]
    Identity,
    AtLeast(f32),
    Between(f32, f32),
}

impl Activation {
    /// None: the sum itself.
    pub const IDENTITY: Self = Self(Kind::Identity);
    /// max(sum, 0).
    pub const RELU: Self = Self(Kind::AtLeast(0.0));
    /// min(max(sum, 0), 6).
    pub const RELU6: Self = Self(Kind::Between(0.0, 6.0));

    /// min(max(sum, low), high). Infinite bounds are none.
    ///
    /// # Errors
    ///
    /// [`CpuError::Clamp`] where a bound is NaN or `low` is above `high`.
    pub fn clamp(low: f32, high: f32) -> Result<Self, CpuError> {
        match (low, high) {
            (f32::NEG_INFINITY, f32::INFINITY) => Ok(Self::IDENTITY),
            (_, f32::INFINITY) if low <= high => Ok(Self(Kind::AtLeast(low))),
            _ if low <= high => Ok(Self(Kind::Between(low, high))),
            _ => Err(CpuError::Clamp { low, high }),
        }
    }

    /// The bounds, which are infinite where there are none.
    pub const fn bounds(self) -> (f32, f32) {
        match self.0 {
            Kind::Identity => (f32::NEG_INFINITY, f32::INFINITY),
            Kind::AtLeast(low) => (low, f32::INFINITY),
            Kind::Between(low, high) => (low, high),
        }
    }

    /// Of one sum.
    #[inline]
    pub fn apply(self, v: f32) -> f32 {
        let (low, high) = self.bounds();
        // Comparisons with NaN are false, so that NaN passes.
        let v = if low > v { low } else { v };
        if high < v { high } else { v }
    }

    /// Of one sum in double precision, as references have them.
    #[inline]
    pub fn apply_f64(self, v: f64) -> f64 {
        let (low, high) = self.bounds();
        let v = if f64::from(low) > v { f64::from(low) } else { v };
        if f64::from(high) < v { f64::from(high) } else { v }
    }

    #[inline]
    pub(super) fn kind(self) -> Kind {
        self.0
    }

    /// Of some vectors.
    #[inline(always)]
    pub(super) fn vectors<T: Simd, const N: usize>(self, k: T, v: [T::V; N]) -> [T::V; N] {
        match self.0 {
            Kind::Identity => v,
            Kind::AtLeast(low) => AtLeast(k.splat(low)).vectors(k, v),
            Kind::Between(low, high) => Between(k.splat(low), k.splat(high)).vectors(k, v),
        }
    }
}

impl fmt::Display for Activation {
    /// `none`, `relu`, `relu6` or `clamp(low, high)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::IDENTITY => f.pad("none"),
            Self::RELU => f.pad("relu"),
            Self::RELU6 => f.pad("relu6"),
            _ => {
                let (low, high) = self.bounds();
                write!(f, "clamp({low}, {high})")
            }
        }
    }
}

impl FromStr for Activation {
    type Err = CpuError;

    /// `none`, `relu` or `relu6`.
    fn from_str(name: &str) -> Result<Self, CpuError> {
        match name {
            "none" => Ok(Self::IDENTITY),
            "relu" => Ok(Self::RELU),
            "relu6" => Ok(Self::RELU6),
            _ => Err(CpuError::UnknownActivation { name: name.to_owned() }),
        }
    }
}

/// A [`Kind`] as a type, for loops that are compiled for each.
pub(super) trait Finish<T: Simd>: Copy {
    /// Of some vectors.
    fn vectors<const N: usize>(self, k: T, v: [T::V; N]) -> [T::V; N];
}

/// [`Kind::Identity`].
#[derive(Clone, Copy)]
pub(super) struct Plain;

/// [`Kind::AtLeast`].
#[derive(Clone, Copy)]
pub(super) struct AtLeast<V>(pub(super) V);

/// [`Kind::Between`].
#[derive(Clone, Copy)]
pub(super) struct Between<V>(pub(super) V, pub(super) V);

impl<T: Simd> Finish<T> for Plain {
    #[inline(always)]
    fn vectors<const N: usize>(self, _: T, v: [T::V; N]) -> [T::V; N] {
        v
    }
}

impl<T: Simd> Finish<T> for AtLeast<T::V> {
    #[inline(always)]
    fn vectors<const N: usize>(self, k: T, mut v: [T::V; N]) -> [T::V; N] {
        for v in &mut v {
            *v = k.at_least(self.0, *v);
        }
        v
    }
}

impl<T: Simd> Finish<T> for Between<T::V> {
    #[inline(always)]
    fn vectors<const N: usize>(self, k: T, mut v: [T::V; N]) -> [T::V; N] {
        for v in &mut v {
            *v = k.at_most(self.1, k.at_least(self.0, *v));
        }
        v
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::dispatch::with_kernel;
    use super::super::simd::MAX_LANES;
    use super::super::tests::{engine, random, shapes};
    use super::super::{Algorithm, Conv2d, Conv2dShape, available, compare, reference};
    use super::*;

    /// What PyTorch 2 makes of these on the CPU, vectors and tails alike: relu, relu6, clamp to ±0.5.
    const TORCH: [(f32, [f32; 3]); 9] = [
        (f32::NAN, [f32::NAN; 3]),
        (-0.0, [-0.0; 3]),
        (0.0, [0.0; 3]),
        (-1.0, [0.0, 0.0, -0.5]),
        (7.0, [7.0, 6.0, 0.5]),
        (f32::INFINITY, [f32::INFINITY, 6.0, 0.5]),
        (f32::NEG_INFINITY, [0.0, 0.0, -0.5]),
        (1e-45, [1e-45; 3]),
        (-1e-45, [0.0, 0.0, -1e-45]),
    ];

    fn bits(y: &[f32]) -> Vec<u32> {
        y.iter().map(|y| if y.is_nan() { u32::MAX } else { y.to_bits() }).collect()
    }

    fn on_vectors<T: Simd>(k: T, activation: Activation, v: &mut [f32; 4 * MAX_LANES]) {
        k.vectorize(
            #[inline(always)]
            || {
                for v in v.chunks_exact_mut(T::LANES) {
                    // SAFETY: the chunk has a vector's floats.
                    #[allow(unsafe_code)]
                    unsafe {
                        let [done] = activation.vectors(k, [k.load(v.as_ptr())]);
                        k.store(v.as_mut_ptr(), done);
                    }
                }
            },
        );
    }

    #[test]
    fn special_values_become_what_pytorch_makes_of_them() {
        let activations = [Activation::RELU, Activation::RELU6, Activation::clamp(-0.5, 0.5).unwrap()];
        for (i, activation) in activations.into_iter().enumerate() {
            for (v, want) in TORCH {
                assert_eq!(bits(&[activation.apply(v)]), bits(&[want[i]]), "{activation} of {v}");
                assert_eq!(bits(&[activation.apply_f64(v.into()) as f32]), bits(&[want[i]]), "{activation} of {v}");
            }
            for isa in available() {
                let mut v = std::array::from_fn(|lane| TORCH[lane % TORCH.len()].0);
                let want: Vec<_> = (0..v.len()).map(|lane| TORCH[lane % TORCH.len()].1[i]).collect();
                with_kernel!(isa, |k, _NR| on_vectors(k, activation, &mut v)).unwrap();
                assert_eq!(bits(&v), bits(&want), "{activation} on {isa}");
            }
        }
        assert!(TORCH.iter().all(|(v, _)| bits(&[Activation::IDENTITY.apply(*v)]) == bits(&[*v])));
    }

    #[test]
    fn bounds_are_numbers_in_order() {
        for (low, high) in
            [(1.0, 0.5), (f32::NAN, 1.0), (0.0, f32::NAN), (f32::INFINITY, 0.0), (f32::NAN, f32::INFINITY)]
        {
            let error = Activation::clamp(low, high).unwrap_err();
            assert_eq!(error.code(), "cpu-clamp", "[{low}, {high}]");
            assert!(error.to_string().contains(&format!("[{low}, {high}]")) && !error.hint().is_empty(), "{error}");
        }
        let clamp = |low, high| Activation::clamp(low, high).unwrap();
        assert_eq!(clamp(f32::NEG_INFINITY, f32::INFINITY), Activation::IDENTITY);
        assert_eq!(clamp(0.0, f32::INFINITY), Activation::RELU);
        assert_eq!(clamp(0.0, 6.0), Activation::RELU6);
        assert_eq!((clamp(2.0, 2.0).apply(9.0), clamp(2.0, 2.0).apply(-9.0)), (2.0, 2.0));
        assert_eq!(clamp(f32::NEG_INFINITY, 6.0).apply(f32::NEG_INFINITY), f32::NEG_INFINITY);
        assert_eq!(clamp(f32::INFINITY, f32::INFINITY).apply(1.0), f32::INFINITY);
        let names =
            [Activation::IDENTITY, Activation::RELU, Activation::RELU6, clamp(-1.0, 0.5)].map(|a| a.to_string());
        assert_eq!(names, ["none", "relu", "relu6", "clamp(-1, 0.5)"]);
        assert!(names[..3].iter().all(|name| name.parse::<Activation>().unwrap().to_string() == *name));
        assert_eq!("gelu".parse::<Activation>().unwrap_err().code(), "cpu-unknown-activation");
    }

    /// Each algorithm's activated result is its own result activated, bit for bit, and within the bound of the reference's sums.
    fn agrees(shape: Conv2dShape, x: &[f32], w: &[f32], bias: Option<&[f32]>, activation: Activation, threads: usize) {
        let sums = reference::conv2d_f64(shape, x, w, bias).unwrap();
        let largest = sums.iter().filter(|v| v.is_finite()).fold(0.0, |most: f64, v| most.max(v.abs()));
        let finite = sums.iter().all(|v| v.is_finite());
        let want: Vec<_> = sums.iter().map(|&v| activation.apply_f64(v)).collect();
        for isa in available() {
            let engine = engine(threads, isa);
            for algorithm in Algorithm::ALL {
                let Ok(plan) = Conv2d::with(&engine, shape, algorithm) else { continue };
                let run = |plan: &Conv2d| {
                    let mut y = vec![f32::NAN; shape.output_len()];
                    plan.run(&engine, x, w, bias, &mut y).unwrap();
                    y
                };
                let plain = run(&plan);
                let got = run(&plan.clone().activation(activation));
                let own: Vec<_> = plain.iter().map(|&v| activation.apply(v)).collect();
                assert!(bits(&got) == bits(&own), "{isa}, {algorithm}, {activation}: another result on {shape:?}");
                if finite || algorithm.is_exact() {
                    let agreement = compare(&got, &want);
                    let bound = algorithm.error_bound(&shape).max(1e-5) * largest;
                    assert!(
                        agreement.mismatches == 0 && agreement.max_abs_error <= bound,
                        "{isa}, {algorithm}, {activation}: {agreement:?}, bound {bound:e} on {shape:?}"
                    );
                }
                // One plan's weights are the other's, and the last activation counts.
                let packed = plan.pack(&engine, w).unwrap();
                let again = plan.activation(Activation::RELU6).activation(activation);
                let mut y = vec![f32::NAN; shape.output_len()];
                again.run_packed(&engine, x, &packed, bias, &mut y).unwrap();
                assert!(bits(&y) == bits(&got), "{isa}, {algorithm}: packed weights give another result");
            }
        }
    }

    fn agrees_on(shape: Conv2dShape, seed: u64, activation: Activation) {
        let (x, w) = (random(shape.input_len(), seed), random(shape.weight_len(), seed ^ 1));
        let bias = random(shape.k, seed ^ 2);
        agrees(shape, &x, &w, (seed & 1 == 0).then_some(&bias), activation, 1 + (seed % 3) as usize);
    }

    /// Every loop with a store of its own: strips with and without gaps, images in place, panels, several blocks of the depth,
    /// Winograd's edges, each unrolled depthwise kernel at one, two and half a vector, and the one for all others.
    #[test]
    fn every_store_is_activated() {
        let square = |c: usize, size: usize, k: usize, kernel: usize| {
            Conv2dShape::new(1, c, size, size, k, kernel, kernel).pad(kernel / 2)
        };
        let mut shapes = vec![
            square(40, 28, 20, 3),
            square(300, 9, 33, 3).dilation(2).pad(2),
            square(64, 7, 64, 3),
            square(600, 14, 72, 1),
            square(530, 7, 50, 1),
            square(3, 33, 24, 7).stride(2),
            square(2, 3, 3, 3),
            Conv2dShape::new(2, 12, 20, 20, 24, 3, 3).groups(3),
            Conv2dShape { pad: [9, 3], ..Conv2dShape::new(1, 20, 5, 6, 30, 5, 2) },
        ];
        for (kernel, stride, dilation) in
            [(3, 1, 1), (3, 1, 2), (3, 2, 1), (5, 1, 1), (5, 2, 1), (7, 1, 1), (4, 1, 1), (3, 3, 1)]
        {
            for width in [5, 7, 14, 31, 60] {
                let shape = Conv2dShape { h: 11, ..square(5, width, 5, kernel) };
                shapes.push(shape.stride(stride).dilation(dilation).pad(kernel / 2 * dilation).groups(5));
            }
        }
        let clamp = Activation::clamp(-0.25, 0.75).unwrap();
        for (seed, shape) in shapes.into_iter().enumerate() {
            for (i, activation) in [Activation::RELU, Activation::RELU6, clamp].into_iter().enumerate() {
                agrees_on(shape, (3 * seed + i) as u64, activation);
            }
        }
    }

    fn activations() -> impl Strategy<Value = Activation> {
        prop_oneof![
            Just(Activation::RELU),
            Just(Activation::RELU6),
            (-2.0f32..2.0, 0.0f32..3.0).prop_map(|(low, width)| Activation::clamp(low, low + width).unwrap()),
        ]
    }

    /// Half of them for Winograd.
    fn any_shape() -> impl Strategy<Value = Conv2dShape> {
        let winograd = (1..=2usize, 1..=30usize, 3..=20usize, 3..=40usize, 1..=30usize, 0..=2usize)
            .prop_map(|(n, c, h, w, k, pad)| Conv2dShape::new(n, c, h, w, k, 3, 3).pad(pad));
        prop_oneof![shapes(10_000_000), winograd]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_shape_is_activated(shape in any_shape(), seed: u64, activation in activations()) {
            agrees_on(shape, seed, activation);
        }

        #[test]
        fn nan_and_infinity_pass_as_the_definition_says(
            shape in any_shape(), seed: u64, activation in activations(), at: prop::sample::Index, which in 0..3usize
        ) {
            let (mut x, w) = (random(shape.input_len(), seed), random(shape.weight_len(), seed ^ 1));
            *at.get_mut(&mut x) = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][which];
            agrees(shape, &x, &w, None, activation, 1);
        }
    }
}
