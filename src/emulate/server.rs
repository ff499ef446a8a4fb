//! The server: one thread a channel, one that watches who hung up.

use std::collections::HashMap;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, Backlog, ControlMessage, ControlMessageOwned, MsgFlags, Shutdown, SockFlag, SockType, UnixAddr,
    accept4, bind, getsockopt, listen, recvmsg, sendmsg, shutdown, socket, socketpair, sockopt,
};
use nix::unistd::Pid;

use super::protocol::{self, Kind, NOWHERE, Reply, Request, VERSION, ask};
use super::tree::Tree;
use crate::soft::{Client, Config, Name, NodeKind, Shared as Given, SoftNode};

/// First minor number of render nodes.
const RENDER: u32 = 128;
/// Bits of a request code that say that the caller's structure is written.
const IOC_OUT: u32 = 2 << 30;
/// Longest structure that a request code can tell of.
const LONGEST: usize = 1 << 14;

/// What is served.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How each card is built.
    pub card: Config,
    /// How many cards there are; 64 at most.
    pub devices: u32,
}

/// A running server. Its end is the cards' end: what programs hold open fails with ENODEV from then on.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    listener: Arc<OwnedFd>,
    tree: Tree,
    name: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Threads that wait in a call of these sockets return from it, and end.
        _ = shutdown(self.listener.as_raw_fd(), Shutdown::Both);
        for channel in lock(&self.shared.channels).drain(..).filter_map(|c| c.upgrade()) {
            channel.client.leave();
            _ = shutdown(channel.socket.as_raw_fd(), Shutdown::Both);
        }
        self.shared.cards.iter().for_each(SoftNode::wake);
        lock(&self.shared.files).clear();
    }
}

/// An open node.
#[derive(Debug)]
struct Opened {
    node: SoftNode,
    end: OwnedFd,
}

/// A channel, for the time of its thread.
#[derive(Debug)]
struct Channel {
    socket: OwnedFd,
    client: Client,
}

#[derive(Debug)]
struct Shared {
    cards: Vec<SoftNode>,
    files: Mutex<HashMap<u64, Arc<Opened>>>,
    channels: Mutex<Vec<Weak<Channel>>>,
    /// Wakes the watcher; its other end is the watcher's.
    wake: OwnedFd,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The card's settings with the bus address of its number.
fn numbered(card: &Config, index: u32) -> Config {
    Config { pci_slot: format!("0000:{:02x}:00.0", 3 + index), ..card.clone() }
}

fn pair() -> nix::Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
}

impl Server {
    /// Builds the cards and the tree, and starts to serve.
    pub fn start(settings: &Settings) -> io::Result<Self> {
        let mut cards: Vec<SoftNode> = Vec::new();
        for index in 0..settings.devices {
            let config = numbered(&settings.card, index);
            // One machine: what one card exports, the others import.
            cards.push(match cards.first() {
                Some(first) => first.beside(config)?,
                None => SoftNode::new(config)?,
            });
        }
        static SERVERS: AtomicU64 = AtomicU64::new(0);
        let number = SERVERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}{:x}/server/{number:x}", protocol::PREFIX, std::process::id());
        let listener = socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::SOCK_CLOEXEC, None)?;
        bind(listener.as_raw_fd(), &UnixAddr::new_abstract(name.as_bytes())?)?;
        listen(&listener, Backlog::new(128)?)?;
        let tree = Tree::new(&cards)?;
        let (wake, woken) = pair()?;
        let shared = Arc::new(Shared { cards, files: Mutex::default(), channels: Mutex::default(), wake });
        let listener = Arc::new(listener);
        let thread = std::thread::Builder::new;
        let (theirs, at) = (Arc::downgrade(&shared), Arc::clone(&listener));
        thread().name("sparkle-accept".into()).spawn(move || accept(&theirs, &at))?;
        let theirs = Arc::downgrade(&shared);
        thread().name("sparkle-watch".into()).spawn(move || watch(&theirs, &woken))?;
        Ok(Self { shared, listener, tree, name })
    }

    /// What a program needs in its environment, beside the library in `LD_PRELOAD`: variable and value.
    pub fn variable(&self) -> (&'static str, String) {
        (protocol::VARIABLE, format!("{} {}", self.name, self.tree.root().display()))
    }

    /// The library's file.
    pub fn library(&self) -> PathBuf {
        self.tree.library()
    }

    /// The folder of the file tree; it goes when the server does.
    pub fn root(&self) -> &Path {
        self.tree.root()
    }

    /// How many files are open.
    pub fn open_files(&self) -> usize {
        lock(&self.shared.files).len()
    }

    /// The cards.
    pub fn cards(&self) -> &[SoftNode] {
        &self.shared.cards
    }
}

/// Starts a thread for each connection.
fn accept(shared: &Weak<Shared>, listener: &OwnedFd) {
    loop {
        let socket = match accept4(listener.as_raw_fd(), SockFlag::SOCK_CLOEXEC) {
            // SAFETY: accept4 made it, and nobody else has it.
            Ok(fd) => unsafe { OwnedFd::from_raw_fd(fd) },
            Err(Errno::EINTR | Errno::ECONNABORTED) => continue,
            // No descriptors left: who waits to be accepted goes on waiting until others go.
            Err(Errno::EMFILE | Errno::ENFILE) => {
                std::thread::sleep(std::time::Duration::from_millis(10));
                continue;
            }
            Err(_) => return,
        };
        let (Some(shared), Ok(peer)) = (shared.upgrade(), getsockopt(&socket, sockopt::PeerCredentials)) else {
            return;
        };
        let channel = Arc::new(Channel { socket, client: Client::of(Pid::from_raw(peer.pid())) });
        lock(&shared.channels).push(Arc::downgrade(&channel));
        shared.wake();
        let thread = std::thread::Builder::new().name("sparkle-client".into());
        // Without a thread the channel closes, which its client sees.
        _ = thread.spawn(move || shared.serve(&channel));
    }
}

impl Shared {
    fn wake(&self) {
        _ = nix::unistd::write(&self.wake, &[0]);
    }

    fn serve(&self, channel: &Channel) {
        while let Some((request, given)) = receive(&channel.socket) {
            let (reply, fd) = match self.answer(&request, given, &channel.client) {
                Ok(answer) => answer,
                Err(errno) => (Reply { status: -(errno as i64), value: 0, place: NOWHERE }, None),
            };
            if send(&channel.socket, &reply, fd.as_ref().map(AsFd::as_fd)).is_err() {
                break;
            }
        }
    }

    fn file(&self, serial: u64) -> Result<Arc<Opened>, Errno> {
        lock(&self.files).get(&serial).cloned().ok_or(Errno::ENODEV)
    }

    fn answer(
        &self,
        request: &Request,
        given: Option<OwnedFd>,
        client: &Client,
    ) -> Result<(Reply, Option<OwnedFd>), Errno> {
        let done = |value, fd| Ok((Reply { status: 0, value, place: NOWHERE }, fd));
        if request.version != VERSION {
            return Err(Errno::EPROTO);
        }
        match request.ask {
            ask::OPEN => done(0, Some(self.open(request.a as u32)?)),
            ask::IOCTL => self.ioctl(request, given, client),
            ask::MAP => match self.file(request.serial) {
                Ok(file) => done(file.node.locate(request.a, request.b)?, Some(memory(&file.node)?)),
                Err(_) => {
                    let (card, offset, len) = self.buffer(request.serial)?;
                    match request.a.checked_add(request.b) {
                        Some(end) if end <= len && request.b != 0 => done(offset + request.a, Some(memory(card)?)),
                        _ => Err(Errno::EINVAL),
                    }
                }
            },
            ask::USER => {
                let file = self.file(request.serial)?;
                let (at, _) = file.node.user_range(request.a as u32).ok_or(Errno::ENOENT)?;
                done(at, Some(memory(&file.node)?))
            }
            ask::LENGTH => done(self.buffer(request.serial)?.2, None),
            _ => Err(Errno::EPROTO),
        }
    }

    /// The card and the object of a shared descriptor.
    fn shared(&self, serial: u64) -> Result<(&SoftNode, Given), Errno> {
        self.cards.iter().find_map(|card| Some((card, card.shared(serial)?))).ok_or(Errno::ENODEV)
    }

    /// A shared buffer: card, place in its memory, length.
    fn buffer(&self, serial: u64) -> Result<(&SoftNode, u64, u64), Errno> {
        match self.shared(serial)? {
            (card, Given::Dmabuf { offset, len }) => Ok((card, offset, len)),
            _ => Err(Errno::ENODEV),
        }
    }

    fn open(&self, minor: u32) -> Result<OwnedFd, Errno> {
        let (card, kind) = match minor {
            ..RENDER => (minor, NodeKind::Primary),
            _ => (minor - RENDER, NodeKind::Render),
        };
        let card = self.cards.get(card as usize).ok_or(Errno::ENXIO)?;
        let (end, theirs) = pair()?;
        let mut name = Name::fresh(Kind::Drm);
        name.serial |= u64::from(minor);
        let serial = name.serial;
        bind(theirs.as_raw_fd(), &UnixAddr::new_abstract(name.to_string().as_bytes())?)?;
        let node = card.reopen_as(kind);
        node.set_name(serial);
        lock(&self.files).insert(serial, Arc::new(Opened { node, end }));
        self.wake();
        Ok(theirs)
    }

    fn ioctl(
        &self,
        request: &Request,
        given: Option<OwnedFd>,
        client: &Client,
    ) -> Result<(Reply, Option<OwnedFd>), Errno> {
        let (code, address) = (request.a as u32, request.b);
        let (_, _, size) = protocol::request_parts(code.into());
        let mut room = [0u8; LONGEST];
        let arg = &mut room[..size];
        client.read(address, arg)?;
        if let Some(place) = protocol::descriptor_in(code.into()).and_then(|at| arg.get_mut(at..at + 4)) {
            place.copy_from_slice(&given.as_ref().map_or(-1, AsRawFd::as_raw_fd).to_ne_bytes());
        }
        let status = match protocol::request_parts(code.into()).0 {
            b'd' => self.file(request.serial)?.node.ioctl_of(client, code, arg)?,
            _ => self.shared(request.serial)?.0.sync_ioctl(request.serial, client, code, arg)?,
        };
        let mut made = None;
        if let Some(at) = protocol::descriptor_out(code.into(), arg)
            && let Some(place) = arg.get_mut(at..at + 4)
        {
            let fd = RawFd::from_ne_bytes([place[0], place[1], place[2], place[3]]);
            // SAFETY: the device made it for this answer, and gave it away with its number.
            made = (fd >= 0).then(|| (at, unsafe { OwnedFd::from_raw_fd(fd) }));
        }
        if code & IOC_OUT != 0 {
            client.write(address, arg)?;
        }
        let (place, fd) = made.map_or((NOWHERE, None), |(at, fd)| (at as u64, Some(fd)));
        Ok((Reply { status: status.into(), value: 0, place }, fd))
    }
}

/// A descriptor of the card's memory to give away.
fn memory(node: &SoftNode) -> Result<OwnedFd, Errno> {
    node.memory().try_clone_to_owned().map_err(|e| Errno::from_raw(e.raw_os_error().unwrap_or(Errno::EMFILE as i32)))
}

fn receive(socket: &OwnedFd) -> Option<(Request, Option<OwnedFd>)> {
    let mut bytes = [0; size_of::<Request>()];
    let mut room = cmsg_space!(RawFd);
    let mut given = None;
    let n = loop {
        let mut parts = [IoSliceMut::new(&mut bytes)];
        match recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut room), MsgFlags::MSG_CMSG_CLOEXEC) {
            Err(Errno::EINTR) => {}
            Err(_) => return None,
            Ok(message) => {
                for control in message.cmsgs().into_iter().flatten() {
                    if let ControlMessageOwned::ScmRights(list) = control {
                        for fd in list {
                            // SAFETY: the kernel made it for this message.
                            given = Some(unsafe { OwnedFd::from_raw_fd(fd) });
                        }
                    }
                }
                break message.bytes;
            }
        }
    };
    // Nothing at all: the other end is closed.
    (n == bytes.len()).then(|| (Request::of(&bytes), given))
}

fn send(socket: &OwnedFd, reply: &Reply, fd: Option<BorrowedFd<'_>>) -> nix::Result<()> {
    let bytes = reply.bytes();
    let list: Vec<RawFd> = fd.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&list)];
    let control = if list.is_empty() { &[][..] } else { &rights };
    sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(&bytes)], control, MsgFlags::MSG_NOSIGNAL, None).map(drop)
}

/// Closes the files whose descriptors are all closed, and frees those from waiting who died in a call.
fn watch(shared: &Weak<Shared>, woken: &OwnedFd) {
    loop {
        let Some(strong) = shared.upgrade() else { return };
        let files: Vec<(u64, Arc<Opened>)> = lock(&strong.files).iter().map(|(k, f)| (*k, Arc::clone(f))).collect();
        let channels: Vec<Arc<Channel>> = {
            let mut list = lock(&strong.channels);
            list.retain(|c| c.strong_count() > 0);
            list.iter().filter_map(Weak::upgrade).filter(|c| !c.client.is_gone()).collect()
        };
        drop(strong);
        let none = PollFlags::empty();
        let mut watched = vec![PollFd::new(woken.as_fd(), PollFlags::POLLIN)];
        watched.extend(files.iter().map(|(_, f)| PollFd::new(f.end.as_fd(), none)));
        watched.extend(channels.iter().map(|c| PollFd::new(c.socket.as_fd(), none)));
        if !matches!(poll(&mut watched, PollTimeout::NONE), Ok(1..)) {
            continue;
        }
        let happened = |at: usize| watched[at].revents().is_some_and(|r| !r.is_empty());
        let hung_up = |at: usize| watched[at].revents().is_some_and(|r| r.contains(PollFlags::POLLHUP));
        let closed: Vec<u64> = (0..files.len()).filter(|i| hung_up(1 + i)).map(|i| files[i].0).collect();
        let dead: Vec<usize> = (0..channels.len()).filter(|i| hung_up(1 + files.len() + i)).collect();
        let called = happened(0);
        drop(watched);
        if called {
            let mut byte = [0; 16];
            if !matches!(nix::unistd::read(woken, &mut byte), Ok(1..)) {
                return;
            }
        }
        let Some(strong) = shared.upgrade() else { return };
        for &i in &dead {
            channels[i].client.leave();
        }
        if !dead.is_empty() {
            strong.cards.iter().for_each(SoftNode::wake);
        }
        // What a closed file had submitted is for nobody: as with a driver, what waits is dropped, what runs is stopped.
        // The last reference may be a call's that is under way, or the one just collected: the drop is outside the lock.
        let gone: Vec<_> = closed.iter().filter_map(|serial| lock(&strong.files).remove(serial)).collect();
        gone.iter().for_each(|file| file.node.abandon());
        drop((gone, files));
    }
}
