//! Which memory operations a wait is for.
use super::flow::Flow;
use crate::row::{C_EXP, C_LGKM, C_VM, C_VS, Format};
use crate::rows::Op;
use alloc::vec::Vec;

/// A wait, and what was under way before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wait {
    /// Index of the waiting step in the flow.
    pub step: u32,
    /// Steps whose memory operation must be done, in their order.
    pub done: Vec<u32>,
}

/// Waits of a function and the operations that they wait for, as if it ran in the order of its addresses: nothing is
/// known to be under way after an unconditional branch and at the function's start.
///
/// `s_waitcnt` speaks of vmcnt, lgkmcnt and expcnt, `s_waitcnt_vscnt` and its like of one counter. Scalar loads come
/// back in any order: a wait that lets some of lgkmcnt's operations go on is certain of none while a scalar load is
/// among them.
pub fn waits(flow: &Flow) -> Vec<Wait> {
    let mut out = Vec::new();
    let mut pending: [Vec<u32>; 4] = Default::default();
    const BITS: [u32; 4] = [C_VM, C_VS, C_LGKM, C_EXP];
    for (k, step) in flow.steps.iter().enumerate() {
        let Ok(i) = step.inst else { continue };
        let v = i.imm as u32 & 0xffff;
        // Operations that may go on, for each counter.
        let left: [Option<u32>; 4] = match i.op {
            Op::S_WAITCNT => [
                Some(v >> 10).filter(|&n| n < 63),
                None,
                Some(v >> 4 & 63).filter(|&n| n < 63),
                Some(v & 7).filter(|&n| n < 7),
            ],
            Op::S_WAITCNT_VMCNT => [Some(v & 63), None, None, None],
            Op::S_WAITCNT_VSCNT => [None, Some(v & 63), None, None],
            Op::S_WAITCNT_LGKMCNT => [None, None, Some(v & 63), None],
            Op::S_WAITCNT_EXPCNT => [None, None, None, Some(v & 7)],
            _ => [None; 4],
        };
        if left.iter().any(Option::is_some) {
            let mut done = Vec::new();
            for (c, left) in left.into_iter().enumerate() {
                let Some(left) = left else { continue };
                let queue = &mut pending[c];
                let unordered = BITS[c] == C_LGKM
                    && left > 0
                    && queue.iter().any(|&s| flow.steps[s as usize].inst.is_ok_and(|i| i.format() == Format::Smem));
                let count = queue.len().saturating_sub(left as usize);
                if !unordered {
                    done.extend(queue.drain(..count));
                }
            }
            done.sort_unstable();
            done.dedup();
            out.push(Wait { step: k as u32, done });
        }
        for (queue, bit) in pending.iter_mut().zip(BITS) {
            if step.effects.counters & bit != 0 {
                queue.push(k as u32);
            }
            if step.next.is_none() {
                queue.clear();
            }
        }
    }
    out
}
