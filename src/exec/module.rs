//! Code objects in GPU memory: segments with their permissions, kernels, and global variables.

use std::sync::Arc;

use pm4::dispatch::{self, KernelSpec};
use pm4::reg::{COMPUTE_PGM_RSRC1, COMPUTE_PGM_RSRC2, COMPUTE_PGM_RSRC3};

use super::buffer::RawBuffer;
use super::device::{Device, Inner};
use super::gpu::{Gpu, GpuMemory, Usage};
use super::kernel::Kernel;
use crate::error::Error;
use crate::kmd::{AllocFlags, CpuMap, GpuMap, Placement, VmFlags};
use crate::object::{CodeObject, Global, IMAGE_ALIGN, KernelInfo};

/// What the instruction prefetcher may read beyond the last instruction.
const PREFETCH_BYTES: u64 = 256;

/// A code object that was loaded: its kernels, and one copy of its global variables.
///
/// ```
/// use std::time::Duration;
/// use sparkle_pm4::{Arg, Deadline, Device, Module, kernels};
///
/// let device = Device::emulated()?;
/// let module = Module::load(&device, kernels::VADD_F32.object)?;
/// let vadd = module.kernel("vadd_f32")?;
/// let (a, b) = (device.upload(&[1.0f32; 100])?, device.upload(&[2.0f32; 100])?);
/// let mut y = device.zeros::<f32>(100)?;
/// let args = [Arg::In(&a), Arg::In(&b), Arg::Out(&mut y), Arg::U32(100)];
/// let fence = device.queue()?.launch(&vadd.over([1, 1, 1], [256, 1, 1]), args)?;
/// fence.wait(Deadline::after(Duration::from_secs(10)))?;
/// assert_eq!(y.read()?, [3.0; 100]);
/// # Ok::<(), sparkle_pm4::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Module {
    device: Device,
    object: Arc<CodeObject>,
    data: Arc<RawBuffer>,
}

impl Module {
    /// Loads a code object: the one for the device, where `bytes` are an offload bundle.
    ///
    /// # Errors
    /// [`Error::Object`] for a malformed object or one for another target, [`Error::NeedsGpu`] on the cpu engine, and
    /// what allocating and mapping its memory says.
    pub fn load(device: &Device, bytes: &[u8]) -> Result<Self, Error> {
        let Inner::Gpu(gpu) = &device.inner else {
            return Err(Error::NeedsGpu { what: "a code object" });
        };
        let object = CodeObject::parse_for(bytes, gpu.gfx().name())?;
        let (image, cpu) = gpu.load_image(&object)?;
        let data = Arc::new(RawBuffer::of_memory(device, GpuMemory::new(gpu, image, cpu)));
        Ok(Self { device: device.clone(), object: Arc::new(object), data })
    }

    /// What was loaded.
    pub fn object(&self) -> &CodeObject {
        &self.object
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The kernel of this name. Kernels of one module share its variables.
    ///
    /// # Errors
    /// An unknown name, and [`Unsupported`](crate::object::ObjectError::Unsupported) for one that asks for what gfx11 lacks.
    pub fn kernel(&self, name: &str) -> Result<Kernel, Error> {
        let (Inner::Gpu(gpu), Some(memory)) = (&self.device.inner, self.data.gpu()) else {
            return Err(Error::NeedsGpu { what: "a code object" });
        };
        let loaded = gpu.load_kernel(&self.object, name, memory.map().clone(), Some(&self.data))?;
        Ok(Kernel::new(Arc::new(loaded)))
    }

    /// Where a variable lies in GPU memory.
    ///
    /// # Errors
    /// [`ObjectError::UnknownGlobal`](crate::object::ObjectError::UnknownGlobal).
    pub fn global_va(&self, name: &str) -> Result<u64, Error> {
        let base = self.data.gpu().map_or(0, GpuMemory::va);
        Ok(base + self.object.global(name)?.offset)
    }

    /// Copies a variable out.
    ///
    /// # Errors
    /// [`ObjectError::UnknownGlobal`](crate::object::ObjectError::UnknownGlobal), [`Error::Busy`] while a kernel that may write it runs, a failed transfer.
    pub fn read_global(&self, name: &str) -> Result<Vec<u8>, Error> {
        let Global { offset, size, .. } = self.object.global(name)?;
        let mut bytes = vec![0; *size as usize];
        self.data.read_at(*offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Replaces a variable's content, also that of one which kernels only read.
    ///
    /// # Errors
    /// [`ObjectError::UnknownGlobal`](crate::object::ObjectError::UnknownGlobal), [`Error::Length`] for data of another length, [`Error::Busy`] while a kernel of
    /// the module runs.
    pub fn write_global(&self, name: &str, data: &[u8]) -> Result<(), Error> {
        let Global { offset, size, .. } = self.object.global(name)?;
        if data.len() as u64 != *size {
            return Err(Error::Length { tensor: "the data of a variable", want: *size as usize, got: data.len() });
        }
        self.data.write_at(*offset, data)
    }
}

/// A kernel in GPU memory.
#[derive(Debug)]
pub struct LoadedKernel {
    pub(crate) info: KernelInfo,
    /// What it was loaded from.
    pub(super) object: Arc<CodeObject>,
    pub(crate) image: GpuMap,
    pub(crate) entry: u64,
    /// It, checked for dispatches.
    prepared: dispatch::Kernel,
    /// The image as memory that launches use, and whether they may write to it.
    data: Option<(Arc<RawBuffer>, Usage)>,
}

impl LoadedKernel {
    pub(crate) fn prepared(&self) -> &dispatch::Kernel {
        &self.prepared
    }

    pub(super) fn data(&self) -> Option<(&Arc<RawBuffer>, Usage)> {
        self.data.as_ref().map(|(raw, usage)| (raw, *usage))
    }

    /// Address of the kernel descriptor.
    pub(super) fn descriptor_va(&self) -> u64 {
        self.image.va() + self.info.descriptor_offset
    }
}

/// The permissions of the image's pages: where they change, and to what. A page that two segments share has what
/// either needs.
fn permissions(object: &CodeObject) -> Vec<(u64, VmFlags)> {
    let pages = (object.image().len() as u64).div_ceil(IMAGE_ALIGN).max(1);
    let mut of_pages = vec![VmFlags::R; pages as usize];
    for segment in object.segments() {
        let last = (segment.offset + segment.size.max(1) - 1) / IMAGE_ALIGN;
        for page in segment.offset / IMAGE_ALIGN..=last {
            if let Some(flags) = of_pages.get_mut(page as usize) {
                flags.write |= segment.write;
                flags.exec |= segment.execute;
            }
        }
    }
    let mut parts: Vec<(u64, VmFlags)> = Vec::new();
    for (page, flags) in of_pages.into_iter().enumerate() {
        if parts.last().is_none_or(|(_, last)| *last != flags) {
            parts.push((page as u64 * IMAGE_ALIGN, flags));
        }
    }
    parts
}

impl Gpu {
    /// Copies a code object's image to the GPU: relocated, each segment with its permissions.
    pub(super) fn load_image(&self, object: &CodeObject) -> Result<(GpuMap, CpuMap), Error> {
        let bytes = object.image().len() as u64 + PREFETCH_BYTES;
        let bo = self.video_or(Placement::GttWc, bytes, Placement::VramCpu, AllocFlags::empty())?;
        let image = bo.map_gpu_parts(&permissions(object))?;
        let cpu = bo.map_cpu()?;
        cpu.write_at(0, &object.image_at(image.va())?)?;
        Ok((image, cpu))
    }

    /// A kernel of a loaded object, checked for dispatches.
    pub(super) fn load_kernel(
        &self,
        object: &Arc<CodeObject>,
        name: &str,
        image: GpuMap,
        data: Option<&Arc<RawBuffer>>,
    ) -> Result<LoadedKernel, Error> {
        let info = object.kernel(name)?.clone();
        info.check_gfx11()?;
        let descriptor = &info.descriptor;
        let scratch = info.needs_scratch();
        let rsrc2 = COMPUTE_PGM_RSRC2::from_bits(descriptor.compute_pgm_rsrc2);
        let entry = image.va() + info.entry_offset;
        let prepared = dispatch::Kernel::prepare(KernelSpec {
            lds_bytes: info.lds_bytes,
            scratch_bytes: if scratch { info.scratch_bytes.max(4) } else { 0 },
            required_block: info.required_workgroup_size,
            max_threads: info.max_workgroup_size,
            ..KernelSpec::new(
                self.gfx(),
                entry,
                COMPUTE_PGM_RSRC1::from_bits(descriptor.compute_pgm_rsrc1),
                rsrc2.with(COMPUTE_PGM_RSRC2::SCRATCH_EN, scratch)?,
                COMPUTE_PGM_RSRC3::from_bits(descriptor.compute_pgm_rsrc3),
                info.wave_size == 32,
            )
        })?;
        let usage = if object.segments().iter().any(|s| s.write) { Usage::Write } else { Usage::Read };
        let data = data.map(|raw| (Arc::clone(raw), usage));
        Ok(LoadedKernel { info, object: Arc::clone(object), image, entry, prepared, data })
    }
}
