//! Named values of packet fields.
//!
//! Numbers from AMD's published packet descriptions: the amdgpu driver's `nvd.h`, PAL's
//! `f32_*_pm4_packets.h`, and Mesa's `sid.h` and `pkt3.json` (all MIT).

use crate::field::values;

values! {
    /// What the shader and fixed-function pipes are told, or asked to report (`VGT_EVENT_TYPE`).
    EventType {
        SAMPLE_STREAMOUTSTATS1 = 1, SAMPLE_STREAMOUTSTATS2 = 2, SAMPLE_STREAMOUTSTATS3 = 3, CACHE_FLUSH_TS = 4,
        CONTEXT_DONE = 5, CACHE_FLUSH = 6, CS_PARTIAL_FLUSH = 7, VGT_STREAMOUT_SYNC = 8, VGT_STREAMOUT_RESET = 10,
        END_OF_PIPE_INCR_DE = 11, END_OF_PIPE_IB_END = 12, RST_PIX_CNT = 13, BREAK_BATCH = 14, VS_PARTIAL_FLUSH = 15,
        PS_PARTIAL_FLUSH = 16, FLUSH_HS_OUTPUT = 17, FLUSH_DFSM = 18, RESET_TO_LOWEST_VGT = 19,
        CACHE_FLUSH_AND_INV_TS_EVENT = 20, WAIT_SYNC = 21, CACHE_FLUSH_AND_INV_EVENT = 22, PERFCOUNTER_START = 23,
        PERFCOUNTER_STOP = 24, PIPELINESTAT_START = 25, PIPELINESTAT_STOP = 26, PERFCOUNTER_SAMPLE = 27,
        FLUSH_ES_OUTPUT = 28, BIN_CONF_OVERRIDE_CHECK = 29, SAMPLE_PIPELINESTAT = 30, SO_VGTSTREAMOUT_FLUSH = 31,
        SAMPLE_STREAMOUTSTATS = 32, RESET_VTX_CNT = 33, BLOCK_CONTEXT_DONE = 34, CS_CONTEXT_DONE = 35, VGT_FLUSH = 36,
        TGID_ROLLOVER = 37, SQ_NON_EVENT = 38, SC_SEND_DB_VPZ = 39, BOTTOM_OF_PIPE_TS = 40, FLUSH_SX_TS = 41,
        DB_CACHE_FLUSH_AND_INV = 42, FLUSH_AND_INV_DB_DATA_TS = 43, FLUSH_AND_INV_DB_META = 44,
        FLUSH_AND_INV_CB_DATA_TS = 45, FLUSH_AND_INV_CB_META = 46, CS_DONE = 47, PS_DONE = 48,
        FLUSH_AND_INV_CB_PIXEL_DATA = 49, SX_CB_RAT_ACK_REQUEST = 50, THREAD_TRACE_START = 51, THREAD_TRACE_STOP = 52,
        THREAD_TRACE_MARKER = 53, THREAD_TRACE_DRAW = 54, THREAD_TRACE_FINISH = 55, PIXEL_PIPE_STAT_CONTROL = 56,
        PIXEL_PIPE_STAT_DUMP = 57, PIXEL_PIPE_STAT_RESET = 58, CONTEXT_SUSPEND = 59, OFFCHIP_HS_DEALLOC = 60,
        ENABLE_NGG_PIPELINE = 61, ENABLE_LEGACY_PIPELINE = 62, DRAW_DONE = 63,
    }
    /// Which unit of the command processor handles an event: it has to match the event's type.
    EventIndex {
        OTHER = 0, ZPASS_DONE = 1, SAMPLE_PIPELINESTAT = 2, SAMPLE_STREAMOUTSTATS = 3, PARTIAL_FLUSH = 4,
        /// End-of-pipe events that write a time stamp or a fence.
        END_OF_PIPE = 5,
        /// `CS_DONE` and `PS_DONE`: the shaders are done, caches are not written back.
        SHADER_DONE = 6,
    }
    /// How the GL2 treats the lines that the packet touches.
    CachePolicy { LRU = 0, STREAM = 1, NOA = 2, BYPASS = 3 }
    /// Part of the graphics ring's command processor; compute rings have one and want 0.
    EngineSel { ME = 0, PFP = 1, CE = 2, DE = 3 }
    /// The same in packets that have one bit for it, as `DMA_DATA`.
    DmaEngine { ME = 0, PFP = 1 }
    /// Where `WRITE_DATA` writes.
    WriteDataDst {
        MEM_MAPPED_REGISTER = 0,
        /// Memory, in order with register writes; of old hardware.
        MEM_GRBM = 1, TC_L2 = 2, GDS = 3,
        /// Memory.
        MEM = 5,
        /// The compute pipes' own copy of registers.
        MEM_MAPPED_ADC_PERSISTENT_STATE = 6, PREEMPTION_META_MEMORY = 8,
    }
    /// Where `COPY_DATA` reads.
    CopyDataSrc {
        MEM_MAPPED_REGISTER = 0,
        /// Memory.
        MEM = 1, TC_L2 = 2, GDS = 3, PERFCOUNTERS = 4,
        /// The two source dwords themselves.
        IMMEDIATE = 5, ATOMIC_RETURN_DATA = 6, GDS_ATOMIC_RETURN_DATA0 = 7, GDS_ATOMIC_RETURN_DATA1 = 8,
        /// The counter of `gpu_counter_freq`.
        GPU_CLOCK_COUNT = 9, SYSTEM_CLOCK_COUNT = 10,
        /// The record of an execute-indirect.
        EXEC_IND_ARG_BUF = 12,
    }
    /// Where `COPY_DATA` writes.
    CopyDataDst {
        MEM_MAPPED_REGISTER = 0, MEM_GRBM = 1, TC_L2 = 2, GDS = 3, PERFCOUNTERS = 4, MEM = 5, MEM_MAPPED_REG_DC = 6,
        EXEC_IND_SPILL_TABLE = 7,
    }
    /// Width of a `COPY_DATA`.
    CountSel { DWORD = 0, QWORD = 1 }
    /// Where `DMA_DATA` reads.
    DmaSrc {
        /// An address, of memory or registers as `sas` says.
        SRC_ADDR = 0, GDS = 1,
        /// The low source dword, repeated: a fill.
        DATA = 2,
        /// An address, through the GL2.
        SRC_ADDR_TC_L2 = 3,
    }
    /// Where `DMA_DATA` writes.
    DmaDst {
        /// An address, of memory or registers as `das` says.
        DST_ADDR = 0, GDS = 1,
        /// Nothing is written: a prefetch into the GL2.
        NOWHERE = 2,
        /// An address, through the GL2.
        DST_ADDR_TC_L2 = 3,
    }
    /// What a `DMA_DATA` address is an address of.
    AddressSpace { MEMORY = 0, REGISTER = 1 }
    /// Whether a `DMA_DATA` address moves on.
    AddressIncrement { INCREMENT = 0, NO_INCREMENT = 1 }
    /// The comparison that ends a wait: memory or register, masked, against the reference.
    WaitFunction { ALWAYS = 0, LESS = 1, LESS_OR_EQUAL = 2, EQUAL = 3, NOT_EQUAL = 4, GREATER_OR_EQUAL = 5, GREATER = 6 }
    /// What a wait polls.
    WaitSpace { REGISTER = 0, MEMORY = 1 }
    /// What a wait does beside waiting.
    WaitOperation { WAIT_REG_MEM = 0, WR_WAIT_WR_REG = 1, WAIT_MEM_PREEMPTABLE = 3 }
    /// Where `RELEASE_MEM` writes.
    ReleaseDst { MEMORY = 0, TC_L2 = 1, QUEUE_WRITE_POINTER = 2, QUEUE_WRITE_POINTER_POLL_MASK_BIT = 3 }
    /// Whether `RELEASE_MEM` raises an interrupt, and when.
    InterruptSel {
        NONE = 0,
        /// Interrupt, no write.
        INTERRUPT_ONLY = 1,
        /// Interrupt once the write is confirmed.
        INTERRUPT_AFTER_WRITE_CONFIRM = 2,
        /// No interrupt; the packet ends once the write is confirmed.
        DATA_AFTER_WRITE_CONFIRM = 3,
        CONTEXT_ID = 4, CONTEXT_ID_IF_COMPARE_32 = 5, CONTEXT_ID_IF_COMPARE_64 = 6,
    }
    /// What `RELEASE_MEM` writes.
    DataSel {
        NONE = 0,
        /// The low 32 bits of the data.
        VALUE_32BIT = 1,
        /// The 64 bits of the data.
        VALUE_64BIT = 2,
        /// The 64-bit counter of `gpu_counter_freq`.
        TIMESTAMP = 3, SYSTEM_CLOCK = 4, GDS = 5, EMULATED_SCLK = 6,
        /// The low 32 bits of the data are added; compute rings.
        ATOMIC_ADD_32BIT = 7,
    }
    /// GL1 lines that an invalidation reaches.
    GcrGl1Range { GL1_ALL = 0, GL1_RANGE = 2, GL1_FIRST_LAST = 3 }
    /// GL2 lines that an operation reaches.
    GcrGl2Range { GL2_ALL = 0, GL2_VOL = 1, GL2_RANGE = 2, GL2_FIRST_LAST = 3 }
    /// Instruction cache lines that an invalidation reaches.
    GcrGliInv { GLI_NOP = 0, GLI_ALL = 1, GLI_RANGE = 2, GLI_FIRST_LAST = 3 }
    /// Order of the caches in one operation: from the shader outwards, or back.
    GcrSeq { SEQ_PARALLEL = 0, SEQ_FORWARD = 1, SEQ_REVERSE = 2 }
    /// Pipe stage at which a pixel wait sync stops.
    PwsStage { PRE_DEPTH = 0, PRE_SHADER = 1, PRE_COLOR = 2, PRE_PIX_SHADER = 3, CP_PFP = 4, CP_ME = 5 }
    /// Counter that a pixel wait sync waits for.
    PwsCounter { TS_SELECT = 0, PS_SELECT = 1, CS_SELECT = 2 }
    /// How `ATOMIC_MEM` goes on.
    AtomicCommand {
        /// Once, with the old value returned to the command processor (`RTN` operations).
        SINGLE_PASS = 0,
        /// Again until the comparison holds (`RTN` operations).
        LOOP_UNTIL_COMPARE_SATISFIED = 1,
        /// Once, waiting for the write (operations without return).
        WAIT_FOR_WRITE_CONFIRM = 2,
        /// Once, without waiting (operations without return).
        SEND_AND_CONTINUE = 3,
    }
    /// GL2 atomic operations. Bit 5: 64-bit. Bit 6: without return.
    AtomicOp {
        SWAP_RTN_32 = 0x07, CMPSWAP_RTN_32 = 0x08, ADD_RTN_32 = 0x0f, SUB_RTN_32 = 0x10, SMIN_RTN_32 = 0x11,
        UMIN_RTN_32 = 0x12, SMAX_RTN_32 = 0x13, UMAX_RTN_32 = 0x14, AND_RTN_32 = 0x15, OR_RTN_32 = 0x16,
        XOR_RTN_32 = 0x17, INC_RTN_32 = 0x18, DEC_RTN_32 = 0x19,
        SWAP_RTN_64 = 0x27, CMPSWAP_RTN_64 = 0x28, ADD_RTN_64 = 0x2f, SUB_RTN_64 = 0x30, SMIN_RTN_64 = 0x31,
        UMIN_RTN_64 = 0x32, SMAX_RTN_64 = 0x33, UMAX_RTN_64 = 0x34, AND_RTN_64 = 0x35, OR_RTN_64 = 0x36,
        XOR_RTN_64 = 0x37, INC_RTN_64 = 0x38, DEC_RTN_64 = 0x39,
        SWAP_32 = 0x47, CMPSWAP_32 = 0x48, ADD_32 = 0x4f, SUB_32 = 0x50, SMIN_32 = 0x51, UMIN_32 = 0x52,
        SMAX_32 = 0x53, UMAX_32 = 0x54, AND_32 = 0x55, OR_32 = 0x56, XOR_32 = 0x57, INC_32 = 0x58, DEC_32 = 0x59,
        SWAP_64 = 0x67, CMPSWAP_64 = 0x68, ADD_64 = 0x6f, SUB_64 = 0x70, SMIN_64 = 0x71, UMIN_64 = 0x72,
        SMAX_64 = 0x73, UMAX_64 = 0x74, AND_64 = 0x75, OR_64 = 0x76, XOR_64 = 0x77, INC_64 = 0x78, DEC_64 = 0x79,
    }
    /// How `SET_SH_REG_INDEX` treats the value.
    ShRegIndex {
        DEFAULT = 0, INSERT_VMID = 1,
        /// The kernel's mask of reserved CUs is applied to a CU mask.
        APPLY_KMD_CU_AND_MASK = 3,
    }
    /// What a state load's source is.
    LoadIndex { DIRECT_ADDR = 0, OFFSET = 1, INDIRECT_ADDR = 2 }
    /// What `LOAD_SH_REG_INDEX` reads: values, or offset and value in turn.
    LoadFormat { OFFSET_AND_SIZE = 0, OFFSET_AND_DATA = 1 }
    /// What `CLEAR_STATE` does.
    ClearStateCmd { CLEAR_STATE = 0, PUSH_STATE = 1, POP_STATE = 2, PUSH_CLEAR_STATE = 3 }
    /// Which base `SET_BASE` sets.
    BaseIndex {
        DISPLAY_LIST_PATCH_TABLE = 0,
        /// What the offsets of indirect draws and dispatches of the graphics ring count from.
        DRAW_INDIRECT = 1, GDS_PARTITION = 2, CE_PARTITION = 3, LOAD_REG_INDEX = 4, INDIRECT_DATA = 5,
        EXECUTE_INDIRECT_V2 = 6,
    }
    /// What a predicate is made from.
    PredicateOp {
        /// No predicate.
        CLEAR = 0,
        /// Depth counters.
        ZPASS = 1,
        /// Stream-out counters.
        PRIMCOUNT = 2,
        /// A quadword that is not zero.
        BOOL64 = 3,
        /// A dword that is not zero.
        BOOL32 = 4,
    }
    /// Where a stream-out offset comes from.
    StrmoutSource { BUFFER_OFFSET = 0, VGT_FILLED_SIZE = 1, SRC_ADDRESS = 2, NONE = 3 }
    /// What is done with a semaphore.
    SemaphoreSel { SIGNAL = 6, WAIT = 7 }
    /// Branches of a conditional indirect buffer.
    CondIbMode { IF_THEN = 1, IF_THEN_ELSE = 2 }
    /// Where `COND_WRITE` writes.
    CondWriteSpace { REGISTER = 0, MEMORY = 1, SCRATCH = 2 }
    /// What `PREAMBLE_CNTL` bounds.
    PreambleCommand {
        PREAMBLE_BEGIN = 0, PREAMBLE_END = 1, CLEAR_STATE_BEGIN = 2, CLEAR_STATE_END = 3, USER_QUEUES_STATE_SAVE = 4,
        USER_QUEUES_STATE_RESTORE = 5,
    }
    /// What `SET_SH_REG_OFFSET` writes.
    ShRegOffsetIndex {
        /// The address of the buffer plus the offset.
        NORMAL = 0,
        /// Two dwords that count from a base, in units of 256 bytes.
        DATA_INDIRECT_2DW_256B = 1,
        /// One dword that counts from a base.
        DATA_INDIRECT_1DW = 2,
    }
    /// What a record of `EXECUTE_INDIRECT_V2` starts.
    ExecuteOperation { DRAW = 0, DRAW_INDEX = 1, DISPATCH = 2, DISPATCH_MESH = 3, DISPATCH_RAYS = 4 }
}

impl WriteDataDst {
    /// Whether the destination address is one of memory.
    #[must_use]
    pub fn is_memory(self) -> bool {
        matches!(self, Self::MEM | Self::TC_L2 | Self::MEM_GRBM)
    }
}

impl CopyDataSrc {
    /// Whether the source address is one of memory.
    #[must_use]
    pub fn is_memory(self) -> bool {
        matches!(self, Self::MEM | Self::TC_L2)
    }
}

impl CopyDataDst {
    /// Whether the destination address is one of memory.
    #[must_use]
    pub fn is_memory(self) -> bool {
        matches!(self, Self::MEM | Self::TC_L2 | Self::MEM_GRBM)
    }
}

impl CountSel {
    /// The width in bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        if self == Self::QWORD { 8 } else { 4 }
    }
}

impl AtomicOp {
    /// The width of the memory in bytes: bit 5 tells 64 bits from 32 (`TC_OP_ATOMIC_*`).
    #[must_use]
    pub fn bytes(self) -> u64 {
        if self.0 & 0x20 != 0 { 8 } else { 4 }
    }
}

impl EventType {
    /// Whether the event waits for the end of what came before: RELEASE_MEM sends it, EVENT_WRITE does not.
    #[must_use]
    pub const fn is_end_of_pipe(self) -> bool {
        matches!(
            self,
            Self::CACHE_FLUSH_TS
                | Self::CACHE_FLUSH_AND_INV_TS_EVENT
                | Self::BOTTOM_OF_PIPE_TS
                | Self::FLUSH_SX_TS
                | Self::FLUSH_AND_INV_DB_DATA_TS
                | Self::FLUSH_AND_INV_CB_DATA_TS
                | Self::CS_DONE
                | Self::PS_DONE
        )
    }

    /// The `event_index` that goes with the event.
    #[must_use]
    pub const fn index(self) -> u32 {
        match self {
            Self::CS_PARTIAL_FLUSH | Self::VS_PARTIAL_FLUSH | Self::PS_PARTIAL_FLUSH => 4,
            Self::PIXEL_PIPE_STAT_CONTROL | Self::PIXEL_PIPE_STAT_DUMP => 1,
            Self::SAMPLE_PIPELINESTAT => 2,
            Self::CS_DONE | Self::PS_DONE => 6,
            _ if self.is_end_of_pipe() => 5,
            // Of their own since gfx11.
            Self::SAMPLE_STREAMOUTSTATS => 8,
            Self::SAMPLE_STREAMOUTSTATS1 => 9,
            Self::SAMPLE_STREAMOUTSTATS2 => 10,
            Self::SAMPLE_STREAMOUTSTATS3 => 11,
            _ => 0,
        }
    }

    /// Whether only a ring with a pixel pipe can do anything with it.
    #[must_use]
    pub const fn needs_pixel_pipe(self) -> bool {
        matches!(
            self,
            Self::VS_PARTIAL_FLUSH
                | Self::PS_PARTIAL_FLUSH
                | Self::PIXEL_PIPE_STAT_CONTROL
                | Self::PIXEL_PIPE_STAT_DUMP
        )
    }
}
