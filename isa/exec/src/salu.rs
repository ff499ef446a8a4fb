//! Scalar instructions.
use crate::TrapKind;
use crate::program::Code;
use crate::wave::{EXEC, M0, PRIVATE_BASE, SHARED_BASE, State, VCC, Wave};
use isa::{Inst, Op};

/// What the scheduler does after a scalar instruction.
pub(crate) enum Next {
    /// The following instruction.
    Fall,
    /// Another address.
    Jump(u64),
    /// The same one, when another wave has come further.
    Again,
}

/// Cycles that a reading of the clock takes. Time is the wave's own, so that it reads the same on every run: it advances
/// when it is read and when the wave sleeps.
const READING: u64 = 100;
/// Shader cycles in a tick of the 100 MHz reference clock, about.
const CYCLES_A_TICK: u64 = 25;

/// Shader cycles of the wave so far.
fn clock<const L: usize>(w: &mut Wave<L>) -> u64 {
    w.clock = w.clock.wrapping_add(READING);
    w.clock
}

/// Reads or writes bits of a hardware register (table of section 5.6 of the guide). User code may write MODE alone;
/// writes to others vanish, and what does not exist reads 0.
fn hwreg<const L: usize>(w: &mut Wave<L>, simm: u32, write: Option<u32>) -> u32 {
    let (id, off, size) = (simm & 63, simm >> 6 & 31, (simm >> 11 & 31) + 1);
    let field = ((1u64 << size) - 1) as u32;
    if let Some(x) = write {
        if id == 1 {
            let mask = field << off;
            w.mode = w.mode & !mask | x << off & mask;
        }
        return 0;
    }
    let value = match id {
        1 => w.mode,
        // STATUS: SCC, EXECZ, VCCZ, VALID.
        2 => w.scc as u32 | ((w.exec() == 0) as u32) << 9 | ((w.mask(VCC) == 0) as u32) << 10 | 1 << 16,
        // GPR_ALLOC: blocks of eight VGPRs less one.
        5 => ((w.v.len() as u32).div_ceil(8) - 1) << 12,
        // SH_MEM_BASES: private, then shared.
        15 => (PRIVATE_BASE >> 48) as u32 | ((SHARED_BASE >> 48) as u32) << 16,
        20 => w.scratch as u32,
        21 => (w.scratch >> 32) as u32,
        // HW_ID1: wave slot and SIMD; HW_ID2: the first compute microengine.
        23 => w.id >> 2 & 31 | (w.id & 3) << 8,
        24 => 1 << 8,
        29 => clock(w) as u32 & 0xf_ffff,
        _ => 0,
    };
    value >> off & field
}

/// An instruction that user code may not run.
fn illegal(word: u32) -> TrapKind {
    TrapKind::IllegalInstruction { words: vec![word], why: isa::DecodeError::Unknown { word } }
}

/// What a message that returns something returns: there is no firmware behind it, so what it would say is constant.
fn message<const L: usize>(w: &mut Wave<L>, id: u32) -> u64 {
    match id & 0xff {
        // REALTIME, in ticks of 10 ns.
        131 => clock(w) / CYCLES_A_TICK,
        // SAVE_WAVE: nothing to save. Doorbell, dispatch, trap memory and trap handler: none.
        _ => 0,
    }
}

/// Waits, hints and messages that leave a wave as it is: what they wait for is there at once.
pub(crate) fn idle(op: Op) -> bool {
    matches!(
        op,
        Op::S_NOP
            | Op::S_WAITCNT
            | Op::S_WAITCNT_DEPCTR
            | Op::S_DELAY_ALU
            | Op::S_CLAUSE
            | Op::S_SETPRIO
            | Op::S_WAITCNT_VSCNT
            | Op::S_WAITCNT_VMCNT
            | Op::S_WAITCNT_EXPCNT
            | Op::S_WAITCNT_LGKMCNT
            | Op::S_WAIT_IDLE
            | Op::S_WAIT_EVENT
            | Op::S_SET_INST_PREFETCH_DISTANCE
            | Op::S_SENDMSG
            | Op::S_INCPERFLEVEL
            | Op::S_DECPERFLEVEL
            | Op::S_TTRACEDATA
            | Op::S_TTRACEDATA_IMM
            | Op::S_ICACHE_INV
            | Op::S_VERSION
            | Op::S_WAKEUP
    )
}

pub(crate) fn run<const L: usize>(w: &mut Wave<L>, c: &Code, pc: u64) -> Result<Next, TrapKind> {
    let i: &Inst = &c.inst;
    let next = pc + 4 * i.len_dw as u64;
    let branch = || Next::Jump(next.wrapping_add((i.imm as i64 * 4) as u64));
    let d = i.sdst as usize;
    let k = i.imm as u32;
    let a = w.s32(c.s[0]);
    let b = w.s32(c.s[1]);
    let al = || w.s64(c.s[0]);
    let bl = || w.s64(c.s[1]);
    // Shorthands: result, result with SCC = nonzero, result with SCC given; the same for 64 bits.
    macro_rules! set {
        ($v:expr) => {{
            let v: u32 = $v;
            w.set_sgpr(d, v)
        }};
    }
    macro_rules! nz {
        ($v:expr) => {{
            let v: u32 = $v;
            w.set_sgpr(d, v);
            w.scc = v != 0;
        }};
    }
    macro_rules! scc {
        ($v:expr, $s:expr) => {{
            let (v, s): (u32, bool) = ($v, $s);
            w.set_sgpr(d, v);
            w.scc = s;
        }};
    }
    macro_rules! set64 {
        ($v:expr) => {{
            let v: u64 = $v;
            w.set_sgpr64(d, v)
        }};
    }
    macro_rules! nz64 {
        ($v:expr) => {{
            let v: u64 = $v;
            w.set_sgpr64(d, v);
            w.scc = v != 0;
        }};
    }
    macro_rules! cmp {
        ($v:expr) => {{
            let v: bool = $v;
            w.scc = v;
        }};
    }
    macro_rules! saveexec {
        (32, $f:expr) => {{
            let old = w.s[EXEC];
            let f: fn(u32, u32) -> u32 = $f;
            let v = f(a, old);
            w.set_sgpr(d, old);
            w.s[EXEC] = v;
            w.scc = v != 0;
        }};
        (64, $f:expr) => {{
            let (old, x) = (w.sgpr64(EXEC), al());
            let f: fn(u64, u64) -> u64 = $f;
            let v = f(x, old);
            w.set_sgpr64(d, old);
            w.set_sgpr64(EXEC, v);
            w.scc = v != 0;
        }};
    }
    macro_rules! wrexec {
        (32, $f:expr) => {{
            let f: fn(u32, u32) -> u32 = $f;
            let v = f(a, w.s[EXEC]);
            w.s[EXEC] = v;
            w.set_sgpr(d, v);
            w.scc = v != 0;
        }};
        (64, $f:expr) => {{
            let f: fn(u64, u64) -> u64 = $f;
            let v = f(al(), w.sgpr64(EXEC));
            w.set_sgpr64(EXEC, v);
            w.set_sgpr64(d, v);
            w.scc = v != 0;
        }};
    }
    match i.op {
        // SOPP
        op if idle(op) => {}
        // Debug conditions are never set.
        Op::S_CBRANCH_CDBGSYS
        | Op::S_CBRANCH_CDBGUSER
        | Op::S_CBRANCH_CDBGSYS_OR_USER
        | Op::S_CBRANCH_CDBGSYS_AND_USER => {}
        Op::S_SLEEP => w.clock = w.clock.wrapping_add((k as u64 & 127) * 64),
        Op::S_ENDPGM | Op::S_ENDPGM_SAVED => w.state = State::Ended,
        Op::S_SETKILL if k & 1 != 0 => w.state = State::Ended,
        Op::S_SETKILL => {}
        Op::S_SETHALT if k & 1 != 0 => return Err(TrapKind::Halted { id: 0 }),
        Op::S_SENDMSGHALT => return Err(TrapKind::Halted { id: 0 }),
        Op::S_CODE_END => return Err(illegal(0xbf9f_0000)),
        Op::S_RFE_B64 => return Err(illegal(0xbe80_4a00 | i.src[0] as u32)),
        Op::S_BARRIER => w.state = State::Barrier,
        Op::S_TRAP => return Err(TrapKind::Halted { id: k & 0xff }),
        Op::S_BRANCH => return Ok(branch()),
        Op::S_CBRANCH_SCC0 if !w.scc => return Ok(branch()),
        Op::S_CBRANCH_SCC1 if w.scc => return Ok(branch()),
        Op::S_CBRANCH_VCCZ if w.mask(VCC) == 0 => return Ok(branch()),
        Op::S_CBRANCH_VCCNZ if w.mask(VCC) != 0 => return Ok(branch()),
        Op::S_CBRANCH_EXECZ if w.exec() == 0 => return Ok(branch()),
        Op::S_CBRANCH_EXECNZ if w.exec() != 0 => return Ok(branch()),
        Op::S_CBRANCH_SCC0
        | Op::S_CBRANCH_SCC1
        | Op::S_CBRANCH_VCCZ
        | Op::S_CBRANCH_VCCNZ
        | Op::S_CBRANCH_EXECZ
        | Op::S_CBRANCH_EXECNZ => {}
        Op::S_DENORM_MODE => w.mode = w.mode & !0xf0 | (k & 15) << 4,
        Op::S_ROUND_MODE => w.mode = w.mode & !0xf | k & 15,
        Op::S_SETHALT => {}
        // SOPK
        Op::S_MOVK_I32 => set!(k),
        Op::S_CMOVK_I32 => {
            if w.scc {
                set!(k)
            }
        }
        Op::S_ADDK_I32 => {
            let (v, o) = (w.sgpr(d) as i32).overflowing_add(k as i32);
            scc!(v as u32, o)
        }
        Op::S_MULK_I32 => set!(w.sgpr(d).wrapping_mul(k)),
        Op::S_CMPK_EQ_I32 => cmp!(w.sgpr(d) == k),
        Op::S_CMPK_LG_I32 => cmp!(w.sgpr(d) != k),
        Op::S_CMPK_GT_I32 => cmp!(w.sgpr(d) as i32 > k as i32),
        Op::S_CMPK_GE_I32 => cmp!(w.sgpr(d) as i32 >= k as i32),
        Op::S_CMPK_LT_I32 => cmp!((w.sgpr(d) as i32) < k as i32),
        Op::S_CMPK_LE_I32 => cmp!(w.sgpr(d) as i32 <= k as i32),
        Op::S_CMPK_EQ_U32 => cmp!(w.sgpr(d) == k & 0xffff),
        Op::S_CMPK_LG_U32 => cmp!(w.sgpr(d) != k & 0xffff),
        Op::S_CMPK_GT_U32 => cmp!(w.sgpr(d) > k & 0xffff),
        Op::S_CMPK_GE_U32 => cmp!(w.sgpr(d) >= k & 0xffff),
        Op::S_CMPK_LT_U32 => cmp!(w.sgpr(d) < k & 0xffff),
        Op::S_CMPK_LE_U32 => cmp!(w.sgpr(d) <= k & 0xffff),
        Op::S_GETREG_B32 => {
            let v = hwreg(w, k & 0xffff, None);
            set!(v)
        }
        Op::S_SETREG_B32 => {
            let v = w.sgpr(d);
            hwreg(w, k & 0xffff, Some(v));
        }
        Op::S_SETREG_IMM32_B32 => {
            hwreg(w, k & 0xffff, Some(i.literal));
        }
        Op::S_CALL_B64 => {
            set64!(next);
            return Ok(branch());
        }
        // Loops over the halves of a wave64: the low lanes first, the other half's mask in the destination.
        Op::S_SUBVECTOR_LOOP_BEGIN => {
            if w.exec() == 0 {
                return Ok(branch());
            }
            if L == 64 && w.s[EXEC] == 0 {
                set!(0)
            } else if L == 64 {
                let high = w.s[EXEC + 1];
                set!(high);
                w.s[EXEC + 1] = 0;
            }
        }
        Op::S_SUBVECTOR_LOOP_END => {
            let other = w.sgpr(d);
            if L == 64 && w.s[EXEC + 1] != 0 {
                w.s[EXEC] = other;
            } else if L == 64 && other != 0 {
                let low = w.s[EXEC];
                w.s[EXEC + 1] = other;
                set!(low);
                w.s[EXEC] = 0;
                return Ok(branch());
            }
        }
        // SOP1
        Op::S_SENDMSG_RTN_B32 => {
            let v = message(w, i.src[0] as u32);
            set!(v as u32)
        }
        Op::S_SENDMSG_RTN_B64 => {
            let v = message(w, i.src[0] as u32);
            set64!(v)
        }
        Op::S_QUADMASK_B32 => nz!(quadmask(a as u64) as u32),
        Op::S_QUADMASK_B64 => nz64!(quadmask(al())),
        Op::S_MOV_B32 => set!(a),
        Op::S_MOV_B64 => set64!(al()),
        Op::S_CMOV_B32 => {
            if w.scc {
                set!(a)
            }
        }
        Op::S_CMOV_B64 => {
            if w.scc {
                set64!(al())
            }
        }
        Op::S_NOT_B32 => nz!(!a),
        Op::S_NOT_B64 => nz64!(!al()),
        Op::S_WQM_B32 => nz!(quads(a as u64) as u32),
        Op::S_WQM_B64 => nz64!(quads(al())),
        Op::S_BREV_B32 => set!(a.reverse_bits()),
        Op::S_BREV_B64 => set64!(al().reverse_bits()),
        Op::S_BCNT0_I32_B32 => nz!(a.count_zeros()),
        Op::S_BCNT0_I32_B64 => nz!(al().count_zeros()),
        Op::S_BCNT1_I32_B32 => nz!(a.count_ones()),
        Op::S_BCNT1_I32_B64 => nz!(al().count_ones()),
        Op::S_CTZ_I32_B32 => set!(if a == 0 { !0 } else { a.trailing_zeros() }),
        Op::S_CTZ_I32_B64 => set!(if al() == 0 { !0 } else { al().trailing_zeros() }),
        Op::S_CLZ_I32_U32 => set!(if a == 0 { !0 } else { a.leading_zeros() }),
        Op::S_CLZ_I32_U64 => set!(if al() == 0 { !0 } else { al().leading_zeros() }),
        Op::S_CLS_I32 => set!(match a ^ ((a as i32) >> 31) as u32 {
            0 => !0,
            x => x.leading_zeros(),
        }),
        Op::S_CLS_I32_I64 => set!(match al() ^ ((al() as i64) >> 63) as u64 {
            0 => !0,
            x => x.leading_zeros(),
        }),
        Op::S_SEXT_I32_I8 => set!(a as i8 as u32),
        Op::S_SEXT_I32_I16 => set!(a as i16 as u32),
        Op::S_BITSET0_B32 => set!(w.sgpr(d) & !(1 << (a & 31))),
        Op::S_BITSET1_B32 => set!(w.sgpr(d) | 1 << (a & 31)),
        Op::S_BITSET0_B64 => set64!(w.sgpr64(d) & !(1 << (a & 63))),
        Op::S_BITSET1_B64 => set64!(w.sgpr64(d) | 1 << (a & 63)),
        Op::S_BITREPLICATE_B64_B32 => set64!((0..32).fold(0u64, |r, n| r | ((a as u64 >> n & 1) * 3) << (2 * n))),
        Op::S_ABS_I32 => nz!((a as i32).wrapping_abs() as u32),
        Op::S_GETPC_B64 => set64!(next),
        Op::S_SETPC_B64 => return Ok(Next::Jump(al() & !3)),
        Op::S_SWAPPC_B64 => {
            let to = al() & !3;
            set64!(next);
            return Ok(Next::Jump(to));
        }
        Op::S_AND_SAVEEXEC_B32 => saveexec!(32, |s, e| s & e),
        Op::S_OR_SAVEEXEC_B32 => saveexec!(32, |s, e| s | e),
        Op::S_XOR_SAVEEXEC_B32 => saveexec!(32, |s, e| s ^ e),
        Op::S_NAND_SAVEEXEC_B32 => saveexec!(32, |s, e| !(s & e)),
        Op::S_NOR_SAVEEXEC_B32 => saveexec!(32, |s, e| !(s | e)),
        Op::S_XNOR_SAVEEXEC_B32 => saveexec!(32, |s, e| !(s ^ e)),
        Op::S_AND_NOT0_SAVEEXEC_B32 => saveexec!(32, |s, e| !s & e),
        Op::S_OR_NOT0_SAVEEXEC_B32 => saveexec!(32, |s, e| !s | e),
        Op::S_AND_NOT1_SAVEEXEC_B32 => saveexec!(32, |s, e| s & !e),
        Op::S_OR_NOT1_SAVEEXEC_B32 => saveexec!(32, |s, e| s | !e),
        Op::S_AND_SAVEEXEC_B64 => saveexec!(64, |s, e| s & e),
        Op::S_OR_SAVEEXEC_B64 => saveexec!(64, |s, e| s | e),
        Op::S_XOR_SAVEEXEC_B64 => saveexec!(64, |s, e| s ^ e),
        Op::S_NAND_SAVEEXEC_B64 => saveexec!(64, |s, e| !(s & e)),
        Op::S_NOR_SAVEEXEC_B64 => saveexec!(64, |s, e| !(s | e)),
        Op::S_XNOR_SAVEEXEC_B64 => saveexec!(64, |s, e| !(s ^ e)),
        Op::S_AND_NOT0_SAVEEXEC_B64 => saveexec!(64, |s, e| !s & e),
        Op::S_OR_NOT0_SAVEEXEC_B64 => saveexec!(64, |s, e| !s | e),
        Op::S_AND_NOT1_SAVEEXEC_B64 => saveexec!(64, |s, e| s & !e),
        Op::S_OR_NOT1_SAVEEXEC_B64 => saveexec!(64, |s, e| s | !e),
        Op::S_AND_NOT0_WREXEC_B32 => wrexec!(32, |s, e| !s & e),
        Op::S_AND_NOT1_WREXEC_B32 => wrexec!(32, |s, e| s & !e),
        Op::S_AND_NOT0_WREXEC_B64 => wrexec!(64, |s, e| !s & e),
        Op::S_AND_NOT1_WREXEC_B64 => wrexec!(64, |s, e| s & !e),
        Op::S_MOVRELS_B32 => set!(w.sgpr((i.src[0] as usize).saturating_add(w.s[M0] as usize))),
        Op::S_MOVRELS_B64 => set64!(w.sgpr64((i.src[0] as usize).saturating_add(w.s[M0] as usize) & !1)),
        Op::S_MOVRELSD_2_B32 => {
            let m0 = w.s[M0] as usize;
            let v = w.sgpr(i.src[0] as usize + (m0 & 0x3ff));
            w.set_sgpr(d + (m0 >> 16 & 0x3ff), v)
        }
        Op::S_MOVRELD_B32 => w.set_sgpr(d.saturating_add(w.s[M0] as usize), a),
        Op::S_MOVRELD_B64 => {
            let v = al();
            w.set_sgpr64(d.saturating_add(w.s[M0] as usize) & !1, v)
        }
        // SOP2
        Op::S_ADD_U32 => {
            let (v, o) = a.overflowing_add(b);
            scc!(v, o)
        }
        Op::S_SUB_U32 => {
            let (v, o) = a.overflowing_sub(b);
            scc!(v, o)
        }
        Op::S_ADD_I32 => {
            let (v, o) = (a as i32).overflowing_add(b as i32);
            scc!(v as u32, o)
        }
        Op::S_SUB_I32 => {
            let (v, o) = (a as i32).overflowing_sub(b as i32);
            scc!(v as u32, o)
        }
        Op::S_ADDC_U32 => {
            let v = a as u64 + b as u64 + w.scc as u64;
            scc!(v as u32, v >> 32 != 0)
        }
        Op::S_SUBB_U32 => {
            let v = (a as u64).wrapping_sub(b as u64 + w.scc as u64);
            scc!(v as u32, v >> 63 != 0)
        }
        Op::S_ABSDIFF_I32 => nz!((a as i32).wrapping_sub(b as i32).wrapping_abs() as u32),
        Op::S_LSHL_B32 => nz!(a << (b & 31)),
        Op::S_LSHR_B32 => nz!(a >> (b & 31)),
        Op::S_ASHR_I32 => nz!(((a as i32) >> (b & 31)) as u32),
        Op::S_LSHL_B64 => nz64!(al() << (b & 63)),
        Op::S_LSHR_B64 => nz64!(al() >> (b & 63)),
        Op::S_ASHR_I64 => nz64!(((al() as i64) >> (b & 63)) as u64),
        Op::S_LSHL1_ADD_U32 => shl_add(w, d, a, b, 1),
        Op::S_LSHL2_ADD_U32 => shl_add(w, d, a, b, 2),
        Op::S_LSHL3_ADD_U32 => shl_add(w, d, a, b, 3),
        Op::S_LSHL4_ADD_U32 => shl_add(w, d, a, b, 4),
        Op::S_MIN_I32 => scc!((a as i32).min(b as i32) as u32, (a as i32) < b as i32),
        Op::S_MIN_U32 => scc!(a.min(b), a < b),
        Op::S_MAX_I32 => scc!((a as i32).max(b as i32) as u32, (a as i32) >= b as i32),
        Op::S_MAX_U32 => scc!(a.max(b), a >= b),
        Op::S_AND_B32 => nz!(a & b),
        Op::S_OR_B32 => nz!(a | b),
        Op::S_XOR_B32 => nz!(a ^ b),
        Op::S_NAND_B32 => nz!(!(a & b)),
        Op::S_NOR_B32 => nz!(!(a | b)),
        Op::S_XNOR_B32 => nz!(!(a ^ b)),
        Op::S_AND_NOT1_B32 => nz!(a & !b),
        Op::S_OR_NOT1_B32 => nz!(a | !b),
        Op::S_AND_B64 => nz64!(al() & bl()),
        Op::S_OR_B64 => nz64!(al() | bl()),
        Op::S_XOR_B64 => nz64!(al() ^ bl()),
        Op::S_NAND_B64 => nz64!(!(al() & bl())),
        Op::S_NOR_B64 => nz64!(!(al() | bl())),
        Op::S_XNOR_B64 => nz64!(!(al() ^ bl())),
        Op::S_AND_NOT1_B64 => nz64!(al() & !bl()),
        Op::S_OR_NOT1_B64 => nz64!(al() | !bl()),
        Op::S_BFE_U32 => nz!(bfe(a as u64, b & 31, b >> 16 & 127, false, 32) as u32),
        Op::S_BFE_I32 => nz!(bfe(a as i32 as i64 as u64, b & 31, b >> 16 & 127, true, 32) as u32),
        Op::S_BFE_U64 => nz64!(bfe(al(), b & 63, b >> 16 & 127, false, 64)),
        Op::S_BFE_I64 => nz64!(bfe(al(), b & 63, b >> 16 & 127, true, 64)),
        Op::S_BFM_B32 => set!((((1u64 << (a & 31)) - 1) << (b & 31)) as u32),
        Op::S_BFM_B64 => set64!((((1u128 << (a & 63)) - 1) << (b & 63)) as u64),
        Op::S_MUL_I32 => set!(a.wrapping_mul(b)),
        Op::S_MUL_HI_U32 => set!(((a as u64 * b as u64) >> 32) as u32),
        Op::S_MUL_HI_I32 => set!(((a as i32 as i64 * b as i32 as i64) >> 32) as u32),
        Op::S_CSELECT_B32 => set!(if w.scc { a } else { b }),
        Op::S_CSELECT_B64 => set64!(if w.scc { al() } else { bl() }),
        Op::S_PACK_LL_B32_B16 => set!(a & 0xffff | b << 16),
        Op::S_PACK_LH_B32_B16 => set!(a & 0xffff | b & 0xffff_0000),
        Op::S_PACK_HH_B32_B16 => set!(a >> 16 | b & 0xffff_0000),
        Op::S_PACK_HL_B32_B16 => set!(a >> 16 | b << 16),
        // SOPC
        Op::S_CMP_EQ_I32 | Op::S_CMP_EQ_U32 => cmp!(a == b),
        Op::S_CMP_LG_I32 | Op::S_CMP_LG_U32 => cmp!(a != b),
        Op::S_CMP_GT_I32 => cmp!(a as i32 > b as i32),
        Op::S_CMP_GE_I32 => cmp!(a as i32 >= b as i32),
        Op::S_CMP_LT_I32 => cmp!((a as i32) < b as i32),
        Op::S_CMP_LE_I32 => cmp!(a as i32 <= b as i32),
        Op::S_CMP_GT_U32 => cmp!(a > b),
        Op::S_CMP_GE_U32 => cmp!(a >= b),
        Op::S_CMP_LT_U32 => cmp!(a < b),
        Op::S_CMP_LE_U32 => cmp!(a <= b),
        Op::S_CMP_EQ_U64 => cmp!(al() == bl()),
        Op::S_CMP_LG_U64 => cmp!(al() != bl()),
        Op::S_BITCMP0_B32 => cmp!(a >> (b & 31) & 1 == 0),
        Op::S_BITCMP1_B32 => cmp!(a >> (b & 31) & 1 == 1),
        Op::S_BITCMP0_B64 => cmp!(al() >> (b & 63) & 1 == 0),
        Op::S_BITCMP1_B64 => cmp!(al() >> (b & 63) & 1 == 1),
        _ => return Err(TrapKind::NotImplemented { what: i.row().name.into() }),
    }
    Ok(Next::Fall)
}

/// One bit for every group of four that has one.
fn quadmask(x: u64) -> u64 {
    (0..16).fold(0, |m, k| m | ((x >> (4 * k) & 15 != 0) as u64) << k)
}

/// Four bits set for every group of four that has one.
fn quads(x: u64) -> u64 {
    let any = (x | x >> 1 | x >> 2 | x >> 3) & 0x1111_1111_1111_1111;
    any * 15
}

fn shl_add<const L: usize>(w: &mut Wave<L>, d: usize, a: u32, b: u32, n: u32) {
    let v = ((a as u64) << n) + b as u64;
    w.set_sgpr(d, v as u32);
    w.scc = v >> 32 != 0;
}

/// Field of `n` bits at `off`, sign-extended if asked; `width` is that of the source.
fn bfe(x: u64, off: u32, n: u32, signed: bool, width: u32) -> u64 {
    let x = if width == 32 { x & 0xffff_ffff } else { x };
    if n == 0 {
        return 0;
    }
    let n = n.min(width);
    if signed {
        // Bits above the source repeat its sign.
        let x = if width == 32 { x as u32 as i32 as i64 } else { x as i64 };
        let v = x >> off;
        if n >= 64 { v as u64 } else { (v << (64 - n) >> (64 - n)) as u64 }
    } else {
        let v = x >> off;
        if n >= 64 { v } else { v & ((1 << n) - 1) }
    }
}
