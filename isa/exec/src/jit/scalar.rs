//! Scalar instructions and scalar loads. Scalar registers stay in memory.
use super::asm::{Cc, Label, M, O, mem};
use super::emit::Emit;
use super::simd::{LOAD, STORE};
use super::{EXEC_AT, SCC, sgpr, site};
use crate::program::{Code, Src, Unit};
use crate::wave::NULL;
use iced_x86::{Code as X, Register as R};
use isa::Op;

const SCC_AT: M = mem(R::RBX, SCC);

fn at(code: usize) -> M {
    mem(R::RBX, sgpr(code))
}

/// Has the pair at this code both its registers where a 64-bit access finds them.
fn pair(code: usize) -> bool {
    code + 1 < 128 && code != NULL && code + 1 != NULL
}

fn known32(s: Src) -> bool {
    matches!(s, Src::S(_) | Src::K(_))
}

fn known64(s: Src) -> bool {
    match s {
        Src::S(k) => pair(k as usize),
        Src::K(_) => true,
        _ => false,
    }
}

fn load32(e: &mut Emit<'_>, r: R, s: Src) {
    match s {
        Src::S(k) => e.a.e(X::Mov_r32_rm32, &[r.into(), at(k as usize).into()]),
        Src::K(v) => e.a.e(X::Mov_r32_imm32, &[r.into(), O::I32(v as u32 as i32)]),
        _ => e.a.failed = true,
    }
}

fn load64(e: &mut Emit<'_>, r: R, s: Src) {
    match s {
        Src::S(k) => e.a.e(X::Mov_r64_rm64, &[r.into(), at(k as usize).into()]),
        Src::K(v) => e.a.e(X::Mov_r64_imm64, &[r.into(), O::I64(v)]),
        _ => e.a.failed = true,
    }
}

fn store32(e: &mut Emit<'_>, d: usize, r: R) {
    if d < 128 && d != NULL {
        e.a.e(X::Mov_rm32_r32, &[at(d).into(), r.into()]);
        e.forget_s(d);
    }
}

fn store64(e: &mut Emit<'_>, d: usize, r: R) {
    if d != NULL {
        e.a.e(X::Mov_rm64_r64, &[at(d).into(), r.into()]);
        e.forget_s(d);
        e.forget_s(d + 1);
    }
}

fn set(e: &mut Emit<'_>, cc: Cc) {
    let code = match cc {
        Cc::O => X::Seto_rm8,
        Cc::B => X::Setb_rm8,
        Cc::Ae => X::Setae_rm8,
        Cc::E => X::Sete_rm8,
        Cc::Ne => X::Setne_rm8,
        Cc::Be => X::Setbe_rm8,
        Cc::A => X::Seta_rm8,
        Cc::L => X::Setl_rm8,
        Cc::Ge => X::Setge_rm8,
        Cc::Le => X::Setle_rm8,
        Cc::G => X::Setg_rm8,
    };
    e.a.e(code, &[SCC_AT.into()]);
}

const A: R = R::EAX;
const B: R = R::ECX;
const A64: R = R::RAX;
const B64: R = R::RCX;

/// Shape of what is computed on eax (rax) and ecx (rcx).
enum Do {
    /// Binary 32-bit; SCC from a condition.
    Alu(X, Option<Cc>),
    /// The same and inverted; SCC says nonzero.
    Inverted(X),
    AndNot,
    OrNot,
    Alu64(X),
    Inverted64(X),
    AndNot64,
    OrNot64,
    Shift(X),
    Shift64(X),
    Carry(X),
    ShlAdd(u8),
    /// Compare and move the other one in on the condition; SCC on another.
    Pick {
        scc: Cc,
        other: X,
    },
    Compare(Cc),
    Compare64(Cc),
    /// Compare SDST with the constant.
    CompareK(Cc, i32),
    Bit(Cc),
    Mul,
    MulHi(X),
    Select,
    Select64,
    Move,
    Move64,
    MoveK,
    AddK,
    MulK,
    Not,
    Not64,
    SaveExec(X, bool),
    SaveExec64(X, bool),
    Pack(u8),
    Count(X, bool),
    Sext(X),
    Field,
}

fn what(c: &Code) -> Option<Do> {
    use Do::*;
    let k = c.inst.imm;
    let ku = k & 0xffff;
    Some(match c.inst.op {
        Op::S_ADD_U32 => Alu(X::Add_r32_rm32, Some(Cc::B)),
        Op::S_SUB_U32 => Alu(X::Sub_r32_rm32, Some(Cc::B)),
        Op::S_ADD_I32 => Alu(X::Add_r32_rm32, Some(Cc::O)),
        Op::S_SUB_I32 => Alu(X::Sub_r32_rm32, Some(Cc::O)),
        Op::S_ADDC_U32 => Carry(X::Adc_r32_rm32),
        Op::S_SUBB_U32 => Carry(X::Sbb_r32_rm32),
        Op::S_AND_B32 => Alu(X::And_r32_rm32, Some(Cc::Ne)),
        Op::S_OR_B32 => Alu(X::Or_r32_rm32, Some(Cc::Ne)),
        Op::S_XOR_B32 => Alu(X::Xor_r32_rm32, Some(Cc::Ne)),
        Op::S_NAND_B32 => Inverted(X::And_r32_rm32),
        Op::S_NOR_B32 => Inverted(X::Or_r32_rm32),
        Op::S_XNOR_B32 => Inverted(X::Xor_r32_rm32),
        Op::S_AND_NOT1_B32 => AndNot,
        Op::S_OR_NOT1_B32 => OrNot,
        Op::S_AND_B64 => Alu64(X::And_r64_rm64),
        Op::S_OR_B64 => Alu64(X::Or_r64_rm64),
        Op::S_XOR_B64 => Alu64(X::Xor_r64_rm64),
        Op::S_NAND_B64 => Inverted64(X::And_r64_rm64),
        Op::S_NOR_B64 => Inverted64(X::Or_r64_rm64),
        Op::S_XNOR_B64 => Inverted64(X::Xor_r64_rm64),
        Op::S_AND_NOT1_B64 => AndNot64,
        Op::S_OR_NOT1_B64 => OrNot64,
        Op::S_LSHL_B32 => Shift(X::Shl_rm32_CL),
        Op::S_LSHR_B32 => Shift(X::Shr_rm32_CL),
        Op::S_ASHR_I32 => Shift(X::Sar_rm32_CL),
        Op::S_LSHL_B64 => Shift64(X::Shl_rm64_CL),
        Op::S_LSHR_B64 => Shift64(X::Shr_rm64_CL),
        Op::S_ASHR_I64 => Shift64(X::Sar_rm64_CL),
        Op::S_LSHL1_ADD_U32 => ShlAdd(1),
        Op::S_LSHL2_ADD_U32 => ShlAdd(2),
        Op::S_LSHL3_ADD_U32 => ShlAdd(3),
        Op::S_LSHL4_ADD_U32 => ShlAdd(4),
        Op::S_MIN_I32 => Pick { scc: Cc::L, other: X::Cmovge_r32_rm32 },
        Op::S_MIN_U32 => Pick { scc: Cc::B, other: X::Cmovae_r32_rm32 },
        Op::S_MAX_I32 => Pick { scc: Cc::Ge, other: X::Cmovl_r32_rm32 },
        Op::S_MAX_U32 => Pick { scc: Cc::Ae, other: X::Cmovb_r32_rm32 },
        Op::S_MUL_I32 => Mul,
        Op::S_MUL_HI_U32 => MulHi(X::Mul_rm32),
        Op::S_MUL_HI_I32 => MulHi(X::Imul_rm32),
        Op::S_CSELECT_B32 => Select,
        Op::S_CSELECT_B64 => Select64,
        Op::S_MOV_B32 => Move,
        Op::S_MOV_B64 => Move64,
        Op::S_MOVK_I32 => MoveK,
        Op::S_ADDK_I32 => AddK,
        Op::S_MULK_I32 => MulK,
        Op::S_NOT_B32 => Not,
        Op::S_NOT_B64 => Not64,
        Op::S_CMP_EQ_I32 | Op::S_CMP_EQ_U32 => Compare(Cc::E),
        Op::S_CMP_LG_I32 | Op::S_CMP_LG_U32 => Compare(Cc::Ne),
        Op::S_CMP_GT_I32 => Compare(Cc::G),
        Op::S_CMP_GE_I32 => Compare(Cc::Ge),
        Op::S_CMP_LT_I32 => Compare(Cc::L),
        Op::S_CMP_LE_I32 => Compare(Cc::Le),
        Op::S_CMP_GT_U32 => Compare(Cc::A),
        Op::S_CMP_GE_U32 => Compare(Cc::Ae),
        Op::S_CMP_LT_U32 => Compare(Cc::B),
        Op::S_CMP_LE_U32 => Compare(Cc::Be),
        Op::S_CMP_EQ_U64 => Compare64(Cc::E),
        Op::S_CMP_LG_U64 => Compare64(Cc::Ne),
        Op::S_CMPK_EQ_I32 => CompareK(Cc::E, k),
        Op::S_CMPK_LG_I32 => CompareK(Cc::Ne, k),
        Op::S_CMPK_GT_I32 => CompareK(Cc::G, k),
        Op::S_CMPK_GE_I32 => CompareK(Cc::Ge, k),
        Op::S_CMPK_LT_I32 => CompareK(Cc::L, k),
        Op::S_CMPK_LE_I32 => CompareK(Cc::Le, k),
        Op::S_CMPK_EQ_U32 => CompareK(Cc::E, ku),
        Op::S_CMPK_LG_U32 => CompareK(Cc::Ne, ku),
        Op::S_CMPK_GT_U32 => CompareK(Cc::A, ku),
        Op::S_CMPK_GE_U32 => CompareK(Cc::Ae, ku),
        Op::S_CMPK_LT_U32 => CompareK(Cc::B, ku),
        Op::S_CMPK_LE_U32 => CompareK(Cc::Be, ku),
        Op::S_BITCMP0_B32 => Bit(Cc::Ae),
        Op::S_BITCMP1_B32 => Bit(Cc::B),
        Op::S_AND_SAVEEXEC_B32 => SaveExec(X::And_r32_rm32, false),
        Op::S_OR_SAVEEXEC_B32 => SaveExec(X::Or_r32_rm32, false),
        Op::S_XOR_SAVEEXEC_B32 => SaveExec(X::Xor_r32_rm32, false),
        Op::S_AND_NOT1_SAVEEXEC_B32 => SaveExec(X::And_r32_rm32, true),
        Op::S_OR_NOT1_SAVEEXEC_B32 => SaveExec(X::Or_r32_rm32, true),
        Op::S_AND_SAVEEXEC_B64 => SaveExec64(X::And_r64_rm64, false),
        Op::S_OR_SAVEEXEC_B64 => SaveExec64(X::Or_r64_rm64, false),
        Op::S_XOR_SAVEEXEC_B64 => SaveExec64(X::Xor_r64_rm64, false),
        Op::S_AND_NOT1_SAVEEXEC_B64 => SaveExec64(X::And_r64_rm64, true),
        Op::S_OR_NOT1_SAVEEXEC_B64 => SaveExec64(X::Or_r64_rm64, true),
        Op::S_PACK_LL_B32_B16 => Pack(0),
        Op::S_PACK_LH_B32_B16 => Pack(1),
        Op::S_PACK_HH_B32_B16 => Pack(2),
        Op::S_BCNT1_I32_B32 => Count(X::Popcnt_r32_rm32, false),
        Op::S_BCNT1_I32_B64 => Count(X::Popcnt_r64_rm64, true),
        Op::S_SEXT_I32_I8 => Sext(X::Movsx_r32_rm8),
        Op::S_SEXT_I32_I16 => Sext(X::Movsx_r32_rm16),
        Op::S_BFE_U32 | Op::S_BFE_I32 => Field,
        _ => return None,
    })
}

/// Emits the instruction; false where the interpreter is to run it.
pub(super) fn lower(e: &mut Emit<'_>, c: &Code) -> bool {
    if c.unit == Unit::Smem {
        return load(e, c);
    }
    if c.inst.op == Op::S_GETPC_B64 {
        let (d, next) = (c.inst.sdst as usize, e.at.pc + 4 * c.inst.len_dw as u64);
        let known = pair(d);
        if known {
            return_address(e, d, next);
        }
        return known;
    }
    let Some(what) = what(c) else { return false };
    let d = c.inst.sdst as usize;
    let (s0, s1) = (c.s[0], c.s[1]);
    let wide = matches!(
        what,
        Do::Alu64(_) | Do::Inverted64(_) | Do::AndNot64 | Do::OrNot64 | Do::Select64 | Do::Move64 | Do::Not64
    );
    let first_wide =
        wide || matches!(what, Do::Shift64(_) | Do::SaveExec64(..) | Do::Compare64(_) | Do::Count(_, true));
    let second_wide = wide || matches!(what, Do::Compare64(_));
    if !(if first_wide { known64(s0) } else { known32(s0) }) || !(if second_wide { known64(s1) } else { known32(s1) }) {
        return false;
    }
    if (wide || matches!(what, Do::Shift64(_) | Do::SaveExec64(..))) && d != NULL && !pair(d) {
        return false;
    }
    if matches!(what, Do::CompareK(..) | Do::AddK | Do::MulK) && d >= 128 {
        return false;
    }
    let zero = |e: &mut Emit<'_>, r: R| e.a.e(X::Test_rm32_r32, &[r.into(), r.into()]);
    let zero64 = |e: &mut Emit<'_>, r: R| e.a.e(X::Test_rm64_r64, &[r.into(), r.into()]);
    match what {
        Do::Alu(x, cc) => {
            load32(e, A, s0);
            load32(e, B, s1);
            e.a.e(x, &[A.into(), B.into()]);
            if let Some(cc) = cc {
                set(e, cc);
            }
            store32(e, d, A);
        }
        Do::Inverted(x) => {
            load32(e, A, s0);
            load32(e, B, s1);
            e.a.e(x, &[A.into(), B.into()]);
            e.a.e(X::Not_rm32, &[A.into()]);
            zero(e, A);
            set(e, Cc::Ne);
            store32(e, d, A);
        }
        Do::AndNot | Do::OrNot => {
            load32(e, A, s0);
            load32(e, B, s1);
            e.a.e(X::Not_rm32, &[B.into()]);
            let x = if matches!(what, Do::AndNot) { X::And_r32_rm32 } else { X::Or_r32_rm32 };
            e.a.e(x, &[A.into(), B.into()]);
            set(e, Cc::Ne);
            store32(e, d, A);
        }
        Do::Alu64(x) => {
            load64(e, A64, s0);
            load64(e, B64, s1);
            e.a.e(x, &[A64.into(), B64.into()]);
            set(e, Cc::Ne);
            store64(e, d, A64);
        }
        Do::Inverted64(x) => {
            load64(e, A64, s0);
            load64(e, B64, s1);
            e.a.e(x, &[A64.into(), B64.into()]);
            e.a.e(X::Not_rm64, &[A64.into()]);
            zero64(e, A64);
            set(e, Cc::Ne);
            store64(e, d, A64);
        }
        Do::AndNot64 | Do::OrNot64 => {
            load64(e, A64, s0);
            load64(e, B64, s1);
            e.a.e(X::Not_rm64, &[B64.into()]);
            let x = if matches!(what, Do::AndNot64) { X::And_r64_rm64 } else { X::Or_r64_rm64 };
            e.a.e(x, &[A64.into(), B64.into()]);
            set(e, Cc::Ne);
            store64(e, d, A64);
        }
        Do::Shift(x) => {
            load32(e, A, s0);
            load32(e, B, s1);
            e.a.e(x, &[A.into(), R::CL.into()]);
            zero(e, A);
            set(e, Cc::Ne);
            store32(e, d, A);
        }
        Do::Shift64(x) => {
            load64(e, A64, s0);
            load32(e, B, s1);
            e.a.e(x, &[A64.into(), R::CL.into()]);
            zero64(e, A64);
            set(e, Cc::Ne);
            store64(e, d, A64);
        }
        Do::Carry(x) => {
            load32(e, A, s0);
            load32(e, B, s1);
            e.a.e(X::Movzx_r32_rm8, &[R::EDX.into(), SCC_AT.into()]);
            // Carry out of SCC + 0xffffffff is SCC.
            e.a.e(X::Add_rm32_imm32, &[R::EDX.into(), O::I32(-1)]);
            e.a.e(x, &[A.into(), B.into()]);
            set(e, Cc::B);
            store32(e, d, A);
        }
        Do::ShlAdd(n) => {
            load32(e, A, s0);
            load32(e, B, s1);
            e.a.e(X::Shl_rm64_imm8, &[A64.into(), O::I8(n)]);
            e.a.e(X::Add_r64_rm64, &[A64.into(), B64.into()]);
            e.a.e(X::Mov_rm64_r64, &[B64.into(), A64.into()]);
            e.a.e(X::Shr_rm64_imm8, &[B64.into(), O::I8(32)]);
            set(e, Cc::Ne);
            store32(e, d, A);
        }
        Do::Pick { scc, other } => {
            load32(e, A, s0);
            load32(e, B, s1);
            e.a.e(X::Cmp_r32_rm32, &[A.into(), B.into()]);
            set(e, scc);
            e.a.e(other, &[A.into(), B.into()]);
            store32(e, d, A);
        }
        Do::Compare(cc) => {
            load32(e, A, s0);
            load32(e, B, s1);
            e.a.e(X::Cmp_r32_rm32, &[A.into(), B.into()]);
            set(e, cc);
        }
        Do::Compare64(cc) => {
            load64(e, A64, s0);
            load64(e, B64, s1);
            e.a.e(X::Cmp_r64_rm64, &[A64.into(), B64.into()]);
            set(e, cc);
        }
        Do::CompareK(cc, k) => {
            e.a.e(X::Cmp_rm32_imm32, &[at(d).into(), O::I32(k)]);
            set(e, cc);
        }
        Do::Bit(cc) => {
            load32(e, A, s0);
            load32(e, B, s1);
            e.a.e(X::Bt_rm32_r32, &[A.into(), B.into()]);
            set(e, cc);
        }
        Do::Mul => {
            load32(e, A, s0);
            load32(e, B, s1);
            e.a.e(X::Imul_r32_rm32, &[A.into(), B.into()]);
            store32(e, d, A);
        }
        Do::MulHi(x) => {
            load32(e, A, s0);
            load32(e, B, s1);
            e.a.e(x, &[B.into()]);
            store32(e, d, R::EDX);
        }
        Do::Select => {
            load32(e, A, s0);
            load32(e, B, s1);
            e.a.e(X::Cmp_rm8_imm8, &[SCC_AT.into(), O::I8(0)]);
            e.a.e(X::Cmove_r32_rm32, &[A.into(), B.into()]);
            store32(e, d, A);
        }
        Do::Select64 => {
            load64(e, A64, s0);
            load64(e, B64, s1);
            e.a.e(X::Cmp_rm8_imm8, &[SCC_AT.into(), O::I8(0)]);
            e.a.e(X::Cmove_r64_rm64, &[A64.into(), B64.into()]);
            store64(e, d, A64);
        }
        Do::Move => {
            load32(e, A, s0);
            store32(e, d, A);
        }
        Do::Move64 => {
            load64(e, A64, s0);
            store64(e, d, A64);
        }
        Do::MoveK => {
            load32(e, A, Src::K(c.inst.imm as u32 as u64));
            store32(e, d, A);
        }
        Do::AddK => {
            load32(e, A, Src::S(d as u8));
            e.a.e(X::Add_rm32_imm32, &[A.into(), O::I32(c.inst.imm)]);
            set(e, Cc::O);
            store32(e, d, A);
        }
        Do::MulK => {
            e.a.e(X::Imul_r32_rm32_imm32, &[A.into(), at(d).into(), O::I32(c.inst.imm)]);
            store32(e, d, A);
        }
        Do::Not => {
            load32(e, A, s0);
            e.a.e(X::Not_rm32, &[A.into()]);
            zero(e, A);
            set(e, Cc::Ne);
            store32(e, d, A);
        }
        Do::Not64 => {
            load64(e, A64, s0);
            e.a.e(X::Not_rm64, &[A64.into()]);
            zero64(e, A64);
            set(e, Cc::Ne);
            store64(e, d, A64);
        }
        Do::SaveExec(x, invert) => {
            load32(e, A, s0);
            e.a.e(X::Mov_r32_rm32, &[B.into(), mem(R::RBX, EXEC_AT).into()]);
            store32(e, d, B);
            if invert {
                e.a.e(X::Not_rm32, &[B.into()]);
            }
            e.a.e(x, &[A.into(), B.into()]);
            set(e, Cc::Ne);
            store32(e, crate::wave::EXEC, A);
        }
        Do::SaveExec64(x, invert) => {
            load64(e, A64, s0);
            e.a.e(X::Mov_r64_rm64, &[B64.into(), mem(R::RBX, EXEC_AT).into()]);
            store64(e, d, B64);
            if invert {
                e.a.e(X::Not_rm64, &[B64.into()]);
            }
            e.a.e(x, &[A64.into(), B64.into()]);
            set(e, Cc::Ne);
            store64(e, crate::wave::EXEC, A64);
        }
        Do::Pack(how) => {
            load32(e, A, s0);
            load32(e, B, s1);
            if how == 2 {
                e.a.e(X::Shr_rm32_imm8, &[A.into(), O::I8(16)]);
            } else {
                e.a.e(X::Movzx_r32_rm16, &[A.into(), R::AX.into()]);
            }
            if how == 0 {
                e.a.e(X::Shl_rm32_imm8, &[B.into(), O::I8(16)]);
            } else {
                e.a.e(X::And_rm32_imm32, &[B.into(), O::I32(0xffff_0000u32 as i32)]);
            }
            e.a.e(X::Or_r32_rm32, &[A.into(), B.into()]);
            store32(e, d, A);
        }
        Do::Count(x, wide) => {
            if wide {
                load64(e, A64, s0);
                e.a.e(x, &[A64.into(), A64.into()]);
            } else {
                load32(e, A, s0);
                e.a.e(x, &[A.into(), A.into()]);
            }
            zero(e, A);
            set(e, Cc::Ne);
            store32(e, d, A);
        }
        Do::Sext(x) => {
            load32(e, A, s0);
            let part = if x == X::Movsx_r32_rm8 { R::AL } else { R::AX };
            e.a.e(x, &[A.into(), part.into()]);
            store32(e, d, A);
        }
        Do::Field => {
            let Src::K(b) = s1 else { return false };
            let (off, n) = (b as u32 & 31, b as u32 >> 16 & 127);
            let signed = c.inst.op == Op::S_BFE_I32;
            // Fields that reach beyond the register are the interpreter's.
            if n == 0 || off + n > 32 {
                return false;
            }
            load32(e, A, s0);
            e.a.e(X::Shl_rm32_imm8, &[A.into(), O::I8((32 - off - n) as u8)]);
            e.a.e(if signed { X::Sar_rm32_imm8 } else { X::Shr_rm32_imm8 }, &[A.into(), O::I8((32 - n) as u8)]);
            zero(e, A);
            set(e, Cc::Ne);
            store32(e, d, A);
        }
    }
    true
}

/// rax: the address in a buffer; elsewhere where not all dwords are in range. Clobbers rcx, rdx and r8.
fn buffer_address(e: &mut Emit<'_>, c: &Code, base: usize, dwords: i32, slow: Label) {
    let i = &c.inst;
    load32(e, B, if i.mem.soffset as usize == NULL { Src::K(0) } else { Src::S(i.mem.soffset) });
    if i.imm != 0 {
        e.a.e(X::Add_rm64_imm32, &[B64.into(), O::I32x(i.imm)]);
    }
    e.a.e(X::And_rm64_imm32, &[B64.into(), O::I32x(-4)]);
    // Bytes, or elements of a stride.
    e.a.e(X::Mov_r32_rm32, &[R::EDX.into(), at(base + 1).into()]);
    e.a.e(X::Shr_rm32_imm8, &[R::EDX.into(), O::I8(16)]);
    e.a.e(X::Mov_r32_imm32, &[R::R8D.into(), O::I32(1)]);
    e.a.e(X::And_rm32_imm32, &[R::EDX.into(), O::I32(0x3fff)]);
    e.a.e(X::Cmove_r32_rm32, &[R::EDX.into(), R::R8D.into()]);
    e.a.e(X::Mov_r32_rm32, &[R::R8D.into(), at(base + 2).into()]);
    e.a.e(X::Imul_r64_rm64, &[R::RDX.into(), R::R8.into()]);
    // Each dword is in range where it starts there.
    e.a.e(X::Lea_r64_m, &[R::R8.into(), mem(R::RCX, 4 * (dwords - 1)).into()]);
    e.a.e(X::Cmp_r64_rm64, &[R::R8.into(), R::RDX.into()]);
    e.a.jcc(Cc::Ae, slow);
    load64(e, A64, Src::S(base as u8));
    e.a.e(X::Shl_rm64_imm8, &[A64.into(), O::I8(16)]);
    e.a.e(X::Shr_rm64_imm8, &[A64.into(), O::I8(16)]);
    e.a.e(X::And_rm64_imm32, &[A64.into(), O::I32x(-4)]);
    e.a.e(X::Add_r64_rm64, &[A64.into(), B64.into()]);
}

/// rax: where an indirect jump goes, with the return address written; false where the interpreter is to do it.
pub(super) fn jump_target(e: &mut Emit<'_>, c: &Code, next: u64) -> bool {
    let d = c.inst.sdst as usize;
    let call = c.inst.op == Op::S_SWAPPC_B64;
    if !matches!(c.s[0], Src::S(k) if pair(k as usize)) || call && !pair(d) {
        return false;
    }
    load64(e, A64, c.s[0]);
    e.a.e(X::And_rm64_imm32, &[A64.into(), O::I32x(-4)]);
    if call {
        return_address(e, d, next);
    }
    true
}

/// Writes a return address. Clobbers rcx.
pub(super) fn return_address(e: &mut Emit<'_>, d: usize, next: u64) {
    e.a.e(X::Mov_r64_imm64, &[B64.into(), O::I64(next)]);
    store64(e, d, B64);
}

/// `s_call_b64` to a fixed place: the return address; false where the interpreter is to do it.
pub(super) fn call(e: &mut Emit<'_>, c: &Code, next: u64) -> bool {
    let d = c.inst.sdst as usize;
    if !pair(d) {
        return false;
    }
    return_address(e, d, next);
    true
}

/// Scalar loads through a window.
fn load(e: &mut Emit<'_>, c: &Code) -> bool {
    let i = &c.inst;
    let Some(l) = c.load else { return false };
    let (n, d, base) = (l.dwords as usize, i.sdst as usize, i.mem.sbase as usize);
    if !pair(base) || d + n > 108 || !matches!(n, 1 | 2 | 4 | 8 | 16) || i.mem.soffset >= 128 {
        return false;
    }
    // A negative constant offset of a buffer faults.
    if l.buffer && (i.imm < 0 || !pair(base + 2)) {
        return false;
    }
    let site_no = e.site();
    let site = site_no as i32 * size_of::<site::Site>() as i32;
    let v = e.fresh();
    let second = if e.avx2() { e.fresh() } else { v };
    let (from, slow) = e.detour(site_no);
    if l.buffer {
        buffer_address(e, c, base, n as i32, from);
    } else {
        load64(e, A64, Src::S(base as u8));
        if i.imm != 0 {
            e.a.e(X::Add_rm64_imm32, &[A64.into(), O::I32x(i.imm)]);
        }
        if i.mem.soffset as usize != NULL {
            load32(e, B, Src::S(i.mem.soffset));
            e.a.e(X::Add_r64_rm64, &[A64.into(), B64.into()]);
        }
        e.a.e(X::And_rm64_imm32, &[A64.into(), O::I32x(-4)]);
    }
    e.a.e(X::Cmp_r64_rm64, &[A64.into(), mem(R::R14, site).into()]);
    e.a.jcc(Cc::L, from);
    e.a.e(X::Mov_r64_rm64, &[B64.into(), mem(R::R14, site + 8).into()]);
    e.a.e(X::Sub_rm64_imm32, &[B64.into(), O::I32x(4 * n as i32)]);
    e.a.e(X::Cmp_r64_rm64, &[A64.into(), B64.into()]);
    e.a.jcc(Cc::G, from);
    e.a.e(X::Add_r64_rm64, &[A64.into(), mem(R::R14, site + 16).into()]);
    let src = O::M(mem(R::RAX, 0));
    let dst = O::M(at(d));
    match n {
        1 => {
            e.a.e(X::Mov_r32_rm32, &[A.into(), src]);
            e.a.e(X::Mov_rm32_r32, &[dst, A.into()]);
        }
        2 => {
            e.a.e(X::Mov_r64_rm64, &[A64.into(), src]);
            e.a.e(X::Mov_rm64_r64, &[dst, A64.into()]);
        }
        4 if e.avx2() => {
            e.a.e(X::VEX_Vmovups_xmm_xmmm128, &[v.x().into(), src]);
            e.a.e(X::VEX_Vmovups_xmmm128_xmm, &[dst, v.x().into()]);
        }
        _ if e.avx2() => {
            for (k, v) in [v, second].into_iter().enumerate().take(n / 8) {
                e.a.v(LOAD, &[v.into(), mem(R::RAX, 32 * k as i32).into()]);
            }
            for (k, v) in [v, second].into_iter().enumerate().take(n / 8) {
                e.a.v(STORE, &[mem(R::RBX, sgpr(d) + 32 * k as i32).into(), v.into()]);
            }
        }
        4 => {
            e.a.e(X::EVEX_Vmovups_xmm_k1z_xmmm128, &[v.x().into(), src]);
            e.a.e(X::EVEX_Vmovups_xmmm128_k1z_xmm, &[dst, v.x().into()]);
        }
        8 => {
            e.a.e(X::EVEX_Vmovups_ymm_k1z_ymmm256, &[v.y().into(), src]);
            e.a.e(X::EVEX_Vmovups_ymmm256_k1z_ymm, &[dst, v.y().into()]);
        }
        _ => {
            e.a.e(X::EVEX_Vmovups_zmm_k1z_zmmm512, &[v.z().into(), src]);
            e.a.e(X::EVEX_Vmovups_zmmm512_k1z_zmm, &[dst, v.z().into()]);
        }
    }
    for k in d..d + n {
        e.forget_s(k);
    }
    e.rejoin(slow);
    true
}
