//! User pointers: pages of the program that the device reads and writes.
//!
//! The server keeps such a buffer in its own memory, into which it copied what the pages held; here that memory takes the
//! place of the pages, so that both sides see one thing. When the handle is closed the pages get memory of their own back.
//! What other threads write to the pages between copy and exchange is lost, and pages of a file are its no longer.

use std::ffi::{c_int, c_void};
use std::sync::Mutex;

use crate::channel::ask;
use crate::protocol::ask as asks;
use crate::sys::{self, KeepErrno};

struct Range {
    pid: c_int,
    serial: u64,
    handle: u32,
    start: usize,
    len: usize,
    /// Where it is in the memory's file, and which file that is.
    offset: u64,
    inode: u64,
}

static RANGES: Mutex<Vec<Range>> = Mutex::new(Vec::new());

fn read<const N: usize>(address: usize) -> Result<[u32; N], c_int> {
    let mut words = [0; N];
    for (k, word) in words.iter_mut().enumerate() {
        *word = sys::peek(address.wrapping_add(4 * k))? as u32;
    }
    Ok(words)
}

/// After GEM_USERPTR: lets the device's memory take the pages' place.
pub fn adopt(serial: u64, arg: usize) -> Result<(), c_int> {
    let [a0, a1, s0, s1, _flags, handle] = read::<6>(arg)?;
    let (start, len) = (a0 as usize | (a1 as usize) << 32, s0 as usize | (s1 as usize) << 32);
    let (reply, memory) = ask(crate::request(asks::USER, serial, handle.into(), 0), None)?;
    let memory = memory.ok_or(sys::ENODEV)?;
    let mut stat = std::mem::MaybeUninit::uninit();
    // SAFETY: the program gave this range to the device, so that it may change under it; the memory holds what it held.
    let (mapped, errno, inode) = unsafe {
        let inode = match crate::real_fstatat(memory, c"".as_ptr(), stat.as_mut_ptr(), 0x1000) {
            0 => stat.assume_init().ino,
            _ => 0,
        };
        let prot = sys::PROT_READ | sys::PROT_WRITE;
        let flags = sys::MAP_SHARED | sys::MAP_FIXED;
        let mapped = crate::real_mmap(start as *mut c_void, len, prot, flags, memory, reply.value as sys::Off);
        let errno = sys::errno();
        sys::close(memory);
        (mapped, errno, inode)
    };
    if mapped == sys::MAP_FAILED {
        return Err(errno);
    }
    // SAFETY: no arguments.
    let pid = unsafe { sys::getpid() };
    if let Ok(mut ranges) = RANGES.lock() {
        ranges.push(Range { pid, serial, handle, start, len, offset: reply.value, inode });
    }
    Ok(())
}

/// Before GEM_CLOSE: gives the pages memory of their own, where they are still mapped as this library mapped them.
pub fn release(serial: u64, arg: usize) {
    let _keep = KeepErrno::new();
    let Ok([handle]) = read::<1>(arg) else { return };
    let Ok(mut ranges) = RANGES.lock() else { return };
    let Some(at) = ranges.iter().position(|r| r.serial == serial && r.handle == handle) else { return };
    let range = ranges.swap_remove(at);
    // SAFETY: no arguments.
    if range.pid != unsafe { sys::getpid() } || !still_there(&range) {
        return;
    }
    // SAFETY: a new mapping of the range's length, filled from the range, which is mapped readable, then moved over it.
    unsafe {
        let prot = sys::PROT_READ | sys::PROT_WRITE;
        let flags = sys::MAP_PRIVATE | sys::MAP_ANONYMOUS;
        let own = crate::real_mmap(std::ptr::null_mut(), range.len, prot, flags, -1, 0);
        if own == sys::MAP_FAILED {
            return;
        }
        std::ptr::copy_nonoverlapping(range.start as *const u8, own.cast::<u8>(), range.len);
        let flags = sys::MREMAP_MAYMOVE | sys::MREMAP_FIXED;
        if sys::mremap(own, range.len, range.len, flags, range.start as *mut c_void) == sys::MAP_FAILED {
            sys::munmap(own, range.len);
        }
    }
}

/// Whether the whole range is the device's memory still: the program may have unmapped it, and something else lie there.
fn still_there(range: &Range) -> bool {
    // The standard library's open goes through this library's, which passes it on.
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return false };
    let mut next = range.start;
    for line in maps.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (Some(span), _, Some(offset), _, Some(inode)) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return false;
        };
        let Some((start, end)) = span.split_once('-') else { return false };
        let hex = |s| u64::from_str_radix(s, 16).unwrap_or(0);
        let (start, end, offset) = (hex(start), hex(end), hex(offset));
        if end <= next as u64 {
            continue;
        }
        let into = range.start as u64;
        let matches = inode.parse() == Ok(range.inode)
            && start <= next as u64
            && offset.wrapping_sub(start) == range.offset.wrapping_sub(into);
        if !matches {
            return false;
        }
        next = end as usize;
        if next >= range.start + range.len {
            return true;
        }
    }
    false
}
