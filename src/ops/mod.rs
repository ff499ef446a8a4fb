//! Operators: shapes, validation, and the plan from a shape to a kernel.
//!
//! [`Conv2d`], [`VectorAdd`] and [`Fill`] run on every engine, on buffers of a device, by a queue's launch.
//!
//! # The matrix product
//!
//! [`Gemm`] is the cpu engine's alone, `C = α·op(A)·op(B) + β·C` for each of a batch, and works on slices where they lie: there
//! is no kernel of it for the GPU, and so no launch. It is planned once for a [`GemmShape`]; where A stays the same, as the weights
//! of a layer do, [`Gemm::pack`] brings it into the order in which it is read, once for any number of products.
//!
//! ```
//! use sparkle_pm4::cpu::Engine;
//! use sparkle_pm4::{Error, ops};
//!
//! let engine = Engine::new(None, None)?;
//! // Two products of a 2x3 matrix, stored as its transpose, that both share, with 3x2 ones.
//! let shape = ops::GemmShape::new(2, 2, 3).transpose_a().batch(2);
//! let gemm = ops::Gemm::new(&engine, shape)?;
//! let a = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]; // 1 2 3 / 4 5 6
//! let b = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
//! let mut c = [100.0; 8];
//! gemm.run(&engine, 2.0, &a, &b, 0.5, &mut c)?;
//! assert_eq!(c, [52.0, 54.0, 58.0, 60.0, 62.0, 62.0, 80.0, 80.0]);
//!
//! // The same with 2·A packed, into a C whose content does not matter.
//! let packed: ops::PackedMatrix = gemm.pack(&engine, 2.0, &a)?;
//! let mut c = [f32::NAN; 8];
//! gemm.run_packed(&engine, &packed, &b, 0.0, &mut c)?;
//! assert_eq!(c, [2.0, 4.0, 8.0, 10.0, 12.0, 12.0, 30.0, 30.0]);
//! # Ok::<(), Error>(())
//! ```

mod conv2d;
mod elementwise;
mod shapes;

pub use conv2d::{Conv2d, PreparedConv2d};
pub use elementwise::{Fill, VectorAdd};
pub use shapes::{NAMED_SHAPES, NamedShape, named_shape};
pub use sparkle_cpu::{Activation, Conv2dShape, Gemm, GemmShape, PackedMatrix, ShapeError};

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
