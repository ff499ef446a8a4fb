//! Two-dimensional images, samplers and texel buffers.

use ash::vk;

use super::Place;
use super::scope::{Object, Scope};
use crate::error::{Error, Named, Result, handle};
use crate::watchdog;

/// A two-dimensional colour image of one level and one layer, and a view of it.
pub struct Image<'s> {
    _scope: &'s Scope<'s>,
    pub(super) raw: vk::Image,
    pub(super) view: vk::ImageView,
    /// Texels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
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
        vk::ImageSubresourceRange::default().aspect_mask(vk::ImageAspectFlags::COLOR).level_count(1).layer_count(1)
    }
}

impl Scope<'_> {
    /// An image in the device's memory.
    pub fn image(
        &self,
        format: vk::Format,
        [width, height]: [u32; 2],
        tiling: vk::ImageTiling,
        usage: vk::ImageUsageFlags,
    ) -> Result<Image<'_>> {
        let device = &self.gpu.device;
        let info = vk::ImageCreateInfo::default()
            .image_type(vk::ImageType::TYPE_2D)
            .format(format)
            .extent(vk::Extent3D { width, height, depth: 1 })
            .mip_levels(1)
            .array_layers(1)
            .samples(vk::SampleCountFlags::TYPE_1)
            .tiling(tiling)
            .usage(usage);
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
        let mut image = Image { _scope: self, raw, view: vk::ImageView::null(), width, height };
        let info = vk::ImageViewCreateInfo::default()
            .image(raw)
            .view_type(vk::ImageViewType::TYPE_2D)
            .format(format)
            .subresource_range(image.range());
        // SAFETY: the image has its memory.
        image.view = handle("vkCreateImageView", unsafe { device.create_image_view(&info, None) })?;
        self.own(Object::ImageView(image.view));
        Ok(image)
    }

    /// A sampler with nearest filtering and this way of addressing texels outside.
    pub fn sampler(&self, address: vk::SamplerAddressMode) -> Result<Sampler> {
        let info = vk::SamplerCreateInfo::default()
            .address_mode_u(address)
            .address_mode_v(address)
            .address_mode_w(address)
            .border_color(vk::BorderColor::FLOAT_OPAQUE_WHITE);
        // SAFETY: the info lives in this frame.
        let raw = handle("vkCreateSampler", unsafe { self.gpu.device.create_sampler(&info, None) })?;
        self.own(Object::Sampler(raw));
        Ok(Sampler { raw })
    }
}
