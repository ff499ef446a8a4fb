//! A machine made of memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::system::{DriverIdentity, FileKind, FileStat, Group, Identity, System};
use crate::kmd::Errno;

#[derive(Debug, Clone)]
enum Entry {
    Directory,
    Text(String),
    Link(PathBuf),
    Node { stat: FileStat, driver: Option<String> },
}

/// A [`System`] double: files, users and groups are what the builder methods say, so that every picture that
/// discovery has to explain can be shown on a machine that has none of it.
///
/// Opening a node follows the mode bits and the identity as the kernel does; [`FakeSystem::refuse`] overrides it.
///
/// ```
/// use sparkle_pm4::kmd::discover::{FakeSystem, Verdict, candidates, discover};
///
/// let machine = FakeSystem::new()
///     .user(1000, "alice", &[1000, 27])
///     .group(109, "render")
///     .pci("0000:03:00.0", 0x1002, 0x744c, 0x030000, Some("amdgpu"))
///     .node("renderD128", 128, 0, 109, 0o660, Some("0000:03:00.0"));
/// let found = discover(&machine);
/// assert_eq!(found.verdict(), Verdict::Forbidden);
/// assert!(candidates(&found).is_empty());
/// ```
#[derive(Debug, Clone, Default)]
pub struct FakeSystem {
    entries: BTreeMap<PathBuf, Entry>,
    refused: BTreeMap<PathBuf, Errno>,
    identity: Identity,
    groups: BTreeMap<u32, String>,
    users: BTreeMap<u32, String>,
    variables: BTreeMap<String, String>,
}

impl FakeSystem {
    /// A machine with a root user, a PCI bus without devices, and nothing else.
    pub fn new() -> Self {
        let mut machine =
            FakeSystem::default().directory("/sys/bus/pci/devices").directory("/sys/module").group(0, "root");
        machine.users.insert(0, "root".to_owned());
        machine.identity.groups.push(Group { gid: 0, name: None });
        machine
    }

    /// Makes this the effective user, who is a member of `gids` in this session and in the database; the first is the
    /// effective group.
    pub fn user(mut self, uid: u32, name: &str, gids: &[u32]) -> Self {
        self.users.insert(uid, name.to_owned());
        self.identity = Identity {
            uid,
            user: Some(name.to_owned()),
            groups: gids.iter().map(|&gid| Group { gid, name: None }).collect(),
            database_gids: gids.to_vec(),
        };
        self
    }

    /// Makes a number without an entry in the user database the effective user.
    pub fn nameless_user(mut self, uid: u32, gids: &[u32]) -> Self {
        self = self.user(uid, "", gids);
        self.users.remove(&uid);
        self.identity.user = None;
        self.identity.database_gids.clear();
        self
    }

    /// Adds the user to a group in the database, not in this session.
    pub fn granted_since_login(mut self, gid: u32) -> Self {
        self.identity.database_gids.push(gid);
        self
    }

    /// Names a group number.
    pub fn group(mut self, gid: u32, name: &str) -> Self {
        self.groups.insert(gid, name.to_owned());
        self
    }

    /// Sets an environment variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn insert(mut self, path: PathBuf, entry: Entry) -> Self {
        for parent in path.ancestors().skip(1) {
            self.entries.entry(parent.to_owned()).or_insert(Entry::Directory);
        }
        self.entries.insert(path, entry);
        self
    }

    /// Adds a directory.
    pub fn directory(self, path: impl Into<PathBuf>) -> Self {
        self.insert(path.into(), Entry::Directory)
    }

    /// Adds a text file.
    pub fn file(self, path: impl Into<PathBuf>, text: &str) -> Self {
        self.insert(path.into(), Entry::Text(text.to_owned()))
    }

    /// Adds a symbolic link. It is read, not followed.
    pub fn link(self, path: impl Into<PathBuf>, target: &str) -> Self {
        self.insert(path.into(), Entry::Link(target.into()))
    }

    /// Loads a kernel module.
    pub fn module(self, name: &str) -> Self {
        self.directory(format!("/sys/module/{name}"))
    }

    /// Puts a function on the PCI bus: vendor, device, class code (24 bits), driver.
    pub fn pci(self, address: &str, vendor: u16, device: u16, class: u32, driver: Option<&str>) -> Self {
        let base = PathBuf::from("/sys/bus/pci/devices").join(address);
        let machine = self
            .file(base.join("vendor"), &format!("{vendor:#06x}\n"))
            .file(base.join("device"), &format!("{device:#06x}\n"))
            .file(base.join("revision"), "0xc8\n")
            .file(base.join("class"), &format!("{class:#08x}\n"));
        match driver {
            Some(driver) => {
                machine.link(base.join("driver"), &format!("../../../bus/pci/drivers/{driver}")).module(driver)
            }
            None => machine,
        }
    }

    /// Makes the kernel's DRM device for a PCI function that was added before, without a file in `/dev`.
    pub fn drm(self, name: &str, minor: u32, address: &str) -> Self {
        let bus = PathBuf::from("/sys/bus/pci/devices").join(address);
        let device = PathBuf::from(format!("/sys/dev/char/226:{minor}/device"));
        let copies: Vec<_> = ["vendor", "device", "revision", "driver"]
            .into_iter()
            .filter_map(|name| Some((device.join(name), self.entries.get(&bus.join(name))?.clone())))
            .collect();
        let uevent = format!("PCI_SLOT_NAME={address}\n");
        let machine = self.directory(bus.join("drm").join(name)).file(device.join("uevent"), &uevent);
        copies.into_iter().fold(machine, |machine, (path, entry)| machine.insert(path, entry))
    }

    /// Adds a DRM node: name in `/dev/dri`, minor number, owner, group, mode, and the PCI function behind it, which
    /// was added before. Its driver answers with the name of the function's driver.
    pub fn node(self, name: &str, minor: u32, uid: u32, gid: u32, mode: u32, address: Option<&str>) -> Self {
        let machine = match address {
            Some(address) => self.drm(name, minor, address),
            None => self,
        };
        let driver = machine.read_link(Path::new(&format!("/sys/dev/char/226:{minor}/device/driver"))).ok();
        let driver = driver.and_then(|link| Some(link.file_name()?.to_string_lossy().into_owned()));
        let stat = FileStat { kind: FileKind::CharDevice { major: 226, minor }, uid, gid, mode };
        machine.insert(Path::new("/dev/dri").join(name), Entry::Node { stat, driver })
    }

    /// Makes listing, checking and opening of a path fail.
    pub fn refuse(mut self, path: impl Into<PathBuf>, errno: Errno) -> Self {
        self.refused.insert(path.into(), errno);
        self
    }

    fn entry(&self, path: &Path) -> Result<&Entry, Errno> {
        self.entries.get(path).ok_or(Errno::ENOENT)
    }

    fn refusal(&self, path: &Path) -> Result<(), Errno> {
        self.refused.get(path).map_or(Ok(()), |&errno| Err(errno))
    }
}

impl System for FakeSystem {
    fn list(&self, path: &Path) -> Result<Vec<String>, Errno> {
        self.refusal(path)?;
        let Entry::Directory = self.entry(path)? else { return Err(Errno::ENOTDIR) };
        let inside = self.entries.keys().filter(|entry| entry.parent() == Some(path));
        Ok(inside.filter_map(|entry| Some(entry.file_name()?.to_string_lossy().into_owned())).collect())
    }

    fn read(&self, path: &Path) -> Result<String, Errno> {
        match self.entry(path)? {
            Entry::Text(text) => Ok(text.clone()),
            Entry::Directory => Err(Errno::EISDIR),
            Entry::Link(_) | Entry::Node { .. } => Err(Errno::EINVAL),
        }
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, Errno> {
        match self.entry(path)? {
            Entry::Link(target) => Ok(target.clone()),
            _ => Err(Errno::EINVAL),
        }
    }

    fn stat(&self, path: &Path) -> Result<FileStat, Errno> {
        let plain = |kind, mode| FileStat { kind, uid: 0, gid: 0, mode };
        Ok(match self.entry(path)? {
            Entry::Directory => plain(FileKind::Directory, 0o755),
            Entry::Text(_) => plain(FileKind::Regular, 0o644),
            Entry::Link(_) => return Err(Errno::ENOENT),
            Entry::Node { stat, .. } => *stat,
        })
    }

    fn access(&self, path: &Path) -> Result<(), Errno> {
        self.refusal(path)?;
        let stat = self.stat(path)?;
        let bits = if stat.uid == self.identity.uid {
            stat.mode >> 6
        } else if self.identity.groups.iter().any(|group| group.gid == stat.gid) {
            stat.mode >> 3
        } else {
            stat.mode
        };
        if self.identity.uid == 0 || bits & 0o6 == 0o6 { Ok(()) } else { Err(Errno::EACCES) }
    }

    fn open_node(&self, path: &Path) -> Result<Option<DriverIdentity>, Errno> {
        self.access(path)?;
        let Entry::Node { driver, .. } = self.entry(path)? else { return Ok(None) };
        Ok(driver.clone().map(|name| DriverIdentity { name, version: (3, 61, 0) }))
    }

    fn identity(&self) -> Identity {
        let mut identity = self.identity.clone();
        for group in &mut identity.groups {
            group.name = self.group_name(group.gid);
        }
        if identity.user.is_none() {
            identity.user = self.user_name(identity.uid);
        }
        identity
    }

    fn group_name(&self, gid: u32) -> Option<String> {
        self.groups.get(&gid).cloned()
    }

    fn user_name(&self, uid: u32) -> Option<String> {
        self.users.get(&uid).cloned()
    }

    fn env(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
}
