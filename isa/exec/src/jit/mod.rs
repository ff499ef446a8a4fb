//! The translator: RDNA3 code to host code, block by block.
//!
//! A block is straight-line code. Generated code works on the interpreter's own [`Wave`]; what is not lowered to host
//! instructions calls the interpreter for that one instruction, so that both engines have one meaning. Blocks exist once
//! for each MODE they meet, and in two variants: EXEC known to be full, or lane masks in k1 to k4. They leave through
//! slots, which are linked to the successor once that is translated.
//!
//! | host register | holds |
//! |---|---|
//! | rbx | the wave, plus [`BIAS_S`] |
//! | r12 | its VGPRs, plus [`BIAS_V`] |
//! | r13 | the [`Frame`](frame::Frame) |
//! | r14 | windows of the memory instructions |
//! | r15 | instructions left |
//! | rbp | LDS |
//! | k1 to k4 | EXEC of sixteen lanes each, in blocks where it may be partial (AVX-512) |
//!
//! Vector instructions are AVX-512 (F, VL, DQ, BW) on sixteen lanes at a time, or AVX2 and FMA on eight; [`simd`] has the
//! forms that they have in common.
#![allow(unsafe_code)]
mod access;
mod asm;
mod compute;
mod dpp;
mod emit;
mod frame;
mod masks;
mod memory;
mod pages;
mod rows;
mod scalar;
mod scan;
mod simd;
mod site;
mod tables;
mod uses;
mod vector;
mod wide;

use crate::fast::Level;
use crate::mem::{LaneTrap, Port};
use crate::program::{Engine, HostCode, Program};
use crate::salu::Next;
use crate::wave::{EXEC, State, Wave};
use crate::{Access, Memory, Window, group};
use asm::{Asm, O, mem};
use frame::{Frame, Slot};
use iced_x86::{Code as X, Register as R};
use pages::Pages;
use simd::Simd;
use site::Site;
use std::collections::HashMap;
use std::mem::offset_of;

/// Times a block is interpreted before it is translated.
const WARM: u32 = 12;
/// Instructions interpreted before the dispatcher looks again.
const STRIDE: u32 = 64;
/// Memory instructions of one cache at most.
const SITES: usize = 1 << 20;
/// What generated code knows of MODE: rounding, denormals, DX10_CLAMP. The rest is the interpreter's, which looks itself.
const MODE: u32 = 0x1ff;

/// rbx points that far into the wave: its scalar registers are reached with short displacements.
const BIAS_S: i32 = 128;
/// r12 points that far into the VGPRs, for the same reason.
const BIAS_V: i32 = 8192;

const SCC: i32 = offset_of!(Wave<32>, scc) as i32 - BIAS_S;
const PC: i32 = offset_of!(Wave<32>, pc) as i32 - BIAS_S;
const STATE: i32 = offset_of!(Wave<32>, state) as i32 - BIAS_S;
const _: () = assert!(offset_of!(Wave<32>, state) == offset_of!(Wave<64>, state));
const SCRATCH: i32 = offset_of!(Wave<32>, scratch) as i32 - BIAS_S;
const SCRATCH_BYTES: i32 = offset_of!(Wave<32>, scratch_lane_bytes) as i32 - BIAS_S;
const _: () = assert!(offset_of!(Wave<32>, scratch_lane_bytes) == offset_of!(Wave<64>, scratch_lane_bytes));
const _: () = assert!(offset_of!(Wave<32>, s) == 0 && offset_of!(Wave<64>, s) == 0);
const _: () = assert!(offset_of!(Wave<32>, scc) == offset_of!(Wave<64>, scc));
const _: () = assert!(offset_of!(Wave<32>, pc) == offset_of!(Wave<64>, pc));
const _: () = assert!(offset_of!(Wave<32>, scratch) == offset_of!(Wave<64>, scratch));

/// What a block was translated for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    pc: u64,
    mode: u32,
    full: bool,
}

/// Slots of a cache: stable addresses that generated code holds.
#[derive(Default)]
struct Slots {
    ways: Vec<*mut [Slot]>,
    /// Those of indirect jumps, by MODE and whether EXEC is full.
    tables: HashMap<(u32, bool), *mut Slot>,
}

/// Slots of indirect jumps in a table, found by their address.
const TABLE: usize = 64;
const SLOT_PC: i32 = offset_of!(Slot, pc) as i32;
const _: () = assert!(size_of::<Slot>() == 24 && offset_of!(Slot, target) == 0);

impl Slots {
    fn add(&mut self, slot: Slot) -> *mut Slot {
        self.keep(Box::new([slot]))
    }

    fn keep(&mut self, slots: Box<[Slot]>) -> *mut Slot {
        let p = Box::into_raw(slots);
        self.ways.push(p);
        p.cast()
    }

    /// The first slot of the table for indirect jumps of blocks of this MODE.
    fn table(&mut self, mode: u32, full: bool, link: *const u8) -> *mut Slot {
        if let Some(&t) = self.tables.get(&(mode, full)) {
            return t;
        }
        // No address is this one.
        let t = self.keep((0..TABLE).map(|_| Slot { target: link, pc: !0, full }).collect());
        self.tables.insert((mode, full), t);
        t
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        for &p in &self.ways {
            // SAFETY: `keep` made it from a box; generated code that holds its address is dropped with the same cache.
            drop(unsafe { Box::from_raw(p) });
        }
    }
}

/// Translated code of one program.
pub(crate) struct Cache {
    /// VGPRs of a wave that the code was translated for.
    vgprs: usize,
    simd: Simd,
    pages: Pages,
    blocks: HashMap<Key, *const u8>,
    /// Last blocks found, by pc.
    recent: [(Key, *const u8); 64],
    heat: HashMap<u64, u32>,
    slots: Slots,
    sites: Vec<Site>,
    windows: Vec<(Access, Window)>,
    epoch: Option<u64>,
    enter: *const u8,
    epilogue: *const u8,
    link: *const u8,
}

// SAFETY: everything a cache points to is its own (pages, slots) or host memory of windows, which are `Send` by their own
// contract; one thread uses it at a time, as it sits in a `Program` used by `&mut`.
unsafe impl Send for Cache {}
// SAFETY: nothing is reached through a shared reference.
unsafe impl Sync for Cache {}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("blocks", &self.blocks.len()).finish_non_exhaustive()
    }
}

/// Holds a cache, or nothing yet. A copy of a program starts with nothing.
#[derive(Debug, Default)]
pub(crate) struct Holder(Option<Box<Cache>>);

impl Clone for Holder {
    fn clone(&self) -> Self {
        Holder(None)
    }
}

impl Holder {
    /// Blocks translated, and refused by the encoder.
    pub(crate) fn count(&self) -> (usize, usize) {
        let Some(c) = &self.0 else { return (0, 0) };
        let refused = c.blocks.values().filter(|p| p.is_null()).count();
        (c.blocks.len() - refused, refused)
    }

    /// Forgets all translated code.
    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }
}

/// What translated code may use on a host of this level; None where everything is interpreted.
fn simd(level: Level, asked: Option<HostCode>) -> Option<Simd> {
    if !is_x86_feature_detected!("bmi1") || !is_x86_feature_detected!("bmi2") || !is_x86_feature_detected!("popcnt") {
        return None;
    }
    match (level, asked) {
        (Level::Portable, _) | (Level::Avx2, Some(HostCode::Avx512)) => None,
        (Level::Avx2, _) | (Level::Avx512, Some(HostCode::Avx2)) => Some(Simd::Avx2),
        (Level::Avx512, _) => Some(Simd::Avx512),
    }
}

/// Can this host run such code.
pub(crate) fn able(level: Level, code: HostCode) -> bool {
    simd(level, Some(code)).is_some()
}

/// Takes the program's cache for a run, where the engine is to translate.
pub(crate) fn begin(program: &mut Program, level: Level, vgprs: usize, mem: &dyn Memory) -> Option<Box<Cache>> {
    if program.engine() == Engine::Interpreter {
        return None;
    }
    let simd = simd(level, program.host_code())?;
    let cache = match program.jit.0.take() {
        Some(c) if c.vgprs == vgprs && c.simd == simd => Some(c),
        _ => Cache::new(vgprs, simd),
    };
    let mut cache = cache?;
    let epoch = mem.windows_epoch();
    if epoch.is_none() || epoch != cache.epoch {
        cache.windows.clear();
        cache.sites.fill(Site::default());
        cache.epoch = epoch;
    }
    Some(cache)
}

/// Gives it back.
pub(crate) fn end(program: &mut Program, cache: Option<Box<Cache>>) {
    if cache.is_some() {
        program.jit.0 = cache;
    }
}

type Enter = unsafe extern "sysv64" fn(*mut Frame<'_>, *mut u8, *mut u8, *const u8) -> u64;

impl Cache {
    fn new(vgprs: usize, simd: Simd) -> Option<Box<Cache>> {
        let mut pages = Pages::default();
        // enter(frame, wave + BIAS_S, vgprs + BIAS_V, code)
        let mut a = Asm::new(simd);
        let saved = [R::RBX, R::RBP, R::R12, R::R13, R::R14, R::R15];
        for r in saved {
            a.e(X::Push_r64, &[r.into()]);
        }
        a.e(X::Sub_rm64_imm32, &[R::RSP.into(), O::I32x(8)]);
        a.e(X::Mov_r64_rm64, &[R::R13.into(), R::RDI.into()]);
        a.e(X::Mov_r64_rm64, &[R::RBX.into(), R::RSI.into()]);
        a.e(X::Mov_r64_rm64, &[R::R12.into(), R::RDX.into()]);
        a.e(X::Mov_r64_rm64, &[R::R14.into(), mem(R::R13, frame::F_SITES).into()]);
        a.e(X::Mov_r64_rm64, &[R::R15.into(), mem(R::R13, frame::F_BUDGET).into()]);
        a.e(X::Mov_r64_rm64, &[R::RBP.into(), mem(R::R13, frame::F_LDS).into()]);
        a.e(X::Jmp_rm64, &[R::RCX.into()]);
        let link = a.len();
        a.e(X::Mov_rm64_r64, &[mem(R::R13, frame::F_SLOT).into(), R::RAX.into()]);
        a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(frame::LINK as i32)]);
        let epilogue = a.len();
        a.e(X::Mov_rm64_r64, &[mem(R::R13, frame::F_BUDGET).into(), R::R15.into()]);
        a.e(X::Add_rm64_imm32, &[R::RSP.into(), O::I32x(8)]);
        for r in saved.into_iter().rev() {
            a.e(X::Pop_r64, &[r.into()]);
        }
        a.e(X::VEX_Vzeroupper, &[]);
        a.e(X::Retnq, &[]);
        let enter = pages.add(&a.finish()?)?;
        Some(Box::new(Cache {
            vgprs,
            simd,
            pages,
            blocks: HashMap::new(),
            recent: [(Key { pc: !0, mode: 0, full: false }, std::ptr::null()); 64],
            heat: HashMap::new(),
            slots: Slots::default(),
            sites: Vec::new(),
            windows: Vec::new(),
            epoch: None,
            enter,
            // SAFETY: both are offsets into the bytes just added.
            epilogue: unsafe { enter.add(epilogue) },
            // SAFETY: as above.
            link: unsafe { enter.add(link) },
        }))
    }

    /// Code for a block, translated now if it is new and hot; None to interpret.
    fn find<const L: usize>(
        &mut self,
        key: Key,
        program: &mut Program,
        mem: &mut dyn Memory,
    ) -> Result<Option<*const u8>, LaneTrap> {
        if !self.pages.are_whole() {
            return Ok(None);
        }
        let recent = &mut self.recent[(key.pc >> 2 & 63) as usize];
        if recent.0 == key && !recent.1.is_null() {
            return Ok(Some(recent.1));
        }
        if let Some(&p) = self.blocks.get(&key) {
            // Where the encoder refused something the block stays with the interpreter.
            if p.is_null() {
                return Ok(None);
            }
            *recent = (key, p);
            return Ok(Some(p));
        }
        if !self.pages.have_room() || self.sites.len() >= SITES {
            return Ok(None);
        }
        if program.engine() == Engine::Auto {
            let heat = self.heat.entry(key.pc).or_insert(0);
            *heat += 1;
            if *heat <= WARM {
                return Ok(None);
            }
        }
        let list = scan::block::<L>(key.pc, program, mem).map_err(|k| (k, None))?;
        let (simd, vgprs, link) = (self.simd, self.vgprs, self.link);
        let request = emit::Request { key, simd, lanes: L, vgprs, link, codes: &program.code, list: &list };
        let code = emit::block(&request, &mut self.slots, &mut self.sites);
        let Some(p) = code.and_then(|c| self.pages.add(&c)) else {
            self.blocks.insert(key, std::ptr::null());
            return Ok(None);
        };
        self.blocks.insert(key, p);
        self.recent[(key.pc >> 2 & 63) as usize] = (key, p);
        Ok(Some(p))
    }

    /// Runs a wave for about `budget` instructions, to a barrier or to its end; returns the instructions run. On a trap
    /// `pc` is that of the instruction.
    pub(crate) fn run<const L: usize>(
        &mut self,
        w: &mut Wave<L>,
        program: &mut Program,
        port: &mut Port<'_>,
        budget: i64,
    ) -> (i64, Result<(), LaneTrap>) {
        let mut left = budget;
        let mut slot: Option<*mut Slot> = None;
        while left > 0 && w.state == State::Running {
            let full = match slot {
                // SAFETY: slots live as long as the cache.
                Some(s) => unsafe { (*s).full },
                None => w.exec() == Wave::<L>::ALL,
            };
            let key = Key { pc: w.pc, mode: w.mode & MODE, full };
            let code = match self.find::<L>(key, program, port.mem) {
                Ok(c) => c,
                Err(t) => return (budget - left, Err(t)),
            };
            let Some(code) = code else {
                slot = None;
                match interpret(w, program, port, &mut left) {
                    Ok(true) => continue,
                    Ok(false) => break,
                    Err(t) => return (budget - left, Err(t)),
                }
            };
            if let Some(s) = slot.take() {
                // SAFETY: slots live as long as the cache, and no generated code runs now.
                unsafe { (*s).target = code };
            }
            let exit = self.enter(w, program, port, &mut left, code);
            match exit {
                Ok((frame::LINK, s)) => {
                    // SAFETY: the link exit stores the slot it came through.
                    w.pc = unsafe { (*s).pc };
                    slot = Some(s);
                }
                Ok((frame::YIELD, _)) => break,
                Ok(_) => {}
                Err(t) => return (budget - left, Err(t)),
            }
        }
        (budget - left, Ok(()))
    }

    fn enter<const L: usize>(
        &mut self,
        w: &mut Wave<L>,
        program: &Program,
        port: &mut Port<'_>,
        left: &mut i64,
        code: *const u8,
    ) -> Result<(u64, *mut Slot), LaneTrap> {
        let wave: *mut Wave<L> = w;
        // SAFETY: the wave is borrowed exclusively; the pointer stays within its VGPRs' allocation or is only an address.
        let vgprs = unsafe { (*wave).v.as_mut_ptr() };
        let mut frame = Frame {
            budget: *left,
            slot: std::ptr::null_mut(),
            epilogue: self.epilogue,
            lds: port.lds.bytes.as_mut_ptr(),
            lds_bytes: port.lds.bytes.len() as u64,
            sites: self.sites.as_mut_ptr(),
            step: frame::step::<L>,
            branch: frame::branch::<L>,
            access: frame::access::<L>,
            wave: wave.cast(),
            codes: &program.code,
            store: port.lds,
            mem: port.mem,
            windows: &mut self.windows,
            trap: None,
            panic: None,
            stage: std::mem::MaybeUninit::uninit(),
        };
        // SAFETY: `enter` is the trampoline made in `new`, with this signature; `code` is a block of this cache, made for
        // this number of lanes and VGPRs. Generated code touches the wave, its VGPRs below that number, LDS below
        // `lds_bytes`, windows below their ends and the frame, all of which live until it returns.
        let exit = unsafe {
            let f: Enter = std::mem::transmute(self.enter);
            f(
                &raw mut frame,
                wave.cast::<u8>().wrapping_add(BIAS_S as usize),
                vgprs.cast::<u8>().wrapping_add(BIAS_V as usize),
                code,
            )
        };
        *left = frame.budget;
        if let Some(panic) = frame.panic.take() {
            std::panic::resume_unwind(panic);
        }
        match frame.trap.take() {
            Some(t) if exit == frame::TRAP => Err(t),
            _ => Ok((exit, frame.slot)),
        }
    }
}

/// Interprets to the next jump, or for a stretch; false where the wave waits for another one.
fn interpret<const L: usize>(
    w: &mut Wave<L>,
    program: &mut Program,
    port: &mut Port<'_>,
    left: &mut i64,
) -> Result<bool, LaneTrap> {
    for _ in 0..STRIDE {
        let pc = w.pc;
        let at = program.at(pc, port.mem).map_err(|k| (k, None))?;
        let c = &program.code[at];
        *left -= 1;
        match group::execute(w, c, pc, port)? {
            Next::Fall => {
                w.pc = pc + 4 * c.inst.len_dw as u64;
                if w.state != State::Running {
                    return Ok(true);
                }
            }
            Next::Jump(to) => {
                w.pc = to;
                return Ok(true);
            }
            Next::Again => return Ok(false),
        }
    }
    Ok(true)
}

/// Distance of a scalar register from rbx.
const fn sgpr(code: usize) -> i32 {
    code as i32 * 4 - BIAS_S
}

const EXEC_AT: i32 = sgpr(EXEC);
