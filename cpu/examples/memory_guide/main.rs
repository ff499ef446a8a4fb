//! The measurements of `docs/memory-guide.md`: each pattern in its forms, which take turns on one thread.
//!
//!     cargo run --release -p sparkle-cpu --example memory_guide [TURNS]
//!
//! All forms of a pattern compute the same, which is checked. Times are processor time of the thread: `us` is the median of
//! the turns (21), `least` the shortest. The rate and the gain over the pattern's first form are those of medians.

mod clock;
mod patterns;
mod vector;

use std::error::Error;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Duration;

use clock::thread_time;
use patterns::{BLOCK, INPUTS, OUTPUTS, Particle, Particles};
use sparkle_cpu::{Aligned, Engine, Gemm, GemmShape, Isa, peak};
use vector::{Vector, widest};

/// A form of a pattern: its name, and one turn.
type Form<'a> = (&'static str, Box<dyn FnMut(usize) + 'a>);

/// Times the forms in turns, of which the first doesn't count, and prints a row for each. The rate is `work` a second.
fn compete(title: &str, unit: &str, work: f64, turns: usize, mut forms: Vec<Form<'_>>) {
    let mut times = vec![Vec::new(); forms.len()];
    for turn in 0..=turns {
        for ((_, form), times) in forms.iter_mut().zip(&mut times) {
            let start = thread_time();
            form(turn);
            if turn > 0 {
                times.push((thread_time() - start).as_secs_f64());
            }
        }
    }
    println!("{title:<45} {:>9} {:>9} {unit:>7} {:>6}", "us", "least", "gain");
    let mut first = None;
    for ((name, _), mut times) in forms.into_iter().zip(times) {
        times.sort_by(f64::total_cmp);
        let (least, median) = (times[0], times[times.len() / 2]);
        let first = *first.get_or_insert(median);
        println!(
            "  {name:<43} {:>9.1} {:>9.1} {:>7.1} {:>5.1}x",
            median * 1e6,
            least * 1e6,
            work / median,
            first / median
        );
    }
}

/// Values in [-1, 1) by a linear congruence (Knuth's MMIX).
fn random(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

fn floats(len: usize, seed: u64) -> Result<Aligned, Box<dyn Error>> {
    let mut data = Aligned::zeroed(len)?;
    data.fill_with(random(seed));
    Ok(data)
}

/// Whether each pair differs by at most 1e-4 of the largest.
fn same(got: &[f32], want: &[f32]) -> bool {
    let most = want.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    got.len() == want.len() && got.iter().zip(want).all(|(a, b)| (a - b).abs() <= 1e-4 * most)
}

fn check(good: bool, what: &str) -> Result<(), Box<dyn Error>> {
    if good { Ok(()) } else { Err(format!("{what}: the forms disagree").into()) }
}

fn tiling(engine: &Engine, turns: usize) -> Result<(), Box<dyn Error>> {
    // No power of two, whose rows would meet in few sets of the caches.
    const N: usize = 480;
    let isa = engine.isa();
    let (a, b) = (floats(N * N, 1)?, floats(N * N, 2)?);
    let (a, b) = (&*a, &*b);
    let gemm = Gemm::new(engine, GemmShape::new(N, N, N))?;
    let mut c: [Aligned; 5] = Default::default();
    for c in &mut c {
        *c = Aligned::zeroed(N * N)?;
    }
    let [c0, c1, c2, c3, c4] = &mut c;
    let mut panel = Aligned::zeroed(patterns::DEPTH * patterns::VECTORS * 16)?;
    compete(
        "1 tiling: a product of 480x480 matrices",
        "GFLOPS",
        2e-9 * (N * N * N) as f64,
        turns,
        vec![
            ("rows times columns", Box::new(|_| patterns::rows_times_columns(N, a, b, c0))),
            ("rows times rows", Box::new(|_| widest!(isa, |V| patterns::rows_times_rows::<V>(N, a, b, c1)))),
            ("tiles in registers", Box::new(|_| widest!(isa, |V| patterns::tiles::<V>(N, a, b, c2)))),
            (
                "and B in panels of the first level",
                Box::new(|_| widest!(isa, |V| patterns::tiles_of_panels::<V>(N, a, b, &mut panel, c3))),
            ),
            (
                "sparkle_cpu::Gemm",
                Box::new(|_| gemm.run(engine, 1.0, a, b, 0.0, c4).unwrap_or_else(|e| panic!("the product: {e}"))),
            ),
        ],
    );
    check(c[1..].iter().all(|other| same(other, &c[0])), "tiling")
}

fn access(isa: Isa, turns: usize) -> Result<(), Box<dyn Error>> {
    for (title, n, repeats) in
        [("2 access: energies of 8192 particles", 8192, 64), ("2 access: energies of 2097152 particles", 1 << 21, 1)]
    {
        let mut value = random(3);
        let mut structures = vec![Particle::default(); n];
        let mut arrays = Particles::default();
        for p in &mut structures {
            *p = Particle {
                place: [value(), value(), value()],
                speed: [value(), value(), value()],
                mass: value().abs(),
                charge: value(),
            };
            for (array, speed) in arrays.speed.iter_mut().zip(p.speed) {
                array.push(speed);
            }
            arrays.mass.push(p.mass);
        }
        let mut energies = [vec![0.0; n], vec![0.0; n]];
        let [e0, e1] = &mut energies;
        compete(
            title,
            "M/s",
            (n * repeats) as f64 / 1e6,
            turns,
            vec![
                (
                    "an array of structures of 8 floats",
                    Box::new(|_| {
                        for _ in 0..repeats {
                            widest!(isa, |_V| patterns::energies_of_structures(black_box(&structures), e0));
                        }
                    }),
                ),
                (
                    "a structure of arrays",
                    Box::new(|_| {
                        for _ in 0..repeats {
                            widest!(isa, |_V| patterns::energies_of_arrays(black_box(&arrays), e1));
                        }
                    }),
                ),
            ],
        );
        check(same(&energies[1], &energies[0]), "access")?;
    }
    Ok(())
}

fn prefetching(isa: Isa, turns: usize) -> Result<(), Box<dyn Error>> {
    // 128 MB, more than caches hold; and in each turn other rows.
    const ROWS: usize = 1 << 21;
    const EACH: usize = 4096;
    let table = floats(ROWS * INPUTS, 4)?;
    let w = floats(INPUTS * OUTPUTS * 16, 5)?;
    let mut value = random(6);
    let mut next = || ((value() + 1.0) * 0.5 * ROWS as f32) as u32 % ROWS as u32;
    let index: Vec<u32> = (0..EACH * (turns + 1) * 4).map(|_| next()).collect();
    let mut y = [[0.0; OUTPUTS * 16]; 4];
    let (table, w) = (&*table, &*w);
    let part = |form: usize, turn: usize| &index[(turn * 4 + form) * EACH..][..EACH];
    let mut forms: Vec<Form<'_>> = Vec::new();
    macro_rules! ahead {
        ($form:literal, $ahead:literal, $name:literal) => {
            forms.push((
                $name,
                Box::new(|turn| {
                    let mut y = [0.0; OUTPUTS * 16];
                    let index = part($form, turn);
                    widest!(isa, |V| patterns::gathered_rows::<V, $ahead>(table, index, w, &mut y));
                    black_box(y);
                }),
            ));
        };
    }
    ahead!(0, 0, "no prefetch");
    ahead!(1, 1, "one row ahead");
    ahead!(2, 4, "4 rows ahead");
    ahead!(3, 16, "16 rows ahead");
    compete("3 prefetch: 4096 rows of a table of 128 MB", "M/s", EACH as f64 / 1e6, turns, forms);
    let [y0, y1, y2, y3] = &mut y;
    let index = part(0, 0);
    widest!(isa, |V| patterns::gathered_rows::<V, 0>(table, index, w, y0));
    widest!(isa, |V| patterns::gathered_rows::<V, 1>(table, index, w, y1));
    widest!(isa, |V| patterns::gathered_rows::<V, 4>(table, index, w, y2));
    widest!(isa, |V| patterns::gathered_rows::<V, 16>(table, index, w, y3));
    check(y[0][0] != 0.0 && y[1..].iter().all(|other| *other == y[0]), "prefetch")
}

fn overlap(isa: Isa, turns: usize) -> Result<(), Box<dyn Error>> {
    // Both in a first level of 32 KB.
    const N: usize = 3072;
    const REPEATS: usize = 1000;
    let (x, y) = (floats(N, 7)?, floats(N, 8)?);
    let (x, y) = (&*x, &*y);
    let mut sums = [0.0; 4];
    let [s0, s1, s2, s3] = &mut sums;
    let mut forms: Vec<Form<'_>> = Vec::new();
    macro_rules! chains {
        ($sum:ident, $chains:literal, $name:literal) => {
            forms.push((
                $name,
                Box::new(|_| {
                    for _ in 0..REPEATS {
                        *$sum = widest!(isa, |V| patterns::dot::<V, $chains>(black_box(x), black_box(y)));
                    }
                }),
            ));
        };
    }
    chains!(s0, 1, "one accumulator");
    chains!(s1, 2, "2 accumulators");
    chains!(s2, 4, "4 accumulators");
    chains!(s3, 8, "8 accumulators");
    compete("4 overlap: a dot product of 3072 floats", "GFLOPS", 2e-9 * (N * REPEATS) as f64, turns, forms);
    let exact: f64 = x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum();
    check(sums.iter().all(|&sum| (f64::from(sum) - exact).abs() < 1e-2), "overlap")
}

fn pitch(isa: Isa, turns: usize) -> Result<(), Box<dyn Error>> {
    const N: usize = 1024;
    // A line more than 4 KiB.
    const WIDE: usize = N + 16;
    let mut from = [floats(N * N, 9)?, Aligned::zeroed(N * WIDE)?];
    let [dense, wide] = &mut from;
    for (row, copy) in dense.chunks_exact(N).zip(wide.chunks_exact_mut(WIDE)) {
        copy[..N].copy_from_slice(row);
    }
    let (dense, wide) = (&**dense, &**wide);
    let mut to = [Aligned::zeroed(N * N)?, Aligned::zeroed(N * N)?, Aligned::zeroed(N * WIDE)?];
    let [t0, t1, t2] = &mut to;
    compete(
        "5 pitch: the transpose of a 1024x1024 matrix",
        "GB/s",
        8e-9 * (N * N) as f64,
        turns,
        vec![
            ("row by row", Box::new(|_| widest!(isa, |_V| patterns::transpose(N, N, dense, t0)))),
            ("in blocks of 16x16", Box::new(|_| widest!(isa, |_V| patterns::transpose_in_blocks(N, N, dense, t1)))),
            (
                "and rows a line more than 4 KiB apart",
                Box::new(|_| widest!(isa, |_V| patterns::transpose_in_blocks(N, WIDE, wide, t2))),
            ),
        ],
    );
    const { assert!(N.is_multiple_of(BLOCK)) };
    let right = |to: &[f32], pitch: usize| (0..N * N).all(|k| to[k % N * pitch + k / N] == dense[k]);
    check(right(&to[0], N) && right(&to[1], N) && right(&to[2], WIDE), "pitch")
}

fn lanes(isa: Isa) -> usize {
    match isa {
        Isa::Avx512 | Isa::Avx2 => widest!(isa, |V| V::LANES),
        _ => vector::Plain::LANES,
    }
}

fn run(turns: usize) -> Result<(), Box<dyn Error>> {
    let engine = Engine::new(Some(NonZeroUsize::MIN), None)?;
    let isa = engine.isa();
    // Short looks, some of which fall between other programs' turns.
    let mut peak = 0.0f64;
    for _ in 0..200 {
        peak = peak.max(peak::fma_gflops(&engine, Duration::from_micros(500))?);
    }
    println!("cpu: {isa}, {} lanes, 1 thread, FMA peak {peak:.0} GFLOPS; {turns} turns", lanes(isa));
    tiling(&engine, turns)?;
    access(isa, turns)?;
    prefetching(isa, turns)?;
    overlap(isa, turns)?;
    pitch(isa, turns)
}

fn main() -> Result<(), Box<dyn Error>> {
    let turns = match std::env::args().nth(1) {
        None => 21,
        Some(text) => text.parse().ok().filter(|n| (1..=1000).contains(n)).ok_or("TURNS is 1 to 1000")?,
    };
    run(turns)
}

#[cfg(test)]
mod tests {
    /// Each pattern checks that its forms agree.
    #[test]
    fn all_forms_compute_the_same() {
        super::run(1).unwrap();
    }
}
