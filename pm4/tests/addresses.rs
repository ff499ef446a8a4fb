//! What memory a packet names: addresses and lengths as AMD's packet descriptions have them, on
//! packets written by hand and on the streams captured from RADV.

use pm4::packet::values::*;
use pm4::packet::{Access, AddressUse};
use pm4::*;

fn uses(packet: impl Into<Packet>) -> Vec<(&'static str, u64, u64, Access)> {
    packet.into().addresses().map(|u| (u.field, u.va, u.bytes, u.access)).collect()
}

const VA: u64 = 0xffff_8001_0000_1000;

#[test]
fn selectors_decide_whether_a_field_is_an_address() {
    let write = |dst_sel, wr_one_addr| WriteData {
        dst_sel,
        wr_one_addr,
        dst_addr: VA,
        payload: vec![1, 2, 3],
        ..Default::default()
    };
    assert_eq!(uses(write(WriteDataDst::MEM, false)), [("dst_addr", VA, 12, Access::Write)]);
    assert_eq!(uses(write(WriteDataDst::TC_L2, true)), [("dst_addr", VA, 4, Access::Write)]);
    for no_memory in [WriteDataDst::MEM_MAPPED_REGISTER, WriteDataDst::GDS] {
        assert_eq!(uses(write(no_memory, false)), []);
    }
    let copy = |src_sel, dst_sel, count_sel| CopyData {
        src_sel,
        dst_sel,
        count_sel,
        src: 0x40,
        dst: VA,
        ..Default::default()
    };
    let clock = copy(CopyDataSrc::GPU_CLOCK_COUNT, CopyDataDst::MEM, CountSel::QWORD);
    assert_eq!(uses(clock), [("dst", VA, 8, Access::Write)]);
    let load = copy(CopyDataSrc::MEM, CopyDataDst::MEM_MAPPED_REGISTER, CountSel::DWORD);
    assert_eq!(uses(load), [("src", 0x40, 4, Access::Read)]);
    assert_eq!(uses(copy(CopyDataSrc::IMMEDIATE, CopyDataDst::PERFCOUNTERS, CountSel::DWORD)), []);
    let wait = |mem_space| WaitRegMem { mem_space, poll_addr: VA, ..Default::default() };
    assert_eq!(uses(wait(WaitSpace::MEMORY)), [("poll_addr", VA, 4, Access::Read)]);
    assert_eq!(uses(wait(WaitSpace::REGISTER)), []);
    let wait = WaitRegMem64 { mem_space: WaitSpace::MEMORY, poll_addr: VA, ..Default::default() };
    assert_eq!(uses(wait), [("poll_addr", VA, 8, Access::Read)]);
}

#[test]
fn dma_data_reads_and_writes_what_its_selectors_and_its_command_say() {
    let dma = DmaData { src: VA, dst: VA + 0x100, byte_count: 0x80, ..Default::default() };
    let both = [("src", VA, 0x80, Access::Read), ("dst", VA + 0x100, 0x80, Access::Write)];
    assert_eq!(uses(dma.clone()), both);
    let l2 = DmaData { src_sel: DmaSrc::SRC_ADDR_TC_L2, dst_sel: DmaDst::DST_ADDR_TC_L2, ..dma.clone() };
    assert_eq!(uses(l2), both);
    // A fill, a prefetch, a register at one end.
    assert_eq!(uses(DmaData { src_sel: DmaSrc::DATA, ..dma.clone() }), both[1..]);
    assert_eq!(uses(DmaData { dst_sel: DmaDst::NOWHERE, ..dma.clone() }), both[..1]);
    assert_eq!(uses(DmaData { sas: AddressSpace::REGISTER, ..dma.clone() }), both[1..]);
    assert_eq!(uses(DmaData { das: AddressSpace::REGISTER, ..dma.clone() }), both[..1]);
    // RADV waits for the engine so.
    assert_eq!(uses(DmaData { cp_sync: true, byte_count: 0, ..dma.clone() }), []);
    let still = DmaData { daic: AddressIncrement::NO_INCREMENT, ..dma };
    assert_eq!(uses(still), [both[0], ("dst", VA + 0x100, 4, Access::Write)]);
}

#[test]
fn release_mem_writes_what_data_sel_says() {
    let release = |data_sel| ReleaseMem { data_sel, address: VA, data: 0x0003_0010, ..Default::default() };
    let written = |r: ReleaseMem| uses(r).first().map(|u| u.2);
    assert_eq!(written(release(DataSel::NONE)), None);
    assert_eq!(written(release(DataSel::VALUE_32BIT)), Some(4));
    assert_eq!(written(release(DataSel::VALUE_64BIT)), Some(8));
    assert_eq!(written(release(DataSel::TIMESTAMP)), Some(8));
    assert_eq!(written(release(DataSel::GDS)), Some(12));
    let value = release(DataSel::VALUE_64BIT);
    assert_eq!(written(ReleaseMem { pws_enable: true, ..value.clone() }), None);
    assert_eq!(written(ReleaseMem { int_sel: InterruptSel::INTERRUPT_ONLY, ..value.clone() }), None);
    assert_eq!(written(ReleaseMem { dst_sel: ReleaseDst::QUEUE_WRITE_POINTER, ..value }), None);
}

#[test]
fn the_other_packets_name_what_they_read_and_execute() {
    assert_eq!(uses(DispatchIndirect { address: VA, ..Default::default() }), [("address", VA, 12, Access::Read)]);
    let ib = IndirectBuffer { ib_base: VA, ib_size: 0xa0, ..Default::default() };
    assert_eq!(uses(ib), [("ib_base", VA, 0x280, Access::Execute)]);
    let atomic = |atomic| AtomicMem { atomic, address: VA, ..Default::default() };
    assert_eq!(uses(atomic(AtomicOp::ADD_32)), [("address", VA, 4, Access::ReadWrite)]);
    assert_eq!(uses(atomic(AtomicOp::CMPSWAP_RTN_64)), [("address", VA, 8, Access::ReadWrite)]);
    assert_eq!(uses(CondExec { address: VA, ..Default::default() }), [("address", VA, 4, Access::Read)]);
    assert_eq!(uses(SetBase { address: VA, ..Default::default() }), [("address", VA, 0, Access::Read)]);
    let load = |index| LoadShRegIndex { index, mem_addr: VA, num_dwords: 3, ..Default::default() };
    assert_eq!(uses(load(LoadIndex::DIRECT_ADDR)), [("mem_addr", VA, 12, Access::Read)]);
    assert_eq!(uses(load(LoadIndex::OFFSET)), []);
    let event = |event_type| EventWriteAddr { event_type, address: VA, ..Default::default() };
    assert_eq!(uses(event(EventType::PIXEL_PIPE_STAT_CONTROL)), []);
    assert_eq!(uses(event(EventType::SAMPLE_PIPELINESTAT)), [("address", VA, 112, Access::Write)]);
    assert_eq!(uses(Nop { payload: vec![1, 2] }), []);
    assert_eq!(uses(Packet::Unknown { opcode: 0xf0, body: vec![1] }), []);
}

#[test]
fn draws_and_loads_name_what_they_read() {
    // Shadow memory mirrors the register space: the farthest range's end counts.
    let load = LoadShReg { base_address: VA, ranges: vec![0x200, 3, 0x40, 2] };
    assert_eq!(uses(load), [("base_address", VA, 0x203 * 4, Access::Read)]);
    let indexed = |index| LoadContextRegIndex { index, mem_addr: VA, num_dwords: 2, ..Default::default() };
    assert_eq!(uses(indexed(LoadIndex::DIRECT_ADDR)), [("mem_addr", VA, 8, Access::Read)]);
    assert_eq!(uses(indexed(LoadIndex::OFFSET)), []);
    let multi = |on| DrawIndirectMulti { count_indirect_enable: on, count_addr: VA, count: 4, ..Default::default() };
    assert_eq!(uses(multi(true)), [("count_addr", VA, 4, Access::Read)]);
    assert_eq!(uses(multi(false)), []);
    let task = DispatchTaskmeshIndirectMultiAce { data_addr: VA, count: 3, stride: 16, ..Default::default() };
    assert_eq!(uses(task), [("data_addr", VA, 44, Access::Read)]);
    let write = |poll_space, write_space| CondWrite {
        poll_space,
        write_space,
        poll_address: VA,
        write_address: VA + 8,
        ..Default::default()
    };
    let both = [("poll_address", VA, 4, Access::Read), ("write_address", VA + 8, 4, Access::Write)];
    assert_eq!(uses(write(WaitSpace::MEMORY, CondWriteSpace::MEMORY)), both);
    assert_eq!(uses(write(WaitSpace::REGISTER, CondWriteSpace::MEMORY)), both[1..]);
    assert_eq!(uses(write(WaitSpace::MEMORY, CondWriteSpace::SCRATCH)), both[..1]);
    let predicate = |pred_op| SetPredication { pred_op, start_addr: VA, ..Default::default() };
    assert_eq!(uses(predicate(PredicateOp::BOOL64)), [("start_addr", VA, 8, Access::Read)]);
    assert_eq!(uses(predicate(PredicateOp::CLEAR)), []);
    let branch = |mode| CondIndirectBuffer {
        mode,
        compare_addr: VA,
        ib_base1: VA + 0x100,
        ib_size1: 2,
        ib_base2: VA + 0x200,
        ib_size2: 3,
        ..Default::default()
    };
    let all = [
        ("compare_addr", VA, 8, Access::Read),
        ("ib_base1", VA + 0x100, 8, Access::Execute),
        ("ib_base2", VA + 0x200, 12, Access::Execute),
    ];
    assert_eq!(uses(branch(CondIbMode::IF_THEN_ELSE)), all);
    assert_eq!(uses(branch(CondIbMode::IF_THEN)), all[..2]);
    let stamps = Timestamp { enable_top: true, pipe_bot_addr: VA, pipe_top_addr: VA + 8, ..Default::default() };
    assert_eq!(uses(stamps), [("pipe_top_addr", VA + 8, 8, Access::Write)]);
}

/// A buffer may move after it was recorded: the place lets the address be written anew.
#[test]
fn an_address_can_be_patched_where_it_lies() {
    for row in PACKETS.iter().filter(|r| r.fields.iter().any(|f| f.access.is_some())) {
        for field in row.fields.iter().filter(|f| f.access.is_some()) {
            let mut body = vec![u32::MAX; row.min_dwords()];
            // As wide as the field, which is 48 bits in some packets.
            let to = 0xffff_8001_2345_6700 & u64::MAX >> (64 - field.place.width - field.place.shift);
            field.place.set(&mut body, field.name, to).unwrap();
            assert_eq!(field.place.get(&body), to, "{}", row.name);
            for (i, word) in body.iter().enumerate() {
                assert_eq!(word | field.place.mask_in(i), u32::MAX, "{} dword {i}", row.name);
            }
            if field.place.shift > 0 {
                let error = field.place.set(&mut body, field.name, to + 1);
                assert!(matches!(error, Err(EncodeError::Misaligned { .. })), "{}", row.name);
            }
            assert!(field.place.set(&mut body[..1], field.name, to).is_err(), "{}", row.name);
        }
    }
}

/// The buffers of the captured submissions lie at and above 0xffff800000000000: every address that
/// a packet names is there, and none of the 64-bit values that are none is taken for one.
#[test]
fn captured_streams_name_addresses_of_the_submission() {
    let Some(root) = std::env::var_os("SPARKLE_TEST_DATA") else {
        skip::skip!("SPARKLE_TEST_DATA is not set");
        return;
    };
    let mut seen = 0;
    for entry in std::fs::read_dir(std::path::Path::new(&root).join("clients/streams")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let words = text.split_whitespace().map(|w| u32::from_str_radix(w, 16));
        let Ok(words) = words.collect::<Result<Vec<_>, _>>() else { continue };
        for item in decode(&words) {
            let Ok(packet) = item.packet else { continue };
            for AddressUse { field, va, bytes, place, .. } in packet.addresses() {
                assert!(
                    (0xffff_8000_0000_0000..0xffff_8002_0000_0000).contains(&va),
                    "{}.{field} {va:#x}",
                    packet.name()
                );
                assert!(bytes > 0 && bytes < 1 << 26, "{}.{field}: {bytes} bytes", packet.name());
                assert_eq!(place.get(&item.words[1..]), va);
                seen += 1;
            }
        }
    }
    assert!(seen >= 20, "only {seen} addresses");
}
