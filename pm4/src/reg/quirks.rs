//! What the rows cannot say: writes with an effect of their own, and the generations beside gfx11.

use super::GRBM_GFX_INDEX;

#[path = "quirks_table.rs"]
mod table;

/// Whether a write must not be left out because the register holds the value already: the write
/// itself does something, or the register changes without a SET packet.
///
/// ```
/// use pm4::reg::{self, quirks};
/// assert!(quirks::volatile(reg::SQ_THREAD_TRACE_USERDATA_2.address()));
/// assert!(!quirks::volatile(reg::COMPUTE_PGM_RSRC1.address()));
/// ```
#[must_use]
pub const fn volatile(address: u32) -> bool {
    matches!(
        address,
        // Privileged registers report what the hardware does.
        0..0xb000
        // COMPUTE_DISPATCH_INITIATOR starts a dispatch; dispatch packets write it, and COMPUTE_DIM_*.
        | 0xb800..0xb810
        // VGT_DRAW_INITIATOR and VGT_EVENT_INITIATOR start a draw and an event.
        | 0x287f0 | 0x28a90
        // The command processor's own state: counters, fences, DMA, semaphores; SCRATCH_REG*.
        | 0x30000..0x30800
        // What GRBM_GFX_INDEX selects is written behind it.
        | 0x30800
        // VGT_NUM_INDICES and VGT_NUM_INSTANCES: draw packets write them.
        | 0x30930..0x30938
        // Rasteriser state that draws change: line stipple, screen extents, trap counters.
        | 0x30a00..0x30b00
        // SQ_THREAD_TRACE_USERDATA_* each put a marker in the trace; SQC_CACHES invalidates.
        | 0x30d00..0x30d24
        // Occlusion counters.
        | 0x30f00..0x31000
        // GDS: address and data registers, atomics, counters.
        | 0x31000..0x31100
        // Performance counters, streaming performance monitor, thread trace.
        | 0x34000..0x38000
    )
}

/// Whether a write makes everything uncertain that is known of registers: `GRBM_GFX_INDEX` sends
/// later writes to one instance of a block, so that the instances hold different values.
#[must_use]
pub const fn selects_instance(address: u32) -> bool {
    address == GRBM_GFX_INDEX.address()
}

/// Registers that `AMDGPU_INFO_READ_MMR_REG` reads on gfx11 (the amdgpu driver's `soc21.c`), as byte
/// addresses, in order.
pub const READ_MMR: [u32; 19] = [
    super::SDMA0_STATUS_REG.address(),
    super::SDMA1_STATUS_REG.address(),
    super::GRBM_STATUS2.address(),
    super::GRBM_STATUS.address(),
    super::GRBM_STATUS_SE0.address(),
    super::GRBM_STATUS_SE1.address(),
    super::GRBM_STATUS_SE2.address(),
    super::GRBM_STATUS_SE3.address(),
    super::CP_CPC_STATUS.address(),
    super::CP_CPC_BUSY_STAT.address(),
    super::CP_CPC_STALLED_STAT1.address(),
    super::CP_CPF_STATUS.address(),
    super::CP_CPF_BUSY_STAT.address(),
    super::CP_CPF_STALLED_STAT1.address(),
    super::CP_STALLED_STAT3.address(),
    super::CP_STALLED_STAT1.address(),
    super::CP_STALLED_STAT2.address(),
    super::CP_STAT.address(),
    super::GB_ADDR_CONFIG.address(),
];

/// How a register differs on gfx1150 and gfx1151.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Difference {
    /// gfx1150 lacks it.
    Absent,
    /// gfx1100 lacks it.
    Added,
    /// It has other fields.
    Fields,
}

/// Registers that differ between gfx1100 and gfx1150: byte address, name, and how, in order of address.
pub const GFX115: &[(u32, &str, Difference)] = table::GFX115;

/// How the register at a byte address differs on gfx1150 and gfx1151; none where it does not.
#[must_use]
pub fn on_gfx115(address: u32) -> Option<Difference> {
    GFX115.binary_search_by_key(&address, |r| r.0).ok().map(|i| GFX115[i].2)
}

/// The name that gfx10.3 has for an address where gfx11 has another register or none. A stream that
/// writes it was made for other hardware.
#[must_use]
pub fn on_gfx103(address: u32) -> Option<&'static str> {
    table::GFX103.binary_search_by_key(&address, |r| r.0).ok().map(|i| table::GFX103[i].1)
}
