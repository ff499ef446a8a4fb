//! Waiting for submissions.

use std::sync::Arc;

use nix::errno::Errno;

use super::{ARRAY_LIMIT, Call, absolute, get, put};
use crate::kmd::uapi;
use crate::soft::context::Known;
use crate::soft::fence::Fence;
use crate::soft::sched::Engine;
use crate::soft::share::{Object, SyncFile, release};
use crate::soft::syncobj::Syncobj;

impl Call<'_> {
    /// The entity's ring; EINVAL for one that doesn't exist.
    pub(super) fn ring(&self, ip: u32, instance: u32, ring: u32) -> Result<(Engine, u32), Errno> {
        let engine = match ip {
            uapi::HW_IP_GFX => Engine::Gfx,
            uapi::HW_IP_COMPUTE => Engine::Compute,
            uapi::HW_IP_DMA => Engine::Sdma,
            _ => return Err(Errno::EINVAL),
        };
        if instance != 0 || ring >= self.card.part().hw_ip(ip).available_rings.count_ones() {
            return Err(Errno::EINVAL);
        }
        Ok((engine, ring))
    }

    pub(super) fn wait_cs(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let wait: uapi::WaitCsIn = get(arg);
        let ring = self.ring(wait.ip_type, wait.ip_instance, wait.ring)?;
        let context = self.context(wait.ctx_id)?;
        let status = match context.fence(ring, wait.handle) {
            Known::Future => return Err(Errno::EINVAL),
            Known::Past => 0,
            Known::Fence(fence) => {
                match self.wait(absolute(wait.timeout), || fence.status())? {
                    Some(result) => result.map(|()| 0)?,
                    // Not an error: the caller must look at the status.
                    None => 1,
                }
            }
        };
        put(arg, &uapi::WaitCsOut { status });
        Ok(0)
    }

    pub(super) fn wait_fences(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let wait: uapi::WaitFencesIn = get(arg);
        if wait.fence_count == 0 {
            return Err(Errno::EINVAL);
        }
        let names = self.client.read_array::<uapi::Fence>(wait.fences, wait.fence_count.into(), ARRAY_LIMIT)?;
        let mut fences = Vec::new();
        for name in &names {
            let ring = self.ring(name.ip_type, name.ip_instance, name.ring)?;
            fences.push(match self.context(name.ctx_id)?.fence(ring, name.seq_no) {
                Known::Future => return Err(Errno::EINVAL),
                Known::Past => Fence::signaled(&self.card.events),
                Known::Fence(fence) => fence,
            });
        }
        let waited = self.wait(absolute(wait.timeout_ns), || {
            let mut done = fences.iter().map(|f| f.is_signaled());
            if wait.wait_all != 0 { done.all(|d| d).then_some(0) } else { done.position(|d| d) }
        })?;
        if let Some(Err(errno)) = fences.iter().find_map(|f| f.status().filter(Result::is_err)) {
            return Err(errno);
        }
        let (status, first_signaled) = waited.map_or((0, 0), |i| (1, i as u32));
        put(arg, &uapi::WaitFencesOut { status, first_signaled });
        Ok(0)
    }

    /// `AMDGPU_FENCE_TO_HANDLE`.
    pub(super) fn fence_to_handle(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let asked: uapi::FenceToHandleIn = get(arg);
        let name = asked.fence;
        let ring = self.ring(name.ip_type, name.ip_instance, name.ring)?;
        let fence = match self.context(name.ctx_id)?.fence(ring, name.seq_no) {
            Known::Future => return Err(Errno::EINVAL),
            Known::Past => Fence::signaled(&self.card.events),
            Known::Fence(fence) => fence,
        };
        let sync = |fence| {
            let sync = Arc::new(Syncobj::default());
            sync.replace(Some(fence));
            sync
        };
        let handle = match asked.what {
            uapi::FENCE_TO_HANDLE_GET_SYNCOBJ => self.syncobjs.insert(sync(fence)),
            uapi::FENCE_TO_HANDLE_GET_SYNCOBJ_FD => {
                release(self.card.shares.give(Object::Syncobj(sync(fence)))?, true)? as u32
            }
            uapi::FENCE_TO_HANDLE_GET_SYNC_FILE_FD => {
                let file = SyncFile::new(&self.card.events, String::new(), vec![fence]);
                release(self.card.shares.give(Object::Sync(file))?, true)? as u32
            }
            _ => return Err(Errno::EINVAL),
        };
        put(arg, &uapi::FenceToHandleOut { handle });
        Ok(0)
    }
}
