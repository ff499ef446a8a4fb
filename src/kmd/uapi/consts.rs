//! Constants of `amdgpu_drm.h`, under the header's names without their `AMDGPU_` prefix.
//!
//! [`CONSTANTS`] lists every one of them, so that a test can compare the values with a C compiler's.

/// One row a constant: the Rust item and the row of [`CONSTANTS`] come from the same text.
macro_rules! constants {
    ($($name:ident: $ty:ty = $value:expr, $doc:literal;)*) => {
        $(#[doc = $doc] pub const $name: $ty = $value;)*

        /// Every constant of this module: the header's name without `AMDGPU_`, and the value.
        pub const CONSTANTS: &[(&str, i64)] = &[$((stringify!($name), $name as i64)),*];
    };
}

constants! {
    // Memory domains.
    GEM_DOMAIN_CPU: u32 = 0x1, "System memory that the GPU cannot reach.";
    GEM_DOMAIN_GTT: u32 = 0x2, "System memory mapped into the GPU's address space.";
    GEM_DOMAIN_VRAM: u32 = 0x4, "Video memory; on an APU the part of system memory that the firmware set aside.";
    GEM_DOMAIN_GDS: u32 = 0x8, "Global data share.";
    GEM_DOMAIN_GWS: u32 = 0x10, "Global wave sync.";
    GEM_DOMAIN_OA: u32 = 0x20, "Ordered append.";
    GEM_DOMAIN_DOORBELL: u32 = 0x40, "Doorbell pages of user-mode queues.";
    GEM_DOMAIN_MASK: u32 = 0x7f, "All domains.";

    // Allocation flags (`GemCreateIn::domain_flags`).
    GEM_CREATE_CPU_ACCESS_REQUIRED: u64 = 1 << 0, "Video memory must stay where the CPU can map it.";
    GEM_CREATE_NO_CPU_ACCESS: u64 = 1 << 1, "The CPU never maps this video memory.";
    GEM_CREATE_CPU_GTT_USWC: u64 = 1 << 2, "System memory is write-combined for the CPU: fast to write, slow to read.";
    GEM_CREATE_VRAM_CLEARED: u64 = 1 << 3, "Video memory is filled with zeros.";
    GEM_CREATE_VRAM_CONTIGUOUS: u64 = 1 << 5, "Video memory is physically contiguous.";
    GEM_CREATE_VM_ALWAYS_VALID: u64 = 1 << 6, "Resident in this VM without being listed in each submission.";
    GEM_CREATE_EXPLICIT_SYNC: u64 = 1 << 7, "No implicit synchronisation when shared.";
    GEM_CREATE_CP_MQD_GFX9: u64 = 1 << 8, "Kernel-internal: a queue descriptor on gfx9.";
    GEM_CREATE_VRAM_WIPE_ON_RELEASE: u64 = 1 << 9, "Wiped before its memory is given to others.";
    GEM_CREATE_ENCRYPTED: u64 = 1 << 10, "Trusted memory zone: encrypted pages.";
    GEM_CREATE_PREEMPTIBLE: u64 = 1 << 11, "Not accounted as GTT; for preemptible contexts.";
    GEM_CREATE_DISCARDABLE: u64 = 1 << 12, "May lose its content under memory pressure.";
    GEM_CREATE_COHERENT: u64 = 1 << 13, "Coherent between devices and CPU threads, with explicit flushes.";
    GEM_CREATE_UNCACHED: u64 = 1 << 14, "Never cached by the GPU.";
    GEM_CREATE_EXT_COHERENT: u64 = 1 << 15, "Coherent across devices for device-scope atomics.";
    GEM_CREATE_GFX12_DCC: u64 = 1 << 16, "Recompress on moves to video memory (gfx12).";

    // Buffer lists.
    BO_LIST_OP_CREATE: u32 = 0, "Create a buffer list.";
    BO_LIST_OP_DESTROY: u32 = 1, "Destroy a buffer list.";
    BO_LIST_OP_UPDATE: u32 = 2, "Replace the entries of a buffer list.";

    // Contexts.
    CTX_OP_ALLOC_CTX: u32 = 1, "Create a context.";
    CTX_OP_FREE_CTX: u32 = 2, "Destroy the context named in `CtxIn::ctx_id`.";
    CTX_OP_QUERY_STATE: u32 = 3, "Ask for the reset status since the last such query.";
    CTX_OP_QUERY_STATE2: u32 = 4, "Ask for the `CTX_QUERY2_FLAGS_*` since the context's creation.";
    CTX_OP_GET_STABLE_PSTATE: u32 = 5, "Read the profiling power state.";
    CTX_OP_SET_STABLE_PSTATE: u32 = 6, "Set the profiling power state.";
    CTX_NO_RESET: u32 = 0, "No reset.";
    CTX_GUILTY_RESET: u32 = 1, "This context caused a reset.";
    CTX_INNOCENT_RESET: u32 = 2, "Another context caused a reset.";
    CTX_UNKNOWN_RESET: u32 = 3, "A reset whose cause is unknown.";
    CTX_QUERY2_FLAGS_RESET: u64 = 1 << 0, "The GPU was reset since the context's creation.";
    CTX_QUERY2_FLAGS_VRAMLOST: u64 = 1 << 1, "Video memory lost its content since the context's creation.";
    CTX_QUERY2_FLAGS_GUILTY: u64 = 1 << 2, "A job of this context hung the GPU.";
    CTX_QUERY2_FLAGS_RAS_CE: u64 = 1 << 3, "RAS saw correctable errors.";
    CTX_QUERY2_FLAGS_RAS_UE: u64 = 1 << 4, "RAS saw uncorrectable errors.";
    CTX_QUERY2_FLAGS_RESET_IN_PROGRESS: u64 = 1 << 5, "The reset has not ended (DRM 3.54).";
    CTX_PRIORITY_UNSET: i32 = -2048, "No priority given.";
    CTX_PRIORITY_VERY_LOW: i32 = -1023, "Lowest priority.";
    CTX_PRIORITY_LOW: i32 = -512, "Low priority.";
    CTX_PRIORITY_NORMAL: i32 = 0, "Default priority.";
    CTX_PRIORITY_HIGH: i32 = 512, "High priority; needs CAP_SYS_NICE or DRM master.";
    CTX_PRIORITY_VERY_HIGH: i32 = 1023, "Highest priority; needs CAP_SYS_NICE or DRM master.";
    CTX_STABLE_PSTATE_FLAGS_MASK: u32 = 0xf, "Bits of the power state in `CtxIn::flags`.";
    CTX_STABLE_PSTATE_NONE: u32 = 0, "Clocks are free.";
    CTX_STABLE_PSTATE_STANDARD: u32 = 1, "Fixed profiling clocks.";
    CTX_STABLE_PSTATE_MIN_SCLK: u32 = 2, "Lowest shader clock.";
    CTX_STABLE_PSTATE_MIN_MCLK: u32 = 3, "Lowest memory clock.";
    CTX_STABLE_PSTATE_PEAK: u32 = 4, "Highest clocks.";

    // VMs and scheduling.
    VM_OP_RESERVE_VMID: u32 = 1, "Reserve a hardware VMID for this file.";
    VM_OP_UNRESERVE_VMID: u32 = 2, "Give the reserved VMID back.";
    SCHED_OP_PROCESS_PRIORITY_OVERRIDE: u32 = 1, "Override the priority of all contexts of a file.";
    SCHED_OP_CONTEXT_PRIORITY_OVERRIDE: u32 = 2, "Override the priority of one context.";

    USERQ_OP_CREATE: u32 = 1, "Create a user-mode queue.";
    USERQ_OP_FREE: u32 = 2, "Free a user-mode queue.";
    USERQ_CREATE_FLAGS_QUEUE_PRIORITY_MASK: u32 = 0x3, "Bits of the priority in `UserqIn::flags`.";
    USERQ_CREATE_FLAGS_QUEUE_PRIORITY_SHIFT: u32 = 0, "Position of the priority in `UserqIn::flags`.";
    USERQ_CREATE_FLAGS_QUEUE_PRIORITY_NORMAL_LOW: u32 = 0, "Default priority.";
    USERQ_CREATE_FLAGS_QUEUE_PRIORITY_LOW: u32 = 1, "Lowest priority.";
    USERQ_CREATE_FLAGS_QUEUE_PRIORITY_NORMAL_HIGH: u32 = 2, "Above the default.";
    USERQ_CREATE_FLAGS_QUEUE_PRIORITY_HIGH: u32 = 3, "Highest priority; needs CAP_SYS_NICE or DRM master.";
    USERQ_CREATE_FLAGS_QUEUE_SECURE: u32 = 1 << 2, "A queue for protected content.";

    // User pointers.
    GEM_USERPTR_READONLY: u32 = 1 << 0, "The GPU may only read.";
    GEM_USERPTR_ANONONLY: u32 = 1 << 1, "Refuse pages that belong to a file.";
    GEM_USERPTR_VALIDATE: u32 = 1 << 2, "Pin once at creation, to find errors early.";
    GEM_USERPTR_REGISTER: u32 = 1 << 3, "Follow changes of the page tables; needed for write access.";

    // Metadata and buffer operations.
    GEM_METADATA_OP_SET_METADATA: u32 = 1, "Store tiling and driver data with the buffer.";
    GEM_METADATA_OP_GET_METADATA: u32 = 2, "Read tiling and driver data of the buffer.";
    GEM_OP_GET_GEM_CREATE_INFO: u32 = 0, "Write a `GemCreateIn` to the address in `GemOp::value`.";
    GEM_OP_SET_PLACEMENT: u32 = 1, "Set the preferred domains.";

    // GPU virtual addresses.
    VA_OP_MAP: u32 = 1, "Map a range.";
    VA_OP_UNMAP: u32 = 2, "Unmap exactly the range that was mapped.";
    VA_OP_CLEAR: u32 = 3, "Unmap all that lies in a range.";
    VA_OP_REPLACE: u32 = 4, "Map, replacing what was there.";
    VM_DELAY_UPDATE: u32 = 1 << 0, "Update the page table with the next submission only.";
    VM_PAGE_READABLE: u32 = 1 << 1, "The GPU may read.";
    VM_PAGE_WRITEABLE: u32 = 1 << 2, "The GPU may write.";
    VM_PAGE_EXECUTABLE: u32 = 1 << 3, "The GPU may fetch instructions.";
    VM_PAGE_PRT: u32 = 1 << 4, "Partially resident: unbacked reads give zero.";
    VM_MTYPE_MASK: u32 = 0xf << 5, "Bits of the memory type.";
    VM_MTYPE_DEFAULT: u32 = 0 << 5, "The driver's choice; recommended.";
    VM_MTYPE_NC: u32 = 1 << 5, "Non-coherent.";
    VM_MTYPE_WC: u32 = 2 << 5, "Write-combined.";
    VM_MTYPE_CC: u32 = 3 << 5, "Cache-coherent.";
    VM_MTYPE_UC: u32 = 4 << 5, "Uncached.";
    VM_MTYPE_RW: u32 = 5 << 5, "Read-write cached.";
    VM_PAGE_NOALLOC: u32 = 1 << 9, "Not to be kept in the MALL.";

    // Engines.
    HW_IP_GFX: u32 = 0, "Graphics ring.";
    HW_IP_COMPUTE: u32 = 1, "Compute rings.";
    HW_IP_DMA: u32 = 2, "SDMA copy engines.";
    HW_IP_UVD: u32 = 3, "Video decoder (old).";
    HW_IP_VCE: u32 = 4, "Video encoder (old).";
    HW_IP_UVD_ENC: u32 = 5, "Video encoder inside UVD.";
    HW_IP_VCN_DEC: u32 = 6, "Video decoder.";
    HW_IP_VCN_ENC: u32 = 7, "Video encoder; both directions from VCN 4 on.";
    HW_IP_VCN_JPEG: u32 = 8, "JPEG engine.";
    HW_IP_VPE: u32 = 9, "Video processing engine.";
    HW_IP_NUM: u32 = 10, "Number of engine kinds.";

    // Command submission.
    CHUNK_ID_IB: u32 = 0x01, "An indirect buffer ([`CsChunkIb`](super::CsChunkIb)).";
    CHUNK_ID_FENCE: u32 = 0x02, "A user fence ([`CsChunkFence`](super::CsChunkFence)).";
    CHUNK_ID_DEPENDENCIES: u32 = 0x03, "Submissions to wait for ([`CsChunkDep`](super::CsChunkDep) array).";
    CHUNK_ID_SYNCOBJ_IN: u32 = 0x04, "Sync objects to wait for ([`CsChunkSem`](super::CsChunkSem) array).";
    CHUNK_ID_SYNCOBJ_OUT: u32 = 0x05, "Sync objects to signal ([`CsChunkSem`](super::CsChunkSem) array).";
    CHUNK_ID_BO_HANDLES: u32 = 0x06, "An inline buffer list ([`BoListIn`](super::BoListIn)).";
    CHUNK_ID_SCHEDULED_DEPENDENCIES: u32 = 0x07, "Submissions that must have been scheduled (DRM 3.28).";
    CHUNK_ID_SYNCOBJ_TIMELINE_WAIT: u32 = 0x08, "Timeline points to wait for ([`CsChunkSyncobj`](super::CsChunkSyncobj) array).";
    CHUNK_ID_SYNCOBJ_TIMELINE_SIGNAL: u32 = 0x09, "Timeline points to signal ([`CsChunkSyncobj`](super::CsChunkSyncobj) array).";
    CHUNK_ID_CP_GFX_SHADOW: u32 = 0x0a, "Register shadowing ([`CsChunkCpGfxShadow`](super::CsChunkCpGfxShadow)).";
    IB_FLAG_CE: u32 = 1 << 0, "For the constant engine.";
    IB_FLAG_PREAMBLE: u32 = 1 << 1, "May be dropped when the context did not change.";
    IB_FLAG_PREEMPT: u32 = 1 << 2, "Preemption may start here.";
    IB_FLAG_TC_WB_NOT_INVALIDATE: u32 = 1 << 3, "The closing fence writes L2 back and invalidates nothing.";
    IB_FLAG_RESET_GDS_MAX_WAVE_ID: u32 = 1 << 4, "Reset the wave id counters first.";
    IB_FLAGS_SECURE: u32 = 1 << 5, "Runs in the trusted memory zone.";
    IB_FLAG_EMIT_MEM_SYNC: u32 = 1 << 6, "The kernel flushes and invalidates caches first.";
    FENCE_TO_HANDLE_GET_SYNCOBJ: u32 = 0, "Give a sync object handle.";
    FENCE_TO_HANDLE_GET_SYNCOBJ_FD: u32 = 1, "Give a sync object file descriptor.";
    FENCE_TO_HANDLE_GET_SYNC_FILE_FD: u32 = 2, "Give a sync file descriptor.";

    // INFO queries.
    IDS_FLAGS_FUSION: u64 = 0x1, "An APU.";
    IDS_FLAGS_PREEMPTION: u64 = 0x2, "Mid-command-buffer preemption is on.";
    IDS_FLAGS_TMZ: u64 = 0x4, "Trusted memory zone is on.";
    IDS_FLAGS_CONFORMANT_TRUNC_COORD: u64 = 0x8, "TRUNC_COORD behaves as the API wants.";
    INFO_ACCEL_WORKING: u32 = 0x00, "u32: nonzero when command submission works.";
    INFO_CRTC_FROM_ID: u32 = 0x01, "u32: display controller of a mode object.";
    INFO_HW_IP_INFO: u32 = 0x02, "[`InfoHwIp`](super::InfoHwIp) of an engine kind.";
    INFO_HW_IP_COUNT: u32 = 0x03, "u32: instances of an engine kind.";
    INFO_TIMESTAMP: u32 = 0x05, "u64: GPU clock counter.";
    INFO_FW_VERSION: u32 = 0x0e, "[`InfoFirmware`](super::InfoFirmware) of a firmware kind.";
    INFO_NUM_BYTES_MOVED: u32 = 0x0f, "u64: bytes moved between domains.";
    INFO_VRAM_USAGE: u32 = 0x10, "u64: used video memory.";
    INFO_GTT_USAGE: u32 = 0x11, "u64: used GTT.";
    INFO_GDS_CONFIG: u32 = 0x13, "[`InfoGds`](super::InfoGds).";
    INFO_VRAM_GTT: u32 = 0x14, "[`InfoVramGtt`](super::InfoVramGtt).";
    INFO_READ_MMR_REG: u32 = 0x15, "u32 array: registers, from an allow-list.";
    INFO_DEV_INFO: u32 = 0x16, "[`InfoDevice`](super::InfoDevice).";
    INFO_VIS_VRAM_USAGE: u32 = 0x17, "u64: used CPU-visible video memory.";
    INFO_NUM_EVICTIONS: u32 = 0x18, "u64: evictions so far.";
    INFO_MEMORY: u32 = 0x19, "[`MemoryInfo`](super::MemoryInfo).";
    INFO_VCE_CLOCK_TABLE: u32 = 0x1a, "Video encoder clocks.";
    INFO_VBIOS: u32 = 0x1b, "Video BIOS size, image or [`InfoVbios`](super::InfoVbios).";
    INFO_NUM_HANDLES: u32 = 0x1c, "Video decoder sessions.";
    INFO_SENSOR: u32 = 0x1d, "u32: one sensor, see `INFO_SENSOR_*`.";
    INFO_NUM_VRAM_CPU_PAGE_FAULTS: u32 = 0x1e, "u64: CPU faults on video memory.";
    INFO_VRAM_LOST_COUNTER: u32 = 0x1f, "u32: times that video memory lost its content.";
    INFO_RAS_ENABLED_FEATURES: u32 = 0x20, "u64: blocks with RAS.";
    INFO_VIDEO_CAPS: u32 = 0x21, "Video codec limits.";
    INFO_MAX_IBS: u32 = 0x22, "u32 array: most IBs a submission, by engine kind (DRM 3.50).";
    INFO_GPUVM_FAULT: u32 = 0x23, "[`InfoGpuvmFault`](super::InfoGpuvmFault) (DRM 3.55).";
    INFO_FW_VCE: u32 = 0x1, "Firmware: VCE.";
    INFO_FW_UVD: u32 = 0x2, "Firmware: UVD.";
    INFO_FW_GMC: u32 = 0x3, "Firmware: memory controller.";
    INFO_FW_GFX_ME: u32 = 0x4, "Firmware: micro engine of the graphics ring.";
    INFO_FW_GFX_PFP: u32 = 0x5, "Firmware: prefetch parser of the graphics ring.";
    INFO_FW_GFX_CE: u32 = 0x6, "Firmware: constant engine.";
    INFO_FW_GFX_RLC: u32 = 0x7, "Firmware: run list controller.";
    INFO_FW_GFX_MEC: u32 = 0x8, "Firmware: compute micro engine; index 0 or 1.";
    INFO_FW_SMC: u32 = 0xa, "Firmware: power management.";
    INFO_FW_SDMA: u32 = 0xb, "Firmware: SDMA; index is the engine.";
    INFO_FW_SOS: u32 = 0xc, "Firmware: secure OS.";
    INFO_FW_ASD: u32 = 0xd, "Firmware: secure driver.";
    INFO_FW_VCN: u32 = 0xe, "Firmware: video core.";
    INFO_FW_TA: u32 = 0x13, "Firmware: trusted applications; index picks one.";
    INFO_FW_DMCUB: u32 = 0x14, "Firmware: display controller.";
    INFO_FW_TOC: u32 = 0x15, "Firmware: table of contents.";
    INFO_FW_CAP: u32 = 0x16, "Firmware: CAP.";
    INFO_FW_MES_KIQ: u32 = 0x19, "Firmware: scheduler's kernel queue.";
    INFO_FW_MES: u32 = 0x1a, "Firmware: micro engine scheduler.";
    INFO_FW_IMU: u32 = 0x1b, "Firmware: IMU.";
    INFO_FW_VPE: u32 = 0x1c, "Firmware: video processing engine.";
    INFO_VIDEO_CAPS_DECODE: u32 = 0, "Video codecs: decoding.";
    INFO_VIDEO_CAPS_ENCODE: u32 = 1, "Video codecs: encoding.";
    INFO_VBIOS_SIZE: u32 = 0x1, "Video BIOS: u32 size.";
    INFO_VBIOS_IMAGE: u32 = 0x2, "Video BIOS: bytes.";
    INFO_VBIOS_INFO: u32 = 0x3, "Video BIOS: names and dates.";
    INFO_SENSOR_GFX_SCLK: u32 = 0x1, "Shader clock, MHz.";
    INFO_SENSOR_GFX_MCLK: u32 = 0x2, "Memory clock, MHz.";
    INFO_SENSOR_GPU_TEMP: u32 = 0x3, "Temperature, millidegrees Celsius.";
    INFO_SENSOR_GPU_LOAD: u32 = 0x4, "Load, per cent.";
    INFO_SENSOR_GPU_AVG_POWER: u32 = 0x5, "Average power, W.";
    INFO_SENSOR_VDDNB: u32 = 0x6, "North bridge voltage, mV.";
    INFO_SENSOR_VDDGFX: u32 = 0x7, "Graphics voltage, mV.";
    INFO_SENSOR_STABLE_PSTATE_GFX_SCLK: u32 = 0x8, "Shader clock of the profiling state, MHz.";
    INFO_SENSOR_STABLE_PSTATE_GFX_MCLK: u32 = 0x9, "Memory clock of the profiling state, MHz.";
    INFO_SENSOR_PEAK_PSTATE_GFX_SCLK: u32 = 0xa, "Shader clock of the peak state, MHz.";
    INFO_SENSOR_PEAK_PSTATE_GFX_MCLK: u32 = 0xb, "Memory clock of the peak state, MHz.";
    INFO_SENSOR_GPU_INPUT_POWER: u32 = 0xc, "Input power, W.";
    INFO_MMR_SE_INDEX_SHIFT: u32 = 0, "Shader engine in the instance of READ_MMR_REG.";
    INFO_MMR_SE_INDEX_MASK: u32 = 0xff, "Shader engine in the instance of READ_MMR_REG; all ones broadcasts.";
    INFO_MMR_SH_INDEX_SHIFT: u32 = 8, "Shader array in the instance of READ_MMR_REG.";
    INFO_MMR_SH_INDEX_MASK: u32 = 0xff, "Shader array in the instance of READ_MMR_REG; all ones broadcasts.";
    VRAM_TYPE_UNKNOWN: u32 = 0, "Memory of unknown kind.";
    VRAM_TYPE_GDDR1: u32 = 1, "GDDR1.";
    VRAM_TYPE_DDR2: u32 = 2, "DDR2.";
    VRAM_TYPE_GDDR3: u32 = 3, "GDDR3.";
    VRAM_TYPE_GDDR4: u32 = 4, "GDDR4.";
    VRAM_TYPE_GDDR5: u32 = 5, "GDDR5.";
    VRAM_TYPE_HBM: u32 = 6, "HBM.";
    VRAM_TYPE_DDR3: u32 = 7, "DDR3.";
    VRAM_TYPE_DDR4: u32 = 8, "DDR4.";
    VRAM_TYPE_GDDR6: u32 = 9, "GDDR6.";
    VRAM_TYPE_DDR5: u32 = 10, "DDR5.";
    VRAM_TYPE_LPDDR4: u32 = 11, "LPDDR4.";
    VRAM_TYPE_LPDDR5: u32 = 12, "LPDDR5.";
    VMHUB_TYPE_MASK: u32 = 0xff, "Kind of VM hub in `InfoGpuvmFault::vmhub`.";
    VMHUB_TYPE_GFX: u32 = 0, "The hub of graphics and compute.";
    VMHUB_IDX_MASK: u32 = 0xff00, "Index of the hub in `InfoGpuvmFault::vmhub`.";
    VMHUB_IDX_SHIFT: u32 = 8, "Position of the hub's index.";
    FAMILY_UNKNOWN: u32 = 0, "Unknown family.";
    FAMILY_SI: u32 = 110, "GCN 1.";
    FAMILY_CI: u32 = 120, "GCN 2.";
    FAMILY_KV: u32 = 125, "GCN 2 APUs.";
    FAMILY_VI: u32 = 130, "GCN 3 and 4.";
    FAMILY_CZ: u32 = 135, "GCN 3 APUs.";
    FAMILY_AI: u32 = 141, "Vega.";
    FAMILY_RV: u32 = 142, "Vega APUs.";
    FAMILY_NV: u32 = 143, "RDNA 1 and RDNA 2 cards.";
    FAMILY_VGH: u32 = 144, "Van Gogh.";
    FAMILY_GC_11_0_0: u32 = 145, "RDNA 3 cards: Navi31, Navi32, Navi33.";
    FAMILY_YC: u32 = 146, "Yellow Carp (Rembrandt).";
    FAMILY_GC_11_0_1: u32 = 148, "RDNA 3 APUs: Phoenix, Hawk Point.";
    FAMILY_GC_10_3_6: u32 = 149, "RDNA 2 APU: Raphael.";
    FAMILY_GC_11_5_0: u32 = 150, "RDNA 3.5 APUs: Strix.";
    FAMILY_GC_10_3_7: u32 = 151, "RDNA 2 APU: Mendocino.";
    FAMILY_GC_12_0_0: u32 = 152, "RDNA 4 cards.";
}
