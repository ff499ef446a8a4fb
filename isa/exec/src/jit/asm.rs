//! Host instructions into a buffer, with labels. What the encoder refuses marks the buffer as failed, so that the caller
//! keeps to the interpreter.
use super::simd::{Simd, V};
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
    /// A vector register, as wide as the host has them.
    Z(u8),
    M(M),
    /// A constant behind the code.
    Pool(Label),
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

/// A distance to fill in.
struct Fixup {
    /// Its four bytes.
    at: usize,
    /// Where the instruction ends, from which it counts.
    end: usize,
    to: Label,
}

pub(super) struct Asm {
    pub simd: Simd,
    encoder: Encoder,
    code: Vec<u8>,
    labels: Vec<usize>,
    fixups: Vec<Fixup>,
    pool: Vec<([u32; 8], Label)>,
    pub failed: bool,
}

const UNBOUND: usize = usize::MAX;

impl Asm {
    pub(super) fn new(simd: Simd) -> Asm {
        Asm {
            simd,
            encoder: Encoder::new(64),
            code: Vec::with_capacity(4096),
            labels: Vec::new(),
            fixups: Vec::new(),
            pool: Vec::new(),
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

    fn build(&self, code: Code, ops: &[O]) -> Instruction {
        let mut i = Instruction::new();
        i.set_code(code);
        for (k, o) in ops.iter().enumerate() {
            let k = k as u32;
            match *o {
                O::R(r) => {
                    i.set_op_kind(k, OpKind::Register);
                    i.set_op_register(k, r);
                }
                O::Z(z) => {
                    let first = if self.simd == Simd::Avx512 { Register::ZMM0 } else { Register::YMM0 };
                    i.set_op_kind(k, OpKind::Register);
                    i.set_op_register(k, first + z as u32);
                }
                O::Pool(_) => {
                    i.set_op_kind(k, OpKind::Memory);
                    i.set_memory_base(Register::RIP);
                    i.set_memory_displ_size(8);
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

    fn put(&mut self, i: &Instruction, ops: &[O]) {
        let start = self.code.len();
        self.encoder.set_buffer(std::mem::take(&mut self.code));
        if self.encoder.encode(i, 0).is_err() {
            self.failed = true;
        }
        self.code = self.encoder.take_buffer();
        // No EVEX prefix and no mask register where the host may lack them.
        let wide = |o: &O| matches!(o, O::R(r) if (Register::K0..=Register::K7).contains(r));
        if self.simd == Simd::Avx2 && (self.code.get(start) == Some(&0x62) || ops.iter().any(wide)) {
            self.failed = true;
        }
        if let Some(O::Pool(to)) = ops.iter().find(|o| matches!(o, O::Pool(_))) {
            let imm = ops.iter().filter(|o| matches!(o, O::I8(_))).count();
            let end = self.code.len();
            match end.checked_sub(4 + imm) {
                Some(at) if at >= start => self.fixups.push(Fixup { at, end, to: *to }),
                _ => self.failed = true,
            }
        }
    }

    /// One instruction.
    pub(super) fn e(&mut self, code: Code, ops: &[O]) {
        self.put(&self.build(code, ops), ops);
    }

    /// One vector instruction in the host's width.
    pub(super) fn v(&mut self, v: V, ops: &[O]) {
        self.e(v.form(self.simd), ops);
    }

    /// One instruction under a mask of AVX-512: lanes without a bit keep the destination (for a compare they give 0).
    pub(super) fn masked(&mut self, code: Code, mask: Option<Register>, ops: &[O]) {
        let mut i = self.build(code, ops);
        if let Some(k) = mask {
            i.set_op_mask(k);
            self.failed |= self.simd == Simd::Avx2;
        }
        self.put(&i, ops);
    }

    /// The same with lanes without a bit zeroed.
    pub(super) fn zeroed(&mut self, code: Code, mask: Register, ops: &[O]) {
        let mut i = self.build(code, ops);
        i.set_op_mask(mask);
        i.set_zeroing_masking(true);
        self.put(&i, ops);
    }

    pub(super) fn jmp(&mut self, l: Label) {
        self.code.push(0xe9);
        self.fix(l);
    }

    pub(super) fn jcc(&mut self, cc: Cc, l: Label) {
        self.code.extend([0x0f, 0x80 | cc as u8]);
        self.fix(l);
    }

    fn fix(&mut self, to: Label) {
        let at = self.code.len();
        self.fixups.push(Fixup { at, end: at + 4, to });
        self.code.extend([0; 4]);
    }

    /// Eight dwords as a memory operand.
    pub(super) fn constant(&mut self, v: [u32; 8]) -> O {
        let known = self.pool.iter().find(|(k, _)| *k == v);
        let l = match known {
            Some((_, l)) => *l,
            None => {
                let l = self.label();
                self.pool.push((v, l));
                l
            }
        };
        O::Pool(l)
    }

    /// The finished bytes; they may lie on any multiple of 32.
    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        for (v, l) in std::mem::take(&mut self.pool) {
            self.code.resize(self.code.len().next_multiple_of(32), 0xcc);
            self.bind(l);
            self.code.extend(v.iter().flat_map(|v| v.to_le_bytes()));
        }
        for Fixup { at, end, to } in &self.fixups {
            let to = self.labels[to.0];
            if to == UNBOUND {
                return None;
            }
            let rel = i32::try_from(to as i64 - *end as i64).ok()?;
            self.code[*at..*at + 4].copy_from_slice(&rel.to_le_bytes());
        }
        (!self.failed).then_some(self.code)
    }
}
