//! Numbers and register names as bytes, without `core::fmt`: printing is what a disassembler spends its time on.
use alloc::vec::Vec;

/// Text of an instruction: ASCII, appended to.
pub(crate) type Text = Vec<u8>;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Decimal digits of 0 to 511, and how many they are.
static DECIMAL: [[u8; 4]; 512] = {
    let mut t = [[0; 4]; 512];
    let mut k = 0;
    while k < 512 {
        let (a, b, c) = ((k / 100) as u8 + b'0', (k / 10 % 10) as u8 + b'0', (k % 10) as u8 + b'0');
        t[k] = match k {
            0..=9 => [c, 0, 0, 1],
            10..=99 => [b, c, 0, 2],
            _ => [a, b, c, 3],
        };
        k += 1;
    }
    t
};

/// Appends a string.
#[inline(always)]
pub(crate) fn put(s: &mut Text, text: &str) {
    s.extend_from_slice(text.as_bytes());
}

/// Appends an unsigned decimal number.
#[inline]
pub(crate) fn dec(s: &mut Text, v: impl Into<u32>) {
    let v = v.into();
    if let Some(&[a, b, c, n]) = DECIMAL.get(v as usize) {
        match n {
            1 => s.push(a),
            2 => s.extend_from_slice(&[a, b]),
            _ => s.extend_from_slice(&[a, b, c]),
        }
        return;
    }
    let mut digits = [0; 10];
    let (mut at, mut v) = (digits.len(), v);
    while v > 0 {
        at -= 1;
        digits[at] = b'0' + (v % 10) as u8;
        v /= 10;
    }
    s.extend_from_slice(&digits[at..]);
}

/// Appends a signed decimal number.
pub(crate) fn signed(s: &mut Text, v: i32) {
    if v < 0 {
        s.push(b'-');
    }
    dec(s, v.unsigned_abs());
}

/// Appends `0x` and hexadecimal digits.
pub(crate) fn hex(s: &mut Text, v: impl Into<u32>) {
    let v = v.into();
    put(s, "0x");
    let digits = (35 - v.leading_zeros().min(31)) / 4;
    for k in (0..digits).rev() {
        s.push(DIGITS[(v >> (4 * k) & 15) as usize]);
    }
}

/// Appends register `k`, or the range of `n` from it on.
#[inline]
pub(crate) fn range(s: &mut Text, prefix: &str, k: u16, n: u8) {
    put(s, prefix);
    if n == 1 {
        return dec(s, k);
    }
    s.push(b'[');
    dec(s, k);
    s.push(b':');
    dec(s, (k + n as u16).saturating_sub(1));
    s.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn numbers_are_those_of_fmt() {
        for v in (0..2000).chain([9999, 10000, 65535, 65536, 0x7fff_ffff, 0x8000_0000, u32::MAX]) {
            let mut s = Vec::new();
            dec(&mut s, v);
            s.push(b' ');
            hex(&mut s, v);
            s.push(b' ');
            signed(&mut s, v as i32);
            assert_eq!(s, format!("{v} {v:#x} {}", v as i32).into_bytes());
        }
    }
}
