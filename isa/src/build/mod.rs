//! Kernels written in Rust against typed registers.
//!
//! An instruction is its mnemonic, spelled as [`Op`] spells it, on operands in the assembler's order. Of the encodings
//! that the row table has for it the shortest is taken that holds the operands, as LLVM's assembler does for a mnemonic
//! without suffix; every rule of [`crate::check`] is checked at once. Faults are collected with the line of the caller,
//! so that a kernel reads like assembly and [`Kernel::finish`] tells all of them.
//!
//! ```
//! use isa::Op::*;
//! use isa::WaveSize;
//! use isa::build::*;
//!
//! // x[i] *= 2 for the lanes of one wave; s[0:1] holds the address of the arguments.
//! let mut k = Kernel::new(WaveSize::W32);
//! let done = k.label();
//! k.op(S_LOAD_B64, (ss::<2>(2), ss::<2>(0), 0));
//! k.op(V_LSHLREV_B32, (v(0), 2, v(0)));
//! k.op(V_CMPX_GT_U32, (0x100, v(0)));
//! k.op(S_CBRANCH_EXECZ, done);
//! k.waitcnt(Wait::lgkm(0));
//! k.op(GLOBAL_LOAD_B32, (v(1), v(0), ss::<2>(2)));
//! k.waitcnt(Wait::vm(0));
//! k.emit(V_ADD_F32.on((v(1), v(1), v(1))));
//! k.op(GLOBAL_STORE_B32, (v(0), v(1), ss::<2>(2)));
//! k.bind(done);
//! k.op(S_ENDPGM, ());
//! let code = k.finish().expect("no rule is broken");
//! assert_eq!((code.vgprs, code.sgprs), (2, 4));
//! assert_eq!(code.words()[2], 0x3000_0082); // v_lshlrev_b32_e32 v0, 2, v0
//! ```
mod blank;
mod control;
mod error;
mod fill;
mod number;
mod reg;
mod spec;
mod used;

pub use control::{Delay, Dep, Dpp8, Dpp16, Hwreg, Message, Omod, Wait};
pub use error::{BuildError, Fault, Faults};
pub use reg::*;
pub use spec::Spec;

/// The README's kernel is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

use crate::row::W_EXEC;
use crate::{Inst, Op, Target, Unit};
use alloc::vec::Vec;
use core::panic::Location;
use core::sync::atomic::{AtomicU32, Ordering};

/// `s_code_end`: what stands after the last instruction, for the prefetcher.
const CODE_END: u32 = 0xbf9f_0000;

/// Code in the making.
#[derive(Debug)]
pub struct Kernel {
    id: u32,
    target: Target,
    words: Vec<u32>,
    insts: Vec<(usize, Inst)>,
    /// Dword of each label, once it is bound.
    labels: Vec<Option<usize>>,
    branches: Vec<Branch>,
    faults: Vec<Fault>,
    used: used::Used,
    /// The last VALU instruction was a `v_cmpx`.
    after_cmpx: bool,
}

#[derive(Debug)]
struct Branch {
    /// Dword of the instruction.
    word: usize,
    label: u32,
    name: &'static str,
    caller: &'static Location<'static>,
}

/// A finished kernel's code.
#[derive(Clone, PartialEq, Debug)]
pub struct Code {
    words: Vec<u32>,
    kernel: u32,
    labels: Vec<Option<usize>>,
    insts: Vec<(usize, Inst)>,
    /// VGPRs used: one more than the highest number.
    pub vgprs: u32,
    /// SGPRs used: one more than the highest number; VCC is not among them.
    pub sgprs: u32,
    /// VCC is read or written by name or by an instruction that always does.
    pub uses_vcc: bool,
}

impl Kernel {
    /// An empty one.
    pub fn new(target: impl Into<Target>) -> Kernel {
        // Tells labels of different kernels apart, nothing more.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Kernel {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            target: target.into(),
            words: Vec::new(),
            insts: Vec::new(),
            labels: Vec::new(),
            branches: Vec::new(),
            faults: Vec::new(),
            used: used::Used::default(),
            after_cmpx: false,
        }
    }

    /// What the code is for.
    pub fn target(&self) -> Target {
        self.target
    }

    /// Bytes so far.
    pub fn len_bytes(&self) -> usize {
        self.words.len() * 4
    }

    /// Faults so far.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    #[track_caller]
    fn fault(&mut self, name: &'static str, error: BuildError) {
        self.faults.push(Fault { name, caller: Location::caller(), error });
    }

    /// Appends an instruction without modifiers.
    #[track_caller]
    pub fn op(&mut self, op: Op, operands: impl Operands) {
        self.emit(op.on(operands));
    }

    /// Appends an instruction.
    #[track_caller]
    pub fn emit(&mut self, spec: Spec) {
        if let Err(error) = self.try_emit(spec) {
            self.fault(mnemonic(spec.op), error);
        }
    }

    /// Appends an instruction, or says at once why not.
    #[track_caller]
    pub fn try_emit(&mut self, spec: Spec) -> Result<(), BuildError> {
        let made = fill::make(&spec, self.target)?;
        self.push(made)
    }

    /// Appends a pair of VALU operations that are issued together (VOPD, wave32 only).
    #[track_caller]
    pub fn dual(&mut self, x: Spec, y: Spec) {
        if let Err(error) = self.try_dual(x, y) {
            self.fault(mnemonic(x.op), error);
        }
    }

    /// Appends a pair, or says at once why not.
    #[track_caller]
    pub fn try_dual(&mut self, x: Spec, y: Spec) -> Result<(), BuildError> {
        let made = fill::pair(&x, &y, self.target)?;
        self.push(made)
    }

    #[track_caller]
    fn push(&mut self, made: fill::Made) -> Result<(), BuildError> {
        let word = self.words.len();
        let permlane = [Op::V_PERMLANE16_B32, Op::V_PERMLANEX16_B32, Op::V_PERMLANE64_B32];
        if self.after_cmpx && permlane.contains(&made.inst.op) {
            return Err(BuildError::PermlaneAfterCmpx);
        }
        let row = made.inst.row();
        if matches!(row.unit(), Unit::Valu | Unit::Trans) {
            self.after_cmpx = row.implicit & W_EXEC != 0;
        }
        if let Some(l) = made.label {
            if l.kernel != self.id {
                return Err(BuildError::ForeignLabel);
            }
            let (name, caller) = (made.inst.row().name, Location::caller());
            self.branches.push(Branch { word, label: l.number, name, caller });
        }
        self.used.add(&made.inst, self.target);
        self.words.extend_from_slice(&made.words);
        self.insts.push((word, made.inst));
        Ok(())
    }

    /// A new label, bound nowhere yet.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label { kernel: self.id, number: self.labels.len() as u32 - 1 }
    }

    /// The label stands for this place from now on.
    #[track_caller]
    pub fn bind(&mut self, label: Label) {
        let here = self.words.len();
        let slot = if label.kernel == self.id { self.labels.get_mut(label.number as usize) } else { None };
        let error = match slot {
            None => BuildError::ForeignLabel,
            Some(Some(_)) => BuildError::BoundTwice,
            Some(l) => {
                *l = Some(here);
                return;
            }
        };
        self.fault("", error);
    }

    /// A new label for this place.
    pub fn here(&mut self) -> Label {
        self.labels.push(Some(self.words.len()));
        Label { kernel: self.id, number: self.labels.len() as u32 - 1 }
    }

    /// `s_waitcnt`.
    #[track_caller]
    pub fn waitcnt(&mut self, wait: Wait) {
        self.op(Op::S_WAITCNT, wait);
    }

    /// `s_waitcnt_vscnt`: until at most `n` vector memory stores are outstanding.
    #[track_caller]
    pub fn wait_stores(&mut self, n: u16) {
        self.op(Op::S_WAITCNT_VSCNT, (NULL, n));
    }

    /// `s_delay_alu`.
    #[track_caller]
    pub fn delay_alu(&mut self, delay: Delay) {
        self.op(Op::S_DELAY_ALU, delay);
    }

    /// `s_sendmsg`.
    #[track_caller]
    pub fn sendmsg(&mut self, message: Message) {
        self.op(Op::S_SENDMSG, message);
    }

    /// A dword as it is.
    pub fn word(&mut self, word: u32) {
        self.words.push(word);
    }

    /// Dwords as they are.
    pub fn data(&mut self, words: &[u32]) {
        self.words.extend_from_slice(words);
    }

    /// Fills up to a multiple of `bytes` (a power of two, at least 4) with `fill`.
    #[track_caller]
    pub fn align(&mut self, bytes: usize, fill: u32) {
        if !bytes.is_power_of_two() || bytes < 4 {
            return self.fault("", BuildError::Alignment { bytes });
        }
        while !(self.words.len() * 4).is_multiple_of(bytes) {
            self.words.push(fill);
        }
    }

    /// `s_code_end` up to a cache line of 128 bytes and 48 more, which is as far as instructions are fetched ahead (the
    /// RDNA3 guide, section 2.4).
    pub fn code_end(&mut self) {
        while !self.words.len().is_multiple_of(32) {
            self.words.push(CODE_END);
        }
        self.words.extend([CODE_END; 48]);
    }

    /// The code, with its branches resolved, or everything that is wrong with it.
    pub fn finish(mut self) -> Result<Code, Faults> {
        for b in &self.branches {
            let to = self.labels.get(b.label as usize).copied().flatten();
            let error = match to {
                None => BuildError::Unbound,
                Some(to) => {
                    let dwords = to as i64 - b.word as i64 - 1;
                    match (i16::try_from(dwords), self.words.get_mut(b.word)) {
                        (Ok(d), Some(w)) => {
                            *w = *w & 0xffff_0000 | d as u16 as u32;
                            let k = self.insts.partition_point(|(at, _)| *at < b.word);
                            if let Some((_, i)) = self.insts.get_mut(k) {
                                i.imm = d as i32;
                            }
                            continue;
                        }
                        _ => BuildError::Distance { dwords },
                    }
                }
            };
            self.faults.push(Fault { name: b.name, caller: b.caller, error });
        }
        if !self.faults.is_empty() {
            return Err(Faults(self.faults));
        }
        Ok(Code {
            words: self.words,
            kernel: self.id,
            labels: self.labels,
            insts: self.insts,
            vgprs: self.used.vgprs,
            sgprs: self.used.sgprs,
            uses_vcc: self.used.vcc,
        })
    }
}

/// The name that an error names.
fn mnemonic(op: Op) -> &'static str {
    op.rows().first().map_or("", |r| r.name)
}

impl Code {
    /// The dwords.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// The dwords as bytes, as they lie in memory.
    pub fn bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|w| w.to_le_bytes()).collect()
    }

    /// Byte offset of a label that is bound.
    pub fn offset(&self, label: Label) -> Option<usize> {
        let at = if label.kernel == self.kernel { *self.labels.get(label.number as usize)? } else { None };
        at.map(|w| w * 4)
    }

    /// Each instruction with its byte offset; words of data are not among them.
    pub fn instructions(&self) -> impl ExactSizeIterator<Item = (usize, &Inst)> {
        self.insts.iter().map(|(w, i)| (w * 4, i))
    }
}
