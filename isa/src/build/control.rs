//! Operands and modifiers that are numbers in the code and have names of their own.
use super::reg::{Arg, IntoArg, What};
use crate::decode::Dpp;

/// Fits no field: a number that was out of range is refused where it is used.
const INVALID: u32 = u32::MAX;

/// Counters that `s_waitcnt` waits for; those not named are not waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Wait(u16);

impl Wait {
    /// For nothing.
    pub const NONE: Wait = Wait(0xfff7);

    const fn put(self, at: u32, bits: u32, n: u8) -> Wait {
        let most = (1u16 << bits) - 1;
        // As many as the field can say: waiting for fewer outstanding would be another wait.
        let n = if n as u16 > most { most } else { n as u16 };
        Wait(self.0 & !(most << at) | n << at)
    }

    /// Until at most `n` (0 to 63) vector memory loads are outstanding.
    pub const fn vm(n: u8) -> Wait {
        Wait::NONE.and_vm(n)
    }

    /// Until at most `n` (0 to 63) LDS, GDS, scalar memory and message operations are outstanding.
    pub const fn lgkm(n: u8) -> Wait {
        Wait::NONE.and_lgkm(n)
    }

    /// Until at most `n` (0 to 7) exports and parameter loads are outstanding.
    pub const fn exp(n: u8) -> Wait {
        Wait::NONE.and_exp(n)
    }

    /// [`Wait::vm`] as well.
    #[must_use]
    pub const fn and_vm(self, n: u8) -> Wait {
        self.put(10, 6, n)
    }

    /// [`Wait::lgkm`] as well.
    #[must_use]
    pub const fn and_lgkm(self, n: u8) -> Wait {
        self.put(4, 6, n)
    }

    /// [`Wait::exp`] as well.
    #[must_use]
    pub const fn and_exp(self, n: u8) -> Wait {
        self.put(0, 3, n)
    }
}

/// What `s_delay_alu` waits for: the result of an instruction that went before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Dep {
    /// Nothing.
    None = 0,
    /// The last VALU instruction.
    Valu1 = 1,
    /// The one before it.
    Valu2 = 2,
    /// The third last.
    Valu3 = 3,
    /// The fourth last.
    Valu4 = 4,
    /// The last transcendental instruction.
    Trans1 = 5,
    /// The one before it.
    Trans2 = 6,
    /// The third last.
    Trans3 = 7,
    /// The accumulator of an fma.
    FmaAccum = 8,
    /// One cycle for a scalar result.
    Salu1 = 9,
    /// Two cycles.
    Salu2 = 10,
    /// Three cycles.
    Salu3 = 11,
}

/// Operand of `s_delay_alu`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Delay(u32);

impl Delay {
    /// The next instruction waits for `dep`.
    pub const fn on(dep: Dep) -> Delay {
        Delay(dep as u32)
    }

    /// And the instruction `skip` after it (0: the same one, 1: the one that follows; at most 5) waits for `dep`.
    #[must_use]
    pub const fn then(self, skip: u8, dep: Dep) -> Delay {
        if skip > 5 { Delay(INVALID) } else { Delay(self.0 & 15 | (skip as u32) << 4 | (dep as u32) << 7) }
    }
}

/// Messages of `s_sendmsg` and `s_sendmsg_rtn_b32`; see the RDNA3 guide, section 5.3.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Message {
    Interrupt = 1,
    HsTessFactor = 2,
    DeallocVgprs = 3,
    StallWaveGen = 5,
    HaltWaves = 6,
    GsAllocReq = 9,
    RtnGetDoorbell = 0x80,
    RtnGetDdid = 0x81,
    RtnGetTma = 0x82,
    RtnGetRealtime = 0x83,
    RtnSaveWave = 0x84,
    RtnGetTba = 0x85,
}

/// A part of a hardware register, for `s_getreg_b32` and `s_setreg_b32`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Hwreg(u32);

impl Hwreg {
    /// MODE: rounding, denormals, clamp, exceptions.
    pub const MODE: Hwreg = Hwreg::new(1);
    /// STATUS.
    pub const STATUS: Hwreg = Hwreg::new(2);
    /// SHADER_CYCLES.
    pub const SHADER_CYCLES: Hwreg = Hwreg::new(29);
    /// HW_ID1: wave, SIMD, work-group processor, shader array and engine.
    pub const HW_ID1: Hwreg = Hwreg::new(23);

    /// All 32 bits of register `id` (0 to 63).
    pub const fn new(id: u8) -> Hwreg {
        if id > 63 { Hwreg(INVALID) } else { Hwreg(id as u32 | 31 << 11) }
    }

    /// `size` bits (1 to 32) from bit `offset` (0 to 31) on.
    #[must_use]
    pub const fn bits(self, offset: u8, size: u8) -> Hwreg {
        if offset > 31 || size == 0 || size > 32 || self.0 == INVALID {
            return Hwreg(INVALID);
        }
        Hwreg(self.0 & 63 | (offset as u32) << 6 | (size as u32 - 1) << 11)
    }
}

macro_rules! numbers {
    ($($t:ty, |$x:ident| $e:expr;)*) => {$(
        impl IntoArg for $t {
            fn arg(self) -> Arg {
                let $x = self;
                Arg::new(What::Int(($e) as i64))
            }
        }
    )*};
}

numbers! {
    Wait, |x| x.0;
    Delay, |x| x.0;
    Message, |x| x as u8;
    Hwreg, |x| x.0;
}

/// Lanes that `src0` comes from, within rows of sixteen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Dpp16 {
    ctrl: u16,
    row_mask: u8,
    bank_mask: u8,
    bound_ctrl: bool,
    fi: bool,
}

impl Dpp16 {
    const fn new(ctrl: u16) -> Dpp16 {
        Dpp16 { ctrl, row_mask: 15, bank_mask: 15, bound_ctrl: false, fi: false }
    }

    /// A control with a number; one above 15 is no control at all.
    const fn row(base: u16, n: u8) -> Dpp16 {
        Dpp16::new(if n > 15 { 0x1ff } else { base | n as u16 })
    }

    /// Lane k of each four reads lane `of[k]` (0 to 3) of the same four.
    pub const fn quad_perm(of: [u8; 4]) -> Dpp16 {
        if of[0] | of[1] | of[2] | of[3] > 3 {
            return Dpp16::new(0x1ff);
        }
        Dpp16::new(of[0] as u16 | (of[1] as u16) << 2 | (of[2] as u16) << 4 | (of[3] as u16) << 6)
    }

    /// Reads `n` (1 to 15) lanes higher.
    pub const fn row_shl(n: u8) -> Dpp16 {
        Dpp16::row(0x100, n)
    }

    /// Reads `n` (1 to 15) lanes lower.
    pub const fn row_shr(n: u8) -> Dpp16 {
        Dpp16::row(0x110, n)
    }

    /// Reads `n` (1 to 15) lanes lower, around the row.
    pub const fn row_ror(n: u8) -> Dpp16 {
        Dpp16::row(0x120, n)
    }

    /// Lane k reads lane 15-k.
    pub const fn row_mirror() -> Dpp16 {
        Dpp16::new(0x140)
    }

    /// Lane k reads lane 7-k of its half row.
    pub const fn row_half_mirror() -> Dpp16 {
        Dpp16::new(0x141)
    }

    /// All lanes read lane `n` (0 to 15).
    pub const fn row_share(n: u8) -> Dpp16 {
        Dpp16::row(0x150, n)
    }

    /// Lane k reads lane k xor `mask` (0 to 15).
    pub const fn row_xmask(mask: u8) -> Dpp16 {
        Dpp16::row(0x160, mask)
    }

    /// Writes these rows only, one bit a row; all four where not said.
    #[must_use]
    pub const fn row_mask(self, mask: u8) -> Dpp16 {
        Dpp16 { row_mask: mask, ..self }
    }

    /// Writes these banks only, one bit for four lanes of each row; all where not said.
    #[must_use]
    pub const fn bank_mask(self, mask: u8) -> Dpp16 {
        Dpp16 { bank_mask: mask, ..self }
    }

    /// Lanes that would read outside the row read 0; where not said they are not written.
    #[must_use]
    pub const fn bound_ctrl(self) -> Dpp16 {
        Dpp16 { bound_ctrl: true, ..self }
    }

    /// Reads inactive lanes as well.
    #[must_use]
    pub const fn fetch_inactive(self) -> Dpp16 {
        Dpp16 { fi: true, ..self }
    }
}

/// Lanes that `src0` comes from, within groups of eight.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Dpp8 {
    sel: u32,
    fi: bool,
}

impl Dpp8 {
    /// Lane k of each eight reads lane `of[k]` (0 to 7).
    pub const fn new(of: [u8; 8]) -> Dpp8 {
        let (mut sel, mut k) = (0, 0);
        while k < 8 {
            // A lane above 7 leaves a bit that the field of 24 refuses.
            sel |= if of[k] > 7 { 1 << 31 } else { (of[k] as u32) << (3 * k) };
            k += 1;
        }
        Dpp8 { sel, fi: false }
    }

    /// Reads inactive lanes as well.
    #[must_use]
    pub const fn fetch_inactive(self) -> Dpp8 {
        Dpp8 { fi: true, ..self }
    }
}

impl From<Dpp16> for Dpp {
    fn from(x: Dpp16) -> Dpp {
        Dpp::Dpp16 { ctrl: x.ctrl, row_mask: x.row_mask, bank_mask: x.bank_mask, bound_ctrl: x.bound_ctrl, fi: x.fi }
    }
}

impl From<Dpp8> for Dpp {
    fn from(x: Dpp8) -> Dpp {
        Dpp::Dpp8 { sel: x.sel, fi: x.fi }
    }
}

/// Multiplies a result of the VALU.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Omod {
    /// By two.
    Mul2 = 1,
    /// By four.
    Mul4 = 2,
    /// By a half.
    Div2 = 3,
}
