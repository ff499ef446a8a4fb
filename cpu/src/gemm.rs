//! The matrix product as an operator of its own.

use super::aligned::Aligned;
use super::dispatch::{sizes, with_kernel};
use super::engine::Lane;
use super::product::{Initial, Kind, Matrices, Operand, Product, Weights};
use super::{CpuError, Engine, Isa};

/// The shape of `C = α·op(A)·op(B) + β·C`, for each of a batch, all row-major and without gaps.
///
/// ```
/// use sparkle_cpu::{CpuError, Engine, Gemm, GemmShape};
///
/// let engine = Engine::new(None, None)?;
/// let gemm = Gemm::new(&engine, GemmShape::new(2, 1, 3).transpose_b())?;
/// let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, -1.0]);
/// let mut c = [10.0, 20.0];
/// gemm.run(&engine, 2.0, &a, &b, 1.0, &mut c)?;
/// assert_eq!(c, [6.0, 16.0]);
/// # Ok::<(), CpuError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GemmShape {
    /// Rows of op(A) and C.
    pub m: usize,
    /// Columns of op(B) and C.
    pub n: usize,
    /// Columns of op(A), rows of op(B).
    pub k: usize,
    /// A is stored k×m instead of m×k.
    pub transposed_a: bool,
    /// B is stored n×k instead of k×n.
    pub transposed_b: bool,
    /// The number of products.
    pub batch: usize,
}

impl GemmShape {
    /// One product of an m×k and a k×n matrix.
    pub const fn new(m: usize, n: usize, k: usize) -> Self {
        Self { m, n, k, transposed_a: false, transposed_b: false, batch: 1 }
    }

    /// With an A that is stored k×m.
    #[must_use]
    pub const fn transpose_a(self) -> Self {
        Self { transposed_a: true, ..self }
    }

    /// With a B that is stored n×k.
    #[must_use]
    pub const fn transpose_b(self) -> Self {
        Self { transposed_b: true, ..self }
    }

    /// `batch` products.
    #[must_use]
    pub const fn batch(self, batch: usize) -> Self {
        Self { batch, ..self }
    }

    /// Multiplications and additions: 2·m·n·k for each product.
    pub const fn flops(&self) -> u64 {
        let product = (self.m as u64).saturating_mul(self.n as u64).saturating_mul(self.k as u64);
        product.saturating_mul(2).saturating_mul(self.batch as u64)
    }

    /// Whether blocks of B are copied together before any of it is multiplied: its rows lie some pages apart, and there are so many
    /// of A that the copy costs next to nothing.
    fn copies_b(&self) -> bool {
        self.n >= 2048 && self.m >= 512
    }

    /// Elements of A, B and C of one product; an error where those of the batch, or their bytes, are beyond `isize::MAX`.
    fn lens(&self) -> Result<[usize; 3], CpuError> {
        let len = |tensor, rows: usize, columns: usize| {
            let len = rows.checked_mul(columns);
            let bytes = len.and_then(|len| len.checked_mul(self.batch.max(1))?.checked_mul(size_of::<f32>()));
            let fits = bytes.is_some_and(|bytes| isize::try_from(bytes).is_ok());
            len.filter(|_| fits).ok_or(CpuError::MatrixOverflow { tensor, rows, columns, batch: self.batch })
        };
        Ok([len("a", self.m, self.k)?, len("b", self.k, self.n)?, len("c", self.m, self.n)?])
    }
}

/// A planned matrix product in f32.
///
/// Sums run over k upwards in blocks, whatever the number of threads, so that results are the same bit for bit; they are those
/// of [`Conv2d`](crate::Conv2d)'s algorithm `gemm` and within its bound. α is multiplied into A first, which rounds once
/// more. With β = 0 what C held does not matter, not even NaN; with α = 0 A and B are not read.
#[derive(Debug, Clone)]
pub struct Gemm {
    shape: GemmShape,
    isa: Isa,
    lens: [usize; 3],
    /// `None` where there is nothing to sum.
    product: Option<Product>,
}

/// An A as [`Gemm`] wants it: made once by [`Gemm::pack`], used any number of times.
#[derive(Debug, Clone)]
pub struct PackedMatrix {
    floats: Aligned,
    shape: GemmShape,
    isa: Isa,
}

impl Gemm {
    /// Plans `shape` for the engine's instruction set.
    ///
    /// # Errors
    ///
    /// [`CpuError::MatrixOverflow`] for matrices that no slice can hold.
    pub fn new(engine: &Engine, shape: GemmShape) -> Result<Self, CpuError> {
        let lens = shape.lens()?;
        let isa = engine.isa();
        let GemmShape { m, n, k, batch, .. } = shape;
        let kind = if shape.transposed_b || shape.copies_b() { Kind::Packed } else { Kind::InPlace };
        let some = m.min(n).min(k).min(batch) > 0;
        let (sizes, threads) = (sizes(isa)?, engine.threads());
        let narrow = match kind {
            Kind::InPlace if some => Product::narrow(batch, m, k, n, sizes, threads),
            _ => None,
        };
        let product = narrow.or_else(|| some.then(|| Product::new(batch, m, k, n, sizes, kind, threads)));
        Ok(Self { shape, isa, lens, product })
    }

    /// The shape that was planned.
    pub fn shape(&self) -> &GemmShape {
        &self.shape
    }

    /// Packs α·A for [`run_packed`](Self::run_packed). `a` holds one matrix for all products, or one for each.
    ///
    /// # Errors
    ///
    /// [`CpuError::Length`] for neither length, [`CpuError::Memory`] where there is none.
    pub fn pack(&self, engine: &Engine, alpha: f32, a: &[f32]) -> Result<PackedMatrix, CpuError> {
        let len = self.check("a", a.len(), self.lens[0])?;
        let mut floats = Aligned::zeroed(len)?;
        self.pack_into(engine.lane(), alpha, a, &mut floats)?;
        Ok(PackedMatrix { floats, shape: self.shape, isa: self.isa })
    }

    fn pack_into(&self, lane: Lane<'_>, alpha: f32, a: &[f32], packed: &mut [f32]) -> Result<(), CpuError> {
        let Some(product) = &self.product else { return Ok(()) };
        with_kernel!(self.isa, |kernel, _NR| {
            product.pack(kernel, lane, a, self.weights(), packed);
        })?;
        if alpha != 1.0 {
            packed.iter_mut().for_each(|v| *v *= alpha);
        }
        Ok(())
    }

    /// How A lies.
    fn weights(&self) -> Weights {
        match self.shape.transposed_a {
            false => Weights::Rows { stride: self.shape.k },
            true => Weights::Columns { stride: self.shape.m },
        }
    }

    /// The length of a matrix that all products share, or of one for each.
    fn check(&self, tensor: &'static str, got: usize, one: usize) -> Result<usize, CpuError> {
        let wanted = one * self.shape.batch;
        if got == wanted || got == one { Ok(got) } else { Err(CpuError::Length { tensor, wanted, got }) }
    }

    /// `C = α·op(A)·op(B) + β·C`. `a` and `b` each hold one matrix for all products, or one for each, which are then as
    /// many as C's.
    ///
    /// # Errors
    ///
    /// [`CpuError::Length`] when a slice does not have the shape's length; `c` is then untouched.
    pub fn run(
        &self,
        engine: &Engine,
        alpha: f32,
        a: &[f32],
        b: &[f32],
        beta: f32,
        c: &mut [f32],
    ) -> Result<(), CpuError> {
        let len = self.check("a", a.len(), self.lens[0])?;
        self.check_rest(b, c)?;
        if alpha == 0.0 || self.product.is_none() {
            scale(beta, c);
            return Ok(());
        }
        let lane = engine.lane();
        if self.product.as_ref().is_some_and(Product::is_narrow) {
            let each = if len == self.lens[0] { 0 } else { self.lens[0] };
            let a = Matrices::Plain { data: a, each, weights: self.weights(), alpha };
            return self.multiply(lane, a, b, beta, c);
        }
        let mut packed = lane.scratch(len);
        let packed = &mut packed.floats()[..len];
        self.pack_into(lane, alpha, a, packed)?;
        self.multiply(lane, Matrices::Packed(packed), b, beta, c)
    }

    /// [`run`](Self::run) with an A that this plan packed, or one of the same shape and instruction set.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run), and [`CpuError::Packed`] for another plan's A.
    pub fn run_packed(
        &self,
        engine: &Engine,
        a: &PackedMatrix,
        b: &[f32],
        beta: f32,
        c: &mut [f32],
    ) -> Result<(), CpuError> {
        if (a.shape, a.isa) != (self.shape, self.isa) {
            return Err(CpuError::Packed);
        }
        self.check_rest(b, c)?;
        self.multiply(engine.lane(), Matrices::Packed(&a.floats), b, beta, c)
    }

    fn check_rest(&self, b: &[f32], c: &[f32]) -> Result<(), CpuError> {
        self.check("b", b.len(), self.lens[1])?;
        match self.lens[2] * self.shape.batch {
            wanted if wanted == c.len() => Ok(()),
            wanted => Err(CpuError::Length { tensor: "c", wanted, got: c.len() }),
        }
    }

    fn multiply(&self, lane: Lane<'_>, a: Matrices<'_>, b: &[f32], beta: f32, c: &mut [f32]) -> Result<(), CpuError> {
        let Some(product) = &self.product else {
            scale(beta, c);
            return Ok(());
        };
        let each = if b.len() == self.lens[1] { 0 } else { self.lens[1] };
        let b = match self.shape.transposed_b {
            false if self.shape.copies_b() => Operand::Rows { data: b, stride: self.shape.n, each },
            false => Operand::InPlace { data: b, stride: self.shape.n, each },
            true => Operand::Transposed { data: b, stride: self.shape.k, each },
        };
        let initial = if beta == 0.0 { Initial::Zero } else { Initial::Scaled(beta) };
        with_kernel!(self.isa, |kernel, NR| product.run::<_, NR>(kernel, lane, a, b, initial, c))
    }
}

/// `c = β·c`, and zero for β = 0.
fn scale(beta: f32, c: &mut [f32]) {
    match beta {
        0.0 => c.fill(0.0),
        _ => c.iter_mut().for_each(|v| *v *= beta),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{engine, random};
    use super::super::{available, compare};
    use super::*;
    use proptest::prelude::*;

    /// The definition in double precision.
    fn definition(s: &GemmShape, alpha: f32, a: &[f32], b: &[f32], beta: f32, c: &[f32]) -> Vec<f64> {
        let mut out = Vec::new();
        for i in 0..s.batch {
            let a = &a[i * s.m * s.k % a.len().max(1)..];
            let b = &b[i * s.k * s.n % b.len().max(1)..];
            for row in 0..s.m {
                for column in 0..s.n {
                    let sum: f64 = (0..s.k)
                        .map(|k| {
                            let a = if s.transposed_a { a[k * s.m + row] } else { a[row * s.k + k] };
                            let b = if s.transposed_b { b[column * s.k + k] } else { b[k * s.n + column] };
                            f64::from(a) * f64::from(b)
                        })
                        .sum();
                    let was = if beta == 0.0 { 0.0 } else { f64::from(beta) * f64::from(c[out.len()]) };
                    out.push(f64::from(alpha) * sum + was);
                }
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn products_agree_with_the_definition(
            (m, n, k) in prop_oneof![
                (1..=20usize, 1..=110usize, 1..=40usize), (1..=80usize, 1..=30usize, 1..=700usize), (1..=600usize, 1..=60usize, 1..=20usize)
            ],
            batch in 1..=3usize, transposed_a: bool, transposed_b: bool, shared in 0..4u8, seed: u64,
            alpha in prop_oneof![Just(1.0f32), Just(0.0), Just(-0.5)], beta in prop_oneof![Just(0.0f32), Just(1.0), Just(2.5)],
        ) {
            let shape = GemmShape { m, n, k, transposed_a, transposed_b, batch };
            let count = |bit: u8| if shared & bit == 0 { batch } else { 1 };
            let (a, b) = (random(count(1) * m * k, seed), random(count(2) * k * n, seed ^ 1));
            let mut was = random(batch * m * n, seed ^ 2);
            if beta == 0.0 {
                was[0] = f32::NAN;
            }
            let want = definition(&shape, alpha, &a, &b, beta, &was);
            for isa in available() {
                let engine = engine(1 + (seed % 3) as usize, isa);
                let gemm = Gemm::new(&engine, shape).unwrap();
                let mut c = was.clone();
                gemm.run(&engine, alpha, &a, &b, beta, &mut c).unwrap();
                let got = compare(&c, &want);
                prop_assert!(got.within(1e-5), "{isa}: {got:?}");
                let packed = gemm.pack(&engine, alpha, &a).unwrap();
                let mut again = was.clone();
                gemm.run_packed(&engine, &packed, &b, beta, &mut again).unwrap();
                prop_assert!(alpha == 0.0 || again == c);
            }
        }
    }

    /// Their B is copied together, in blocks of the depth that are not the last.
    #[test]
    fn large_products_agree_with_the_definition() {
        let shape = GemmShape::new(513, 2050, 300);
        assert!(shape.copies_b());
        let (a, b) = (random(513 * 300, 1), random(300 * 2050, 2));
        let want = definition(&shape, 1.0, &a, &b, 0.0, &vec![0.0; 513 * 2050]);
        for isa in available() {
            for threads in [1, 3] {
                let engine = engine(threads, isa);
                let mut c = vec![f32::NAN; 513 * 2050];
                Gemm::new(&engine, shape).unwrap().run(&engine, 1.0, &a, &b, 0.0, &mut c).unwrap();
                let got = compare(&c, &want);
                assert!(got.within(1e-5), "{isa}: {got:?}");
            }
        }
    }

    /// Parts pack A for themselves, several ranges of rows and blocks of the depth; tiles with a column more.
    #[test]
    fn narrow_products_agree_with_the_definition() {
        for (n, transposed_a, batch, alpha, beta) in [
            (49, false, 1, 1.0, 0.0),
            (98, false, 2, -0.5, 1.0),
            (49, true, 2, 1.0, 2.5),
            (196, false, 1, 1.0, 1.0),
            (1, false, 1, 2.0, 0.0),
        ] {
            let shape = GemmShape { transposed_a, batch, ..GemmShape::new(701, n, 900) };
            let (a, b) = (random(701 * 900, 1), random(batch * 900 * n, 2));
            let was = random(batch * 701 * n, 3);
            let want = definition(&shape, alpha, &a, &b, beta, &was);
            for isa in available() {
                for threads in [1, 3] {
                    let engine = engine(threads, isa);
                    let gemm = Gemm::new(&engine, shape).unwrap();
                    assert!(gemm.product.as_ref().unwrap().is_narrow());
                    let mut c = was.clone();
                    gemm.run(&engine, alpha, &a, &b, beta, &mut c).unwrap();
                    let got = compare(&c, &want);
                    assert!(got.within(1e-5), "{isa}, {n} columns: {got:?}");
                    let packed = gemm.pack(&engine, alpha, &a).unwrap();
                    let mut again = was.clone();
                    gemm.run_packed(&engine, &packed, &b, beta, &mut again).unwrap();
                    assert!(again == c, "{isa}, {n} columns");
                }
            }
        }
    }

    #[test]
    fn nothing_to_sum_scales_c() {
        for isa in available() {
            let engine = engine(1, isa);
            let gemm = Gemm::new(&engine, GemmShape::new(1, 2, 0)).unwrap();
            let mut c = [1.0, f32::NAN];
            gemm.run(&engine, 1.0, &[], &[], 2.0, &mut c).unwrap();
            assert!(c[0] == 2.0 && c[1].is_nan());
            gemm.run(&engine, 1.0, &[], &[], 0.0, &mut c).unwrap();
            assert_eq!(c, [0.0; 2]);
            // α = 0: A and B are not read.
            let gemm = Gemm::new(&engine, GemmShape::new(1, 1, 1)).unwrap();
            let mut c = [3.0];
            gemm.run(&engine, 0.0, &[f32::NAN], &[f32::INFINITY], 1.0, &mut c).unwrap();
            assert_eq!(c, [3.0]);
            for empty in [GemmShape::new(0, 2, 3), GemmShape::new(2, 0, 3), GemmShape::new(2, 2, 2).batch(0)] {
                let gemm = Gemm::new(&engine, empty).unwrap();
                let (a, b) = (vec![0.0; empty.m * empty.k * empty.batch], vec![0.0; empty.k * empty.n * empty.batch]);
                gemm.run(&engine, 1.0, &a, &b, 0.0, &mut []).unwrap();
            }
        }
    }

    #[test]
    fn wrong_lengths_and_impossible_sizes_are_refused() {
        let engine = engine(1, Isa::Portable);
        let gemm = Gemm::new(&engine, GemmShape::new(2, 3, 4).batch(2)).unwrap();
        let mut c = [7.0; 12];
        let error = gemm.run(&engine, 1.0, &[0.0; 9], &[0.0; 24], 0.0, &mut c).unwrap_err();
        assert_eq!(error.to_string(), "a has 9 elements, the shape wants 16");
        let error = gemm.run(&engine, 1.0, &[0.0; 8], &[0.0; 25], 0.0, &mut c).unwrap_err();
        assert_eq!(error.to_string(), "b has 25 elements, the shape wants 24");
        let error = gemm.run(&engine, 1.0, &[0.0; 8], &[0.0; 12], 0.0, &mut c[1..]).unwrap_err();
        assert_eq!(error.to_string(), "c has 11 elements, the shape wants 12");
        assert_eq!(c, [7.0; 12]);
        let error = Gemm::new(&engine, GemmShape::new(1 << 40, 1, 1 << 40)).unwrap_err();
        assert_eq!(error.code(), "cpu-matrix-overflow");
        assert!(error.to_string().starts_with("a of 1 × 1099511627776×1099511627776 floats"), "{error}");
        let other = Gemm::new(&engine, GemmShape::new(2, 3, 4)).unwrap().pack(&engine, 1.0, &[0.0; 8]).unwrap();
        let error = gemm.run_packed(&engine, &other, &[0.0; 12], 0.0, &mut c).unwrap_err();
        assert_eq!(error.code(), "cpu-packed");
    }
}
