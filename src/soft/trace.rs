//! What a job executed, as waves and memory see it.
//!
//! Two streams that give equal events do the same work: what no wave can see (priorities, prefetch, CU masks, limits on
//! waves, registers beyond what is needed) is not part of an event.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use isa::WaveSize;

/// A dispatch as its waves see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchEvent {
    /// Address of the first instruction.
    pub entry: u64,
    /// Lanes of a wave.
    pub wave_size: WaveSize,
    /// Threads of a workgroup in x, y and z.
    pub block: [u32; 3],
    /// Threads of the last workgroup on each axis; the block's where it is a full one.
    pub partial: [u32; 3],
    /// The first workgroup.
    pub start: [u32; 3],
    /// The workgroup behind the last one, on each axis.
    pub end: [u32; 3],
    /// The user SGPRs, from s0 on.
    pub sgprs: Vec<u32>,
    /// Which workgroup ids follow them.
    pub tgid: [bool; 3],
    /// Whether the number of waves follows those.
    pub tg_size: bool,
    /// Work-item ids in v0: 0 for x, 1 for x and y, 2 for all.
    pub tidig_comp_cnt: u8,
    /// Rounding and denormal modes, the low byte of MODE.
    pub float_mode: u8,
    /// CLAMP turns NaN into 0.
    pub dx10_clamp: bool,
    /// Signalling NaNs are quieted.
    pub ieee: bool,
    /// 16-bit results clamp to the largest number instead of overflowing.
    pub fp16_ovfl: bool,
    /// Whether there is scratch memory.
    pub scratch: bool,
}

/// One thing that a job did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Workgroups ran. A dispatch without workgroups leaves no event.
    Dispatch(Arc<DispatchEvent>),
    /// The command processor wrote these bytes.
    Write {
        /// Where to.
        va: u64,
        /// What.
        bytes: Arc<[u8]>,
    },
    /// The command processor wrote a time stamp, whose value is not kept.
    Timestamp {
        /// Where to.
        va: u64,
        /// How many bytes.
        len: u64,
    },
    /// The command processor filled memory.
    Fill {
        /// Where to.
        va: u64,
        /// The dword.
        value: u32,
        /// How many bytes.
        len: u64,
    },
    /// A draw, which does nothing here.
    Draw {
        /// The packet's name.
        packet: &'static str,
    },
    /// The command processor copied memory.
    Copy {
        /// Where from.
        src: u64,
        /// Where to.
        dst: u64,
        /// How many bytes.
        len: u64,
    },
    /// The stream went on when memory compared.
    Wait {
        /// Where.
        va: u64,
        /// How many bytes: 4 or 8.
        len: u64,
        /// `FUNCTION` of the packet.
        function: u32,
        /// The right side.
        reference: u64,
        /// Applied to what was read.
        mask: u64,
    },
    /// A job ended: with its commands executed, or for this reason.
    Ended(Result<(), Arc<str>>),
}

/// The events of all jobs of a card, in the order in which they happened. Give it to the card by
/// [`Config::trace`](super::Config::trace).
#[derive(Default)]
pub struct Trace(Mutex<Vec<Event>>);

impl Trace {
    /// An empty one.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The events so far.
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The events so far, which are forgotten.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn push(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Trace").field("events", &count).finish()
    }
}
