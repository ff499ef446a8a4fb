//! Loads and stores of vector memory and LDS.
//!
//! Sixteen lanes at a time: their addresses follow one another (one host load or store), are all the same (a
//! broadcast), or anything (gather or scatter). All of them must lie in the instruction's window, or in LDS; otherwise
//! the interpreter runs the instruction, and knows what to do about it.
use super::asm::{Cc, Label, M, O, mem};
use super::emit::{Emit, Z};
use super::frame;
use super::site::Site;
use super::tables::{DEAL2, DEAL4, IOTA, Lanes, WEAVE2, WEAVE4};
use super::{SCRATCH, SCRATCH_BYTES, sgpr};
use crate::mem::{Half, MemOp};
use crate::program::{Code, Src};
use crate::wave::NULL;
use iced_x86::{Code as X, Register as R};
use isa::Format;

const MOVE: X = X::EVEX_Vmovdqa32_zmm_k1z_zmmm512;
const LOAD: X = X::EVEX_Vmovdqu32_zmm_k1z_zmmm512;
const STORE: X = X::EVEX_Vmovdqu32_zmmm512_k1z_zmm;
const COMPARE: X = X::EVEX_Vpcmpud_kr_k1_zmm_zmmm512b32_imm8;

/// Where addresses come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Space {
    Lds,
    /// Scalar base, 32-bit offset a lane.
    Scalar,
    /// 64-bit address a lane.
    Pair,
    /// Raw buffer: scalar base, 32-bit offset a lane, lanes beyond its end out of range.
    Buffer,
}

/// What an instruction moves.
struct Access {
    space: Space,
    store: bool,
    /// Bytes of one element: 1, 2 or 4 times `dwords`.
    bytes: i32,
    /// Registers an element takes.
    dwords: usize,
    signed: bool,
    d16: Option<Half>,
    /// Upper half of the data stored.
    hi: bool,
    /// Offsets of the elements, one or two.
    offsets: Vec<i32>,
    /// Data registers by element and dword.
    data: Vec<u8>,
}

fn describe(c: &Code) -> Option<Access> {
    let (i, m) = (&c.inst, &c.inst.mem);
    if m.tfe || m.gds {
        return None;
    }
    let space = match i.format() {
        Format::Ds => Space::Lds,
        Format::Global if m.sbase as usize != NULL => Space::Scalar,
        Format::Global | Format::Flat => Space::Pair,
        Format::Mubuf if m.offen && !m.idxen && m.sbase < 120 => Space::Buffer,
        _ => return None,
    };
    if space == Space::Scalar && m.sbase as usize + 1 >= NULL {
        return None;
    }
    let registers = |first: u8, n: usize| (0..n as u8).map(move |k| first.checked_add(k).unwrap_or(0));
    let mut a = Access {
        space,
        store: false,
        bytes: 0,
        dwords: 0,
        signed: false,
        d16: None,
        hi: false,
        offsets: vec![i.imm],
        data: Vec::new(),
    };
    match c.mem? {
        MemOp::Load { bytes, signed, d16 } => {
            (a.bytes, a.signed, a.d16) = (bytes as i32, signed, d16);
            a.data = registers(i.vdst, (bytes as usize).div_ceil(4)).collect();
        }
        MemOp::Store { bytes, hi } => {
            (a.bytes, a.hi, a.store) = (bytes as i32, hi, true);
            a.data = registers(m.data0, (bytes as usize).div_ceil(4)).collect();
        }
        MemOp::Load2 { bytes, scale } => {
            a.bytes = bytes as i32;
            a.offsets = [i.imm & 0xff, i.imm >> 8 & 0xff].map(|o| o * scale as i32).to_vec();
            a.data = registers(i.vdst, bytes as usize / 2).collect();
        }
        MemOp::Store2 { bytes, scale } => {
            (a.bytes, a.store) = (bytes as i32, true);
            a.offsets = [i.imm & 0xff, i.imm >> 8 & 0xff].map(|o| o * scale as i32).to_vec();
            let n = bytes as usize / 4;
            a.data = registers(m.data0, n).chain(registers(m.data1, n)).collect();
        }
        _ => return None,
    }
    // Two neighbours are one element.
    if let [first, second] = a.offsets[..]
        && second == first + a.bytes
        && a.bytes <= 8
    {
        a.bytes *= 2;
        a.offsets = vec![first];
    }
    a.dwords = (a.bytes as usize).div_ceil(4);
    // A buffer's dwords are checked one by one.
    if a.space == Space::Buffer && (a.bytes != 4 || soffset(m.soffset).is_none()) {
        return None;
    }
    if !matches!(a.bytes, 1 | 2 | 4 | 8 | 16) || a.space == Space::Lds && a.offsets.iter().any(|o| *o < 0) {
        return None;
    }
    Some(a)
}

/// Scalar offset of a buffer instruction.
fn soffset(code: u8) -> Option<Src> {
    match code {
        0..=127 => Some(Src::S(code)),
        128..=192 => Some(Src::K(code as u64 - 128)),
        193..=208 => Some(Src::K((192 - code as i64) as u32 as u64)),
        _ => None,
    }
}

/// rsi: where a raw buffer and its scalar offset begin; `limit`: the last offset of a dword in range. Other kinds of
/// resources are the interpreter's.
fn resource(e: &mut Emit<'_>, c: &Code, limit: Z, slow: Label) {
    let m = &c.inst.mem;
    let d = |k: usize| O::M(mem(R::RBX, sgpr(m.sbase as usize + k)));
    // No stride and no swizzle.
    e.a.e(X::Mov_r32_rm32, &[R::EAX.into(), d(1)]);
    e.a.e(X::Shr_rm32_imm8, &[R::EAX.into(), O::I8(16)]);
    e.a.jcc(Cc::Ne, slow);
    // A buffer with a format, raw range check, without thread id.
    e.a.e(X::Mov_r32_rm32, &[R::EAX.into(), d(3)]);
    e.a.e(X::Test_rm32_imm32, &[R::EAX.into(), O::I32(0x3_f000)]);
    e.a.jcc(Cc::E, slow);
    e.a.e(X::And_rm32_imm32, &[R::EAX.into(), O::I32(0xf080_0000u32 as i32)]);
    e.a.e(X::Cmp_rm32_imm32, &[R::EAX.into(), O::I32(0x3000_0000)]);
    e.a.jcc(Cc::Ne, slow);
    e.a.e(X::Mov_r64_rm64, &[R::RSI.into(), d(0)]);
    match soffset(m.soffset) {
        Some(Src::S(k)) => e.a.e(X::Mov_r32_rm32, &[R::ECX.into(), mem(R::RBX, sgpr(k as usize)).into()]),
        Some(Src::K(k)) => e.a.e(X::Mov_r32_imm32, &[R::ECX.into(), O::I32(k as u32 as i32)]),
        _ => e.a.failed = true,
    }
    e.a.e(X::Add_r64_rm64, &[R::RSI.into(), R::RCX.into()]);
    e.a.e(X::Mov_r32_rm32, &[R::EDX.into(), d(2)]);
    e.a.e(X::Sub_r32_rm32, &[R::EDX.into(), R::ECX.into()]);
    e.a.jcc(Cc::B, slow);
    e.a.e(X::Sub_rm32_imm32, &[R::EDX.into(), O::I32(4)]);
    e.a.jcc(Cc::B, slow);
    e.a.e(X::EVEX_Vpbroadcastd_zmm_k1z_r32, &[limit.into(), R::EDX.into()]);
}

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
    let moved: Vec<Z> = (0..if a.space == Space::Buffer { parts } else { 0 }).map(|_| e.fresh()).collect();
    let site = e.site();
    let (from, slow) = e.detour(site);
    let at = site as i32 * size_of::<Site>() as i32;
    if a.space == Space::Scalar {
        e.a.e(X::Mov_r64_rm64, &[R::RSI.into(), mem(R::RBX, sgpr(c.inst.mem.sbase as usize)).into()]);
        add(e, R::RSI, a.offsets[0]);
    }
    let buffer = a.space == Space::Buffer;
    if buffer {
        resource(e, c, t[3], from);
        e.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(a.offsets[0])]);
        e.a.e(X::EVEX_Vpbroadcastd_zmm_k1z_r32, &[t[2].into(), R::EAX.into()]);
    }
    for p in 0..parts as usize {
        let mut exec = e.exec(p as u8);
        if buffer {
            // Offsets wrap at 32 bits. What lies beyond the end reads 0 and is not written.
            e.a.e(X::EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32, &[moved[p].into(), x[p].into(), t[2].into()]);
            x[p] = moved[p];
            e.a.masked(COMPARE, exec, &[R::K5.into(), x[p].into(), t[3].into(), O::I8(2)]);
            exec = Some(R::K5);
            if !a.store {
                for z in &data[p] {
                    e.a.e(X::EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32, &[O::R(z.z()); 3]);
                }
            }
        }
        let part = Part { a: &a, x: x[p], hi: hi.get(p).copied(), data: &data[p], t, exec, site: at, slow: from };
        part.emit(e);
    }
    if !a.store {
        e.release();
        let loaded: Vec<Z> = data.concat();
        e.keep(&loaded);
        for (p, data) in data.iter().enumerate() {
            for (k, &z) in data.iter().enumerate() {
                let spare = if a.d16.is_some() { e.fresh() } else { z };
                finish(e, &a, a.data[k], p as u8, z, spare);
                e.release();
                e.keep(&loaded[p * data.len() + k + 1..]);
            }
        }
    }
    e.rejoin(slow);
    true
}

/// Writes a loaded register, or half of it.
fn finish(e: &mut Emit<'_>, a: &Access, v: u8, part: u8, z: Z, t: Z) {
    if let Some(half) = a.d16 {
        let old = e.v(v, part);
        let (shift, other) = match half {
            Half::Low => (None, 0xffff_0000u32),
            Half::High => (Some(16), 0xffff),
        };
        if let Some(n) = shift {
            e.a.e(X::EVEX_Vpslld_zmm_k1z_zmmm512b32_imm8, &[z.into(), z.into(), O::I8(n)]);
        }
        e.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(other as i32)]);
        e.a.e(X::EVEX_Vpbroadcastd_zmm_k1z_r32, &[t.into(), R::EAX.into()]);
        // Where the mask is set the old bits, elsewhere the new ones.
        e.a.e(X::EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8, &[t.into(), old.into(), z.into(), O::I8(0xca)]);
        e.a.e(MOVE, &[z.into(), t.into()]);
    }
    e.write(v, part, z);
}

fn add(e: &mut Emit<'_>, r: R, k: i32) {
    if k != 0 {
        e.a.e(X::Add_rm64_imm32, &[r.into(), O::I32x(k)]);
    }
}

/// A table's vector as an operand. Clobbers rdi.
fn table(e: &mut Emit<'_>, t: &'static Lanes) -> O {
    e.a.e(X::Mov_r64_imm64, &[R::RDI.into(), O::I64(t.at())]);
    O::M(mem(R::RDI, 0))
}

/// Sixteen lanes of an access. Nothing here takes or gives up host registers, as its ways part and join.
struct Part<'a> {
    a: &'a Access,
    x: Z,
    hi: Option<Z>,
    data: &'a [Z],
    t: [Z; 4],
    exec: Option<R>,
    site: i32,
    slow: Label,
}

impl Part<'_> {
    fn emit(&self, e: &mut Emit<'_>) {
        let done = e.a.label();
        let gather = e.a.label();
        let [t, u, ..] = self.t;
        if let Some(k) = self.exec {
            e.a.e(X::VEX_Kortestw_kr_kr, &[k.into(), k.into()]);
            e.a.jcc(Cc::E, done);
        }
        if let Some(hi) = self.hi {
            // One upper half for all.
            e.a.e(X::EVEX_Vpbroadcastd_zmm_k1z_xmmm32, &[t.into(), hi.x().into()]);
            self.differ(e, hi, t.into(), 4, self.slow);
            e.a.e(X::EVEX_Vmovd_rm32_xmm, &[R::ESI.into(), hi.x().into()]);
            e.a.e(X::Shl_rm64_imm8, &[R::RSI.into(), O::I8(32)]);
            add(e, R::RSI, self.a.offsets[0]);
        }
        // Distances from the first lane.
        e.a.e(X::EVEX_Vpbroadcastd_zmm_k1z_xmmm32, &[t.into(), self.x.x().into()]);
        e.a.e(X::EVEX_Vpsubd_zmm_k1z_zmm_zmmm512b32, &[u.into(), self.x.into(), t.into()]);
        let follow = table(e, &IOTA[self.a.bytes.trailing_zeros() as usize]);
        let apart = e.a.label();
        self.differ(e, u, follow, 4, apart);
        // They follow one another.
        if self.row_store_needs_all() {
            e.a.jmp(gather);
        } else {
            self.bound(e, 16 * self.a.bytes, gather);
            for (n, _) in self.a.offsets.iter().enumerate() {
                self.row(e, n);
            }
            e.a.jmp(done);
        }
        e.a.bind(apart);
        if !self.a.store && self.a.bytes >= 4 {
            e.a.masked(X::EVEX_Vptestmd_kr_k1_zmm_zmmm512b32, self.exec, &[R::K7.into(), u.into(), u.into()]);
            e.a.e(X::VEX_Kortestw_kr_kr, &[R::K7.into(), R::K7.into()]);
            e.a.jcc(Cc::Ne, gather);
            // They are the same.
            self.bound(e, self.a.bytes, gather);
            for n in 0..self.a.offsets.len() {
                for d in 0..self.a.dwords {
                    let m = self.near(n, 4 * d as i32);
                    let z = self.data[n * self.a.dwords + d];
                    e.a.masked(X::EVEX_Vpbroadcastd_zmm_k1z_xmmm32, self.exec, &[z.into(), m.into()]);
                }
            }
            e.a.jmp(done);
        }
        e.a.bind(gather);
        self.scattered(e);
        e.a.bind(done);
    }

    /// Rows of several dwords are stored whole, so that every lane must be active.
    fn row_store_needs_all(&self) -> bool {
        self.a.store && self.a.dwords > 1 && self.exec.is_some()
    }

    /// Jumps where any active lane compares (by predicate `p`).
    fn differ(&self, e: &mut Emit<'_>, a: Z, b: O, p: u8, to: Label) {
        e.a.masked(COMPARE, self.exec, &[R::K7.into(), a.into(), b, O::I8(p)]);
        e.a.e(X::VEX_Kortestw_kr_kr, &[R::K7.into(), R::K7.into()]);
        e.a.jcc(Cc::Ne, to);
    }

    /// rax: host address of the first lane's element at the lowest offset, for LDS without the offset; jumps where `span`
    /// bytes from there are not all in range.
    fn bound(&self, e: &mut Emit<'_>, span: i32, out: Label) {
        e.a.e(X::EVEX_Vmovd_rm32_xmm, &[R::EAX.into(), self.x.x().into()]);
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
    fn near(&self, n: usize, skip: i32) -> M {
        mem(R::RAX, skip + if self.a.space == Space::Lds { self.a.offsets[n] } else { 0 })
    }

    /// Sixteen elements side by side.
    fn row(&self, e: &mut Emit<'_>, n: usize) {
        let d = &self.data[n * self.a.dwords..(n + 1) * self.a.dwords];
        let [t, u, v, w] = self.t;
        let m = |k: i32| self.near(n, k);
        match (self.a.store, self.a.bytes) {
            (false, 1 | 2) => {
                let x = match (self.a.bytes, self.a.signed) {
                    (1, false) => X::EVEX_Vpmovzxbd_zmm_k1z_xmmm128,
                    (1, true) => X::EVEX_Vpmovsxbd_zmm_k1z_xmmm128,
                    (_, false) => X::EVEX_Vpmovzxwd_zmm_k1z_ymmm256,
                    (_, true) => X::EVEX_Vpmovsxwd_zmm_k1z_ymmm256,
                };
                e.a.masked(x, self.exec, &[d[0].into(), m(0).into()]);
            }
            (true, 1 | 2) => {
                let z = if self.a.hi {
                    e.a.e(X::EVEX_Vpsrld_zmm_k1z_zmmm512b32_imm8, &[t.into(), d[0].into(), O::I8(16)]);
                    t
                } else {
                    d[0]
                };
                let x =
                    if self.a.bytes == 1 { X::EVEX_Vpmovdb_xmmm128_k1z_zmm } else { X::EVEX_Vpmovdw_ymmm256_k1z_zmm };
                e.a.masked(x, self.exec, &[m(0).into(), z.into()]);
            }
            (false, 4) => e.a.masked(LOAD, self.exec, &[d[0].into(), m(0).into()]),
            (true, 4) => e.a.masked(STORE, self.exec, &[m(0).into(), d[0].into()]),
            (false, 8) => {
                e.a.e(LOAD, &[t.into(), m(0).into()]);
                for (k, &d) in d.iter().enumerate() {
                    let index = table(e, &DEAL2[k]);
                    e.a.e(MOVE, &[d.into(), index]);
                    e.a.e(X::EVEX_Vpermi2d_zmm_k1z_zmm_zmmm512b32, &[d.into(), t.into(), m(64).into()]);
                }
            }
            (true, 8) => {
                for (k, at) in [0, 64].into_iter().enumerate() {
                    let index = table(e, &WEAVE2[k]);
                    e.a.e(MOVE, &[t.into(), index]);
                    e.a.e(X::EVEX_Vpermi2d_zmm_k1z_zmm_zmmm512b32, &[t.into(), d[0].into(), d[1].into()]);
                    e.a.e(STORE, &[m(at).into(), t.into()]);
                }
            }
            (false, _) => {
                e.a.e(LOAD, &[t.into(), m(0).into()]);
                e.a.e(LOAD, &[u.into(), m(128).into()]);
                e.a.e(X::Mov_r32_imm32, &[R::ECX.into(), O::I32(0xff00)]);
                e.a.e(X::VEX_Kmovw_kr_r32, &[R::K7.into(), R::ECX.into()]);
                for (k, &d) in d.iter().enumerate() {
                    let index = table(e, &DEAL4[k]);
                    e.a.e(MOVE, &[d.into(), index]);
                    e.a.e(MOVE, &[v.into(), d.into()]);
                    e.a.e(X::EVEX_Vpermi2d_zmm_k1z_zmm_zmmm512b32, &[d.into(), t.into(), m(64).into()]);
                    e.a.e(X::EVEX_Vpermi2d_zmm_k1z_zmm_zmmm512b32, &[v.into(), u.into(), m(192).into()]);
                    e.a.masked(MOVE, Some(R::K7), &[d.into(), v.into()]);
                }
            }
            (true, _) => {
                e.a.e(X::Mov_r32_imm32, &[R::ECX.into(), O::I32(0xcccc)]);
                e.a.e(X::VEX_Kmovw_kr_r32, &[R::K7.into(), R::ECX.into()]);
                for (k, weave) in WEAVE4.iter().enumerate() {
                    let index = table(e, weave);
                    e.a.e(MOVE, &[v.into(), index]);
                    e.a.e(MOVE, &[w.into(), v.into()]);
                    e.a.e(X::EVEX_Vpermi2d_zmm_k1z_zmm_zmmm512b32, &[v.into(), d[0].into(), d[1].into()]);
                    e.a.e(X::EVEX_Vpermi2d_zmm_k1z_zmm_zmmm512b32, &[w.into(), d[2].into(), d[3].into()]);
                    e.a.masked(MOVE, Some(R::K7), &[v.into(), w.into()]);
                    e.a.e(STORE, &[m(64 * k as i32).into(), v.into()]);
                }
            }
        }
    }

    /// Lanes anywhere.
    fn scattered(&self, e: &mut Emit<'_>) {
        let a = self.a;
        let [t, u, ..] = self.t;
        if a.store && a.bytes < 4 {
            return e.a.jmp(self.slow);
        }
        if a.store && a.dwords > 1 {
            // Elements that overlap in part are written lane by lane. u still holds the distances.
            e.a.e(X::Mov_r32_imm32, &[R::EAX.into(), O::I32(a.bytes - 1)]);
            e.a.e(X::EVEX_Vpbroadcastd_zmm_k1z_r32, &[t.into(), R::EAX.into()]);
            e.a.masked(X::EVEX_Vptestmd_kr_k1_zmm_zmmm512b32, self.exec, &[R::K7.into(), u.into(), t.into()]);
            e.a.e(X::VEX_Kortestw_kr_kr, &[R::K7.into(), R::K7.into()]);
            e.a.jcc(Cc::Ne, self.slow);
        }
        if a.store && a.offsets.len() > 1 {
            // Two elements a lane: so do those of different lanes.
            return e.a.jmp(self.slow);
        }
        // Narrow elements are read as dwords.
        let bytes = a.bytes.max(4);
        let index = if a.space == Space::Lds {
            let most = a.offsets.iter().max().unwrap_or(&0) + bytes;
            e.a.e(X::Mov_r64_rm64, &[R::RDX.into(), mem(R::R13, frame::F_LDS_BYTES).into()]);
            e.a.e(X::Sub_rm64_imm32, &[R::RDX.into(), O::I32x(most)]);
            e.a.jcc(Cc::B, self.slow);
            e.a.e(X::EVEX_Vpbroadcastd_zmm_k1z_r32, &[t.into(), R::EDX.into()]);
            self.differ(e, self.x, t.into(), 6, self.slow);
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
            e.a.e(X::EVEX_Vpbroadcastd_zmm_k1z_r32, &[t.into(), R::ECX.into()]);
            e.a.e(X::EVEX_Vpsubd_zmm_k1z_zmm_zmmm512b32, &[u.into(), self.x.into(), t.into()]);
            e.a.e(X::EVEX_Vpbroadcastd_zmm_k1z_r32, &[t.into(), R::EDX.into()]);
            self.differ(e, u, t.into(), 6, self.slow);
            e.a.e(X::Lea_r64_m, &[R::RAX.into(), M { index: R::RCX, ..mem(R::RSI, 0) }.into()]);
            e.a.e(X::Add_r64_rm64, &[R::RAX.into(), mem(R::R14, self.site + 16).into()]);
            u
        };
        for n in 0..a.offsets.len() {
            for d in 0..a.dwords {
                match self.exec {
                    Some(k) => e.a.e(X::VEX_Kmovw_kr_km16, &[R::K7.into(), k.into()]),
                    None => e.a.e(X::VEX_Kxnorw_kr_kr_kr, &[R::K7.into(), R::K7.into(), R::K7.into()]),
                }
                let m = M { index: index.z(), ..self.near(n, 4 * d as i32) };
                let z = self.data[n * a.dwords + d];
                if a.store {
                    e.a.masked(X::EVEX_Vpscatterdd_vm32z_k1_zmm, Some(R::K7), &[m.into(), z.into()]);
                } else {
                    e.a.masked(X::EVEX_Vpgatherdd_zmm_k1_vm32z, Some(R::K7), &[z.into(), m.into()]);
                    self.narrow(e, z);
                }
            }
        }
    }

    /// A dword that was read for fewer bytes.
    fn narrow(&self, e: &mut Emit<'_>, z: Z) {
        if self.a.bytes < 4 {
            let n = (32 - 8 * self.a.bytes) as u8;
            e.a.e(X::EVEX_Vpslld_zmm_k1z_zmmm512b32_imm8, &[z.into(), z.into(), O::I8(n)]);
            let x = if self.a.signed {
                X::EVEX_Vpsrad_zmm_k1z_zmmm512b32_imm8
            } else {
                X::EVEX_Vpsrld_zmm_k1z_zmmm512b32_imm8
            };
            e.a.e(x, &[z.into(), z.into(), O::I8(n)]);
        }
    }
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
    let registers: Vec<(u8, i32, Z)> = (0..n)
        .flat_map(|k| (0..parts).map(move |p| (k, p)))
        .map(|(k, p)| {
            let z = if store { e.v(first.checked_add(k as u8).unwrap_or(0), p) } else { e.fresh() };
            (p, k, z)
        })
        .collect();
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
    for &(p, k, z) in &registers {
        let exec = e.exec(p);
        let m = mem(R::RAX, 4 * lanes * k + 64 * p as i32);
        if store {
            e.a.masked(STORE, exec, &[m.into(), z.into()]);
        } else {
            e.a.masked(LOAD, exec, &[z.into(), m.into()]);
        }
    }
    if !store {
        let loaded: Vec<Z> = registers.iter().map(|r| r.2).collect();
        for (n, (p, k, z)) in registers.into_iter().enumerate() {
            e.write(first + k as u8, p, z);
            e.release();
            e.keep(&loaded[n + 1..]);
        }
    }
    e.rejoin(slow);
    true
}
