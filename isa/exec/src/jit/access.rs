//! What a vector memory instruction moves, and where its addresses come from.
use super::asm::{Cc, Label, O, mem};
use super::emit::Emit;
use super::memory::spread;
use super::sgpr;
use super::simd::Z;
use crate::mem::{Half, MemOp};
use crate::program::{Code, Src};
use crate::wave::NULL;
use iced_x86::{Code as X, Register as R};
use isa::Format;

/// Where addresses come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Space {
    Lds,
    /// Scalar base, 32-bit offset a lane.
    Scalar,
    /// 64-bit address a lane.
    Pair,
    /// Raw buffer: scalar base, 32-bit offset a lane, lanes beyond its end out of range.
    Buffer,
}

/// What an instruction moves.
pub(super) struct Access {
    pub space: Space,
    pub store: bool,
    /// Bytes of one element: 1, 2 or 4 times `dwords`.
    pub bytes: i32,
    /// Registers an element takes.
    pub dwords: usize,
    pub signed: bool,
    pub d16: Option<Half>,
    /// Upper half of the data stored.
    pub hi: bool,
    /// Offsets of the elements, one or two.
    pub offsets: Vec<i32>,
    /// Data registers by element and dword.
    pub data: Vec<u8>,
}

pub(super) fn describe(c: &Code) -> Option<Access> {
    let (i, m) = (&c.inst, &c.inst.mem);
    if m.tfe || m.gds {
        return None;
    }
    let space = match i.format() {
        Format::Ds => Space::Lds,
        Format::Global if m.sbase as usize != NULL => Space::Scalar,
        Format::Global | Format::Flat => Space::Pair,
        Format::Mubuf if m.offen && !m.idxen && m.sbase < 120 => Space::Buffer,
        _ => return None,
    };
    if space == Space::Scalar && m.sbase as usize + 1 >= NULL {
        return None;
    }
    let registers = |first: u8, n: usize| (0..n as u8).map(move |k| first.checked_add(k).unwrap_or(0));
    let mut a = Access {
        space,
        store: false,
        bytes: 0,
        dwords: 0,
        signed: false,
        d16: None,
        hi: false,
        offsets: vec![i.imm],
        data: Vec::new(),
    };
    match c.mem? {
        MemOp::Load { bytes, signed, d16 } => {
            (a.bytes, a.signed, a.d16) = (bytes as i32, signed, d16);
            a.data = registers(i.vdst, (bytes as usize).div_ceil(4)).collect();
        }
        MemOp::Store { bytes, hi } => {
            (a.bytes, a.hi, a.store) = (bytes as i32, hi, true);
            a.data = registers(m.data0, (bytes as usize).div_ceil(4)).collect();
        }
        MemOp::Load2 { bytes, scale } => {
            a.bytes = bytes as i32;
            a.offsets = [i.imm & 0xff, i.imm >> 8 & 0xff].map(|o| o * scale as i32).to_vec();
            a.data = registers(i.vdst, bytes as usize / 2).collect();
        }
        MemOp::Store2 { bytes, scale } => {
            (a.bytes, a.store) = (bytes as i32, true);
            a.offsets = [i.imm & 0xff, i.imm >> 8 & 0xff].map(|o| o * scale as i32).to_vec();
            let n = bytes as usize / 4;
            a.data = registers(m.data0, n).chain(registers(m.data1, n)).collect();
        }
        _ => return None,
    }
    // Two neighbours are one element.
    if let [first, second] = a.offsets[..]
        && second == first + a.bytes
        && a.bytes <= 8
    {
        a.bytes *= 2;
        a.offsets = vec![first];
    }
    a.dwords = (a.bytes as usize).div_ceil(4);
    // A buffer's dwords are checked one by one.
    if a.space == Space::Buffer && (a.bytes != 4 || soffset(m.soffset).is_none()) {
        return None;
    }
    if !matches!(a.bytes, 1 | 2 | 4 | 8 | 16) || a.space == Space::Lds && a.offsets.iter().any(|o| *o < 0) {
        return None;
    }
    Some(a)
}

/// Scalar offset of a buffer instruction.
fn soffset(code: u8) -> Option<Src> {
    match code {
        0..=127 => Some(Src::S(code)),
        128..=192 => Some(Src::K(code as u64 - 128)),
        193..=208 => Some(Src::K((192 - code as i64) as u32 as u64)),
        _ => None,
    }
}

/// rsi: where a raw buffer and its scalar offset begin; `limit`: the last offset of a dword in range, with AVX2 in r8d too. Other kinds of
/// resources are the interpreter's.
pub(super) fn resource(e: &mut Emit<'_>, c: &Code, limit: Z, slow: Label) {
    let m = &c.inst.mem;
    let d = |k: usize| O::M(mem(R::RBX, sgpr(m.sbase as usize + k)));
    // No stride and no swizzle.
    e.a.e(X::Mov_r32_rm32, &[R::EAX.into(), d(1)]);
    e.a.e(X::Shr_rm32_imm8, &[R::EAX.into(), O::I8(16)]);
    e.a.jcc(Cc::Ne, slow);
    // A buffer with a format, raw range check, without thread id.
    e.a.e(X::Mov_r32_rm32, &[R::EAX.into(), d(3)]);
    e.a.e(X::Test_rm32_imm32, &[R::EAX.into(), O::I32(0x3_f000)]);
    e.a.jcc(Cc::E, slow);
    e.a.e(X::And_rm32_imm32, &[R::EAX.into(), O::I32(0xf080_0000u32 as i32)]);
    e.a.e(X::Cmp_rm32_imm32, &[R::EAX.into(), O::I32(0x3000_0000)]);
    e.a.jcc(Cc::Ne, slow);
    e.a.e(X::Mov_r64_rm64, &[R::RSI.into(), d(0)]);
    match soffset(m.soffset) {
        Some(Src::S(k)) => e.a.e(X::Mov_r32_rm32, &[R::ECX.into(), mem(R::RBX, sgpr(k as usize)).into()]),
        Some(Src::K(k)) => e.a.e(X::Mov_r32_imm32, &[R::ECX.into(), O::I32(k as u32 as i32)]),
        _ => e.a.failed = true,
    }
    e.a.e(X::Add_r64_rm64, &[R::RSI.into(), R::RCX.into()]);
    e.a.e(X::Mov_r32_rm32, &[R::EDX.into(), d(2)]);
    e.a.e(X::Sub_r32_rm32, &[R::EDX.into(), R::ECX.into()]);
    e.a.jcc(Cc::B, slow);
    e.a.e(X::Sub_rm32_imm32, &[R::EDX.into(), O::I32(4)]);
    e.a.jcc(Cc::B, slow);
    if e.avx2() {
        e.a.e(X::Mov_r32_rm32, &[R::R8D.into(), R::EDX.into()]);
    }
    spread(e, limit, R::EDX);
}
