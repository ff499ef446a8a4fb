//! A software Navi31 behind the file-descriptor seam: the driver's rules, memory and page tables, the command
//! processor, and RDNA3 waves.
//!
//! [`SoftNode`] answers the ioctls that a render node of the amdgpu driver answers, and executes what is submitted:
//! PM4 and SDMA packets by [`cp`](self) and waves by the engines of [`isa_exec`]. It exists to prove the GPU path on machines
//! without the card, and to run it in CI.
//!
//! ```text
//! ioctl ─ kernel/ ─ cs.rs ────► sched.rs ──► cp/ ─────► dispatch.rs ─► waves.rs ──► isa_exec
//!            │ BOs, VA            │ rings      │ PM4, SDMA  │ registers    │ workgroups, programs.rs
//!            └── arena.rs, vm.rs ◄┴────────────┴────────────┴──────────────┘ every access, checked
//! ```
//!
//! Two rules make it stricter than a card, so that a stream that works here by luck doesn't exist:
//! - registers don't survive from one submission to the next: a dispatch whose program, resources or thread
//!   count was not written in this submission fails with the register's name;
//! - dispatches run in whatever order the stream's waits allow: two that touch the same memory, one of them writing,
//!   without a wait between them, are reported ([`Config::check_hazards`]).
//!
//! On request it is stricter still: [`Config::strict`] for what a card ignores or hangs on, [`Config::check_caches`] for
//! invalidations that are missing. [`Trace`] tells what was executed, as waves and memory see it.

mod access;
#[allow(unsafe_code)]
mod arena;
mod caches;
mod card;
mod client;
mod code;
mod context;
mod cp;
#[allow(unsafe_code)]
mod descriptor;
mod dispatch;
mod fence;
mod identity;
mod inspect;
mod kernel;
mod memory;
mod programs;
mod reset;
mod sched;
mod share;
mod strict;
mod syncobj;
mod trace;
mod vm;
mod waves;

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

use memmap2::{MmapOptions, MmapRaw};

use crate::kmd::{Errno, Explanation, Node, Protection};

pub use card::{Config, PageFaults};
pub use client::Client;
pub use identity::Arch;
pub use inspect::Inspection;
pub use isa_exec::Engine as WaveEngine;
pub use isa_exec::check;
pub use kernel::NodeKind;
pub use reset::Recovery;
use share::Object;
pub use share::{Kind, Name, Shared};
pub use trace::{DispatchEvent, Event, Trace};
pub use waves::Counters;

/// An open file of a software card: what a descriptor of `/dev/dri/renderD128` is to a real one.
#[derive(Debug)]
pub struct SoftNode {
    file: kernel::File,
    client: client::Client,
}

/// What a [`SoftNode`] holds open: all zero when everything was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Census {
    /// GEM handles.
    pub buffers: usize,
    /// Mappings in the address space.
    pub mappings: usize,
    /// Contexts.
    pub contexts: usize,
    /// Buffer lists.
    pub lists: usize,
    /// Synchronisation objects.
    pub syncobjs: usize,
    /// Descriptors given away and not closed by everybody, of all cards of the machine.
    pub shared: usize,
    /// Bytes of video memory in use, of all files of the card.
    pub vram_bytes: u64,
    /// Bytes of system memory in use, of all files of the card.
    pub gtt_bytes: u64,
}

/// What the waves of a card have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Instructions, each once for a whole wave.
    pub wave_instructions: u64,
    /// Waves that ended with their workgroup.
    pub waves: u64,
    /// Workgroups that ran to their end.
    pub workgroups: u64,
}

impl SoftNode {
    /// A new card, opened once. Fails where the host lacks memfds or address space.
    pub fn new(config: Config) -> io::Result<Self> {
        let file = kernel::File::new(card::Card::new(config, None)?, NodeKind::Render);
        Ok(Self { file, client: client::Client::default() })
    }

    /// Another card in the same machine, opened once: what one exports, be it a buffer, a synchronisation object or a
    /// sync file, the others import.
    pub fn beside(&self, config: Config) -> io::Result<Self> {
        let file = kernel::File::new(card::Card::new(config, Some(&self.file.card))?, NodeKind::Render);
        Ok(Self { file, client: client::Client::default() })
    }

    /// Opens the same card's render node again: other handles, another address space.
    pub fn reopen(&self) -> Self {
        self.reopen_as(NodeKind::Render)
    }

    /// Opens one of the same card's nodes.
    pub fn reopen_as(&self, node: NodeKind) -> Self {
        Self { file: kernel::File::new(Arc::clone(&self.file.card), node), client: client::Client::default() }
    }

    /// Which node this is.
    pub fn kind(&self) -> NodeKind {
        self.file.node
    }

    /// What a descriptor that the device gave away stands for, by the serial of its [`Name`]; `None` once every copy of
    /// it is closed, for other machines', and for a buffer in another card's memory.
    pub fn shared(&self, serial: u64) -> Option<Shared> {
        let object = self.file.card.shares.get(serial)?;
        match &object {
            Object::Buffer(bo) if !self.file.card.owns(&bo.storage) => None,
            _ => Some(object.seen()),
        }
    }

    /// Drops this file's work, as the kernel does for a process that was killed: jobs that wait are cancelled, and what runs
    /// is stopped. Without it, work goes on when the file is closed.
    pub fn abandon(&self) {
        self.file.card.abandon(self.file.id);
    }

    /// Has a descriptor that leads to this file, by the serial of its [`Name`] of [`Kind::Drm`], mean it in ioctls that take
    /// one (`AMDGPU_SCHED`).
    pub fn set_name(&self, serial: u64) {
        self.file.card.name_file(serial, self.file.id, &self.file.contexts);
    }

    /// Where in [`memory`](Self::memory) the pages of a buffer made by `GEM_USERPTR` are now: first byte and bytes. The
    /// ioctl copied what they held; whoever speaks for the caller maps the range over them, shared and at their address,
    /// before the caller goes on. They are the caller's then, also behind the closing of the handle. `None` for other
    /// handles.
    pub fn user_range(&self, handle: u32) -> Option<(u64, u64)> {
        self.file.user_range(handle)
    }

    /// An ioctl on such a descriptor itself: `SYNC_IOC_MERGE` and `SYNC_IOC_FILE_INFO` of sync files,
    /// the `DMA_BUF_IOCTL_*` of dma-bufs. Descriptors in `arg`,
    /// the new one of a merge among them, are this process's. ENOTTY for what the descriptor doesn't know, EBADF where
    /// [`shared`](Self::shared) gives nothing.
    pub fn sync_ioctl(&self, serial: u64, client: &Client, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        self.file.sync_ioctl(serial, client, request, arg)
    }

    /// What the card's waves have done so far, of all its files.
    pub fn work(&self) -> Work {
        self.file.card.work()
    }

    /// What is open now.
    pub fn census(&self) -> Census {
        let file = &self.file;
        let shared = file.card.shares.sweep();
        file.sweep_user(&self.client);
        Census {
            buffers: file.objects.len(),
            mappings: file.vm.len(),
            contexts: file.contexts.len(),
            lists: file.lists.len(),
            syncobjs: file.syncobjs.len(),
            shared,
            vram_bytes: file.card.arena.usage(arena::Heap::Vram).1,
            gtt_bytes: file.card.arena.usage(arena::Heap::Gtt).1,
        }
    }

    /// An ioctl of another process, whose memory the addresses in `arg` mean. Descriptors in `arg` are this process's.
    pub fn ioctl_of(&self, client: &Client, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        self.file.ioctl(client, request, arg)
    }

    /// Wakes everybody who waits for something of this card, so that a [`Client`] that left is noticed.
    pub fn wake(&self) {
        self.file.card.events.notify();
    }

    /// Where in [`memory`](Self::memory) a fake offset of `GEM_MMAP` leads. EINVAL where `len` bytes there aren't a buffer
    /// object that this file has a handle to, from its start. For a buffer of another card it is a place behind the
    /// memory's end, so that accesses are SIGBUS: as of the kernel's driver, which maps such a buffer by its dma-buf alone.
    pub fn locate(&self, offset: u64, len: u64) -> Result<u64, Errno> {
        let start = offset.checked_sub(kernel::MMAP_BASE).ok_or(Errno::EINVAL)?;
        let mine = self.file.objects.position(|bo| self.file.place(bo) == start && len <= bo.storage.len());
        if mine.is_some() && len != 0 { Ok(start) } else { Err(Errno::EINVAL) }
    }

    /// The file that holds every buffer object of the card.
    pub fn memory(&self) -> BorrowedFd<'_> {
        self.file.card.arena.fd()
    }
}

impl Node for SoftNode {
    #[allow(unsafe_code, reason = "the trait's function is unsafe; nothing in here is")]
    unsafe fn ioctl(&self, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        // Addresses in `arg` are copied through the kernel, which checks them: nothing here relies on the caller's
        // promise.
        self.file.ioctl(&self.client, request, arg)
    }

    fn mmap(&self, offset: u64, len: usize, protection: Protection) -> io::Result<MmapRaw> {
        let start = self.locate(offset, len as u64)?;
        if start >= self.file.card.arena.len() {
            // Rather than a mapping whose every access is SIGBUS.
            return Err(Errno::EPERM.into());
        }
        let fd = self.memory();
        let mut options = MmapOptions::new();
        options.offset(start).len(len);
        match protection {
            Protection::ReadWrite => options.map_raw(&fd),
            Protection::Read => options.map_raw_read_only(&fd),
        }
    }

    #[allow(unsafe_code, reason = "the trait's function is unsafe")]
    unsafe fn adopt_pages(&self, handle: u32, addr: *mut u8, len: usize) -> io::Result<()> {
        let (start, size) = self.user_range(handle).filter(|range| range.1 == len as u64).ok_or(Errno::EINVAL)?;
        // SAFETY: the caller's promise: its own pages, of which there are no references.
        unsafe { descriptor::map_over(addr, size, self.memory(), start) }
    }

    fn poll(&self, timeout: Duration) -> io::Result<bool> {
        // A render node has no events of its own; a poll on it times out.
        std::thread::sleep(timeout);
        Ok(false)
    }

    fn explain(&self, context: u32) -> Option<Explanation> {
        self.file.contexts.get(context)?.loss().map(|(_, what)| Explanation::clone(&what))
    }

    fn open_another(&self) -> io::Result<Arc<dyn Node>> {
        Ok(Arc::new(self.reopen_as(self.kind())))
    }
}
