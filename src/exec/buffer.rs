//! Buffers: typed memory of a device.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytemuck::Pod;

use super::device::{Device, Inner};
use super::gpu::{GpuMemory, Usage};
use super::queue::Fence;
use crate::error::Error;

/// `len` elements of device memory.
///
/// The host reads and writes it by copies. While a submission writes it, [`Buffer::read`] refuses with
/// [`Error::Busy`]: data that is read before the fence is not the result.
#[derive(Debug)]
pub struct Buffer<T> {
    raw: Arc<RawBuffer>,
    len: usize,
    element: PhantomData<T>,
}

impl<T: Pod> Buffer<T> {
    pub(crate) fn new(raw: RawBuffer, len: usize) -> Self {
        Self { raw: Arc::new(raw), len, element: PhantomData }
    }

    /// Elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The device that it belongs to.
    pub fn device(&self) -> &Device {
        &self.raw.device
    }

    /// The GPU virtual address; none on the cpu engine.
    pub fn va(&self) -> Option<u64> {
        match &self.raw.memory {
            Memory::Gpu(memory) => Some(memory.va()),
            Memory::Host(_) => None,
        }
    }

    /// Copies it out.
    ///
    /// # Errors
    /// [`Error::Busy`] while a submission writes it; a failed transfer.
    pub fn read(&self) -> Result<Vec<T>, Error> {
        let mut out = vec![T::zeroed(); self.len];
        self.raw.read(bytemuck::cast_slice_mut(&mut out))?;
        Ok(out)
    }

    /// Copies out the elements from `start` on, as many as `out` has.
    ///
    /// # Errors
    /// [`Error::Busy`] while a submission writes it; [`Error::Length`] where it doesn't have so many; a failed transfer.
    pub fn read_at(&self, start: usize, out: &mut [T]) -> Result<(), Error> {
        let end = start.checked_add(out.len()).filter(|&end| end <= self.len);
        if end.is_none() {
            let want = start.saturating_add(out.len());
            return Err(Error::Length { tensor: "the buffer", want, got: self.len });
        }
        self.raw.read_at((start * size_of::<T>()) as u64, bytemuck::cast_slice_mut(out))
    }

    /// Replaces its content.
    ///
    /// # Errors
    /// [`Error::Busy`] while a submission reads or writes it; [`Error::Length`] for data of another length.
    pub fn write(&mut self, data: &[T]) -> Result<(), Error> {
        if data.len() != self.len {
            return Err(Error::Length { tensor: "the data", want: self.len, got: data.len() });
        }
        self.raw.write(bytemuck::cast_slice(data))
    }
}

/// A buffer of any element type.
pub trait AnyBuffer: sealed::Sealed {
    #[doc(hidden)]
    fn raw(&self) -> &Arc<RawBuffer>;
}

impl<T> AnyBuffer for Buffer<T> {
    fn raw(&self) -> &Arc<RawBuffer> {
        &self.raw
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for super::Buffer<T> {}
}

/// A buffer without its element type.
#[derive(Debug)]
pub struct RawBuffer {
    device: Device,
    memory: Memory,
    bytes: usize,
    uses: Mutex<Uses>,
    /// How often host memory may have changed.
    version: AtomicU64,
}

#[derive(Debug)]
enum Memory {
    Gpu(GpuMemory),
    /// Quadwords, so that every element type is aligned.
    Host(RwLock<Vec<u64>>),
}

/// Submissions that may not have ended.
#[derive(Debug, Default)]
struct Uses {
    writers: Vec<Fence>,
    readers: Vec<Fence>,
}

impl Uses {
    fn retire(&mut self) -> Result<(), Error> {
        for list in [&mut self.writers, &mut self.readers] {
            let mut error = None;
            list.retain(|fence| match fence.is_done() {
                Ok(done) => !done,
                Err(e) => {
                    error = Some(e);
                    true
                }
            });
            if let Some(e) = error {
                return Err(e);
            }
        }
        Ok(())
    }
}

impl RawBuffer {
    pub(crate) fn new(device: &Device, bytes: usize, zeroed: bool) -> Result<Self, Error> {
        let memory = match &device.inner {
            Inner::Gpu(gpu) => Memory::Gpu(gpu.allocate(bytes as u64, zeroed)?),
            Inner::Cpu(_) => Memory::Host(RwLock::new(vec![0; bytes.div_ceil(8)])),
        };
        Ok(Self { device: device.clone(), memory, bytes, uses: Mutex::default(), version: AtomicU64::new(0) })
    }

    /// Memory of a GPU that is there already.
    pub(crate) fn of_memory(device: &Device, memory: GpuMemory) -> Self {
        let bytes = memory.map().size() as usize;
        Self {
            device: device.clone(),
            memory: Memory::Gpu(memory),
            bytes,
            uses: Mutex::default(),
            version: AtomicU64::new(0),
        }
    }

    fn uses(&self) -> MutexGuard<'_, Uses> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn read(&self, out: &mut [u8]) -> Result<(), Error> {
        self.read_at(0, out)
    }

    /// Copies out what lies at `offset`, inside the buffer.
    pub(crate) fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        {
            let mut uses = self.uses();
            uses.retire()?;
            if !uses.writers.is_empty() {
                return Err(Error::Busy { used: "written" });
            }
        }
        match &self.memory {
            Memory::Gpu(memory) => memory.read_at(offset, out),
            Memory::Host(words) => {
                let words = words.read().unwrap_or_else(PoisonError::into_inner);
                out.copy_from_slice(&bytemuck::cast_slice(&words)[offset as usize..][..out.len()]);
                Ok(())
            }
        }
    }

    pub(crate) fn write(&self, data: &[u8]) -> Result<(), Error> {
        self.write_at(0, data)
    }

    /// Replaces what lies at `offset`, inside the buffer.
    pub(crate) fn write_at(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        {
            let mut uses = self.uses();
            uses.retire()?;
            if !uses.writers.is_empty() {
                return Err(Error::Busy { used: "written" });
            }
            if !uses.readers.is_empty() {
                return Err(Error::Busy { used: "read" });
            }
        }
        match &self.memory {
            Memory::Gpu(memory) => memory.write_at(offset, data),
            Memory::Host(words) => {
                let mut words = words.write().unwrap_or_else(PoisonError::into_inner);
                self.version.fetch_add(1, Ordering::Relaxed);
                bytemuck::cast_slice_mut(&mut words)[offset as usize..][..data.len()].copy_from_slice(data);
                Ok(())
            }
        }
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    pub(crate) fn gpu(&self) -> Option<&GpuMemory> {
        match &self.memory {
            Memory::Gpu(memory) => Some(memory),
            Memory::Host(_) => None,
        }
    }

    /// Notes a submission that uses it.
    pub(crate) fn used(&self, usage: Usage, fence: &Fence) -> Result<(), Error> {
        let mut uses = self.uses();
        uses.retire()?;
        let list = match usage {
            Usage::Read => &mut uses.readers,
            Usage::Write => &mut uses.writers,
        };
        list.retain(|earlier| !earlier.is_covered_by(fence));
        list.push(fence.clone());
        Ok(())
    }

    /// Submissions that a new one has to wait for.
    pub(crate) fn conflicts(&self, usage: Usage) -> Result<Vec<Fence>, Error> {
        let mut uses = self.uses();
        uses.retire()?;
        let mut before = uses.writers.clone();
        if usage == Usage::Write {
            before.extend(uses.readers.iter().cloned());
        }
        Ok(before)
    }

    /// A number that rises whenever host memory may change: what was derived from the content under one number holds as long
    /// as the number does.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// Runs `f` over the elements, on the cpu engine.
    pub(crate) fn with_host<T: Pod, R>(&self, f: impl FnOnce(&[T]) -> R) -> Option<R> {
        let Memory::Host(words) = &self.memory else { return None };
        let words = words.read().unwrap_or_else(PoisonError::into_inner);
        Some(f(&bytemuck::cast_slice(&words)[..self.bytes / size_of::<T>()]))
    }

    /// Runs `f` over the elements, which it may change, on the cpu engine.
    pub(crate) fn with_host_mut<T: Pod, R>(&self, f: impl FnOnce(&mut [T]) -> R) -> Option<R> {
        let Memory::Host(words) = &self.memory else { return None };
        let mut words = words.write().unwrap_or_else(PoisonError::into_inner);
        self.version.fetch_add(1, Ordering::Relaxed);
        Some(f(&mut bytemuck::cast_slice_mut(&mut words)[..self.bytes / size_of::<T>()]))
    }
}
