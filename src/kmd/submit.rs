//! Buffer lists and command submission.

use std::sync::Arc;

use super::bo::{Bo, GpuMap};
use super::context::{Context, CsFence, Kept};
use super::device::Device;
use super::error::KmdError;
use super::info::Ring;
use super::ioctls;
use super::sync::Syncobj;
use super::uapi::*;

#[derive(Debug)]
struct BoListInner {
    device: Arc<Device>,
    handle: u32,
    /// Alive for as long as the list names them.
    _bos: Vec<Bo>,
}

impl Drop for BoListInner {
    fn drop(&mut self) {
        let input = BoListIn { operation: BO_LIST_OP_DESTROY, list_handle: self.handle, ..Default::default() };
        // Nothing can be done about a failure: the list is gone with the file at the latest.
        // SAFETY: with zero entries the kernel reads nothing at `bo_info_ptr`.
        let _ = unsafe { ioctls::BO_LIST.call(&**self.device.node(), &input) };
    }
}

/// A list of buffers that the kernel keeps, for submissions that always use the same. Clones share it; it keeps its
/// buffers alive.
#[derive(Debug, Clone)]
pub struct BoList {
    inner: Arc<BoListInner>,
}

impl BoList {
    /// Creates a list.
    ///
    /// # Errors
    /// [`KmdError::OtherDevice`], [`KmdError::BadSize`] for more buffers than 32 bits count, or the failed ioctl.
    pub fn new(device: &Arc<Device>, bos: &[Bo]) -> Result<Self, KmdError> {
        for bo in bos {
            device.same(bo.device(), "a buffer of the list")?;
        }
        let entries: Vec<_> = bos.iter().map(|bo| BoListEntry { bo_handle: bo.handle(), bo_priority: 0 }).collect();
        let input = BoListIn {
            operation: BO_LIST_OP_CREATE,
            list_handle: 0,
            bo_number: count(entries.len(), "the length of a buffer list")?,
            bo_info_size: size_of::<BoListEntry>() as u32,
            bo_info_ptr: address(&entries),
        };
        // SAFETY: the kernel reads `bo_number` entries at `entries`, which lives until the call returns.
        let answer = unsafe { device.issue(&ioctls::BO_LIST, &input, || format!("CREATE, {:#x} buffers", bos.len())) }?;
        Ok(Self {
            inner: Arc::new(BoListInner { device: device.clone(), handle: answer.list_handle, _bos: bos.to_vec() }),
        })
    }

    /// The list's handle.
    pub fn handle(&self) -> u32 {
        self.inner.handle
    }

    /// The device.
    pub fn device(&self) -> &Arc<Device> {
        &self.inner.device
    }
}

/// The DRM version from which a submission may be for several rings, and how many.
const GANGS_SINCE: (i32, i32) = (3, 49);
const GANG_MAX: usize = 4;

/// One submission under construction: IBs for one ring, what they use, what they wait for and what they signal.
///
/// All that is named here stays alive until the submission's fence is known to have signalled.
#[derive(Default)]
pub struct Submission {
    ibs: Vec<(CsChunkIb, Ring)>,
    bos: Vec<Bo>,
    list: Option<BoList>,
    dependencies: Vec<CsFence>,
    scheduled: Vec<CsFence>,
    wait: Vec<(Syncobj, u64)>,
    signal: Vec<(Syncobj, u64)>,
    timeline: bool,
    user_fence: Option<(Bo, u64)>,
    keep: Vec<Kept>,
}

impl Submission {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an IB: `bytes` of commands at the GPU address `va`, for `ring`. IBs of one ring run in order. IBs of several
    /// rings, four at most, are a gang (DRM 3.49): they start together, and the last one's ring is the one whose fence the
    /// submission gives.
    #[must_use]
    pub fn ib(self, va: u64, bytes: u32, ring: Ring) -> Self {
        self.ib_with_flags(va, bytes, ring, 0)
    }

    /// [`Submission::ib`] with `IB_FLAG_*`.
    #[must_use]
    pub fn ib_with_flags(mut self, va: u64, bytes: u32, ring: Ring, flags: u32) -> Self {
        let chunk = CsChunkIb {
            _pad: 0,
            flags,
            va_start: va,
            ib_bytes: bytes,
            ip_type: ring.ip as u32,
            ip_instance: 0,
            ring: ring.index,
        };
        self.ibs.push((chunk, ring));
        self
    }

    /// The work uses this buffer. A buffer may be named more than once.
    #[must_use]
    pub fn bo(mut self, bo: &Bo) -> Self {
        if !self.bos.iter().any(|known| known.same(bo)) {
            self.bos.push(bo.clone());
        }
        self
    }

    /// The work uses this buffer through this mapping: names the buffer and keeps the mapping.
    #[must_use]
    pub fn mapping(mut self, map: &GpuMap) -> Self {
        self.keep.push(map.shared());
        self.bo(map.bo())
    }

    /// The work uses the buffers of this list. The kernel takes a list or single buffers, not both.
    #[must_use]
    pub fn bo_list(mut self, list: &BoList) -> Self {
        self.list = Some(list.clone());
        self
    }

    /// Starts after that submission is done; on the same context and ring this is so anyway.
    #[must_use]
    pub fn depends_on(mut self, fence: &CsFence) -> Self {
        self.dependencies.push(fence.clone());
        self
    }

    /// Starts after that submission was handed to its ring, which is earlier than its end. DRM 3.28.
    #[must_use]
    pub fn scheduled_after(mut self, fence: &CsFence) -> Self {
        self.scheduled.push(fence.clone());
        self
    }

    /// Starts after the sync object's fence has signalled.
    #[must_use]
    pub fn syncobj_in(mut self, syncobj: &Syncobj) -> Self {
        self.wait.push((syncobj.clone(), 0));
        self
    }

    /// The sync object gets the fence of this submission.
    #[must_use]
    pub fn syncobj_out(mut self, syncobj: &Syncobj) -> Self {
        self.signal.push((syncobj.clone(), 0));
        self
    }

    /// Starts after the timeline has reached `point`.
    #[must_use]
    pub fn timeline_wait(mut self, syncobj: &Syncobj, point: u64) -> Self {
        self.timeline = true;
        self.wait.push((syncobj.clone(), point));
        self
    }

    /// The timeline reaches `point` when this submission is done.
    #[must_use]
    pub fn timeline_signal(mut self, syncobj: &Syncobj, point: u64) -> Self {
        self.timeline = true;
        self.signal.push((syncobj.clone(), point));
        self
    }

    /// The kernel has the sequence number written to `bo`, a buffer of one page, at `offset` bytes (a multiple of 8)
    /// when the work is done. The buffer counts as used.
    #[must_use]
    pub fn user_fence(mut self, bo: &Bo, offset: u64) -> Self {
        self.user_fence = Some((bo.clone(), offset));
        self
    }

    /// Keeps anything else alive until the work is done. Something that holds the [`Context`] or one of its fences
    /// keeps that alive, too, until somebody waits.
    #[must_use]
    pub fn keep(mut self, owner: Arc<dyn std::any::Any + Send + Sync>) -> Self {
        self.keep.push(owner);
        self
    }

    /// What can be said without the kernel. Gives the ring whose fence it will be.
    fn check(&self, context: &Context) -> Result<Ring, KmdError> {
        let device = context.device();
        let &(_, first) = self.ibs.first().ok_or(KmdError::NoIb)?;
        let ring = self.ibs.last().map_or(first, |ib| ib.1);
        let mut rings: Vec<Ring> = self.ibs.iter().map(|ib| ib.1).collect();
        rings.sort_unstable();
        rings.dedup();
        let gangs = (device.version().major, device.version().minor) >= GANGS_SINCE;
        if rings.len() > if gangs { GANG_MAX } else { 1 } {
            let other = rings.into_iter().find(|other| *other != first).unwrap_or(first);
            return Err(KmdError::MixedRings { first, other });
        }
        for &ring in &rings {
            let ip = device.ip(ring.ip);
            if ring.index >= u32::BITS || ip.ring_mask >> ring.index & 1 == 0 {
                return Err(KmdError::NoSuchRing { ring, mask: ip.ring_mask });
            }
        }
        for (ib, ring) in &self.ibs {
            let ip = device.ip(ring.ip);
            if ib.ib_bytes == 0 {
                return Err(KmdError::BadSize { what: "the size of an IB", value: 0 });
            }
            aligned("the size of an IB", ib.ib_bytes.into(), 4)?;
            aligned("the address of an IB", ib.va_start, ip.ib_start_alignment.max(4).into())?;
        }
        if self.list.is_some() && !(self.bos.is_empty() && self.user_fence.is_none()) {
            return Err(KmdError::BoListAndBos);
        }
        for bo in self.bos.iter().chain(self.user_fence.iter().map(|(bo, _)| bo)) {
            device.same(bo.device(), "a buffer")?;
        }
        if let Some(list) = &self.list {
            device.same(list.device(), "the buffer list")?;
        }
        for fence in self.dependencies.iter().chain(&self.scheduled) {
            device.same(fence.device(), "a fence")?;
        }
        for (syncobj, _) in self.wait.iter().chain(&self.signal) {
            device.same(syncobj.device(), "a sync object")?;
        }
        if self.timeline {
            Syncobj::need_timeline(device)?;
        }
        if let Some((bo, offset)) = &self.user_fence {
            if bo.size() != 4096 {
                return Err(KmdError::UserFenceSize { handle: bo.handle(), size: bo.size() });
            }
            aligned("the offset of a user fence", *offset, 8)?;
            if *offset > bo.size() - 8 {
                return Err(KmdError::OutOfRange { offset: *offset, len: 8, size: bo.size() });
            }
        }
        Ok(ring)
    }

    /// Gives the work to the kernel. The fence need not be kept: what the work uses lives on in the context.
    ///
    /// # Errors
    /// What [`Submission`]'s rules say; [`KmdError::ContextLost`] once a reset took the context; or the failed ioctl.
    pub fn submit(self, context: &Context) -> Result<CsFence, KmdError> {
        context.reap();
        let ring = self.check(context)?;
        let Self { ibs, mut bos, list, dependencies, scheduled, wait, signal, timeline, user_fence, mut keep } = self;

        // Everything that a chunk points to is built first and not moved until the call has returned.
        let user_fence_chunk = user_fence.map(|(bo, offset)| {
            let chunk = [CsChunkFence { handle: bo.handle(), offset: offset as u32 }];
            if !bos.iter().any(|known| known.same(&bo)) {
                bos.push(bo);
            }
            chunk
        });
        let entries: Vec<_> = bos.iter().map(|bo| BoListEntry { bo_handle: bo.handle(), bo_priority: 0 }).collect();
        // As Mesa and libdrm send it: `operation` and `list_handle` have no meaning here and are all ones.
        let handles = [BoListIn {
            operation: u32::MAX,
            list_handle: u32::MAX,
            bo_number: count(entries.len(), "the number of buffers")?,
            bo_info_size: size_of::<BoListEntry>() as u32,
            bo_info_ptr: address(&entries),
        }];
        let ib_chunks: Vec<[CsChunkIb; 1]> = ibs.iter().map(|(ib, _)| [*ib]).collect();
        let dependency_chunk: Vec<_> = dependencies.iter().map(CsFence::dependency).collect();
        let scheduled_chunk: Vec<_> = scheduled.iter().map(CsFence::dependency).collect();
        let sems = |list: &[(Syncobj, u64)]| -> Vec<_> {
            list.iter().map(|(syncobj, _)| CsChunkSem { handle: syncobj.handle() }).collect()
        };
        let points = |list: &[(Syncobj, u64)]| -> Vec<_> {
            list.iter()
                .map(|&(ref syncobj, point)| CsChunkSyncobj { handle: syncobj.handle(), flags: 0, point })
                .collect()
        };
        // A kernel refuses a binary and a timeline chunk of signals together (EINVAL): with one timeline point, the
        // binary sync objects travel as point 0.
        let (wait_sems, signal_sems, wait_points, signal_points) = if timeline {
            (vec![], vec![], points(&wait), points(&signal))
        } else {
            (sems(&wait), sems(&signal), vec![], vec![])
        };

        let mut chunks = Vec::new();
        for ib in &ib_chunks {
            chunks.push(chunk(CHUNK_ID_IB, ib)?);
        }
        if let Some(fence) = &user_fence_chunk {
            chunks.push(chunk(CHUNK_ID_FENCE, fence)?);
        }
        if !dependency_chunk.is_empty() {
            chunks.push(chunk(CHUNK_ID_DEPENDENCIES, &dependency_chunk)?);
        }
        if !scheduled_chunk.is_empty() {
            chunks.push(chunk(CHUNK_ID_SCHEDULED_DEPENDENCIES, &scheduled_chunk)?);
        }
        for (id, sems) in [(CHUNK_ID_SYNCOBJ_IN, &wait_sems), (CHUNK_ID_SYNCOBJ_OUT, &signal_sems)] {
            if !sems.is_empty() {
                chunks.push(chunk(id, sems)?);
            }
        }
        for (id, points) in
            [(CHUNK_ID_SYNCOBJ_TIMELINE_WAIT, &wait_points), (CHUNK_ID_SYNCOBJ_TIMELINE_SIGNAL, &signal_points)]
        {
            if !points.is_empty() {
                chunks.push(chunk(id, points)?);
            }
        }
        if !entries.is_empty() {
            chunks.push(chunk(CHUNK_ID_BO_HANDLES, &handles)?);
        }
        // The uapi wants the addresses of the chunks, not the chunks.
        let pointers: Vec<u64> = chunks.iter().map(|chunk| address(std::slice::from_ref(chunk))).collect();
        let input = CsIn {
            ctx_id: context.id(),
            bo_list_handle: list.as_ref().map_or(0, BoList::handle),
            num_chunks: count(pointers.len(), "the number of chunks")?,
            flags: 0,
            chunks: address(&pointers),
        };

        // Whatever can allocate is done before the kernel has the work: from then on only `submitted` runs.
        keep.extend(bos.iter().map(|bo| bo.shared() as Kept));
        keep.extend(list.iter().map(|list| list.inner.clone() as Kept));
        keep.extend(wait.iter().chain(&signal).map(|(syncobj, _)| syncobj.shared() as Kept));

        // SAFETY: `chunks` points to `num_chunks` addresses of live `CsChunk`s, whose data are arrays of the length
        // stated; the `BoListIn` points to `bo_number` entries. All of them are locals that live until the end of
        // this function, and the kernel only reads them.
        let answer = unsafe {
            context.device().issue(&ioctls::CS, &input, || {
                let (ib, _) = ibs[0];
                format!(
                    "context {:#x}, ring {ring}, {} IBs, the first {:#x} bytes at {:#x}, {} buffers",
                    context.id(),
                    ibs.len(),
                    ib.ib_bytes,
                    ib.va_start,
                    entries.len()
                )
            })
        };
        match answer {
            Ok(answer) => Ok(context.submitted(ring, answer.handle, keep)),
            Err(KmdError::Ioctl { name, errno, args }) => Err(match context.inner.lost(errno) {
                Some(lost) => KmdError::ContextLost(lost),
                None => KmdError::Ioctl { name, errno, args },
            }),
            Err(error) => Err(error),
        }
    }
}

fn aligned(what: &'static str, value: u64, alignment: u64) -> Result<(), KmdError> {
    if value.is_multiple_of(alignment) { Ok(()) } else { Err(KmdError::Misaligned { what, value, alignment }) }
}

fn count(len: usize, what: &'static str) -> Result<u32, KmdError> {
    u32::try_from(len).map_err(|_| KmdError::BadSize { what, value: len as u64 })
}

/// The address of an array, as the uapi carries it.
fn address<T>(items: &[T]) -> u64 {
    items.as_ptr().expose_provenance() as u64
}

fn chunk<T: Wire>(chunk_id: u32, data: &[T]) -> Result<CsChunk, KmdError> {
    let length_dw = count(size_of_val(data) / 4, "the length of a chunk")?;
    Ok(CsChunk { chunk_id, length_dw, chunk_data: address(data) })
}
