//! Host instructions into a buffer, with labels. What the encoder refuses marks the buffer as failed, so that the caller
//! keeps to the interpreter.
use iced_x86::{Code, Encoder, Instruction, OpKind, Register};

/// A memory operand.
#[derive(Clone, Copy, Debug)]
pub(super) struct M {
    pub base: Register,
    pub index: Register,
    pub scale: u32,
    pub disp: i32,
    pub bcast: bool,
}

/// `[base + disp]`.
pub(super) const fn mem(base: Register, disp: i32) -> M {
    M { base, index: Register::None, scale: 1, disp, bcast: false }
}

/// One operand.
#[derive(Clone, Copy, Debug)]
pub(super) enum O {
    R(Register),
    M(M),
    /// 8-bit immediate.
    I8(u8),
    /// 32-bit immediate of a 32-bit operation.
    I32(i32),
    /// 32-bit immediate, sign-extended.
    I32x(i32),
    I64(u64),
}

impl From<Register> for O {
    fn from(r: Register) -> O {
        O::R(r)
    }
}

impl From<M> for O {
    fn from(m: M) -> O {
        O::M(m)
    }
}

/// Condition of a jump, as the low four bits of its opcode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(dead_code)]
#[repr(u8)]
pub(super) enum Cc {
    O = 0,
    B = 2,
    Ae = 3,
    E = 4,
    Ne = 5,
    Be = 6,
    A = 7,
    L = 12,
    Ge = 13,
    Le = 14,
    G = 15,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Label(usize);

pub(super) struct Asm {
    encoder: Encoder,
    code: Vec<u8>,
    labels: Vec<usize>,
    fixups: Vec<(usize, Label)>,
    pub failed: bool,
}

const UNBOUND: usize = usize::MAX;

impl Asm {
    pub(super) fn new() -> Asm {
        Asm {
            encoder: Encoder::new(64),
            code: Vec::with_capacity(4096),
            labels: Vec::new(),
            fixups: Vec::new(),
            failed: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.code.len()
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(UNBOUND);
        Label(self.labels.len() - 1)
    }

    pub(super) fn bind(&mut self, l: Label) {
        self.labels[l.0] = self.code.len();
    }

    fn build(code: Code, ops: &[O]) -> Instruction {
        let mut i = Instruction::new();
        i.set_code(code);
        for (k, o) in ops.iter().enumerate() {
            let k = k as u32;
            match *o {
                O::R(r) => {
                    i.set_op_kind(k, OpKind::Register);
                    i.set_op_register(k, r);
                }
                O::M(m) => {
                    i.set_op_kind(k, OpKind::Memory);
                    i.set_memory_base(m.base);
                    i.set_memory_index(m.index);
                    i.set_memory_index_scale(m.scale);
                    i.set_memory_displacement64(m.disp as i64 as u64);
                    i.set_memory_displ_size(if m.disp == 0 { 0 } else { 1 });
                    i.set_is_broadcast(m.bcast);
                }
                O::I8(v) => {
                    i.set_op_kind(k, OpKind::Immediate8);
                    i.set_immediate8(v);
                }
                O::I32(v) => {
                    i.set_op_kind(k, OpKind::Immediate32);
                    i.set_immediate32(v as u32);
                }
                O::I32x(v) => {
                    i.set_op_kind(k, OpKind::Immediate32to64);
                    i.set_immediate32to64(v as i64);
                }
                O::I64(v) => {
                    i.set_op_kind(k, OpKind::Immediate64);
                    i.set_immediate64(v);
                }
            }
        }
        i
    }

    fn put(&mut self, i: &Instruction) {
        self.encoder.set_buffer(std::mem::take(&mut self.code));
        if self.encoder.encode(i, 0).is_err() {
            self.failed = true;
        }
        self.code = self.encoder.take_buffer();
    }

    /// One instruction.
    pub(super) fn e(&mut self, code: Code, ops: &[O]) {
        self.put(&Self::build(code, ops));
    }

    /// One instruction under a mask: lanes without a bit keep the destination (for a compare they give 0).
    pub(super) fn masked(&mut self, code: Code, mask: Option<Register>, ops: &[O]) {
        let mut i = Self::build(code, ops);
        if let Some(k) = mask {
            i.set_op_mask(k);
        }
        self.put(&i);
    }

    /// The same with lanes without a bit zeroed.
    pub(super) fn zeroed(&mut self, code: Code, mask: Register, ops: &[O]) {
        let mut i = Self::build(code, ops);
        i.set_op_mask(mask);
        i.set_zeroing_masking(true);
        self.put(&i);
    }

    pub(super) fn jmp(&mut self, l: Label) {
        self.code.push(0xe9);
        self.fix(l);
    }

    pub(super) fn jcc(&mut self, cc: Cc, l: Label) {
        self.code.extend([0x0f, 0x80 | cc as u8]);
        self.fix(l);
    }

    fn fix(&mut self, l: Label) {
        self.fixups.push((self.code.len(), l));
        self.code.extend([0; 4]);
    }

    /// The finished bytes; they may lie anywhere.
    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        for (at, l) in &self.fixups {
            let to = self.labels[l.0];
            if to == UNBOUND {
                return None;
            }
            let rel = i32::try_from(to as i64 - (*at as i64 + 4)).ok()?;
            self.code[*at..*at + 4].copy_from_slice(&rel.to_le_bytes());
        }
        (!self.failed).then_some(self.code)
    }
}
