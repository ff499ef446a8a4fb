//! One workgroup: its waves, LDS and barriers.
use crate::fast::Level;
use crate::mem::{Done, LaneTrap, Lds, Port};
use crate::program::{Code, Unit};
use crate::salu::Next;
use crate::wave::{EXEC, State, Vgprs, Wave, WaveState, WaveStatus};
use crate::{Control, Memory, Program, Stats, Trap, TrapKind, check, mem, salu};
use isa::WaveSize;
use std::sync::OnceLock;

/// How a workgroup starts: what the dispatcher puts into registers.
#[derive(Clone, Copy, Debug)]
pub struct GroupSetup<'a> {
    /// Lanes a wave; the program's must agree.
    pub wave_size: WaveSize,
    /// Size of the workgroup in work-items, x fastest; gives v0 its packed 10:10:10 ids.
    pub block: [u32; 3],
    /// RSRC2.TIDIG_COMP_CNT: 0 for x alone in v0, 1 for x and y, 2 for all. The bits of the others are zero: LLVM reads
    /// v0 unmasked where a kernel asked for x alone.
    pub tidig_comp_cnt: u8,
    /// Work-items that exist (the last group of a partial grid has fewer); lanes beyond start with EXEC 0.
    pub threads: u32,
    /// Contents of s0 and following: user SGPRs, then what RSRC2 enables.
    pub sgpr_init: &'a [u32],
    /// Which of them is the workgroup's size in waves (TG_SIZE_EN), which has the wave's own number, too; None without.
    pub tg_size_sgpr: Option<u8>,
    /// VGPRs allocated to a wave (1-256).
    pub vgprs: u32,
    /// LDS bytes of the group.
    pub lds_bytes: u32,
    /// RSRC1.FLOAT_MODE: rounding in bits 0-3, denormals in bits 4-7.
    pub float_mode: u8,
    /// RSRC1.DX10_CLAMP: CLAMP turns NaN into 0.
    pub dx10_clamp: bool,
    /// RSRC1.IEEE_MODE.
    pub ieee: bool,
    /// RSRC1.FP16_OVFL, bit 23 of MODE. Instructions that read MODE see it; 16-bit results do not follow it.
    pub fp16_ovfl: bool,
    /// Workgroup, for reports.
    pub workgroup: [u32; 3],
    /// Scratch of the group's first wave; 0 without scratch.
    pub scratch_base: u64,
    /// Scratch bytes of one wave.
    pub scratch_wave_bytes: u32,
}

/// Wave instructions between two questions whether to stop.
const SLICE: u64 = 4096;

/// What became of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Every wave ended.
    Ended(Stats),
    /// The instructions asked for are done, and there are more.
    Yielded,
}

enum Waves {
    W32(Vec<Wave<32>>),
    W64(Vec<Wave<64>>),
}

/// Runs `$e` with `$w` bound to the waves, whatever their size.
macro_rules! with {
    ($waves:expr, $w:ident => $e:expr) => {
        match $waves {
            Waves::W32($w) => $e,
            Waves::W64($w) => $e,
        }
    };
}

/// A workgroup that runs in pieces.
pub struct Group {
    waves: Waves,
    lds: Lds,
    stats: Stats,
    workgroup: [u32; 3],
    /// Wave whose turn is next.
    turn: usize,
    observed: check::Observed,
}

impl Group {
    /// The workgroup before its first instruction.
    pub fn new(setup: &GroupSetup<'_>, program: &Program) -> Group {
        let count = setup.threads.div_ceil(setup.wave_size.lanes()).max(1);
        let entry = program.entry();
        Group {
            waves: match setup.wave_size {
                WaveSize::W32 => Waves::W32((0..count).map(|k| start(setup, k, entry)).collect()),
                WaveSize::W64 => Waves::W64((0..count).map(|k| start(setup, k, entry)).collect()),
            },
            lds: Lds::new(setup.lds_bytes),
            stats: Stats { wave_instructions: 0, waves: count as u64 },
            workgroup: setup.workgroup,
            turn: 0,
            observed: check::Observed {
                sgprs: setup.sgpr_init.len() as u32,
                lds_bytes: setup.lds_bytes,
                ..Default::default()
            },
        }
    }

    /// Runs about `budget` wave instructions (a few thousand more or less), or to the group's end. `program` is the one
    /// the group was made for. After a trap the waves are as they were before the instruction, memory apart.
    pub fn run(
        &mut self,
        program: &mut Program,
        mem: &mut dyn Memory,
        control: &Control<'_>,
        budget: u64,
    ) -> Result<Progress, Trap> {
        let Group { waves, lds, stats, workgroup, turn, .. } = self;
        let mut turns = Turns { lds, stats, workgroup: *workgroup, program, mem };
        with!(waves, w => turns.run(w, turn, control, budget))
    }

    /// [`Group::run`] on the interpreter, with every instruction shown to `observer`. A group that began with an observer
    /// goes on with it.
    pub fn run_observed(
        &mut self,
        program: &mut Program,
        mem: &mut dyn Memory,
        control: &Control<'_>,
        budget: u64,
        observer: &mut dyn check::Observer,
    ) -> Result<Progress, Trap> {
        let Group { waves, lds, stats, workgroup, turn, observed } = self;
        let mut scene = check::Scene { lds, stats, workgroup: *workgroup, observed, program, mem, observer };
        with!(waves, w => scene.run(w, turn, control, budget))
    }

    /// Runs one instruction of one wave, shown to `observer`: a single step. A wave that ended, or that waits at a barrier
    /// for others, stays where it is.
    pub fn step(
        &mut self,
        wave: usize,
        program: &mut Program,
        mem: &mut dyn Memory,
        observer: &mut dyn check::Observer,
    ) -> Result<WaveStatus, Trap> {
        let Group { waves, lds, stats, workgroup, observed, .. } = self;
        let mut scene = check::Scene { lds, stats, workgroup: *workgroup, observed, program, mem, observer };
        with!(waves, w => scene.step(w, wave))
    }

    /// What was done so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Scalar state of every wave.
    pub fn waves(&self) -> Vec<WaveState> {
        with!(&self.waves, w => w.iter().map(Wave::report).collect())
    }

    /// All lanes of a VGPR; empty where the wave or the register does not exist.
    pub fn vgpr(&self, wave: usize, register: usize) -> &[u32] {
        with!(&self.waves, w => w.get(wave).and_then(|w| w.v.get(register)).map_or(&[], |r| &r[..]))
    }

    /// The same for writing.
    pub fn vgpr_mut(&mut self, wave: usize, register: usize) -> &mut [u32] {
        with!(&mut self.waves, w => w.get_mut(wave).and_then(|w| w.v.get_mut(register)).map_or(&mut [], |r| &mut r[..]))
    }

    /// Sets a scalar register by its operand code: 0 to 105 SGPRs, 106 and 107 VCC, 125 M0, 126 and 127 EXEC. Others stay.
    pub fn set_sgpr(&mut self, wave: usize, code: usize, value: u32) {
        with!(&mut self.waves, w => if let Some(w) = w.get_mut(wave) { w.set_sgpr(code, value) })
    }

    /// Sets SCC and MODE.
    pub fn set_status(&mut self, wave: usize, scc: bool, mode: u32) {
        with!(&mut self.waves, w => if let Some(w) = w.get_mut(wave) { (w.scc, w.mode) = (scc, mode) })
    }

    /// The group's LDS.
    pub fn lds(&self) -> &[u8] {
        &self.lds.bytes
    }

    /// The same for writing.
    pub fn lds_mut(&mut self) -> &mut [u8] {
        &mut self.lds.bytes
    }
}

/// Runs a workgroup to its end.
pub fn run_group(
    setup: &GroupSetup<'_>,
    program: &mut Program,
    mem: &mut dyn Memory,
    control: &Control<'_>,
) -> Result<Stats, Trap> {
    let mut group = Group::new(setup, program);
    loop {
        if let Progress::Ended(stats) = group.run(program, mem, control, u64::MAX)? {
            return Ok(stats);
        }
    }
}

fn start<const L: usize>(setup: &GroupSetup<'_>, id: u32, entry: u64) -> Wave<L> {
    let mut s = [0u32; 128];
    for (d, v) in s[..106].iter_mut().zip(setup.sgpr_init) {
        *d = *v;
    }
    if let Some(at) = setup.tg_size_sgpr.filter(|&at| at < 106) {
        // Bits 5:0 are the count; 16:6 the ordered append term, which rises from wave to wave, 24:20 the wave's number (Mesa
        // reads one or the other, by its version), 31 tells the first wave (LLVM's AMDGPU usage guide).
        s[at as usize] |= (id & 0x7ff) << 6 | (id & 0x1f) << 20 | u32::from(id == 0) << 31;
    }
    let first = id * L as u32;
    let active = setup.threads.saturating_sub(first).min(L as u32);
    let exec = if active >= 64 { !0 } else { (1u64 << active) - 1 };
    s[EXEC] = exec as u32;
    s[EXEC + 1] = (exec >> 32) as u32;
    let mut v = Vgprs::new(setup.vgprs.clamp(1, 256) as usize);
    let [bx, by, bz] = setup.block.map(|b| b.max(1));
    let (mut x, mut y, mut z) = (first % bx, first / bx % by, first / bx / by % bz);
    for d in v[0].iter_mut() {
        let (py, pz) = (if setup.tidig_comp_cnt > 0 { y } else { 0 }, if setup.tidig_comp_cnt > 1 { z } else { 0 });
        *d = x & 0x3ff | (py & 0x3ff) << 10 | (pz & 0x3ff) << 20;
        // The next work-item, x fastest.
        x += 1;
        if x == bx {
            (x, y) = (0, y + 1);
        }
        if y == by {
            (y, z) = (0, z + 1);
        }
        if z == bz {
            z = 0;
        }
    }
    Wave {
        id,
        pc: entry,
        s,
        scc: false,
        mode: setup.float_mode as u32
            | (setup.dx10_clamp as u32) << 8
            | (setup.ieee as u32) << 9
            | (setup.fp16_ovfl as u32) << 23,
        v,
        state: State::Running,
        clock: 0,
        scratch: setup.scratch_base + id as u64 * setup.scratch_wave_bytes as u64,
        scratch_lane_bytes: setup.scratch_wave_bytes / L as u32,
    }
}

/// The SIMD level of this host.
pub(crate) fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(Level::detect)
}

/// What the waves of a group take turns with.
struct Turns<'a> {
    lds: &'a mut Lds,
    stats: &'a mut Stats,
    workgroup: [u32; 3],
    program: &'a mut Program,
    mem: &'a mut dyn Memory,
}

/// What runs the waves: translated code where there is a cache for it.
struct Hand {
    #[cfg(target_arch = "x86_64")]
    cache: Option<Box<crate::jit::Cache>>,
}

impl Hand {
    #[cfg(target_arch = "x86_64")]
    fn begin(program: &mut Program, vgprs: usize, mem: &dyn Memory) -> Hand {
        Hand { cache: crate::jit::begin(program, level(), vgprs, mem) }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn begin(_: &mut Program, _: usize, _: &dyn Memory) -> Hand {
        Hand {}
    }

    fn end(self, program: &mut Program) {
        #[cfg(target_arch = "x86_64")]
        crate::jit::end(program, self.cache);
        #[cfg(not(target_arch = "x86_64"))]
        let _ = program;
    }

    fn slice<const L: usize>(
        &mut self,
        w: &mut Wave<L>,
        program: &mut Program,
        port: &mut Port<'_>,
        stats: &mut Stats,
    ) -> Result<bool, LaneTrap> {
        #[cfg(target_arch = "x86_64")]
        if let Some(cache) = &mut self.cache {
            let pc = w.pc;
            let (done, r) = cache.run(w, program, port, SLICE as i64);
            stats.wave_instructions += done as u64;
            return r.map(|()| done > 1 || w.pc != pc || w.state != State::Running);
        }
        slice(w, program, port, stats)
    }
}

impl Turns<'_> {
    /// Runs about `budget` instructions, beginning with the wave whose turn it is.
    fn run<const L: usize>(
        &mut self,
        waves: &mut [Wave<L>],
        turn: &mut usize,
        control: &Control<'_>,
        budget: u64,
    ) -> Result<Progress, Trap> {
        if self.program.wave_size().lanes() != L as u32 {
            let what = "a program decoded for the other wave size".into();
            return Err(self.report(&waves[0], TrapKind::NotImplemented { what }, None));
        }
        let until = self.stats.wave_instructions.saturating_add(budget);
        let mut engine = Hand::begin(self.program, waves.first().map_or(1, |w| w.v.len()), self.mem);
        let r = self.take(waves, turn, control, until, &mut engine);
        engine.end(self.program);
        r
    }

    fn report<const L: usize>(&self, w: &Wave<L>, kind: TrapKind, lane: Option<u32>) -> Trap {
        let (workgroup, instruction) = (self.workgroup, self.program.text(w.pc));
        Trap { pc: w.pc, wave: w.id, workgroup, instruction, lane, kind }
    }

    fn take<const L: usize>(
        &mut self,
        waves: &mut [Wave<L>],
        turn: &mut usize,
        control: &Control<'_>,
        until: u64,
        engine: &mut Hand,
    ) -> Result<Progress, Trap> {
        loop {
            // Slice by slice in turn, so that a wave that waits for another one's store sees it in the end.
            while waves.iter().any(|w| w.state == State::Running) {
                // A group that goes on in the middle of a round does not know how its first waves did.
                let mut progress = *turn != 0;
                while let Some(w) = waves.get_mut(*turn) {
                    *turn += 1;
                    if w.state != State::Running {
                        continue;
                    }
                    let mut port = Port { mem: self.mem, lds: self.lds, watch: None };
                    let r = engine.slice(w, self.program, &mut port, self.stats);
                    progress |= r.map_err(|(kind, lane)| self.report(w, kind, lane))?;
                    if (control.stop)() {
                        return Err(self.report(w, TrapKind::Killed, None));
                    }
                    if let Some(limit) = control.max_instructions
                        && self.stats.wave_instructions > limit
                    {
                        return Err(self.report(w, TrapKind::BudgetExceeded { limit }, None));
                    }
                    if self.stats.wave_instructions >= until {
                        return Ok(Progress::Yielded);
                    }
                }
                *turn = 0;
                if !progress && let Some(w) = waves.iter().find(|w| w.state == State::Running) {
                    return Err(self.report(w, TrapKind::BarrierDeadlock, None));
                }
            }
            // Every wave is at a barrier or has ended; those that ended no longer count.
            *turn = 0;
            let mut waiting = false;
            for w in &mut *waves {
                if w.state == State::Barrier {
                    w.state = State::Running;
                    waiting = true;
                }
            }
            if !waiting {
                return Ok(Progress::Ended(*self.stats));
            }
        }
    }
}

/// Runs a wave for some instructions, to a barrier or to its end, or until it waits for another wave; false where it did
/// not get past its first. On a trap `pc` is that of the instruction.
fn slice<const L: usize>(
    w: &mut Wave<L>,
    program: &mut Program,
    port: &mut Port<'_>,
    stats: &mut Stats,
) -> Result<bool, LaneTrap> {
    for k in 0..SLICE {
        let pc = w.pc;
        let at = program.at(pc, port.mem).map_err(|k| (k, None))?;
        let c = &program.code[at];
        stats.wave_instructions += 1;
        match execute(w, c, pc, port)? {
            Next::Fall => {
                w.pc = pc + 4 * c.inst.len_dw as u64;
                if w.state != State::Running {
                    return Ok(true);
                }
            }
            Next::Jump(to) => w.pc = to,
            Next::Again => return Ok(k > 0),
        }
    }
    Ok(true)
}

/// Runs the instruction at `pc`, leaving the program counter alone.
#[allow(unsafe_code)]
#[inline(always)]
pub(crate) fn execute<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    pc: u64,
    port: &mut Port<'_>,
) -> Result<Next, LaneTrap> {
    let plain = |k: TrapKind| (k, None);
    match c.unit {
        Unit::Valu => {
            if let Some(run) = c.run {
                // SAFETY: the program was decoded for waves of L lanes and the level of this host; `w` is borrowed here alone.
                unsafe { run(std::ptr::from_mut(w).cast(), c) }
            }
        }
        Unit::Salu => return salu::run(w, c, pc).map_err(plain),
        Unit::Smem => mem::scalar(w, c, port)?,
        Unit::Mem => match mem::vector(w, c, port)? {
            Done::Next => {}
            Done::Again => return Ok(Next::Again),
        },
        Unit::Other => return Err(plain(TrapKind::NotImplemented { what: c.inst.row().name.into() })),
    }
    Ok(Next::Fall)
}
