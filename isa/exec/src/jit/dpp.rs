//! First sources that come from other lanes (DPP). Lanes read within their row of sixteen: one register of AVX-512, two
//! of AVX2.
use super::asm::O;
use super::compute::step_imm;
use super::emit::Emit;
use super::simd::*;
use crate::host::Portable;
use crate::lanes::DppMap;
use crate::wave::EXEC;
use iced_x86::{Code as X, Register as R};
use isa::Dpp;

/// What an instruction's DPP control means for translated code.
pub(super) struct Reads {
    /// The lane that each lane reads.
    from: [Option<usize>; 64],
    /// Lanes that may be written as far as the control says.
    write: u64,
    /// Lanes that read inactive lanes are written, 0 being read.
    zero: bool,
    /// Inactive lanes are read too.
    inactive: bool,
}

impl Reads {
    /// None without DPP.
    pub(super) fn new(dpp: Dpp, lanes: usize) -> Option<Reads> {
        let map = DppMap::new(dpp, lanes)?;
        let write = if lanes == 64 { map.write::<_, 64>(Portable, !0) } else { map.write::<_, 32>(Portable, !0) };
        let (zero, inactive) = match dpp {
            Dpp::Dpp16 { bound_ctrl, fi, .. } => (bound_ctrl, fi),
            Dpp::Dpp8 { fi, .. } => (true, fi),
            Dpp::None => return None,
        };
        Some(Reads { from: map.sources(!0), write, zero, inactive })
    }

    /// Bits of a part.
    fn part(&self, e: &Emit<'_>, bits: u64, part: u8) -> u32 {
        let n = e.req.simd.lanes();
        (bits >> (n * part as usize)) as u32 & ((1 << n) - 1)
    }

    /// Lanes that read a lane at all.
    fn valid(&self) -> u64 {
        (0..64).filter(|&l| self.from[l].is_some()).fold(0, |m, l| m | 1 << l)
    }

    /// Do inactive lanes matter to readers.
    fn careful(&self, e: &Emit<'_>) -> bool {
        !e.req.key.full && !self.inactive
    }

    /// What a part reads of a VGPR.
    pub(super) fn read(&self, e: &mut Emit<'_>, v: u8, part: u8) -> Z {
        if e.avx2() { self.read_narrow(e, Some(v), part) } else { self.read_wide(e, v, part) }
    }

    /// AVX-512: the lanes to read, within a row.
    fn index(&self, e: &mut Emit<'_>, part: u8) -> Z {
        let mut bytes = [0u32; 8];
        for l in 0..16 {
            let from = self.from[16 * part as usize + l].unwrap_or(0) as u32 & 15;
            bytes[l / 4] |= from << (8 * (l % 4));
        }
        let (index, d) = (e.a.constant(bytes), e.fresh());
        e.a.v(BYTES, &[d.into(), index]);
        d
    }

    fn read_wide(&self, e: &mut Emit<'_>, v: u8, part: u8) -> Z {
        let mut src = e.v(v, part);
        if let (true, Some(k)) = (self.careful(e), e.exec(part)) {
            let d = e.fresh();
            e.a.zeroed(X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, k, &[d.into(), src.into()]);
            e.unpin(src);
            src = d;
        }
        let index = self.index(e, part);
        let valid = self.part(e, self.valid(), part);
        let x = X::EVEX_Vpermd_zmm_k1z_zmm_zmmm512b32;
        let ops = [index.into(), index.into(), src.into()];
        if valid == 0xffff {
            e.a.e(x, &ops);
        } else {
            e.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(valid as i32)]);
            e.a.e(X::VEX_Kmovw_kr_r32, &[R::K7.into(), R::EAX.into()]);
            e.a.zeroed(x, R::K7, &ops);
        }
        e.unpin(src);
        index
    }

    /// AVX2: what a part reads of a VGPR, or of EXEC as lanes of all ones where there is none.
    fn read_narrow(&self, e: &mut Emit<'_>, v: Option<u8>, part: u8) -> Z {
        let d = e.fresh();
        let from: Vec<Option<usize>> = self.from[8 * part as usize..][..8].to_vec();
        let mut first = true;
        for half in [part & !1, part | 1] {
            let here: Vec<bool> = from.iter().map(|f| f.is_some_and(|f| f / 8 == half as usize)).collect();
            if !here.contains(&true) {
                continue;
            }
            let mut src = match v {
                Some(v) => e.v(v, half),
                None => e.bits(EXEC, half),
            };
            if v.is_none() {
                let all = step_imm(e, SRAI, src, 31);
                e.unpin(src);
                src = all;
            } else if self.careful(e) {
                let bits = e.bits(EXEC, half);
                let t = step_imm(e, SRAI, bits, 31);
                e.a.v(AND, &[t.into(), t.into(), src.into()]);
                e.unpin(bits);
                e.unpin(src);
                src = t;
            }
            let index = e.a.constant(std::array::from_fn(|l| from[l].map_or(0, |f| f as u32 & 7)));
            let t = if first { d } else { e.fresh() };
            e.a.v(MOVE, &[t.into(), index]);
            e.a.e(X::VEX_Vpermd_ymm_ymm_ymmm256, &[t.into(), t.into(), src.into()]);
            e.unpin(src);
            if !first {
                let which = (0..8).fold(0, |m, l| m | (here[l] as u8) << l);
                e.a.e(X::VEX_Vpblendd_ymm_ymm_ymmm256_imm8, &[d.into(), d.into(), t.into(), O::I8(which)]);
                e.unpin(t);
            }
            first = false;
        }
        if first {
            e.a.v(XOR, &[O::from(d); 3]);
        } else if from.contains(&None) {
            let valid = e.a.constant(std::array::from_fn(|l| if from[l].is_some() { !0 } else { 0 }));
            e.a.v(AND, &[d.into(), d.into(), valid]);
        }
        d
    }

    /// Writes `z` to the lanes of a VGPR's part that are active and may be written. `z` is a fresh register.
    pub(super) fn write(&self, e: &mut Emit<'_>, v: u8, part: u8, z: Z) {
        let write = self.part(e, self.write, part);
        let by_source = self.careful(e) && !self.zero;
        if write == 0 || !e.exists(v as usize) {
            return;
        }
        if write.count_ones() as usize == e.req.simd.lanes() && !by_source {
            return e.write(v, part, z);
        }
        let d = e.change(v, part);
        if e.avx2() {
            let m = e.fresh();
            let allowed = e.a.constant(std::array::from_fn(|l| if write >> l & 1 != 0 { !0 } else { 0 }));
            e.a.v(MOVE, &[m.into(), allowed]);
            if by_source {
                let from = self.read_narrow(e, None, part);
                e.a.v(AND, &[m.into(), m.into(), from.into()]);
            }
            if let Some(active) = e.active(part) {
                e.a.v(AND, &[m.into(), m.into(), active.into()]);
            }
            return e.a.e(X::VEX_Vblendvps_ymm_ymm_ymmm256_ymm, &[d.into(), d.into(), z.into(), m.into()]);
        }
        if let (true, Some(k)) = (by_source, e.exec(part)) {
            // EXEC as the readers see it.
            let (t, index) = (e.fresh(), self.index(e, part));
            e.a.e(X::EVEX_Vpmovm2d_zmm_kr, &[t.into(), k.into()]);
            e.a.e(X::EVEX_Vpermd_zmm_k1z_zmm_zmmm512b32, &[t.into(), index.into(), t.into()]);
            e.a.e(X::EVEX_Vpmovd2m_kr_zmm, &[R::K6.into(), t.into()]);
        }
        e.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(write as i32)]);
        e.a.e(X::VEX_Kmovw_kr_r32, &[R::K7.into(), R::EAX.into()]);
        if let Some(k) = e.exec(part) {
            e.a.e(X::VEX_Kandw_kr_kr_kr, &[R::K7.into(), R::K7.into(), k.into()]);
            if by_source {
                e.a.e(X::VEX_Kandw_kr_kr_kr, &[R::K7.into(), R::K7.into(), R::K6.into()]);
            }
        }
        e.a.masked(X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, Some(R::K7), &[d.into(), z.into()]);
    }
}
