//! DS instructions that are more than one load, store or atomic a lane.
use super::op::MemOp;
use super::plain::put;
use super::port::{Place, Port, Space};
use super::{Done, LaneTrap, first_lane};
use crate::TrapKind;
use crate::lanes::swizzle;
use crate::program::Code;
use crate::wave::{M0, Wave};
use isa::Format;

/// Two addresses a lane.
pub(super) fn pair<const L: usize>(w: &mut Wave<L>, c: &Code, op: MemOp, port: &mut Port<'_>) -> Result<(), LaneTrap> {
    let (i, m) = (&c.inst, c.inst.mem);
    let (MemOp::Load2 { bytes, scale } | MemOp::Store2 { bytes, scale } | MemOp::Swap2 { bytes, scale }) = op else {
        return Ok(());
    };
    let n = bytes as usize;
    let exec = if m.gds { first_lane(w.exec()) } else { w.exec() };
    let offsets = [i.imm & 0xff, i.imm >> 8 & 0xff].map(|off| off as u32 * scale as u32);
    if !m.gds && port.watch.is_none() && rows(w, c, op, (exec, offsets), &mut port.lds.bytes) {
        return Ok(());
    }
    let mut out = [[0u8; 16]; L];
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        let base = w.vgpr(m.addr as usize)[lane];
        for (h, (reg, off)) in [(m.data0, offsets[0]), (m.data1, offsets[1])].into_iter().enumerate() {
            let at = base.wrapping_add(off);
            let p = if m.gds { Place::Out(Space::Gds, at as u64) } else { Place::Lds(at) };
            let l = Some(lane as u32);
            let lo = w.vgpr(reg as usize)[lane] as u64;
            let data = lo | if n == 8 { (w.vgpr(reg as usize + 1)[lane] as u64) << 32 } else { 0 };
            let old = &mut out[lane][h * n..h * n + n];
            match op {
                MemOp::Load2 { .. } => port.read(l, p, old)?,
                MemOp::Store2 { .. } => port.write(l, p, &data.to_le_bytes()[..n])?,
                _ => {
                    let was = port.update(l, p, n == 8, &mut |_| data)?;
                    old.copy_from_slice(&was.to_le_bytes()[..n]);
                }
            }
        }
    }
    // A load with one of its addresses out of range returns 0 for both.
    if let MemOp::Load2 { .. } = op {
        for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
            let base = w.vgpr(m.addr as usize)[lane];
            let outside = offsets.into_iter().any(|off| port.lds.get(base.wrapping_add(off), n).is_none());
            if outside {
                out[lane] = [0; 16];
            }
        }
    }
    if !matches!(op, MemOp::Store2 { .. }) {
        for k in 0..n / 2 {
            for (lane, b) in out.iter().enumerate() {
                let v = u32::from_le_bytes([b[4 * k], b[4 * k + 1], b[4 * k + 2], b[4 * k + 3]]);
                put(w, i.vdst as usize + k, lane, exec, v, None);
            }
        }
    }
    Ok(())
}

/// Loads and stores of [`pair`] where nobody watches; false, with nothing done, for others.
fn rows<const L: usize>(w: &mut Wave<L>, c: &Code, op: MemOp, lanes: (u64, [u32; 2]), lds: &mut [u8]) -> bool {
    match op {
        MemOp::Load2 { bytes: 4, .. } => load_rows::<L, 1>(w, c, lanes, lds),
        MemOp::Load2 { .. } => load_rows::<L, 2>(w, c, lanes, lds),
        MemOp::Store2 { bytes: 4, .. } => store_rows::<L, 1>(w, c, lanes, lds),
        MemOp::Store2 { .. } => store_rows::<L, 2>(w, c, lanes, lds),
        _ => return false,
    }
    true
}

fn span(lds: &[u8], at: u32, bytes: usize) -> Option<std::ops::Range<usize>> {
    let r = at as usize..at as usize + bytes;
    (r.end <= lds.len()).then_some(r)
}

fn load_rows<const L: usize, const N: usize>(w: &mut Wave<L>, c: &Code, (exec, offsets): (u64, [u32; 2]), lds: &[u8]) {
    let at = *w.vgpr(c.inst.mem.addr as usize);
    let first = c.inst.vdst as usize;
    // The caller has seen that the registers exist.
    let regs = w.v[first..first + 2 * N].as_flattened_mut();
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        let [a, b] = offsets.map(|off| span(lds, at[lane].wrapping_add(off), 4 * N));
        for k in 0..N {
            let word = |r: &std::ops::Range<usize>| {
                let b = &lds[r.clone()][4 * k..4 * k + 4];
                u32::from_le_bytes([b[0], b[1], b[2], b[3]])
            };
            let (x, y) = match (&a, &b) {
                (Some(a), Some(b)) => (word(a), word(b)),
                _ => (0, 0),
            };
            regs[k * L + lane] = x;
            regs[(N + k) * L + lane] = y;
        }
    }
}

fn store_rows<const L: usize, const N: usize>(w: &Wave<L>, c: &Code, (exec, offsets): (u64, [u32; 2]), lds: &mut [u8]) {
    let m = &c.inst.mem;
    let at = w.vgpr(m.addr as usize);
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        for (reg, off) in [(m.data0, offsets[0]), (m.data1, offsets[1])] {
            if let Some(r) = span(lds, at[lane].wrapping_add(off), 4 * N) {
                for (k, b) in lds[r].chunks_exact_mut(4).enumerate() {
                    b.copy_from_slice(&w.vgpr(reg as usize + k)[lane].to_le_bytes());
                }
            }
        }
    }
}

/// `ds_load_addtid_b32`, `global_load_addtid_b32` and their stores: a scalar address and four bytes a lane.
pub(super) fn add_tid<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    store: bool,
    port: &mut Port<'_>,
) -> Result<(), LaneTrap> {
    let (i, m) = (&c.inst, c.inst.mem);
    let exec = w.exec();
    let ds = i.format() == Format::Ds;
    let base = w.sgpr64(m.sbase as usize).wrapping_add(i.imm as i64 as u64);
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        let p = if ds {
            Place::Lds((i.imm as u32).wrapping_add(w.s[M0] & 0xffff).wrapping_add(4 * lane as u32))
        } else {
            Place::Va(base.wrapping_add(4 * lane as u64))
        };
        let l = Some(lane as u32);
        if store {
            port.write(l, p, &w.vgpr(m.data0 as usize)[lane].to_le_bytes())?;
        } else {
            let mut b = [0; 4];
            port.read(l, p, &mut b)?;
            put(w, i.vdst as usize, lane, exec, u32::from_le_bytes(b), None);
        }
    }
    Ok(())
}

/// `ds_append` and `ds_consume`: one counter for the wave, at the LDS address in M0 (where compilers put it) plus the
/// offset.
pub(super) fn count<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    consume: bool,
    port: &mut Port<'_>,
) -> Result<(), LaneTrap> {
    let exec = w.exec();
    if exec == 0 {
        return Ok(());
    }
    let at = (w.s[M0] & 0xffff).wrapping_add(c.inst.imm as u32);
    let p = if c.inst.mem.gds { Place::Out(Space::Gds, at as u64) } else { Place::Lds(at) };
    let n = exec.count_ones();
    let old = port.update(None, p, false, &mut |x| {
        let x = x as u32;
        u64::from(if consume { x.wrapping_sub(n) } else { x.wrapping_add(n) })
    })?;
    w.write32(c.inst.vdst as usize, &[old as u32; L], exec);
    Ok(())
}

/// Instructions that only move data between lanes; wave64 works as two halves of 32.
pub(super) fn cross<const L: usize>(w: &mut Wave<L>, c: &Code, op: MemOp) {
    let i = &c.inst;
    let exec = w.exec();
    let addr = *w.vgpr(i.mem.addr as usize);
    let data = *w.vgpr(i.mem.data0 as usize);
    let mut out = [0u32; L];
    let pick = |lane: usize| (lane & !31) | ((addr[lane].wrapping_add(i.imm as u32) >> 2) & 31) as usize;
    for lane in 0..L {
        let on = exec >> lane & 1 != 0;
        match op {
            // Of lanes that send to the same one the highest wins.
            MemOp::Permute if on => out[pick(lane)] = data[lane],
            MemOp::Permute => {}
            _ => {
                let (from, src) = match op {
                    MemOp::Bpermute => (pick(lane), &data),
                    _ => (swizzled(i.imm as u32, lane), &addr),
                };
                out[lane] = if exec >> from & 1 != 0 { src[from] } else { 0 };
            }
        }
    }
    w.write32(i.vdst as usize, &out, exec);
}

/// Source lane of `ds_swizzle_b32`.
fn swizzled(offset: u32, lane: usize) -> usize {
    if offset < 0xe000 {
        return swizzle(offset, lane);
    }
    // The order of a fast Fourier transform: the bits of the mask stay, the rest is reversed.
    let (mask, i) = (offset & 31, lane as u32);
    let j = (i & 31).reverse_bits() >> 27 >> mask.count_ones();
    (j | i & mask | i & 0x20) as usize
}

/// No node.
const INVALID: u32 = !0;

/// `ds_bvh_stack_rtn_b32`: pushes the children of a box node that are worth a visit but the last, returns the next node.
///
/// The stack register holds the dword of its bottom in bits 31:18 and the byte of its top in bits 15:0. Entries of one
/// lane lie 128 bytes apart, and beyond the stack's size they overwrite the oldest.
pub(super) fn bvh_stack<const L: usize>(w: &mut Wave<L>, c: &Code, port: &mut Port<'_>) -> Result<(), LaneTrap> {
    let (i, m) = (&c.inst, c.inst.mem);
    let exec = w.exec();
    let size = 8u32 << (i.imm >> 12 & 3);
    for lane in (0..L).filter(|lane| exec >> lane & 1 != 0) {
        let reg = w.vgpr(m.addr as usize)[lane];
        let last = w.vgpr(m.data0 as usize)[lane];
        let children: [u32; 4] = std::array::from_fn(|k| w.vgpr(m.data1 as usize + k)[lane]);
        let (base, mut top) = (reg >> 18 << 2, (reg & 0xffff) / 4);
        let entry = |top: u32| Place::Lds(base.wrapping_add(top % size * 128));
        let l = Some(lane as u32);
        let worth = |x: u32| x != INVALID && (last == INVALID || x != last);
        // What lies beyond the node visited last was visited before it.
        let mut seen = false;
        for &x in &children[..3] {
            if worth(x) {
                top = top.wrapping_add(1) & 0x3fff;
                port.write(l, entry(top), &x.to_le_bytes())?;
            } else if x == last {
                seen = true;
                break;
            }
        }
        let next = if !seen && worth(children[3]) {
            children[3]
        } else {
            let mut b = [0; 4];
            port.read(l, entry(top), &mut b)?;
            port.write(l, entry(top), &INVALID.to_le_bytes())?;
            top = top.wrapping_sub(1) & 0x3fff;
            u32::from_le_bytes(b)
        };
        put(w, m.addr as usize, lane, exec, (reg & !0xffff) | (top * 4), None);
        put(w, i.vdst as usize, lane, exec, next, None);
    }
    Ok(())
}

/// GWS, ordered count and streamout: one operand for the wave, from its first active lane.
pub(super) fn wave_wide<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    op: MemOp,
    port: &mut Port<'_>,
) -> Result<Done, LaneTrap> {
    let (i, m) = (&c.inst, c.inst.mem);
    let exec = w.exec();
    // Most act as if lane 0 were active where none is.
    let lane = if exec == 0 { 0 } else { exec.trailing_zeros() as usize };
    let (offset0, offset1) = (i.imm as u32 & 0xff, i.imm as u32 >> 8 & 0xff);
    let sync = &mut port.lds.sync;
    let old = match op {
        MemOp::Gws(g) => {
            use super::sync::Gws;
            let operand = matches!(g, Gws::Init | Gws::Br | Gws::Barrier);
            if exec == 0 && !operand {
                return Ok(Done::Next);
            }
            let id = (w.s[M0] >> 16 & 63) + (offset0 & 63);
            return Ok(sync.gws(g, w.id, id, w.vgpr(m.data0 as usize)[lane]));
        }
        MemOp::OrderedCount => {
            if !sync.turn(w.id, offset1 & 3 != 0) {
                return Ok(Done::Again);
            }
            let x = if exec == 0 { 0 } else { w.vgpr(m.addr as usize)[lane] as u64 };
            sync.register(offset0 as usize >> 2 & 15, |old| match offset1 >> 4 & 3 {
                1 => x,
                3 => {
                    if old >= x {
                        old - x
                    } else {
                        old
                    }
                }
                _ => old.wrapping_add(x),
            })
        }
        MemOp::StreamOut { sub } => {
            let x = if exec == 0 { 0 } else { w.vgpr(m.data0 as usize)[lane] as u64 };
            let k = offset0 as usize >> 2 & 15;
            sync.register(k, |old| if sub { old.wrapping_sub(x) } else { old.wrapping_add(x) })
        }
        _ => return Ok(Done::Next),
    };
    let mask = first_lane(exec);
    let wide = matches!(op, MemOp::StreamOut { .. }) && offset0 >> 2 & 8 != 0;
    w.write64(i.vdst as usize, &[old; L], 1 + wide as u8, mask);
    Ok(Done::Next)
}

/// `lds_direct_load`: one value of LDS to all lanes of every quad that has an active one.
pub(super) fn direct<const L: usize>(w: &mut Wave<L>, c: &Code, port: &mut Port<'_>) -> Result<(), LaneTrap> {
    let exec = w.exec();
    if exec == 0 {
        return Ok(());
    }
    let m0 = w.s[M0];
    let (bytes, signed) = match m0 >> 16 & 7 {
        0 => (1, false),
        1 => (2, false),
        2 => (4, false),
        4 => (1, true),
        5 => (2, true),
        _ => return Err((TrapKind::NotImplemented { what: "lds_direct_load of a reserved data type".into() }, None)),
    };
    let mut b = [0; 4];
    port.read(None, Place::Lds(m0 & 0xffff), &mut b[..bytes])?;
    let sh = 32 - 8 * bytes as u32;
    let v = u32::from_le_bytes(b);
    let v = if signed { (((v << sh) as i32) >> sh) as u32 } else { v };
    let ones = 0x1111_1111_1111_1111u64;
    let quads = (exec | exec >> 1 | exec >> 2 | exec >> 3) & ones;
    w.write32(c.inst.vdst as usize, &[v; L], (quads * 15) & Wave::<L>::ALL);
    Ok(())
}
