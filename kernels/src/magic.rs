//! Division by a constant as a multiplication, for kernels.

/// A divisor as the kernels want it: `n / divisor = ((2·n · multiplier) >> 32) >> shift`, exact for `n < 2^31`.
///
/// With `shift = ceil(log2 divisor)` and `multiplier = ceil(2^(31 + shift) / divisor)`, which is below 2^32, the error
/// `multiplier·divisor − 2^(31 + shift)` is below `divisor ≤ 2^shift`: Granlund and Montgomery, "Division by Invariant
/// Integers using Multiplication", theorem 4.2, for 31-bit numerators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MagicDivisor {
    /// The factor, for `v_mul_hi_u32` or `s_mul_hi_u32` with twice the numerator.
    pub multiplier: u32,
    /// The shift afterwards, 0 to 31.
    pub shift: u32,
}

impl MagicDivisor {
    /// The magic numbers of `divisor`, or `None` for 0 and from 2^31 on.
    pub const fn new(divisor: u32) -> Option<Self> {
        if divisor == 0 || divisor >= 1 << 31 {
            return None;
        }
        let shift = 32 - (divisor - 1).leading_zeros();
        let multiplier = (1u64 << (31 + shift)).div_ceil(divisor as u64);
        Some(Self { multiplier: multiplier as u32, shift })
    }

    /// The quotient, computed as a kernel does.
    pub const fn divide(self, n: u32) -> u32 {
        let doubled = n.wrapping_mul(2) as u64;
        ((doubled * self.multiplier as u64) >> 32) as u32 >> self.shift
    }

    /// The two dwords as one argument: multiplier low, shift high.
    pub const fn to_u64(self) -> u64 {
        self.multiplier as u64 | (self.shift as u64) << 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quotient_is_exact_at_every_step_of_the_staircase() {
        let powers = (0..31).flat_map(|b| [(1u32 << b).saturating_sub(1), 1 << b, (1 << b) + 1]);
        for d in (1..2000).chain(powers).chain([i32::MAX as u32, 1_000_000_007]).filter(|&d| d != 0) {
            let m = MagicDivisor::new(d).unwrap();
            let last = i32::MAX as u32 / d;
            for q in [0, 1, 2, last / 3, last / 2, last.saturating_sub(1), last] {
                let first = q.min(last) * d;
                for n in [first, first + (d - 1).min(i32::MAX as u32 - first), first.saturating_sub(1)] {
                    assert_eq!(m.divide(n), n / d, "{n} / {d}");
                }
            }
        }
    }

    #[test]
    fn divisors_without_magic_numbers_are_refused() {
        assert_eq!(MagicDivisor::new(0), None);
        assert_eq!(MagicDivisor::new(1 << 31), None);
    }
}
