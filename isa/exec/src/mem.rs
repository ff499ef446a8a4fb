//! Vector and scalar memory instructions.
use crate::lanes::swizzle;
use crate::memop::{MemOp, Rmw, apply};
use crate::program::Code;
use crate::wave::{NULL, PRIVATE_BASE, SHARED_BASE, Wave};
use crate::{Memory, TrapKind};
use isa::{Format, Op};

/// A trap and the lane it belongs to.
pub(crate) type LaneTrap = (TrapKind, Option<u32>);

/// Where one lane's access goes.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Va(u64),
    Lds(u64),
    /// Reads 0, drops writes; per dword the bytes left in range.
    Out,
}

fn get_lds(lds: &[u8], at: u64, out: &mut [u8]) {
    // Any part out of range makes the whole read 0.
    match usize::try_from(at).ok().and_then(|a| lds.get(a..a.checked_add(out.len())?)) {
        Some(s) => out.copy_from_slice(s),
        None => out.fill(0),
    }
}

fn put_lds(lds: &mut [u8], at: u64, data: &[u8]) {
    if let Some(d) = usize::try_from(at).ok().and_then(|a| lds.get_mut(a..a.checked_add(data.len())?)) {
        d.copy_from_slice(data);
    }
}

/// A buffer resource (V#), section 9.1.5 of the RDNA3 guide.
pub(crate) struct Resource {
    pub(crate) base: u64,
    stride: u32,
    records: u32,
    oob_select: u32,
    swizzle: u32,
    index_stride: u32,
    add_tid: bool,
}

impl Resource {
    pub(crate) fn new<const L: usize>(w: &Wave<L>, s: usize) -> Resource {
        let d: [u32; 4] = std::array::from_fn(|k| w.sgpr(s + k));
        Resource {
            base: d[0] as u64 | ((d[1] & 0xffff) as u64) << 32,
            stride: d[1] >> 16 & 0x3fff,
            swizzle: d[1] >> 30,
            records: d[2],
            index_stride: 8 << (d[3] >> 21 & 3),
            add_tid: d[3] >> 23 & 1 != 0,
            oob_select: d[3] >> 28 & 3,
        }
    }

    /// Address of `bytes` at `index` and `offset`; None where the check refuses it.
    #[inline(always)]
    pub(crate) fn address(&self, index: u32, offset: u32, soffset: u32, bytes: u32) -> Option<u64> {
        let end = offset as u64 + bytes as u64;
        let out = match self.oob_select {
            0 => index >= self.records || self.stride != 0 && end > self.stride as u64,
            1 => index >= self.records,
            2 => self.records == 0,
            _ => {
                let records = self.records.saturating_sub(soffset) as u64;
                if self.swizzle != 0 && self.stride != 0 {
                    index as u64 * self.stride as u64 + end > records || end > self.stride as u64
                } else {
                    index as u64 * self.stride as u64 + end > records
                }
            }
        };
        if out {
            return None;
        }
        let linear = if self.swizzle != 0 && self.stride != 0 {
            let element = if self.swizzle == 3 { 16 } else { 4 << (self.swizzle - 1) } as u64;
            let (hi, lo) = ((index / self.index_stride) as u64, (index % self.index_stride) as u64);
            let (ohi, olo) = (offset as u64 / element, offset as u64 % element);
            (hi * self.stride as u64 + ohi * element) * self.index_stride as u64 + lo * element + olo
        } else {
            index as u64 * self.stride as u64 + offset as u64
        };
        Some(self.base.wrapping_add(soffset as u64).wrapping_add(linear))
    }
}

/// Scalar loads and cache control.
pub(crate) fn scalar<const L: usize>(w: &mut Wave<L>, c: &Code, mem: &mut dyn Memory) -> Result<(), LaneTrap> {
    let i = &c.inst;
    let Some(load) = c.load else {
        return match i.op {
            Op::S_DCACHE_INV | Op::S_GL1_INV => Ok(()),
            _ => Err((TrapKind::NotImplemented { what: i.row().name.into() }, None)),
        };
    };
    let n = load.dwords as usize;
    let offset = (i.imm as i64).wrapping_add(w.sgpr(i.mem.soffset as usize) as i64);
    let mut out = [0u32; 16];
    if load.buffer {
        let r = Resource::new(w, i.mem.sbase as usize);
        // Scalar buffer loads check bytes against NUM_RECORDS, times STRIDE where there is one.
        let size = r.records as u64 * r.stride.max(1) as u64;
        let at = offset as u64 & !3;
        for (k, o) in out[..n].iter_mut().enumerate() {
            let a = at.wrapping_add(4 * k as u64);
            if offset >= 0 && a + 4 <= size {
                *o = mem.load_u32((r.base & !3).wrapping_add(a)).map_err(|f| (f.into(), None))?;
            }
        }
    } else {
        let va = w.sgpr64(i.mem.sbase as usize).wrapping_add(offset as u64) & !3;
        let mut b = [0u8; 64];
        mem.load(va, &mut b[..4 * n]).map_err(|f| (f.into(), None))?;
        for (o, b) in out.iter_mut().zip(b.chunks_exact(4)) {
            *o = u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        }
    }
    if i.sdst as usize != NULL {
        for (k, &v) in out[..n].iter().enumerate() {
            w.set_sgpr(i.sdst as usize + k, v);
        }
    }
    Ok(())
}

pub(crate) fn place<const L: usize>(w: &Wave<L>, c: &Code, lane: usize) -> Place {
    let i = &c.inst;
    let m = &i.mem;
    let pair = || w.vgpr(m.addr as usize)[lane] as u64 | (w.vgpr(m.addr as usize + 1)[lane] as u64) << 32;
    match i.format() {
        Format::Global if m.sbase as usize == NULL => Place::Va(pair().wrapping_add(i.imm as i64 as u64)),
        Format::Global => Place::Va(
            w.sgpr64(m.sbase as usize)
                .wrapping_add(w.vgpr(m.addr as usize)[lane] as u64)
                .wrapping_add(i.imm as i64 as u64),
        ),
        Format::Flat => {
            let va = pair();
            match va >> 32 {
                x if x == SHARED_BASE >> 32 => Place::Lds((va & 0xffff_ffff).wrapping_add(i.imm as u64)),
                x if x == PRIVATE_BASE >> 32 => {
                    let off = (va as u32).wrapping_add(i.imm as u32);
                    Place::Va(swizzled::<L>(w.scratch, off, lane))
                }
                _ => Place::Va(va.wrapping_add(i.imm as i64 as u64)),
            }
        }
        _ => {
            let v = if m.sve { w.vgpr(m.addr as usize)[lane] } else { 0 };
            let s = if m.sbase as usize == NULL { 0 } else { w.sgpr(m.sbase as usize) };
            Place::Va(swizzled::<L>(w.scratch, v.wrapping_add(s).wrapping_add(i.imm as u32), lane))
        }
    }
}

/// Scratch interleaves the lanes of a wave dword by dword.
fn swizzled<const L: usize>(base: u64, off: u32, lane: usize) -> u64 {
    base.wrapping_add((off / 4) as u64 * 4 * L as u64 + off as u64 % 4 + lane as u64 * 4)
}

/// A lane's index and offset into a buffer, before the range check.
#[inline(always)]
pub(crate) fn index_offset<const L: usize>(w: &Wave<L>, c: &Code, r: &Resource, lane: usize) -> (u32, u32) {
    let m = &c.inst.mem;
    let v = |k: usize| w.vgpr(m.addr as usize + k)[lane];
    let index = if m.idxen { v(0) } else { 0 };
    let offset = if m.offen { v(m.idxen as usize) } else { 0 };
    (index.wrapping_add(if r.add_tid { lane as u32 } else { 0 }), offset.wrapping_add(c.inst.imm as u32))
}

/// A dword a lane, loaded or stored by all lanes at once; false, with nothing done, where one goes to LDS.
fn dwords<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    mem: &mut dyn Memory,
    buffer: Option<&(Resource, u32)>,
    store: bool,
) -> Result<bool, LaneTrap> {
    let i = &c.inst;
    let m = i.mem;
    let exec = w.exec();
    let mut vas = [0u64; L];
    let mut live = 0u64;
    for (lane, slot) in vas.iter_mut().enumerate() {
        if exec >> lane & 1 == 0 {
            continue;
        }
        let va = match buffer {
            Some((r, soffset)) => {
                let (index, offset) = index_offset(w, c, r, lane);
                r.address(index, offset, *soffset, 4)
            }
            None => match place(w, c, lane) {
                Place::Va(va) => Some(va),
                Place::Lds(_) => return Ok(false),
                Place::Out => None,
            },
        };
        if let Some(va) = va {
            *slot = va;
            live |= 1 << lane;
        }
    }
    let fault = |(lane, f): (usize, crate::MemFault)| (TrapKind::MemFault(f), Some(lane as u32));
    if store {
        let data = *w.vgpr(m.data0 as usize);
        mem.store_lanes(&vas, live, &data).map_err(fault)?;
    } else {
        let mut data = [0u32; L];
        mem.load_lanes(&vas, live, &mut data).map_err(fault)?;
        let dst = if buffer.is_none() { i.vdst } else { m.data0 } as usize;
        w.write32(dst, &data, exec);
    }
    Ok(true)
}

/// Vector memory and LDS.
pub(crate) fn vector<const L: usize>(
    w: &mut Wave<L>,
    c: &Code,
    mem: &mut dyn Memory,
    lds: &mut [u8],
) -> Result<(), LaneTrap> {
    let i = &c.inst;
    let m = i.mem;
    let no = |what: &str| Err((TrapKind::NotImplemented { what: what.into() }, None));
    let Some(op) = c.mem else { return no(i.row().name) };
    if m.tfe || m.gds {
        return no(&format!("{} with {}", i.row().name, if m.tfe { "tfe" } else { "gds" }));
    }
    match op {
        MemOp::Nothing => return Ok(()),
        MemOp::Bpermute | MemOp::Permute | MemOp::Swizzle => {
            cross(w, c, op);
            return Ok(());
        }
        _ => {}
    }
    let exec = w.exec();
    let ds = i.format() == Format::Ds;
    let buffer = (i.format() == Format::Mubuf).then(|| (Resource::new(w, m.sbase as usize), w.s32(soffset(m.soffset))));
    // Scratch interleaves dwords, so that wider accesses are not contiguous.
    let scratch = i.format() == Format::Scratch;
    let dword = match op {
        MemOp::Load { bytes: 4, signed: false, d16: None } => Some(false),
        MemOp::Store { bytes: 4, hi: false } => Some(true),
        _ => None,
    };
    if let (Some(store), false) = (dword, ds || scratch)
        && dwords(w, c, mem, buffer.as_ref(), store)?
    {
        return Ok(());
    }
    for lane in 0..L {
        if exec >> lane & 1 == 0 {
            continue;
        }
        let fault = |f| (TrapKind::MemFault(f), Some(lane as u32));
        let (index, offset) = match &buffer {
            None => (0, 0),
            Some((r, _)) => index_offset(w, c, r, lane),
        };
        let at = |bytes: u32, k: u32| -> Place {
            match &buffer {
                Some((r, so)) => match r.address(index, offset.wrapping_add(k), *so, bytes) {
                    Some(va) => Place::Va(va),
                    None => Place::Out,
                },
                None if ds => Place::Lds((w.vgpr(m.addr as usize)[lane] as u64) + i.imm as u64 + k as u64),
                None => match place(w, c, lane) {
                    Place::Va(va) if scratch => Place::Va(va.wrapping_add(k as u64 * L as u64)),
                    Place::Va(va) => Place::Va(va.wrapping_add(k as u64)),
                    Place::Lds(a) => Place::Lds(a + k as u64),
                    p => p,
                },
            }
        };
        let read = |mem: &mut dyn Memory, lds: &[u8], p: Place, out: &mut [u8]| match p {
            Place::Va(va) => mem.load(va, out).map_err(fault),
            Place::Lds(a) => {
                get_lds(lds, a, out);
                Ok(())
            }
            Place::Out => {
                out.fill(0);
                Ok(())
            }
        };
        let mut buf = [0u8; 16];
        match op {
            MemOp::Load { bytes, signed, d16 } => {
                let n = bytes as usize;
                if n > 4 && (buffer.is_some() || scratch) {
                    for k in (0..n).step_by(4) {
                        let p = at(4, k as u32);
                        read(mem, lds, p, &mut buf[k..k + 4])?;
                    }
                } else {
                    let p = at(bytes as u32, 0);
                    read(mem, lds, p, &mut buf[..n])?;
                }
                let dst = if ds || buffer.is_none() { i.vdst } else { m.data0 } as usize;
                for k in 0..n.div_ceil(4) {
                    let mut v = u32::from_le_bytes([buf[4 * k], buf[4 * k + 1], buf[4 * k + 2], buf[4 * k + 3]]);
                    if signed && n < 4 {
                        let sh = 32 - 8 * n as u32;
                        v = (((v << sh) as i32) >> sh) as u32;
                    }
                    if let Some(d) = w.vgpr_mut(dst + k) {
                        d[lane] = match d16 {
                            None => v,
                            Some(false) => d[lane] & 0xffff_0000 | v & 0xffff,
                            Some(true) => d[lane] & 0xffff | v << 16,
                        };
                    }
                }
            }
            MemOp::Store { bytes, hi } => {
                let n = bytes as usize;
                for k in 0..n.div_ceil(4) {
                    let v = w.vgpr(m.data0 as usize + k)[lane] >> if hi { 16 } else { 0 };
                    buf[4 * k..4 * k + 4].copy_from_slice(&v.to_le_bytes());
                }
                let step = if n > 4 && (buffer.is_some() || scratch) { 4 } else { n };
                for k in (0..n).step_by(step) {
                    match at(step as u32, k as u32) {
                        Place::Va(va) => mem.store(va, &buf[k..k + step]).map_err(fault)?,
                        Place::Lds(a) => put_lds(lds, a, &buf[k..k + step]),
                        Place::Out => {}
                    }
                }
            }
            MemOp::Load2 { bytes, scale } => {
                let n = bytes as usize;
                let base = w.vgpr(m.addr as usize)[lane] as u64;
                for (h, off) in [i.imm & 0xff, i.imm >> 8].into_iter().enumerate() {
                    get_lds(lds, base + off as u64 * scale as u64, &mut buf[h * n..h * n + n]);
                }
                for k in 0..n / 2 {
                    let v = u32::from_le_bytes([buf[4 * k], buf[4 * k + 1], buf[4 * k + 2], buf[4 * k + 3]]);
                    if let Some(d) = w.vgpr_mut(i.vdst as usize + k) {
                        d[lane] = v;
                    }
                }
            }
            MemOp::Store2 { bytes, scale } => {
                let n = bytes as usize;
                let base = w.vgpr(m.addr as usize)[lane] as u64;
                for (reg, off) in [(m.data0, i.imm & 0xff), (m.data1, i.imm >> 8)] {
                    for k in 0..n / 4 {
                        buf[4 * k..4 * k + 4].copy_from_slice(&w.vgpr(reg as usize + k)[lane].to_le_bytes());
                    }
                    put_lds(lds, base + off as u64 * scale as u64, &buf[..n]);
                }
            }
            MemOp::Rmw { op, wide, ret } => {
                let n = 1 + wide as usize;
                let value = |w: &Wave<L>, reg: usize| {
                    let lo = w.vgpr(reg)[lane] as u64;
                    if wide { lo | (w.vgpr(reg + 1)[lane] as u64) << 32 } else { lo }
                };
                let (mut x, mut cmp) = (value(w, m.data0 as usize), 0);
                if ds && matches!(op, Rmw::CmpSwap | Rmw::MaskOr) {
                    cmp = value(w, m.data1 as usize);
                    if op == Rmw::MaskOr {
                        std::mem::swap(&mut x, &mut cmp);
                    }
                } else if op == Rmw::CmpSwap {
                    cmp = value(w, m.data0 as usize + n);
                }
                let old = match at(4 * n as u32, 0) {
                    Place::Out => 0,
                    Place::Lds(a) => {
                        get_lds(lds, a, &mut buf[..4 * n]);
                        let old = u64::from_le_bytes(buf[..8].try_into().unwrap_or([0; 8]));
                        put_lds(lds, a, &apply(op, wide, old, x, cmp).to_le_bytes()[..4 * n]);
                        old
                    }
                    Place::Va(va) if wide => mem.atomic_u64(va, &mut |o| apply(op, true, o, x, cmp)).map_err(fault)?,
                    Place::Va(va) => {
                        mem.atomic_u32(va, &mut |o| apply(op, false, o as u64, x, cmp) as u32).map_err(fault)? as u64
                    }
                };
                if ret {
                    let dst = if buffer.is_some() { m.data0 } else { i.vdst } as usize;
                    for k in 0..n {
                        if let Some(d) = w.vgpr_mut(dst + k) {
                            d[lane] = (old >> (32 * k)) as u32;
                        }
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

pub(crate) fn soffset(code: u8) -> crate::program::Src {
    use crate::program::Src;
    match code {
        0..=127 => Src::S(code),
        128..=192 => Src::K(code as u64 - 128),
        193..=208 => Src::K((192 - code as i64) as u32 as u64),
        _ => Src::X(code as u16),
    }
}

/// LDS instructions that only move between lanes; wave64 works as two halves of 32.
fn cross<const L: usize>(w: &mut Wave<L>, c: &Code, op: MemOp) {
    let i = &c.inst;
    let exec = w.exec();
    let addr = *w.vgpr(i.mem.addr as usize);
    let data = *w.vgpr(i.mem.data0 as usize);
    let mut out = [0u32; L];
    let pick = |lane: usize| (lane & !31) | ((addr[lane].wrapping_add(i.imm as u32) >> 2) & 31) as usize;
    for lane in 0..L {
        let on = exec >> lane & 1 != 0;
        match op {
            MemOp::Permute if on => out[pick(lane)] = data[lane],
            MemOp::Permute => {}
            _ => {
                let (from, src) = match op {
                    MemOp::Bpermute => (pick(lane), &data),
                    _ => (swizzle(i.imm as u32, lane), &addr),
                };
                out[lane] = if exec >> from & 1 != 0 { src[from] } else { 0 };
            }
        }
    }
    w.write32(i.vdst as usize, &out, exec);
}
