//! The micro-kernel: one register tile of the matrix product, one unit struct per instruction set.
//!
//! ```text
//!                       b: depth × NR, packed row after row
//!                       ┌──────────┬──────────┐
//!                     i │  vector  │  vector  │   NR = 2 vectors
//!                       └──────────┴──────────┘
//!   a: depth × rows     ┌──────────┬──────────┐
//!   ┌─┐ broadcast  ───▶ │  acc 0,0 │  acc 0,1 │
//!   │i│            ───▶ │  acc 1,0 │  acc 1,1 │   rows ≤ MR
//!   │ │                 │    …     │    …     │
//!   └─┘            ───▶ │          │          │
//!                       └──────────┴──────────┘
//! ```
//!
//! Each step `i` of the depth loads the two vectors of `b` once, broadcasts each element of `a` once, and issues
//! `2·rows` FMAs into accumulators that never leave the registers.
//!
//! | | registers | MR × NR | accumulators | b | a | loads per FMA at full height |
//! |---|---|---|---|---|---|---|
//! | AVX-512 | 32 of 16 lanes | 14 × 32 | 28 | 2 | 1 | 16 / 28 |
//! | AVX2 | 16 of 8 lanes | 6 × 16 | 12 | 2 | 1 | 8 / 12 |
//! | portable | 16 of 4 lanes (SSE2) | 4 × 8 | 8 | 2 | 1 | 6 / 8 |
//!
//! Two FMA pipes of 4 cycles latency need 8 independent accumulators, and the two load ports must not be asked for more
//! than one load per FMA: both hold from 4 rows upwards. The height is a compile-time constant from 1 to MR, so that the
//! rows of a matrix are dealt out in panels of nearly the same height and none computes rows that do not exist.

/// What a tile of the output starts from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Start<'a> {
    /// Zero: the first block of the depth, no bias.
    Zero,
    /// One bias per row: the first block of the depth.
    Bias(&'a [f32]),
    /// What earlier blocks of the depth left in the output.
    Accumulate,
}

/// A micro-kernel. A value of the type is the proof that the host can run it.
pub(super) trait Kernel: Copy + Send + Sync {
    /// Most rows (output channels) of a tile.
    const MR: usize;
    /// Columns (output pixels) of a tile.
    const NR: usize;

    /// `rows[r][column..column + columns] = start + Σ_i a[i·rows + r] · b[i·NR ..][..columns]`.
    ///
    /// The sum runs over `i` upwards from zero and is added to `start` at the end, so that the rounding error grows with
    /// the depth of one block and the number of blocks, not with their product.
    ///
    /// Panics unless `1 ≤ rows.len() ≤ MR`, `1 ≤ columns ≤ NR`, `a` holds `depth·rows` and `b` `depth·NR` elements, the
    /// rows reach to `column + columns`, and a bias has an element for each row.
    fn tile(self, a: &[f32], b: &[f32], rows: &mut [&mut [f32]], column: usize, columns: usize, start: Start<'_>);

    /// Runs `f`, compiled for this instruction set where it is inlined: copies then move whole vectors.
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R;
}

/// Evaluates an expression with the number of rows, 1 to MR, made a constant in it.
macro_rules! with_rows {
    ($rows:expr, [$($n:literal)+], |$name:ident| $call:expr) => {
        match $rows {
            $($n => {
                const $name: usize = $n;
                $call
            })+
            n => panic!("a tile of {n} rows"),
        }
    };
}
pub(super) use with_rows;
