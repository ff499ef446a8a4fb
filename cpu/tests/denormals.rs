//! Denormal numbers, wherever they may turn up: in inputs, weights, bias, products and sums, on every algorithm and
//! instruction set.
//!
//! An engine may take denormals for zero, in what it reads and in what it computes: x86 processors take some hundred times
//! as long for them. So a result has to be the one of operands, products and sums of which each is off by less than
//! [`f32::MIN_POSITIVE`], and within the algorithm's bound beside that. Whoever calls the engine keeps theirs.

use std::hint::black_box;
use std::num::NonZeroUsize;

use sparkle_cpu::{Algorithm, Conv2d, Conv2dShape, Engine, Gemm, GemmShape, available, reference};

/// The smallest denormal.
const TINY: f32 = f32::from_bits(1);
const MIN: f32 = f32::MIN_POSITIVE;

/// Values in −1..1 from a linear congruential generator.
fn random(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

fn scaled(by: f32) -> impl Fn(f32, usize) -> f32 {
    move |v, _| v * by
}

/// One in `n` becomes a denormal.
fn sprinkled(n: usize) -> impl Fn(f32, usize) -> f32 {
    move |v, i| if i.is_multiple_of(n) { v * MIN } else { v }
}

type Change = Box<dyn Fn(f32, usize) -> f32>;

/// Names, and what becomes of random inputs, weights and bias.
fn cases() -> Vec<(&'static str, [Change; 3])> {
    let same = || Box::new(scaled(1.0)) as Change;
    let by = |factor: f32| Box::new(scaled(factor)) as Change;
    vec![
        ("inputs", [by(MIN), same(), by(0.0)]),
        ("inputs, a bias that is not", [by(MIN), same(), same()]),
        ("the smallest inputs", [by(TINY * 3.0), same(), by(0.0)]),
        ("some inputs", [Box::new(sprinkled(3)), same(), same()]),
        ("the ends of long tails of inputs", [Box::new(|v, i| v * 0.5f32.powi((i % 160) as i32)), same(), same()]),
        ("weights", [same(), by(MIN), by(0.0)]),
        ("some weights", [same(), Box::new(sprinkled(5)), same()]),
        ("weights of large inputs", [by(1e30), by(MIN), by(0.0)]),
        ("inputs of large weights", [by(MIN), by(1e30), by(0.0)]),
        ("inputs and weights", [by(MIN), by(MIN), same()]),
        ("bias", [by(0.0), same(), by(MIN)]),
        ("bias of others", [same(), same(), by(MIN)]),
        ("products", [by(1e-20), by(1e-20), by(0.0)]),
        ("products and bias", [by(1e-20), by(1e-20), by(MIN)]),
        (
            "sums that nearly cancel out",
            [
                Box::new(|v, _| v.signum() * 1e-19),
                Box::new(|v, i| v.signum() * 1e-19 * (1.0 + 1e-6 * (i % 7) as f32)),
                by(0.0),
            ],
        ),
        ("sums at the edge", [Box::new(|_, _| MIN), Box::new(|v, _| v.signum() * 0.5), by(0.0)]),
    ]
}

fn tensor(len: usize, seed: u64, change: &Change) -> Vec<f32> {
    random(len, seed).into_iter().enumerate().map(|(i, v)| change(v, i)).collect()
}

fn largest(values: &[f32]) -> f64 {
    values.iter().fold(0.0, |most: f64, &v| most.max(f64::from(v).abs()))
}

/// Panics where an element is further from what it should be than `bound`, relative to the largest, and `flushed` allow.
#[track_caller]
fn check(got: &[f32], want: &[f64], bound: f64, flushed: f64, what: &str) {
    let most = want.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    for (i, (&got, want)) in got.iter().zip(want).enumerate() {
        let off = (f64::from(got) - want).abs();
        // Written so that NaN fails.
        assert!(off <= bound * most + flushed, "{what}: element {i} is {got:e}, not {want:e}; largest {most:e}");
    }
    // As this thread computes: a denormal is halved and doubled without loss.
    let half = black_box(MIN) * black_box(0.5);
    assert!(half > 0.0 && half * black_box(2.0) == MIN, "{what}: denormals are zero in the caller now");
}

#[test]
fn convolutions_of_denormals_are_within_their_bounds() {
    let shapes = [
        // Images in place, strips, copied patches; few channels, and small maps for the output channels in vectors.
        Conv2dShape::new(1, 40, 9, 11, 24, 1, 1),
        Conv2dShape::new(2, 12, 17, 18, 20, 3, 3).pad(1),
        Conv2dShape::new(1, 3, 23, 21, 16, 7, 7).stride(2).pad(3),
        Conv2dShape::new(1, 24, 7, 7, 40, 3, 3).pad(1),
        Conv2dShape::new(1, 12, 10, 10, 12, 3, 3).pad(2).dilation(2).groups(3),
        // Unrolled kernels, two planes in one vector, and any taps.
        Conv2dShape::new(1, 6, 20, 40, 6, 3, 3).pad(1).groups(6),
        Conv2dShape::new(1, 6, 21, 23, 6, 5, 5).pad(2).stride(2).groups(6),
        Conv2dShape::new(1, 9, 7, 7, 9, 3, 3).pad(1).groups(9),
        Conv2dShape::new(1, 5, 14, 33, 10, 4, 2).pad(1).groups(5),
    ];
    let mut algorithms = Vec::new();
    for (seed, shape) in shapes.into_iter().enumerate() {
        let (len, seed) = (shape.output_len(), 3 * seed as u64);
        for (case, [x, w, bias]) in cases() {
            let x = tensor(shape.input_len(), seed, &x);
            let w = tensor(shape.weight_len(), seed + 1, &w);
            let bias = tensor(shape.k, seed + 2, &bias);
            let want = reference::conv2d_f64(shape, &x, &w, Some(&bias)).unwrap();
            let taps = (shape.c / shape.groups * shape.r * shape.s) as f64;
            // An operand that is off by so much is multiplied by the other one, and each product and sum may be off.
            let flushed = f64::from(MIN) * (taps * (largest(&x) + largest(&w) + 2.0) + 1.0);
            for isa in available() {
                let engine = Engine::new(NonZeroUsize::new(2), Some(isa)).unwrap();
                for algorithm in Algorithm::ALL {
                    let Ok(plan) = Conv2d::with(&engine, shape, algorithm) else { continue };
                    // Winograd multiplies by constants before and after, and adds up.
                    let growth = if algorithm == Algorithm::Winograd4 { 64.0 } else { 1.0 };
                    // The bounds are for the largest of many sums.
                    let bound = if len < 200 { 1e-5 } else { algorithm.error_bound(&shape) };
                    let what = format!("{case}, {isa}, {algorithm}, {shape:?}");
                    let mut y = vec![f32::NAN; len];
                    plan.run(&engine, &x, &w, Some(&bias), &mut y).unwrap();
                    check(&y, &want, bound, growth * flushed, &what);
                    let packed = plan.pack(&engine, &w).unwrap();
                    let mut again = vec![f32::NAN; len];
                    plan.run_packed(&engine, &x, &packed, Some(&bias), &mut again).unwrap();
                    check(&again, &want, bound, growth * flushed, &what);
                    if !algorithms.contains(&algorithm) {
                        algorithms.push(algorithm);
                    }
                }
            }
        }
    }
    assert_eq!(algorithms.len(), Algorithm::ALL.len(), "{algorithms:?}");
}

#[test]
fn products_of_denormals_are_within_their_bounds() {
    let (m, n, k) = (21, 50, 300);
    for (case, [a, b, c]) in cases() {
        let (a, b) = (tensor(m * k, 1, &a), tensor(k * n, 2, &b));
        let was = tensor(m * n, 3, &c);
        for (alpha, beta) in [(1.0f32, 0.0f32), (1.0, 1.0), (0.25, -2.0), (TINY, 1.0), (1.0, TINY)] {
            let (alpha64, beta64) = (f64::from(alpha), f64::from(beta));
            let mut want = vec![0.0; m * n];
            for (i, want) in want.iter_mut().enumerate() {
                let (row, column) = (i / n, i % n);
                let sum: f64 = (0..k).map(|j| f64::from(a[row * k + j]) * f64::from(b[j * n + column])).sum();
                *want = alpha64 * sum + if beta == 0.0 { 0.0 } else { beta64 * f64::from(was[i]) };
            }
            // α is multiplied into A, β into C.
            let sides = largest(&a) * (alpha64.abs() + 1.0) + (largest(&b) + 1.0) * (alpha64.abs() + 1.0) + 2.0;
            let flushed = f64::from(MIN) * (k as f64 * sides + beta64.abs() + largest(&was) + 2.0);
            for isa in available() {
                let engine = Engine::new(NonZeroUsize::new(2), Some(isa)).unwrap();
                for transposed in [false, true] {
                    let shape = GemmShape::new(m, n, k);
                    let (shape, stored) = match transposed {
                        false => (shape, b.clone()),
                        true => (shape.transpose_b(), (0..n * k).map(|i| b[i % k * n + i / k]).collect()),
                    };
                    let mut c = was.clone();
                    let gemm = Gemm::new(&engine, shape).unwrap();
                    gemm.run(&engine, alpha, &a, &stored, beta, &mut c).unwrap();
                    let what = format!("{case}, α {alpha:e}, β {beta:e}, {isa}, B transposed: {transposed}");
                    check(&c, &want, 1e-5, flushed, &what);
                }
            }
        }
    }
}
