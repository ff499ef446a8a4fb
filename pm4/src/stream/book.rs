//! Which address of a stream belongs to which buffer, and what to change when a buffer moves.

use super::{Stream, packet_dwords};
use crate::EncodeError;
use crate::packet::{Packet, Place, opcode};
use crate::submission::{Access, Effect, Use, canonical};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// A buffer that a stream has been told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BufferRef(u16);

/// A place of a stream that uses a buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BufferUse {
    /// Which.
    pub buffer: BufferRef,
    /// Where in it.
    pub offset: u64,
    /// How far; 0 where the packet does not tell.
    pub bytes: u64,
    /// How.
    pub access: Access,
    /// The dwords that hold the address; none for memory that a dispatch was stated to use.
    pub dwords: Range<usize>,
}

/// How an address stands in the dwords.
#[derive(Debug, Clone, Copy)]
enum Encoding {
    /// A field of the packet whose header is this dword, the place counted from the site's.
    Field { header: usize, place: Place, name: &'static str },
    /// Bits 39:8 in the dword, bits 47:40 in the next: program and scratch registers.
    By256,
    /// Both halves in two dwords: user data.
    Halves,
}

#[derive(Debug, Clone, Copy)]
struct Site {
    dword: usize,
    encoding: Encoding,
    buffer: BufferRef,
    offset: u64,
    bytes: u64,
    access: Access,
}

#[derive(Debug, Clone)]
struct Declared {
    name: String,
    va: u64,
    bytes: u64,
}

impl Declared {
    fn contains(&self, va: u64) -> bool {
        va.wrapping_sub(self.va) < self.bytes
    }
}

/// The buffers of a stream and the places of their addresses.
#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    buffers: Vec<Declared>,
    sites: Vec<Site>,
    stated: Vec<BufferUse>,
    /// Compute registers that hold an address, by the index of the first.
    owners: BTreeMap<usize, (BufferRef, u64)>,
    /// User SGPRs of the plan's dispatches: effect, index, buffer, offset.
    planned: Vec<(usize, usize, BufferRef, u64)>,
}

impl Book {
    pub(super) fn clear(&mut self) {
        self.sites.clear();
        self.stated.clear();
        self.owners.clear();
        self.planned.clear();
    }

    fn locate(&self, va: u64) -> Option<(BufferRef, u64)> {
        let va = canonical(va);
        let index = self.buffers.iter().position(|b| b.contains(va))?;
        Some((BufferRef(index as u16), va - self.buffers[index].va))
    }

    /// Sites of the packet whose header is at `start`.
    pub(super) fn note_packet(&mut self, start: usize, packet: &Packet) {
        for address in packet.addresses() {
            let Some((buffer, offset)) = self.locate(address.va) else { continue };
            let access = Access::from(address.access);
            let dword = start + 1 + usize::from(address.place.dword);
            let place = Place { dword: 0, ..address.place };
            let encoding = Encoding::Field { header: start, place, name: address.field };
            self.sites.push(Site { dword, encoding, buffer, offset, bytes: address.bytes, access });
        }
    }

    /// The plan that its entries count from is gone.
    pub(super) fn drop_plan(&mut self) {
        self.planned.clear();
    }

    /// The other stream's dwords begin at `base`, and its plan, where this one's is kept, behind `effects` entries.
    pub(super) fn append(&mut self, other: &Self, base: usize, effects: usize, planned: bool) {
        let map: Vec<BufferRef> = other.buffers.iter().map(|theirs| self.adopt(theirs)).collect();
        let mapped = |b: BufferRef| map[usize::from(b.0)];
        self.sites.extend(other.sites.iter().map(|s| Site {
            dword: s.dword + base,
            buffer: mapped(s.buffer),
            encoding: match s.encoding {
                Encoding::Field { header, place, name } => Encoding::Field { header: header + base, place, name },
                other => other,
            },
            ..*s
        }));
        self.stated.extend(other.stated.iter().map(|s| BufferUse { buffer: mapped(s.buffer), ..s.clone() }));
        let theirs = other.planned.iter().filter(|_| planned);
        self.planned.extend(theirs.map(|&(effect, sgpr, b, offset)| (effects + effect, sgpr, mapped(b), offset)));
        self.owners.clear();
    }

    fn adopt(&mut self, theirs: &Declared) -> BufferRef {
        let same = |ours: &Declared| ours.va == theirs.va && ours.bytes == theirs.bytes;
        let index = self.buffers.iter().position(same).unwrap_or_else(|| {
            self.buffers.push(theirs.clone());
            self.buffers.len() - 1
        });
        BufferRef(index as u16)
    }

    /// Dwords and new values of a buffer's sites, were it at `va`.
    fn patches(&self, buffer: BufferRef, va: u64, words: &[u32]) -> Result<Vec<(usize, [u32; 2])>, EncodeError> {
        let mut patches = Vec::new();
        for site in self.sites.iter().filter(|s| s.buffer == buffer) {
            let value = va + site.offset;
            let next = words.get(site.dword + 1).copied().unwrap_or(0);
            let mut pair = [words[site.dword], next];
            match site.encoding {
                Encoding::Field { header, place, name } => {
                    place.set(&mut pair, name, value)?;
                    check_packet(words, header, site.dword, pair)?;
                }
                Encoding::By256 if !value.is_multiple_of(256) => {
                    return Err(EncodeError::Misaligned { field: "a program or scratch address", value, align: 256 });
                }
                Encoding::By256 => pair = by_256(value),
                Encoding::Halves => pair = halves(value),
            }
            patches.push((site.dword, pair));
        }
        Ok(patches)
    }

    /// The two dwords of every site of a buffer, patched for a new address; all of them or none.
    pub(super) fn move_buffer(
        &mut self,
        buffer: BufferRef,
        va: u64,
        words: &mut [u32],
        plan: Option<&mut Vec<Effect>>,
        mut changed: impl FnMut(usize),
    ) -> Result<(), EncodeError> {
        let unknown = EncodeError::Invalid { what: "a buffer of another stream, number", value: buffer.0.into() };
        let bytes = self.buffers.get(usize::from(buffer.0)).ok_or(unknown)?.bytes;
        self.check_place(va, bytes, Some(buffer))?;
        for (dword, pair) in self.patches(buffer, va, words)? {
            for (at, value) in (dword..).zip(pair) {
                if words.get(at).is_some_and(|&old| old != value) {
                    words[at] = value;
                    changed(at);
                }
            }
        }
        let declared = &mut self.buffers[usize::from(buffer.0)];
        let old = declared.clone();
        declared.va = va;
        if let Some(plan) = plan {
            plan.iter_mut().for_each(|effect| move_effect(effect, &old, va));
            for &(effect, sgpr, _, offset) in self.planned.iter().filter(|p| p.2 == buffer) {
                if let Some(Effect::Dispatch(launch)) = plan.get_mut(effect) {
                    for (slot, half) in launch.user_data.iter_mut().skip(sgpr).zip(halves(va + offset)) {
                        *slot = Some(half);
                    }
                }
            }
        }
        Ok(())
    }

    fn check_place(&self, va: u64, bytes: u64, moved: Option<BufferRef>) -> Result<(), EncodeError> {
        let last = va.checked_add(bytes.max(1) - 1);
        if canonical(va) != va || last.is_none_or(|last| canonical(last) != last || (last ^ va) >> 63 != 0) {
            return Err(EncodeError::Invalid { what: "a buffer outside the canonical 48-bit addresses", value: va });
        }
        let overlaps = |(i, b): (usize, &Declared)| {
            moved != Some(BufferRef(i as u16)) && va < b.va.saturating_add(b.bytes) && b.va < va.saturating_add(bytes)
        };
        if self.buffers.iter().enumerate().any(overlaps) {
            return Err(EncodeError::Invalid { what: "a buffer overlaps another one, at", value: va });
        }
        Ok(())
    }
}

/// Whether the packet takes the address that would stand there: some need more alignment than its place tells.
fn check_packet(words: &[u32], header: usize, dword: usize, pair: [u32; 2]) -> Result<(), EncodeError> {
    let end = header + packet_dwords(words, header);
    let mut body = Vec::from(&words[header + 1..end]);
    for (place, value) in body.iter_mut().skip(dword - header - 1).zip(pair) {
        *place = value;
    }
    let packet = Packet::from_body(opcode(words[header]), &body).ok();
    packet.and_then(|p| p.deviation(&body)).map_or(Ok(()), Err)
}

pub(crate) fn by_256(va: u64) -> [u32; 2] {
    [(va >> 8) as u32, (va >> 40) as u32 & 0xff]
}

pub(crate) fn halves(va: u64) -> [u32; 2] {
    [va as u32, (va >> 32) as u32]
}

fn move_effect(effect: &mut Effect, old: &Declared, to: u64) {
    let shift = |va: &mut u64| {
        if old.contains(canonical(*va)) {
            *va = canonical(*va) - old.va + to;
        }
    };
    match effect {
        Effect::Dispatch(launch) => {
            shift(&mut launch.entry);
            launch.indirect.iter_mut().for_each(shift);
            for used in &mut launch.uses {
                let bytes = used.range.end.saturating_sub(used.range.start);
                shift(&mut used.range.start);
                used.range.end = used.range.start.saturating_add(bytes);
            }
        }
        Effect::Copy { src, dst, .. } => {
            shift(src);
            shift(dst);
        }
        Effect::Write { va, .. }
        | Effect::Fill { va, .. }
        | Effect::Atomic { va, .. }
        | Effect::Fence { va, .. }
        | Effect::Timestamp { va, .. }
        | Effect::Wait { va, .. } => shift(va),
    }
}

impl Stream {
    /// Tells the stream of a buffer: from here on, each address of a packet or of a dispatch that lies in it is kept
    /// track of, for [`uses`](Self::uses) and [`rebase`](Self::rebase).
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for addresses that are not canonical or overlap a buffer that was declared before.
    pub fn buffer(&mut self, name: impl Into<String>, va: u64, bytes: u64) -> Result<BufferRef, EncodeError> {
        let book = self.book.get_or_insert_default();
        book.check_place(va, bytes, None)?;
        let number = u16::try_from(book.buffers.len()).map_err(|_| EncodeError::Invalid {
            what: "buffers of a stream, at most 65536",
            value: book.buffers.len() as u64,
        })?;
        book.buffers.push(Declared { name: name.into(), va, bytes });
        Ok(BufferRef(number))
    }

    /// Name, address and length of a declared buffer.
    #[must_use]
    pub fn buffer_info(&self, buffer: BufferRef) -> Option<(&str, u64, u64)> {
        let declared = self.book.as_ref()?.buffers.get(usize::from(buffer.0))?;
        Some((&declared.name, declared.va, declared.bytes))
    }

    /// Where and how declared buffers are used, in order of recording, for the submission's list of buffers.
    pub fn uses(&self) -> impl Iterator<Item = BufferUse> {
        let book = self.book.as_deref();
        let of_site = |s: &Site| BufferUse {
            buffer: s.buffer,
            offset: s.offset,
            bytes: s.bytes,
            access: s.access,
            dwords: s.dword
                ..s.dword
                    + if matches!(s.encoding, Encoding::Field { place, .. } if place.mask_in(1) == 0) { 1 } else { 2 },
        };
        let sites = book.into_iter().flat_map(move |b| b.sites.iter().map(of_site));
        sites.chain(book.into_iter().flat_map(|b| b.stated.iter().cloned()))
    }

    /// The buffer lies at `va` now: every recorded address in it is patched, and the plan's too.
    ///
    /// # Errors
    /// [`EncodeError::Misaligned`], [`EncodeError::FieldOverflow`] where a packet cannot say its new address, and
    /// [`EncodeError::Invalid`] for addresses that are not canonical or overlap another buffer. The stream is then
    /// as it was.
    pub fn rebase(&mut self, buffer: BufferRef, va: u64) -> Result<(), EncodeError> {
        let Some(book) = &mut self.book else {
            return Err(EncodeError::Invalid { what: "a buffer of another stream, number", value: buffer.0.into() });
        };
        book.move_buffer(buffer, va, &mut self.words, self.plan.as_mut(), |_| {})
    }

    /// Whether two compute registers hold an address: the same place of the same buffer, where it lies in one.
    pub(crate) fn holds_va(&self, first: usize, va: u64, by256: bool) -> bool {
        match self.book.as_ref().and_then(|b| Some((b.owners.get(&first), b.locate(va)?))) {
            Some((held, place)) => held == Some(&place) && self.state.owns(first),
            None => self.state.changed(first, &if by256 { by_256(va) } else { halves(va) }) == 0,
        }
    }

    /// Sets two compute registers to an address. Where it lies in a declared buffer, both are written together, so
    /// that either can be patched, unless they hold the same place of the same buffer.
    pub(crate) fn set_compute_va(&mut self, first: usize, va: u64, by256: bool, access: Access) {
        let pair = if by256 { by_256(va) } else { halves(va) };
        let Some((buffer, offset)) = self.book.as_ref().and_then(|b| b.locate(va)) else {
            return self.set_compute(first, &pair);
        };
        if self.holds_va(first, va, by256) && !self.skips() {
            return;
        }
        self.state.lose(first, 2);
        self.set_compute(first, &pair);
        let (dword, skips) = (self.words.len() - 2, self.skips());
        let encoding = if by256 { Encoding::By256 } else { Encoding::Halves };
        if let Some(book) = &mut self.book {
            book.sites.push(Site { dword, encoding, buffer, offset, bytes: 0, access });
            book.owners.insert(first, (buffer, offset));
        }
        if skips {
            self.state.lose(first, 2);
        } else {
            self.state.own(first);
        }
    }

    /// A dispatch has been stated to use memory, and these of its user SGPRs, bit n for n and n + 1, have been set with
    /// [`set_compute_va`](Self::set_compute_va).
    pub(crate) fn note_dispatch(&mut self, uses: &[Use], pointers: u32, user_data: &[u32]) {
        let effect = self.plan.as_ref().map(Vec::len);
        let Some(book) = &mut self.book else { return };
        for used in uses {
            if let Some((buffer, offset)) = book.locate(used.range.start) {
                let bytes = used.range.end.saturating_sub(used.range.start);
                book.stated.push(BufferUse { buffer, offset, bytes, access: used.access, dwords: 0..0 });
            }
        }
        let Some(effect) = effect else { return };
        for (i, pair) in user_data.windows(2).enumerate().filter(|(i, _)| pointers >> i & 1 != 0) {
            if let Some((buffer, offset)) = book.locate(u64::from(pair[0]) | u64::from(pair[1]) << 32) {
                book.planned.push((effect, i, buffer, offset));
            }
        }
    }
}
