//! What the preamble has to know of a device: shader engines, CUs, scratch.

use crate::reg::{COMPUTE_STATIC_THREAD_MGMT_SE4, COMPUTE_TMPRING_SIZE};
use crate::submission::canonical;
use crate::{EncodeError, Gfx};

/// Shader engines that the registers can name.
pub const ENGINES_MAX: usize = 8;
/// Granule of `COMPUTE_TMPRING_SIZE.WAVESIZE` in bytes, on gfx11 and gfx11.5 (Mesa's `scratch_wavesize_granularity`).
pub const SCRATCH_GRANULE: u32 = 256;
/// Waves of scratch for each CU, Mesa's number.
const SCRATCH_WAVES_OF_CU: u32 = 32;
/// Waves of the greatest workgroup: 1024 threads of wave32.
const WAVES_OF_GROUP: u32 = 32;

/// The compute units of a device that dispatches use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    gfx: Gfx,
    engines: u32,
    cus_of_array: u32,
    masks: [[u16; 2]; ENGINES_MAX],
}

impl Device {
    /// A part with everything that its silicon has. Numbers of shader engines and CUs from PAL's device tables, two
    /// shader arrays an engine:
    ///
    /// | target | engines | CUs an array | CUs |
    /// |---|---|---|---|
    /// | gfx1100 | 6 | 8 | 96 |
    /// | gfx1101 | 3 | 10 | 60 |
    /// | gfx1102 | 2 | 8 | 32 |
    /// | gfx1103 | 1 | 6 | 12 |
    /// | gfx1150 | 1 | 8 | 16 |
    /// | gfx1151 | 2 | 10 | 40 |
    ///
    /// Products have fewer; [`with_engines`](Self::with_engines) takes what the kernel says of the device at hand.
    #[must_use]
    pub const fn of(gfx: Gfx) -> Self {
        let (engines, cus_of_array) = match gfx {
            Gfx::Gfx1100 => (6, 8),
            Gfx::Gfx1101 => (3, 10),
            Gfx::Gfx1102 => (2, 8),
            Gfx::Gfx1103 => (1, 6),
            Gfx::Gfx1150 => (1, 8),
            Gfx::Gfx1151 => (2, 10),
        };
        Self { gfx, engines, cus_of_array, masks: all_cus(engines) }
    }

    /// The same with this number of shader engines (`num_shader_engines` of DEV_INFO), all their CUs enabled. A set
    /// bit of a CU that is not there or fused off does nothing.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] outside 1 to 8.
    pub const fn with_engines(self, engines: u32) -> Result<Self, EncodeError> {
        if engines == 0 || engines > ENGINES_MAX as u32 {
            return Err(EncodeError::Invalid { what: "shader engines, 1 to 8", value: engines as u64 });
        }
        Ok(Self { engines, masks: all_cus(engines), ..self })
    }

    /// The same with these CUs only: for each shader engine, a mask of each of its two shader arrays. A mask of 0 in
    /// all arrays switches the engine off.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for more engines than there are, no CU at all, or one CU of a workgroup processor
    /// without the other (bits 2n and 2n + 1), which workgroups in WGP mode could not use.
    pub fn with_cus(self, masks: &[[u16; 2]]) -> Result<Self, EncodeError> {
        let invalid = |what, value: u64| Err(EncodeError::Invalid { what, value });
        if masks.len() > self.engines as usize {
            return invalid("CU masks for more shader engines than there are", masks.len() as u64);
        }
        if masks.iter().flatten().all(|&m| m == 0) {
            return invalid("CU masks without a CU", 0);
        }
        if let Some(&half) = masks.iter().flatten().find(|&&m| (m ^ m >> 1) & 0x5555 != 0) {
            return invalid("a CU mask with one CU of a workgroup processor", half.into());
        }
        let mut device = Self { masks: [[0; 2]; ENGINES_MAX], ..self };
        device.masks[..masks.len()].copy_from_slice(masks);
        Ok(device)
    }

    /// The target.
    #[must_use]
    pub const fn gfx(&self) -> Gfx {
        self.gfx
    }

    /// Shader engines.
    #[must_use]
    pub const fn engines(&self) -> u32 {
        self.engines
    }

    /// The value of `COMPUTE_STATIC_THREAD_MGMT_SE<engine>`.
    #[must_use]
    pub fn cu_mask(&self, engine: usize) -> COMPUTE_STATIC_THREAD_MGMT_SE4 {
        let [sa0, sa1] = self.masks.get(engine).copied().unwrap_or_default();
        COMPUTE_STATIC_THREAD_MGMT_SE4::from_bits(u32::from(sa0) | u32::from(sa1) << 16)
    }

    /// Waves that have scratch at a time in one shader engine: as many as Mesa gives them.
    #[must_use]
    pub const fn scratch_waves(&self) -> u32 {
        SCRATCH_WAVES_OF_CU * self.cus_of_array * 2
    }

    /// Bytes of scratch memory for this much a lane, with which no wave ever waits for it.
    #[must_use]
    pub fn scratch_bytes(&self, bytes_of_lane: u32, wave32: bool) -> u64 {
        let wave = wave_bytes(bytes_of_lane, wave32);
        u64::from(self.scratch_waves()) * u64::from(self.engines) * wave
    }
}

const fn all_cus(engines: u32) -> [[u16; 2]; ENGINES_MAX] {
    let mut masks = [[0; 2]; ENGINES_MAX];
    let mut engine = 0;
    while engine < engines as usize {
        masks[engine] = [u16::MAX; 2];
        engine += 1;
    }
    masks
}

fn wave_bytes(bytes_of_lane: u32, wave32: bool) -> u64 {
    (u64::from(bytes_of_lane) * if wave32 { 32 } else { 64 }).next_multiple_of(SCRATCH_GRANULE.into())
}

/// Scratch memory as dispatches are told of it: `COMPUTE_DISPATCH_SCRATCH_BASE` and `COMPUTE_TMPRING_SIZE`.
///
/// On gfx11 `WAVES` counts for one shader engine, and `WAVESIZE` is in units of 256 bytes (Mesa's compute scratch).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scratch {
    base_va: u64,
    wave_bytes: u32,
    tmpring_size: COMPUTE_TMPRING_SIZE,
}

impl Scratch {
    /// Scratch of `bytes_of_lane` for each lane, in `bytes` of memory at `base_va`. Memory for fewer waves than could
    /// run makes the rest wait.
    ///
    /// The memory must stay as long as any stream that was recorded with it may run.
    ///
    /// # Errors
    /// [`EncodeError::Misaligned`] unless `base_va` is a multiple of 256, [`EncodeError::Invalid`] where it is not
    /// canonical or the memory does not hold one workgroup in each shader engine, and
    /// [`EncodeError::FieldOverflow`] for a wave of more than 8 MiB.
    pub fn new(
        device: &Device,
        base_va: u64,
        bytes: u64,
        bytes_of_lane: u32,
        wave32: bool,
    ) -> Result<Self, EncodeError> {
        if !base_va.is_multiple_of(256) {
            return Err(EncodeError::Misaligned { field: "scratch base", value: base_va, align: 256 });
        }
        if canonical(base_va) != base_va {
            return Err(EncodeError::Invalid { what: "scratch is not at a canonical 48-bit address", value: base_va });
        }
        let wave = wave_bytes(bytes_of_lane.max(1), wave32);
        let room = bytes / (u64::from(device.engines) * wave);
        let waves = room.min(device.scratch_waves().into()) as u32;
        if waves < WAVES_OF_GROUP.min(device.scratch_waves()) {
            return Err(EncodeError::Invalid {
                what: "bytes of scratch, less than a workgroup needs in each shader engine",
                value: bytes,
            });
        }
        let granules = u32::try_from(wave / u64::from(SCRATCH_GRANULE)).unwrap_or(u32::MAX);
        let tmpring_size = COMPUTE_TMPRING_SIZE::new()
            .with(COMPUTE_TMPRING_SIZE::WAVES, waves)?
            .with(COMPUTE_TMPRING_SIZE::WAVESIZE, granules)?;
        Ok(Self { base_va, wave_bytes: granules * SCRATCH_GRANULE, tmpring_size })
    }

    /// Where it begins.
    #[must_use]
    pub const fn base_va(&self) -> u64 {
        self.base_va
    }

    /// Scratch of a wave in bytes.
    #[must_use]
    pub const fn wave_bytes(&self) -> u32 {
        self.wave_bytes
    }

    /// The register's value.
    #[must_use]
    pub const fn tmpring_size(&self) -> COMPUTE_TMPRING_SIZE {
        self.tmpring_size
    }
}
