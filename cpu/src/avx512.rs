//! The AVX-512 micro-kernel: 8 × 48, see [`kernel`](super::kernel).
#![allow(unsafe_code)]

use std::arch::asm;
use std::arch::x86_64::*;

use super::activation::{Activation, Kind};
use super::kernel::{Kernel, Rows, Start, Steps, with_rows};
use super::matrix::Tile;

/// Proof that the host has AVX-512F.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx512(());

const LANES: usize = 16;
const NR: usize = 3 * LANES;
/// Floats of `a` that a prefetch runs ahead: `a` comes from the second level, `b` is in the first.
const AHEAD: usize = 256;

impl Avx512 {
    /// `None` on a processor, or under an operating system, without it.
    pub(super) fn new() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Self(()))
    }
}

impl Kernel for Avx512 {
    const MR: usize = 8;
    const NR: usize = NR;

    #[inline]
    fn tile(self, a: &[f32], b: Rows<'_>, copy: Option<&mut [f32]>, c: Tile<'_>, start: Start<'_>, end: Activation) {
        // SAFETY: `self` exists only where `new` found AVX-512F.
        unsafe {
            match c.columns().div_ceil(LANES) {
                1 => with_rows!(c.rows(), [1 2 3 4 5 6 7 8], |ROWS| tile::<ROWS, 1>(a, b, copy, c, start, end)),
                2 => with_rows!(c.rows(), [1 2 3 4 5 6 7 8], |ROWS| tile::<ROWS, 2>(a, b, copy, c, start, end)),
                _ => with_rows!(c.rows(), [1 2 3 4 5 6 7 8], |ROWS| tile::<ROWS, 3>(a, b, copy, c, start, end)),
            }
        }
    }

    #[inline]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx512f")]
        fn inner<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: `self` exists only where `new` found AVX-512F.
        unsafe { inner(f) }
    }
}

/// A tile of `ROWS` rows and `VECS` vectors of columns, the last of them masked.
#[target_feature(enable = "avx512f")]
fn tile<const ROWS: usize, const VECS: usize>(
    a: &[f32],
    b: Rows<'_>,
    copy: Option<&mut [f32]>,
    mut c: Tile<'_>,
    start: Start<'_>,
    end: Activation,
) {
    let (depth, columns) = (a.len() / ROWS, c.columns());
    assert!(a.len() == depth * ROWS && c.rows() == ROWS);
    assert!((VECS - 1) * LANES < columns && columns <= VECS * LANES);
    b.check(depth, columns, LANES);
    // Masked loads take a slot of an FMA. What lies in b behind the columns may be read where there is something.
    let whole = b.hold(depth, VECS * LANES);
    let mask = (u32::MAX >> (32 - (columns - (VECS - 1) * LANES))) as __mmask16;

    // The tile's lines come while the sum is made: stores would wait for them one after the other.
    for r in 0..ROWS {
        let out = c.row(r).as_ptr();
        for v in 0..VECS {
            _mm_prefetch::<_MM_HINT_ET0>(out.wrapping_add(v * LANES).cast());
        }
    }
    // SAFETY: what both loops need was asserted above and here.
    let mut acc = unsafe {
        match copy {
            Some(copy) => {
                assert!(copy.len() >= depth * NR);
                let copy = copy.as_mut_ptr();
                match whole {
                    true => sum::<ROWS, VECS, true, false>(a.as_ptr(), b, copy, depth, mask),
                    false => sum::<ROWS, VECS, true, true>(a.as_ptr(), b, copy, depth, mask),
                }
            }
            None if whole => match b.steps {
                Steps::Stride(stride) => sum_stride::<ROWS, VECS>(a.as_ptr(), b.data.as_ptr(), stride, depth),
                Steps::Offsets(offsets) => {
                    sum_offsets::<ROWS, VECS>(a.as_ptr(), b.data.as_ptr(), offsets.get().as_ptr(), depth)
                }
            },
            None => sum::<ROWS, VECS, false, true>(a.as_ptr(), b, std::ptr::null_mut(), depth, mask),
        }
    };

    match start {
        Start::Zero => {}
        Start::Bias(bias) => {
            for (r, acc) in acc.iter_mut().enumerate() {
                let bias = _mm512_set1_ps(bias[r]);
                acc.iter_mut().for_each(|acc| *acc = _mm512_add_ps(bias, *acc));
            }
        }
        Start::Accumulate => {
            for (r, acc) in acc.iter_mut().enumerate() {
                let out = c.row(r).as_ptr();
                for (v, acc) in acc.iter_mut().enumerate() {
                    // SAFETY: a row of c is `columns` floats; vector v touches those from v·16 on, the last the masked.
                    let was = unsafe { _mm512_maskz_loadu_ps(mask_of::<VECS>(v, mask), out.add(v * LANES)) };
                    *acc = _mm512_add_ps(was, *acc);
                }
            }
        }
    }
    // MAXPS and MINPS give their second operand where it is NaN or both are zeros.
    match end.kind() {
        Kind::Identity => {}
        Kind::AtLeast(low) => {
            let low = _mm512_set1_ps(low);
            acc.iter_mut().flatten().for_each(|acc| *acc = _mm512_max_ps(low, *acc));
        }
        Kind::Between(low, high) => {
            let (low, high) = (_mm512_set1_ps(low), _mm512_set1_ps(high));
            acc.iter_mut().flatten().for_each(|acc| *acc = _mm512_min_ps(high, _mm512_max_ps(low, *acc)));
        }
    }
    for (r, acc) in acc.iter().enumerate() {
        let out = c.row(r).as_mut_ptr();
        for (v, &acc) in acc.iter().enumerate() {
            // SAFETY: as above.
            unsafe { _mm512_mask_storeu_ps(out.add(v * LANES), mask_of::<VECS>(v, mask), acc) };
        }
    }
}

/// The lanes of vector `v` of `VECS`, of which the last has those of `mask`.
#[inline(always)]
fn mask_of<const VECS: usize>(v: usize, mask: __mmask16) -> __mmask16 {
    if v == VECS - 1 { mask } else { !0 }
}

/// One row of a step, which lies `$at` bytes behind the first: its element of a in every lane, times the vectors of b in zmm24
/// to zmm26.
#[rustfmt::skip]
macro_rules! row {
    ($row:literal, $at:literal, $a:literal, $acc0:literal, $acc1:literal, $acc2:literal) => {
        concat!(
            ".if {rows} > ", $row, "\n",
            "vbroadcastss ", $a, ", dword ptr [{a} + ", $at, " + 4 * ", $row, "]\n",
            "vfmadd231ps ", $acc0, ", zmm24, ", $a, "\n",
            ".if {vecs} > 1\nvfmadd231ps ", $acc1, ", zmm25, ", $a, "\n.endif\n",
            ".if {vecs} > 2\nvfmadd231ps ", $acc2, ", zmm26, ", $a, "\n.endif\n",
            ".endif"
        )
    };
}

/// A step: its vectors of b at `$b`, its elements of a `$at` bytes behind the first.
macro_rules! step {
    ($b:literal, $at:literal) => {
        concat!(
            "vmovups zmm24, [",
            $b,
            "]\n",
            ".if {vecs} > 1\nvmovups zmm25, [",
            $b,
            " + 64]\n.endif\n",
            ".if {vecs} > 2\nvmovups zmm26, [",
            $b,
            " + 128]\n.endif\n",
            row!("0", $at, "zmm27", "zmm0", "zmm1", "zmm2"),
            "\n",
            row!("1", $at, "zmm28", "zmm3", "zmm4", "zmm5"),
            "\n",
            row!("2", $at, "zmm29", "zmm6", "zmm7", "zmm8"),
            "\n",
            row!("3", $at, "zmm30", "zmm9", "zmm10", "zmm11"),
            "\n",
            row!("4", $at, "zmm31", "zmm12", "zmm13", "zmm14"),
            "\n",
            row!("5", $at, "zmm27", "zmm15", "zmm16", "zmm17"),
            "\n",
            row!("6", $at, "zmm28", "zmm18", "zmm19", "zmm20"),
            "\n",
            row!("7", $at, "zmm29", "zmm21", "zmm22", "zmm23"),
            "\n",
        )
    };
}

/// The loop over pairs of steps, behind a single one where the depth is odd. In assembly, because what the compiler makes of
/// the intrinsics is a tenth slower: the loop begins at a cache line here, and is scheduled as it stands.
///
/// `$one` are the instructions that find the first step's vectors of b at `$b0`, `$two` those that find those of two
/// steps at `$b0` and `$b1`; both move on to the next.
macro_rules! sum_loop {
    ($rows:ident, $vecs:ident, $a:ident, $depth:ident, one: [$($one:literal),*], two: [$($two:literal),*],
     after_one: [$($after_one:literal),*], after_two: [$($after_two:literal),*], $b0:literal, $b1:literal, $($operands:tt)*) => {{
        let mut acc = [[_mm512_setzero_ps(); 3]; 8];
        let [
            [c0, c1, c2], [c3, c4, c5], [c6, c7, c8], [c9, c10, c11],
            [c12, c13, c14], [c15, c16, c17], [c18, c19, c20], [c21, c22, c23],
        ] = &mut acc;
        // SAFETY: it reads what the caller promises, and prefetches, which may name any address.
        unsafe {
            asm!(
                "test {n:l}, 1",
                "jz 2f",
                $($one,)*
                step!($b0, "0"),
                "add {a}, 4 * {rows}",
                $($after_one,)*
                "2:",
                "shr {n}",
                "jz 4f",
                ".p2align 6",
                "3:",
                "prefetcht0 [{a} + {ahead}]",
                $($two,)*
                step!($b0, "0"),
                step!($b1, "4 * {rows}"),
                "add {a}, 8 * {rows}",
                $($after_two,)*
                "dec {n}",
                "jnz 3b",
                "4:",
                rows = const $rows,
                vecs = const $vecs,
                ahead = const 4 * AHEAD,
                a = inout(reg) $a => _,
                n = inout(reg) $depth => _,
                $($operands)*
                inout("zmm0") *c0,
                inout("zmm1") *c1,
                inout("zmm2") *c2,
                inout("zmm3") *c3,
                inout("zmm4") *c4,
                inout("zmm5") *c5,
                inout("zmm6") *c6,
                inout("zmm7") *c7,
                inout("zmm8") *c8,
                inout("zmm9") *c9,
                inout("zmm10") *c10,
                inout("zmm11") *c11,
                inout("zmm12") *c12,
                inout("zmm13") *c13,
                inout("zmm14") *c14,
                inout("zmm15") *c15,
                inout("zmm16") *c16,
                inout("zmm17") *c17,
                inout("zmm18") *c18,
                inout("zmm19") *c19,
                inout("zmm20") *c20,
                inout("zmm21") *c21,
                inout("zmm22") *c22,
                inout("zmm23") *c23,
                out("zmm24") _,
                out("zmm25") _,
                out("zmm26") _,
                out("zmm27") _,
                out("zmm28") _,
                out("zmm29") _,
                out("zmm30") _,
                out("zmm31") _,
                options(nostack, readonly),
            );
        }
        let mut sums = [[_mm512_setzero_ps(); $vecs]; $rows];
        for (sums, acc) in sums.iter_mut().zip(&acc) {
            for (sum, acc) in sums.iter_mut().zip(acc) {
                *sum = *acc;
            }
        }
        sums
    }};
}

/// [`sum`] without masks and copy, which is nearly all that is ever run.
///
/// # Safety
/// `a` has `depth·ROWS` floats, each of `depth` steps of b, `stride` floats apart, VECS·16.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn sum_stride<const ROWS: usize, const VECS: usize>(
    a: *const f32,
    b: *const f32,
    stride: usize,
    depth: usize,
) -> [[__m512; VECS]; ROWS] {
    sum_loop!(
        ROWS, VECS, a, depth, one: [], two: [], after_one: ["add {b}, {stride}"], after_two: ["lea {b}, [{b} + 2 * {stride}]"],
        "{b}", "{b} + {stride}",
        b = inout(reg) b => _,
        stride = in(reg) 4 * stride,
    )
}

/// [`sum_stride`] of steps that begin at `offsets`.
///
/// # Safety
/// `a` has `depth·ROWS` floats, `offsets` has `depth`, at each of which b has VECS·16 floats.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn sum_offsets<const ROWS: usize, const VECS: usize>(
    a: *const f32,
    b: *const f32,
    offsets: *const u32,
    depth: usize,
) -> [[__m512; VECS]; ROWS] {
    sum_loop!(
        ROWS, VECS, a, depth, one: ["mov {at0:e}, [{o}]"], two: ["mov {at0:e}, [{o}]", "mov {at1:e}, [{o} + 4]"],
        after_one: ["add {o}, 4"], after_two: ["add {o}, 8"], "{b} + 4 * {at0}", "{b} + 4 * {at1}",
        b = in(reg) b,
        o = inout(reg) offsets => _,
        at0 = out(reg) _,
        at1 = out(reg) _,
    )
}

/// The sum over the depth; with `COPY`, what it read of b goes to `copy`.
///
/// # Safety
/// `a` has `depth·ROWS` floats, each of `depth` steps of b VECS·16, or where `MASKED` (VECS − 1)·16 and those of `mask` behind
/// them, `copy` as many steps of NR.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn sum<const ROWS: usize, const VECS: usize, const COPY: bool, const MASKED: bool>(
    a: *const f32,
    b: Rows<'_>,
    copy: *mut f32,
    depth: usize,
    mask: __mmask16,
) -> [[__m512; VECS]; ROWS] {
    let mut acc = [[_mm512_setzero_ps(); VECS]; ROWS];
    let mut step = |a: *const f32, b: *const f32, copy: *mut f32| {
        let mut bv = [_mm512_setzero_ps(); VECS];
        for (v, bv) in bv.iter_mut().enumerate() {
            // SAFETY: the caller's promise: the step has these floats.
            *bv = unsafe {
                match MASKED && v == VECS - 1 {
                    true => _mm512_maskz_loadu_ps(mask, b.add(v * LANES)),
                    false => _mm512_loadu_ps(b.add(v * LANES)),
                }
            };
            if COPY {
                // SAFETY: the caller's promise: a step of the copy has NR floats.
                unsafe { _mm512_storeu_ps(copy.add(v * LANES), *bv) };
            }
        }
        for (r, acc) in acc.iter_mut().enumerate() {
            // SAFETY: the caller's promise: a step of a has ROWS floats.
            let av = _mm512_set1_ps(unsafe { *a.add(r) });
            for v in 0..VECS {
                acc[v] = _mm512_fmadd_ps(av, bv[v], acc[v]);
            }
        }
    };
    for i in 0..depth {
        // A prefetch may name any address.
        _mm_prefetch::<_MM_HINT_T0>(a.wrapping_add(i * ROWS + AHEAD).cast());
        let from = b.data.as_ptr().wrapping_add(b.start(i));
        step(a.wrapping_add(i * ROWS), from, copy.wrapping_add(i * NR));
    }
    acc
}
