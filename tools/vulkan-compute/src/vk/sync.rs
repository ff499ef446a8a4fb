//! Submission, fences, semaphores, events and queries.

use ash::vk;

use super::gpu::Queue;
use super::scope::{Object, Scope};
use super::{Commands, Stage};
use crate::error::{Error, Named, Result, handle};
use crate::watchdog;

/// One submission: what it waits for, what it runs, what it signals.
#[derive(Default)]
pub struct Submit {
    commands: Vec<vk::CommandBuffer>,
    waits: Vec<(vk::Semaphore, u64, vk::PipelineStageFlags)>,
    signals: Vec<(vk::Semaphore, u64)>,
}

impl Submit {
    /// An empty submission.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command buffer.
    pub fn commands(mut self, commands: &Commands<'_>) -> Self {
        self.commands.push(commands.raw);
        self
    }

    /// `stage` waits for a semaphore; the value counts for timeline semaphores only.
    pub fn wait(mut self, semaphore: &Semaphore<'_>, value: u64, stage: Stage) -> Self {
        self.waits.push((semaphore.raw, value, stage.stage()));
        self
    }

    /// Signals a semaphore at the end; the value counts for timeline semaphores only.
    pub fn signal(mut self, semaphore: &Semaphore<'_>, value: u64) -> Self {
        self.signals.push((semaphore.raw, value));
        self
    }
}

/// A fence.
#[derive(Clone, Copy)]
pub struct Fence<'s> {
    scope: &'s Scope<'s>,
    raw: vk::Fence,
}

/// A semaphore, binary or timeline.
pub struct Semaphore<'s> {
    scope: &'s Scope<'s>,
    raw: vk::Semaphore,
}

/// An event.
pub struct Event<'s> {
    scope: &'s Scope<'s>,
    pub(super) raw: vk::Event,
}

/// Timestamp queries.
pub struct Queries<'s> {
    scope: &'s Scope<'s>,
    pub(super) raw: vk::QueryPool,
    /// How many.
    pub count: u32,
}

impl Scope<'_> {
    fn nanoseconds(&self) -> u64 {
        u64::try_from(self.gpu.timeout.as_nanos()).unwrap_or(u64::MAX)
    }

    /// A fence.
    pub fn fence(&self, signaled: bool) -> Result<Fence<'_>> {
        let flags = if signaled { vk::FenceCreateFlags::SIGNALED } else { vk::FenceCreateFlags::empty() };
        let info = vk::FenceCreateInfo::default().flags(flags);
        // SAFETY: the info lives in this frame.
        let raw = handle("vkCreateFence", unsafe { self.gpu.device.create_fence(&info, None) })?;
        self.own(Object::Fence(raw));
        Ok(Fence { scope: self, raw })
    }

    /// A binary semaphore.
    pub fn binary_semaphore(&self) -> Result<Semaphore<'_>> {
        self.make_semaphore(vk::SemaphoreType::BINARY, 0)
    }

    /// A timeline semaphore with an initial value.
    pub fn timeline(&self, value: u64) -> Result<Semaphore<'_>> {
        self.make_semaphore(vk::SemaphoreType::TIMELINE, value)
    }

    fn make_semaphore(&self, kind: vk::SemaphoreType, value: u64) -> Result<Semaphore<'_>> {
        let mut kind = vk::SemaphoreTypeCreateInfo::default().semaphore_type(kind).initial_value(value);
        let info = vk::SemaphoreCreateInfo::default().push_next(&mut kind);
        // SAFETY: the infos live in this frame.
        let raw = handle("vkCreateSemaphore", unsafe { self.gpu.device.create_semaphore(&info, None) })?;
        self.own(Object::Semaphore(raw));
        Ok(Semaphore { scope: self, raw })
    }

    /// An event.
    pub fn event(&self) -> Result<Event<'_>> {
        let info = vk::EventCreateInfo::default();
        // SAFETY: the info lives in this frame.
        let raw = handle("vkCreateEvent", unsafe { self.gpu.device.create_event(&info, None) })?;
        self.own(Object::Event(raw));
        Ok(Event { scope: self, raw })
    }

    /// Timestamp queries.
    pub fn queries(&self, count: u32) -> Result<Queries<'_>> {
        let info = vk::QueryPoolCreateInfo::default().query_type(vk::QueryType::TIMESTAMP).query_count(count);
        // SAFETY: the info lives in this frame.
        let raw = handle("vkCreateQueryPool", unsafe { self.gpu.device.create_query_pool(&info, None) })?;
        self.own(Object::Queries(raw));
        Ok(Queries { scope: self, raw, count })
    }

    /// Hands a submission to a queue; the fence signals when it has ended.
    pub fn submit(&self, queue: Queue, submit: Submit) -> Result<Fence<'_>> {
        let fence = self.fence(false)?;
        self.submit_with(queue, &[submit], &fence)?;
        Ok(fence)
    }

    /// Hands several submissions to a queue in one call, with a fence that is not signaled.
    pub fn submit_with(&self, queue: Queue, submits: &[Submit], fence: &Fence<'_>) -> Result<()> {
        struct Parts {
            waits: Vec<vk::Semaphore>,
            stages: Vec<vk::PipelineStageFlags>,
            wait_values: Vec<u64>,
            signals: Vec<vk::Semaphore>,
            signal_values: Vec<u64>,
        }
        let parts = |submit: &Submit| Parts {
            waits: submit.waits.iter().map(|wait| wait.0).collect(),
            wait_values: submit.waits.iter().map(|wait| wait.1).collect(),
            stages: submit.waits.iter().map(|wait| wait.2).collect(),
            signals: submit.signals.iter().map(|signal| signal.0).collect(),
            signal_values: submit.signals.iter().map(|signal| signal.1).collect(),
        };
        let parts: Vec<Parts> = submits.iter().map(parts).collect();
        let mut timelines = Vec::new();
        for parts in &parts {
            let info = vk::TimelineSemaphoreSubmitInfo::default();
            timelines
                .push(info.wait_semaphore_values(&parts.wait_values).signal_semaphore_values(&parts.signal_values));
        }
        let mut infos = Vec::new();
        for ((submit, parts), timeline) in submits.iter().zip(&parts).zip(&mut timelines) {
            let mut info = vk::SubmitInfo::default()
                .command_buffers(&submit.commands)
                .wait_semaphores(&parts.waits)
                .wait_dst_stage_mask(&parts.stages)
                .signal_semaphores(&parts.signals);
            if !parts.waits.is_empty() || !parts.signals.is_empty() {
                info = info.push_next(timeline);
            }
            infos.push(info);
        }
        watchdog::call("vkQueueSubmit");
        // SAFETY: everything the infos point to lives in this frame; the handles are alive until the scope ends, which
        // waits for the fence; no other thread uses the queue.
        unsafe { self.gpu.device.queue_submit(queue.raw, &infos, fence.raw) }.named("vkQueueSubmit")?;
        self.running.borrow_mut().push(fence.raw);
        Ok(())
    }
}

impl Fence<'_> {
    pub(super) fn wait_raw(scope: &Scope<'_>, raw: vk::Fence, what: &str) -> Result<()> {
        watchdog::call("vkWaitForFences");
        // SAFETY: the fence is one of this scope's.
        match unsafe { scope.gpu.device.wait_for_fences(&[raw], true, scope.nanoseconds()) } {
            Err(vk::Result::TIMEOUT) => Err(Error::Timeout { what: what.into(), seconds: scope.gpu.timeout.as_secs() }),
            result => result.named("vkWaitForFences"),
        }
    }

    /// Waits for what was submitted with the fence.
    pub fn wait(&self) -> Result<()> {
        Self::wait_raw(self.scope, self.raw, "the submission")?;
        self.scope.running.borrow_mut().retain(|fence| *fence != self.raw);
        Ok(())
    }

    /// Waits for all, or for one, of several fences for at most `nanoseconds`; false when that was not enough.
    pub fn wait_many(fences: &[Self], all: bool, nanoseconds: u64) -> Result<bool> {
        let Some(first) = fences.first() else { return Ok(true) };
        let raws: Vec<_> = fences.iter().map(|fence| fence.raw).collect();
        watchdog::call("vkWaitForFences");
        // SAFETY: the fences are of one scope.
        match unsafe { first.scope.gpu.device.wait_for_fences(&raws, all, nanoseconds) } {
            Err(vk::Result::TIMEOUT) => Ok(false),
            result => result.named("vkWaitForFences").map(|()| true),
        }
    }

    /// Whether it is signaled.
    pub fn is_signaled(&self) -> Result<bool> {
        // SAFETY: the fence is alive.
        unsafe { self.scope.gpu.device.get_fence_status(self.raw) }.named("vkGetFenceStatus")
    }

    /// Makes it not signaled, when nothing that was submitted uses it.
    pub fn reset(&self) -> Result<()> {
        self.wait()?;
        // SAFETY: what used the fence has ended.
        unsafe { self.scope.gpu.device.reset_fences(&[self.raw]) }.named("vkResetFences")
    }
}

impl Semaphore<'_> {
    /// A timeline's value.
    pub fn value(&self) -> Result<u64> {
        // SAFETY: a live timeline semaphore.
        unsafe { self.scope.gpu.device.get_semaphore_counter_value(self.raw) }.named("vkGetSemaphoreCounterValue")
    }

    /// Sets a timeline's value from the host.
    pub fn signal(&self, value: u64) -> Result<()> {
        let info = vk::SemaphoreSignalInfo::default().semaphore(self.raw).value(value);
        watchdog::call("vkSignalSemaphore");
        // SAFETY: a live timeline semaphore.
        unsafe { self.scope.gpu.device.signal_semaphore(&info) }.named("vkSignalSemaphore")
    }

    /// Waits on the host until a timeline has this value.
    pub fn wait(&self, value: u64) -> Result<()> {
        if self.wait_for(value, self.scope.nanoseconds())? {
            return Ok(());
        }
        let what = format!("the timeline's value {value} (now {})", self.value()?);
        Err(Error::Timeout { what, seconds: self.scope.gpu.timeout.as_secs() })
    }

    /// Waits on the host for at most `nanoseconds`; false when that was not enough.
    pub fn wait_for(&self, value: u64, nanoseconds: u64) -> Result<bool> {
        let (raws, values) = ([self.raw], [value]);
        let info = vk::SemaphoreWaitInfo::default().semaphores(&raws).values(&values);
        watchdog::call("vkWaitSemaphores");
        // SAFETY: a live timeline semaphore; the arrays live in this frame.
        match unsafe { self.scope.gpu.device.wait_semaphores(&info, nanoseconds) } {
            Err(vk::Result::TIMEOUT) => Ok(false),
            result => result.named("vkWaitSemaphores").map(|()| true),
        }
    }
}

impl Event<'_> {
    /// Whether it is set.
    pub fn is_set(&self) -> Result<bool> {
        // SAFETY: the event is alive.
        unsafe { self.scope.gpu.device.get_event_status(self.raw) }.named("vkGetEventStatus")
    }

    /// Sets it from the host.
    pub fn set(&self) -> Result<()> {
        // SAFETY: the event is alive.
        unsafe { self.scope.gpu.device.set_event(self.raw) }.named("vkSetEvent")
    }

    /// Resets it from the host.
    pub fn reset(&self) -> Result<()> {
        // SAFETY: the event is alive, and no submission that waits for it is running.
        unsafe { self.scope.gpu.device.reset_event(self.raw) }.named("vkResetEvent")
    }
}

impl Queries<'_> {
    /// The values; `None` when the driver says that they are not there yet.
    pub fn values(&self) -> Result<Option<Vec<u64>>> {
        let mut values = vec![0u64; self.count as usize];
        watchdog::call("vkGetQueryPoolResults");
        let flags = vk::QueryResultFlags::TYPE_64;
        // SAFETY: the slice has one 64-bit element a query.
        match unsafe { self.scope.gpu.device.get_query_pool_results(self.raw, 0, &mut values, flags) } {
            Err(vk::Result::NOT_READY) => Ok(None),
            result => result.named("vkGetQueryPoolResults").map(|()| Some(values)),
        }
    }

    /// Makes them ready to be written, from the host, where hostQueryReset is offered.
    pub fn reset(&self) {
        // SAFETY: no submission uses the queries.
        unsafe { self.scope.gpu.device.reset_query_pool(self.raw, 0, self.count) }
    }
}
