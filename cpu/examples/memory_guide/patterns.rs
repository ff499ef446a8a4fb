//! The patterns, each in a plain form and in better ones.

use crate::vector::{Vector, prefetch};

/// C = A·B, n×n, row by row, as the definition has it: a row times a column, which takes a line for each of its elements.
#[inline(always)]
pub fn rows_times_columns(n: usize, a: &[f32], b: &[f32], c: &mut [f32]) {
    for i in 0..n {
        let a = &a[i * n..][..n];
        for j in 0..n {
            c[i * n + j] = a.iter().zip(b[j..].iter().step_by(n)).fold(0.0, |sum, (a, b)| sum + a * b);
        }
    }
}

/// The loops exchanged: whole rows of B, which are read in vectors. Each multiply-add loads B and C, and stores C.
#[inline(always)]
pub fn rows_times_rows<V: Vector>(n: usize, a: &[f32], b: &[f32], c: &mut [f32]) {
    c.fill(0.0);
    for (a, c) in a.chunks_exact(n).zip(c.chunks_exact_mut(n)) {
        for (&a, b) in a.iter().zip(b.chunks_exact(n)) {
            let a = V::splat(a);
            for (b, c) in b.chunks_exact(V::LANES).zip(c.chunks_exact_mut(V::LANES)) {
                a.fma(V::load(b), V::load(c)).store(c);
            }
        }
    }
}

/// Rows of C in a register tile.
pub const ROWS: usize = 4;
/// Vectors of columns: 12 accumulators, three vectors of B and one of A fit into sixteen registers.
pub const VECTORS: usize = 3;

/// A tile of C stays in registers while a depth of A and B passes: 7 loads for 12 multiply-adds, and no store.
#[inline(always)]
fn tile<V: Vector>(a: [&[f32]; ROWS], b: &[f32], pitch: usize, c: &mut [f32], n: usize) {
    let mut sums = [[V::splat(0.0); VECTORS]; ROWS];
    for (r, sums) in sums.iter_mut().enumerate() {
        for (v, sum) in sums.iter_mut().enumerate() {
            *sum = V::load(&c[r * n + v * V::LANES..]);
        }
    }
    let depth = a[0].len();
    assert!(a.iter().all(|row| row.len() == depth));
    for p in 0..depth {
        let b = &b[p * pitch..][..VECTORS * V::LANES];
        let b: [V; VECTORS] = std::array::from_fn(|v| V::load(&b[v * V::LANES..]));
        for (sums, a) in sums.iter_mut().zip(a) {
            let a = V::splat(a[p]);
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum = a.fma(b, *sum);
            }
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        for (v, sum) in sums.into_iter().enumerate() {
            sum.store(&mut c[r * n + v * V::LANES..]);
        }
    }
}

/// C in register tiles; B where it lies.
#[inline(always)]
pub fn tiles<V: Vector>(n: usize, a: &[f32], b: &[f32], c: &mut [f32]) {
    c.fill(0.0);
    for j in (0..n).step_by(VECTORS * V::LANES) {
        for i in (0..n).step_by(ROWS) {
            let rows = std::array::from_fn(|r| &a[(i + r) * n..][..n]);
            tile::<V>(rows, &b[j..], n, &mut c[i * n + j..], n);
        }
    }
}

/// Rows of B in a panel: with the vectors of AVX-512, 23 KB, which leaves room for A in a first level of 32 KB.
pub const DEPTH: usize = 120;

/// And a block of B, copied once into a panel, serves all rows of A out of the first level.
#[inline(always)]
pub fn tiles_of_panels<V: Vector>(n: usize, a: &[f32], b: &[f32], panel: &mut [f32], c: &mut [f32]) {
    c.fill(0.0);
    let width = VECTORS * V::LANES;
    for j in (0..n).step_by(width) {
        for p in (0..n).step_by(DEPTH) {
            let depth = DEPTH.min(n - p);
            for (q, panel) in panel.chunks_exact_mut(width).take(depth).enumerate() {
                panel.copy_from_slice(&b[(p + q) * n + j..][..width]);
            }
            for i in (0..n).step_by(ROWS) {
                let rows = std::array::from_fn(|r| &a[(i + r) * n + p..][..depth]);
                tile::<V>(rows, panel, width, &mut c[i * n + j..], n);
            }
        }
    }
}

/// What a simulation has of a particle: an array of structures.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub struct Particle {
    pub place: [f32; 3],
    pub speed: [f32; 3],
    pub mass: f32,
    pub charge: f32,
}

/// The same as a structure of arrays.
#[derive(Debug, Clone, Default)]
pub struct Particles {
    pub speed: [Vec<f32>; 3],
    pub mass: Vec<f32>,
}

/// m·v²/2 of each: one float out of every 32 bytes, four times.
#[inline(always)]
pub fn energies_of_structures(particles: &[Particle], energies: &mut [f32]) {
    for (p, energy) in particles.iter().zip(energies) {
        let [x, y, z] = p.speed;
        *energy = 0.5 * p.mass * (x * x + y * y + z * z);
    }
}

/// The same: four loads of whole vectors.
#[inline(always)]
pub fn energies_of_arrays(particles: &Particles, energies: &mut [f32]) {
    let n = energies.len();
    let [x, y, z] = particles.speed.each_ref().map(|speed| &speed[..n]);
    let mass = &particles.mass[..n];
    for i in 0..n {
        energies[i] = 0.5 * mass[i] * (x[i] * x[i] + y[i] * y[i] + z[i] * z[i]);
    }
}

/// Floats of a table's row: one cache line.
pub const INPUTS: usize = 16;
/// Vectors of outputs.
pub const OUTPUTS: usize = 6;

/// The largest of W·x over the rows x of a table that an index names: INPUTS × OUTPUTS multiply-adds a row, all of which
/// wait for one line. The row that is `AHEAD` later in the index is asked for at once; 0 asks for none.
#[inline(always)]
pub fn gathered_rows<V: Vector, const AHEAD: usize>(table: &[f32], index: &[u32], w: &[f32], y: &mut [f32]) {
    let w = &w[..INPUTS * OUTPUTS * V::LANES];
    let mut most = [V::splat(f32::MIN); OUTPUTS];
    for (t, &row) in index.iter().enumerate() {
        if AHEAD > 0
            && let Some(&later) = index.get(t + AHEAD)
        {
            prefetch(table, later as usize * INPUTS);
        }
        let row = &table[row as usize * INPUTS..][..INPUTS];
        let mut sums = [V::splat(0.0); OUTPUTS];
        for (&x, w) in row.iter().zip(w.chunks_exact(OUTPUTS * V::LANES)) {
            let x = V::splat(x);
            for (v, sum) in sums.iter_mut().enumerate() {
                *sum = x.fma(V::load(&w[v * V::LANES..]), *sum);
            }
        }
        for (most, sum) in most.iter_mut().zip(sums) {
            *most = most.max(sum);
        }
    }
    for (v, most) in most.into_iter().enumerate() {
        most.store(&mut y[v * V::LANES..]);
    }
}

/// x·y with `CHAINS` accumulators: of one, each multiply-add waits for the one before.
#[inline(always)]
pub fn dot<V: Vector, const CHAINS: usize>(x: &[f32], y: &[f32]) -> f32 {
    let mut sums = [V::splat(0.0); CHAINS];
    let step = CHAINS * V::LANES;
    for (x, y) in x.chunks_exact(step).zip(y.chunks_exact(step)) {
        for (c, sum) in sums.iter_mut().enumerate() {
            *sum = V::load(&x[c * V::LANES..]).fma(V::load(&y[c * V::LANES..]), *sum);
        }
    }
    let total = sums[1..].iter().fold(sums[0], |total, &sum| V::splat(1.0).fma(sum, total));
    let mut lanes = [0.0; 16];
    total.store(&mut lanes);
    lanes.iter().sum()
}

/// Rows and columns of a block.
pub const BLOCK: usize = 16;

/// The transpose of an n×n matrix whose rows lie `pitch` floats apart, as the result's do: a row at a time.
#[inline(always)]
pub fn transpose(n: usize, pitch: usize, from: &[f32], to: &mut [f32]) {
    for i in 0..n {
        let row = &from[i * pitch..][..n];
        for (j, &x) in row.iter().enumerate() {
            to[j * pitch + i] = x;
        }
    }
}

/// The same in blocks: the lines of a block of the result are written whole before they leave the first level.
#[inline(always)]
pub fn transpose_in_blocks(n: usize, pitch: usize, from: &[f32], to: &mut [f32]) {
    for i in (0..n).step_by(BLOCK) {
        for j in (0..n).step_by(BLOCK) {
            for r in i..i + BLOCK {
                let row = &from[r * pitch + j..][..BLOCK];
                for (c, &x) in row.iter().enumerate() {
                    to[(j + c) * pitch + r] = x;
                }
            }
        }
    }
}
