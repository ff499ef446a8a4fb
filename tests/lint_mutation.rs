//! How good the linter is: good streams are spoiled in every small way, and the software device says which of the
//! mutations change what executes. The linter has to report those, and to say nothing about the others.

mod mutation;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mutation::{Kind, Mutation};
use pm4::Stream;
use pm4::dispatch::{self, Agent, At, Grid, Work};
use pm4::lint::{Severity, lint};
use pm4::packet::values::WaitFunction;
use pm4::submission::{Access, Submission, Use};
use sparkle_pm4::object::{self, ArgValue};
use sparkle_pm4::soft::{Config, Event, Trace};
use sparkle_pm4::{AnyBuffer, Deadline, Device, Kernel, Queue, Recording, kernels, ops};

/// Granule of an indirect buffer in dwords.
const PAD_DW: usize = 8;
/// Longest run of a spoiled stream: those that never end are stopped by it.
const PATIENCE: Duration = Duration::from_millis(250);

/// Reads the memory that the work may change.
type Read = Box<dyn Fn() -> Vec<Vec<f32>>>;

/// Work that is recorded the same way on each new device: same addresses, same contents.
struct Scenario {
    name: &'static str,
    record: fn(&Device, &Queue) -> (Recording, Read),
}

/// What can be seen of a run.
#[derive(Debug, PartialEq)]
struct Observed {
    events: Vec<Event>,
    memory: Vec<Vec<u32>>,
}

impl Observed {
    fn failed(&self) -> bool {
        !matches!(self.events.last(), Some(Event::Ended(Ok(()))))
    }
}

/// Runs a scenario on a device of its own, with these dwords where they are given.
fn run(scenario: &Scenario, words: Option<&[u32]>) -> (Submission, Observed) {
    let trace = Trace::new();
    let config = Config {
        job_timeout: PATIENCE,
        check_caches: true,
        trace: Some(trace.clone()),
        threads: Some(1),
        ..Config::strict()
    };
    let device = Device::emulated_with(config).unwrap();
    let queue = device.queue().unwrap();
    let (mut recording, read) = (scenario.record)(&device, &queue);
    let submission = recording.submission();
    if let Some(words) = words {
        recording = recording.with_stream(Stream::from_dwords(words)).unwrap();
    }
    trace.take();
    let fence = queue.submit_recording(recording).unwrap();
    // Errors are in the trace.
    let _ = fence.wait(Deadline::after(Duration::from_secs(60)));
    let events = trace.take();
    let memory = read().iter().map(|data| data.iter().map(|v| v.to_bits()).collect()).collect();
    (submission, Observed { events, memory })
}

/// Findings that count: notes do not.
fn findings(submission: &Submission) -> Vec<String> {
    lint(submission).findings().iter().filter(|f| f.rule.severity >= Severity::Warning).map(|f| f.to_string()).collect()
}

#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    changing: usize,
    found: usize,
    found_without_plan: usize,
    neutral: usize,
    reported: usize,
}

fn judge(scenario: &Scenario) -> BTreeMap<Kind, Tally> {
    let (good, baseline) = run(scenario, None);
    assert!(!baseline.failed(), "{}: {:?}", scenario.name, baseline.events.last());
    assert_eq!(findings(&good), Vec::<String>::new(), "{}: the good stream is not clean", scenario.name);
    let again = run(scenario, None);
    assert_eq!((&good, &baseline), (&again.0, &again.1), "{}: two runs differ", scenario.name);

    let mutations = mutation::all(&good.ibs[0].words, PAD_DW);
    let (next, tallies) = (AtomicUsize::new(0), Mutex::new(BTreeMap::<Kind, Tally>::new()));
    let misses = Mutex::new(Vec::new());
    let one = |m: &Mutation| {
        let (_, observed) = run(scenario, Some(&m.words));
        let mut spoiled = good.clone();
        spoiled.ibs[0].words = m.words.clone();
        let reported = findings(&spoiled);
        spoiled.plan = None;
        let without_plan = findings(&spoiled);
        let changed = observed != baseline;
        let mut tallies = tallies.lock().unwrap();
        let tally = tallies.entry(m.kind).or_default();
        if changed {
            tally.changing += 1;
            tally.found += usize::from(!reported.is_empty());
            tally.found_without_plan += usize::from(!without_plan.is_empty());
        } else {
            tally.neutral += 1;
            tally.reported += usize::from(!reported.is_empty());
        }
        if changed == reported.is_empty() {
            let last = observed.events.last().map(|e| format!("{e:?}")).unwrap_or_default();
            misses.lock().unwrap().push(format!(
                "{}: {} ({last}) {reported:?}",
                if changed { "missed" } else { "false" },
                m.what
            ));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(m) = mutations.get(next.fetch_add(1, Ordering::Relaxed)) {
                    one(m);
                }
            });
        }
    });
    let mut misses = misses.into_inner().unwrap();
    misses.sort();
    for miss in &misses {
        eprintln!("{}: {miss}", scenario.name);
    }
    tallies.into_inner().unwrap()
}

fn check(scenario: &Scenario) {
    let tallies = judge(scenario);
    let mut all = Tally::default();
    for (kind, t) in &tallies {
        eprintln!("{} {kind:?}: {t:?}", scenario.name);
        all.changing += t.changing;
        all.found += t.found;
        all.found_without_plan += t.found_without_plan;
        all.neutral += t.neutral;
        all.reported += t.reported;
    }
    eprintln!(
        "{}: {} of {} mutations that change what executes are found ({:.1} %; {:.1} % without the plan), {} of {} others reported",
        scenario.name,
        all.found,
        all.changing,
        100.0 * all.found as f64 / all.changing as f64,
        100.0 * all.found_without_plan as f64 / all.changing as f64,
        all.reported,
        all.neutral,
    );
    assert!(all.changing > 300 && all.neutral > 300, "too few mutations to judge by");
    assert!(20 * all.found >= 19 * all.changing, "fewer than 95 % are found");
    assert_eq!(all.reported, 0, "mutations that change nothing are reported");
}

#[test]
fn two_dependent_dispatches_of_a_convolution() {
    check(&Scenario {
        name: "conv2d",
        record: |device, queue| {
            const SHAPE: ops::Conv2dShape = ops::Conv2dShape::new(1, 4, 6, 6, 8, 3, 3).pad(1);
            let conv = ops::Conv2d::new(SHAPE).prepare(device).unwrap();
            let ramp = |n: usize| (0..n).map(|i| (i % 7) as f32 - 3.0).collect::<Vec<_>>();
            let (x, w) =
                (device.upload(&ramp(SHAPE.input_len())).unwrap(), device.upload(&ramp(SHAPE.weight_len())).unwrap());
            let mut y = device.zeros::<f32>(SHAPE.output_len()).unwrap();
            let recording = queue.record(&conv, (&x, &w, &mut y)).unwrap();
            (recording, Box::new(move || [&x, &w, &y].map(|b| b.read().unwrap()).to_vec()))
        },
    });
}

/// What the command processor does itself: writes, fills, copies, timestamps, a fence and a wait for it, and a second
/// dispatch whose size it reads from memory.
#[test]
fn packets_of_the_command_processor() {
    check(&Scenario {
        name: "packets",
        record: |device, queue| {
            let vadd = Kernel::from_code_object(device, kernels::VADD_F32.object, kernels::VADD_F32.name).unwrap();
            let n = 128usize;
            let ramp = |k: u8| (0..n).map(|i| ((i * usize::from(k)) % 11) as f32 - 5.0).collect::<Vec<_>>();
            let (a, b) = (device.upload(&ramp(3)).unwrap(), device.upload(&ramp(5)).unwrap());
            let (y, z) = (device.zeros::<f32>(n).unwrap(), device.zeros::<f32>(n).unwrap());
            let [va, vb, vy, vz] = [&a, &b, &y, &z].map(|buffer| buffer.va().unwrap());
            let (memory, clocks) = (device.zeros::<f32>(1024).unwrap(), device.zeros::<u64>(2).unwrap());
            let (m, clock) = (memory.va().unwrap(), clocks.va().unwrap());
            let block = vadd.info().required_workgroup_size.unwrap();
            let groups = (n as u32).div_ceil(block[0]);
            let args = |x: u64, y: u64| {
                let values =
                    [ArgValue::Pointer(x), ArgValue::Pointer(vb), ArgValue::Pointer(y), ArgValue::U32(n as u32)];
                let launch = object::Launch::uniform([groups, 1, 1], block.map(|b| b as u16));
                let mut bytes = vadd.info().pack_args(&values, &launch).unwrap();
                bytes.resize(256, 0);
                bytes
            };
            let block_of_args = device.upload(&[args(va, vy), args(vy, vz)].concat()).unwrap();
            let kernarg = block_of_args.va().unwrap();
            let uses = |x: u64, y: u64| {
                let of = |va: u64, access| Use { range: va..va + 4 * n as u64, access };
                [of(x, Access::R), of(vb, Access::R), of(y, Access::W)]
            };
            let user = |va: u64| {
                let mut user = [0; 16];
                let at = vadd.info().descriptor.properties.kernarg_sgpr().unwrap() as usize;
                (user[at], user[at + 1]) = (va as u32, (va >> 32) as u32);
                user
            };
            let sgprs = vadd.info().descriptor.user_sgprs() as usize;

            let mut stream = Stream::on(pm4::Ring::Compute);
            stream.audited(true);
            dispatch::preamble(&mut stream, 6).unwrap();
            stream.timestamp(clock, At::Top).unwrap();
            stream.write(m, &[groups, 1, 1]).unwrap();
            stream.fill_memory(m + 256, 0x3f80_0000, 128).unwrap();
            stream.copy(va, m + 512, 64).unwrap();
            let (first, second) = (user(kernarg), user(kernarg + 256));
            let work = Work::groups([groups, 1, 1], block, &first[..sgprs]);
            stream.dispatch(vadd.prepared(), &Work { uses: &uses(va, vy), ..work }).unwrap();
            stream.barrier(Agent::Shader, Agent::Shader).unwrap();
            stream.barrier(Agent::CommandProcessor, Agent::CommandProcessor).unwrap();
            let work = Work { grid: Grid::Indirect(m), user_data: &second[..sgprs], ..work };
            stream.dispatch(vadd.prepared(), &Work { uses: &uses(vy, vz), ..work }).unwrap();
            stream.fence(m + 1024, 0x1_0000_0007).unwrap();
            stream.wait_until64(m + 1024, WaitFunction::EQUAL, 0x1_0000_0007, u64::MAX).unwrap();
            stream.timestamp(clock + 8, At::Bottom).unwrap();
            stream.barrier(Agent::Shader, Agent::Host).unwrap();
            let buffers: [&dyn AnyBuffer; 7] = [&a, &b, &y, &z, &memory, &clocks, &block_of_args];
            let recording = queue.record_stream(&stream, &buffers).unwrap().with_kernel(&vadd).unwrap();
            (recording, Box::new(move || [&a, &b, &y, &z, &memory].map(|b| b.read().unwrap()).to_vec()))
        },
    });
}
