//! What LLVM 19 takes for an instruction: it refuses reserved bits and fields that an instruction does not use, which
//! the hardware ignores and newer compilers set.
use crate::decode::{Dpp, Inst};
use crate::row::*;

/// Does LLVM 19 decode the words that `inst` was decoded from.
pub(super) fn accepted(inst: &Inst, words: &[u32]) -> bool {
    let row = inst.row();
    let (w, w1) = (words[0], words.get(1).copied().unwrap_or(0));
    let _ = (w, w1);
    if matches!(row.format, Format::Vop3 | Format::Vop3p) {
        let used = super::sources(row);
        for k in 0..3 {
            if used >> k & 1 == 0 && w1 >> (9 * k) & 0x1ff != 0 && !(k == 0 && inst.dpp != Dpp::None) {
                return false;
            }
        }
    }
    true
}

/// Does LLVM 19 write two spaces between the mnemonic and the operands of this non-sequential image instruction.
pub(super) fn wide_gap(inst: &Inst) -> bool {
    let row = inst.row();
    row.operand(Slot::Ssamp).is_some() && !row.has(I_BVH)
}
