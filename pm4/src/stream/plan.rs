//! What single packets do, where nothing but the packet is known.

use super::state::State;
use crate::packet::values::*;
use crate::packet::{DmaData, Packet};
use crate::reg::*;
use crate::submission::{Effect, Launch, canonical};
use alloc::vec;

/// Whether the packet leaves the registers of the shaders alone. What is not listed may change them all.
pub(super) fn keeps_registers(packet: &Packet) -> bool {
    match packet {
        Packet::Nop(_)
        | Packet::SetBase(_)
        | Packet::DispatchDirect(_)
        | Packet::DispatchIndirect(_)
        | Packet::DispatchIndirectOffset(_)
        | Packet::AtomicMem(_)
        | Packet::CondExec(_)
        | Packet::PredExec(_)
        | Packet::PfpSyncMe(_)
        | Packet::EventWrite(_)
        | Packet::EventWriteAddr(_)
        | Packet::ReleaseMem(_)
        | Packet::AcquireMem(_)
        | Packet::Rewind(_)
        | Packet::PrimeUtcl2(_) => true,
        Packet::WriteData(p) => matches!(p.dst_sel, WriteDataDst::MEM | WriteDataDst::MEM_GRBM | WriteDataDst::TC_L2),
        Packet::CopyData(p) => matches!(p.dst_sel, CopyDataDst::MEM | CopyDataDst::MEM_GRBM | CopyDataDst::TC_L2),
        Packet::DmaData(p) => p.das == AddressSpace::MEMORY || p.dst_sel == DmaDst::NOWHERE,
        Packet::WaitRegMem(p) => p.operation != WaitOperation::WR_WAIT_WR_REG,
        Packet::WaitRegMem64(p) => p.operation != WaitOperation::WR_WAIT_WR_REG,
        _ => false,
    }
}

/// Dwords behind the packet that the device may leave out or change.
pub(super) fn skipped_dwords(packet: &Packet) -> Option<usize> {
    match packet {
        Packet::CondExec(p) => Some(p.exec_count as usize),
        Packet::PredExec(p) => Some(p.exec_count as usize),
        // What follows may be patched by the device before it runs.
        Packet::Rewind(_) => Some(usize::MAX),
        _ => None,
    }
}

/// What the packet does to memory, or has waves do with the registers as they are.
pub(super) fn effect_of(packet: &Packet, state: &State) -> Option<Effect> {
    match packet {
        Packet::DispatchDirect(p) => Some(dispatch(state, [p.dim_x, p.dim_y, p.dim_z], None, p.dispatch_initiator)),
        Packet::DispatchIndirect(p) => Some(dispatch(state, [0; 3], Some(p.address), p.dispatch_initiator)),
        // The base is another packet's, and an offset alone no address.
        Packet::DispatchIndirectOffset(p) => {
            Some(dispatch(state, [0; 3], Some(p.data_offset.into()), p.dispatch_initiator))
        }
        Packet::AtomicMem(p) => {
            Some(Effect::Atomic { va: p.address, op: p.atomic, operand: p.src_data, compare: p.cmp_data })
        }
        Packet::WriteData(p) if keeps_registers(packet) => {
            let data = if p.wr_one_addr { &p.payload[p.payload.len().saturating_sub(1)..] } else { &p.payload[..] };
            Some(Effect::Write { va: p.dst_addr, data: data.into() })
        }
        Packet::WaitRegMem(p) if p.mem_space == WaitSpace::MEMORY => Some(Effect::Wait {
            va: p.poll_addr,
            bytes: 4,
            function: p.function,
            reference: p.reference.into(),
            mask: p.mask.into(),
        }),
        Packet::WaitRegMem64(p) if p.mem_space == WaitSpace::MEMORY => {
            Some(Effect::Wait { va: p.poll_addr, bytes: 8, function: p.function, reference: p.reference, mask: p.mask })
        }
        Packet::CopyData(p) if keeps_registers(packet) => {
            let bytes = if p.count_sel == CountSel::QWORD { 8 } else { 4 };
            match p.src_sel {
                CopyDataSrc::MEM | CopyDataSrc::TC_L2 => Some(Effect::Copy { src: p.src, dst: p.dst, bytes }),
                CopyDataSrc::IMMEDIATE if bytes == 8 => {
                    Some(Effect::Write { va: p.dst, data: vec![p.src as u32, (p.src >> 32) as u32] })
                }
                CopyDataSrc::IMMEDIATE => Some(Effect::Write { va: p.dst, data: vec![p.src as u32] }),
                CopyDataSrc::GPU_CLOCK_COUNT => Some(Effect::Timestamp { va: p.dst, end_of_pipe: false }),
                _ => None,
            }
        }
        Packet::ReleaseMem(p) => match p.data_sel {
            DataSel::VALUE_32BIT => Some(Effect::Fence { va: p.address, value: p.data & 0xffff_ffff, bytes: 4 }),
            DataSel::VALUE_64BIT => Some(Effect::Fence { va: p.address, value: p.data, bytes: 8 }),
            DataSel::TIMESTAMP => Some(Effect::Timestamp { va: p.address, end_of_pipe: true }),
            _ => None,
        },
        Packet::DmaData(p) => transfer(p),
        _ => None,
    }
}

fn transfer(p: &DmaData) -> Option<Effect> {
    let to_memory = matches!(p.dst_sel, DmaDst::DST_ADDR | DmaDst::DST_ADDR_TC_L2)
        && p.das == AddressSpace::MEMORY
        && p.daic == AddressIncrement::INCREMENT;
    let bytes = u64::from(p.byte_count);
    match p.src_sel {
        _ if !to_memory || bytes == 0 => None,
        DmaSrc::DATA => Some(Effect::Fill { va: p.dst, value: p.src as u32, bytes }),
        DmaSrc::SRC_ADDR | DmaSrc::SRC_ADDR_TC_L2
            if p.sas == AddressSpace::MEMORY && p.saic == AddressIncrement::INCREMENT =>
        {
            Some(Effect::Copy { src: p.src, dst: p.dst, bytes })
        }
        _ => None,
    }
}

fn dispatch(state: &State, dims: [u32; 3], indirect: Option<u64>, initiator: COMPUTE_DISPATCH_INITIATOR) -> Effect {
    type Initiator = COMPUTE_DISPATCH_INITIATOR;
    type Threads = COMPUTE_NUM_THREAD_X;
    let set = |flag| initiator.get(flag) != 0;
    let reg = |address: u32| state.get(address).unwrap_or(0);
    let three = |first: u32| [0, 4, 8].map(|offset| reg(first + offset));
    let threads = three(COMPUTE_NUM_THREAD_X.address()).map(Threads::from_bits);
    let block = threads.map(|t| t.get(Threads::NUM_THREAD_FULL));
    let mut partial = block;
    if set(Initiator::PARTIAL_TG_EN) {
        partial = threads.map(|t| t.get(Threads::NUM_THREAD_PARTIAL));
    }
    let mut end = dims;
    if set(Initiator::USE_THREAD_DIMENSIONS) {
        for axis in 0..3 {
            let full = block[axis].max(1);
            end[axis] = dims[axis].div_ceil(full);
            partial[axis] = if dims[axis].is_multiple_of(full) { full } else { dims[axis] % full };
        }
    }
    let start = if set(Initiator::FORCE_START_AT_000) { [0; 3] } else { three(COMPUTE_START_X.address()) };
    let wave32 = set(Initiator::CS_W32_EN);
    let rsrc1 = COMPUTE_PGM_RSRC1::from_bits(reg(COMPUTE_PGM_RSRC1.address()));
    let rsrc2 = COMPUTE_PGM_RSRC2::from_bits(reg(COMPUTE_PGM_RSRC2.address()));
    let pgm = u64::from(reg(COMPUTE_PGM_HI.address()) & 0xff) << 32 | u64::from(reg(COMPUTE_PGM_LO.address()));
    let tmpring = COMPUTE_TMPRING_SIZE::from_bits(reg(COMPUTE_TMPRING_SIZE.address()));
    let scratch_bytes = 256 * tmpring.get(COMPUTE_TMPRING_SIZE::WAVESIZE) / if wave32 { 32 } else { 64 };
    let sgprs = rsrc2.get(COMPUTE_PGM_RSRC2::USER_SGPR).min(COMPUTE_USER_DATA_COUNT);
    Effect::Dispatch(Launch {
        entry: canonical(pgm << 8),
        block,
        partial,
        start,
        end: if indirect.is_some() { [0; 3] } else { end },
        indirect,
        user_data: (0..sgprs).map(|i| state.get(COMPUTE_USER_DATA_0.address() + 4 * i)).collect(),
        scratch_bytes: if rsrc2.get(COMPUTE_PGM_RSRC2::SCRATCH_EN) != 0 { scratch_bytes } else { 0 },
        ..resources(rsrc1, rsrc2, wave32)
    })
}

/// What the two resource registers say of a launch.
pub(crate) fn resources(rsrc1: COMPUTE_PGM_RSRC1, rsrc2: COMPUTE_PGM_RSRC2, wave32: bool) -> Launch {
    type Rsrc1 = COMPUTE_PGM_RSRC1;
    type Rsrc2 = COMPUTE_PGM_RSRC2;
    let mode = [Rsrc1::FLOAT_MODE, Rsrc1::DX10_CLAMP, Rsrc1::IEEE_MODE, Rsrc1::FP16_OVFL];
    Launch {
        wave32,
        workgroup_ids: [Rsrc2::TGID_X_EN, Rsrc2::TGID_Y_EN, Rsrc2::TGID_Z_EN].map(|f| rsrc2.get(f) != 0),
        group_size_sgpr: rsrc2.get(Rsrc2::TG_SIZE_EN) != 0,
        local_ids: rsrc2.get(Rsrc2::TIDIG_COMP_CNT),
        mode: rsrc1.bits() & mode.iter().fold(0, |bits, f| bits | f.desc.mask()),
        // LLVM's AMDGPU usage, compute_pgm_rsrc1: granules of 8 for wave32 and 4 for wave64.
        vgprs: (rsrc1.get(Rsrc1::VGPRS) + 1) * if wave32 { 8 } else { 4 },
        lds_bytes: 512 * rsrc2.get(Rsrc2::LDS_SIZE),
        ..Launch::default()
    }
}
