//! Half-precision kernels: sixteen lanes at once in f32, on the host's conversions.
//!
//! Each op has the quick way and, after `or`, the rule of one lane in [`Fp`]'s words, which says what the op means and
//! takes over where a result is NaN or MODE.FP16_OVFL is set.
use crate::fast::Level;
use crate::fp::*;
use crate::host::{Host, any_nan};
use crate::ops::{Chunk, Env, K32, apart, both};
use crate::trans;
use isa::Op;

/// The upper halves.
#[inline(always)]
fn up(x: &Chunk) -> Chunk {
    let mut o = [0; 16];
    for i in 0..16 {
        o[i] = x[i] >> 16;
    }
    o
}

/// An operation on every lane.
#[inline(always)]
fn map(a: &Chunk, b: &Chunk, c: &Chunk, g: impl Fn(f32, f32, f32) -> f32) -> Chunk {
    let mut o = [0; 16];
    for i in 0..16 {
        o[i] = g(f(a[i]), f(b[i]), f(c[i])).to_bits();
    }
    o
}

/// Low halves through an operation; and was a result NaN.
#[inline(always)]
fn low<H: Host>(h: H, a: &Chunk, b: &Chunk, c: &Chunk, g: impl Fn(f32, f32, f32) -> f32) -> (Chunk, bool) {
    let s = map(&h.widen(a), &h.widen(b), &h.widen(c), g);
    (h.narrow(&s), any_nan(&s))
}

/// Both halves through an operation.
#[inline(always)]
fn pair<H: Host>(h: H, a: &Chunk, b: &Chunk, c: &Chunk, g: impl Fn(f32, f32, f32) -> f32) -> (Chunk, bool) {
    let (mut l, n) = low(h, a, b, c, &g);
    let (u, m) = low(h, &up(a), &up(b), &up(c), &g);
    for i in 0..16 {
        l[i] |= u[i] << 16;
    }
    (l, n | m)
}

/// f32 lanes through an operation to halves.
#[inline(always)]
fn narrowed<H: Host>(h: H, a: &Chunk, b: &Chunk, c: &Chunk, g: impl Fn(f32, f32, f32) -> f32) -> (Chunk, bool) {
    let s = map(a, b, c, g);
    (h.narrow(&s), any_nan(&s))
}

#[inline(always)]
fn fma(x: f32, y: f32, z: f32) -> f32 {
    x.mul_add(y, z)
}

/// The product is exact in f32.
#[inline(always)]
fn fma_odd(x: f32, y: f32, z: f32) -> f32 {
    add_odd(x * y, z)
}

/// Two fused steps in f32, low halves first.
#[inline(always)]
fn dot<H: Host>(h: H, a: &Chunk, b: &Chunk, c: &Chunk) -> (Chunk, bool) {
    let s = map(&h.widen(a), &h.widen(b), c, fma);
    let s = map(&h.widen(&up(a)), &h.widen(&up(b)), &s, fma);
    (s, any_nan(&s))
}

/// The same each rounded to f16.
#[inline(always)]
fn dot_half<H: Host>(h: H, a: &Chunk, b: &Chunk, c: &Chunk) -> (Chunk, bool) {
    let (s, n) = low(h, a, b, c, fma_odd);
    let (s, m) = low(h, &up(a), &up(b), &s, fma_odd);
    (s, n | m)
}

/// A table of ops, like those of [`crate::ops`].
macro_rules! halves {
    ($(#[$doc:meta])* $name:ident, $kind:ident;
        $($op:ident => |$h:ident, $a:ident, $b:ident, $c:ident| $quick:expr,
            or |$r:ident, $x:ident, $y:ident, $z:ident| $rule:expr;)*) => {
        $(#[$doc])*
        pub(crate) fn $name(op: Op, level: Level) -> Option<(K32, Option<K32>)> {
            match op {
                $(Op::$op => {
                    halves!(@rule $kind, |$r, $x, $y, $z| $rule);
                    fn portable(o: &mut [Chunk], a: &[Chunk], b: &[Chunk], c: &[Chunk], e: Env) {
                        lanes(Near(e.mode, e.aux), o, a, b, c);
                    }
                    #[cfg(target_arch = "x86_64")]
                    #[inline(always)]
                    fn body<H: Host>($h: H, o: &mut [Chunk], a: &[Chunk], b: &[Chunk], c: &[Chunk], e: Env) {
                        let r = Near(e.mode, e.aux);
                        for (((o, $a), $b), $c) in o.iter_mut().zip(a).zip(b).zip(c) {
                            let (s, nan) = $quick;
                            *o = s;
                            if nan | r.saturate16() {
                                for i in 0..16 {
                                    o[i] = rule(r, $a[i], $b[i], $c[i]);
                                }
                            }
                            apart();
                        }
                    }
                    #[cfg(target_arch = "x86_64")]
                    #[target_feature(enable = "avx2,fma,f16c")]
                    fn avx2(o: &mut [Chunk], a: &[Chunk], b: &[Chunk], c: &[Chunk], e: Env) {
                        body(crate::host::Avx2, o, a, b, c, e);
                    }
                    #[cfg(target_arch = "x86_64")]
                    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c")]
                    fn avx512(o: &mut [Chunk], a: &[Chunk], b: &[Chunk], c: &[Chunk], e: Env) {
                        body(crate::host::Avx512, o, a, b, c, e);
                    }
                    Some((match level {
                        Level::Portable => portable,
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
    (@rule rounds, |$r:ident, $x:ident, $y:ident, $z:ident| $rule:expr) => {
        #[inline(always)]
        fn rule<R: Fp>($r: R, $x: u32, $y: u32, $z: u32) -> u32 {
            $rule
        }
        #[inline(always)]
        fn lanes<R: Fp>(r: R, o: &mut [Chunk], a: &[Chunk], b: &[Chunk], c: &[Chunk]) {
            for (((o, a), b), c) in o.iter_mut().zip(a).zip(b).zip(c) {
                for i in 0..16 {
                    o[i] = rule(r, a[i], b[i], c[i]);
                }
            }
        }
        fn exact() -> Option<K32> {
            fn f(o: &mut [Chunk], a: &[Chunk], b: &[Chunk], c: &[Chunk], e: Env) {
                lanes(Exact(e.mode, e.aux), o, a, b, c);
            }
            Some(f)
        }
    };
    (@rule plain, |$r:ident, $x:ident, $y:ident, $z:ident| $rule:expr) => {
        #[inline(always)]
        fn rule($r: Near, $x: u32, $y: u32, $z: u32) -> u32 {
            $rule
        }
        fn lanes(r: Near, o: &mut [Chunk], a: &[Chunk], b: &[Chunk], c: &[Chunk]) {
            for (((o, a), b), c) in o.iter_mut().zip(a).zip(b).zip(c) {
                for i in 0..16 {
                    o[i] = rule(r, a[i], b[i], c[i]);
                }
            }
        }
        fn exact() -> Option<K32> {
            None
        }
    };
}

halves! {
    /// Half-precision arithmetic, rounded by MODE.
    rounding, rounds;
    V_ADD_F16 => |h, a, b, c| low(h, a, b, c, |x, y, _| x + y), or |r, a, b, _c| r.add16(a, b);
    V_SUB_F16 => |h, a, b, c| low(h, a, b, c, |x, y, _| x - y), or |r, a, b, _c| r.sub16(a, b);
    V_SUBREV_F16 => |h, a, b, c| low(h, a, b, c, |x, y, _| y - x), or |r, a, b, _c| r.rsub16(a, b);
    V_MUL_F16 => |h, a, b, c| low(h, a, b, c, |x, y, _| x * y), or |r, a, b, _c| r.mul16(a, b);
    V_FMA_F16 => |h, a, b, c| low(h, a, b, c, fma_odd), or |r, a, b, c| r.fma16(a, b, c);
    V_FMAC_F16 => |h, a, b, c| low(h, a, b, c, fma_odd), or |r, a, b, c| r.fma16(a, b, c);
    V_FMAAK_F16 => |h, a, b, c| low(h, a, b, c, fma_odd), or |r, a, b, c| r.fma16(a, b, c);
    V_FMAMK_F16 => |h, a, b, c| low(h, a, c, b, fma_odd), or |r, a, b, c| r.fma16(a, c, b);
    V_PK_ADD_F16 => |h, a, b, c| pair(h, a, b, c, |x, y, _| x + y),
        or |r, a, b, c| both(a, b, c, |a, b, _| r.add16(a, b));
    V_PK_MUL_F16 => |h, a, b, c| pair(h, a, b, c, |x, y, _| x * y),
        or |r, a, b, c| both(a, b, c, |a, b, _| r.mul16(a, b));
    V_PK_FMA_F16 => |h, a, b, c| pair(h, a, b, c, fma_odd),
        or |r, a, b, c| both(a, b, c, |a, b, c| r.fma16(a, b, c));
    V_PK_FMAC_F16 => |h, a, b, c| pair(h, a, b, c, fma_odd),
        or |r, a, b, c| both(a, b, c, |a, b, c| r.fma16(a, b, c));
    V_FMA_MIXLO_F16 => |h, a, b, c| narrowed(h, a, b, c, fma), or |r, a, b, c| r.half(r.fma32(a, b, c));
    V_FMA_MIXHI_F16 => |h, a, b, c| narrowed(h, a, b, c, fma), or |r, a, b, c| r.half(r.fma32(a, b, c));
    V_CVT_F16_F32 => |h, a, b, c| narrowed(h, a, b, c, |x, _, _| x), or |r, a, _b, _c| r.half(a);
    V_DOT2_F32_F16 => |h, a, b, c| dot(h, a, b, c), or |r, a, b, c| r.dot2_f32_f16(a, b, c);
    V_DOT2ACC_F32_F16 => |h, a, b, c| dot(h, a, b, c), or |r, a, b, c| r.dot2_f32_f16(a, b, c);
    V_DOT2_F16_F16 => |h, a, b, c| dot_half(h, a, b, c), or |r, a, b, c| r.dot2_f16(a, b, c);
}

#[inline(always)]
fn root(x: f32) -> f32 {
    x.sqrt()
}

halves! {
    /// Half-precision transcendentals and conversions, which MODE does not round. For every f16 the quotient and the root
    /// in f32, rounded again, are those of the rule in f64; so are the logarithm and the sines rounded to f32 on the way.
    /// The exponential is rounded to odd.
    plain, plain;
    V_CVT_F32_F16 => |h, a, b, c| { let (_, _) = (b, c); let s = h.widen(a); (s, any_nan(&s)) },
        or |r, a, _b, _c| r.exact32(h2f(a).to_bits(), |x| x);
    V_RCP_F16 => |h, a, b, c| low(h, a, b, c, |x, _, _| 1.0 / x), or |r, a, _b, _c| r.unary16(a, trans::rcp);
    V_RSQ_F16 => |h, a, b, c| low(h, a, b, c, |x, _, _| 1.0 / root(x)), or |r, a, _b, _c| r.unary16(a, trans::rsq);
    V_SQRT_F16 => |h, a, b, c| low(h, a, b, c, |x, _, _| root(x)), or |r, a, _b, _c| r.unary16(a, trans::sqrt);
    V_EXP_F16 => |h, a, b, c| low(h, a, b, c, |x, _, _| odd(trans::exp2(x as f64))),
        or |r, a, _b, _c| r.unary16(a, trans::exp2);
    V_LOG_F16 => |h, a, b, c| low(h, a, b, c, |x, _, _| trans::log2(x as f64) as f32),
        or |r, a, _b, _c| r.unary16(a, trans::log2);
    V_SIN_F16 => |h, a, b, c| low(h, a, b, c, |x, _, _| trans::sin(x as f64) as f32),
        or |r, a, _b, _c| r.unary16(a, trans::sin);
    V_COS_F16 => |h, a, b, c| low(h, a, b, c, |x, _, _| trans::cos(x as f64) as f32),
        or |r, a, _b, _c| r.unary16(a, trans::cos);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transcendentals_of_every_half_do_not_see_the_second_rounding() {
        type One = fn(f32) -> f32;
        type Two = fn(f64) -> f64;
        let all: [(&str, One, Two); 7] = [
            ("rcp", |x| 1.0 / x, trans::rcp),
            ("rsq", |x| 1.0 / root(x), trans::rsq),
            ("sqrt", root, trans::sqrt),
            ("exp", |x| odd(trans::exp2(x as f64)), trans::exp2),
            ("log", |x| trans::log2(x as f64) as f32, trans::log2),
            ("sin", |x| trans::sin(x as f64) as f32, trans::sin),
            ("cos", |x| trans::cos(x as f64) as f32, trans::cos),
        ];
        for (name, quick, rule) in all {
            for x in 0..0x1_0000u32 {
                let (q, r) = (quick(h2f(x)), d2h(rule(h2f(x) as f64)));
                assert!(q.is_nan() == nan16(r), "{name} {x:04x}");
                assert!(q.is_nan() || half_bits(q) == r, "{name} {x:04x}: {:04x}, not {r:04x}", half_bits(q));
            }
        }
    }
}
