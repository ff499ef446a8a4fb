//! The checker: what every instruction of a run is judged by.
use super::finding::{Finding, Kind, KindSet, Site, Where};
use super::hazards::Hazards;
use super::races::{ATOMIC, COHERENT, Known, Meetings, Record, Shadow, TRAFFIC, Way};
use super::registers::{Miss, Origin, Registers, Source, relative};
use super::shadow::{self, Lds, Scratch};
use super::uses::{HI, LO, Reg, Uses, uses};
use super::waits::{Flight, Traffic, Waits};
use super::{Begin, Done, Observer, Space, Step, Touch};
use crate::{Access, Memory, Object, Trap};
use isa::analysis::{Effects, Regs};
use isa::{Format, Inst, Op, WaveSize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What a [`Checker`] looks for, and how much it keeps.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Kinds looked for.
    pub kinds: KindSet,
    /// Most findings kept; more are only counted.
    pub max_findings: usize,
    /// Most bytes for records of who touched memory. Races on memory beyond that are missed, which
    /// [`Checker::incomplete`] tells.
    pub max_record_bytes: u64,
}

impl Default for Config {
    /// All kinds but notes, 1,000 findings, 512 MiB.
    fn default() -> Self {
        Config { kinds: KindSet::default(), max_findings: 1000, max_record_bytes: 512 << 20 }
    }
}

/// Pages of the device's memory.
const PAGE: u64 = 4096;

/// A fault so near to an allocation was meant for it: what an index of 32 bits reaches.
const NEAR: u64 = 8 << 32;

/// An instruction of the kernel.
struct Line {
    inst: Inst,
    uses: Arc<Uses>,
    /// The encoding rule that it breaks.
    rule: Option<String>,
}

struct WaveState {
    regs: Registers,
    scratch: Scratch,
    waits: Waits,
    hazards: Hazards,
    known: Known,
    /// Until when this wave's LDS, load, store and scalar accesses were done at its last barrier.
    done: [u32; 4],
    /// When that was.
    barrier: u32,
    /// The barrier that it waits at, or waited at last.
    barrier_pc: u64,
    /// Where it ended.
    ended: Option<u64>,
}

struct GroupState {
    begin: Begin,
    waves: Vec<WaveState>,
    lds: Shadow,
    lds_defined: Lds,
    lds_mirror: Vec<u8>,
}

/// An allocation that was told.
struct Told {
    bytes: u64,
    /// What it is called in findings.
    name: String,
}

/// Finds faults in the kernels of one dispatch.
///
/// Show it the groups through [`Group::run_observed`](crate::Group::run_observed); groups of one dispatch are not ordered
/// among themselves. Call [`Checker::next_dispatch`] where one dispatch ends and the next one waits for it.
///
/// What counts as what:
/// - Written before the first instruction: SGPRs that the dispatcher set, v0, EXEC. VCC, M0, SCC, scratch and LDS are not.
/// - Undefined bits go through moves, arithmetic, selects, scratch and LDS; a finding is where one decides something: an
///   address, a branch, EXEC, a lane number, a jump, or what is stored to memory that others see. Bitwise operations and
///   shifts go bit by bit. `x xor x` and `x - x` read nothing.
/// - Stores of the same value by several waves are `race-lds-same` and `race-same`, which are looked for on request only.
/// - A barrier orders LDS accesses also where they were not waited for: LDS takes instructions in the order of issue, and
///   compilers rely on it. `race-lds-unwaited` finds such places on request. Accesses to memory must have been waited for.
/// - A load with GLC that meets a plain store is taken for a flag: no race, and what the storing wave did before is ordered
///   before what comes after. Other atomics that return a value order in the same way.
pub struct Checker {
    config: Config,
    findings: Vec<Finding>,
    index: HashMap<(Kind, u64), usize>,
    dropped: u64,
    code: Vec<(u64, Line)>,
    at: HashMap<u64, u32>,
    groups: HashMap<u32, GroupState>,
    /// Positions of the groups that began.
    places: Vec<[u32; 3]>,
    begun: u32,
    time: u32,
    memory: Shadow,
    meetings: Meetings,
    object: Option<Object>,
    /// Allocations that were told, by address.
    objects: BTreeMap<u64, Told>,
    /// LDS bytes that the kernel declared, where that is known.
    lds_bytes: Option<u32>,
    /// Number of the instruction under way.
    current: u32,
}

impl Default for Checker {
    fn default() -> Self {
        Checker::new(Config::default())
    }
}

impl Checker {
    /// Nothing seen so far.
    pub fn new(config: Config) -> Checker {
        Checker {
            config,
            findings: Vec::new(),
            index: HashMap::new(),
            dropped: 0,
            code: Vec::new(),
            at: HashMap::new(),
            groups: HashMap::new(),
            places: Vec::new(),
            begun: 0,
            time: 0,
            memory: Shadow::default(),
            meetings: Meetings::default(),
            object: None,
            objects: BTreeMap::new(),
            lds_bytes: None,
            current: 0,
        }
    }

    /// What was found, one finding for each kind and instruction, in the order in which they were first seen.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Findings beyond [`Config::max_findings`].
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether races may have been missed because [`Config::max_record_bytes`] was reached.
    pub fn incomplete(&self) -> bool {
        self.memory.full || self.groups.values().any(|g| g.lds.full)
    }

    /// Tells of an allocation: an access in its pages but outside of it, and one that faults near it, is `out-of-bounds`.
    /// What is not told is asked of [`Memory::object_at`].
    pub fn add_object(&mut self, object: Object) {
        self.name_object(object, String::new());
    }

    /// The same with what findings call it, such as `argument 2 (out)`.
    pub fn name_object(&mut self, object: Object, name: String) {
        self.objects.insert(object.va, Told { bytes: object.bytes, name });
        self.object = None;
    }

    /// LDS bytes of a group as the kernel declares them, dynamic ones included. Without it the allocation counts, which
    /// hardware rounds up.
    pub fn set_lds_bytes(&mut self, bytes: u32) {
        self.lds_bytes = Some(bytes);
    }

    fn object_at(&self, va: u64, mem: &mut dyn Memory) -> Option<Object> {
        if let Some((&start, told)) = self.objects.range(..=va).next_back()
            && va < start.saturating_add(told.bytes).checked_next_multiple_of(PAGE).unwrap_or(u64::MAX)
        {
            return Some(Object { va: start, bytes: told.bytes });
        }
        mem.object_at(va)
    }

    /// The allocation that an access to unmapped memory was most likely meant for: the nearest one.
    fn nearest(&self, va: u64) -> Option<Object> {
        let of = |(&va, told): (&u64, &Told)| Object { va, bytes: told.bytes };
        let below = self.objects.range(..=va).next_back().map(of);
        let above = self.objects.range(va..).next().map(of);
        let distance = |o: &Object| if va < o.va { o.va - va } else { va - o.va.saturating_add(o.bytes).min(va) };
        below.into_iter().chain(above).filter(|o| distance(o) <= NEAR).min_by_key(distance)
    }

    /// What an object is called.
    fn called(&self, o: &Object) -> String {
        match self.objects.get(&o.va) {
            Some(told) if !told.name.is_empty() => told.name.clone(),
            _ => format!("the buffer at 0x{:x}", o.va),
        }
    }

    /// Everything until now is ordered before everything from now on; code may have changed.
    pub fn next_dispatch(&mut self) {
        let full = self.memory.full;
        self.memory = Shadow::default();
        self.memory.full = full;
        self.meetings = Meetings::default();
        self.groups.clear();
        self.code.clear();
        self.at.clear();
        self.object = None;
        self.time = 0;
    }

    fn learn(&mut self, step: &Step<'_>) -> u32 {
        if let Some(&k) = self.at.get(&step.pc) {
            return k;
        }
        let size = step.wave_size();
        let rule = isa::check(step.inst, size).err().map(|v| v.to_string());
        let uses = Arc::new(uses(step.inst, step.effects, size));
        let k = self.code.len() as u32;
        self.code.push((step.pc, Line { inst: *step.inst, uses, rule }));
        self.at.insert(step.pc, k);
        k
    }

    fn text(&self, pc: u64, size: WaveSize) -> String {
        match self.at.get(&pc) {
            Some(&k) => isa::disassemble(&self.code[k as usize].1.inst, size),
            None => "?".into(),
        }
    }

    fn wants(&self, kind: Kind) -> bool {
        self.config.kinds.has(kind)
    }

    /// Adds or counts a finding at the instruction under way.
    fn found(&mut self, step: &Step<'_>, kind: Kind, make: impl FnOnce(&Checker, &mut Finding)) {
        self.found_at(kind, (step.pc, step.workgroup, step.wave.id, step.wave_size()), make);
    }

    /// The same at an address, in a group and a wave.
    fn found_at(
        &mut self,
        kind: Kind,
        (pc, workgroup, wave, size): (u64, [u32; 3], u32, WaveSize),
        make: impl FnOnce(&Checker, &mut Finding),
    ) {
        if !self.wants(kind) {
            return;
        }
        if let Some(&k) = self.index.get(&(kind, pc)) {
            self.findings[k].count += 1;
            return;
        }
        if self.findings.len() >= self.config.max_findings {
            self.dropped += 1;
            return;
        }
        let mut f = Finding {
            kind,
            site: Site { pc, instruction: self.text(pc, size), workgroup, wave },
            lane: None,
            lanes: 0,
            register: None,
            memory: None,
            other: None,
            detail: String::new(),
            count: 1,
        };
        make(self, &mut f);
        self.index.insert((kind, pc), self.findings.len());
        self.findings.push(f);
    }

    fn here(&self, step: &Step<'_>, pc: u64) -> Option<Site> {
        Some(Site { pc, instruction: self.text(pc, step.wave_size()), workgroup: step.workgroup, wave: step.wave.id })
    }

    fn uninitialised(&mut self, step: &Step<'_>, miss: Miss) {
        let Origin { what, pc: taken, written } = miss.from;
        let kind = match what {
            _ if miss.padding => Kind::UninitPadding,
            Source::Register(Reg::V(_)) => Kind::UninitVgpr,
            Source::Register(_) => Kind::UninitSgpr,
            Source::Scratch(_) => Kind::UninitScratch,
            Source::Lds(_) => Kind::UninitLds,
        };
        // Of LDS the load is the one to look at; its value's use is the other.
        let load = matches!(what, Source::Lds(_)) && !miss.padding && taken != 0;
        let at = (if load { taken } else { step.pc }, step.workgroup, step.wave.id, step.wave_size());
        self.found_at(kind, at, |c, f| {
            let name = |reg: Reg| match reg {
                Reg::V(k) => format!("v{k}"),
                Reg::S(k) => scalar_name(k),
                Reg::Scc => "scc".into(),
            };
            f.register = Some(name(miss.reg));
            if miss.lanes != 0 {
                f.lane = Some(miss.lanes.trailing_zeros());
                f.lanes = miss.lanes;
            }
            let part = match miss.bits {
                LO => "; of its lower half",
                HI => "; of its upper half",
                _ => "",
            };
            let other = |pc: u64| if pc != 0 && pc != f.site.pc { c.here(step, pc) } else { None };
            match what {
                Source::Register(reg) if written != 0 => {
                    f.other = other(written);
                    f.detail = format!("the last write to {} left it out{part}", name(reg));
                }
                Source::Register(reg) => {
                    f.other = other(taken);
                    let who = if f.other.is_some() { ", and taken in by the other instruction" } else { "" };
                    f.detail = format!("{} was never written{who}{part}", name(reg));
                }
                Source::Scratch(at) => {
                    f.other = other(taken);
                    f.memory = Some(Where { space: Space::Scratch, at, len: 1 });
                    f.detail = format!("nothing was stored there before the other instruction loaded it{part}");
                }
                Source::Lds(at) => {
                    f.other = if load { c.here(step, step.pc) } else { other(taken) };
                    f.memory = Some(Where { space: Space::Lds, at, len: 1 });
                    f.detail = "nothing was stored there; the other instruction depends on it".into();
                }
            }
        });
    }

    fn wait(&mut self, step: &Step<'_>, flight: &Flight, read: bool, regs: Regs) {
        let kind = if read { Kind::WaitRead } else { Kind::WaitWrite };
        self.found(step, kind, |c, f| {
            f.register = Some(names(&regs));
            f.other = c.here(step, flight.pc);
            f.detail = format!("{} was not waited for", flight.wait());
        });
    }

    fn space_checks(&mut self, step: &Step<'_>, t: &Touch, trapped: bool, mem: &mut dyn Memory) {
        let place = |f: &mut Finding| {
            f.memory = Some(Where { space: t.space, at: t.at, len: t.len });
            f.lane = t.lane;
            f.lanes = t.lane.map_or(0, |l| 1 << l);
        };
        let dword = t.len >= 4 && !t.at.is_multiple_of(4);
        let misaligned = match (t.kind, t.lane, t.space) {
            (Access::Atomic, ..) => (!t.at.is_multiple_of(t.len.max(1) as u64)).then_some(Kind::MisalignedAtomic),
            (_, _, Space::Lds) => dword.then_some(Kind::MisalignedLds),
            _ => dword.then_some(Kind::MisalignedSplit),
        };
        if let Some(kind) = misaligned {
            self.found(step, kind, |_, f| place(f));
        }
        let have = self.lds_bytes.or(self.groups.get(&step.group).map(|g| g.begin.lds_bytes)).unwrap_or(0);
        if t.space == Space::Lds && t.at.saturating_add(t.len as u64) > have as u64 {
            self.found(step, Kind::LdsBounds, |_, f| {
                place(f);
                f.detail = format!("the group has {have} bytes of LDS");
            });
        }
        if t.space == Space::Global && t.inside && self.wants(Kind::ObjectBounds) {
            self.bounds(step, t, trapped, mem);
        }
    }

    /// Whether an access keeps to one allocation.
    fn bounds(&mut self, step: &Step<'_>, t: &Touch, trapped: bool, mem: &mut dyn Memory) {
        // Scalar loads come in powers of two: what they take too much is never used.
        let len = if t.lane.is_none() { 4 } else { t.len as u64 };
        let inside =
            |o: &Object| t.at >= o.va && t.at.checked_add(len).is_some_and(|end| end <= o.va.saturating_add(o.bytes));
        if self.object.is_some_and(|o| inside(&o)) {
            return;
        }
        let mut object = self.object_at(t.at, mem);
        if object.is_none() && trapped && mem.load(t.at, &mut [0]).is_err() {
            object = self.nearest(t.at);
        } else {
            self.object = object;
        }
        let Some(o) = object.filter(|o| !inside(o)) else { return };
        self.found(step, Kind::ObjectBounds, |c, f| {
            f.memory = Some(Where { space: t.space, at: t.at, len: t.len });
            f.lane = t.lane;
            f.lanes = t.lane.map_or(0, |l| 1 << l);
            let name = c.called(&o);
            let bytes = |n: u64| if n == 1 { "1 byte".to_string() } else { format!("{n} bytes") };
            f.detail = if t.at < o.va {
                format!("{} before the start of {name} of {}", bytes(o.va - t.at), bytes(o.bytes))
            } else {
                let past = t.at.saturating_add(len).saturating_sub(o.va.saturating_add(o.bytes));
                format!("{} past the end of {name} of {}, at its offset {}", bytes(past), bytes(o.bytes), t.at - o.va)
            };
        });
    }

    fn races(&mut self, step: &Step<'_>, t: &Touch) {
        let lds = t.space == Space::Lds;
        let coherent = !lds && step.inst.mem.glc && t.kind == Access::Read;
        let traffic = match (lds, t.lane, t.kind) {
            (true, ..) => Traffic::Lds,
            (_, None, _) => Traffic::Scalar,
            (_, _, Access::Read) => Traffic::Load,
            (_, _, Access::Atomic) if step.inst.mem.glc => Traffic::Load,
            _ => Traffic::Store,
        };
        let what = (t.kind == Access::Atomic) as u8 * ATOMIC + coherent as u8 * COHERENT + traffic as u8 * TRAFFIC;
        let me = step.group.wrapping_mul(64).wrapping_add(step.wave.id & 63);
        let new = Record { agent: me, time: self.time, code: self.current, what };
        let way = if t.kind == Access::Read { Way::Read } else { Way::Write };
        let Some(g) = self.groups.get_mut(&step.group) else { return };
        let returns = coherent
            || t.kind == Access::Atomic && if lds { step.effects.writes.vgprs() > 0 } else { step.inst.mem.glc };
        let place = if lds { step.group + 1 } else { 0 };
        let key = t.at & !3;
        if returns && let Some(w) = g.waves.get_mut(step.wave.id as usize) {
            self.meetings.acquire(place, key, &mut w.known);
        }
        let mut worst: Option<(Kind, Record, u64, u64)> = None;
        let mut flags: Vec<Record> = Vec::new();
        let GroupState { waves, lds: lds_shadow, .. } = g;
        let shadow = if lds { lds_shadow } else { &mut self.memory };
        let mine = &waves[step.wave.id as usize];
        shadow.access(t.at, t.len as u64, way, new, self.config.max_record_bytes, &mut |old, old_way, at, len| {
            if old.agent == me || mine.known.has(&old) {
                return;
            }
            let same_group = old.agent / 64 == step.group;
            if same_group && waves.get(old.agent as usize % 64).is_some_and(|w| old.time < w.done[old.traffic()]) {
                return;
            }
            let (atomic, was_atomic) = (new.is_atomic(), old.is_atomic());
            let plain_write = way == Way::Write && !atomic || old_way == Way::Write && !was_atomic;
            if old_way == Way::Write && !was_atomic && returns {
                flags.push(old);
            }
            if !plain_write {
                return;
            }
            // Passed a barrier after the access, but had not waited for it.
            let barrier = same_group && waves.get(old.agent as usize % 64).is_some_and(|w| old.time < w.barrier);
            let kind = match (lds, old_way) {
                // A flag and who polls it.
                (false, _) if coherent || old.is_coherent() => return,
                (_, Way::Write) if t.silent && !was_atomic => {
                    if lds {
                        Kind::RaceLdsSame
                    } else {
                        Kind::RaceSame
                    }
                }
                (true, _) if barrier => Kind::RaceLdsUnwaited,
                (true, _) => Kind::RaceLds,
                _ if atomic || was_atomic => Kind::RaceAtomic,
                _ if same_group => Kind::RaceWaves,
                _ => Kind::RaceGroups,
            };
            // Notes come last: another byte may be worse.
            if worst.as_ref().is_none_or(|w| kind.severity() > w.0.severity()) {
                worst = Some((kind, old, at, len));
            }
        });
        let first = step.group.wrapping_mul(64);
        if t.kind == Access::Atomic
            && let Some(w) = waves.get(step.wave.id as usize)
        {
            // What is still under way is not released; what others did before the last barrier is.
            let now = self.time;
            let kinds = [Traffic::Load, Traffic::Store, Traffic::Scalar, Traffic::Lds];
            let kinds = &kinds[..if lds { 3 } else { 4 }];
            let mine = kinds.iter().map(|&k| w.waits.done_before(k, now)).min().unwrap_or(now);
            let theirs = |(k, u): (usize, &WaveState)| {
                let done = kinds.iter().map(|&k| u.done[k as usize]).min().unwrap_or(0);
                (first.wrapping_add(k as u32), if k as u32 == step.wave.id { mine } else { done })
            };
            self.meetings.release(place, key, &w.known, waves.iter().enumerate().map(theirs));
        }
        if let Some(w) = waves.get_mut(step.wave.id as usize) {
            for old in flags {
                // A flag speaks for its whole group, which passed a barrier before it or did not need to.
                let first = old.agent / 64 * 64;
                (first..first + 64).for_each(|agent| w.known.learn(agent, old.time));
            }
        }
        let Some((kind, old, at, len)) = worst else { return };
        let barrier = g.waves.get(old.agent as usize % 64).is_some_and(|w| old.time < w.barrier);
        let same_group = old.agent / 64 == step.group;
        self.found(step, kind, |c, f| {
            f.memory = Some(Where { space: t.space, at, len: len as u32 });
            f.lane = t.lane;
            f.lanes = t.lane.map_or(0, |l| 1 << l);
            let (pc, known) = &c.code[old.code as usize];
            let workgroup = c.places.get(old.agent as usize / 64).copied().unwrap_or_default();
            f.other = Some(Site {
                pc: *pc,
                instruction: isa::disassemble(&known.inst, step.wave_size()),
                workgroup,
                wave: old.agent % 64,
            });
            f.detail = match (same_group, barrier) {
                (true, true) => "there was a barrier, but the other access was not waited for before it".into(),
                (true, false) => "no barrier between them".into(),
                _ => "groups of one dispatch run in any order".into(),
            };
        });
    }
}

/// As the assembler writes it.
pub(super) fn scalar_name(k: u8) -> String {
    match k {
        106 => "vcc_lo".into(),
        107 => "vcc_hi".into(),
        125 => "m0".into(),
        126 => "exec_lo".into(),
        127 => "exec_hi".into(),
        k => format!("s{k}"),
    }
}

/// Registers as a list.
fn names(r: &Regs) -> String {
    let mut all: Vec<String> = (0..=255u8).filter(|&k| r.has_vgpr(k)).map(|k| format!("v{k}")).collect();
    all.extend((0..128u8).filter(|&k| r.has_scalar(k)).map(scalar_name));
    if r.scc {
        all.push("scc".into());
    }
    if all.len() > 4 {
        let more = all.len() - 4;
        all.truncate(4);
        all.push(format!("{more} more"));
    }
    all.join(", ")
}

/// The address of a scalar load whose low bits hardware drops.
fn dropped_bits(step: &Step<'_>) -> Option<u64> {
    let i = step.inst;
    if !i.row().name.starts_with("s_load") {
        return None;
    }
    let base = i.mem.sbase as usize;
    let pair = step.wave.scalar(base) as u64 | (step.wave.scalar(base + 1) as u64) << 32;
    let offset = if i.mem.soffset == 124 { 0 } else { step.wave.scalar(i.mem.soffset as usize) };
    let at = pair.wrapping_add(i.imm as i64 as u64).wrapping_add(offset as u64);
    (!at.is_multiple_of(4)).then_some(at)
}

/// Effects with the registers that M0 names, and the highest of all + 1.
fn by_m0(step: &Step<'_>, uses: &Uses) -> Option<(Effects, usize)> {
    let (to, from, swap) = uses.indirect.then(|| relative(step.inst, step.wave.scalar(125))).flatten()?;
    let mut e = *step.effects;
    (e.reads.v, e.writes.v) = ([0; 4], [0; 4]);
    let mut add = |k: usize, reads: bool, writes: bool| {
        if let Ok(k) = u8::try_from(k) {
            e.reads.add_vgprs(k, reads as u8);
            e.writes.add_vgprs(k, writes as u8);
        }
    };
    let source = (from as usize).checked_sub(256);
    add(to, swap, true);
    if let Some(k) = source {
        add(k, true, swap);
    }
    Some((e, to.max(source.unwrap_or(0)) + 1))
}

/// Instructions of which memory is read or written by every lane for itself.
fn waits_lanewise(inst: &Inst, uses: &Uses) -> bool {
    uses.lanewise && !matches!(inst.format(), Format::Mimg | Format::Exp)
}

impl Observer for Checker {
    fn begin(&mut self, begin: &Begin) -> u32 {
        let number = self.begun;
        self.begun += 1;
        let wave = || WaveState {
            regs: Registers::new(begin),
            scratch: Scratch::default(),
            waits: Waits::default(),
            hazards: Hazards::default(),
            known: Known::default(),
            done: [0; 4],
            barrier: 0,
            barrier_pc: 0,
            ended: None,
        };
        let state = GroupState {
            begin: *begin,
            waves: (0..begin.waves).map(|_| wave()).collect(),
            lds: Shadow::default(),
            lds_defined: Lds::new(begin.lds_bytes as usize),
            lds_mirror: vec![0; begin.lds_bytes as usize],
        };
        self.groups.insert(number, state);
        self.places.push(begin.workgroup);
        number
    }

    fn before(&mut self, step: &Step<'_>) {
        self.time = self.time.saturating_add(1);
        self.current = self.learn(step);
        let known = &self.code[self.current as usize].1;
        let uses = Arc::clone(&known.uses);
        let rule = known.rule.clone();
        let time = self.time;
        let e: &Effects = step.effects;
        let exec = step.wave.exec;
        let named = by_m0(step, &uses);
        let (e, top) = named.as_ref().map_or((e, uses.top_vgpr as usize), |n| (&n.0, n.1));
        let Some(w) = self.groups.get_mut(&step.group).and_then(|g| g.waves.get_mut(step.wave.id as usize)) else {
            return;
        };
        w.waits.wait(step.inst);
        let late = w.waits.conflict(step.inst, e, exec, waits_lanewise(step.inst, &uses));
        let misses = w.regs.step(&uses, e, step.inst, &step.wave, step.pc);
        match step.inst.op {
            Op::S_BARRIER => w.barrier_pc = step.pc,
            Op::S_ENDPGM | Op::S_ENDPGM_SAVED => w.ended = Some(step.pc),
            _ => {}
        }
        let hazard = w.hazards.next(step.pc, step.inst, e, step.wave.lanes == 64);
        w.waits.issue(step.pc, time, step.inst, e, exec);
        if let Some((flight, read, regs)) = late {
            self.wait(step, &flight, read, regs);
        }
        for miss in misses {
            self.uninitialised(step, miss);
        }
        if let Some((kind, regs, pc)) = hazard {
            self.found(step, kind, |c, f| {
                f.register = Some(names(&regs));
                f.other = c.here(step, pc);
            });
        }
        if let Some(rule) = rule {
            self.found(step, Kind::Encoding, |_, f| f.detail = rule);
        }
        if let Some(at) = dropped_bits(step) {
            self.found(step, Kind::MisalignedScalar, |_, f| {
                f.memory = Some(Where { space: Space::Global, at, len: 4 });
            });
        }
        let have = step.wave.vgprs();
        if top > have {
            self.found(step, Kind::VgprRange, |_, f| {
                f.register = Some(format!("v{}", top - 1));
                f.detail = format!("the wave has {have} VGPRs");
            });
        }
    }

    fn after(&mut self, step: &Step<'_>, done: &Done<'_>, mem: &mut dyn Memory) {
        if done.touches.is_empty() {
            return;
        }
        if !done.trapped
            && let Some(&k) = self.at.get(&step.pc)
            && let Some(g) = self.groups.get_mut(&step.group)
            && let Some(w) = g.waves.get_mut(step.wave.id as usize)
        {
            let uses = &self.code[k as usize].1.uses;
            let lds = &mut g.lds_defined;
            let (inst, e) = (step.inst, step.effects);
            let miss = shadow::transfer(&mut w.regs, &mut w.scratch, lds, inst, uses, e, done.touches, step.pc);
            if let Some(miss) = miss {
                self.uninitialised(step, miss);
            }
        }
        for t in done.touches {
            self.space_checks(step, t, done.trapped, mem);
            if !t.inside || done.trapped || matches!(t.space, Space::Scratch | Space::Gds) {
                continue;
            }
            let mut t = *t;
            if t.space == Space::Lds
                && let Some(g) = self.groups.get_mut(&step.group)
                && let Ok(at) = usize::try_from(t.at)
                && let Some(old) = g.lds_mirror.get_mut(at..at.saturating_add(t.len as usize))
                && let Some(new) = done.lds.get(at..at.saturating_add(t.len as usize))
                && t.kind != Access::Read
            {
                t.silent = t.kind == Access::Write && old == new;
                old.copy_from_slice(new);
            }
            self.races(step, &t);
        }
    }

    fn barrier(&mut self, group: u32) {
        let now = self.time + 1;
        self.time = now;
        let Some(g) = self.groups.get_mut(&group) else { return };
        let mut all = Known::default();
        for w in &mut g.waves {
            all.join(&w.known);
            let kinds = [Traffic::Lds, Traffic::Load, Traffic::Store, Traffic::Scalar];
            w.barrier = now;
            w.done = kinds.map(|k| w.waits.done_before(k, now));
        }
        for w in &mut g.waves {
            w.known.join(&all);
        }
        // Ended waves count as arrived.
        let ended = g.waves.iter().enumerate().find_map(|(k, w)| w.ended.map(|pc| (k as u32, pc)));
        let waits = g.waves.iter().position(|w| w.ended.is_none());
        if let (Some((gone, end)), Some(wave)) = (ended, waits) {
            let (begin, pc) = (g.begin, g.waves[wave].barrier_pc);
            self.found_at(Kind::BarrierEnded, (pc, begin.workgroup, wave as u32, begin.wave_size), |c, f| {
                let instruction = c.text(end, begin.wave_size);
                f.other = Some(Site { pc: end, instruction, workgroup: begin.workgroup, wave: gone });
                f.detail = "the other wave ended without it".into();
            });
        }
    }

    fn end(&mut self, group: u32, _: Option<&Trap>) {
        let full = self.groups.remove(&group).is_some_and(|g| g.lds.full);
        self.memory.full |= full;
    }
}
