//! Packets that move data: COPY_DATA and the DMA engine's.

use pm4::packet;
use pm4::packet::values::{AddressIncrement, AddressSpace, CopyDataDst, CopyDataSrc, CountSel, DmaDst, DmaSrc};

use super::super::access::Access;
use super::super::caches::{Wait, Writer};
use super::super::identity;
use super::super::strict;
use super::{Pending, Run, Stop};

impl Run<'_> {
    pub(super) fn copy_data(&mut self, p: &packet::CopyData, at: &str) -> Result<(), Stop> {
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
                let what = strict::name(other);
                return Err(Stop::Hang(format!("{at}: COPY_DATA from {what}, which a client doesn't reach on gfx11")));
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
            other => {
                let what = strict::name(other);
                return Err(Stop::Hang(format!("{at}: COPY_DATA to {what}, which a client doesn't reach on gfx11")));
            }
        }
        Ok(())
    }

    pub(super) fn dma_data(&mut self, p: &packet::DmaData, at: &str) -> Result<(), Stop> {
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
}
