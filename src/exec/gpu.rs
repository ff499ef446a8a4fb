//! What the gpu and emu engines share: loading kernels, memory, and writing streams.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pm4::dispatch::{self, Agent, KernelSpec, LDS_MAX, Work};
use pm4::reg::{COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC2, COMPUTE_PGM_RSRC3, COMPUTE_USER_DATA_COUNT};
use pm4::submission::{Access, Use};
use pm4::{Gfx, Stream};

use super::device::Engine;
use super::lint::{Author, Lint};
use super::queue::explain_loss;
use super::recording::Recording;
use crate::error::Error;
use crate::kmd::{
    self, AllocFlags, Bo, Context, CpuMap, Deadline, GpuMap, Ip, KmdError, Placement, Priority, Ring, Submission,
    VmFlags, Wait,
};
use crate::object::{ArgValue, CodeObject, KernelInfo, Launch};

/// Staging memory of a read-back.
const STAGING_BYTES: u64 = 16 << 20;
/// How long a transfer may take: far beyond any bus.
const TRANSFER_TIME: Duration = Duration::from_secs(30);
/// What the instruction prefetcher may read beyond the last instruction.
const PREFETCH_BYTES: u64 = 256;

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
}

impl Gpu {
    pub(crate) fn new(kmd: Arc<kmd::Device>, engine: Engine) -> Result<Self, Error> {
        let found = kmd.info().gfx_target.clone();
        let gfx = found
            .parse()
            .map_err(|_| Error::UnsupportedGfx { found, supported: Gfx::ALL.map(Gfx::name).join(", ") })?;
        let lint = AtomicU8::new(Lint::by_default(engine == Engine::Emu) as u8);
        Ok(Self { kmd, engine, gfx, lint, loaded: Mutex::default(), transfer: Mutex::default() })
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
    fn video_or(&self, system: Placement, bytes: u64, video: Placement, flags: AllocFlags) -> Result<Bo, Error> {
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
        Ok(GpuMemory { gpu: Arc::clone(self), map, cpu })
    }

    /// Video memory that only the GPU touches.
    pub(crate) fn workspace(&self, bytes: u64) -> Result<GpuMap, Error> {
        let bo = self.video_or(Placement::Gtt, bytes, Placement::Vram, AllocFlags::empty())?;
        Ok(bo.map_gpu(VmFlags::RW)?)
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
        let fresh = Arc::new(self.load(&CodeObject::parse(kernel.object)?, kernel.name)?);
        loaded.insert(kernel.name, Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Copies a code object's image to the GPU.
    pub(crate) fn load(&self, object: &CodeObject, name: &str) -> Result<LoadedKernel, Error> {
        object.check_target(self.gfx.name())?;
        let info = object.kernel(name)?.clone();
        let refuse = |what: String| Error::Kernel { kernel: name.to_owned(), what };
        if info.descriptor.uses_scratch() || info.scratch_bytes > 0 || info.uses_dynamic_stack {
            return Err(refuse("it needs scratch memory, which is not provided yet".into()));
        }
        let bytes = object.image().len() as u64 + PREFETCH_BYTES;
        let bo = self.video_or(Placement::GttWc, bytes, Placement::VramCpu, AllocFlags::empty())?;
        let image = bo.map_gpu(VmFlags::RX)?;
        bo.map_cpu()?.write_at(0, &object.image_at(image.va())?)?;
        let descriptor = &info.descriptor;
        let prepared = dispatch::Kernel::prepare(KernelSpec {
            lds_bytes: info.lds_bytes,
            required_block: info.required_workgroup_size,
            max_threads: info.max_workgroup_size,
            ..KernelSpec::new(
                self.gfx,
                image.va() + info.entry_offset,
                COMPUTE_PGM_RSRC1::from_bits(descriptor.compute_pgm_rsrc1),
                COMPUTE_PGM_RSRC2::from_bits(descriptor.compute_pgm_rsrc2),
                COMPUTE_PGM_RSRC3::from_bits(descriptor.compute_pgm_rsrc3),
                info.wave_size == 32,
            )
        });
        Ok(LoadedKernel { entry: image.va() + info.entry_offset, prepared: prepared?, info, image })
    }

    /// Writes steps as a stream: kernel arguments first, then the IB, in one buffer.
    /// `memory` gives room for that many bytes.
    pub(crate) fn record(
        self: &Arc<Self>,
        steps: Vec<Step>,
        ring: Ring,
        memory: impl FnOnce(u64) -> Result<Commands, Error>,
    ) -> Result<Recording, Error> {
        let mut offsets = Vec::new();
        let mut packed = Vec::new();
        for step in &steps {
            let args = step.pack()?;
            // An s_load may fetch whole cache lines: keep neighbours apart.
            packed.resize(packed.len().next_multiple_of(256), 0u8);
            offsets.push(packed.len() as u64);
            packed.extend(args);
        }
        let ib_offset = packed.len().next_multiple_of(256) as u64;

        // The arguments' addresses are part of the stream, so memory comes first; its length is known roughly.
        let room = ib_offset + 4096 + 1024 * steps.len() as u64;
        let commands = memory(room)?;
        commands.cpu.write_at(0, &packed)?;

        let mut stream = self.stream(ring);
        dispatch::preamble(&mut stream, self.kmd.info().shader_engines)?;
        for (i, step) in steps.iter().enumerate() {
            if i > 0 {
                dispatch::barrier_compute_to_compute(&mut stream)?;
            }
            step.emit(&mut stream, commands.map.va() + offsets[i])?;
        }
        dispatch::release_to_host(&mut stream)?;
        stream.pad()?;
        let recording = Recording::new(self, ring, stream, commands, Author::Library);
        let steps = steps.into_iter().zip(offsets).collect();
        Ok(Recording { ib_offset, args: packed, steps, ..recording })
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
        let mut recording = Recording::new(self, self.ring()?, stream, commands, Author::Library);
        recording.maps = maps;
        recording.lint()?;
        let Recording { stream, commands, ring, maps, .. } = recording;
        commands.write_ib(0, stream.dwords())?;
        let bytes = 4 * stream.len_dw() as u32;
        let mut submission = Submission::new().ib(commands.map.va(), bytes, ring).mapping(&commands.map);
        for map in &maps {
            submission = submission.mapping(map);
        }
        let fence = submission.submit(&context)?;
        match fence.wait(Deadline::after(TRANSFER_TIME))? {
            Wait::Signaled => Ok(()),
            Wait::TimedOut => Err(Error::TimedOut),
            Wait::DeviceLost(lost) => {
                *lock(&self.transfer) = None;
                Err(explain_loss(&self.kmd, context.id(), &lost))
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
    cpu: CpuMap,
}

impl GpuMemory {
    pub(crate) fn va(&self) -> u64 {
        self.map.va()
    }

    pub(crate) fn map(&self) -> &GpuMap {
        &self.map
    }

    pub(crate) fn is_of(&self, gpu: &Arc<Gpu>) -> bool {
        Arc::ptr_eq(&self.gpu, gpu)
    }

    pub(crate) fn write(&self, data: &[u8]) -> Result<(), Error> {
        Ok(self.cpu.write_at(0, data)?)
    }

    /// Reads back. Loads from video memory over the bus are slow beyond use, so that the GPU copies into cached
    /// system memory first.
    pub(crate) fn read(&self, out: &mut [u8]) -> Result<(), Error> {
        if self.map.bo().placement() == Placement::Gtt {
            return Ok(self.cpu.read_at(0, out)?);
        }
        if out.is_empty() {
            return Ok(());
        }
        let size = (out.len() as u64).min(STAGING_BYTES);
        let bo = self.gpu.kmd.alloc(size, Placement::Gtt)?;
        let (staging, host) = (bo.map_gpu(VmFlags::RW)?, bo.map_cpu_read()?);
        let mut done = 0;
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

/// A kernel in GPU memory.
#[derive(Debug)]
pub struct LoadedKernel {
    pub(crate) info: KernelInfo,
    pub(crate) image: GpuMap,
    pub(crate) entry: u64,
    /// It, checked for dispatches.
    prepared: dispatch::Kernel,
}

impl LoadedKernel {
    pub(crate) fn prepared(&self) -> &dispatch::Kernel {
        &self.prepared
    }
}

/// One argument of a step.
#[derive(Debug, Clone)]
pub enum StepArg {
    /// An address, and what is done there.
    Buffer(Arc<super::RawBuffer>, Usage),
    /// Memory that only the steps of this stream use, and what this one does there.
    Workspace(GpuMap, Usage),
    /// No address.
    Null,
    /// By value.
    U32(u32),
    /// By value.
    I32(i32),
    /// By value.
    F32(f32),
    /// By value.
    U64(u64),
    /// By value.
    Bytes(Vec<u8>),
}

/// One dispatch.
#[derive(Debug, Clone)]
pub struct Step {
    pub(crate) kernel: Arc<LoadedKernel>,
    /// Workgroups.
    pub(crate) grid: [u32; 3],
    /// Work-items of a workgroup.
    pub(crate) block: [u32; 3],
    /// LDS beyond what the kernel declares, in bytes.
    pub(crate) dynamic_lds: u32,
    pub(crate) args: Vec<StepArg>,
}

impl Step {
    fn refuse(&self, what: String) -> Error {
        Error::Kernel { kernel: self.kernel.info.name.clone(), what }
    }

    pub(super) fn pack(&self) -> Result<Vec<u8>, Error> {
        let values: Vec<ArgValue<'_>> = self
            .args
            .iter()
            .map(|arg| match arg {
                StepArg::Buffer(buffer, _) => ArgValue::Pointer(buffer.gpu().map_or(0, GpuMemory::va)),
                StepArg::Workspace(map, _) => ArgValue::Pointer(map.va()),
                StepArg::Null => ArgValue::Pointer(0),
                StepArg::U32(v) => ArgValue::U32(*v),
                StepArg::I32(v) => ArgValue::I32(*v),
                StepArg::F32(v) => ArgValue::F32(*v),
                StepArg::U64(v) => ArgValue::U64(*v),
                StepArg::Bytes(v) => ArgValue::Bytes(v),
            })
            .collect();
        let block = self.block.map(|b| u16::try_from(b).unwrap_or(u16::MAX));
        Ok(self.kernel.info.pack_args(&values, &Launch::uniform(self.grid, block))?)
    }

    /// Memory that the waves use beside code and arguments.
    pub(super) fn uses(&self) -> Vec<Use> {
        let given = self.kernel.info.explicit_args().zip(&self.args);
        let uses = given.filter_map(|(arg, value)| {
            let (map, usage) = match value {
                StepArg::Buffer(buffer, usage) => (buffer.gpu()?.map(), *usage),
                StepArg::Workspace(map, usage) => (map, *usage),
                _ => return None,
            };
            let access = match usage {
                Usage::Read => Access::R,
                Usage::Write if arg.access.as_deref() == Some("write_only") => Access::W,
                Usage::Write => Access::RW,
            };
            Some(Use { range: map.va()..map.va() + map.size(), access })
        });
        uses.collect()
    }

    fn emit(&self, stream: &mut Stream, kernarg_va: u64) -> Result<(), Error> {
        let info = &self.kernel.info;
        let threads = self.block.iter().try_fold(1u32, |a, &b| a.checked_mul(b)).unwrap_or(u32::MAX);
        if threads == 0 || threads > info.max_workgroup_size {
            let [x, y, z] = self.block;
            return Err(self
                .refuse(format!("a workgroup of {x}x{y}x{z} is outside 1..={} work-items", info.max_workgroup_size)));
        }
        if info.required_workgroup_size.is_some_and(|r| r != self.block) {
            return Err(self.refuse(format!(
                "it requires workgroups of {:?}, not {:?}",
                info.required_workgroup_size.unwrap_or_default(),
                self.block
            )));
        }
        let lds = info.lds_bytes.saturating_add(self.dynamic_lds);
        if lds > LDS_MAX {
            return Err(self.refuse(format!("{lds} bytes of LDS exceed a workgroup's {LDS_MAX}")));
        }
        let mut user_data = [0; COMPUTE_USER_DATA_COUNT as usize];
        let sgprs = (info.descriptor.user_sgprs() as usize).min(user_data.len());
        match info.descriptor.properties.kernarg_sgpr() {
            Some(at) if sgprs >= at as usize + 2 => {
                user_data[at as usize] = kernarg_va as u32;
                user_data[at as usize + 1] = (kernarg_va >> 32) as u32;
            }
            None if info.kernarg_size == 0 => {}
            _ => return Err(self.refuse("its descriptor gives the arguments' address no user SGPRs".into())),
        }
        stream.dispatch(
            &self.kernel.prepared,
            &Work { dynamic_lds: self.dynamic_lds, ..Work::groups(self.grid, self.block, &user_data[..sgprs]) },
        )?;
        Ok(())
    }
}
