//! The loop of a checked run.
use super::{Begin, Done, Observer, Step, Touch, WaveView};
use crate::group::execute;
use crate::mem::{Lds, Port, Watch};
use crate::salu::Next;
use crate::wave::{State, Wave};
use crate::{Access, Control, MemFault, Memory, Object, Program, Progress, Stats, Trap, TrapKind, WaveStatus, Window};
use isa::analysis::{Effects, effects};

/// Instructions of one wave before the next one has its turn.
const SLICE: u32 = 256;

/// What a checked run keeps of a group from one piece to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed {
    /// SGPRs that the dispatcher set.
    pub sgprs: u32,
    /// LDS bytes that were asked for.
    pub lds_bytes: u32,
    /// The observer's number of the group, once it began.
    pub number: Option<u32>,
    /// Registers and counters of the program's instructions, as far as they ran.
    pub effects: Vec<Option<Effects>>,
}

/// Memory that notes which stores changed nothing.
struct Noting<'a> {
    inner: &'a mut dyn Memory,
    silent: Vec<u64>,
}

impl Memory for Noting<'_> {
    fn load(&mut self, va: u64, out: &mut [u8]) -> Result<(), MemFault> {
        self.inner.load(va, out)
    }

    fn store(&mut self, va: u64, data: &[u8]) -> Result<(), MemFault> {
        let mut old = [0; 16];
        if let Some(old) = old.get_mut(..data.len())
            && self.inner.load(va, old).is_ok()
            && old == data
        {
            self.silent.push(va);
        }
        self.inner.store(va, data)
    }

    fn atomic_u32(&mut self, va: u64, f: &mut dyn FnMut(u32) -> u32) -> Result<u32, MemFault> {
        self.inner.atomic_u32(va, f)
    }

    fn atomic_u64(&mut self, va: u64, f: &mut dyn FnMut(u64) -> u64) -> Result<u64, MemFault> {
        self.inner.atomic_u64(va, f)
    }

    fn fetch(&mut self, va: u64, out: &mut [u32]) -> Result<usize, MemFault> {
        self.inner.fetch(va, out)
    }

    fn window(&mut self, _: u64, _: Access) -> Option<Window> {
        None
    }

    fn addr_config(&self) -> u32 {
        self.inner.addr_config()
    }

    fn object_at(&mut self, va: u64) -> Option<Object> {
        self.inner.object_at(va)
    }
}

/// Collects the accesses of an instruction.
impl Watch for Vec<Touch> {
    fn touch(&mut self, t: Touch) {
        self.push(t);
    }
}

fn view<const L: usize>(w: &Wave<L>) -> WaveView<'_> {
    WaveView { id: w.id, exec: w.exec(), scc: w.scc, mode: w.mode, lanes: L as u32, s: &w.s, v: w.v.as_flattened() }
}

/// What a checked run works on beside its waves.
pub(crate) struct Scene<'a> {
    pub lds: &'a mut Lds,
    pub stats: &'a mut Stats,
    pub workgroup: [u32; 3],
    pub observed: &'a mut Observed,
    pub program: &'a mut Program,
    pub mem: &'a mut dyn Memory,
    pub observer: &'a mut dyn Observer,
}

impl Scene<'_> {
    fn trap<const L: usize>(&self, w: &Wave<L>, kind: TrapKind, lane: Option<u32>) -> Trap {
        Trap { pc: w.pc, wave: w.id, workgroup: self.workgroup, instruction: self.program.text(w.pc), lane, kind }
    }

    /// The observer's number of the group.
    fn begin<const L: usize>(&mut self, waves: &[Wave<L>]) -> u32 {
        if let Some(n) = self.observed.number {
            return n;
        }
        let n = self.observer.begin(&Begin {
            workgroup: self.workgroup,
            waves: waves.len() as u32,
            wave_size: self.program.wave_size(),
            sgprs: self.observed.sgprs,
            vgprs: waves.first().map_or(0, |w| w.v.len() as u32),
            lds_bytes: self.observed.lds_bytes,
        });
        self.observed.number = Some(n);
        n
    }

    /// One instruction of a wave that runs; false where it waits for another wave and has yet to run.
    fn one<const L: usize>(&mut self, w: &mut Wave<L>, group: u32, touches: &mut Vec<Touch>) -> Result<bool, Trap> {
        let pc = w.pc;
        let at = self.program.at(pc, self.mem).map_err(|k| self.trap(w, k, None))?;
        let code = &self.program.code[at];
        let known = &mut self.observed.effects;
        if known.len() <= at {
            known.resize(at + 1, None);
        }
        let fx = *known[at].get_or_insert_with(|| effects(&code.inst, self.program.wave_size()));
        self.stats.wave_instructions += 1;
        let workgroup = self.workgroup;
        let inst = &code.inst;
        self.observer.before(&Step { group, workgroup, pc, inst, effects: &fx, wave: view(w) });
        touches.clear();
        let mut memory = Noting { inner: self.mem, silent: Vec::new() };
        let mut port = Port { mem: &mut memory, lds: self.lds, watch: Some(touches) };
        let r = execute(w, code, pc, &mut port);
        for t in touches.iter_mut().filter(|t| t.kind == Access::Write) {
            t.silent = memory.silent.contains(&t.at);
        }
        let next = match r {
            Ok(Next::Jump(to)) => to,
            Ok(Next::Again) => pc,
            _ => pc + 4 * code.inst.len_dw as u64,
        };
        let done = Done { touches, lds: &self.lds.bytes, next, trapped: r.is_err() };
        self.observer.after(&Step { group, workgroup, pc, inst, effects: &fx, wave: view(w) }, &done, self.mem);
        match r {
            Ok(how) => {
                w.pc = next;
                Ok(!matches!(how, Next::Again))
            }
            Err((kind, lane)) => Err(self.trap(w, kind, lane)),
        }
    }

    /// Lets the waves at a barrier go on if all wait; false if there is none.
    fn barrier<const L: usize>(&mut self, waves: &mut [Wave<L>], group: u32) -> bool {
        let mut waiting = false;
        for w in waves {
            if w.state == State::Barrier {
                w.state = State::Running;
                waiting = true;
            }
        }
        if waiting {
            self.observer.barrier(group);
        }
        waiting
    }

    fn turns<const L: usize>(
        &mut self,
        waves: &mut [Wave<L>],
        turn: &mut usize,
        control: &Control<'_>,
        budget: u64,
        group: u32,
    ) -> Result<Progress, Trap> {
        let until = self.stats.wave_instructions.saturating_add(budget);
        let mut touches = Vec::new();
        loop {
            while waves.iter().any(|w| w.state == State::Running) {
                let mut progress = *turn != 0;
                while let Some(w) = waves.get_mut(*turn) {
                    *turn += 1;
                    for _ in 0..SLICE {
                        if w.state != State::Running || !self.one(w, group, &mut touches)? {
                            break;
                        }
                        progress = true;
                    }
                    if (control.stop)() {
                        return Err(self.trap(w, TrapKind::Killed, None));
                    }
                    if let Some(limit) = control.max_instructions
                        && self.stats.wave_instructions > limit
                    {
                        return Err(self.trap(w, TrapKind::BudgetExceeded { limit }, None));
                    }
                    if self.stats.wave_instructions >= until {
                        return Ok(Progress::Yielded);
                    }
                }
                *turn = 0;
                if !progress && let Some(w) = waves.iter().find(|w| w.state == State::Running) {
                    return Err(self.trap(w, TrapKind::BarrierDeadlock, None));
                }
            }
            *turn = 0;
            if !self.barrier(waves, group) {
                return Ok(Progress::Ended(*self.stats));
            }
        }
    }

    fn fits<const L: usize>(&self, waves: &[Wave<L>]) -> Result<(), Trap> {
        match waves.first() {
            Some(w) if self.program.wave_size().lanes() != L as u32 => {
                let what = "a program decoded for the other wave size".into();
                Err(self.trap(w, TrapKind::NotImplemented { what }, None))
            }
            _ => Ok(()),
        }
    }

    /// Runs a group like the ordinary loop does, one interpreted instruction after the other.
    pub(crate) fn run<const L: usize>(
        &mut self,
        waves: &mut [Wave<L>],
        turn: &mut usize,
        control: &Control<'_>,
        budget: u64,
    ) -> Result<Progress, Trap> {
        self.fits(waves)?;
        let group = self.begin(waves);
        let r = self.turns(waves, turn, control, budget, group);
        match &r {
            Ok(Progress::Yielded) => {}
            Ok(_) => self.observer.end(group, None),
            Err(t) => self.observer.end(group, Some(t)),
        }
        r
    }

    /// One instruction of one wave; nothing where it has ended or waits for others at a barrier.
    pub(crate) fn step<const L: usize>(&mut self, waves: &mut [Wave<L>], wave: usize) -> Result<WaveStatus, Trap> {
        self.fits(waves)?;
        let group = self.begin(waves);
        let Some(w) = waves.get_mut(wave) else { return Ok(WaveStatus::Ended) };
        if w.state == State::Running
            && let Err(t) = self.one(w, group, &mut Vec::new())
        {
            self.observer.end(group, Some(&t));
            return Err(t);
        }
        if waves.iter().all(|w| w.state != State::Running) && !self.barrier(waves, group) {
            self.observer.end(group, None);
        }
        Ok(match waves[wave].state {
            State::Running => WaveStatus::Running,
            State::Barrier => WaveStatus::Barrier,
            State::Ended => WaveStatus::Ended,
        })
    }
}
