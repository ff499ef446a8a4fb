//! Statistics of a run, and how often each instruction ran.
use super::text::{WIDTH, wrap};
use super::{Begin, Done, Observer, Space, Step, Touch};
use crate::{Access, Memory};
use isa::row::BRANCH;
use isa::{Inst, Op, Unit, WaveSize};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

/// Bytes and lanes' accesses of one memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// Bytes loaded.
    pub read_bytes: u64,
    /// Bytes stored.
    pub written_bytes: u64,
    /// Bytes that atomics worked on.
    pub atomic_bytes: u64,
    /// Accesses: one a lane, or one a scalar load.
    pub accesses: u64,
}

impl Traffic {
    fn add(&mut self, t: &Touch) {
        self.accesses += 1;
        match t.kind {
            Access::Write => self.written_bytes += t.len as u64,
            Access::Atomic => self.atomic_bytes += t.len as u64,
            _ => self.read_bytes += t.len as u64,
        }
    }
}

/// One instruction of the profile.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Line {
    /// The instruction.
    pub inst: Inst,
    /// Executions by a wave.
    pub count: u64,
    /// Active lanes, summed over executions.
    pub lanes: u64,
    /// Jumps away, of a branch.
    pub taken: u64,
    /// Bytes of memory and LDS touched.
    pub bytes: u64,
    /// Extra LDS cycles through bank conflicts.
    pub conflicts: u64,
}

/// Counts what a kernel does.
///
/// The counts are exact and of the run at hand; LDS cycles follow the model of 32 banks of four bytes, in which the lanes of
/// one phase (32 of a dword access, 16 of two dwords, 8 of more) wait for each other.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    lines: BTreeMap<u64, Line>,
    wave_size: Option<WaveSize>,
    groups: u64,
    waves: u64,
    begun: u32,
    /// Vector memory.
    pub global: Traffic,
    /// Scalar loads.
    pub scalar: Traffic,
    /// LDS.
    pub lds: Traffic,
    /// Scratch.
    pub scratch: Traffic,
    /// LDS instructions that touched LDS.
    pub lds_instructions: u64,
    /// Cycles that LDS would take for them without conflicts.
    pub lds_cycles: u64,
    /// Further cycles through bank conflicts.
    pub lds_conflicts: u64,
    /// Conditional branches run, and of them those taken.
    pub branches: [u64; 2],
    /// Barriers passed by groups.
    pub barriers: u64,
    /// Different lines of 128 bytes of device memory touched by vector accesses, summed over instructions: how well
    /// accesses coalesce.
    pub vector_lines: u64,
}

impl Profile {
    /// Nothing counted.
    pub fn new() -> Profile {
        Profile::default()
    }

    /// Instructions run, by address.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &Line)> {
        self.lines.iter().map(|(&pc, l)| (pc, l))
    }

    /// Instructions executed, summed over waves.
    pub fn instructions(&self) -> u64 {
        self.lines.values().map(|l| l.count).sum()
    }

    /// Groups and waves that began.
    pub fn groups_and_waves(&self) -> (u64, u64) {
        (self.groups, self.waves)
    }

    /// Executions by unit, most first.
    pub fn units(&self) -> Vec<(Unit, u64)> {
        let mut by: BTreeMap<Unit, u64> = BTreeMap::new();
        for l in self.lines.values() {
            *by.entry(l.inst.row().unit()).or_default() += l.count;
        }
        let mut by: Vec<_> = by.into_iter().collect();
        by.sort_by_key(|u| std::cmp::Reverse(u.1));
        by
    }

    /// Executions by mnemonic, most first; a VOPD pair counts under both its names.
    pub fn mnemonics(&self) -> Vec<(&'static str, u64)> {
        let mut by: BTreeMap<&'static str, u64> = BTreeMap::new();
        for l in self.lines.values() {
            *by.entry(l.inst.row().name).or_default() += l.count;
            if let Some(y) = l.inst.y {
                *by.entry(y.row().name).or_default() += l.count;
            }
        }
        let mut by: Vec<_> = by.into_iter().collect();
        by.sort_by_key(|u| std::cmp::Reverse(u.1));
        by
    }

    /// Active lanes and lanes there are, of vector instructions.
    pub fn lanes(&self) -> (u64, u64) {
        let all = self.wave_size.map_or(32, WaveSize::lanes) as u64;
        self.lines.values().filter(|l| is_vector(&l.inst)).fold((0, 0), |(a, b), l| (a + l.lanes, b + l.count * all))
    }

    /// The statistics as text.
    pub fn summary(&self) -> String {
        let mut o = String::new();
        let total = self.instructions();
        let count = |n: u64, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
        let (waves, groups) = (count(self.waves, "wave"), count(self.groups, "workgroup"));
        let _ = writeln!(o, "instructions  {total} by {waves} in {groups}");
        for (u, n) in self.units() {
            let _ = writeln!(o, "  {:<9} {n:>12} {:>5.1} %", u.name(), percent(n, total));
        }
        let (a, b) = self.lanes();
        let _ = writeln!(o, "active lanes  {:.1} % of vector instructions' lanes", percent(a, b));
        let [run, taken] = self.branches;
        let _ = writeln!(o, "branches      {run} conditional, {taken} taken; {} barriers", self.barriers);
        let _ = writeln!(o, "memory          bytes read     written      atomic    accesses");
        for (name, t) in
            [("vector", self.global), ("scalar", self.scalar), ("LDS", self.lds), ("scratch", self.scratch)]
        {
            let Traffic { read_bytes: r, written_bytes: w, atomic_bytes: a, accesses: n } = t;
            let _ = writeln!(o, "  {name:<9} {r:>14} {w:>11} {a:>11} {n:>11}");
        }
        let _ = writeln!(o, "vector lines  {} of 128 bytes, summed over instructions", self.vector_lines);
        let _ = writeln!(
            o,
            "LDS           {} instructions, {} cycles and {} more through bank conflicts",
            self.lds_instructions, self.lds_cycles, self.lds_conflicts
        );
        let _ = writeln!(o, "mnemonics");
        for (name, n) in self.mnemonics().into_iter().take(20) {
            let _ = writeln!(o, "  {name:<32} {n:>12} {:>5.1} %", percent(n, total));
        }
        o
    }

    /// The kernel as disassembly: executions, share of all, active lanes, address less `base`, text. Code that never ran is
    /// left out, with a line of dots.
    pub fn annotated(&self, base: u64) -> String {
        let mut o = String::from("    count  share  lanes  address\n");
        let total = self.instructions();
        let size = self.wave_size.unwrap_or(WaveSize::W32);
        let mut next = None;
        for (&pc, l) in &self.lines {
            if next.is_some_and(|n| n != pc) {
                o.push_str("      ...\n");
            }
            next = Some(pc + 4 * l.inst.len_dw as u64);
            let lanes = percent(l.lanes, l.count * size.lanes() as u64);
            let text = isa::disassemble(&l.inst, size);
            let mut line = format!(
                "{:>9} {:>5.1}% {lanes:>5.0}%  {:#010x}  {text}",
                l.count,
                percent(l.count, total),
                pc.wrapping_sub(base)
            );
            let mut notes = Vec::new();
            if l.inst.row().implicit & BRANCH != 0 {
                notes.push(format!("taken {}", l.taken));
            }
            if l.bytes != 0 {
                notes.push(format!("{} bytes", l.bytes));
            }
            if l.conflicts != 0 {
                notes.push(format!("{} conflict cycles", l.conflicts));
            }
            let notes = if notes.is_empty() { String::new() } else { format!("  ; {}", notes.join(", ")) };
            if line.chars().count() + notes.chars().count() > WIDTH && !notes.is_empty() {
                line = format!("{}\n{:37}{notes}", wrap(&line, 39), "");
            } else {
                line = wrap(&(line + &notes), 39);
            }
            o.push_str(&line);
            o.push('\n');
        }
        o
    }
}

fn percent(a: u64, b: u64) -> f64 {
    if b == 0 { 0.0 } else { 100.0 * a as f64 / b as f64 }
}

fn is_vector(i: &Inst) -> bool {
    matches!(i.row().unit(), Unit::Valu | Unit::Trans | Unit::Vmem | Unit::Lds | Unit::Export)
}

/// Cycles of one LDS access of several lanes: without conflicts, and more.
fn bank_cycles(touches: &[&Touch]) -> (u64, u64) {
    let Some(first) = touches.first() else { return (0, 0) };
    // Lanes of a phase move 128 bytes.
    let phase = match first.len {
        0..=4 => 32,
        5..=8 => 16,
        _ => 8,
    };
    let (mut cycles, mut more) = (0, 0);
    let lane = |t: &Touch| t.lane.unwrap_or(0) / phase;
    let mut k = 0;
    while k < touches.len() {
        let group = lane(touches[k]);
        let n = touches[k..].iter().take_while(|t| lane(t) == group).count();
        let mut banks = [const { Vec::<u64>::new() }; 32];
        for t in &touches[k..k + n] {
            for dword in t.at / 4..t.at.saturating_add(t.len.max(1) as u64).div_ceil(4) {
                let bank = &mut banks[dword as usize % 32];
                // One dword goes to all lanes that load it; atomics take their turns.
                if t.kind == Access::Atomic || !bank.contains(&dword) {
                    bank.push(dword);
                }
            }
        }
        let most = banks.iter().map(Vec::len).max().unwrap_or(1).max(1) as u64;
        cycles += 1;
        more += most - 1;
        k += n;
    }
    (cycles, more)
}

impl Observer for Profile {
    fn begin(&mut self, begin: &Begin) -> u32 {
        self.wave_size = Some(begin.wave_size);
        self.groups += 1;
        self.waves += begin.waves as u64;
        self.begun += 1;
        self.begun - 1
    }

    fn before(&mut self, step: &Step<'_>) {
        let line = self.lines.entry(step.pc).or_insert(Line {
            inst: *step.inst,
            count: 0,
            lanes: 0,
            taken: 0,
            bytes: 0,
            conflicts: 0,
        });
        line.count += 1;
        line.lanes += step.wave.exec.count_ones() as u64;
    }

    fn after(&mut self, step: &Step<'_>, done: &Done<'_>, _: &mut dyn Memory) {
        let Some(line) = self.lines.get_mut(&step.pc) else { return };
        let i = step.inst;
        if i.row().implicit & BRANCH != 0 {
            let taken = done.next != step.pc + 4 * i.len_dw as u64;
            line.taken += taken as u64;
            let always = matches!(i.op, Op::S_BRANCH | Op::S_SETPC_B64 | Op::S_SWAPPC_B64 | Op::S_CALL_B64);
            if !always && i.row().name.starts_with("s_cbranch") {
                self.branches[0] += 1;
                self.branches[1] += taken as u64;
            }
        }
        let mut vector_lines = HashSet::new();
        let mut lds: [Vec<&Touch>; 2] = Default::default();
        let mut seen = 0u64;
        for t in done.touches.iter().filter(|t| t.inside) {
            line.bytes += t.len as u64;
            match (t.space, t.lane) {
                (Space::Global, None) => self.scalar.add(t),
                (Space::Global, _) => {
                    self.global.add(t);
                    vector_lines.insert(t.at / 128);
                }
                (Space::Scratch, _) => self.scratch.add(t),
                (Space::Lds | Space::Gds, _) => {
                    self.lds.add(t);
                    // The second offset of a pair is an access of its own.
                    let lane = t.lane.map_or(0, |l| 1 << l);
                    lds[(seen & lane != 0) as usize].push(t);
                    seen |= lane;
                }
            }
        }
        self.vector_lines += vector_lines.len() as u64;
        if !lds[0].is_empty() {
            self.lds_instructions += 1;
            for half in &lds {
                let (cycles, more) = bank_cycles(half);
                self.lds_cycles += cycles;
                self.lds_conflicts += more;
                line.conflicts += more;
            }
        }
    }

    fn barrier(&mut self, _: u32) {
        self.barriers += 1;
    }
}
