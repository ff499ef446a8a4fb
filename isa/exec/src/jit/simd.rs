//! What the host's vector instructions are like, and instructions that come in both widths.
use super::asm::O;
use iced_x86::{Code as X, Register as R};

/// The host's vector instructions that blocks are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Simd {
    /// Sixteen lanes a register, 32 registers, masks in registers of their own.
    Avx512,
    /// Eight lanes a register, 16 registers, masks as the sign bits of a register's lanes.
    Avx2,
}

impl Simd {
    /// Lanes of 32 bits in a register.
    pub(super) const fn lanes(self) -> usize {
        match self {
            Simd::Avx512 => 16,
            Simd::Avx2 => 8,
        }
    }

    pub(super) const fn registers(self) -> usize {
        2 * self.lanes()
    }
}

/// A vector register of the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Z(pub u8);

impl Z {
    pub(super) fn z(self) -> R {
        R::ZMM0 + self.0 as u32
    }
    pub(super) fn y(self) -> R {
        R::YMM0 + self.0 as u32
    }
    pub(super) fn x(self) -> R {
        R::XMM0 + self.0 as u32
    }
}

impl From<Z> for O {
    fn from(z: Z) -> O {
        O::Z(z.0)
    }
}

/// A vector instruction: on sixteen lanes with AVX-512, on eight with AVX2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct V(X, X);

impl V {
    pub(super) fn form(self, simd: Simd) -> X {
        match simd {
            Simd::Avx512 => self.0,
            Simd::Avx2 => self.1,
        }
    }
}

macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident = $wide:ident, $narrow:ident;)*) => {
        $($(#[$doc])* pub(super) const $name: V = V(X::$wide, X::$narrow);)*
    };
}

forms! {
    MOVE = EVEX_Vmovdqa32_zmm_k1z_zmmm512, VEX_Vmovdqa_ymm_ymmm256;
    PUT = EVEX_Vmovdqa32_zmmm512_k1z_zmm, VEX_Vmovdqa_ymmm256_ymm;
    LOAD = EVEX_Vmovdqu32_zmm_k1z_zmmm512, VEX_Vmovdqu_ymm_ymmm256;
    STORE = EVEX_Vmovdqu32_zmmm512_k1z_zmm, VEX_Vmovdqu_ymmm256_ymm;
    /// The lowest dword of an xmm register, or one in memory, in every lane.
    SPREAD = EVEX_Vpbroadcastd_zmm_k1z_xmmm32, VEX_Vpbroadcastd_ymm_xmmm32;
    SPREADQ = EVEX_Vpbroadcastq_zmm_k1z_xmmm64, VEX_Vpbroadcastq_ymm_xmmm64;
    ADD = EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32, VEX_Vpaddd_ymm_ymm_ymmm256;
    SUB = EVEX_Vpsubd_zmm_k1z_zmm_zmmm512b32, VEX_Vpsubd_ymm_ymm_ymmm256;
    AND = EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32, VEX_Vpand_ymm_ymm_ymmm256;
    /// Not the first, and the second.
    ANDN = EVEX_Vpandnd_zmm_k1z_zmm_zmmm512b32, VEX_Vpandn_ymm_ymm_ymmm256;
    OR = EVEX_Vpord_zmm_k1z_zmm_zmmm512b32, VEX_Vpor_ymm_ymm_ymmm256;
    XOR = EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32, VEX_Vpxor_ymm_ymm_ymmm256;
    MUL = EVEX_Vpmulld_zmm_k1z_zmm_zmmm512b32, VEX_Vpmulld_ymm_ymm_ymmm256;
    MULU = EVEX_Vpmuludq_zmm_k1z_zmm_zmmm512b64, VEX_Vpmuludq_ymm_ymm_ymmm256;
    MULS = EVEX_Vpmuldq_zmm_k1z_zmm_zmmm512b64, VEX_Vpmuldq_ymm_ymm_ymmm256;
    MINS = EVEX_Vpminsd_zmm_k1z_zmm_zmmm512b32, VEX_Vpminsd_ymm_ymm_ymmm256;
    MAXS = EVEX_Vpmaxsd_zmm_k1z_zmm_zmmm512b32, VEX_Vpmaxsd_ymm_ymm_ymmm256;
    MINU = EVEX_Vpminud_zmm_k1z_zmm_zmmm512b32, VEX_Vpminud_ymm_ymm_ymmm256;
    MAXU = EVEX_Vpmaxud_zmm_k1z_zmm_zmmm512b32, VEX_Vpmaxud_ymm_ymm_ymmm256;
    SLLV = EVEX_Vpsllvd_zmm_k1z_zmm_zmmm512b32, VEX_Vpsllvd_ymm_ymm_ymmm256;
    SRLV = EVEX_Vpsrlvd_zmm_k1z_zmm_zmmm512b32, VEX_Vpsrlvd_ymm_ymm_ymmm256;
    SRAV = EVEX_Vpsravd_zmm_k1z_zmm_zmmm512b32, VEX_Vpsravd_ymm_ymm_ymmm256;
    SLLI = EVEX_Vpslld_zmm_k1z_zmmm512b32_imm8, VEX_Vpslld_ymm_ymm_imm8;
    SRLI = EVEX_Vpsrld_zmm_k1z_zmmm512b32_imm8, VEX_Vpsrld_ymm_ymm_imm8;
    SRAI = EVEX_Vpsrad_zmm_k1z_zmmm512b32_imm8, VEX_Vpsrad_ymm_ymm_imm8;
    ADDF = EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er, VEX_Vaddps_ymm_ymm_ymmm256;
    SUBF = EVEX_Vsubps_zmm_k1z_zmm_zmmm512b32_er, VEX_Vsubps_ymm_ymm_ymmm256;
    MULF = EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, VEX_Vmulps_ymm_ymm_ymmm256;
    MINF = EVEX_Vminps_zmm_k1z_zmm_zmmm512b32_sae, VEX_Vminps_ymm_ymm_ymmm256;
    MAXF = EVEX_Vmaxps_zmm_k1z_zmm_zmmm512b32_sae, VEX_Vmaxps_ymm_ymm_ymmm256;
    /// The second operand times the first, plus the third.
    FMA213 = EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er, VEX_Vfmadd213ps_ymm_ymm_ymmm256;
    /// Plus the second operand times the third.
    FMA231 = EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, VEX_Vfmadd231ps_ymm_ymm_ymmm256;
    ROUNDF = EVEX_Vrndscaleps_zmm_k1z_zmmm512b32_imm8_sae, VEX_Vroundps_ymm_ymmm256_imm8;
    FROM_INT = EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er, VEX_Vcvtdq2ps_ymm_ymmm256;
    TO_INT = EVEX_Vcvttps2dq_zmm_k1z_zmmm512b32_sae, VEX_Vcvttps2dq_ymm_ymmm256;
    ADDQ = EVEX_Vpaddq_zmm_k1z_zmm_zmmm512b64, VEX_Vpaddq_ymm_ymm_ymmm256;
    SLLQ = EVEX_Vpsllq_zmm_k1z_zmmm512b64_imm8, VEX_Vpsllq_ymm_ymm_imm8;
    SRLQ = EVEX_Vpsrlq_zmm_k1z_zmmm512b64_imm8, VEX_Vpsrlq_ymm_ymm_imm8;
    SLLVQ = EVEX_Vpsllvq_zmm_k1z_zmm_zmmm512b64, VEX_Vpsllvq_ymm_ymm_ymmm256;
    SRLVQ = EVEX_Vpsrlvq_zmm_k1z_zmm_zmmm512b64, VEX_Vpsrlvq_ymm_ymm_ymmm256;
    ADDD = EVEX_Vaddpd_zmm_k1z_zmm_zmmm512b64_er, VEX_Vaddpd_ymm_ymm_ymmm256;
    MULD = EVEX_Vmulpd_zmm_k1z_zmm_zmmm512b64_er, VEX_Vmulpd_ymm_ymm_ymmm256;
    FMA213D = EVEX_Vfmadd213pd_zmm_k1z_zmm_zmmm512b64_er, VEX_Vfmadd213pd_ymm_ymm_ymmm256;
    BYTES = EVEX_Vpmovzxbd_zmm_k1z_xmmm128, VEX_Vpmovzxbd_ymm_xmmm64;
    SBYTES = EVEX_Vpmovsxbd_zmm_k1z_xmmm128, VEX_Vpmovsxbd_ymm_xmmm64;
    WORDS = EVEX_Vpmovzxwd_zmm_k1z_ymmm256, VEX_Vpmovzxwd_ymm_xmmm128;
    SWORDS = EVEX_Vpmovsxwd_zmm_k1z_ymmm256, VEX_Vpmovsxwd_ymm_xmmm128;
}
