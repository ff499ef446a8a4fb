//! Words back into packets.

use crate::packet::{HeaderFlags, Packet, body_dwords, opcode};
use crate::{DecodeError, EncodeError};
use alloc::vec::Vec;

/// One packet of a stream, or what stands where one was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<'a> {
    /// Dwords before it in the stream.
    pub offset: usize,
    /// Its dwords, header included; at least one.
    pub words: &'a [u32],
    /// The header's low bits.
    pub flags: HeaderFlags,
    /// The packet, or why it is none.
    pub packet: Result<Packet, DecodeError>,
    /// What the builder would not have written, where the packet could be read nevertheless:
    /// reserved bits that are set, an address that is not aligned. Without it, encoding the packet
    /// with `flags` gives `words` again.
    pub deviation: Option<EncodeError>,
}

impl Item<'_> {
    /// Appends the packet as it stood, header flags included.
    ///
    /// # Errors
    /// As [`Packet::encode_with`]; an item without a packet appends its words.
    pub fn encode(&self, out: &mut Vec<u32>) -> Result<(), EncodeError> {
        match &self.packet {
            Ok(packet) => packet.encode_with(self.flags, out),
            Err(_) => {
                out.extend_from_slice(self.words);
                Ok(())
            }
        }
    }
}

/// The packets of `words`, in order. The items' words, joined, are `words`.
///
/// A header that is none makes an item of one dword, and reading goes on behind it. A packet of a
/// wrong length is skipped as its header counts it. A count beyond the end is the last item.
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
        let (dwords, packet) = read(header, rest);
        let words = &rest[..dwords];
        let deviation = packet.as_ref().ok().and_then(|p| p.deviation(&words[1..]));
        let item = Item { offset: self.offset, words, flags: HeaderFlags::of(header), packet, deviation };
        self.offset += dwords;
        Some(item)
    }
}

/// How many dwords, between 1 and `rest.len()`, and what they are.
fn read(header: u32, rest: &[u32]) -> (usize, Result<Packet, DecodeError>) {
    let error = match header >> 30 {
        0 => DecodeError::Type0 { header },
        1 => DecodeError::Type1 { header },
        2 => DecodeError::Type2 { header },
        _ if header & 0xf8 != 0 => DecodeError::HeaderBits { header, bits: header as u8 & 0xf8 },
        _ => {
            let need = body_dwords(header);
            return match rest.get(1..1 + need) {
                Some(body) => (1 + need, Packet::from_body(opcode(header), body)),
                None => (rest.len(), Err(DecodeError::Truncated { header, need, have: rest.len() - 1 })),
            };
        }
    };
    (1, Err(error))
}
