//! State of one wave and access to its registers.
use crate::program::Src;
use std::ops::{Deref, DerefMut};

pub(crate) const VCC: usize = 106;
pub(crate) const NULL: usize = 124;
pub(crate) const M0: usize = 125;
pub(crate) const EXEC: usize = 126;

/// Base of the LDS aperture in flat addresses, as amdgpu sets SH_MEM_BASES for the address spaces of its own clients
/// (`gfx_v11_0_constants_init`, from `shared_aperture_start` of `gmc_v11_0_early_init`). Those of amdkfd, which differ
/// (1 and 2 << 48), are for its processes only. DEV_INFO doesn't tell them.
pub(crate) const SHARED_BASE: u64 = 0x2000_0000_0000_0000;
/// Base of the scratch aperture: `private_aperture_start` there.
pub(crate) const PRIVATE_BASE: u64 = 0x1000_0000_0000_0000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum State {
    Running,
    Barrier,
    Ended,
}

/// What a wave is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaveStatus {
    /// It has instructions to run.
    Running,
    /// It waits at a barrier.
    Barrier,
    /// It ran `s_endpgm`.
    Ended,
}

/// Scalar state of a wave, for reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WaveState {
    /// Wave within the workgroup.
    pub wave: u32,
    /// What it is doing.
    pub status: WaveStatus,
    /// Address of the next instruction; on a trap that of the instruction that trapped.
    pub pc: u64,
    /// s0 to s105.
    pub sgprs: Vec<u32>,
    /// Active lanes.
    pub exec: u64,
    /// VCC.
    pub vcc: u64,
    /// M0.
    pub m0: u32,
    /// SCC.
    pub scc: bool,
    /// MODE.
    pub mode: u32,
}

/// Sixteen lanes of a VGPR: one host vector register.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u32; 16]);

/// The VGPRs of a wave, each on its own cache lines.
pub(crate) struct Vgprs<const L: usize>(Vec<Line>);

impl<const L: usize> Vgprs<L> {
    pub(crate) fn new(count: usize) -> Self {
        const { assert!(L.is_multiple_of(16)) };
        Vgprs(vec![Line([0; 16]); count * (L / 16)])
    }
}

#[allow(unsafe_code)]
impl<const L: usize> Deref for Vgprs<L> {
    type Target = [[u32; L]];
    #[inline(always)]
    fn deref(&self) -> &[[u32; L]] {
        // SAFETY: `Line` is sixteen `u32` without padding (size and alignment 64), and `new` made a multiple of L / 16
        // of them, so that the same bytes are that many arrays of L, which are less aligned.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() / (L / 16)) }
    }
}

#[allow(unsafe_code)]
impl<const L: usize> DerefMut for Vgprs<L> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [[u32; L]] {
        // SAFETY: as in `deref`; the borrow of `self` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() / (L / 16)) }
    }
}

/// One wave of `L` lanes. Translated code reaches its fields by their offsets.
#[repr(C)]
pub(crate) struct Wave<const L: usize> {
    pub s: [u32; 128],
    pub scc: bool,
    pub state: State,
    /// MODE register.
    pub mode: u32,
    pub pc: u64,
    pub v: Vgprs<L>,
    /// Address of the wave's scratch.
    pub scratch: u64,
    /// Shader cycles the wave has seen pass.
    pub clock: u64,
    /// Bytes of it that each lane has.
    pub scratch_lane_bytes: u32,
    pub id: u32,
}

impl<const L: usize> Wave<L> {
    pub(crate) const ALL: u64 = if L == 64 { !0 } else { 0xffff_ffff };

    #[inline(always)]
    pub(crate) fn exec(&self) -> u64 {
        let lo = self.s[EXEC] as u64;
        if L == 64 { lo | (self.s[EXEC + 1] as u64) << 32 } else { lo }
    }

    /// The scalar state, for reports.
    pub(crate) fn report(&self) -> WaveState {
        let pair = |k: usize| self.s[k] as u64 | if L == 64 { (self.s[k + 1] as u64) << 32 } else { 0 };
        WaveState {
            wave: self.id,
            status: match self.state {
                State::Running => WaveStatus::Running,
                State::Barrier => WaveStatus::Barrier,
                State::Ended => WaveStatus::Ended,
            },
            pc: self.pc,
            sgprs: self.s[..VCC].to_vec(),
            exec: self.exec(),
            vcc: pair(VCC),
            m0: self.s[M0],
            scc: self.scc,
            mode: self.mode,
        }
    }

    /// A lane mask from a scalar register pair (or one register in wave32).
    pub(crate) fn mask(&self, code: usize) -> u64 {
        let lo = self.sgpr(code) as u64;
        if L == 64 { lo | (self.sgpr(code + 1) as u64) << 32 } else { lo }
    }

    pub(crate) fn set_mask(&mut self, code: usize, m: u64) {
        self.set_sgpr(code, m as u32);
        if L == 64 && code != NULL {
            self.set_sgpr(code + 1, (m >> 32) as u32);
        }
    }

    /// A scalar register; NULL and what does not exist read 0.
    #[inline(always)]
    pub(crate) fn sgpr(&self, code: usize) -> u32 {
        if code < 128 { self.s[code] } else { 0 }
    }

    /// Writes to NULL and beyond the file vanish.
    #[inline(always)]
    pub(crate) fn set_sgpr(&mut self, code: usize, v: u32) {
        if code < 128 && code != NULL {
            self.s[code] = v;
        }
    }

    pub(crate) fn sgpr64(&self, code: usize) -> u64 {
        self.sgpr(code) as u64 | if code == NULL { 0 } else { (self.sgpr(code + 1) as u64) << 32 }
    }

    pub(crate) fn set_sgpr64(&mut self, code: usize, v: u64) {
        self.set_sgpr(code, v as u32);
        if code != NULL {
            self.set_sgpr(code + 1, (v >> 32) as u32);
        }
    }

    /// Sources that are not registers.
    #[cold]
    fn special(&self, code: u16) -> u64 {
        match code {
            235 => SHARED_BASE >> 32,
            236 => (SHARED_BASE >> 32) | 0xffff,
            237 => PRIVATE_BASE >> 32,
            238 => (PRIVATE_BASE >> 32) | 0xffff,
            251 => (self.mask(VCC) == 0) as u64,
            252 => (self.exec() == 0) as u64,
            253 => self.scc as u64,
            _ => 0,
        }
    }

    #[inline(always)]
    pub(crate) fn s32(&self, s: Src) -> u32 {
        match s {
            Src::S(k) => self.s[k as usize],
            Src::K(v) => v as u32,
            Src::X(c) => self.special(c) as u32,
            Src::V(_) => 0,
        }
    }

    pub(crate) fn s64(&self, s: Src) -> u64 {
        match s {
            Src::S(k) => self.sgpr64(k as usize),
            Src::K(v) => v,
            Src::X(c @ 235..=238) => self.special(c) << 32,
            Src::X(c) => self.special(c),
            Src::V(_) => 0,
        }
    }

    /// A VGPR; beyond the allocation v0 is read.
    #[inline(always)]
    pub(crate) fn vgpr(&self, k: usize) -> &[u32; L] {
        match self.v.get(k) {
            Some(r) => r,
            None => &self.v[0],
        }
    }

    /// A VGPR to write; None beyond the allocation.
    #[inline(always)]
    pub(crate) fn vgpr_mut(&mut self, k: usize) -> Option<&mut [u32; L]> {
        self.v.get_mut(k)
    }

    /// All lanes of a 32-bit source.
    #[inline(always)]
    pub(crate) fn lanes32(&self, s: Src) -> [u32; L] {
        match s {
            Src::V(k) => *self.vgpr(k as usize),
            s => [self.s32(s); L],
        }
    }

    /// All lanes of a source of `n` dwords (1 or 2).
    #[inline(always)]
    pub(crate) fn lanes64(&self, s: Src, n: u8) -> [u64; L] {
        match s {
            Src::V(k) => {
                let lo = self.vgpr(k as usize);
                let mut o = [0; L];
                if n == 2 {
                    let hi = self.vgpr(k as usize + 1);
                    for i in 0..L {
                        o[i] = lo[i] as u64 | (hi[i] as u64) << 32;
                    }
                } else {
                    for i in 0..L {
                        o[i] = lo[i] as u64;
                    }
                }
                o
            }
            s if n == 2 => [self.s64(s); L],
            s => [self.s32(s) as u64; L],
        }
    }

    /// Writes lanes of `mask`.
    #[inline(always)]
    pub(crate) fn write32(&mut self, k: usize, out: &[u32; L], mask: u64) {
        let Some(d) = self.vgpr_mut(k) else { return };
        if mask == Self::ALL {
            *d = *out;
        } else {
            blend(mask, d, out);
        }
    }

    #[inline(always)]
    pub(crate) fn write64(&mut self, k: usize, out: &[u64; L], n: u8, mask: u64) {
        // A pair that reaches beyond the allocation is not written at all.
        if n == 2 && k + 1 >= self.v.len() {
            return;
        }
        let (mut low, mut high) = ([0; L], [0; L]);
        for i in 0..L {
            (low[i], high[i]) = (out[i] as u32, (out[i] >> 32) as u32);
        }
        self.write32(k, &low, mask);
        if n == 2 {
            self.write32(k + 1, &high, mask);
        }
    }
}

/// Lanes of `x` where the mask is set take the place of those of `d`; sixteen at a time and without conditions, as host
/// vectors do it.
#[inline(always)]
pub(crate) fn blend<const L: usize>(mask: u64, d: &mut [u32; L], x: &[u32; L]) {
    let rows = d.as_chunks_mut::<16>().0.iter_mut().zip(x.as_chunks::<16>().0);
    for (k, (d, x)) in rows.enumerate() {
        let m = (mask >> (16 * k)) as u32;
        for i in 0..16 {
            d[i] ^= (d[i] ^ x[i]) & 0u32.wrapping_sub(m >> i & 1);
        }
        crate::ops::apart();
    }
}
