//! Compute pipelines and descriptor sets.

use ash::vk;

use super::scope::{Object, Scope};
use super::{Buffer, Image, Sampler, Texels};
use crate::error::{Error, Named, Result, handle};
use crate::watchdog;

/// What a pipeline is made from.
#[derive(Clone, Copy, Default)]
pub struct KernelInfo<'a> {
    /// SPIR-V with the entry point `main`.
    pub spirv: &'a [u8],
    /// The kinds of the bindings 0, 1, 2, … of each descriptor set.
    pub sets: &'a [&'a [vk::DescriptorType]],
    /// Bytes of push constants.
    pub push_bytes: u32,
    /// Specialisation constants: number and 32-bit value.
    pub constants: &'a [(u32, u32)],
    /// The subgroup size to ask for; none leaves it to the driver.
    pub subgroup_size: Option<u32>,
    /// Whether dispatches may begin at another workgroup than 0.
    pub dispatch_base: bool,
}

/// A compute pipeline.
pub struct Kernel {
    pub(super) pipeline: vk::Pipeline,
    pub(super) layout: vk::PipelineLayout,
    sets: Vec<(vk::DescriptorSetLayout, Vec<vk::DescriptorType>)>,
}

/// A descriptor set.
pub struct Set {
    pub(super) raw: vk::DescriptorSet,
}

/// What a binding holds.
#[derive(Clone, Copy)]
pub enum Bind<'a> {
    /// A whole buffer.
    Buffer(&'a Buffer<'a>),
    /// Bytes of a buffer: offset and length.
    Part(&'a Buffer<'a>, u64, u64),
    /// A storage image in `GENERAL` layout.
    Image(&'a Image<'a>),
    /// An image in `SHADER_READ_ONLY_OPTIMAL` layout with a sampler.
    Sampled(&'a Image<'a>, &'a Sampler),
    /// A texel buffer.
    Texels(&'a Texels),
}

/// SPIR-V words of bytes; a rest shorter than a word is an error of the caller that the driver would reject.
fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
}

impl Scope<'_> {
    /// A pipeline whose one descriptor set holds `buffers` storage buffers.
    pub fn kernel(&self, spirv: &[u8], buffers: usize, push_bytes: u32) -> Result<Kernel> {
        let set = vec![vk::DescriptorType::STORAGE_BUFFER; buffers];
        self.make_kernel(&KernelInfo { spirv, sets: &[&set], push_bytes, ..Default::default() })
    }

    /// A pipeline.
    pub fn make_kernel(&self, info: &KernelInfo<'_>) -> Result<Kernel> {
        let device = &self.gpu.device;
        let stage = vk::ShaderStageFlags::COMPUTE;
        let mut sets = Vec::new();
        for set in info.sets {
            let binding = |(number, kind): (u32, &vk::DescriptorType)| {
                let binding = vk::DescriptorSetLayoutBinding::default().binding(number).descriptor_type(*kind);
                binding.descriptor_count(1).stage_flags(stage)
            };
            let bindings: Vec<_> = (0..).zip(set.iter()).map(binding).collect();
            let create = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
            // SAFETY: the bindings live in this frame.
            let layout = unsafe { device.create_descriptor_set_layout(&create, None) };
            let layout = handle("vkCreateDescriptorSetLayout", layout)?;
            self.own(Object::SetLayout(layout));
            sets.push((layout, set.to_vec()));
        }
        let layouts: Vec<_> = sets.iter().map(|set| set.0).collect();
        let ranges = [vk::PushConstantRange::default().stage_flags(stage).size(info.push_bytes)];
        let mut create = vk::PipelineLayoutCreateInfo::default().set_layouts(&layouts);
        if info.push_bytes > 0 {
            create = create.push_constant_ranges(&ranges);
        }
        // SAFETY: the layouts are alive, the ranges live in this frame.
        let layout = handle("vkCreatePipelineLayout", unsafe { device.create_pipeline_layout(&create, None) })?;
        self.own(Object::PipelineLayout(layout));

        let code = words(info.spirv);
        let create = vk::ShaderModuleCreateInfo::default().code(&code);
        watchdog::call("vkCreateShaderModule");
        // SAFETY: the code is valid SPIR-V: it is checked in as glslang made it.
        let module = handle("vkCreateShaderModule", unsafe { device.create_shader_module(&create, None) })?;
        self.own(Object::Shader(module));

        let entry = |(at, constant): (u32, &(u32, u32))| vk::SpecializationMapEntry {
            constant_id: constant.0,
            offset: 4 * at,
            size: 4,
        };
        let entries: Vec<_> = (0..).zip(info.constants).map(entry).collect();
        let values: Vec<u32> = info.constants.iter().map(|constant| constant.1).collect();
        let constants = vk::SpecializationInfo::default().map_entries(&entries).data(bytemuck::cast_slice(&values));
        let mut size = vk::PipelineShaderStageRequiredSubgroupSizeCreateInfo::default();
        let mut shader = vk::PipelineShaderStageCreateInfo::default().stage(stage).module(module).name(c"main");
        if !info.constants.is_empty() {
            shader = shader.specialization_info(&constants);
        }
        if let Some(lanes) = info.subgroup_size {
            size = size.required_subgroup_size(lanes);
            shader = shader.push_next(&mut size);
        }
        let mut create = vk::ComputePipelineCreateInfo::default().stage(shader).layout(layout);
        if info.dispatch_base {
            create = create.flags(vk::PipelineCreateFlags::DISPATCH_BASE);
        }
        watchdog::call("vkCreateComputePipelines");
        // SAFETY: the infos live in this frame; module and layout are alive.
        let made = unsafe { device.create_compute_pipelines(vk::PipelineCache::null(), &[create], None) };
        let pipeline = made.map_err(|(_, result)| result).map(|made| made.first().copied().unwrap_or_default());
        let pipeline = handle("vkCreateComputePipelines", pipeline)?;
        self.own(Object::Pipeline(pipeline));
        Ok(Kernel { pipeline, layout, sets })
    }

    /// A descriptor set for set 0 of a kernel, with whole buffers at the bindings 0, 1, 2, …
    pub fn bind_buffers(&self, kernel: &Kernel, buffers: &[&Buffer<'_>]) -> Result<Set> {
        let binds: Vec<_> = buffers.iter().map(|buffer| Bind::Buffer(buffer)).collect();
        self.bind(kernel, 0, &binds)
    }

    /// A descriptor set for a kernel's set of this number.
    pub fn bind(&self, kernel: &Kernel, number: usize, binds: &[Bind<'_>]) -> Result<Set> {
        let device = &self.gpu.device;
        let Some((layout, kinds)) = kernel.sets.get(number).filter(|(_, kinds)| kinds.len() == binds.len()) else {
            return Err(Error::Missing(format!("set {number} of the kernel has not {} bindings", binds.len())));
        };
        let size = |kind: &vk::DescriptorType| vk::DescriptorPoolSize { ty: *kind, descriptor_count: 1 };
        let sizes: Vec<_> = kinds.iter().map(size).collect();
        let create = vk::DescriptorPoolCreateInfo::default().max_sets(1).pool_sizes(&sizes);
        // SAFETY: the sizes live in this frame.
        let pool = handle("vkCreateDescriptorPool", unsafe { device.create_descriptor_pool(&create, None) })?;
        self.own(Object::DescriptorPool(pool));
        let layouts = [*layout];
        let create = vk::DescriptorSetAllocateInfo::default().descriptor_pool(pool).set_layouts(&layouts);
        // SAFETY: the pool was made above for this layout.
        let made = unsafe { device.allocate_descriptor_sets(&create) }.named("vkAllocateDescriptorSets")?;
        let raw = handle("vkAllocateDescriptorSets", Ok(made.first().copied().unwrap_or_default()))?;
        for ((at, kind), bind) in (0..).zip(kinds).zip(binds) {
            let mut buffer = [vk::DescriptorBufferInfo::default()];
            let mut image = [vk::DescriptorImageInfo::default()];
            let mut view = [vk::BufferView::null()];
            let write = vk::WriteDescriptorSet::default().dst_set(raw).dst_binding(at).descriptor_type(*kind);
            let write = match *bind {
                Bind::Buffer(from) => {
                    buffer[0] = vk::DescriptorBufferInfo { buffer: from.raw, offset: 0, range: vk::WHOLE_SIZE };
                    write.buffer_info(&buffer)
                }
                Bind::Part(from, offset, range) => {
                    buffer[0] = vk::DescriptorBufferInfo { buffer: from.raw, offset, range };
                    write.buffer_info(&buffer)
                }
                Bind::Image(from) => {
                    image[0] = image[0].image_view(from.view).image_layout(vk::ImageLayout::GENERAL);
                    write.image_info(&image)
                }
                Bind::Sampled(from, sampler) => {
                    let layout = vk::ImageLayout::SHADER_READ_ONLY_OPTIMAL;
                    image[0] = image[0].image_view(from.view).image_layout(layout).sampler(sampler.raw);
                    write.image_info(&image)
                }
                Bind::Texels(from) => {
                    view[0] = from.raw;
                    write.texel_buffer_view(&view)
                }
            };
            // SAFETY: the set is in no submission yet; the infos live in this frame and name live handles.
            unsafe { device.update_descriptor_sets(&[write], &[]) };
        }
        Ok(Set { raw })
    }
}
