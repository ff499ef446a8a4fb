//! A dispatch without its pointers.

use crate::Kernel;

/// What a pointer argument points to; the caller has the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The input tensor, or the first summand.
    Input,
    /// The second summand.
    Addend,
    /// The weights as the user has them.
    Weights,
    /// The bias, one value an output channel.
    Bias,
    /// The output tensor.
    Output,
    /// The workspace with the weights as the convolution reads them.
    PackedWeights,
}

/// One argument, in the order of the kernel's signature.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum PlanArg {
    /// The address of the buffer with this role.
    Buffer(Role),
    /// A null pointer: the kernel doesn't touch this argument.
    NullBuffer,
    /// A 32-bit integer.
    U32(u32),
    /// A 32-bit float.
    F32(f32),
    /// Eight bytes by value, such as a [`MagicDivisor`](crate::MagicDivisor).
    U64(u64),
}

/// One launch of a kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct Dispatch {
    /// The kernel; its workgroup size is in the manifest.
    pub kernel: &'static Kernel,
    /// Workgroups in x, y, z.
    pub grid: [u32; 3],
    /// The arguments in the signature's order.
    pub args: Vec<PlanArg>,
}

/// Sizes that no plan can be made for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A dimension is zero.
    #[error("{name} is 0, and must be at least 1")]
    Zero {
        /// The dimension.
        name: &'static str,
    },
    /// The channels don't divide into the groups.
    #[error("{name} = {value} does not divide into {groups} groups")]
    Groups {
        /// `c` or `k`.
        name: &'static str,
        /// Its value.
        value: usize,
        /// The groups.
        groups: usize,
    },
    /// The dilated kernel is larger than the padded input.
    #[error("the dilated kernel's {axis} is {extent}, the padded input's {padded}")]
    KernelExceedsInput {
        /// `height` or `width`.
        axis: &'static str,
        /// The dilated kernel's extent.
        extent: u64,
        /// The padded input's.
        padded: u64,
    },
    /// A size is beyond what the kernel's 32-bit address arithmetic or the grid takes.
    #[error("{what} is {value}, the kernel's limit is {limit}")]
    Limit {
        /// What is too large, with its unit.
        what: &'static str,
        /// Its value; saturated at 2^64 − 1.
        value: u64,
        /// The largest value allowed.
        limit: u64,
    },
}

impl PlanError {
    /// A stable name for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Zero { .. } => "plan-zero",
            Self::Groups { .. } => "plan-groups",
            Self::KernelExceedsInput { .. } => "plan-kernel-exceeds-input",
            Self::Limit { .. } => "plan-limit",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Zero { .. } => "give a positive value",
            Self::Groups { .. } => "choose groups that divide both channel counts",
            Self::KernelExceedsInput { .. } => "increase the padding, or reduce kernel size or dilation",
            Self::Limit { .. } => "split the work over several launches",
        }
    }
}

/// Passes a value through when it is within its limit.
pub(crate) fn within(what: &'static str, value: u128, limit: u64) -> Result<u32, PlanError> {
    debug_assert!(limit <= u64::from(u32::MAX));
    if value <= u128::from(limit) {
        return Ok(value as u32);
    }
    Err(PlanError::Limit { what, value: u64::try_from(value).unwrap_or(u64::MAX), limit })
}
