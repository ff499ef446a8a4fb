//! The real thing: an open `/dev/dri/renderD*`.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use memmap2::{MmapOptions, MmapRaw};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{UnixAddr, getsockname};

use super::error::KmdError;
use super::node::{Errno, Node, Protection};
use crate::emulate::protocol;

/// A render node, open for as long as this lives.
#[derive(Debug)]
pub struct RenderNode {
    file: File,
    path: PathBuf,
}

impl RenderNode {
    /// Opens a node for reading and writing, closed on exec.
    ///
    /// # Errors
    /// [`KmdError::NotFound`], [`KmdError::PermissionDenied`], or [`KmdError::Open`] for every other reason.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, KmdError> {
        let path = path.as_ref().to_owned();
        match OpenOptions::new().read(true).write(true).custom_flags(libc::O_CLOEXEC).open(&path) {
            Ok(file) => Ok(Self { file, path }),
            Err(error) => Err(match error.raw_os_error().map(Errno::from_raw).unwrap_or(Errno::EINVAL) {
                Errno::ENOENT | Errno::ENXIO => KmdError::NotFound { path },
                errno @ (Errno::EACCES | Errno::EPERM) => KmdError::PermissionDenied { path, errno },
                errno => KmdError::Open { path, errno },
            }),
        }
    }

    /// Whether the software device of `sparkle-pm4 emulate` stands behind it: its descriptors are named sockets.
    pub fn is_emulated(&self) -> bool {
        let name = getsockname::<UnixAddr>(self.file.as_raw_fd());
        name.is_ok_and(|name| name.as_abstract().is_some_and(|n| protocol::parse(n).is_some()))
    }

    /// The path that was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl AsFd for RenderNode {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Node for RenderNode {
    unsafe fn ioctl(&self, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        // The kernel copies as many bytes as the request code says: a shorter slice would be written past its end.
        let size = (request >> nix::sys::ioctl::SIZESHIFT) as usize & nix::sys::ioctl::SIZEMASK as usize;
        if arg.len() < size {
            return Err(Errno::EINVAL);
        }
        // SAFETY: the descriptor is open; `arg` has at least the bytes that the kernel copies in and out, as checked
        // above; the caller vouches for the addresses inside.
        let answer = unsafe { libc::ioctl(self.file.as_raw_fd(), request as _, arg.as_mut_ptr()) };
        Errno::result(answer)
    }

    fn mmap(&self, offset: u64, len: usize, protection: Protection) -> io::Result<MmapRaw> {
        let mut options = MmapOptions::new();
        options.offset(offset).len(len);
        match protection {
            Protection::Read => options.map_raw_read_only(&self.file),
            Protection::ReadWrite => options.map_raw(&self.file),
        }
    }

    fn open_another(&self) -> io::Result<Arc<dyn Node>> {
        match Self::open(&self.path) {
            Ok(node) => Ok(Arc::new(node)),
            Err(KmdError::NotFound { .. }) => Err(Errno::ENOENT.into()),
            Err(KmdError::PermissionDenied { errno, .. } | KmdError::Open { errno, .. }) => Err(errno.into()),
            Err(other) => Err(io::Error::other(other)),
        }
    }

    fn poll(&self, timeout: Duration) -> io::Result<bool> {
        // Rounded up, so that a short timeout does not become a busy loop; cut to what poll(2) can hold.
        let ms = i32::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX);
        let mut fds = [PollFd::new(self.file.as_fd(), PollFlags::POLLIN)];
        let ready = poll(&mut fds, PollTimeout::try_from(ms).unwrap_or(PollTimeout::MAX))?;
        Ok(ready > 0 && fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLIN)))
    }
}
