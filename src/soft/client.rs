//! Who calls: a process whose memory the driver reads and writes by addresses that may be wrong.
//!
//! A driver copies with `copy_from_user`, which answers EFAULT for a bad address. `process_vm_readv(2)` does the same, on
//! our own process as on another one, so a wild pointer inside an ioctl structure is an error here too, and never a crash.

use std::fs::{self, File};
use std::io::{self, IoSlice, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};

use bytemuck::Pod;
use nix::errno::Errno;
use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::unistd::Pid;

/// A run of a process's pages, as `/proc/PID/maps` tells it, cut to what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// First address.
    pub start: u64,
    /// First address after it.
    pub end: u64,
    /// Whether it may be read.
    pub readable: bool,
    /// Whether it may be written.
    pub writable: bool,
    /// Where `start` is in the file.
    pub offset: u64,
    /// The file by device and inode; inode 0 for none.
    pub file: (u64, u64),
}

impl Region {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let hex = |text: &str| u64::from_str_radix(text, 16).ok();
        let permissions = words.next()?.as_bytes();
        let offset = hex(words.next()?)?;
        let (major, minor) = words.next()?.split_once(':')?;
        let device = nix::sys::stat::makedev(hex(major)?, hex(minor)?);
        let inode = words.next()?.parse().ok()?;
        Some(Self {
            start: hex(start)?,
            end: hex(end)?,
            readable: permissions.first() == Some(&b'r'),
            writable: permissions.get(1) == Some(&b'w'),
            offset,
            file: (device, inode),
        })
    }
}

/// A calling process, for the time of its calls.
#[derive(Debug)]
pub struct Client {
    pid: Pid,
    gone: AtomicBool,
}

impl Default for Client {
    /// This process.
    fn default() -> Self {
        Self::of(Pid::this())
    }
}

impl Client {
    /// A process that this one may trace.
    pub fn of(pid: Pid) -> Self {
        Self { pid, gone: AtomicBool::new(false) }
    }

    /// Its number.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// It died, or was interrupted for good: what it waits for is given up.
    pub fn leave(&self) {
        self.gone.store(true, Ordering::Release);
    }

    /// Whether it left.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// Copies from its memory.
    pub fn read(&self, addr: u64, out: &mut [u8]) -> Result<(), Errno> {
        if out.is_empty() {
            return Ok(());
        }
        let remote = [RemoteIoVec { base: addr as usize, len: out.len() }];
        let wanted = out.len();
        match process_vm_readv(self.pid, &mut [IoSliceMut::new(out)], &remote) {
            Ok(n) if n == wanted => Ok(()),
            Err(Errno::EPERM | Errno::ENOSYS) => self.through_proc(|memory| memory.read_exact_at(out, addr)),
            Ok(_) => Err(Errno::EFAULT),
            Err(errno) => Err(errno),
        }
    }

    /// Copies to its memory.
    pub fn write(&self, addr: u64, data: &[u8]) -> Result<(), Errno> {
        if data.is_empty() {
            return Ok(());
        }
        let remote = [RemoteIoVec { base: addr as usize, len: data.len() }];
        match process_vm_writev(self.pid, &[IoSlice::new(data)], &remote) {
            Ok(n) if n == data.len() => Ok(()),
            Err(Errno::EPERM | Errno::ENOSYS) => self.through_proc(|memory| memory.write_all_at(data, addr)),
            Ok(_) => Err(Errno::EFAULT),
            Err(errno) => Err(errno),
        }
    }

    /// The same by `/proc/PID/mem`, where a sandbox forbids the direct way.
    fn through_proc(&self, access: impl FnOnce(&File) -> io::Result<()>) -> Result<(), Errno> {
        let path = format!("/proc/{}/mem", self.pid);
        let memory = File::options().read(true).write(true).open(path).map_err(|_| Errno::EPERM)?;
        access(&memory).map_err(|_| Errno::EFAULT)
    }

    /// What is mapped in a range of its addresses, in ascending order.
    pub fn regions(&self, start: u64, end: u64) -> Result<Vec<Region>, Errno> {
        let text = fs::read_to_string(format!("/proc/{}/maps", self.pid)).map_err(|_| Errno::EFAULT)?;
        let regions = text.lines().filter_map(Region::parse).filter(|r| r.start < end && start < r.end);
        Ok(regions
            .map(|r| Region {
                start: r.start.max(start),
                end: r.end.min(end),
                offset: r.offset + (r.start.max(start) - r.start),
                ..r
            })
            .collect())
    }

    /// Reads one structure.
    pub fn read_one<T: Pod>(&self, addr: u64) -> Result<T, Errno> {
        let mut value = T::zeroed();
        self.read(addr, bytemuck::bytes_of_mut(&mut value))?;
        Ok(value)
    }

    /// Reads an array, of `limit` elements at most (more is EINVAL, as for every driver's sanity limit).
    pub fn read_array<T: Pod>(&self, addr: u64, count: u64, limit: u64) -> Result<Vec<T>, Errno> {
        if count > limit {
            return Err(Errno::EINVAL);
        }
        let mut values = vec![T::zeroed(); count as usize];
        if values.is_empty() {
            return Ok(values);
        }
        self.read(addr, bytemuck::cast_slice_mut(&mut values))?;
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_through_proc_agrees() {
        let source = [1u8, 2, 3, 4];
        let mut got = [0; 4];
        Client::default().through_proc(|m| m.read_exact_at(&mut got, source.as_ptr() as u64)).unwrap();
        assert_eq!(got, source);
        let mut out = [0; 4];
        assert_eq!(Client::default().through_proc(|m| m.read_exact_at(&mut out, 0x10)), Err(Errno::EFAULT));
    }

    #[test]
    fn good_addresses_copy_and_wild_ones_are_efault() {
        let source = [1u32, 2, 3];
        assert_eq!(Client::default().read_array::<u32>(source.as_ptr() as u64, 3, 8), Ok(vec![1, 2, 3]));
        let mut target = [0u8; 4];
        Client::default().write(target.as_mut_ptr() as u64, &[9, 8, 7, 6]).unwrap();
        // The write went round the compiler's back: read it back the same way.
        assert_eq!(Client::default().read_one::<u32>(target.as_ptr() as u64), Ok(u32::from_le_bytes([9, 8, 7, 6])));
        for wild in [1, 0x1000, 0xdead_0000_0000_0000, u64::MAX - 2] {
            assert_eq!(Client::default().read_one::<u64>(wild), Err(Errno::EFAULT), "{wild:#x}");
            assert_eq!(Client::default().write(wild, &[0; 8]), Err(Errno::EFAULT), "{wild:#x}");
        }
        assert_eq!(Client::default().read_array::<u32>(source.as_ptr() as u64, 3, 2), Err(Errno::EINVAL));
    }
}
