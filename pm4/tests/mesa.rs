//! The rows against Mesa's descriptions of gfx11.
//!
//! Needs `SPARKLE_TEST_DATA`, a folder with `pm4/gfx11.json` and `pm4/pkt3.json` of Mesa 25.

use pm4::field::{FieldDesc, ValuesDesc};
use pm4::packet::{self, PacketDesc};
use pm4::reg::{self, Space, quirks};
use pm4::{GcrCntl, PACKETS};
use serde_json::Value;

fn mesa(file: &str) -> Option<Value> {
    let Some(root) = std::env::var_os("SPARKLE_TEST_DATA") else {
        skip::skip!("SPARKLE_TEST_DATA is not set");
        return None;
    };
    let path = std::path::Path::new(&root).join("pm4").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Some(serde_json::from_str(&text).expect("JSON"))
}

/// Names that are no identifiers have an underscore before.
fn same_name(ours: &str, mesas: &str) -> bool {
    ours == mesas || ours.strip_prefix('_') == Some(mesas)
}

fn same_values(place: &str, ours: Option<&ValuesDesc>, mesas: &Value) {
    let ours = ours.unwrap_or_else(|| panic!("{place} has named values"));
    let entries = mesas["entries"].as_array().expect("entries");
    assert_eq!(ours.entries.len(), entries.len(), "{place}");
    for (o, m) in ours.entries.iter().zip(entries) {
        assert!(same_name(o.0, m["name"].as_str().unwrap()), "{place}: {} is {}", o.0, m["name"]);
        assert_eq!(u64::from(o.1), m["value"].as_u64().unwrap(), "{place}: {}", o.0);
    }
}

fn same_fields(place: &str, ours: &[FieldDesc], mesas: &Value, enums: &Value) {
    let fields = mesas["fields"].as_array().expect("fields");
    assert_eq!(ours.len(), fields.len(), "{place}");
    for (o, m) in ours.iter().zip(fields) {
        assert_eq!(o.name, m["name"], "{place}");
        assert_eq!([o.lo, o.hi].map(u64::from), [0, 1].map(|i| m["bits"][i].as_u64().unwrap()), "{place}.{}", o.name);
        match m["enum_ref"].as_str() {
            Some(name) => same_values(&format!("{place}.{}", o.name), o.values, &enums[name]),
            None => assert!(o.values.is_none(), "{place}.{} has no named values", o.name),
        }
    }
}

#[test]
fn every_register_is_the_one_that_mesa_describes() {
    let Some(mesa) = mesa("gfx11.json") else { return };
    let mut seen = 0;
    for row in mesa["register_mappings"].as_array().unwrap() {
        let (name, at) = (row["name"].as_str().unwrap(), row["map"]["at"].as_u64().unwrap() as u32);
        // Below are the registers of a wave, which no packet reaches.
        if at < 0x8000 {
            continue;
        }
        let ours = reg::by_address(at).unwrap_or_else(|| panic!("{name} at {at:#x} has no row"));
        assert_eq!(ours.name, name);
        assert_eq!(ours.space(), Space::of(at));
        assert_eq!(ours.space().is_none(), Space::Config.range().contains(&at), "{name}");
        assert_eq!(reg::by_name(name), Some(ours));
        match row["type_ref"].as_str() {
            Some(layout) => same_fields(name, ours.fields, &mesa["register_types"][layout], &mesa["enums"]),
            None => assert!(ours.fields.is_empty(), "{name} has no fields"),
        }
        seen += 1;
    }
    // GE_VRS_RATE is in another of Mesa's files; privileged registers that Mesa lacks are AMD's.
    assert_eq!(reg::all().filter(|r| r.space().is_some()).count(), seen + 1 - 27);
    assert!(seen > 1680, "only {seen} registers seen");
}

fn row_of(name: &str) -> &'static PacketDesc {
    PACKETS.iter().find(|d| d.name == name).expect("row")
}

/// The fields of one body dword against a layout of `pkt3.json`, by name.
fn same_dword(mesa: &Value, packet: &PacketDesc, dword: u8, layout: &str, extra: &[&str]) {
    let fields = mesa["register_types"][layout]["fields"].as_array().expect("layout");
    let ours: Vec<_> = packet.fields.iter().filter(|f| f.place.dword == dword && f.place.width < 32).collect();
    for m in fields {
        let name = m["name"].as_str().unwrap();
        let o = ours.iter().find(|o| o.name.to_uppercase() == name);
        let o = o.unwrap_or_else(|| panic!("{}: {name} is missing", packet.name));
        let bits = [0, 1].map(|i| m["bits"][i].as_u64().unwrap());
        assert_eq!([o.place.lo, o.place.lo + o.place.width - 1].map(u64::from), bits, "{}: {name}", packet.name);
    }
    for o in ours {
        let name = o.name.to_uppercase();
        let known = fields.iter().any(|m| m["name"] == name) || extra.contains(&o.name);
        assert!(known, "{}: Mesa has no {name}", packet.name);
    }
}

#[test]
fn packet_dwords_are_those_that_mesa_describes() {
    let Some(mesa) = mesa("pkt3.json") else { return };
    same_dword(&mesa, row_of("RELEASE_MEM"), 0, "RELEASE_MEM_OP_gfx11", &[]);
    same_dword(&mesa, row_of("DMA_DATA"), 0, "DMA_DATA_WORD0_gfx9", &["src_indirect", "dst_indirect"]);
    same_dword(&mesa, row_of("DMA_DATA"), 5, "COMMAND_gfx9", &[]);
    same_dword(&mesa, row_of("INDIRECT_BUFFER"), 2, "IB_CONTROL", &["vmid", "cache_policy", "pre_resume"]);
    same_dword(&mesa, row_of("WRITE_DATA"), 0, "CONTROL_cik", &["cache_policy"]);
    same_dword(&mesa, row_of("ACQUIRE_MEM"), 0, "ACQUIRE_MEM_PWS_2", &["engine_me"]);
    same_dword(&mesa, row_of("ACQUIRE_MEM"), 5, "ACQUIRE_MEM_PWS_7", &["poll_interval"]);
    let types = &mesa["register_types"];
    same_fields("GCR_CNTL", GcrCntl::FIELDS, &types["GCR_CNTL"], &mesa["enums"]);
    let events = pm4::packet::values::EventType::DESC;
    let theirs = mesa["enums"]["VGT_EVENT_TYPE_gfx11"]["entries"].as_array().unwrap();
    let theirs: Vec<_> = theirs.iter().filter(|e| !e["name"].as_str().unwrap().starts_with("Reserved")).collect();
    assert_eq!(events.entries.len(), theirs.len());
    for (o, m) in events.entries.iter().zip(theirs) {
        assert_eq!((o.0, u64::from(o.1)), (m["name"].as_str().unwrap(), m["value"].as_u64().unwrap()));
    }
}

/// What the headers call an opcode and the rows do not: two names of one packet, and names kept free.
const OTHER_NAMES: [&str; 5] =
    ["COND_INDIRECT_BUFFER_CNST", "DRAW_RESERVED0", "DRAW_RESERVED1", "DRAW_RESERVED2", "DRAW_RESERVED3"];

fn headers() -> impl Iterator<Item = (u8, &'static str, &'static str)> {
    include_str!("data/opcodes.txt").lines().filter(|l| !l.starts_with('#')).map(|line| {
        let mut words = line.splitn(3, ' ');
        let opcode = u8::from_str_radix(words.next().unwrap(), 16).expect("hex");
        (opcode, words.next().unwrap(), words.next().unwrap())
    })
}

#[test]
fn every_opcode_that_the_headers_name_has_a_row_or_is_retired() {
    let mut named = 0;
    for (opcode, name, of) in headers() {
        let row = PACKETS.iter().find(|d| d.opcode == opcode && d.name == name);
        // Names that differ between generations and drivers.
        let alias = matches!(name, "DISPATCH_DRAW_PREAMBLE_ACE" | "DISPATCH_DRAW_ACE");
        let retired = packet::retired(opcode).is_some_and(|r| r.0 == name || alias);
        assert!(row.is_some() != retired || OTHER_NAMES.contains(&name), "{opcode:#04x} {name} of {of}");
        named += 1;
    }
    assert!(named > 130, "only {named} names");
}

#[test]
fn every_row_has_the_opcode_of_the_headers() {
    for row in PACKETS {
        assert!(headers().any(|(opcode, name, _)| (opcode, name) == (row.opcode, row.name)), "{}", row.name);
        assert!(packet::retired(row.opcode).is_none(), "{} is retired too", row.name);
    }
    assert!(PACKETS.is_sorted_by_key(|d| d.opcode));
    assert!(packet::RETIRED.is_sorted_by_key(|r| r.0));
}

/// What differs on gfx1150, from Mesa's two descriptions.
#[test]
fn differences_to_gfx115_are_those_of_mesas_descriptions() {
    let (Some(gfx11), Some(gfx115)) = (mesa("gfx11.json"), mesa("gfx115.json")) else { return };
    let rows = |m: &Value| -> std::collections::BTreeMap<u32, Value> {
        let rows = m["register_mappings"].as_array().unwrap().iter();
        let rows = rows.map(|r| (r["map"]["at"].as_u64().unwrap() as u32, r));
        let fields = |r: &Value| r["type_ref"].as_str().map_or(Value::Null, |t| m["register_types"][t].clone());
        rows.filter(|r| r.0 >= 0x8000).map(|(at, r)| (at, fields(r))).collect()
    };
    let places = |fields: &Value| -> Vec<(Value, Value)> {
        let fields = fields["fields"].as_array().into_iter().flatten();
        fields.map(|f| (f["name"].clone(), f["bits"].clone())).collect()
    };
    let (gfx11, gfx115) = (rows(&gfx11), rows(&gfx115));
    for at in gfx11.keys().chain(gfx115.keys()) {
        let want = match (gfx11.get(at), gfx115.get(at)) {
            (Some(_), None) => Some(quirks::Difference::Absent),
            (None, Some(_)) => Some(quirks::Difference::Added).filter(|_| reg::by_address(*at).is_none()),
            (Some(a), Some(b)) => (places(a) != places(b)).then_some(quirks::Difference::Fields),
            (None, None) => None,
        };
        assert_eq!(quirks::on_gfx115(*at), want, "{at:#x}");
    }
}

#[test]
fn moved_registers_have_the_name_that_mesa_has_for_gfx103() {
    let Some(mesa) = mesa("gfx103.json") else { return };
    let mut moved = 0;
    for row in mesa["register_mappings"].as_array().unwrap() {
        let (name, at) = (row["name"].as_str().unwrap(), row["map"]["at"].as_u64().unwrap() as u32);
        if Space::of(at).is_none() {
            continue;
        }
        let ours = reg::by_address(at).map(|r| r.name);
        match quirks::on_gfx103(at) {
            Some(other) => {
                assert!(same_name(other, name), "{at:#x}");
                assert_ne!(ours, Some(other), "{at:#x}");
                moved += 1;
            }
            None => assert_eq!(ours, Some(name), "{at:#x}"),
        }
    }
    assert!(moved > 300, "{moved} moved");
}
