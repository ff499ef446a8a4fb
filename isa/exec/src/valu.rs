//! Vector ALU, one lane at a time: every op without a vector path, and every modifier.
use crate::TrapKind;
use crate::fast;
use crate::fp::*;
use crate::program::{Cmp, CmpKind, Code, Float};
use crate::special::special;
use crate::wave::{EXEC, VCC, Wave};
use isa::row::{Class, R_MODE, Slot, TIED, Ty};
use isa::{Dpp, Format, Op};

/// DX9 rules: 0 times anything is 0.
#[inline(always)]
pub(crate) fn mul_dx9(a: u32, b: u32) -> u32 {
    if a << 1 == 0 || b << 1 == 0 { 0 } else { (f32::from_bits(a) * f32::from_bits(b)).to_bits() }
}

/// a.lo * b.lo + a.hi * b.hi + c, products exact in f32, summed low first.
#[inline(always)]
pub(crate) fn dot2_f32_f16(a: u32, b: u32, c: u32) -> u32 {
    let lo = h2f(a as u16).mul_add(h2f(b as u16), f32::from_bits(c));
    h2f((a >> 16) as u16).mul_add(h2f((b >> 16) as u16), lo).to_bits()
}

/// Type of the result, from the mnemonic: `v_cvt_f16_f32` gives f16.
pub(crate) fn result_type(name: &str) -> &str {
    let mut parts = name.split('_');
    match name {
        n if n.starts_with("v_cvt_") => parts.nth(2).unwrap_or(""),
        n if n.starts_with("v_mad_i32_i16") || n.starts_with("v_mad_u32_u16") || n.starts_with("v_pack") => "b32",
        n if n.starts_with("v_sad") || n.starts_with("v_dot2_f32") || n.starts_with("v_pk") => "b32",
        n if n.starts_with("v_frexp_exp_i16") => "i16",
        n if n.starts_with("v_frexp_exp_i32") => "i32",
        n if n.starts_with("v_dot2_f16") || n.starts_with("v_fma_mixlo") => "f16",
        n if n.starts_with("v_dot2_bf16") => "b16",
        _ => parts.next_back().unwrap_or(""),
    }
}

fn is16(t: &str) -> bool {
    matches!(t, "f16" | "i16" | "u16" | "b16")
}

/// What the general path needs to know of the operands.
struct Shape {
    n: [u8; 3],
    half: [bool; 3],
    dst_n: u8,
    dst16: bool,
    dst_float: Float,
}

fn shape(c: &Code) -> Shape {
    let row = c.inst.row();
    let slots = [Slot::Src0, Slot::Src1, Slot::Src2];
    let ty = slots.map(|s| row.operand(s).map_or(Ty::B32, |o| o.ty));
    let result = result_type(row.name);
    Shape {
        n: ty.map(|t| t.dwords(false).min(2)),
        half: ty.map(|t| row.format != Format::Vop3p && matches!(t, Ty::F16 | Ty::B16 | Ty::BF16)),
        dst_n: row.operand(Slot::Vdst).map_or(1, |o| o.ty.dwords(false)),
        dst16: row.format != Format::Vop3p && is16(result),
        dst_float: match result {
            "f16" => Float::F16,
            "f32" => Float::F32,
            "f64" => Float::F64,
            _ => Float::None,
        },
    }
}

/// Sources of all lanes with lane crossing and modifiers applied, and the lanes to write.
pub(crate) fn sources<const L: usize>(w: &Wave<L>, c: &Code) -> ([[u64; L]; 3], u64) {
    let i = &c.inst;
    let row = i.row();
    let sh = shape(c);
    let mut write = w.exec();
    let e32 = matches!(row.format, Format::Vop1 | Format::Vop2 | Format::Vopc);
    let mut out = [[0u64; L]; 3];
    for k in 0..3 {
        let slot = [Slot::Src0, Slot::Src1, Slot::Src2][k];
        let operand = row.operand(slot);
        let tied = k == 2 && row.has(TIED) && operand.is_none();
        let constant = k == 2 && row.operand(Slot::Imm).is_some();
        if operand.is_none() && !tied && !constant || operand.is_some_and(|o| o.ty == Ty::Mask) {
            continue;
        }
        let mut src = if tied { crate::program::Src::V(i.vdst) } else { c.s[k] };
        let half = if tied { sh.dst16 } else { sh.half[k] };
        let mut high = i.mods.opsel >> k & 1 != 0 && row.format == Format::Vop3;
        if tied && row.format == Format::Vop3 {
            high = i.mods.opsel >> 3 & 1 != 0;
        }
        if half
            && e32
            && let crate::program::Src::V(v) = src
            && v >= 128
        {
            src = crate::program::Src::V(v - 128);
            high = true;
        }
        let mut x = w.lanes64(src, if tied { sh.dst_n } else { sh.n[k] });
        if k == 0 && i.dpp != Dpp::None {
            let (from, mask) = w.dpp(i.dpp);
            let all = x;
            x = std::array::from_fn(|l| from[l].map_or(0, |f| all[f]));
            write = mask;
        }
        let packed = row.format == Format::Vop3p;
        let float = row.implicit & R_MODE != 0;
        let flush = |v: u64| match c.float[k] {
            Float::F32 if float && w.mode >> 4 & 1 == 0 => flush32(v as u32) as u64,
            Float::F16 if float && w.mode >> 6 & 1 == 0 => flush16(v as u32) as u64,
            Float::F64 if float && w.mode >> 6 & 1 == 0 => flush64(v),
            _ => v,
        };
        let mods = !packed && (i.mods.neg | i.mods.abs) >> k & 1 != 0;
        let from_int = !matches!(operand.map(|o| o.ty), Some(Ty::F16 | Ty::F32 | Ty::F64))
            && operand.is_some_and(|o| o.class != Class::V);
        for v in &mut x {
            if half {
                *v = if high { *v >> 16 } else { *v } & 0xffff;
            }
            if mods {
                *v = w.modify(c, k, *v);
            }
            if float && !packed && !from_int {
                *v = flush(*v);
            }
        }
        out[k] = x;
    }
    (out, write)
}

/// Output modifiers of one result.
fn finish(w_mode: u32, c: &Code, kind: Float, r: u64) -> Result<u64, TrapKind> {
    let m = &c.inst.mods;
    let float = c.inst.row().implicit & R_MODE != 0;
    let dx10 = w_mode >> 8 & 1 != 0;
    Ok(match kind {
        Float::F32 => {
            let mut x = r as u32;
            if float && w_mode >> 5 & 1 == 0 {
                x = flush32(x);
            }
            let scale = [1.0, 2.0, 4.0, 0.5][m.omod as usize & 3];
            if m.omod != 0 && w_mode >> 5 & 1 == 0 {
                x = (f32::from_bits(x) * scale).to_bits();
            }
            if m.clamp {
                x = clamp(f32::from_bits(x), dx10).to_bits();
            }
            x as u64
        }
        Float::F16 => {
            let mut x = r as u32;
            if float && w_mode >> 7 & 1 == 0 {
                x = flush16(x);
            }
            if m.omod != 0 && w_mode >> 7 & 1 == 0 {
                x = f2h(h2f(x as u16) * [1.0, 2.0, 4.0, 0.5][m.omod as usize & 3]) as u32;
            }
            if m.clamp {
                x = f2h(clamp(h2f(x as u16), dx10)) as u32;
            }
            x as u64
        }
        Float::F64 => {
            let mut x = r;
            if float && w_mode >> 7 & 1 == 0 {
                x = flush64(x);
            }
            if m.omod != 0 && w_mode >> 7 & 1 == 0 {
                x = (f64::from_bits(x) * [1.0, 2.0, 4.0, 0.5][m.omod as usize & 3]).to_bits();
            }
            if m.clamp {
                let v = f64::from_bits(x);
                x = if v.is_nan() { if dx10 { 0 } else { x } } else { (v.clamp(0.0, 1.0) + 0.0).to_bits() };
            }
            x
        }
        Float::None => r,
    })
}

pub(crate) fn clamp(x: f32, dx10: bool) -> f32 {
    if x.is_nan() { if dx10 { 0.0 } else { x } } else { x.clamp(0.0, 1.0) + 0.0 }
}

/// Integer results that CLAMP saturates.
fn saturate(op: Op, a: u64, b: u64, c: u64) -> Option<u64> {
    let (x, y, z) = (a as u32, b as u32, c as u32);
    Some(match op {
        Op::V_ADD_NC_U32 => x.saturating_add(y),
        Op::V_SUB_NC_U32 => x.saturating_sub(y),
        Op::V_SUBREV_NC_U32 => y.saturating_sub(x),
        Op::V_ADD_NC_I32 => (x as i32).saturating_add(y as i32) as u32,
        Op::V_SUB_NC_I32 => (x as i32).saturating_sub(y as i32) as u32,
        Op::V_ADD_NC_U16 => (x as u16).saturating_add(y as u16) as u32,
        Op::V_SUB_NC_U16 => (x as u16).saturating_sub(y as u16) as u32,
        Op::V_ADD_NC_I16 => (x as i16).saturating_add(y as i16) as u16 as u32,
        Op::V_SUB_NC_I16 => (x as i16).saturating_sub(y as i16) as u16 as u32,
        Op::V_MAD_U32_U24 => {
            ((x & 0xff_ffff) as u64 * (y & 0xff_ffff) as u64).saturating_add(z as u64).min(u32::MAX as u64) as u32
        }
        Op::V_MAD_U32_U16 => ((x & 0xffff) * (y & 0xffff)).saturating_add(z),
        Op::V_MAD_U16 => ((x & 0xffff) as u64 * (y & 0xffff) as u64 + (z & 0xffff) as u64).min(0xffff) as u32,
        _ => return None,
    } as u64)
}

pub(crate) fn run<const L: usize>(w: &mut Wave<L>, c: &Code) -> Result<(), TrapKind> {
    let i = &c.inst;
    let row = i.row();
    if w.mode & 15 != 0 && row.implicit & R_MODE != 0 {
        return Err(TrapKind::NotImplemented {
            what: format!("{} in a rounding mode other than nearest even", row.name),
        });
    }
    if let Some(cmp) = c.cmp {
        return compare(w, c, cmp);
    }
    if special(w, c)? {
        return Ok(());
    }
    let sh = shape(c);
    let (s, write) = sources(w, c);
    let mut out = [0u64; L];
    let int_clamp = i.mods.clamp && sh.dst_float == Float::None;
    for l in 0..L {
        if write >> l & 1 == 0 {
            continue;
        }
        let (a, b, d) = (s[0][l], s[1][l], s[2][l]);
        let r = if int_clamp { saturate(i.op, a, b, d) } else { eval(i.op, a, b, d) };
        let Some(r) = r else {
            return Err(TrapKind::NotImplemented { what: row.name.into() });
        };
        out[l] = finish(w.mode, c, sh.dst_float, r)?;
    }
    if sh.dst16 {
        let e32 = matches!(row.format, Format::Vop1 | Format::Vop2);
        let high = if e32 { i.vdst >= 128 } else { i.mods.opsel >> 3 & 1 != 0 };
        let k = if e32 { i.vdst & 127 } else { i.vdst } as usize;
        write16(w, k, high, &out, write);
    } else {
        w.write64(i.vdst as usize, &out, sh.dst_n, write);
    }
    Ok(())
}

/// Writes one half of a register, keeping the other.
pub(crate) fn write16<const L: usize>(w: &mut Wave<L>, k: usize, high: bool, out: &[u64; L], mask: u64) {
    let Some(d) = w.vgpr_mut(k) else { return };
    for l in 0..L {
        if mask >> l & 1 != 0 {
            let x = out[l] as u32 & 0xffff;
            d[l] = if high { d[l] & 0xffff | x << 16 } else { d[l] & 0xffff_0000 | x };
        }
    }
}

fn ordering(kind: CmpKind, a: u64, b: u64) -> u8 {
    use std::cmp::Ordering::*;
    let o = match kind {
        CmpKind::F(2) => h2f(a as u16).partial_cmp(&h2f(b as u16)),
        CmpKind::F(4) => f32::from_bits(a as u32).partial_cmp(&f32::from_bits(b as u32)),
        CmpKind::F(_) => f64::from_bits(a).partial_cmp(&f64::from_bits(b)),
        CmpKind::I(2) => Some((a as i16).cmp(&(b as i16))),
        CmpKind::I(4) => Some((a as i32).cmp(&(b as i32))),
        CmpKind::I(_) => Some((a as i64).cmp(&(b as i64))),
        CmpKind::U(2) => Some((a as u16).cmp(&(b as u16))),
        CmpKind::U(4) => Some((a as u32).cmp(&(b as u32))),
        CmpKind::U(_) => Some(a.cmp(&b)),
        CmpKind::Class(_) => None,
    };
    match o {
        Some(Less) => 1,
        Some(Equal) => 2,
        Some(Greater) => 4,
        None => 8,
    }
}

/// Bit of `v_cmp_class` that a number belongs to.
fn class_bit(bytes: u8, x: u64) -> u32 {
    let (exp_bits, man_bits) = match bytes {
        2 => (5, 10),
        4 => (8, 23),
        _ => (11, 52),
    };
    let sign = x >> (exp_bits + man_bits) & 1 != 0;
    let exp = x >> man_bits & ((1 << exp_bits) - 1);
    let man = x & ((1u64 << man_bits) - 1);
    let quiet = man >> (man_bits - 1) & 1 != 0;
    let max = (1 << exp_bits) - 1;
    match (exp, man) {
        (e, 0) if e == max => {
            if sign {
                2
            } else {
                9
            }
        }
        (e, _) if e == max => quiet as u32,
        (0, 0) => {
            if sign {
                5
            } else {
                6
            }
        }
        (0, _) => {
            if sign {
                4
            } else {
                7
            }
        }
        _ => {
            if sign {
                3
            } else {
                8
            }
        }
    }
}

#[allow(clippy::needless_range_loop)]
fn compare<const L: usize>(w: &mut Wave<L>, c: &Code, cmp: Cmp) -> Result<(), TrapKind> {
    let i = &c.inst;
    let (s, write) = sources(w, c);
    let mut m = 0u64;
    for l in 0..L {
        let hit = match cmp.kind {
            CmpKind::Class(bytes) => s[1][l] as u32 >> class_bit(bytes, s[0][l]) & 1 != 0,
            kind => ordering(kind, s[0][l], s[1][l]) & cmp.truth != 0,
        };
        m |= (hit as u64) << l;
    }
    m &= write;
    if cmp.to_exec {
        w.set_mask(EXEC, m);
    } else if i.format() == Format::Vopc {
        w.set_mask(VCC, m);
    } else {
        w.set_mask(i.sdst as usize, m);
    }
    Ok(())
}

/// Lane expression of every op that maps sources to one result; None where there is none.
pub(crate) fn eval(op: Op, a: u64, b: u64, c: u64) -> Option<u64> {
    if let Some(r) = fast::lane(op, a as u32, b as u32, c as u32) {
        return Some(r as u64);
    }
    let (x, y, z) = (a as u32, b as u32, c as u32);
    let (f, g, h) = (f32::from_bits(x), f32::from_bits(y), f32::from_bits(z));
    let (fa, fb, fc) = (f64::from_bits(a), f64::from_bits(b), f64::from_bits(c));
    let (ha, hb, hc) = (h2f(x as u16), h2f(y as u16), h2f(z as u16));
    let s = |v: f32| Some(v.to_bits() as u64);
    let d = |v: f64| Some(v.to_bits());
    let h16 = |v: f32| Some(f2h(v) as u64);
    let u = |v: u32| Some(v as u64);
    let u16r = |v: u32| Some((v & 0xffff) as u64);
    let (xi, yi, zi) = (x as i32, y as i32, z as i32);
    let (xs, ys, zs) = (x as i16, y as i16, z as i16);
    let flushed = |v: f32| f32::from_bits(flush32(v.to_bits()));
    let med = |a: u32, b: u32, c: u32| {
        // Median of three by the manual: drop the largest, take the larger of the rest.
        let m = max32(max32(a, b), c);
        if f32::from_bits(a).is_nan() || f32::from_bits(b).is_nan() || f32::from_bits(c).is_nan() {
            min32(min32(a, b), c)
        } else if m == a {
            max32(b, c)
        } else if m == b {
            max32(a, c)
        } else {
            max32(a, b)
        }
    };
    match op {
        // f32
        Op::V_MUL_DX9_ZERO_F32 => u(mul_dx9(x, y)),
        Op::V_FMA_DX9_ZERO_F32 | Op::V_FMAC_DX9_ZERO_F32 => {
            s(if x << 1 == 0 || y << 1 == 0 { h + 0.0 } else { f.mul_add(g, h) })
        }
        Op::V_RCP_F32 | Op::V_RCP_IFLAG_F32 => s(flushed(1.0 / flushed(f))),
        Op::V_RSQ_F32 => s((1.0 / (flushed(f) as f64).sqrt()) as f32),
        Op::V_SQRT_F32 => s(flushed(f).sqrt()),
        Op::V_EXP_F32 => s(flushed((flushed(f) as f64).exp2() as f32)),
        Op::V_LOG_F32 => s((flushed(f) as f64).log2() as f32),
        Op::V_SIN_F32 => s((f as f64 * std::f64::consts::TAU).sin() as f32),
        Op::V_COS_F32 => s((f as f64 * std::f64::consts::TAU).cos() as f32),
        Op::V_FRACT_F32 => s((f - f.floor()).min(f32::from_bits(0x3f7f_ffff))),
        Op::V_TRUNC_F32 => s(f.trunc()),
        Op::V_CEIL_F32 => s(f.ceil()),
        Op::V_FLOOR_F32 => s(f.floor()),
        Op::V_RNDNE_F32 => s(f.round_ties_even()),
        Op::V_LDEXP_F32 => s(scale32(f, yi)),
        Op::V_FREXP_MANT_F32 => s(frexp(f as f64).0 as f32),
        Op::V_FREXP_EXP_I32_F32 => u(frexp(f as f64).1 as u32),
        Op::V_MIN3_F32 => u(min32(min32(x, y), z)),
        Op::V_MAX3_F32 => u(max32(max32(x, y), z)),
        Op::V_MED3_F32 => u(med(x, y, z)),
        Op::V_MINMAX_F32 => u(max32(min32(x, y), z)),
        Op::V_MAXMIN_F32 => u(min32(max32(x, y), z)),
        Op::V_MULLIT_F32 => None,
        // conversions
        Op::V_CVT_F64_F32 => d(f as f64),
        Op::V_CVT_F64_I32 => d(xi as f64),
        Op::V_CVT_F64_U32 => d(x as f64),
        Op::V_CVT_F32_F64 => s(fa as f32),
        Op::V_CVT_I32_F64 => u(fa as i32 as u32),
        Op::V_CVT_U32_F64 => u(fa as u32),
        Op::V_CVT_NEAREST_I32_F32 => u((f + 0.5).floor() as i32 as u32),
        Op::V_CVT_FLOOR_I32_F32 => u(f.floor() as i32 as u32),
        Op::V_CVT_F32_UBYTE0 => s((x & 0xff) as f32),
        Op::V_CVT_F32_UBYTE1 => s((x >> 8 & 0xff) as f32),
        Op::V_CVT_F32_UBYTE2 => s((x >> 16 & 0xff) as f32),
        Op::V_CVT_F32_UBYTE3 => s((x >> 24) as f32),
        Op::V_CVT_F16_U16 => h16((x & 0xffff) as f32),
        Op::V_CVT_F16_I16 => h16(xs as f32),
        Op::V_CVT_U16_F16 => u16r(ha as u16 as u32),
        Op::V_CVT_I16_F16 => u16r(ha as i16 as u16 as u32),
        Op::V_CVT_I32_I16 => u(xs as i32 as u32),
        Op::V_CVT_U32_U16 => u(x & 0xffff),
        Op::V_CVT_PK_RTZ_F16_F32 => u(f2h_rtz(f) as u32 | (f2h_rtz(g) as u32) << 16),
        Op::V_CVT_PK_U8_F32 => {
            let sh = 8 * (y & 3);
            u(z & !(0xff << sh) | (f as u8 as u32) << sh)
        }
        Op::V_CVT_PK_U16_U32 => u(x.min(0xffff) | y.min(0xffff) << 16),
        Op::V_CVT_PK_I16_I32 => u(xi.clamp(-32768, 32767) as u32 & 0xffff | (yi.clamp(-32768, 32767) as u32) << 16),
        Op::V_CVT_PK_U16_F32 => u(f as u16 as u32 | (g as u16 as u32) << 16),
        Op::V_CVT_PK_I16_F32 => u(f as i16 as u16 as u32 | (g as i16 as u16 as u32) << 16),
        Op::V_CVT_PK_NORM_I16_F32 => u(norm(f, -1.0, 32767.0) | norm(g, -1.0, 32767.0) << 16),
        Op::V_CVT_PK_NORM_U16_F32 => u(norm(f, 0.0, 65535.0) | norm(g, 0.0, 65535.0) << 16),
        Op::V_CVT_OFF_F32_I4 => s((((x & 15) as i32) << 28 >> 28) as f32 / 16.0),
        // f16
        Op::V_ADD_F16 => h16(ha + hb),
        Op::V_SUB_F16 => h16(ha - hb),
        Op::V_SUBREV_F16 => h16(hb - ha),
        Op::V_MUL_F16 => h16(ha * hb),
        Op::V_FMA_F16 | Op::V_FMAC_F16 | Op::V_FMAAK_F16 => Some(fma16(x as u16, y as u16, z as u16) as u64),
        Op::V_FMAMK_F16 => Some(fma16(x as u16, z as u16, y as u16) as u64),
        Op::V_MIN_F16 => Some(min16(x as u16, y as u16) as u64),
        Op::V_MAX_F16 => Some(max16(x as u16, y as u16) as u64),
        Op::V_MIN3_F16 => Some(min16(min16(x as u16, y as u16), z as u16) as u64),
        Op::V_MAX3_F16 => Some(max16(max16(x as u16, y as u16), z as u16) as u64),
        Op::V_MED3_F16 => h16(f32::from_bits(med(ha.to_bits(), hb.to_bits(), hc.to_bits()))),
        Op::V_MINMAX_F16 => Some(max16(min16(x as u16, y as u16), z as u16) as u64),
        Op::V_MAXMIN_F16 => Some(min16(max16(x as u16, y as u16), z as u16) as u64),
        Op::V_RCP_F16 => h16(1.0 / ha),
        Op::V_RSQ_F16 => Some(d2h(1.0 / (ha as f64).sqrt()) as u64),
        Op::V_SQRT_F16 => Some(d2h((ha as f64).sqrt()) as u64),
        Op::V_EXP_F16 => Some(d2h((ha as f64).exp2()) as u64),
        Op::V_LOG_F16 => Some(d2h((ha as f64).log2()) as u64),
        Op::V_SIN_F16 => Some(d2h((ha as f64 * std::f64::consts::TAU).sin()) as u64),
        Op::V_COS_F16 => Some(d2h((ha as f64 * std::f64::consts::TAU).cos()) as u64),
        Op::V_TRUNC_F16 => h16(ha.trunc()),
        Op::V_CEIL_F16 => h16(ha.ceil()),
        Op::V_FLOOR_F16 => h16(ha.floor()),
        Op::V_RNDNE_F16 => h16(ha.round_ties_even()),
        Op::V_FRACT_F16 => h16((ha - ha.floor()).min(h2f(0x3bff))),
        Op::V_LDEXP_F16 => Some(d2h(ha as f64 * 2f64.powi((ys as i32).clamp(-80, 80))) as u64),
        Op::V_FREXP_MANT_F16 => h16(frexp(ha as f64).0 as f32),
        Op::V_FREXP_EXP_I16_F16 => u16r(frexp(ha as f64).1 as u32),
        Op::V_PACK_B32_F16 => u(x & 0xffff | y << 16),
        // f64
        Op::V_ADD_F64 => d(fa + fb),
        Op::V_MUL_F64 => d(fa * fb),
        Op::V_FMA_F64 => d(fa.mul_add(fb, fc)),
        Op::V_MIN_F64 => Some(min64(a, b)),
        Op::V_MAX_F64 => Some(max64(a, b)),
        Op::V_RCP_F64 => d(1.0 / fa),
        Op::V_RSQ_F64 => d(1.0 / fa.sqrt()),
        Op::V_SQRT_F64 => d(fa.sqrt()),
        Op::V_TRUNC_F64 => d(fa.trunc()),
        Op::V_CEIL_F64 => d(fa.ceil()),
        Op::V_FLOOR_F64 => d(fa.floor()),
        Op::V_RNDNE_F64 => d(fa.round_ties_even()),
        Op::V_FRACT_F64 => d((fa - fa.floor()).min(f64::from_bits(0x3fef_ffff_ffff_ffff))),
        Op::V_LDEXP_F64 => d(scale64(fa, yi)),
        Op::V_FREXP_MANT_F64 => d(frexp(fa).0),
        Op::V_FREXP_EXP_I32_F64 => u(frexp(fa).1 as u32),
        // integers
        Op::V_LSHLREV_B64 => Some(b << (a & 63)),
        Op::V_LSHRREV_B64 => Some(b >> (a & 63)),
        Op::V_ASHRREV_I64 => Some(((b as i64) >> (a & 63)) as u64),
        Op::V_LSHLREV_B16 => u16r(y << (x & 15)),
        Op::V_LSHRREV_B16 => u16r((y & 0xffff) >> (x & 15)),
        Op::V_ASHRREV_I16 => u16r((ys >> (x & 15)) as u32),
        Op::V_BFE_I32 => {
            let n = z & 31;
            if n == 0 { u(0) } else { u(((xi >> (y & 31)) << (32 - n) >> (32 - n)) as u32) }
        }
        Op::V_BFM_B32 => u(((1u32 << (x & 31)) - 1) << (y & 31)),
        Op::V_BFREV_B32 => u(x.reverse_bits()),
        Op::V_BCNT_U32_B32 => u(x.count_ones().wrapping_add(y)),
        Op::V_CLZ_I32_U32 => u(if x == 0 { !0 } else { x.leading_zeros() }),
        Op::V_CTZ_I32_B32 => u(if x == 0 { !0 } else { x.trailing_zeros() }),
        Op::V_CLS_I32 => match x ^ (xi >> 31) as u32 {
            0 => u(!0),
            v => u(v.leading_zeros()),
        },
        Op::V_ALIGNBYTE_B32 => u(((((x as u64) << 32) | y as u64) >> (8 * (z & 3))) as u32),
        Op::V_PERM_B32 => u(perm(x, y, z)),
        Op::V_MIN3_I32 => u(xi.min(yi).min(zi) as u32),
        Op::V_MAX3_I32 => u(xi.max(yi).max(zi) as u32),
        Op::V_MED3_I32 => u(xi.max(yi).min(xi.min(yi).max(zi)) as u32),
        Op::V_MIN3_U32 => u(x.min(y).min(z)),
        Op::V_MAX3_U32 => u(x.max(y).max(z)),
        Op::V_MED3_U32 => u(x.max(y).min(x.min(y).max(z))),
        Op::V_MINMAX_I32 => u(xi.min(yi).max(zi) as u32),
        Op::V_MAXMIN_I32 => u(xi.max(yi).min(zi) as u32),
        Op::V_MINMAX_U32 => u(x.min(y).max(z)),
        Op::V_MAXMIN_U32 => u(x.max(y).min(z)),
        Op::V_MUL_HI_U32_U24 => u((((x & 0xff_ffff) as u64 * (y & 0xff_ffff) as u64) >> 32) as u32),
        Op::V_MUL_HI_I32_I24 => u((((xi << 8 >> 8) as i64 * (yi << 8 >> 8) as i64) >> 32) as u32),
        Op::V_SAD_U32 => u(x.abs_diff(y).wrapping_add(z)),
        Op::V_SAD_U16 => u((x & 0xffff).abs_diff(y & 0xffff).wrapping_add((x >> 16).abs_diff(y >> 16)).wrapping_add(z)),
        Op::V_SAD_U8 => u((0..4).fold(z, |t, k| t.wrapping_add((x >> (8 * k) & 255).abs_diff(y >> (8 * k) & 255)))),
        Op::V_LERP_U8 => u((0..4).fold(0, |t, k| {
            let (p, q, r) = (x >> (8 * k) & 255, y >> (8 * k) & 255, z >> (8 * k) & 1);
            t | ((p + q + r) >> 1) << (8 * k)
        })),
        Op::V_MAD_U32_U16 => u((x & 0xffff).wrapping_mul(y & 0xffff).wrapping_add(z)),
        Op::V_MAD_I32_I16 => u((xs as i32).wrapping_mul(ys as i32).wrapping_add(zi) as u32),
        Op::V_MAD_U16 => u16r(x.wrapping_mul(y).wrapping_add(z)),
        Op::V_MAD_I16 => u16r(x.wrapping_mul(y).wrapping_add(z)),
        Op::V_ADD_NC_U16 | Op::V_ADD_NC_I16 => u16r(x.wrapping_add(y)),
        Op::V_SUB_NC_U16 | Op::V_SUB_NC_I16 => u16r(x.wrapping_sub(y)),
        Op::V_MUL_LO_U16 => u16r(x.wrapping_mul(y)),
        Op::V_MIN_U16 => u16r((x as u16).min(y as u16) as u32),
        Op::V_MAX_U16 => u16r((x as u16).max(y as u16) as u32),
        Op::V_MIN_I16 => u16r(xs.min(ys) as u32),
        Op::V_MAX_I16 => u16r(xs.max(ys) as u32),
        Op::V_MIN3_I16 => u16r(xs.min(ys).min(zs) as u32),
        Op::V_MAX3_I16 => u16r(xs.max(ys).max(zs) as u32),
        Op::V_MED3_I16 => u16r(xs.max(ys).min(xs.min(ys).max(zs)) as u32),
        Op::V_MIN3_U16 => u16r((x as u16).min(y as u16).min(z as u16) as u32),
        Op::V_MAX3_U16 => u16r((x as u16).max(y as u16).max(z as u16) as u32),
        Op::V_MED3_U16 => {
            let (p, q, r) = (x as u16, y as u16, z as u16);
            u16r(p.max(q).min(p.min(q).max(r)) as u32)
        }
        Op::V_AND_B16 => u16r(x & y),
        Op::V_OR_B16 => u16r(x | y),
        Op::V_XOR_B16 => u16r(x ^ y),
        Op::V_NOT_B16 => u16r(!x),
        Op::V_MOV_B16 => u16r(x),
        Op::V_DOT2ACC_F32_F16 => u(dot2_f32_f16(x, y, z)),
        Op::V_SAT_PK_U8_I16 => u16r(xs.clamp(0, 255) as u32 | (((x >> 16) as i16).clamp(0, 255) as u32 * 256)),
        _ => None,
    }
}

/// Fixed-point conversion of `v_cvt_pk_norm`.
fn norm(x: f32, low: f32, scale: f32) -> u32 {
    let v = if x.is_nan() { 0.0 } else { x.clamp(low, 1.0) };
    (v * scale).round_ties_even() as i32 as u32 & 0xffff
}

/// Byte permutation of `{x, y}`, x the upper four bytes.
fn perm(x: u32, y: u32, sel: u32) -> u32 {
    let src = (x as u64) << 32 | y as u64;
    (0..4).fold(0, |r, k| {
        let s = sel >> (8 * k) & 0xff;
        let b = match s {
            0..=7 => (src >> (8 * s) & 0xff) as u32,
            8 => (y >> 15 & 1) * 0xff,
            9 => (y >> 31) * 0xff,
            10 => (x >> 15 & 1) * 0xff,
            11 => (x >> 31) * 0xff,
            12 => 0,
            _ => 0xff,
        };
        r | b << (8 * k)
    })
}

/// x * 2^n, one rounding.
pub(crate) fn scale32(x: f32, n: i32) -> f32 {
    (x as f64 * 2f64.powi(n.clamp(-400, 400))) as f32
}

/// x * 2^n, one rounding.
pub(crate) fn scale64(x: f64, n: i32) -> f64 {
    let n = n.clamp(-4400, 4400);
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    // Normalise first, so that only the last step can round.
    let (m, e) = frexp(x);
    let t = e + n;
    if t > 1024 {
        return m * f64::INFINITY;
    }
    if t >= -1021 {
        return m * 2.0 * 2f64.powi(t - 1);
    }
    if t < -1080 {
        return m * 0.0;
    }
    m * 2f64.powi(t + 1074 + 54 - 54) * f64::from_bits(1)
}

/// Mantissa in [0.5, 1) and exponent; what is not finite or zero comes back with exponent 0.
pub(crate) fn frexp(x: f64) -> (f64, i32) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let (y, bias) = if x.abs() < f64::MIN_POSITIVE { (x * 2f64.powi(64), -64) } else { (x, 0) };
    let b = y.to_bits();
    let e = (b >> 52 & 0x7ff) as i32 - 1022;
    (f64::from_bits(b & !(0x7ff << 52) | 1022 << 52), e + bias)
}
