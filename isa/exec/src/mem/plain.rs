//! Loads, stores and atomics of bytes and dwords: DS with one address, buffers without format, flat, global, scratch.
use super::atomic::{Flush, Rmw, apply};
use super::op::{Half, MemOp};
use super::place::{self, Bound, Buffer};
use super::port::{Place, Port, Space};
use super::{LaneTrap, first_lane};
use crate::program::Code;
use crate::wave::Wave;
use crate::{Access, MemFault, TrapKind};
use isa::Format;

/// How lanes find their addresses.
enum Way {
    Ds,
    Gds,
    Buffer(Buffer),
    Global,
    Flat,
    Scratch,
}

impl Way {
    fn place<const L: usize>(&self, w: &Wave<L>, c: &Code, lane: usize, skip: u32, bytes: u32) -> Place {
        match self {
            Way::Ds => Place::Lds(w.vgpr(c.inst.mem.addr as usize)[lane].wrapping_add(c.inst.imm as u32)),
            Way::Gds => Place::Out(Space::Gds, w.vgpr(c.inst.mem.addr as usize)[lane] as u64),
            Way::Buffer(b) => b.place(w, c, lane, skip, bytes),
            _ => place::lane(w, c, lane),
        }
    }
}

pub(super) fn run<const L: usize>(w: &mut Wave<L>, c: &Code, op: MemOp, port: &mut Port<'_>) -> Result<(), LaneTrap> {
    let m = c.inst.mem;
    let mut exec = w.exec();
    let way = match c.inst.format() {
        Format::Ds if m.gds => {
            exec = first_lane(exec);
            Way::Gds
        }
        Format::Ds => Way::Ds,
        Format::Global => Way::Global,
        Format::Flat => Way::Flat,
        Format::Scratch => Way::Scratch,
        _ => {
            let b = Buffer::new(w, c);
            match b.bound(false) {
                Bound::Yes => Way::Buffer(b),
                Bound::Mismatch => return Ok(()),
                Bound::No => {
                    return unbound(w, c, op, exec);
                }
            }
        }
    };
    match op {
        MemOp::Load { bytes, signed, d16 } => load(w, c, &way, exec, port, (bytes, signed, d16)),
        MemOp::Store { bytes, hi } => store(w, c, &way, exec, port, (bytes, hi)),
        MemOp::Rmw { op, wide, ret } => atomic(w, c, &way, exec, port, (op, wide, ret)),
        _ => Ok(()),
    }
}

/// An unbound buffer: what is loaded is 0.
fn unbound<const L: usize>(w: &mut Wave<L>, c: &Code, op: MemOp, exec: u64) -> Result<(), LaneTrap> {
    let dst = c.inst.vdst as usize;
    match op {
        MemOp::Load { d16: Some(half), .. } => {
            for lane in 0..L {
                put(w, dst, lane, exec, 0, Some(half));
            }
        }
        _ => {
            for k in 0..results(op) {
                w.write32(dst + k, &[0; L], exec);
            }
        }
    }
    Ok(())
}

/// Registers written.
pub(super) fn results(op: MemOp) -> usize {
    match op {
        MemOp::Load { bytes, .. } => (bytes as usize).div_ceil(4),
        MemOp::Rmw { wide, ret: true, .. } => 1 + wide as usize,
        _ => 0,
    }
}

/// Writes one lane of a register, or half of it.
#[inline(always)]
pub(super) fn put<const L: usize>(w: &mut Wave<L>, k: usize, lane: usize, exec: u64, v: u32, half: Option<Half>) {
    if exec >> lane & 1 == 0 {
        return;
    }
    if let Some(d) = w.vgpr_mut(k) {
        d[lane] = match half {
            None => v,
            Some(Half::Low) => d[lane] & 0xffff_0000 | v & 0xffff,
            Some(Half::High) => d[lane] & 0xffff | v << 16,
        };
    }
}

fn dword(b: &[u8]) -> u32 {
    u32::from_le_bytes([b[0], b[1], b[2], b[3]])
}

fn load<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    way: &Way,
    exec: u64,
    port: &mut Port<'_>,
    (bytes, signed, d16): (u8, bool, Option<Half>),
) -> Result<(), LaneTrap> {
    let n = bytes as usize;
    if n >= 4 && d16.is_none() && rows(w, c, way, exec, port, n / 4, false)? {
        return Ok(());
    }
    let dst = c.inst.vdst as usize;
    // A buffer's dwords are checked one by one.
    let step = if n > 4 && matches!(way, Way::Buffer(_)) { 4 } else { n };
    // Addresses are read before the first result may overwrite them.
    let mut out = [[0u8; 16]; L];
    for (lane, out) in out.iter_mut().enumerate().filter(|(lane, _)| exec >> lane & 1 != 0) {
        for k in (0..n).step_by(step) {
            let p = way.place(w, c, lane, k as u32, step as u32);
            port.read(Some(lane as u32), p, &mut out[k..k + step])?;
        }
    }
    for k in 0..n.div_ceil(4) {
        for (lane, out) in out.iter().enumerate() {
            let mut v = dword(&out[4 * k..]);
            if signed && n < 4 {
                let sh = 32 - 8 * n as u32;
                v = (((v << sh) as i32) >> sh) as u32;
            }
            put(w, dst + k, lane, exec, v, d16);
        }
    }
    Ok(())
}

fn store<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    way: &Way,
    exec: u64,
    port: &mut Port<'_>,
    (bytes, hi): (u8, bool),
) -> Result<(), LaneTrap> {
    let n = bytes as usize;
    if n >= 4 && !hi && rows(w, c, way, exec, port, n / 4, true)? {
        return Ok(());
    }
    let step = if n > 4 && matches!(way, Way::Buffer(_)) { 4 } else { n };
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        let mut buf = [0u8; 16];
        for k in 0..n.div_ceil(4) {
            let v = w.vgpr(c.inst.mem.data0 as usize + k)[lane] >> if hi { 16 } else { 0 };
            buf[4 * k..4 * k + 4].copy_from_slice(&v.to_le_bytes());
        }
        for k in (0..n).step_by(step) {
            let p = way.place(w, c, lane, k as u32, step as u32);
            port.write(Some(lane as u32), p, &buf[k..k + step])?;
        }
    }
    Ok(())
}

fn atomic<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    way: &Way,
    exec: u64,
    port: &mut Port<'_>,
    (op, wide, ret): (Rmw, bool, bool),
) -> Result<(), LaneTrap> {
    let m = c.inst.mem;
    let n = 1 + wide as usize;
    let ds = matches!(way, Way::Ds | Way::Gds);
    let flush = Flush::new(w.mode, op, wide, ds);
    let second = if ds { m.data1 as usize } else { m.data0 as usize + n };
    let mut olds = [0u64; L];
    let value = |w: &Wave<L>, reg: usize, lane: usize| {
        let lo = w.vgpr(reg)[lane] as u64;
        if wide { lo | (w.vgpr(reg + 1)[lane] as u64) << 32 } else { lo }
    };
    // Nothing of LDS's own needs a call for each lane.
    let direct = matches!(way, Way::Ds) && port.watch.is_none();
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        let (x, y) = (value(w, m.data0 as usize, lane), value(w, second, lane));
        if direct && op != Rmw::CondSwap {
            let at = w.vgpr(m.addr as usize)[lane].wrapping_add(c.inst.imm as u32);
            if at.is_multiple_of(4 * n as u32) {
                olds[lane] = if wide {
                    port.lds.change::<8>(at, |old| apply(op, true, flush, old, x, y))
                } else {
                    port.lds.change::<4>(at, |old| apply(op, false, flush, old, x, y))
                };
                continue;
            }
        }
        let mut p = way.place(w, c, lane, 0, 4 * n as u32);
        if let (Rmw::CondSwap, Place::Lds(at)) = (op, p) {
            p = Place::Lds(at & 0xfff8);
        }
        olds[lane] = port.update(Some(lane as u32), p, wide, &mut |old| apply(op, wide, flush, old, x, y))?;
    }
    if ret {
        w.write64(c.inst.vdst as usize, &olds, n as u8, exec);
    }
    Ok(())
}

/// `n` dwords of all lanes at once; false, with nothing done, where lanes must be looked at one by one.
fn rows<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    way: &Way,
    exec: u64,
    port: &mut Port<'_>,
    n: usize,
    store: bool,
) -> Result<bool, LaneTrap> {
    let k = if store { c.inst.mem.data0 } else { c.inst.vdst } as usize;
    // A source beyond the allocation is v0.
    if k + n > w.v.len() {
        return Ok(false);
    }
    let (vas, live) = match way {
        Way::Ds if port.watch.is_none() => {
            let at = *w.vgpr(c.inst.mem.addr as usize);
            let imm = c.inst.imm as u32;
            match n {
                1 => lds::<L, 1>(w, port, at, imm, exec, k, store),
                2 => lds::<L, 2>(w, port, at, imm, exec, k, store),
                3 => lds::<L, 3>(w, port, at, imm, exec, k, store),
                _ => lds::<L, 4>(w, port, at, imm, exec, k, store),
            }
            return Ok(true);
        }
        Way::Ds | Way::Gds => return Ok(false),
        Way::Scratch => return scratch(w, c, exec, port, (k, n), store),
        Way::Global => (place::global(w, c), exec),
        Way::Flat => {
            let vas = place::pairs(w, c.inst.mem.addr as usize);
            let mut special = 0u64;
            for (lane, &va) in vas.iter().enumerate() {
                special |= (!place::is_global(va) as u64) << lane;
            }
            if special & exec != 0 {
                return Ok(false);
            }
            (vas.map(|va| va.wrapping_add(c.inst.imm as u64)), exec)
        }
        Way::Buffer(b) => match b.rows(w, c, exec, n as u64) {
            Some(x) => x,
            None => return Ok(false),
        },
    };
    let kind = if store { Access::Write } else { Access::Read };
    port.note_lanes(Space::Global, &vas, exec, live, 4 * n, kind);
    let regs = w.v[k..k + n].as_flattened_mut();
    let fault = |(lane, f): (usize, MemFault)| (TrapKind::MemFault(f), Some(lane as u32));
    if store {
        port.mem.store_words(&vas, live, n, regs).map_err(fault)?;
    } else {
        for lane in (0..L).filter(|lane| (exec & !live) >> lane & 1 != 0) {
            for k in 0..n {
                regs[k * L + lane] = 0;
            }
        }
        port.mem.load_words(&vas, live, n, regs).map_err(fault)?;
    }
    Ok(true)
}

fn lds<const L: usize, const N: usize>(
    w: &mut Wave<L>,
    port: &mut Port<'_>,
    at: [u32; L],
    imm: u32,
    exec: u64,
    k: usize,
    store: bool,
) {
    let regs = w.v[k..k + N].as_flattened_mut();
    for lane in 0..L {
        if exec >> lane & 1 == 0 {
            continue;
        }
        let at = at[lane].wrapping_add(imm);
        if store {
            if let Some(b) = port.lds.get_mut(at, 4 * N) {
                for j in 0..N {
                    b[4 * j..4 * j + 4].copy_from_slice(&regs[j * L + lane].to_le_bytes());
                }
            }
        } else if let Some(b) = port.lds.get(at, 4 * N) {
            for j in 0..N {
                regs[j * L + lane] = dword(&b[4 * j..]);
            }
        } else {
            for j in 0..N {
                regs[j * L + lane] = 0;
            }
        }
    }
}

/// Aligned dwords of scratch: a lane's follow one another at the distance of a wave's dwords.
fn scratch<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    exec: u64,
    port: &mut Port<'_>,
    (k, n): (usize, usize),
    store: bool,
) -> Result<bool, LaneTrap> {
    let offs = place::scratch(w, c);
    let limit = w.scratch_lane_bytes as u64;
    let whole = |off: u32| off.is_multiple_of(4) && off as u64 + 4 * n as u64 <= limit;
    let mut plain = 0u64;
    for (lane, &off) in offs.iter().enumerate() {
        plain |= (whole(off) as u64) << lane;
    }
    if exec & !plain != 0 {
        return Ok(false);
    }
    let kind = if store { Access::Write } else { Access::Read };
    for j in 0..n {
        let row = 4 * L as u64;
        let vas: [u64; L] = std::array::from_fn(|lane| {
            w.scratch.wrapping_add((offs[lane] as u64 / 4 + j as u64) * row + 4 * lane as u64)
        });
        port.note_lanes(Space::Scratch, &vas, exec, exec, 4, kind);
        let fault = |(lane, f): (usize, MemFault)| (TrapKind::MemFault(f), Some(lane as u32));
        let reg = &mut w.v[k + j];
        if store {
            port.mem.store_lanes(&vas, exec, reg).map_err(fault)?;
        } else {
            port.mem.load_lanes(&vas, exec, reg).map_err(fault)?;
        }
    }
    Ok(true)
}
