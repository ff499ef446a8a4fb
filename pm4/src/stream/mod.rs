//! The builder.

use crate::field::FieldValue;
use crate::packet::values::*;
use crate::packet::{
    HeaderFlags, Nop, Packet, PacketDesc, SetContextReg, SetShReg, SetUconfigReg, TypedPacket, body_dwords,
};
use crate::print::Listing;
use crate::reg::{COMPUTE_PGM_RSRC2, Reg, Space};
use crate::submission::{Effect, Ring};
use crate::{Decode, EncodeError, decode};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

mod book;
mod plan;
mod retained;
mod segments;
mod state;

pub use book::{BufferRef, BufferUse};
pub(crate) use book::{by_256, halves};
pub(crate) use plan::resources;
pub use retained::{Retained, SlotField, SlotId, WordSink};
pub use segments::Segments;
pub(crate) use state::{State, compute_index};

use book::Book;

/// A command stream under construction: an indirect buffer's dwords.
///
/// It knows what its packets have set: a register that already holds the value is not written again, and neighbours
/// share a packet. [`push`](Self::push) appends a packet as it is, and takes note of what it changes.
///
/// ```
/// use pm4::{Stream, reg};
///
/// let mut stream = Stream::new();
/// stream.set_sh(reg::COMPUTE_START_X, 0)?.set_sh(reg::COMPUTE_START_Y, 0)?.set_sh(reg::COMPUTE_START_Z, 0)?;
/// assert_eq!(stream.dwords(), [0xc003_7600, 0x204, 0, 0, 0]);
/// stream.set_sh(reg::COMPUTE_START_Y, 0)?;
/// assert_eq!(stream.len_dw(), 5);
/// # Ok::<(), pm4::EncodeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Stream {
    ring: Ring,
    words: Vec<u32>,
    /// The SET packet at the end of `words`, as long as nothing followed it.
    run: Option<Run>,
    state: State,
    /// Packets before this dword may be skipped: COND_EXEC, PRED_EXEC, REWIND.
    skipped_to: usize,
    /// Where those ranges end that have been pushed, as far as they end behind a packet that may still grow.
    ends: Vec<usize>,
    /// How many calls of `conditional` are under way.
    conditionals: u32,
    pub(crate) hazards: Hazards,
    book: Option<Box<Book>>,
    plan: Option<Vec<Effect>>,
    marks: Option<Box<retained::Marks>>,
}

/// A SET packet that the next register may join.
#[derive(Debug, Clone, Copy)]
struct Run {
    header: usize,
    /// The byte address behind its last register.
    next: u32,
}

/// What has to be waited for or flushed, as far as this stream's packets tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hazards {
    /// Waves may be under way.
    pub(crate) waves: bool,
    /// Among them, of this stream, some that use scratch memory.
    pub(crate) scratch: bool,
    /// A DMA_DATA without `cp_sync` may be under way.
    pub(crate) dma: bool,
    /// `GCR_CNTL` operations that have run since memory was last used.
    pub(crate) clean: u32,
    /// The prefetcher of the graphics ring has waited since then.
    pub(crate) prefetcher: bool,
    /// Where the `GCR_CNTL` of an ACQUIRE_MEM stands that ends the stream.
    pub(crate) acquire: Option<usize>,
    /// A packet of this stream has decided the fields above.
    seen: bool,
}

/// What came before the stream is not known; scratch is no part of that, for the preamble says that there is none.
const BEFORE: Hazards = Hazards { scratch: false, ..UNKNOWN };

/// What may be under way behind packets that do not tell.
const UNKNOWN: Hazards =
    Hazards { waves: true, scratch: true, dma: true, clean: 0, prefetcher: false, acquire: None, seen: false };

/// Registers in one SET packet at most, well below what the count can say.
const RUN_MAX: usize = 0x1000;

/// Room for a plain dispatch, see `dispatch_plain`.
pub(crate) const PLAIN_DW: usize = 64;

/// The header of a SET packet without values; each value adds one to the count.
const fn set_header(desc: &PacketDesc) -> u32 {
    3 << 30 | (desc.opcode as u32) << 8
}

impl Default for Stream {
    fn default() -> Self {
        Self::on(Ring::Compute)
    }
}

impl Stream {
    /// An empty stream for a compute ring.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty stream for this kind of ring. Packets of [`push`](Self::push) and registers are for the gfx and
    /// compute rings; on a DMA ring there is [`push_dwords`](Self::push_dwords).
    #[must_use]
    pub fn on(ring: Ring) -> Self {
        Self {
            ring,
            words: Vec::new(),
            run: None,
            state: State::default(),
            skipped_to: 0,
            ends: Vec::new(),
            conditionals: 0,
            hazards: BEFORE,
            book: None,
            plan: None,
            marks: None,
        }
    }

    /// A stream of words from elsewhere, for a compute ring. Nothing is checked; see [`items`](Self::items).
    #[must_use]
    pub fn from_dwords(words: impl Into<Vec<u32>>) -> Self {
        let mut stream = Self { words: words.into(), ..Self::default() };
        stream.forget_state();
        stream
    }

    /// The kind of ring that executes it.
    #[must_use]
    pub fn ring(&self) -> Ring {
        self.ring
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

    /// Empties the stream, and keeps its memory. Buffers stay declared, and an audit goes on with an empty plan.
    pub fn clear(&mut self) {
        self.words.clear();
        self.run = None;
        self.state = State::default();
        self.skipped_to = 0;
        self.ends.clear();
        self.hazards = BEFORE;
        self.marks = None;
        if let Some(plan) = &mut self.plan {
            plan.clear();
        }
        if let Some(book) = &mut self.book {
            book.clear();
        }
    }

    /// The packets, decoded again.
    pub fn items(&self) -> Decode<'_> {
        decode(&self.words)
    }

    /// Appends a packet as it is.
    ///
    /// # Errors
    /// As [`Packet::encode`], and [`EncodeError::Invalid`] on a DMA ring; the stream is then unchanged.
    pub fn push(&mut self, packet: impl Into<Packet>) -> Result<&mut Self, EncodeError> {
        let packet = packet.into();
        self.push_with(packet.desc().map_or(HeaderFlags::NONE, |d| d.flags), packet)
    }

    /// Appends a packet with these header flags instead of its row's.
    ///
    /// # Errors
    /// As [`Packet::encode_with`], and [`EncodeError::Invalid`] on a DMA ring; the stream is then unchanged.
    pub fn push_with(&mut self, flags: HeaderFlags, packet: impl Into<Packet>) -> Result<&mut Self, EncodeError> {
        let packet = packet.into();
        let effect = self.plan.as_ref().and_then(|_| plan::effect_of(&packet, &self.state));
        self.emit_with(flags, &packet)?;
        if let Some(plan) = &mut self.plan {
            plan.extend(effect);
        }
        Ok(self)
    }

    /// Appends a packet that the caller states in the plan itself.
    pub(crate) fn emit(&mut self, packet: impl Into<Packet>) -> Result<usize, EncodeError> {
        let packet = packet.into();
        self.emit_with(packet.desc().map_or(HeaderFlags::NONE, |d| d.flags), &packet)
    }

    pub(crate) fn emit_with(&mut self, flags: HeaderFlags, packet: &Packet) -> Result<usize, EncodeError> {
        if self.ring == Ring::Sdma {
            return Err(EncodeError::Invalid {
                what: "a PM4 packet on a DMA ring, opcode",
                value: u64::from(packet.opcode()),
            });
        }
        let start = self.words.len();
        packet.encode_with(flags, &mut self.words)?;
        if let Some(book) = &mut self.book {
            book.note_packet(start, packet);
        }
        self.observe(start, flags, packet);
        Ok(start)
    }

    /// Appends dwords of which the stream knows nothing. All that it knew of registers and hazards is forgotten.
    pub fn push_dwords(&mut self, words: &[u32]) -> &mut Self {
        self.words.extend_from_slice(words);
        self.forget_state();
        self
    }

    /// What the registers hold is unknown from here on, and what may be under way too: the next packets are written
    /// in full. For streams that continue behind something that this one does not see.
    pub fn forget_state(&mut self) -> &mut Self {
        self.run = None;
        self.state.forget();
        self.hazards = Hazards { seen: true, ..UNKNOWN };
        self
    }

    /// What a register holds at the end of the stream, where its packets tell.
    #[must_use]
    pub fn register<V: FieldValue>(&self, reg: Reg<V>) -> Option<V> {
        self.state.get(reg.address()).map(|bits| V::from_raw(u64::from(bits)))
    }

    /// Appends another stream: its dwords, and what they do to registers, hazards, buffers and plan. Where this
    /// stream is audited and the other is not, its packets' fields make the plan.
    ///
    /// What a pushed COND_EXEC or PRED_EXEC of this stream may skip must not end within the other stream: that one
    /// has left out registers that its own packets had set, not knowing that some of them may be skipped.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        let base = self.words.len();
        let effects = self.plan.as_ref().map_or(0, Vec::len);
        if self.plan.is_some() && other.plan.is_none() {
            let mut state = self.state.clone();
            let mut scratch = Self::on(self.ring);
            for item in other.items() {
                if let (Ok(packet), Some(plan)) = (&item.packet, &mut self.plan) {
                    plan.extend(plan::effect_of(packet, &state));
                    scratch.state = state;
                    scratch.observe(0, item.flags, packet);
                    state = core::mem::take(&mut scratch.state);
                }
            }
        } else if let (Some(plan), Some(more)) = (&mut self.plan, &other.plan) {
            plan.extend_from_slice(more);
        }
        let skipped = self.skips();
        self.words.extend_from_slice(&other.words);
        self.run = None;
        self.ends.retain(|&end| end > base);
        self.ends.extend(other.ends.iter().map(|end| end.saturating_add(base)));
        self.state.then(&other.state, skipped);
        if other.skipped_to > other.words.len() {
            self.skipped_to = self.skipped_to.max(other.skipped_to.saturating_add(base));
        }
        if skipped {
            self.hazards = Hazards { seen: true, ..UNKNOWN };
        } else if other.hazards.seen {
            let scratch = other.hazards.scratch || self.hazards.scratch && other.hazards.waves;
            self.hazards = Hazards { scratch, ..other.hazards };
            self.hazards.acquire = None;
            self.hazards.seen = true;
        }
        if let Some(theirs) = &other.book {
            self.book.get_or_insert_default().append(theirs, base, effects, self.plan.is_some());
        }
        self
    }

    /// Sets an SH register, unless it holds the value already. A register right behind the one set before joins its
    /// packet, and so does the next but one where the register between is known: writing that again costs one dword,
    /// a packet of its own two. Over two registers there would be nothing to gain.
    ///
    /// # Errors
    /// [`EncodeError::WrongSpace`] for a register of another space.
    pub fn set_sh<V: FieldValue>(&mut self, reg: Reg<V>, value: V) -> Result<&mut Self, EncodeError> {
        self.set_in(Space::Sh, reg, value)
    }

    /// Sets a UCONFIG register. It joins a packet like [`set_sh`](Self::set_sh), but is always written: these
    /// registers belong to the device, and others write them too.
    ///
    /// # Errors
    /// [`EncodeError::WrongSpace`] for a register of another space.
    pub fn set_uconfig<V: FieldValue>(&mut self, reg: Reg<V>, value: V) -> Result<&mut Self, EncodeError> {
        self.set_in(Space::Uconfig, reg, value)
    }

    /// Sets a CONTEXT register, as [`set_sh`](Self::set_sh) does.
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
        if self.ring == Ring::Sdma {
            return Err(EncodeError::Invalid {
                what: "a register of the shaders on a DMA ring",
                value: address.into(),
            });
        }
        let bits = value.to_raw() as u32;
        match compute_index(address) {
            Some(index) => self.set_compute(index, &[bits]),
            None if !self.skips() && self.state.get(address) == Some(bits) => {}
            None => {
                self.write_run(space, address, &[bits]);
                let known = Some(bits).filter(|_| !self.skips());
                self.state.set(address, known);
            }
        }
        Ok(self)
    }

    /// Whether the packet that comes next may be skipped.
    fn skips(&self) -> bool {
        self.may_skip(self.words.len())
    }

    fn may_skip(&self, at: usize) -> bool {
        self.conditionals > 0 || at < self.skipped_to
    }

    /// Sets consecutive compute registers, `first` counted from 0xb800: those that change, in as few dwords as can be.
    #[inline]
    pub(crate) fn set_compute(&mut self, first: usize, values: &[u32]) {
        if self.skips() {
            // Nothing is left out where packets are counted, and what is set here is unknown behind.
            self.write_run(Space::Sh, state::COMPUTE_BASE + 4 * first as u32, values);
            for index in first..first + values.len() {
                self.state.set(state::COMPUTE_BASE + 4 * index as u32, None);
            }
        } else {
            self.set_changed(first, values);
        }
    }

    fn set_changed(&mut self, first: usize, values: &[u32]) {
        // At most sixteen registers at a time, the user SGPRs.
        let changed = self.state.changed(first, values);
        let mut write = changed | changed << 1 & changed >> 1;
        while write != 0 {
            let at = write.trailing_zeros() as usize;
            let count = (write >> at).trailing_ones() as usize;
            self.write_run(Space::Sh, state::COMPUTE_BASE + 4 * (first + at) as u32, &values[at..at + count]);
            write &= !(((1 << count) - 1) << at);
        }
        self.state.learn(first, values);
    }

    /// Appends values of consecutive registers, to the packet before where they continue it.
    fn write_run(&mut self, space: Space, address: u32, values: &[u32]) {
        // Two spaces never touch end to end within a run: a run's `next` past its space is no register.
        if let Some(run) = self.run.as_mut()
            && self.words.len() - run.header + values.len() < RUN_MAX
            // A range that ends behind the packet counts its dwords.
            && !self.ends.iter().any(|&end| run.header < end && end <= self.words.len())
        {
            let between = match address.wrapping_sub(run.next) {
                0 => Some(None),
                // One register lies between: its value again is a dword less than a packet.
                4 if Space::of(run.next) == Some(space)
                    && self.conditionals == 0
                    && self.words.len() >= self.skipped_to =>
                {
                    self.state.get(run.next).map(Some)
                }
                _ => None,
            };
            if let Some(between) = between {
                let count = values.len() as u32 + u32::from(between.is_some());
                self.words.extend(between);
                self.words.extend_from_slice(values);
                self.words[run.header] += count << 16;
                run.next += 4 * count;
                return;
            }
        }
        let opcode = match space {
            Space::Sh => const { set_header(SetShReg::DESC) },
            Space::Context => const { set_header(SetContextReg::DESC) },
            // No SET packet of a user reaches CONFIG, and `set_in` takes no register there.
            Space::Uconfig | Space::Config => const { set_header(SetUconfigReg::DESC) },
        };
        let header = self.words.len();
        self.words.extend_from_slice(&[opcode + ((values.len() as u32) << 16), (address - space.range().start) / 4]);
        self.words.extend_from_slice(values);
        self.run = Some(Run { header, next: address + 4 * values.len() as u32 });
        self.hazards.acquire = None;
    }

    /// Takes note of what the packet that begins at `start` changes: registers, and what a barrier has to wait for.
    fn observe(&mut self, start: usize, flags: HeaderFlags, packet: &Packet) {
        self.run = None;
        self.hazards.acquire = None;
        let skipped = self.may_skip(start) || flags.contains(HeaderFlags::PREDICATE);
        self.observe_registers(flags, packet, skipped);
        if let Some(dwords) = plan::skipped_dwords(packet) {
            let end = self.words.len().saturating_add(dwords);
            self.skipped_to = self.skipped_to.max(end);
            self.ends.retain(|&end| end > start);
            self.ends.push(end);
        }
        self.observe_hazards(packet, skipped);
    }

    fn observe_registers(&mut self, flags: HeaderFlags, packet: &Packet, skipped: bool) {
        let plain = !skipped && !flags.contains(HeaderFlags::RESET_FILTER_CAM);
        match packet {
            Packet::SetShReg(p) => {
                let plain = plain && p.index == ShRegIndex::DEFAULT;
                self.observe_set(packet, plain);
            }
            // The firmware may change the value on its way.
            Packet::SetShRegIndex(p) => self.observe_set(packet, plain && p.index == ShRegIndex::DEFAULT),
            Packet::SetContextReg(p) => self.observe_set(packet, plain && p.index == 0),
            // Not tracked, but for what else changes with them.
            Packet::SetUconfigReg(_) | Packet::SetUconfigRegIndex(_) => self.observe_set(packet, false),
            Packet::SetShRegPairsPacked(_) | Packet::SetShRegPairsPackedN(_) | Packet::SetContextRegPairsPacked(_) => {
                self.observe_set(packet, !skipped)
            }
            Packet::LoadShRegIndex(p) if p.data_format == LoadFormat::OFFSET_AND_SIZE => {
                let first = Space::Sh.range().start + 4 * p.offset;
                for i in 0..p.num_dwords {
                    self.state.set(first.saturating_add(4 * i), None);
                }
            }
            _ if plan::keeps_registers(packet) => {}
            _ => self.state.forget(),
        }
    }

    fn observe_set(&mut self, packet: &Packet, plain: bool) {
        for (address, value) in packet.register_writes() {
            self.state.set(address, Some(value).filter(|_| plain));
        }
    }

    fn observe_hazards(&mut self, packet: &Packet, skipped: bool) {
        let h = &mut self.hazards;
        match packet {
            Packet::Nop(_)
            | Packet::SetShReg(_)
            | Packet::SetShRegIndex(_)
            | Packet::SetContextReg(_)
            | Packet::SetUconfigReg(_)
            | Packet::SetUconfigRegIndex(_)
            | Packet::SetShRegPairsPacked(_)
            | Packet::SetShRegPairsPackedN(_)
            | Packet::SetContextRegPairsPacked(_) => return,
            Packet::EventWrite(p) if p.event_type == EventType::CS_PARTIAL_FLUSH => {
                // What was flushed while they ran is to be flushed again.
                if h.waves {
                    h.clean = 0;
                }
                h.waves &= skipped;
                h.scratch &= skipped;
            }
            // A range is worth less than the whole, and what may be skipped nothing.
            Packet::AcquireMem(p) if !skipped && p.coher_base == 0 && p.coher_size >= (1 << 56) - 1 => {
                h.clean |= p.gcr_cntl.bits();
            }
            Packet::AcquireMem(_) => {}
            Packet::PfpSyncMe(_) => h.prefetcher = !skipped,
            Packet::DmaData(p) => {
                // The wait for earlier transfers moves nothing itself, but what was flushed meanwhile is to be again.
                if p.byte_count != 0 || h.dma {
                    (h.clean, h.prefetcher) = (0, false);
                }
                h.dma = !p.cp_sync || h.dma && skipped;
            }
            Packet::DispatchDirect(_) | Packet::DispatchIndirect(_) | Packet::DispatchIndirectOffset(_) => {
                h.waves = true;
                let rsrc2 = self.state.get(COMPUTE_PGM_RSRC2.address()).map(COMPUTE_PGM_RSRC2::from_bits);
                h.scratch |= rsrc2.is_none_or(|r| r.get(COMPUTE_PGM_RSRC2::SCRATCH_EN) != 0);
                (h.clean, h.prefetcher) = (0, false);
            }
            _ if plan::keeps_registers(packet) => (h.clean, h.prefetcher) = (0, false),
            _ => *h = UNKNOWN,
        }
        h.seen = true;
    }

    /// Packets that may be skipped: `inside` appends them, and COND_EXEC in front of them counts their dwords. They
    /// run where the dword at `va` is not zero. What they set is unknown behind them.
    ///
    /// # Errors
    /// [`EncodeError::Misaligned`] unless `va` is a multiple of 4, [`EncodeError::BodyLength`] beyond 0x3fff dwords,
    /// and those of `inside`; the stream is then unusable beyond the point where the call began.
    pub fn conditional<E: From<EncodeError>>(
        &mut self,
        va: u64,
        inside: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<&mut Self, E> {
        let start = self.emit(crate::packet::CondExec { address: va, exec_count: 0, ..Default::default() })?;
        let first = self.words.len();
        self.conditionals += 1;
        let done = inside(self);
        self.conditionals = self.conditionals.saturating_sub(1);
        done?;
        let dwords = self.words.len().saturating_sub(first);
        if dwords > 0x3fff {
            return Err(EncodeError::BodyLength { packet: "COND_EXEC", dwords }.into());
        }
        if let Some(count) = self.words.get_mut(start + 4) {
            *count = dwords as u32;
        }
        self.run = None;
        self.hazards.acquire = None;
        self.hazards.clean = 0;
        Ok(self)
    }

    /// Fills up with NOPs to a multiple of `multiple_dw` dwords.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for a multiple of 0 or more than one NOP can fill (0x3fff).
    pub fn pad_to(&mut self, multiple_dw: usize) -> Result<&mut Self, EncodeError> {
        if !(1..=0x3fff).contains(&multiple_dw) {
            return Err(EncodeError::Invalid { what: "a multiple of 1 to 0x3fff dwords", value: multiple_dw as u64 });
        }
        let missing = self.words.len().next_multiple_of(multiple_dw) - self.words.len();
        self.fill(missing)
    }

    /// Fills up with NOPs to what the stream's ring asks of an indirect buffer's length ([`Ring::ib_size_align_dw`]).
    ///
    /// # Errors
    /// None in practice: the granule is a constant.
    pub fn pad(&mut self) -> Result<&mut Self, EncodeError> {
        self.pad_to(self.ring.ib_size_align_dw())
    }

    /// [`pad`](Self::pad), and the dwords.
    ///
    /// # Errors
    /// As [`pad`](Self::pad).
    pub fn finish(mut self) -> Result<Vec<u32>, EncodeError> {
        self.pad()?;
        Ok(self.words)
    }

    fn fill(&mut self, missing: usize) -> Result<&mut Self, EncodeError> {
        match (missing, self.ring) {
            (0, _) => Ok(self),
            // The DMA engine's NOP is a zero.
            (_, Ring::Sdma) => {
                self.words.resize(self.words.len() + missing, 0);
                Ok(self)
            }
            _ => {
                self.emit(Nop { payload: vec![0; missing - 1] })?;
                Ok(self)
            }
        }
    }

    /// Whether calls state what they do in a plan, beside writing packets. Switching it on begins an empty plan.
    pub fn audited(&mut self, on: bool) -> &mut Self {
        match (on, &self.plan) {
            (true, None) => self.plan = Some(Vec::new()),
            (false, _) => self.drop_plan(),
            _ => {}
        }
        self
    }

    /// What the calls so far are meant to do, from their arguments; `None` unless [`audited`](Self::audited).
    ///
    /// Calls that take several packets state one effect for each. Only [`push`](Self::push) goes by the fields of
    /// its packet.
    #[must_use]
    pub fn plan(&self) -> Option<&[Effect]> {
        self.plan.as_deref()
    }

    /// Appends to the plan, if there is one.
    #[inline]
    pub(crate) fn state_effect(&mut self, effect: impl FnOnce(&Self) -> Effect) {
        if self.plan.is_some() {
            let effect = effect(self);
            if let Some(plan) = &mut self.plan {
                plan.push(effect);
            }
        }
    }

    /// Makes room, so that what follows does not allocate piece by piece.
    #[inline]
    pub(crate) fn reserve(&mut self, dwords: usize) {
        self.words.reserve(dwords);
    }

    /// Whether a dispatch can be put together aside: nothing in front to join, nothing skipped, no buffers, slots or
    /// plan to keep.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.run.is_none() && !self.skips() && !self.tracks() && self.plan.is_none() && self.ring != Ring::Sdma
    }

    /// Dwords that end with a packet that starts waves: `write` says how many of those that it gets it has written.
    #[inline]
    pub(crate) fn append_dispatch(&mut self, write: impl FnOnce(&mut [u32; PLAIN_DW], &mut State) -> usize) {
        let start = self.words.len();
        self.words.extend_from_slice(&[0; PLAIN_DW]);
        let written = match self.words.last_chunk_mut::<PLAIN_DW>() {
            Some(words) => write(words, &mut self.state),
            None => 0,
        };
        self.words.truncate(start + written);
        self.run = None;
        self.hazards = Hazards { waves: true, clean: 0, prefetcher: false, acquire: None, seen: true, ..self.hazards };
    }

    /// Adds cache operations to the ACQUIRE_MEM that a barrier has just written, if nothing followed it.
    pub(crate) fn extend_acquire(&mut self, operations: u32) -> bool {
        match self.hazards.acquire {
            Some(at) => {
                self.words[at] |= operations;
                true
            }
            None => false,
        }
    }

    /// The stream as text, see [`print`](crate::print()).
    pub fn listing(&self, base_va: Option<u64>) -> Listing<'_> {
        Listing::new(&self.words, base_va)
    }
}

/// The dwords of the packet at `words[at]`, header included; for words that this crate wrote. A header that is none
/// counts as one dword.
pub(crate) fn packet_dwords(words: &[u32], at: usize) -> usize {
    let header = words[at];
    let dwords = if header >> 30 == 3 { 1 + body_dwords(header) } else { 1 };
    dwords.min(words.len() - at)
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
