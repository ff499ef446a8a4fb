//! Which instructions make a block.
use crate::mem::MemOp;
use crate::program::{Code, Program, Unit};
use crate::wave::EXEC;
use crate::{Memory, TrapKind};
use isa::row::{BRANCH, Class, Slot, W_EXEC, W_MODE};
use isa::{Format, Op};

/// Instructions a block has at most.
const LONGEST: usize = 160;

/// What an instruction means for the block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Nothing to do.
    Nothing,
    /// Scalar: does not use EXEC's masks.
    Scalar,
    /// Uses EXEC.
    Vector,
    /// A branch to a fixed place, always or on a condition.
    Branch,
    /// Ends the block; the interpreter runs it.
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub pc: u64,
    /// Index of the instruction in the program.
    pub code: usize,
    pub kind: Kind,
    /// May change EXEC.
    pub writes_exec: bool,
}

fn nothing(c: &Code) -> bool {
    c.mem == Some(MemOp::Nothing) && !c.inst.mem.tfe && !c.inst.mem.gds
        || crate::salu::idle(c.inst.op)
        || c.inst.op == Op::V_NOP
}

pub(super) fn kind(c: &Code) -> Kind {
    let row = c.inst.row();
    if nothing(c) {
        return Kind::Nothing;
    }
    if row.implicit & W_MODE != 0 {
        return Kind::End;
    }
    match c.inst.op {
        Op::S_BRANCH
        | Op::S_CBRANCH_SCC0
        | Op::S_CBRANCH_SCC1
        | Op::S_CBRANCH_VCCZ
        | Op::S_CBRANCH_VCCNZ
        | Op::S_CBRANCH_EXECZ
        | Op::S_CBRANCH_EXECNZ => return Kind::Branch,
        _ => {}
    }
    match c.unit {
        Unit::Salu if row.implicit & BRANCH != 0 || row.format == Format::Sopp => Kind::End,
        Unit::Salu | Unit::Smem => Kind::Scalar,
        _ => Kind::Vector,
    }
}

/// May the instruction change EXEC.
fn writes_exec(c: &Code) -> bool {
    let i = &c.inst;
    let row = i.row();
    if row.implicit & W_EXEC != 0 || c.cmp.is_some_and(|c| c.to_exec) {
        return true;
    }
    // Relative destinations can be anywhere.
    if row.name.contains("movreld") || row.name.contains("movrelsd") {
        return true;
    }
    let scalar = |o: &isa::row::Operand| {
        o.output && (o.slot == Slot::Sdst || o.slot == Slot::Vdst && matches!(o.class, Class::S | Class::SNoExec))
    };
    row.operands.iter().filter(|o| scalar(o)).any(|o| {
        let d = if o.slot == Slot::Sdst { i.sdst } else { i.vdst } as usize;
        (d..d + o.ty.dwords(true) as usize).any(|d| (EXEC..EXEC + 2).contains(&d))
    })
}

/// The block at `pc`: at least one instruction.
pub(super) fn block<const L: usize>(
    pc: u64,
    program: &mut Program,
    mem: &mut dyn Memory,
) -> Result<Vec<Item>, TrapKind> {
    let mut list = Vec::new();
    let mut pc = pc;
    let mut exec_written = false;
    while list.len() < LONGEST {
        let code = match program.at(pc, mem) {
            Ok(k) => k,
            // What lies behind may never be reached.
            Err(_) if !list.is_empty() => break,
            Err(t) => return Err(t),
        };
        let c = &program.code[code];
        let kind = kind(c);
        if kind == Kind::Vector && exec_written {
            break;
        }
        let writes_exec = writes_exec(c);
        exec_written |= writes_exec;
        list.push(Item { pc, code, kind, writes_exec });
        pc += 4 * c.inst.len_dw as u64;
        if matches!(kind, Kind::Branch | Kind::End) {
            break;
        }
    }
    Ok(list)
}
