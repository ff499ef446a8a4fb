//! What LLVM 19 takes for an instruction: it refuses reserved bits and fields that an instruction does not use, which
//! the hardware ignores and newer compilers set.
use crate::decode::{Dpp, Inst};
use crate::row::*;
use crate::rows::Op;

/// Does LLVM 19 decode the words that `inst` was decoded from.
pub(super) fn accepted(inst: &Inst, words: &[u32]) -> bool {
    let row = inst.row();
    let (w, w1) = (words[0], words.get(1).copied().unwrap_or(0));
    // Source codes that stand for nothing.
    let none = |k: usize| matches!(inst.src[k], 209..=234 | 249 | 250);
    let used = super::sources(row);
    if (0..3).any(|k| used >> k & 1 != 0 && none(k)) && row.operands.iter().all(|o| o.class != Class::Msg) {
        return false;
    }
    match row.format {
        Format::Vop3 | Format::Vop3p => vop3(inst, row, w, w1),
        _ => true,
    }
}

fn vop3(inst: &Inst, row: &Row, w: u32, w1: u32) -> bool {
    let used = super::sources(row);
    let dpp = inst.dpp != Dpp::None;
    for k in 0..3 {
        if used >> k & 1 == 0 && w1 >> (9 * k) & 0x1ff != 0 && !(k == 0 && dpp) {
            return false;
        }
    }
    if row.format == Format::Vop3p || dpp {
        return true;
    }
    // Modifiers of sources that take none; with a scalar destination their place is its field.
    for k in 0..3 {
        let float = row.has(MOD0 << k);
        let signed = row.has(SEXT0 << k)
            || row.has(DSEXT0 << k)
            || matches!(row.op, Op::V_LDEXP_F64 | Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32);
        if !float && !signed && w1 >> (29 + k) & 1 != 0 || !row.has(SD) && !float && !signed && w >> (8 + k) & 1 != 0 {
            return false;
        }
    }
    (row.has(OMOD) || w1 >> 27 & 3 == 0) && (row.has(CLAMP) || w >> 15 & 1 == 0)
}

/// Does LLVM 19 write two spaces between the mnemonic and the operands of this non-sequential image instruction.
pub(super) fn wide_gap(inst: &Inst) -> bool {
    let row = inst.row();
    row.operand(Slot::Ssamp).is_some() && !row.has(I_BVH)
}
