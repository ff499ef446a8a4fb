//! Instance, physical device, device and queues.

use std::cell::Cell;
use std::ffi::CStr;
use std::rc::Rc;
use std::time::Duration;

use ash::vk;

use crate::error::{Error, Named, Result};
use crate::watchdog;

/// The Vulkan version that the program uses: timeline semaphores and the 16-bit types are core in it.
const API: u32 = vk::API_VERSION_1_2;

/// The device functions that the program calls. `ash` replaces one that the driver lacks with a function that aborts,
/// so each is asked for by name first.
const FUNCTIONS: &[&CStr] = &[
    c"vkAllocateCommandBuffers",
    c"vkAllocateDescriptorSets",
    c"vkAllocateMemory",
    c"vkBeginCommandBuffer",
    c"vkBindBufferMemory",
    c"vkBindImageMemory",
    c"vkCmdBindDescriptorSets",
    c"vkCmdBindPipeline",
    c"vkCmdClearColorImage",
    c"vkCmdCopyBuffer",
    c"vkCmdCopyBufferToImage",
    c"vkCmdCopyImage",
    c"vkCmdCopyImageToBuffer",
    c"vkCmdCopyQueryPoolResults",
    c"vkCmdDispatch",
    c"vkCmdDispatchBase",
    c"vkCmdDispatchIndirect",
    c"vkCmdExecuteCommands",
    c"vkCmdFillBuffer",
    c"vkCmdPipelineBarrier",
    c"vkCmdPushConstants",
    c"vkCmdResetEvent",
    c"vkCmdResetQueryPool",
    c"vkCmdSetEvent",
    c"vkCmdUpdateBuffer",
    c"vkCmdWaitEvents",
    c"vkCmdWriteTimestamp",
    c"vkCreateBuffer",
    c"vkCreateBufferView",
    c"vkCreateCommandPool",
    c"vkCreateComputePipelines",
    c"vkCreateDescriptorPool",
    c"vkCreateDescriptorSetLayout",
    c"vkCreateEvent",
    c"vkCreateFence",
    c"vkCreateImage",
    c"vkCreateImageView",
    c"vkCreatePipelineLayout",
    c"vkCreateQueryPool",
    c"vkCreateSampler",
    c"vkCreateSemaphore",
    c"vkCreateShaderModule",
    c"vkDestroyBuffer",
    c"vkDestroyBufferView",
    c"vkDestroyCommandPool",
    c"vkDestroyDescriptorPool",
    c"vkDestroyDescriptorSetLayout",
    c"vkDestroyDevice",
    c"vkDestroyEvent",
    c"vkDestroyFence",
    c"vkDestroyImage",
    c"vkDestroyImageView",
    c"vkDestroyPipeline",
    c"vkDestroyPipelineLayout",
    c"vkDestroyQueryPool",
    c"vkDestroySampler",
    c"vkDestroySemaphore",
    c"vkDestroyShaderModule",
    c"vkDeviceWaitIdle",
    c"vkEndCommandBuffer",
    c"vkFlushMappedMemoryRanges",
    c"vkFreeMemory",
    c"vkGetBufferDeviceAddress",
    c"vkGetBufferMemoryRequirements",
    c"vkGetDeviceQueue",
    c"vkGetEventStatus",
    c"vkGetFenceStatus",
    c"vkGetImageMemoryRequirements",
    c"vkGetQueryPoolResults",
    c"vkGetSemaphoreCounterValue",
    c"vkInvalidateMappedMemoryRanges",
    c"vkMapMemory",
    c"vkQueueSubmit",
    c"vkQueueWaitIdle",
    c"vkResetEvent",
    c"vkResetFences",
    c"vkResetQueryPool",
    c"vkSetEvent",
    c"vkSignalSemaphore",
    c"vkUpdateDescriptorSets",
    c"vkWaitForFences",
    c"vkWaitSemaphores",
];

/// The loader and an instance.
pub struct Host {
    instance: ash::Instance,
    // The loaded library: dropped after the instance, because fields are dropped in order.
    _entry: ash::Entry,
}

impl Host {
    /// Loads `libvulkan.so.1` and creates an instance.
    pub fn new() -> Result<Rc<Host>> {
        watchdog::call("loading libvulkan");
        // SAFETY: the platform's Vulkan loader is a library whose initialisers are meant to be run by any program.
        let entry = unsafe { ash::Entry::load() }
            .map_err(|error| Error::Missing(format!("no Vulkan loader on this machine: {error}")))?;
        let application = vk::ApplicationInfo::default().application_name(c"vulkan-compute").api_version(API);
        let info = vk::InstanceCreateInfo::default().application_info(&application);
        watchdog::call("vkCreateInstance");
        // SAFETY: the structures are valid for the call; the entry outlives the instance, as both are fields of `Host`.
        let instance = unsafe { entry.create_instance(&info, None) }.named("vkCreateInstance")?;
        Ok(Rc::new(Host { instance, _entry: entry }))
    }

    /// Every physical device, with its name.
    pub fn physical_devices(&self) -> Result<Vec<Physical>> {
        watchdog::call("vkEnumeratePhysicalDevices");
        // SAFETY: the instance is alive.
        let devices = unsafe { self.instance.enumerate_physical_devices() }.named("vkEnumeratePhysicalDevices")?;
        let describe = |raw: vk::PhysicalDevice| {
            // SAFETY: the handle comes from this instance.
            let properties = unsafe { self.instance.get_physical_device_properties(raw) };
            let name = match properties.device_name_as_c_str() {
                Ok(name) => name.to_string_lossy().into_owned(),
                Err(_) => "(a name without an end)".into(),
            };
            Physical { raw, name, properties }
        };
        Ok(devices.into_iter().map(describe).collect())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // SAFETY: every `Gpu` holds an `Rc<Host>` for as long as its device lives.
        unsafe { self.instance.destroy_instance(None) }
    }
}

/// A physical device.
pub struct Physical {
    raw: vk::PhysicalDevice,
    /// What the driver calls it.
    pub name: String,
    /// Limits, versions and ids.
    pub properties: vk::PhysicalDeviceProperties,
}

impl Physical {
    /// Name and versions for a line of output.
    pub fn line(&self) -> String {
        let api = self.properties.api_version;
        format!(
            "{} (Vulkan {}.{}.{}, driver {:#x}, id {:04x}:{:04x})",
            self.name,
            vk::api_version_major(api),
            vk::api_version_minor(api),
            vk::api_version_patch(api),
            self.properties.driver_version,
            self.properties.vendor_id,
            self.properties.device_id,
        )
    }
}

/// What the device offers of what the checks use.
#[derive(Clone, Copy, Debug, Default)]
pub struct Features {
    pub int64: bool,
    pub int16: bool,
    pub int8: bool,
    pub float16: bool,
    pub float64: bool,
    pub storage16: bool,
    pub storage8: bool,
    pub buffer_atomics64: bool,
    pub shared_atomics64: bool,
    pub timeline: bool,
    pub host_query_reset: bool,
    pub buffer_address: bool,
    pub subgroup_size_control: bool,
    pub host_image_copies: bool,
}

/// What copying images by the host takes.
const HOST_COPIES: [&CStr; 3] =
    [vk::EXT_HOST_IMAGE_COPY_NAME, vk::KHR_COPY_COMMANDS2_NAME, vk::KHR_FORMAT_FEATURE_FLAGS2_NAME];

/// A memory type that buffers can be placed in.
#[derive(Clone, Copy)]
pub struct MemoryType {
    /// Its number.
    pub index: u32,
    /// Where it is and who can reach it.
    pub flags: vk::MemoryPropertyFlags,
}

/// One queue that can run compute work.
#[derive(Clone, Copy)]
pub struct Queue {
    pub(super) raw: vk::Queue,
    /// Its family.
    pub family: u32,
    /// Its number in the family.
    pub index: u32,
    /// What the family can do.
    pub flags: vk::QueueFlags,
    /// How many bits of a timestamp count; 0 when there are no timestamps.
    pub timestamp_bits: u32,
}

/// A device with its queues.
pub struct Gpu {
    pub(super) device: ash::Device,
    host: Rc<Host>,
    physical: vk::PhysicalDevice,
    /// Limits, versions and ids.
    pub properties: vk::PhysicalDeviceProperties,
    /// What is offered, all of it switched on.
    pub features: Features,
    /// Subgroup size and operations.
    pub subgroup: vk::PhysicalDeviceVulkan11Properties<'static>,
    /// The subgroup sizes that a pipeline may ask for, when it may.
    pub subgroup_sizes: std::ops::RangeInclusive<u32>,
    /// Every queue that can run compute work; those of one family are neighbours.
    pub queues: Vec<Queue>,
    /// The number in `queues` of the queue that checks use when they do not care.
    pub default_queue: usize,
    /// The memory types.
    pub memory_types: Vec<MemoryType>,
    /// How long any wait may take.
    pub timeout: Duration,
    /// Copies of images by the host, where they are offered.
    pub(super) host_copies: Option<ash::ext::host_image_copy::Device>,
    abandoned: Cell<bool>,
}

impl Gpu {
    /// Creates a device on `physical`. `graphics` says which kind of family the default queue is of, where both exist.
    pub fn new(host: &Rc<Host>, physical: &Physical, graphics: bool, timeout: Duration) -> Result<Gpu> {
        if physical.properties.api_version < API {
            return Err(Error::Missing("the device is older than Vulkan 1.2".into()));
        }
        let raw = physical.raw;
        let instance = &host.instance;
        watchdog::call("querying the physical device");
        let (families, extensions) = {
            // SAFETY: the handle comes from this instance.
            let families = unsafe { instance.get_physical_device_queue_family_properties(raw) };
            // SAFETY: the same.
            let extensions = unsafe { instance.enumerate_device_extension_properties(raw) }
                .named("vkEnumerateDeviceExtensionProperties")?;
            (families, extensions)
        };
        let wanted = |name: &CStr| extensions.iter().any(|e| e.extension_name_as_c_str().is_ok_and(|n| n == name));
        let size_control = wanted(vk::EXT_SUBGROUP_SIZE_CONTROL_NAME);
        let host_copies = HOST_COPIES.into_iter().all(wanted);

        let mut control = vk::PhysicalDeviceSubgroupSizeControlFeatures::default();
        let mut have11 = vk::PhysicalDeviceVulkan11Features::default();
        let mut have12 = vk::PhysicalDeviceVulkan12Features::default();
        let mut have = vk::PhysicalDeviceFeatures2::default().push_next(&mut have11).push_next(&mut have12);
        if size_control {
            have = have.push_next(&mut control);
        }
        let mut have_copies = vk::PhysicalDeviceHostImageCopyFeaturesEXT::default();
        if host_copies {
            have = have.push_next(&mut have_copies);
        }
        // SAFETY: the chain consists of live structures of this frame, each one once.
        unsafe { instance.get_physical_device_features2(raw, &mut have) };
        let core = have.features;
        let mut subgroup = vk::PhysicalDeviceVulkan11Properties::default();
        let mut sizes = vk::PhysicalDeviceSubgroupSizeControlProperties::default();
        let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut subgroup);
        if size_control {
            properties = properties.push_next(&mut sizes);
        }
        // SAFETY: as above.
        unsafe { instance.get_physical_device_properties2(raw, &mut properties) };
        let properties = properties.properties;
        subgroup.p_next = std::ptr::null_mut();
        let compute = vk::ShaderStageFlags::COMPUTE;
        let features = Features {
            int64: core.shader_int64 != 0,
            int16: core.shader_int16 != 0,
            int8: have12.shader_int8 != 0,
            float16: have12.shader_float16 != 0,
            float64: core.shader_float64 != 0,
            storage16: have11.storage_buffer16_bit_access != 0,
            storage8: have12.storage_buffer8_bit_access != 0,
            buffer_atomics64: have12.shader_buffer_int64_atomics != 0,
            shared_atomics64: have12.shader_shared_int64_atomics != 0,
            timeline: have12.timeline_semaphore != 0,
            host_query_reset: have12.host_query_reset != 0,
            buffer_address: have12.buffer_device_address != 0,
            subgroup_size_control: control.subgroup_size_control != 0
                && sizes.required_subgroup_size_stages.contains(compute),
            host_image_copies: have_copies.host_image_copy != 0,
        };

        let mut family_infos = Vec::new();
        // A family has a handful of queues in practice; eight of each are enough to see them run side by side.
        let priorities = [1.0f32; 8];
        for (family, info) in (0u32..).zip(&families) {
            let count = info.queue_count.min(8) as usize;
            if info.queue_flags.contains(vk::QueueFlags::COMPUTE) && count > 0 {
                let create = vk::DeviceQueueCreateInfo::default();
                family_infos.push((
                    create.queue_family_index(family).queue_priorities(&priorities[..count]),
                    *info,
                    count,
                ));
            }
        }
        if family_infos.is_empty() {
            return Err(Error::Missing("the device has no queue for compute".into()));
        }
        let queue_infos: Vec<_> = family_infos.iter().map(|(create, ..)| *create).collect();
        let mut names: Vec<_> =
            size_control.then_some(vk::EXT_SUBGROUP_SIZE_CONTROL_NAME.as_ptr()).into_iter().collect();
        if features.host_image_copies {
            names.extend(HOST_COPIES.map(CStr::as_ptr));
        }
        let enabled = vk::PhysicalDeviceFeatures::default()
            .shader_int64(features.int64)
            .shader_int16(features.int16)
            .shader_float64(features.float64);
        let mut want11 = vk::PhysicalDeviceVulkan11Features::default().storage_buffer16_bit_access(features.storage16);
        let mut want12 = vk::PhysicalDeviceVulkan12Features::default()
            .shader_int8(features.int8)
            .shader_float16(features.float16)
            .storage_buffer8_bit_access(features.storage8)
            .shader_buffer_int64_atomics(features.buffer_atomics64)
            .shader_shared_int64_atomics(features.shared_atomics64)
            .timeline_semaphore(features.timeline)
            .host_query_reset(features.host_query_reset)
            .buffer_device_address(features.buffer_address);
        let mut want_control = vk::PhysicalDeviceSubgroupSizeControlFeatures::default().subgroup_size_control(true);
        let mut info = vk::DeviceCreateInfo::default()
            .queue_create_infos(&queue_infos)
            .enabled_extension_names(&names)
            .enabled_features(&enabled)
            .push_next(&mut want11)
            .push_next(&mut want12);
        if features.subgroup_size_control {
            info = info.push_next(&mut want_control);
        }
        let mut want_copies = vk::PhysicalDeviceHostImageCopyFeaturesEXT::default().host_image_copy(true);
        if features.host_image_copies {
            info = info.push_next(&mut want_copies);
        }
        watchdog::call("vkCreateDevice");
        // SAFETY: the create info and all it points to live in this frame; only offered features, extensions and
        // queues are asked for.
        let device = unsafe { instance.create_device(raw, &info, None) }.named("vkCreateDevice")?;
        for name in FUNCTIONS {
            // SAFETY: the device is alive and the name ends with a zero byte.
            if unsafe { instance.get_device_proc_addr(device.handle(), name.as_ptr()) }.is_none() {
                return Err(Error::Answer { call: "vkGetDeviceProcAddr", answer: format!("null for {name:?}") });
            }
        }
        let mut queues = Vec::new();
        for (create, info, count) in &family_infos {
            for index in 0..*count as u32 {
                let family = create.queue_family_index;
                // SAFETY: the family and the number were asked for when the device was created.
                let raw = unsafe { device.get_device_queue(family, index) };
                if raw == vk::Queue::null() {
                    return Err(Error::Answer { call: "vkGetDeviceQueue", answer: "a null queue".into() });
                }
                let (flags, timestamp_bits) = (info.queue_flags, info.timestamp_valid_bits);
                queues.push(Queue { raw, family, index, flags, timestamp_bits });
            }
        }
        let is_wanted = |queue: &Queue| queue.flags.contains(vk::QueueFlags::GRAPHICS) == graphics;
        let default_queue = queues.iter().position(is_wanted).unwrap_or(0);
        // SAFETY: the handle comes from this instance.
        let memory = unsafe { instance.get_physical_device_memory_properties(raw) };
        let memory_types = (0u32..)
            .zip(memory.memory_types.iter().take(memory.memory_type_count as usize))
            .map(|(index, kind)| MemoryType { index, flags: kind.property_flags })
            .collect();
        let host_copies = features.host_image_copies.then(|| ash::ext::host_image_copy::Device::new(instance, &device));
        Ok(Gpu {
            device,
            host_copies,
            host: host.clone(),
            physical: raw,
            properties,
            features,
            subgroup,
            subgroup_sizes: sizes.min_subgroup_size..=sizes.max_subgroup_size,
            queues,
            default_queue,
            memory_types,
            timeout,
            abandoned: Cell::new(false),
        })
    }

    /// What images of this format can do.
    pub fn format(&self, format: vk::Format) -> vk::FormatProperties {
        // SAFETY: the physical device belongs to the instance that `host` keeps alive.
        unsafe { self.host.instance.get_physical_device_format_properties(self.physical, format) }
    }

    /// The queue that checks use when they do not care.
    pub fn queue(&self) -> Queue {
        self.queues[self.default_queue]
    }

    /// The families of the queues, each once.
    pub fn families(&self) -> Vec<u32> {
        let mut families: Vec<u32> = self.queues.iter().map(|queue| queue.family).collect();
        families.dedup();
        families
    }

    /// Whether work may still be running that nobody will wait for: nothing may be destroyed then.
    pub fn abandoned(&self) -> bool {
        self.abandoned.get()
    }

    /// Gives the device up: its objects stay, because the GPU may still use them.
    pub fn abandon(&self) {
        self.abandoned.set(true);
    }

    /// vkDeviceWaitIdle, which has no timeout of its own.
    pub fn wait_idle(&self) -> Result<()> {
        watchdog::call("vkDeviceWaitIdle");
        // SAFETY: no other thread uses the device's queues.
        unsafe { self.device.device_wait_idle() }.named("vkDeviceWaitIdle")
    }

    /// vkQueueWaitIdle, which has no timeout of its own.
    pub fn queue_wait_idle(&self, queue: Queue) -> Result<()> {
        watchdog::call("vkQueueWaitIdle");
        // SAFETY: the queue is this device's, and no other thread uses it.
        unsafe { self.device.queue_wait_idle(queue.raw) }.named("vkQueueWaitIdle")
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        if self.abandoned.get() {
            // The instance has to stay as well.
            std::mem::forget(self.host.clone());
            return;
        }
        watchdog::call("vkDestroyDevice");
        // SAFETY: every scope borrows the device and is gone, so nothing of it is left and nothing of it is running.
        unsafe { self.device.destroy_device(None) }
    }
}
