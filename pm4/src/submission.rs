//! A submission as a whole: what a reader of a stream has to know beside its dwords.
//!
//! The linter, the annotated listing and the dump bundle share these types. All of them take what they are given: a
//! field that is unknown is `None` or empty, and the rules that need it stay silent.

use crate::packet;
use crate::packet::values::{AtomicOp, WaitFunction};
use crate::{Gfx, UnknownRing};
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use core::str::FromStr;

/// What kind of ring executes a stream: it decides the language and the rules of indirect buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ring {
    /// The graphics ring: PM4, two engines.
    Gfx,
    /// A compute ring: PM4, one engine.
    Compute,
    /// A DMA ring: SDMA packets.
    Sdma,
}

impl Ring {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Gfx, Self::Compute, Self::Sdma];

    /// `gfx`, `compute` or `sdma`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gfx => "gfx",
            Self::Compute => "compute",
            Self::Sdma => "sdma",
        }
    }

    /// What an indirect buffer's address is a multiple of, in bytes (`ib_start_alignment` of the kernel's answer).
    #[must_use]
    pub const fn ib_start_align(self) -> u64 {
        match self {
            Self::Gfx | Self::Compute => 32,
            Self::Sdma => 256,
        }
    }

    /// What an indirect buffer's length is a multiple of, in dwords. For SDMA the kernel states one dword; its own
    /// buffers are whole multiples of eight, as the engine fetches them.
    #[must_use]
    pub const fn ib_size_align_dw(self) -> usize {
        8
    }

    /// Longest indirect buffer in dwords: 20 bits of `INDIRECT_BUFFER`.
    #[must_use]
    pub const fn ib_max_dw(self) -> usize {
        0xf_ffff
    }
}

impl fmt::Display for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Ring {
    type Err = UnknownRing;

    fn from_str(name: &str) -> Result<Self, UnknownRing> {
        Self::ALL.into_iter().find(|r| r.name() == name).ok_or(UnknownRing)
    }
}

/// Everything that one call of the kernel's `CS` ioctl hands to a ring.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// The device.
    pub gfx: Gfx,
    /// The ring.
    pub ring: Ring,
    /// Shader engines of the device, where known (6 on a full Navi31).
    pub shader_engines: Option<u32>,
    /// What the ring executes, in order, with one register state. One that another of them calls or chains to, by its
    /// address, is executed there instead.
    pub ibs: Vec<Ib>,
    /// The address space, as far as known.
    pub buffers: BufferMap,
    /// Programs, as far as known.
    pub kernels: Vec<KernelFacts>,
    /// What the submission is meant to do, in order, as whoever wrote it stated apart from the dwords.
    pub plan: Option<Vec<Effect>>,
    /// How its end is noticed.
    pub completion: Completion,
}

impl Submission {
    /// A submission of one indirect buffer about which nothing else is known.
    #[must_use]
    pub fn of_words(gfx: Gfx, ring: Ring, words: impl Into<Vec<u32>>) -> Self {
        Self {
            gfx,
            ring,
            shader_engines: None,
            ibs: alloc::vec![Ib { name: String::from("IB 0"), va: None, words: words.into() }],
            buffers: BufferMap::default(),
            kernels: Vec::new(),
            plan: None,
            completion: Completion::KernelFence,
        }
    }
}

/// An indirect buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ib {
    /// What messages call it.
    pub name: String,
    /// Its GPU address, where known.
    pub va: Option<u64>,
    /// Its dwords.
    pub words: Vec<u32>,
}

/// How somebody learns that the submission has ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Completion {
    /// Through the kernel's fence. It writes the GL2 back, so that the host sees everything.
    #[default]
    KernelFence,
    /// The host or another queue watches memory for a value.
    Memory {
        /// Where.
        va: u64,
        /// What.
        value: u64,
        /// What is read behind that, by GPU address.
        reads: Vec<Range<u64>>,
    },
}

/// What may be done to memory, or is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Access {
    /// Loads.
    pub read: bool,
    /// Stores.
    pub write: bool,
    /// Instruction fetches.
    pub execute: bool,
}

impl Access {
    /// Loads only.
    pub const R: Self = Self { read: true, write: false, execute: false };
    /// Stores only.
    pub const W: Self = Self { read: false, write: true, execute: false };
    /// Loads and stores.
    pub const RW: Self = Self { read: true, write: true, execute: false };
    /// Loads and instruction fetches.
    pub const RX: Self = Self { read: true, write: false, execute: true };
    /// Everything.
    pub const RWX: Self = Self { read: true, write: true, execute: true };

    /// Whether everything that `other` allows is allowed here.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        (self.read || !other.read) && (self.write || !other.write) && (self.execute || !other.execute)
    }
}

impl From<packet::Access> for Access {
    /// Fetching packets takes no more than a mapping that can be read; the execute permission is for waves.
    fn from(access: packet::Access) -> Self {
        match access {
            packet::Access::Read | packet::Access::Execute => Self::R,
            packet::Access::Write => Self::W,
            packet::Access::ReadWrite => Self::RW,
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bit = |set, letter| if set { letter } else { "-" };
        write!(f, "{}{}{}", bit(self.read, "r"), bit(self.write, "w"), bit(self.execute, "x"))
    }
}

/// Whether the kernel keeps a buffer in place while the submission runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Residency {
    /// In the submission's list of buffers.
    #[default]
    Listed,
    /// Valid for every submission of its address space (`VM_ALWAYS_VALID`).
    AlwaysValid,
    /// Mapped, but not in the list: it may be elsewhere when the stream runs.
    Unlisted,
    /// Unmapped before the submission.
    Freed,
}

impl Residency {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Listed, Self::AlwaysValid, Self::Unlisted, Self::Freed];

    /// `listed`, `always-valid`, `unlisted` or `freed`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::AlwaysValid => "always-valid",
            Self::Unlisted => "unlisted",
            Self::Freed => "freed",
        }
    }

    /// Whether a stream may use the buffer.
    #[must_use]
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Listed | Self::AlwaysValid)
    }
}

/// A buffer object's place in the address space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BufferInfo {
    /// What messages call it.
    pub name: String,
    /// Its GPU address, canonical.
    pub va: u64,
    /// Its length.
    pub bytes: u64,
    /// What its mapping allows.
    pub access: Access,
    /// Whether the submission may use it.
    pub residency: Residency,
    /// What it held when the submission was made, from its start; empty where unknown, shorter where cut.
    pub content: Vec<u8>,
}

impl BufferInfo {
    /// Its addresses.
    #[must_use]
    pub const fn range(&self) -> Range<u64> {
        self.va..self.va.saturating_add(self.bytes)
    }

    /// The dword at an offset, where the content is known.
    #[must_use]
    pub fn dword(&self, offset: u64) -> Option<u32> {
        let at = usize::try_from(offset).ok()?;
        let bytes = self.content.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }
}

/// The buffers of an address space, in order of address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BufferMap {
    buffers: Vec<BufferInfo>,
    /// Who counts where, in order of address; no two overlap.
    spans: Vec<Span>,
}

/// Addresses that are of one buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    range: Range<u64>,
    buffer: usize,
}

/// The buffers' ranges cut where others begin and end, so that each address is in one at most: of a live buffer rather
/// than of a freed one, and of the one that begins last.
fn spans(buffers: &[BufferInfo]) -> Vec<Span> {
    let mut edges = Vec::new();
    for (number, buffer) in buffers.iter().enumerate().filter(|(_, b)| !b.range().is_empty()) {
        let rank = (buffer.residency != Residency::Freed, number);
        edges.extend([(buffer.range().start, true, rank), (buffer.range().end, false, rank)]);
    }
    edges.sort_unstable();
    let mut spans: Vec<Span> = Vec::new();
    let mut open = BTreeSet::new();
    let mut start = 0;
    for (at, begins, rank) in edges {
        if let Some(&(_, buffer)) = open.last()
            && start < at
        {
            match spans.last_mut() {
                Some(last) if last.buffer == buffer && last.range.end == start => last.range.end = at,
                _ => spans.push(Span { range: start..at, buffer }),
            }
        }
        start = at;
        if begins {
            open.insert(rank);
        } else {
            open.remove(&rank);
        }
    }
    spans
}

/// What lies at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Located<'a> {
    /// A buffer, and how far into it.
    In(&'a BufferInfo, u64),
    /// Nothing; the nearest buffers below and above.
    Nowhere {
        /// The buffer that ends nearest below.
        below: Option<&'a BufferInfo>,
        /// The buffer that begins nearest above.
        above: Option<&'a BufferInfo>,
    },
}

impl BufferMap {
    /// No buffers.
    pub const EMPTY: Self = Self { buffers: Vec::new(), spans: Vec::new() };

    /// A map of these buffers. Where a freed one and a live one cover an address, the live one counts.
    #[must_use]
    pub fn new(mut buffers: Vec<BufferInfo>) -> Self {
        buffers.sort_by_key(|b| (b.va, b.residency == Residency::Freed));
        let spans = spans(&buffers);
        Self { buffers, spans }
    }

    /// The buffers, in order of address.
    #[must_use]
    pub fn buffers(&self) -> &[BufferInfo] {
        &self.buffers
    }

    /// Whether nothing is known of the address space.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffers.is_empty()
    }

    /// What lies at `va`. The address is canonicalised: bit 47 is extended.
    #[must_use]
    pub fn locate(&self, va: u64) -> Located<'_> {
        let va = canonical(va);
        let (before, behind) = self.spans.split_at(self.spans.partition_point(|s| s.range.start <= va));
        let (below, above) = (before.last(), behind.first());
        let buffer = |span: &Span| self.buffers.get(span.buffer);
        match below.filter(|s| s.range.contains(&va)).and_then(buffer) {
            Some(buffer) => Located::In(buffer, va - buffer.va),
            None => Located::Nowhere { below: below.and_then(buffer), above: above.and_then(buffer) },
        }
    }

    /// The dword at `va`, where the content is known.
    #[must_use]
    pub fn dword(&self, va: u64) -> Option<u32> {
        match self.locate(va) {
            Located::In(buffer, offset) => buffer.dword(offset),
            Located::Nowhere { .. } => None,
        }
    }
}

/// Bit 47 extended upwards, as the hardware takes addresses.
#[must_use]
pub const fn canonical(va: u64) -> u64 {
    ((va << 16) as i64 >> 16) as u64
}

/// What is known of a program: from its code object, or from looking at its instructions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KernelFacts {
    /// What messages call it.
    pub name: String,
    /// GPU address of the first instruction.
    pub entry: u64,
    /// The target that it was built for, as compilers name it.
    pub target: Option<String>,
    /// Whether it was built for waves of 32 lanes.
    pub wave32: Option<bool>,
    /// VGPRs of a lane that its instructions name.
    pub vgprs: Option<u32>,
    /// LDS of a workgroup in bytes, without what a launch adds.
    pub lds_bytes: Option<u32>,
    /// Scratch memory of a lane in bytes.
    pub scratch_bytes: Option<u32>,
    /// User SGPRs that it is entered with.
    pub user_sgprs: Option<u32>,
    /// The user SGPR with the low half of the argument block's address.
    pub kernarg_sgpr: Option<u32>,
    /// Length of the argument block.
    pub kernarg_bytes: u32,
    /// Arguments that are addresses.
    pub pointers: Vec<PointerArg>,
    /// Most work-items of a workgroup.
    pub max_threads: Option<u32>,
    /// The only workgroup size that it takes.
    pub required_block: Option<[u32; 3]>,
    /// What is wrong with its bytes.
    pub problem: Option<CodeProblem>,
}

/// An argument that is an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointerArg {
    /// Its name, or its number.
    pub name: String,
    /// Where it lies in the argument block.
    pub offset: u32,
    /// What the kernel does with the buffer behind it.
    pub access: Access,
}

/// Code bytes that gfx11 will not run as meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeProblem {
    /// Dwords with their bytes in the other order.
    ByteSwapped,
    /// It ends in 0xbf810000, `s_endpgm` of gfx10 and older; on gfx11 that is `s_setkill`.
    OldEndpgm {
        /// Bytes from the entry.
        offset: u64,
    },
    /// A word that is no instruction of the target, in the path from the entry.
    NotAnInstruction {
        /// Bytes from the entry.
        offset: u64,
        /// The word.
        word: u32,
    },
    /// The end of the buffer comes before any end of the program.
    NoEnd,
}

/// Something that a stream does to memory or has waves do: the unit in which plans are stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Waves.
    Dispatch(Launch),
    /// The command processor writes dwords.
    Write {
        /// Where, a multiple of 4.
        va: u64,
        /// What.
        data: Vec<u32>,
    },
    /// The command processor repeats a dword.
    Fill {
        /// Where.
        va: u64,
        /// What.
        value: u32,
        /// How far.
        bytes: u64,
    },
    /// The command processor copies.
    Copy {
        /// From.
        src: u64,
        /// To.
        dst: u64,
        /// How much.
        bytes: u64,
    },
    /// One atomic operation.
    Atomic {
        /// Where.
        va: u64,
        /// Which.
        op: AtomicOp,
        /// The operand.
        operand: u64,
        /// What a compare-and-swap compares with.
        compare: u64,
    },
    /// A value in memory once everything before has ended.
    Fence {
        /// Where.
        va: u64,
        /// What.
        value: u64,
        /// 4 or 8.
        bytes: u8,
    },
    /// A clock's value in memory.
    Timestamp {
        /// Where, 8 bytes.
        va: u64,
        /// Once everything before has ended, instead of at once.
        end_of_pipe: bool,
    },
    /// The stream goes on when memory compares.
    Wait {
        /// Where.
        va: u64,
        /// 4 or 8.
        bytes: u8,
        /// How.
        function: WaitFunction,
        /// With what.
        reference: u64,
        /// Applied to what is read.
        mask: u64,
    },
}

/// A dispatch as its waves see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Launch {
    /// GPU address of the first instruction, canonical.
    pub entry: u64,
    /// Waves of 32 lanes.
    pub wave32: bool,
    /// Threads of a full workgroup.
    pub block: [u32; 3],
    /// Threads of the last workgroup along each axis, 1 to `block`.
    pub partial: [u32; 3],
    /// The first workgroup.
    pub start: [u32; 3],
    /// One behind the last workgroup. Unused where `indirect`.
    pub end: [u32; 3],
    /// Where the number of workgroups is read from.
    pub indirect: Option<u64>,
    /// The user SGPRs; `None` for one that no packet set.
    pub user_data: Vec<Option<u32>>,
    /// Workgroup ids that become SGPRs: x, y, z.
    pub workgroup_ids: [bool; 3],
    /// Whether an SGPR tells the workgroup's size.
    pub group_size_sgpr: bool,
    /// Local ids that become VGPR bits: 0 x, 1 x and y, 2 all.
    pub local_ids: u32,
    /// `FLOAT_MODE`, `DX10_CLAMP`, `IEEE_MODE` and `FP16_OVFL` of RSRC1, in place.
    pub mode: u32,
    /// VGPRs of a lane.
    pub vgprs: u32,
    /// LDS of a workgroup in bytes.
    pub lds_bytes: u32,
    /// Scratch of a lane in bytes; 0 where `SCRATCH_EN` is clear.
    pub scratch_bytes: u32,
    /// Memory that the waves use beside code and arguments, where stated.
    pub uses: Vec<Use>,
}

/// Memory that a dispatch uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// GPU addresses.
    pub range: Range<u64>,
    /// How.
    pub access: Access,
}
