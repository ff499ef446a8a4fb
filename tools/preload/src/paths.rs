//! Paths: which of them lead into the server's file tree.

use std::ffi::{CStr, c_char, c_int};

use crate::channel::{Server, server};
use crate::sys;

/// Below these, what isn't in the tree doesn't exist: the machine's own cards are not shown.
const OURS: [&[u8]; 4] = [b"/dev/dri", b"/sys/class/drm", b"/sys/dev/char/226:", b"/sys/kernel/debug/dri"];
/// Below these, what isn't in the tree is the machine's.
const SHARED: [&[u8]; 4] = [b"/sys/bus/pci", b"/sys/devices/", b"/sys/module/amdgpu", b"/sys/class/hwmon"];

/// A path with room: longer ones aren't served.
pub struct Path {
    bytes: [u8; 4608],
    len: usize,
}

impl Path {
    fn join(parts: &[&[u8]]) -> Option<Path> {
        let mut path = Path { bytes: [0; 4608], len: 0 };
        for part in parts {
            let end = path.len + part.len();
            path.bytes.get_mut(path.len..end).filter(|_| end < 4608)?.copy_from_slice(part);
            path.len = end;
        }
        Some(path)
    }

    /// For libc.
    pub fn as_ptr(&self) -> *const c_char {
        self.bytes.as_ptr().cast()
    }
}

/// `prefix` is `path`, or a folder above it, or (where it ends in the middle of a name on purpose) its beginning.
fn under(path: &[u8], prefix: &[u8]) -> bool {
    path.starts_with(prefix)
        && (matches!(prefix.last(), Some(b':' | b'/')) || matches!(path.get(prefix.len()), None | Some(b'/')))
}

/// Where in the tree a path leads; None where it is the machine's.
///
/// # Safety
/// `path` is null or a C string.
pub unsafe fn redirect(path: *const c_char) -> Option<Path> {
    let server = server()?;
    if path.is_null() {
        return None;
    }
    // SAFETY: by this function's contract.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    if !(path.starts_with(b"/dev") || path.starts_with(b"/sys")) {
        return None;
    }
    if OURS.iter().any(|p| under(path, p)) {
        return Path::join(&[&server.root, path]);
    }
    if SHARED.iter().any(|p| under(path, p)) {
        let there = Path::join(&[&server.root, path])?;
        let _keep = sys::KeepErrno::new();
        let mut stat = std::mem::MaybeUninit::uninit();
        // SAFETY: a C string, and room for the answer.
        let exists =
            unsafe { crate::real_fstatat(sys::AT_FDCWD, there.as_ptr(), stat.as_mut_ptr(), sys::AT_SYMLINK_NOFOLLOW) }
                == 0;
        return exists.then_some(there);
    }
    None
}

/// The same for a path that may be relative to an open folder. A folder of the tree leads to its own files anyway; this
/// finds the device nodes among them.
///
/// # Safety
/// As for [`redirect`].
pub unsafe fn redirect_at(dir: c_int, path: *const c_char) -> Option<Path> {
    // SAFETY: by this function's contract.
    if let Some(p) = unsafe { redirect(path) } {
        return Some(p);
    }
    let server = server()?;
    if path.is_null() || dir < 0 {
        return None;
    }
    // SAFETY: by this function's contract.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    if path.first().is_none_or(|b| *b == b'/') {
        return None;
    }
    let mut folder = [0u8; 4096];
    let folder = link_of(dir, &mut folder)?;
    inside(server, folder)?;
    Path::join(&[folder, b"/", path])
}

/// What `/proc` says a descriptor is.
pub fn link_of(fd: c_int, room: &mut [u8]) -> Option<&[u8]> {
    let mut name = *b"/proc/self/fd/\0\0\0\0\0\0\0\0\0\0\0\0";
    let mut digits = [0u8; 10];
    let (mut n, mut left) = (0, fd);
    loop {
        digits[n] = b'0' + (left % 10) as u8;
        n += 1;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    for k in 0..n {
        name[14 + k] = digits[n - 1 - k];
    }
    let _keep = sys::KeepErrno::new();
    // SAFETY: a C string, and room with its length.
    let got = unsafe { crate::real_readlink(name.as_ptr().cast(), room.as_mut_ptr().cast(), room.len()) };
    room.get(..usize::try_from(got).ok()?)
}

/// The part of a path behind the tree's root.
pub fn inside<'a>(server: &Server, path: &'a [u8]) -> Option<&'a [u8]> {
    path.strip_prefix(server.root.as_slice()).filter(|rest| rest.first().is_none_or(|b| *b == b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_end_at_names() {
        for (path, prefix, want) in [
            ("/dev/dri", "/dev/dri", true),
            ("/dev/dri/card0", "/dev/dri", true),
            ("/dev/drill", "/dev/dri", false),
            ("/sys/dev/char/226:128/device", "/sys/dev/char/226:", true),
            ("/sys/devices/pci0000:00", "/sys/devices/", true),
        ] {
            assert_eq!(under(path.as_bytes(), prefix.as_bytes()), want, "{path}");
        }
    }

    #[test]
    fn a_descriptor_has_a_link() {
        let file = std::fs::File::open("/proc/self/status").unwrap();
        let mut room = [0; 256];
        let fd = std::os::fd::AsRawFd::as_raw_fd(&file);
        let link = link_of(fd, &mut room).unwrap();
        assert!(link.starts_with(b"/proc/") && link.ends_with(b"/status"), "{}", String::from_utf8_lossy(link));
    }
}
