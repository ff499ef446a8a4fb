//! What a sync file's own descriptor answers (`linux/sync_file.h`).

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use nix::errno::Errno;

use super::{ARRAY_LIMIT, File, get, put};
use crate::soft::client::Client;
use crate::soft::fence::Fence;
use crate::soft::identity;
use crate::soft::share::{Object, SyncFile, release};

/// `struct sync_merge_data`.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Merge {
    name: [u8; 32],
    other: i32,
    merged: i32,
    flags: u32,
    pad: u32,
}

/// `struct sync_file_info`.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Info {
    name: [u8; 32],
    status: i32,
    flags: u32,
    fences: u32,
    pad: u32,
    address: u64,
}

/// `struct sync_fence_info`.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct FenceInfo {
    object: [u8; 32],
    driver: [u8; 32],
    status: i32,
    flags: u32,
    timestamp_ns: u64,
}

/// Text in a field that a zero ends.
fn text(value: &str) -> [u8; 32] {
    let mut out = [0; 32];
    let n = value.len().min(31);
    out[..n].copy_from_slice(&value.as_bytes()[..n]);
    out
}

impl File {
    /// `SYNC_IOC_MERGE` and `SYNC_IOC_FILE_INFO`; the numbers decide.
    pub fn sync_ioctl(&self, serial: u64, client: &Client, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        let object = self.card.shares.get(serial).ok_or(Errno::EBADF)?;
        let Object::Sync(file) = object else { return Err(Errno::ENOTTY) };
        match ((request >> 8) & 0xff, request & 0xff) {
            (0x3e, 3) => self.merge(&file, arg),
            (0x3e, 4) => Self::file_info(&file, client, arg),
            _ => Err(Errno::ENOTTY),
        }
    }

    fn merge(&self, file: &SyncFile, arg: &mut [u8]) -> Result<i32, Errno> {
        let mut merge: Merge = get(arg);
        if merge.flags != 0 || merge.pad != 0 {
            return Err(Errno::EINVAL);
        }
        let Ok(Object::Sync(other)) = self.card.shares.find(merge.other) else { return Err(Errno::ENOENT) };
        let mut fences = file.fences.clone();
        fences.extend(other.fences.iter().filter(|f| !file.fences.iter().any(|mine| Arc::ptr_eq(mine, f))).cloned());
        let name = merge.name.iter().take_while(|&&b| b != 0).take(31).map(|&b| char::from(b)).collect();
        let merged = SyncFile::new(&self.card.events, name, fences);
        merge.merged = release(self.card.shares.give(Object::Sync(merged))?, true)?;
        put(arg, &merge);
        Ok(0)
    }

    fn file_info(file: &SyncFile, client: &Client, arg: &mut [u8]) -> Result<i32, Errno> {
        let mut info: Info = get(arg);
        if info.flags != 0 || info.pad != 0 {
            return Err(Errno::EINVAL);
        }
        // A caller without room only asks how much it needs.
        if info.fences != 0 {
            if u64::from(info.fences) > ARRAY_LIMIT || (info.fences as usize) < file.fences.len() {
                return Err(Errno::EINVAL);
            }
            let one = |fence: &Arc<Fence>| FenceInfo {
                object: text("ring"),
                driver: text(identity::DRIVER),
                status: SyncFile::status(fence),
                flags: 0,
                timestamp_ns: fence.signaled_at() as u64,
            };
            let all: Vec<FenceInfo> = file.fences.iter().map(one).collect();
            client.write(info.address, bytemuck::cast_slice(&all))?;
        }
        info.name = text(&file.name);
        info.status = SyncFile::status(&file.whole);
        info.fences = file.fences.len() as u32;
        put(arg, &info);
        Ok(0)
    }
}
