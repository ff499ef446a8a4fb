//! The rows against Mesa's descriptions of gfx11.
//!
//! Needs `SPARKLE_TEST_DATA`, a folder with `pm4/gfx11.json` and `pm4/pkt3.json` of Mesa 25.

use pm4::field::{FieldDesc, ValuesDesc};
use pm4::packet::PacketDesc;
use pm4::reg::{self, Space};
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
        let Some(space) = Space::of(at) else { continue };
        let ours = reg::by_address(at).unwrap_or_else(|| panic!("{name} at {at:#x} has no row"));
        assert_eq!(ours.name, name);
        assert_eq!(ours.space(), Some(space));
        assert_eq!(reg::by_name(name), Some(ours));
        match row["type_ref"].as_str() {
            Some(layout) => same_fields(name, ours.fields, &mesa["register_types"][layout], &mesa["enums"]),
            None => assert!(ours.fields.is_empty(), "{name} has no fields"),
        }
        seen += 1;
    }
    // GE_VRS_RATE is in another of Mesa's files.
    assert_eq!(reg::all().count(), seen + 1);
    assert!(seen > 1600, "only {seen} registers seen");
}

fn packet(name: &str) -> &'static PacketDesc {
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
    same_dword(&mesa, packet("RELEASE_MEM"), 0, "RELEASE_MEM_OP_gfx11", &[]);
    same_dword(&mesa, packet("DMA_DATA"), 0, "DMA_DATA_WORD0_gfx9", &[]);
    same_dword(&mesa, packet("DMA_DATA"), 5, "COMMAND_gfx9", &[]);
    same_dword(&mesa, packet("INDIRECT_BUFFER"), 2, "IB_CONTROL", &["vmid", "cache_policy", "pre_resume"]);
    same_dword(&mesa, packet("WRITE_DATA"), 0, "CONTROL_cik", &["cache_policy"]);
    same_dword(&mesa, packet("ACQUIRE_MEM"), 0, "ACQUIRE_MEM_PWS_2", &["engine_me"]);
    same_dword(&mesa, packet("ACQUIRE_MEM"), 5, "ACQUIRE_MEM_PWS_7", &["poll_interval"]);
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

/// The opcodes of the amdgpu driver's `nvd.h` and Mesa's `sid.h`.
#[test]
fn opcodes_are_those_of_the_drivers() {
    let drivers = [
        ("NOP", 0x10),
        ("SET_BASE", 0x11),
        ("CLEAR_STATE", 0x12),
        ("DISPATCH_DIRECT", 0x15),
        ("DISPATCH_INDIRECT", 0x16),
        ("ATOMIC_MEM", 0x1e),
        ("COND_EXEC", 0x22),
        ("PRED_EXEC", 0x23),
        ("CONTEXT_CONTROL", 0x28),
        ("WRITE_DATA", 0x37),
        ("WAIT_REG_MEM", 0x3c),
        ("INDIRECT_BUFFER", 0x3f),
        ("COPY_DATA", 0x40),
        ("PFP_SYNC_ME", 0x42),
        ("EVENT_WRITE", 0x46),
        ("RELEASE_MEM", 0x49),
        ("DMA_DATA", 0x50),
        ("ACQUIRE_MEM", 0x58),
        ("REWIND", 0x59),
        ("PRIME_UTCL2", 0x5d),
        ("LOAD_SH_REG_INDEX", 0x63),
        ("SET_CONTEXT_REG", 0x69),
        ("SET_SH_REG", 0x76),
        ("SET_UCONFIG_REG", 0x79),
        ("SET_UCONFIG_REG_INDEX", 0x7a),
        ("WAIT_REG_MEM64", 0x93),
        ("SET_SH_REG_INDEX", 0x9b),
        ("SET_CONTEXT_REG_PAIRS_PACKED", 0xb9),
        ("SET_SH_REG_PAIRS_PACKED", 0xbb),
        ("SET_SH_REG_PAIRS_PACKED_N", 0xbd),
    ];
    for row in PACKETS {
        let driver = drivers.iter().find(|d| d.0 == row.name);
        assert_eq!(driver.map(|d| d.1), Some(row.opcode), "{}", row.name);
    }
    assert!(PACKETS.is_sorted_by_key(|d| d.opcode));
}
