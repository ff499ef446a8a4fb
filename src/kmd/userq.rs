//! User-mode queues: rings that the process fills itself, and that the card's scheduler firmware runs without a submission.
//!
//! A queue is a ring of packets, a write pointer in memory, a read pointer that the engine reports, and a doorbell: a store to
//! it says that the write pointer moved. The kernel is asked for the queue, and where queues meet anything else: for a fence of
//! what the ring holds so far ([`UserQueue::signal`]), and for what the packets have to wait for ([`UserQueue::wait`]).
//!
//! Such a fence is signalled when the queue's own counter in the kernel's memory reaches the write pointer of that moment. The
//! engine's PROTECTED_FENCE_SIGNAL moves the counter to the ring's place behind that packet. So whoever asks for a fence ends
//! the packets before it with that one, after what waits for their work and flushes caches (RELEASE_MEM).
//!
//! Linux 6.16 (DRM 3.64) has them for cards with scheduler firmware that is new enough, and where the module's parameter
//! `user_queue` lets them.

use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bo::{Bo, CpuMap, GpuMap, Mtype, Placement, VmFlags};
use super::context::Wait;
use super::device::Device;
use super::error::KmdError;
use super::info::Ip;
use super::ioctls;
use super::node::Errno;
use super::sync::Syncobj;
use super::time::Deadline;
use super::uapi::*;
use super::va::GPU_PAGE;

/// Bytes of a doorbell on gfx11.
const DOORBELL: u64 = 8;
/// The largest ring, in bytes: the kernel's structures have more room, the engine's size field has none.
const RING_MAX: u64 = 1 << 30;
/// Answers of `USERQ_WAIT` for which there is room beyond those that were counted just before.
const SPARE: u16 = 8;

/// How the card's scheduler prefers a user-mode queue to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u32)]
pub enum QueuePriority {
    /// Behind all others.
    Low = USERQ_CREATE_FLAGS_QUEUE_PRIORITY_LOW,
    /// The default.
    #[default]
    NormalLow = USERQ_CREATE_FLAGS_QUEUE_PRIORITY_NORMAL_LOW,
    /// Before the default.
    NormalHigh = USERQ_CREATE_FLAGS_QUEUE_PRIORITY_NORMAL_HIGH,
    /// Before all others; needs CAP_SYS_NICE or DRM master.
    High = USERQ_CREATE_FLAGS_QUEUE_PRIORITY_HIGH,
}

/// How a user-mode queue is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserQueueOptions {
    /// Bytes of the ring: a power of two, from a page to 1 GiB.
    pub ring_bytes: u64,
    /// Its priority.
    pub priority: QueuePriority,
    /// Which of the 512 doorbells of its page it has.
    pub doorbell: u32,
    /// For protected content.
    pub secure: bool,
}

impl Default for UserQueueOptions {
    /// 64 KiB, the default priority, doorbell 0, not protected.
    fn default() -> Self {
        Self { ring_bytes: 64 << 10, priority: QueuePriority::default(), doorbell: 0, secure: false }
    }
}

/// A fence of a user-mode queue, as packets can wait for it: memory that reaches a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FenceInfo {
    /// GPU address of 64 bits, which this process's address space has for reading.
    pub va: u64,
    /// The value that they reach, compared as greater or equal.
    pub value: u64,
}

/// What a user-mode queue is going to wait for.
#[derive(Debug, Clone, Copy, Default)]
pub struct WaitFor<'a> {
    /// The fences of sync objects.
    pub syncobjs: &'a [&'a Syncobj],
    /// Points of timelines, below 2^32.
    pub points: &'a [(&'a Syncobj, u64)],
    /// Buffers of which all users count.
    pub reads: &'a [&'a Bo],
    /// Buffers of which the writers count.
    pub writes: &'a [&'a Bo],
}

/// What the ring holds.
#[derive(Debug, Default)]
struct State {
    /// Dwords put into the ring so far.
    put: u64,
    /// Dwords of which it is known that their work has ended.
    ended: u64,
    /// Mappings that packets use, with the dwords put when they had been put.
    kept: Vec<(u64, GpuMap)>,
}

#[derive(Debug)]
struct Inner {
    device: Arc<Device>,
    id: u32,
    engine: Ip,
    ring: (GpuMap, CpuMap),
    wptr: (GpuMap, CpuMap),
    rptr: (GpuMap, CpuMap),
    doorbell: (CpuMap, u64),
    /// What the engine keeps of the queue.
    own: Vec<GpuMap>,
    state: Mutex<State>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let input = UserqIn { op: USERQ_OP_FREE, queue_id: self.id, ..Default::default() };
        // SAFETY: the structure holds no addresses.
        match unsafe { ioctls::USERQ.call(&**self.device.node(), &input) } {
            Ok(_) | Err(Errno::ENOENT | Errno::ENODEV) => {}
            // The queue may live on. What it reaches stays where it is until the file is closed, and the queue with it.
            Err(_) => {
                self.doorbell.0.bo().abandon();
                let own = self.own.iter().chain([&self.ring.0, &self.wptr.0, &self.rptr.0]);
                own.for_each(|map| map.bo().abandon());
                let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
                state.kept.iter().for_each(|(_, map)| map.bo().abandon());
            }
        }
    }
}

/// A user-mode queue. Clones share it; it is freed with its last owner, for which the kernel waits for its last fence, and
/// everything that its packets use lives as long.
#[derive(Debug, Clone)]
pub struct UserQueue {
    inner: Arc<Inner>,
}

/// Address of an array for the kernel; 0 of an empty one.
fn address<T>(items: &[T]) -> u64 {
    if items.is_empty() { 0 } else { items.as_ptr().expose_provenance() as u64 }
}

/// A new buffer, mapped for the engine.
fn memory(device: &Arc<Device>, bytes: u64, placement: Placement) -> Result<GpuMap, KmdError> {
    // The engine and the firmware look past the GL2.
    device.alloc(bytes, placement)?.map_gpu(VmFlags::RW.with_mtype(Mtype::Uncached))
}

/// The same, and mapped for the CPU.
fn shared(device: &Arc<Device>, bytes: u64) -> Result<(GpuMap, CpuMap), KmdError> {
    let map = memory(device, bytes, Placement::Gtt)?;
    let cpu = map.bo().map_cpu()?;
    Ok((map, cpu))
}

impl UserQueue {
    /// Creates a queue of an engine with its memory: the ring, pages for both pointers, a page of doorbells, and what the
    /// engine keeps of it (compute: an end-of-pipe buffer; graphics: shadow and context save areas of DEV_INFO's sizes;
    /// copies: a context save area).
    ///
    /// `USERQ`, any node, since DRM 3.64. [`QueuePriority::High`] needs CAP_SYS_NICE or DRM master.
    ///
    /// # Errors
    /// [`KmdError::NoUserQueues`] where kernel or firmware have none for the engine; [`KmdError::BadSize`] for a ring or
    /// a doorbell that cannot be; what buffers and mappings fail with; or the failed ioctl: `EACCES` for the priority,
    /// `EINVAL`, `EBUSY`, `ENOMEM`.
    pub fn new(device: &Arc<Device>, engine: Ip, options: UserQueueOptions) -> Result<Self, KmdError> {
        let mask = device.user_queue_engines()?;
        if mask >> engine as u32 & 1 == 0 {
            return Err(KmdError::NoUserQueues { engine, mask });
        }
        let UserQueueOptions { ring_bytes, priority, doorbell, secure } = options;
        if !ring_bytes.is_power_of_two() || !(GPU_PAGE..=RING_MAX).contains(&ring_bytes) {
            return Err(KmdError::BadSize { what: "the size of a user-mode queue's ring", value: ring_bytes });
        }
        let offset = u64::from(doorbell) * DOORBELL;
        if offset >= GPU_PAGE {
            return Err(KmdError::BadSize { what: "the number of a doorbell in its page", value: doorbell.into() });
        }
        let info = &device.info().raw;
        let area = |bytes: u32| memory(device, u64::from(bytes).max(GPU_PAGE), Placement::Vram);
        let (own, mqd) = match engine {
            Ip::Compute => {
                let eop = area(0)?;
                let mqd = bytemuck::bytes_of(&UserqMqdComputeGfx11 { eop_va: eop.va() }).to_vec();
                (vec![eop], mqd)
            }
            Ip::Gfx => {
                let (shadow, csa) = (area(info.shadow_size)?, area(info.csa_size)?);
                let mqd = UserqMqdGfx11 { shadow_va: shadow.va(), csa_va: csa.va() };
                (vec![shadow, csa], bytemuck::bytes_of(&mqd).to_vec())
            }
            Ip::Sdma => {
                let csa = area(info.csa_size)?;
                let mqd = bytemuck::bytes_of(&UserqMqdSdmaGfx11 { csa_va: csa.va() }).to_vec();
                (vec![csa], mqd)
            }
        };
        let ring = shared(device, ring_bytes)?;
        // The firmware reads the write pointer through a mapping of its own, of one page.
        let (wptr, rptr) = (shared(device, GPU_PAGE)?, shared(device, GPU_PAGE)?);
        wptr.1.store_u64(0, 0)?;
        let page = device.alloc(GPU_PAGE, Placement::Doorbell)?;
        let bell = page.map_cpu()?;
        let secure = if secure { USERQ_CREATE_FLAGS_QUEUE_SECURE } else { 0 };
        let input = UserqIn {
            op: USERQ_OP_CREATE,
            queue_id: 0,
            ip_type: engine as u32,
            doorbell_handle: page.handle(),
            doorbell_offset: doorbell,
            flags: (priority as u32) << USERQ_CREATE_FLAGS_QUEUE_PRIORITY_SHIFT | secure,
            queue_va: ring.0.va(),
            queue_size: ring_bytes,
            rptr_va: rptr.0.va(),
            wptr_va: wptr.0.va(),
            mqd: address(&mqd),
            mqd_size: mqd.len() as u64,
        };
        // SAFETY: the kernel reads `mqd_size` bytes at `mqd`, which live until the end of this function. What the engine
        // then reaches is the buffers above, which live until the queue is freed and of which there are no references.
        let answer = unsafe {
            device.issue(&ioctls::USERQ, &input, || {
                format!(
                    "create, engine {engine}, ring {:#x}, {ring_bytes:#x} bytes, flags {:#x}",
                    input.queue_va, input.flags
                )
            })
        }?;
        let device = device.clone();
        let (doorbell, state) = ((bell, offset), Mutex::default());
        let inner = Inner { device, id: answer.queue_id, engine, ring, wptr, rptr, doorbell, own, state };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The device.
    pub fn device(&self) -> &Arc<Device> {
        &self.inner.device
    }

    /// Its number in the file.
    pub fn id(&self) -> u32 {
        self.inner.id
    }

    /// The engine that runs it.
    pub fn engine(&self) -> Ip {
        self.inner.engine
    }

    /// Where its ring lies for the GPU.
    pub fn ring(&self) -> &GpuMap {
        &self.inner.ring.0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Dwords put into the ring so far.
    pub fn written(&self) -> u64 {
        self.state().put
    }

    /// The read pointer as the engine reported it last: in dwords, in bytes for the copy engine. It is behind packets that
    /// were fetched, whose work may still be under way, and some firmware reports its low 32 bits only.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn read_pointer(&self) -> Result<u64, KmdError> {
        self.inner.rptr.1.load_u64(0)
    }

    /// Puts whole packets into the ring and rings the doorbell: the engine executes them. The mappings are kept until
    /// [`UserQueue::wait_idle`] saw the work's end, or the queue is gone.
    ///
    /// # Errors
    /// [`KmdError::RingFull`] where what is not known to have ended leaves no room: [`UserQueue::wait_idle`] finds out.
    /// [`KmdError::OtherDevice`] for a mapping of another device; nothing is put then.
    pub fn push(&self, packets: &[u32], uses: &[GpuMap]) -> Result<(), KmdError> {
        let Inner { device, id, ring, wptr, doorbell, .. } = &*self.inner;
        for map in uses {
            device.same(map.bo().device(), "a mapping")?;
        }
        let mut state = self.state();
        let size = ring.0.size() / 4;
        let (wanted, free) = (packets.len() as u64, size - (state.put - state.ended));
        if wanted > free {
            return Err(KmdError::RingFull { queue: *id, wanted, free, size });
        }
        // Up to the ring's end, and on from its start.
        let at = state.put % size;
        let (first, rest) = packets.split_at(packets.len().min((size - at) as usize));
        ring.1.write_at(4 * at, bytemuck::cast_slice(first))?;
        ring.1.write_at(0, bytemuck::cast_slice(rest))?;
        let put = state.put + wanted;
        state.put = put;
        state.kept.extend(uses.iter().map(|map| (put, map.clone())));
        // The copy engine counts bytes.
        let pointer = if self.engine() == Ip::Sdma { 4 * put } else { put };
        // Packets before the pointer, and the pointer before the doorbell, for whoever looks from the other side of the bus.
        fence(Ordering::SeqCst);
        wptr.1.store_u64(0, pointer)?;
        fence(Ordering::SeqCst);
        doorbell.0.store_u64(doorbell.1, pointer)
    }

    /// Makes a fence of what was pushed so far, and gives it to sync objects and, as that of a reader or a writer, to buffers.
    /// The packets have to end with PROTECTED_FENCE_SIGNAL. `USERQ_SIGNAL`, any node.
    ///
    /// # Errors
    /// [`KmdError::OtherDevice`], or the failed ioctl: `ENOENT`, `EINVAL`.
    pub fn signal(&self, syncobjs: &[&Syncobj], reads: &[&Bo], writes: &[&Bo]) -> Result<(), KmdError> {
        // Nothing is pushed between the caller's packets and the fence of them.
        let _state = self.state();
        self.signal_locked(syncobjs, reads, writes)
    }

    fn signal_locked(&self, syncobjs: &[&Syncobj], reads: &[&Bo], writes: &[&Bo]) -> Result<(), KmdError> {
        let id = self.id();
        let syncobjs = self.syncobjs(syncobjs.iter().copied())?;
        let (reads, writes) = (self.bos(reads)?, self.bos(writes)?);
        let input = UserqSignal {
            queue_id: id,
            pad: 0,
            syncobj_handles: address(&syncobjs),
            num_syncobj_handles: syncobjs.len() as u64,
            bo_read_handles: address(&reads),
            bo_write_handles: address(&writes),
            num_bo_read_handles: reads.len() as u32,
            num_bo_write_handles: writes.len() as u32,
        };
        let args = || format!("queue {id}, sync objects {syncobjs:x?}, buffers {reads:x?} and {writes:x?}");
        // SAFETY: the kernel reads the three arrays, of the lengths beside them; they live until the call returns.
        unsafe { self.inner.device.issue(&ioctls::USERQ_SIGNAL, &input, args) }.map(|_| ())
    }

    /// What packets of this queue have to wait for before they use what is named (with FENCE_WAIT_MULTI, or WAIT_REG_MEM on
    /// 64 bits): fences of user-mode queues. For fences of anything else the kernel waits itself, here; one that is not
    /// submitted yet it awaits for some seconds. The queue keeps what the addresses lead to. `USERQ_WAIT`, any node.
    ///
    /// # Errors
    /// [`KmdError::OtherDevice`]; [`KmdError::BadSize`] for a point of 2^32 or more, which kernels cut to 32 bits; or the failed
    /// ioctl: `ENOENT`, `EINVAL`, `ETIME`.
    pub fn wait(&self, what: &WaitFor<'_>) -> Result<Vec<FenceInfo>, KmdError> {
        if let Some(&(_, point)) = what.points.iter().find(|(_, point)| u32::try_from(*point).is_err()) {
            return Err(KmdError::BadSize { what: "a point that a user-mode queue waits for", value: point });
        }
        let syncobjs = self.syncobjs(what.syncobjs.iter().copied())?;
        let timelines = self.syncobjs(what.points.iter().map(|(syncobj, _)| *syncobj))?;
        let (reads, writes) = (self.bos(what.reads)?, self.bos(what.writes)?);
        let points: Vec<u64> = what.points.iter().map(|(_, point)| *point).collect();
        // The first kernels read an array of 32-bit points, later ones of 64-bit points: one at a time is the same for both.
        let mut fences = self.ask_fences(&syncobjs, timelines.first().zip(points.first()), &reads, &writes)?;
        for point in timelines.iter().zip(&points).skip(1) {
            fences.extend(self.ask_fences(&[], Some(point), &[], &[])?);
        }
        Ok(fences)
    }

    fn ask_fences(
        &self,
        syncobjs: &[u32],
        point: Option<(&u32, &u64)>,
        reads: &[u32],
        writes: &[u32],
    ) -> Result<Vec<FenceInfo>, KmdError> {
        let id = self.id();
        let (handle, value) = point.map_or((0, 0), |(handle, value)| (*handle, *value));
        let (handle, value, count) = ([handle], [value], usize::from(point.is_some()));
        let mut input = UserqWait {
            waitq_id: id,
            pad: 0,
            syncobj_handles: address(syncobjs),
            syncobj_timeline_handles: address(&handle[..count]),
            syncobj_timeline_points: address(&value[..count]),
            bo_read_handles: address(reads),
            bo_write_handles: address(writes),
            num_syncobj_timeline_handles: count as u16,
            num_fences: 0,
            num_syncobj_handles: syncobjs.len() as u32,
            num_bo_read_handles: reads.len() as u32,
            num_bo_write_handles: writes.len() as u32,
            out_fences: 0,
        };
        let args =
            || format!("queue {id}, sync objects {syncobjs:x?}, point {point:x?}, buffers {reads:x?} and {writes:x?}");
        // SAFETY: the kernel reads the arrays, of the lengths beside them; they live until the call returns. It writes
        // nothing where there is no room for answers.
        let counted = unsafe { self.inner.device.issue(&ioctls::USERQ_WAIT, &input, args) }?.num_fences;
        if counted == 0 {
            return Ok(Vec::new());
        }
        let room = counted.saturating_add(SPARE);
        let mut out = vec![UserqFenceInfo::default(); room.into()];
        (input.num_fences, input.out_fences) = (room, out.as_mut_ptr().expose_provenance() as u64);
        // SAFETY: as above; and the answers go to `out`, of which `num_fences` exist and are exclusively ours.
        let answer = unsafe { self.inner.device.issue(&ioctls::USERQ_WAIT, &input, args) }?;
        out.truncate(answer.num_fences.into());
        Ok(out.into_iter().map(|UserqFenceInfo { va, value }| FenceInfo { va, value }).collect())
    }

    /// Waits until all that was pushed so far has ended, lets go what it used, and makes room in the ring. The packets have to
    /// end with PROTECTED_FENCE_SIGNAL. `USERQ_SIGNAL` with a sync object, any node.
    ///
    /// A sync object doesn't tell a fence's error: a queue that was reset looks done.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn wait_idle(&self, deadline: Deadline) -> Result<Wait, KmdError> {
        let is_idle = |state: &State| state.put == state.ended;
        if is_idle(&self.state()) {
            return Ok(Wait::Signaled);
        }
        let end = Syncobj::new(self.device())?;
        let put = {
            let state = self.state();
            self.signal_locked(&[&end], &[], &[])?;
            state.put
        };
        let waited = end.wait(deadline)?;
        if waited == Wait::Signaled {
            let mut state = self.state();
            state.ended = state.ended.max(put);
            let (ended, kept) = std::mem::take(&mut state.kept).into_iter().partition(|(end, _)| *end <= put);
            state.kept = kept;
            drop(state);
            // Mappings go here, without the lock.
            drop::<Vec<_>>(ended);
        }
        Ok(waited)
    }

    fn syncobjs<'a>(&self, syncobjs: impl Iterator<Item = &'a Syncobj>) -> Result<Vec<u32>, KmdError> {
        let handle = |syncobj: &Syncobj| {
            self.inner.device.same(syncobj.device(), "a sync object")?;
            Ok(syncobj.handle())
        };
        syncobjs.map(handle).collect()
    }

    fn bos(&self, bos: &[&Bo]) -> Result<Vec<u32>, KmdError> {
        let handle = |bo: &&Bo| {
            self.inner.device.same(bo.device(), "a buffer")?;
            Ok(bo.handle())
        };
        bos.iter().map(handle).collect()
    }
}
