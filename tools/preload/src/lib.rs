//! Loaded into a program by `sparkle-pm4 emulate` (LD_PRELOAD): the libc entries by which programs reach a DRM device.
//!
//! Nothing of the device is here. Opening a node asks the server for a descriptor, an ioctl on one of its descriptors
//! tells the server where the structure lies, and a mapping maps the server's memory. Paths under `/dev/dri` and of the
//! card in sysfs lead into a tree of files that the server made. Everything else goes on to libc untouched, and without
//! the server's variable everything does.
//!
//! A descriptor of the device is a Unix socket with a name (`protocol`), so there is no table that dup, close, fork or
//! exec could make wrong.
#![allow(clippy::missing_safety_doc, reason = "each function is libc's, with libc's contract")]

mod channel;
mod exec;
mod paths;
#[path = "../../../src/emulate/protocol.rs"]
pub mod protocol;
mod sys;

use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use std::sync::atomic::AtomicPtr;

use channel::{ask, identify, server};
use protocol::{Kind, Request, ask as asks};
use sys::{KeepErrno, Off, Stat, Statx, set_errno};

/// The major number of DRM devices.
const DRM_MAJOR: u32 = 226;

/// Calls the next definition of a libc function; `$missing` where there is none.
macro_rules! next {
    ($name:literal, fn($($type:ty),*) -> $ret:ty, ($($arg:expr),*), $missing:expr) => {{
        static SLOT: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
        let found = sys::lookup(&SLOT, $name);
        if found.is_null() {
            $missing
        } else {
            // SAFETY: libc's function of this name has this type (variadic ones take their third argument the same way on
            // the supported machines); the arguments are the caller's, by the same contract.
            unsafe { std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($type),*) -> $ret>(found)($($arg),*) }
        }
    }};
}

pub(crate) unsafe fn real_fstatat(dir: c_int, path: *const c_char, out: *mut Stat, flags: c_int) -> c_int {
    next!(c"fstatat", fn(c_int, *const c_char, *mut Stat, c_int) -> c_int, (dir, path, out, flags), unsupported())
}

pub(crate) unsafe fn real_readlink(path: *const c_char, out: *mut c_char, room: usize) -> isize {
    next!(c"readlink", fn(*const c_char, *mut c_char, usize) -> isize, (path, out, room), unsupported() as isize)
}

unsafe fn real_mmap(at: *mut c_void, len: usize, prot: c_int, flags: c_int, fd: c_int, offset: Off) -> *mut c_void {
    next!(
        c"mmap",
        fn(*mut c_void, usize, c_int, c_int, c_int, Off) -> *mut c_void,
        (at, len, prot, flags, fd, offset),
        sys::MAP_FAILED
    )
}

fn unsupported() -> c_int {
    fail(38)
}

fn fail(errno: c_int) -> c_int {
    set_errno(errno);
    -1
}

fn request(ask: u32, serial: u64, a: u64, b: u64) -> Request {
    Request { version: protocol::VERSION, ask, serial, a, b }
}

// Files.

/// The minor number of a device node of the tree: a regular file with the sticky bit, as long as the number.
fn node_of(stat: &Stat) -> Option<u32> {
    (stat.mode & (sys::S_IFMT | sys::S_ISVTX) == sys::S_IFREG | sys::S_ISVTX).then_some(stat.size as u32)
}

/// Opens what a redirected path leads to, where that is a device node.
fn open_node(path: &paths::Path, flags: c_int) -> Option<c_int> {
    let mut stat = std::mem::MaybeUninit::uninit();
    // SAFETY: a C string, and room for the answer, which is there after success.
    let minor = unsafe {
        if real_fstatat(sys::AT_FDCWD, path.as_ptr(), stat.as_mut_ptr(), 0) != 0 {
            return None;
        }
        node_of(&stat.assume_init())?
    };
    Some(match ask(request(asks::OPEN, 0, minor.into(), 0), None) {
        Ok((_, Some(fd))) => {
            if flags & sys::O_CLOEXEC == 0 {
                // SAFETY: our own descriptor, which came with the flag.
                unsafe { sys::fcntl(fd, sys::F_SETFD, 0 as c_int) };
            }
            fd
        }
        Ok((_, None)) => fail(sys::ENODEV),
        Err(errno) => fail(errno),
    })
}

macro_rules! open_like {
    ($($name:ident $text:literal),*) => {$(
        /// libc's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
            // SAFETY: the caller's path.
            let there = unsafe { paths::redirect(path) };
            if let Some(fd) = there.as_ref().and_then(|p| open_node(p, flags)) {
                return fd;
            }
            let path = there.as_ref().map_or(path, paths::Path::as_ptr);
            next!($text, fn(*const c_char, c_int, c_uint) -> c_int, (path, flags, mode), unsupported())
        }
    )*};
}
open_like!(open c"open", open64 c"open64", __open_2 c"__open_2", __open64_2 c"__open64_2");

macro_rules! openat_like {
    ($($name:ident $text:literal),*) => {$(
        /// libc's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(dir: c_int, path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
            // SAFETY: the caller's path.
            let there = unsafe { paths::redirect_at(dir, path) };
            if let Some(fd) = there.as_ref().and_then(|p| open_node(p, flags)) {
                return fd;
            }
            let path = there.as_ref().map_or(path, paths::Path::as_ptr);
            next!($text, fn(c_int, *const c_char, c_int, c_uint) -> c_int, (dir, path, flags, mode), unsupported())
        }
    )*};
}
openat_like!(openat c"openat", openat64 c"openat64", __openat_2 c"__openat_2", __openat64_2 c"__openat64_2");

/// Functions whose first argument is a path and that need nothing but the other path.
macro_rules! path_first {
    ($($name:ident $text:literal ($($arg:ident: $type:ty),*) -> $ret:ty, $missing:expr;)*) => {$(
        /// libc's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(path: *const c_char $(, $arg: $type)*) -> $ret {
            // SAFETY: the caller's path.
            let there = unsafe { paths::redirect(path) };
            let path = there.as_ref().map_or(path, paths::Path::as_ptr);
            next!($text, fn(*const c_char $(, $type)*) -> $ret, (path $(, $arg)*), $missing)
        }
    )*};
}
path_first! {
    fopen c"fopen" (mode: *const c_char) -> *mut c_void, std::ptr::null_mut();
    fopen64 c"fopen64" (mode: *const c_char) -> *mut c_void, std::ptr::null_mut();
    access c"access" (mode: c_int) -> c_int, unsupported();
    euidaccess c"euidaccess" (mode: c_int) -> c_int, unsupported();
    eaccess c"eaccess" (mode: c_int) -> c_int, unsupported();
    getxattr c"getxattr" (name: *const c_char, out: *mut c_void, room: usize) -> isize, unsupported() as isize;
    lgetxattr c"lgetxattr" (name: *const c_char, out: *mut c_void, room: usize) -> isize, unsupported() as isize;
    listxattr c"listxattr" (out: *mut c_char, room: usize) -> isize, unsupported() as isize;
    llistxattr c"llistxattr" (out: *mut c_char, room: usize) -> isize, unsupported() as isize;
    opendir c"opendir" () -> *mut c_void, std::ptr::null_mut();
    scandir c"scandir" (list: *mut c_void, filter: *mut c_void, order: *mut c_void) -> c_int, unsupported();
    scandir64 c"scandir64" (list: *mut c_void, filter: *mut c_void, order: *mut c_void) -> c_int, unsupported();
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faccessat(dir: c_int, path: *const c_char, mode: c_int, flags: c_int) -> c_int {
    // SAFETY: the caller's path.
    let there = unsafe { paths::redirect(path) };
    let path = there.as_ref().map_or(path, paths::Path::as_ptr);
    next!(c"faccessat", fn(c_int, *const c_char, c_int, c_int) -> c_int, (dir, path, mode, flags), unsupported())
}

// What a file is.

/// Makes the answer for a placeholder, or for a descriptor of the device, the one for a character device.
fn amend(stat: &mut Stat, fd: Option<c_int>) {
    let minor = match fd {
        Some(fd) if stat.mode & sys::S_IFMT == sys::S_IFSOCK => match identify(fd) {
            Some((Kind::Drm, serial)) => protocol::minor(serial),
            _ => return,
        },
        Some(_) => return,
        None => match node_of(stat) {
            Some(minor) => minor,
            None => return,
        },
    };
    stat.mode = sys::S_IFCHR | 0o666;
    stat.rdev = sys::makedev(DRM_MAJOR.into(), minor.into());
    stat.size = 0;
}

macro_rules! stat_like {
    ($($name:ident $text:literal $follow:expr;)*) => {$(
        /// libc's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(path: *const c_char, out: *mut Stat) -> c_int {
            // SAFETY: the caller's path and room.
            unsafe { stat_at(sys::AT_FDCWD, path, out, if $follow { 0 } else { sys::AT_SYMLINK_NOFOLLOW }) }
        }
    )*};
}
stat_like! {
    stat c"stat" true;
    stat64 c"stat64" true;
    lstat c"lstat" false;
    lstat64 c"lstat64" false;
}

macro_rules! old_stat_like {
    ($($name:ident $follow:expr;)*) => {$(
        /// libc's, as programs call it that were linked before glibc 2.33.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(_version: c_int, path: *const c_char, out: *mut Stat) -> c_int {
            // SAFETY: the caller's path and room.
            unsafe { stat_at(sys::AT_FDCWD, path, out, if $follow { 0 } else { sys::AT_SYMLINK_NOFOLLOW }) }
        }
    )*};
}
old_stat_like! {
    __xstat true;
    __xstat64 true;
    __lxstat false;
    __lxstat64 false;
}

unsafe fn stat_at(dir: c_int, path: *const c_char, out: *mut Stat, flags: c_int) -> c_int {
    // SAFETY: the caller's path.
    let there = unsafe { paths::redirect_at(dir, path) };
    let target = there.as_ref().map_or(path, paths::Path::as_ptr);
    // SAFETY: the caller's path and room.
    let status = unsafe { real_fstatat(dir, target, out, flags) };
    if status == 0 && !out.is_null() {
        // SAFETY: written just now.
        let stat = unsafe { &mut *out };
        if there.is_some() {
            amend(stat, None);
        } else if stat.mode & sys::S_IFMT == sys::S_IFSOCK {
            // Nothing named: the descriptor itself is meant.
            amend(stat, Some(dir));
        }
    }
    status
}

macro_rules! fstatat_like {
    ($($name:ident)*) => {$(
        /// libc's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(dir: c_int, path: *const c_char, out: *mut Stat, flags: c_int) -> c_int {
            // SAFETY: the caller's path and room.
            unsafe { stat_at(dir, path, out, flags) }
        }
    )*};
}
fstatat_like!(fstatat fstatat64);

/// libc's, as programs call it that were linked before glibc 2.33.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __fxstatat(_v: c_int, dir: c_int, path: *const c_char, out: *mut Stat, flags: c_int) -> c_int {
    // SAFETY: the caller's path and room.
    unsafe { stat_at(dir, path, out, flags) }
}

unsafe fn stat_of(fd: c_int, out: *mut Stat) -> c_int {
    let status = next!(c"fstat", fn(c_int, *mut Stat) -> c_int, (fd, out), unsupported());
    if status == 0 && !out.is_null() {
        // SAFETY: written just now.
        amend(unsafe { &mut *out }, Some(fd));
    }
    status
}

macro_rules! fstat_like {
    ($($name:ident ($($version:ident: $type:ty),*);)*) => {$(
        /// libc's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($version: $type,)* fd: c_int, out: *mut Stat) -> c_int {
            // SAFETY: the caller's room.
            unsafe { stat_of(fd, out) }
        }
    )*};
}
fstat_like! {
    fstat ();
    fstat64 ();
    __fxstat (_version: c_int);
    __fxstat64 (_version: c_int);
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn statx(dir: c_int, path: *const c_char, flags: c_int, mask: c_uint, out: *mut Statx) -> c_int {
    // SAFETY: the caller's path.
    let there = unsafe { paths::redirect_at(dir, path) };
    let target = there.as_ref().map_or(path, paths::Path::as_ptr);
    let status = next!(
        c"statx",
        fn(c_int, *const c_char, c_int, c_uint, *mut Statx) -> c_int,
        (dir, target, flags, mask, out),
        unsupported()
    );
    if status == 0 && !out.is_null() {
        // SAFETY: written just now.
        let stat = unsafe { &mut *out };
        let kind = u32::from(stat.mode);
        let minor = if there.is_some() && kind & (sys::S_IFMT | sys::S_ISVTX) == sys::S_IFREG | sys::S_ISVTX {
            Some(stat.size as u32)
        } else if there.is_none() && kind & sys::S_IFMT == sys::S_IFSOCK {
            identify(dir).and_then(|(kind, serial)| (kind == Kind::Drm).then(|| protocol::minor(serial)))
        } else {
            None
        };
        if let Some(minor) = minor {
            stat.mode = (sys::S_IFCHR | 0o666) as u16;
            stat.size = 0;
            (stat.rdev_major, stat.rdev_minor) = (DRM_MAJOR, minor);
        }
    }
    status
}

// Links.

/// Rewrites what a link says where it tells of the tree, or of the device's own descriptors.
fn retell(link: &mut [u8], len: usize, fd: Option<c_int>) -> usize {
    let Some(server) = server() else { return len };
    let text = &link[..len.min(link.len())];
    let told: Vec<u8> = if let Some(rest) = paths::inside(server, text) {
        rest.to_vec()
    } else if text.starts_with(b"socket:[") {
        match fd.and_then(identify) {
            Some((Kind::Drm, serial)) => match protocol::minor(serial) {
                minor @ 128.. => format!("/dev/dri/renderD{minor}").into_bytes(),
                minor => format!("/dev/dri/card{minor}").into_bytes(),
            },
            Some((Kind::DmaBuf, _)) => b"/dmabuf:".to_vec(),
            Some((Kind::Syncobj, _)) => b"anon_inode:syncobj_file".to_vec(),
            Some((Kind::Sync, _)) => b"anon_inode:sync_file".to_vec(),
            None => return len,
        }
    } else {
        return len;
    };
    let n = told.len().min(link.len());
    link[..n].copy_from_slice(&told[..n]);
    n
}

/// The descriptor that a path under `/proc` names.
unsafe fn named(path: *const c_char) -> Option<c_int> {
    if path.is_null() {
        return None;
    }
    // SAFETY: the caller's path.
    let path = unsafe { std::ffi::CStr::from_ptr(path) }.to_bytes();
    let rest = path.strip_prefix(b"/proc/self/fd/").or_else(|| path.strip_prefix(b"/proc/thread-self/fd/"))?;
    std::str::from_utf8(rest).ok()?.parse().ok()
}

unsafe fn read_link(dir: c_int, path: *const c_char, out: *mut c_char, room: usize) -> isize {
    // SAFETY: the caller's path.
    let (there, fd) = unsafe { (paths::redirect(path), named(path)) };
    let target = there.as_ref().map_or(path, paths::Path::as_ptr);
    let n = next!(
        c"readlinkat",
        fn(c_int, *const c_char, *mut c_char, usize) -> isize,
        (dir, target, out, room),
        unsupported() as isize
    );
    if n > 0 && fd.is_some() {
        // SAFETY: libc filled n of the room's bytes.
        let link = unsafe { std::slice::from_raw_parts_mut(out.cast::<u8>(), room) };
        return retell(link, n as usize, fd) as isize;
    }
    n
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn readlink(path: *const c_char, out: *mut c_char, room: usize) -> isize {
    // SAFETY: the caller's path and room.
    unsafe { read_link(sys::AT_FDCWD, path, out, room) }
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __readlink_chk(path: *const c_char, out: *mut c_char, room: usize, size: usize) -> isize {
    // SAFETY: the caller's path and room.
    unsafe { read_link(sys::AT_FDCWD, path, out, room.min(size)) }
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn readlinkat(dir: c_int, path: *const c_char, out: *mut c_char, room: usize) -> isize {
    // SAFETY: the caller's path and room.
    unsafe { read_link(dir, path, out, room) }
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __readlinkat_chk(
    dir: c_int,
    path: *const c_char,
    out: *mut c_char,
    room: usize,
    size: usize,
) -> isize {
    // SAFETY: the caller's path and room.
    unsafe { read_link(dir, path, out, room.min(size)) }
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realpath(path: *const c_char, resolved: *mut c_char) -> *mut c_char {
    // SAFETY: the caller's path.
    let there = unsafe { paths::redirect(path) };
    let target = there.as_ref().map_or(path, paths::Path::as_ptr);
    let found =
        next!(c"realpath", fn(*const c_char, *mut c_char) -> *mut c_char, (target, resolved), std::ptr::null_mut());
    if !found.is_null()
        && let (Some(server), true) = (server(), there.is_some())
    {
        // SAFETY: realpath's string, of which the part behind the root, with its end, moves to the front.
        unsafe {
            let text = std::ffi::CStr::from_ptr(found).to_bytes_with_nul();
            if paths::inside(server, text).is_some() {
                let n = text.len();
                std::ptr::copy(found.add(server.root.len()), found, n - server.root.len());
            }
        }
    }
    found
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __realpath_chk(path: *const c_char, resolved: *mut c_char, _size: usize) -> *mut c_char {
    // SAFETY: the caller's path and room.
    unsafe { realpath(path, resolved) }
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn canonicalize_file_name(path: *const c_char) -> *mut c_char {
    // SAFETY: the caller's path; libc allocates.
    unsafe { realpath(path, std::ptr::null_mut()) }
}

// The device.

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ioctl(fd: c_int, code: c_ulong, arg: *mut c_void) -> c_int {
    // The upper half of a request code is nobody's; a program that keeps it in an int has signs there.
    let code_bits = code as u32 as u64;
    if matches!(protocol::request_parts(code_bits).0, b'd' | b'>' | b'b')
        && let Some((kind, serial)) = identify(fd)
    {
        return match device_ioctl(kind, serial, code_bits, arg as usize) {
            Ok(answer) => answer,
            Err(errno) => fail(errno),
        };
    }
    next!(c"ioctl", fn(c_int, c_ulong, *mut c_void) -> c_int, (fd, code, arg), unsupported())
}

fn device_ioctl(kind: Kind, serial: u64, code: u64, arg: usize) -> Result<c_int, c_int> {
    let (letter, number, _) = protocol::request_parts(code);
    // What a request means goes by the descriptor: others don't know it.
    let known = match letter {
        b'd' => kind == Kind::Drm,
        b'b' => kind == Kind::DmaBuf,
        _ => kind == Kind::Sync,
    };
    if !known {
        return Err(sys::ENOTTY);
    }
    let given = match protocol::descriptor_in(code) {
        Some(at) => Some(sys::peek(arg.wrapping_add(at))?),
        None => None,
    };
    // A number that is no descriptor can't be sent; without one the server answers what a bad one deserves.
    let open = given.filter(|fd| {
        let _keep = KeepErrno::new();
        // SAFETY: plain numbers.
        unsafe { sys::fcntl(*fd, 1) >= 0 }
    });
    if letter == b'd' && number == 0x09 {
        user::release(serial, arg);
    }
    let (reply, received) = ask(request(asks::IOCTL, serial, code, arg as u64), open)?;
    if let Some(fd) = received {
        let placed = usize::try_from(reply.place).map_err(|_| sys::EINVAL);
        if let Err(errno) = placed.and_then(|at| sys::poke(arg.wrapping_add(at), fd)) {
            // SAFETY: received, and nobody's yet.
            unsafe { sys::close(fd) };
            return Err(errno);
        }
    }
    if letter == b'd' && number == 0x51 {
        user::adopt(serial, arg)?;
    }
    Ok(reply.status as c_int)
}

mod user;

/// Maps a part of the device's memory.
unsafe fn device_mmap(
    at: *mut c_void,
    len: usize,
    prot: c_int,
    flags: c_int,
    serial: u64,
    offset: Off,
) -> Result<*mut c_void, c_int> {
    let (reply, memory) = ask(request(asks::MAP, serial, offset as u64, len as u64), None)?;
    let memory = memory.ok_or(sys::ENODEV)?;
    // SAFETY: the caller's address; the descriptor is ours until the next line.
    unsafe {
        let found = real_mmap(at, len, prot, flags, memory, reply.value as Off);
        let errno = sys::errno();
        sys::close(memory);
        if found == sys::MAP_FAILED { Err(errno) } else { Ok(found) }
    }
}

macro_rules! mmap_like {
    ($($name:ident)*) => {$(
        /// libc's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            at: *mut c_void,
            len: usize,
            prot: c_int,
            flags: c_int,
            fd: c_int,
            offset: Off,
        ) -> *mut c_void {
            if fd >= 0 && flags & sys::MAP_ANONYMOUS == 0
                && let Some((Kind::Drm | Kind::DmaBuf, serial)) = identify(fd)
            {
                // SAFETY: the caller's address.
                return match unsafe { device_mmap(at, len, prot, flags, serial, offset) } {
                    Ok(found) => found,
                    Err(errno) => {
                        set_errno(errno);
                        sys::MAP_FAILED
                    }
                };
            }
            // SAFETY: the caller's arguments.
            unsafe { real_mmap(at, len, prot, flags, fd, offset) }
        }
    )*};
}
mmap_like!(mmap mmap64);

macro_rules! lseek_like {
    ($($name:ident)*) => {$(
        /// libc's. The length of a shared buffer is asked for by seeking to its end.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(fd: c_int, offset: Off, whence: c_int) -> Off {
            let found = next!(
                c"lseek",
                fn(c_int, Off, c_int) -> Off,
                (fd, offset, whence),
                Off::from(unsupported())
            );
            if found >= 0 || sys::errno() != sys::ESPIPE {
                return found;
            }
            match identify(fd) {
                Some((Kind::DmaBuf, serial)) => match (whence, offset, ask(request(asks::LENGTH, serial, 0, 0), None)) {
                    (sys::SEEK_END, 0, Ok((reply, _))) => reply.value as Off,
                    (sys::SEEK_SET, 0, Ok(_)) => 0,
                    (_, _, Ok(_)) => fail(sys::EINVAL).into(),
                    (_, _, Err(errno)) => fail(errno).into(),
                },
                _ => found,
            }
        }
    )*};
}
lseek_like!(lseek lseek64);
