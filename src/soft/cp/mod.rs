//! The command processor: executes the packets of a job's indirect buffers.
//!
//! Dispatches are started, not finished, by their packet: they are held back until something in the stream waits for
//! them (CS_PARTIAL_FLUSH, an end-of-pipe event, the end of the job). Two that are held back together may run in any
//! order on a card; touching the same memory is then a race, which is reported. Where caches are modelled, each runs
//! at its packet instead, and what the stream waited for is kept beside it (`caches.rs`).

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use isa_exec::{FaultCause, MemFault, Memory, TrapKind};
use nix::errno::Errno;
use pm4::packet::HeaderFlags;
use pm4::packet::values::CondIbMode;
use pm4::{Packet, reg};

use super::access::Access;
use super::caches::{Caches, Wait, Writer, race};
use super::card::Config;
use super::code;
use super::dispatch::{Dispatch, Refusal, Registers};
use super::identity::Part;
use super::memory::{AccessLog, VmMemory};
use super::sched::{Engine, Execute, Failure, Ib, Job, Watch};
use super::strict;
use super::trace::{Event, Trace};
use super::vm::{LastFault, Vm, canonical};
use super::waves::{Counters, Crew, Stopped};
use crate::kmd::Explanation;

mod copy;
mod graphics;
mod packets;
mod sdma;

/// Between two looks at memory that something waits for.
const POLL: Duration = Duration::from_micros(50);
/// Longest buffer that INDIRECT_BUFFER can name, in dwords.
const IB_MAX_DW: u32 = 0xf_ffff;
/// Nested calls by INDIRECT_BUFFER.
const DEPTH_MAX: usize = 2;

/// Executes jobs.
pub struct CommandProcessor {
    crew: Crew,
    part: &'static Part,
    check_hazards: bool,
    check_caches: bool,
    strict: bool,
    log: Option<Sender<String>>,
    trace: Option<Arc<Trace>>,
    last_fault: Arc<LastFault>,
}

impl fmt::Debug for CommandProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandProcessor").field("check_hazards", &self.check_hazards).finish_non_exhaustive()
    }
}

impl CommandProcessor {
    /// Starts the threads that run waves. Page faults are noted in `last_fault`.
    pub fn new(config: &Config, last_fault: Arc<LastFault>) -> io::Result<Self> {
        let crew = Crew::new(config)?;
        Ok(Self {
            crew,
            part: config.arch.part(),
            check_hazards: config.check_hazards,
            check_caches: config.check_caches,
            strict: config.strict,
            log: config.log.clone(),
            trace: config.trace.clone(),
            last_fault,
        })
    }

    /// What the waves have done so far.
    pub fn counters(&self) -> &Counters {
        self.crew.counters()
    }
}

impl Execute for CommandProcessor {
    fn execute(&self, job: &Job, watch: &Arc<Watch>) -> Result<(), Failure> {
        let mut run = Run {
            cp: self,
            job,
            watch,
            registers: Registers::default(),
            memory: VmMemory::new(&job.vm),
            pending: Vec::new(),
            dispatches: 0,
            indirect_base: 0,
            predicate: true,
            caches: self.check_caches.then(|| Caches::new(self.check_hazards, job.mem_sync)),
        };
        let done = run.job();
        let done = done.map_err(|stop| {
            let mut what = Explanation { registers: run.registers.written(), ..Explanation::default() };
            let (errno, reason) = match stop {
                Stop::Fault(fault, who) => (Errno::ENODATA, self.page_fault(&job.vm, &fault, &who)),
                Stop::Wave(stopped, suspicion) => {
                    let Stopped { trap, waves, reports, more } = *stopped;
                    (what.waves, what.more_waves) = (reports, more);
                    what.hung = matches!(trap.kind, TrapKind::Killed | TrapKind::BarrierDeadlock);
                    let reason = match &trap.kind {
                        TrapKind::MemFault(fault) => self.page_fault(&job.vm, fault, &trap.to_string()),
                        TrapKind::Killed => "hang: the job was stopped after its time limit".to_owned(),
                        _ => trap.to_string(),
                    };
                    let parts = [Some(reason), suspicion, Some(waves).filter(|w| !w.is_empty())];
                    // Killing waves is enough: the ring goes on.
                    (Errno::ENODATA, parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
                }
                Stop::Hang(reason) => {
                    what.hung = true;
                    (Errno::ETIME, reason)
                }
            };
            self.say(|| format!("{}: {reason}", ring(job)));
            what.reason = reason;
            Failure { errno, what }
        });
        if let Some((count, first)) = job.vm.let_go() {
            self.say(|| {
                let first = self.page_fault(&job.vm, &first, &first.to_string());
                format!("{}: {count} dropped accesses, the first of them: {first}", ring(job))
            });
        }
        if let Some(trace) = &self.trace {
            let end = match &done {
                Ok(()) => Ok(()),
                Err(failure) => Err(failure.what.reason.as_str().into()),
            };
            trace.push(Event::Ended(end));
        }
        done
    }
}

/// Which ring a job is on, for people.
fn ring(job: &Job) -> String {
    format!("{:?} ring {}", job.ring.0, job.ring.1).to_lowercase()
}

impl CommandProcessor {
    /// Tells whoever keeps the log.
    fn say(&self, what: impl FnOnce() -> String) {
        if let Some(log) = &self.log {
            // Nobody may be listening any more.
            _ = log.send(what());
        }
    }

    fn page_fault(&self, vm: &Vm, fault: &MemFault, who: &str) -> String {
        self.last_fault.note(fault.va);
        if fault.cause != FaultCause::Unmapped {
            return who.to_owned();
        }
        let (below, above) = vm.neighbours(fault.va);
        let side = |word, mapping: Option<Arc<super::vm::Mapping>>| {
            mapping.map(|m| {
                let away = if m.start > fault.va { m.start - fault.va } else { fault.va - m.end };
                format!("{word} it {:#x}..{:#x} (GEM handle {}, {away:#x} bytes away)", m.start, m.end, m.handle)
            })
        };
        let near: Vec<String> = [side("below", below), side("above", above)].into_iter().flatten().collect();
        match near.is_empty() {
            true => format!("{who}; nothing at all is mapped"),
            false => format!("{who}; mapped {}", near.join(", ")),
        }
    }
}

/// Why a job ended early.
enum Stop {
    /// The command processor itself touched what it may not.
    Fault(MemFault, String),
    /// A wave did.
    Wave(Box<Stopped>, Option<String>),
    /// The ring can't go on.
    Hang(String),
}

/// Something that was started and that nothing has waited for.
enum Pending {
    Dispatch(Dispatch),
    Access {
        access: Access,
        at: String,
        /// Whether what follows starts only when it has ended.
        ordered: bool,
    },
}

struct Run<'a> {
    cp: &'a CommandProcessor,
    job: &'a Job,
    watch: &'a Arc<Watch>,
    registers: Registers,
    memory: VmMemory<'a>,
    pending: Vec<Pending>,
    dispatches: u32,
    /// What DISPATCH_INDIRECT's offset counts from on the graphics ring.
    indirect_base: u64,
    /// Whether packets with the predicate bit execute.
    predicate: bool,
    caches: Option<Caches>,
}

/// Where to go on after a buffer's end.
enum Next {
    Done,
    Chain(Ib),
}

/// Where to go on after a packet.
enum Flow {
    /// With the next one.
    On,
    /// Behind so many dwords.
    Skip(u32),
    /// In another buffer, for good.
    Chain(Ib),
    /// With the next one, which may have been written meanwhile.
    Reload,
}

impl Run<'_> {
    fn job(&mut self) -> Result<(), Stop> {
        for (number, &ib) in self.job.ibs.iter().enumerate() {
            self.buffer(ib, &format!("IB {number}"), 0)?;
        }
        self.drain()
    }

    fn buffer(&mut self, first: Ib, name: &str, depth: usize) -> Result<(), Stop> {
        let mut ib = first;
        loop {
            let bad = |rule: &str| Stop::Hang(format!("{name} at {:#x}, {} bytes: {rule}", ib.va, ib.bytes));
            if !ib.va.is_multiple_of(4) || !ib.bytes.is_multiple_of(4) {
                return Err(bad("an indirect buffer's address and length are multiples of 4"));
            }
            let align = strict::IB_ALIGN;
            let (start, length) = (ib.va.is_multiple_of(align), u64::from(ib.bytes).is_multiple_of(align));
            let sdma = self.job.ring.0 == Engine::Sdma;
            if self.cp.strict && !(start && (length || sdma)) {
                return Err(bad(match sdma {
                    true => "an indirect buffer's address is a multiple of 32 bytes",
                    false => "an indirect buffer's address and length are multiples of 32 bytes",
                }));
            }
            if ib.bytes / 4 > IB_MAX_DW {
                return Err(bad("an indirect buffer has fewer than 2^20 dwords"));
            }
            let place = format!("{name} ({:#x})", ib.va);
            let next = if sdma { self.sdma_packets(ib, &place, depth)? } else { self.packets(ib, &place, depth)? };
            match next {
                Next::Done => return Ok(()),
                Next::Chain(next) => ib = next,
            }
        }
    }

    /// The dwords of a buffer.
    fn fetch(&mut self, ib: Ib, name: &str) -> Result<Vec<u32>, Stop> {
        self.memory.refresh();
        let mut bytes = vec![0; ib.bytes as usize];
        self.memory.load(ib.va, &mut bytes).map_err(|f| fault(f, name))?;
        Ok(bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    }

    fn packets(&mut self, ib: Ib, name: &str, depth: usize) -> Result<Next, Stop> {
        let mut words = self.fetch(ib, name)?;
        let mut next = 0;
        while let Some(item) = words.get(next..).and_then(|rest| pm4::decode(rest).next()) {
            let at = format!("{name} dword {next}");
            let va = ib.va + 4 * next as u64;
            self.check_watch(&at)?;
            next += item.words.len();
            let packet = match &item.packet {
                Ok(packet) => packet,
                Err(error) => return Err(Stop::Hang(format!("{at}: {error}"))),
            };
            let engine = self.job.ring.0;
            if self.cp.strict {
                strict::packet(&item, packet, engine).map_err(|rule| Stop::Hang(format!("{at}: {rule}")))?;
            }
            if engine == Engine::Gfx && item.flags.contains(HeaderFlags::PREDICATE) && !self.predicate {
                continue;
            }
            match self.flow(packet, va, depth, &at)? {
                Flow::On => {}
                Flow::Chain(ib) => return Ok(Next::Chain(ib)),
                Flow::Reload => words = self.fetch(ib, name)?,
                Flow::Skip(dwords) => {
                    next += dwords as usize;
                    if self.cp.strict && next > words.len() {
                        let what = packet.name();
                        return Err(Stop::Hang(format!(
                            "{at}: {what} skips {dwords} dwords, beyond the end of the buffer"
                        )));
                    }
                }
            }
        }
        Ok(Next::Done)
    }

    /// Executes a packet at `va` of the buffer, which may lead elsewhere.
    fn flow(&mut self, packet: &Packet, va: u64, depth: usize, at: &str) -> Result<Flow, Stop> {
        Ok(match packet {
            Packet::IndirectBuffer(call) => {
                let ib = Ib { va: canonical(call.ib_base), bytes: 4 * call.ib_size };
                if call.chain {
                    // What follows it in this buffer is not executed.
                    return Ok(Flow::Chain(ib));
                }
                if depth >= DEPTH_MAX {
                    return Err(Stop::Hang(format!("{at}: INDIRECT_BUFFER nested deeper than {DEPTH_MAX} calls")));
                }
                self.buffer(ib, at, depth + 1)?;
                Flow::On
            }
            Packet::CondIndirectBuffer(p) => {
                self.drain()?;
                self.packet_reads(p.compare_addr, 8, at)?;
                let value = self.load(p.compare_addr, 8, at)? & p.mask;
                let holds = packets::compares(p.function, value, p.reference)
                    .ok_or_else(|| Stop::Hang(format!("{at}: COND_INDIRECT_BUFFER with a reserved function")))?;
                // A chain, as in PAL's control flow: the buffers lead on by themselves.
                match (holds, p.mode) {
                    (true, _) => Flow::Chain(Ib { va: canonical(p.ib_base1), bytes: 4 * p.ib_size1 }),
                    (false, CondIbMode::IF_THEN_ELSE) => {
                        Flow::Chain(Ib { va: canonical(p.ib_base2), bytes: 4 * p.ib_size2 })
                    }
                    _ => Flow::On,
                }
            }
            Packet::CondExec(cond) => {
                self.drain()?;
                self.packet_reads(cond.address, 4, at)?;
                let value = self.memory.load_u32(cond.address).map_err(|f| fault(f, at))?;
                Flow::Skip(if value == 0 { cond.exec_count } else { 0 })
            }
            // This device is the only one, number 0.
            Packet::PredExec(p) => Flow::Skip(if p.device_select & 1 == 0 { p.exec_count } else { 0 }),
            // The packet's own dword is polled until somebody sets the bit.
            Packet::Rewind(p) if !p.valid => {
                self.drain()?;
                self.poll(va + 4, 4, at, "REWIND", |value| value >> 31 != 0, "set in bit 31")?;
                Flow::Reload
            }
            Packet::Rewind(_) => Flow::Reload,
            other => {
                self.packet(other, at)?;
                Flow::On
            }
        })
    }

    /// Waits until `met` holds for memory.
    fn poll(
        &mut self,
        va: u64,
        len: u64,
        at: &str,
        packet: &str,
        met: impl Fn(u64) -> bool,
        want: &str,
    ) -> Result<u64, Stop> {
        loop {
            let value = self.load(va, len, at)?;
            if met(value) {
                self.waited(Wait::Memory);
                return Ok(value);
            }
            self.check_watch(&format!("{at}: {packet} on {va:#x}, which holds {value:#x} and not {want}"))?;
            std::thread::sleep(POLL);
            self.memory.refresh();
        }
    }

    fn load(&mut self, va: u64, len: u64, at: &str) -> Result<u64, Stop> {
        let mut bytes = [0; 8];
        self.memory.load(va, &mut bytes[..len as usize]).map_err(|f| fault(f, at))?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn check_watch(&self, at: &str) -> Result<(), Stop> {
        if self.watch.stop.load(Ordering::Relaxed) || Instant::now() >= self.watch.deadline {
            return Err(Stop::Hang(format!("hang: the job was stopped after its time limit at {at}")));
        }
        Ok(())
    }

    fn dispatch(&mut self, dims: [u32; 3], initiator: u32, at: &str) -> Result<(), Stop> {
        self.dispatches += 1;
        let refuse = |Refusal(what)| Stop::Hang(format!("{at}: {what}"));
        let dispatch =
            Dispatch::new(self.cp.part, self.dispatches, &self.registers, dims, initiator).map_err(refuse)?;
        if self.cp.strict {
            self.look(&dispatch).map_err(|what| Stop::Hang(format!("{at}: dispatch {}: {what}", dispatch.number)))?;
        }
        let Some(caches) = &mut self.caches else {
            self.pending.push(Pending::Dispatch(dispatch));
            return Ok(());
        };
        let who = format!("dispatch {}", dispatch.number);
        if dispatch.count() == 0 {
            return Ok(());
        }
        caches.start(&who).map_err(|what| Stop::Hang(format!("{at}: {what}")))?;
        self.memory.refresh();
        self.note(&dispatch);
        let log = self.cp.crew.run_logged(&dispatch, &self.job.vm, self.watch);
        let log = log.map_err(|stopped| self.trapped(stopped, &dispatch))?;
        let order = self.caches.as_mut().map_or(Ok(()), |c| c.ran(who, Writer::Dispatch, false, log));
        order.map_err(|what| Stop::Hang(format!("{at}: {what}")))
    }

    /// What a card would not say about the registers and the program of a dispatch.
    fn look(&self, dispatch: &Dispatch) -> Result<(), String> {
        strict::dispatch(self.cp.part, &self.registers, dispatch.wave_size())?;
        dispatch.fits()?;
        let rsrc1 = self.registers.read(reg::COMPUTE_PGM_RSRC1.address()).unwrap_or(0);
        let rsrc2 = self.registers.read(reg::COMPUTE_PGM_RSRC2.address()).unwrap_or(0);
        let vm = &self.job.vm;
        let unlike = code::unlike_descriptor(
            vm,
            dispatch,
            reg::COMPUTE_PGM_RSRC1::from_bits(rsrc1),
            reg::COMPUTE_PGM_RSRC2::from_bits(rsrc2),
        );
        unlike.or_else(|| code::foreign(vm, dispatch.entry(), dispatch.wave_size())).map_or(Ok(()), Err)
    }

    fn trapped(&self, stopped: Box<Stopped>, dispatch: &Dispatch) -> Stop {
        let foreign = code::foreign(&self.job.vm, dispatch.entry(), dispatch.wave_size());
        let suspicions = [dispatch.suspicion(&stopped.trap), foreign];
        let suspicions: Vec<String> = suspicions.into_iter().flatten().collect();
        Stop::Wave(stopped, (!suspicions.is_empty()).then(|| suspicions.join("; ")))
    }

    fn waited(&mut self, wait: Wait) {
        if let Some(caches) = &mut self.caches {
            caches.wait(wait);
        }
    }

    /// A packet needs these bytes now: whoever writes them has to have ended.
    fn packet_reads(&self, va: u64, len: u64, at: &str) -> Result<(), Stop> {
        let order = self.caches.as_ref().map_or(Ok(()), |c| c.packet_reads(&format!("the packet at {at}"), va, len));
        order.map_err(Stop::Hang)
    }

    /// Memory traffic: at once, unless something is under way that it could race with.
    fn access(&mut self, access: Access, writer: Writer, waited: bool, at: &str) -> Result<(), Stop> {
        if let Some(caches) = &mut self.caches {
            let who = format!("the packet at {at}");
            caches.ran(who, writer, waited, access.log()).map_err(Stop::Hang)?;
        } else if !self.pending.is_empty() {
            self.pending.push(Pending::Access { access, at: at.to_owned(), ordered: waited });
            return Ok(());
        }
        self.perform(&access, at)
    }

    fn perform(&mut self, access: &Access, at: &str) -> Result<(), Stop> {
        match access.perform(&mut self.memory, self.cp.trace.as_deref()) {
            Ok(_) => Ok(()),
            Err(fault) if !self.cp.strict => {
                // As a card whose driver doesn't stop at faults: what can't be accessed isn't, and the log says so.
                let reason = self.cp.page_fault(&self.job.vm, &fault, &format!("{at}: {fault}"));
                self.cp.say(|| format!("{}: the access was dropped: {reason}", ring(self.job)));
                Ok(())
            }
            Err(f) => Err(fault(f, at)),
        }
    }

    /// Runs what is pending to its end.
    fn drain(&mut self) -> Result<(), Stop> {
        self.memory.refresh();
        let pending = std::mem::take(&mut self.pending);
        let alone = !self.cp.check_hazards || pending.len() < 2;
        // A packet that the stream waited for runs beside the dispatches before it, and not beside what follows.
        let mut earlier: Vec<(String, AccessLog, bool)> = Vec::new();
        for p in pending {
            let mut ordered = false;
            let (name, log) = match p {
                Pending::Dispatch(d) if alone => {
                    self.note(&d);
                    let ran = self.cp.crew.run(&d, &self.job.vm, self.watch);
                    ran.map_err(|stopped| self.trapped(stopped, &d))?;
                    continue;
                }
                Pending::Dispatch(d) => {
                    self.note(&d);
                    let log = self
                        .cp
                        .crew
                        .run_logged(&d, &self.job.vm, self.watch)
                        .map_err(|stopped| self.trapped(stopped, &d))?;
                    (format!("dispatch {}", d.number), log)
                }
                Pending::Access { access, at, ordered: waited } => {
                    self.perform(&access, &at)?;
                    ordered = waited;
                    (format!("the packet at {at}"), access.log())
                }
            };
            for (other, theirs, _) in earlier.iter().filter(|(_, _, ordered)| !ordered) {
                if let Some(va) = log.conflict(theirs).filter(|_| !alone) {
                    return Err(Stop::Hang(race(&name, other, va)));
                }
            }
            earlier.push((name, log, ordered));
        }
        Ok(())
    }
}

fn fault(fault: MemFault, who: &str) -> Stop {
    Stop::Fault(fault, format!("{who}: {fault}"))
}
