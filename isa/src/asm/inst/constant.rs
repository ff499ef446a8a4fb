//! Numbers as source codes: an inline constant where the operand's type has one, else a literal.
use super::args::{Arg, Kind};
use super::misfit::{Misfit, Why};
use crate::row::Ty;

/// How a number goes into a source field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Code {
    /// This code.
    Inline(u16),
    /// Code 255 and this word.
    Literal(u32),
}

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
const F16: [u16; 9] = [0x3800, 0xb800, 0x3c00, 0xbc00, 0x4000, 0xc000, 0x4400, 0xc400, 0x3118];
const BF16: [u16; 9] = [0x3f00, 0xbf00, 0x3f80, 0xbf80, 0x4000, 0xc000, 0x4080, 0xc080, 0x3e22];

fn small(v: i64) -> Option<Code> {
    match v {
        0..=64 => Some(Code::Inline(128 + v as u16)),
        -16..=-1 => Some(Code::Inline((192 - v) as u16)),
        _ => None,
    }
}

fn pattern<T: PartialEq>(table: &[T; 9], v: T) -> Option<Code> {
    table.iter().position(|p| *p == v).map(|k| Code::Inline(240 + k as u16))
}

/// Fits `bits` bits as a signed or as an unsigned number.
fn truncates(v: i64, bits: u32) -> bool {
    v >> bits == 0 || v >> (bits - 1) == -1
}

/// Rounds to `mantissa` bits (the leading one not counted) and an exponent of `exponent` bits, to nearest even; `None` out of
/// range either way, as for LLVM a constant may lose precision but not overflow or underflow.
fn narrow(v: f64, exponent: u32, mantissa: u32) -> Option<u32> {
    let bits = v.to_bits();
    let sign = ((bits >> 63) as u32) << (exponent + mantissa);
    let bias = (1i64 << (exponent - 1)) - 1;
    let raw = (bits >> 52 & 0x7ff) as i64;
    let frac = bits & ((1 << 52) - 1);
    if raw == 0x7ff {
        let inf = ((1u32 << exponent) - 1) << mantissa;
        return Some(sign | inf | if frac != 0 { 1 << (mantissa - 1) } else { 0 });
    }
    if raw == 0 && frac == 0 {
        return Some(sign);
    }
    if raw == 0 {
        return None;
    }
    let e = raw - 1023 + bias;
    let full = frac | 1 << 52;
    // A denormal result loses more bits.
    let drop = 52 - mantissa as i64 + if e < 1 { 1 - e } else { 0 };
    if drop > 53 {
        return None;
    }
    let kept = full >> drop;
    let rest = full & ((1u64 << drop) - 1);
    let half = 1u64 << (drop - 1);
    let up = rest > half || rest == half && kept & 1 != 0;
    let rounded = kept + up as u64;
    let value = if e < 1 { rounded } else { ((e as u64 - 1) << mantissa) + rounded };
    // LLVM calls it underflow where a denormal is inexact.
    if value >> mantissa >= (1 << exponent) - 1 || e < 1 && rest != 0 {
        return None;
    }
    Some(sign | value as u32)
}

/// The code of `arg`'s number for an operand of type `ty`. `fold` says that the encoding has no bits for `-` and `||`,
/// so that they change the number itself.
pub(super) fn number(arg: &Arg, ty: Ty, fold: bool) -> Result<Code, Misfit> {
    let bad = arg.misfit(Why::Constant);
    let bits = width(ty);
    match arg.kind {
        Kind::Int(v) => {
            if fold && (arg.neg || arg.abs) {
                // The sign bit of the operand's width is what they act on.
                let top = 1u64 << (bits - 1);
                if bits == 64 || !truncates(v, bits) {
                    return Err(bad);
                }
                let mut u = v as u64;
                if arg.abs {
                    u &= !top;
                }
                if arg.neg {
                    u ^= top;
                }
                let v = (u & ((1 << bits) - 1)) as i64;
                return int(v, ty).ok_or(bad);
            }
            // Modifiers in the encoding mean a float, which an integer literal of 64 bits isn't.
            match int(v, ty).ok_or(bad)? {
                Code::Literal(_) if arg.modified() && ty == Ty::F64 => Err(bad),
                code => Ok(code),
            }
        }
        Kind::Float(v) => {
            let mut v = v;
            if fold && arg.abs {
                v = f64::from_bits(v.to_bits() & !(1 << 63));
            }
            if fold && arg.neg {
                v = -v;
            }
            float(v, ty).ok_or(bad)
        }
        _ => Err(bad),
    }
}

/// Bits that a constant of this type has.
fn width(ty: Ty) -> u32 {
    match ty {
        Ty::B64 | Ty::F64 => 64,
        Ty::B16 | Ty::F16 | Ty::BF16 => 16,
        _ => 32,
    }
}

fn int(v: i64, ty: Ty) -> Option<Code> {
    match ty {
        Ty::B64 | Ty::F64 => {
            let inline = small(v).or_else(|| pattern(&F64, v as u64));
            inline.or_else(|| truncates(v, 32).then_some(Code::Literal(v as u32)))
        }
        Ty::B16 | Ty::F16 | Ty::BF16 => {
            if !truncates(v, 16) {
                return None;
            }
            // An integer operand's small number is one before it is cut to 16 bits, a float's after.
            let half = v as u16;
            let inline = match ty {
                Ty::F16 => small(half as i16 as i64).or_else(|| pattern(&F16, half)),
                Ty::BF16 => small(half as i16 as i64).or_else(|| pattern(&BF16, half)),
                _ => small(v),
            };
            inline.or(Some(Code::Literal(half as u32)))
        }
        Ty::V2B16 | Ty::V2F16 | Ty::V2BF16 => {
            if !truncates(v, 32) {
                return None;
            }
            let word = v as u32;
            let half = u16::try_from(word).ok();
            let inline = small(word as i32 as i64).or_else(|| match ty {
                Ty::V2F16 => pattern(&F16, half?),
                Ty::V2BF16 => pattern(&BF16, half?),
                _ => pattern(&F32, word),
            });
            inline.or(Some(Code::Literal(word)))
        }
        _ => {
            if !truncates(v, 32) {
                return None;
            }
            let inline = small(v as i32 as i64).or_else(|| pattern(&F32, v as u32));
            inline.or(Some(Code::Literal(v as u32)))
        }
    }
}

fn float(v: f64, ty: Ty) -> Option<Code> {
    let bits = v.to_bits();
    match ty {
        Ty::F64 | Ty::B64 => {
            let inline = if bits == 0 { Some(Code::Inline(128)) } else { pattern(&F64, bits) };
            let literal = (ty == Ty::F64).then_some(Code::Literal((bits >> 32) as u32));
            inline.or(literal)
        }
        Ty::F16 | Ty::V2F16 => {
            let h = narrow(v, 5, 10)? as u16;
            let inline = small(h as i16 as i64).or_else(|| pattern(&F16, h));
            inline.or(Some(Code::Literal(h as u32)))
        }
        Ty::BF16 | Ty::V2BF16 => {
            let mut h = narrow(v, 8, 7)? as u16;
            // 1/(2π) is cut, not rounded, among the inline constants.
            if narrow(v, 8, 23) == Some(F32[8]) {
                h = BF16[8];
            }
            let inline = small(h as i16 as i64).or_else(|| pattern(&BF16, h));
            inline.or(Some(Code::Literal(h as u32)))
        }
        // LLVM reads floats of integer operands as single precision, whatever the operand's width.
        _ => {
            let w = narrow(v, 8, 23)?;
            let inline = small(w as i32 as i64).or_else(|| pattern(&F32, w));
            inline.or(Some(Code::Literal(w)))
        }
    }
}

/// A constant word that always follows (`v_fmamk_f32`'s and its like).
pub(super) fn word(arg: &Arg, ty: Ty) -> Result<u32, Misfit> {
    let bad = arg.misfit(Why::Constant);
    if arg.modified() {
        return Err(arg.misfit(Why::InputModifier));
    }
    let half = ty == Ty::F16;
    match arg.kind {
        Kind::Int(v) if truncates(v, if half { 16 } else { 32 }) => Ok(if half { v as u16 as u32 } else { v as u32 }),
        Kind::Float(v) if half => narrow(v, 5, 10).ok_or(bad),
        Kind::Float(v) if ty != Ty::B32 => narrow(v, 8, 23).ok_or(bad),
        _ => Err(bad),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_agrees_with_the_host() {
        let mut x = 0x9e37_79b9_7f4a_7c15u64;
        for k in 0..200_000u32 {
            x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let v = f64::from_bits((x >> 12) | ((1023 - 140 + (k as u64 % 280)) << 52));
            let want = v as f32;
            match narrow(v, 8, 23) {
                Some(bits) => assert_eq!(bits, want.to_bits(), "{v:e}"),
                None => assert!(want.is_infinite() || !want.is_normal(), "{v:e}"),
            }
        }
    }
}
