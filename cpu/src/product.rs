//! The blocked matrix product: packed rows of A times columns of B that lie in place, or are copied together first.
//!
//! ```text
//! parts, by all threads    a range of rows × a run of columns
//!   blocks of the depth      ≤ DEPTH steps
//!     panels of columns        depth × NR of B
//!       panels of rows           depth × MR of A: 32 bytes a step
//! ```
//!
//! * **Depth** [`DEPTH`] = 256: a tile then has 6144 FMAs of AVX-512 for each time that it is read and written. A panel of B
//!   of 48 columns has 48 KiB, what a first level has or half as much again; it is read in order, so that what is missing
//!   comes from the second level in time. The blocks of one product are of nearly the same length, which depends on the
//!   depth alone, and so does the order of summation.
//! * **Ranges** of rows: a block of A, range × DEPTH, is read again for each panel of columns, so that it should stay in
//!   the second level: it has half of that, 512 rows of 1 MiB.
//! * **In place**: the first panel of rows reads B where it lies and copies it on its way, with stores that the FMAs leave
//!   room for; the others read the copy. Neither a pass of its own for packing nor a stride of a page's size costs then. A B
//!   that no cache holds is copied together first: a line of each row at a time comes from memory at a tenth of its rate.
//! * **Strips**: see [`stage`](super::stage). [`Strips`] has the ways to read them, of which the cheapest is taken. As one long
//!   row, its sums stand beside the output until a part is done, and then go there in whole rows.
//! * **Parts** of about [`PART_FLOPS`]: some 50 µs at 150 GFLOP/s, long beside the 0.1 µs that taking one costs, short
//!   enough for a thread that is interrupted to lose little. For several threads the columns and rows of parts are those with
//!   which the last thread should be done first: [`Work`] tells what a part takes.
//! * Below [`INLINE_FLOPS`] the work is done before another thread wakes up (5 to 12 µs), so that the caller does it.

use std::num::NonZeroUsize;
use std::ops::{Range, RangeInclusive};

use super::activation::Activation;
use super::caches;
use super::dispatch::Sizes;
use super::engine::Lane;
use super::kernel::{Ahead, Column, Left, Rows, Start, Steps};
use super::matrix::{Cuts, Grid, Part, Split, Tile};
use super::pack::{self, Patches};
use super::simd::{self, Simd};
use super::stage::Stage;

/// Most steps of a block of the depth.
pub(super) const DEPTH: usize = 256;
/// Floats of a cache line.
pub(super) const LINE: usize = 16;
/// Fewest columns of a part that reads an A larger than half of the second level, where they are to be had: as many as take ten
/// times what reading it from the third takes.
const FAR_COLUMNS: usize = 480;
/// Floats of A that are worth waking a thread to pack.
const PACK_FLOATS: usize = 64 << 10;
/// Work that is worth a part of its own.
pub(super) const PART_FLOPS: usize = 8 << 20;
/// Ways to cut rows or columns that are thought of, at most.
const WAYS: usize = 128;
/// Parts that there should be for each thread that helps, for one that is interrupted to be waited for a short while only.
const PARTS: usize = 6;
/// Work that is not worth waking threads for.
pub(super) const INLINE_FLOPS: u64 = 2 << 20;

/// Most rows of a part, whose blocks of A have half of the second level.
pub(super) fn most_rows() -> usize {
    caches::near_floats() / DEPTH
}

/// The panels of so many columns, where it is worth it that each has one more than others may: what that takes beside
/// its FMAs, rows that begin anywhere in a cache line, is more than the idle lanes of many panels.
pub(super) fn with_extra(columns: usize, Sizes { nr, lanes, extra, .. }: Sizes) -> Option<usize> {
    let panels = columns.div_ceil(nr + 1);
    let vectors = ((nr / lanes) as f64 + EXTRA) * panels as f64;
    (extra && panels < columns.div_ceil(nr) && vectors < columns.div_ceil(lanes) as f64).then_some(panels)
}

/// The blocking of `count` products of `rows` × `depth` × `columns`.
#[derive(Debug, Clone)]
pub(super) struct Product {
    cuts: Cuts,
    columns: usize,
    /// The depth, in blocks.
    depth: Split,
    /// Floats of the panels of B that a part packs together; of one panel where B lies in place, and of one and the part's
    /// sums where it is staged.
    b_floats: usize,
    /// How the rows of a strip are read.
    strips: Strips,
    nr: usize,
    flops: u64,
    /// Floats of an A that a part packs for itself.
    a_floats: usize,
    /// Whether the output comes from memory, and few steps go by from tile to tile.
    far: bool,
    /// Of the sums, before they are stored the last time.
    activation: Activation,
}

/// How a product reads the rows of a strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strips {
    /// The columns that the output has, copied together: worth it where some panels of rows read them.
    Packed,
    /// In place, each row by itself: for long rows.
    ByRow,
    /// In place as one long row. Sums of columns that the output has not are dropped.
    Whole,
}

/// The shape of strips.
struct Strip {
    /// Output rows of a product.
    all: usize,
    /// Columns of a row, and from a row to the next.
    q: usize,
    pitch: usize,
    /// Rows that a strip has more than its output, and what one of them takes to be laid out, in vectors of a panel of rows.
    reach: usize,
    fill: f64,
}

impl Strips {
    /// Of the output rows that a part may have, the ways to read them and the ranges of panels, at least `fewest`, those with which
    /// all threads are done first. The more panels of rows there are, the less does it matter to copy columns, and the more to
    /// compute such that nobody wants.
    fn best(work: &Work, strip: &Strip, rows: RangeInclusive<usize>, fewest: usize) -> (usize, Self, usize) {
        let &Strip { all, q, pitch, reach, fill } = strip;
        let Sizes { lanes, .. } = work.sizes;
        let time = |&(rows, strips, ranges): &(usize, Self, usize)| {
            let copy = if strips == Self::Packed { PACK } else { COPY };
            let part = |rows: usize| match (rows, strips) {
                (0, _) => 0.0,
                (_, Self::Packed) => work.part(rows * q, ranges, copy, fill * (rows + reach) as f64),
                _ => work.part((rows - 1) * pitch + q, ranges, copy, fill * (rows + reach) as f64),
            };
            let (whole, rest) = (part(rows), part(all % rows));
            let each = work.count * ranges;
            let (turns, over) = (all / rows * each / work.threads, all / rows * each % work.threads);
            // Rests of products fill the last turn; those that are too many take turns of their own.
            let fitting = if over == 0 { 0.0 } else { ((work.threads - over) as f64 * whole / rest).floor() };
            let left = if rest > 0.0 { (each as f64 - fitting).max(0.0) } else { 0.0 };
            let rests = (left / work.threads as f64).ceil() * rest;
            (turns + usize::from(over > 0)) as f64 * whole + rests + WAIT * whole
        };
        let ways = [Self::Whole, Self::Packed].into_iter().filter(|&way| way == Self::Whole || Stage::packs(q, lanes));
        let some = rows.clone().rev().step_by(1 + rows.count() / WAYS);
        let both = some.flat_map(|rows| ways.clone().map(move |strips| (rows, strips)));
        let three = both.flat_map(|(rows, strips)| work.ranges(fewest).map(move |ranges| (rows, strips, ranges)));
        three.min_by(|a, b| time(a).total_cmp(&time(b))).unwrap_or((1, Self::Whole, fewest))
    }
}

/// What a panel of columns takes beside its vectors, as so many of these.
const NARROW: f64 = 0.15;
/// What a panel's extra column takes, as so many vectors.
const EXTRA: f64 = 0.35;
/// What it takes to pack columns of strips, to copy some while a panel of rows reads them, and to lay a strip out again, in
/// panels of rows.
pub(super) const PACK: f64 = 0.8;
const COPY: f64 = 0.3;
const RELAID: f64 = 1.5;
/// What it takes to lay out a vector of a strip, in vectors of a panel of rows.
const FILL: f64 = 4.0;
/// What a part takes by itself, in steps of a panel of rows and a vector of columns: a quarter of a microsecond.
const PART: f64 = 250.0;
/// What it takes to read an A that the second level does not hold, in vectors of columns.
const FAR: f64 = 1.0;
/// Most columns of a [`Product::narrow`], and its fewest panels of rows for each thread.
const NARROW_COLUMNS: usize = 256;
const NARROW_PANELS: usize = 4;
/// FMAs of a step that takes as long as a line of its own from beyond the second level, of which sixteen come at once.
const SLOW_STEP: usize = 24;
/// Depths at which a tile is computed before its output has come from memory.
const SHALLOW: usize = 32;
/// What is waited for the last part, of that part: small parts bear it better that a thread is interrupted.
const WAIT: f64 = 0.1;

/// Products that are to be dealt out to threads.
struct Work {
    count: usize,
    rows: usize,
    /// Of rows.
    panels: usize,
    depth: usize,
    columns: usize,
    sizes: Sizes,
    threads: usize,
}

impl Work {
    fn flops(&self) -> u64 {
        let all = [self.count, 2 * self.rows, self.depth, self.columns];
        all.into_iter().fold(1, |all: u64, n| all.saturating_mul(n as u64))
    }

    /// What a part of so many columns takes where the panels of rows are dealt out to `ranges`: what its tiles do, `beside` for each
    /// of its columns, and `more` vectors of a panel of rows.
    fn part(&self, columns: usize, ranges: usize, beside: f64, more: f64) -> f64 {
        let Sizes { nr, lanes, .. } = self.sizes;
        let vectors = columns.div_ceil(lanes);
        let panels = self.panels.div_ceil(ranges);
        let far = self.rows.div_ceil(ranges).saturating_mul(self.depth) > caches::near_floats();
        let (vectors, column_panels) = match with_extra(columns, self.sizes) {
            Some(panels) => ((nr / lanes) as f64 * panels as f64 + EXTRA * panels as f64, panels),
            None => (vectors as f64, vectors.div_ceil(nr / lanes)),
        };
        let columns = vectors + NARROW * column_panels as f64 + if far { FAR } else { 0.0 };
        PART + self.depth as f64 * (columns * (panels as f64 + beside) + more)
    }

    /// How long it takes until all threads are done with parts of `step` columns.
    fn time(&self, step: usize, ranges: usize, beside: f64) -> f64 {
        let runs = self.columns.div_ceil(step).saturating_mul(self.count);
        let turns = runs.saturating_mul(ranges).div_ceil(self.threads) as f64;
        (turns + WAIT) * self.part(step.min(self.columns), ranges, beside, 0.0)
    }

    /// The ranges of panels that are thought of, at least `fewest`.
    fn ranges(&self, fewest: usize) -> RangeInclusive<usize> {
        fewest..=(fewest + self.more()).min(self.panels).max(fewest)
    }

    /// Parts more than are needed that are thought of.
    fn more(&self) -> usize {
        if self.is_shared() { PARTS.saturating_mul(self.threads).min(WAYS) } else { 0 }
    }

    /// Whether several threads do it.
    fn is_shared(&self) -> bool {
        self.threads > 1 && self.flops() > INLINE_FLOPS
    }
}

/// Where B comes from: for each product the `depth` rows of its columns.
#[derive(Clone, Copy)]
pub(super) enum Operand<'a> {
    /// Matrices of rows that lie `stride` floats apart, the matrices `each` floats.
    InPlace { data: &'a [f32], stride: usize, each: usize },
    /// The same, copied together.
    Rows { data: &'a [f32], stride: usize, each: usize },
    /// Matrices whose columns lie `stride` floats apart.
    Transposed { data: &'a [f32], stride: usize, each: usize },
    /// The patches of images that lie `each` floats apart, in strips of whole output rows.
    Staged { stage: &'a Stage, x: &'a [f32], each: usize },
    /// The patches of images that lie `each` floats apart, copied together.
    Patches { patches: &'a Patches, x: &'a [f32], each: usize },
}

/// How an A lies that is to be packed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weights {
    /// Rows `stride` floats apart.
    Rows { stride: usize },
    /// Columns `stride` floats apart.
    Columns { stride: usize },
}

/// Where A comes from.
#[derive(Clone, Copy)]
pub(super) enum Matrices<'a> {
    /// [`Product::pack`], one for all products or one for each.
    Packed(&'a [f32]),
    /// Parts that pack what they read of α times matrices that lie `each` floats apart: those of a [`Product::narrow`], whose B
    /// lies in place.
    Plain { data: &'a [f32], each: usize, weights: Weights, alpha: f32 },
}

/// The kind of an [`Operand`].
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    InPlace,
    /// Copied rows, transposed matrices and patches.
    Packed,
    /// Strips of rows that have `q` columns, `pitch` apart, with `row` floats of all channels for each, and `reach` rows more.
    Staged {
        q: usize,
        pitch: usize,
        row: usize,
        reach: usize,
    },
}

/// A B in place, whose columns from `first` on are read, and a block of the depth.
struct InPlace<'a> {
    data: &'a [f32],
    stride: usize,
    first: usize,
    block: usize,
}

/// What a product's output starts from.
#[derive(Clone, Copy)]
pub(super) enum Initial<'a> {
    Zero,
    /// A value for each row; those of product `i` are the `i`-th of as many as there are, which are then counted anew.
    Bias(&'a [f32]),
    /// What is there times this, which is not zero.
    Scaled(f32),
}

impl Product {
    /// For an operand of this kind, with parts for this many threads.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn new(
        count: usize,
        rows: usize,
        depth: usize,
        columns: usize,
        sizes: Sizes,
        kind: Kind,
        threads: NonZeroUsize,
    ) -> Self {
        let Sizes { mr, nr, lanes, .. } = sizes;
        // Most rows of a part, and most floats of B that are packed together: a half and a quarter of the second level.
        let (range, packed) = (most_rows(), caches::near_floats() / 2);
        let panels = Split::at_most(rows, mr);
        let ranges = Split::at_most(panels.parts, (range / mr).max(1));
        let blocks = Split::at_most(depth, DEPTH);
        let flops_per_column = (2 * panels.total.div_ceil(ranges.parts)).saturating_mul(depth);
        // An A that comes from beyond the second level for each part is to be worth it.
        let far = ranges.longest() * mr * depth > caches::near_floats();
        let wanted = (PART_FLOPS / flops_per_column).max(if far { FAR_COLUMNS } else { 2 * nr });
        let fewest = Split::at_most(panels.parts, (range / mr).max(8)).parts;
        let sizes = Sizes { extra: sizes.extra && matches!(kind, Kind::InPlace), ..sizes };
        let work = Work { count, rows, panels: panels.parts, depth, columns, sizes, threads: threads.get() };
        // Those with which all threads are done first.
        let soonest = |steps: &mut dyn Iterator<Item = usize>, beside: f64| {
            let all = steps.flat_map(|step| work.ranges(fewest).map(move |ranges| (step, ranges)));
            let times = all.map(|(step, ranges)| (work.time(step, ranges, beside), (step, ranges)));
            times.min_by(|a, b| a.0.total_cmp(&b.0)).map_or((columns, fewest), |(_, best)| best)
        };
        let (step, strips, ranges) = match kind {
            // Rows by themselves have no sums that are dropped, and those of whole vectors no idle lanes either; short ones make
            // narrow tiles.
            Kind::Staged { q, pitch, .. } if q.next_multiple_of(lanes) <= pitch && q >= 2 * nr => {
                let step = (wanted / q).clamp(1, columns / q) * q;
                (step, Strips::ByRow, soonest(&mut std::iter::once(step), RELAID).1)
            }
            Kind::Staged { q, pitch, row, reach } => {
                let all = columns / q;
                let most = (wanted / q).clamp(1, all);
                // More of them as long as strips don't crowd the cache; one thread is not to do all at once.
                let few = if work.is_shared() { all } else { all * count / (2 * PARTS) };
                let rows = most.div_ceil(2)..=(most * 3 / 2).max(few.min(packed / row)).min(all);
                let fill = FILL * row as f64 / (lanes * depth) as f64;
                let strip = Strip { all, q, pitch, reach, fill };
                let (rows, strips, ranges) = Strips::best(&work, &strip, rows, fewest);
                (rows * q, strips, ranges)
            }
            Kind::InPlace | Kind::Packed => {
                let most = (wanted.min(packed / blocks.longest()) / nr * nr).max(nr);
                let step = Split::at_most(columns, most).longest().next_multiple_of(nr);
                let (runs, more) = (columns.div_ceil(step), work.more());
                let fewer = if matches!(kind, Kind::InPlace) { runs.saturating_sub(more).max(1) } else { runs };
                let mut steps = (fewer..=runs + more).map(|runs| match more {
                    0 => step,
                    _ => columns.div_ceil(runs).next_multiple_of(lanes),
                });
                let (step, ranges) = soonest(&mut steps, COPY);
                (step, Strips::Whole, ranges)
            }
        };
        let ranges = Split { total: panels.parts, parts: ranges };
        let b_floats = match kind {
            Kind::InPlace => blocks.longest() * (nr + 1),
            Kind::Packed => blocks.longest() * step.next_multiple_of(nr),
            Kind::Staged { q, pitch, .. } => {
                let width = match strips {
                    Strips::Whole => ((step / q - 1) * pitch + q).next_multiple_of(16),
                    _ => 0,
                };
                blocks.longest() * nr + ranges.longest() * mr * width
            }
        };
        Self {
            cuts: Cuts { blocks: count, panels, ranges, step },
            columns,
            depth: blocks,
            b_floats,
            a_floats: 0,
            strips,
            nr,
            flops: work.flops(),
            far: depth <= SHALLOW && count * rows * columns > caches::second_level() / size_of::<f32>(),
            activation: Activation::IDENTITY,
        }
    }

    /// For a B of so few columns that it takes longer to bring A than to multiply: parts have all columns, and few enough rows that
    /// the second level holds a block of A and the next one. `None` where B is wider, or where threads have too few rows.
    pub(super) fn narrow(
        count: usize,
        rows: usize,
        depth: usize,
        columns: usize,
        sizes: Sizes,
        threads: NonZeroUsize,
    ) -> Option<Self> {
        let Sizes { mr, nr, .. } = sizes;
        let (panels, blocks) = (Split::at_most(rows, mr), Split::at_most(depth, DEPTH));
        if columns > NARROW_COLUMNS || panels.parts.saturating_mul(count) < NARROW_PANELS * threads.get() {
            return None;
        }
        // As many rows as a block has steps: each tile asks for a line of all of them.
        let ranges = Split::at_most(panels.parts, (blocks.total / blocks.parts / mr).max(1));
        let parts = (ranges.parts * count).next_multiple_of(threads.get()).div_ceil(count).min(panels.parts);
        let ranges = Split { parts, ..ranges };
        let work = Work { count, rows, panels: panels.parts, depth, columns, sizes, threads: threads.get() };
        Some(Self {
            cuts: Cuts { blocks: count, panels, ranges, step: columns },
            columns,
            depth: blocks,
            b_floats: blocks.longest() * (nr + 1),
            a_floats: ranges.longest() * mr * blocks.longest(),
            strips: Strips::Whole,
            nr,
            flops: work.flops(),
            far: false,
            activation: Activation::IDENTITY,
        })
    }

    /// Whether parts pack A for themselves.
    pub(super) fn is_narrow(&self) -> bool {
        self.a_floats > 0
    }

    pub(super) fn set_activation(&mut self, activation: Activation) {
        self.activation = activation;
    }

    /// What is applied to a block of the depth.
    fn end(&self, block: usize) -> Activation {
        if block + 1 == self.depth.parts { self.activation } else { Activation::IDENTITY }
    }

    /// Columns of a part.
    pub(super) fn step(&self) -> usize {
        self.cuts.step
    }

    /// Floats of a packed A: as many as it has.
    pub(super) fn packed_len(&self) -> usize {
        self.cuts.panels.total * self.depth.total
    }

    /// Packs As, as many as `packed` has room for.
    pub(super) fn pack<T: Simd>(&self, kernel: T, lane: Lane<'_>, a: &[f32], weights: Weights, packed: &mut [f32]) {
        let (panels, depth, one) = (self.cuts.panels, self.depth, self.packed_len());
        let matrices = packed.len() / one;
        let parallel = packed.len().div_ceil(PACK_FLOATS);
        let mut rest = packed;
        let jobs = (0..matrices * depth.parts * panels.parts).map(move |i| {
            let (panel, block) = (i % panels.parts, i / panels.parts % depth.parts);
            let len = panels.part(panel).len() * depth.part(block).len();
            let (own, others) = std::mem::take(&mut rest).split_at_mut(len);
            rest = others;
            (i / panels.parts / depth.parts, block, panel, own)
        });
        lane.spread(jobs, parallel, |(matrix, block, panel, out)| {
            self.pack_panel(kernel, &a[matrix * one..][..one], weights, (block, panel), out);
        });
    }

    /// Packs what a panel of rows has of a block of the depth.
    fn pack_panel<T: Simd>(
        &self,
        kernel: T,
        a: &[f32],
        weights: Weights,
        (block, panel): (usize, usize),
        out: &mut [f32],
    ) {
        let (rows, depth) = (self.cuts.panels.part(panel), self.depth.part(block));
        match weights {
            Weights::Rows { stride } => pack::weights(kernel, a, stride, rows, depth, out),
            Weights::Columns { stride } => {
                for (step, out) in depth.zip(out.chunks_exact_mut(rows.len())) {
                    out.copy_from_slice(&a[step * stride..][rows.clone()]);
                }
            }
        }
    }

    /// What a block of the depth has of an A for a range of panels: of a packed one, whose blocks lie one after the other, in each
    /// the panels one after the other; else packed to `own`.
    fn block<'x, T: Simd>(
        &self,
        kernel: T,
        a: Matrices<'x>,
        block: usize,
        range: &'x Range<usize>,
        own: &'x mut [f32],
    ) -> (&'x Range<usize>, &'x [f32]) {
        let (panels, depth) = (self.cuts.panels, self.depth.part(block));
        let [first, end] = [range.start, range.end].map(|panel| panels.start(panel) * depth.len());
        match a {
            Matrices::Packed(a) => (range, &a[depth.start * panels.total..][first..end]),
            Matrices::Plain { data, weights, alpha, .. } => {
                let own = &mut own[..end - first];
                let mut rest = &mut *own;
                for panel in range.clone() {
                    let out;
                    (out, rest) = rest.split_at_mut(panels.part(panel).len() * depth.len());
                    self.pack_panel(kernel, data, weights, (block, panel), out);
                }
                if alpha != 1.0 {
                    own.iter_mut().for_each(|v| *v *= alpha);
                }
                (range, own)
            }
        }
    }

    /// The lines of a plain A that are packed after a block: the same rows of the next block, or the next rows of the first.
    fn ahead<T: Simd>(&self, a: Matrices<'_>, block: usize, range: &Range<usize>) -> Option<Ahead> {
        let Matrices::Plain { data, weights: Weights::Rows { stride }, .. } = a else { return None };
        if T::MR * T::NR / T::LANES < SLOW_STEP {
            return None;
        }
        let panels = self.cuts.panels;
        let (row, step) = match block + 1 < self.depth.parts {
            true => (panels.start(range.start), self.depth.start(block + 1)),
            false => (panels.start(range.end), 0),
        };
        let tiles = self.depth.longest().div_ceil(LINE);
        (row < panels.total).then(|| Ahead { from: data[row * stride + step..].as_ptr(), stride, next: LINE, tiles })
    }

    /// `c = start + A·B` for a range of panels of rows and one of columns. The first tile copies what it read where the others
    /// are to read it again. A bias has all rows.
    #[allow(clippy::too_many_arguments)]
    #[inline(always)]
    fn column<'x, T: Simd>(
        &self,
        kernel: T,
        (range, a): (&Range<usize>, &[f32]),
        (mut b, extra): (Rows<'x>, Option<&[f32]>),
        mut copy: Option<&'x mut [f32]>,
        mut c: Tile<'_>,
        (start, end): (Start<'_>, Activation),
        ahead: Option<Ahead>,
    ) {
        let panels = self.cuts.panels;
        let (first, depth) = (panels.start(range.start), a.len() / c.rows());
        for run in panels.runs(range.clone()) {
            let rows = panels.start(run.start)..panels.start(run.end);
            let start = match start {
                Start::Bias(bias) => Start::Bias(&bias[rows.clone()]),
                start => start,
            };
            let rows = rows.start - first..rows.end - first;
            let (height, mut own) = (panels.part(run.start).len(), copy.take());
            let a = Left::Packed(&a[rows.start * depth..rows.end * depth]);
            let c = c.part(rows, 0..c.columns());
            kernel.column(Column {
                height,
                a,
                b,
                extra,
                copy: own.as_deref_mut(),
                c,
                start,
                end,
                far: self.far,
                ahead,
            });
            if let Some(own) = own {
                b = Rows::packed::<T>(own);
            }
        }
    }

    /// `y = initial + A·B` for each product; A number `i` is the `i`-th of as many as `a` has, which are then counted anew.
    pub(super) fn run<T: Simd, const NR: usize>(
        &self,
        kernel: T,
        lane: Lane<'_>,
        a: Matrices<'_>,
        b: Operand<'_>,
        initial: Initial<'_>,
        y: &mut [f32],
    ) {
        debug_assert_eq!((NR, T::NR), (self.nr, self.nr));
        let cuts = self.cuts;
        let parts = if self.flops > INLINE_FLOPS { cuts.parts(self.columns) } else { 1 };
        let y = Tile::new(y, cuts.blocks * cuts.panels.total, self.columns);
        let grid = Grid::new(y, cuts, lane.threads().min(parts));
        let scratch = self.b_floats
            + self.a_floats
            + match b {
                Operand::Patches { patches, .. } => patches.scratch_len(cuts.step.min(self.columns)),
                Operand::Staged { stage, .. } => stage.len(2 * NR),
                _ => 0,
            };
        lane.share(parts, |lane| {
            let mut scratch = lane.scratch(scratch);
            while let Some(part) = grid.take(lane.thread()) {
                self.compute::<T, NR>(kernel, a, b, initial, part, scratch.floats());
            }
        });
    }

    fn compute<T: Simd, const NR: usize>(
        &self,
        kernel: T,
        a: Matrices<'_>,
        b: Operand<'_>,
        initial: Initial<'_>,
        mut part: Part<'_>,
        scratch: &mut [f32],
    ) {
        let panels = self.cuts.panels;
        let range = self.cuts.range(part.range);
        let bias = match initial {
            Initial::Bias(bias) => Some(&bias[part.block * panels.total % bias.len()..][..panels.total]),
            _ => None,
        };
        if let Initial::Scaled(by) = initial
            && by != 1.0
        {
            (0..part.tile.rows()).for_each(|r| part.tile.row(r).iter_mut().for_each(|v| *v *= by));
        }
        let (packed, rest) = scratch.split_at_mut(self.b_floats);
        let (own, rest) = rest.split_at_mut(self.a_floats);
        let a = match a {
            Matrices::Packed(a) => {
                Matrices::Packed(&a[part.block * self.packed_len() % a.len()..][..self.packed_len()])
            }
            Matrices::Plain { data, each, weights, alpha } => {
                Matrices::Plain { data: &data[part.block * each..], each, weights, alpha }
            }
        };
        if let Operand::Staged { stage, x, each } = b {
            let strip = &mut rest[..stage.len(2 * NR)];
            let first = [part.columns.start / stage.q(), 0];
            stage.fill(kernel, &x[part.block * each..][..each], first, strip);
            return self.staged::<T, NR>(kernel, (a, own), stage, strip, bias, part, packed);
        }
        let width = part.columns.len();
        let height = part.tile.rows();
        for block in 0..self.depth.parts {
            let (depth, end) = (self.depth.part(block), self.end(block));
            let start = match (bias, initial) {
                (Some(bias), _) if block == 0 => Start::Bias(bias),
                (_, Initial::Zero) if block == 0 => Start::Zero,
                _ => Start::Accumulate,
            };
            let ahead = self.ahead::<T>(a, block, &range);
            let a = self.block(kernel, a, block, &range, own);
            if let Operand::InPlace { data, stride, each } = b {
                let b = InPlace { data: &data[part.block * each..], stride, first: part.columns.start, block };
                self.in_place::<T, NR>(kernel, a, &b, &mut part.tile, (start, end), ahead, packed);
                continue;
            }
            let packed = &mut packed[..depth.len() * width.next_multiple_of(NR)];
            match b {
                Operand::Patches { patches, x, each } => kernel.vectorize(
                    #[inline(always)]
                    || {
                        patches.pack::<NR>(
                            &x[part.block * each..][..each],
                            depth.clone(),
                            part.columns.clone(),
                            rest,
                            packed,
                        )
                    },
                ),
                Operand::Rows { data, stride, each } => kernel.vectorize(
                    #[inline(always)]
                    || {
                        let data = &data[part.block * each..];
                        pack::rows::<T, NR>(kernel, data, stride, part.columns.clone(), depth.clone(), packed);
                    },
                ),
                Operand::Transposed { data, stride, each } => {
                    let data = &data[part.block * each..];
                    for (i, panel) in packed.chunks_exact_mut(depth.len() * NR).enumerate() {
                        let first = part.columns.start + i * NR;
                        pack::columns::<NR>(
                            data,
                            stride,
                            first..(first + NR).min(part.columns.end),
                            depth.clone(),
                            panel,
                        );
                    }
                }
                Operand::InPlace { .. } | Operand::Staged { .. } => {}
            }
            for (i, panel) in packed.chunks_exact(depth.len() * NR).enumerate() {
                let columns = i * NR..((i + 1) * NR).min(width);
                let c = part.tile.part(0..height, columns);
                self.column(kernel, a, (Rows::packed::<T>(panel), None), None, c, (start, end), None);
            }
        }
    }

    /// A block of a part whose B lies in place: panel after panel of columns, while the next one's rows are asked for, or what is
    /// `ahead` beside the first.
    #[allow(clippy::too_many_arguments)]
    fn in_place<T: Simd, const NR: usize>(
        &self,
        kernel: T,
        a: (&Range<usize>, &[f32]),
        b: &InPlace<'_>,
        c: &mut Tile<'_>,
        (start, end): (Start<'_>, Activation),
        mut ahead: Option<Ahead>,
        packed: &mut [f32],
    ) {
        let (height, width, depth) = (c.rows(), c.columns(), self.depth.part(b.block));
        let at = |step: usize, column: usize| step * b.stride + b.first + column;
        let (packed, extras) = packed.split_at_mut(self.depth.longest() * NR);
        let (panels, lanes) = match with_extra(width, Sizes::of::<T>()) {
            Some(parts) => (Split { total: width, parts }, 1),
            // Vectors dealt out evenly: none of the panels is narrow.
            None => (Split::at_most(width.div_ceil(T::LANES), NR / T::LANES), T::LANES),
        };
        for panel in 0..panels.parts {
            let columns = panels.start(panel) * lanes..(panels.start(panel + 1) * lanes).min(width);
            let extra = (columns.len() > NR).then(|| {
                let extras = &mut extras[..depth.len()];
                for (step, extra) in depth.clone().zip(&mut *extras) {
                    *extra = b.data[at(step, columns.end - 1)];
                }
                &*extras
            });
            let rows = Rows { data: &b.data[at(depth.start, columns.start)..], steps: Steps::Stride(b.stride) };
            // What is read next: the columns behind these, or the first of the next block. A prefetch of an address
            // that is not mapped would be a page walk for nothing.
            let next = match (columns.end < width, depth.end < self.depth.total) {
                (true, _) => Some(at(depth.start, columns.end)),
                (false, true) => Some(at(depth.end, 0)),
                (false, false) => None,
            };
            let tiles = NR / LINE + 1;
            let next = next.map(|next| Ahead { from: b.data[next..].as_ptr(), stride: b.stride, next: LINE, tiles });
            let copy = (a.0.len() > 1).then_some(&mut packed[..depth.len() * NR]);
            let c = c.part(0..height, columns);
            self.column(kernel, a, (rows, extra), copy, c, (start, end), ahead.take().or(next));
        }
    }

    /// A part whose rows of B lie in a strip: summed up beside the output and then copied there, without the columns that don't
    /// exist, in runs that are long enough for the hardware to foresee.
    #[allow(clippy::too_many_arguments)]
    fn staged<T: Simd, const NR: usize>(
        &self,
        kernel: T,
        (a, own): (Matrices<'_>, &mut [f32]),
        stage: &Stage,
        strip: &[f32],
        bias: Option<&[f32]>,
        mut part: Part<'_>,
        scratch: &mut [f32],
    ) {
        let (q, pitch) = (stage.q(), stage.width());
        let rows = part.columns.len() / q;
        // Runs of columns of B, and whether their sums are columns of the output as they stand.
        let (runs, width) = match self.strips {
            Strips::Packed => (1, rows * q),
            Strips::ByRow => (rows, q),
            Strips::Whole => (1, (rows - 1) * pitch + q),
        };
        let in_place = self.strips != Strips::Whole || pitch == q;
        let range = self.cuts.range(part.range);
        let vectors = Split::at_most(width.div_ceil(T::LANES), NR / T::LANES);
        let height = part.tile.rows();
        let (copies, sums) = scratch.split_at_mut(self.depth.longest() * NR);
        let sums_pitch = width.next_multiple_of(16);
        let sums = &mut sums[..if in_place { 0 } else { height * sums_pitch }];
        for block in 0..self.depth.parts {
            let (depth, end) = (self.depth.part(block), self.end(block));
            let start = match bias {
                _ if block > 0 => Start::Accumulate,
                Some(bias) => Start::Bias(bias),
                None => Start::Zero,
            };
            let a = self.block(kernel, a, block, &range, own);
            for (run, panel) in (0..runs).flat_map(|run| (0..vectors.parts).map(move |panel| (run, panel))) {
                let columns = vectors.start(panel) * T::LANES..(vectors.start(panel + 1) * T::LANES).min(width);
                let (b, copy) = if self.strips == Strips::Packed {
                    let panel = &mut copies[..depth.len() * NR];
                    stage.pack::<T, NR>(kernel, strip, depth.clone(), columns.clone(), panel);
                    (Rows::packed::<T>(panel), None)
                } else {
                    let data = &strip[run * pitch + columns.start..];
                    // Runs begin anywhere in a cache line; the copy's begin with one.
                    let copy = (range.len() > 2).then_some(&mut *copies);
                    (Rows { data, steps: Steps::Offsets(stage.table().part(depth.clone())) }, copy)
                };
                let mut sums = Tile::new(sums, if in_place { 0 } else { height }, sums_pitch);
                let c = match in_place {
                    true => part.tile.part(0..height, run * q + columns.start..run * q + columns.end),
                    false => sums.part(0..height, columns),
                };
                self.column(kernel, a, (b, None), copy, c, (start, end), None);
            }
        }
        if !in_place {
            kernel.vectorize(
                #[inline(always)]
                || {
                    for (row, sums) in sums.chunks_exact(sums_pitch).enumerate() {
                        for (line, out) in part.tile.row(row).chunks_exact_mut(q).enumerate() {
                            simd::copy(kernel, &sums[line * pitch..][..q], out);
                        }
                    }
                },
            );
        }
    }
}
