//! The micro-kernel in plain Rust: the only one on hosts other than x86-64 and AArch64.

use super::activation::Activation;
use super::kernel::{Column, Kernel, Left, Rows, Start, with_rows};

/// Plain Rust, vectorised by the compiler.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portable;

const NR: usize = 8;

impl Kernel for Portable {
    const MR: usize = 4;
    const NR: usize = NR;

    fn column(self, column: Column<'_>) {
        column.each::<Self>(1, |one| match one.c.columns() {
            NR => with_rows!(one.c.rows(), [1 2 3 4], |ROWS| tile::<ROWS, true>(one)),
            _ => with_rows!(one.c.rows(), [1 2 3 4], |ROWS| tile::<ROWS, false>(one)),
        });
    }

    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }
}

/// A tile, of all columns where `WHOLE`: that is decided once, because copies of unknown length in the loop are calls, around
/// which no sum stays in a register.
fn tile<const ROWS: usize, const WHOLE: bool>(tile: Column<'_>) {
    let Column { a, b, copy, mut c, start, end, .. } = tile;
    let columns = c.columns();
    assert!((1..=NR).contains(&columns) && c.rows() == ROWS && (!WHOLE || columns == NR));
    b.check(a.check(1, ROWS), columns, columns);
    let acc = match a {
        Left::Packed(a) => sum::<ROWS, WHOLE>(a.as_chunks().0.iter(), b, copy, columns),
        Left::InPlace { data, tiles, steps } => {
            let data = &data[tiles[0] as usize..];
            let steps = steps.get().iter().map(|&at| data[at as usize..].first_chunk().expect("as checked"));
            sum::<ROWS, WHOLE>(steps, b, copy, columns)
        }
    };
    for (r, acc) in acc.iter().enumerate() {
        let out = c.row(r);
        match start {
            Start::Zero => out.copy_from_slice(&acc[..columns]),
            Start::Bias(bias) => out.iter_mut().zip(acc).for_each(|(y, a)| *y = bias[r] + a),
            Start::Accumulate => out.iter_mut().zip(acc).for_each(|(y, a)| *y += a),
        }
        if end != Activation::IDENTITY {
            out.iter_mut().for_each(|y| *y = end.apply(*y));
        }
    }
}

/// The sum over the steps of a.
#[inline]
fn sum<'a, const ROWS: usize, const WHOLE: bool>(
    a: impl Iterator<Item = &'a [f32; ROWS]>,
    b: Rows<'_>,
    mut copy: Option<&mut [f32]>,
    columns: usize,
) -> [[f32; NR]; ROWS] {
    let mut acc = [[0f32; NR]; ROWS];
    for (i, a) in a.enumerate() {
        let step = &b.data[b.start(i)..][..columns];
        let mut b = [0f32; NR];
        if WHOLE {
            b.copy_from_slice(&step[..NR]);
        } else {
            b[..columns].copy_from_slice(step);
        }
        if let Some(copy) = &mut copy {
            copy[i * NR..][..NR].copy_from_slice(&b);
        }
        for r in 0..ROWS {
            for v in 0..NR {
                // Not mul_add: without an FMA unit in the build's target that is a library call.
                acc[r][v] += a[r] * b[v];
            }
        }
    }
    acc
}
