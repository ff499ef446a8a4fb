//! What can be wrong with a packet: when it is written, and when it is read.

use thiserror::Error;

/// A packet or a register value that cannot be written as asked. Nothing is ever truncated to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The value needs more bits than the field has.
    #[error("{field} = {value:#x} does not fit its {bits} bits")]
    FieldOverflow {
        /// The field's name, as in the row.
        field: &'static str,
        /// The value asked for.
        value: u64,
        /// The width of the field in bits.
        bits: u8,
    },
    /// An address that the packet cannot express: its low bits are missing in the encoding, or the
    /// access that the packet makes needs natural alignment.
    #[error("{field} = {value:#x} is not a multiple of {align} bytes")]
    Misaligned {
        /// The field's name, as in the row.
        field: &'static str,
        /// The address asked for.
        value: u64,
        /// The alignment the packet needs, in bytes.
        align: u64,
    },
    /// The body is longer than the 14-bit count can say, or has no payload where one is needed.
    #[error("{packet} cannot have a body of {dwords} dwords")]
    BodyLength {
        /// The packet's name.
        packet: &'static str,
        /// The length asked for, in dwords without the header.
        dwords: usize,
    },
    /// A register written through the packet of another register space.
    #[error("{register} at {address:#x} is not in the {space} space")]
    WrongSpace {
        /// The register's name.
        register: &'static str,
        /// Its byte address.
        address: u32,
        /// The space that the packet writes.
        space: &'static str,
    },
    /// Bits outside every field of the packet are set. Only found in words that came from elsewhere.
    #[error("{packet} body dword {dword} has reserved bits {bits:#010x} set")]
    ReservedBits {
        /// The packet's name.
        packet: &'static str,
        /// Which dword of the body, counted from 0.
        dword: usize,
        /// The bits.
        bits: u32,
    },
    /// A value that fits its field but that the hardware does not take.
    #[error("{what}: {value:#x}")]
    Invalid {
        /// What is wrong, in words.
        what: &'static str,
        /// The value.
        value: u64,
    },
}

impl EncodeError {
    /// A stable identifier of the kind of error, for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::FieldOverflow { .. } => "pm4-field-overflow",
            Self::Misaligned { .. } => "pm4-misaligned",
            Self::BodyLength { .. } => "pm4-body-length",
            Self::WrongSpace { .. } => "pm4-wrong-space",
            Self::ReservedBits { .. } => "pm4-reserved-bits",
            Self::Invalid { .. } => "pm4-invalid",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::FieldOverflow { .. } => "pass a smaller value; a field is never truncated",
            Self::Misaligned { .. } => "place the memory at an address with this alignment",
            Self::BodyLength { .. } => "split the payload over several packets",
            Self::WrongSpace { .. } => "use the SET packet of the register's own space, or Stream::set",
            Self::ReservedBits { .. } => "clear the bits, or add a field to the packet's row",
            Self::Invalid { .. } => "see the packet's or the helper's documentation",
        }
    }
}

/// Words that are no packet of gfx11. Offsets and lengths are in dwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A type-0 header (bits 31:30 = 0), which also is what zeroed memory looks like.
    #[error("{header:#010x} is a type-0 header; gfx11 streams have type-3 packets only")]
    Type0 {
        /// The header.
        header: u32,
    },
    /// A type-1 header (bits 31:30 = 1).
    #[error("{header:#010x} is a type-1 header, which no command processor takes")]
    Type1 {
        /// The header.
        header: u32,
    },
    /// A type-2 header (bits 31:30 = 2): the one-dword filler of old hardware.
    #[error("{header:#010x} is a type-2 filler; gfx11 pads with the type-3 NOP 0xffff1000")]
    Type2 {
        /// The header.
        header: u32,
    },
    /// Bits 7:3 of a type-3 header are set. Often an opcode or a count written there by mistake.
    #[error("{header:#010x} has reserved header bits {bits:#04x} set; the opcode belongs in bits 15:8")]
    HeaderBits {
        /// The header.
        header: u32,
        /// The bits.
        bits: u8,
    },
    /// The header counts more dwords than there are.
    #[error("{header:#010x} counts {need} body dwords, {have} are left")]
    Truncated {
        /// The header.
        header: u32,
        /// The body length that the header says.
        need: usize,
        /// The dwords left behind the header.
        have: usize,
    },
    /// A header that begins no packet of SDMA 6.0. Its length is not known.
    #[error("{header:#010x} is no SDMA 6.0 packet: op {op:#04x}, sub_op {sub_op:#04x}")]
    UnknownSdma {
        /// The header.
        header: u32,
        /// Bits 7:0.
        op: u8,
        /// Bits 15:8.
        sub_op: u8,
    },
    /// A known packet with a body length that it does not have: the count is wrong, and what
    /// follows is read at the wrong place.
    #[error("{packet} with a body of {got} dwords, it has {want}")]
    BodyLength {
        /// The packet's name.
        packet: &'static str,
        /// The body length that the header says.
        got: usize,
        /// The body length of the packet (the least, where it varies).
        want: usize,
    },
}

impl DecodeError {
    /// A stable identifier of the kind of error, for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Type0 { .. } => "pm4-type0",
            Self::Type1 { .. } => "pm4-type1",
            Self::Type2 { .. } => "pm4-type2",
            Self::HeaderBits { .. } => "pm4-header-bits",
            Self::Truncated { .. } => "pm4-truncated",
            Self::BodyLength { .. } => "pm4-count",
            Self::UnknownSdma { .. } => "sdma-unknown",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Type0 { .. } | Self::Type1 { .. } => "check where the stream ends, and the packet before this one",
            Self::Type2 { .. } => "pad with Stream::pad_to",
            Self::HeaderBits { .. } => "header = 3<<30 | (body_dwords-1)<<16 | opcode<<8 | shader_type<<1 | predicate",
            Self::UnknownSdma { .. } => "check that this is a stream for an SDMA ring, and the packet before this one",
            Self::Truncated { .. } | Self::BodyLength { .. } => "the count field holds the body's dwords minus one",
        }
    }
}
