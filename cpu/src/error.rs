//! What can go wrong on the CPU engine.

use crate::{Conv2dShape, ShapeError};

use super::conv2d::Algorithm;
use super::isa::Isa;

/// An error of the CPU engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CpuError {
    /// The shape breaks a rule of [`Conv2dShape::validate`].
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A slice does not have the length that the shape demands.
    #[error("{tensor} has {got} elements, the shape wants {wanted}")]
    Length {
        /// `x`, `w`, `bias` or `y`; `a`, `b` or `c` of a matrix product.
        tensor: &'static str,
        /// Elements that the shape demands.
        wanted: usize,
        /// Elements given.
        got: usize,
    },
    /// There is no memory for packed weights.
    #[error("there is no memory for the packed weights")]
    Memory(#[from] std::collections::TryReserveError),
    /// A matrix that no slice can hold.
    #[error("{tensor} of {batch} × {rows}×{columns} floats has more than isize::MAX bytes")]
    MatrixOverflow {
        /// `a`, `b` or `c`.
        tensor: &'static str,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// The number of products.
        batch: usize,
    },
    /// An algorithm that can't do the shape.
    #[error("{algorithm} cannot do this shape: {rule}")]
    Algorithm {
        /// The algorithm.
        algorithm: Algorithm,
        /// What it does.
        rule: &'static str,
    },
    /// Bounds that no number lies within.
    #[error("a clamp to [{low}, {high}]: the bounds are numbers, the lower one at most the upper one")]
    Clamp {
        /// The lower bound.
        low: f32,
        /// The upper bound.
        high: f32,
    },
    /// Weights that were packed for another shape, instruction set or algorithm.
    #[error("the weights were packed by another plan")]
    Packed,
    /// The name is not one of an [`Accuracy`](crate::Accuracy).
    #[error("{name:?} is no accuracy; known are exact, default and fast")]
    UnknownAccuracy {
        /// The name as given.
        name: String,
    },
    /// A text that holds no measured choices.
    #[error("it does not begin as a file of measured choices does")]
    TuningForeign,
    /// Measured choices in a later format.
    #[error("the format of these choices is {found}, and 1 is known here")]
    TuningFormat {
        /// The format's number.
        found: String,
    },
    /// A line of measured choices that is none.
    #[error("line {line} is no choice: {field} cannot be read")]
    TuningLine {
        /// Its number, from 1.
        line: usize,
        /// What of it is wrong.
        field: &'static str,
    },
    /// A file of measured choices that cannot be read or written.
    #[error("{} cannot be used: {source}", path.display())]
    TuningFile {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The name is not one of an [`Activation`](crate::Activation).
    #[error("{name:?} is no activation; known are none, relu and relu6")]
    UnknownActivation {
        /// The name as given.
        name: String,
    },
    /// The name is not one of an instruction set.
    #[error("{name:?} is not an instruction set; known are portable, neon, avx2 and avx512")]
    UnknownIsa {
        /// The name as given.
        name: String,
    },
    /// The processor, its operating system or the build lacks the instruction set that was demanded.
    #[error("this host cannot run {isa}; it can run {}", list(.available))]
    IsaUnavailable {
        /// The instruction set demanded.
        isa: Isa,
        /// What the host can run.
        available: Vec<Isa>,
    },
    /// The operating system refused to start the worker threads.
    #[error("cannot start {threads} worker threads")]
    Threads {
        /// Threads wanted.
        threads: usize,
        /// The pool's reason.
        source: rayon::ThreadPoolBuildError,
    },
}

fn list(isas: &[Isa]) -> String {
    isas.iter().map(Isa::to_string).collect::<Vec<_>>().join(", ")
}

impl CpuError {
    /// A stable name for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shape(e) => e.code(),
            Self::Length { .. } => "cpu-length",
            Self::Memory(_) => "cpu-memory",
            Self::MatrixOverflow { .. } => "cpu-matrix-overflow",
            Self::Algorithm { .. } => "cpu-algorithm",
            Self::Clamp { .. } => "cpu-clamp",
            Self::Packed => "cpu-packed",
            Self::UnknownAccuracy { .. } => "cpu-unknown-accuracy",
            Self::TuningForeign => "cpu-tuning-foreign",
            Self::TuningFormat { .. } => "cpu-tuning-format",
            Self::TuningLine { .. } => "cpu-tuning-line",
            Self::TuningFile { .. } => "cpu-tuning-file",
            Self::UnknownActivation { .. } => "cpu-unknown-activation",
            Self::UnknownIsa { .. } => "cpu-unknown-isa",
            Self::IsaUnavailable { .. } => "cpu-isa-unavailable",
            Self::Threads { .. } => "cpu-threads",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Shape(e) => e.hint(),
            Self::Length { .. } => "take the lengths from input_len, weight_len, k and output_len of the shape",
            Self::Memory(_) => "take a smaller shape, or another algorithm: Winograd's weights are four times as many",
            Self::MatrixOverflow { .. } => "split the product",
            Self::Algorithm { .. } => "take another algorithm, or leave the choice to `Conv2d::new`",
            Self::TuningForeign | Self::TuningLine { .. } => "remove the file, and measure again",
            Self::TuningFormat { .. } => "use the program that wrote it, or another file",
            Self::TuningFile { .. } => "check the folder, its permissions and the free space, or name another file",
            Self::Clamp { .. } => "give bounds in order; infinity is none",
            Self::UnknownAccuracy { .. } | Self::UnknownActivation { .. } => "name one of them",
            Self::Packed => "pack them with the plan that runs them",
            Self::UnknownIsa { .. } | Self::IsaUnavailable { .. } => {
                "unset SPARKLE_CPU_ISA or name an instruction set that the host can run"
            }
            Self::Threads { .. } => "ask for fewer threads, or raise the limit (ulimit -u, the container's pids limit)",
        }
    }
}

/// Checks that the weights have the length that the shape demands.
pub(super) fn check_weights<T>(shape: &Conv2dShape, w: &[T]) -> Result<(), CpuError> {
    match shape.weight_len() {
        wanted if wanted == w.len() => Ok(()),
        wanted => Err(CpuError::Length { tensor: "w", wanted, got: w.len() }),
    }
}

/// The same of the other tensors.
pub(super) fn check_tensors<T>(
    shape: &Conv2dShape,
    x: &[T],
    bias: Option<&[f32]>,
    y_len: usize,
) -> Result<(), CpuError> {
    let lengths = [
        ("x", shape.input_len(), x.len()),
        ("bias", shape.k, bias.map_or(shape.k, <[f32]>::len)),
        ("y", shape.output_len(), y_len),
    ];
    match lengths.into_iter().find(|(_, wanted, got)| wanted != got) {
        Some((tensor, wanted, got)) => Err(CpuError::Length { tensor, wanted, got }),
        None => Ok(()),
    }
}
