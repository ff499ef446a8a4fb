//! Recording of command buffers.

use ash::vk;

use super::gpu::Queue;
use super::scope::{Object, Scope};
use super::{Buffer, Event, Image, Kernel, Queries, Set};
use crate::error::{Error, Named, Result, handle};
use crate::watchdog;

/// Who reads or writes memory, for barriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Compute shaders.
    Compute,
    /// Copies, fills, updates and clears.
    Transfer,
    /// Arguments of an indirect dispatch.
    Indirect,
    /// The host.
    Host,
}

impl Stage {
    pub(super) fn stage(self) -> vk::PipelineStageFlags {
        match self {
            Stage::Compute => vk::PipelineStageFlags::COMPUTE_SHADER,
            Stage::Transfer => vk::PipelineStageFlags::TRANSFER,
            Stage::Indirect => vk::PipelineStageFlags::DRAW_INDIRECT,
            Stage::Host => vk::PipelineStageFlags::HOST,
        }
    }

    fn writes(self) -> vk::AccessFlags {
        match self {
            Stage::Compute => vk::AccessFlags::SHADER_WRITE,
            Stage::Transfer => vk::AccessFlags::TRANSFER_WRITE,
            Stage::Indirect => vk::AccessFlags::empty(),
            Stage::Host => vk::AccessFlags::HOST_WRITE,
        }
    }

    fn accesses(self) -> vk::AccessFlags {
        match self {
            Stage::Compute => {
                vk::AccessFlags::SHADER_READ | vk::AccessFlags::SHADER_WRITE | vk::AccessFlags::UNIFORM_READ
            }
            Stage::Transfer => vk::AccessFlags::TRANSFER_READ | vk::AccessFlags::TRANSFER_WRITE,
            Stage::Indirect => vk::AccessFlags::INDIRECT_COMMAND_READ,
            Stage::Host => vk::AccessFlags::HOST_READ | vk::AccessFlags::HOST_WRITE,
        }
    }

    fn memory(self, to: Stage) -> vk::MemoryBarrier<'static> {
        vk::MemoryBarrier::default().src_access_mask(self.writes()).dst_access_mask(to.accesses())
    }
}

/// A command buffer. Recording ends before anybody else sees it.
pub struct Commands<'s> {
    scope: &'s Scope<'s>,
    pub(super) raw: vk::CommandBuffer,
}

impl Scope<'_> {
    fn begin(&self, queue: Queue, level: vk::CommandBufferLevel) -> Result<Commands<'_>> {
        let device = &self.gpu.device;
        let info = vk::CommandPoolCreateInfo::default().queue_family_index(queue.family);
        watchdog::call("vkCreateCommandPool");
        // SAFETY: the family is one of the device's.
        let pool = handle("vkCreateCommandPool", unsafe { device.create_command_pool(&info, None) })?;
        self.own(Object::CommandPool(pool));
        let info = vk::CommandBufferAllocateInfo::default().command_pool(pool).level(level).command_buffer_count(1);
        // SAFETY: the pool was made above.
        let buffers = unsafe { device.allocate_command_buffers(&info) }.named("vkAllocateCommandBuffers")?;
        let raw = buffers.first().copied().unwrap_or_default();
        if raw == vk::CommandBuffer::null() {
            return Err(Error::Answer { call: "vkAllocateCommandBuffers", answer: "a null handle".into() });
        }
        let inherit = vk::CommandBufferInheritanceInfo::default();
        let info = vk::CommandBufferBeginInfo::default()
            .flags(vk::CommandBufferUsageFlags::SIMULTANEOUS_USE)
            .inheritance_info(&inherit);
        // SAFETY: a fresh command buffer; the inheritance info lives in this frame.
        unsafe { device.begin_command_buffer(raw, &info) }.named("vkBeginCommandBuffer")?;
        Ok(Commands { scope: self, raw })
    }

    /// Records a command buffer that may be submitted any number of times to queues of this queue's family. It ends
    /// with a barrier that makes the results visible to the host.
    pub fn record(&self, queue: Queue, record: impl FnOnce(&Commands<'_>)) -> Result<Commands<'_>> {
        let commands = self.begin(queue, vk::CommandBufferLevel::PRIMARY)?;
        watchdog::call("recording commands");
        record(&commands);
        commands.barrier(Stage::Compute, Stage::Host);
        commands.barrier(Stage::Transfer, Stage::Host);
        commands.end()
    }

    /// Records a secondary command buffer.
    pub fn record_secondary(&self, queue: Queue, record: impl FnOnce(&Commands<'_>)) -> Result<Commands<'_>> {
        let commands = self.begin(queue, vk::CommandBufferLevel::SECONDARY)?;
        record(&commands);
        commands.end()
    }
}

// In all of these: the command buffer is being recorded, the handles are alive because the scope owns them, and the
// arguments are plain values or slices that live for the call.
impl Commands<'_> {
    fn end(self) -> Result<Self> {
        watchdog::call("vkEndCommandBuffer");
        // SAFETY: the buffer is being recorded, outside any render pass.
        unsafe { self.device().end_command_buffer(self.raw) }.named("vkEndCommandBuffer")?;
        Ok(self)
    }

    fn device(&self) -> &ash::Device {
        &self.scope.gpu.device
    }

    /// Selects the pipeline.
    pub fn kernel(&self, kernel: &Kernel) {
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_bind_pipeline(self.raw, vk::PipelineBindPoint::COMPUTE, kernel.pipeline) }
    }

    /// Binds a descriptor set under a number, with dynamic offsets in the order of its dynamic buffers.
    pub fn set(&self, kernel: &Kernel, number: u32, set: &Set, dynamic_offsets: &[u32]) {
        let (point, layout) = (vk::PipelineBindPoint::COMPUTE, kernel.layout);
        // SAFETY: see above the `impl`; the set was made for this kernel's layout.
        unsafe {
            self.device().cmd_bind_descriptor_sets(self.raw, point, layout, number, &[set.raw], dynamic_offsets);
        }
    }

    /// Sets push constants from a byte offset on.
    pub fn push<T: bytemuck::NoUninit>(&self, kernel: &Kernel, offset: u32, values: &[T]) {
        let bytes = bytemuck::cast_slice(values);
        let stage = vk::ShaderStageFlags::COMPUTE;
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_push_constants(self.raw, kernel.layout, stage, offset, bytes) }
    }

    /// Runs this many workgroups.
    pub fn dispatch(&self, x: u32, y: u32, z: u32) {
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_dispatch(self.raw, x, y, z) }
    }

    /// Runs `count` workgroups that begin at `base`.
    pub fn dispatch_base(&self, base: [u32; 3], count: [u32; 3]) {
        let ([bx, by, bz], [x, y, z]) = (base, count);
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_dispatch_base(self.raw, bx, by, bz, x, y, z) }
    }

    /// Runs as many workgroups as three words in a buffer say.
    pub fn dispatch_indirect(&self, arguments: &Buffer<'_>, offset: u64) {
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_dispatch_indirect(self.raw, arguments.raw, offset) }
    }

    /// Selects the pipeline and set 0, sets push constants if there are any, and runs `groups` workgroups in x.
    pub fn call<T: bytemuck::NoUninit>(&self, kernel: &Kernel, set: &Set, push: &[T], groups: u32) {
        self.kernel(kernel);
        self.set(kernel, 0, set, &[]);
        if !push.is_empty() {
            self.push(kernel, 0, push);
        }
        self.dispatch(groups, 1, 1);
    }

    /// Everything of `to` that follows waits for everything of `from` before, and sees what it wrote.
    pub fn barrier(&self, from: Stage, to: Stage) {
        let barriers = [from.memory(to)];
        let flags = vk::DependencyFlags::empty();
        // SAFETY: see above the `impl`.
        unsafe {
            self.device().cmd_pipeline_barrier(self.raw, from.stage(), to.stage(), flags, &barriers, &[], &[]);
        }
    }

    /// As `barrier`, for one buffer only.
    pub fn buffer_barrier(&self, buffer: &Buffer<'_>, from: Stage, to: Stage) {
        let barriers = [vk::BufferMemoryBarrier::default()
            .src_access_mask(from.writes())
            .dst_access_mask(to.accesses())
            .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
            .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
            .buffer(buffer.raw)
            .size(vk::WHOLE_SIZE)];
        let flags = vk::DependencyFlags::empty();
        // SAFETY: see above the `impl`.
        unsafe {
            self.device().cmd_pipeline_barrier(self.raw, from.stage(), to.stage(), flags, &[], &barriers, &[]);
        }
    }

    /// As `barrier`, for one image, and changes its layout. Coming from `UNDEFINED`, its content is lost.
    pub fn image_barrier(&self, image: &Image<'_>, from: Stage, to: Stage, layouts: [vk::ImageLayout; 2]) {
        let barriers = [vk::ImageMemoryBarrier::default()
            .src_access_mask(from.writes())
            .dst_access_mask(to.accesses())
            .old_layout(layouts[0])
            .new_layout(layouts[1])
            .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
            .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
            .image(image.raw)
            .subresource_range(image.range())];
        let flags = vk::DependencyFlags::empty();
        // SAFETY: see above the `impl`.
        unsafe {
            self.device().cmd_pipeline_barrier(self.raw, from.stage(), to.stage(), flags, &[], &[], &barriers);
        }
    }

    /// Copies bytes between buffers.
    pub fn copy(&self, from: &Buffer<'_>, from_offset: u64, to: &Buffer<'_>, to_offset: u64, bytes: u64) {
        self.copy_regions(from, to, &[[from_offset, to_offset, bytes]]);
    }

    /// Copies several regions: offset in `from`, offset in `to`, bytes.
    pub fn copy_regions(&self, from: &Buffer<'_>, to: &Buffer<'_>, regions: &[[u64; 3]]) {
        let region = |&[src, dst, size]: &[u64; 3]| vk::BufferCopy { src_offset: src, dst_offset: dst, size };
        let regions: Vec<_> = regions.iter().map(region).collect();
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_copy_buffer(self.raw, from.raw, to.raw, &regions) }
    }

    /// Fills bytes with a repeated word; `bytes` may be `vk::WHOLE_SIZE`.
    pub fn fill(&self, to: &Buffer<'_>, offset: u64, bytes: u64, word: u32) {
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_fill_buffer(self.raw, to.raw, offset, bytes, word) }
    }

    /// Writes up to 65536 bytes out of the command buffer.
    pub fn update(&self, to: &Buffer<'_>, offset: u64, words: &[u32]) {
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_update_buffer(self.raw, to.raw, offset, bytemuck::cast_slice(words)) }
    }

    /// Copies an image in `GENERAL` layout from or to a buffer without gaps between its rows.
    pub fn copy_image(&self, image: &Image<'_>, buffer: &Buffer<'_>, to_image: bool) {
        let (extent, offset) = ([image.width, image.height], [0, 0]);
        self.copy_image_part(image, buffer, to_image, offset, extent, 0);
    }

    /// Copies a rectangle of an image in `GENERAL` layout; `row_texels` of the buffer lie between rows (0: no gaps).
    pub fn copy_image_part(
        &self,
        image: &Image<'_>,
        buffer: &Buffer<'_>,
        to_image: bool,
        offset: [i32; 2],
        extent: [u32; 2],
        row_texels: u32,
    ) {
        let layers = vk::ImageSubresourceLayers::default().aspect_mask(vk::ImageAspectFlags::COLOR).layer_count(1);
        let regions = [vk::BufferImageCopy::default()
            .buffer_row_length(row_texels)
            .image_subresource(layers)
            .image_offset(vk::Offset3D { x: offset[0], y: offset[1], z: 0 })
            .image_extent(vk::Extent3D { width: extent[0], height: extent[1], depth: 1 })];
        let layout = vk::ImageLayout::GENERAL;
        let device = self.device();
        // SAFETY: see above the `impl`.
        unsafe {
            if to_image {
                device.cmd_copy_buffer_to_image(self.raw, buffer.raw, image.raw, layout, &regions);
            } else {
                device.cmd_copy_image_to_buffer(self.raw, image.raw, layout, buffer.raw, &regions);
            }
        }
    }

    /// Copies every level of an image in `GENERAL` layout from or to a buffer, where they begin at these bytes.
    pub fn copy_levels(&self, image: &Image<'_>, buffer: &Buffer<'_>, to_image: bool, offsets: &[usize]) {
        let mut regions = Vec::new();
        for (level, offset) in (0..).zip(offsets) {
            let [width, height, depth] = image.info.extent(level);
            let region = vk::BufferImageCopy::default()
                .buffer_offset(*offset as u64)
                .image_subresource(image.info.subresource(level))
                .image_extent(vk::Extent3D { width, height, depth });
            regions.push(region);
        }
        let (layout, device) = (vk::ImageLayout::GENERAL, self.device());
        // SAFETY: see above the `impl`.
        unsafe {
            if to_image {
                device.cmd_copy_buffer_to_image(self.raw, buffer.raw, image.raw, layout, &regions);
            } else {
                device.cmd_copy_image_to_buffer(self.raw, image.raw, layout, buffer.raw, &regions);
            }
        }
    }

    /// Copies a whole image to another of the same size, both in `GENERAL` layout.
    pub fn copy_images(&self, from: &Image<'_>, to: &Image<'_>) {
        let layers = vk::ImageSubresourceLayers::default().aspect_mask(vk::ImageAspectFlags::COLOR).layer_count(1);
        let extent = vk::Extent3D { width: from.width, height: from.height, depth: 1 };
        let regions = [vk::ImageCopy::default().src_subresource(layers).dst_subresource(layers).extent(extent)];
        let layout = vk::ImageLayout::GENERAL;
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_copy_image(self.raw, from.raw, layout, to.raw, layout, &regions) }
    }

    /// Clears an image in `GENERAL` layout to unsigned values.
    pub fn clear(&self, image: &Image<'_>, uint32: [u32; 4]) {
        let (layout, color) = (vk::ImageLayout::GENERAL, vk::ClearColorValue { uint32 });
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_clear_color_image(self.raw, image.raw, layout, &color, &[image.range()]) }
    }

    /// Sets an event when everything of `after` before has ended.
    pub fn set_event(&self, event: &Event<'_>, after: Stage) {
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_set_event(self.raw, event.raw, after.stage()) }
    }

    /// Resets an event when everything of `after` before has ended.
    pub fn reset_event(&self, event: &Event<'_>, after: Stage) {
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_reset_event(self.raw, event.raw, after.stage()) }
    }

    /// `to` waits for the events, which `from` sets.
    pub fn wait_events(&self, events: &[&Event<'_>], from: Stage, to: Stage) {
        let raws: Vec<_> = events.iter().map(|event| event.raw).collect();
        let barriers = [from.memory(to)];
        // SAFETY: see above the `impl`.
        unsafe {
            self.device().cmd_wait_events(self.raw, &raws, from.stage(), to.stage(), &barriers, &[], &[]);
        }
    }

    /// Makes queries ready to be written.
    pub fn reset_queries(&self, queries: &Queries<'_>) {
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_reset_query_pool(self.raw, queries.raw, 0, queries.count) }
    }

    /// Writes the time: before or after everything that comes before this in the command buffer has run.
    pub fn timestamp(&self, queries: &Queries<'_>, number: u32, after: bool) {
        use vk::PipelineStageFlags as Flags;
        let stage = if after { Flags::BOTTOM_OF_PIPE } else { Flags::TOP_OF_PIPE };
        // SAFETY: see above the `impl`.
        unsafe { self.device().cmd_write_timestamp(self.raw, stage, queries.raw, number) }
    }

    /// Copies the queries' results, 64 bits each, into a buffer.
    pub fn copy_queries(&self, queries: &Queries<'_>, to: &Buffer<'_>) {
        let flags = vk::QueryResultFlags::TYPE_64 | vk::QueryResultFlags::WAIT;
        // SAFETY: see above the `impl`.
        unsafe {
            self.device().cmd_copy_query_pool_results(self.raw, queries.raw, 0, queries.count, to.raw, 0, 8, flags);
        }
    }

    /// Runs a secondary command buffer.
    pub fn execute(&self, secondary: &Commands<'_>) {
        // SAFETY: see above the `impl`; the secondary buffer's recording has ended.
        unsafe { self.device().cmd_execute_commands(self.raw, &[secondary.raw]) }
    }
}
