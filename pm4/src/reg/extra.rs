//! Registers that the generated rows lack, and names they do not use.

use super::*;

registers! {
    UCONFIG;
    // Variable-rate shading; Mesa keeps it apart from the gfx11 description.
    0x3098C GE_VRS_RATE { RATE_X 0..=1, RATE_Y 4..=5 };
}

// Shader engines 0 to 3 have had their CU masks at these addresses since gfx7. The rows call them
// DESTINATION_EN, as Mesa's gfx11 description does; AMD's driver headers and the kernel's interface
// call them STATIC_THREAD_MGMT, and the fields are those of SE4 to SE7.
/// CU mask of shader engine 0, the register that the rows call `COMPUTE_DESTINATION_EN_SE0`.
pub const COMPUTE_STATIC_THREAD_MGMT_SE0: Reg<COMPUTE_STATIC_THREAD_MGMT_SE4> =
    Reg::new("COMPUTE_STATIC_THREAD_MGMT_SE0", COMPUTE_DESTINATION_EN_SE0.address());
/// CU mask of shader engine 1, the register that the rows call `COMPUTE_DESTINATION_EN_SE1`.
pub const COMPUTE_STATIC_THREAD_MGMT_SE1: Reg<COMPUTE_STATIC_THREAD_MGMT_SE4> =
    Reg::new("COMPUTE_STATIC_THREAD_MGMT_SE1", COMPUTE_DESTINATION_EN_SE1.address());
/// CU mask of shader engine 2, the register that the rows call `COMPUTE_DESTINATION_EN_SE2`.
pub const COMPUTE_STATIC_THREAD_MGMT_SE2: Reg<COMPUTE_STATIC_THREAD_MGMT_SE4> =
    Reg::new("COMPUTE_STATIC_THREAD_MGMT_SE2", COMPUTE_DESTINATION_EN_SE2.address());
/// CU mask of shader engine 3, the register that the rows call `COMPUTE_DESTINATION_EN_SE3`.
pub const COMPUTE_STATIC_THREAD_MGMT_SE3: Reg<COMPUTE_STATIC_THREAD_MGMT_SE4> =
    Reg::new("COMPUTE_STATIC_THREAD_MGMT_SE3", COMPUTE_DESTINATION_EN_SE3.address());
