//! Exact floating-point arithmetic in integers, for what the host's units do not do: rounding modes other than nearest
//! even, one rounding of a scaled sum, formats the host lacks.
//!
//! A finite number is a sign, an integer of at most 128 bits and a power of two. Sums keep 126 bits and a sticky bit,
//! more than twice what the widest format needs, so that [`round`] sees every digit that matters. NaN and infinities
//! are the callers' business.

/// A binary interchange format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fmt {
    /// Exponent bits.
    pub e: u32,
    /// Mantissa bits.
    pub m: u32,
}

pub(crate) const F16: Fmt = Fmt { e: 5, m: 10 };
pub(crate) const F32: Fmt = Fmt { e: 8, m: 23 };
pub(crate) const F64: Fmt = Fmt { e: 11, m: 52 };

impl Fmt {
    const fn sign(self) -> u64 {
        1 << (self.e + self.m)
    }
    pub(crate) const fn inf(self) -> u64 {
        ((1 << self.e) - 1) << self.m
    }
    const fn bias(self) -> i32 {
        (1 << (self.e - 1)) - 1
    }
    /// Exponent of the last digit of the smallest numbers.
    const fn last(self) -> i32 {
        1 - self.bias() - self.m as i32
    }
    pub(crate) const fn quiet(self) -> u64 {
        1 << (self.m - 1)
    }
    /// What an invalid operation gives.
    pub(crate) const fn default_nan(self) -> u64 {
        self.sign() | self.inf() | self.quiet()
    }
    pub(crate) const fn is_nan(self, x: u64) -> bool {
        x & (self.sign() - 1) > self.inf()
    }
    const fn is_inf(self, x: u64) -> bool {
        x & (self.sign() - 1) == self.inf()
    }
}

/// MODE.round: 0 nearest even, 1 toward +infinity, 2 toward -infinity, 3 toward zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rounding {
    pub mode: u32,
    /// FP16_OVFL: a finite number too large gives the largest one in every mode.
    pub saturate: bool,
}

/// `sig * 2^exp`, negative where `neg`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Num {
    neg: bool,
    exp: i32,
    sig: u128,
}

fn unpack(f: Fmt, x: u64) -> Num {
    let man = x & ((1 << f.m) - 1);
    let e = (x & f.inf()) >> f.m;
    let neg = x & f.sign() != 0;
    if e == 0 {
        Num { neg, exp: f.last(), sig: man as u128 }
    } else {
        Num { neg, exp: f.last() + e as i32 - 1, sig: (man | 1 << f.m) as u128 }
    }
}

/// The number in a format. The lowest bit of `sig` may stand for everything below it where `sig` has more than 64 bits.
fn round(f: Fmt, r: Rounding, n: Num) -> u64 {
    let sign = if n.neg { f.sign() } else { 0 };
    if n.sig == 0 {
        return sign;
    }
    let top = n.exp + 127 - n.sig.leading_zeros() as i32;
    let q = (top - f.m as i32).max(f.last());
    let shift = q - n.exp;
    let away = match r.mode {
        1 => !n.neg,
        2 => n.neg,
        _ => false,
    };
    let man = if shift <= 0 {
        n.sig << -shift
    } else {
        let (kept, rest, half) = if shift >= 128 {
            (0, n.sig, 1u128 << 127)
        } else {
            (n.sig >> shift, n.sig & ((1 << shift) - 1), 1 << (shift - 1))
        };
        let up = match r.mode {
            // Beyond 128 digits the number is below half of the last one.
            0 if shift > 128 => false,
            0 => rest > half || rest == half && kept & 1 != 0,
            _ => away && rest != 0,
        };
        kept + up as u128
    };
    let bits = (((q - f.last()) as u64) << f.m) + man as u64;
    if bits >= f.inf() || q - f.last() >= 1 << f.e {
        let max = r.mode == 3 || r.mode != 0 && !away || r.saturate;
        return sign | if max { f.inf() - 1 } else { f.inf() };
    }
    sign | bits
}

/// Brings the highest digit to bit 125.
fn normal(n: Num) -> Num {
    let by = n.sig.leading_zeros() as i32 - 2;
    if n.sig == 0 || by < 0 {
        return n;
    }
    Num { exp: n.exp - by, sig: n.sig << by, ..n }
}

fn sum(a: Num, b: Num, mode: u32) -> Num {
    if a.sig == 0 && b.sig == 0 {
        return Num { neg: if a.neg == b.neg { a.neg } else { mode == 2 }, exp: 0, sig: 0 };
    }
    if a.sig == 0 {
        return b;
    }
    if b.sig == 0 {
        return a;
    }
    let (a, b) = (normal(a), normal(b));
    let (big, small) = if (a.exp, a.sig) >= (b.exp, b.sig) { (a, b) } else { (b, a) };
    let d = (big.exp - small.exp) as u32;
    let low = if d >= 127 { 1 } else { small.sig >> d | (small.sig & ((1 << d) - 1) != 0) as u128 };
    if big.neg == small.neg {
        return Num { sig: big.sig + low, ..big };
    }
    let sig = big.sig - low;
    Num { neg: if sig == 0 { mode == 2 } else { big.neg }, exp: big.exp, sig }
}

/// The first NaN of the operands, quiet.
fn first_nan(f: Fmt, x: &[u64]) -> Option<u64> {
    x.iter().find(|x| f.is_nan(**x)).map(|x| x | f.quiet())
}

/// `(a * b + c) * 2^scale` in the same format, one rounding.
pub(crate) fn fma(f: Fmt, r: Rounding, a: u64, b: u64, c: u64, scale: i32) -> u64 {
    if let Some(n) = first_nan(f, &[a, b, c]) {
        return n;
    }
    let sign = (a ^ b) & f.sign();
    let (zero_a, zero_b) = (a & !f.sign() == 0, b & !f.sign() == 0);
    if f.is_inf(a) || f.is_inf(b) {
        if zero_a || zero_b || f.is_inf(c) && c & f.sign() != sign {
            return f.default_nan();
        }
        return sign | f.inf();
    }
    if f.is_inf(c) {
        return c;
    }
    let (x, y) = (unpack(f, a), unpack(f, b));
    let p = Num { neg: sign != 0, exp: x.exp + y.exp, sig: x.sig * y.sig };
    let mut s = sum(p, unpack(f, c), r.mode);
    s.exp += scale;
    round(f, r, s)
}

/// a + b.
pub(crate) fn add(f: Fmt, r: Rounding, a: u64, b: u64) -> u64 {
    if let Some(n) = first_nan(f, &[a, b]) {
        return n;
    }
    if f.is_inf(a) {
        return if f.is_inf(b) && a != b { f.default_nan() } else { a };
    }
    if f.is_inf(b) {
        return b;
    }
    round(f, r, sum(unpack(f, a), unpack(f, b), r.mode))
}

/// a * b.
pub(crate) fn mul(f: Fmt, r: Rounding, a: u64, b: u64) -> u64 {
    if let Some(n) = first_nan(f, &[a, b]) {
        return n;
    }
    let sign = (a ^ b) & f.sign();
    if f.is_inf(a) || f.is_inf(b) {
        let zero = a & !f.sign() == 0 || b & !f.sign() == 0;
        return if zero { f.default_nan() } else { sign | f.inf() };
    }
    let (x, y) = (unpack(f, a), unpack(f, b));
    round(f, r, Num { neg: sign != 0, exp: x.exp + y.exp, sig: x.sig * y.sig })
}

/// a * 2^n.
pub(crate) fn ldexp(f: Fmt, r: Rounding, a: u64, n: i32) -> u64 {
    if f.is_nan(a) {
        return a | f.quiet();
    }
    if f.is_inf(a) {
        return a;
    }
    let mut x = unpack(f, a);
    x.exp += n.clamp(-8192, 8192);
    round(f, r, x)
}

/// Another format's number.
pub(crate) fn convert(from: Fmt, to: Fmt, r: Rounding, a: u64) -> u64 {
    let sign = if a & from.sign() != 0 { to.sign() } else { 0 };
    if from.is_nan(a) {
        let man = a & ((1 << from.m) - 1);
        let man = if to.m >= from.m { man << (to.m - from.m) } else { man >> (from.m - to.m) };
        return sign | to.inf() | to.quiet() | man;
    }
    if from.is_inf(a) {
        return sign | to.inf();
    }
    round(to, r, unpack(from, a))
}

/// An integer's number.
pub(crate) fn int(f: Fmt, r: Rounding, v: i64) -> u64 {
    round(f, r, Num { neg: v < 0, exp: 0, sig: v.unsigned_abs() as u128 })
}
