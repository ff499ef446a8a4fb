//! The command processor: executes the packets of a job's indirect buffers.
//!
//! Dispatches are started, not finished, by their packet: they are held back until something in the stream waits for
//! them (CS_PARTIAL_FLUSH, an end-of-pipe event, the end of the job). Two that are held back together may run in any
//! order on a card; touching the same memory is then a race, which is reported.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use isa_exec::{FaultCause, MemFault, Memory, Trap, TrapKind};
use nix::errno::Errno;
use pm4::packet::values::{
    AddressIncrement, AddressSpace, BaseIndex, CopyDataDst, CopyDataSrc, CountSel, DataSel, DmaDst, DmaSrc, EventType,
    LoadFormat, WaitFunction, WaitSpace, WriteDataDst,
};
use pm4::reg::Space;
use pm4::{Packet, packet};

use super::card::Config;
use super::dispatch::{Dispatch, Refusal, Registers};
use super::identity;
use super::memory::{AccessLog, VmMemory};
use super::sched::{Execute, Failure, Ib, Job, Watch};
use super::vm::{Vm, canonical};

/// Longest buffer that INDIRECT_BUFFER can name, in dwords.
const IB_MAX_DW: u32 = 0xf_ffff;
/// Nested calls by INDIRECT_BUFFER.
const DEPTH_MAX: usize = 2;

/// Executes jobs.
pub struct CommandProcessor {
    pool: rayon::ThreadPool,
    check_hazards: bool,
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
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(config.threads.unwrap_or(0))
            .thread_name(|i| format!("soft-cu-{i}"))
            .build()
            .map_err(io::Error::other)?;
        Ok(Self { pool, check_hazards: config.check_hazards, last_fault: AtomicU64::new(0) })
    }

    /// The address of the last page fault, or 0.
    pub fn last_fault_va(&self) -> u64 {
        self.last_fault.load(Ordering::Relaxed)
    }
}

impl Execute for CommandProcessor {
    fn execute(&self, job: &Job, watch: &Watch) -> Result<(), Failure> {
        let mut run = Run {
            cp: self,
            job,
            watch,
            registers: Registers::default(),
            memory: VmMemory::new(&job.vm),
            pending: Vec::new(),
            dispatches: 0,
            indirect_base: 0,
        };
        let done = run.job();
        done.map_err(|stop| {
            let (errno, reason) = match stop {
                Stop::Fault(fault, who) => (Errno::ENODATA, self.page_fault(&job.vm, &fault, &who)),
                Stop::Wave(trap, suspicion) => {
                    let errno = if trap.kind == TrapKind::Killed { Errno::ETIME } else { Errno::ENODATA };
                    let mut reason = match &trap.kind {
                        TrapKind::MemFault(fault) => self.page_fault(&job.vm, fault, &trap.to_string()),
                        TrapKind::Killed => format!("hang: the job was stopped after its time limit; {trap}"),
                        _ => trap.to_string(),
                    };
                    if let Some(suspicion) = suspicion {
                        reason = format!("{reason}; {suspicion}");
                    }
                    (errno, reason)
                }
                Stop::Hang(reason) => (Errno::ETIME, reason),
            };
            Failure { errno, reason }
        })
    }
}

impl CommandProcessor {
    fn page_fault(&self, vm: &Vm, fault: &MemFault, who: &str) -> String {
        self.last_fault.store(fault.va, Ordering::Relaxed);
        if fault.cause != FaultCause::Unmapped {
            return who.to_owned();
        }
        let (below, above) = vm.neighbours(fault.va);
        let side = |word, mapping: Option<std::sync::Arc<super::vm::Mapping>>| {
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
    Wave(Box<Trap>, Option<String>),
    /// The ring can't go on.
    Hang(String),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Hang(refusal.0)
    }
}

/// Something that was started and that nothing has waited for.
enum Pending {
    Dispatch(Dispatch),
    Access(Access),
}

/// Memory traffic of the command processor.
#[derive(Debug, Clone)]
enum Access {
    Write { dst: u64, bytes: Vec<u8> },
    Fill { dst: u64, value: u32, len: u64 },
    Copy { src: u64, dst: u64, len: u64 },
}

struct Run<'a> {
    cp: &'a CommandProcessor,
    job: &'a Job,
    watch: &'a Watch,
    registers: Registers,
    memory: VmMemory<'a>,
    pending: Vec<Pending>,
    dispatches: u32,
    /// What DISPATCH_INDIRECT's offset counts from on the graphics ring.
    indirect_base: u64,
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
        let mut skip_until = 0;
        for item in pm4::decode(words) {
            if item.offset < skip_until {
                continue;
            }
            let at = format!("{name} dword {}", item.offset);
            self.check_watch(&at)?;
            let packet = item.packet.map_err(|e| Stop::Hang(format!("{at}: {e}")))?;
            match packet {
                Packet::IndirectBuffer(call) => {
                    let next = Ib { va: canonical(call.ib_base), bytes: 4 * call.ib_size };
                    if call.chain {
                        return Ok(Next::Chain(next));
                    }
                    if depth >= DEPTH_MAX {
                        return Err(Stop::Hang(format!("{at}: INDIRECT_BUFFER nested deeper than {DEPTH_MAX} calls")));
                    }
                    self.buffer(next, &at, depth + 1)?;
                }
                Packet::CondExec(cond) => {
                    self.drain()?;
                    let value = self.memory.load_u32(cond.address).map_err(|f| fault(f, &at))?;
                    if value == 0 {
                        skip_until = item.offset + item.words.len() + cond.exec_count as usize;
                    }
                }
                other => self.packet(other, &at)?,
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

    fn packet(&mut self, packet: Packet, at: &str) -> Result<(), Stop> {
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
                for i in 0..p.num_dwords {
                    let va = p.mem_addr + 4 * u64::from(i);
                    let mut load = |va| self.memory.load_u32(va).map_err(|f| fault(f, at));
                    let (offset, value) = match p.data_format {
                        LoadFormat::OFFSET_AND_DATA => {
                            (load(va + 4 * u64::from(i))? & 0xffff, load(va + 4 * u64::from(i) + 4)?)
                        }
                        _ => (p.offset + i, load(va)?),
                    };
                    if let Some(address) = Space::Sh.address(offset) {
                        self.registers.write(address, value);
                    }
                }
            }
            // Caches are coherent, translations need no warming, and no state is saved or cleared.
            Packet::Nop(_)
            | Packet::AcquireMem(_)
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
            Packet::DispatchDirect(p) => self.dispatch([p.dim_x, p.dim_y, p.dim_z], p.dispatch_initiator.bits())?,
            Packet::DispatchIndirect(p) => self.indirect(p.address, p.dispatch_initiator.bits(), at)?,
            Packet::DispatchIndirectOffset(p) => {
                let va = self.indirect_base.wrapping_add(p.data_offset.into());
                self.indirect(va, p.dispatch_initiator.bits(), at)?;
            }
            Packet::EventWrite(p) => {
                if p.event_type == EventType::CS_PARTIAL_FLUSH {
                    self.drain()?;
                }
            }
            Packet::EventWriteAddr(p) => {
                return Err(Stop::Hang(format!(
                    "{at}: EVENT_WRITE of {:?} to memory isn't provided yet",
                    p.event_type
                )));
            }
            Packet::ReleaseMem(p) => {
                self.drain()?;
                let bytes = match p.data_sel {
                    DataSel::NONE => return Ok(()),
                    DataSel::VALUE_32BIT => (p.data as u32).to_le_bytes().to_vec(),
                    DataSel::VALUE_64BIT => p.data.to_le_bytes().to_vec(),
                    DataSel::TIMESTAMP | DataSel::SYSTEM_CLOCK => identity::timestamp().to_le_bytes().to_vec(),
                    other => {
                        return Err(Stop::Hang(format!(
                            "{at}: RELEASE_MEM with DATA_SEL {other:?} isn't provided yet"
                        )));
                    }
                };
                self.access(Access::Write { dst: p.address, bytes }, at)?;
            }
            Packet::WriteData(p) => match p.dst_sel {
                WriteDataDst::MEM | WriteDataDst::MEM_GRBM | WriteDataDst::TC_L2 => {
                    let words = if p.wr_one_addr { &p.payload[p.payload.len() - 1..] } else { &p.payload[..] };
                    let bytes = words.iter().flat_map(|w| w.to_le_bytes()).collect();
                    self.access(Access::Write { dst: p.dst_addr, bytes }, at)?;
                }
                WriteDataDst::MEM_MAPPED_REGISTER => {
                    for (address, &value) in (4 * p.dst_addr as u32..).step_by(4).zip(&p.payload) {
                        self.registers.write(address, value);
                    }
                }
                other => return Err(Stop::Hang(format!("{at}: WRITE_DATA to {other:?} isn't provided yet"))),
            },
            Packet::CopyData(p) => self.copy_data(&p, at)?,
            Packet::DmaData(p) => self.dma_data(&p, at)?,
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

    fn dispatch(&mut self, dims: [u32; 3], initiator: u32) -> Result<(), Stop> {
        self.dispatches += 1;
        let dispatch = Dispatch::new(self.dispatches, &self.registers, dims, initiator)?;
        self.pending.push(Pending::Dispatch(dispatch));
        Ok(())
    }

    fn indirect(&mut self, va: u64, initiator: u32, at: &str) -> Result<(), Stop> {
        self.drain()?;
        let mut dims = [0; 3];
        for (i, dim) in dims.iter_mut().enumerate() {
            *dim = self.memory.load_u32(va + 4 * i as u64).map_err(|f| fault(f, at))?;
        }
        self.dispatch(dims, initiator)
    }

    fn copy_data(&mut self, p: &packet::CopyData, at: &str) -> Result<(), Stop> {
        let len = if p.count_sel == CountSel::QWORD { 8 } else { 4 };
        let to_memory = matches!(p.dst_sel, CopyDataDst::MEM | CopyDataDst::TC_L2 | CopyDataDst::MEM_GRBM);
        let value = match p.src_sel {
            CopyDataSrc::MEM | CopyDataSrc::TC_L2 if to_memory => {
                return self.access(Access::Copy { src: p.src, dst: p.dst, len }, at);
            }
            CopyDataSrc::MEM | CopyDataSrc::TC_L2 => {
                self.drain()?;
                self.load(p.src, len, at)?
            }
            CopyDataSrc::IMMEDIATE => p.src,
            CopyDataSrc::GPU_CLOCK_COUNT | CopyDataSrc::SYSTEM_CLOCK_COUNT => identity::timestamp(),
            CopyDataSrc::MEM_MAPPED_REGISTER => self.registers.read(4 * p.src as u32).unwrap_or(0).into(),
            other => return Err(Stop::Hang(format!("{at}: COPY_DATA from {other:?} isn't provided yet"))),
        };
        if to_memory {
            return self.access(Access::Write { dst: p.dst, bytes: value.to_le_bytes()[..len as usize].to_vec() }, at);
        }
        match p.dst_sel {
            CopyDataDst::MEM_MAPPED_REGISTER => self.registers.write(4 * p.dst as u32, value as u32),
            other => return Err(Stop::Hang(format!("{at}: COPY_DATA to {other:?} isn't provided yet"))),
        }
        Ok(())
    }

    fn dma_data(&mut self, p: &packet::DmaData, at: &str) -> Result<(), Stop> {
        let len = u64::from(p.byte_count);
        if len == 0 || p.dst_sel == DmaDst::NOWHERE {
            // A wait for earlier transfers, which are done; or a prefetch.
            return Ok(());
        }
        let plain = p.sas == AddressSpace::MEMORY
            && p.das == AddressSpace::MEMORY
            && p.saic == AddressIncrement::INCREMENT
            && p.daic == AddressIncrement::INCREMENT;
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
            Some(access) => self.access(access, at),
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
                _ => return Err(Stop::Hang(format!("{at}: WAIT_REG_MEM with the reserved function {function:?}"))),
            };
            if met {
                return Ok(());
            }
            self.check_watch(&format!(
                "{at}: WAIT_REG_MEM on {va:#x}, which holds {value:#x} and not {function:?} {reference:#x}"
            ))?;
            std::thread::sleep(Duration::from_micros(50));
            self.memory.refresh();
        }
    }

    /// Memory traffic: at once, unless something is under way that it could race with.
    fn access(&mut self, access: Access, at: &str) -> Result<(), Stop> {
        if self.pending.is_empty() {
            access.perform(&mut self.memory).map_err(|f| fault(f, at))
        } else {
            self.pending.push(Pending::Access(access));
            Ok(())
        }
    }

    /// Runs what is pending to its end.
    fn drain(&mut self) -> Result<(), Stop> {
        self.memory.refresh();
        let pending = std::mem::take(&mut self.pending);
        if !self.cp.check_hazards || pending.len() < 2 {
            for p in pending {
                match p {
                    Pending::Dispatch(d) => {
                        let ran = self.cp.pool.install(|| d.run(&self.job.vm, self.watch));
                        ran.map_err(|trap| Stop::Wave(Box::new(trap), d.suspicion()))?;
                    }
                    Pending::Access(a) => a.perform(&mut self.memory).map_err(|f| fault(f, "the command processor"))?,
                }
            }
            return Ok(());
        }
        let mut earlier: Vec<(String, AccessLog)> = Vec::new();
        for p in pending {
            let (name, log) = match p {
                Pending::Dispatch(d) => {
                    let log = d
                        .run_logged(&self.job.vm, self.watch)
                        .map_err(|trap| Stop::Wave(Box::new(trap), d.suspicion()))?;
                    (format!("dispatch {}", d.number), log)
                }
                Pending::Access(a) => {
                    a.perform(&mut self.memory).map_err(|f| fault(f, "the command processor"))?;
                    ("a packet of the command processor".to_owned(), a.log())
                }
            };
            for (other, theirs) in &earlier {
                if let Some(va) = log.conflict(theirs) {
                    return Err(Stop::Hang(format!(
                        "race: {name} and {other} both use {va:#x}, one of them writing, and no CS_PARTIAL_FLUSH or other wait lies between them"
                    )));
                }
            }
            earlier.push((name, log));
        }
        Ok(())
    }
}

impl Access {
    fn perform(&self, memory: &mut VmMemory<'_>) -> Result<(), MemFault> {
        /// Bytes moved at a time.
        const PIECE: u64 = 1 << 16;
        match self {
            Self::Write { dst, bytes } => memory.store(*dst, bytes),
            Self::Fill { dst, value, len } => {
                let piece = value.to_le_bytes().repeat((PIECE / 4) as usize);
                (0..*len).step_by(PIECE as usize).try_for_each(|done| {
                    let n = PIECE.min(len - done);
                    memory.store(dst.wrapping_add(done), &piece[..n as usize])
                })
            }
            Self::Copy { src, dst, len } => {
                let mut piece = vec![0; PIECE.min(*len) as usize];
                (0..*len).step_by(PIECE as usize).try_for_each(|done| {
                    let n = PIECE.min(len - done) as usize;
                    memory.load(src.wrapping_add(done), &mut piece[..n])?;
                    memory.store(dst.wrapping_add(done), &piece[..n])
                })
            }
        }
    }

    fn log(&self) -> AccessLog {
        let mut log = AccessLog::default();
        match self {
            Self::Write { dst, bytes } => log.write(*dst, bytes.len() as u64),
            Self::Fill { dst, len, .. } => log.write(*dst, *len),
            Self::Copy { src, dst, len } => {
                log.read(*src, *len);
                log.write(*dst, *len);
            }
        }
        log
    }
}

fn fault(fault: MemFault, who: &str) -> Stop {
    Stop::Fault(fault, format!("{who}: {fault}"))
}
