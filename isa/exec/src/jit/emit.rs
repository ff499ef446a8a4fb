//! One block: entry, instructions, exits; and which host register holds what meanwhile.
use super::asm::{Asm, Cc, Label, M, O, mem};
use super::frame::{self, Slot};
use super::scan::{Item, Kind};
use super::simd::{self, Simd, Z};
use super::site::Site;
use super::uses::{NEVER, Uses};
use super::{BIAS_V, EXEC_AT, Key, PC, SCC, SLOT_PC, STATE, Slots, TABLE, memory, scalar, sgpr, vector};
use crate::program::{Code, Unit};
use crate::wave::{EXEC, State, VCC};
use iced_x86::{Code as X, Register as R};
use isa::Op;

/// No window: the interpreter runs the instruction for another reason.
pub(super) const NO_SITE: u32 = u32::MAX;

/// What to translate.
pub(super) struct Request<'a> {
    pub key: Key,
    pub simd: Simd,
    pub lanes: usize,
    pub vgprs: usize,
    pub link: *const u8,
    pub codes: &'a [Code],
    pub list: &'a [Item],
}

/// Content of a vector register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Held {
    /// A part of a VGPR.
    V(u8, u8),
    /// A scalar register in every lane.
    S(u8),
    /// A constant in every lane.
    K(u32),
    /// AVX2: eight bits of a scalar register, each in the sign of its lane.
    M(u8, u8),
}

/// Which vector register holds what.
#[derive(Clone)]
pub(super) struct Regs {
    held: [Option<Held>; 32],
    dirty: u32,
    /// How many times each is in use.
    pinned: [u8; 32],
    used: [u32; 32],
    clock: u32,
    /// The instruction of the block that used each last.
    when: [u32; 32],
}

/// Code that stands behind the block.
enum Cold {
    /// The budget ran out.
    Yield(Label),
    /// A helper ended the block after so many instructions that were not run.
    Leave(Label, u32),
    /// A memory instruction left to the interpreter; then back.
    Slow { slow: Slow, code: usize, pc: u64, refund: u32, after: Box<Regs> },
}

/// A way to the interpreter out of the middle of an instruction.
pub(super) struct Slow {
    from: Label,
    back: Label,
    site: u32,
    before: Box<Regs>,
}

pub(super) struct Emit<'a> {
    pub a: Asm,
    pub req: &'a Request<'a>,
    regs: Regs,
    cold: Vec<Cold>,
    slots: &'a mut Slots,
    sites: &'a mut Vec<Site>,
    /// Instruction at hand.
    pub at: Item,
    /// Instructions of the block behind it.
    behind: u32,
    uses: Uses,
}

/// Translates a block; None where the encoder refuses something.
pub(super) fn block(req: &Request<'_>, slots: &mut Slots, sites: &mut Vec<Site>) -> Option<Vec<u8>> {
    let first = *req.list.first()?;
    let mut e = Emit {
        a: Asm::new(req.simd),
        req,
        regs: Regs { held: [None; 32], dirty: 0, pinned: [0; 32], used: [0; 32], clock: 0, when: [0; 32] },
        cold: Vec::new(),
        slots,
        sites,
        at: first,
        behind: 0,
        uses: Uses::new(req.codes, req.list),
    };
    let n = req.list.len() as i32;
    let entry = e.a.label();
    let broke = e.a.label();
    e.a.bind(entry);
    e.a.e(X::Sub_rm64_imm32, &[R::R15.into(), O::I32x(n)]);
    e.a.jcc(Cc::L, broke);
    e.cold.push(Cold::Yield(broke));
    e.masks();
    let mut exec_written = false;
    let mut open = true;
    for (k, item) in req.list.iter().enumerate() {
        e.at = *item;
        e.behind = n as u32 - 1 - k as u32;
        let c = &req.codes[item.code];
        match item.kind {
            Kind::Nothing => {}
            Kind::Scalar => {
                if !scalar::lower(&mut e, c) {
                    e.call();
                }
            }
            Kind::Vector => {
                let native = match c.unit {
                    Unit::Mem => memory::lower(&mut e, c),
                    _ => vector::lower(&mut e, c),
                };
                if !native {
                    e.call();
                }
            }
            Kind::Branch => {
                e.flush();
                e.branch(c, exec_written, entry);
                open = false;
            }
            Kind::End if matches!(c.inst.op, Op::S_BARRIER | Op::S_ENDPGM) => {
                e.flush();
                let state = if c.inst.op == Op::S_BARRIER { State::Barrier } else { State::Ended };
                e.a.e(X::Mov_rm8_imm8, &[mem(R::RBX, STATE).into(), O::I8(state as u8)]);
                e.a.e(X::Mov_r64_imm64, &[R::RAX.into(), O::I64(item.pc + 4 * c.inst.len_dw as u64)]);
                e.a.e(X::Mov_rm64_r64, &[mem(R::RBX, PC).into(), R::RAX.into()]);
                e.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(frame::STOPPED as i32)]);
                e.a.e(X::Jmp_rm64, &[mem(R::R13, frame::F_EPILOGUE).into()]);
                open = false;
            }
            Kind::End if e.jump(c, exec_written, entry) => open = false,
            Kind::End => {
                e.flush();
                e.arguments();
                e.a.e(X::Call_rm64, &[mem(R::R13, frame::F_BRANCH).into()]);
                e.a.e(X::Jmp_rm64, &[mem(R::R13, frame::F_EPILOGUE).into()]);
                open = false;
            }
        }
        exec_written |= item.writes_exec;
        e.release();
    }
    if open {
        e.flush();
        let last = e.at;
        e.goto(last.pc + 4 * req.codes[last.code].inst.len_dw as u64, exec_written, entry);
    }
    e.colds();
    e.a.finish()
}

impl Emit<'_> {
    /// Host registers that a VGPR takes.
    pub(super) fn parts(&self) -> u8 {
        (self.req.lanes / self.req.simd.lanes()) as u8
    }

    /// No AVX-512, but AVX2.
    pub(super) fn avx2(&self) -> bool {
        self.req.simd == Simd::Avx2
    }

    /// AVX-512's mask of the part's active lanes; None where all are.
    pub(super) fn exec(&self, part: u8) -> Option<R> {
        (!self.req.key.full).then_some(R::K1 + part as u32)
    }

    /// AVX2's mask of the part's active lanes; None where all are.
    pub(super) fn active(&mut self, part: u8) -> Option<Z> {
        (!self.req.key.full).then(|| self.bits(EXEC, part))
    }

    /// Lanes of a lane mask in scalar registers, as AVX2 has it.
    pub(super) fn bits(&mut self, code: usize, part: u8) -> Z {
        self.hold(Held::M((code + part as usize / 4) as u8, part % 4))
    }

    fn masks(&mut self) {
        if !self.req.key.full && !self.avx2() {
            for p in 0..self.parts() {
                let m = mem(R::RBX, EXEC_AT + 2 * p as i32);
                self.a.e(X::VEX_Kmovw_kr_km16, &[(R::K1 + p as u32).into(), m.into()]);
            }
        }
    }

    /// Frame, instruction and address for a helper.
    fn arguments(&mut self) {
        let Item { pc, code, .. } = self.at;
        self.arguments_of(code, pc);
    }

    fn arguments_of(&mut self, code: usize, pc: u64) {
        self.a.e(X::Mov_r64_rm64, &[R::RDI.into(), R::R13.into()]);
        self.a.e(X::Mov_r32_imm32, &[R::ESI.into(), O::I32(code as i32)]);
        self.a.e(X::Mov_r64_imm64, &[R::RDX.into(), O::I64(pc)]);
    }

    /// Lets the interpreter run the instruction.
    fn call(&mut self) {
        self.flush();
        self.clean();
        self.arguments();
        self.a.e(X::Call_rm64, &[mem(R::R13, frame::F_STEP).into()]);
        self.a.e(X::Test_rm32_r32, &[R::EAX.into(), R::EAX.into()]);
        let leave = self.a.label();
        self.a.jcc(Cc::Ne, leave);
        self.cold.push(Cold::Leave(leave, self.behind));
        self.regs.held = [None; 32];
        self.masks();
    }

    /// Upper halves of registers cost time in functions that do not know of them.
    fn clean(&mut self) {
        if self.avx2() {
            self.a.e(X::VEX_Vzeroupper, &[]);
        }
    }

    /// A number for a memory instruction's window.
    pub(super) fn site(&mut self) -> u32 {
        self.sites.push(Site::default());
        self.sites.len() as u32 - 1
    }

    /// From here on, until [`Emit::rejoin`], jumps to the label let the interpreter run the whole instruction. Registers
    /// that are held now must not change before the last of these jumps.
    pub(super) fn detour(&mut self, site: u32) -> (Label, Slow) {
        let from = self.a.label();
        let slow = Slow { from, back: self.a.label(), site, before: Box::new(self.regs.clone()) };
        (from, slow)
    }

    /// Where both ways meet: the instruction is done.
    pub(super) fn rejoin(&mut self, slow: Slow) {
        self.release();
        self.a.bind(slow.back);
        let Item { pc, code, .. } = self.at;
        self.cold.push(Cold::Slow { slow, code, pc, refund: self.behind, after: Box::new(self.regs.clone()) });
    }

    fn colds(&mut self) {
        let n = self.req.list.len() as i32;
        for c in std::mem::take(&mut self.cold) {
            match c {
                Cold::Yield(l) => {
                    self.a.bind(l);
                    self.a.e(X::Add_rm64_imm32, &[R::R15.into(), O::I32x(n)]);
                    self.a.e(X::Mov_r64_imm64, &[R::RAX.into(), O::I64(self.req.key.pc)]);
                    self.a.e(X::Mov_rm64_r64, &[mem(R::RBX, PC).into(), R::RAX.into()]);
                    self.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(frame::YIELD as i32)]);
                    self.a.e(X::Jmp_rm64, &[mem(R::R13, frame::F_EPILOGUE).into()]);
                }
                Cold::Leave(l, refund) => {
                    self.a.bind(l);
                    self.leave(refund);
                }
                Cold::Slow { slow, code, pc, refund, after } => {
                    self.a.bind(slow.from);
                    self.regs = *slow.before;
                    self.flush();
                    self.clean();
                    self.arguments_of(code, pc);
                    if slow.site == NO_SITE {
                        self.a.e(X::Call_rm64, &[mem(R::R13, frame::F_STEP).into()]);
                    } else {
                        self.a.e(X::Mov_r32_imm32, &[R::ECX.into(), O::I32(slow.site as i32)]);
                        self.a.e(X::Call_rm64, &[mem(R::R13, frame::F_ACCESS).into()]);
                    }
                    self.a.e(X::Test_rm32_r32, &[R::EAX.into(), R::EAX.into()]);
                    let fine = self.a.label();
                    self.a.jcc(Cc::E, fine);
                    self.leave(refund);
                    self.a.bind(fine);
                    self.regs = *after;
                    for k in 0..32 {
                        if let Some(h) = self.regs.held[k as usize] {
                            self.load(Z(k), h);
                        }
                    }
                    self.masks();
                    self.a.jmp(slow.back);
                }
            }
        }
    }

    fn leave(&mut self, refund: u32) {
        if refund != 0 {
            self.a.e(X::Add_rm64_imm32, &[R::R15.into(), O::I32x(refund as i32)]);
        }
        self.a.e(X::Jmp_rm64, &[mem(R::R13, frame::F_EPILOGUE).into()]);
    }

    // Exits.

    fn branch(&mut self, c: &Code, exec_written: bool, entry: Label) {
        let next = self.at.pc + 4 * c.inst.len_dw as u64;
        let to = next.wrapping_add((c.inst.imm as i64 * 4) as u64);
        let wide = self.req.lanes == 64;
        // Compares a lane mask with zero.
        let test = |e: &mut Self, at: i32| {
            let code = if wide { X::Cmp_rm64_imm32 } else { X::Cmp_rm32_imm32 };
            e.a.e(code, &[mem(R::RBX, at).into(), if wide { O::I32x(0) } else { O::I32(0) }]);
        };
        let cc = match c.inst.op {
            Op::S_BRANCH => None,
            Op::S_CBRANCH_SCC0 | Op::S_CBRANCH_SCC1 => {
                self.a.e(X::Cmp_rm8_imm8, &[mem(R::RBX, SCC).into(), O::I8(0)]);
                Some(if c.inst.op == Op::S_CBRANCH_SCC0 { Cc::E } else { Cc::Ne })
            }
            Op::S_CBRANCH_VCCZ | Op::S_CBRANCH_VCCNZ => {
                test(self, sgpr(VCC));
                Some(if c.inst.op == Op::S_CBRANCH_VCCZ { Cc::E } else { Cc::Ne })
            }
            _ => {
                test(self, EXEC_AT);
                Some(if c.inst.op == Op::S_CBRANCH_EXECZ { Cc::E } else { Cc::Ne })
            }
        };
        match cc {
            None => self.goto(to, exec_written, entry),
            Some(cc) => {
                let taken = self.a.label();
                self.a.jcc(cc, taken);
                self.goto(next, exec_written, entry);
                self.a.bind(taken);
                self.goto(to, exec_written, entry);
            }
        }
    }

    /// Calls and indirect jumps; false, with nothing but registers written back, where the interpreter is to run it.
    fn jump(&mut self, c: &Code, exec_written: bool, entry: Label) -> bool {
        // What a return address is written over decides.
        let exec_written = exec_written || (EXEC - 1..EXEC + 2).contains(&(c.inst.sdst as usize));
        let next = self.at.pc + 4 * c.inst.len_dw as u64;
        match c.inst.op {
            Op::S_CALL_B64 => {
                self.flush();
                if !scalar::call(self, c, next) {
                    return false;
                }
                let to = next.wrapping_add((c.inst.imm as i64 * 4) as u64);
                self.goto(to, exec_written, entry);
            }
            Op::S_SETPC_B64 | Op::S_SWAPPC_B64 => {
                self.flush();
                if !scalar::jump_target(self, c, next) {
                    return false;
                }
                if !exec_written {
                    self.indirect(self.req.key.full);
                    return true;
                }
                let full = self.a.label();
                self.exec_is_full(full);
                self.indirect(false);
                self.a.bind(full);
                self.indirect(true);
            }
            _ => return false,
        }
        true
    }

    /// Jumps to the address in rax, through a slot of the cache's table.
    fn indirect(&mut self, full: bool) {
        let table = self.slots.table(self.req.key.mode, full, self.req.link);
        // The slot: a table's index times three quadwords.
        self.a.e(X::Mov_r32_rm32, &[R::ECX.into(), R::EAX.into()]);
        self.a.e(X::Shr_rm32_imm8, &[R::ECX.into(), O::I8(2)]);
        self.a.e(X::And_rm32_imm32, &[R::ECX.into(), O::I32(TABLE as i32 - 1)]);
        self.a.e(X::Lea_r64_m, &[R::RCX.into(), M { index: R::RCX, scale: 2, ..mem(R::RCX, 0) }.into()]);
        self.a.e(X::Mov_r64_imm64, &[R::RDX.into(), O::I64(table as u64)]);
        self.a.e(X::Lea_r64_m, &[R::RDX.into(), M { index: R::RCX, scale: 8, ..mem(R::RDX, 0) }.into()]);
        self.a.e(X::Cmp_rm64_r64, &[mem(R::RDX, SLOT_PC).into(), R::RAX.into()]);
        let other = self.a.label();
        self.a.jcc(Cc::Ne, other);
        // The exit that links wants the slot in rax.
        self.a.e(X::Mov_r64_rm64, &[R::RAX.into(), R::RDX.into()]);
        self.a.e(X::Jmp_rm64, &[mem(R::RAX, 0).into()]);
        self.a.bind(other);
        self.a.e(X::Mov_rm64_r64, &[mem(R::RDX, SLOT_PC).into(), R::RAX.into()]);
        self.a.e(X::Mov_r64_imm64, &[R::RCX.into(), O::I64(self.req.link as u64)]);
        self.a.e(X::Mov_rm64_r64, &[mem(R::RDX, 0).into(), R::RCX.into()]);
        self.a.e(X::Mov_r64_rm64, &[R::RAX.into(), R::RDX.into()]);
        self.a.e(X::Jmp_rm64, &[R::RCX.into()]);
    }

    /// Jumps where all lanes are active.
    fn exec_is_full(&mut self, to: Label) {
        let wide = self.req.lanes == 64;
        let code = if wide { X::Cmp_rm64_imm32 } else { X::Cmp_rm32_imm32 };
        self.a.e(code, &[mem(R::RBX, EXEC_AT).into(), if wide { O::I32x(-1) } else { O::I32(-1) }]);
        self.a.jcc(Cc::E, to);
    }

    /// Leaves for another address; nothing is dirty.
    fn goto(&mut self, pc: u64, exec_written: bool, entry: Label) {
        if !exec_written {
            return self.goto_variant(pc, self.req.key.full, entry);
        }
        let full = self.a.label();
        self.exec_is_full(full);
        self.goto_variant(pc, false, entry);
        self.a.bind(full);
        self.goto_variant(pc, true, entry);
    }

    fn goto_variant(&mut self, pc: u64, full: bool, entry: Label) {
        if pc == self.req.key.pc && full == self.req.key.full {
            return self.a.jmp(entry);
        }
        let slot = self.slots.add(Slot { target: self.req.link, pc, full });
        self.a.e(X::Mov_r64_imm64, &[R::RAX.into(), O::I64(slot as u64)]);
        self.a.e(X::Jmp_rm64, &[mem(R::RAX, 0).into()]);
    }

    // Vector registers.

    /// Memory of a part of a VGPR; beyond the allocation v0 is read.
    pub(super) fn home(&self, v: u8, part: u8) -> M {
        let v = if (v as usize) < self.req.vgprs { v as i32 } else { 0 };
        let bytes = 4 * self.req.simd.lanes() as i32;
        mem(R::R12, v * self.req.lanes as i32 * 4 + part as i32 * bytes - BIAS_V)
    }

    /// Does a VGPR exist: writes to others vanish.
    pub(super) fn exists(&self, v: usize) -> bool {
        v < self.req.vgprs
    }

    /// A register to use until the instruction's end.
    pub(super) fn fresh(&mut self) -> Z {
        let (r, n) = (&self.regs, self.req.simd.registers());
        let free = (0..n).find(|&k| r.held[k].is_none() && r.pinned[k] == 0);
        let k = match free {
            Some(k) => k,
            None => {
                let last = (0..n).filter(|&k| r.pinned[k] == 0).max_by_key(|&k| self.distance(k));
                let Some(k) = last else {
                    self.a.failed = true;
                    return Z(0);
                };
                k
            }
        };
        self.store(k);
        self.regs.held[k] = None;
        self.pin(k);
        Z(k as u8)
    }

    /// How far away the next use of a register's content is: by instruction, then by part. Of what is not used again clean
    /// registers go first.
    fn distance(&self, k: usize) -> (u32, bool, u8, u32) {
        let r = &self.regs;
        let at = self.req.list.len() as u32 - 1 - self.behind;
        // What the instruction at hand used it is done with.
        let from = at + (r.when[k] == at) as u32;
        let (next, part) = match r.held[k] {
            Some(Held::V(v, p)) => (self.uses.vgpr(v, from), p),
            Some(Held::S(s)) => (self.uses.sgpr(s, from), 0),
            // Used again after as long a time as since the last use.
            Some(Held::K(_) | Held::M(..)) => (at + (at - r.when[k].min(at)).max(1), 0),
            None => (NEVER, 0),
        };
        (next, r.dirty >> k & 1 == 0, part, u32::MAX - r.used[k])
    }

    fn pin(&mut self, k: usize) {
        self.regs.pinned[k] = self.regs.pinned[k].saturating_add(1);
        self.regs.clock += 1;
        self.regs.used[k] = self.regs.clock;
        self.regs.when[k] = self.req.list.len() as u32 - 1 - self.behind;
    }

    /// Lets go of the registers of the part that is done.
    pub(super) fn release(&mut self) {
        self.regs.pinned = [0; 32];
    }

    /// Lets go of a register that is not read any more, once for each time it was asked for.
    pub(super) fn unpin(&mut self, z: Z) {
        let n = &mut self.regs.pinned[z.0 as usize];
        *n = n.saturating_sub(1);
    }

    /// Keeps registers until the next release.
    pub(super) fn keep(&mut self, list: &[Z]) {
        for z in list {
            self.pin(z.0 as usize);
        }
    }

    /// Writes a register back, where it has news.
    fn store(&mut self, k: usize) {
        if self.regs.dirty >> k & 1 != 0
            && let Some(Held::V(v, p)) = self.regs.held[k]
        {
            let m = self.home(v, p);
            self.a.v(simd::PUT, &[m.into(), Z(k as u8).into()]);
            self.regs.dirty &= !(1 << k);
        }
    }

    /// Writes everything back; what is held stays.
    pub(super) fn flush(&mut self) {
        for k in 0..32 {
            self.store(k);
        }
    }

    fn load(&mut self, z: Z, h: Held) {
        match h {
            Held::V(v, p) => {
                let m = self.home(v, p);
                self.a.v(simd::MOVE, &[z.into(), m.into()]);
            }
            Held::S(s) => {
                self.a.v(simd::SPREAD, &[z.into(), mem(R::RBX, sgpr(s as usize)).into()]);
            }
            Held::K(0) => self.a.v(simd::XOR, &[O::from(z); 3]),
            Held::K(u32::MAX) if self.avx2() => self.a.e(X::VEX_Vpcmpeqd_ymm_ymm_ymmm256, &[O::from(z); 3]),
            Held::K(v) if self.avx2() => {
                let k = self.a.constant([v; 8]);
                self.a.v(simd::MOVE, &[z.into(), k]);
            }
            Held::K(v) => {
                self.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(v as i32)]);
                self.a.e(X::EVEX_Vpbroadcastd_zmm_k1z_r32, &[z.into(), R::EAX.into()]);
            }
            Held::M(s, k) => {
                self.a.v(simd::SPREAD, &[z.into(), mem(R::RBX, sgpr(s as usize)).into()]);
                let up = self.a.constant(std::array::from_fn(|l| 31 - (8 * k as u32 + l as u32)));
                self.a.v(simd::SLLV, &[z.into(), z.into(), up]);
            }
        }
    }

    fn hold(&mut self, h: Held) -> Z {
        if let Some(k) = self.regs.held.iter().position(|x| *x == Some(h)) {
            self.pin(k);
            return Z(k as u8);
        }
        let z = self.fresh();
        self.load(z, h);
        self.regs.held[z.0 as usize] = Some(h);
        z
    }

    /// A part of a VGPR, to read.
    pub(super) fn v(&mut self, v: u8, part: u8) -> Z {
        let v = if (v as usize) < self.req.vgprs { v } else { 0 };
        self.hold(Held::V(v, part))
    }

    /// A scalar register in every lane.
    pub(super) fn s(&mut self, s: u8) -> Z {
        self.hold(Held::S(s))
    }

    /// A constant in every lane. Clobbers eax.
    pub(super) fn k(&mut self, v: u32) -> Z {
        self.hold(Held::K(v))
    }

    /// A constant in every lane as an operand of AVX2.
    pub(super) fn same(&mut self, v: u32) -> O {
        self.a.constant([v; 8])
    }

    /// Makes `z`, whose lanes were all computed, the VGPR's part.
    pub(super) fn bind(&mut self, v: u8, part: u8, z: Z) {
        self.forget_part(v, part);
        self.regs.held[z.0 as usize] = Some(Held::V(v, part));
        self.regs.dirty |= 1 << z.0;
    }

    /// The VGPR's part in a register that may be changed in place.
    pub(super) fn change(&mut self, v: u8, part: u8) -> Z {
        let z = self.v(v, part);
        self.regs.dirty |= 1 << z.0;
        z
    }

    /// Writes `z` to the active lanes of a VGPR's part. `z` is a fresh register and taken over where all are active.
    pub(super) fn write(&mut self, v: u8, part: u8, z: Z) {
        if !self.exists(v as usize) {
            return;
        }
        match self.exec(part) {
            None => self.bind(v, part, z),
            Some(_) if self.avx2() => {
                let (d, m) = (self.change(v, part), self.bits(EXEC, part));
                self.a.e(X::VEX_Vblendvps_ymm_ymm_ymmm256_ymm, &[d.into(), d.into(), z.into(), m.into()]);
            }
            Some(k) => {
                let d = self.change(v, part);
                self.a.masked(X::EVEX_Vmovdqa32_zmm_k1z_zmmm512, Some(k), &[d.into(), z.into()]);
            }
        }
    }

    /// AVX2: writes `z` to the active lanes of a VGPR's part in memory, where nothing is dirty.
    pub(super) fn write_home(&mut self, v: u8, part: u8, z: Z) {
        if !self.exists(v as usize) {
            return;
        }
        if let Some(m) = self.active(part) {
            let old = self.v(v, part);
            self.a.e(X::VEX_Vblendvps_ymm_ymm_ymmm256_ymm, &[z.into(), old.into(), z.into(), m.into()]);
        }
        let m = self.home(v, part);
        self.a.v(simd::PUT, &[m.into(), z.into()]);
        self.forget_part(v, part);
    }

    /// What the registers hold, where ways part; nothing is dirty.
    pub(super) fn registers(&self) -> Regs {
        self.regs.clone()
    }

    /// Goes on from where ways parted; what the registers hold at the end of this way.
    pub(super) fn other_way(&mut self, from: Regs) -> Regs {
        let here = std::mem::replace(&mut self.regs, from);
        self.release();
        here
    }

    /// Where ways meet only what both hold is known.
    pub(super) fn meet(&mut self, other: &Regs) {
        for (h, o) in self.regs.held.iter_mut().zip(&other.held) {
            if h != o {
                *h = None;
            }
        }
    }

    fn forget_part(&mut self, v: u8, part: u8) {
        for k in 0..32 {
            if self.regs.held[k] == Some(Held::V(v, part)) {
                self.regs.held[k] = None;
                self.regs.dirty &= !(1 << k);
            }
        }
    }

    /// Brings a VGPR's memory up to date; what is held stays.
    pub(super) fn settle(&mut self, v: u8) {
        let v = if self.exists(v as usize) { v } else { 0 };
        for k in 0..32 {
            if matches!(self.regs.held[k], Some(Held::V(r, _)) if r == v) {
                self.store(k);
            }
        }
    }

    /// ecx: the first active lane, lane 0 where none is.
    pub(super) fn first_lane(&mut self) {
        let (r, x) = if self.req.lanes == 64 {
            (R::RCX, [X::Mov_r64_rm64, X::Tzcnt_r64_rm64])
        } else {
            (R::ECX, [X::Mov_r32_rm32, X::Tzcnt_r32_rm32])
        };
        self.a.e(x[0], &[r.into(), mem(R::RBX, EXEC_AT).into()]);
        self.a.e(x[1], &[r.into(), r.into()]);
        self.a.e(X::And_rm32_imm32, &[R::ECX.into(), O::I32(self.req.lanes as i32 - 1)]);
    }

    /// eax: one lane of a VGPR that is up to date in memory.
    pub(super) fn lane_of(&mut self, v: u8, lane: R) {
        let m = self.home(v, 0);
        self.a.e(X::Mov_r32_rm32, &[R::EAX.into(), M { index: lane, scale: 4, ..m }.into()]);
    }

    /// A VGPR changed in memory.
    pub(super) fn forget_v(&mut self, v: u8) {
        for p in 0..self.parts() {
            self.forget_part(v, p);
        }
    }

    /// A scalar register changed.
    pub(super) fn forget_s(&mut self, s: usize) {
        for h in &mut self.regs.held {
            if matches!(h, Some(Held::S(k) | Held::M(k, _)) if *k as usize == s) {
                *h = None;
            }
        }
    }
}
