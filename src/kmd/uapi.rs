//! The structures that cross the amdgpu ioctl boundary, laid out as `amdgpu_drm.h` does.
//!
//! The header's unions are the pair of structures that they hold: the `…In` is what the caller writes, the `…Out`
//! what the kernel leaves at the same address; the request's size is the larger of the two. All padding is a named
//! field that must be zero, so that every structure is plain bytes ([`bytemuck::Pod`]) in both directions. Sizes and
//! offsets are asserted while compiling and, against a C compiler and the installed header, in `tests/uapi_layout.rs`.
//!
//! The structures of the DRM core (version, capabilities, GEM close, PRIME, sync objects) are those of [`drm_sys`].

mod consts;

pub use consts::*;

/// The layout of one structure, as it was declared: what a test compares with C.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// The Rust name.
    pub name: &'static str,
    /// The C type, in a form that `sizeof` and `offsetof` accept.
    pub c_type: &'static str,
    /// Size in bytes.
    pub size: usize,
    /// Fields: the name in C (empty for padding that C leaves implicit) and the offset in bytes.
    pub fields: &'static [(&'static str, usize)],
}

/// Types that may be sent to and received from the kernel as bytes.
///
/// # Safety
/// `#[repr(C)]`, no padding, and every bit pattern is a value.
pub unsafe trait Wire: Copy + 'static {}

/// One block a structure: its C type, its size, and each field behind its offset. `= "x"` gives the field's name in C
/// where it differs; `= ""` marks padding that C leaves implicit.
macro_rules! uapi {
    (@c $field:ident) => { stringify!($field) };
    (@c $field:ident $c:literal) => { $c };
    ($($(#[$doc:meta])* $name:ident: $c_type:literal, $size:literal {
        $($(#[$fdoc:meta])* $offset:literal $field:ident: $ty:ty $(= $c:literal)?,)*
    })*) => {
        $(
            $(#[$doc])*
            #[doc = concat!("\n\nIn C: `", $c_type, "`, ", stringify!($size), " bytes.")]
            #[repr(C)]
            #[derive(Debug, Clone, Copy, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
            pub struct $name {
                $($(#[$fdoc])* pub $field: $ty,)*
            }

            const _: () = assert!(size_of::<$name>() == $size);
            $(const _: () = assert!(std::mem::offset_of!($name, $field) == $offset);)*

            impl Default for $name {
                fn default() -> Self {
                    bytemuck::Zeroable::zeroed()
                }
            }

            // SAFETY: deriving `Pod` above proves repr(C), the absence of padding, and that all bits are valid.
            unsafe impl Wire for $name {}
        )*

        /// Every structure of this module.
        pub const LAYOUTS: &[Layout] = &[$(Layout {
            name: stringify!($name),
            c_type: $c_type,
            size: $size,
            fields: &[$((uapi!(@c $field $($c)?), $offset)),*],
        }),*];
    };
}

uapi! {
    /// Allocates a buffer object.
    GemCreateIn: "struct drm_amdgpu_gem_create_in", 32 {
        /// Size in bytes; the kernel rounds it up to whole pages.
        0 bo_size: u64,
        /// Physical alignment in bytes, 0 for the driver's choice.
        8 alignment: u64,
        /// `GEM_DOMAIN_*`, or-ed.
        16 domains: u64,
        /// `GEM_CREATE_*`, or-ed.
        24 domain_flags: u64,
    }
    /// The buffer object allocated.
    GemCreateOut: "struct drm_amdgpu_gem_create_out", 8 {
        /// GEM handle, never 0.
        0 handle: u32,
        /// Zero.
        4 _pad: u32,
    }
    /// Asks for the offset at which a buffer object can be mapped.
    GemMmapIn: "struct drm_amdgpu_gem_mmap_in", 8 {
        /// GEM handle.
        0 handle: u32,
        /// Zero.
        4 _pad: u32,
    }
    /// The offset to give to `mmap(2)`.
    GemMmapOut: "struct drm_amdgpu_gem_mmap_out", 8 {
        /// Offset in the node's own mapping space.
        0 addr_ptr: u64,
    }
    /// One operation on a context.
    CtxIn: "struct drm_amdgpu_ctx_in", 16 {
        /// `CTX_OP_*`.
        0 op: u32,
        /// The power state, for `CTX_OP_SET_STABLE_PSTATE` only.
        4 flags: u32,
        /// The context, except for `CTX_OP_ALLOC_CTX`.
        8 ctx_id: u32,
        /// `CTX_PRIORITY_*`, for `CTX_OP_ALLOC_CTX` only.
        12 priority: i32,
    }
    /// Answer of `CTX_OP_ALLOC_CTX`.
    CtxOutAlloc: "__typeof__(((union drm_amdgpu_ctx_out *)0)->alloc)", 8 {
        /// The new context, never 0.
        0 ctx_id: u32,
        /// Zero.
        4 _pad: u32,
    }
    /// Answer of `CTX_OP_QUERY_STATE` and `CTX_OP_QUERY_STATE2`.
    CtxOutState: "__typeof__(((union drm_amdgpu_ctx_out *)0)->state)", 16 {
        /// `CTX_QUERY2_FLAGS_*` (`CTX_OP_QUERY_STATE2` only).
        0 flags: u64,
        /// Resets that this context caused.
        8 hangs: u32,
        /// `CTX_*_RESET` (`CTX_OP_QUERY_STATE` only).
        12 reset_status: u32,
    }
    /// Answer of `CTX_OP_GET_STABLE_PSTATE`.
    CtxOutPstate: "__typeof__(((union drm_amdgpu_ctx_out *)0)->pstate)", 8 {
        /// `CTX_STABLE_PSTATE_*`.
        0 flags: u32,
        /// Zero.
        4 _pad: u32,
    }
    /// One operation on a buffer list; also the body of a `CHUNK_ID_BO_HANDLES` chunk, where `operation` and
    /// `list_handle` are all ones.
    BoListIn: "struct drm_amdgpu_bo_list_in", 24 {
        /// `BO_LIST_OP_*`.
        0 operation: u32,
        /// The list; 0 when creating.
        4 list_handle: u32,
        /// Entries in the array.
        8 bo_number: u32,
        /// Bytes an entry, `size_of::<BoListEntry>()`.
        12 bo_info_size: u32,
        /// Address of the [`BoListEntry`] array.
        16 bo_info_ptr: u64,
    }
    /// One buffer of a list.
    BoListEntry: "struct drm_amdgpu_bo_list_entry", 8 {
        /// GEM handle.
        0 bo_handle: u32,
        /// Migration priority, 0 to 31; 0 is the default.
        4 bo_priority: u32,
    }
    /// The list created.
    BoListOut: "struct drm_amdgpu_bo_list_out", 8 {
        /// Handle of the list, never 0.
        0 list_handle: u32,
        /// Zero.
        4 _pad: u32,
    }
    /// Submits work to a ring.
    CsIn: "struct drm_amdgpu_cs_in", 24 {
        /// The context.
        0 ctx_id: u32,
        /// A buffer list, or 0; together with a `CHUNK_ID_BO_HANDLES` chunk it is EINVAL.
        4 bo_list_handle: u32,
        /// Number of chunks.
        8 num_chunks: u32,
        /// Zero.
        12 flags: u32,
        /// Address of an array of 64-bit *addresses* of [`CsChunk`]s.
        16 chunks: u64,
    }
    /// The work submitted.
    CsOut: "struct drm_amdgpu_cs_out", 8 {
        /// Sequence number in its (context, engine, ring), from 1.
        0 handle: u64,
    }
    /// Head of one chunk.
    CsChunk: "struct drm_amdgpu_cs_chunk", 16 {
        /// `CHUNK_ID_*`.
        0 chunk_id: u32,
        /// Length of the data in dwords.
        4 length_dw: u32,
        /// Address of the data.
        8 chunk_data: u64,
    }
    /// Chunk data: an indirect buffer to execute.
    CsChunkIb: "struct drm_amdgpu_cs_chunk_ib", 32 {
        /// Zero.
        0 _pad: u32,
        /// `IB_FLAG_*`.
        4 flags: u32,
        /// GPU virtual address of the first dword.
        8 va_start: u64,
        /// Length in bytes.
        16 ib_bytes: u32,
        /// `HW_IP_*`.
        20 ip_type: u32,
        /// Instance of the engine kind, 0.
        24 ip_instance: u32,
        /// Ring of the engine.
        28 ring: u32,
    }
    /// Chunk data: a submission to wait for.
    CsChunkDep: "struct drm_amdgpu_cs_chunk_dep", 24 {
        /// `HW_IP_*`.
        0 ip_type: u32,
        /// Instance of the engine kind, 0.
        4 ip_instance: u32,
        /// Ring of the engine.
        8 ring: u32,
        /// Context of the submission.
        12 ctx_id: u32,
        /// Sequence number.
        16 handle: u64,
    }
    /// Chunk data: where the kernel writes the sequence number when the work is done.
    CsChunkFence: "struct drm_amdgpu_cs_chunk_fence", 8 {
        /// GEM handle of a one-page buffer.
        0 handle: u32,
        /// Offset in the buffer in **bytes**, a multiple of 8.
        4 offset: u32,
    }
    /// Chunk data: a binary sync object.
    CsChunkSem: "struct drm_amdgpu_cs_chunk_sem", 4 {
        /// Sync object handle.
        0 handle: u32,
    }
    /// Chunk data: a point of a timeline sync object.
    CsChunkSyncobj: "struct drm_amdgpu_cs_chunk_syncobj", 16 {
        /// Sync object handle.
        0 handle: u32,
        /// `DRM_SYNCOBJ_WAIT_FLAGS_*` (WAIT_FOR_SUBMIT), or 0.
        4 flags: u32,
        /// The point; 0 treats the object as binary.
        8 point: u64,
    }
    /// Chunk data: register shadowing on gfx11.
    CsChunkCpGfxShadow: "struct drm_amdgpu_cs_chunk_cp_gfx_shadow", 32 {
        /// GPU virtual address of the shadow area.
        0 shadow_va: u64,
        /// GPU virtual address of the context save area.
        8 csa_va: u64,
        /// GPU virtual address of the GDS backup.
        16 gds_va: u64,
        /// Bit 0: initialise the shadow area.
        24 flags: u64,
    }
    /// Maps or unmaps a GPU virtual address range (the form of all kernels).
    GemVa: "struct drm_amdgpu_gem_va", 40 {
        /// GEM handle; 0 for clear and for partially resident ranges.
        0 handle: u32,
        /// Zero.
        4 _pad: u32,
        /// `VA_OP_*`.
        8 operation: u32,
        /// `VM_PAGE_*`, `VM_MTYPE_*` and `VM_DELAY_UPDATE`.
        12 flags: u32,
        /// First address, a multiple of the GPU page (4096).
        16 va_address: u64,
        /// First byte of the buffer, a multiple of the GPU page.
        24 offset_in_bo: u64,
        /// Bytes, a multiple of the GPU page, not 0.
        32 map_size: u64,
    }
    /// [`GemVa`] with the fences of newer kernels, which came with user-mode queues.
    GemVaTimeline: "struct drm_amdgpu_gem_va", 64 {
        /// As in [`GemVa`].
        0 handle: u32,
        /// Zero.
        4 _pad: u32,
        /// As in [`GemVa`].
        8 operation: u32,
        /// As in [`GemVa`].
        12 flags: u32,
        /// As in [`GemVa`].
        16 va_address: u64,
        /// As in [`GemVa`].
        24 offset_in_bo: u64,
        /// As in [`GemVa`].
        32 map_size: u64,
        /// The timeline point that signals the page table update.
        40 vm_timeline_point: u64,
        /// The sync object that gets the point.
        48 vm_timeline_syncobj_out: u32,
        /// Number of sync objects to wait for.
        52 num_syncobj_handles: u32,
        /// Address of their handles.
        56 input_fence_syncobj_handles: u64,
    }
    /// Waits for a submission.
    WaitCsIn: "struct drm_amdgpu_wait_cs_in", 32 {
        /// Sequence number; 0 is always done, all ones is the latest.
        0 handle: u64,
        /// **Absolute** CLOCK_MONOTONIC time in ns.
        8 timeout: u64,
        /// `HW_IP_*`.
        16 ip_type: u32,
        /// Instance of the engine kind, 0.
        20 ip_instance: u32,
        /// Ring of the engine.
        24 ring: u32,
        /// The context.
        28 ctx_id: u32,
    }
    /// The result of a wait that was no error.
    WaitCsOut: "struct drm_amdgpu_wait_cs_out", 8 {
        /// 0 done, 1 still busy.
        0 status: u64,
    }
    /// Names a submission.
    Fence: "struct drm_amdgpu_fence", 24 {
        /// The context.
        0 ctx_id: u32,
        /// `HW_IP_*`.
        4 ip_type: u32,
        /// Instance of the engine kind, 0.
        8 ip_instance: u32,
        /// Ring of the engine.
        12 ring: u32,
        /// Sequence number.
        16 seq_no: u64,
    }
    /// Waits for one or all of several submissions.
    WaitFencesIn: "struct drm_amdgpu_wait_fences_in", 24 {
        /// Address of the [`Fence`] array.
        0 fences: u64,
        /// Number of fences.
        8 fence_count: u32,
        /// Nonzero: all of them.
        12 wait_all: u32,
        /// **Absolute** CLOCK_MONOTONIC time in ns.
        16 timeout_ns: u64,
    }
    /// The result of such a wait.
    WaitFencesOut: "struct drm_amdgpu_wait_fences_out", 8 {
        /// 1 signalled, 0 timed out: the reverse of [`WaitCsOut`].
        0 status: u32,
        /// Index of the first signalled fence when not waiting for all.
        4 first_signaled: u32,
    }
    /// Waits until no submission uses a buffer.
    GemWaitIdleIn: "struct drm_amdgpu_gem_wait_idle_in", 16 {
        /// GEM handle.
        0 handle: u32,
        /// Zero.
        4 flags: u32,
        /// **Absolute** CLOCK_MONOTONIC time in ns.
        8 timeout: u64,
    }
    /// The result of such a wait.
    GemWaitIdleOut: "struct drm_amdgpu_gem_wait_idle_out", 8 {
        /// 0 idle, 1 busy.
        0 status: u32,
        /// `GEM_DOMAIN_*` in which the buffer lies.
        4 domain: u32,
    }
    /// Asks for or sets a property of a buffer.
    GemOp: "struct drm_amdgpu_gem_op", 16 {
        /// GEM handle.
        0 handle: u32,
        /// `GEM_OP_*`.
        4 op: u32,
        /// An address or a value, by `op`.
        8 value: u64,
    }
    /// Tiling and driver data kept with a buffer, for sharing.
    GemMetadata: "struct drm_amdgpu_gem_metadata", 288 {
        /// GEM handle.
        0 handle: u32,
        /// `GEM_METADATA_OP_*`.
        4 op: u32,
        /// Zero.
        8 flags: u64 = "data.flags",
        /// Tiling, by family.
        16 tiling_info: u64 = "data.tiling_info",
        /// Bytes used in `data`, 256 at most.
        24 data_size_bytes: u32 = "data.data_size_bytes",
        /// The driver's data.
        28 data: [u32; 64] = "data.data",
        /// Zero.
        284 _pad: u32 = "",
    }
    /// Wraps pages of the process in a buffer object.
    GemUserptr: "struct drm_amdgpu_gem_userptr", 24 {
        /// Address in the process, page aligned.
        0 addr: u64,
        /// Bytes, whole pages.
        8 size: u64,
        /// `GEM_USERPTR_*`.
        16 flags: u32,
        /// Written by the kernel: the GEM handle.
        20 handle: u32,
    }
    /// Exports the fence of a submission.
    FenceToHandleIn: "__typeof__(((union drm_amdgpu_fence_to_handle *)0)->in)", 32 {
        /// The submission.
        0 fence: Fence,
        /// `FENCE_TO_HANDLE_*`.
        24 what: u32,
        /// Zero.
        28 pad: u32,
    }
    /// The handle or file descriptor made.
    FenceToHandleOut: "__typeof__(((union drm_amdgpu_fence_to_handle *)0)->out)", 4 {
        /// Sync object handle or file descriptor, by `what`.
        0 handle: u32,
    }
    /// Reserves a VMID.
    VmIn: "struct drm_amdgpu_vm_in", 8 {
        /// `VM_OP_*`.
        0 op: u32,
        /// Zero.
        4 flags: u32,
    }
    /// Answer of VM.
    VmOut: "struct drm_amdgpu_vm_out", 8 {
        /// Zero so far.
        0 flags: u64,
    }
    /// Overrides the priority of another file's contexts (DRM master only).
    SchedIn: "struct drm_amdgpu_sched_in", 16 {
        /// `SCHED_OP_*`.
        0 op: u32,
        /// The file descriptor meant.
        4 fd: u32,
        /// `CTX_PRIORITY_*`.
        8 priority: i32,
        /// The context, for the operation on one.
        12 ctx_id: u32,
    }
    /// Asks for information. The kernel writes at most `return_size` bytes to `return_pointer`.
    Info: "struct drm_amdgpu_info", 32 {
        /// Address of the answer.
        0 return_pointer: u64,
        /// Room at that address in bytes.
        8 return_size: u32,
        /// `INFO_*`.
        12 query: u32,
        /// Arguments, by query. HW_IP_INFO and HW_IP_COUNT: engine kind, instance. FW_VERSION: firmware kind,
        /// instance, index. READ_MMR_REG: dword offset, count, instance, flags. SENSOR and VIDEO_CAPS: kind.
        /// VBIOS: kind, offset.
        16 args: [u32; 4] = "query_hw_ip",
    }
    /// Answer of GDS_CONFIG.
    InfoGds: "struct drm_amdgpu_info_gds", 32 {
        /// GDS bytes of the graphics partition.
        0 gds_gfx_partition_size: u32,
        /// GDS bytes of the compute partition.
        4 compute_partition_size: u32,
        /// GDS bytes.
        8 gds_total_size: u32,
        /// GWS of a graphics partition.
        12 gws_per_gfx_partition: u32,
        /// GWS of a compute partition.
        16 gws_per_compute_partition: u32,
        /// OA of a graphics partition.
        20 oa_per_gfx_partition: u32,
        /// OA of a compute partition.
        24 oa_per_compute_partition: u32,
        /// Zero.
        28 _pad: u32,
    }
    /// Answer of VRAM_GTT, in bytes.
    InfoVramGtt: "struct drm_amdgpu_info_vram_gtt", 24 {
        /// Video memory.
        0 vram_size: u64,
        /// The part of it that the CPU can map.
        8 vram_cpu_accessible_size: u64,
        /// GTT.
        16 gtt_size: u64,
    }
    /// One heap, in bytes.
    HeapInfo: "struct drm_amdgpu_heap_info", 32 {
        /// Physical size.
        0 total_heap_size: u64,
        /// What allocations could use of it.
        8 usable_heap_size: u64,
        /// What all processes and the kernel use now.
        16 heap_usage: u64,
        /// The largest buffer that could be allocated, in theory.
        24 max_allocation: u64,
    }
    /// Answer of MEMORY.
    MemoryInfo: "struct drm_amdgpu_memory_info", 96 {
        /// Video memory.
        0 vram: HeapInfo,
        /// The part of it that the CPU can map.
        32 cpu_accessible_vram: HeapInfo,
        /// GTT.
        64 gtt: HeapInfo,
    }
    /// Answer of FW_VERSION.
    InfoFirmware: "struct drm_amdgpu_info_firmware", 8 {
        /// Version.
        0 ver: u32,
        /// Feature level.
        4 feature: u32,
    }
    /// Answer of VBIOS with `INFO_VBIOS_INFO`; strings end at the first zero.
    InfoVbios: "struct drm_amdgpu_info_vbios", 200 {
        /// Name.
        0 name: [u8; 64],
        /// Part number.
        64 vbios_pn: [u8; 64],
        /// Version.
        128 version: u32,
        /// Zero.
        132 pad: u32,
        /// Version as text.
        136 vbios_ver_str: [u8; 32],
        /// Date.
        168 date: [u8; 32],
    }
    /// Answer of DEV_INFO. Older kernels fill a prefix; the rest stays zero.
    InfoDevice: "struct drm_amdgpu_info_device", 448 {
        /// PCI device id.
        0 device_id: u32,
        /// Chip revision in the family's own count.
        4 chip_rev: u32,
        /// Revision that tells the chips of a family apart.
        8 external_rev: u32,
        /// PCI revision.
        12 pci_rev: u32,
        /// `FAMILY_*`.
        16 family: u32,
        /// Shader engines.
        20 num_shader_engines: u32,
        /// Shader arrays a shader engine.
        24 num_shader_arrays_per_engine: u32,
        /// Frequency of the timestamp counter, kHz.
        28 gpu_counter_freq: u32,
        /// Highest shader clock, kHz.
        32 max_engine_clock: u64,
        /// Highest memory clock, kHz.
        40 max_memory_clock: u64,
        /// Compute units in use.
        48 cu_active_number: u32,
        /// Not valid.
        52 cu_ao_mask: u32,
        /// Compute units in use: `[SE % 4][(SE / 4) * 2 + SA]`, a bit a CU.
        56 cu_bitmap: [[u32; 4]; 4],
        /// Render back-ends in use, low 32 bits.
        120 enabled_rb_pipes_mask: u32,
        /// Render back-ends.
        124 num_rb_pipes: u32,
        /// Graphics contexts of the hardware.
        128 num_hw_gfx_contexts: u32,
        /// PCIe generation.
        132 pcie_gen: u32,
        /// `IDS_FLAGS_*`.
        136 ids_flags: u64,
        /// First address that user mode may map.
        144 virtual_address_offset: u64,
        /// End of the low address range.
        152 virtual_address_max: u64,
        /// Alignment of mappings, bytes.
        160 virtual_address_alignment: u32,
        /// Size that the translation caches like best, bytes.
        164 pte_fragment_size: u32,
        /// Page size, bytes.
        168 gart_page_size: u32,
        /// Constant engine memory, bytes.
        172 ce_ram_size: u32,
        /// `VRAM_TYPE_*`.
        176 vram_type: u32,
        /// Memory bus, bits.
        180 vram_bit_width: u32,
        /// Harvested video encoders.
        184 vce_harvest_config: u32,
        /// Double off-chip LDS buffers.
        188 gc_double_offchip_lds_buf: u32,
        /// Primitive buffer of the first NGG.
        192 prim_buf_gpu_addr: u64,
        /// Position buffer of the first NGG.
        200 pos_buf_gpu_addr: u64,
        /// Control sideband of the first NGG.
        208 cntl_sb_buf_gpu_addr: u64,
        /// Parameter cache of the first NGG.
        216 param_buf_gpu_addr: u64,
        /// Bytes of the primitive buffer.
        224 prim_buf_size: u32,
        /// Bytes of the position buffer.
        228 pos_buf_size: u32,
        /// Bytes of the control sideband.
        232 cntl_sb_buf_size: u32,
        /// Bytes of the parameter cache.
        236 param_buf_size: u32,
        /// Lanes of a wave.
        240 wave_front_size: u32,
        /// VGPRs of a SIMD, in units of a wave32's.
        244 num_shader_visible_vgprs: u32,
        /// Compute units of a shader array.
        248 num_cu_per_sh: u32,
        /// L2 channels.
        252 num_tcc_blocks: u32,
        /// Depth of the geometry shader's table.
        256 gs_vgt_table_depth: u32,
        /// Depth of the geometry shader's primitive buffer.
        260 gs_prim_buffer_depth: u32,
        /// Geometry shader waves a VGT.
        264 max_gs_waves_per_vgt: u32,
        /// PCIe lanes.
        268 pcie_num_lanes: u32,
        /// Compute units that are always on, laid out as `cu_bitmap`.
        272 cu_ao_bitmap: [[u32; 4]; 4],
        /// First address of the high range.
        336 high_va_offset: u64,
        /// End of the high range.
        344 high_va_max: u64,
        /// Tile steering override.
        352 pa_sc_tile_steering_override: u32,
        /// Zero.
        356 _pad0: u32 = "",
        /// L2 channels that are off.
        360 tcc_disabled_mask: u64,
        /// Lowest shader clock, kHz.
        368 min_engine_clock: u64,
        /// Lowest memory clock, kHz.
        376 min_memory_clock: u64,
        /// Vector L0 cache of a CU, bytes (gfx11 and newer, as all that follows; DRM 3.52).
        384 tcp_cache_size: u32,
        /// Scalar caches a WGP.
        388 num_sqc_per_wgp: u32,
        /// Scalar data cache, bytes.
        392 sqc_data_cache_size: u32,
        /// Instruction cache, bytes.
        396 sqc_inst_cache_size: u32,
        /// L1 cache of a shader array, bytes.
        400 gl1c_cache_size: u32,
        /// L2 cache, bytes.
        404 gl2c_cache_size: u32,
        /// MALL (infinity cache), bytes.
        408 mall_size: u64,
        /// Render back-ends in use, high 32 bits.
        416 enabled_rb_pipes_mask_hi: u32,
        /// Register shadow area, bytes.
        420 shadow_size: u32,
        /// Alignment of the shadow area, bytes.
        424 shadow_alignment: u32,
        /// Context save area, bytes.
        428 csa_size: u32,
        /// Alignment of the context save area, bytes.
        432 csa_alignment: u32,
        /// User-mode queue engines, a bit an engine kind; zero where the header lacks it.
        436 userq_ip_mask: u32,
        /// Zero.
        440 _pad1: [u32; 2] = "",
    }
    /// Answer of HW_IP_INFO.
    InfoHwIp: "struct drm_amdgpu_info_hw_ip", 32 {
        /// Major version of the engine.
        0 hw_ip_version_major: u32,
        /// Minor version of the engine.
        4 hw_ip_version_minor: u32,
        /// Capabilities.
        8 capabilities_flags: u64,
        /// Alignment of an IB's address, bytes.
        16 ib_start_alignment: u32,
        /// Granularity of an IB's size, bytes.
        20 ib_size_alignment: u32,
        /// Rings that exist: a **bit mask**.
        24 available_rings: u32,
        /// Version by IP discovery: 23:16 major, 15:8 minor, 7:0 revision (DRM 3.48).
        28 ip_discovery_version: u32,
    }
    /// Limits of one codec; all zero where the engines lack it.
    InfoVideoCodec: "struct drm_amdgpu_info_video_codec_info", 24 {
        /// Nonzero where the codec is there.
        0 valid: u32,
        /// Pixels in a row.
        4 max_width: u32,
        /// Rows.
        8 max_height: u32,
        /// Pixels in a picture.
        12 max_pixels_per_frame: u32,
        /// Level, in the codec's own count.
        16 max_level: u32,
        /// Zero.
        20 pad: u32,
    }
    /// Answer of VIDEO_CAPS: MPEG2, MPEG4, VC1, AVC, HEVC, JPEG, VP9, AV1.
    InfoVideoCaps: "struct drm_amdgpu_info_video_caps", 192 {
        /// The codecs, in that order.
        0 codec_info: [InfoVideoCodec; 8],
    }
    /// Answer of NUM_HANDLES.
    InfoNumHandles: "struct drm_amdgpu_info_num_handles", 8 {
        /// Sessions that the firmware supports.
        0 uvd_max_handles: u32,
        /// Sessions in use.
        4 uvd_used_handles: u32,
    }
    /// One row of the video encoder's clocks, kHz.
    InfoVceClocks: "struct drm_amdgpu_info_vce_clock_table_entry", 16 {
        /// System clock.
        0 sclk: u32,
        /// Memory clock.
        4 mclk: u32,
        /// Encoder clock.
        8 eclk: u32,
        /// Zero.
        12 pad: u32,
    }
    /// Answer of VCE_CLOCK_TABLE.
    InfoVceClockTable: "struct drm_amdgpu_info_vce_clock_table", 104 {
        /// Rows.
        0 entries: [InfoVceClocks; 6],
        /// Rows that count.
        96 num_valid_entries: u32,
        /// Zero.
        100 pad: u32,
    }
    /// Creates or frees a user-mode queue.
    UserqIn: "struct drm_amdgpu_userq_in", 72 {
        /// `USERQ_OP_*`.
        0 op: u32,
        /// The queue to free.
        4 queue_id: u32,
        /// `HW_IP_*`.
        8 ip_type: u32,
        /// GEM handle of the doorbell page.
        12 doorbell_handle: u32,
        /// The doorbell's offset in that page, in doorbells.
        16 doorbell_offset: u32,
        /// `USERQ_CREATE_FLAGS_*`.
        20 flags: u32,
        /// GPU address of the queue.
        24 queue_va: u64,
        /// Bytes of the queue: a power of two, a page at least.
        32 queue_size: u64,
        /// GPU address of the read pointer, 8 bytes.
        40 rptr_va: u64,
        /// GPU address of the write pointer, 8 bytes.
        48 wptr_va: u64,
        /// Address of the engine's own parameters.
        56 mqd: u64,
        /// Bytes of those.
        64 mqd_size: u64,
    }
    /// The queue created.
    UserqOut: "struct drm_amdgpu_userq_out", 8 {
        /// Its number.
        0 queue_id: u32,
        /// Zero.
        4 _pad: u32,
    }
    /// Parameters of a compute queue on gfx11.
    UserqMqdComputeGfx11: "struct drm_amdgpu_userq_mqd_compute_gfx11", 8 {
        /// GPU address of the end-of-pipe buffer.
        0 eop_va: u64,
    }
    /// Parameters of a graphics queue on gfx11.
    UserqMqdGfx11: "struct drm_amdgpu_userq_mqd_gfx11", 16 {
        /// GPU address of the shadow area.
        0 shadow_va: u64,
        /// GPU address of the context save area.
        8 csa_va: u64,
    }
    /// Parameters of a copy queue on gfx11.
    UserqMqdSdmaGfx11: "struct drm_amdgpu_userq_mqd_sdma_gfx11", 8 {
        /// GPU address of the context save area.
        0 csa_va: u64,
    }
    /// Makes a fence of what a user-mode queue has so far.
    UserqSignal: "struct drm_amdgpu_userq_signal", 48 {
        /// The queue.
        0 queue_id: u32,
        /// Zero.
        4 pad: u32,
        /// Address of the handles of sync objects to signal.
        8 syncobj_handles: u64,
        /// How many.
        16 num_syncobj_handles: u64,
        /// Address of the GEM handles of buffers that are read.
        24 bo_read_handles: u64,
        /// Address of the GEM handles of buffers that are written.
        32 bo_write_handles: u64,
        /// How many are read.
        40 num_bo_read_handles: u32,
        /// How many are written.
        44 num_bo_write_handles: u32,
    }
    /// What a user-mode queue waits for: memory that reaches a value.
    UserqFenceInfo: "struct drm_amdgpu_userq_fence_info", 16 {
        /// GPU address.
        0 va: u64,
        /// The value.
        8 value: u64,
    }
    /// Asks what a user-mode queue has to wait for.
    UserqWait: "struct drm_amdgpu_userq_wait", 72 {
        /// The queue that will wait.
        0 waitq_id: u32,
        /// Zero.
        4 pad: u32,
        /// Address of the handles of sync objects.
        8 syncobj_handles: u64,
        /// Address of the handles of timeline sync objects.
        16 syncobj_timeline_handles: u64,
        /// Address of their points.
        24 syncobj_timeline_points: u64,
        /// Address of the GEM handles of buffers that are read.
        32 bo_read_handles: u64,
        /// Address of the GEM handles of buffers that are written.
        40 bo_write_handles: u64,
        /// How many timeline sync objects.
        48 num_syncobj_timeline_handles: u16,
        /// Room for answers; then their number. With 0 the kernel counts the fences and does nothing else.
        50 num_fences: u16,
        /// How many sync objects.
        52 num_syncobj_handles: u32,
        /// How many buffers are read.
        56 num_bo_read_handles: u32,
        /// How many are written.
        60 num_bo_write_handles: u32,
        /// Address of the [`UserqFenceInfo`] array to fill.
        64 out_fences: u64,
    }
    /// Answer of GPUVM_FAULT: the last fault.
    InfoGpuvmFault: "struct drm_amdgpu_info_gpuvm_fault", 16 {
        /// Faulting GPU virtual address.
        0 addr: u64,
        /// Status register of the hub.
        8 status: u32,
        /// `VMHUB_*`.
        12 vmhub: u32,
    }
}
