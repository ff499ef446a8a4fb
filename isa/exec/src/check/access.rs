//! Memory that an instruction is about to touch.
use super::{Space, Touch};
use crate::Access;
use crate::mem::{Place, Resource, index_offset, place, soffset};
use crate::memop::MemOp;
use crate::program::Code;
use crate::wave::Wave;
use isa::Format;

/// All accesses of an instruction, from the registers before it.
pub(crate) fn touches<const L: usize>(w: &Wave<L>, c: &Code, lds: usize, out: &mut Vec<Touch>) {
    let i = &c.inst;
    let m = i.mem;
    if let Some(load) = c.load {
        let offset = (i.imm as i64).wrapping_add(w.sgpr(m.soffset as usize) as i64);
        let base = if load.buffer { Resource::new(w, m.sbase as usize).base } else { w.sgpr64(m.sbase as usize) };
        let at = base.wrapping_add(offset as u64);
        out.push(Touch {
            lane: None,
            space: Space::Global,
            at,
            len: 4 * load.dwords as u32,
            kind: Access::Read,
            inside: true,
            silent: false,
        });
        return;
    }
    let Some(op) = c.mem else { return };
    let (kind, bytes) = match op {
        MemOp::Load { bytes, .. } | MemOp::Load2 { bytes, .. } => (Access::Read, bytes as u32),
        MemOp::Store { bytes, .. } | MemOp::Store2 { bytes, .. } => (Access::Write, bytes as u32),
        MemOp::Rmw { wide, .. } => (Access::Atomic, 4 + 4 * wide as u32),
        _ => return,
    };
    let ds = i.format() == Format::Ds;
    let buffer = (i.format() == Format::Mubuf).then(|| (Resource::new(w, m.sbase as usize), w.s32(soffset(m.soffset))));
    let scratch = i.format() == Format::Scratch;
    let exec = w.exec();
    for lane in (0..L).filter(|l| exec >> l & 1 != 0) {
        let mut push = |space, at: u64, len: u32, inside| {
            out.push(Touch { lane: Some(lane as u32), space, at, len, kind, inside, silent: false })
        };
        let mut lds_at = |at: u64, len: u32| push(Space::Lds, at, len, at + len as u64 <= lds as u64);
        if ds {
            let base = w.vgpr(m.addr as usize)[lane] as u64;
            match op {
                MemOp::Load2 { scale, .. } | MemOp::Store2 { scale, .. } => {
                    lds_at(base + (i.imm as u64 & 0xff) * scale as u64, bytes);
                    lds_at(base + (i.imm as u64 >> 8 & 0xff) * scale as u64, bytes);
                }
                _ => lds_at(base + i.imm as u64, bytes),
            }
            continue;
        }
        if let Some((r, so)) = &buffer {
            let (index, offset) = index_offset(w, c, r, lane);
            let step = if bytes > 4 && kind != Access::Atomic { 4 } else { bytes };
            for k in (0..bytes).step_by(step as usize) {
                let a = r.address(index, offset.wrapping_add(k), *so, step);
                push(Space::Global, a.unwrap_or(r.base.wrapping_add(offset as u64)), step, a.is_some());
            }
            continue;
        }
        match place(w, c, lane) {
            Place::Lds(a) => lds_at(a, bytes),
            Place::Va(va) => {
                let private = scratch
                    || i.format() == Format::Flat
                        && w.vgpr(m.addr as usize + 1)[lane] as u64 == crate::wave::PRIVATE_BASE >> 32;
                if scratch && bytes > 4 {
                    for k in 0..bytes as u64 / 4 {
                        push(Space::Scratch, va.wrapping_add(k * 4 * L as u64), 4, true);
                    }
                } else {
                    push(if private { Space::Scratch } else { Space::Global }, va, bytes, true);
                }
            }
            Place::Out => {}
        }
    }
}
