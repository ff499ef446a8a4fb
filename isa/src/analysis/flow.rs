//! Order of execution within a function, and what is live.
use super::effects::{Effects, Regs, effects};
use crate::decode::{DecodeError, Inst, decode};
use crate::rows::Op;
use crate::{Target, WaveSize, branch_target};
use alloc::vec::Vec;

/// A place in a function.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Virtual address.
    pub address: u64,
    /// The instruction, or why the dword is none.
    pub inst: Result<Inst, DecodeError>,
    /// Its registers and counters.
    pub effects: Effects,
    /// The step after it, unless it never goes on there.
    pub next: Option<u32>,
    /// The step that a branch goes to, where it is in the function.
    pub target: Option<u32>,
}

/// A function's instructions.
#[derive(Clone, Debug)]
pub struct Flow {
    /// In the order of their addresses.
    pub steps: Vec<Step>,
    /// How the words were read.
    pub target: Target,
}

impl Flow {
    /// Reads the code of a function whose first dword is at `address`.
    ///
    /// Calls are taken to come back, other jumps through registers to leave the function.
    pub fn new(words: &[u32], address: u64, target: Target) -> Flow {
        let mut steps: Vec<Step> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let inst = decode(&words[at..], target);
            let here = address + 4 * at as u64;
            let effects = inst.as_ref().map_or(Effects::default(), |i| effects(i, target.wave));
            steps.push(Step { address: here, inst, effects, next: None, target: None });
            at += inst.map_or(1, |i| i.len_dw as usize);
        }
        for k in 0..steps.len() {
            let Ok(inst) = steps[k].inst else { continue };
            let leaves = matches!(
                inst.op,
                Op::S_BRANCH | Op::S_ENDPGM | Op::S_ENDPGM_SAVED | Op::S_SETPC_B64 | Op::S_RFE_B64 | Op::S_CODE_END
            );
            if !leaves && k + 1 < steps.len() {
                steps[k].next = Some(k as u32 + 1);
            }
            let goal = branch_target(&inst, steps[k].address).filter(|_| inst.op != Op::S_CALL_B64);
            steps[k].target = goal.and_then(|to| steps.binary_search_by_key(&to, |s| s.address).ok().map(|k| k as u32));
        }
        Flow { steps, target }
    }

    /// Whether EXEC is known to hold all lanes that the wave began with, before each step.
    ///
    /// Saved masks are followed through `s_*_saveexec`, `s_mov`, `s_or` and `s_xor`, the forms in which compilers open
    /// and close divergent regions. What else writes EXEC makes it unknown.
    pub fn all_lanes(&self) -> Vec<bool> {
        let mut states: Vec<Option<Mask>> = alloc::vec![None; self.steps.len()];
        let mut work: Vec<u32> = Vec::new();
        if let Some(first) = states.first_mut() {
            *first = Some(Mask { all: true, full: 0, rest: 0 });
            work.push(0);
        }
        while let Some(k) = work.pop() {
            let step = &self.steps[k as usize];
            let Some(mut m) = states[k as usize] else { continue };
            m.step(step, self.target.wave);
            for to in [step.next, step.target].into_iter().flatten() {
                let old = states[to as usize];
                let new = old.map_or(m, |o| Mask { all: o.all & m.all, full: o.full & m.full, rest: o.rest & m.rest });
                if old != Some(new) {
                    states[to as usize] = Some(new);
                    work.push(to);
                }
            }
        }
        states.into_iter().map(|s| s.is_some_and(|s| s.all)).collect()
    }
}

/// What is known of EXEC.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mask {
    /// EXEC holds all lanes.
    all: bool,
    /// Scalar registers that hold all lanes.
    full: u128,
    /// Scalar registers that hold all lanes that EXEC has not.
    rest: u128,
}

impl Mask {
    fn step(&mut self, step: &Step, wave: WaveSize) {
        let Ok(i) = step.inst else { return };
        let wide = wave.is64();
        let written = step.effects.writes.s;
        let exec = 126;
        let (d, a, b) = (i.sdst as u16, i.src[0], i.src[1]);
        let in_set = |set: u128, code: u16| code < 128 && set >> code & 1 != 0;
        let before = *self;
        self.full &= !written;
        self.rest &= !written;
        let own = |op: Op, w32: Op, w64: Op| op == if wide { w64 } else { w32 };
        let add = |set: &mut u128, code: u16| {
            if code < 106 {
                *set |= 1 << code;
            }
        };
        // The operand that is not EXEC.
        let other = if a == exec { b } else { a };
        let pair = a == exec || b == exec;
        if written >> exec & 1 == 0 {
            if own(i.op, Op::S_MOV_B32, Op::S_MOV_B64) && a == exec && before.all {
                add(&mut self.full, d);
            }
            if own(i.op, Op::S_XOR_B32, Op::S_XOR_B64) && pair && in_set(before.full, other) {
                add(&mut self.rest, d);
            }
            return;
        }
        self.all = false;
        self.rest = 0;
        let joins = |code: u16| in_set(before.full | before.rest, code);
        if own(i.op, Op::S_MOV_B32, Op::S_MOV_B64) {
            self.all = a == 193 || in_set(before.full, a);
        } else if own(i.op, Op::S_OR_B32, Op::S_OR_B64) && pair {
            self.all = before.all || joins(other);
        } else if own(i.op, Op::S_OR_SAVEEXEC_B32, Op::S_OR_SAVEEXEC_B64) {
            self.all = before.all || joins(a);
        } else if own(i.op, Op::S_XOR_B32, Op::S_XOR_B64) && pair && before.all {
            add(&mut self.rest, other);
        }
        let saves = own(i.op, Op::S_AND_SAVEEXEC_B32, Op::S_AND_SAVEEXEC_B64)
            || own(i.op, Op::S_OR_SAVEEXEC_B32, Op::S_OR_SAVEEXEC_B64);
        if saves && before.all {
            add(&mut self.full, d);
        }
    }
}

/// Registers live before each step: read later on some way before they are written.
///
/// A lane is followed twice: once as active throughout, once as left out wherever EXEC is not known to hold all lanes
/// ([`Flow::all_lanes`]), where VGPRs keep their old value; what either needs is live. A lane that leaves only the
/// inner one of two nested regions is taken for active in both.
pub fn live(flow: &Flow) -> Vec<Regs> {
    let n = flow.steps.len();
    let all = flow.all_lanes();
    let mut active = alloc::vec![Regs::NONE; n];
    let mut idle = alloc::vec![Regs::NONE; n];
    loop {
        let mut changed = false;
        for k in (0..n).rev() {
            let step = &flow.steps[k];
            let (mut a, mut b) = (Regs::NONE, Regs::NONE);
            for to in [step.next, step.target].into_iter().flatten() {
                a = a.union(&active[to as usize]);
                b = b.union(&idle[to as usize]);
            }
            let e = &step.effects;
            a = a.without(&e.writes).union(&e.reads);
            if all[k] {
                b = b.without(&e.writes).union(&e.reads);
            }
            changed |= a != active[k] || b != idle[k];
            (active[k], idle[k]) = (a, b);
        }
        if !changed {
            break;
        }
    }
    active
        .iter()
        .zip(&idle)
        .map(|(a, b)| {
            // Scalar registers have no lanes.
            Regs { v: a.union(b).v, ..*a }
        })
        .collect()
}
