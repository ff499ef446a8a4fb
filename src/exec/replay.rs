//! Submissions from a file, run on the software device.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use pm4::submission::{Residency, Ring as RingKind, Submission, canonical};
use pm4::{Gfx, Packet};

use super::device::Engine;
use super::hang::Hang;
use crate::error::Error;
use crate::kmd::{self, Context, Deadline, GPU_PAGE, GpuMap, Ip, KmdError, Placement, Priority, Ring, VmFlags, Wait};
use crate::soft::{Arch, Config, SoftNode};

/// How long after the software device's own watchdog a wait gives up.
const GRACE: Duration = Duration::from_secs(10);

/// How a submission went on the software device.
#[derive(Debug)]
#[non_exhaustive]
pub struct Replayed {
    /// What became of it; `None` where it ran to its end.
    pub hang: Option<Hang>,
    /// Buffers of which nothing was known: they held zeros.
    pub blank: Vec<String>,
}

/// Addresses that are mapped as one: whole pages.
#[derive(Debug)]
struct Run {
    end: u64,
    flags: VmFlags,
}

/// Runs a submission once on a software device of its own: its buffers at their addresses, with the content that is known
/// of them. `config` is the device's; its part is taken from the submission.
///
/// ```
/// use sparkle_pm4::{Device, ops, replay, soft::Config};
///
/// let device = Device::emulated()?;
/// let queue = device.queue()?;
/// let (a, mut y) = (device.upload(&[1.0f32; 64])?, device.zeros::<f32>(64)?);
/// let submission = queue.record(&ops::VectorAdd, (&a, &a, &mut y))?.captured();
/// let replayed = replay(&submission, Config::strict())?;
/// assert!(replayed.hang.is_none());
/// assert!(replayed.blank.iter().all(|name| name.starts_with("buffer")));
/// # Ok::<(), sparkle_pm4::Error>(())
/// ```
///
/// # Errors
/// [`Error::UnsupportedGfx`] for a part that is not emulated, [`Error::Replay`] for a submission that can't be set up;
/// what the software device says otherwise.
pub fn replay(submission: &Submission, config: Config) -> Result<Replayed, Error> {
    let arch = arch(submission.gfx)?;
    let timeout = config.job_timeout.saturating_add(GRACE);
    let node = SoftNode::new(Config { arch, ..config }).map_err(Error::Soft)?;
    let device = kmd::Device::open(Arc::new(node))?;
    let context = Context::new(&device, Priority::Normal)?;
    let ip = match submission.ring {
        RingKind::Gfx => Ip::Gfx,
        RingKind::Compute => Ip::Compute,
        RingKind::Sdma => Ip::Sdma,
    };
    let ring = Ring { ip, index: 0 };

    let memory = Memory::new(&device, submission)?;
    let mut blank = Vec::new();
    for buffer in submission.buffers.buffers().iter().filter(|b| b.residency != Residency::Freed) {
        let known = buffer.content.len().min(usize::try_from(buffer.bytes).unwrap_or(usize::MAX));
        memory.write(buffer.va, &buffer.content[..known])?;
        let ib_within = submission.ibs.iter().any(|ib| ib.va.is_some_and(|va| buffer.range().contains(&va)));
        if known == 0 && !ib_within {
            blank.push(buffer.name.clone());
        }
    }
    let called = called(submission);
    let mut job = kmd::Submission::new();
    for map in memory.maps.values() {
        job = job.mapping(map);
    }
    for ib in &submission.ibs {
        let bytes: Vec<u8> = ib.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let length = u32::try_from(bytes.len()).map_err(|_| refuse("an indirect buffer is longer than 4 GiB"))?;
        if length == 0 {
            continue;
        }
        let called = ib.va.is_some_and(|va| called.contains(&va));
        let va = match ib.va {
            Some(va) => {
                memory.write(va, &bytes)?;
                va
            }
            None => {
                let bo = device.alloc(length.into(), Placement::Gtt)?;
                let map = bo.map_gpu(VmFlags::RX)?;
                bo.map_cpu()?.write_at(0, &bytes)?;
                job = job.mapping(&map);
                map.va()
            }
        };
        if !called {
            job = job.ib(va, length, ring);
        }
    }
    let fence = job.submit(&context)?;
    let hang = match fence.wait(Deadline::after(timeout))? {
        Wait::Signaled => None,
        Wait::TimedOut => return Err(Error::TimedOut),
        Wait::DeviceLost(lost) => Some(Hang::of_fence(&device, Engine::Emu, &fence, &lost, Some(submission.clone()))),
    };
    Ok(Replayed { hang, blank })
}

fn refuse(why: impl Into<String>) -> Error {
    Error::Replay { why: why.into() }
}

/// Where the indirect buffers lie that another one calls or chains to: those are executed there.
fn called(submission: &Submission) -> HashSet<u64> {
    let mut found = HashSet::new();
    if submission.ring != RingKind::Sdma {
        for packet in submission.ibs.iter().flat_map(|ib| pm4::decode(&ib.words)).filter_map(|item| item.packet.ok()) {
            match packet {
                Packet::IndirectBuffer(call) => _ = found.insert(canonical(call.ib_base)),
                Packet::CondIndirectBuffer(call) => found.extend([call.ib_base1, call.ib_base2].map(canonical)),
                _ => {}
            }
        }
    }
    found
}

/// The part that is emulated for a target.
fn arch(gfx: Gfx) -> Result<Arch, Error> {
    Arch::from_target(gfx.name()).ok_or_else(|| Error::UnsupportedGfx {
        found: gfx.name().to_owned(),
        supported: Arch::ALL.map(Arch::target).join(", "),
    })
}

/// The mappings of a submission.
struct Memory {
    maps: BTreeMap<u64, GpuMap>,
}

impl Memory {
    /// Whole pages for every buffer and every indirect buffer that has an address; what shares a page is one mapping, with
    /// all that either allows.
    fn new(device: &Arc<kmd::Device>, submission: &Submission) -> Result<Self, Error> {
        let live = submission.buffers.buffers().iter().filter(|b| b.residency != Residency::Freed);
        let mut ranges: Vec<(u64, u64, VmFlags)> = Vec::new();
        for buffer in live {
            let access = buffer.access;
            let flags = VmFlags { read: access.read, write: access.write, exec: access.execute, ..VmFlags::R };
            ranges.push((buffer.va, buffer.bytes, flags));
        }
        for ib in &submission.ibs {
            ranges
                .extend(ib.va.filter(|_| !ib.words.is_empty()).map(|va| (va, 4 * ib.words.len() as u64, VmFlags::RX)));
        }
        ranges.sort_by_key(|(va, ..)| *va);
        let mut runs: BTreeMap<u64, Run> = BTreeMap::new();
        for (va, bytes, flags) in ranges {
            let start = va - va % GPU_PAGE;
            let end = va.checked_add(bytes).and_then(|end| end.checked_next_multiple_of(GPU_PAGE));
            let end =
                end.ok_or_else(|| refuse(format!("a buffer at {va:#x} of {bytes:#x} bytes passes the last address")))?;
            match runs.last_entry().filter(|last| last.get().end > start) {
                Some(mut last) => {
                    let run = last.get_mut();
                    run.end = run.end.max(end);
                    run.flags.read |= flags.read;
                    run.flags.write |= flags.write;
                    run.flags.exec |= flags.exec;
                }
                None => _ = runs.insert(start, Run { end, flags }),
            }
        }
        let mut maps = BTreeMap::new();
        for (va, Run { end, flags }) in runs {
            let bo = match device.alloc(end - va, Placement::VramCpu) {
                Err(KmdError::OutOfMemory { .. }) => device.alloc(end - va, Placement::Gtt)?,
                other => other?,
            };
            maps.insert(va, bo.map_gpu_at(va, flags)?);
        }
        Ok(Self { maps })
    }

    /// Puts bytes at an address that is mapped.
    fn write(&self, va: u64, bytes: &[u8]) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        let map = self.maps.range(..=va).next_back().map(|(_, map)| map);
        let map = map.ok_or_else(|| refuse(format!("nothing is mapped at {va:#x}")))?;
        Ok(map.bo().map_cpu()?.write_at(va - map.va(), bytes)?)
    }
}
