//! Points in time as the driver counts it.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// The time at which a wait gives up: absolute nanoseconds on CLOCK_MONOTONIC, as every timeout of this interface.
///
/// A relative number given to the driver lies in the past, and the wait then returns at once having waited for
/// nothing; hence the type. There is no "never": a wait for a machine that can hang needs an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(u64);

impl Deadline {
    /// Long past: a wait with it only looks.
    pub const PAST: Self = Self(0);

    /// The driver takes times with bit 63 set for "forever", so that no deadline has it.
    const LATEST_NS: u64 = i64::MAX as u64;

    /// `duration` from now; a duration beyond what the clock can hold gives the latest time it can.
    pub fn after(duration: Duration) -> Self {
        let ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self::at_ns(now_ns().saturating_add(ns))
    }

    /// At `ns` nanoseconds of CLOCK_MONOTONIC, cut to the latest time that the driver does not take for "forever".
    pub fn at_ns(ns: u64) -> Self {
        Self(ns.min(Self::LATEST_NS))
    }

    /// Nanoseconds of CLOCK_MONOTONIC.
    pub fn as_ns(self) -> u64 {
        self.0
    }

    /// How long it is until then; zero when past.
    pub fn remaining(self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(now_ns()))
    }

    /// Whether it is past.
    pub fn is_past(self) -> bool {
        self.0 <= now_ns()
    }
}

/// CLOCK_MONOTONIC now, in ns. The call cannot fail for this clock (clock_gettime(2)); if it did, time would stand at
/// zero and every deadline would lie `duration` after boot, that is in the past: waits would end, not hang.
pub(crate) fn now_ns() -> u64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC)
        .map_or(0, |t| (t.tv_sec() as u64).saturating_mul(1_000_000_000).saturating_add(t.tv_nsec() as u64))
}
