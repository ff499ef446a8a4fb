//! The linter on streams of DMA rings.

use pm4::lint::lint;
use pm4::sdma;
use pm4::submission::{Access, BufferInfo, BufferMap, Residency, Ring, Submission};
use pm4::{Gfx, Packet};

const FROM: u64 = 0x10_0000;
const TO: u64 = 0x20_0000;

fn buffer(name: &str, va: u64, access: Access, residency: Residency) -> BufferInfo {
    BufferInfo { name: name.into(), va, bytes: 0x1000, access, residency, content: Vec::new() }
}

fn rules(words: Vec<u32>) -> Vec<&'static str> {
    let mut submission = Submission::of_words(Gfx::Gfx1100, Ring::Sdma, words);
    submission.buffers = BufferMap::new(vec![
        buffer("from", FROM, Access::R, Residency::Listed),
        buffer("to", TO, Access::RW, Residency::Listed),
        buffer("old", 0x30_0000, Access::RW, Residency::Freed),
    ]);
    lint(&submission).findings().iter().map(|f| f.rule.id).collect()
}

fn stream(packets: &[sdma::Packet]) -> Vec<u32> {
    let mut words = Vec::new();
    for packet in packets {
        packet.encode(&mut words).unwrap();
    }
    sdma::pad_to(&mut words, 8).unwrap();
    words
}

fn good() -> Vec<u32> {
    stream(&[
        sdma::copy(FROM, TO, 0x800).unwrap(),
        sdma::fill(TO + 0x800, 0x2a, 0x100).unwrap(),
        sdma::write(TO + 0x900, vec![1, 2]),
        sdma::fence(TO + 0xff0, 7),
    ])
}

#[test]
fn a_good_stream_is_clean() {
    assert_eq!(rules(good()), [""; 0]);
}

#[test]
fn memory_is_looked_at() {
    let ids = |packet| rules(stream(&[packet]));
    assert_eq!(ids(sdma::copy(0x40_0000, TO, 16).unwrap()), ["PM4-301"]);
    assert_eq!(ids(sdma::copy(FROM, 0x30_0000, 16).unwrap()), ["PM4-302"]);
    assert_eq!(ids(sdma::copy(FROM, TO + 0xff8, 16).unwrap()), ["PM4-304"]);
    assert_eq!(ids(sdma::fill(FROM, 0, 16).unwrap()), ["PM4-305"]);
    assert_eq!(ids(sdma::copy(FROM + 0xff0, TO + 0xff0, 16).unwrap()), [""; 0]);
}

#[test]
fn words_that_are_no_packets_are_told_once() {
    let mut words = good();
    words[7] = 0x0000_00ee;
    let found = rules(words);
    assert_eq!(found.first(), Some(&"PM4-007"), "{found:?}");
    // PM4 on a DMA ring.
    let mut pm4 = Vec::new();
    Packet::from(pm4::EventWrite::default()).encode(&mut pm4).unwrap();
    pm4.resize(8, 0xffff_1000);
    assert!(!rules(pm4).is_empty());
    // A count beyond the end.
    let mut cut = stream(&[sdma::write(TO, vec![0; 12])]);
    cut.truncate(8);
    assert_eq!(rules(cut), ["PM4-005"]);
}

#[test]
fn what_the_kernel_alone_may_use_is_refused() {
    let indirect = sdma::Indirect { ib_base: TO, ib_size: 8, ..Default::default() };
    assert!(rules(stream(&[indirect.into()])).contains(&"PM4-011"));
}
