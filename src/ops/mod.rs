//! Operators: shapes, validation, and the plan from a shape to a kernel.

mod conv2d;
mod elementwise;
mod shapes;

pub use conv2d::{Conv2d, PreparedConv2d};
pub use elementwise::{Fill, VectorAdd};
pub use shapes::{NAMED_SHAPES, NamedShape, named_shape};
pub use sparkle_cpu::{Activation, Conv2dShape, ShapeError};

use kernels::PlanArg;

use crate::error::Error;
use crate::exec::StepArg;
use crate::object::ArgValue;

/// An argument that is no buffer of the caller's.
fn plain_arg(kernel: &kernels::Kernel, arg: &PlanArg) -> Result<StepArg, Error> {
    Ok(match *arg {
        PlanArg::NullBuffer => StepArg::Null,
        PlanArg::U32(v) => StepArg::Value(ArgValue::U32(v)),
        PlanArg::F32(v) => StepArg::Value(ArgValue::F32(v)),
        PlanArg::U64(v) => StepArg::Value(ArgValue::U64(v)),
        ref other => {
            let what = format!("the plan wants {other:?}, which this operator doesn't have");
            return Err(Error::Kernel { kernel: kernel.name.to_owned(), what });
        }
    })
}
