//! How well a result agrees with the reference.

/// The agreement of an f32 result with an f64 reference; made by [`compare`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Agreement {
    /// Largest |got − want| over the elements that are finite in both.
    pub max_abs_error: f64,
    /// Largest |want| over the finite elements.
    pub max_abs_reference: f64,
    /// `max_abs_error / max_abs_reference`: the measure that tolerances are stated in. Zero when there is no error at
    /// all, infinite when only the reference is zero throughout.
    pub relative: f64,
    /// The first element that is not comparable, else the one of the largest error; zero where all agree exactly.
    pub worst_index: usize,
    /// Elements where NaN, +∞ or −∞ stands in one and not in the other, and elements without a partner where the lengths
    /// differ.
    pub mismatches: usize,
}

impl Agreement {
    /// Whether NaN and infinities stand in the same places and `relative` is at most `tolerance`.
    pub fn within(&self, tolerance: f64) -> bool {
        self.mismatches == 0 && self.relative <= tolerance
    }

    /// With `relative` measured against another value than the largest of the reference: of activated outputs the largest
    /// sum, since an activation may leave none of those that the error comes from.
    #[must_use]
    pub fn relative_to(self, max_abs: f64) -> Self {
        let relative = if self.max_abs_error == 0.0 { 0.0 } else { self.max_abs_error / max_abs };
        Self { relative, ..self }
    }
}

/// Compares `got` with `want`, element by element.
///
/// An error is measured against the largest reference value, because the sums of a convolution cancel: close to zero, an
/// element's own relative error says nothing. A reference beyond the range of f32 counts as the infinity it rounds to.
pub fn compare(got: &[f32], want: &[f64]) -> Agreement {
    let common = got.len().min(want.len());
    let mut mismatches = got.len().max(want.len()) - common;
    let mut first_mismatch = (mismatches > 0).then_some(common);
    let (mut max_abs_error, mut max_abs_reference, mut worst_index) = (0.0f64, 0.0f64, 0);
    for (i, (&g, &w)) in got.iter().zip(want).enumerate() {
        let rounded = w as f32;
        if g.is_finite() && rounded.is_finite() {
            max_abs_reference = max_abs_reference.max(w.abs());
            let error = (f64::from(g) - w).abs();
            if error > max_abs_error {
                (max_abs_error, worst_index) = (error, i);
            }
        } else if g != rounded && !(g.is_nan() && rounded.is_nan()) {
            mismatches += 1;
            first_mismatch = Some(first_mismatch.map_or(i, |f| f.min(i)));
        }
    }
    let relative = if max_abs_error == 0.0 { 0.0 } else { max_abs_error / max_abs_reference };
    Agreement {
        max_abs_error,
        max_abs_reference,
        relative,
        worst_index: first_mismatch.unwrap_or(worst_index),
        mismatches,
    }
}
