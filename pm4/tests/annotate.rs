//! What a listing says of a stream's addresses.

use pm4::reg::{self, Space};
use pm4::submission::{Access, BufferInfo, BufferMap, KernelFacts, Residency, Ring};
use pm4::{AddressState, Listing, annotations, sdma};
use proptest::collection::vec;
use proptest::prelude::*;

fn buffer(name: &str, va: u64, bytes: u64, access: Access, residency: Residency) -> BufferInfo {
    BufferInfo { name: name.into(), va, bytes, access, residency, content: vec![] }
}

fn map() -> BufferMap {
    BufferMap::new(vec![
        buffer("code", 0xffff_8000_0000_0000, 0x1000, Access::RX, Residency::Listed),
        buffer("x", 0x8_0000_0000, 0x1000, Access::R, Residency::Listed),
        buffer("y", 0x8_0000_1000, 0x1000, Access::RW, Residency::Unlisted),
        buffer("z", 0x8_0000_1000, 0x2000, Access::RW, Residency::Freed),
    ])
}

#[test]
fn a_program_is_named_by_its_canonical_address() {
    let kernels = [KernelFacts { name: "k".into(), entry: 0xffff_8000_0000_0100, ..KernelFacts::default() }];
    // COMPUTE_PGM_LO and HI hold bits 47:8.
    let words = [0xc002_7600, 0x20c, 1, 0x80];
    let map = map();
    let found = annotations(Ring::Compute, &words, &map, &kernels);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].to_string(), "0xffff800000000100 = code+0x100 (listed, r-x), kernel k");
    assert_eq!((found[0].dword, found[0].field, found[0].kernel), (3, "COMPUTE_PGM_LO", Some("k")));
    // The kernel alone is told without buffers, and nothing else is.
    let none = BufferMap::EMPTY;
    let found = annotations(Ring::Compute, &words, &none, &kernels);
    assert_eq!(found[0].to_string(), "0xffff800000000100 = unmapped, kernel k");
    assert_eq!(annotations(Ring::Compute, &words, &none, &[]), []);
}

#[test]
fn halves_in_two_packets_make_one_address() {
    let words = [0xc001_7600, 0x20d, 0x80, 0xc001_7600, 0x20c, 2];
    let map = map();
    let found = annotations(Ring::Compute, &words, &map, &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].dword, found[0].va), (5, 0xffff_8000_0000_0200));
}

#[test]
fn user_data_is_an_address_only_where_a_buffer_lies() {
    let words = [0xc004_7600, 0x240, 0x1230, 8, 0x4000, 8];
    let map = map();
    let found = annotations(Ring::Compute, &words, &map, &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].to_string(), "0x800001230 = y+0x230 (not in the BO list, rw-)");
}

#[test]
fn the_live_buffer_counts_where_a_freed_one_lay() {
    let states = [0x1000u32, 0x2800, 0x5000].map(|low| {
        let words = [0xc002_7600, 0x240, low, 8];
        annotations(Ring::Compute, &words, &map(), &[]).first().map(|a| a.state())
    });
    let mapped = AddressState::Mapped;
    assert_eq!(states, [Some(mapped(Residency::Unlisted)), Some(mapped(Residency::Freed)), None]);
}

#[test]
fn an_sdma_stream_is_listed_with_its_addresses() {
    let mut words = Vec::new();
    sdma::copy(0x8_0000_0f00, 0x8_0000_0000, 0x200).unwrap().encode(&mut words).unwrap();
    sdma::fence(0x8_0000_9000, 1).encode(&mut words).unwrap();
    let map = map();
    let text = Listing::new(&words, None).with_ring(Ring::Sdma).with_buffers(&map).to_string();
    let told: Vec<&str> = text.lines().filter(|line| line.starts_with("         ")).map(str::trim).collect();
    assert_eq!(
        told,
        [
            "0x800000f00 = x+0xf00 (listed, r--), 0x200 bytes go 0x100",
            "beyond the end of x",
            "0x800000000 = x+0x0 (listed, r--), used -w-",
            "0x800009000 = unmapped (0x6000 above z)",
        ],
        "{text}"
    );
    assert_eq!(Listing::new(&words, None).with_ring(Ring::Sdma).to_string(), sdma::print(&words, None));
}

proptest! {
    #[test]
    fn any_stream_is_listed_within_80_columns_and_loses_no_line(
        words in vec(prop_oneof![any::<u32>(), (0u32..0x40, 0u32..256).prop_map(|(n, op)| 3 << 30 | n << 16 | op << 8)], 0..80),
        places in vec((0u64..1 << 40, 1u64..1 << 34, 0usize..4), 0..5),
        ring in 0usize..3,
    ) {
        let ring = Ring::ALL[ring];
        let buffers = places.into_iter().map(|(va, bytes, state)| {
            buffer("a buffer with a name of many characters, and more", va, bytes, Access::RW, Residency::ALL[state])
        });
        let map = BufferMap::new(buffers.collect());
        let plain = Listing::new(&words, None).with_ring(ring).to_string();
        let noted = Listing::new(&words, None).with_ring(ring).with_buffers(&map).to_string();
        for line in noted.lines() {
            prop_assert!(line.chars().count() <= 80, "{}", line);
        }
        let mut rest = noted.lines();
        for line in plain.lines() {
            prop_assert!(rest.any(|l| l == line), "{} is missing", line);
        }
        let found = annotations(ring, &words, &map, &[]);
        prop_assert!(found.is_sorted_by_key(|a| a.dword) && found.iter().all(|a| a.dword < words.len()));
    }
}

#[test]
fn every_value_of_every_register_is_listed_within_80_columns() {
    let mut lines = 0;
    for reg in reg::all() {
        let opcode = match reg.space() {
            Some(Space::Sh) => 0x76,
            Some(Space::Context) => 0x69,
            Some(Space::Uconfig) => 0x79,
            Some(Space::Config) => 0x68,
            None => continue,
        };
        let offset = (reg.address - reg.space().unwrap().range().start) / 4;
        let values = reg.fields.iter().flat_map(|field| {
            let named = field.values.iter().flat_map(|v| v.entries).map(|e| e.1);
            named.chain([u32::MAX]).map(|value| value << field.lo & field.mask())
        });
        for value in values.chain([u32::MAX]) {
            let words = [0xc001_0000 | opcode << 8, offset, value];
            for base in [None, Some(0xffff_8001_0000_1000)] {
                let text = pm4::print(&words, base);
                assert!(text.contains(&format!("{} <- {value:#010x}", reg.name)), "{text}");
                for line in text.lines() {
                    assert!(line.chars().count() <= 80, "{text}");
                    lines += 1;
                }
            }
        }
    }
    assert!(lines > 10_000, "{lines} lines");
}
