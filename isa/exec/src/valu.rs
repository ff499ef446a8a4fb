//! Vector ALU instructions around their kernels: operands, modifiers, lane crossing, output modifiers and the write.
//!
//! [`Alu::new`] resolves at decode time everything the code alone tells. At run time there are two ways: `simple`, for an
//! instruction without modifiers while MODE has its usual value (round to nearest even, denormals kept), and `full` for
//! all the rest.
use crate::fast::{Level, chunks, chunks_mut};
use crate::fp::*;
use crate::half;
use crate::host::{Host, any_nan};
use crate::lanes::DppMap;
use crate::ops::{self, Env, K32, K64, Wide};
use crate::program::{Code, Float, Src};
use crate::wave::{VCC, Wave, blend};
use isa::row::{CLAMP, Class, R_MODE, Slot, TIED, Ty};
use isa::{Dpp, Format, Inst, Op};

/// What computes the lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kernel {
    /// Another part of the instruction's own function.
    None,
    /// At most 32 bits: nearest even, and any rounding where it is another.
    Lanes(K32, Option<K32>),
    /// 64 bits.
    Wide(K64, Option<K64>),
}

/// Which half of a register a 16-bit operand is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Whole,
    Low,
    High,
}

/// How a source is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Operand {
    /// Format of sign modifiers and denormals.
    pub float: Float,
    pub part: Part,
    /// Two registers.
    pub wide: bool,
    pub neg: bool,
    pub abs: bool,
    /// VOP3P: halves read for the low and high result, and their negations.
    pub pick: Option<[(bool, bool); 2]>,
    /// All of this for one lane of 32 bits.
    pub fix: Fix,
    /// An f16 that the operation takes as f32.
    pub widen: bool,
}

/// What happens to a lane's digits on the way in: two turned copies masked and joined, then signs flipped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fix {
    turn: [u32; 2],
    keep: [u32; 2],
    flip: u32,
}

impl Fix {
    const NONE: Fix = Fix { turn: [0; 2], keep: [!0, 0], flip: 0 };

    fn new(o: &Operand) -> Fix {
        const LOW: u32 = 0xffff;
        const HIGH: u32 = 0xffff_0000;
        let (turn, mut keep) = match (o.part, o.pick.map(|[l, h]| (l.0, h.0))) {
            (_, Some((true, false))) => ([16, 0], [!0, 0]),
            (_, Some((false, false))) => ([0, 16], [LOW, HIGH]),
            (_, Some((true, true))) => ([16, 0], [LOW, HIGH]),
            (Part::Whole, _) => ([0, 0], [!0, 0]),
            (Part::Low, _) => ([0, 0], [LOW, 0]),
            (Part::High, _) => ([16, 0], [LOW, 0]),
        };
        let pair = matches!(o.float, Float::Pair | Float::BfPair);
        let sign = match o.float {
            Float::F16 | Float::Bf => 0x8000,
            _ if pair && o.pick.is_some() => 0,
            _ => 0x8000_0000u32,
        };
        let mut flip = o.pick.map_or(0, |[l, h]| (l.1 as u32) << 15 | (h.1 as u32) << 31);
        if o.abs {
            let sign = if pair { 0x8000_8000 } else { sign };
            keep = keep.map(|k| k & !sign);
            flip &= !sign;
            if o.pick.is_some_and(|p| p[0].1) {
                flip ^= sign;
            }
        }
        if o.neg && o.pick.is_none() {
            flip ^= sign;
        }
        Fix { turn, keep, flip }
    }

    #[inline(always)]
    fn apply(&self, x: u32) -> u32 {
        let [a, b] = self.turn.map(|n| x.rotate_left(n));
        ((a & self.keep[0]) | (b & self.keep[1])) ^ self.flip
    }
}

/// A vector instruction, resolved as far as its code tells.
#[derive(Clone, Debug)]
pub(crate) struct Alu {
    pub kernel: Kernel,
    pub src: [Operand; 3],
    pub count: u8,
    /// Format of the result.
    pub float: Float,
    /// A 16-bit result: which half it goes to.
    pub half: Part,
    /// Registers of the result.
    pub words: u8,
    /// Denormals are flushed as MODE says.
    pub mode: bool,
    /// MODE bits that must be [`Alu::usual`] for `simple`.
    pub care: u32,
    pub usual: u32,
    pub aux: u32,
    pub dpp: Option<Box<DppMap>>,
    /// Nothing is left for `full` but MODE.
    pub simple: bool,
}

/// Format of the results of an op.
fn result(name: &str) -> (Float, bool) {
    const F32: (Float, bool) = (Float::F32, false);
    const F16: (Float, bool) = (Float::F16, true);
    const NONE: (Float, bool) = (Float::None, false);
    const B16: (Float, bool) = (Float::None, true);
    match name {
        "v_dot2acc_f32_f16" | "v_dot2_f32_f16" | "v_dot2_f32_bf16" | "v_cvt_off_f32_i4" => return F32,
        "v_interp_p2_f16_f32"
        | "v_interp_p2_rtz_f16_f32"
        | "v_dot2_f16_f16"
        | "v_fma_mixlo_f16"
        | "v_fma_mixhi_f16" => return F16,
        "v_dot2_bf16_bf16" | "v_sat_pk_u8_i16" | "v_cvt_norm_i16_f16" | "v_cvt_norm_u16_f16" => return B16,
        "v_frexp_exp_i16_f16" => return B16,
        "v_cvt_pk_rtz_f16_f32" | "v_pack_b32_f16" => return (Float::Pair, false),
        "v_cvt_nearest_i32_f32" | "v_cvt_floor_i32_f32" | "v_mad_u32_u16" | "v_mad_i32_i16" => return NONE,
        _ => {}
    }
    if name.starts_with("v_pk_") {
        return if name.ends_with("_f16") { (Float::Pair, false) } else { NONE };
    }
    if ["v_cvt_pk_", "v_sad", "v_msad", "v_frexp_exp", "v_permlane"].iter().any(|p| name.starts_with(p)) {
        return NONE;
    }
    let ty = if name.starts_with("v_cvt_") { name.split('_').nth(2) } else { name.rsplit('_').next() };
    match ty.unwrap_or_default() {
        "f16" => F16,
        "f32" => F32,
        "f64" => (Float::F64, false),
        "i16" | "u16" | "b16" => B16,
        _ => NONE,
    }
}

/// Format of a source's modifiers.
fn source_float(inst: &Inst, k: usize, ty: Ty, first: Ty, result: Float) -> Float {
    let name = inst.row().name;
    match inst.op {
        Op::V_MOV_B32 | Op::V_CNDMASK_B32 => return if k < 2 { Float::F32 } else { Float::None },
        Op::V_MOV_B16 | Op::V_CNDMASK_B16 => return if k < 2 { Float::F16 } else { Float::None },
        Op::V_LDEXP_F16 | Op::V_LDEXP_F32 | Op::V_LDEXP_F64 | Op::V_CVT_PK_U8_F32 | Op::V_TRIG_PREOP_F64 if k > 0 => {
            return Float::None;
        }
        Op::V_DOT2ACC_F32_F16 | Op::V_DOT2_F32_F16 | Op::V_DOT2_F16_F16 if k < 2 => return Float::Pair,
        Op::V_DOT2ACC_F32_F16 | Op::V_DOT2_F32_F16 | Op::V_DOT2_F32_BF16 if k == 2 => return Float::F32,
        Op::V_DOT2_F32_BF16 | Op::V_DOT2_BF16_BF16 if k < 2 => return Float::BfPair,
        Op::V_DOT2_BF16_BF16 => return Float::Bf,
        _ => {}
    }
    if name.contains("cmp") && name.contains("_class_") && k == 1 {
        return Float::None;
    }
    if name.starts_with("v_pk_") {
        return if result == Float::Pair { Float::Pair } else { Float::None };
    }
    // e32 forms leave the type of the second operand to the first one.
    let ty = if k > 0 && matches!(first, Ty::F16 | Ty::F32 | Ty::F64) { first } else { ty };
    match ty {
        Ty::F16 => Float::F16,
        Ty::F32 => Float::F32,
        Ty::F64 => Float::F64,
        _ => Float::None,
    }
}

/// The kernel of an op, with CLAMP or without.
fn kernel(op: Op, clamp: bool, level: Level) -> Kernel {
    let narrow = |(k, e): (K32, Option<K32>)| Kernel::Lanes(k, e);
    if clamp && let Some(k) = ops::saturating(op, level) {
        return narrow(k);
    }
    if let Some(k) = half::rounding(op, level).or_else(|| half::plain(op, level)) {
        return narrow(k);
    }
    let k = ops::rounding(op, level).or_else(|| ops::plain(op, level));
    if let Some(k) = k.or_else(|| ops::rounding_cold(op, level)).or_else(|| ops::plain_cold(op, level)) {
        return narrow(k);
    }
    match ops::rounding_wide(op, level).or_else(|| ops::wide(op, level)) {
        Some((k, e)) => Kernel::Wide(k, e),
        None => Kernel::None,
    }
}

impl Alu {
    pub(crate) fn new(inst: &Inst, level: Level, lanes: u32) -> Alu {
        let row = inst.row();
        let m = &inst.mods;
        let vop3p = row.format == Format::Vop3p;
        let e32 = matches!(row.format, Format::Vop1 | Format::Vop2 | Format::Vopc);
        let mix = matches!(inst.op, Op::V_FMA_MIX_F32 | Op::V_FMA_MIXLO_F16 | Op::V_FMA_MIXHI_F16);
        let (float, half) = result(row.name);
        let opsel = |k: usize| m.opsel >> k & 1 != 0;
        let ty = |slot| row.operand(slot).map(|o| o.ty);
        let first = ty(Slot::Src0).unwrap_or(Ty::B32);
        let mut simple = inst.dpp == Dpp::None && (float == Float::None || !m.clamp && m.omod == 0);
        let mut count = 0;
        let src = [Slot::Src0, Slot::Src1, Slot::Src2].map(|slot| {
            let k = slot as usize - Slot::Src0 as usize;
            let operand = row.operand(slot);
            let tied = k == 2 && row.has(TIED) && operand.is_none();
            let constant = k == 2 && row.operand(Slot::Imm).is_some();
            let mut o = Operand {
                float: Float::None,
                part: Part::Whole,
                wide: false,
                neg: m.neg >> k & 1 != 0,
                abs: m.abs >> k & 1 != 0,
                pick: None,
                fix: Fix::NONE,
                widen: false,
            };
            if operand.is_none() && !tied && !constant || operand.is_some_and(|o| o.ty == Ty::Mask) {
                return o;
            }
            count = k as u8 + 1;
            let ty = operand.map_or(if constant { first } else { Ty::B32 }, |o| o.ty);
            o.wide = ty.dwords(false) >= 2;
            o.float = source_float(inst, k, ty, first, float);
            if (tied || constant) && o.float == Float::None {
                o.float = float;
            }
            let sixteen = if tied { half } else { matches!(ty, Ty::F16 | Ty::B16 | Ty::BF16) };
            if sixteen && !vop3p {
                let vgpr = if tied { 256 + inst.vdst as u16 } else { inst.src[k] };
                let high = if e32 { vgpr >= 256 + 128 && !constant } else { opsel(if tied { 3 } else { k }) };
                o.part = if high { Part::High } else { Part::Low };
                simple &= !high;
            }
            if mix {
                let f16 = m.opsel_hi >> k & 1 != 0;
                o.float = if f16 { Float::F16 } else { Float::F32 };
                o.part = match (f16, opsel(k)) {
                    (false, _) => Part::Whole,
                    (true, false) => Part::Low,
                    (true, true) => Part::High,
                };
                simple &= !f16;
            } else if matches!(o.float, Float::Pair | Float::BfPair) || vop3p && row.name.starts_with("v_pk_") {
                let signed = o.float != Float::None;
                let pick = if vop3p {
                    [(opsel(k), o.neg && signed), (m.opsel_hi >> k & 1 != 0, o.abs && signed)]
                } else {
                    [(false, o.neg), (true, o.neg)]
                };
                simple &= pick == [(false, false), (true, false)];
                o.pick = Some(pick);
                (o.neg, o.abs) = (false, o.abs && !vop3p);
            } else {
                o.abs &= !vop3p && o.float != Float::None;
                o.neg &= o.float != Float::None;
            }
            simple &= !o.neg && !o.abs;
            o.fix = Fix::new(&o);
            // FMA_MIX computes in f32.
            o.widen = vop3p && o.float == Float::F16;
            o
        });
        let floor = matches!(inst.op, Op::V_CVT_FLOOR_I32_F32 | Op::V_CVT_NEAREST_I32_F32);
        let rtz = matches!(inst.op, Op::V_INTERP_P10_RTZ_F16_F32 | Op::V_INTERP_P2_RTZ_F16_F32);
        let mode = (row.implicit & R_MODE != 0 || floor || rtz) && inst.op != Op::V_DOT2_BF16_BF16;
        let (mut care, mut usual) = (0, 0);
        if mode {
            for k in src[..count as usize].iter().map(|o| o.float).chain([float]) {
                match k {
                    Float::F32 => (care, usual) = (care | 0x33, usual | 0x30),
                    Float::F16 | Float::F64 | Float::Pair => (care, usual) = (care | 0xcc, usual | 0xc0),
                    Float::None | Float::Bf | Float::BfPair => {}
                }
            }
        }
        let high = match row.format {
            Format::Vop1 | Format::Vop2 => inst.vdst >= 128,
            Format::Vop3 => opsel(3),
            _ => inst.op == Op::V_FMA_MIXHI_F16,
        };
        simple &= !(half && high);
        Alu {
            kernel: kernel(inst.op, m.clamp && row.has(CLAMP), level),
            src,
            count,
            float,
            half: match (half, high) {
                (false, _) => Part::Whole,
                (true, false) => Part::Low,
                (true, true) => Part::High,
            },
            words: row.operand(Slot::Vdst).filter(|o| o.class == Class::V).map_or(1, |o| o.ty.dwords(false)),
            mode,
            care,
            usual,
            aux: m.neg as u32 | (m.clamp as u32) << 3,
            dpp: DppMap::new(inst.dpp, lanes as usize).map(Box::new),
            simple,
        }
    }

    /// MODE is as `simple` wants it.
    #[inline(always)]
    fn usual(&self, mode: u32) -> bool {
        mode & self.care == self.usual
    }

    /// Register and half of the result.
    fn target(&self, c: &Code) -> usize {
        let e32 = matches!(c.inst.format(), Format::Vop1 | Format::Vop2);
        if self.half == Part::High && e32 { c.inst.vdst as usize & 127 } else { c.inst.vdst as usize }
    }
}

/// Lanes on cache lines of their own.
#[repr(align(64))]
pub(crate) struct Lines<const L: usize>(pub [u32; L]);

/// The same of 64-bit lanes.
#[repr(align(64))]
pub(crate) struct WideLines<const L: usize>(pub [u64; L]);

/// A source as it stands: the register itself, or the scalar in every lane of a buffer declared without a value.
macro_rules! plain {
    ($w:expr, $s:expr, $buffer:ident) => {
        match $s {
            Src::V(k) => $w.vgpr(k as usize),
            s => {
                $buffer = Lines([$w.s32(s); L]);
                &$buffer.0
            }
        }
    };
}

#[inline(always)]
#[allow(unsafe_code)]
fn call<const L: usize>(k: K32, o: &mut [u32; L], a: &[u32; L], b: &[u32; L], c: &[u32; L], e: Env) {
    // SAFETY: kernels are looked up for the level the host has.
    unsafe { k(chunks_mut(o), chunks(a), chunks(b), chunks(c), e) }
}

/// Runs the kernel on unmodified operands; false where MODE asks for more.
#[inline(always)]
fn direct<const L: usize>(w: &Wave<L>, c: &Code, o: &mut Lines<L>) -> bool {
    let alu = c.alu();
    let Kernel::Lanes(k, _) = alu.kernel else { return false };
    if !alu.usual(w.mode) {
        return false;
    }
    let (x, y, z);
    let a = plain!(w, c.s[0], x);
    let b = if alu.count > 1 { plain!(w, c.s[1], y) } else { a };
    let d = if alu.count > 2 { plain!(w, c.s[2], z) } else { a };
    call(k, &mut o.0, a, b, d, Env { mode: w.mode, aux: alu.aux });
    true
}

#[inline(always)]
pub(crate) fn simple<H: Host, const L: usize>(_: H, w: &mut Wave<L>, c: &Code) {
    let mut o = Lines([0; L]);
    if direct(w, c, &mut o) {
        w.write32(c.inst.vdst as usize, &o.0, w.exec());
    } else {
        slow(w, c);
    }
}

/// The same with the operation itself in the function, for what inner loops are made of; `rule` takes its place where a
/// result is NaN.
#[inline(always)]
pub(crate) fn fused<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    op: impl Fn(Near, u32, u32, u32) -> u32,
    rule: Option<impl Fn(Near, u32, u32, u32) -> u32>,
) {
    let alu = c.alu();
    if !alu.usual(w.mode) {
        return slow(w, c);
    }
    let (x, y, z);
    let a = plain!(w, c.s[0], x);
    let b = if alu.count > 1 { plain!(w, c.s[1], y) } else { a };
    let d = if alu.count > 2 { plain!(w, c.s[2], z) } else { a };
    let r = Near(w.mode, alu.aux);
    let mut o = [0; L];
    for i in 0..L {
        o[i] = op(r, a[i], b[i], d[i]);
    }
    if let Some(rule) = rule
        && any_nan(&o)
    {
        for i in 0..L {
            o[i] = rule(r, a[i], b[i], d[i]);
        }
    }
    w.write32(c.inst.vdst as usize, &o, w.exec());
}

/// What is left when MODE is not as usual.
#[allow(unsafe_code)]
#[inline(always)]
pub(crate) fn slow<const L: usize>(w: &mut Wave<L>, c: &Code) {
    if let Some(f) = c.slow {
        // SAFETY: resolved with the instruction's own function, for the same lanes and level.
        unsafe { f(std::ptr::from_mut(w).cast(), c) }
    }
}

#[inline(always)]
pub(crate) fn simple_half<H: Host, const L: usize>(_: H, w: &mut Wave<L>, c: &Code) {
    let mut o = Lines([0; L]);
    if direct(w, c, &mut o) {
        write16(w, c.inst.vdst as usize, false, &o.0, w.exec());
    } else {
        slow(w, c);
    }
}

#[inline(always)]
#[allow(unsafe_code)]
fn call_wide<const L: usize>(k: K64, o: &mut [u64; L], s: [&[u64; L]; 3], e: Env) {
    let [a, b, c]: [&[Wide]; 3] = s.map(|s| s.as_chunks().0);
    // SAFETY: kernels are looked up for the level the host has.
    unsafe { k(o.as_chunks_mut().0, a, b, c, e) }
}

#[inline(always)]
pub(crate) fn simple_wide<H: Host, const L: usize>(_: H, w: &mut Wave<L>, c: &Code) {
    let alu = c.alu();
    let Kernel::Wide(k, _) = alu.kernel else { return };
    if !alu.usual(w.mode) {
        return slow(w, c);
    }
    let x = WideLines(w.lanes64(c.s[0], 1 + alu.src[0].wide as u8));
    let (y, z);
    let b = if alu.count > 1 {
        y = WideLines(w.lanes64(c.s[1], 1 + alu.src[1].wide as u8));
        &y.0
    } else {
        &x.0
    };
    let d = if alu.count > 2 {
        z = WideLines(w.lanes64(c.s[2], 1 + alu.src[2].wide as u8));
        &z.0
    } else {
        &x.0
    };
    let mut o = WideLines([0; L]);
    call_wide(k, &mut o.0, [&x.0, b, d], Env { mode: w.mode, aux: alu.aux });
    let exec = w.exec();
    w.write64(c.inst.vdst as usize, &o.0, alu.words, exec);
}

/// Does MODE flush denormal operands of a format.
#[inline(always)]
fn flushes(mode: u32, float: Float, output: bool) -> bool {
    let shift = match float {
        Float::F32 => 4,
        Float::F16 | Float::F64 | Float::Pair => 6,
        Float::None | Float::Bf | Float::BfPair => return false,
    };
    mode >> (shift + output as u32) & 1 == 0
}

#[inline(always)]
fn each<const L: usize>(x: &mut [u32; L], g: impl Fn(u32) -> u32) {
    for v in x.iter_mut() {
        *v = g(*v);
    }
}

/// Flushes denormals of a format.
#[inline(always)]
fn flush<const L: usize>(x: &mut [u32; L], float: Float) {
    match float {
        Float::F32 => each(x, flush32),
        Float::F16 => each(x, flush16),
        Float::Pair => each(x, |v| flush16(v & 0xffff) | flush16(v >> 16) << 16),
        _ => {}
    }
}

/// Source `n` of every lane with lane crossing and modifiers applied: the register itself where there are none.
#[inline(always)]
pub(crate) fn operand<'a, H: Host, const L: usize>(
    h: H,
    w: &'a Wave<L>,
    c: &Code,
    n: usize,
    buffer: &'a mut Lines<L>,
) -> &'a [u32; L] {
    let alu = c.alu();
    let op = &alu.src[n];
    let o = &mut buffer.0;
    let flushed = alu.mode && flushes(w.mode, op.float, false);
    let plain = op.fix == Fix::NONE;
    let dpp = alu.dpp.as_deref().filter(|_| n == 0);
    match (c.s[n], dpp) {
        (Src::V(k), None) => {
            let x = w.vgpr(k as usize);
            if plain && !flushed {
                return x;
            }
            for i in 0..L {
                o[i] = op.fix.apply(x[i]);
            }
        }
        (s, None) => *o = [op.fix.apply(w.s32(s)); L],
        (s, Some(map)) => {
            let scalar;
            map.read(h, w.exec(), plain!(w, s, scalar), o);
            if !plain {
                each(o, |x| op.fix.apply(x));
            }
        }
    }
    if flushed {
        flush(o, op.float);
    }
    if op.widen {
        for x in chunks_mut(o) {
            *x = h.widen(x);
        }
    }
    o
}

/// The same by value.
#[inline(always)]
pub(crate) fn source<H: Host, const L: usize>(h: H, w: &Wave<L>, c: &Code, n: usize) -> [u32; L] {
    *operand(h, w, c, n, &mut Lines([0; L]))
}

/// The same of 64-bit lanes.
#[inline(always)]
pub(crate) fn source_wide<H: Host, const L: usize>(h: H, w: &Wave<L>, c: &Code, n: usize) -> [u64; L] {
    let alu = c.alu();
    let op = &alu.src[n];
    if !op.wide {
        let mut buffer = Lines([0; L]);
        let x = operand(h, w, c, n, &mut buffer);
        let mut o = [0; L];
        for i in 0..L {
            o[i] = x[i] as u64;
        }
        return o;
    }
    let mut x = w.lanes64(c.s[n], 2);
    let keep = if op.abs { !(1 << 63) } else { !0u64 };
    let flip = if op.neg { 1u64 << 63 } else { 0 };
    for v in &mut x {
        *v = (*v & keep) ^ flip;
    }
    if alu.mode && flushes(w.mode, op.float, false) {
        for v in &mut x {
            *v = flush64(*v);
        }
    }
    x
}

/// Lanes to write.
#[inline(always)]
pub(crate) fn written<H: Host, const L: usize>(h: H, w: &Wave<L>, c: &Code) -> u64 {
    match &c.alu().dpp {
        Some(map) => map.write::<H, L>(h, w.exec()),
        None => w.exec(),
    }
}

const OMOD: [u32; 4] = [0x3f80_0000, 0x4000_0000, 0x4080_0000, 0x3f00_0000];
const OMOD16: [u32; 4] = [0x3c00, 0x4000, 0x4400, 0x3800];
const OMOD64: [u64; 4] = [1023 << 52, 1024 << 52, 1025 << 52, 1022 << 52];

/// -0 to +0.
#[inline(always)]
fn positive(x: u32, minus: u32) -> u32 {
    if x == minus { 0 } else { x }
}

#[inline(always)]
fn clamp32(x: u32, dx10: bool) -> u32 {
    let v = f(x);
    let r = if v > 1.0 { 0x3f80_0000 } else { x };
    let r = if v <= 0.0 { 0 } else { r };
    if v.is_nan() { if dx10 { 0 } else { x } } else { r }
}

#[inline(always)]
fn clamp16(x: u32, dx10: bool) -> u32 {
    let r = if x & 0x8000 != 0 { 0 } else { x.min(0x3c00) };
    if nan16(x) { if dx10 { 0 } else { x } } else { r }
}

#[inline(always)]
fn clamp64(x: u64, dx10: bool) -> u64 {
    let v = d(x);
    if v.is_nan() {
        if dx10 { 0 } else { x }
    } else if v <= 0.0 {
        0
    } else if v > 1.0 {
        1023 << 52
    } else {
        x
    }
}

/// Output modifiers of the results: denormals, OMOD, CLAMP.
#[inline(always)]
pub(crate) fn finish<const L: usize>(mode: u32, c: &Code, o: &mut [u32; L]) {
    let (alu, m) = (c.alu(), &c.inst.mods);
    let flushed = flushes(mode, alu.float, true);
    if alu.mode && flushed {
        flush(o, alu.float);
    }
    // OMOD works neither with denormal results nor in IEEE mode, and gives no -0.
    if m.omod != 0 && flushed && mode >> 9 & 1 == 0 {
        let k = m.omod as usize & 3;
        match alu.float {
            Float::F32 if mode & 3 == 0 => each(o, |v| positive(flush32(Near(mode, 0).mul32(v, OMOD[k])), 1 << 31)),
            Float::F32 => each(o, |v| positive(flush32(Exact(mode, 0).mul32(v, OMOD[k])), 1 << 31)),
            Float::F16 => each(o, |v| positive(flush16(Exact(mode, 0).mul16(v, OMOD16[k])), 1 << 15)),
            Float::Pair => each(o, |v| {
                let [l, h] = [v, v >> 16].map(|v| positive(flush16(Exact(mode, 0).mul16(v, OMOD16[k])), 1 << 15));
                l | h << 16
            }),
            _ => {}
        }
    }
    if m.clamp {
        let dx10 = mode >> 8 & 1 != 0;
        match alu.float {
            Float::F32 => each(o, |v| clamp32(v, dx10)),
            Float::F16 => each(o, |v| clamp16(v, dx10)),
            Float::Pair => each(o, |v| clamp16(v & 0xffff, dx10) | clamp16(v >> 16, dx10) << 16),
            _ => {}
        }
    }
}

/// The same of f64 results.
#[inline(always)]
pub(crate) fn finish_wide<const L: usize>(mode: u32, c: &Code, o: &mut [u64; L]) {
    let (alu, m) = (c.alu(), &c.inst.mods);
    if alu.float == Float::None && alu.words == 2 {
        return;
    }
    if alu.float != Float::F64 {
        let mut x: [u32; L] = std::array::from_fn(|i| o[i] as u32);
        if alu.float != Float::None {
            finish(mode, c, &mut x);
        }
        for (o, x) in o.iter_mut().zip(x).filter(|_| alu.words == 1) {
            *o = x as u64;
        }
        return;
    }
    let flushed = flushes(mode, Float::F64, true);
    if !flushed && !m.clamp {
        return;
    }
    for v in o.iter_mut() {
        if alu.mode && flushed {
            *v = flush64(*v);
        }
        if m.omod != 0 && flushed && mode >> 9 & 1 == 0 {
            *v = flush64(Exact(mode, 0).mul64(*v, OMOD64[m.omod as usize & 3]));
            *v = if *v == 1 << 63 { 0 } else { *v };
        }
        if m.clamp {
            *v = clamp64(*v, mode >> 8 & 1 != 0);
        }
    }
}

#[inline(always)]
pub(crate) fn full<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let alu = c.alu();
    let Kernel::Lanes(near, exact) = alu.kernel else { return };
    let [mut x, mut y, mut z, mut o] = [const { Lines([0; L]) }; 4];
    let a = operand(h, w, c, 0, &mut x);
    let b = if alu.count > 1 { operand(h, w, c, 1, &mut y) } else { a };
    let d = if alu.count > 2 { operand(h, w, c, 2, &mut z) } else { a };
    let k = exact.filter(|_| w.mode & 15 != 0).unwrap_or(near);
    call(k, &mut o.0, a, b, d, Env { mode: w.mode, aux: alu.aux });
    finish(w.mode, c, &mut o.0);
    store(h, w, c, &o.0);
}

/// Writes a result of at most 32 bits.
#[inline(always)]
pub(crate) fn store<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code, o: &[u32; L]) {
    let alu = c.alu();
    let write = written(h, w, c);
    match alu.half {
        Part::Whole => w.write32(c.inst.vdst as usize, o, write),
        part => write16(w, alu.target(c), part == Part::High, o, write),
    }
}

#[inline(always)]
pub(crate) fn full_wide<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let alu = c.alu();
    let Kernel::Wide(near, exact) = alu.kernel else { return };
    let x = WideLines(source_wide(h, w, c, 0));
    let (y, z);
    let b = if alu.count > 1 {
        y = WideLines(source_wide(h, w, c, 1));
        &y.0
    } else {
        &x.0
    };
    let d = if alu.count > 2 {
        z = WideLines(source_wide(h, w, c, 2));
        &z.0
    } else {
        &x.0
    };
    let k = exact.filter(|_| w.mode & 15 != 0).unwrap_or(near);
    let mut o = WideLines([0; L]);
    call_wide(k, &mut o.0, [&x.0, b, d], Env { mode: w.mode, aux: alu.aux });
    finish_wide(w.mode, c, &mut o.0);
    let write = written(h, w, c);
    w.write64(c.inst.vdst as usize, &o.0, alu.words, write);
}

/// Writes one half of a register, keeping the other.
#[inline(always)]
pub(crate) fn write16<const L: usize>(w: &mut Wave<L>, k: usize, high: bool, out: &[u32; L], mask: u64) {
    let Some(d) = w.vgpr_mut(k) else { return };
    let mut x = [0; L];
    for l in 0..L {
        x[l] = if high { d[l] & 0xffff | out[l] << 16 } else { d[l] & 0xffff_0000 | out[l] & 0xffff };
    }
    if mask == Wave::<L>::ALL {
        *d = x;
    } else {
        blend(mask, d, &x);
    }
}

/// Lanes of `b` where the mask is set, of `a` elsewhere.
#[inline(always)]
fn choose<const L: usize>(mask: u64, a: &[u32; L], b: &[u32; L], o: &mut Lines<L>) {
    o.0 = *a;
    blend(mask, &mut o.0, b);
}

/// `v_cndmask`: by VCC in e32 forms, else by the third operand.
#[inline(always)]
pub(crate) fn select<H: Host, const L: usize>(h: H, w: &mut Wave<L>, c: &Code) {
    let mask = if c.inst.format() == Format::Vop3 { w.mask(c.inst.src[2] as usize) } else { w.mask(VCC) };
    let [mut x, mut y, mut o] = [const { Lines([0; L]) }; 3];
    choose(mask, operand(h, w, c, 0, &mut x), operand(h, w, c, 1, &mut y), &mut o);
    store(h, w, c, &o.0);
}

/// One half of a VOPD pair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Half {
    kernel: Option<(K32, Option<K32>)>,
    /// Its third operand: the destination, or the constant.
    tied: bool,
    float: bool,
    /// The first two operands are f16 pairs.
    pairs: bool,
}

impl Half {
    /// None where the op has no semantics.
    pub(crate) fn new(op: Op, level: Level) -> Option<Half> {
        let kernel = match kernel(op, false, level) {
            Kernel::Lanes(k, e) => Some((k, e)),
            _ if op == Op::V_CNDMASK_B32 => None,
            _ => return None,
        };
        let whole = [Op::V_MOV_B32, Op::V_CNDMASK_B32, Op::V_ADD_NC_U32, Op::V_LSHLREV_B32, Op::V_AND_B32];
        Some(Half {
            kernel,
            tied: matches!(op, Op::V_FMAC_F32 | Op::V_DOT2ACC_F32_F16),
            float: !whole.contains(&op),
            pairs: op == Op::V_DOT2ACC_F32_F16,
        })
    }
}

/// A VOPD source; beyond the allocation the register's number modulo four is read.
macro_rules! vopd {
    ($w:expr, $s:expr, $buffer:ident) => {
        match $s {
            Src::V(k) => $w.v.get(k as usize).unwrap_or_else(|| $w.vgpr(k as usize % 4)),
            s => {
                $buffer = Lines([$w.s32(s); L]);
                &$buffer.0
            }
        }
    };
}

/// One half of a pair, before anything is written.
#[inline(always)]
fn half_of<const L: usize>(w: &Wave<L>, h: &Half, s: [Src; 2], vdst: u8, constant: u32, o: &mut Lines<L>) {
    let (x, y, z);
    let (a, b) = (vopd!(w, s[0], x), vopd!(w, s[1], y));
    let Some((near, exact)) = h.kernel else { return choose(w.mask(VCC), a, b, o) };
    let d = if h.tied { Src::V(vdst) } else { Src::K(constant as u64) };
    let d = plain!(w, d, z);
    let env = Env { mode: w.mode, aux: 0 };
    let care = if h.pairs { 0xff } else { 0x33 };
    if !h.float || w.mode & care == 0xf0 & care {
        return call(near, &mut o.0, a, b, d, env);
    }
    let (mut a, mut b, mut d) = (*a, *b, *d);
    let operand = if h.pairs { Float::Pair } else { Float::F32 };
    for (x, float) in [(&mut a, operand), (&mut b, operand), (&mut d, Float::F32)] {
        if flushes(w.mode, float, false) {
            flush(x, float);
        }
    }
    call(exact.filter(|_| w.mode & 15 != 0).unwrap_or(near), &mut o.0, &a, &b, &d, env);
    if flushes(w.mode, Float::F32, true) {
        flush(&mut o.0, Float::F32);
    }
}

/// A VOPD pair: both halves read before either writes.
#[inline(always)]
pub(crate) fn pair<H: Host, const L: usize>(_: H, w: &mut Wave<L>, c: &Code) {
    let i = &c.inst;
    let (Some(y), Some([hx, hy])) = (i.y, &c.pair) else { return };
    let [mut a, mut b] = [const { Lines([0; L]) }; 2];
    half_of(w, hx, [c.s[0], c.s[1]], i.vdst, i.literal, &mut a);
    half_of(w, hy, c.y, y.vdst, i.literal, &mut b);
    let exec = w.exec();
    w.write32(i.vdst as usize, &a.0, exec);
    w.write32(y.vdst as usize, &b.0, exec);
}
