//! A compute dispatch from a plain struct, and the cache work around it.
//!
//! The order and the values are those that RADV (Mesa 25.0) gives the compute ring of a Navi31,
//! as captured, except where a comment says otherwise.

use crate::packet::values::*;
use crate::packet::{AcquireMem, DispatchDirect, EventWrite, GcrCntl, ReleaseMem};
use crate::reg::{self, *};
use crate::{EncodeError, Stream};

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

/// State that every dispatch of a submission relies on: no offset, all CUs of the shader engines
/// that there are, no scratch, no limits; then all caches invalidated. Emit it once, first.
///
/// `shader_engines` is the device's number (6 on a full Navi31). On the kernel's compute rings the
/// CU masks are the stream's business; queues of the KFD have them in their descriptor.
///
/// # Errors
/// [`EncodeError::Invalid`] for a number of shader engines outside 1 to 8.
pub fn preamble(stream: &mut Stream, shader_engines: u32) -> Result<(), EncodeError> {
    if !(1..=8).contains(&shader_engines) {
        return Err(EncodeError::Invalid { what: "shader engines, 1 to 8", value: u64::from(shader_engines) });
    }
    let cus = |engine: u32| {
        let present = engine < shader_engines;
        COMPUTE_STATIC_THREAD_MGMT_SE4::from_bits(if present { u32::MAX } else { 0 })
    };
    stream
        .set_sh(reg::COMPUTE_START_X, 0)?
        .set_sh(reg::COMPUTE_START_Y, 0)?
        .set_sh(reg::COMPUTE_START_Z, 0)?
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

/// Program, resources, workgroup size, user data, and the packet that starts it.
///
/// # Errors
/// [`EncodeError::Misaligned`] or [`EncodeError::Invalid`] where the struct's conditions are not met;
/// the stream may then hold a part of the registers, but no dispatch.
pub fn dispatch(stream: &mut Stream, d: &Dispatch<'_>) -> Result<(), EncodeError> {
    check(d)?;
    // The registers hold address bits 47:8; the hardware extends bit 47 itself.
    let hi = (d.code_va >> 40) as u32 & 0xff;
    stream
        .set_sh(reg::COMPUTE_PGM_LO, (d.code_va >> 8) as u32)?
        .set_sh(reg::COMPUTE_PGM_HI, COMPUTE_PGM_HI::new().with(COMPUTE_PGM_HI::DATA, hi)?)?
        .set_sh(reg::COMPUTE_PGM_RSRC1, d.rsrc1)?
        .set_sh(reg::COMPUTE_PGM_RSRC2, d.rsrc2)?
        .set_sh(reg::COMPUTE_PGM_RSRC3, d.rsrc3)?;
    let full = |threads: u32| COMPUTE_NUM_THREAD_X::new().with(COMPUTE_NUM_THREAD_X::NUM_THREAD_FULL, threads);
    stream
        .set_sh(reg::COMPUTE_NUM_THREAD_X, full(d.block[0])?)?
        .set_sh(reg::COMPUTE_NUM_THREAD_Y, full(d.block[1])?)?
        .set_sh(reg::COMPUTE_NUM_THREAD_Z, full(d.block[2])?)?;
    for (reg, &value) in (0..).map_while(compute_user_data).zip(d.user_data) {
        stream.set_sh(reg, value)?;
    }
    stream.push(DispatchDirect {
        dim_x: d.grid[0],
        dim_y: d.grid[1],
        dim_z: d.grid[2],
        dispatch_initiator: initiator(d.wave32)?,
    })?;
    Ok(())
}

/// The initiator of [`dispatch()`]: run, from workgroup (0, 0, 0), in order.
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

fn check(d: &Dispatch<'_>) -> Result<(), EncodeError> {
    if !d.code_va.is_multiple_of(256) {
        return Err(EncodeError::Misaligned { field: "code_va", value: d.code_va, align: 256 });
    }
    let invalid = |what, value: u64| Err(EncodeError::Invalid { what, value });
    if (d.code_va as i64) << 16 >> 16 != d.code_va as i64 {
        return invalid("code_va is not a canonical 48-bit address", d.code_va);
    }
    let threads = d.block.iter().try_fold(1u32, |n, &b| n.checked_mul(b)).unwrap_or(u32::MAX);
    if !(1..=1024).contains(&threads) {
        return invalid("a workgroup has 1 to 1024 threads", u64::from(threads));
    }
    if d.grid.contains(&0) {
        return invalid("a dispatch of no workgroups", 0);
    }
    let sgprs = d.rsrc2.get(COMPUTE_PGM_RSRC2::USER_SGPR).min(COMPUTE_USER_DATA_COUNT);
    if d.user_data.len() > sgprs as usize {
        return invalid("user data beyond RSRC2.USER_SGPR never reaches the wave", d.user_data.len() as u64);
    }
    Ok(())
}

/// The next dispatch sees what the ones before wrote: wait for their waves, then drop what the
/// scalar cache, the vector L0 and the GL1 hold. The GL2 is coherent among shaders and stays.
///
/// # Errors
/// None in practice: every field is constant.
pub fn barrier_compute_to_compute(stream: &mut Stream) -> Result<(), EncodeError> {
    wait_for_waves(stream)?;
    acquire_all(stream, crate::reg_value!(GcrCntl { GLK_INV: true, GLV_INV: true, GL1_INV: true })?)
}

/// The host sees what the dispatches wrote: wait for their waves, then write the GL2 back. The same
/// two packets end RADV's command buffers (`GCR_CNTL` 0xc030).
///
/// # Errors
/// None in practice: every field is constant.
pub fn release_to_host(stream: &mut Stream) -> Result<(), EncodeError> {
    wait_for_waves(stream)?;
    acquire_all(stream, crate::reg_value!(GcrCntl { GLM_WB: true, GLM_INV: true, GL2_INV: true, GL2_WB: true })?)
}

/// Writes `value` to the 8 bytes at `va` when everything before has ended and the GL2 is written
/// back. The stream goes on meanwhile. Event and cache bits are those of the amdgpu driver's own
/// ring fences.
///
/// # Errors
/// [`EncodeError::Misaligned`] unless `va` is a multiple of 8.
pub fn release_fence(stream: &mut Stream, va: u64, value: u64) -> Result<(), EncodeError> {
    stream.push(ReleaseMem {
        event_type: EventType::CACHE_FLUSH_AND_INV_TS_EVENT,
        event_index: EventIndex::END_OF_PIPE,
        gl2_wb: true,
        seq: GcrSeq::SEQ_FORWARD,
        cache_policy: CachePolicy::BYPASS,
        dst_sel: ReleaseDst::MEMORY,
        int_sel: InterruptSel::DATA_AFTER_WRITE_CONFIRM,
        data_sel: DataSel::VALUE_64BIT,
        address: va,
        data: value,
        ..Default::default()
    })?;
    Ok(())
}

/// `EVENT_WRITE` `CS_PARTIAL_FLUSH`: later packets wait until no compute wave is left.
///
/// # Errors
/// None in practice: every field is constant.
pub fn wait_for_waves(stream: &mut Stream) -> Result<(), EncodeError> {
    stream.push(EventWrite {
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
    stream.push(AcquireMem { coher_size: (1 << 56) - 1, poll_interval: 10, gcr_cntl, ..Default::default() })?;
    Ok(())
}

/// Every cache invalidated, the writing ones written back first: 0xc3b1, RADV's first barrier.
fn gcr_invalidate_all() -> GcrCntl {
    GcrCntl::from_bits(0xc3b1)
}
