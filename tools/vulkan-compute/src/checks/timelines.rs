//! Several queues, with semaphores between them and the host.

use std::thread::sleep;
use std::time::Duration;

use super::{Check, Outcome, groups, passed, skipped, spirv};
use crate::compare::{ensure, same};
use crate::error::Result;
use crate::vk::{Buffer, Commands, Fence, Kernel, Queue, Scope, Set, Stage, Submit};
use ash::vk::QueueFlags;

pub const CHECKS: &[Check] = &[
    Check { name: "queues", about: "work on every queue of every family for compute at once", run: queues },
    Check { name: "semaphores-binary", about: "a chain over the queues by binary semaphores", run: binary },
    Check { name: "timeline-host", about: "timeline semaphores: host signals, waits, queries", run: timeline_host },
    Check { name: "timeline-queues", about: "a chain over the queues by a timeline semaphore", run: timeline_queues },
    Check { name: "timeline-early", about: "waits submitted before the signals, across queues", run: timeline_early },
];

/// A buffer for all families, and its step `v[i] = v[i] mul + add`.
struct Work<'s> {
    scope: &'s Scope<'s>,
    kernel: Kernel,
    set: Set,
    buffer: Buffer<'s>,
}

const N: usize = 4000;

impl<'s> Work<'s> {
    fn new(scope: &'s Scope<'_>) -> Result<Self> {
        let buffer = scope.host(&(0..N as u32).collect::<Vec<_>>())?;
        let kernel = scope.kernel(spirv!("step"), 1, 12)?;
        let set = scope.bind_buffers(&kernel, &[&buffer])?;
        Ok(Work { scope, kernel, set, buffer })
    }

    /// The command buffer of step `k` for a queue.
    fn step(&self, queue: Queue, k: u32) -> Result<Commands<'s>> {
        let push = [N as u32, 2 * k + 3, k];
        self.scope.record(queue, |c| c.call(&self.kernel, &self.set, &push, groups(N, 64)))
    }

    /// That steps 0 to `count` have run in their order.
    fn expect(&self, count: u32) -> Result<()> {
        let step = |v: u32, k: u32| v.wrapping_mul(2 * k + 3).wrapping_add(k);
        let want: Vec<u32> = (0..N as u32).map(|v| (0..count).fold(v, step)).collect();
        same(&format!("words after {count} steps"), &self.buffer.read()?, &want)
    }
}

/// How many queues there are of which kind, for the output.
fn kinds(queues: &[Queue]) -> String {
    let graphics = queues.iter().filter(|queue| queue.flags.contains(QueueFlags::GRAPHICS)).count();
    format!("{graphics} graphics and {} compute queues", queues.len() - graphics)
}

/// Waits for fences of different queues.
fn wait_all(fences: &[Fence<'_>]) -> Result<()> {
    fences.iter().try_for_each(Fence::wait)
}

fn queues(scope: &Scope<'_>) -> Result<Outcome> {
    let queues = &scope.gpu.queues;
    let works = queues.iter().map(|_| Work::new(scope)).collect::<Result<Vec<_>>>()?;
    let mut fences = Vec::new();
    for k in 0..3 {
        for (queue, work) in queues.iter().zip(&works) {
            let commands = scope.record(*queue, |c| {
                // After the step before, on the same queue.
                c.barrier(Stage::Compute, Stage::Compute);
                c.call(&work.kernel, &work.set, &[N as u32, 2 * k + 3, k], groups(N, 64));
            })?;
            fences.push(scope.submit(*queue, Submit::new().commands(&commands))?);
        }
    }
    wait_all(&fences)?;
    works.iter().try_for_each(|work| work.expect(3))?;
    passed(format!("{}, 3 submissions each", kinds(queues)))
}

fn binary(scope: &Scope<'_>) -> Result<Outcome> {
    let queues = &scope.gpu.queues;
    let work = Work::new(scope)?;
    let steps = 3 * queues.len().max(2);
    let semaphores = (0..=steps).map(|_| scope.binary_semaphore()).collect::<Result<Vec<_>>>()?;
    let mut fences = Vec::new();
    for k in 0..steps {
        let queue = queues[k % queues.len()];
        let commands = work.step(queue, k as u32)?;
        let mut submit = Submit::new().commands(&commands).signal(&semaphores[k], 0);
        if k > 0 {
            submit = submit.wait(&semaphores[k - 1], 0, Stage::Compute);
        }
        fences.push(scope.submit(queue, submit)?);
    }
    // The last one's signal is taken back by an empty submission.
    let last = Submit::new().wait(&semaphores[steps - 1], 0, Stage::Compute);
    fences.push(scope.submit(queues[0], last)?);
    wait_all(&fences)?;
    work.expect(steps as u32)?;
    // A semaphore that was waited for can be signaled again, and two be waited for at once.
    let work = Work::new(scope)?;
    let (a, b) = (&semaphores[0], &semaphores[1]);
    let (first, last) = (queues[0], queues[queues.len() - 1]);
    let submits = [
        (first, Submit::new().commands(&work.step(first, 0)?).signal(a, 0).signal(b, 0)),
        (last, Submit::new().wait(a, 0, Stage::Compute).wait(b, 0, Stage::Transfer).commands(&work.step(last, 1)?)),
    ];
    let fences = submits.into_iter().map(|(queue, submit)| scope.submit(queue, submit)).collect::<Result<Vec<_>>>()?;
    wait_all(&fences)?;
    work.expect(2)?;
    passed(format!("{steps} steps over {}", kinds(queues)))
}

fn timeline_host(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.features.timeline {
        return skipped("no timelineSemaphore");
    }
    let queue = scope.gpu.queue();
    let timeline = scope.timeline(5)?;
    let value_is = |want: u64| {
        let value = timeline.value()?;
        ensure(value == want, || format!("the value is {value}, want {want}"))
    };
    value_is(5)?;
    ensure(timeline.wait_for(5, 0)?, || "a wait for the present value did not succeed at once".into())?;
    ensure(!timeline.wait_for(6, 10_000_000)?, || "a wait for a value that nobody signals succeeded".into())?;
    timeline.signal(9)?;
    value_is(9)?;
    timeline.wait(8)?;

    let work = Work::new(scope)?;
    let commands = work.step(queue, 0)?;
    let submit = Submit::new().commands(&commands).wait(&timeline, 20, Stage::Compute).signal(&timeline, 21);
    let fence = scope.submit(queue, submit)?;
    sleep(Duration::from_millis(30));
    let early = (fence.is_signaled(), timeline.value());
    // Signaled in any case, so that the device does not wait for ever.
    timeline.signal(20)?;
    timeline.wait(21)?;
    fence.wait()?;
    let (signaled, value) = (early.0?, early.1?);
    ensure(!signaled && value == 9, || format!("before the host's signal: fence {signaled}, value {value}, want 9"))?;
    work.expect(1)?;
    value_is(21)?;
    // Large steps, and more than 32 bits.
    timeline.signal(1 << 40)?;
    value_is(1 << 40)?;
    let submit = Submit::new().wait(&timeline, 1 << 33, Stage::Compute).signal(&timeline, (1 << 40) + 5);
    scope.submit(queue, submit)?;
    timeline.wait((1 << 40) + 5)?;
    value_is((1 << 40) + 5)?;
    passed("values 5 to 2^40 + 5")
}

fn timeline_queues(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.features.timeline {
        return skipped("no timelineSemaphore");
    }
    let queues = &scope.gpu.queues;
    let work = Work::new(scope)?;
    let timeline = scope.timeline(0)?;
    // From each queue to each other one, itself included.
    let mut order = Vec::new();
    for stride in 1..=queues.len() {
        order.extend((0..queues.len()).map(|k| queues[(k * stride) % queues.len()]));
    }
    order.extend(order.clone());
    let mut fences = Vec::new();
    for (k, queue) in order.iter().enumerate() {
        let commands = work.step(*queue, k as u32)?;
        let submit = Submit::new().commands(&commands).wait(&timeline, k as u64, Stage::Compute);
        fences.push(scope.submit(*queue, submit.signal(&timeline, k as u64 + 1))?);
    }
    timeline.wait(order.len() as u64)?;
    work.expect(order.len() as u32)?;
    wait_all(&fences)?;
    passed(format!("{} steps over {}", order.len(), kinds(queues)))
}

fn timeline_early(scope: &Scope<'_>) -> Result<Outcome> {
    if !scope.gpu.features.timeline {
        return skipped("no timelineSemaphore");
    }
    // Waits may come before their signals as long as each queue can go on by itself, so one step a queue: the last
    // queue's step first, and the host begins.
    let queues = &scope.gpu.queues;
    let work = Work::new(scope)?;
    let timeline = scope.timeline(0)?;
    let mut fences = Vec::new();
    for (k, queue) in queues.iter().enumerate().rev() {
        let commands = work.step(*queue, k as u32)?;
        let submit = Submit::new().commands(&commands).wait(&timeline, k as u64 + 1, Stage::Compute);
        fences.push(scope.submit(*queue, submit.signal(&timeline, k as u64 + 2))?);
    }
    sleep(Duration::from_millis(20));
    let early = timeline.value();
    timeline.signal(1)?;
    // The fences may be signaled a moment before the semaphore.
    timeline.wait(queues.len() as u64 + 1)?;
    wait_all(&fences)?;
    let early = early?;
    ensure(early == 0, || format!("the value was {early} before the host's signal"))?;
    work.expect(queues.len() as u32)?;
    let value = timeline.value()?;
    ensure(value == queues.len() as u64 + 1, || format!("the value is {value}, want {}", queues.len() + 1))?;
    passed(format!("{} steps over {}", queues.len(), kinds(queues)))
}
