//! Operators: shapes, validation, and the plan from a shape to a kernel.

mod shape;

pub use shape::{Conv2dShape, ShapeError};
