//! Constant vectors.

/// Sixteen dwords that a host register is loaded with.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Lanes([u32; 16]);

impl Lanes {
    /// Where it lies, for good.
    pub(super) fn at(&'static self) -> u64 {
        self as *const Lanes as u64
    }
}

macro_rules! lanes {
    (|$l:ident| $e:expr) => {{
        let mut v = [0; 16];
        let mut k = 0;
        while k < 16 {
            let $l = k as u32;
            v[k] = $e;
            k += 1;
        }
        Lanes(v)
    }};
}

const fn iota(scale: u32) -> Lanes {
    lanes!(|l| l * scale)
}

const fn deal2(d: u32) -> Lanes {
    lanes!(|l| 2 * l + d)
}

const fn deal4(d: u32) -> Lanes {
    lanes!(|l| 4 * (l % 8) + d)
}

const fn weave2(half: u32) -> Lanes {
    lanes!(|j| 8 * half + j / 2 + 16 * (j % 2))
}

const fn weave4(quarter: u32) -> Lanes {
    lanes!(|j| 4 * quarter + j / 4 + 16 * (j % 2))
}

/// Multiples of 1, 2, 4, 8 and 16.
pub(super) static IOTA: [Lanes; 5] = [iota(1), iota(2), iota(4), iota(8), iota(16)];
/// For `vpermi2d`: every second dword of two registers, from the first or the second on.
pub(super) static DEAL2: [Lanes; 2] = [deal2(0), deal2(1)];
/// Every fourth dword of two registers, twice.
pub(super) static DEAL4: [Lanes; 4] = [deal4(0), deal4(1), deal4(2), deal4(3)];
/// Dwords of two registers in turn: the first eight lanes of each, the last eight.
pub(super) static WEAVE2: [Lanes; 2] = [weave2(0), weave2(1)];
/// Dwords of two registers in turn, each pair twice: four lanes.
pub(super) static WEAVE4: [Lanes; 4] = [weave4(0), weave4(1), weave4(2), weave4(3)];
