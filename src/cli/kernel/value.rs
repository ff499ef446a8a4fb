//! Element types and scalar values, as the command line and `.npy` files name them.

use std::fmt;

use sparkle_pm4::object::Arg;

/// An element type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dtype {
    /// `f32`, `i8`, ….
    pub name: &'static str,
    /// NumPy's name.
    numpy: &'static str,
    /// `'<f4'`: how `.npy` headers write it.
    pub descr: &'static str,
    /// Bytes.
    pub size: usize,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// With this many bits of exponent and of mantissa.
    Float(u32, u32),
    Signed,
    Unsigned,
}

const fn of(name: &'static str, numpy: &'static str, descr: &'static str, size: usize, form: Form) -> Dtype {
    Dtype { name, numpy, descr, size, form }
}

/// Every type that an argument can have.
pub const DTYPES: [Dtype; 12] = [
    of("f16", "float16", "<f2", 2, Form::Float(5, 10)),
    // NumPy has no such type: files hold the bits as integers.
    of("bf16", "bfloat16", "<u2", 2, Form::Float(8, 7)),
    of("f32", "float32", "<f4", 4, Form::Float(8, 23)),
    of("f64", "float64", "<f8", 8, Form::Float(11, 52)),
    of("i8", "int8", "|i1", 1, Form::Signed),
    of("i16", "int16", "<i2", 2, Form::Signed),
    of("i32", "int32", "<i4", 4, Form::Signed),
    of("i64", "int64", "<i8", 8, Form::Signed),
    of("u8", "uint8", "|u1", 1, Form::Unsigned),
    of("u16", "uint16", "<u2", 2, Form::Unsigned),
    of("u32", "uint32", "<u4", 4, Form::Unsigned),
    of("u64", "uint64", "<u8", 8, Form::Unsigned),
];

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

impl Dtype {
    /// By its own name or NumPy's.
    pub fn parse(name: &str) -> Option<Self> {
        DTYPES.into_iter().find(|t| t.name == name || t.numpy == name)
    }

    /// Whether a value of this type may be given where one of `other` is declared: integers of either sign have the
    /// same bits.
    pub fn stands_for(&self, other: &Self) -> bool {
        let integer = |form| matches!(form, Form::Signed | Form::Unsigned);
        self.size == other.size && (self.form == other.form || integer(self.form) && integer(other.form))
    }

    /// A value as it lies in memory, little-endian. Floats are rounded to nearest, ties to even; the 16-bit ones from
    /// the nearest f64.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u8>, String> {
        let bytes = match self.form {
            Form::Float(_, 23) => float(text, str::parse::<f32>)?.to_le_bytes().to_vec(),
            Form::Float(_, 52) => float(text, str::parse::<f64>)?.to_le_bytes().to_vec(),
            Form::Float(exponent, mantissa) => {
                narrow(float(text, str::parse::<f64>)?, exponent, mantissa).to_le_bytes().to_vec()
            }
            Form::Signed | Form::Unsigned => {
                let value = integer(text)?;
                let bits = 8 * self.size as u32;
                let (low, high) = match self.form {
                    Form::Signed => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
                    _ => (0, (1i128 << bits) - 1),
                };
                if !(low..=high).contains(&value) {
                    return Err(format!("{value} is outside {low}..={high}, what {self} holds"));
                }
                value.to_le_bytes()[..self.size].to_vec()
            }
        };
        Ok(bytes)
    }
}

/// The type that an argument by value is declared with, where the metadata tells a scalar's: `.type_name` as OpenCL and
/// C++ name it, or `.value_type`. Names that somebody may have given a type of his own tell nothing.
pub fn declared(arg: &Arg) -> Option<Dtype> {
    let name = arg.type_name.as_deref().or(arg.value_type.as_deref())?;
    let name = name.trim().trim_start_matches("const ").trim_start_matches("volatile ");
    let name = match name {
        "half" | "_Float16" | "__fp16" => "f16",
        "__bf16" => "bf16",
        "float" => "f32",
        "double" => "f64",
        "char" | "signed char" | "bool" | "_Bool" => "i8",
        "uchar" | "unsigned char" => "u8",
        "short" => "i16",
        "ushort" | "unsigned short" => "u16",
        "int" => "i32",
        "uint" | "unsigned" | "unsigned int" => "u32",
        "long" | "long long" | "ptrdiff_t" | "intptr_t" => "i64",
        "ulong" | "unsigned long" | "unsigned long long" | "size_t" | "uintptr_t" => "u64",
        other => other,
    };
    // A name means nothing where the size contradicts it.
    Dtype::parse(name).filter(|t| t.size == arg.size as usize)
}

fn float<T>(text: &str, parse: impl Fn(&str) -> Result<T, std::num::ParseFloatError>) -> Result<T, String> {
    parse(text.trim()).map_err(|_| format!("`{text}` is no number, such as 1.5, -3e-4, inf or nan"))
}

/// Decimal, or hexadecimal behind `0x`, with a sign or without.
fn integer(text: &str) -> Result<i128, String> {
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let (digits, radix) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None => (digits, 10),
    };
    let value = u64::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with(['+', '-']));
    let value = value.ok_or_else(|| format!("`{text}` is no integer of at most 64 bits, such as 7, -7 or 0x1f"))?;
    Ok(if negative { -i128::from(value) } else { i128::from(value) })
}

/// The nearest float with so many bits, ties to even; NaN stays a quiet NaN.
fn narrow(value: f64, exponent: u32, mantissa: u32) -> u16 {
    let sign = u16::from(value.is_sign_negative()) << 15;
    let infinity = ((1u16 << exponent) - 1) << mantissa;
    if value.is_nan() {
        return sign | infinity | 1 << (mantissa - 1);
    }
    let magnitude = value.abs();
    if magnitude.is_infinite() {
        return sign | infinity;
    }
    let bias = (1i32 << (exponent - 1)) - 1;
    let lowest = 1 - bias;
    // The exponent of an f64; denormal ones lie below everything that the narrow formats have.
    let own = (magnitude.to_bits() >> 52) as i32 - 1023;
    let scale = own.max(lowest);
    // The value in units of the last place: scaling by powers of two is exact, so that this rounds once.
    let places = (magnitude * 2f64.powi(mantissa as i32 - scale)).round_ties_even();
    // The hidden bit adds one to the exponent; so does a mantissa that was rounded up to a power of two.
    let bits = (i64::from(scale + bias - 1) << mantissa) + places as i64;
    sign | u16::try_from(bits).unwrap_or(infinity).min(infinity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(dtype: &str, text: &str) -> String {
        let bytes = Dtype::parse(dtype).unwrap().encode(text).unwrap();
        bytes.iter().rev().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn values_are_those_of_numpy() {
        // numpy.float16(TEXT).view('u2'), and the upper halves of rounded float32 for bf16.
        let cases = [
            ("f16", "1", "3c00"),
            ("f16", "-2.5", "c100"),
            ("f16", "0.1", "2e66"),
            ("f16", "65504", "7bff"),
            ("f16", "65519.9", "7bff"),
            ("f16", "65520", "7c00"),
            ("f16", "5.960464477539063e-08", "0001"),
            ("f16", "2.98023223876953125e-08", "0000"),
            ("f16", "2.9802322387695319e-08", "0001"),
            ("f16", "6.103515625e-05", "0400"),
            ("f16", "2049", "6800"),
            ("f16", "2051", "6802"),
            ("f16", "-0", "8000"),
            ("f16", "-inf", "fc00"),
            ("f16", "nan", "7e00"),
            ("f16", "1e-320", "0000"),
            ("bf16", "1", "3f80"),
            ("bf16", "3.14159274", "4049"),
            ("bf16", "3.4e38", "7f80"),
            ("f32", "0.1", "3dcccccd"),
            ("f64", "-1.5", "bff8000000000000"),
            ("i8", "-128", "80"),
            ("u8", "0xff", "ff"),
            ("i16", "-2", "fffe"),
            ("u64", "18446744073709551615", "ffffffffffffffff"),
            ("i64", "-9223372036854775808", "8000000000000000"),
            ("float32", "2", "40000000"),
        ];
        for (dtype, text, want) in cases {
            assert_eq!(hex(dtype, text), want, "{dtype}:{text}");
        }
    }

    #[test]
    fn declared_types_are_known_by_their_names() {
        let arg = |name: &str, size| Arg {
            name: None,
            offset: 0,
            size,
            kind: sparkle_pm4::object::ValueKind::ByValue,
            address_space: None,
            access: None,
            type_name: Some(name.to_owned()),
            value_type: None,
        };
        let name = |name: &str, size| declared(&arg(name, size)).map(|t| t.name);
        assert_eq!(name("float", 4), Some("f32"));
        assert_eq!(name("unsigned int", 4), Some("u32"));
        assert_eq!(name("half", 2), Some("f16"));
        assert_eq!((name("float", 8), name("uint4", 16), name("thing", 4)), (None, None, None));
        let of = |name| Dtype::parse(name).unwrap();
        assert!(of("i32").stands_for(&of("u32")) && of("f32").stands_for(&of("f32")));
        assert!(!of("f32").stands_for(&of("u32")) && !of("bf16").stands_for(&of("f16")));
        assert!(!of("u32").stands_for(&of("f32")) && !of("u16").stands_for(&of("u32")));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (dtype, text) in [
            ("i8", "128"),
            ("u8", "-1"),
            ("u32", "4294967296"),
            ("i64", "9223372036854775808"),
            ("i32", "1.5"),
            ("i32", ""),
            ("i32", "--1"),
            ("u64", "0x"),
            ("f32", "one"),
        ] {
            assert!(Dtype::parse(dtype).unwrap().encode(text).is_err(), "{dtype}:{text}");
        }
        assert_eq!(Dtype::parse("f8"), None);
    }
}
