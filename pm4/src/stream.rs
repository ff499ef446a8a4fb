//! The builder.

use crate::field::FieldValue;
use crate::packet::{HeaderFlags, Nop, Packet, SetContextReg, SetShReg, SetUconfigReg};
use crate::print::Listing;
use crate::reg::{Reg, Space};
use crate::{Decode, EncodeError, decode};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// A command stream under construction: an indirect buffer's dwords.
///
/// ```
/// use pm4::{Stream, reg};
///
/// let mut stream = Stream::new();
/// stream.set_sh(reg::COMPUTE_START_X, 0)?.set_sh(reg::COMPUTE_START_Y, 0)?.set_sh(reg::COMPUTE_START_Z, 0)?;
/// assert_eq!(stream.dwords(), [0xc003_7600, 0x204, 0, 0, 0]);
/// # Ok::<(), pm4::EncodeError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Stream {
    words: Vec<u32>,
    /// The SET packet at the end of `words`, as long as nothing followed it.
    run: Option<Run>,
}

/// A SET packet that the next register may join.
#[derive(Debug, Clone, Copy)]
struct Run {
    header: usize,
    /// The byte address behind its last register.
    next: u32,
}

/// Registers in one SET packet at most, well below what the count can say.
const RUN_MAX: usize = 0x1000;

impl Stream {
    /// An empty stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A stream of words from elsewhere. Nothing is checked; see [`items`](Self::items).
    #[must_use]
    pub fn from_dwords(words: impl Into<Vec<u32>>) -> Self {
        Self { words: words.into(), run: None }
    }

    /// The dwords, complete at any time.
    #[must_use]
    pub fn dwords(&self) -> &[u32] {
        &self.words
    }

    /// The dwords themselves.
    #[must_use]
    pub fn into_dwords(self) -> Vec<u32> {
        self.words
    }

    /// Length in dwords.
    #[must_use]
    pub fn len_dw(&self) -> usize {
        self.words.len()
    }

    /// Whether there is no dword yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The packets, decoded again.
    pub fn items(&self) -> Decode<'_> {
        decode(&self.words)
    }

    /// Appends a packet.
    ///
    /// # Errors
    /// As [`Packet::encode`]; the stream is then unchanged.
    pub fn push(&mut self, packet: impl Into<Packet>) -> Result<&mut Self, EncodeError> {
        packet.into().encode(&mut self.words)?;
        self.run = None;
        Ok(self)
    }

    /// Appends a packet with these header flags instead of its row's.
    ///
    /// # Errors
    /// As [`Packet::encode_with`]; the stream is then unchanged.
    pub fn push_with(&mut self, flags: HeaderFlags, packet: impl Into<Packet>) -> Result<&mut Self, EncodeError> {
        packet.into().encode_with(flags, &mut self.words)?;
        self.run = None;
        Ok(self)
    }

    /// Appends another stream's dwords.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        self.words.extend_from_slice(&other.words);
        self.run = None;
        self
    }

    /// Sets an SH register. A register right behind the one set before joins its packet.
    ///
    /// # Errors
    /// [`EncodeError::WrongSpace`] for a register of another space.
    pub fn set_sh<V: FieldValue>(&mut self, reg: Reg<V>, value: V) -> Result<&mut Self, EncodeError> {
        self.set_in(Space::Sh, reg, value)
    }

    /// Sets a UCONFIG register, joined like [`set_sh`](Self::set_sh).
    ///
    /// # Errors
    /// [`EncodeError::WrongSpace`] for a register of another space.
    pub fn set_uconfig<V: FieldValue>(&mut self, reg: Reg<V>, value: V) -> Result<&mut Self, EncodeError> {
        self.set_in(Space::Uconfig, reg, value)
    }

    /// Sets a CONTEXT register, joined like [`set_sh`](Self::set_sh).
    ///
    /// # Errors
    /// [`EncodeError::WrongSpace`] for a register of another space.
    pub fn set_context<V: FieldValue>(&mut self, reg: Reg<V>, value: V) -> Result<&mut Self, EncodeError> {
        self.set_in(Space::Context, reg, value)
    }

    /// Sets a register through the packet of its own space.
    ///
    /// # Errors
    /// [`EncodeError::WrongSpace`] for a register that no SET packet reaches.
    pub fn set<V: FieldValue>(&mut self, reg: Reg<V>, value: V) -> Result<&mut Self, EncodeError> {
        self.set_in(Space::of(reg.address()).unwrap_or(Space::Sh), reg, value)
    }

    fn set_in<V: FieldValue>(&mut self, space: Space, reg: Reg<V>, value: V) -> Result<&mut Self, EncodeError> {
        let (register, address) = (reg.name(), reg.address());
        if Space::of(address) != Some(space) {
            return Err(EncodeError::WrongSpace { register, address, space: space.name() });
        }
        let bits = value.to_raw() as u32;
        // Two spaces never touch end to end within a run: a run's `next` past its space is no register.
        if let Some(run) = self.run.as_mut().filter(|r| r.next == address && self.words.len() - r.header < RUN_MAX) {
            self.words.push(bits);
            self.words[run.header] += 1 << 16;
            run.next += 4;
            return Ok(self);
        }
        let (header, offset, values) = (self.words.len(), reg.offset(), vec![bits]);
        match space {
            Space::Sh => self.push(SetShReg { offset, values, ..Default::default() })?,
            Space::Context => self.push(SetContextReg { offset, values, ..Default::default() })?,
            Space::Uconfig => self.push(SetUconfigReg { offset, values, ..Default::default() })?,
            Space::Config => return Err(EncodeError::WrongSpace { register, address, space: space.name() }),
        };
        self.run = Some(Run { header, next: address + 4 });
        Ok(self)
    }

    /// Fills up with NOPs to a multiple of `multiple_dw` dwords; the kernel says which multiple an
    /// indirect buffer needs (`ib_size_alignment` of the ring, 32 bytes on gfx11).
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for a multiple of 0 or more than one NOP can fill (0x3fff).
    pub fn pad_to(&mut self, multiple_dw: usize) -> Result<&mut Self, EncodeError> {
        if !(1..=0x3fff).contains(&multiple_dw) {
            return Err(EncodeError::Invalid { what: "a multiple of 1 to 0x3fff dwords", value: multiple_dw as u64 });
        }
        match self.words.len().next_multiple_of(multiple_dw) - self.words.len() {
            0 => Ok(self),
            missing => self.push(Nop { payload: vec![0; missing - 1] }),
        }
    }

    /// The stream as text, see [`print`](crate::print()).
    pub fn listing(&self, base_va: Option<u64>) -> Listing<'_> {
        Listing::new(&self.words, base_va)
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.listing(None).fmt(f)
    }
}

impl AsRef<[u32]> for Stream {
    fn as_ref(&self) -> &[u32] {
        &self.words
    }
}
