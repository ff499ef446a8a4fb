//! The AVX2 + FMA micro-kernel: 6 × 16, see [`kernel`](super::kernel).
#![allow(unsafe_code)]

use std::arch::asm;
use std::arch::x86_64::*;

use super::activation::Kind;
use super::kernel::{Ahead, Column, FLUSH, Kernel, Left, Rows, Start, Steps, with_rows};
use super::product::LINE;

/// Proof that the host has AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx2(());

const LANES: usize = 8;
const NR: usize = 2 * LANES;

impl Avx2 {
    /// `None` on a processor, or under an operating system, without them.
    pub(super) fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

impl Kernel for Avx2 {
    const MR: usize = 6;
    const NR: usize = NR;

    #[inline]
    fn column(self, column: Column<'_>) {
        column.each::<Self>(LANES, |one| {
            // SAFETY: `self` exists only where `new` found AVX2 and FMA.
            unsafe {
                match one.c.columns() {
                    NR => with_rows!(one.c.rows(), [1 2 3 4 5 6], |ROWS| tile::<ROWS, 2, false>(one)),
                    0..=LANES => {
                        with_rows!(one.c.rows(), [1 2 3 4 5 6], |ROWS| tile::<ROWS, 1, true>(one))
                    }
                    _ => with_rows!(one.c.rows(), [1 2 3 4 5 6], |ROWS| tile::<ROWS, 2, true>(one)),
                }
            }
        });
    }

    #[inline]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx2,fma")]
        fn inner<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: `self` exists only where `new` found AVX2 and FMA.
        unsafe { inner(f) }
    }
}

/// A tile of `ROWS` rows and `VECS` vectors of columns; the last of them is masked where `MASKED`.
#[target_feature(enable = "avx2,fma")]
fn tile<const ROWS: usize, const VECS: usize, const MASKED: bool>(tile: Column<'_>) {
    let Column { a, b, copy, mut c, start, end, far, ahead, .. } = tile;
    let (depth, columns) = (a.check(1, ROWS), c.columns());
    assert!(c.rows() == ROWS);
    assert!((VECS - 1) * LANES < columns && columns <= VECS * LANES && (MASKED || columns == VECS * LANES));
    b.check(depth, columns, LANES);
    let last = (columns - (VECS - 1) * LANES) as i32;
    let mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(last), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));

    // The lines of c come while the sum is made: stores would wait for them one after the other. They begin anywhere.
    for r in 0..ROWS {
        let row = c.row(r).as_ptr();
        _mm_prefetch::<_MM_HINT_ET0>(row.cast());
        _mm_prefetch::<_MM_HINT_ET0>(row.wrapping_add(columns - 1).cast());
        if far {
            _mm_prefetch::<_MM_HINT_T1>(row.wrapping_add(columns - 1 + LINE).cast());
        }
    }
    // SAFETY: what both loops need was asserted above and here.
    let mut acc = unsafe {
        match copy {
            Some(copy) => {
                assert!(copy.len() >= depth * NR);
                sum::<ROWS, VECS, MASKED, true>(a, b, copy.as_mut_ptr(), depth, mask, ahead)
            }
            None => sum::<ROWS, VECS, MASKED, false>(a, b, std::ptr::null_mut(), depth, mask, ahead),
        }
    };
    for (r, acc) in acc.iter_mut().enumerate() {
        let out = c.row(r).as_ptr();
        for (v, acc) in acc.iter_mut().enumerate() {
            // SAFETY: a row of c is `columns` floats; vector v touches those from v·8 on, the last the masked ones.
            *acc = unsafe {
                let out = out.add(v * LANES);
                match start {
                    Start::Zero => *acc,
                    Start::Bias(bias) => _mm256_add_ps(_mm256_set1_ps(bias[r]), *acc),
                    Start::Accumulate if MASKED && v == VECS - 1 => _mm256_add_ps(_mm256_maskload_ps(out, mask), *acc),
                    Start::Accumulate => _mm256_add_ps(_mm256_loadu_ps(out), *acc),
                }
            };
        }
    }
    // MAXPS and MINPS give their second operand where it is NaN or both are zeros.
    match end.kind() {
        Kind::Identity => {}
        Kind::AtLeast(low) => {
            let low = _mm256_set1_ps(low);
            acc.iter_mut().flatten().for_each(|acc| *acc = _mm256_max_ps(low, *acc));
        }
        Kind::Between(low, high) => {
            let (low, high) = (_mm256_set1_ps(low), _mm256_set1_ps(high));
            acc.iter_mut().flatten().for_each(|acc| *acc = _mm256_min_ps(high, _mm256_max_ps(low, *acc)));
        }
    }
    for (r, acc) in acc.iter().enumerate() {
        let out = c.row(r).as_mut_ptr();
        for (v, &acc) in acc.iter().enumerate() {
            // SAFETY: as above.
            unsafe {
                let out = out.add(v * LANES);
                if MASKED && v == VECS - 1 {
                    _mm256_maskstore_ps(out, mask, acc);
                } else {
                    _mm256_storeu_ps(out, acc);
                }
            }
        }
    }
}

/// A row's part of a step, whose elements of a are at `$a`: its own one in every lane, times the vectors of b in ymm12 and ymm13.
#[rustfmt::skip]
macro_rules! row {
    ($a:literal, $row:literal, $acc0:literal, $acc1:literal) => {
        concat!(
            ".if {rows} > ", $row, "\n",
            "vbroadcastss ymm14, dword ptr [", $a, " + 4 * ", $row, "]\n",
            "vfmadd231ps ", $acc0, ", ymm12, ymm14\n",
            ".if {vecs} > 1\nvfmadd231ps ", $acc1, ", ymm13, ymm14\n.endif\n",
            ".endif\n"
        )
    };
}

/// Vector `$v` of a step of b, which goes to the copy too where there is one.
#[rustfmt::skip]
macro_rules! vector {
    ($v:literal, $to:literal) => {
        concat!(
            ".if {vecs} > ", $v, "\n",
            ".if {masked} && {vecs} == ", $v, " + 1\nvmaskmovps ", $to, ", ymm15, [{at} + 32 * ", $v, "]\n",
            ".else\nvmovups ", $to, ", [{at} + 32 * ", $v, "]\n.endif\n",
            ".if {copy}\nvmovups [{to} + 32 * ", $v, "], ", $to, "\n.endif\n",
            ".endif\n"
        )
    };
}

/// The sum over the depth; with `COPY`, what it read of b goes to `copy`. With each step a line is asked for. In assembly, because
/// only there may the processor be told to take denormals for zero: an FMA that meets one otherwise takes a hundred cycles.
///
/// # Safety
/// `a` has `depth` steps of a tile of ROWS rows, each of `depth` steps of b (VECS − 1)·8 and those of `mask` behind them, or VECS·8
/// where not `MASKED`, `copy` as many steps of NR.
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn sum<const ROWS: usize, const VECS: usize, const MASKED: bool, const COPY: bool>(
    a: Left<'_>,
    b: Rows<'_>,
    copy: *mut f32,
    depth: usize,
    mask: __m256i,
    ahead: Option<Ahead>,
) -> [[__m256; VECS]; ROWS] {
    // Else the same line again and again, which is there.
    let (ahead, ahead_stride) = ahead.map_or((b.data.as_ptr(), 0), |ahead| (ahead.from, 4 * ahead.stride));
    let mut acc = [[_mm256_setzero_ps(); 2]; 6];
    let [[c0, c1], [c2, c3], [c4, c5], [c6, c7], [c8, c9], [c10, c11]] = &mut acc;
    // The caller's MXCSR, and one that flushes.
    let mut modes = [0u32, FLUSH];
    macro_rules! steps {
        (a: $from:expr, $a:literal, $find_a:literal, $next_a:literal, $steps_a:expr, b: $find:literal, $next:literal, $steps:expr) => {
            // SAFETY: it reads and writes what the caller promises, and leaves MXCSR as it was.
            unsafe {
                asm!(
                    "stmxcsr [{modes}]",
                    "ldmxcsr [{modes} + 4]",
                    ".p2align 6",
                    "2:",
                    $find,
                    $find_a,
                    vector!("0", "ymm12"),
                    vector!("1", "ymm13"),
                    row!($a, "0", "ymm0", "ymm1"),
                    row!($a, "1", "ymm2", "ymm3"),
                    row!($a, "2", "ymm4", "ymm5"),
                    row!($a, "3", "ymm6", "ymm7"),
                    row!($a, "4", "ymm8", "ymm9"),
                    row!($a, "5", "ymm10", "ymm11"),
                    ".if {copy}",
                    "add {to}, 4 * {nr}",
                    ".endif",
                    $next_a,
                    $next,
                    "prefetcht1 [{ahead}]",
                    "add {ahead}, {ahead_stride}",
                    "dec {n}",
                    "jnz 2b",
                    "ldmxcsr [{modes}]",
                    rows = const ROWS,
                    vecs = const VECS,
                    masked = const MASKED as usize,
                    copy = const COPY as usize,
                    nr = const NR,
                    modes = in(reg) modes.as_mut_ptr(),
                    a = inout(reg) $from => _,
                    steps_a = inout(reg) $steps_a => _,
                    near = out(reg) _,
                    b = inout(reg) b.data.as_ptr() => _,
                    at = out(reg) _,
                    steps = inout(reg) $steps => _,
                    to = inout(reg) copy => _,
                    n = inout(reg) depth => _,
                    ahead = inout(reg) ahead => _,
                    ahead_stride = in(reg) ahead_stride,
                    inout("ymm0") *c0,
                    inout("ymm1") *c1,
                    inout("ymm2") *c2,
                    inout("ymm3") *c3,
                    inout("ymm4") *c4,
                    inout("ymm5") *c5,
                    inout("ymm6") *c6,
                    inout("ymm7") *c7,
                    inout("ymm8") *c8,
                    inout("ymm9") *c9,
                    inout("ymm10") *c10,
                    inout("ymm11") *c11,
                    out("ymm12") _,
                    out("ymm13") _,
                    out("ymm14") _,
                    in("ymm15") mask,
                    options(nostack),
                );
            }
        };
    }
    macro_rules! with_b {
        ($from:expr, $a:literal, $find:literal, $next:literal, $steps:expr) => {
            match b.steps {
                Steps::Stride(stride) => {
                    steps!(a: $from, $a, $find, $next, $steps, b: "mov {at}, {b}", "add {b}, {steps}", 4 * stride)
                }
                Steps::Offsets(offsets) => steps!(
                    a: $from, $a, $find, $next, $steps,
                    b: "mov {at:e}, [{steps}]\nlea {at}, [{b} + 4 * {at}]", "add {steps}, 4",
                    offsets.get().as_ptr() as usize
                ),
            }
        };
    }
    match a {
        _ if depth == 0 => {}
        Left::Packed(a) => {
            with_b!(a.as_ptr(), "{a}", "# {near} {steps_a}", "add {a}, 4 * {rows}", 0usize)
        }
        Left::InPlace { data, tiles, steps } => {
            let from = data.as_ptr().wrapping_add(tiles[0] as usize);
            let steps = steps.get().as_ptr();
            with_b!(
                from,
                "{near}",
                "mov {near:e}, [{steps_a}]\nlea {near}, [{a} + 4 * {near}]",
                "add {steps_a}, 4",
                steps
            )
        }
    }
    let mut sums = [[_mm256_setzero_ps(); VECS]; ROWS];
    for (sums, acc) in sums.iter_mut().zip(&acc) {
        sums.copy_from_slice(&acc[..VECS]);
    }
    sums
}
