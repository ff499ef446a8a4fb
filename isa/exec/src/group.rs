//! One workgroup: its waves, LDS and barriers.
use crate::fast::{self, Level};
use crate::mem::{self, Done, Lds, Port};
use crate::program::Unit;
use crate::salu::Next;
use crate::wave::{EXEC, State, Wave};
use crate::{Control, Memory, Program, Stats, Trap, TrapKind, salu, valu};
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

/// Runs a workgroup to its end.
pub fn run_group(
    setup: &GroupSetup<'_>,
    program: &mut Program,
    mem: &mut dyn Memory,
    control: &Control<'_>,
) -> Result<Stats, Trap> {
    match setup.wave_size {
        WaveSize::W32 => run::<32>(setup, program, mem, control),
        WaveSize::W64 => run::<64>(setup, program, mem, control),
    }
}

fn start<const L: usize>(setup: &GroupSetup<'_>, id: u32, entry: u64) -> Wave<L> {
    let mut s = [0u32; 128];
    for (d, v) in s[..106].iter_mut().zip(setup.sgpr_init) {
        *d = *v;
    }
    let first = id * L as u32;
    let active = setup.threads.saturating_sub(first).min(L as u32);
    let exec = if active >= 64 { !0 } else { (1u64 << active) - 1 };
    s[EXEC] = exec as u32;
    s[EXEC + 1] = (exec >> 32) as u32;
    let mut v = vec![[0u32; L]; setup.vgprs.clamp(1, 256) as usize];
    let [bx, by, bz] = setup.block.map(|b| b.max(1));
    for (l, d) in v[0].iter_mut().enumerate() {
        let t = first + l as u32;
        let (x, y, z) = (t % bx, t / bx % by, t / bx / by % bz);
        let (y, z) = (if setup.tidig_comp_cnt > 0 { y } else { 0 }, if setup.tidig_comp_cnt > 1 { z } else { 0 });
        *d = x & 0x3ff | (y & 0x3ff) << 10 | (z & 0x3ff) << 20;
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
        scratch: setup.scratch_base + id as u64 * setup.scratch_wave_bytes as u64,
        scratch_lane_bytes: setup.scratch_wave_bytes / L as u32,
    }
}

fn run<const L: usize>(
    setup: &GroupSetup<'_>,
    program: &mut Program,
    mem: &mut dyn Memory,
    control: &Control<'_>,
) -> Result<Stats, Trap> {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    let level = *LEVEL.get_or_init(Level::detect);
    let count = setup.threads.div_ceil(L as u32).max(1);
    let mut lds = Lds::new(setup.lds_bytes);
    let mut waves: Vec<Wave<L>> = (0..count).map(|k| start(setup, k, program.entry())).collect();
    let mut stats = Stats { wave_instructions: 0, waves: count as u64 };
    let report = |w: &Wave<L>, program: &Program, kind, lane| Trap {
        pc: w.pc,
        wave: w.id,
        workgroup: setup.workgroup,
        instruction: program.text(w.pc),
        lane,
        kind,
    };
    if program.wave_size() != setup.wave_size {
        let what = "a program decoded for the other wave size".into();
        return Err(report(&waves[0], program, TrapKind::NotImplemented { what }, None));
    }
    loop {
        // Slice by slice in turn, so that a wave that waits for another one's store sees it in the end.
        while waves.iter().any(|w| w.state == State::Running) {
            let mut progress = false;
            for w in waves.iter_mut().filter(|w| w.state == State::Running) {
                let mut port = Port { mem, lds: &mut lds, watch: None };
                let r = slice(w, program, &mut port, level, &mut stats);
                progress |= r.map_err(|(kind, lane)| report(w, program, kind, lane))?;
                if (control.stop)() {
                    return Err(report(w, program, TrapKind::Killed, None));
                }
                if let Some(limit) = control.max_instructions
                    && stats.wave_instructions > limit
                {
                    return Err(report(w, program, TrapKind::BudgetExceeded { limit }, None));
                }
            }
            if !progress && let Some(w) = waves.iter().find(|w| w.state == State::Running) {
                return Err(report(w, program, TrapKind::BarrierDeadlock, None));
            }
        }
        // Every wave is at a barrier or has ended; those that ended no longer count.
        let mut waiting = false;
        for w in &mut waves {
            if w.state == State::Barrier {
                w.state = State::Running;
                waiting = true;
            }
        }
        if !waiting {
            return Ok(stats);
        }
    }
}

/// Runs a wave for some instructions, to a barrier or to its end, or until it waits for another wave; false where it did
/// not get past its first. On a trap `pc` is that of the instruction.
fn slice<const L: usize>(
    w: &mut Wave<L>,
    program: &mut Program,
    port: &mut Port<'_>,
    level: Level,
    stats: &mut Stats,
) -> Result<bool, mem::LaneTrap> {
    let plain = |k: TrapKind| (k, None);
    for k in 0..SLICE {
        let pc = w.pc;
        let at = program.at(pc, port.mem).map_err(plain)?;
        let c = &program.code[at];
        stats.wave_instructions += 1;
        let next = pc + 4 * c.inst.len_dw as u64;
        match c.unit {
            Unit::Hot if w.mode & 15 == 0 => fast::run(level, w, c),
            Unit::Hot | Unit::Valu => valu::run(w, c).map_err(plain)?,
            Unit::Vopd => {
                if w.mode & 15 != 0 {
                    return Err(plain(TrapKind::NotImplemented { what: c.inst.row().name.into() }));
                }
                fast::run(level, w, c);
            }
            Unit::Salu => match salu::run(w, c, pc).map_err(plain)? {
                Next::Fall => {
                    if w.state != State::Running {
                        w.pc = next;
                        return Ok(true);
                    }
                }
                Next::Jump(to) => {
                    w.pc = to;
                    continue;
                }
            },
            Unit::Smem => mem::scalar(w, c, port)?,
            Unit::Mem => match mem::vector(w, c, port)? {
                Done::Next => {}
                Done::Again => return Ok(k > 0),
            },
            Unit::Other => return Err(plain(TrapKind::NotImplemented { what: c.inst.row().name.into() })),
        }
        w.pc = next;
    }
    Ok(true)
}
