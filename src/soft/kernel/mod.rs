//! The kernel driver's half of the software device: ioctls, with the driver's rules and errno values.
//!
//! The rules are those that `amdgpu` and the DRM core enforce, told from the interface's documentation and from what
//! clients observe. What isn't provided yet answers EOPNOTSUPP, and an unknown number EINVAL as in the DRM core.

mod contexts;
mod core;
mod cs;
mod info;
mod objects;
mod sharing;
mod syncfiles;
mod syncobjs;
mod user;
mod userq;
mod waits;

use std::collections::BTreeMap;
use std::mem::offset_of;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytemuck::Pod;
use drm_sys::{drm_gem_close, drm_syncobj_destroy};
use nix::errno::Errno;

use super::arena::{Heap, PAGE, Storage};
use super::card::Card;
use super::client::Client;
use super::context::Context;
use super::fence::{Fence, monotonic_ns};
use super::syncobj::Syncobj;
use super::userq::UserQueue;
use super::vm::Vm;
use crate::kmd::uapi;

/// First fake offset of `GEM_MMAP`: what lies below could be taken for a real file offset.
pub(super) const MMAP_BASE: u64 = 1 << 32;
/// More array elements than any driver accepts in one call.
const ARRAY_LIMIT: u64 = 1 << 16;

/// How long the driver waits for a point that nobody submitted yet, where it must have it.
const SUBMIT_WAIT_NS: i64 = 5_000_000_000;

const DRM_COMMAND_BASE: u32 = 0x40;
const SYNCOBJ_WAIT_FOR_SUBMIT: u32 = 2;

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

    /// Visits every object.
    pub fn each(&self, mut f: impl FnMut(&T)) {
        self.lock().values().for_each(&mut f);
    }

    /// The lowest handle of an object that satisfies a condition.
    pub fn position(&self, f: impl Fn(&T) -> bool) -> Option<u32> {
        self.lock().iter().find(|(_, object)| f(object)).map(|(&handle, _)| handle)
    }

    /// Forgets every handle; what was behind them.
    pub fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.lock()).into_values().collect()
    }
}

/// Jobs, each with the file that it came by.
type Users = Vec<(u64, Arc<Fence>)>;

/// A buffer object.
#[derive(Debug)]
pub struct Bo {
    /// Its memory.
    pub storage: Arc<Storage>,
    /// What was asked for, with the size rounded up.
    pub create: uapi::GemCreateIn,
    /// The only address space that may have it, where it is always valid there.
    pub home: Option<Weak<Vm>>,
    /// The caller's pages, where it was made of those.
    pub user: Option<uapi::GemUserptr>,
    /// The buffer of another card of which it was imported.
    pub original: Option<Arc<Bo>>,
    /// The domains that it should be in, as a bit mask.
    domains: Mutex<u64>,
    /// What sharers tell each other of it.
    metadata: Mutex<uapi::GemMetadata>,
    /// Jobs that listed it, with the file ([`Card::owner`]) that each came by; one list for a buffer and its imports.
    busy: Arc<Mutex<Users>>,
}

impl Bo {
    /// Over this memory, made as `create` says.
    pub fn new(storage: Arc<Storage>, create: uapi::GemCreateIn) -> Self {
        let domains = Mutex::new(create.domains);
        let (metadata, busy) = (Mutex::default(), Arc::default());
        Self { storage, create, home: None, user: None, original: None, domains, metadata, busy }
    }

    /// For another card than its own, which reaches it as system memory.
    pub fn imported(self: &Arc<Self>) -> Self {
        const KEPT: u64 = uapi::GEM_CREATE_CPU_GTT_USWC | uapi::GEM_CREATE_COHERENT | uapi::GEM_CREATE_UNCACHED;
        let create = uapi::GemCreateIn {
            bo_size: self.storage.len(),
            alignment: PAGE,
            domains: uapi::GEM_DOMAIN_GTT.into(),
            domain_flags: self.create.domain_flags & KEPT,
        };
        let (original, busy) = (Some(Arc::clone(self)), Arc::clone(&self.busy));
        Self { original, busy, ..Self::new(Arc::clone(&self.storage), create) }
    }

    /// Notes a job that uses it, by its file; 0 for a fence from elsewhere.
    pub fn used_by(&self, file: u64, fence: &Arc<Fence>) {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.retain(|(_, f)| !f.is_signaled());
        busy.push((file, Arc::clone(fence)));
    }

    /// What a job of a file waits for before it uses the buffer, unless its user asked for explicit synchronisation: the
    /// jobs of other files.
    pub fn implicit(&self, file: u64) -> Vec<Arc<Fence>> {
        if self.create.domain_flags & uapi::GEM_CREATE_EXPLICIT_SYNC != 0 {
            return Vec::new();
        }
        self.users().into_iter().filter(|(owner, _)| *owner != file).map(|(_, fence)| fence).collect()
    }

    /// The jobs that use it now.
    pub fn users(&self) -> Users {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.iter().filter(|(_, f)| !f.is_signaled()).cloned().collect()
    }

    fn is_idle(&self) -> bool {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).iter().all(|(_, f)| f.is_signaled())
    }

    fn domain(&self) -> u32 {
        match self.storage.heap() {
            Heap::Vram if self.original.is_none() => uapi::GEM_DOMAIN_VRAM,
            Heap::Vram | Heap::Gtt => uapi::GEM_DOMAIN_GTT,
        }
    }
}

/// Contexts by their ids.
pub type Contexts = Table<Arc<Context>>;

/// A buffer list: the objects that it holds.
pub type BoList = Arc<Vec<Arc<Bo>>>;

/// Which of a card's nodes was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// `cardN`: everything, with authentication and a master.
    Primary,
    /// `renderDN`: no global names, no master, no display.
    Render,
}

/// One open file of the node: its handles and its address space.
#[derive(Debug)]
pub struct File {
    /// Its number among the card's files, from 1.
    pub id: u32,
    /// The node that was opened.
    pub node: NodeKind,
    /// The card behind it.
    pub card: Arc<Card>,
    /// Its address space.
    pub vm: Arc<Vm>,
    /// GEM handles.
    pub objects: Table<Arc<Bo>>,
    /// Context ids.
    pub contexts: Arc<Contexts>,
    /// Buffer lists.
    pub lists: Table<BoList>,
    /// Synchronisation objects.
    pub syncobjs: Table<Arc<Syncobj>>,
    /// User-mode queues.
    pub queues: Table<Arc<UserQueue>>,
    /// Pages of callers that became memory of the card.
    user: Mutex<Vec<user::UserRange>>,
}

/// The structure at the start of `arg`; what the caller did not send is zero, as after the kernel's copy.
fn get<T: Pod>(arg: &[u8]) -> T {
    let mut value = T::zeroed();
    let n = arg.len().min(size_of::<T>());
    bytemuck::bytes_of_mut(&mut value)[..n].copy_from_slice(&arg[..n]);
    value
}

/// Writes the answer over the start of `arg`.
fn put<T: Pod>(arg: &mut [u8], value: &T) {
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
    pub fn new(card: Arc<Card>, node: NodeKind) -> Self {
        Self {
            id: card.opened(node),
            node,
            vm: Arc::new(Vm::new(card.config().arch)),
            card,
            objects: Table::default(),
            contexts: Arc::default(),
            lists: Table::default(),
            syncobjs: Table::default(),
            queues: Table::default(),
            user: Mutex::default(),
        }
    }

    /// Gives a buffer a handle.
    pub fn add_object(&self, bo: Arc<Bo>) -> u32 {
        self.card.handle_opened(&bo);
        self.objects.insert(bo)
    }

    /// Where the fake offset of a buffer leads behind [`MMAP_BASE`]: into the card's memory or, for another card's, behind
    /// its end.
    pub fn place(&self, bo: &Bo) -> u64 {
        let start = bo.storage.start();
        if self.card.owns(&bo.storage) { start } else { self.card.arena.len() + start }
    }

    /// One ioctl. The number decides; the size is what the caller sent, shorter or longer than ours (as in the DRM
    /// core, which copies the common part and zero-fills the rest).
    pub fn ioctl(&self, client: &Client, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        Call { file: self, client }.answer(request, arg)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        drop(self.queues.take());
        for bo in self.objects.take() {
            self.card.handle_closed(&bo);
        }
        for context in self.contexts.take() {
            self.card.release_pstate(context.serial);
        }
        self.card.closed(self.id);
    }
}

/// One ioctl under way: the file that it came by, and who called.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    file: &'a File,
    client: &'a Client,
}

impl std::ops::Deref for Call<'_> {
    type Target = File;

    fn deref(&self) -> &File {
        self.file
    }
}

impl Call<'_> {
    /// Waits until `ready` answers something, `None` at the deadline; EINTR where the caller left.
    fn wait<T>(&self, deadline_ns: i64, mut ready: impl FnMut() -> Option<T>) -> Result<Option<T>, Errno> {
        let waited = self.card.events.wait_until(deadline_ns, || match ready() {
            Some(answer) => Some(Ok(answer)),
            None => self.client.is_gone().then_some(Err(Errno::EINTR)),
        });
        waited.transpose()
    }

    fn answer(&self, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        if (request >> 8) & 0xff != u32::from(b'd') {
            return Err(Errno::ENOTTY);
        }
        let number = request & 0xff;
        self.may(number)?;
        match number {
            0x00 => self.version(arg),
            0x01 => self.get_unique(arg),
            0x02 => self.get_magic(arg),
            0x05 => self.get_client(arg),
            // Interface versions are negotiated no more; any is agreed to.
            0x07 => Ok(0),
            0x0a => self.gem_flink(arg),
            0x0b => self.gem_open(arg),
            // Capabilities of clients are those of a display.
            0x0d => Err(Errno::EOPNOTSUPP),
            0x11 => self.auth_magic(arg),
            0x1e => self.card.set_master(self.file.id).map(|()| 0),
            0x1f => self.card.drop_master(self.file.id).map(|()| 0),
            0x2d => self.prime_handle_to_fd(arg),
            0x2e => self.prime_fd_to_handle(arg),
            0x09 => self.gem_close(field(arg, offset_of!(drm_gem_close, handle))),
            0x0c => self.get_cap(arg),
            0xbf => self.syncobj_create(arg),
            0xc0 => {
                let handle = field(arg, offset_of!(drm_syncobj_destroy, handle));
                self.syncobjs.remove(handle).map(|_| 0).ok_or(Errno::EINVAL)
            }
            0xc1 => self.syncobj_handle_to_fd(arg),
            0xc2 => self.syncobj_fd_to_handle(arg),
            0xc3 => self.syncobj_wait(arg),
            0xc4 => self.syncobj_each(arg, |s| s.replace(None)),
            0xc5 => self.syncobj_each(arg, |s| s.replace(Some(Fence::signaled(&self.card.events)))),
            0xca => self.syncobj_timeline_wait(arg),
            0xcb => self.syncobj_query(arg),
            0xcc => self.syncobj_transfer(arg),
            0xcd => self.syncobj_timeline_signal(arg),
            0xcf => self.syncobj_eventfd(arg),
            // Modes, planes, leases: there is no display.
            0xa0 => self.mode_resources(arg),
            0xa1..=0xbe | 0xc6..=0xc9 | 0xce | 0xd0..=0xd2 => Err(Errno::EOPNOTSUPP),
            _ => match number.checked_sub(DRM_COMMAND_BASE) {
                Some(0x00) => self.gem_create(arg),
                Some(0x01) => self.gem_mmap(arg),
                Some(0x02) => self.ctx(arg),
                Some(0x03) => self.bo_list(arg),
                Some(0x04) => self.cs(arg),
                Some(0x05) => self.info(arg),
                Some(0x06) => self.gem_metadata(arg),
                Some(0x07) => self.gem_wait_idle(arg),
                Some(0x08) => self.gem_va(arg),
                Some(0x09) => self.wait_cs(arg),
                Some(0x10) => self.gem_op(arg),
                Some(0x11) => self.gem_userptr(arg),
                Some(0x12) => self.wait_fences(arg),
                Some(0x13) => self.vm_op(arg),
                Some(0x14) => self.fence_to_handle(arg),
                Some(0x15) => self.sched(arg),
                // EINVAL, as numbers of no ioctl, on a card without user-mode queues.
                Some(0x16) => self.userq(arg),
                Some(0x17) => self.userq_signal(arg),
                Some(0x18) => self.userq_wait(arg),
                _ => Err(Errno::EINVAL),
            },
        }
    }
}

/// A timeout of the interface: absolute ns on CLOCK_MONOTONIC, where "negative" means for ever.
fn absolute(timeout: u64) -> i64 {
    let timeout = timeout as i64;
    if timeout < 0 { i64::MAX } else { timeout }
}

/// Now, for deadlines that the kernel itself sets.
fn in_ns(ns: i64) -> i64 {
    monotonic_ns().saturating_add(ns)
}
