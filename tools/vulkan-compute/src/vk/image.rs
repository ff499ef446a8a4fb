//! Images, samplers and texel buffers.

use ash::vk;

use super::Place;
use super::scope::{Object, Scope};
use crate::error::{Error, Named, Result, handle};
use crate::watchdog;

/// What an image is to be.
#[derive(Clone, Copy)]
pub struct ImageInfo {
    /// Of its texels.
    pub format: vk::Format,
    /// Of its view, which is of the whole image: `TYPE_2D`, `TYPE_2D_ARRAY` or `TYPE_3D`.
    pub view: vk::ImageViewType,
    /// Texels of the first level in a row, rows, slices.
    pub size: [u32; 3],
    /// Levels.
    pub levels: u32,
    /// Layers.
    pub layers: u32,
    /// How texels lie.
    pub tiling: vk::ImageTiling,
    /// What for.
    pub usage: vk::ImageUsageFlags,
}

impl ImageInfo {
    /// Texels in a row, rows and slices of a level.
    pub fn extent(&self, level: u32) -> [u32; 3] {
        self.size.map(|n| (n >> level).max(1))
    }

    /// Texels of a level in all layers.
    pub fn texels(&self, level: u32) -> usize {
        self.extent(level).iter().map(|n| *n as usize).product::<usize>() * self.layers as usize
    }

    pub(super) fn subresource(&self, level: u32) -> vk::ImageSubresourceLayers {
        vk::ImageSubresourceLayers::default()
            .aspect_mask(vk::ImageAspectFlags::COLOR)
            .mip_level(level)
            .layer_count(self.layers)
    }
}

/// A colour image and a view of it.
pub struct Image<'s> {
    scope: &'s Scope<'s>,
    pub(super) raw: vk::Image,
    pub(super) view: vk::ImageView,
    /// Texels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// What was asked for.
    pub info: ImageInfo,
}

/// A sampler with nearest filtering.
pub struct Sampler {
    pub(super) raw: vk::Sampler,
}

/// A buffer's view as texels.
pub struct Texels {
    pub(super) raw: vk::BufferView,
}

impl Image<'_> {
    pub(super) fn range(&self) -> vk::ImageSubresourceRange {
        vk::ImageSubresourceRange::default()
            .aspect_mask(vk::ImageAspectFlags::COLOR)
            .level_count(self.info.levels)
            .layer_count(self.info.layers)
    }

    fn host_copies(&self) -> Result<&ash::ext::host_image_copy::Device> {
        let missing = || Error::Missing("the device doesn't copy images by the host".into());
        self.scope.gpu.host_copies.as_ref().ok_or_else(missing)
    }

    /// Writes every level by the host, out of `content` from these bytes on. The image, whose content is lost, is in
    /// `GENERAL` layout afterwards.
    pub fn write_by_host(&self, content: &[u8], offsets: &[usize]) -> Result<()> {
        let device = self.host_copies()?;
        let change = [vk::HostImageLayoutTransitionInfoEXT::default()
            .image(self.raw)
            .old_layout(vk::ImageLayout::UNDEFINED)
            .new_layout(vk::ImageLayout::GENERAL)
            .subresource_range(self.range())];
        watchdog::call("vkTransitionImageLayoutEXT");
        // SAFETY: nothing that was submitted uses the image.
        unsafe { device.transition_image_layout(&change) }.named("vkTransitionImageLayoutEXT")?;
        let mut regions = Vec::new();
        for (level, offset) in (0..).zip(offsets) {
            let [width, height, depth] = self.info.extent(level);
            let mut region = vk::MemoryToImageCopyEXT::default()
                .image_subresource(self.info.subresource(level))
                .image_extent(vk::Extent3D { width, height, depth });
            region.p_host_pointer = content[*offset..].as_ptr().cast();
            regions.push(region);
        }
        let copy = vk::CopyMemoryToImageInfoEXT::default()
            .dst_image(self.raw)
            .dst_image_layout(vk::ImageLayout::GENERAL)
            .regions(&regions);
        watchdog::call("vkCopyMemoryToImageEXT");
        // SAFETY: as above; the caller has as many bytes behind each offset as the level has.
        unsafe { device.copy_memory_to_image(&copy) }.named("vkCopyMemoryToImageEXT")
    }

    /// Reads every level of an image in `GENERAL` layout by the host, into `content` from these bytes on.
    pub fn read_by_host(&self, content: &mut [u8], offsets: &[usize]) -> Result<()> {
        let device = self.host_copies()?;
        let mut regions = Vec::new();
        for (level, offset) in (0..).zip(offsets) {
            let [width, height, depth] = self.info.extent(level);
            let mut region = vk::ImageToMemoryCopyEXT::default()
                .image_subresource(self.info.subresource(level))
                .image_extent(vk::Extent3D { width, height, depth });
            region.p_host_pointer = content[*offset..].as_mut_ptr().cast();
            regions.push(region);
        }
        let copy = vk::CopyImageToMemoryInfoEXT::default()
            .src_image(self.raw)
            .src_image_layout(vk::ImageLayout::GENERAL)
            .regions(&regions);
        watchdog::call("vkCopyImageToMemoryEXT");
        // SAFETY: nothing that was submitted uses the image; the caller has as many bytes behind each offset as the level
        // has.
        unsafe { device.copy_image_to_memory(&copy) }.named("vkCopyImageToMemoryEXT")
    }
}

impl Scope<'_> {
    /// A two-dimensional image of one level and one layer in the device's memory.
    pub fn image(
        &self,
        format: vk::Format,
        [width, height]: [u32; 2],
        tiling: vk::ImageTiling,
        usage: vk::ImageUsageFlags,
    ) -> Result<Image<'_>> {
        let (view, size) = (vk::ImageViewType::TYPE_2D, [width, height, 1]);
        self.make_image(&ImageInfo { format, view, size, levels: 1, layers: 1, tiling, usage })
    }

    /// An image in the device's memory.
    pub fn make_image(&self, what: &ImageInfo) -> Result<Image<'_>> {
        let device = &self.gpu.device;
        let [width, height, depth] = what.size;
        let kind =
            if what.view == vk::ImageViewType::TYPE_3D { vk::ImageType::TYPE_3D } else { vk::ImageType::TYPE_2D };
        let info = vk::ImageCreateInfo::default()
            .image_type(kind)
            .format(what.format)
            .extent(vk::Extent3D { width, height, depth })
            .mip_levels(what.levels)
            .array_layers(what.layers)
            .samples(vk::SampleCountFlags::TYPE_1)
            .tiling(what.tiling)
            .usage(what.usage);
        watchdog::call("vkCreateImage");
        // SAFETY: the info lives in this frame; the caller asked whether the format can do this.
        let raw = handle("vkCreateImage", unsafe { device.create_image(&info, None) })?;
        self.own(Object::Image(raw));
        // SAFETY: the image was made above.
        let needs = unsafe { device.get_image_memory_requirements(raw) };
        if needs.size == 0 {
            return Err(Error::Answer { call: "vkGetImageMemoryRequirements", answer: "0 bytes".into() });
        }
        let kind = self.memory_type(Place::Device, needs.memory_type_bits)?;
        let memory = self.allocate(needs.size, kind, false)?;
        // SAFETY: memory of an allowed type, as large as required, bound at offset 0 and to nothing else.
        unsafe { device.bind_image_memory(raw, memory, 0) }.named("vkBindImageMemory")?;
        let mut image = Image { scope: self, raw, view: vk::ImageView::null(), width, height, info: *what };
        let info = vk::ImageViewCreateInfo::default()
            .image(raw)
            .view_type(what.view)
            .format(what.format)
            .subresource_range(image.range());
        // SAFETY: the image has its memory.
        image.view = handle("vkCreateImageView", unsafe { device.create_image_view(&info, None) })?;
        self.own(Object::ImageView(image.view));
        Ok(image)
    }

    /// A sampler with nearest filtering, for all levels, and this way of addressing texels outside.
    pub fn sampler(&self, address: vk::SamplerAddressMode) -> Result<Sampler> {
        let info = vk::SamplerCreateInfo::default()
            .address_mode_u(address)
            .address_mode_v(address)
            .address_mode_w(address)
            .max_lod(vk::LOD_CLAMP_NONE)
            .border_color(vk::BorderColor::FLOAT_OPAQUE_WHITE);
        // SAFETY: the info lives in this frame.
        let raw = handle("vkCreateSampler", unsafe { self.gpu.device.create_sampler(&info, None) })?;
        self.own(Object::Sampler(raw));
        Ok(Sampler { raw })
    }
}
