//! Kernels whose taps are unrolled.
#![allow(unsafe_code)]

use super::{Band, Depthwise, LOADS, Tensors, Vector};
use crate::Conv2dShape;
use crate::activation::Finish;
use crate::simd::Simd;

/// Least floats that a prefetch is ahead.
const AHEAD: usize = 512;

/// Bands of some planes.
pub(super) struct Window<'a> {
    pub(super) depthwise: &'a Depthwise,
    pub(super) tensors: Tensors<'a>,
    /// The first plane of `y`.
    pub(super) plane: usize,
    /// The first output row of `y`, which is 0 if it has several planes.
    pub(super) row: usize,
    pub(super) bands: &'a [Band],
    pub(super) y: &'a mut [f32],
}

/// How rows of the input become vectors for the kernel columns, and vectors rows of the output.
trait Source<T: Simd, const VECS: usize>: Copy {
    /// What kernel columns `s`, which is even, and `s + 1` read, for each vector. The second is of no use where there is no
    /// such column.
    ///
    /// # Safety
    ///
    /// `row` is the start of an input row.
    unsafe fn load(self, simd: T, row: *const f32, s: usize) -> [[T::V; VECS]; 2];

    /// # Safety
    ///
    /// `row` is the start of an output row.
    unsafe fn store(self, simd: T, row: *mut f32, v: [T::V; VECS]);

    /// Fetches what these vectors need of an input row, or of an output row, which need not exist.
    fn prefetch(self, simd: T, input: *const f32, output: Option<*mut f32>);
}

/// Runs of columns of one plane, at a stride of 1 or 2.
#[derive(Clone, Copy)]
struct Columns<T: Simd, const R: usize, const STRIDE: usize, const WHOLE: bool, const VECS: usize> {
    /// Where the vectors are in rows of the input, padding included, and of the output.
    inputs: [isize; VECS],
    outputs: [usize; VECS],
    masks: [[T::Mask; VECS]; LOADS],
    dilation: usize,
    /// The lanes of a vector that are within the output row; all, if there are two.
    output: T::Mask,
}

impl<T: Simd, const R: usize, const STRIDE: usize, const WHOLE: bool, const VECS: usize>
    Columns<T, R, STRIDE, WHOLE, VECS>
{
    #[inline(always)]
    fn new(simd: T, shape: &Conv2dShape, q: usize, dilation: usize, vectors: &[Vector; VECS]) -> Self {
        let mut columns = Self {
            inputs: [0; VECS],
            outputs: [0; VECS],
            masks: [[simd.mask(0); VECS]; LOADS],
            dilation,
            output: simd.mask(((1u64 << q.min(T::LANES)) - 1) as u32),
        };
        for (v, vector) in vectors.iter().enumerate() {
            columns.outputs[v] = vector.column;
            columns.inputs[v] = (vector.column * STRIDE) as isize - shape.pad[1] as isize;
            for i in 0..LOADS {
                columns.masks[i][v] = simd.mask(vector.masks[i]);
            }
        }
        columns
    }

    /// Load `i`, `at` columns from where a vector's window starts.
    #[inline(always)]
    unsafe fn column(&self, simd: T, row: *const f32, v: usize, i: usize, at: usize) -> T::V {
        let p = row.wrapping_offset(self.inputs[v]).wrapping_add(at);
        // SAFETY: the plan has masked what is outside the row, and calls whole what never is.
        unsafe { if WHOLE { simd.load(p) } else { simd.load_masked(p, self.masks[i][v]) } }
    }
}

impl<T: Simd, const R: usize, const STRIDE: usize, const WHOLE: bool, const VECS: usize> Source<T, VECS>
    for Columns<T, R, STRIDE, WHOLE, VECS>
{
    #[inline(always)]
    unsafe fn load(self, simd: T, row: *const f32, s: usize) -> [[T::V; VECS]; 2] {
        let mut out = [[simd.splat(0.0); VECS]; 2];
        let [first, second] = &mut out;
        for (v, (first, second)) in first.iter_mut().zip(second).enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                if STRIDE == 1 {
                    *first = self.column(simd, row, v, s, s * self.dilation);
                    if s + 1 < R {
                        *second = self.column(simd, row, v, s + 1, (s + 1) * self.dilation);
                    }
                } else if s + 1 < R {
                    let low = self.column(simd, row, v, s, s);
                    let high = self.column(simd, row, v, s + 1, s + T::LANES);
                    (*first, *second) = simd.deinterleave(low, high);
                } else {
                    // One column to the left, so as not to read one more than is needed.
                    let low = self.column(simd, row, v, s, s - 1);
                    let high = self.column(simd, row, v, s + 1, s - 1 + T::LANES);
                    *first = simd.deinterleave(low, high).1;
                }
            }
        }
        out
    }

    #[inline(always)]
    unsafe fn store(self, simd: T, row: *mut f32, v: [T::V; VECS]) {
        for (v, column) in v.into_iter().zip(self.outputs) {
            // SAFETY: the plan's vectors end with the row at most, and a mask leaves out what lies behind a short one.
            unsafe {
                let p = row.add(column);
                if VECS == 1 && !WHOLE { simd.store_masked(p, self.output, v) } else { simd.store(p, v) }
            }
        }
    }

    #[inline(always)]
    fn prefetch(self, simd: T, input: *const f32, output: Option<*mut f32>) {
        for (x, y) in self.inputs.into_iter().zip(self.outputs) {
            for at in 0..STRIDE {
                simd.prefetch(input.wrapping_offset(x).wrapping_add(at * T::LANES));
            }
            if let Some(output) = output {
                simd.prefetch_to_write(output.wrapping_add(y));
            }
        }
    }
}

/// Two planes, whose rows share a vector.
#[derive(Clone, Copy)]
struct Narrow<T: Simd, const R: usize> {
    index: [T::Index; R],
    /// From a row of the first plane to that of the second, in floats.
    x_step: usize,
    y_step: usize,
    inputs: T::Mask,
    first: T::Mask,
    second: T::Mask,
}

impl<T: Simd, const R: usize> Source<T, 1> for Narrow<T, R> {
    #[inline(always)]
    unsafe fn load(self, simd: T, row: *const f32, s: usize) -> [[T::V; 1]; 2] {
        // SAFETY: the mask is as wide as a row.
        let (a, b) = unsafe {
            (simd.load_masked(row, self.inputs), simd.load_masked(row.wrapping_add(self.x_step), self.inputs))
        };
        let next = if s + 1 < R { s + 1 } else { s };
        [[simd.permute(a, b, self.index[s])], [simd.permute(a, b, self.index[next])]]
    }

    #[inline(always)]
    unsafe fn store(self, simd: T, row: *mut f32, [v]: [T::V; 1]) {
        // SAFETY: the masks are as wide as a row, the second one in the upper half.
        unsafe {
            simd.store_masked(row, self.first, v);
            simd.store_masked(row.wrapping_add(self.y_step).wrapping_sub(T::LANES / 2), self.second, v);
        }
    }

    #[inline(always)]
    fn prefetch(self, simd: T, input: *const f32, _: Option<*mut f32>) {
        simd.prefetch(input);
        simd.prefetch(input.wrapping_add(self.x_step));
    }
}

/// Weights and bias of a plane, or of two.
struct Filter<T: Simd, const R: usize> {
    weights: [[T::V; R]; R],
    bias: T::V,
}

/// Where a band is read and written.
struct Place {
    /// The first input row, which need not exist, and the distance to the next one.
    x: *const f32,
    x_pitch: usize,
    /// The first output row, and the distance to the next one.
    y: *mut f32,
    y_pitch: usize,
    /// How far ahead to fetch input and output.
    ahead: Option<(usize, usize)>,
}

/// The output rows that an input row adds to: `sums[A − 1]` is the one whose first tap is in this step's first row, those
/// before it are its predecessors. `phase` says how far the array is turned.
///
/// # Safety
///
/// `row` is the start of an input row.
#[inline(always)]
unsafe fn add<T: Simd, X: Source<T, VECS>, const R: usize, const STRIDE: usize, const VECS: usize, const A: usize>(
    simd: T,
    source: X,
    filter: &Filter<T, R>,
    sums: &mut [[T::V; VECS]; A],
    phase: usize,
    t: usize,
    row: *const f32,
) {
    for pair in 0..R.div_ceil(2) {
        // SAFETY: the caller's promise.
        let loaded = unsafe { source.load(simd, row, 2 * pair) };
        for (half, loaded) in loaded.into_iter().enumerate() {
            let s = 2 * pair + half;
            if s < R {
                for i in 0..A {
                    let r = t + STRIDE * i;
                    if r < R {
                        let sums = &mut sums[(phase + A - 1 - i) % A];
                        for v in 0..VECS {
                            sums[v] = simd.fma(loaded[v], filter.weights[r][s], sums[v]);
                        }
                    }
                }
            }
        }
    }
}

/// Moves each element to the place before it. `rotate_left` would go through memory.
#[inline(always)]
fn shift<T: Copy, const A: usize>(sums: &mut [T; A]) {
    for i in 1..A {
        sums[i - 1] = sums[i];
    }
}

/// One band of `VECS` vectors. A step goes over `STRIDE` input rows, begins one output row and ends the one `A − 1` before
/// it, A = ⌈R / STRIDE⌉.
///
/// # Safety
///
/// The rows of `band` exist at `place`.
#[inline(always)]
unsafe fn run<
    T: Simd,
    X: Source<T, VECS>,
    F: Finish<T>,
    const R: usize,
    const STRIDE: usize,
    const VECS: usize,
    const A: usize,
>(
    simd: T,
    source: X,
    finish: F,
    filter: &Filter<T, R>,
    band: &Band,
    place: &Place,
) {
    const { assert!(A == R.div_ceil(STRIDE) && (R - 1).is_multiple_of(STRIDE)) };
    let mut sums = [[filter.bias; VECS]; A];
    let mut x = place.x;
    let mut y = place.y.wrapping_sub((A - 1) * place.y_pitch);
    macro_rules! careful {
        ($steps:expr) => {
            for step in $steps {
                sums[A - 1] = [filter.bias; VECS];
                for t in 0..STRIDE {
                    let i = step * STRIDE + t;
                    // SAFETY: the row is one of those inside.
                    unsafe {
                        if band.inside.0 <= i && i < band.inside.1 {
                            add::<T, X, R, STRIDE, VECS, A>(simd, source, filter, &mut sums, 0, t, x);
                        }
                    }
                    x = x.wrapping_add(place.x_pitch);
                    if t == 0 && step + 1 >= A {
                        // SAFETY: as many output rows as steps are ended after the first A − 1.
                        unsafe { source.store(simd, y, finish.vectors(simd, sums[0])) };
                    }
                }
                y = y.wrapping_add(place.y_pitch);
                shift(&mut sums);
            }
        };
    }
    careful!(0..band.head);
    for _ in 0..band.turns {
        for phase in 0..turn(R, STRIDE) {
            sums[(phase + A - 1) % A] = [filter.bias; VECS];
            for t in 0..STRIDE {
                // SAFETY: the rows of these steps are inside, and each ends an output row.
                unsafe {
                    add::<T, X, R, STRIDE, VECS, A>(simd, source, filter, &mut sums, phase, t, x);
                    if t == 0 {
                        source.store(simd, y, finish.vectors(simd, sums[phase % A]));
                    }
                }
                if let Some((input, output)) = place.ahead {
                    source.prefetch(
                        simd,
                        x.wrapping_add(input),
                        if t == 0 { Some(y.wrapping_add(output)) } else { None },
                    );
                }
                x = x.wrapping_add(place.x_pitch);
            }
            y = y.wrapping_add(place.y_pitch);
            if turn(R, STRIDE) == 1 {
                shift(&mut sums);
            }
        }
    }
    careful!(band.head + band.turns * turn(R, STRIDE)..band.height + A - 1);
}

/// Steps after which the sums of a kernel of `r` rows are in their first registers again. Larger kernels move them instead.
pub(super) const fn turn(r: usize, stride: usize) -> usize {
    if r == 3 { r.div_ceil(stride) } else { 1 }
}

impl Window<'_> {
    /// The weights and the bias of an output channel.
    #[inline(always)]
    fn filter<T: Simd, const R: usize>(&self, simd: T, k: usize) -> Filter<T, R> {
        let w = &self.tensors.w[k * R * R..][..R * R];
        let bias = self.tensors.bias.map_or(0.0, |bias| bias[k]);
        let mut weights = [[simd.splat(0.0); R]; R];
        for r in 0..R {
            for s in 0..R {
                weights[r][s] = simd.splat(w[r * R + s]);
            }
        }
        Filter { weights, bias: simd.splat(bias) }
    }

    /// Several vectors to an output row.
    #[inline(always)]
    pub(super) fn wide<
        T: Simd,
        F: Finish<T>,
        const R: usize,
        const STRIDE: usize,
        const A: usize,
        const DILATED: bool,
    >(
        &mut self,
        simd: T,
        finish: F,
    ) {
        let shape = &self.depthwise.shape;
        let (size, pixels, q) = (shape.h * shape.w, self.depthwise.pixels, self.depthwise.q);
        let (x_pitch, y_pitch) = (shape.w * shape.dilation[0], q * shape.dilation[0]);
        let dilation = if DILATED { shape.dilation[1] } else { 1 };
        let vectors = &self.depthwise.vectors[..];
        // At stride 2 there are more masks than registers for those of two vectors.
        let (pairs, singles) = if STRIDE == 1 { vectors.as_chunks::<2>() } else { (&[][..], vectors) };
        let mut k = self.plane % shape.k;
        for i in 0..self.y.len().div_ceil(pixels) {
            let filter = self.filter::<T, R>(simd, k);
            k = if k + 1 < shape.k { k + 1 } else { 0 };
            let x =
                self.tensors.x[(self.depthwise.source(self.plane + i) - self.tensors.first) * size..][..size].as_ptr();
            for band in self.bands {
                let y = &mut self.y[i * pixels + (band.out - self.row) * q..][..(band.height - 1) * y_pitch + q];
                let place = Place {
                    x: x.wrapping_offset(band.row * shape.w as isize),
                    x_pitch,
                    y: y.as_mut_ptr(),
                    y_pitch,
                    ahead: self.ahead(x_pitch * band.height * STRIDE, y_pitch * band.height),
                };
                // SAFETY: the plan's bands name the rows that are inside the input; the slice above has those of the output.
                unsafe {
                    for pair in pairs {
                        if pair[0].whole && pair[1].whole {
                            let source = Columns::<T, R, STRIDE, true, 2>::new(simd, shape, q, dilation, pair);
                            run::<T, _, _, R, STRIDE, 2, A>(simd, source, finish, &filter, band, &place);
                        } else {
                            let source = Columns::<T, R, STRIDE, false, 2>::new(simd, shape, q, dilation, pair);
                            run::<T, _, _, R, STRIDE, 2, A>(simd, source, finish, &filter, band, &place);
                        }
                    }
                    for single in singles {
                        let vector = std::array::from_ref(single);
                        if single.whole && STRIDE == 2 {
                            let source = Columns::<T, R, STRIDE, true, 1>::new(simd, shape, q, dilation, vector);
                            run::<T, _, _, R, STRIDE, 1, A>(simd, source, finish, &filter, band, &place);
                        } else {
                            let source = Columns::<T, R, STRIDE, false, 1>::new(simd, shape, q, dilation, vector);
                            run::<T, _, _, R, STRIDE, 1, A>(simd, source, finish, &filter, band, &place);
                        }
                    }
                }
            }
        }
    }

    /// One vector to an output row: it is set up once for all planes.
    #[inline(always)]
    pub(super) fn single<
        T: Simd,
        F: Finish<T>,
        const R: usize,
        const STRIDE: usize,
        const A: usize,
        const DILATED: bool,
    >(
        &mut self,
        simd: T,
        finish: F,
    ) {
        let shape = &self.depthwise.shape;
        let (size, pixels, q) = (shape.h * shape.w, self.depthwise.pixels, self.depthwise.q);
        let (x_pitch, y_pitch) = (shape.w * shape.dilation[0], q * shape.dilation[0]);
        let dilation = if DILATED { shape.dilation[1] } else { 1 };
        let vector = std::array::from_ref(&self.depthwise.vectors[0]);
        let source = Columns::<T, R, STRIDE, false, 1>::new(simd, shape, q, dilation, vector);
        let planes = self.y.len().div_ceil(pixels);
        for band in self.bands {
            let band = *band;
            let start = (band.out - self.row) * q;
            let len = (band.height - 1) * y_pitch + q;
            let mut k = self.plane % shape.k;
            for i in 0..planes {
                let filter = self.filter::<T, R>(simd, k);
                k = if k + 1 < shape.k { k + 1 } else { 0 };
                let x = &self.tensors.x[(self.depthwise.source(self.plane + i) - self.tensors.first) * size..][..size];
                let y = &mut self.y[i * pixels + start..][..len];
                let place = Place {
                    x: x.as_ptr().wrapping_offset(band.row * shape.w as isize),
                    x_pitch,
                    y: y.as_mut_ptr(),
                    y_pitch,
                    ahead: self.ahead(AHEAD, AHEAD),
                };
                // SAFETY: the plan's bands name the rows that are inside the input; the slice above has those of the output.
                unsafe { run::<T, _, _, R, STRIDE, 1, A>(simd, source, finish, &filter, &band, &place) };
            }
        }
    }

    /// How far ahead to fetch, where that pays.
    #[inline(always)]
    fn ahead(&self, input: usize, output: usize) -> Option<(usize, usize)> {
        if self.depthwise.far { Some((input.max(AHEAD), output.max(AHEAD))) } else { None }
    }

    /// Vectors of two planes.
    #[inline(always)]
    pub(super) fn narrow<T: Simd, F: Finish<T>, const R: usize, const STRIDE: usize, const A: usize>(
        &mut self,
        simd: T,
        finish: F,
    ) {
        let shape = &self.depthwise.shape;
        let (size, pixels, q) = (shape.h * shape.w, self.depthwise.pixels, self.depthwise.q);
        let (x_pitch, y_pitch) = (shape.w * shape.dilation[0], q * shape.dilation[0]);
        let mut source = Narrow::<T, R> {
            index: [simd.index(&self.depthwise.lanes[0]); R],
            x_step: 0,
            y_step: 0,
            inputs: simd.mask((1 << shape.w) - 1),
            first: simd.mask((1 << q) - 1),
            second: simd.mask(((1 << q) - 1) << (T::LANES / 2)),
        };
        for s in 1..R {
            source.index[s] = simd.index(&self.depthwise.lanes[s]);
        }
        // The lanes of the second plane. A mask that the compiler doesn't know is one that it doesn't turn into shuffles.
        let second = source.second;
        let planes = self.y.len().div_ceil(pixels);
        for band in self.bands {
            let band = *band;
            let start = (band.out - self.row) * q;
            let len = (band.height - 1) * y_pitch + q;
            let mut k = self.plane % shape.k;
            for i in (0..planes).step_by(2) {
                // A last one without a partner is computed twice.
                let j = (i + 1).min(planes - 1);
                let mut filter = self.filter::<T, R>(simd, k);
                k = if k + (j - i) < shape.k { k + (j - i) } else { 0 };
                let high = self.filter::<T, R>(simd, k);
                k = if k + 1 < shape.k { k + 1 } else { 0 };
                for r in 0..R {
                    for s in 0..R {
                        filter.weights[r][s] = simd.select(second, filter.weights[r][s], high.weights[r][s]);
                    }
                }
                filter.bias = simd.select(second, filter.bias, high.bias);
                let a = (self.depthwise.source(self.plane + i) - self.tensors.first) * size;
                let b = (self.depthwise.source(self.plane + j) - self.tensors.first) * size;
                let x = &self.tensors.x[a..b + size];
                (source.x_step, source.y_step) = (b - a, (j - i) * pixels);
                let y = &mut self.y[i * pixels + start..][..source.y_step + len];
                let place = Place {
                    x: x.as_ptr().wrapping_offset(band.row * shape.w as isize),
                    x_pitch,
                    y: y.as_mut_ptr(),
                    y_pitch,
                    // The next two planes. Of 3×3 kernels at stride 1 enough rows are in flight without.
                    ahead: if R > 3 || STRIDE > 1 { Some((2 * source.x_step, 0)) } else { None },
                };
                // SAFETY: the plan's bands name the rows that are inside the input, of both planes; the slice above has those
                // of the output.
                unsafe { run::<T, _, _, R, STRIDE, 1, A>(simd, source, finish, &filter, &band, &place) };
            }
        }
    }
}
