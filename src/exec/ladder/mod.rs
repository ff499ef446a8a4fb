//! Bring-up in steps: what has to work before a convolution can, one rung after the other.
//!
//! [`Ladder::climb`] takes a node and climbs from its first ioctl to a convolution. Each rung poisons memory with a pattern,
//! submits work, waits for its fence with the answer checked, and compares all of that memory with what it should be: the
//! dwords to be written, and their neighbours, which stay as they are. So neither a fence that signals although nothing
//! ran nor what an earlier run left passes for success. The first rung that fails says what was seen, and its likely
//! causes; what is above it is not tried.
//!
//! ```
//! use std::sync::Arc;
//! use sparkle_pm4::ladder::{Ladder, Rung};
//! use sparkle_pm4::soft::{Config, SoftNode};
//! use sparkle_pm4::Engine;
//!
//! let climb = Ladder::new(Engine::Emu).climb(Arc::new(SoftNode::new(Config::strict())?));
//! assert!(climb.failure().is_none());
//! assert_eq!(climb.rungs().len(), Rung::ALL.len());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The lower rungs are packets alone, submitted through [`Submission`](crate::kmd::Submission); only the last one goes
//! through queues and buffers. Every rung does its work twice in system memory and twice in video memory that the CPU can map,
//! the second time with other values at the same addresses, so that what a cache kept is seen.

mod causes;
mod compare;
mod job;
mod rungs;
mod select;
mod site;

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::device::Engine;
use crate::error::Error;
use crate::kmd::{self, Errno, KmdError, Node, Placement, ResetState, Ring};

pub use causes::Cause;
pub use select::find;

use site::{Site, Stop};

/// A step of the bring-up, from the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rung {
    /// The driver answers; memory can be allocated and mapped on both sides; there is a context.
    Node,
    /// An indirect buffer of NOPs.
    Nop,
    /// The command processor writes memory.
    WriteData,
    /// An end-of-pipe event writes memory.
    ReleaseMem,
    /// The command processor copies and fills memory.
    DmaData,
    /// A wave that only ends.
    Endpgm,
    /// Waves that load and store.
    Store,
    /// Waves that exchange values through LDS.
    Lds,
    /// Atomic operations on memory.
    Atomics,
    /// Scratch memory.
    Scratch,
    /// A convolution through this library's queues.
    Conv2d,
}

impl Rung {
    /// Every rung, from the lowest.
    pub const ALL: [Self; 11] = [
        Self::Node,
        Self::Nop,
        Self::WriteData,
        Self::ReleaseMem,
        Self::DmaData,
        Self::Endpgm,
        Self::Store,
        Self::Lds,
        Self::Atomics,
        Self::Scratch,
        Self::Conv2d,
    ];

    /// Its name for people.
    pub fn name(self) -> &'static str {
        rungs::row(self).name
    }

    /// Its name for scripts; it stays the same.
    pub fn slug(self) -> &'static str {
        rungs::row(self).slug
    }

    /// What is known once it holds.
    pub fn proves(self) -> &'static str {
        rungs::row(self).proves
    }

    /// What it can't tell although one might think so.
    pub fn leaves_open(self) -> &'static str {
        rungs::row(self).leaves_open
    }

    /// What may be the reason where it fails like this, the likeliest first.
    pub fn causes(self, sign: Sign) -> impl Iterator<Item = &'static Cause> {
        rungs::causes(self, sign)
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a rung failed, as far as it can be told from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sign {
    /// A request failed, or the work could not be set up; [`Fall::errno`] has the kernel's answer.
    Refused,
    /// The fence did not signal by the deadline, and the context is not known to be lost.
    TimedOut,
    /// The kernel, or the software device, stopped the work because it did not end.
    Hung,
    /// The work was stopped for an access or an instruction that cannot be.
    Faulted,
    /// A reset that other work caused took this work along.
    Cancelled,
    /// The fence signalled, and the ring wrote no sequence number.
    NoSequence,
    /// Nothing of what should be written was.
    Untouched,
    /// A part of it was written, and the rest holds the poison.
    Partial,
    /// Memory holds what the run before should have left, or what follows from its inputs.
    Stale,
    /// Zeros where values belong.
    Zero,
    /// The right values at a wrong place.
    Shifted,
    /// The right values with their bytes in reverse.
    Swapped,
    /// All that should be written is right, and something beside it was written, too.
    Neighbour,
    /// Values that look like nothing in particular.
    Wrong,
}

impl Sign {
    /// A name that stays the same, for scripts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::TimedOut => "timed-out",
            Self::Hung => "hung",
            Self::Faulted => "faulted",
            Self::Cancelled => "cancelled",
            Self::NoSequence => "no-sequence",
            Self::Untouched => "untouched",
            Self::Partial => "partial",
            Self::Stale => "stale",
            Self::Zero => "zero",
            Self::Shifted => "shifted",
            Self::Swapped => "swapped",
            Self::Neighbour => "neighbour",
            Self::Wrong => "wrong",
        }
    }

    /// What it says, in words that follow a rung's name.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Refused => "could not be done",
            Self::TimedOut => "did not end in time",
            Self::Hung => "hung",
            Self::Faulted => "was stopped by a fault",
            Self::Cancelled => "was cancelled by a reset that other work caused",
            Self::NoSequence => "ended without the ring's own write",
            Self::Untouched => "ended, and nothing was written",
            Self::Partial => "ended, and only a part was written",
            Self::Stale => "ended with values of the run before",
            Self::Zero => "ended with zeros",
            Self::Shifted => "wrote the right values to the wrong place",
            Self::Swapped => "wrote values with their bytes in reverse",
            Self::Neighbour => "wrote more than it should",
            Self::Wrong => "ended with wrong values",
        }
    }
}

/// The first dword that is not what it should be, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Which memory: its name in the messages.
    pub area: &'static str,
    /// Where that lies.
    pub placement: Placement,
    /// Which run in that memory, from 1.
    pub run: u32,
    /// The dword, from the area's start.
    pub dword: usize,
    /// Its GPU address; 0 where the area was never mapped for the GPU.
    pub va: u64,
    /// What it should hold.
    pub expected: u32,
    /// What it holds.
    pub got: u32,
    /// Dwords that should have been written and hold something else.
    pub wrong: usize,
    /// Dwords that should have been written.
    pub written: usize,
    /// Dwords that should have stayed and have not.
    pub strayed: usize,
}

/// A rung that failed: what was seen, and what may be behind it.
#[derive(Debug)]
pub struct Fall {
    /// How.
    pub sign: Sign,
    /// What was seen, a sentence each.
    pub evidence: Vec<String>,
    /// What may be the reason, the likeliest first. Never empty.
    pub causes: Vec<&'static Cause>,
    /// The error behind it, where there is one.
    pub error: Option<Error>,
    /// The dword that gave it away.
    pub mismatch: Option<Mismatch>,
    /// What the kernel says of resets of the context; `None` where there is no context or the kernel doesn't answer.
    pub reset: Option<ResetState>,
    /// Address and status of a page fault that the kernel noted since the ladder began (DRM 3.55).
    pub page_fault: Option<(u64, u32)>,
}

impl Fall {
    /// The kernel's answer, where a request failed or a fence carried an error.
    pub fn errno(&self) -> Option<Errno> {
        match &self.error {
            Some(Error::Kmd(KmdError::Ioctl { errno, .. } | KmdError::PermissionDenied { errno, .. })) => Some(*errno),
            Some(Error::Kmd(KmdError::ContextLost(lost))) => lost.errno,
            Some(Error::Kmd(KmdError::OutOfMemory { .. })) => Some(Errno::ENOMEM),
            Some(Error::Kmd(KmdError::Map { source, .. })) => source.raw_os_error().map(Errno::from_raw),
            _ => None,
        }
    }

    /// What is likeliest.
    pub fn cause(&self) -> &'static Cause {
        self.causes.first().copied().unwrap_or(&causes::UNKNOWN)
    }
}

/// What became of a rung.
#[derive(Debug)]
pub enum Outcome {
    /// It holds. What was seen, where that is worth a word.
    Held(Vec<String>),
    /// It failed.
    Failed(Box<Fall>),
    /// A lower one failed, or the climb was stopped.
    NotRun,
}

/// A rung, and what became of it.
#[derive(Debug)]
pub struct RungReport {
    /// The rung.
    pub rung: Rung,
    /// What became of it.
    pub outcome: Outcome,
    /// How long it took on the host, all its runs together; zero where it was not run.
    pub duration: Duration,
}

/// The card, as far as it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// For people.
    pub name: String,
    /// Its instruction set.
    pub gfx_target: String,
    /// DRM version of the driver.
    pub drm_version: String,
    /// The ring that was used; `None` where there is none.
    pub ring: Option<Ring>,
}

/// How far a climb got.
#[derive(Debug)]
pub struct Climb {
    card: Option<Card>,
    rungs: Vec<RungReport>,
}

impl Climb {
    /// The card; `None` where not even that was answered.
    pub fn card(&self) -> Option<&Card> {
        self.card.as_ref()
    }

    /// Every rung, from the lowest.
    pub fn rungs(&self) -> &[RungReport] {
        &self.rungs
    }

    /// The rung that failed, and how.
    pub fn failure(&self) -> Option<(Rung, &Fall)> {
        self.rungs.iter().find_map(|report| match &report.outcome {
            Outcome::Failed(fall) => Some((report.rung, &**fall)),
            _ => None,
        })
    }

    /// Whether every rung held.
    pub fn reached_top(&self) -> bool {
        self.rungs.iter().all(|report| matches!(report.outcome, Outcome::Held(_)))
    }
}

/// How to climb.
#[derive(Debug, Clone)]
pub struct Ladder {
    engine: Engine,
    timeout: Duration,
    ring: Option<u32>,
}

impl Ladder {
    /// With compute ring 0, or the graphics ring where there is no compute ring, and ten seconds for each wait. `engine` is
    /// what stands behind the node: the label of its figures.
    pub fn new(engine: Engine) -> Self {
        Self { engine, timeout: Duration::from_secs(10), ring: None }
    }

    /// How long each wait for a fence may take.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// On that compute ring.
    #[must_use]
    pub fn ring(self, index: u32) -> Self {
        Self { ring: Some(index), ..self }
    }

    /// Climbs until a rung fails.
    pub fn climb(&self, node: Arc<dyn Node>) -> Climb {
        self.climb_while(node, |_| ControlFlow::Continue(()))
    }

    /// Climbs until a rung fails; `before` hears of each rung before it is tried, and may end the climb.
    pub fn climb_while(&self, node: Arc<dyn Node>, mut before: impl FnMut(Rung) -> ControlFlow<()>) -> Climb {
        let mut climb = Climb { card: None, rungs: Vec::new() };
        let mut site = None;
        let mut stopped = false;
        for rung in Rung::ALL {
            stopped = stopped || before(rung).is_break();
            if stopped {
                climb.rungs.push(RungReport { rung, outcome: Outcome::NotRun, duration: Duration::ZERO });
                continue;
            }
            let start = Instant::now();
            let outcome = match (rung, &site) {
                (Rung::Node, _) => match self.settle(&node, &mut climb.card) {
                    Ok(settled) => {
                        let seen = settled.notes.clone();
                        site = Some(settled);
                        Outcome::Held(seen)
                    }
                    Err(stop) => Outcome::Failed(Box::new(stop.fall(Rung::Node, None))),
                },
                (_, Some(site)) => match rungs::run(rung, site) {
                    Ok(seen) => Outcome::Held(seen),
                    Err(stop) => Outcome::Failed(Box::new(stop.fall(rung, Some(site)))),
                },
                (_, None) => Outcome::NotRun,
            };
            stopped = matches!(outcome, Outcome::Failed(_));
            climb.rungs.push(RungReport { rung, outcome, duration: start.elapsed() });
        }
        climb
    }

    /// The lowest rung: everything that the others stand on.
    fn settle(&self, node: &Arc<dyn Node>, card: &mut Option<Card>) -> Result<Site, Stop> {
        let kmd = kmd::Device::open(Arc::clone(node))?;
        let info = kmd.info();
        let name = match self.engine {
            Engine::Emu => format!("software {} ({})", info.chip, info.gfx_target),
            _ => format!("{} ({})", info.marketing_name, info.gfx_target),
        };
        let version = kmd.version();
        let ring = Site::choose_ring(&kmd, self.ring);
        *card = Some(Card {
            name,
            gfx_target: info.gfx_target.clone(),
            drm_version: format!("{}.{}.{}", version.major, version.minor, version.patch),
            ring: ring.as_ref().ok().copied(),
        });
        Site::new(kmd, self.engine, ring?, self.timeout)
    }
}
