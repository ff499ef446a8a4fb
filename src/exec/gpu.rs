//! What the gpu and emu engines share: loading kernels, memory, and writing streams.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pm4::dispatch::{self, Agent};
use pm4::{Gfx, Stream};

use super::buffer::RawBuffer;
use super::device::Engine;
use super::hang::Hang;
use super::lint::{Author, Lint};
use super::module::LoadedKernel;
use super::recording::{Job, Recording};
use super::step::{self, Layout, QUEUE_BLOCK_BYTES, Step};
use crate::error::Error;
use crate::kmd::{
    self, AllocFlags, Bo, Context, CpuMap, Deadline, GpuMap, Ip, KmdError, Placement, Priority, Ring, Submission,
    VmFlags, Wait,
};
use crate::object::CodeObject;

/// Staging memory of a read-back.
const STAGING_BYTES: u64 = 16 << 20;
/// How long a transfer may take: far beyond any bus.
const TRANSFER_TIME: Duration = Duration::from_secs(30);

/// What a submission does with a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Reads only.
    Read,
    /// Writes, and perhaps reads.
    Write,
}

/// An open GPU.
#[derive(Debug)]
pub struct Gpu {
    kmd: Arc<kmd::Device>,
    engine: Engine,
    gfx: Gfx,
    lint: AtomicU8,
    loaded: Mutex<HashMap<&'static str, Arc<LoadedKernel>>>,
    transfer: Mutex<Option<Arc<Context>>>,
    keep_data: AtomicBool,
}

impl Gpu {
    pub(crate) fn new(kmd: Arc<kmd::Device>, engine: Engine) -> Result<Self, Error> {
        let found = kmd.info().gfx_target.clone();
        let gfx = found
            .parse()
            .map_err(|_| Error::UnsupportedGfx { found, supported: Gfx::ALL.map(Gfx::name).join(", ") })?;
        let lint = AtomicU8::new(Lint::by_default(engine == Engine::Emu) as u8);
        Ok(Self {
            kmd,
            engine,
            gfx,
            lint,
            loaded: Mutex::default(),
            transfer: Mutex::default(),
            keep_data: AtomicBool::new(false),
        })
    }

    pub(crate) fn kmd(&self) -> &Arc<kmd::Device> {
        &self.kmd
    }

    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    pub(crate) fn gfx(&self) -> Gfx {
        self.gfx
    }

    /// Which streams the linter sees before the kernel does.
    pub(crate) fn lint(&self) -> Lint {
        Lint::EVERY[usize::from(self.lint.load(Ordering::Relaxed))]
    }

    pub(crate) fn set_lint(&self, lint: Lint) {
        self.lint.store(lint as u8, Ordering::Relaxed);
    }

    /// Whether each submission keeps what its buffers held before.
    pub(crate) fn keeps_data(&self) -> bool {
        self.keep_data.load(Ordering::Relaxed)
    }

    pub(crate) fn set_keep_data(&self, keep: bool) {
        self.keep_data.store(keep, Ordering::Relaxed);
    }

    /// The ring that work goes to: a compute ring, or the graphics ring where there is none.
    pub(crate) fn ring(&self) -> Result<Ring, Error> {
        let ring = self.kmd.rings(Ip::Compute).chain(self.kmd.rings(Ip::Gfx)).next();
        ring.ok_or_else(|| Error::NoDevice {
            reason: "the kernel offers neither a compute nor a graphics ring".into(),
            next: "see the kernel log for why the rings did not start".into(),
            permission: false,
        })
    }

    /// Video memory, or system memory where that is short. System memory is always clear.
    pub(super) fn video_or(
        &self,
        system: Placement,
        bytes: u64,
        video: Placement,
        flags: AllocFlags,
    ) -> Result<Bo, Error> {
        let bytes = bytes.max(1);
        match self.kmd.alloc_with(bytes, video, flags) {
            Err(KmdError::OutOfMemory { .. }) => Ok(self.kmd.alloc(bytes, system)?),
            other => Ok(other?),
        }
    }

    /// Memory that the CPU fills and the GPU uses: video memory that the CPU can map, system memory where that is
    /// short (a card without resizable BAR).
    pub(crate) fn allocate(self: &Arc<Self>, bytes: u64, zeroed: bool) -> Result<GpuMemory, Error> {
        let flags = if zeroed { AllocFlags::CLEARED } else { AllocFlags::empty() };
        let bo = self.video_or(Placement::Gtt, bytes, Placement::VramCpu, flags)?;
        let map = bo.map_gpu(VmFlags::RW)?;
        let cpu = bo.map_cpu()?;
        Ok(GpuMemory { gpu: Arc::clone(self), map, cpu: Some(cpu) })
    }

    /// Video memory that only the GPU touches.
    pub(crate) fn workspace(&self, bytes: u64) -> Result<GpuMap, Error> {
        let bo = self.video_or(Placement::Gtt, bytes, Placement::Vram, AllocFlags::empty())?;
        Ok(bo.map_gpu(VmFlags::RW)?)
    }

    /// Scratch memory: the CPU never looks at it.
    pub(crate) fn scratch(self: &Arc<Self>, bytes: u64) -> Result<GpuMemory, Error> {
        Ok(GpuMemory { gpu: Arc::clone(self), map: self.workspace(bytes)?, cpu: None })
    }

    /// Memory for commands and kernel arguments.
    pub(crate) fn commands(&self, bytes: u64) -> Result<Commands, Error> {
        let bo = self.kmd.alloc(bytes, Placement::GttWc)?;
        Ok(Commands { map: bo.map_gpu(VmFlags::RX)?, cpu: bo.map_cpu()? })
    }

    /// A kernel of this repository, loaded once a device.
    pub(crate) fn in_tree(&self, kernel: &'static kernels::Kernel) -> Result<Arc<LoadedKernel>, Error> {
        let mut loaded = lock(&self.loaded);
        if let Some(kernel) = loaded.get(kernel.name) {
            return Ok(Arc::clone(kernel));
        }
        let object = Arc::new(CodeObject::parse_for(kernel.object, self.gfx.name())?);
        let (image, _) = self.load_image(&object)?;
        let fresh = Arc::new(self.load_kernel(&object, kernel.name, image, None)?);
        loaded.insert(kernel.name, Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Writes steps as a stream: kernel arguments first, then what else the kernels ask to be pointed to, then the IB,
    /// in one buffer. `memory` gives room for that many bytes, `scratch` scratch memory.
    pub(crate) fn record(
        self: &Arc<Self>,
        mut steps: Vec<Step>,
        ring: Ring,
        memory: impl FnOnce(u64) -> Result<Commands, Error>,
        scratch: impl FnOnce(u64) -> Result<Arc<RawBuffer>, Error>,
    ) -> Result<Recording, Error> {
        steps.iter().try_for_each(Step::check)?;
        let mut layout = Layout::default();
        let places: Vec<_> = steps.iter().map(|step| step.place(&mut layout)).collect();
        let queue_block = steps.iter().any(Step::needs_queue).then(|| layout.take(QUEUE_BLOCK_BYTES));
        let ib_offset = layout.take(0);

        // The arguments' addresses are part of the stream, so memory comes first; its length is known roughly.
        let commands = memory(ib_offset + 4096 + 1024 * steps.len() as u64)?;
        let va = commands.map.va();
        let mut packed = vec![0u8; ib_offset as usize];
        let mut put = |at: u64, bytes: &[u8]| packed[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
        if let Some(at) = queue_block {
            put(at, &step::queue_block());
        }
        for (step, place) in steps.iter_mut().zip(&places) {
            step.queue_va = queue_block.map_or(0, |at| va + at);
            put(place.args, &step.pack()?);
            if let Some(at) = place.packet {
                put(at, &step.aql_packet(va + place.args)?);
            }
        }
        commands.cpu.write_at(0, &packed)?;

        let device = dispatch::Device::of(self.gfx).with_engines(self.kmd.info().shader_engines)?;
        let need = steps.iter().filter_map(|step| step.scratch_bytes(&device)).max();
        let scratch = need.map(scratch).transpose()?;
        let mut stream = self.stream(ring);
        dispatch::preamble_for(&mut stream, &device)?;
        for (i, (step, place)) in steps.iter().zip(&places).enumerate() {
            if i > 0 {
                dispatch::barrier_compute_to_compute(&mut stream)?;
            }
            let memory = scratch.as_ref().and_then(|raw| raw.gpu()).map(GpuMemory::map);
            step.emit(&mut stream, va + place.args, place.packet.map(|at| va + at), &device, memory)?;
        }
        dispatch::release_to_host(&mut stream)?;
        stream.pad()?;
        let steps = steps.into_iter().zip(places.iter().map(|place| place.args)).collect();
        let job = Job::new(self, ring, stream, &commands.map, Author::Library);
        Ok(Recording::new(Job { ib_offset, args: packed, steps, scratch, ..job }, commands))
    }

    /// A stream for a ring, which states its plan where the linter will want it.
    fn stream(&self, ring: Ring) -> Stream {
        let mut stream = Stream::on(match ring.ip {
            Ip::Gfx => pm4::Ring::Gfx,
            _ => pm4::Ring::Compute,
        });
        stream.audited(self.lint() != Lint::Off);
        stream
    }

    fn transfer_context(&self) -> Result<Arc<Context>, Error> {
        let mut context = lock(&self.transfer);
        if let Some(context) = &*context {
            return Ok(Arc::clone(context));
        }
        let fresh = Arc::new(Context::new(&self.kmd, Priority::Normal)?);
        *context = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Runs a stream to its end on a context of its own: transfers.
    fn run(self: &Arc<Self>, stream: Stream, maps: Vec<GpuMap>) -> Result<(), Error> {
        let context = self.transfer_context()?;
        let commands = self.commands(4 * stream.len_dw() as u64)?;
        let job = Job::new(self, self.ring()?, stream, &commands.map, Author::Library);
        let job = Job { maps, ..job };
        job.lint()?;
        commands.write_ib(0, job.stream.dwords())?;
        let bytes = 4 * job.stream.len_dw() as u32;
        let mut submission = Submission::new().ib(job.va(), bytes, job.ring).mapping(&job.map);
        for map in &job.maps {
            submission = submission.mapping(map);
        }
        let fence = submission.submit(&context)?;
        match fence.wait(Deadline::after(TRANSFER_TIME))? {
            Wait::Signaled => Ok(()),
            Wait::TimedOut => Err(Error::TimedOut),
            Wait::DeviceLost(lost) => {
                *lock(&self.transfer) = None;
                Err(Hang::lost(self, &fence, &lost, Some(&job)).into())
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A buffer's memory on a GPU.
#[derive(Debug)]
pub struct GpuMemory {
    gpu: Arc<Gpu>,
    map: GpuMap,
    cpu: Option<CpuMap>,
}

impl GpuMemory {
    /// Memory that is mapped for both.
    pub(crate) fn new(gpu: &Arc<Gpu>, map: GpuMap, cpu: CpuMap) -> Self {
        Self { gpu: Arc::clone(gpu), map, cpu: Some(cpu) }
    }

    fn cpu(&self) -> Result<&CpuMap, Error> {
        Ok(self.cpu.as_ref().ok_or(KmdError::NotCpuVisible { handle: self.map.bo().handle() })?)
    }

    pub(crate) fn va(&self) -> u64 {
        self.map.va()
    }

    pub(crate) fn map(&self) -> &GpuMap {
        &self.map
    }

    pub(crate) fn is_of(&self, gpu: &Arc<Gpu>) -> bool {
        Arc::ptr_eq(&self.gpu, gpu)
    }

    pub(crate) fn write_at(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        Ok(self.cpu()?.write_at(offset, data)?)
    }

    /// Reads back. Loads from video memory over the bus are slow beyond use, so that the GPU copies into cached
    /// system memory first.
    pub(crate) fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        if self.map.bo().placement() == Placement::Gtt {
            return Ok(self.cpu()?.read_at(offset, out)?);
        }
        if out.is_empty() {
            return Ok(());
        }
        let size = (out.len() as u64).min(STAGING_BYTES);
        let bo = self.gpu.kmd.alloc(size, Placement::Gtt)?;
        let (staging, host) = (bo.map_gpu(VmFlags::RW)?, bo.map_cpu_read()?);
        let mut done = offset;
        for piece in out.chunks_mut(size as usize) {
            let mut stream = self.gpu.stream(self.gpu.ring()?);
            stream.copy(self.va() + done, staging.va(), piece.len() as u64)?;
            stream.barrier(Agent::Dma, Agent::Host)?;
            stream.pad()?;
            self.gpu.run(stream, vec![self.map.clone(), staging.clone()])?;
            host.read_at(0, piece)?;
            done += piece.len() as u64;
        }
        Ok(())
    }
}

/// Memory with an IB and the kernel arguments that it names.
#[derive(Debug)]
pub struct Commands {
    pub(crate) map: GpuMap,
    cpu: CpuMap,
}

impl Commands {
    pub(crate) fn write_ib(&self, offset: u64, dwords: &[u32]) -> Result<(), Error> {
        let bytes: Vec<u8> = dwords.iter().flat_map(|d| d.to_le_bytes()).collect();
        self.write_at(offset, &bytes)
    }

    pub(crate) fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        Ok(self.cpu.write_at(offset, bytes)?)
    }

    pub(crate) fn room(&self) -> u64 {
        self.cpu.size()
    }
}
