//! Words that are no packets, and packets that cannot be written.

use pm4::packet::values::*;
use pm4::reg::{self, COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC2};
use pm4::*;

fn first(words: &[u32]) -> Result<Packet, DecodeError> {
    decode(words).next().expect("an item").packet
}

#[test]
fn an_opcode_in_bits_7_to_0_is_an_error() {
    // SET_SH_REG with 2 body dwords, the opcode one byte too low.
    let header = 3 << 30 | 1 << 16 | 0x76;
    assert_eq!(first(&[header, 0x212, 0]), Err(DecodeError::HeaderBits { header, bits: 0x70 }));
    // DISPATCH_DIRECT, with the flags' bits in it.
    let header = 3 << 30 | 3 << 16 | 0x15;
    assert!(matches!(first(&[header, 1, 1, 1, 1]), Err(DecodeError::HeaderBits { bits: 0x10, .. })));
}

#[test]
fn a_count_in_bits_7_to_0_is_an_error() {
    // DISPATCH_DIRECT with the count in the low bits: as a count of 0 it has one body dword.
    let header = 3 << 30 | 0x15 << 8 | 3;
    let error = DecodeError::BodyLength { packet: "DISPATCH_DIRECT", got: 1, want: 4 };
    assert_eq!(first(&[header, 1, 1, 1, 1]), Err(error));
    let header = 3 << 30 | 0x76 << 8 | 8;
    assert!(matches!(first(&[header, 0x212, 0]), Err(DecodeError::HeaderBits { bits: 8, .. })));
}

#[test]
fn invented_opcodes_are_unknown_or_another_packet() {
    let words = |opcode: u32| [3 << 30 | 1 << 16 | opcode << 8, 1, 2];
    // ACQUIRE_MEM as 0x82, which nobody names.
    assert_eq!(first(&words(0x82)), Ok(Packet::Unknown { opcode: 0x82, body: vec![1, 2] }));
    assert!(print(&words(0x82), None).contains("UNKNOWN opcode"));
    // SET_SH_REG as 0x2f is NUM_INSTANCES, which has one dword.
    assert_eq!(first(&words(0x2f)), Err(DecodeError::BodyLength { packet: "NUM_INSTANCES", got: 2, want: 1 }));
    // DISPATCH_DIRECT as 0x7d is a packet of the firmware, which no user's ring takes.
    let desc = first(&words(0x7d)).unwrap().desc().unwrap();
    assert_eq!((desc.name, desc.rings), ("SCRATCH_RAM_WRITE", packet::Rings::KERNEL));
    // WRITE_DATA as 0x6a sets a context register, which no compute ring does.
    let desc = first(&words(0x6a)).unwrap().desc().unwrap();
    assert_eq!((desc.name, desc.rings), ("SET_CONTEXT_REG_INDEX", packet::Rings::GFX));
    // SET_CONTEXT_REG as 0x28 is CONTEXT_CONTROL with an offset where its enables belong.
    let item = decode(&[0xc001_2800, 0x20e, 0x78]).next().unwrap();
    assert_eq!(item.packet.as_ref().unwrap().name(), "CONTEXT_CONTROL");
    assert!(matches!(item.deviation, Some(EncodeError::ReservedBits { dword: 0, bits: 0x20c, .. })));
}

#[test]
fn a_count_one_short_is_an_error_here_or_at_the_next_header() {
    let mut good = Stream::new();
    dispatch::barrier_compute_to_compute(&mut good).unwrap();
    good.push(DispatchDirect { dim_x: 1, dim_y: 1, dim_z: 1, ..Default::default() }).unwrap();
    assert!(good.items().all(|i| i.packet.is_ok()));
    for item in good.items().filter(|i| i.words.len() > 2) {
        let mut bad = good.dwords().to_vec();
        bad[item.offset] -= 1 << 16;
        let items: Vec<_> = decode(&bad).collect();
        let at = items.iter().find(|i| i.offset == item.offset).unwrap();
        assert!(matches!(at.packet, Err(DecodeError::BodyLength { .. })), "{at:?}");
    }
    // A SET packet has no length of its own: the value left over is what stands out.
    let items: Vec<_> = decode(&[0xc001_7600, 0x212, 0x602c_0002, 0x8a, 0xc000_4600, 0x407]).collect();
    assert_eq!(items[1].packet, Err(DecodeError::Type0 { header: 0x8a }));
    assert_eq!(items[2].packet.as_ref().unwrap().name(), "EVENT_WRITE");
}

#[test]
fn other_types_and_ends_are_errors_and_reading_goes_on() {
    let words = [0, 0x4000_0000, 0x8000_0000, 0xffff_1000, 0xc003_1502, 1];
    let items: Vec<_> = decode(&words).collect();
    assert_eq!(items[0].packet, Err(DecodeError::Type0 { header: 0 }));
    assert_eq!(items[1].packet, Err(DecodeError::Type1 { header: 0x4000_0000 }));
    assert_eq!(items[2].packet, Err(DecodeError::Type2 { header: 0x8000_0000 }));
    assert_eq!(items[3].packet, Ok(Nop::default().into()));
    assert_eq!(items[4].packet, Err(DecodeError::Truncated { header: 0xc003_1502, need: 4, have: 1 }));
    assert_eq!(items.len(), 5);
    let text = print(&words, None);
    assert_eq!(text.matches("ERROR").count(), 4, "{text}");
    for item in items {
        let Err(error) = item.packet else { continue };
        assert!(error.code().starts_with("pm4-"));
        assert!(!error.hint().is_empty());
        assert!(error.to_string().contains("0x"), "{error}");
    }
}

#[test]
fn nothing_is_truncated() {
    let overflow = |e: EncodeError, name: &str, width: u8| match e {
        EncodeError::FieldOverflow { field, bits, .. } => assert_eq!((field, bits), (name, width)),
        other => panic!("{other:?}"),
    };
    overflow(COMPUTE_PGM_RSRC2::new().with(COMPUTE_PGM_RSRC2::USER_SGPR, 32u32).unwrap_err(), "USER_SGPR", 5);
    overflow(COMPUTE_PGM_RSRC1::new().with(COMPUTE_PGM_RSRC1::VGPRS, 64u32).unwrap_err(), "VGPRS", 6);
    overflow(pm4::reg_value!(COMPUTE_PGM_RSRC2 { LDS_SIZE: 512u32, TGID_X_EN: 1u32 }).unwrap_err(), "LDS_SIZE", 9);
    let mut stream = Stream::new();
    let ib = IndirectBuffer { ib_size: 1 << 20, ..Default::default() };
    overflow(stream.push(ib).unwrap_err(), "ib_size", 20);
    let event = EventWrite { event_type: EventType(64), ..Default::default() };
    overflow(stream.push(event).unwrap_err(), "event_type", 6);
    let dma = DmaData { byte_count: 1 << 26, ..Default::default() };
    overflow(stream.push(dma).unwrap_err(), "byte_count", 26);
    let acquire = AcquireMem { coher_base: 1 << 56, ..Default::default() };
    overflow(stream.push(acquire).unwrap_err(), "coher_base", 56);
    let acquire = AcquireMem { gcr_cntl: GcrCntl::from_bits(1 << 19), ..Default::default() };
    overflow(stream.push(acquire).unwrap_err(), "gcr_cntl", 19);
    assert!(stream.is_empty(), "an error leaves nothing behind");
}

#[test]
fn addresses_that_a_packet_cannot_hold_are_errors() {
    let mut s = Stream::new();
    let mut misaligned = |packet: Packet, want: u64| match s.push(packet).unwrap_err() {
        EncodeError::Misaligned { align, .. } => assert_eq!(align, want),
        other => panic!("{other:?}"),
    };
    misaligned(IndirectBuffer { ib_base: 0x1002, ..Default::default() }.into(), 4);
    misaligned(DispatchIndirect { address: 0x1001, ..Default::default() }.into(), 4);
    let data_sel = DataSel::VALUE_64BIT;
    misaligned(ReleaseMem { address: 0x1004, data_sel, ..Default::default() }.into(), 8);
    let write = WriteData { dst_sel: WriteDataDst::MEM, dst_addr: 0x1002, payload: vec![0], ..Default::default() };
    misaligned(write.into(), 4);
    let wait = WaitRegMem { mem_space: WaitSpace::MEMORY, poll_addr: 3, ..Default::default() };
    misaligned(wait.into(), 4);
    let copy = CopyData { dst_sel: CopyDataDst::MEM, count_sel: CountSel::QWORD, dst: 4, ..Default::default() };
    misaligned(copy.into(), 8);
    misaligned(AtomicMem { atomic: AtomicOp::ADD_64, address: 4, ..Default::default() }.into(), 8);
    // A register's number is no address.
    let copy = CopyData { src: 0x2e07, dst_sel: CopyDataDst::MEM, dst: 4, ..Default::default() };
    assert!(s.push(copy).is_ok());
}

#[test]
fn bodies_have_the_length_that_the_packet_has() {
    let mut s = Stream::new();
    let empty = |r: Result<&mut Stream, EncodeError>| matches!(r, Err(EncodeError::BodyLength { .. }));
    assert!(empty(s.push(SetShReg::default())), "no register");
    assert!(empty(s.push(WriteData { dst_sel: WriteDataDst::MEM, ..Default::default() })), "no payload");
    assert!(empty(s.push(Nop { payload: vec![0; 0x4000] })), "a NOP's count of 0x3fff means no body");
    assert!(empty(s.push(Packet::Unknown { opcode: 0xf0, body: vec![] })), "no body");
    let pairs = SetShRegPairsPacked { count: 4, pairs: vec![0; 3] };
    assert!(matches!(s.push(pairs), Err(EncodeError::Invalid { value: 4, .. })));
    assert!(s.is_empty());
    assert!(s.push(Nop { payload: vec![0; 0x3fff] }).is_ok());
    assert!(s.push(SetShReg { values: vec![0; 0x3fff], ..Default::default() }).is_ok());
    assert_eq!(s.items().count(), 2);
}

#[test]
fn registers_go_through_their_own_space() {
    let mut s = Stream::new();
    let error = s.set_sh(reg::TA_CS_BC_BASE_ADDR, 0).unwrap_err();
    assert_eq!(error, EncodeError::WrongSpace { register: "TA_CS_BC_BASE_ADDR", address: 0x30e00, space: "SH" });
    assert!(s.set_uconfig(reg::COMPUTE_PGM_LO, 0).is_err());
    assert!(s.set_context(reg::COMPUTE_PGM_LO, 0).is_err());
    assert!(s.is_empty());
    s.set(reg::TA_CS_BC_BASE_ADDR, 0)
        .unwrap()
        .set(reg::TA_CS_BC_BASE_ADDR_HI, reg::TA_CS_BC_BASE_ADDR_HI::new())
        .unwrap();
    assert_eq!(s.dwords(), [0xc002_7900, 0x380, 0, 0]);
}

#[test]
fn reserved_bits_are_reported_and_the_packet_is_read() {
    // EVENT_WRITE CS_PARTIAL_FLUSH with bit 20 set.
    let item = decode(&[0xc000_4600, 0x0010_0407]).next().unwrap();
    assert!(matches!(item.packet, Ok(Packet::EventWrite(ref e)) if e.event_type == EventType::CS_PARTIAL_FLUSH));
    let expected = EncodeError::ReservedBits { packet: "EVENT_WRITE", dword: 0, bits: 0x0010_0000 };
    assert_eq!(item.deviation, Some(expected));
    assert!(print(item.words, None).contains("WARNING"));
}
