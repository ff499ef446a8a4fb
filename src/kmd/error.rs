//! What can go wrong between this process and the amdgpu driver.

use std::io;
use std::path::PathBuf;

use super::context::Lost;
use super::node::Errno;

/// An error of the kernel interface. Addresses and flags print in hexadecimal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KmdError {
    /// The node does not exist.
    #[error("{} does not exist", path.display())]
    NotFound {
        /// The node.
        path: PathBuf,
    },
    /// The node exists and this user may not open it.
    #[error("{} may not be opened by this user ({errno})", path.display())]
    PermissionDenied {
        /// The node.
        path: PathBuf,
        /// `EACCES` or `EPERM`.
        errno: Errno,
    },
    /// The node could not be opened for another reason.
    #[error("{} could not be opened ({errno})", path.display())]
    Open {
        /// The node.
        path: PathBuf,
        /// The kernel's reason.
        errno: Errno,
    },
    /// The node belongs to another driver.
    #[error("the node belongs to the driver `{driver}`, not to amdgpu")]
    NotAmdgpu {
        /// The driver's name.
        driver: String,
    },
    /// The kernel's amdgpu is older than 3.40.
    #[error("the kernel's amdgpu has DRM version {major}.{minor}, and 3.40 is the oldest that works here")]
    TooOld {
        /// DRM major version.
        major: i32,
        /// DRM minor version.
        minor: i32,
    },
    /// The kernel lacks a capability.
    #[error("the kernel's amdgpu has no {name}")]
    MissingCapability {
        /// The capability.
        name: &'static str,
    },
    /// The card runs another instruction set than the caller needs.
    #[error("the card is a {found}, and {wanted} is needed")]
    UnsupportedGfx {
        /// The target needed.
        wanted: String,
        /// The card's target.
        found: String,
    },
    /// An ioctl failed.
    #[error("{name} failed with {errno} ({args})")]
    Ioctl {
        /// The request's name, without `DRM_IOCTL_`.
        name: &'static str,
        /// The kernel's reason.
        errno: Errno,
        /// The arguments that matter.
        args: String,
    },
    /// No memory for a buffer.
    #[error("no room for a buffer of {size:#x} bytes (domains {domains:#x}, flags {flags:#x})")]
    OutOfMemory {
        /// Size in bytes.
        size: u64,
        /// `GEM_DOMAIN_*`.
        domains: u64,
        /// `GEM_CREATE_*`.
        flags: u64,
    },
    /// `mmap` of a buffer failed.
    #[error("buffer {handle} could not be mapped at offset {offset:#x}, {len:#x} bytes: {source}")]
    Map {
        /// GEM handle.
        handle: u32,
        /// Fake offset.
        offset: u64,
        /// Length in bytes.
        len: u64,
        /// The reason.
        source: io::Error,
    },
    /// The buffer was made for the GPU alone.
    #[error("buffer {handle} lies in video memory that the CPU cannot map")]
    NotCpuVisible {
        /// GEM handle.
        handle: u32,
    },
    /// A store through a mapping for loads.
    #[error("buffer {handle} is mapped for reading only")]
    ReadOnly {
        /// GEM handle.
        handle: u32,
    },
    /// An access outside a buffer.
    #[error("an access of {len:#x} bytes at {offset:#x} leaves a buffer of {size:#x} bytes")]
    OutOfRange {
        /// First byte.
        offset: u64,
        /// Bytes.
        len: u64,
        /// Size of the buffer in bytes.
        size: u64,
    },
    /// An address, offset or size without the alignment that it needs.
    #[error("{what} {value:#x} is not a multiple of {alignment:#x}")]
    Misaligned {
        /// What it is.
        what: &'static str,
        /// Its value.
        value: u64,
        /// What divides it where it is right.
        alignment: u64,
    },
    /// A size of zero, or one that cannot be represented.
    #[error("{what} cannot be {value:#x}")]
    BadSize {
        /// What it is.
        what: &'static str,
        /// Its value.
        value: u64,
    },
    /// The GPU address space has no gap left for a mapping.
    #[error("no {size:#x} free bytes in the GPU address space {start:#x}..{end:#x}")]
    VaExhausted {
        /// Bytes wanted.
        size: u64,
        /// Start of the space.
        start: u64,
        /// End of the space.
        end: u64,
    },
    /// The GPU addresses asked for are taken or lie outside the space.
    #[error("the GPU addresses {va:#x}..+{size:#x} are taken, or outside {start:#x}..{end:#x}")]
    VaUnavailable {
        /// First address.
        va: u64,
        /// Bytes.
        size: u64,
        /// Start of the space.
        start: u64,
        /// End of the space.
        end: u64,
    },
    /// Objects of two devices met in one call.
    #[error("{what} belongs to another device")]
    OtherDevice {
        /// The object.
        what: &'static str,
    },
    /// A submission names a buffer list and single buffers, which the kernel refuses with EINVAL.
    #[error("a submission takes a buffer list or single buffers, not both")]
    BoListAndBos,
    /// A submission has no IB.
    #[error("a submission needs an IB")]
    NoIb,
    /// A submission's IBs are for different rings.
    #[error(
        "the IBs of one submission go to one ring (to four at most from DRM 3.49 on), and these go to {first} and {other}"
    )]
    MixedRings {
        /// The first IB's ring.
        first: super::Ring,
        /// The other IB's ring.
        other: super::Ring,
    },
    /// The device has no such ring.
    #[error("there is no ring {ring}: available are {mask:#x} (a bit a ring)")]
    NoSuchRing {
        /// The ring asked for.
        ring: super::Ring,
        /// The rings there are.
        mask: u32,
    },
    /// The kernel, its configuration or the firmware has no user-mode queues for the engine.
    #[error(
        "there are no user-mode queues of the {engine} engine here (engines that have them: {mask:#x}, a bit each)"
    )]
    NoUserQueues {
        /// The engine asked for.
        engine: super::Ip,
        /// The engines that have them, a bit an engine kind.
        mask: u32,
    },
    /// A user-mode queue's ring has no room for more packets now.
    #[error("{wanted} dwords don't fit into the ring of user-mode queue {queue}, where {free} of {size} are free")]
    RingFull {
        /// The queue's number.
        queue: u32,
        /// Dwords wanted.
        wanted: u64,
        /// Dwords that are free.
        free: u64,
        /// Dwords of the ring.
        size: u64,
    },
    /// A user fence's buffer is not one page.
    #[error("a user fence needs a buffer of one page (0x1000 bytes), and buffer {handle} has {size:#x}")]
    UserFenceSize {
        /// GEM handle.
        handle: u32,
        /// Its size in bytes.
        size: u64,
    },
    /// A reset took the context; see [`Lost`].
    #[error("the context is lost: {0}")]
    ContextLost(Lost),
}

impl KmdError {
    /// A short name that stays the same, for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "kmd-not-found",
            Self::PermissionDenied { .. } => "kmd-permission-denied",
            Self::Open { .. } => "kmd-open",
            Self::NotAmdgpu { .. } => "kmd-not-amdgpu",
            Self::TooOld { .. } => "kmd-too-old",
            Self::MissingCapability { .. } => "kmd-missing-capability",
            Self::UnsupportedGfx { .. } => "kmd-unsupported-gfx",
            Self::Ioctl { .. } => "kmd-ioctl",
            Self::OutOfMemory { .. } => "kmd-out-of-memory",
            Self::Map { .. } => "kmd-map",
            Self::NotCpuVisible { .. } => "kmd-not-cpu-visible",
            Self::ReadOnly { .. } => "kmd-read-only",
            Self::OutOfRange { .. } => "kmd-out-of-range",
            Self::Misaligned { .. } => "kmd-misaligned",
            Self::BadSize { .. } => "kmd-bad-size",
            Self::VaExhausted { .. } => "kmd-va-exhausted",
            Self::VaUnavailable { .. } => "kmd-va-unavailable",
            Self::OtherDevice { .. } => "kmd-other-device",
            Self::BoListAndBos => "kmd-bo-list-and-bos",
            Self::NoIb => "kmd-no-ib",
            Self::MixedRings { .. } => "kmd-mixed-rings",
            Self::NoSuchRing { .. } => "kmd-no-such-ring",
            Self::NoUserQueues { .. } => "kmd-no-user-queues",
            Self::RingFull { .. } => "kmd-ring-full",
            Self::UserFenceSize { .. } => "kmd-user-fence-size",
            Self::ContextLost(_) => "kmd-context-lost",
        }
    }

    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotFound { .. } => {
                "is the amdgpu module loaded, and is /dev/dri passed into the container (--device /dev/dri)?"
            }
            Self::PermissionDenied { .. } => {
                "join the group that owns the node (usually `render`): sudo usermod -aG render $USER, then log in again"
            }
            Self::NotAmdgpu { .. } => "choose another render node: each card has its own /dev/dri/renderD*",
            Self::TooOld { .. } => "Linux 5.10 and newer have 3.40; gfx1100 itself needs Linux 6.0 or newer",
            Self::UnsupportedGfx { .. } => "choose the card that has this gfx target, or build the kernel for this one",
            Self::Ioctl { errno: Errno::ENODEV, .. } => "the card was unplugged, or its driver was unloaded",
            Self::Ioctl { errno: Errno::EACCES, .. } => "a priority above normal needs CAP_SYS_NICE",
            Self::OutOfMemory { .. } => "free buffers, or place some of them in GTT",
            Self::NotCpuVisible { .. } => "allocate it as VramCpu or Gtt, or copy through such a buffer",
            Self::BoListAndBos => "put every buffer into the list, or name none",
            Self::MixedRings { .. } => "submit twice, the second depending on the first's fence",
            Self::NoUserQueues { .. } => {
                "they need Linux 6.16, newer firmware and the amdgpu.user_queue parameter; submit through a context instead"
            }
            Self::RingFull { .. } => "wait until the queue has read on, or create it with a larger ring",
            Self::VaUnavailable { .. } => "let the allocator choose the address",
            Self::ContextLost(_) => "drop the context and create another; upload again what was in video memory",
            _ => return None,
        })
    }
}
