//! Waves that fit a SIMD.
use crate::{Arch, WaveSize};

/// What a kernel takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Resources {
    /// VGPRs of a lane.
    pub vgprs: u32,
    /// LDS of a workgroup, in bytes.
    pub lds_bytes: u32,
    /// Waves of a workgroup, where they are known.
    pub group_waves: Option<u32>,
    /// A workgroup may use both CUs of its WGP and their LDS.
    pub wgp_mode: bool,
}

/// What keeps more waves from a SIMD.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Limit {
    /// The SIMD's wave slots.
    Waves,
    /// The register file.
    Vgprs,
    /// The local data share.
    Lds,
}

impl Limit {
    /// As summaries print it.
    pub const fn name(self) -> &'static str {
        match self {
            Limit::Waves => "wave slots",
            Limit::Vgprs => "VGPRs",
            Limit::Lds => "LDS",
        }
    }
}

/// Waves of a kernel that a SIMD holds at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Occupancy {
    /// Their number, 0 where the kernel does not fit.
    pub waves: u32,
    /// What limits it.
    pub limit: Limit,
    /// VGPRs that a wave takes, in whole granules.
    pub vgprs: u32,
}

/// Wave slots of an RDNA3 SIMD.
const SLOTS: u32 = 16;
/// LDS of a CU.
const LDS_BYTES: u32 = 64 << 10;
/// LDS is given out in such blocks.
const LDS_BLOCK: u32 = 1024;

/// Waves a SIMD, from the register file of the part (1536 VGPRs a lane in wave32 and granules of 24, or 1024 and 16;
/// half of both in wave64), 16 wave slots, and LDS: 64 KiB and two SIMDs a CU, twice that in WGP mode.
///
/// SGPRs never limit: every wave has 128.
pub fn occupancy(arch: Arch, wave: WaveSize, r: &Resources) -> Occupancy {
    let (file, granule) = if arch.has_large_vgpr_file() { (1536, 24) } else { (1024, 16) };
    let half = 1 + wave.is64() as u32;
    let (file, granule) = (file / half, granule / half);
    let vgprs = r.vgprs.max(1).div_ceil(granule).saturating_mul(granule);
    let mut best = Occupancy { waves: SLOTS, limit: Limit::Waves, vgprs };
    if file / vgprs < best.waves {
        best = Occupancy { waves: file / vgprs, limit: Limit::Vgprs, vgprs };
    }
    if r.lds_bytes > 0 {
        let cus = 1 + r.wgp_mode as u32;
        let groups = cus * LDS_BYTES / r.lds_bytes.div_ceil(LDS_BLOCK).saturating_mul(LDS_BLOCK).max(1);
        // Without a known size a workgroup is one wave on each SIMD, which is the least that fills them.
        let simds = 2 * cus;
        let waves = groups.saturating_mul(r.group_waves.unwrap_or(simds)).div_ceil(simds);
        if waves < best.waves {
            best = Occupancy { waves, limit: Limit::Lds, vgprs };
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn register_files_differ_between_parts() {
        let r = |vgprs| Resources { vgprs, ..Resources::default() };
        let waves = |arch, wave, vgprs| occupancy(arch, wave, &r(vgprs)).waves;
        assert_eq!(waves(Arch::Gfx1100, WaveSize::W32, 96), 16);
        assert_eq!(waves(Arch::Gfx1100, WaveSize::W32, 97), 12);
        assert_eq!(waves(Arch::Gfx1100, WaveSize::W32, 256), 5);
        assert_eq!(waves(Arch::Gfx1102, WaveSize::W32, 256), 4);
        assert_eq!(waves(Arch::Gfx1103, WaveSize::W64, 64), 8);
        assert_eq!(waves(Arch::Gfx1151, WaveSize::W64, 64), 10);
    }

    #[test]
    fn lds_limits_workgroups() {
        let r = Resources { vgprs: 24, lds_bytes: 32 << 10, group_waves: Some(4), wgp_mode: false };
        assert_eq!(occupancy(Arch::Gfx1100, WaveSize::W32, &r), Occupancy { waves: 4, limit: Limit::Lds, vgprs: 24 });
    }
}
