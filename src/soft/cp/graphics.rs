//! Packets for graphics, and those that no client's buffer holds: which are ignored, which draw, which are refused.
//!
//! There is no graphics pipe here. Its registers are kept as the other registers are, its state is ignored, and a draw
//! is noted in the trace and does nothing.

use pm4::Packet;
use pm4::packet::Rings;
use pm4::packet::values::PredicateOp;

/// Whether the packet starts work of the graphics pipe that leaves nothing but pixels.
pub fn is_draw(packet: &Packet) -> bool {
    matches!(
        packet,
        Packet::DrawIndirect(_)
            | Packet::DrawIndexIndirect(_)
            | Packet::DrawIndex2(_)
            | Packet::DrawIndirectMulti(_)
            | Packet::DrawIndexAuto(_)
            | Packet::DrawIndexMultiAuto(_)
            | Packet::DrawIndexOffset2(_)
            | Packet::DrawIndexIndirectMulti(_)
            | Packet::DrawIndexMultiInst(_)
            | Packet::DrawIndirectCountMulti(_)
            | Packet::DrawIndexIndirectCountMulti(_)
            | Packet::DrawMultiPreamble(_)
            | Packet::DispatchMeshIndirectMulti(_)
            | Packet::DispatchMeshDirect(_)
            | Packet::DispatchTaskmeshGfx(_)
            | Packet::UberDraws(_)
    )
}

/// Whether the packet only sets state of the graphics pipe, of counters, or of switches between contexts.
pub fn is_state(packet: &Packet) -> bool {
    matches!(
        packet,
        Packet::IndexBufferSize(_)
            | Packet::IndexBase(_)
            | Packet::NumInstances(_)
            | Packet::DrawPreamble(_)
            | Packet::PreambleCntl(_)
            | Packet::IndexAttributesIndirect(_)
            | Packet::SetVgprRegDiMulti(_)
            | Packet::SetContextRegPairs(_)
            | Packet::SetContextRegIndirect(_)
            | Packet::GfxCntxUpdate(_)
            | Packet::BlkCntxUpdate(_)
            | Packet::IncrUpdtState(_)
            | Packet::ContextPush(_)
            | Packet::ContextPop(_)
            | Packet::CondPreempt(_)
            | Packet::Marker(_)
            | Packet::PerfCounterWindow(_)
            | Packet::PerfmonControl(_)
            | Packet::DispatchTaskStateInit(_)
    )
}

/// Bytes that a predicate reads, 0 for one that always holds; or why it can't be told.
pub fn predicate_bytes(op: PredicateOp) -> Result<u64, &'static str> {
    match op {
        PredicateOp::CLEAR => Ok(0),
        PredicateOp::BOOL64 => Ok(8),
        PredicateOp::BOOL32 => Ok(4),
        _ => Err("its counters are those of draws, and this device doesn't draw"),
    }
}

/// Why a packet that does something else isn't executed.
pub fn refusal(packet: &Packet) -> &'static str {
    match packet {
        Packet::AtomicGds(_) => "gfx11 has no GDS memory",
        Packet::IndirectBufferCnst(_)
        | Packet::IndirectBufferCnstEnd(_)
        | Packet::LoadConstRam(_)
        | Packet::WriteConstRam(_)
        | Packet::DumpConstRam(_)
        | Packet::DumpConstRamOffset(_)
        | Packet::IncrementCeCounter(_)
        | Packet::IncrementDeCounter(_)
        | Packet::WaitOnCeCounter(_)
        | Packet::WaitOnDeCounterDiff(_) => "gfx11 has no constant engine, and nothing would answer it",
        Packet::StrmoutBufferUpdate(_) => "gfx11 has no stream-out unit: shaders keep its counters",
        Packet::OcclusionQuery(_) | Packet::EventWriteZpass(_) | Packet::GetLodStats(_) => {
            "its counters are those of draws, and this device doesn't draw"
        }
        Packet::ExecuteIndirect(_) | Packet::ExecuteIndirectV2(_) | Packet::BuildUntypedSrd(_) => {
            "how its records lead to registers is the firmware's, and isn't published"
        }
        Packet::DispatchTaskmeshDirectAce(_) | Packet::DispatchTaskmeshIndirectMultiAce(_) => {
            "task shaders feed a mesh pipe, which this device has not"
        }
        Packet::DmaDataFillMulti(_) => "what it fills with isn't published",
        Packet::SetShRegOffset(_) => "it counts from a base that only the graphics ring's draws use",
        Packet::ProtectedFenceSignal(_) => "only the ring of a user-mode queue itself has a fence for it",
        Packet::AqlPacket(_) => "packets of user-mode queues are dispatched by their own rings",
        other => match other.desc() {
            Some(desc) if desc.rings == Rings::KERNEL => {
                "it is for the kernel's rings, and a client's buffer that holds it is refused"
            }
            _ => "its meaning isn't published",
        },
    }
}
