//! The ops that make up inner loops, compiled once for each SIMD level of the host.
//!
//! Each op is one expression on one lane; the lane loop around it is what LLVM vectorises.
use crate::fp::{f2h, flush32, h2f, max32, min32};
use crate::program::{Cmp, CmpKind, Code, Src};
use crate::wave::{EXEC, VCC, Wave};
use isa::row::{R_MODE, TIED};
use isa::{Format, Op};

#[inline(always)]
fn f(x: u32) -> f32 {
    f32::from_bits(x)
}

#[inline(always)]
fn s24(x: u32) -> i32 {
    (x << 8) as i32 >> 8
}

/// Calls `$m!` with every hot op: `Op => |a, b, c| lane expression on u32`.
macro_rules! hot_ops {
    ($m:ident) => {
        $m! {
            V_MOV_B32 => |a, _b, _c| a;
            V_ADD_F32 => |a, b, _c| (f(a) + f(b)).to_bits();
            V_SUB_F32 => |a, b, _c| (f(a) - f(b)).to_bits();
            V_SUBREV_F32 => |a, b, _c| (f(b) - f(a)).to_bits();
            V_MUL_F32 => |a, b, _c| (f(a) * f(b)).to_bits();
            V_FMA_F32 => |a, b, c| f(a).mul_add(f(b), f(c)).to_bits();
            V_FMAC_F32 => |a, b, c| f(a).mul_add(f(b), f(c)).to_bits();
            V_FMAAK_F32 => |a, b, c| f(a).mul_add(f(b), f(c)).to_bits();
            V_FMAMK_F32 => |a, b, c| f(a).mul_add(f(c), f(b)).to_bits();
            V_MIN_F32 => |a, b, _c| min32(a, b);
            V_MAX_F32 => |a, b, _c| max32(a, b);
            V_CVT_F32_I32 => |a, _b, _c| (a as i32 as f32).to_bits();
            V_CVT_F32_U32 => |a, _b, _c| (a as f32).to_bits();
            V_CVT_I32_F32 => |a, _b, _c| f(a) as i32 as u32;
            V_CVT_U32_F32 => |a, _b, _c| f(a) as u32;
            V_ADD_NC_U32 => |a, b, _c| a.wrapping_add(b);
            V_SUB_NC_U32 => |a, b, _c| a.wrapping_sub(b);
            V_SUBREV_NC_U32 => |a, b, _c| b.wrapping_sub(a);
            V_ADD_NC_I32 => |a, b, _c| a.wrapping_add(b);
            V_SUB_NC_I32 => |a, b, _c| a.wrapping_sub(b);
            V_AND_B32 => |a, b, _c| a & b;
            V_OR_B32 => |a, b, _c| a | b;
            V_XOR_B32 => |a, b, _c| a ^ b;
            V_XNOR_B32 => |a, b, _c| !(a ^ b);
            V_NOT_B32 => |a, _b, _c| !a;
            V_LSHLREV_B32 => |a, b, _c| b << (a & 31);
            V_LSHRREV_B32 => |a, b, _c| b >> (a & 31);
            V_ASHRREV_I32 => |a, b, _c| ((b as i32) >> (a & 31)) as u32;
            V_MIN_I32 => |a, b, _c| (a as i32).min(b as i32) as u32;
            V_MAX_I32 => |a, b, _c| (a as i32).max(b as i32) as u32;
            V_MIN_U32 => |a, b, _c| a.min(b);
            V_MAX_U32 => |a, b, _c| a.max(b);
            V_MUL_LO_U32 => |a, b, _c| a.wrapping_mul(b);
            V_MUL_HI_U32 => |a, b, _c| ((a as u64 * b as u64) >> 32) as u32;
            V_MUL_HI_I32 => |a, b, _c| ((a as i32 as i64 * b as i32 as i64) >> 32) as u32;
            V_MUL_U32_U24 => |a, b, _c| (a & 0xff_ffff).wrapping_mul(b & 0xff_ffff);
            V_MUL_I32_I24 => |a, b, _c| s24(a).wrapping_mul(s24(b)) as u32;
            V_MAD_U32_U24 => |a, b, c| (a & 0xff_ffff).wrapping_mul(b & 0xff_ffff).wrapping_add(c);
            V_MAD_I32_I24 => |a, b, c| (s24(a).wrapping_mul(s24(b)) as u32).wrapping_add(c);
            V_ADD3_U32 => |a, b, c| a.wrapping_add(b).wrapping_add(c);
            V_LSHL_ADD_U32 => |a, b, c| (a << (b & 31)).wrapping_add(c);
            V_ADD_LSHL_U32 => |a, b, c| a.wrapping_add(b) << (c & 31);
            V_LSHL_OR_B32 => |a, b, c| (a << (b & 31)) | c;
            V_AND_OR_B32 => |a, b, c| (a & b) | c;
            V_OR3_B32 => |a, b, c| a | b | c;
            V_XOR3_B32 => |a, b, c| a ^ b ^ c;
            V_XAD_U32 => |a, b, c| (a ^ b).wrapping_add(c);
            V_BFI_B32 => |a, b, c| (a & b) | (!a & c);
            V_BFE_U32 => |a, b, c| {
                let v = a >> (b & 31);
                v & ((1u32 << (c & 31)) - 1)
            };
            V_ALIGNBIT_B32 => |a, b, c| ((((a as u64) << 32) | b as u64) >> (c & 31)) as u32;
            V_CVT_F32_F16 => |a, _b, _c| h2f(a as u16).to_bits();
            V_CVT_F16_F32 => |a, _b, _c| f2h(f(a)) as u32;
        }
    };
}

macro_rules! list {
    ($($op:ident => |$a:tt, $b:tt, $c:tt| $e:expr;)*) => {
        /// One lane of a hot op.
        pub(crate) fn lane(op: Op, a: u32, b: u32, c: u32) -> Option<u32> {
            Some(match op {
                $(Op::$op => { let ($a, $b, $c) = (a, b, c); $e })*
                _ => return None,
            })
        }

        /// All lanes of a hot op.
        #[inline(always)]
        fn compute<const L: usize>(op: Op, a: &[u32; L], b: &[u32; L], c: &[u32; L]) -> [u32; L] {
            let mut o = [0u32; L];
            match op {
                $(Op::$op => for i in 0..L {
                    let ($a, $b, $c) = (a[i], b[i], c[i]);
                    o[i] = $e;
                })*
                _ => {}
            }
            o
        }
    };
}
hot_ops!(list);

/// Has a vector path; half-precision conversions write half a register and keep to the other one.
pub(crate) fn is_hot(op: Op) -> bool {
    op == Op::V_CNDMASK_B32 || !matches!(op, Op::V_CVT_F16_F32 | Op::V_CVT_F32_F16) && lane(op, 1, 1, 1).is_some()
}

#[inline(always)]
fn modify<const L: usize>(x: &mut [u32; L], neg: bool, abs: bool, flush: bool) {
    let keep = if abs { 0x7fff_ffff } else { !0 };
    let flip = if neg { 0x8000_0000 } else { 0 };
    for v in x.iter_mut() {
        *v = (*v & keep) ^ flip;
    }
    if flush {
        for v in x.iter_mut() {
            *v = flush32(*v);
        }
    }
}

#[inline(always)]
fn select<const L: usize>(mask: u64, a: &[u32; L], b: &[u32; L]) -> [u32; L] {
    let mut o = [0; L];
    for i in 0..L {
        o[i] = if mask >> i & 1 != 0 { b[i] } else { a[i] };
    }
    o
}

#[inline(always)]
fn single<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let i = &c.inst;
    let row = i.row();
    let mut a = w.lanes32(c.s[0]);
    let mut b = w.lanes32(c.s[1]);
    let float = row.implicit & R_MODE != 0;
    let denorm = w.mode >> 4 & 3;
    let m = &i.mods;
    let (fin, fout) = (float && denorm & 1 == 0, float && denorm & 2 == 0);
    let plain = m.neg | m.abs == 0 && !fin;
    let exec = w.exec();
    let vdst = i.vdst as usize;
    if i.op == Op::V_CNDMASK_B32 {
        if !plain {
            modify(&mut a, m.neg & 1 != 0, m.abs & 1 != 0, false);
            modify(&mut b, m.neg & 2 != 0, m.abs & 2 != 0, false);
        }
        let mask = if row.format == Format::Vop2 { w.mask(VCC) } else { w.mask(i.src[2] as usize) };
        let o = select(mask, &a, &b);
        return w.write32(vdst, &o, exec);
    }
    let mut d = if row.has(TIED) { *w.vgpr(vdst) } else { w.lanes32(c.s[2]) };
    // Integer sources keep their bits: the conversions from integers have no modifiers.
    let from_int = matches!(i.op, Op::V_CVT_F32_I32 | Op::V_CVT_F32_U32);
    if !plain && !from_int {
        modify(&mut a, m.neg & 1 != 0, m.abs & 1 != 0, fin);
        modify(&mut b, m.neg & 2 != 0, m.abs & 2 != 0, fin);
        modify(&mut d, m.neg & 4 != 0, m.abs & 4 != 0, fin);
    }
    let mut o = compute(i.op, &a, &b, &d);
    if fout && !matches!(i.op, Op::V_CVT_I32_F32 | Op::V_CVT_U32_F32) {
        modify(&mut o, false, false, true);
    }
    w.write32(vdst, &o, exec);
}

/// One half of a VOPD pair, before anything is written.
#[inline(always)]
fn half<const L: usize>(w: &Wave<L>, op: Op, s: [Src; 2], vdst: u8, k: u32) -> [u32; L] {
    let get = |s: Src| match s {
        // Beyond the allocation VOPD reads the register's number modulo four.
        Src::V(k) => *w.v.get(k as usize).unwrap_or(w.vgpr(k as usize % 4)),
        s => w.lanes32(s),
    };
    let mut a = get(s[0]);
    let mut b = get(s[1]);
    if op == Op::V_CNDMASK_B32 {
        return select(w.mask(VCC), &a, &b);
    }
    let mut d = match op {
        Op::V_FMAC_F32 | Op::V_DOT2ACC_F32_F16 => *w.vgpr(vdst as usize),
        _ => [k; L],
    };
    let float = !matches!(op, Op::V_MOV_B32 | Op::V_ADD_NC_U32 | Op::V_LSHLREV_B32 | Op::V_AND_B32);
    let denorm = w.mode >> 4 & 3;
    if float && denorm & 1 == 0 {
        for x in [&mut a, &mut b, &mut d] {
            modify(x, false, false, true);
        }
    }
    let mut o = match op {
        Op::V_MUL_DX9_ZERO_F32 => {
            let mut o = [0; L];
            for i in 0..L {
                o[i] = crate::valu::mul_dx9(a[i], b[i]);
            }
            o
        }
        Op::V_DOT2ACC_F32_F16 => {
            let mut o = [0; L];
            for i in 0..L {
                o[i] = crate::valu::dot2_f32_f16(a[i], b[i], d[i]);
            }
            o
        }
        _ => compute(op, &a, &b, &d),
    };
    if float && denorm & 2 == 0 {
        modify(&mut o, false, false, true);
    }
    o
}

/// Does a VOPD half have semantics.
pub(crate) fn half_known(op: Op) -> bool {
    is_hot(op) || matches!(op, Op::V_MUL_DX9_ZERO_F32 | Op::V_DOT2ACC_F32_F16)
}

#[inline(always)]
fn pair<const L: usize>(w: &mut Wave<L>, c: &Code) {
    let i = &c.inst;
    let Some(y) = i.y else { return };
    let x = half(w, i.op, [c.s[0], c.s[1]], i.vdst, i.literal);
    let o = half(w, y.op, c.y, y.vdst, i.literal);
    let exec = w.exec();
    w.write32(i.vdst as usize, &x, exec);
    w.write32(y.vdst as usize, &o, exec);
}

/// 32-bit compares: one bit a lane, inactive lanes 0.
#[inline(always)]
fn compare<const L: usize>(w: &mut Wave<L>, c: &Code, cmp: Cmp) {
    let i = &c.inst;
    let (mut a, mut b) = (w.lanes32(c.s[0]), w.lanes32(c.s[1]));
    let m = &i.mods;
    let flush = matches!(cmp.kind, CmpKind::F(_)) && w.mode >> 4 & 1 == 0;
    if m.neg | m.abs != 0 || flush {
        modify(&mut a, m.neg & 1 != 0, m.abs & 1 != 0, flush);
        modify(&mut b, m.neg & 2 != 0, m.abs & 2 != 0, flush);
    }
    let t = cmp.truth as u32;
    let (lt, eq, gt, un) = (t & 1, t >> 1 & 1, t >> 2 & 1, t >> 3 & 1);
    let mut hit = [0u32; L];
    match cmp.kind {
        CmpKind::F(_) => {
            for k in 0..L {
                let (x, y) = (f(a[k]), f(b[k]));
                hit[k] = (x < y) as u32 & lt
                    | (x == y) as u32 & eq
                    | (x > y) as u32 & gt
                    | (x.is_nan() || y.is_nan()) as u32 & un;
            }
        }
        CmpKind::I(_) => {
            for k in 0..L {
                let (x, y) = (a[k] as i32, b[k] as i32);
                hit[k] = (x < y) as u32 & lt | (x == y) as u32 & eq | (x > y) as u32 & gt;
            }
        }
        _ => {
            for k in 0..L {
                let (x, y) = (a[k], b[k]);
                hit[k] = (x < y) as u32 & lt | (x == y) as u32 & eq | (x > y) as u32 & gt;
            }
        }
    }
    let mut mask = 0u64;
    for (k, h) in hit.iter().enumerate() {
        mask |= (*h as u64) << k;
    }
    mask &= w.exec();
    let to = if cmp.to_exec {
        EXEC
    } else if i.format() == Format::Vopc {
        VCC
    } else {
        i.sdst as usize
    };
    w.set_mask(to, mask);
}

#[inline(always)]
fn body<const L: usize>(w: &mut Wave<L>, c: &Code) {
    if let Some(cmp) = c.cmp {
        compare(w, c, cmp);
    } else if c.inst.y.is_some() {
        pair(w, c);
    } else {
        single(w, c);
    }
}

/// SIMD level of the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The best level this host has; `SPARKLE_EMU_SIMD` may ask for `portable` or `avx2`.
    pub(crate) fn detect() -> Level {
        #[cfg(target_arch = "x86_64")]
        {
            let asked = std::env::var("SPARKLE_EMU_SIMD").unwrap_or_default();
            if asked == "portable" {
                return Level::Portable;
            }
            let avx2 =
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw");
            if avx2 && avx512 && asked != "avx2" {
                return Level::Avx512;
            }
            if avx2 {
                return Level::Avx2;
            }
        }
        Level::Portable
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c")]
fn body_avx512<const L: usize>(w: &mut Wave<L>, c: &Code) {
    body(w, c);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn body_avx2<const L: usize>(w: &mut Wave<L>, c: &Code) {
    body(w, c);
}

#[inline(never)]
fn body_portable<const L: usize>(w: &mut Wave<L>, c: &Code) {
    body(w, c);
}

/// Runs one hot op or VOPD pair.
#[allow(unsafe_code)]
#[inline(always)]
pub(crate) fn run<const L: usize>(level: Level, w: &mut Wave<L>, c: &Code) {
    match level {
        Level::Portable => body_portable(w, c),
        // SAFETY: `Level::detect` returns this level only where the host reports every feature the function enables.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { body_avx2(w, c) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { body_avx512(w, c) },
    }
}
