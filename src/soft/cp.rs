//! The command processor: executes the packets of a job's indirect buffers.
//!
//! Dispatches are started, not finished, by their packet: they are held back until something in the stream waits for
//! them (CS_PARTIAL_FLUSH, an end-of-pipe event, the end of the job). Two that are held back together may run in any
//! order on a card; touching the same memory is then a race, which is reported. Where caches are modelled, each runs
//! at its packet instead, and what the stream waited for is kept beside it (`caches.rs`).

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use isa_exec::{FaultCause, MemFault, Memory, Trap, TrapKind};
use nix::errno::Errno;
use pm4::packet::values::{
    AddressIncrement, AddressSpace, AtomicCommand, BaseIndex, CopyDataDst, CopyDataSrc, CountSel, DataSel, DmaDst,
    DmaSrc, EventType, InterruptSel, LoadFormat, ReleaseDst, WaitFunction, WaitSpace, WriteDataDst,
};
use pm4::reg::{self, Space};
use pm4::{Packet, packet};

use super::access::Access;
use super::caches::{Caches, Wait, Writer, race};
use super::card::Config;
use super::code;
use super::dispatch::{Dispatch, Refusal, Registers};
use super::identity;
use super::memory::{AccessLog, VmMemory};
use super::sched::{Execute, Failure, Ib, Job, Watch};
use super::strict;
use super::trace::{Event, Trace};
use super::vm::{Vm, canonical};
use super::waves::{Crew, Stopped};

/// Longest buffer that INDIRECT_BUFFER can name, in dwords.
const IB_MAX_DW: u32 = 0xf_ffff;
/// Nested calls by INDIRECT_BUFFER.
const DEPTH_MAX: usize = 2;

/// Executes jobs.
pub struct CommandProcessor {
    crew: Crew,
    check_hazards: bool,
    check_caches: bool,
    strict: bool,
    trace: Option<Arc<Trace>>,
    last_fault: AtomicU64,
}

impl fmt::Debug for CommandProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandProcessor").field("check_hazards", &self.check_hazards).finish_non_exhaustive()
    }
}

impl CommandProcessor {
    /// Starts the threads that run waves.
    pub fn new(config: &Config) -> io::Result<Self> {
        let crew = Crew::new(config.threads, config.engine)?;
        Ok(Self {
            crew,
            check_hazards: config.check_hazards,
            check_caches: config.check_caches,
            strict: config.strict,
            trace: config.trace.clone(),
            last_fault: AtomicU64::new(0),
        })
    }

    /// The address of the last page fault, or 0.
    pub fn last_fault_va(&self) -> u64 {
        self.last_fault.load(Ordering::Relaxed)
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
            caches: self.check_caches.then(|| Caches::new(self.check_hazards, job.mem_sync)),
        };
        let done = run.job();
        let done = done.map_err(|stop| {
            let (errno, reason) = match stop {
                Stop::Fault(fault, who) => (Errno::ENODATA, self.page_fault(&job.vm, &fault, &who)),
                Stop::Wave(stopped, suspicion) => {
                    let Stopped { trap, waves } = *stopped;
                    let killed = trap.kind == TrapKind::Killed;
                    let errno = if killed { Errno::ETIME } else { Errno::ENODATA };
                    let reason = match &trap.kind {
                        TrapKind::MemFault(fault) => self.page_fault(&job.vm, fault, &trap.to_string()),
                        TrapKind::Killed => "hang: the job was stopped after its time limit".to_owned(),
                        _ => trap.to_string(),
                    };
                    let parts = [Some(reason), suspicion, Some(waves).filter(|w| !w.is_empty())];
                    (errno, parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
                }
                Stop::Hang(reason) => (Errno::ETIME, reason),
            };
            Failure { errno, reason }
        });
        if let Some(trace) = &self.trace {
            let end = match &done {
                Ok(()) => Ok(()),
                Err(failure) => Err(failure.reason.as_str().into()),
            };
            trace.push(Event::Ended(end));
        }
        done
    }
}

impl CommandProcessor {
    fn page_fault(&self, vm: &Vm, fault: &MemFault, who: &str) -> String {
        self.last_fault.store(fault.va, Ordering::Relaxed);
        if fault.cause != FaultCause::Unmapped {
            return who.to_owned();
        }
        let (below, above) = vm.neighbours(fault.va);
        let side = |word, mapping: Option<Arc<super::vm::Mapping>>| {
            mapping.map(|m| format!("{word} it {:#x}..{:#x} (GEM handle {})", m.start, m.end, m.handle))
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
    caches: Option<Caches>,
}

/// Where to go on after a buffer's end.
enum Next {
    Done,
    Chain(Ib),
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
            if self.cp.strict
                && !(ib.va.is_multiple_of(strict::IB_ALIGN) && u64::from(ib.bytes).is_multiple_of(strict::IB_ALIGN))
            {
                return Err(bad("an indirect buffer's address and length are multiples of 32 bytes"));
            }
            if ib.bytes / 4 > IB_MAX_DW {
                return Err(bad("an indirect buffer has fewer than 2^20 dwords"));
            }
            self.memory.refresh();
            let mut bytes = vec![0; ib.bytes as usize];
            self.memory.load(ib.va, &mut bytes).map_err(|f| fault(f, name))?;
            let words: Vec<u32> = bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            match self.packets(&words, &format!("{name} ({:#x})", ib.va), depth)? {
                Next::Done => return Ok(()),
                Next::Chain(next) => ib = next,
            }
        }
    }

    fn packets(&mut self, words: &[u32], name: &str, depth: usize) -> Result<Next, Stop> {
        let mut next = 0;
        while let Some(item) = words.get(next..).and_then(|rest| pm4::decode(rest).next()) {
            let at = format!("{name} dword {next}");
            self.check_watch(&at)?;
            next += item.words.len();
            let packet = match &item.packet {
                Ok(packet) => packet,
                Err(error) => return Err(Stop::Hang(format!("{at}: {error}"))),
            };
            if self.cp.strict {
                strict::packet(&item, packet, self.job.ring.0).map_err(|rule| Stop::Hang(format!("{at}: {rule}")))?;
            }
            let skipped = match packet {
                Packet::IndirectBuffer(call) => {
                    let ib = Ib { va: canonical(call.ib_base), bytes: 4 * call.ib_size };
                    if call.chain {
                        // What follows it in this buffer is not executed.
                        return Ok(Next::Chain(ib));
                    }
                    if depth >= DEPTH_MAX {
                        return Err(Stop::Hang(format!("{at}: INDIRECT_BUFFER nested deeper than {DEPTH_MAX} calls")));
                    }
                    self.buffer(ib, &at, depth + 1)?;
                    0
                }
                Packet::CondExec(cond) => {
                    self.drain()?;
                    self.packet_reads(cond.address, 4, &at)?;
                    let value = self.memory.load_u32(cond.address).map_err(|f| fault(f, &at))?;
                    if value == 0 { cond.exec_count } else { 0 }
                }
                // This device is the only one, number 0.
                Packet::PredExec(p) if p.device_select & 1 == 0 => p.exec_count,
                Packet::PredExec(_) => 0,
                other => {
                    self.packet(other, &at)?;
                    0
                }
            };
            next += skipped as usize;
            if self.cp.strict && next > words.len() {
                return Err(Stop::Hang(format!(
                    "{at}: {} skips {skipped} dwords, beyond the end of the buffer",
                    packet.name()
                )));
            }
        }
        Ok(Next::Done)
    }

    fn check_watch(&self, at: &str) -> Result<(), Stop> {
        if self.watch.stop.load(Ordering::Relaxed) || Instant::now() >= self.watch.deadline {
            return Err(Stop::Hang(format!("hang: the job was stopped after its time limit at {at}")));
        }
        Ok(())
    }

    fn packet(&mut self, packet: &Packet, at: &str) -> Result<(), Stop> {
        match packet {
            // What isn't in the SH space doesn't change what compute does here: `Registers` keeps SH alone.
            Packet::SetShReg(_)
            | Packet::SetShRegIndex(_)
            | Packet::SetShRegPairsPacked(_)
            | Packet::SetShRegPairsPackedN(_)
            | Packet::SetContextReg(_)
            | Packet::SetContextRegPairsPacked(_)
            | Packet::SetUconfigReg(_)
            | Packet::SetUconfigRegIndex(_) => {
                for (address, value) in packet.register_writes() {
                    self.registers.write(address, value);
                }
            }
            Packet::LoadShRegIndex(p) => {
                self.drain()?;
                let each = if p.data_format == LoadFormat::OFFSET_AND_DATA { 8 } else { 4 };
                self.packet_reads(p.mem_addr, each * u64::from(p.num_dwords), at)?;
                for i in 0..p.num_dwords {
                    let va = p.mem_addr.wrapping_add(4 * u64::from(i));
                    let mut load = |va| self.memory.load_u32(va).map_err(|f| fault(f, at));
                    let (offset, value) = match p.data_format {
                        LoadFormat::OFFSET_AND_DATA => {
                            let pair = va.wrapping_add(4 * u64::from(i));
                            (load(pair)? & 0xffff, load(pair.wrapping_add(4))?)
                        }
                        _ => (p.offset + i, load(va)?),
                    };
                    if let Some(address) = Space::Sh.address(offset) {
                        self.write_register(address, value, at)?;
                    }
                }
            }
            Packet::AcquireMem(p) => {
                if let Some(caches) = &mut self.caches {
                    caches.acquire(p);
                }
            }
            // Data is coherent, translations need no warming, and no state is saved or cleared.
            Packet::Nop(_)
            | Packet::PfpSyncMe(_)
            | Packet::PrimeUtcl2(_)
            | Packet::ContextControl(_)
            | Packet::ClearState(_) => {}
            Packet::Rewind(p) if p.valid => {}
            Packet::SetBase(p) => {
                if p.base_index == BaseIndex::DRAW_INDIRECT {
                    self.indirect_base = p.address;
                }
            }
            Packet::DispatchDirect(p) => {
                self.dispatch([p.dim_x, p.dim_y, p.dim_z], p.dispatch_initiator.bits(), at)?;
            }
            Packet::DispatchIndirect(p) => self.indirect(p.address, p.dispatch_initiator.bits(), at)?,
            Packet::DispatchIndirectOffset(p) => {
                let va = self.indirect_base.wrapping_add(p.data_offset.into());
                self.indirect(va, p.dispatch_initiator.bits(), at)?;
            }
            Packet::EventWrite(p) => {
                if p.event_type == EventType::CS_PARTIAL_FLUSH {
                    self.drain()?;
                    self.waited(Wait::Waves);
                }
            }
            // Its two dwords are a control word for counters of pixels.
            Packet::EventWriteAddr(p) if p.event_type == EventType::PIXEL_PIPE_STAT_CONTROL => {}
            Packet::EventWriteAddr(p) => {
                return Err(Stop::Hang(format!(
                    "{at}: EVENT_WRITE of {} to memory isn't provided yet",
                    strict::name(p.event_type)
                )));
            }
            Packet::ReleaseMem(p) => {
                self.drain()?;
                if let Some(caches) = &mut self.caches {
                    caches.release(p);
                }
                if p.pws_enable || p.int_sel == InterruptSel::INTERRUPT_ONLY {
                    // A mark for pixel wait sync, or an interrupt: nothing is written.
                    return Ok(());
                }
                if !matches!(p.dst_sel, ReleaseDst::MEMORY | ReleaseDst::TC_L2) {
                    let what = strict::name(p.dst_sel);
                    return Err(Stop::Hang(format!("{at}: RELEASE_MEM to {what} isn't provided yet")));
                }
                let timestamp = matches!(p.data_sel, DataSel::TIMESTAMP | DataSel::SYSTEM_CLOCK);
                let bytes = match p.data_sel {
                    DataSel::NONE => return Ok(()),
                    DataSel::VALUE_32BIT => (p.data as u32).to_le_bytes().to_vec(),
                    DataSel::VALUE_64BIT => p.data.to_le_bytes().to_vec(),
                    DataSel::TIMESTAMP | DataSel::SYSTEM_CLOCK => identity::timestamp().to_le_bytes().to_vec(),
                    other => {
                        return Err(Stop::Hang(format!(
                            "{at}: RELEASE_MEM with DATA_SEL {} isn't provided yet",
                            strict::name(other)
                        )));
                    }
                };
                self.access(Access::Write { dst: p.address, bytes, timestamp }, Writer::Release, false, at)?;
            }
            Packet::WriteData(p) => match p.dst_sel {
                WriteDataDst::MEM | WriteDataDst::MEM_GRBM | WriteDataDst::TC_L2 => {
                    let words = if p.wr_one_addr { &p.payload[p.payload.len() - 1..] } else { &p.payload[..] };
                    let bytes = words.iter().flat_map(|w| w.to_le_bytes()).collect();
                    self.access(Access::Write { dst: p.dst_addr, bytes, timestamp: false }, Writer::Packet, true, at)?;
                }
                WriteDataDst::MEM_MAPPED_REGISTER => {
                    let first = (p.dst_addr as u32).wrapping_mul(4);
                    for (i, &value) in (0..).zip(&p.payload) {
                        let address = if p.wr_one_addr { first } else { first.wrapping_add(4 * i) };
                        self.write_register(address, value, at)?;
                    }
                }
                other => {
                    return Err(Stop::Hang(format!("{at}: WRITE_DATA to {} isn't provided yet", strict::name(other))));
                }
            },
            Packet::CopyData(p) => self.copy_data(p, at)?,
            Packet::DmaData(p) => self.dma_data(p, at)?,
            Packet::AtomicMem(p) => self.atomic(p, at)?,
            Packet::WaitRegMem(p) => {
                let (function, reference, mask) = (p.function, p.reference.into(), p.mask.into());
                self.wait(p.mem_space, p.poll_addr, 4, function, reference, mask, at)?;
            }
            Packet::WaitRegMem64(p) => self.wait(p.mem_space, p.poll_addr, 8, p.function, p.reference, p.mask, at)?,
            Packet::Unknown { opcode, .. } => {
                return Err(Stop::Hang(format!("{at}: opcode {opcode:#04x} is no packet that gfx11 compute knows")));
            }
            other => return Err(Stop::Hang(format!("{at}: {} isn't provided yet", other.name()))),
        }
        Ok(())
    }

    fn dispatch(&mut self, dims: [u32; 3], initiator: u32, at: &str) -> Result<(), Stop> {
        self.dispatches += 1;
        let refuse = |Refusal(what)| Stop::Hang(format!("{at}: {what}"));
        let dispatch = Dispatch::new(self.dispatches, &self.registers, dims, initiator).map_err(refuse)?;
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
        strict::dispatch(&self.registers, dispatch.wave_size())?;
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

    fn note(&self, dispatch: &Dispatch) {
        if let Some(trace) = self.cp.trace.as_deref().filter(|_| dispatch.count() != 0) {
            trace.push(Event::Dispatch(Arc::new(dispatch.event())));
        }
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

    fn write_register(&mut self, address: u32, value: u32, at: &str) -> Result<(), Stop> {
        if self.cp.strict {
            strict::register(address, value).map_err(|what| Stop::Hang(format!("{at}: {what}")))?;
        }
        self.registers.write(address, value);
        Ok(())
    }

    fn indirect(&mut self, va: u64, initiator: u32, at: &str) -> Result<(), Stop> {
        self.drain()?;
        self.packet_reads(va, 12, at)?;
        let mut dims = [0; 3];
        for (i, dim) in dims.iter_mut().enumerate() {
            *dim = self.memory.load_u32(va.wrapping_add(4 * i as u64)).map_err(|f| fault(f, at))?;
        }
        self.dispatch(dims, initiator, at)
    }

    fn atomic(&mut self, p: &packet::AtomicMem, at: &str) -> Result<(), Stop> {
        let Some(access) = Access::atomic(p) else {
            return Err(Stop::Hang(format!("{at}: ATOMIC_MEM with {}, which is no operation", strict::name(p.atomic))));
        };
        if p.command != AtomicCommand::LOOP_UNTIL_COMPARE_SATISFIED {
            return self.access(access, Writer::Packet, true, at);
        }
        self.drain()?;
        loop {
            let old = access.perform(&mut self.memory, self.cp.trace.as_deref()).map_err(|f| fault(f, at))?;
            if access.satisfied(old) {
                let order = self.caches.as_mut().map_or(Ok(()), |c| {
                    // It polls: what it waited for is what the writer before it did.
                    c.wait(Wait::Memory);
                    c.ran(format!("the packet at {at}"), Writer::Packet, true, access.log())
                });
                return order.map_err(Stop::Hang);
            }
            self.check_watch(&format!("{at}: ATOMIC_MEM on {:#x}, which holds {old:#x}", p.address))?;
            std::thread::sleep(Duration::from_micros(50));
            self.memory.refresh();
        }
    }

    fn copy_data(&mut self, p: &packet::CopyData, at: &str) -> Result<(), Stop> {
        let len = if p.count_sel == CountSel::QWORD { 8 } else { 4 };
        let to_memory = matches!(p.dst_sel, CopyDataDst::MEM | CopyDataDst::TC_L2 | CopyDataDst::MEM_GRBM);
        let timestamp = matches!(p.src_sel, CopyDataSrc::GPU_CLOCK_COUNT | CopyDataSrc::SYSTEM_CLOCK_COUNT);
        let value = match p.src_sel {
            CopyDataSrc::MEM | CopyDataSrc::TC_L2 if to_memory => {
                return self.access(Access::Copy { src: p.src, dst: p.dst, len }, Writer::Packet, true, at);
            }
            CopyDataSrc::MEM | CopyDataSrc::TC_L2 => {
                self.drain()?;
                self.packet_reads(p.src, len, at)?;
                self.load(p.src, len, at)?
            }
            CopyDataSrc::IMMEDIATE => p.src,
            CopyDataSrc::GPU_CLOCK_COUNT | CopyDataSrc::SYSTEM_CLOCK_COUNT => identity::timestamp(),
            CopyDataSrc::MEM_MAPPED_REGISTER => self.registers.read((p.src as u32).wrapping_mul(4)).unwrap_or(0).into(),
            other => {
                return Err(Stop::Hang(format!("{at}: COPY_DATA from {} isn't provided yet", strict::name(other))));
            }
        };
        if to_memory {
            let bytes = value.to_le_bytes()[..len as usize].to_vec();
            return self.access(Access::Write { dst: p.dst, bytes, timestamp }, Writer::Packet, true, at);
        }
        match p.dst_sel {
            CopyDataDst::MEM_MAPPED_REGISTER => {
                self.write_register((p.dst as u32).wrapping_mul(4), value as u32, at)?
            }
            other => return Err(Stop::Hang(format!("{at}: COPY_DATA to {} isn't provided yet", strict::name(other)))),
        }
        Ok(())
    }

    fn dma_data(&mut self, p: &packet::DmaData, at: &str) -> Result<(), Stop> {
        let len = u64::from(p.byte_count);
        if p.raw_wait || p.cp_sync {
            self.waited(Wait::Dma);
            // The engine works in order: all that it was given has arrived when this packet ends.
            for pending in &mut self.pending {
                if let Pending::Access { ordered, .. } = pending {
                    *ordered = true;
                }
            }
        }
        if len == 0 || p.dst_sel == DmaDst::NOWHERE {
            // A wait for earlier transfers, which are done; or a prefetch.
            return Ok(());
        }
        // The spaces are those of plain addresses; one through the GL2 is one of memory.
        let registers = p.src_sel == DmaSrc::SRC_ADDR && p.sas != AddressSpace::MEMORY
            || p.dst_sel == DmaDst::DST_ADDR && p.das != AddressSpace::MEMORY;
        let fixed =
            p.src_sel != DmaSrc::DATA && p.saic != AddressIncrement::INCREMENT || p.daic != AddressIncrement::INCREMENT;
        let indirect = p.src_indirect && p.src_sel != DmaSrc::DATA || p.dst_indirect;
        let plain = !registers && !fixed && !indirect;
        let access = match (p.src_sel, p.dst_sel) {
            _ if !plain => None,
            (DmaSrc::DATA, DmaDst::DST_ADDR | DmaDst::DST_ADDR_TC_L2) => {
                Some(Access::Fill { dst: p.dst, value: p.src as u32, len })
            }
            (DmaSrc::SRC_ADDR | DmaSrc::SRC_ADDR_TC_L2, DmaDst::DST_ADDR | DmaDst::DST_ADDR_TC_L2) => {
                Some(Access::Copy { src: p.src, dst: p.dst, len })
            }
            _ => None,
        };
        match access {
            Some(access) => self.access(access, Writer::Dma, p.cp_sync, at),
            None => Err(Stop::Hang(format!("{at}: DMA_DATA between other things than memory isn't provided yet"))),
        }
    }

    fn load(&mut self, va: u64, len: u64, at: &str) -> Result<u64, Stop> {
        let mut bytes = [0; 8];
        self.memory.load(va, &mut bytes[..len as usize]).map_err(|f| fault(f, at))?;
        Ok(u64::from_le_bytes(bytes))
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of two packets that differ in width only")]
    fn wait(
        &mut self,
        space: WaitSpace,
        va: u64,
        len: u64,
        function: WaitFunction,
        reference: u64,
        mask: u64,
        at: &str,
    ) -> Result<(), Stop> {
        self.drain()?;
        if space != WaitSpace::MEMORY {
            // Registers that a client can poll tell of hardware that is always idle here.
            return Ok(());
        }
        loop {
            let value = self.load(va, len, at)? & mask;
            let met = match function {
                WaitFunction::ALWAYS => true,
                WaitFunction::LESS => value < reference,
                WaitFunction::LESS_OR_EQUAL => value <= reference,
                WaitFunction::EQUAL => value == reference,
                WaitFunction::NOT_EQUAL => value != reference,
                WaitFunction::GREATER_OR_EQUAL => value >= reference,
                WaitFunction::GREATER => value > reference,
                _ => {
                    return Err(Stop::Hang(format!(
                        "{at}: WAIT_REG_MEM with the reserved function {}",
                        strict::name(function)
                    )));
                }
            };
            if met {
                if let Some(trace) = &self.cp.trace {
                    trace.push(Event::Wait { va: canonical(va), len, function: function.0, reference, mask });
                }
                self.waited(Wait::Memory);
                return Ok(());
            }
            self.check_watch(&format!(
                "{at}: WAIT_REG_MEM on {va:#x}, which holds {value:#x} and not {} {reference:#x}",
                strict::name(function)
            ))?;
            std::thread::sleep(Duration::from_micros(50));
            self.memory.refresh();
        }
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
        access.perform(&mut self.memory, self.cp.trace.as_deref()).map_err(|f| fault(f, at)).map(drop)
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
