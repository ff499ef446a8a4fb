//! User-mode queues: creation, and their fences.

use std::sync::Arc;

use nix::errno::Errno;

use super::{ARRAY_LIMIT, Bo, Call, SYNCOBJ_WAIT_FOR_SUBMIT, get, put};
use crate::kmd::uapi;
use crate::soft::arena::PAGE;
use crate::soft::fence::Fence;
use crate::soft::sched::Engine;
use crate::soft::userq::{Setup, UserQueue};
use crate::soft::vm::canonical;

/// Bytes of a doorbell.
const DOORBELL: u64 = 8;
/// The largest ring in bytes: what it holds is read at once.
const RING_MAX: u64 = 1 << 30;
/// Most queues of a file, the driver's number.
const QUEUES_MAX: usize = 512;

impl Call<'_> {
    /// EINVAL where the card is one without user-mode queues: its kernel has no such numbers.
    fn has_user_queues(&self) -> Result<(), Errno> {
        if self.card.config().user_queues { Ok(()) } else { Err(Errno::EINVAL) }
    }

    /// `AMDGPU_USERQ`.
    pub(super) fn userq(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        self.has_user_queues()?;
        let asked: uapi::UserqIn = get(arg);
        match asked.op {
            uapi::USERQ_OP_CREATE => {
                let queue_id = self.userq_create(&asked)?;
                put(arg, &uapi::UserqOut { queue_id, _pad: 0 });
                Ok(0)
            }
            uapi::USERQ_OP_FREE => {
                let alone = uapi::UserqIn { op: asked.op, queue_id: asked.queue_id, ..Default::default() };
                if asked != alone {
                    return Err(Errno::EINVAL);
                }
                let queue = self.queues.remove(asked.queue_id).ok_or(Errno::ENOENT)?;
                if let Some(last) = queue.last() {
                    // Its own timeout ends this wait.
                    self.wait(i64::MAX, || last.status())?;
                }
                Ok(0)
            }
            _ => Err(Errno::EINVAL),
        }
    }

    /// An address that the queue needs: so many bytes of one mapping.
    fn mapped(&self, va: u64, bytes: u64) -> Result<u64, Errno> {
        let va = canonical(va);
        let mapping = self.vm.lookup(va).ok_or(Errno::EINVAL)?;
        let end = va.checked_add(bytes).ok_or(Errno::EINVAL)?;
        if end <= mapping.end { Ok(va) } else { Err(Errno::EINVAL) }
    }

    fn userq_create(&self, asked: &uapi::UserqIn) -> Result<u32, Errno> {
        let priority = (asked.flags & uapi::USERQ_CREATE_FLAGS_QUEUE_PRIORITY_MASK)
            >> uapi::USERQ_CREATE_FLAGS_QUEUE_PRIORITY_SHIFT;
        // Secure queues need trusted memory, which this card lacks.
        if asked.flags & !uapi::USERQ_CREATE_FLAGS_QUEUE_PRIORITY_MASK != 0 {
            return Err(Errno::EINVAL);
        }
        let (engine, mqd_size) = match asked.ip_type {
            uapi::HW_IP_GFX => (Engine::Gfx, size_of::<uapi::UserqMqdGfx11>()),
            uapi::HW_IP_COMPUTE => (Engine::Compute, size_of::<uapi::UserqMqdComputeGfx11>()),
            _ => return Err(Errno::EINVAL),
        };
        let size = asked.queue_size;
        if matches!(asked.queue_va, 0 | u64::MAX) || !size.is_power_of_two() || size < PAGE {
            return Err(Errno::EINVAL);
        }
        if asked.wptr_va == 0 || asked.rptr_va == 0 {
            return Err(Errno::EINVAL);
        }
        let priority = match priority {
            uapi::USERQ_CREATE_FLAGS_QUEUE_PRIORITY_LOW => uapi::CTX_PRIORITY_LOW,
            uapi::USERQ_CREATE_FLAGS_QUEUE_PRIORITY_NORMAL_LOW => uapi::CTX_PRIORITY_NORMAL,
            uapi::USERQ_CREATE_FLAGS_QUEUE_PRIORITY_NORMAL_HIGH => uapi::CTX_PRIORITY_NORMAL,
            _ => {
                self.may_go_first()?;
                uapi::CTX_PRIORITY_HIGH
            }
        };
        let ring_va = self.mapped(asked.queue_va, size)?;
        let rptr_va = self.mapped(asked.rptr_va, PAGE)?;
        let wptr_va = self.mapped(asked.wptr_va, PAGE)?;
        let bell: Arc<Bo> = self.object(asked.doorbell_handle).map_err(|_| Errno::EINVAL)?;
        let offset = u64::from(asked.doorbell_offset) * DOORBELL;
        if bell.create.domains != u64::from(uapi::GEM_DOMAIN_DOORBELL) || offset + DOORBELL > bell.storage.len() {
            return Err(Errno::EINVAL);
        }
        if asked.mqd == 0 || asked.mqd_size != mqd_size as u64 {
            return Err(Errno::EINVAL);
        }
        // What can't be read is ENOMEM in that driver.
        let read = |_| Errno::ENOMEM;
        let shared = self.card.part().shadow();
        match engine {
            Engine::Gfx => {
                let mqd: uapi::UserqMqdGfx11 = self.client.read_one(asked.mqd).map_err(read)?;
                self.mapped(mqd.shadow_va, shared.shadow_size.into())?;
                self.mapped(mqd.csa_va, shared.csa_size.into())?;
            }
            Engine::Compute | Engine::Sdma => {
                let mqd: uapi::UserqMqdComputeGfx11 = self.client.read_one(asked.mqd).map_err(read)?;
                self.mapped(mqd.eop_va, PAGE)?;
            }
        }
        // The firmware's own mapping of the write pointer's buffer is one page.
        if self.vm.lookup(wptr_va).is_none_or(|mapping| mapping.storage.len() > PAGE) {
            return Err(Errno::EINVAL);
        }
        let taken = |queue: &Arc<UserQueue>| {
            let (page, at) = queue.doorbell();
            Arc::ptr_eq(page, &bell.storage) && at == offset
        };
        if self.queues.len() >= QUEUES_MAX || self.queues.position(taken).is_some() {
            return Err(Errno::EBUSY);
        }
        if size > RING_MAX {
            return Err(Errno::ENOMEM);
        }
        let slot = self.card.fence_slot().ok_or(Errno::ENOMEM)?;
        slot.map(&self.vm);
        let setup = Setup {
            file: self.file.id,
            engine,
            priority,
            vm: Arc::clone(&self.vm),
            ring_va,
            ring_dw: size / 4,
            rptr_va,
            wptr_va,
            doorbell: (Arc::clone(&bell.storage), offset),
            slot,
        };
        let queue = UserQueue::new(&self.file.card, setup).map_err(|_| Errno::ENOMEM)?;
        Ok(self.queues.insert(Arc::new(queue)))
    }

    fn objects_of(&self, address: u64, count: u32) -> Result<Vec<Arc<Bo>>, Errno> {
        let handles = self.client.read_array::<u32>(address, count.into(), ARRAY_LIMIT)?;
        handles.into_iter().map(|handle| self.object(handle)).collect()
    }

    /// `AMDGPU_USERQ_SIGNAL`.
    pub(super) fn userq_signal(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        self.has_user_queues()?;
        let asked: uapi::UserqSignal = get(arg);
        let handles = self.client.read_array::<u32>(asked.syncobj_handles, asked.num_syncobj_handles, ARRAY_LIMIT)?;
        let syncobjs = handles.into_iter().map(|handle| self.syncobj(handle)).collect::<Result<Vec<_>, _>>()?;
        let mut bos = self.objects_of(asked.bo_read_handles, asked.num_bo_read_handles)?;
        bos.extend(self.objects_of(asked.bo_write_handles, asked.num_bo_write_handles)?);
        let queue = self.queues.get(asked.queue_id).ok_or(Errno::ENOENT)?;
        let fence = queue.fence().ok_or(Errno::EINVAL)?;
        bos.iter().for_each(|bo| bo.used_by(self.card.owner(self.file.id), &fence));
        syncobjs.iter().for_each(|sync| sync.replace(Some(Arc::clone(&fence))));
        self.card.events.notify();
        Ok(0)
    }

    /// `AMDGPU_USERQ_WAIT`. Who uses a buffer how isn't kept here: all its users count.
    pub(super) fn userq_wait(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        self.has_user_queues()?;
        let mut asked: uapi::UserqWait = get(arg);
        let mut bos = self.objects_of(asked.bo_read_handles, asked.num_bo_read_handles)?;
        bos.extend(self.objects_of(asked.bo_write_handles, asked.num_bo_write_handles)?);
        let count = asked.num_syncobj_timeline_handles.into();
        let timelines = self.client.read_array::<u32>(asked.syncobj_timeline_handles, count, ARRAY_LIMIT)?;
        // Points of 32 bits, as the first kernels with these queues read them.
        let points = self.client.read_array::<u32>(asked.syncobj_timeline_points, count, ARRAY_LIMIT)?;
        let binary =
            self.client.read_array::<u32>(asked.syncobj_handles, asked.num_syncobj_handles.into(), ARRAY_LIMIT)?;
        let mut fences: Vec<Arc<Fence>> = bos.iter().flat_map(|bo| bo.users()).map(|(_, fence)| fence).collect();
        let wanted = timelines.iter().copied().zip(points.iter().map(|&point| u64::from(point)));
        for (handle, point) in wanted.chain(binary.iter().map(|&handle| (handle, 0))) {
            let sync = self.syncobj(handle)?;
            fences.extend(self.point_fences(&sync, point, SYNCOBJ_WAIT_FOR_SUBMIT)?);
        }
        if asked.num_fences == 0 {
            asked.num_fences = u16::try_from(fences.len()).map_err(|_| Errno::EINVAL)?;
            put(arg, &asked);
            return Ok(0);
        }
        if fences.len() > asked.num_fences.into() {
            return Err(Errno::EINVAL);
        }
        let queue = self.queues.get(asked.waitq_id).ok_or(Errno::EINVAL)?;
        // The latest of each queue; what is no queue's is awaited here.
        let mut answers: Vec<uapi::UserqFenceInfo> = Vec::new();
        for fence in fences {
            let Some((slot, value)) = fence.counter() else {
                self.wait(i64::MAX, || fence.status())?;
                continue;
            };
            let va = slot.va();
            match answers.iter_mut().find(|answer| answer.va == va) {
                Some(answer) => answer.value = answer.value.max(value),
                None => answers.push(uapi::UserqFenceInfo { va, value }),
            }
            queue.awaits(Arc::clone(slot));
        }
        self.client.write(asked.out_fences, bytemuck::cast_slice(&answers))?;
        asked.num_fences = answers.len() as u16;
        put(arg, &asked);
        Ok(0)
    }
}
