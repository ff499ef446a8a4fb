//! Ways to spoil a stream by one small step: what a slip in somebody's code does to the dwords.

use pm4::packet::{FieldSpec, Packet};
use pm4::{Item, decode, reg};

/// A stream with one thing changed.
pub struct Mutation {
    /// What was done, for messages.
    pub what: String,
    /// The kind of change.
    pub kind: Kind,
    /// The dwords.
    pub words: Vec<u32>,
}

/// Kinds of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One bit of a named field of a packet or of a register's value.
    Flip,
    /// A packet left out; the padding is made anew.
    Drop,
    /// The header's count, one or two up or down.
    Count,
}

/// Every mutation of a stream: each bit of each named field, each packet, each count.
pub fn all(words: &[u32], pad_dw: usize) -> Vec<Mutation> {
    let items: Vec<Item<'_>> = decode(words).collect();
    let mut out = Vec::new();
    for item in &items {
        flips(words, item, &mut out);
        out.push(without(words, item, pad_dw));
        for delta in [-2i64, -1, 1, 2] {
            let count = i64::from(item.words[0] >> 16 & 0x3fff) + delta;
            if (0..=0x3fff).contains(&count) {
                let mut words = words.to_vec();
                words[item.offset] = item.words[0] & !(0x3fff << 16) | (count as u32) << 16;
                out.push(Mutation { what: format!("{}: count {delta:+}", name(item)), kind: Kind::Count, words });
            }
        }
    }
    out
}

fn name(item: &Item<'_>) -> String {
    format!("dword {} {}", item.offset, item.packet.as_ref().map_or("?", Packet::name))
}

fn flips(words: &[u32], item: &Item<'_>, out: &mut Vec<Mutation>) {
    let packet = item.packet.as_ref().expect("a good stream");
    let Some(desc) = packet.desc() else { return };
    let mut flip = |dword: usize, bit: u32, field: &str| {
        let mut words = words.to_vec();
        words[item.offset + 1 + dword] ^= 1 << bit;
        out.push(Mutation {
            what: format!("{}: {field} bit {bit} of dword {dword}", name(item)),
            kind: Kind::Flip,
            words,
        });
    };
    let bits = |mask: u32| (0..32).filter(move |b| mask >> b & 1 != 0);
    for dword in 0..desc.body_dwords {
        for field in desc.fields {
            for bit in bits(named_bits(field, dword)) {
                flip(dword, bit, field.name);
            }
        }
    }
    // The values of SET packets, by the fields of their registers.
    let body = &item.words[1..];
    for (k, (address, _)) in packet.register_writes().enumerate() {
        let dword = desc.body_dwords + k;
        assert!(body.get(dword).is_some(), "one value a register");
        let Some(register) = reg::by_address(address) else { continue };
        let mask = match register.fields {
            [] => u32::MAX,
            fields => fields.iter().fold(0, |mask, f| mask | f.mask()),
        };
        for bit in bits(mask) {
            flip(dword, bit, register.name);
        }
    }
    // Payloads that the device writes.
    if let Packet::WriteData(write) = packet {
        for k in 0..write.payload.len() {
            for bit in 0..32 {
                flip(desc.body_dwords + k, bit, "payload");
            }
        }
    }
}

/// The bits of a field in a body dword; of a layout's fields, where it has one.
fn named_bits(field: &FieldSpec, dword: usize) -> u32 {
    let place = field.place.mask_in(dword);
    match field.layout {
        [] => place,
        layout => layout.iter().fold(0, |mask, f| mask | f.mask()) & place,
    }
}

/// The stream without a packet, padded again as its builder would have.
fn without(words: &[u32], item: &Item<'_>, pad_dw: usize) -> Mutation {
    let mut kept: Vec<u32> = words[..item.offset].to_vec();
    kept.extend_from_slice(&words[item.offset + item.words.len()..]);
    while kept.is_empty() || !kept.len().is_multiple_of(pad_dw) {
        kept.push(0xffff_1000);
    }
    Mutation { what: format!("{}: dropped", name(item)), kind: Kind::Drop, words: kept }
}
