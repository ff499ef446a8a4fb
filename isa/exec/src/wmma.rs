//! Matrix products of 16x16 tiles by a whole wave.
//!
//! A by rows and B by columns stand in lanes 0 to 15, repeated above; C and D are interleaved by sixteen lanes: register r
//! of lane l holds row `step * r + l / 16` of column `l % 16`, where `step` is the number of such groups. EXEC and MODE are
//! ignored. Float products are summed as sixteen fused steps in f32, beginning with C. Sums of integer products are
//! below 2^24 and therefore exact in f32, beginning with 0.
use crate::fast::chunks;
use crate::fp::*;
use crate::host::{Host, any_nan};
use crate::ops::Chunk;
use crate::program::{Code, Src};
use crate::wave::Wave;
use isa::Op;

/// Sixteen lanes each of sixteen elements.
#[repr(align(64))]
struct Tile([Chunk; 16]);

/// Lanes 0 to 15 of register `k` of an operand.
#[inline(always)]
fn first<const L: usize>(w: &Wave<L>, s: Src, k: usize) -> Chunk {
    match s {
        Src::V(v) => chunks(w.vgpr(v as usize + k))[0],
        s => [w.s32(s); 16],
    }
}

/// All lanes of register `k` of an operand.
#[inline(always)]
fn register<const L: usize>(w: &Wave<L>, s: Src, k: usize) -> [u32; L] {
    match s {
        Src::V(v) => *w.vgpr(v as usize + k),
        s => [w.s32(s); L],
    }
}

#[inline(always)]
pub(crate) fn wmma<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    match c.inst.op {
        Op::V_WMMA_I32_16X16X16_IU8 => ints(h, w, c, 8),
        Op::V_WMMA_I32_16X16X16_IU4 => ints(h, w, c, 4),
        _ => floats(h, w, c),
    }
}

/// A row of the product, summed up from `acc`; a NaN in it is any NaN.
#[inline(always)]
fn row_of<H: Host>(h: H, a: &Tile, row: usize, b: &Tile, acc: &Chunk) -> Chunk {
    let mut s = h.load(acc);
    for k in 0..16 {
        s = h.fma(a.0[k][row], &b.0[k], s);
    }
    h.store(s)
}

/// Elements of A or B: `[k][n]` is element k of row (column) n.
#[inline(always)]
fn floats_of<H: Host, const L: usize>(h: H, w: &Wave<L>, c: &Code, s: usize, bf16: bool) -> Tile {
    let m = &c.inst.mods;
    let mut out = Tile([[0; 16]; 16]);
    for r in 0..8 {
        let x = first(w, c.s[s], r);
        for half in 0..2 {
            let neg = if half == 0 { m.neg } else { m.abs } >> s & 1 != 0;
            let flip = if neg { 0x8000_0000 } else { 0 };
            let mut v = x;
            for v in &mut v {
                *v = *v >> (16 * half) & 0xffff;
                *v = if bf16 { *v << 16 } else { *v };
            }
            let v = if bf16 { v } else { h.widen(&v) };
            let out = &mut out.0[2 * r + half];
            for n in 0..16 {
                out[n] = v[n] ^ flip;
            }
        }
    }
    out
}

#[inline(always)]
fn floats<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let (i, m) = (&c.inst, c.inst.mods);
    let bf16 = matches!(i.op, Op::V_WMMA_F32_16X16X16_BF16 | Op::V_WMMA_BF16_16X16X16_BF16);
    let wide = matches!(i.op, Op::V_WMMA_F32_16X16X16_F16 | Op::V_WMMA_F32_16X16X16_BF16);
    let high = m.opsel >> 2 & 1 != 0;
    let a = floats_of(h, w, c, 0, bf16);
    let b = floats_of(h, w, c, 1, bf16);
    let keep = if m.abs >> 2 & 1 != 0 { 0x7fff_ffff } else { !0u32 };
    let flip = if m.neg >> 2 & 1 != 0 { 0x8000_0000u32 } else { 0 };
    let groups = L / 16;
    let mut tile = [[0u32; L]; 8];
    let rows = 16 / groups;
    for (r, out) in tile[..rows].iter_mut().enumerate() {
        let x = register(w, c.s[2], r);
        let out = crate::fast::chunks_mut(out);
        for (g, (x, out)) in chunks(&x).iter().zip(out).enumerate() {
            let row = groups * r + g;
            let mut acc = *x;
            if !wide {
                for v in &mut acc {
                    let half = if high { *v >> 16 } else { *v & 0xffff };
                    *v = if bf16 { half << 16 } else { half };
                }
                acc = if bf16 { acc } else { h.widen(&acc) };
            }
            for v in &mut acc {
                *v = (*v & keep) ^ flip;
            }
            let mut sum = row_of(h, &a, row, &b, &acc);
            if any_nan(&sum) {
                // Once NaN a sum stays so: the rule for which one it is looked at only here.
                sum = acc;
                for k in 0..16 {
                    for n in 0..16 {
                        sum[n] = Near(0, 0).fma32(a.0[k][row], b.0[k][n], sum[n]);
                    }
                }
            }
            if wide {
                *out = sum;
                continue;
            }
            let old = &chunks(w.vgpr(i.vdst as usize + r))[g];
            for n in 0..16 {
                let half = if bf16 { f2bf(f(sum[n])) } else { half_bits(f(sum[n])) };
                out[n] = if high { old[n] & 0xffff | half << 16 } else { old[n] & 0xffff_0000 | half };
            }
        }
    }
    for (r, o) in tile[..rows].iter().enumerate() {
        w.write32(i.vdst as usize + r, o, Wave::<L>::ALL);
    }
}

/// Integers of A or B as f32.
#[inline(always)]
fn ints_of<const L: usize>(w: &Wave<L>, c: &Code, s: usize, bits: usize) -> Tile {
    let signed = c.inst.mods.neg >> s & 1 != 0;
    let mut out = Tile([[0; 16]; 16]);
    for (k, out) in out.0.iter_mut().enumerate() {
        let x = first(w, c.s[s], k * bits / 32);
        for n in 0..16 {
            let v = x[n] << (32 - bits - k * bits % 32);
            let v = if signed { v as i32 >> (32 - bits) } else { (v >> (32 - bits)) as i32 };
            out[n] = (v as f32).to_bits();
        }
    }
    out
}

#[inline(always)]
fn ints<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code, bits: usize) {
    let (i, m) = (&c.inst, c.inst.mods);
    let (a, b) = (ints_of(w, c, 0, bits), ints_of(w, c, 1, bits));
    let groups = L / 16;
    let rows = 16 / groups;
    let mut tile = [[0u32; L]; 8];
    for (r, out) in tile[..rows].iter_mut().enumerate() {
        let x = register(w, c.s[2], r);
        let out = crate::fast::chunks_mut(out);
        for (g, (x, out)) in chunks(&x).iter().zip(out).enumerate() {
            let sum = row_of(h, &a, groups * r + g, &b, &[0; 16]);
            for n in 0..16 {
                let (v, t) = (x[n] as i32, f(sum[n]) as i32);
                out[n] = if m.clamp { v.saturating_add(t) } else { v.wrapping_add(t) } as u32;
            }
        }
    }
    for (r, o) in tile[..rows].iter().enumerate() {
        w.write32(i.vdst as usize + r, o, Wave::<L>::ALL);
    }
}
