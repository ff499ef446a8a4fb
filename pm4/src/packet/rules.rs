//! What a row cannot say: how long the memory behind an address is, and conditions over several fields.

use super::table::*;
use super::values::*;
use crate::EncodeError;

pub(super) fn written_by_write_data(p: &WriteData) -> Option<u64> {
    let bytes = if p.wr_one_addr { 4 } else { 4 * p.payload.len() as u64 };
    p.dst_sel.is_memory().then_some(bytes)
}

pub(super) fn sampled_by_event_write(p: &EventWriteAddr) -> Option<u64> {
    match p.event_type {
        EventType::PIXEL_PIPE_STAT_CONTROL => None,
        // The pipeline statistics of gfx11: fourteen counters of 64 bits.
        EventType::SAMPLE_PIPELINESTAT => Some(14 * 8),
        // Primitives written and primitives needed, 64 bits each.
        EventType::SAMPLE_STREAMOUTSTATS
        | EventType::SAMPLE_STREAMOUTSTATS1
        | EventType::SAMPLE_STREAMOUTSTATS2
        | EventType::SAMPLE_STREAMOUTSTATS3 => Some(16),
        // Each render backend writes 8 bytes, 16 apart; how many there are is the device's.
        _ => Some(8),
    }
}

pub(super) fn written_by_release_mem(p: &ReleaseMem) -> Option<u64> {
    let memory = matches!(p.dst_sel, ReleaseDst::MEMORY | ReleaseDst::TC_L2);
    if !memory || p.pws_enable || p.int_sel == InterruptSel::INTERRUPT_ONLY {
        return None;
    }
    match p.data_sel {
        DataSel::NONE => None,
        DataSel::VALUE_32BIT => Some(4),
        // The data is a GDS offset, and a number of dwords in bits 31:16.
        DataSel::GDS => Some((p.data >> 16 & 0xffff) * 4),
        _ => Some(8),
    }
}

/// An address that stays is read or written a dword at a time. Without a length the packet only
/// waits, and its addresses are none.
fn dma_bytes(p: &DmaData, increment: AddressIncrement) -> Option<u64> {
    let bytes = u64::from(p.byte_count);
    let range = if increment == AddressIncrement::NO_INCREMENT { bytes.min(4) } else { bytes };
    (range > 0).then_some(range)
}

pub(super) fn read_by_dma_data(p: &DmaData) -> Option<u64> {
    let memory = match p.src_sel {
        DmaSrc::SRC_ADDR => p.sas == AddressSpace::MEMORY,
        other => other == DmaSrc::SRC_ADDR_TC_L2,
    };
    dma_bytes(p, p.saic).filter(|_| memory && !p.src_indirect)
}

pub(super) fn written_by_dma_data(p: &DmaData) -> Option<u64> {
    let memory = match p.dst_sel {
        DmaDst::DST_ADDR => p.das == AddressSpace::MEMORY,
        other => other == DmaDst::DST_ADDR_TC_L2,
    };
    dma_bytes(p, p.daic).filter(|_| memory && !p.dst_indirect)
}

/// What an indexed load reads.
pub(super) fn loaded(index: LoadIndex, format: LoadFormat, count: u32) -> Option<u64> {
    let each = if format == LoadFormat::OFFSET_AND_DATA { 8 } else { 4 };
    match index {
        LoadIndex::DIRECT_ADDR => Some(u64::from(count) * each),
        // Counts from the base that SET_BASE set.
        LoadIndex::OFFSET => None,
        _ => Some(0),
    }
}

/// What a load of ranges reads: the memory mirrors the register space, so up to the farthest range's end.
pub(super) fn loaded_ranges(ranges: &[u32]) -> Option<u64> {
    let end = |r: &[u32]| (u64::from(r[0] & 0xffff) + u64::from(r[1] & 0x3fff)) * 4;
    ranges.chunks_exact(2).map(end).max()
}

/// From the first of `count` records of `bytes`, `stride` apart, to the last one's end.
pub(super) fn strided(count: u32, stride: u32, bytes: u64) -> u64 {
    count.checked_sub(1).map_or(0, |gaps| u64::from(gaps) * u64::from(stride) + bytes)
}

// Conditions over several fields.

fn aligned(field: &'static str, value: u64, align: u64) -> Result<(), EncodeError> {
    if value.is_multiple_of(align) { Ok(()) } else { Err(EncodeError::Misaligned { field, value, align }) }
}

pub(super) fn check_atomic_mem(p: &AtomicMem) -> Result<(), EncodeError> {
    aligned("address", p.address, p.atomic.bytes())
}

pub(super) fn check_write_data(p: &WriteData) -> Result<(), EncodeError> {
    match p.dst_sel {
        WriteDataDst::MEM_MAPPED_REGISTER | WriteDataDst::GDS => Ok(()),
        _ => aligned("dst_addr", p.dst_addr, 4),
    }
}

pub(super) fn check_wait_reg_mem(p: &WaitRegMem) -> Result<(), EncodeError> {
    aligned("poll_addr", p.poll_addr, if p.mem_space == WaitSpace::MEMORY { 4 } else { 1 })
}

pub(super) fn check_wait_reg_mem64(p: &WaitRegMem64) -> Result<(), EncodeError> {
    aligned("poll_addr", p.poll_addr, if p.mem_space == WaitSpace::MEMORY { 8 } else { 1 })
}

/// The packet leaves out the low 2 or 3 bits of memory addresses, as the width is.
pub(super) fn check_copy_data(p: &CopyData) -> Result<(), EncodeError> {
    let width = p.count_sel.bytes();
    if p.src_sel.is_memory() {
        aligned("src", p.src, width)?;
    }
    if p.dst_sel.is_memory() {
        aligned("dst", p.dst, width)?;
    }
    Ok(())
}

pub(super) fn check_release_mem(p: &ReleaseMem) -> Result<(), EncodeError> {
    match p.data_sel {
        DataSel::NONE => Ok(()),
        DataSel::VALUE_32BIT | DataSel::GDS => aligned("address", p.address, 4),
        _ => aligned("address", p.address, 8),
    }
}

/// Mesa's `sid.h`: the count is even, and two registers share a dword of offsets.
fn pairs(count: u32, pairs: &[u32], most: u32) -> Result<(), EncodeError> {
    let value = u64::from(count);
    if !count.is_multiple_of(2) || count > most {
        return Err(EncodeError::Invalid { what: "an even number of registers, at most what the packet takes", value });
    }
    if pairs.len() as u64 != value / 2 * 3 {
        return Err(EncodeError::Invalid { what: "the register count does not agree with the pairs", value });
    }
    Ok(())
}

pub(super) fn check_context_pairs(p: &SetContextRegPairsPacked) -> Result<(), EncodeError> {
    pairs(p.count, &p.pairs, u32::MAX)
}

pub(super) fn check_sh_pairs(p: &SetShRegPairsPacked) -> Result<(), EncodeError> {
    pairs(p.count, &p.pairs, u32::MAX)
}

pub(super) fn check_sh_pairs_n(p: &SetShRegPairsPackedN) -> Result<(), EncodeError> {
    pairs(p.count, &p.pairs, 14)
}
