//! SDMA 6.0 (gfx11): the packets of the copy engines' rings, built, decoded and printed.
//!
//! An SDMA packet begins with a dword that holds op in bits 7:0, sub_op in bits 15:8 and flags
//! above. There is no count as in PM4: the row knows the length, and where data follows, a field
//! counts it. So an unknown packet cannot be skipped, and reading goes on at the next dword.
//!
//! ```
//! use pm4::sdma;
//!
//! let mut words = Vec::new();
//! sdma::fill(0x20_0000, 0xdead_beef, 0x1000)?.encode(&mut words)?;
//! sdma::copy(0x20_0000, 0x30_0000, 0x1000)?.encode(&mut words)?;
//! sdma::fence(0x40_0000, 1).encode(&mut words)?;
//! assert_eq!(words.len(), 5 + 7 + 4);
//! let names: Vec<_> = sdma::decode(&words).map(|i| i.packet.unwrap().name()).collect();
//! assert_eq!(names, ["CONST_FILL", "COPY_LINEAR", "FENCE"]);
//! # Ok::<(), pm4::EncodeError>(())
//! ```

use crate::field::{FieldValue, values};
use crate::packet::{Access, Addresses, FieldSpec, GcrCntl, Place, TypedPacket, typed};
use crate::packet::{bit, bits, inside, span, va, va48, wide, word};
use crate::print::{Listing, fixed, words_of};
use crate::{DecodeError, EncodeError};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

mod table;
pub use table::*;

/// Data at a packet's end, and the field that counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Data {
    /// The field.
    pub count: Place,
    /// Dwords that the field leaves out: 1 where 0 means one dword.
    pub bias: u32,
}

/// A packet as the table knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketDesc {
    /// The name in AMD's header, without the prefix.
    pub name: &'static str,
    /// Bits 7:0 of the first dword.
    pub op: u8,
    /// Bits 15:8 of the first dword.
    pub sub_op: u8,
    /// A bit of the first dword, and what it has to be, where that tells packets of the same op and
    /// sub_op apart.
    pub when: Option<(u8, bool)>,
    /// Dwords of the fixed part, the first one included.
    pub dwords: usize,
    /// What follows the fixed part.
    pub data: Option<Data>,
    /// Whether a user's buffer may hold it; the others are for the kernel's page tables and registers.
    pub user: bool,
    /// The fields, in order of the row. Their places count from the packet's first dword.
    pub fields: &'static [FieldSpec],
}

impl PacketDesc {
    /// The first dword without the fields' bits.
    const fn header(&self) -> u32 {
        let when = match self.when {
            Some((bit, true)) => 1 << bit,
            _ => 0,
        };
        self.op as u32 | (self.sub_op as u32) << 8 | when
    }

    /// Whether a packet with this first dword has this row.
    #[must_use]
    pub const fn matches(&self, header: u32) -> bool {
        let mask = match self.when {
            Some((bit, _)) => 0xffff | 1 << bit,
            None => 0xffff,
        };
        header & mask == self.header()
    }

    /// Dwords of the packet whose fixed part is `words`; absent dwords count as zero.
    #[must_use]
    pub fn length(&self, words: &[u32]) -> usize {
        self.dwords + self.data.map_or(0, |d| d.count.get(words) as usize + d.bias as usize)
    }

    /// Bits of the fixed part's dword `index` that nothing owns.
    #[must_use]
    pub fn reserved(&self, index: usize) -> u32 {
        let fields = self.fields.iter().fold(0, |bits, f| bits | f.place.mask_in(index));
        let count = self.data.map_or(0, |d| d.count.mask_in(index));
        let header = if index == 0 { 0xffff | self.when.map_or(0, |w| 1 << w.0) } else { 0 };
        !(fields | count | header)
    }
}

/// The table. See `table.rs` for the form.
macro_rules! sdma_packets {
    ($(
        $(#[$m:meta])*
        $op:literal, $sub:literal $( [ $bit:literal : $is:literal ] )? $hw:ident => $name:ident, dwords $dwords:literal
        $(, $kernel:ident)? $(; check $check:ident)? {
            $( $(#[$fm:meta])* $field:ident : $ty:ty = $kind:ident $args:tt $( , $access:ident $bytes:expr )? ; )*
            $( + $(#[$tm:meta])* $tail:ident counted $ckind:ident $cargs:tt, plus $bias:literal ; )?
        }
    )*) => {
        $(
            typed! {
                $(#[$m])*
                #[doc = concat!("\n\n`", stringify!($hw), "`, op ", stringify!($op), ", sub_op ", stringify!($sub), ".")]
                $name: PacketDesc = PacketDesc {
                    name: stringify!($hw),
                    op: $op,
                    sub_op: $sub,
                    when: sdma_packets!(@when $( $bit $is )?),
                    dwords: $dwords,
                    data: sdma_packets!(@data $( $ckind $cargs $bias )?),
                    user: sdma_packets!(@user $( $kernel )?),
                    fields: $name::FIELDS,
                }, body $dwords $(, check $check)? {
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

        /// A packet of SDMA 6.0.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Packet {
            $(
                #[doc = concat!("`", stringify!($hw), "`.")]
                $name($name),
            )*
        }

        /// Every row, in order of op and sub_op.
        pub static PACKETS: &[PacketDesc] = &[ $( $name::ROW ),* ];

        impl Packet {
            /// The packet's row.
            #[must_use]
            pub const fn desc(&self) -> &'static PacketDesc {
                match self {
                    $( Self::$name(_) => $name::DESC, )*
                }
            }

            pub(super) fn write(&self, out: &mut Vec<u32>) -> Result<(), EncodeError> {
                match self {
                    $( Self::$name(packet) => packet.write_body(out), )*
                }
            }

            /// The value of the field of this name, right-aligned; an address as it is.
            #[must_use]
            pub fn field(&self, name: &str) -> Option<u64> {
                match self {
                    $( Self::$name(packet) => packet.field(name), )*
                }
            }

            /// The data at the packet's end; empty where it has none.
            #[must_use]
            pub fn data(&self) -> &[u32] {
                match self {
                    $( Self::$name(packet) => packet.tail(), )*
                }
            }

            /// The ranges of memory that the packet reads, writes or executes. Their places count
            /// from the packet's first dword.
            pub fn addresses(&self) -> Addresses {
                match self {
                    $( Self::$name(packet) => packet.addresses(), )*
                }
            }

            pub(super) fn check(&self) -> Result<(), EncodeError> {
                match self {
                    $( Self::$name(packet) => packet.check(), )*
                }
            }

            pub(super) fn read(words: &[u32]) -> Option<Self> {
                let header = *words.first()?;
                $( if $name::ROW.matches(header) {
                    return Some(Self::$name($name::read_body(words)));
                } )*
                None
            }
        }
    };
    (@when $bit:literal $is:literal) => { Some(($bit, $is)) };
    (@when) => { None };
    (@data $kind:ident $args:tt $bias:literal) => { Some(Data { count: $kind $args, bias: $bias }) };
    (@data) => { None };
    (@user kernel) => { false };
    (@user) => { true };
}
use sdma_packets;

impl Packet {
    /// The name in AMD's header, without the prefix.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.desc().name
    }

    /// Appends the packet.
    ///
    /// # Errors
    /// A field that overflows, an address that is not aligned, data that the counting field cannot
    /// say. `out` is then as it was.
    pub fn encode(&self, out: &mut Vec<u32>) -> Result<(), EncodeError> {
        let start = out.len();
        let done = self.write(out).and_then(|()| self.complete(&mut out[start..]));
        if done.is_err() {
            out.truncate(start);
        }
        done
    }

    /// What no field holds: op, sub_op and the data's count.
    fn complete(&self, words: &mut [u32]) -> Result<(), EncodeError> {
        let desc = self.desc();
        if let Some(header) = words.first_mut() {
            *header |= desc.header();
        }
        let Some(data) = desc.data else { return Ok(()) };
        let dwords = words.len() - desc.dwords;
        let error = EncodeError::BodyLength { packet: desc.name, dwords };
        let count = (dwords as u64).checked_sub(data.bias.into()).ok_or(error)?;
        data.count.put(words, "count", count).map_err(|_| error)
    }

    /// What in `words` the encoder would not have written.
    fn deviation(&self, words: &[u32]) -> Option<EncodeError> {
        let desc = self.desc();
        let reserved = (0..desc.dwords).find_map(|dword| {
            let bits = words.get(dword)? & desc.reserved(dword);
            (bits != 0).then_some(EncodeError::ReservedBits { packet: desc.name, dword, bits })
        });
        reserved.or_else(|| self.check().err())
    }
}

/// One packet of a stream, or what stands where one was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<'a> {
    /// Dwords before it in the stream.
    pub offset: usize,
    /// Its dwords; at least one.
    pub words: &'a [u32],
    /// The packet, or why it is none.
    pub packet: Result<Packet, DecodeError>,
    /// What the encoder would not have written, where the packet could be read nevertheless.
    /// Without it, encoding the packet gives `words` again.
    pub deviation: Option<EncodeError>,
}

/// The packets of `words`, in order. The items' words, joined, are `words`.
///
/// A dword that begins no packet makes an item of its own. A packet beyond the end is the last item.
pub fn decode(words: &[u32]) -> Decode<'_> {
    Decode { words, offset: 0 }
}

/// The iterator that [`decode`] gives.
#[derive(Debug, Clone)]
pub struct Decode<'a> {
    words: &'a [u32],
    offset: usize,
}

impl<'a> Iterator for Decode<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        let rest = self.words.get(self.offset..)?;
        let header = *rest.first()?;
        let (dwords, packet) = match PACKETS.iter().find(|d| d.matches(header)) {
            None => {
                let (op, sub_op) = (header as u8, (header >> 8) as u8);
                (1, Err(DecodeError::UnknownSdma { header, op, sub_op }))
            }
            Some(desc) => {
                let need = desc.length(rest);
                let truncated = DecodeError::Truncated { header, need: need - 1, have: rest.len() - 1 };
                match rest.get(..need) {
                    Some(words) => (need, Packet::read(words).ok_or(truncated)),
                    None => (rest.len(), Err(truncated)),
                }
            }
        };
        let words = &rest[..dwords];
        let deviation = packet.as_ref().ok().and_then(|p| p.deviation(words));
        let item = Item { offset: self.offset, words, packet, deviation };
        self.offset += dwords;
        Some(item)
    }
}

/// `words` as text, a line a dword, as [`crate::print()`].
///
/// ```
/// let text = pm4::sdma::print(&[0x8000_000b, 0x20_0000, 0, 0xdead_beef, 0xfff], None);
/// assert_eq!(text, "    0 8000000b CONST_FILL fillsize=DWORD
///     1 00200000   dst_addr=0x200000
///     2 00000000
///     3 deadbeef   src_data=0xdeadbeef
///     4 00000fff   count=0xfff
/// ");
/// ```
#[must_use]
pub fn print(words: &[u32], base_va: Option<u64>) -> String {
    Text(Listing::new(words, base_va), words).to_string()
}

struct Text<'a>(Listing<'a>, &'a [u32]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in decode(self.1) {
            let (head, mut parts, desc) = match &item.packet {
                Ok(packet) => {
                    let desc = packet.desc();
                    (desc.name, fixed(desc.name, desc.fields, item.words, 0), Some(desc))
                }
                Err(error) => ("ERROR", words_of(&error.to_string()), None),
            };
            if let Some(deviation) = &item.deviation {
                parts.push("WARNING".to_string());
                parts.extend(words_of(&deviation.to_string()));
            }
            self.0.line(f, item.offset, &alloc::format!("{head} "), &parts)?;
            for index in 1..item.words.len() {
                let parts = desc
                    .filter(|d| index < d.dwords)
                    .map_or(Vec::new(), |d| fixed(d.name, d.fields, item.words, index));
                self.0.line(f, item.offset + index, "  ", &parts)?;
            }
        }
        Ok(())
    }
}

/// Copies `bytes` bytes.
///
/// # Errors
/// [`EncodeError::Invalid`] for no bytes or more than the packet counts, 1 GiB.
pub fn copy(src: u64, dst: u64, bytes: u32) -> Result<Packet, EncodeError> {
    let count = bytes_minus_one(bytes)?;
    Ok(CopyLinear { count, src_addr: src, dst_addr: dst, ..Default::default() }.into())
}

/// Fills `bytes` bytes, a multiple of 4, with a dword.
///
/// # Errors
/// [`EncodeError::Invalid`] for no bytes or more than the packet counts, 1 GiB;
/// [`EncodeError::Misaligned`] for a part of a dword.
pub fn fill(dst: u64, value: u32, bytes: u32) -> Result<Packet, EncodeError> {
    if !bytes.is_multiple_of(4) {
        return Err(EncodeError::Misaligned { field: "bytes", value: bytes.into(), align: 4 });
    }
    let count = bytes_minus_one(bytes)?;
    Ok(ConstFill { fillsize: FillSize::DWORD, dst_addr: dst, src_data: value, count, ..Default::default() }.into())
}

/// Writes dwords from the stream.
#[must_use]
pub fn write(dst: u64, data: impl Into<Vec<u32>>) -> Packet {
    WriteLinear { dst_addr: dst, data: data.into(), ..Default::default() }.into()
}

/// Writes a dword when what came before has ended, uncached, as the kernel's own fences.
#[must_use]
pub fn fence(addr: u64, value: u32) -> Packet {
    Fence { mtype: 3, addr, data: value, ..Default::default() }.into()
}

/// Fills up with NOPs to a multiple of `multiple_dw` dwords, as the kernel pads indirect buffers
/// (8 on every SDMA): one NOP that counts the others.
///
/// # Errors
/// [`EncodeError::Invalid`] for a multiple of 0 or more than one NOP can count.
pub fn pad_to(words: &mut Vec<u32>, multiple_dw: usize) -> Result<(), EncodeError> {
    if !(1..=0x4000).contains(&multiple_dw) {
        return Err(EncodeError::Invalid { what: "a multiple of 1 to 0x4000 dwords", value: multiple_dw as u64 });
    }
    match words.len().next_multiple_of(multiple_dw) - words.len() {
        0 => Ok(()),
        missing => Packet::from(Nop { payload: alloc::vec![0; missing - 1] }).encode(words),
    }
}

fn bytes_minus_one(bytes: u32) -> Result<u32, EncodeError> {
    match bytes {
        1..=0x4000_0000 => Ok(bytes - 1),
        _ => Err(EncodeError::Invalid { what: "1 byte to 1 GiB a packet", value: bytes.into() }),
    }
}
