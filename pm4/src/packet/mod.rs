//! Packets: what a row becomes, and the header that no caller writes.
//!
//! A type-3 packet is a header and a body. The header's count, opcode and bits come from the row
//! and the body's length, so a wrong one cannot be written. The rows are in `table.rs`.

use crate::field::{FieldDesc, FieldValue, ValuesDesc, layout};
use crate::reg::Space;
use crate::{DecodeError, EncodeError};
use alloc::vec::Vec;
use core::fmt;

mod rules;
mod table;
pub mod values;

pub use table::*;

/// Bits 2:0 of a type-3 header.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct HeaderFlags(u8);

impl HeaderFlags {
    /// No bit set.
    pub const NONE: Self = Self(0);
    /// Bit 0: skipped while predication is on and its condition false.
    pub const PREDICATE: Self = Self(1);
    /// Bit 1: for the compute pipe. On the graphics ring it is what sends a dispatch, or a SET
    /// packet, there; dispatches set it on every ring.
    pub const SHADER_TYPE: Self = Self(2);
    /// Bit 2: forget which registers were written last, as packed register pairs need.
    pub const RESET_FILTER_CAM: Self = Self(4);

    /// The flags of a header.
    #[must_use]
    pub const fn of(header: u32) -> Self {
        Self(header as u8 & 7)
    }

    /// The bits as they stand in the header.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every bit of `other` is set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Debug for HeaderFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [(1, "PREDICATE"), (2, "SHADER_TYPE"), (4, "RESET_FILTER_CAM")];
        let mut set = names.iter().filter(|n| self.0 & n.0 != 0).map(|n| n.1);
        f.write_str(set.next().unwrap_or("NONE"))?;
        set.try_for_each(|name| write!(f, "|{name}"))
    }
}

/// The opcode of `NOP`, the one packet that may have no body.
const NOP: u8 = 0x10;
/// The count field's greatest value. A NOP with this count is its header alone (gfx7 and later).
const COUNT_MAX: u32 = 0x3fff;

/// The header of a packet with `body_dwords` behind it, or `None` where the count cannot say that.
fn header(opcode: u8, body_dwords: usize, flags: HeaderFlags) -> Option<u32> {
    let count = match (opcode, body_dwords) {
        (NOP, 0) => COUNT_MAX,
        (_, 0) => return None,
        (_, n) => u32::try_from(n - 1).ok().filter(|&c| c < COUNT_MAX || c == COUNT_MAX && opcode != NOP)?,
    };
    Some(3 << 30 | count << 16 | u32::from(opcode) << 8 | u32::from(flags.0))
}

/// The body length that a type-3 header counts, in dwords.
pub(crate) fn body_dwords(header: u32) -> usize {
    let count = header >> 16 & COUNT_MAX;
    if count == COUNT_MAX && opcode(header) == NOP { 0 } else { count as usize + 1 }
}

/// Bits 15:8 of a type-3 header.
pub(crate) fn opcode(header: u32) -> u8 {
    (header >> 8) as u8
}

/// Where a field lies in a packet's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The body dword with the field's lowest bit, counted from 0.
    pub dword: u8,
    /// The lowest bit in that dword.
    pub lo: u8,
    /// Bits in all. Beyond bit 31 the field goes on in the next dword.
    pub width: u8,
    /// Low bits of the value that the field leaves out, because they are zero: 2 for an address
    /// in units of four bytes.
    pub shift: u8,
}

/// Bits `lo..=hi` of a body dword.
pub(crate) const fn bits(dword: u8, lo: u8, hi: u8) -> Place {
    assert!(lo <= hi && hi < 32, "a field lies in bits 31:0, low bit first");
    Place { dword, lo, width: hi - lo + 1, shift: 0 }
}

/// One bit of a body dword.
pub(crate) const fn bit(dword: u8, lo: u8) -> Place {
    bits(dword, lo, lo)
}

/// A whole body dword.
pub(crate) const fn word(dword: u8) -> Place {
    bits(dword, 0, 31)
}

/// Two body dwords, low first, of which the low `width` bits are the field.
pub(crate) const fn wide(dword: u8, width: u8) -> Place {
    assert!(32 < width && width <= 64, "wider than one dword, at most two");
    Place { dword, lo: 0, width, shift: 0 }
}

/// `width` bits from bit `lo` of a body dword on, perhaps into the next dword.
pub(crate) const fn span(dword: u8, lo: u8, width: u8) -> Place {
    assert!(lo < 32 && 0 < width && lo + width <= 64, "a field lies in two dwords at most");
    Place { dword, lo, width, shift: 0 }
}

/// A 48-bit address in a dword and the lower half of the next, whose low `shift` bits the packet
/// leaves out.
pub(crate) const fn va48(dword: u8, shift: u8) -> Place {
    Place { dword, lo: shift, width: 48 - shift, shift }
}

/// A 64-bit address in two body dwords, low first, whose low `shift` bits the packet leaves out.
pub(crate) const fn va(dword: u8, shift: u8) -> Place {
    Place { dword, lo: shift, width: 64 - shift, shift }
}

impl Place {
    /// Bits of the two dwords from `dword` on that belong to the field.
    const fn mask(self) -> u64 {
        (u64::MAX >> (64 - self.width)) << self.lo
    }

    /// The field's bits in the dword `index` of the body.
    #[must_use]
    pub const fn mask_in(self, index: usize) -> u32 {
        if index == self.dword as usize {
            self.mask() as u32
        } else if index == self.dword as usize + 1 {
            (self.mask() >> 32) as u32
        } else {
            0
        }
    }

    /// Dwords from the body's start to the field's end.
    pub(crate) const fn end(self) -> usize {
        self.dword as usize + if self.lo + self.width > 32 { 2 } else { 1 }
    }

    /// The value in `body`; absent dwords read as zero.
    #[must_use]
    pub fn get(self, body: &[u32]) -> u64 {
        let dword = |i: usize| u64::from(body.get(i).copied().unwrap_or(0));
        let both = dword(self.dword as usize) | dword(self.dword as usize + 1) << 32;
        (both & self.mask()) >> self.lo << self.shift
    }

    /// Replaces the value in `body`; the other bits stay.
    ///
    /// # Errors
    /// [`EncodeError::Misaligned`] where bits are set that the place leaves out,
    /// [`EncodeError::FieldOverflow`] where the value is wider than the field,
    /// [`EncodeError::Invalid`] where the body ends before the field. `body` is then as it was.
    pub fn set(self, body: &mut [u32], field: &'static str, value: u64) -> Result<(), EncodeError> {
        if body.len() < self.end() {
            return Err(EncodeError::Invalid { what: "the body ends before the field", value: body.len() as u64 });
        }
        let mut bits = [0; 2];
        Self { dword: 0, ..self }.put(&mut bits, field, value)?;
        for (index, dword) in body.iter_mut().enumerate().skip(self.dword as usize).take(2) {
            *dword = *dword & !self.mask_in(index) | bits[index - self.dword as usize];
        }
        Ok(())
    }

    pub(crate) fn put(self, body: &mut [u32], field: &'static str, value: u64) -> Result<(), EncodeError> {
        if value & ((1 << self.shift) - 1) != 0 {
            return Err(EncodeError::Misaligned { field, value, align: 1 << self.shift });
        }
        let raw = value >> self.shift;
        if raw > u64::MAX >> (64 - self.width) {
            return Err(EncodeError::FieldOverflow { field, value, bits: self.width });
        }
        for (index, dword) in body.iter_mut().enumerate().skip(self.dword as usize).take(2) {
            let half = if index == self.dword as usize { raw << self.lo } else { raw << self.lo >> 32 };
            *dword |= half as u32;
        }
        Ok(())
    }
}

/// What the device does at an address that a packet names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// It reads data.
    Read,
    /// It writes data.
    Write,
    /// It reads and writes, as an atomic operation.
    ReadWrite,
    /// It goes on with the packets there.
    Execute,
}

/// A range of memory that a packet names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressUse {
    /// The field that holds the address, as in the row.
    pub field: &'static str,
    /// The address as the packet has it, which need not be canonical.
    pub va: u64,
    /// Bytes from there on. 0 where the packet alone does not say, as of a base that later packets
    /// count from.
    pub bytes: u64,
    /// What is done with them.
    pub access: Access,
    /// Where the address lies in the body, for [`Place::set`].
    pub place: Place,
}

/// The most addresses that one packet has.
const ADDRESSES: usize = 4;

/// The addresses of one packet, in order of the row.
#[derive(Debug, Clone, Copy, Default)]
pub struct Addresses {
    uses: [Option<AddressUse>; ADDRESSES],
    next: usize,
}

impl Addresses {
    /// `bytes` is `None` where the field is no memory address this time.
    pub(crate) fn push(&mut self, field: &'static str, place: Place, access: Access, va: u64, bytes: Option<u64>) {
        if let (Some(bytes), Some(slot)) = (bytes, self.uses.iter_mut().find(|u| u.is_none())) {
            *slot = Some(AddressUse { field, va, bytes, access, place });
        }
    }
}

impl Iterator for Addresses {
    type Item = AddressUse;

    fn next(&mut self) -> Option<AddressUse> {
        let found = self.uses.get(self.next).copied().flatten();
        self.next += usize::from(found.is_some());
        found
    }
}

/// A field of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSpec {
    /// The field's name, as in the struct.
    pub name: &'static str,
    /// Where it lies.
    pub place: Place,
    /// Named values, where the hardware has them.
    pub values: Option<&'static ValuesDesc>,
    /// Fields within the field, where it is a register's value or a layout.
    pub layout: &'static [FieldDesc],
    /// What happens at the address that the field holds, where it can hold one. Whether a given
    /// packet does, and how many bytes there are, says [`Packet::addresses`].
    pub access: Option<Access>,
}

/// What follows the fixed part of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Data, at least this many dwords.
    Words {
        /// Fewest dwords.
        min: usize,
    },
    /// Values of consecutive registers of the space, from the packet's `offset` field on.
    Regs(Space),
    /// Triples of two 16-bit register offsets of the space and their two values.
    Pairs(Space),
    /// Pairs of a 16-bit register offset of the space and its value.
    OffsetValue(Space),
    /// Pairs of a 16-bit register offset of the space and a number of registers from there on,
    /// whose values are in memory.
    Ranges(Space),
}

impl Tail {
    const fn min(self) -> usize {
        match self {
            Self::Words { min } => min,
            Self::Regs(_) => 1,
            Self::Pairs(_) => 3,
            Self::OffsetValue(_) | Self::Ranges(_) => 2,
        }
    }
}

/// Whose buffers may hold a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rings(u8);

impl Rings {
    /// Buffers that user space submits to the graphics ring.
    pub const GFX: Self = Self(1);
    /// Buffers that user space submits to a compute ring.
    pub const COMPUTE: Self = Self(2);
    /// Both.
    pub const USER: Self = Self(3);
    /// Only the kernel's own rings, or a scheduler's: a user buffer with it is refused or does harm.
    pub const KERNEL: Self = Self(0);

    /// Whether every ring of `other` takes the packet.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0 && other.0 != 0
    }
}

/// A packet as the table knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketDesc {
    /// The hardware's name.
    pub name: &'static str,
    /// Bits 15:8 of the header.
    pub opcode: u8,
    /// Body dwords before the tail.
    pub body_dwords: usize,
    /// What varies in length, at the body's end.
    pub tail: Option<Tail>,
    /// Header flags that the packet is written with.
    pub flags: HeaderFlags,
    /// Whose buffers may hold it.
    pub rings: Rings,
    /// The fields of the fixed part, in order of the row.
    pub fields: &'static [FieldSpec],
}

impl PacketDesc {
    /// Fewest dwords of the body.
    #[must_use]
    pub const fn min_dwords(&self) -> usize {
        self.body_dwords + if let Some(tail) = self.tail { tail.min() } else { 0 }
    }

    /// Whether the packet can have a body of this length.
    #[must_use]
    pub const fn fits(&self, dwords: usize) -> bool {
        match self.tail {
            Some(Tail::OffsetValue(_) | Tail::Ranges(_)) => {
                dwords >= self.min_dwords() && (dwords - self.body_dwords).is_multiple_of(2)
            }
            Some(_) => dwords >= self.min_dwords(),
            None => dwords == self.body_dwords,
        }
    }

    /// Bits of the fixed part's dword `index` that no field owns, and no field of a field's layout.
    #[must_use]
    pub fn reserved(&self, index: usize) -> u32 {
        let owned = |f: &FieldSpec| match f.layout {
            [] => f.place.mask_in(index),
            // A layout begins at bit 0 and stays within one dword.
            layout => layout.iter().fold(0, |bits, l| bits | l.mask()) & f.place.mask_in(index),
        };
        !self.fields.iter().fold(0, |bits, f| bits | owned(f))
    }
}

/// Checked while compiling: no field ends beyond the fixed part, and [`Addresses`] has room.
pub(crate) const fn inside(fields: &[FieldSpec], body_dwords: usize) {
    let (mut i, mut addresses) = (0, 0);
    while i < fields.len() {
        assert!(fields[i].place.end() <= body_dwords, "a field lies beyond the body of its packet");
        addresses += fields[i].access.is_some() as usize;
        i += 1;
    }
    assert!(addresses <= ADDRESSES, "a packet has more addresses than ADDRESSES says");
}

/// A packet that a table has.
pub trait TypedPacket: Sized {
    /// What a row is in the packet's language: [`PacketDesc`], or [`sdma::PacketDesc`](crate::sdma::PacketDesc).
    type Desc: 'static;

    /// The row.
    const DESC: &'static Self::Desc;

    /// Appends the body. What `out` holds after an error is unspecified.
    ///
    /// # Errors
    /// A field that does not fit, an address that is not aligned, or what the row's check refuses.
    fn write_body(&self, out: &mut Vec<u32>) -> Result<(), EncodeError>;

    /// Reads a body whose length [`PacketDesc::fits`].
    fn read_body(body: &[u32]) -> Self;

    /// The value of the field of this name, right-aligned; an address as it is.
    fn field(&self, name: &str) -> Option<u64>;

    /// What varies in length; empty where the packet has no tail.
    fn tail(&self) -> &[u32];

    /// The memory that the packet names.
    fn addresses(&self) -> Addresses;

    /// What the row's check says; fields are not looked at one by one.
    ///
    /// # Errors
    /// A combination of field values that the hardware does not take.
    fn check(&self) -> Result<(), EncodeError>;
}

/// What every row becomes, PM4 and SDMA alike: the struct, and its body to and from words.
macro_rules! typed {
    (
        $(#[$m:meta])*
        $name:ident : $desc:ty = $row:expr, body $body:literal $(, check $check:ident)? {
            $( $(#[$fm:meta])* $field:ident : $ty:ty = $kind:ident $args:tt $( , $access:ident $bytes:expr )? ; )*
            $( + $(#[$tm:meta])* $tail:ident ; )?
        }
    ) => {
        $(#[$m])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
        pub struct $name {
            $( $(#[$fm])* pub $field: $ty, )*
            $( $(#[$tm])* pub $tail: Vec<u32>, )?
        }

        impl $name {
            const FIELDS: &'static [FieldSpec] = &[ $( FieldSpec {
                name: stringify!($field),
                place: $kind $args,
                values: <$ty as FieldValue>::VALUES,
                layout: <$ty as FieldValue>::LAYOUT,
                access: typed!(@access $( $access )?),
            } ),* ];
            const ROW: $desc = {
                inside(Self::FIELDS, $body);
                $row
            };
        }

        impl TypedPacket for $name {
            type Desc = $desc;
            const DESC: &'static $desc = &Self::ROW;

            fn write_body(&self, out: &mut Vec<u32>) -> Result<(), EncodeError> {
                self.check()?;
                let start = out.len();
                out.resize(start + $body, 0);
                let _body = &mut out[start..];
                $( $kind $args.put(_body, stringify!($field), self.$field.to_raw())?; )*
                $( out.extend_from_slice(&self.$tail); )?
                Ok(())
            }

            fn read_body(body: &[u32]) -> Self {
                let (_fixed, _rest) = body.split_at_checked($body).unwrap_or((body, &[]));
                Self {
                    $( $field: <$ty as FieldValue>::from_raw($kind $args.get(_fixed)), )*
                    $( $tail: Vec::from(_rest), )?
                }
            }

            fn field(&self, name: &str) -> Option<u64> {
                match name {
                    $( stringify!($field) => Some(self.$field.to_raw()), )*
                    _ => None,
                }
            }

            fn tail(&self) -> &[u32] {
                $( return &self.$tail; )?
                #[allow(unreachable_code)]
                &[]
            }

            fn addresses(&self) -> Addresses {
                #[allow(unused_mut)]
                let mut all = Addresses::default();
                $( $(
                    let bytes: fn(&Self) -> Option<u64> = $bytes;
                    all.push(stringify!($field), $kind $args, Access::$access, self.$field.to_raw(), bytes(self));
                )? )*
                all
            }

            fn check(&self) -> Result<(), EncodeError> {
                $( $check(self)?; )?
                Ok(())
            }
        }
    };
    (@access $access:ident) => { Some(Access::$access) };
    (@access) => { None };
}
pub(crate) use typed;

/// The table. See `table.rs` for the form.
macro_rules! packets {
    ($(
        $(#[$m:meta])*
        $opcode:literal $hw:ident => $name:ident, body $body:literal
        $(, on $rings:ident)? $(, flags $flags:ident)? $(, check $check:ident)? {
            $( $(#[$fm:meta])* $field:ident : $ty:ty = $kind:ident $args:tt $( , $access:ident $bytes:expr )? ; )*
            $( + $(#[$tm:meta])* $tail:ident = $tail_kind:expr ; )?
        }
    )*) => {
        $(
            typed! {
                $(#[$m])*
                #[doc = concat!("\n\n`", stringify!($hw), "`, opcode ", stringify!($opcode), ".")]
                $name: PacketDesc = PacketDesc {
                    name: stringify!($hw),
                    opcode: $opcode,
                    body_dwords: $body,
                    tail: packets!(@tail $( $tail_kind )?),
                    flags: packets!(@flags $( $flags )?),
                    rings: packets!(@rings $( $rings )?),
                    fields: $name::FIELDS,
                }, body $body $(, check $check)? {
                    $( $(#[$fm])* $field : $ty = $kind $args $( , $access $bytes )? ; )*
                    $( + $(#[$tm])* $tail ; )?
                }
            }

            impl From<$name> for Packet {
                fn from(packet: $name) -> Self {
                    Self::$name(packet)
                }
            }
        )*

        /// A type-3 packet of gfx11.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Packet {
            $(
                #[doc = concat!("`", stringify!($hw), "`.")]
                $name($name),
            )*
            /// An opcode that the table lacks.
            Unknown {
                /// Bits 15:8 of the header.
                opcode: u8,
                /// The dwords behind the header.
                body: Vec<u32>,
            },
        }

        /// Every row, in order of opcode.
        pub static PACKETS: &[PacketDesc] = &[ $( $name::ROW ),* ];

        impl Packet {
            /// The packet's row; none for [`Packet::Unknown`].
            #[must_use]
            pub const fn desc(&self) -> Option<&'static PacketDesc> {
                match self {
                    $( Self::$name(_) => Some($name::DESC), )*
                    Self::Unknown { .. } => None,
                }
            }

            pub(super) fn write_body(&self, out: &mut Vec<u32>) -> Result<(), EncodeError> {
                match self {
                    $( Self::$name(packet) => packet.write_body(out), )*
                    Self::Unknown { body, .. } => {
                        out.extend_from_slice(body);
                        Ok(())
                    }
                }
            }

            /// The value of the field of this name, as [`TypedPacket::field`].
            #[must_use]
            pub fn field(&self, name: &str) -> Option<u64> {
                match self {
                    $( Self::$name(packet) => packet.field(name), )*
                    Self::Unknown { .. } => None,
                }
            }

            /// What varies in length, as [`TypedPacket::tail`]; the body of an unknown packet.
            #[must_use]
            pub fn tail(&self) -> &[u32] {
                match self {
                    $( Self::$name(packet) => packet.tail(), )*
                    Self::Unknown { body, .. } => body,
                }
            }

            /// The ranges of memory that the packet itself reads, writes or executes, as its fields
            /// say: what a register or a selector makes of an address field is looked at.
            ///
            /// ```
            /// use pm4::packet::{Access, values::*};
            /// use pm4::{Packet, WriteData};
            /// let payload = vec![1, 2];
            /// let write = WriteData { dst_sel: WriteDataDst::MEM, dst_addr: 0x1000, payload, ..Default::default() };
            /// let uses: Vec<_> = Packet::from(write.clone()).addresses().collect();
            /// assert_eq!((uses[0].field, uses[0].va, uses[0].bytes), ("dst_addr", 0x1000, 8));
            /// assert_eq!(uses[0].access, Access::Write);
            /// let register = WriteData { dst_sel: WriteDataDst::MEM_MAPPED_REGISTER, ..write };
            /// assert_eq!(Packet::from(register).addresses().count(), 0);
            /// ```
            pub fn addresses(&self) -> Addresses {
                match self {
                    $( Self::$name(packet) => packet.addresses(), )*
                    Self::Unknown { .. } => Addresses::default(),
                }
            }

            pub(super) fn check(&self) -> Result<(), EncodeError> {
                match self {
                    $( Self::$name(packet) => packet.check(), )*
                    Self::Unknown { .. } => Ok(()),
                }
            }

            /// The packet with this opcode and body.
            ///
            /// # Errors
            /// [`DecodeError::BodyLength`] where the table has the opcode, but not with a body of this length.
            pub fn from_body(opcode: u8, body: &[u32]) -> Result<Self, DecodeError> {
                match opcode {
                    $( $opcode if $name::ROW.fits(body.len()) => Ok(Self::$name($name::read_body(body))), )*
                    _ => match PACKETS.iter().find(|d| d.opcode == opcode) {
                        Some(d) => {
                            Err(DecodeError::BodyLength { packet: d.name, got: body.len(), want: d.min_dwords() })
                        }
                        None => Ok(Self::Unknown { opcode, body: Vec::from(body) }),
                    },
                }
            }
        }
    };
    (@tail $kind:expr) => { Some($kind) };
    (@tail) => { None };
    (@flags $flags:ident) => { HeaderFlags::$flags };
    (@flags) => { HeaderFlags::NONE };
    (@rings $rings:ident) => { Rings::$rings };
    (@rings) => { Rings::USER };
}
use packets;

/// Opcodes of other generations that gfx11 does not have, in order: the opcode, its name there, and
/// what gfx11 has in its place. Streams for older drivers still use some of them.
pub static RETIRED: &[(u8, &str, &str)] = &[
    (0x2A, "INDEX_TYPE", "SET_UCONFIG_REG_INDEX of VGT_INDEX_TYPE"),
    (0x2E, "DRAW_INDEX_IMMD", "DRAW_INDEX_2 with the indices in memory"),
    (0x41, "CP_DMA", "DMA_DATA"),
    (0x43, "SURFACE_SYNC", "ACQUIRE_MEM"),
    (0x44, "ME_INITIALIZE", "nothing: the kernel initialises the rings"),
    (0x47, "EVENT_WRITE_EOP", "RELEASE_MEM"),
    (0x48, "EVENT_WRITE_EOS", "RELEASE_MEM"),
    (0x57, "ONE_REG_WRITE", "SET_UCONFIG_REG or COPY_DATA"),
    (0x8C, "DISPATCH_DRAW_PREAMBLE", "nothing: primitive shaders are part of a draw"),
    (0x8D, "DISPATCH_DRAW", "nothing: primitive shaders are part of a draw"),
    (0x8F, "DRAW_MULTI_PREAMBLE", "DRAW_MULTI_PREAMBLE at 0xfe"),
    (0x99, "AQL_PACKET", "AQL_PACKET at 0xff"),
    (0xA7, "DISPATCH_DIRECT_INTERLEAVED", "DISPATCH_DIRECT; this one begins with gfx12"),
    (0xA8, "DISPATCH_INDIRECT_INTERLEAVED", "DISPATCH_INDIRECT; this one begins with gfx12"),
    (0xBE, "SET_UCONFIG_REG_PAIRS", "SET_UCONFIG_REG; this one begins with gfx12"),
];

/// The row of [`RETIRED`] for an opcode: its name elsewhere, and what gfx11 has instead.
#[must_use]
pub fn retired(opcode: u8) -> Option<(&'static str, &'static str)> {
    RETIRED.iter().find(|r| r.0 == opcode).map(|r| (r.1, r.2))
}

impl Packet {
    /// The hardware's name, or `UNKNOWN`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.desc().map_or("UNKNOWN", |d| d.name)
    }

    /// Bits 15:8 of the header.
    #[must_use]
    pub fn opcode(&self) -> u8 {
        match self {
            Self::Unknown { opcode, .. } => *opcode,
            known => known.desc().map_or(0, |d| d.opcode),
        }
    }

    /// Byte addresses and values of the registers that the packet itself sets, in order; nothing
    /// for packets that are no SET packets. An offset beyond the packet's space is left out.
    ///
    /// ```
    /// use pm4::{Packet, SetShReg};
    /// let packet = Packet::from(SetShReg { offset: 0x212, values: vec![1, 2], ..Default::default() });
    /// assert!(packet.register_writes().eq([(0xb848, 1), (0xb84c, 2)]));
    /// ```
    pub fn register_writes(&self) -> impl Iterator<Item = (u32, u32)> {
        let kind = self.desc().and_then(|d| d.tail);
        let first = self.field("offset").unwrap_or(0) as u32;
        let tail = self.tail();
        (0..tail.len()).filter_map(move |i| {
            let (space, offset) = match kind? {
                Tail::Regs(space) => (space, first.saturating_add(i as u32)),
                Tail::Pairs(space) => match i % 3 {
                    0 => return None,
                    1 => (space, tail[i - 1] & 0xffff),
                    _ => (space, tail[i - 2] >> 16),
                },
                Tail::OffsetValue(space) if i % 2 == 1 => (space, tail[i - 1] & 0xffff),
                Tail::OffsetValue(_) | Tail::Ranges(_) | Tail::Words { .. } => return None,
            };
            Some((space.address(offset)?, tail[i]))
        })
    }

    /// Appends header and body, with the header flags of the packet's row.
    ///
    /// # Errors
    /// As [`encode_with`](Self::encode_with).
    pub fn encode(&self, out: &mut Vec<u32>) -> Result<(), EncodeError> {
        self.encode_with(self.desc().map_or(HeaderFlags::NONE, |d| d.flags), out)
    }

    /// Appends header and body, with these header flags and no others.
    ///
    /// # Errors
    /// A field that overflows, an address that is not aligned, a body that the count cannot say, or
    /// a combination that the packet's check refuses. `out` is then as it was.
    pub fn encode_with(&self, flags: HeaderFlags, out: &mut Vec<u32>) -> Result<(), EncodeError> {
        let start = out.len();
        out.push(0);
        let done = self.write_body(out).and_then(|()| {
            let dwords = out.len() - start - 1;
            let fits = self.desc().is_none_or(|d| d.fits(dwords));
            header(self.opcode(), dwords, flags)
                .filter(|_| fits)
                .ok_or(EncodeError::BodyLength { packet: self.name(), dwords })
        });
        match done {
            Ok(header) => out[start] = header,
            Err(_) => out.truncate(start),
        }
        done.map(drop)
    }

    /// What in `body` the builder would not have written: reserved bits, an unaligned address, a
    /// combination that the check refuses.
    pub(crate) fn deviation(&self, body: &[u32]) -> Option<EncodeError> {
        let desc = self.desc()?;
        let reserved = (0..desc.body_dwords).find_map(|dword| {
            let bits = body.get(dword)? & desc.reserved(dword);
            (bits != 0).then_some(EncodeError::ReservedBits { packet: desc.name, dword, bits })
        });
        reserved.or_else(|| self.check().err())
    }
}
