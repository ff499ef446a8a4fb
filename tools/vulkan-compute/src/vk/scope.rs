//! What one check creates, and its end.

use std::cell::RefCell;

use ash::vk;

use super::gpu::{Gpu, Queue};
use super::sync::Fence;
use super::{Commands, Submit};
use crate::error::{Error, Result};
use crate::watchdog;

/// An object to destroy at the end of a scope.
pub(super) enum Object {
    Buffer(vk::Buffer),
    BufferView(vk::BufferView),
    CommandPool(vk::CommandPool),
    DescriptorPool(vk::DescriptorPool),
    Event(vk::Event),
    Fence(vk::Fence),
    Image(vk::Image),
    ImageView(vk::ImageView),
    Memory(vk::DeviceMemory),
    Pipeline(vk::Pipeline),
    PipelineLayout(vk::PipelineLayout),
    Queries(vk::QueryPool),
    Sampler(vk::Sampler),
    Semaphore(vk::Semaphore),
    SetLayout(vk::DescriptorSetLayout),
    Shader(vk::ShaderModule),
}

/// The owner of everything that one check creates.
pub struct Scope<'g> {
    /// The device.
    pub gpu: &'g Gpu,
    objects: RefCell<Vec<Object>>,
    pub(super) running: RefCell<Vec<vk::Fence>>,
}

impl<'g> Scope<'g> {
    /// An empty scope on a device.
    pub fn new(gpu: &'g Gpu) -> Self {
        Scope { gpu, objects: RefCell::default(), running: RefCell::default() }
    }

    pub(super) fn own(&self, object: Object) {
        self.objects.borrow_mut().push(object);
    }

    /// Records commands for the default queue, runs them and waits for the end.
    pub fn run(&self, record: impl FnOnce(&Commands<'_>)) -> Result<()> {
        self.run_on(self.gpu.queue(), record)
    }

    /// Records commands for a queue, runs them and waits for the end. What shaders and transfers wrote is visible to
    /// the host afterwards.
    pub fn run_on(&self, queue: Queue, record: impl FnOnce(&Commands<'_>)) -> Result<()> {
        let commands = self.record(queue, record)?;
        self.submit(queue, Submit::new().commands(&commands))?.wait()
    }

    /// The last wait: for everything that was submitted. Without an answer in time the device is given up.
    fn finish(&self) {
        let running = self.running.take();
        let done = running.iter().try_for_each(|fence| Fence::wait_raw(self, *fence, "the check's submissions"));
        if done.is_err() {
            self.gpu.abandon();
        }
    }

    /// Ends the scope after a check's result: an error that loses the device gives it up.
    pub fn end<T>(self, result: &Result<T>) {
        if result.as_ref().is_err_and(Error::loses_device) {
            self.gpu.abandon();
        }
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        if !self.gpu.abandoned() {
            self.finish();
        }
        if self.gpu.abandoned() {
            return;
        }
        watchdog::call("destroying the check's objects");
        let device = &self.gpu.device;
        for object in self.objects.take().into_iter().rev() {
            // SAFETY: the object was created on this device, is in the list once, and nothing that was submitted is
            // still running. Reverse order of creation destroys users before what they use.
            unsafe {
                match object {
                    Object::Buffer(raw) => device.destroy_buffer(raw, None),
                    Object::BufferView(raw) => device.destroy_buffer_view(raw, None),
                    Object::CommandPool(raw) => device.destroy_command_pool(raw, None),
                    Object::DescriptorPool(raw) => device.destroy_descriptor_pool(raw, None),
                    Object::Event(raw) => device.destroy_event(raw, None),
                    Object::Fence(raw) => device.destroy_fence(raw, None),
                    Object::Image(raw) => device.destroy_image(raw, None),
                    Object::ImageView(raw) => device.destroy_image_view(raw, None),
                    Object::Memory(raw) => device.free_memory(raw, None),
                    Object::Pipeline(raw) => device.destroy_pipeline(raw, None),
                    Object::PipelineLayout(raw) => device.destroy_pipeline_layout(raw, None),
                    Object::Queries(raw) => device.destroy_query_pool(raw, None),
                    Object::Sampler(raw) => device.destroy_sampler(raw, None),
                    Object::Semaphore(raw) => device.destroy_semaphore(raw, None),
                    Object::SetLayout(raw) => device.destroy_descriptor_set_layout(raw, None),
                    Object::Shader(raw) => device.destroy_shader_module(raw, None),
                }
            }
        }
    }
}
