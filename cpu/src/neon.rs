//! The NEON micro-kernel: 8 × 12, see [`kernel`](super::kernel); and NEON's vectors, see [`Simd`].
//!
//! Thirty-two registers of four lanes: 24 accumulators, three of b and two of a, since `FMLA` takes one lane of a register
//! as its factor, so that a step's eight floats of a are two loads and no broadcast. That is five loads for 24 FMAs; 6 × 16
//! would need 5½ for as many, with one register more. 24 chains fill four FMA pipes of 4 or 5 cycles latency, which the
//! widest of these processors have, and eight rows divide the channel counts that networks have.
//!
//! There are no masked loads and stores: those of a part of a vector go lane by lane.
#![allow(unsafe_code)]

use std::arch::{aarch64::*, asm};

use super::activation::Activation;
use super::kernel::{Column, Kernel, Left, Rows, Start, with_rows};
use super::matrix::Tile;
use super::simd::{MAX_LANES, Simd};

/// Proof that the host has NEON.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neon(());

const LANES: usize = 4;
const NR: usize = 3 * LANES;
const ALL: u32 = (1 << LANES) - 1;

impl Neon {
    /// `None` on a processor without it.
    pub(super) fn new() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

impl Kernel for Neon {
    const MR: usize = 8;
    const NR: usize = NR;

    #[inline]
    fn column(self, column: Column<'_>) {
        column.each::<Self>(LANES, |one| {
            // SAFETY: `self` exists only where `new` found NEON.
            unsafe {
                match one.c.columns().div_ceil(LANES) {
                    1 => {
                        with_rows!(one.c.rows(), [1 2 3 4 5 6 7 8], |ROWS| tile::<ROWS, 1>(self, one))
                    }
                    2 => {
                        with_rows!(one.c.rows(), [1 2 3 4 5 6 7 8], |ROWS| tile::<ROWS, 2>(self, one))
                    }
                    _ => {
                        with_rows!(one.c.rows(), [1 2 3 4 5 6 7 8], |ROWS| tile::<ROWS, 3>(self, one))
                    }
                }
            }
        });
    }

    #[inline]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "neon")]
        fn inner<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: `self` exists only where `new` found NEON.
        unsafe { inner(f) }
    }
}

/// A tile of `ROWS` rows and `VECS` vectors of columns.
#[target_feature(enable = "neon")]
fn tile<const ROWS: usize, const VECS: usize>(k: Neon, tile: Column<'_>) {
    let Column { a, b, copy, mut c, start, end, .. } = tile;
    let (depth, columns) = (a.check(1, ROWS), c.columns());
    assert!(c.rows() == ROWS);
    assert!((VECS - 1) * LANES < columns && columns <= VECS * LANES);
    b.check(depth, columns, LANES);
    // What lies in b behind the columns may be read where there is something.
    let whole = b.hold(depth, VECS * LANES);
    let last = columns - (VECS - 1) * LANES;
    let mask = k.mask((1 << last) - 1);
    // SAFETY: what both loops need was asserted above and here.
    let acc = unsafe {
        match copy {
            Some(copy) => {
                assert!(copy.len() >= depth * NR);
                match whole {
                    true => sum::<ROWS, VECS, true, false>(k, a, b, copy.as_mut_ptr(), depth, mask),
                    false => sum::<ROWS, VECS, true, true>(k, a, b, copy.as_mut_ptr(), depth, mask),
                }
            }
            None if whole => sum::<ROWS, VECS, false, false>(k, a, b, std::ptr::null_mut(), depth, mask),
            None => sum::<ROWS, VECS, false, true>(k, a, b, std::ptr::null_mut(), depth, mask),
        }
    };
    for (r, acc) in acc.iter().enumerate() {
        let out = c.row(r).as_mut_ptr();
        for (v, &acc) in acc.iter().enumerate() {
            let mask = if v == VECS - 1 { mask } else { ALL };
            // SAFETY: a row of c is `columns` floats; vector v touches those from v·4 on, the last the masked ones.
            unsafe {
                let out = out.add(v * LANES);
                let sum = match start {
                    Start::Zero => acc,
                    Start::Bias(bias) => vaddq_f32(vdupq_n_f32(bias[r]), acc),
                    Start::Accumulate => vaddq_f32(k.load_masked(out, mask), acc),
                };
                let [sum] = end.vectors(k, [sum]);
                k.store_masked(out, mask, sum);
            }
        }
    }
}

/// The sum over the depth; with `COPY`, what it read of b goes to `copy`.
///
/// # Safety
/// `a` has `depth` steps of a tile of ROWS rows, each of `depth` steps of b (VECS − 1)·4 and those of `mask` behind them, or VECS·4
/// where not `MASKED`, `copy` as many steps of NR.
#[target_feature(enable = "neon")]
#[inline]
unsafe fn sum<const ROWS: usize, const VECS: usize, const COPY: bool, const MASKED: bool>(
    k: Neon,
    a: Left<'_>,
    b: Rows<'_>,
    copy: *mut f32,
    depth: usize,
    mask: u32,
) -> [[float32x4_t; VECS]; ROWS] {
    // Where a step of a begins.
    let at = |i: usize| match a {
        Left::Packed(a) => a.as_ptr().wrapping_add(i * ROWS),
        Left::InPlace { data, tiles, steps } => data.as_ptr().wrapping_add(tiles[0] as usize + steps.get()[i] as usize),
    };
    let zero = vdupq_n_f32(0.0);
    let mut acc = [[zero; VECS]; ROWS];
    let mut pc = copy;
    for i in 0..depth {
        let pb = b.data.as_ptr().wrapping_add(b.start(i));
        let mut bv = [zero; VECS];
        for (v, bv) in bv.iter_mut().enumerate() {
            // SAFETY: the caller's promise: the step has these floats.
            unsafe {
                let from = pb.add(v * LANES);
                *bv = if MASKED && v == VECS - 1 { k.load_masked(from, mask) } else { k.load(from) };
                if COPY {
                    k.store(pc.add(v * LANES), *bv);
                }
            }
        }
        // SAFETY: the caller's promise: a step of a has ROWS floats.
        let av = unsafe { factors::<ROWS>(at(i)) };
        for (r, acc) in acc.iter_mut().enumerate() {
            let a = av[r / LANES];
            for v in 0..VECS {
                acc[v] = match r % LANES {
                    0 => vfmaq_laneq_f32::<0>(acc[v], bv[v], a),
                    1 => vfmaq_laneq_f32::<1>(acc[v], bv[v], a),
                    2 => vfmaq_laneq_f32::<2>(acc[v], bv[v], a),
                    _ => vfmaq_laneq_f32::<3>(acc[v], bv[v], a),
                };
            }
        }
        pc = pc.wrapping_add(NR);
    }
    acc
}

/// `ROWS` floats, in lanes of two registers.
///
/// # Safety
/// They can be read at `p`.
#[target_feature(enable = "neon")]
#[inline]
unsafe fn factors<const ROWS: usize>(p: *const f32) -> [float32x4_t; 2] {
    let zero = vdup_n_f32(0.0);
    let mut out = [vdupq_n_f32(0.0); 2];
    for (i, out) in out.iter_mut().enumerate() {
        let p = p.wrapping_add(i * LANES);
        // SAFETY: each arm reads as many floats as it is for; the caller's promise.
        unsafe {
            *out = match ROWS.saturating_sub(i * LANES) {
                0 => continue,
                1 => vld1q_dup_f32(p),
                2 => vcombine_f32(vld1_f32(p), zero),
                3 => vld1q_lane_f32::<2>(p.add(2), vcombine_f32(vld1_f32(p), zero)),
                _ => vld1q_f32(p),
            };
        }
    }
    out
}

impl Simd for Neon {
    const LANES: usize = LANES;
    type V = float32x4_t;
    /// A bit for each lane.
    type Mask = u32;
    /// Bytes of the two vectors.
    type Index = uint8x16_t;

    #[inline(always)]
    fn mask(self, bits: u32) -> u32 {
        bits & ALL
    }

    #[inline(always)]
    fn index(self, lanes: &[u32; MAX_LANES]) -> uint8x16_t {
        let bytes: [u8; 16] = std::array::from_fn(|i| (4 * lanes[i / 4] as usize + i % 4) as u8);
        // SAFETY: `self` is the proof; the array has sixteen bytes.
        unsafe { vld1q_u8(bytes.as_ptr()) }
    }

    #[inline(always)]
    fn splat(self, v: f32) -> float32x4_t {
        // SAFETY: `self` is the proof.
        unsafe { vdupq_n_f32(v) }
    }

    #[inline(always)]
    fn fma(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        // SAFETY: `self` is the proof.
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: `self` is the proof.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: `self` is the proof.
        unsafe { vsubq_f32(a, b) }
    }

    #[inline(always)]
    fn at_least(self, low: float32x4_t, v: float32x4_t) -> float32x4_t {
        // FMAX would give the larger one of two zeros; a comparison with NaN is false.
        // SAFETY: `self` is the proof.
        unsafe { vbslq_f32(vcgtq_f32(low, v), low, v) }
    }

    #[inline(always)]
    fn at_most(self, high: float32x4_t, v: float32x4_t) -> float32x4_t {
        // SAFETY: `self` is the proof.
        unsafe { vbslq_f32(vcltq_f32(high, v), high, v) }
    }

    #[inline(always)]
    fn interleave(self, a: float32x4_t, b: float32x4_t) -> (float32x4_t, float32x4_t) {
        // SAFETY: `self` is the proof.
        unsafe { (vzip1q_f32(a, b), vzip2q_f32(a, b)) }
    }

    #[inline(always)]
    fn deinterleave(self, a: float32x4_t, b: float32x4_t) -> (float32x4_t, float32x4_t) {
        // SAFETY: `self` is the proof.
        unsafe { (vuzp1q_f32(a, b), vuzp2q_f32(a, b)) }
    }

    #[inline(always)]
    fn permute(self, a: float32x4_t, b: float32x4_t, index: uint8x16_t) -> float32x4_t {
        // SAFETY: `self` is the proof.
        unsafe {
            let table = uint8x16x2_t(vreinterpretq_u8_f32(a), vreinterpretq_u8_f32(b));
            vreinterpretq_f32_u8(vqtbl2q_u8(table, index))
        }
    }

    #[inline(always)]
    fn select(self, mask: u32, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        const BITS: [u32; LANES] = [1, 2, 4, 8];
        // SAFETY: `self` is the proof; the array has four elements.
        unsafe { vbslq_f32(vtstq_u32(vdupq_n_u32(mask), vld1q_u32(BITS.as_ptr())), b, a) }
    }

    #[inline(always)]
    fn prefetch(self, p: *const f32) {
        // SAFETY: a prefetch has no effect but on caches.
        unsafe { asm!("prfm pldl1keep, [{}]", in(reg) p, options(nostack, preserves_flags, readonly)) }
    }

    #[inline(always)]
    fn prefetch_to_write(self, p: *const f32) {
        // SAFETY: as above.
        unsafe { asm!("prfm pstl1keep, [{}]", in(reg) p, options(nostack, preserves_flags, readonly)) }
    }

    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> float32x4_t {
        // SAFETY: `self` is the proof; the caller's promise.
        unsafe { vld1q_f32(p) }
    }

    #[inline(always)]
    unsafe fn load_masked(self, p: *const f32, mask: u32) -> float32x4_t {
        // SAFETY: `self` is the proof; the caller's promise.
        unsafe { if mask == ALL { vld1q_f32(p) } else { self.load_strided(p, 1, mask) } }
    }

    #[inline(always)]
    unsafe fn load_strided(self, p: *const f32, stride: usize, mask: u32) -> float32x4_t {
        let mut v = self.splat(0.0);
        let at = |lane: usize| p.wrapping_add(lane.wrapping_mul(stride));
        // SAFETY: `self` is the proof; the lanes of the mask only, which the caller promises.
        unsafe {
            if mask & 1 != 0 {
                v = vld1q_lane_f32::<0>(p, v);
            }
            if mask & 2 != 0 {
                v = vld1q_lane_f32::<1>(at(1), v);
            }
            if mask & 4 != 0 {
                v = vld1q_lane_f32::<2>(at(2), v);
            }
            if mask & 8 != 0 {
                v = vld1q_lane_f32::<3>(at(3), v);
            }
        }
        v
    }

    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: float32x4_t) {
        // SAFETY: `self` is the proof; the caller's promise.
        unsafe { vst1q_f32(p, v) }
    }

    #[inline(always)]
    unsafe fn store_masked(self, p: *mut f32, mask: u32, v: float32x4_t) {
        // SAFETY: `self` is the proof; the lanes of the mask only, which the caller promises.
        unsafe {
            if mask == ALL {
                return vst1q_f32(p, v);
            }
            if mask & 1 != 0 {
                vst1q_lane_f32::<0>(p, v);
            }
            if mask & 2 != 0 {
                vst1q_lane_f32::<1>(p.wrapping_add(1), v);
            }
            if mask & 4 != 0 {
                vst1q_lane_f32::<2>(p.wrapping_add(2), v);
            }
            if mask & 8 != 0 {
                vst1q_lane_f32::<3>(p.wrapping_add(3), v);
            }
        }
    }
}
