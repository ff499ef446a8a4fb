use std::collections::BTreeSet;
use std::process::Command;

use proptest::prelude::*;

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
        ("no-drm-device", navi31()),
        ("io-error", forbidden().refuse("/dev/dri/renderD128", Errno::EIO)),
        ("nameless-user", docker(forbidden()).nameless_user(12345, &[12345])),
    ]
}

/// What [`diagnose`] says of those machines, printed at 80 columns.
const GOLDEN: &[(&str, &str)] = &[
    (
        "bare",
        r#"note[no-dri]: this machine has no DRM device
  evidence: /dev/dri does not exist
            no AMD GPU on the PCI bus
  next:     without a GPU: `--device emu` runs the same kernels on the software
              device, `--device cpu` native operators
"#,
    ),
    (
        "docker-bare",
        r#"warning[container-no-dri]: this Docker container was given no DRM node
  evidence: /dev/dri does not exist
            no AMD GPU with amdgpu in this container's view of the PCI bus
  next:     if the host has an AMD GPU: start it with
              `docker run --device /dev/dri …`
            without a GPU: `--device emu` runs the same kernels on the software
              device, `--device cpu` native operators
"#,
    ),
    (
        "docker-hidden",
        r#"error[container-no-dri]: this Docker container was given no DRM node
  evidence: /dev/dri does not exist
            the host drives the AMD GPU 1002:744c at 0000:03:00.0 with amdgpu:
              card0, renderD128
  next:     start it with `docker run --device /dev/dri …`
"#,
    ),
    (
        "not-in-group",
        r#"error[node-not-in-group]: alice may not open /dev/dri/renderD128, the render
  node of an AMD GPU
  evidence: /dev/dri/renderD128: amdgpu, 1002:744c at 0000:03:00.0
            crw-rw---- root(0):render(109), mode 0660, EACCES (Permission
              denied)
            groups of this process: alice(1000), sudo(27)
  next:     `sudo usermod -aG render alice`
            then log out and log in again
"#,
    ),
    (
        "docker-group",
        r#"error[node-unnamed-group]: alice may not open /dev/dri/renderD128, the render
  node of an AMD GPU
  evidence: /dev/dri/renderD128: amdgpu, 1002:744c at 0000:03:00.0
            crw-rw---- root(0):109, mode 0660, EACCES (Permission denied)
            groups of this process: alice(1000), sudo(27)
            the node belongs to group 109 of the host; a container joins it by
              number
  next:     start it with `docker run --device /dev/dri --group-add 109 …`
"#,
    ),
    (
        "unnamed-group",
        r#"error[node-unnamed-group]: alice may not open /dev/dri/renderD128, the render
  node of an AMD GPU
  evidence: /dev/dri/renderD128: amdgpu, 1002:744c at 0000:03:00.0
            crw-rw---- root(0):109, mode 0660, EACCES (Permission denied)
            groups of this process: alice(1000), sudo(27)
            group 109 has no name here
  next:     in a container: start it with `--group-add 109`
            on the machine itself: `sudo groupadd -g 109 gpu`,
              `sudo usermod -aG gpu alice`, then log out and log in again
"#,
    ),
    (
        "login-again",
        r#"error[node-login-again]: alice may not open /dev/dri/renderD128, the render node
  of an AMD GPU
  evidence: /dev/dri/renderD128: amdgpu, 1002:744c at 0000:03:00.0
            crw-rw---- root(0):render(109), mode 0660, EACCES (Permission
              denied)
            groups of this process: alice(1000), sudo(27)
            the group file has alice in render(109); this session began before
              that
  next:     log out and log in again, or `newgrp render` for this shell alone
            `systemctl --user` services and tmux keep the old groups until they
              are restarted
"#,
    ),
    (
        "unmapped",
        r#"error[node-unmapped-group]: alice may not open /dev/dri/renderD128, the render
  node of an AMD GPU
  evidence: /dev/dri/renderD128: amdgpu, 1002:744c at 0000:03:00.0
            crw-rw---- 65534:65534, mode 0660, EACCES (Permission denied)
            groups of this process: alice(1000), sudo(27)
            group 65534 stands for every group that this user namespace does not
              map
  next:     rootless Podman:
              `podman run --device /dev/dri --group-add keep-groups …`, with the
              user in the node's group on the host
"#,
    ),
    (
        "root-only",
        r#"error[node-mode]: alice may not open /dev/dri/renderD128, the render node of an
  AMD GPU
  evidence: /dev/dri/renderD128: amdgpu, 1002:744c at 0000:03:00.0
            crw------- root(0):root(0), mode 0600, EACCES (Permission denied)
            groups of this process: alice(1000), sudo(27)
            the mode bits give the node to root alone: no udev rule has set a
              group
  next:     write `SUBSYSTEM=="drm", KERNEL=="renderD*", GROUP="render",
              MODE="0660"` into /etc/udev/rules.d/70-render.rules
            then `sudo udevadm control --reload` and
              `sudo udevadm trigger -s drm`
"#,
    ),
    (
        "device-cgroup",
        r#"error[node-device-cgroup]: alice may not open /dev/dri/renderD128, the render
  node of an AMD GPU
  evidence: /dev/dri/renderD128: amdgpu, 1002:744c at 0000:03:00.0
            crw-rw---- root(0):109, mode 0660, EPERM (Operation not permitted)
            groups of this process: alice(1000), sudo(27)
            EPERM is not about mode bits: the control group's device rules
              refuse the node
            a node that was bind-mounted or made with mknod is visible and stays
              forbidden
  next:     start it with `docker run --device /dev/dri …`
"#,
    ),
    (
        "policy",
        r#"error[node-policy]: alice may not open /dev/dri/renderD128, the render node of
  an AMD GPU
  evidence: /dev/dri/renderD128: amdgpu, 1002:744c at 0000:03:00.0
            crw-rw-rw- root(0):109, mode 0666, EACCES (Permission denied)
            groups of this process: alice(1000), sudo(27)
            the mode bits allow it, so something above them refuses
  next:     `getfacl` on the node, `ls -ld /dev/dri`, and the log of the
              security module
            SELinux: `sudo ausearch -m avc -ts recent`; AppArmor:
              `sudo dmesg | grep DENIED`
"#,
    ),
    (
        "nvidia",
        r#"note[no-amd-node]: none of the DRM nodes belongs to an AMD GPU
  evidence: /dev/dri/renderD128: nvidia, 10de:2684 at 0000:01:00.0 (NVIDIA GPU)
            no AMD GPU on the PCI bus
  next:     without a GPU: `--device emu` runs the same kernels on the software
              device, `--device cpu` native operators
"#,
    ),
    (
        "apu-and-card",
        r#"note[several-amd-gpus]: 2 AMD GPUs can be opened; which one is meant is decided
  by gfx version, not by order
  evidence: /dev/dri/renderD128: amdgpu, 1002:164e at 0000:0e:00.0
            /dev/dri/renderD129: amdgpu, 1002:744c at 0000:03:00.0
  next:     an APU often has the first node; `sparkle-pm4 probe` opens each and
              prints its gfx version
"#,
    ),
    (
        "vfio",
        r#"error[amd-vfio]: the AMD GPU 1002:744c at 0000:03:00.0 is set aside for a
  virtual machine
  evidence: driver bound: vfio-pci
  next:     use it inside the virtual machine that has it, or take it back with
              no machine running:
            `echo 0000:03:00.0 | sudo tee /sys/bus/pci/drivers/vfio-pci/unbind`
            `echo | sudo tee /sys/bus/pci/devices/0000:03:00.0/driver_override`
            `sudo modprobe amdgpu`, and if that did not take the GPU:
            `echo 0000:03:00.0 | sudo tee /sys/bus/pci/drivers/amdgpu/bind`
"#,
    ),
    (
        "blacklisted",
        r#"error[amd-no-driver]: no driver is bound to the AMD GPU 1002:744c at
  0000:03:00.0
  evidence: amdgpu is not loaded; kernel release unknown
            kernel argument: nomodeset
            kernel argument: modprobe.blacklist=nouveau,amdgpu
            /etc/modprobe.d/gpu.conf: blacklist amdgpu
  next:     remove what keeps amdgpu away, rebuild the initramfs if it has a
              copy, reboot
"#,
    ),
    (
        "probe-failed",
        r#"error[amd-no-driver]: no driver is bound to the AMD GPU 1002:744c at
  0000:03:00.0
  evidence: amdgpu is loaded; kernel 5.15.0-generic
  next:     `sudo dmesg | grep -iE 'amdgpu|firmware'` says why it did not take
              the GPU
            usual causes: firmware files not installed, or a kernel older than
              the GPU (RDNA3: Linux 6.0)
"#,
    ),
    (
        "card0-only",
        r#"error[amd-primary-only]: /dev/dri/card0 has no render node beside it in /dev/dri
  evidence: /dev/dri/card0: amdgpu, 1002:744c at 0000:03:00.0
            the kernel made renderD128 for the same device
            a primary node obeys the DRM master and needs authentication, a
              render node needs neither
  next:     in a chroot or sandbox, bring in the host's /dev/dri
              (`mount --rbind /dev ROOT/dev`, bubblewrap
              `--dev-bind /dev/dri /dev/dri`); a file that was deleted is back
              after a reboot
"#,
    ),
    (
        "wsl",
        r#"warning[wsl-no-drm]: WSL has no amdgpu: a GPU of the Windows host is out of
  reach
  evidence: kernel 5.15.153.1-microsoft-standard-WSL2
            WSL gives GPUs through /dev/dxg, which is not DRM
  next:     boot Linux on the machine itself to use the card
            without a GPU: `--device emu` runs the same kernels on the software
              device, `--device cpu` native operators
"#,
    ),
    (
        "radeon",
        r#"warning[amd-other-driver]: an AMD GPU is held by another driver than amdgpu
  evidence: /dev/dri/card0: radeon, 1002:6779 at 0000:03:00.0
            the driver of AMD GPUs up to GCN 2; another interface than amdgpu
  next:     amdgpu alone drives RDNA GPUs; those that radeon holds are older
"#,
    ),
    (
        "unreadable",
        r#"error[dri-unreadable]: /dev/dri cannot be listed
  evidence: EACCES (Permission denied) for alice
  next:     `ls -ld /dev /dev/dri` shows whose it is; it is 0755 root:root where
              nothing changed it
"#,
    ),
    ("intel-and-navi31", ""),
];

fn machine(name: &str) -> FakeSystem {
    machines().into_iter().find(|(known, _)| *known == name).expect("the machine is listed").1
}

fn codes(system: &FakeSystem) -> Vec<&'static str> {
    diagnose(&discover(system)).into_iter().map(|finding| finding.code).collect()
}

fn denial_of(system: &FakeSystem) -> Denial {
    let found = discover(system);
    let access = found.nodes.iter().find(|node| node.kind == NodeType::Render).map(|node| node.access.clone());
    match access {
        Some(Access::Denied(denial)) => denial,
        other => panic!("expected a denial, found {other:?}"),
    }
}

#[test]
fn findings_read_as_written_here() {
    for (name, golden) in GOLDEN {
        let text: String = diagnose(&discover(&machine(name))).iter().map(|finding| finding.render(80)).collect();
        assert_eq!(text, *golden, "machine {name}");
    }
}

#[test]
fn every_finding_has_three_parts_and_fits_80_columns() {
    for (name, machine) in machines() {
        for finding in diagnose(&discover(&machine)) {
            assert!(!finding.what.is_empty() && !finding.evidence.is_empty() && !finding.next.is_empty(), "{name}");
            for line in finding.render(80).lines() {
                assert!(line.chars().count() <= 80, "{name}: {line}");
            }
        }
    }
}

#[test]
fn every_listed_code_is_shown_by_some_machine_and_no_other() {
    let shown: BTreeSet<_> = machines().iter().flat_map(|(_, machine)| codes(machine)).collect();
    let listed: BTreeSet<_> = CODES.iter().map(|(code, _)| *code).collect();
    assert_eq!(listed.len(), CODES.len());
    assert_eq!(shown, listed);
    for code in listed {
        assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{code}");
    }
}

#[test]
fn a_machine_without_a_usable_gpu_is_always_explained() {
    for (name, machine) in machines() {
        let found = discover(&machine);
        let findings = diagnose(&found);
        let usable = found.verdict() == Verdict::Usable;
        assert_eq!(usable, !candidates(&found).is_empty(), "{name}");
        assert!(usable || !findings.is_empty(), "{name}");
        assert!(!usable || findings.iter().all(|finding| finding.severity != Severity::Error), "{name}");
        assert!(findings.is_sorted_by_key(|finding| finding.severity), "{name}");
    }
}

#[test]
fn a_forbidden_node_never_looks_like_no_gpu() {
    let absent = ["no-dri", "dri-empty", "no-amd-node", "container-no-dri", "wsl-no-drm"];
    let mut seen = 0;
    for (name, machine) in machines() {
        let found = discover(&machine);
        if found.amdgpu_nodes().any(|node| matches!(node.access, Access::Denied(_))) {
            assert_eq!(found.verdict(), Verdict::Forbidden, "{name}");
            assert!(diagnose(&found).iter().all(|finding| !absent.contains(&finding.code)), "{name}");
            seen += 1;
        }
    }
    assert!(seen >= 7, "{seen}");
}

#[test]
fn the_group_is_the_nodes_own_and_not_a_known_name() {
    let machine = navi31().group(992, "gpu users").node("renderD128", 128, 0, 992, 0o660, Some(CARD));
    let denial = denial_of(&machine);
    assert_eq!((denial.gid, denial.group.as_deref()), (992, Some("gpu users")));
    assert_eq!(diagnose(&discover(&machine))[0].next[0], "`sudo usermod -aG 'gpu users' alice`");
}

#[test]
fn membership_is_offered_only_where_it_opens_the_node() {
    for (name, helps) in [
        ("not-in-group", true),
        ("unnamed-group", true),
        ("login-again", true),
        ("unmapped", false),
        ("root-only", false),
        ("device-cgroup", false),
        ("policy", false),
    ] {
        assert_eq!(denial_of(&machine(name)).membership_helps(), helps, "{name}");
    }
    // The group bits are there, but nobody is advised to join root's group.
    let roots_group = navi31().node("renderD128", 128, 0, 0, 0o660, Some(CARD));
    assert_eq!(denial_of(&roots_group).cause, DenialCause::Mode);
    // What the advice promises, done: the double's permission check agrees.
    let joined = machine("not-in-group").user(1000, "alice", &[1000, 109]);
    assert_eq!(candidates(&discover(&joined)), [PathBuf::from("/dev/dri/renderD128")]);
    let member_of_nothing_useful =
        navi31().user(1000, "alice", &[109]).node("renderD128", 128, 0, 109, 0o640, Some(CARD));
    let denial = denial_of(&member_of_nothing_useful);
    assert_eq!((denial.cause, denial.in_session), (DenialCause::Mode, true));
    let findings = diagnose(&discover(&member_of_nothing_useful));
    let why = "mode 0640 withholds reading or writing from the group";
    assert!(findings[0].evidence.iter().any(|line| line == why), "{findings:?}");
}

#[test]
fn eight_forbidden_gpus_are_one_finding() {
    let machine = (0..8).fold(navi31().group(109, "render"), |machine, index| {
        let address = format!("0000:{:02x}:00.0", 0x40 + index);
        machine.pci(&address, PCI_VENDOR_AMD, 0x744c, VGA, Some("amdgpu")).node(
            &format!("renderD{}", 128 + index),
            128 + index,
            0,
            109,
            0o660,
            Some(&address),
        )
    });
    let findings = diagnose(&discover(&machine));
    assert_eq!(findings.iter().filter(|finding| finding.code == "node-not-in-group").count(), 1);
    assert!(findings[0].what.contains("/dev/dri/renderD128") && findings[0].what.contains("/dev/dri/renderD135"));
}

#[test]
fn candidates_are_the_amdgpu_render_nodes_that_open_in_order() {
    assert_eq!(candidates(&discover(&intel_and_navi31())), [PathBuf::from("/dev/dri/renderD129")]);
    let primary_opens = navi31().node("card0", 0, 0, 44, 0o666, Some(CARD));
    assert_eq!(candidates(&discover(&primary_opens)), [] as [PathBuf; 0]);
    let both = discover(&apu_and_card());
    assert_eq!(candidates(&both), ["/dev/dri/renderD128", "/dev/dri/renderD129"].map(PathBuf::from));
    assert!(both.nodes.iter().all(|node| node.apu.is_none()), "only DEV_INFO can tell");
}

#[test]
fn a_node_report_has_what_sysfs_says() {
    let found = discover(&intel_and_navi31());
    let kinds: Vec<_> = found.nodes.iter().map(|node| (node.kind, node.minor)).collect();
    use NodeType::{Primary, Render};
    assert_eq!(kinds, [(Primary, 0), (Primary, 1), (Render, 128), (Render, 129)]);
    let navi = &found.nodes[3];
    assert_eq!(navi.ids, Some(PciIds { vendor: 0x1002, device: 0x744c, revision: Some(0xc8) }));
    assert_eq!(navi.pci.as_deref(), Some(CARD));
    assert_eq!(navi.sysfs, Path::new("/sys/bus/pci/devices").join(CARD));
    assert_eq!(navi.identity.as_ref().map(|identity| identity.version), Some((3, 61, 0)));
    assert!(navi.is_amd() && navi.note().is_none());
    let intel = &found.nodes[2];
    assert_eq!((intel.driver(), intel.note(), intel.is_amd()), (Some("i915"), Some("Intel GPU"), false));
}

/// The uevent file alone is enough: some sandboxes show no other.
#[test]
fn ids_and_driver_come_from_uevent_where_nothing_else_is() {
    let machine = FakeSystem::new()
        .node("renderD128", 128, 0, 0, 0o666, None)
        .file("/sys/dev/char/226:128/device/uevent", "DRIVER=amdgpu\nPCI_ID=1002:744C\nPCI_SLOT_NAME=0000:03:00.0\n");
    let node = &discover(&machine).nodes[0];
    assert_eq!(node.sysfs_driver.as_deref(), Some("amdgpu"));
    assert_eq!(node.ids.map(|ids| (ids.vendor, ids.device)), Some((0x1002, 0x744c)));
}

#[test]
fn nodes_of_other_drivers_and_primary_nodes_are_not_opened() {
    struct Watch(FakeSystem, std::cell::RefCell<Vec<PathBuf>>);
    impl System for Watch {
        fn list(&self, path: &Path) -> Result<Vec<String>, Errno> {
            self.0.list(path)
        }
        fn read(&self, path: &Path) -> Result<String, Errno> {
            self.0.read(path)
        }
        fn read_link(&self, path: &Path) -> Result<PathBuf, Errno> {
            self.0.read_link(path)
        }
        fn stat(&self, path: &Path) -> Result<FileStat, Errno> {
            self.0.stat(path)
        }
        fn access(&self, path: &Path) -> Result<(), Errno> {
            self.0.access(path)
        }
        fn open_node(&self, path: &Path) -> Result<Option<DriverIdentity>, Errno> {
            self.1.borrow_mut().push(path.to_owned());
            self.0.open_node(path)
        }
        fn identity(&self) -> Identity {
            self.0.identity()
        }
        fn group_name(&self, gid: u32) -> Option<String> {
            self.0.group_name(gid)
        }
        fn user_name(&self, uid: u32) -> Option<String> {
            self.0.user_name(uid)
        }
        fn env(&self, name: &str) -> Option<String> {
            self.0.env(name)
        }
    }
    let watch = Watch(intel_and_navi31(), Default::default());
    discover(&watch);
    assert_eq!(*watch.1.borrow(), [PathBuf::from("/dev/dri/renderD129")]);
}

#[test]
fn minors_tell_the_kind_up_to_191_and_names_above() {
    assert_eq!(node_type("card0", DRM_MAJOR, 0), Some(NodeType::Primary));
    assert_eq!(node_type("renderD128", DRM_MAJOR, 128), Some(NodeType::Render));
    assert_eq!(node_type("anything", DRM_MAJOR, 130), Some(NodeType::Render));
    assert_eq!(node_type("controlD64", DRM_MAJOR, 64), None);
    assert_eq!(node_type("card200", DRM_MAJOR, 200), Some(NodeType::Primary));
    assert_eq!(node_type("renderD201", DRM_MAJOR, 201), Some(NodeType::Render));
    assert_eq!(node_type("by-path", 1, 3), None);
}

#[test]
fn containers_are_told_apart() {
    let kind = |machine: &FakeSystem| discover(machine).host.container;
    let bare = FakeSystem::new;
    assert_eq!(kind(&bare()), None);
    assert_eq!(kind(&docker(bare())), Some(Container::Docker));
    // Pods have Docker's marker too on nodes that run Docker.
    assert_eq!(kind(&docker(bare()).variable("KUBERNETES_SERVICE_HOST", "10.0.0.1")), Some(Container::Kubernetes));
    assert_eq!(kind(&bare().file("/run/.containerenv", "")), Some(Container::Podman));
    for (cgroup, expected) in [
        ("0::/system.slice/docker-0123.scope\n", Some(Container::Docker)),
        ("12:devices:/docker/0123\n", Some(Container::Docker)),
        ("0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-9.scope\n", Some(Container::Kubernetes)),
        ("0::/machine.slice/libpod-77.scope/container\n", Some(Container::Podman)),
        ("9:name=systemd:/lxc/web\n", Some(Container::Lxc)),
        ("0::/init.scope\n", None),
    ] {
        assert_eq!(kind(&bare().file("/proc/1/cgroup", cgroup)), expected, "{cgroup}");
    }
    assert_eq!(kind(&bare().file("/run/systemd/container", "lxc\n")), Some(Container::Lxc));
    let nspawn = Container::Other("systemd-nspawn".into());
    assert_eq!(kind(&bare().variable("container", "systemd-nspawn")), Some(nspawn));
}

#[test]
fn a_spare_gpu_beside_a_working_one_is_no_error() {
    let open = navi31().node("renderD128", 128, 0, 109, 0o666, Some(CARD));
    let spare = open.clone().pci("0000:43:00.0", PCI_VENDOR_AMD, 0x744c, VGA, Some("vfio-pci"));
    let findings = diagnose(&discover(&spare));
    assert_eq!(findings.iter().map(|f| (f.severity, f.code)).collect::<Vec<_>>(), [(Severity::Warning, "amd-vfio")]);
    // A GPU that was kept out of a container on purpose.
    let second = "0000:43:00.0";
    let kept = docker(open).pci(second, PCI_VENDOR_AMD, 0x744c, VGA, Some("amdgpu")).drm("renderD129", 129, second);
    let findings = diagnose(&discover(&kept));
    assert_eq!(
        findings.iter().map(|f| (f.severity, f.code)).collect::<Vec<_>>(),
        [(Severity::Note, "amd-node-missing")]
    );
    let third = kept.pci("0000:83:00.0", PCI_VENDOR_AMD, 0x744c, VGA, Some("vfio-pci"));
    assert_eq!(codes(&third), ["amd-vfio", "amd-node-missing"], "the warning stands before the note");
    // The GPU's audio function and other vendors' cards need no node.
    let audio = navi31().pci("0000:03:00.1", PCI_VENDOR_AMD, 0xab30, 0x04_0300, Some("snd_hda_intel"));
    assert_eq!(discover(&audio).host.amd_gpus.len(), 1);
}

#[test]
fn what_blocks_amdgpu_is_quoted_and_nothing_else() {
    let machine = FakeSystem::new()
        .file("/proc/cmdline", "root=/dev/sda1 amdgpu.modeset=0 amdgpu.dc=1 module_blacklist=nouveau\n")
        .file("/usr/lib/modprobe.d/a.conf", "#blacklist amdgpu\nblacklist amdgpu_xcp\ninstall amdgpu /bin/false\n")
        .file("/etc/modprobe.d/old.conf.bak", "blacklist amdgpu\n");
    let expected = ["kernel argument: amdgpu.modeset=0", "/usr/lib/modprobe.d/a.conf: install amdgpu /bin/false"];
    assert_eq!(discover(&machine).host.amdgpu_blocked, expected);
}

#[test]
fn control_characters_of_names_do_not_reach_the_terminal() {
    let machine = forbidden().group(109, "ren\u{1b}[2Jder");
    let text: String = diagnose(&discover(&machine)).iter().map(|finding| finding.render(80)).collect();
    assert!(text.contains("ren?[2Jder"), "{text}");
}

proptest! {
    #[test]
    fn wrapping_keeps_every_word_and_the_width(
        what in "([a-z`]{1,12} ){1,30}",
        item in "([a-z`]{1,12} ){0,60}",
        width in 40usize..120,
    ) {
        let finding = Finding {
            severity: Severity::Note,
            code: "no-dri",
            what: what.clone(),
            evidence: vec![item.clone()],
            next: Vec::new(),
        };
        let text = finding.render(width);
        for line in text.lines() {
            prop_assert!(line.chars().count() <= width, "{}", line);
        }
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let expected = words(&format!("note[no-dri]: {what} evidence: {item}"));
        prop_assert_eq!(words(&text), expected);
    }

    /// Whatever stands in sysfs and procfs, discovery and diagnosis end with an explanation.
    #[test]
    fn garbage_in_sysfs_is_survived(text in "\\PC{0,40}", number in "0x[0-9a-f]{0,9}", gid: u32, mode in 0u32..0o10000) {
        let bus = Path::new("/sys/bus/pci/devices").join(CARD);
        let machine = forbidden()
            .node("renderD129", 129, gid, gid, mode, None)
            .file("/sys/dev/char/226:129/device/uevent", &text)
            .file("/sys/dev/char/226:128/device/vendor", &number)
            .file("/proc/cmdline", &text)
            .file("/proc/1/cgroup", &text)
            .file("/proc/sys/kernel/overflowgid", &number)
            .file(bus.join("class"), &number)
            .file(bus.join("device"), &text);
        let found = discover(&machine);
        prop_assert!(found.verdict() == Verdict::Usable || !diagnose(&found).is_empty());
    }
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[test]
fn this_machine_is_described() {
    let system = RealSystem::new();
    let found = discover(&system);
    let findings = diagnose(&found);
    assert!(found.verdict() == Verdict::Usable || !findings.is_empty());
    let listed = std::fs::read_dir("/dev/dri").map(|entries| entries.count()).ok();
    match found.host.dri {
        DriDirectory::Present { entries } => assert_eq!(Some(entries), listed),
        DriDirectory::Missing | DriDirectory::Unreadable(_) => assert_eq!(listed, None),
    }
    for finding in findings {
        eprint!("{}", finding.render(80));
    }
}

/// Users, groups and modes against coreutils.
#[test]
fn identity_and_modes_agree_with_coreutils() {
    let system = RealSystem::new();
    let identity = system.identity();
    let (Some(uid), Some(gids), Some(null)) =
        (output("id", &["-u"]), output("id", &["-G"]), output("stat", &["-c", "%t:%T %u %g %a", "/dev/null"]))
    else {
        skip::skip!("no id or stat on this machine");
        return;
    };
    assert_eq!(identity.uid.to_string(), uid);
    let sorted = |mut gids: Vec<u32>| {
        gids.sort_unstable();
        gids
    };
    let ours = identity.groups.iter().map(|group| group.gid).collect();
    let theirs = gids.split_whitespace().map(|gid| gid.parse().expect("a number")).collect();
    assert_eq!(sorted(ours), sorted(theirs));
    let stat = system.stat(Path::new("/dev/null")).expect("/dev/null is there");
    let FileKind::CharDevice { major, minor } = stat.kind else { panic!("{stat:?}") };
    assert_eq!(format!("{major:x}:{minor:x} {} {} {:o}", stat.uid, stat.gid, stat.mode), null);
    assert_eq!(system.open_node(Path::new("/dev/null")), Ok(None), "no DRM driver answers there");
    assert_eq!(system.stat(Path::new("/dev/no-such-file")), Err(Errno::ENOENT));
}

/// The same files in a directory and in the double give the same report.
#[test]
fn the_real_system_reads_what_the_double_reads() {
    let root = std::env::temp_dir().join(format!("sparkle-discover-{}", std::process::id()));
    let bus = root.join("sys/bus/pci/devices").join(CARD);
    std::fs::create_dir_all(bus.join("drm/renderD128")).expect("a writable temporary directory");
    std::fs::create_dir_all(root.join("dev/dri/by-path")).expect("as before");
    std::fs::create_dir_all(root.join("proc")).expect("as before");
    for (name, text) in
        [("vendor", "0x1002\n"), ("device", "0x744c\n"), ("revision", "0xc8\n"), ("class", "0x030000\n")]
    {
        std::fs::write(bus.join(name), text).expect("as before");
    }
    std::os::unix::fs::symlink("../../../bus/pci/drivers/vfio-pci", bus.join("driver")).expect("as before");
    std::fs::write(root.join("proc/cmdline"), "nomodeset\n").expect("as before");
    let real = discover(&RealSystem::at(&root));
    std::fs::remove_dir_all(&root).expect("as before");

    let double = FakeSystem::new()
        .pci(CARD, PCI_VENDOR_AMD, 0x744c, VGA, Some("vfio-pci"))
        .drm("renderD128", 128, CARD)
        .directory("/dev/dri/by-path")
        .file("/proc/cmdline", "nomodeset\n");
    let double = discover(&double);
    assert_eq!(real.nodes, double.nodes);
    assert_eq!(real.host.dri, double.host.dri);
    assert_eq!(real.host.amd_gpus, double.host.amd_gpus);
    assert_eq!(real.host.amdgpu_blocked, double.host.amdgpu_blocked);
}
