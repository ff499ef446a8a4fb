//! Command submission: from the caller's chunks to a job.

use std::sync::{Arc, PoisonError};

use bytemuck::Pod;
use nix::errno::Errno;

use super::{BoList, Call, get, put};
use crate::kmd::uapi;
use crate::soft::arena::Heap;
use crate::soft::context::Known;
use crate::soft::fence::Fence;
use crate::soft::sched::{Engine, Ib, Job};
use crate::soft::syncobj::Syncobj;
use crate::soft::vm::canonical;

/// Most IBs in one submission, the driver's numbers.
pub const fn max_ibs(engine: Engine) -> u32 {
    match engine {
        Engine::Gfx => 192,
        Engine::Compute => 125,
        Engine::Sdma => 49,
    }
}
/// Most chunks in one submission, and most dwords in a chunk: beyond any real one.
const MAX_CHUNKS: u64 = 4096;
const MAX_CHUNK_DW: u64 = 1 << 20;
/// Most rings of one submission.
const GANG_MAX: usize = 4;

/// What one ring executes.
struct Part {
    ring: (Engine, u32),
    ibs: Vec<Ib>,
    mem_sync: bool,
}

/// What the chunks say, before it becomes a job, or a gang of them.
#[derive(Default)]
struct Parsed {
    parts: Vec<Part>,
    /// The part that the last IB belongs to: it speaks for the gang.
    leader: usize,
    dependencies: Vec<Arc<Fence>>,
    signal: Vec<(Arc<Syncobj>, u64)>,
    user_fence: Option<(Arc<super::Bo>, u64)>,
    list: Option<BoList>,
}

/// A chunk's data as an array; EINVAL where it doesn't hold at least one element.
fn elements<T: Pod>(data: &[u32]) -> Result<Vec<T>, Errno> {
    let bytes: &[u8] = bytemuck::cast_slice(data);
    let chunks = bytes.chunks_exact(size_of::<T>());
    if chunks.len() == 0 {
        return Err(Errno::EINVAL);
    }
    Ok(chunks.map(bytemuck::pod_read_unaligned).collect())
}

impl Call<'_> {
    /// `AMDGPU_CS`.
    pub(super) fn cs(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let cs: uapi::CsIn = get(arg);
        if cs.num_chunks == 0 {
            return Err(Errno::EINVAL);
        }
        let context = self.context(cs.ctx_id)?;
        // Who hung is told how it was recovered; who lost its memory to others' hangs, that it is over.
        let resets = self.card.resets();
        if let Some((errno, _)) = context.loss() {
            return Err(errno);
        }
        if context.seen_loss(resets.lost()) {
            return Err(Errno::ECANCELED);
        }
        let generation = resets.lost();
        // An array of addresses, each of one chunk.
        let addresses = self.client.read_array::<u64>(cs.chunks, cs.num_chunks.into(), MAX_CHUNKS)?;
        let mut parsed = Parsed::default();
        if cs.bo_list_handle != 0 {
            parsed.list = Some(self.lists.get(cs.bo_list_handle).ok_or(Errno::ENOENT)?);
        }
        for address in addresses {
            let chunk: uapi::CsChunk = self.client.read_one(address)?;
            let data = self.client.read_array::<u32>(chunk.chunk_data, chunk.length_dw.into(), MAX_CHUNK_DW)?;
            self.chunk(chunk.chunk_id, &data, &mut parsed)?;
        }
        if parsed.parts.is_empty() {
            return Err(Errno::EINVAL);
        }
        self.card.start(parsed.parts.iter().map(|part| part.ring))?;

        let list = parsed.list.unwrap_or_default();
        for bo in list.iter() {
            parsed.dependencies.extend(bo.implicit(self.card.owner(self.file.id)));
        }
        // What one submission lists has to fit at the same time.
        let arena = &self.card.arena;
        let room = arena.usage(Heap::Vram).0 + arena.usage(Heap::Gtt).0;
        if list.iter().map(|bo| bo.storage.len()).sum::<u64>() > room {
            return Err(Errno::ENOMEM);
        }
        let gang = (parsed.parts.len() > 1).then(|| self.card.gang());
        let mut user_fence = parsed.user_fence.map(|(bo, offset)| (Arc::clone(&bo.storage), offset));
        let mut signal = Vec::new();
        let mut answer = 0;
        let order = context.order.lock().unwrap_or_else(PoisonError::into_inner);
        let mut jobs = Vec::new();
        for (at, part) in parsed.parts.into_iter().enumerate() {
            let fence = Fence::new(&self.card.events);
            let sequence = context.push(part.ring, &fence);
            list.iter().for_each(|bo| bo.used_by(self.card.owner(self.file.id), &fence));
            let leads = at == parsed.leader;
            if leads {
                answer = sequence;
                signal =
                    parsed.signal.iter().map(|(sync, point)| (Arc::clone(sync), *point, Arc::clone(&fence))).collect();
            }
            jobs.push(Job {
                file: self.file.id,
                generation,
                gang: gang.clone(),
                context: Arc::clone(&context),
                vm: Arc::new(self.vm.view(self.card.lenient())),
                ring: part.ring,
                ibs: part.ibs,
                mem_sync: part.mem_sync,
                dependencies: parsed.dependencies.clone(),
                fence,
                sequence,
                user_fence: if leads { user_fence.take() } else { None },
                resident: list.iter().map(|bo| Arc::clone(&bo.storage)).collect(),
            });
        }
        for (sync, point, fence) in signal {
            sync.add(point, fence);
        }
        self.card.submit(jobs);
        drop(order);
        put(arg, &uapi::CsOut { handle: answer });
        Ok(0)
    }

    fn chunk(&self, id: u32, data: &[u32], parsed: &mut Parsed) -> Result<(), Errno> {
        match id {
            uapi::CHUNK_ID_IB => {
                let ib = elements::<uapi::CsChunkIb>(data)?[0];
                let ring = self.ring(ib.ip_type, ib.ip_instance, ib.ring)?;
                parsed.leader = match parsed.parts.iter().position(|part| part.ring == ring) {
                    Some(at) => at,
                    None if parsed.parts.len() == GANG_MAX => return Err(Errno::EINVAL),
                    None => {
                        let mem_sync = ib.flags & uapi::IB_FLAG_EMIT_MEM_SYNC != 0;
                        parsed.parts.push(Part { ring, ibs: Vec::new(), mem_sync });
                        parsed.parts.len() - 1
                    }
                };
                let ibs = &mut parsed.parts[parsed.leader].ibs;
                if ibs.len() >= max_ibs(ring.0) as usize {
                    return Err(Errno::EINVAL);
                }
                ibs.push(Ib { va: canonical(ib.va_start), bytes: ib.ib_bytes });
            }
            uapi::CHUNK_ID_FENCE => {
                let fence = elements::<uapi::CsChunkFence>(data)?[0];
                let bo = self.object(fence.handle).map_err(|_| Errno::EINVAL)?;
                // One page exactly, and the quadword inside it.
                if bo.storage.len() != crate::soft::arena::PAGE || u64::from(fence.offset) > bo.storage.len() - 8 {
                    return Err(Errno::EINVAL);
                }
                parsed.user_fence = Some((bo, fence.offset.into()));
            }
            uapi::CHUNK_ID_BO_HANDLES => {
                // Two lists would contradict each other.
                if parsed.list.is_some() {
                    return Err(Errno::EINVAL);
                }
                parsed.list = Some(self.read_list(&elements::<uapi::BoListIn>(data)?[0])?);
            }
            uapi::CHUNK_ID_DEPENDENCIES | uapi::CHUNK_ID_SCHEDULED_DEPENDENCIES => {
                for dep in elements::<uapi::CsChunkDep>(data)? {
                    let ring = self.ring(dep.ip_type, dep.ip_instance, dep.ring)?;
                    match self.context(dep.ctx_id)?.fence(ring, dep.handle) {
                        Known::Future => return Err(Errno::EINVAL),
                        // "Scheduled" is a weaker condition than "finished": waiting for the latter satisfies it.
                        Known::Fence(fence) => parsed.dependencies.push(fence),
                        Known::Past => {}
                    }
                }
            }
            uapi::CHUNK_ID_SYNCOBJ_IN => {
                for sem in elements::<uapi::CsChunkSem>(data)? {
                    self.wait_point(sem.handle, 0, 0, parsed)?;
                }
            }
            uapi::CHUNK_ID_SYNCOBJ_TIMELINE_WAIT => {
                for wait in elements::<uapi::CsChunkSyncobj>(data)? {
                    self.wait_point(wait.handle, wait.point, wait.flags, parsed)?;
                }
            }
            // One chunk says what is signalled, whichever of the two.
            uapi::CHUNK_ID_SYNCOBJ_OUT | uapi::CHUNK_ID_SYNCOBJ_TIMELINE_SIGNAL if !parsed.signal.is_empty() => {
                return Err(Errno::EINVAL);
            }
            uapi::CHUNK_ID_SYNCOBJ_OUT => {
                for sem in elements::<uapi::CsChunkSem>(data)? {
                    parsed.signal.push((self.syncobj(sem.handle)?, 0));
                }
            }
            uapi::CHUNK_ID_SYNCOBJ_TIMELINE_SIGNAL => {
                for signal in elements::<uapi::CsChunkSyncobj>(data)? {
                    parsed.signal.push((self.syncobj(signal.handle)?, signal.point));
                }
            }
            _ => return Err(Errno::EINVAL),
        }
        Ok(())
    }

    fn wait_point(&self, handle: u32, point: u64, flags: u32, parsed: &mut Parsed) -> Result<(), Errno> {
        let sync = self.syncobj(handle)?;
        let fences = self.point_fences(&sync, point, flags)?;
        parsed.dependencies.extend(fences);
        Ok(())
    }
}
