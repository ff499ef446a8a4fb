//! What discovery asks of a machine, and the machine this process runs on.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use drm::Device as _;
use nix::unistd::{AccessFlags, Gid, Group as DbGroup, User, eaccess, getegid, geteuid, getgrouplist, getgroups};

use crate::kmd::Errno;

/// A file in procfs or sysfs that discovery reads is a few lines; more than this is not looked at.
const READ_LIMIT_BYTES: u64 = 256 << 10;

/// What kind of file a path names, after links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A character device with the device number that it opens.
    CharDevice {
        /// Driver class; 226 for DRM.
        major: u32,
        /// Instance; says primary or render node.
        minor: u32,
    },
    /// A directory.
    Directory,
    /// A regular file.
    Regular,
    /// Anything else: block device, pipe, socket.
    Other,
}

/// The part of `stat(2)` that decides who may open a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStat {
    /// Kind, with the device number of a device.
    pub kind: FileKind,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
}

/// What the driver says of itself through `DRM_IOCTL_VERSION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriverIdentity {
    /// `amdgpu`, `i915`, `virtio_gpu`…
    pub name: String,
    /// Interface version: major, minor, patch level.
    pub version: (i32, i32, i32),
}

/// A group by number, with the name that this machine's group database has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The number, which is what the kernel compares.
    pub gid: u32,
    /// Its name here; the same number may have another name, or none, inside a container.
    pub name: Option<String>,
}

/// Who this process is to the kernel, and who it would be after the next login.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Effective user.
    pub uid: u32,
    /// Its name in the user database.
    pub user: Option<String>,
    /// Groups that the kernel checks for this process: the effective one, then the supplementary ones.
    pub groups: Vec<Group>,
    /// Groups that the database gives the user at the next login. They differ from [`Identity::groups`] when
    /// membership was granted after this session began.
    pub database_gids: Vec<u32>,
}

/// The machine as discovery sees it: file system, identity, environment.
///
/// [`RealSystem`] is this machine, [`FakeSystem`](super::FakeSystem) one made of memory. Paths are absolute.
pub trait System {
    /// Names in a directory, sorted, without `.` and `..`.
    fn list(&self, path: &Path) -> Result<Vec<String>, Errno>;

    /// The text of a small file, with invalid UTF-8 replaced.
    fn read(&self, path: &Path) -> Result<String, Errno>;

    /// Where a symbolic link points, as it is written there.
    fn read_link(&self, path: &Path) -> Result<PathBuf, Errno>;

    /// Kind, owner and mode, following links.
    fn stat(&self, path: &Path) -> Result<FileStat, Errno>;

    /// Whether the effective user may read and write the file, asked without opening it.
    fn access(&self, path: &Path) -> Result<(), Errno>;

    /// Opens a DRM node for reading and writing, asks the driver who it is, and closes it again. `None` where the
    /// open succeeded and `DRM_IOCTL_VERSION` did not.
    fn open_node(&self, path: &Path) -> Result<Option<DriverIdentity>, Errno>;

    /// Effective user and groups.
    fn identity(&self) -> Identity;

    /// The name of a group number.
    fn group_name(&self, gid: u32) -> Option<String>;

    /// The name of a user number.
    fn user_name(&self, uid: u32) -> Option<String>;

    /// An environment variable of this process.
    fn env(&self, name: &str) -> Option<String>;
}

/// This machine, or a copy of its files under another root.
#[derive(Debug, Clone)]
pub struct RealSystem {
    root: PathBuf,
}

impl Default for RealSystem {
    fn default() -> Self {
        RealSystem::new()
    }
}

impl RealSystem {
    /// The machine this process runs on.
    pub fn new() -> Self {
        RealSystem { root: PathBuf::from("/") }
    }

    /// Paths are looked up under `root` instead of `/`: a mounted image, or the `/dev` and `/sys` of another container
    /// under `/proc/PID/root`. Users, groups and environment stay those of this process.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        RealSystem { root: root.into() }
    }

    fn path(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }
}

/// Errors of std that did not come from the kernel (none of the calls here has any) read as `EIO`.
fn errno(error: io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

/// An open DRM node, for the ioctls that the `drm` crate knows.
struct OpenNode(File);

impl AsFd for OpenNode {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl drm::Device for OpenNode {}

impl System for RealSystem {
    fn list(&self, path: &Path) -> Result<Vec<String>, Errno> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.path(path)).map_err(errno)? {
            names.push(entry.map_err(errno)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn read(&self, path: &Path) -> Result<String, Errno> {
        let mut bytes = Vec::new();
        let file = File::open(self.path(path)).map_err(errno)?;
        file.take(READ_LIMIT_BYTES).read_to_end(&mut bytes).map_err(errno)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, Errno> {
        fs::read_link(self.path(path)).map_err(errno)
    }

    fn stat(&self, path: &Path) -> Result<FileStat, Errno> {
        let meta = fs::metadata(self.path(path)).map_err(errno)?;
        let ty = meta.file_type();
        let kind = if ty.is_char_device() {
            FileKind::CharDevice { major: libc::major(meta.rdev()), minor: libc::minor(meta.rdev()) }
        } else if ty.is_dir() {
            FileKind::Directory
        } else if ty.is_file() {
            FileKind::Regular
        } else {
            FileKind::Other
        };
        Ok(FileStat { kind, uid: meta.uid(), gid: meta.gid(), mode: meta.mode() & 0o7777 })
    }

    fn access(&self, path: &Path) -> Result<(), Errno> {
        eaccess(&self.path(path), AccessFlags::R_OK | AccessFlags::W_OK)
    }

    fn open_node(&self, path: &Path) -> Result<Option<DriverIdentity>, Errno> {
        let file = OpenOptions::new().read(true).write(true).open(self.path(path)).map_err(errno)?;
        let text = |s: &std::ffi::OsStr| s.to_string_lossy().trim_end_matches('\0').to_owned();
        Ok(OpenNode(file)
            .get_driver()
            .ok()
            .map(|driver| DriverIdentity { name: text(driver.name()), version: driver.version }))
    }

    fn identity(&self) -> Identity {
        let (uid, gid) = (geteuid(), getegid());
        let mut gids = vec![gid];
        for extra in getgroups().unwrap_or_default() {
            if !gids.contains(&extra) {
                gids.push(extra);
            }
        }
        let user = User::from_uid(uid).ok().flatten();
        let database = user.as_ref().and_then(|user| {
            let name = std::ffi::CString::new(user.name.as_bytes()).ok()?;
            getgrouplist(&name, user.gid).ok()
        });
        Identity {
            uid: uid.as_raw(),
            user: user.map(|user| user.name),
            groups: gids
                .into_iter()
                .map(|gid| Group { gid: gid.as_raw(), name: self.group_name(gid.as_raw()) })
                .collect(),
            database_gids: database.unwrap_or_default().into_iter().map(Gid::as_raw).collect(),
        }
    }

    fn group_name(&self, gid: u32) -> Option<String> {
        DbGroup::from_gid(Gid::from_raw(gid)).ok().flatten().map(|group| group.name)
    }

    fn user_name(&self, uid: u32) -> Option<String> {
        User::from_uid(nix::unistd::Uid::from_raw(uid)).ok().flatten().map(|user| user.name)
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }
}
