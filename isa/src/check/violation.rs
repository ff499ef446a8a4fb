//! The rules by name: what is wrong, what to do, and where the rule stands.
use crate::names::special;
use crate::row::{Class, Slot};
use core::fmt;

/// Which operand of an instruction is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// It belongs to the Y half of a VOPD pair.
    pub y: bool,
    /// Where it sits in the encoding; find it in [`Row::operands`](crate::Row::operands).
    pub slot: Slot,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.slot {
            Slot::Vdst => "vdst",
            Slot::Sdst => "sdst",
            Slot::Src0 => "src0",
            Slot::Src1 => "src1",
            Slot::Src2 => "src2",
            Slot::Vcc => "vcc",
            Slot::Imm => "the constant",
            Slot::Simm => "simm16",
            Slot::Sbase => "the scalar base",
            Slot::Addr => "the address",
            Slot::Data0 => "data0",
            Slot::Data1 => "data1",
            Slot::Vdata => "vdata",
            Slot::Ssamp => "the sampler",
        };
        f.write_str(name)?;
        if self.y { f.write_str(" of the Y half") } else { Ok(()) }
    }
}

/// A rule that an instruction breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Violation {
    /// The part does not have the instruction.
    Arch {
        /// Mnemonic.
        name: &'static str,
    },
    /// Only wave32 has the instruction.
    Wave32Only {
        /// Mnemonic.
        name: &'static str,
    },
    /// Something of this kind may not stand there.
    Kind {
        /// The operand.
        at: Place,
        /// Its source code.
        code: u16,
        /// What may stand there.
        class: Class,
        /// Its width in dwords.
        dwords: u8,
    },
    /// The VGPRs go on past v255.
    VgprEnd {
        /// The operand.
        at: Place,
        /// First register.
        first: u8,
        /// Width in dwords.
        dwords: u8,
    },
    /// A 16-bit operand of a short encoding above v127.
    HalfVgpr {
        /// The operand.
        at: Place,
        /// The register.
        vgpr: u8,
    },
    /// The scalar registers go on past the end of their kind.
    SgprEnd {
        /// The operand.
        at: Place,
        /// Source code of the first.
        code: u16,
        /// Width in dwords.
        dwords: u8,
    },
    /// A range of scalar registers starts at the wrong one.
    SgprAlign {
        /// The operand.
        at: Place,
        /// Source code of the first.
        code: u16,
        /// What the first must be a multiple of.
        align: u8,
    },
    /// More scalar values are read than the constant bus carries.
    ConstantBus {
        /// The operand that is too many; none for an implicit VCC.
        at: Option<Place>,
        /// Values there may be: distinct SGPRs, and the literal.
        limit: u8,
    },
    /// A literal where DPP takes its place.
    LiteralDpp {
        /// The operand.
        at: Place,
    },
    /// The instruction has no DPP form.
    NoDpp {
        /// Mnemonic.
        name: &'static str,
    },
    /// Not a VGPR in a DPP form.
    DppSource {
        /// The operand.
        at: Place,
    },
    /// A lane control that does not exist.
    DppControl {
        /// `DPP_CTRL`.
        ctrl: u16,
    },
    /// Both halves of a pair read one VGPR bank through the same port.
    Bank {
        /// The port, as the operand of the X half that uses it.
        slot: Slot,
        /// VGPR of the X half.
        x: u8,
        /// VGPR of the Y half.
        y: u8,
    },
    /// Both halves of a pair write even or both write odd VGPRs.
    Parity {
        /// Destination of the X half.
        x: u8,
        /// Destination of the Y half.
        y: u8,
    },
    /// A modifier that the instruction does not have.
    Modifier {
        /// The modifier's name.
        modifier: &'static str,
        /// The source it is on, where it is on one.
        at: Option<Place>,
    },
    /// A number outside its range.
    Range {
        /// The field's name.
        field: &'static str,
        /// The number.
        value: i32,
        /// Lowest allowed.
        min: i32,
        /// Highest allowed.
        max: i32,
    },
    /// Only `null` may stand there.
    NullOnly {
        /// The operand.
        at: Place,
    },
    /// The status word is asked of an instruction that has none to give.
    NoTfe {
        /// Mnemonic.
        name: &'static str,
    },
    /// An image instruction takes other components.
    Dmask {
        /// The mask.
        dmask: u8,
        /// What is allowed.
        rule: &'static str,
    },
    /// An image instruction takes another dimension.
    Dim {
        /// The dimension.
        dim: u8,
    },
}

impl Violation {
    /// Stable name of the rule.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Violation::Arch { .. } => "isa-arch",
            Violation::Wave32Only { .. } => "isa-wave32-only",
            Violation::Kind { .. } => "isa-operand-kind",
            Violation::VgprEnd { .. } => "isa-vgpr-end",
            Violation::HalfVgpr { .. } => "isa-half-vgpr",
            Violation::SgprEnd { .. } => "isa-sgpr-end",
            Violation::SgprAlign { .. } => "isa-sgpr-align",
            Violation::ConstantBus { .. } => "isa-constant-bus",
            Violation::LiteralDpp { .. } => "isa-literal-dpp",
            Violation::NoDpp { .. } => "isa-no-dpp",
            Violation::DppSource { .. } => "isa-dpp-source",
            Violation::DppControl { .. } => "isa-dpp-control",
            Violation::Bank { .. } => "isa-vopd-bank",
            Violation::Parity { .. } => "isa-vopd-parity",
            Violation::Modifier { .. } => "isa-modifier",
            Violation::Range { .. } => "isa-range",
            Violation::NullOnly { .. } => "isa-null-only",
            Violation::NoTfe { .. } => "isa-no-tfe",
            Violation::Dmask { .. } => "isa-dmask",
            Violation::Dim { .. } => "isa-dim",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Violation::Arch { .. } => "name a gfx115x part, or write it with other instructions",
            Violation::Wave32Only { .. } => "write the two halves one after the other",
            Violation::Kind { class, .. } => match class {
                Class::V => "move the value into a VGPR first",
                Class::S | Class::SNoExec => "move the value into an SGPR first",
                Class::Const | Class::Sconst => "use a register or an inline constant",
                _ => "use another register",
            },
            Violation::VgprEnd { .. } | Violation::SgprEnd { .. } => "use a lower first register",
            Violation::HalfVgpr { .. } => "use v0 to v127, or the VOP3 encoding",
            Violation::SgprAlign { .. } => "pairs start at an even register, wider ranges at a multiple of four",
            Violation::ConstantBus { .. } => "move one of the scalar values into a VGPR first",
            Violation::LiteralDpp { .. } => "move the literal into a VGPR first",
            Violation::NoDpp { .. } => "use v_mov_b32 with DPP first",
            Violation::DppSource { .. } => "move the value into a VGPR first",
            Violation::DppControl { .. } => "rows have 16 lanes; shifts and rotations are 1 to 15",
            Violation::Bank { .. } => {
                "banks are the register's number modulo four; choose other registers or swap operands"
            }
            Violation::Parity { .. } => "one half writes an even VGPR, the other an odd one",
            Violation::Modifier { .. } => "leave it out, or use the encoding that has it",
            Violation::Range { .. } => "add the excess to the address first",
            Violation::NullOnly { .. } => "write null",
            Violation::NoTfe { .. } => "leave tfe out",
            Violation::Dmask { .. } => "choose the mask by the components read or written",
            Violation::Dim { .. } => "loads of samples take multisampled dimensions, samplers the others",
        }
    }

    /// Section of the RDNA3 guide in which the rule stands.
    #[must_use]
    pub fn section(&self) -> &'static str {
        match self {
            Violation::Arch { .. } => "1 Introduction",
            Violation::Wave32Only { .. } | Violation::Bank { .. } | Violation::Parity { .. } => "7.6 Dual Issue VALU",
            Violation::Kind { at, .. } => match at.slot {
                Slot::Sbase | Slot::Addr | Slot::Data0 | Slot::Data1 | Slot::Vdata | Slot::Ssamp => {
                    "4 Shader Instruction Set"
                }
                _ => "7.2 Operands and 6.2 Scalar ALU Operands",
            },
            Violation::VgprEnd { .. } => "7.2.7 Out-of-Range GPRs",
            Violation::HalfVgpr { .. } => "7.4 16-bit Math and VGPRs",
            Violation::SgprEnd { .. } => "3.3.1 SGPRs",
            Violation::SgprAlign { .. } => "3.3.1.3 SGPR Alignment",
            Violation::ConstantBus { .. } | Violation::LiteralDpp { .. } => "7.2.2.3 Source Operand Restrictions",
            Violation::NoDpp { .. } | Violation::DppSource { .. } | Violation::DppControl { .. } => {
                "7.7 Data Parallel Processing (DPP)"
            }
            Violation::Modifier { at: Some(_), .. } => "7.2.2.1 Input Operand Modifiers",
            Violation::Modifier { .. } => "15 Microcode Formats",
            Violation::Range { .. } => "15 Microcode Formats",
            Violation::NullOnly { .. } => "16.2 SOPK Instructions",
            Violation::NoTfe { .. } => "10.1.1 Texture Fault Enable (TFE) and LOD Warning Enable (LWE)",
            Violation::Dmask { .. } | Violation::Dim { .. } => "10.1 Image Instructions",
        }
    }

    /// The operand it is about, where it is about one.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match *self {
            Violation::Kind { at, .. }
            | Violation::VgprEnd { at, .. }
            | Violation::HalfVgpr { at, .. }
            | Violation::SgprEnd { at, .. }
            | Violation::SgprAlign { at, .. }
            | Violation::LiteralDpp { at }
            | Violation::DppSource { at }
            | Violation::NullOnly { at } => Some(at),
            Violation::ConstantBus { at, .. } | Violation::Modifier { at, .. } => at,
            Violation::Bank { slot, .. } => Some(Place { y: true, slot }),
            Violation::Parity { .. } => Some(Place { y: true, slot: Slot::Vdst }),
            _ => None,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Violation::Arch { name } => write!(f, "{name} exists on RDNA 3.5 only"),
            Violation::Wave32Only { name } => write!(f, "{name} exists in wave32 only"),
            Violation::Kind { at, code, class, dwords } => {
                let what = match class {
                    Class::V => "a VGPR",
                    Class::S => "a scalar register",
                    Class::SNoExec => "a scalar register other than EXEC and M0",
                    Class::Const => "a register or an inline constant",
                    Class::Sconst => "a scalar register or an inline constant",
                    Class::Ssrc => "a scalar register or a constant",
                    _ => "a register or a constant",
                };
                write!(f, "{at} takes {what} of {dwords} dwords, not {}", Code(code))
            }
            Violation::VgprEnd { at, first, dwords } => {
                write!(f, "{at} takes {dwords} VGPRs, v{first} is followed by {} more", 255 - first)
            }
            Violation::HalfVgpr { at, vgpr } => {
                write!(f, "{at} has 16 bits and reaches v0 to v127 in this encoding, not v{vgpr}")
            }
            Violation::SgprEnd { at, code, dwords } => {
                write!(f, "{at} takes {dwords} scalar registers, fewer start at {}", Code(code))
            }
            Violation::SgprAlign { at, code, align } => {
                write!(f, "{at} starts at {}, which is no multiple of {align}", Code(code))
            }
            Violation::ConstantBus { at, limit } => {
                write!(f, "more than {limit} scalar value{} read", if limit == 1 { " is" } else { "s are" })?;
                match at {
                    Some(at) => write!(f, ", {at} is too many"),
                    None => write!(f, ", VCC among them"),
                }
            }
            Violation::LiteralDpp { at } => write!(f, "{at} is a literal, and DPP takes the literal's place"),
            Violation::NoDpp { name } => write!(f, "{name} has no DPP form"),
            Violation::DppSource { at } => write!(f, "{at} must be a VGPR in a DPP form"),
            Violation::DppControl { ctrl } => write!(f, "0x{ctrl:x} is no DPP control"),
            Violation::Bank { slot, x, y } => {
                let at = Place { y: false, slot };
                let banks = if slot == Slot::Src2 { 2 } else { 4 };
                write!(f, "both halves read bank {} of {banks} through {at}: v{x} and v{y}", x % banks)
            }
            Violation::Parity { x, y } => write!(f, "the halves write v{x} and v{y}, one must be even and one odd"),
            Violation::Modifier { modifier, at: Some(at) } => write!(f, "{at} does not take {modifier}"),
            Violation::Modifier { modifier, at: None } => write!(f, "the encoding has no {modifier}"),
            Violation::Range { field, value, min, max } => write!(f, "{field} is {value}, not from {min} to {max}"),
            Violation::NullOnly { at } => write!(f, "{at} must be null"),
            Violation::NoTfe { name } => write!(f, "{name} takes no tfe"),
            Violation::Dmask { dmask, rule } => write!(f, "dmask 0x{dmask:x}: {rule}"),
            Violation::Dim { dim } => write!(f, "the instruction does not take dimension {dim}"),
        }
    }
}

impl core::error::Error for Violation {}

/// A source code as a person writes it.
struct Code(u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            k @ 0..=105 => write!(f, "s{k}"),
            k @ 108..=123 => write!(f, "ttmp{}", k - 108),
            128..=208 | 240..=248 => write!(f, "an inline constant"),
            255 => write!(f, "a literal"),
            k @ 256.. => write!(f, "v{}", k - 256),
            k => match special(k, 1) {
                Some(name) => f.write_str(name),
                None => write!(f, "source {k}"),
            },
        }
    }
}
