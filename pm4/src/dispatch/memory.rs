//! What the command processor does to memory itself.

use crate::packet::values::*;
use crate::packet::{CopyData, DmaData, ReleaseMem, WaitRegMem, WaitRegMem64, WriteData};
use crate::stream::SlotField;
use crate::submission::Effect;
use crate::{EncodeError, Stream};
use alloc::vec::Vec;

/// Longest transfer of one DMA_DATA: 26 bits, kept a multiple of the cache line.
const DMA_MAX: u64 = (1 << 26) - 256;
/// Dwords of one WRITE_DATA, below what the count can say.
const WRITE_MAX: usize = 0x3000;

/// Where in the pipe a clock is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    /// When the command processor gets there: waves of earlier dispatches may be running.
    Top,
    /// Once everything before has ended.
    Bottom,
}

impl Stream {
    /// Writes dwords to memory, confirmed before the next packet starts.
    ///
    /// # Errors
    /// [`EncodeError::Misaligned`] unless `va` is a multiple of 4, [`EncodeError::BodyLength`] for no data.
    pub fn write(&mut self, va: u64, data: &[u32]) -> Result<&mut Self, EncodeError> {
        if data.is_empty() {
            return Err(EncodeError::BodyLength { packet: "WRITE_DATA", dwords: 3 });
        }
        if data.len() > WRITE_MAX {
            self.check_single(SlotField::Data)?;
        }
        for (i, part) in data.chunks(WRITE_MAX).enumerate() {
            let dst_addr = va.wrapping_add(4 * (i * WRITE_MAX) as u64);
            let payload = Vec::from(part);
            let start = self.emit(WriteData {
                dst_sel: WriteDataDst::MEM,
                wr_confirm: true,
                dst_addr,
                payload,
                ..Default::default()
            })?;
            self.bind(SlotField::Data, start + 4, part.len());
            self.state_effect(|_| Effect::Write { va: dst_addr, data: part.into() });
        }
        Ok(self)
    }

    /// Repeats a dword over memory. The stream goes on when all of it is written.
    ///
    /// # Errors
    /// [`EncodeError::Misaligned`] unless `va` and `bytes` are multiples of 4.
    pub fn fill_memory(&mut self, va: u64, value: u32, bytes: u64) -> Result<&mut Self, EncodeError> {
        for (field, number) in [("va", va), ("bytes", bytes)] {
            if !number.is_multiple_of(4) {
                return Err(EncodeError::Misaligned { field, value: number, align: 4 });
            }
        }
        self.transfer(bytes, |done, bytes| {
            let packet = DmaData {
                src_sel: DmaSrc::DATA,
                dst_sel: DmaDst::DST_ADDR_TC_L2,
                src: value.into(),
                dst: va.wrapping_add(done),
                ..Default::default()
            };
            (packet, Effect::Fill { va: va.wrapping_add(done), value, bytes })
        })
    }

    /// Copies memory. The stream goes on when all of it has arrived.
    ///
    /// # Errors
    /// None in practice: any address and length will do.
    pub fn copy(&mut self, src: u64, dst: u64, bytes: u64) -> Result<&mut Self, EncodeError> {
        self.transfer(bytes, |done, bytes| {
            let (src, dst) = (src.wrapping_add(done), dst.wrapping_add(done));
            let packet = DmaData {
                src_sel: DmaSrc::SRC_ADDR_TC_L2,
                dst_sel: DmaDst::DST_ADDR_TC_L2,
                src,
                dst,
                ..Default::default()
            };
            (packet, Effect::Copy { src, dst, bytes })
        })
    }

    fn transfer(&mut self, bytes: u64, part: impl Fn(u64, u64) -> (DmaData, Effect)) -> Result<&mut Self, EncodeError> {
        let mut done = 0;
        while done < bytes {
            let n = (bytes - done).min(DMA_MAX);
            let (packet, effect) = part(done, n);
            // Only the last one is waited for: the engine works in order.
            self.emit(DmaData { byte_count: n as u32, cp_sync: done + n == bytes, ..packet })?;
            self.state_effect(|_| effect);
            done += n;
        }
        Ok(self)
    }

    /// Writes `value` to the 8 bytes at `va` once everything before has ended and the GL2 is written back. The stream
    /// goes on meanwhile. Event and cache bits are those of the amdgpu driver's own ring fences.
    ///
    /// # Errors
    /// [`EncodeError::Misaligned`] unless `va` is a multiple of 8.
    pub fn fence(&mut self, va: u64, value: u64) -> Result<&mut Self, EncodeError> {
        let start = self.emit(ReleaseMem {
            event_type: EventType::CACHE_FLUSH_AND_INV_TS_EVENT,
            event_index: EventIndex::END_OF_PIPE,
            gl2_wb: true,
            seq: GcrSeq::SEQ_FORWARD,
            cache_policy: CachePolicy::BYPASS,
            dst_sel: ReleaseDst::MEMORY,
            int_sel: InterruptSel::DATA_AFTER_WRITE_CONFIRM,
            data_sel: DataSel::VALUE_64BIT,
            address: va,
            data: value,
            ..Default::default()
        })?;
        self.bind(SlotField::FenceValue, start + 5, 2);
        self.state_effect(|_| Effect::Fence { va, value, bytes: 8 });
        Ok(self)
    }

    /// Writes the counter of `gpu_counter_freq` to the 8 bytes at `va`, as RADV does on a compute ring: COPY_DATA at
    /// the top, RELEASE_MEM at the bottom of the pipe.
    ///
    /// # Errors
    /// [`EncodeError::Misaligned`] unless `va` is a multiple of 8.
    pub fn timestamp(&mut self, va: u64, at: At) -> Result<&mut Self, EncodeError> {
        match at {
            At::Top => self.emit(CopyData {
                src_sel: CopyDataSrc::GPU_CLOCK_COUNT,
                dst_sel: CopyDataDst::MEM,
                count_sel: CountSel::QWORD,
                wr_confirm: true,
                dst: va,
                ..Default::default()
            })?,
            At::Bottom => self.emit(ReleaseMem {
                event_type: EventType::BOTTOM_OF_PIPE_TS,
                event_index: EventIndex::END_OF_PIPE,
                int_sel: InterruptSel::DATA_AFTER_WRITE_CONFIRM,
                data_sel: DataSel::TIMESTAMP,
                address: va,
                ..Default::default()
            })?,
        };
        self.state_effect(|_| Effect::Timestamp { va, end_of_pipe: at == At::Bottom });
        Ok(self)
    }

    /// The stream goes on when the dword at `va`, masked, compares with `reference`. RADV's polling interval.
    ///
    /// # Errors
    /// [`EncodeError::Misaligned`] unless `va` is a multiple of 4.
    pub fn wait_until(
        &mut self,
        va: u64,
        function: WaitFunction,
        reference: u32,
        mask: u32,
    ) -> Result<&mut Self, EncodeError> {
        let start = self.emit(WaitRegMem {
            function,
            mem_space: WaitSpace::MEMORY,
            poll_addr: va,
            reference,
            mask,
            poll_interval: 4,
            ..Default::default()
        })?;
        self.bind(SlotField::WaitReference, start + 4, 1);
        let (reference, mask) = (reference.into(), mask.into());
        self.state_effect(|_| Effect::Wait { va, bytes: 4, function, reference, mask });
        Ok(self)
    }

    /// The same with a quadword.
    ///
    /// # Errors
    /// [`EncodeError::Misaligned`] unless `va` is a multiple of 8.
    pub fn wait_until64(
        &mut self,
        va: u64,
        function: WaitFunction,
        reference: u64,
        mask: u64,
    ) -> Result<&mut Self, EncodeError> {
        let start = self.emit(WaitRegMem64 {
            function,
            mem_space: WaitSpace::MEMORY,
            poll_addr: va,
            reference,
            mask,
            poll_interval: 4,
            ..Default::default()
        })?;
        self.bind(SlotField::WaitReference, start + 4, 2);
        self.state_effect(|_| Effect::Wait { va, bytes: 8, function, reference, mask });
        Ok(self)
    }
}
