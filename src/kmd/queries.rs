//! The rest of INFO: what a device measures, counts and limits. Any node, no permission beyond the node's own.

use pm4::reg;

use super::device::Device;
use super::error::KmdError;
use super::node::Errno;
use super::uapi::*;

/// Something that a card measures. Not every card has every sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Sensor {
    /// Shader clock, MHz.
    ShaderClock = INFO_SENSOR_GFX_SCLK,
    /// Memory clock, MHz.
    MemoryClock = INFO_SENSOR_GFX_MCLK,
    /// Temperature, thousandths of a degree Celsius.
    Temperature = INFO_SENSOR_GPU_TEMP,
    /// Load, per cent.
    Load = INFO_SENSOR_GPU_LOAD,
    /// Average power, W.
    AveragePower = INFO_SENSOR_GPU_AVG_POWER,
    /// North bridge voltage, mV: APUs.
    NorthBridgeVoltage = INFO_SENSOR_VDDNB,
    /// Graphics voltage, mV.
    GraphicsVoltage = INFO_SENSOR_VDDGFX,
    /// Shader clock of the profiling state, MHz.
    StableShaderClock = INFO_SENSOR_STABLE_PSTATE_GFX_SCLK,
    /// Memory clock of the profiling state, MHz.
    StableMemoryClock = INFO_SENSOR_STABLE_PSTATE_GFX_MCLK,
    /// Shader clock of the peak state, MHz.
    PeakShaderClock = INFO_SENSOR_PEAK_PSTATE_GFX_SCLK,
    /// Memory clock of the peak state, MHz.
    PeakMemoryClock = INFO_SENSOR_PEAK_PSTATE_GFX_MCLK,
    /// Input power, W.
    InputPower = INFO_SENSOR_GPU_INPUT_POWER,
}

impl Sensor {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::ShaderClock,
        Self::MemoryClock,
        Self::Temperature,
        Self::Load,
        Self::AveragePower,
        Self::NorthBridgeVoltage,
        Self::GraphicsVoltage,
        Self::StableShaderClock,
        Self::StableMemoryClock,
        Self::PeakShaderClock,
        Self::PeakMemoryClock,
        Self::InputPower,
    ];
}

/// Something that the driver counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Counter {
    /// Bytes moved between domains since the driver was loaded.
    BytesMoved = INFO_NUM_BYTES_MOVED,
    /// Buffers evicted since then.
    Evictions = INFO_NUM_EVICTIONS,
    /// Page faults of the CPU on video memory since then.
    VramPageFaults = INFO_NUM_VRAM_CPU_PAGE_FAULTS,
    /// Bytes of video memory in use.
    VramUsed = INFO_VRAM_USAGE,
    /// Bytes of CPU-visible video memory in use.
    VisibleVramUsed = INFO_VIS_VRAM_USAGE,
    /// Bytes of GTT in use.
    GttUsed = INFO_GTT_USAGE,
}

/// `EINVAL` where the kernel or the card lacks it, as `None`.
fn optional<T>(answer: Result<T, KmdError>) -> Result<Option<T>, KmdError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(KmdError::Ioctl { errno: Errno::EINVAL | Errno::EOPNOTSUPP, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Byte addresses of registers whose value says which block of a card is stuck. The driver lets anybody read them
/// (`soc21_allowed_read_registers` of amdgpu's soc21.c names them).
pub const STATUS_REGISTERS: [u32; 12] = [
    reg::GRBM_STATUS.address(),
    reg::GRBM_STATUS2.address(),
    reg::CP_STAT.address(),
    reg::CP_STALLED_STAT1.address(),
    reg::CP_STALLED_STAT2.address(),
    reg::CP_STALLED_STAT3.address(),
    reg::CP_CPC_STATUS.address(),
    reg::CP_CPC_BUSY_STAT.address(),
    reg::CP_CPC_STALLED_STAT1.address(),
    reg::CP_CPF_STATUS.address(),
    reg::CP_CPF_BUSY_STAT.address(),
    reg::CP_CPF_STALLED_STAT1.address(),
];

impl Device {
    /// What a sensor shows; `None` where the card lacks it, or sleeps.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn sensor(&self, sensor: Sensor) -> Result<Option<u32>, KmdError> {
        optional(self.ask(INFO_SENSOR, [sensor as u32, 0, 0, 0]))
    }

    /// What the driver has counted.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn counter(&self, counter: Counter) -> Result<u64, KmdError> {
        self.ask(counter as u32, [0; 4])
    }

    /// Whether submissions work at all.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn is_working(&self) -> Result<bool, KmdError> {
        Ok(self.ask::<u32>(INFO_ACCEL_WORKING, [0; 4])? != 0)
    }

    /// Limits of the video decoder, or of the encoder, by codec.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn video_caps(&self, encode: bool) -> Result<Option<InfoVideoCaps>, KmdError> {
        let kind = if encode { INFO_VIDEO_CAPS_ENCODE } else { INFO_VIDEO_CAPS_DECODE };
        optional(self.ask(INFO_VIDEO_CAPS, [kind, 0, 0, 0]))
    }

    /// The video BIOS by name and version; `None` on an APU that has none.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn video_bios(&self) -> Result<Option<InfoVbios>, KmdError> {
        optional(self.ask(INFO_VBIOS, [INFO_VBIOS_INFO, 0, 0, 0]))
    }

    /// Sizes of the global data share and its relatives.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn gds(&self) -> Result<InfoGds, KmdError> {
        self.ask(INFO_GDS_CONFIG, [0; 4])
    }

    /// Most IBs of a submission by engine kind (`HW_IP_*`); `None` before DRM 3.50.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn max_ibs(&self) -> Result<Option<[u32; HW_IP_NUM as usize]>, KmdError> {
        optional(self.ask(INFO_MAX_IBS, [0; 4]))
    }

    /// The last page fault of the GPU, of any process; `None` before DRM 3.55, and where there was none.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn last_fault(&self) -> Result<Option<InfoGpuvmFault>, KmdError> {
        let fault: Option<InfoGpuvmFault> = optional(self.ask(INFO_GPUVM_FAULT, [0; 4]))?;
        Ok(fault.filter(|fault| fault.status != 0))
    }

    /// Blocks of the card that detect memory errors, a bit each; `None` without any.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn ras_features(&self) -> Result<Option<u64>, KmdError> {
        optional(self.ask(INFO_RAS_ENABLED_FEATURES, [0; 4]))
    }

    /// A register of those that the kernel lets user mode read, by its dword offset, broadcast over engines and arrays;
    /// `None` for others.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn register(&self, dword_offset: u32) -> Result<Option<u32>, KmdError> {
        match self.ask(INFO_READ_MMR_REG, [dword_offset, 1, u32::MAX, 0]) {
            // What the kernel doesn't let be read.
            Err(KmdError::Ioctl { errno: Errno::EFAULT, .. }) => Ok(None),
            answer => optional(answer),
        }
    }

    /// Engines that take user-mode queues, a bit an engine kind (`HW_IP_*`); 0 where kernel or firmware lack them.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn user_queue_engines(&self) -> Result<u32, KmdError> {
        Ok(self.ask::<InfoDevice>(INFO_DEV_INFO, [0; 4])?.userq_ip_mask)
    }
}
