//! Rules of the indirect buffers themselves: length, start, and where they lie.

use super::{At, Linter, rules};
use crate::submission::Access;
use alloc::format;

impl Linter<'_> {
    /// The buffers as the kernel and the fetcher get them.
    pub(super) fn check_buffers(&mut self) {
        let submission = self.submission;
        let ring = submission.ring;
        for (number, ib) in submission.ibs.iter().enumerate() {
            let len = ib.words.len();
            self.at = At { ib: Some(number), ..At::default() };
            let name = &ib.name;
            if len == 0 {
                self.find(&rules::IB_EMPTY, format!("{name} has no dwords"));
            }
            if !len.is_multiple_of(ring.ib_size_align_dw()) {
                let unit = ring.ib_size_align_dw();
                self.find(&rules::IB_SIZE, format!("{name} has {len} dwords, not a multiple of {unit}"));
            }
            if len > ring.ib_max_dw() {
                let most = ring.ib_max_dw();
                self.find(&rules::IB_LIMIT, format!("{name} has {len} dwords, and a buffer has {most} at most"));
            }
            let Some(va) = ib.va else { continue };
            if !va.is_multiple_of(ring.ib_start_align()) {
                let unit = ring.ib_start_align();
                self.find(&rules::IB_START, format!("{name} begins at {va:#x}, not a multiple of {unit} bytes"));
            }
            self.check_memory(&name, va, 4 * len as u64, Access::R);
        }
    }
}
