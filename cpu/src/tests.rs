use std::num::NonZeroUsize;

use proptest::prelude::*;

use super::*;
use crate::Conv2dShape;

/// The tolerance that every engine is held to, relative to max|y|.
const TOLERANCE: f64 = 1e-5;

pub(crate) fn engine(threads: usize, isa: Isa) -> Engine {
    Engine::new(NonZeroUsize::new(threads), Some(isa)).unwrap()
}

/// Values in −1..1 from a linear congruential generator.
pub(crate) fn random(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

fn run(engine: &Engine, shape: Conv2dShape, x: &[f32], w: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
    // The output is written whatever it held before.
    let mut y = vec![f32::NAN; shape.output_len()];
    Conv2d::new(engine, shape).unwrap().run(engine, x, w, bias, &mut y).unwrap();
    y
}

/// The definition, one loop an index, with signed coordinates.
fn definition(shape: &Conv2dShape, x: &[f32], w: &[f32], bias: Option<&[f32]>) -> Vec<f64> {
    let at = |n: usize, c: usize, y: isize, xx: isize| {
        let inside = (0..shape.h as isize).contains(&y) && (0..shape.w as isize).contains(&xx);
        if inside { f64::from(x[((n * shape.c + c) * shape.h + y as usize) * shape.w + xx as usize]) } else { 0.0 }
    };
    let (cg, kg) = (shape.c / shape.groups, shape.k / shape.groups);
    let mut out = Vec::new();
    for n in 0..shape.n {
        for k in 0..shape.k {
            for p in 0..shape.p() {
                for q in 0..shape.q() {
                    let mut sum = bias.map_or(0.0, |b| f64::from(b[k]));
                    for c in 0..cg {
                        for r in 0..shape.r {
                            for s in 0..shape.s {
                                let y = (p * shape.stride[0] + r * shape.dilation[0]) as isize - shape.pad[0] as isize;
                                let xx = (q * shape.stride[1] + s * shape.dilation[1]) as isize - shape.pad[1] as isize;
                                let weight = w[((k * cg + c) * shape.r + r) * shape.s + s];
                                sum += at(n, k / kg * cg + c, y, xx) * f64::from(weight);
                            }
                        }
                    }
                    out.push(sum);
                }
            }
        }
    }
    out
}

/// A correlation of a 3×3 image with a 2×2 kernel, by hand: the kernel is not flipped.
#[test]
fn a_tiny_correlation_by_hand() {
    let x = [1., 2., 3., 4., 5., 6., 7., 8., 9.];
    let w = [1., 10., 100., 1000.];
    let valid = Conv2dShape::new(1, 1, 3, 3, 1, 2, 2);
    // Top left: 1·1 + 10·2 + 100·4 + 1000·5.
    let plain = [5421., 6532., 8754., 9865.];
    let padded = Conv2dShape { pad: [1, 0], ..valid };
    let with_padding = [2100., 3200., 5421., 6532., 8754., 9865., 87., 98.];
    let strided = valid.pad(1).stride(2);
    // Rows and columns −1 and 1, of a 5×5 padded image.
    let every_second = [1000., 3200., 7040., 9865.];
    let dilated = valid.dilation(2);
    // The corners: 1·1 + 10·3 + 100·7 + 1000·9.
    let corners = [9731.];
    for isa in available() {
        let engine = engine(1, isa);
        assert_eq!(run(&engine, valid, &x, &w, None), plain, "{isa}");
        assert_eq!(run(&engine, padded, &x, &w, None), with_padding, "{isa}");
        assert_eq!(run(&engine, strided, &x, &w, Some(&[0.0])), every_second, "{isa}");
        assert_eq!(run(&engine, dilated, &x, &w, Some(&[0.5])), [corners[0] + 0.5], "{isa}");
    }
    assert_eq!(reference::conv2d_f64(valid, &x, &w, None).unwrap(), plain.map(f64::from));
    assert_eq!(reference::conv2d_f64(padded, &x, &w, None).unwrap(), with_padding.map(f64::from));
    assert_eq!(reference::conv2d_f64(strided, &x, &w, None).unwrap(), every_second.map(f64::from));
    assert_eq!(reference::conv2d_f64(dilated, &x, &w, Some(&[0.5])).unwrap(), [9731.5]);
}

/// Two groups of two channels, by hand: group 1 reads channels 2 and 3 only.
#[test]
fn groups_read_their_own_channels() {
    let shape = Conv2dShape::new(2, 4, 1, 1, 4, 1, 1).groups(2);
    let x = [1., 2., 3., 4., 5., 6., 7., 8.];
    let w = [1., 10., 2., 20., 3., 30., 4., 40.];
    let bias = [0., 100., 200., 300.];
    let want = [21., 142., 329., 472., 65., 230., 461., 648.];
    for isa in available() {
        assert_eq!(run(&engine(1, isa), shape, &x, &w, Some(&bias)), want, "{isa}");
    }
    let mut y = [0.0; 8];
    reference::conv2d(shape, &x, &w, Some(&bias), &mut y).unwrap();
    assert_eq!(y, want);
}

/// scipy's results, see testdata/conv2d.py.
#[test]
fn scipy_agrees() {
    let mut bytes = include_bytes!("testdata/conv2d.bin").as_slice();
    fn take<const N: usize>(bytes: &mut &[u8], len: usize) -> Vec<[u8; N]> {
        let (head, tail) = bytes.split_at(len * N);
        *bytes = tail;
        head.as_chunks().0.to_vec()
    }
    let floats = |bytes: &mut &[u8], len| take(bytes, len).into_iter().map(f32::from_le_bytes).collect::<Vec<_>>();
    let mut cases = 0;
    while !bytes.is_empty() {
        let header: Vec<_> = take(&mut bytes, 15).into_iter().map(|b| u32::from_le_bytes(b) as usize).collect();
        let [n, c, h, w, k, r, s, sh, sw, ph, pw, dh, dw, groups, has_bias] = header[..] else { unreachable!() };
        let dense = Conv2dShape::new(n, c, h, w, k, r, s).groups(groups);
        let shape = Conv2dShape { stride: [sh, sw], pad: [ph, pw], dilation: [dh, dw], ..dense };
        let x = floats(&mut bytes, shape.input_len());
        let w = floats(&mut bytes, shape.weight_len());
        let bias = (has_bias == 1).then(|| floats(&mut bytes, k));
        let want: Vec<_> = take(&mut bytes, shape.output_len()).into_iter().map(f64::from_le_bytes).collect();

        let sums = reference::conv2d_f64(shape, &x, &w, bias.as_deref()).unwrap();
        let error = sums.iter().zip(&want).fold(0.0, |e: f64, (a, b)| e.max((a - b).abs()));
        assert!(error < 1e-12, "reference {error:e} on {shape:?}");
        for isa in available() {
            let got = compare(&run(&engine(1, isa), shape, &x, &w, bias.as_deref()), &want);
            assert!(got.within(TOLERANCE), "{isa} {got:?} on {shape:?}");
        }
        cases += 1;
    }
    assert_eq!(cases, 8);
}

prop_compose! {
    /// Any valid shape of at most about `flops` operations; kernels as large as the padded input are among them.
    pub(crate) fn shapes(flops: u64)(
        n in 1..=3usize, (cg, kg, groups) in prop_oneof![
            (1..=20usize, 1..=40usize, 1..=1usize),
            (1..=5usize, 1..=6usize, 1..=6usize),
            (1..=1usize, 1..=2usize, 1..=20usize),
            (60..=300usize, 1..=20usize, 1..=1usize),
        ],
        h in 1..=24usize, w in 1..=40usize, r in 1..=7usize, s in 1..=7usize,
        stride in [1..=3usize, 1..=3usize], pad in [0..=4usize, 0..=4usize], dilation in [1..=3usize, 1..=3usize],
    ) -> Conv2dShape {
        let fit = |size: usize, pad: usize, dilation: usize, input: usize| {
            size.min((input + 2 * pad - 1) / dilation + 1)
        };
        let (r, s) = (fit(r, pad[0], dilation[0], h), fit(s, pad[1], dilation[1], w));
        let dense = Conv2dShape::new(n, cg * groups, h, w, kg * groups, r, s).groups(groups);
        let mut shape = Conv2dShape { stride, pad, dilation, ..dense };
        while shape.flops() > flops && shape.k > shape.groups {
            shape.k -= shape.groups;
        }
        shape
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_instruction_set_agrees_with_the_reference(shape in shapes(40_000_000), seed: u64, biased: bool) {
        let (x, w) = (random(shape.input_len(), seed), random(shape.weight_len(), seed ^ 1));
        let bias = biased.then(|| random(shape.k, seed ^ 2));
        let want = reference::conv2d_f64(shape, &x, &w, bias.as_deref()).unwrap();
        for isa in available() {
            let engine = engine(1, isa);
            for algorithm in Algorithm::ALL {
                let Ok(plan) = Conv2d::with(&engine, shape, algorithm) else { continue };
                let mut y = vec![f32::NAN; shape.output_len()];
                plan.run(&engine, &x, &w, bias.as_deref(), &mut y).unwrap();
                let got = compare(&y, &want);
                // The bound is for the largest of many sums; that of few may have cancelled out.
                let bound = if y.len() < 200 { TOLERANCE } else { algorithm.error_bound(&shape) };
                prop_assert!(got.within(bound), "{isa}, {algorithm}: {got:?}, bound {bound:e}");
            }
        }
    }

    #[test]
    fn the_reference_agrees_with_the_definition(shape in shapes(1_000_000), seed: u64, biased: bool) {
        let (x, w) = (random(shape.input_len(), seed), random(shape.weight_len(), seed ^ 1));
        let bias = biased.then(|| random(shape.k, seed ^ 2));
        // The same sums in the same order: not one bit of difference.
        let want = definition(&shape, &x, &w, bias.as_deref());
        prop_assert_eq!(&reference::conv2d_f64(shape, &x, &w, bias.as_deref()).unwrap(), &want);
        let mut y = vec![f32::NAN; shape.output_len()];
        reference::conv2d(shape, &x, &w, bias.as_deref(), &mut y).unwrap();
        prop_assert_eq!(y, want.into_iter().map(|v| v as f32).collect::<Vec<_>>());
    }

    #[test]
    fn nan_and_infinity_appear_where_the_definition_has_them(
        shape in shapes(300_000), seed: u64, x_at: prop::sample::Index, w_at: prop::sample::Index, infinite: bool
    ) {
        let (mut x, mut w) = (random(shape.input_len(), seed), random(shape.weight_len(), seed ^ 1));
        let special = if infinite { f32::INFINITY } else { f32::NAN };
        if seed & 1 == 0 {
            *x_at.get_mut(&mut x) = special;
        } else {
            *w_at.get_mut(&mut w) = special;
        }
        let want = definition(&shape, &x, &w, None);
        let sums = reference::conv2d_f64(shape, &x, &w, None).unwrap();
        let rounded: Vec<_> = sums.iter().map(|&v| v as f32).collect();
        prop_assert!(compare(&rounded, &want).within(1e-7));
        for isa in available() {
            let engine = engine(1, isa);
            for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| algorithm.is_exact()) {
                let Ok(plan) = Conv2d::with(&engine, shape, algorithm) else { continue };
                let mut y = vec![f32::NAN; shape.output_len()];
                plan.run(&engine, &x, &w, None, &mut y).unwrap();
                let got = compare(&y, &want);
                prop_assert!(got.within(TOLERANCE), "{isa}, {algorithm}: {got:?}");
            }
        }
    }
}

/// Layers large enough for several tasks, ranges of rows, blocks of depth, and inline work.
#[test]
fn the_number_of_threads_changes_no_bit() {
    let layers = [
        Conv2dShape::new(1, 64, 56, 56, 64, 3, 3).pad(1),
        Conv2dShape::new(2, 3, 60, 64, 24, 7, 7).stride(2).pad(3),
        Conv2dShape::new(1, 512, 7, 7, 480, 3, 3).pad(1),
        Conv2dShape::new(1, 600, 7, 7, 1000, 1, 1),
        Conv2dShape::new(3, 96, 28, 28, 96, 3, 3).pad(2).dilation(2).groups(96),
        Conv2dShape::new(1, 32, 28, 28, 64, 3, 3).pad(1).groups(4),
        Conv2dShape::new(1, 8, 8, 8, 8, 3, 3),
    ];
    for (i, shape) in layers.into_iter().enumerate() {
        let seed = i as u64 * 3;
        let (x, w) = (random(shape.input_len(), seed), random(shape.weight_len(), seed + 1));
        let bias = random(shape.k, seed + 2);
        let want = reference::conv2d_f64(shape, &x, &w, Some(&bias)).unwrap();
        let algorithm = Conv2d::new(&engine(1, detect()), shape).unwrap().algorithm();
        let run = |engine: &Engine| {
            let mut y = vec![f32::NAN; shape.output_len()];
            Conv2d::with(engine, shape, algorithm).unwrap().run(engine, &x, &w, Some(&bias), &mut y).unwrap();
            y
        };
        let mut fused: Option<Vec<f32>> = None;
        for isa in available() {
            let one = run(&engine(1, isa));
            let agreement = compare(&one, &want);
            assert!(agreement.within(TOLERANCE), "{isa} {agreement:?} on {shape:?}");
            for threads in [2, 3] {
                let engine = engine(threads, isa);
                for _ in 0..3 {
                    let more = run(&engine);
                    assert!(one == more, "{isa}, {threads} threads on {shape:?}");
                }
            }
            if isa != Isa::Portable {
                assert!(fused.get_or_insert_with(|| one.clone()) == &one, "{isa} differs on {shape:?}");
            }
        }
    }
}

#[test]
fn an_engine_may_be_shared_by_threads_and_by_plans() {
    let engine = engine(2, detect());
    let shapes = [Conv2dShape::new(1, 16, 30, 30, 40, 3, 3), Conv2dShape::new(2, 5, 9, 9, 3, 2, 2)];
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let engine = &engine;
            scope.spawn(move || {
                for round in 0..10 {
                    let shape = shapes[(seed + round) as usize % 2];
                    let (x, w) = (random(shape.input_len(), seed), random(shape.weight_len(), round));
                    let want = reference::conv2d_f64(shape, &x, &w, None).unwrap();
                    assert!(compare(&run(engine, shape, &x, &w, None), &want).within(TOLERANCE));
                }
            });
        }
    });
}

#[test]
fn wrong_lengths_name_the_tensor() {
    let shape = Conv2dShape::new(1, 2, 4, 4, 3, 3, 3);
    let engine = engine(1, Isa::Portable);
    let plan = Conv2d::new(&engine, shape).unwrap();
    let (x, w, b) = ([0f32; 32], [0f32; 54], [0f32; 3]);
    type Lengths = (usize, usize, Option<usize>, usize);
    let cases: [(Lengths, &str); 4] = [
        ((31, 54, None, 12), "x has 31 elements, the shape wants 32"),
        ((32, 53, None, 12), "w has 53 elements, the shape wants 54"),
        ((32, 54, Some(2), 12), "bias has 2 elements, the shape wants 3"),
        ((32, 54, Some(3), 13), "y has 13 elements, the shape wants 12"),
    ];
    for ((nx, nw, nb, ny), message) in cases {
        let bias = nb.map(|n| &b[..n]);
        let mut y = vec![7.0; ny];
        let error = plan.run(&engine, &x[..nx], &w[..nw], bias, &mut y).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.code()), (message, "cpu-length"));
        assert!(y.iter().all(|&v| v == 7.0));
        let error = reference::conv2d(shape, &x[..nx], &w[..nw], bias, &mut y).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    assert!(reference::conv2d_f64(shape, &x[1..], &w, None).is_err());
}

#[test]
fn impossible_shapes_are_refused() {
    let engine = engine(1, Isa::Portable);
    let shape = Conv2dShape::new(1, 2, 4, 4, 3, 5, 3);
    let error = Conv2d::new(&engine, shape).unwrap_err();
    assert_eq!((error.code(), error.hint()), ("shape-kernel-exceeds-input", shape.validate().unwrap_err().hint()));
    assert!(matches!(reference::conv2d_f64(shape, &[], &[], None), Err(CpuError::Shape(_))));
    assert!(matches!(reference::conv2d(shape.groups(0), &[], &[], None, &mut []), Err(CpuError::Shape(_))));
}

#[test]
fn instruction_sets_have_names_and_an_order() {
    for isa in [Isa::Portable, Isa::Neon, Isa::Avx2, Isa::Avx512] {
        assert_eq!(isa.to_string().parse::<Isa>().unwrap(), isa);
    }
    assert_eq!("AVX2".parse::<Isa>().unwrap(), Isa::Avx2);
    let error = "sse9".parse::<Isa>().unwrap_err();
    assert_eq!(error.code(), "cpu-unknown-isa");
    assert_eq!(error.to_string(), r#""sse9" is not an instruction set; known are portable, neon, avx2 and avx512"#);
    assert_eq!(available().first(), Some(&Isa::Portable));
    assert_eq!(available().last(), Some(&detect()));
}

#[test]
fn a_choice_is_honoured_or_refused() {
    assert_eq!(Isa::choose(None, None).unwrap(), detect());
    assert_eq!(Isa::choose(None, Some("")).unwrap(), detect());
    assert_eq!(Isa::choose(None, Some("portable")).unwrap(), Isa::Portable);
    assert_eq!(Isa::choose(Some(Isa::Portable), Some("nonsense")).unwrap(), Isa::Portable);
    assert_eq!(Isa::choose(None, Some("nonsense")).unwrap_err().code(), "cpu-unknown-isa");
    for isa in [Isa::Neon, Isa::Avx2, Isa::Avx512] {
        let choice = Isa::choose(None, Some(&isa.to_string()));
        match available().contains(&isa) {
            true => assert_eq!(choice.unwrap(), isa),
            false => assert_eq!(choice.unwrap_err().code(), "cpu-isa-unavailable"),
        }
    }
}

/// Also the check that a run of the tests under a forced SPARKLE_CPU_ISA is what it claims to be.
#[test]
fn the_environment_variable_chooses() {
    let forced = std::env::var(ISA_VARIABLE).ok().filter(|name| !name.is_empty());
    let want = forced.map_or_else(detect, |name| name.parse().unwrap());
    assert_eq!(Engine::new(NonZeroUsize::new(1), None).unwrap().isa(), want);
}

#[test]
fn an_engine_takes_its_threads_from_the_caller_or_the_host() {
    assert_eq!(engine(3, Isa::Portable).threads().get(), 3);
    let host = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    assert_eq!(Engine::new(None, Some(Isa::Portable)).unwrap().threads().get(), host);
}

#[test]
fn a_comparison_finds_the_worst_element() {
    let same = compare(&[1.0, f32::NAN, f32::INFINITY], &[1.0, f64::NAN, 1e300]);
    assert_eq!((same.mismatches, same.relative, same.within(0.0)), (0, 0.0, true));

    let off = compare(&[1.0, 2.5, -8.0], &[1.0, 2.0, -8.0]);
    assert_eq!((off.max_abs_error, off.max_abs_reference, off.relative, off.worst_index), (0.5, 8.0, 0.0625, 1));
    assert!(off.within(0.0625) && !off.within(0.06));

    for (got, want) in [(f32::NAN, 1.0), (1.0, f64::NAN), (f32::INFINITY, f64::NEG_INFINITY), (f32::INFINITY, 1.0)] {
        let a = compare(&[9.0, got], &[0.0, want]);
        assert_eq!((a.mismatches, a.worst_index, a.within(f64::INFINITY)), (1, 1, false), "{got} {want}");
    }
    assert_eq!(compare(&[1e-30], &[0.0]).relative, f64::INFINITY);
    assert_eq!((compare(&[1.0, 2.0], &[1.0]).mismatches, compare(&[], &[1.0]).mismatches), (1, 1));
}

/// Rows longer than a tile, taps further apart than a row, strides longer than the kernel.
#[test]
fn extreme_proportions_agree_with_the_reference() {
    let shapes = [
        Conv2dShape::new(1, 40, 2, 5000, 40, 1, 9).pad(3),
        Conv2dShape::new(1, 30, 3, 3000, 64, 3, 3).stride(2).pad(1),
        Conv2dShape { stride: [1, 997], ..Conv2dShape::new(1, 3, 4, 9000, 20, 2, 5) },
        Conv2dShape { dilation: [1, 700_000], pad: [0, 699_999], ..Conv2dShape::new(1, 3, 2, 5, 4, 1, 3) },
        Conv2dShape { dilation: [1, 300_000_000], pad: [0, 300_000_000], ..Conv2dShape::new(1, 2, 2, 3, 4, 1, 3) },
        Conv2dShape { stride: [9, 9], pad: [20, 20], ..Conv2dShape::new(2, 3, 5, 4, 4, 2, 2) },
        Conv2dShape::new(2, 64, 3000, 1, 32, 3, 1).pad(1),
        Conv2dShape::new(1, 3, 64, 64, 48, 16, 16).stride(16),
        Conv2dShape::new(1, 2, 1, 3000, 20, 1, 2900),
        // Taps as far apart as their rows have outputs, and taps of which every third has the same residue.
        Conv2dShape::new(2, 48, 33, 33, 40, 3, 3).pad(12).dilation(12),
        Conv2dShape { stride: [6, 6], dilation: [10, 4], ..Conv2dShape::new(2, 10, 50, 44, 20, 5, 5).pad(12) },
        // Larger than any cache is taken to be.
        Conv2dShape::new(2, 8, 800, 800, 6, 1, 1).groups(2),
    ];
    every_algorithm_agrees(shapes);
}

/// One vector of output channels or less, whose tiles are computed in pairs and in odd numbers, in one block of the taps or several.
#[test]
fn few_output_channels_agree_with_the_reference() {
    let shape = |width: usize, c: usize, k: usize| Conv2dShape::new(1, 2 * c, 3, width, 2 * k, 3, 3).pad(1).groups(2);
    every_algorithm_agrees((1..=30).flat_map(|width| [shape(width, 6, 16), shape(width, 30, 5)]));
}

fn every_algorithm_agrees(shapes: impl IntoIterator<Item = Conv2dShape>) {
    for (seed, shape) in shapes.into_iter().enumerate() {
        let (x, w) = (random(shape.input_len(), seed as u64), random(shape.weight_len(), 9));
        let want = reference::conv2d_f64(shape, &x, &w, None).unwrap();
        for isa in available() {
            let engine = engine(2, isa);
            for algorithm in Algorithm::ALL {
                let Ok(plan) = Conv2d::with(&engine, shape, algorithm) else { continue };
                let mut y = vec![f32::NAN; shape.output_len()];
                plan.run(&engine, &x, &w, None, &mut y).unwrap();
                let got = compare(&y, &want);
                assert!(got.within(TOLERANCE), "{isa}, {algorithm}: {got:?} on {shape:?}");
            }
        }
    }
}

/// Against the definition in double precision, within the algorithm's own bound, and the same on any number of threads.
fn winograd_agrees(isa: Isa, shape: Conv2dShape, seed: u64) {
    let (x, w) = (random(shape.input_len(), seed), random(shape.weight_len(), seed + 1));
    let bias = random(shape.k, seed + 2);
    let want = reference::conv2d_f64(shape, &x, &w, Some(&bias)).unwrap();
    for algorithm in [Algorithm::Winograd2, Algorithm::Winograd4] {
        let mut results = Vec::new();
        for threads in [1, 3] {
            let engine = engine(threads, isa);
            let plan = Conv2d::with(&engine, shape, algorithm).unwrap();
            assert_eq!(plan.algorithm(), algorithm);
            let mut y = vec![f32::NAN; shape.output_len()];
            plan.run(&engine, &x, &w, Some(&bias), &mut y).unwrap();
            let agreement = compare(&y, &want);
            let bound = algorithm.error_bound(&shape);
            assert!(agreement.within(bound), "{isa}, {algorithm}, {shape:?}: {agreement:?}, bound {bound:e}");
            let packed = plan.pack(&engine, &w).unwrap();
            let mut again = vec![f32::NAN; shape.output_len()];
            plan.run_packed(&engine, &x, &packed, Some(&bias), &mut again).unwrap();
            assert!(y == again, "{isa}, {algorithm}, {shape:?}: packed weights give another result");
            results.push(y);
        }
        assert!(results[0] == results[1], "{isa}, {algorithm}, {shape:?}: the number of threads changes the result");
    }
}

/// A NaN reaches the outputs that the definition has it reach, and none beyond the tiles that read it.
#[test]
fn winograd_keeps_a_nan_within_its_tiles() {
    let shape = Conv2dShape::new(2, 5, 13, 21, 3, 3, 3).pad(1);
    let (mut x, w) = (random(shape.input_len(), 1), random(shape.weight_len(), 2));
    let (n, row, column) = (1, 6, 9);
    x[((n * shape.c + 2) * shape.h + row) * shape.w + column] = f32::NAN;
    for isa in available() {
        for (algorithm, edge) in [(Algorithm::Winograd2, 2), (Algorithm::Winograd4, 4)] {
            let engine = engine(1, isa);
            let mut y = vec![0.0; shape.output_len()];
            Conv2d::with(&engine, shape, algorithm).unwrap().run(&engine, &x, &w, None, &mut y).unwrap();
            // Tile t reads rows t·edge − 1 up to t·edge + edge.
            let reads = |out: usize, at: usize| (out / edge * edge..=out / edge * edge + edge + 1).contains(&(at + 1));
            for (i, v) in y.iter().enumerate() {
                let (q, p, image) = (i % 21, i / 21 % 13, i / 21 / 13 / 3);
                let tile = image == n && reads(p, row) && reads(q, column);
                let window = image == n && p.abs_diff(row) <= 1 && q.abs_diff(column) <= 1;
                assert!(tile || !v.is_nan(), "{isa}, {algorithm}: beyond its tiles at {p}, {q}");
                assert!(v.is_nan() || !window, "{isa}, {algorithm}: lost at {p}, {q}");
            }
        }
    }
}

#[test]
fn winograd_is_within_its_bound() {
    let shapes = [
        Conv2dShape::new(1, 1, 3, 3, 1, 3, 3),
        Conv2dShape::new(1, 1, 4, 5, 1, 3, 3).pad(1),
        Conv2dShape::new(1, 64, 56, 56, 64, 3, 3).pad(1),
        Conv2dShape::new(2, 33, 17, 23, 15, 3, 3).pad(2),
        Conv2dShape::new(3, 350, 7, 7, 40, 3, 3).pad(1),
        Conv2dShape::new(5, 12, 6, 9, 9, 3, 3).groups(3),
        Conv2dShape { pad: [0, 5], ..Conv2dShape::new(2, 8, 9, 3, 30, 3, 3) },
        Conv2dShape { pad: [7, 1], ..Conv2dShape::new(1, 8, 2, 200, 30, 3, 3) },
    ];
    for isa in available() {
        for (seed, shape) in shapes.iter().enumerate() {
            winograd_agrees(isa, *shape, 10 * seed as u64);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn winograd_is_within_its_bound_for_any_shape(
        n in 1usize..4, groups in 1usize..3, c in 1usize..40, k in 1usize..40,
        h in 1usize..24, w in 1usize..40, pad in 0usize..4, seed: u64,
    ) {
        let shape = Conv2dShape { pad: [pad, pad / 2 + 1], ..Conv2dShape::new(n, c * groups, h, w, k * groups, 3, 3) };
        let shape = shape.groups(groups);
        prop_assume!(shape.validate().is_ok());
        for isa in available() {
            winograd_agrees(isa, shape, seed);
        }
    }
}

#[test]
fn algorithms_are_chosen_and_refused_by_rule() {
    let engine = engine(1, detect());
    let classic = Conv2dShape::new(1, 64, 56, 56, 64, 3, 3).pad(1);
    assert_eq!(Conv2d::new(&engine, classic).unwrap().algorithm(), Algorithm::Winograd4);
    let exact = Conv2d::within(&engine, classic, Accuracy::Exact).unwrap();
    assert_eq!(exact.algorithm(), if detect() == Isa::Avx512 { Algorithm::Direct } else { Algorithm::Gemm });
    // Where four tiles would use a fourth of a vector, for 36 places instead of 16.
    let small = Conv2dShape::new(1, 512, 7, 7, 512, 3, 3).pad(1);
    assert_ne!(Conv2d::new(&engine, small).unwrap().algorithm(), Algorithm::Winograd4);
    assert_eq!(Conv2d::new(&engine, Conv2dShape { n: 8, ..small }).unwrap().algorithm(), Algorithm::Winograd4);
    // Where vectors of pixels would be a quarter idle.
    if detect() == Isa::Avx512 {
        assert_eq!(Conv2d::within(&engine, small, Accuracy::Exact).unwrap().algorithm(), Algorithm::Direct);
    }
    // Where edges, idle lanes and transforms cost more than is saved.
    assert_eq!(Conv2d::new(&engine, classic.groups(64)).unwrap().algorithm(), Algorithm::Depthwise);
    for shape in [
        Conv2dShape::new(1, 3, 224, 224, 64, 3, 3).pad(1),
        Conv2dShape::new(1, 64, 56, 56, 64, 3, 3).pad(1).stride(2),
        Conv2dShape::new(1, 64, 56, 56, 64, 1, 1),
        Conv2dShape::new(1, 64, 56, 56, 64, 3, 3).pad(1).groups(32),
    ] {
        let algorithm = Conv2d::new(&engine, shape).unwrap().algorithm();
        assert!(algorithm.is_exact() && algorithm != Algorithm::Depthwise, "{algorithm}: {shape:?}");
    }
    let strided = classic.stride(2);
    let error = Conv2d::with(&engine, strided, Algorithm::Winograd4).unwrap_err();
    assert!(error.code() == "cpu-algorithm" && error.to_string().contains("stride 1"), "{error}");

    let w = random(classic.weight_len(), 1);
    let packed = exact.pack(&engine, &w).unwrap();
    let wide = Conv2dShape::new(1, 1, 1, 5000, 1, 1, 4097);
    assert_eq!(Conv2d::with(&engine, wide, Algorithm::Direct).unwrap_err().code(), "cpu-algorithm");
    assert_eq!(Conv2d::with(&engine, classic, Algorithm::Depthwise).unwrap_err().code(), "cpu-algorithm");
    let x = random(classic.input_len(), 2);
    let mut y = vec![7.0; classic.output_len()];
    let other = Conv2d::new(&engine, classic).unwrap();
    assert_eq!(other.run_packed(&engine, &x, &packed, None, &mut y).unwrap_err().code(), "cpu-packed");
    assert_eq!(exact.run_packed(&engine, &x[1..], &packed, None, &mut y).unwrap_err().code(), "cpu-length");
    assert_eq!(exact.pack(&engine, &w[1..]).unwrap_err().code(), "cpu-length");
    assert!(y.iter().all(|v| *v == 7.0));
    exact.run_packed(&engine, &x, &packed, None, &mut y).unwrap();
    assert!(y == run_exact(&engine, classic, &x, &w));
}

fn run_exact(engine: &Engine, shape: Conv2dShape, x: &[f32], w: &[f32]) -> Vec<f32> {
    let mut y = vec![f32::NAN; shape.output_len()];
    Conv2d::within(engine, shape, Accuracy::Exact).unwrap().run(engine, x, w, None, &mut y).unwrap();
    y
}

/// Inputs, weights, products and sums that are denormal: each output is within what zeros instead of them make of it.
#[test]
fn denormals_are_as_good_as_zero() {
    let tiny = f32::MIN_POSITIVE;
    for shape in [
        Conv2dShape::new(1, 32, 18, 18, 40, 3, 3).pad(1),
        Conv2dShape::new(1, 32, 18, 18, 40, 1, 1),
        Conv2dShape::new(1, 32, 7, 7, 40, 3, 3).pad(1).stride(2),
        Conv2dShape::new(1, 40, 18, 18, 40, 3, 3).pad(1).groups(40),
    ] {
        let taps = (shape.c / shape.groups * shape.r * shape.s) as f64;
        for (sx, sw) in [(tiny / 4.0, 1.0), (1.0, tiny / 4.0), (1e-20, 1e-19), (tiny * 8.0, 0.25), (tiny / 8.0, 1e30)] {
            let scaled = |len, seed, by: f32| random(len, seed).iter().map(|v| v * by).collect::<Vec<_>>();
            let (x, w) = (scaled(shape.input_len(), 1, sx), scaled(shape.weight_len(), 2, sw));
            let want = reference::conv2d_f64(shape, &x, &w, None).unwrap();
            let most = want.iter().fold(0.0f64, |most, v| most.max(v.abs()));
            // An input or a weight that is taken for zero counts as often as it is multiplied, a product or a sum once, and
            // Winograd's transforms multiply by less than 64.
            let lost = 64.0 * taps * f64::from(tiny) * f64::from(sx.max(sw).max(1.0));
            for isa in available() {
                let engine = engine(1, isa);
                for algorithm in Algorithm::ALL {
                    let Ok(plan) = Conv2d::with(&engine, shape, algorithm) else { continue };
                    let mut y = vec![f32::NAN; shape.output_len()];
                    plan.run(&engine, &x, &w, None, &mut y).unwrap();
                    for (got, want) in y.iter().zip(&want) {
                        let error = (f64::from(*got) - want).abs();
                        assert!(
                            error <= lost + algorithm.error_bound(&shape) * most,
                            "{isa} {algorithm} {sx:e} {sw:e} on {shape:?}: {got:e} for {want:e}"
                        );
                    }
                }
            }
        }
    }
}
