//! The software device's model of caches, its trace, and the packets that move data or skip: streams are raw dwords.

mod soft_support;

use soft_support::*;
use sparkle_pm4::kmd::uapi::IB_FLAG_EMIT_MEM_SYNC;
use sparkle_pm4::kmd::{Bo, GpuMap, Submission, Wait};
use sparkle_pm4::soft::{Config, Event};
use sparkle_pm4::{Deadline, Device, Error, ops};

/// v_mov_b32_e32 v0, 0; then, llvm-mc 19 for gfx1100:
/// global_load_b32 v1, v0, s[0:1]; s_waitcnt vmcnt(0); global_store_b32 v0, v1, s[2:3]; s_endpgm.
const COPY: [u32; 7] = [0x7e00_0280, 0xdc52_0000, 0x0100_0000, 0xbf89_03f7, 0xdc6a_0000, 0x0002_0100, S_ENDPGM];

/// Three dwords a page apart, and a kernel that copies one to another.
struct Bench {
    m: Machine,
    data: (Bo, GpuMap),
    code: (Bo, GpuMap),
}

fn bench(config: Config) -> Bench {
    let m = machine(config);
    let data = m.memory(&[0; 3 << 10]);
    fill(&data.0, &[11]);
    let code = m.memory(&COPY);
    Bench { m, data, code }
}

impl Bench {
    fn at(&self, i: u64) -> u64 {
        self.data.1.va() + (i << 12)
    }

    /// The dispatch that copies dword `from` to dword `to`.
    fn copy(&self, from: u64, to: u64) -> Vec<u32> {
        let (from, to) = (self.at(from), self.at(to));
        let user = [from as u32, (from >> 32) as u32, to as u32, (to >> 32) as u32];
        Launch::new(self.code.1.va(), &user).words()
    }

    /// Preamble and everything invalidated, then these.
    fn run(&self, parts: &[&[u32]]) -> Result<(), String> {
        self.m.run(&[&preamble(), &ACQUIRE[..], &parts.concat()].concat())
    }
}

fn with_caches() -> Bench {
    bench(Config { check_caches: true, ..Config::strict() })
}

// Bits of GCR_CNTL.
const GLI: u32 = 1;
const GLK: u32 = 1 << 7;
const GLV: u32 = 1 << 8;
const GL1: u32 = 1 << 9;
const GL2: u32 = 1 << 14;

#[test]
fn a_dispatch_after_a_wait_and_an_acquire_reads_what_the_one_before_wrote() {
    let b = with_caches();
    assert_eq!(b.run(&[&b.copy(0, 1), &FLUSH, &acquire(GLK | GLV | GL1), &b.copy(1, 2), &FLUSH]), Ok(()));
    assert_eq!(load(&b.data.0, 2 << 10), 11);
}

#[test]
fn caches_are_unknown_at_the_start_of_a_submission() {
    let everything = GLI | GLK | GLV | GL1 | GL2;
    for (bit, name) in [(GLI, "GLI_INV"), (GLK, "GLK_INV"), (GLV, "GLV_INV"), (GL1, "GL1_INV"), (GL2, "GL2_INV")] {
        let b = with_caches();
        let reason = b.m.run(&[preamble(), acquire(everything & !bit), b.copy(0, 1)].concat()).unwrap_err();
        says(&reason, &["IB 0", "stale caches: dispatch 1", &format!("(missing: {name})")]);
    }
    let b = with_caches();
    let reason = b.m.run(&[preamble(), b.copy(0, 1)].concat()).unwrap_err();
    says(&reason, &["(missing: GLI_INV, GLK_INV, GLV_INV, GL1_INV, GL2_INV)"]);
    // In two steps; and by the kernel, which was asked to.
    let b = with_caches();
    let steps = [preamble(), acquire(GLI | GLK), acquire(GLV | GL1 | GL2), b.copy(0, 1)].concat();
    assert_eq!(b.m.run(&steps), Ok(()));
    let mut words = [preamble(), b.copy(0, 1)].concat();
    words.resize(words.len().next_multiple_of(8), NOP);
    let (_, ib) = b.m.memory(&words);
    let context = b.m.context();
    let submission =
        Submission::new().ib_with_flags(ib.va(), 4 * words.len() as u32, COMPUTE, IB_FLAG_EMIT_MEM_SYNC).mapping(&ib);
    assert_eq!(submission.submit(&context).unwrap().wait(soon()).unwrap(), Wait::Signaled);
    // Every submission anew.
    assert!(b.m.run(&[preamble(), b.copy(0, 1)].concat()).is_err());
}

#[test]
fn each_cache_that_a_read_may_go_through_is_missed_by_name() {
    let all = GLK | GLV | GL1;
    for (bit, name) in [(GLK, "GLK_INV"), (GLV, "GLV_INV"), (GL1, "GL1_INV")] {
        let b = with_caches();
        let reason = b.run(&[&b.copy(0, 1), &FLUSH, &acquire(all & !bit), &b.copy(1, 2)]).unwrap_err();
        let place = format!("stale read: dispatch 2 reads {:#x}, which dispatch 1 wrote", b.at(1));
        says(&reason, &["IB 0", &place, &format!("(missing: {name})")]);
    }
    let b = with_caches();
    let reason = b.run(&[&b.copy(0, 1), &FLUSH, &b.copy(1, 2)]).unwrap_err();
    says(
        &reason,
        &["no ACQUIRE_MEM with GLK_INV, GLV_INV, GL1_INV lies between them (missing: GLK_INV, GLV_INV, GL1_INV)"],
    );
    // What another dispatch doesn't read needs nothing; what it writes neither.
    assert_eq!(b.run(&[&b.copy(0, 1), &FLUSH, &b.copy(0, 1), &FLUSH, &b.copy(0, 2)]), Ok(()));
}

#[test]
fn an_acquire_before_the_wait_is_too_early() {
    let b = with_caches();
    let reason = b.run(&[&b.copy(0, 1), &acquire(GLK | GLV | GL1), &FLUSH, &b.copy(1, 2)]).unwrap_err();
    says(&reason, &["stale read", "(missing: GLK_INV, GLV_INV, GL1_INV)"]);
}

#[test]
fn two_dispatches_without_a_wait_are_a_race_and_a_release_is_no_wait() {
    let b = with_caches();
    let reason = b.run(&[&b.copy(0, 1), &acquire(GLK | GLV | GL1), &b.copy(1, 2)]).unwrap_err();
    says(&reason, &["race: dispatch 2 and dispatch 1 both use", &format!("{:#x}", b.at(1))]);
    // RELEASE_MEM does not hold up what follows it.
    let fence = b.at(0) + 64;
    let release = packet(0x49, &[0x528, 0x2000_0000, fence as u32, (fence >> 32) as u32, 1, 0, 0]);
    let reason = b.run(&[&b.copy(0, 1), &release, &acquire(GLK | GLV | GL1), &b.copy(1, 2)]).unwrap_err();
    says(&reason, &["race: dispatch 2 and dispatch 1"]);
    // A wait for its fence is one.
    let wait = packet(0x3c, &[0x13, fence as u32, (fence >> 32) as u32, 1, !0, 4]);
    let fenced = [&b.copy(0, 1), &release[..], &wait, &acquire(GLK | GLV | GL1), &b.copy(1, 2)];
    assert_eq!(b.run(&fenced), Ok(()));
    // And it can invalidate by itself: GLV_INV 14, GL1_INV 15, GLK_INV 30.
    fill(&b.data.0, &[11]);
    let release = packet(0x49, &[0x528 | 3 << 14 | 1 << 30, 0x2000_0000, fence as u32, (fence >> 32) as u32, 2, 0, 0]);
    let wait = packet(0x3c, &[0x13, fence as u32, (fence >> 32) as u32, 2, !0, 4]);
    assert_eq!(b.run(&[&b.copy(0, 1), &release, &wait, &b.copy(1, 2)]), Ok(()));
}

#[test]
fn what_packets_write_is_stale_in_the_caches_too() {
    let b = with_caches();
    let write = write_data(b.at(1), &[5]);
    let reason = b.run(&[&write, &b.copy(1, 2)]).unwrap_err();
    says(&reason, &["stale read: dispatch 1 reads", "the packet at IB 0"]);
    assert_eq!(b.run(&[&write, &acquire(GLK | GLV | GL1), &b.copy(1, 2)]), Ok(()));
    assert_eq!(load(&b.data.0, 2 << 10), 5);
    // DMA_DATA, a fill of 16 bytes: with CP_SYNC it has ended, without it has not.
    let dma = |control: u32| packet(0x50, &[control, 7, 0, b.at(1) as u32, (b.at(1) >> 32) as u32, 16]);
    let (synced, free) = (dma(0xc030_0000), dma(0x4030_0000));
    assert_eq!(b.run(&[&synced, &acquire(GLK | GLV | GL1), &b.copy(1, 2)]), Ok(()));
    let reason = b.run(&[&free, &acquire(GLK | GLV | GL1), &b.copy(1, 2)]).unwrap_err();
    says(&reason, &["race: dispatch 1 and the packet at IB 0"]);
    let empty = packet(0x50, &[0xc030_0000, 0, 0, 0, 0, 0]);
    assert_eq!(b.run(&[&free, &empty, &acquire(GLK | GLV | GL1), &b.copy(1, 2)]), Ok(()));
}

#[test]
fn code_that_was_written_needs_the_instruction_caches_invalidation() {
    let b = with_caches();
    // The last but one instruction becomes what it was.
    let write = write_data(b.code.1.va() + 16, &COPY[4..6]);
    let reason = b.run(&[&write, &acquire(GLK | GLV | GL1), &b.copy(0, 1)]).unwrap_err();
    says(&reason, &["stale code: dispatch 1 executes", &format!("{:#x}", b.code.1.va() + 16), "GLI_INV"]);
    assert_eq!(b.run(&[&write, &acquire(GLI), &b.copy(0, 1)]), Ok(()));
}

#[test]
fn a_range_invalidates_what_lies_in_it() {
    // GL1_RANGE = 2, 256 bytes from an address on; the others are whole.
    let ranged = |va: u64| {
        let base = va >> 8;
        packet(0x58, &[0, 1, 0, base as u32, (base >> 32) as u32, 10, 2 << 2 | GLK | GLV | GL1])
    };
    let b = with_caches();
    assert_eq!(b.run(&[&b.copy(0, 1), &FLUSH, &ranged(b.at(1)), &b.copy(1, 2)]), Ok(()));
    let reason = b.run(&[&b.copy(0, 1), &FLUSH, &ranged(b.at(1) + 256), &b.copy(1, 2)]).unwrap_err();
    says(&reason, &["stale read", "(missing: GL1_INV)"]);
}

#[test]
fn a_packet_that_reads_what_is_still_being_written_is_a_race() {
    let b = with_caches();
    let size = b.at(1);
    // DISPATCH_INDIRECT reads its workgroups where dispatch 1 writes.
    let indirect = packet(0x16, &[size as u32, (size >> 32) as u32, 0x8045]);
    let reason = b.run(&[&b.copy(0, 1), &indirect]).unwrap_err();
    says(&reason, &["race: the packet at IB 0", "dispatch 1 both use", &format!("{size:#x}")]);
    fill(&b.data.0, &[0]);
    assert_eq!(b.run(&[&b.copy(0, 1), &FLUSH, &indirect]), Ok(()));
}

#[test]
fn the_librarys_own_streams_need_nothing_more() {
    let device = Device::emulated_with(Config { check_caches: true, ..Config::strict() }).unwrap();
    let queue = device.queue().unwrap();
    let shape = ops::Conv2dShape::new(1, 8, 10, 10, 8, 3, 3).pad(1);
    let conv = ops::Conv2d::new(shape).prepare(&device).unwrap();
    let x = device.upload(&vec![1.0f32; shape.input_len()]).unwrap();
    let w = device.upload(&vec![0.5f32; shape.weight_len()]).unwrap();
    let mut y = device.zeros::<f32>(shape.output_len()).unwrap();
    let recording = queue.record(&conv, (&x, &w, &mut y)).unwrap();
    // Packing and convolution are two dispatches; the second reads what the first wrote.
    let fence = queue.submit_recording(recording).unwrap();
    fence.wait(Deadline::after(std::time::Duration::from_secs(60))).unwrap();
    assert_eq!(y.read().unwrap()[5 * 10 + 5], 36.0);

    // Without the ACQUIRE_MEM between them it is the packed weights that are stale.
    let recording = queue.record(&conv, (&x, &w, &mut y)).unwrap();
    let mut stream = pm4::Stream::new();
    let mut acquires = 0;
    for item in recording.stream().items() {
        let packet = item.packet.unwrap();
        if matches!(packet, pm4::Packet::AcquireMem(_)) {
            acquires += 1;
            if acquires == 2 {
                continue;
            }
        }
        stream.push_with(item.flags, packet).unwrap();
    }
    let fence = queue.submit_recording(recording.with_stream(stream).unwrap()).unwrap();
    let result = fence.wait(Deadline::after(std::time::Duration::from_secs(60)));
    let Err(Error::DeviceLost(hang)) = result else { panic!("{result:?}") };
    let reason = hang.reason();
    says(reason, &["stale read: dispatch 2", "which dispatch 1 wrote", "GLV_INV"]);
}

mod trace {
    use super::*;

    fn traced(launch: &Launch, m: &Machine) -> Vec<Event> {
        m.events(&launch.stream())
    }

    #[test]
    fn what_waves_can_see_differs_and_what_they_cannot_does_not() {
        let m = strict();
        let (_, code) = m.memory(&[S_ENDPGM; 128]);
        let base = Launch { rsrc2: 2 << 1 | 1 << 7, ..Launch::new(code.va(), &[1, 2]) };
        let want = traced(&base, &m);
        assert_eq!(want.len(), 2, "{want:?}");
        assert_eq!(want[1], Event::Ended(Ok(())));
        let seen = [
            Launch { code: base.code + 256, ..base.clone() },
            Launch { user: vec![1, 3], ..base.clone() },
            Launch { rsrc2: base.rsrc2 | 1 << 8, ..base.clone() },
            Launch { rsrc2: base.rsrc2 | 1 << 10, ..base.clone() },
            Launch { rsrc2: base.rsrc2 | 1 << 11, ..base.clone() },
            Launch { rsrc1: base.rsrc1 ^ 1 << 12, ..base.clone() },
            Launch { rsrc1: base.rsrc1 ^ 1 << 21, ..base.clone() },
            Launch { rsrc1: base.rsrc1 ^ 1 << 23, ..base.clone() },
            Launch { rsrc1: base.rsrc1 ^ 1 << 26, ..base.clone() },
            Launch { block: [16, 1, 1], ..base.clone() },
            Launch { grid: [2, 1, 1], ..base.clone() },
            Launch { initiator: 0x45, ..base.clone() },
        ];
        for launch in &seen {
            assert_ne!(traced(launch, &m), want, "{launch:?}");
        }
        let unseen = [
            // PRIORITY, more VGPRs, WGP_MODE, FWD_PROGRESS; LDS; ORDER_MODE off, TUNNEL_ENABLE on.
            Launch { rsrc1: base.rsrc1 | 1 << 10, ..base.clone() },
            Launch { rsrc1: base.rsrc1 | 3, ..base.clone() },
            Launch { rsrc1: base.rsrc1 ^ 1 << 29, ..base.clone() },
            Launch { rsrc1: base.rsrc1 ^ 1 << 31, ..base.clone() },
            Launch { rsrc2: base.rsrc2 | 1 << 15, ..base.clone() },
            Launch { initiator: 0x8005, ..base.clone() },
            Launch { initiator: 0xa045, ..base.clone() },
            // START is not looked at, and a partial workgroup that isn't asked for neither.
            Launch { block: [32 | 7 << 16, 1, 1], ..base.clone() },
            // Threads instead of workgroups: the same ones.
            Launch { initiator: 0x8065, grid: [32, 1, 1], ..base.clone() },
        ];
        for launch in &unseen {
            assert_eq!(traced(launch, &m), want, "{launch:?}");
        }
    }

    #[test]
    fn memory_traffic_and_the_end_are_events_and_clocks_have_no_value() {
        let m = strict();
        let (_, map) = m.memory(&[3; 64]);
        let va = map.va();
        let half = |v: u64| [v as u32, (v >> 32) as u32];
        let [lo, hi] = half(va);
        let [lo64, _] = half(va + 64);
        let mut words = write_data(va, &[1, 2]);
        words.extend(packet(0x50, &[0xc030_0000, 9, 0, lo64, hi, 8]));
        words.extend(packet(0x50, &[0xe030_0000, lo64, hi, lo, hi, 4]));
        // RELEASE_MEM with a 32-bit value, then one with a time stamp; COPY_DATA of the clock.
        words.extend(packet(0x49, &[0x528, 0x2000_0000, lo64, hi, 77, 0, 0]));
        words.extend(packet(0x49, &[0x528, 0x6000_0000, lo64, hi, 0, 0, 0]));
        words.extend(packet(0x40, &[0x0011_0509, 0, 0, lo64, hi]));
        let bytes = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>().into();
        let want = [
            Event::Write { va, bytes: bytes(&[1, 2]) },
            Event::Fill { va: va + 64, value: 9, len: 8 },
            Event::Copy { src: va + 64, dst: va, len: 4 },
            Event::Write { va: va + 64, bytes: bytes(&[77]) },
            Event::Timestamp { va: va + 64, len: 8 },
            Event::Timestamp { va: va + 64, len: 8 },
            Event::Ended(Ok(())),
        ];
        assert_eq!(m.events(&words), want);
        assert_eq!(m.events(&words), want, "and again");
        m.trace.take();
        let reason = m.fail(&[0]);
        assert_eq!(m.trace.events(), [Event::Ended(Err(reason.as_str().into()))]);
    }

    #[test]
    fn a_dispatch_of_no_workgroups_leaves_no_event() {
        let m = strict();
        let (_, code) = m.memory(&[S_ENDPGM]);
        let nothing = Launch { grid: [1, 0, 1], ..Launch::new(code.va(), &[]) };
        assert_eq!(traced(&nothing, &m), [Event::Ended(Ok(()))]);
    }
}

mod packets {
    use super::*;

    /// ATOMIC_MEM.
    fn atomic(op: u32, command: u32, va: u64, src: u64, cmp: u64) -> Vec<u32> {
        let [va, src, cmp] = [va, src, cmp].map(|v| [v as u32, (v >> 32) as u32]);
        packet(0x1e, &[op | command << 8, va[0], va[1], src[0], src[1], cmp[0], cmp[1], 16])
    }

    #[test]
    fn atomics_of_every_kind() {
        // Number of the 32-bit operation with return (`TC_OP_ATOMIC_*`), memory, operand, comparison, result.
        let minus = |n: u32| n.wrapping_neg();
        let cases = [
            (0x07, 5, 9, 0, 9),
            (0x08, 5, 9, 5, 9),
            (0x08, 5, 9, 6, 5),
            (0x0f, 5, minus(7), 0, minus(2)),
            (0x10, 5, 7, 0, minus(2)),
            (0x11, 5, minus(7), 0, minus(7)),
            (0x12, 5, minus(7), 0, 5),
            (0x13, 5, minus(7), 0, 5),
            (0x14, 5, minus(7), 0, minus(7)),
            (0x15, 0b1100, 0b1010, 0, 0b1000),
            (0x16, 0b1100, 0b1010, 0, 0b1110),
            (0x17, 0b1100, 0b1010, 0, 0b0110),
            (0x18, 5, 7, 0, 6),
            (0x18, 7, 7, 0, 0),
            (0x19, 5, 7, 0, 4),
            (0x19, 0, 7, 0, 7),
            (0x19, 9, 7, 0, 7),
        ];
        let m = strict();
        let (bo, map) = m.memory(&[0; 4]);
        for (op, memory, src, cmp, want) in cases {
            let sign = |v: u32| i64::from(v as i32) as u64;
            // With return, command 0; without, command 2.
            for (form, command) in [(op, 0), (op | 0x40, 2)] {
                fill(&bo, &[memory, 0xaaaa_aaaa]);
                assert_eq!(m.run(&atomic(form, command, map.va(), src.into(), cmp.into())), Ok(()));
                assert_eq!([load(&bo, 0), load(&bo, 1)], [want, 0xaaaa_aaaa], "{form:#x} on {memory:#x}, {src:#x}");
            }
            for (form, command) in [(op | 0x20, 0), (op | 0x60, 2)] {
                let wide = sign(memory);
                fill(&bo, &[wide as u32, (wide >> 32) as u32]);
                assert_eq!(m.run(&atomic(form, command, map.va(), sign(src), sign(cmp))), Ok(()));
                let got = u64::from(load(&bo, 0)) | u64::from(load(&bo, 1)) << 32;
                assert_eq!(got, sign(want), "{form:#x} on {memory:#x}, {src:#x}");
            }
        }
        says(&m.fail(&atomic(0x4f, 0, map.va(), 1, 0)), &["ATOMIC_MEM", "SINGLE_PASS needs an operation that returns"]);
        says(&m.fail(&atomic(0x01, 0, map.va(), 1, 0)), &["atomic is 0x1"]);
        says(&m.fail(&atomic(0x0f, 0, map.va() + 2, 1, 0)), &["not a multiple of 4"]);
        says(&m.fail(&atomic(0x0f, 0, 0x7000_0000, 1, 0)), &["atomic at 0x70000000"]);
    }

    #[test]
    fn a_loop_of_compare_and_swap_waits_for_its_value() {
        let m = strict();
        let (bo, map) = m.memory(&[5]);
        assert_eq!(m.run(&atomic(0x08, 1, map.va(), 9, 5)), Ok(()));
        assert_eq!(load(&bo, 0), 9);
        says(&m.fail(&atomic(0x08, 1, map.va(), 1, 5)), &["hang", "ATOMIC_MEM", "holds 0x9"]);
        assert_eq!(load(&bo, 0), 9);
    }

    #[test]
    fn packets_that_skip_land_where_they_say() {
        // Compute rings have no PRED_EXEC in AMD's headers: the strict device refuses it there.
        says(&strict().fail(&packet(0x23, &[1 << 24])), &["PRED_EXEC", "a packet of the graphics ring"]);
        let m = machine(Config::default());
        let (bo, map) = m.memory(&[0, 7]);
        let va = map.va();
        let write = |i: u64, value: u32| write_data(va + 4 * i, &[value]);
        let count = write(2, 1).len() as u32;
        // PRED_EXEC: for other devices than this, number 0; for this one.
        let run = |select: u32| m.run(&[packet(0x23, &[select << 24 | count]), write(2, select), write(3, 9)].concat());
        assert_eq!((run(2), load(&bo, 2), load(&bo, 3)), (Ok(()), 0, 9));
        assert_eq!((run(1), load(&bo, 2)), (Ok(()), 1));
        // COND_EXEC: a dword that is zero, then one that isn't.
        let run = |i: u64, value: u32| {
            let at = va + 4 * i;
            let cond = packet(0x22, &[at as u32, (at >> 32) as u32, 0, count]);
            m.run(&[cond, write(4, value), write(5, value)].concat())
        };
        assert_eq!((run(0, 3), load(&bo, 4), load(&bo, 5)), (Ok(()), 0, 3));
        assert_eq!((run(1, 4), load(&bo, 4), load(&bo, 5)), (Ok(()), 4, 4));
        // Into the middle of a packet: what lies there is read as one. Beyond the end: refused.
        let middle = [packet(0x23, &[2 << 24 | (count - 1)]), write(6, NOP), write(7, 1)].concat();
        assert!(m.run(&middle).is_ok());
        assert_eq!(load(&bo, 6), 0);
        let m = strict();
        let (_bo, map) = m.memory(&[0]);
        let cond = packet(0x22, &[map.va() as u32, (map.va() >> 32) as u32, 0, 99]);
        says(&m.fail(&cond), &["COND_EXEC", "skips 99 dwords", "beyond the end"]);
    }

    #[test]
    fn a_chain_leaves_the_rest_of_its_buffer_and_a_call_comes_back() {
        let m = strict();
        let (bo, map) = m.memory(&[0; 4]);
        let write = |i: u64| write_data(map.va() + 4 * i, &[1]);
        let mut target = write(0);
        target.resize(8, NOP);
        let (_, ib) = m.memory(&target);
        let go = |chain: u32| packet(0x3f, &[ib.va() as u32, (ib.va() >> 32) as u32, 1 << 23 | chain << 20 | 8]);
        assert_eq!(m.run(&[go(1), write(1)].concat()), Ok(()));
        assert_eq!([load(&bo, 0), load(&bo, 1)], [1, 0]);
        assert_eq!(m.run(&[go(0), write(2)].concat()), Ok(()));
        assert_eq!(load(&bo, 2), 1);
    }

    #[test]
    fn events_to_memory_are_refused_by_name() {
        let m = strict();
        // SAMPLE_PIPELINESTAT, index 2.
        let reason = m.fail(&packet(0x46, &[0x21e, 0x10_0000, 0]));
        says(&reason, &["EVENT_WRITE of SAMPLE_PIPELINESTAT to memory"]);
    }
}

#[test]
fn work_item_ids_that_are_not_asked_for_are_zero() {
    // Lanes store in ascending order, so that the last one, (3, 1, 3), is what stays.
    // v_mov_b32_e32 v1, 0; global_store_b32 v1, v0, s[0:1]; s_endpgm.
    let code = [0x7e02_0280, 0xdc6a_0000, 0x0000_0001, S_ENDPGM];
    let m = strict();
    let (bo, map) = m.memory(&[0]);
    let (_, code) = m.memory(&code);
    for (count, want) in [(0, 3), (1, 3 | 1 << 10), (2, 3 | 1 << 10 | 3 << 20)] {
        let launch = Launch::new(code.va(), &[map.va() as u32, (map.va() >> 32) as u32]);
        let launch = Launch { rsrc2: launch.rsrc2 | count << 11, block: [4, 2, 4], ..launch };
        assert_eq!(m.run(&launch.stream()), Ok(()));
        assert_eq!(load(&bo, 0), want, "TIDIG_COMP_CNT {count}");
    }
}
