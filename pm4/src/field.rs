//! Bit fields: how a row's `NAME low..=high: VALUES` becomes code, for registers and packets alike.

use crate::EncodeError;
use core::fmt;
use core::marker::PhantomData;

/// The named values of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValuesDesc {
    /// The enumeration's name.
    pub name: &'static str,
    /// Name and number, in order of number.
    pub entries: &'static [(&'static str, u32)],
}

impl ValuesDesc {
    /// The name of `value`, where it has one.
    #[must_use]
    pub fn name_of(&self, value: u64) -> Option<&'static str> {
        self.entries.iter().find(|e| u64::from(e.1) == value).map(|e| e.0)
    }
}

/// One field of a 32-bit layout: a register, or a packet dword that has fields of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldDesc {
    /// The hardware's name.
    pub name: &'static str,
    /// Lowest bit.
    pub lo: u8,
    /// Highest bit, inclusive.
    pub hi: u8,
    /// Named values, where the hardware has them.
    pub values: Option<&'static ValuesDesc>,
}

impl FieldDesc {
    /// The field's bits in place.
    #[must_use]
    pub const fn mask(&self) -> u32 {
        (u32::MAX >> (31 - (self.hi - self.lo))) << self.lo
    }

    /// The field's value in `bits`.
    #[must_use]
    pub const fn get(&self, bits: u32) -> u32 {
        (bits & self.mask()) >> self.lo
    }

    /// `bits` with this field replaced.
    ///
    /// # Errors
    /// [`FieldOverflow`](EncodeError::FieldOverflow) where `value` has more bits than the field.
    pub const fn insert(&self, bits: u32, value: u32) -> Result<u32, EncodeError> {
        if value > self.mask() >> self.lo {
            let width = self.hi - self.lo + 1;
            return Err(EncodeError::FieldOverflow { field: self.name, value: value as u64, bits: width });
        }
        Ok(bits & !self.mask() | value << self.lo)
    }
}

/// A field of the layout `L`. A field of another layout does not compile.
pub struct Field<L> {
    /// Name, bits and values.
    pub desc: FieldDesc,
    layout: PhantomData<fn(L)>,
}

impl<L> Field<L> {
    pub(crate) const fn new(name: &'static str, lo: u8, hi: u8, values: Option<&'static ValuesDesc>) -> Self {
        assert!(lo <= hi && hi < 32, "a field lies in bits 31:0, low bit first");
        Self { desc: FieldDesc { name, lo, hi, values }, layout: PhantomData }
    }
}

impl<L> Clone for Field<L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L> Copy for Field<L> {}

impl<L> fmt::Debug for Field<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.desc.fmt(f)
    }
}

/// What a packet field or a register can hold.
pub trait FieldValue: Copy {
    /// Named values, where the type is an enumeration.
    const VALUES: Option<&'static ValuesDesc> = None;
    /// Fields, where the type is a layout.
    const LAYOUT: &'static [FieldDesc] = &[];
    /// The bits, right-aligned.
    fn to_raw(self) -> u64;
    /// The value of right-aligned bits; bits beyond the type's width are not looked at.
    fn from_raw(raw: u64) -> Self;
}

impl FieldValue for bool {
    fn to_raw(self) -> u64 {
        u64::from(self)
    }
    fn from_raw(raw: u64) -> Self {
        raw & 1 != 0
    }
}

impl FieldValue for u32 {
    fn to_raw(self) -> u64 {
        u64::from(self)
    }
    fn from_raw(raw: u64) -> Self {
        raw as u32
    }
}

impl FieldValue for u64 {
    fn to_raw(self) -> u64 {
        self
    }
    fn from_raw(raw: u64) -> Self {
        raw
    }
}

/// `{A=1, B=NAME}` with the fields that are not zero; bits outside every field as `?=0x…`.
pub(crate) struct Fields<'a>(pub(crate) &'a [FieldDesc], pub(crate) u32);

impl Fields<'_> {
    /// Calls `each` with every part of the list.
    pub(crate) fn parts(&self, mut each: impl FnMut(fmt::Arguments<'_>) -> fmt::Result) -> fmt::Result {
        let mut rest = self.1;
        for field in self.0 {
            rest &= !field.mask();
            let value = field.get(self.1);
            if value != 0 {
                each(format_args!("{}={}", field.name, Number(u64::from(value), field.values)))?;
            }
        }
        if rest != 0 && !self.0.is_empty() {
            each(format_args!("?={rest:#x}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        f.write_str("{")?;
        self.parts(|part| {
            if !core::mem::take(&mut first) {
                f.write_str(", ")?;
            }
            f.write_fmt(part)
        })?;
        f.write_str("}")
    }
}

/// A number as dumps print it: its name, else decimal below ten, else hexadecimal.
pub(crate) struct Number(pub(crate) u64, pub(crate) Option<&'static ValuesDesc>);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1.and_then(|v| v.name_of(self.0)) {
            Some(name) => f.write_str(name),
            None if self.0 < 10 => write!(f, "{}", self.0),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

/// Enumerations: `NAME { VALUE = number, … }`. Each becomes an open newtype with constants, because
/// a stream can hold a number that has no name and must survive decoding.
macro_rules! values {
    ($( $(#[$m:meta])* $name:ident { $( $(#[$vm:meta])* $value:ident = $n:literal ),+ $(,)? } )*) => { $(
        #[doc = concat!("Values of `", stringify!($name), "` fields. Numbers without a name are kept as they are.")]
        $(#[$m])*
        #[allow(non_camel_case_types)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub u32);

        #[allow(non_upper_case_globals)]
        impl $name {
            $(
                #[doc = concat!("`", stringify!($value), "` = ", stringify!($n), ".")]
                $(#[$vm])*
                pub const $value: Self = Self($n);
            )+
            /// Every name with its number.
            pub const DESC: $crate::field::ValuesDesc = $crate::field::ValuesDesc {
                name: stringify!($name),
                entries: &[ $( (stringify!($value), $n) ),+ ],
            };
        }

        impl From<$name> for u32 {
            fn from(value: $name) -> u32 {
                value.0
            }
        }

        impl $crate::field::FieldValue for $name {
            const VALUES: Option<&'static $crate::field::ValuesDesc> = Some(&Self::DESC);
            fn to_raw(self) -> u64 {
                u64::from(self.0)
            }
            fn from_raw(raw: u64) -> Self {
                Self(raw as u32)
            }
        }
    )* };
}

/// A 32-bit layout: `NAME { FIELD bit, FIELD low..=high: VALUES }`, with the enumerations in a
/// module `values` at the call.
macro_rules! layout {
    ($(#[$m:meta])* $name:ident {
        $( $field:ident $lo:literal $( ..= $hi:literal )? $( : $values:ident )? ),* $(,)?
    }) => {
        $(#[$m])*
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $name {
            bits: u32,
        }

        #[allow(non_upper_case_globals)]
        impl $name {
            $(
                #[doc = concat!("Field `", stringify!($field), "`, bits ", stringify!($lo $( ..= $hi )?), ".")]
                pub const $field: $crate::field::Field<Self> =
                    $crate::field::Field::new(stringify!($field), $lo, layout!(@hi $lo $( $hi )?), layout!(@values $( $values )?));
            )*
            /// Every field, in order of the row.
            pub const FIELDS: &'static [$crate::field::FieldDesc] = &[ $( Self::$field.desc ),* ];

            /// All fields zero.
            #[must_use]
            pub const fn new() -> Self {
                Self { bits: 0 }
            }

            /// The value with these bits, named or not.
            #[must_use]
            pub const fn from_bits(bits: u32) -> Self {
                Self { bits }
            }

            /// The 32 bits that the hardware gets.
            #[must_use]
            pub const fn bits(self) -> u32 {
                self.bits
            }

            /// The value of `field`.
            #[must_use]
            pub const fn get(self, field: $crate::field::Field<Self>) -> u32 {
                field.desc.get(self.bits)
            }

            /// This value with `field` replaced.
            ///
            /// # Errors
            /// [`FieldOverflow`](crate::EncodeError::FieldOverflow) where `value` has more bits than the field.
            pub fn with(self, field: $crate::field::Field<Self>, value: impl Into<u32>) -> Result<Self, $crate::EncodeError> {
                field.desc.insert(self.bits, value.into()).map(Self::from_bits)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}({:#010x}) {}", stringify!($name), self.bits, $crate::field::Fields(Self::FIELDS, self.bits))
            }
        }

        impl From<$name> for u32 {
            fn from(value: $name) -> u32 {
                value.bits
            }
        }

        impl $crate::field::FieldValue for $name {
            const LAYOUT: &'static [$crate::field::FieldDesc] = Self::FIELDS;
            fn to_raw(self) -> u64 {
                u64::from(self.bits)
            }
            fn from_raw(raw: u64) -> Self {
                Self::from_bits(raw as u32)
            }
        }
    };
    (@hi $lo:literal $hi:literal) => { $hi };
    (@hi $lo:literal) => { $lo };
    (@values $values:ident) => { Some(&values::$values::DESC) };
    (@values) => { None };
}

pub(crate) use layout;
pub(crate) use values;
