//! Compute dispatches, and the cache work around them.
//!
//! A [`Kernel`] is checked once; [`Stream::dispatch`] writes what varies. [`preamble`] goes first in a submission,
//! [`Stream::barrier`] between a writer and a reader. The values are those that RADV (Mesa 25.0) gives the compute ring
//! of a Navi31, as captured, except where a comment says otherwise.

use crate::packet::values::*;
use crate::packet::{AcquireMem, EventWrite, GcrCntl};
use crate::reg::{self, *};
use crate::{EncodeError, Gfx, Stream};

mod barrier;
mod device;
mod kernel;
mod memory;

pub use barrier::{Agent, cache_operations};
pub use device::{Device, ENGINES_MAX, SCRATCH_GRANULE, Scratch};
pub use kernel::{Grid, Kernel, KernelSpec, LDS_GRANULE, LDS_MAX, THREADS_MAX, Work};
pub use memory::At;

/// `COMPUTE_DISPATCH_INITIATOR`, the last dword of every dispatch packet.
pub type DispatchInitiator = COMPUTE_DISPATCH_INITIATOR;

/// One dispatch. LDS is part of `rsrc2` (`LDS_SIZE`, in units of 512 bytes).
#[derive(Debug, Clone, Copy)]
pub struct Dispatch<'a> {
    /// The first instruction, a multiple of 256, a canonical 48-bit address.
    pub code_va: u64,
    /// VGPRs, float mode and so on, as the code object says.
    pub rsrc1: COMPUTE_PGM_RSRC1,
    /// User SGPRs, workgroup ids, LDS.
    pub rsrc2: COMPUTE_PGM_RSRC2,
    /// Instruction prefetch.
    pub rsrc3: COMPUTE_PGM_RSRC3,
    /// The first user SGPRs, at most 16 and at most `rsrc2`'s `USER_SGPR`.
    pub user_data: &'a [u32],
    /// Threads of a workgroup in x, y and z: at least 1 each, at most 1024 in all.
    pub block: [u32; 3],
    /// Workgroups in x, y and z, at least 1 each.
    pub grid: [u32; 3],
    /// Waves of 32 lanes, as the code was built; else 64.
    pub wave32: bool,
}

/// State that every dispatch of a submission relies on: all CUs of the shader engines that there are, no scratch, no
/// limits; then all caches invalidated. Emit it once, first.
///
/// `shader_engines` is the device's number (6 on a full Navi31). See [`preamble_for`].
///
/// # Errors
/// [`EncodeError::Invalid`] for a number of shader engines outside 1 to 8.
pub fn preamble(stream: &mut Stream, shader_engines: u32) -> Result<(), EncodeError> {
    preamble_for(stream, &Device::of(Gfx::Gfx1100).with_engines(shader_engines)?)
}

/// [`preamble`] for a device of which more is known. On the kernel's compute rings the CU masks are the stream's
/// business; queues of the KFD have them in their descriptor.
///
/// # Errors
/// None in practice: the values are the device's.
pub fn preamble_for(stream: &mut Stream, device: &Device) -> Result<(), EncodeError> {
    let cus = |engine| device.cu_mask(engine);
    stream
        // Consecutive from here to SE3: one packet.
        .set_sh(reg::COMPUTE_RESOURCE_LIMITS, COMPUTE_RESOURCE_LIMITS::new())?
        .set_sh(COMPUTE_STATIC_THREAD_MGMT_SE0, cus(0))?
        .set_sh(COMPUTE_STATIC_THREAD_MGMT_SE1, cus(1))?
        .set_sh(reg::COMPUTE_TMPRING_SIZE, COMPUTE_TMPRING_SIZE::new())?
        .set_sh(COMPUTE_STATIC_THREAD_MGMT_SE2, cus(2))?
        .set_sh(COMPUTE_STATIC_THREAD_MGMT_SE3, cus(3))?
        .set_sh(reg::COMPUTE_USER_ACCUM_0, COMPUTE_USER_ACCUM_0::new())?
        .set_sh(reg::COMPUTE_USER_ACCUM_1, COMPUTE_USER_ACCUM_1::new())?
        .set_sh(reg::COMPUTE_USER_ACCUM_2, COMPUTE_USER_ACCUM_2::new())?
        .set_sh(reg::COMPUTE_USER_ACCUM_3, COMPUTE_USER_ACCUM_3::new())?
        .set_sh(reg::COMPUTE_STATIC_THREAD_MGMT_SE4, cus(4))?
        .set_sh(reg::COMPUTE_STATIC_THREAD_MGMT_SE5, cus(5))?
        .set_sh(reg::COMPUTE_STATIC_THREAD_MGMT_SE6, cus(6))?
        .set_sh(reg::COMPUTE_STATIC_THREAD_MGMT_SE7, cus(7))?
        // Workgroups in a row to one shader engine before the next one's turn, RADV's value.
        .set_sh(
            reg::COMPUTE_DISPATCH_INTERLEAVE,
            COMPUTE_DISPATCH_INTERLEAVE::new().with(COMPUTE_DISPATCH_INTERLEAVE::INTERLEAVE, 64u32)?,
        )?
        .set_sh(reg::COMPUTE_DISPATCH_TUNNEL, COMPUTE_DISPATCH_TUNNEL::new())?;
    acquire_all(stream, gcr_invalidate_all())
}

/// [`Stream::dispatch`] of a kernel that runs once: it is prepared, and dispatched.
///
/// # Errors
/// [`EncodeError::Misaligned`] or [`EncodeError::Invalid`] where the struct's conditions are not met; the stream is then
/// unchanged.
pub fn dispatch(stream: &mut Stream, d: &Dispatch<'_>) -> Result<(), EncodeError> {
    let spec = KernelSpec::new(Gfx::Gfx1100, d.code_va, d.rsrc1, d.rsrc2, d.rsrc3, d.wave32);
    stream.dispatch(&Kernel::prepare(spec)?, &Work::groups(d.grid, d.block, d.user_data))?;
    Ok(())
}

/// The initiator of [`dispatch()`]: run, from workgroup (0, 0, 0), in any order that the kernel driver allows.
///
/// `CS_W32_EN` is the one place that says how many lanes a wave has. RADV also sets
/// `TUNNEL_ENABLE`, for high-priority queues; this does not.
///
/// # Errors
/// None in practice: every field is one bit.
pub fn initiator(wave32: bool) -> Result<DispatchInitiator, EncodeError> {
    crate::reg_value!(COMPUTE_DISPATCH_INITIATOR {
        COMPUTE_SHADER_EN: true,
        FORCE_START_AT_000: true,
        ORDER_MODE: true,
        CS_W32_EN: wave32,
    })
}

/// The next dispatch sees what the ones before wrote: [`Stream::barrier`] from [`Agent::Shader`] to itself.
///
/// # Errors
/// As [`Stream::barrier`].
pub fn barrier_compute_to_compute(stream: &mut Stream) -> Result<(), EncodeError> {
    stream.barrier(Agent::Shader, Agent::Shader).map(drop)
}

/// The host sees what was written: by the dispatches and, because its packets confirm their writes, by the command
/// processor. [`Stream::barrier`] from [`Agent::Shader`] to [`Agent::Host`]. RADV ends its command buffers with the same
/// two packets, and drops the GL2 beside writing it back (`GCR_CNTL` 0xc030), which no host read needs.
///
/// # Errors
/// As [`Stream::barrier`].
pub fn release_to_host(stream: &mut Stream) -> Result<(), EncodeError> {
    stream.barrier(Agent::Shader, Agent::Host).map(drop)
}

/// [`Stream::fence`].
///
/// # Errors
/// [`EncodeError::Misaligned`] unless `va` is a multiple of 8.
pub fn release_fence(stream: &mut Stream, va: u64, value: u64) -> Result<(), EncodeError> {
    stream.fence(va, value).map(drop)
}

/// `EVENT_WRITE` `CS_PARTIAL_FLUSH`: later packets wait until no compute wave is left.
///
/// # Errors
/// None in practice: every field is constant.
pub fn wait_for_waves(stream: &mut Stream) -> Result<(), EncodeError> {
    stream.emit(EventWrite {
        event_type: EventType::CS_PARTIAL_FLUSH,
        event_index: EventIndex::PARTIAL_FLUSH,
        ..Default::default()
    })?;
    Ok(())
}

/// `ACQUIRE_MEM` over the whole address space.
///
/// # Errors
/// None in practice: the range is constant.
pub fn acquire_all(stream: &mut Stream, gcr_cntl: GcrCntl) -> Result<(), EncodeError> {
    // Size and polling interval as RADV has them; the size's 56 bits times 256 bytes are all there is.
    stream.emit(AcquireMem { coher_size: (1 << 56) - 1, poll_interval: 10, gcr_cntl, ..Default::default() })?;
    Ok(())
}

/// Every cache invalidated, the writing ones written back first: 0xc3b1, RADV's first barrier.
fn gcr_invalidate_all() -> GcrCntl {
    GcrCntl::from_bits(0xc3b1)
}
