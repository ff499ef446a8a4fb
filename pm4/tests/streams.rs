//! Streams that RADV submitted, captured: every packet decodes, encodes back to the same dwords,
//! and every register has the name that Mesa's own dump gives it.
//!
//! Needs `SPARKLE_TEST_DATA`, a folder with `clients/streams/*.hex` and `clients/*.decoded.txt`.

use pm4::packet::Tail;
use pm4::reg::{self, RegDesc, Space};
use pm4::{Packet, decode};
use std::path::PathBuf;

fn clients() -> Option<PathBuf> {
    let root = std::env::var_os("SPARKLE_TEST_DATA");
    if root.is_none() {
        skip::skip!("SPARKLE_TEST_DATA is not set");
    }
    root.map(|r| PathBuf::from(r).join("clients"))
}

fn hex(text: &str) -> Vec<u32> {
    text.split_whitespace().map(|w| u32::from_str_radix(w, 16).expect("hex dwords")).collect()
}

fn streams() -> Option<Vec<(String, Vec<u32>)>> {
    let mut files: Vec<_> =
        std::fs::read_dir(clients()?.join("streams")).expect("streams").map(|e| e.unwrap().path()).collect();
    files.sort();
    let read =
        |p: &PathBuf| (p.file_name().unwrap().to_str().unwrap().to_string(), hex(&std::fs::read_to_string(p).unwrap()));
    Some(files.iter().filter(|p| p.extension().is_some_and(|e| e == "hex")).map(read).collect())
}

/// Every register that a stream sets through a SET packet of consecutive registers.
fn registers(words: &[u32]) -> Vec<(&'static RegDesc, u32)> {
    let mut all = Vec::new();
    for item in decode(words) {
        let packet = item.packet.expect("a packet");
        let Some(desc) = packet.desc() else { continue };
        let before = all.len();
        let mut add = |space: Space, offset: u32, value| {
            let address = space.address(offset).expect("inside the space");
            all.push((reg::by_address(address).unwrap_or_else(|| panic!("{address:#x} has no name")), value));
        };
        let (fixed, tail) = item.words[1..].split_at(desc.body_dwords);
        match desc.tail {
            Some(Tail::Regs(space)) => {
                tail.iter().enumerate().for_each(|(i, &v)| add(space, (fixed[0] & 0xffff) + i as u32, v));
            }
            Some(Tail::Pairs(space)) => tail.chunks(3).for_each(|t| {
                add(space, t[0] & 0xffff, t[1]);
                add(space, t[0] >> 16, t[2]);
            }),
            _ => {}
        }
        assert!(packet.register_writes().eq(all[before..].iter().map(|r| (r.0.address, r.1))), "{packet:?}");
    }
    all
}

#[test]
fn captured_streams_decode_and_encode_to_the_same_dwords() {
    let Some(streams) = streams() else { return };
    assert!(streams.len() >= 9, "{} streams", streams.len());
    for (name, words) in streams {
        let mut again = Vec::new();
        for item in decode(&words) {
            let packet = item.packet.as_ref().unwrap_or_else(|e| panic!("{name} dword {}: {e}", item.offset));
            assert!(!matches!(packet, Packet::Unknown { .. }), "{name} dword {}: {packet:?}", item.offset);
            assert_eq!(item.deviation, None, "{name} dword {}", item.offset);
            item.encode(&mut again).unwrap();
            // The row's flags are those that RADV sets, so nobody has to know them.
            let mut default = Vec::new();
            packet.encode(&mut default).unwrap();
            assert_eq!(default, item.words, "{name} dword {}: flags {:?}", item.offset, item.flags);
        }
        assert_eq!(again, words, "{name}");
        assert!(!registers(&words).is_empty() || name.contains("gfx.0"), "{name}");
    }
}

#[test]
fn listings_name_every_register_and_keep_to_80_columns() {
    let Some(streams) = streams() else { return };
    for (name, words) in streams {
        for base in [None, Some(0xffff_8001_0000_1000)] {
            let text = pm4::print(&words, base);
            for bad in ["ERROR", "WARNING", "UNKNOWN", " register 0x"] {
                assert!(!text.contains(bad), "{name}: {bad} in\n{text}");
            }
            for line in text.lines() {
                // What cannot be broken may be longer: one field's name and value.
                assert!(line.len() <= 80 || !line.trim().contains(' '), "{name}: {line}");
            }
            for (reg, value) in registers(&words) {
                assert!(text.contains(&format!("{} <- {value:#010x}", reg.name)), "{name}: {}", reg.name);
            }
        }
    }
}

/// A line of Mesa's dump: `NAME (0xaddress) <- 0xvalue {FIELD=value, …}`.
type DumpLine = (String, u32, u32, Vec<(String, u32)>);

fn dump_line(line: &str) -> Option<DumpLine> {
    let number = |s: &str| match s.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).unwrap(),
        None => s.parse().unwrap(),
    };
    let (left, right) = line.split_once(" <- ")?;
    let (name, address) = left.trim().split_once('(')?;
    let (value, fields) = right.split_once(' ').unwrap_or((right, ""));
    let fields = fields.trim_matches(['{', '}', ' ']);
    let fields = fields.split(", ").filter_map(|f| f.split_once('=')).map(|(n, v)| (n.to_string(), number(v)));
    Some((name.trim().to_string(), number(address.trim_end_matches(')')), number(value.trim()), fields.collect()))
}

#[test]
fn registers_and_fields_agree_with_mesas_dump() {
    let (Some(clients), Some(streams)) = (clients(), streams()) else { return };
    for base in ["radv-25.0-compute", "radv-25.0-compute-extended"] {
        let text = std::fs::read_to_string(clients.join(format!("{base}.decoded.txt"))).expect("dump");
        let dump: Vec<DumpLine> = text.lines().filter_map(dump_line).collect();
        let ours: Vec<_> = [0, 1]
            .iter()
            .flat_map(|n| {
                let file = format!("{base}.{n}.compute.hex");
                registers(&streams.iter().find(|s| s.0 == file).expect("stream").1)
            })
            .collect();
        assert!(dump.len() > 30, "{base}: {} lines", dump.len());
        assert_eq!(ours.len(), dump.len(), "{base}");
        for ((reg, value), (name, address, theirs, fields)) in ours.iter().zip(&dump) {
            assert_eq!((reg.name, reg.address, *value), (name.as_str(), *address, *theirs), "{base}");
            let set: Vec<_> = reg.fields.iter().map(|f| (f.name.to_string(), f.get(*value))).collect();
            let set: Vec<_> = set.into_iter().filter(|f| f.1 != 0).collect();
            assert_eq!(&set, fields, "{base}: {name}");
        }
        // The packets, in order.
        let packets: Vec<_> = text.lines().filter_map(|l| l.split_once("PKT3 ")).collect();
        let packets: Vec<_> = packets.iter().map(|p| p.1.split(' ').next().unwrap()).collect();
        let mut names = Vec::new();
        for n in [0, 1] {
            let file = format!("{base}.{n}.compute.hex");
            for item in decode(&streams.iter().find(|s| s.0 == file).unwrap().1) {
                if item.words != [0xffff_1000] {
                    names.push(item.packet.unwrap().name());
                }
            }
        }
        assert_eq!(names, packets, "{base}");
    }
}
