//! What the probe says on machines made of memory, word for word (tests/golden/probe), and what it promises of every
//! one of them. `SPARKLE_BLESS=1` writes the texts anew, to be read before they are committed.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sparkle_pm4::Engine;
use sparkle_pm4::kmd::discover::FakeSystem;
use sparkle_pm4::kmd::{Errno, KmdError};

use super::report::{Card, Cpu, Refusal, Report, Sources};
use super::{json, software, text};

const CARD: &str = "0000:03:00.0";
const APU: &str = "0000:0e:00.0";
const VGA: u32 = 0x03_0000;

type Opener = fn(&Path) -> Result<Card, Refusal>;

/// The software device's answers, as those of the card that it is modelled on.
fn navi31(_: &Path) -> Result<Card, Refusal> {
    let mut card = Card { emulated: false, ..software()? };
    if let Some(memory) = &mut card.memory {
        memory.vram.used = 1_288_490_188;
        memory.gtt.used = 50 << 20;
    }
    Ok(card)
}

/// What is behind the nodes of `emulate`.
fn emulated(_: &Path) -> Result<Card, Refusal> {
    software()
}

/// The graphics of a desktop processor (RDNA2) on the first node, the card on the second.
fn raphael_and_navi31(path: &Path) -> Result<Card, Refusal> {
    let mut card = navi31(path)?;
    if path.ends_with("renderD128") {
        let info = &mut card.info;
        info.is_apu = true;
        info.gfx_target = "gfx1036".into();
        info.chip = "Raphael";
        info.marketing_name = "AMD Radeon Graphics";
        info.device_id = 0x164e;
        (info.active_cus, info.shader_engines, info.max_shader_hz) = (2, 1, 2_200_000_000);
        if let Some(memory) = &mut card.memory {
            memory.vram.total = 512 << 20;
            memory.vram.used = 20 << 20;
        }
    }
    Ok(card)
}

/// Two devices that have kernels, the APU first.
fn apu_with_kernels_and_navi31(path: &Path) -> Result<Card, Refusal> {
    let mut card = raphael_and_navi31(path)?;
    card.info.gfx_target = "gfx1100".into();
    Ok(card)
}

fn navi21(path: &Path) -> Result<Card, Refusal> {
    let mut card = navi31(path)?;
    card.info.gfx_target = "gfx1030".into();
    card.info.chip = "Navi21";
    card.info.marketing_name = "AMD Radeon Graphics";
    card.info.device_id = 0x73bf;
    Ok(card)
}

fn too_old(_: &Path) -> Result<Card, Refusal> {
    Err(KmdError::TooOld { major: 3, minor: 35 }.into())
}

fn not_opened(path: &Path) -> Result<Card, Refusal> {
    panic!("{} must not be opened", path.display())
}

fn collect(machine: &FakeSystem, open: Opener) -> Report {
    Report::collect(&Sources {
        system: machine,
        open: &open,
        software: &software,
        cpu: &|| Ok(Cpu { isa: "avx2".into(), threads: 16 }),
    })
}

/// alice at a desktop, with a Navi31 on amdgpu.
fn alice() -> FakeSystem {
    people().pci(CARD, 0x1002, 0x744c, VGA, Some("amdgpu"))
}

fn people() -> FakeSystem {
    let machine = FakeSystem::new().user(1000, "alice", &[1000, 27]);
    [(1000, "alice"), (27, "sudo"), (44, "video")]
        .into_iter()
        .fold(machine, |machine, (gid, name)| machine.group(gid, name))
}

fn forbidden() -> FakeSystem {
    alice().node("card0", 0, 0, 44, 0o660, Some(CARD)).node("renderD128", 128, 0, 109, 0o660, Some(CARD))
}

fn allowed() -> FakeSystem {
    forbidden().group(109, "render").user(1000, "alice", &[1000, 27, 109])
}

fn docker(machine: FakeSystem) -> FakeSystem {
    machine.file("/.dockerenv", "").file("/proc/1/cgroup", "0::/\n")
}

fn only(vendor: u16, device: u16, driver: &str) -> FakeSystem {
    let place = "0000:01:00.0";
    FakeSystem::new()
        .user(1000, "alice", &[1000])
        .group(1000, "alice")
        .group(44, "video")
        .group(109, "render")
        .pci(place, vendor, device, VGA, Some(driver))
        .node("card0", 0, 0, 44, 0o660, Some(place))
        .node("renderD128", 128, 0, 109, 0o660, Some(place))
}

fn apu_and_card() -> FakeSystem {
    allowed()
        .pci(APU, 0x1002, 0x164e, VGA, Some("amdgpu"))
        .node("card0", 0, 0, 44, 0o660, Some(APU))
        .node("renderD128", 128, 0, 109, 0o660, Some(APU))
        .node("card1", 1, 0, 44, 0o660, Some(CARD))
        .node("renderD129", 129, 0, 109, 0o660, Some(CARD))
}

fn many(count: u32) -> FakeSystem {
    let machine = people().group(109, "render").user(1000, "alice", &[1000, 109]);
    (0..count).fold(machine, |machine, index| {
        let place = format!("0000:{:02x}:00.0", 0x40 + index);
        machine
            .pci(&place, 0x1002, 0x744c, VGA, Some("amdgpu"))
            .node(&format!("card{index}"), index, 0, 44, 0o660, Some(&place))
            .node(&format!("renderD{}", 128 + index), 128 + index, 0, 109, 0o660, Some(&place))
    })
}

/// Every machine: its name, what it is, how its nodes open.
fn machines() -> Vec<(&'static str, FakeSystem, Opener)> {
    let wsl = "5.15.153.1-microsoft-standard-WSL2\n";
    vec![
        ("no-node", FakeSystem::new(), not_opened),
        ("forbidden", forbidden().group(109, "render"), not_opened),
        ("forbidden-login-again", forbidden().group(109, "render").granted_since_login(109), not_opened),
        ("forbidden-in-docker", docker(forbidden()), not_opened),
        ("docker-without-dri", docker(FakeSystem::new()), not_opened),
        (
            "docker-without-dri-host-has-card",
            docker(alice()).drm("card0", 0, CARD).drm("renderD128", 128, CARD),
            not_opened,
        ),
        ("wsl", FakeSystem::new().file("/dev/dxg", "").file("/proc/sys/kernel/osrelease", wsl), not_opened),
        ("nvidia", only(0x10de, 0x2684, "nvidia"), not_opened),
        ("intel", only(0x8086, 0xa780, "i915"), not_opened),
        ("no-driver", FakeSystem::new().pci(CARD, 0x1002, 0x744c, VGA, None), not_opened),
        ("card", allowed(), navi31),
        ("card-busy", allowed().refuse("/dev/dri/renderD128", Errno::EBUSY), not_opened),
        ("card-without-kernels", allowed(), navi21),
        ("kernel-too-old", allowed(), too_old),
        ("apu-and-card", apu_and_card(), raphael_and_navi31),
        ("apu-and-card-with-kernels", apu_and_card(), apu_with_kernels_and_navi31),
        ("hint-that-fits-none", allowed().variable("SPARKLE_DEVICE_HINT", "gfx1201"), navi31),
        ("variables", allowed().variable("SPARKLE_DEVICE", "cpu").variable("SPARKLE_DEVICE_HINT", CARD), navi31),
        ("eight-cards", many(8), navi31),
        ("emulated", allowed(), emulated),
        ("eight-emulated", many(8), emulated),
        ("forty-cards", many(40), navi31),
    ]
}

fn compare(name: &str, got: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/probe").join(format!("{name}.txt"));
    if std::env::var_os("SPARKLE_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, got).unwrap();
    }
    let want = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(got, want, "{} differs; what is printed now:\n{got}", path.display());
}

#[test]
fn every_machine_is_explained_word_for_word() {
    for (name, machine, open) in machines() {
        compare(name, &text::brief(&collect(&machine, open)));
    }
}

#[test]
fn the_long_form_of_an_apu_beside_a_card() {
    compare("full-apu-and-card", &text::full(&collect(&apu_and_card(), raphael_and_navi31)));
}

#[test]
fn the_software_device_is_probed_like_a_card() {
    let report = collect(&FakeSystem::new(), not_opened).of_software().unwrap();
    compare("software", &text::brief(&report));
    compare("full-software", &text::full(&report));
    let document = json::document(&report);
    assert_eq!(document["nodes"][0]["kind"], "software");
    assert_eq!(document["nodes"][0]["gfx_target"], "gfx1100");
    assert_eq!(document["nodes"][0]["usable"], true);
    assert_eq!(document["engines"]["gpu"]["available"], false);
}

#[test]
fn the_short_form_fits_a_terminal() {
    for (name, machine, open) in machines() {
        let report = collect(&machine, open);
        let lines: Vec<_> = text::brief(&report).lines().map(str::to_owned).collect();
        assert!(lines.len() <= 24, "{name} has {} lines", lines.len());
        for line in lines.iter().map(String::as_str).chain(text::full(&report).lines()) {
            assert!(line.chars().count() <= 80, "{name}: {line:?} is wide");
            assert_eq!(line, line.trim_end(), "{name}");
        }
    }
}

#[test]
fn the_engine_and_the_next_step_are_always_named() {
    for (name, machine, open) in machines() {
        let report = collect(&machine, open);
        let text = text::brief(&report);
        assert!(text.contains(&format!("auto takes {}: ", report.auto.engine)), "{name}");
        assert!(!report.auto.reason.is_empty(), "{name}");
        if report.gpus == 0 && report.auto.engine != Engine::Emu {
            assert_eq!(report.auto.engine, Engine::Cpu, "{name}");
            let finding = report.findings.first().unwrap_or_else(|| panic!("{name} has no finding"));
            assert!(!finding.evidence.is_empty() && !finding.next.is_empty(), "{name}: {finding:?}");
            assert!(text.contains("  next:"), "{name}");
        }
        assert!(text.contains("emu   yes: "), "{name}: the software device is always there");
    }
}

#[test]
fn a_refusal_never_reads_like_an_absent_gpu() {
    for name in ["forbidden", "forbidden-login-again", "forbidden-in-docker"] {
        let (_, machine, open) = machines().into_iter().find(|(other, ..)| *other == name).unwrap();
        let report = collect(&machine, open);
        let text = text::brief(&report);
        assert!(report.forbidden && text.contains("gpu   no: permission denied"), "{text}");
        assert_eq!(json::document(&report)["nodes"][0]["access"], "denied");
    }
}

#[test]
fn cards_go_before_apus_whatever_their_order() {
    let chosen = |open| collect(&apu_and_card(), open).auto.node;
    assert_eq!(chosen(raphael_and_navi31).as_deref(), Some("/dev/dri/renderD129"));
    assert_eq!(chosen(apu_with_kernels_and_navi31).as_deref(), Some("/dev/dri/renderD129"));
    let machine = apu_and_card().variable("SPARKLE_DEVICE_HINT", APU);
    let hinted = collect(&machine, apu_with_kernels_and_navi31);
    assert_eq!(hinted.auto.node.as_deref(), Some("/dev/dri/renderD128"));
    assert_eq!(hinted.nodes[0].name, "/dev/dri/renderD128", "the node that is taken comes first");
}

#[test]
fn only_render_nodes_of_amdgpu_are_opened() {
    let opened = RefCell::new(Vec::<PathBuf>::new());
    let report = Report::collect(&Sources {
        system: &apu_and_card().pci("0000:00:02.0", 0x8086, 0xa780, VGA, Some("i915")).node(
            "renderD130",
            130,
            0,
            109,
            0o666,
            Some("0000:00:02.0"),
        ),
        open: &|path| {
            opened.borrow_mut().push(path.to_owned());
            navi31(path)
        },
        software: &software,
        cpu: &|| Err(Refusal { code: "cpu", what: "no threads".into(), next: None }),
    });
    assert_eq!(*opened.borrow(), ["/dev/dri/renderD128", "/dev/dri/renderD129"].map(PathBuf::from));
    assert!(text::brief(&report).contains("cpu   no: no threads"));
}

#[test]
fn the_document_has_the_same_keys_on_every_machine() {
    fn keys(value: &Value) -> Vec<&String> {
        value.as_object().map(|map| map.keys().collect()).unwrap_or_default()
    }
    let reference = json::document(&collect(&allowed(), navi31));
    for (name, machine, open) in machines() {
        let report = collect(&machine, open);
        let document = json::document(&report);
        assert_eq!(document["schema"], "sparkle-pm4/probe/1");
        assert_eq!(keys(&document), keys(&reference), "{name}");
        for part in ["host", "engines", "auto"] {
            assert_eq!(keys(&document[part]), keys(&reference[part]), "{name}");
        }
        for node in document["nodes"].as_array().unwrap() {
            assert_eq!(keys(node), keys(&reference["nodes"][0]), "{name}");
        }
        assert_eq!(document["auto"]["engine"], report.auto.engine.name());
        assert_eq!(document["findings"].as_array().unwrap().len(), report.findings.len());
    }
    assert_eq!(reference["nodes"][0]["vram"]["total_bytes"], 24u64 << 30);
    assert_eq!(reference["nodes"][0]["shader_clock"]["max_hz"], 2_500_000_000u64);
    assert_eq!(reference["nodes"][0]["permission"]["group"], "render");
    assert_eq!(reference["nodes"][0]["firmware"]["mec"]["version"], 494);
}

#[test]
fn the_software_device_behind_a_node_is_no_gpu() {
    let report = collect(&allowed(), emulated);
    assert_eq!((report.gpus, report.auto.engine), (0, Engine::Emu));
    let document = json::document(&report);
    assert_eq!(document["engines"]["gpu"]["available"], false);
    assert_eq!(document["auto"]["engine"], "emu");
    assert_eq!(document["auto"]["node"], "/dev/dri/renderD128");
    assert_eq!(document["nodes"][0]["emulated"], true);
    assert_eq!(document["nodes"][1]["emulated"], Value::Null, "a node that is not opened");
    assert_eq!(json::document(&collect(&allowed(), navi31))["nodes"][0]["emulated"], false);
}

#[test]
fn a_value_is_found_by_its_path() {
    let document = json::document(&collect(&apu_and_card(), raphael_and_navi31));
    let get = |path| json::get(&document, path).map(json::plain);
    assert_eq!(get("nodes.0.gfx_target").unwrap(), "gfx1100");
    assert_eq!(get("nodes.1.gfx_target").unwrap(), "gfx1036");
    assert_eq!(get("auto.engine").unwrap(), "gpu");
    assert_eq!(get("nodes.0.apu").unwrap(), "false");
    assert_eq!(get("nodes.0.rings.compute.count").unwrap(), "4");
    assert_eq!(get("host.container").unwrap(), "null");
    assert!(get("host.groups").unwrap().starts_with("[{\"gid\":1000"));
}

#[test]
fn an_unknown_key_is_answered_with_near_ones() {
    let document = json::document(&collect(&allowed(), navi31));
    let miss = |path: &str| json::get(&document, path).unwrap_err();
    assert!(miss("nodes.0.gfx_targt").contains("nodes.0.gfx_target"));
    assert!(miss("gfx_target").contains("nodes.0.gfx_target"));
    assert!(miss("engine").contains("auto.engine"));
    assert!(miss("nodes.7.path").contains("`nodes` has 2 entries"));
    assert!(miss("auto.engine.name").contains("`auto.engine` is one value"));
    for path in ["", ".", "..", "nodes.-1", "nodes.18446744073709551616", "nodes.0x0", "\u{1f980}", &"a.".repeat(9000)]
    {
        assert!(!miss(path).is_empty());
    }
}

#[test]
fn hostile_names_cannot_move_the_cursor_or_break_lines() {
    let machine = forbidden().group(109, "re\x1b[2J\nnder").user(1000, "al\rice\x07", &[1000]);
    let report = collect(&machine, not_opened);
    for text in [text::brief(&report), text::full(&report)] {
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }
}

#[test]
fn quantities_have_their_units() {
    let bytes = [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (24 << 30, "24 GiB")];
    for (value, want) in bytes {
        assert_eq!(text::bytes(value), want);
    }
    assert_eq!(text::bytes(u64::MAX), "16 EiB");
    let hertz = [(0, "unknown"), (32_768, "32768 Hz"), (100_000_000, "100 MHz"), (2_500_000_000, "2.50 GHz")];
    for (value, want) in hertz {
        assert_eq!(text::hertz(value), want);
    }
}
