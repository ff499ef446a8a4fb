//! Checked runs: what hardware can't tell about a kernel.
//!
//! [`Group::run_observed`](crate::Group::run_observed) runs a group on the interpreter and shows every instruction to an
//! [`Observer`]: the registers before and after it, what it reads and writes, and which memory it touches. Three observers
//! stand here, and [`Inspector`] joins them:
//!
//! - [`Checker`] finds faults: registers and LDS read before anything was written there, registers used before their
//!   `s_waitcnt`, data races in LDS and global memory, hazards that gfx11 does not interlock, encoding rules, alignment
//!   and bounds.
//! - [`Profile`] counts: instructions by unit, memory traffic, bank conflicts, divergence, and executions per instruction
//!   as annotated disassembly.
//! - [`Tracer`] writes one line an instruction with the registers that changed.
//!
//! The ordinary loops know nothing of this; a checked run is about two orders of magnitude slower.
mod bits;
mod checker;
mod finding;
mod hazards;
mod profile;
mod races;
mod registers;
mod run;
mod shadow;
mod text;
mod trace;
mod uses;
mod waits;

pub use checker::{Checker, Config};
pub use finding::{Finding, Kind, KindSet, Severity, Site, Where};
pub use profile::{Line, Profile, Traffic};
pub(crate) use run::{Observed, Scene};
pub use trace::{Filter, Tracer};

pub use crate::Object;
pub use crate::mem::{Space, Touch};
use crate::{Memory, Trap};
use isa::analysis::Effects;
use isa::{Inst, WaveSize};

/// How a group begins.
#[derive(Clone, Copy, Debug)]
pub struct Begin {
    /// Position in the grid.
    pub workgroup: [u32; 3],
    /// Waves.
    pub waves: u32,
    /// Lanes of each.
    pub wave_size: WaveSize,
    /// SGPRs that the dispatcher set, from s0 on.
    pub sgprs: u32,
    /// VGPRs allocated to a wave.
    pub vgprs: u32,
    /// LDS bytes.
    pub lds_bytes: u32,
}

/// Registers of a wave.
#[derive(Clone, Copy)]
pub struct WaveView<'a> {
    /// Wave within the group.
    pub id: u32,
    /// Active lanes; wave32 has the lower half.
    pub exec: u64,
    /// SCC.
    pub scc: bool,
    /// MODE.
    pub mode: u32,
    /// Lanes.
    pub lanes: u32,
    pub(crate) s: &'a [u32; 128],
    pub(crate) v: &'a [u32],
}

impl WaveView<'_> {
    /// A scalar register by its operand code (0 to 105 SGPRs, 106 and 107 VCC, 125 M0, 126 and 127 EXEC); 0 where there is
    /// none.
    pub fn scalar(&self, code: usize) -> u32 {
        self.s.get(code).copied().unwrap_or(0)
    }

    /// One lane of a VGPR; 0 beyond the allocation.
    pub fn vgpr(&self, register: usize, lane: usize) -> u32 {
        self.v.get(register * self.lanes as usize + lane).copied().unwrap_or(0)
    }

    /// VGPRs allocated.
    pub fn vgprs(&self) -> usize {
        self.v.len() / self.lanes as usize
    }

    /// A lane mask in scalar registers: one in wave32, two in wave64.
    pub fn mask(&self, code: usize) -> u64 {
        let lo = self.scalar(code) as u64;
        if self.lanes == 64 { lo | (self.scalar(code + 1) as u64) << 32 } else { lo }
    }

    /// All lanes.
    pub fn all(&self) -> u64 {
        if self.lanes == 64 { !0 } else { 0xffff_ffff }
    }
}

/// An instruction about to run, or one that ran.
#[derive(Clone, Copy)]
pub struct Step<'a> {
    /// The group, by the number that [`Observer::begin`] gave.
    pub group: u32,
    /// Position in the grid.
    pub workgroup: [u32; 3],
    /// Address of the instruction.
    pub pc: u64,
    /// The instruction.
    pub inst: &'a Inst,
    /// Its registers and counters.
    pub effects: &'a Effects,
    /// The wave: before the instruction in [`Observer::before`], after it in [`Observer::after`].
    pub wave: WaveView<'a>,
}

impl Step<'_> {
    /// Lanes of a wave.
    pub fn wave_size(&self) -> WaveSize {
        if self.wave.lanes == 64 { WaveSize::W64 } else { WaveSize::W32 }
    }
}

/// What an instruction did beside its registers.
#[derive(Clone, Copy)]
pub struct Done<'a> {
    /// Memory accesses in the order they were made.
    pub touches: &'a [Touch],
    /// The group's LDS.
    pub lds: &'a [u8],
    /// Address of the next instruction.
    pub next: u64,
    /// It trapped: the last access may not have been made.
    pub trapped: bool,
}

/// Sees every instruction of a checked run.
///
/// Groups may be interleaved; `group` tells them apart. The methods do nothing unless they are implemented.
pub trait Observer {
    /// A group starts; the number names it from here on.
    fn begin(&mut self, begin: &Begin) -> u32;
    /// An instruction will run.
    fn before(&mut self, step: &Step<'_>) {
        let _ = step;
    }
    /// It ran, or trapped.
    fn after(&mut self, step: &Step<'_>, done: &Done<'_>, mem: &mut dyn Memory) {
        let _ = (step, done, mem);
    }
    /// All waves of the group that have not ended passed a barrier.
    fn barrier(&mut self, group: u32) {
        let _ = group;
    }
    /// The group ended, or stopped with a trap.
    fn end(&mut self, group: u32, trap: Option<&Trap>) {
        let _ = (group, trap);
    }
}

/// Checker, profile and trace of one run, each where it is asked for.
#[derive(Default)]
pub struct Inspector {
    /// Looks for faults.
    pub checker: Option<Checker>,
    /// Counts.
    pub profile: Option<Profile>,
    /// Writes the trace.
    pub tracer: Option<Tracer>,
    groups: u32,
}

impl Inspector {
    /// With the parts that are given.
    pub fn new(checker: Option<Checker>, profile: Option<Profile>, tracer: Option<Tracer>) -> Inspector {
        Inspector { checker, profile, tracer, groups: 0 }
    }

    /// A dispatch begins that waited for the one before: see [`Checker::next_dispatch`].
    pub fn next_dispatch(&mut self) {
        if let Some(c) = &mut self.checker {
            c.next_dispatch();
        }
    }

    fn parts(&mut self) -> impl Iterator<Item = &mut dyn Observer> {
        let a = self.checker.as_mut().map(|x| x as &mut dyn Observer);
        let b = self.profile.as_mut().map(|x| x as &mut dyn Observer);
        let c = self.tracer.as_mut().map(|x| x as &mut dyn Observer);
        a.into_iter().chain(b).chain(c)
    }
}

impl Observer for Inspector {
    fn begin(&mut self, begin: &Begin) -> u32 {
        // All parts count groups in the same order, so that one number serves them.
        let number = self.groups;
        self.groups += 1;
        for part in self.parts() {
            part.begin(begin);
        }
        number
    }

    fn before(&mut self, step: &Step<'_>) {
        for part in self.parts() {
            part.before(step);
        }
    }

    fn after(&mut self, step: &Step<'_>, done: &Done<'_>, mem: &mut dyn Memory) {
        for part in self.parts() {
            part.after(step, done, mem);
        }
    }

    fn barrier(&mut self, group: u32) {
        for part in self.parts() {
            part.barrier(group);
        }
    }

    fn end(&mut self, group: u32, trap: Option<&Trap>) {
        for part in self.parts() {
            part.end(group, trap);
        }
    }
}
