//! Streams that are recorded once and submitted often, with a few dwords changed in between.

use super::book::Book;
use super::{BufferRef, Stream, halves};
use crate::EncodeError;
use crate::dispatch::Grid;
use crate::submission::{Effect, Ring};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// What a slot stands for, in the next call that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SlotField {
    /// A user SGPR of the next dispatch: 32 bits.
    UserData(u32),
    /// An address in this user SGPR and the one behind it.
    Pointer(u32),
    /// The workgroups of the next dispatch with [`Grid::Groups`].
    Groups,
    /// The dwords of the next [`Stream::write`].
    Data,
    /// The value of the next [`Stream::fence`]: 64 bits.
    FenceValue,
    /// What the next [`Stream::wait_until`] or [`Stream::wait_until64`] compares with.
    WaitReference,
    /// The address of a declared buffer, wherever the stream names it.
    Base(BufferRef),
}

/// A slot of a [`Retained`] stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(u32);

#[derive(Debug, Clone)]
struct Slot {
    name: String,
    field: SlotField,
    /// First dword, and how many; none until a call binds it.
    at: usize,
    dwords: usize,
    /// The plan's entry of that call, where it was audited.
    effect: Option<usize>,
}

/// The slots of a stream under construction.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    slots: Vec<Slot>,
}

/// Where changed dwords go: usually the mapped indirect buffer.
pub trait WordSink {
    /// Stores `value` as the indirect buffer's dword of this number.
    fn store(&mut self, dword: usize, value: u32);
}

impl WordSink for [u32] {
    /// A dword beyond the slice's end is left out.
    fn store(&mut self, dword: usize, value: u32) {
        if let Some(place) = self.get_mut(dword) {
            *place = value;
        }
    }
}

impl<F: FnMut(usize, u32)> WordSink for F {
    fn store(&mut self, dword: usize, value: u32) {
        self(dword, value);
    }
}

impl Stream {
    /// Names something that varies between submissions. It stands for a part of the next call that has it; that part
    /// is written even if the registers hold the value already, and is not relied upon later.
    ///
    /// ```
    /// use pm4::dispatch::{Kernel, KernelSpec, Work};
    /// use pm4::reg::{COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC2, COMPUTE_PGM_RSRC3};
    /// use pm4::{SlotField, Gfx, Stream};
    ///
    /// let rsrc2 = pm4::reg_value!(COMPUTE_PGM_RSRC2 { USER_SGPR: 3u32, TGID_X_EN: true })?;
    /// let (rsrc1, rsrc3) = (COMPUTE_PGM_RSRC1::new(), COMPUTE_PGM_RSRC3::new());
    /// let kernel = Kernel::prepare(KernelSpec::new(Gfx::Gfx1100, 0x8000_1000, rsrc1, rsrc2, rsrc3, true))?;
    ///
    /// let mut stream = Stream::new();
    /// let count = stream.slot("count", SlotField::UserData(2));
    /// stream.dispatch(&kernel, &Work::groups([16, 1, 1], [64, 1, 1], &[0x2000, 0x8, 1000]))?;
    /// let mut retained = stream.retain()?;
    /// let mut ib = retained.dwords().to_vec();
    ///
    /// retained.set(count, 999)?;
    /// assert_eq!(retained.store_into(&mut ib[..]), 1);
    /// assert_eq!(ib, retained.dwords());
    /// # Ok::<(), pm4::EncodeError>(())
    /// ```
    pub fn slot(&mut self, name: impl Into<String>, field: SlotField) -> SlotId {
        let marks = self.marks.get_or_insert_default();
        marks.slots.push(Slot { name: name.into(), field, at: 0, dwords: 0, effect: None });
        SlotId(marks.slots.len() as u32 - 1)
    }

    /// Ends the recording: pads the stream and gives its slots values that can change.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for a slot that no call has used.
    pub fn retain(mut self) -> Result<Retained, EncodeError> {
        self.pad()?;
        let slots = self.marks.take().map_or_else(Vec::new, |m| m.slots);
        let unused = |s: &Slot| !matches!(s.field, SlotField::Base(_)) && s.dwords == 0;
        if let Some(number) = slots.iter().position(unused) {
            return Err(EncodeError::Invalid { what: "a slot that no call has used, number", value: number as u64 });
        }
        let places: Vec<Place> = slots.iter().map(Place::of).collect();
        Ok(Retained {
            ring: self.ring,
            changed: Vec::with_capacity(2 * slots.iter().map(|s| s.dwords.div_ceil(32)).sum::<usize>()),
            words: self.words,
            places,
            slots,
            book: self.book.take(),
            plan: self.plan,
        })
    }

    /// Whether addresses or slots make a dispatch write its registers one by one.
    #[inline]
    pub(crate) fn tracks(&self) -> bool {
        self.marks.is_some() || self.book.is_some()
    }

    /// Whether a slot waits for this part of a call.
    pub(crate) fn wants(&self, field: SlotField) -> bool {
        let waits = |s: &Slot| s.dwords == 0 && s.field == field;
        self.marks.as_ref().is_some_and(|m| m.slots.iter().any(waits))
    }

    /// The dwords of this part, for the slot that waits for them.
    pub(crate) fn bind(&mut self, field: SlotField, at: usize, dwords: usize) {
        let effect = self.plan.as_ref().map(Vec::len);
        let Some(marks) = &mut self.marks else { return };
        if let Some(slot) = marks.slots.iter_mut().find(|s| s.dwords == 0 && s.field == field) {
            (slot.at, slot.dwords, slot.effect) = (at, dwords, effect);
        }
    }

    /// There is no plan any more: nothing refers to its entries.
    pub(super) fn drop_plan(&mut self) {
        self.plan = None;
        if let Some(marks) = &mut self.marks {
            marks.slots.iter_mut().for_each(|slot| slot.effect = None);
        }
        if let Some(book) = &mut self.book {
            book.drop_plan();
        }
    }

    /// Sets compute registers that a slot changes: they are written now, and unknown behind.
    pub(crate) fn set_slot(&mut self, first: usize, values: &[u32], field: SlotField) {
        self.state.lose(first, values.len());
        self.set_compute(first, values);
        self.state.lose(first, values.len());
        self.bind(field, self.words.len() - values.len(), values.len());
    }

    /// A slot for the number of workgroups needs a dispatch whose packet holds it.
    pub(crate) fn check_groups_slot(&self, grid: Grid, first: [u32; 3]) -> Result<(), EncodeError> {
        if self.wants(SlotField::Groups) && (!matches!(grid, Grid::Groups(_)) || first != [0; 3]) {
            return Err(EncodeError::Invalid {
                what: "a slot for workgroups and a dispatch without their number",
                value: 0,
            });
        }
        Ok(())
    }

    /// A slot for data takes what one packet holds.
    pub(crate) fn check_single(&self, field: SlotField) -> Result<(), EncodeError> {
        if self.wants(field) {
            return Err(EncodeError::Invalid { what: "a slot for more data than one packet holds", value: 0 });
        }
        Ok(())
    }
}

/// A stream that was recorded once. Its slots take new values; [`store_into`](Self::store_into) brings an indirect
/// buffer that holds it up to date with a store for each dword that has changed.
#[derive(Debug, Clone)]
pub struct Retained {
    ring: Ring,
    words: Vec<u32>,
    places: Vec<Place>,
    slots: Vec<Slot>,
    /// What has changed since the last store: a dword, and a bit for each one from there on. What changed twice may
    /// stand here twice.
    changed: Vec<(u32, u32)>,
    book: Option<Box<Book>>,
    plan: Option<Vec<Effect>>,
}

/// Where a slot's dwords are, and what it takes.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: u32,
    dwords: u32,
    takes: Takes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    One,
    Two,
    Groups,
    Data,
    Base(BufferRef),
}

impl Place {
    fn of(slot: &Slot) -> Self {
        let takes = match (slot.field, slot.dwords) {
            (SlotField::Base(buffer), _) => Takes::Base(buffer),
            (SlotField::Groups, _) => Takes::Groups,
            (SlotField::Data, _) => Takes::Data,
            (_, 1) => Takes::One,
            _ => Takes::Two,
        };
        // A stream that long does not fit an indirect buffer.
        Self { at: slot.at as u32, dwords: slot.dwords as u32, takes }
    }
}

impl Retained {
    /// The kind of ring that executes it.
    #[must_use]
    pub fn ring(&self) -> Ring {
        self.ring
    }

    /// All dwords, as they are to be executed: for the first upload.
    #[must_use]
    pub fn dwords(&self) -> &[u32] {
        &self.words
    }

    /// What the stream is meant to do with the present values, if it was [audited](Stream::audited).
    #[must_use]
    pub fn plan(&self) -> Option<&[Effect]> {
        self.plan.as_deref()
    }

    /// The slot of a name; the first, where several have it.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<SlotId> {
        self.slots.iter().position(|s| s.name == name).map(|i| SlotId(i as u32))
    }

    /// Gives a slot its value: one dword or two, or a buffer's address.
    ///
    /// # Errors
    /// [`EncodeError::FieldOverflow`] for more than 32 bits where the slot has one dword, [`EncodeError::Invalid`] for a
    /// slot of another stream or one that takes several values, and those of [`Stream::rebase`] for a buffer. Nothing
    /// has then changed.
    #[inline(always)]
    pub fn set(&mut self, slot: SlotId, value: u64) -> Result<(), EncodeError> {
        match self.places.get(slot.0 as usize) {
            Some(&place) if place.takes == Takes::Two => self.put(slot, place, &halves(value)),
            Some(&place) if place.takes == Takes::One && value >> 32 == 0 => self.put(slot, place, &[value as u32]),
            _ => return self.set_other(slot, value),
        }
        Ok(())
    }

    /// What [`set`](Self::set) does where it moves a buffer or refuses.
    #[cold]
    fn set_other(&mut self, slot: SlotId, value: u64) -> Result<(), EncodeError> {
        match self.places.get(slot.0 as usize).map(|p| p.takes) {
            None => Err(other_slot(slot)),
            Some(Takes::Base(buffer)) => self.rebase(buffer, value),
            Some(Takes::One) => Err(EncodeError::FieldOverflow { field: "slot", value, bits: 32 }),
            Some(_) => Err(EncodeError::Invalid {
                what: "one value for a slot that takes several, number",
                value: slot.0.into(),
            }),
        }
    }

    /// Gives a slot for workgroups its values.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for no workgroups or another kind of slot. Nothing has then changed.
    #[inline(always)]
    pub fn set_groups(&mut self, slot: SlotId, groups: [u32; 3]) -> Result<(), EncodeError> {
        match self.places.get(slot.0 as usize) {
            Some(&place) if place.takes == Takes::Groups && groups[0] != 0 && groups[1] != 0 && groups[2] != 0 => {
                self.put(slot, place, &groups);
                Ok(())
            }
            Some(place) if place.takes == Takes::Groups => {
                Err(EncodeError::Invalid { what: "a dispatch of no workgroups", value: 0 })
            }
            _ => {
                Err(EncodeError::Invalid { what: "workgroups for another kind of slot, number", value: slot.0.into() })
            }
        }
    }

    /// Gives a slot for data its dwords.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for another number of dwords than recorded or another kind of slot. Nothing has then
    /// changed.
    #[inline]
    pub fn set_data(&mut self, slot: SlotId, data: &[u32]) -> Result<(), EncodeError> {
        let Some(&place) = self.places.get(slot.0 as usize) else { return Err(other_slot(slot)) };
        if place.takes != Takes::Data || place.dwords as usize != data.len() {
            return Err(EncodeError::Invalid { what: "dwords, as many as the slot has", value: data.len() as u64 });
        }
        for (group, part) in data.chunks(32).enumerate() {
            let at = place.at as usize + 32 * group;
            let mut differ = 0;
            for (n, (word, &value)) in self.words[at..].iter_mut().zip(part).enumerate() {
                differ |= u32::from(*word != value) << n;
                *word = value;
            }
            if differ != 0 {
                self.note(at as u32, differ);
            }
        }
        if self.plan.is_some() {
            self.replan(slot, data);
        }
        Ok(())
    }

    #[inline(always)]
    fn put<const N: usize>(&mut self, slot: SlotId, place: Place, values: &[u32; N]) {
        let Some(words) = self.words.get_mut(place.at as usize..).and_then(|w| w.first_chunk_mut::<N>()) else {
            return;
        };
        let mut differ = 0;
        for n in 0..N {
            differ |= u32::from(words[n] != values[n]) << n;
        }
        *words = *values;
        if differ != 0 {
            self.note(place.at, differ);
        }
        if self.plan.is_some() {
            self.replan(slot, values);
        }
    }

    #[inline(always)]
    fn note(&mut self, at: u32, differ: u32) {
        if self.changed.len() == self.changed.capacity() {
            // Set over and over without a store between.
            tidy(&mut self.changed);
        }
        self.changed.push((at, differ));
    }

    #[cold]
    fn replan(&mut self, slot: SlotId, values: &[u32]) {
        if let (Some(plan), Some(slot)) = (&mut self.plan, self.slots.get(slot.0 as usize)) {
            replan(plan, slot, values);
        }
    }

    fn rebase(&mut self, buffer: BufferRef, va: u64) -> Result<(), EncodeError> {
        let Some(book) = &mut self.book else {
            return Err(EncodeError::Invalid { what: "a buffer that the stream does not know, at", value: va });
        };
        let changed = &mut self.changed;
        let done = book.move_buffer(buffer, va, &mut self.words, self.plan.as_mut(), |at| changed.push((at as u32, 1)));
        tidy(changed);
        done
    }

    /// Stores the dwords that have changed since the last call, or since the recording, and says how many stores that
    /// took. The device must not be executing the indirect buffer.
    #[inline]
    pub fn store_into(&mut self, sink: &mut (impl WordSink + ?Sized)) -> usize {
        let mut count = 0;
        for &(at, differ) in &self.changed {
            let mut differ = differ;
            while differ != 0 {
                let dword = at as usize + differ.trailing_zeros() as usize;
                differ &= differ - 1;
                sink.store(dword, self.words[dword]);
                count += 1;
            }
        }
        self.changed.clear();
        count
    }
}

/// Each place once.
#[cold]
fn tidy(changed: &mut Vec<(u32, u32)>) {
    changed.sort_unstable();
    changed.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        kept.1 |= if same { later.1 } else { 0 };
        same
    });
}

fn other_slot(slot: SlotId) -> EncodeError {
    EncodeError::Invalid { what: "a slot of another stream, number", value: slot.0.into() }
}

fn replan(plan: &mut [Effect], slot: &Slot, values: &[u32]) {
    let wide = values.iter().rev().fold(0, |wide, &v| wide << 32 | u64::from(v));
    match (slot.effect.and_then(|at| plan.get_mut(at)), slot.field) {
        (Some(Effect::Dispatch(launch)), SlotField::UserData(first) | SlotField::Pointer(first)) => {
            for (sgpr, &value) in launch.user_data.iter_mut().skip(first as usize).zip(values) {
                *sgpr = Some(value);
            }
        }
        (Some(Effect::Dispatch(launch)), SlotField::Groups) => {
            if let [x, y, z] = *values {
                launch.end = [x, y, z];
            }
        }
        (Some(Effect::Write { data, .. }), SlotField::Data) => *data = values.into(),
        (Some(Effect::Fence { value, .. }), SlotField::FenceValue) => *value = wide,
        (Some(Effect::Wait { reference, .. }), SlotField::WaitReference) => *reference = wide,
        _ => {}
    }
}
