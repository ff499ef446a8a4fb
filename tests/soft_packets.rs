//! The software device's command processor: what each packet does to memory and registers, on both kinds of ring.

mod soft_support;

use std::time::Duration;

use pm4::packet::PACKETS;
use pm4::packet::values::{
    BaseIndex, CondIbMode, CondWriteSpace, CopyDataDst, CopyDataSrc, CountSel, DataSel, LoadFormat, PredicateOp,
    SemaphoreSel, WaitFunction, WaitSpace,
};
use pm4::packet::{self, HeaderFlags, Packet};
use soft_support::*;
use sparkle_pm4::kmd::{Bo, GpuMap, Ring, Wait, uapi};
use sparkle_pm4::soft::Config;

/// Packets as dwords, padded to the rings' granule.
fn words(packets: &[Packet]) -> Vec<u32> {
    let mut words = Vec::new();
    packets.iter().for_each(|p| p.encode(&mut words).unwrap());
    pad(words)
}

fn pad(mut words: Vec<u32>) -> Vec<u32> {
    words.resize(words.len().next_multiple_of(8), NOP);
    words
}

/// A machine with a buffer of dwords 0, 1, 2 …
struct Bench {
    machine: Machine,
    bo: Bo,
    map: GpuMap,
}

fn bench() -> Bench {
    let machine = strict();
    let (bo, map) = machine.memory(&(0..1024).collect::<Vec<u32>>());
    Bench { machine, bo, map }
}

impl Bench {
    fn va(&self, dword: u64) -> u64 {
        self.map.va() + 4 * dword
    }

    /// A packet that leaves a mark.
    fn mark(&self, dword: u64, value: u32) -> Packet {
        let dst_sel = packet::values::WriteDataDst::MEM;
        packet::WriteData { dst_sel, dst_addr: self.va(dword), payload: vec![value], ..Default::default() }.into()
    }

    #[track_caller]
    fn run(&self, ring: Ring, packets: &[Packet]) {
        self.machine.run_exactly(ring, &[&words(packets)]).unwrap();
    }

    #[track_caller]
    fn fail(&self, ring: Ring, packets: &[Packet]) -> String {
        self.machine.run_exactly(ring, &[&words(packets)]).expect_err("the stream is accepted")
    }

    #[track_caller]
    fn holds(&self, dword: u64, expected: &[u32]) {
        let got: Vec<u32> = (dword..dword + expected.len() as u64).map(|i| load(&self.bo, i)).collect();
        assert_eq!(got, expected, "from dword {dword}");
    }
}

/// A call or a chain to these dwords.
fn to(ib: &GpuMap, dwords: usize, chain: bool) -> Packet {
    packet::IndirectBuffer { ib_base: ib.va(), ib_size: dwords as u32, chain, valid: true, ..Default::default() }.into()
}

#[test]
fn buffers_call_and_chain() {
    for ring in [COMPUTE, GFX] {
        let b = bench();
        let place = |packets: &[Packet]| {
            let words = words(packets);
            (b.machine.memory(&words).1, words.len())
        };
        // main calls outer, which calls inner, which chains to last; then outer and main go on.
        let (last, last_dw) = place(&[b.mark(3, 33)]);
        let (inner, inner_dw) = place(&[b.mark(2, 22), to(&last, last_dw, true), b.mark(9, 99)]);
        let (outer, outer_dw) = place(&[b.mark(1, 11), to(&inner, inner_dw, false), b.mark(4, 44)]);
        b.run(ring, &[to(&outer, outer_dw, false), b.mark(5, 55)]);
        b.holds(0, &[0, 11, 22, 33, 44, 55, 6, 7, 8, 9]);

        let (deep, deep_dw) = place(&[to(&outer, outer_dw, false)]);
        says(&b.fail(ring, &[to(&deep, deep_dw, false)]), &["INDIRECT_BUFFER nested deeper than 2 calls"]);
    }
}

#[test]
fn conditions_skip_write_and_branch() {
    for ring in [COMPUTE, GFX] {
        let b = bench();
        let skip =
            |dword, exec_count| packet::CondExec { address: b.va(dword), exec_count, ..Default::default() }.into();
        b.run(ring, &[skip(0, 5), b.mark(10, 1), skip(1, 5), b.mark(11, 1), b.mark(12, 1)]);
        b.holds(10, &[10, 1, 1, 13]);

        let write = |function, reference, write_address| {
            Packet::from(packet::CondWrite {
                function,
                poll_space: WaitSpace::MEMORY,
                write_space: CondWriteSpace::MEMORY,
                poll_address: b.va(7),
                reference,
                mask: 0xff,
                write_address,
                write_data: 77,
                ..Default::default()
            })
        };
        b.run(
            ring,
            &[
                write(WaitFunction::EQUAL, 7, b.va(20)),
                write(WaitFunction::EQUAL, 8, b.va(21)),
                write(WaitFunction::LESS, 8, b.va(22)),
                write(WaitFunction::GREATER, 7, b.va(23)),
            ],
        );
        b.holds(20, &[77, 21, 77, 23]);
    }
    let b = bench();
    let pred = |device_select, exec_count| Packet::from(packet::PredExec { device_select, exec_count });
    b.run(GFX, &[pred(1, 5), b.mark(30, 1), pred(2, 5), b.mark(31, 1)]);
    b.holds(30, &[1, 31]);

    let place = |packets: &[Packet]| {
        let words = words(packets);
        (b.machine.memory(&words).1, words.len() as u32)
    };
    let ((yes, yes_dw), (no, no_dw)) = (place(&[b.mark(40, 1)]), place(&[b.mark(41, 1)]));
    let branch = |mode, reference| {
        Packet::from(packet::CondIndirectBuffer {
            mode,
            function: WaitFunction::EQUAL,
            compare_addr: b.va(6),
            mask: 0xffff_ffff,
            reference,
            ib_base1: yes.va(),
            ib_size1: yes_dw,
            ib_base2: no.va(),
            ib_size2: no_dw,
            ..Default::default()
        })
    };
    b.run(GFX, &[branch(CondIbMode::IF_THEN_ELSE, 6), b.mark(42, 1)]);
    b.holds(40, &[1, 41, 42]);
    b.run(GFX, &[branch(CondIbMode::IF_THEN_ELSE, 5), b.mark(42, 1)]);
    b.holds(40, &[1, 1, 42]);
    b.run(GFX, &[branch(CondIbMode::IF_THEN, 5), b.mark(42, 1)]);
    b.holds(40, &[1, 1, 1]);
}

/// A kernel of one lane that adds one to s[0:1].
const COUNT: &str = "
    s_mov_b32 exec_lo, 1
    v_mov_b32_e32 v0, 0
    v_mov_b32_e32 v1, 1
    global_atomic_add_u32 v0, v1, s[0:1]
    s_endpgm
";

#[test]
fn dispatches_take_their_size_from_memory() {
    let b = bench();
    let (_, code) = b.machine.memory(&asm(COUNT));
    let launch = Launch::new(code.va(), &halves(b.va(100)));
    let state = [preamble(), ACQUIRE.to_vec(), launch.registers()].concat();
    fill(&b.bo, &[3, 5, 7, 2, 2, 2]);
    let [lo, hi] = halves(b.va(0));
    let count = 100;
    let before = load(&b.bo, count);

    let direct = [state.as_slice(), &[0xc002_1602, lo, hi, launch.initiator], &FLUSH].concat();
    b.machine.run(&direct).unwrap();
    assert_eq!(load(&b.bo, count) - before, 3 * 5 * 7);

    // The graphics ring counts from a base.
    let base = packet::SetBase { base_index: BaseIndex::DRAW_INDIRECT, address: b.va(0), ..Default::default() };
    let mut indirect = state.clone();
    Packet::from(base).encode(&mut indirect).unwrap();
    indirect.extend([0xc001_1602, 12, launch.initiator]);
    indirect.extend(FLUSH);
    b.machine.run_exactly(GFX, &[&pad(indirect)]).unwrap();
    assert_eq!(load(&b.bo, count) - before, 3 * 5 * 7 + 8);

    // What an earlier dispatch of the stream writes is what the later one finds.
    fill(&b.bo, &[0, 1, 1]);
    let writing = Launch { user: halves(b.va(0)).to_vec(), ..launch.clone() };
    let mut words = [preamble(), ACQUIRE.to_vec(), writing.words(), FLUSH.to_vec()].concat();
    words.extend([ACQUIRE.as_slice(), &launch.registers(), &[0xc002_1602, lo, hi, launch.initiator], &FLUSH].concat());
    let before = load(&b.bo, count);
    b.machine.run(&words).unwrap();
    assert_eq!(load(&b.bo, count) - before, 1);
}

#[test]
fn predication_of_the_graphics_ring_skips_dispatches() {
    let b = bench();
    let (_, code) = b.machine.memory(&asm(COUNT));
    let launch = Launch::new(code.va(), &halves(b.va(100)));
    let run = |op, dword, pred_bool, ring| {
        let mut words = [preamble(), ACQUIRE.to_vec()].concat();
        if ring == GFX {
            let start_addr = b.va(dword);
            let set = packet::SetPredication { pred_bool, pred_op: op, start_addr, ..Default::default() };
            Packet::from(set).encode(&mut words).unwrap();
        }
        let mut dispatch = launch.words();
        // The header of the dispatch, its last packet.
        let at = dispatch.len() - 5;
        dispatch[at] |= u32::from(HeaderFlags::PREDICATE.bits());
        words.extend(dispatch);
        words.extend(FLUSH);
        let before = load(&b.bo, 100);
        b.machine.run_exactly(ring, &[&pad(words)]).unwrap();
        load(&b.bo, 100) - before
    };
    fill(&b.bo, &[0, 0, 0, 0, 0, 1, 0, 0]);
    assert_eq!(run(PredicateOp::BOOL32, 0, true, GFX), 0, "0, and executes where it isn't");
    assert_eq!(run(PredicateOp::BOOL32, 0, false, GFX), 1);
    assert_eq!(run(PredicateOp::BOOL64, 4, true, GFX), 1, "the high half counts");
    assert_eq!(run(PredicateOp::BOOL32, 4, true, GFX), 0);
    assert_eq!(run(PredicateOp::CLEAR, 0, true, GFX), 1);
    assert_eq!(run(PredicateOp::CLEAR, 0, true, COMPUTE), 1, "no predication there");
    let zpass = packet::SetPredication { pred_op: PredicateOp::ZPASS, ..Default::default() };
    says(&b.fail(GFX, &[zpass.into()]), &["SET_PREDICATION", "doesn't draw"]);
}

#[test]
fn registers_are_kept_changed_and_read_back() {
    let b = bench();
    // CB_BLEND_RED at 0x28414: of graphics, and kept all the same.
    let (red, offset) = (0x28414 / 4, 0x105);
    let read = |dst| {
        Packet::from(packet::CopyData {
            src_sel: CopyDataSrc::MEM_MAPPED_REGISTER,
            dst_sel: CopyDataDst::MEM,
            src: red,
            dst,
            ..Default::default()
        })
    };
    let rmw = packet::RegRmw { mod_addr: red as u32, and_mask: 0xffff_0000, or_mask: 0x22, ..Default::default() };
    let masked = packet::ContextRegRmw { reg_offset: offset, reg_mask: 0xff00_0000, reg_data: 0x5500_0001 };
    let load = packet::LoadContextRegIndex {
        mem_addr: b.va(9),
        offset,
        data_format: LoadFormat::OFFSET_AND_SIZE,
        num_dwords: 1,
        ..Default::default()
    };
    // The memory mirrors the register space.
    let mirror = packet::LoadContextReg { base_address: b.va(3) - 4 * u64::from(offset), ranges: vec![offset, 1] };
    b.run(
        GFX,
        &[
            packet::SetContextReg { offset, values: vec![0x1111_1111], ..Default::default() }.into(),
            read(b.va(20)),
            rmw.into(),
            read(b.va(21)),
            masked.into(),
            read(b.va(22)),
            load.into(),
            read(b.va(23)),
            mirror.into(),
            read(b.va(24)),
        ],
    );
    b.holds(20, &[0x1111_1111, 0x1111_0022, 0x5511_0022, 9, 3]);
}

#[test]
fn clocks_advance_at_the_frequency_that_the_device_tells() {
    for ring in [COMPUTE, GFX] {
        let b = bench();
        let info: uapi::InfoDevice = b.machine.device.ask(uapi::INFO_DEV_INFO, [0; 4]).unwrap();
        assert_eq!(info.gpu_counter_freq, 100_000, "kHz");
        let copy = packet::CopyData {
            src_sel: CopyDataSrc::GPU_CLOCK_COUNT,
            dst_sel: CopyDataDst::MEM,
            count_sel: CountSel::QWORD,
            dst: b.va(10),
            ..Default::default()
        };
        let release = |dst| {
            let event_type = packet::values::EventType::BOTTOM_OF_PIPE_TS;
            let event_index = packet::values::EventIndex::END_OF_PIPE;
            let data_sel = DataSel::TIMESTAMP;
            Packet::from(packet::ReleaseMem { event_type, event_index, data_sel, address: dst, ..Default::default() })
        };
        b.run(ring, &[copy.into(), release(b.va(12))]);
        std::thread::sleep(Duration::from_millis(50));
        b.run(ring, &[release(b.va(14))]);
        let stamp = |dword| u64::from(load(&b.bo, dword)) | u64::from(load(&b.bo, dword + 1)) << 32;
        let (copied, first, second) = (stamp(10), stamp(12), stamp(14));
        assert!(copied <= first, "{copied} {first}");
        let ms = (second - first) as f64 / 100_000.0;
        assert!((50.0..5_000.0).contains(&ms), "{ms} ms between two stamps 50 ms apart");
    }
    let b = bench();
    let both = packet::Timestamp {
        enable_bottom: true,
        enable_top: true,
        pipe_bot_addr: b.va(0),
        pipe_top_addr: b.va(2),
        ..Default::default()
    };
    b.run(GFX, &[both.into()]);
    assert!(load(&b.bo, 0) >= load(&b.bo, 2) && load(&b.bo, 2) > 3);
}

#[test]
fn semaphores_and_rewinds_wait_for_another_ring() {
    let b = bench();
    fill(&b.bo, &[0, 0]);
    let sem =
        |sem_sel, signal_type| packet::MemSemaphore { address: b.va(0), signal_type, sem_sel, ..Default::default() };
    let waiting = words(&[sem(SemaphoreSel::WAIT, false).into(), b.mark(10, 1)]);
    let signal = words(&[sem(SemaphoreSel::SIGNAL, false).into(), sem(SemaphoreSel::SIGNAL, false).into()]);
    let (one, two) = (b.machine.context(), b.machine.context());
    let waits = b.machine.submit(&one, COMPUTE, &[&waiting]);
    std::thread::sleep(Duration::from_millis(20));
    b.holds(10, &[10]);
    let signals = b.machine.submit(&two, GFX, &[&signal]);
    assert_eq!((signals.wait(soon()).unwrap(), waits.wait(soon()).unwrap()), (Wait::Signaled, Wait::Signaled));
    b.holds(10, &[1]);
    b.holds(0, &[1, 0]);

    // The buffer is written while its REWIND waits.
    let rewind = words(&[packet::Rewind::default().into(), b.mark(11, 5)]);
    let (bo, ib) = b.machine.memory(&rewind);
    let submission = sparkle_pm4::kmd::Submission::new().ib(ib.va(), 4 * rewind.len() as u32, COMPUTE).mapping(&ib);
    let waits = submission.submit(&one).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    let host = bo.map_cpu().unwrap();
    let payload = rewind.iter().position(|&w| w == 5).unwrap() as u64;
    host.store_u32(4 * payload, 6).unwrap();
    host.store_u32(4, 1 << 31).unwrap();
    assert_eq!(waits.wait(soon()).unwrap(), Wait::Signaled);
    b.holds(11, &[6]);
}

#[test]
fn waits_that_nothing_meets_name_the_packet_and_what_memory_holds() {
    let b = bench();
    let sem = packet::MemSemaphore { address: b.va(0), sem_sel: SemaphoreSel::WAIT, ..Default::default() };
    fill(&b.bo, &[0, 0]);
    says(&b.fail(COMPUTE, &[sem.into()]), &["hang", "IB 0", "dword 0", "MEM_SEMAPHORE", "holds 0x0"]);
    says(&b.fail(GFX, &[packet::Rewind::default().into()]), &["hang", "REWIND", "not set in bit 31"]);
    let wait = packet::WaitRegMem64 {
        function: WaitFunction::GREATER,
        mem_space: WaitSpace::MEMORY,
        poll_addr: b.va(8),
        reference: 0x9_0000_0008,
        mask: u64::MAX >> 8,
        ..Default::default()
    };
    let text = b.fail(COMPUTE, &[wait.into()]);
    says(&text, &["hang", "WAIT_REG_MEM", "holds 0x900000008 and not GREATER 0x900000008 under the mask"]);
    b.run(COMPUTE, &[b.mark(1, 5)]);
    b.holds(1, &[5]);
}

#[test]
fn releases_add_to_counters() {
    let b = bench();
    let add = packet::ReleaseMem {
        event_type: packet::values::EventType::BOTTOM_OF_PIPE_TS,
        event_index: packet::values::EventIndex::END_OF_PIPE,
        data_sel: DataSel::ATOMIC_ADD_32BIT,
        address: b.va(6),
        data: 37,
        ..Default::default()
    };
    b.run(COMPUTE, &[add.clone().into(), add.into()]);
    b.holds(6, &[80, 7]);
}

/// Every packet of the table, with a body of zeros: it ends as a job that succeeds, or with a reason that names it.
#[test]
fn every_packet_executes_or_says_why_not() {
    for config in [Config::default(), Config::strict()] {
        let m = machine(config);
        for ring in [COMPUTE, GFX] {
            for desc in PACKETS {
                let body = vec![0; desc.min_dwords().max(1)];
                let words = pad(soft_support::packet(desc.opcode.into(), &body));
                if let Err(reason) = m.run_exactly(ring, &[&words]) {
                    says(&reason, &["dword 0"]);
                    let named = reason.contains(desc.name) || reason.contains("memory fault");
                    // Zeros give a dispatch without registers, and a call of nothing.
                    let refused = reason.contains("dispatch 1") || reason.contains("at 0x0");
                    assert!(named || refused, "{}: {reason}", desc.name);
                    assert!(!reason.contains("a bug of its own"), "{reason}");
                }
            }
        }
    }
}

/// Packets that stand for rings of the kernel, and what graphics alone has.
#[test]
fn refusals_say_what_is_missing() {
    let m = machine(Config::default());
    let fail = |opcode: u32, dwords: usize| {
        let words = pad(soft_support::packet(opcode, &vec![0; dwords]));
        m.run_exactly(GFX, &[&words]).expect_err("the stream is accepted")
    };
    says(&fail(0x1d, 10), &["ATOMIC_GDS", "gfx11 has no GDS"]);
    says(&fail(0x80, 4), &["LOAD_CONST_RAM", "gfx11 has no constant engine"]);
    says(&fail(0xa2, 6), &["MAP_QUEUES", "kernel's rings"]);
    says(&fail(0x1f, 4), &["OCCLUSION_QUERY", "doesn't draw"]);
    says(&fail(0x0c, 2), &["opcode 0x0c"]);
}
