//! Our dispatch and RADV's for the same kernel, side by side: every difference is a row of `docs/pm4/radv.md`, every row
//! there is a difference, and ours has no more dwords.
//!
//! Needs `SPARKLE_TEST_DATA`, a folder with `clients/streams/radv-25.0-compute.*.hex`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use pm4::dispatch::{self, Device, Kernel, KernelSpec, Work};
use pm4::reg::{self, COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC2, COMPUTE_PGM_RSRC3};
use pm4::{Gfx, Packet, Ring, Stream, decode};

fn captured() -> Option<Vec<u32>> {
    let Some(root) = std::env::var_os("SPARKLE_TEST_DATA") else {
        skip::skip!("SPARKLE_TEST_DATA is not set");
        return None;
    };
    let read = |part: u32| {
        let file = PathBuf::from(&root).join(format!("clients/streams/radv-25.0-compute.{part}.compute.hex"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        text.split_whitespace().map(|w| u32::from_str_radix(w, 16).unwrap()).collect::<Vec<u32>>()
    };
    Some([read(0), read(1)].concat())
}

/// The kernel, arguments and grid of the capture, and the host reads the result.
fn ours() -> Stream {
    let mut stream = Stream::on(Ring::Compute);
    dispatch::preamble_for(&mut stream, &Device::of(Gfx::Gfx1100)).unwrap();
    let kernel = Kernel::prepare(KernelSpec::new(
        Gfx::Gfx1100,
        0xffff_8000_0000_0000,
        COMPUTE_PGM_RSRC1::from_bits(0x602c_0002),
        COMPUTE_PGM_RSRC2::from_bits(0x8a),
        COMPUTE_PGM_RSRC3::new(),
        false,
    ));
    let user_data = [0, 0, 0x0004_0000, 1000, 0x4040_0000];
    stream.dispatch(&kernel.unwrap(), &Work::groups([16, 1, 1], [64, 1, 1], &user_data)).unwrap();
    dispatch::release_to_host(&mut stream).unwrap();
    stream.pad().unwrap();
    stream
}

/// A stream as a reader sees it: registers at the dispatch, and the other packets in order, without padding.
struct View {
    registers: BTreeMap<&'static str, u32>,
    packets: Vec<(String, Vec<u32>)>,
    dwords: usize,
}

fn view(words: &[u32]) -> View {
    let mut view = View { registers: BTreeMap::new(), packets: Vec::new(), dwords: 0 };
    for item in decode(words) {
        let packet = item.packet.expect("a packet");
        if matches!(packet, Packet::Nop(_)) {
            continue;
        }
        view.dwords += item.words.len();
        let writes: Vec<_> = packet.register_writes().collect();
        if writes.is_empty() {
            view.packets.push((packet.name().to_owned(), item.words[1..].to_vec()));
        }
        for (address, value) in writes {
            view.registers.insert(reg::by_address(address).expect("a register").name, value);
        }
    }
    view
}

/// Each difference by a name: the register, or the packet with what tells it apart.
fn differences(radv: &View, ours: &View) -> BTreeSet<String> {
    let names: BTreeSet<_> = radv.registers.keys().chain(ours.registers.keys()).collect();
    let mut found: BTreeSet<String> = names
        .into_iter()
        .filter(|&name| radv.registers.get(name) != ours.registers.get(name))
        .map(|name| name.to_string())
        .collect();
    let count = |view: &View, name: &str| view.packets.iter().filter(|p| p.0 == name).count();
    let packets: BTreeSet<_> = radv.packets.iter().chain(&ours.packets).map(|p| p.0.as_str()).collect();
    for name in packets {
        if count(radv, name) != count(ours, name) {
            found.insert(name.to_owned());
            continue;
        }
        let of = |view: &View| view.packets.iter().filter(|p| p.0 == name).map(|p| p.1.clone()).collect::<Vec<_>>();
        for (number, (a, b)) in of(radv).iter().zip(&of(ours)).enumerate() {
            for (dword, (a, b)) in a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b) {
                found.insert(format!("{name} {number} dword {dword}: {a:#x}, {b:#x}"));
            }
        }
    }
    found
}

/// The first column of the page's tables.
fn documented() -> BTreeSet<String> {
    let page = include_str!("../../docs/pm4/radv.md");
    page.lines().filter_map(|l| l.strip_prefix("| `")?.split_once("` |").map(|(name, _)| name.to_owned())).collect()
}

#[test]
fn every_difference_from_radv_is_explained() {
    let Some(words) = captured() else { return };
    let ours = ours();
    let (radv, ours) = (view(&words), view(ours.dwords()));
    assert_eq!(differences(&radv, &ours), documented());
    println!("RADV {} dwords, ours {}", radv.dwords, ours.dwords);
    assert!(ours.dwords <= radv.dwords, "ours has {} dwords, RADV's {}", ours.dwords, radv.dwords);
    let page = include_str!("../../docs/pm4/radv.md");
    for count in [format!("RADV's has {} dwords", radv.dwords), format!("ours {}", ours.dwords)] {
        assert!(page.contains(&count), "the page does not say: {count}");
    }
}
