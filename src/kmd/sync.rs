//! Sync objects: fences that other processes and other requests can name.

use std::sync::Arc;

use drm_sys::{
    DRM_SYNCOBJ_CREATE_SIGNALED, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
    drm_syncobj_array, drm_syncobj_create, drm_syncobj_destroy, drm_syncobj_timeline_array, drm_syncobj_timeline_wait,
    drm_syncobj_transfer, drm_syncobj_wait,
};

use super::context::Wait;
use super::device::Device;
use super::error::KmdError;
use super::ioctls;
use super::node::Errno;
use super::time::Deadline;

#[derive(Debug)]
pub(super) struct SyncobjInner {
    device: Arc<Device>,
    handle: u32,
}

impl Drop for SyncobjInner {
    fn drop(&mut self) {
        let input = drm_syncobj_destroy { handle: self.handle, pad: 0 };
        // Nothing can be done about a failure: the handle is gone with the file at the latest.
        // SAFETY: the structure holds no addresses.
        let _ = unsafe { ioctls::SYNCOBJ_DESTROY.call(&**self.device.node(), &input) };
    }
}

/// A sync object: a place for a fence (binary), or for a fence per point of a rising count (timeline). Clones share
/// it; submissions in flight keep it alive.
#[derive(Debug, Clone)]
pub struct Syncobj {
    inner: Arc<SyncobjInner>,
}

/// `KmdError::Ioctl`'s arguments of a request about one sync object.
fn about(handle: u32, what: &str) -> String {
    format!("sync object {handle:#x}{what}")
}

/// A wait that was not in time is an answer here, not an error.
fn waited<T>(answer: Result<T, KmdError>) -> Result<Wait, KmdError> {
    match answer {
        Ok(_) => Ok(Wait::Signaled),
        Err(KmdError::Ioctl { errno: Errno::ETIME, .. }) => Ok(Wait::TimedOut),
        Err(error) => Err(error),
    }
}

impl Syncobj {
    /// Creates one without a fence.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn new(device: &Arc<Device>) -> Result<Self, KmdError> {
        Self::create(device, 0)
    }

    /// Creates one that is signalled.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn new_signaled(device: &Arc<Device>) -> Result<Self, KmdError> {
        Self::create(device, DRM_SYNCOBJ_CREATE_SIGNALED)
    }

    fn create(device: &Arc<Device>, flags: u32) -> Result<Self, KmdError> {
        let input = drm_syncobj_create { handle: 0, flags };
        // SAFETY: the structure holds no addresses.
        let answer = unsafe { device.issue(&ioctls::SYNCOBJ_CREATE, &input, || format!("flags {flags:#x}")) }?;
        Ok(Self::own(device, answer.handle))
    }

    /// Owns a handle that the kernel just made.
    pub(super) fn own(device: &Arc<Device>, handle: u32) -> Self {
        Self { inner: Arc::new(SyncobjInner { device: device.clone(), handle }) }
    }

    /// The device.
    pub fn device(&self) -> &Arc<Device> {
        &self.inner.device
    }

    /// The handle.
    pub fn handle(&self) -> u32 {
        self.inner.handle
    }

    pub(super) fn shared(&self) -> Arc<SyncobjInner> {
        self.inner.clone()
    }

    pub(super) fn need_timeline(device: &Device) -> Result<(), KmdError> {
        if device.capabilities().timeline {
            return Ok(());
        }
        Err(KmdError::MissingCapability { name: "timeline sync objects (DRM_CAP_SYNCOBJ_TIMELINE)" })
    }

    /// Waits for the fence until `deadline`, also for one that is still to be submitted.
    ///
    /// A sync object does not tell a fence's error: work that a reset cancelled looks done. [`CsFence::wait`] tells.
    ///
    /// [`CsFence::wait`]: super::CsFence::wait
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn wait(&self, deadline: Deadline) -> Result<Wait, KmdError> {
        let handles = [self.handle()];
        let input = drm_syncobj_wait {
            handles: handles.as_ptr().expose_provenance() as u64,
            timeout_nsec: deadline.as_ns() as i64,
            count_handles: 1,
            flags: DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL | DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
            ..Default::default()
        };
        let args = || about(handles[0], &format!(", deadline {:#x} ns", input.timeout_nsec));
        // SAFETY: the kernel reads one handle at `handles`, which lives until the end of this function.
        waited(unsafe { self.device().issue(&ioctls::SYNCOBJ_WAIT, &input, args) })
    }

    /// Drops the fence.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn reset(&self) -> Result<(), KmdError> {
        self.array(&ioctls::SYNCOBJ_RESET)
    }

    /// Signals it from the CPU.
    ///
    /// # Errors
    /// The failed ioctl.
    pub fn signal(&self) -> Result<(), KmdError> {
        self.array(&ioctls::SYNCOBJ_SIGNAL)
    }

    fn array(&self, ioctl: &ioctls::Ioctl<drm_syncobj_array>) -> Result<(), KmdError> {
        let handles = [self.handle()];
        let input =
            drm_syncobj_array { handles: handles.as_ptr().expose_provenance() as u64, count_handles: 1, pad: 0 };
        // SAFETY: the kernel reads one handle at `handles`, which lives until the end of this function.
        unsafe { self.device().issue(ioctl, &input, || about(handles[0], "")) }.map(|_| ())
    }

    /// Waits for a point of the timeline until `deadline`, also for one that is still to be submitted.
    ///
    /// # Errors
    /// [`KmdError::MissingCapability`], or the failed ioctl.
    pub fn wait_point(&self, point: u64, deadline: Deadline) -> Result<Wait, KmdError> {
        Self::need_timeline(self.device())?;
        let (handles, points) = ([self.handle()], [point]);
        let input = drm_syncobj_timeline_wait {
            handles: handles.as_ptr().expose_provenance() as u64,
            points: points.as_ptr().expose_provenance() as u64,
            timeout_nsec: deadline.as_ns() as i64,
            count_handles: 1,
            flags: DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL | DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
            ..Default::default()
        };
        let args = || about(handles[0], &format!(", point {point:#x}, deadline {:#x} ns", input.timeout_nsec));
        // SAFETY: the kernel reads one handle and one point, which live until the end of this function.
        waited(unsafe { self.device().issue(&ioctls::SYNCOBJ_TIMELINE_WAIT, &input, args) })
    }

    /// The last signalled point of the timeline.
    ///
    /// # Errors
    /// [`KmdError::MissingCapability`], or the failed ioctl.
    pub fn query_point(&self) -> Result<u64, KmdError> {
        Self::need_timeline(self.device())?;
        let mut points = [0u64];
        self.points(&ioctls::SYNCOBJ_QUERY, &mut points)?;
        Ok(points[0])
    }

    /// Signals a point of the timeline from the CPU; points must rise.
    ///
    /// # Errors
    /// [`KmdError::MissingCapability`], or the failed ioctl.
    pub fn signal_point(&self, point: u64) -> Result<(), KmdError> {
        Self::need_timeline(self.device())?;
        self.points(&ioctls::SYNCOBJ_TIMELINE_SIGNAL, &mut [point])
    }

    fn points(&self, ioctl: &ioctls::Ioctl<drm_syncobj_timeline_array>, points: &mut [u64; 1]) -> Result<(), KmdError> {
        let handles = [self.handle()];
        let point = points[0];
        let input = drm_syncobj_timeline_array {
            handles: handles.as_ptr().expose_provenance() as u64,
            points: points.as_mut_ptr().expose_provenance() as u64,
            count_handles: 1,
            flags: 0,
        };
        // SAFETY: the kernel reads one handle, and reads or writes one point; both live until the call returns, the
        // point exclusively ours.
        unsafe { self.device().issue(ioctl, &input, || about(handles[0], &format!(", point {point:#x}"))) }.map(|_| ())
    }

    /// Copies the fence at `point` to `target` at `target_point`; point 0 is a binary sync object's fence.
    ///
    /// # Errors
    /// [`KmdError::MissingCapability`], [`KmdError::OtherDevice`], or the failed ioctl.
    pub fn transfer(&self, point: u64, target: &Self, target_point: u64) -> Result<(), KmdError> {
        Self::need_timeline(self.device())?;
        self.device().same(target.device(), "the target sync object")?;
        let input = drm_syncobj_transfer {
            src_handle: self.handle(),
            dst_handle: target.handle(),
            src_point: point,
            dst_point: target_point,
            flags: 0,
            pad: 0,
        };
        // SAFETY: the structure holds no addresses.
        unsafe {
            self.device().issue(&ioctls::SYNCOBJ_TRANSFER, &input, || {
                let to = input.dst_handle;
                about(input.src_handle, &format!(", point {point:#x}, to {to:#x}, point {target_point:#x}"))
            })
        }
        .map(|_| ())
    }
}
