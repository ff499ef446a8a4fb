//! Matrix products of 16x16 tiles by a whole wave.
//!
//! A by rows and B by columns stand in lanes 0 to 15, repeated above; C and D are interleaved by sixteen lanes: register r
//! of lane l holds row `step * r + l / 16` of column `l % 16`, where `step` is the number of such groups. EXEC and MODE are
//! ignored. Float products are summed as sixteen fused steps in f32, beginning with C. Sums of integer products are
//! below 2^24 and therefore exact in f32, beginning with 0.
use crate::fast::chunks;
use crate::fp::*;
use crate::host::{Host, any_nan};
use crate::ops::{Chunk, apart};
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

#[inline(always)]
pub(crate) fn wmma<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    match c.inst.op {
        Op::V_WMMA_I32_16X16X16_IU8 => ints(h, w, c, 8),
        Op::V_WMMA_I32_16X16X16_IU4 => ints(h, w, c, 4),
        _ => floats(h, w, c),
    }
}

/// The product added to `acc`, rows of four at a time so that the host's units are busy; a NaN in it is any NaN.
#[inline(always)]
fn product<H: Host>(h: H, a: &Tile, b: &Tile, acc: &mut Tile) {
    for r in [0, 4, 8, 12] {
        let c = &mut acc.0;
        let mut s = [h.load(&c[r]), h.load(&c[r + 1]), h.load(&c[r + 2]), h.load(&c[r + 3])];
        for k in 0..16 {
            for (j, s) in s.iter_mut().enumerate() {
                *s = h.fma(a.0[k][r + j], &b.0[k], *s);
            }
        }
        for (j, s) in s.into_iter().enumerate() {
            c[r + j] = h.store(s);
        }
    }
}

/// All rows of an operand in the layout of C, of which register r of `L` lanes holds `L / 16`.
#[inline(always)]
fn rows_of<const L: usize>(w: &Wave<L>, s: Src, out: &mut Tile) {
    for (r, out) in out.0.as_flattened_mut().as_chunks_mut::<L>().0.iter_mut().enumerate() {
        match s {
            Src::V(v) => *out = *w.vgpr(v as usize + r),
            s => *out = [w.s32(s); L],
        }
    }
}

#[inline(always)]
fn write<const L: usize>(w: &mut Wave<L>, c: &Code, tile: &Tile) {
    for (r, o) in tile.0.as_flattened().as_chunks::<L>().0.iter().enumerate() {
        w.write32(c.inst.vdst as usize + r, o, Wave::<L>::ALL);
    }
}

/// Elements of A or B: `[k][n]` is element k of row (column) n.
#[inline(always)]
fn floats_of<H: Host, const L: usize>(h: H, w: &Wave<L>, c: &Code, s: usize, bf16: bool, out: &mut Tile) {
    let m = &c.inst.mods;
    let flips = [m.neg, m.abs].map(|n| (n as u32 >> s & 1) << 31);
    for (r, pair) in out.0.as_chunks_mut::<2>().0.iter_mut().enumerate() {
        let (mut low, mut high) = (first(w, c.s[s], r), first(w, c.s[s], r));
        for n in 0..16 {
            high[n] = if bf16 { high[n] & 0xffff_0000 } else { high[n] >> 16 };
            low[n] = if bf16 { low[n] << 16 } else { low[n] };
        }
        let elements = if bf16 { [low, high] } else { [h.widen(&low), h.widen(&high)] };
        for half in 0..2 {
            for n in 0..16 {
                pair[half][n] = elements[half][n] ^ flips[half];
            }
        }
        apart();
    }
}

#[inline(always)]
fn floats<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let (i, m) = (&c.inst, c.inst.mods);
    let bf16 = matches!(i.op, Op::V_WMMA_F32_16X16X16_BF16 | Op::V_WMMA_BF16_16X16X16_BF16);
    let wide = matches!(i.op, Op::V_WMMA_F32_16X16X16_F16 | Op::V_WMMA_F32_16X16X16_BF16);
    let high = m.opsel >> 2 & 1 != 0;
    let [mut a, mut b] = [const { Tile([[0; 16]; 16]) }; 2];
    floats_of(h, w, c, 0, bf16, &mut a);
    floats_of(h, w, c, 1, bf16, &mut b);
    let keep = if m.abs >> 2 & 1 != 0 { 0x7fff_ffff } else { !0u32 };
    let flip = if m.neg >> 2 & 1 != 0 { 0x8000_0000u32 } else { 0 };
    let [mut start, mut sum] = [const { Tile([[0; 16]; 16]) }; 2];
    rows_of(w, c.s[2], &mut start);
    for acc in &mut start.0 {
        if !wide {
            for v in acc.iter_mut() {
                let half = if high { *v >> 16 } else { *v & 0xffff };
                *v = if bf16 { half << 16 } else { half };
            }
            *acc = if bf16 { *acc } else { h.widen(acc) };
        }
        for v in acc.iter_mut() {
            *v = (*v & keep) ^ flip;
        }
        apart();
    }
    sum.0 = start.0;
    product(h, &a, &b, &mut sum);
    if any_nan(sum.0.as_flattened()) {
        // Once NaN a sum stays so: the rule for which one it is looked at only here.
        for (row, (sum, start)) in sum.0.iter_mut().zip(&start.0).enumerate() {
            *sum = *start;
            for k in 0..16 {
                for (sum, b) in sum.iter_mut().zip(&b.0[k]) {
                    *sum = Near(0, 0).fma32(a.0[k][row], *b, *sum);
                }
            }
        }
    }
    if !wide {
        // The other halves stay.
        rows_of(w, Src::V(i.vdst), &mut start);
        for (sum, old) in sum.0.iter_mut().zip(&start.0) {
            let narrow = h.narrow(sum);
            for n in 0..16 {
                let half = if bf16 { f2bf(f(sum[n])) } else { narrow[n] };
                sum[n] = if high { old[n] & 0xffff | half << 16 } else { old[n] & 0xffff_0000 | half };
            }
            apart();
        }
    }
    write(w, c, &sum);
}

/// Integers of A or B as f32.
#[inline(always)]
fn ints_of<const L: usize>(w: &Wave<L>, c: &Code, s: usize, bits: usize, out: &mut Tile) {
    let signed = c.inst.mods.neg >> s & 1 != 0;
    for (k, out) in out.0.iter_mut().enumerate() {
        let x = first(w, c.s[s], k * bits / 32);
        let (up, down) = ((32 - bits - k * bits % 32) as u32, 32 - bits as u32);
        for n in 0..16 {
            let v = x[n] << up;
            let v = if signed { v as i32 >> down } else { (v >> down) as i32 };
            out[n] = (v as f32).to_bits();
        }
        apart();
    }
}

#[inline(always)]
fn ints<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code, bits: usize) {
    // Added to an integer of less than 22 digits it shows it in its own mantissa, offset by itself.
    const MAGIC: f32 = 12_582_912.0;
    let m = c.inst.mods;
    let [mut a, mut b] = [const { Tile([[0; 16]; 16]) }; 2];
    ints_of(w, c, 0, bits, &mut a);
    ints_of(w, c, 1, bits, &mut b);
    let [mut sum, mut start] = [const { Tile([[0; 16]; 16]) }; 2];
    rows_of(w, c.s[2], &mut start);
    product(h, &a, &b, &mut sum);
    for (sum, start) in sum.0.iter_mut().zip(&start.0) {
        for n in 0..16 {
            let t = (f(sum[n]) + MAGIC).to_bits().wrapping_sub(MAGIC.to_bits()) as i32;
            let v = start[n] as i32;
            sum[n] = if m.clamp { v.saturating_add(t) } else { v.wrapping_add(t) } as u32;
        }
        apart();
    }
    write(w, c, &sum);
}
