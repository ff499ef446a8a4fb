//! What holds for every row and for any dwords.

use pm4::packet::{HeaderFlags, PacketDesc, Tail};
use pm4::{EncodeError, PACKETS, Packet, decode, reg};
use proptest::prelude::*;

/// A body of the row with only bits that fields own, from random words.
fn body(row: &PacketDesc, random: &[u32], tail: usize) -> Vec<u32> {
    let word = |i: usize| random[i % random.len()].rotate_left((i / random.len()) as u32);
    let mut body: Vec<u32> = (0..row.body_dwords).map(|i| word(i) & !row.reserved(i)).collect();
    match row.tail {
        None => {}
        Some(Tail::Pairs(_)) => {
            let triples = 1 + tail % 7;
            body[0] = 2 * triples as u32;
            body.extend((0..3 * triples).map(|i| word(i + 40)));
        }
        Some(Tail::OffsetValue(_) | Tail::Ranges(_)) => body.extend((0..2 + 2 * tail).map(|i| word(i + 40))),
        Some(_) => body.extend((0..row.min_dwords() - row.body_dwords + tail).map(|i| word(i + 40))),
    }
    body
}

/// Errors that a random body can have although its fields fit: alignment that hangs on other fields.
fn conditional(error: &EncodeError) -> bool {
    matches!(error, EncodeError::Misaligned { .. })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_packet_row_round_trips(random in prop::collection::vec(any::<u32>(), 24), tail in 0usize..40, flags in 0u32..8) {
        for row in PACKETS {
            let body = body(row, &random, tail);
            let packet = Packet::from_body(row.opcode, &body).expect("the row's length");
            prop_assert_eq!(packet.desc(), Some(row));
            let mut words = Vec::new();
            let flags = HeaderFlags::of(flags);
            match packet.encode_with(flags, &mut words) {
                Ok(()) => {
                    prop_assert_eq!(&words[1..], &body[..], "{}", row.name);
                    let items: Vec<_> = decode(&words).collect();
                    prop_assert_eq!(items.len(), 1);
                    prop_assert_eq!(items[0].packet.as_ref(), Ok(&packet));
                    prop_assert_eq!(items[0].flags, flags);
                    prop_assert_eq!(items[0].deviation, None);
                    for field in row.fields {
                        prop_assert_eq!(packet.field(field.name), Some(field.place.get(&body)), "{}", field.name);
                    }
                    prop_assert_eq!(packet.tail(), &body[row.body_dwords..]);
                }
                Err(error) => {
                    prop_assert!(conditional(&error), "{}: {error}", row.name);
                    prop_assert!(words.is_empty());
                }
            }
        }
    }

    #[test]
    fn every_register_field_round_trips(bits in any::<u32>()) {
        for reg in reg::all() {
            let mut union = 0u32;
            for field in reg.fields {
                prop_assert_eq!(field.get(bits) << field.lo, bits & field.mask());
                prop_assert_eq!(union & field.mask(), 0, "{}.{} overlaps", reg.name, field.name);
                union |= field.mask();
                // The value in, the value out, the other fields as they were.
                let value = bits >> field.lo & (field.mask() >> field.lo);
                let other = bits.rotate_left(7) ^ 0x5a5a_1234;
                let set = field.insert(other, value).expect("as wide as the field");
                prop_assert_eq!(field.get(set), value);
                prop_assert_eq!(set & !field.mask(), other & !field.mask());
                if field.mask() >> field.lo != u32::MAX {
                    let over = field.insert(0, (field.mask() >> field.lo) + 1);
                    prop_assert!(matches!(over, Err(EncodeError::FieldOverflow { .. })), "{}.{}", reg.name, field.name);
                }
            }
        }
    }

    #[test]
    fn any_dwords_decode_and_print(words in prop::collection::vec(any::<u32>(), 0..200), base in any::<Option<u64>>()) {
        check_any(&words);
        prop_assert_eq!(pm4::print(&words, base).is_empty(), words.is_empty());
    }

    #[test]
    fn any_plausible_dwords_decode_and_print(
        parts in prop::collection::vec((0usize..PACKETS.len() + 1, 0u32..16, any::<u32>(), prop::collection::vec(any::<u32>(), 0..12)), 0..30),
        base in any::<Option<u64>>(),
    ) {
        let mut words = Vec::new();
        for (row, count, flags, body) in parts {
            let opcode = PACKETS.get(row).map_or(0xf0, |r| r.opcode);
            words.push(3 << 30 | count << 16 | u32::from(opcode) << 8 | flags & 7);
            words.extend(body);
        }
        check_any(&words);
        prop_assert_eq!(pm4::print(&words, base).is_empty(), words.is_empty());
    }
}

/// The items tile the words, and what has neither error nor deviation encodes back.
fn check_any(words: &[u32]) {
    let mut at = 0;
    for item in decode(words) {
        assert_eq!(item.offset, at);
        assert!(!item.words.is_empty());
        assert_eq!(item.words, &words[at..at + item.words.len()]);
        at += item.words.len();
        let mut again = Vec::new();
        if item.packet.is_err() || item.deviation.is_none() {
            item.encode(&mut again).expect("no deviation");
            assert_eq!(again, item.words);
        }
    }
    assert_eq!(at, words.len());
}

#[test]
fn a_million_random_dwords_decode() {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut words: Vec<u32> = Vec::with_capacity(1 << 20);
    while words.len() < 1 << 20 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Half of them look like a header with a short body.
        words.push(if state & 1 == 0 { state as u32 } else { 0xc000_0000 | (state >> 20) as u32 & 0x000f_ff07 });
    }
    for start in [0, 1, 2, 3, 777] {
        check_any(&words[start..]);
    }
    assert!(pm4::print(&words[..1 << 16], None).lines().count() >= 1 << 16);
}

/// Field by field: the greatest value fits, one more does not, and nothing else changes.
#[test]
fn fields_of_packets_do_not_overlap_and_own_what_they_read() {
    for row in PACKETS {
        for (i, field) in row.fields.iter().enumerate() {
            for dword in 0..row.body_dwords {
                let others = row.fields.iter().enumerate().filter(|o| o.0 != i);
                let taken = others.fold(0, |bits, o| bits | o.1.place.mask_in(dword));
                assert_eq!(taken & field.place.mask_in(dword), 0, "{}.{}", row.name, field.name);
            }
            let ones: Vec<u32> = (0..row.body_dwords).map(|d| field.place.mask_in(d)).collect();
            let owned: u32 = ones.iter().map(|w| w.count_ones()).sum();
            assert_eq!(owned, u32::from(field.place.width), "{}.{}", row.name, field.name);
            let greatest = u64::MAX >> (64 - field.place.width) << field.place.shift;
            assert_eq!(field.place.get(&ones), greatest, "{}.{}", row.name, field.name);
        }
    }
}
