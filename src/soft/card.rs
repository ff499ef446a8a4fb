//! The card: memory, rings, clock, and what it remembers of faults.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::errno::Errno;

use super::arena::{Arena, PAGE};
use super::cp::CommandProcessor;
use super::fence::Events;
use super::inspect::Inspection;
use super::sched::{Engine, Execute, Job, Ring};
use super::trace::Trace;
use super::waves::Counters;
use crate::kmd::uapi;

/// How a software card is built.
#[derive(Debug, Clone)]
pub struct Config {
    /// Video memory in bytes; reserved, not touched, until it is used.
    pub vram_bytes: u64,
    /// Memory that the GART can reach, in bytes.
    pub gtt_bytes: u64,
    /// How long a job may run before it counts as hung.
    pub job_timeout: Duration,
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
    /// The default with [`strict`](Self::strict) on: for streams of one's own.
    pub fn strict() -> Self {
        Self { strict: true, ..Self::default() }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            vram_bytes: 24 << 30,
            gtt_bytes: 16 << 30,
            job_timeout: Duration::from_secs(60),
            check_hazards: true,
            strict: false,
            check_caches: false,
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
    /// Wakes whoever waits.
    pub events: Arc<Events>,
    config: Config,
    executor: Arc<CommandProcessor>,
    rings: Mutex<HashMap<(Engine, u32), Ring>>,
    resets: Arc<AtomicU32>,
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Card {
    /// Powers a card up.
    pub fn new(config: Config) -> io::Result<Arc<Self>> {
        let whole = |bytes: u64| bytes.next_multiple_of(PAGE);
        let arena = Arena::new(whole(config.vram_bytes), whole(config.gtt_bytes))?;
        let resets = Arc::new(AtomicU32::new(0));
        let executor = Arc::new(CommandProcessor::new(&config)?);
        Ok(Arc::new(Self { arena, events: Arc::default(), config, executor, rings: Mutex::default(), resets }))
    }

    /// Queues a job on its ring, which starts with its first job.
    pub fn submit(&self, job: Job) -> Result<(), Errno> {
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        let ring = match rings.entry(job.ring) {
            Entry::Occupied(ring) => ring.into_mut(),
            Entry::Vacant(slot) => {
                let name = format!("soft-{:?}-{}", job.ring.0, job.ring.1).to_lowercase();
                let executor: Arc<dyn Execute> = Arc::clone(&self.executor) as _;
                let resets = Arc::clone(&self.resets);
                let ring = Ring::new(name, executor, &self.events, self.config.job_timeout, resets);
                slot.insert(ring.map_err(|_| Errno::ENOMEM)?)
            }
        };
        ring.push(job);
        Ok(())
    }

    /// What its waves have done so far.
    pub fn work(&self) -> super::Work {
        self.executor.counters().work()
    }

    /// How often a ring was reset.
    pub fn resets(&self) -> u32 {
        self.resets.load(Ordering::Acquire)
    }

    /// The last page fault, as `INFO_GPUVM_FAULT` tells it.
    pub fn last_fault(&self) -> uapi::InfoGpuvmFault {
        let addr = self.executor.last_fault_va();
        uapi::InfoGpuvmFault { addr, status: u32::from(addr != 0), vmhub: uapi::VMHUB_TYPE_GFX }
    }
}
