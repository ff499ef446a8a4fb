//! The unified buffer and image formats of gfx11 (RDNA3 guide, table 52), and their conversions.
//!
//! Names list components from the most significant bits down; X lies lowest. Conversions follow the Direct3D rules:
//! - UNORM and SNORM load as the quotient rounded to nearest even, SNORM not below -1; floats narrower than 32 bits load
//!   exactly, denormals included.
//! - Floats are stored as UNORM, SNORM, USCALED and SSCALED clamped to the range and rounded to nearest even, NaN as 0;
//!   as narrower floats truncated, a finite value never to infinity, and without a sign to one that has none.
//! - Integers are stored clamped to the range.
//! - 16-bit registers (D16) hold f16 or the low 16 bits of an integer. Loads of 32-bit floats truncate to f16, those of
//!   other formats round to nearest even; 16-bit floats pass as they are.
use crate::fp::{h2f, half_bits, half_rtz};

/// How the bits of a component are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Num {
    Unorm,
    Snorm,
    Uscaled,
    Sscaled,
    Uint,
    Sint,
    Float,
    /// UNORM, with the sRGB curve on all but W.
    Srgb,
    /// Three mantissas of nine bits with one exponent above them.
    SharedExponent,
}

/// One format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Format {
    pub num: Num,
    /// Bytes of an element.
    pub bytes: u8,
    /// Bits of each component, X first; 0 for those that are not there.
    bits: [u8; 4],
}

const fn f(num: Num, bits: [u8; 4]) -> Option<Format> {
    let n = bits[0] as u16 + bits[1] as u16 + bits[2] as u16 + bits[3] as u16;
    Some(Format { num, bytes: n.div_ceil(8) as u8, bits })
}

/// A depth value beside 32 bits that hold a stencil.
const fn wide(num: Num, bits: [u8; 4]) -> Option<Format> {
    Some(Format { num, bytes: 8, bits })
}

use Num::*;

/// Formats by number, from 8_UNORM (1) to X24_8_32_FLOAT (81); None for those that no component layout describes.
static FORMATS: [Option<Format>; 82] = [
    None,
    f(Unorm, [8, 0, 0, 0]),
    f(Snorm, [8, 0, 0, 0]),
    f(Uscaled, [8, 0, 0, 0]),
    f(Sscaled, [8, 0, 0, 0]),
    f(Uint, [8, 0, 0, 0]),
    f(Sint, [8, 0, 0, 0]),
    f(Unorm, [16, 0, 0, 0]),
    f(Snorm, [16, 0, 0, 0]),
    f(Uscaled, [16, 0, 0, 0]),
    f(Sscaled, [16, 0, 0, 0]),
    f(Uint, [16, 0, 0, 0]),
    f(Sint, [16, 0, 0, 0]),
    f(Float, [16, 0, 0, 0]),
    f(Unorm, [8, 8, 0, 0]),
    f(Snorm, [8, 8, 0, 0]),
    f(Uscaled, [8, 8, 0, 0]),
    f(Sscaled, [8, 8, 0, 0]),
    f(Uint, [8, 8, 0, 0]),
    f(Sint, [8, 8, 0, 0]),
    f(Uint, [32, 0, 0, 0]),
    f(Sint, [32, 0, 0, 0]),
    f(Float, [32, 0, 0, 0]),
    f(Unorm, [16, 16, 0, 0]),
    f(Snorm, [16, 16, 0, 0]),
    f(Uscaled, [16, 16, 0, 0]),
    f(Sscaled, [16, 16, 0, 0]),
    f(Uint, [16, 16, 0, 0]),
    f(Sint, [16, 16, 0, 0]),
    f(Float, [16, 16, 0, 0]),
    // 10_11_11 and 11_11_10.
    f(Float, [11, 11, 10, 0]),
    f(Float, [10, 11, 11, 0]),
    // 10_10_10_2.
    f(Unorm, [2, 10, 10, 10]),
    f(Snorm, [2, 10, 10, 10]),
    f(Uint, [2, 10, 10, 10]),
    f(Sint, [2, 10, 10, 10]),
    // 2_10_10_10.
    f(Unorm, [10, 10, 10, 2]),
    f(Snorm, [10, 10, 10, 2]),
    f(Uscaled, [10, 10, 10, 2]),
    f(Sscaled, [10, 10, 10, 2]),
    f(Uint, [10, 10, 10, 2]),
    f(Sint, [10, 10, 10, 2]),
    f(Unorm, [8, 8, 8, 8]),
    f(Snorm, [8, 8, 8, 8]),
    f(Uscaled, [8, 8, 8, 8]),
    f(Sscaled, [8, 8, 8, 8]),
    f(Uint, [8, 8, 8, 8]),
    f(Sint, [8, 8, 8, 8]),
    f(Uint, [32, 32, 0, 0]),
    f(Sint, [32, 32, 0, 0]),
    f(Float, [32, 32, 0, 0]),
    f(Unorm, [16, 16, 16, 16]),
    f(Snorm, [16, 16, 16, 16]),
    f(Uscaled, [16, 16, 16, 16]),
    f(Sscaled, [16, 16, 16, 16]),
    f(Uint, [16, 16, 16, 16]),
    f(Sint, [16, 16, 16, 16]),
    f(Float, [16, 16, 16, 16]),
    f(Uint, [32, 32, 32, 0]),
    f(Sint, [32, 32, 32, 0]),
    f(Float, [32, 32, 32, 0]),
    f(Uint, [32, 32, 32, 32]),
    f(Sint, [32, 32, 32, 32]),
    f(Float, [32, 32, 32, 32]),
    // Image formats.
    f(Srgb, [8, 0, 0, 0]),
    f(Srgb, [8, 8, 0, 0]),
    f(Srgb, [8, 8, 8, 8]),
    f(SharedExponent, [9, 9, 9, 5]),
    f(Unorm, [5, 6, 5, 0]),
    f(Unorm, [5, 5, 5, 1]),
    f(Unorm, [1, 5, 5, 5]),
    f(Unorm, [4, 4, 4, 4]),
    f(Unorm, [4, 4, 0, 0]),
    None,
    None,
    f(Float, [32, 0, 0, 0]),
    // 8_24 and 24_8.
    f(Unorm, [24, 8, 0, 0]),
    f(Uint, [24, 8, 0, 0]),
    f(Unorm, [8, 24, 0, 0]),
    f(Uint, [8, 24, 0, 0]),
    wide(Uint, [32, 8, 0, 0]),
    wide(Float, [32, 0, 0, 0]),
];

/// Names of the formats that have no component layout.
pub(crate) fn name(number: u8) -> String {
    match number {
        73 => "1_UNORM".into(),
        74 => "1_REVERSED_UNORM".into(),
        82..=85 => "GB_GR".into(),
        86..=89 => "BG_RG".into(),
        109..=122 => {
            let kind = ["BC1", "BC2", "BC3", "BC4", "BC5", "BC6", "BC7"][(number as usize - 109) / 2];
            kind.into()
        }
        205 | 206 => "YCBCR".into(),
        n => format!("number {n}"),
    }
}

/// The value of `v`, a number of `n` bits, with its sign.
fn signed(v: u32, n: u32) -> i32 {
    (v << (32 - n)) as i32 >> (32 - n)
}

fn ones(n: u32) -> u32 {
    if n == 32 { !0 } else { (1 << n) - 1 }
}

/// Components of a register quadruple with bits of memory.
type Quad = [u32; 4];

impl Format {
    /// The format of a number; None where there is none or its elements are no components side by side.
    pub(crate) fn new(number: u8) -> Option<Format> {
        *FORMATS.get(number as usize)?
    }

    /// Without the sRGB curve.
    pub(crate) fn linear(self) -> Format {
        Format { num: if self.num == Srgb { Unorm } else { self.num }, ..self }
    }

    /// Are registers integers?
    pub(crate) fn integer(&self) -> bool {
        matches!(self.num, Uint | Sint)
    }

    /// 1 as registers hold it.
    pub(crate) fn one(&self) -> u32 {
        if self.integer() { 1 } else { 0x3f80_0000 }
    }

    /// The bits of each component.
    fn split(&self, element: &[u8; 16]) -> Quad {
        let all = u128::from_le_bytes(*element);
        let mut at = 0;
        self.bits.map(|n| {
            let v = if n == 0 { 0 } else { (all >> at) as u32 & ones(n as u32) };
            at += n as u32;
            v
        })
    }

    fn join(&self, parts: Quad) -> [u8; 16] {
        let (mut all, mut at) = (0u128, 0);
        for (v, n) in parts.into_iter().zip(self.bits) {
            if n > 0 {
                all |= ((v & ones(n as u32)) as u128) << at;
                at += n as u32;
            }
        }
        all.to_le_bytes()
    }

    /// An element of memory as registers hold it: f32 bits or integers. Components it has not are 0.
    pub(crate) fn load(&self, element: &[u8; 16]) -> Quad {
        let parts = self.split(element);
        if self.num == SharedExponent {
            let scale = f32::from_bits((parts[3] + 127 - 24) << 23);
            return [parts[0], parts[1], parts[2], 0].map(|m| (m as f32 * scale).to_bits());
        }
        std::array::from_fn(|k| match self.bits[k] {
            0 => 0,
            n => self.expand(parts[k], n as u32, k),
        })
    }

    fn expand(&self, v: u32, n: u32, k: usize) -> u32 {
        match self.num {
            Uint => v,
            Sint => signed(v, n) as u32,
            Uscaled => (v as f32).to_bits(),
            Sscaled => (signed(v, n) as f32).to_bits(),
            Srgb if k < 3 => super::srgb::LINEAR[v as usize & 255],
            Unorm | Srgb => (v as f32 / ones(n) as f32).to_bits(),
            Snorm => (signed(v, n) as f32 / ones(n - 1) as f32).max(-1.0).to_bits(),
            Float | SharedExponent => match n {
                32 => v,
                16 => h2f(v & 0xffff).to_bits(),
                // No sign, and fewer bits of mantissa than f16.
                _ => h2f(v << (15 - n) & 0xffff).to_bits(),
            },
        }
    }

    /// A component of [`Format::load`] in 16 bits; `raw` is what memory holds.
    fn narrow(&self, k: usize, raw: u32, v: u32) -> u32 {
        match (self.num, self.bits[k]) {
            (Uint | Sint, _) => v & 0xffff,
            (Float, 16) => raw & 0xffff,
            (Float, 32) => half_rtz(v),
            _ => half_bits(f32::from_bits(v)),
        }
    }

    /// [`Format::load`] in 16 bits a component.
    pub(crate) fn load16(&self, element: &[u8; 16]) -> Quad {
        let (raw, v) = (self.split(element), self.load(element));
        std::array::from_fn(|k| self.narrow(k, raw[k], v[k]))
    }

    /// Registers of 32 bits in 16, for what was computed from a load.
    pub(crate) fn shorten(&self, v: Quad) -> Quad {
        std::array::from_fn(|k| self.narrow(k, half_bits(f32::from_bits(v[k])), v[k]))
    }

    /// 1 in 16 bits.
    pub(crate) fn one16(&self) -> u32 {
        if self.integer() { 1 } else { 0x3c00 }
    }

    /// Registers as an element of memory; of sRGB and the shared exponent None: the hardware cannot store them.
    pub(crate) fn store(&self, v: Quad) -> Option<[u8; 16]> {
        if matches!(self.num, Srgb | SharedExponent) {
            return None;
        }
        Some(self.join(std::array::from_fn(|k| match self.bits[k] {
            0 => 0,
            n => self.squeeze(v[k], n as u32),
        })))
    }

    fn squeeze(&self, v: u32, n: u32) -> u32 {
        let x = f32::from_bits(v) as f64;
        // The product with at most 24 bits is exact. NaN becomes 0 in the conversion to an integer.
        let fixed = |low: f64, high: f64, scale: f64| (x.clamp(low, high) * scale).round_ties_even() as i64 as u32;
        let (most, half) = (ones(n) as f64, ones(n - 1) as f64);
        match self.num {
            Uint => v.min(ones(n)),
            Sint => (v as i32 as i64).clamp(-(half as i64) - 1, half as i64) as u32,
            Unorm | Srgb => fixed(0.0, 1.0, most),
            Snorm => fixed(-1.0, 1.0, half),
            Uscaled => fixed(0.0, most, 1.0),
            Sscaled => fixed(-half - 1.0, half, 1.0),
            Float | SharedExponent => match n {
                32 => v,
                16 => half_rtz(v),
                _ => {
                    let shift = 15 - n;
                    let h = half_rtz(v);
                    if h & 0x7fff > 0x7c00 {
                        // A NaN, whose payload may lie in the bits that go.
                        return ones(n);
                    }
                    if h & 0x8000 != 0 { 0 } else { h >> shift }
                }
            },
        }
    }

    /// [`Format::store`] from 16 bits a component.
    pub(crate) fn store16(&self, v: Quad) -> Option<[u8; 16]> {
        if self.num == Float && self.bits[0] == 16 {
            return Some(self.join(v));
        }
        self.store(v.map(|x| match self.num {
            Uint => x & 0xffff,
            Sint => x as i16 as i32 as u32,
            _ => h2f(x & 0xffff).to_bits(),
        }))
    }
}

/// What `select` makes of components: 0, 1, or one of the four.
pub(crate) fn selected(select: [u8; 4], v: Quad, one: u32) -> Quad {
    select.map(|s| match s {
        1 => one,
        4..=7 => v[s as usize - 4],
        _ => 0,
    })
}

/// The inverse, for stores: each component of memory is the first register that a load would fill from it, or 0.
pub(crate) fn scattered(select: [u8; 4], v: Quad) -> Quad {
    std::array::from_fn(|k| select.iter().position(|&s| s as usize == k + 4).map_or(0, |j| v[j]))
}

/// Every component from itself.
pub(crate) const IDENTITY: [u8; 4] = [4, 5, 6, 7];

#[cfg(test)]
mod tests {
    use super::*;

    /// What `tests/data/formats.py` computes from the names of the formats.
    const EXPECTED: &str = include_str!("../../tests/data/formats.txt");

    fn element(hex: &str) -> [u8; 16] {
        u128::from_str_radix(hex, 16).expect("a hexadecimal number").to_le_bytes()
    }

    fn quad(words: &[&str]) -> Quad {
        std::array::from_fn(|k| u32::from_str_radix(words[k], 16).expect("a hexadecimal number"))
    }

    #[test]
    fn conversions_are_those_computed_from_the_names() {
        let mut lines = 0;
        for line in EXPECTED.lines() {
            let w: Vec<&str> = line.split_whitespace().collect();
            let format = Format::new(w[1].parse().expect("a number")).expect("a format");
            if w[0] == "load" {
                let e = element(w[3]);
                assert_eq!(format.load(&e), quad(&w[5..9]), "{line}");
                assert_eq!(format.load16(&e), quad(&w[9..13]), "{line}, 16 bits");
            } else {
                assert_eq!(format.store(quad(&w[3..7])), Some(element(w[8])), "{line}");
                assert_eq!(format.store16(quad(&w[9..13])), Some(element(w[14])), "{line}, 16 bits");
            }
            lines += 1;
        }
        assert!(lines > 1000, "{lines} lines");
    }

    #[test]
    fn selections_take_components_zero_and_one() {
        assert_eq!(selected([6, 1, 4, 0], [10, 11, 12, 13], 99), [12, 99, 10, 0]);
        assert_eq!(scattered([6, 5, 4, 7], [10, 11, 12, 13]), [12, 11, 10, 13]);
        assert_eq!(scattered([4, 0, 0, 1], [10, 11, 12, 13]), [10, 0, 0, 0]);
    }

    #[test]
    fn depth_beside_stencil_takes_its_own_bits() {
        let f = |n| Format::new(n).expect("a format");
        let e = 0xab_800000u128.to_le_bytes();
        assert_eq!(f(77).load(&e), [0x80_0000, 0xab, 0, 0]);
        assert_eq!(f(79).load(&e), [0, 0xab8000, 0, 0]);
        assert_eq!((f(80).bytes, f(81).bytes), (8, 8));
        let e = 0x0000_0012_3f80_0000u128.to_le_bytes();
        assert_eq!(f(80).load(&e), [0x3f80_0000, 0x12, 0, 0]);
        assert_eq!(f(81).load(&e), [0x3f80_0000, 0, 0, 0]);
    }

    #[test]
    fn the_exponent_is_shared() {
        // 1.0 = 256 * 2^(16 - 24), with exponent 16.
        let e = ((16u128 << 27) | 256).to_le_bytes();
        assert_eq!(Format::new(67).expect("5_9_9_9").load(&e), [0x3f80_0000, 0, 0, 0]);
    }
}
