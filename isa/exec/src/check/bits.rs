//! Undefined bits through integer instructions: which bits of a result depend on bits that nothing was written to.
//!
//! The rules are exact for bitwise operations, shifts by known amounts and permutations of bits; a sum, difference or
//! product is undefined from the lowest undefined bit of its operands on. What has no rule here is undefined as a whole as
//! soon as one bit that it needs is.
use isa::Op;

/// A value, and a mask of its undefined bits; in these the value says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Bits {
    pub v: u64,
    pub u: u64,
}

impl Bits {
    pub const fn known(v: u64) -> Bits {
        Bits { v, u: 0 }
    }

    /// Bits that are 1, or may be.
    fn may(self) -> u64 {
        self.v | self.u
    }

    fn low(self, bits: u32) -> Bits {
        let m = if bits >= 64 { !0 } else { (1 << bits) - 1 };
        Bits { v: self.v & m, u: self.u & m }
    }
}

/// How undefined bits go from sources to the result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rule {
    Copy,
    Not,
    And,
    Or,
    Xor,
    Nand,
    Nor,
    Xnor,
    /// `a & !b`
    AndNot,
    /// `a | !b`
    OrNot,
    /// Value, amount.
    Shl,
    Shr,
    Sar,
    /// Amount, value.
    ShlRev,
    ShrRev,
    SarRev,
    /// Sums, differences and products.
    Carry,
    /// Products and sums of products of the low 24 bits of the first two.
    Carry24,
    /// Value, offset, width.
    Bfe {
        signed: bool,
    },
    /// Value, offset in bits 5:0 and width in bits 22:16.
    BfePacked {
        signed: bool,
    },
    /// Mask, where it is 1, where it is 0.
    Bfi,
    AlignBit,
    AlignByte,
    Perm,
    LshlOr,
    AndOr,
    Or3,
    Xor3,
    LshlAdd,
    AddLshl,
    Xad,
    Brev,
    Sext(u32),
    /// A function of one byte of the source.
    Byte(u32),
    /// Halves of the first and the second source: whether each is the upper one.
    Pack(bool, bool),
    /// Bit 0: whether the two may be equal and unequal both.
    Equal,
    /// Bit 0: bit `b` of `a`.
    Test,
}

/// Undefined from the lowest undefined bit on.
fn spread(u: u64) -> u64 {
    if u == 0 { 0 } else { !0 << u.trailing_zeros() }
}

fn not(a: Bits) -> Bits {
    Bits { v: !a.v, u: a.u }
}

fn and(a: Bits, b: Bits) -> Bits {
    Bits { v: a.v & b.v, u: (a.u | b.u) & a.may() & b.may() }
}

fn or(a: Bits, b: Bits) -> Bits {
    not(and(not(a), not(b)))
}

fn xor(a: Bits, b: Bits) -> Bits {
    Bits { v: a.v ^ b.v, u: a.u | b.u }
}

/// All that follows from an unknown amount: nothing where the value is zero.
fn unknown(a: Bits) -> Bits {
    Bits { v: 0, u: if a.may() == 0 { 0 } else { !0 } }
}

/// Shifts of a value of 32 or 64 bits.
fn shift(rule: Rule, bits: u32, a: Bits, n: Bits) -> Bits {
    let amount = n.low(bits.trailing_zeros());
    let a = a.low(bits);
    if amount.u != 0 {
        return unknown(a);
    }
    let n = amount.v as u32;
    let sign = |x: u64| ((x << (64 - bits)) as i64 >> (64 - bits) >> n) as u64;
    match rule {
        Rule::Shl => Bits { v: a.v << n, u: a.u << n },
        Rule::Shr => Bits { v: a.v >> n, u: a.u >> n },
        _ => Bits { v: sign(a.v), u: sign(a.u) },
    }
}

fn field(a: Bits, offset: u32, width: u32, bits: u32, signed: bool) -> Bits {
    if width == 0 || offset >= bits {
        return Bits::default();
    }
    let width = width.min(bits - offset);
    let x = Bits { v: a.v >> offset, u: a.u >> offset }.low(width);
    if !signed {
        return x;
    }
    let s = 64 - width;
    Bits { v: ((x.v << s) as i64 >> s) as u64, u: ((x.u << s) as i64 >> s) as u64 }
}

fn perm(a: Bits, b: Bits, select: Bits) -> Bits {
    let mut r = Bits::default();
    let all =
        Bits { v: (a.v & 0xffff_ffff) << 32 | b.v & 0xffff_ffff, u: (a.u & 0xffff_ffff) << 32 | b.u & 0xffff_ffff };
    for k in 0..4 {
        let (s, u) = (select.v >> (8 * k) & 255, select.u >> (8 * k) & 255);
        let byte = match s {
            _ if u != 0 => Bits { v: 0, u: 255 },
            0..=7 => field(all, 8 * s as u32, 8, 64, false),
            // Signs of the four halves.
            8..=11 => field(all, 16 * (s as u32 - 8) + 15, 1, 64, true).low(8),
            12 => Bits::known(0),
            _ => Bits::known(255),
        };
        r.v |= byte.v << (8 * k);
        r.u |= byte.u << (8 * k);
    }
    r
}

/// The result of a rule in a width of 32 or 64 bits. Its value is right for bitwise operations and shifts only.
pub(super) fn apply(rule: Rule, bits: u32, [a, b, c]: [Bits; 3]) -> Bits {
    let r = match rule {
        Rule::Copy => a,
        Rule::Not => not(a),
        Rule::And => and(a, b),
        Rule::Or => or(a, b),
        Rule::Xor => xor(a, b),
        Rule::Nand => not(and(a, b)),
        Rule::Nor => not(or(a, b)),
        Rule::Xnor => not(xor(a, b)),
        Rule::AndNot => and(a, not(b)),
        Rule::OrNot => or(a, not(b)),
        Rule::Shl | Rule::Shr | Rule::Sar => shift(rule, bits, a, b),
        Rule::ShlRev => shift(Rule::Shl, bits, b, a),
        Rule::ShrRev => shift(Rule::Shr, bits, b, a),
        Rule::SarRev => shift(Rule::Sar, bits, b, a),
        Rule::Carry => Bits { v: 0, u: spread(a.u | b.u | c.u) },
        Rule::Carry24 => Bits { v: 0, u: spread((a.u | b.u) & 0xff_ffff | c.u) },
        Rule::Bfe { signed } => match (b.low(5), c.low(5)) {
            (Bits { v: at, u: 0 }, Bits { v: n, u: 0 }) => field(a.low(bits), at as u32, n as u32, bits, signed),
            _ => unknown(a.low(bits)),
        },
        Rule::BfePacked { signed } => match (b.low(bits.trailing_zeros()), field(b, 16, 7, 64, false)) {
            (Bits { v: at, u: 0 }, Bits { v: n, u: 0 }) => field(a.low(bits), at as u32, n as u32, bits, signed),
            _ => unknown(a.low(bits)),
        },
        Rule::Bfi => or(and(a, b), and(not(a), c)),
        Rule::AlignBit | Rule::AlignByte => {
            let pair = Bits { v: a.v << 32 | b.v & 0xffff_ffff, u: a.u << 32 | b.u & 0xffff_ffff };
            let (width, unit) = if rule == Rule::AlignBit { (5, 1) } else { (2, 8) };
            match c.low(width) {
                Bits { v: n, u: 0 } => field(pair, n as u32 * unit, 32, 64, false),
                _ => unknown(pair),
            }
        }
        Rule::Perm => perm(a, b, c),
        Rule::LshlOr => or(shift(Rule::Shl, 32, a, b), c),
        Rule::AndOr => or(and(a, b), c),
        Rule::Or3 => or(or(a, b), c),
        Rule::Xor3 => xor(xor(a, b), c),
        Rule::LshlAdd => Bits { v: 0, u: spread(shift(Rule::Shl, 32, a, b).u | c.u) },
        Rule::AddLshl => shift(Rule::Shl, 32, Bits { v: !0, u: spread(a.u | b.u) }, c),
        Rule::Xad => Bits { v: 0, u: spread(a.u | b.u | c.u) },
        Rule::Brev => {
            Bits { v: a.low(bits).v.reverse_bits() >> (64 - bits), u: a.low(bits).u.reverse_bits() >> (64 - bits) }
        }
        Rule::Sext(n) => field(a, 0, n, bits, true),
        Rule::Byte(k) => Bits { v: 0, u: if a.u >> (8 * k) & 255 != 0 { !0 } else { 0 } },
        Rule::Pack(x, y) => {
            let half = |a: Bits, up: bool| field(a, 16 * up as u32, 16, 32, false);
            let (x, y) = (half(a, x), half(b, y));
            Bits { v: x.v | y.v << 16, u: x.u | y.u << 16 }
        }
        Rule::Equal => {
            let u = a.u | b.u;
            Bits { v: 0, u: (u != 0 && (a.v ^ b.v) & !u == 0) as u64 }
        }
        Rule::Test => match b.low(bits.trailing_zeros()) {
            Bits { v: n, u: 0 } => Bits { v: a.v >> n & 1, u: a.u >> n & 1 },
            _ => Bits { v: 0, u: (a.u | b.u != 0) as u64 },
        },
    };
    r.low(bits)
}

/// The rule of a VALU instruction, if it has one.
pub(super) fn vector(op: Op) -> Option<Rule> {
    Some(match op {
        Op::V_NOT_B32 => Rule::Not,
        Op::V_AND_B32 => Rule::And,
        Op::V_OR_B32 => Rule::Or,
        Op::V_XOR_B32 => Rule::Xor,
        Op::V_XNOR_B32 => Rule::Xnor,
        Op::V_LSHLREV_B32 | Op::V_LSHLREV_B64 => Rule::ShlRev,
        Op::V_LSHRREV_B32 | Op::V_LSHRREV_B64 => Rule::ShrRev,
        Op::V_ASHRREV_I32 | Op::V_ASHRREV_I64 => Rule::SarRev,
        Op::V_ADD_NC_U32
        | Op::V_ADD_NC_I32
        | Op::V_SUB_NC_U32
        | Op::V_SUB_NC_I32
        | Op::V_SUBREV_NC_U32
        | Op::V_ADD_CO_U32
        | Op::V_SUB_CO_U32
        | Op::V_SUBREV_CO_U32
        | Op::V_ADD_CO_CI_U32
        | Op::V_SUB_CO_CI_U32
        | Op::V_SUBREV_CO_CI_U32
        | Op::V_ADD3_U32
        | Op::V_MUL_LO_U32
        | Op::V_MAD_U64_U32
        | Op::V_MAD_I64_I32 => Rule::Carry,
        Op::V_MUL_U32_U24 | Op::V_MUL_I32_I24 | Op::V_MAD_U32_U24 | Op::V_MAD_I32_I24 => Rule::Carry24,
        Op::V_BFE_U32 => Rule::Bfe { signed: false },
        Op::V_BFE_I32 => Rule::Bfe { signed: true },
        Op::V_BFI_B32 => Rule::Bfi,
        Op::V_ALIGNBIT_B32 => Rule::AlignBit,
        Op::V_ALIGNBYTE_B32 => Rule::AlignByte,
        Op::V_PERM_B32 => Rule::Perm,
        Op::V_LSHL_OR_B32 => Rule::LshlOr,
        Op::V_AND_OR_B32 => Rule::AndOr,
        Op::V_OR3_B32 => Rule::Or3,
        Op::V_XOR3_B32 => Rule::Xor3,
        Op::V_LSHL_ADD_U32 => Rule::LshlAdd,
        Op::V_ADD_LSHL_U32 => Rule::AddLshl,
        Op::V_XAD_U32 => Rule::Xad,
        Op::V_BFREV_B32 => Rule::Brev,
        Op::V_CVT_F32_UBYTE0 => Rule::Byte(0),
        Op::V_CVT_F32_UBYTE1 => Rule::Byte(1),
        Op::V_CVT_F32_UBYTE2 => Rule::Byte(2),
        Op::V_CVT_F32_UBYTE3 => Rule::Byte(3),
        Op::V_CMP_EQ_U32
        | Op::V_CMP_EQ_I32
        | Op::V_CMP_NE_U32
        | Op::V_CMP_NE_I32
        | Op::V_CMP_EQ_U64
        | Op::V_CMP_EQ_I64
        | Op::V_CMP_NE_U64
        | Op::V_CMP_NE_I64 => Rule::Equal,
        _ => return None,
    })
}

/// What SCC is after a scalar instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scc {
    /// As before.
    Kept,
    /// Whether the result is not zero.
    NotZero,
    /// Undefined as soon as a bit of an operand is: a carry.
    Any,
    /// Bit 0 of the result, which goes nowhere else.
    Result,
}

/// The rule of a scalar instruction, if it has one, and what becomes of SCC.
pub(super) fn scalar(op: Op) -> Option<(Rule, Scc)> {
    use Scc::*;
    Some(match op {
        Op::S_MOV_B32 | Op::S_MOV_B64 => (Rule::Copy, Kept),
        Op::S_NOT_B32 | Op::S_NOT_B64 => (Rule::Not, NotZero),
        Op::S_AND_B32 | Op::S_AND_B64 => (Rule::And, NotZero),
        Op::S_OR_B32 | Op::S_OR_B64 => (Rule::Or, NotZero),
        Op::S_XOR_B32 | Op::S_XOR_B64 => (Rule::Xor, NotZero),
        Op::S_NAND_B32 | Op::S_NAND_B64 => (Rule::Nand, NotZero),
        Op::S_NOR_B32 | Op::S_NOR_B64 => (Rule::Nor, NotZero),
        Op::S_XNOR_B32 | Op::S_XNOR_B64 => (Rule::Xnor, NotZero),
        Op::S_AND_NOT1_B32 | Op::S_AND_NOT1_B64 => (Rule::AndNot, NotZero),
        Op::S_OR_NOT1_B32 | Op::S_OR_NOT1_B64 => (Rule::OrNot, NotZero),
        Op::S_LSHL_B32 | Op::S_LSHL_B64 => (Rule::Shl, NotZero),
        Op::S_LSHR_B32 | Op::S_LSHR_B64 => (Rule::Shr, NotZero),
        Op::S_ASHR_I32 | Op::S_ASHR_I64 => (Rule::Sar, NotZero),
        Op::S_BFE_U32 | Op::S_BFE_U64 => (Rule::BfePacked { signed: false }, NotZero),
        Op::S_BFE_I32 | Op::S_BFE_I64 => (Rule::BfePacked { signed: true }, NotZero),
        Op::S_ADD_U32 | Op::S_ADD_I32 | Op::S_SUB_U32 | Op::S_SUB_I32 | Op::S_ADDK_I32 => (Rule::Carry, Any),
        Op::S_LSHL1_ADD_U32 | Op::S_LSHL2_ADD_U32 | Op::S_LSHL3_ADD_U32 | Op::S_LSHL4_ADD_U32 => (Rule::Carry, Any),
        Op::S_MUL_I32 | Op::S_MULK_I32 => (Rule::Carry, Kept),
        Op::S_BREV_B32 | Op::S_BREV_B64 => (Rule::Brev, Kept),
        Op::S_SEXT_I32_I8 => (Rule::Sext(8), Kept),
        Op::S_SEXT_I32_I16 => (Rule::Sext(16), Kept),
        Op::S_PACK_LL_B32_B16 => (Rule::Pack(false, false), Kept),
        Op::S_PACK_LH_B32_B16 => (Rule::Pack(false, true), Kept),
        Op::S_PACK_HL_B32_B16 => (Rule::Pack(true, false), Kept),
        Op::S_PACK_HH_B32_B16 => (Rule::Pack(true, true), Kept),
        Op::S_CMP_EQ_U32 | Op::S_CMP_EQ_I32 | Op::S_CMP_EQ_U64 => (Rule::Equal, Result),
        Op::S_CMP_LG_U32 | Op::S_CMP_LG_I32 | Op::S_CMP_LG_U64 => (Rule::Equal, Result),
        Op::S_BITCMP0_B32 | Op::S_BITCMP1_B32 | Op::S_BITCMP0_B64 | Op::S_BITCMP1_B64 => (Rule::Test, Result),
        _ => return None,
    })
}

/// How EXEC follows from the source (first) and EXEC (second), of an instruction that saves or returns it.
pub(super) fn exec(op: Op) -> Option<Rule> {
    Some(match op {
        Op::S_AND_SAVEEXEC_B32 | Op::S_AND_SAVEEXEC_B64 => Rule::And,
        Op::S_OR_SAVEEXEC_B32 | Op::S_OR_SAVEEXEC_B64 => Rule::Or,
        Op::S_XOR_SAVEEXEC_B32 | Op::S_XOR_SAVEEXEC_B64 => Rule::Xor,
        Op::S_NAND_SAVEEXEC_B32 | Op::S_NAND_SAVEEXEC_B64 => Rule::Nand,
        Op::S_NOR_SAVEEXEC_B32 | Op::S_NOR_SAVEEXEC_B64 => Rule::Nor,
        Op::S_XNOR_SAVEEXEC_B32 | Op::S_XNOR_SAVEEXEC_B64 => Rule::Xnor,
        Op::S_AND_NOT1_SAVEEXEC_B32
        | Op::S_AND_NOT1_SAVEEXEC_B64
        | Op::S_AND_NOT1_WREXEC_B32
        | Op::S_AND_NOT1_WREXEC_B64 => Rule::AndNot,
        Op::S_OR_NOT1_SAVEEXEC_B32 | Op::S_OR_NOT1_SAVEEXEC_B64 => Rule::OrNot,
        // The source is the one that is inverted: an undefined bit of it counts where EXEC lets it through.
        Op::S_AND_NOT0_SAVEEXEC_B32
        | Op::S_AND_NOT0_SAVEEXEC_B64
        | Op::S_AND_NOT0_WREXEC_B32
        | Op::S_AND_NOT0_WREXEC_B64 => Rule::And,
        Op::S_OR_NOT0_SAVEEXEC_B32 | Op::S_OR_NOT0_SAVEEXEC_B64 => Rule::Or,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every rule against trying all values of the undefined bits: a bit that changes must be undefined.
    #[test]
    fn what_changes_is_undefined() {
        use Rule::*;
        type F = fn(u64, u64, u64) -> u64;
        let mask = |x: u64| x & 0xffff_ffff;
        let rules: [(Rule, F); 22] = [
            (Not, |a, _, _| !a),
            (And, |a, b, _| a & b),
            (Or, |a, b, _| a | b),
            (Xor, |a, b, _| a ^ b),
            (Nand, |a, b, _| !(a & b)),
            (AndNot, |a, b, _| a & !b),
            (OrNot, |a, b, _| a | !b),
            (Shl, |a, b, _| a << (b & 31)),
            (ShrRev, |a, b, _| b >> (a & 31)),
            (Sar, |a, b, _| (a as u32 as i32 >> (b & 31)) as u64),
            (Carry, |a, b, c| a.wrapping_mul(b).wrapping_add(c)),
            (Bfe { signed: false }, |a, b, c| a >> (b & 31) & ((1 << (c & 31)) - 1)),
            (Bfi, |a, b, c| a & b | !a & c),
            (AlignBit, |a, b, c| (a << 32 | b) >> (c & 31)),
            (LshlOr, |a, b, c| a << (b & 31) | c),
            (AndOr, |a, b, c| a & b | c),
            (LshlAdd, |a, b, c| (a << (b & 31)).wrapping_add(c)),
            (AddLshl, |a, b, c| a.wrapping_add(b) << (c & 31)),
            (Xad, |a, b, c| (a ^ b).wrapping_add(c)),
            (Sext(8), |a, _, _| a as u8 as i8 as i64 as u64),
            (Pack(false, true), |a, b, _| a & 0xffff | b & 0xffff_0000),
            (Equal, |a, b, _| (a == b) as u64),
        ];
        let mut seed = 0x1234_5678_9abc_def0u64;
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        for round in 0..4000u32 {
            for (rule, f) in rules {
                // One undefined bit somewhere, or a few.
                let mut s = [0; 3].map(|_: u64| Bits::known(next() & 0xffff_ffff));
                if round % 3 == 0 {
                    s[1].v = s[0].v;
                }
                let k = (next() % 3) as usize;
                s[k].u = 1 << (next() % 32) | 1 << (next() % 32);
                let flip = s[k].u & next();
                let mut t = s.map(|x| x.v);
                let before = mask(f(t[0], t[1], t[2]));
                t[k] ^= flip;
                let after = mask(f(t[0], t[1], t[2]));
                let u = apply(rule, 32, s).u;
                assert_eq!((before ^ after) & !u, 0, "{rule:?} {s:x?} {flip:x}: {u:x}");
            }
        }
    }

    #[test]
    fn what_does_not_matter_stays_defined() {
        let x = Bits { v: 0x1234_5678, u: 0xffff_0000 };
        let k = Bits::known;
        let u = |rule, a, b, c| apply(rule, 32, [a, b, c]).u;
        assert_eq!(u(Rule::And, x, k(0xffff), k(0)), 0);
        assert_eq!(u(Rule::Or, x, k(0xffff_0000), k(0)), 0);
        assert_eq!(u(Rule::ShlRev, k(16), x, k(0)), 0);
        assert_eq!(u(Rule::ShrRev, k(16), x, k(0)), 0xffff);
        assert_eq!(u(Rule::Bfe { signed: true }, x, k(0), k(16)), 0);
        assert_eq!(u(Rule::Perm, x, x, k(0x0504_0100)), 0);
        assert_eq!(u(Rule::Perm, x, x, k(0x0c0c_0006)), 0xff);
        assert_eq!(u(Rule::Carry, x, k(1), k(0)), 0xffff_0000);
        assert_eq!(u(Rule::Equal, x, k(0x0000_5679), k(0)), 0);
        assert_eq!(u(Rule::Equal, x, k(0x0000_5678), k(0)), 1);
        assert_eq!(u(Rule::Byte(1), x, k(0), k(0)), 0);
        assert_eq!(u(Rule::Byte(3), x, k(0), k(0)), 0xffff_ffff);
    }
}
