//! Elements of one part of a memory instruction: side by side, or anywhere.
use super::asm::{Cc, M, O, mem};
use super::emit::Emit;
use super::frame;
use super::memory::{Part, Who, table};
use super::simd::*;
use super::tables::{DEAL2, DEAL4, WEAVE2, WEAVE4};
use iced_x86::{Code as X, Register as R};

const MOVE: X = X::EVEX_Vmovdqa32_zmm_k1z_zmmm512;
const LOAD: X = X::EVEX_Vmovdqu32_zmm_k1z_zmmm512;
const STORE: X = X::EVEX_Vmovdqu32_zmmm512_k1z_zmm;

impl Part<'_> {
    /// Sixteen elements side by side.
    pub(super) fn row_wide(&self, e: &mut Emit<'_>, n: usize) {
        let d = &self.data[n * self.a.dwords..(n + 1) * self.a.dwords];
        let [t, u, v, w, _] = self.t;
        let m = |k: i32| self.near(n, k);
        match (self.a.store, self.a.bytes) {
            (false, 1 | 2) => {
                let x = match (self.a.bytes, self.a.signed) {
                    (1, false) => X::EVEX_Vpmovzxbd_zmm_k1z_xmmm128,
                    (1, true) => X::EVEX_Vpmovsxbd_zmm_k1z_xmmm128,
                    (_, false) => X::EVEX_Vpmovzxwd_zmm_k1z_ymmm256,
                    (_, true) => X::EVEX_Vpmovsxwd_zmm_k1z_ymmm256,
                };
                e.a.masked(x, self.k(), &[d[0].into(), m(0).into()]);
            }
            (true, 1 | 2) => {
                let z = if self.a.hi {
                    e.a.e(X::EVEX_Vpsrld_zmm_k1z_zmmm512b32_imm8, &[t.into(), d[0].into(), O::I8(16)]);
                    t
                } else {
                    d[0]
                };
                let x =
                    if self.a.bytes == 1 { X::EVEX_Vpmovdb_xmmm128_k1z_zmm } else { X::EVEX_Vpmovdw_ymmm256_k1z_zmm };
                e.a.masked(x, self.k(), &[m(0).into(), z.into()]);
            }
            (false, 4) => e.a.masked(LOAD, self.k(), &[d[0].into(), m(0).into()]),
            (true, 4) => e.a.masked(STORE, self.k(), &[m(0).into(), d[0].into()]),
            (false, 8) => {
                e.a.e(LOAD, &[t.into(), m(0).into()]);
                for (k, &d) in d.iter().enumerate() {
                    let index = table(e, &DEAL2[k]);
                    e.a.e(MOVE, &[d.into(), index]);
                    e.a.e(X::EVEX_Vpermi2d_zmm_k1z_zmm_zmmm512b32, &[d.into(), t.into(), m(64).into()]);
                }
            }
            (true, 8) => {
                for (k, at) in [0, 64].into_iter().enumerate() {
                    let index = table(e, &WEAVE2[k]);
                    e.a.e(MOVE, &[t.into(), index]);
                    e.a.e(X::EVEX_Vpermi2d_zmm_k1z_zmm_zmmm512b32, &[t.into(), d[0].into(), d[1].into()]);
                    e.a.e(STORE, &[m(at).into(), t.into()]);
                }
            }
            (false, _) => {
                e.a.e(LOAD, &[t.into(), m(0).into()]);
                e.a.e(LOAD, &[u.into(), m(128).into()]);
                e.a.e(X::Mov_r32_imm32, &[R::ECX.into(), O::I32(0xff00)]);
                e.a.e(X::VEX_Kmovw_kr_r32, &[R::K7.into(), R::ECX.into()]);
                for (k, &d) in d.iter().enumerate() {
                    let index = table(e, &DEAL4[k]);
                    e.a.e(MOVE, &[d.into(), index]);
                    e.a.e(MOVE, &[v.into(), d.into()]);
                    e.a.e(X::EVEX_Vpermi2d_zmm_k1z_zmm_zmmm512b32, &[d.into(), t.into(), m(64).into()]);
                    e.a.e(X::EVEX_Vpermi2d_zmm_k1z_zmm_zmmm512b32, &[v.into(), u.into(), m(192).into()]);
                    e.a.masked(MOVE, Some(R::K7), &[d.into(), v.into()]);
                }
            }
            (true, _) => {
                e.a.e(X::Mov_r32_imm32, &[R::ECX.into(), O::I32(0xcccc)]);
                e.a.e(X::VEX_Kmovw_kr_r32, &[R::K7.into(), R::ECX.into()]);
                for (k, weave) in WEAVE4.iter().enumerate() {
                    let index = table(e, weave);
                    e.a.e(MOVE, &[v.into(), index]);
                    e.a.e(MOVE, &[w.into(), v.into()]);
                    e.a.e(X::EVEX_Vpermi2d_zmm_k1z_zmm_zmmm512b32, &[v.into(), d[0].into(), d[1].into()]);
                    e.a.e(X::EVEX_Vpermi2d_zmm_k1z_zmm_zmmm512b32, &[w.into(), d[2].into(), d[3].into()]);
                    e.a.masked(MOVE, Some(R::K7), &[v.into(), w.into()]);
                    e.a.e(STORE, &[m(64 * k as i32).into(), v.into()]);
                }
            }
        }
    }

    /// AVX-512: gathers or scatters, by distances from rax.
    pub(super) fn anywhere_wide(&self, e: &mut Emit<'_>, index: Z) {
        let a = self.a;
        for n in 0..a.offsets.len() {
            for d in 0..a.dwords {
                match self.k() {
                    Some(k) => e.a.e(X::VEX_Kmovw_kr_km16, &[R::K7.into(), k.into()]),
                    None => e.a.e(X::VEX_Kxnorw_kr_kr_kr, &[R::K7.into(), R::K7.into(), R::K7.into()]),
                }
                let m = M { index: index.z(), ..self.near(n, 4 * d as i32) };
                let z = self.data[n * a.dwords + d];
                if a.store {
                    e.a.masked(X::EVEX_Vpscatterdd_vm32z_k1_zmm, Some(R::K7), &[m.into(), z.into()]);
                } else {
                    e.a.masked(X::EVEX_Vpgatherdd_zmm_k1_vm32z, Some(R::K7), &[z.into(), m.into()]);
                    self.fewer(e, z);
                }
            }
        }
    }

    /// Eight elements side by side. What lies beside active lanes is loaded too.
    pub(super) fn row_narrow(&self, e: &mut Emit<'_>, n: usize) {
        let d = &self.data[n * self.a.dwords..(n + 1) * self.a.dwords];
        let m = |k: i32| O::M(self.near(n, k));
        let [t, u, ..] = self.t;
        match (self.a.store, self.a.bytes) {
            (false, 1 | 2) => {
                let x = match (self.a.bytes, self.a.signed) {
                    (1, false) => BYTES,
                    (1, true) => SBYTES,
                    (_, false) => WORDS,
                    (_, true) => SWORDS,
                };
                e.a.v(x, &[d[0].into(), m(0)]);
            }
            (true, 1 | 2) => {
                let mut z = d[0];
                if self.a.hi {
                    e.a.v(SRLI, &[t.into(), z.into(), O::I8(16)]);
                    z = t;
                }
                let bytes = self.a.bytes as u32;
                // The elements of each half to its lowest bytes, and these next to each other.
                let pick = e.a.constant(std::array::from_fn(|l| {
                    let l = l as u32 % 4;
                    (0..4).fold(0, |x, b| {
                        let (lane, byte) = ((4 * l + b) / bytes, (4 * l + b) % bytes);
                        x | (if lane < 4 { 4 * lane + byte } else { 0x80 }) << (8 * b)
                    })
                }));
                e.a.e(X::VEX_Vpshufb_ymm_ymm_ymmm256, &[t.into(), z.into(), pick]);
                e.a.e(X::VEX_Vextracti128_xmmm128_ymm_imm8, &[u.x().into(), t.into(), O::I8(1)]);
                if bytes == 1 {
                    e.a.e(X::VEX_Vpunpckldq_xmm_xmm_xmmm128, &[t.x().into(), t.x().into(), u.x().into()]);
                    e.a.e(X::VEX_Vmovq_xmmm64_xmm, &[m(0), t.x().into()]);
                } else {
                    e.a.e(X::VEX_Vpunpcklqdq_xmm_xmm_xmmm128, &[t.x().into(), t.x().into(), u.x().into()]);
                    e.a.e(X::VEX_Vmovdqu_xmmm128_xmm, &[m(0), t.x().into()]);
                }
            }
            (false, 4) => e.a.e(X::VEX_Vmovdqu_ymm_ymmm256, &[d[0].into(), m(0)]),
            (true, 4) => match self.who {
                Who::Signs { signs, .. } => {
                    e.a.e(X::VEX_Vpmaskmovd_m256_ymm_ymm, &[m(0), signs.into(), d[0].into()]);
                }
                _ => e.a.e(X::VEX_Vmovdqu_ymmm256_ymm, &[m(0), d[0].into()]),
            },
            (false, 8) => {
                e.a.e(X::VEX_Vmovdqu_ymm_ymmm256, &[t.into(), m(0)]);
                for (&d, places) in d.iter().zip([0x88, 0xdd]) {
                    // Lanes 0, 1, 4, 5 and 2, 3, 6, 7.
                    e.a.e(X::VEX_Vshufps_ymm_ymm_ymmm256_imm8, &[d.into(), t.into(), m(32), O::I8(places)]);
                    e.a.e(X::VEX_Vpermq_ymm_ymmm256_imm8, &[d.into(), d.into(), O::I8(0xd8)]);
                }
            }
            (true, 8) => {
                // Lanes 0, 1, 4, 5 and 2, 3, 6, 7.
                e.a.e(LOW, &[t.into(), d[0].into(), d[1].into()]);
                e.a.e(HIGH, &[u.into(), d[0].into(), d[1].into()]);
                for (at, places) in [(0, 0x20), (32, 0x31)] {
                    let v = self.t[2];
                    e.a.e(X::VEX_Vperm2i128_ymm_ymm_ymmm256_imm8, &[v.into(), t.into(), u.into(), O::I8(places)]);
                    e.a.e(X::VEX_Vmovdqu_ymmm256_ymm, &[m(at), v.into()]);
                }
            }
            (false, _) => {
                // Lanes k and k + 4.
                for (k, d) in d.iter().enumerate() {
                    let k = 16 * k as i32;
                    e.a.e(X::VEX_Vmovdqu_xmm_xmmm128, &[d.x().into(), m(k)]);
                    e.a.e(X::VEX_Vinserti128_ymm_ymm_xmmm128_imm8, &[(*d).into(), (*d).into(), m(k + 64), O::I8(1)]);
                }
                let [t, u, v, w] = self.turned(e, d);
                for (k, &d) in d.iter().enumerate() {
                    let (l, r) = if k < 2 { (t, u) } else { (v, w) };
                    e.a.e(if k % 2 == 0 { LOWQ } else { HIGHQ }, &[d.into(), l.into(), r.into()]);
                }
            }
            (true, _) => {
                let [t, u, v, w] = self.turned(e, d);
                let x = self.t[4];
                for k in 0..4 {
                    let (l, r) = if k < 2 { (t, u) } else { (v, w) };
                    e.a.e(if k % 2 == 0 { LOWQ } else { HIGHQ }, &[x.into(), l.into(), r.into()]);
                    e.a.e(X::VEX_Vmovdqu_xmmm128_xmm, &[m(16 * k), x.x().into()]);
                    e.a.e(X::VEX_Vextracti128_xmmm128_ymm_imm8, &[m(16 * k + 64), x.into(), O::I8(1)]);
                }
            }
        }
    }

    /// Dwords of the first two and of the last two registers in turn: the lower ones of each half, then the upper ones.
    fn turned(&self, e: &mut Emit<'_>, d: &[Z]) -> [Z; 4] {
        let [t, u, v, w, _] = self.t;
        let [a, b, c, f] = [0, 1, 2, 3].map(|k| O::from(d[k]));
        e.a.e(LOW, &[t.into(), a, b]);
        e.a.e(LOW, &[u.into(), c, f]);
        e.a.e(HIGH, &[v.into(), a, b]);
        e.a.e(HIGH, &[w.into(), c, f]);
        [t, u, v, w]
    }

    /// AVX2: gathers, by distances from rax.
    pub(super) fn gather_narrow(&self, e: &mut Emit<'_>, index: Z) {
        let a = self.a;
        let mask = self.t[4];
        for n in 0..a.offsets.len() {
            for d in 0..a.dwords {
                match self.who {
                    Who::Signs { signs, .. } => e.a.e(X::VEX_Vmovdqa_ymm_ymmm256, &[mask.into(), signs.into()]),
                    _ => e.a.e(X::VEX_Vpcmpeqd_ymm_ymm_ymmm256, &[O::from(mask); 3]),
                }
                let m = M { index: index.y(), ..self.near(n, 4 * d as i32) };
                let z = self.data[n * a.dwords + d];
                e.a.e(X::VEX_Vpgatherdd_ymm_vm32y_ymm, &[z.into(), m.into(), mask.into()]);
                self.fewer(e, z);
            }
        }
    }

    /// AVX2: stores by distances from rax, one active lane after the other. Clobbers ecx and r9 to r11.
    pub(super) fn scatter_narrow(&self, e: &mut Emit<'_>, index: Z) {
        let a = self.a;
        let put = X::VEX_Vmovdqu_ymmm256_ymm;
        let stage = |k: usize| mem(R::R13, frame::F_STAGE + 32 * k as i32);
        e.a.e(put, &[stage(0).into(), index.into()]);
        for (k, &z) in self.data.iter().enumerate() {
            let mut z = z;
            if a.hi {
                // The distances are not needed any more, once they are in the frame.
                let t = self.t[0];
                e.a.v(SRLI, &[t.into(), z.into(), O::I8(16)]);
                z = t;
            }
            e.a.e(put, &[stage(1 + k).into(), z.into()]);
        }
        match self.who {
            Who::Signs { bits, .. } => e.a.e(X::Movzx_r32_rm8, &[R::R9D.into(), bits]),
            _ => e.a.e(X::Mov_r32_imm32, &[R::R9D.into(), O::I32(0xff)]),
        }
        let next = e.a.label();
        e.a.bind(next);
        let lane = |k: usize| M { index: R::RCX, scale: 4, ..stage(k) };
        e.a.e(X::Tzcnt_r32_rm32, &[R::ECX.into(), R::R9D.into()]);
        e.a.e(X::Mov_r32_rm32, &[R::R10D.into(), lane(0).into()]);
        for n in 0..a.offsets.len() {
            for d in 0..a.dwords {
                let m = M { index: R::R10, ..self.near(n, 4 * d as i32) };
                e.a.e(X::Mov_r32_rm32, &[R::R11D.into(), lane(1 + n * a.dwords + d).into()]);
                match a.bytes {
                    1 => e.a.e(X::Mov_rm8_r8, &[m.into(), R::R11L.into()]),
                    2 => e.a.e(X::Mov_rm16_r16, &[m.into(), R::R11W.into()]),
                    _ => e.a.e(X::Mov_rm32_r32, &[m.into(), R::R11D.into()]),
                }
            }
        }
        e.a.e(X::VEX_Blsr_r32_rm32, &[R::R9D.into(), R::R9D.into()]);
        e.a.jcc(Cc::Ne, next);
    }
}

/// Dwords of two registers in turn, the lower or the upper ones of each half.
const LOW: X = X::VEX_Vpunpckldq_ymm_ymm_ymmm256;
const HIGH: X = X::VEX_Vpunpckhdq_ymm_ymm_ymmm256;
/// The same with 64 bits.
const LOWQ: X = X::VEX_Vpunpcklqdq_ymm_ymm_ymmm256;
const HIGHQ: X = X::VEX_Vpunpckhqdq_ymm_ymm_ymmm256;
