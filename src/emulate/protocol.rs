//! What the preloaded library and the server say to each other.
//!
//! A channel is a SOCK_SEQPACKET connection of one thread of a client: one [`Request`] out, one [`Reply`] back, each with
//! at most one descriptor beside it (SCM_RIGHTS). This file has no dependencies: the library is built without any.
//!
//! Descriptors that the device hands out are Unix sockets that are bound to a name in the abstract namespace,
//! `sparkle-pm4/SERVER/KIND/SERIAL` with numbers in hex, so that whoever has one can tell by getsockname(2) what it is,
//! whatever was done to it meanwhile (dup, fork, exec, SCM_RIGHTS).

/// Version of this protocol: library and server come out of one build, so another one is a mix-up.
pub const VERSION: u32 = 1;

/// Start of every name in the abstract namespace.
pub const PREFIX: &str = "sparkle-pm4/";

/// The variable that leads a client to its server: `NAME ROOT`, the abstract name and the folder of the file tree.
pub const VARIABLE: &str = "SPARKLE_PM4_EMULATE";

/// The preloaded library's file in that folder.
pub const LIBRARY: &str = "library.so";

/// What a descriptor of the device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A node under `/dev/dri`, opened.
    Drm,
    /// A shared buffer.
    DmaBuf,
    /// A synchronisation object.
    Syncobj,
    /// A fence.
    Sync,
}

impl Kind {
    /// The word in the name.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Drm => "drm",
            Kind::DmaBuf => "dmabuf",
            Kind::Syncobj => "syncobj",
            Kind::Sync => "sync",
        }
    }

    /// Of which a word tells.
    pub fn of(word: &[u8]) -> Option<Kind> {
        [Kind::Drm, Kind::DmaBuf, Kind::Syncobj, Kind::Sync].into_iter().find(|k| k.word().as_bytes() == word)
    }
}

/// The minor number of an open node's serial number, which has it in its low byte.
pub fn minor(serial: u64) -> u32 {
    serial as u32 & 0xff
}

/// Server, kind and serial number in a name (without the leading NUL), where it is a descriptor's.
pub fn parse(name: &[u8]) -> Option<(u32, Kind, u64)> {
    let mut parts = name.strip_prefix(PREFIX.as_bytes())?.split(|b| *b == b'/');
    let (server, kind, serial) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let hex = |part| u64::from_str_radix(std::str::from_utf8(part).ok()?, 16).ok();
    Some((u32::try_from(hex(server)?).ok()?, Kind::of(kind)?, hex(serial)?))
}

/// What is asked.
pub mod ask {
    /// Open a node: `a` is its minor number. Answers a descriptor.
    pub const OPEN: u32 = 1;
    /// An ioctl on `serial`: `a` is the request, `b` the address of its structure in the caller's memory. A descriptor
    /// in the structure comes and goes beside the message.
    pub const IOCTL: u32 = 2;
    /// Where a mapping of `b` bytes at offset `a` of `serial` lies: answers the offset, and the memory's descriptor.
    pub const MAP: u32 = 3;
    /// The length of a shared buffer.
    pub const LENGTH: u32 = 4;
    /// Where the memory of a user pointer's handle `a` lies, as for a mapping.
    pub const USER: u32 = 5;
}

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Request {
    /// [`VERSION`].
    pub version: u32,
    /// One of [`ask`].
    pub ask: u32,
    /// Serial number of the descriptor that it is about.
    pub serial: u64,
    /// First operand.
    pub a: u64,
    /// Second operand.
    pub b: u64,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Reply {
    /// An errno, negative; otherwise what the call returns.
    pub status: i64,
    /// What was asked for.
    pub value: u64,
    /// Where the descriptor beside this message belongs in the caller's structure; [`NOWHERE`] without one.
    pub place: u64,
}

/// No place.
pub const NOWHERE: u64 = u64::MAX;

impl Request {
    /// Its bytes.
    pub fn bytes(&self) -> [u8; 32] {
        let mut b = [0; 32];
        b[0..4].copy_from_slice(&self.version.to_ne_bytes());
        b[4..8].copy_from_slice(&self.ask.to_ne_bytes());
        b[8..16].copy_from_slice(&self.serial.to_ne_bytes());
        b[16..24].copy_from_slice(&self.a.to_ne_bytes());
        b[24..32].copy_from_slice(&self.b.to_ne_bytes());
        b
    }

    /// From its bytes.
    pub fn of(b: &[u8; 32]) -> Request {
        let quad = |at: usize| u64::from_ne_bytes(std::array::from_fn(|i| b[at + i]));
        let word = |at: usize| u32::from_ne_bytes(std::array::from_fn(|i| b[at + i]));
        Request { version: word(0), ask: word(4), serial: quad(8), a: quad(16), b: quad(24) }
    }
}

impl Reply {
    /// Its bytes.
    pub fn bytes(&self) -> [u8; 24] {
        let mut b = [0; 24];
        b[0..8].copy_from_slice(&self.status.to_ne_bytes());
        b[8..16].copy_from_slice(&self.value.to_ne_bytes());
        b[16..24].copy_from_slice(&self.place.to_ne_bytes());
        b
    }

    /// From its bytes.
    pub fn of(b: &[u8; 24]) -> Reply {
        let quad = |at: usize| u64::from_ne_bytes(std::array::from_fn(|i| b[at + i]));
        Reply { status: quad(0) as i64, value: quad(8), place: quad(16) }
    }
}

/// Type letter, number and size of a request code.
pub fn request_parts(request: u64) -> (u8, u8, usize) {
    ((request >> 8) as u8, request as u8, (request >> 16) as usize & 0x3fff)
}

/// Where a request's structure has a descriptor of the caller's that the driver reads.
pub fn descriptor_in(request: u64) -> Option<usize> {
    match request_parts(request) {
        // PRIME_FD_TO_HANDLE, SYNCOBJ_FD_TO_HANDLE.
        (b'd', 0x2e | 0xc2, _) => Some(8),
        // SCHED: another open file of the card.
        (b'd', 0x55, _) => Some(4),
        // SYNCOBJ_EVENTFD.
        (b'd', 0xcf, _) => Some(16),
        // DMA_BUF_IOCTL_IMPORT_SYNC_FILE.
        (b'b', 3, _) => Some(4),
        // SYNC_IOC_MERGE.
        (b'>', 3, _) => Some(32),
        _ => None,
    }
}

/// Where it has one that the driver made.
pub fn descriptor_out(request: u64, answer: &[u8]) -> Option<usize> {
    match request_parts(request) {
        // PRIME_HANDLE_TO_FD, SYNCOBJ_HANDLE_TO_FD.
        (b'd', 0x2d | 0xc1, _) => Some(8),
        // FENCE_TO_HANDLE: by what was asked for, a handle or one of two kinds of descriptor.
        (b'd', 0x54, _) if matches!(answer.get(24..28), Some([1 | 2, 0, 0, 0])) => Some(0),
        // DMA_BUF_IOCTL_EXPORT_SYNC_FILE.
        (b'b', 2, _) => Some(4),
        (b'>', 3, _) => Some(36),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_way() {
        let request = Request { version: VERSION, ask: ask::MAP, serial: 7, a: 1 << 40, b: u64::MAX };
        assert_eq!(Request::of(&request.bytes()), request);
        let reply = Reply { status: -22, value: 3, place: NOWHERE };
        assert_eq!(Reply::of(&reply.bytes()), reply);
    }

    #[test]
    fn names_tell_what_a_descriptor_is() {
        assert_eq!(parse(b"sparkle-pm4/1f/drm/a0"), Some((0x1f, Kind::Drm, 0xa0)));
        assert_eq!(parse(b"sparkle-pm4/1f/sync/1"), Some((0x1f, Kind::Sync, 1)));
        for other in [
            "",
            "sparkle-pm4/1f",
            "sparkle-pm4/1f/drm/",
            "sparkle-pm4/1f/card/1",
            "sparkle-pm4/1f/drm/1/2",
            "sparkle-pm4/x/drm/1",
            "/run/x/drm/1",
        ] {
            assert_eq!(parse(other.as_bytes()), None, "{other}");
        }
    }
}
