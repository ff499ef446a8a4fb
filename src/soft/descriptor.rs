//! Descriptors that a caller names by number.

use std::fs;
use std::os::fd::{FromRawFd, OwnedFd};

use nix::errno::Errno;

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
