//! Fences, barriers, events, timestamps and command buffers that run more than once.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Check, Outcome, groups, passed, skipped, spirv};
use crate::compare::{Random, ensure, same};
use crate::error::{Error, Result};
use crate::vk::{Buffer, Fence, Kernel, Place, Scope, Stage, Submit};

pub const CHECKS: &[Check] = &[
    Check { name: "fences", about: "status, wait for one, wait for all, reset", run: fences },
    Check { name: "wait-idle", about: "vkQueueWaitIdle and vkDeviceWaitIdle", run: wait_idle },
    Check { name: "barriers", about: "30 dispatches that read what other workgroups wrote", run: barriers },
    Check {
        name: "resubmit",
        about: "one command buffer submitted several times, alone and in batches",
        run: resubmit,
    },
    Check { name: "secondary", about: "secondary command buffers", run: secondary },
    Check { name: "events", about: "events set, waited for and reset in command buffers", run: events },
    Check {
        name: "events-host",
        about: "a command buffer that waits for an event that the host sets",
        run: events_host,
    },
    Check {
        name: "timestamps",
        about: "order of timestamps, and their period against the host's clock",
        run: timestamps,
    },
];

/// `v[i] = v[i] mul + add` on a buffer.
struct Stepper<'s> {
    kernel: Kernel,
    set: crate::vk::Set,
    buffer: Buffer<'s>,
    n: usize,
}

impl<'s> Stepper<'s> {
    fn new(scope: &'s Scope<'_>, n: usize) -> Result<Self> {
        let buffer = scope.host(&(0..n as u32).collect::<Vec<_>>())?;
        let kernel = scope.kernel(spirv!("step"), 1, 12)?;
        let set = scope.bind_buffers(&kernel, &[&buffer])?;
        Ok(Stepper { kernel, set, buffer, n })
    }

    fn record(&self, c: &crate::vk::Commands<'_>, mul: u32, add: u32) {
        c.call(&self.kernel, &self.set, &[self.n as u32, mul, add], groups(self.n, 64));
    }

    fn expect(&self, what: &str, steps: &[(u32, u32)]) -> Result<()> {
        let step = |v: u32, &(mul, add): &(u32, u32)| v.wrapping_mul(mul).wrapping_add(add);
        let want: Vec<u32> = (0..self.n as u32).map(|v| steps.iter().fold(v, step)).collect();
        same(what, &self.buffer.read()?, &want)
    }
}

fn fences(scope: &Scope<'_>) -> Result<Outcome> {
    let queue = scope.gpu.queue();
    let work = Stepper::new(scope, 10_000)?;
    let commands = scope.record(queue, |c| {
        // Submissions to one queue may overlap without this.
        c.barrier(Stage::Compute, Stage::Compute);
        work.record(c, 3, 1);
    })?;
    let signaled = scope.fence(true)?;
    ensure(signaled.is_signaled()?, || "a fence created signaled is not".into())?;
    ensure(Fence::wait_many(&[signaled], true, 0)?, || "no time is not enough to wait for a signaled fence".into())?;
    signaled.reset()?;
    ensure(!signaled.is_signaled()?, || "a fence is signaled after its reset".into())?;
    let begin = Instant::now();
    ensure(!Fence::wait_many(&[signaled], true, 20_000_000)?, || "a wait for an idle fence succeeded".into())?;
    let waited = begin.elapsed();
    ensure(waited >= Duration::from_millis(15), || format!("a wait of 20 ms timed out after {waited:?}"))?;

    let fences = (0..4).map(|_| scope.submit(queue, Submit::new().commands(&commands))).collect::<Result<Vec<_>>>()?;
    let nanoseconds = scope.gpu.timeout.as_nanos() as u64;
    let late = || Error::Timeout { what: "one of the fences".into(), seconds: scope.gpu.timeout.as_secs() };
    let any = [signaled, fences[3], fences[0]];
    if !Fence::wait_many(&any, false, nanoseconds)? || !Fence::wait_many(&fences, true, nanoseconds)? {
        return Err(late());
    }
    for (k, fence) in fences.iter().enumerate() {
        ensure(fence.is_signaled()?, || format!("fence {k} is not signaled after the wait for all"))?;
    }
    work.expect("words", &[(3, 1); 4])?;
    // A fence without work, and one that is used again.
    fences[0].reset()?;
    scope.submit_with(queue, &[], &fences[0])?;
    fences[0].wait()?;
    fences[0].reset()?;
    scope.submit_with(queue, &[Submit::new().commands(&commands)], &fences[0])?;
    fences[0].wait()?;
    work.expect("words after the fence's second use", &[(3, 1); 5])?;
    passed("5 fences, 6 submissions")
}

fn wait_idle(scope: &Scope<'_>) -> Result<Outcome> {
    let queue = scope.gpu.queue();
    let work = Stepper::new(scope, 10_000)?;
    let commands = scope.record(queue, |c| {
        c.barrier(Stage::Compute, Stage::Compute);
        work.record(c, 5, 2);
    })?;
    let fence = scope.submit(queue, Submit::new().commands(&commands))?;
    scope.gpu.queue_wait_idle(queue)?;
    work.expect("words after vkQueueWaitIdle", &[(5, 2)])?;
    ensure(fence.is_signaled()?, || "the fence is not signaled after vkQueueWaitIdle".into())?;
    let fence = scope.submit(queue, Submit::new().commands(&commands))?;
    scope.gpu.wait_idle()?;
    work.expect("words after vkDeviceWaitIdle", &[(5, 2); 2])?;
    ensure(fence.is_signaled()?, || "the fence is not signaled after vkDeviceWaitIdle".into())?;
    passed("2 submissions")
}

fn barriers(scope: &Scope<'_>) -> Result<Outcome> {
    let (n, rounds) = (20_000usize, 30);
    let mut want = Random::new(81).words(n);
    let (a, b) = (scope.device(&want)?, scope.buffer(4 * n as u64, Place::Device)?);
    let kernel = scope.kernel(spirv!("neighbour"), 2, 4)?;
    let sets = [scope.bind_buffers(&kernel, &[&a, &b])?, scope.bind_buffers(&kernel, &[&b, &a])?];
    scope.run(|c| {
        for round in 0..rounds {
            if round % 2 == 0 {
                c.barrier(Stage::Compute, Stage::Compute);
            } else {
                c.buffer_barrier(&a, Stage::Compute, Stage::Compute);
                c.buffer_barrier(&b, Stage::Compute, Stage::Compute);
            }
            c.call(&kernel, &sets[round % 2], &[n as u32], groups(n, 64));
        }
    })?;
    for _ in 0..rounds {
        let next =
            |i: usize| want[(i + 1) % n].wrapping_mul(3).wrapping_add(want[(i + n / 2) % n]).wrapping_add(i as u32);
        want = (0..n).map(next).collect();
    }
    same("words", &scope.download(&a)?, &want)?;
    passed(format!("{rounds} dispatches on {n} words"))
}

fn resubmit(scope: &Scope<'_>) -> Result<Outcome> {
    let queue = scope.gpu.queue();
    let work = Stepper::new(scope, 5000)?;
    let record = |mul: u32, add: u32| {
        scope.record(queue, |c| {
            c.barrier(Stage::Compute, Stage::Compute);
            work.record(c, mul, add);
        })
    };
    let (first, second) = (record(3, 1)?, record(7, 4)?);
    for _ in 0..3 {
        scope.submit(queue, Submit::new().commands(&first))?.wait()?;
    }
    let mut steps = vec![(3, 1); 3];
    work.expect("words after 3 submissions", &steps)?;
    let fence = scope.fence(false)?;
    let submits = [
        Submit::new().commands(&first).commands(&second),
        Submit::new(),
        Submit::new().commands(&second).commands(&first).commands(&second),
    ];
    scope.submit_with(queue, &submits, &fence)?;
    fence.wait()?;
    steps.extend([(3, 1), (7, 4), (7, 4), (3, 1), (7, 4)]);
    work.expect("words after a batch", &steps)?;
    passed("2 command buffers, run 8 times")
}

fn secondary(scope: &Scope<'_>) -> Result<Outcome> {
    let queue = scope.gpu.queue();
    let work = Stepper::new(scope, 5000)?;
    let record = |mul: u32, add: u32| {
        scope.record_secondary(queue, |c| {
            work.record(c, mul, add);
            c.barrier(Stage::Compute, Stage::Compute);
        })
    };
    let (first, second) = (record(3, 1)?, record(7, 4)?);
    scope.run(|c| {
        c.execute(&first);
        c.execute(&second);
        work.record(c, 5, 9);
        c.barrier(Stage::Compute, Stage::Compute);
        c.execute(&first);
    })?;
    work.expect("words", &[(3, 1), (7, 4), (5, 9), (3, 1)])?;
    passed("2 secondary command buffers, run 3 times")
}

fn events(scope: &Scope<'_>) -> Result<Outcome> {
    let queue = scope.gpu.queue();
    let work = Stepper::new(scope, 20_000)?;
    let (first, second) = (scope.event()?, scope.event()?);
    ensure(!first.is_set()?, || "a new event is set".into())?;
    first.set()?;
    ensure(first.is_set()?, || "an event is not set after vkSetEvent".into())?;
    first.reset()?;
    ensure(!first.is_set()?, || "an event is set after vkResetEvent".into())?;
    scope.run(|c| {
        work.record(c, 3, 1);
        c.set_event(&first, Stage::Compute);
        c.wait_events(&[&first], Stage::Compute, Stage::Compute);
        work.record(c, 5, 2);
        c.set_event(&second, Stage::Compute);
        c.wait_events(&[&first, &second], Stage::Compute, Stage::Compute);
        work.record(c, 7, 3);
        c.reset_event(&first, Stage::Compute);
    })?;
    work.expect("words", &[(3, 1), (5, 2), (7, 3)])?;
    ensure(!first.is_set()?, || "the event that the command buffer reset is set".into())?;
    ensure(second.is_set()?, || "the event that the command buffer set is not set".into())?;
    // From one submission to the next.
    second.reset()?;
    let set = scope.record(queue, |c| {
        c.barrier(Stage::Compute, Stage::Compute);
        work.record(c, 9, 1);
        c.set_event(&second, Stage::Compute);
    })?;
    let wait = scope.record(queue, |c| {
        c.wait_events(&[&second], Stage::Compute, Stage::Compute);
        work.record(c, 11, 6);
    })?;
    scope.submit(queue, Submit::new().commands(&set))?;
    scope.submit(queue, Submit::new().commands(&wait))?.wait()?;
    work.expect("words after the second submission", &[(3, 1), (5, 2), (7, 3), (9, 1), (11, 6)])?;
    passed("2 events, 3 submissions")
}

fn events_host(scope: &Scope<'_>) -> Result<Outcome> {
    let queue = scope.gpu.queue();
    let work = Stepper::new(scope, 5000)?;
    let event = scope.event()?;
    let commands = scope.record(queue, |c| {
        c.wait_events(&[&event], Stage::Host, Stage::Compute);
        work.record(c, 3, 1);
    })?;
    let fence = scope.submit(queue, Submit::new().commands(&commands))?;
    sleep(Duration::from_millis(30));
    let early = fence.is_signaled();
    let mark = work.buffer.write(0, &[1000u32]);
    // Set in any case, so that the device does not wait for ever.
    event.set()?;
    fence.wait()?;
    mark?;
    ensure(!early?, || "the submission ended before the host set its event".into())?;
    let mut want: Vec<u32> = (0..5000u32).map(|v| v * 3 + 1).collect();
    want[0] = 3001;
    same("words", &work.buffer.read()?, &want)?;
    passed("1 event")
}

fn timestamps(scope: &Scope<'_>) -> Result<Outcome> {
    let queue = scope.gpu.queue();
    let (bits, period) = (queue.timestamp_bits, f64::from(scope.gpu.properties.limits.timestamp_period));
    if bits == 0 {
        return skipped("the queue has no timestamps");
    }
    ensure((36..=64).contains(&bits), || format!("timestampValidBits is {bits}, allowed are 0 and 36 to 64"))?;
    ensure(period > 0.0 && period < 1e6, || format!("timestampPeriod is {period} ns"))?;
    let mask = if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
    let work = Stepper::new(scope, 50_000)?;
    let queries = scope.queries(8)?;
    let copied = scope.filled(0u64, 8)?;
    let span = |from: u64, to: u64| to.wrapping_sub(from) & mask;
    let milliseconds = |ticks: u64| ticks as f64 * period / 1e6;
    let mut moments = Vec::new();
    for round in 0..2 {
        let host_reset = round == 1 && scope.gpu.features.host_query_reset;
        if host_reset {
            queries.reset();
            ensure(queries.values()?.is_none(), || "timestamps are there before they are written".into())?;
        }
        let begin = Instant::now();
        scope.run(|c| {
            if !host_reset {
                c.reset_queries(&queries);
            }
            for k in 0..4 {
                c.timestamp(&queries, 2 * k, false);
                work.record(c, 3, k);
                c.timestamp(&queries, 2 * k + 1, true);
                c.barrier(Stage::Compute, Stage::Compute);
            }
            c.copy_queries(&queries, &copied);
        })?;
        let end = Instant::now();
        let Some(values) = queries.values()? else {
            return Err(Error::Wrong("timestamps are not there after the end of the submission".into()));
        };
        same("copied timestamps", &copied.read()?, &values)?;
        let over = values.iter().find(|v| **v & !mask != 0);
        ensure(over.is_none(), || format!("timestamp {over:x?} has more than {bits} bits"))?;
        // Tops of pipe may run ahead of the work before them; ends may not, and no dispatch ends before it begins.
        for pair in values.chunks(2) {
            ensure(span(pair[0], pair[1]) <= mask / 2, || format!("a dispatch ends before it begins: {values:?}"))?;
        }
        for (before, after) in [(1, 3), (3, 5), (5, 7), (0, 2), (2, 4), (4, 6)] {
            let ordered = span(values[before], values[after]) <= mask / 2;
            ensure(ordered, || format!("timestamp {after} is earlier than {before}: {values:?}"))?;
        }
        let (device, host) = (milliseconds(span(values[0], values[7])), (end - begin).as_secs_f64() * 1e3);
        // One per cent and a millisecond for clocks that differ.
        let plausible = device <= host * 1.01 + 1.0;
        ensure(plausible, || format!("{device:.3} ms between timestamps of a submission that took {host:.3} ms"))?;
        moments.push((begin, end, values));
        if round == 0 {
            sleep(Duration::from_millis(60));
        }
    }
    let [(_, end, first), (begin, last_end, second)] = moments.as_slice() else { return skipped("no rounds") };
    let device = milliseconds(span(first[7], second[7]));
    let (least, most) = ((*begin - *end).as_secs_f64() * 1e3, (*last_end - moments[0].0).as_secs_f64() * 1e3);
    let plausible = device >= least * 0.99 - 1.0 && device <= most * 1.01 + 1.0;
    ensure(plausible, || {
        format!("{device:.3} ms by timestamps (period {period} ns) between moments {least:.3} to {most:.3} ms apart")
    })?;
    passed(format!(
        "16 timestamps of {bits} bits, period {period} ns; {device:.1} ms against {least:.1} to {most:.1} ms"
    ))
}
