//! The builder and the dispatch helpers, against dwords from AMD's headers and RADV's streams.

use pm4::dispatch::{self, Dispatch};
use pm4::packet::values::*;
use pm4::reg::{self, COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC2, COMPUTE_PGM_RSRC3};
use pm4::*;

fn hex(text: &str) -> Vec<u32> {
    let lines = text.lines().map(|l| l.split('#').next().unwrap());
    lines.flat_map(str::split_whitespace).map(|w| u32::from_str_radix(w, 16).unwrap()).collect()
}

fn example() -> Stream {
    let mut s = Stream::new();
    dispatch::preamble(&mut s, 6).unwrap();
    let d = Dispatch {
        code_va: 0xffff_8000_0000_1e00,
        rsrc1: COMPUTE_PGM_RSRC1::from_bits(0x602c_0002),
        rsrc2: pm4::reg_value!(COMPUTE_PGM_RSRC2 { USER_SGPR: 2u32, TGID_X_EN: true, LDS_SIZE: 2u32 }).unwrap(),
        rsrc3: COMPUTE_PGM_RSRC3::new(),
        user_data: &[0x0001_6000, 0xffff_8001],
        block: [64, 2, 1],
        grid: [16, 3, 1],
        wave32: true,
    };
    dispatch::dispatch(&mut s, &d).unwrap();
    dispatch::barrier_compute_to_compute(&mut s).unwrap();
    dispatch::dispatch(&mut s, &Dispatch { wave32: false, ..d }).unwrap();
    dispatch::release_to_host(&mut s).unwrap();
    dispatch::release_fence(&mut s, 0xffff_8001_0001_7000, 0x1_0000_0002).unwrap();
    s.pad_to(8).unwrap();
    s
}

/// The dwords were written by hand from the register addresses and packet layouts; each line of the
/// file says what it is.
#[test]
fn a_dispatch_is_the_golden_dwords() {
    let golden = hex(include_str!("data/dispatch.hex"));
    let ours = example();
    for (i, (a, b)) in ours.dwords().iter().zip(&golden).enumerate() {
        assert_eq!(a, b, "dword {i}: {a:08x}, golden {b:08x}\n{ours}");
    }
    assert_eq!(ours.len_dw(), golden.len());
}

#[test]
fn a_dispatch_prints_as_the_golden_text() {
    let text = example().to_string();
    let golden = include_str!("data/dispatch.txt");
    assert_eq!(text, golden);
    for line in text.lines() {
        assert!(line.len() <= 80, "{line}");
    }
}

#[test]
fn barriers_and_fences_are_the_dwords_that_radv_emits() {
    let mut s = Stream::new();
    dispatch::release_to_host(&mut s).unwrap();
    // The end of RADV 25.0's command buffer, which has GCR_CNTL 0xc030: without GL2_INV, bit 14.
    assert_eq!(
        s.dwords(),
        hex("c0004600 00000407 c0065800 00000000 ffffffff 00ffffff 00000000 00000000 0000000a 00008030")
    );
    let mut s = Stream::new();
    dispatch::acquire_all(&mut s, GcrCntl::from_bits(0xc3b1)).unwrap();
    assert_eq!(s.dwords(), hex("c0065800 00000000 ffffffff 00ffffff 00000000 00000000 0000000a 0000c3b1"));
    // RADV's WRITE_DATA of vkCmdUpdateBuffer, its event, its wait and its prefetch.
    let mut s = Stream::new();
    s.push(WriteData {
        dst_sel: WriteDataDst::MEM,
        wr_confirm: true,
        dst_addr: 0xffff_8001_0004_0000,
        payload: vec![1, 2, 3, 4],
        ..Default::default()
    })
    .unwrap();
    assert_eq!(s.dwords(), hex("c0063700 00100500 00040000 ffff8001 1 2 3 4"));
    let mut s = Stream::new();
    s.push(ReleaseMem {
        event_type: EventType::CS_DONE,
        event_index: EventIndex::SHADER_DONE,
        int_sel: InterruptSel::DATA_AFTER_WRITE_CONFIRM,
        data_sel: DataSel::VALUE_32BIT,
        address: 0xffff_8001_0001_7000,
        data: 1,
        ..Default::default()
    })
    .unwrap();
    assert_eq!(s.dwords(), hex("c0064900 0000062f 23000000 00017000 ffff8001 1 0 0"));
    let mut s = Stream::new();
    s.push(WaitRegMem {
        function: WaitFunction::EQUAL,
        mem_space: WaitSpace::MEMORY,
        poll_addr: 0xffff_8001_0001_7000,
        reference: 1,
        mask: u32::MAX,
        poll_interval: 4,
        ..Default::default()
    })
    .unwrap();
    assert_eq!(s.dwords(), hex("c0053c00 13 00017000 ffff8001 1 ffffffff 4"));
    let mut s = Stream::new();
    let code = 0xffff_8000_0000_0000;
    s.push(DmaData {
        src_sel: DmaSrc::SRC_ADDR_TC_L2,
        dst_sel: DmaDst::NOWHERE,
        src: code,
        dst: code,
        byte_count: 128,
        disable_wr_confirm: true,
        ..Default::default()
    })
    .unwrap();
    assert_eq!(s.dwords(), hex("c0055000 60200000 00000000 ffff8000 00000000 ffff8000 80000080"));
}

fn dwords(packet: impl Into<Packet>) -> Vec<u32> {
    let mut out = Vec::new();
    packet.into().encode(&mut out).unwrap();
    out
}

/// One packet of each kind that the streams above lack; the bits set by hand from PAL's and the
/// amdgpu driver's packet structures, or taken from RADV's streams where the comment says so.
#[test]
fn packets_have_their_bits_where_the_headers_put_them() {
    let va = 0x1234_5678_9abc_def8;
    // RADV: a 64-bit time stamp to memory.
    let copy = CopyData {
        src_sel: CopyDataSrc::GPU_CLOCK_COUNT,
        dst_sel: CopyDataDst::MEM,
        count_sel: CountSel::QWORD,
        wr_confirm: true,
        dst: 0xffff_8001_0001_6000,
        ..Default::default()
    };
    assert_eq!(dwords(copy), hex("c0044000 00110509 0 0 00016000 ffff8001"));
    // RADV: push constants of an indirect dispatch, then the dispatch.
    let load = LoadShRegIndex {
        mem_addr: 0xffff_8001_0004_0010,
        offset: reg::compute_user_data(4).unwrap().offset(),
        num_dwords: 3,
        ..Default::default()
    };
    assert_eq!(dwords(load), hex("c0036300 00040010 ffff8001 00000244 00000003"));
    let dispatch_initiator = dispatch::DispatchInitiator::from_bits(0x2045);
    let indirect = DispatchIndirect { address: 0xffff_8001_0004_0010, dispatch_initiator };
    assert_eq!(dwords(indirect), hex("c0021602 00040010 ffff8001 00002045"));
    assert_eq!(dwords(DispatchIndirectOffset { data_offset: 12, dispatch_initiator }), hex("c0011602 c 2045"));
    // RADV: the graphics ring's preamble, called.
    let call = IndirectBuffer { ib_base: 0xffff_8001_0001_5000, ib_size: 0xa0, ..Default::default() };
    assert_eq!(dwords(call), hex("c0023f00 00015000 ffff8001 000000a0"));
    let chain = IndirectBuffer { ib_base: va, ib_size: 8, chain: true, valid: true, ..Default::default() };
    assert_eq!(dwords(chain), hex("c0023f00 9abcdef8 12345678 00900008"));
    // RADV: pixel wait sync and the rest of a graphics submission's head.
    let pws = AcquireMem {
        pws_stage_sel: PwsStage::CP_ME,
        pws_ena2: true,
        coher_size: (1 << 57) - 1,
        pws_ena: true,
        ..Default::default()
    };
    assert_eq!(dwords(pws), hex("c0065800 00022800 ffffffff 01ffffff 0 0 80000000 0"));
    let enables = ContextEnables::new().with(ContextEnables::UPDATE_ENABLES, true).unwrap();
    assert_eq!(dwords(ContextControl { load: enables, shadow: enables }), hex("c0012800 80000000 80000000"));
    assert_eq!(dwords(ClearState::default()), hex("c0001200 0"));
    let event = EventWriteAddr {
        event_type: EventType::PIXEL_PIPE_STAT_CONTROL,
        event_index: EventIndex::ZPASS_DONE,
        address: 0x7_ffff_fc00,
        ..Default::default()
    };
    assert_eq!(dwords(event), hex("c0024600 00000138 fffffc00 00000007"));
    let cus =
        SetShRegIndex { offset: 1, index: ShRegIndex::APPLY_KMD_CU_AND_MASK, values: vec![5], ..Default::default() };
    assert_eq!(dwords(cus), hex("c0019b00 30000001 5"));
    // From the packet structures.
    let atomic = AtomicMem {
        atomic: AtomicOp::CMPSWAP_RTN_64,
        command: AtomicCommand::LOOP_UNTIL_COMPARE_SATISFIED,
        cache_policy: CachePolicy::STREAM,
        engine_sel: EngineSel::PFP,
        address: va,
        src_data: 0x2_0000_0001,
        cmp_data: 0x4_0000_0003,
        loop_interval: 16,
    };
    assert_eq!(dwords(atomic), hex("c0071e00 42000128 9abcdef8 12345678 1 2 3 4 10"));
    let cond = CondExec { address: va, cache_policy: CachePolicy::NOA, exec_count: 0x3fff };
    assert_eq!(dwords(cond), hex("c0032200 9abcdef8 12345678 04000000 00003fff"));
    assert_eq!(dwords(PredExec { exec_count: 7, device_select: 2 }), hex("c0002300 02000007"));
    let base = SetBase { base_index: BaseIndex::DRAW_INDIRECT, address: va };
    assert_eq!(dwords(base), hex("c0021100 1 9abcdef8 12345678"));
    let wait = WaitRegMem64 {
        function: WaitFunction::GREATER_OR_EQUAL,
        mem_space: WaitSpace::MEMORY,
        poll_addr: va,
        reference: 0x2_0000_0001,
        mask: u64::MAX,
        poll_interval: 4,
        optimize_ace_offload_mode: true,
        ..Default::default()
    };
    assert_eq!(dwords(wait), hex("c0079300 15 9abcdef8 12345678 1 2 ffffffff ffffffff 80000004"));
    let prime =
        PrimeUtcl2 { cache_perm: 5, wait_for_xack: true, address: va, requested_pages: 3, ..Default::default() };
    assert_eq!(dwords(prime), hex("c0035d00 d 9abcdef8 12345678 3"));
    assert_eq!(dwords(Rewind { offload_enable: false, valid: true }), hex("c0005900 80000000"));
    assert_eq!(dwords(Nop::default()), [0xffff_1000]);
    assert_eq!(dwords(Nop { payload: vec![7] }), [0xc000_1000, 7]);
    assert_eq!(dwords(PfpSyncMe::default()), [0xc000_4200, 0]);
    let pairs = SetContextRegPairsPacked { count: 2, pairs: vec![0x0020_001f, 1, 2] };
    assert_eq!(dwords(pairs), [0xc003_b904, 2, 0x0020_001f, 1, 2]);
}

#[test]
fn header_flags_are_as_asked() {
    let mut s = Stream::new();
    let all = HeaderFlags::PREDICATE.union(HeaderFlags::SHADER_TYPE);
    s.push_with(all, PfpSyncMe::default()).unwrap();
    assert_eq!(s.dwords(), [0xc000_4203, 0]);
    assert_eq!(s.items().next().unwrap().flags, all);
    assert!(s.to_string().contains("PFP_SYNC_ME [PREDICATE|SHADER_TYPE]"));
    // libdrm's tests give every packet the shader type.
    let libdrm = Stream::from_dwords([0xc002_7602, 0x20c, 0, 0x80]);
    assert_eq!(libdrm.items().next().unwrap().packet.unwrap().name(), "SET_SH_REG");
}

#[test]
fn consecutive_registers_share_a_packet_and_nothing_else_does() {
    let mut s = Stream::new();
    s.set_sh(reg::COMPUTE_PGM_LO, 1).unwrap();
    s.set_sh(reg::COMPUTE_PGM_HI, reg::COMPUTE_PGM_HI::from_bits(2)).unwrap();
    assert_eq!(s.dwords(), [0xc002_7600, 0x20c, 1, 2]);
    // A gap, the same register again, and a packet between: new packets.
    s.set_sh(reg::COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC1::from_bits(3)).unwrap();
    s.set_sh(reg::COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC1::from_bits(4)).unwrap();
    s.push(PfpSyncMe::default()).unwrap();
    s.set_sh(reg::COMPUTE_PGM_RSRC2, COMPUTE_PGM_RSRC2::from_bits(5)).unwrap();
    let lengths: Vec<_> = s.items().map(|i| i.words.len()).collect();
    assert_eq!(lengths, [4, 3, 3, 2, 3]);
    // The first error leaves a run that goes on.
    assert!(s.set_sh(reg::TA_CS_BC_BASE_ADDR, 0).is_err());
    assert_eq!(s.items().count(), 5);
}

#[test]
fn padding_fills_to_the_multiple() {
    for have in 0..20u32 {
        let mut s = Stream::from_dwords(vec![0xffff_1000; have as usize]);
        s.pad_to(8).unwrap();
        assert_eq!(s.len_dw() % 8, 0);
        assert!(s.len_dw() < have as usize + 8);
        assert!(s.items().all(|i| matches!(i.packet, Ok(Packet::Nop(_)))));
    }
    assert!(Stream::new().pad_to(0).is_err());
    assert!(Stream::new().pad_to(0x4000).is_err());
}

#[test]
fn a_dispatch_that_cannot_run_is_refused() {
    let good = Dispatch {
        code_va: 0x1000,
        rsrc1: COMPUTE_PGM_RSRC1::new(),
        rsrc2: COMPUTE_PGM_RSRC2::from_bits(0x84),
        rsrc3: COMPUTE_PGM_RSRC3::new(),
        user_data: &[1, 2],
        block: [1024, 1, 1],
        grid: [1, 1, 1],
        wave32: true,
    };
    let refused = |d: &Dispatch<'_>| dispatch::dispatch(&mut Stream::new(), d).err().map(|e| e.code());
    assert_eq!(refused(&good), None);
    assert_eq!(refused(&Dispatch { code_va: 0x1080, ..good }), Some("pm4-misaligned"));
    assert_eq!(refused(&Dispatch { code_va: 0x0000_8000_0000_0000, ..good }), Some("pm4-invalid"));
    assert_eq!(refused(&Dispatch { block: [1024, 2, 1], ..good }), Some("pm4-invalid"));
    assert_eq!(refused(&Dispatch { block: [0, 1, 1], ..good }), Some("pm4-invalid"));
    assert_eq!(refused(&Dispatch { block: [1 << 16, 1 << 16, 1], ..good }), Some("pm4-invalid"));
    assert_eq!(refused(&Dispatch { grid: [1, 0, 1], ..good }), Some("pm4-invalid"));
    assert_eq!(refused(&Dispatch { user_data: &[1, 2, 3], ..good }), Some("pm4-invalid"));
    assert!(dispatch::preamble(&mut Stream::new(), 0).is_err());
    assert!(dispatch::preamble(&mut Stream::new(), 9).is_err());
}

#[test]
fn the_initiator_says_the_wave_size() {
    // 0x45: COMPUTE_SHADER_EN, FORCE_START_AT_000, ORDER_MODE, as radeonsi; bit 15: wave32.
    assert_eq!(dispatch::initiator(false).unwrap().bits(), 0x45);
    assert_eq!(dispatch::initiator(true).unwrap().bits(), 0x8045);
}

#[test]
fn targets_have_their_compilers_names() {
    for gfx in Gfx::ALL {
        assert_eq!(gfx.name().parse(), Ok(gfx));
    }
    assert_eq!(Gfx::Gfx1100.to_string(), "gfx1100");
    assert!("gfx1030".parse::<Gfx>().is_err());
}

#[test]
fn user_data_registers_are_sixteen() {
    assert_eq!(reg::compute_user_data(0).unwrap().address(), 0xb900);
    assert_eq!(reg::compute_user_data(15).unwrap().name(), "COMPUTE_USER_DATA_15");
    assert!(reg::compute_user_data(16).is_none());
    assert!(reg::compute_user_data(u32::MAX).is_none());
    assert!(reg::all().map(|r| r.address).collect::<std::collections::BTreeSet<_>>().len() == reg::all().count());
}
