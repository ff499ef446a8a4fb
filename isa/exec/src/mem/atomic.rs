//! Read-modify-write operations.
//!
//! **Floats** (RDNA3 guide, chapter 13). Addition rounds to nearest even whatever MODE says. "First" below is the value
//! in memory, "second" the wave's.
//! - DS instructions follow MODE's denormal bits of the operand's width, inputs and output apart. Everything else
//!   (buffer, flat, global; also flat addresses that fall into LDS) looks at the input bit alone, and its addition
//!   flushes denormal inputs whatever MODE says and never the sum.
//! - Minimum and maximum compare flushed inputs and store an unflushed one. A signaling NaN wins, made quiet, the first
//!   before the second; a quiet one loses; -0 lies below +0; where both are equal memory stays as it is.
//! - Compare-and-store swaps where both are numbers and equal (-0 equals +0) and then stores the wave's value, flushed
//!   if inputs are; else nothing is stored.
//! - A NaN input of an addition is the sum, made quiet, the first before the second; infinities of opposite sign give
//!   the NaN 0xffc00000.

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rmw {
    Swap,
    /// Takes the second operand for the comparand.
    CmpSwap,
    Add,
    Sub,
    Rsub,
    /// Subtracts where it does not underflow, else stores 0.
    ClampSub,
    SMin,
    UMin,
    SMax,
    UMax,
    And,
    Or,
    Xor,
    /// Clears the bits of the first operand, sets those of the second.
    MaskOr,
    Inc,
    Dec,
    /// Subtracts the first operand if the value is not below it, else adds the second.
    Wrap,
    /// Each dword of the operand is stored without its sign bit where that is set.
    CondSwap,
    FAdd,
    FMin,
    FMax,
    FCmpSwap,
}

/// Which denormals become zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Flush {
    pub input: bool,
    pub output: bool,
}

impl Flush {
    /// By MODE for `op` on `wide` operands; `ds` for DS instructions.
    pub(crate) fn new(mode: u32, op: Rmw, wide: bool, ds: bool) -> Flush {
        let bits = mode >> if wide { 6 } else { 4 };
        let input = bits & 1 == 0;
        match (ds, op) {
            (true, _) => Flush { input, output: bits & 2 == 0 },
            (false, Rmw::FAdd) => Flush { input: true, output: false },
            (false, _) => Flush { input, output: false },
        }
    }
}

/// A float format as bits.
struct Float {
    sign: u64,
    exponent: u64,
    quiet: u64,
}

const F32: Float = Float { sign: 1 << 31, exponent: 0x7f80_0000, quiet: 1 << 22 };
const F64: Float = Float { sign: 1 << 63, exponent: 0x7ff0_0000_0000_0000, quiet: 1 << 51 };

impl Float {
    fn nan(&self, x: u64) -> bool {
        x & !self.sign > self.exponent
    }

    fn signaling(&self, x: u64) -> bool {
        self.nan(x) && x & self.quiet == 0
    }

    fn flush(&self, x: u64, on: bool) -> u64 {
        if on && x & self.exponent == 0 { x & self.sign } else { x }
    }

    /// Orders numbers, -0 below +0.
    fn key(&self, x: u64) -> i64 {
        let magnitude = (x & !self.sign) as i64;
        if x & self.sign != 0 { -1 - magnitude } else { magnitude }
    }

    /// The smaller or the larger of the two.
    fn select(&self, old: u64, x: u64, flush: bool, max: bool) -> u64 {
        if self.signaling(old) {
            return old | self.quiet;
        }
        if self.signaling(x) {
            return x | self.quiet;
        }
        match (self.nan(old), self.nan(x)) {
            (true, false) => x,
            (_, true) => old,
            _ => {
                let (a, b) = (self.key(self.flush(old, flush)), self.key(self.flush(x, flush)));
                if if max { b > a } else { b < a } { x } else { old }
            }
        }
    }

    fn swap(&self, old: u64, x: u64, cmp: u64, flush: bool) -> u64 {
        let (a, b) = (self.flush(old, flush), self.flush(cmp, flush));
        let equal = !self.nan(a) && !self.nan(b) && (a == b || (a | b) & !self.sign == 0);
        if equal { self.flush(x, flush) } else { old }
    }
}

fn add(old: u32, x: u32, flush: Flush) -> u32 {
    let (a, b) = (old as u64, x as u64);
    if F32.nan(a) {
        return old | 1 << 22;
    }
    if F32.nan(b) {
        return x | 1 << 22;
    }
    let [a, b] = [a, b].map(|v| f32::from_bits(F32.flush(v, flush.input) as u32));
    let sum = a + b;
    if sum.is_nan() {
        return 0xffc0_0000;
    }
    F32.flush(sum.to_bits() as u64, flush.output) as u32
}

/// The new value of an atomic with operands `x` and `y` on `old`; 64 bits where `wide`.
pub(crate) fn apply(op: Rmw, wide: bool, flush: Flush, old: u64, x: u64, y: u64) -> u64 {
    let sx = |v: u64| if wide { v as i64 } else { v as u32 as i32 as i64 };
    let float = if wide { F64 } else { F32 };
    let r = match op {
        Rmw::Swap => x,
        Rmw::CmpSwap => {
            if old == y {
                x
            } else {
                old
            }
        }
        Rmw::Add => old.wrapping_add(x),
        Rmw::Sub => old.wrapping_sub(x),
        Rmw::Rsub => x.wrapping_sub(old),
        Rmw::ClampSub => old.saturating_sub(x),
        Rmw::SMin => sx(old).min(sx(x)) as u64,
        Rmw::UMin => old.min(x),
        Rmw::SMax => sx(old).max(sx(x)) as u64,
        Rmw::UMax => old.max(x),
        Rmw::And => old & x,
        Rmw::Or => old | x,
        Rmw::Xor => old ^ x,
        Rmw::MaskOr => (old & !x) | y,
        Rmw::Inc => {
            if old >= x {
                0
            } else {
                old + 1
            }
        }
        Rmw::Dec => {
            if old == 0 || old > x {
                x
            } else {
                old - 1
            }
        }
        Rmw::Wrap => {
            if old >= x {
                old - x
            } else {
                old.wrapping_add(y)
            }
        }
        Rmw::CondSwap => {
            let half = |shift: u32| {
                let (o, d) = ((old >> shift) as u32, (x >> shift) as u32);
                ((if d >> 31 != 0 { d & 0x7fff_ffff } else { o }) as u64) << shift
            };
            half(0) | half(32)
        }
        Rmw::FAdd => add(old as u32, x as u32, flush) as u64,
        Rmw::FMin => float.select(old, x, flush.input, false),
        Rmw::FMax => float.select(old, x, flush.input, true),
        Rmw::FCmpSwap => float.swap(old, x, y, flush.input),
    };
    if wide { r } else { r & 0xffff_ffff }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Flush = Flush { input: false, output: false };
    const ALL: Flush = Flush { input: true, output: true };

    #[test]
    fn extremes_order_zeros_and_lose_quiet_nans() {
        let f = |op, old: u32, x: u32| apply(op, false, KEEP, old as u64, x as u64, 0) as u32;
        let (one, qnan, snan) = (1f32.to_bits(), 0x7fc0_1234, 0x7f80_0001);
        assert_eq!(f(Rmw::FMin, 0, 0x8000_0000), 0x8000_0000);
        assert_eq!(f(Rmw::FMax, 0x8000_0000, 0), 0);
        assert_eq!(f(Rmw::FMin, qnan, one), one);
        assert_eq!(f(Rmw::FMax, one, qnan), one);
        assert_eq!(f(Rmw::FMax, one, snan), snan | 1 << 22);
        assert_eq!(f(Rmw::FMin, 0xff80_0005, snan), 0xffc0_0005);
    }

    #[test]
    fn flushed_denormals_compare_as_zero_and_are_stored_as_they_are() {
        let f = |op, old: u32, x: u32, y: u32| apply(op, false, ALL, old as u64, x as u64, y as u64) as u32;
        // The denormal 5 counts as +0, so that it is no larger than the 3 in memory.
        assert_eq!(f(Rmw::FMax, 3, 5, 0), 3);
        assert_eq!(f(Rmw::FMax, 0x8000_0003, 5, 0), 5);
        assert_eq!(f(Rmw::FCmpSwap, 7, 9, 0x8000_0001), 0);
        assert_eq!(f(Rmw::FAdd, 1, 2, 0), 0);
        assert_eq!(apply(Rmw::FAdd, false, KEEP, 1, 2, 0), 3);
    }

    #[test]
    fn memory_flushes_what_it_adds_and_not_the_sum() {
        let flush = Flush::new(0xf0, Rmw::FAdd, false, false);
        assert_eq!(flush, Flush { input: true, output: false });
        // 1.5 * 2^-126 - 2^-126 is the denormal 2^-127.
        assert_eq!(apply(Rmw::FAdd, false, flush, 0x00c0_0000, 0x8080_0000, 0), 0x0040_0000);
        assert_eq!(Flush::new(0x10, Rmw::FAdd, false, true), Flush { input: false, output: true });
        assert_eq!(Flush::new(0x40, Rmw::FMin, true, true), Flush { input: false, output: true });
    }

    #[test]
    fn sums_of_infinities_and_nans() {
        let f = |a: u32, b: u32| apply(Rmw::FAdd, false, KEEP, a as u64, b as u64, 0) as u32;
        assert_eq!(f(0x7f80_0000, 0xff80_0000), 0xffc0_0000);
        assert_eq!(f(0x7f80_0003, 0xffc0_0001), 0x7fc0_0003);
        assert_eq!(f(0x8000_0000, 0), 0);
    }

    #[test]
    fn wrap_and_conditional_exchange() {
        assert_eq!(apply(Rmw::Wrap, false, KEEP, 9, 4, 100), 5);
        assert_eq!(apply(Rmw::Wrap, false, KEEP, 3, 4, 100), 103);
        let x = 0x8000_0007_0000_0009;
        assert_eq!(apply(Rmw::CondSwap, true, KEEP, 0x1111_1111_2222_2222, x, 0), 0x0000_0007_2222_2222);
    }
}
