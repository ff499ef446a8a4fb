//! SDMA packets: bits against AMD's header, dwords as the amdgpu driver and libdrm's tests set them, and what
//! holds for any dwords.

use pm4::packet::Access;
use pm4::packet::values::AtomicOp;
use pm4::sdma::{self, *};
use pm4::{DecodeError, EncodeError, GcrCntl};
use proptest::prelude::*;

const VA: u64 = 0xffff_8001_0000_1200;

fn dwords(packet: impl Into<Packet>) -> Vec<u32> {
    let mut out = Vec::new();
    packet.into().encode(&mut out).unwrap();
    let items: Vec<_> = sdma::decode(&out).collect();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].deviation, None);
    out
}

/// Each field of the header is a field of the row, or a half of one; the row owns no other bit.
#[test]
fn fields_lie_where_the_header_has_them() {
    let header = include_str!("data/sdma_fields.txt").lines().filter(|l| !l.starts_with('#'));
    let header: Vec<(&str, usize, u32, u32)> = header
        .map(|line| {
            let words: Vec<_> = line.split(' ').collect();
            (words[0], words[1].parse().unwrap(), words[2].parse().unwrap(), words[3].parse().unwrap())
        })
        .collect();
    assert!(header.len() > 250, "{} fields", header.len());
    for row in sdma::PACKETS {
        // What the header has once for both, with and without compression.
        let known = |f: &(&str, usize, u32, u32)| {
            f.0 == row.name || f.0.strip_suffix("_DCC") == Some(row.name) && f.1 < row.dwords
        };
        for dword in 0..row.dwords {
            let mask = |lo: u32, width: u32| u32::MAX >> (32 - width) << lo;
            let theirs: Vec<u32> = header.iter().filter(|f| known(f) && f.1 == dword).map(|f| mask(f.2, f.3)).collect();
            let places = row.fields.iter().map(|f| f.place).chain(row.data.map(|d| d.count));
            let mut ours: Vec<u32> = places.map(|p| p.mask_in(dword)).filter(|&m| m != 0).collect();
            // A bit that has to be clear is reserved in some of the header's packets.
            let when = row.when.filter(|w| dword == 0 && (w.1 || theirs.contains(&(1 << w.0))));
            ours.extend(when.map(|w| 1 << w.0));
            for bits in &ours {
                assert!(theirs.contains(bits), "{} dword {dword}: {bits:#010x}", row.name);
            }
            let owned = |masks: &[u32]| masks.iter().fold(0, |all, m| all | m);
            // The direction of compression means something only with compression.
            let no_dcc = if row.name == "COPY_T2T_SUB_WIND" && dword == 0 { 1 << 31 } else { 0 };
            assert_eq!(owned(&ours), owned(&theirs) & !no_dcc, "{} dword {dword}", row.name);
            assert_eq!(ours.iter().map(|m| m.count_ones()).sum::<u32>(), owned(&ours).count_ones(), "{}", row.name);
        }
    }
}

#[test]
fn ops_are_those_of_the_header() {
    let ops = [
        ("NOP", 0, 0),
        ("COPY_LINEAR", 1, 0),
        ("COPY_TILED", 1, 1),
        ("COPY_STRUCT", 1, 3),
        ("COPY_LINEAR_SUB_WIND", 1, 4),
        ("COPY_TILED_SUB_WIND", 1, 5),
        ("COPY_T2T_SUB_WIND", 1, 6),
        ("COPY_LINEAR_SUB_WIND_LARGE", 1, 36),
        ("WRITE_LINEAR", 2, 0),
        ("WRITE_TILED", 2, 1),
        ("INDIRECT", 4, 0),
        ("FENCE", 5, 0),
        ("TRAP", 6, 0),
        ("SEM", 7, 0),
        ("MEM_INCR", 7, 1),
        ("POLL_REGMEM", 8, 0),
        ("POLL_REG_WRITE_MEM", 8, 1),
        ("POLL_DBIT_WRITE_MEM", 8, 2),
        ("POLL_MEM_VERIFY", 8, 3),
        ("VM_INVALIDATION", 8, 4),
        ("COND_EXE", 9, 0),
        ("ATOMIC", 10, 0),
        ("CONST_FILL", 11, 0),
        ("DATA_FILL_MULTI", 11, 1),
        ("PTEPDE_GEN", 12, 0),
        ("PTEPDE_COPY", 12, 1),
        ("PTEPDE_RMW", 12, 2),
        ("PTEPDE_COPY_BACKWARDS", 12, 3),
        ("TIMESTAMP_SET", 13, 0),
        ("TIMESTAMP_GET", 13, 1),
        ("TIMESTAMP_GET_GLOBAL", 13, 2),
        ("SRBM_WRITE", 14, 0),
        ("PRE_EXE", 15, 0),
        ("GPUVM_INV", 16, 0),
        ("GCR_REQ", 17, 0),
        ("DUMMY_TRAP", 32, 0),
    ];
    for row in sdma::PACKETS {
        let name = row.name.trim_end_matches("_BROADCAST").trim_end_matches("_DCC");
        let known = ops.iter().find(|o| o.0 == name);
        assert_eq!(known.map(|o| (o.1, o.2)), Some((row.op, row.sub_op)), "{}", row.name);
        let same = sdma::PACKETS.iter().filter(|o| (o.op, o.sub_op) == (row.op, row.sub_op)).count();
        assert_eq!(same, if row.when.is_some() { 2 } else { 1 }, "{}", row.name);
    }
    assert!(sdma::PACKETS.is_sorted_by_key(|d| (d.op, d.sub_op)));
}

/// `sdma_v6_0.c` and libdrm's `amdgpu_test`, basic suite.
#[test]
fn dwords_are_those_that_the_kernel_and_libdrm_write() {
    let (lo, hi) = (0x1200, 0xffff_8001);
    // libdrm: SDMA_PACKET(2, 0, 0), address, length - 1, the data.
    assert_eq!(dwords(sdma::write(VA, vec![0xdead_beaf; 4])), [[2, lo, hi, 3].to_vec(), vec![0xdead_beaf; 4]].concat());
    // libdrm: SDMA_PACKET(11, 0, extra size 2), address, the data, length - 1.
    assert_eq!(dwords(sdma::fill(VA, 0xdead_beaf, 1024).unwrap()), [0x8000_000b, lo, hi, 0xdead_beaf, 1023]);
    // libdrm and sdma_v6_0_emit_copy_buffer: SDMA_PACKET(1, 0, 0), length - 1, no swap, source, destination.
    assert_eq!(dwords(sdma::copy(0x4000, VA, 1024).unwrap()), [1, 1023, 0, 0x4000, 0, lo, hi]);
    // sdma_v6_0_emit_copy_buffer of protected memory.
    let tmz = CopyLinear { tmz: true, count: 3, src_addr: 0x4000, dst_addr: VA, ..Default::default() };
    assert_eq!(dwords(tmz), [0x0004_0001, 3, 0, 0x4000, 0, lo, hi]);
    // sdma_v6_0_ring_emit_fence: uncached, then the trap.
    assert_eq!(dwords(sdma::fence(VA, 7)), [0x0003_0005, lo, hi, 7]);
    assert_eq!(dwords(Trap { int_context: 0 }), [6, 0]);
    // sdma_v6_0_ring_emit_ib.
    let ib = Indirect { vmid: 5, ib_base: VA, ib_size: 16, csa_addr: 0x8000, ..Default::default() };
    assert_eq!(dwords(ib), [0x0005_0004, lo, hi, 16, 0x8000, 0]);
    // sdma_v6_0_ring_emit_pipeline_sync: polls memory for equality, 4 clocks apart, 0xfff times.
    let poll = PollRegmem {
        func: PollFunction::EQUAL,
        mem_poll: true,
        addr: VA,
        value: 9,
        mask: u32::MAX,
        interval: 4,
        retry_count: 0xfff,
        ..Default::default()
    };
    assert_eq!(dwords(poll), [0xb000_0008, lo, hi, 9, u32::MAX, 0x0fff_0004]);
    // sdma_v6_0_ring_emit_mem_sync.
    let gcr = pm4::reg_value!(GcrCntl {
        GL2_INV: true,
        GL2_WB: true,
        GLM_INV: true,
        GL1_INV: true,
        GLV_INV: true,
        GLK_INV: true,
        GLI_INV: 1u32,
    });
    let gcr = GcrReq { gcr_control: gcr.unwrap(), ..Default::default() };
    assert_eq!(dwords(gcr), [17, 0, 0xc3a1_0000, 0, 0]);
    // sdma_v6_0_vm_set_pte_pde.
    let pte = PtepdeGen { dst_addr: VA, mask: 0x73, init: 0x10_0000, incr: 0x1000, count: 511, ..Default::default() };
    assert_eq!(dwords(pte), [12, lo, hi, 0x73, 0, 0x10_0000, 0, 0x1000, 0, 511]);
    // sdma_v6_0_ring_emit_wreg.
    assert_eq!(dwords(SrbmWrite { byte_en: 0xf, addr: 0x1a6, data: 3, ..Default::default() }), [0xf000_000e, 0x1a6, 3]);
    // sdma_v6_0_ring_pad_ib: one NOP that counts the others.
    let mut words = dwords(sdma::copy(0, VA, 4).unwrap());
    words.extend(dwords(Trap { int_context: 0 }));
    sdma::pad_to(&mut words, 8).unwrap();
    assert_eq!(words[9..], [6 << 16, 0, 0, 0, 0, 0, 0]);
    sdma::pad_to(&mut words, 8).unwrap();
    assert_eq!(words.len(), 16);
    assert_eq!(sdma::decode(&words).count(), 3);
}

#[test]
fn packets_name_the_memory_they_touch() {
    let uses = |p: Packet| -> Vec<_> { p.addresses().map(|u| (u.va, u.bytes, u.access)).collect() };
    let copy = sdma::copy(0x4000, VA, 1024).unwrap();
    assert_eq!(uses(copy), [(0x4000, 1024, Access::Read), (VA, 1024, Access::Write)]);
    let both = CopyLinearBroadcast { count: 63, src_addr: 1, dst1_addr: 2, dst2_addr: 3, ..Default::default() };
    let three = [(1, 64, Access::Read), (2, 64, Access::Write), (3, 64, Access::Write)];
    assert_eq!(uses(both.into()), three);
    assert_eq!(uses(sdma::fill(VA, 0, 64).unwrap()), [(VA, 64, Access::Write)]);
    assert_eq!(uses(sdma::write(VA, vec![1, 2, 3])), [(VA, 12, Access::Write)]);
    assert_eq!(uses(sdma::fence(VA, 1)), [(VA, 4, Access::Write)]);
    let poll = PollRegmem { mem_poll: true, addr: VA, ..Default::default() };
    assert_eq!(uses(poll.clone().into()), [(VA, 4, Access::Read)]);
    assert_eq!(uses(PollRegmem { mem_poll: false, ..poll }.into()), []);
    let atomic = Atomic { atomic_op: AtomicOp::ADD_64, addr: VA, ..Default::default() };
    assert_eq!(uses(atomic.into()), [(VA, 8, Access::ReadWrite)]);
    assert_eq!(uses(TimestampGetGlobal { write_addr: VA, ..Default::default() }.into()), [(VA, 8, Access::Write)]);
    // A window of 4 by 2 elements of 4 bytes at (1, 3), in lines of 16 elements.
    let window = CopyLinearSubWind {
        element_size: ElementSize::BYTES_4,
        src_addr: VA,
        src_x: 1,
        src_y: 3,
        src_pitch: 15,
        src_slice_pitch: 255,
        dst_pitch: 3,
        dst_slice_pitch: 7,
        rect_x: 3,
        rect_y: 1,
        ..Default::default()
    };
    assert_eq!(uses(window.into()), [(VA, (4 * 16 + 5) * 4, Access::Read), (0, 8 * 4, Access::Write)]);
    let mut words = dwords(sdma::copy(0x4000, VA, 1024).unwrap());
    let to = Packet::from(CopyLinear::default()).addresses().nth(1).unwrap();
    to.place.set(&mut words, to.field, 0x1234_5678_9abc).unwrap();
    assert_eq!(words, [1, 1023, 0, 0x4000, 0, 0x5678_9abc, 0x1234]);
}

#[test]
fn what_cannot_be_written_or_read_is_an_error() {
    let code = |r: Result<Packet, EncodeError>| r.err().map(|e| e.code());
    assert_eq!(code(sdma::copy(0, 0, 0)), Some("pm4-invalid"));
    assert_eq!(code(sdma::copy(0, 0, 0x4000_0001)), Some("pm4-invalid"));
    assert_eq!(code(sdma::copy(0, 0, 0x4000_0000)), None);
    assert_eq!(code(sdma::fill(0, 0, 6)), Some("pm4-misaligned"));
    let refused = |p: Packet| {
        let mut out = vec![1, 2];
        let error = p.encode(&mut out).expect_err("an error");
        assert_eq!(out, [1, 2]);
        error.code()
    };
    assert_eq!(refused(sdma::write(VA, Vec::new())), "pm4-body-length");
    assert_eq!(refused(sdma::write(VA, vec![0; (1 << 20) + 1])), "pm4-body-length");
    assert_eq!(refused(sdma::fence(2, 0)), "pm4-misaligned");
    assert_eq!(refused(Trap { int_context: 1 << 28 }.into()), "pm4-field-overflow");
    fn first(words: &[u32]) -> Item<'_> {
        sdma::decode(words).next().unwrap()
    }
    assert_eq!(first(&[0xff]).packet, Err(DecodeError::UnknownSdma { header: 0xff, op: 0xff, sub_op: 0 }));
    assert_eq!(first(&[0x0301]).packet, Err(DecodeError::Truncated { header: 0x301, need: 7, have: 0 }));
    assert_eq!(first(&[2, 0, 0, 5, 1]).packet, Err(DecodeError::Truncated { header: 2, need: 9, have: 4 }));
    let trap = [6, 0x1000_0000];
    assert_eq!(first(&trap).deviation, Some(EncodeError::ReservedBits { packet: "TRAP", dword: 1, bits: 0x1000_0000 }));
    assert!(sdma::print(&trap, None).contains("WARNING"));
    assert!(sdma::print(&[0xff], Some(0x1000)).starts_with("0x0000000000001000 000000ff ERROR"));
}

/// The items tile the words, and what has neither error nor deviation encodes back.
fn check_any(words: &[u32]) {
    let mut at = 0;
    for item in sdma::decode(words) {
        assert_eq!(item.offset, at);
        assert!(!item.words.is_empty());
        assert_eq!(item.words, &words[at..at + item.words.len()]);
        at += item.words.len();
        let Ok(packet) = item.packet else { continue };
        let mut again = Vec::new();
        if item.deviation.is_none() {
            packet.encode(&mut again).expect("no deviation");
            assert_eq!(again, item.words, "{packet:?}");
        } else if packet.encode(&mut again).is_ok() {
            // Only reserved bits are lost.
            let desc = packet.desc();
            for (i, word) in item.words.iter().enumerate() {
                let reserved = if i < desc.dwords { desc.reserved(i) } else { 0 };
                assert_eq!(again[i], word & !reserved, "{} dword {i}", desc.name);
            }
        }
    }
    assert_eq!(at, words.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_row_round_trips(random in prop::collection::vec(any::<u32>(), 24), data in 0usize..40) {
        for row in sdma::PACKETS {
            let mut words: Vec<u32> = (0..row.dwords).map(|i| random[i] & !row.reserved(i)).collect();
            let when = row.when.map_or(0, |w| 1 << w.0);
            words[0] = words[0] & !(0xffff | when) | u32::from(row.op) | u32::from(row.sub_op) << 8;
            words[0] |= row.when.map_or(0, |w| u32::from(w.1) << w.0);
            if let Some(d) = row.data {
                d.count.set(&mut words, "count", data as u64).unwrap();
                words.extend((0..data + d.bias as usize).map(|i| random[i % 24].rotate_left(7)));
            }
            let items: Vec<_> = sdma::decode(&words).collect();
            prop_assert_eq!(items.len(), 1, "{}", row.name);
            let packet = items[0].packet.as_ref().expect("the row");
            prop_assert_eq!(packet.desc(), row);
            prop_assert_eq!(packet.data(), &words[row.dwords..]);
            let mut again = Vec::new();
            match packet.encode(&mut again) {
                Ok(()) => prop_assert_eq!(&again, &words, "{}", row.name),
                Err(error) => prop_assert!(matches!(error, EncodeError::Misaligned { .. }), "{}: {}", row.name, error),
            }
            for field in row.fields {
                prop_assert_eq!(packet.field(field.name), Some(field.place.get(&words)), "{}", field.name);
            }
        }
    }

    #[test]
    fn any_dwords_decode_and_print(words in prop::collection::vec(any::<u32>(), 0..200), base in any::<Option<u64>>()) {
        check_any(&words);
        prop_assert_eq!(sdma::print(&words, base).is_empty(), words.is_empty());
    }

    #[test]
    fn any_plausible_dwords_decode_and_print(
        parts in prop::collection::vec((0u32..36, 0u32..8, any::<u32>(), prop::collection::vec(any::<u32>(), 0..20)), 0..30),
    ) {
        let mut words = Vec::new();
        for (op, sub_op, flags, body) in parts {
            words.push(op | sub_op << 8 | flags << 16);
            words.extend(body);
        }
        check_any(&words);
        prop_assert_eq!(sdma::print(&words, None).is_empty(), words.is_empty());
    }
}
