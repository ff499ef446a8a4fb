//! Plans for the element-wise kernels.

use crate::plan::within;
use crate::{Dispatch, FILL_U32, PlanArg, PlanError, Role, VADD_F32};

fn count(n: usize) -> Result<u32, PlanError> {
    if n == 0 {
        return Err(PlanError::Zero { name: "count" });
    }
    within("the number of elements", n as u128, u32::MAX.into())
}

/// `Output[i] = Input[i] + Addend[i]` over `n` f32 elements.
///
/// # Errors
/// `n` is 0 or passes 2^32 − 1.
pub fn vadd_f32(n: usize) -> Result<Dispatch, PlanError> {
    let n = count(n)?;
    let args = vec![
        PlanArg::Buffer(Role::Input),
        PlanArg::Buffer(Role::Addend),
        PlanArg::Buffer(Role::Output),
        PlanArg::U32(n),
    ];
    Ok(Dispatch { kernel: &VADD_F32, grid: [n.div_ceil(VADD_F32.workgroup[0]), 1, 1], args })
}

/// `Output[i] = value` over `n` dwords.
///
/// # Errors
/// `n` is 0 or passes 2^32 − 1.
pub fn fill_u32(n: usize, value: u32) -> Result<Dispatch, PlanError> {
    let n = count(n)?;
    let args = vec![PlanArg::Buffer(Role::Output), PlanArg::U32(n), PlanArg::U32(value)];
    Ok(Dispatch { kernel: &FILL_U32, grid: [n.div_ceil(FILL_U32.workgroup[0]), 1, 1], args })
}
