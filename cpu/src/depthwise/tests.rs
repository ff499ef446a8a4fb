use proptest::prelude::*;

use super::*;
use crate::tests::{engine, random};
use crate::{Algorithm, Conv2d, Isa, available, compare, detect, reference};

fn run(threads: usize, isa: Isa, shape: Conv2dShape, x: &[f32], w: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
    let engine = engine(threads, isa);
    let plan = Conv2d::with(&engine, shape, Algorithm::Depthwise).unwrap();
    assert_eq!(plan.algorithm(), Algorithm::Depthwise);
    let mut y = vec![f32::NAN; shape.output_len()];
    plan.run(&engine, x, w, bias, &mut y).unwrap();
    let packed = plan.pack(&engine, w).unwrap();
    let mut again = vec![f32::NAN; shape.output_len()];
    plan.run_packed(&engine, x, &packed, bias, &mut again).unwrap();
    assert!(bits(&y) == bits(&again), "{isa}, {shape:?}: packed weights give another result");
    y
}

fn bits(y: &[f32]) -> Vec<u32> {
    // A NaN's sign and payload depend on the order of a product's operands, which is the compiler's.
    y.iter().map(|y| if y.is_nan() { u32::MAX } else { y.to_bits() }).collect()
}

/// Within the bound of the definition in double precision, the same on any number of threads, and, but for the portable
/// one, for any instruction set.
fn agrees(shape: Conv2dShape, x: &[f32], w: &[f32], bias: Option<&[f32]>) {
    let want = reference::conv2d_f64(shape, x, w, bias).unwrap();
    let mut fused: Option<Vec<u32>> = None;
    for isa in available() {
        let one = run(1, isa, shape, x, w, bias);
        let (agreement, bound) = (compare(&one, &want), Algorithm::Depthwise.error_bound(&shape));
        assert!(agreement.within(bound), "{isa}, {shape:?}: {agreement:?}, bound {bound:e}");
        if isa != Isa::Portable {
            assert!(fused.get_or_insert_with(|| bits(&one)) == &bits(&one), "{isa} differs on {shape:?}");
        }
        if shape.flops() > TASK_FLOPS as u64 {
            for threads in [2, 3] {
                assert!(bits(&run(threads, isa, shape, x, w, bias)) == bits(&one), "{isa}, {threads} on {shape:?}");
            }
        }
    }
}

fn agrees_on(shape: Conv2dShape, seed: u64) {
    let (x, w) = (random(shape.input_len(), seed), random(shape.weight_len(), seed + 1));
    let bias = random(shape.k, seed + 2);
    agrees(shape, &x, &w, seed.is_multiple_of(2).then_some(&bias));
}

fn square(n: usize, c: usize, size: usize, kernel: usize, stride: usize) -> Conv2dShape {
    Conv2dShape::new(n, c, size, size, c, kernel, kernel).pad(kernel / 2).stride(stride).groups(c)
}

/// Every kernel with code of its own at every width around the vectors' lengths, alone and in pairs.
#[test]
fn every_width_agrees() {
    for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (5, 2), (7, 1), (4, 1), (3, 3), (1, 1)] {
        for width in 1..=36 {
            let shape = Conv2dShape { w: width, h: 5 + width % 7, ..square(1, 3, 9, kernel, stride) };
            agrees_on(shape, width as u64);
            if width >= kernel {
                agrees_on(Conv2dShape { pad: [0, 0], h: kernel + width % 5, ..shape }, width as u64);
            }
        }
    }
}

#[test]
fn layers_agree() {
    let shapes = [
        square(1, 3, 112, 3, 1),
        square(1, 8, 112, 3, 2),
        square(2, 33, 56, 3, 1),
        square(3, 17, 14, 3, 1),
        square(1, 301, 14, 3, 2),
        square(2, 301, 7, 3, 1),
        square(1, 64, 7, 5, 1),
        square(1, 64, 28, 5, 2),
        square(1, 5, 56, 7, 1),
        square(1, 24, 33, 3, 1).pad(12).dilation(12),
        // Bands and tasks within one plane.
        Conv2dShape::new(1, 1, 700, 300, 1, 3, 3).pad(1),
        Conv2dShape::new(2, 1, 700, 300, 1, 5, 5).pad(2).stride(2),
        Conv2dShape::new(1, 1, 500, 200, 2, 6, 9).pad(3),
        // Several output channels of an input channel.
        Conv2dShape::new(2, 7, 7, 7, 21, 3, 3).pad(1).groups(7),
        Conv2dShape::new(2, 5, 20, 33, 10, 3, 3).pad(1).groups(5),
        Conv2dShape::new(1, 1, 30, 30, 64, 3, 3).pad(1),
        // Long rows and columns, padding beyond the kernel, and taps that never meet the input.
        Conv2dShape::new(1, 4, 1, 2000, 4, 1, 9).pad(4).groups(4),
        Conv2dShape::new(1, 4, 2000, 1, 4, 3, 3).pad(1).groups(4),
        Conv2dShape { pad: [9, 7], ..square(2, 3, 5, 3, 1) },
        Conv2dShape { pad: [7, 9], ..square(2, 3, 5, 3, 2) },
        Conv2dShape { pad: [11, 40], ..square(1, 2, 6, 5, 1) },
        Conv2dShape { dilation: [5, 1], pad: [5, 1], ..square(1, 4, 12, 3, 1) },
        Conv2dShape { dilation: [1, 300_000_000], pad: [1, 300_000_000], ..square(1, 2, 3, 3, 1) },
        Conv2dShape { stride: [1, 997], ..Conv2dShape::new(1, 3, 4, 9000, 6, 2, 5).groups(3) },
        Conv2dShape { stride: [2, 1], ..square(1, 3, 20, 3, 1) },
    ];
    for (seed, shape) in shapes.into_iter().enumerate() {
        agrees_on(shape, seed as u64);
    }
}

prop_compose! {
    fn shapes()(
        n in 1..=3usize, c in 1..=9usize, multiplier in 1..=3usize, h in 1..=40usize, w in 1..=70usize,
        kernel in prop_oneof![
            3 => prop_oneof![Just([3, 3]), Just([5, 5]), Just([7, 7])],
            1 => [1..=8usize, 1..=8usize],
        ],
        stride in prop_oneof![3 => (1..=2usize).prop_map(|s| [s, s]), 1 => [1..=4usize, 1..=4usize]],
        pad in [0..=5usize, 0..=5usize],
        dilation in prop_oneof![2 => Just([1, 1]), 1 => [1..=4usize, 1..=4usize]],
    ) -> Conv2dShape {
        let fit = |size: usize, i: usize, input: usize| size.min((input + 2 * pad[i] - 1) / dilation[i] + 1);
        let shape = Conv2dShape::new(n, c, h, w, c * multiplier, fit(kernel[0], 0, h), fit(kernel[1], 1, w)).groups(c);
        Conv2dShape { stride, pad, dilation, ..shape }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape_agrees(shape in shapes(), seed in 0u64..1 << 40) {
        agrees_on(shape, seed);
    }

    /// Also in weights, where they meet the padding.
    #[test]
    fn nan_and_infinity_appear_where_the_definition_has_them(
        shape in shapes(), seed in 0u64..1 << 40, x_at: prop::sample::Index, w_at: prop::sample::Index, which in 0..3
    ) {
        let (mut x, mut w) = (random(shape.input_len(), seed), random(shape.weight_len(), seed + 1));
        let special = if seed.is_multiple_of(2) { f32::INFINITY } else { f32::NAN };
        if which != 1 {
            *x_at.get_mut(&mut x) = special;
        }
        if which != 0 {
            *w_at.get_mut(&mut w) = special;
        }
        agrees(shape, &x, &w, None);
    }
}

#[test]
fn it_is_chosen_for_one_input_channel_a_group_and_refuses_others() {
    let engine = engine(1, detect());
    let shape = square(1, 8, 9, 3, 1);
    assert_eq!(Conv2d::new(&engine, shape).unwrap().algorithm(), Algorithm::Depthwise);
    assert_eq!(Algorithm::Depthwise.name(), "depthwise");
    let error = Conv2d::with(&engine, shape.groups(4), Algorithm::Depthwise).unwrap_err();
    assert!(error.code() == "cpu-algorithm" && error.to_string().contains("one input channel a group"), "{error}");
}
