//! RDNA3 (gfx1100) instruction tables, decoder and disassembler, assembler and code objects.
//!
//! [`rows`] holds one row an instruction and format. [`decode`] reads words through it, [`disassemble`] prints what
//! LLVM 19 prints for gfx1100; [`asm`] reads it, whole files with their directives, and [`object`] makes code objects of
//! them. Semantics live in the crate `isa-exec`.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;

pub mod analysis;
pub mod asm;
pub mod build;
mod check;
mod constant;
mod decode;
mod disasm;
mod encode;
mod image;
mod names;
pub mod object;
pub mod row;
pub mod rows;
mod target;

pub use check::{Place, Violation, check};
pub use decode::{DecodeError, Dpp, Export, Ext, Half, Image, Inst, Mem, Mods, decode};
pub use disasm::{Line, Listed, Section, Symbol, branch_target, disassemble, disassemble_all, disassemble_into};
pub use encode::{EncodeError, Words, encode};
pub use row::{Format, Row, Unit};
pub use rows::{Op, ROWS};
pub use target::{Arch, Target};

/// Lanes of a wave.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum WaveSize {
    /// 32 lanes.
    W32,
    /// 64 lanes.
    W64,
}

impl WaveSize {
    /// Number of lanes.
    pub const fn lanes(self) -> u32 {
        match self {
            WaveSize::W32 => 32,
            WaveSize::W64 => 64,
        }
    }

    /// Is it wave64.
    pub const fn is64(self) -> bool {
        matches!(self, WaveSize::W64)
    }
}
