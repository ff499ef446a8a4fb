//! Buffers with memory of their own.

use ash::vk;
use bytemuck::Pod;

use super::commands::Stage;
use super::gpu::MemoryType;
use super::scope::{Object, Scope};
use crate::error::{Error, Named, Result, handle};
use crate::watchdog;

/// Where a buffer's memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Memory that the host maps.
    Host,
    /// Memory that is the device's own where it has such; not mapped.
    Device,
    /// The memory type of this number; mapped if it can be.
    Type(u32),
}

/// A buffer for every use that the checks have for one.
pub struct Buffer<'s> {
    scope: &'s Scope<'s>,
    pub(super) raw: vk::Buffer,
    memory: vk::DeviceMemory,
    /// The mapped memory; null without a mapping.
    mapped: *mut u8,
    coherent: bool,
    /// Its length.
    pub bytes: u64,
}

pub(super) const USAGE: vk::BufferUsageFlags = vk::BufferUsageFlags::from_raw(
    vk::BufferUsageFlags::STORAGE_BUFFER.as_raw()
        | vk::BufferUsageFlags::UNIFORM_BUFFER.as_raw()
        | vk::BufferUsageFlags::STORAGE_TEXEL_BUFFER.as_raw()
        | vk::BufferUsageFlags::UNIFORM_TEXEL_BUFFER.as_raw()
        | vk::BufferUsageFlags::INDIRECT_BUFFER.as_raw()
        | vk::BufferUsageFlags::TRANSFER_SRC.as_raw()
        | vk::BufferUsageFlags::TRANSFER_DST.as_raw(),
);

impl Scope<'_> {
    /// The memory type for a place among the allowed ones: the first that has all that is wanted.
    pub(super) fn memory_type(&self, place: Place, allowed: u32) -> Result<MemoryType> {
        use vk::MemoryPropertyFlags as Flags;
        let wishes: &[Flags] = match place {
            Place::Host => {
                &[Flags::from_raw(Flags::HOST_VISIBLE.as_raw() | Flags::HOST_COHERENT.as_raw()), Flags::HOST_VISIBLE]
            }
            Place::Device => &[Flags::DEVICE_LOCAL, Flags::empty()],
            Place::Type(_) => &[Flags::empty()],
        };
        let odd = Flags::from_raw(Flags::PROTECTED.as_raw() | Flags::LAZILY_ALLOCATED.as_raw());
        let fits = |kind: &&MemoryType, wish: Flags| {
            let chosen = if let Place::Type(index) = place { kind.index == index } else { !kind.flags.intersects(odd) };
            chosen && allowed & (1 << kind.index) != 0 && kind.flags.contains(wish)
        };
        let found = wishes.iter().find_map(|wish| self.gpu.memory_types.iter().find(|kind| fits(kind, *wish)));
        found.copied().ok_or_else(|| Error::Missing(format!("no memory type for {place:?} among {allowed:#x}")))
    }

    /// Allocates memory of a type.
    pub(super) fn allocate(&self, bytes: u64, kind: MemoryType, address: bool) -> Result<vk::DeviceMemory> {
        let mut flags = vk::MemoryAllocateFlagsInfo::default().flags(vk::MemoryAllocateFlags::DEVICE_ADDRESS);
        let mut info = vk::MemoryAllocateInfo::default().allocation_size(bytes).memory_type_index(kind.index);
        if address {
            info = info.push_next(&mut flags);
        }
        watchdog::call("vkAllocateMemory");
        // SAFETY: the info lives in this frame and the type's number is one that the device has.
        let memory = handle("vkAllocateMemory", unsafe { self.gpu.device.allocate_memory(&info, None) })?;
        self.own(Object::Memory(memory));
        Ok(memory)
    }

    /// A buffer of `bytes` bytes, shared by all families of queues.
    pub fn buffer(&self, bytes: u64, place: Place) -> Result<Buffer<'_>> {
        self.make_buffer(bytes, place, false)
    }

    /// A buffer with an address for shaders.
    pub fn addressed_buffer(&self, bytes: u64, place: Place) -> Result<Buffer<'_>> {
        self.make_buffer(bytes, place, true)
    }

    /// A host-mapped buffer with this content.
    pub fn host<T: Pod>(&self, content: &[T]) -> Result<Buffer<'_>> {
        let buffer = self.buffer(std::mem::size_of_val(content) as u64, Place::Host)?;
        buffer.write(0, content)?;
        Ok(buffer)
    }

    /// A host-mapped buffer of `count` elements that all are `value`.
    pub fn filled<T: Pod>(&self, value: T, count: usize) -> Result<Buffer<'_>> {
        self.host(&vec![value; count])
    }

    /// A buffer in the device's memory with this content, put there by a copy.
    pub fn device<T: Pod>(&self, content: &[T]) -> Result<Buffer<'_>> {
        let from = self.host(content)?;
        let to = self.buffer(from.bytes, Place::Device)?;
        self.run(|c| {
            c.barrier(Stage::Host, Stage::Transfer);
            c.copy(&from, 0, &to, 0, from.bytes);
        })?;
        Ok(to)
    }

    /// The content of a buffer that is not mapped.
    pub fn download<T: Pod>(&self, from: &Buffer<'_>) -> Result<Vec<T>> {
        let to = self.buffer(from.bytes, Place::Host)?;
        self.run(|c| {
            c.barrier(Stage::Compute, Stage::Transfer);
            c.copy(from, 0, &to, 0, from.bytes);
        })?;
        to.read()
    }

    fn make_buffer(&self, bytes: u64, place: Place, address: bool) -> Result<Buffer<'_>> {
        let device = &self.gpu.device;
        let families = self.gpu.families();
        let mut usage = USAGE;
        if address {
            usage |= vk::BufferUsageFlags::SHADER_DEVICE_ADDRESS;
        }
        let mut info = vk::BufferCreateInfo::default().size(bytes).usage(usage);
        if families.len() > 1 {
            info = info.sharing_mode(vk::SharingMode::CONCURRENT).queue_family_indices(&families);
        }
        watchdog::call("vkCreateBuffer");
        // SAFETY: the info lives in this frame; the families are the device's.
        let raw = handle("vkCreateBuffer", unsafe { device.create_buffer(&info, None) })?;
        self.own(Object::Buffer(raw));
        // SAFETY: the buffer was made above.
        let needs = unsafe { device.get_buffer_memory_requirements(raw) };
        if needs.size < bytes || !needs.alignment.is_power_of_two() {
            let answer = format!("{} bytes aligned to {} for {bytes} bytes", needs.size, needs.alignment);
            return Err(Error::Answer { call: "vkGetBufferMemoryRequirements", answer });
        }
        let kind = self.memory_type(place, needs.memory_type_bits)?;
        let memory = self.allocate(needs.size, kind, address)?;
        // SAFETY: memory of an allowed type, as large as required, bound at offset 0 and to nothing else.
        unsafe { device.bind_buffer_memory(raw, memory, 0) }.named("vkBindBufferMemory")?;
        let mut mapped = std::ptr::null_mut();
        if place != Place::Device && kind.flags.contains(vk::MemoryPropertyFlags::HOST_VISIBLE) {
            watchdog::call("vkMapMemory");
            // SAFETY: memory that the host can see, mapped once; freeing it unmaps it.
            let pointer = unsafe { device.map_memory(memory, 0, vk::WHOLE_SIZE, vk::MemoryMapFlags::empty()) };
            mapped = pointer.named("vkMapMemory")?.cast::<u8>();
            if mapped.is_null() {
                return Err(Error::Answer { call: "vkMapMemory", answer: "a null pointer with VK_SUCCESS".into() });
            }
        }
        let coherent = kind.flags.contains(vk::MemoryPropertyFlags::HOST_COHERENT);
        Ok(Buffer { scope: self, raw, memory, mapped, coherent, bytes })
    }
}

impl Buffer<'_> {
    /// Whether the host can read and write it.
    pub fn is_mapped(&self) -> bool {
        !self.mapped.is_null()
    }

    fn check_range(&self, offset: u64, bytes: usize) -> Result<()> {
        if self.mapped.is_null() {
            return Err(Error::Missing("the buffer is not mapped".into()));
        }
        if offset.checked_add(bytes as u64).is_none_or(|end| end > self.bytes) {
            return Err(Error::Missing(format!("{bytes} bytes at {offset} of a buffer of {}", self.bytes)));
        }
        Ok(())
    }

    /// Writes elements at a byte offset through the mapping.
    pub fn write<T: Pod>(&self, offset: u64, content: &[T]) -> Result<()> {
        let bytes: &[u8] = bytemuck::cast_slice(content);
        self.check_range(offset, bytes.len())?;
        // SAFETY: the range is within the mapping, which lives as long as the scope; no reference into it exists.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.mapped.add(offset as usize), bytes.len()) };
        if !self.coherent {
            let range = vk::MappedMemoryRange::default().memory(self.memory).size(vk::WHOLE_SIZE);
            // SAFETY: the memory is mapped as a whole.
            unsafe { self.scope.gpu.device.flush_mapped_memory_ranges(&[range]) }.named("vkFlushMappedMemoryRanges")?;
        }
        Ok(())
    }

    /// Reads the whole buffer through the mapping; a rest shorter than an element is left out.
    pub fn read<T: Pod>(&self) -> Result<Vec<T>> {
        self.check_range(0, 0)?;
        if !self.coherent {
            let range = vk::MappedMemoryRange::default().memory(self.memory).size(vk::WHOLE_SIZE);
            // SAFETY: the memory is mapped as a whole.
            unsafe { self.scope.gpu.device.invalidate_mapped_memory_ranges(&[range]) }
                .named("vkInvalidateMappedMemoryRanges")?;
        }
        let mut content = vec![T::zeroed(); self.bytes as usize / size_of::<T>()];
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut content);
        // SAFETY: the vector is not longer than the mapping; any bytes are a value of a `Pod` type.
        unsafe { std::ptr::copy_nonoverlapping(self.mapped, bytes.as_mut_ptr(), bytes.len()) };
        Ok(content)
    }

    /// The address that shaders use, of a buffer made for that.
    pub fn address(&self) -> Result<u64> {
        let info = vk::BufferDeviceAddressInfo::default().buffer(self.raw);
        // SAFETY: the buffer is alive; without the usage flag the answer is useless but harmless.
        match unsafe { self.scope.gpu.device.get_buffer_device_address(&info) } {
            0 => Err(Error::Answer { call: "vkGetBufferDeviceAddress", answer: "0".into() }),
            address => Ok(address),
        }
    }

    /// A view of the buffer as texels of a format.
    pub fn texels(&self, format: vk::Format) -> Result<super::Texels> {
        let info = vk::BufferViewCreateInfo::default().buffer(self.raw).format(format).range(vk::WHOLE_SIZE);
        // SAFETY: the buffer is alive and was made for texels.
        let raw = handle("vkCreateBufferView", unsafe { self.scope.gpu.device.create_buffer_view(&info, None) })?;
        self.scope.own(Object::BufferView(raw));
        Ok(super::Texels { raw })
    }
}
