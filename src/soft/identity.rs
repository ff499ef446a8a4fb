//! What a software card says that it is: a row of [`PARTS`], all else follows from it.
//!
//! Values are those of the products' published descriptions and of what their kernel driver reports: shader engines,
//! arrays and CUs, caches, memory and its bus, a 100 MHz time stamp counter.

use pm4::reg;

use super::fence::monotonic_ns;
use crate::kmd::{STATUS_REGISTERS, uapi};

/// DRM driver version that is reported: amdgpu 3.61.
pub const VERSION: [i32; 3] = [3, 61, 0];
/// The minor version of a card with user-mode queues: 3.64, whose DEV_INFO first told of them.
pub const MINOR_WITH_QUEUES: i32 = 64;
/// Driver name.
pub const DRIVER: &str = "amdgpu";
/// Driver date, as every recent kernel gives it.
pub const DATE: &str = "0";
/// Driver description.
pub const DESCRIPTION: &str = "AMD GPU";
/// Frequency of the timestamp counter.
pub const COUNTER_HZ: u64 = 100_000_000;
/// Compute rings (pipes of one micro engine).
pub const COMPUTE_RINGS: u32 = 4;
/// Bytes of the global data share.
pub const GDS_BYTES: u64 = 0x1000;
/// Entries of global wave sync.
pub const GWS: u64 = 64;
/// Entries of ordered append.
pub const OA: u64 = 16;

const MIB: u64 = 1 << 20;

/// The gfx11 parts that a software card may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Arch {
    /// Navi31, as an RX 7900 XTX.
    #[default]
    Gfx1100,
    /// Navi32, as an RX 7800 XT.
    Gfx1101,
    /// Navi33, as an RX 7600.
    Gfx1102,
    /// Phoenix, as a Radeon 780M: an APU.
    Gfx1103,
}

impl Arch {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gfx1100, Self::Gfx1101, Self::Gfx1102, Self::Gfx1103];

    /// The instruction set, as LLVM names it.
    pub fn target(self) -> &'static str {
        self.part().target
    }

    /// The part of that LLVM name.
    pub fn from_target(target: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|arch| arch.target() == target)
    }

    /// PCI device id.
    pub fn device_id(self) -> u16 {
        self.part().device_id
    }

    /// PCI revision.
    pub fn revision(self) -> u8 {
        self.part().revision
    }

    /// Video memory of the product, in bytes.
    pub fn vram_bytes(self) -> u64 {
        self.part().vram_mib * MIB
    }

    /// The row.
    pub(super) const fn part(self) -> &'static Part {
        &PARTS[self as usize]
    }
}

/// One part.
#[derive(Debug)]
pub struct Part {
    target: &'static str,
    device_id: u16,
    revision: u8,
    family: u32,
    /// The kernel numbers the chips of a family in blocks.
    external_rev: u32,
    /// Revision of the graphics engine 11.0, and of the copy engine 6.0.
    ip_revisions: [u32; 2],
    apu: bool,
    /// Shader engines, each of two arrays.
    pub engines: u32,
    /// CUs of an array.
    pub cus: u32,
    render_backends: u32,
    /// Lines of a SIMD's register file for wave32.
    pub vgprs: u32,
    /// L2 channels of 256 KiB.
    channels: u32,
    mall_mib: u64,
    vram_mib: u64,
    vram_type: u32,
    bus_bits: u32,
    /// Lowest and highest clocks, MHz.
    engine_mhz: [u64; 2],
    memory_mhz: [u64; 2],
    /// `GB_ADDR_CONFIG`: how addresses spread over pipes and packers.
    pub addr_config: u32,
    /// Copy engines.
    pub sdma_rings: u32,
}

/// A row a part, in the order of [`Arch`].
const PARTS: [Part; 4] = [
    Part {
        target: "gfx1100",
        device_id: 0x744c,
        revision: 0xc8,
        family: uapi::FAMILY_GC_11_0_0,
        external_rev: 0x01,
        ip_revisions: [0, 0],
        apu: false,
        engines: 6,
        cus: 8,
        render_backends: 24,
        vgprs: 1536,
        channels: 24,
        mall_mib: 96,
        vram_mib: 24 << 10,
        vram_type: uapi::VRAM_TYPE_GDDR6,
        bus_bits: 384,
        engine_mhz: [500, 2500],
        memory_mhz: [96, 1249],
        addr_config: 0x545,
        sdma_rings: 2,
    },
    Part {
        target: "gfx1101",
        device_id: 0x747e,
        revision: 0xc8,
        family: uapi::FAMILY_GC_11_0_0,
        external_rev: 0x20,
        ip_revisions: [3, 3],
        apu: false,
        engines: 3,
        cus: 10,
        render_backends: 12,
        vgprs: 1536,
        channels: 16,
        mall_mib: 64,
        vram_mib: 16 << 10,
        vram_type: uapi::VRAM_TYPE_GDDR6,
        bus_bits: 256,
        engine_mhz: [500, 2430],
        memory_mhz: [96, 1218],
        addr_config: 0x444,
        sdma_rings: 2,
    },
    Part {
        target: "gfx1102",
        device_id: 0x7480,
        revision: 0xcf,
        family: uapi::FAMILY_GC_11_0_0,
        external_rev: 0x10,
        ip_revisions: [2, 2],
        apu: false,
        engines: 2,
        cus: 8,
        render_backends: 8,
        vgprs: 1024,
        channels: 8,
        mall_mib: 32,
        vram_mib: 8 << 10,
        vram_type: uapi::VRAM_TYPE_GDDR6,
        bus_bits: 128,
        engine_mhz: [500, 2655],
        memory_mhz: [96, 1124],
        addr_config: 0x343,
        sdma_rings: 2,
    },
    Part {
        target: "gfx1103",
        device_id: 0x15bf,
        revision: 0xc4,
        family: uapi::FAMILY_GC_11_0_1,
        external_rev: 0x01,
        ip_revisions: [1, 1],
        apu: true,
        engines: 1,
        cus: 6,
        render_backends: 4,
        vgprs: 1024,
        channels: 8,
        mall_mib: 0,
        // What firmware sets aside of the system's memory.
        vram_mib: 512,
        vram_type: uapi::VRAM_TYPE_LPDDR5,
        bus_bits: 128,
        engine_mhz: [800, 2700],
        memory_mhz: [400, 2800],
        addr_config: 0x242,
        sdma_rings: 1,
    },
];

/// The timestamp counter: the host's clock at the counter's frequency.
pub fn timestamp() -> u64 {
    (u128::from(monotonic_ns() as u64) * u128::from(COUNTER_HZ) / 1_000_000_000) as u64
}

impl Part {
    /// CUs in use.
    pub fn active_cus(&self) -> u32 {
        self.engines * 2 * self.cus
    }

    /// The CUs of an engine as COMPUTE_STATIC_THREAD_MGMT names them: half a register an array.
    pub fn cu_mask(&self) -> u32 {
        let array = (1 << self.cus) - 1;
        array << 16 | array
    }

    /// What `INFO_DEV_INFO` tells beside [`device`](Self::device) where there are user-mode queues: the sizes of what the
    /// graphics engine keeps of one (the driver's `MQD_SHADOW_BASE_SIZE` and `MQD_FWWORKAREA_SIZE` of gfx11), and the engines.
    pub fn shadow(&self) -> uapi::InfoDevice {
        uapi::InfoDevice {
            shadow_size: 73728,
            shadow_alignment: 256,
            csa_size: 484,
            csa_alignment: 256,
            userq_ip_mask: 1 << uapi::HW_IP_GFX | 1 << uapi::HW_IP_COMPUTE,
            ..Default::default()
        }
    }

    /// Answer of `INFO_DEV_INFO`.
    pub fn device(&self) -> uapi::InfoDevice {
        let mut cu_bitmap = [[0; 4]; 4];
        for engine in 0..self.engines as usize {
            for array in 0..2 {
                cu_bitmap[engine % 4][(engine / 4) * 2 + array] = (1 << self.cus) - 1;
            }
        }
        uapi::InfoDevice {
            device_id: self.device_id.into(),
            chip_rev: 0,
            external_rev: self.external_rev,
            pci_rev: self.revision.into(),
            family: self.family,
            num_shader_engines: self.engines,
            num_shader_arrays_per_engine: 2,
            gpu_counter_freq: (COUNTER_HZ / 1000) as u32,
            max_engine_clock: self.engine_mhz[1] * 1000,
            max_memory_clock: self.memory_mhz[1] * 1000,
            cu_active_number: self.active_cus(),
            cu_bitmap,
            enabled_rb_pipes_mask: (1 << self.render_backends) - 1,
            num_rb_pipes: self.render_backends,
            num_hw_gfx_contexts: 8,
            pcie_gen: 4,
            ids_flags: if self.apu { uapi::IDS_FLAGS_FUSION } else { 0 },
            virtual_address_offset: super::vm::VA_START,
            virtual_address_max: super::vm::HOLE_START,
            virtual_address_alignment: 4096,
            pte_fragment_size: 2 << 20,
            gart_page_size: 4096,
            vram_type: self.vram_type,
            vram_bit_width: self.bus_bits,
            wave_front_size: 32,
            num_shader_visible_vgprs: self.vgprs,
            num_cu_per_sh: self.cus,
            num_tcc_blocks: self.channels,
            max_gs_waves_per_vgt: 32,
            pcie_num_lanes: 16,
            high_va_offset: super::vm::HOLE_END,
            high_va_max: super::vm::HIGH_MAX,
            min_engine_clock: self.engine_mhz[0] * 1000,
            min_memory_clock: self.memory_mhz[0] * 1000,
            tcp_cache_size: 32 << 10,
            num_sqc_per_wgp: 1,
            sqc_data_cache_size: 16 << 10,
            sqc_inst_cache_size: 32 << 10,
            gl1c_cache_size: 256 << 10,
            gl2c_cache_size: self.channels * (256 << 10),
            mall_size: self.mall_mib * MIB,
            ..Default::default()
        }
    }

    /// Answer of `INFO_HW_IP_INFO`: engines that the software card lacks have no ring.
    pub fn hw_ip(&self, kind: u32) -> uapi::InfoHwIp {
        let (rings, major, revision, start, size) = match kind {
            uapi::HW_IP_GFX => (1, 11, self.ip_revisions[0], 32, 32),
            uapi::HW_IP_COMPUTE => (COMPUTE_RINGS, 11, self.ip_revisions[0], 32, 32),
            // The driver wants the copy engine's buffers at multiples of 256.
            uapi::HW_IP_DMA => (self.sdma_rings, 6, self.ip_revisions[1], 256, 4),
            _ => return uapi::InfoHwIp::default(),
        };
        uapi::InfoHwIp {
            hw_ip_version_major: major,
            hw_ip_version_minor: 0,
            capabilities_flags: 0,
            ib_start_alignment: start,
            ib_size_alignment: size,
            available_rings: (1 << rings) - 1,
            ip_discovery_version: major << 16 | revision,
        }
    }

    /// Answer of `INFO_FW_VERSION`; `None` for a kind that doesn't exist, or a copy engine that doesn't.
    pub fn firmware(&self, kind: u32, index: u32) -> Option<uapi::InfoFirmware> {
        let (ver, feature) = match kind {
            uapi::INFO_FW_SDMA if index >= self.sdma_rings => return None,
            uapi::INFO_FW_SDMA => (21, 60),
            uapi::INFO_FW_GFX_ME => (1486, 29),
            uapi::INFO_FW_GFX_PFP => (1525, 29),
            uapi::INFO_FW_GFX_MEC => (494, 29),
            uapi::INFO_FW_VCE..=uapi::INFO_FW_VPE => (0, 0),
            _ => return None,
        };
        Some(uapi::InfoFirmware { ver, feature })
    }

    /// Registers that `INFO_READ_MMR_REG` answers: of those that amdgpu lets be read on this family
    /// (`soc21_allowed_read_registers`), the configuration of addresses and the states of blocks, which are busy or idle
    /// together.
    pub fn register(&self, dword_offset: u32, busy: bool) -> Option<u32> {
        const GB_ADDR_CONFIG: u32 = 0x263e;
        /// What has no cache to write back: DB_CLEAN and CB_CLEAN.
        const CLEAN: u32 = 3 << 12;
        /// SPI_BUSY, CP_BUSY and GUI_ACTIVE.
        const BUSY: u32 = 1 << 22 | 1 << 29 | 1 << 31;
        match dword_offset.checked_mul(4)? {
            _ if dword_offset == GB_ADDR_CONFIG => Some(self.addr_config),
            at if at == reg::GRBM_STATUS.address() => Some(if busy { CLEAN | BUSY } else { CLEAN }),
            at => STATUS_REGISTERS.contains(&at).then_some(0),
        }
    }

    /// A clock under a power state, in MHz.
    fn clock(&self, range: [u64; 2], pstate: u32, minimum: u32) -> u64 {
        match pstate {
            uapi::CTX_STABLE_PSTATE_STANDARD => (range[0] + range[1]) / 2,
            low if low == minimum => range[0],
            _ => range[1],
        }
    }

    /// Answer of `INFO_SENSOR`; `None` for what there is no sensor for. There is no hardware to measure: clocks are those
    /// of the power state, the load is whether a ring works, and the rest is what an idle card shows.
    pub fn sensor(&self, kind: u32, pstate: u32, busy: bool) -> Option<u32> {
        let engine = |pstate| self.clock(self.engine_mhz, pstate, uapi::CTX_STABLE_PSTATE_MIN_SCLK);
        let memory = |pstate| self.clock(self.memory_mhz, pstate, uapi::CTX_STABLE_PSTATE_MIN_MCLK);
        let value = match kind {
            uapi::INFO_SENSOR_GFX_SCLK => engine(pstate),
            uapi::INFO_SENSOR_GFX_MCLK => memory(pstate),
            uapi::INFO_SENSOR_GPU_TEMP => 40_000,
            uapi::INFO_SENSOR_GPU_LOAD => {
                if busy {
                    100
                } else {
                    0
                }
            }
            uapi::INFO_SENSOR_GPU_AVG_POWER if !self.apu => 20,
            uapi::INFO_SENSOR_GPU_INPUT_POWER if self.apu => 20,
            uapi::INFO_SENSOR_VDDNB if self.apu => 700,
            uapi::INFO_SENSOR_VDDGFX => 700,
            uapi::INFO_SENSOR_STABLE_PSTATE_GFX_SCLK => engine(uapi::CTX_STABLE_PSTATE_STANDARD),
            uapi::INFO_SENSOR_STABLE_PSTATE_GFX_MCLK => memory(uapi::CTX_STABLE_PSTATE_STANDARD),
            uapi::INFO_SENSOR_PEAK_PSTATE_GFX_SCLK => engine(uapi::CTX_STABLE_PSTATE_PEAK),
            uapi::INFO_SENSOR_PEAK_PSTATE_GFX_MCLK => memory(uapi::CTX_STABLE_PSTATE_PEAK),
            _ => return None,
        };
        Some(value as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_what_their_names_say() {
        for (arch, cus, gib) in [(Arch::Gfx1100, 96, 24), (Arch::Gfx1101, 60, 16), (Arch::Gfx1102, 32, 8)] {
            assert_eq!((arch.part().active_cus(), arch.vram_bytes() >> 30), (cus, gib), "{arch:?}");
        }
        assert_eq!(Arch::Gfx1103.part().active_cus(), 12);
        for arch in Arch::ALL {
            assert_eq!(Arch::from_target(arch.target()), Some(arch));
            let device = arch.part().device();
            let bits: u32 = device.cu_bitmap.iter().flatten().map(|b| b.count_ones()).sum();
            assert_eq!(bits, device.cu_active_number);
            assert_eq!(arch.part().cu_mask().count_ones() * device.num_shader_engines, bits);
        }
        assert_eq!(Arch::from_target("gfx1030"), None);
    }
}
