//! Numbers as operands: an inline constant where the operand's type has it, a literal otherwise.
use super::reg::What;
use crate::row::Ty;

/// How a number goes into an operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Number {
    /// Source code of an inline constant.
    Inline(u16),
    /// The dword after the instruction.
    Literal(u32),
}

/// 0.5, -0.5, 1, -1, 2, -2, 4, -4 and 1/(2*pi) in each type; source codes 240 and following.
const F16: [u16; 9] = [0x3800, 0xb800, 0x3c00, 0xbc00, 0x4000, 0xc000, 0x4400, 0xc400, 0x3118];
const BF16: [u16; 9] = [0x3f00, 0xbf00, 0x3f80, 0xbf80, 0x4000, 0xc000, 0x4080, 0xc080, 0x3e22];
const F32: [u32; 9] = [
    0x3f00_0000,
    0xbf00_0000,
    0x3f80_0000,
    0xbf80_0000,
    0x4000_0000,
    0xc000_0000,
    0x4080_0000,
    0xc080_0000,
    0x3e22_f983,
];
const F64: [u64; 9] = [
    0x3fe0_0000_0000_0000,
    0xbfe0_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0000,
    0x4000_0000_0000_0000,
    0xc000_0000_0000_0000,
    0x4010_0000_0000_0000,
    0xc010_0000_0000_0000,
    0x3fc4_5f30_6dc9_c882,
];

fn small(x: i64) -> Option<Number> {
    match x {
        0..=64 => Some(Number::Inline(128 + x as u16)),
        -16..=-1 => Some(Number::Inline((192 - x) as u16)),
        _ => None,
    }
}

fn table<T: PartialEq>(of: &[T; 9], x: T) -> Option<Number> {
    of.iter().position(|y| *y == x).map(|k| Number::Inline(240 + k as u16))
}

fn bits32(x: u32) -> Number {
    small(x as i32 as i64).or_else(|| table(&F32, x)).unwrap_or(Number::Literal(x))
}

/// Sixteen bits that stand alone or in the low half of a pair.
fn bits16(x: u16, floats: Option<&[u16; 9]>) -> Number {
    small(x as i16 as i64).or_else(|| table(floats?, x)).unwrap_or(Number::Literal(x as u32))
}

/// An integer: the bits of the operand, whatever its type. None where they are too many.
pub(super) fn integer(x: i64, ty: Ty) -> Option<Number> {
    let fits = |bits: u32| x >= -(1 << (bits - 1)) && x < 1 << bits;
    match ty {
        // A literal is the high dword of a double.
        Ty::F64 if fits(32) && table(&F64, (x as u64) << 32).is_some() => table(&F64, (x as u64) << 32),
        Ty::B64 | Ty::F64 => match small(x).or_else(|| table(&F64, x as u64)) {
            Some(n) => Some(n),
            None => fits(32).then_some(Number::Literal(x as u32)),
        },
        Ty::B16 => fits(16).then(|| bits16(x as u16, None)),
        Ty::F16 => fits(16).then(|| bits16(x as u16, Some(&F16))),
        Ty::BF16 => fits(16).then(|| bits16(x as u16, Some(&BF16))),
        Ty::V2F16 | Ty::V2BF16 => fits(32).then(|| {
            let halves = if ty == Ty::V2F16 { &F16 } else { &BF16 };
            let low = if x as u32 <= 0xffff { table(halves, x as u16) } else { None };
            small(x as i32 as i64).or(low).unwrap_or(Number::Literal(x as u32))
        }),
        _ => fits(32).then(|| bits32(x as u32)),
    }
}

/// A real number in the operand's format, rounded to nearest even. None where the operand holds integers of another
/// width than 32 bits (inline constants of 64 bits apart), or a 64-bit literal would lose digits: only its high dword is in the code.
pub(super) fn float(x: f64, ty: Ty) -> Option<Number> {
    let double = matches!(ty, Ty::B64 | Ty::F64);
    match ty {
        // 1/(2*pi) to the digits of a f32, as LLVM prints it for every type but doubles.
        _ if !double && (x == 0.15915494 || x == 0.15915494f32 as f64) => Some(Number::Inline(248)),
        // An inline constant stands for its 64 bits; a literal would be an integer.
        _ if x == 0.0 && x.is_sign_positive() => Some(Number::Inline(128)),
        Ty::B64 | Ty::B16 | Ty::V2B16 => table(&F64, x.to_bits()),
        Ty::F64 => {
            let bits = x.to_bits();
            table(&F64, bits).or((bits as u32 == 0).then_some(Number::Literal((bits >> 32) as u32)))
        }
        Ty::F16 => Some(bits16(half(x), Some(&F16))),
        Ty::BF16 => Some(bits16(bfloat(x), Some(&BF16))),
        Ty::V2F16 => integer(half(x) as i64, ty),
        Ty::V2BF16 => integer(bfloat(x) as i64, ty),
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
