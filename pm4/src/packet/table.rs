//! The packets, one row each, in order of opcode.
//!
//! `opcode HARDWARE_NAME => RustName, body fixed-dwords, on RINGS, flags FLAG, check function { fields + tail }`.
//! `on` says whose buffers may hold the packet, where that is not every user ring. A field is
//! `name: type = place;` with the place one of `bits(dword, low, high)`, `bit(dword, bit)`,
//! `word(dword)`, `wide(dword, bits)`, `va(dword, log2 of the alignment)` and `va48`; dwords count
//! from the one behind the header. Behind the place stands what happens at a field that holds an
//! address: `, Read bytes`, `Write`, `ReadWrite` or `Execute`, with `bytes` a function from the packet
//! to the length, `None` where the other fields make it no memory address and `Some(0)` where only
//! the memory itself or other packets say how long it is. The tail is what varies in length. One
//! opcode may have several rows with bodies of different lengths.
//!
//! Layouts: PAL's `f32_pfp_pm4_packets.h`, `f32_me_pm4_packets.h` and `f32_mec_pm4_packets.h`, the
//! amdgpu driver's `nvd.h`, Mesa's `sid.h` and `pkt3.json` (all MIT), checked against streams
//! captured from RADV.

use super::rules::*;
use super::values::*;
use super::*;
use crate::reg::{COMPUTE_DISPATCH_INITIATOR, VGT_DRAW_INITIATOR};

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
    0x11 SET_BASE => SetBase, body 3, on GFX {
        /// Which base.
        base_index: BaseIndex = bits(0, 0, 3);
        /// The base, a multiple of 4: Vulkan allows indirect arguments there, and RADV passes their address as it is.
        address: u64 = va(1, 2), Read |_| Some(0);
    }

    /// Context state back to its defaults; graphics ring.
    0x12 CLEAR_STATE => ClearState, body 1, on GFX {
        /// What is done.
        cmd: ClearStateCmd = bits(0, 0, 3);
    }

    /// Indices in the index buffer; graphics ring.
    0x13 INDEX_BUFFER_SIZE => IndexBufferSize, body 1, on GFX {
        /// Indices.
        index_buffer_size: u32 = word(0);
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
    0x16 DISPATCH_INDIRECT => DispatchIndirect, body 3, on COMPUTE, flags SHADER_TYPE {
        /// Three dwords: workgroups in x, y and z. A multiple of 4.
        address: u64 = va(0, 2), Read |_| Some(12);
        /// How; `COMPUTE_SHADER_EN` starts it.
        dispatch_initiator: COMPUTE_DISPATCH_INITIATOR = word(2);
    }

    /// Starts workgroups, their number read from memory; graphics ring.
    0x16 DISPATCH_INDIRECT => DispatchIndirectOffset, body 2, on GFX, flags SHADER_TYPE {
        /// Bytes from the `DRAW_INDIRECT` base of [`SetBase`].
        data_offset: u32 = word(0);
        /// How; `COMPUTE_SHADER_EN` starts it.
        dispatch_initiator: COMPUTE_DISPATCH_INITIATOR = word(1);
    }

    /// Ends an indirect buffer. No published layout.
    0x17 INDIRECT_BUFFER_END => IndirectBufferEnd, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Ends an indirect buffer of the constant engine, which gfx11 lacks. No published layout.
    0x19 INDIRECT_BUFFER_CNST_END => IndirectBufferCnstEnd, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// An atomic operation in the global data share.
    0x1D ATOMIC_GDS => AtomicGds, body 10 {
        /// The operation.
        atom_op: u32 = bits(0, 0, 7);
        /// Again until the comparison holds.
        atom_cmp_swap: bool = bit(0, 16);
        /// The packet ends when the operation has ended.
        atom_complete: bool = bit(0, 17);
        /// The old value is kept for `COPY_DATA`.
        atom_read: bool = bit(0, 18);
        /// How many values come back and how wide they are.
        atom_rd_cntl: u32 = bits(0, 19, 20);
        /// Which part of the graphics ring's command processor.
        engine_sel: EngineSel = bits(0, 30, 31);
        /// Bytes that an append moves on by.
        auto_inc_bytes: u32 = bits(1, 0, 5);
        /// Data mode.
        dmode: bool = bit(1, 8);
        /// Start of the GDS range.
        atom_base: u32 = bits(2, 0, 15);
        /// Length of the GDS range.
        atom_size: u32 = bits(3, 0, 15);
        /// Offset of the first operand in the range.
        atom_offset0: u32 = bits(4, 0, 7);
        /// Offset of the second operand in the range.
        atom_offset1: u32 = bits(4, 16, 23);
        /// Destination.
        atom_dst: u32 = word(5);
        /// First operand.
        atom_src0: u64 = wide(6, 64);
        /// Second operand.
        atom_src1: u64 = wide(8, 64);
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

    /// Turns the counters of render backends into a query's result; graphics ring.
    0x1F OCCLUSION_QUERY => OcclusionQuery, body 4, on GFX {
        /// Counters that the backends wrote, a multiple of 16.
        start_addr: u64 = va(0, 4), Read |_| Some(0);
        /// The result, a multiple of 4.
        query_addr: u64 = va(2, 2), Write |_| Some(8);
    }

    /// What packets with the predicate flag hang on; graphics ring.
    0x20 SET_PREDICATION => SetPredication, body 3, on GFX {
        /// Which outcome executes.
        pred_bool: bool = bit(0, 8);
        /// Executes where the counters are not there yet, instead of waiting.
        hint: bool = bit(0, 12);
        /// What is looked at.
        pred_op: PredicateOp = bits(0, 16, 18);
        /// Goes on with the query of the packet before.
        continue_bit: bool = bit(0, 31);
        /// Counters or value, a multiple of 16.
        start_addr: u64 = va(1, 4), Read |p| match p.pred_op {
            PredicateOp::CLEAR => None,
            PredicateOp::BOOL64 => Some(8),
            PredicateOp::BOOL32 => Some(4),
            _ => Some(0),
        };
    }

    /// Changes bits of a register.
    0x21 REG_RMW => RegRmw, body 3, on GFX {
        /// The register's dword offset.
        mod_addr: u32 = bits(0, 0, 17);
        /// Whether the shadow copy follows.
        shadow_base_sel: u32 = bits(0, 24, 25);
        /// The OR mask is a register's dword offset.
        or_mask_src: bool = bit(0, 30);
        /// The AND mask is a register's dword offset.
        and_mask_src: bool = bit(0, 31);
        /// Bits that stay.
        and_mask: u32 = word(1);
        /// Bits that are set.
        or_mask: u32 = word(2);
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
    0x23 PRED_EXEC => PredExec, body 1, on GFX {
        /// Dwords behind this packet.
        exec_count: u32 = bits(0, 0, 13);
        /// A bit for each device that executes them.
        device_select: u32 = bits(0, 24, 31);
    }

    /// A draw, its arguments read from memory; graphics ring.
    0x24 DRAW_INDIRECT => DrawIndirect, body 4, on GFX {
        /// Bytes from the `DRAW_INDIRECT` base of [`SetBase`].
        data_offset: u32 = word(0);
        /// SH register that gets the first vertex.
        start_vtx_loc: u32 = bits(1, 0, 15);
        /// SH register that gets the first instance.
        start_inst_loc: u32 = bits(2, 0, 15);
        /// How.
        draw_initiator: VGT_DRAW_INITIATOR = word(3);
    }

    /// An indexed draw, its arguments read from memory; graphics ring.
    0x25 DRAW_INDEX_INDIRECT => DrawIndexIndirect, body 4, on GFX {
        /// Bytes from the `DRAW_INDIRECT` base of [`SetBase`].
        data_offset: u32 = word(0);
        /// SH register that gets the base vertex.
        base_vtx_loc: u32 = bits(1, 0, 15);
        /// SH register that gets the first index.
        start_indx_loc: u32 = bits(1, 16, 31);
        /// SH register that gets the first instance.
        start_inst_loc: u32 = bits(2, 0, 15);
        /// The first index is written.
        start_indx_enable: bool = bit(2, 28);
        /// How.
        draw_initiator: VGT_DRAW_INITIATOR = word(3);
    }

    /// The index buffer; graphics ring.
    0x26 INDEX_BASE => IndexBase, body 2, on GFX {
        /// A multiple of 2.
        index_base: u64 = va(0, 1), Read |_| Some(0);
    }

    /// An indexed draw with its own index buffer; graphics ring.
    0x27 DRAW_INDEX_2 => DrawIndex2, body 5, on GFX {
        /// Indices that may be read.
        max_size: u32 = word(0);
        /// The index buffer; how wide its indices are, a register says.
        index_base: u64 = wide(1, 64), Read |_| Some(0);
        /// Indices of the draw.
        index_count: u32 = word(3);
        /// How.
        draw_initiator: VGT_DRAW_INITIATOR = word(4);
    }

    /// What state is loaded and shadowed at a context switch; graphics ring.
    0x28 CONTEXT_CONTROL => ContextControl, body 2, on GFX {
        /// What is loaded.
        load: ContextEnables = word(0);
        /// What is shadowed.
        shadow: ContextEnables = word(1);
    }

    /// Draws, their arguments and perhaps their number read from memory; graphics ring.
    0x2C DRAW_INDIRECT_MULTI => DrawIndirectMulti, body 9, on GFX {
        /// Bytes from the `DRAW_INDIRECT` base of [`SetBase`].
        data_offset: u32 = word(0);
        /// SH register that gets the first vertex.
        start_vtx_loc: u32 = bits(1, 0, 15);
        /// SH register that gets the first instance.
        start_inst_loc: u32 = bits(2, 0, 15);
        /// SH register that gets the draw's number.
        draw_index_loc: u32 = bits(3, 0, 15);
        /// Values go to VGPRs.
        use_vgprs: bool = bit(3, 27);
        /// Marks each draw in a thread trace.
        thread_trace_marker_enable: bool = bit(3, 29);
        /// The number of draws is read.
        count_indirect_enable: bool = bit(3, 30);
        /// The draw's number is written.
        draw_index_enable: bool = bit(3, 31);
        /// Draws, at most.
        count: u32 = word(4);
        /// The number of draws, a multiple of 4.
        count_addr: u64 = va(5, 2), Read |p| p.count_indirect_enable.then_some(4);
        /// Bytes from one draw's arguments to the next.
        stride: u32 = word(7);
        /// How.
        draw_initiator: VGT_DRAW_INITIATOR = word(8);
    }

    /// A draw without an index buffer; graphics ring.
    0x2D DRAW_INDEX_AUTO => DrawIndexAuto, body 2, on GFX {
        /// Vertices.
        index_count: u32 = word(0);
        /// How.
        draw_initiator: VGT_DRAW_INITIATOR = word(1);
    }

    /// Instances of the draws that follow; graphics ring.
    0x2F NUM_INSTANCES => NumInstances, body 1, on GFX {
        /// Instances.
        num_instances: u32 = word(0);
    }

    /// Draws without an index buffer, several in one; graphics ring.
    0x30 DRAW_INDEX_MULTI_AUTO => DrawIndexMultiAuto, body 3, on GFX {
        /// Primitives.
        prim_count: u32 = word(0);
        /// How.
        draw_initiator: VGT_DRAW_INITIATOR = word(1);
        /// The first index.
        index_offset: u32 = bits(2, 0, 15);
        /// Kind of primitive.
        prim_type: u32 = bits(2, 16, 20);
        /// Indices.
        index_count: u32 = bits(2, 21, 31);
    }

    /// An indirect buffer with privileges; the kernel's rings. No published layout.
    0x32 INDIRECT_BUFFER_PRIV => IndirectBufferPriv, body 0, on KERNEL {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// An indirect buffer of the constant engine, which gfx11 lacks.
    0x33 INDIRECT_BUFFER_CNST => IndirectBufferCnst, body 3, on GFX {
        /// The buffer, a multiple of 4.
        ib_base: u64 = va(0, 2), Execute |p| Some(u64::from(p.ib_size) * 4);
        /// Its length in dwords.
        ib_size: u32 = bits(2, 0, 19);
        /// The rest of this buffer is not executed.
        chain: bool = bit(2, 20);
        /// Preamble of a preempted context.
        pre_ena: bool = bit(2, 21);
        /// The address space; the kernel's ring only.
        vmid: u32 = bits(2, 24, 27);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(2, 28, 29);
        /// A preempted context resumes here.
        pre_resume: bool = bit(2, 30);
    }

    /// How full a stream-out buffer is: kept or set; graphics ring.
    0x34 STRMOUT_BUFFER_UPDATE => StrmoutBufferUpdate, body 5, on GFX {
        /// The filled size goes to memory.
        update_memory: bool = bit(0, 0);
        /// Where the new offset comes from.
        source_select: StrmoutSource = bits(0, 1, 2);
        /// Sizes are bytes, not dwords.
        data_type: bool = bit(0, 7);
        /// Which buffer.
        buffer_select: u32 = bits(0, 8, 9);
        /// The offset itself; or the memory that is read or written, a multiple of 4.
        address: u64 = wide(1, 64), ReadWrite |p| {
            (p.update_memory || p.source_select == StrmoutSource::SRC_ADDRESS).then_some(4)
        };
        /// The control block of gfx11's stream-out, a multiple of 4; what it holds is not published.
        control_address: u64 = va(3, 2);
    }

    /// An indexed draw from the buffer that [`IndexBase`] set; graphics ring.
    0x35 DRAW_INDEX_OFFSET_2 => DrawIndexOffset2, body 4, on GFX {
        /// Indices that may be read.
        max_size: u32 = word(0);
        /// The first index.
        index_offset: u32 = word(1);
        /// Indices of the draw.
        index_count: u32 = word(2);
        /// How.
        draw_initiator: VGT_DRAW_INITIATOR = word(3);
    }

    /// State of the draws that follow; graphics ring. No published layout.
    0x36 DRAW_PREAMBLE => DrawPreamble, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
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

    /// Indexed draws, their arguments and perhaps their number read from memory; graphics ring.
    0x38 DRAW_INDEX_INDIRECT_MULTI => DrawIndexIndirectMulti, body 9, on GFX {
        /// Bytes from the `DRAW_INDIRECT` base of [`SetBase`].
        data_offset: u32 = word(0);
        /// SH register that gets the base vertex.
        base_vtx_loc: u32 = bits(1, 0, 15);
        /// SH register that gets the first index.
        start_indx_loc: u32 = bits(1, 16, 31);
        /// SH register that gets the first instance.
        start_inst_loc: u32 = bits(2, 0, 15);
        /// SH register that gets the draw's number.
        draw_index_loc: u32 = bits(3, 0, 15);
        /// Draws after a task shader.
        task_shader_mode: bool = bit(3, 25);
        /// Values go to VGPRs.
        use_vgprs: bool = bit(3, 27);
        /// The first index is written.
        start_indx_enable: bool = bit(3, 28);
        /// Marks each draw in a thread trace.
        thread_trace_marker_enable: bool = bit(3, 29);
        /// The number of draws is read.
        count_indirect_enable: bool = bit(3, 30);
        /// The draw's number is written.
        draw_index_enable: bool = bit(3, 31);
        /// Draws, at most.
        count: u32 = word(4);
        /// The number of draws, a multiple of 4.
        count_addr: u64 = va(5, 2), Read |p| p.count_indirect_enable.then_some(4);
        /// Bytes from one draw's arguments to the next.
        stride: u32 = word(7);
        /// How.
        draw_initiator: VGT_DRAW_INITIATOR = word(8);
    }

    /// Signals or waits for a semaphore in memory.
    0x39 MEM_SEMAPHORE => MemSemaphore, body 3 {
        /// The semaphore, a multiple of 8.
        address: u64 = va(0, 3), ReadWrite |_| Some(8);
        /// Waits for the mailbox.
        use_mailbox: bool = bit(2, 16);
        /// Writes 1 instead of adding it.
        signal_type: bool = bit(2, 20);
        /// Signal or wait.
        sem_sel: SemaphoreSel = bits(2, 29, 31);
    }

    /// Draws of several instances; graphics ring. No published layout.
    0x3A DRAW_INDEX_MULTI_INST => DrawIndexMultiInst, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Copies a dword; `COPY_DATA` took its place. No published layout.
    0x3B COPY_DW => CopyDw, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
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

    /// Opens or closes a window of performance counters.
    0x3D PERF_COUNTER_WINDOW => PerfCounterWindow, body 1, on GFX {
        /// What is done.
        op: u32 = bits(0, 0, 1);
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

    /// Goes on with one of two buffers, as a quadword in memory compares; graphics ring.
    0x3F COND_INDIRECT_BUFFER => CondIndirectBuffer, body 13, on GFX {
        /// With one branch or two.
        mode: CondIbMode = bits(0, 0, 1);
        /// The comparison with the reference.
        function: WaitFunction = bits(0, 8, 10);
        /// The quadword, a multiple of 8.
        compare_addr: u64 = va(1, 3), Read |_| Some(8);
        /// Applied to the quadword.
        mask: u64 = wide(3, 64);
        /// The right side of the comparison.
        reference: u64 = wide(5, 64);
        /// The buffer where it holds, a multiple of 4.
        ib_base1: u64 = va(7, 2), Execute |p| Some(u64::from(p.ib_size1) * 4);
        /// Its length in dwords.
        ib_size1: u32 = bits(9, 0, 19);
        /// GL2 policy.
        cache_policy1: CachePolicy = bits(9, 28, 29);
        /// The buffer where it does not, a multiple of 4.
        ib_base2: u64 = va(10, 2), Execute |p| {
            (p.mode == CondIbMode::IF_THEN_ELSE).then_some(u64::from(p.ib_size2) * 4)
        };
        /// Its length in dwords.
        ib_size2: u32 = bits(12, 0, 19);
        /// GL2 policy.
        cache_policy2: CachePolicy = bits(12, 28, 29);
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
    0x42 PFP_SYNC_ME => PfpSyncMe, body 1, on GFX {
        /// Ignored.
        dummy: u32 = word(0);
    }

    /// Writes a dword where a comparison holds.
    0x45 COND_WRITE => CondWrite, body 8 {
        /// The comparison with the reference.
        function: WaitFunction = bits(0, 0, 2);
        /// What is read.
        poll_space: WaitSpace = bit(0, 4);
        /// What is written.
        write_space: CondWriteSpace = bits(0, 8, 9);
        /// The packet ends only when the write is confirmed.
        wr_confirm: bool = bit(0, 20);
        /// Memory, or a register's dword offset.
        poll_address: u64 = wide(1, 64), Read |p| (p.poll_space == WaitSpace::MEMORY).then_some(4);
        /// The right side of the comparison.
        reference: u32 = word(3);
        /// Applied to what is read.
        mask: u32 = word(4);
        /// Memory, or a register's dword offset.
        write_address: u64 = wide(5, 64), Write |p| (p.write_space == CondWriteSpace::MEMORY).then_some(4);
        /// What is written.
        write_data: u32 = word(7);
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

    /// Bounds of a preamble or of the clear state; graphics ring, the kernel's buffers.
    0x4A PREAMBLE_CNTL => PreambleCntl, body 1, on GFX {
        /// Which bound.
        command: PreambleCommand = bits(0, 28, 31);
    }

    /// Mesh workgroups, their numbers read from memory; graphics ring.
    0x4C DISPATCH_MESH_INDIRECT_MULTI => DispatchMeshIndirectMulti, body 8, on GFX {
        /// Bytes from the `DRAW_INDIRECT` base of [`SetBase`].
        data_offset: u32 = word(0);
        /// SH register that gets the dimensions.
        xyz_dim_loc: u32 = bits(1, 0, 15);
        /// SH register that gets the draw's number.
        draw_index_loc: u32 = bits(1, 16, 31);
        /// Mode 1.
        mode1_enable: bool = bit(2, 27);
        /// The dimensions are written.
        xyz_dim_enable: bool = bit(2, 28);
        /// Marks each draw in a thread trace.
        thread_trace_marker_enable: bool = bit(2, 29);
        /// The number of draws is read.
        count_indirect_enable: bool = bit(2, 30);
        /// The draw's number is written.
        draw_index_enable: bool = bit(2, 31);
        /// Draws, at most.
        count: u32 = word(3);
        /// The number of draws, a multiple of 4.
        count_addr: u64 = va(4, 2), Read |p| p.count_indirect_enable.then_some(4);
        /// Bytes from one draw's arguments to the next.
        stride: u32 = word(6);
        /// How.
        draw_initiator: VGT_DRAW_INITIATOR = word(7);
    }

    /// The mesh half of a task and mesh dispatch; graphics ring.
    0x4D DISPATCH_TASKMESH_GFX => DispatchTaskmeshGfx, body 3, on GFX {
        /// SH register that gets the dimensions.
        xyz_dim_loc: u32 = bits(0, 0, 15);
        /// SH register that gets the entry of the task ring.
        ring_entry_loc: u32 = bits(0, 16, 31);
        /// Workgroups are counted in one dimension.
        linear_dispatch_enable: bool = bit(1, 28);
        /// Mode 1.
        mode1_enable: bool = bit(1, 29);
        /// The dimensions are written.
        xyz_dim_enable: bool = bit(1, 30);
        /// Marks the draw in a thread trace.
        thread_trace_marker_enable: bool = bit(1, 31);
        /// How.
        draw_initiator: VGT_DRAW_INITIATOR = word(2);
    }

    /// Starts mesh workgroups; graphics ring.
    0x4E DISPATCH_MESH_DIRECT => DispatchMeshDirect, body 4, on GFX {
        /// Workgroups in x.
        dim_x: u32 = word(0);
        /// Workgroups in y.
        dim_y: u32 = word(1);
        /// Workgroups in z.
        dim_z: u32 = word(2);
        /// How.
        draw_initiator: VGT_DRAW_INITIATOR = word(3);
    }

    /// Copies or fills memory, or prefetches it.
    0x50 DMA_DATA => DmaData, body 6 {
        /// Which part of the graphics ring's command processor.
        engine: DmaEngine = bit(0, 0);
        /// The source is what the execute-indirect record at the address names.
        src_indirect: bool = bit(0, 1);
        /// The destination is what the execute-indirect record at the address names.
        dst_indirect: bool = bit(0, 2);
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

    /// Changes bits of a CONTEXT register; graphics ring.
    0x51 CONTEXT_REG_RMW => ContextRegRmw, body 3, on GFX {
        /// The register, in dwords from 0x28000.
        reg_offset: u32 = bits(0, 0, 15);
        /// Bits that change.
        reg_mask: u32 = word(1);
        /// Their values.
        reg_data: u32 = word(2);
    }

    /// Graphics context state. No published layout.
    0x52 GFX_CNTX_UPDATE => GfxCntxUpdate, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Block context state. No published layout.
    0x53 BLK_CNTX_UPDATE => BlkCntxUpdate, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Sets up a performance monitor.
    0x54 PERFMON_CONTROL => PerfmonControl, body 2 {
        /// Which monitor.
        pmc_id: u32 = bits(0, 0, 2);
        /// On.
        pmc_en: bool = bit(0, 15);
        /// Which units.
        pmc_unit_mask: u32 = bits(0, 16, 23);
        /// What is counted.
        pmc_event: u32 = bits(1, 0, 13);
    }

    /// State updates in steps. No published layout.
    0x55 INCR_UPDT_STATE => IncrUpdtState, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
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

    /// An interrupt. No published layout.
    0x5A INTERRUPT => Interrupt, body 0, on KERNEL {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Writes page table entries; the kernel's rings.
    0x5B GEN_PDEPTE => GenPdepte, body 9, on KERNEL {
        /// The first entry.
        dst_addr: u64 = wide(0, 64), Write |p| Some(u64::from(p.loop_count) * 8);
        /// Bits that every entry has.
        mask: u64 = wide(2, 64);
        /// The first entry's address.
        init_value: u64 = wide(4, 64);
        /// From one entry's address to the next.
        incr: u64 = wide(6, 64);
        /// Entries.
        loop_count: u32 = word(8);
    }

    /// An indirect buffer of another process; the scheduler.
    0x5C INDIRECT_BUFFER_PASID => IndirectBufferPasid, body 4, on KERNEL {
        /// The buffer, a multiple of 4.
        ib_base: u64 = va(0, 2), Execute |p| Some(u64::from(p.ib_size) * 4);
        /// Its length in dwords.
        ib_size: u32 = bits(2, 0, 19);
        /// The rest of this buffer is not executed.
        chain: bool = bit(2, 20);
        /// Polling is offloaded.
        offload_polling: bool = bit(2, 21);
        /// The packet is to be executed.
        valid: bool = bit(2, 23);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(2, 28, 29);
        /// The process.
        pasid: u32 = bits(3, 0, 15);
    }

    /// Fetches page translations ahead.
    0x5D PRIME_UTCL2 => PrimeUtcl2, body 4 {
        /// Bit 0 read, bit 1 write, bit 2 execute.
        cache_perm: u32 = bits(0, 0, 2);
        /// Waits for the answer.
        wait_for_xack: bool = bit(0, 3);
        /// Which part of the graphics ring's command processor.
        engine_sel: EngineSel = bits(0, 30, 31);
        /// The first page's address.
        address: u64 = wide(1, 64), Read |p| Some(u64::from(p.requested_pages) << 12);
        /// Pages of 4 KiB.
        requested_pages: u32 = bits(3, 0, 13);
    }

    /// Sets ranges of UCONFIG registers from shadow memory; graphics ring.
    0x5E LOAD_UCONFIG_REG => LoadUconfigReg, body 2, on GFX {
        /// What the register at 0x30000 has in memory, a multiple of 4.
        base_address: u64 = va(0, 2), Read |p| loaded_ranges(&p.ranges);
        + /// Pairs: a first register in dwords from 0x30000, and a number of registers.
        ranges = Tail::Ranges(Space::Uconfig);
    }

    /// Sets ranges of SH registers from shadow memory; graphics ring.
    0x5F LOAD_SH_REG => LoadShReg, body 2, on GFX {
        /// What the register at 0xb000 has in memory, a multiple of 4.
        base_address: u64 = va(0, 2), Read |p| loaded_ranges(&p.ranges);
        + /// Pairs: a first register in dwords from 0xb000, and a number of registers.
        ranges = Tail::Ranges(Space::Sh);
    }

    /// Sets ranges of privileged registers from shadow memory; the kernel's ring.
    0x60 LOAD_CONFIG_REG => LoadConfigReg, body 2, on KERNEL {
        /// What the register at 0x8000 has in memory, a multiple of 4.
        base_address: u64 = va(0, 2), Read |p| loaded_ranges(&p.ranges);
        + /// Pairs: a first register in dwords from 0x8000, and a number of registers.
        ranges = Tail::Ranges(Space::Config);
    }

    /// Sets ranges of CONTEXT registers from shadow memory; graphics ring.
    0x61 LOAD_CONTEXT_REG => LoadContextReg, body 2, on GFX {
        /// What the register at 0x28000 has in memory, a multiple of 4.
        base_address: u64 = va(0, 2), Read |p| loaded_ranges(&p.ranges);
        + /// Pairs: a first register in dwords from 0x28000, and a number of registers.
        ranges = Tail::Ranges(Space::Context);
    }

    /// Compute state. No published layout.
    0x62 LOAD_COMPUTE_STATE => LoadComputeState, body 0 {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Sets consecutive SH registers from memory.
    0x63 LOAD_SH_REG_INDEX => LoadShRegIndex, body 4 {
        /// What the source is.
        index: LoadIndex = bits(0, 0, 1);
        /// The source, a multiple of 4.
        mem_addr: u64 = va(0, 2), Read |p| loaded(p.index, p.data_format, p.num_dwords);
        /// The first register, in dwords from 0xb000.
        offset: u32 = bits(2, 0, 15);
        /// What the memory holds.
        data_format: LoadFormat = bit(2, 31);
        /// Registers, or pairs of offset and value.
        num_dwords: u32 = bits(3, 0, 13);
    }

    /// Sets consecutive UCONFIG registers from memory; graphics ring.
    0x64 LOAD_UCONFIG_REG_INDEX => LoadUconfigRegIndex, body 4, on GFX {
        /// What the source is.
        index: LoadIndex = bits(0, 0, 1);
        /// The source, a multiple of 4.
        mem_addr: u64 = va(0, 2), Read |p| loaded(p.index, p.data_format, p.num_dwords);
        /// The first register, in dwords from 0x30000.
        offset: u32 = bits(2, 0, 15);
        /// What the memory holds.
        data_format: LoadFormat = bit(2, 31);
        /// Registers, or pairs of offset and value.
        num_dwords: u32 = bits(3, 0, 13);
    }

    /// Sets consecutive privileged registers; the kernel's rings.
    0x68 SET_CONFIG_REG => SetConfigReg, body 1, on KERNEL {
        /// The first register, in dwords from 0x8000.
        offset: u32 = bits(0, 0, 15);
        /// With `INSERT_VMID`, where the VMID goes.
        vmid_shift: u32 = bits(0, 23, 27);
        /// Firmware's treatment of the value.
        index: ShRegIndex = bits(0, 28, 31);
        + /// One value a register.
        values = Tail::Regs(Space::Config);
    }

    /// Sets consecutive CONTEXT registers; graphics ring.
    0x69 SET_CONTEXT_REG => SetContextReg, body 1, on GFX {
        /// The first register, in dwords from 0x28000.
        offset: u32 = bits(0, 0, 15);
        /// Firmware's treatment of the value.
        index: u32 = bits(0, 28, 31);
        + /// One value a register.
        values = Tail::Regs(Space::Context);
    }

    /// Sets CONTEXT registers that the firmware has to know of; graphics ring.
    0x6A SET_CONTEXT_REG_INDEX => SetContextRegIndex, body 1, on GFX {
        /// The first register, in dwords from 0x28000.
        offset: u32 = bits(0, 0, 15);
        /// Firmware's treatment of the value.
        index: u32 = bits(0, 28, 31);
        + /// One value a register.
        values = Tail::Regs(Space::Context);
    }

    /// Sets VGPRs for indirect draws; graphics ring. No published layout.
    0x71 SET_VGPR_REG_DI_MULTI => SetVgprRegDiMulti, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Sets an SH register for an indirect draw; graphics ring. No published layout.
    0x72 SET_SH_REG_DI => SetShRegDi, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Sets CONTEXT registers from memory; graphics ring. No published layout.
    0x73 SET_CONTEXT_REG_INDIRECT => SetContextRegIndirect, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Sets SH registers for indirect draws; graphics ring. No published layout.
    0x74 SET_SH_REG_DI_MULTI => SetShRegDiMulti, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Holds the graphics pipe; the kernel's ring.
    0x75 GFX_PIPE_LOCK => GfxPipeLock, body 1, on KERNEL {
        /// Waits for the context manager.
        sync_ssu_cntx_mgr: bool = bit(0, 0);
        /// Waits for the DMA.
        sync_dma: bool = bit(0, 1);
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

    /// Sets SH registers to an address that counts from the indirect buffer; graphics ring.
    0x77 SET_SH_REG_OFFSET => SetShRegOffset, body 3, on GFX {
        /// The first register, in dwords from 0xb000.
        reg_offset: u32 = bits(0, 0, 15);
        /// What is written.
        index: ShRegOffsetIndex = bits(0, 30, 31);
        /// Bytes from the start of the indirect buffer, or from the `INDIRECT_DATA` base.
        ib_offset: u32 = word(1);
        /// The upper half of the second register.
        driver_data: u32 = bits(2, 16, 31);
    }

    /// Sets registers of a queue; the scheduler. No published layout of its values.
    0x78 SET_QUEUE_REG => SetQueueReg, body 1, on KERNEL {
        /// The first register.
        reg_offset: u32 = bits(0, 0, 7);
        /// Executed later.
        defer_exec: bool = bit(0, 15);
        /// The virtual queue.
        vqid: u32 = bits(0, 16, 25);
        + /// One value a register.
        values = Tail::Words { min: 1 };
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
    0x7A SET_UCONFIG_REG_INDEX => SetUconfigRegIndex, body 1, on GFX {
        /// The first register, in dwords from 0x30000.
        offset: u32 = bits(0, 0, 15);
        /// Firmware's treatment of the value.
        index: u32 = bits(0, 28, 31);
        + /// One value a register.
        values = Tail::Regs(Space::Uconfig);
    }

    /// A header to hand on; firmware. No published layout.
    0x7C FORWARD_HEADER => ForwardHeader, body 0, on KERNEL {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Writes the firmware's scratch memory. No published layout.
    0x7D SCRATCH_RAM_WRITE => ScratchRamWrite, body 0, on KERNEL {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Reads the firmware's scratch memory. No published layout.
    0x7E SCRATCH_RAM_READ => ScratchRamRead, body 0, on KERNEL {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Fills constant memory; the constant engine, which gfx11 lacks.
    0x80 LOAD_CONST_RAM => LoadConstRam, body 4, on GFX {
        /// The source.
        address: u64 = wide(0, 64), Read |p| Some(u64::from(p.num_dw) * 4);
        /// Dwords.
        num_dw: u32 = bits(2, 0, 14);
        /// Byte offset in constant memory.
        start_addr: u32 = bits(3, 0, 15);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(3, 25, 26);
    }

    /// Writes constant memory; the constant engine, which gfx11 lacks.
    0x81 WRITE_CONST_RAM => WriteConstRam, body 1, on GFX {
        /// Byte offset in constant memory.
        offset: u32 = bits(0, 0, 15);
        + /// What is written.
        payload = Tail::Words { min: 1 };
    }

    /// Copies constant memory to memory; the constant engine, which gfx11 lacks.
    0x83 DUMP_CONST_RAM => DumpConstRam, body 4, on GFX {
        /// Byte offset in constant memory.
        offset: u32 = bits(0, 0, 15);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(0, 25, 26);
        /// Counts in the constant engine's counter.
        increment_ce: bool = bit(0, 30);
        /// Counts in the compute counter.
        increment_cs: bool = bit(0, 31);
        /// Dwords.
        num_dw: u32 = bits(1, 0, 14);
        /// The destination.
        address: u64 = wide(2, 64), Write |p| Some(u64::from(p.num_dw) * 4);
    }

    /// Counts up; the constant engine, which gfx11 lacks.
    0x84 INCREMENT_CE_COUNTER => IncrementCeCounter, body 1, on GFX {
        /// Which counters.
        cntrsel: u32 = bits(0, 0, 1);
    }

    /// Counts up what the constant engine waits for; graphics ring.
    0x85 INCREMENT_DE_COUNTER => IncrementDeCounter, body 1, on GFX {
        /// Ignored.
        dummy: u32 = word(0);
    }

    /// Waits for the constant engine, which gfx11 lacks.
    0x86 WAIT_ON_CE_COUNTER => WaitOnCeCounter, body 1 {
        /// Caches are invalidated where it was behind.
        cond_acquire_mem: bool = bit(0, 0);
        /// Caches are invalidated in any case.
        force_sync: bool = bit(0, 1);
    }

    /// Holds the constant engine, which gfx11 lacks.
    0x88 WAIT_ON_DE_COUNTER_DIFF => WaitOnDeCounterDiff, body 1, on GFX {
        /// How far ahead it may be.
        diff: u32 = word(0);
    }

    /// Ends the buffers of a submission; the kernel's ring.
    0x8B SWITCH_BUFFER => SwitchBuffer, body 1, on KERNEL {
        /// Ignored.
        dummy: u32 = word(0);
    }

    /// Writes how textures' levels of detail were used; graphics ring.
    0x8E GET_LOD_STATS => GetLodStats, body 4, on GFX {
        /// Length of the buffer, in the firmware's units.
        bu_size: u32 = word(0);
        /// The buffer, a multiple of 64.
        base: u64 = va(1, 6), Write |_| Some(0);
        /// Between two reports.
        interval: u32 = bits(3, 2, 9);
        /// Reports until the counters are reset.
        reset_cnt: u32 = bits(3, 10, 17);
        /// Resets them now.
        reset_force: bool = bit(3, 18);
        /// Reports and resets.
        report_and_reset: bool = bit(3, 19);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(3, 28, 29);
    }

    /// Bounds of a frame; the kernel's ring.
    0x90 FRAME_CONTROL => FrameControl, body 1, on KERNEL {
        /// Protected memory.
        tmz: bool = bit(0, 0);
        /// 0 begins a frame, 1 ends it.
        command: u32 = bits(0, 28, 31);
    }

    /// Buffer attributes for indirect draws; graphics ring.
    0x91 INDEX_ATTRIBUTES_INDIRECT => IndexAttributesIndirect, body 3, on GFX {
        /// The address is an offset from a base.
        indirect_mode: bool = bit(0, 0);
        /// The attributes, a multiple of 16.
        attribute_base: u64 = va(0, 4), Read |p| (!p.indirect_mode).then_some(0);
        /// Which attribute.
        attribute_index: u32 = bits(2, 0, 15);
    }

    /// Waits for the writes before. No published layout.
    0x92 WAIT_FOR_WRITE_CONFIRM => WaitForWriteConfirm, body 0 {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
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

    /// A place where the context may give way. No published layout.
    0x94 COND_PREEMPT => CondPreempt, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Flushes what the host wrote through the bus; compute rings.
    0x95 HDP_FLUSH => HdpFlush, body 1, on COMPUTE {
        /// Ignored.
        dummy: u32 = word(0);
    }

    /// Copies registers behind render backends. No published layout.
    0x96 COPY_DATA_RB => CopyDataRb, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Drops page translations; the kernel's rings.
    0x98 INVALIDATE_TLBS => InvalidateTlbs, body 1, on KERNEL {
        /// What is dropped: 1 for a process.
        invalidate_sel: u32 = bits(0, 0, 2);
        /// What the memory hub drops.
        mmhub_invalidate_sel: u32 = bits(0, 3, 4);
        /// The process.
        pasid: u32 = bits(0, 5, 20);
        /// How the memory hub does it.
        mmhub_flush_type: u32 = bits(0, 25, 27);
        /// How the graphics hub does it.
        gfx_flush_type: u32 = bits(0, 29, 31);
    }

    /// Fills several ranges of memory.
    0x9A DMA_DATA_FILL_MULTI => DmaDataFillMulti, body 6 {
        /// Which part of the graphics ring's command processor.
        engine: DmaEngine = bit(0, 0);
        /// Clears the memory log.
        memlog_clear: bool = bit(0, 10);
        /// Where to; 3, an address through the GL2.
        dst_sel: DmaDst = bits(0, 20, 21);
        /// GL2 policy of the write.
        dst_cache_policy: CachePolicy = bits(0, 25, 26);
        /// Where from; 2, data.
        src_sel: DmaSrc = bits(0, 29, 30);
        /// Later packets wait for the end.
        cp_sync: bool = bit(0, 31);
        /// Bytes from one range to the next.
        byte_stride: u32 = word(1);
        /// Ranges.
        dma_count: u32 = word(2);
        /// The first range.
        dst: u64 = wide(3, 64), Write |p| Some(strided(p.dma_count, p.byte_stride, u64::from(p.byte_count)));
        /// Bytes of a range.
        byte_count: u32 = bits(5, 0, 25);
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

    /// Draws, their number read from memory. No published layout.
    0x9C DRAW_INDIRECT_COUNT_MULTI => DrawIndirectCountMulti, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Indexed draws, their number read from memory. No published layout.
    0x9D DRAW_INDEX_INDIRECT_COUNT_MULTI => DrawIndexIndirectCountMulti, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Copies constant memory to memory; the constant engine, which gfx11 lacks.
    0x9E DUMP_CONST_RAM_OFFSET => DumpConstRamOffset, body 3, on GFX {
        /// Byte offset in constant memory.
        offset: u32 = bits(0, 0, 15);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(0, 25, 26);
        /// Counts in the constant engine's counter.
        increment_ce: bool = bit(0, 30);
        /// Counts in the compute counter.
        increment_cs: bool = bit(0, 31);
        /// Dwords.
        num_dw: u32 = bits(1, 0, 14);
        /// Bytes from the constant engine's base.
        addr_offset: u32 = word(2);
    }

    /// Sets consecutive CONTEXT registers from memory; graphics ring.
    0x9F LOAD_CONTEXT_REG_INDEX => LoadContextRegIndex, body 4, on GFX {
        /// What the source is.
        index: LoadIndex = bits(0, 0, 1);
        /// The source, a multiple of 4.
        mem_addr: u64 = va(0, 2), Read |p| loaded(p.index, p.data_format, p.num_dwords);
        /// The first register, in dwords from 0x28000.
        offset: u32 = bits(2, 0, 15);
        /// What the memory holds.
        data_format: LoadFormat = bit(2, 31);
        /// Registers, or pairs of offset and value.
        num_dwords: u32 = bits(3, 0, 13);
    }

    /// What the scheduler may use; the kernel.
    0xA0 SET_RESOURCES => SetResources, body 7, on KERNEL {
        /// Address spaces.
        vmid_mask: u32 = bits(0, 0, 15);
        /// How long an unmapping may take.
        unmap_latency: u32 = bits(0, 16, 23);
        /// Kind of queue.
        queue_type: u32 = bits(0, 29, 31);
        /// Hardware queues.
        queue_mask: u64 = wide(1, 64);
        /// Global wave sync slots.
        gws_mask: u64 = wide(3, 64);
        /// Ordered append counters.
        oac_mask: u32 = bits(5, 0, 15);
        /// Start of the GDS heap.
        gds_heap_base: u32 = bits(6, 0, 5);
        /// Length of the GDS heap.
        gds_heap_size: u32 = bits(6, 11, 16);
    }

    /// A process for the scheduler; the kernel.
    0xA1 MAP_PROCESS => MapProcess, body 0, on KERNEL {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Queues for the scheduler; the kernel.
    0xA2 MAP_QUEUES => MapQueues, body 6, on KERNEL {
        /// How the queue is chosen.
        queue_sel: u32 = bits(0, 4, 5);
        /// Its address space.
        vmid: u32 = bits(0, 8, 11);
        /// Its number.
        queue: u32 = bits(0, 13, 15);
        /// Its pipe.
        pipe: u32 = bits(0, 16, 17);
        /// Its micro engine.
        me: u32 = bits(0, 18, 19);
        /// Its kind.
        queue_type: u32 = bits(0, 21, 23);
        /// How it is allocated.
        alloc_format: u32 = bits(0, 24, 25);
        /// Its engine.
        engine_sel: u32 = bits(0, 26, 28);
        /// How many.
        num_queues: u32 = bits(0, 29, 31);
        /// Not checked.
        check_disable: bool = bit(1, 1);
        /// Its doorbell.
        doorbell_offset: u32 = bits(1, 2, 27);
        /// Its descriptor.
        mqd_addr: u64 = wide(2, 64), ReadWrite |_| Some(0);
        /// Where its write pointer is.
        wptr_addr: u64 = wide(4, 64), Read |_| Some(8);
    }

    /// Takes queues from the scheduler; the kernel.
    0xA3 UNMAP_QUEUES => UnmapQueues, body 5, on KERNEL {
        /// What is done.
        action: u32 = bits(0, 0, 1);
        /// How the queues are chosen.
        queue_sel: u32 = bits(0, 4, 5);
        /// Their engine.
        engine_sel: u32 = bits(0, 26, 28);
        /// How many.
        num_queues: u32 = bits(0, 29, 31);
        /// The process, or the first queue's doorbell.
        control2: u32 = word(1);
        /// The second queue's doorbell.
        control3: u32 = word(2);
        /// The third queue's doorbell.
        control4: u32 = word(3);
        /// The fourth queue's doorbell.
        control5: u32 = word(4);
    }

    /// Asks the scheduler; the kernel.
    0xA4 QUERY_STATUS => QueryStatus, body 6, on KERNEL {
        /// Goes back with the answer.
        context_id: u32 = bits(0, 0, 27);
        /// Whether an interrupt follows.
        interrupt_sel: u32 = bits(0, 28, 29);
        /// What is answered.
        command: u32 = bits(0, 30, 31);
        /// The process, or the queue's doorbell.
        control2: u32 = word(1);
        /// Where the answer goes.
        address: u64 = wide(2, 64), Write |_| Some(8);
        /// The answer.
        data: u64 = wide(4, 64);
    }

    /// The scheduler's list of work; the kernel.
    0xA5 RUN_LIST => RunList, body 0, on KERNEL {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// A process of a virtual machine for the scheduler; the kernel.
    0xA6 MAP_PROCESS_VM => MapProcessVm, body 0, on KERNEL {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// The control block of the task ring.
    0xA9 DISPATCH_TASK_STATE_INIT => DispatchTaskStateInit, body 2 {
        /// A multiple of 256.
        control_buf_addr: u64 = va(0, 8), ReadWrite |_| Some(0);
    }

    /// The task half of a task and mesh dispatch; compute rings.
    0xAA DISPATCH_TASKMESH_DIRECT_ACE => DispatchTaskmeshDirectAce, body 5, on COMPUTE {
        /// Workgroups in x.
        x_dim: u32 = word(0);
        /// Workgroups in y.
        y_dim: u32 = word(1);
        /// Workgroups in z.
        z_dim: u32 = word(2);
        /// How; `COMPUTE_SHADER_EN` starts it.
        dispatch_initiator: COMPUTE_DISPATCH_INITIATOR = word(3);
        /// SH register that gets the entry of the task ring.
        ring_entry_loc: u32 = bits(4, 0, 15);
    }

    /// Keeps a context. No published layout.
    0xAB CONTEXT_PUSH => ContextPush, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Brings a context back. No published layout.
    0xAC CONTEXT_POP => ContextPop, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Task dispatches, their numbers read from memory; compute rings.
    0xAD DISPATCH_TASKMESH_INDIRECT_MULTI_ACE => DispatchTaskmeshIndirectMultiAce, body 10, on COMPUTE {
        /// Three dwords a dispatch, a multiple of 4.
        data_addr: u64 = va(0, 2), Read |p| Some(strided(p.count, p.stride, 12));
        /// SH register that gets the entry of the task ring.
        ring_entry_loc: u32 = bits(2, 0, 15);
        /// Marks each dispatch in a thread trace.
        thread_trace_marker_enable: bool = bit(3, 0);
        /// The number of dispatches is read.
        count_indirect_enable: bool = bit(3, 1);
        /// The dispatch's number is written.
        draw_index_enable: bool = bit(3, 2);
        /// The dimensions are written.
        compute_xyz_dim_enable: bool = bit(3, 3);
        /// SH register that gets the dispatch's number.
        dispatch_index_loc: u32 = bits(3, 16, 31);
        /// SH register that gets the dimensions.
        compute_xyz_dim_loc: u32 = bits(4, 0, 15);
        /// Dispatches, at most.
        count: u32 = word(5);
        /// The number of dispatches, a multiple of 4.
        count_addr: u64 = va(6, 2), Read |p| p.count_indirect_enable.then_some(4);
        /// Bytes from one dispatch's numbers to the next.
        stride: u32 = word(8);
        /// How; `COMPUTE_SHADER_EN` starts it.
        dispatch_initiator: COMPUTE_DISPATCH_INITIATOR = word(9);
    }

    /// Executes a buffer once for each record in memory; graphics ring.
    0xAE EXECUTE_INDIRECT => ExecuteIndirect, body 14, on GFX {
        /// The packets, a multiple of 4.
        cmd_base: u64 = va(0, 2), Execute |p| Some(u64::from(p.ib_size) * 4);
        /// Their length in dwords.
        ib_size: u32 = bits(2, 0, 19);
        /// The rest of this buffer is not executed.
        chain: bool = bit(2, 20);
        /// Preamble of a preempted context.
        pre_ena: bool = bit(2, 21);
        /// The number of records is read.
        count_indirect_enable: bool = bit(2, 23);
        /// The address space; the kernel's ring only.
        vmid: u32 = bits(2, 24, 27);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(2, 28, 29);
        /// A preempted context resumes here.
        pre_resume: bool = bit(2, 30);
        /// Records, at most.
        max_count: u32 = word(3);
        /// The number of records, a multiple of 4.
        count_addr: u64 = va(4, 2), Read |p| p.count_indirect_enable.then_some(4);
        /// Bytes from one record to the next.
        stride: u32 = word(6);
        /// The records, a multiple of 4, 48 bits.
        data_addr: u64 = va48(7, 2), Read |p| Some(u64::from(p.max_count) * u64::from(p.stride));
        /// Bytes of the spill table that one record has.
        spill_table_stride: u32 = bits(8, 16, 31);
        /// The spill table, a multiple of 4, 48 bits.
        spill_table_addr: u64 = va48(9, 2), ReadWrite |p| (p.spill_table_addr != 0).then_some(0);
        /// SH register of the first spill.
        spill_table_reg_offset0: u32 = bits(10, 16, 31);
        /// SH register of the second spill.
        spill_table_reg_offset1: u32 = bits(11, 0, 15);
        /// SH register of the third spill.
        spill_table_reg_offset2: u32 = bits(11, 16, 31);
        /// SH register of the fourth spill.
        spill_table_reg_offset3: u32 = bits(12, 0, 15);
        /// Copies of the spill table.
        spill_table_instance_count: u32 = bits(12, 16, 31);
        /// SH register of the vertex buffer table.
        vb_table_reg_offset: u32 = bits(13, 0, 15);
        /// Length of the vertex buffer table.
        vb_table_size: u32 = bits(13, 16, 31);
    }

    /// Builds a buffer descriptor in memory; graphics ring.
    0xAF BUILD_UNTYPED_SRD => BuildUntypedSrd, body 7, on GFX {
        /// The addresses are known, not counted from bases.
        index: bool = bit(0, 0);
        /// The record, a multiple of 16.
        src_addr: u64 = va(0, 4), Read |_| Some(0);
        /// Bytes from there.
        src_offset: u32 = word(2);
        /// The descriptor, a multiple of 4.
        dst_addr: u64 = va(3, 2), Write |_| Some(0);
        /// Bytes from there.
        dst_offset: u32 = word(5);
        /// The descriptor's last dword.
        dword3: u32 = word(6);
    }

    /// The depth counters of all render backends to memory; graphics ring, recent firmware.
    0xB1 EVENT_WRITE_ZPASS => EventWriteZpass, body 2, on GFX {
        /// Where to, a multiple of 8; each backend writes 8 bytes, 16 apart.
        address: u64 = va(0, 3), Write |_| Some(8);
    }

    /// Time stamps at the pipe's top and bottom; graphics ring.
    0xB2 TIMESTAMP => Timestamp, body 5, on GFX {
        /// At the bottom.
        enable_bottom: bool = bit(0, 0);
        /// At the top.
        enable_top: bool = bit(0, 1);
        /// The chip's clock, not the graphics block's.
        clock_sel: bool = bit(0, 2);
        /// Where the bottom's goes, a multiple of 8.
        pipe_bot_addr: u64 = va(1, 3), Write |p| p.enable_bottom.then_some(8);
        /// Where the top's goes, a multiple of 8.
        pipe_top_addr: u64 = va(3, 3), Write |p| p.enable_top.then_some(8);
    }

    /// Draws, many in one. No published layout.
    0xB3 UBER_DRAWS => UberDraws, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Draws or dispatches once for each record in memory; graphics ring. What follows the fixed
    /// part is not published.
    0xB4 EXECUTE_INDIRECT_V2 => ExecuteIndirectV2, body 12, on GFX {
        /// The number of records is read.
        count_indirect_enable: bool = bit(0, 0);
        /// Dwords of user data.
        userdata_dw_count: u32 = bits(0, 1, 5);
        /// The record's number is written.
        command_index_enable: bool = bit(0, 6);
        /// The graphics register gets user data.
        userdata_gfx_register_enable: bool = bit(0, 7);
        /// Spilled registers.
        num_spill_regs: u32 = bits(0, 8, 9);
        /// Copies at the beginning.
        init_mem_copy_count: u32 = bits(0, 10, 12);
        /// Descriptors that are built.
        build_srd_count: u32 = bits(0, 13, 15);
        /// Copies for each record.
        update_mem_copy_count: u32 = bits(0, 16, 18);
        /// What a record starts.
        operation: ExecuteOperation = bits(0, 19, 21);
        /// Index buffer attributes are in the record.
        fetch_index_attributes: bool = bit(0, 22);
        /// Which stages get user data.
        userdata_scatter_mode: u32 = bits(0, 23, 25);
        /// Vertices are checked against their buffers.
        vertex_bounds_check_enable: bool = bit(0, 30);
        /// Marks each record in a thread trace.
        thread_trace_enable: bool = bit(0, 31);
        /// The number of records, a multiple of 4, 48 bits.
        count_addr: u64 = va48(1, 2), Read |p| p.count_indirect_enable.then_some(4);
        /// Records, at most.
        max_count: u32 = word(3);
        /// Bytes from one record to the next.
        stride: u32 = word(4);
        /// The records, a multiple of 4, 48 bits.
        data_addr: u64 = va48(5, 2), Read |p| Some(u64::from(p.max_count) * u64::from(p.stride));
        /// Where index buffer attributes are in the record.
        index_attributes_offset: u32 = bits(6, 16, 31);
        /// The register that gets user data.
        userdata_gfx_register: u32 = bits(7, 0, 7);
        /// Where user data is in the record.
        userdata_offset: u32 = bits(7, 16, 31);
        /// The spill table, a multiple of 4, 48 bits.
        spill_table_addr: u64 = va48(8, 2), ReadWrite |p| (p.spill_table_addr != 0).then_some(0);
        /// Length of the vertex buffer table.
        vb_table_size: u32 = bits(10, 0, 15);
        /// Bytes of the spill table that one record has.
        spill_table_stride: u32 = bits(10, 16, 31);
        /// The registers of the spills.
        spill_regs: u32 = word(11);
        + /// What follows.
        words = Tail::Words { min: 0 };
    }

    /// A mark for tools. No published layout.
    0xB7 MARKER => Marker, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Sets scattered CONTEXT registers; graphics ring.
    0xB8 SET_CONTEXT_REG_PAIRS => SetContextRegPairs, body 0, on GFX, flags RESET_FILTER_CAM {
        + /// Pairs: a dword offset from 0x28000 and the value.
        pairs = Tail::OffsetValue(Space::Context);
    }

    /// Sets scattered CONTEXT registers; graphics ring of cards.
    0xB9 SET_CONTEXT_REG_PAIRS_PACKED => SetContextRegPairsPacked, body 1, on GFX, flags RESET_FILTER_CAM, check check_context_pairs {
        /// Registers, an even number.
        count: u32 = bits(0, 0, 15);
        + /// Triples: two dword offsets from 0x28000 in 16 bits each, low first, and their values.
        pairs = Tail::Pairs(Space::Context);
    }

    /// Sets scattered SH registers; graphics ring.
    0xBA SET_SH_REG_PAIRS => SetShRegPairs, body 0, on GFX, flags RESET_FILTER_CAM {
        + /// Pairs: a dword offset from 0xb000 and the value.
        pairs = Tail::OffsetValue(Space::Sh);
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

    /// Moves the fence of a user-mode queue to the ring's place behind this packet, when the work before it has ended. Mesa
    /// and IGT write one dword of zero; no published layout.
    0xD0 PROTECTED_FENCE_SIGNAL => ProtectedFenceSignal, body 0 {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// Waits until quadwords of memory are at least as large as values: fences of user-mode queues. As Mesa's sid.h has it.
    0xD1 FENCE_WAIT_MULTI => FenceWaitMulti, body 1 {
        /// Which part of the command processor polls.
        engine_sel: bool = bit(0, 0);
        /// The queue may be switched out meanwhile.
        preemptable: bool = bit(0, 1);
        /// GL2 policy.
        cache_policy: CachePolicy = bits(0, 2, 3);
        /// Between two reads, in units of 16 clocks.
        poll_interval: u32 = bits(0, 16, 31);
        + /// Four dwords a fence: the address of the quadword, a multiple of 8, and the value, each low dword first. Mesa
        /// writes up to 32 fences.
        fences = Tail::Words { min: 4 };
    }

    /// Where a preempted context is kept; the kernel's ring.
    0xF0 SET_Q_PREEMPTION_MODE => SetQPreemptionMode, body 8, on KERNEL {
        /// Its registers, a multiple of 256.
        shadow_base_addr: u64 = va(0, 8), ReadWrite |_| Some(0);
        /// Its GDS, a multiple of 256.
        gds_save_addr: u64 = va(2, 8), ReadWrite |_| Some(0);
        /// Its context save area, a multiple of 256.
        csa_save_addr: u64 = va(4, 8), ReadWrite |_| Some(0);
        /// Its address space.
        ib_vmid: u32 = bits(6, 0, 3);
        /// The registers' memory is filled first.
        init_shadow_mem: bool = bit(7, 0);
    }

    /// State of the draws that follow. No published layout.
    0xFE DRAW_MULTI_PREAMBLE => DrawMultiPreamble, body 0, on GFX {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }

    /// A packet of the architected queueing language. No published layout.
    0xFF AQL_PACKET => AqlPacket, body 0, on COMPUTE {
        + /// The body as it is.
        words = Tail::Words { min: 1 };
    }
}
