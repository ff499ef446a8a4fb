//! Descriptors that the device gives away: dma-bufs, synchronisation objects and sync files.
//!
//! Each is one end of a connected pair of Unix sockets, whose own address says what it is: the abstract name
//! `sparkle-pm4/PID/KIND/SERIAL`, with the process that serves the device, `dmabuf`, `syncobj`, `sync` or `drm`, and a
//! number, both numbers in hex. So it is duplicated, inherited, passed on and closed by the usual means, anybody can tell by
//! getsockname(2) what it stands for, and the device learns by the other end when the last copy is closed.
//!
//! A sync file's end becomes readable for ever when its fence is signalled.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, IntoRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::descriptor;
use super::fence::{Events, Fence};
use super::kernel::Bo;
use super::syncobj::Syncobj;
use crate::emulate::protocol;
pub use crate::emulate::protocol::Kind;

/// The address of a descriptor that a software device gave away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name {
    /// The process that serves the device.
    pub server: u32,
    /// What the descriptor stands for.
    pub kind: Kind,
    /// Which one: no other descriptor of that process, whatever its kind, has the number.
    pub serial: u64,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:x}/{}/{:x}", protocol::PREFIX, self.server, self.kind.word(), self.serial)
    }
}

impl Name {
    /// A name that nobody had before, of this process. The low byte of its number is zero: for open files of the device
    /// it is the node's minor number (`protocol::minor`).
    pub fn fresh(kind: Kind) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { server: std::process::id(), kind, serial: NEXT.fetch_add(1, Ordering::Relaxed) << 8 }
    }

    /// Reads a name as it stands in an abstract address, without the zero before it.
    pub fn parse(name: &[u8]) -> Option<Self> {
        let (server, kind, serial) = protocol::parse(name)?;
        Some(Self { server, kind, serial })
    }

    /// The name of a descriptor; `None` for one that is no socket, or has another name.
    pub fn of(descriptor: impl AsFd) -> Option<Self> {
        let socket = UnixStream::from(descriptor.as_fd().try_clone_to_owned().ok()?);
        Self::parse(socket.local_addr().ok()?.as_abstract_name()?)
    }

    /// Makes the pair: the end that stays, and the end to give away, which has the name. Both are closed on exec.
    pub fn pair(self) -> io::Result<(UnixStream, OwnedFd)> {
        let address = SocketAddr::from_abstract_name(self.to_string())?;
        // An accepted socket has the address of the one that listened.
        let listener = UnixListener::bind_addr(&address)?;
        let ours = UnixStream::connect_addr(&address)?;
        let (theirs, _) = listener.accept()?;
        Ok((ours, theirs.into()))
    }
}

/// What a descriptor stands for, as its server sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// A buffer object: its range of [`SoftNode::memory`](super::SoftNode::memory).
    Dmabuf {
        /// First byte.
        offset: u64,
        /// Bytes.
        len: u64,
    },
    /// A synchronisation object.
    Syncobj,
    /// A sync file: what it has come to, 0 while it waits, 1 when it is signalled, or a negative errno.
    Sync {
        /// That status.
        status: i32,
    },
}

/// An object that descriptors refer to.
#[derive(Debug, Clone)]
pub enum Object {
    /// A buffer object.
    Buffer(Arc<Bo>),
    /// A synchronisation object.
    Syncobj(Arc<Syncobj>),
    /// A sync file.
    Sync(SyncFile),
}

impl Object {
    /// What whoever serves the device sees of it.
    pub fn seen(&self) -> Shared {
        match self {
            Self::Buffer(bo) => Shared::Dmabuf { offset: bo.storage.start(), len: bo.storage.len() },
            Self::Syncobj(_) => Shared::Syncobj,
            Self::Sync(file) => Shared::Sync { status: SyncFile::status(&file.whole) },
        }
    }
}

/// Fences under one descriptor.
#[derive(Debug, Clone)]
pub struct SyncFile {
    /// Its name, as who merged it gave it.
    pub name: String,
    /// The fences.
    pub fences: Vec<Arc<Fence>>,
    /// Signalled when all of them are.
    pub whole: Arc<Fence>,
}

impl SyncFile {
    /// Of these fences.
    pub fn new(events: &Arc<Events>, name: String, fences: Vec<Arc<Fence>>) -> Self {
        let whole = Fence::all(events, &fences);
        Self { name, fences, whole }
    }

    /// 0 while it waits, 1 when it is signalled, or a negative errno.
    pub fn status(fence: &Fence) -> i32 {
        match fence.status() {
            None => 0,
            Some(Ok(())) => 1,
            Some(Err(errno)) => -(errno as i32),
        }
    }
}

/// One descriptor given away.
#[derive(Debug)]
struct Entry {
    ours: Arc<UnixStream>,
    object: Object,
}

/// The descriptors of a device that are open somewhere.
#[derive(Debug, Default)]
pub struct Shares {
    open: Mutex<BTreeMap<u64, Entry>>,
}

impl Shares {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Entry>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a descriptor for an object.
    pub fn give(&self, object: Object) -> Result<OwnedFd, Errno> {
        self.sweep();
        let kind = match &object {
            Object::Buffer(_) => Kind::DmaBuf,
            Object::Syncobj(_) => Kind::Syncobj,
            Object::Sync(_) => Kind::Sync,
        };
        let name = Name::fresh(kind);
        let (ours, theirs) = name.pair().map_err(|e| e.raw_os_error().map_or(Errno::ENOMEM, Errno::from_raw))?;
        let ours = Arc::new(ours);
        match &object {
            Object::Sync(file) => {
                let end = Arc::downgrade(&ours);
                file.whole.on_signal(move |_| {
                    // Where nobody has the descriptor any more, nobody waits.
                    if let Some(end) = end.upgrade() {
                        let _ = end.shutdown(Shutdown::Write);
                    }
                });
            }
            Object::Buffer(_) | Object::Syncobj(_) => {}
        }
        self.lock().insert(name.serial, Entry { ours, object });
        Ok(theirs)
    }

    /// The object behind a number, while a descriptor of it is open.
    pub fn get(&self, serial: u64) -> Option<Object> {
        self.lock().get(&serial).map(|entry| entry.object.clone())
    }

    /// The object behind a descriptor of this process: EBADF where there is none, EINVAL where it is none of ours.
    pub fn find(&self, number: i32) -> Result<Object, Errno> {
        let name = Name::of(descriptor::duplicate(number)?).ok_or(Errno::EINVAL)?;
        self.get(name.serial).filter(|_| name.server == std::process::id()).ok_or(Errno::EINVAL)
    }

    /// Forgets what nobody has open any more; how many are left.
    pub fn sweep(&self) -> usize {
        let mut open = self.lock();
        let gone: Vec<u64> = {
            let entries: Vec<_> = open.iter().map(|(&serial, entry)| (serial, Arc::clone(&entry.ours))).collect();
            let mut polled: Vec<_> =
                entries.iter().map(|(_, ours)| PollFd::new(ours.as_fd(), PollFlags::empty())).collect();
            if poll(&mut polled, PollTimeout::ZERO).unwrap_or(0) == 0 {
                return open.len();
            }
            let hung = |p: &PollFd<'_>| p.revents().is_some_and(|r| r.contains(PollFlags::POLLHUP));
            entries.iter().zip(&polled).filter(|(_, p)| hung(p)).map(|(e, _)| e.0).collect()
        };
        let dropped: Vec<_> = gone.iter().filter_map(|serial| open.remove(serial)).collect();
        let left = open.len();
        drop(open);
        // Buffers go here, without the lock.
        drop(dropped);
        left
    }
}

/// Lets a descriptor survive exec, unless its receiver asked for the contrary; its number, now the receiver's.
pub fn release(descriptor: OwnedFd, close_on_exec: bool) -> Result<i32, Errno> {
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    if !close_on_exec {
        fcntl(&descriptor, FcntlArg::F_SETFD(FdFlag::empty()))?;
    }
    Ok(descriptor.into_raw_fd())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::{AsRawFd, BorrowedFd};

    fn readable(fd: BorrowedFd<'_>) -> bool {
        poll(&mut [PollFd::new(fd, PollFlags::POLLIN)], PollTimeout::ZERO).unwrap() == 1
    }

    #[test]
    fn names_are_read_back_and_other_sockets_have_none() {
        let name = Name::fresh(Kind::DmaBuf);
        assert_ne!(name.serial, Name::fresh(Kind::Drm).serial);
        assert_eq!(Name::parse(name.to_string().as_bytes()), Some(name));
        let (ours, theirs) = name.pair().unwrap();
        assert_eq!(Name::of(&theirs), Some(name));
        assert_eq!(Name::of(theirs.try_clone().unwrap()), Some(name));
        assert_eq!(Name::of(&ours), None);
        assert_eq!(Name::of(std::fs::File::open("/dev/null").unwrap()), None);
        for bad in ["", "sparkle-pm4", "sparkle-pm4/1/dmabuf", "sparkle-pm4/1/dmabuf/1/2", "sparkle-pm4/1/other/1"] {
            assert_eq!(Name::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_sync_file_is_readable_for_ever_once_signalled_and_forgotten_when_closed() {
        let (events, shares) = (Arc::default(), Shares::default());
        let fence = Fence::new(&events);
        let file = SyncFile::new(&events, String::new(), vec![Arc::clone(&fence)]);
        let theirs = shares.give(Object::Sync(file)).unwrap();
        let copy = theirs.try_clone().unwrap();
        assert!(!readable(theirs.as_fd()));
        fence.signal(Ok(()));
        assert!(readable(theirs.as_fd()) && readable(copy.as_fd()));
        assert!(matches!(shares.find(copy.as_raw_fd()), Ok(Object::Sync(_))));
        drop(theirs);
        assert_eq!(shares.sweep(), 1, "a copy is open");
        drop(copy);
        assert_eq!(shares.sweep(), 0);
        assert_eq!(shares.find(-1).unwrap_err(), Errno::EBADF);
        let file = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(shares.find(file.as_raw_fd()).unwrap_err(), Errno::EINVAL);
    }
}
