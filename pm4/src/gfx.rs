//! Targets.

use core::fmt;
use core::str::FromStr;

/// A gfx11 target. Packets and the SH registers are the same on all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Gfx {
    /// Navi31: Radeon RX 7900.
    Gfx1100,
    /// Navi32: Radeon RX 7800, RX 7700.
    Gfx1101,
    /// Navi33: Radeon RX 7600.
    Gfx1102,
    /// Phoenix: the graphics of Ryzen 7040 and 8040.
    Gfx1103,
    /// Strix Point (RDNA3.5).
    Gfx1150,
    /// Strix Halo (RDNA3.5).
    Gfx1151,
}

impl Gfx {
    /// Every target.
    pub const ALL: [Self; 6] =
        [Self::Gfx1100, Self::Gfx1101, Self::Gfx1102, Self::Gfx1103, Self::Gfx1150, Self::Gfx1151];

    /// The compiler's name of the target.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gfx1100 => "gfx1100",
            Self::Gfx1101 => "gfx1101",
            Self::Gfx1102 => "gfx1102",
            Self::Gfx1103 => "gfx1103",
            Self::Gfx1150 => "gfx1150",
            Self::Gfx1151 => "gfx1151",
        }
    }
}

impl fmt::Display for Gfx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is of no target here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a gfx11 target; there are gfx1100, gfx1101, gfx1102, gfx1103, gfx1150 and gfx1151")]
pub struct UnknownGfx;

impl FromStr for Gfx {
    type Err = UnknownGfx;

    fn from_str(name: &str) -> Result<Self, UnknownGfx> {
        Self::ALL.into_iter().find(|g| g.name() == name).ok_or(UnknownGfx)
    }
}

/// The name is of no kind of ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of ring; there are gfx, compute and sdma")]
pub struct UnknownRing;
