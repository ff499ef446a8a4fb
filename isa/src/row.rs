//! The shape of an instruction row: what the decoder, the printer and the semantics share.
use crate::rows::{Op, ROWS};

/// Encoding formats of the RDNA3 manual, with FLAT split by segment and the two halves of VOPD apart.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Format {
    Sop1,
    Sop2,
    Sopc,
    Sopk,
    Sopp,
    Smem,
    Vop1,
    Vop2,
    Vopc,
    Vop3,
    Vop3p,
    VopdX,
    VopdY,
    Vinterp,
    Ldsdir,
    Ds,
    Mubuf,
    Mtbuf,
    Flat,
    Global,
    Scratch,
    Exp,
    Mimg,
}

/// Where an operand sits in the encoding.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Slot {
    Vdst,
    Sdst,
    Src0,
    Src1,
    Src2,
    /// VCC, not encoded but printed.
    Vcc,
    /// The constant that always follows (FMAMK, FMAAK, `s_setreg_imm32_b32`).
    Imm,
    /// `SIMM16`.
    Simm,
    Sbase,
    Addr,
    Data0,
    Data1,
    Vdata,
}

/// What an operand may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Class {
    /// VGPR.
    V,
    /// SGPR, VCC, EXEC, M0, NULL or trap register.
    S,
    /// Register, inline constant or literal.
    Src,
    /// Register or inline constant.
    Const,
    /// Constant word after the instruction.
    K,
    /// A number in a register field.
    Imm,
    /// Branch distance in dwords.
    Branch,
    /// `s_sendmsg` message.
    Msg,
    /// Hardware register, offset and size.
    Hwreg,
    /// `s_delay_alu` fields.
    Delay,
    /// `s_waitcnt` counters.
    Waitcnt,
    /// `s_waitcnt_depctr` counters.
    Depctr,
    /// `s_endpgm`'s number, printed where it is not zero.
    Endpgm,
    /// Unsigned 16-bit constant.
    U16,
    /// Decimal number.
    Dec,
    /// 16-bit constant.
    S16,
    /// `s_version` code.
    Version,
}

/// Width and interpretation of an operand.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Ty {
    B16,
    F16,
    BF16,
    V2B16,
    V2F16,
    V2BF16,
    B32,
    F32,
    B64,
    F64,
    B96,
    B128,
    B160,
    B256,
    B288,
    B352,
    B384,
    B512,
    /// One bit a lane: one SGPR in wave32, two in wave64.
    Mask,
    /// WMMA accumulator: eight VGPRs in wave32, four in wave64.
    Acc,
}

impl Ty {
    /// Registers taken, in dwords.
    pub const fn dwords(self, wave64: bool) -> u8 {
        match self {
            Ty::B64 | Ty::F64 => 2,
            Ty::B96 => 3,
            Ty::B128 => 4,
            Ty::B160 => 5,
            Ty::B256 => 8,
            Ty::B288 => 9,
            Ty::B352 => 11,
            Ty::B384 => 12,
            Ty::B512 => 16,
            Ty::Mask => 1 + wave64 as u8,
            Ty::Acc => {
                if wave64 {
                    4
                } else {
                    8
                }
            }
            _ => 1,
        }
    }
}

/// One operand of a row.
#[derive(Clone, Copy, Debug)]
pub struct Operand {
    /// Field it comes from.
    pub slot: Slot,
    /// What may stand there.
    pub class: Class,
    /// Width and type.
    pub ty: Ty,
    /// Written by the instruction.
    pub output: bool,
}

pub(crate) const fn o(slot: Slot, class: Class, ty: Ty) -> Operand {
    Operand { slot, class, ty, output: true }
}

pub(crate) const fn i(slot: Slot, class: Class, ty: Ty) -> Operand {
    Operand { slot, class, ty, output: false }
}

/// `src0` takes |x| and -x.
pub const MOD0: u32 = 1;
/// `src1` takes |x| and -x.
pub const MOD1: u32 = 1 << 1;
/// `src2` takes |x| and -x.
pub const MOD2: u32 = 1 << 2;
/// Has CLAMP.
pub const CLAMP: u32 = 1 << 3;
/// Has OMOD.
pub const OMOD: u32 = 1 << 4;
/// Prints `op_sel`.
pub const OPSEL: u32 = 1 << 5;
/// Prints `op_sel_hi`.
pub const OPSEL_HI: u32 = 1 << 6;
/// Prints `neg_lo` and `neg_hi`.
pub const NEG_LOHI: u32 = 1 << 7;
/// The mnemonic carries its size (`_e32`, `_e64`, `_dpp`).
pub const SUFFIX: u32 = 1 << 8;
/// Has DPP forms.
pub const DPP: u32 = 1 << 9;
/// VOP3 with a scalar destination beside the vector one.
pub const SD: u32 = 1 << 10;
/// The destination is also a source.
pub const TIED: u32 = 1 << 11;
/// DS: two 8-bit offsets.
pub const OFFSET01: u32 = 1 << 12;
/// DS: only with the GDS bit.
pub const GDS: u32 = 1 << 13;
/// DS: never with the GDS bit.
pub const NOGDS: u32 = 1 << 14;
/// DS: without offset.
pub const NOOFFSET: u32 = 1 << 15;
/// DS: `data0` sits in the address field (GWS).
pub const DATA0_AT_ADDR: u32 = 1 << 16;
/// Memory: takes an address.
pub const ADDR: u32 = 1 << 17;
/// SMEM: without cache policy.
pub const NOCPOL: u32 = 1 << 18;
/// The negation bit of `src0` sign-extends; printed `sext()`.
pub const SEXT0: u32 = 1 << 19;
/// The same of `src1`.
pub const SEXT1: u32 = 1 << 20;
/// The same of `src2`.
pub const SEXT2: u32 = 1 << 21;
/// [`SEXT0`] in DPP forms only.
pub const DSEXT0: u32 = 1 << 22;
/// [`SEXT1`] in DPP forms only.
pub const DSEXT1: u32 = 1 << 23;
/// [`SEXT2`] in DPP forms only.
pub const DSEXT2: u32 = 1 << 24;

/// Implicitly reads VCC.
pub const R_VCC: u32 = 1;
/// Implicitly reads SCC.
pub const R_SCC: u32 = 1 << 1;
/// Implicitly reads M0.
pub const R_M0: u32 = 1 << 2;
/// Implicitly reads EXEC.
pub const R_EXEC: u32 = 1 << 3;
/// Implicitly reads MODE.
pub const R_MODE: u32 = 1 << 4;
/// Implicitly reads FLAT_SCRATCH.
pub const R_FLAT_SCR: u32 = 1 << 5;
/// Implicitly writes VCC.
pub const W_VCC: u32 = 1 << 6;
/// Implicitly writes SCC.
pub const W_SCC: u32 = 1 << 7;
/// Implicitly writes EXEC.
pub const W_EXEC: u32 = 1 << 8;
/// Implicitly writes MODE.
pub const W_MODE: u32 = 1 << 9;
/// Implicitly writes M0.
pub const W_M0: u32 = 1 << 10;
/// Reads memory.
pub const LOADS: u32 = 1 << 11;
/// Writes memory.
pub const STORES: u32 = 1 << 12;

/// One instruction in one format.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What it does.
    pub op: Op,
    /// Mnemonic without size suffix.
    pub name: &'static str,
    /// Encoding format.
    pub format: Format,
    /// Opcode field.
    pub opcode: u16,
    /// Operands in the order they are printed; addresses of memory formats come from [`ADDR`].
    pub operands: &'static [Operand],
    /// Modifiers ([`MOD0`] and following).
    pub flags: u32,
    /// Implicit registers and memory ([`R_VCC`] and following).
    pub implicit: u32,
}

impl Row {
    /// Has all of these modifier flags.
    pub const fn has(&self, flag: u32) -> bool {
        self.flags & flag == flag
    }

    /// The operand of a slot.
    pub fn operand(&self, slot: Slot) -> Option<&'static Operand> {
        self.operands.iter().find(|o| o.slot == slot)
    }
}

#[allow(clippy::too_many_arguments)]
pub(crate) const fn r(
    op: Op,
    name: &'static str,
    format: Format,
    opcode: u16,
    operands: &'static [Operand],
    flags: u32,
    implicit: u32,
) -> Row {
    Row { op, name, format, opcode, operands, flags, implicit }
}

/// First index entry and number of opcodes of each format.
const fn span(f: Format) -> (usize, usize) {
    match f {
        Format::Vop3 => (0, 1024),
        f => (1024 + (f as usize) * 256, 256),
    }
}

const NONE: u16 = u16::MAX;

static INDEX: [u16; 1024 + 23 * 256] = {
    let mut t = [NONE; 1024 + 23 * 256];
    let mut k = 0;
    while k < ROWS.len() {
        let (base, len) = span(ROWS[k].format);
        assert!((ROWS[k].opcode as usize) < len);
        let at = base + ROWS[k].opcode as usize;
        assert!(t[at] == NONE, "two rows for one opcode");
        t[at] = k as u16;
        k += 1;
    }
    t
};

/// Row number of an opcode, where it exists.
pub fn find(format: Format, opcode: u32) -> Option<u16> {
    let (base, len) = span(format);
    let opcode = opcode as usize;
    if opcode >= len {
        return None;
    }
    Some(INDEX[base + opcode]).filter(|&k| k != NONE)
}
