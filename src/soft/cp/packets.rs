//! Packets of the graphics and compute rings, one arm each.

use std::sync::Arc;

use isa_exec::Memory;
use pm4::packet::values::{
    AtomicCommand, BaseIndex, CondWriteSpace, DataSel, EventType, InterruptSel, LoadFormat, LoadIndex, ReleaseDst,
    SemaphoreSel, WaitFunction, WaitSpace, WriteDataDst,
};
use pm4::reg::Space;
use pm4::{Packet, packet};

use super::super::access::{Access, AtomicKind};
use super::super::caches::{Wait, Writer};
use super::super::identity;
use super::super::strict;
use super::super::trace::Event;
use super::super::vm::canonical;
use super::{POLL, Run, Stop, fault, graphics};

/// The outcome of a comparison; `None` for a function without a name.
pub fn compares(function: WaitFunction, value: u64, reference: u64) -> Option<bool> {
    Some(match function {
        WaitFunction::ALWAYS => true,
        WaitFunction::LESS => value < reference,
        WaitFunction::LESS_OR_EQUAL => value <= reference,
        WaitFunction::EQUAL => value == reference,
        WaitFunction::NOT_EQUAL => value != reference,
        WaitFunction::GREATER_OR_EQUAL => value >= reference,
        WaitFunction::GREATER => value > reference,
        _ => return None,
    })
}

/// What a wait waits for.
struct Awaited {
    space: WaitSpace,
    va: u64,
    len: u64,
    function: WaitFunction,
    reference: u64,
    mask: u64,
}

/// Registers that a packet loads from memory.
struct Load {
    space: Space,
    index: LoadIndex,
    va: u64,
    offset: u32,
    format: LoadFormat,
    count: u32,
}

impl Run<'_> {
    pub(super) fn packet(&mut self, packet: &Packet, at: &str) -> Result<(), Stop> {
        let hang = |what: String| Err(Stop::Hang(format!("{at}: {what}")));
        match packet {
            Packet::SetShReg(_)
            | Packet::SetShRegIndex(_)
            | Packet::SetShRegPairsPacked(_)
            | Packet::SetShRegPairsPackedN(_)
            | Packet::SetContextReg(_)
            | Packet::SetContextRegIndex(_)
            | Packet::SetContextRegPairsPacked(_)
            | Packet::SetUconfigReg(_)
            | Packet::SetUconfigRegIndex(_) => {
                for (address, value) in packet.register_writes() {
                    self.registers.write(address, value);
                }
            }
            Packet::LoadShRegIndex(p) => {
                let (index, va, format) = (p.index, p.mem_addr, p.data_format);
                self.load_registers(
                    Load { space: Space::Sh, index, va, offset: p.offset, format, count: p.num_dwords },
                    at,
                )?;
            }
            Packet::LoadUconfigRegIndex(p) => {
                let (index, va, format) = (p.index, p.mem_addr, p.data_format);
                self.load_registers(
                    Load { space: Space::Uconfig, index, va, offset: p.offset, format, count: p.num_dwords },
                    at,
                )?;
            }
            Packet::LoadContextRegIndex(p) => {
                let (index, va, format) = (p.index, p.mem_addr, p.data_format);
                self.load_registers(
                    Load { space: Space::Context, index, va, offset: p.offset, format, count: p.num_dwords },
                    at,
                )?;
            }
            Packet::LoadShReg(p) => self.load_ranges(Space::Sh, p.base_address, &p.ranges, at)?,
            Packet::LoadContextReg(p) => self.load_ranges(Space::Context, p.base_address, &p.ranges, at)?,
            Packet::LoadUconfigReg(p) => self.load_ranges(Space::Uconfig, p.base_address, &p.ranges, at)?,
            Packet::RegRmw(p) => {
                let address = 4 * p.mod_addr;
                let mask = |is_register: bool, mask: u32| match is_register {
                    true => self.registers.read(mask.wrapping_mul(4)).unwrap_or(0),
                    false => mask,
                };
                let (and, or) = (mask(p.and_mask_src, p.and_mask), mask(p.or_mask_src, p.or_mask));
                let value = self.registers.read(address).unwrap_or(0) & and | or;
                self.write_register(address, value, at)?;
            }
            Packet::ContextRegRmw(p) => {
                if let Some(address) = Space::Context.address(p.reg_offset) {
                    let old = self.registers.read(address).unwrap_or(0);
                    self.write_register(address, old & !p.reg_mask | p.reg_data & p.reg_mask, at)?;
                }
            }
            Packet::AcquireMem(p) => {
                if let Some(caches) = &mut self.caches {
                    caches.acquire(p);
                }
            }
            // Data is coherent, translations need no warming, writes arrive at once, and no state is saved or cleared.
            Packet::Nop(_)
            | Packet::PfpSyncMe(_)
            | Packet::PrimeUtcl2(_)
            | Packet::ContextControl(_)
            | Packet::ClearState(_)
            | Packet::HdpFlush(_)
            | Packet::WaitForWriteConfirm(_) => {}
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
                return hang(format!(
                    "EVENT_WRITE of {} to memory: its counters are those of a graphics pipe, which this device has not",
                    strict::name(p.event_type)
                ));
            }
            Packet::ReleaseMem(p) => self.release(p, at)?,
            Packet::Timestamp(p) => {
                self.drain()?;
                let marks = [(p.enable_top, p.pipe_top_addr), (p.enable_bottom, p.pipe_bot_addr)];
                for (_, dst) in marks.into_iter().filter(|m| m.0) {
                    let bytes = identity::timestamp().to_le_bytes().to_vec();
                    self.access(Access::Write { dst, bytes, timestamp: true }, Writer::Release, false, at)?;
                }
            }
            Packet::WriteData(p) => self.write_data(p, at)?,
            Packet::CopyData(p) => self.copy_data(p, at)?,
            Packet::DmaData(p) => self.dma_data(p, at)?,
            Packet::AtomicMem(p) => self.atomic(p, at)?,
            Packet::CondWrite(p) => self.cond_write(p, at)?,
            Packet::MemSemaphore(p) => self.semaphore(p, at)?,
            Packet::WaitRegMem(p) => self.wait(
                Awaited {
                    space: p.mem_space,
                    va: p.poll_addr,
                    len: 4,
                    function: p.function,
                    reference: p.reference.into(),
                    mask: p.mask.into(),
                },
                at,
            )?,
            Packet::WaitRegMem64(p) => self.wait(
                Awaited {
                    space: p.mem_space,
                    va: p.poll_addr,
                    len: 8,
                    function: p.function,
                    reference: p.reference,
                    mask: p.mask,
                },
                at,
            )?,
            Packet::FenceWaitMulti(p) => {
                let (fences, rest) = p.fences.as_chunks::<4>();
                if !rest.is_empty() {
                    return hang("FENCE_WAIT_MULTI: a fence has four dwords".to_owned());
                }
                let quad = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
                for &[va, va_high, value, value_high] in fences {
                    let (space, function) = (WaitSpace::MEMORY, WaitFunction::GREATER_OR_EQUAL);
                    let (va, reference) = (quad(va, va_high), quad(value, value_high));
                    self.wait(Awaited { space, va, len: 8, function, reference, mask: u64::MAX }, at)?;
                }
            }
            Packet::SetPredication(p) => self.predication(p, at)?,
            Packet::Unknown { opcode, .. } => {
                return hang(format!("opcode {opcode:#04x} is no packet that gfx11 knows"));
            }
            other if graphics::is_draw(other) => {
                if let Some(trace) = &self.cp.trace {
                    trace.push(Event::Draw { packet: other.name() });
                }
            }
            other if graphics::is_state(other) => {}
            other => return hang(format!("{}: {}", other.name(), graphics::refusal(other))),
        }
        Ok(())
    }

    pub(super) fn write_register(&mut self, address: u32, value: u32, at: &str) -> Result<(), Stop> {
        if self.cp.strict {
            strict::register(address, value).map_err(|what| Stop::Hang(format!("{at}: {what}")))?;
        }
        self.registers.write(address, value);
        Ok(())
    }

    fn load_registers(&mut self, load: Load, at: &str) -> Result<(), Stop> {
        if load.index != LoadIndex::DIRECT_ADDR {
            let index = strict::name(load.index);
            return Err(Stop::Hang(format!("{at}: registers are loaded by {index}, whose base no packet here keeps")));
        }
        self.drain()?;
        let pairs = load.format == LoadFormat::OFFSET_AND_DATA;
        let each = if pairs { 8 } else { 4 };
        self.packet_reads(load.va, each * u64::from(load.count), at)?;
        for i in 0..load.count {
            let va = load.va.wrapping_add(each * u64::from(i));
            let mut dword = |va| self.memory.load_u32(va).map_err(|f| fault(f, at));
            let (offset, value) = match pairs {
                true => (dword(va)? & 0xffff, dword(va.wrapping_add(4))?),
                false => (load.offset + i, dword(va)?),
            };
            if let Some(address) = load.space.address(offset) {
                self.write_register(address, value, at)?;
            }
        }
        Ok(())
    }

    /// Pairs of a first register and how many: the memory mirrors the space.
    fn load_ranges(&mut self, space: Space, base: u64, ranges: &[u32], at: &str) -> Result<(), Stop> {
        for range in ranges.chunks_exact(2) {
            let (offset, count) = (range[0] & 0xffff, range[1] & 0x3fff);
            let (index, format) = (LoadIndex::DIRECT_ADDR, LoadFormat::OFFSET_AND_SIZE);
            let va = base.wrapping_add(4 * u64::from(offset));
            self.load_registers(Load { space, index, va, offset, format, count }, at)?;
        }
        Ok(())
    }

    fn release(&mut self, p: &packet::ReleaseMem, at: &str) -> Result<(), Stop> {
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
            return Err(Stop::Hang(format!(
                "{at}: RELEASE_MEM to {what}: only the kernel's queues have write pointers"
            )));
        }
        let timestamp = matches!(p.data_sel, DataSel::TIMESTAMP | DataSel::SYSTEM_CLOCK);
        let bytes = match p.data_sel {
            DataSel::NONE => return Ok(()),
            DataSel::VALUE_32BIT => (p.data as u32).to_le_bytes().to_vec(),
            DataSel::VALUE_64BIT => p.data.to_le_bytes().to_vec(),
            DataSel::TIMESTAMP | DataSel::SYSTEM_CLOCK => identity::timestamp().to_le_bytes().to_vec(),
            DataSel::ATOMIC_ADD_32BIT => {
                let src = p.data & 0xffff_ffff;
                let add = Access::Atomic { va: p.address, op: AtomicKind::Add, wide: false, src, cmp: 0 };
                return self.access(add, Writer::Release, false, at);
            }
            other => {
                let what = strict::name(other);
                return Err(Stop::Hang(format!("{at}: RELEASE_MEM with DATA_SEL {what}: gfx11 has no such source")));
            }
        };
        self.access(Access::Write { dst: p.address, bytes, timestamp }, Writer::Release, false, at)
    }

    fn write_data(&mut self, p: &packet::WriteData, at: &str) -> Result<(), Stop> {
        if p.dst_sel.is_memory() {
            // On one address, the last dword stays.
            let first = if p.wr_one_addr { p.payload.len().saturating_sub(1) } else { 0 };
            let bytes = p.payload[first..].iter().flat_map(|w| w.to_le_bytes()).collect();
            let write = Access::Write { dst: p.dst_addr, bytes, timestamp: false };
            return self.access(write, Writer::Packet, true, at);
        }
        if p.dst_sel != WriteDataDst::MEM_MAPPED_REGISTER {
            let what = strict::name(p.dst_sel);
            return Err(Stop::Hang(format!("{at}: WRITE_DATA to {what}, which a client doesn't reach on gfx11")));
        }
        let first = (p.dst_addr as u32).wrapping_mul(4);
        for (i, &value) in (0..).zip(&p.payload) {
            let address = if p.wr_one_addr { first } else { first.wrapping_add(4 * i) };
            self.write_register(address, value, at)?;
        }
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
        let Some(access) = Access::atomic(p.atomic, p.address, p.src_data, p.cmp_data) else {
            return Err(Stop::Hang(format!("{at}: ATOMIC_MEM with {}, which is no operation", strict::name(p.atomic))));
        };
        match p.command {
            AtomicCommand::LOOP_UNTIL_COMPARE_SATISFIED => self.atomic_loop(&access, "ATOMIC_MEM", p.address, at),
            _ => self.access(access, Writer::Packet, true, at),
        }
    }

    /// Repeats an atomic operation until it finds what it compares with.
    pub(super) fn atomic_loop(&mut self, access: &Access, packet: &str, va: u64, at: &str) -> Result<(), Stop> {
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
            self.check_watch(&format!("{at}: {packet} on {va:#x}, which holds {old:#x}"))?;
            std::thread::sleep(POLL);
            self.memory.refresh();
        }
    }

    fn cond_write(&mut self, p: &packet::CondWrite, at: &str) -> Result<(), Stop> {
        self.drain()?;
        let value = if p.poll_space == WaitSpace::MEMORY {
            self.packet_reads(p.poll_address, 4, at)?;
            self.load(p.poll_address, 4, at)?
        } else {
            self.registers.read((p.poll_address as u32).wrapping_mul(4)).unwrap_or(0).into()
        };
        let holds = compares(p.function, value & u64::from(p.mask), p.reference.into());
        match (holds, p.write_space) {
            (None, _) => Err(Stop::Hang(format!("{at}: COND_WRITE with the reserved function {}", p.function.0))),
            (Some(false), _) => Ok(()),
            (_, CondWriteSpace::MEMORY) => {
                let bytes = p.write_data.to_le_bytes().to_vec();
                let write = Access::Write { dst: p.write_address, bytes, timestamp: false };
                self.access(write, Writer::Packet, true, at)
            }
            (_, CondWriteSpace::REGISTER) => {
                self.write_register((p.write_address as u32).wrapping_mul(4), p.write_data, at)
            }
            (_, other) => {
                let what = strict::name(other);
                Err(Stop::Hang(format!("{at}: COND_WRITE to {what}, which is the firmware's own memory")))
            }
        }
    }

    fn semaphore(&mut self, p: &packet::MemSemaphore, at: &str) -> Result<(), Stop> {
        self.drain()?;
        if p.use_mailbox {
            return Err(Stop::Hang(format!(
                "{at}: MEM_SEMAPHORE by the mailbox, which is between engines of the kernel's"
            )));
        }
        match p.sem_sel {
            SemaphoreSel::SIGNAL => self.signal(p.address, p.signal_type, at),
            SemaphoreSel::WAIT => self.take_semaphore(p.address, "MEM_SEMAPHORE", at),
            other => {
                let what = strict::name(other);
                Err(Stop::Hang(format!(
                    "{at}: MEM_SEMAPHORE with the selection {what}, which is neither signal nor wait"
                )))
            }
        }
    }

    /// Raises a semaphore, by one or to one.
    pub(super) fn signal(&mut self, va: u64, to_one: bool, at: &str) -> Result<(), Stop> {
        let op = if to_one { AtomicKind::Swap } else { AtomicKind::Add };
        self.access(Access::Atomic { va, op, wide: true, src: 1, cmp: 0 }, Writer::Packet, true, at)
    }

    /// Waits for a semaphore that isn't 0, and lowers it by one.
    pub(super) fn take_semaphore(&mut self, va: u64, packet: &str, at: &str) -> Result<(), Stop> {
        loop {
            let value = self.poll(va, 8, at, packet, |value| value != 0, "a count above 0")?;
            let op = AtomicKind::CmpSwap;
            let take = Access::Atomic { va, op, wide: true, src: value - 1, cmp: value };
            let found = take.perform(&mut self.memory, self.cp.trace.as_deref()).map_err(|f| fault(f, at))?;
            if found == value {
                return Ok(());
            }
        }
    }

    fn wait(&mut self, wait: Awaited, at: &str) -> Result<(), Stop> {
        self.drain()?;
        if wait.space != WaitSpace::MEMORY {
            // Registers that a client can poll tell of hardware that is always idle here.
            return Ok(());
        }
        let Awaited { va, len, function, reference, mask, .. } = wait;
        let name = strict::name(function);
        if compares(function, 0, 0).is_none() {
            return Err(Stop::Hang(format!("{at}: WAIT_REG_MEM with the reserved function {name}")));
        }
        let whole = if len == 8 { u64::MAX } else { u32::MAX.into() };
        let under = if mask == whole { String::new() } else { format!(" under the mask {mask:#x}") };
        let met = |value: u64| compares(function, value & mask, reference) == Some(true);
        self.poll(va, len, at, "WAIT_REG_MEM", met, &format!("{name} {reference:#x}{under}"))?;
        if let Some(trace) = &self.cp.trace {
            trace.push(Event::Wait { va: canonical(va), len, function: function.0, reference, mask });
        }
        Ok(())
    }

    fn predication(&mut self, p: &packet::SetPredication, at: &str) -> Result<(), Stop> {
        match graphics::predicate_bytes(p.pred_op) {
            Err(why) => return Err(Stop::Hang(format!("{at}: SET_PREDICATION: {why}"))),
            Ok(0) => self.predicate = true,
            Ok(len) => {
                self.drain()?;
                self.packet_reads(p.start_addr, len, at)?;
                self.predicate = (self.load(p.start_addr, len, at)? != 0) == p.pred_bool;
            }
        }
        Ok(())
    }

    /// Notes a dispatch that runs.
    pub(super) fn note(&self, dispatch: &super::Dispatch) {
        if let Some(trace) = self.cp.trace.as_deref().filter(|_| dispatch.count() != 0) {
            trace.push(Event::Dispatch(Arc::new(dispatch.event())));
        }
    }
}
