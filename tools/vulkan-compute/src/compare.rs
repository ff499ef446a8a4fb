//! Comparing what the device says with what the CPU says, and numbers to compute with.

use std::fmt::{Debug, LowerHex};

use crate::error::{Error, Result};

/// The first place where two slices differ, as an error: `what[index]`, got, want, and how many differ.
fn first<T: Copy>(
    what: &str,
    got: &[T],
    want_len: usize,
    differs: impl Fn(usize, T) -> bool,
    show: impl Fn(usize, T) -> String,
) -> Result<()> {
    if got.len() != want_len {
        return Err(Error::Wrong(format!("{what}: {} elements, want {want_len}", got.len())));
    }
    let wrong: Vec<usize> = (0..got.len()).filter(|&index| differs(index, got[index])).collect();
    let Some(&index) = wrong.first() else { return Ok(()) };
    let (text, last) = (show(index, got[index]), wrong[wrong.len() - 1]);
    let more = if wrong.len() > 1 { format!(", last {what}[{last}]") } else { String::new() };
    let (count, total) = (wrong.len(), got.len());
    Err(Error::Wrong(format!("{what}[{index}]: {text} ({count} of {total} differ{more})")))
}

/// Integers must be the same.
pub fn same<T: Copy + PartialEq + LowerHex + Debug>(what: &str, got: &[T], want: &[T]) -> Result<()> {
    let show = |index: usize, got: T| {
        let want = want[index];
        format!("got {got:#x} ({got:?}), want {want:#x} ({want:?})")
    };
    first(what, got, want.len(), |index, got| got != want[index], show)
}

/// A number that can be compared with an error bound.
pub trait Real: Copy + Debug {
    /// Its value.
    fn value(self) -> f64;
}

impl Real for f32 {
    fn value(self) -> f64 {
        self.into()
    }
}

impl Real for f64 {
    fn value(self) -> f64 {
        self
    }
}

/// Each number must be no further than its bound from what is wanted. A NaN is wanted where `want` is a NaN.
pub fn close<T: Real>(what: &str, got: &[T], want: &[f64], bound: impl Fn(usize) -> f64) -> Result<()> {
    let differs = |index: usize, got: T| {
        let (got, want) = (got.value(), want[index]);
        if want.is_nan() || got.is_nan() {
            return want.is_nan() != got.is_nan();
        }
        got != want && (got - want).abs() > bound(index)
    };
    let show = |index: usize, got: T| {
        let want = want[index];
        format!("got {got:?}, want {want:e} (error {:e}, allowed {:e})", (got.value() - want).abs(), bound(index))
    };
    first(what, got, want.len(), differs, show)
}

/// Each element must be one of the values that are allowed there.
pub fn one_of<T: Copy + PartialEq + LowerHex + Debug, const N: usize>(
    what: &str,
    got: &[T],
    want: &[[T; N]],
) -> Result<()> {
    let show = |index: usize, got: T| {
        let want: Vec<String> = want[index].iter().map(|want| format!("{want:#x}")).collect();
        format!("got {got:#x} ({got:?}), want {}", want.join(" or "))
    };
    first(what, got, want.len(), |index, got| !want[index].contains(&got), show)
}

/// A statement that must hold.
pub fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::Wrong(what())) }
}

/// A reproducible sequence of numbers (splitmix64).
pub struct Random(u64);

impl Random {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 32 random bits.
    pub fn word(&mut self) -> u32 {
        (self.bits() >> 32) as u32
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.word()) * u64::from(bound)) >> 32) as u32
    }

    /// A number from `low` to `high`.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.below(1 << 24) as f32 / (1 << 24) as f32)
    }

    /// Random words.
    pub fn words(&mut self, count: usize) -> Vec<u32> {
        (0..count).map(|_| self.word()).collect()
    }

    /// Random numbers from `low` to `high`.
    pub fn ranges(&mut self, count: usize, low: f32, high: f32) -> Vec<f32> {
        (0..count).map(|_| self.range(low, high)).collect()
    }
}
