//! The files in which programs look for a card: a folder that stands for `/dev/dri` and the card's part of `/sys`.
//!
//! Device nodes are placeholders: empty files with the sticky bit, as long as their minor number, which the preloaded
//! library opens at the server. Links are relative, so that they stay in the folder.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::protocol;
use crate::kmd;
use crate::soft::SoftNode;

const STEM: &str = "sparkle-pm4-emulate";
/// The bridge above the cards.
const BRIDGE: &str = "0000:00:01.0";

/// The folder. Its drop removes it.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
}

impl Drop for Tree {
    fn drop(&mut self) {
        // What can't be removed is found and removed by a later server.
        _ = fs::remove_dir_all(&self.root);
    }
}

impl Tree {
    /// Writes it for these cards.
    pub fn new(cards: &[SoftNode]) -> io::Result<Self> {
        let base = std::env::temp_dir();
        sweep(&base);
        let root = nix::unistd::mkdtemp(&base.join(format!("{STEM}-{}-XXXXXX", std::process::id())))?;
        let tree = Self { root };
        tree.put(protocol::LIBRARY, super::LIBRARY)?;
        for folder in ["dev/dri/by-path", "sys/class/drm", "sys/dev/char", "sys/bus/pci/devices", "sys/module/amdgpu"] {
            fs::create_dir_all(tree.root.join(folder))?;
        }
        tree.put("sys/class/drm/version", b"drm 1.1.0 20060810\n")?;
        tree.put("sys/module/amdgpu/initstate", b"live\n")?;
        tree.put("sys/module/amdgpu/refcnt", b"0\n")?;
        tree.link("../../../../module/amdgpu", "sys/bus/pci/drivers/amdgpu/module")?;
        for (index, card) in cards.iter().enumerate() {
            tree.card(index, card)?;
        }
        // What else sits on the bus stays visible.
        for other in fs::read_dir("/sys/bus/pci/devices").into_iter().flatten().flatten() {
            let here = tree.root.join("sys/bus/pci/devices").join(other.file_name());
            if here.symlink_metadata().is_err()
                && let Ok(target) = fs::canonicalize(other.path())
            {
                symlink(target, here)?;
            }
        }
        Ok(tree)
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The library that programs load.
    pub fn library(&self) -> PathBuf {
        self.root.join(protocol::LIBRARY)
    }

    fn put(&self, path: &str, content: &[u8]) -> io::Result<()> {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
        fs::write(path, content)
    }

    fn link(&self, target: &str, path: &str) -> io::Result<()> {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
        symlink(target, path)
    }

    fn card(&self, index: usize, card: &SoftNode) -> io::Result<()> {
        let device = kmd::Device::open(Arc::new(card.reopen())).map_err(io::Error::other)?;
        let info = device.info();
        let memory = device.memory().map_err(io::Error::other)?;
        let slot = format!("0000:{:02x}:00.0", 3 + index);
        let bus = format!("sys/devices/pci0000:00/{BRIDGE}/{slot}");
        let (id, revision) = (info.device_id, info.pci_revision);
        let modalias = format!("pci:v00001002d{id:08X}sv00001002sd00000E3Bbc03sc00i00");
        let uevent = format!(
            "DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_ID=1002:{id:04X}\nPCI_SUBSYS_ID=1002:0E3B\nPCI_SLOT_NAME={slot}\n\
             MODALIAS={modalias}\n"
        );
        let number = |n: u64| format!("{n}\n");
        for (name, text) in [
            ("vendor", "0x1002\n".to_owned()),
            ("device", format!("{id:#06x}\n")),
            ("subsystem_vendor", "0x1002\n".into()),
            ("subsystem_device", "0x0e3b\n".into()),
            ("revision", format!("{revision:#04x}\n")),
            ("class", "0x030000\n".into()),
            ("uevent", uevent),
            ("modalias", format!("{modalias}\n")),
            ("enable", "1\n".into()),
            ("boot_vga", "0\n".into()),
            ("numa_node", "-1\n".into()),
            ("current_link_speed", "16.0 GT/s PCIe\n".into()),
            ("current_link_width", "16\n".into()),
            ("max_link_speed", "16.0 GT/s PCIe\n".into()),
            ("max_link_width", "16\n".into()),
            ("mem_info_vram_total", number(memory.vram.total)),
            ("mem_info_vis_vram_total", number(memory.visible_vram.total)),
            ("mem_info_gtt_total", number(memory.gtt.total)),
            ("gfx_reset_mask", "full soft queue pipe\n".into()),
            ("compute_reset_mask", "full soft queue pipe\n".into()),
            ("sdma_reset_mask", "full soft queue pipe\n".into()),
        ] {
            self.put(&format!("{bus}/{name}"), text.as_bytes())?;
        }
        self.put(&format!("{bus}/config"), &configuration(id as u16, revision as u8))?;
        self.link("../../../../bus/pci", &format!("{bus}/subsystem"))?;
        self.link("../../../../bus/pci/drivers/amdgpu", &format!("{bus}/driver"))?;
        self.link(&format!("../../../devices/pci0000:00/{BRIDGE}/{slot}"), &format!("sys/bus/pci/devices/{slot}"))?;
        self.link(
            &format!("../../../../devices/pci0000:00/{BRIDGE}/{slot}"),
            &format!("sys/bus/pci/drivers/amdgpu/{slot}"),
        )?;
        for (name, minor, by_path) in
            [(format!("card{index}"), index, "card"), (format!("renderD{}", 128 + index), 128 + index, "render")]
        {
            let here = format!("{bus}/drm/{name}");
            self.put(&format!("{here}/dev"), format!("226:{minor}\n").as_bytes())?;
            let uevent = format!("MAJOR=226\nMINOR={minor}\nDEVNAME=dri/{name}\nDEVTYPE=drm_minor\n");
            self.put(&format!("{here}/uevent"), uevent.as_bytes())?;
            self.link(&format!("../../../{slot}"), &format!("{here}/device"))?;
            self.link("../../../../../../class/drm", &format!("{here}/subsystem"))?;
            let up = format!("devices/pci0000:00/{BRIDGE}/{slot}/drm/{name}");
            self.link(&format!("../../{up}"), &format!("sys/class/drm/{name}"))?;
            self.link(&format!("../../{up}"), &format!("sys/dev/char/226:{minor}"))?;
            self.link(&format!("../{name}"), &format!("dev/dri/by-path/pci-{slot}-{by_path}"))?;
            self.put(&format!("sys/kernel/debug/dri/{minor}/name"), format!("amdgpu dev={slot}\n").as_bytes())?;
            let node = self.root.join("dev/dri").join(&name);
            let file = File::create(&node)?;
            file.set_len(minor as u64)?;
            file.set_permissions(Permissions::from_mode(0o1666))?;
        }
        Ok(())
    }
}

/// The header of a card's PCI configuration space.
fn configuration(device: u16, revision: u8) -> [u8; 64] {
    let mut space = [0; 64];
    space[0..2].copy_from_slice(&0x1002u16.to_le_bytes());
    space[2..4].copy_from_slice(&device.to_le_bytes());
    // Memory space and bus mastering are on; there is a list of capabilities.
    space[4..8].copy_from_slice(&[0x06, 0x00, 0x10, 0x00]);
    space[8..12].copy_from_slice(&[revision, 0x00, 0x00, 0x03]);
    space[0x2c..0x2e].copy_from_slice(&0x1002u16.to_le_bytes());
    space[0x2e..0x30].copy_from_slice(&0x0e3bu16.to_le_bytes());
    space
}

/// Removes folders of servers that were killed.
fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|n| n.strip_prefix(STEM)?.strip_prefix('-')?.split('-').next());
        if let Some(pid) = pid.and_then(|p| p.parse::<u32>().ok())
            && !Path::new(&format!("/proc/{pid}")).exists()
        {
            // Another user's is not ours to remove, and fails.
            _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soft::Config;

    #[test]
    fn links_lead_to_the_card_and_the_folder_goes() {
        let tree = Tree::new(&[SoftNode::new(Config::default()).unwrap()]).unwrap();
        let root = tree.root().to_owned();
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
        for node in ["sys/dev/char/226:0", "sys/dev/char/226:128", "sys/class/drm/card0", "sys/class/drm/renderD128"] {
            assert_eq!(read(&format!("{node}/device/device")), "0x744c\n", "{node}");
            assert!(read(&format!("{node}/device/uevent")).contains("PCI_SLOT_NAME=0000:03:00.0\n"), "{node}");
        }
        let subsystem = fs::canonicalize(root.join("sys/dev/char/226:128/device/subsystem")).unwrap();
        assert_eq!(subsystem, fs::canonicalize(root.join("sys/bus/pci")).unwrap());
        let driver = fs::canonicalize(root.join("sys/bus/pci/devices/0000:03:00.0/driver")).unwrap();
        assert_eq!(driver.file_name().unwrap(), "amdgpu");
        assert!(driver.join("module/initstate").exists());
        assert_eq!(fs::metadata(root.join("dev/dri/by-path/pci-0000:03:00.0-render")).unwrap().len(), 128);
        drop(tree);
        assert!(!root.exists());
    }
}
