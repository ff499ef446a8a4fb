//! What writing streams costs the host: the work that the bench measures, for other programs to measure too.
//!
//! The crate has no clock, so [`measure`] takes one.

use crate::dispatch::{Device, Kernel, KernelSpec, Work, preamble_for};
use crate::reg::{COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC2, COMPUTE_PGM_RSRC3};
use crate::stream::{Retained, SlotField, SlotId, Stream};
use crate::{EncodeError, Gfx};
use alloc::vec::Vec;
use core::hint::black_box;

/// Dispatches written before the stream is emptied.
const STREAM: usize = 256;

/// Two prepared kernels of different resources, five user SGPRs each, and a stream with room.
#[derive(Debug, Clone)]
pub struct Writing {
    kernels: [Kernel; 2],
    stream: Stream,
    preamble: Stream,
    count: usize,
}

impl Writing {
    /// The kernels, prepared.
    ///
    /// # Errors
    /// None in practice: the kernels are constants.
    pub fn new() -> Result<Self, EncodeError> {
        let kernel = |code_va, rsrc1, sgprs: u32| {
            let rsrc2 = crate::reg_value!(COMPUTE_PGM_RSRC2 { USER_SGPR: sgprs, TGID_X_EN: true })?;
            let (rsrc1, rsrc3) = (COMPUTE_PGM_RSRC1::from_bits(rsrc1), COMPUTE_PGM_RSRC3::from_bits(0x10 * sgprs));
            Kernel::prepare(KernelSpec::new(Gfx::Gfx1100, code_va, rsrc1, rsrc2, rsrc3, true))
        };
        let mut preamble = Stream::new();
        preamble_for(&mut preamble, &Device::of(Gfx::Gfx1100))?;
        Ok(Self {
            kernels: [kernel(0xffff_8000_0000_0000, 0x602c_0002, 5)?, kernel(0x8_0000_1000, 0x602c_0004, 6)?],
            stream: preamble.clone(),
            preamble,
            count: 0,
        })
    }

    fn dispatch(&mut self, kernel: usize) -> Result<usize, EncodeError> {
        if self.count.is_multiple_of(STREAM) {
            self.stream.clear();
            self.stream.append(&self.preamble);
        }
        self.count += 1;
        let before = self.stream.len_dw();
        // Arguments and sizes that change each time, and that the compiler cannot know.
        let n = black_box(self.count as u32);
        let user_data = [n << 8, 8, n, n ^ 5, 7];
        let block = if kernel == 0 { [64, 1, 1] } else { [32, 2, 1] };
        self.stream.dispatch(&self.kernels[kernel], black_box(&Work::groups([n, 1, 1], block, &user_data)))?;
        Ok(self.stream.len_dw() - before)
    }

    /// A dispatch of the kernel that ran before, with other arguments. Gives its dwords.
    ///
    /// # Errors
    /// None in practice: the arguments fit.
    pub fn same_kernel(&mut self) -> Result<usize, EncodeError> {
        self.dispatch(0)
    }

    /// A dispatch of the other kernel: every register differs. Gives its dwords.
    ///
    /// # Errors
    /// None in practice: the arguments fit.
    pub fn other_kernel(&mut self) -> Result<usize, EncodeError> {
        self.dispatch(self.count & 1)
    }
}

/// A retained stream of one dispatch and a fence, with four slots: an argument block's address, a count, the number of
/// workgroups and the fence value; and the indirect buffer that it is stored to.
#[derive(Debug, Clone)]
pub struct Resubmitting {
    retained: Retained,
    slots: [SlotId; 4],
    ib: Vec<u32>,
    count: u64,
}

impl Resubmitting {
    /// The stream, recorded.
    ///
    /// # Errors
    /// None in practice: the stream is a constant.
    pub fn new() -> Result<Self, EncodeError> {
        let Writing { kernels, mut stream, .. } = Writing::new()?;
        let slots = [
            stream.slot("arguments", SlotField::Pointer(0)),
            stream.slot("count", SlotField::UserData(2)),
            stream.slot("workgroups", SlotField::Groups),
            stream.slot("fence", SlotField::FenceValue),
        ];
        stream.dispatch(&kernels[0], &Work::groups([1; 3], [64, 1, 1], &[0x1000, 8, 0, 0, 0]))?;
        stream.fence(0x8_0000_2000, 0)?;
        let retained = stream.retain()?;
        let ib = retained.dwords().to_vec();
        Ok(Self { retained, slots, ib, count: 0 })
    }

    /// New values for the four slots, stored to the indirect buffer. Gives the dwords stored.
    ///
    /// # Errors
    /// None in practice: the values fit.
    #[inline]
    pub fn resubmit(&mut self) -> Result<usize, EncodeError> {
        self.count += 1;
        let n = black_box(self.count);
        let [arguments, count, workgroups, fence] = self.slots;
        self.retained.set(arguments, 0x8_0000_0000 | (n & 0xffff) << 8)?;
        self.retained.set(count, n & 0xffff_ffff)?;
        self.retained.set_groups(workgroups, [(n as u32 & 0xfff) + 1, 1, 1])?;
        self.retained.set(fence, n)?;
        Ok(self.retained.store_into(black_box(&mut self.ib[..])))
    }

    /// Whether the indirect buffer holds what the stream says.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.ib == self.retained.dwords()
    }
}

/// Nanoseconds and dwords of one operation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// The fastest round's nanoseconds an operation.
    pub ns: f64,
    /// Dwords written or stored, on average.
    pub dwords: f64,
}

/// What [`measure`] finds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// [`Writing::same_kernel`].
    pub same_kernel: Cost,
    /// [`Writing::other_kernel`].
    pub other_kernel: Cost,
    /// [`Resubmitting::resubmit`].
    pub resubmit: Cost,
}

/// Measures with a clock in nanoseconds: rounds of `operations` each, of which the fastest counts, because everything
/// that disturbs a round makes it slower.
///
/// # Errors
/// None in practice: the work is constant.
pub fn measure(clock: &mut dyn FnMut() -> u64, rounds: u32, operations: u32) -> Result<Costs, EncodeError> {
    let mut writing = Writing::new()?;
    let same_kernel = fastest(clock, rounds, operations, || writing.same_kernel())?;
    let mut writing = Writing::new()?;
    let other_kernel = fastest(clock, rounds, operations, || writing.other_kernel())?;
    let mut resubmitting = Resubmitting::new()?;
    let resubmit = fastest(clock, rounds, operations, || resubmitting.resubmit())?;
    Ok(Costs { same_kernel, other_kernel, resubmit })
}

fn fastest(
    clock: &mut dyn FnMut() -> u64,
    rounds: u32,
    operations: u32,
    mut operation: impl FnMut() -> Result<usize, EncodeError>,
) -> Result<Cost, EncodeError> {
    let (rounds, operations) = (rounds.max(1), operations.max(1));
    let (mut best, mut dwords) = (u64::MAX, 0);
    for _ in 0..rounds {
        let start = clock();
        for _ in 0..operations {
            dwords += black_box(operation()?);
        }
        best = best.min(clock().saturating_sub(start));
    }
    let dwords = dwords as f64 / (f64::from(rounds) * f64::from(operations));
    Ok(Cost { ns: best as f64 / f64::from(operations), dwords })
}
