//! Parts of a matrix that is written: a task or a register tile owns rows and columns of it.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Rows × columns of floats, `stride` floats from row to row, which this value alone may touch.
pub(super) struct Tile<'a> {
    data: *mut f32,
    stride: usize,
    rows: usize,
    columns: usize,
    owner: PhantomData<&'a mut [f32]>,
}

// SAFETY: a tile is an exclusive borrow of its floats, as `&mut [f32]` is, which may go to another thread.
unsafe impl Send for Tile<'_> {}

impl<'a> Tile<'a> {
    /// The matrix of `rows` whole rows of `columns` that `data` holds.
    ///
    /// Panics unless that is its length.
    pub(super) fn new(data: &'a mut [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(Some(data.len()), rows.checked_mul(columns));
        Self { data: data.as_mut_ptr(), stride: columns, rows, columns, owner: PhantomData }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Floats from row to row.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "AVX-512's kernel has it"))]
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    #[inline]
    pub(super) fn row(&mut self, row: usize) -> &mut [f32] {
        assert!(row < self.rows);
        // SAFETY: the row lies within what this tile owns, and is borrowed as long as the tile is.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(row * self.stride), self.columns) }
    }

    /// Some of its rows and columns.
    #[inline]
    pub(super) fn part(&mut self, rows: Range<usize>, columns: Range<usize>) -> Tile<'_> {
        assert!(rows.start <= rows.end && rows.end <= self.rows);
        assert!(columns.start <= columns.end && columns.end <= self.columns);
        // SAFETY: within what this tile owns, which is borrowed as long as the part lives.
        unsafe { self.raw(rows, columns) }
    }

    /// # Safety
    /// The ranges lie within the tile, and nobody else touches that part while the result lives.
    unsafe fn raw<'b>(&self, rows: Range<usize>, columns: Range<usize>) -> Tile<'b> {
        let offset = if rows.is_empty() { 0 } else { rows.start * self.stride + columns.start };
        Tile {
            // SAFETY: the first element of a part that is not empty lies within the matrix.
            data: unsafe { self.data.add(offset) },
            stride: self.stride,
            rows: rows.len(),
            columns: columns.len(),
            owner: PhantomData,
        }
    }
}

/// Floats that several threads write, each its own.
pub(super) struct Shared<'a> {
    data: *mut f32,
    len: usize,
    owner: PhantomData<&'a mut [f32]>,
}

// SAFETY: through a shared value only addresses are had; whoever writes there promises that nobody else does.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    pub(super) fn new(data: &'a mut [f32]) -> Self {
        Self { data: data.as_mut_ptr(), len: data.len(), owner: PhantomData }
    }

    /// The address of `count` floats from `offset` on.
    ///
    /// Panics where they don't lie within.
    #[inline]
    pub(super) fn at(&self, offset: usize, count: usize) -> *mut f32 {
        assert!(offset <= self.len && count <= self.len - offset);
        self.data.wrapping_add(offset)
    }
}

/// `total` things dealt out into `parts` runs whose lengths differ by one at most, the longer ones first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Split {
    pub(super) total: usize,
    pub(super) parts: usize,
}

impl Split {
    /// As few parts as `most` allows.
    pub(super) fn at_most(total: usize, most: usize) -> Self {
        Self { total, parts: total.div_ceil(most) }
    }

    /// Where part `i` starts; `total` for `i == parts`.
    pub(super) fn start(self, i: usize) -> usize {
        i * (self.total / self.parts) + i.min(self.total % self.parts)
    }

    pub(super) fn part(self, i: usize) -> Range<usize> {
        self.start(i)..self.start(i + 1)
    }

    /// Part `i` where longer and shorter ones take turns: of any runs of as many parts none has two things more than another.
    pub(super) fn spread(self, i: usize) -> Range<usize> {
        let start = |i: usize| i * self.total / self.parts;
        start(i)..start(i + 1)
    }

    /// Slice `i` of a range that is dealt out into `parts` of them.
    pub(super) fn slice(range: Range<usize>, parts: usize, i: usize) -> Range<usize> {
        let slices = Self { total: range.len(), parts };
        range.start + slices.start(i)..range.start + slices.start(i + 1)
    }

    /// `parts` in runs of parts of the same length: two at most.
    pub(super) fn runs(self, parts: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let longer = (self.total % self.parts).clamp(parts.start, parts.end);
        [parts.start..longer, longer..parts.end].into_iter().filter(|run| !run.is_empty())
    }

    pub(super) fn longest(self) -> usize {
        self.total.div_ceil(self.parts)
    }
}

/// How a matrix is cut into the parts of tasks: equal blocks of rows, each into ranges of panels, and all that into runs
/// of columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cuts {
    /// Blocks of equally many rows: the matrices of the images and groups.
    pub(super) blocks: usize,
    /// Panels of the rows of a block.
    pub(super) panels: Split,
    /// Ranges of those panels.
    pub(super) ranges: Split,
    /// Columns of a part but the last.
    pub(super) step: usize,
}

impl Cuts {
    /// Panels of a range.
    pub(super) fn range(&self, i: usize) -> Range<usize> {
        self.ranges.part(i)
    }

    /// Rows of a range, within a block.
    fn rows(&self, i: usize) -> Range<usize> {
        let panels = self.range(i);
        self.panels.start(panels.start)..self.panels.start(panels.end)
    }

    /// The number of parts of a matrix of so many columns.
    pub(super) fn parts(&self, columns: usize) -> usize {
        self.blocks * self.ranges.parts * columns.div_ceil(self.step)
    }
}

/// Numbers that are taken once each, by any thread. Each thread begins with a run of its own, so that it finds in its caches what
/// it left there in the last call, and what parts side by side have in common; then it takes the last ones of others' runs.
pub(super) struct Turns {
    runs: [Mutex<Range<usize>>; MOST_RUNS],
    /// Runs that there are.
    count: usize,
}

/// More threads than this share runs.
const MOST_RUNS: usize = 16;

impl Turns {
    /// Those below `end`, for so many threads.
    pub(super) fn new(end: usize, threads: usize) -> Self {
        let count = threads.min(end).clamp(1, MOST_RUNS);
        let split = Split { total: end, parts: count };
        Self { runs: std::array::from_fn(|i| Mutex::new(if i < count { split.part(i) } else { 0..0 })), count }
    }

    /// One that nobody has, for a thread of this number.
    pub(super) fn take(&self, thread: usize) -> Option<usize> {
        // Each lock is released before the next is taken.
        (0..self.count).find_map(|i| {
            let mut run = self.runs[(thread + i) % self.count].lock().unwrap_or_else(PoisonError::into_inner);
            if i == 0 { run.next() } else { run.next_back() }
        })
    }
}

/// A matrix that tasks take part by part.
pub(super) struct Grid<'a> {
    whole: Tile<'a>,
    cuts: Cuts,
    turns: Turns,
}

// SAFETY: through a shared grid nothing but `take` is reachable, which gives each part to one caller only.
unsafe impl Sync for Grid<'_> {}

/// A part of a [`Grid`].
pub(super) struct Part<'a> {
    pub(super) block: usize,
    /// Which of [`Cuts::range`].
    pub(super) range: usize,
    pub(super) columns: Range<usize>,
    pub(super) tile: Tile<'a>,
}

impl<'a> Grid<'a> {
    /// Panics unless the blocks have the matrix's rows.
    pub(super) fn new(whole: Tile<'a>, cuts: Cuts, threads: usize) -> Self {
        assert_eq!(whole.rows, cuts.blocks * cuts.panels.total);
        assert!(cuts.step > 0 && cuts.ranges.total == cuts.panels.parts);
        Self { turns: Turns::new(cuts.parts(whole.columns), threads), whole, cuts }
    }

    /// A part that nobody has, for a thread of this number: columns after columns of a range, range after range.
    pub(super) fn take(&self, thread: usize) -> Option<Part<'a>> {
        let (cuts, columns) = (&self.cuts, self.whole.columns);
        let runs = columns.div_ceil(cuts.step);
        let i = self.turns.take(thread)?;
        let (rest, run) = (i / runs, i % runs);
        let (block, range) = (rest / cuts.ranges.parts, rest % cuts.ranges.parts);
        let columns = run * cuts.step..((run + 1) * cuts.step).min(columns);
        let (first, rows) = (block * cuts.panels.total, cuts.rows(range));
        // SAFETY: `i` counts each part once, so nobody else has this one. Parts do not overlap: blocks, ranges and runs
        // each cut the matrix without overlap, and end within it, as `new` asserts for the rows.
        let tile = unsafe { self.whole.raw(first + rows.start..first + rows.end, columns.clone()) };
        Some(Part { block, range, columns, tile })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_a_matrix_once() {
        let (blocks, rows, columns) = (3, 7, 10);
        let mut data = vec![0.0; blocks * rows * columns];
        let panels = Split::at_most(rows, 2);
        let cuts = Cuts { blocks, panels, ranges: Split::at_most(panels.parts, 3), step: 4 };
        let grid = Grid::new(Tile::new(&mut data, blocks * rows, columns), cuts, 3);
        let parts = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let (grid, parts) = (&grid, &parts);
                scope.spawn(move || {
                    while let Some(mut part) = grid.take(thread) {
                        for r in 0..part.tile.rows() {
                            part.tile.part(r..r + 1, 0..part.columns.len()).row(0).iter_mut().for_each(|v| *v += 1.0);
                        }
                        parts.lock().unwrap().push((part.block, part.range, part.columns.start));
                    }
                });
            }
        });
        let mut parts = parts.into_inner().unwrap();
        parts.sort_unstable();
        parts.dedup();
        assert_eq!(parts.len(), cuts.parts(columns));
        assert_eq!(parts.len(), 3 * 2 * 3);
        assert!(data.iter().all(|&v| v == 1.0));
    }

    #[test]
    fn threads_take_their_own_numbers_first_and_then_the_last_of_others() {
        let turns = Turns::new(7, 2);
        let taken: Vec<_> = [1, 0, 1, 1, 1, 0, 0, 0, 1].map(|thread| turns.take(thread)).into();
        assert_eq!(taken, [Some(4), Some(0), Some(5), Some(6), Some(3), Some(1), Some(2), None, None]);
        for (end, threads) in [(0, 1), (0, 3), (1, 3), (5, 200), (1000, 200)] {
            let turns = Turns::new(end, threads);
            let mut taken: Vec<_> = (0..end + 3).filter_map(|i| turns.take(7 * i)).collect();
            taken.sort_unstable();
            assert!(taken.into_iter().eq(0..end));
        }
    }

    #[test]
    #[should_panic(expected = "row < self.rows")]
    fn a_row_beyond_a_tile_is_refused() {
        let mut data = [0.0; 6];
        Tile::new(&mut data, 2, 3).part(0..1, 0..3).row(1);
    }
}
