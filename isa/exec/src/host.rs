//! What the host's SIMD units do with sixteen lanes that the compiler does not find in loops over lanes: half precision,
//! permutations, sign masks, and accumulators that stay in registers.
//!
//! A [`Host`] is handed to the functions compiled for its level and nowhere else made, so that having one means that the
//! host has the instructions.
#![allow(unsafe_code)]
use crate::fp::{f, h2f, half_bits};
use crate::ops::Chunk;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// A SIMD level, as a type.
pub(crate) trait Host: Copy {
    /// Sixteen f32 in host registers.
    type Sixteen: Copy;
    /// f16 in the low halves, whatever is above, to f32; exact, but a NaN may become quiet.
    fn widen(self, h: &Chunk) -> Chunk;
    /// f32 to f16, nearest even; NaNs become quiet.
    fn narrow(self, x: &Chunk) -> Chunk;
    /// Lane i of the result is lane `from[i] % 16` of `x`.
    fn shuffle(self, x: &Chunk, from: &Chunk) -> Chunk;
    /// The highest bit of every lane.
    fn signs(self, x: &Chunk) -> u32;
    fn load(self, x: &Chunk) -> Self::Sixteen;
    fn store(self, x: Self::Sixteen) -> Chunk;
    /// e * b + acc with one rounding; a NaN result is any NaN.
    fn fma(self, e: u32, b: &Chunk, acc: Self::Sixteen) -> Self::Sixteen;
}

/// No SIMD beyond what every host of the architecture has.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Host for Portable {
    type Sixteen = Chunk;
    #[inline(always)]
    fn widen(self, h: &Chunk) -> Chunk {
        let mut o = [0; 16];
        for i in 0..16 {
            o[i] = h2f(h[i] & 0xffff).to_bits();
        }
        o
    }
    #[inline(always)]
    fn narrow(self, x: &Chunk) -> Chunk {
        let mut o = [0; 16];
        for i in 0..16 {
            o[i] = half_bits(f(x[i]));
        }
        o
    }
    #[inline(always)]
    fn shuffle(self, x: &Chunk, from: &Chunk) -> Chunk {
        let mut o = [0; 16];
        for i in 0..16 {
            o[i] = x[from[i] as usize & 15];
        }
        o
    }
    #[inline(always)]
    fn signs(self, x: &Chunk) -> u32 {
        let mut m = 0;
        for (i, x) in x.iter().enumerate() {
            m |= (x >> 31) << i;
        }
        m
    }
    #[inline(always)]
    fn load(self, x: &Chunk) -> Chunk {
        *x
    }
    #[inline(always)]
    fn store(self, x: Chunk) -> Chunk {
        x
    }
    #[inline(always)]
    fn fma(self, e: u32, b: &Chunk, mut acc: Chunk) -> Chunk {
        for i in 0..16 {
            acc[i] = f(e).mul_add(f(b[i]), f(acc[i])).to_bits();
        }
        acc
    }
}

/// AVX2 with FMA and F16C.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx2;

#[cfg(target_arch = "x86_64")]
impl Avx2 {
    /// Both halves of a chunk.
    #[inline(always)]
    fn halves(self, x: &Chunk) -> [__m256i; 2] {
        let p = x.as_ptr();
        // SAFETY: the host has AVX, as an `Avx2` exists; both loads of eight lanes lie in the sixteen.
        unsafe { [_mm256_loadu_si256(p.cast()), _mm256_loadu_si256(p.add(8).cast())] }
    }

    #[inline(always)]
    fn join(self, x: [__m256i; 2]) -> Chunk {
        // SAFETY: two registers of eight lanes are as large as sixteen lanes, and any bits are numbers.
        unsafe { std::mem::transmute(x) }
    }
}

#[cfg(target_arch = "x86_64")]
impl Host for Avx2 {
    type Sixteen = [__m256; 2];
    #[inline(always)]
    fn widen(self, h: &Chunk) -> Chunk {
        // SAFETY: the host has AVX2 and F16C, as an `Avx2` exists.
        self.join(self.halves(h).map(|x| unsafe {
            let x = _mm256_and_si256(x, _mm256_set1_epi32(0xffff));
            let p = _mm_packus_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256::<1>(x));
            _mm256_castps_si256(_mm256_cvtph_ps(p))
        }))
    }
    #[inline(always)]
    fn narrow(self, x: &Chunk) -> Chunk {
        // SAFETY: the host has AVX2 and F16C, as an `Avx2` exists.
        self.join(self.halves(x).map(|x| unsafe {
            _mm256_cvtepu16_epi32(_mm256_cvtps_ph::<{ _MM_FROUND_TO_NEAREST_INT }>(_mm256_castsi256_ps(x)))
        }))
    }
    #[inline(always)]
    fn shuffle(self, x: &Chunk, from: &Chunk) -> Chunk {
        let [low, high] = self.halves(x);
        // SAFETY: the host has AVX2, as an `Avx2` exists.
        self.join(self.halves(from).map(|n| unsafe {
            let a = _mm256_permutevar8x32_epi32(low, n);
            let b = _mm256_permutevar8x32_epi32(high, n);
            // Bit 3 of the number says which half.
            let upper = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(n));
            _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), upper))
        }))
    }
    #[inline(always)]
    fn signs(self, x: &Chunk) -> u32 {
        // SAFETY: the host has AVX, as an `Avx2` exists.
        let [low, high] = self.halves(x).map(|x| unsafe { _mm256_movemask_ps(_mm256_castsi256_ps(x)) as u32 });
        low | high << 8
    }
    #[inline(always)]
    fn load(self, x: &Chunk) -> [__m256; 2] {
        // SAFETY: the host has AVX, as an `Avx2` exists.
        self.halves(x).map(|x| unsafe { _mm256_castsi256_ps(x) })
    }
    #[inline(always)]
    fn store(self, x: [__m256; 2]) -> Chunk {
        // SAFETY: the host has AVX, as an `Avx2` exists.
        self.join(x.map(|x| unsafe { _mm256_castps_si256(x) }))
    }
    #[inline(always)]
    fn fma(self, e: u32, b: &Chunk, acc: [__m256; 2]) -> [__m256; 2] {
        let [b0, b1] = self.load(b);
        // SAFETY: the host has AVX and FMA, as an `Avx2` exists.
        unsafe {
            let e = _mm256_set1_ps(f(e));
            [_mm256_fmadd_ps(e, b0, acc[0]), _mm256_fmadd_ps(e, b1, acc[1])]
        }
    }
}

/// AVX-512 F, VL, DQ and BW.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx512;

#[cfg(target_arch = "x86_64")]
impl Avx512 {
    #[inline(always)]
    fn get(self, x: &Chunk) -> __m512i {
        // SAFETY: the host has AVX-512, as an `Avx512` exists; the load is of the sixteen lanes.
        unsafe { _mm512_loadu_si512(x.as_ptr().cast()) }
    }

    #[inline(always)]
    fn put(self, x: __m512i) -> Chunk {
        // SAFETY: the register is as large as sixteen lanes, and any bits are numbers.
        unsafe { std::mem::transmute(x) }
    }
}

#[cfg(target_arch = "x86_64")]
impl Host for Avx512 {
    type Sixteen = __m512;
    #[inline(always)]
    fn widen(self, h: &Chunk) -> Chunk {
        // SAFETY: the host has AVX-512, as an `Avx512` exists.
        self.put(unsafe { _mm512_castps_si512(_mm512_cvtph_ps(_mm512_cvtepi32_epi16(self.get(h)))) })
    }
    #[inline(always)]
    fn narrow(self, x: &Chunk) -> Chunk {
        // SAFETY: the host has AVX-512, as an `Avx512` exists.
        self.put(unsafe {
            let h = _mm512_cvtps_ph::<{ _MM_FROUND_TO_NEAREST_INT }>(_mm512_castsi512_ps(self.get(x)));
            _mm512_cvtepu16_epi32(h)
        })
    }
    #[inline(always)]
    fn shuffle(self, x: &Chunk, from: &Chunk) -> Chunk {
        // SAFETY: the host has AVX-512, as an `Avx512` exists.
        self.put(unsafe { _mm512_permutexvar_epi32(self.get(from), self.get(x)) })
    }
    #[inline(always)]
    fn signs(self, x: &Chunk) -> u32 {
        // SAFETY: the host has AVX-512 DQ, as an `Avx512` exists.
        unsafe { _mm512_movepi32_mask(self.get(x)) as u32 }
    }
    #[inline(always)]
    fn load(self, x: &Chunk) -> __m512 {
        // SAFETY: the host has AVX-512, as an `Avx512` exists.
        unsafe { _mm512_castsi512_ps(self.get(x)) }
    }
    #[inline(always)]
    fn store(self, x: __m512) -> Chunk {
        // SAFETY: the host has AVX-512, as an `Avx512` exists.
        self.put(unsafe { _mm512_castps_si512(x) })
    }
    #[inline(always)]
    fn fma(self, e: u32, b: &Chunk, acc: __m512) -> __m512 {
        // SAFETY: the host has AVX-512, as an `Avx512` exists.
        unsafe { _mm512_fmadd_ps(_mm512_set1_ps(f(e)), self.load(b), acc) }
    }
}

/// The highest bit of every lane of a register.
#[inline(always)]
pub(crate) fn signs<H: Host, const L: usize>(h: H, x: &[u32; L]) -> u64 {
    let mut m = 0;
    for (k, c) in crate::fast::chunks(x).iter().enumerate() {
        m |= (h.signs(c) as u64) << (16 * k);
    }
    m
}

/// Is one of the f32 NaN.
#[inline(always)]
pub(crate) fn any_nan(x: &[u32]) -> bool {
    let mut n = 0;
    for v in x {
        n |= f(*v).is_nan() as u32;
    }
    n != 0
}
