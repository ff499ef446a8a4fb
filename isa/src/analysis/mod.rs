//! What instructions do to registers and counters, and what follows from it for a function.
//!
//! [`effects`] gives the registers of one instruction, from its row. [`Flow`] puts instructions into an order of
//! execution, [`live`] finds the registers that are live before each, [`waits`] the memory operations that a wait is
//! for, [`occupancy`] the waves that fit a SIMD.
mod effects;
mod flow;
mod occupancy;
mod waits;

pub use effects::{Effects, Regs, effects};
pub use flow::{Flow, Step, live};
pub use occupancy::{Limit, Occupancy, Resources, occupancy};
pub use waits::{Wait, waits};
