//! Contexts, what they have in flight, and the fences of their submissions.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::device::Device;
use super::error::KmdError;
use super::info::Ring;
use super::ioctls;
use super::node::Errno;
use super::time::Deadline;
use super::uapi::*;

/// How urgent a context's work is, against the other contexts of the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(i32)]
pub enum Priority {
    /// When nothing else runs.
    VeryLow = CTX_PRIORITY_VERY_LOW,
    /// Below others.
    Low = CTX_PRIORITY_LOW,
    /// As others.
    #[default]
    Normal = CTX_PRIORITY_NORMAL,
    /// Above others; needs CAP_SYS_NICE or DRM master.
    High = CTX_PRIORITY_HIGH,
    /// Above all; needs CAP_SYS_NICE or DRM master.
    VeryHigh = CTX_PRIORITY_VERY_HIGH,
}

bitflags::bitflags! {
    /// What happened since the context's creation (`CTX_QUERY2_FLAGS_*`). Bits of newer kernels are kept.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct ResetFlags: u64 {
        /// The GPU was reset.
        const RESET = CTX_QUERY2_FLAGS_RESET;
        /// Video memory lost its content.
        const VRAM_LOST = CTX_QUERY2_FLAGS_VRAMLOST;
        /// A job of this context hung.
        const GUILTY = CTX_QUERY2_FLAGS_GUILTY;
        /// RAS saw correctable errors.
        const RAS_CORRECTABLE = CTX_QUERY2_FLAGS_RAS_CE;
        /// RAS saw uncorrectable errors.
        const RAS_UNCORRECTABLE = CTX_QUERY2_FLAGS_RAS_UE;
        /// The reset has not ended.
        const IN_PROGRESS = CTX_QUERY2_FLAGS_RESET_IN_PROGRESS;

        const _ = !0;
    }
}

/// The short form of [`ResetFlags`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResetStatus {
    /// No reset since the context's creation.
    Ok,
    /// A job of this context hung.
    Guilty,
    /// A reset that others caused.
    Innocent,
    /// Flags that say neither, such as uncorrectable memory errors.
    Unknown,
}

/// What resets did to a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResetState {
    /// The short form.
    pub status: ResetStatus,
    /// The kernel's flags.
    pub flags: ResetFlags,
}

impl ResetState {
    fn new(flags: u64) -> Self {
        let flags = ResetFlags::from_bits_retain(flags);
        let status = if flags.contains(ResetFlags::GUILTY) {
            ResetStatus::Guilty
        } else if flags.intersects(ResetFlags::RESET | ResetFlags::VRAM_LOST) {
            ResetStatus::Innocent
        } else if (flags - ResetFlags::RAS_CORRECTABLE).is_empty() {
            // Corrected errors changed nothing.
            ResetStatus::Ok
        } else {
            ResetStatus::Unknown
        };
        Self { status, flags }
    }
}

/// Why a context is lost, as far as the kernel tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// Who caused the reset.
    pub reason: LostReason,
    /// The error that the fence or the submission carried; `None` when only the context's state told.
    pub errno: Option<Errno>,
    /// The context's flags at that time; empty if they could not be read.
    pub flags: ResetFlags,
}

/// Who caused a reset, and how the kernel recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LostReason {
    /// This context hung; killing its waves was enough (`ENODATA`).
    GuiltySoft,
    /// This context hung, and the ring or the GPU was reset (`ETIME`, with kernels that keep it through the reset).
    GuiltyHard,
    /// This context hung; the kernel does not say how it recovered. A job that hung is `ECANCELED` after a reset, as those
    /// behind it are, and the context's flags tell who is to blame.
    Guilty,
    /// Cancelled by a reset that others caused (`ECANCELED`).
    Innocent,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reason {
            LostReason::GuiltySoft => "its work hung and was killed",
            LostReason::GuiltyHard => "its work hung and the GPU was reset",
            LostReason::Guilty => "its work hung",
            LostReason::Innocent => "a GPU reset, caused by other work, cancelled it",
        })?;
        if let Some(errno) = self.errno {
            write!(f, " ({errno:?})")?;
        }
        if self.flags.contains(ResetFlags::VRAM_LOST) {
            f.write_str("; video memory lost its content")?;
        }
        Ok(())
    }
}

/// Clocks for measurements (`CTX_STABLE_PSTATE_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u32)]
pub enum PowerState {
    /// As the load wants.
    #[default]
    Free = CTX_STABLE_PSTATE_NONE,
    /// Fixed, and held under any load.
    Standard = CTX_STABLE_PSTATE_STANDARD,
    /// The lowest shader clock.
    LowestShader = CTX_STABLE_PSTATE_MIN_SCLK,
    /// The lowest memory clock.
    LowestMemory = CTX_STABLE_PSTATE_MIN_MCLK,
    /// The highest clocks.
    Peak = CTX_STABLE_PSTATE_PEAK,
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a wait may time out, and the device may be lost"]
pub enum Wait {
    /// The work is done, without an error.
    Signaled,
    /// The deadline came first; the work goes on.
    TimedOut,
    /// The work will never be done, or was done wrongly.
    DeviceLost(Lost),
}

/// A submission whose end is not known yet, and what it needs.
struct InFlight {
    ring: Ring,
    seq: u64,
    /// Only held, and dropped with the entry.
    _keep: Vec<Kept>,
}

/// Something that must outlive a submission.
pub(super) type Kept = Arc<dyn Any + Send + Sync>;

pub(super) struct ContextInner {
    device: Arc<Device>,
    id: u32,
    in_flight: Mutex<VecDeque<InFlight>>,
}

/// How long dropping a context waits for its work, all submissions together.
const DROP_WAIT: Duration = Duration::from_secs(2);

impl ContextInner {
    fn in_flight(&self) -> MutexGuard<'_, VecDeque<InFlight>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `WAIT_CS`, and nothing else: `Ok(true)` when the submission is done.
    fn wait_cs(&self, ring: Ring, seq: u64, deadline: Deadline) -> Result<bool, KmdError> {
        let input = WaitCsIn {
            handle: seq,
            timeout: deadline.as_ns(),
            ip_type: ring.ip as u32,
            ip_instance: 0,
            ring: ring.index,
            ctx_id: self.id,
        };
        // SAFETY: the structure holds no addresses.
        let answer = unsafe {
            self.device.issue(&ioctls::WAIT_CS, &input, || {
                format!("context {:#x}, ring {ring}, sequence {seq:#x}, deadline {:#x} ns", self.id, input.timeout)
            })
        }?;
        // Zero is done. The ioctl returns 0 for a wait that timed out, too.
        Ok(answer.status == 0)
    }

    fn query_reset(&self) -> Result<ResetState, KmdError> {
        let input = CtxIn { op: CTX_OP_QUERY_STATE2, ctx_id: self.id, ..Default::default() };
        // SAFETY: the structure holds no addresses.
        let answer = unsafe {
            self.device.issue(&ioctls::CTX_STATE, &input, || format!("QUERY_STATE2, context {:#x}", self.id))
        }?;
        Ok(ResetState::new(answer.flags))
    }

    /// What `errno` says about the context, if it is one of the three that say something.
    pub(super) fn lost(&self, errno: Errno) -> Option<Lost> {
        let reason = match errno {
            Errno::ENODATA => LostReason::GuiltySoft,
            Errno::ETIME => LostReason::GuiltyHard,
            Errno::ECANCELED => LostReason::Innocent,
            _ => return None,
        };
        let flags = self.query_reset().map_or(ResetFlags::empty(), |state| state.flags);
        // Jobs queued behind the one that hung are cancelled too, and that one may have been this context's.
        let reason = match reason {
            LostReason::Innocent if flags.contains(ResetFlags::GUILTY) => LostReason::Guilty,
            reason => reason,
        };
        Some(Lost { reason, errno: Some(errno), flags })
    }

    /// Takes out what submissions up to `seq` on `ring` kept: a context's work on one ring ends in order. The caller
    /// drops it, without the lock, because what is dropped may come back here.
    fn take_done(&self, ring: Ring, seq: u64) -> VecDeque<InFlight> {
        let mut jobs = self.in_flight();
        let (done, busy) = jobs.drain(..).partition(|job| job.ring == ring && job.seq <= seq);
        *jobs = busy;
        done
    }

    /// Looks, without waiting, which submissions are done, and gives back what they kept.
    fn reap(&self) {
        let mut rings: Vec<Ring> = self.in_flight().iter().map(|job| job.ring).collect();
        rings.sort_unstable();
        rings.dedup();
        for ring in rings {
            // Oldest first, until one is still busy. The lock is not held over the ioctl.
            loop {
                let oldest = self.in_flight().iter().find(|job| job.ring == ring).map(|job| job.seq);
                let Some(seq) = oldest else { break };
                match self.wait_cs(ring, seq, Deadline::PAST) {
                    Ok(false) => break,
                    // An error is the fence's own, or the device is gone: the work has ended either way.
                    Ok(true) | Err(_) => drop(self.take_done(ring, seq)),
                }
            }
        }
    }
}

impl Drop for ContextInner {
    fn drop(&mut self) {
        let jobs = std::mem::take(self.in_flight.get_mut().unwrap_or_else(PoisonError::into_inner));
        let deadline = Deadline::after(DROP_WAIT);
        for job in &jobs {
            // What does not end in time is closed all the same. The kernel holds the memory of every buffer that a
            // submission names until its fence signals (the buffer's reservation object has the fence), so that
            // nothing is freed under the device; unmapping at most makes work fault whose owner is gone.
            if self.wait_cs(job.ring, job.seq, deadline).is_err() {
                continue;
            }
        }
        let input = CtxIn { op: CTX_OP_FREE_CTX, ctx_id: self.id, ..Default::default() };
        // Nothing can be done about a failure: the context is gone with the file at the latest.
        // SAFETY: the structure holds no addresses.
        let _ = unsafe { ioctls::CTX_STATE.call(&**self.device.node(), &input) };
        drop(jobs);
    }
}

/// A context: an order of submissions on each ring, and the unit that a reset hits. Clones share it.
///
/// What a submission uses stays alive until its fence is known to have signalled: known by a wait, or by a look at the
/// next submission. Dropping the last clone (and the last [`CsFence`]) waits up to 2 s for what is in flight, and
/// closes it then in any case: the kernel keeps the memory of buffers that the GPU still uses.
#[derive(Clone)]
pub struct Context {
    pub(super) inner: Arc<ContextInner>,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("id", &self.inner.id).field("in_flight", &self.in_flight()).finish()
    }
}

impl Context {
    /// Creates a context.
    ///
    /// # Errors
    /// The failed ioctl; `EACCES` for a priority that this process may not have.
    pub fn new(device: &Arc<Device>, priority: Priority) -> Result<Self, KmdError> {
        let input = CtxIn { op: CTX_OP_ALLOC_CTX, priority: priority as i32, ..Default::default() };
        // SAFETY: the structure holds no addresses.
        let answer =
            unsafe { device.issue(&ioctls::CTX_ALLOC, &input, || format!("ALLOC_CTX, priority {}", input.priority)) }?;
        Ok(Self {
            inner: Arc::new(ContextInner {
                device: device.clone(),
                id: answer.ctx_id,
                in_flight: Mutex::new(VecDeque::new()),
            }),
        })
    }

    /// The device.
    pub fn device(&self) -> &Arc<Device> {
        &self.inner.device
    }

    /// The kernel's number of the context.
    pub fn id(&self) -> u32 {
        self.inner.id
    }

    /// What resets did to this context since its creation.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn query_reset(&self) -> Result<ResetState, KmdError> {
        self.inner.query_reset()
    }

    /// Whether there was a reset since this was asked last, of which the old query doesn't say whose work caused it; use
    /// [`Context::query_reset`]. `CTX` QUERY_STATE, any node.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn reset_since_last_query(&self) -> Result<bool, KmdError> {
        let input = CtxIn { op: CTX_OP_QUERY_STATE, ctx_id: self.id(), ..Default::default() };
        let args = || format!("QUERY_STATE, context {:#x}", self.id());
        // SAFETY: the structure holds no addresses.
        let answer = unsafe { self.device().issue(&ioctls::CTX_STATE, &input, args) }?;
        Ok(answer.reset_status != CTX_NO_RESET)
    }

    fn power(&self, op: u32, flags: u32) -> Result<u32, KmdError> {
        let input = CtxIn { op, flags, ctx_id: self.id(), priority: 0 };
        let args = || format!("operation {op}, flags {flags:#x}, context {:#x}", self.id());
        // SAFETY: the structure holds no addresses.
        let answer = unsafe { self.device().issue(&ioctls::CTX_STATE, &input, args) }?;
        // The answer's first dword, whose structure is the power state's.
        Ok(answer.flags as u32)
    }

    /// The card's clocks for measurements; `None` for a state that this crate doesn't know. `CTX` GET_STABLE_PSTATE, any
    /// node, DRM 3.45.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn power_state(&self) -> Result<Option<PowerState>, KmdError> {
        let state = self.power(CTX_OP_GET_STABLE_PSTATE, 0)? & CTX_STABLE_PSTATE_FLAGS_MASK;
        let all = [
            PowerState::Free,
            PowerState::Standard,
            PowerState::LowestShader,
            PowerState::LowestMemory,
            PowerState::Peak,
        ];
        Ok(all.into_iter().find(|known| *known as u32 == state))
    }

    /// Holds the card's clocks until the context goes, or sets them free. `CTX` SET_STABLE_PSTATE, any node, DRM 3.45.
    ///
    /// # Errors
    /// The failed ioctl: `EBUSY` while another context holds them.
    pub fn set_power_state(&self, state: PowerState) -> Result<(), KmdError> {
        self.power(CTX_OP_SET_STABLE_PSTATE, state as u32).map(|_| ())
    }

    /// Submissions whose end is not known yet.
    pub fn in_flight(&self) -> usize {
        self.inner.in_flight().len()
    }

    /// Looks, without waiting, which submissions are done, and gives back what they kept alive.
    pub fn reap(&self) {
        self.inner.reap();
    }

    /// Notes a submission that the kernel took.
    pub(super) fn submitted(&self, ring: Ring, seq: u64, keep: Vec<Kept>) -> CsFence {
        self.inner.in_flight().push_back(InFlight { ring, seq, _keep: keep });
        CsFence { context: self.inner.clone(), ring, seq }
    }
}

/// The fence of one submission. It keeps the context alive. Clones are the same fence.
#[derive(Clone)]
pub struct CsFence {
    context: Arc<ContextInner>,
    ring: Ring,
    seq: u64,
}

impl fmt::Debug for CsFence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsFence")
            .field("context", &self.context.id)
            .field("ring", &self.ring)
            .field("seq", &self.seq)
            .finish()
    }
}

impl CsFence {
    /// The ring.
    pub fn ring(&self) -> Ring {
        self.ring
    }

    /// The sequence number in its context and ring.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The kernel's number of the context.
    pub fn context_id(&self) -> u32 {
        self.context.id
    }

    /// The device.
    pub fn device(&self) -> &Arc<Device> {
        &self.context.device
    }

    /// Waits for the work until `deadline`.
    ///
    /// `WAIT_CS` returns 0 for work that is done *and* for a wait that timed out; `status` in its answer tells which.
    /// A fence that signalled with an error makes the ioctl itself fail with that error: `ENODATA`, `ETIME` and
    /// `ECANCELED` are [`Wait::DeviceLost`]. After a timeout the context is asked whether it is guilty of a reset,
    /// in which case the work will not be done.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn wait(&self, deadline: Deadline) -> Result<Wait, KmdError> {
        match self.context.wait_cs(self.ring, self.seq, deadline) {
            Ok(true) => {
                drop(self.context.take_done(self.ring, self.seq));
                Ok(Wait::Signaled)
            }
            Ok(false) => {
                let state = self.context.query_reset()?;
                if state.status == ResetStatus::Guilty {
                    let lost = Lost { reason: LostReason::Guilty, errno: None, flags: state.flags };
                    return Ok(Wait::DeviceLost(lost));
                }
                Ok(Wait::TimedOut)
            }
            Err(KmdError::Ioctl { name, errno, args }) => match self.context.lost(errno) {
                Some(lost) => {
                    drop(self.context.take_done(self.ring, self.seq));
                    Ok(Wait::DeviceLost(lost))
                }
                None => Err(KmdError::Ioctl { name, errno, args }),
            },
            Err(error) => Err(error),
        }
    }

    /// Looks without waiting. Work that a reset ended counts as signalled: nothing more will come.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn is_signaled(&self) -> Result<bool, KmdError> {
        Ok(self.wait(Deadline::PAST)? != Wait::TimedOut)
    }

    /// What an error of it says about its context.
    pub(super) fn lost(&self, errno: Errno) -> Option<Lost> {
        self.context.lost(errno)
    }

    /// The submission as other requests name it.
    pub(super) fn dependency(&self) -> CsChunkDep {
        CsChunkDep {
            ip_type: self.ring.ip as u32,
            ip_instance: 0,
            ring: self.ring.index,
            ctx_id: self.context.id,
            handle: self.seq,
        }
    }
}
