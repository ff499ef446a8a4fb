//! The kernel driver's half of the software device: ioctls, with the driver's rules and errno values.
//!
//! The rules are those that `amdgpu` and the DRM core enforce, told from the interface's documentation and from what
//! clients observe. What isn't provided yet answers EOPNOTSUPP, and an unknown number EINVAL as in the DRM core.

use std::collections::BTreeMap;
use std::mem::offset_of;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytemuck::Pod;
use drm_sys::{
    drm_gem_close, drm_get_cap, drm_syncobj_array, drm_syncobj_create, drm_syncobj_destroy, drm_syncobj_timeline_array,
    drm_syncobj_timeline_wait, drm_syncobj_wait, drm_version,
};
use nix::errno::Errno;

use super::arena::{Heap, PAGE, Storage};
use super::card::Card;
use super::context::{Context, Known};
use super::fence::{Fence, monotonic_ns};
use super::identity;
use super::sched::Engine;
use super::syncobj::Syncobj;
use super::umem;
use super::vm::{Permissions, Vm};
use crate::kmd::uapi;

/// First fake offset of `GEM_MMAP`: what lies below could be taken for a real file offset.
pub(super) const MMAP_BASE: u64 = 1 << 32;
/// More array elements than any driver accepts in one call.
pub(super) const ARRAY_LIMIT: u64 = 1 << 16;

const DRM_COMMAND_BASE: u32 = 0x40;
const SYNCOBJ_CREATE_SIGNALED: u32 = 1;
const SYNCOBJ_WAIT_ALL: u32 = 1;
pub(super) const SYNCOBJ_WAIT_FOR_SUBMIT: u32 = 2;
const SYNCOBJ_WAIT_AVAILABLE: u32 = 4;
const SYNCOBJ_QUERY_LAST_SUBMITTED: u32 = 1;

/// Handles: the smallest free number from 1, as the kernel's allocator gives them.
#[derive(Debug)]
pub struct Table<T>(Mutex<BTreeMap<u32, T>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Table<T> {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an object.
    pub fn insert(&self, value: T) -> u32 {
        let mut table = self.lock();
        let id = (1..).zip(table.keys()).find(|(want, have)| want != *have).map_or(table.len() as u32 + 1, |p| p.0);
        table.insert(id, value);
        id
    }

    /// The object behind a handle.
    pub fn get(&self, id: u32) -> Option<T> {
        self.lock().get(&id).cloned()
    }

    /// Forgets a handle.
    pub fn remove(&self, id: u32) -> Option<T> {
        self.lock().remove(&id)
    }

    /// How many handles are open.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether any open object satisfies a condition.
    pub fn any(&self, f: impl Fn(&T) -> bool) -> bool {
        self.lock().values().any(f)
    }
}

/// A buffer object.
#[derive(Debug)]
pub struct Bo {
    /// Its memory.
    pub storage: Arc<Storage>,
    /// What was asked for, with the size rounded up.
    pub create: uapi::GemCreateIn,
    /// Jobs that listed it.
    busy: Mutex<Vec<Arc<Fence>>>,
}

impl Bo {
    /// Notes a job that uses it.
    pub fn used_by(&self, fence: &Arc<Fence>) {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.retain(|f| !f.is_signaled());
        busy.push(Arc::clone(fence));
    }

    fn is_idle(&self) -> bool {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).iter().all(|f| f.is_signaled())
    }

    fn domain(&self) -> u32 {
        match self.storage.heap() {
            Heap::Vram => uapi::GEM_DOMAIN_VRAM,
            Heap::Gtt => uapi::GEM_DOMAIN_GTT,
        }
    }
}

/// A buffer list: the objects that it holds.
pub type BoList = Arc<Vec<Arc<Bo>>>;

/// One open file of the node: its handles and its address space.
#[derive(Debug)]
pub struct File {
    /// The card behind it.
    pub card: Arc<Card>,
    /// Its address space.
    pub vm: Arc<Vm>,
    /// GEM handles.
    pub objects: Table<Arc<Bo>>,
    /// Context ids.
    pub contexts: Table<Arc<Context>>,
    /// Buffer lists.
    pub lists: Table<BoList>,
    /// Synchronisation objects.
    pub syncobjs: Table<Arc<Syncobj>>,
}

/// The structure at the start of `arg`; what the caller did not send is zero, as after the kernel's copy.
pub(super) fn get<T: Pod>(arg: &[u8]) -> T {
    let mut value = T::zeroed();
    let n = arg.len().min(size_of::<T>());
    bytemuck::bytes_of_mut(&mut value)[..n].copy_from_slice(&arg[..n]);
    value
}

/// Writes the answer over the start of `arg`.
pub(super) fn put<T: Pod>(arg: &mut [u8], value: &T) {
    let n = arg.len().min(size_of::<T>());
    arg[..n].copy_from_slice(&bytemuck::bytes_of(value)[..n]);
}

/// A field of a core structure by its offset.
fn field<T: Pod>(arg: &[u8], offset: usize) -> T {
    get(arg.get(offset..).unwrap_or_default())
}

fn set_field<T: Pod>(arg: &mut [u8], offset: usize, value: T) {
    if let Some(at) = arg.get_mut(offset..) {
        put(at, &value);
    }
}

impl File {
    /// Opens the card.
    pub fn new(card: Arc<Card>) -> Self {
        Self {
            card,
            vm: Arc::default(),
            objects: Table::default(),
            contexts: Table::default(),
            lists: Table::default(),
            syncobjs: Table::default(),
        }
    }

    /// One ioctl. The number decides; the size is what the caller sent, shorter or longer than ours (as in the DRM
    /// core, which copies the common part and zero-fills the rest).
    pub fn ioctl(&self, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        if (request >> 8) & 0xff != u32::from(b'd') {
            return Err(Errno::ENOTTY);
        }
        let number = request & 0xff;
        match number {
            0x00 => self.version(arg),
            0x09 => self.gem_close(field(arg, offset_of!(drm_gem_close, handle))),
            0x0c => self.get_cap(arg),
            0xbf => self.syncobj_create(arg),
            0xc0 => {
                let handle = field(arg, offset_of!(drm_syncobj_destroy, handle));
                self.syncobjs.remove(handle).map(|_| 0).ok_or(Errno::EINVAL)
            }
            0xc3 => self.syncobj_wait(arg),
            0xc4 => self.syncobj_each(arg, |s| s.replace(None)),
            0xc5 => self.syncobj_each(arg, |s| s.replace(Some(Fence::signaled(&self.card.events)))),
            0xca => self.syncobj_timeline_wait(arg),
            0xcb => self.syncobj_query(arg),
            0xcd => self.syncobj_timeline_signal(arg),
            _ => match number.checked_sub(DRM_COMMAND_BASE) {
                Some(0x00) => self.gem_create(arg),
                Some(0x01) => self.gem_mmap(arg),
                Some(0x02) => self.ctx(arg),
                Some(0x03) => self.bo_list(arg),
                Some(0x04) => self.cs(arg),
                Some(0x05) => self.info(arg),
                Some(0x07) => self.gem_wait_idle(arg),
                Some(0x08) => self.gem_va(arg),
                Some(0x09) => self.wait_cs(arg),
                Some(0x10) => self.gem_op(arg),
                Some(0x12) => self.wait_fences(arg),
                Some(0x06 | 0x11 | 0x13..=0x18) => Err(Errno::EOPNOTSUPP),
                _ => Err(Errno::EINVAL),
            },
        }
    }

    // DRM core.

    fn version(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        set_field(arg, offset_of!(drm_version, version_major), identity::VERSION[0]);
        set_field(arg, offset_of!(drm_version, version_minor), identity::VERSION[1]);
        set_field(arg, offset_of!(drm_version, version_patchlevel), identity::VERSION[2]);
        let strings = [
            (offset_of!(drm_version, name_len), offset_of!(drm_version, name), identity::DRIVER),
            (offset_of!(drm_version, date_len), offset_of!(drm_version, date), identity::DATE),
            (offset_of!(drm_version, desc_len), offset_of!(drm_version, desc), identity::DESCRIPTION),
        ];
        for (len, at, text) in strings {
            let room: u64 = field(arg, len);
            let n = (room as usize).min(text.len());
            umem::write(field(arg, at), &text.as_bytes()[..n])?;
            set_field(arg, len, text.len() as u64);
        }
        Ok(0)
    }

    fn get_cap(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let value: u64 = match field::<u64>(arg, offset_of!(drm_get_cap, capability)) {
            // Sharing between files isn't provided yet.
            0x5 => 0,
            // Monotonic timestamps; framebuffer modifiers; binary and timeline synchronisation objects.
            0x6 | 0x10 | 0x13 | 0x14 => 1,
            _ => return Err(Errno::EINVAL),
        };
        set_field(arg, offset_of!(drm_get_cap, value), value);
        Ok(0)
    }

    fn gem_close(&self, handle: u32) -> Result<i32, Errno> {
        let bo = self.objects.remove(handle).ok_or(Errno::EINVAL)?;
        self.vm.forget(handle);
        drop(bo);
        Ok(0)
    }

    fn syncobj_create(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let flags: u32 = field(arg, offset_of!(drm_syncobj_create, flags));
        if flags & !SYNCOBJ_CREATE_SIGNALED != 0 {
            return Err(Errno::EINVAL);
        }
        let sync = Arc::new(Syncobj::default());
        if flags & SYNCOBJ_CREATE_SIGNALED != 0 {
            sync.replace(Some(Fence::signaled(&self.card.events)));
        }
        set_field(arg, offset_of!(drm_syncobj_create, handle), self.syncobjs.insert(sync));
        Ok(0)
    }

    pub(super) fn syncobj(&self, handle: u32) -> Result<Arc<Syncobj>, Errno> {
        self.syncobjs.get(handle).ok_or(Errno::ENOENT)
    }

    fn syncobj_list(&self, address: u64, count: u32) -> Result<Vec<Arc<Syncobj>>, Errno> {
        if count == 0 {
            return Err(Errno::EINVAL);
        }
        let handles = umem::read_array::<u32>(address, count.into(), ARRAY_LIMIT)?;
        handles.into_iter().map(|h| self.syncobj(h)).collect()
    }

    fn syncobj_each(&self, arg: &[u8], f: impl Fn(&Syncobj)) -> Result<i32, Errno> {
        let list = self.syncobj_list(
            field(arg, offset_of!(drm_syncobj_array, handles)),
            field(arg, offset_of!(drm_syncobj_array, count_handles)),
        )?;
        list.iter().for_each(|s| f(s));
        self.card.events.notify();
        Ok(0)
    }

    fn syncobj_wait(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let count = field(arg, offset_of!(drm_syncobj_wait, count_handles));
        let list = self.syncobj_list(field(arg, offset_of!(drm_syncobj_wait, handles)), count)?;
        let points = vec![0; list.len()];
        let flags = field(arg, offset_of!(drm_syncobj_wait, flags));
        let first = self.wait_points(&list, &points, field(arg, offset_of!(drm_syncobj_wait, timeout_nsec)), flags)?;
        set_field(arg, offset_of!(drm_syncobj_wait, first_signaled), first);
        Ok(0)
    }

    fn syncobj_timeline_wait(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let count: u32 = field(arg, offset_of!(drm_syncobj_timeline_wait, count_handles));
        let list = self.syncobj_list(field(arg, offset_of!(drm_syncobj_timeline_wait, handles)), count)?;
        let at = field(arg, offset_of!(drm_syncobj_timeline_wait, points));
        let points = umem::read_array::<u64>(at, count.into(), ARRAY_LIMIT)?;
        let flags = field(arg, offset_of!(drm_syncobj_timeline_wait, flags));
        let deadline = field(arg, offset_of!(drm_syncobj_timeline_wait, timeout_nsec));
        let first = self.wait_points(&list, &points, deadline, flags)?;
        set_field(arg, offset_of!(drm_syncobj_timeline_wait, first_signaled), first);
        Ok(0)
    }

    fn wait_points(&self, list: &[Arc<Syncobj>], points: &[u64], deadline: i64, flags: u32) -> Result<u32, Errno> {
        if flags & !(SYNCOBJ_WAIT_ALL | SYNCOBJ_WAIT_FOR_SUBMIT | SYNCOBJ_WAIT_AVAILABLE) != 0 {
            return Err(Errno::EINVAL);
        }
        let for_submit = flags & (SYNCOBJ_WAIT_FOR_SUBMIT | SYNCOBJ_WAIT_AVAILABLE) != 0;
        if !for_submit && list.iter().zip(points).any(|(s, &p)| s.find(p).is_none()) {
            return Err(Errno::EINVAL);
        }
        let reached = |sync: &Syncobj, point| match sync.find(point) {
            None => false,
            Some(fences) => flags & SYNCOBJ_WAIT_AVAILABLE != 0 || fences.iter().all(|f| f.is_signaled()),
        };
        let waited = self.card.events.wait_until(deadline, || {
            let mut done = list.iter().zip(points).map(|(s, &p)| reached(s, p));
            if flags & SYNCOBJ_WAIT_ALL != 0 { done.all(|d| d).then_some(0) } else { done.position(|d| d) }
        });
        waited.map(|i| i as u32).ok_or(Errno::ETIME)
    }

    fn syncobj_timeline(&self, arg: &[u8]) -> Result<(Vec<Arc<Syncobj>>, u64, u32), Errno> {
        let count = field(arg, offset_of!(drm_syncobj_timeline_array, count_handles));
        let list = self.syncobj_list(field(arg, offset_of!(drm_syncobj_timeline_array, handles)), count)?;
        let points = field(arg, offset_of!(drm_syncobj_timeline_array, points));
        Ok((list, points, field(arg, offset_of!(drm_syncobj_timeline_array, flags))))
    }

    fn syncobj_query(&self, arg: &[u8]) -> Result<i32, Errno> {
        let (list, address, flags) = self.syncobj_timeline(arg)?;
        if flags & !SYNCOBJ_QUERY_LAST_SUBMITTED != 0 {
            return Err(Errno::EINVAL);
        }
        let points: Vec<u64> = list.iter().map(|s| s.query(flags != 0)).collect();
        umem::write(address, bytemuck::cast_slice(&points))?;
        Ok(0)
    }

    fn syncobj_timeline_signal(&self, arg: &[u8]) -> Result<i32, Errno> {
        let (list, address, flags) = self.syncobj_timeline(arg)?;
        if flags != 0 {
            return Err(Errno::EINVAL);
        }
        let points = umem::read_array::<u64>(address, list.len() as u64, ARRAY_LIMIT)?;
        for (sync, point) in list.iter().zip(points) {
            sync.add(point, Fence::signaled(&self.card.events));
        }
        self.card.events.notify();
        Ok(0)
    }

    // Buffer objects.

    pub(super) fn object(&self, handle: u32) -> Result<Arc<Bo>, Errno> {
        self.objects.get(handle).ok_or(Errno::ENOENT)
    }

    fn gem_create(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        const FLAGS: u64 = uapi::GEM_CREATE_CPU_ACCESS_REQUIRED
            | uapi::GEM_CREATE_NO_CPU_ACCESS
            | uapi::GEM_CREATE_CPU_GTT_USWC
            | uapi::GEM_CREATE_VRAM_CLEARED
            | uapi::GEM_CREATE_VRAM_CONTIGUOUS
            | uapi::GEM_CREATE_VM_ALWAYS_VALID
            | uapi::GEM_CREATE_EXPLICIT_SYNC
            | uapi::GEM_CREATE_VRAM_WIPE_ON_RELEASE
            | uapi::GEM_CREATE_DISCARDABLE
            | uapi::GEM_CREATE_COHERENT
            | uapi::GEM_CREATE_UNCACHED;
        const DOMAINS: u64 = (uapi::GEM_DOMAIN_CPU | uapi::GEM_DOMAIN_GTT | uapi::GEM_DOMAIN_VRAM) as u64;
        let mut create: uapi::GemCreateIn = get(arg);
        if create.domain_flags & !FLAGS != 0 || create.domains & !DOMAINS != 0 || create.bo_size == 0 {
            return Err(Errno::EINVAL);
        }
        let align = create.alignment.max(PAGE).checked_next_power_of_two().ok_or(Errno::EINVAL)?;
        create.bo_size = create.bo_size.checked_next_multiple_of(PAGE).ok_or(Errno::ENOMEM)?;
        // The domains are preferences: video memory first, system memory when that is full and allowed.
        let mut heaps = Vec::new();
        if create.domains & u64::from(uapi::GEM_DOMAIN_VRAM) != 0 {
            heaps.push(Heap::Vram);
        }
        if create.domains & u64::from(uapi::GEM_DOMAIN_GTT | uapi::GEM_DOMAIN_CPU) != 0 || heaps.is_empty() {
            heaps.push(Heap::Gtt);
        }
        let storage = heaps.iter().find_map(|&heap| self.card.arena.allocate(heap, create.bo_size, align));
        let storage = storage.ok_or(Errno::ENOMEM)?;
        let handle = self.objects.insert(Arc::new(Bo { storage, create, busy: Mutex::default() }));
        put(arg, &uapi::GemCreateOut { handle, _pad: 0 });
        Ok(0)
    }

    fn gem_mmap(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let bo = self.object(get::<uapi::GemMmapIn>(arg).handle)?;
        if bo.create.domain_flags & uapi::GEM_CREATE_NO_CPU_ACCESS != 0 {
            return Err(Errno::EPERM);
        }
        put(arg, &uapi::GemMmapOut { addr_ptr: MMAP_BASE + bo.storage.start() });
        Ok(0)
    }

    fn gem_wait_idle(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let wait: uapi::GemWaitIdleIn = get(arg);
        let bo = self.object(wait.handle)?;
        let idle = self.card.events.wait_until(absolute(wait.timeout), || bo.is_idle().then_some(()));
        put(arg, &uapi::GemWaitIdleOut { status: idle.is_none().into(), domain: bo.domain() });
        Ok(0)
    }

    fn gem_op(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let op: uapi::GemOp = get(arg);
        let bo = self.object(op.handle)?;
        match op.op {
            uapi::GEM_OP_GET_GEM_CREATE_INFO => umem::write(op.value, bytemuck::bytes_of(&bo.create)).map(|()| 0),
            _ => Err(Errno::EINVAL),
        }
    }

    fn gem_va(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        const FLAGS: u32 = uapi::VM_DELAY_UPDATE
            | uapi::VM_PAGE_READABLE
            | uapi::VM_PAGE_WRITEABLE
            | uapi::VM_PAGE_EXECUTABLE
            | uapi::VM_MTYPE_MASK
            | uapi::VM_PAGE_NOALLOC;
        let va: uapi::GemVa = get(arg);
        if va.flags & uapi::VM_PAGE_PRT != 0 {
            // Partially resident ranges aren't provided yet.
            return Err(Errno::EOPNOTSUPP);
        }
        if va.flags & !FLAGS != 0 {
            return Err(Errno::EINVAL);
        }
        let permissions = [
            (uapi::VM_PAGE_READABLE, Permissions::READ),
            (uapi::VM_PAGE_WRITEABLE, Permissions::WRITE),
            (uapi::VM_PAGE_EXECUTABLE, Permissions::EXECUTE),
        ];
        let permissions = permissions.iter().filter(|p| va.flags & p.0 != 0).map(|p| p.1).collect();
        match va.operation {
            uapi::VA_OP_MAP | uapi::VA_OP_REPLACE => {
                let bo = self.object(va.handle)?;
                if va.operation == uapi::VA_OP_REPLACE {
                    self.vm.clear(va.va_address, va.map_size)?;
                }
                let (storage, offset) = (&bo.storage, va.offset_in_bo);
                self.vm.map(va.va_address, va.map_size, storage, offset, permissions, va.handle)?;
            }
            uapi::VA_OP_UNMAP => {
                self.object(va.handle)?;
                self.vm.unmap(va.va_address, va.handle)?;
            }
            uapi::VA_OP_CLEAR => self.vm.clear(va.va_address, va.map_size)?,
            _ => return Err(Errno::EINVAL),
        }
        Ok(0)
    }

    // Contexts and lists.

    pub(super) fn context(&self, id: u32) -> Result<Arc<Context>, Errno> {
        self.contexts.get(id).ok_or(Errno::EINVAL)
    }

    fn ctx(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let ctx: uapi::CtxIn = get(arg);
        match ctx.op {
            uapi::CTX_OP_ALLOC_CTX => {
                if ctx.priority > uapi::CTX_PRIORITY_NORMAL && !nix::unistd::geteuid().is_root() {
                    return Err(Errno::EACCES);
                }
                let ctx_id = self.contexts.insert(Arc::new(Context::new(self.card.resets())));
                put(arg, &uapi::CtxOutAlloc { ctx_id, _pad: 0 });
            }
            uapi::CTX_OP_FREE_CTX => {
                self.contexts.remove(ctx.ctx_id).ok_or(Errno::EINVAL)?;
            }
            uapi::CTX_OP_QUERY_STATE => {
                let context = self.context(ctx.ctx_id)?;
                // The old query cannot tell who was to blame.
                let reset_status = match context.seen_reset(self.card.resets()) || context.is_lost() {
                    true => uapi::CTX_UNKNOWN_RESET,
                    false => uapi::CTX_NO_RESET,
                };
                put(arg, &uapi::CtxOutState { flags: 0, hangs: 0, reset_status });
            }
            uapi::CTX_OP_QUERY_STATE2 => {
                let context = self.context(ctx.ctx_id)?;
                let mut flags = 0;
                if context.seen_reset(self.card.resets()) {
                    flags |= uapi::CTX_QUERY2_FLAGS_RESET;
                }
                if context.is_lost() {
                    flags |= uapi::CTX_QUERY2_FLAGS_GUILTY;
                }
                put(arg, &uapi::CtxOutState { flags, hangs: 0, reset_status: 0 });
            }
            uapi::CTX_OP_GET_STABLE_PSTATE | uapi::CTX_OP_SET_STABLE_PSTATE => return Err(Errno::EOPNOTSUPP),
            _ => return Err(Errno::EINVAL),
        }
        Ok(0)
    }

    /// Reads a list's entries and looks the objects up.
    pub(super) fn read_list(&self, list: &uapi::BoListIn) -> Result<BoList, Errno> {
        if list.bo_info_size as usize != size_of::<uapi::BoListEntry>() {
            // The kernel takes other sizes for its own future; nobody sends them.
            return Err(Errno::EINVAL);
        }
        let entries = umem::read_array::<uapi::BoListEntry>(list.bo_info_ptr, list.bo_number.into(), ARRAY_LIMIT)?;
        entries.iter().map(|e| self.object(e.bo_handle)).collect::<Result<Vec<_>, _>>().map(Arc::new)
    }

    fn bo_list(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let list: uapi::BoListIn = get(arg);
        let list_handle = match list.operation {
            uapi::BO_LIST_OP_CREATE => self.lists.insert(self.read_list(&list)?),
            uapi::BO_LIST_OP_DESTROY => {
                self.lists.remove(list.list_handle);
                0
            }
            uapi::BO_LIST_OP_UPDATE => {
                let entries = self.read_list(&list)?;
                let mut lists = self.lists.lock();
                *lists.get_mut(&list.list_handle).ok_or(Errno::ENOENT)? = entries;
                list.list_handle
            }
            _ => return Err(Errno::EINVAL),
        };
        put(arg, &uapi::BoListOut { list_handle, _pad: 0 });
        Ok(0)
    }

    // Waiting.

    /// The entity's ring; EINVAL for one that doesn't exist.
    pub(super) fn ring(&self, ip: u32, instance: u32, ring: u32) -> Result<(Engine, u32), Errno> {
        let engine = match ip {
            uapi::HW_IP_GFX => Engine::Gfx,
            uapi::HW_IP_COMPUTE => Engine::Compute,
            uapi::HW_IP_DMA => Engine::Sdma,
            _ => return Err(Errno::EINVAL),
        };
        if instance != 0 || ring >= identity::hw_ip(ip).available_rings.count_ones() {
            return Err(Errno::EINVAL);
        }
        Ok((engine, ring))
    }

    fn wait_cs(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let wait: uapi::WaitCsIn = get(arg);
        let ring = self.ring(wait.ip_type, wait.ip_instance, wait.ring)?;
        let context = self.context(wait.ctx_id)?;
        let status = match context.fence(ring, wait.handle) {
            Known::Future => return Err(Errno::EINVAL),
            Known::Past => 0,
            Known::Fence(fence) => {
                match self.card.events.wait_until(absolute(wait.timeout), || fence.status()) {
                    Some(result) => result.map(|()| 0)?,
                    // Not an error: the caller must look at the status.
                    None => 1,
                }
            }
        };
        put(arg, &uapi::WaitCsOut { status });
        Ok(0)
    }

    fn wait_fences(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let wait: uapi::WaitFencesIn = get(arg);
        if wait.fence_count == 0 {
            return Err(Errno::EINVAL);
        }
        let names = umem::read_array::<uapi::Fence>(wait.fences, wait.fence_count.into(), ARRAY_LIMIT)?;
        let mut fences = Vec::new();
        for name in &names {
            let ring = self.ring(name.ip_type, name.ip_instance, name.ring)?;
            fences.push(match self.context(name.ctx_id)?.fence(ring, name.seq_no) {
                Known::Future => return Err(Errno::EINVAL),
                Known::Past => Fence::signaled(&self.card.events),
                Known::Fence(fence) => fence,
            });
        }
        let waited = self.card.events.wait_until(absolute(wait.timeout_ns), || {
            let mut done = fences.iter().map(|f| f.is_signaled());
            if wait.wait_all != 0 { done.all(|d| d).then_some(0) } else { done.position(|d| d) }
        });
        if let Some(Err(errno)) = fences.iter().find_map(|f| f.status().filter(Result::is_err)) {
            return Err(errno);
        }
        let (status, first_signaled) = waited.map_or((0, 0), |i| (1, i as u32));
        put(arg, &uapi::WaitFencesOut { status, first_signaled });
        Ok(0)
    }

    // Information.

    fn info(&self, arg: &mut [u8]) -> Result<i32, Errno> {
        let info: uapi::Info = get(arg);
        if info.return_size == 0 || info.return_pointer == 0 {
            return Err(Errno::EINVAL);
        }
        let answer = |bytes: &[u8]| {
            umem::write(info.return_pointer, &bytes[..bytes.len().min(info.return_size as usize)]).map(|()| 0)
        };
        let (vram, vram_used) = self.card.arena.usage(Heap::Vram);
        let (gtt, gtt_used) = self.card.arena.usage(Heap::Gtt);
        let heap = |total: u64, used: u64| uapi::HeapInfo {
            total_heap_size: total,
            usable_heap_size: total,
            heap_usage: used,
            max_allocation: total * 3 / 4,
        };
        match info.query {
            uapi::INFO_ACCEL_WORKING => answer(&1u32.to_ne_bytes()),
            uapi::INFO_HW_IP_INFO if info.args[0] < uapi::HW_IP_NUM => match info.args[1] {
                0 => answer(bytemuck::bytes_of(&identity::hw_ip(info.args[0]))),
                _ => Err(Errno::EINVAL),
            },
            uapi::INFO_HW_IP_COUNT if info.args[0] < uapi::HW_IP_NUM => {
                answer(&u32::from(identity::hw_ip(info.args[0]).available_rings != 0).to_ne_bytes())
            }
            uapi::INFO_TIMESTAMP => answer(&identity::timestamp().to_ne_bytes()),
            uapi::INFO_FW_VERSION => {
                let firmware = identity::firmware(info.args[0], info.args[2]).ok_or(Errno::EINVAL)?;
                answer(bytemuck::bytes_of(&firmware))
            }
            uapi::INFO_NUM_BYTES_MOVED | uapi::INFO_NUM_EVICTIONS | uapi::INFO_NUM_VRAM_CPU_PAGE_FAULTS => {
                answer(&0u64.to_ne_bytes())
            }
            uapi::INFO_VRAM_USAGE | uapi::INFO_VIS_VRAM_USAGE => answer(&vram_used.to_ne_bytes()),
            uapi::INFO_GTT_USAGE => answer(&gtt_used.to_ne_bytes()),
            uapi::INFO_VRAM_GTT => answer(bytemuck::bytes_of(&uapi::InfoVramGtt {
                vram_size: vram,
                vram_cpu_accessible_size: vram,
                gtt_size: gtt,
            })),
            uapi::INFO_READ_MMR_REG => {
                let [first, count, ..] = info.args;
                if count > 128 || info.return_size / 4 < count {
                    return Err(Errno::EINVAL);
                }
                let values: Option<Vec<u32>> = (0..count).map(|i| identity::register(first.wrapping_add(i))).collect();
                answer(bytemuck::cast_slice(&values.ok_or(Errno::EFAULT)?))
            }
            uapi::INFO_DEV_INFO => answer(bytemuck::bytes_of(&identity::device())),
            uapi::INFO_MEMORY => answer(bytemuck::bytes_of(&uapi::MemoryInfo {
                vram: heap(vram, vram_used),
                cpu_accessible_vram: heap(vram, vram_used),
                gtt: heap(gtt, gtt_used),
            })),
            uapi::INFO_VRAM_LOST_COUNTER => answer(&0u32.to_ne_bytes()),
            uapi::INFO_MAX_IBS => {
                let mut most = [0u32; uapi::HW_IP_NUM as usize];
                most[uapi::HW_IP_GFX as usize] = super::cs::max_ibs(Engine::Gfx);
                most[uapi::HW_IP_COMPUTE as usize] = super::cs::max_ibs(Engine::Compute);
                most[uapi::HW_IP_DMA as usize] = super::cs::max_ibs(Engine::Sdma);
                answer(bytemuck::cast_slice(&most))
            }
            uapi::INFO_GPUVM_FAULT => answer(bytemuck::bytes_of(&self.card.last_fault())),
            _ => Err(Errno::EINVAL),
        }
    }
}

/// A timeout of the interface: absolute ns on CLOCK_MONOTONIC, where "negative" means for ever.
fn absolute(timeout: u64) -> i64 {
    let timeout = timeout as i64;
    if timeout < 0 { i64::MAX } else { timeout }
}

/// Now, for deadlines that the kernel itself sets.
pub(super) fn in_ns(ns: i64) -> i64 {
    monotonic_ns().saturating_add(ns)
}
