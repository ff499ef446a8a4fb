//! What every rung stands on: device, ring, context and memory, and how a stop is turned into a report.

use std::sync::Arc;
use std::time::Duration;

use pm4::dispatch;

use super::causes::{self, Cause};
use super::{Fall, Mismatch, Rung, Sign};
use crate::error::Error;
use crate::exec::device::{Device, Engine};
use crate::exec::gpu::Gpu;
use crate::exec::hang::HangKind;
use crate::kmd::uapi::{GEM_CREATE_CPU_ACCESS_REQUIRED, GEM_DOMAIN_VRAM};
use crate::kmd::{
    self, Bo, Context, CpuMap, CsFence, Deadline, GPU_PAGE, GpuMap, Ip, KmdError, Lost, LostReason, Placement,
    Priority, ResetState, ResetStatus, Ring, Submission, VmFlags, Wait,
};

/// Bytes of an area: three pages, so that work can cross a page's end.
pub(super) const AREA_BYTES: u64 = 3 * GPU_PAGE;
/// Dwords of an area.
pub(super) const AREA_DW: usize = AREA_BYTES as usize / 4;
/// Where in the command memory the indirect buffer begins; before it lie the kernel arguments.
const IB_OFFSET: u64 = GPU_PAGE;
const COMMAND_BYTES: u64 = 4 * GPU_PAGE;
/// What the sequence number's place holds before the ring writes it.
const NO_SEQUENCE: u64 = 0x5a5a_5a5a_5a5a_5a5a;

/// Why a rung failed, before it is a report.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) sign: Sign,
    pub(super) evidence: Vec<String>,
    pub(super) suspects: Vec<&'static Cause>,
    /// Boxed, as the mismatch is: a `Stop` travels in many results.
    pub(super) error: Option<Box<Error>>,
    pub(super) mismatch: Option<Box<Mismatch>>,
}

impl Stop {
    pub(super) fn new(sign: Sign, evidence: impl Into<String>) -> Self {
        Self { sign, evidence: vec![evidence.into()], suspects: Vec::new(), error: None, mismatch: None }
    }

    pub(super) fn because(self, cause: &'static Cause) -> Self {
        Self { suspects: vec![cause], ..self }
    }

    pub(super) fn saw(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    /// The report: with what the kernel knows of resets and page faults, and what may be behind it.
    pub(super) fn fall(self, rung: Rung, site: Option<&Site>) -> Fall {
        let Self { sign, mut evidence, suspects, error, mismatch } = self;
        let reset = site.and_then(|site| site.context.query_reset().ok());
        match reset {
            // A request that was refused is no matter of resets.
            None => {}
            Some(ResetState { status: ResetStatus::Ok, flags }) if flags.is_empty() && sign == Sign::Refused => {}
            Some(ResetState { status: ResetStatus::Ok, flags }) if flags.is_empty() => {
                evidence.push("the kernel knows of no reset since the context was made".into());
            }
            Some(state) => evidence.push(format!("reset state of the context: {:?}, {:?}", state.status, state.flags)),
        }
        let page_fault = site.and_then(Site::new_page_fault);
        let mut causes = suspects;
        if let Some((address, status)) = page_fault {
            evidence.push(format!("the kernel noted a page fault of the GPU at {address:#x}, status {status:#x}"));
            causes.extend(rung.causes(Sign::Faulted));
        }
        if let Some(error) = &error {
            causes.extend(causes::of_error(error));
        }
        // An error that says what it is needs no guesses of the rung.
        if sign != Sign::Refused || causes.is_empty() {
            causes.extend(rung.causes(sign));
        }
        let mut known: Vec<&'static Cause> = Vec::new();
        for cause in causes {
            if !known.contains(&cause) {
                known.push(cause);
            }
        }
        if known.is_empty() {
            known.push(&causes::UNKNOWN);
        }
        Fall {
            sign,
            evidence,
            causes: known,
            error: error.map(|error| *error),
            mismatch: mismatch.map(|mismatch| *mismatch),
            reset,
            page_fault,
        }
    }
}

impl From<KmdError> for Stop {
    fn from(error: KmdError) -> Self {
        match error {
            KmdError::ContextLost(lost) => {
                let stop = Self::new(sign_of_loss(&lost, None), format!("the context is lost: {lost}"));
                Self { error: Some(Box::new(KmdError::ContextLost(lost).into())), ..stop }
            }
            error => Error::from(error).into(),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        let sign = match &error {
            Error::TimedOut => Sign::TimedOut,
            Error::DeviceLost(hang) => match hang.kind() {
                HangKind::Hung | HangKind::Unfinished => Sign::Hung,
                HangKind::Faulted => Sign::Faulted,
                HangKind::Cancelled => Sign::Cancelled,
            },
            _ => Sign::Refused,
        };
        let stop = Self::new(sign, error.to_string());
        Self { error: Some(Box::new(error)), ..stop }
    }
}

impl From<pm4::EncodeError> for Stop {
    fn from(error: pm4::EncodeError) -> Self {
        Error::from(error).into()
    }
}

/// `hung` is what the device itself says, where it says anything.
fn sign_of_loss(lost: &Lost, hung: Option<bool>) -> Sign {
    match (lost.reason, hung) {
        (LostReason::Innocent, _) => Sign::Cancelled,
        (_, Some(false)) => Sign::Faulted,
        _ => Sign::Hung,
    }
}

/// Memory that both sides have mapped.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) map: GpuMap,
    cpu: CpuMap,
}

impl Memory {
    fn new(kmd: &Arc<kmd::Device>, bytes: u64, placement: Placement, flags: VmFlags) -> Result<Self, KmdError> {
        let bo = kmd.alloc(bytes, placement)?;
        Ok(Self { cpu: bo.map_cpu()?, map: bo.map_gpu(flags)? })
    }

    pub(super) fn va(&self) -> u64 {
        self.map.va()
    }

    pub(super) fn placement(&self) -> Placement {
        self.map.bo().placement()
    }

    pub(super) fn fill(&self, words: &[u32]) -> Result<(), KmdError> {
        self.cpu.write_at(0, bytemuck::cast_slice(words))
    }

    pub(super) fn words(&self, count: usize) -> Result<Vec<u32>, KmdError> {
        let mut words = vec![0u32; count];
        self.cpu.read_at(0, bytemuck::cast_slice_mut(&mut words))?;
        Ok(words)
    }
}

/// A kind of memory, and an area each to write to and to read from.
#[derive(Debug)]
pub(super) struct Ground {
    /// Its number: part of the poison.
    pub(super) index: u32,
    pub(super) out: Memory,
    pub(super) input: Memory,
}

impl Ground {
    pub(super) fn name(&self) -> &'static str {
        name_of(self.out.placement())
    }

    /// Whether it may lie elsewhere than it was asked for: where there is no room, the driver tries again without the wish for
    /// the CPU's window, and then in system memory too (`amdgpu_gem_create_ioctl`). The buffer remembers the wishes that
    /// were left. A kernel that doesn't answer is trusted.
    fn is_elsewhere(&self) -> bool {
        [&self.out, &self.input].into_iter().any(|memory| {
            let wishes = memory.map.bo().created_as();
            memory.placement() == Placement::VramCpu
                && wishes.is_ok_and(|wishes| {
                    wishes.domains != u64::from(GEM_DOMAIN_VRAM)
                        || wishes.domain_flags & GEM_CREATE_CPU_ACCESS_REQUIRED == 0
                })
        })
    }
}

/// A kind of memory in a message.
pub(super) fn name_of(placement: Placement) -> &'static str {
    match placement {
        Placement::Vram | Placement::VramCpu => "video memory",
        Placement::Gtt | Placement::GttWc => "system memory",
        Placement::Doorbell => "doorbells",
    }
}

/// What the rungs stand on.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) kmd: Arc<kmd::Device>,
    pub(super) gpu: Arc<Gpu>,
    /// The same for this library's own surface.
    pub(super) device: Device,
    /// Shader engines and CUs, for preambles.
    pub(super) shape: dispatch::Device,
    pub(super) ring: Ring,
    context: Context,
    pub(super) timeout: Duration,
    sequence: (Bo, CpuMap),
    commands: Memory,
    pub(super) crumbs: Memory,
    pub(super) grounds: Vec<Ground>,
    /// What is worth a word although it is no failure.
    pub(super) notes: Vec<String>,
    /// The page fault that the kernel knew of before.
    old_fault: Option<(u64, u32)>,
}

fn page_fault(kmd: &kmd::Device) -> Option<(u64, u32)> {
    let fault = kmd.last_fault().ok().flatten()?;
    Some((fault.addr, fault.status))
}

impl Site {
    /// The ring that was asked for, else the first for compute work.
    pub(super) fn choose_ring(kmd: &kmd::Device, index: Option<u32>) -> Result<Ring, Stop> {
        if let Some(index) = index {
            let ring = Ring { ip: Ip::Compute, index };
            let mask = kmd.ip(Ip::Compute).ring_mask;
            return if kmd.rings(Ip::Compute).any(|known| known == ring) {
                Ok(ring)
            } else {
                Err(KmdError::NoSuchRing { ring, mask }.into())
            };
        }
        let first = kmd.rings(Ip::Compute).chain(kmd.rings(Ip::Gfx)).next();
        first.ok_or_else(|| {
            let mask = |ip| kmd.ip(ip).ring_mask;
            let seen = format!("HW_IP_INFO: compute rings {:#x}, gfx rings {:#x}", mask(Ip::Compute), mask(Ip::Gfx));
            Stop::new(Sign::Refused, "the kernel offers no ring for compute work").saw(seen).because(&causes::NO_RING)
        })
    }

    /// Allocates and maps everything, and checks what can be checked without the GPU.
    pub(super) fn new(kmd: Arc<kmd::Device>, engine: Engine, ring: Ring, timeout: Duration) -> Result<Self, Stop> {
        let mut notes = Vec::new();
        // A kernel that doesn't know the question says nothing about the answer.
        if matches!(kmd.is_working(), Ok(false)) {
            return Err(Stop::new(Sign::Refused, "INFO_ACCEL_WORKING is 0").because(&causes::NOT_WORKING));
        }
        let gpu = Arc::new(Gpu::new(Arc::clone(&kmd), engine)?);
        let device = Device::of(Arc::clone(&gpu));
        let shape = dispatch::Device::of(gpu.gfx()).with_engines(kmd.info().shader_engines)?;
        let mut grounds = Vec::new();
        for placement in [Placement::Gtt, Placement::VramCpu] {
            let index = grounds.len() as u32;
            let area = || Memory::new(&kmd, AREA_BYTES, placement, VmFlags::RW);
            match area().and_then(|out| Ok(Ground { index, out, input: area()? })) {
                Ok(ground) if ground.is_elsewhere() => {
                    notes.push("video memory is not tried: the part that the CPU can map is full".into());
                }
                Ok(ground) => grounds.push(ground),
                Err(error @ KmdError::OutOfMemory { .. }) if placement == Placement::VramCpu => {
                    notes.push(format!("video memory is not tried: {error}"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        for ground in &grounds {
            mapping_holds(&ground.out)?;
        }
        let commands = Memory::new(&kmd, COMMAND_BYTES, Placement::GttWc, VmFlags::RX)?;
        let crumbs = Memory::new(&kmd, GPU_PAGE, Placement::Gtt, VmFlags::RW)?;
        let sequence = kmd.alloc(GPU_PAGE, Placement::Gtt)?;
        let sequence = (sequence.clone(), sequence.map_cpu()?);
        let context = Context::new(&kmd, Priority::Normal)?;
        let state = context.query_reset()?;
        if state.status != ResetStatus::Ok {
            let seen = format!("reset state of a new context: {:?}, {:?}", state.status, state.flags);
            return Err(Stop::new(Sign::Refused, seen).because(&causes::LOST_BEFORE));
        }
        let old_fault = page_fault(&kmd);
        Ok(Self {
            gpu,
            device,
            shape,
            ring,
            context,
            timeout,
            sequence,
            commands,
            crumbs,
            grounds,
            notes,
            old_fault,
            kmd,
        })
    }

    /// A page fault that came after the ladder began.
    pub(super) fn new_page_fault(&self) -> Option<(u64, u32)> {
        page_fault(&self.kmd).filter(|fault| self.old_fault.as_ref() != Some(fault))
    }

    /// Where kernel arguments lie.
    pub(super) fn args_va(&self) -> u64 {
        self.commands.va()
    }

    /// Runs an indirect buffer to its end. Whether the ring's own write of the sequence number arrived is told beside: it is
    /// no part of the buffer.
    pub(super) fn run(&self, args: &[u8], dwords: &[u32], maps: &[GpuMap]) -> Result<Sequence, Stop> {
        let room = COMMAND_BYTES - IB_OFFSET;
        let bytes = 4 * dwords.len() as u64;
        if bytes > room || args.len() as u64 > IB_OFFSET {
            return Err(KmdError::OutOfRange { offset: IB_OFFSET, len: bytes, size: COMMAND_BYTES }.into());
        }
        self.commands.cpu.write_at(0, args)?;
        self.commands.cpu.write_at(IB_OFFSET, bytemuck::cast_slice(dwords))?;
        let (page, sequence) = &self.sequence;
        sequence.store_u64(0, NO_SEQUENCE)?;
        let mut submission = Submission::new()
            .ib(self.commands.va() + IB_OFFSET, bytes as u32, self.ring)
            .mapping(&self.commands.map)
            .mapping(&self.crumbs.map)
            .user_fence(page, 0);
        for map in maps {
            submission = submission.mapping(map);
        }
        let fence = submission.submit(&self.context)?;
        self.wait(&fence)?;
        Ok(Sequence { expected: fence.seq(), got: sequence.load_u64(0)? })
    }

    fn wait(&self, fence: &CsFence) -> Result<(), Stop> {
        match fence.wait(Deadline::after(self.timeout))? {
            Wait::Signaled => Ok(()),
            Wait::TimedOut => Err(Stop::new(
                Sign::TimedOut,
                format!(
                    "the fence of submission {} on ring {} has not signalled after {:?}",
                    fence.seq(),
                    self.ring,
                    self.timeout
                ),
            )),
            Wait::DeviceLost(lost) => {
                let detail = self.kmd.node().explain(self.context.id());
                let sign = sign_of_loss(&lost, detail.as_ref().map(|detail| detail.hung));
                let seen = format!("the fence of submission {} on ring {}: {lost}", fence.seq(), self.ring);
                let stop = Stop::new(sign, seen);
                let stop = match detail {
                    Some(detail) => stop.saw(format!("the device says: {}", detail.reason)),
                    None => stop,
                };
                Err(Stop { error: Some(Box::new(KmdError::ContextLost(lost).into())), ..stop })
            }
        }
    }
}

/// The sequence number that the ring was told to write behind the indirect buffer.
pub(super) struct Sequence {
    pub(super) expected: u64,
    pub(super) got: u64,
}

impl Sequence {
    pub(super) fn arrived(&self) -> bool {
        self.expected == self.got
    }
}

/// Two mappings of one buffer show the same memory, from its first dword to its last.
fn mapping_holds(memory: &Memory) -> Result<(), Stop> {
    let poison: Vec<u32> = (0..AREA_DW as u32).map(|i| 0x5a00_0000 | i).collect();
    memory.fill(&poison)?;
    let again = memory.map.bo().map_cpu_read()?;
    let mut seen = vec![0u32; AREA_DW];
    again.read_at(0, bytemuck::cast_slice_mut(&mut seen))?;
    let Some(dword) = (0..AREA_DW).find(|&i| seen[i] != poison[i]) else { return Ok(()) };
    let (placement, wrong) = (memory.placement(), (0..AREA_DW).filter(|&i| seen[i] != poison[i]).count());
    let mismatch = Mismatch {
        area: "a buffer, written through one CPU mapping and read through another",
        placement,
        run: 1,
        dword,
        va: 0,
        expected: poison[dword],
        got: seen[dword],
        wrong,
        written: AREA_DW,
        strayed: 0,
    };
    let seen = format!(
        "{}, {}: dword {dword} expects {:#010x}, holds {:#010x}; {wrong} of {AREA_DW} dwords are wrong",
        name_of(placement),
        mismatch.area,
        mismatch.expected,
        mismatch.got
    );
    Err(Stop { mismatch: Some(Box::new(mismatch)), ..Stop::new(Sign::Wrong, seen).because(&causes::MAPPING_ELSEWHERE) })
}
