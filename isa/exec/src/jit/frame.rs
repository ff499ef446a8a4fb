//! What generated code and the interpreter share while a wave runs: the frame, and the functions that code calls.
#![allow(unsafe_code)]
use super::site::Site;
use crate::mem::{LaneTrap, Lds, Port};
use crate::program::Code;
use crate::salu::Next;
use crate::wave::{State, Wave};
use crate::{Access, Memory, TrapKind, Window, group};
use std::any::Any;
use std::ffi::c_void;
use std::mem::{MaybeUninit, offset_of};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why generated code came back.
pub(super) const LINK: u64 = 1;
/// The wave's pc says where to go on.
pub(super) const DISPATCH: u64 = 2;
/// The budget does not cover the next block.
pub(super) const YIELD: u64 = 3;
pub(super) const TRAP: u64 = 4;
/// A barrier or the end.
pub(super) const STOPPED: u64 = 5;

/// Reached from generated code by offsets.
#[repr(C, align(32))]
pub(super) struct Frame<'a> {
    /// Instructions left, stored when generated code returns.
    pub budget: i64,
    /// Slot through which a block wanted to leave.
    pub slot: *mut Slot,
    /// Where generated code jumps to return.
    pub epilogue: *const u8,
    pub lds: *mut u8,
    pub lds_bytes: u64,
    pub sites: *mut Site,
    pub step: StepFn,
    pub branch: StepFn,
    pub access: AccessFn,
    pub wave: *mut c_void,
    pub codes: &'a [Code],
    pub mem: &'a mut dyn Memory,
    pub store: *mut Lds,
    pub windows: &'a mut Vec<(Access, Window)>,
    pub trap: Option<LaneTrap>,
    /// What a function that generated code called panicked with: it may not unwind through that code.
    pub panic: Option<Box<dyn Any + Send>>,
    /// What a memory instruction's parts loaded, or are to store: up to four registers of eight parts.
    pub stage: MaybeUninit<[[u32; 8]; 32]>,
}

pub(super) type StepFn = extern "sysv64" fn(*mut Frame<'_>, u32, u64) -> u64;
pub(super) type AccessFn = extern "sysv64" fn(*mut Frame<'_>, u32, u64, u32) -> u64;

pub(super) const F_BUDGET: i32 = offset_of!(Frame<'static>, budget) as i32;
pub(super) const F_SLOT: i32 = offset_of!(Frame<'static>, slot) as i32;
pub(super) const F_EPILOGUE: i32 = offset_of!(Frame<'static>, epilogue) as i32;
pub(super) const F_LDS: i32 = offset_of!(Frame<'static>, lds) as i32;
pub(super) const F_LDS_BYTES: i32 = offset_of!(Frame<'static>, lds_bytes) as i32;
pub(super) const F_SITES: i32 = offset_of!(Frame<'static>, sites) as i32;
pub(super) const F_STEP: i32 = offset_of!(Frame<'static>, step) as i32;
pub(super) const F_BRANCH: i32 = offset_of!(Frame<'static>, branch) as i32;
pub(super) const F_STAGE: i32 = offset_of!(Frame<'static>, stage) as i32;
pub(super) const F_ACCESS: i32 = offset_of!(Frame<'static>, access) as i32;

/// A way out of a block: where it goes, and once linked the code there.
#[repr(C)]
pub(super) struct Slot {
    /// Code to jump to; the common link exit at first.
    pub target: *const u8,
    pub pc: u64,
    /// EXEC is known to be full.
    pub full: bool,
}

/// Runs one instruction in the interpreter. 0 to go on with the next one, otherwise how the block ends.
pub(super) extern "sysv64" fn step<const L: usize>(frame: *mut Frame<'_>, code: u32, pc: u64) -> u64 {
    // SAFETY: generated code passes the frame that `enter` gave it, which lives until that returns, and nothing else
    // refers to the frame meanwhile.
    let f = unsafe { &mut *frame };
    finish::<L>(f, code, pc, 0)
}

/// The same for an instruction that ends a block in any case: the next instruction's address is in the wave.
pub(super) extern "sysv64" fn branch<const L: usize>(frame: *mut Frame<'_>, code: u32, pc: u64) -> u64 {
    // SAFETY: as in `step`.
    let f = unsafe { &mut *frame };
    finish::<L>(f, code, pc, DISPATCH)
}

fn finish<const L: usize>(f: &mut Frame<'_>, code: u32, pc: u64, fall: u64) -> u64 {
    match run::<L>(f, code, pc) {
        Ok(next) => {
            // SAFETY: `wave` is the wave that `enter` got exclusively.
            let w = unsafe { &mut *f.wave.cast::<Wave<L>>() };
            let (to, how) = match next {
                Next::Fall => (pc + 4 * f.codes[code as usize].inst.len_dw as u64, fall),
                Next::Jump(to) => (to, DISPATCH),
                Next::Again => (pc, YIELD),
            };
            w.pc = to;
            if w.state == State::Running { how } else { STOPPED }
        }
        Err(t) => {
            f.trap = Some(t);
            TRAP
        }
    }
}

/// The same for a memory instruction that missed its window: looks for one that the next time hits.
pub(super) extern "sysv64" fn access<const L: usize>(frame: *mut Frame<'_>, code: u32, pc: u64, site: u32) -> u64 {
    // SAFETY: as in `step`.
    let f = unsafe { &mut *frame };
    // SAFETY: `wave` is the wave that `enter` got exclusively.
    let w = unsafe { &*f.wave.cast::<Wave<L>>() };
    let wanted = super::site::address(w, &f.codes[code as usize]);
    // SAFETY: `sites` is the cache's table, and the block's site numbers were handed out by it.
    let site = unsafe { &mut *f.sites.add(site as usize) };
    match run::<L>(f, code, pc) {
        Ok(_) => {
            if let Some((va, access)) = wanted {
                site.refill(va, access, f.mem, f.windows);
            }
            0
        }
        Err(t) => {
            f.trap = Some(t);
            TRAP
        }
    }
}

fn run<const L: usize>(f: &mut Frame<'_>, code: u32, pc: u64) -> Result<Next, LaneTrap> {
    // SAFETY: `wave` is the wave that `enter` got exclusively; generated code does not touch it while this runs.
    let w = unsafe { &mut *f.wave.cast::<Wave<L>>() };
    // SAFETY: `store` is the group's LDS, borrowed exclusively for the run of generated code, which does not touch it
    // while this runs.
    let lds = unsafe { &mut *f.store };
    let mut port = Port { mem: f.mem, lds, watch: None };
    let c = &f.codes[code as usize];
    let r = catch_unwind(AssertUnwindSafe(|| group::execute(w, c, pc, &mut port))).unwrap_or_else(|panic| {
        f.panic = Some(panic);
        Err((TrapKind::Killed, None))
    });
    if r.is_err() {
        w.pc = pc;
    }
    r
}
