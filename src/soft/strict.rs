//! Rules that a card enforces by a hang, or not at all: [`Config::strict`](super::Config::strict).
//!
//! Which packets and fields each ring has is what PAL's packet descriptions for the graphics and compute engines say
//! (`gfx9_plus_merged_f32_{pfp,me,mec}_pm4_packets.h`); which event has which index is the same headers' and
//! `gfx9CmdUtil.cpp`'s.

use isa::WaveSize;
use pm4::field::FieldValue;
use pm4::packet::values::{AtomicCommand, EngineSel, EventIndex, EventType, ShRegIndex};
use pm4::packet::{AcquireMem, AtomicMem, FieldSpec, HeaderFlags, IndirectBuffer, ReleaseMem, Rings, Tail};
use pm4::reg::quirks::Difference;
use pm4::reg::{self, COMPUTE_DISPATCH_INITIATOR, COMPUTE_DISPATCH_SCRATCH_BASE_HI, COMPUTE_PGM_RSRC1};
use pm4::{EncodeError, Item, Packet};

use super::dispatch::{CU_MASKS, Registers};
use super::identity::Part;
use super::sched::Engine;

/// Address and length of an IB are multiples of this many bytes, as `INFO_HW_IP_INFO` says.
pub const IB_ALIGN: u64 = 32;

/// Why a packet is not what a card expects; a sentence that begins with the packet's name.
pub fn packet(item: &Item<'_>, packet: &Packet, engine: Engine) -> Result<(), String> {
    let name = packet.name();
    let wrong = |what: String| Err(format!("{name}: {what}"));
    ring(item, packet, engine).or_else(wrong)?;
    match &item.deviation {
        // A size of all ones, 64 of them: the register takes what it has.
        Some(EncodeError::ReservedBits { dword: 2, .. }) if matches!(packet, Packet::AcquireMem(_)) => {}
        // It names the packet itself.
        Some(reserved @ EncodeError::ReservedBits { .. }) => return Err(reserved.to_string()),
        Some(other) => return wrong(other.to_string()),
        None => {}
    }
    if let Some(desc) = packet.desc() {
        for field in desc.fields {
            named(field, packet.field(field.name).unwrap_or(0)).or_else(wrong)?;
        }
    }
    registers(packet).or_else(wrong)?;
    match packet {
        Packet::EventWrite(p) => event(p.event_type, p.event_index, p.samp_plst_cntr_mode, engine),
        Packet::EventWriteAddr(p) => event(p.event_type, p.event_index, p.samp_plst_cntr_mode, engine),
        Packet::SetShReg(p) => treatment(p.index, p.vmid_shift),
        Packet::SetShRegIndex(p) => treatment(p.index, p.vmid_shift),
        Packet::SetUconfigReg(p) if p.index != 0 && engine == Engine::Compute => {
            Err(format!("index is {}, and a compute ring has no treatment of the value", p.index))
        }
        Packet::ReleaseMem(p) => release(p),
        Packet::AcquireMem(p) => acquire(p, engine),
        Packet::AtomicMem(p) => atomic(p),
        Packet::IndirectBuffer(p) => indirect_buffer(p, engine),
        Packet::DispatchDirect(p) => initiator(p.dispatch_initiator),
        Packet::DispatchIndirect(p) => initiator(p.dispatch_initiator),
        Packet::DispatchIndirectOffset(p) => initiator(p.dispatch_initiator),
        _ => Ok(()),
    }
    .or_else(wrong)
}

/// A field that takes names has one of them.
pub fn named(field: &FieldSpec, value: u64) -> Result<(), String> {
    let unnamed = |name: &str, values: Option<&pm4::field::ValuesDesc>, value: u64| match values {
        Some(v) if v.name_of(value).is_none() => Err(format!("{name} is {value:#x}, which is no {}", v.name)),
        _ => Ok(()),
    };
    unnamed(field.name, field.values, value)?;
    field.layout.iter().try_for_each(|part| unnamed(part.name, part.values, part.get(value as u32).into()))
}

/// Packets and fields that only one of the two kinds of ring has.
fn ring(item: &Item<'_>, packet: &Packet, engine: Engine) -> Result<(), String> {
    let (here, ring) = match engine {
        Engine::Compute => (Rings::COMPUTE, "a compute ring"),
        // Its packets are others, and never come here.
        Engine::Gfx | Engine::Sdma => (Rings::GFX, "the graphics ring"),
    };
    if let Some(desc) = packet.desc().filter(|d| !d.rings.contains(here)) {
        let of = match (desc.rings.contains(Rings::GFX), desc.rings.contains(Rings::COMPUTE)) {
            (true, _) => "the graphics ring",
            (_, true) => "compute rings",
            _ => "the kernel",
        };
        let dwords = item.words.len() - 1;
        return Err(format!("with {dwords} body dwords it is a packet of {of}, and this is {ring}"));
    }
    match engine {
        Engine::Compute => {
            let selects = ["engine_sel", "engine"].iter().find_map(|&f| packet.field(f).filter(|&v| v != 0));
            match selects {
                Some(part) => Err(format!(
                    "the field for the graphics ring's engine is {}, and a compute ring has one engine",
                    name(EngineSel(part as u32))
                )),
                None => Ok(()),
            }
        }
        Engine::Gfx | Engine::Sdma => match packet {
            Packet::DispatchDirect(_) | Packet::DispatchIndirectOffset(_)
                if !item.flags.contains(HeaderFlags::SHADER_TYPE) =>
            {
                Err("SHADER_TYPE is clear in the header, so the graphics ring doesn't start compute waves".into())
            }
            _ => Ok(()),
        },
    }
}

/// Registers that are written exist.
fn registers(packet: &Packet) -> Result<(), String> {
    if let Some(Tail::Regs(space)) = packet.desc().and_then(|d| d.tail) {
        let first = packet.field("offset").unwrap_or(0);
        let last = first + packet.tail().len() as u64 - 1;
        if space.address(last as u32).is_none() {
            return Err(format!("register offset {last:#x} lies beyond the {} space", space.name()));
        }
    }
    packet.register_writes().try_for_each(|(address, value)| register(address, value))
}

/// A register of this address exists, and takes this value if compute reads it.
pub fn register(address: u32, value: u32) -> Result<(), String> {
    let Some(row) = reg::by_address(address) else {
        if value == 0 && reg::quirks::on_gfx115(address) == Some(Difference::Added) {
            // Mesa 26 clears the state of all gfx11 alike, with what gfx11.5 alone has (SPI_BARYC_SSAA_CNTL).
            return Ok(());
        }
        return Err(format!("there is no register at {address:#x}"));
    };
    // Those of graphics are nobody's here, and drivers put more into them than Mesa's description names.
    let compute = row.name.starts_with("COMPUTE_") && !row.fields.is_empty();
    if row.name == COMPUTE_DISPATCH_SCRATCH_BASE_HI.name() && value >> 7 == 0x1_ffff {
        // Mesa's RADV shifts a canonical address of the upper half down by 40 and leaves its sign above the field's bits
        // 47:40, on every card: the address path extends bit 47 by itself.
        return Ok(());
    }
    match value & !row.fields.iter().fold(0, |all, f| all | f.mask()) {
        extra if compute && extra != 0 => Err(format!("{} has reserved bits {extra:#010x} set", row.name)),
        _ => Ok(()),
    }
}

/// The name of a value, or its number.
pub fn name<T: FieldValue>(value: T) -> String {
    let raw = value.to_raw();
    T::VALUES.and_then(|values| values.name_of(raw)).map_or_else(|| format!("{raw:#x}"), str::to_owned)
}

/// A value that is written as it is, or a CU mask with the kernel's reservation applied.
fn treatment(index: ShRegIndex, vmid_shift: u32) -> Result<(), String> {
    if index == ShRegIndex::INSERT_VMID || vmid_shift != 0 {
        return Err("INSERT_VMID and its shift change the value: they are for the kernel".into());
    }
    Ok(())
}

fn event(event: EventType, index: EventIndex, counters: u32, engine: Engine) -> Result<(), String> {
    if counters != 0 && event != EventType::SAMPLE_PIPELINESTAT {
        return Err(format!("samp_plst_cntr_mode is {counters}, and {} samples no pipeline statistics", name(event)));
    }
    if event.needs_pixel_pipe() && engine == Engine::Compute {
        return Err(format!("{} is an event of the graphics ring, and this is a compute ring", name(event)));
    }
    if event.is_end_of_pipe() {
        return Err(format!("{} is an end-of-pipe event, which RELEASE_MEM sends", name(event)));
    }
    match event.index() {
        want if want == index.0 => Ok(()),
        want => {
            Err(format!("event_index of {} is {} and not {want}: the event goes to another unit", name(event), index.0))
        }
    }
}

fn release(p: &ReleaseMem) -> Result<(), String> {
    let (event, want) = (name(p.event_type), p.event_type.index());
    if !p.event_type.is_end_of_pipe() {
        return Err(format!("{event} is no end-of-pipe event"));
    }
    if want != p.event_index.0 {
        return Err(format!("event_index of {event} is {} and not {want}", p.event_index.0));
    }
    if p.int_sel.0 > 3 {
        return Err(format!("int_sel {} is the scheduler firmware's", name(p.int_sel)));
    }
    match p.gl2_discard {
        true => Err("gl2_discard drops what shaders wrote".into()),
        false => Ok(()),
    }
}

fn acquire(p: &AcquireMem, engine: Engine) -> Result<(), String> {
    use pm4::packet::GcrCntl;
    let pws_fields = p.pws_stage_sel.0 | p.pws_counter_sel.0 | p.pws_count;
    if engine == Engine::Compute && (p.pws_ena || p.pws_ena2 || pws_fields != 0 || p.engine_me) {
        return Err("pixel wait sync and the choice of an engine are the graphics ring's".into());
    }
    if p.pws_ena != p.pws_ena2 {
        return Err("pixel wait sync is switched on by pws_ena and pws_ena2 together".into());
    }
    if !p.pws_ena && pws_fields != 0 {
        return Err("fields of the pixel wait sync are set, and it is off".into());
    }
    if p.gcr_cntl.get(GcrCntl::GL2_DISCARD) != 0 {
        return Err("GL2_DISCARD drops what shaders wrote".into());
    }
    if p.gcr_cntl.get(GcrCntl::RANGE_IS_PA) != 0 {
        return Err("RANGE_IS_PA: a client doesn't know physical addresses".into());
    }
    Ok(())
}

/// Bit 6 of the operation says that nothing is returned, and so which commands make sense.
fn atomic(p: &AtomicMem) -> Result<(), String> {
    let no_return = p.atomic.0 & 0x40 != 0;
    let needs_return = matches!(p.command, AtomicCommand::SINGLE_PASS | AtomicCommand::LOOP_UNTIL_COMPARE_SATISFIED);
    match needs_return && no_return {
        true => Err(format!("{} needs an operation that returns, and {} doesn't", name(p.command), name(p.atomic))),
        false => Ok(()),
    }
}

fn indirect_buffer(p: &IndirectBuffer, engine: Engine) -> Result<(), String> {
    if p.ib_size == 0 {
        return Err("a buffer of no dwords hangs the fetcher".into());
    }
    if p.vmid != 0 {
        return Err(format!("vmid is {}: the address space is the kernel's choice", p.vmid));
    }
    match engine == Engine::Compute && !p.valid {
        true => Err("VALID is clear, and a compute ring doesn't follow such a packet".into()),
        false => Ok(()),
    }
}

/// What a dispatch finds in the registers, beyond what every card demands.
pub fn dispatch(part: &Part, registers: &Registers, wave: WaveSize) -> Result<(), String> {
    for (i, &mask) in CU_MASKS.iter().take(part.engines as usize).enumerate() {
        if registers.read(mask).is_none() {
            return Err(format!(
                "COMPUTE_STATIC_THREAD_MGMT_SE{i} was not written in this submission (which of its CUs are enabled is undefined)"
            ));
        }
    }
    let rsrc1 = COMPUTE_PGM_RSRC1::from_bits(registers.read(reg::COMPUTE_PGM_RSRC1.address()).unwrap_or(0));
    if rsrc1.get(COMPUTE_PGM_RSRC1::PRIV) != 0 {
        return Err("COMPUTE_PGM_RSRC1.PRIV is set: a card ignores it, since a user's waves are not privileged".into());
    }
    let granules = rsrc1.get(COMPUTE_PGM_RSRC1::VGPRS) + 1;
    match granules * 256 / wave.lanes() {
        // A wave has 256 VGPRs at most, in granules of 8 in wave32 and of 4 in wave64.
        vgprs if vgprs > 256 => Err(format!("COMPUTE_PGM_RSRC1.VGPRS asks for {vgprs} VGPRs, and a wave has 256")),
        _ => Ok(()),
    }
}

/// Bits of the initiator that belong to the context switch, to graphics, or to no one.
fn initiator(bits: COMPUTE_DISPATCH_INITIATOR) -> Result<(), String> {
    type Init = COMPUTE_DISPATCH_INITIATOR;
    register(reg::COMPUTE_DISPATCH_INITIATOR.address(), bits.bits())?;
    let senseless = [
        ("RESTORE", Init::RESTORE),
        ("RESERVED", Init::RESERVED),
        ("AMP_SHADER_EN", Init::AMP_SHADER_EN),
        ("ORDERED_APPEND_ENBL", Init::ORDERED_APPEND_ENBL),
        ("ORDERED_APPEND_MODE", Init::ORDERED_APPEND_MODE),
    ];
    match senseless.iter().find(|(_, field)| bits.get(*field) != 0) {
        Some((name, _)) => Err(format!("{name} is set in the initiator, which means nothing in a client's dispatch")),
        None => Ok(()),
    }
}
