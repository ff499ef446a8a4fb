//! Vectors of f32 for kernels that are written once for every instruction set.
//!
//! The methods are to be inlined into a closure of [`Kernel::vectorize`]: elsewhere each would be a call. A value of a type
//! that implements [`Simd`] is the proof that the host has the instructions.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, avx512::Avx512};
use super::{kernel::Kernel, portable::Portable};

/// Lanes of the widest vector.
pub(super) const MAX_LANES: usize = 16;

/// Vectors of [`LANES`](Self::LANES) floats.
pub(super) trait Simd: Kernel {
    /// Floats of a vector: even, at most [`MAX_LANES`].
    const LANES: usize;
    /// A vector.
    type V: Copy;
    /// Which lanes a load or a store touches.
    type Mask: Copy;
    /// Which lanes of two vectors a permutation takes.
    type Index: Copy;

    /// The mask whose lane i is bit i.
    fn mask(self, bits: u32) -> Self::Mask;

    /// The index whose lane i names lane `lanes[i]` of a first vector, or from [`LANES`](Self::LANES) on of a second one.
    fn index(self, lanes: &[u32; MAX_LANES]) -> Self::Index;

    /// `v` in every lane.
    fn splat(self, v: f32) -> Self::V;

    /// `a·b + c`; rounded once, but in the portable implementation.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;

    /// `a + b`.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;

    /// `a − b`.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;

    /// `v`, or `low` in the lanes where that is greater. NaN in `v` stays.
    fn at_least(self, low: Self::V, v: Self::V) -> Self::V;

    /// `v`, or `high` in the lanes where that is less. NaN in `v` stays.
    fn at_most(self, high: Self::V, v: Self::V) -> Self::V;

    /// The floats of `a` and `b` in turn: what [`deinterleave`](Self::deinterleave) takes apart.
    fn interleave(self, a: Self::V, b: Self::V) -> (Self::V, Self::V);

    /// The floats at even places of `a` and then `b`, and those at odd places.
    fn deinterleave(self, a: Self::V, b: Self::V) -> (Self::V, Self::V);

    /// Lanes of `a` and `b` as `index` has them.
    fn permute(self, a: Self::V, b: Self::V, index: Self::Index) -> Self::V;

    /// The lanes of `b` that `mask` names, and the others of `a`.
    fn select(self, mask: Self::Mask, a: Self::V, b: Self::V) -> Self::V;

    /// Asks for the line at `p`, which may be any address, to be read, or to be written.
    fn prefetch(self, p: *const f32);

    /// As [`prefetch`](Self::prefetch), to write there.
    fn prefetch_to_write(self, p: *const f32);

    /// # Safety
    ///
    /// `LANES` floats can be read at `p`.
    unsafe fn load(self, p: *const f32) -> Self::V;

    /// Zero in the lanes that `mask` leaves out.
    ///
    /// # Safety
    ///
    /// The floats of `mask`'s lanes can be read at `p`.
    unsafe fn load_masked(self, p: *const f32, mask: Self::Mask) -> Self::V;

    /// Lane i is the float at `p[i·stride]`; zero in the lanes that the bits of `mask` leave out.
    ///
    /// # Safety
    ///
    /// The floats of `mask`'s lanes can be read, and lie less than 2^31 floats from `p`.
    unsafe fn load_strided(self, p: *const f32, stride: usize, mask: u32) -> Self::V;

    /// # Safety
    ///
    /// `LANES` floats can be written at `p`.
    unsafe fn store(self, p: *mut f32, v: Self::V);

    /// # Safety
    ///
    /// The floats of `mask`'s lanes can be written at `p`.
    unsafe fn store_masked(self, p: *mut f32, mask: Self::Mask, v: Self::V);
}

/// Copies a short run, without a call.
///
/// Panics where the lengths differ.
#[inline(always)]
pub(super) fn copy<T: Simd>(k: T, from: &[f32], to: &mut [f32]) {
    assert_eq!(from.len(), to.len());
    let whole = from.len() / T::LANES * T::LANES;
    // SAFETY: vectors and the mask's lanes lie within both slices, which are equally long.
    unsafe {
        for i in (0..whole).step_by(T::LANES) {
            k.store(to.as_mut_ptr().add(i), k.load(from.as_ptr().add(i)));
        }
        if whole < from.len() {
            let mask = k.mask(u32::MAX >> (32 - (from.len() - whole)));
            k.store_masked(to.as_mut_ptr().add(whole), mask, k.load_masked(from.as_ptr().add(whole), mask));
        }
    }
}

/// The first `rows` vectors, a power of two of them, as rows of a matrix: its columns, one after the other. The others are undefined.
#[inline(always)]
pub(super) fn transpose<T: Simd, const N: usize>(k: T, mut v: [T::V; N], rows: usize) -> [T::V; N] {
    // Each round moves the highest bit of the row's number behind those of the column's.
    let mut round = 1;
    while round < rows {
        let mut next = v;
        for i in 0..rows / 2 {
            (next[2 * i], next[2 * i + 1]) = k.interleave(v[i], v[i + rows / 2]);
        }
        (v, round) = (next, 2 * round);
    }
    v
}

// SAFETY, of every call of an intrinsic in this module: the value `self` exists only where the host has the instruction
// set; what is read and written is the caller's promise.

#[cfg(target_arch = "x86_64")]
impl Simd for Avx512 {
    const LANES: usize = 16;
    type V = __m512;
    type Mask = __mmask16;
    type Index = __m512i;

    #[inline(always)]
    fn mask(self, bits: u32) -> __mmask16 {
        bits as __mmask16
    }

    #[inline(always)]
    fn index(self, lanes: &[u32; MAX_LANES]) -> __m512i {
        // SAFETY: `self` is the proof; the array has 16 elements.
        unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
    }

    #[inline(always)]
    fn splat(self, v: f32) -> __m512 {
        // SAFETY: `self` is the proof.
        unsafe { _mm512_set1_ps(v) }
    }

    #[inline(always)]
    fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: `self` is the proof.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` is the proof.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` is the proof.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn at_least(self, low: __m512, v: __m512) -> __m512 {
        // MAXPS gives its second operand where either is NaN or both are zeros.
        // SAFETY: `self` is the proof.
        unsafe { _mm512_max_ps(low, v) }
    }

    #[inline(always)]
    fn at_most(self, high: __m512, v: __m512) -> __m512 {
        // SAFETY: `self` is the proof; MINPS is as MAXPS.
        unsafe { _mm512_min_ps(high, v) }
    }

    #[inline(always)]
    fn interleave(self, a: __m512, b: __m512) -> (__m512, __m512) {
        // SAFETY: `self` is the proof.
        unsafe {
            let low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            let high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
            (_mm512_permutex2var_ps(a, low, b), _mm512_permutex2var_ps(a, high, b))
        }
    }

    #[inline(always)]
    fn deinterleave(self, a: __m512, b: __m512) -> (__m512, __m512) {
        // SAFETY: `self` is the proof.
        unsafe {
            let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
            (_mm512_permutex2var_ps(a, even, b), _mm512_permutex2var_ps(a, odd, b))
        }
    }

    #[inline(always)]
    fn permute(self, a: __m512, b: __m512, index: __m512i) -> __m512 {
        // SAFETY: `self` is the proof.
        unsafe { _mm512_permutex2var_ps(a, index, b) }
    }

    #[inline(always)]
    fn select(self, mask: __mmask16, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` is the proof.
        unsafe { _mm512_mask_blend_ps(mask, a, b) }
    }

    #[inline(always)]
    fn prefetch(self, p: *const f32) {
        // SAFETY: a prefetch has no effect but on caches.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
    }

    #[inline(always)]
    fn prefetch_to_write(self, p: *const f32) {
        // SAFETY: as above.
        unsafe { _mm_prefetch::<_MM_HINT_ET0>(p.cast()) }
    }

    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> __m512 {
        // SAFETY: `self` is the proof; the caller's promise.
        unsafe { _mm512_loadu_ps(p) }
    }

    #[inline(always)]
    unsafe fn load_masked(self, p: *const f32, mask: __mmask16) -> __m512 {
        // SAFETY: `self` is the proof; the caller's promise.
        unsafe { _mm512_maskz_loadu_ps(mask, p) }
    }

    #[inline(always)]
    unsafe fn load_strided(self, p: *const f32, stride: usize, mask: u32) -> __m512 {
        // SAFETY: `self` is the proof; the caller's promise. Products that overflow are those of lanes left out.
        unsafe {
            let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            let at = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(stride as i32));
            _mm512_mask_i32gather_ps::<4>(_mm512_setzero_ps(), mask as __mmask16, at, p)
        }
    }

    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: __m512) {
        // SAFETY: `self` is the proof; the caller's promise.
        unsafe { _mm512_storeu_ps(p, v) }
    }

    #[inline(always)]
    unsafe fn store_masked(self, p: *mut f32, mask: __mmask16, v: __m512) {
        // SAFETY: `self` is the proof; the caller's promise.
        unsafe { _mm512_mask_storeu_ps(p, mask, v) }
    }
}

#[cfg(target_arch = "x86_64")]
impl Simd for Avx2 {
    const LANES: usize = 8;
    type V = __m256;
    type Mask = __m256i;
    /// Lanes within their vector, and all ones where it is the second.
    type Index = (__m256i, __m256);

    #[inline(always)]
    fn mask(self, bits: u32) -> __m256i {
        // SAFETY: `self` is the proof.
        unsafe {
            let bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(bits as i32), bit), bit)
        }
    }

    #[inline(always)]
    fn index(self, lanes: &[u32; MAX_LANES]) -> (__m256i, __m256) {
        // SAFETY: `self` is the proof; the array has 16 elements.
        unsafe {
            let lanes = _mm256_loadu_si256(lanes.as_ptr().cast());
            (lanes, _mm256_castsi256_ps(_mm256_cmpgt_epi32(lanes, _mm256_set1_epi32(7))))
        }
    }

    #[inline(always)]
    fn splat(self, v: f32) -> __m256 {
        // SAFETY: `self` is the proof.
        unsafe { _mm256_set1_ps(v) }
    }

    #[inline(always)]
    fn fma(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: `self` is the proof.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` is the proof.
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` is the proof.
        unsafe { _mm256_sub_ps(a, b) }
    }

    #[inline(always)]
    fn at_least(self, low: __m256, v: __m256) -> __m256 {
        // MAXPS gives its second operand where either is NaN or both are zeros.
        // SAFETY: `self` is the proof.
        unsafe { _mm256_max_ps(low, v) }
    }

    #[inline(always)]
    fn at_most(self, high: __m256, v: __m256) -> __m256 {
        // SAFETY: `self` is the proof; MINPS is as MAXPS.
        unsafe { _mm256_min_ps(high, v) }
    }

    #[inline(always)]
    fn interleave(self, a: __m256, b: __m256) -> (__m256, __m256) {
        // SAFETY: `self` is the proof.
        unsafe {
            // Within halves: a0 b0 a1 b1 | a4 b4 a5 b5, and a2 b2 a3 b3 | a6 b6 a7 b7.
            let (low, high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            (_mm256_permute2f128_ps::<0x20>(low, high), _mm256_permute2f128_ps::<0x31>(low, high))
        }
    }

    #[inline(always)]
    fn deinterleave(self, a: __m256, b: __m256) -> (__m256, __m256) {
        // SAFETY: `self` is the proof.
        unsafe {
            // Within halves: a0 a2 b0 b2 | a4 a6 b4 b6; then the pairs in order.
            let even = _mm256_castps_pd(_mm256_shuffle_ps::<0x88>(a, b));
            let odd = _mm256_castps_pd(_mm256_shuffle_ps::<0xdd>(a, b));
            let order = |v| _mm256_castpd_ps(_mm256_permute4x64_pd::<0xd8>(v));
            (order(even), order(odd))
        }
    }

    #[inline(always)]
    fn permute(self, a: __m256, b: __m256, index: (__m256i, __m256)) -> __m256 {
        // SAFETY: `self` is the proof.
        unsafe {
            let (a, b) = (_mm256_permutevar8x32_ps(a, index.0), _mm256_permutevar8x32_ps(b, index.0));
            _mm256_blendv_ps(a, b, index.1)
        }
    }

    #[inline(always)]
    fn select(self, mask: __m256i, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` is the proof.
        unsafe { _mm256_blendv_ps(a, b, _mm256_castsi256_ps(mask)) }
    }

    #[inline(always)]
    fn prefetch(self, p: *const f32) {
        // SAFETY: a prefetch has no effect but on caches.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
    }

    #[inline(always)]
    fn prefetch_to_write(self, p: *const f32) {
        // SAFETY: as above.
        unsafe { _mm_prefetch::<_MM_HINT_ET0>(p.cast()) }
    }

    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> __m256 {
        // SAFETY: `self` is the proof; the caller's promise.
        unsafe { _mm256_loadu_ps(p) }
    }

    #[inline(always)]
    unsafe fn load_masked(self, p: *const f32, mask: __m256i) -> __m256 {
        // SAFETY: `self` is the proof; the caller's promise.
        unsafe { _mm256_maskload_ps(p, mask) }
    }

    #[inline(always)]
    unsafe fn load_strided(self, p: *const f32, stride: usize, mask: u32) -> __m256 {
        // SAFETY: `self` is the proof; the caller's promise. Products that overflow are those of lanes left out.
        unsafe {
            let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            let at = _mm256_mullo_epi32(lanes, _mm256_set1_epi32(stride as i32));
            let mask = _mm256_castsi256_ps(self.mask(mask));
            _mm256_mask_i32gather_ps::<4>(_mm256_setzero_ps(), p, at, mask)
        }
    }

    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: __m256) {
        // SAFETY: `self` is the proof; the caller's promise.
        unsafe { _mm256_storeu_ps(p, v) }
    }

    #[inline(always)]
    unsafe fn store_masked(self, p: *mut f32, mask: __m256i, v: __m256) {
        // SAFETY: `self` is the proof; the caller's promise.
        unsafe { _mm256_maskstore_ps(p, mask, v) }
    }
}

/// Four lanes: the vectors of SSE2 and of NEON.
impl Simd for Portable {
    const LANES: usize = 4;
    type V = [f32; 4];
    type Mask = u32;
    type Index = [u32; 4];

    #[inline(always)]
    fn mask(self, bits: u32) -> u32 {
        bits
    }

    #[inline(always)]
    fn index(self, lanes: &[u32; MAX_LANES]) -> [u32; 4] {
        std::array::from_fn(|i| lanes[i])
    }

    #[inline(always)]
    fn splat(self, v: f32) -> [f32; 4] {
        [v; 4]
    }

    #[inline(always)]
    fn fma(self, a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }

    #[inline(always)]
    fn add(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| a[i] + b[i])
    }

    #[inline(always)]
    fn sub(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| a[i] - b[i])
    }

    #[inline(always)]
    fn at_least(self, low: [f32; 4], v: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| if low[i] > v[i] { low[i] } else { v[i] })
    }

    #[inline(always)]
    fn at_most(self, high: [f32; 4], v: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| if high[i] < v[i] { high[i] } else { v[i] })
    }

    #[inline(always)]
    fn interleave(self, a: [f32; 4], b: [f32; 4]) -> ([f32; 4], [f32; 4]) {
        ([a[0], b[0], a[1], b[1]], [a[2], b[2], a[3], b[3]])
    }

    #[inline(always)]
    fn deinterleave(self, a: [f32; 4], b: [f32; 4]) -> ([f32; 4], [f32; 4]) {
        ([a[0], a[2], b[0], b[2]], [a[1], a[3], b[1], b[3]])
    }

    #[inline(always)]
    fn permute(self, a: [f32; 4], b: [f32; 4], index: [u32; 4]) -> [f32; 4] {
        index.map(|i| if i < 4 { a[i as usize] } else { b[i as usize % 4] })
    }

    #[inline(always)]
    fn select(self, mask: u32, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| if mask >> i & 1 == 1 { b[i] } else { a[i] })
    }

    #[inline(always)]
    fn prefetch(self, _: *const f32) {}

    #[inline(always)]
    fn prefetch_to_write(self, _: *const f32) {}

    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> [f32; 4] {
        // SAFETY: the caller's promise.
        unsafe { p.cast::<[f32; 4]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn load_masked(self, p: *const f32, mask: u32) -> [f32; 4] {
        // SAFETY: the caller's promise.
        unsafe { self.load_strided(p, 1, mask) }
    }

    #[inline(always)]
    unsafe fn load_strided(self, p: *const f32, stride: usize, mask: u32) -> [f32; 4] {
        std::array::from_fn(|i| match mask >> i & 1 {
            0 => 0.0,
            // SAFETY: the caller's promise.
            _ => unsafe { p.wrapping_add(i * stride).read() },
        })
    }

    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: [f32; 4]) {
        // SAFETY: the caller's promise.
        unsafe { p.cast::<[f32; 4]>().write_unaligned(v) }
    }

    #[inline(always)]
    unsafe fn store_masked(self, p: *mut f32, mask: u32, v: [f32; 4]) {
        for (i, v) in v.into_iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1) {
            // SAFETY: the caller's promise.
            unsafe { p.wrapping_add(i).write(v) }
        }
    }
}
