//! Vector and scalar memory instructions.
//!
//! One mechanism a family: an address for each active lane (`place`), the range check, the access through [`Port`],
//! the conversion of elements where a format asks for one. Lanes are served in ascending order. [`plain`] holds what
//! every address form shares, with all lanes of a dword access at once where nothing needs looking at lane by lane.
//!
//! An instruction that would write a register beyond the wave's allocation does nothing at all (RDNA3 guide 3.3.3).
mod atomic;
mod ds;
mod format;
mod image;
mod op;
mod place;
mod plain;
mod port;
mod sample;
mod smem;
mod srgb;
mod sync;
mod texels;
mod typed;

pub(crate) use op::{Half, MemOp};
pub(crate) use port::{Lds, Port, Watch};
pub use port::{Space, Touch};
pub(crate) use smem::scalar;

use crate::TrapKind;
use crate::program::Code;
use crate::wave::Wave;

/// A trap and the lane it belongs to.
pub(crate) type LaneTrap = (TrapKind, Option<u32>);

/// How a wave goes on after an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Done {
    /// With the next one.
    Next,
    /// With the same one, when its turn comes again: it waits for another wave.
    Again,
}

/// The lowest active lane alone.
fn first_lane(exec: u64) -> u64 {
    exec & exec.wrapping_neg()
}

/// Registers from `vdst` on that the instruction may write.
fn results(c: &Code, op: MemOp) -> usize {
    let n = match op {
        MemOp::Load2 { bytes, .. } | MemOp::Swap2 { bytes, .. } => bytes as usize / 2,
        MemOp::AddTid { store: false }
        | MemOp::Count { .. }
        | MemOp::Bpermute
        | MemOp::Permute
        | MemOp::Swizzle
        | MemOp::BvhStack
        | MemOp::LdsDirect
        | MemOp::OrderedCount => 1,
        MemOp::StreamOut { .. } => 2,
        MemOp::Image(op) => texels::results(c, op),
        MemOp::Typed { n, store: false, d16 } => typed::registers(n as usize, d16),
        _ => plain::results(op),
    };
    // The status of a texel fault takes one more; without partially resident memory it is never written.
    if n > 0 { n + c.inst.mem.tfe as usize } else { 0 }
}

/// Vector memory and LDS.
pub(crate) fn vector<const L: usize>(w: &mut Wave<L>, c: &Code, port: &mut Port<'_>) -> Result<Done, LaneTrap> {
    let Some(op) = c.mem else {
        return Err((TrapKind::NotImplemented { what: c.inst.row().name.into() }, None));
    };
    let n = results(c, op);
    if n > 0 && c.inst.vdst as usize + n > w.v.len() {
        return Ok(Done::Next);
    }
    match op {
        MemOp::Load { .. } | MemOp::Store { .. } | MemOp::Rmw { .. } => plain::run(w, c, op, port)?,
        MemOp::Load2 { .. } | MemOp::Store2 { .. } | MemOp::Swap2 { .. } => ds::pair(w, c, op, port)?,
        MemOp::AddTid { store } => ds::add_tid(w, c, store, port)?,
        MemOp::Count { consume } => ds::count(w, c, consume, port)?,
        MemOp::Bpermute | MemOp::Permute | MemOp::Swizzle => ds::cross(w, c, op),
        MemOp::BvhStack => ds::bvh_stack(w, c, port)?,
        MemOp::LdsDirect => ds::direct(w, c, port)?,
        MemOp::Gws(_) | MemOp::OrderedCount | MemOp::StreamOut { .. } => return ds::wave_wide(w, c, op, port),
        MemOp::Typed { n, store, d16 } => typed::run(w, c, (n as usize, store, d16), port)?,
        MemOp::ToLds { bytes, signed } => typed::to_lds(w, c, (bytes as usize, signed), port)?,
        MemOp::Image(op) if c.inst.row().operand(isa::row::Slot::Ssamp).is_none() => {
            texels::run(w, c, op, port)?;
        }
        MemOp::Image(op) => sample::run(w, c, op, port)?,
        MemOp::Nothing => {}
    }
    Ok(Done::Next)
}
