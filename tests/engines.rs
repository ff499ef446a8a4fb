//! The same operators on every engine that this machine has: results against definitions and the f64 reference.

use std::time::Duration;

use sparkle_pm4::{Deadline, Device, cpu, ops};

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

fn engines() -> [Device; 2] {
    [Device::emulated().unwrap(), Device::cpu().unwrap()]
}

/// Reproducible values in [-1, 1).
fn values(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345) | 1;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 * 2.0 - 1.0
    };
    (0..n).map(step).collect()
}

#[test]
fn vectors_add_and_fill_on_every_engine() {
    for device in engines() {
        let queue = device.queue().unwrap();
        for n in [1, 31, 256, 1000] {
            let (a, b) = (values(n, 1), values(n, 2));
            let (da, db) = (device.upload(&a).unwrap(), device.upload(&b).unwrap());
            let mut y = device.zeros::<f32>(n).unwrap();
            queue.launch(&ops::VectorAdd, (&da, &db, &mut y)).unwrap().wait(soon()).unwrap();
            let want: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
            assert_eq!(y.read().unwrap(), want, "{} n={n}", device.engine());

            let mut z = device.zeros::<u32>(n).unwrap();
            queue.launch(&ops::Fill(0x1234_5678), (&mut z,)).unwrap().wait(soon()).unwrap();
            assert_eq!(z.read().unwrap(), vec![0x1234_5678; n], "{} n={n}", device.engine());
        }
    }
}

fn check(device: &Device, shape: ops::Conv2dShape, bias: bool) {
    let (x, w) = (values(shape.input_len(), 3), values(shape.weight_len(), 4));
    let b = bias.then(|| values(shape.k, 5));
    let want = cpu::reference::conv2d_f64(shape, &x, &w, b.as_deref()).unwrap();
    let conv = ops::Conv2d::new(shape).prepare(device).unwrap();
    let queue = device.queue().unwrap();
    let (dx, dw) = (device.upload(&x).unwrap(), device.upload(&w).unwrap());
    let mut y = device.zeros::<f32>(shape.output_len()).unwrap();
    let fence = match b {
        Some(b) => queue.launch(&conv, (&dx, &dw, &device.upload(&b).unwrap(), &mut y)),
        None => queue.launch(&conv, (&dx, &dw, &mut y)),
    };
    fence.unwrap().wait(soon()).unwrap();
    let agreement = cpu::compare(&y.read().unwrap(), &want);
    assert!(agreement.within(1e-5), "{} {shape:?} bias={bias}: {agreement:?}", device.engine());
}

#[test]
fn an_activation_is_the_cpu_engines_and_refused_by_others() {
    let shape = ops::Conv2dShape::new(1, 2, 5, 5, 3, 3, 3);
    let conv = ops::Conv2d::new(shape).activation(ops::Activation::clamp(-0.5, 0.25).unwrap());
    for device in engines() {
        if device.engine() != sparkle_pm4::Engine::Cpu {
            let error = conv.prepare(&device).unwrap_err();
            assert_eq!((error.code(), error.hint().contains("--device cpu")), ("needs-cpu", true), "{error}");
            assert!(conv.activation(ops::Activation::IDENTITY).prepare(&device).is_ok());
            continue;
        }
        let (x, w) = (values(shape.input_len(), 1), values(shape.weight_len(), 2));
        let (dx, dw) = (device.upload(&x).unwrap(), device.upload(&w).unwrap());
        let mut dy = device.zeros::<f32>(shape.output_len()).unwrap();
        let queue = device.queue().unwrap();
        queue.launch(&conv.prepare(&device).unwrap(), (&dx, &dw, &mut dy)).unwrap().wait(soon()).unwrap();
        let sums = cpu::reference::conv2d_f64(shape, &x, &w, None).unwrap();
        let want: Vec<_> = sums.iter().map(|v| v.clamp(-0.5, 0.25)).collect();
        assert!(sums.iter().any(|v| *v < -0.5) && sums.iter().any(|v| *v > 0.25));
        let agreement = cpu::compare(&dy.read().unwrap(), &want);
        assert!(agreement.within(1e-5), "{agreement:?}");
    }
}

#[test]
fn tensors_of_16_bits_are_the_cpu_engines_and_refused_by_others() {
    let shape = ops::Conv2dShape::new(1, 8, 9, 9, 6, 3, 3).pad(1);
    let conv = ops::Conv2d::new(shape);
    let halves = |n: usize, seed: u32| values(n, seed).into_iter().map(ops::F16::from_f32).collect::<Vec<_>>();
    let wide = |v: &[ops::F16]| v.iter().map(|v| v.to_f32()).collect::<Vec<_>>();
    let bias = values(shape.k, 3);
    for device in engines() {
        let conv = conv.prepare(&device).unwrap();
        let queue = device.queue().unwrap();
        let (x, mut w) = (halves(shape.input_len(), 1), halves(shape.weight_len(), 2));
        let (dx, mut dw) = (device.upload(&x).unwrap(), device.upload(&w).unwrap());
        let (db, mut dy) = (device.upload(&bias).unwrap(), device.zeros::<ops::F16>(shape.output_len()).unwrap());
        if device.engine() != sparkle_pm4::Engine::Cpu {
            for error in [
                queue.launch(&conv, (&dx, &dw, &mut dy)).unwrap_err(),
                queue.launch(&conv, (&dx, &dw, &db, &mut dy)).unwrap_err(),
            ] {
                assert!(error.code() == "needs-cpu" && error.to_string().contains("f32"), "{error}");
            }
            continue;
        }
        // The second time with other weights in the same buffer.
        for round in 0..2 {
            queue.launch(&conv, (&dx, &dw, &db, &mut dy)).unwrap().wait(soon()).unwrap();
            let want = cpu::reference::conv2d_f64(shape, &wide(&x), &wide(&w), Some(&bias)).unwrap();
            let agreement = cpu::compare(&wide(&dy.read().unwrap()), &want);
            assert!(agreement.within(5e-4) && agreement.relative > 1e-6, "{round}: {agreement:?}");
            w = halves(shape.weight_len(), 7);
            dw.write(&w).unwrap();
        }
        let error = queue.launch(&conv, (&dx, &dx, &mut dy)).unwrap_err();
        assert_eq!(error.code(), "wrong-length");
    }
}

/// Weights may be kept in another form between launches, for as long as they are the same.
#[test]
fn weights_that_change_between_launches_count() {
    for device in engines() {
        for accuracy in cpu::Accuracy::ALL {
            let shape = ops::Conv2dShape::new(1, 32, 24, 24, 32, 3, 3).pad(1);
            let conv = ops::Conv2d::new(shape).accuracy(accuracy).prepare(&device).unwrap();
            let queue = device.queue().unwrap();
            let x = values(shape.input_len(), 1);
            let dx = device.upload(&x).unwrap();
            let mut dy = device.zeros::<f32>(shape.output_len()).unwrap();
            let mut check = |dw: &sparkle_pm4::Buffer<f32>, w: &[f32]| {
                queue.launch(&conv, (&dx, dw, &mut dy)).unwrap().wait(soon()).unwrap();
                let want = cpu::reference::conv2d_f64(shape, &x, w, None).unwrap();
                let agreement = cpu::compare(&dy.read().unwrap(), &want);
                assert!(agreement.within(1e-5), "{} {accuracy:?}: {agreement:?}", device.engine());
            };
            let (first, second) = (values(shape.weight_len(), 2), values(shape.weight_len(), 3));
            let mut dw = device.upload(&first).unwrap();
            check(&dw, &first);
            check(&dw, &first);
            dw.write(&second).unwrap();
            check(&dw, &second);
            // Another buffer, perhaps where the first one was.
            drop(dw);
            check(&device.upload(&first).unwrap(), &first);
        }
    }
}

#[test]
fn convolutions_of_every_kind_agree_with_the_f64_reference() {
    let s = ops::Conv2dShape::new;
    let shapes = [
        s(1, 64, 56, 56, 64, 3, 3).pad(1),
        s(1, 3, 224, 224, 64, 7, 7).stride(2).pad(3),
        s(1, 16, 20, 20, 24, 3, 3).stride(2).pad(1),
        s(1, 8, 21, 17, 8, 3, 3).dilation(3).pad(3),
        s(1, 32, 14, 14, 32, 3, 3).groups(4).pad(1),
        s(1, 24, 19, 19, 24, 3, 3).groups(24).pad(1),
        s(1, 48, 14, 14, 20, 1, 1),
        s(4, 16, 12, 12, 16, 3, 3).pad(1),
        ops::Conv2dShape { stride: [2, 1], pad: [0, 2], dilation: [1, 2], ..s(2, 5, 13, 11, 7, 2, 4) },
    ];
    for device in engines() {
        for shape in shapes {
            check(&device, shape, false);
        }
        check(&device, s(2, 6, 9, 10, 10, 3, 3).pad(1), true);
    }
}

mod random {
    use super::*;
    use proptest::prelude::*;

    /// Shapes that are cheap to compute and hit every branch: tails of all tiles, strides and dilations in one
    /// direction only, padding larger than the kernel, groups of one channel.
    fn shape() -> impl Strategy<Value = ops::Conv2dShape> {
        let group = (1usize..5, 1usize..9, 1usize..20);
        let window = (1usize..5, 1usize..5, [1usize..4, 1..4], [0usize..4, 0..4], [1usize..4, 1..4]);
        (1usize..4, group, 1usize..24, 1usize..24, window).prop_filter_map(
            "the kernel is larger than the input",
            |(n, (groups, c, k), h, w, (r, s, stride, pad, dilation))| {
                let (c, k) = (c * groups, k * groups);
                let shape = ops::Conv2dShape { n, c, h, w, k, r, s, stride, pad, dilation, groups };
                shape.validate().is_ok().then_some(shape)
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn shapes_agree_with_the_f64_reference(shape in shape(), bias: bool) {
            thread_local!(static ENGINES: [Device; 2] = engines());
            ENGINES.with(|engines| engines.iter().for_each(|device| check(device, shape, bias)));
        }
    }
}
