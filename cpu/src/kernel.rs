//! The micro-kernel: one register tile of the matrix product, one unit struct per instruction set.
//!
//! ```text
//!                       b: depth × NR, row after row, packed or where it lies
//!                       ┌──────────┬──────────┬──────────┐
//!                     i │  vector  │  vector  │  vector  │   NR = 3 vectors
//!                       └──────────┴──────────┴──────────┘
//!   a: depth × rows     ┌──────────┬──────────┬──────────┐
//!   ┌─┐ broadcast  ───▶ │  acc 0,0 │  acc 0,1 │  acc 0,2 │
//!   │i│            ───▶ │  acc 1,0 │  acc 1,1 │  acc 1,2 │   rows ≤ MR
//!   │ │                 │    …     │    …     │    …     │
//!   └─┘            ───▶ │          │          │          │
//!                       └──────────┴──────────┴──────────┘
//! ```
//!
//! Tiles that stand one below the other and read the same panel of b are a [`Column`], which the AVX-512 kernel computes in one
//! loop: what lies between two tiles, some 80 cycles of 768 at a depth of 64, is half of what a call for each of them takes.
//! While it computes it asks for the panel of b that comes next, a line of each step: rows of b in place lie a page or more
//! apart, where no hardware foresees them.
//!
//! Elements of a are packed in the order in which tiles read them, or lie in place, those of a step side by side ([`Left`]).
//!
//! Each step `i` of the depth loads the vectors of `b` once, broadcasts each element of `a` once, and issues
//! rows × vectors FMAs into accumulators that never leave the registers.
//!
//! | | registers | MR × NR | accumulators | b | a | loads per FMA at full height |
//! |---|---|---|---|---|---|---|
//! | AVX-512 | 32 of 16 lanes | 8 × 48 | 24 | 3 | 1 | 11 / 24 |
//! | AVX2 | 16 of 8 lanes | 6 × 16 | 12 | 2 | 1 | 8 / 12 |
//! | NEON | 32 of 4 lanes | 8 × 12 | 24 | 3 | 2, of 4 rows each | 5 / 24 |
//! | portable | 16 of 4 lanes (SSE2) | 4 × 8 | 8 | 2 | 1 | 6 / 8 |
//!
//! Where b has no more columns than a vector, and a lies in place, AVX-512 computes two tiles of up to 14 rows at once: 28 FMAs for
//! 29 loads, where 8 × 16 would take 9 for 8.
//!
//! AVX-512's tile may have a 49th column ([`Kernel::EXTRA`]): a step's elements of a are a vector, which times one float of b
//! adds to the sums of all rows in one more accumulator. Seven squared is a map's size as often as not.
//!
//! Two FMA pipes of 4 cycles latency need 8 independent accumulators, and the two load ports must not be asked for more
//! than one load per FMA: both hold from 4 rows upwards. Fewer loads than that leave room for those of another
//! hyper-thread and for prefetches, which is why 8 × 48 is ahead of 14 × 32 although it keeps fewer registers busy; and
//! eight rows divide the channel counts that networks have. The height is a compile-time constant from 1 to MR, so that
//! the rows of a matrix are dealt out in panels of nearly the same height and none computes rows that do not exist.

use super::activation::Activation;
use super::matrix::Tile;

/// What a tile of the output starts from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Start<'a> {
    /// Zero: the first block of the depth, no bias.
    Zero,
    /// One bias per row: the first block of the depth.
    Bias(&'a [f32]),
    /// What earlier blocks of the depth left in the output.
    Accumulate,
}

/// The rows of b.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) data: &'a [f32],
    pub(super) steps: Steps<'a>,
}

/// Where in `data` the rows of b begin.
#[derive(Clone, Copy)]
pub(super) enum Steps<'a> {
    /// Row i at i times this.
    Stride(usize),
    /// Anywhere. Whole vectors of these are read, whatever the tile's columns.
    Offsets(Offsets<'a>),
}

/// The elements of a.
#[derive(Clone, Copy)]
pub(super) enum Left<'a> {
    /// Packed: for each tile `depth` steps of `height` elements.
    Packed(&'a [f32]),
    /// Where they lie, those of a step side by side: in `data`, those of a tile's steps at `steps` behind where it begins.
    InPlace { data: &'a [f32], tiles: &'a [u32], steps: Offsets<'a> },
}

impl Left<'_> {
    /// The steps of `tiles` tiles of `height` rows. Panics unless all elements are there.
    #[inline]
    pub(super) fn check(self, tiles: usize, height: usize) -> usize {
        match self {
            Self::Packed(a) => {
                let depth = a.len() / (tiles * height);
                assert!(a.len() == tiles * height * depth, "a has a partial step");
                depth
            }
            Self::InPlace { data, tiles: starts, steps } => {
                assert!(starts.len() == tiles);
                let last = starts.iter().max().map_or(0, |&start| start as usize);
                assert!(
                    steps.at.is_empty() || last + steps.most as usize + height <= data.len(),
                    "a is shorter than its steps"
                );
                steps.at.len()
            }
        }
    }

    /// That of a tile, one of those that were checked.
    #[inline]
    fn tile(self, tile: usize, depth: usize, height: usize) -> Self {
        match self {
            Self::Packed(a) => Self::Packed(&a[tile * depth * height..][..depth * height]),
            Self::InPlace { data, tiles, steps } => Self::InPlace { data, tiles: &tiles[tile..=tile], steps },
        }
    }
}

/// Offsets and a bound for them.
#[derive(Clone, Copy)]
pub(super) struct Offsets<'a> {
    at: &'a [u32],
    most: u32,
}

/// What [`Offsets`] are parts of.
#[derive(Debug, Clone)]
pub(super) struct OffsetTable {
    at: Vec<u32>,
    /// For each offset the largest of those up to it.
    most: Vec<u32>,
}

impl OffsetTable {
    pub(super) fn new(at: Vec<u32>) -> Self {
        let mut most = at.clone();
        for i in 1..most.len() {
            most[i] = most[i].max(most[i - 1]);
        }
        Self { at, most }
    }

    pub(super) fn part(&self, steps: std::ops::Range<usize>) -> Offsets<'_> {
        let most = steps.end.checked_sub(1).map_or(0, |last| self.most[last]);
        Offsets { at: &self.at[steps], most }
    }
}

impl<'a> Offsets<'a> {
    #[inline]
    pub(super) fn get(self) -> &'a [u32] {
        self.at
    }
}

impl<'a> Rows<'a> {
    /// A packed panel, or a part of one.
    pub(super) fn packed<T: Kernel>(data: &'a [f32]) -> Self {
        Self { data, steps: Steps::Stride(T::NR) }
    }

    /// Where row `i` begins.
    #[inline(always)]
    pub(super) fn start(self, i: usize) -> usize {
        match self.steps {
            Steps::Stride(stride) => i * stride,
            Steps::Offsets(offsets) => offsets.get()[i] as usize,
        }
    }

    /// Whether `depth` steps may read `columns` floats each.
    #[inline]
    pub(super) fn hold(self, depth: usize, columns: usize) -> bool {
        let last = match self.steps {
            Steps::Stride(stride) => depth.saturating_sub(1).checked_mul(stride),
            Steps::Offsets(offsets) => (offsets.at.len() == depth).then_some(offsets.most as usize),
        };
        depth == 0 || last.and_then(|last| last.checked_add(columns)).is_some_and(|end| end <= self.data.len())
    }

    /// Panics unless `depth` steps may read `columns` floats each, or with [`Offsets`] as many as whole vectors have.
    #[inline]
    pub(super) fn check(self, depth: usize, columns: usize, lanes: usize) {
        let columns = match self.steps {
            Steps::Stride(_) => columns,
            Steps::Offsets(_) => columns.next_multiple_of(lanes),
        };
        assert!(self.hold(depth, columns), "b is shorter than its steps");
    }
}

/// The operands of a column of tiles: panels of rows of a that stand one below the other, times one panel of b.
pub(super) struct Column<'a> {
    /// Rows of each tile, 1 to MR, or to TALL where tiles are a vector wide and a lies in place.
    pub(super) height: usize,
    pub(super) a: Left<'a>,
    pub(super) b: Rows<'a>,
    /// One more column of b, a float of each step, for kernels that have [`Kernel::EXTRA`]. The others are NR then.
    pub(super) extra: Option<&'a [f32]>,
    /// Where the first tile leaves the rows of b that it read, as a packed panel (whose columns beyond the tile's are left as they
    /// are or zeroed), for the others to read them there.
    pub(super) copy: Option<&'a mut [f32]>,
    /// The output: 1 to NR columns and the extra one, `height` rows for each tile.
    pub(super) c: Tile<'a>,
    pub(super) start: Start<'a>,
    pub(super) end: Activation,
    /// Whether lines of c behind each row are asked for too, as many as it has: the next column's, where c comes from memory and
    /// tiles take no longer than that.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "AVX-512's and AVX2's kernels have it"))]
    pub(super) far: bool,
    /// Memory to ask for meanwhile.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "AVX-512's and AVX2's kernels have it"))]
    pub(super) ahead: Option<Ahead>,
}

/// Lines that a column after this one reads, `stride` floats apart, as many as b has steps: from `from` on while the first tile is
/// computed, `next` floats further on with each of the next ones, of `tiles` at most. They need not exist.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "AVX-512's and AVX2's kernels have it"))]
pub(super) struct Ahead {
    pub(super) from: *const f32,
    pub(super) stride: usize,
    pub(super) next: usize,
    pub(super) tiles: usize,
}

impl Default for Ahead {
    fn default() -> Self {
        Self { from: std::ptr::null(), stride: 0, next: 0, tiles: 0 }
    }
}

impl Column<'_> {
    /// The number of tiles, one at least, and the depth. Panics unless all operands have what the kernel reads and writes.
    #[inline]
    pub(super) fn check<T: Kernel>(&self, lanes: usize) -> (usize, usize) {
        let (rows, extra) = (self.c.rows(), usize::from(self.extra.is_some()));
        assert!(extra == 0 || (T::EXTRA && self.c.columns() == T::NR + extra));
        let columns = self.c.columns() - extra;
        let tall = columns == lanes && matches!(self.a, Left::InPlace { .. });
        let most = if tall { T::TALL } else { T::MR };
        assert!((1..=most).contains(&self.height) && (1..=T::NR).contains(&columns));
        let tiles = rows / self.height;
        assert!(tiles > 0 && rows == tiles * self.height);
        let depth = self.a.check(tiles, self.height);
        self.b.check(depth, columns, lanes);
        assert!(self.extra.is_none_or(|extra| extra.len() >= depth));
        assert!(self.copy.as_ref().is_none_or(|copy| copy.len() >= depth * T::NR));
        assert!(!matches!(self.start, Start::Bias(bias) if bias.len() < rows));
        (tiles, depth)
    }

    /// Calls `f` for tile after tile, each as a column of its own: the first one copies, the others read the copy.
    #[inline(always)]
    pub(super) fn each<T: Kernel>(mut self, lanes: usize, mut f: impl FnMut(Column<'_>)) {
        let (tiles, depth) = self.check::<T>(lanes);
        for tile in 0..tiles {
            let rows = tile * self.height..(tile + 1) * self.height;
            let start = match self.start {
                Start::Bias(bias) => Start::Bias(&bias[rows.clone()]),
                start => start,
            };
            let (b, copy) = match &mut self.copy {
                Some(copy) if tile > 0 => (Rows::packed::<T>(copy), None),
                copy => (self.b, copy.as_deref_mut()),
            };
            let ahead = self.ahead.filter(|ahead| tile < ahead.tiles);
            f(Column {
                a: self.a.tile(tile, depth, self.height),
                b,
                copy,
                c: self.c.part(rows, 0..self.c.columns()),
                start,
                ahead: ahead.map(|ahead| Ahead { from: ahead.from.wrapping_add(tile * ahead.next), tiles: 1, ..ahead }),
                ..self
            });
        }
    }
}

/// A micro-kernel. A value of the type is the proof that the host can run it.
pub(super) trait Kernel: Copy + Send + Sync {
    /// Most rows (output channels) of a tile.
    const MR: usize;
    /// Most columns (output pixels) of a tile.
    const NR: usize;
    /// Most rows of a tile of one whole vector of columns whose a lies in place.
    const TALL: usize = Self::MR;
    /// Whether tiles of NR columns may have one more.
    const EXTRA: bool = false;

    /// `c[r][..] = start + Σ_i a[i][r] · b[i][..columns]` for each tile.
    ///
    /// The sum runs over `i` upwards from zero and is added to `start` at the end, so that the rounding error grows with
    /// the depth of one block and the number of blocks, not with their product. `end` is applied to what is stored: of several
    /// blocks of a sum it is the last one's.
    ///
    /// Panics where the operands don't fit together.
    fn column(self, column: Column<'_>);

    /// Runs `f`, compiled for this instruction set where it is inlined: copies then move whole vectors.
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R;
}

/// MXCSR of the loops in assembly: denormals are zero, results that would be some too, no exceptions. An FMA that meets one
/// takes a hundred cycles otherwise.
#[cfg(target_arch = "x86_64")]
pub(super) const FLUSH: u32 = 0x9fc0;

/// Evaluates an expression with the number of rows, 1 to MR, made a constant in it.
macro_rules! with_rows {
    ($rows:expr, [$($n:literal)+], |$name:ident| $call:expr) => {
        match $rows {
            $($n => {
                const $name: usize = $n;
                $call
            })+
            n => panic!("a tile of {n} rows"),
        }
    };
}
pub(super) use with_rows;
