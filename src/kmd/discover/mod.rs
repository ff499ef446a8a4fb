//! Which DRM nodes this machine has, what each can be used for, and why one cannot be.
//!
//! [`discover`] collects facts, [`diagnose`] turns them into findings of three parts (what failed, the evidence, what
//! to do next), [`candidates`] lists the nodes worth opening. A node that exists and may not be opened is never
//! reported as an absent GPU: [`Discovery::verdict`] keeps the two apart.
//!
//! ```
//! use sparkle_pm4::kmd::discover::{RealSystem, candidates, diagnose, discover};
//!
//! let found = discover(&RealSystem::new());
//! for finding in diagnose(&found) {
//!     eprint!("{}", finding.render(80));
//! }
//! for path in candidates(&found) {
//!     println!("{}", path.display());
//! }
//! ```
//!
//! Facts come from `/dev/dri`, `/sys/dev/char/MAJOR:MINOR/device` and `/sys/bus/pci/devices`. Only render nodes of
//! amdgpu (or of a driver that sysfs does not name) are opened: opening a primary node while nobody else holds it
//! makes the process DRM master and re-runs the console's mode setting at close, and opening another vendor's node
//! wakes a suspended GPU for nothing. The others are checked with `faccessat(2)`.

mod diagnose;
mod double;
mod system;

use std::path::{Path, PathBuf};

pub use diagnose::{CODES, Finding, Severity, diagnose};
pub use double::FakeSystem;
pub use drm::node::NodeType;
use drm::node::constants::DRM_MAJOR;
pub use system::{DriverIdentity, FileKind, FileStat, Group, Identity, RealSystem, System};

use crate::kmd::Errno;

/// PCI vendor number of AMD and ATI.
pub const PCI_VENDOR_AMD: u16 = 0x1002;

/// The name of the only kernel driver that this toolkit speaks to.
pub const DRIVER: &str = "amdgpu";

/// Numbers that identify a PCI function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PciIds {
    /// Vendor; [`PCI_VENDOR_AMD`] for AMD.
    pub vendor: u16,
    /// Device, e.g. `0x744c` for Navi31.
    pub device: u16,
    /// Revision, which tells the boards of one device number apart (`0xc8` for RX 7900 XTX).
    pub revision: Option<u8>,
}

/// Why the kernel refused to open a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenialCause {
    /// The node's group has access, and neither this session nor the user database puts the user into it.
    NotInGroup,
    /// The node's group has access and the user database puts the user into it; the session began before that.
    LoginAgain,
    /// The node's group has access, its number has no name here: the usual picture inside a container.
    UnnamedGroup,
    /// The node's group is the overflow number, so it does not exist in this user namespace (rootless containers) and
    /// no membership inside can help.
    UnmappedGroup,
    /// The mode bits give access to root alone, or withhold it from the class that the user falls into.
    Mode,
    /// `EPERM`: the device controller of the control group has no rule for DRM devices.
    DeviceCgroup,
    /// The mode bits would allow it: a security module, an ACL or a directory on the way refuses.
    Policy,
}

/// A refusal with the evidence for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// `EACCES` or `EPERM`.
    pub errno: Errno,
    /// Owner of the node.
    pub uid: u32,
    /// Name of the owner.
    pub owner: Option<String>,
    /// Group of the node.
    pub gid: u32,
    /// Name of the node's group in this machine's group database.
    pub group: Option<String>,
    /// Permission bits.
    pub mode: u32,
    /// This process is a member of the node's group.
    pub in_session: bool,
    /// The user database makes the user a member, from the next login on.
    pub in_database: bool,
    /// What the evidence amounts to.
    pub cause: DenialCause,
}

impl Denial {
    /// Whether membership in the node's group would open it.
    pub fn membership_helps(&self) -> bool {
        matches!(self.cause, DenialCause::NotInGroup | DenialCause::LoginAgain | DenialCause::UnnamedGroup)
    }
}

/// Whether a node can be opened for reading and writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// It can; for a node that discovery does not open, `faccessat(2)` says so.
    Ok,
    /// `EACCES` or `EPERM`.
    Denied(Denial),
    /// Listed in the directory and gone, or nothing behind it (`ENOENT`, `ENXIO`, `ENODEV`).
    Missing(Errno),
    /// `EBUSY` or `EAGAIN`: someone holds it exclusively, or the GPU is being reset.
    Busy(Errno),
    /// Any other error.
    Error(Errno),
}

/// One DRM node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeReport {
    /// `/dev/dri/renderD128`, `/dev/dri/card0`…
    pub path: PathBuf,
    /// Primary (mode setting, needs authentication) or render.
    pub kind: NodeType,
    /// Device number: major.
    pub major: u32,
    /// Device number: minor.
    pub minor: u32,
    /// Kernel driver bound to the device, as sysfs names it.
    pub sysfs_driver: Option<String>,
    /// What the driver answered, where the node was opened.
    pub identity: Option<DriverIdentity>,
    /// PCI address, `0000:03:00.0`; none for platform and virtual devices.
    pub pci: Option<String>,
    /// PCI numbers.
    pub ids: Option<PciIds>,
    /// Whether the firmware used this device for the boot screen.
    pub boot_vga: Option<bool>,
    /// Whether the GPU shares the processor's memory. Unknown before the node is opened: the answer is the FUSION flag
    /// of `AMDGPU_INFO_DEV_INFO`, for neither node order nor bus number tell an APU from a card.
    pub apu: Option<bool>,
    /// Whether it opens.
    pub access: Access,
    /// Where sysfs describes the device.
    pub sysfs: PathBuf,
}

impl NodeReport {
    /// The driver's name: its own answer, else what sysfs says.
    pub fn driver(&self) -> Option<&str> {
        self.identity.as_ref().map(|identity| identity.name.as_str()).or(self.sysfs_driver.as_deref())
    }

    /// Whether the device is AMD's, whatever driver holds it.
    pub fn is_amd(&self) -> bool {
        self.ids.is_some_and(|ids| ids.vendor == PCI_VENDOR_AMD) || self.is_amdgpu()
    }

    /// Whether amdgpu drives it.
    pub fn is_amdgpu(&self) -> bool {
        self.driver() == Some(DRIVER)
    }

    /// Whether amdgpu may be behind it: it is, or nothing here says what is.
    pub fn may_be_amdgpu(&self) -> bool {
        self.is_amdgpu() || (self.driver().is_none() && self.ids.is_none_or(|ids| ids.vendor == PCI_VENDOR_AMD))
    }

    /// What the driver is, for drivers that this toolkit does not speak to; `None` for amdgpu.
    pub fn note(&self) -> Option<&'static str> {
        Some(match self.driver() {
            Some(DRIVER) => return None,
            Some("radeon") => "the driver of AMD GPUs up to GCN 2; another interface than amdgpu",
            Some("nvidia" | "nvidia-drm" | "nouveau") => "NVIDIA GPU",
            Some("i915" | "xe") => "Intel GPU",
            Some("virtio_gpu" | "virtio-pci") => "virtual GPU of a virtual machine; the host's card is not reachable",
            Some("vmwgfx" | "vboxvideo" | "qxl" | "bochs-drm" | "bochs" | "cirrus" | "hyperv_drm") => {
                "virtual display of a virtual machine"
            }
            Some("vgem" | "vkms") => "software device for tests; no hardware behind it",
            Some("simpledrm" | "simple-framebuffer" | "efidrm" | "vesadrm" | "ofdrm") => {
                "boot frame buffer; no GPU driver has taken over"
            }
            Some("ast" | "mgag200") => "display of a server's management controller",
            Some("evdi" | "udl") => "display over USB",
            Some("msm" | "panfrost" | "panthor" | "lima" | "v3d" | "vc4" | "etnaviv" | "asahi" | "powervr") => {
                "GPU of a system on chip"
            }
            Some(_) => "another driver than amdgpu",
            None => "driver unknown: sysfs does not name it",
        })
    }
}

/// What stands in the place of `/dev/dri`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriDirectory {
    /// It does not exist.
    Missing,
    /// It cannot be listed.
    Unreadable(Errno),
    /// It has this many entries, links and directories included.
    Present {
        /// How many.
        entries: usize,
    },
}

/// The kind of container that this process runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Container {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
    /// A pod of Kubernetes.
    Kubernetes,
    /// LXC, LXD, Incus, Proxmox CT.
    Lxc,
    /// Another one, by the name that it gives itself.
    Other(String),
}

impl Container {
    /// Its name in prose.
    pub fn name(&self) -> &str {
        match self {
            Container::Docker => "Docker",
            Container::Podman => "Podman",
            Container::Kubernetes => "Kubernetes",
            Container::Lxc => "LXC",
            Container::Other(name) => name,
        }
    }
}

/// A display or compute function of AMD on the PCI bus, with or without a driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PciGpu {
    /// `0000:03:00.0`.
    pub address: String,
    /// Numbers.
    pub ids: PciIds,
    /// Class code, 24 bits: `0x030000` VGA, `0x038000` other display, `0x120000` accelerator.
    pub class: u32,
    /// Kernel driver bound to it.
    pub driver: Option<String>,
    /// Names of the DRM nodes that the kernel made for it, present in this `/dev` or not.
    pub drm_nodes: Vec<String>,
}

/// The machine around the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostReport {
    /// `/dev/dri`.
    pub dri: DriDirectory,
    /// Whether amdgpu is loaded or built in (`/sys/module/amdgpu`).
    pub amdgpu_module: bool,
    /// What keeps amdgpu from loading: kernel arguments and modprobe lines, as `PLACE: TEXT`.
    pub amdgpu_blocked: Vec<String>,
    /// AMD's GPUs on the PCI bus.
    pub amd_gpus: Vec<PciGpu>,
    /// The container around this process.
    pub container: Option<Container>,
    /// Windows Subsystem for Linux: GPUs are behind `/dev/dxg`, which is not DRM.
    pub wsl: bool,
    /// Release of the running kernel.
    pub kernel: Option<String>,
    /// Who this process is.
    pub identity: Identity,
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// DRM nodes, primary ones first, by minor number.
    pub nodes: Vec<NodeReport>,
    /// The machine around them.
    pub host: HostReport,
}

/// What the GPU engine can expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// At least one render node of amdgpu opens.
    Usable,
    /// None opens, and at least one is there and forbidden.
    Forbidden,
    /// None opens, for another reason than permission: busy, or an error of the driver.
    Failing,
    /// There is nothing to open.
    Absent,
}

impl Discovery {
    /// AMD GPUs on the PCI bus that have no node here.
    pub fn gpus_without_node(&self) -> impl Iterator<Item = &PciGpu> {
        self.host
            .amd_gpus
            .iter()
            .filter(|gpu| !self.nodes.iter().any(|node| node.pci.as_deref() == Some(gpu.address.as_str())))
    }

    /// Render nodes through which amdgpu would be reached if they opened: its own, and those whose driver is unknown.
    pub fn amdgpu_nodes(&self) -> impl Iterator<Item = &NodeReport> {
        self.nodes.iter().filter(|node| node.kind == NodeType::Render && node.may_be_amdgpu())
    }

    /// Whether no render node belongs to the same PCI device as this primary node.
    fn is_alone(&self, primary: &NodeReport) -> bool {
        !self.nodes.iter().any(|node| {
            node.kind == NodeType::Render && (primary.pci.is_none() || node.pci.is_none() || node.pci == primary.pci)
        })
    }

    /// Usable, forbidden, failing or absent: different exit codes.
    pub fn verdict(&self) -> Verdict {
        if !candidates(self).is_empty() {
            Verdict::Usable
        } else if matches!(self.host.dri, DriDirectory::Unreadable(Errno::EACCES | Errno::EPERM))
            || self.amdgpu_nodes().any(|node| matches!(node.access, Access::Denied(_)))
        {
            Verdict::Forbidden
        } else if self.amdgpu_nodes().any(|node| matches!(node.access, Access::Busy(_) | Access::Error(_))) {
            Verdict::Failing
        } else {
            Verdict::Absent
        }
    }
}

/// Render nodes of amdgpu that open, by minor number. Which of them has a gfx target that there are kernels for is
/// known after opening.
pub fn candidates(discovery: &Discovery) -> Vec<PathBuf> {
    discovery
        .nodes
        .iter()
        .filter(|node| node.kind == NodeType::Render && node.is_amdgpu() && node.access == Access::Ok)
        .map(|node| node.path.clone())
        .collect()
}

/// Looks at every DRM node and at the machine around them. Never fails: what cannot be read is absent from the report.
pub fn discover(system: &dyn System) -> Discovery {
    let identity = system.identity();
    let directory = Path::new("/dev/dri");
    let (dri, names) = match system.list(directory) {
        Ok(names) => (DriDirectory::Present { entries: names.len() }, names),
        Err(Errno::ENOENT | Errno::ENOTDIR) => (DriDirectory::Missing, Vec::new()),
        Err(errno) => (DriDirectory::Unreadable(errno), Vec::new()),
    };
    let mut nodes: Vec<_> =
        names.iter().filter_map(|name| node(system, &identity, &directory.join(name), name)).collect();
    nodes.sort_by_key(|node| (node.kind == NodeType::Render, node.major, node.minor));
    let (container, wsl) = (container(system), is_wsl(system));
    let host = HostReport {
        dri,
        amdgpu_module: system.stat(Path::new("/sys/module/amdgpu")).is_ok(),
        amdgpu_blocked: blocked(system),
        amd_gpus: amd_gpus(system),
        container,
        wsl,
        kernel: trimmed(system, "/proc/sys/kernel/osrelease"),
        identity,
    };
    Discovery { nodes, host }
}

/// The kind of a node. The minor number says it up to 191; above, the kernel numbers both kinds from one range and
/// the name alone tells (Linux `drivers/gpu/drm/drm_drv.c`).
fn node_type(name: &str, major: u32, minor: u32) -> Option<NodeType> {
    match (major, minor) {
        (DRM_MAJOR, 0..=63) => Some(NodeType::Primary),
        (DRM_MAJOR, 64..=127) => None,
        (DRM_MAJOR, 128..=191) => Some(NodeType::Render),
        _ => named_type(name),
    }
}

fn named_type(name: &str) -> Option<NodeType> {
    [NodeType::Render, NodeType::Primary].into_iter().find(|kind| name.starts_with(kind.minor_name_prefix()))
}

fn node(system: &dyn System, identity: &Identity, path: &Path, name: &str) -> Option<NodeReport> {
    let stat = match system.stat(path) {
        Ok(stat) => stat,
        // A name of a node without a file behind it: a dangling link, or the device left while the list was read.
        Err(errno) => {
            return Some(NodeReport {
                path: path.to_owned(),
                kind: named_type(name)?,
                major: 0,
                minor: 0,
                sysfs_driver: None,
                identity: None,
                pci: None,
                ids: None,
                boot_vga: None,
                apu: None,
                access: Access::Missing(errno),
                sysfs: PathBuf::new(),
            });
        }
    };
    let FileKind::CharDevice { major, minor } = stat.kind else { return None };
    let kind = node_type(name, major, minor)?;
    let device = PathBuf::from(format!("/sys/dev/char/{major}:{minor}/device"));
    let uevent = system.read(&device.join("uevent")).unwrap_or_default();
    let uevent = |key: &str| {
        uevent.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(|value| value.trim().to_owned())
    };
    let pci = uevent("PCI_SLOT_NAME");
    let mut report = NodeReport {
        path: path.to_owned(),
        kind,
        major,
        minor,
        sysfs_driver: link_name(system, &device.join("driver")).or_else(|| uevent("DRIVER")),
        identity: None,
        ids: pci_ids(system, &device).or_else(|| parse_pci_id(&uevent("PCI_ID")?)),
        boot_vga: trimmed(system, device.join("boot_vga")).map(|value| value == "1"),
        apu: None,
        access: Access::Ok,
        sysfs: match &pci {
            Some(address) => Path::new("/sys/bus/pci/devices").join(address),
            None => device,
        },
        pci,
    };
    let opened = if kind == NodeType::Render && report.may_be_amdgpu() {
        system.open_node(path)
    } else {
        system.access(path).map(|()| None)
    };
    match opened {
        Ok(identity) => report.identity = identity,
        Err(errno @ (Errno::EACCES | Errno::EPERM)) => {
            report.access = Access::Denied(denial(system, identity, stat, errno));
        }
        Err(errno @ (Errno::ENOENT | Errno::ENXIO | Errno::ENODEV)) => report.access = Access::Missing(errno),
        Err(errno @ (Errno::EBUSY | Errno::EAGAIN)) => report.access = Access::Busy(errno),
        Err(errno) => report.access = Access::Error(errno),
    }
    Some(report)
}

/// Reconstructs the decision of the kernel's `generic_permission()`: one class of bits is consulted, the owner's for
/// the owner, the group's for members, the last one for everybody else.
fn denial(system: &dyn System, identity: &Identity, stat: FileStat, errno: Errno) -> Denial {
    let in_session = identity.groups.iter().any(|group| group.gid == stat.gid);
    let in_database = identity.database_gids.contains(&stat.gid);
    let group = system.group_name(stat.gid);
    let overflow = trimmed(system, "/proc/sys/kernel/overflowgid").and_then(|text| text.parse().ok()).unwrap_or(65534);
    let allows = |shift: u32| (stat.mode >> shift) & 0o6 == 0o6;
    let is_owner = identity.uid == stat.uid;
    let class = match (is_owner, in_session) {
        (true, _) => 6,
        (false, true) => 3,
        (false, false) => 0,
    };
    let cause = if errno == Errno::EPERM {
        DenialCause::DeviceCgroup
    } else if stat.gid == overflow && !is_owner && allows(3) && !allows(0) {
        // Membership counts for nothing here: every group that is not mapped shows as this number.
        DenialCause::UnmappedGroup
    } else if allows(class) {
        DenialCause::Policy
    } else if class != 0 || !allows(3) || stat.gid == 0 {
        DenialCause::Mode
    } else if in_database {
        DenialCause::LoginAgain
    } else if group.is_none() {
        DenialCause::UnnamedGroup
    } else {
        DenialCause::NotInGroup
    };
    Denial {
        errno,
        uid: stat.uid,
        owner: system.user_name(stat.uid),
        gid: stat.gid,
        group,
        mode: stat.mode,
        in_session,
        in_database,
        cause,
    }
}

fn trimmed(system: &dyn System, path: impl AsRef<Path>) -> Option<String> {
    Some(system.read(path.as_ref()).ok()?.trim().to_owned())
}

/// The last part of what a link points to: sysfs names drivers that way.
fn link_name(system: &dyn System, path: &Path) -> Option<String> {
    Some(system.read_link(path).ok()?.file_name()?.to_string_lossy().into_owned())
}

fn hex(system: &dyn System, path: PathBuf) -> Option<u32> {
    u32::from_str_radix(trimmed(system, path)?.trim_start_matches("0x"), 16).ok()
}

fn pci_ids(system: &dyn System, device: &Path) -> Option<PciIds> {
    Some(PciIds {
        vendor: hex(system, device.join("vendor"))?.try_into().ok()?,
        device: hex(system, device.join("device"))?.try_into().ok()?,
        revision: hex(system, device.join("revision")).and_then(|revision| revision.try_into().ok()),
    })
}

/// `PCI_ID=1002:744C` of a uevent file.
fn parse_pci_id(text: &str) -> Option<PciIds> {
    let (vendor, device) = text.split_once(':')?;
    Some(PciIds {
        vendor: u16::from_str_radix(vendor, 16).ok()?,
        device: u16::from_str_radix(device, 16).ok()?,
        revision: None,
    })
}

fn amd_gpus(system: &dyn System) -> Vec<PciGpu> {
    let bus = Path::new("/sys/bus/pci/devices");
    let mut gpus = Vec::new();
    for address in system.list(bus).unwrap_or_default() {
        let device = bus.join(&address);
        let (Some(ids), Some(class)) = (pci_ids(system, &device), hex(system, device.join("class"))) else { continue };
        // Base class 0x03 is a display controller; 0x12 a processing accelerator, which the Instinct boards report.
        if ids.vendor != PCI_VENDOR_AMD || !matches!(class >> 16, 0x03 | 0x12) {
            continue;
        }
        let drm_nodes = system.list(&device.join("drm")).unwrap_or_default();
        gpus.push(PciGpu {
            ids,
            class,
            driver: link_name(system, &device.join("driver")),
            drm_nodes: drm_nodes.into_iter().filter(|name| named_type(name).is_some()).collect(),
            address,
        });
    }
    gpus
}

/// Kernel arguments and modprobe configuration that keep amdgpu from loading.
fn blocked(system: &dyn System) -> Vec<String> {
    let mut found = Vec::new();
    for argument in trimmed(system, "/proc/cmdline").unwrap_or_default().split_whitespace() {
        let blocks = match argument.split_once('=') {
            None => argument == "nomodeset",
            Some(("module_blacklist" | "modprobe.blacklist" | "rd.driver.blacklist", list)) => {
                list.split(',').any(|module| module == DRIVER)
            }
            Some(("amdgpu.modeset", value)) => value == "0",
            Some(_) => false,
        };
        if blocks {
            found.push(format!("kernel argument: {argument}"));
        }
    }
    for directory in ["/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d"].map(Path::new) {
        for name in system.list(directory).unwrap_or_default() {
            if !name.ends_with(".conf") {
                continue;
            }
            let path = directory.join(name);
            for line in system.read(&path).unwrap_or_default().lines() {
                let words: Vec<_> = line.split_whitespace().collect();
                let blocks = match words[..] {
                    ["blacklist", DRIVER, ..] => true,
                    ["install", DRIVER, command, ..] => {
                        command.ends_with("/true") || command.ends_with("/false") || command == ":"
                    }
                    _ => false,
                };
                if blocks {
                    found.push(format!("{}: {}", path.display(), words.join(" ")));
                }
            }
        }
    }
    found
}

fn container(system: &dyn System) -> Option<Container> {
    if system.env("KUBERNETES_SERVICE_HOST").is_some() {
        return Some(Container::Kubernetes);
    }
    if system.stat(Path::new("/run/.containerenv")).is_ok() {
        return Some(Container::Podman);
    }
    // The container manager's word to an init in the container (systemd's container interface), or to every process.
    let named = system.env("container").or_else(|| trimmed(system, "/run/systemd/container"));
    match named.as_deref() {
        Some("docker") => return Some(Container::Docker),
        Some("podman") => return Some(Container::Podman),
        Some("lxc" | "lxc-libvirt") => return Some(Container::Lxc),
        Some("" | "wsl") | None => {}
        Some(other) => return Some(Container::Other(other.to_owned())),
    }
    // With a private control-group namespace this file is only `0::/`, hence last but for the marker of Docker,
    // which pods have as well.
    let cgroup = system.read(Path::new("/proc/1/cgroup")).unwrap_or_default();
    let is = |word: &str| cgroup.lines().any(|line| line.split('/').any(|part| part.starts_with(word)));
    if is("kubepods") {
        Some(Container::Kubernetes)
    } else if is("libpod") {
        Some(Container::Podman)
    } else if system.stat(Path::new("/.dockerenv")).is_ok() || is("docker") {
        Some(Container::Docker)
    } else if is("lxc") {
        Some(Container::Lxc)
    } else {
        None
    }
}

fn is_wsl(system: &dyn System) -> bool {
    system.stat(Path::new("/dev/dxg")).is_ok()
        || trimmed(system, "/proc/sys/kernel/osrelease").is_some_and(|r| r.to_ascii_lowercase().contains("microsoft"))
}

#[cfg(test)]
mod tests;
