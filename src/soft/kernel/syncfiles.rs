//! What a sync file's own descriptor answers (`linux/sync_file.h`), and a dma-buf's (`linux/dma-buf.h`).

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use nix::errno::Errno;

use super::{ARRAY_LIMIT, Call, File, get, put};
use crate::soft::client::Client;
use crate::soft::fence::Fence;
use crate::soft::identity;
use crate::soft::share::{Object, SyncFile, release};

/// `struct dma_buf_export_sync_file`, and the one for import.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct BufferFile {
    flags: u32,
    number: i32,
}

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
    /// `SYNC_IOC_MERGE` and `SYNC_IOC_FILE_INFO`; of dma-bufs, `DMA_BUF_IOCTL_SYNC`, `SET_NAME`, `EXPORT_SYNC_FILE` and
    /// `IMPORT_SYNC_FILE`. The numbers decide.
    pub fn sync_ioctl(&self, serial: u64, client: &Client, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        let object = self.card.shares.get(serial).ok_or(Errno::EBADF)?;
        match (object, (request >> 8) & 0xff, request & 0xff) {
            (Object::Sync(file), 0x3e, 3) => self.merge(&file, arg),
            (Object::Sync(file), 0x3e, 4) => Self::file_info(&file, client, arg),
            (Object::Buffer(bo), 0x62, 0) => {
                // SYNC: memory is coherent, but the CPU waits for the device as a real buffer has it wait.
                const FLAGS: u64 = 7;
                if get::<u64>(arg) & !FLAGS != 0 || get::<u64>(arg) & 3 == 0 {
                    return Err(Errno::EINVAL);
                }
                let end = get::<u64>(arg) & 4 != 0;
                let idle = || (end || bo.is_idle()).then_some(());
                Call { file: self, client }.wait(i64::MAX, idle).map(|_| 0)
            }
            (Object::Buffer(_), 0x62, 1) => Ok(0),
            (Object::Buffer(bo), 0x62, 2) => {
                let mut file: BufferFile = get(arg);
                if file.flags & !3 != 0 || file.flags == 0 {
                    return Err(Errno::EINVAL);
                }
                let fences = bo.users().into_iter().map(|(_, fence)| fence).collect();
                let users = SyncFile::new(&self.card.events, String::new(), fences);
                file.number = release(self.card.shares.give(Object::Sync(users))?, true)?;
                put(arg, &file);
                Ok(0)
            }
            (Object::Buffer(bo), 0x62, 3) => {
                let file: BufferFile = get(arg);
                if file.flags & !3 != 0 || file.flags == 0 {
                    return Err(Errno::EINVAL);
                }
                let Ok(Object::Sync(users)) = self.card.shares.find(file.number) else { return Err(Errno::EINVAL) };
                bo.used_by(0, &users.whole);
                Ok(0)
            }
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
