//! The packets, one row each, in order of opcode.
//!
//! `opcode HARDWARE_NAME => RustName, body fixed-dwords, flags FLAG, check function { fields + tail }`.
//! A field is `name: type = place;` with the place one of `bits(dword, low, high)`, `bit(dword, bit)`,
//! `word(dword)`, `wide(dword, bits)` and `va(dword, log2 of the alignment)`; dwords count from the
//! one behind the header. Behind the place stands what happens at a field that holds an address:
//! `, Read bytes`, `Write`, `ReadWrite` or `Execute`, with `bytes` a function from the packet to the
//! length, `None` where the other fields make it no memory address. The tail is what varies in length. One opcode may have several rows with
//! bodies of different lengths.
//!
//! Layouts: PAL's `f32_mec_pm4_packets.h`, the amdgpu driver's `nvd.h`, Mesa's `sid.h` and
//! `pkt3.json` (all MIT), checked against streams captured from RADV.

use super::values::*;
use super::*;
use crate::reg::COMPUTE_DISPATCH_INITIATOR;

layout! {
    /// Cache operations of `ACQUIRE_MEM` (`GCR_CNTL`). GLI: instruction cache. GLM: metadata. GLK:
    /// scalar data cache. GLV: vector L0. GL1: per shader array. GL2: the device's.
    GcrCntl {
        GLI_INV 0..=1: GcrGliInv, GL1_RANGE 2..=3: GcrGl1Range, GLM_WB 4, GLM_INV 5, GLK_WB 6, GLK_INV 7, GLV_INV 8,
        GL1_INV 9, GL2_US 10, GL2_RANGE 11..=12: GcrGl2Range, GL2_DISCARD 13, GL2_INV 14, GL2_WB 15,
        SEQ 16..=17: GcrSeq, RANGE_IS_PA 18,
    }
}

layout! {
    /// What `CONTEXT_CONTROL` loads and shadows.
    ContextEnables {
        GLOBAL_CONFIG 0, PER_CONTEXT_STATE 1, GLOBAL_UCONFIG 15, GFX_SH_REGS 16, CS_SH_REGS 24, CE_RAM 28,
        UPDATE_ENABLES 31,
    }
}

packets! {
    /// Nothing. Without a payload it is the one-dword form 0xffff1000.
    0x10 NOP => Nop, body 0 {
        + /// Ignored.
        payload = Tail::Words { min: 0 };
    }

    /// The base that later packets of the graphics ring count from.
    0x11 SET_BASE => SetBase, body 3 {
        /// Which base.
        base_index: BaseIndex = bits(0, 0, 3);
        /// The base, a multiple of 8.
        address: u64 = va(1, 3), Read |_| Some(0);
    }

    /// Context state back to its defaults; graphics ring.
    0x12 CLEAR_STATE => ClearState, body 1 {
        /// What is done.
        cmd: ClearStateCmd = bits(0, 0, 3);
    }

    /// Starts workgroups.
    0x15 DISPATCH_DIRECT => DispatchDirect, body 4, flags SHADER_TYPE {
        /// Workgroups in x. The end coordinate where the initiator lacks `FORCE_START_AT_000`.
        dim_x: u32 = word(0);
        /// Workgroups in y.
        dim_y: u32 = word(1);
        /// Workgroups in z.
        dim_z: u32 = word(2);
        /// How; `COMPUTE_SHADER_EN` starts it.
        dispatch_initiator: COMPUTE_DISPATCH_INITIATOR = word(3);
    }

    /// Starts workgroups, their number read from memory; compute rings.
    0x16 DISPATCH_INDIRECT => DispatchIndirect, body 3, flags SHADER_TYPE {
        /// Three dwords: workgroups in x, y and z. A multiple of 4.
        address: u64 = va(0, 2), Read |_| Some(12);
        /// How; `COMPUTE_SHADER_EN` starts it.
        dispatch_initiator: COMPUTE_DISPATCH_INITIATOR = word(2);
    }

    /// Starts workgroups, their number read from memory; graphics ring.
    0x16 DISPATCH_INDIRECT => DispatchIndirectOffset, body 2, flags SHADER_TYPE {
        /// Bytes from the `DRAW_INDIRECT` base of [`SetBase`].
        data_offset: u32 = word(0);
        /// How; `COMPUTE_SHADER_EN` starts it.
        dispatch_initiator: COMPUTE_DISPATCH_INITIATOR = word(1);
    }

    /// An atomic operation in the GL2.
    0x1E ATOMIC_MEM => AtomicMem, body 8, check check_atomic_mem {
        /// The operation.
        atomic: AtomicOp = bits(0, 0, 6);
        /// Once or until a comparison holds, waiting or not.
        command: AtomicCommand = bits(0, 8, 11);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(0, 25, 26);
        /// Which part of the graphics ring's command processor.
        engine_sel: EngineSel = bits(0, 30, 31);
        /// The memory, a multiple of the operation's width.
        address: u64 = wide(1, 64), ReadWrite |p| Some(p.atomic.bytes());
        /// The operand.
        src_data: u64 = wide(3, 64);
        /// What a compare-and-swap compares with.
        cmp_data: u64 = wide(5, 64);
        /// Clocks between two rounds of a loop.
        loop_interval: u32 = bits(7, 0, 12);
    }

    /// Skips what follows unless a dword in memory is not zero.
    0x22 COND_EXEC => CondExec, body 4 {
        /// The condition's dword, a multiple of 4.
        address: u64 = va(0, 2), Read |_| Some(4);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(2, 25, 26);
        /// Dwords behind this packet that are skipped.
        exec_count: u32 = bits(3, 0, 13);
    }

    /// Skips what follows on the devices or dies that are not selected.
    0x23 PRED_EXEC => PredExec, body 1 {
        /// Dwords behind this packet.
        exec_count: u32 = bits(0, 0, 13);
        /// A bit for each device that executes them.
        device_select: u32 = bits(0, 24, 31);
    }

    /// What state is loaded and shadowed at a context switch; graphics ring.
    0x28 CONTEXT_CONTROL => ContextControl, body 2 {
        /// What is loaded.
        load: ContextEnables = word(0);
        /// What is shadowed.
        shadow: ContextEnables = word(1);
    }

    /// Writes the payload to memory or registers.
    0x37 WRITE_DATA => WriteData, body 3, check check_write_data {
        /// Where to.
        dst_sel: WriteDataDst = bits(0, 8, 11);
        /// Every dword to the same address.
        wr_one_addr: bool = bit(0, 16);
        /// The packet ends only when the write is confirmed.
        wr_confirm: bool = bit(0, 20);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(0, 25, 26);
        /// Which part of the graphics ring's command processor.
        engine_sel: EngineSel = bits(0, 30, 31);
        /// Memory, a multiple of 4; or a register's dword offset.
        dst_addr: u64 = wide(1, 64), Write written_by_write_data;
        + /// What is written.
        payload = Tail::Words { min: 1 };
    }

    /// Waits until a dword of memory or a register compares.
    0x3C WAIT_REG_MEM => WaitRegMem, body 6, check check_wait_reg_mem {
        /// The comparison with the reference.
        function: WaitFunction = bits(0, 0, 2);
        /// What is polled.
        mem_space: WaitSpace = bits(0, 4, 5);
        /// What is done beside.
        operation: WaitOperation = bits(0, 6, 7);
        /// Which part of the graphics ring's command processor.
        engine_sel: EngineSel = bits(0, 8, 9);
        /// For the scheduler firmware.
        mes_intr_pipe: u32 = bits(0, 22, 23);
        /// For the scheduler firmware.
        mes_action: bool = bit(0, 24);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(0, 25, 26);
        /// Memory, a multiple of 4; or a register's dword offset.
        poll_addr: u64 = wide(1, 64), Read |p| (p.mem_space == WaitSpace::MEMORY).then_some(4);
        /// The right side of the comparison.
        reference: u32 = word(3);
        /// Applied to what is polled.
        mask: u32 = word(4);
        /// Between two reads, in units of 16 clocks.
        poll_interval: u32 = bits(5, 0, 15);
        /// Compute rings: may give way to another queue meanwhile.
        optimize_ace_offload_mode: bool = bit(5, 31);
    }

    /// Goes on with another buffer: as a call, or with `chain` for good.
    0x3F INDIRECT_BUFFER => IndirectBuffer, body 3 {
        /// The buffer, a multiple of 4.
        ib_base: u64 = va(0, 2), Execute |p| Some(u64::from(p.ib_size) * 4);
        /// Its length in dwords.
        ib_size: u32 = bits(2, 0, 19);
        /// The rest of this buffer is not executed.
        chain: bool = bit(2, 20);
        /// Graphics ring: preamble of a preempted context. Compute rings: polling is offloaded.
        pre_ena: bool = bit(2, 21);
        /// Compute rings: the packet is to be executed.
        valid: bool = bit(2, 23);
        /// The address space; the kernel's ring only.
        vmid: u32 = bits(2, 24, 27);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(2, 28, 29);
        /// Graphics ring: a preempted context resumes here.
        pre_resume: bool = bit(2, 30);
    }

    /// Copies a dword or two between memory, registers, clocks and the packet itself.
    0x40 COPY_DATA => CopyData, body 5, check check_copy_data {
        /// What is read.
        src_sel: CopyDataSrc = bits(0, 0, 3);
        /// What is written.
        dst_sel: CopyDataDst = bits(0, 8, 11);
        /// GL2 policy of the read.
        src_cache_policy: CachePolicy = bits(0, 13, 14);
        /// 32 or 64 bits.
        count_sel: CountSel = bit(0, 16);
        /// The packet ends only when the write is confirmed.
        wr_confirm: bool = bit(0, 20);
        /// GL2 policy of the write.
        dst_cache_policy: CachePolicy = bits(0, 25, 26);
        /// For the scheduler firmware.
        pq_exe_status: bool = bit(0, 29);
        /// Which part of the graphics ring's command processor.
        engine_sel: EngineSel = bits(0, 30, 31);
        /// Memory, a multiple of the width; a register's dword offset; or the data.
        src: u64 = wide(1, 64), Read |p| p.src_sel.is_memory().then(|| p.count_sel.bytes());
        /// Memory, a multiple of the width; or a register's dword offset.
        dst: u64 = wide(3, 64), Write |p| p.dst_sel.is_memory().then(|| p.count_sel.bytes());
    }

    /// The graphics ring's prefetcher waits for its micro engine.
    0x42 PFP_SYNC_ME => PfpSyncMe, body 1 {
        /// Ignored.
        dummy: u32 = word(0);
    }

    /// Sends an event down the pipe.
    0x46 EVENT_WRITE => EventWrite, body 1 {
        /// The event.
        event_type: EventType = bits(0, 0, 5);
        /// The unit that handles it.
        event_index: EventIndex = bits(0, 8, 11);
        /// Pipeline statistics: which counters.
        samp_plst_cntr_mode: u32 = bits(0, 29, 30);
        /// Compute rings: the event is handled aside.
        offload_enable: bool = bit(0, 31);
    }

    /// Sends an event that samples something to memory.
    0x46 EVENT_WRITE => EventWriteAddr, body 3 {
        /// The event.
        event_type: EventType = bits(0, 0, 5);
        /// The unit that handles it.
        event_index: EventIndex = bits(0, 8, 11);
        /// Pipeline statistics: which counters.
        samp_plst_cntr_mode: u32 = bits(0, 29, 30);
        /// Compute rings: the event is handled aside.
        offload_enable: bool = bit(0, 31);
        /// Where to, a multiple of 8. `PIXEL_PIPE_STAT_CONTROL` has its control word here instead.
        address: u64 = va(1, 3), Write sampled_by_event_write;
    }

    /// When what came before has ended: caches written back, then a fence or a time stamp in memory,
    /// then an interrupt. The packet itself does not wait.
    0x49 RELEASE_MEM => ReleaseMem, body 7, check check_release_mem {
        /// What has to have ended.
        event_type: EventType = bits(0, 0, 5);
        /// Waits for the event instead of marking it.
        wait_sync: bool = bit(0, 7);
        /// The unit that handles it.
        event_index: EventIndex = bits(0, 8, 11);
        /// Write back the metadata cache.
        glm_wb: bool = bit(0, 12);
        /// Invalidate the metadata cache.
        glm_inv: bool = bit(0, 13);
        /// Invalidate the vector L0.
        glv_inv: bool = bit(0, 14);
        /// Invalidate the GL1.
        gl1_inv: bool = bit(0, 15);
        /// As `GL2_US` of [`GcrCntl`].
        gl2_us: bool = bit(0, 16);
        /// GL2 lines that are meant.
        gl2_range: GcrGl2Range = bits(0, 17, 18);
        /// Drop dirty GL2 lines.
        gl2_discard: bool = bit(0, 19);
        /// Invalidate the GL2.
        gl2_inv: bool = bit(0, 20);
        /// Write back the GL2.
        gl2_wb: bool = bit(0, 21);
        /// Order of the caches.
        seq: GcrSeq = bits(0, 22, 23);
        /// Write back the scalar data cache.
        glk_wb: bool = bit(0, 24);
        /// GL2 policy of the write.
        cache_policy: CachePolicy = bits(0, 25, 26);
        /// For the scheduler firmware.
        execute: u32 = bits(0, 28, 29);
        /// Invalidate the scalar data cache.
        glk_inv: bool = bit(0, 30);
        /// Counts for pixel wait sync; no write.
        pws_enable: bool = bit(0, 31);
        /// Where the write goes.
        dst_sel: ReleaseDst = bits(1, 16, 17);
        /// For the scheduler firmware.
        mes_intr_pipe: u32 = bits(1, 20, 21);
        /// For the scheduler firmware.
        mes_action_id: u32 = bits(1, 22, 23);
        /// Whether an interrupt follows.
        int_sel: InterruptSel = bits(1, 24, 26);
        /// What is written.
        data_sel: DataSel = bits(1, 29, 31);
        /// Where to: a multiple of 4, or of 8 for 64 bits.
        address: u64 = wide(2, 64), Write written_by_release_mem;
        /// The fence value.
        data: u64 = wide(4, 64);
        /// Context number of the interrupt.
        int_ctxid: u32 = word(6);
    }

    /// Copies or fills memory, or prefetches it.
    0x50 DMA_DATA => DmaData, body 6 {
        /// Which part of the graphics ring's command processor.
        engine: DmaEngine = bit(0, 0);
        /// GL2 policy of the read.
        src_cache_policy: CachePolicy = bits(0, 13, 14);
        /// Where to.
        dst_sel: DmaDst = bits(0, 20, 21);
        /// GL2 policy of the write.
        dst_cache_policy: CachePolicy = bits(0, 25, 26);
        /// Where from.
        src_sel: DmaSrc = bits(0, 29, 30);
        /// Later packets wait for the end.
        cp_sync: bool = bit(0, 31);
        /// The source; a fill has its dword in the low half.
        src: u64 = wide(1, 64), Read read_by_dma_data;
        /// The destination.
        dst: u64 = wide(3, 64), Write written_by_dma_data;
        /// Length in bytes.
        byte_count: u32 = bits(5, 0, 25);
        /// What the source address is an address of.
        sas: AddressSpace = bit(5, 26);
        /// What the destination address is an address of.
        das: AddressSpace = bit(5, 27);
        /// Whether the source address moves on.
        saic: AddressIncrement = bit(5, 28);
        /// Whether the destination address moves on.
        daic: AddressIncrement = bit(5, 29);
        /// Waits for earlier DMA writes before it reads.
        raw_wait: bool = bit(5, 30);
        /// Does not wait for the write to be confirmed.
        disable_wr_confirm: bool = bit(5, 31);
    }

    /// Invalidates and writes back caches, or waits for a pixel wait sync, before what follows.
    0x58 ACQUIRE_MEM => AcquireMem, body 7 {
        /// Pixel wait sync: where to stop.
        pws_stage_sel: PwsStage = bits(0, 11, 13);
        /// Pixel wait sync: what is waited for.
        pws_counter_sel: PwsCounter = bits(0, 14, 15);
        /// Pixel wait sync: on, together with `pws_ena`.
        pws_ena2: bool = bit(0, 17);
        /// Pixel wait sync: how many events may still be under way.
        pws_count: u32 = bits(0, 18, 23);
        /// Graphics ring: the micro engine executes it, not the prefetcher.
        engine_me: bool = bit(0, 31);
        /// Length of the range in units of 256 bytes.
        coher_size: u64 = wide(1, 57);
        /// Start of the range in units of 256 bytes.
        coher_base: u64 = wide(3, 56);
        /// Between two looks at the caches, in units of 16 clocks.
        poll_interval: u32 = bits(5, 0, 15);
        /// Pixel wait sync: on.
        pws_ena: bool = bit(5, 31);
        /// What is done to which cache.
        gcr_cntl: GcrCntl = bits(6, 0, 18);
    }

    /// Later packets are not fetched until `valid` is set, for buffers that the device patches.
    0x59 REWIND => Rewind, body 1 {
        /// Compute rings: polling is offloaded.
        offload_enable: bool = bit(0, 24);
        /// Fetching goes on.
        valid: bool = bit(0, 31);
    }

    /// Fetches page translations ahead.
    0x5D PRIME_UTCL2 => PrimeUtcl2, body 4 {
        /// Bit 0 read, bit 1 write, bit 2 execute.
        cache_perm: u32 = bits(0, 0, 2);
        /// Waits for the answer.
        wait_for_xack: bool = bit(0, 3);
        /// The first page's address.
        address: u64 = wide(1, 64), Read |p| Some(u64::from(p.requested_pages) << 12);
        /// Pages of 4 KiB.
        requested_pages: u32 = bits(3, 0, 13);
    }

    /// Sets consecutive SH registers from memory.
    0x63 LOAD_SH_REG_INDEX => LoadShRegIndex, body 4 {
        /// What the source is.
        index: LoadIndex = bit(0, 0);
        /// The source, a multiple of 4.
        mem_addr: u64 = va(0, 2), Read |p| loaded(p.index, p.data_format, p.num_dwords);
        /// The first register, in dwords from 0xb000.
        offset: u32 = bits(2, 0, 15);
        /// What the memory holds.
        data_format: LoadFormat = bit(2, 31);
        /// Registers, or pairs of offset and value.
        num_dwords: u32 = bits(3, 0, 13);
    }

    /// Sets consecutive CONTEXT registers; graphics ring.
    0x69 SET_CONTEXT_REG => SetContextReg, body 1 {
        /// The first register, in dwords from 0x28000.
        offset: u32 = bits(0, 0, 15);
        /// Firmware's treatment of the value.
        index: u32 = bits(0, 28, 31);
        + /// One value a register.
        values = Tail::Regs(Space::Context);
    }

    /// Sets consecutive SH registers.
    0x76 SET_SH_REG => SetShReg, body 1 {
        /// The first register, in dwords from 0xb000.
        offset: u32 = bits(0, 0, 15);
        /// With `INSERT_VMID`, where the VMID goes.
        vmid_shift: u32 = bits(0, 23, 27);
        /// Firmware's treatment of the value.
        index: ShRegIndex = bits(0, 28, 31);
        + /// One value a register.
        values = Tail::Regs(Space::Sh);
    }

    /// Sets consecutive UCONFIG registers.
    0x79 SET_UCONFIG_REG => SetUconfigReg, body 1 {
        /// The first register, in dwords from 0x30000.
        offset: u32 = bits(0, 0, 15);
        /// Firmware's treatment of the value.
        index: u32 = bits(0, 28, 31);
        + /// One value a register.
        values = Tail::Regs(Space::Uconfig);
    }

    /// Sets UCONFIG registers that the firmware has to know of; graphics ring.
    0x7A SET_UCONFIG_REG_INDEX => SetUconfigRegIndex, body 1 {
        /// The first register, in dwords from 0x30000.
        offset: u32 = bits(0, 0, 15);
        /// Firmware's treatment of the value.
        index: u32 = bits(0, 28, 31);
        + /// One value a register.
        values = Tail::Regs(Space::Uconfig);
    }

    /// Waits until a quadword of memory compares.
    0x93 WAIT_REG_MEM64 => WaitRegMem64, body 8, check check_wait_reg_mem64 {
        /// The comparison with the reference.
        function: WaitFunction = bits(0, 0, 2);
        /// What is polled.
        mem_space: WaitSpace = bits(0, 4, 5);
        /// What is done beside.
        operation: WaitOperation = bits(0, 6, 7);
        /// Which part of the graphics ring's command processor.
        engine_sel: EngineSel = bits(0, 8, 9);
        /// For the scheduler firmware.
        mes_intr_pipe: u32 = bits(0, 22, 23);
        /// For the scheduler firmware.
        mes_action: bool = bit(0, 24);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(0, 25, 26);
        /// Memory, a multiple of 8; or a register's dword offset.
        poll_addr: u64 = wide(1, 64), Read |p| (p.mem_space == WaitSpace::MEMORY).then_some(8);
        /// The right side of the comparison.
        reference: u64 = wide(3, 64);
        /// Applied to what is polled.
        mask: u64 = wide(5, 64);
        /// Between two reads, in units of 16 clocks.
        poll_interval: u32 = bits(7, 0, 15);
        /// Compute rings: may give way to another queue meanwhile.
        optimize_ace_offload_mode: bool = bit(7, 31);
    }

    /// Sets SH registers, with a treatment of the value: CU masks take the kernel's reservation.
    0x9B SET_SH_REG_INDEX => SetShRegIndex, body 1 {
        /// The first register, in dwords from 0xb000.
        offset: u32 = bits(0, 0, 15);
        /// With `INSERT_VMID`, where the VMID goes.
        vmid_shift: u32 = bits(0, 23, 27);
        /// The treatment.
        index: ShRegIndex = bits(0, 28, 31);
        + /// One value a register.
        values = Tail::Regs(Space::Sh);
    }

    /// Sets scattered CONTEXT registers; graphics ring of cards.
    0xB9 SET_CONTEXT_REG_PAIRS_PACKED => SetContextRegPairsPacked, body 1, flags RESET_FILTER_CAM, check check_context_pairs {
        /// Registers, an even number.
        count: u32 = bits(0, 0, 15);
        + /// Triples: two dword offsets from 0x28000 in 16 bits each, low first, and their values.
        pairs = Tail::Pairs(Space::Context);
    }

    /// Sets scattered SH registers; graphics ring of cards.
    0xBB SET_SH_REG_PAIRS_PACKED => SetShRegPairsPacked, body 1, flags RESET_FILTER_CAM, check check_sh_pairs {
        /// Registers, an even number.
        count: u32 = bits(0, 0, 15);
        + /// Triples: two dword offsets from 0xb000 in 16 bits each, low first, and their values.
        pairs = Tail::Pairs(Space::Sh);
    }

    /// Sets up to 14 scattered SH registers; graphics ring of cards.
    0xBD SET_SH_REG_PAIRS_PACKED_N => SetShRegPairsPackedN, body 1, flags RESET_FILTER_CAM, check check_sh_pairs_n {
        /// Registers, an even number of at most 14.
        count: u32 = bits(0, 0, 15);
        + /// Triples: two dword offsets from 0xb000 in 16 bits each, low first, and their values.
        pairs = Tail::Pairs(Space::Sh);
    }
}

// What a row cannot say: how long the memory behind an address is.

fn written_by_write_data(p: &WriteData) -> Option<u64> {
    let bytes = if p.wr_one_addr { 4 } else { 4 * p.payload.len() as u64 };
    p.dst_sel.is_memory().then_some(bytes)
}

fn sampled_by_event_write(p: &EventWriteAddr) -> Option<u64> {
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

fn written_by_release_mem(p: &ReleaseMem) -> Option<u64> {
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

fn read_by_dma_data(p: &DmaData) -> Option<u64> {
    let memory = match p.src_sel {
        DmaSrc::SRC_ADDR => p.sas == AddressSpace::MEMORY,
        other => other == DmaSrc::SRC_ADDR_TC_L2,
    };
    dma_bytes(p, p.saic).filter(|_| memory)
}

fn written_by_dma_data(p: &DmaData) -> Option<u64> {
    let memory = match p.dst_sel {
        DmaDst::DST_ADDR => p.das == AddressSpace::MEMORY,
        other => other == DmaDst::DST_ADDR_TC_L2,
    };
    dma_bytes(p, p.daic).filter(|_| memory)
}

/// What an indexed load reads.
fn loaded(index: LoadIndex, format: LoadFormat, count: u32) -> Option<u64> {
    let each = if format == LoadFormat::OFFSET_AND_DATA { 8 } else { 4 };
    (index == LoadIndex::DIRECT_ADDR).then_some(u64::from(count) * each)
}

// What a row cannot say: conditions over several fields.

fn aligned(field: &'static str, value: u64, align: u64) -> Result<(), EncodeError> {
    if value.is_multiple_of(align) { Ok(()) } else { Err(EncodeError::Misaligned { field, value, align }) }
}

fn check_atomic_mem(p: &AtomicMem) -> Result<(), EncodeError> {
    aligned("address", p.address, p.atomic.bytes())
}

fn check_write_data(p: &WriteData) -> Result<(), EncodeError> {
    match p.dst_sel {
        WriteDataDst::MEM_MAPPED_REGISTER | WriteDataDst::GDS => Ok(()),
        _ => aligned("dst_addr", p.dst_addr, 4),
    }
}

fn check_wait_reg_mem(p: &WaitRegMem) -> Result<(), EncodeError> {
    aligned("poll_addr", p.poll_addr, if p.mem_space == WaitSpace::MEMORY { 4 } else { 1 })
}

fn check_wait_reg_mem64(p: &WaitRegMem64) -> Result<(), EncodeError> {
    aligned("poll_addr", p.poll_addr, if p.mem_space == WaitSpace::MEMORY { 8 } else { 1 })
}

/// The packet leaves out the low 2 or 3 bits of memory addresses, as the width is.
fn check_copy_data(p: &CopyData) -> Result<(), EncodeError> {
    let width = p.count_sel.bytes();
    if p.src_sel.is_memory() {
        aligned("src", p.src, width)?;
    }
    if p.dst_sel.is_memory() {
        aligned("dst", p.dst, width)?;
    }
    Ok(())
}

fn check_release_mem(p: &ReleaseMem) -> Result<(), EncodeError> {
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

fn check_context_pairs(p: &SetContextRegPairsPacked) -> Result<(), EncodeError> {
    pairs(p.count, &p.pairs, u32::MAX)
}

fn check_sh_pairs(p: &SetShRegPairsPacked) -> Result<(), EncodeError> {
    pairs(p.count, &p.pairs, u32::MAX)
}

fn check_sh_pairs_n(p: &SetShRegPairsPackedN) -> Result<(), EncodeError> {
    pairs(p.count, &p.pairs, 14)
}
