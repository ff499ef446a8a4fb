//! Prepared kernels, devices, scratch, barriers, and the plan beside the packets.

use pm4::dispatch::*;
use pm4::packet::values::*;
use pm4::reg::{self, *};
use pm4::submission::{Access, Effect, Ring, Use};
use pm4::*;

fn spec() -> KernelSpec {
    let rsrc2 = reg_value!(COMPUTE_PGM_RSRC2 { USER_SGPR: 5u32, TGID_X_EN: true }).unwrap();
    let rsrc1 = COMPUTE_PGM_RSRC1::from_bits(0x602c_0002);
    KernelSpec::new(Gfx::Gfx1100, 0xffff_8000_0000_0000, rsrc1, rsrc2, COMPUTE_PGM_RSRC3::new(), false)
}

fn kernel() -> Kernel {
    Kernel::prepare(spec()).unwrap()
}

const DATA: [u32; 5] = [0, 0, 0x40000, 0x3e8, 0x4040_0000];

/// RADV 25.0 for the same kernel on the same card, without its prefetch, its texture base and its statistics, which
/// have no counterpart here: 40 dwords before, 30 for the dispatch, 10 behind.
#[test]
fn a_dispatch_takes_no_more_dwords_than_radv_gives_it() {
    let mut s = Stream::new();
    preamble_for(&mut s, &Device::of(Gfx::Gfx1100)).unwrap();
    let preamble = s.len_dw();
    // RADV sets USER_DATA_2..4 for this kernel.
    s.dispatch(&kernel(), &Work::groups([16, 1, 1], [64, 1, 1], &DATA)).unwrap();
    let dispatch = s.len_dw() - preamble;
    release_to_host(&mut s).unwrap();
    let release = s.len_dw() - preamble - dispatch;
    assert_eq!((preamble, dispatch, release), (32, 31, 10));
    // Again, with another size and other data.
    s.dispatch(&kernel(), &Work::groups([17, 1, 1], [64, 1, 1], &[0, 0, 0x40000, 7, 8])).unwrap();
    assert_eq!(s.len_dw(), 32 + 31 + 10 + 4 + 5);
}

fn last_dispatch(s: &Stream) -> DispatchDirect {
    let direct = |i: Item<'_>| match i.packet {
        Ok(Packet::DispatchDirect(p)) => Some(p),
        _ => None,
    };
    s.items().filter_map(direct).last().unwrap()
}

/// RADV's meta kernels: full 64, last 2, initiator 0x2047; vkCmdDispatchBase(1, 1, 0, 2, 2, 1): start in the registers,
/// ends in the packet, initiator 0x2041.
#[test]
fn partial_groups_and_first_groups_are_what_radv_emits() {
    let mut s = Stream::new();
    let work = Work { grid: Grid::Threads([130, 1, 1]), tunnel: true, ..Work::groups([1; 3], [64, 1, 1], &[]) };
    s.dispatch(&kernel(), &work).unwrap();
    assert_eq!(s.register(reg::COMPUTE_NUM_THREAD_X).unwrap().bits(), 0x0002_0040);
    assert_eq!(s.register(reg::COMPUTE_NUM_THREAD_Y).unwrap().bits(), 0x0001_0001);
    let p = last_dispatch(&s);
    assert_eq!((p.dim_x, p.dim_y, p.dim_z, p.dispatch_initiator.bits()), (3, 1, 1, 0x2047));

    let work = Work { first: [1, 1, 0], tunnel: true, ..Work::groups([2, 2, 1], [64, 1, 1], &[]) };
    s.dispatch(&kernel(), &work).unwrap();
    assert_eq!(s.register(reg::COMPUTE_START_Y), Some(1));
    let p = last_dispatch(&s);
    assert_eq!((p.dim_x, p.dim_y, p.dim_z, p.dispatch_initiator.bits()), (3, 3, 1, 0x2041));

    // Whole groups need no partial ones; bit 5 leaves the division to the hardware.
    s.dispatch(&kernel(), &Work { grid: Grid::Threads([128, 1, 1]), ..work_of(64) }).unwrap();
    assert_eq!(last_dispatch(&s).dispatch_initiator.bits(), 0x45);
    s.dispatch(&kernel(), &Work { grid: Grid::ThreadDimensions([130, 1, 1]), ..work_of(64) }).unwrap();
    let p = last_dispatch(&s);
    assert_eq!((p.dim_x, p.dispatch_initiator.bits()), (130, 0x65));
}

fn work_of(threads: u32) -> Work<'static> {
    Work::groups([1; 3], [threads, 1, 1], &[])
}

#[test]
fn indirect_sizes_are_read_as_the_ring_reads_them() {
    let grid = Grid::Indirect(0xffff_8001_0004_0014);
    let mut s = Stream::new();
    s.dispatch(&kernel(), &Work { grid, tunnel: true, ..work_of(64) }).unwrap();
    let end = &s.dwords()[s.len_dw() - 4..];
    // RADV, compute ring.
    assert_eq!(end, [0xc002_1602, 0x0004_0014, 0xffff_8001, 0x2045]);
    let mut s = Stream::on(Ring::Gfx);
    s.dispatch(&kernel(), &Work { grid, ..work_of(64) }).unwrap();
    let end = &s.dwords()[s.len_dw() - 7..];
    // SET_BASE with the shader type and index 1, then an offset of 4.
    assert_eq!(end, [0xc002_1102, 1, 0x0004_0010, 0xffff_8001, 0xc001_1602, 4, 0x45]);
    let refused = |work: Work<'_>| Stream::new().dispatch(&kernel(), &work).err().map(|e| e.code());
    assert_eq!(refused(Work { grid: Grid::Indirect(0x1002), ..work_of(64) }), Some("pm4-misaligned"));
    assert_eq!(refused(Work { grid, first: [1, 0, 0], ..work_of(64) }), Some("pm4-invalid"));
}

#[test]
fn a_kernel_is_checked_once_and_its_arguments_each_time() {
    let bad = |change: fn(&mut KernelSpec)| {
        let mut spec = spec();
        change(&mut spec);
        Kernel::prepare(spec).err().map(|e| e.code())
    };
    assert_eq!(bad(|_| {}), None);
    assert_eq!(bad(|s| s.code_va += 0x80), Some("pm4-misaligned"));
    assert_eq!(bad(|s| s.code_va = 0x0001_0000_0000_0000), Some("pm4-invalid"));
    assert_eq!(bad(|s| s.lds_bytes = 65537), Some("pm4-invalid"));
    assert_eq!(bad(|s| s.scratch_bytes = 4), Some("pm4-invalid"));
    assert_eq!(bad(|s| s.rsrc1 = COMPUTE_PGM_RSRC1::from_bits(1 << 20)), Some("pm4-invalid"));
    assert_eq!(bad(|s| s.rsrc2 = COMPUTE_PGM_RSRC2::from_bits(17 << 1)), Some("pm4-invalid"));
    assert_eq!(bad(|s| s.max_threads = 0), Some("pm4-invalid"));
    assert_eq!(bad(|s| s.required_block = Some([32, 33, 1])), Some("pm4-invalid"));

    let required = Kernel::prepare(KernelSpec { required_block: Some([8, 8, 1]), lds_bytes: 513, ..spec() }).unwrap();
    let try_it = |kernel: &Kernel, work: Work<'_>| {
        let mut s = Stream::new();
        let code = s.dispatch(kernel, &work).err().map(|e| e.code());
        assert!(code.is_none() || s.is_empty(), "refused, and nothing written");
        code
    };
    assert_eq!(try_it(&required, Work { block: None, ..work_of(1) }), None);
    assert_eq!(try_it(&required, work_of(64)), Some("pm4-invalid"));
    assert_eq!(try_it(&kernel(), Work { block: None, ..work_of(1) }), Some("pm4-invalid"));
    assert_eq!(try_it(&kernel(), Work { dynamic_lds: 65537, ..work_of(64) }), Some("pm4-invalid"));
    assert_eq!(try_it(&kernel(), work_of(1025)), Some("pm4-invalid"));
    assert_eq!(try_it(&kernel(), Work { user_data: &[0; 6], ..work_of(64) }), Some("pm4-invalid"));
    assert_eq!(try_it(&kernel(), Work { grid: Grid::Threads([0, 1, 1]), ..work_of(64) }), Some("pm4-invalid"));
    // LDS in granules of 512 bytes.
    assert_eq!(required.spec().rsrc2.get(COMPUTE_PGM_RSRC2::LDS_SIZE), 2);
    let mut s = Stream::new();
    s.dispatch(&required, &Work { block: None, dynamic_lds: 512, ..work_of(1) }).unwrap();
    assert_eq!(s.register(reg::COMPUTE_PGM_RSRC2).unwrap().get(COMPUTE_PGM_RSRC2::LDS_SIZE), 3);
}

#[test]
fn devices_have_their_shader_engines() {
    let cus = |gfx| {
        let d = Device::of(gfx);
        (d.engines(), d.scratch_waves() * d.engines() / 32)
    };
    assert_eq!(cus(Gfx::Gfx1100), (6, 96));
    assert_eq!(cus(Gfx::Gfx1101), (3, 60));
    assert_eq!(cus(Gfx::Gfx1102), (2, 32));
    assert_eq!(cus(Gfx::Gfx1103), (1, 12));
    assert_eq!(cus(Gfx::Gfx1150), (1, 16));
    assert_eq!(cus(Gfx::Gfx1151), (2, 40));
    let d = Device::of(Gfx::Gfx1101).with_cus(&[[0x3f, 0x3], [0, 0], [0x3ff, 0x3ff]]).unwrap();
    let mut s = Stream::new();
    preamble_for(&mut s, &d).unwrap();
    assert_eq!(s.register(reg::COMPUTE_STATIC_THREAD_MGMT_SE0).unwrap().bits(), 0x0003_003f);
    assert_eq!(d.cu_mask(1).bits(), 0);
    assert_eq!(d.cu_mask(2).bits(), 0x03ff_03ff);
    assert_eq!(d.cu_mask(3).bits(), 0);
    assert!(Device::of(Gfx::Gfx1101).with_cus(&[[1, 0]]).is_err(), "half a workgroup processor");
    assert!(Device::of(Gfx::Gfx1101).with_cus(&[[0, 0]]).is_err());
    assert!(Device::of(Gfx::Gfx1103).with_cus(&[[3, 3]; 2]).is_err());
    assert!(Device::of(Gfx::Gfx1100).with_engines(9).is_err());
}

#[test]
fn scratch_is_told_in_waves_of_an_engine_and_granules_of_256_bytes() {
    let device = Device::of(Gfx::Gfx1100);
    // 20 bytes a lane are 640 a wave32, 768 with the granule; 32 waves for each of 16 CUs of an engine.
    assert_eq!(device.scratch_bytes(20, true), 768 * 32 * 96);
    let scratch = Scratch::new(&device, 0xffff_8001_0000_0100, device.scratch_bytes(20, true), 20, true).unwrap();
    assert_eq!(scratch.tmpring_size().bits(), 3 << 12 | 512);
    assert_eq!(scratch.wave_bytes(), 768);
    let less = Scratch::new(&device, 0x1000, 6 * 100 * 768 + 5, 20, true).unwrap();
    assert_eq!(less.tmpring_size().bits(), 3 << 12 | 100);
    assert!(Scratch::new(&device, 0x1000, 6 * 31 * 768, 20, true).is_err());
    assert_eq!(Scratch::new(&device, 0x1080, 1 << 30, 20, true).unwrap_err().code(), "pm4-misaligned");
    assert_eq!(Scratch::new(&device, 0x1000, 1 << 60, 1 << 20, true).unwrap_err().code(), "pm4-field-overflow");

    let rsrc2 = spec().rsrc2.with(COMPUTE_PGM_RSRC2::SCRATCH_EN, true).unwrap();
    let kernel = Kernel::prepare(KernelSpec { rsrc2, scratch_bytes: 20, wave32: true, ..spec() }).unwrap();
    let mut s = Stream::new();
    preamble_for(&mut s, &device).unwrap();
    assert!(s.dispatch(&kernel, &work_of(64)).is_err(), "none given");
    let work = Work { scratch: Some(&scratch), ..work_of(64) };
    s.dispatch(&kernel, &work).unwrap();
    assert_eq!(s.register(reg::COMPUTE_DISPATCH_SCRATCH_BASE_LO), Some(0x0100_0001));
    assert_eq!(s.register(reg::COMPUTE_DISPATCH_SCRATCH_BASE_HI).unwrap().bits(), 0x80);
    assert_eq!(s.register(reg::COMPUTE_TMPRING_SIZE), Some(scratch.tmpring_size()));
    let flushes = |s: &Stream| s.items().filter(|i| matches!(i.packet, Ok(Packet::EventWrite(_)))).count();
    s.dispatch(&kernel, &work).unwrap();
    assert_eq!(flushes(&s), 0);
    // Other scratch: the waves before must have left.
    s.dispatch(&kernel, &Work { scratch: Some(&less), ..work }).unwrap();
    assert_eq!(flushes(&s), 1);
    let big = Kernel::prepare(KernelSpec { rsrc2, scratch_bytes: 28, wave32: true, ..spec() }).unwrap();
    assert!(s.dispatch(&big, &work).is_err(), "a wave needs more");
}

/// The GCR_CNTL of each pair: bits by name from the register's row, reasons in `cache_operations`.
#[test]
fn barriers_do_what_the_pair_needs() {
    let (shader, code, wb, inv) = (0x380, 0x201, 0x8030, 0xc030);
    use Agent::*;
    let expected = [
        (Shader, Shader, shader),
        (Shader, InstructionFetch, code),
        (Shader, CommandProcessor, 0),
        (Shader, Dma, 0),
        (Shader, Host, wb),
        (Shader, OtherQueue, 0),
        (Shader, Sdma, wb),
        (CommandProcessor, Shader, shader),
        (Dma, Shader, shader),
        (Dma, InstructionFetch, code),
        (Dma, Host, wb),
        (Host, Shader, shader | inv),
        (Host, InstructionFetch, code | inv),
        (Host, CommandProcessor, inv),
        (OtherQueue, Shader, shader),
        (Sdma, Shader, shader | inv),
        (Sdma, Dma, inv),
        (Host, Sdma, 0),
    ];
    for (from, to, bits) in expected {
        assert_eq!(cache_operations(from, to).bits(), bits, "{from:?} to {to:?}");
    }
}

fn names(s: &Stream, from: usize) -> Vec<&'static str> {
    s.items().filter(|i| i.offset >= from).map(|i| i.packet.unwrap().name()).collect()
}

#[test]
fn barriers_are_not_repeated_and_share_their_acquire() {
    use Agent::*;
    let mut s = Stream::new();
    preamble(&mut s, 6).unwrap();
    let start = s.len_dw();
    // The preamble has just dropped everything, and no wave has run since.
    s.barrier(Host, Shader).unwrap().barrier(Host, InstructionFetch).unwrap();
    assert_eq!(s.len_dw(), start);
    s.dispatch(&kernel(), &work_of(64)).unwrap();
    let start = s.len_dw();
    s.barrier(Shader, Shader).unwrap();
    assert_eq!(names(&s, start), ["EVENT_WRITE", "ACQUIRE_MEM"]);
    s.barrier(Shader, Shader).unwrap().barrier(Shader, CommandProcessor).unwrap();
    assert_eq!(s.len_dw(), start + 10);
    s.barrier(Shader, Host).unwrap();
    assert_eq!(s.len_dw(), start + 10, "one ACQUIRE_MEM for both");
    assert_eq!(s.dwords()[s.len_dw() - 1], 0x380 | 0x8030);
    // A write of the command processor: no wave to wait for, caches stale again.
    let start = s.len_dw();
    s.write(0x1000, &[1]).unwrap().barrier(CommandProcessor, Shader).unwrap();
    assert_eq!(names(&s, start), ["WRITE_DATA", "ACQUIRE_MEM"]);
    // What is flushed while waves run is flushed again once they are gone.
    s.dispatch(&kernel(), &work_of(64)).unwrap();
    s.barrier(CommandProcessor, Shader).unwrap();
    let start = s.len_dw();
    s.barrier(Shader, Shader).unwrap();
    assert_eq!(names(&s, start), ["EVENT_WRITE", "ACQUIRE_MEM"]);
    // Copies wait for themselves; a DMA_DATA of one's own may not.
    let start = s.len_dw();
    s.copy(0x1000, 0x2000, 64).unwrap().barrier(Dma, Dma).unwrap();
    s.push(DmaData { src: 0x1000, dst: 0x2000, byte_count: 64, ..Default::default() }).unwrap();
    s.barrier(Dma, Dma).unwrap().barrier(Dma, Dma).unwrap();
    assert_eq!(names(&s, start), ["DMA_DATA", "DMA_DATA", "DMA_DATA"]);
    assert_eq!(s.dwords()[s.len_dw() - 7..], [0xc005_5000, 0x8000_0000, 0, 0, 0, 0, 0]);

    let mut s = Stream::on(Ring::Gfx);
    s.dispatch(&kernel(), &work_of(64)).unwrap();
    let start = s.len_dw();
    s.barrier(Shader, CommandProcessor).unwrap().barrier(Shader, CommandProcessor).unwrap();
    assert_eq!(names(&s, start), ["EVENT_WRITE", "PFP_SYNC_ME"]);
    // Nothing is known of what came before a stream.
    let mut s = Stream::new();
    s.barrier(Shader, Shader).unwrap();
    assert_eq!(s.len_dw(), 10);
    let mut tail = Stream::new();
    tail.append(&s);
    let before = tail.len_dw();
    tail.barrier(Shader, Shader).unwrap();
    assert_eq!(tail.len_dw(), before, "what an appended stream has done counts");
}

#[test]
fn memory_calls_are_the_dwords_that_radv_emits() {
    let va = 0xffff_8001_0001_6000;
    let mut s = Stream::new();
    s.timestamp(va, At::Top).unwrap().timestamp(va + 8, At::Bottom).unwrap();
    assert_eq!(s.dwords()[..6], [0xc004_4000, 0x0011_0509, 0, 0, 0x0001_6000, 0xffff_8001]);
    assert_eq!(s.dwords()[6..], [0xc006_4900, 0x0528, 0x6300_0000, 0x0001_6008, 0xffff_8001, 0, 0, 0]);
    let mut s = Stream::new();
    s.wait_until(va + 4, WaitFunction::NOT_EQUAL, u32::MAX, u32::MAX).unwrap();
    assert_eq!(s.dwords(), [0xc005_3c00, 0x14, 0x0001_6004, 0xffff_8001, u32::MAX, u32::MAX, 4]);
    let mut s = Stream::new();
    s.write(0xffff_8001_0004_0000, &[1, 2, 3, 4]).unwrap();
    assert_eq!(s.dwords(), [0xc006_3700, 0x0010_0500, 0x0004_0000, 0xffff_8001, 1, 2, 3, 4]);
    assert!(s.write(va, &[]).is_err());
    assert!(s.fill_memory(va + 2, 0, 4).is_err() && s.fill_memory(va, 0, 3).is_err());
    // Longer than one packet: pieces, of which the last one is waited for.
    let mut s = Stream::new();
    s.audited(true).copy(0x1_0000_0000, 0x2_0000_0000, (1 << 26) + 1).unwrap();
    let syncs: Vec<_> = s.items().map(|i| i.packet.unwrap().field("cp_sync").unwrap()).collect();
    assert_eq!(syncs, [0, 1]);
    let copied: u64 =
        s.plan().unwrap().iter().map(|e| if let Effect::Copy { bytes, .. } = e { *bytes } else { 0 }).sum();
    assert_eq!(copied, (1 << 26) + 1);
    let mut s = Stream::new();
    s.audited(true).write(0x1000, &vec![7; 0x3001]).unwrap();
    assert_eq!(s.plan().unwrap()[1], Effect::Write { va: 0x1000 + 4 * 0x3000, data: vec![7] });
}

#[test]
fn the_plan_says_what_the_calls_meant() {
    let mut s = Stream::new();
    assert_eq!(s.plan(), None);
    s.audited(true);
    preamble(&mut s, 6).unwrap();
    let uses = [Use { range: 0x5000..0x6000, access: Access::W }];
    let spec = KernelSpec { lds_bytes: 1000, wave32: true, ..spec() };
    let kernel = Kernel::prepare(spec).unwrap();
    s.dispatch(
        &kernel,
        &Work { uses: &uses, grid: Grid::Threads([100, 2, 1]), ..Work::groups([1; 3], [64, 1, 1], &DATA[..3]) },
    )
    .unwrap();
    s.barrier(Agent::Shader, Agent::Host).unwrap();
    s.write(0x100, &[1, 2]).unwrap().fence(0x200, 9).unwrap().timestamp(0x300, At::Bottom).unwrap();
    s.fill_memory(0x400, 5, 16).unwrap().copy(0x500, 0x600, 8).unwrap();
    s.wait_until64(0x708, WaitFunction::GREATER_OR_EQUAL, 3, u64::MAX).unwrap();
    let plan = s.plan().unwrap().to_vec();
    let Effect::Dispatch(launch) = &plan[0] else { panic!("{:?}", plan[0]) };
    assert_eq!((launch.entry, launch.wave32), (0xffff_8000_0000_0000, true));
    assert_eq!((launch.block, launch.partial, launch.start, launch.end), ([64, 1, 1], [36, 1, 1], [0; 3], [2, 2, 1]));
    assert_eq!(launch.user_data, [Some(0), Some(0), Some(0x40000), None, None]);
    assert_eq!((launch.workgroup_ids, launch.local_ids, launch.group_size_sgpr), ([true, false, false], 0, false));
    // FLOAT_MODE 0xc0 << 12, DX10_CLAMP 1 << 21; 3 granules of 8 VGPRs; 2 of 512 bytes.
    assert_eq!((launch.mode, launch.vgprs, launch.lds_bytes, launch.scratch_bytes), (0x002c_0000, 24, 1024, 0));
    assert_eq!(launch.uses, uses);
    assert_eq!(
        plan[1..],
        [
            Effect::Write { va: 0x100, data: vec![1, 2] },
            Effect::Fence { va: 0x200, value: 9, bytes: 8 },
            Effect::Timestamp { va: 0x300, end_of_pipe: true },
            Effect::Fill { va: 0x400, value: 5, bytes: 16 },
            Effect::Copy { src: 0x500, dst: 0x600, bytes: 8 },
            Effect::Wait {
                va: 0x708,
                bytes: 8,
                function: WaitFunction::GREATER_OR_EQUAL,
                reference: 3,
                mask: u64::MAX
            },
        ]
    );
    // The same packets, pushed one by one, are understood the same way; only what no packet says is missing.
    let mut pushed = Stream::new();
    pushed.audited(true);
    for item in s.items() {
        pushed.push_with(item.flags, item.packet.unwrap()).unwrap();
    }
    let mut expected = plan.clone();
    if let Effect::Dispatch(launch) = &mut expected[0] {
        launch.uses.clear();
    }
    assert_eq!(pushed.plan().unwrap(), expected);
    // And so are they in a stream that was not audited when it is appended to one that is.
    let mut bare = Stream::new();
    for item in s.items() {
        bare.push_with(item.flags, item.packet.unwrap()).unwrap();
    }
    let mut appended = Stream::new();
    appended.audited(true).append(&bare);
    assert_eq!(appended.plan().unwrap(), expected);
    s.clear();
    assert_eq!(s.plan(), Some(&[][..]));
}

fn waits(s: &Stream) -> usize {
    let wait = |p: &Packet| matches!(p, Packet::EventWrite(e) if e.event_type == EventType::CS_PARTIAL_FLUSH);
    s.items().filter(|i| i.packet.as_ref().is_ok_and(wait)).count()
}

#[test]
fn scratch_is_waited_for_where_it_changes_and_only_there() {
    let device = Device::of(Gfx::Gfx1100);
    let scratch = Scratch::new(&device, 0x10_0000, device.scratch_bytes(20, true), 20, true).unwrap();
    let rsrc2 = spec().rsrc2.with(COMPUTE_PGM_RSRC2::SCRATCH_EN, true).unwrap();
    let kernel = Kernel::prepare(KernelSpec { rsrc2, scratch_bytes: 20, wave32: true, ..spec() }).unwrap();
    let work = Work { scratch: Some(&scratch), ..work_of(64) };
    for declared in [false, true] {
        let mut s = Stream::new();
        if declared {
            s.buffer("scratch", 0x10_0000, 0x1000_0000).unwrap();
        }
        preamble_for(&mut s, &device).unwrap();
        let before = waits(&s);
        for _ in 0..3 {
            s.dispatch(&kernel, &work).unwrap();
        }
        assert_eq!(waits(&s), before, "declared: {declared}");
        // The registers say that there is no scratch, and the waves have some.
        preamble_for(&mut s, &device).unwrap();
        let before = waits(&s);
        s.dispatch(&kernel, &work).unwrap();
        assert_eq!(waits(&s), before + 1, "declared: {declared}");
    }
}
