//! What is needed of libc, declared here because the library has no dependencies. The tests compare with the `libc` crate.

use std::ffi::{CStr, c_char, c_int, c_long, c_ulong, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

pub const AF_UNIX: c_int = 1;
pub const SOCK_SEQPACKET: c_int = 5;
pub const SOCK_CLOEXEC: c_int = 0o2000000;
pub const SOL_SOCKET: c_int = 1;
pub const SCM_RIGHTS: c_int = 1;
pub const MSG_NOSIGNAL: c_int = 0x4000;
pub const MSG_CMSG_CLOEXEC: c_int = 0x4000_0000;
pub const F_DUPFD_CLOEXEC: c_int = 1030;
pub const AT_FDCWD: c_int = -100;
pub const AT_SYMLINK_NOFOLLOW: c_int = 0x100;
pub const O_CLOEXEC: c_int = 0o2000000;
pub const F_SETFD: c_int = 2;
pub const SEEK_SET: c_int = 0;
pub const SEEK_END: c_int = 2;
pub const PROT_READ: c_int = 1;
pub const PROT_WRITE: c_int = 2;
pub const MAP_SHARED: c_int = 1;
pub const MAP_PRIVATE: c_int = 2;
pub const MAP_FIXED: c_int = 0x10;
pub const MAP_ANONYMOUS: c_int = 0x20;
pub const MREMAP_MAYMOVE: c_int = 1;
pub const MREMAP_FIXED: c_int = 2;
pub const MAP_FAILED: *mut c_void = usize::MAX as *mut c_void;
pub const PR_SET_PTRACER: c_int = 0x5961_6d61;

pub const EINTR: c_int = 4;
pub const ENOMEM: c_int = 12;
pub const EFAULT: c_int = 14;
pub const ENODEV: c_int = 19;
pub const EINVAL: c_int = 22;
pub const ENOTTY: c_int = 25;
pub const ESPIPE: c_int = 29;
pub const ENOSYS: c_int = 38;

pub const S_IFMT: u32 = 0o170000;
pub const S_IFSOCK: u32 = 0o140000;
pub const S_IFREG: u32 = 0o100000;
pub const S_IFCHR: u32 = 0o020000;
pub const S_ISVTX: u32 = 0o1000;

#[repr(C)]
pub struct SockaddrUn {
    pub family: u16,
    pub path: [u8; 108],
}

#[repr(C)]
pub struct IoVec {
    pub base: *mut c_void,
    pub len: usize,
}

#[repr(C)]
pub struct MsgHdr {
    pub name: *mut c_void,
    pub namelen: u32,
    pub iov: *mut IoVec,
    pub iovlen: usize,
    pub control: *mut c_void,
    pub controllen: usize,
    pub flags: c_int,
}

/// A control message with one descriptor, padded as the kernel pads it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Rights {
    pub len: usize,
    pub level: c_int,
    pub kind: c_int,
    pub fd: c_int,
    pub pad: c_int,
}

/// `struct stat`, of which three fields matter here.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg(target_arch = "x86_64")]
pub struct Stat {
    pub dev: u64,
    pub ino: u64,
    pub nlink: u64,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub pad: u32,
    pub rdev: u64,
    pub size: i64,
    pub rest: [u64; 11],
}

/// `struct stat`, of which three fields matter here.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg(not(target_arch = "x86_64"))]
pub struct Stat {
    pub dev: u64,
    pub ino: u64,
    pub mode: u32,
    pub nlink: u32,
    pub uid: u32,
    pub gid: u32,
    pub rdev: u64,
    pub pad: u64,
    pub size: i64,
    pub rest: [u64; 9],
}

/// `struct statx`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Statx {
    pub head: [u32; 7],
    pub mode: u16,
    pub pad: u16,
    pub ino: u64,
    pub size: u64,
    pub middle: [u64; 10],
    pub rdev_major: u32,
    pub rdev_minor: u32,
    pub tail: [u64; 15],
}

unsafe extern "C" {
    pub fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    pub fn __errno_location() -> *mut c_int;
    pub fn getenv(name: *const c_char) -> *const c_char;
    pub fn getpid() -> c_int;
    pub fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int;
    pub fn connect(fd: c_int, address: *const SockaddrUn, len: u32) -> c_int;
    pub fn getsockname(fd: c_int, address: *mut SockaddrUn, len: *mut u32) -> c_int;
    pub fn sendmsg(fd: c_int, msg: *const MsgHdr, flags: c_int) -> isize;
    pub fn recvmsg(fd: c_int, msg: *mut MsgHdr, flags: c_int) -> isize;
    pub fn close(fd: c_int) -> c_int;
    pub fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
    pub fn prctl(option: c_int, ...) -> c_int;
    pub fn syscall(number: c_long, ...) -> c_long;
    pub fn munmap(address: *mut c_void, len: usize) -> c_int;
    pub fn mremap(old: *mut c_void, old_len: usize, len: usize, flags: c_int, ...) -> *mut c_void;
    pub fn process_vm_readv(
        pid: c_int,
        local: *const IoVec,
        locals: c_ulong,
        remote: *const IoVec,
        remotes: c_ulong,
        flags: c_ulong,
    ) -> isize;
    pub fn process_vm_writev(
        pid: c_int,
        local: *const IoVec,
        locals: c_ulong,
        remote: *const IoVec,
        remotes: c_ulong,
        flags: c_ulong,
    ) -> isize;
}

/// Empty pages from the kernel, by no function that the program or this library may have replaced.
pub fn pages(len: usize) -> Option<*mut c_void> {
    #[cfg(target_arch = "x86_64")]
    const MMAP: c_long = 9;
    #[cfg(not(target_arch = "x86_64"))]
    const MMAP: c_long = 222;
    let (nowhere, flags) = (std::ptr::null_mut::<c_void>(), MAP_PRIVATE | MAP_ANONYMOUS);
    // SAFETY: a mapping wherever there is room.
    let found = unsafe {
        syscall(
            MMAP,
            nowhere,
            len,
            c_long::from(PROT_READ | PROT_WRITE),
            c_long::from(flags),
            -1 as c_long,
            0 as c_long,
        )
    };
    (found != -1).then_some(found as *mut c_void)
}

/// The next definition of a name after this library, libc's as a rule; null where there is none.
pub fn lookup(slot: &AtomicPtr<c_void>, name: &CStr) -> *mut c_void {
    const RTLD_NEXT: *mut c_void = -1isize as *mut c_void;
    let known = slot.load(Ordering::Relaxed);
    if !known.is_null() {
        return known;
    }
    // SAFETY: a C string; RTLD_NEXT is a handle.
    let found = unsafe { dlsym(RTLD_NEXT, name.as_ptr()) };
    slot.store(found, Ordering::Relaxed);
    found
}

pub fn errno() -> c_int {
    // SAFETY: libc gives each thread a place for errno.
    unsafe { *__errno_location() }
}

pub fn set_errno(value: c_int) {
    // SAFETY: as above.
    unsafe { *__errno_location() = value };
}

/// Puts errno back at the end: what went wrong inside isn't the caller's business.
pub struct KeepErrno(c_int);

impl KeepErrno {
    pub fn new() -> KeepErrno {
        KeepErrno(errno())
    }
}

impl Drop for KeepErrno {
    fn drop(&mut self) {
        set_errno(self.0);
    }
}

/// Device number as libc packs it.
pub fn makedev(major: u64, minor: u64) -> u64 {
    (minor & 0xff) | (major & 0xfff) << 8 | (minor & !0xff) << 12 | (major & !0xfff) << 32
}

/// Reads an `int` of this process by an address that may be wrong.
pub fn peek(address: usize) -> Result<c_int, c_int> {
    let mut value: c_int = 0;
    let local = IoVec { base: (&raw mut value).cast(), len: 4 };
    let remote = IoVec { base: address as *mut c_void, len: 4 };
    // SAFETY: the local part is the variable's four bytes; the kernel checks the other.
    let n = unsafe { process_vm_readv(getpid(), &local, 1, &remote, 1, 0) };
    if n == 4 { Ok(value) } else { Err(EFAULT) }
}

/// Writes one.
pub fn poke(address: usize, mut value: c_int) -> Result<(), c_int> {
    let local = IoVec { base: (&raw mut value).cast(), len: 4 };
    let remote = IoVec { base: address as *mut c_void, len: 4 };
    // SAFETY: as above. What the address means is the caller's structure, by the interface's contract.
    let n = unsafe { process_vm_writev(getpid(), &local, 1, &remote, 1, 0) };
    if n == 4 { Ok(()) } else { Err(EFAULT) }
}

/// `c_long` as offset type of the plain functions.
pub type Off = c_long;

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    #[test]
    fn structures_are_libcs() {
        assert_eq!(size_of::<Stat>(), size_of::<libc::stat>());
        assert_eq!(offset_of!(Stat, mode), offset_of!(libc::stat, st_mode));
        assert_eq!(offset_of!(Stat, rdev), offset_of!(libc::stat, st_rdev));
        assert_eq!(offset_of!(Stat, size), offset_of!(libc::stat, st_size));
        assert_eq!(size_of::<Statx>(), size_of::<libc::statx>());
        assert_eq!(offset_of!(Statx, mode), offset_of!(libc::statx, stx_mode));
        assert_eq!(offset_of!(Statx, size), offset_of!(libc::statx, stx_size));
        assert_eq!(offset_of!(Statx, rdev_major), offset_of!(libc::statx, stx_rdev_major));
        assert_eq!(size_of::<MsgHdr>(), size_of::<libc::msghdr>());
        assert_eq!(offset_of!(MsgHdr, controllen), offset_of!(libc::msghdr, msg_controllen));
        assert_eq!(size_of::<SockaddrUn>(), size_of::<libc::sockaddr_un>());
        // SAFETY: arithmetic only.
        assert_eq!(size_of::<Rights>(), unsafe { libc::CMSG_SPACE(4) } as usize);
        assert_eq!(offset_of!(Rights, fd), size_of::<libc::cmsghdr>());
    }

    #[test]
    fn constants_are_libcs() {
        assert_eq!((SOCK_SEQPACKET, SOCK_CLOEXEC), (libc::SOCK_SEQPACKET, libc::SOCK_CLOEXEC));
        assert_eq!((SOL_SOCKET, SCM_RIGHTS, AF_UNIX), (libc::SOL_SOCKET, libc::SCM_RIGHTS, libc::AF_UNIX));
        assert_eq!((MSG_NOSIGNAL, MSG_CMSG_CLOEXEC), (libc::MSG_NOSIGNAL, libc::MSG_CMSG_CLOEXEC));
        assert_eq!((F_DUPFD_CLOEXEC, F_SETFD, O_CLOEXEC), (libc::F_DUPFD_CLOEXEC, libc::F_SETFD, libc::O_CLOEXEC));
        assert_eq!((AT_FDCWD, AT_SYMLINK_NOFOLLOW), (libc::AT_FDCWD, libc::AT_SYMLINK_NOFOLLOW));
        assert_eq!((MAP_SHARED, MAP_PRIVATE, MAP_FIXED), (libc::MAP_SHARED, libc::MAP_PRIVATE, libc::MAP_FIXED));
        assert_eq!((MAP_ANONYMOUS, MREMAP_FIXED), (libc::MAP_ANONYMOUS, libc::MREMAP_FIXED));
        assert_eq!(MREMAP_MAYMOVE, libc::MREMAP_MAYMOVE);
        assert_eq!((EFAULT, ENODEV, ESPIPE), (libc::EFAULT, libc::ENODEV, libc::ESPIPE));
        assert_eq!((EINTR, EINVAL, ENOTTY), (libc::EINTR, libc::EINVAL, libc::ENOTTY));
        assert_eq!((ENOMEM, ENOSYS), (libc::ENOMEM, libc::ENOSYS));
        assert_eq!((S_IFSOCK, S_IFCHR, S_ISVTX), (libc::S_IFSOCK, libc::S_IFCHR, libc::S_ISVTX));
        assert_eq!((S_IFMT, S_IFREG), (libc::S_IFMT, libc::S_IFREG));
        assert_eq!((SEEK_SET, SEEK_END, PR_SET_PTRACER), (libc::SEEK_SET, libc::SEEK_END, libc::PR_SET_PTRACER));
        assert_eq!((PROT_READ, PROT_WRITE), (libc::PROT_READ, libc::PROT_WRITE));
        assert_eq!(makedev(226, 128), libc::makedev(226, 128));
        assert_eq!(makedev(0x1226, 0x12345), libc::makedev(0x1226, 0x12345));
    }

    #[test]
    fn pages_are_empty_and_writable() {
        let at = pages(10_000).unwrap().cast::<u8>();
        // SAFETY: pages of our own, given back.
        unsafe {
            assert_eq!((*at, *at.add(9_999)), (0, 0));
            *at.add(9_999) = 1;
            assert_eq!(munmap(at.cast(), 10_000), 0);
        }
        assert_eq!(pages(usize::MAX), None);
    }

    #[test]
    fn a_wild_address_is_an_error() {
        let mut value: c_int = 5;
        assert_eq!(peek(&raw const value as usize), Ok(5));
        assert_eq!(poke(&raw mut value as usize, 7), Ok(()));
        assert_eq!(peek(&raw const value as usize), Ok(7));
        assert_eq!(peek(16), Err(EFAULT));
        assert_eq!(poke(16, 1), Err(EFAULT));
    }
}
