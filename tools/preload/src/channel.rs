//! The way to the server: one connection a thread, made at its first question.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::OnceLock;

use crate::protocol::{self, Kind, Reply, Request};
use crate::sys;

/// Where the server is, and the folder with its file tree.
pub struct Server {
    address: sys::SockaddrUn,
    address_len: u32,
    /// The folder, without a slash at its end.
    pub root: Vec<u8>,
    /// The variables by which a program is served, as they stand in an environment.
    pub entry: CString,
    /// The library's.
    pub preload: CString,
}

#[cfg(test)]
impl Server {
    /// A server that is nowhere.
    pub fn of_parts(entry: &CStr, preload: &CStr) -> Server {
        let address = sys::SockaddrUn { family: 0, path: [0; 108] };
        Server { address, address_len: 0, root: Vec::new(), entry: entry.to_owned(), preload: preload.to_owned() }
    }
}

/// The server of this process, if it was started under one.
pub fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(find).as_ref()
}

fn find() -> Option<Server> {
    let mut name = [0u8; 64];
    name[..protocol::VARIABLE.len()].copy_from_slice(protocol::VARIABLE.as_bytes());
    // SAFETY: a C string, whose rest is zero.
    let value = unsafe { sys::getenv(name.as_ptr().cast::<c_char>()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: getenv's strings end with zero.
    let value = unsafe { CStr::from_ptr(value) }.to_bytes();
    let space = value.iter().position(|b| *b == b' ')?;
    let (name, root) = (&value[..space], &value[space + 1..]);
    let mut path = [0; 108];
    path.get_mut(1..=name.len())?.copy_from_slice(name);
    if let Some(pid) = name.strip_prefix(protocol::PREFIX.as_bytes()).and_then(|rest| rest.split(|b| *b == b'/').next())
        && let Some(pid) = std::str::from_utf8(pid).ok().and_then(|s| u64::from_str_radix(s, 16).ok())
    {
        // The server reads our structures: where Yama guards processes, it needs to be told. Failing is fine elsewhere.
        let _keep = sys::KeepErrno::new();
        // SAFETY: a plain number.
        unsafe { sys::prctl(sys::PR_SET_PTRACER, pid) };
    }
    let address = sys::SockaddrUn { family: sys::AF_UNIX as u16, path };
    Some(Server {
        address,
        address_len: (2 + 1 + name.len()) as u32,
        root: root.to_vec(),
        entry: CString::new([protocol::VARIABLE.as_bytes(), b"=", value].concat()).ok()?,
        preload: CString::new([b"LD_PRELOAD=", root, b"/", protocol::LIBRARY.as_bytes()].concat()).ok()?,
    })
}

/// What a descriptor of this process is, where it is one of the device's.
pub fn identify(fd: c_int) -> Option<(Kind, u64)> {
    server()?;
    let _keep = sys::KeepErrno::new();
    let mut address = sys::SockaddrUn { family: 0, path: [0; 108] };
    let mut len = size_of::<sys::SockaddrUn>() as u32;
    // SAFETY: room and its length.
    let failed = unsafe { sys::getsockname(fd, &mut address, &mut len) } != 0;
    if failed || address.family != sys::AF_UNIX as u16 || len <= 3 || address.path[0] != 0 {
        return None;
    }
    let (_, kind, serial) = protocol::parse(address.path.get(1..(len as usize).min(110) - 2)?)?;
    Some((kind, serial))
}

/// A thread's connection: the process that made it, and its descriptor.
struct Channel(Cell<Option<(c_int, c_int)>>);

impl Drop for Channel {
    fn drop(&mut self) {
        if let Some((_, fd)) = self.0.take() {
            // SAFETY: the descriptor is the channel's own.
            unsafe { sys::close(fd) };
        }
    }
}

thread_local! {
    static CHANNEL: Channel = const { Channel(Cell::new(None)) };
}

/// Connects. The descriptor is put out of the way of programs that count on small numbers.
fn connect(server: &Server) -> Result<c_int, c_int> {
    // SAFETY: plain numbers.
    let fd = unsafe { sys::socket(sys::AF_UNIX, sys::SOCK_SEQPACKET | sys::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return Err(sys::errno());
    }
    // SAFETY: the address and its length.
    let failed = unsafe { sys::connect(fd, &server.address, server.address_len) } != 0;
    if failed {
        // SAFETY: our own descriptor.
        unsafe { sys::close(fd) };
        // Whatever the reason, the card isn't there any more.
        return Err(sys::ENODEV);
    }
    // SAFETY: our own descriptor.
    let high = unsafe { sys::fcntl(fd, sys::F_DUPFD_CLOEXEC, 512 as c_int) };
    if high < 0 {
        return Ok(fd);
    }
    // SAFETY: our own descriptor, of which there is another now.
    unsafe { sys::close(fd) };
    Ok(high)
}

/// A question and its answer, with descriptors beside both.
pub fn ask(request: Request, fd: Option<c_int>) -> Result<(Reply, Option<c_int>), c_int> {
    let server = server().ok_or(sys::ENODEV)?;
    let _keep = sys::KeepErrno::new();
    // SAFETY: no arguments.
    let pid = unsafe { sys::getpid() };
    // Taken out for the time of the call, so that a signal handler that comes between makes a connection of its own.
    let mut channel = CHANNEL.try_with(|c| c.0.take()).ok().flatten();
    if let Some((owner, fd)) = channel
        && owner != pid
    {
        // After a fork: the other process talks through it.
        // SAFETY: this process's copy.
        unsafe { sys::close(fd) };
        channel = None;
    }
    let mut fresh = channel.is_none();
    let (channel, answer) = loop {
        let channel = match channel.take() {
            Some((_, fd)) => fd,
            None => connect(server)?,
        };
        match exchange(channel, &request, fd) {
            // The program closed a descriptor that it didn't know, or something else has the number by now.
            Err(Lost::Before) if !fresh => fresh = true,
            Err(_) => {
                // SAFETY: our own descriptor.
                unsafe { sys::close(channel) };
                return Err(sys::ENODEV);
            }
            Ok(answer) => break (channel, answer),
        }
    };
    let back = CHANNEL.try_with(|c| c.0.replace(Some((pid, channel))));
    match back {
        Ok(Some((_, other))) => {
            // SAFETY: one that a signal handler made meanwhile.
            unsafe { sys::close(other) };
        }
        Ok(None) => {}
        Err(_) => {
            // The thread ends.
            // SAFETY: our own descriptor.
            unsafe { sys::close(channel) };
        }
    }
    match answer {
        (reply, fd) if reply.status >= 0 => Ok((reply, fd)),
        (reply, fd) => {
            if let Some(fd) = fd {
                // SAFETY: received, and nobody's yet.
                unsafe { sys::close(fd) };
            }
            Err(-reply.status as c_int)
        }
    }
}

enum Lost {
    /// The question didn't get away.
    Before,
    /// There was no answer.
    After,
}

fn exchange(channel: c_int, request: &Request, fd: Option<c_int>) -> Result<(Reply, Option<c_int>), Lost> {
    let mut bytes = request.bytes();
    let mut rights =
        sys::Rights { len: 20, level: sys::SOL_SOCKET, kind: sys::SCM_RIGHTS, fd: fd.unwrap_or(-1), pad: 0 };
    let mut iov = sys::IoVec { base: bytes.as_mut_ptr().cast(), len: bytes.len() };
    let mut msg = sys::MsgHdr {
        name: std::ptr::null_mut(),
        namelen: 0,
        iov: &mut iov,
        iovlen: 1,
        control: if fd.is_some() { (&raw mut rights).cast::<c_void>() } else { std::ptr::null_mut() },
        controllen: if fd.is_some() { 20 } else { 0 },
        flags: 0,
    };
    loop {
        // SAFETY: the message's parts are the variables above.
        let n = unsafe { sys::sendmsg(channel, &msg, sys::MSG_NOSIGNAL) };
        if n == bytes.len() as isize {
            break;
        }
        if n >= 0 || sys::errno() != sys::EINTR {
            return Err(Lost::Before);
        }
    }
    let mut answer = [0u8; 24];
    iov = sys::IoVec { base: answer.as_mut_ptr().cast(), len: answer.len() };
    loop {
        rights = sys::Rights { len: 0, level: 0, kind: 0, fd: -1, pad: 0 };
        msg.iov = &mut iov;
        msg.control = (&raw mut rights).cast();
        msg.controllen = size_of::<sys::Rights>();
        msg.flags = 0;
        // SAFETY: the message's parts are the variables above, with room for one descriptor.
        let n = unsafe { sys::recvmsg(channel, &mut msg, sys::MSG_CMSG_CLOEXEC) };
        if n == answer.len() as isize {
            break;
        }
        if n >= 0 || sys::errno() != sys::EINTR {
            return Err(Lost::After);
        }
    }
    let got = rights.level == sys::SOL_SOCKET && rights.kind == sys::SCM_RIGHTS && rights.len >= 20;
    Ok((Reply::of(&answer), got.then_some(rights.fd)))
}
