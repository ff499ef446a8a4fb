//! Rules of the calls around a stream: what is handed to the amdgpu driver, and what comes back.
//!
//! Plain values in, findings out; a caller has them at hand before or after its ioctl.

use super::{Finding, Rule, rules};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A finding that is about no dword.
fn finding(rule: &'static Rule, message: String) -> Finding {
    Finding { rule, ib: None, offset: None, message }
}

/// The deadline of `WAIT_CS` or `WAIT_FENCES`, in ns of CLOCK_MONOTONIC, and that clock's present value.
///
/// ```
/// use pm4::lint::kernel_call;
/// // One second, relative, on a machine that has been up for an hour.
/// let found = kernel_call::wait(1_000_000_000, 3_600_000_000_000).expect("a finding");
/// assert_eq!(found.rule.id, "PM4-601");
/// assert_eq!(kernel_call::wait(3_601_000_000_000, 3_600_000_000_000), None);
/// // Zero asks for the state without waiting.
/// assert_eq!(kernel_call::wait(0, 3_600_000_000_000), None);
/// ```
#[must_use]
pub fn wait(deadline_ns: u64, now_ns: u64) -> Option<Finding> {
    // A deadline that has just passed is one that was met late; a minute is more than any waiter slept.
    const LATE_NS: u64 = 60_000_000_000;
    let passed = deadline_ns != 0 && deadline_ns.saturating_add(LATE_NS) < now_ns;
    passed.then(|| {
        let message = format!("the deadline is {deadline_ns} ns, and CLOCK_MONOTONIC is at {now_ns} ns");
        finding(&rules::WAIT_DEADLINE, message)
    })
}

/// What a caller made of an answer of `WAIT_CS`: the ioctl's return value, the status that it wrote, and whether the
/// caller goes on as if the work had ended.
#[must_use]
pub fn wait_answer(returned: i32, status: u64, taken_as_ended: bool) -> Option<Finding> {
    let wrong = returned == 0 && status != 0 && taken_as_ended;
    wrong.then(|| finding(&rules::WAIT_STATUS, format!("status is {status}: the work still runs")))
}

/// What the `chunks` member of a `CS` call points to, as 64-bit words, and which of them are readable addresses.
///
/// A chunk begins with its id, 1 to 11, and its length in dwords: taken as one 64-bit word, that is no address.
#[must_use]
pub fn chunks(entries: &[u64]) -> Option<Finding> {
    let (index, word) = entries.iter().enumerate().find(|(_, word)| {
        let (id, dwords) = (**word as u32, **word >> 32);
        **word < 4096 || (1..=16).contains(&id) && dwords < 1 << 20
    })?;
    let (id, dwords) = (*word as u32, *word >> 32);
    let message = format!("entry {index} is {word:#x}: no address, but a chunk's id {id} and length {dwords}");
    Some(finding(&rules::CHUNK_POINTERS, message))
}

/// The two ways to list buffers: the handle in the `CS` call, and the number of `BO_HANDLES` chunks.
#[must_use]
pub fn buffer_lists(bo_list_handle: u32, bo_handles_chunks: usize) -> Option<Finding> {
    let both = bo_list_handle != 0 && bo_handles_chunks > 0 || bo_handles_chunks > 1;
    both.then(|| {
        let message = format!("BO_LIST handle {bo_list_handle}, and {bo_handles_chunks} BO_HANDLES chunks");
        finding(&rules::TWO_LISTS, message)
    })
}

/// The number of rings that a caller works with, against `available_rings` of the kernel's answer.
#[must_use]
pub fn rings(available_rings: u32, taken: u32) -> Option<Finding> {
    let there = available_rings.count_ones();
    (taken > there).then(|| {
        let message = format!("{taken} rings of a mask of {available_rings:#x}, which has {there}");
        finding(&rules::RING_MASK, message)
    })
}

/// A range that `GEM_VA` maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// The GPU address.
    pub va: u64,
    /// The length in bytes.
    pub bytes: u64,
    /// Where in the buffer object it begins.
    pub offset: u64,
}

/// A range that `GEM_VA` maps: address, length and offset are multiples of 4096, whatever the host's pages are.
#[must_use]
pub fn mapping(m: &Mapping) -> Vec<Finding> {
    let parts = [("address", m.va), ("length", m.bytes), ("offset", m.offset)];
    let wrong = parts.into_iter().filter(|(_, value)| !value.is_multiple_of(4096));
    wrong.map(|(what, value)| finding(&rules::VA_GRANULE, format!("{what} {value:#x}"))).collect()
}

/// The members of a `CTX` call that frees a context.
#[must_use]
pub fn free_context(ctx_id: u32, flags: u32) -> Option<Finding> {
    let wrong = flags != 0 || ctx_id == 0;
    wrong.then(|| finding(&rules::CONTEXT_FREE, format!("ctx_id is {ctx_id}, flags {flags}")))
}

/// The path of the device node that is opened.
#[must_use]
pub fn node(path: &str) -> Option<Finding> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let primary = name.strip_prefix("card").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    primary.then(|| finding(&rules::PRIMARY_NODE, String::from(path)))
}
