//! Numbers as operands: an inline constant where the operand's type has it, a literal otherwise.
use super::reg::What;
use crate::constant::{BF16, Code, F16, F32, F64, int, pattern, small};
use crate::row::Ty;

fn bits32(x: u32) -> Code {
    small(x as i32 as i64).or_else(|| pattern(&F32, x)).unwrap_or(Code::Literal(x))
}

/// Sixteen bits that stand alone or in the low half of a pair.
fn bits16(x: u16, floats: Option<&[u16; 9]>) -> Code {
    small(x as i16 as i64).or_else(|| pattern(floats?, x)).unwrap_or(Code::Literal(x as u32))
}

/// A real number in the operand's format, rounded to nearest even. None where the operand holds integers of another
/// width than 32 bits (inline constants of 64 bits apart), or a 64-bit literal would lose digits: only its high dword is in the code.
pub(super) fn float(x: f64, ty: Ty) -> Option<Code> {
    let double = matches!(ty, Ty::B64 | Ty::F64);
    match ty {
        // 1/(2*pi) to the digits of a f32, as LLVM prints it for every type but doubles.
        _ if !double && (x == 0.15915494 || x == 0.15915494f32 as f64) => Some(Code::Inline(248)),
        // An inline constant stands for its 64 bits; a literal would be an integer.
        _ if x == 0.0 && x.is_sign_positive() => Some(Code::Inline(128)),
        Ty::B64 | Ty::B16 | Ty::V2B16 => pattern(&F64, x.to_bits()),
        Ty::F64 => {
            let bits = x.to_bits();
            pattern(&F64, bits).or((bits as u32 == 0).then_some(Code::Literal((bits >> 32) as u32)))
        }
        Ty::F16 => Some(bits16(half(x), Some(&F16))),
        Ty::BF16 => Some(bits16(bfloat(x), Some(&BF16))),
        Ty::V2F16 => int(half(x) as i64, ty),
        Ty::V2BF16 => int(bfloat(x) as i64, ty),
        Ty::B32 | Ty::F32 | Ty::Acc => Some(bits32((x as f32).to_bits())),
        _ => None,
    }
}

/// IEEE binary16 of `x`.
pub(super) fn half(x: f64) -> u16 {
    let bits = x.to_bits();
    let sign = (bits >> 48) as u16 & 0x8000;
    let exponent = (bits >> 52 & 0x7ff) as i32 - 1023;
    let mantissa = bits & ((1 << 52) - 1);
    if exponent == 1024 {
        return sign | 0x7c00 | if mantissa != 0 { 0x200 } else { 0 };
    }
    if exponent < -25 {
        return sign;
    }
    let full = mantissa | 1 << 52;
    // Units of the last place: 2^-24 below the normal numbers.
    let shift = if exponent < -14 { 42 + (-14 - exponent) as u32 } else { 42 };
    let (q, rest, tie) = (full >> shift, full & ((1 << shift) - 1), 1u64 << (shift - 1));
    let q = q + (rest > tie || rest == tie && q & 1 != 0) as u64;
    let biased = if exponent < -14 { q as i64 } else { q as i64 + ((exponent + 14) as i64) * 1024 };
    sign | biased.min(0x7c00) as u16
}

/// bfloat16 of `x`.
pub(super) fn bfloat(x: f64) -> u16 {
    let f = x as f32;
    let bits = f.to_bits();
    if f.is_nan() {
        return (bits >> 16) as u16 | 0x40;
    }
    (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// `-x`, `|x|` or `-|x|` of a number, for encodings without these modifiers. None where the type has no sign bit that a
/// literal could show.
pub(super) fn signed(x: What, neg: bool, abs: bool, ty: Ty) -> Option<What> {
    let bit = match ty {
        Ty::F16 | Ty::BF16 => 1i64 << 15,
        Ty::F32 => 1 << 31,
        // The bits of a double are no literal.
        Ty::F64 if matches!(x, What::Float(_)) => 0,
        _ => return None,
    };
    Some(match x {
        What::Float(x) => {
            let x = if abs { f64::from_bits(x.to_bits() & !(1 << 63)) } else { x };
            What::Float(if neg { -x } else { x })
        }
        What::Int(x) => {
            let x = x & (2 * bit - 1);
            let x = if abs { x & !bit } else { x };
            What::Int(if neg { x ^ bit } else { x })
        }
        _ => return None,
    })
}
