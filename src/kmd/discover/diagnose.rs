//! From facts to advice.

use std::fmt::Write as _;

use super::{
    Access, Container, DRIVER, Denial, DenialCause, Discovery, DriDirectory, HostReport, Identity, NodeReport,
    NodeType, PciGpu, candidates,
};
use crate::kmd::Errno;

/// How much a finding matters to the GPU engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// An AMD GPU is there, or may be, and no GPU can be used because of this.
    Error,
    /// A GPU may be hidden, or one is unusable beside another that works.
    Warning,
    /// Worth knowing; nothing is broken.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// Every code that [`diagnose`] gives, with its meaning.
pub const CODES: &[(&str, &str)] = &[
    ("dri-unreadable", "/dev/dri exists and cannot be listed"),
    ("node-not-in-group", "the user is not in the group that the node belongs to"),
    ("node-login-again", "the user is in the node's group from the next login on"),
    ("node-unnamed-group", "the user is not in the node's group, which has no name here"),
    ("node-unmapped-group", "the node's group does not exist in this user namespace"),
    ("node-mode", "the node's mode bits give access to root alone"),
    ("node-device-cgroup", "the control group's device rules refuse the node"),
    ("node-policy", "the mode bits allow the node, and a security module, an ACL or a directory refuses it"),
    ("node-vanished", "there is no device behind the node"),
    ("node-busy", "the node is held exclusively, or the GPU is being reset"),
    ("node-open-failed", "opening the node fails with another error"),
    ("node-unidentified", "the node opens and no driver answers"),
    ("amd-no-driver", "an AMD GPU on the PCI bus has no driver"),
    ("amd-vfio", "an AMD GPU is bound to a pass-through driver for virtual machines"),
    ("amd-other-driver", "an AMD GPU is bound to a driver other than amdgpu"),
    ("amd-no-drm-device", "amdgpu holds a GPU and has made no DRM device"),
    ("amd-node-missing", "the kernel made a node that /dev/dri does not have"),
    ("amd-primary-only", "a GPU has cardN in /dev/dri and not renderDN"),
    ("container-no-dri", "a container was started without DRM nodes"),
    ("wsl-no-drm", "under WSL, GPUs are not reached through DRM"),
    ("several-amd-gpus", "more than one AMD GPU can be opened"),
    ("no-amd-node", "there are DRM nodes, none of them of an AMD GPU"),
    ("no-dri", "/dev/dri does not exist"),
    ("dri-empty", "/dev/dri has no DRM node"),
];

/// One thing that stands between this process and an AMD GPU. Commands in the texts stand between backquotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Stable name for scripts, in kebab case.
    pub code: &'static str,
    /// What failed, in one sentence without a full stop.
    pub what: String,
    /// What was seen, one fact an item.
    pub evidence: Vec<String>,
    /// What to do, one step or alternative an item.
    pub next: Vec<String>,
}

impl Finding {
    fn new(severity: Severity, code: &'static str, what: impl Into<String>) -> Self {
        Finding { severity, code, what: what.into(), evidence: Vec::new(), next: Vec::new() }
    }

    fn saw(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    fn then(mut self, next: impl Into<String>) -> Self {
        self.next.push(next.into());
        self
    }

    /// Text in lines of at most `width` columns, each ended by a line feed. A word that is wider stands alone on its
    /// line, unbroken, so that paths and commands can be copied; text between backquotes is kept together if it fits.
    pub fn render(&self, width: usize) -> String {
        let mut out = String::new();
        let head = format!("{}[{}]: ", self.severity.name(), self.code);
        wrap(&mut out, &head, "  ", &self.what, width);
        for (label, items) in [("  evidence: ", &self.evidence), ("  next:     ", &self.next)] {
            let (blank, hanging) = (" ".repeat(label.len()), " ".repeat(label.len() + 2));
            for (index, item) in items.iter().enumerate() {
                wrap(&mut out, if index == 0 { label } else { &blank }, &hanging, item, width);
            }
        }
        out
    }
}

/// Splits at spaces, except inside backquotes where the quoted text has at most `room` columns.
fn words(text: &str, room: usize) -> Vec<String> {
    let single: Vec<_> = text.split_whitespace().collect();
    let toggles = |word: &str| word.matches('`').count() % 2 == 1;
    let mut words = Vec::new();
    let mut at = 0;
    while at < single.len() {
        let mut end = at + 1;
        if toggles(single[at])
            && let Some(close) = single[end..].iter().position(|word| toggles(word))
            && single[at..=end + close].join(" ").chars().count() <= room
        {
            end += close + 1;
        }
        words.push(single[at..end].join(" "));
        at = end;
    }
    words
}

/// Control characters (a group's name may hold any) would let file contents move the cursor.
fn wrap(out: &mut String, first: &str, rest: &str, text: &str, width: usize) {
    let text: String = text.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let mut line = first.to_owned();
    let mut empty = true;
    let label = first.chars().count().max(rest.chars().count());
    for word in words(&text, width.saturating_sub(label)) {
        let wide = line.chars().count() + usize::from(!empty) + word.chars().count() > width;
        // A first line that holds nothing but its label is kept: the label must not stand alone.
        if wide && !empty {
            out.push_str(&line);
            out.push('\n');
            line = rest.to_owned();
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(&word);
        empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

/// Explains a discovery, the most important finding first. There is at least one unless some node is usable.
pub fn diagnose(discovery: &Discovery) -> Vec<Finding> {
    let host = &discovery.host;
    let usable = candidates(discovery);
    let problem = if usable.is_empty() { Severity::Error } else { Severity::Warning };
    let mut findings = Vec::new();

    if let DriDirectory::Unreadable(errno) = host.dri {
        findings.push(
            Finding::new(Severity::Error, "dri-unreadable", "/dev/dri cannot be listed")
                .saw(format!("{} for {}", describe(errno), user(&host.identity)))
                .then("`ls -ld /dev /dev/dri` shows whose it is; it is 0755 root:root where nothing changed it"),
        );
    }
    denied(discovery, problem, &mut findings);
    for node in discovery.amdgpu_nodes() {
        findings.extend(unopenable(node, host, problem));
    }
    let hidden = discovery.nodes.is_empty() && host.container.is_some() && host.dri_listed();
    for gpu in discovery.gpus_without_node() {
        let driven = gpu.driver.as_deref() == Some(DRIVER);
        // Its nodes may well be there: the container's or the directory's finding says what is to be done.
        if !(driven && (hidden || !host.dri_listed())) {
            findings.push(without_node(gpu, host, usable.is_empty()));
        }
    }
    if let (true, Some(container)) = (hidden, &host.container) {
        findings.push(no_dri_in_container(discovery, container));
    }
    for node in &discovery.nodes {
        if node.kind == NodeType::Primary && node.is_amdgpu() && discovery.is_alone(node) {
            findings.push(primary_only(node, host, problem));
        }
        let repeats = node.kind == NodeType::Render && discovery.has_primary(node);
        if node.is_amd() && !node.may_be_amdgpu() && !repeats {
            findings.push(
                Finding::new(Severity::Warning, "amd-other-driver", "an AMD GPU is held by another driver than amdgpu")
                    .saw(node_line(node))
                    .saw(node.note().unwrap_or_default())
                    .then(OTHER_DRIVER),
            );
        }
    }
    if host.wsl && !discovery.amdgpu_nodes().any(NodeReport::is_amdgpu) {
        findings.push(
            Finding::new(
                Severity::Warning,
                "wsl-no-drm",
                "WSL has no amdgpu: a GPU of the Windows host is out of reach",
            )
            .saw(format!("kernel {}", host.kernel.as_deref().unwrap_or("release unknown")))
            .saw("WSL gives GPUs through /dev/dxg, which is not DRM")
            .then("boot Linux on the machine itself to use the card")
            .then(ELSEWHERE),
        );
    }
    if usable.len() > 1 {
        findings.push(several(discovery, usable.len()));
    }
    if usable.is_empty() && findings.is_empty() {
        findings.push(nothing(discovery));
    }
    findings.sort_by_key(|finding| finding.severity);
    findings
}

const ELSEWHERE: &str =
    "without a GPU: `--device emu` runs the same kernels on the software device, `--device cpu` native operators";

const OTHER_DRIVER: &str = "amdgpu alone drives RDNA GPUs; those that radeon holds are older";

/// devtmpfs makes the files, not udev: what is missing was deleted, or this is another file system.
const NOT_THE_KERNELS_DEV: &str = "in a chroot or sandbox, bring in the host's /dev/dri (`mount --rbind /dev ROOT/dev`, bubblewrap \
     `--dev-bind /dev/dri /dev/dri`); a file that was deleted is back after a reboot";

impl HostReport {
    fn dri_listed(&self) -> bool {
        !matches!(self.dri, DriDirectory::Unreadable(_))
    }
}

impl Discovery {
    fn has_primary(&self, node: &NodeReport) -> bool {
        self.nodes.iter().any(|other| other.kind == NodeType::Primary && other.pci.is_some() && other.pci == node.pci)
    }
}

/// `EACCES (Permission denied)`.
fn describe(errno: Errno) -> String {
    format!("{errno:?} ({})", errno.desc())
}

fn user(identity: &Identity) -> String {
    identity.user.clone().unwrap_or_else(|| format!("uid {}", identity.uid))
}

/// A name as a shell argument: directory services have names with spaces and backslashes.
fn shell(name: &str) -> String {
    if name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) && !name.is_empty() {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

fn named(id: u32, name: Option<&str>) -> String {
    name.map_or_else(|| id.to_string(), |name| format!("{name}({id})"))
}

/// `crw-rw----`, as `ls -l` prints a character device.
fn mode_text(mode: u32) -> String {
    let bit = |mask: u32, letter: char| if mode & mask != 0 { letter } else { '-' };
    let mut text = String::from("c");
    for shift in [6, 3, 0] {
        text.extend([bit(4 << shift, 'r'), bit(2 << shift, 'w'), bit(1 << shift, 'x')]);
    }
    text
}

fn join(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().collect::<Vec<_>>().join(", ")
}

/// `/dev/dri/renderD128: amdgpu, 1002:744c at 0000:03:00.0`.
fn node_line(node: &NodeReport) -> String {
    let mut line = format!("{}: {}", node.path.display(), node.driver().unwrap_or("driver unknown"));
    if let Some(ids) = node.ids {
        let _ = write!(line, ", {:04x}:{:04x}", ids.vendor, ids.device);
    }
    if let Some(address) = &node.pci {
        let _ = write!(line, " at {address}");
    }
    line
}

fn gpu_name(gpu: &PciGpu) -> String {
    format!("the AMD GPU {:04x}:{:04x} at {}", gpu.ids.vendor, gpu.ids.device, gpu.address)
}

/// Nodes that are refused for one reason share a finding: a machine with eight GPUs has one problem, not eight.
fn denied(discovery: &Discovery, severity: Severity, findings: &mut Vec<Finding>) {
    let host = &discovery.host;
    let mut groups: Vec<(&Denial, Vec<&NodeReport>)> = Vec::new();
    for node in discovery.amdgpu_nodes() {
        let Access::Denied(denial) = &node.access else { continue };
        match groups.iter_mut().find(|(known, _)| *known == denial) {
            Some((_, nodes)) => nodes.push(node),
            None => groups.push((denial, vec![node])),
        }
    }
    for (denial, nodes) in groups {
        let code = match denial.cause {
            DenialCause::NotInGroup => "node-not-in-group",
            DenialCause::LoginAgain => "node-login-again",
            DenialCause::UnnamedGroup => "node-unnamed-group",
            DenialCause::UnmappedGroup => "node-unmapped-group",
            DenialCause::Mode => "node-mode",
            DenialCause::DeviceCgroup => "node-device-cgroup",
            DenialCause::Policy => "node-policy",
        };
        let paths = join(nodes.iter().map(|node| node.path.display().to_string()));
        let known = nodes.iter().all(|node| node.is_amd());
        let whose = match (known, nodes.len()) {
            (true, 1) => "the render node of an AMD GPU",
            (true, _) => "render nodes of AMD GPUs",
            (false, _) => "which may belong to an AMD GPU",
        };
        let mut finding =
            Finding::new(severity, code, format!("{} may not open {paths}, {whose}", user(&host.identity)));
        for node in nodes {
            finding = finding.saw(node_line(node));
        }
        finding = finding.saw(format!(
            "{} {}:{}, mode {:04o}, {}",
            mode_text(denial.mode),
            named(denial.uid, denial.owner.as_deref()),
            named(denial.gid, denial.group.as_deref()),
            denial.mode,
            describe(denial.errno),
        ));
        let groups = join(host.identity.groups.iter().map(|group| named(group.gid, group.name.as_deref())));
        finding = finding.saw(format!("groups of this process: {groups}"));
        findings.push(advise(finding, denial, host));
    }
}

fn advise(finding: Finding, denial: &Denial, host: &HostReport) -> Finding {
    let gid = denial.gid;
    let account = host.identity.user.as_deref().map_or_else(|| "USER".to_owned(), shell);
    match (denial.cause, &host.container) {
        (DenialCause::NotInGroup | DenialCause::UnnamedGroup, Some(container)) => {
            let number = format!("the node belongs to group {gid} of the host; a container joins it by number");
            finding.saw(number).then(container.join_group(gid))
        }
        (DenialCause::NotInGroup, None) => {
            let group = shell(denial.group.as_deref().unwrap_or("GROUP"));
            finding.then(format!("`sudo usermod -aG {group} {account}`")).then("then log out and log in again")
        }
        (DenialCause::UnnamedGroup, None) => finding
            .saw(format!("group {gid} has no name here"))
            .then(format!("in a container: start it with `--group-add {gid}`"))
            .then(format!(
                "on the machine itself: `sudo groupadd -g {gid} gpu`, `sudo usermod -aG gpu {account}`, then log out \
                 and log in again"
            )),
        (DenialCause::LoginAgain, container) => {
            let group = named(gid, denial.group.as_deref());
            let finding =
                finding.saw(format!("the group file has {account} in {group}; this session began before that"));
            let finding = match &denial.group {
                Some(name) if container.is_none() => {
                    finding.then(format!("log out and log in again, or `newgrp {}` for this shell alone", shell(name)))
                }
                _ => finding.then("log out and log in again"),
            };
            match container {
                Some(container) => finding.then(container.join_group(gid)),
                None => {
                    finding.then("`systemctl --user` services and tmux keep the old groups until they are restarted")
                }
            }
        }
        (DenialCause::UnmappedGroup, container) => finding
            .saw(format!("group {gid} stands for every group that this user namespace does not map"))
            .then(match container {
                Some(Container::Podman) | None => {
                    "rootless Podman: `podman run --device /dev/dri --group-add keep-groups …`, with the user in the \
                     node's group on the host"
                        .to_owned()
                }
                Some(_) => {
                    "map the node's group into the container, or give the node a group that is mapped".to_owned()
                }
            }),
        (DenialCause::Mode, container) => {
            let place = if container.is_some() { "on the host, " } else { "" };
            let why = if host.identity.uid == denial.uid {
                format!("mode {:04o} withholds reading or writing from the owner", denial.mode)
            } else if gid == 0 {
                "the mode bits give the node to root alone: no udev rule has set a group".to_owned()
            } else {
                format!("mode {:04o} withholds reading or writing from the group", denial.mode)
            };
            finding
                .saw(why)
                .then(format!(
                    "{place}write `SUBSYSTEM==\"drm\", KERNEL==\"renderD*\", GROUP=\"render\", MODE=\"0660\"` into \
                     /etc/udev/rules.d/70-render.rules"
                ))
                .then("then `sudo udevadm control --reload` and `sudo udevadm trigger -s drm`")
        }
        (DenialCause::DeviceCgroup, container) => {
            let finding = finding.saw("EPERM is not about mode bits: the control group's device rules refuse the node");
            match container {
                Some(container) => finding
                    .saw("a node that was bind-mounted or made with mknod is visible and stays forbidden")
                    .then(container.pass_dri()),
                None => finding.then("in a systemd unit: `DeviceAllow=char-drm rw`, and no `PrivateDevices=yes`"),
            }
        }
        (DenialCause::Policy, _) => finding
            .saw("the mode bits allow it, so something above them refuses")
            .then("`getfacl` on the node, `ls -ld /dev/dri`, and the log of the security module")
            .then("SELinux: `sudo ausearch -m avc -ts recent`; AppArmor: `sudo dmesg | grep DENIED`"),
    }
}

fn unopenable(node: &NodeReport, host: &HostReport, severity: Severity) -> Option<Finding> {
    let path = node.path.display();
    let finding = |code, what: String, errno| {
        Finding::new(severity, code, what).saw(node_line(node)).saw(format!("open: {}", describe(errno)))
    };
    match node.access {
        Access::Ok if node.driver().is_none() => Some(
            Finding::new(severity, "node-unidentified", format!("{path} opens, and no driver answers"))
                .saw(node_line(node))
                .saw("DRM_IOCTL_VERSION failed and sysfs names no driver")
                .then("a sandbox may filter ioctls or hide /sys; otherwise the file is no DRM node"),
        ),
        Access::Ok | Access::Denied(_) => None,
        Access::Missing(errno) => {
            let next = match host.container {
                Some(_) => "restart the container: its nodes were copied before the driver was loaded again",
                None => "look again; if it stays, `sudo dmesg | grep -i amdgpu` says whether the GPU was removed",
            };
            Some(finding("node-vanished", format!("there is nothing behind {path}"), errno).then(next))
        }
        Access::Busy(errno) => Some(
            finding("node-busy", format!("{path} is busy"), errno)
                .then(format!("`sudo fuser -v {path}` lists who holds it"))
                .then("a GPU reset keeps it busy for seconds: try again"),
        ),
        Access::Error(errno) => Some(
            finding("node-open-failed", format!("{path} cannot be opened"), errno)
                .then("`sudo dmesg | grep -iE 'drm|amdgpu'` for the driver's side of it"),
        ),
    }
}

fn without_node(gpu: &PciGpu, host: &HostReport, none_usable: bool) -> Finding {
    let severity = if none_usable { Severity::Error } else { Severity::Warning };
    let name = gpu_name(gpu);
    let on_host = if host.container.is_some() { "on the host: " } else { "" };
    match gpu.driver.as_deref() {
        None => {
            let loaded = if host.amdgpu_module { "loaded" } else { "not loaded" };
            let kernel = host.kernel.as_deref().unwrap_or("release unknown");
            let mut finding = Finding::new(severity, "amd-no-driver", format!("no driver is bound to {name}"))
                .saw(format!("amdgpu is {loaded}; kernel {kernel}"));
            for line in &host.amdgpu_blocked {
                finding = finding.saw(line);
            }
            if !host.amdgpu_blocked.is_empty() {
                finding.then(format!(
                    "{on_host}remove what keeps amdgpu away, rebuild the initramfs if it has a copy, reboot"
                ))
            } else if host.amdgpu_module {
                finding
                    .then(format!(
                        "{on_host}`sudo dmesg | grep -iE 'amdgpu|firmware'` says why it did not take the GPU"
                    ))
                    .then(
                        "usual causes: firmware files not installed, or a kernel older than the GPU (RDNA3: Linux 6.0)",
                    )
            } else {
                finding
                    .then(format!("{on_host}`sudo modprobe amdgpu`, then `sudo dmesg | grep -i amdgpu`"))
                    .then("if there is no such module: kernels for clouds have it in a package of extra modules")
            }
        }
        Some(driver @ ("vfio-pci" | "pci-stub" | "xen-pciback")) => {
            Finding::new(severity, "amd-vfio", format!("{name} is set aside for a virtual machine"))
                .saw(format!("driver bound: {driver}"))
                .then(format!(
                    "use it inside the virtual machine that has it, or {on_host}take it back with no machine running:"
                ))
                .then(format!("`echo {} | sudo tee /sys/bus/pci/drivers/{driver}/unbind`", gpu.address))
                .then(format!("`echo | sudo tee /sys/bus/pci/devices/{}/driver_override`", gpu.address))
                .then("`sudo modprobe amdgpu`, and if that did not take the GPU:")
                .then(format!("`echo {} | sudo tee /sys/bus/pci/drivers/amdgpu/bind`", gpu.address))
        }
        Some(DRIVER) if gpu.drm_nodes.is_empty() => {
            Finding::new(severity, "amd-no-drm-device", format!("amdgpu holds {name} without a DRM device"))
                .saw("sysfs lists no drm directory under it: initialisation has failed or is not finished")
                .then(format!("{on_host}`sudo dmesg | grep -i amdgpu`"))
        }
        Some(DRIVER) => {
            let nodes = gpu.drm_nodes.join(", ");
            let finding = Finding::new(severity, "amd-node-missing", format!("{name} has no node in /dev/dri"))
                .saw(format!("driver bound: amdgpu; the kernel made {nodes}"));
            match &host.container {
                Some(container) => {
                    let severity = if none_usable { severity } else { Severity::Note };
                    Finding { severity, ..finding.then(container.pass_dri()) }
                }
                None => finding.then(NOT_THE_KERNELS_DEV),
            }
        }
        Some(driver) => {
            Finding::new(severity, "amd-other-driver", format!("{name} is held by another driver than amdgpu"))
                .saw(format!("driver bound: {driver}"))
                .then(OTHER_DRIVER)
        }
    }
}

impl Container {
    /// How the nodes come into this kind of container.
    pub fn pass_dri(&self) -> String {
        match self {
            Container::Docker => "start it with `docker run --device /dev/dri …`".into(),
            Container::Podman => "start it with `podman run --device /dev/dri --group-add keep-groups …`".into(),
            Container::Kubernetes => {
                "install AMD's device plugin on the node and ask for `amd.com/gpu: 1` in the pod's resource limits"
                    .into()
            }
            Container::Lxc => "`incus config device add CONTAINER gpu gpu` (LXD: `lxc config …`); Proxmox: a `dev0: \
                 /dev/dri/renderD128` line"
                .into(),
            Container::Other(_) => "hand /dev/dri to the container, with the right to read and write it".into(),
        }
    }

    /// How a process in this kind of container becomes a member of a group of the host.
    pub fn join_group(&self, gid: u32) -> String {
        match self {
            Container::Docker => format!("start it with `docker run --device /dev/dri --group-add {gid} …`"),
            Container::Podman => format!(
                "start it with `podman run --device /dev/dri --group-add {gid} …` (rootless: `--group-add keep-groups`)"
            ),
            Container::Kubernetes => format!("`securityContext: {{supplementalGroups: [{gid}]}}` in the pod's spec"),
            Container::Lxc => {
                "`incus config device set CONTAINER gpu gid=N`, with a group N of the container that the user is in"
                    .into()
            }
            Container::Other(_) => format!("start it with `--group-add {gid}`, or what it has in that place"),
        }
    }
}

fn no_dri_in_container(discovery: &Discovery, container: &Container) -> Finding {
    let host = &discovery.host;
    let behind: Vec<_> = host.amd_gpus.iter().filter(|gpu| gpu.driver.as_deref() == Some(DRIVER)).collect();
    let severity = if behind.is_empty() { Severity::Warning } else { Severity::Error };
    let what = format!("this {} container was given no DRM node", container.name());
    let mut finding = Finding::new(severity, "container-no-dri", what).saw(directory(host.dri));
    if behind.is_empty() {
        finding = finding.saw("no AMD GPU with amdgpu in this container's view of the PCI bus");
    }
    for gpu in &behind {
        let nodes = if gpu.drm_nodes.is_empty() { "no nodes".to_owned() } else { gpu.drm_nodes.join(", ") };
        finding = finding.saw(format!("the host drives {} with amdgpu: {nodes}", gpu_name(gpu)));
    }
    let condition = if behind.is_empty() { "if the host has an AMD GPU: " } else { "" };
    let finding = finding.then(format!("{condition}{}", container.pass_dri()));
    if behind.is_empty() { finding.then(ELSEWHERE) } else { finding }
}

fn directory(dri: DriDirectory) -> String {
    match dri {
        DriDirectory::Missing => "/dev/dri does not exist".into(),
        DriDirectory::Unreadable(errno) => format!("/dev/dri cannot be listed: {}", describe(errno)),
        DriDirectory::Present { entries: 0 } => "/dev/dri is empty".into(),
        DriDirectory::Present { entries } => format!("entries in /dev/dri: {entries}, DRM nodes among them: 0"),
    }
}

fn primary_only(node: &NodeReport, host: &HostReport, severity: Severity) -> Finding {
    let path = node.path.display();
    let made = host
        .amd_gpus
        .iter()
        .filter(|gpu| Some(&gpu.address) == node.pci.as_ref())
        .flat_map(|gpu| &gpu.drm_nodes)
        .find(|name| name.starts_with("renderD"));
    let finding =
        Finding::new(severity, "amd-primary-only", format!("{path} has no render node beside it in /dev/dri"))
            .saw(node_line(node))
            .saw(match made {
                Some(name) => format!("the kernel made {name} for the same device"),
                None => "sysfs lists no render node for the device either".into(),
            })
            .saw("a primary node obeys the DRM master and needs authentication, a render node needs neither");
    match (&host.container, made) {
        (Some(Container::Docker | Container::Podman), Some(name)) => {
            finding.then(format!("pass the render node, instead of or beside it: `--device /dev/dri/{name}`"))
        }
        (Some(container), _) => finding.then(container.pass_dri()),
        (None, Some(_)) => finding.then(NOT_THE_KERNELS_DEV),
        (None, None) => finding.then("`sudo dmesg | grep -iE 'drm|amdgpu'`: amdgpu makes one for every GPU"),
    }
}

fn several(discovery: &Discovery, count: usize) -> Finding {
    let what = format!("{count} AMD GPUs can be opened; which one is meant is decided by gfx version, not by order");
    let mut finding = Finding::new(Severity::Note, "several-amd-gpus", what);
    let usable = candidates(discovery);
    for node in discovery.nodes.iter().filter(|node| usable.contains(&node.path)) {
        finding = finding.saw(node_line(node));
    }
    finding.then("an APU often has the first node; `sparkle-pm4 probe` opens each and prints its gfx version")
}

/// The machine simply has no GPU for this toolkit.
fn nothing(discovery: &Discovery) -> Finding {
    let host = &discovery.host;
    let (code, what) = match host.dri {
        _ if !discovery.nodes.is_empty() => ("no-amd-node", "none of the DRM nodes belongs to an AMD GPU"),
        DriDirectory::Missing => ("no-dri", "this machine has no DRM device"),
        _ => ("dri-empty", "/dev/dri has no DRM node"),
    };
    let mut finding = Finding::new(Severity::Note, code, what);
    if discovery.nodes.is_empty() {
        finding = finding.saw(directory(host.dri));
    }
    for node in discovery.nodes.iter().filter(|node| node.kind == NodeType::Render || discovery.is_alone(node)) {
        finding = finding.saw(match node.note() {
            Some(note) => format!("{} ({note})", node_line(node)),
            None => node_line(node),
        });
    }
    finding.saw("no AMD GPU on the PCI bus").then(ELSEWHERE)
}
