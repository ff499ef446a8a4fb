//! What each packet does: to memory, to registers, and to what follows.

use super::hazard::By;
use super::state::Value;
use super::{Does, Linter, rules};
use crate::Packet;
use crate::packet::values::{
    AddressIncrement, BaseIndex, CopyDataDst, CopyDataSrc, DataSel, DmaDst, DmaSrc, EventType, LoadFormat, LoadIndex,
    WaitSpace, WriteDataDst,
};
use crate::packet::{self, DmaData, LoadShRegIndex, ReleaseMem, Tail};
use crate::reg::Space;
use crate::submission::{Access, Effect, Located, Residency, canonical};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

/// Registers that one load is followed for.
const LOAD_MAX: u64 = 0x400;
/// Writers of a dword that are looked at for the price of one.
const WRITERS: usize = 16;

impl Linter<'_> {
    /// Executes a packet.
    pub(super) fn packet(&mut self, packet: Packet) {
        let Some(desc) = packet.desc() else { return };
        if matches!(desc.tail, Some(Tail::Regs(_) | Tail::Pairs(_) | Tail::OffsetValue(_))) {
            for (address, value) in packet.register_writes() {
                self.registers.set(address, Value::Known(value));
            }
            return;
        }
        if desc.fields.iter().any(|f| f.access.is_some()) {
            self.check_addresses(&packet);
        }
        match packet {
            Packet::SetBase(p) if p.base_index == BaseIndex::DRAW_INDIRECT => self.indirect_base = Some(p.address),
            Packet::DispatchDirect(p) => {
                self.dispatch(Some([p.dim_x, p.dim_y, p.dim_z]), None, p.dispatch_initiator);
            }
            Packet::DispatchIndirect(p) => self.indirect(Some(p.address), p.dispatch_initiator),
            Packet::DispatchIndirectOffset(p) => {
                let va = self.indirect_base.map(|base| base.wrapping_add(p.data_offset.into()));
                if let Some(va) = va {
                    self.check_memory(&"the indirect arguments", va, 12, Access::R);
                }
                self.indirect(va, p.dispatch_initiator);
            }
            Packet::LoadShRegIndex(p) => self.load_registers(&p),
            Packet::EventWrite(p) if p.event_type == EventType::CS_PARTIAL_FLUSH => self.hazards.wait_for_waves(),
            Packet::EventWriteAddr(p) => {
                if let Some(used) = Packet::from(p).addresses().next() {
                    self.scribble(canonical(used.va), used.bytes);
                }
            }
            Packet::AcquireMem(p) => self.hazards.acquire(&p),
            Packet::ReleaseMem(p) => self.release(&p),
            Packet::AtomicMem(p) => {
                let va = canonical(p.address);
                self.used_by_cp(va, p.atomic.bytes(), true, By::Packet, true);
                let (op, operand, compare) = (p.atomic, p.src_data, p.cmp_data);
                self.step(Does::Effect(Effect::Atomic { va, op, operand, compare }));
            }
            Packet::WriteData(mut p) if p.dst_sel.is_memory() => {
                if p.wr_one_addr {
                    p.payload = p.payload.pop().into_iter().collect();
                }
                let va = canonical(p.dst_addr);
                self.used_by_cp(va, 4 * p.payload.len() as u64, true, By::Packet, true);
                self.step(Does::Effect(Effect::Write { va, data: p.payload }));
            }
            Packet::WriteData(p) if p.dst_sel == WriteDataDst::MEM_MAPPED_REGISTER => {
                let first = p.dst_addr as u32;
                for (i, &value) in (0..).zip(&p.payload) {
                    let offset = if p.wr_one_addr { first } else { first.wrapping_add(i) };
                    self.registers.set(offset.wrapping_mul(4), Value::Known(value));
                }
            }
            Packet::CopyData(p) => self.copy_data(&p),
            Packet::DmaData(p) => self.dma_data(&p),
            Packet::WaitRegMem(p) if p.mem_space == WaitSpace::MEMORY => {
                self.wait(p.poll_addr, 4, p.function, p.reference.into(), p.mask.into());
            }
            Packet::WaitRegMem64(p) if p.mem_space == WaitSpace::MEMORY => {
                self.wait(p.poll_addr, 8, p.function, p.reference, p.mask);
            }
            Packet::Nop(_) | Packet::EventWrite(_) => {}
            other => self.unmodelled(&other),
        }
    }

    /// A packet whose effect plans have no word for: what it writes is unknown from here on.
    fn unmodelled(&mut self, packet: &Packet) {
        for used in packet.addresses().filter(|u| u.bytes > 0) {
            if Access::from(used.access).write {
                self.scribble(canonical(used.va), used.bytes);
            }
        }
        if matches!(
            packet,
            Packet::LoadShReg(_)
                | Packet::LoadComputeState(_)
                | Packet::SetShRegOffset(_)
                | Packet::RegRmw(_)
                | Packet::ExecuteIndirect(_)
                | Packet::ExecuteIndirectV2(_)
        ) {
            self.registers.forget();
        }
    }

    fn wait(&mut self, va: u64, bytes: u8, function: packet::values::WaitFunction, reference: u64, mask: u64) {
        let va = canonical(va);
        self.hazards.wait_for_memory(va);
        self.step(Does::Effect(Effect::Wait { va, bytes, function, reference, mask }));
    }

    fn indirect(&mut self, va: Option<u64>, initiator: crate::reg::COMPUTE_DISPATCH_INITIATOR) {
        let va = va.map(canonical);
        if let Some(va) = va {
            self.used_by_cp(va, 12, false, By::Packet, true);
        }
        let dims = va.and_then(|va| {
            let dim = |i: u64| self.dword_now(va.wrapping_add(4 * i));
            Some([dim(0)?, dim(1)?, dim(2)?])
        });
        self.dispatch(dims, Some(va.unwrap_or(0)), initiator);
    }

    fn load_registers(&mut self, p: &LoadShRegIndex) {
        if p.index != LoadIndex::DIRECT_ADDR {
            return self.registers.forget();
        }
        let va = canonical(p.mem_addr);
        let each = if p.data_format == LoadFormat::OFFSET_AND_DATA { 8 } else { 4 };
        self.used_by_cp(va, u64::from(p.num_dwords) * each, false, By::Packet, true);
        let count = u64::from(p.num_dwords).min(LOAD_MAX);
        let dwords = count * (each / 4);
        let writers = self.writers(va, dwords);
        self.work.spend(dwords as usize * (1 + writers.len() / WRITERS));
        for i in 0..count {
            let at = va.wrapping_add(each * i);
            let (offset, from) = match p.data_format {
                LoadFormat::OFFSET_AND_DATA => (self.dword_of(&writers, at), at.wrapping_add(4)),
                _ => (p.offset.checked_add(i as u32), at),
            };
            // Where an offset is unknown, any register may be hit.
            let Some(offset) = offset else { return self.registers.forget() };
            let value = self.dword_of(&writers, from).map_or(Value::Unknown, Value::Known);
            if let Some(address) = Space::Sh.address(offset & 0xffff) {
                self.registers.set(address, value);
            }
        }
    }

    fn release(&mut self, p: &ReleaseMem) {
        let va = canonical(p.address);
        let bytes = Packet::from(p.clone()).addresses().next().map_or(0, |used| used.bytes);
        self.hazards.release(p);
        if bytes == 0 {
            return;
        }
        self.used_by_cp(va, bytes, true, By::Release, false);
        match p.data_sel {
            DataSel::VALUE_32BIT => {
                let value = p.data & 0xffff_ffff;
                self.step(Does::Effect(Effect::Fence { va, value, bytes: 4 }));
            }
            DataSel::VALUE_64BIT => self.step(Does::Effect(Effect::Fence { va, value: p.data, bytes: 8 })),
            DataSel::TIMESTAMP | DataSel::SYSTEM_CLOCK => {
                self.step(Does::Effect(Effect::Timestamp { va, end_of_pipe: true }));
            }
            _ => self.step(Does::Scribble { va, bytes }),
        }
    }

    fn copy_data(&mut self, p: &packet::CopyData) {
        let bytes = p.count_sel.bytes();
        let (src, dst) = (canonical(p.src), canonical(p.dst));
        if p.src_sel.is_memory() {
            self.used_by_cp(src, bytes, false, By::Packet, true);
        }
        if !p.dst_sel.is_memory() {
            if p.dst_sel == CopyDataDst::MEM_MAPPED_REGISTER {
                let value = match p.src_sel {
                    CopyDataSrc::IMMEDIATE => Value::Known(p.src as u32),
                    src_sel if src_sel.is_memory() => self.dword_now(src).map_or(Value::Unknown, Value::Known),
                    _ => Value::Unknown,
                };
                self.registers.set((p.dst as u32).wrapping_mul(4), value);
            }
            return;
        }
        self.used_by_cp(dst, bytes, true, By::Packet, true);
        let effect = match p.src_sel {
            CopyDataSrc::IMMEDIATE => {
                let mut data = vec![p.src as u32, (p.src >> 32) as u32];
                data.truncate(bytes as usize / 4);
                Effect::Write { va: dst, data }
            }
            CopyDataSrc::GPU_CLOCK_COUNT | CopyDataSrc::SYSTEM_CLOCK_COUNT if bytes == 8 => {
                Effect::Timestamp { va: dst, end_of_pipe: false }
            }
            src_sel if src_sel.is_memory() => Effect::Copy { src, dst, bytes },
            _ => return self.step(Does::Scribble { va: dst, bytes }),
        };
        self.step(Does::Effect(effect));
    }

    fn dma_data(&mut self, p: &DmaData) {
        let bytes = u64::from(p.byte_count);
        if p.raw_wait || p.cp_sync {
            self.hazards.wait_for_dma();
        }
        if bytes == 0 || p.dst_sel == DmaDst::NOWHERE {
            return;
        }
        let memory = |place: &str| Packet::from(p.clone()).addresses().find(|u| u.field == place);
        let (src, dst) = (memory("src"), memory("dst"));
        let moves = p.saic == AddressIncrement::INCREMENT || src.is_none();
        if let Some(used) = src {
            self.used_by_cp(canonical(used.va), used.bytes, false, By::Dma, p.cp_sync);
        }
        let Some(to) = dst else {
            // To a register or to the GDS.
            return self.registers.forget();
        };
        let va = canonical(to.va);
        self.used_by_cp(va, to.bytes, true, By::Dma, p.cp_sync);
        let effect = match p.src_sel {
            _ if p.daic != AddressIncrement::INCREMENT || !moves => None,
            DmaSrc::DATA => Some(Effect::Fill { va, value: p.src as u32, bytes }),
            _ => src.map(|s| Effect::Copy { src: canonical(s.va), dst: va, bytes }),
        };
        self.step(effect.map_or(Does::Scribble { va, bytes: to.bytes }, Does::Effect));
    }

    fn scribble(&mut self, va: u64, bytes: u64) {
        self.used_by_cp(va, bytes, true, By::Packet, true);
        self.step(Does::Scribble { va, bytes });
    }

    /// The addresses in the packet's own fields.
    pub(super) fn check_addresses(&mut self, packet: &Packet) {
        let prefetch = matches!(packet, Packet::PrimeUtcl2(_))
            || matches!(packet, Packet::DmaData(p) if p.dst_sel == DmaDst::NOWHERE);
        let mut addresses = packet.addresses().filter(|u| u.bytes > 0).peekable();
        if addresses.peek().is_none() {
            return;
        }
        let name = packet.name();
        for used in addresses {
            let access = used.access.into();
            if prefetch {
                let Located::Nowhere { .. } = self.submission.buffers.locate(used.va) else { continue };
                if !self.submission.buffers.is_empty() {
                    self.find(&rules::PREFETCH, format!("{name}: {:#x}", used.va));
                }
                continue;
            }
            let what = format_field(name, used.field);
            if canonical(used.va) != used.va {
                let message = format!("{what} = {:#x}, which is {:#x}", used.va, canonical(used.va));
                self.find(&rules::NON_CANONICAL, message);
            }
            self.check_memory(&what, used.va, used.bytes, access);
        }
    }

    /// Whether a range may be used so; silent where nothing is known of the address space. Where not, `false`.
    pub(super) fn check_memory(&mut self, what: &dyn core::fmt::Display, va: u64, bytes: u64, access: Access) -> bool {
        let before = self.findings.len();
        let map = &self.submission.buffers;
        if map.is_empty() || bytes == 0 {
            return true;
        }
        let (mut va, mut left) = (canonical(va), bytes);
        let start = va;
        while left > 0 {
            let (buffer, offset) = match map.locate(va) {
                Located::In(buffer, offset) => (buffer, offset),
                Located::Nowhere { below, above } => {
                    if va != start {
                        let message = format!(
                            "{what}: {bytes:#x} bytes at {start:#x} go on beyond {va:#x}, where the buffer ends"
                        );
                        self.find(&rules::BEYOND_END, message);
                        break;
                    }
                    let mut near = Vec::new();
                    near.extend(below.map(|b| format!("below it {} {:#x}..{:#x}", b.name, b.va, b.range().end)));
                    near.extend(above.map(|b| format!("above it {} {:#x}..{:#x}", b.name, b.va, b.range().end)));
                    self.find(&rules::UNMAPPED, format!("{what} = {va:#x}; {}", near.join(", ")));
                    break;
                }
            };
            let place = format_args!("{} + {offset:#x}", buffer.name);
            match buffer.residency {
                Residency::Freed => {
                    self.find(&rules::FREED, format!("{what} = {va:#x}, in {place}"));
                    break;
                }
                Residency::Unlisted => {
                    self.find(&rules::UNLISTED, format!("{what} = {va:#x}, in {place}"));
                    break;
                }
                Residency::Listed | Residency::AlwaysValid => {}
            }
            if !buffer.access.covers(access) {
                let allowed = buffer.access;
                let message = format!("{what} = {va:#x}, in {place}, which is mapped {allowed}");
                if access.write && !buffer.access.write {
                    self.find(&rules::READ_ONLY, message);
                } else if access.execute && !buffer.access.execute {
                    self.find(&rules::NOT_EXECUTABLE, message);
                } else {
                    self.find(&rules::UNMAPPED, message);
                }
                break;
            }
            let here = (buffer.bytes - offset).min(left);
            left -= here;
            va = va.wrapping_add(here);
        }
        self.findings.len() == before
    }
}

/// `PACKET: field`, made only when a message needs it.
fn format_field(packet: &'static str, field: &'static str) -> impl core::fmt::Display {
    struct Both(&'static str, &'static str);
    impl core::fmt::Display for Both {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            write!(f, "{}: {}", self.0, self.1)
        }
    }
    Both(packet, field)
}
