//! A node that answers from a script, counts what is created and given back, and notes every breach of the kernel's
//! rules. It executes nothing.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use drm_sys::*;
use memmap2::{MmapOptions, MmapRaw};

use super::super::uapi::*;
use super::super::{Device, Errno, Node, Protection, ioctls};

/// What the fence of a submission says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FenceState {
    Busy,
    Done,
    Failed(Errno),
}

/// A submission as the kernel would read it.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) ctx_id: u32,
    pub(super) bo_list: u32,
    pub(super) ids: Vec<u32>,
    pub(super) ibs: Vec<CsChunkIb>,
    pub(super) handles: Vec<u32>,
    pub(super) deps: Vec<CsChunkDep>,
    pub(super) sems: Vec<(u32, u32)>,
    pub(super) points: Vec<(u32, CsChunkSyncobj)>,
    pub(super) fence: Option<CsChunkFence>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) driver: String,
    pub(super) version: (i32, i32),
    pub(super) syncobj: bool,
    pub(super) timeline: bool,
    pub(super) device: InfoDevice,
    pub(super) discovery: u32,
    next: u32,
    pub(super) bos: BTreeMap<u32, GemCreateIn>,
    pub(super) vas: BTreeMap<u64, (u64, u32)>,
    pub(super) lists: BTreeMap<u32, Vec<u32>>,
    pub(super) contexts: BTreeMap<u32, u64>,
    pub(super) syncobjs: BTreeMap<u32, u64>,
    pub(super) fences: BTreeMap<(u32, u64), FenceState>,
    /// What a new submission's fence says.
    pub(super) new_fence: Option<FenceState>,
    pub(super) reset_flags: u64,
    pub(super) submissions: Vec<Seen>,
    pub(super) waits: Vec<WaitCsIn>,
    /// Requests by number and bytes, in order.
    pub(super) calls: Vec<(u8, Vec<u8>)>,
    /// Errors to return first, by request number.
    pub(super) failures: BTreeMap<u8, VecDeque<Errno>>,
    pub(super) refuse_mmap: bool,
    pub(super) breaches: Vec<String>,
}

pub(super) struct Mock(Mutex<State>);

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mock")
    }
}

/// INFO as a kernel 3.61 with an RX 7900 XTX answers.
fn navi31() -> InfoDevice {
    InfoDevice {
        device_id: 0x744c,
        external_rev: 1,
        pci_rev: 0xc8,
        family: FAMILY_GC_11_0_0,
        num_shader_engines: 6,
        num_shader_arrays_per_engine: 2,
        gpu_counter_freq: 100_000,
        max_engine_clock: 2_500_000,
        max_memory_clock: 1_249_000,
        cu_active_number: 96,
        cu_bitmap: [[0xff; 4]; 4],
        virtual_address_offset: 0x20_0000,
        virtual_address_max: 0x8000_0000_0000,
        virtual_address_alignment: 4096,
        pte_fragment_size: 2 << 20,
        gart_page_size: 4096,
        vram_type: VRAM_TYPE_GDDR6,
        vram_bit_width: 384,
        wave_front_size: 32,
        num_cu_per_sh: 8,
        mall_size: 96 << 20,
        ..Default::default()
    }
}

impl Mock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            driver: "amdgpu".to_owned(),
            version: (3, 61),
            syncobj: true,
            timeline: true,
            device: navi31(),
            discovery: 0x0b_0000,
            ..Default::default()
        })))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn open(self: &Arc<Self>) -> Arc<Device> {
        let device = Device::open(self.clone()).expect("the mock is an amdgpu");
        self.state().calls.clear();
        device
    }

    pub(super) fn fail(&self, number: u8, errnos: &[Errno]) {
        self.state().failures.insert(number, errnos.iter().copied().collect());
    }

    /// Everything was given back, and no rule was broken.
    pub(super) fn assert_clean(&self) {
        let state = self.state();
        assert_eq!(state.breaches, Vec::<String>::new());
        assert_eq!(state.bos.len(), 0, "buffers left open");
        assert_eq!(state.vas.len(), 0, "GPU addresses left mapped");
        assert_eq!(state.lists.len(), 0, "buffer lists left");
        assert_eq!(state.contexts.len(), 0, "contexts left");
        assert_eq!(state.syncobjs.len(), 0, "sync objects left");
    }

    /// Buffers open now. A method, because two guards in one expression would wait for each other.
    pub(super) fn bos(&self) -> usize {
        self.state().bos.len()
    }

    /// GPU address ranges mapped now.
    pub(super) fn vas(&self) -> usize {
        self.state().vas.len()
    }

    pub(super) fn count(&self, number: u8) -> usize {
        self.state().calls.iter().filter(|(n, _)| *n == number).count()
    }
}

fn get<T: Wire>(arg: &[u8]) -> T {
    assert!(arg.len() >= size_of::<T>());
    // SAFETY: long enough as asserted; `Wire` says that all bytes are a value.
    unsafe { arg.as_ptr().cast::<T>().read_unaligned() }
}

fn put<T: Wire>(arg: &mut [u8], value: T) {
    assert!(arg.len() >= size_of::<T>());
    // SAFETY: long enough as asserted.
    unsafe { arg.as_mut_ptr().cast::<T>().write_unaligned(value) }
}

/// `count` items at an address that a request names.
///
/// # Safety
/// They must exist.
unsafe fn items<T: Wire>(address: u64, count: u32) -> Vec<T> {
    let at = std::ptr::with_exposed_provenance::<T>(address as usize);
    // SAFETY: the caller's promise.
    (0..count as usize).map(|i| unsafe { at.add(i).read_unaligned() }).collect()
}

impl State {
    fn handle(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn breach(&mut self, what: String) -> Result<i32, Errno> {
        self.breaches.push(what);
        Err(Errno::EINVAL)
    }

    /// # Safety
    /// As [`Node::ioctl`].
    unsafe fn answer(&mut self, number: u8, arg: &mut [u8]) -> Result<i32, Errno> {
        match number {
            n if n == ioctls::VERSION.number() => {
                let at = arg.as_mut_ptr().cast::<drm_version>();
                // SAFETY: the structure's bytes and the name's buffer exist, as the trait says.
                unsafe {
                    let mut v = at.read_unaligned();
                    (v.version_major, v.version_minor) = self.version;
                    let len = self.driver.len().min(v.name_len as usize);
                    v.name.cast::<u8>().copy_from_nonoverlapping(self.driver.as_ptr(), len);
                    v.name_len = self.driver.len() as _;
                    (v.date_len, v.desc_len) = (0, 0);
                    at.write_unaligned(v);
                }
            }
            n if n == ioctls::GET_CAP.number() => {
                let mut cap: drm_get_cap = get(arg);
                cap.value = match cap.capability as u32 {
                    DRM_CAP_SYNCOBJ => self.syncobj.into(),
                    DRM_CAP_SYNCOBJ_TIMELINE => self.timeline.into(),
                    _ => return Err(Errno::EINVAL),
                };
                put(arg, cap);
            }
            // SAFETY: as the caller's.
            n if n == ioctls::INFO.number() => unsafe { return self.info(get(arg)) },
            n if n == ioctls::GEM_CREATE.number() => {
                let handle = self.handle();
                self.bos.insert(handle, get(arg));
                put(arg, GemCreateOut { handle, _pad: 0 });
            }
            n if n == ioctls::GEM_MMAP.number() => {
                let GemMmapIn { handle, .. } = get(arg);
                if !self.bos.contains_key(&handle) {
                    return self.breach(format!("GEM_MMAP of {handle}"));
                }
                put(arg, GemMmapOut { addr_ptr: u64::from(handle) << 32 });
            }
            n if n == ioctls::GEM_CLOSE.number() => {
                let drm_gem_close { handle, .. } = get(arg);
                if self.vas.values().any(|(_, bo)| *bo == handle) {
                    self.breaches.push(format!("GEM_CLOSE of {handle}, which is mapped"));
                }
                if self.lists.values().any(|list| list.contains(&handle)) {
                    self.breaches.push(format!("GEM_CLOSE of {handle}, which is in a list"));
                }
                if self.bos.remove(&handle).is_none() {
                    return self.breach(format!("GEM_CLOSE of {handle}"));
                }
            }
            n if n == ioctls::GEM_VA.number() => return self.gem_va(get(arg)),
            n if n == ioctls::CTX_STATE.number() => {
                let ctx: CtxIn = get(arg);
                match ctx.op {
                    CTX_OP_ALLOC_CTX => {
                        let ctx_id = self.handle();
                        self.contexts.insert(ctx_id, 0);
                        put(arg, CtxOutAlloc { ctx_id, _pad: 0 });
                    }
                    CTX_OP_FREE_CTX if self.contexts.remove(&ctx.ctx_id).is_some() => {}
                    CTX_OP_QUERY_STATE2 if self.contexts.contains_key(&ctx.ctx_id) => {
                        put(arg, CtxOutState { flags: self.reset_flags, hangs: 0, reset_status: 0 });
                    }
                    _ => return self.breach(format!("{ctx:?}")),
                }
            }
            n if n == ioctls::BO_LIST.number() => {
                let list: BoListIn = get(arg);
                match list.operation {
                    BO_LIST_OP_CREATE => {
                        // SAFETY: the entries exist, as the trait says.
                        let entries = unsafe { items::<BoListEntry>(list.bo_info_ptr, list.bo_number) };
                        let list_handle = self.handle();
                        self.lists.insert(list_handle, entries.iter().map(|entry| entry.bo_handle).collect());
                        put(arg, BoListOut { list_handle, _pad: 0 });
                    }
                    BO_LIST_OP_DESTROY if self.lists.remove(&list.list_handle).is_some() => {}
                    _ => return self.breach(format!("{list:?}")),
                }
            }
            n if n == ioctls::SYNCOBJ_CREATE.number() => {
                let create: drm_syncobj_create = get(arg);
                let handle = self.handle();
                self.syncobjs.insert(handle, u64::from(create.flags & DRM_SYNCOBJ_CREATE_SIGNALED));
                put(arg, drm_syncobj_create { handle, ..create });
            }
            n if n == ioctls::SYNCOBJ_DESTROY.number() => {
                let drm_syncobj_destroy { handle, .. } = get(arg);
                if self.syncobjs.remove(&handle).is_none() {
                    return self.breach(format!("SYNCOBJ_DESTROY of {handle}"));
                }
            }
            n if n == ioctls::SYNCOBJ_WAIT.number() => {
                let wait: drm_syncobj_wait = get(arg);
                // SAFETY: the handles exist, as the trait says.
                let handles = unsafe { items::<CsChunkSem>(wait.handles, wait.count_handles) };
                if handles.iter().any(|sem| self.syncobjs[&sem.handle] == 0) {
                    return Err(Errno::ETIME);
                }
            }
            n if n == ioctls::SYNCOBJ_SIGNAL.number() || n == ioctls::SYNCOBJ_RESET.number() => {
                let array: drm_syncobj_array = get(arg);
                // SAFETY: the handles exist, as the trait says.
                for sem in unsafe { items::<CsChunkSem>(array.handles, array.count_handles) } {
                    self.syncobjs.insert(sem.handle, u64::from(n == ioctls::SYNCOBJ_SIGNAL.number()));
                }
            }
            n if n == ioctls::SYNCOBJ_TIMELINE_SIGNAL.number() || n == ioctls::SYNCOBJ_QUERY.number() => {
                let array: drm_syncobj_timeline_array = get(arg);
                // SAFETY: the handles and points exist, as the trait says.
                let handle = unsafe { items::<CsChunkSem>(array.handles, 1) }[0].handle;
                let at = std::ptr::with_exposed_provenance_mut::<u64>(array.points as usize);
                if n == ioctls::SYNCOBJ_QUERY.number() {
                    // SAFETY: as above.
                    unsafe { at.write(self.syncobjs[&handle]) };
                } else {
                    // SAFETY: as above.
                    self.syncobjs.insert(handle, unsafe { at.read() });
                }
            }
            // SAFETY: as the caller's.
            n if n == ioctls::CS.number() => unsafe {
                let seq = self.submit(get(arg))?;
                put(arg, CsOut { handle: seq });
            },
            n if n == ioctls::WAIT_CS.number() => {
                let wait: WaitCsIn = get(arg);
                self.waits.push(wait);
                match self.fences.get(&(wait.ctx_id, wait.handle)) {
                    Some(FenceState::Busy) => put(arg, WaitCsOut { status: 1 }),
                    Some(FenceState::Done) => put(arg, WaitCsOut { status: 0 }),
                    Some(FenceState::Failed(errno)) => return Err(*errno),
                    None => return self.breach(format!("{wait:?}")),
                }
            }
            _ => return self.breach(format!("request {number:#x}")),
        }
        Ok(0)
    }

    /// # Safety
    /// `info` has room for the answer.
    unsafe fn info(&mut self, info: Info) -> Result<i32, Errno> {
        let answer: Vec<u8> = match info.query {
            INFO_DEV_INFO => bytemuck::bytes_of(&self.device).to_vec(),
            INFO_HW_IP_INFO => bytemuck::bytes_of(&InfoHwIp {
                hw_ip_version_major: 11,
                ib_start_alignment: 32,
                ib_size_alignment: 32,
                available_rings: match info.args[0] {
                    HW_IP_GFX => 1,
                    HW_IP_COMPUTE => 0b1101,
                    _ => return Err(Errno::EINVAL),
                },
                ip_discovery_version: self.discovery,
                ..Default::default()
            })
            .to_vec(),
            INFO_FW_VERSION if info.args[0] == INFO_FW_GFX_MEC => {
                bytemuck::bytes_of(&InfoFirmware { ver: 494, feature: 29 }).to_vec()
            }
            INFO_TIMESTAMP => 0x1_0000_0002u64.to_ne_bytes().to_vec(),
            INFO_VRAM_LOST_COUNTER => 3u32.to_ne_bytes().to_vec(),
            INFO_MEMORY => {
                let vram = HeapInfo { total_heap_size: 24 << 30, heap_usage: 5, ..Default::default() };
                bytemuck::bytes_of(&MemoryInfo { vram, ..Default::default() }).to_vec()
            }
            _ => return Err(Errno::EINVAL),
        };
        let len = answer.len().min(info.return_size as usize);
        let to = std::ptr::with_exposed_provenance_mut::<u8>(info.return_pointer as usize);
        // SAFETY: the caller's promise.
        unsafe { to.copy_from_nonoverlapping(answer.as_ptr(), len) };
        Ok(0)
    }

    fn gem_va(&mut self, va: GemVa) -> Result<i32, Errno> {
        let GemVa { va_address: start, map_size: size, .. } = va;
        match va.operation {
            VA_OP_MAP => {
                let overlap = self.vas.iter().any(|(&s, &(len, _))| s < start + size && start < s + len);
                if overlap || start == 0 || start % 4096 != 0 || size % 4096 != 0 || size == 0 {
                    return self.breach(format!("{va:?}"));
                }
                if !self.bos.contains_key(&va.handle) {
                    return self.breach(format!("GEM_VA of a closed buffer: {va:?}"));
                }
                self.vas.insert(start, (size, va.handle));
            }
            VA_OP_UNMAP if self.vas.get(&start) == Some(&(size, va.handle)) => {
                self.vas.remove(&start);
            }
            _ => return self.breach(format!("{va:?}")),
        }
        Ok(0)
    }

    /// # Safety
    /// As the chunks say.
    unsafe fn submit(&mut self, cs: CsIn) -> Result<u64, Errno> {
        let mut seen = Seen { ctx_id: cs.ctx_id, bo_list: cs.bo_list_handle, ..Default::default() };
        // SAFETY: the array is one of addresses of chunks, and their data are as long as they say.
        unsafe {
            #[derive(Clone, Copy)]
            struct Address(u64);
            // SAFETY: one integer.
            unsafe impl Wire for Address {}
            for Address(pointer) in items(cs.chunks, cs.num_chunks) {
                let chunk = items::<CsChunk>(pointer, 1)[0];
                seen.ids.push(chunk.chunk_id);
                let bytes = chunk.length_dw * 4;
                let (id, data) = (chunk.chunk_id, chunk.chunk_data);
                match id {
                    CHUNK_ID_IB => seen.ibs.push(items(data, bytes / 32)[0]),
                    CHUNK_ID_BO_HANDLES => {
                        let list: BoListIn = items(data, bytes / 24)[0];
                        assert_eq!(list.bo_info_size, 8);
                        let entries = items::<BoListEntry>(list.bo_info_ptr, list.bo_number);
                        seen.handles = entries.iter().map(|entry| entry.bo_handle).collect();
                    }
                    CHUNK_ID_DEPENDENCIES => seen.deps = items(data, bytes / 24),
                    CHUNK_ID_SYNCOBJ_IN | CHUNK_ID_SYNCOBJ_OUT => {
                        seen.sems.extend(items::<CsChunkSem>(data, bytes / 4).iter().map(|sem| (id, sem.handle)));
                    }
                    CHUNK_ID_SYNCOBJ_TIMELINE_WAIT | CHUNK_ID_SYNCOBJ_TIMELINE_SIGNAL => {
                        seen.points.extend(items(data, bytes / 16).into_iter().map(|point| (id, point)));
                    }
                    CHUNK_ID_FENCE => seen.fence = Some(items(data, bytes / 8)[0]),
                    id => self.breaches.push(format!("chunk {id:#x}")),
                }
            }
        }
        if cs.bo_list_handle != 0 && seen.ids.contains(&CHUNK_ID_BO_HANDLES) {
            self.breaches.push("a list and BO_HANDLES".to_owned());
        }
        if seen.handles.iter().any(|handle| !self.bos.contains_key(handle)) {
            self.breaches.push(format!("a submission names closed buffers: {:?}", seen.handles));
        }
        let Some(seq) = self.contexts.get_mut(&cs.ctx_id) else { return Err(Errno::EINVAL) };
        *seq += 1;
        let seq = *seq;
        self.fences.insert((cs.ctx_id, seq), self.new_fence.unwrap_or(FenceState::Done));
        self.submissions.push(seen);
        Ok(seq)
    }
}

impl Node for Mock {
    unsafe fn ioctl(&self, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        let number = request as u8;
        let mut state = self.state();
        let size = (request >> 16) as usize & 0x3fff;
        if size != arg.len() {
            state.breaches.push(format!("request {request:#x} with {} bytes", arg.len()));
        }
        state.calls.push((number, arg.to_vec()));
        if let Some(errno) = state.failures.get_mut(&number).and_then(VecDeque::pop_front) {
            // As a driver that fails half-way might leave it.
            arg.fill(0xee);
            return Err(errno);
        }
        // SAFETY: the caller's promise.
        unsafe { state.answer(number, arg) }
    }

    fn mmap(&self, offset: u64, len: usize, _: Protection) -> io::Result<MmapRaw> {
        let state = self.state();
        assert!(state.bos.contains_key(&((offset >> 32) as u32)), "mmap of a closed buffer");
        if state.refuse_mmap {
            return Err(io::Error::from_raw_os_error(libc::ENOMEM));
        }
        Ok(MmapOptions::new().len(len).map_anon()?.into())
    }

    fn poll(&self, _: Duration) -> io::Result<bool> {
        Ok(false)
    }
}
