//! What a probe finds out, before anything is printed.

use std::path::Path;

use sparkle_pm4::Engine;
use sparkle_pm4::kmd::discover::{
    Finding, HostReport, NodeReport, NodeType, Severity, System, Verdict, candidates, diagnose, discover,
};
use sparkle_pm4::kmd::uapi::{
    INFO_ACCEL_WORKING, INFO_SENSOR, INFO_SENSOR_GFX_MCLK, INFO_SENSOR_GFX_SCLK, INFO_SENSOR_GPU_AVG_POWER,
    INFO_SENSOR_GPU_LOAD, INFO_SENSOR_GPU_TEMP,
};
use sparkle_pm4::kmd::{Capabilities, Device, DeviceInfo, Firmware, Ip, IpInfo, KmdError, Memory, Version};

/// What an open device answers; plain data, so that a test can show a machine that it does not have.
#[derive(Debug, Clone)]
pub struct Card {
    /// Whether it is the software device, be it behind a node.
    pub emulated: bool,
    pub version: Version,
    pub capabilities: Capabilities,
    pub info: DeviceInfo,
    pub ips: [(Ip, IpInfo); Ip::ALL.len()],
    pub firmware: Vec<Firmware>,
    /// Heaps, as they were at the time.
    pub memory: Option<Memory>,
    pub sensors: Sensors,
    /// Whether the kernel says that command submission works.
    pub accel_working: Option<bool>,
    pub vram_lost_count: Option<u32>,
}

/// Readings of the moment; what a device has no sensor for is absent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sensors {
    pub shader_hz: Option<u64>,
    pub memory_hz: Option<u64>,
    pub temperature_mc: Option<u32>,
    pub load_percent: Option<u32>,
    pub power_w: Option<u32>,
}

impl Card {
    /// Asks a device everything; what it does not answer is absent. That it is the software device, it doesn't say.
    pub fn of(device: &Device, emulated: bool) -> Self {
        let word = |query, args| {
            let mut bytes = [0; 4];
            device.read_info(query, args, &mut bytes).ok().map(|()| u32::from_ne_bytes(bytes))
        };
        let sensor = |kind| word(INFO_SENSOR, [kind, 0, 0, 0]);
        let mhz = |kind| sensor(kind).map(|mhz| u64::from(mhz) * 1_000_000);
        Self {
            emulated,
            version: device.version().clone(),
            capabilities: device.capabilities(),
            info: device.info().clone(),
            ips: Ip::ALL.map(|ip| (ip, *device.ip(ip))),
            firmware: device.firmware().to_vec(),
            memory: device.memory().ok(),
            sensors: Sensors {
                shader_hz: mhz(INFO_SENSOR_GFX_SCLK),
                memory_hz: mhz(INFO_SENSOR_GFX_MCLK),
                temperature_mc: sensor(INFO_SENSOR_GPU_TEMP),
                load_percent: sensor(INFO_SENSOR_GPU_LOAD),
                power_w: sensor(INFO_SENSOR_GPU_AVG_POWER),
            },
            accel_working: word(INFO_ACCEL_WORKING, [0; 4]).map(|answer| answer != 0),
            vram_lost_count: device.vram_lost_counter().ok(),
        }
    }

    /// `APU` or `card`, by the FUSION flag.
    pub fn form(&self) -> &'static str {
        if self.info.is_apu { "APU" } else { "card" }
    }

    /// SIMD units: two a compute unit on RDNA; unknown elsewhere.
    pub fn simds(&self) -> Option<u32> {
        let rdna = ["gfx10", "gfx11", "gfx12"].iter().any(|family| self.info.gfx_target.starts_with(family));
        rdna.then(|| self.info.active_cus.saturating_mul(2))
    }

    /// Why the kernels of this toolkit run on it, or do not: both names in either case.
    pub fn kernels(&self) -> Result<String, String> {
        let (built, found) = (kernels::TARGET, &self.info.gfx_target);
        let text = format!("built for {built}, and this is {found}");
        if found == built { Ok(text) } else { Err(text) }
    }
}

/// Owner, group and mode of a node.
#[derive(Debug, Clone)]
pub struct Permission {
    pub uid: u32,
    pub owner: Option<String>,
    pub gid: u32,
    pub group: Option<String>,
    pub mode: u32,
}

/// One device file, or the software device.
#[derive(Debug, Clone)]
pub struct Node {
    /// The path; `software` for the software device.
    pub name: String,
    /// What discovery says; none for the software device.
    pub found: Option<NodeReport>,
    pub permission: Option<Permission>,
    /// What opening it gave, for the nodes that are worth opening.
    pub card: Option<Result<Card, Refusal>>,
}

/// A device that cannot be used.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub code: &'static str,
    pub what: String,
    pub next: Option<String>,
}

impl From<KmdError> for Refusal {
    fn from(error: KmdError) -> Self {
        Self { code: error.code(), what: error.to_string(), next: error.hint().map(str::to_owned) }
    }
}

impl From<sparkle_pm4::Error> for Refusal {
    fn from(error: sparkle_pm4::Error) -> Self {
        Self { code: error.code(), what: error.to_string(), next: Some(error.hint()) }
    }
}

impl Node {
    pub fn open(&self) -> Option<&Card> {
        self.card.as_ref()?.as_ref().ok()
    }

    /// Whether kernels can be run through it.
    pub fn usable(&self) -> bool {
        self.found.is_some() && self.open().is_some_and(|card| card.kernels().is_ok())
    }

    /// What is behind it: the software device of `emulate` has nodes, too.
    pub fn engine(&self) -> Engine {
        match self.open() {
            Some(card) if card.emulated => Engine::Emu,
            _ => Engine::Gpu,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self.found.as_ref().map(|found| found.kind) {
            None => "software",
            Some(NodeType::Render) => "render",
            Some(NodeType::Primary) => "primary",
            Some(_) => "other",
        }
    }

    pub fn pci(&self) -> Option<&str> {
        self.found.as_ref()?.pci.as_deref()
    }

    fn matches(&self, hint: &str) -> bool {
        let target = self.open().map(|card| card.info.gfx_target.as_str());
        [Some(self.name.as_str()), self.pci(), target].into_iter().flatten().any(|name| name == hint)
    }
}

/// What `--device auto` comes to.
#[derive(Debug, Clone)]
pub struct Auto {
    pub engine: Engine,
    /// The node, where it is the GPU, or the software device behind a node.
    pub node: Option<String>,
    /// Why, without a full stop.
    pub reason: String,
}

/// The host's SIMD engine.
#[derive(Debug, Clone)]
pub struct Cpu {
    pub isa: String,
    pub threads: usize,
}

/// The whole of it.
#[derive(Debug, Clone)]
pub struct Report {
    /// What `auto` takes first, then render nodes that open, then the other render nodes, then primary ones.
    pub nodes: Vec<Node>,
    pub host: HostReport,
    /// The most important one first.
    pub findings: Vec<Finding>,
    pub software: Result<Card, Refusal>,
    pub cpu: Result<Cpu, Refusal>,
    pub auto: Auto,
    /// Nodes that the gpu engine can work through.
    pub gpus: usize,
    /// None of those, and a node that this user may not open.
    pub forbidden: bool,
    /// Variables that make a command take something else than `auto` would without them.
    pub variables: Vec<(&'static str, String)>,
}

/// Where the answers come from.
pub struct Sources<'a> {
    pub system: &'a dyn System,
    /// Opens a render node of amdgpu.
    pub open: &'a dyn Fn(&Path) -> Result<Card, Refusal>,
    pub software: &'a dyn Fn() -> Result<Card, Refusal>,
    pub cpu: &'a dyn Fn() -> Result<Cpu, Refusal>,
}

impl Report {
    /// Looks at everything.
    pub fn collect(sources: &Sources<'_>) -> Self {
        let system = sources.system;
        let found = discover(system);
        let openable = candidates(&found);
        let mut findings = diagnose(&found);
        let mut nodes: Vec<Node> = found
            .nodes
            .iter()
            .map(|report| Node {
                name: report.path.display().to_string(),
                permission: permission(system, report),
                card: openable.contains(&report.path).then(|| (sources.open)(&report.path)),
                found: Some(report.clone()),
            })
            .collect();

        let variable = |name| system.env(name).filter(|value| !value.is_empty());
        let hint = variable("SPARKLE_DEVICE_HINT");
        let software = (sources.software)();
        let cpu = (sources.cpu)();
        let usable = nodes.iter().filter(|node| node.usable()).count();
        let gpus = nodes.iter().filter(|node| node.usable() && node.engine() == Engine::Gpu).count();
        findings.extend(nodes.iter().filter_map(|node| unusable(node, usable == 0)));
        findings.extend(hint.as_deref().and_then(|hint| unmatched(&nodes, hint)));
        // Errors before warnings, and what was found first before what followed from it.
        findings.sort_by_key(|finding| finding.severity);
        let auto = choose(&nodes, hint.as_deref(), &findings);
        nodes.sort_by_key(|node| {
            let chosen = auto.node.as_ref() == Some(&node.name);
            let primary = node.kind() != "render";
            (!chosen, primary, !node.usable(), node.open().is_none())
        });
        let variables = ["SPARKLE_DEVICE", "SPARKLE_DEVICE_HINT"];
        let variables = variables.into_iter().filter_map(|name| Some((name, variable(name)?))).collect();
        let forbidden = usable == 0 && found.verdict() == Verdict::Forbidden;
        Self { nodes, host: found.host, findings, software, cpu, auto, gpus, forbidden, variables }
    }

    /// The software device in the place of the nodes.
    pub fn of_software(self) -> Result<Self, Refusal> {
        let card = self.software.clone()?;
        let node = Node { name: "software".into(), found: None, permission: None, card: Some(Ok(card)) };
        Ok(Self { nodes: vec![node], findings: Vec::new(), ..self })
    }
}

fn permission(system: &dyn System, report: &NodeReport) -> Option<Permission> {
    let stat = system.stat(&report.path).ok()?;
    Some(Permission {
        uid: stat.uid,
        owner: system.user_name(stat.uid),
        gid: stat.gid,
        group: system.group_name(stat.gid),
        mode: stat.mode,
    })
}

/// What stands against a node that opens; discovery's own findings are about those that do not.
fn unusable(node: &Node, none_usable: bool) -> Option<Finding> {
    let severity = if none_usable { Severity::Error } else { Severity::Note };
    const OTHERWISE: &str = "`--device emu` or `--device cpu` work without it";
    match node.card.as_ref()? {
        Err(refusal) => Some(Finding {
            severity,
            code: refusal.code,
            what: format!("{}: {}", node.name, refusal.what),
            evidence: vec!["the node opens, and what its driver answers rules it out".into()],
            next: refusal.next.iter().cloned().chain([OTHERWISE.into()]).collect(),
        }),
        Ok(card) => {
            let why = card.kernels().err()?;
            let chip = if card.info.chip.is_empty() { card.info.marketing_name } else { card.info.chip };
            Some(Finding {
                severity,
                code: "unsupported-gfx",
                what: format!("there are no kernels for {} ({chip}, {})", node.name, card.info.gfx_target),
                evidence: vec![format!("the kernels here are {why}")],
                next: vec![OTHERWISE.into()],
            })
        }
    }
}

/// A hint that none of the usable nodes answers to; without one of those there is a finding already.
fn unmatched(nodes: &[Node], hint: &str) -> Option<Finding> {
    let usable: Vec<&Node> = nodes.iter().filter(|node| node.usable()).collect();
    if usable.is_empty() || usable.iter().any(|node| node.matches(hint)) {
        return None;
    }
    let names = |node: &&Node| {
        let target = node.open().map(|card| card.info.gfx_target.as_str());
        [Some(node.name.as_str()), node.pci(), target].into_iter().flatten().collect::<Vec<_>>().join(", ")
    };
    Some(Finding {
        severity: Severity::Error,
        code: "hint-unmatched",
        what: format!("SPARKLE_DEVICE_HINT={hint} names no GPU that can be used"),
        evidence: usable.iter().map(names).collect(),
        next: vec!["unset it, or set it to one of those names".into()],
    })
}

/// Among the nodes with kernels and the wished-for name: cards before APUs, then in the order of the minor numbers.
fn choose(nodes: &[Node], hint: Option<&str>, findings: &[Finding]) -> Auto {
    let usable: Vec<&Node> = nodes.iter().filter(|node| node.usable()).collect();
    let mut fitting: Vec<&Node> =
        usable.iter().copied().filter(|node| hint.is_none_or(|hint| node.matches(hint))).collect();
    fitting.sort_by_key(|node| node.open().is_some_and(|card| card.info.is_apu));
    let Some(first) = fitting.first() else {
        let reason = findings.first().map_or("there is no AMD GPU here", |finding| &finding.what).to_owned();
        return Auto { engine: Engine::Cpu, node: None, reason };
    };
    let target = first.open().map_or("", |card| card.info.gfx_target.as_str());
    let apu = |node: &&Node| node.open().is_some_and(|card| card.info.is_apu);
    let opened = nodes.iter().filter(|node| node.open().is_some()).count();
    let why = match (hint, usable.len()) {
        (Some(hint), _) => format!("SPARKLE_DEVICE_HINT is {hint:?}"),
        (None, 1) if opened == 1 => format!("it opens, and there are kernels for {target}"),
        (None, 1) => format!("of {opened} GPUs it alone has kernels here, those for {target}"),
        (None, _) if usable.iter().any(apu) && !apu(first) => {
            format!("there are kernels for {target}, and cards go before APUs")
        }
        (None, count) => format!("the first of {count} with kernels here, those for {target}"),
    };
    Auto { engine: first.engine(), node: Some(first.name.clone()), reason: why }
}
