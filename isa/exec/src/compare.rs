//! `v_cmp`, `v_cmpx` and `v_cmp_class`: one bit a lane into a scalar register, VCC or EXEC.
use crate::fast::chunks_mut;
use crate::fp::{d, f};
use crate::host::{Host, signs};
use crate::program::{Cmp, CmpKind, Code, Src};
use crate::valu::{Lines, slow, source, source_wide, written};
use crate::wave::{EXEC, VCC, Wave};
use isa::Format;

/// Lanes for which `hit` holds.
#[inline(always)]
fn lanes<H: Host, const L: usize>(h: H, hit: impl Fn(usize) -> bool) -> u64 {
    let mut all = Lines([0; L]);
    for i in 0..L {
        all.0[i] = if hit(i) { !0 } else { 0 };
    }
    signs(h, &all.0)
}

/// Lanes where a condition holds that is made of less, equal, greater and unordered, a bit each of `t`.
macro_rules! condition {
    ($h:expr, $t:expr, $a:expr, $b:expr $(, unordered $nan:expr)?) => {{
        let (h, t, a, b) = ($h, $t, $a, $b);
        let mut mask = 0;
        if t & 1 != 0 {
            mask |= lanes::<H, L>(h, |i| a(i) < b(i));
        }
        if t & 2 != 0 {
            mask |= lanes::<H, L>(h, |i| a(i) == b(i));
        }
        if t & 4 != 0 {
            mask |= lanes::<H, L>(h, |i| a(i) > b(i));
        }
        $(if t & 8 != 0 {
            mask |= lanes::<H, L>(h, |i| $nan(a(i)) | $nan(b(i)));
        })?
        mask
    }};
}

#[inline(always)]
fn floats<H: Host, const L: usize>(h: H, t: u32, a: impl Fn(usize) -> f64, b: impl Fn(usize) -> f64) -> u64 {
    condition!(h, t, a, b, unordered f64::is_nan)
}

#[inline(always)]
fn singles<H: Host, const L: usize>(h: H, t: u32, a: &[u32; L], b: &[u32; L]) -> u64 {
    condition!(h, t, |i: usize| f(a[i]), |i: usize| f(b[i]), unordered f32::is_nan)
}

#[inline(always)]
fn ints<H: Host, const L: usize, T: Ord + Copy>(h: H, t: u32, a: impl Fn(usize) -> T, b: impl Fn(usize) -> T) -> u64 {
    condition!(h, t, a, b)
}

#[inline(always)]
fn put<const L: usize>(w: &mut Wave<L>, c: &Code, cmp: Cmp, mask: u64) {
    let to = if cmp.to_exec {
        EXEC
    } else if c.inst.format() == Format::Vopc {
        VCC
    } else {
        c.inst.sdst as usize
    };
    w.set_mask(to, mask);
}

/// 32-bit compares without modifiers.
#[inline(always)]
pub(crate) fn simple<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let Some(cmp) = c.cmp else { return };
    let alu = c.alu();
    if w.mode & alu.care != alu.usual {
        return slow(w, c);
    }
    let (x, y);
    let a = match c.s[0] {
        Src::V(k) => w.vgpr(k as usize),
        s => {
            x = [w.s32(s); L];
            &x
        }
    };
    let b = match c.s[1] {
        Src::V(k) => w.vgpr(k as usize),
        s => {
            y = [w.s32(s); L];
            &y
        }
    };
    let t = cmp.truth as u32;
    let mask = match cmp.kind {
        CmpKind::F(_) => singles(h, t, a, b),
        CmpKind::I(_) => ints::<H, L, i32>(h, t, |i| a[i] as i32, |i| b[i] as i32),
        _ => ints::<H, L, u32>(h, t, |i| a[i], |i| b[i]),
    };
    put(w, c, cmp, mask & w.exec());
}

/// Every compare with modifiers and lane crossing.
#[inline(always)]
pub(crate) fn full<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let Some(cmp) = c.cmp else { return };
    let t = cmp.truth as u32;
    let mask = match cmp.kind {
        CmpKind::F(8) | CmpKind::I(8) | CmpKind::U(8) | CmpKind::Class(8) => {
            let a = source_wide(h, w, c, 0);
            if matches!(cmp.kind, CmpKind::Class(_)) {
                let b = source(h, w, c, 1);
                lanes::<H, L>(h, |i| b[i] >> class_bit(8, a[i]) & 1 != 0)
            } else {
                let b = source_wide(h, w, c, 1);
                match cmp.kind {
                    CmpKind::F(_) => floats::<H, L>(h, t, |i| d(a[i]), |i| d(b[i])),
                    CmpKind::I(_) => ints::<H, L, i64>(h, t, |i| a[i] as i64, |i| b[i] as i64),
                    _ => ints::<H, L, u64>(h, t, |i| a[i], |i| b[i]),
                }
            }
        }
        kind => {
            let (a, b) = (source(h, w, c, 0), source(h, w, c, 1));
            match kind {
                CmpKind::F(4) => singles(h, t, &a, &b),
                CmpKind::F(_) => {
                    let (mut a, mut b) = (a, b);
                    for x in chunks_mut(&mut a).iter_mut().chain(chunks_mut(&mut b)) {
                        *x = h.widen(x);
                    }
                    singles(h, t, &a, &b)
                }
                CmpKind::I(2) => ints::<H, L, i16>(h, t, |i| a[i] as i16, |i| b[i] as i16),
                CmpKind::U(2) => ints::<H, L, u16>(h, t, |i| a[i] as u16, |i| b[i] as u16),
                CmpKind::I(_) => ints::<H, L, i32>(h, t, |i| a[i] as i32, |i| b[i] as i32),
                CmpKind::U(_) => ints::<H, L, u32>(h, t, |i| a[i], |i| b[i]),
                CmpKind::Class(bytes) => lanes::<H, L>(h, |i| b[i] >> class_bit(bytes, a[i] as u64) & 1 != 0),
            }
        }
    };
    put(w, c, cmp, mask & written(h, w, c));
}

/// Bit of `v_cmp_class` that a number belongs to.
#[inline(always)]
fn class_bit(bytes: u8, x: u64) -> u32 {
    let (exp_bits, man_bits) = match bytes {
        2 => (5, 10),
        4 => (8, 23),
        _ => (11, 52),
    };
    let negative = x >> (exp_bits + man_bits) & 1 != 0;
    let exp = x >> man_bits & ((1 << exp_bits) - 1);
    let man = x & ((1u64 << man_bits) - 1);
    let max = (1 << exp_bits) - 1;
    // Signalling and quiet NaN, then from -infinity up to +infinity.
    if exp == max && man != 0 {
        return (man >> (man_bits - 1)) as u32;
    }
    let size = if exp == max {
        0
    } else if exp != 0 {
        1
    } else if man != 0 {
        2
    } else {
        3
    };
    if negative { 2 + size } else { 9 - size }
}
