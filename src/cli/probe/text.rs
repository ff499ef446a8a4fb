//! The probe as text for people.

use std::fmt::Write as _;

use sparkle_pm4::Engine;
use sparkle_pm4::kmd::discover::{Access, DriDirectory, Finding, Severity};
use sparkle_pm4::kmd::{Errno, Heap};

use super::report::{Card, Node, Permission, Refusal, Report};

/// Columns that lines keep to.
pub const COLUMNS: usize = 80;
/// Lines of the short form.
pub const LINES: usize = 24;
/// Width of a label and what stands before it, in a block that belongs to a heading.
const LABEL: usize = 14;

/// The short form: the first of ever terser ones that has at most [`LINES`] lines.
pub fn brief(report: &Report) -> String {
    (0..=3).map(|terseness| page(report, terseness)).find(|text| text.lines().count() <= LINES).unwrap_or_else(|| {
        // Only a machine with dozens of devices comes here.
        let text = page(report, 4);
        let kept: Vec<&str> = text.lines().take(LINES - 1).collect();
        format!("{}\n… more: `sparkle-pm4 probe --full`\n", kept.join("\n"))
    })
}

/// Everything.
pub fn full(report: &Report) -> String {
    let mut out = String::new();
    for node in &report.nodes {
        heading(&mut out, node);
        node_block(&mut out, node, report);
        if let Some(card) = node.open() {
            details(&mut out, card);
        }
        out.push('\n');
    }
    if !report.findings.is_empty() {
        report.findings.iter().for_each(|finding| out.push_str(&finding.render(COLUMNS)));
        out.push('\n');
    }
    host(&mut out, report);
    out.push('\n');
    engines(&mut out, report);
    out
}

fn page(report: &Report, terseness: u8) -> String {
    let mut out = String::new();
    let nodes = &report.nodes;
    let room = if terseness < 3 { nodes.len() } else { nodes.len().min(8) };
    for node in &nodes[..room] {
        match (node.open(), terseness) {
            (Some(_), 0) => {
                heading(&mut out, node);
                node_block(&mut out, node, report);
            }
            (Some(card), _) => line(&mut out, &node.name, 22, &summary(card, terseness)),
            (None, _) => line(&mut out, &node.name, 22, &unopened(node, nodes)),
        }
    }
    if room < nodes.len() {
        let _ = writeln!(out, "… and {} more nodes: `sparkle-pm4 probe --full`", nodes.len() - room);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    // Notes that only say what stands in the blocks above and in the engines' part.
    let repeats = |finding: &Finding| {
        finding.severity == Severity::Note && ["several-amd-gpus", "unsupported-gfx"].contains(&finding.code)
    };
    let findings: Vec<&Finding> = report.findings.iter().filter(|finding| !repeats(finding)).collect();
    if let Some((first, rest)) = findings.split_first() {
        let text = |finding: &Finding, short: bool| match short {
            false => finding.render(COLUMNS),
            true => Finding { evidence: Vec::new(), ..finding.clone() }.render(COLUMNS),
        };
        out.push_str(&text(first, terseness >= 2));
        let shown = match terseness {
            0 => rest.len(),
            1 => rest.len().min(1),
            _ => 0,
        };
        rest[..shown].iter().for_each(|finding| out.push_str(&text(finding, terseness >= 1)));
        if shown < rest.len() {
            let _ = writeln!(out, "… and {} more: `sparkle-pm4 probe --full`", rest.len() - shown);
        }
        out.push('\n');
    }
    engines(&mut out, report);
    out
}

fn heading(out: &mut String, node: &Node) {
    let title = match node.open() {
        Some(card) if card.emulated => {
            format!("software {}, posing as {}", card.info.chip, card.info.marketing_name)
        }
        Some(card) => card.info.marketing_name.to_owned(),
        None => node.found.as_ref().and_then(|found| found.driver()).unwrap_or("driver unknown").to_owned(),
    };
    line(out, &node.name, 22, &title);
}

/// What matters of a node, under its heading.
fn node_block(out: &mut String, node: &Node, report: &Report) {
    let mut put = |label: &str, text: &str| labelled(out, label, text);
    if let Some(card) = node.open() {
        let info = &card.info;
        let place = match (&node.found, node.pci()) {
            (Some(_), Some(address)) => {
                format!(" at {address} (1002:{:04x} rev {:02x})", info.device_id, info.pci_revision)
            }
            _ => String::new(),
        };
        let chip = if info.chip.is_empty() { String::new() } else { format!("{}, ", info.chip) };
        let form = if card.emulated { "no hardware" } else { card.form() };
        put("device", &format!("{chip}{}, {form}{place}", info.gfx_target));
        let simds = card.simds().map_or(String::new(), |simds| format!(", {simds} SIMDs"));
        put(
            "compute",
            &format!(
                "{} CUs{simds}, {}, shader clock up to {}",
                info.active_cus,
                count(info.shader_engines, "shader engine"),
                hertz(info.max_shader_hz)
            ),
        );
        if let Some(memory) = &card.memory {
            let kind = if info.is_apu { "system RAM" } else { info.vram_type_name() };
            let Heap { total, used, .. } = memory.vram;
            let vram = format!("{} VRAM ({kind}), {} used", bytes(total), bytes(used));
            put("memory", &format!("{vram}; {} GTT, {} used", bytes(memory.gtt.total), bytes(memory.gtt.used)));
        }
        put("driver", &format!("{}; rings: {}", version(card), rings(card)));
    }
    if let Some(permission) = &node.permission {
        let user = report.host.identity.user.clone().unwrap_or_else(|| format!("uid {}", report.host.identity.uid));
        let may = match node.found.as_ref().map(|found| &found.access) {
            Some(Access::Ok) => format!("{user} may open it"),
            Some(Access::Denied(denial)) => {
                let need = if node.kind() == "primary" { ", and need not" } else { "" };
                format!("{user} may not open it ({:?}){need}", denial.errno)
            }
            Some(Access::Missing(errno) | Access::Busy(errno) | Access::Error(errno)) => describe(*errno),
            None => String::new(),
        };
        put("permission", &format!("{}: {may}", rights(permission)));
    }
    match &node.card {
        Some(Ok(card)) => put(
            "kernels",
            &match card.kernels() {
                Ok(why) => format!("yes: {why}"),
                Err(why) => format!("no: {why}"),
            },
        ),
        Some(Err(refusal)) => put("unusable", &refusal.what),
        None => {}
    }
    if let Some(found) = &node.found
        && node.card.is_none()
    {
        put("type", &format!("{} node, {}:{}", node.kind(), found.major, found.minor));
        if let Some(ids) = found.ids {
            put("pci", &format!("{:04x}:{:04x} {}", ids.vendor, ids.device, node.pci().unwrap_or_default()));
        }
        if let Some(note) = found.note() {
            put("note", note);
        }
    }
}

/// One card on a line or two.
fn summary(card: &Card, terseness: u8) -> String {
    let info = &card.info;
    let kernels = if card.kernels().is_ok() { "kernels: yes" } else { "kernels: no" };
    let vram = card.memory.map_or(String::new(), |memory| format!("{}, ", bytes(memory.vram.total)));
    let (name, form) = match (card.emulated, terseness) {
        (true, _) => ("software ".to_owned(), "device"),
        (false, 0..2) => (format!("{}, ", info.marketing_name), card.form()),
        (false, _) => (String::new(), card.form()),
    };
    format!("{name}{} {form}, {} CUs, {vram}{kernels}", info.gfx_target, info.active_cus)
}

/// A node that was not opened, on a line.
fn unopened(node: &Node, nodes: &[Node]) -> String {
    let Some(found) = &node.found else { return String::new() };
    let driver = found.driver().unwrap_or("driver unknown");
    let state = match (&node.card, &found.access) {
        (Some(Err(_)), _) => "opens and cannot be used, see below".into(),
        (_, Access::Denied(_)) if node.kind() == "render" && found.may_be_amdgpu() => match &node.permission {
            Some(permission) => format!("forbidden: {}", rights(permission)),
            None => "forbidden".into(),
        },
        (_, Access::Missing(errno) | Access::Busy(errno) | Access::Error(errno)) => describe(*errno),
        _ if node.kind() == "primary" => {
            let twin = |other: &&Node| other.kind() == "render" && other.pci().is_some() && other.pci() == node.pci();
            let file = |node: &Node| node.name.rsplit('/').next().unwrap_or_default().to_owned();
            match (nodes.iter().find(twin), found.note()) {
                (Some(twin), _) => format!("display node of the GPU at {}; not used", file(twin)),
                (None, Some(note)) => format!("display node; {note}"),
                (None, None) => "display node; not used".into(),
            }
        }
        _ => found.note().unwrap_or("not opened").to_owned(),
    };
    format!("{driver}, {state}")
}

fn engines(out: &mut String, report: &Report) {
    if report.nodes.iter().any(|node| node.found.is_none()) {
        wrap(out, "", "  ", "Take it with `--device emu`: always there, runs the GPU's kernels without hardware.");
        return;
    }
    let auto = &report.auto;
    let emulated = report.nodes.iter().filter(|node| node.usable() && node.engine() == Engine::Emu).count();
    let mut put = |engine: Engine, text: &str| {
        let mark = if auto.engine == engine { ">" } else { " " };
        line(out, &format!("{mark} {engine}"), 8, text);
    };
    put(
        Engine::Gpu,
        &match (auto.node.as_ref().filter(|_| auto.engine == Engine::Gpu), report.gpus) {
            (Some(node), 0..=1) => format!("yes: {node}"),
            (Some(node), gpus) => format!("yes: {gpus} devices, {node} first"),
            (None, 0) if emulated != 0 => {
                "no: the nodes here are the software device's, as in `sparkle-pm4 emulate`".into()
            }
            (None, 1..) => "yes, but SPARKLE_DEVICE_HINT names none of them".into(),
            (None, 0) if report.forbidden => "no: permission denied, see above".into(),
            (None, 0) if report.findings.is_empty() => "no".into(),
            (None, 0) => "no: see above".into(),
        },
    );
    put(
        Engine::Emu,
        &match (&report.software, &auto.node) {
            (_, Some(node)) if auto.engine == Engine::Emu => match emulated {
                1 => format!("yes: {node}, where `sparkle-pm4 emulate` has the software device"),
                count => format!("yes: {count} devices of `sparkle-pm4 emulate`, {node} first"),
            },
            (Ok(card), _) => {
                format!("yes: the software device, a {} ({}); needs no GPU", card.info.chip, card.info.gfx_target)
            }
            (Err(refusal), _) => refused(refusal),
        },
    );
    put(
        Engine::Cpu,
        &match &report.cpu {
            Ok(cpu) => {
                format!("yes: native operators, {}, {}", cpu.isa, count(cpu.threads, "thread"))
            }
            Err(refusal) => refused(refusal),
        },
    );
    wrap(out, "", "  ", &format!("auto takes {}: {}", auto.engine, auto.reason));
    if let Some((name, value)) = report.variables.iter().find(|(name, _)| *name == "SPARKLE_DEVICE") {
        wrap(out, "", "  ", &format!("{name}={value} is set: commands take that instead of auto"));
    }
    // Where something is broken, the finding's next step is the one to take.
    if !report.findings.iter().any(|finding| finding.severity == Severity::Error) {
        let devices = match (auto.engine, &report.software) {
            (Engine::Gpu, _) => "gpu,cpu",
            (_, Ok(_)) => "emu,cpu",
            (_, Err(_)) => "cpu",
        };
        let example = format!("sparkle-pm4 run conv2d --shape resnet50-conv2 --device {devices} --verify");
        wrap(out, "", "  ", &format!("try `{example}`"));
    }
}

fn refused(refusal: &Refusal) -> String {
    match &refusal.next {
        Some(next) => format!("no: {}; {next}", refusal.what),
        None => format!("no: {}", refusal.what),
    }
}

/// What only the long form has.
fn details(out: &mut String, card: &Card) {
    let info = &card.info;
    let mut put = |label: &str, text: &str| labelled(out, label, text);
    let yes = |value: bool| if value { "yes" } else { "no" };
    put(
        "identity",
        &format!(
            "family {}, external revision {:#x}, chip revision {:#x}, flags {:#x}",
            info.family, info.external_revision, info.raw.chip_rev, info.raw.ids_flags
        ),
    );
    put("drm", &format!("{}, date {}, {}", version(card), card.version.date, card.version.description));
    put("syncobj", &format!("{}; timeline: {}", yes(card.capabilities.syncobj), yes(card.capabilities.timeline)));
    if let Some(working) = card.accel_working {
        put("submission", if working { "works, says the kernel" } else { "does not work, says the kernel" });
    }
    put(
        "shape",
        &format!(
            "{} x {} arrays x {} CUs, {} of them active",
            count(info.shader_engines, "shader engine"),
            info.shader_arrays_per_engine,
            info.cus_per_shader_array,
            info.active_cus
        ),
    );
    let masks = (0..info.shader_engines.min(8)).map(|engine| {
        let arrays = (0..info.shader_arrays_per_engine.min(2)).filter_map(|array| info.cu_mask(engine, array));
        arrays.map(|mask| format!("{mask:x}")).collect::<Vec<_>>().join("/")
    });
    put("CU masks", &masks.collect::<Vec<_>>().join(" "));
    put("wave", &format!("{} lanes preferred, {} VGPRs a SIMD", info.wave_lanes, info.vgprs_per_simd));
    let now = |hz: Option<u64>| hz.map_or(String::new(), |hz| format!(", now {}", hertz(hz)));
    put("shader clk", &clock(info.raw.min_engine_clock, info.max_shader_hz, &now(card.sensors.shader_hz)));
    put("memory clk", &clock(info.raw.min_memory_clock, info.max_memory_hz, &now(card.sensors.memory_hz)));
    put("timestamp", &hertz(info.timestamp_hz));
    let sensors = [
        card.sensors.temperature_mc.map(|mc| format!("{:.1} °C", f64::from(mc) / 1000.0)),
        card.sensors.load_percent.map(|load| format!("{load} % load")),
        card.sensors.power_w.map(|power| format!("{power} W")),
    ];
    let sensors: Vec<String> = sensors.into_iter().flatten().collect();
    if !sensors.is_empty() {
        put("sensors", &sensors.join(", "));
    }
    if let Some(memory) = &card.memory {
        for (label, heap) in [("VRAM", memory.vram), ("visible", memory.visible_vram), ("GTT", memory.gtt)] {
            put(
                label,
                &format!(
                    "{}; usable {}, largest buffer {}",
                    used(heap),
                    bytes(heap.usable),
                    bytes(heap.max_allocation)
                ),
            );
        }
    }
    put("bus", &format!("{} bit, {} L2 channels", info.vram_bits, info.l2_channels));
    if info.pcie != (0, 0) {
        put("PCIe", &format!("generation {}, {} lanes", info.pcie.0, info.pcie.1));
    }
    let caches = &info.caches;
    put(
        "caches",
        &format!(
            "vector L0 {}, scalar {}, instruction {}, L1 {}, L2 {}, MALL {}",
            size(caches.l0_vector),
            size(caches.l0_scalar),
            size(caches.instruction),
            size(caches.l1),
            size(caches.l2),
            size(caches.mall)
        ),
    );
    put("VA low", &range(info.va_range));
    put("VA high", &range(info.high_va_range));
    put(
        "VA pages",
        &format!("aligned to {:#x}, fragments of {}", info.va_alignment, bytes(info.pte_fragment_bytes.into())),
    );
    for (ip, engine) in &card.ips {
        if engine.ring_mask == 0 {
            put(&ip.to_string(), "no rings");
            continue;
        }
        let (major, minor, revision) = engine.discovery;
        put(
            &ip.to_string(),
            &format!(
                "IP {major}.{minor}.{revision}, rings {:#x}, IB address aligned to {}, size to {} bytes",
                engine.ring_mask, engine.ib_start_alignment, engine.ib_size_alignment
            ),
        );
    }
    let firmware = card.firmware.iter().filter(|firmware| firmware.version != 0);
    for firmware in firmware {
        put("firmware", &format!("{} {:#x}, feature {}", firmware.name, firmware.version, firmware.feature));
    }
    if let Some(lost) = card.vram_lost_count {
        put("VRAM lost", &format!("{lost} times since the driver was loaded"));
    }
}

fn clock(min_khz: u64, max_hz: u64, now: &str) -> String {
    format!("{} to {}{now}", hertz(min_khz.saturating_mul(1000)), hertz(max_hz))
}

fn host(out: &mut String, report: &Report) {
    let host = &report.host;
    out.push_str("host\n");
    let mut put = |label: &str, text: &str| labelled(out, label, text);
    put("kernel", host.kernel.as_deref().unwrap_or("release unknown"));
    put("amdgpu", if host.amdgpu_module { "loaded or built in" } else { "not loaded" });
    host.amdgpu_blocked.iter().for_each(|line| put("blocked by", line));
    put(
        "/dev/dri",
        &match host.dri {
            DriDirectory::Missing => "does not exist".into(),
            DriDirectory::Unreadable(errno) => format!("cannot be listed: {}", describe(errno)),
            DriDirectory::Present { entries } => format!("{entries} entries"),
        },
    );
    put("container", host.container.as_ref().map_or("none", |container| container.name()));
    if host.wsl {
        put("WSL", "yes");
    }
    let identity = &host.identity;
    put("user", &named(identity.uid, identity.user.as_deref()));
    let groups: Vec<String> = identity.groups.iter().map(|group| named(group.gid, group.name.as_deref())).collect();
    put("groups", &groups.join(", "));
    for gpu in &host.amd_gpus {
        let driver = gpu.driver.as_deref().unwrap_or("no driver");
        put(
            "AMD GPU",
            &format!("{:04x}:{:04x} at {}, {driver}, {}", gpu.ids.vendor, gpu.ids.device, gpu.address, {
                if gpu.drm_nodes.is_empty() { "no DRM nodes".to_owned() } else { gpu.drm_nodes.join(", ") }
            }),
        );
    }
    for (name, value) in &report.variables {
        put(name, value);
    }
}

fn version(card: &Card) -> String {
    let version = &card.version;
    format!("{} {}.{}.{}", version.driver, version.major, version.minor, version.patch)
}

fn rings(card: &Card) -> String {
    let rings: Vec<String> = card
        .ips
        .iter()
        .filter(|(_, engine)| engine.ring_mask != 0)
        .map(|(ip, engine)| format!("{} {ip}", engine.ring_mask.count_ones()))
        .collect();
    if rings.is_empty() { "none".into() } else { rings.join(", ") }
}

/// `crw-rw---- root:render(109)`.
fn rights(permission: &Permission) -> String {
    let bit = |mask: u32, letter: char| if permission.mode & mask != 0 { letter } else { '-' };
    let mut text = String::from("c");
    for shift in [6, 3, 0] {
        text.extend([bit(4 << shift, 'r'), bit(2 << shift, 'w'), bit(1 << shift, 'x')]);
    }
    let owner = permission.owner.clone().unwrap_or_else(|| permission.uid.to_string());
    format!("{text} {owner}:{}", named(permission.gid, permission.group.as_deref()))
}

fn named(id: u32, name: Option<&str>) -> String {
    name.map_or_else(|| id.to_string(), |name| format!("{name}({id})"))
}

fn describe(errno: Errno) -> String {
    format!("{errno:?} ({})", errno.desc())
}

fn count(number: impl TryInto<u64>, what: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

fn used(heap: Heap) -> String {
    format!("{}, {} used", bytes(heap.total), bytes(heap.used))
}

fn size(value: u64) -> String {
    if value == 0 { "unknown".into() } else { bytes(value) }
}

/// One past the last address is what the kernel says.
fn range((start, end): (u64, u64)) -> String {
    if end <= start { "none".into() } else { format!("{start:#x}..{end:#x} ({})", bytes(end - start)) }
}

/// Bytes in binary units, three digits at least.
pub fn bytes(value: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let unit = if value == 0 { 0 } else { (value.ilog2() / 10) as usize };
    let scaled = value as f64 / (1u64 << (unit * 10)) as f64;
    if unit == 0 || scaled.fract() == 0.0 {
        format!("{scaled:.0} {}", UNITS[unit])
    } else {
        format!("{scaled:.1} {}", UNITS[unit])
    }
}

/// A frequency.
pub fn hertz(value: u64) -> String {
    match value {
        0 => "unknown".into(),
        1..1_000_000 => format!("{} Hz", value),
        1_000_000..1_000_000_000 => format!("{} MHz", value / 1_000_000),
        _ => format!("{:.2} GHz", value as f64 / 1e9),
    }
}

fn labelled(out: &mut String, label: &str, text: &str) {
    line(out, &format!("  {label}"), LABEL, text);
}

/// `text` behind `head`, which is at least `width` columns wide; what does not fit hangs under it.
fn line(out: &mut String, head: &str, width: usize, text: &str) {
    wrap(out, &format!("{head:<0$} ", width.saturating_sub(1)), &" ".repeat(width), text);
}

/// Lines of at most [`COLUMNS`]. Control characters (names come from files) would move the cursor.
fn wrap(out: &mut String, first: &str, rest: &str, text: &str) {
    let clean = |text: &str| -> String { text.chars().map(|c| if c.is_control() { '?' } else { c }).collect() };
    let mut line = clean(first);
    let mut empty = true;
    for word in clean(text).split_whitespace() {
        let columns = line.chars().count() + usize::from(!empty) + word.chars().count();
        if columns > COLUMNS && !empty {
            out.push_str(&line);
            out.push('\n');
            line = rest.to_owned();
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}
