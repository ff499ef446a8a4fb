//! Streams longer than one indirect buffer: pieces, each of which goes on with the next.

use super::{Stream, packet_dwords};
use crate::EncodeError;
use crate::packet::{CondExec, IndirectBuffer, Nop, Packet, PredExec, TypedPacket, opcode};
use crate::submission::Ring;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Dwords of the packet that goes on with the next piece.
const CHAIN_DW: usize = 4;

/// A stream cut into indirect buffers that chain: see [`Stream::segments`].
#[derive(Debug, Clone)]
pub struct Segments<'a> {
    words: &'a [u32],
    ring: Ring,
    parts: Vec<Range<usize>>,
}

impl Stream {
    /// Cuts the stream at packets into pieces of at most `max_dw` dwords. Each but the last ends with INDIRECT_BUFFER,
    /// which leaves its own piece for good; all are padded as the ring asks.
    ///
    /// What COND_EXEC or PRED_EXEC may skip stays in one piece with them, because they count dwords of the buffer
    /// that they are fetched from.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] where `max_dw` holds no packet beside the chain, exceeds what INDIRECT_BUFFER can say,
    /// a packet or what may be skipped is longer than a piece, a range reaches beyond the stream, or a stream of a DMA
    /// ring, whose engine does not chain, is longer than `max_dw`.
    pub fn segments(&self, max_dw: usize) -> Result<Segments<'_>, EncodeError> {
        let granule = self.ring.ib_size_align_dw();
        let invalid = |what, value: usize| Err(EncodeError::Invalid { what, value: value as u64 });
        let limit = max_dw - max_dw % granule;
        if limit < granule || max_dw > self.ring.ib_max_dw() {
            return invalid("dwords of an indirect buffer, a granule to 0xfffff", max_dw);
        }
        let words = self.dwords();
        let fits = |range: Range<usize>| range.len().next_multiple_of(granule) <= limit;
        if self.ring == Ring::Sdma && !fits(0..words.len()) {
            return invalid("a stream of a DMA ring is longer than one indirect buffer", words.len());
        }
        let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
        while !fits(start..words.len()) {
            let end = unit_end(words, at)?;
            if end - start + CHAIN_DW <= limit {
                at = end;
            } else if at == start {
                return invalid("a packet, with what it may skip, is longer than an indirect buffer", end - at);
            } else {
                parts.push(start..at);
                start = at;
            }
        }
        // The last piece is taken whole; what it skips must end in it.
        while at < words.len() && self.ring != Ring::Sdma {
            at = unit_end(words, at)?;
        }
        parts.push(start..words.len());
        Ok(Segments { words, ring: self.ring, parts })
    }
}

/// The end of the packet at `at` and of all that it, or a packet within that, may skip.
fn unit_end(words: &[u32], at: usize) -> Result<usize, EncodeError> {
    let (mut at, mut end) = (at, at + 1);
    while at < end {
        if at >= words.len() {
            return Err(EncodeError::Invalid {
                what: "packets that may be skipped go on beyond the stream",
                value: end as u64,
            });
        }
        let next = at + packet_dwords(words, at);
        let body = &words[at + 1..next];
        let skipped = match (words[at] >> 30 == 3).then(|| opcode(words[at])) {
            Some(op) if op == CondExec::DESC.opcode => body.get(3),
            Some(op) if op == PredExec::DESC.opcode => body.first(),
            Some(op)
                if op == IndirectBuffer::DESC.opcode && matches!(body, [_, _, control] if control & CHAIN_BIT != 0) =>
            {
                return Err(EncodeError::Invalid { what: "the stream chains already, at dword", value: at as u64 });
            }
            _ => None,
        };
        end = end.max(next).max(next + skipped.map_or(0, |&d| (d & 0x3fff) as usize));
        at = next;
    }
    Ok(end)
}

/// `chain` of INDIRECT_BUFFER.
const CHAIN_BIT: u32 = 1 << 20;

impl Segments<'_> {
    /// Number of pieces, at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.parts.len()
    }

    /// Length of a piece in dwords, with padding and chain.
    #[must_use]
    pub fn len_dw(&self, piece: usize) -> Option<usize> {
        let chain = if piece + 1 < self.parts.len() { CHAIN_DW } else { 0 };
        Some((self.parts.get(piece)?.len() + chain).next_multiple_of(self.ring.ib_size_align_dw()))
    }

    /// Where a dword of the stream lies: which piece, and how far into it.
    #[must_use]
    pub fn locate(&self, dword: usize) -> Option<(usize, usize)> {
        let piece = self.parts.iter().position(|p| p.contains(&dword))?;
        Some((piece, dword - self.parts[piece].start))
    }

    /// The dwords of each piece, for these GPU addresses, one a piece.
    ///
    /// The chain has `VALID` set for compute rings, whose engine ignores the packet without it.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for another number of addresses or one that is not canonical, and
    /// [`EncodeError::Misaligned`] for one that is no start of an indirect buffer ([`Ring::ib_start_align`]).
    pub fn link(&self, vas: &[u64]) -> Result<Vec<Vec<u32>>, EncodeError> {
        if vas.len() != self.parts.len() {
            return Err(EncodeError::Invalid { what: "addresses, one for each piece", value: vas.len() as u64 });
        }
        let align = self.ring.ib_start_align();
        for &va in vas {
            if !va.is_multiple_of(align) {
                return Err(EncodeError::Misaligned { field: "ib_base", value: va, align });
            }
            if crate::submission::canonical(va) != va {
                return Err(EncodeError::Invalid { what: "ib_base is not a canonical 48-bit address", value: va });
            }
        }
        self.parts.iter().enumerate().map(|(i, part)| self.piece(i, part.clone(), vas)).collect()
    }

    fn piece(&self, index: usize, part: Range<usize>, vas: &[u64]) -> Result<Vec<u32>, EncodeError> {
        let total = self.len_dw(index).unwrap_or(part.len());
        let mut words = Vec::with_capacity(total);
        words.extend_from_slice(&self.words[part]);
        let next = vas.get(index + 1);
        let missing = total - words.len() - next.map_or(0, |_| CHAIN_DW);
        match (missing, self.ring) {
            (0, _) => {}
            (_, Ring::Sdma) => words.resize(total, 0),
            _ => Packet::from(Nop { payload: vec![0; missing - 1] }).encode(&mut words)?,
        }
        if let (Some(&ib_base), Some(size)) = (next, self.len_dw(index + 1)) {
            let chain = IndirectBuffer {
                ib_base,
                ib_size: size as u32,
                chain: true,
                valid: self.ring == Ring::Compute,
                ..Default::default()
            };
            Packet::from(chain).encode(&mut words)?;
        }
        Ok(words)
    }
}
