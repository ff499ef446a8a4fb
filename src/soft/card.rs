//! The card: memory, rings, clock, and what it remembers of faults.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use nix::errno::Errno;

use super::arena::{Arena, Heap, PAGE, Storage};
use super::cp::CommandProcessor;
use super::fence::Events;
use super::identity::{Arch, Part};
use super::inspect::Inspection;
use super::kernel::{Bo, Contexts, NodeKind};
use super::reset::{Gang, Recovery, Resets};
use super::sched::{Engine, Execute, Job, Ring};
use super::share::Shares;
use super::trace::Trace;
use super::vm::LastFault;
use super::waves::Counters;
use crate::kmd::uapi;

/// What the heaps take together, in times their size: a driver would evict.
const OVERCOMMIT: u64 = 2;

/// What an access does for which nothing is mapped, or not for that kind of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PageFaults {
    /// It ends the job, with a reason that names the access; of the command processor's own accesses, where
    /// [`Config::strict`] is on, and else those are dropped and logged.
    #[default]
    End,
    /// What a card without retry does: it reads zero or writes nowhere, the job goes on, and `INFO_GPUVM_FAULT` tells; so
    /// does the log, in a line a job.
    /// Instruction fetches end the job nevertheless.
    Drop,
}

/// How a software card is built.
#[derive(Debug, Clone)]
pub struct Config {
    /// The part that the card is. [`Config::of`] gives it the part's memory, too.
    pub arch: Arch,
    /// Video memory in bytes; reserved, not touched, until it is used.
    pub vram_bytes: u64,
    /// How much of it the CPU can map, from its start, where that isn't all: a small BAR.
    pub visible_vram_bytes: Option<u64>,
    /// Memory that the GART can reach, in bytes.
    pub gtt_bytes: u64,
    /// Where on the host's PCI bus the card says that it sits: domain, bus, device, function.
    pub pci_slot: String,
    /// How long a job may run before it counts as hung.
    pub job_timeout: Duration,
    /// What a hang of a ring makes the kernel reset.
    pub recovery: Recovery,
    /// What becomes of accesses for which nothing is mapped.
    pub page_faults: PageFaults,
    /// Report dispatches that touch the same memory without a wait between them as faults, instead of running them
    /// in some order.
    pub check_hazards: bool,
    /// End a job that contains what a card answers with a hang, or ignores without a word: reserved bits, values and
    /// registers without a name, packets of the other kind of ring, event indices that don't match, IBs off the ring's
    /// alignment, registers unlike the kernel descriptor beside the code, code of another gfx target. Off for unmodified
    /// programs, which a card forgives; [`Device::emulated`](crate::Device::emulated) has it on.
    pub strict: bool,
    /// Model caches and report what may be read stale: a dispatch before the submission's first invalidation, a read of
    /// what was written without ACQUIRE_MEM between, a packet's read of what is still being written. Every dispatch
    /// then runs on one thread and notes what it touches: slow.
    pub check_caches: bool,
    /// Where to say, in a sentence each, what went wrong in jobs: the kernel's log of a real card.
    pub log: Option<std::sync::mpsc::Sender<String>>,
    /// Where to note what jobs execute.
    pub trace: Option<Arc<Trace>>,
    /// Who watches every instruction of every wave: checks, statistics, a trace ([`check`](super::check)). Dispatches then
    /// run on one thread and on the interpreter, about a hundred times slower.
    pub inspection: Option<Inspection>,
    /// Where to count what waves do.
    pub counters: Option<Arc<Counters>>,
    /// Host threads that workgroups are spread over; `None` for as many as there are cores.
    pub threads: Option<usize>,
    /// What runs waves: the interpreter, translated code, or either as it pays. With [`check_caches`](Self::check_caches),
    /// and where dispatches overlap, it is the interpreter.
    pub engine: isa_exec::Engine,
}

impl Config {
    /// The default, as that part with its memory.
    pub fn of(arch: Arch) -> Self {
        Self { arch, vram_bytes: arch.vram_bytes(), ..Self::default() }
    }

    /// The default with [`strict`](Self::strict) on: for streams of one's own.
    pub fn strict() -> Self {
        Self { strict: true, ..Self::default() }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            arch: Arch::Gfx1100,
            vram_bytes: Arch::Gfx1100.vram_bytes(),
            visible_vram_bytes: None,
            gtt_bytes: 16 << 30,
            pci_slot: "0000:03:00.0".to_owned(),
            job_timeout: Duration::from_secs(60),
            recovery: Recovery::Ring,
            page_faults: PageFaults::End,
            check_hazards: true,
            strict: false,
            check_caches: false,
            log: None,
            trace: None,
            inspection: None,
            counters: None,
            threads: None,
            engine: isa_exec::Engine::Auto,
        }
    }
}

/// A software Navi31.
pub struct Card {
    /// Its memory.
    pub arena: Arc<Arena>,
    /// Wakes whoever waits for something of this machine.
    pub events: Arc<Events>,
    /// Its number among this process's cards, from 1.
    serial: u32,
    config: Config,
    executor: Arc<CommandProcessor>,
    rings: Mutex<HashMap<(Engine, u32), Ring>>,
    resets: Arc<Resets>,
    /// Where the last access was that was let go.
    faults: Arc<LastFault>,
    /// The gang that runs.
    gang: Arc<Mutex<u64>>,
    /// The profiling power state, and the context that set it.
    pstate: Mutex<(u32, Option<u64>)>,
    /// Descriptors given away, by all cards of this machine.
    pub shares: Arc<Shares>,
    files: Mutex<Files>,
    names: Mutex<Names>,
}

/// The card's open files.
#[derive(Debug, Default)]
struct Files {
    /// Numbers handed out so far.
    last: u32,
    open: Vec<u32>,
    /// The file that may do what one alone may.
    master: Option<u32>,
    /// Contexts of the files that descriptors of other names lead to, by their serial.
    named: BTreeMap<u64, (u32, Weak<Contexts>)>,
}

/// Handles of buffers in all files, and the global names of those that have one.
#[derive(Debug, Default)]
struct Names {
    /// By the buffer's address, which stays while it has handles.
    buffers: HashMap<usize, Known>,
    by_name: BTreeMap<u32, Arc<Bo>>,
}

/// A buffer that has handles.
#[derive(Debug, Default)]
struct Known {
    handles: usize,
    name: Option<u32>,
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Card {
    /// Powers a card up, in a machine of its own or beside another card, with which it shares descriptors then.
    pub fn new(config: Config, beside: Option<&Self>) -> io::Result<Arc<Self>> {
        static CARDS: AtomicU32 = AtomicU32::new(1);
        let whole = |bytes: u64| bytes.next_multiple_of(PAGE);
        let arena = Arena::overcommitted(whole(config.vram_bytes), whole(config.gtt_bytes), OVERCOMMIT)?;
        let resets = Resets::new(config.recovery, &arena);
        let faults: Arc<LastFault> = Arc::default();
        let executor = Arc::new(CommandProcessor::new(&config, Arc::clone(&faults))?);
        Ok(Arc::new(Self {
            arena,
            events: beside.map(|card| Arc::clone(&card.events)).unwrap_or_default(),
            serial: CARDS.fetch_add(1, Ordering::Relaxed),
            config,
            executor,
            rings: Mutex::default(),
            resets,
            faults,
            gang: Arc::default(),
            pstate: Mutex::default(),
            shares: beside.map(|card| Arc::clone(&card.shares)).unwrap_or_default(),
            files: Mutex::default(),
            names: Mutex::default(),
        }))
    }

    /// One of its files, among all cards' files; never 0.
    pub fn owner(&self, file: u32) -> u64 {
        u64::from(self.serial) << 32 | u64::from(file)
    }

    /// Whether memory is this card's own.
    pub fn owns(&self, storage: &Storage) -> bool {
        Arc::ptr_eq(storage.arena(), &self.arena)
    }

    /// How it was built.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Video memory that the CPU can map, in bytes.
    pub fn visible_vram(&self) -> u64 {
        let all = self.arena.usage(Heap::Vram).0;
        self.config.visible_vram_bytes.map_or(all, |visible| all.min(visible.next_multiple_of(PAGE)))
    }

    /// The part that it is.
    pub fn part(&self) -> &'static Part {
        self.config.arch.part()
    }

    /// The profiling power state (`CTX_STABLE_PSTATE_*`).
    pub fn pstate(&self) -> u32 {
        self.pstate.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Has a context set the power state; EBUSY while another one holds it. NONE gives it back.
    pub fn set_pstate(&self, state: u32, context: u64) -> Result<(), Errno> {
        let mut current = self.pstate.lock().unwrap_or_else(PoisonError::into_inner);
        if current.1.is_some_and(|holder| holder != context) {
            return Err(Errno::EBUSY);
        }
        *current = (state, (state != uapi::CTX_STABLE_PSTATE_NONE).then_some(context));
        Ok(())
    }

    /// A context is gone, and with it the power state that it held.
    pub fn release_pstate(&self, context: u64) {
        let mut current = self.pstate.lock().unwrap_or_else(PoisonError::into_inner);
        if current.1 == Some(context) {
            *current = (uapi::CTX_STABLE_PSTATE_NONE, None);
        }
    }

    /// Whether a ring executes something now.
    pub fn is_busy(&self) -> bool {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner).values().any(Ring::is_busy)
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a new file; its number. Who opens the primary node when nobody is master becomes it.
    pub fn opened(&self, node: NodeKind) -> u32 {
        let mut files = self.files();
        files.last += 1;
        let id = files.last;
        files.open.push(id);
        if node == NodeKind::Primary && files.master.is_none() {
            files.master = Some(id);
        }
        id
    }

    /// A file is gone.
    pub fn closed(&self, id: u32) {
        let mut files = self.files();
        files.open.retain(|&open| open != id);
        files.named.retain(|_, named| named.0 != id);
        if files.master == Some(id) {
            files.master = None;
        }
    }

    /// Has a descriptor's serial mean a file.
    pub fn name_file(&self, serial: u64, id: u32, contexts: &Arc<Contexts>) {
        self.files().named.insert(serial, (id, Arc::downgrade(contexts)));
    }

    /// The contexts of the file that a descriptor's serial means.
    pub fn contexts_of(&self, serial: u64) -> Option<Arc<Contexts>> {
        self.files().named.get(&serial)?.1.upgrade()
    }

    /// Whether a file of that number is open.
    pub fn is_file(&self, id: u32) -> bool {
        self.files().open.contains(&id)
    }

    /// Whether a file is the master.
    pub fn is_master(&self, id: u32) -> bool {
        self.files().master == Some(id)
    }

    /// Makes a file the master; EBUSY while another one is.
    pub fn set_master(&self, id: u32) -> Result<(), Errno> {
        let mut files = self.files();
        match files.master {
            Some(other) if other != id => Err(Errno::EBUSY),
            _ => {
                files.master = Some(id);
                Ok(())
            }
        }
    }

    /// Gives mastership up; EINVAL for who doesn't have it.
    pub fn drop_master(&self, id: u32) -> Result<(), Errno> {
        let mut files = self.files();
        if files.master != Some(id) {
            return Err(Errno::EINVAL);
        }
        files.master = None;
        Ok(())
    }

    /// A file got a handle of a buffer.
    pub fn handle_opened(&self, bo: &Arc<Bo>) {
        self.names().buffers.entry(Arc::as_ptr(bo).addr()).or_default().handles += 1;
    }

    /// A file closed one. With the last, the buffer's global name goes.
    pub fn handle_closed(&self, bo: &Arc<Bo>) {
        let mut names = self.names();
        let at = Arc::as_ptr(bo).addr();
        let Some(known) = names.buffers.get_mut(&at) else { return };
        known.handles -= 1;
        if known.handles == 0 {
            let name = known.name;
            names.buffers.remove(&at);
            let named = name.and_then(|name| names.by_name.remove(&name));
            drop(names);
            drop(named);
        }
    }

    /// A buffer's global name, given now where it has none.
    pub fn name(&self, bo: &Arc<Bo>) -> u32 {
        let mut names = self.names();
        let free = (1..).zip(names.by_name.keys()).find(|(want, have)| want != *have);
        let free = free.map_or(names.by_name.len() as u32 + 1, |p| p.0);
        let known = names.buffers.entry(Arc::as_ptr(bo).addr()).or_default();
        match known.name {
            Some(name) => name,
            None => {
                known.name = Some(free);
                names.by_name.insert(free, Arc::clone(bo));
                free
            }
        }
    }

    /// The buffer of a global name.
    pub fn named(&self, name: u32) -> Option<Arc<Bo>> {
        self.names().by_name.get(&name).cloned()
    }

    /// Starts rings that don't run yet: a ring starts with its first job.
    pub fn start(&self, wanted: impl IntoIterator<Item = (Engine, u32)>) -> Result<(), Errno> {
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        for which in wanted {
            if let Entry::Vacant(slot) = rings.entry(which) {
                let name = format!("soft-{:?}-{}", which.0, which.1).to_lowercase();
                let executor: Arc<dyn Execute> = Arc::clone(&self.executor) as _;
                let resets = Arc::clone(&self.resets);
                let ring = Ring::new(name, executor, &self.events, self.config.job_timeout, resets);
                slot.insert(ring.map_err(|_| Errno::ENOMEM)?);
            }
        }
        Ok(())
    }

    /// Queues jobs on their rings, which [`start`](Self::start) has seen, all at once.
    pub fn submit(&self, jobs: Vec<Job>) {
        {
            let rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
            for job in jobs {
                match rings.get(&job.ring) {
                    Some(ring) => ring.push(job),
                    None => job.fence.signal(Err(Errno::ECANCELED)),
                }
            }
        }
        self.events.notify();
    }

    /// Drops the work of a file, as the kernel does for a process that was killed.
    pub fn abandon(&self, file: u32) {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(|ring| ring.abandon(file));
        self.events.notify();
    }

    /// Where jobs note the faults that are let go, if they are.
    pub fn lenient(&self) -> Option<Arc<LastFault>> {
        (self.config.page_faults == PageFaults::Drop).then(|| Arc::clone(&self.faults))
    }

    /// Another gang of jobs.
    pub fn gang(&self) -> Arc<Gang> {
        Gang::new(&self.gang)
    }

    /// What its waves have done so far.
    pub fn work(&self) -> super::Work {
        self.executor.counters().work()
    }

    /// Resets so far.
    pub fn resets(&self) -> &Resets {
        &self.resets
    }

    /// The last page fault, as `INFO_GPUVM_FAULT` tells it.
    pub fn last_fault(&self) -> uapi::InfoGpuvmFault {
        let page = self.faults.page();
        let (addr, status) = (page.unwrap_or(0), u32::from(page.is_some()));
        uapi::InfoGpuvmFault { addr, status, vmhub: uapi::VMHUB_TYPE_GFX }
    }
}
