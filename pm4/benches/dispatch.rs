//! What a dispatch and a re-submission cost: nanoseconds, dwords and, where the machine counts them, instructions.

use divan::Bencher;
use pm4::cost::{Resubmitting, Writing, measure};
use std::hint::black_box;
use std::time::Instant;

fn main() {
    let start = Instant::now();
    let mut clock = || start.elapsed().as_nanos() as u64;
    let costs = measure(&mut clock, 200, 1000).expect("constants");
    let instructions = instructions();
    let rows = [
        ("dispatch, same kernel", costs.same_kernel, Some(150.0)),
        ("dispatch, other kernel", costs.other_kernel, Some(150.0)),
        ("re-submit, 4 slots", costs.resubmit, Some(40.0)),
    ];
    for (i, (name, cost, bound)) in rows.into_iter().enumerate() {
        let counted = match &instructions {
            Ok(counts) => format!("{:.0}", counts[i]),
            Err(why) => format!("not available here ({why})"),
        };
        let bound = bound.map_or(String::new(), |b| format!(" (bound {b})"));
        println!("{name}: {:.1} ns{bound}, {:.1} dwords, instructions: {counted}", cost.ns, cost.dwords);
    }
    divan::main();
}

/// Instructions of one operation of each kind, by the processor's counter.
#[cfg(target_os = "linux")]
fn instructions() -> Result<[f64; 3], String> {
    use perf_event::{Builder, events::Hardware};
    const N: u32 = 10_000;
    let mut counter = Builder::new().kind(Hardware::INSTRUCTIONS).build().map_err(|e| e.to_string())?;
    let mut count = |operation: &mut dyn FnMut()| -> Result<f64, String> {
        operation();
        counter.reset().and_then(|()| counter.enable()).map_err(|e| e.to_string())?;
        (0..N).for_each(|_| operation());
        counter.disable().map_err(|e| e.to_string())?;
        let instructions = counter.read().map_err(|e| e.to_string())?;
        if instructions == 0 { Err("the counter stands still".into()) } else { Ok(instructions as f64 / f64::from(N)) }
    };
    let (mut same, mut other) = (Writing::new().expect("constants"), Writing::new().expect("constants"));
    let mut resubmitting = Resubmitting::new().expect("constants");
    Ok([
        count(&mut || _ = black_box(same.same_kernel()))?,
        count(&mut || _ = black_box(other.other_kernel()))?,
        count(&mut || _ = black_box(resubmitting.resubmit()))?,
    ])
}

#[cfg(not(target_os = "linux"))]
fn instructions() -> Result<[f64; 3], String> {
    Err("Linux counts them".into())
}

#[divan::bench]
fn dispatch_of_the_same_kernel(bencher: Bencher<'_, '_>) {
    let mut writing = Writing::new().expect("constants");
    bencher.bench_local(|| writing.same_kernel());
}

#[divan::bench]
fn dispatch_of_another_kernel(bencher: Bencher<'_, '_>) {
    let mut writing = Writing::new().expect("constants");
    bencher.bench_local(|| writing.other_kernel());
}

#[divan::bench]
fn resubmit_four_slots(bencher: Bencher<'_, '_>) {
    let mut resubmitting = Resubmitting::new().expect("constants");
    bencher.bench_local(|| resubmitting.resubmit());
}
