//! What a device is: typed views of the INFO answers.

use std::fmt;

use super::uapi::*;

/// Kinds of engine that this crate submits to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Ip {
    /// The graphics ring; runs compute dispatches too.
    Gfx = HW_IP_GFX,
    /// The compute rings.
    Compute = HW_IP_COMPUTE,
    /// The copy engines.
    Sdma = HW_IP_DMA,
}

impl Ip {
    /// All of them, in the kernel's order.
    pub const ALL: [Self; 3] = [Self::Gfx, Self::Compute, Self::Sdma];
}

impl fmt::Display for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gfx => "gfx",
            Self::Compute => "compute",
            Self::Sdma => "sdma",
        })
    }
}

/// One ring of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ring {
    /// The engine.
    pub ip: Ip,
    /// The ring's number: a bit of [`IpInfo::ring_mask`].
    pub index: u32,
}

impl Ring {
    /// Ring 0 of the compute engine.
    pub const COMPUTE0: Self = Self { ip: Ip::Compute, index: 0 };
}

impl fmt::Display for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.ip, self.index)
    }
}

/// Version numbers of the driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// DRM major version: 3 for amdgpu.
    pub major: i32,
    /// DRM minor version: rises with every addition to the uapi.
    pub minor: i32,
    /// DRM patch level.
    pub patch: i32,
    /// The driver's name.
    pub driver: String,
    /// The driver's date.
    pub date: String,
    /// The driver's description.
    pub description: String,
}

/// Optional parts of the DRM core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Sync objects.
    pub syncobj: bool,
    /// Timeline sync objects.
    pub timeline: bool,
}

/// An engine as HW_IP_INFO describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IpInfo {
    /// Major and minor version.
    pub version: (u32, u32),
    /// Version by IP discovery: major, minor, revision; zeros before DRM 3.48.
    pub discovery: (u8, u8, u8),
    /// Rings that exist, a bit a ring; 0 without such an engine.
    pub ring_mask: u32,
    /// Alignment of an IB's address, bytes.
    pub ib_start_alignment: u32,
    /// Granularity of an IB's size, bytes.
    pub ib_size_alignment: u32,
}

impl IpInfo {
    pub(super) fn new(raw: &InfoHwIp) -> Self {
        let [revision, minor, major, _] = raw.ip_discovery_version.to_le_bytes();
        Self {
            version: (raw.hw_ip_version_major, raw.hw_ip_version_minor),
            discovery: (major, minor, revision),
            ring_mask: raw.available_rings,
            ib_start_alignment: raw.ib_start_alignment,
            ib_size_alignment: raw.ib_size_alignment,
        }
    }

    /// The rings' numbers, ascending.
    pub fn rings(self) -> impl Iterator<Item = u32> {
        (0..u32::BITS).filter(move |ring| self.ring_mask >> ring & 1 != 0)
    }
}

/// A firmware that a probe asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Firmware {
    /// Short name: `ME`, `PFP`, `MEC`, `RLC`, `SDMA`, `SMC`, `MES`, `IMU`.
    pub name: &'static str,
    /// Version.
    pub version: u32,
    /// Feature level.
    pub feature: u32,
}

/// The firmware that [`Device`](super::Device) asks for when it opens.
pub(super) const FIRMWARE: [(&str, u32); 8] = [
    ("ME", INFO_FW_GFX_ME),
    ("PFP", INFO_FW_GFX_PFP),
    ("MEC", INFO_FW_GFX_MEC),
    ("RLC", INFO_FW_GFX_RLC),
    ("SDMA", INFO_FW_SDMA),
    ("SMC", INFO_FW_SMC),
    ("MES", INFO_FW_MES),
    ("IMU", INFO_FW_IMU),
];

/// One heap, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heap {
    /// Physical size.
    pub total: u64,
    /// What allocations could use.
    pub usable: u64,
    /// What all processes use now.
    pub used: u64,
    /// The largest buffer, in theory.
    pub max_allocation: u64,
}

/// The heaps, as they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// Video memory.
    pub vram: Heap,
    /// The part of it that the CPU can map.
    pub visible_vram: Heap,
    /// System memory that the GPU can map.
    pub gtt: Heap,
}

impl Memory {
    pub(super) fn new(raw: &MemoryInfo) -> Self {
        let heap = |h: &HeapInfo| Heap {
            total: h.total_heap_size,
            usable: h.usable_heap_size,
            used: h.heap_usage,
            max_allocation: h.max_allocation,
        };
        Self { vram: heap(&raw.vram), visible_vram: heap(&raw.cpu_accessible_vram), gtt: heap(&raw.gtt) }
    }
}

/// Cache sizes in bytes; zeros before gfx11 and DRM 3.52.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caches {
    /// Vector L0 of a CU.
    pub l0_vector: u64,
    /// Scalar data cache, shared by a WGP.
    pub l0_scalar: u64,
    /// Instruction cache, shared by a WGP.
    pub instruction: u64,
    /// L1 of a shader array.
    pub l1: u64,
    /// L2.
    pub l2: u64,
    /// MALL (infinity cache).
    pub mall: u64,
}

/// What a device is; it does not change while the device is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// PCI device id.
    pub device_id: u32,
    /// PCI revision.
    pub pci_revision: u32,
    /// `FAMILY_*`.
    pub family: u32,
    /// Tells the chips of a family apart.
    pub external_revision: u32,
    /// Instruction set, as LLVM names it: `gfx1100`. `unknown` with the numbers for a chip newer than this crate.
    pub gfx_target: String,
    /// The chip's name: `Navi31`; empty where unknown.
    pub chip: &'static str,
    /// The product's name: `AMD Radeon RX 7900 XTX`; `AMD Radeon Graphics` where the id is not known here.
    pub marketing_name: &'static str,
    /// Integrated with a CPU.
    pub is_apu: bool,
    /// Shader engines.
    pub shader_engines: u32,
    /// Shader arrays a shader engine.
    pub shader_arrays_per_engine: u32,
    /// Compute units a shader array, counting the ones that are off.
    pub cus_per_shader_array: u32,
    /// Compute units in use.
    pub active_cus: u32,
    /// Compute units in use as the kernel lays them out; see [`DeviceInfo::cu_mask`].
    pub cu_bitmap: [[u32; 4]; 4],
    /// Frequency of the timestamp counter, Hz.
    pub timestamp_hz: u64,
    /// Highest shader clock, Hz.
    pub max_shader_hz: u64,
    /// Highest memory clock, Hz.
    pub max_memory_hz: u64,
    /// GPU addresses that user mode may map, the low range: first, and the one after the last.
    pub va_range: (u64, u64),
    /// The same of the high range; zeros without one.
    pub high_va_range: (u64, u64),
    /// Alignment of mappings, bytes.
    pub va_alignment: u32,
    /// Size that the translation caches like best, bytes.
    pub pte_fragment_bytes: u32,
    /// `VRAM_TYPE_*`.
    pub vram_type: u32,
    /// Memory bus, bits.
    pub vram_bits: u32,
    /// Lanes of a wave as the driver prefers them.
    pub wave_lanes: u32,
    /// VGPRs of a SIMD, in units of a wave32's registers.
    pub vgprs_per_simd: u32,
    /// L2 channels.
    pub l2_channels: u32,
    /// Caches.
    pub caches: Caches,
    /// PCIe generation and lanes; zeros where unknown.
    pub pcie: (u32, u32),
    /// The answer itself.
    pub raw: InfoDevice,
}

impl DeviceInfo {
    pub(super) fn new(raw: &InfoDevice, gfx: &IpInfo) -> Self {
        let (target, chip) = identify(raw, gfx);
        let clock = |khz: u64| khz.saturating_mul(1000);
        Self {
            device_id: raw.device_id,
            pci_revision: raw.pci_rev,
            family: raw.family,
            external_revision: raw.external_rev,
            gfx_target: target,
            chip,
            marketing_name: marketing_name(raw.device_id, raw.pci_rev),
            is_apu: raw.ids_flags & IDS_FLAGS_FUSION != 0,
            shader_engines: raw.num_shader_engines,
            shader_arrays_per_engine: raw.num_shader_arrays_per_engine,
            cus_per_shader_array: raw.num_cu_per_sh,
            active_cus: raw.cu_active_number,
            cu_bitmap: raw.cu_bitmap,
            timestamp_hz: clock(raw.gpu_counter_freq.into()),
            max_shader_hz: clock(raw.max_engine_clock),
            max_memory_hz: clock(raw.max_memory_clock),
            va_range: (raw.virtual_address_offset, raw.virtual_address_max),
            high_va_range: (raw.high_va_offset, raw.high_va_max),
            va_alignment: raw.virtual_address_alignment,
            pte_fragment_bytes: raw.pte_fragment_size,
            vram_type: raw.vram_type,
            vram_bits: raw.vram_bit_width,
            wave_lanes: raw.wave_front_size,
            vgprs_per_simd: raw.num_shader_visible_vgprs,
            l2_channels: raw.num_tcc_blocks,
            caches: Caches {
                l0_vector: raw.tcp_cache_size.into(),
                l0_scalar: raw.sqc_data_cache_size.into(),
                instruction: raw.sqc_inst_cache_size.into(),
                l1: raw.gl1c_cache_size.into(),
                l2: raw.gl2c_cache_size.into(),
                mall: raw.mall_size,
            },
            pcie: (raw.pcie_gen, raw.pcie_num_lanes),
            raw: *raw,
        }
    }

    /// Compute units in use in one shader array, a bit a CU. The uapi's table has four rows; engines from the fifth
    /// on are kept in the upper columns: `[engine % 4][engine / 4 * 2 + array]`. `None` outside the table.
    pub fn cu_mask(&self, engine: u32, array: u32) -> Option<u32> {
        let column = if self.shader_engines > 4 { engine / 4 * 2 + array } else { array };
        self.cu_bitmap.get(engine as usize % 4)?.get(column as usize).copied().filter(|_| engine < 8)
    }

    /// The memory's kind: `GDDR6`.
    pub fn vram_type_name(&self) -> &'static str {
        match self.vram_type {
            VRAM_TYPE_GDDR1 => "GDDR1",
            VRAM_TYPE_DDR2 => "DDR2",
            VRAM_TYPE_GDDR3 => "GDDR3",
            VRAM_TYPE_GDDR4 => "GDDR4",
            VRAM_TYPE_GDDR5 => "GDDR5",
            VRAM_TYPE_HBM => "HBM",
            VRAM_TYPE_DDR3 => "DDR3",
            VRAM_TYPE_DDR4 => "DDR4",
            VRAM_TYPE_GDDR6 => "GDDR6",
            VRAM_TYPE_DDR5 => "DDR5",
            VRAM_TYPE_LPDDR4 => "LPDDR4",
            VRAM_TYPE_LPDDR5 => "LPDDR5",
            _ => "unknown",
        }
    }
}

/// Graphics IP versions, the LLVM target that runs on them, and the chip.
const TARGETS: &[((u8, u8, u8), &str, &str)] = &[
    ((10, 1, 10), "gfx1010", "Navi10"),
    ((10, 1, 2), "gfx1011", "Navi12"),
    ((10, 1, 1), "gfx1012", "Navi14"),
    ((10, 3, 0), "gfx1030", "Navi21"),
    ((10, 3, 2), "gfx1031", "Navi22"),
    ((10, 3, 4), "gfx1032", "Navi23"),
    ((10, 3, 1), "gfx1033", "Van Gogh"),
    ((10, 3, 5), "gfx1034", "Navi24"),
    ((10, 3, 3), "gfx1035", "Rembrandt"),
    ((10, 3, 6), "gfx1036", "Raphael"),
    ((10, 3, 7), "gfx1036", "Mendocino"),
    ((11, 0, 0), "gfx1100", "Navi31"),
    ((11, 0, 3), "gfx1101", "Navi32"),
    ((11, 0, 2), "gfx1102", "Navi33"),
    ((11, 0, 1), "gfx1103", "Phoenix"),
    ((11, 0, 4), "gfx1103", "Hawk Point"),
    ((11, 5, 0), "gfx1150", "Strix Point"),
    ((11, 5, 1), "gfx1151", "Strix Halo"),
    ((11, 5, 2), "gfx1152", "Krackan Point"),
    ((11, 5, 3), "gfx1153", "gfx1153"),
    ((12, 0, 0), "gfx1200", "Navi44"),
    ((12, 0, 1), "gfx1201", "Navi48"),
];

/// The IP version where the kernel gives one (DRM 3.48), else what family and external revision say. The kernel
/// numbers external revisions in blocks: for family 145 from 0x01 Navi31, from 0x10 Navi33, from 0x20 Navi32.
fn identify(raw: &InfoDevice, gfx: &IpInfo) -> (String, &'static str) {
    let version = match gfx.discovery {
        (0, 0, 0) => match (raw.family, raw.external_rev) {
            (FAMILY_GC_11_0_0, 0x01..=0x0f) => (11, 0, 0),
            (FAMILY_GC_11_0_0, 0x10..=0x1f) => (11, 0, 2),
            (FAMILY_GC_11_0_0, 0x20..=0xff) => (11, 0, 3),
            (FAMILY_GC_11_0_1, _) => (11, 0, 1),
            (FAMILY_GC_11_5_0, 0x01..=0x3f) => (11, 5, 0),
            (FAMILY_GC_11_5_0, 0xc0..=0xff) => (11, 5, 1),
            (FAMILY_NV, 0x01..=0x09) => (10, 1, 10),
            (FAMILY_NV, 0x0a..=0x13) => (10, 1, 2),
            (FAMILY_NV, 0x14..=0x27) => (10, 1, 1),
            (FAMILY_NV, 0x28..=0x31) => (10, 3, 0),
            (FAMILY_NV, 0x32..=0x3b) => (10, 3, 2),
            (FAMILY_NV, 0x3c..=0x45) => (10, 3, 4),
            (FAMILY_NV, 0x46..=0x4f) => (10, 3, 5),
            (FAMILY_VGH, _) => (10, 3, 1),
            (FAMILY_YC, _) => (10, 3, 3),
            (FAMILY_GC_10_3_6, _) => (10, 3, 6),
            (FAMILY_GC_10_3_7, _) => (10, 3, 7),
            _ => (0, 0, 0),
        },
        version => version,
    };
    match TARGETS.iter().find(|(known, ..)| *known == version) {
        Some(&(_, target, chip)) => (target.to_owned(), chip),
        None => {
            let (major, minor, revision) = version;
            let (family, external) = (raw.family, raw.external_rev);
            (format!("unknown (GC {major}.{minor}.{revision}, family {family}, revision {external:#x})"), "")
        }
    }
}

/// Products by PCI device id and revision, for the cards that this project is for (the ids of libdrm's amdgpu.ids).
fn marketing_name(device: u32, revision: u32) -> &'static str {
    match (device, revision) {
        (0x744c, 0xc8) => "AMD Radeon RX 7900 XTX",
        (0x744c, 0xcc) => "AMD Radeon RX 7900 XT",
        (0x744c, 0xce) => "AMD Radeon RX 7900 GRE",
        (0x744c, 0xcf) => "AMD Radeon RX 7900M",
        (0x7448, _) => "AMD Radeon Pro W7900",
        (0x745e, _) => "AMD Radeon Pro W7800",
        (0x747e, 0xc8) => "AMD Radeon RX 7800 XT",
        (0x747e, 0xff) => "AMD Radeon RX 7700 XT",
        (0x7480, 0xc0) => "AMD Radeon RX 7600 XT",
        (0x7480, 0xcf) => "AMD Radeon RX 7600",
        _ => "AMD Radeon Graphics",
    }
}
