//! The AVX-512 micro-kernel: 8 × 48, see [`kernel`](super::kernel).
#![allow(unsafe_code)]

use std::arch::asm;
use std::arch::x86_64::__mmask16;

use super::activation::Kind;
use super::kernel::{Column, FLUSH, Kernel, Left, Start, Steps, with_rows};

/// Proof that the host has AVX-512F.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx512(());

const LANES: usize = 16;
const MR: usize = 8;
const NR: usize = 3 * LANES;
/// Floats of `a` that a prefetch runs ahead: no tile reads them again, so that they come from the second level at best.
const AHEAD: usize = 512;

impl Avx512 {
    /// `None` on a processor, or under an operating system, without it.
    pub(super) fn new() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Self(()))
    }
}

impl Kernel for Avx512 {
    const MR: usize = MR;
    const NR: usize = NR;
    const TALL: usize = 14;
    const EXTRA: bool = true;

    #[inline]
    fn column(self, column: Column<'_>) {
        // SAFETY: `self` exists only where `new` found AVX-512F.
        unsafe {
            match column.c.columns().div_ceil(LANES) {
                _ if column.extra.is_some() => {
                    with_rows!(column.height, [1 2 3 4 5 6 7 8], |ROWS| self::column::<ROWS, 3, 1>(column))
                }
                1 if matches!(column.a, Left::InPlace { .. }) => {
                    with_rows!(column.height, [1 2 3 4 5 6 7 8 9 10 11 12 13 14], |ROWS| pairs::<ROWS>(column))
                }
                1 => with_rows!(column.height, [1 2 3 4 5 6 7 8], |ROWS| self::column::<ROWS, 1, 0>(column)),
                2 => with_rows!(column.height, [1 2 3 4 5 6 7 8], |ROWS| self::column::<ROWS, 2, 0>(column)),
                _ => with_rows!(column.height, [1 2 3 4 5 6 7 8], |ROWS| self::column::<ROWS, 3, 0>(column)),
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

/// `$part` for each row of a tile: its number, where it lies in c, its accumulators. Beforehand c is in t0, the bytes between rows
/// in t1, three times these in t2, the second row in t3.
macro_rules! rows {
    ($part:ident) => {
        concat!(
            $part!("0", "{t0}", "zmm0", "zmm1", "zmm2"),
            $part!("1", "{t0} + {t1}", "zmm3", "zmm4", "zmm5"),
            $part!("2", "{t0} + 2 * {t1}", "zmm6", "zmm7", "zmm8"),
            $part!("3", "{t0} + {t2}", "zmm9", "zmm10", "zmm11"),
            $part!("4", "{t0} + 4 * {t1}", "zmm12", "zmm13", "zmm14"),
            $part!("5", "{t3} + 4 * {t1}", "zmm15", "zmm16", "zmm17"),
            $part!("6", "{t0} + 2 * {t2}", "zmm18", "zmm19", "zmm20"),
            $part!("7", "{t3} + 2 * {t2}", "zmm21", "zmm22", "zmm23"),
        )
    };
}

/// The accumulators are zero, and the lines of c come while the sum is made: stores would wait for them one after the other.
#[rustfmt::skip]
macro_rules! begin {
    ($row:literal, $c:literal, $acc0:literal, $acc1:literal, $acc2:literal) => {
        concat!(
            ".if {rows} > ", $row, "\n",
            "prefetchw [", $c, "]\nvpxord ", $acc0, ", ", $acc0, ", ", $acc0, "\n",
            ".if {vecs} > 1\nprefetchw [", $c, " + 64]\nvpxord ", $acc1, ", ", $acc1, ", ", $acc1, "\n.endif\n",
            ".if {vecs} > 2\nprefetchw [", $c, " + 128]\nvpxord ", $acc2, ", ", $acc2, ", ", $acc2, "\n.endif\n",
            ".if {extra}\nprefetchw [", $c, " + 4 * {nr}]\n.endif\n",
            ".endif\n"
        )
    };
}

/// The lines of c behind the tile's come to the second level.
#[rustfmt::skip]
macro_rules! ask {
    ($row:literal, $c:literal, $acc0:literal, $acc1:literal, $acc2:literal) => {
        concat!(
            ".if {rows} > ", $row, "\n",
            "prefetcht1 [", $c, " + 64 * {vecs}]\n",
            ".if {vecs} > 1\nprefetcht1 [", $c, " + 64 * {vecs} + 64]\n.endif\n",
            ".if {vecs} > 2\nprefetcht1 [", $c, " + 64 * {vecs} + 128]\n.endif\n",
            ".endif\n"
        )
    };
}

/// A bias is added, which t4 points to.
#[rustfmt::skip]
macro_rules! add_bias {
    ($row:literal, $c:literal, $acc0:literal, $acc1:literal, $acc2:literal) => {
        concat!(
            ".if {rows} > ", $row, "\n",
            "vbroadcastss zmm27, dword ptr [{t4} + 4 * ", $row, "]\n",
            "vaddps ", $acc0, ", zmm27, ", $acc0, "\n",
            ".if {vecs} > 1\nvaddps ", $acc1, ", zmm27, ", $acc1, "\n.endif\n",
            ".if {vecs} > 2\nvaddps ", $acc2, ", zmm27, ", $acc2, "\n.endif\n",
            ".endif\n"
        )
    };
}

/// The bound in zmm27, which is the first operand, because both instructions give the second one where it is NaN or both are
/// zeros.
#[rustfmt::skip]
macro_rules! bound {
    ($bound:literal, $row:literal, $acc0:literal, $acc1:literal, $acc2:literal) => {
        concat!(
            ".if {rows} > ", $row, "\n",
            $bound, " ", $acc0, ", zmm27, ", $acc0, "\n",
            ".if {vecs} > 1\n", $bound, " ", $acc1, ", zmm27, ", $acc1, "\n.endif\n",
            ".if {vecs} > 2\n", $bound, " ", $acc2, ", zmm27, ", $acc2, "\n.endif\n",
            ".endif\n"
        )
    };
}

macro_rules! at_least {
    ($row:literal, $c:literal, $acc0:literal, $acc1:literal, $acc2:literal) => {
        bound!("vmaxps", $row, $acc0, $acc1, $acc2)
    };
}

macro_rules! at_most {
    ($row:literal, $c:literal, $acc0:literal, $acc1:literal, $acc2:literal) => {
        bound!("vminps", $row, $acc0, $acc1, $acc2)
    };
}

/// c is added.
#[rustfmt::skip]
macro_rules! add_c {
    ($row:literal, $c:literal, $acc0:literal, $acc1:literal, $acc2:literal) => {
        concat!(
            ".if {rows} > ", $row, "\n",
            ".if {vecs} == 1\nvaddps ", $acc0, "{{k1}}, ", $acc0, ", [", $c, "]\n",
            ".else\nvaddps ", $acc0, ", ", $acc0, ", [", $c, "]\n.endif\n",
            ".if {vecs} == 2\nvaddps ", $acc1, "{{k1}}, ", $acc1, ", [", $c, " + 64]\n.endif\n",
            ".if {vecs} == 3\nvaddps ", $acc1, ", ", $acc1, ", [", $c, " + 64]\n",
            "vaddps ", $acc2, "{{k1}}, ", $acc2, ", [", $c, " + 128]\n.endif\n",
            ".if {extra}\nvmovss xmm30, dword ptr [", $c, " + 4 * {nr}]\n",
            "vmovss dword ptr [{args} + {of_extra} + 4 * ", $row, "], xmm30\n.endif\n",
            ".endif\n"
        )
    };
}

/// The sums go to c.
#[rustfmt::skip]
macro_rules! store {
    ($row:literal, $c:literal, $acc0:literal, $acc1:literal, $acc2:literal) => {
        concat!(
            ".if {rows} > ", $row, "\n",
            ".if {vecs} == 1\nvmovups [", $c, "]{{k1}}, ", $acc0, "\n",
            ".else\nvmovups [", $c, "], ", $acc0, "\n.endif\n",
            ".if {vecs} == 2\nvmovups [", $c, " + 64]{{k1}}, ", $acc1, "\n.endif\n",
            ".if {vecs} == 3\nvmovups [", $c, " + 64], ", $acc1, "\n",
            "vmovups [", $c, " + 128]{{k1}}, ", $acc2, "\n.endif\n",
            ".if {extra}\nvmovss xmm30, dword ptr [{args} + {of_extra} + 4 * ", $row, "]\n",
            "vmovss dword ptr [", $c, " + 4 * {nr}], xmm30\n.endif\n",
            ".endif\n"
        )
    };
}

/// A row's part of a step, whose elements of a are at `$at`: its own one in every lane, times the vectors of b in zmm24 to zmm26.
#[rustfmt::skip]
macro_rules! row {
    ($row:literal, $at:literal, $a:literal, $acc0:literal, $acc1:literal, $acc2:literal) => {
        concat!(
            ".if {rows} > ", $row, "\n",
            "vbroadcastss ", $a, ", dword ptr [", $at, " + 4 * ", $row, "]\n",
            "vfmadd231ps ", $acc0, ", zmm24, ", $a, "\n",
            ".if {vecs} > 1\nvfmadd231ps ", $acc1, ", zmm25, ", $a, "\n.endif\n",
            ".if {vecs} > 2\nvfmadd231ps ", $acc2, ", zmm26, ", $a, "\n.endif\n",
            ".endif\n"
        )
    };
}

/// Vector `$v` of a step of b, which goes to the copy too where there is one.
#[rustfmt::skip]
macro_rules! vector {
    ($v:literal, $to:literal, $b:literal, $copy:literal) => {
        concat!(
            ".if {vecs} > ", $v, "\n",
            ".if {masked} && {vecs} == ", $v, " + 1\nvmovups ", $to, "{{k1}}{{z}}, [", $b, " + 64 * ", $v, "]\n",
            ".else\nvmovups ", $to, ", [", $b, " + 64 * ", $v, "]\n.endif\n",
            ".if {copy}\nvmovups [{t5} + ", $copy, " + 64 * ", $v, "], ", $to, "\n.endif\n",
            ".endif\n"
        )
    };
}

/// A step: its vectors of b at `$b`, its elements of a at `$at`, its place in the copy, its float of the extra column: times that
/// go all rows' elements at once, in zmm31.
#[rustfmt::skip]
macro_rules! step {
    ($b:literal, $at:literal, $copy:literal, $extra:literal) => {
        concat!(
            ".if {extra}\nvmovups zmm30{{k2}}{{z}}, [", $at, "]\n",
            "vfmadd231ps zmm31, zmm30, dword ptr [", $extra, "]{{1to16}}\n.endif\n",
            vector!("0", "zmm24", $b, $copy),
            vector!("1", "zmm25", $b, $copy),
            vector!("2", "zmm26", $b, $copy),
            row!("0", $at, "zmm27", "zmm0", "zmm1", "zmm2"),
            row!("1", $at, "zmm28", "zmm3", "zmm4", "zmm5"),
            row!("2", $at, "zmm29", "zmm6", "zmm7", "zmm8"),
            row!("3", $at, "zmm27", "zmm9", "zmm10", "zmm11"),
            row!("4", $at, "zmm28", "zmm12", "zmm13", "zmm14"),
            row!("5", $at, "zmm29", "zmm15", "zmm16", "zmm17"),
            row!("6", $at, "zmm27", "zmm18", "zmm19", "zmm20"),
            row!("7", $at, "zmm28", "zmm21", "zmm22", "zmm23"),
        )
    };
}

/// The tiles of a column, one after the other. In assembly, because what the compiler makes of the intrinsics is a tenth slower:
/// the loop over pairs of steps begins at a cache line here and is scheduled as it stands, and nothing but it, the stores and the
/// next tile's prefetches is left of a tile, so that its start runs in the shadow of the last one's end.
///
/// `copy`: what is read of b is written to the copy; `masked`: the last vectors of b are read with the mask; `offsets`: the
/// steps of b begin at offsets; `near`: those of a too, and tiles of a anywhere.
macro_rules! tiles {
    ($rows:ident, $vecs:ident, $extra:ident, copy: $copy:literal, masked: $masked:literal, offsets: 0, near: 0, $args:expr, $mask:expr) => {
        tiles!($rows, $vecs, $extra, $copy, $masked, near: 0, $args, $mask,
            b: ["{t0}", "{t0} + {t2}"], a: ["{a}", "{a} + 4 * {rows}"], one: "# {t6} {t7}", two: "", second: "",
            after_one: "add {t0}, {t2}\nadd {a}, 4 * {rows}", after_two: "lea {t0}, [{t0} + 2 * {t2}]\nadd {a}, 8 * {rows}")
    };
    ($rows:ident, $vecs:ident, $extra:ident, copy: $copy:literal, masked: $masked:literal, offsets: 1, near: 0, $args:expr, $mask:expr) => {
        tiles!($rows, $vecs, $extra, $copy, $masked, near: 0, $args, $mask,
            b: ["{t0} + 4 * {t6}", "{t0} + 4 * {t7}"], a: ["{a}", "{a} + 4 * {rows}"],
            one: "mov {t6:e}, [{t2}]", two: "mov {t6:e}, [{t2}]\nmov {t7:e}, [{t2} + 4]", second: "",
            after_one: "add {t2}, 4\nadd {a}, 4 * {rows}", after_two: "add {t2}, 8\nadd {a}, 8 * {rows}")
    };
    ($rows:ident, $vecs:ident, $extra:ident, copy: 0, masked: 0, offsets: 1, near: 1, $args:expr, $mask:expr) => {
        tiles!($rows, $vecs, $extra, 0, 0, near: 1, $args, $mask,
            b: ["{t0} + 4 * {t6}", "{t0} + 4 * {t6}"], a: ["{a} + 4 * {t7}", "{a} + 4 * {t7}"],
            one: "mov {t6:e}, [{t2}]\nmov {t7:e}, [{t5}]", two: "mov {t6:e}, [{t2}]\nmov {t7:e}, [{t5}]",
            second: "mov {t6:e}, [{t2} + 4]\nmov {t7:e}, [{t5} + 4]",
            after_one: "add {t2}, 4\nadd {t5}, 4", after_two: "add {t2}, 8\nadd {t5}, 8")
    };
    ($rows:ident, $vecs:ident, $extra:ident, $copy:literal, $masked:literal, near: $near:literal, $args:expr, $mask:expr,
     b: [$b0:literal, $b1:literal], a: [$a0:literal, $a1:literal], one: $one:literal, two: $two:literal, second: $second:literal,
     after_one: $after_one:literal, after_two: $after_two:literal) => {
        asm!(
            "stmxcsr [{args} + {own}]",
            "ldmxcsr [{args} + {flush}]",
            ".if {near} == 0",
            "mov {a}, [{args} + {at_a}]",
            ".endif",
            "20:",
            "mov {t0}, [{args} + {c}]",
            "mov {t1}, [{args} + {pitch}]",
            "lea {t2}, [{t1} + 2 * {t1}]",
            "lea {t3}, [{t0} + {t1}]",
            rows!(begin),
            ".if {extra}",
            "vpxord zmm31, zmm31, zmm31",
            "mov {t6}, [{args} + {at_extra}]",
            ".endif",
            "cmp dword ptr [{args} + {far}], 0",
            "je 8f",
            rows!(ask),
            "8:",
            "mov {t0}, [{args} + {b}]",
            "mov {t2}, [{args} + {steps}]",
            "mov {t3}, [{args} + {ahead}]",
            "mov {t4}, [{args} + {ahead_stride}]",
            ".if {copy}",
            "mov {t5}, [{args} + {at_copy}]",
            ".endif",
            ".if {near}",
            "mov {t5}, [{args} + {starts}]",
            "mov {a:e}, [{t5}]",
            "add {t5}, 4",
            "mov [{args} + {starts}], {t5}",
            "shl {a}, 2",
            "add {a}, [{args} + {at_a}]",
            "mov {t5}, [{args} + {steps_a}]",
            ".endif",
            "cmp qword ptr [{args} + {lines}], 0",
            "jne 5f",
            "mov {t3}, {t0}",
            "xor {t4:e}, {t4:e}",
            "jmp 6f",
            "5:",
            "dec qword ptr [{args} + {lines}]",
            "mov {t1}, [{args} + {ahead_next}]",
            "add [{args} + {ahead}], {t1}",
            "6:",
            "mov {t1}, [{args} + {depth}]",
            "test {t1:l}, 1",
            "jz 2f",
            $one,
            step!($b0, $a0, "0", "{t6}"),
            "prefetcht1 [{t3}]",
            "add {t3}, {t4}",
            ".if {extra}",
            "add {t6}, 4",
            ".endif",
            ".if {copy}",
            "add {t5}, 4 * {nr}",
            ".endif",
            $after_one,
            "2:",
            "shr {t1}",
            "jz 4f",
            ".p2align 6",
            "3:",
            ".if {near} == 0",
            "prefetcht0 [{a} + 4 * {a_ahead}]",
            ".endif",
            "prefetcht1 [{t3}]",
            $two,
            step!($b0, $a0, "0", "{t6}"),
            "prefetcht1 [{t3} + {t4}]",
            "lea {t3}, [{t3} + 2 * {t4}]",
            $second,
            step!($b1, $a1, "4 * {nr}", "{t6} + 4"),
            ".if {copy}",
            "add {t5}, 8 * {nr}",
            ".endif",
            $after_two,
            ".if {extra}",
            "add {t6}, 8",
            ".endif",
            "dec {t1}",
            "jnz 3b",
            "4:",
            "mov {t0}, [{args} + {c}]",
            "mov {t1}, [{args} + {pitch}]",
            "lea {t2}, [{t1} + 2 * {t1}]",
            "lea {t3}, [{t0} + {t1}]",
            "cmp dword ptr [{args} + {mode}], 1",
            "jb 7f",
            "ja 6f",
            "mov {t4}, [{args} + {bias}]",
            rows!(add_bias),
            ".if {extra}",
            "vaddps zmm31{{k2}}, zmm31, [{t4}]",
            ".endif",
            "add {t4}, 4 * {rows}",
            "mov [{args} + {bias}], {t4}",
            "jmp 7f",
            "6:",
            rows!(add_c),
            ".if {extra}",
            "vaddps zmm31{{k2}}, zmm31, [{args} + {of_extra}]",
            ".endif",
            "7:",
            "cmp dword ptr [{args} + {end}], 1",
            "jb 9f",
            "vbroadcastss zmm27, dword ptr [{args} + {low}]",
            rows!(at_least),
            ".if {extra}",
            "vmaxps zmm31, zmm27, zmm31",
            ".endif",
            "je 9f",
            "vbroadcastss zmm27, dword ptr [{args} + {high}]",
            rows!(at_most),
            ".if {extra}",
            "vminps zmm31, zmm27, zmm31",
            ".endif",
            "9:",
            ".if {extra}",
            "vmovups [{args} + {of_extra}]{{k2}}, zmm31",
            ".endif",
            rows!(store),
            "imul {t1}, {t1}, {rows}",
            "add {t0}, {t1}",
            "mov [{args} + {c}], {t0}",
            "dec qword ptr [{args} + {tiles}]",
            "jnz 20b",
            ".if {near} == 0",
            "mov [{args} + {at_a}], {a}",
            ".endif",
            "ldmxcsr [{args} + {own}]",
            rows = const $rows,
            extra = const $extra,
            vecs = const $vecs,
            copy = const $copy,
            masked = const $masked,
            near = const $near,
            nr = const NR,
            a_ahead = const AHEAD,
            at_a = const std::mem::offset_of!(Args, a),
            starts = const std::mem::offset_of!(Args, starts),
            steps_a = const std::mem::offset_of!(Args, steps_a),
            b = const std::mem::offset_of!(Args, b),
            steps = const std::mem::offset_of!(Args, steps),
            depth = const std::mem::offset_of!(Args, depth),
            c = const std::mem::offset_of!(Args, c),
            pitch = const std::mem::offset_of!(Args, pitch),
            tiles = const std::mem::offset_of!(Args, tiles),
            bias = const std::mem::offset_of!(Args, bias),
            at_copy = const std::mem::offset_of!(Args, copy),
            ahead = const std::mem::offset_of!(Args, ahead),
            ahead_stride = const std::mem::offset_of!(Args, ahead_stride),
            ahead_next = const std::mem::offset_of!(Args, ahead_next),
            lines = const std::mem::offset_of!(Args, lines),
            at_extra = const std::mem::offset_of!(Args, extra),
            of_extra = const std::mem::offset_of!(Args, extras),
            mode = const std::mem::offset_of!(Args, mode),
            end = const std::mem::offset_of!(Args, end),
            far = const std::mem::offset_of!(Args, far),
            low = const std::mem::offset_of!(Args, low),
            high = const std::mem::offset_of!(Args, high),
            own = const std::mem::offset_of!(Args, own),
            flush = const std::mem::offset_of!(Args, flush),
            args = in(reg) std::ptr::from_mut($args),
            a = out(reg) _,
            t0 = out(reg) _,
            t1 = out(reg) _,
            t2 = out(reg) _,
            t3 = out(reg) _,
            t4 = out(reg) _,
            t5 = out(reg) _,
            t6 = out(reg) _,
            t7 = out(reg) _,
            in("k1") $mask,
            in("k2") (u16::MAX >> (16 - $rows)),
            out("zmm0") _,
            out("zmm1") _,
            out("zmm2") _,
            out("zmm3") _,
            out("zmm4") _,
            out("zmm5") _,
            out("zmm6") _,
            out("zmm7") _,
            out("zmm8") _,
            out("zmm9") _,
            out("zmm10") _,
            out("zmm11") _,
            out("zmm12") _,
            out("zmm13") _,
            out("zmm14") _,
            out("zmm15") _,
            out("zmm16") _,
            out("zmm17") _,
            out("zmm18") _,
            out("zmm19") _,
            out("zmm20") _,
            out("zmm21") _,
            out("zmm22") _,
            out("zmm23") _,
            out("zmm24") _,
            out("zmm25") _,
            out("zmm26") _,
            out("zmm27") _,
            out("zmm28") _,
            out("zmm29") _,
            out("zmm30") _,
            out("zmm31") _,
            options(nostack),
        )
    };
}

/// A column of tiles of `ROWS` rows and `VECS` vectors of columns, the last of them masked.
#[target_feature(enable = "avx512f")]
fn column<const ROWS: usize, const VECS: usize, const EXTRA: usize>(mut column: Column<'_>) {
    let columns = column.c.columns() - EXTRA;
    let (tiles, depth) = column.check::<Avx512>(LANES);
    assert!(EXTRA == usize::from(column.extra.is_some()) && (EXTRA == 0 || columns == NR));
    assert!(column.height == ROWS && (VECS - 1) * LANES < columns && columns <= VECS * LANES);
    let mask = (u32::MAX >> (32 - (columns - (VECS - 1) * LANES))) as __mmask16;
    let (mode, bias) = match column.start {
        Start::Zero => (0, std::ptr::null()),
        Start::Bias(bias) => (1, bias.as_ptr()),
        Start::Accumulate => (2, std::ptr::null()),
    };
    let (low, high) = column.end.bounds();
    let b = column.b;
    // What lies in b behind the columns may be read where there is something; masked loads take a slot of an FMA.
    let whole = b.hold(depth, VECS * LANES);
    let steps = match b.steps {
        Steps::Stride(stride) => 4 * stride,
        Steps::Offsets(offsets) => offsets.get().as_ptr() as usize,
    };
    let ahead = column.ahead.unwrap_or_default();
    let (a, starts, steps_a) = match column.a {
        Left::Packed(a) => (a.as_ptr(), std::ptr::null(), std::ptr::null()),
        Left::InPlace { data, tiles, steps } => (data.as_ptr(), tiles.as_ptr(), steps.get().as_ptr()),
    };
    let mut args = Args {
        a,
        starts,
        steps_a,
        b: b.data.as_ptr(),
        steps,
        depth,
        c: column.c.row(0).as_mut_ptr(),
        pitch: 4 * column.c.stride(),
        tiles,
        bias,
        copy: std::ptr::null_mut(),
        extra: column.extra.map_or(std::ptr::null(), <[f32]>::as_ptr),
        extras: [0.0; MR],
        ahead: ahead.from,
        ahead_stride: 4 * ahead.stride,
        ahead_next: 4 * ahead.next,
        lines: ahead.tiles,
        mode,
        end: match column.end.kind() {
            Kind::Identity => 0,
            Kind::AtLeast(_) => 1,
            Kind::Between(..) => 2,
        },
        far: column.far.into(),
        low,
        high,
        own: 0,
        flush: FLUSH,
    };
    // One register has offsets or the place in the extra column.
    assert!(
        EXTRA == 0 || matches!((column.a, b.steps), (Left::Packed(_), Steps::Stride(_))),
        "an extra column at offsets"
    );
    // SAFETY: what the loops read and write was asserted by `check`: `tiles` tiles of ROWS rows of a (packed, or at any offsets)
    // and c, `depth` steps of a, of b (whole vectors of it or masked ones), of the extra column and of the copy, a bias for each
    // row. The host has AVX-512F.
    unsafe {
        if let Left::InPlace { .. } = column.a {
            assert!(column.copy.is_none() && matches!(b.steps, Steps::Offsets(_)), "a in place wants offsets of b");
            return tiles!(ROWS, VECS, EXTRA, copy: 0, masked: 0, offsets: 1, near: 1, &mut args, mask);
        }
        let mut rest = args.clone();
        if let Some(copy) = &mut column.copy {
            (args.copy, args.tiles) = (copy.as_mut_ptr(), 1);
            match b.steps {
                Steps::Stride(_) => tiles!(ROWS, VECS, EXTRA, copy: 1, masked: 1, offsets: 0, near: 0, &mut args, mask),
                Steps::Offsets(_) => {
                    tiles!(ROWS, VECS, EXTRA, copy: 1, masked: 0, offsets: 1, near: 0, &mut args, mask)
                }
            }
            if tiles == 1 {
                return;
            }
            (rest.b, rest.steps, rest.tiles) = (copy.as_ptr(), 4 * NR, tiles - 1);
            (rest.a, rest.c, rest.ahead) = (args.a, args.c, args.ahead);
            (rest.bias, rest.lines) = (args.bias, args.lines);
            return tiles!(ROWS, VECS, EXTRA, copy: 0, masked: 0, offsets: 0, near: 0, &mut rest, mask);
        }
        match b.steps {
            Steps::Offsets(_) => tiles!(ROWS, VECS, EXTRA, copy: 0, masked: 0, offsets: 1, near: 0, &mut rest, mask),
            Steps::Stride(_) if whole => {
                tiles!(ROWS, VECS, EXTRA, copy: 0, masked: 0, offsets: 0, near: 0, &mut rest, mask)
            }
            Steps::Stride(_) => tiles!(ROWS, VECS, EXTRA, copy: 0, masked: 1, offsets: 0, near: 0, &mut rest, mask),
        }
    }
}

/// `$part` for each row of a pair of tiles of one vector: where it lies in c, its accumulator. Beforehand c is in t0, the bytes
/// between rows in t1, three times these in t2, the second row in t3.
#[rustfmt::skip]
macro_rules! stacked {
    ($part:ident) => {
        concat!(
            stacked!($part, "0" "zmm0", "1" "zmm1", "2" "zmm2", "3" "zmm3", "4" "zmm4", "5" "zmm5", "6" "zmm6", "7" "zmm7"),
            "lea {t0}, [{t0} + 8 * {t1}]\nlea {t3}, [{t3} + 8 * {t1}]\n",
            stacked!($part, "8" "zmm8", "9" "zmm9", "10" "zmm10", "11" "zmm11", "12" "zmm12", "13" "zmm13", "14" "zmm14", "15" "zmm15"),
            "lea {t0}, [{t0} + 8 * {t1}]\nlea {t3}, [{t3} + 8 * {t1}]\n",
            stacked!($part, "16" "zmm16", "17" "zmm17", "18" "zmm18", "19" "zmm19", "20" "zmm20", "21" "zmm21", "22" "zmm22", "23" "zmm23"),
            "lea {t0}, [{t0} + 8 * {t1}]\nlea {t3}, [{t3} + 8 * {t1}]\n",
            stacked!($part, "24" "zmm24", "25" "zmm25", "26" "zmm26", "27" "zmm27", "28" "", "28" "", "28" "", "28" ""),
        )
    };
    ($part:ident, $r0:literal $a0:literal, $r1:literal $a1:literal, $r2:literal $a2:literal, $r3:literal $a3:literal,
     $r4:literal $a4:literal, $r5:literal $a5:literal, $r6:literal $a6:literal, $r7:literal $a7:literal) => {
        concat!(
            ".if {all} > ", $r0, "\n", $part!("{t0}", $a0), ".endif\n",
            ".if {all} > ", $r1, "\n", $part!("{t0} + {t1}", $a1), ".endif\n",
            ".if {all} > ", $r2, "\n", $part!("{t0} + 2 * {t1}", $a2), ".endif\n",
            ".if {all} > ", $r3, "\n", $part!("{t0} + {t2}", $a3), ".endif\n",
            ".if {all} > ", $r4, "\n", $part!("{t0} + 4 * {t1}", $a4), ".endif\n",
            ".if {all} > ", $r5, "\n", $part!("{t3} + 4 * {t1}", $a5), ".endif\n",
            ".if {all} > ", $r6, "\n", $part!("{t0} + 2 * {t2}", $a6), ".endif\n",
            ".if {all} > ", $r7, "\n", $part!("{t3} + 2 * {t2}", $a7), ".endif\n",
        )
    };
}

macro_rules! begin_row {
    ($c:literal, $acc:literal) => {
        concat!("prefetchw [", $c, "]\nvpxord ", $acc, ", ", $acc, ", ", $acc, "\n")
    };
}

macro_rules! add_row {
    ($c:literal, $acc:literal) => {
        concat!("vaddps ", $acc, ", ", $acc, ", [", $c, "]\n")
    };
}

macro_rules! store_row {
    ($c:literal, $acc:literal) => {
        concat!("vmovups [", $c, "], ", $acc, "\n")
    };
}

/// A step of a pair of tiles, whose b goes to `$b` and whose offsets lie `$at` bytes further: each row's FMA reads its element of a.
#[rustfmt::skip]
macro_rules! pair_step {
    ($b:literal, $at:literal) => {
        concat!(
            "mov {t5:e}, [{t2} + ", $at, "]\nmov {t6:e}, [{t4} + ", $at, "]\nvmovups ", $b, ", [{b} + 4 * {t5}]\n",
            pair_step!($b, "{first}", "0", "0" "zmm0", "1" "zmm1", "2" "zmm2", "3" "zmm3", "4" "zmm4", "5" "zmm5", "6" "zmm6",
                "7" "zmm7", "8" "zmm8", "9" "zmm9", "10" "zmm10", "11" "zmm11", "12" "zmm12", "13" "zmm13"),
            // The second tile's rows follow those of the first one.
            pair_step!($b, "{second}", "{rows}", "0" "zmm0", "1" "zmm1", "2" "zmm2", "3" "zmm3", "4" "zmm4", "5" "zmm5",
                "6" "zmm6", "7" "zmm7", "8" "zmm8", "9" "zmm9", "10" "zmm10", "11" "zmm11", "12" "zmm12", "13" "zmm13",
                "14" "zmm14", "15" "zmm15", "16" "zmm16", "17" "zmm17", "18" "zmm18", "19" "zmm19", "20" "zmm20",
                "21" "zmm21", "22" "zmm22", "23" "zmm23", "24" "zmm24", "25" "zmm25", "26" "zmm26", "27" "zmm27"),
        )
    };
    ($b:literal, $a:literal, $from:literal, $($row:literal $acc:literal),+) => {
        concat!($(
            ".if ", $row, " >= ", $from, " && ", $row, " < ", $from, " + {rows} && ", $row, " < {all}\n",
            "vfmadd231ps ", $acc, ", ", $b, ", dword ptr [", $a, " + 4 * {t6} + 4 * (", $row, " - ", $from, ")]{{1to16}}\n",
            ".endif\n",
        )+)
    };
}

/// Tiles of one vector whose a lies in place, two at a time as long as there are two.
#[target_feature(enable = "avx512f")]
fn pairs<const ROWS: usize>(mut column: Column<'_>) {
    let (tiles, depth) = column.check::<Avx512>(LANES);
    assert!(column.height == ROWS && column.c.columns() == LANES && column.copy.is_none());
    let (Left::InPlace { data, tiles: starts, steps }, Steps::Offsets(offsets)) = (column.a, column.b.steps) else {
        panic!("tall tiles of packed operands");
    };
    assert!(
        !matches!(column.start, Start::Bias(_)) && column.end.kind() == Kind::Identity,
        "tall tiles begin and end plainly"
    );
    let mut args = PairArgs {
        data: data.as_ptr(),
        starts: starts.as_ptr(),
        steps_a: steps.get().as_ptr(),
        steps: offsets.get().as_ptr(),
        c: column.c.row(0).as_mut_ptr(),
        pitch: 4 * column.c.stride(),
        times: tiles / 2,
        depth,
        add: matches!(column.start, Start::Accumulate).into(),
        own: 0,
        flush: FLUSH,
    };
    macro_rules! tiles {
        ($count:literal) => {
            asm!(
                "stmxcsr [{args} + {own}]",
                "ldmxcsr [{args} + {flush}]",
                "20:",
                "mov {t0}, [{args} + {c}]",
                "mov {t1}, [{args} + {pitch}]",
                "lea {t2}, [{t1} + 2 * {t1}]",
                "lea {t3}, [{t0} + {t1}]",
                stacked!(begin_row),
                "mov {t4}, [{args} + {starts}]",
                "mov {t1}, [{args} + {data}]",
                "mov {first:e}, [{t4}]",
                "lea {first}, [{t1} + 4 * {first}]",
                ".if {count} > 1",
                "mov {second:e}, [{t4} + 4]",
                "lea {second}, [{t1} + 4 * {second}]",
                ".endif",
                "add {t4}, 4 * {count}",
                "mov [{args} + {starts}], {t4}",
                "mov {t4}, [{args} + {steps_a}]",
                "mov {t2}, [{args} + {steps}]",
                "mov {t1}, [{args} + {depth}]",
                "test {t1:l}, 1",
                "jz 2f",
                pair_step!("zmm28", "0"),
                "add {t2}, 4",
                "add {t4}, 4",
                "2:",
                "shr {t1}",
                "jz 4f",
                ".p2align 6",
                "3:",
                pair_step!("zmm28", "0"),
                pair_step!("zmm29", "4"),
                "add {t2}, 8",
                "add {t4}, 8",
                "dec {t1}",
                "jnz 3b",
                "4:",
                "mov {t1}, [{args} + {pitch}]",
                "lea {t2}, [{t1} + 2 * {t1}]",
                "cmp dword ptr [{args} + {add}], 0",
                "je 7f",
                "mov {t0}, [{args} + {c}]",
                "lea {t3}, [{t0} + {t1}]",
                stacked!(add_row),
                "7:",
                "mov {t0}, [{args} + {c}]",
                "lea {t3}, [{t0} + {t1}]",
                stacked!(store_row),
                "imul {t1}, {t1}, {all}",
                "add [{args} + {c}], {t1}",
                "dec qword ptr [{args} + {times}]",
                "jnz 20b",
                "ldmxcsr [{args} + {own}]",
                count = const $count,
                rows = const ROWS,
                all = const $count * ROWS,
                data = const std::mem::offset_of!(PairArgs, data),
                starts = const std::mem::offset_of!(PairArgs, starts),
                steps_a = const std::mem::offset_of!(PairArgs, steps_a),
                steps = const std::mem::offset_of!(PairArgs, steps),
                c = const std::mem::offset_of!(PairArgs, c),
                pitch = const std::mem::offset_of!(PairArgs, pitch),
                times = const std::mem::offset_of!(PairArgs, times),
                depth = const std::mem::offset_of!(PairArgs, depth),
                add = const std::mem::offset_of!(PairArgs, add),
                own = const std::mem::offset_of!(PairArgs, own),
                flush = const std::mem::offset_of!(PairArgs, flush),
                args = in(reg) &raw mut args,
                b = in(reg) column.b.data.as_ptr(),
                first = out(reg) _,
                second = out(reg) _,
                t0 = out(reg) _,
                t1 = out(reg) _,
                t2 = out(reg) _,
                t3 = out(reg) _,
                t4 = out(reg) _,
                t5 = out(reg) _,
                t6 = out(reg) _,
                out("zmm0") _,
                out("zmm1") _,
                out("zmm2") _,
                out("zmm3") _,
                out("zmm4") _,
                out("zmm5") _,
                out("zmm6") _,
                out("zmm7") _,
                out("zmm8") _,
                out("zmm9") _,
                out("zmm10") _,
                out("zmm11") _,
                out("zmm12") _,
                out("zmm13") _,
                out("zmm14") _,
                out("zmm15") _,
                out("zmm16") _,
                out("zmm17") _,
                out("zmm18") _,
                out("zmm19") _,
                out("zmm20") _,
                out("zmm21") _,
                out("zmm22") _,
                out("zmm23") _,
                out("zmm24") _,
                out("zmm25") _,
                out("zmm26") _,
                out("zmm27") _,
                out("zmm28") _,
                out("zmm29") _,
                options(nostack),
            )
        };
    }
    // SAFETY: what the loops read and write was asserted by `check`: `tiles` tiles of ROWS rows of a, at any offsets, and of whole
    // vectors of c, `depth` steps of a and of b. The host has AVX-512F.
    unsafe {
        if args.times > 0 {
            tiles!(2);
        }
        args.times = tiles % 2;
        if args.times > 0 {
            tiles!(1);
        }
    }
}

/// What the loop over pairs of tiles is told.
#[repr(C)]
struct PairArgs {
    data: *const f32,
    starts: *const u32,
    steps_a: *const u32,
    steps: *const u32,
    c: *mut f32,
    /// Bytes between rows of c.
    pitch: usize,
    times: usize,
    depth: usize,
    /// Whether c is added.
    add: u32,
    own: u32,
    flush: u32,
}

/// What the loop over the tiles of a column is told; it moves on what differs from tile to tile.
#[derive(Clone)]
#[repr(C)]
struct Args {
    a: *const f32,
    /// Where tiles and steps of a begin that lies in place.
    starts: *const u32,
    steps_a: *const u32,
    b: *const f32,
    /// Bytes between steps of b, or the address of their offsets.
    steps: usize,
    depth: usize,
    c: *mut f32,
    /// Bytes between rows of c.
    pitch: usize,
    tiles: usize,
    bias: *const f32,
    copy: *mut f32,
    /// The extra column of b, and of a tile of c.
    extra: *const f32,
    extras: [f32; MR],
    ahead: *const f32,
    ahead_stride: usize,
    ahead_next: usize,
    /// Tiles that still ask for a line of each step ahead.
    lines: usize,
    /// What is added to the sums: nothing, a bias or c.
    mode: u32,
    /// What is applied to them then: nothing, a lower bound, or an upper one too.
    end: u32,
    /// Whether lines of c behind the tile's are asked for.
    far: u32,
    low: f32,
    high: f32,
    /// The caller's MXCSR.
    own: u32,
    flush: u32,
}
