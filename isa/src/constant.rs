//! Numbers as source codes: the inline constants of each type.
use crate::row::Ty;

/// How a number goes into a source field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Code {
    /// This code.
    Inline(u16),
    /// Code 255 and this word.
    Literal(u32),
}

/// 0.5, -0.5, 1, -1, 2, -2, 4, -4 and 1/(2*pi) in each type; source codes 240 and following.
pub(crate) const F64: [u64; 9] = [
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
pub(crate) const F32: [u32; 9] = [
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
pub(crate) const F16: [u16; 9] = [0x3800, 0xb800, 0x3c00, 0xbc00, 0x4000, 0xc000, 0x4400, 0xc400, 0x3118];
pub(crate) const BF16: [u16; 9] = [0x3f00, 0xbf00, 0x3f80, 0xbf80, 0x4000, 0xc000, 0x4080, 0xc080, 0x3e22];

/// -16 to 64.
pub(crate) fn small(v: i64) -> Option<Code> {
    match v {
        0..=64 => Some(Code::Inline(128 + v as u16)),
        -16..=-1 => Some(Code::Inline((192 - v) as u16)),
        _ => None,
    }
}

/// One of the float constants.
pub(crate) fn pattern<T: PartialEq>(table: &[T; 9], v: T) -> Option<Code> {
    table.iter().position(|p| *p == v).map(|k| Code::Inline(240 + k as u16))
}

/// Fits `bits` bits as a signed or as an unsigned number.
pub(crate) fn truncates(v: i64, bits: u32) -> bool {
    v >> bits == 0 || v >> (bits - 1) == -1
}

/// The code of an integer: the bits of the operand, whatever its type. None where they are too many.
pub(crate) fn int(v: i64, ty: Ty) -> Option<Code> {
    match ty {
        Ty::B64 | Ty::F64 => {
            // A literal is the high dword of a double, which may be all of one.
            let high = || if ty == Ty::F64 && truncates(v, 32) { pattern(&F64, (v as u64) << 32) } else { None };
            let inline = small(v).or_else(|| pattern(&F64, v as u64)).or_else(high);
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
