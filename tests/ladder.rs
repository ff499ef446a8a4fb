//! The bring-up ladder: it climbs on a good card, and each rung that is broken on purpose names its cause.
//!
//! The card is the software one as a real card behaves: accesses without a mapping read zero and are noted, streams are not
//! looked over, and nobody explains anything. `Spoiler` stands between it and the library, and changes streams, code,
//! memory and fences as a fault would.

mod ladder_support;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use ladder_support::{Cs, Spoiler, Submit};
use sparkle_pm4::kmd::fault::{FaultyNode, When};
use sparkle_pm4::kmd::{Deadline, Errno, Node, Placement, ResetStatus, ioctls};
use sparkle_pm4::ladder::{Climb, Fall, Ladder, Outcome, Rung, Sign};
use sparkle_pm4::pm4::{self, lint, submission};
use sparkle_pm4::soft::{Arch, Config, PageFaults, SoftNode};
use sparkle_pm4::{Engine, Error};

const WRITE_DATA: u32 = 0x37;
const RELEASE_MEM: u32 = 0x49;
const DMA_DATA: u32 = 0x50;
const DISPATCH_DIRECT: u32 = 0x15;
// Registers by dword offset in SET_SH_REG.
const NUM_THREAD_X: u32 = 0x207;
const PGM_LO: u32 = 0x20c;
const SCRATCH_BASE_LO: u32 = 0x210;
const RSRC2: u32 = 0x213;
const CU_MASKS: [u32; 6] = [0x216, 0x217, 0x219, 0x21a, 0x22b, 0x22c];
const TMPRING_SIZE: u32 = 0x218;
const USER_DATA_0: u32 = 0x240;

/// As a card: no rules beyond hardware's, and page faults that go by.
fn card() -> SoftNode {
    // Far beyond what a rung takes on a machine that has other things to do.
    card_with(Duration::from_secs(30))
}

fn card_with(job_timeout: Duration) -> SoftNode {
    SoftNode::new(Config { page_faults: PageFaults::Drop, job_timeout, ..Config::default() }).unwrap()
}

fn spoiler() -> Spoiler {
    Spoiler::new(card())
}

fn climb_on(node: Arc<dyn Node>, timeout: Duration) -> Climb {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(Ladder::new(Engine::Emu).timeout(timeout).climb(node)));
    receiver.recv_timeout(Duration::from_secs(120)).expect("a climb ends")
}

fn climb(node: impl Node + 'static) -> Climb {
    climb_on(Arc::new(node), Duration::from_secs(30))
}

/// The climb fails there, and nowhere else: what is below holds, what is above was not tried.
#[track_caller]
fn fails(climb: &Climb, rung: Rung, sign: Sign, cause: &str) -> String {
    let Some((failed, fall)) = climb.failure() else { panic!("nothing failed, and {rung} should have") };
    let told = format!("{rung} {}\n{}\ncauses: {:?}", fall.sign.code(), fall.evidence.join("\n"), codes(fall));
    assert_eq!((failed, fall.sign), (rung, sign), "{failed}: {told}");
    assert_eq!(fall.cause().code, cause, "{told}");
    for report in climb.rungs() {
        match &report.outcome {
            Outcome::Held(_) => assert!(report.rung < rung, "{told}"),
            Outcome::Failed(_) => assert_eq!(report.rung, rung),
            Outcome::NotRun => assert!(report.rung > rung, "{told}"),
        }
    }
    assert!(!climb.reached_top());
    assert!(fall.causes.iter().all(|cause| !cause.text.is_empty() && !cause.next.is_empty()));
    told
}

fn codes(fall: &Fall) -> Vec<&'static str> {
    fall.causes.iter().map(|cause| cause.code).collect()
}

fn fall(climb: &Climb) -> &Fall {
    climb.failure().unwrap().1
}

#[test]
fn a_good_card_is_climbed_to_the_top() {
    let strict = Config { check_caches: true, ..Config::strict() };
    for (name, node) in [
        ("as a card", card()),
        ("strict, with caches", SoftNode::new(strict).unwrap()),
        // A window of no use for buffers: video memory is left out, with a word about it.
        ("a BAR of a page", SoftNode::new(Config { visible_vram_bytes: Some(4096), ..Config::strict() }).unwrap()),
    ] {
        let mut heard = Vec::new();
        let climb = Ladder::new(Engine::Emu).climb_while(Arc::new(node), |rung| {
            heard.push(rung);
            ControlFlow::Continue(())
        });
        let failure = climb.failure().map(|(rung, fall)| format!("{rung}: {:?}", fall.evidence));
        assert_eq!(failure, None, "{name}");
        assert!(climb.reached_top() && heard == Rung::ALL, "{name}");
        let Outcome::Held(notes) = &climb.rungs()[0].outcome else { panic!("{name}") };
        assert_eq!(notes.is_empty(), name != "a BAR of a page", "{notes:?}");
    }
    // Through a node that only looks on, too: the tests below rely on it.
    assert!(climb(spoiler()).reached_top());
}

#[test]
fn the_linter_finds_nothing_in_the_rungs_streams() {
    for rung in Rung::ALL.into_iter().filter(|rung| *rung > Rung::Node) {
        let seen: Arc<Mutex<Vec<Vec<u32>>>> = Arc::default();
        let streams = Arc::clone(&seen);
        let climb = climb(spoiler().before(rung, move |cs| streams.lock().unwrap().push(cs.ib.clone())));
        assert!(climb.reached_top());
        let streams = std::mem::take(&mut *seen.lock().unwrap());
        assert!(streams.len() >= 4, "{rung}: {}", streams.len());
        for words in streams {
            let report = lint::lint(&submission::Submission {
                gfx: pm4::Gfx::Gfx1100,
                ring: pm4::Ring::Compute,
                shader_engines: Some(6),
                ibs: vec![submission::Ib { name: "IB 0".into(), va: None, words }],
                buffers: submission::BufferMap::new(Vec::new()),
                kernels: Vec::new(),
                plan: None,
                completion: submission::Completion::KernelFence,
            });
            let errors = report.findings().iter().filter(|finding| finding.rule.severity == lint::Severity::Error);
            assert_eq!(errors.map(ToString::to_string).collect::<Vec<_>>(), [""; 0], "{rung}");
        }
    }
}

/// Whether nothing is open on the card. A ring's thread lets go of its last job a moment after the fence.
fn is_empty(card: &SoftNode) -> bool {
    let end = Deadline::after(Duration::from_secs(20));
    while card.census() != Default::default() && !end.is_past() {
        std::thread::sleep(Duration::from_millis(2));
    }
    card.census() == Default::default()
}

#[test]
fn a_climb_can_be_stopped_and_gives_everything_back() {
    let node = Arc::new(card());
    let stop = |rung| if rung == Rung::Store { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let climb = Ladder::new(Engine::Emu).climb_while(Arc::clone(&node) as Arc<dyn Node>, stop);
    assert!(climb.failure().is_none() && !climb.reached_top());
    assert!(matches!(climb.rungs()[6].outcome, Outcome::NotRun));
    assert!(is_empty(&node), "something is left open: {:?}", node.census());
}

#[test]
fn other_rings_are_climbed_and_a_ring_that_is_not_there_is_named() {
    let ladder = Ladder::new(Engine::Emu);
    let third = ladder.clone().ring(3).climb(Arc::new(card()));
    assert!(third.reached_top());
    assert_eq!(third.card().unwrap().ring.unwrap().index, 3);
    fails(&ladder.ring(9).climb(Arc::new(card())), Rung::Node, Sign::Refused, "no-ring");
}

#[test]
fn below_the_first_submission_each_refusal_names_its_cause() {
    type Break = fn(FaultyNode) -> FaultyNode;
    let cases: [(&str, Break, Errno); 10] = [
        ("device-gone", |node| node.vanish_at(1), Errno::ENODEV),
        ("device-gone", |node| node.vanish_at(30), Errno::ENODEV),
        ("not-authenticated", |n| n.fail(ioctls::INFO.number(), Errno::EACCES, When::Always), Errno::EACCES),
        ("no-memory", |n| n.fail(ioctls::GEM_CREATE.number(), Errno::ENOMEM, When::Always), Errno::ENOMEM),
        ("map-refused", |n| n.fail_map(Errno::ENOMEM, When::Nth(1)), Errno::ENOMEM),
        ("va-refused", |n| n.fail(ioctls::GEM_VA.number(), Errno::EINVAL, When::Nth(2)), Errno::EINVAL),
        ("priority", |n| n.fail(ioctls::CTX_ALLOC.number(), Errno::EACCES, When::Nth(1)), Errno::EACCES),
        ("not-a-node", |n| n.fail(ioctls::GEM_MMAP.number(), Errno::ENOTTY, When::Always), Errno::ENOTTY),
        ("signals", |n| n.fail(ioctls::GEM_CREATE.number(), Errno::EINTR, When::Always), Errno::EINTR),
        ("old-kernel", |n| n.fail(ioctls::INFO.number(), Errno::EINVAL, When::Nth(1)), Errno::EINVAL),
    ];
    for (cause, spoil, errno) in cases {
        let climb = climb(spoil(FaultyNode::new(Arc::new(card()))));
        fails(&climb, Rung::Node, Sign::Refused, cause);
        assert_eq!(fall(&climb).errno(), Some(errno), "{cause}");
    }
    fails(&climb(spoiler().driver("radeon")), Rung::Node, Sign::Refused, "other-driver");
    // INFO_ACCEL_WORKING is query 0.
    fails(&climb(spoiler().info(0, &[0; 4])), Rung::Node, Sign::Refused, "not-working");
    let climb = climb(spoiler().crossed());
    fails(&climb, Rung::Node, Sign::Wrong, "mapping-elsewhere");
}

#[test]
fn submissions_that_the_kernel_refuses_name_request_and_errno() {
    for (errno, cause) in [
        (Errno::EINVAL, "submission-refused"),
        (Errno::ENOENT, "handle-unknown"),
        (Errno::ENOMEM, "no-memory"),
        (Errno::ENODEV, "device-gone"),
        (Errno::EACCES, "not-authenticated"),
        (Errno::EBUSY, "ring-stuck"),
    ] {
        // The first of NOP's, and of WRITE_DATA's.
        for (nth, rung) in [(1, Rung::Nop), (5, Rung::WriteData)] {
            let node = FaultyNode::new(Arc::new(card())).fail(ioctls::CS.number(), errno, When::Nth(nth));
            let climb = climb(node);
            let told = fails(&climb, rung, Sign::Refused, cause);
            assert!(told.contains("AMDGPU_CS") && told.contains(&format!("{errno}")), "{told}");
            assert_eq!(fall(&climb).errno(), Some(errno));
        }
    }
}

#[test]
fn whatever_request_fails_and_however_a_climb_ends_with_a_report_and_gives_everything_back() {
    let mut seen = 0;
    'requests: for (name, code, documented) in ioctls::ERRORS {
        for &errno in documented.iter().chain(ioctls::COMMON_ERRORS) {
            // A request that never goes through is restarted for seconds.
            let restarted = matches!(errno, Errno::EINTR | Errno::EAGAIN);
            let whens = [When::Nth(1), When::Nth(9), When::From(2)];
            for when in whens.into_iter().take(if restarted { 2 } else { 3 }) {
                let card = Arc::new(card());
                let node = Arc::new(FaultyNode::new(Arc::clone(&card) as Arc<dyn Node>).fail(*code as u8, errno, when));
                let climb = climb_on(Arc::clone(&node) as Arc<dyn Node>, Duration::from_secs(30));
                if node.injected() == 0 {
                    // The ladder has no use for it, or not so often.
                    assert!(climb.reached_top(), "{name} {errno}");
                    if when == When::Nth(1) {
                        continue 'requests;
                    }
                    continue;
                }
                seen += 1;
                if let Some((rung, fall)) = climb.failure() {
                    assert!(!fall.causes.is_empty() && !fall.evidence.is_empty(), "{name} {errno} at {rung}");
                }
                // What could not be closed is the file's, and goes with it.
                let closes = ["GEM_CLOSE", "AMDGPU_GEM_VA", "AMDGPU_CTX"].contains(name);
                assert!(closes || is_empty(&card), "{name} {errno} {when:?}: {:?}", card.census());
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn fences_with_errors_say_who_is_to_blame() {
    for (errno, sign, cause) in [
        (Errno::ECANCELED, Sign::Cancelled, "others-hang"),
        (Errno::ETIME, Sign::Hung, "ring-stuck"),
        (Errno::ENODATA, Sign::Hung, "ring-stuck"),
    ] {
        let node = FaultyNode::new(Arc::new(card())).fail(ioctls::WAIT_CS.number(), errno, When::Always);
        let climb = climb(node);
        let told = fails(&climb, Rung::Nop, sign, cause);
        assert!(told.contains(&format!("{errno:?}")), "{told}");
        assert_eq!(fall(&climb).errno(), Some(errno));
        assert_eq!(fall(&climb).reset.map(|state| state.status), Some(ResetStatus::Ok));
    }
}

#[test]
fn a_fence_that_signals_although_nothing_ran_fools_no_rung() {
    let nothing = climb(spoiler().submit(Submit::Skip, Rung::Nop));
    let told = fails(&nothing, Rung::Nop, Sign::NoSequence, "skipped-job");
    assert!(told.contains("wrote no sequence number"), "{told}");
    // With the ring's own write made up NOP can't know; WRITE_DATA does.
    let nothing = climb(spoiler().submit(Submit::SkipAndWrite, Rung::Nop));
    let told = fails(&nothing, Rung::WriteData, Sign::Untouched, "ib-not-run");
    assert!(told.contains("still holds the poison"), "{told}");
    // Every rung above finds it, too.
    for rung in Rung::ALL.into_iter().filter(|rung| *rung > Rung::WriteData && *rung < Rung::Conv2d) {
        for submit in [Submit::Skip, Submit::SkipAndWrite] {
            let climb = climb(spoiler().submit(submit, rung));
            let (failed, fall) = climb.failure().unwrap();
            assert_eq!((failed, fall.sign), (rung, Sign::Untouched), "{:?}", fall.evidence);
        }
    }
}

#[test]
fn a_fence_that_never_signals_is_a_timeout_with_what_was_reached() {
    let node = Arc::new(spoiler().submit(Submit::Stall, Rung::Nop));
    let climb = climb_on(node, Duration::from_millis(50));
    fails(&climb, Rung::Nop, Sign::TimedOut, "ring-stuck");
    let node = Arc::new(spoiler().submit(Submit::Stall, Rung::Store));
    let climb = climb_on(node, Duration::from_millis(50));
    let told = fails(&climb, Rung::Store, Sign::TimedOut, "no-cus");
    assert!(told.contains("has not come to the first breadcrumb") && told.contains("0 have changed so far"), "{told}");
}

#[test]
fn write_data_spoiled_in_flight_is_told_apart() {
    let spoiled = |hook: fn(&mut Cs<'_>)| climb(spoiler().before(Rung::WriteData, hook));
    fails(&spoiled(|cs| cs.drop_packet(WRITE_DATA, 0)), Rung::WriteData, Sign::Untouched, "ib-not-run");
    let wrong = spoiled(|cs| {
        let at = cs.packets(WRITE_DATA)[1];
        cs.ib[at + 6] ^= 0x100;
    });
    fails(&wrong, Rung::WriteData, Sign::Wrong, "packet-data");
    let seen = fall(&wrong).mismatch.as_ref().unwrap();
    assert_eq!((seen.dword, seen.expected ^ seen.got, seen.wrong, seen.placement), (1021, 0x100, 1, Placement::Gtt));
    let swapped = spoiled(|cs| {
        let at = cs.packets(WRITE_DATA)[1] + 4;
        cs.ib[at..at + 9].iter_mut().for_each(|word| *word = word.swap_bytes());
    });
    fails(&swapped, Rung::WriteData, Sign::Swapped, "byte-order");
    let shifted = spoiled(|cs| {
        let at = cs.packets(WRITE_DATA)[1];
        cs.ib[at + 2] += 8;
    });
    let told = fails(&shifted, Rung::WriteData, Sign::Shifted, "packet-address");
    assert!(told.contains("+2 dwords"), "{told}");
    let short = spoiled(|cs| {
        // The last two dwords are a NOP of their own.
        let at = cs.packets(WRITE_DATA)[1];
        cs.ib[at] -= 2 << 16;
        cs.ib[at + 11] = 0xc000_1000;
    });
    fails(&short, Rung::WriteData, Sign::Partial, "packet-length");
    let elsewhere = spoiled(|cs| {
        let at = cs.packets(WRITE_DATA)[0];
        cs.ib[at + 3] |= 0x40;
    });
    let told = fails(&elsewhere, Rung::WriteData, Sign::Untouched, "page-fault");
    assert!(told.contains("page fault of the GPU at 0x40"), "{told}");
    assert!(fall(&elsewhere).page_fault.is_some());
}

#[test]
fn memory_that_changes_beside_what_is_written_is_a_failure() {
    let spoiled = spoiler().after(Rung::WriteData, |cs| {
        let at = cs.packets(WRITE_DATA)[1];
        let va = u64::from(cs.ib[at + 2]) | u64::from(cs.ib[at + 3]) << 32;
        cs.write(va + 36, &[0]);
    });
    let climb = climb(spoiled);
    fails(&climb, Rung::WriteData, Sign::Neighbour, "packet-length");
    let seen = fall(&climb).mismatch.as_ref().unwrap();
    assert_eq!((seen.dword, seen.got, seen.wrong, seen.strayed), (1028, 0, 0, 1));
}

#[test]
fn one_kind_of_memory_alone_is_named() {
    /// What was there before the submissions of that kind of memory, put back behind them: the CPU sees none of it.
    fn hidden(numbers: std::ops::Range<usize>) -> Climb {
        type Pages = Vec<(u64, Vec<u32>)>;
        let kept: Arc<Mutex<Pages>> = Arc::default();
        let keep = Arc::clone(&kept);
        let range = numbers.clone();
        let page = |cs: &Cs<'_>| {
            let at = cs.packets(WRITE_DATA)[0];
            (u64::from(cs.ib[at + 2]) | u64::from(cs.ib[at + 3]) << 32) & !0xfff
        };
        // Only one hook a rung: both sides of the submission are the same one's.
        let node = spoiler()
            .before(Rung::WriteData, move |cs| {
                if range.contains(&cs.number) {
                    let va = page(cs);
                    keep.lock().unwrap().push((va, cs.read(va, 3 * 1024)));
                }
            })
            .after(Rung::WriteData, move |cs| {
                if numbers.contains(&cs.number) {
                    for (va, words) in kept.lock().unwrap().drain(..) {
                        cs.write(va, &words);
                    }
                }
            });
        climb(node)
    }
    let video = hidden(2..4);
    let told = fails(&video, Rung::WriteData, Sign::Untouched, "bar-read");
    assert!(told.contains("in system memory the same work is right"), "{told}");
    assert_eq!(fall(&video).mismatch.as_ref().unwrap().placement, Placement::VramCpu);
    // The second run is not tried where the first one failed.
    let system = hidden(0..1);
    let told = fails(&system, Rung::WriteData, Sign::Untouched, "not-coherent");
    assert!(told.contains("in video memory the same work is right"), "{told}");
}

#[test]
fn data_of_the_run_before_is_stale() {
    // The second run's stream is the first one's: what a stale copy of the command memory would be.
    let first: Mutex<Vec<u32>> = Mutex::default();
    let node = spoiler().before(Rung::WriteData, move |cs| match cs.number {
        0 => *first.lock().unwrap() = cs.ib.clone(),
        1 => cs.ib.clone_from(&first.lock().unwrap()),
        _ => {}
    });
    let climb = climb(node);
    fails(&climb, Rung::WriteData, Sign::Stale, "not-coherent");
    assert_eq!(fall(&climb).mismatch.as_ref().unwrap().run, 2);
}

#[test]
fn release_mem_spoiled_in_flight_is_told_apart() {
    let spoiled = |hook: fn(&mut Cs<'_>)| climb(spoiler().before(Rung::ReleaseMem, hook));
    fails(&spoiled(|cs| cs.drop_packet(RELEASE_MEM, 0)), Rung::ReleaseMem, Sign::Untouched, "no-event");
    let half = spoiled(|cs| {
        // DATA_SEL, bits 31:29 of the second body dword: 1 is 32 bits.
        let at = cs.packets(RELEASE_MEM)[1];
        cs.ib[at + 2] = cs.ib[at + 2] & !(7 << 29) | 1 << 29;
    });
    fails(&half, Rung::ReleaseMem, Sign::Partial, "half-write");
}

#[test]
fn dma_data_spoiled_in_flight_is_told_apart() {
    let spoiled = |hook: fn(&mut Cs<'_>)| climb(spoiler().before(Rung::DmaData, hook));
    let short = spoiled(|cs| {
        let at = cs.packets(DMA_DATA)[0];
        cs.ib[at + 6] -= 64;
    });
    let told = fails(&short, Rung::DmaData, Sign::Partial, "dma-not-waited");
    assert!(told.contains("1484 of 1500 dwords are right"), "{told}");
    let nowhere = spoiled(|cs| {
        let at = cs.packets(DMA_DATA)[0];
        cs.ib[at + 3] |= 0x40;
    });
    let told = fails(&nowhere, Rung::DmaData, Sign::Zero, "page-fault");
    assert!(told.contains("dma-source"), "{told}");
    let beside = spoiled(|cs| {
        let at = cs.packets(DMA_DATA)[0];
        cs.ib[at + 2] += 4;
    });
    fails(&beside, Rung::DmaData, Sign::Wrong, "dma-source");
    let far = spoiled(|cs| cs.drop_packet(DMA_DATA, 2));
    let told = fails(&far, Rung::DmaData, Sign::Untouched, "dma-not-waited");
    assert!(told.contains("a copy from the other memory"), "{told}");
}

#[test]
fn a_dispatch_that_does_not_end_names_masks_and_program() {
    let spoiled = |hook: fn(&mut Cs<'_>)| climb(spoiler().before(Rung::Endpgm, hook));
    let no_cus = spoiled(|cs| {
        if cs.number % 2 == 1 {
            for register in CU_MASKS {
                let at = cs.sh_value(register);
                cs.ib[at] = 0;
            }
        }
    });
    let told = fails(&no_cus, Rung::Endpgm, Sign::Hung, "no-cus");
    assert!(told.contains("came before the dispatch") && told.contains("GUILTY"), "{told}");
    let nowhere = spoiled(|cs| {
        if cs.number % 2 == 1 {
            let at = cs.sh_value(PGM_LO);
            cs.ib[at + 1] |= 0x40;
        }
    });
    // The page fault of the instruction fetch tells it from the masks.
    fails(&nowhere, Rung::Endpgm, Sign::Hung, "wrong-pgm");
    // The loader wrote other bytes than it should: the copy that the GPU makes of them says so.
    let code = spoiled(|cs| {
        if cs.number == 0 {
            let at = cs.packets(DMA_DATA)[0];
            let va = u64::from(cs.ib[at + 2]) | u64::from(cs.ib[at + 3]) << 32;
            let swapped: Vec<u32> = cs.read(va, 16).into_iter().map(u32::swap_bytes).collect();
            cs.write(va, &swapped);
        }
    });
    let told = fails(&code, Rung::Endpgm, Sign::Swapped, "code-differs");
    assert!(told.contains("a copy of the code"), "{told}");
}

#[test]
fn a_software_device_that_explains_itself_is_quoted() {
    let strict = || Spoiler::new(SoftNode::new(Config::strict()).unwrap()).explaining();
    let no_cus = strict().before(Rung::Endpgm, |cs| {
        if cs.number % 2 == 1 {
            for register in CU_MASKS {
                let at = cs.sh_value(register);
                cs.ib[at] = 0;
            }
        }
    });
    let told = fails(&climb(no_cus), Rung::Endpgm, Sign::Hung, "no-cus");
    assert!(told.contains("the device says: ") && told.contains("enable no CU that exists"), "{told}");
    let nowhere = strict().before(Rung::WriteData, |cs| {
        let at = cs.packets(WRITE_DATA)[0];
        cs.ib[at + 3] |= 0x40;
    });
    let climb = climb(nowhere);
    let told = fails(&climb, Rung::WriteData, Sign::Faulted, "page-fault");
    assert!(told.contains("the device says: ") && told.contains("0x4000"), "{told}");
    assert!(matches!(&fall(&climb).error, Some(Error::Kmd(_))));
}

#[test]
fn stores_spoiled_in_flight_are_told_apart() {
    let spoiled = |hook: fn(&mut Cs<'_>)| climb(spoiler().before(Rung::Store, hook));
    let lanes = spoiled(|cs| {
        // CS_W32_EN.
        let at = cs.packets(DISPATCH_DIRECT)[0];
        cs.ib[at + 4] &= !(1 << 15);
    });
    fails(&lanes, Rung::Store, Sign::Wrong, "wave-size");
    let arguments = spoiled(|cs| {
        let at = cs.sh_value(USER_DATA_0);
        cs.ib[at + 1] |= 0x40;
    });
    fails(&arguments, Rung::Store, Sign::Untouched, "args-not-found");
    let groups = spoiled(|cs| {
        let at = cs.packets(DISPATCH_DIRECT)[0];
        cs.ib[at + 1] = 3;
    });
    let told = fails(&groups, Rung::Store, Sign::Partial, "group-size");
    assert!(told.contains("768 of 1024 dwords are right"), "{told}");
    let threads = spoiled(|cs| {
        let at = cs.sh_value(NUM_THREAD_X);
        cs.ib[at] = 128;
    });
    fails(&threads, Rung::Store, Sign::Partial, "group-size");
    let more = spoiled(|cs| {
        let at = cs.packets(DISPATCH_DIRECT)[0];
        cs.ib[at + 1] = 5;
    });
    fails(&more, Rung::Store, Sign::Neighbour, "grid-too-large");
    let none = spoiled(|cs| cs.drop_packet(DISPATCH_DIRECT, 0));
    let told = fails(&none, Rung::Store, Sign::Untouched, "args-not-found");
    assert!(told.contains("no-dispatch") && told.contains("came to the end of the stream"), "{told}");
}

#[test]
fn what_a_cache_kept_for_the_waves_is_told_from_what_is_wrong() {
    /// Before the second run, memory at the place that `of` finds is what it was in the first.
    fn kept(of: fn(&Cs<'_>) -> (u64, usize)) -> Climb {
        let first: Mutex<Vec<u32>> = Mutex::default();
        climb(spoiler().before(Rung::Store, move |cs| {
            let (va, count) = of(cs);
            match cs.number {
                0 => *first.lock().unwrap() = cs.read(va, count),
                1 => cs.write(va, &first.lock().unwrap()),
                _ => {}
            }
        }))
    }
    fn arguments(cs: &Cs<'_>) -> u64 {
        let at = cs.sh_value(USER_DATA_0);
        u64::from(cs.ib[at]) | u64::from(cs.ib[at + 1]) << 32
    }
    fn source(cs: &Cs<'_>) -> u64 {
        let words = cs.read(arguments(cs), 2);
        u64::from(words[0]) | u64::from(words[1]) << 32
    }
    fails(&kept(|cs| (arguments(cs), 5)), Rung::Store, Sign::Stale, "stale-args");
    // The host looks at the input as well, and would find it changed: it is put back behind the work.
    let kept_source = {
        let (first, second): (Mutex<Vec<u32>>, Arc<Mutex<Vec<u32>>>) = Default::default();
        let now = Arc::clone(&second);
        let node = spoiler()
            .before(Rung::Store, move |cs| match cs.number {
                0 => *first.lock().unwrap() = cs.read(source(cs), 1024),
                1 => {
                    *now.lock().unwrap() = cs.read(source(cs), 1024);
                    cs.write(source(cs), &first.lock().unwrap());
                }
                _ => {}
            })
            .after(Rung::Store, move |cs| {
                if cs.number == 1 {
                    cs.write(source(cs), &second.lock().unwrap());
                }
            });
        climb(node)
    };
    fails(&kept_source, Rung::Store, Sign::Stale, "stale-source");
    // The same without the first run's: loads that give nothing.
    let nothing = spoiler().before(Rung::Store, |cs| cs.write(arguments(cs) + 4, &[0x40]));
    fails(&climb(nothing), Rung::Store, Sign::Wrong, "loads-zero");
}

/// Changes a dword of the code where it is the first time; it stays as it is then.
fn replace_in_code(cs: &mut Cs<'_>, old: u32, new: u32) {
    let va = cs.code();
    let found = cs.read(va, 64).iter().position(|&word| word == old);
    match found {
        Some(at) => cs.write(va + 4 * at as u64, &[new]),
        None => assert!(cs.number > 0, "the code has no {old:#x}"),
    }
}

#[test]
fn lds_spoiled_in_flight_is_told_apart() {
    let spoiled = |hook: fn(&mut Cs<'_>)| climb(spoiler().before(Rung::Lds, hook));
    let size = spoiled(|cs| {
        // LDS_SIZE, bits 23:15.
        let at = cs.sh_value(RSRC2);
        cs.ib[at] &= !(0x1ff << 15);
    });
    fails(&size, Rung::Lds, Sign::Zero, "lds-size");
    // s_barrier, as llvm-mc has it, becomes s_nop.
    let barrier = spoiled(|cs| replace_in_code(cs, 0xbfbd_0000, 0xbf80_0000));
    let (rung, _) = barrier.failure().unwrap();
    assert_eq!(rung, Rung::Lds);
    assert!(codes(fall(&barrier)).contains(&"no-barrier"), "{:?}", codes(fall(&barrier)));
    // The XOR that mirrors the address has a literal.
    let own = spoiled(|cs| replace_in_code(cs, 0x3fc, 0));
    fails(&own, Rung::Lds, Sign::Wrong, "lds-not-exchanged");
}

#[test]
fn atomics_that_lose_something_are_found() {
    let lost = spoiler().after(Rung::Atomics, |cs| {
        let at = cs.sh_value(USER_DATA_0);
        let args = cs.read(u64::from(cs.ib[at]) | u64::from(cs.ib[at + 1]) << 32, 4);
        let (state, tickets) =
            (u64::from(args[0]) | u64::from(args[1]) << 32, u64::from(args[2]) | u64::from(args[3]) << 32);
        // Two threads read the counter before either had written it.
        let counter = cs.read(state, 1)[0];
        let last = cs.read(tickets, 1024).iter().position(|&ticket| ticket == counter - 1).unwrap() as u64;
        cs.write(tickets + 4 * last, &[counter - 2]);
        cs.write(state, &[counter - 1]);
    });
    let told = fails(&climb(lost), Rung::Atomics, Sign::Wrong, "lost-updates");
    assert!(told.contains("1 of 1024 dwords to be written are wrong"), "{told}");
    let groups = spoiler().before(Rung::Atomics, |cs| {
        let at = cs.packets(DISPATCH_DIRECT)[0];
        cs.ib[at + 1] = 2;
    });
    let told = fails(&climb(groups), Rung::Atomics, Sign::Partial, "lost-updates");
    assert!(told.contains("group-size"), "{told}");
}

#[test]
fn scratch_spoiled_in_flight_is_told_apart() {
    let spoiled = |hook: fn(&mut Cs<'_>)| climb(spoiler().before(Rung::Scratch, hook));
    let base = spoiled(|cs| {
        let at = cs.sh_value(SCRATCH_BASE_LO);
        cs.ib[at + 1] |= 0x40;
    });
    let told = fails(&base, Rung::Scratch, Sign::Zero, "no-scratch");
    assert!(told.contains("page fault"), "{told}");
    let small = spoiled(|cs| {
        // WAVESIZE, from bit 12: two granules of 256 bytes are a wave's. What lies beyond faults here.
        let at = cs.sh_value(TMPRING_SIZE);
        cs.ib[at] = cs.ib[at] & 0xfff | 1 << 12;
    });
    let told = fails(&small, Rung::Scratch, Sign::Hung, "no-scratch");
    assert!(told.contains("scratch-shared"), "{told}");
    // On a card, a wave finds what its neighbour stored.
    let shared = spoiler().after(Rung::Scratch, |cs| {
        let at = cs.sh_value(USER_DATA_0);
        let args = cs.read(u64::from(cs.ib[at]) | u64::from(cs.ib[at + 1]) << 32, 2);
        let out = u64::from(args[0]) | u64::from(args[1]) << 32;
        let wave = cs.read(out + 512, 128);
        cs.write(out, &wave);
    });
    let told = fails(&climb(shared), Rung::Scratch, Sign::Wrong, "scratch-shared");
    assert!(told.contains("128 of 2048 dwords"), "{told}");
    // Waves wait for ever, until the watchdog comes.
    let slots = Spoiler::new(card_with(Duration::from_secs(3))).before(Rung::Scratch, |cs| {
        let at = cs.sh_value(TMPRING_SIZE);
        cs.ib[at] &= !0xfff;
    });
    fails(&climb(slots), Rung::Scratch, Sign::Hung, "scratch-slots");
}

#[test]
fn a_convolution_with_a_dispatch_missing_is_found() {
    for nth in [0, 1] {
        let node = spoiler().before(Rung::Conv2d, move |cs| {
            if cs.packets(DISPATCH_DIRECT).len() == 2 {
                cs.drop_packet(DISPATCH_DIRECT, nth);
            }
        });
        let climb = climb(node);
        let (rung, fall) = climb.failure().unwrap();
        assert_eq!(rung, Rung::Conv2d);
        assert!(codes(fall).contains(&"one-dispatch"), "{:?} {:?}", fall.evidence, codes(fall));
        assert!(fall.mismatch.is_some());
    }
}

#[test]
fn another_target_gets_as_far_as_packets_go() {
    let node = SoftNode::new(Config::of(Arch::Gfx1102)).unwrap();
    let climb = climb(node);
    let told = fails(&climb, Rung::Endpgm, Sign::Refused, "other-target");
    assert!(told.contains("gfx1102") && told.contains("gfx1100"), "{told}");
}
