//! Workgroups over the host's cores.
//!
//! Each ring's thread runs its own dispatches and is helped by a pool that all rings share: a ring goes on however busy
//! the others keep the pool. Whoever is free takes the next workgroup from one counter, so that they start in order and
//! one that waits for an earlier one finds it running or done. A workgroup that doesn't end in its slice of instructions
//! stays where it is while the thread starts others, as many as the CUs of a Navi31 hold: so those that wait for one
//! another (a barrier of the whole grid) all run.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use isa_exec::{Control, Engine, Group, Memory, Program, Progress, Trap, TrapKind, WaveStatus};

use super::card::Config;
use super::dispatch::Dispatch;
use super::inspect::Inspection;
use super::memory::{AccessLog, VmMemory};
use super::programs::Programs;
use super::sched::Watch;
use super::vm::Vm;
use crate::kmd::{WaveActivity, WaveReport};

/// How long a thread goes on with the workgroups that it has before it starts as many again.
const GROWTH: Duration = Duration::from_millis(2);
/// Waves that a report shows with their registers.
const SHOWN_WAVES: usize = 4;
/// Waves that are kept with all of their scalar registers.
const KEPT_WAVES: usize = 64;
/// Their SGPRs that a report shows.
const SHOWN_SGPRS: usize = 16;

/// What the waves of a card have done so far, of all its files: a [`Config::counters`](super::Config::counters) to read
/// from while it works.
#[derive(Debug, Default)]
pub struct Counters {
    wave_instructions: AtomicU64,
    waves: AtomicU64,
    workgroups: AtomicU64,
}

impl Counters {
    /// The counts now.
    pub fn work(&self) -> super::Work {
        super::Work {
            wave_instructions: self.wave_instructions.load(Ordering::Relaxed),
            waves: self.waves.load(Ordering::Relaxed),
            workgroups: self.workgroups.load(Ordering::Relaxed),
        }
    }

    /// Workgroups ran to their end.
    fn add(&self, work: super::Work) {
        self.wave_instructions.fetch_add(work.wave_instructions, Ordering::Relaxed);
        self.waves.fetch_add(work.waves, Ordering::Relaxed);
        self.workgroups.fetch_add(work.workgroups, Ordering::Relaxed);
    }
}

/// A dispatch that stopped before its end.
#[derive(Debug)]
pub struct Stopped {
    /// Why.
    pub trap: Trap,
    /// What the waves that were under way are doing, in a sentence.
    pub waves: String,
    /// The same, of the first ones; where one of them is to blame, it comes first.
    pub reports: Vec<WaveReport>,
    /// How many there are beside those.
    pub more: usize,
}

/// The threads that run waves beside the rings' own.
pub struct Crew {
    pool: Option<rayon::ThreadPool>,
    threads: usize,
    programs: Arc<Programs>,
    inspection: Option<Inspection>,
    counters: Arc<Counters>,
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew").field("threads", &self.threads).finish_non_exhaustive()
    }
}

impl Crew {
    /// A crew by which a dispatch runs on `threads` threads; on as many as the host has cores without a number, and on the
    /// ring's alone where its waves are watched.
    pub fn new(config: &Config) -> io::Result<Self> {
        let (threads, engine, inspection) = (config.threads, config.engine, config.inspection.clone());
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = match inspection {
            Some(_) => 1,
            None => threads.filter(|&n| n != 0).unwrap_or_else(cores),
        };
        let pool = match threads - 1 {
            0 => None,
            helpers => Some(
                rayon::ThreadPoolBuilder::new()
                    .num_threads(helpers)
                    .thread_name(|i| format!("soft-cu-{i}"))
                    .build()
                    .map_err(io::Error::other)?,
            ),
        };
        Ok(Self {
            pool,
            threads,
            programs: Arc::new(Programs::new(engine)),
            inspection,
            counters: config.counters.clone().unwrap_or_default(),
        })
    }

    /// What the waves have done so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    fn work(&self, dispatch: &Dispatch, vm: &Arc<Vm>, watch: &Arc<Watch>, programs: Option<Arc<Programs>>) -> Work {
        let work = Work::new(dispatch.clone(), Arc::clone(vm), Arc::clone(watch), programs);
        if let Some(inspection) = &self.inspection {
            inspection.with(|i| i.next_dispatch());
        }
        Work { inspection: self.inspection.clone(), counters: Arc::clone(&self.counters), ..work }
    }

    /// Runs all workgroups.
    pub fn run(&self, dispatch: &Dispatch, vm: &Arc<Vm>, watch: &Arc<Watch>) -> Result<(), Box<Stopped>> {
        let programs = Some(Arc::clone(&self.programs));
        let work = self.work(dispatch, vm, watch, programs);
        let most = work.count.min(work.dispatch.residency().into());
        let helpers = (self.threads - 1).min(most.saturating_sub(1) as usize);
        if let Some(pool) = self.pool.as_ref().filter(|_| helpers != 0) {
            let work = Arc::new(work);
            for _ in 0..helpers {
                let work = Arc::clone(&work);
                pool.spawn(move || work.help());
            }
            work.lead();
            return work.result();
        }
        work.take_part(&mut VmMemory::new(&work.vm));
        work.result()
    }

    /// Runs all workgroups on this thread and notes what they touch.
    pub fn run_logged(&self, dispatch: &Dispatch, vm: &Arc<Vm>, watch: &Arc<Watch>) -> Result<AccessLog, Box<Stopped>> {
        let work = self.work(dispatch, vm, watch, None);
        let mut memory = VmMemory::logged(&work.vm, dispatch.scratch_range());
        work.take_part(&mut memory);
        let log = memory.into_log().unwrap_or_default();
        work.result().map(|()| log)
    }
}

/// One dispatch under way.
struct Work {
    dispatch: Dispatch,
    vm: Arc<Vm>,
    watch: Arc<Watch>,
    /// Code from earlier dispatches; none where each fetch is to be seen.
    programs: Option<Arc<Programs>>,
    /// Who watches the waves.
    inspection: Option<Inspection>,
    count: u64,
    /// The workgroup to start next.
    next: AtomicU64,
    /// Workgroups that ran to their end.
    ended: AtomicU64,
    counters: Arc<Counters>,
    /// A workgroup failed: the others stop.
    stop: AtomicBool,
    failed: Mutex<Option<(u64, Trap)>>,
    /// Waves that had not ended when it was stopped.
    under_way: Mutex<Vec<Waiting>>,
    /// Workgroups that may start beside those that run.
    places: AtomicU32,
    /// Free places of the scratch ring: at least as many.
    slots: Mutex<Vec<u32>>,
    helpers: Mutex<Helpers>,
    left: Condvar,
}

/// A workgroup that was started.
struct Running {
    index: u64,
    group: Group,
    slot: Option<u32>,
}

#[derive(Default)]
struct Helpers {
    at_work: usize,
    /// No work is left: who comes now goes again.
    closed: bool,
    panicked: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Work {
    fn new(dispatch: Dispatch, vm: Arc<Vm>, watch: Arc<Watch>, programs: Option<Arc<Programs>>) -> Self {
        let slots = match dispatch.has_scratch() {
            true => (0..dispatch.residency()).rev().collect(),
            false => Vec::new(),
        };
        Self {
            count: dispatch.count(),
            places: AtomicU32::new(dispatch.residency()),
            dispatch,
            vm,
            watch,
            programs,
            inspection: None,
            next: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            counters: Arc::default(),
            stop: AtomicBool::new(false),
            failed: Mutex::default(),
            under_way: Mutex::default(),
            slots: Mutex::new(slots),
            helpers: Mutex::default(),
            left: Condvar::new(),
        }
    }

    /// The ring's own thread: works, then waits for those who still do.
    fn lead(&self) {
        let done = catch_unwind(AssertUnwindSafe(|| self.take_part(&mut VmMemory::new(&self.vm))));
        if done.is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
        let mut helpers = lock(&self.helpers);
        helpers.closed = true;
        while helpers.at_work != 0 {
            helpers = self.left.wait(helpers).unwrap_or_else(PoisonError::into_inner);
        }
        let panicked = helpers.panicked;
        drop(helpers);
        // The ring answers a panic with a lost context.
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
        assert!(!panicked, "a thread that runs waves panicked");
    }

    fn help(&self) {
        {
            let mut helpers = lock(&self.helpers);
            if helpers.closed {
                return;
            }
            helpers.at_work += 1;
        }
        let done = catch_unwind(AssertUnwindSafe(|| self.take_part(&mut VmMemory::new(&self.vm))));
        if done.is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
        let mut helpers = lock(&self.helpers);
        helpers.panicked |= done.is_err();
        helpers.at_work -= 1;
        self.left.notify_all();
    }

    /// Runs workgroups until none is left that it could run.
    fn take_part(&self, memory: &mut VmMemory<'_>) {
        let (entry, wave_size) = (self.dispatch.entry(), self.dispatch.wave_size());
        let mut program = match &self.programs {
            Some(programs) => programs.take(&self.vm, memory, entry, wave_size),
            None => {
                let mut program = Program::new(entry, wave_size);
                program.set_engine(Engine::Interpreter);
                program
            }
        };
        let stopped = || self.stopped();
        let control = Control { stop: &stopped, max_instructions: None };
        // In the order in which they were started.
        let mut resident: Vec<Running> = Vec::new();
        let mut grown = Instant::now();
        let (mut starts, mut turn) = (0, 0);
        let mut done = super::Work::default();
        while !self.stopped() {
            if resident.is_empty() {
                (starts, turn) = (1, 0);
                grown = Instant::now();
            } else if grown.elapsed() >= GROWTH {
                // None of them may ever end without those to come.
                starts = resident.len();
                grown = Instant::now();
            }
            let mut at = None;
            if starts != 0 {
                starts -= 1;
                at = self.start(&program).map(|started| {
                    resident.push(started);
                    resident.len() - 1
                });
            }
            if resident.is_empty() {
                break;
            }
            // Every second turn is the oldest one's, which others may wait for.
            turn += 1;
            let at = at.unwrap_or_else(|| if turn % 2 == 0 { turn / 2 % resident.len() } else { 0 });
            let slice = slice(resident.len());
            let group = &mut resident[at].group;
            let ran = match &self.inspection {
                Some(watched) => watched.with(|i| group.run_observed(&mut program, memory, &control, slice, i)),
                None => group.run(&mut program, memory, &control, slice),
            };
            match ran {
                Ok(Progress::Ended(stats)) => {
                    let ended = resident.remove(at);
                    self.ended.fetch_add(1, Ordering::Relaxed);
                    done.wave_instructions += stats.wave_instructions;
                    done.waves += stats.waves;
                    done.workgroups += 1;
                    lock(&self.slots).extend(ended.slot);
                    self.places.fetch_add(1, Ordering::Release);
                }
                Ok(Progress::Yielded) => {}
                Err(trap) => self.fail(resident[at].index, trap),
            }
        }
        self.counters.add(done);
        if self.stopped() {
            self.report(&resident, memory);
        } else if let Some(programs) = &self.programs {
            programs.give(&self.vm, program);
        }
    }

    /// Starts the next workgroup, if there is one and there is room for it.
    fn start(&self, program: &Program) -> Option<Running> {
        if self.next.load(Ordering::Relaxed) >= self.count {
            return None;
        }
        self.places.fetch_update(Ordering::Acquire, Ordering::Relaxed, |free| free.checked_sub(1)).ok()?;
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        if index >= self.count {
            self.places.fetch_add(1, Ordering::Release);
            return None;
        }
        let slot = lock(&self.slots).pop();
        let group = self.dispatch.with_setup(index, slot.unwrap_or(0), |setup| Group::new(setup, program));
        Some(Running { index, group, slot })
    }

    fn fail(&self, index: u64, trap: Trap) {
        self.stop.store(true, Ordering::Relaxed);
        let mut failed = lock(&self.failed);
        // The first workgroup's fault is the one to tell, unless it was only stopped by another's.
        let weight = |t: &Trap| matches!(t.kind, TrapKind::Killed);
        if failed.as_ref().is_none_or(|(i, t)| (weight(&trap), index) < (weight(t), *i)) {
            *failed = Some((index, trap));
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
            || self.watch.stop.load(Ordering::Relaxed)
            || Instant::now() >= self.watch.deadline
    }

    /// Notes what the waves of these workgroups are doing.
    fn report(&self, resident: &[Running], memory: &mut VmMemory<'_>) {
        let mut under_way = lock(&self.under_way);
        for running in resident {
            for wave in running.group.waves().into_iter().filter(|w| w.status != WaveStatus::Ended) {
                let barrier = wave.status == WaveStatus::Barrier;
                under_way.push(Waiting {
                    index: running.index,
                    report: WaveReport {
                        dispatch: self.dispatch.number,
                        workgroup: self.dispatch.workgroup(running.index),
                        wave: wave.wave,
                        activity: if barrier { WaveActivity::Barrier } else { WaveActivity::Running },
                        pc: wave.pc,
                        instruction: instruction(memory, wave.pc, self.dispatch.wave_size()),
                        exec: wave.exec,
                        vcc: wave.vcc,
                        m0: wave.m0,
                        scc: wave.scc,
                        mode: wave.mode,
                        sgprs: wave.sgprs,
                    },
                });
            }
        }
    }

    fn result(&self) -> Result<(), Box<Stopped>> {
        let failed = lock(&self.failed).take();
        if failed.is_none() && self.ended.load(Ordering::Relaxed) == self.count {
            return Ok(());
        }
        // Without a failure, the time was up while nobody was inside a workgroup.
        let (index, trap) = failed.unwrap_or_else(|| {
            let workgroup = self.dispatch.workgroup(0);
            let pc = self.dispatch.entry();
            (0, Trap { pc, wave: 0, workgroup, instruction: None, lane: None, kind: TrapKind::Killed })
        });
        let mut waves = std::mem::take(&mut *lock(&self.under_way));
        let blamed = trap.kind != TrapKind::Killed;
        let is_blamed = |w: &Waiting| blamed && (w.index, w.report.wave) == (index, trap.wave);
        waves.sort_by_key(|w| (!is_blamed(w), w.index, w.report.wave));
        let more = waves.len().saturating_sub(KEPT_WAVES);
        if blamed {
            let mut text = String::new();
            if let Some(own) = waves.first_mut().filter(|w| is_blamed(w)) {
                if trap.kind != TrapKind::BarrierDeadlock {
                    own.report.activity = WaveActivity::Faulted;
                }
                text = registers(&own.report);
            }
            let reports = waves.into_iter().take(KEPT_WAVES).map(|w| w.report).collect();
            return Err(Box::new(Stopped { trap, waves: text, reports, more }));
        }
        let started = self.next.load(Ordering::Relaxed).min(self.count);
        let mut groups: Vec<u64> = waves.iter().map(|w| w.index).collect();
        groups.dedup();
        let count = |n: u64, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
        let mut text =
            format!("dispatch {} had started {started} of {}", self.dispatch.number, count(self.count, "workgroup"));
        match waves.len() as u64 {
            0 => text.push_str("; no wave was under way"),
            n => {
                let (waves, groups) = (count(n, "wave"), count(groups.len() as u64, "workgroup"));
                let were = if n == 1 { "was" } else { "were" };
                text.push_str(&format!("; {waves} in {groups} {were} under way: "));
            }
        }
        let shown: Vec<String> = waves.iter().take(SHOWN_WAVES).map(|w| sentence(&w.report)).collect();
        text.push_str(&shown.join("; "));
        if waves.len() > SHOWN_WAVES {
            text.push_str(&format!("; and {} more", waves.len() - SHOWN_WAVES));
        }
        let reports = waves.into_iter().take(KEPT_WAVES).map(|w| w.report).collect();
        Err(Box::new(Stopped { trap, waves: text, reports, more }))
    }
}

/// A wave that was under way when its dispatch was stopped.
struct Waiting {
    index: u64,
    report: WaveReport,
}

/// What a wave is doing, and where.
fn sentence(wave: &WaveReport) -> String {
    let [x, y, z] = wave.workgroup;
    let what = if wave.activity == WaveActivity::Barrier { "waits at a barrier" } else { "runs" };
    let text = wave.instruction.as_ref().map_or("what is no instruction".to_owned(), |text| format!("`{text}`"));
    let (number, pc) = (wave.wave, wave.pc);
    format!("workgroup ({x}, {y}, {z}) wave {number} {what} at pc {pc:#x}, {text}, {}", registers(wave))
}

/// Wave instructions of a workgroup's turn: many that run at a time are likely to wait for one another.
const fn slice(resident: usize) -> u64 {
    match resident {
        0..=8 => 1 << 15,
        9..=64 => 1 << 13,
        _ => 1 << 12,
    }
}

/// The scalar registers that matter most.
fn registers(wave: &WaveReport) -> String {
    let sgprs: Vec<String> = wave.sgprs.iter().take(SHOWN_SGPRS).map(|s| format!("{s:#x}")).collect();
    format!(
        "EXEC {:#x}, VCC {:#x}, SCC {}, M0 {:#x}, s0 to s{} {}",
        wave.exec,
        wave.vcc,
        u32::from(wave.scc),
        wave.m0,
        SHOWN_SGPRS - 1,
        sgprs.join(" ")
    )
}

/// The instruction at an address, as text.
fn instruction(memory: &mut VmMemory<'_>, pc: u64, wave_size: isa::WaveSize) -> Option<String> {
    let mut words = [0; 8];
    let have = memory.fetch(pc, &mut words).ok()?;
    let inst = isa::decode(&words[..have], wave_size).ok()?;
    Some(isa::disassemble(&inst, wave_size))
}
