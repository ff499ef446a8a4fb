//! Vector instructions that are more than one result a lane: carries, lane access, packed halves, division helpers.
use crate::TrapKind;
use crate::fp::*;
use crate::program::{Code, Src};
use crate::valu::{clamp, dot2_f32_f16, frexp, scale32, scale64, sources};
use crate::wave::{M0, VCC, Wave};
use isa::row::SD;
use isa::{Format, Op};

/// Runs an irregular op; false where it is none.
pub(crate) fn special<const L: usize>(w: &mut Wave<L>, c: &Code) -> Result<bool, TrapKind> {
    let i = &c.inst;
    let row = i.row();
    let d = i.vdst as usize;
    let vop3 = row.format == Format::Vop3;
    match i.op {
        Op::V_NOP | Op::V_PIPEFLUSH => {}
        Op::V_READFIRSTLANE_B32 => {
            let e = w.exec();
            let lane = if e == 0 { 0 } else { e.trailing_zeros() as usize };
            let v = w.lanes32(c.s[0])[lane];
            w.set_sgpr(d, v);
        }
        Op::V_READLANE_B32 => {
            let lane = w.s32(c.s[1]) as usize % L;
            let v = w.lanes32(c.s[0])[lane];
            w.set_sgpr(d, v);
        }
        Op::V_WRITELANE_B32 => {
            let lane = w.s32(c.s[1]) as usize % L;
            let v = w.s32(c.s[0]);
            if let Some(r) = w.vgpr_mut(d) {
                r[lane] = v;
            }
        }
        Op::V_MBCNT_LO_U32_B32 | Op::V_MBCNT_HI_U32_B32 => {
            let (s, write) = sources(w, c);
            let hi = i.op == Op::V_MBCNT_HI_U32_B32;
            let out = std::array::from_fn(|l| {
                let below = (1u64 << l) - 1;
                let m = if hi { (below >> 32) as u32 } else { below as u32 };
                (s[0][l] as u32 & m).count_ones().wrapping_add(s[1][l] as u32)
            });
            w.write32(d, &out, write);
        }
        Op::V_ADD_CO_U32
        | Op::V_SUB_CO_U32
        | Op::V_SUBREV_CO_U32
        | Op::V_ADD_CO_CI_U32
        | Op::V_SUB_CO_CI_U32
        | Op::V_SUBREV_CO_CI_U32 => {
            let (s, write) = sources(w, c);
            let ci = matches!(i.op, Op::V_ADD_CO_CI_U32 | Op::V_SUB_CO_CI_U32 | Op::V_SUBREV_CO_CI_U32);
            let cin = match (ci, vop3) {
                (false, _) => 0,
                (true, true) => w.mask(i.src[2] as usize),
                (true, false) => w.mask(VCC),
            };
            let mut out = [0u32; L];
            let mut carry = 0u64;
            for l in 0..L {
                let (a, b, k) = (s[0][l] as u32 as i64, s[1][l] as u32 as i64, (cin >> l & 1) as i64);
                let r = match i.op {
                    Op::V_ADD_CO_U32 | Op::V_ADD_CO_CI_U32 => a + b + k,
                    Op::V_SUB_CO_U32 | Op::V_SUB_CO_CI_U32 => a - b - k,
                    _ => b - a - k,
                };
                let over = r < 0 || r > u32::MAX as i64;
                out[l] = if over && i.mods.clamp { if r < 0 { 0 } else { !0 } } else { r as u32 };
                carry |= (over as u64) << l;
            }
            w.write32(d, &out, write);
            w.set_mask(if vop3 { i.sdst as usize } else { VCC }, carry & write);
        }
        Op::V_MAD_U64_U32 | Op::V_MAD_I64_I32 => {
            let (s, write) = sources(w, c);
            let mut out = [0u64; L];
            let mut carry = 0u64;
            for l in 0..L {
                let (a, b, k) = (s[0][l] as u32, s[1][l] as u32, s[2][l]);
                let (r, o) = if i.op == Op::V_MAD_U64_U32 {
                    (a as u64 * b as u64).overflowing_add(k)
                } else {
                    let (r, o) = (a as i32 as i64 * b as i32 as i64).overflowing_add(k as i64);
                    (r as u64, o)
                };
                out[l] = r;
                carry |= (o as u64) << l;
            }
            w.write64(d, &out, 2, write);
            w.set_mask(i.sdst as usize, carry & write);
        }
        Op::V_CNDMASK_B32 | Op::V_CNDMASK_B16 => {
            let (s, write) = sources(w, c);
            let m = if vop3 { w.mask(i.src[2] as usize) } else { w.mask(VCC) };
            let out: [u64; L] = std::array::from_fn(|l| if m >> l & 1 != 0 { s[1][l] } else { s[0][l] });
            if i.op == Op::V_CNDMASK_B16 {
                crate::valu::write16(w, d, i.mods.opsel >> 3 & 1 != 0, &out, write);
            } else {
                w.write64(d, &out, 1, write);
            }
        }
        Op::V_SWAP_B32 => {
            let (a, b) = (*w.vgpr(d), *w.vgpr(i.src[0] as usize & 255));
            let e = w.exec();
            w.write32(d, &b, e);
            w.write32(i.src[0] as usize & 255, &a, e);
        }
        Op::V_MOVRELS_B32 => {
            let v = *w.vgpr((i.src[0] as usize & 255) + w.s[M0] as usize);
            let e = w.exec();
            w.write32(d, &v, e);
        }
        Op::V_MOVRELD_B32 => {
            let v = w.lanes32(c.s[0]);
            let (e, k) = (w.exec(), d + w.s[M0] as usize);
            w.write32(k, &v, e);
        }
        Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32 => {
            let src = w.lanes32(c.s[0]);
            let sel = w.s32(c.s[1]) as u64 | (w.s32(c.s[2]) as u64) << 32;
            let e = w.exec();
            let (fi, bc) = (i.mods.opsel & 1 != 0, i.mods.opsel & 2 != 0);
            let old = *w.vgpr(d);
            let x = if i.op == Op::V_PERMLANEX16_B32 { 16 } else { 0 };
            let out = std::array::from_fn(|l| {
                let from = ((l & !15) ^ x) + (sel >> (4 * (l & 15)) & 15) as usize;
                if fi || e >> from & 1 != 0 {
                    src[from]
                } else if bc {
                    0
                } else {
                    old[l]
                }
            });
            w.write32(d, &out, e);
        }
        Op::V_PERMLANE64_B32 => {
            if L == 64 {
                let src = w.lanes32(c.s[0]);
                let out = std::array::from_fn(|l| src[l ^ 32 & (L - 1)]);
                let e = w.exec();
                w.write32(d, &out, e);
            }
        }
        Op::V_DIV_SCALE_F32 | Op::V_DIV_SCALE_F64 => {
            let (s, write) = sources(w, c);
            let mut out = [0u64; L];
            let mut flag = 0u64;
            for l in 0..L {
                let (r, f) = if i.op == Op::V_DIV_SCALE_F32 {
                    div_scale32(s[0][l] as u32, s[1][l] as u32, s[2][l] as u32)
                } else {
                    div_scale64(s[0][l], s[1][l], s[2][l])
                };
                out[l] = r;
                flag |= (f as u64) << l;
            }
            w.write64(d, &out, if i.op == Op::V_DIV_SCALE_F32 { 1 } else { 2 }, write);
            w.set_mask(i.sdst as usize, flag & write);
        }
        Op::V_DIV_FMAS_F32 => {
            let (s, write) = sources(w, c);
            let vcc = w.mask(VCC);
            let out = std::array::from_fn(|l| {
                let [a, b, k] = [0, 1, 2].map(|n| f32::from_bits(s[n][l] as u32));
                // The hardware scales by 2^64 or back, by the size of the addend, and rounds once.
                let n = if k.abs() >= 2.0 { 64 } else { -64 };
                if vcc >> l & 1 != 0 { fma32_scaled(a, b, k, n).to_bits() } else { a.mul_add(b, k).to_bits() }
            });
            w.write32(d, &out, write);
        }
        Op::V_DIV_FMAS_F64 => {
            let (s, write) = sources(w, c);
            let vcc = w.mask(VCC);
            let out = std::array::from_fn(|l| {
                let [a, b, k] = [0, 1, 2].map(|n| f64::from_bits(s[n][l]));
                let r = a.mul_add(b, k);
                let n = if k.abs() >= 2.0 { 128 } else { -128 };
                if vcc >> l & 1 != 0 { scale64(r, n).to_bits() } else { r.to_bits() }
            });
            w.write64(d, &out, 2, write);
        }
        Op::V_DIV_FIXUP_F32 | Op::V_DIV_FIXUP_F64 | Op::V_DIV_FIXUP_F16 => {
            let (s, write) = sources(w, c);
            let out: [u64; L] = std::array::from_fn(|l| match i.op {
                Op::V_DIV_FIXUP_F32 => {
                    let r = fixup(f(s[0][l]), f(s[1][l]), f(s[2][l]), 1e-300);
                    (r as f32).to_bits() as u64
                }
                Op::V_DIV_FIXUP_F16 => {
                    let [a, b, k] = [0, 1, 2].map(|n| h2f(s[n][l] as u16) as f64);
                    d2h(fixup(a, b, k, 0.0)) as u64
                }
                _ => fixup(f64::from_bits(s[0][l]), f64::from_bits(s[1][l]), f64::from_bits(s[2][l]), 0.0).to_bits(),
            });
            if i.op == Op::V_DIV_FIXUP_F16 {
                crate::valu::write16(w, d, i.mods.opsel >> 3 & 1 != 0, &out, write);
            } else {
                w.write64(d, &out, if i.op == Op::V_DIV_FIXUP_F32 { 1 } else { 2 }, write);
            }
        }
        Op::V_WMMA_F32_16X16X16_F16
        | Op::V_WMMA_F32_16X16X16_BF16
        | Op::V_WMMA_F16_16X16X16_F16
        | Op::V_WMMA_BF16_16X16X16_BF16
        | Op::V_WMMA_I32_16X16X16_IU8
        | Op::V_WMMA_I32_16X16X16_IU4 => wmma(w, c),
        _ if row.format == Format::Vop3p => return packed(w, c),
        _ => {
            debug_assert!(!row.has(SD), "a carry goes missing");
            return Ok(false);
        }
    }
    Ok(true)
}

fn f(x: u64) -> f64 {
    f32::from_bits(x as u32) as f64
}

/// Special cases of a division whose quotient is `q`, divisor `b`, dividend `a`.
fn fixup(q: f64, b: f64, a: f64, _tiny: f64) -> f64 {
    let neg = a.is_sign_negative() != b.is_sign_negative();
    let sign = |x: f64| if neg { -x.abs() } else { x.abs() };
    if a.is_nan() {
        a
    } else if b.is_nan() {
        b
    } else if a == 0.0 && b == 0.0 || a.is_infinite() && b.is_infinite() {
        f64::from_bits(0xfff8_0000_0000_0000)
    } else if b == 0.0 || a.is_infinite() {
        sign(f64::INFINITY)
    } else if b.is_infinite() || a == 0.0 {
        sign(0.0)
    } else if q.is_nan() {
        // Scaling overflowed on the way.
        sign(f64::INFINITY)
    } else {
        sign(q)
    }
}

/// Scaled operand and whether the quotient needs scaling back. `s0` is the operand, `s1` the divisor, `s2` the dividend.
fn div_scale32(s0: u32, s1: u32, s2: u32) -> (u64, bool) {
    let (x, b, a) = (f32::from_bits(s0), f32::from_bits(s1), f32::from_bits(s2));
    let (eb, ea) = (frexp(b as f64).1, frexp(a as f64).1);
    let denorm = |v: f64| v != 0.0 && v.abs() < f32::MIN_POSITIVE as f64;
    let (r, f) = if a == 0.0 || b == 0.0 {
        (f32::NAN, false)
    } else if ea - eb >= 96 {
        (if s0 == s1 { scale32(x, 64) } else { x }, true)
    } else if denorm(b as f64) {
        (scale32(x, 64), false)
    } else if denorm(1.0 / b as f64) && denorm(a as f64 / b as f64) {
        // The reciprocal would be flushed: only a smaller divisor gives the quotient times 2^64 that FMAS scales back.
        (if s0 == s1 { scale32(x, -64) } else { x }, true)
    } else if denorm(1.0 / b as f64) {
        (scale32(x, -64), false)
    } else if denorm(a as f64 / b as f64) {
        (if s0 == s2 { scale32(x, 64) } else { x }, true)
    } else if ea <= -103 {
        (scale32(x, 64), false)
    } else {
        (x, false)
    };
    (r.to_bits() as u64, f)
}

fn div_scale64(s0: u64, s1: u64, s2: u64) -> (u64, bool) {
    let (x, b, a) = (f64::from_bits(s0), f64::from_bits(s1), f64::from_bits(s2));
    let (eb, ea) = (frexp(b).1, frexp(a).1);
    let denorm = |v: f64| v != 0.0 && v.abs() < f64::MIN_POSITIVE;
    let (r, f) = if a == 0.0 || b == 0.0 {
        (f64::NAN, false)
    } else if ea - eb >= 768 {
        (if s0 == s1 { scale64(x, 128) } else { x }, true)
    } else if denorm(b) {
        (scale64(x, 128), false)
    } else if denorm(1.0 / b) && ea - eb < -1021 {
        (if s0 == s1 { scale64(x, -128) } else { x }, true)
    } else if denorm(1.0 / b) {
        (scale64(x, -128), false)
    } else if ea - eb < -1021 {
        (if s0 == s2 { scale64(x, 128) } else { x }, true)
    } else if ea <= -970 {
        (scale64(x, 128), false)
    } else {
        (x, false)
    };
    (r.to_bits(), f)
}

/// VOP3P: two halves at a time.
fn packed<const L: usize>(w: &mut Wave<L>, c: &Code) -> Result<bool, TrapKind> {
    let i = &c.inst;
    let m = &i.mods;
    let d = i.vdst as usize;
    let (s, write) = sources(w, c);
    let dx10 = w.mode >> 8 & 1 != 0;
    let old = *w.vgpr(d);
    let mut out = [0u32; L];
    let float = i.row().implicit & isa::row::R_MODE != 0;
    let flush = float && w.mode >> 6 & 3 != 3;
    for l in 0..L {
        let half = |k: usize, high: bool| {
            let sel = if high { m.opsel_hi } else { m.opsel } >> k & 1 != 0;
            let x = if sel { s[k][l] >> 16 } else { s[k][l] } as u16;
            let neg = if high { m.abs } else { m.neg } >> k & 1 != 0;
            let x = if float && neg { x ^ 0x8000 } else { x };
            if flush { flush16(x as u32) as u16 } else { x }
        };
        // FMA_MIX: an operand is f32, or one of its halves where op_sel_hi says f16.
        let mix = |k: usize| {
            let x = s[k][l] as u32;
            let v = if m.opsel_hi >> k & 1 == 0 {
                f32::from_bits(x)
            } else if m.opsel >> k & 1 != 0 {
                h2f((x >> 16) as u16)
            } else {
                h2f(x as u16)
            };
            let v = if m.abs >> k & 1 != 0 { v.abs() } else { v };
            if m.neg >> k & 1 != 0 { -v } else { v }
        };
        let both = |g: &dyn Fn([u16; 3]) -> u16| {
            let r = [false, true].map(|h| {
                let v = g([half(0, h), half(1, h), half(2, h)]);
                let v = if flush && float { flush16(v as u32) as u16 } else { v };
                if m.clamp && float { f2h(clamp(h2f(v), dx10)) } else { v }
            });
            r[0] as u32 | (r[1] as u32) << 16
        };
        let sat = m.clamp;
        out[l] = match i.op {
            Op::V_PK_FMA_F16 => both(&|[a, b, k]| fma16(a, b, k)),
            Op::V_PK_ADD_F16 => both(&|[a, b, _]| f2h(h2f(a) + h2f(b))),
            Op::V_PK_MUL_F16 => both(&|[a, b, _]| f2h(h2f(a) * h2f(b))),
            Op::V_PK_MIN_F16 => both(&|[a, b, _]| min16(a, b)),
            Op::V_PK_MAX_F16 => both(&|[a, b, _]| max16(a, b)),
            Op::V_PK_ADD_U16 => both(&|[a, b, _]| if sat { a.saturating_add(b) } else { a.wrapping_add(b) }),
            Op::V_PK_SUB_U16 => both(&|[a, b, _]| if sat { a.saturating_sub(b) } else { a.wrapping_sub(b) }),
            Op::V_PK_ADD_I16 => both(&|[a, b, _]| {
                (if sat { (a as i16).saturating_add(b as i16) } else { (a as i16).wrapping_add(b as i16) }) as u16
            }),
            Op::V_PK_SUB_I16 => both(&|[a, b, _]| {
                (if sat { (a as i16).saturating_sub(b as i16) } else { (a as i16).wrapping_sub(b as i16) }) as u16
            }),
            Op::V_PK_MUL_LO_U16 => both(&|[a, b, _]| a.wrapping_mul(b)),
            Op::V_PK_MAD_U16 if !sat => both(&|[a, b, k]| a.wrapping_mul(b).wrapping_add(k)),
            Op::V_PK_MAD_I16 if !sat => both(&|[a, b, k]| a.wrapping_mul(b).wrapping_add(k)),
            Op::V_PK_LSHLREV_B16 => both(&|[a, b, _]| b << (a & 15)),
            Op::V_PK_LSHRREV_B16 => both(&|[a, b, _]| b >> (a & 15)),
            Op::V_PK_ASHRREV_I16 => both(&|[a, b, _]| ((b as i16) >> (a & 15)) as u16),
            Op::V_PK_MIN_U16 => both(&|[a, b, _]| a.min(b)),
            Op::V_PK_MAX_U16 => both(&|[a, b, _]| a.max(b)),
            Op::V_PK_MIN_I16 => both(&|[a, b, _]| (a as i16).min(b as i16) as u16),
            Op::V_PK_MAX_I16 => both(&|[a, b, _]| (a as i16).max(b as i16) as u16),
            Op::V_DOT2_F32_F16 => {
                let a = half(0, false) as u32 | (half(0, true) as u32) << 16;
                let b = half(1, false) as u32 | (half(1, true) as u32) << 16;
                let k = s[2][l] as u32 ^ if m.neg & 4 != 0 { 1 << 31 } else { 0 };
                let r = dot2_f32_f16(a, b, k);
                if m.clamp { clamp(f32::from_bits(r), dx10).to_bits() } else { r }
            }
            Op::V_DOT4_I32_IU8 | Op::V_DOT8_I32_IU4 => {
                let bits = if i.op == Op::V_DOT4_I32_IU8 { 8 } else { 4 };
                let get = |k: usize, n: u32| {
                    let v = (s[k][l] as u32) << (32 - bits - n * bits);
                    // NEG means signed here.
                    if m.neg >> k & 1 != 0 { (v as i32 >> (32 - bits)) as i64 } else { (v >> (32 - bits)) as i64 }
                };
                let r = (0..32 / bits).fold(s[2][l] as u32 as i32 as i64, |t, n| t + get(0, n) * get(1, n));
                if sat { r.clamp(i32::MIN as i64, i32::MAX as i64) as u32 } else { r as u32 }
            }
            Op::V_DOT4_U32_U8 | Op::V_DOT8_U32_U4 => {
                let bits = if i.op == Op::V_DOT4_U32_U8 { 8 } else { 4 };
                let get = |k: usize, n: u32| s[k][l] >> (n * bits) & ((1 << bits) - 1);
                let r = (0..32 / bits).fold(s[2][l] & 0xffff_ffff, |t, n| t + get(0, n) * get(1, n));
                if sat { r.min(u32::MAX as u64) as u32 } else { r as u32 }
            }
            Op::V_FMA_MIX_F32 => {
                let r = mix(0).mul_add(mix(1), mix(2));
                if m.clamp { clamp(r, dx10).to_bits() } else { r.to_bits() }
            }
            Op::V_FMA_MIXLO_F16 | Op::V_FMA_MIXHI_F16 => {
                // One rounding: the sum is taken in f64, where the product is exact.
                let r = (mix(0) as f64).mul_add(mix(1) as f64, mix(2) as f64);
                let h = d2h(r);
                let h = if m.clamp { f2h(clamp(h2f(h), dx10)) } else { h } as u32;
                if i.op == Op::V_FMA_MIXLO_F16 { old[l] & 0xffff_0000 | h } else { old[l] & 0xffff | h << 16 }
            }
            _ => return Err(TrapKind::NotImplemented { what: i.row().name.into() }),
        };
    }
    w.write32(d, &out, write);
    Ok(true)
}

/// 16x16x16 matrix product: A by rows and B by columns in lanes 0-15 (repeated above), C and D interleaved by
/// half-waves. EXEC is ignored.
fn wmma<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let i = &c.inst;
    let m = i.mods;
    let reg = |w: &Wave<L>, s: Src, k: usize, lane: usize| match s {
        Src::V(v) => w.vgpr(v as usize + k)[lane],
        s => w.s32(s),
    };
    let bits = match i.op {
        Op::V_WMMA_I32_16X16X16_IU8 => 8,
        Op::V_WMMA_I32_16X16X16_IU4 => 4,
        _ => 16,
    };
    let bf16 = matches!(i.op, Op::V_WMMA_F32_16X16X16_BF16 | Op::V_WMMA_BF16_16X16X16_BF16);
    let wide = matches!(i.op, Op::V_WMMA_F32_16X16X16_F16 | Op::V_WMMA_F32_16X16X16_BF16);
    let narrow = |h: u16| if bf16 { bf2f(h) } else { h2f(h) } as f64;
    // Element k of row or column n of operand s.
    let element = |w: &Wave<L>, s: usize, n: usize, k: usize| -> f64 {
        let x = reg(w, c.s[s], k * bits / 32, n) >> (k * bits % 32);
        if bits == 16 {
            let neg = if k & 1 == 0 { m.neg } else { m.abs } >> s & 1 != 0;
            let v = narrow(x as u16);
            if neg { -v } else { v }
        } else if m.neg >> s & 1 != 0 {
            (((x << (32 - bits)) as i32) >> (32 - bits)) as f64
        } else {
            (x & ((1 << bits) - 1)) as f64
        }
    };
    let (rows, step) = (256 / L, L / 16);
    let high = m.opsel >> 2 & 1 != 0;
    let a: Vec<f64> = (0..256).map(|n| element(w, 0, n / 16, n % 16)).collect();
    let b: Vec<f64> = (0..256).map(|n| element(w, 1, n / 16, n % 16)).collect();
    let mut out = vec![[0u32; L]; rows];
    for (r, o) in out.iter_mut().enumerate() {
        for (lane, o) in o.iter_mut().enumerate() {
            let (row, col) = (step * r + lane / 16, lane % 16);
            let sum: f64 = (0..16).map(|k| a[16 * row + k] * b[16 * col + k]).sum();
            let x = reg(w, c.s[2], r, lane);
            *o = if bits < 16 {
                let v = sum as i64 + x as i32 as i64;
                if m.clamp { v.clamp(i32::MIN as i64, i32::MAX as i64) as u32 } else { v as u32 }
            } else {
                let acc = if wide { f32::from_bits(x) as f64 } else { narrow(if high { x >> 16 } else { x } as u16) };
                let acc = if m.abs >> 2 & 1 != 0 && wide { acc.abs() } else { acc };
                let acc = if m.neg >> 2 & 1 != 0 { -acc } else { acc };
                let v = sum + acc;
                if wide {
                    (v as f32).to_bits()
                } else {
                    let h = if bf16 { f2bf(v as f32) } else { d2h(v) } as u32;
                    let old = w.vgpr(i.vdst as usize + r)[lane];
                    if high { old & 0xffff | h << 16 } else { old & 0xffff_0000 | h }
                }
            };
        }
    }
    for (r, o) in out.iter().enumerate() {
        w.write32(i.vdst as usize + r, o, Wave::<L>::ALL);
    }
}
