//! Vector instructions that are more than one result a lane: carries, lane access, register indices, division helpers.
use crate::fast::{Level, Run, plain_run};
use crate::fp::*;
use crate::program::{Code, Src};
use crate::soft::{self, F32, F64};
use crate::valu::{Part, finish, finish_wide, source, source_wide, write16, written};
use crate::wave::{M0, VCC, Wave};
use isa::{Format, Op};

/// The function of an irregular op.
pub(crate) fn find(op: Op, level: Level, lanes: u32) -> Option<Run> {
    #![allow(unsafe_code)]
    Some(match op {
        Op::V_NOP | Op::V_PIPEFLUSH => plain_run!(nothing, lanes),
        Op::V_CNDMASK_B32 | Op::V_CNDMASK_B16 => crate::fast::select(level, lanes),
        Op::V_READFIRSTLANE_B32 => plain_run!(readfirstlane, lanes),
        Op::V_READLANE_B32 => plain_run!(readlane, lanes),
        Op::V_WRITELANE_B32 => plain_run!(writelane, lanes),
        Op::V_MBCNT_LO_U32_B32 | Op::V_MBCNT_HI_U32_B32 => plain_run!(mbcnt, lanes),
        Op::V_ADD_CO_U32
        | Op::V_SUB_CO_U32
        | Op::V_SUBREV_CO_U32
        | Op::V_ADD_CO_CI_U32
        | Op::V_SUB_CO_CI_U32
        | Op::V_SUBREV_CO_CI_U32 => crate::fast::carry(level, lanes),
        Op::V_MAD_U64_U32 | Op::V_MAD_I64_I32 => plain_run!(mad64, lanes),
        Op::V_SWAP_B32 => plain_run!(swap, lanes),
        Op::V_SWAPREL_B32 => plain_run!(swaprel, lanes),
        Op::V_MOVRELS_B32 | Op::V_MOVRELD_B32 | Op::V_MOVRELSD_B32 | Op::V_MOVRELSD_2_B32 => plain_run!(movrel, lanes),
        Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32 => plain_run!(permlane, lanes),
        Op::V_PERMLANE64_B32 => plain_run!(permlane64, lanes),
        Op::V_DIV_SCALE_F32 | Op::V_DIV_SCALE_F64 => plain_run!(div_scale, lanes),
        Op::V_DIV_FMAS_F32 => plain_run!(div_fmas32, lanes),
        Op::V_DIV_FMAS_F64 => plain_run!(div_fmas64, lanes),
        Op::V_MQSAD_U32_U8 => plain_run!(mqsad, lanes),
        Op::V_INTERP_P10_F32
        | Op::V_INTERP_P2_F32
        | Op::V_INTERP_P10_F16_F32
        | Op::V_INTERP_P2_F16_F32
        | Op::V_INTERP_P10_RTZ_F16_F32
        | Op::V_INTERP_P2_RTZ_F16_F32 => plain_run!(interp, lanes),
        Op::V_WMMA_F32_16X16X16_F16
        | Op::V_WMMA_F32_16X16X16_BF16
        | Op::V_WMMA_F16_16X16X16_F16
        | Op::V_WMMA_BF16_16X16X16_BF16
        | Op::V_WMMA_I32_16X16X16_IU8
        | Op::V_WMMA_I32_16X16X16_IU4 => crate::fast::wmma(level, lanes),
        _ => return None,
    })
}

fn nothing<const L: usize>(_: &mut Wave<L>, _: &Code) {}

fn readfirstlane<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let e = w.exec();
    let lane = if e == 0 { 0 } else { e.trailing_zeros() as usize };
    let v = w.lanes32(c.s[0])[lane];
    w.set_sgpr(c.inst.vdst as usize, v);
}

fn readlane<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let lane = w.s32(c.s[1]) as usize % L;
    let v = w.lanes32(c.s[0])[lane];
    w.set_sgpr(c.inst.vdst as usize, v);
}

fn writelane<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let lane = w.s32(c.s[1]) as usize % L;
    let v = w.s32(c.s[0]);
    if let Some(r) = w.vgpr_mut(c.inst.vdst as usize) {
        r[lane] = v;
    }
}

fn mbcnt<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let (a, b) = (source(w, c, 0), source(w, c, 1));
    let hi = c.inst.op == Op::V_MBCNT_HI_U32_B32;
    let out = std::array::from_fn(|l| {
        let below = (1u64 << l) - 1;
        let m = if hi { (below >> 32) as u32 } else { below as u32 };
        (a[l] & m).count_ones().wrapping_add(b[l])
    });
    let write = written(w, c);
    w.write32(c.inst.vdst as usize, &out, write);
}

/// Additions and subtractions with carry in or out.
#[inline(always)]
pub(crate) fn carry<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let i = &c.inst;
    // Without its vector destination the instruction does nothing at all.
    if i.vdst as usize >= w.v.len() {
        return;
    }
    let vop3 = i.format() == Format::Vop3;
    let (mut a, mut b) = (source(w, c, 0), source(w, c, 1));
    let cin = match i.op {
        Op::V_ADD_CO_U32 | Op::V_SUB_CO_U32 | Op::V_SUBREV_CO_U32 => 0,
        _ if vop3 => w.mask(i.src[2] as usize),
        _ => w.mask(VCC),
    };
    if matches!(i.op, Op::V_SUBREV_CO_U32 | Op::V_SUBREV_CO_CI_U32) {
        std::mem::swap(&mut a, &mut b);
    }
    let add = matches!(i.op, Op::V_ADD_CO_U32 | Op::V_ADD_CO_CI_U32);
    let mut out = [0u32; L];
    let mut over = [0u32; L];
    for l in 0..L {
        let k = (cin >> l & 1) as u32;
        if add {
            let t = a[l].wrapping_add(b[l]);
            out[l] = t.wrapping_add(k);
            over[l] = (t < a[l]) as u32 | (out[l] < t) as u32;
        } else {
            let t = a[l].wrapping_sub(b[l]);
            out[l] = t.wrapping_sub(k);
            over[l] = (a[l] < b[l]) as u32 | (t < k) as u32;
        }
    }
    if i.mods.clamp {
        for l in 0..L {
            out[l] = if over[l] == 0 {
                out[l]
            } else if add {
                !0
            } else {
                0
            };
        }
    }
    let mut mask = 0u64;
    for (l, o) in over.iter().enumerate() {
        mask |= (*o as u64) << l;
    }
    let write = written(w, c);
    w.write32(i.vdst as usize, &out, write);
    w.set_mask(if vop3 { i.sdst as usize } else { VCC }, mask & write);
}

fn mad64<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let (a, b, d) = (source(w, c, 0), source(w, c, 1), source_wide(w, c, 2));
    let clamp = c.inst.mods.clamp;
    if c.inst.vdst as usize + 1 >= w.v.len() {
        return;
    }
    let mut out = [0u64; L];
    let mut mask = 0u64;
    for l in 0..L {
        let (r, over) = if c.inst.op == Op::V_MAD_U64_U32 {
            let (r, o) = (a[l] as u64 * b[l] as u64).overflowing_add(d[l]);
            (if clamp && o { u64::MAX } else { r }, o)
        } else {
            let p = a[l] as i32 as i64 * b[l] as i32 as i64;
            let r = p as i128 + d[l] as i64 as i128;
            // The flag is bit 64 of the sum, its sign.
            let o = r < 0;
            let clipped = r.clamp(i64::MIN as i128, i64::MAX as i128);
            (if clamp { clipped as u64 } else { r as u64 }, o)
        };
        out[l] = r;
        mask |= (over as u64) << l;
    }
    let exec = w.exec();
    w.write64(c.inst.vdst as usize, &out, 2, exec);
    w.set_mask(c.inst.sdst as usize, mask & exec);
}

fn exchange<const L: usize>(w: &mut Wave<L>, d: usize, s: usize) {
    // A register beyond the allocation drops the whole instruction.
    if d >= w.v.len() || s >= w.v.len() {
        return;
    }
    let (a, b, e) = (w.v[d], w.v[s], w.exec());
    w.write32(d, &b, e);
    w.write32(s, &a, e);
}

fn swap<const L: usize>(w: &mut Wave<L>, c: &Code) {
    exchange(w, c.inst.vdst as usize, c.inst.src[0] as usize & 255);
}

fn swaprel<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let m0 = w.s[M0] as usize;
    exchange(w, c.inst.vdst as usize + (m0 >> 16 & 0x3ff), (c.inst.src[0] as usize & 255) + (m0 & 0x3ff));
}

/// Moves with M0 added to register numbers.
fn movrel<const L: usize>(w: &mut Wave<L>, c: &Code) {
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
        x = map.read(w.exec(), &x);
    }
    let write = written(w, c);
    w.write32((c.inst.vdst as usize).saturating_add(d), &x, write);
}

fn permlane<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let i = &c.inst;
    let src = w.lanes32(c.s[0]);
    let sel = w.s32(c.s[1]) as u64 | (w.s32(c.s[2]) as u64) << 32;
    let e = w.exec();
    let (fi, bc) = (i.mods.opsel & 1 != 0, i.mods.opsel & 2 != 0);
    let old = *w.vgpr(i.vdst as usize);
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
    w.write32(i.vdst as usize, &out, e);
}

/// In wave32 it does nothing.
fn permlane64<const L: usize>(w: &mut Wave<L>, c: &Code) {
    if L == 64 {
        let src = w.lanes32(c.s[0]);
        let out = std::array::from_fn(|l| src[(l ^ 32) % L]);
        let e = w.exec();
        w.write32(c.inst.vdst as usize, &out, e);
    }
}

fn mqsad<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let (a, b) = (source_wide(w, c, 0), source(w, c, 1));
    let exec = w.exec();
    let parts: [[u32; L]; 4] = std::array::from_fn(|k| {
        let add = match c.s[2] {
            Src::V(v) => *w.vgpr(v as usize + k),
            s => w.lanes32(s),
        };
        std::array::from_fn(|l| {
            let v = crate::ops::msad((a[l] >> (8 * k)) as u32, b[l]);
            if c.inst.mods.clamp { v.saturating_add(add[l]) } else { v.wrapping_add(add[l]) }
        })
    });
    for (k, p) in parts.iter().enumerate() {
        w.write32(c.inst.vdst as usize + k, p, exec);
    }
}

/// Scaled operand and whether the quotient needs scaling back. `x` is the operand, `b` the divisor, `a` the dividend.
fn div_scale32(x: u32, b: u32, a: u32) -> (u64, bool) {
    let (fb, fa) = (f(b), f(a));
    let (eb, ea) = (frexp(fb as f64).1, frexp(fa as f64).1);
    let denorm = |v: f64| v != 0.0 && v.abs() < f32::MIN_POSITIVE as f64;
    let scaled = |n| scale(F32, x as u64, n);
    let same = x as u64;
    if fa == 0.0 || fb == 0.0 {
        (NAN32 as u64, false)
    } else if ea - eb >= 96 {
        (if x == b { scaled(64) } else { same }, true)
    } else if denorm(fb as f64) {
        (scaled(64), false)
    } else if denorm(1.0 / fb as f64) && denorm(fa as f64 / fb as f64) {
        // The reciprocal would be flushed: only a smaller divisor gives the quotient times 2^64 that FMAS scales back.
        (if x == b { scaled(-64) } else { same }, true)
    } else if denorm(1.0 / fb as f64) {
        (scaled(-64), false)
    } else if denorm(fa as f64 / fb as f64) {
        (if x == a { scaled(64) } else { same }, true)
    } else if ea <= -103 {
        (scaled(64), false)
    } else {
        (same, false)
    }
}

fn div_scale64(x: u64, b: u64, a: u64) -> (u64, bool) {
    let (fb, fa) = (d(b), d(a));
    let (eb, ea) = (frexp(fb).1, frexp(fa).1);
    let denorm = |v: f64| v != 0.0 && v.abs() < f64::MIN_POSITIVE;
    let scaled = |n| scale(F64, x, n);
    if fa == 0.0 || fb == 0.0 {
        (NAN64, false)
    } else if ea - eb >= 768 {
        (if x == b { scaled(128) } else { x }, true)
    } else if denorm(fb) {
        (scaled(128), false)
    } else if denorm(1.0 / fb) && ea - eb < -1021 {
        (if x == b { scaled(-128) } else { x }, true)
    } else if denorm(1.0 / fb) {
        (scaled(-128), false)
    } else if ea - eb < -1021 {
        (if x == a { scaled(128) } else { x }, true)
    } else if ea <= -970 {
        (scaled(128), false)
    } else {
        (x, false)
    }
}

fn div_scale<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let single = c.inst.op == Op::V_DIV_SCALE_F32;
    if c.inst.vdst as usize + !single as usize >= w.v.len() {
        return;
    }
    let [x, b, a] = [0, 1, 2].map(|n| source_wide(w, c, n));
    let mut out = [0u64; L];
    let mut flag = 0u64;
    for l in 0..L {
        let (r, f) =
            if single { div_scale32(x[l] as u32, b[l] as u32, a[l] as u32) } else { div_scale64(x[l], b[l], a[l]) };
        out[l] = r;
        flag |= (f as u64) << l;
    }
    finish_wide(w.mode, c, &mut out);
    let exec = w.exec();
    w.write64(c.inst.vdst as usize, &out, 2 - single as u8, exec);
    w.set_mask(c.inst.sdst as usize, flag & exec);
}

/// The last step of a division: where VCC says so the result is scaled by 2^64 or back, by the size of the addend, and
/// rounded once.
fn div_fmas32<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let [a, b, k] = [0, 1, 2].map(|n| source(w, c, n));
    let (vcc, mode) = (w.mask(VCC), w.mode);
    let mut out: [u32; L] = std::array::from_fn(|l| {
        if vcc >> l & 1 != 0 {
            let n = if f(k[l]).abs() >= 2.0 { 64 } else { -64 };
            let r = Exact(mode, 0).r32();
            soft::fma(F32, r, a[l] as u64, b[l] as u64, k[l] as u64, n) as u32
        } else if mode & 3 != 0 {
            Exact(mode, 0).fma32(a[l], b[l], k[l])
        } else {
            Near(mode, 0).fma32(a[l], b[l], k[l])
        }
    });
    finish(mode, c, &mut out);
    let exec = w.exec();
    w.write32(c.inst.vdst as usize, &out, exec);
}

fn div_fmas64<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let [a, b, k] = [0, 1, 2].map(|n| source_wide(w, c, n));
    let (vcc, mode) = (w.mask(VCC), w.mode);
    let mut out: [u64; L] = std::array::from_fn(|l| {
        if vcc >> l & 1 != 0 {
            let n = if d(k[l]).abs() >= 2.0 { 128 } else { -128 };
            soft::fma(F64, Exact(mode, 0).r64(), a[l], b[l], k[l], n)
        } else if mode & 12 != 0 {
            Exact(mode, 0).fma64(a[l], b[l], k[l])
        } else {
            Near(mode, 0).fma64(a[l], b[l], k[l])
        }
    });
    finish_wide(mode, c, &mut out);
    let exec = w.exec();
    w.write64(c.inst.vdst as usize, &out, 2, exec);
}

/// Interpolation steps: fused multiply-adds that read the parameters from fixed lanes of each quad.
fn interp<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let i = &c.inst;
    let first = matches!(i.op, Op::V_INTERP_P10_F32 | Op::V_INTERP_P10_F16_F32 | Op::V_INTERP_P10_RTZ_F16_F32);
    let halves = !matches!(i.op, Op::V_INTERP_P10_F32 | Op::V_INTERP_P2_F32);
    let rtz = matches!(i.op, Op::V_INTERP_P10_RTZ_F16_F32 | Op::V_INTERP_P2_RTZ_F16_F32);
    let mode = if rtz { w.mode | 15 } else { w.mode };
    let operand = |k: usize, lane: Option<usize>, half: bool| -> [u32; L] {
        let x = w.lanes32(c.s[k]);
        std::array::from_fn(|l| {
            let v = x[lane.map_or(l, |n| (l & !3) + n)];
            let v = match half {
                true if i.mods.opsel >> k & 1 != 0 => h2f(v >> 16).to_bits(),
                true => h2f(v).to_bits(),
                false => v,
            };
            let v = if mode >> 4 & 1 == 0 { flush32(v) } else { v };
            if i.mods.neg >> k & 1 != 0 { v ^ 0x8000_0000 } else { v }
        })
    };
    let a = operand(0, Some(if first { 1 } else { 2 }), halves);
    let b = operand(1, None, false);
    let k = operand(2, first.then_some(0), halves && first);
    let fp = Exact(mode, 0);
    let mut out: [u32; L] = std::array::from_fn(|l| fp.fma32(a[l], b[l], k[l]));
    let narrow = halves && !first;
    if narrow {
        out = out.map(|v| fp.half(v));
    }
    finish(w.mode, c, &mut out);
    let exec = w.exec();
    if narrow {
        write16(w, i.vdst as usize, i.mods.opsel & 8 != 0 || c.alu().half == Part::High, &out, exec);
    } else {
        w.write32(i.vdst as usize, &out, exec);
    }
}
