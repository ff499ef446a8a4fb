//! What the code is for.
use crate::WaveSize;

/// Parts whose instruction set this is: RDNA3, and RDNA 3.5 with its scalar floating point.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub enum Arch {
    #[default]
    Gfx1100,
    Gfx1101,
    Gfx1102,
    Gfx1103,
    Gfx1150,
    Gfx1151,
    Gfx1152,
    /// The common subset of all of them.
    Gfx11Generic,
}

impl Arch {
    /// Every one.
    pub const ALL: [Arch; 8] = [
        Arch::Gfx1100,
        Arch::Gfx1101,
        Arch::Gfx1102,
        Arch::Gfx1103,
        Arch::Gfx1150,
        Arch::Gfx1151,
        Arch::Gfx1152,
        Arch::Gfx11Generic,
    ];

    /// LLVM's name of the processor.
    pub const fn name(self) -> &'static str {
        match self {
            Arch::Gfx1100 => "gfx1100",
            Arch::Gfx1101 => "gfx1101",
            Arch::Gfx1102 => "gfx1102",
            Arch::Gfx1103 => "gfx1103",
            Arch::Gfx1150 => "gfx1150",
            Arch::Gfx1151 => "gfx1151",
            Arch::Gfx1152 => "gfx1152",
            Arch::Gfx11Generic => "gfx11-generic",
        }
    }

    /// The part of that name.
    pub fn from_name(name: &str) -> Option<Arch> {
        Arch::ALL.into_iter().find(|a| a.name() == name)
    }

    /// Major, minor and stepping number: 11, 0, 0 for gfx1100. The generic one has the last RDNA3 part's.
    pub const fn version(self) -> (u8, u8, u8) {
        match self {
            Arch::Gfx1100 => (11, 0, 0),
            Arch::Gfx1101 => (11, 0, 1),
            Arch::Gfx1102 => (11, 0, 2),
            Arch::Gfx1103 | Arch::Gfx11Generic => (11, 0, 3),
            Arch::Gfx1150 => (11, 5, 0),
            Arch::Gfx1151 => (11, 5, 1),
            Arch::Gfx1152 => (11, 5, 2),
        }
    }

    /// Has the additions of RDNA 3.5.
    pub const fn is_rdna35(self) -> bool {
        matches!(self, Arch::Gfx1150 | Arch::Gfx1151 | Arch::Gfx1152)
    }

    /// Has 1536 VGPRs a SIMD lane instead of 1024.
    pub const fn has_large_vgpr_file(self) -> bool {
        matches!(self, Arch::Gfx1100 | Arch::Gfx1101 | Arch::Gfx1151)
    }
}

/// LLVM's name of the processor.
impl core::fmt::Display for Arch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// How words and text are to be read: part, wave size and spelling.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Target {
    /// The part.
    pub arch: Arch,
    /// Lanes of a wave.
    pub wave: WaveSize,
    /// Halves of registers are spelled `v0.l` and `v0.h` (LLVM's real-true16), where LLVM 19 has the spelling.
    pub true16: bool,
}

impl Target {
    /// `arch` with waves of `wave`.
    pub const fn new(arch: Arch, wave: WaveSize) -> Self {
        Self { arch, wave, true16: false }
    }
}

impl Default for Target {
    /// gfx1100 in wave32.
    fn default() -> Self {
        Target::new(Arch::Gfx1100, WaveSize::W32)
    }
}

impl From<WaveSize> for Target {
    fn from(wave: WaveSize) -> Self {
        Target::new(Arch::Gfx1100, wave)
    }
}
