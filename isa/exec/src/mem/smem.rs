//! Scalar loads and cache control.
use super::LaneTrap;
use super::port::{Place, Port, Space};
use crate::program::Code;
use crate::wave::{NULL, Wave};
use crate::{Access, FaultCause, MemFault, TrapKind};
use isa::Op;

/// Last scalar register that loads may write: VCC_HI, or the last trap register.
const LAST: [usize; 2] = [107, 123];

/// Runs an SMEM instruction.
pub(crate) fn scalar<const L: usize>(w: &mut Wave<L>, c: &Code, port: &mut Port<'_>) -> Result<(), LaneTrap> {
    let i = &c.inst;
    let Some(load) = c.load else {
        return match i.op {
            // There are no caches to invalidate, and no translation to probe.
            Op::S_DCACHE_INV | Op::S_GL1_INV | Op::S_ATC_PROBE | Op::S_ATC_PROBE_BUFFER => Ok(()),
            _ => Err((TrapKind::NotImplemented { what: i.row().name.into() }, None)),
        };
    };
    let n = load.dwords as usize;
    let sbase = i.mem.sbase as usize;
    let soffset = w.sgpr(i.mem.soffset as usize) as i64;
    let offset = (i.imm as i64).wrapping_add(soffset);
    let mut out = [0u32; 16];
    if load.buffer {
        let d: [u32; 4] = std::array::from_fn(|k| w.sgpr(sbase + k));
        let base = (d[0] as u64 | ((d[1] & 0xffff) as u64) << 32) & !3;
        let at = offset as u64 & !3;
        if i.imm < 0 {
            let va = base.wrapping_add(at);
            let fault = MemFault { va, access: Access::Read, cause: FaultCause::Unmapped };
            return Err((fault.into(), None));
        }
        // Each dword is checked by where it starts, against NUM_RECORDS in bytes or in units of STRIDE.
        let size = d[2] as u64 * (d[1] >> 16 & 0x3fff).max(1) as u64;
        let inside = size.saturating_sub(at).div_ceil(4).min(n as u64) as usize;
        let mut b = [0; 64];
        let va = base.wrapping_add(at);
        if inside > 0 {
            port.read(None, Place::Va(va), &mut b[..4 * inside])?;
        }
        if inside < n {
            port.note(None, Space::Global, va + 4 * inside as u64, 4 * (n - inside), Access::Read, false);
        }
        fill(&mut out, &b);
    } else {
        let va = w.sgpr64(sbase).wrapping_add(offset as u64) & !3;
        let mut b = [0; 64];
        port.read(None, Place::Va(va), &mut b[..4 * n])?;
        fill(&mut out, &b);
    }
    let dst = i.sdst as usize;
    let last = LAST.into_iter().find(|&l| dst <= l);
    // A destination that ends beyond its range is not written at all.
    if dst != NULL && last.is_some_and(|l| dst + n <= l + 1) {
        for (k, &v) in out[..n].iter().enumerate() {
            w.set_sgpr(dst + k, v);
        }
    }
    Ok(())
}

fn fill(out: &mut [u32; 16], bytes: &[u8; 64]) {
    for (o, b) in out.iter_mut().zip(bytes.chunks_exact(4)) {
        *o = u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    }
}
