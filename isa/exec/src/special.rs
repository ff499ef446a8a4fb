//! Vector instructions that are more than one result a lane: carries, lane access, register indices, interpolation.
use crate::fast::{Level, Run, chunks, chunks_mut, level_run, plain_run};
use crate::fp::*;
use crate::host::{Host, signs};
use crate::lanes::spread;
use crate::program::{Code, Src};
use crate::valu::{Lines, Part, finish, source, source_wide, write16, written};
use crate::wave::{M0, VCC, Wave, blend};
use isa::{Format, Op};

/// Constructors of the functions compiled for each level.
mod new {
    use super::*;
    level_run! {
        pub(super) fn carry = super::carry;
    }
    level_run! {
        pub(super) fn mad64 = super::mad64;
    }
    level_run! {
        pub(super) fn mbcnt = super::mbcnt;
    }
    level_run! {
        pub(super) fn exchange = super::swap;
    }
    level_run! {
        pub(super) fn movrel = super::movrel;
    }
    level_run! {
        pub(super) fn permlane = super::permlane;
    }
    level_run! {
        pub(super) fn permlane64 = super::permlane64;
    }
    level_run! {
        pub(super) fn mqsad = super::mqsad;
    }
    level_run! {
        pub(super) fn interp = super::interp;
    }
    level_run! {
        pub(super) fn div_scale = crate::divide::scale;
    }
    level_run! {
        pub(super) fn div_fmas32 = crate::divide::fmas32;
    }
    level_run! {
        pub(super) fn div_fmas64 = crate::divide::fmas64;
    }
    level_run! {
        pub(super) fn wmma = crate::wmma::wmma;
    }
}

/// The function of an irregular op.
pub(crate) fn find(op: Op, level: Level, lanes: u32) -> Option<Run> {
    #![allow(unsafe_code)]
    let new = match op {
        Op::V_NOP | Op::V_PIPEFLUSH => return Some(plain_run!(nothing, lanes)),
        Op::V_READFIRSTLANE_B32 => return Some(plain_run!(readfirstlane, lanes)),
        Op::V_READLANE_B32 => return Some(plain_run!(readlane, lanes)),
        Op::V_WRITELANE_B32 => return Some(plain_run!(writelane, lanes)),
        Op::V_CNDMASK_B32 | Op::V_CNDMASK_B16 => crate::fast::select,
        Op::V_MBCNT_LO_U32_B32 | Op::V_MBCNT_HI_U32_B32 => new::mbcnt,
        Op::V_ADD_CO_U32
        | Op::V_SUB_CO_U32
        | Op::V_SUBREV_CO_U32
        | Op::V_ADD_CO_CI_U32
        | Op::V_SUB_CO_CI_U32
        | Op::V_SUBREV_CO_CI_U32 => new::carry,
        Op::V_MAD_U64_U32 | Op::V_MAD_I64_I32 => new::mad64,
        Op::V_SWAP_B32 | Op::V_SWAPREL_B32 => new::exchange,
        Op::V_MOVRELS_B32 | Op::V_MOVRELD_B32 | Op::V_MOVRELSD_B32 | Op::V_MOVRELSD_2_B32 => new::movrel,
        Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32 => new::permlane,
        Op::V_PERMLANE64_B32 => new::permlane64,
        Op::V_DIV_SCALE_F32 | Op::V_DIV_SCALE_F64 => new::div_scale,
        Op::V_DIV_FMAS_F32 => new::div_fmas32,
        Op::V_DIV_FMAS_F64 => new::div_fmas64,
        Op::V_MQSAD_U32_U8 => new::mqsad,
        Op::V_INTERP_P10_F32
        | Op::V_INTERP_P2_F32
        | Op::V_INTERP_P10_F16_F32
        | Op::V_INTERP_P2_F16_F32
        | Op::V_INTERP_P10_RTZ_F16_F32
        | Op::V_INTERP_P2_RTZ_F16_F32 => new::interp,
        Op::V_WMMA_F32_16X16X16_F16
        | Op::V_WMMA_F32_16X16X16_BF16
        | Op::V_WMMA_F16_16X16X16_F16
        | Op::V_WMMA_BF16_16X16X16_BF16
        | Op::V_WMMA_I32_16X16X16_IU8
        | Op::V_WMMA_I32_16X16X16_IU4 => new::wmma,
        _ => return None,
    };
    Some(new(level, lanes))
}

fn nothing<const L: usize>(_: &mut Wave<L>, _: &Code) {}

/// One lane of a source.
#[inline(always)]
fn lane_of<const L: usize>(w: &Wave<L>, s: Src, lane: usize) -> u32 {
    match s {
        Src::V(k) => w.vgpr(k as usize)[lane],
        s => w.s32(s),
    }
}

fn readfirstlane<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let e = w.exec();
    let lane = if e == 0 { 0 } else { e.trailing_zeros() as usize };
    let v = lane_of(w, c.s[0], lane);
    w.set_sgpr(c.inst.vdst as usize, v);
}

fn readlane<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let lane = w.s32(c.s[1]) as usize % L;
    let v = lane_of(w, c.s[0], lane);
    w.set_sgpr(c.inst.vdst as usize, v);
}

fn writelane<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let lane = w.s32(c.s[1]) as usize % L;
    let v = w.s32(c.s[0]);
    if let Some(r) = w.vgpr_mut(c.inst.vdst as usize) {
        r[lane] = v;
    }
}

#[inline(always)]
fn mbcnt<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let (a, b) = (source(h, w, c, 0), source(h, w, c, 1));
    let hi = c.inst.op == Op::V_MBCNT_HI_U32_B32;
    let mut out = [0; L];
    for l in 0..L {
        let below = (1u64 << l) - 1;
        let m = if hi { (below >> 32) as u32 } else { below as u32 };
        out[l] = (a[l] & m).count_ones().wrapping_add(b[l]);
    }
    let write = written(h, w, c);
    w.write32(c.inst.vdst as usize, &out, write);
}

/// Additions and subtractions with carry in or out.
#[inline(always)]
fn carry<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let i = &c.inst;
    // Without its vector destination the instruction does nothing at all.
    if i.vdst as usize >= w.v.len() {
        return;
    }
    let vop3 = i.format() == Format::Vop3;
    let (mut a, mut b) = (source(h, w, c, 0), source(h, w, c, 1));
    let cin = match i.op {
        Op::V_ADD_CO_U32 | Op::V_SUB_CO_U32 | Op::V_SUBREV_CO_U32 => 0,
        _ if vop3 => w.mask(i.src[2] as usize),
        _ => w.mask(VCC),
    };
    if matches!(i.op, Op::V_SUBREV_CO_U32 | Op::V_SUBREV_CO_CI_U32) {
        std::mem::swap(&mut a, &mut b);
    }
    let add = matches!(i.op, Op::V_ADD_CO_U32 | Op::V_ADD_CO_CI_U32);
    let mut carries = [0u32; L];
    blend(cin, &mut carries, &[1; L]);
    let mut out = [0u32; L];
    let mut over = [0u32; L];
    for l in 0..L {
        let k = carries[l];
        let (r, o) = if add {
            let t = a[l].wrapping_add(b[l]);
            let r = t.wrapping_add(k);
            (r, (t < a[l]) | (r < t))
        } else {
            let t = a[l].wrapping_sub(b[l]);
            (t.wrapping_sub(k), (a[l] < b[l]) | (t < k))
        };
        (out[l], over[l]) = (r, if o { !0 } else { 0 });
    }
    if i.mods.clamp {
        for l in 0..L {
            out[l] = if add { out[l] | over[l] } else { out[l] & !over[l] };
        }
    }
    let mask = signs(h, &over);
    let write = written(h, w, c);
    w.write32(i.vdst as usize, &out, write);
    w.set_mask(if vop3 { i.sdst as usize } else { VCC }, mask & write);
}

#[inline(always)]
fn mad64<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let (a, b, d) = (source(h, w, c, 0), source(h, w, c, 1), source_wide(h, w, c, 2));
    let clamp = c.inst.mods.clamp;
    if c.inst.vdst as usize + 1 >= w.v.len() {
        return;
    }
    let mut out = [0u64; L];
    let mut flag = [0u32; L];
    if c.inst.op == Op::V_MAD_U64_U32 {
        for l in 0..L {
            let r = (a[l] as u64 * b[l] as u64).wrapping_add(d[l]);
            let over = r < d[l];
            out[l] = if clamp && over { u64::MAX } else { r };
            flag[l] = if over { !0 } else { 0 };
        }
    } else {
        for l in 0..L {
            let p = a[l] as i32 as i64 * b[l] as i32 as i64;
            let r = p.wrapping_add(d[l] as i64);
            // The flag is bit 64 of the sum, its sign; beyond 64 bits both terms have it.
            let over = (p ^ r) & (d[l] as i64 ^ r) < 0;
            let negative = if over { p } else { r } < 0;
            let limit = if negative { i64::MIN } else { i64::MAX };
            out[l] = if clamp && over { limit } else { r } as u64;
            flag[l] = if negative { !0 } else { 0 };
        }
    }
    let exec = w.exec();
    w.write64(c.inst.vdst as usize, &out, 2, exec);
    w.set_mask(c.inst.sdst as usize, signs(h, &flag) & exec);
}

/// Swaps two registers, the numbers of one op with M0 added.
#[inline(always)]
fn swap<H: Host, const L: usize>(_: H, w: &mut Wave<L>, c: &Code) {
    let m0 = if c.inst.op == Op::V_SWAPREL_B32 { w.s[M0] as usize } else { 0 };
    let d = c.inst.vdst as usize + (m0 >> 16 & 0x3ff);
    let s = (c.inst.src[0] as usize & 255) + (m0 & 0x3ff);
    // A register beyond the allocation drops the whole instruction.
    if d >= w.v.len() || s >= w.v.len() {
        return;
    }
    let (a, b, e) = (w.v[d], w.v[s], w.exec());
    w.write32(d, &b, e);
    w.write32(s, &a, e);
}

/// Moves with M0 added to register numbers.
#[inline(always)]
fn movrel<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let m0 = w.s[M0] as usize;
    let (s, d) = match c.inst.op {
        Op::V_MOVRELS_B32 => (m0, 0),
        Op::V_MOVRELD_B32 => (0, m0),
        Op::V_MOVRELSD_B32 => (m0, m0),
        _ => (m0 & 0x3ff, m0 >> 16 & 0x3ff),
    };
    let mut x = match c.s[0] {
        Src::V(k) => *w.vgpr((k as usize).saturating_add(s)),
        k => w.lanes32(k),
    };
    if let Some(map) = &c.alu().dpp {
        let y = x;
        map.read(h, w.exec(), &y, &mut x);
    }
    let write = written(h, w, c);
    w.write32((c.inst.vdst as usize).saturating_add(d), &x, write);
}

#[inline(always)]
fn permlane<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let i = &c.inst;
    let src = w.lanes32(c.s[0]);
    let sel = [w.s32(c.s[1]), w.s32(c.s[2])];
    let e = w.exec();
    let (fi, bc) = (i.mods.opsel & 1 != 0, i.mods.opsel & 2 != 0);
    let mut out = if bc { [0; L] } else { *w.vgpr(i.vdst as usize) };
    let mut from = [0; 16];
    for k in 0..16 {
        from[k] = sel[k / 8] >> (4 * (k & 7)) & 15;
    }
    let x = (i.op == Op::V_PERMLANEX16_B32) as usize;
    let mut rows = [0; L];
    let mut read = 0;
    for (row, o) in chunks_mut(&mut rows).iter_mut().enumerate() {
        *o = h.shuffle(&chunks(&src)[row ^ x], &from);
        if !fi && e != Wave::<L>::ALL {
            read |= (h.signs(&h.shuffle(&spread(e >> (16 * (row ^ x))), &from)) as u64) << (16 * row);
        }
    }
    blend(if fi || e == Wave::<L>::ALL { !0 } else { read }, &mut out, &rows);
    w.write32(i.vdst as usize, &out, e);
}

/// In wave32 it does nothing.
#[inline(always)]
fn permlane64<H: Host, const L: usize>(_: H, w: &mut Wave<L>, c: &Code) {
    if L == 64 {
        let src = w.lanes32(c.s[0]);
        let mut out = [0; L];
        for l in 0..L {
            out[l] = src[(l ^ 32) % L];
        }
        let e = w.exec();
        w.write32(c.inst.vdst as usize, &out, e);
    }
}

#[inline(always)]
fn mqsad<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let (a, b) = (source_wide(h, w, c, 0), source(h, w, c, 1));
    let exec = w.exec();
    let mut parts = [[0; L]; 4];
    for (k, p) in parts.iter_mut().enumerate() {
        let add = match c.s[2] {
            Src::V(v) => *w.vgpr(v as usize + k),
            s => w.lanes32(s),
        };
        for l in 0..L {
            let v = crate::ops::msad((a[l] >> (8 * k)) as u32, b[l]);
            p[l] = if c.inst.mods.clamp { v.saturating_add(add[l]) } else { v.wrapping_add(add[l]) };
        }
    }
    for (k, p) in parts.iter().enumerate() {
        w.write32(c.inst.vdst as usize + k, p, exec);
    }
}

/// A source of an interpolation step, of one lane of each quad where that is given; a half where its number is.
#[inline(always)]
fn parameter<H: Host, const L: usize>(
    h: H,
    w: &Wave<L>,
    c: &Code,
    mode: u32,
    k: usize,
    lane: Option<u32>,
    half: bool,
) -> [u32; L] {
    let m = &c.inst.mods;
    let mut x = Lines(w.lanes32(c.s[k]));
    if let Some(n) = lane {
        let mut from = [0; 16];
        for (l, f) in from.iter_mut().enumerate() {
            *f = (l as u32 & !3) + n;
        }
        for x in chunks_mut(&mut x.0) {
            *x = h.shuffle(x, &from);
        }
    }
    if half {
        let high = m.opsel >> k & 1 != 0;
        for v in &mut x.0 {
            *v = if high { *v >> 16 } else { *v };
        }
        for x in chunks_mut(&mut x.0) {
            *x = h.widen(x);
        }
    }
    let flushed = mode >> 4 & 1 == 0;
    let flip = (m.neg as u32 >> k & 1) << 31;
    for v in &mut x.0 {
        *v = if flushed { flush32(*v) } else { *v } ^ flip;
    }
    x.0
}

/// Interpolation steps: fused multiply-adds that read the parameters from fixed lanes of each quad.
#[inline(always)]
fn interp<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let i = &c.inst;
    let first = matches!(i.op, Op::V_INTERP_P10_F32 | Op::V_INTERP_P10_F16_F32 | Op::V_INTERP_P10_RTZ_F16_F32);
    let halves = !matches!(i.op, Op::V_INTERP_P10_F32 | Op::V_INTERP_P2_F32);
    let rtz = matches!(i.op, Op::V_INTERP_P10_RTZ_F16_F32 | Op::V_INTERP_P2_RTZ_F16_F32);
    let mode = if rtz { w.mode | 15 } else { w.mode };
    let a = parameter(h, w, c, mode, 0, Some(if first { 1 } else { 2 }), halves);
    let b = parameter(h, w, c, mode, 1, None, false);
    let k = parameter(h, w, c, mode, 2, first.then_some(0), halves && first);
    let narrow = halves && !first;
    let mut out = [0; L];
    if mode & 15 == 0 {
        for l in 0..L {
            out[l] = Near(mode, 0).fma32(a[l], b[l], k[l]);
            out[l] = if narrow { Near(mode, 0).half(out[l]) } else { out[l] };
        }
    } else {
        for l in 0..L {
            out[l] = Exact(mode, 0).fma32(a[l], b[l], k[l]);
            out[l] = if narrow { Exact(mode, 0).half(out[l]) } else { out[l] };
        }
    }
    finish(w.mode, c, &mut out);
    let exec = w.exec();
    if narrow {
        write16(w, i.vdst as usize, i.mods.opsel & 8 != 0 || c.alu().half == Part::High, &out, exec);
    } else {
        w.write32(i.vdst as usize, &out, exec);
    }
}
