//! The micro-kernel in plain Rust: the only one on hosts other than x86-64.

use super::kernel::{Kernel, Start, with_rows};

/// Plain Rust, vectorised by the compiler.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portable;

const NR: usize = 8;

impl Kernel for Portable {
    const MR: usize = 4;
    const NR: usize = NR;

    fn tile(self, a: &[f32], b: &[f32], rows: &mut [&mut [f32]], column: usize, columns: usize, start: Start<'_>) {
        with_rows!(rows.len(), [1 2 3 4], |ROWS| tile::<ROWS>(a, b, rows, column, columns, start));
    }

    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }
}

fn tile<const ROWS: usize>(
    a: &[f32],
    b: &[f32],
    rows: &mut [&mut [f32]],
    column: usize,
    columns: usize,
    start: Start<'_>,
) {
    let (a, []) = a.as_chunks::<ROWS>() else { panic!("a partial step of a") };
    let (b, []) = b.as_chunks::<NR>() else { panic!("a partial step of b") };
    assert_eq!(a.len(), b.len());
    let mut acc = [[0f32; NR]; ROWS];
    for (a, b) in a.iter().zip(b) {
        for r in 0..ROWS {
            for v in 0..NR {
                // Not mul_add: without an FMA unit in the build's target that is a library call.
                acc[r][v] += a[r] * b[v];
            }
        }
    }
    for (r, (row, acc)) in rows.iter_mut().zip(acc).enumerate() {
        let out = &mut row[column..column + columns];
        match start {
            Start::Zero => out.copy_from_slice(&acc[..columns]),
            Start::Bias(bias) => out.iter_mut().zip(acc).for_each(|(y, a)| *y = bias[r] + a),
            Start::Accumulate => out.iter_mut().zip(acc).for_each(|(y, a)| *y += a),
        }
    }
}
