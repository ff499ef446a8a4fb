//! Every ioctl that this crate issues, one row each.
//!
//! All of them work on the render node and need no DRM authentication unless the row says so; access to the node
//! itself (`/dev/dri/renderD*`, usually group `render`) is the permission. *Since* is the amdgpu DRM version, 3.x;
//! everything not marked is there from 3.40 on, the oldest that [`Device`](super::Device) accepts.
//!
//! The kernel matches a request by its number alone, takes as many bytes as the code's size says and reads the rest as
//! zero (`drm_ioctl`), so that a structure that has grown since works on older kernels as long as what is new is zero.
//!
//! Any of them may also fail with `ENODEV` (the card was unplugged or its driver unloaded), `EFAULT` (a bad address)
//! and `ENOMEM`.

use std::marker::PhantomData;
use std::time::{Duration, Instant};

use drm_sys::{
    drm_auth, drm_client, drm_gem_close, drm_gem_flink, drm_gem_open, drm_get_cap, drm_prime_handle,
    drm_set_client_cap, drm_syncobj_array, drm_syncobj_create, drm_syncobj_destroy, drm_syncobj_eventfd,
    drm_syncobj_handle, drm_syncobj_timeline_array, drm_syncobj_timeline_wait, drm_syncobj_transfer, drm_syncobj_wait,
    drm_unique, drm_version,
};

use super::node::{Errno, Node};
use super::uapi::*;

/// `DRM_COMMAND_BASE`: where a driver's own requests start.
pub const COMMAND_BASE: u8 = 0x40;

/// Direction bits of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// `_IO`: no structure.
    None,
    /// `_IOR`: the caller reads only.
    Read,
    /// `_IOW`: the caller writes only.
    Write,
    /// `_IOWR`: both directions.
    ReadWrite,
}

/// One request: its code, and the structures that it takes and leaves.
#[derive(Debug)]
pub struct Ioctl<In, Out = In> {
    /// The full request code: direction, size, type `'d'`, number.
    pub code: u32,
    /// The name, as error messages print it.
    pub name: &'static str,
    types: PhantomData<fn(In) -> Out>,
}

/// Bytes of the largest structure here ([`GemMetadata`]), in 64-bit words so that it is aligned.
const LARGEST_WORDS: usize = size_of::<GemMetadata>() / 8;

impl<In, Out> Ioctl<In, Out> {
    /// Size of the request's structure in bytes: the union of both directions.
    pub const SIZE: usize = if size_of::<In>() > size_of::<Out>() { size_of::<In>() } else { size_of::<Out>() };

    const fn new(name: &'static str, number: u8, direction: Direction) -> Self {
        const { assert!(Self::SIZE <= LARGEST_WORDS * 8 && align_of::<In>() <= 8 && align_of::<Out>() <= 8) };
        let code = match direction {
            Direction::None => nix::request_code_none!(drm_sys::DRM_IOCTL_BASE, number),
            Direction::Read => nix::request_code_read!(drm_sys::DRM_IOCTL_BASE, number, Self::SIZE),
            Direction::Write => nix::request_code_write!(drm_sys::DRM_IOCTL_BASE, number, Self::SIZE),
            Direction::ReadWrite => nix::request_code_readwrite!(drm_sys::DRM_IOCTL_BASE, number, Self::SIZE),
        };
        Self { code: code as u32, name, types: PhantomData }
    }

    /// The request's number (`_IOC_NR`).
    pub const fn number(&self) -> u8 {
        self.code as u8
    }
}

impl<In: Wire, Out: Wire> Ioctl<In, Out> {
    /// Issues the request, restarting it on `EINTR` and `EAGAIN`, as libdrm's `drmIoctl` does. It cannot stretch a wait,
    /// because every timeout of this interface is absolute. A driver that answers nothing else, and at once, is given up
    /// after [`RESTARTS`] in a row, with that error; one that waits before it answers is restarted without end.
    ///
    /// Each attempt sends `input` afresh, so an attempt that failed half-way cannot change the next one's question.
    ///
    /// # Safety
    /// Addresses inside `input` that the request makes the driver access must be valid for that access, as
    /// [`Node::ioctl`] says.
    pub(crate) unsafe fn call(&self, node: &dyn Node, input: &In) -> Result<Out, Errno> {
        let mut patience = Patience::default();
        loop {
            let mut words = [0u64; LARGEST_WORDS];
            let bytes: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut words)[..Self::SIZE];
            // SAFETY: `new` asserts that `In` fits and is aligned no stricter than a word; `Wire` says that all of
            // its bytes are initialised.
            unsafe { bytes.as_mut_ptr().cast::<In>().write(*input) };
            // SAFETY: the caller vouches for the addresses inside `input`.
            match unsafe { node.ioctl(self.code, bytes) } {
                // SAFETY: `new` asserts that `Out` fits and is aligned; `Wire` says that any bytes are a value.
                Ok(_) => return Ok(unsafe { bytes.as_ptr().cast::<Out>().read() }),
                Err(errno) if patience.restarts(errno) => continue,
                Err(errno) => return Err(errno),
            }
        }
    }
}

/// Restarts in a row of a request that fails at once each time.
pub const RESTARTS: u32 = 10_000;

/// Decides whether a request is issued once more.
struct Patience {
    begun: Instant,
    quick: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { begun: Instant::now(), quick: 0 }
    }
}

impl Patience {
    fn restarts(&mut self, errno: Errno) -> bool {
        // An attempt that took this long did something, or waited.
        const SOMETHING: Duration = Duration::from_micros(100);
        let now = Instant::now();
        self.quick = if now - self.begun < SOMETHING { self.quick + 1 } else { 0 };
        self.begun = now;
        matches!(errno, Errno::EINTR | Errno::EAGAIN) && self.quick < RESTARTS
    }
}

/// What any request may fail with: the card is gone, a bad address, no memory; and the two after which it is restarted.
pub const COMMON_ERRORS: &[Errno] = &[Errno::ENODEV, Errno::EFAULT, Errno::ENOMEM, Errno::EINTR, Errno::EAGAIN];

/// The longer form of [`GEM_VA`], which waits for sync objects before the change and signals one after it. Newer kernels,
/// those with user-mode queues; an older one takes the shorter part of it, without a word. Errors: as [`GEM_VA`], and
/// `ENOENT` no such sync object.
pub const GEM_VA_TIMELINE: Ioctl<GemVaTimeline> =
    Ioctl::new("AMDGPU_GEM_VA", COMMAND_BASE + 0x08, Direction::ReadWrite);

/// One row an ioctl, with the errors that its documentation names. `REQUESTS` lists them all, for the test that compares the codes with a C compiler's.
macro_rules! ioctls {
    ($($(#[$doc:meta])* $name:ident = $c:literal $number:expr, $direction:ident, $in:ty => $out:ty,
        [$($errno:ident),*];)*) => {
        $($(#[$doc])* pub const $name: Ioctl<$in, $out> = Ioctl::new($c, $number, Direction::$direction);)*

        /// Every request: its name in C (without `DRM_IOCTL_`) and its code.
        pub const REQUESTS: &[(&str, u32)] = &[$(($c, $name.code)),*];

        /// The errors that each request's row tells of, beside [`COMMON_ERRORS`].
        pub const ERRORS: &[(&str, u32, &[Errno])] = &[$(($c, $name.code, &[$(Errno::$errno),*])),*];
    };
}

ioctls! {
    /// Driver name and version. Any node. Errors: none but the common ones.
    VERSION = "VERSION" 0x00, ReadWrite, drm_version => drm_version, [];
    /// The bus id (`pci:0000:03:00.0`). The primary node. Errors: `EACCES` a render node.
    GET_UNIQUE = "GET_UNIQUE" 0x01, ReadWrite, drm_unique => drm_unique, [EACCES];
    /// A number for `AUTH_MAGIC`, by which the master lets this file in. The primary node. Errors: `EACCES` a render node.
    GET_MAGIC = "GET_MAGIC" 0x02, Read, drm_auth => drm_auth, [EACCES];
    /// Who the caller is, at index 0; kernels tell of nobody else. The primary node. Errors: `EINVAL` another index,
    /// `EACCES` a render node.
    GET_CLIENT = "GET_CLIENT" 0x05, ReadWrite, drm_client => drm_client, [EINVAL, EACCES];
    /// Gives a buffer a number by which every authenticated file can open it; prefer PRIME. The primary node,
    /// authenticated. Errors: `ENOENT` no such handle, `EACCES`.
    GEM_FLINK = "GEM_FLINK" 0x0a, ReadWrite, drm_gem_flink => drm_gem_flink, [ENOENT, EACCES];
    /// Opens a buffer by such a number. The primary node, authenticated. Errors: `ENOENT` no such name, `EPERM` a buffer
    /// that is always valid in another address space, `EACCES`.
    GEM_OPEN = "GEM_OPEN" 0x0b, ReadWrite, drm_gem_open => drm_gem_open, [ENOENT, EPERM, EACCES];
    /// Says what the client understands of displays. The primary node. Errors: `EOPNOTSUPP` there is none, `EINVAL` an
    /// unknown capability or value, `EACCES` a render node.
    SET_CLIENT_CAP = "SET_CLIENT_CAP" 0x0d, Write, drm_set_client_cap => drm_set_client_cap, [EOPNOTSUPP, EINVAL, EACCES];
    /// Lets another file in. The primary node, as master. Errors: `EINVAL` nobody's number, `EACCES`.
    AUTH_MAGIC = "AUTH_MAGIC" 0x11, Write, drm_auth => drm_auth, [EINVAL, EACCES];
    /// Becomes the master. The primary node; who was it before, or CAP_SYS_ADMIN. Errors: `EBUSY` another file is,
    /// `EINVAL`, `EACCES`.
    SET_MASTER = "SET_MASTER" 0x1e, None, () => (), [EBUSY, EINVAL, EACCES];
    /// Gives mastership up. The primary node. Errors: `EINVAL` not the master, `EACCES`.
    DROP_MASTER = "DROP_MASTER" 0x1f, None, () => (), [EINVAL, EACCES];
    /// Frees one handle; the object lives on while mappings or submissions use it. Errors: `EINVAL` no such handle.
    GEM_CLOSE = "GEM_CLOSE" 0x09, Write, drm_gem_close => drm_gem_close, [EINVAL];
    /// One `DRM_CAP_*`. Errors: `EINVAL` unknown to this kernel.
    GET_CAP = "GET_CAP" 0x0c, ReadWrite, drm_get_cap => drm_get_cap, [EINVAL, EOPNOTSUPP];
    /// Exports a buffer as a dma-buf. Errors: `ENOENT` no such handle, `EMFILE`, `EINVAL` flags, `EPERM` a
    /// user pointer, or a buffer that is always valid in one address space.
    PRIME_HANDLE_TO_FD = "PRIME_HANDLE_TO_FD" 0x2d, ReadWrite, drm_prime_handle => drm_prime_handle, [ENOENT, EMFILE, EINVAL, EPERM];
    /// Imports a dma-buf. Errors: `EBADF`, `EINVAL` not a dma-buf, `EPERM` as for `GEM_OPEN`.
    PRIME_FD_TO_HANDLE = "PRIME_FD_TO_HANDLE" 0x2e, ReadWrite, drm_prime_handle => drm_prime_handle, [EBADF, EINVAL, EPERM];
    /// Creates a sync object, optionally signalled. Errors: `EINVAL` flags, `EOPNOTSUPP` no such capability.
    SYNCOBJ_CREATE = "SYNCOBJ_CREATE" 0xbf, ReadWrite, drm_syncobj_create => drm_syncobj_create, [EINVAL, EOPNOTSUPP];
    /// Frees a sync object's handle. Errors: `EINVAL` no such handle.
    SYNCOBJ_DESTROY = "SYNCOBJ_DESTROY" 0xc0, ReadWrite, drm_syncobj_destroy => drm_syncobj_destroy, [EINVAL];
    /// Exports a sync object, or the fence of a point as a sync file. Errors: `EINVAL` no such object, or no fence; `ENOENT`,
    /// `EMFILE`.
    SYNCOBJ_HANDLE_TO_FD = "SYNCOBJ_HANDLE_TO_FD" 0xc1, ReadWrite, drm_syncobj_handle => drm_syncobj_handle, [EINVAL, ENOENT, EMFILE];
    /// Imports a sync object, or a sync file into one. Errors: `EINVAL`, `ENOENT`.
    SYNCOBJ_FD_TO_HANDLE = "SYNCOBJ_FD_TO_HANDLE" 0xc2, ReadWrite, drm_syncobj_handle => drm_syncobj_handle, [EINVAL, ENOENT];
    /// Waits for binary sync objects until an **absolute** CLOCK_MONOTONIC time. Errors: `ETIME` not in time,
    /// `EINVAL` no fence yet and no WAIT_FOR_SUBMIT, `ENOENT` no such handle. A fence's own error is not reported.
    SYNCOBJ_WAIT = "SYNCOBJ_WAIT" 0xc3, ReadWrite, drm_syncobj_wait => drm_syncobj_wait, [ETIME, EINVAL, ENOENT];
    /// Drops the fences of sync objects. Errors: `EINVAL` none given, `ENOENT`.
    SYNCOBJ_RESET = "SYNCOBJ_RESET" 0xc4, ReadWrite, drm_syncobj_array => drm_syncobj_array, [EINVAL, ENOENT];
    /// Signals sync objects from the CPU. Errors: `EINVAL` none given, `ENOENT`.
    SYNCOBJ_SIGNAL = "SYNCOBJ_SIGNAL" 0xc5, ReadWrite, drm_syncobj_array => drm_syncobj_array, [EINVAL, ENOENT];
    /// Waits for timeline points until an **absolute** CLOCK_MONOTONIC time. Errors: as `SYNCOBJ_WAIT`, `EOPNOTSUPP`.
    SYNCOBJ_TIMELINE_WAIT = "SYNCOBJ_TIMELINE_WAIT" 0xca, ReadWrite,
        drm_syncobj_timeline_wait => drm_syncobj_timeline_wait, [ETIME, EINVAL, ENOENT, EOPNOTSUPP];
    /// Reads the last signalled points. Errors: `EOPNOTSUPP`, `EINVAL`, `ENOENT`.
    SYNCOBJ_QUERY = "SYNCOBJ_QUERY" 0xcb, ReadWrite, drm_syncobj_timeline_array => drm_syncobj_timeline_array, [EOPNOTSUPP, EINVAL, ENOENT];
    /// Copies a fence from one sync object's point to another's. Errors: `EOPNOTSUPP`, `EINVAL`, `ENOENT`, `ETIME` nothing was
    /// submitted in time.
    SYNCOBJ_TRANSFER = "SYNCOBJ_TRANSFER" 0xcc, ReadWrite, drm_syncobj_transfer => drm_syncobj_transfer, [EOPNOTSUPP, EINVAL, ENOENT, ETIME];
    /// Signals timeline points from the CPU. Errors: `EOPNOTSUPP`, `EINVAL`, `ENOENT`.
    SYNCOBJ_TIMELINE_SIGNAL = "SYNCOBJ_TIMELINE_SIGNAL" 0xcd, ReadWrite,
        drm_syncobj_timeline_array => drm_syncobj_timeline_array, [EOPNOTSUPP, EINVAL, ENOENT];
    /// Has an eventfd written to when a timeline point is signalled, or submitted. Since Linux 6.6. Errors: `ENOENT` no such
    /// object, `EINVAL` flags or no eventfd, `EBADF`, `EOPNOTSUPP`.
    SYNCOBJ_EVENTFD = "SYNCOBJ_EVENTFD" 0xcf, ReadWrite, drm_syncobj_eventfd => drm_syncobj_eventfd,
        [ENOENT, EINVAL, EBADF, EOPNOTSUPP];

    /// Allocates a buffer. Errors: `EINVAL` unknown domains or flags, or size 0; `ENOMEM` no room in any domain.
    GEM_CREATE = "AMDGPU_GEM_CREATE" COMMAND_BASE, ReadWrite, GemCreateIn => GemCreateOut, [EINVAL];
    /// Gives the offset for `mmap(2)`. Errors: `ENOENT` no such handle, `EPERM` a user pointer or NO_CPU_ACCESS.
    GEM_MMAP = "AMDGPU_GEM_MMAP" COMMAND_BASE + 0x01, ReadWrite, GemMmapIn => GemMmapOut, [ENOENT, EPERM];
    /// Creates a context. A priority above normal needs CAP_SYS_NICE or DRM master. Errors: `EACCES` that, `EINVAL`.
    CTX_ALLOC = "AMDGPU_CTX" COMMAND_BASE + 0x02, ReadWrite, CtxIn => CtxOutAlloc, [EACCES, EINVAL];
    /// Frees a context, asks for its state (QUERY_STATE2 since 3.23), or for and about the power state (since 3.45). Errors:
    /// `EINVAL` no such context or state, `EBUSY` another context holds the power state.
    CTX_STATE = "AMDGPU_CTX" COMMAND_BASE + 0x02, ReadWrite, CtxIn => CtxOutState, [EINVAL, EBUSY];
    /// Creates, updates or destroys a buffer list. Errors: `EINVAL` operation, `ENOENT` no such list or buffer.
    BO_LIST = "AMDGPU_BO_LIST" COMMAND_BASE + 0x03, ReadWrite, BoListIn => BoListOut, [EINVAL, ENOENT];
    /// Submits work. Errors: `EINVAL` malformed chunks, ring, or both a list and BO_HANDLES; `ENOENT` a buffer or
    /// sync object; `ECANCELED` the context was lost by a reset it did not cause; `ENODATA` it caused one that was
    /// recovered softly; `ETIME` one that was recovered hard; `ENOMEM` no room for the buffers together.
    CS = "AMDGPU_CS" COMMAND_BASE + 0x04, ReadWrite, CsIn => CsOut, [EINVAL, ENOENT, ECANCELED, ENODATA, ETIME];
    /// Asks for information. Errors: `EINVAL` the kernel does not know the query, or its arguments.
    INFO = "AMDGPU_INFO" COMMAND_BASE + 0x05, Write, Info => Info, [EINVAL];
    /// Reads or writes the metadata of a buffer. Errors: `ENOENT`, `EINVAL`.
    GEM_METADATA = "AMDGPU_GEM_METADATA" COMMAND_BASE + 0x06, ReadWrite, GemMetadata => GemMetadata, [ENOENT, EINVAL];
    /// Waits for a buffer to be idle until an **absolute** CLOCK_MONOTONIC time. Errors: `ENOENT`.
    GEM_WAIT_IDLE = "AMDGPU_GEM_WAIT_IDLE" COMMAND_BASE + 0x07, ReadWrite, GemWaitIdleIn => GemWaitIdleOut, [ENOENT];
    /// Changes the address space. Errors: `EINVAL` alignment, range, flags, or an overlap with another mapping;
    /// `ENOENT` no such buffer or mapping. The 40-byte form, which all kernels take.
    GEM_VA = "AMDGPU_GEM_VA" COMMAND_BASE + 0x08, Write, GemVa => GemVa, [EINVAL, ENOENT];
    /// Waits for a submission until an **absolute** CLOCK_MONOTONIC time. Errors: the *fence's own* error if it was
    /// set when it signalled (`ECANCELED`, `ENODATA`, `ETIME`; the kernel returns `dma_fence.error` from here), and
    /// `EINVAL` no such context or ring.
    WAIT_CS = "AMDGPU_WAIT_CS" COMMAND_BASE + 0x09, ReadWrite, WaitCsIn => WaitCsOut, [ECANCELED, ENODATA, ETIME, EINVAL];
    /// Asks for or sets a buffer's property. Errors: `ENOENT`, `EINVAL`, `EPERM` not for user pointers.
    GEM_OP = "AMDGPU_GEM_OP" COMMAND_BASE + 0x10, ReadWrite, GemOp => GemOp, [ENOENT, EINVAL, EPERM];
    /// Wraps pages of the process. Errors: `EINVAL` alignment or flags, `EACCES` writing without REGISTER, `EFAULT` nothing is
    /// mapped there (at once with VALIDATE), `EPERM` pages of a file with ANONONLY.
    GEM_USERPTR = "AMDGPU_GEM_USERPTR" COMMAND_BASE + 0x11, ReadWrite, GemUserptr => GemUserptr, [EINVAL, EACCES, EPERM];
    /// Waits for some submissions until an **absolute** CLOCK_MONOTONIC time. Errors: as `WAIT_CS`.
    WAIT_FENCES = "AMDGPU_WAIT_FENCES" COMMAND_BASE + 0x12, ReadWrite, WaitFencesIn => WaitFencesOut, [ECANCELED, ENODATA, ETIME, EINVAL];
    /// Reserves or gives back a VMID. Errors: `EINVAL` operation, `EBUSY` none is left.
    VM = "AMDGPU_VM" COMMAND_BASE + 0x13, ReadWrite, VmIn => VmOut, [EINVAL, EBUSY];
    /// Exports a submission's fence. Errors: `EINVAL`, `ENOENT`, `EMFILE`.
    FENCE_TO_HANDLE = "AMDGPU_FENCE_TO_HANDLE" COMMAND_BASE + 0x14, ReadWrite, FenceToHandleIn => FenceToHandleOut, [EINVAL, ENOENT, EMFILE];
    /// Overrides priorities. The primary node, as DRM master. Errors: `EACCES`, `EINVAL`, `EBADF`.
    SCHED = "AMDGPU_SCHED" COMMAND_BASE + 0x15, Write, SchedIn => SchedIn, [EACCES, EINVAL, EBADF];
    /// Creates or frees a user-mode queue. Since 3.64 (Linux 6.16) with its firmware; `Device::user_queue_engines` tells. To
    /// free one waits for its last fence. Errors: `EINVAL` a kernel without it; an engine, size, address or doorbell that does
    /// not do; `EOPNOTSUPP` switched off; `EACCES` a high priority without CAP_SYS_NICE or DRM master; `ENOENT` no queue of
    /// that number to free; `EBUSY` another queue has the doorbell, or there are too many.
    USERQ = "AMDGPU_USERQ" COMMAND_BASE + 0x16, ReadWrite, UserqIn => UserqOut,
        [EINVAL, EOPNOTSUPP, EACCES, ENOENT, EBUSY];
    /// Makes a fence of what was put into a user-mode queue so far. As `USERQ`. Errors: `EINVAL` the write pointer is mapped no
    /// more; `ENOENT` no such queue, buffer or sync object; `EOPNOTSUPP`.
    USERQ_SIGNAL = "AMDGPU_USERQ_SIGNAL" COMMAND_BASE + 0x17, ReadWrite, UserqSignal => UserqSignal,
        [EINVAL, ENOENT, EOPNOTSUPP];
    /// Gives addresses and values that a user-mode queue waits for, and waits itself for fences that are of no such queue. As
    /// `USERQ`. Errors: `EINVAL` no such queue, a sync object without a fence, more fences than there is room for; `ENOENT`
    /// no such buffer or sync object; `ETIME` nobody submits a sync object's fence in time; `EOPNOTSUPP`.
    USERQ_WAIT = "AMDGPU_USERQ_WAIT" COMMAND_BASE + 0x18, ReadWrite, UserqWait => UserqWait,
        [EINVAL, ENOENT, ETIME, EOPNOTSUPP];
}

// SAFETY: no bytes at all.
unsafe impl Wire for () {}

/// Size and offsets of a DRM core structure, checked against the uapi, and its promise to be plain bytes.
macro_rules! core_structs {
    ($($name:ident: $size:literal { $($field:ident: $offset:literal),* })*) => {$(
        const _: () = assert!(size_of::<$name>() == $size);
        $(const _: () = assert!(std::mem::offset_of!($name, $field) == $offset);)*
        // SAFETY: generated by bindgen as repr(C), all fields are integers (or, in drm_unique, a raw
        // pointer that nobody follows here), and the offsets asserted above leave no
        // gap before, between or after them.
        unsafe impl Wire for $name {}
    )*};
}

core_structs! {
    drm_auth: 4 { magic: 0 }
    drm_client: 40 { idx: 0, auth: 4, pid: 8, uid: 16, magic: 24, iocs: 32 }
    drm_gem_close: 8 { handle: 0, pad: 4 }
    drm_gem_flink: 8 { handle: 0, name: 4 }
    drm_gem_open: 16 { name: 0, handle: 4, size: 8 }
    drm_set_client_cap: 16 { capability: 0, value: 8 }
    drm_syncobj_eventfd: 24 { handle: 0, flags: 4, point: 8, fd: 16, pad: 20 }
    drm_unique: 16 { unique_len: 0, unique: 8 }
    drm_get_cap: 16 { capability: 0, value: 8 }
    drm_prime_handle: 12 { handle: 0, flags: 4, fd: 8 }
    drm_syncobj_create: 8 { handle: 0, flags: 4 }
    drm_syncobj_destroy: 8 { handle: 0, pad: 4 }
    drm_syncobj_handle: 24 { handle: 0, flags: 4, fd: 8, pad: 12, point: 16 }
    drm_syncobj_transfer: 32 { src_handle: 0, dst_handle: 4, src_point: 8, dst_point: 16, flags: 24, pad: 28 }
    drm_syncobj_wait: 40 { handles: 0, timeout_nsec: 8, count_handles: 16, flags: 20, first_signaled: 24, pad: 28,
                           deadline_nsec: 32 }
    drm_syncobj_timeline_wait: 48 { handles: 0, points: 8, timeout_nsec: 16, count_handles: 24, flags: 28,
                                    first_signaled: 32, pad: 36, deadline_nsec: 40 }
    drm_syncobj_array: 16 { handles: 0, count_handles: 8, pad: 12 }
    drm_syncobj_timeline_array: 24 { handles: 0, points: 8, count_handles: 16, flags: 20 }
}

/// What `VERSION` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VersionAnswer {
    pub(crate) major: i32,
    pub(crate) minor: i32,
    pub(crate) patch: i32,
    pub(crate) name: String,
    pub(crate) date: String,
    pub(crate) description: String,
}

/// Asks for driver name and version. `drm_version` has pointers and a gap, so that it is filled field by field here
/// rather than by [`Ioctl::call`]. Strings longer than 255 bytes are cut.
pub(crate) fn version(node: &dyn Node) -> Result<VersionAnswer, Errno> {
    const WORDS: usize = size_of::<drm_version>() / 8;
    const { assert!(size_of::<drm_version>() == 64 && align_of::<drm_version>() <= 8) };
    let mut strings = [[0u8; 255]; 3];
    let mut patience = Patience::default();
    loop {
        let mut words = [0u64; WORDS];
        let at = words.as_mut_ptr().cast::<drm_version>();
        let [name, date, description] = &mut strings;
        // SAFETY: `at` points to 64 zeroed, aligned bytes, the size of the structure as asserted above; only fields
        // are written, so that the gap stays zero.
        unsafe {
            (&raw mut (*at).name_len).write(name.len() as _);
            (&raw mut (*at).name).write(name.as_mut_ptr().cast());
            (&raw mut (*at).date_len).write(date.len() as _);
            (&raw mut (*at).date).write(date.as_mut_ptr().cast());
            (&raw mut (*at).desc_len).write(description.len() as _);
            (&raw mut (*at).desc).write(description.as_mut_ptr().cast());
        }
        // SAFETY: the three addresses are buffers of the lengths beside them, alive and exclusively ours until the
        // call returns.
        match unsafe { node.ioctl(VERSION.code, bytemuck::cast_slice_mut(&mut words)) } {
            Ok(_) => {}
            Err(errno) if patience.restarts(errno) => continue,
            Err(errno) => return Err(errno),
        }
        // SAFETY: the structure still holds initialised bytes, any of which are valid integers and pointers.
        let answer = unsafe { words.as_ptr().cast::<drm_version>().read() };
        let text = |bytes: &[u8; 255], len: usize| {
            String::from_utf8_lossy(&bytes[..len.min(bytes.len())]).trim_end_matches('\0').to_owned()
        };
        return Ok(VersionAnswer {
            major: answer.version_major,
            minor: answer.version_minor,
            patch: answer.version_patchlevel,
            name: text(&strings[0], answer.name_len as usize),
            date: text(&strings[1], answer.date_len as usize),
            description: text(&strings[2], answer.desc_len as usize),
        });
    }
}
