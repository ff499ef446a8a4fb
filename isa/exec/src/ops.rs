//! What the vector ops do: one expression on one lane each, and around it the loops over lanes that the decoder picks.
//!
//! A kernel works on whole registers as chunks of sixteen lanes ([`K32`]) or, where an operand has 64 bits, on chunks of
//! eight ([`K64`]). Source modifiers and flushed denormals are done before it and OMOD, CLAMP and flushing after it
//! ([`crate::valu`]), so that the expression is the plain operation. It sees 16-bit operands in the low half of a lane,
//! with anything above.
use crate::fast::{Level, Run, level_run};
use crate::fp::*;
use crate::host::Host;
use crate::program::Code;
use crate::trans;
use crate::wave::Wave;
use isa::Op;

/// Sixteen lanes of 32 bits.
pub(crate) type Chunk = [u32; 16];
/// Eight lanes of 64 bits.
pub(crate) type Wide = [u64; 8];

/// What an expression knows besides its operands.
#[derive(Clone, Copy)]
pub(crate) struct Env {
    /// MODE.
    pub mode: u32,
    /// NEG in bits 0 to 2, CLAMP in bit 3.
    pub aux: u32,
}

/// Writes the lanes of the result from those of three operands; absent operands may be anything.
///
/// # Safety
/// The host must have the features of the [`Level`] the kernel was looked up for.
pub(crate) type K32 = unsafe fn(&mut [Chunk], &[Chunk], &[Chunk], &[Chunk], Env);
/// The same for lanes of 64 bits; 32-bit operands are extended by zeros and 32-bit results are the low half.
///
/// # Safety
/// As for [`K32`].
pub(crate) type K64 = unsafe fn(&mut [Wide], &[Wide], &[Wide], &[Wide], Env);

/// A table of ops: `look_up(op, level)` gives the kernel on the host's units and, where results are rounded, the one for
/// the rounding modes the host does not do.
macro_rules! table {
    // Three host levels.
    ($(#[$doc:meta])* hot $name:ident, $k:ident, $elem:ty, $n:literal, $kind:ident;
        $($op:ident => |$r:ident, $a:ident, $b:ident, $c:ident| $e:expr;)*) => {
        table!(@ $(#[$doc])* $name, $k, $elem, $n, $kind, "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c";
            $($op => |$r, $a, $b, $c| $e;)*);
    };
    // Two: with AVX-512 too they run the code for AVX2.
    ($(#[$doc:meta])* cold $name:ident, $k:ident, $elem:ty, $n:literal, $kind:ident;
        $($op:ident => |$r:ident, $a:ident, $b:ident, $c:ident| $e:expr;)*) => {
        $(#[$doc])*
        pub(crate) fn $name(op: Op, level: Level) -> Option<($k, Option<$k>)> {
            match op {
                $(Op::$op => {
                    table!(@body $elem, $n, $kind, |$r, $a, $b, $c| $e);
                    #[cfg(target_arch = "x86_64")]
                    #[target_feature(enable = "avx2,fma,f16c")]
                    fn avx2(o: &mut [[$elem; $n]], a: &[[$elem; $n]], b: &[[$elem; $n]], c: &[[$elem; $n]], e: Env) {
                        body(Near(e.mode, e.aux), o, a, b, c);
                    }
                    Some((match level {
                        Level::Portable => near,
                        #[cfg(target_arch = "x86_64")]
                        _ => avx2,
                    }, exact()))
                })*
                _ => None,
            }
        }
    };
    (@ $(#[$doc:meta])* $name:ident, $k:ident, $elem:ty, $n:literal, $kind:ident, $features:literal;
        $($op:ident => |$r:ident, $a:ident, $b:ident, $c:ident| $e:expr;)*) => {
        $(#[$doc])*
        pub(crate) fn $name(op: Op, level: Level) -> Option<($k, Option<$k>)> {
            match op {
                $(Op::$op => {
                    table!(@body $elem, $n, $kind, |$r, $a, $b, $c| $e);
                    #[cfg(target_arch = "x86_64")]
                    #[target_feature(enable = "avx2,fma,f16c")]
                    fn avx2(o: &mut [[$elem; $n]], a: &[[$elem; $n]], b: &[[$elem; $n]], c: &[[$elem; $n]], e: Env) {
                        body(Near(e.mode, e.aux), o, a, b, c);
                    }
                    #[cfg(target_arch = "x86_64")]
                    #[target_feature(enable = $features)]
                    fn avx512(o: &mut [[$elem; $n]], a: &[[$elem; $n]], b: &[[$elem; $n]], c: &[[$elem; $n]], e: Env) {
                        body(Near(e.mode, e.aux), o, a, b, c);
                    }
                    Some((match level {
                        Level::Portable => near,
                        #[cfg(target_arch = "x86_64")]
                        Level::Avx2 => avx2,
                        #[cfg(target_arch = "x86_64")]
                        Level::Avx512 => avx512,
                    }, exact()))
                })*
                _ => None,
            }
        }
    };
    (@body $elem:ty, $n:literal, rounds, |$r:ident, $a:ident, $b:ident, $c:ident| $e:expr) => {
        #[inline(always)]
        fn body<R: Fp>($r: R, o: &mut [[$elem; $n]], a: &[[$elem; $n]], b: &[[$elem; $n]], c: &[[$elem; $n]]) {
            for (((o, a), b), c) in o.iter_mut().zip(a).zip(b).zip(c) {
                for i in 0..$n {
                    let ($a, $b, $c) = (a[i], b[i], c[i]);
                    o[i] = $e;
                }
                apart();
            }
        }
        fn near(o: &mut [[$elem; $n]], a: &[[$elem; $n]], b: &[[$elem; $n]], c: &[[$elem; $n]], e: Env) {
            body(Near(e.mode, e.aux), o, a, b, c);
        }
        #[allow(clippy::unnecessary_wraps)]
        fn exact() -> Option<unsafe fn(&mut [[$elem; $n]], &[[$elem; $n]], &[[$elem; $n]], &[[$elem; $n]], Env)> {
            fn f(o: &mut [[$elem; $n]], a: &[[$elem; $n]], b: &[[$elem; $n]], c: &[[$elem; $n]], e: Env) {
                body(Exact(e.mode, e.aux), o, a, b, c);
            }
            Some(f)
        }
    };
    (@body $elem:ty, $n:literal, plain, |$r:ident, $a:ident, $b:ident, $c:ident| $e:expr) => {
        #[inline(always)]
        fn body($r: Near, o: &mut [[$elem; $n]], a: &[[$elem; $n]], b: &[[$elem; $n]], c: &[[$elem; $n]]) {
            for (((o, a), b), c) in o.iter_mut().zip(a).zip(b).zip(c) {
                for i in 0..$n {
                    let ($a, $b, $c) = (a[i], b[i], c[i]);
                    o[i] = $e;
                }
                apart();
            }
        }
        fn near(o: &mut [[$elem; $n]], a: &[[$elem; $n]], b: &[[$elem; $n]], c: &[[$elem; $n]], e: Env) {
            body(Near(e.mode, e.aux), o, a, b, c);
        }
        fn exact() -> Option<unsafe fn(&mut [[$elem; $n]], &[[$elem; $n]], &[[$elem; $n]], &[[$elem; $n]], Env)> {
            None
        }
    };
}

/// Stands between two chunks of a loop, so that the compiler makes vectors of the lanes within one and not, with gathers,
/// of the same lane of several.
#[inline(always)]
pub(crate) fn apart() {
    std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
}

#[inline(always)]
fn s24(x: u32) -> i32 {
    (x << 8) as i32 >> 8
}

#[inline(always)]
fn s16(x: u32) -> i32 {
    x as i16 as i32
}

/// The same function of both halves.
#[inline(always)]
pub(crate) fn both(a: u32, b: u32, c: u32, g: impl Fn(u32, u32, u32) -> u32) -> u32 {
    let low = g(a & 0xffff, b & 0xffff, c & 0xffff) & 0xffff;
    low | g(a >> 16, b >> 16, c >> 16) << 16
}

table! {
    /// Float arithmetic of inner loops, rounded by MODE.
    hot rounding, K32, u32, 16, rounds;
    V_ADD_F32 => |r, a, b, _c| r.add32(a, b);
    V_SUB_F32 => |r, a, b, _c| r.sub32(a, b);
    V_SUBREV_F32 => |r, a, b, _c| r.rsub32(a, b);
    V_MUL_F32 => |r, a, b, _c| r.mul32(a, b);
    V_MUL_DX9_ZERO_F32 => |r, a, b, _c| r.mul_dx9(a, b);
    V_FMA_F32 => |r, a, b, c| r.fma32(a, b, c);
    V_FMAC_F32 => |r, a, b, c| r.fma32(a, b, c);
    V_FMAAK_F32 => |r, a, b, c| r.fma32(a, b, c);
    V_FMAMK_F32 => |r, a, b, c| r.fma32(a, c, b);
    V_FMA_DX9_ZERO_F32 => |r, a, b, c| r.fma_dx9(a, b, c);
    V_FMAC_DX9_ZERO_F32 => |r, a, b, c| r.fma_dx9(a, b, c);
    V_FMA_MIX_F32 => |r, a, b, c| r.fma32(a, b, c);
    V_CVT_F32_I32 => |r, a, _b, _c| r.i32_to_f32(a as i32);
    V_CVT_F32_U32 => |r, a, _b, _c| r.u32_to_f32(a);
    V_FRACT_F32 => |r, a, _b, _c| r.fract32(a);
    V_LDEXP_F32 => |r, a, b, _c| r.ldexp32(a, b as i32);
}

table! {
    /// Float arithmetic outside inner loops, rounded by MODE.
    cold rounding_cold, K32, u32, 16, rounds;
    V_DOT2_F32_BF16 => |r, a, b, c| r.dot2_f32_bf16(a, b, c);
    V_FRACT_F16 => |r, a, _b, _c| r.fract16(a);
    V_LDEXP_F16 => |r, a, b, _c| r.ldexp16(a, s16(b));
    V_CVT_F16_U16 => |r, a, _b, _c| r.int_to_f16((a & 0xffff) as i32);
    V_CVT_F16_I16 => |r, a, _b, _c| r.int_to_f16(s16(a));
    V_MULLIT_F32 => |r, a, b, c| {
        let out = f(b) <= -f32::MAX || f(b).is_nan() || f(c) <= 0.0 || f(c).is_nan();
        if out { 0xff7f_ffff } else { r.mul32(a, b) }
    };
    V_CUBEMA_F32 => |r, a, b, c| {
        let (x, y, z) = (f(a).abs(), f(b).abs(), f(c).abs());
        r.mul32(if z >= x && z >= y { c } else if y >= x { b } else { a }, 0x4000_0000)
    };
}

table! {
    /// Everything of inner loops that is not rounded.
    hot plain, K32, u32, 16, plain;
    V_MOV_B32 => |_r, a, _b, _c| a;
    V_MIN_F32 => |r, a, b, _c| min_f32(r.ieee(), a, b);
    V_MAX_F32 => |r, a, b, _c| max_f32(r.ieee(), a, b);
    V_MIN3_F32 => |r, a, b, c| min_f32(r.ieee(), min_f32(r.ieee(), a, b), c);
    V_MAX3_F32 => |r, a, b, c| max_f32(r.ieee(), max_f32(r.ieee(), a, b), c);
    V_MED3_F32 => |r, a, b, c| r.med32(a, b, c);
    V_MINMAX_F32 => |r, a, b, c| max_f32(r.ieee(), min_f32(r.ieee(), a, b), c);
    V_MAXMIN_F32 => |r, a, b, c| min_f32(r.ieee(), max_f32(r.ieee(), a, b), c);
    V_MIN_F16 => |r, a, b, _c| min_f16(r.ieee(), a & 0xffff, b & 0xffff);
    V_MAX_F16 => |r, a, b, _c| max_f16(r.ieee(), a & 0xffff, b & 0xffff);
    V_PK_MIN_F16 => |r, a, b, c| both(a, b, c, |a, b, _| min_f16(r.ieee(), a, b));
    V_PK_MAX_F16 => |r, a, b, c| both(a, b, c, |a, b, _| max_f16(r.ieee(), a, b));
    V_TRUNC_F32 => |r, a, _b, _c| r.exact32(a, f32::trunc);
    V_CEIL_F32 => |r, a, _b, _c| r.exact32(a, f32::ceil);
    V_FLOOR_F32 => |r, a, _b, _c| r.exact32(a, f32::floor);
    V_RNDNE_F32 => |r, a, _b, _c| r.exact32(a, f32::round_ties_even);
    V_CVT_I32_F32 => |_r, a, _b, _c| f(a) as i32 as u32;
    V_CVT_U32_F32 => |_r, a, _b, _c| f(a) as u32;
    V_RCP_F32 => |r, a, _b, _c| r.unary32(a, trans::rcp);
    V_RCP_IFLAG_F32 => |r, a, _b, _c| r.unary32(a, trans::rcp);
    V_RSQ_F32 => |r, a, _b, _c| r.unary32(a, trans::rsq);
    V_SQRT_F32 => |r, a, _b, _c| r.exact32(flush32(a), f32::sqrt);
    V_EXP_F32 => |r, a, _b, _c| r.unary32(a, trans::exp2);
    V_LOG_F32 => |r, a, _b, _c| r.unary32(a, trans::log2);
    V_SIN_F32 => |r, a, _b, _c| r.unary32(a, trans::sin);
    V_COS_F32 => |r, a, _b, _c| r.unary32(a, trans::cos);
    V_ADD_NC_U32 => |_r, a, b, _c| a.wrapping_add(b);
    V_SUB_NC_U32 => |_r, a, b, _c| a.wrapping_sub(b);
    V_SUBREV_NC_U32 => |_r, a, b, _c| b.wrapping_sub(a);
    V_ADD_NC_I32 => |_r, a, b, _c| a.wrapping_add(b);
    V_SUB_NC_I32 => |_r, a, b, _c| a.wrapping_sub(b);
    V_AND_B32 => |_r, a, b, _c| a & b;
    V_OR_B32 => |_r, a, b, _c| a | b;
    V_XOR_B32 => |_r, a, b, _c| a ^ b;
    V_XNOR_B32 => |_r, a, b, _c| !(a ^ b);
    V_NOT_B32 => |_r, a, _b, _c| !a;
    V_LSHLREV_B32 => |_r, a, b, _c| b << (a & 31);
    V_LSHRREV_B32 => |_r, a, b, _c| b >> (a & 31);
    V_ASHRREV_I32 => |_r, a, b, _c| ((b as i32) >> (a & 31)) as u32;
    V_MIN_I32 => |_r, a, b, _c| (a as i32).min(b as i32) as u32;
    V_MAX_I32 => |_r, a, b, _c| (a as i32).max(b as i32) as u32;
    V_MIN_U32 => |_r, a, b, _c| a.min(b);
    V_MAX_U32 => |_r, a, b, _c| a.max(b);
    V_MUL_LO_U32 => |_r, a, b, _c| a.wrapping_mul(b);
    V_MUL_HI_U32 => |_r, a, b, _c| ((a as u64 * b as u64) >> 32) as u32;
    V_MUL_HI_I32 => |_r, a, b, _c| ((a as i32 as i64 * b as i32 as i64) >> 32) as u32;
    V_MUL_U32_U24 => |_r, a, b, _c| (a & 0xff_ffff).wrapping_mul(b & 0xff_ffff);
    V_MUL_I32_I24 => |_r, a, b, _c| s24(a).wrapping_mul(s24(b)) as u32;
    V_MAD_U32_U24 => |_r, a, b, c| (a & 0xff_ffff).wrapping_mul(b & 0xff_ffff).wrapping_add(c);
    V_MAD_I32_I24 => |_r, a, b, c| (s24(a).wrapping_mul(s24(b)) as u32).wrapping_add(c);
    V_ADD3_U32 => |_r, a, b, c| a.wrapping_add(b).wrapping_add(c);
    V_LSHL_ADD_U32 => |_r, a, b, c| (a << (b & 31)).wrapping_add(c);
    V_ADD_LSHL_U32 => |_r, a, b, c| a.wrapping_add(b) << (c & 31);
    V_LSHL_OR_B32 => |_r, a, b, c| (a << (b & 31)) | c;
    V_AND_OR_B32 => |_r, a, b, c| (a & b) | c;
    V_OR3_B32 => |_r, a, b, c| a | b | c;
    V_XOR3_B32 => |_r, a, b, c| a ^ b ^ c;
    V_XAD_U32 => |_r, a, b, c| (a ^ b).wrapping_add(c);
    V_BFI_B32 => |_r, a, b, c| (a & b) | (!a & c);
    V_BFE_U32 => |_r, a, b, c| (a >> (b & 31)) & ((1u32 << (c & 31)) - 1);
    V_BFE_I32 => |_r, a, b, c| {
        // The field's sign is its highest bit, also where that lies above the operand.
        let (v, n) = ((a as i32 >> (b & 31)) as u32, c & 31);
        let up = 31 - (n.wrapping_sub(1) & 31);
        if n == 0 { 0 } else { ((v << up) as i32 >> up) as u32 }
    };
    V_ALIGNBIT_B32 => |_r, a, b, c| ((((a as u64) << 32) | b as u64) >> (c & 31)) as u32;
    V_PERM_B32 => |_r, a, b, c| perm(a, b, c);
    V_DOT4_I32_IU8 => |r, a, b, c| dot(a, b, c, 8, r.aux());
    V_DOT8_I32_IU4 => |r, a, b, c| dot(a, b, c, 4, r.aux());
    V_DOT4_U32_U8 => |r, a, b, c| dot_unsigned(a, b, c, 8, r.aux());
    V_DOT8_U32_U4 => |r, a, b, c| dot_unsigned(a, b, c, 4, r.aux());
    V_PK_ADD_U16 => |_r, a, b, c| both(a, b, c, |a, b, _| a.wrapping_add(b));
    V_PK_SUB_U16 => |_r, a, b, c| both(a, b, c, |a, b, _| a.wrapping_sub(b));
    V_PK_ADD_I16 => |_r, a, b, c| both(a, b, c, |a, b, _| a.wrapping_add(b));
    V_PK_SUB_I16 => |_r, a, b, c| both(a, b, c, |a, b, _| a.wrapping_sub(b));
    V_PK_MUL_LO_U16 => |_r, a, b, c| both(a, b, c, |a, b, _| a.wrapping_mul(b));
    V_PK_MAD_U16 => |_r, a, b, c| both(a, b, c, |a, b, c| a.wrapping_mul(b).wrapping_add(c));
    V_PK_MAD_I16 => |_r, a, b, c| both(a, b, c, |a, b, c| a.wrapping_mul(b).wrapping_add(c));
    V_CVT_PK_U16_U32 => |_r, a, b, _c| a.min(0xffff) | b.min(0xffff) << 16;
    V_CVT_PK_RTZ_F16_F32 => |_r, a, b, _c| half_rtz(a) | half_rtz(b) << 16;
    V_FREXP_MANT_F32 => |_r, a, _b, _c| {
        let m = a & 0x8000_0000 | 0x3f00_0000 | frexp32(a).0;
        let m = if a << 1 == 0 || a << 1 == 0xff00_0000 { a } else { m };
        if f(a).is_nan() { a | 0x40_0000 } else { m }
    };
    V_FREXP_EXP_I32_F32 => |_r, a, _b, _c| frexp32(a).1 as u32;
    V_DIV_FIXUP_F32 => |r, a, b, c| fixup32(a, b, c, r.mode());
}

table! {
    /// Everything else with operands of at most 32 bits.
    cold plain_cold, K32, u32, 16, plain;
    V_DOT2_BF16_BF16 => |_r, a, b, c| fma_bf16(a >> 16, b >> 16, fma_bf16(a & 0xffff, b & 0xffff, c & 0xffff));
    V_MIN3_F16 => |r, a, b, c| {
        min_f16(r.ieee(), min_f16(r.ieee(), a & 0xffff, b & 0xffff), c & 0xffff)
    };
    V_MAX3_F16 => |r, a, b, c| {
        max_f16(r.ieee(), max_f16(r.ieee(), a & 0xffff, b & 0xffff), c & 0xffff)
    };
    V_MED3_F16 => |r, a, b, c| r.med16(a, b, c);
    V_MINMAX_F16 => |r, a, b, c| {
        max_f16(r.ieee(), min_f16(r.ieee(), a & 0xffff, b & 0xffff), c & 0xffff)
    };
    V_MAXMIN_F16 => |r, a, b, c| {
        min_f16(r.ieee(), max_f16(r.ieee(), a & 0xffff, b & 0xffff), c & 0xffff)
    };
    V_TRUNC_F16 => |r, a, _b, _c| r.exact16(a, f32::trunc);
    V_CEIL_F16 => |r, a, _b, _c| r.exact16(a, f32::ceil);
    V_FLOOR_F16 => |r, a, _b, _c| r.exact16(a, f32::floor);
    V_RNDNE_F16 => |r, a, _b, _c| r.exact16(a, f32::round_ties_even);
    V_FREXP_MANT_F16 => |r, a, _b, _c| r.exact16(a, |x| frexp(x as f64).0 as f32);
    V_FREXP_EXP_I16_F16 => |_r, a, _b, _c| frexp(h2f(a) as f64).1 as u32;
    V_DIV_FIXUP_F16 => |_r, a, b, c| fixup16(a & 0xffff, b & 0xffff, c & 0xffff);
    V_CUBEID_F32 => |_r, a, b, c| {
        let (x, y, z) = (f(a).abs(), f(b).abs(), f(c).abs());
        let (face, v) = if z >= x && z >= y { (4.0, f(c)) } else if y >= x { (2.0, f(b)) } else { (0.0, f(a)) };
        (face + if v < 0.0 { 1.0 } else { 0.0f32 }).to_bits()
    };
    V_CUBESC_F32 => |_r, a, b, c| {
        let (x, y, z) = (f(a).abs(), f(b).abs(), f(c).abs());
        if z >= x && z >= y {
            if f(c) < 0.0 { a ^ 1 << 31 } else { a }
        } else if y >= x {
            a
        } else if f(a) < 0.0 {
            c
        } else {
            c ^ 1 << 31
        }
    };
    V_CUBETC_F32 => |_r, a, b, c| {
        let (x, y, z) = (f(a).abs(), f(b).abs(), f(c).abs());
        if !(z >= x && z >= y) && y >= x {
            if f(b) < 0.0 { c ^ 1 << 31 } else { c }
        } else {
            b ^ 1 << 31
        }
    };
    V_CVT_NEAREST_I32_F32 => |_r, a, _b, _c| (f(a) + 0.5).floor() as i32 as u32;
    V_CVT_FLOOR_I32_F32 => |_r, a, _b, _c| f(a).floor() as i32 as u32;
    V_CVT_F32_UBYTE0 => |_r, a, _b, _c| ((a & 0xff) as f32).to_bits();
    V_CVT_F32_UBYTE1 => |_r, a, _b, _c| ((a >> 8 & 0xff) as f32).to_bits();
    V_CVT_F32_UBYTE2 => |_r, a, _b, _c| ((a >> 16 & 0xff) as f32).to_bits();
    V_CVT_F32_UBYTE3 => |_r, a, _b, _c| ((a >> 24) as f32).to_bits();
    V_CVT_U16_F16 => |_r, a, _b, _c| h2f(a) as u16 as u32;
    V_CVT_I16_F16 => |_r, a, _b, _c| h2f(a) as i16 as u16 as u32;
    V_CVT_I32_I16 => |_r, a, _b, _c| s16(a) as u32;
    V_CVT_U32_U16 => |_r, a, _b, _c| a & 0xffff;
    V_CVT_NORM_I16_F16 => |_r, a, _b, _c| norm(h2f(a), -1.0, 32767.0);
    V_CVT_NORM_U16_F16 => |_r, a, _b, _c| norm(h2f(a), 0.0, 65535.0);
    V_CVT_PK_NORM_I16_F16 => |_r, a, b, _c| norm(h2f(a), -1.0, 32767.0) | norm(h2f(b), -1.0, 32767.0) << 16;
    V_CVT_PK_NORM_U16_F16 => |_r, a, b, _c| norm(h2f(a), 0.0, 65535.0) | norm(h2f(b), 0.0, 65535.0) << 16;
    V_CVT_PK_NORM_I16_F32 => |_r, a, b, _c| norm(f(a), -1.0, 32767.0) | norm(f(b), -1.0, 32767.0) << 16;
    V_CVT_PK_NORM_U16_F32 => |_r, a, b, _c| norm(f(a), 0.0, 65535.0) | norm(f(b), 0.0, 65535.0) << 16;
    V_CVT_PK_U8_F32 => |_r, a, b, c| {
        let sh = 8 * (b & 3);
        c & !(0xff << sh) | (f(a) as u8 as u32) << sh
    };
    V_CVT_PK_I16_I32 => |_r, a, b, _c| {
        (a as i32).clamp(-32768, 32767) as u32 & 0xffff | ((b as i32).clamp(-32768, 32767) as u32) << 16
    };
    V_CVT_PK_U16_F32 => |_r, a, b, _c| f(a) as u16 as u32 | (f(b) as u16 as u32) << 16;
    V_CVT_PK_I16_F32 => |_r, a, b, _c| f(a) as i16 as u16 as u32 | (f(b) as i16 as u16 as u32) << 16;
    V_CVT_OFF_F32_I4 => |_r, a, _b, _c| (((a as i32) << 28 >> 28) as f32 / 16.0).to_bits();
    V_PACK_B32_F16 => |_r, a, b, _c| a & 0xffff | b << 16;
    V_SAT_PK_U8_I16 => |_r, a, _b, _c| {
        s16(a).clamp(0, 255) as u32 | (s16(a >> 16).clamp(0, 255) as u32) << 8
    };
    V_LSHLREV_B16 => |_r, a, b, _c| b << (a & 15);
    V_LSHRREV_B16 => |_r, a, b, _c| (b & 0xffff) >> (a & 15);
    V_ASHRREV_I16 => |_r, a, b, _c| (s16(b) >> (a & 15)) as u32;
    V_BFM_B32 => |_r, a, b, _c| ((1u32 << (a & 31)) - 1) << (b & 31);
    V_BFREV_B32 => |_r, a, _b, _c| a.reverse_bits();
    V_BCNT_U32_B32 => |_r, a, b, _c| a.count_ones().wrapping_add(b);
    V_CLZ_I32_U32 => |_r, a, _b, _c| if a == 0 { !0 } else { a.leading_zeros() };
    V_CTZ_I32_B32 => |_r, a, _b, _c| if a == 0 { !0 } else { a.trailing_zeros() };
    V_CLS_I32 => |_r, a, _b, _c| {
        let v = a ^ (a as i32 >> 31) as u32;
        if v == 0 { !0 } else { v.leading_zeros() }
    };
    V_ALIGNBYTE_B32 => |_r, a, b, c| ((((a as u64) << 32) | b as u64) >> (8 * (c & 3))) as u32;
    V_MIN3_I32 => |_r, a, b, c| (a as i32).min(b as i32).min(c as i32) as u32;
    V_MAX3_I32 => |_r, a, b, c| (a as i32).max(b as i32).max(c as i32) as u32;
    V_MED3_I32 => |_r, a, b, c| {
        let (a, b, c) = (a as i32, b as i32, c as i32);
        a.max(b).min(a.min(b).max(c)) as u32
    };
    V_MIN3_U32 => |_r, a, b, c| a.min(b).min(c);
    V_MAX3_U32 => |_r, a, b, c| a.max(b).max(c);
    V_MED3_U32 => |_r, a, b, c| a.max(b).min(a.min(b).max(c));
    V_MINMAX_I32 => |_r, a, b, c| (a as i32).min(b as i32).max(c as i32) as u32;
    V_MAXMIN_I32 => |_r, a, b, c| (a as i32).max(b as i32).min(c as i32) as u32;
    V_MINMAX_U32 => |_r, a, b, c| a.min(b).max(c);
    V_MAXMIN_U32 => |_r, a, b, c| a.max(b).min(c);
    V_MUL_HI_U32_U24 => |_r, a, b, _c| (((a & 0xff_ffff) as u64 * (b & 0xff_ffff) as u64) >> 32) as u32;
    V_MUL_HI_I32_I24 => |_r, a, b, _c| ((s24(a) as i64 * s24(b) as i64) >> 32) as u32;
    V_SAD_U32 => |_r, a, b, c| a.abs_diff(b).wrapping_add(c);
    V_SAD_U16 => |_r, a, b, c| {
        (a & 0xffff).abs_diff(b & 0xffff).wrapping_add((a >> 16).abs_diff(b >> 16)).wrapping_add(c)
    };
    V_SAD_U8 => |_r, a, b, c| sad(a, b).wrapping_add(c);
    V_SAD_HI_U8 => |_r, a, b, c| (sad(a, b) << 16).wrapping_add(c);
    V_MSAD_U8 => |_r, a, b, c| msad(a, b).wrapping_add(c);
    V_LERP_U8 => |_r, a, b, c| (0..4).fold(0, |t, k| {
        let (p, q, r) = (a >> (8 * k) & 255, b >> (8 * k) & 255, c >> (8 * k) & 1);
        t | ((p + q + r) >> 1) << (8 * k)
    });
    V_MAD_U32_U16 => |_r, a, b, c| (a & 0xffff).wrapping_mul(b & 0xffff).wrapping_add(c);
    V_MAD_I32_I16 => |_r, a, b, c| (s16(a).wrapping_mul(s16(b)) as u32).wrapping_add(c);
    V_MAD_U16 => |_r, a, b, c| a.wrapping_mul(b).wrapping_add(c);
    V_MAD_I16 => |_r, a, b, c| a.wrapping_mul(b).wrapping_add(c);
    V_ADD_NC_U16 => |_r, a, b, _c| a.wrapping_add(b);
    V_ADD_NC_I16 => |_r, a, b, _c| a.wrapping_add(b);
    V_SUB_NC_U16 => |_r, a, b, _c| a.wrapping_sub(b);
    V_SUB_NC_I16 => |_r, a, b, _c| a.wrapping_sub(b);
    V_MUL_LO_U16 => |_r, a, b, _c| a.wrapping_mul(b);
    V_MIN_U16 => |_r, a, b, _c| (a & 0xffff).min(b & 0xffff);
    V_MAX_U16 => |_r, a, b, _c| (a & 0xffff).max(b & 0xffff);
    V_MIN_I16 => |_r, a, b, _c| s16(a).min(s16(b)) as u32;
    V_MAX_I16 => |_r, a, b, _c| s16(a).max(s16(b)) as u32;
    V_MIN3_I16 => |_r, a, b, c| s16(a).min(s16(b)).min(s16(c)) as u32;
    V_MAX3_I16 => |_r, a, b, c| s16(a).max(s16(b)).max(s16(c)) as u32;
    V_MED3_I16 => |_r, a, b, c| s16(a).max(s16(b)).min(s16(a).min(s16(b)).max(s16(c))) as u32;
    V_MIN3_U16 => |_r, a, b, c| (a & 0xffff).min(b & 0xffff).min(c & 0xffff);
    V_MAX3_U16 => |_r, a, b, c| (a & 0xffff).max(b & 0xffff).max(c & 0xffff);
    V_MED3_U16 => |_r, a, b, c| {
        let (a, b, c) = (a & 0xffff, b & 0xffff, c & 0xffff);
        a.max(b).min(a.min(b).max(c))
    };
    V_AND_B16 => |_r, a, b, _c| a & b;
    V_OR_B16 => |_r, a, b, _c| a | b;
    V_XOR_B16 => |_r, a, b, _c| a ^ b;
    V_NOT_B16 => |_r, a, _b, _c| !a;
    V_MOV_B16 => |_r, a, _b, _c| a;
    V_PK_LSHLREV_B16 => |_r, a, b, c| both(a, b, c, |a, b, _| b << (a & 15));
    V_PK_LSHRREV_B16 => |_r, a, b, c| both(a, b, c, |a, b, _| b >> (a & 15));
    V_PK_ASHRREV_I16 => |_r, a, b, c| both(a, b, c, |a, b, _| (s16(b) >> (a & 15)) as u32);
    V_PK_MIN_U16 => |_r, a, b, c| both(a, b, c, |a, b, _| a.min(b));
    V_PK_MAX_U16 => |_r, a, b, c| both(a, b, c, |a, b, _| a.max(b));
    V_PK_MIN_I16 => |_r, a, b, c| both(a, b, c, |a, b, _| s16(a).min(s16(b)) as u32);
    V_PK_MAX_I16 => |_r, a, b, c| both(a, b, c, |a, b, _| s16(a).max(s16(b)) as u32);
}

table! {
    /// Integer ops whose result CLAMP saturates, under CLAMP.
    cold saturating, K32, u32, 16, plain;
    V_ADD_NC_U32 => |_r, a, b, _c| a.saturating_add(b);
    V_SUB_NC_U32 => |_r, a, b, _c| a.saturating_sub(b);
    V_SUBREV_NC_U32 => |_r, a, b, _c| b.saturating_sub(a);
    V_ADD_NC_I32 => |_r, a, b, _c| (a as i32).saturating_add(b as i32) as u32;
    V_SUB_NC_I32 => |_r, a, b, _c| (a as i32).saturating_sub(b as i32) as u32;
    V_ADD_NC_U16 => |_r, a, b, _c| (a as u16).saturating_add(b as u16) as u32;
    V_SUB_NC_U16 => |_r, a, b, _c| (a as u16).saturating_sub(b as u16) as u32;
    V_ADD_NC_I16 => |_r, a, b, _c| (a as i16).saturating_add(b as i16) as u16 as u32;
    V_SUB_NC_I16 => |_r, a, b, _c| (a as i16).saturating_sub(b as i16) as u16 as u32;
    V_MUL_U32_U24 => |_r, a, b, _c| clip_u32((a & 0xff_ffff) as i64 * (b & 0xff_ffff) as i64);
    V_MUL_I32_I24 => |_r, a, b, _c| clip_i32(s24(a) as i64 * s24(b) as i64);
    V_MAD_U32_U24 => |_r, a, b, c| clip_u32((a & 0xff_ffff) as i64 * (b & 0xff_ffff) as i64 + c as i64);
    V_MAD_I32_I24 => |_r, a, b, c| clip_i32(s24(a) as i64 * s24(b) as i64 + c as i32 as i64);
    V_MAD_U32_U16 => |_r, a, b, c| ((a & 0xffff) * (b & 0xffff)).saturating_add(c);
    V_MAD_I32_I16 => |_r, a, b, c| (s16(a) * s16(b)).saturating_add(c as i32) as u32;
    V_MAD_U16 => |_r, a, b, c| ((a & 0xffff) * (b & 0xffff)).saturating_add(c & 0xffff).min(0xffff);
    V_MAD_I16 => |_r, a, b, c| (s16(a) * s16(b) + s16(c)).clamp(-32768, 32767) as u32;
    V_SAD_U32 => |_r, a, b, c| a.abs_diff(b).saturating_add(c);
    V_SAD_U16 => |_r, a, b, c| {
        ((a & 0xffff).abs_diff(b & 0xffff) + (a >> 16).abs_diff(b >> 16)).saturating_add(c)
    };
    V_SAD_U8 => |_r, a, b, c| sad(a, b).saturating_add(c);
    V_SAD_HI_U8 => |_r, a, b, c| (sad(a, b) << 16).saturating_add(c);
    V_MSAD_U8 => |_r, a, b, c| msad(a, b).saturating_add(c);
    V_PK_ADD_U16 => |_r, a, b, c| both(a, b, c, |a, b, _| (a + b).min(0xffff));
    V_PK_SUB_U16 => |_r, a, b, c| both(a, b, c, |a, b, _| a.saturating_sub(b));
    V_PK_ADD_I16 => |_r, a, b, c| both(a, b, c, |a, b, _| (s16(a) + s16(b)).clamp(-32768, 32767) as u32);
    V_PK_SUB_I16 => |_r, a, b, c| both(a, b, c, |a, b, _| (s16(a) - s16(b)).clamp(-32768, 32767) as u32);
    V_PK_MAD_U16 => |_r, a, b, c| both(a, b, c, |a, b, c| (a * b).saturating_add(c).min(0xffff));
    V_PK_MAD_I16 => |_r, a, b, c| {
        both(a, b, c, |a, b, c| (s16(a) * s16(b) + s16(c)).clamp(-32768, 32767) as u32)
    };
}

table! {
    /// 64-bit float arithmetic, rounded by MODE.
    hot rounding_wide, K64, u64, 8, rounds;
    V_ADD_F64 => |r, a, b, _c| r.add64(a, b);
    V_MUL_F64 => |r, a, b, _c| r.mul64(a, b);
    V_FMA_F64 => |r, a, b, c| r.fma64(a, b, c);
    V_CVT_F32_F64 => |r, a, _b, _c| r.single(a) as u64;
    V_FRACT_F64 => |r, a, _b, _c| r.fract64(a);
}

table! {
    /// Everything else with a 64-bit operand.
    hot wide, K64, u64, 8, plain;
    V_LDEXP_F64 => |r, a, b, _c| {
        let n = b as u32 as i32;
        // One product where the power is a number and the host rounds as MODE says.
        if r.mode() & 12 == 0 && (-1022..=1023).contains(&n) {
            scale64(a, n)
        } else {
            crate::soft::ldexp(crate::soft::F64, Exact(r.mode(), 0).r64(), a, n)
        }
    };
    V_MIN_F64 => |r, a, b, _c| min_f64(r.ieee(), a, b);
    V_MAX_F64 => |r, a, b, _c| max_f64(r.ieee(), a, b);
    V_RCP_F64 => |r, a, _b, _c| r.unary64(a, trans::rcp);
    V_RSQ_F64 => |r, a, _b, _c| r.unary64(a, trans::rsq);
    V_SQRT_F64 => |r, a, _b, _c| r.unary64(a, trans::sqrt);
    V_TRUNC_F64 => |r, a, _b, _c| r.unary64(a, f64::trunc);
    V_CEIL_F64 => |r, a, _b, _c| r.unary64(a, f64::ceil);
    V_FLOOR_F64 => |r, a, _b, _c| r.unary64(a, f64::floor);
    V_RNDNE_F64 => |r, a, _b, _c| r.unary64(a, f64::round_ties_even);
    V_FREXP_MANT_F64 => |r, a, _b, _c| r.unary64(a, |x| frexp(x).0);
    V_FREXP_EXP_I32_F64 => |_r, a, _b, _c| frexp(d(a)).1 as u32 as u64;
    V_CVT_F64_F32 => |r, a, _b, _c| r.unary64((f(a as u32) as f64).to_bits(), |x| x);
    V_CVT_F64_I32 => |_r, a, _b, _c| (a as u32 as i32 as f64).to_bits();
    V_CVT_F64_U32 => |_r, a, _b, _c| (a as u32 as f64).to_bits();
    V_CVT_I32_F64 => |_r, a, _b, _c| d(a) as i32 as u32 as u64;
    V_CVT_U32_F64 => |_r, a, _b, _c| d(a) as u32 as u64;
    V_DIV_FIXUP_F64 => |r, a, b, c| fixup64(a, b, c, r.mode());
    V_TRIG_PREOP_F64 => |_r, a, b, _c| trans::preop(a, b as u32);
    V_LSHLREV_B64 => |_r, a, b, _c| b << (a & 63);
    V_LSHRREV_B64 => |_r, a, b, _c| b >> (a & 63);
    V_ASHRREV_I64 => |_r, a, b, _c| ((b as i64) >> (a & 63)) as u64;
    V_QSAD_PK_U16_U8 => |r, a, b, c| quad(a, b as u32, c, r.aux(), sad);
    V_MQSAD_PK_U16_U8 => |r, a, b, c| quad(a, b as u32, c, r.aux(), msad);
}

/// Ops with a function of their own that does everything in registers. What follows `or` is the op where the host's result
/// is NaN in some lane: the NaN rule is looked at only then.
macro_rules! fuse {
    ($($op:ident => |$r:ident, $a:ident, $b:ident, $c:ident| $e:expr $(, or $rule:expr)?;)*) => {
        /// The function of an op of inner loops, for an instruction without modifiers.
        #[allow(unsafe_code)]
        pub(crate) fn fused(op: Op, level: Level, lanes: u32) -> Option<Run> {
            match op {
                $(Op::$op => {
                    #[inline(always)]
                    fn body<H: Host, const L: usize>(_: H, w: &mut Wave<L>, c: &Code) {
                        let rule = fuse!(@rule |$r, $a, $b, $c| $($rule)?);
                        crate::valu::fused(w, c, |$r: Near, $a: u32, $b: u32, $c: u32| -> u32 { $e }, rule);
                    }
                    level_run! {
                        fn new = body;
                    }
                    Some(new(level, lanes))
                })*
                _ => None,
            }
        }
    };
    (@rule |$r:ident, $a:ident, $b:ident, $c:ident|) => {
        None::<fn(Near, u32, u32, u32) -> u32>
    };
    (@rule |$r:ident, $a:ident, $b:ident, $c:ident| $rule:expr) => {
        Some(|$r: Near, $a: u32, $b: u32, $c: u32| -> u32 { $rule })
    };
}

fuse! {
    V_MOV_B32 => |_r, a, _b, _c| a;
    V_ADD_F32 => |_r, a, b, _c| (f(a) + f(b)).to_bits(), or _r.add32(a, b);
    V_SUB_F32 => |_r, a, b, _c| (f(a) - f(b)).to_bits(), or _r.sub32(a, b);
    V_MUL_F32 => |_r, a, b, _c| (f(a) * f(b)).to_bits(), or _r.mul32(a, b);
    V_FMA_F32 => |_r, a, b, c| f(a).mul_add(f(b), f(c)).to_bits(), or _r.fma32(a, b, c);
    V_FMAC_F32 => |_r, a, b, c| f(a).mul_add(f(b), f(c)).to_bits(), or _r.fma32(a, b, c);
    V_FMAAK_F32 => |_r, a, b, c| f(a).mul_add(f(b), f(c)).to_bits(), or _r.fma32(a, b, c);
    V_FMAMK_F32 => |_r, a, b, c| f(a).mul_add(f(c), f(b)).to_bits(), or _r.fma32(a, c, b);
    V_ADD_NC_U32 => |_r, a, b, _c| a.wrapping_add(b);
    V_SUB_NC_U32 => |_r, a, b, _c| a.wrapping_sub(b);
    V_AND_B32 => |_r, a, b, _c| a & b;
    V_OR_B32 => |_r, a, b, _c| a | b;
    V_XOR_B32 => |_r, a, b, _c| a ^ b;
    V_LSHLREV_B32 => |_r, a, b, _c| b << (a & 31);
    V_LSHRREV_B32 => |_r, a, b, _c| b >> (a & 31);
    V_ADD3_U32 => |_r, a, b, c| a.wrapping_add(b).wrapping_add(c);
    V_LSHL_ADD_U32 => |_r, a, b, c| (a << (b & 31)).wrapping_add(c);
}

#[inline(always)]
fn clip_u32(v: i64) -> u32 {
    v.clamp(0, u32::MAX as i64) as u32
}

#[inline(always)]
fn clip_i32(v: i64) -> u32 {
    v.clamp(i32::MIN as i64, i32::MAX as i64) as u32
}

/// Sum of the differences of four bytes.
#[inline(always)]
pub(crate) fn sad(a: u32, b: u32) -> u32 {
    let byte = |k: u32| (a >> (8 * k) & 255).abs_diff(b >> (8 * k) & 255);
    byte(0) + byte(1) + byte(2) + byte(3)
}

/// The same without bytes where `b`, the reference, is 0.
#[inline(always)]
pub(crate) fn msad(a: u32, b: u32) -> u32 {
    let byte = |k: u32| {
        let (x, y) = (a >> (8 * k) & 255, b >> (8 * k) & 255);
        if y == 0 { 0 } else { x.abs_diff(y) }
    };
    byte(0) + byte(1) + byte(2) + byte(3)
}

/// Four sums at the byte offsets 0 to 3 of `a`, each added to 16 bits of `c`.
#[inline(always)]
fn quad(a: u64, b: u32, c: u64, aux: u32, g: impl Fn(u32, u32) -> u32) -> u64 {
    let part = |k: u32| {
        let v = g((a >> (8 * k)) as u32, b) + (c >> (16 * k) & 0xffff) as u32;
        ((if aux & 8 != 0 { v.min(0xffff) } else { v & 0xffff }) as u64) << (16 * k)
    };
    part(0) | part(1) | part(2) | part(3)
}

/// Fixed-point conversion of `v_cvt_pk_norm`; the product is exact.
#[inline(always)]
fn norm(x: f32, low: f64, scale: f64) -> u32 {
    let v = if x.is_nan() { 0.0 } else { x as f64 };
    let v = if v > 1.0 { 1.0 } else { v };
    let v = if v < low { low } else { v };
    (v * scale).round_ties_even() as i32 as u32 & 0xffff
}

/// Byte permutation of `{x, y}`, x the upper four bytes.
#[inline(always)]
fn perm(x: u32, y: u32, sel: u32) -> u32 {
    let byte = |k: u32| {
        let s = sel >> (8 * k) & 0xff;
        let b = if s & 4 != 0 { x } else { y } >> (8 * (s & 3)) & 0xff;
        // 8 to 11 repeat the sign of the 16-bit quarters.
        let sign = (if s & 2 != 0 { x } else { y } << (16 - 16 * (s & 1))) as i32 >> 31;
        let b = if s >= 8 { sign as u32 & 0xff } else { b };
        let b = if s == 12 { 0 } else { b };
        (if s > 12 { 0xff } else { b }) << (8 * k)
    };
    byte(0) | byte(1) | byte(2) | byte(3)
}

/// Integer dot product; NEG says which operands are signed.
#[inline(always)]
fn dot(a: u32, b: u32, c: u32, bits: u32, aux: u32) -> u32 {
    let mask = (1u32 << bits) - 1;
    // The sign bit of an operand that has one.
    let (ha, hb) = ((aux & 1) << (bits - 1), (aux >> 1 & 1) << (bits - 1));
    let mut t = 0i32;
    let mut k = 0;
    while k < 32 {
        let (x, y) = (a >> k & mask, b >> k & mask);
        let x = (x ^ ha) as i32 - ha as i32;
        let y = (y ^ hb) as i32 - hb as i32;
        t += x * y;
        k += bits;
    }
    if aux & 8 != 0 { (c as i32).saturating_add(t) as u32 } else { c.wrapping_add(t as u32) }
}

#[inline(always)]
fn dot_unsigned(a: u32, b: u32, c: u32, bits: u32, aux: u32) -> u32 {
    let mask = (1u32 << bits) - 1;
    let mut t = 0u32;
    let mut k = 0;
    while k < 32 {
        t += (a >> k & mask) * (b >> k & mask);
        k += bits;
    }
    if aux & 8 != 0 { c.saturating_add(t) } else { c.wrapping_add(t) }
}

/// a * b + c in bf16 with one rounding to nearest even.
fn fma_bf16(a: u32, b: u32, c: u32) -> u32 {
    let [x, y, z] = [a, b, c].map(bf2f);
    if let Some(n) = [x, y, z].iter().find(|v| v.is_nan()) {
        return f2bf(*n);
    }
    // The product is exact in double precision; the sum is rounded to odd there and again in f32.
    let (p, z) = (x as f64 * y as f64, z as f64);
    let s = p + z;
    if s.is_nan() {
        return NAN32 >> 16;
    }
    let t = s - p;
    let err = (p - (s - t)) + (z - t);
    let s = if s.is_finite() && err != 0.0 && s.to_bits() & 1 == 0 {
        d(if (err > 0.0) == (s > 0.0) { s.to_bits() + 1 } else { s.to_bits() - 1 })
    } else {
        s
    };
    let n = s as f32;
    if n as f64 == s || n.is_infinite() {
        return f2bf(n);
    }
    let toward = if (n as f64).abs() > s.abs() { n.to_bits() - 1 } else { n.to_bits() };
    f2bf(f(toward | 1))
}

/// Special cases of a division, in a width: `v_div_fixup`. `q` is the quotient, `b` the divisor, `a` the dividend.
macro_rules! fixup {
    ($name:ident, $u:ty, $bits:expr, $man:expr) => {
        /// Special cases of a division: `q` the quotient, `b` the divisor, `a` the dividend.
        #[inline(always)]
        fn $name(q: $u, b: $u, a: $u, tiny: $u) -> $u {
            const SIGN: $u = 1 << ($bits - 1);
            const INF: $u = ((1 << ($bits - 1 - $man)) - 1) << $man;
            const QUIET: $u = 1 << ($man - 1);
            let sign = (a ^ b) & SIGN;
            let (ma, mb) = (a & (SIGN - 1), b & (SIGN - 1));
            let r = sign | q & (SIGN - 1);
            let gap = (ma >> $man) as i32 - (mb >> $man) as i32;
            // The quotient is below everything, or the refinement of one above everything came to infinity minus infinity.
            let far = gap < if $bits == 64 { -1075 } else { -150 };
            let r = if far && $bits != 16 { sign | tiny } else { r };
            let r = if q & (SIGN - 1) > INF && gap > if $bits == 64 { 1024 } else { 128 } { sign | INF } else { r };
            let r = if mb == INF || ma == 0 { sign } else { r };
            let r = if mb == 0 || ma == INF { sign | INF } else { r };
            let r = if mb == 0 && ma == 0 || mb == INF && ma == INF { SIGN | INF | QUIET } else { r };
            let r = if mb > INF { b | QUIET } else { r };
            if ma > INF { a | QUIET } else { r }
        }
    };
}
fixup!(fix32, u32, 32, 23);
fixup!(fix16, u32, 16, 10);
fixup!(fix64, u64, 64, 52);

/// Does a tiny result of this sign round away from zero.
#[inline(always)]
fn away(round: u32, negative: bool) -> bool {
    round & 3 == if negative { 2 } else { 1 }
}

#[inline(always)]
fn fixup32(q: u32, b: u32, a: u32, mode: u32) -> u32 {
    fix32(q, b, a, away(mode, (a ^ b) >> 31 != 0) as u32)
}

#[inline(always)]
fn fixup16(q: u32, b: u32, a: u32) -> u32 {
    fix16(q, b, a, 0)
}

#[inline(always)]
fn fixup64(q: u64, b: u64, a: u64, mode: u32) -> u64 {
    fix64(q, b, a, away(mode >> 2, (a ^ b) >> 63 != 0) as u64)
}
