//! Waves on the software device: many workgroups at once, queues side by side, hangs and faults with what is known.

mod soft_support;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use soft_support::*;
use sparkle_pm4::kmd::{Node, Protection, ResetStatus, Ring, Wait, ioctls, uapi};
use sparkle_pm4::soft::{Config, Event, WaveEngine, Work};

const TGID_X_EN: u32 = 1 << 7;

/// Workgroups add one to s[0:1] and wait until all of s2 have; then they add one to the dword behind.
const GRID_BARRIER: &str = "
    v_mov_b32_e32 v0, 0
    v_mov_b32_e32 v1, 1
    s_mov_b32 exec_lo, 1
    global_atomic_add_u32 v0, v1, s[0:1]
wait:
    global_load_b32 v2, v0, s[0:1] glc
    s_waitcnt vmcnt(0)
    v_readfirstlane_b32 s4, v2
    s_cmp_lt_u32 s4, s2
    s_cbranch_scc1 wait
    global_atomic_add_u32 v0, v1, s[0:1] offset:4
    s_endpgm
";

fn patient(engine: WaveEngine) -> Machine {
    let config = Config { engine, ..Config::strict() };
    machine_with(Config { job_timeout: Duration::from_secs(50), ..config })
}

#[test]
fn workgroups_that_wait_for_one_another_all_run() {
    for engine in [WaveEngine::Interpreter, WaveEngine::Auto] {
        let m = patient(engine);
        let (_, code) = m.memory(&asm(GRID_BARRIER));
        let (bo, out) = m.memory(&[0; 2]);
        let groups = 96;
        let mut launch = Launch::new(code.va(), &[halves(out.va()).as_slice(), &[groups]].concat());
        launch.grid = [groups, 1, 1];
        m.run(&launch.stream()).unwrap();
        assert_eq!((load(&bo, 0), load(&bo, 1)), (groups, groups), "{engine:?}");
    }
}

#[test]
fn more_workgroups_than_the_cus_hold_dont_all_run() {
    let m = machine_with(Config { job_timeout: Duration::from_secs(2), ..Config::strict() });
    let (_, code) = m.memory(&asm(GRID_BARRIER));
    let (bo, out) = m.memory(&[0; 2]);
    // 64 KiB of LDS: one workgroup a CU, and of those 14 are enabled.
    let mut launch = Launch::new(code.va(), &[halves(out.va()).as_slice(), &[17]].concat());
    launch.grid = [17, 1, 1];
    launch.rsrc2 |= 128 << 15;
    let mut words = preamble();
    words.extend(set_sh(0x216, &[0x0003_000f, 0x0003_0003]));
    words.extend(set_sh(0x219, &[0x0000_0003, 0x0000_0003]));
    words.extend(set_sh(0x22b, &[0, 0]));
    words.extend(ACQUIRE);
    let enough = Launch { user: [halves(out.va()).as_slice(), &[14]].concat(), grid: [14, 1, 1], ..launch.clone() };
    let stream = |launch: &Launch| [words.as_slice(), &launch.words(), &FLUSH].concat();
    m.run(&stream(&enough)).unwrap();
    assert_eq!((load(&bo, 0), load(&bo, 1)), (14, 14));
    fill(&bo, &[0, 0]);
    let text = m.fail(&stream(&launch));
    says(&text, &["hang", "had started 14 of 17 workgroups; 14 waves in 14 workgroups were under way", "and 10 more"]);
    assert_eq!(load(&bo, 0), 14);
}

#[test]
fn a_workgroup_may_wait_for_an_earlier_one() {
    // Each waits for the dword that the one before it writes: s[0:1] + 4 * id.
    let code = asm("
        s_mov_b32 exec_lo, 1
        s_lshl_b32 s3, s2, 2
        v_mov_b32_e32 v0, s3
    wait:
        global_load_b32 v1, v0, s[0:1] glc
        s_waitcnt vmcnt(0)
        v_readfirstlane_b32 s4, v1
        s_cmp_eq_u32 s4, 0
        s_cbranch_scc1 wait
        v_add_nc_u32_e32 v1, 1, v1
        global_store_b32 v0, v1, s[0:1] offset:4
        s_endpgm
    ");
    let m = patient(WaveEngine::Auto);
    let (_, code) = m.memory(&code);
    let count = 2000;
    let mut chain = vec![0; count as usize + 1];
    chain[0] = 1;
    let (bo, out) = m.memory(&chain);
    let mut launch = Launch::new(code.va(), &halves(out.va()));
    launch.rsrc2 |= TGID_X_EN;
    launch.grid = [count, 1, 1];
    assert_eq!(m.node.work(), Work::default());
    m.run(&launch.stream()).unwrap();
    assert_eq!(load(&bo, count.into()), count + 1);
    let work = m.node.work();
    assert_eq!((work.workgroups, work.waves), (count.into(), count.into()));
    // Without rounds of the loop, eleven each.
    assert!(work.wave_instructions >= 11 * u64::from(count), "{work:?}");
}

/// A wave that waits for dword 0 of s[0:1] to be one, then stores two behind it.
const WAIT_FOR_ONE: &str = "
    v_mov_b32_e32 v0, 0
wait:
    global_load_b32 v1, v0, s[0:1] glc
    s_waitcnt vmcnt(0)
    v_readfirstlane_b32 s4, v1
    s_cmp_lg_u32 s4, 1
    s_cbranch_scc1 wait
    v_mov_b32_e32 v1, 2
    global_store_b32 v0, v1, s[0:1] offset:4
    s_endpgm
";

#[test]
fn queues_run_side_by_side_whatever_one_of_them_waits_for() {
    let m = patient(WaveEngine::Auto);
    let (_, code) = m.memory(&asm(WAIT_FOR_ONE));
    let (bo, flag) = m.memory(&[0; 2]);
    // More workgroups than threads wait on the first ring; the second runs one that ends their wait.
    let mut waiting = Launch::new(code.va(), &halves(flag.va()));
    waiting.grid = [64, 1, 1];
    let (_, store) = m.memory(&asm("
        v_mov_b32_e32 v0, 0
        v_mov_b32_e32 v1, 1
        global_store_b32 v0, v1, s[0:1]
        s_endpgm
    "));
    let mut storing = Launch::new(store.va(), &halves(flag.va()));
    storing.grid = [8, 1, 1];
    let pad = |mut words: Vec<u32>| {
        words.resize(words.len().next_multiple_of(8), NOP);
        words
    };
    let (one, two) = (m.context(), m.context());
    let waiting = m.submit(&one, COMPUTE, &[&pad(waiting.stream())]);
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(load(&bo, 1), 0);
    let storing = m.submit(&two, Ring { index: 1, ..COMPUTE }, &[&pad(storing.stream())]);
    assert_eq!(storing.wait(soon()).unwrap(), Wait::Signaled);
    assert_eq!(waiting.wait(soon()).unwrap(), Wait::Signaled);
    assert_eq!(load(&bo, 1), 2);
}

#[test]
fn waves_and_the_host_see_what_the_other_writes_at_once() {
    let m = patient(WaveEngine::Auto);
    // A hundred times: wait for dword 0 to be the round, answer in dword 1.
    let (_, code) = m.memory(&asm("
        s_mov_b32 exec_lo, 1
        v_mov_b32_e32 v0, 0
        s_mov_b32 s5, 1
    wait:
        global_load_b32 v1, v0, s[0:1] glc
        s_waitcnt vmcnt(0)
        v_readfirstlane_b32 s4, v1
        s_cmp_lg_u32 s4, s5
        s_cbranch_scc1 wait
        v_mov_b32_e32 v2, s5
        global_store_b32 v0, v2, s[0:1] offset:4
        s_add_i32 s5, s5, 1
        s_cmp_le_u32 s5, 100
        s_cbranch_scc1 wait
        s_endpgm
    "));
    let (bo, out) = m.memory(&[0; 2]);
    let words = Launch::new(code.va(), &halves(out.va())).stream();
    let mut padded = words.clone();
    padded.resize(words.len().next_multiple_of(8), NOP);
    let context = m.context();
    let fence = m.submit(&context, COMPUTE, &[&padded]);
    let host = bo.map_cpu().unwrap();
    for round in 1..=100 {
        host.store_u32(0, round).unwrap();
        let begin = Instant::now();
        while host.load_u32(4).unwrap() != round {
            assert!(begin.elapsed() < Duration::from_secs(20), "no answer in round {round}");
            std::thread::yield_now();
        }
    }
    assert_eq!(fence.wait(soon()).unwrap(), Wait::Signaled);
}

#[test]
fn atomics_are_atomic_across_waves_queues_packets_and_the_host() {
    let m = patient(WaveEngine::Auto);
    // 1,000 rounds of 32 lanes that add one.
    let (_, code) = m.memory(&asm("
        v_mov_b32_e32 v0, 0
        v_mov_b32_e32 v1, 1
        s_mov_b32 s4, 1000
    again:
        global_atomic_add_u32 v0, v1, s[0:1]
        s_sub_i32 s4, s4, 1
        s_cmp_lg_u32 s4, 0
        s_cbranch_scc1 again
        s_endpgm
    "));
    let (bo, counter) = m.memory(&[0; 2]);
    let mut launch = Launch::new(code.va(), &halves(counter.va()));
    launch.block = [64, 1, 1];
    launch.grid = [4, 1, 1];
    let mut words = launch.stream();
    // ATOMIC_MEM: add one, without return.
    let [lo, hi] = halves(counter.va());
    let add = packet(0x1e, &[0x4f | 3 << 8, lo, hi, 1, 0, 0, 0, 0]);
    (0..1000).for_each(|_| words.extend(&add));
    words.resize(words.len().next_multiple_of(8), NOP);
    let rings = [COMPUTE, Ring { index: 1, ..COMPUTE }, Ring { index: 2, ..COMPUTE }];
    let contexts = rings.map(|_| m.context());
    let mut place = uapi::GemMmapIn { handle: bo.handle(), ..Default::default() };
    ioctl(&m.node, ioctls::GEM_MMAP.code, &mut place).unwrap();
    let offset = bytemuck::cast(place);
    let mine = m.node.mmap(offset, 4096, Protection::ReadWrite).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let host = scope.spawn(|| {
            // SAFETY: the mapping is a page, readable and writable, and lives beyond the thread.
            let counter = unsafe { AtomicU32::from_ptr(mine.as_mut_ptr().cast()) };
            let mut added = 0;
            while !stop.load(Ordering::Relaxed) {
                counter.fetch_add(1, Ordering::Relaxed);
                added += 1;
            }
            added
        });
        let fences: Vec<_> = rings.iter().zip(&contexts).map(|(&ring, c)| m.submit(c, ring, &[&words])).collect();
        let waits: Vec<Wait> = fences.iter().map(|fence| fence.wait(soon()).unwrap()).collect();
        stop.store(true, Ordering::Relaxed);
        let added: u32 = host.join().unwrap();
        assert_eq!(waits, [Wait::Signaled; 3], "{:?}", contexts.each_ref().map(|c| m.node.explain(c.id())));
        assert!(added > 0);
        assert_eq!(load(&bo, 0), added + 3 * (4 * 64 * 1000 + 1000));
    });
}

#[test]
fn code_that_changes_between_dispatches_is_read_again() {
    let m = strict();
    let program = |value: u32| {
        asm(&format!(
            "
            v_mov_b32_e32 v0, 0
            v_mov_b32_e32 v1, {value}
            global_store_b32 v0, v1, s[0:1]
            s_endpgm
        "
        ))
    };
    let (code_bo, code) = m.memory(&program(1));
    let (bo, out) = m.memory(&[0]);
    let stream = Launch::new(code.va(), &halves(out.va())).stream();
    for value in [1, 1, 2, 3] {
        fill(&code_bo, &program(value));
        m.run(&stream).unwrap();
        assert_eq!(load(&bo, 0), value);
    }
}

/// A kernel that goes wrong, and what has to be said about it.
struct Wrong {
    text: &'static str,
    says: &'static [&'static str],
}

const WRONG: &[Wrong] = &[
    // Lane 3 alone stores behind the buffer's page.
    Wrong {
        text: "
            v_lshlrev_b32_e32 v0, 2, v0
            s_mov_b32 s5, 0xcafe
            v_cmpx_eq_u32_e32 12, v0
            v_mov_b32_e32 v0, 0x10000000
            global_store_b32 v0, v0, s[0:1]
            s_endpgm
        ",
        says: &[
            "memory fault: write at 0x",
            "nothing is mapped",
            "wave 0",
            "workgroup (0, 0, 0)",
            "lane 3",
            "`global_store_b32 v0, v0, s[0:1]`",
            "GEM handle",
            "EXEC 0x8",
            "0xcafe",
        ],
    },
    Wrong {
        text: "
            s_mov_b32 s5, 0xcafe
        here:
            s_branch here
        ",
        says: &[
            "hang",
            "had started 1 of 1 workgroup; 1 wave in 1 workgroup was under way",
            "workgroup (0, 0, 0) wave 0 runs at pc 0x",
            "`s_branch",
            "EXEC 0xffffffff",
            "s0 to s15",
            "0xcafe",
        ],
    },
    Wrong {
        text: ".long 0xffffffff\n.long 0xffffffff",
        says: &["illegal instruction", "0xffffffff", "wave 0", "EXEC"],
    },
    Wrong {
        text: "s_mov_b64 s[4:5], 0x1000\n s_setpc_b64 s[4:5]",
        says: &["instruction fetch at 0x1000", "nothing is mapped", "pc 0x1000"],
    },
    // Nothing but s_nop up to the end of the page.
    Wrong {
        text: ".rept 1024\n s_nop 0\n .endr",
        says: &["instruction fetch at 0x", "nothing is mapped", "GEM handle"],
    },
];

#[test]
fn a_kernel_that_goes_wrong_says_where_and_a_new_context_works() {
    for engine in [WaveEngine::Interpreter, WaveEngine::Auto, WaveEngine::Translator] {
        let m = machine(Config { engine, ..Config::strict() });
        for wrong in WRONG {
            // A page far from everything.
            let page = 0x5000_0000;
            let _code = m.place(page, 4096, &asm(wrong.text));
            let (bo, out) = m.memory(&[0; 1024]);
            let mut stream = Launch::new(page, &halves(out.va())).stream();
            stream.resize(stream.len().next_multiple_of(8), NOP);
            let lost = m.context();
            let begin = Instant::now();
            let wait = m.submit(&lost, COMPUTE, &[&stream]).wait(soon()).unwrap();
            assert!(matches!(wait, Wait::DeviceLost(_)), "{wait:?}: {}", wrong.text);
            assert!(begin.elapsed() < Duration::from_secs(20), "the time limit is 300 ms");
            says(&m.node.explain(lost.id()).unwrap().reason, wrong.says);
            assert_eq!(lost.query_reset().unwrap().status, ResetStatus::Guilty);

            // The lost context takes no more; a new one works at once.
            m.run(&write_data(out.va() + 8, &[42])).unwrap();
            assert_eq!(load(&bo, 2), 42);
        }
    }
}

#[test]
fn the_time_limit_is_the_configurations() {
    let m = machine_with(Config { job_timeout: Duration::from_millis(40), ..Config::strict() });
    let (_, code) = m.memory(&asm("here: s_branch here"));
    let begin = Instant::now();
    let text = m.fail(&Launch::new(code.va(), &[]).stream());
    let took = begin.elapsed();
    says(&text, &["time limit"]);
    assert!(Duration::from_millis(40) <= took && took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn waves_that_wait_at_a_barrier_are_named() {
    // The second of two waves never comes.
    let m = strict();
    let (_, code) = m.memory(&asm("
        v_cmp_gt_u32_e32 vcc_lo, 32, v0
        s_cbranch_vccz here
        s_barrier
        s_endpgm
    here:
        s_branch here
    "));
    let mut launch = Launch::new(code.va(), &[]);
    launch.block = [64, 1, 1];
    let text = m.fail(&launch.stream());
    says(&text, &["2 waves in 1 workgroup were under way", "wave 0 waits at a barrier", "wave 1 runs", "`s_branch"]);
}

#[test]
fn a_workgroup_that_fits_into_no_cu_is_refused() {
    let m = strict();
    let (_, code) = m.memory(&asm("s_endpgm"));
    let mut launch = Launch::new(code.va(), &[]);
    launch.block = [1024, 1, 1];
    // 32 waves of 256 VGPRs: a SIMD holds five.
    launch.rsrc1 |= 31;
    says(&m.fail(&launch.stream()), &["32 waves with 256 VGPRs", "fits into no CU"]);
    // 96 VGPRs: sixteen a SIMD.
    launch.rsrc1 = launch.rsrc1 & !63 | 11;
    m.run(&launch.stream()).unwrap();
}

#[test]
fn draws_are_noted_and_leave_the_dispatches_alone() {
    let m = strict();
    let (_, code) = m.memory(&asm("s_endpgm"));
    let mut words = Launch::new(code.va(), &[]).stream();
    // NUM_INSTANCES, then DRAW_INDEX_AUTO of three vertices.
    words.extend(packet(0x2f, &[1]));
    words.extend(packet(0x2d, &[3, 2]));
    words.resize(words.len().next_multiple_of(8), NOP);
    // A dispatch on the graphics ring has SHADER_TYPE in its header.
    let at = words.iter().position(|&w| w == 0xc003_1502).unwrap();
    assert_eq!(words[at] & 2, 2);
    m.trace.take();
    m.run_exactly(GFX, &[&words]).unwrap();
    let events = m.trace.take();
    assert!(events.iter().any(|e| matches!(e, Event::Draw { packet: "DRAW_INDEX_AUTO" })), "{events:?}");
    assert!(events.iter().any(|e| matches!(e, Event::Dispatch(_))), "{events:?}");
}
