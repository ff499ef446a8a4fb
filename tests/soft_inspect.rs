//! The software card's waves, watched: this toolkit's kernels have no faults, and what it counts is what ran.

use std::time::Duration;

use sparkle_pm4::soft::check::{Checker, Config as Kinds, Finding, Inspector, KindSet, Object, Profile, Severity};
use sparkle_pm4::soft::{Config, Inspection};
use sparkle_pm4::{Buffer, Deadline, Device, cpu, ops};

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(120))
}

/// A card whose waves are watched.
fn watched() -> (Device, Inspection) {
    let kinds = Kinds { kinds: KindSet::all(), ..Kinds::default() };
    let inspection = Inspection::new(Inspector::new(Some(Checker::new(kinds)), Some(Profile::new()), None));
    let config = Config { inspection: Some(inspection.clone()), ..Config::strict() };
    (Device::emulated_with(config).unwrap(), inspection)
}

fn tell(inspection: &Inspection, buffer: &Buffer<f32>) {
    let object = Object { va: buffer.va().unwrap(), bytes: 4 * buffer.len() as u64 };
    inspection.with(|i| i.checker.as_mut().unwrap().add_object(object));
}

/// Findings of note.
fn faults(inspection: &Inspection) -> Vec<String> {
    let all = inspection.with(|i| i.checker.as_ref().unwrap().findings().to_vec());
    all.iter().filter(|f| f.severity() > Severity::Note).map(Finding::to_string).collect()
}

/// Reproducible values in [-1, 1).
fn values(n: usize, seed: u32) -> Vec<f32> {
    (0..n as u32)
        .map(|k| (k.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0)
        .collect()
}

#[test]
fn kernels_of_this_toolkit_have_no_faults() {
    let s = ops::Conv2dShape::new;
    let shapes = [
        s(1, 16, 20, 20, 24, 3, 3).stride(2).pad(1),
        s(1, 8, 21, 17, 8, 3, 3).dilation(3).pad(3),
        s(1, 24, 9, 9, 24, 3, 3).groups(24).pad(1),
        s(2, 12, 7, 7, 20, 1, 1),
    ];
    for shape in shapes {
        let (device, inspection) = watched();
        let (x, w) = (values(shape.input_len(), 3), values(shape.weight_len(), 4));
        let want = cpu::reference::conv2d_f64(shape, &x, &w, None).unwrap();
        let conv = ops::Conv2d::new(shape).prepare(&device).unwrap();
        let (dx, dw) = (device.upload(&x).unwrap(), device.upload(&w).unwrap());
        let mut y = device.zeros::<f32>(shape.output_len()).unwrap();
        for b in [&dx, &dw, &y] {
            tell(&inspection, b);
        }
        device.queue().unwrap().launch(&conv, (&dx, &dw, &mut y)).unwrap().wait(soon()).unwrap();
        assert!(cpu::compare(&y.read().unwrap(), &want).within(1e-5), "{shape:?}");
        let found = faults(&inspection);
        assert!(found.is_empty(), "{shape:?}\n{}", found.join("\n"));
        assert!(inspection.with(|i| i.profile.as_ref().unwrap().instructions()) > 1000);
    }
}

#[test]
fn a_vector_addition_is_counted() {
    let (device, inspection) = watched();
    let n = 1000;
    let (a, b) = (device.upload(&values(n, 1)).unwrap(), device.upload(&values(n, 2)).unwrap());
    let mut y = device.zeros::<f32>(n).unwrap();
    let queue = device.queue().unwrap();
    // Twice the same: dispatches that wait for one another do not race.
    for _ in 0..2 {
        queue.launch(&ops::VectorAdd, (&a, &b, &mut y)).unwrap().wait(soon()).unwrap();
    }
    assert_eq!(faults(&inspection), Vec::<String>::new());
    let p = inspection.with(|i| i.profile.take()).unwrap();
    assert_eq!(p.groups_and_waves(), (2 * 4, 2 * 32));
    assert_eq!((p.global.read_bytes, p.global.written_bytes), (2 * 2 * 4000, 2 * 4000));
}
