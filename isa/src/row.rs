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
    /// Sampler of an image instruction.
    Ssamp,
}

/// What an operand may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Class {
    /// VGPR.
    V,
    /// SGPR, VCC, EXEC, M0, NULL or trap register.
    S,
    /// The same without EXEC and M0.
    SNoExec,
    /// Register, inline constant or literal.
    Src,
    /// Register or inline constant.
    Const,
    /// Scalar register, inline constant or literal.
    Ssrc,
    /// Scalar register or inline constant.
    Sconst,
    /// Constant word after the instruction.
    K,
    /// A number in a register field.
    Num,
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
    /// Read by the instruction.
    pub input: bool,
    /// Written by the instruction. Data of an atomic is written only where the old value is returned (GLC).
    pub output: bool,
}

/// An operand that is written.
pub(crate) const fn o(slot: Slot, class: Class, ty: Ty) -> Operand {
    Operand { slot, class, ty, input: false, output: true }
}

/// An operand that is read.
pub(crate) const fn i(slot: Slot, class: Class, ty: Ty) -> Operand {
    Operand { slot, class, ty, input: true, output: false }
}

/// An operand that is read and written: what is there goes into the result, or a part of it stays.
pub(crate) const fn x(slot: Slot, class: Class, ty: Ty) -> Operand {
    Operand { slot, class, ty, input: true, output: true }
}

/// `src0` takes |x| and -x.
pub const MOD0: u64 = 1;
/// `src1` takes |x| and -x.
pub const MOD1: u64 = 1 << 1;
/// `src2` takes |x| and -x.
pub const MOD2: u64 = 1 << 2;
/// Has CLAMP.
pub const CLAMP: u64 = 1 << 3;
/// Has OMOD.
pub const OMOD: u64 = 1 << 4;
/// Prints `op_sel`.
pub const OPSEL: u64 = 1 << 5;
/// Prints `op_sel_hi`.
pub const OPSEL_HI: u64 = 1 << 6;
/// Prints `neg_lo` and `neg_hi`.
pub const NEG_LOHI: u64 = 1 << 7;
/// The mnemonic carries its size (`_e32`, `_e64`, `_dpp`).
pub const SUFFIX: u64 = 1 << 8;
/// Has DPP forms.
pub const DPP: u64 = 1 << 9;
/// VOP3 with a scalar destination beside the vector one.
pub const SD: u64 = 1 << 10;
/// The destination is also a source; follows from the operands.
pub const TIED: u64 = 1 << 11;
/// DS: two 8-bit offsets.
pub const OFFSET01: u64 = 1 << 12;
/// DS: only with the GDS bit.
pub const GDS: u64 = 1 << 13;
/// DS: never with the GDS bit.
pub const NOGDS: u64 = 1 << 14;
/// DS: without offset.
pub const NOOFFSET: u64 = 1 << 15;
/// DS: `data0` sits in the address field (GWS).
pub const DATA0_AT_ADDR: u64 = 1 << 16;
/// Memory: takes an address.
pub const ADDR: u64 = 1 << 17;
/// SMEM: without cache policy.
pub const NOCPOL: u64 = 1 << 18;
/// The negation bit of `src0` sign-extends; printed `sext()`.
pub const SEXT0: u64 = 1 << 19;
/// The same of `src1`.
pub const SEXT1: u64 = 1 << 20;
/// The same of `src2`.
pub const SEXT2: u64 = 1 << 21;
/// [`SEXT0`] in DPP forms only.
pub const DSEXT0: u64 = 1 << 22;
/// [`SEXT1`] in DPP forms only.
pub const DSEXT1: u64 = 1 << 23;
/// [`SEXT2`] in DPP forms only.
pub const DSEXT2: u64 = 1 << 24;
/// VOP1, VOP2, VOPC: 16-bit VGPR operands reach v0 to v127 alone; bit 7 of the field is the half.
pub const T16: u64 = 1 << 25;
/// LLVM 19 knows `.l` and `.h` spellings of it.
pub const REAL16: u64 = 1 << 26;
/// Only RDNA 3.5 (gfx115x) has it.
pub const RDNA35: u64 = 1 << 27;
/// Image: atomic.
pub const I_ATOMIC: u64 = 1 << 32;
/// Image: always four results.
pub const I_GATHER4: u64 = 1 << 33;
/// Image: loads a sample of a multisampled image.
pub const I_MSAA: u64 = 1 << 34;
/// Image: the address has gradients.
pub const I_GRAD: u64 = 1 << 35;
/// Image: gradients of 16 bits.
pub const I_G16: u64 = 1 << 36;
/// Image: the address has a level of detail, or its clamp.
pub const I_LOD: u64 = 1 << 37;
/// Image: one more address word (bias, offset or reference).
pub const I_EXTRA1: u64 = 1 << 38;
/// Image: two more.
pub const I_EXTRA2: u64 = 1 << 39;
/// Image: three more.
pub const I_EXTRA3: u64 = I_EXTRA1 | I_EXTRA2;
/// Image: asks for the size; the address is the level alone.
pub const I_SIZE: u64 = 1 << 40;
/// Image: intersects a ray with a box or triangle.
pub const I_BVH: u64 = 1 << 41;
/// Image: [`I_BVH`] with a 64-bit node.
pub const I_BVH64: u64 = 1 << 42;

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
/// Counted by vmcnt; with [`C_VS`] too where the old value is returned.
pub const C_VM: u32 = 1 << 13;
/// Counted by vscnt; with [`C_VM`] too where no value is returned.
pub const C_VS: u32 = 1 << 14;
/// Counted by lgkmcnt.
pub const C_LGKM: u32 = 1 << 15;
/// Counted by expcnt.
pub const C_EXP: u32 = 1 << 16;
/// Runs on the transcendental unit.
pub const TRANS: u32 = 1 << 17;
/// Changes the program counter.
pub const BRANCH: u32 = 1 << 18;
/// Sends a message.
pub const MESSAGE: u32 = 1 << 19;

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
    pub flags: u64,
    /// Implicit registers and memory ([`R_VCC`] and following).
    pub implicit: u32,
}

impl Row {
    /// Has all of these modifier flags.
    pub const fn has(&self, flag: u64) -> bool {
        self.flags & flag == flag
    }

    pub(crate) const fn of(mut self, op: Op) -> Row {
        self.op = op;
        self
    }

    /// The operand of a slot.
    pub fn operand(&self, slot: Slot) -> Option<&'static Operand> {
        self.operands.iter().find(|o| o.slot == slot)
    }
}

/// Part of the machine that runs an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Unit {
    Salu,
    Smem,
    Valu,
    /// Transcendental unit beside the VALU.
    Trans,
    /// Buffer, image, flat, global and scratch memory.
    Vmem,
    /// LDS, GDS and parameter loads.
    Lds,
    Branch,
    Message,
    Export,
}

impl Unit {
    /// As the reference page and summaries print it.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Salu => "SALU",
            Unit::Smem => "SMEM",
            Unit::Valu => "VALU",
            Unit::Trans => "trans",
            Unit::Vmem => "VMEM",
            Unit::Lds => "LDS",
            Unit::Branch => "branch",
            Unit::Message => "message",
            Unit::Export => "export",
        }
    }
}

impl Row {
    /// Does wave64 lack it: pairs exist in wave32 alone.
    pub const fn is_wave32_only(&self) -> bool {
        matches!(self.format, Format::VopdX | Format::VopdY)
    }

    /// Does a part have it.
    pub const fn is_on(&self, arch: crate::Arch) -> bool {
        self.flags & RDNA35 == 0 || arch.is_rdna35()
    }

    /// Where it runs.
    pub const fn unit(&self) -> Unit {
        if self.implicit & TRANS != 0 {
            return Unit::Trans;
        }
        if self.implicit & BRANCH != 0 {
            return Unit::Branch;
        }
        if self.implicit & MESSAGE != 0 {
            return Unit::Message;
        }
        match self.format {
            Format::Sop1 | Format::Sop2 | Format::Sopc | Format::Sopk | Format::Sopp => Unit::Salu,
            Format::Smem => Unit::Smem,
            Format::Ds | Format::Ldsdir => Unit::Lds,
            Format::Mubuf | Format::Mtbuf | Format::Mimg => Unit::Vmem,
            Format::Flat | Format::Global | Format::Scratch => Unit::Vmem,
            Format::Exp => Unit::Export,
            _ => Unit::Valu,
        }
    }
}

/// An encoding; [`Row::of`] names its instruction.
pub(crate) const fn e(
    name: &'static str,
    format: Format,
    opcode: u16,
    operands: &'static [Operand],
    flags: u64,
    implicit: u32,
) -> Row {
    let mut flags = flags;
    let mut k = 0;
    while k < operands.len() {
        let o = operands[k];
        if o.input && o.output && matches!(o.slot, Slot::Vdst | Slot::Sdst) {
            flags |= TIED;
        }
        k += 1;
    }
    Row { op: Op::V_NOP, name, format, opcode, operands, flags, implicit }
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
