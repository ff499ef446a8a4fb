//! Addresses: buffer resources with their range check, flat and global addresses, scratch.
use super::port::{Place, Slot, Space};
use crate::program::{Code, Src};
use crate::wave::{NULL, PRIVATE_BASE, SHARED_BASE, Wave};
use isa::Format;

/// What a resource constant lets an instruction do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bound {
    Yes,
    /// Loads return 0, stores vanish.
    No,
    /// The constant is for other instructions: nothing happens at all.
    Mismatch,
}

/// A buffer resource (V#), section 9.6 of the RDNA3 guide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffer {
    base: u64,
    stride: u32,
    records: u32,
    oob_select: u32,
    /// Bytes of an element where addresses are swizzled, else 0.
    element: u32,
    index_stride: u32,
    add_tid: bool,
    kind: u32,
    pub format: u8,
    /// Where each component comes from: 0, 1, or 4 and above for those of the format.
    pub select: [u8; 4],
    /// The scalar offset of the instruction.
    offset: u32,
}

impl Buffer {
    pub(crate) fn new<const L: usize>(w: &Wave<L>, c: &Code) -> Buffer {
        let m = &c.inst.mem;
        let d: [u32; 4] = std::array::from_fn(|k| w.sgpr(m.sbase as usize + k));
        let add_tid = d[3] >> 23 & 1 != 0;
        Buffer {
            base: d[0] as u64 | ((d[1] & 0xffff) as u64) << 32,
            stride: d[1] >> 16 & 0x3fff,
            element: match d[1] >> 30 {
                // Elements of several indices are what is interleaved. Mesa's ACO relies on it: its constants' resource has the
                // sign of `s_getpc_b64` for stride and swizzle, and is read by offset alone.
                _ if !m.idxen && !add_tid => 0,
                0 => 0,
                3 => 16,
                _ => 4,
            },
            records: d[2],
            index_stride: 8 << (d[3] >> 21 & 3),
            add_tid,
            oob_select: d[3] >> 28 & 3,
            kind: d[3] >> 30,
            format: (d[3] >> 12 & 63) as u8,
            select: std::array::from_fn(|k| (d[3] >> (3 * k) & 7) as u8),
            offset: w.s32(scalar(m.soffset)),
        }
    }

    /// `typed` for MTBUF, whose format is the instruction's.
    pub(crate) fn bound(&self, typed: bool) -> Bound {
        if self.kind != 0 {
            Bound::Mismatch
        } else if self.format == 0 && !typed && !self.add_tid {
            Bound::No
        } else {
            Bound::Yes
        }
    }

    fn swizzled(&self) -> bool {
        self.element != 0 && self.stride != 0
    }

    /// Do `bytes` at `offset` of record `index` pass the range check of table 46?
    #[inline(always)]
    fn inside(&self, index: u32, offset: u64, bytes: u64) -> bool {
        let end = offset + bytes;
        let structured = |records: u32| index < records && end <= self.stride as u64;
        match self.oob_select {
            0 => structured(self.records),
            1 => index < self.records,
            2 => self.records != 0,
            _ => {
                let records = self.records.saturating_sub(self.offset);
                if self.swizzled() {
                    structured(records)
                } else {
                    index as u64 * self.stride as u64 + end <= records as u64
                }
            }
        }
    }

    #[inline(always)]
    fn address(&self, index: u32, offset: u64) -> u64 {
        let linear = if self.swizzled() {
            let element = self.element as u64;
            let (hi, lo) = ((index / self.index_stride) as u64, (index % self.index_stride) as u64);
            (hi * self.stride as u64 + offset / element * element) * self.index_stride as u64
                + lo * element
                + offset % element
        } else {
            index as u64 * self.stride as u64 + offset
        };
        self.base.wrapping_add(self.offset as u64).wrapping_add(linear)
    }

    /// A lane's index and offset.
    #[inline(always)]
    fn coordinates<const L: usize>(&self, w: &Wave<L>, c: &Code, lane: usize) -> (u32, u32) {
        let m = &c.inst.mem;
        let v = |k: usize| w.vgpr(m.addr as usize + k)[lane];
        let index = if m.idxen { v(0) } else { 0 };
        let offset = if m.offen { v(m.idxen as usize) } else { 0 };
        (index.wrapping_add(if self.add_tid { lane as u32 } else { 0 }), offset.wrapping_add(c.inst.imm as u32))
    }

    /// Where byte `skip` of a lane's access goes, for `bytes` from there on.
    pub(crate) fn place<const L: usize>(&self, w: &Wave<L>, c: &Code, lane: usize, skip: u32, bytes: u32) -> Place {
        let (index, offset) = self.coordinates(w, c, lane);
        let offset = offset as u64 + skip as u64;
        let va = self.address(index, offset);
        if self.inside(index, offset, bytes as u64) { Place::Va(va) } else { Place::Out(Space::Global, va) }
    }

    /// [`Buffer::rows`] of a raw buffer, whose lanes differ in their offsets alone.
    #[inline(always)]
    fn raw<const L: usize>(&self, w: &Wave<L>, c: &Code, exec: u64, dwords: u64) -> Option<([u64; L], u64)> {
        let m = &c.inst.mem;
        let imm = c.inst.imm as u32;
        let offsets: [u32; L] = if m.offen { w.vgpr(m.addr as usize).map(|v| v.wrapping_add(imm)) } else { [imm; L] };
        let base = self.base.wrapping_add(self.offset as u64);
        let vas = offsets.map(|off| base.wrapping_add(off as u64));
        let records = self.records.saturating_sub(self.offset);
        let inside = |bytes: u32| records.checked_sub(bytes).map_or(0, |most| at_most(&offsets, most));
        let live = inside(4 * dwords as u32);
        let partly = if dwords > 1 && exec & !live != 0 { inside(4) } else { live };
        (exec & partly & !live == 0).then_some((vas, live & exec))
    }

    /// Addresses of all lanes and which of those in `exec` are in range with all their `dwords`. None where a lane's
    /// dwords do not lie side by side or only some of them are in range.
    #[inline(always)]
    pub(crate) fn rows<const L: usize>(
        &self,
        w: &Wave<L>,
        c: &Code,
        exec: u64,
        dwords: u64,
    ) -> Option<([u64; L], u64)> {
        if self.oob_select == 3 && !self.swizzled() && !c.inst.mem.idxen && !self.add_tid {
            return self.raw(w, c, exec, dwords);
        }
        if self.swizzled() && dwords > 1 {
            return None;
        }
        let mut vas = [0; L];
        let (mut live, mut partly) = (0u64, 0u64);
        for (lane, va) in vas.iter_mut().enumerate() {
            let (index, offset) = self.coordinates(w, c, lane);
            let offset = offset as u64;
            *va = self.address(index, offset);
            live |= (self.inside(index, offset, 4 * dwords) as u64) << lane;
            partly |= (self.inside(index, offset, 4) as u64) << lane;
        }
        (exec & partly & !live == 0).then_some((vas, live & exec))
    }
}

/// Lanes whose value is at most `most`.
#[inline(always)]
fn at_most<const L: usize>(values: &[u32; L], most: u32) -> u64 {
    // The usual case without a mask to put together.
    if values.iter().fold(0, |m, &v| m.max(v)) <= most {
        return Wave::<L>::ALL;
    }
    values.iter().enumerate().fold(0, |mask, (lane, &v)| mask | ((v <= most) as u64) << lane)
}

/// A scalar offset by its code; no literal follows these formats.
fn scalar(code: u8) -> Src {
    match code {
        0..=127 => Src::S(code),
        128..=192 => Src::K(code as u64 - 128),
        193..=208 => Src::K((192 - code as i64) as u32 as u64),
        _ => Src::X(code as u16),
    }
}

/// Where byte `off` of a lane's scratch lies.
pub(crate) fn slot<const L: usize>(w: &Wave<L>, off: u32, lane: usize) -> Slot {
    Slot { base: w.scratch.wrapping_add(4 * lane as u64), off, row: 4 * L as u32, limit: w.scratch_lane_bytes }
}

/// A 64-bit address of each lane from two registers.
#[inline(always)]
pub(crate) fn pairs<const L: usize>(w: &Wave<L>, k: usize) -> [u64; L] {
    let (lo, hi) = (w.vgpr(k), w.vgpr(k + 1));
    std::array::from_fn(|i| lo[i] as u64 | (hi[i] as u64) << 32)
}

/// Addresses of a GLOBAL instruction.
#[inline(always)]
pub(crate) fn global<const L: usize>(w: &Wave<L>, c: &Code) -> [u64; L] {
    let (m, imm) = (&c.inst.mem, c.inst.imm as i64 as u64);
    if m.sbase as usize == NULL {
        pairs(w, m.addr as usize).map(|va| va.wrapping_add(imm))
    } else {
        let base = w.sgpr64(m.sbase as usize).wrapping_add(imm);
        w.vgpr(m.addr as usize).map(|off| base.wrapping_add(off as u64))
    }
}

/// What the offsets of all lanes of a SCRATCH instruction have in common.
fn scratch_base<const L: usize>(w: &Wave<L>, c: &Code) -> u32 {
    let sbase = c.inst.mem.sbase as usize;
    let s = if sbase == NULL { 0 } else { w.sgpr(sbase) };
    s.wrapping_add(c.inst.imm as u32)
}

/// Offsets of a SCRATCH instruction into each lane's scratch: SV, SS, SVS and ST forms.
#[inline(always)]
pub(crate) fn scratch<const L: usize>(w: &Wave<L>, c: &Code) -> [u32; L] {
    let (m, base) = (&c.inst.mem, scratch_base(w, c));
    if m.sve { w.vgpr(m.addr as usize).map(|v| v.wrapping_add(base)) } else { [base; L] }
}

/// Is a flat address neither LDS nor scratch? The aperture is looked up before the offset is added.
#[inline(always)]
pub(crate) fn is_global(va: u64) -> bool {
    va >> 32 != SHARED_BASE >> 32 && va >> 32 != PRIVATE_BASE >> 32
}

/// Where a lane of a FLAT, GLOBAL or SCRATCH instruction goes.
pub(crate) fn lane<const L: usize>(w: &Wave<L>, c: &Code, lane: usize) -> Place {
    let m = &c.inst.mem;
    let off = c.inst.imm as i64 as u64;
    let pair = || w.vgpr(m.addr as usize)[lane] as u64 | (w.vgpr(m.addr as usize + 1)[lane] as u64) << 32;
    match c.inst.format() {
        Format::Scratch => {
            let v = if m.sve { w.vgpr(m.addr as usize)[lane] } else { 0 };
            Place::Scratch(slot(w, v.wrapping_add(scratch_base(w, c)), lane))
        }
        Format::Global if m.sbase as usize == NULL => Place::Va(pair().wrapping_add(off)),
        Format::Global => {
            let v = w.vgpr(m.addr as usize)[lane] as u64;
            Place::Va(w.sgpr64(m.sbase as usize).wrapping_add(v).wrapping_add(off))
        }
        _ => {
            let va = pair();
            let low = (va as u32).wrapping_add(off as u32);
            match va >> 32 {
                x if x == SHARED_BASE >> 32 => Place::Lds(low),
                x if x == PRIVATE_BASE >> 32 => Place::Scratch(slot(w, low, lane)),
                _ => Place::Va(va.wrapping_add(off)),
            }
        }
    }
}
