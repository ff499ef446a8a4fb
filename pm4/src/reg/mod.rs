//! The registers that a stream can write, one row each: SH, CONTEXT and UCONFIG spaces of gfx11; and
//! privileged ones that it can read: GRBM, CP, SQ, SPI, and the SDMA engines with their first queue.
//!
//! A row gives a constant and, where the register has fields, a type, both under the hardware's name:
//!
//! ```
//! use pm4::reg::{self, COMPUTE_PGM_RSRC2};
//!
//! // The type: fields are constants, a value that does not fit is an error.
//! let rsrc2 = COMPUTE_PGM_RSRC2::new()
//!     .with(COMPUTE_PGM_RSRC2::USER_SGPR, 5u32)?
//!     .with(COMPUTE_PGM_RSRC2::TGID_X_EN, true)?;
//! assert_eq!(rsrc2.bits(), 0x8a);
//! assert_eq!(rsrc2.get(COMPUTE_PGM_RSRC2::USER_SGPR), 5);
//! assert!(rsrc2.with(COMPUTE_PGM_RSRC2::USER_SGPR, 32u32).is_err());
//! // The same, shorter:
//! assert_eq!(pm4::reg_value!(COMPUTE_PGM_RSRC2 { USER_SGPR: 5u32, TGID_X_EN: true })?, rsrc2);
//!
//! // The constant: where it is. `Stream::set` takes the two together, and only together.
//! assert_eq!(reg::COMPUTE_PGM_RSRC2.address(), 0xb84c);
//! assert_eq!(reg::by_address(0xb84c).unwrap().name, "COMPUTE_PGM_RSRC2");
//! # Ok::<(), pm4::EncodeError>(())
//! ```
//!
//! What a row cannot say, such as writes that must not be dropped, is in [`quirks`].
//!
//! The rows are Mesa's description of gfx11 (25.0) and the amdgpu driver's `gc_11_0_0` headers. The SH space, and with it everything that a
//! dispatch needs, is the same on gfx1150 and gfx1151; a dozen performance-counter and graphics
//! registers of the other two spaces are not.

use crate::field::{FieldDesc, FieldValue, Fields, layout};
use core::fmt;
use core::marker::PhantomData;

mod config;
mod context;
mod extra;
pub mod quirks;
mod sh;
mod uconfig;
pub mod values {
    //! Named values of register fields, for use with `with`: `COMPUTE_PGM_RSRC1::FLOAT_MODE` takes
    //! a [`FLOAT_MODE`] or a number.
    pub use super::values_table::*;
}
#[path = "values.rs"]
mod values_table;

pub use config::*;
pub use context::*;
pub use extra::*;
pub use sh::*;
pub use uconfig::*;

/// A register space: what one SET packet can reach. Its packet counts dwords from the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Space {
    /// Persistent shader state, 0xb000..0xc000, `SET_SH_REG`.
    Sh,
    /// Context state of the graphics pipe, 0x28000..0x30000, `SET_CONTEXT_REG`.
    Context,
    /// Configuration that user space may write, 0x30000..0x40000, `SET_UCONFIG_REG`.
    Uconfig,
    /// Privileged configuration and state, 0x8000..0xb000. A user's buffer can read it, with
    /// `COPY_DATA` and `WAIT_REG_MEM`; `SET_CONFIG_REG` is the kernel's.
    Config,
}

impl Space {
    /// Every space that a user's SET packets reach.
    pub const ALL: [Self; 3] = [Self::Sh, Self::Context, Self::Uconfig];

    /// Byte addresses of the space.
    #[must_use]
    pub const fn range(self) -> core::ops::Range<u32> {
        match self {
            Self::Sh => 0xb000..0xc000,
            Self::Context => 0x28000..0x30000,
            Self::Uconfig => 0x30000..0x40000,
            Self::Config => 0x8000..0xb000,
        }
    }

    /// The space of a byte address, one of [`ALL`](Self::ALL).
    #[must_use]
    pub fn of(address: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.range().contains(&address))
    }

    /// `SH`, `CONTEXT`, `UCONFIG` or `CONFIG`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sh => "SH",
            Self::Context => "CONTEXT",
            Self::Uconfig => "UCONFIG",
            Self::Config => "CONFIG",
        }
    }

    /// The byte address of the register `offset` dwords into the space.
    #[must_use]
    pub fn address(self, offset: u32) -> Option<u32> {
        let address = offset.checked_mul(4)?.checked_add(self.range().start)?;
        self.range().contains(&address).then_some(address)
    }
}

/// A register as the tables know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegDesc {
    /// The hardware's name.
    pub name: &'static str,
    /// Byte address.
    pub address: u32,
    /// Fields; none where the register holds one number.
    pub fields: &'static [FieldDesc],
    /// The value after reset, as the amdgpu driver's `gc_11_0_0_default.h` has it; none where that
    /// publishes none. What a buffer finds may differ: the kernel and earlier buffers write too.
    pub reset: Option<u32>,
}

impl RegDesc {
    /// The space that the address lies in; none for privileged registers, which no SET packet of a
    /// user's buffer reaches.
    #[must_use]
    pub fn space(&self) -> Option<Space> {
        Space::of(self.address)
    }

    /// `{FIELD=value, …}` of the fields that are not zero.
    pub fn fields_of(&self, bits: u32) -> impl fmt::Display {
        Fields(self.fields, bits)
    }
}

/// A register that takes values of type `V`: a layout with fields, or `u32`.
pub struct Reg<V = u32> {
    name: &'static str,
    address: u32,
    value: PhantomData<fn(V)>,
}

impl<V> Reg<V> {
    const fn new(name: &'static str, address: u32) -> Self {
        assert!(address.is_multiple_of(4), "a register lies at a multiple of four bytes");
        Self { name, address, value: PhantomData }
    }

    /// The hardware's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Byte address.
    #[must_use]
    pub const fn address(self) -> u32 {
        self.address
    }

    /// Dwords from the base of its space, as SET packets count; for privileged registers dwords from
    /// 0, as `COPY_DATA` and `WAIT_REG_MEM` count every register.
    #[must_use]
    pub fn offset(self) -> u32 {
        (self.address - Space::of(self.address).map_or(0, |s| s.range().start)) / 4
    }
}

impl<V> Clone for Reg<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Reg<V> {}

impl<V> fmt::Debug for Reg<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{:#x}", self.name, self.address)
    }
}

/// Number of `COMPUTE_USER_DATA` registers, and so the most user SGPRs of a compute wave.
pub const COMPUTE_USER_DATA_COUNT: u32 = 16;

/// `COMPUTE_USER_DATA_<index>`, for `index` below [`COMPUTE_USER_DATA_COUNT`].
#[must_use]
pub fn compute_user_data(index: u32) -> Option<Reg<u32>> {
    let desc = by_address(COMPUTE_USER_DATA_0.address.checked_add(index.checked_mul(4)?)?)?;
    (index < COMPUTE_USER_DATA_COUNT).then(|| Reg::new(desc.name, desc.address))
}

/// Every register, in order of address.
pub fn all() -> impl Iterator<Item = &'static RegDesc> {
    tables().into_iter().flatten()
}

/// The register at a byte address.
#[must_use]
pub fn by_address(address: u32) -> Option<&'static RegDesc> {
    let find = |rows: &'static [RegDesc]| rows.binary_search_by_key(&address, |r| r.address).ok().map(|i| &rows[i]);
    tables().into_iter().find_map(find)
}

/// The register of a name; aliases are not looked up.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static RegDesc> {
    all().find(|r| r.name == name)
}

/// Each table is in order of address.
fn tables() -> [&'static [RegDesc]; 5] {
    [config::ROWS, sh::ROWS, context::ROWS, uconfig::ROWS, extra::ROWS]
}

/// A layout value from its fields: `reg_value!(COMPUTE_PGM_RSRC2 { USER_SGPR: 5u32, TGID_X_EN: true })`.
///
/// Gives `Result<COMPUTE_PGM_RSRC2, EncodeError>`; fields that are not named are zero.
#[macro_export]
macro_rules! reg_value {
    ($reg:ident { $( $field:ident : $value:expr ),* $(,)? }) => {{
        let value: ::core::result::Result<$reg, $crate::EncodeError> = Ok($reg::new());
        $( let value = value.and_then(|v| v.with($reg::$field, $value)); )*
        value
    }};
}

/// The rows of one file. See `sh.rs` for the form.
macro_rules! registers {
    ($space:ident; $(
        $at:literal $name:ident $( ( $reset:literal ) )?
        $( = $same:ident )?
        $( { $( $field:ident $lo:literal $( ..= $hi:literal )? $( : $values:ident )? ),* $(,)? } )? ;
    )*) => {
        $( registers!(@row $at $name $( = $same )? $( { $( $field $lo $( ..= $hi )? $( : $values )? ),* } )?); )*
        pub(super) const ROWS: &[RegDesc] = &[
            $( RegDesc {
                name: stringify!($name),
                address: $at,
                fields: registers!(@fields $name $( = $same )? $( { $( $field )* } )?),
                reset: registers!(@reset $( $reset )?),
            } ),*
        ];
    };
    (@row $at:literal $name:ident) => {
        #[doc = concat!("`", stringify!($name), "` at ", stringify!($at), ", one number.")]
        #[allow(non_upper_case_globals)]
        pub const $name: Reg<u32> = Reg::new(stringify!($name), $at);
    };
    (@row $at:literal $name:ident = $same:ident) => {
        #[doc = concat!("Fields of [`", stringify!($same), "`](struct@", stringify!($same), ").")]
        #[allow(non_camel_case_types)]
        pub type $name = $same;
        #[doc = concat!("`", stringify!($name), "` at ", stringify!($at), ".")]
        #[allow(non_upper_case_globals)]
        pub const $name: Reg<$same> = Reg::new(stringify!($name), $at);
    };
    (@row $at:literal $name:ident { $( $fields:tt )* }) => {
        layout! {
            #[doc = concat!("Value of `", stringify!($name), "`, at ", stringify!($at), ".")]
            $name { $( $fields )* }
        }
        #[doc = concat!("`", stringify!($name), "` at ", stringify!($at), ".")]
        #[allow(non_upper_case_globals)]
        pub const $name: Reg<$name> = Reg::new(stringify!($name), $at);
    };
    (@reset $reset:literal) => { Some($reset) };
    (@reset) => { None };
    (@fields $name:ident) => { &[] };
    (@fields $name:ident = $same:ident) => { <$same as FieldValue>::LAYOUT };
    (@fields $name:ident { $( $field:ident )* }) => { <$name as FieldValue>::LAYOUT };
}
use registers;
