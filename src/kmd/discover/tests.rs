use super::*;

const CARD: &str = "0000:03:00.0";
const APU: &str = "0000:0e:00.0";
const VGA: u32 = 0x03_0000;

/// alice at a desktop with a Navi31 on amdgpu, whose nodes belong to group 109 of the host.
fn navi31() -> FakeSystem {
    FakeSystem::new().user(1000, "alice", &[1000, 27]).group(1000, "alice").group(27, "sudo").group(44, "video").pci(
        CARD,
        PCI_VENDOR_AMD,
        0x744c,
        VGA,
        Some("amdgpu"),
    )
}

fn forbidden() -> FakeSystem {
    navi31().node("card0", 0, 0, 44, 0o660, Some(CARD)).node("renderD128", 128, 0, 109, 0o660, Some(CARD))
}

fn nvidia_only() -> FakeSystem {
    FakeSystem::new()
        .user(1000, "alice", &[1000])
        .group(1000, "alice")
        .pci("0000:01:00.0", 0x10de, 0x2684, VGA, Some("nvidia"))
        .node("card0", 0, 0, 44, 0o666, Some("0000:01:00.0"))
        .node("renderD128", 128, 0, 109, 0o666, Some("0000:01:00.0"))
}

fn intel_and_navi31() -> FakeSystem {
    navi31()
        .pci("0000:00:02.0", 0x8086, 0xa780, VGA, Some("i915"))
        .node("card0", 0, 0, 44, 0o660, Some("0000:00:02.0"))
        .node("card1", 1, 0, 44, 0o660, Some(CARD))
        .node("renderD128", 128, 0, 109, 0o660, Some("0000:00:02.0"))
        .node("renderD129", 129, 0, 109, 0o666, Some(CARD))
}

fn apu_and_card() -> FakeSystem {
    navi31()
        .pci(APU, PCI_VENDOR_AMD, 0x164e, VGA, Some("amdgpu"))
        .node("renderD128", 128, 0, 109, 0o666, Some(APU))
        .node("renderD129", 129, 0, 109, 0o666, Some(CARD))
}

fn docker(machine: FakeSystem) -> FakeSystem {
    machine.file("/.dockerenv", "").file("/proc/1/cgroup", "0::/\n")
}

/// Every machine of this file, by name.
fn machines() -> Vec<(&'static str, FakeSystem)> {
    let pci_only = |driver| FakeSystem::new().pci(CARD, PCI_VENDOR_AMD, 0x744c, VGA, driver);
    vec![
        ("bare", FakeSystem::new()),
        ("empty-dri", FakeSystem::new().directory("/dev/dri/by-path")),
        ("docker-bare", docker(FakeSystem::new())),
        (
            "docker-hidden",
            docker(FakeSystem::new().pci(CARD, 0x1002, 0x744c, VGA, Some("amdgpu")).drm("card0", 0, CARD).drm(
                "renderD128",
                128,
                CARD,
            )),
        ),
        ("not-in-group", forbidden().group(109, "render")),
        ("docker-group", docker(forbidden())),
        ("unnamed-group", forbidden()),
        ("login-again", forbidden().group(109, "render").granted_since_login(109)),
        ("unmapped", navi31().file("/run/.containerenv", "").node("renderD128", 128, 65534, 65534, 0o660, Some(CARD))),
        ("root-only", navi31().node("renderD128", 128, 0, 0, 0o600, Some(CARD))),
        ("device-cgroup", docker(forbidden()).refuse("/dev/dri/renderD128", Errno::EPERM)),
        (
            "policy",
            navi31().node("renderD128", 128, 0, 109, 0o666, Some(CARD)).refuse("/dev/dri/renderD128", Errno::EACCES),
        ),
        ("nvidia", nvidia_only()),
        ("intel-and-navi31", intel_and_navi31()),
        ("apu-and-card", apu_and_card()),
        ("vfio", pci_only(Some("vfio-pci"))),
        ("no-driver", pci_only(None).file("/proc/sys/kernel/osrelease", "6.1.0-9-cloud-amd64\n")),
        (
            "blacklisted",
            pci_only(None)
                .file("/proc/cmdline", "quiet nomodeset modprobe.blacklist=nouveau,amdgpu\n")
                .file("/etc/modprobe.d/gpu.conf", "# why\nblacklist amdgpu\noptions amdgpu dc=1\n"),
        ),
        ("probe-failed", pci_only(None).module("amdgpu").file("/proc/sys/kernel/osrelease", "5.15.0-generic\n")),
        ("card0-only", navi31().node("card0", 0, 0, 44, 0o660, Some(CARD)).drm("renderD128", 128, CARD)),
        (
            "wsl",
            FakeSystem::new()
                .file("/dev/dxg", "")
                .file("/proc/sys/kernel/osrelease", "5.15.153.1-microsoft-standard-WSL2\n"),
        ),
        (
            "radeon",
            FakeSystem::new()
                .pci(CARD, 0x1002, 0x6779, VGA, Some("radeon"))
                .node("card0", 0, 0, 44, 0o660, Some(CARD))
                .node("renderD128", 128, 0, 109, 0o660, Some(CARD)),
        ),
        ("busy", forbidden().refuse("/dev/dri/renderD128", Errno::EBUSY)),
        ("vanished", forbidden().refuse("/dev/dri/renderD128", Errno::ENODEV)),
        ("unreadable", forbidden().refuse("/dev/dri", Errno::EACCES)),
        ("no-sysfs", FakeSystem::new().user(1000, "alice", &[1000]).node("renderD128", 128, 0, 109, 0o660, None)),
        ("no-sysfs-open", FakeSystem::new().node("renderD128", 128, 0, 109, 0o666, None)),
        ("node-missing", navi31().drm("renderD128", 128, CARD)),
    ]
}

#[test]
fn print_all() {
    for (name, machine) in machines() {
        let found = discover(&machine);
        println!("== {name}: {:?} {:?}", found.verdict(), candidates(&found));
        for finding in diagnose(&found) {
            print!("{}", finding.render(80));
        }
    }
}
