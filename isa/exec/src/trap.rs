//! Why a group stopped, in a sentence.
use crate::MemFault;

/// What went wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TrapKind {
    /// An access the memory refused.
    MemFault(MemFault),
    /// No gfx1100 instruction.
    IllegalInstruction {
        /// The words at the program counter.
        words: Vec<u32>,
        /// What the decoder says.
        why: isa::DecodeError,
    },
    /// An instruction, or a mode of it, without semantics here.
    NotImplemented {
        /// Mnemonic or feature.
        what: String,
    },
    /// Stopped from outside.
    Killed,
    /// Waves wait at a barrier that others never reach.
    BarrierDeadlock,
    /// More instructions than allowed.
    BudgetExceeded {
        /// The limit.
        limit: u64,
    },
    /// `s_trap` or `s_sendmsg` halt by the program.
    Halted {
        /// Its number.
        id: u32,
    },
}

impl From<MemFault> for TrapKind {
    fn from(f: MemFault) -> Self {
        TrapKind::MemFault(f)
    }
}

/// A group that stopped before its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trap {
    /// Address of the instruction.
    pub pc: u64,
    /// Wave within the workgroup.
    pub wave: u32,
    /// Workgroup.
    pub workgroup: [u32; 3],
    /// Text of the instruction, where it decodes.
    pub instruction: Option<String>,
    /// Lane that caused it, where one did.
    pub lane: Option<u32>,
    /// What went wrong.
    pub kind: TrapKind,
}

impl Trap {
    /// A short stable name of the kind.
    pub fn code(&self) -> &'static str {
        match self.kind {
            TrapKind::MemFault(_) => "memory-fault",
            TrapKind::IllegalInstruction { .. } => "illegal-instruction",
            TrapKind::NotImplemented { .. } => "not-implemented",
            TrapKind::Killed => "killed",
            TrapKind::BarrierDeadlock => "barrier-deadlock",
            TrapKind::BudgetExceeded { .. } => "budget-exceeded",
            TrapKind::Halted { .. } => "halted",
        }
    }

    /// What the user may try.
    pub fn hint(&self) -> &'static str {
        match self.kind {
            TrapKind::MemFault(_) => "check the kernel arguments and the size of the buffer nearest to the address",
            TrapKind::IllegalInstruction { .. } => {
                "check that the code object was built for gfx1100 and the wave size matches"
            }
            TrapKind::NotImplemented { .. } => "the instruction runs on hardware only",
            TrapKind::Killed => "the kernel was stopped from outside; look for a loop that does not end",
            TrapKind::BarrierDeadlock => "every wave that has not ended must reach the barrier",
            TrapKind::BudgetExceeded { .. } => "raise the instruction limit or look for a loop that does not end",
            TrapKind::Halted { .. } => "the kernel asked for a trap",
        }
    }
}

impl std::fmt::Display for Trap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            TrapKind::MemFault(fault) => write!(f, "{fault}")?,
            TrapKind::IllegalInstruction { words, why } => {
                write!(f, "illegal instruction ({why}), words")?;
                for w in words {
                    write!(f, " 0x{w:08x}")?;
                }
            }
            TrapKind::NotImplemented { what } => {
                write!(f, "instruction {what} is not implemented by the interpreter")?;
            }
            TrapKind::Killed => write!(f, "killed")?,
            TrapKind::BarrierDeadlock => write!(f, "barrier deadlock")?,
            TrapKind::BudgetExceeded { limit } => write!(f, "more than {limit} wave instructions")?,
            TrapKind::Halted { id } => write!(f, "s_trap {id}")?,
        }
        write!(
            f,
            "; pc 0x{:x}, wave {}, workgroup ({}, {}, {})",
            self.pc, self.wave, self.workgroup[0], self.workgroup[1], self.workgroup[2]
        )?;
        if let Some(l) = self.lane {
            write!(f, ", lane {l}")?;
        }
        if let Some(i) = &self.instruction {
            write!(f, ", in `{i}`")?;
        }
        Ok(())
    }
}

impl std::error::Error for Trap {}
