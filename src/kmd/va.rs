//! GPU virtual addresses: who has which range.

use std::collections::BTreeMap;

/// The GPU page: the granularity of mappings on every amdgpu (`AMDGPU_GPU_PAGE_SIZE`).
pub const GPU_PAGE: u64 = 4096;

/// Size and alignment from which a mapping can use one page-directory entry, and the fragment that the translation
/// caches like best on gfx11.
pub const HUGE_PAGE: u64 = 2 << 20;

/// Allocator of one address range: first fit, with neighbours joined again when they are freed.
///
/// Ranges of 2 MiB and more are aligned to 2 MiB, smaller ones to `granularity`. Address 0 is never given out.
#[derive(Debug, Clone)]
pub struct VaSpace {
    start: u64,
    end: u64,
    granularity: u64,
    /// Bytes left free on both sides of what is given out.
    gap: u64,
    /// Free ranges, start to end; never empty ones, never two that touch.
    free: BTreeMap<u64, u64>,
    in_use: u64,
}

impl VaSpace {
    /// All of `start..end` is free. `granularity` is raised to a power of two that is at least a GPU page.
    pub fn new(start: u64, end: u64, granularity: u64) -> Self {
        let granularity = granularity.max(GPU_PAGE).checked_next_power_of_two().unwrap_or(1 << 63);
        let start = start.max(granularity).checked_next_multiple_of(granularity).unwrap_or(u64::MAX);
        let end = end & !(granularity - 1);
        let free = if start < end { BTreeMap::from([(start, end)]) } else { BTreeMap::new() };
        Self { start, end: end.max(start), granularity, gap: 0, free, in_use: 0 }
    }

    /// First address of the space.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The address after the last.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Bytes given out.
    pub fn in_use(&self) -> u64 {
        self.in_use
    }

    /// Number of separate free ranges.
    pub fn fragments(&self) -> usize {
        self.free.len()
    }

    /// `size` rounded up to the granularity: what a mapping really takes. `None` for zero and where it overflows.
    pub fn rounded(&self, size: u64) -> Option<u64> {
        if size == 0 { None } else { size.checked_next_multiple_of(self.granularity) }
    }

    /// Takes `size` bytes somewhere; `None` when no gap is large enough.
    pub fn alloc(&mut self, size: u64) -> Option<u64> {
        let size = self.rounded(size)?;
        let alignment = if size >= HUGE_PAGE { HUGE_PAGE.max(self.granularity) } else { self.granularity };
        let fit = |gap: u64| {
            self.free.iter().find_map(|(&start, &end)| {
                // Nothing lies before the start of the space and behind its end.
                let from = if start == self.start { start } else { start.checked_add(gap)? };
                let va = from.checked_next_multiple_of(alignment)?;
                let last = va.checked_add(size)?;
                (last <= end && (end == self.end || end - last >= gap)).then_some(va)
            })
        };
        let va = fit(self.gap).or_else(|| fit(0))?;
        self.take(va, size).then_some(va)
    }

    /// From here on at least `bytes` stay free on both sides of what [`VaSpace::alloc`] gives, where there is room for it:
    /// an access that leaves its buffer faults then, and does not land in the next one.
    pub fn set_gap(&mut self, bytes: u64) {
        self.gap = bytes;
    }

    /// Takes `size` bytes at `va`; `false` when they are not all free or `va` is not aligned to the granularity.
    pub fn alloc_at(&mut self, va: u64, size: u64) -> bool {
        match self.rounded(size) {
            Some(size) if va.is_multiple_of(self.granularity) => self.take(va, size),
            _ => false,
        }
    }

    fn take(&mut self, va: u64, size: u64) -> bool {
        let Some(last) = va.checked_add(size) else { return false };
        let Some((&start, &end)) = self.free.range(..=va).next_back() else { return false };
        if last > end {
            return false;
        }
        self.free.remove(&start);
        if start < va {
            self.free.insert(start, va);
        }
        if last < end {
            self.free.insert(last, end);
        }
        self.in_use += size;
        true
    }

    /// Gives `size` bytes at `va` back. `false`, and no change, when any of them is free already or outside the space.
    pub fn free(&mut self, va: u64, size: u64) -> bool {
        let Some(size) = self.rounded(size) else { return false };
        let Some(last) = va.checked_add(size) else { return false };
        if va < self.start || last > self.end || !va.is_multiple_of(self.granularity) {
            return false;
        }
        let before = self.free.range(..last).next_back().map(|(&s, &e)| (s, e));
        if before.is_some_and(|(_, end)| end > va) {
            return false;
        }
        let (mut from, mut to) = (va, last);
        if let Some((start, end)) = before
            && end == va
        {
            self.free.remove(&start);
            from = start;
        }
        if let Some(end) = self.free.remove(&last) {
            to = end;
        }
        self.free.insert(from, to);
        self.in_use -= size;
        true
    }
}
