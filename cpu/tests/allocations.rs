//! What a call of a prepared operator allocates: nothing on one thread, and on several what hands the work to them.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use sparkle_cpu::{Activation, Algorithm, Conv2d, Conv2dShape, Engine, Gemm, GemmShape, available};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How many allocations a call makes once scratch memory is there.
fn count(mut call: impl FnMut()) -> usize {
    (0..3).for_each(|_| call());
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    (0..10).for_each(|_| call());
    (ALLOCATIONS.load(Ordering::Relaxed) - before).div_ceil(10)
}

// One test: another one's allocations would be counted too.
#[test]
fn a_prepared_call_allocates_nothing_on_one_thread() {
    let shapes = [
        Conv2dShape::new(1, 16, 8, 8, 16, 1, 1),
        Conv2dShape::new(1, 64, 28, 28, 96, 1, 1),
        Conv2dShape::new(1, 64, 28, 28, 64, 3, 3).pad(1),
        Conv2dShape::new(1, 256, 7, 7, 128, 3, 3).pad(1),
        Conv2dShape::new(2, 24, 31, 29, 40, 5, 5).pad(2).stride(2),
        Conv2dShape::new(1, 96, 30, 30, 96, 3, 3).pad(1).groups(96),
        Conv2dShape::new(1, 8, 40, 40, 8, 3, 3).pad(12).dilation(12),
    ];
    for threads in [1, 2] {
        // Each time that work is handed out, at most twice a call, and the other thread no longer waits for it, a job and now
        // and then a block of the pool's queue.
        let most = if threads == 1 { 0 } else { 4 };
        for isa in available() {
            let engine = Engine::new(NonZeroUsize::new(threads), Some(isa)).unwrap();
            for (shape, algorithm) in shapes.iter().flat_map(|&s| Algorithm::ALL.map(|a| (s, a))) {
                let Ok(plan) = Conv2d::with(&engine, shape, algorithm) else { continue };
                let plan = plan.activation(Activation::RELU);
                let (x, w) = (vec![0.5; shape.input_len()], vec![0.25; shape.weight_len()]);
                let (bias, mut y) = (vec![1.0; shape.k], vec![0.0; shape.output_len()]);
                let packed = plan.pack(&engine, &w).unwrap();
                let found = count(|| plan.run_packed(&engine, &x, &packed, Some(&bias), &mut y).unwrap());
                assert!(found <= most, "{found} allocations: {algorithm} on {isa}, {threads} threads, {shape:?}");
            }
            let shape = GemmShape::new(200, 300, 100);
            let gemm = Gemm::new(&engine, shape).unwrap();
            let (a, b, mut c) = (vec![0.5; 200 * 100], vec![0.25; 100 * 300], vec![0.0; 200 * 300]);
            let packed = gemm.pack(&engine, 1.0, &a).unwrap();
            let found = count(|| gemm.run_packed(&engine, &packed, &b, 0.0, &mut c).unwrap());
            assert!(found <= most, "{found} allocations: gemm on {isa}, {threads} threads");
        }
    }
}
