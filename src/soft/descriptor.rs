//! Descriptors that a caller names by number, and mappings over pages that it has.

use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap};

/// Replaces `len` bytes of whole pages at `addr` by a range of a file, shared.
///
/// # Safety
/// The pages are the caller's to replace, and nobody has references into them.
pub unsafe fn map_over(addr: *mut u8, len: u64, file: BorrowedFd<'_>, offset: u64) -> io::Result<()> {
    let (at, len) = (NonZeroUsize::new(addr.expose_provenance()), NonZeroUsize::new(len as usize));
    let (Some(at), Some(len)) = (at, len) else { return Err(Errno::EINVAL.into()) };
    let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: the caller's promise.
    unsafe { mmap(Some(at), len, protection, MapFlags::MAP_SHARED | MapFlags::MAP_FIXED, file, offset as i64) }?;
    Ok(())
}

/// A copy of one of this process's descriptors, closed on exec; EBADF where there is none of that number.
pub fn duplicate(number: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: the call takes any number and touches no memory; what isn't open is refused.
    let copy = Errno::result(unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 0) })?;
    // SAFETY: the kernel just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// A copy of an eventfd of this process: EBADF where nothing is open by that number, EINVAL where it is something else.
pub fn eventfd(number: i32) -> Result<OwnedFd, Errno> {
    let copy = duplicate(number)?;
    match fs::read_link(format!("/proc/self/fd/{number}")) {
        Ok(target) if target.as_os_str() == "anon_inode:[eventfd]" => Ok(copy),
        _ => Err(Errno::EINVAL),
    }
}
