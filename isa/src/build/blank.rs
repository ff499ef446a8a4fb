//! Instructions with nothing in them yet.
use crate::decode::{Dpp, Ext, Half, Inst, Mem, Mods};
use crate::encode::is_mix;
use crate::row::{Format, Row, Slot, W_EXEC, find};
use crate::rows::{Op, ROWS};

/// First row of each instruction; they stand together.
static FIRST: [u16; OPS + 1] = {
    let mut t = [0; OPS + 1];
    let mut k = ROWS.len();
    t[OPS] = k as u16;
    while k > 0 {
        k -= 1;
        t[ROWS[k].op as usize] = k as u16;
    }
    t
};

/// Number of instructions.
const OPS: usize = ROWS[ROWS.len() - 1].op as usize + 1;

impl Op {
    /// Its encodings, in the table's order.
    pub fn rows(self) -> &'static [Row] {
        let k = self as usize;
        &ROWS[FIRST[k] as usize..FIRST[k + 1] as usize]
    }
}

impl Inst {
    /// An instruction of `row`, all of its registers 0, all of its sources the constant 0, no modifier on.
    ///
    /// Fields that it does not use are what LLVM writes there.
    pub fn blank(row: &'static Row) -> Inst {
        let used = |slot| if row.operand(slot).is_some() { 128 } else { 0 };
        let mut src = [used(Slot::Src0), used(Slot::Src1), used(Slot::Src2)];
        if matches!(row.format, Format::VopdX | Format::VopdY) && src[1] == 0 {
            // This field has no bit that tells registers from constants.
            src[1] = 256;
        }
        let compare_exec = row.format == Format::Vop3
            && row.implicit & W_EXEC != 0
            && row.operands.first().is_some_and(|o| o.slot == Slot::Src0);
        let packed = row.format == Format::Vop3p && !is_mix(row.op);
        Inst {
            op: row.op,
            row: find(row.format, row.opcode as u32).unwrap_or(0),
            len_dw: 0,
            // v_cmpx names EXEC in a field that it does not read.
            vdst: if compare_exec { 126 } else { 0 },
            sdst: 0,
            src,
            literal: 0,
            imm: 0,
            mods: Mods { opsel_hi: if packed { 7 } else { 0 }, ..Mods::default() },
            dpp: Dpp::None,
            mem: Mem::default(),
            y: None,
            ext: Ext::None,
        }
    }
}

impl Half {
    /// The Y half of a pair.
    pub fn new(row: &'static Row, vdst: u8, src: [u16; 2]) -> Half {
        Half { op: row.op, row: find(row.format, row.opcode as u32).unwrap_or(0), vdst, src }
    }
}
