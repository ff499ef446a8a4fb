//! Where a block uses which register next, so that what is needed last gives up its host register first.
use super::scan::Item;
use crate::mem::MemOp;
use crate::program::{Code, Src};
use isa::row::Slot;

/// Instructions of a block by the registers that they read or write, in order.
pub(super) struct Uses {
    v: Vec<Vec<u16>>,
    s: Vec<Vec<u16>>,
}

/// Beyond the end of the block.
pub(super) const NEVER: u32 = u32::MAX;

impl Uses {
    pub(super) fn new(codes: &[Code], list: &[Item]) -> Uses {
        let mut u = Uses { v: vec![Vec::new(); 256], s: vec![Vec::new(); 128] };
        for (at, item) in list.iter().enumerate() {
            u.note(at as u16, &codes[item.code]);
        }
        u
    }

    fn note(&mut self, at: u16, c: &Code) {
        let i = &c.inst;
        let row = i.row();
        let dwords = |slot: Slot| row.operand(slot).map_or(1, |o| o.ty.dwords(true) as usize);
        let slots = [Slot::Src0, Slot::Src1, Slot::Src2];
        for (s, n) in c.s.iter().zip(slots.map(dwords)).chain(c.y.iter().map(|s| (s, 1))) {
            self.source(at, *s, n);
        }
        for v in [Some(i.vdst), i.y.map(|y| y.vdst)].into_iter().flatten() {
            self.vgprs(at, v, dwords(Slot::Vdst));
        }
        let m = &i.mem;
        let bytes = match c.mem {
            Some(MemOp::Load { .. } | MemOp::Load2 { .. }) => 0,
            Some(MemOp::Store { bytes, .. } | MemOp::Store2 { bytes, .. }) => bytes as usize,
            _ => return,
        };
        self.vgprs(at, m.addr, 2);
        self.vgprs(at, m.data0, bytes.div_ceil(4));
        if matches!(c.mem, Some(MemOp::Store2 { .. })) {
            self.vgprs(at, m.data1, bytes.div_ceil(4));
        }
    }

    fn source(&mut self, at: u16, s: Src, n: usize) {
        match s {
            Src::V(v) => self.vgprs(at, v, n),
            Src::S(s) => self.s[s as usize & 127].push(at),
            _ => {}
        }
    }

    fn vgprs(&mut self, at: u16, first: u8, n: usize) {
        for v in (first as usize..).take(n.min(4)) {
            if let Some(list) = self.v.get_mut(v) {
                list.push(at);
            }
        }
    }

    /// The first use of a VGPR at or behind an instruction.
    pub(super) fn vgpr(&self, v: u8, from: u32) -> u32 {
        first(&self.v[v as usize], from)
    }

    /// The same of a scalar register as a vector's source.
    pub(super) fn sgpr(&self, s: u8, from: u32) -> u32 {
        first(&self.s[s as usize & 127], from)
    }
}

fn first(list: &[u16], from: u32) -> u32 {
    let k = list.partition_point(|&at| (at as u32) < from);
    list.get(k).map_or(NEVER, |&at| at as u32)
}
