//! Numbers as source codes: an inline constant where the operand's type has one, else a literal.
use super::args::{Arg, Kind};
use super::misfit::{Misfit, Why};
use crate::constant::{BF16, Code, F16, F32, F64, int, pattern, small, truncates};
use crate::row::Ty;

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
