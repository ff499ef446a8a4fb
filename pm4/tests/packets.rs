//! Packets of the graphics ring and of other drivers' streams: dwords set by hand from AMD's published packet
//! structures (PAL's `f32_*_pm4_packets.h`), in the forms that Mesa's drivers emit.

use pm4::packet::values::*;
use pm4::packet::{Rings, TypedPacket};
use pm4::reg::VGT_DRAW_INITIATOR;
use pm4::*;

const VA: u64 = 0xffff_8001_0000_1200;

fn dwords(packet: impl Into<Packet>) -> Vec<u32> {
    let mut out = Vec::new();
    packet.into().encode(&mut out).unwrap();
    let items: Vec<_> = decode(&out).collect();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].deviation, None);
    out
}

#[test]
fn draws_are_the_dwords_of_the_packet_structures() {
    let draw_initiator = VGT_DRAW_INITIATOR::from_bits(2);
    assert_eq!(dwords(DrawIndexAuto { index_count: 3, draw_initiator }), [0xc001_2d00, 3, 2]);
    assert_eq!(dwords(NumInstances { num_instances: 1 }), [0xc000_2f00, 1]);
    assert_eq!(dwords(IndexBase { index_base: VA }), [0xc001_2600, 0x1200, 0xffff_8001]);
    assert_eq!(dwords(IndexBufferSize { index_buffer_size: 36 }), [0xc000_1300, 36]);
    let draw = DrawIndex2 { max_size: 36, index_base: VA, index_count: 30, ..Default::default() };
    assert_eq!(dwords(draw), [0xc004_2700, 36, 0x1200, 0xffff_8001, 30, 0]);
    let draw = DrawIndexOffset2 { max_size: 36, index_offset: 6, index_count: 30, ..Default::default() };
    assert_eq!(dwords(draw), [0xc003_3500, 36, 6, 30, 0]);
    let draw = DrawIndirectMulti {
        data_offset: 0x40,
        start_vtx_loc: 0xcd,
        start_inst_loc: 0xce,
        draw_index_loc: 0xcf,
        count_indirect_enable: true,
        draw_index_enable: true,
        count: 8,
        count_addr: VA,
        stride: 16,
        draw_initiator,
        ..Default::default()
    };
    let expected = [0xc008_2c00, 0x40, 0xcd, 0xce, 0xc000_00cf, 8, 0x1200, 0xffff_8001, 16, 2];
    assert_eq!(dwords(draw), expected);
    let mesh = DispatchMeshDirect { dim_x: 1, dim_y: 2, dim_z: 3, draw_initiator };
    assert_eq!(dwords(mesh), [0xc003_4e00, 1, 2, 3, 2]);
}

#[test]
fn state_packets_are_the_dwords_of_the_packet_structures() {
    // Conditional rendering on a dword, as RADV sets it up.
    let on = SetPredication { pred_bool: true, pred_op: PredicateOp::BOOL32, start_addr: VA, ..Default::default() };
    assert_eq!(dwords(on), [0xc002_2000, 0x0004_0100, 0x1200, 0xffff_8001]);
    assert_eq!(dwords(SetPredication::default()), [0xc002_2000, 0, 0, 0]);
    // Register shadowing: where the space's copy is, then ranges.
    let load = LoadContextReg { base_address: VA, ranges: vec![0x10, 4, 0x80, 1] };
    assert_eq!(dwords(load), [0xc005_6100, 0x1200, 0xffff_8001, 0x10, 4, 0x80, 1]);
    let rmw = ContextRegRmw { reg_offset: 0x2ce, reg_mask: 0xff, reg_data: 3 };
    assert_eq!(dwords(rmw), [0xc002_5100, 0x2ce, 0xff, 3]);
    let config = SetConfigReg { offset: 0x1c4, values: vec![7], ..Default::default() };
    assert_eq!(dwords(config), [0xc001_6800, 0x1c4, 7]);
    let pairs = SetShRegPairs { pairs: vec![0x20c, 1, 0x240, 2] };
    assert_eq!(Packet::from(pairs.clone()).register_writes().collect::<Vec<_>>(), [(0xb830, 1), (0xb900, 2)]);
    assert_eq!(dwords(pairs), [0xc003_ba04, 0x20c, 1, 0x240, 2]);
    let odd = Packet::from(SetShRegPairs { pairs: vec![0x20c, 1, 0x240] }).encode(&mut Vec::new());
    assert!(matches!(odd, Err(EncodeError::BodyLength { .. })));
}

#[test]
fn synchronisation_packets_are_the_dwords_of_the_packet_structures() {
    // As IGT writes it for user-mode queues.
    assert_eq!(dwords(ProtectedFenceSignal { words: vec![0] }), [0xc000_d000, 0]);
    // Mesa: engine 1, poll interval 4, preemptable.
    let fences = FenceWaitMulti { engine_sel: true, preemptable: true, poll_interval: 4, ..Default::default() };
    let fences = FenceWaitMulti { fences: vec![0x1200, 0xffff_8001, 7, 0], ..fences };
    assert_eq!(dwords(fences), [0xc004_d100, 0x0004_0003, 0x1200, 0xffff_8001, 7, 0]);
    let wait = MemSemaphore { address: VA, sem_sel: SemaphoreSel::WAIT, ..Default::default() };
    assert_eq!(dwords(wait), [0xc002_3900, 0x1200, 0xffff_8001, 0xe000_0000]);
    let write = CondWrite {
        function: WaitFunction::EQUAL,
        poll_space: WaitSpace::MEMORY,
        write_space: CondWriteSpace::MEMORY,
        wr_confirm: true,
        poll_address: VA,
        reference: 1,
        mask: u32::MAX,
        write_address: VA + 8,
        write_data: 9,
    };
    let expected = [0xc007_4500, 0x0010_0113, 0x1200, 0xffff_8001, 1, u32::MAX, 0x1208, 0xffff_8001, 9];
    assert_eq!(dwords(write), expected);
    assert_eq!(dwords(HdpFlush::default()), [0xc000_9500, 0]);
    assert_eq!(dwords(EventWriteZpass { address: VA }), [0xc001_b100, 0x1200, 0xffff_8001]);
}

#[test]
fn task_dispatches_are_the_dwords_of_the_packet_structures() {
    let dispatch_initiator = dispatch::DispatchInitiator::from_bits(0x8045);
    let task = DispatchTaskmeshIndirectMultiAce {
        data_addr: VA,
        ring_entry_loc: 0x241,
        count_indirect_enable: true,
        draw_index_enable: true,
        compute_xyz_dim_enable: true,
        dispatch_index_loc: 0x242,
        compute_xyz_dim_loc: 0x243,
        count: 5,
        count_addr: VA + 0x40,
        stride: 12,
        dispatch_initiator,
        ..Default::default()
    };
    let expected = [0xc009_ad00, 0x1200, 0xffff_8001, 0x241, 0x0242_000e, 0x243, 5, 0x1240, 0xffff_8001, 12, 0x8045];
    assert_eq!(dwords(task), expected);
    assert_eq!(dwords(DispatchTaskStateInit { control_buf_addr: VA }), [0xc001_a900, 0x1200, 0xffff_8001]);
    // 48-bit addresses leave the upper half of their second dword to another field.
    let execute = ExecuteIndirect { data_addr: 0x8001_0000_1200, spill_table_stride: 7, ..Default::default() };
    assert_eq!(dwords(execute)[8..10], [0x1200, 0x0007_8001]);
    let wide = Packet::from(ExecuteIndirect { data_addr: VA, ..Default::default() }).encode(&mut Vec::new());
    assert!(matches!(wide, Err(EncodeError::FieldOverflow { field: "data_addr", bits: 46, .. })));
}

#[test]
fn rings_say_who_takes_a_packet() {
    let rings = |d: &PacketDesc| [Rings::GFX, Rings::COMPUTE].map(|r| d.rings.contains(r));
    assert_eq!(rings(DispatchDirect::DESC), [true, true]);
    assert_eq!(rings(SetContextReg::DESC), [true, false]);
    assert_eq!(rings(DispatchTaskmeshDirectAce::DESC), [false, true]);
    assert_eq!(rings(SetConfigReg::DESC), [false, false]);
    assert!(!Rings::KERNEL.contains(Rings::KERNEL));
}

#[test]
fn packets_of_other_generations_are_known_by_name() {
    assert_eq!(packet::retired(0x43), Some(("SURFACE_SYNC", "ACQUIRE_MEM")));
    assert_eq!(packet::retired(0x47).unwrap().0, "EVENT_WRITE_EOP");
    assert_eq!(packet::retired(0x15), None);
    for (opcode, name, _) in packet::RETIRED {
        let body = vec![0; 5];
        assert_eq!(Packet::from_body(*opcode, &body), Ok(Packet::Unknown { opcode: *opcode, body }), "{name}");
    }
}

#[test]
fn loads_and_scattered_registers_print_with_their_names() {
    let mut stream = Stream::new();
    stream.push(LoadShReg { base_address: VA, ranges: vec![0x20c, 2] }).unwrap();
    stream.push(SetShRegPairs { pairs: vec![0x213, 0x84] }).unwrap();
    let text = stream.to_string();
    assert!(text.contains("COMPUTE_PGM_LO offset=0x20c"), "{text}");
    assert!(text.contains("registers=0x2"), "{text}");
    assert!(text.contains("COMPUTE_PGM_RSRC2 <- 0x00000084 {USER_SGPR=2, TGID_X_EN=1}"), "{text}");
}
