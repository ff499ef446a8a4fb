//! What the addresses of a stream are addresses of.

use crate::decode::{Item, decode};
use crate::packet::{AddressUse, PacketDesc, Tail};
use crate::reg::{self, COMPUTE_DISPATCH_SCRATCH_BASE_HI, COMPUTE_DISPATCH_SCRATCH_BASE_LO};
use crate::reg::{COMPUTE_PGM_HI, COMPUTE_PGM_LO, COMPUTE_USER_DATA_0, COMPUTE_USER_DATA_COUNT};
use crate::sdma;
use crate::submission::{Access, BufferMap, KernelFacts, Located, Residency, Ring, canonical};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// An address in a stream, and what lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation<'a> {
    /// The dword that it belongs to: for a packet's field the one with its low half, for a pair of registers the one
    /// that completes it.
    pub dword: usize,
    /// The packet's field, or the register with the low half.
    pub field: &'static str,
    /// The address, canonical.
    pub va: u64,
    /// Bytes that are used from there on; 0 where that is not known.
    pub bytes: u64,
    /// What is done there; nothing where that is not known.
    pub access: Access,
    /// What lies there.
    pub located: Located<'a>,
    /// The kernel that begins there.
    pub kernel: Option<&'a str>,
}

/// How an address stands to the buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressState {
    /// All of it is in a buffer in this state.
    Mapped(Residency),
    /// It begins in a buffer and goes on beyond its end.
    BeyondEnd,
    /// No buffer is there.
    Unmapped,
}

impl AddressState {
    /// `listed`, `always-valid`, `unlisted`, `freed`, `beyond-end` or `unmapped`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mapped(residency) => residency.name(),
            Self::BeyondEnd => "beyond-end",
            Self::Unmapped => "unmapped",
        }
    }
}

impl Annotation<'_> {
    /// How it stands to the buffers.
    #[must_use]
    pub fn state(&self) -> AddressState {
        match self.located {
            Located::In(buffer, offset) if self.bytes > buffer.bytes - offset => AddressState::BeyondEnd,
            Located::In(buffer, _) => AddressState::Mapped(buffer.residency),
            Located::Nowhere { .. } => AddressState::Unmapped,
        }
    }
}

/// A distance that tells nothing any more.
const FAR: u64 = 1 << 32;

/// Enough of a name for a line.
fn short(name: &str) -> Cow<'_, str> {
    const MOST: usize = 32;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

/// `0x800000040 = kernargs+0x40 (listed, r--)`, and what is odd about it.
impl fmt::Display for Annotation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x} = ", self.va)?;
        match self.located {
            Located::In(buffer, offset) => {
                let name = short(&buffer.name);
                let residency = match buffer.residency {
                    Residency::Unlisted => "not in the BO list",
                    other => other.name(),
                };
                write!(f, "{name}+{offset:#x} ({residency}, {})", buffer.access)?;
                if self.state() == AddressState::BeyondEnd {
                    let over = self.bytes - (buffer.bytes - offset);
                    write!(f, ", {:#x} bytes go {over:#x} beyond the end of {name}", self.bytes)?;
                }
                if !buffer.access.covers(self.access) {
                    write!(f, ", used {}", self.access)?;
                }
            }
            Located::Nowhere { below, above } => {
                let gap_below = below.map(|b| (self.va.saturating_sub(b.range().end), "above", b));
                let gap_above = above.map(|b| (b.va - self.va, "below", b));
                let near = [gap_below, gap_above].into_iter().flatten().filter(|gap| gap.0 < FAR);
                match near.min_by_key(|gap| gap.0) {
                    Some((0, _, b)) => write!(f, "unmapped (at the end of {})", short(&b.name))?,
                    Some((gap, side, b)) => write!(f, "unmapped ({gap:#x} {side} {})", short(&b.name))?,
                    None => f.write_str("unmapped")?,
                }
            }
        }
        match self.kernel {
            Some(kernel) => write!(f, ", kernel {}", short(kernel)),
            None => Ok(()),
        }
    }
}

/// Every address of a stream that the buffers or the kernels can tell something about, in order of dword.
///
/// Packets' addresses are always told where there is a buffer at all. A pair of `COMPUTE_USER_DATA` registers is
/// taken for an address where a buffer lies there.
///
/// ```
/// use pm4::submission::{Access, BufferInfo, BufferMap, Residency, Ring};
///
/// let kernargs = BufferInfo {
///     name: "kernargs".into(),
///     va: 0x8_0000_0000,
///     bytes: 0x1000,
///     access: Access::R,
///     residency: Residency::Listed,
///     content: vec![],
/// };
/// let buffers = BufferMap::new(vec![kernargs]);
/// let words = [0xc002_7600, 0x240, 0x40, 0x8];
/// let found = pm4::annotations(Ring::Compute, &words, &buffers, &[]);
/// assert_eq!(found[0].dword, 3);
/// assert_eq!(found[0].to_string(), "0x800000040 = kernargs+0x40 (listed, r--)");
/// ```
#[must_use]
pub fn annotations<'a>(
    ring: Ring,
    words: &[u32],
    buffers: &'a BufferMap,
    kernels: &'a [KernelFacts],
) -> Vec<Annotation<'a>> {
    if buffers.is_empty() && kernels.is_empty() {
        return Vec::new();
    }
    let raw = |at: usize, u: AddressUse| Raw {
        dword: at + usize::from(u.place.dword),
        field: u.field,
        va: u.va,
        bytes: u.bytes,
        access: u.access.into(),
        certain: true,
    };
    let mut registers = Registers::default();
    let mut found = Vec::new();
    match ring {
        Ring::Sdma => {
            for item in sdma::decode(words) {
                let addresses = item.packet.iter().flat_map(|packet| packet.addresses());
                found.extend(addresses.map(|u| raw(item.offset, u)));
            }
        }
        Ring::Gfx | Ring::Compute => {
            for item in decode(words) {
                let from = found.len();
                registers.item(&item, &mut found);
                let addresses = item.packet.iter().flat_map(|packet| packet.addresses());
                // A body begins behind the header.
                found.extend(addresses.map(|u| raw(item.offset + 1, u)));
                found[from..].sort_by_key(|raw| raw.dword);
            }
        }
    }
    let annotate = |raw: Raw| {
        let va = canonical(raw.va);
        let located = buffers.locate(va);
        let kernel = kernels.iter().find(|k| raw.access.execute && canonical(k.entry) == va);
        let told = match located {
            Located::In(..) => true,
            Located::Nowhere { .. } => raw.certain && !buffers.is_empty() || kernel.is_some(),
        };
        told.then_some(Annotation {
            dword: raw.dword,
            field: raw.field,
            va,
            bytes: raw.bytes,
            access: raw.access,
            located,
            kernel: kernel.map(|k| k.name.as_str()),
        })
    };
    found.into_iter().filter_map(annotate).collect()
}

/// An address before anything is known about it.
struct Raw {
    dword: usize,
    field: &'static str,
    va: u64,
    bytes: u64,
    access: Access,
    /// It is an address even where no buffer is.
    certain: bool,
}

const USER_DATA: usize = COMPUTE_USER_DATA_COUNT as usize;

/// The registers that hold halves of addresses.
#[derive(Default)]
struct Registers {
    program: [Option<u32>; 2],
    scratch: [Option<u32>; 2],
    user_data: [Option<u32>; USER_DATA],
}

impl Registers {
    fn item(&mut self, item: &Item<'_>, found: &mut Vec<Raw>) {
        let Some(desc) = item.packet.as_ref().ok().and_then(|p| p.desc()) else { return };
        let mut program = None;
        let mut scratch = None;
        // Which registers this packet set, and where.
        let mut user: [Option<usize>; USER_DATA] = [None; USER_DATA];
        for (index, address, value) in writes(desc, &item.words[1..]) {
            let dword = item.offset + 1 + index;
            let half = |pair: [u32; 2]| pair.iter().position(|&a| a == address);
            if let Some(half) = half([COMPUTE_PGM_LO.address(), COMPUTE_PGM_HI.address()]) {
                self.program[half] = Some(value);
                program = Some(dword);
            } else if let Some(half) =
                half([COMPUTE_DISPATCH_SCRATCH_BASE_LO.address(), COMPUTE_DISPATCH_SCRATCH_BASE_HI.address()])
            {
                self.scratch[half] = Some(value);
                scratch = Some(dword);
            } else if let Some(k) = address.checked_sub(COMPUTE_USER_DATA_0.address()).map(|a| a as usize / 4)
                && k < USER_DATA
            {
                self.user_data[k] = Some(value);
                user[k] = Some(dword);
            }
        }
        let mut push = |dword, field, pair: [Option<u32>; 2], shift: u32, access, certain| {
            if let (Some(dword), [Some(low), Some(high)]) = (dword, pair) {
                let va = (u64::from(high) << 32 | u64::from(low)) << shift;
                // A base that is switched off.
                if va != 0 {
                    found.push(Raw { dword, field, va, bytes: 0, access, certain });
                }
            }
        };
        let fetch = Access { read: false, write: false, execute: true };
        push(program, COMPUTE_PGM_LO.name(), self.program, 8, fetch, true);
        push(scratch, COMPUTE_DISPATCH_SCRATCH_BASE_LO.name(), self.scratch, 8, Access::RW, true);
        for k in 0..USER_DATA - 1 {
            let name = reg::compute_user_data(k as u32).map_or("COMPUTE_USER_DATA", reg::Reg::name);
            let pair = [self.user_data[k], self.user_data[k + 1]];
            push(user[k].max(user[k + 1]), name, pair, 0, Access::default(), false);
        }
    }
}

/// The registers that a SET packet writes: index in the body, byte address, value.
fn writes<'a>(desc: &'static PacketDesc, body: &'a [u32]) -> impl Iterator<Item = (usize, u32, u32)> + 'a {
    let first = desc.fields.iter().find(|f| f.name == "offset").map_or(0, |f| f.place.get(body) as u32);
    let from = desc.body_dwords;
    let tail = body.get(from..).unwrap_or(&[]);
    tail.iter().enumerate().filter_map(move |(k, &value)| {
        let address = match (desc.tail?, k % 3) {
            (Tail::OffsetValue(space), _) if k % 2 == 1 => space.address(tail[k - 1] & 0xffff),
            (Tail::Regs(space), _) => space.address(first.saturating_add(k as u32)),
            (Tail::Pairs(space), 1) => space.address(tail[k - 1] & 0xffff),
            (Tail::Pairs(space), 2) => space.address(tail[k - 2] >> 16),
            _ => None,
        };
        Some((from + k, address?, value))
    })
}

/// What the halves of [`Annotation`]'s text are wrapped at.
pub(crate) fn parts(annotation: &Annotation<'_>) -> Vec<String> {
    format!("{annotation}").split(' ').map(String::from).collect()
}
