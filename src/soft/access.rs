//! Memory traffic of the command processor.

use std::cell::Cell;

use isa_exec::{MemFault, Memory};
use pm4::packet::values::AtomicOp;

use super::memory::{AccessLog, VmMemory};
use super::trace::{Event, Trace};
use super::vm::canonical;

/// What one packet does to memory.
#[derive(Debug, Clone)]
pub enum Access {
    /// Writes bytes.
    Write {
        /// Where to.
        dst: u64,
        /// What.
        bytes: Vec<u8>,
        /// Whether they are a time stamp, which differs from run to run.
        timestamp: bool,
    },
    /// Repeats a dword.
    Fill {
        /// Where to.
        dst: u64,
        /// The dword.
        value: u32,
        /// How many bytes.
        len: u64,
    },
    /// Copies.
    Copy {
        /// Where from.
        src: u64,
        /// Where to.
        dst: u64,
        /// How many bytes.
        len: u64,
    },
    /// Copies from the end to the beginning, for ranges that overlap with the destination above the source.
    CopyBackwards {
        /// Where from.
        src: u64,
        /// Where to.
        dst: u64,
        /// How many bytes.
        len: u64,
    },
    /// Reads, computes and writes.
    Atomic {
        /// Where.
        va: u64,
        /// The operation without its bits for width and return.
        op: AtomicKind,
        /// Whether it is 64 bits wide.
        wide: bool,
        /// The operand.
        src: u64,
        /// What is compared with.
        cmp: u64,
    },
}

/// Atomic operations, whatever their width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtomicKind {
    /// The operand.
    Swap,
    /// The operand where memory equals the comparison value.
    CmpSwap,
    /// Sum, wrapping.
    Add,
    /// Difference, wrapping.
    Sub,
    /// Smaller, signed.
    SMin,
    /// Smaller, unsigned.
    UMin,
    /// Larger, signed.
    SMax,
    /// Larger, unsigned.
    UMax,
    /// Bits of both.
    And,
    /// Bits of either.
    Or,
    /// Bits of one.
    Xor,
    /// One more, or 0 from the operand on.
    Inc,
    /// One less, or the operand from 0 and from beyond the operand.
    Dec,
}

impl AtomicKind {
    fn of(op: AtomicOp) -> Option<Self> {
        // Bit 5 is the width, bit 6 whether nothing is returned; the rest is the same in all four.
        Some(match AtomicOp(op.0 & 0x1f) {
            AtomicOp::SWAP_RTN_32 => Self::Swap,
            AtomicOp::CMPSWAP_RTN_32 => Self::CmpSwap,
            AtomicOp::ADD_RTN_32 => Self::Add,
            AtomicOp::SUB_RTN_32 => Self::Sub,
            AtomicOp::SMIN_RTN_32 => Self::SMin,
            AtomicOp::UMIN_RTN_32 => Self::UMin,
            AtomicOp::SMAX_RTN_32 => Self::SMax,
            AtomicOp::UMAX_RTN_32 => Self::UMax,
            AtomicOp::AND_RTN_32 => Self::And,
            AtomicOp::OR_RTN_32 => Self::Or,
            AtomicOp::XOR_RTN_32 => Self::Xor,
            AtomicOp::INC_RTN_32 => Self::Inc,
            AtomicOp::DEC_RTN_32 => Self::Dec,
            _ => return None,
        })
    }

    /// The new value; `sign` turns a value of the operation's width into a signed one.
    fn apply(self, old: u64, src: u64, cmp: u64, sign: impl Fn(u64) -> i64) -> u64 {
        match self {
            Self::Swap => src,
            Self::CmpSwap if old == cmp => src,
            Self::CmpSwap => old,
            Self::Add => old.wrapping_add(src),
            Self::Sub => old.wrapping_sub(src),
            Self::SMin if sign(src) < sign(old) => src,
            Self::SMax if sign(src) > sign(old) => src,
            Self::SMin | Self::SMax => old,
            Self::UMin => old.min(src),
            Self::UMax => old.max(src),
            Self::And => old & src,
            Self::Or => old | src,
            Self::Xor => old ^ src,
            Self::Inc if old >= src => 0,
            Self::Inc => old + 1,
            Self::Dec if old == 0 || old > src => src,
            Self::Dec => old - 1,
        }
    }
}

impl Access {
    /// What an atomic packet does; `None` for an operation without a name.
    pub fn atomic(op: AtomicOp, va: u64, src: u64, cmp: u64) -> Option<Self> {
        let wide = op.0 & 0x20 != 0;
        let value = |v: u64| if wide { v } else { v & 0xffff_ffff };
        Some(Self::Atomic { va, op: AtomicKind::of(op)?, wide, src: value(src), cmp: value(cmp) })
    }

    /// Whether an atomic operation that found `old` ends its loop.
    pub fn satisfied(&self, old: u64) -> bool {
        matches!(self, Self::Atomic { cmp, .. } if old == *cmp)
    }

    /// Does it; what an atomic operation found, 0 for the others.
    pub fn perform(&self, memory: &mut VmMemory<'_>, trace: Option<&Trace>) -> Result<u64, MemFault> {
        /// Bytes moved at a time.
        const PIECE: u64 = 1 << 16;
        let mut found = 0;
        let event = match self {
            Self::Write { dst, bytes, timestamp } => {
                memory.store(*dst, bytes)?;
                match timestamp {
                    true => Event::Timestamp { va: canonical(*dst), len: bytes.len() as u64 },
                    false => Event::Write { va: canonical(*dst), bytes: bytes.as_slice().into() },
                }
            }
            Self::Fill { dst, value, len } => {
                let piece = value.to_le_bytes().repeat((PIECE / 4) as usize);
                for done in (0..*len).step_by(PIECE as usize) {
                    let n = PIECE.min(len - done);
                    memory.store(dst.wrapping_add(done), &piece[..n as usize])?;
                }
                Event::Fill { va: canonical(*dst), value: *value, len: *len }
            }
            Self::Copy { src, dst, len } => {
                let mut piece = vec![0; PIECE.min(*len) as usize];
                for done in (0..*len).step_by(PIECE as usize) {
                    let n = PIECE.min(len - done) as usize;
                    memory.load(src.wrapping_add(done), &mut piece[..n])?;
                    memory.store(dst.wrapping_add(done), &piece[..n])?;
                }
                Event::Copy { src: canonical(*src), dst: canonical(*dst), len: *len }
            }
            Self::CopyBackwards { src, dst, len } => {
                let mut piece = vec![0; PIECE.min(*len) as usize];
                let mut left = *len;
                while left != 0 {
                    let n = PIECE.min(left);
                    left -= n;
                    let piece = &mut piece[..n as usize];
                    memory.load(src.wrapping_add(left), piece)?;
                    memory.store(dst.wrapping_add(left), piece)?;
                }
                Event::Copy { src: canonical(*src), dst: canonical(*dst), len: *len }
            }
            Self::Atomic { va, op, wide, src, cmp } => {
                let new = Cell::new(0);
                let bytes = if *wide {
                    found = memory.atomic_u64(*va, &mut |old| {
                        new.set(op.apply(old, *src, *cmp, |v| v as i64));
                        new.get()
                    })?;
                    new.get().to_le_bytes().to_vec()
                } else {
                    let old = memory.atomic_u32(*va, &mut |old| {
                        new.set(op.apply(old.into(), *src, *cmp, |v| i64::from(v as i32)));
                        new.get() as u32
                    })?;
                    found = old.into();
                    (new.get() as u32).to_le_bytes().to_vec()
                };
                // A round of a loop that changes nothing leaves nothing to see.
                if new.get() == found {
                    return Ok(found);
                }
                Event::Write { va: canonical(*va), bytes: bytes.into() }
            }
        };
        if let Some(trace) = trace {
            trace.push(event);
        }
        Ok(found)
    }

    /// What it touches.
    pub fn log(&self) -> AccessLog {
        let mut log = AccessLog::default();
        match self {
            Self::Write { dst, bytes, .. } => log.write(*dst, bytes.len() as u64),
            Self::Fill { dst, len, .. } => log.write(*dst, *len),
            Self::Copy { src, dst, len } | Self::CopyBackwards { src, dst, len } => {
                log.read(*src, *len);
                log.write(*dst, *len);
            }
            Self::Atomic { va, wide, .. } => log.atomic(*va, if *wide { 8 } else { 4 }),
        }
        log
    }
}
