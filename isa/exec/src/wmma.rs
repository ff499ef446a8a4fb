//! Matrix products of 16x16 tiles by a whole wave.
//!
//! A by rows and B by columns stand in lanes 0 to 15, repeated above; C and D are interleaved by sixteen lanes: register r
//! of lane l holds row `step * r + l / 16` of column `l % 16`, where `step` is the number of such groups. EXEC and MODE are
//! ignored. Float products are summed as sixteen fused steps in f32, beginning with C.
use crate::fp::*;
use crate::program::{Code, Src};
use crate::wave::Wave;
use isa::Op;

/// Lane `lane` of register `k` of an operand.
#[inline(always)]
fn register<const L: usize>(w: &Wave<L>, s: Src, k: usize) -> [u32; L] {
    match s {
        Src::V(v) => *w.vgpr(v as usize + k),
        s => [w.s32(s); L],
    }
}

#[inline(always)]
pub(crate) fn wmma<const L: usize>(w: &mut Wave<L>, c: &Code) {
    match c.inst.op {
        Op::V_WMMA_I32_16X16X16_IU8 => ints(w, c, 8),
        Op::V_WMMA_I32_16X16X16_IU4 => ints(w, c, 4),
        _ => floats(w, c),
    }
}

/// Elements of A or B: `[k][n]` is element k of row (column) n.
#[inline(always)]
fn floats_of<const L: usize>(w: &Wave<L>, c: &Code, s: usize, bf16: bool) -> [[u32; 16]; 16] {
    let m = &c.inst.mods;
    let mut out = [[0; 16]; 16];
    for r in 0..8 {
        let x = register(w, c.s[s], r);
        for h in 0..2 {
            let neg = if h == 0 { m.neg } else { m.abs } >> s & 1 != 0;
            let flip = if neg { 0x8000_0000 } else { 0 };
            for n in 0..16 {
                let v = x[n] >> (16 * h) & 0xffff;
                let v = if bf16 { v << 16 } else { h2f(v).to_bits() };
                out[2 * r + h][n] = v ^ flip;
            }
        }
    }
    out
}

#[inline(always)]
fn floats<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let (i, m) = (&c.inst, c.inst.mods);
    let bf16 = matches!(i.op, Op::V_WMMA_F32_16X16X16_BF16 | Op::V_WMMA_BF16_16X16X16_BF16);
    let wide = matches!(i.op, Op::V_WMMA_F32_16X16X16_F16 | Op::V_WMMA_F32_16X16X16_BF16);
    let high = m.opsel >> 2 & 1 != 0;
    let a = floats_of(w, c, 0, bf16);
    let b = floats_of(w, c, 1, bf16);
    let keep = if m.abs >> 2 & 1 != 0 { 0x7fff_ffff } else { !0u32 };
    let flip = if m.neg >> 2 & 1 != 0 { 0x8000_0000u32 } else { 0 };
    let groups = L / 16;
    let mut tile = [[0u32; L]; 8];
    let rows = 16 / groups;
    for (r, out) in tile[..rows].iter_mut().enumerate() {
        let x = register(w, c.s[2], r);
        let old = *w.vgpr(i.vdst as usize + r);
        for g in 0..groups {
            let row = groups * r + g;
            let mut acc = [0u32; 16];
            for n in 0..16 {
                let v = x[16 * g + n];
                let h = if high { v >> 16 } else { v & 0xffff };
                let v = if wide {
                    v
                } else if bf16 {
                    h << 16
                } else {
                    h2f(h).to_bits()
                };
                acc[n] = (v & keep) ^ flip;
            }
            for k in 0..16 {
                let e = a[k][row];
                for n in 0..16 {
                    acc[n] = Near(0, 0).fma32(e, b[k][n], acc[n]);
                }
            }
            for n in 0..16 {
                let v = acc[n];
                out[16 * g + n] = if wide {
                    v
                } else {
                    let h = if bf16 { f2bf(f(v)) } else { half_bits(f(v)) };
                    let old = old[16 * g + n];
                    if high { old & 0xffff | h << 16 } else { old & 0xffff_0000 | h }
                };
            }
        }
    }
    for (r, o) in tile[..rows].iter().enumerate() {
        w.write32(i.vdst as usize + r, o, Wave::<L>::ALL);
    }
}

#[inline(always)]
fn ints<const L: usize>(w: &mut Wave<L>, c: &Code, bits: usize) {
    let (i, m) = (&c.inst, c.inst.mods);
    let element = |s: usize| -> [[i32; 16]; 16] {
        let signed = m.neg >> s & 1 != 0;
        let mut out = [[0; 16]; 16];
        for (k, out) in out.iter_mut().enumerate() {
            let x = register(w, c.s[s], k * bits / 32);
            for (n, out) in out.iter_mut().enumerate() {
                let v = x[n] << (32 - bits - k * bits % 32);
                *out = if signed { v as i32 >> (32 - bits) } else { (v >> (32 - bits)) as i32 };
            }
        }
        out
    };
    let (a, b) = (element(0), element(1));
    let groups = L / 16;
    let rows = 16 / groups;
    let mut tile = [[0u32; L]; 8];
    for (r, out) in tile[..rows].iter_mut().enumerate() {
        let x = register(w, c.s[2], r);
        for g in 0..groups {
            let row = groups * r + g;
            let mut acc = [0i32; 16];
            for k in 0..16 {
                for n in 0..16 {
                    acc[n] += a[k][row] * b[k][n];
                }
            }
            for n in 0..16 {
                let v = x[16 * g + n] as i32;
                let sum = if m.clamp { v.saturating_add(acc[n]) } else { v.wrapping_add(acc[n]) };
                out[16 * g + n] = sum as u32;
            }
        }
    }
    for (r, o) in tile[..rows].iter().enumerate() {
        w.write32(i.vdst as usize + r, o, Wave::<L>::ALL);
    }
}
