//! What the software card says that it is: an RX 7900 XTX (Navi31).
//!
//! Values are those of the product's published description and of what its kernel driver reports: 6 shader engines
//! of 2 arrays of 8 CUs, 24 GiB of GDDR6 on 384 bits, a 100 MHz timestamp counter.

use super::fence::monotonic_ns;
use crate::kmd::uapi;

/// DRM driver version that is reported: amdgpu 3.61.
pub const VERSION: [i32; 3] = [3, 61, 0];
/// Driver name.
pub const DRIVER: &str = "amdgpu";
/// Driver date, as every recent kernel gives it.
pub const DATE: &str = "0";
/// Driver description.
pub const DESCRIPTION: &str = "AMD GPU";
/// Frequency of the timestamp counter.
pub const COUNTER_HZ: u64 = 100_000_000;
/// Shader engines.
pub const SHADER_ENGINES: u32 = 6;
/// Compute rings (pipes of one micro engine).
pub const COMPUTE_RINGS: u32 = 4;

/// Copy engines.
pub const SDMA_RINGS: u32 = 2;

/// The timestamp counter: the host's clock at the counter's frequency.
pub fn timestamp() -> u64 {
    (u128::from(monotonic_ns() as u64) * u128::from(COUNTER_HZ) / 1_000_000_000) as u64
}

/// Answer of `INFO_DEV_INFO`.
pub fn device() -> uapi::InfoDevice {
    let mut cu_bitmap = [[0; 4]; 4];
    for engine in 0..SHADER_ENGINES as usize {
        for array in 0..2 {
            cu_bitmap[engine % 4][(engine / 4) * 2 + array] = 0xff;
        }
    }
    uapi::InfoDevice {
        device_id: 0x744c,
        chip_rev: 0,
        external_rev: 1,
        pci_rev: 0xc8,
        family: uapi::FAMILY_GC_11_0_0,
        num_shader_engines: SHADER_ENGINES,
        num_shader_arrays_per_engine: 2,
        gpu_counter_freq: (COUNTER_HZ / 1000) as u32,
        max_engine_clock: 2_500_000,
        max_memory_clock: 1_249_000,
        cu_active_number: 96,
        cu_bitmap,
        enabled_rb_pipes_mask: 0x00ff_ffff,
        num_rb_pipes: 24,
        num_hw_gfx_contexts: 8,
        pcie_gen: 4,
        virtual_address_offset: super::vm::VA_START,
        virtual_address_max: super::vm::HOLE_START,
        virtual_address_alignment: 4096,
        pte_fragment_size: 2 << 20,
        gart_page_size: 4096,
        vram_type: uapi::VRAM_TYPE_GDDR6,
        vram_bit_width: 384,
        wave_front_size: 32,
        num_shader_visible_vgprs: 1536,
        num_cu_per_sh: 8,
        num_tcc_blocks: 24,
        max_gs_waves_per_vgt: 32,
        pcie_num_lanes: 16,
        high_va_offset: super::vm::HOLE_END,
        high_va_max: super::vm::HIGH_MAX,
        min_engine_clock: 500_000,
        min_memory_clock: 96_000,
        tcp_cache_size: 32 << 10,
        num_sqc_per_wgp: 1,
        sqc_data_cache_size: 16 << 10,
        sqc_inst_cache_size: 32 << 10,
        gl1c_cache_size: 256 << 10,
        gl2c_cache_size: 6144 << 10,
        mall_size: 96 << 20,
        ..Default::default()
    }
}

/// Answer of `INFO_HW_IP_INFO`: engines that the software card lacks have no ring.
pub fn hw_ip(kind: u32) -> uapi::InfoHwIp {
    let available_rings = match kind {
        uapi::HW_IP_GFX => 1,
        uapi::HW_IP_COMPUTE => (1 << COMPUTE_RINGS) - 1,
        // SDMA 6.0.0, whose buffers the driver wants at multiples of 256.
        uapi::HW_IP_DMA => {
            return uapi::InfoHwIp {
                hw_ip_version_major: 6,
                hw_ip_version_minor: 0,
                capabilities_flags: 0,
                ib_start_alignment: 256,
                ib_size_alignment: 4,
                available_rings: (1 << SDMA_RINGS) - 1,
                ip_discovery_version: 0x06_0000,
            };
        }
        _ => return uapi::InfoHwIp::default(),
    };
    uapi::InfoHwIp {
        hw_ip_version_major: 11,
        hw_ip_version_minor: 0,
        capabilities_flags: 0,
        ib_start_alignment: 32,
        ib_size_alignment: 32,
        available_rings,
        ip_discovery_version: 0x0b_0000,
    }
}

/// Answer of `INFO_FW_VERSION`; `None` for a kind that doesn't exist, or a copy engine that doesn't.
pub fn firmware(kind: u32, index: u32) -> Option<uapi::InfoFirmware> {
    let (ver, feature) = match kind {
        uapi::INFO_FW_SDMA if index >= SDMA_RINGS => return None,
        uapi::INFO_FW_SDMA => (21, 60),
        uapi::INFO_FW_GFX_ME => (1486, 29),
        uapi::INFO_FW_GFX_PFP => (1525, 29),
        uapi::INFO_FW_GFX_MEC => (494, 29),
        uapi::INFO_FW_VCE..=uapi::INFO_FW_IMU => (0, 0),
        _ => return None,
    };
    Some(uapi::InfoFirmware { ver, feature })
}

/// Registers that `INFO_READ_MMR_REG` answers: `GB_ADDR_CONFIG` alone.
pub fn register(dword_offset: u32) -> Option<u32> {
    (dword_offset == 0x263e).then_some(0x545)
}
