//! Loads and stores of vector memory and LDS.
//!
//! One part at a time: its lanes' addresses follow one another (one host load or store), are all the same (a broadcast),
//! or anything (gather or scatter). All of them must lie in the instruction's window, or in LDS; otherwise the interpreter
//! runs the instruction, and knows what to do about it.
use super::access::{Access, Space, describe, resource};
use super::asm::{Cc, Label, M, O, mem};
use super::emit::{Emit, Regs};
use super::frame;
use super::simd::*;
use super::site::Site;
use super::tables::{IOTA, Lanes};
use super::{EXEC_AT, SCRATCH, SCRATCH_BYTES, sgpr};
use crate::mem::{Half, MemOp};
use crate::program::Code;
use crate::wave::NULL;
use iced_x86::{Code as X, Register as R};
use isa::Format;

const COMPARE: X = X::EVEX_Vpcmpud_kr_k1_zmm_zmmm512b32_imm8;

/// Emits the instruction; false where the interpreter is to run it.
pub(super) fn lower(e: &mut Emit<'_>, c: &Code) -> bool {
    if c.inst.format() == Format::Scratch {
        return scratch(e, c);
    }
    let Some(a) = describe(c) else { return false };
    let results = if a.store { 0 } else { a.data.len() };
    if results > 0 && c.inst.vdst as usize + results > e.req.vgprs {
        // Nothing happens at all.
        return true;
    }
    if a.store && a.offsets.len() == 2 && (a.offsets[0] - a.offsets[1]).abs() < 16 * a.bytes {
        return false;
    }
    if e.avx2() {
        narrow(e, c, &a);
    } else {
        wide(e, c, &a);
    }
    true
}

/// rsi: where the addresses begin, if that is the same for all lanes; `limit` as [`resource`] gives it.
fn base(e: &mut Emit<'_>, c: &Code, a: &Access, limit: Option<Z>, slow: Label) {
    if a.space == Space::Scalar {
        e.a.e(X::Mov_r64_rm64, &[R::RSI.into(), mem(R::RBX, sgpr(c.inst.mem.sbase as usize)).into()]);
        add(e, R::RSI, a.offsets[0]);
    }
    if let Some(limit) = limit {
        resource(e, c, limit, slow);
    }
}

/// With many registers: addresses and data of all parts are held at once.
fn wide(e: &mut Emit<'_>, c: &Code, a: &Access) {
    let parts = e.parts();
    let addr = c.inst.mem.addr;
    let mut x: Vec<Z> = (0..parts).map(|p| e.v(addr, p)).collect();
    let hi: Vec<Z> = match a.space {
        Space::Pair => (0..parts).map(|p| e.v(addr.wrapping_add(1), p)).collect(),
        _ => Vec::new(),
    };
    // By part, then by data register.
    let data: Vec<Vec<Z>> = (0..parts)
        .map(|p| {
            let one = |v: &u8| if a.store { e.v(*v, p) } else { e.fresh() };
            a.data.iter().map(one).collect()
        })
        .collect();
    let t = [(); 4].map(|()| e.fresh());
    let buffer = a.space == Space::Buffer;
    let moved: Vec<Z> = (0..if buffer { parts } else { 0 }).map(|_| e.fresh()).collect();
    let site = e.site();
    let (from, slow) = e.detour(site);
    let at = site as i32 * size_of::<Site>() as i32;
    base(e, c, a, buffer.then_some(t[3]), from);
    if buffer {
        e.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(a.offsets[0])]);
        spread(e, t[2], R::EAX);
    }
    for p in 0..parts as usize {
        let mut exec = e.exec(p as u8);
        if buffer {
            // Offsets wrap at 32 bits. What lies beyond the end reads 0 and is not written.
            e.a.v(ADD, &[moved[p].into(), x[p].into(), t[2].into()]);
            x[p] = moved[p];
            e.a.masked(COMPARE, exec, &[R::K5.into(), x[p].into(), t[3].into(), O::I8(2)]);
            exec = Some(R::K5);
            if !a.store {
                for &z in &data[p] {
                    e.a.v(XOR, &[O::from(z); 3]);
                }
            }
        }
        let who = exec.map_or(Who::All, Who::K);
        let [t0, u, v, w] = t;
        let part = Part {
            a,
            x: x[p],
            hi: hi.get(p).copied(),
            data: &data[p],
            t: [t0, u, v, w, w],
            who,
            site: at,
            slow: from,
            skip: 0,
        };
        part.emit(e);
    }
    if !a.store {
        e.release();
        let loaded: Vec<Z> = data.concat();
        e.keep(&loaded);
        for (p, data) in data.iter().enumerate() {
            for (k, &z) in data.iter().enumerate() {
                finish(e, a, a.data[k], p as u8, z);
                e.release();
                e.keep(&loaded[p * data.len() + k + 1..]);
            }
        }
    }
    e.rejoin(slow);
}

/// With few registers: on VGPRs that are up to date in memory, where loads put theirs too. Where all lanes' addresses
/// follow one another all parts are done at once, otherwise one after the other.
fn narrow(e: &mut Emit<'_>, c: &Code, a: &Access) {
    e.flush();
    let site = e.site();
    let (from, slow) = e.detour(site);
    let at = site as i32 * size_of::<Site>() as i32;
    let limit = (a.space == Space::Buffer).then(|| e.fresh());
    base(e, c, a, limit, from);
    let limit: Vec<Z> = limit.into_iter().collect();
    if a.store && a.bytes != 4 && !e.req.key.full {
        one_by_one(e, c, a, at, &limit, from);
        return e.rejoin(slow);
    }
    let (apart, done) = (e.a.label(), e.a.label());
    let parted = together(e, c, a, at, apart);
    e.a.jmp(done);
    let other = e.other_way(parted);
    e.a.bind(apart);
    one_by_one(e, c, a, at, &limit, from);
    e.a.bind(done);
    e.meet(&other);
    e.rejoin(slow);
}

/// All parts of a wave whose addresses follow one another; otherwise jumps to `apart`, with the registers returned.
fn together(e: &mut Emit<'_>, c: &Code, a: &Access, site: i32, apart: Label) -> Regs {
    let (parts, addr) = (e.parts(), c.inst.mem.addr);
    let full = e.req.key.full;
    let [start, sum, all] = [(); 3].map(|()| e.fresh());
    let high = (a.space == Space::Pair).then(|| addr.wrapping_add(1));
    for (k, v) in [Some(addr), high].into_iter().flatten().enumerate() {
        let m = e.home(v, 0);
        e.a.v(SPREAD, &[start.into(), m.into()]);
        for p in 0..parts {
            let mut wanted = start;
            if k == 0 {
                let far = |l: usize| (8 * p as u32 + l as u32) * a.bytes as u32;
                let row = e.a.constant(std::array::from_fn(far));
                e.a.v(ADD, &[sum.into(), start.into(), row]);
                wanted = sum;
            }
            let (to, m) = (if k == 0 && p == 0 { all } else { sum }, e.home(v, p));
            e.a.e(X::VEX_Vpcmpeqd_ymm_ymm_ymmm256, &[to.into(), wanted.into(), m.into()]);
            if let Some(active) = e.active(p) {
                // Active lanes that are elsewhere.
                e.a.v(ANDN, &[to.into(), to.into(), active.into()]);
                e.unpin(active);
            }
            if to == sum {
                e.a.v(if full { AND } else { OR }, &[all.into(), all.into(), sum.into()]);
            }
        }
    }
    // From here to the last jump nothing changes in the registers.
    e.a.e(X::VEX_Vmovmskps_r32_ymm, &[R::EDI.into(), all.y().into()]);
    e.a.e(X::Cmp_rm32_imm32, &[R::EDI.into(), O::I32(if full { 0xff } else { 0 })]);
    e.a.jcc(Cc::Ne, apart);
    if let Some(v) = high {
        let m = e.home(v, 0);
        e.a.e(X::Mov_r32_rm32, &[R::ESI.into(), m.into()]);
        e.a.e(X::Shl_rm64_imm8, &[R::RSI.into(), O::I8(32)]);
        add(e, R::RSI, a.offsets[0]);
    }
    let m = e.home(addr, 0);
    e.a.e(X::Mov_r32_rm32, &[R::EAX.into(), m.into()]);
    let span = e.req.lanes as i32 * a.bytes;
    if a.space == Space::Buffer {
        // The last dword is in range too.
        e.a.e(X::Add_rm32_imm32, &[R::EAX.into(), O::I32(a.offsets[0])]);
        e.a.e(X::Mov_r32_rm32, &[R::ECX.into(), R::EAX.into()]);
        e.a.e(X::Add_rm32_imm32, &[R::ECX.into(), O::I32(span - 4)]);
        e.a.jcc(Cc::B, apart);
        e.a.e(X::Cmp_r32_rm32, &[R::ECX.into(), R::R8D.into()]);
        e.a.jcc(Cc::A, apart);
    }
    let whole = Part { a, x: start, hi: None, data: &[], t: [start; 5], who: Who::All, site, slow: apart, skip: 0 };
    whole.bound_from_eax(e, span, apart);
    let parted = e.registers();
    e.release();
    for p in 0..parts {
        let data: Vec<Z> = a.data.iter().map(|v| if a.store { e.v(*v, p) } else { e.fresh() }).collect();
        let t = [(); 5].map(|()| e.fresh());
        let who = match e.active(p) {
            None => Who::All,
            Some(signs) => Who::Signs { signs, bits: mem(R::RBX, EXEC_AT + p as i32).into() },
        };
        let part = Part { data: &data, t, who, skip: 8 * a.bytes * p as i32, ..whole };
        for k in 0..a.offsets.len() {
            part.row_narrow(e, k);
        }
        for (v, &z) in a.data.iter().zip(&data).filter(|_| !a.store) {
            finish(e, a, *v, p, z);
        }
        e.release();
    }
    parted
}

/// Each part by itself. What was loaded waits in the frame, until no part needs the interpreter any more.
fn one_by_one(e: &mut Emit<'_>, c: &Code, a: &Access, site: i32, limit: &[Z], slow: Label) {
    let (parts, addr, n) = (e.parts(), c.inst.mem.addr, a.data.len());
    let stage = |p: u8, k: usize| mem(R::R13, frame::F_STAGE + 32 * (p as usize * n + k) as i32);
    for p in 0..parts {
        e.keep(limit);
        let mut x = e.v(addr, p);
        let hi = (a.space == Space::Pair).then(|| e.v(addr.wrapping_add(1), p));
        let data: Vec<Z> = a.data.iter().map(|v| if a.store { e.v(*v, p) } else { e.fresh() }).collect();
        let t = [(); 5].map(|()| e.fresh());
        let mut who = match e.active(p) {
            None => Who::All,
            Some(signs) => Who::Signs { signs, bits: mem(R::RBX, EXEC_AT + p as i32).into() },
        };
        let mut within = None;
        if let [limit] = *limit {
            // Offsets wrap at 32 bits. What lies beyond the end reads 0 and is not written.
            let offset = e.same(a.offsets[0] as u32);
            let (moved, inside) = (e.fresh(), e.fresh());
            e.a.v(ADD, &[moved.into(), x.into(), offset]);
            e.unpin(x);
            x = moved;
            e.a.v(MINU, &[inside.into(), x.into(), limit.into()]);
            e.a.e(X::VEX_Vpcmpeqd_ymm_ymm_ymmm256, &[inside.into(), inside.into(), x.into()]);
            let mut signs = inside;
            if let Who::Signs { signs: active, .. } = who {
                signs = e.fresh();
                e.a.v(AND, &[signs.into(), inside.into(), active.into()]);
            }
            e.a.e(X::VEX_Vmovmskps_r32_ymm, &[R::R8D.into(), signs.y().into()]);
            who = Who::Signs { signs, bits: R::R8L.into() };
            within = Some(inside);
        }
        Part { a, x, hi, data: &data, t, who, site, slow, skip: 0 }.emit(e);
        for (k, &z) in data.iter().enumerate().filter(|_| !a.store) {
            if let Some(w) = within {
                e.a.v(AND, &[z.into(), z.into(), w.into()]);
            }
            e.a.v(STORE, &[stage(p, k).into(), z.into()]);
        }
        e.release();
    }
    for p in 0..if a.store { 0 } else { parts } {
        for (k, &v) in a.data.iter().enumerate() {
            let z = e.fresh();
            e.a.v(LOAD, &[z.into(), stage(p, k).into()]);
            finish(e, a, v, p, z);
            e.release();
        }
    }
}

/// Writes a loaded register, or half of it.
fn finish(e: &mut Emit<'_>, a: &Access, v: u8, part: u8, z: Z) {
    if let Some(half) = a.d16 {
        let old = e.v(v, part);
        let (high, other) = match half {
            Half::Low => (false, 0xffff_0000u32),
            Half::High => (true, 0xffff),
        };
        if high {
            e.a.v(SLLI, &[z.into(), z.into(), O::I8(16)]);
        }
        if e.avx2() {
            // A bit a word, from the second source where set.
            let words = O::I8(if high { 0xaa } else { 0x55 });
            e.a.e(X::VEX_Vpblendw_ymm_ymm_ymmm256_imm8, &[z.into(), old.into(), z.into(), words]);
        } else {
            let t = e.fresh();
            e.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(other as i32)]);
            spread(e, t, R::EAX);
            // Where the mask is set the old bits, elsewhere the new ones.
            let choose = X::EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8;
            e.a.e(choose, &[t.into(), old.into(), z.into(), O::I8(0xca)]);
            e.a.v(MOVE, &[z.into(), t.into()]);
        }
    }
    if e.avx2() {
        e.write_home(v, part, z);
    } else {
        e.write(v, part, z);
    }
}

fn add(e: &mut Emit<'_>, r: R, k: i32) {
    if k != 0 {
        e.a.e(X::Add_rm64_imm32, &[r.into(), O::I32x(k)]);
    }
}

/// A 32-bit register in every lane.
pub(super) fn spread(e: &mut Emit<'_>, z: Z, r: R) {
    if e.avx2() {
        e.a.e(X::VEX_Vmovd_xmm_rm32, &[z.x().into(), r.into()]);
        e.a.v(SPREAD, &[z.into(), z.x().into()]);
    } else {
        e.a.e(X::EVEX_Vpbroadcastd_zmm_k1z_r32, &[z.into(), r.into()]);
    }
}

/// The first lane in a 32-bit register.
fn first(e: &mut Emit<'_>, r: R, z: Z) {
    let x = if e.avx2() { X::VEX_Vmovd_rm32_xmm } else { X::EVEX_Vmovd_rm32_xmm };
    e.a.e(x, &[r.into(), z.x().into()]);
}

/// A table's vector as an operand of AVX-512. Clobbers rdi.
pub(super) fn table(e: &mut Emit<'_>, t: &'static Lanes) -> O {
    e.a.e(X::Mov_r64_imm64, &[R::RDI.into(), O::I64(t.at())]);
    O::M(mem(R::RDI, 0))
}

/// Which lanes of a part take part.
#[derive(Clone, Copy)]
pub(super) enum Who {
    All,
    /// AVX-512: those of a mask register.
    K(R),
    /// AVX2: those whose sign is set, and the same as bits of a byte.
    Signs {
        signs: Z,
        bits: O,
    },
}

/// One part of an access. Nothing here takes or gives up host registers, as its ways part and join.
pub(super) struct Part<'a> {
    pub a: &'a Access,
    pub x: Z,
    pub hi: Option<Z>,
    pub data: &'a [Z],
    /// Registers to use; AVX2 has the last one besides.
    pub t: [Z; 5],
    pub who: Who,
    pub site: i32,
    pub slow: Label,
    /// Bytes from the address in rax to the part's first element.
    pub skip: i32,
}

impl Part<'_> {
    fn emit(&self, e: &mut Emit<'_>) {
        let done = e.a.label();
        let gather = e.a.label();
        let [t, u, ..] = self.t;
        let lanes = e.req.simd.lanes() as i32;
        match self.who {
            Who::All => {}
            Who::K(k) => {
                e.a.e(X::VEX_Kortestw_kr_kr, &[k.into(), k.into()]);
                e.a.jcc(Cc::E, done);
            }
            Who::Signs { bits, .. } => {
                e.a.e(X::Cmp_rm8_imm8, &[bits, O::I8(0)]);
                e.a.jcc(Cc::E, done);
            }
        }
        if let Some(hi) = self.hi {
            // One upper half for all.
            e.a.v(SPREAD, &[t.into(), hi.x().into()]);
            self.unless(e, hi, t.into(), Test::Equal, self.slow);
            first(e, R::ESI, hi);
            e.a.e(X::Shl_rm64_imm8, &[R::RSI.into(), O::I8(32)]);
            add(e, R::RSI, self.a.offsets[0]);
        }
        // Distances from the first lane.
        e.a.v(SPREAD, &[t.into(), self.x.x().into()]);
        e.a.v(SUB, &[u.into(), self.x.into(), t.into()]);
        let follow = if e.avx2() {
            e.a.constant(std::array::from_fn(|l| l as u32 * self.a.bytes as u32))
        } else {
            table(e, &IOTA[self.a.bytes.trailing_zeros() as usize])
        };
        let apart = e.a.label();
        self.unless(e, u, follow, Test::Equal, apart);
        // They follow one another.
        if self.row_store_needs_all() {
            e.a.jmp(gather);
        } else {
            self.bound(e, lanes * self.a.bytes, gather);
            for (n, _) in self.a.offsets.iter().enumerate() {
                if e.avx2() {
                    self.row_narrow(e, n);
                } else {
                    self.row_wide(e, n);
                }
            }
            e.a.jmp(done);
        }
        e.a.bind(apart);
        if !self.a.store && self.a.bytes >= 4 {
            if e.avx2() {
                let zero = e.same(0);
                self.unless(e, u, zero, Test::Equal, gather);
            } else {
                let k = self.k();
                e.a.masked(X::EVEX_Vptestmd_kr_k1_zmm_zmmm512b32, k, &[R::K7.into(), u.into(), u.into()]);
                e.a.e(X::VEX_Kortestw_kr_kr, &[R::K7.into(), R::K7.into()]);
                e.a.jcc(Cc::Ne, gather);
            }
            // They are the same.
            self.bound(e, self.a.bytes, gather);
            for n in 0..self.a.offsets.len() {
                for d in 0..self.a.dwords {
                    let m = self.near(n, 4 * d as i32);
                    let z = self.data[n * self.a.dwords + d];
                    let k = self.k();
                    e.a.masked(SPREAD.form(e.req.simd), k, &[z.into(), m.into()]);
                }
            }
            e.a.jmp(done);
        }
        e.a.bind(gather);
        self.scattered(e);
        e.a.bind(done);
    }

    /// AVX-512's mask.
    pub(super) fn k(&self) -> Option<R> {
        match self.who {
            Who::K(k) => Some(k),
            _ => None,
        }
    }

    /// Rows of several dwords are stored whole, so that every lane must be active; so are narrower ones with AVX2.
    fn row_store_needs_all(&self) -> bool {
        match self.who {
            Who::All => false,
            Who::K(_) => self.a.store && self.a.dwords > 1,
            Who::Signs { .. } => self.a.store && self.a.bytes != 4,
        }
    }

    /// Jumps where the test does not hold for every active lane. AVX2 clobbers edi.
    fn unless(&self, e: &mut Emit<'_>, a: Z, b: O, test: Test, to: Label) {
        if !e.avx2() {
            let wrong = match test {
                Test::Equal => 4,
                Test::NotAbove => 6,
            };
            e.a.masked(COMPARE, self.k(), &[R::K7.into(), a.into(), b, O::I8(wrong)]);
            e.a.e(X::VEX_Kortestw_kr_kr, &[R::K7.into(), R::K7.into()]);
            return e.a.jcc(Cc::Ne, to);
        }
        let t = self.t[4];
        let mut l = a;
        if test == Test::NotAbove {
            e.a.v(MAXU, &[t.into(), a.into(), b]);
            l = t;
        }
        e.a.e(X::VEX_Vpcmpeqd_ymm_ymm_ymmm256, &[t.into(), l.into(), b]);
        e.a.e(X::VEX_Vmovmskps_r32_ymm, &[R::EDI.into(), t.y().into()]);
        match self.who {
            Who::Signs { bits, .. } => {
                e.a.e(X::Not_rm32, &[R::EDI.into()]);
                e.a.e(X::Test_rm8_r8, &[bits, R::DIL.into()]);
            }
            _ => e.a.e(X::Cmp_rm32_imm32, &[R::EDI.into(), O::I32(0xff)]),
        }
        e.a.jcc(Cc::Ne, to);
    }

    /// rax: host address of the first lane's element at the lowest offset, for LDS without the offset; jumps where `span`
    /// bytes from there are not all in range.
    fn bound(&self, e: &mut Emit<'_>, span: i32, out: Label) {
        first(e, R::EAX, self.x);
        self.bound_from_eax(e, span, out);
    }

    fn bound_from_eax(&self, e: &mut Emit<'_>, span: i32, out: Label) {
        if self.a.space == Space::Lds {
            let most = self.a.offsets.iter().max().unwrap_or(&0) + span;
            e.a.e(X::Lea_r64_m, &[R::RDX.into(), mem(R::RAX, most).into()]);
            e.a.e(X::Cmp_r64_rm64, &[R::RDX.into(), mem(R::R13, frame::F_LDS_BYTES).into()]);
            e.a.jcc(Cc::A, out);
            e.a.e(X::Add_r64_rm64, &[R::RAX.into(), R::RBP.into()]);
        } else {
            // The lanes' 32 bits do not wrap around.
            e.a.e(X::Cmp_rm32_imm32, &[R::EAX.into(), O::I32(-span)]);
            e.a.jcc(Cc::A, out);
            e.a.e(X::Add_r64_rm64, &[R::RAX.into(), R::RSI.into()]);
            e.a.e(X::Cmp_r64_rm64, &[R::RAX.into(), mem(R::R14, self.site).into()]);
            e.a.jcc(Cc::L, out);
            e.a.e(X::Mov_r64_rm64, &[R::RDX.into(), mem(R::R14, self.site + 8).into()]);
            e.a.e(X::Sub_rm64_imm32, &[R::RDX.into(), O::I32x(span)]);
            e.a.e(X::Cmp_r64_rm64, &[R::RAX.into(), R::RDX.into()]);
            e.a.jcc(Cc::G, out);
            e.a.e(X::Add_r64_rm64, &[R::RAX.into(), mem(R::R14, self.site + 16).into()]);
        }
    }

    /// Element `n` of the first lane, `skip` bytes in.
    pub(super) fn near(&self, n: usize, skip: i32) -> M {
        mem(R::RAX, self.skip + skip + if self.a.space == Space::Lds { self.a.offsets[n] } else { 0 })
    }

    /// Lanes anywhere.
    fn scattered(&self, e: &mut Emit<'_>) {
        let a = self.a;
        let [t, u, ..] = self.t;
        if a.store && !e.avx2() {
            if a.bytes < 4 {
                return e.a.jmp(self.slow);
            }
            if a.dwords > 1 {
                // Elements that overlap in part are written lane by lane. u still holds the distances.
                e.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(a.bytes - 1)]);
                spread(e, t, R::EAX);
                let k = self.k();
                e.a.masked(X::EVEX_Vptestmd_kr_k1_zmm_zmmm512b32, k, &[R::K7.into(), u.into(), t.into()]);
                e.a.e(X::VEX_Kortestw_kr_kr, &[R::K7.into(), R::K7.into()]);
                e.a.jcc(Cc::Ne, self.slow);
            }
            if a.offsets.len() > 1 {
                // Two elements a lane: so do those of different lanes.
                return e.a.jmp(self.slow);
            }
        }
        // Narrow elements are read as dwords.
        let bytes = if a.store { a.bytes } else { a.bytes.max(4) };
        let index = if a.space == Space::Lds {
            let most = a.offsets.iter().max().unwrap_or(&0) + bytes;
            e.a.e(X::Mov_r64_rm64, &[R::RDX.into(), mem(R::R13, frame::F_LDS_BYTES).into()]);
            e.a.e(X::Sub_rm64_imm32, &[R::RDX.into(), O::I32x(most)]);
            e.a.jcc(Cc::B, self.slow);
            spread(e, t, R::EDX);
            self.unless(e, self.x, t.into(), Test::NotAbove, self.slow);
            e.a.e(X::Mov_r64_rm64, &[R::RAX.into(), R::RBP.into()]);
            self.x
        } else {
            // Lanes from `rcx` to `rdx` beyond rsi are in the window.
            e.a.e(X::Mov_r64_rm64, &[R::RCX.into(), mem(R::R14, self.site).into()]);
            e.a.e(X::Sub_r64_rm64, &[R::RCX.into(), R::RSI.into()]);
            e.a.e(X::Xor_r32_rm32, &[R::EAX.into(), R::EAX.into()]);
            e.a.e(X::Cmp_rm64_imm32, &[R::RCX.into(), O::I32x(0)]);
            e.a.e(X::Cmovl_r64_rm64, &[R::RCX.into(), R::RAX.into()]);
            e.a.e(X::Mov_r64_rm64, &[R::RDX.into(), mem(R::R14, self.site + 8).into()]);
            e.a.e(X::Sub_rm64_imm32, &[R::RDX.into(), O::I32x(bytes)]);
            e.a.e(X::Sub_r64_rm64, &[R::RDX.into(), R::RSI.into()]);
            e.a.e(X::Sub_r64_rm64, &[R::RDX.into(), R::RCX.into()]);
            e.a.jcc(Cc::L, self.slow);
            // A base beyond 2^63, or a window that starts 4 GiB above it.
            e.a.e(X::Mov_r32_rm32, &[R::EAX.into(), R::ECX.into()]);
            e.a.e(X::Cmp_r64_rm64, &[R::RAX.into(), R::RCX.into()]);
            e.a.jcc(Cc::Ne, self.slow);
            e.a.e(X::Test_rm64_r64, &[R::RSI.into(), R::RSI.into()]);
            e.a.jcc(Cc::L, self.slow);
            // No further than offsets of 32 bits reach from there, nor than signed indices do.
            e.a.e(X::Not_rm32, &[R::EAX.into()]);
            e.a.e(X::Cmp_r64_rm64, &[R::RDX.into(), R::RAX.into()]);
            e.a.e(X::Cmova_r64_rm64, &[R::RDX.into(), R::RAX.into()]);
            e.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(i32::MAX)]);
            e.a.e(X::Cmp_r64_rm64, &[R::RDX.into(), R::RAX.into()]);
            e.a.e(X::Cmova_r64_rm64, &[R::RDX.into(), R::RAX.into()]);
            spread(e, t, R::ECX);
            e.a.v(SUB, &[u.into(), self.x.into(), t.into()]);
            spread(e, t, R::EDX);
            self.unless(e, u, t.into(), Test::NotAbove, self.slow);
            e.a.e(X::Lea_r64_m, &[R::RAX.into(), M { index: R::RCX, ..mem(R::RSI, 0) }.into()]);
            e.a.e(X::Add_r64_rm64, &[R::RAX.into(), mem(R::R14, self.site + 16).into()]);
            u
        };
        match (e.avx2(), a.store) {
            (true, true) => self.scatter_narrow(e, index),
            (true, false) => self.gather_narrow(e, index),
            (false, _) => self.anywhere_wide(e, index),
        }
    }

    /// A dword that was read for fewer bytes.
    pub(super) fn fewer(&self, e: &mut Emit<'_>, z: Z) {
        if self.a.bytes < 4 {
            let n = (32 - 8 * self.a.bytes) as u8;
            e.a.v(SLLI, &[z.into(), z.into(), O::I8(n)]);
            e.a.v(if self.a.signed { SRAI } else { SRLI }, &[z.into(), z.into(), O::I8(n)]);
        }
    }
}

/// What must hold for every active lane, as unsigned numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Test {
    Equal,
    NotAbove,
}

/// Scratch at a scalar offset: rows of one dword a lane.
fn scratch(e: &mut Emit<'_>, c: &Code) -> bool {
    let (i, m) = (&c.inst, &c.inst.mem);
    let (bytes, store) = match c.mem {
        Some(MemOp::Load { bytes, d16: None, .. }) if bytes >= 4 => (bytes, false),
        Some(MemOp::Store { bytes, hi: false }) if bytes >= 4 => (bytes, true),
        _ => return false,
    };
    let n = bytes as i32 / 4;
    if m.sve || m.tfe || m.sbase >= 128 {
        return false;
    }
    let first = if store { m.data0 } else { i.vdst };
    if !store && first as usize + n as usize > e.req.vgprs {
        return true;
    }
    let parts = e.parts();
    let lanes = e.req.lanes as i32;
    let all: Vec<(u8, i32)> = (0..n).flat_map(|k| (0..parts).map(move |p| (p, k))).collect();
    let data = |k: i32| first.checked_add(k as u8).unwrap_or(0);
    // With few registers they are taken one by one, behind the last way out.
    let few = e.avx2();
    let mut registers: Vec<Z> = Vec::new();
    if few {
        e.flush();
    } else {
        registers.extend(all.iter().map(|&(p, k)| if store { e.v(data(k), p) } else { e.fresh() }));
    }
    let site = e.site();
    let (from, slow) = e.detour(site);
    let at = site as i32 * size_of::<Site>() as i32;
    if m.sbase as usize == NULL {
        e.a.e(X::Xor_r32_rm32, &[R::EAX.into(), R::EAX.into()]);
    } else {
        e.a.e(X::Mov_r32_rm32, &[R::EAX.into(), mem(R::RBX, sgpr(m.sbase as usize)).into()]);
    }
    e.a.e(X::Add_rm32_imm32, &[R::EAX.into(), O::I32(i.imm)]);
    // Whole dwords, within what a lane has.
    e.a.e(X::Test_rm8_imm8, &[R::AL.into(), O::I8(3)]);
    e.a.jcc(Cc::Ne, from);
    e.a.e(X::Lea_r64_m, &[R::RDX.into(), mem(R::RAX, 4 * n).into()]);
    e.a.e(X::Mov_r32_rm32, &[R::ECX.into(), mem(R::RBX, SCRATCH_BYTES).into()]);
    e.a.e(X::Cmp_r64_rm64, &[R::RDX.into(), R::RCX.into()]);
    e.a.jcc(Cc::A, from);
    // A row of dwords takes four bytes a lane.
    e.a.e(X::Shl_rm64_imm8, &[R::RAX.into(), O::I8(lanes.trailing_zeros() as u8)]);
    e.a.e(X::Add_r64_rm64, &[R::RAX.into(), mem(R::RBX, SCRATCH).into()]);
    e.a.e(X::Cmp_r64_rm64, &[R::RAX.into(), mem(R::R14, at).into()]);
    e.a.jcc(Cc::L, from);
    e.a.e(X::Mov_r64_rm64, &[R::RDX.into(), mem(R::R14, at + 8).into()]);
    e.a.e(X::Sub_rm64_imm32, &[R::RDX.into(), O::I32x(4 * n * lanes)]);
    e.a.e(X::Cmp_r64_rm64, &[R::RAX.into(), R::RDX.into()]);
    e.a.jcc(Cc::G, from);
    e.a.e(X::Add_r64_rm64, &[R::RAX.into(), mem(R::R14, at + 16).into()]);
    let row = |p: u8, k: i32| mem(R::RAX, 4 * lanes * k + 4 * lanes / parts as i32 * p as i32);
    if few {
        for (p, k) in all {
            match (store, e.active(p)) {
                (true, Some(m)) => {
                    let z = e.v(data(k), p);
                    e.a.e(X::VEX_Vpmaskmovd_m256_ymm_ymm, &[row(p, k).into(), m.into(), z.into()]);
                }
                (true, None) => {
                    let z = e.v(data(k), p);
                    e.a.v(STORE, &[row(p, k).into(), z.into()]);
                }
                (false, _) => {
                    let z = e.fresh();
                    e.a.v(LOAD, &[z.into(), row(p, k).into()]);
                    e.write(data(k), p, z);
                }
            }
            e.release();
        }
        e.rejoin(slow);
        return true;
    }
    for (&(p, k), &z) in all.iter().zip(&registers) {
        let exec = e.exec(p);
        let m = row(p, k);
        if store {
            e.a.masked(STORE.form(Simd::Avx512), exec, &[m.into(), z.into()]);
        } else {
            e.a.masked(LOAD.form(Simd::Avx512), exec, &[z.into(), m.into()]);
        }
    }
    if !store {
        for (n, (&(p, k), &z)) in all.iter().zip(&registers).enumerate() {
            e.write(data(k), p, z);
            e.release();
            e.keep(&registers[n + 1..]);
        }
    }
    e.rejoin(slow);
    true
}
