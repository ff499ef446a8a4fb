//! Rules of headers, bodies, fields and registers: what a packet is, wherever it stands.

use super::{Linter, rules};
use crate::decode::Item;
use crate::field::ValuesDesc;
use crate::packet::values::{AtomicCommand, CopyDataDst, EventType, ReleaseDst, ShRegIndex, WriteDataDst};
use crate::packet::{AcquireMem, GcrCntl, HeaderFlags, PACKETS, PacketDesc, Rings, Tail, opcode, retired};
use crate::reg::{self, Space};
use crate::submission::Ring;
use crate::{DecodeError, EncodeError, Packet, decode};
use alloc::format;
use alloc::string::String;

/// Opcodes that have been taken for others, in streams that were written by hand.
const MISTAKEN: &[(u8, &str, u8)] = &[
    (0x28, "SET_CONTEXT_REG", 0x69),
    (0x2f, "SET_SH_REG", 0x76),
    (0x6a, "WRITE_DATA", 0x37),
    (0x7d, "DISPATCH_DIRECT", 0x15),
    (0x82, "ACQUIRE_MEM", 0x58),
];

/// The name of an opcode of the table.
fn known(opcode: u8) -> Option<&'static str> {
    PACKETS.iter().find(|d| d.opcode == opcode).map(|d| d.name)
}

/// What an opcode was probably meant to be.
fn meant(opcode: u8) -> String {
    match MISTAKEN.iter().find(|m| m.0 == opcode) {
        Some((_, name, right)) => format!("; {name} is {right:#04x}"),
        None => String::new(),
    }
}

impl Linter<'_> {
    /// A dword where a header should be, or a header whose body is wrong. One finding for each time that the reader
    /// loses its place, however many dwords it takes to find it again.
    pub(super) fn check_error(&mut self, error: DecodeError, rest: &[u32], lost: &mut bool) {
        self.broken = true;
        // A wrong length is news wherever it stands; the reader then goes on behind the length that was counted.
        let headerless = !matches!(error, DecodeError::BodyLength { .. } | DecodeError::Truncated { .. });
        if core::mem::replace(lost, true) && headerless {
            return;
        }
        let again = if headerless {
            let until = decode(rest)
                .find(|i| i.deviation.is_none() && matches!(i.packet, Ok(ref p) if p.desc().is_some()))
                .map_or(rest.len(), |i| i.offset);
            if until > 1 { format!("; the next packet stands {until} dwords on") } else { String::new() }
        } else {
            String::new()
        };
        match error {
            DecodeError::Type0 { header } => {
                self.find(&rules::TYPE_0, format!("{header:#010x} where a header should be{again}"));
            }
            DecodeError::Type1 { header } => {
                self.find(&rules::TYPE_1, format!("{header:#010x} where a header should be{again}"));
            }
            DecodeError::Type2 { header } => {
                self.find(&rules::TYPE_2, format!("{header:#010x} where a header should be{again}"));
            }
            DecodeError::HeaderBits { header, bits } => {
                let low = header as u8;
                let hint = match (known(low).or_else(|| known(low & !3)), known(opcode(header))) {
                    (Some(name), None) => format!("; {low:#04x} is the opcode of {name}, which belongs in bits 15:8"),
                    (_, Some(name)) if header >> 16 & 0x3fff == 0 => {
                        format!("; {name} has its count in bits 7:0, and it belongs in bits 29:16")
                    }
                    _ => String::new(),
                };
                self.find(&rules::HEADER_BITS, format!("{header:#010x} has bits {bits:#04x}{hint}{again}"));
            }
            DecodeError::Truncated { header, need, have } => {
                let name = known(opcode(header)).unwrap_or("an unknown packet");
                let message = format!("{header:#010x}, {name}, counts {need} body dwords, and {have} are left");
                self.find(&rules::TRUNCATED, message);
            }
            DecodeError::UnknownSdma { header, op, sub_op } => {
                let message = format!("{header:#010x}: SDMA 6.0 has no op {op:#04x} with sub_op {sub_op:#04x}");
                self.find(&rules::UNKNOWN_OPCODE, message);
            }
            DecodeError::BodyLength { packet, got, want } => {
                let header = rest.first().copied().unwrap_or(0);
                let low = HeaderFlags::of(header).bits() as usize;
                let hint = match meant(opcode(header)) {
                    hint if !hint.is_empty() => hint,
                    _ if got == 1 && low + 1 == want => {
                        String::from("; the count seems to be in bits 7:0, and it belongs in bits 29:16")
                    }
                    _ => String::new(),
                };
                let message = format!("{packet} with a body of {got} dwords, which has {want}{hint}");
                self.find(&rules::BODY_LENGTH, message);
            } // Of another language than a PM4 ring's.
        }
    }

    /// What every packet is looked at for.
    pub(super) fn check_item(&mut self, packet: &Packet, item: &Item<'_>, lost: &mut bool) {
        let Some(desc) = packet.desc() else {
            self.broken = true;
            if core::mem::replace(lost, true) {
                return;
            }
            let code = packet.opcode();
            match retired(code) {
                Some((name, now)) => {
                    self.find(
                        &rules::RETIRED_OPCODE,
                        format!("{code:#04x} is {name} of other hardware; gfx11 has {now}"),
                    );
                }
                None => self.find(&rules::UNKNOWN_OPCODE, format!("opcode {code:#04x}{}", meant(code))),
            }
            return;
        };
        *lost &= item.deviation.is_some();
        match item.deviation {
            // A size of all ones, 64 of them, is how some say everything: the register takes what it has.
            Some(EncodeError::ReservedBits { dword: 2, .. }) if matches!(packet, Packet::AcquireMem(_)) => {}
            Some(EncodeError::ReservedBits { packet, dword, bits }) => {
                let hint = meant(desc.opcode);
                let message = format!("{packet} has bits {bits:#010x} in dword {dword} of its body{hint}");
                self.find(&rules::RESERVED_BITS, message);
            }
            Some(EncodeError::Misaligned { field, value, align }) => {
                let message = format!("{}: {field} = {value:#x} is not a multiple of {align}", desc.name);
                self.find(&rules::MISALIGNED, message);
            }
            Some(error) => self.find(&rules::FIELD_CONFLICT, format!("{}: {error}", desc.name)),
            None => {}
        }
        if let Some(place) = self.misplaced(desc) {
            self.find(&rules::WRONG_RING, format!("{}{place}{}", desc.name, meant(desc.opcode)));
        }
        let starts = matches!(
            packet,
            Packet::DispatchDirect(_) | Packet::DispatchIndirect(_) | Packet::DispatchIndirectOffset(_)
        );
        if starts && self.submission.ring == Ring::Gfx && !item.flags.contains(HeaderFlags::SHADER_TYPE) {
            self.find(&rules::NO_SHADER_TYPE, format!("{} with header flags {:?}", desc.name, item.flags));
        }
        let body = item.words.get(1..).unwrap_or(&[]);
        for field in desc.fields {
            let value = field.place.get(body);
            self.check_named(desc.name, field.name, field.values, value);
            for part in field.layout {
                self.check_named(desc.name, part.name, part.values, u64::from(part.get(value as u32)));
            }
        }
        match desc.tail {
            Some(Tail::Regs(space)) => self.check_consecutive(packet, space, body.first().copied().unwrap_or(0)),
            Some(Tail::Pairs(space)) => self.check_pairs(packet, space),
            Some(Tail::OffsetValue(space)) => {
                for pair in packet.tail().chunks_exact(2) {
                    self.check_offset(space, pair[0] & 0xffff, pair[1]);
                }
            }
            Some(Tail::Words { .. } | Tail::Ranges(_)) | None => {}
        }
        self.check_engine(packet);
        self.check_events(packet);
    }

    pub(super) fn check_named(&mut self, packet: &str, field: &str, values: Option<&ValuesDesc>, value: u64) {
        let named = |v: &ValuesDesc| {
            // Most enumerations count from 0 without a gap.
            let entry = usize::try_from(value).ok().and_then(|i| v.entries.get(i));
            entry.is_some_and(|e| u64::from(e.1) == value) || v.name_of(value).is_some()
        };
        if values.is_some_and(|v| !named(v)) {
            self.find(&rules::UNNAMED_VALUE, format!("{packet}: {field} = {value:#x}"));
        }
    }

    /// Why the packet is none of this ring's.
    fn misplaced(&self, desc: &PacketDesc) -> Option<&'static str> {
        let here = if self.submission.ring == Ring::Gfx { Rings::GFX } else { Rings::COMPUTE };
        if desc.rings.contains(here) {
            return None;
        }
        Some(match (self.submission.ring, desc.rings) {
            _ if desc.rings == Rings::KERNEL => " is for the kernel's own buffers",
            (Ring::Gfx, _) => " with a body of this length is a packet of compute rings",
            _ => " with a body of this length is a packet of the graphics ring",
        })
    }

    /// The registers of a SET packet, whose first body dword has offset and index.
    fn check_consecutive(&mut self, packet: &Packet, space: Space, first: u32) {
        let (offset, index) = (first & 0xffff, first >> 28);
        let values = packet.tail();
        if space.address(offset).is_none() {
            return self.outside(space, offset);
        }
        if matches!(packet, Packet::SetShReg(_) | Packet::SetShRegIndex(_)) {
            let shift = packet.field("vmid_shift").unwrap_or(0);
            if ShRegIndex(index) == ShRegIndex::INSERT_VMID {
                self.find(&rules::PROTECTED_REGISTER, format!("INSERT_VMID at {}", name_of(space, offset)));
            } else if shift != 0 {
                let message = format!("a VMID shift of {shift} at {}, without INSERT_VMID", name_of(space, offset));
                self.find(&rules::PROTECTED_REGISTER, message);
            }
        }
        let first = space.range().start + 4 * offset;
        let room = ((space.range().end - first) / 4) as usize;
        if values.len() > room {
            let message = format!("{} registers from {offset:#x}, and {room} are left in the space", values.len());
            return self.find(&rules::BEYOND_SPACE, message);
        }
        for (address, &value) in (first..).step_by(4).zip(values) {
            self.check_register(space, address, value);
        }
    }

    fn check_pairs(&mut self, packet: &Packet, space: Space) {
        for triple in packet.tail().chunks_exact(3) {
            self.check_offset(space, triple[0] & 0xffff, triple[1]);
            self.check_offset(space, triple[0] >> 16, triple[2]);
        }
    }

    fn check_offset(&mut self, space: Space, offset: u32, value: u32) {
        match space.address(offset) {
            Some(address) => self.check_register(space, address, value),
            None => self.outside(space, offset),
        }
    }

    /// An offset that no register of the space has.
    fn outside(&mut self, space: Space, offset: u32) {
        let base = space.range().start;
        let meant = match (offset.checked_mul(4), Space::of(offset.wrapping_mul(4))) {
            (Some(address), Some(other)) => match reg::by_address(address) {
                Some(register) if other == space => {
                    let relative = (address - base) / 4;
                    format!("; as an absolute offset it is {}, {relative:#x} in the space", register.name)
                }
                Some(register) => format!("; as an absolute offset it is {}, of {}", register.name, other.name()),
                None => String::new(),
            },
            _ => String::new(),
        };
        self.find(&rules::WRONG_SPACE, format!("offset {offset:#x} is beyond the {} space{meant}", space.name()));
    }

    fn check_register(&mut self, space: Space, address: u32, value: u32) {
        let Some(register) = reg::by_address(address) else {
            let offset = (address - space.range().start) / 4;
            let other = Space::ALL.into_iter().filter(|&s| s != space).find_map(|s| {
                let register = reg::by_address(s.address(offset)?)?;
                Some((s, register)).filter(|(_, r)| r.name.starts_with("COMPUTE_") || s == Space::Sh)
            });
            match other {
                _ if space == Space::Uconfig && value == 0 => {
                    self.find(&rules::ZERO_TO_A_HOLE, format!("offset {offset:#x} of UCONFIG, address {address:#x}"));
                }
                Some((other, register)) => {
                    let (space, other, name) = (space.name(), other.name(), register.name);
                    let message = format!("offset {offset:#x} is no register of {space}; in {other} it is {name}");
                    self.find(&rules::WRONG_SPACE, message);
                }
                None => {
                    let message = format!("offset {offset:#x} of {}, address {address:#x}", space.name());
                    self.find(&rules::UNKNOWN_REGISTER, message);
                }
            }
            return;
        };
        if address == reg::COMPUTE_VMID.address() {
            self.find(&rules::PROTECTED_REGISTER, format!("{} is the kernel's", register.name));
        }
        // Of the graphics pipe's registers, drivers set bits that the description has no name for.
        if register.name.starts_with("COMPUTE_") && !register.fields.is_empty() {
            let reserved = value & !register.fields.iter().fold(0, |bits, f| bits | f.mask());
            if reserved != 0 {
                let message = format!("{} = {value:#010x}, of which {reserved:#010x} is reserved", register.name);
                self.find(&rules::RESERVED_REGISTER_BITS, message);
            }
        }
    }

    /// Fields that only the graphics ring's engines have.
    fn check_engine(&mut self, packet: &Packet) {
        if self.submission.ring != Ring::Compute {
            return;
        }
        let engine = match packet {
            Packet::AtomicMem(p) => p.engine_sel.0,
            Packet::CopyData(p) => p.engine_sel.0,
            Packet::DmaData(p) => p.engine.0,
            Packet::WaitRegMem(p) => p.engine_sel.0,
            Packet::WaitRegMem64(p) => p.engine_sel.0,
            Packet::WriteData(p) => p.engine_sel.0,
            _ => return,
        };
        if engine != 0 {
            self.find(&rules::ENGINE, format!("{} with engine {engine}", packet.name()));
        }
    }

    /// Events, selectors that go with them, and cache operations.
    fn check_events(&mut self, packet: &Packet) {
        let (event, index, end_of_pipe) = match packet {
            Packet::EventWrite(p) => (p.event_type, p.event_index, false),
            Packet::EventWriteAddr(p) => (p.event_type, p.event_index, false),
            Packet::ReleaseMem(p) => {
                if !matches!(p.dst_sel, ReleaseDst::MEMORY | ReleaseDst::TC_L2) {
                    self.find(&rules::RELEASE_SELECTORS, format!("DST_SEL {}", p.dst_sel.0));
                }
                if p.int_sel.0 > 3 {
                    self.find(&rules::RELEASE_SELECTORS, format!("INT_SEL {}", p.int_sel.0));
                }
                if p.gl2_discard {
                    self.find(&rules::GL2_DISCARD, String::from("RELEASE_MEM with GL2_DISCARD"));
                }
                (p.event_type, p.event_index, true)
            }
            Packet::AcquireMem(p) => return self.check_acquire(p),
            Packet::AtomicMem(p) => {
                let returns = p.atomic.0 & 0x40 == 0;
                let command = p.command;
                let wants =
                    command == AtomicCommand::SINGLE_PASS || command == AtomicCommand::LOOP_UNTIL_COMPARE_SATISFIED;
                if wants && !returns {
                    let message = format!("command {} with operation {:#x}", command.0, p.atomic.0);
                    self.find(&rules::ATOMIC_COMMAND, message);
                }
                return;
            }
            Packet::WriteData(p) if p.dst_sel == WriteDataDst::MEM_MAPPED_REGISTER => {
                let count = if p.wr_one_addr { 1 } else { p.payload.len() as u32 };
                return self.check_absolute(packet.name(), p.dst_addr, count);
            }
            Packet::CopyData(p) if p.dst_sel == CopyDataDst::MEM_MAPPED_REGISTER => {
                return self.check_absolute(packet.name(), p.dst, (p.count_sel.bytes() / 4) as u32);
            }
            _ => return,
        };
        let Some(name) = EventType::DESC.name_of(u64::from(event.0)) else { return };
        match (event.is_end_of_pipe(), end_of_pipe) {
            (true, false) => {
                self.find(&rules::EVENT_INDEX, format!("{name} is an end-of-pipe event, which RELEASE_MEM sends"));
            }
            (false, true) => self.find(&rules::EVENT_INDEX, format!("{name} is no end-of-pipe event")),
            _ if index.0 != event.index() => {
                let message = format!("{name} with index {}, it has {}", index.0, event.index());
                self.find(&rules::EVENT_INDEX, message);
            }
            _ => {}
        }
        let counters = packet.field("samp_plst_cntr_mode").unwrap_or(0);
        if counters != 0 && event != EventType::SAMPLE_PIPELINESTAT {
            let message = format!("{name} with samp_plst_cntr_mode {counters}, which SAMPLE_PIPELINESTAT has");
            self.find(&rules::EVENT_COUNTERS, message);
        }
        if self.submission.ring == Ring::Compute && event.needs_pixel_pipe() {
            self.find(&rules::WRONG_RING, format!("{name} is an event of the graphics ring"));
        } else if self.submission.ring == Ring::Compute && is_graphics(event) {
            self.find(&rules::EVENT_WITHOUT_EFFECT, format!("{name} on a compute ring"));
        }
    }

    fn check_acquire(&mut self, p: &AcquireMem) {
        if p.gcr_cntl.get(GcrCntl::GL2_DISCARD) != 0 {
            self.find(&rules::GL2_DISCARD, String::from("ACQUIRE_MEM with GL2_DISCARD"));
        }
        if p.gcr_cntl.get(GcrCntl::RANGE_IS_PA) != 0 {
            self.find(&rules::PHYSICAL_RANGE, String::from("ACQUIRE_MEM with RANGE_IS_PA"));
        }
        let fields = p.pws_stage_sel.0 != 0 || p.pws_counter_sel.0 != 0 || p.pws_count != 0;
        if self.submission.ring == Ring::Compute && (p.engine_me || p.pws_ena && p.pws_ena2) {
            self.find(&rules::ENGINE, String::from("ACQUIRE_MEM with pixel wait sync, or for the micro engine"));
        } else if p.pws_ena != p.pws_ena2 || fields && !p.pws_ena {
            let message = format!(
                "PWS_ENA {}, PWS_ENA2 {}, stage {}, counter {}, count {}",
                u8::from(p.pws_ena),
                u8::from(p.pws_ena2),
                p.pws_stage_sel.0,
                p.pws_counter_sel.0,
                p.pws_count
            );
            self.find(&rules::HALF_PWS, message);
        }
    }

    /// Registers that a packet names by their absolute dword offset.
    fn check_absolute(&mut self, packet: &str, first: u64, count: u32) {
        for offset in (first..).take(count as usize) {
            let address = (offset as u32).wrapping_mul(4);
            if Space::of(address).is_none() {
                let message = format!("{packet} to the register at {address:#x}, outside the spaces of user streams");
                return self.find(&rules::PROTECTED_REGISTER, message);
            }
            if reg::by_address(address).is_none() {
                return self.find(&rules::UNKNOWN_REGISTER, format!("{packet} to address {address:#x}"));
            }
        }
    }
}

/// Whether an event concerns the graphics pipe only.
fn is_graphics(event: EventType) -> bool {
    matches!(
        event,
        EventType::VS_PARTIAL_FLUSH
            | EventType::PS_PARTIAL_FLUSH
            | EventType::VGT_FLUSH
            | EventType::VGT_STREAMOUT_SYNC
            | EventType::VGT_STREAMOUT_RESET
            | EventType::SO_VGTSTREAMOUT_FLUSH
            | EventType::DB_CACHE_FLUSH_AND_INV
            | EventType::FLUSH_AND_INV_DB_META
            | EventType::FLUSH_AND_INV_CB_META
            | EventType::FLUSH_AND_INV_CB_PIXEL_DATA
            | EventType::PS_DONE
            | EventType::DRAW_DONE
            | EventType::BREAK_BATCH
            | EventType::FLUSH_DFSM
            | EventType::ENABLE_NGG_PIPELINE
            | EventType::ENABLE_LEGACY_PIPELINE
    )
}

fn name_of(space: Space, offset: u32) -> String {
    let register = space.address(offset).and_then(reg::by_address);
    register.map_or_else(|| format!("offset {offset:#x}"), |r| String::from(r.name))
}
